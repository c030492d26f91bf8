//! Reading files in the background: models for the plate, G-code for the preview.

use std::path::PathBuf;
use std::sync::Arc;

use crate::jobs::Job;
use crate::model::import::{ImportError, import};
use crate::progress::{Canceled, Progress, Standing};
use crate::report::Notice;
use crate::scene::NewObject;
use crate::settings::Settings;

use super::planning::Sliced;

/// The objects of one file.
pub struct Imported {
    pub objects: Vec<NewObject>,
    pub notices: Vec<Notice>,
}

/// What came of some files.
#[derive(Default)]
pub struct Loaded {
    pub imports: Vec<(PathBuf, Imported)>,
    /// The last G-code file among them: there is one preview.
    pub gcode: Option<(PathBuf, Sliced)>,
    /// One sentence for each file that could not be opened.
    pub problems: Vec<String>,
    /// Files of a sample live no longer than this.
    unpacked: Vec<tempfile::TempDir>,
}

impl Loaded {
    /// Whether these are samples of the studio's own, which are no files of the person's.
    pub fn are_samples(&self) -> bool {
        !self.unpacked.is_empty()
    }
}

/// The files that are being read.
#[derive(Default)]
pub struct Loading(Job<Result<Loaded, Canceled>>);

impl Loading {
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    pub fn standing(&self) -> Option<Standing> {
        self.0.standing()
    }

    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// Reads files; G-code is taken to be for the machine of these settings. Fails when no thread can be started.
    pub fn start(
        &mut self,
        ctx: &egui::Context,
        paths: Vec<PathBuf>,
        unpacked: Vec<tempfile::TempDir>,
        settings: Arc<Settings>,
    ) -> std::io::Result<()> {
        let wake = ctx.clone();
        self.0.start(
            "open files",
            move || wake.request_repaint(),
            move |progress| {
                let mut loaded = Loaded { unpacked, ..Loaded::default() };
                for path in paths {
                    read(path, &settings, &mut loaded, progress)?;
                }
                Ok(loaded)
            },
        )
    }

    /// What was read, once; `None` within where it was cancelled.
    pub fn poll(&mut self) -> Option<Option<Loaded>> {
        self.0.poll().map(Result::ok)
    }
}

fn read(path: PathBuf, settings: &Settings, loaded: &mut Loaded, progress: &Progress) -> Result<(), Canceled> {
    if is_gcode(&path) {
        match Sliced::from_file(&path, settings, progress) {
            Ok(sliced) => loaded.gcode = Some((path, sliced)),
            Err(error) => loaded.problems.push(error.not_canceled()?),
        }
        return Ok(());
    }
    match import(&path, progress) {
        Ok(import) => {
            progress.stage("Finding the hull", import.models.len());
            let objects = NewObject::from_import(&import.models);
            loaded.imports.push((path, Imported { objects, notices: import.report.notices }));
        }
        Err(ImportError::Canceled(canceled)) => return Err(canceled),
        Err(error) => loaded.problems.push(error.to_string()),
    }
    Ok(())
}

/// Whether a file is opened for preview rather than put on the plate.
pub fn is_gcode(path: &std::path::Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(extension.as_str(), "gcode" | "g" | "gco" | "gc" | "nc")
}
