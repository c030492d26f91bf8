//! G-code: writing a toolpath in a firmware's dialect, and reading anybody's file back.
//!
//! Owns the text and nothing else: order, speeds, cooling and the estimate are decided before a toolpath gets here.
//! Entry points: [`write`] turns a [`Job`] into the bytes of a file (the same bytes on any number of threads, no date,
//! no secrets, ASCII only); [`read`] turns any slicer's file into a toolpath for the preview; [`job_lines`] gives a host
//! the lines to send; [`template`] fills in start, end and layer sequences; [`lexer`] takes lines apart.

mod arcs;
pub mod dialect;
mod filament;
mod layer;
pub mod lexer;
mod metadata;
#[cfg(test)]
pub(crate) mod nonsense;
mod number;
mod reader;
mod sequence;
mod stream;
pub mod template;
mod writer;
#[cfg(test)]
mod writer_tests;

pub use dialect::Dialect;
pub use filament::ExtruderMode;
pub use metadata::{Thumbnail, Totals, duration, escape, unescape};
pub use reader::{FileMetadata, GcodeFile, Picture, PictureFormat, ReadOptions, read, read_metadata};
pub use stream::{JobLine, job_lines};
pub use writer::{GcodeSettings, Job, JobTimes, WriteError, Written, write};
