//! One line on standard error that says where long work stands, where standard error is a terminal.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::progress::{Progress, Standing};

/// Short enough to look alive, long enough to cost nothing.
const REFRESH: Duration = Duration::from_millis(100);

/// Shows the line until it is dropped, then wipes it away.
pub struct ProgressLine(Option<(Sender<()>, JoinHandle<()>)>);

impl ProgressLine {
    /// Begins to show where `progress` stands; shows nothing where standard error is no terminal.
    pub fn show(progress: &Progress) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let progress = progress.clone();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("progress line".into()).spawn(move || {
            let mut shown = String::new();
            while stopped.recv_timeout(REFRESH) == Err(RecvTimeoutError::Timeout) {
                let line = words(&progress.standing());
                if line != shown {
                    write(&line);
                    shown = line;
                }
            }
            write("");
        });
        // Where the system gives no thread the work goes on without the line.
        Self(thread.ok().map(|thread| (stop, thread)))
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// Goes back to the start of the line, wipes it and writes another. A terminal that has gone away needs none.
pub(super) fn write(line: &str) {
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "\r\x1b[K{line}").and_then(|()| err.flush());
}

fn words(standing: &Standing) -> String {
    match standing.fraction() {
        _ if standing.stage.is_empty() => String::new(),
        Some(fraction) => format!("{} {:.0} %", standing.stage, f64::from(fraction) * 100.0),
        None => format!("{} …", standing.stage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_stage_and_how_far_it_is() {
        let standing = |done, total| Standing { stage: "Filling".into(), done, total };
        assert_eq!(words(&standing(1, 4)), "Filling 25 %");
        assert_eq!(words(&standing(1, 0)), "Filling …");
        assert_eq!(words(&Standing::default()), "");
    }
}
