//! One line of G-code taken apart: number, command, parameters, comment, checksum.
//!
//! Knows the spelling of Marlin, Klipper, RepRapFirmware and the RS-274 family, and nothing of what a command means.
//! Lines go in as bytes of any file whatever (binary included) and come out as borrowed parts; nothing is allocated and
//! nothing fails: what cannot be understood comes out as [`Code::Other`] or [`Value::Malformed`].

use crate::progress::{Canceled, Progress};

/// Longest line that is looked at, in bytes. Longer ones occur in damaged and in binary files only.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// What a line tells the machine to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Code<'a> {
    /// Nothing: a blank line or a comment alone.
    Empty,
    /// A letter and a number, such as `G1` or `M109`; `sub` is the 1 of `G92.1`.
    Letter { letter: u8, number: u32, sub: Option<u32>, params: &'a [u8] },
    /// A word, such as Klipper's `SET_PRESSURE_ADVANCE`.
    Extended { name: &'a [u8], params: &'a [u8] },
    /// Parameters alone (`X10 Y20`), which repeat the last motion command on machines that allow it.
    Bare { params: &'a [u8] },
    /// Anything else.
    Other(&'a [u8]),
}

/// One line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// The line number of an `N` word.
    pub number: Option<u32>,
    pub code: Code<'a>,
    /// What follows the first `;`, without it. Comments in parentheses are skipped.
    pub comment: Option<&'a [u8]>,
    /// What follows the `*` of a numbered line.
    pub checksum: Option<u32>,
}

/// A parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    /// A letter alone, as in `G28 X`.
    Missing,
    /// Not a number, such as `Xnan` or `X1.2.3`.
    Malformed,
}

/// The lines of a file with their numbers, counted from 1, ended by LF or CRLF.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes.split(|b| *b == b'\n').enumerate().map(|(i, line)| (i + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// Lines between two looks at the progress.
const LINES_PER_CHECK: usize = 8192;

/// Shows every line with its number to `visit`, and tells the progress of a stage that counts bytes. Fails only when told
/// to stop.
pub fn visit_lines<'a>(
    bytes: &'a [u8],
    progress: &Progress,
    mut visit: impl FnMut(usize, &'a [u8]),
) -> Result<(), Canceled> {
    let mut looked = 0;
    for (number, line) in lines(bytes) {
        if number % LINES_PER_CHECK == 0 {
            progress.check()?;
            let at = (line.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
            progress.advance(at - looked);
            looked = at;
        }
        visit(number, line);
    }
    progress.check()?;
    progress.advance(bytes.len() - looked);
    Ok(())
}

/// Takes a line apart. Bytes beyond [`MAX_LINE_BYTES`] are not looked at.
pub fn lex(line: &[u8]) -> Line<'_> {
    let line = line.get(..MAX_LINE_BYTES).unwrap_or(line);
    let (code, comment) = split_comment(line);
    let mut code = trim(code);
    let mut number = None;
    let mut checksum = None;
    if let [b'N' | b'n', rest @ ..] = code
        && let (Some(n), rest) = leading_integer(rest)
    {
        number = Some(n);
        code = trim(rest);
        // The firmware takes the last `*`.
        if let Some(star) = code.iter().rposition(|b| *b == b'*') {
            checksum = leading_integer(trim(&code[star + 1..])).0;
            code = trim(&code[..star]);
        }
    }
    Line { number, code: lex_code(code), comment, checksum }
}

fn lex_code(code: &[u8]) -> Code<'_> {
    let code = skip_parentheses(code);
    let Some((&first, rest)) = code.split_first() else { return Code::Empty };
    if !first.is_ascii_alphabetic() {
        return Code::Other(code);
    }
    let letter = first.to_ascii_uppercase();
    if let (Some(number), tail) = leading_integer(rest) {
        if !matches!(letter, b'G' | b'M' | b'T' | b'D') {
            return Code::Bare { params: code };
        }
        let (sub, params) = match tail {
            [b'.', more @ ..] => leading_integer(more),
            _ => (None, tail),
        };
        // `G1X10` is one command and `G1_MACRO` is another.
        if params.first().is_none_or(|b| *b != b'_') {
            return Code::Letter { letter, number, sub, params };
        }
    }
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
    let end = code.iter().position(|b| !is_word(b)).unwrap_or(code.len());
    let (name, params) = code.split_at(end);
    let axis = matches!(letter, b'X' | b'Y' | b'Z' | b'E' | b'F' | b'I' | b'J' | b'A' | b'B' | b'C' | b'S' | b'P');
    if axis && rest.first().is_some_and(|b| matches!(b, b'-' | b'+' | b'.')) {
        return Code::Bare { params: code };
    }
    if name.len() >= 2 && params.first().is_none_or(|b| matches!(b, b' ' | b'\t')) {
        return Code::Extended { name, params };
    }
    Code::Other(code)
}

/// The words of a `G` or `M` command's parameters: letters with their values.
pub fn words(params: &[u8]) -> Words<'_> {
    Words { rest: params }
}

/// See [`words`].
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a [u8],
}

/// One letter with its value and the value's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word<'a> {
    /// In upper case.
    pub letter: u8,
    pub value: Value,
    pub text: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.rest = skip_parentheses(trim_start(self.rest));
        let (&letter, rest) = self.rest.split_first()?;
        if !letter.is_ascii_alphabetic() {
            // A stray number or sign belongs to no letter: report it once, as a malformed word.
            let end = rest.iter().position(|b| is_blank(*b) || b.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (text, tail) = self.rest.split_at(end + 1);
            self.rest = tail;
            return Some(Word { letter: b'?', value: Value::Malformed, text });
        }
        let letter = letter.to_ascii_uppercase();
        if rest.first() == Some(&b'"') {
            let end = rest.iter().skip(1).position(|b| *b == b'"').map_or(rest.len(), |i| i + 2);
            let (text, tail) = rest.split_at(end);
            self.rest = tail;
            return Some(Word { letter, value: Value::Malformed, text });
        }
        let (value, text, tail) = number_word(rest);
        self.rest = tail;
        Some(Word { letter, value, text })
    }
}

/// The value after a letter: as many bytes as belong to it, what they mean, and what follows.
fn number_word(rest: &[u8]) -> (Value, &[u8], &[u8]) {
    // RS-274 allows blanks between letter and number.
    let from = trim_start(rest);
    let starts_number = from.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'));
    let rest = if starts_number { from } else { rest };
    let mut end = 0;
    while let Some(b) = rest.get(end) {
        if b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.') {
            end += 1;
        } else {
            break;
        }
    }
    // `1e5` is a number as C reads it, but `X1E5` is two words: firmware reads words, so do we. What is left to find
    // are the words of broken programs: `nan`, `inf`, `-nan(ind)`.
    let tail = &rest[end..];
    let sign_only = !rest[..end].iter().any(u8::is_ascii_digit);
    if sign_only && (starts_with_ignoring_case(tail, b"nan") || starts_with_ignoring_case(tail, b"inf")) {
        let stop = rest.iter().position(|b| is_blank(*b)).unwrap_or(rest.len());
        return (Value::Malformed, &rest[..stop], &rest[stop..]);
    }
    let text = &rest[..end];
    if text.is_empty() {
        return (Value::Missing, text, tail);
    }
    (parse_number(text).map_or(Value::Malformed, Value::Number), text, tail)
}

/// A decimal number as G-code allows it: sign, digits, point, digits. No exponent.
pub fn parse_number(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut value = 0u64;
    let mut places = None;
    let mut count = 0usize;
    for b in digits {
        match b {
            b'0'..=b'9' => {
                value = value.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
                count += 1;
                if let Some(places) = &mut places {
                    *places += 1;
                }
            }
            b'.' if places.is_none() => places = Some(0usize),
            _ => return None,
        }
    }
    if count == 0 {
        return None;
    }
    let magnitude = if count <= 15 {
        // Both are exact in an f64, so the quotient is the nearest to what is written.
        value as f64 / POWERS[places.unwrap_or(0)]
    } else {
        std::str::from_utf8(digits).ok()?.parse().ok().filter(|n: &f64| n.is_finite())?
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The `KEY=VALUE` pairs of an extended command; quotes around a value are taken off.
pub fn pairs(params: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = params;
    std::iter::from_fn(move || {
        loop {
            rest = trim_start(rest);
            if rest.is_empty() {
                return None;
            }
            let key_end = rest.iter().position(|b| *b == b'=' || is_blank(*b)).unwrap_or(rest.len());
            let (key, tail) = rest.split_at(key_end);
            let [b'=', tail @ ..] = tail else {
                rest = tail;
                if key.is_empty() {
                    continue;
                }
                return Some((key, &b""[..]));
            };
            if let [b'"', quoted @ ..] = tail {
                let end = quoted.iter().position(|b| *b == b'"').unwrap_or(quoted.len());
                rest = quoted.get(end + 1..).unwrap_or_default();
                return Some((key, &quoted[..end]));
            }
            let end = tail.iter().position(|b| is_blank(*b)).unwrap_or(tail.len());
            rest = &tail[end..];
            return Some((key, &tail[..end]));
        }
    })
}

/// Where the comment of a line begins: at the first `;` that is not inside quotes. An unclosed quote protects nothing.
pub fn comment_start(line: &[u8]) -> Option<usize> {
    let first = line.iter().position(|b| *b == b';')?;
    // Quotes are rare: count them only where there is one before a `;`.
    if !line[..first].contains(&b'"') {
        return Some(first);
    }
    let mut quoted = false;
    for (i, b) in line.iter().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b';' if !quoted => return Some(i),
            _ => {}
        }
    }
    quoted.then_some(first)
}

fn split_comment(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match comment_start(line) {
        Some(at) => (&line[..at], Some(&line[at + 1..])),
        None => (line, None),
    }
}

fn skip_parentheses(mut code: &[u8]) -> &[u8] {
    while let [b'(', rest @ ..] = code {
        let end = rest.iter().position(|b| *b == b')').map_or(rest.len(), |i| i + 1);
        code = trim_start(&rest[end..]);
    }
    code
}

fn leading_integer(bytes: &[u8]) -> (Option<u32>, &[u8]) {
    let end = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
    if end == 0 {
        return (None, bytes);
    }
    let value = bytes[..end].iter().fold(0u32, |v, b| v.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    (Some(value), &bytes[end..])
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b, rest @ ..] = bytes {
        if !is_blank(*b) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// Without blanks at either end.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., b] = bytes {
        if !is_blank(*b) {
            break;
        }
        bytes = rest;
    }
    bytes
}

fn starts_with_ignoring_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|b| b.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(line: &str) -> String {
        match lex(line.as_bytes()).code {
            Code::Empty => "-".into(),
            Code::Letter { letter, number, sub, params } => {
                let mut text = format!("{}{number}", letter as char);
                if let Some(sub) = sub {
                    text += &format!(".{sub}");
                }
                for word in words(params) {
                    text += &match word.value {
                        Value::Number(v) => format!(" {}={v}", word.letter as char),
                        Value::Missing => format!(" {}", word.letter as char),
                        Value::Malformed => format!(" {}!{}", word.letter as char, String::from_utf8_lossy(word.text)),
                    };
                }
                text
            }
            Code::Extended { name, params } => {
                let mut text = String::from_utf8_lossy(name).into_owned();
                for (key, value) in pairs(params) {
                    text += &format!(" {}:{}", String::from_utf8_lossy(key), String::from_utf8_lossy(value));
                }
                text
            }
            Code::Bare { params } => format!("bare {}", words(params).count()),
            Code::Other(text) => format!("? {}", String::from_utf8_lossy(text)),
        }
    }

    #[test]
    fn lines_of_every_dialect() {
        for (line, expect) in [
            ("G1 X10 Y-2.5 E.031 F1800", "G1 X=10 Y=-2.5 E=0.031 F=1800"),
            ("g1x10y20 ; to the left", "G1 X=10 Y=20"),
            ("N12 G01 X 1 Y +2*98", "G1 X=1 Y=2"),
            ("G92.1", "G92.1"),
            ("G28 X Y", "G28 X Y"),
            ("T1", "T1"),
            ("  ", "-"),
            ("; G1 X10", "-"),
            ("(head) G0 (fast) X5 (there)", "G0 X=5"),
            ("G1 Xnan Y-inf Z-nan(ind) E1", "G1 X!nan Y!-inf Z!-nan(ind) E=1"),
            ("G1 X1.2.3 Y--4 Z5", "G1 X!1.2.3 Y!--4 Z=5"),
            ("G1 X 10 20", "G1 X=10 ?!20"),
            ("M486 S3 A\"big; box\" T1 ; label", "M486 S=3 A!\"big; box\" T=1"),
            (
                "SET_PRESSURE_ADVANCE ADVANCE=0.04 EXTRUDER=extruder1",
                "SET_PRESSURE_ADVANCE ADVANCE:0.04 EXTRUDER:extruder1",
            ),
            ("M117_MACRO A=\"b c\" D", "M117_MACRO A:b c D:"),
            ("X10 Y20", "bare 2"),
            ("Y-3", "bare 1"),
            ("$H", "? $H"),
            ("{if x}", "? {if x}"),
        ] {
            assert_eq!(letter(line), expect, "{line}");
        }
    }

    #[test]
    fn comment_number_and_checksum_are_split_off() {
        let line = lex(b"N3 G1 X1*44 ; wall");
        assert_eq!((line.number, line.checksum, line.comment), (Some(3), Some(44), Some(&b" wall"[..])));
        assert_eq!(lex(b"G1 X1").comment, None);
        assert_eq!(lex(b"M117 \"open ; end").comment, Some(&b" end"[..]));
    }

    #[test]
    fn numbers_are_read_as_std_reads_them() {
        for text in ["0", "1", "-1.5", "+2.25", ".5", "5.", "123456.78901", "0.00001", "99999999999999999999.5"] {
            let std: f64 = text.trim_start_matches('+').parse().unwrap();
            assert_eq!(parse_number(text.as_bytes()), Some(std), "{text}");
        }
        for text in ["", "-", ".", "1e5", "1.2.3", "--1", "0x10"] {
            assert_eq!(parse_number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_bytes_upset_the_lexer() {
        // A small generator, so that the test is the same every time.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let alphabet = b"GMTNXYZEFIJ0123456789.-+*;()\"={}[] \t\r\x00\xff_ainf";
        for length in 0..4000usize {
            let line: Vec<u8> = (0..length % 50)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    alphabet[(state % alphabet.len() as u64) as usize]
                })
                .collect();
            match lex(&line).code {
                Code::Letter { params, .. } | Code::Bare { params } => {
                    // Every word takes at least one byte, so this ends.
                    assert!(words(params).count() <= params.len());
                }
                Code::Extended { params, .. } => assert!(pairs(params).count() <= params.len()),
                Code::Empty | Code::Other(_) => {}
            }
        }
    }
}
