//! What every command does that has a machine on a wire.

use std::time::Duration;

use super::{Failure, tell};
use crate::machine::{Session, SessionOptions, State};
use crate::progress::Progress;

/// How often the machine's state is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Opens a port and waits until the machine there has answered; says what it waits for where that takes long.
///
/// Fails when no machine answers, and when `progress` is canceled before one does.
pub(super) fn connect(port: &str, baud: u32, progress: &Progress) -> Result<Session, Failure> {
    let session = Session::open(port, baud, SessionOptions::default(), || {})?;
    let mut complaints = Complaints::default();
    loop {
        if let Some(complaint) = complaints.next(&session) {
            tell(format_args!("fabbro: {complaint}"));
        }
        let (state, error) = {
            let status = session.status();
            (status.state, status.error.clone())
        };
        match state {
            State::Connecting if progress.is_canceled() => {
                return Err(Failure::CouldNot("canceled before the machine answered".into()));
            }
            State::Connecting => std::thread::sleep(LOOK),
            State::Closed => {
                return Err(error.map_or_else(|| Failure::CouldNot("the machine is gone".into()), Failure::from));
            }
            _ => return Ok(session),
        }
    }
}

/// What the machine complains of, each once.
#[derive(Default)]
pub(super) struct Complaints(Option<String>);

impl Complaints {
    /// The machine's complaint, where it is a new one.
    pub fn next(&mut self, session: &Session) -> Option<String> {
        let complaint = session.status().complaint.clone();
        let before = std::mem::replace(&mut self.0, complaint.clone());
        complaint.filter(|text| before.as_ref() != Some(text))
    }
}
