//! What a file says about itself in comments: who made it, how long it takes, pictures, settings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::comments::find;
use crate::gcode::Dialect;
use crate::gcode::lexer::{parse_number, trim};
use crate::gcode::metadata::CONFIG_BLOCK;
use crate::settings::{GcodeFlavor, Key, Value};

/// What a file says about itself. Nothing of it is checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileMetadata {
    /// The slicer and its version, as it names itself.
    pub generator: Option<String>,
    /// Estimated time in s.
    pub time_s: Option<f64>,
    pub filament_mm: Option<f64>,
    pub filament_cm3: Option<f64>,
    pub filament_g: Option<f64>,
    pub cost: Option<f64>,
    pub layers: Option<usize>,
    pub pictures: Vec<Picture>,
    /// The settings block, in the order of the file. Values are as they are written: line ends are escaped (see
    /// [`unescape`](crate::gcode::unescape)).
    pub settings: Vec<(String, String)>,
}

/// A picture inside a file, not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub format: PictureFormat,
    pub data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    Png,
    Jpeg,
    Qoi,
}

/// Most settings that are kept; a real file has under a thousand.
const MAX_SETTINGS: usize = 10_000;
/// Most bytes of all pictures together.
const MAX_PICTURE_BYTES: usize = 32 << 20;
/// How much of a file's beginning and end is searched for a setting before it is read.
const SEARCHED_BYTES: usize = 1 << 20;

impl FileMetadata {
    /// The value of a setting as it is written. Where it is there twice, the last one.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The first number of a setting that is one number or a list of them.
    pub fn setting_number(&self, key: &str) -> Option<f64> {
        self.setting(key).and_then(|value| first_number(value.as_bytes()))
    }

    /// Whether Fabbro wrote the file.
    pub fn is_ours(&self) -> bool {
        self.generator.as_deref().is_some_and(|g| g.starts_with("Fabbro "))
    }

    /// Takes what it can from a comment.
    pub(super) fn take(&mut self, comment: &[u8]) {
        let text = trim(comment);
        if self.generator.is_none() {
            self.generator = generator(text);
        }
        if let Some(at) = find(text, b" = ") {
            self.equation(&text[..at], trim(&text[at + 3..]));
        } else if let Some(key) = text.strip_suffix(b" =") {
            self.equation(key, b"");
        } else if let Some(at) = text.iter().position(|b| *b == b':') {
            self.statement(&text[..at], trim(&text[at + 1..]));
        }
    }

    /// `key = value`, as PrusaSlicer and its relatives write.
    fn equation(&mut self, key: &[u8], value: &[u8]) {
        let key = trim(key);
        match key {
            b"estimated printing time (normal mode)" | b"estimated printing time" => self.time_s = duration(value),
            b"filament used [mm]" => self.filament_mm = sum(value),
            b"filament used [cm3]" => self.filament_cm3 = sum(value),
            b"filament used [g]" | b"total filament used [g]" => self.filament_g = sum(value),
            b"filament cost" | b"total filament cost" => self.cost = sum(value),
            b"total layers count" => self.layers = first_number(value).map(|n| n as usize),
            _ => {
                let is_key = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let is_mark = key == CONFIG_BLOCK.as_bytes() || key.ends_with(b"slicer_config");
                if !key.is_empty() && key.iter().all(is_key) && !is_mark && self.settings.len() < MAX_SETTINGS {
                    self.settings.push((string(key), string(value)));
                }
            }
        }
    }

    /// `key: value`, as Cura and others write.
    fn statement(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"TIME" | b"Print Time" => self.time_s = first_number(value),
            // BambuStudio and OrcaSlicer: `model printing time: 1h 2m; total estimated time: 1h 9m`.
            b"model printing time" | b"Build time" => {
                let total = find(value, b"total estimated time:").map(|at| &value[at + 21..]);
                self.time_s = duration(total.unwrap_or(value));
            }
            b"Estimated Build Time" => self.time_s = first_number(value).map(|minutes| minutes * 60.0),
            b"Estimated Build Volume" => self.filament_cm3 = first_number(value),
            // Cura writes metres, one for each extruder.
            b"Filament used" if value.ends_with(b"m") && !value.ends_with(b"mm") => {
                self.filament_mm = sum(value).map(|metres| metres * 1000.0);
            }
            b"Filament length" => self.filament_mm = first_number(value),
            b"Plastic weight" => self.filament_g = first_number(value),
            b"total filament length [mm] " | b"total filament length [mm]" => self.filament_mm = sum(value),
            b"total filament weight [g] " | b"total filament weight [g]" => self.filament_g = sum(value),
            b"LAYER_COUNT" | b"total layer number" => self.layers = first_number(value).map(|n| n as usize),
            _ => {}
        }
    }
}

/// The slicer that a comment names.
fn generator(text: &[u8]) -> Option<String> {
    const INTRODUCTIONS: [&[u8]; 5] =
        [b"generated by ", b"Generated by ", b"Generated with ", b"G-Code generated by ", b"Sliced by "];
    let named = INTRODUCTIONS.iter().find_map(|words| text.strip_prefix(*words));
    let itself =
        [&b"KISSlicer"[..], b"BambuStudio ", b"OrcaSlicer ", b"SuperSlicer "].iter().any(|n| text.starts_with(n));
    let name = named.or(itself.then_some(text))?;
    // The date is not part of the name.
    let end = find(name, b" on 2").unwrap_or(name.len());
    Some(string(trim(&name[..end.min(80)])))
}

/// `1d 2h 3m 4s`, `1 hour 2 minutes`, or seconds alone, in s.
fn duration(text: &[u8]) -> Option<f64> {
    let mut total = None;
    let mut rest = trim(text);
    while !rest.is_empty() {
        let digits = rest.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(rest.len());
        let number = parse_number(&rest[..digits])?;
        rest = trim(&rest[digits..]);
        let unit = match rest.first() {
            Some(b'd') => 86_400.0,
            Some(b'h') => 3600.0,
            Some(b'm') => 60.0,
            _ => 1.0,
        };
        total = Some(total.unwrap_or(0.0) + number * unit);
        let word = rest.iter().position(|b| b.is_ascii_digit()).unwrap_or(rest.len());
        rest = &rest[word..];
    }
    total
}

/// The numbers of a list, added up; units behind them do not matter.
fn sum(text: &[u8]) -> Option<f64> {
    text.split(|b| *b == b',').filter_map(|part| first_number(trim(part))).reduce(|a, b| a + b)
}

/// The number that a text begins with.
fn first_number(text: &[u8]) -> Option<f64> {
    let text = trim(text);
    let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(text.len());
    parse_number(&text[..end])
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first number of `; key = …` in a file's beginning or end, where slicers keep their settings.
pub(super) fn find_number(bytes: &[u8], key: &[u8]) -> Option<f64> {
    find_setting(bytes, key, |value| first_number(value).filter(|n| *n > 0.0))
}

/// The firmware that a file says it is for.
pub(super) fn find_dialect(bytes: &[u8]) -> Option<Dialect> {
    find_setting(bytes, b"gcode_flavor", |value| {
        let name = std::str::from_utf8(trim(value)).ok()?;
        let Ok(Value::Choice(name)) = Key::gcode_flavor.definition().parse(name) else { return None };
        GcodeFlavor::ALL.iter().find(|flavor| flavor.name() == name).map(|flavor| Dialect::from(*flavor))
    })
}

/// What the first `; key = …` of a file's beginning or end holds that can be understood.
fn find_setting<T>(bytes: &[u8], key: &[u8], understood: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let head = bytes.get(..SEARCHED_BYTES).unwrap_or(bytes);
    let tail = bytes.get(bytes.len().saturating_sub(SEARCHED_BYTES)..).unwrap_or(bytes);
    [tail, head].iter().find_map(|part| {
        part.split(|b| *b == b'\n').find_map(|line| {
            let rest = trim(trim(line).strip_prefix(b";")?).strip_prefix(key)?;
            understood(trim(rest).strip_prefix(b"=")?)
        })
    })
}

/// What a file says about itself in its beginning and its end, without reading what lies between.
pub fn read_metadata(bytes: &[u8]) -> FileMetadata {
    let mut metadata = FileMetadata::default();
    let mut pictures = PictureReader::default();
    let head = bytes.len().min(SEARCHED_BYTES);
    let tail = bytes.len().saturating_sub(SEARCHED_BYTES).max(head);
    for part in [bytes.get(..head), bytes.get(tail..)] {
        for line in part.unwrap_or_default().split(|b| *b == b'\n') {
            if let Some(comment) = trim(line).strip_prefix(b";")
                && !pictures.take(comment, &mut metadata)
            {
                metadata.take(comment);
            }
        }
    }
    metadata
}

/// Collects the lines of picture blocks.
#[derive(Default)]
pub(super) struct PictureReader {
    open: Option<(Picture, Vec<u8>)>,
    bytes: usize,
}

impl PictureReader {
    /// Looks at a comment; true where it is part of a picture block.
    pub(super) fn take(&mut self, comment: &[u8], metadata: &mut FileMetadata) -> bool {
        let text = trim(comment);
        if let Some(rest) = text.strip_prefix(b"thumbnail") {
            let (format, rest) = match rest {
                [b' ', rest @ ..] => (PictureFormat::Png, rest),
                [b'_', b'J', b'P', b'G', b' ', rest @ ..] => (PictureFormat::Jpeg, rest),
                [b'_', b'P', b'N', b'G', b' ', rest @ ..] => (PictureFormat::Png, rest),
                [b'_', b'Q', b'O', b'I', b' ', rest @ ..] => (PictureFormat::Qoi, rest),
                _ => return false,
            };
            if rest == b"end" {
                if let Some((mut picture, text)) = self.open.take()
                    && let Ok(data) = STANDARD.decode(&text)
                {
                    picture.data = data;
                    metadata.pictures.push(picture);
                }
                return true;
            }
            if let Some((width, height)) = rest.strip_prefix(b"begin ").and_then(size) {
                self.open = Some((Picture { width, height, format, data: Vec::new() }, Vec::new()));
                return true;
            }
            return false;
        }
        let Some((_, collected)) = &mut self.open else { return false };
        let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        self.bytes += text.len();
        if !text.iter().all(is_base64) || self.bytes > MAX_PICTURE_BYTES {
            // A block without an end: give it up, and read on as if it had not been.
            self.open = None;
            return false;
        }
        collected.extend_from_slice(text);
        true
    }
}

/// `220x124 …`.
fn size(text: &[u8]) -> Option<(u32, u32)> {
    let size = text.split(|b| *b == b' ').next()?;
    let (width, height) = std::str::from_utf8(size).ok()?.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}
