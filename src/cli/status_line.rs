//! One line of a terminal that is written over and over; nothing where standard error is no terminal.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::progress::Progress;

pub(super) struct StatusLine {
    terminal: bool,
    shown: String,
}

impl StatusLine {
    pub fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), shown: String::new() }
    }

    /// Replaces the line.
    pub fn show(&mut self, text: &str) {
        if self.terminal && self.shown != text {
            // A terminal that has gone away needs no status line.
            let _ = write!(std::io::stderr(), "\r\x1b[2K{text}");
            text.clone_into(&mut self.shown);
        }
    }

    /// Clears the line, so that something else can be written.
    pub fn end(&mut self) {
        if self.terminal && !self.shown.is_empty() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
            self.shown.clear();
        }
    }

    /// Shows how far `work` is while it runs.
    pub fn follow<T: Send>(mut self, progress: &Progress, work: impl FnOnce() -> T + Send) -> T {
        if !self.terminal {
            return work();
        }
        std::thread::scope(|scope| {
            let done = Progress::new();
            let finished = done.clone();
            let line = &mut self;
            scope.spawn(move || {
                while !finished.is_canceled() {
                    let standing = progress.standing();
                    let percent = standing.fraction().map(|f| format!(" {:.0} %", f * 100.0)).unwrap_or_default();
                    line.show(&format!("{}{percent}", standing.stage));
                    std::thread::sleep(Duration::from_millis(100));
                }
                line.end();
            });
            let result = work();
            done.cancel();
            result
        })
    }
}
