//! Reads anybody's G-code back into a toolpath, for the preview.
//!
//! Knows the comments of PrusaSlicer, OrcaSlicer, BambuStudio, Cura, Slic3r, Simplify3D, ideaMaker and KISSlicer, and
//! makes do without any. It is forgiving where `verify` is strict: what cannot be understood is skipped and counted.
//! Bytes go in, a toolpath and what the file says about itself come out; nothing is judged here.

mod build;
mod comments;
mod metadata;
mod motion;
#[cfg(test)]
mod tests;

pub use metadata::{FileMetadata, Picture, PictureFormat, read_metadata};

use super::{Dialect, lexer};
use crate::progress::{Canceled, Progress};
use crate::report::{Notice, count};
use crate::toolpath::Toolpath;

/// A file read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GcodeFile {
    pub toolpath: Toolpath,
    pub metadata: FileMetadata,
    /// What could not be understood.
    pub notices: Vec<Notice>,
}

/// What the file itself may not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadOptions {
    /// Used where the file names no filament diameter.
    pub filament_diameter_mm: f64,
    /// Used where the file names no density, g/cm³.
    pub filament_density_g_per_cm3: f64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { filament_diameter_mm: 1.75, filament_density_g_per_cm3: 1.24 }
    }
}

/// Reads a file. Any bytes whatever give a result; fails only when told to stop.
pub fn read(bytes: &[u8], options: &ReadOptions, progress: &Progress) -> Result<GcodeFile, Canceled> {
    progress.stage("Reading G-code", bytes.len());
    let diameter_mm = metadata::find_number(bytes, b"filament_diameter").unwrap_or(options.filament_diameter_mm);
    let mut reader = motion::Interpreter::new(diameter_mm, metadata::find_dialect(bytes).unwrap_or(Dialect::Marlin));
    let mut metadata = FileMetadata::default();
    let mut pictures = metadata::PictureReader::default();
    let mut endless = 0;
    lexer::visit_lines(bytes, progress, |_, line| {
        if line.len() > lexer::MAX_LINE_BYTES {
            endless += 1;
            return;
        }
        let line = lexer::lex(line);
        match (line.code, line.comment) {
            (lexer::Code::Empty, Some(comment)) => {
                if pictures.take(comment, &mut metadata) {
                    return;
                }
                if lexer::trim(comment) == b"FLAVOR:UltiGCode" {
                    reader.use_volumes();
                }
                match comments::hint(comment) {
                    Some(hint) => reader.hint(hint),
                    None => metadata.take(comment),
                }
            }
            (code, comment) => reader.command(code, comment),
        }
    })?;
    let (mut toolpath, mut notices) = reader.finish();
    toolpath.filament_diameter_mm = diameter_mm as f32;
    toolpath.filament_density_g_per_cm3 =
        metadata.setting_number("filament_density").unwrap_or(options.filament_density_g_per_cm3) as f32;
    if endless > 0 {
        let limit = lexer::MAX_LINE_BYTES / 1024;
        notices.push(Notice::warning(format!("{} longer than {limit} KiB skipped", count(endless, "lines"))));
    }
    Ok(GcodeFile { toolpath, metadata, notices })
}
