//! One line of a terminal that is written over and over; nothing where standard error is no terminal.

use std::io::IsTerminal;

use super::progress_line;

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
            progress_line::write(text);
            text.clone_into(&mut self.shown);
        }
    }

    /// Clears the line, so that something else can be written.
    pub fn end(&mut self) {
        if self.terminal && !self.shown.is_empty() {
            progress_line::write("");
            self.shown.clear();
        }
    }
}
