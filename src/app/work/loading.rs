//! Reading files in the background: models for the plate, G-code for the preview.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::format::capitalized;
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

/// Files that were asked for together.
struct Batch {
    paths: Vec<PathBuf>,
    unpacked: Vec<tempfile::TempDir>,
    settings: Arc<Settings>,
}

/// The files that are being read, and those that wait until it is their turn: whatever is asked for is opened, in
/// order.
#[derive(Default)]
pub struct Loading {
    job: Job<Result<Loaded, Canceled>>,
    waiting: VecDeque<Batch>,
}

impl Loading {
    pub fn is_running(&self) -> bool {
        self.job.is_running()
    }

    pub fn standing(&self) -> Option<Standing> {
        self.job.standing()
    }

    /// Stops the reading; what waits is not opened either.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.job.cancel();
    }

    /// Reads files, after those that were asked for before; G-code is taken to be for the machine of these settings.
    /// Fails when no thread can be started.
    pub fn open(
        &mut self,
        ctx: &egui::Context,
        paths: Vec<PathBuf>,
        unpacked: Vec<tempfile::TempDir>,
        settings: Arc<Settings>,
    ) -> std::io::Result<()> {
        self.waiting.push_back(Batch { paths, unpacked, settings });
        if self.is_running() { Ok(()) } else { self.start_next(ctx) }
    }

    fn start_next(&mut self, ctx: &egui::Context) -> std::io::Result<()> {
        let Some(Batch { paths, unpacked, settings }) = self.waiting.pop_front() else { return Ok(()) };
        let wake = ctx.clone();
        self.job.start(
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

    /// What was read, once. Goes on with what waits.
    pub fn poll(&mut self, ctx: &egui::Context) -> Option<Loaded> {
        let was_running = self.is_running();
        let mut loaded = match self.job.poll() {
            Some(result) => result.unwrap_or_default(),
            // A reader that fell over takes nothing down with it, and is told like any other file that cannot be read.
            None if was_running && !self.is_running() => {
                let problem = "Opening ended unexpectedly; please report this with the file.";
                Loaded { problems: vec![problem.to_owned()], ..Loaded::default() }
            }
            None => return None,
        };
        if let Err(error) = self.start_next(ctx) {
            let problem = format!("Nothing more was opened, because the system cannot start a thread ({error}).");
            loaded.problems.push(problem);
        }
        Some(loaded)
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
        Err(error) => loaded.problems.push(capitalized(&error.to_string())),
    }
    Ok(())
}

/// Whether a file is opened for preview rather than put on the plate.
pub fn is_gcode(path: &std::path::Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(extension.as_str(), "gcode" | "g" | "gco" | "gc" | "nc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_opened_while_others_are_being_read_wait_for_their_turn() {
        let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models");
        let ctx = egui::Context::default();
        let settings = Arc::new(Settings::default());
        let mut loading = Loading::default();
        let wanted = ["calibration-cube-20mm.stl", "there-is-no-such-file.stl", "bridge-and-overhang.stl"];
        for name in wanted {
            loading.open(&ctx, vec![models.join(name)], Vec::new(), Arc::clone(&settings)).unwrap();
        }
        let (mut opened, mut problems) = (Vec::new(), Vec::new());
        while loading.is_running() {
            let Some(loaded) = loading.poll(&ctx) else {
                std::thread::yield_now();
                continue;
            };
            opened.extend(loaded.imports.into_iter().map(|(path, _)| path));
            problems.extend(loaded.problems);
        }
        assert_eq!(opened, [models.join(wanted[0]), models.join(wanted[2])]);
        assert!(problems.len() == 1 && problems[0].contains(wanted[1]), "{problems:?}");

        // Cancelled is everything: what is read and what waits.
        for name in wanted {
            loading.open(&ctx, vec![models.join(name)], Vec::new(), Arc::clone(&settings)).unwrap();
        }
        loading.cancel();
        assert!(!loading.is_running() && loading.poll(&ctx).is_none());
    }
}
