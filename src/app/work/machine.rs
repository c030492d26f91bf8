//! The connection to a machine: opened in the background, told what to do, read once a frame.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use crate::app::format::name_of;
use crate::jobs::Job;
use crate::machine::{Command, Job as MachineJob, JobRefused, MachineError, Session, SessionOptions, State, Status};
use crate::settings::Settings;
use crate::verify::{Limits, Policy};

/// A machine that is busy reports many times a second; the window follows at this pace.
const FOLLOW: Duration = Duration::from_millis(100);

/// What shall be printed.
pub enum Source {
    /// The finished file of the plate.
    Plate { name: String, bytes: Arc<Vec<u8>> },
    /// A file that was opened.
    File(PathBuf),
}

/// The one machine that may be connected.
#[derive(Default)]
pub struct MachineLink {
    opening: Job<Result<Session, MachineError>>,
    checking: Job<Result<MachineJob, String>>,
    session: Option<Session>,
}

impl MachineLink {
    /// Whether a machine is connected or being connected.
    pub fn is_open(&self) -> bool {
        self.opening.is_running() || self.state().is_some_and(|state| state != State::Closed)
    }

    pub fn is_opening(&self) -> bool {
        self.opening.is_running()
    }

    pub fn is_checking(&self) -> bool {
        self.checking.is_running()
    }

    /// What the machine does; `None` where none was connected.
    pub fn state(&self) -> Option<State> {
        self.status().map(|status| status.state)
    }

    /// Whether the machine answers, so that it can be told what to do.
    pub fn listens(&self) -> bool {
        self.state().is_some_and(|state| !matches!(state, State::Closed | State::Connecting))
    }

    /// Whether a job runs or stands still on the machine.
    pub fn prints(&self) -> bool {
        matches!(self.state(), Some(State::Printing | State::Pausing | State::Paused | State::Canceling))
    }

    /// Everything that is known of it. Hold it only briefly.
    pub fn status(&self) -> Option<MutexGuard<'_, Status>> {
        self.session.as_ref().map(Session::status)
    }

    /// Connects, after closing what was connected. Fails when no thread can be started.
    pub fn open(&mut self, ctx: &egui::Context, path: String, baud: u32) -> std::io::Result<()> {
        self.close();
        let (wake, follow) = (ctx.clone(), ctx.clone());
        self.opening.start(
            "connect",
            move || wake.request_repaint(),
            move |_| {
                Session::open(&path, baud, SessionOptions::default(), move || follow.request_repaint_after(FOLLOW))
            },
        )
    }

    /// Closes the connection. A print that runs on the machine is stopped by that, as pulling the cable would.
    pub fn close(&mut self) {
        self.opening.cancel();
        self.checking.cancel();
        if let Some(session) = self.session.take() {
            // Closing waits for the port, which the window must not.
            let _ = std::thread::Builder::new().name("disconnect".into()).spawn(move || drop(session));
        }
    }

    /// Tells the machine what to do; nothing happens where none is connected.
    pub fn send(&self, command: Command) {
        if let Some(session) = &self.session {
            session.send(command);
        }
    }

    /// Has a file checked for the machine, and printed when it passed. Fails when no thread can be started.
    pub fn print(&mut self, ctx: &egui::Context, source: Source, settings: Arc<Settings>) -> std::io::Result<()> {
        let wake = ctx.clone();
        self.checking.start(
            "check the job",
            move || wake.request_repaint(),
            move |progress| {
                let (name, bytes): (String, Arc<[u8]>) = match source {
                    Source::Plate { name, bytes } => (name, bytes.as_slice().into()),
                    Source::File(path) => {
                        let name = name_of(&path).into_owned();
                        let bytes = std::fs::read(&path)
                            .map_err(|error| format!("The file could not be read ({error}): {}", path.display()))?;
                        (name, bytes.into())
                    }
                };
                match MachineJob::verified(&name, bytes, &Limits::from(&*settings), Policy::Own, progress) {
                    Ok((job, _)) => Ok(job),
                    Err(JobRefused::Canceled(_)) => Err(String::new()),
                    Err(error) => Err(format!("Nothing was started: {error}.")),
                }
            },
        )
    }

    /// Takes what came in; gives the sentence to show where something failed.
    pub fn poll(&mut self) -> Option<String> {
        match self.checking.poll() {
            Some(Ok(job)) => self.send(Command::Start(job)),
            Some(Err(message)) if !message.is_empty() => return Some(message),
            _ => {}
        }
        match self.opening.poll() {
            Some(Ok(session)) => {
                self.session = Some(session);
                None
            }
            Some(Err(error)) => Some(format!("The machine was not connected: {error}.")),
            None => None,
        }
    }
}
