//! The lines of a job as a host sends them to a machine.

use std::borrow::Cow;

use super::lexer;

/// One line to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine<'a> {
    /// Its number in the file, counted from 1.
    pub number: usize,
    /// Where the line after it begins in the file, in bytes: how far a job is when this line is done.
    pub end_offset: usize,
    /// Without comments, blanks at either end, line number and checksum. Never empty.
    pub text: Cow<'a, str>,
}

/// The lines of a file that a machine must be given, in order. Comments (`;…` and `(…)`), blank lines, and the line
/// numbers and checksums of files made for another host are left out. Bytes that are not UTF-8 become `U+FFFD`: such a
/// line is for `verify` to refuse, not for a host to mend.
pub fn job_lines(bytes: &[u8]) -> impl Iterator<Item = JobLine<'_>> {
    let mut end = 0;
    bytes.split_inclusive(|b| *b == b'\n').enumerate().filter_map(move |(i, line)| {
        end += line.len();
        let text = String::from_utf8_lossy(command(line));
        let text = without_parentheses(text);
        (!text.is_empty()).then_some(JobLine { number: i + 1, end_offset: end, text })
    })
}

/// A line without its `;` comment, line number and checksum.
fn command(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let code = match lexer::comment_start(line) {
        Some(at) => line.get(..at).unwrap_or(line),
        None => line,
    };
    let code = lexer::trim(code);
    let [b'N' | b'n', rest @ ..] = code else { return code };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return code;
    }
    let rest = lexer::trim(rest.get(digits..).unwrap_or_default());
    let end = rest.iter().rposition(|b| *b == b'*').unwrap_or(rest.len());
    lexer::trim(rest.get(..end).unwrap_or(rest))
}

/// A line without comments in parentheses; messages (`M117`, `M118`) and words in quotes keep theirs.
fn without_parentheses(text: Cow<'_, str>) -> Cow<'_, str> {
    let message = text.starts_with("M117") || text.starts_with("M118") || text.starts_with("RESPOND");
    if !text.contains('(') || message {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted) = (0usize, false);
    for c in text.chars() {
        match c {
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    Cow::Owned(out.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_machine_must_do_is_sent() {
        let file = b"; head\r\nG28 ; home\r\n\n  G1 X1 (left) Y2\nN3 M105*36\nM117 (hi) ; there\n(all)\nM486 A\"a;b\"\n\xff\nG1";
        let lines: Vec<(usize, String)> = job_lines(file).map(|l| (l.number, l.text.into_owned())).collect();
        let expect = [
            (2, "G28"),
            (4, "G1 X1  Y2"),
            (5, "M105"),
            (6, "M117 (hi)"),
            (8, "M486 A\"a;b\""),
            (9, "\u{fffd}"),
            (10, "G1"),
        ];
        assert_eq!(lines, expect.map(|(n, t)| (n, t.to_owned())));
        assert_eq!(job_lines(file).last().map(|l| l.end_offset), Some(file.len()));
    }
}
