//! Saving the finished G-code in the background.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::format::name_of;
use crate::jobs::Job;
use crate::pipeline::save_whole;

/// The one file that is being saved.
#[derive(Default)]
pub struct Saving {
    job: Job<Result<PathBuf, String>>,
    path: PathBuf,
}

impl Saving {
    pub fn is_running(&self) -> bool {
        self.job.is_running()
    }

    /// What the file is called that is being saved.
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.is_running().then(|| name_of(&self.path))
    }

    /// Saves bytes under a path. Fails when no thread can be started.
    pub fn start(&mut self, ctx: &egui::Context, path: PathBuf, bytes: Arc<Vec<u8>>) -> std::io::Result<()> {
        let wake = ctx.clone();
        self.path.clone_from(&path);
        self.job.start(
            "save G-code",
            move || wake.request_repaint(),
            move |_| match save_whole(&path, &bytes) {
                Ok(()) => Ok(path),
                Err(error) => Err(format!("The G-code was not exported: {error}")),
            },
        )
    }

    /// Where the file was saved, or why not; once.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let was_running = self.is_running();
        match self.job.poll() {
            None if was_running && !self.is_running() => {
                Some(Err(format!("Exporting ended unexpectedly; {} was not written.", self.path.display())))
            }
            result => result,
        }
    }
}
