//! Text files of people's own, whatever program saved them: with or without a byte order mark, and in the encoding of
//! Western Windows where they are not UTF-8, as profiles with a degree sign or an umlaut often are.

use std::fmt;
use std::path::Path;

use crate::report::Notice;

/// A file longer than this is no file of settings; it is not read.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// Why a file gave no text.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it is too large for a file of settings")]
    TooLarge,
    #[error("it is encoded in UTF-16; open it in a text editor and save it as UTF-8")]
    Utf16,
    #[error("it is no text: it holds zero bytes")]
    Binary,
}

/// A text, and what a person should know about how it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub text: String,
    pub notices: Vec<Notice>,
}

/// Reads a file of settings: UTF-8 with or without its mark, or else Latin-1, which is then said.
///
/// Fails when it cannot be read, is too large, or is encoded in UTF-16.
pub fn read_text(path: &Path) -> Result<Text, TextError> {
    if std::fs::metadata(path)?.len() > LARGEST_FILE {
        return Err(TextError::TooLarge);
    }
    decode(std::fs::read(path)?, &path.display())
}

fn decode(mut bytes: Vec<u8>, name: &dyn fmt::Display) -> Result<Text, TextError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(TextError::Utf16);
    }
    if bytes.contains(&0) {
        return Err(TextError::Binary);
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Text { text, notices: Vec::new() },
        // Each byte of Latin-1 is the character of that number.
        Err(error) => Text {
            text: error.as_bytes().iter().copied().map(char::from).collect(),
            notices: vec![Notice::note(format!(
                "{name} is not UTF-8 and was read as Latin-1: letters with accents in it may be wrong"
            ))],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_whatever_program_saved_it() {
        let read = |bytes: &[u8]| decode(bytes.to_vec(), &"my.ini").map(|t| (t.text, t.notices.len()));
        assert_eq!(read("notes = 60 °C".as_bytes()).unwrap(), ("notes = 60 °C".into(), 0));
        assert_eq!(read("\u{feff}a = 1".as_bytes()).unwrap(), ("a = 1".into(), 0));
        assert_eq!(read(b"notes = 60 \xb0C, f\xfcr PLA").unwrap(), ("notes = 60 °C, für PLA".into(), 1));
        assert_eq!(read(b"\xef\xbb\xbfa = 60 \xb0C").unwrap(), ("a = 60 °C".into(), 1));
        for bytes in [&b"\xff\xfea\0 \0"[..], b"\xfe\xff\0a"] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains("UTF-16") && error.contains("save it as UTF-8"), "{error}");
        }
        assert!(read(b"a\0b").unwrap_err().to_string().contains("no text"));
    }
}
