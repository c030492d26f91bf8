//! How the studio writes times, weights and lengths.

use std::borrow::Cow;
use std::path::Path;

/// A time as people say it: `1 h 52 min`, `3 min 20 s`, `12 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    let whole = seconds.round() as u64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) if minutes < 10 => format!("{minutes} min {rest} s"),
        (0, 0, _) => format!("{} min", (whole + 30) / 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A weight in grams.
pub fn grams(grams: f64) -> String {
    match grams {
        g if g < 10.0 => format!("{g:.2} g"),
        g if g < 1000.0 => format!("{g:.1} g"),
        g => format!("{:.2} kg", g / 1000.0),
    }
}

/// A length of filament.
pub fn filament(mm: f64) -> String {
    format!("{:.2} m", mm / 1000.0)
}

/// A number of things: `1 object`, `3 objects`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(number)) }
}

/// A number with a thin gap between thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a file is called, without the folders that lead to it.
pub fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// An error's words as a sentence.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalized(text).trim_end_matches('.'))
}

/// An error's words that end with a path, behind which a full stop would read as part of it.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        for (seconds, text) in [
            (0.4, "0 s"),
            (59.0, "59 s"),
            (61.0, "1 min 1 s"),
            (700.0, "12 min"),
            (6720.0, "1 h 52 min"),
            (90_000.0, "1 d 1 h"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(225_706), "225,706");
        assert_eq!(count(1, "layer", "layers"), "1 layer");
        assert_eq!(count(1200, "layer", "layers"), "1,200 layers");
    }
}
