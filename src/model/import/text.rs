//! Lines and numbers of text formats, read in bounded memory.

use std::io::BufRead;

use super::Cause;
use crate::progress::Progress;

/// A longer line is no model file.
const LONGEST_LINE: usize = 1 << 20;

/// Lines of a file, without their end, with progress counted in bytes.
pub(super) struct Lines<'a, R> {
    reader: R,
    buffer: Vec<u8>,
    number: usize,
    uncounted: usize,
    progress: &'a Progress,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub fn new(reader: R, progress: &'a Progress) -> Self {
        Self { reader, buffer: Vec::new(), number: 0, uncounted: 0, progress }
    }

    /// The next line and its number, counted from 1; `None` at the end of the file.
    pub fn next(&mut self) -> Result<Option<(usize, &[u8])>, Cause> {
        self.buffer.clear();
        loop {
            let found = self.reader.fill_buf()?;
            if found.is_empty() {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                break;
            }
            let end = found.iter().position(|b| *b == b'\n');
            let used = end.map_or(found.len(), |e| e + 1);
            self.buffer.extend_from_slice(&found[..end.unwrap_or(used)]);
            self.reader.consume(used);
            self.uncounted += used;
            if self.buffer.len() > LONGEST_LINE {
                let problem = "the line is longer than 1 MB; this is no text model".to_owned();
                return Err(Cause::Syntax { line: self.number + 1, problem });
            }
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        if self.number == 1 {
            refuse_utf16(&self.buffer)?;
            let mark = self.buffer.len() - without_mark(&self.buffer).len();
            self.buffer.drain(..mark);
        }
        if self.uncounted > 1 << 16 {
            self.progress.check()?;
            self.progress.advance(std::mem::take(&mut self.uncounted));
        }
        Ok(Some((self.number, &self.buffer)))
    }
}

/// A text without the mark that some programs put before UTF-8.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Fails where a file's beginning says that it is UTF-16.
pub(super) fn refuse_utf16(start: &[u8]) -> Result<(), Cause> {
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") { Err(Cause::Utf16) } else { Ok(()) }
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A decimal number; `None` where the word is none.
pub(super) fn number(word: &[u8]) -> Option<f32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
