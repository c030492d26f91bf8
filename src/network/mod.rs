//! A machine somewhere else.
//!
//! A [`Destination`] is a place that takes finished, verified G-code and prints it: an OctoPrint server
//! ([`octoprint`]) or our own peer-to-peer node ([`node`]). Its calls block and are meant for a thread of `jobs` or for
//! the command line; the one async runtime of the program lives in here and nobody outside knows of it. Credentials are
//! kept in [`address_book`], readable by their owner only.
//!
//! A start is never repeated on a doubt: when an answer is lost after a start was sent, the state is
//! [`RemoteState::Unknown`] until the other side says what it did.

pub mod address_book;
pub mod node;
pub mod octoprint;

use std::sync::{Arc, OnceLock};

use crate::progress::{Canceled, Progress};

/// A job on its way: verified G-code and its name.
#[derive(Clone, Debug)]
pub struct OutgoingJob {
    /// Display name, such as `bracket.gcode`. Never a path.
    pub name: String,
    pub bytes: Arc<[u8]>,
}

impl OutgoingJob {
    /// The same bytes as those who send them want them, not a copy.
    fn shared_bytes(&self) -> bytes::Bytes {
        bytes::Bytes::from_owner(Arc::clone(&self.bytes))
    }
}

/// What a destination calls a job that it has taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId(pub String);

/// How a job stands at its destination.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteState {
    /// On its way there, in bytes.
    Receiving {
        received: u64,
        total: u64,
    },
    /// There, and being checked against the machine's own limits.
    Checking,
    /// There, checked, and waiting for the person at the machine to say yes.
    WaitingForOwner,
    /// Being printed; the done share, 0 to 1.
    Printing {
        share: f64,
    },
    Paused {
        share: f64,
    },
    Canceling,
    Finished,
    Canceled,
    /// It was not taken, or not passed.
    Refused(String),
    Failed(String),
    /// Nobody can say what became of it: look at the machine.
    Unknown(String),
}

impl RemoteState {
    /// Whether nothing more will happen to the job.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Finished | Self::Canceled | Self::Refused(_) | Self::Failed(_) | Self::Unknown(_))
    }
}

impl std::fmt::Display for RemoteState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |share: f64| (share * 100.0).floor();
        match self {
            Self::Receiving { received, total } => write!(f, "sending, {received} of {total} bytes"),
            Self::Checking => f.write_str("being checked"),
            Self::WaitingForOwner => f.write_str("waiting for the yes of the person at the machine"),
            Self::Printing { share } => write!(f, "printing, {:.0} %", percent(*share)),
            Self::Paused { share } => write!(f, "paused at {:.0} %", percent(*share)),
            Self::Canceling => f.write_str("being canceled"),
            Self::Finished => f.write_str("finished"),
            Self::Canceled => f.write_str("canceled"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

/// Why something could not be done over the network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("cannot reach {place}: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("{place} does not accept the credentials; {advice}")]
    Unauthorized { place: String, advice: String },
    #[error("{place} refused: {reason}")]
    Refused { place: String, reason: String },
    #[error("{place} took the file but did not start it: {reason}; start it there, or find out why it is not ready")]
    NotStarted { place: String, reason: String },
    /// The answer to a start was lost. It must not be repeated.
    #[error("it is not known whether {place} prints the job ({reason}); look at the machine before you send it again")]
    Unknown { place: String, reason: String },
    #[error("{place} answered in an unexpected way: {reason}")]
    Protocol { place: String, reason: String },
    #[error("{0}")]
    Ticket(&'static str),
    #[error("{path}: {reason}")]
    Storage { path: String, reason: String },
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

/// A place that prints finished jobs. All calls block.
pub trait Destination: Send {
    /// What the person calls it.
    fn name(&self) -> &str;

    /// Hands a job over and asks for it to be printed; returns when it is there. Progress is counted in bytes.
    ///
    /// Fails when the place cannot be reached, refuses, or took the file without starting it; with
    /// [`NetworkError::Unknown`] where the answer was lost and the place, asked again, does not say that it prints the job.
    fn submit(&mut self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError>;

    /// How a job stands.
    ///
    /// Fails when the place cannot be reached; that says nothing about the job.
    fn state(&mut self, job: &JobId) -> Result<RemoteState, NetworkError>;

    /// Asks for a job to be ended.
    ///
    /// Fails when the place cannot be reached or the job cannot be ended any more.
    fn cancel(&mut self, job: &JobId) -> Result<(), NetworkError>;
}

/// The one async runtime of the program. `Err` says why the system gave none.
fn runtime() -> Result<&'static tokio::runtime::Runtime, NetworkError> {
    static RUNTIME: OnceLock<Result<tokio::runtime::Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        // Fails only when a provider was chosen already, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    runtime.as_ref().map_err(|reason| NetworkError::Unreachable { place: "the network".into(), reason: reason.clone() })
}

/// Waits for `work` while looking whether the person has had enough.
async fn unless_canceled<T>(
    progress: &Progress,
    work: impl Future<Output = Result<T, NetworkError>>,
) -> Result<T, NetworkError> {
    let canceled = async {
        while !progress.is_canceled() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        result = work => result,
        () = canceled => Err(Canceled.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_in_memory_once_however_it_is_sent() {
        let job = OutgoingJob { name: "part.gcode".into(), bytes: vec![b'G'; 1000].into() };
        assert_eq!(job.shared_bytes().as_ptr(), job.bytes.as_ptr());
    }
}
