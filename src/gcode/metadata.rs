//! What a job says about itself in comments: totals, thumbnails and the settings block, as the writer spells them.
//!
//! The spelling is PrusaSlicer's, because hosts look for it: Moonraker and PrusaLink take time, filament and pictures
//! from these lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::number::text;

/// A picture of the finished part for the machine's or the host's display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    pub width: u32,
    pub height: u32,
    /// A whole PNG file.
    pub png: Vec<u8>,
}

/// How much material and time a job takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Volume of all roads.
    pub extruded_mm3: f64,
    /// Filament that goes in: as far as it is ever pushed forward, by the lines and purges of custom sequences too.
    pub filament_mm: f64,
    pub filament_mm3: f64,
    pub filament_g: f64,
    /// In the currency that the filament's price is in.
    pub cost: f64,
    pub layers: usize,
    /// From the first move to the last, without heating up.
    pub time_s: f64,
    pub first_layer_time_s: f64,
}

/// Base64 characters in one thumbnail line.
const THUMBNAIL_COLUMNS: usize = 78;
/// Encloses our settings block.
pub(super) const CONFIG_BLOCK: &str = "fabbro_config";

/// Appends a thumbnail block.
pub(super) fn push_thumbnail(out: &mut Vec<u8>, thumbnail: &Thumbnail) {
    let encoded = STANDARD.encode(&thumbnail.png);
    let head = format!("; thumbnail begin {}x{} {}\n", thumbnail.width, thumbnail.height, encoded.len());
    out.extend_from_slice(head.as_bytes());
    for row in encoded.as_bytes().chunks(THUMBNAIL_COLUMNS) {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(row);
        out.push(b'\n');
    }
    out.extend_from_slice(b"; thumbnail end\n;\n");
}

/// Appends the totals.
pub(super) fn push_totals(out: &mut Vec<u8>, totals: &Totals) {
    let weight = text(totals.filament_g, 2);
    let cost = text(totals.cost, 2);
    for line in [
        format!("filament used [mm] = {}", text(totals.filament_mm, 2)),
        format!("filament used [cm3] = {}", text(totals.filament_mm3 / 1000.0, 3)),
        format!("filament used [g] = {weight}"),
        format!("filament cost = {cost}"),
        format!("total filament used [g] = {weight}"),
        format!("total filament cost = {cost}"),
        format!("total layers count = {}", totals.layers),
        format!("estimated printing time (normal mode) = {}", duration(totals.time_s)),
        format!("estimated first layer printing time (normal mode) = {}", duration(totals.first_layer_time_s)),
    ] {
        out.extend_from_slice(format!("; {line}\n").as_bytes());
    }
}

/// Appends the settings that led to the job, one line each.
pub(super) fn push_config(out: &mut Vec<u8>, config: &[(String, String)]) {
    out.extend_from_slice(format!(";\n; {CONFIG_BLOCK} = begin\n").as_bytes());
    for (key, value) in config {
        out.extend_from_slice(format!("; {key} = {}\n", escape(value)).as_bytes());
    }
    out.extend_from_slice(format!("; {CONFIG_BLOCK} = end\n").as_bytes());
}

/// A settings value on one line of ASCII: line ends, backslashes and anything beyond ASCII are escaped as in C and Rust
/// (`\n`, `\\`, `\u{e9}`).
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            _ => out.extend(c.escape_unicode()),
        }
    }
    out
}

/// Undoes [`escape`]. An escape that is not known stays as it is written.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let unicode = || {
            let (digits, after) = tail.strip_prefix("u{")?.split_once('}')?;
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, after))
        };
        let (c, after) = match tail.chars().next() {
            Some('n') => ('\n', &tail[1..]),
            Some('r') => ('\r', &tail[1..]),
            Some('t') => ('\t', &tail[1..]),
            Some('\\') => ('\\', &tail[1..]),
            Some('"') => ('"', &tail[1..]),
            _ => unicode().unwrap_or(('\\', tail)),
        };
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A duration as `1d 2h 3m 4s`, without leading zero parts.
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    let (days, hours, minutes, s) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    if days > 0 {
        format!("{days}d {hours}h {minutes}m {s}s")
    } else if hours > 0 {
        format!("{hours}h {minutes}m {s}s")
    } else if minutes > 0 {
        format!("{minutes}m {s}s")
    } else {
        format!("{s}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_is_undone() {
        for value in ["", "G28\nG29 ; \\ \"x\"\r\n", "Bücher \u{1f980}\t;", "a\\nb", "\\"] {
            let escaped = escape(value);
            assert!(escaped.is_ascii() && !escaped.contains('\n'), "{escaped}");
            assert_eq!(unescape(&escaped), value);
        }
        assert_eq!(unescape("\\q \\u{zz} \\u{d800} \\"), "\\q \\u{zz} \\u{d800} \\");
    }

    #[test]
    fn durations_read_as_hosts_expect() {
        for (s, expect) in [(0.0, "0s"), (59.6, "1m 0s"), (3723.0, "1h 2m 3s"), (90_061.0, "1d 1h 1m 1s")] {
            assert_eq!(duration(s), expect);
        }
    }
}
