//! Saving the finished G-code in the background.

use std::path::PathBuf;
use std::sync::Arc;

use crate::jobs::Job;
use crate::pipeline::save_whole;

/// The one file that is being saved.
#[derive(Default)]
pub struct Saving(Job<Result<PathBuf, String>>);

impl Saving {
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Saves bytes under a path. Fails when no thread can be started.
    pub fn start(&mut self, ctx: &egui::Context, path: PathBuf, bytes: Arc<Vec<u8>>) -> std::io::Result<()> {
        let wake = ctx.clone();
        self.0.start(
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
        self.0.poll()
    }
}
