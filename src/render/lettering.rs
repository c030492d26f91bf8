//! Letters as strokes, for what is written flat on the build plate.
//!
//! Each letter is drawn on a grid four wide and six high, baseline at 0, one stroke after the other. There are the capital
//! letters, digits and signs that machines' names are made of; small letters are written as capitals.

/// Width of a letter and of the gap after it, in grid units.
const ADVANCE: f64 = 6.0;
/// Height of a capital, in grid units.
const HEIGHT: f64 = 6.0;

/// The strokes of a letter: digit pairs "xy" joined into lines, lines parted by spaces. `None` where there is no such
/// letter.
fn strokes(letter: char) -> Option<&'static str> {
    Some(match letter.to_ascii_uppercase() {
        ' ' => "",
        'A' => "000426464440 0343",
        'B' => "0006364544330333 334241300000",
        'C' => "45361605011041",
        'D' => "00062644422000",
        'E' => "46060040 0333",
        'F' => "460600 0333",
        'G' => "453616050110304143 4323",
        'H' => "0006 4640 0343",
        'I' => "1636 1030 2620",
        'J' => "464130100102",
        'K' => "0006 4602 1340",
        'L' => "060040",
        'M' => "0006244640",
        'N' => "00064046",
        'O' => "10010516364541301010",
        'P' => "00063645443303",
        'Q' => "100105163645413010 2240",
        'R' => "00063645443303 2340",
        'S' => "4536160504134241301001",
        'T' => "0646 2620",
        'U' => "060110304146",
        'V' => "062046",
        'W' => "0610243046",
        'X' => "0046 0640",
        'Y' => "062346 2320",
        'Z' => "06460040",
        '0' => "10010516364541301010 0145",
        '1' => "052620 1030",
        '2' => "051636454400 0040",
        '3' => "05163645443313 334241301001",
        '4' => "30360242",
        '5' => "460603334241301001",
        '6' => "453616050110304142331302",
        '7' => "064610",
        '8' => "1304051636454433130201103041423313",
        '9' => "011030414536160504133344",
        '+' => "2125 0343",
        '-' => "0343",
        '.' => "2021",
        '/' => "0046",
        '_' => "0040",
        '(' => "36252130",
        ')' => "16252110",
        _ => return None,
    })
}

/// The lines of a text that begins at the origin, in units of the height of its letters; and how wide it is. Letters
/// that there are not are left out.
pub(super) fn write(text: &str) -> (Vec<[[f64; 2]; 2]>, f64) {
    let mut lines = Vec::new();
    let mut at = 0.0;
    for strokes in text.chars().filter_map(strokes) {
        for stroke in strokes.split(' ') {
            let digits: Vec<f64> = stroke.bytes().map(|digit| f64::from(digit.wrapping_sub(b'0'))).collect();
            let points: Vec<[f64; 2]> = digits.chunks_exact(2).map(|p| [(at + p[0]) / HEIGHT, p[1] / HEIGHT]).collect();
            lines.extend(points.windows(2).map(|pair| [pair[0], pair[1]]));
        }
        at += ADVANCE;
    }
    (lines, (at - 2.0).max(0.0) / HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_drawn_on_its_grid() {
        for letter in ('A'..='Z').chain('0'..='9').chain("+-./_()".chars()) {
            let strokes = strokes(letter).expect("there is such a letter");
            assert!(strokes.split(' ').all(|stroke| stroke.len() % 2 == 0 && stroke.len() >= 4), "{letter}: {strokes}");
            let (lines, width) = write(&letter.to_string());
            assert!((width - 4.0 / 6.0).abs() < 1e-9);
            for [x, y] in lines.into_iter().flatten() {
                assert!((0.0..=4.0 / 6.0 + 1e-9).contains(&x) && (0.0..=1.0).contains(&y), "{letter}");
            }
        }
    }

    #[test]
    fn small_letters_are_capitals_and_unknown_ones_are_left_out() {
        assert_eq!(write("mk4"), write("MK4"));
        assert_eq!(write("é☃"), (Vec::new(), 0.0));
        assert_eq!(write("A B").1, 16.0 / 6.0);
    }
}
