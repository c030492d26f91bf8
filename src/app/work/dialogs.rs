//! The desktop's file dialogs, each on a thread of its own, so that the window goes on while one is open.
//!
//! The dialog library gives the same answer for "cancelled" and for "this desktop has no dialogs"; nobody cancels
//! within the blink of an eye, so a very fast refusal is taken for the latter and the studio asks for a path itself.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::jobs::Job;

/// Faster than a hand: there was no dialog.
const NO_HAND: Duration = Duration::from_millis(400);

/// What a dialog is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Open,
    Export { suggested: String },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Open(Vec<PathBuf>),
    Export(PathBuf),
    Canceled,
    /// This desktop has no dialogs.
    Unavailable(Asked),
}

/// The one dialog that may be open.
#[derive(Default)]
pub struct Dialogs(Job<Answer>);

impl Dialogs {
    pub fn is_open(&self) -> bool {
        self.0.is_running()
    }

    /// Opens a dialog that starts in a folder.
    pub fn ask(&mut self, ctx: &egui::Context, asked: Asked, folder: Option<PathBuf>) {
        let wake = ctx.clone();
        let again = asked.clone();
        let started = self.0.start(
            "file dialog",
            move || wake.request_repaint(),
            move |_| {
                let begun = Instant::now();
                let answer = run(&asked, folder);
                match answer {
                    None if begun.elapsed() < NO_HAND => Answer::Unavailable(asked),
                    None => Answer::Canceled,
                    Some(answer) => answer,
                }
            },
        );
        if started.is_err() {
            let _ = self.0.start("file dialog", || {}, move |_| Answer::Unavailable(again));
        }
    }

    /// The answer, once.
    pub fn poll(&mut self) -> Option<Answer> {
        self.0.poll()
    }
}

fn run(asked: &Asked, folder: Option<PathBuf>) -> Option<Answer> {
    let mut dialog = rfd::FileDialog::new();
    if let Some(folder) = folder.filter(|f| f.is_dir()) {
        dialog = dialog.set_directory(folder);
    }
    match asked {
        Asked::Open => dialog
            .set_title("Open models or G-code")
            .add_filter("Models and G-code", &["stl", "STL", "obj", "OBJ", "3mf", "3MF", "gcode", "g", "gco"])
            .add_filter("All files", &["*"])
            .pick_files()
            .map(Answer::Open),
        Asked::Export { suggested } => dialog
            .set_title("Export G-code")
            .set_file_name(suggested)
            .add_filter("G-code", &["gcode"])
            .save_file()
            .map(Answer::Export),
    }
}
