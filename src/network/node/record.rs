//! What a node remembers: its peers, its invitation, and every job with what became of it. Whoever holds the lock on it
//! is the queue's single writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::address_book::save_private;
use super::super::{NetworkError, RemoteState};

/// How long an invitation can be used.
pub(super) const TICKET_TIME: Duration = Duration::from_secs(600);
/// Ended jobs that are remembered, so that the same id is never printed again.
const ENDED_JOBS: usize = 500;

/// A computer that may submit jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub key: String,
    pub name: String,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// In hexadecimal.
    pub id: String,
    pub peer: Peer,
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    pub bytes: u64,
    pub state: RemoteState,
    /// Counts jobs in the order they came.
    pub number: u64,
}

/// Everything that is written down.
#[derive(Debug)]
pub(super) struct Record {
    folder: PathBuf,
    pub peers: BTreeMap<String, Peer>,
    pub jobs: BTreeMap<String, Job>,
    pub invitation: Option<([u8; 16], Instant)>,
}

impl Record {
    /// Reads what the folder holds. A job that was being printed when the node ended is `Unknown` from now on: it is
    /// never started again.
    ///
    /// Fails when a file is there but cannot be read.
    pub fn load(folder: &Path) -> Result<Self, NetworkError> {
        let peers: Vec<Peer> = read(&folder.join("peers.json"))?;
        let mut jobs: Vec<Job> = read(&folder.join("jobs.json"))?;
        for job in &mut jobs {
            job.state = match std::mem::replace(&mut job.state, RemoteState::Canceled) {
                RemoteState::Printing { .. } | RemoteState::Paused { .. } | RemoteState::Canceling => {
                    RemoteState::Unknown("the node ended while this was being printed; look at the machine".into())
                }
                RemoteState::Checking | RemoteState::WaitingForOwner => {
                    RemoteState::Failed("the node ended before this was started; send it again".into())
                }
                other => other,
            };
        }
        Ok(Self {
            folder: folder.to_owned(),
            peers: peers.into_iter().map(|peer| (peer.key.clone(), peer)).collect(),
            jobs: jobs.into_iter().map(|job| (job.id.clone(), job)).collect(),
            invitation: None,
        })
    }

    /// Uses the invitation up, if this is its secret and it is not too old. A wrong guess uses it up as well.
    pub fn take_invitation(&mut self, secret: &[u8; 16]) -> bool {
        let Some((expected, made)) = self.invitation.take() else { return false };
        // Compared through hashes, so that the time taken tells nothing.
        blake3::hash(&expected) == blake3::hash(secret) && made.elapsed() < TICKET_TIME
    }

    pub fn add_peer(&mut self, peer: Peer) -> Result<(), NetworkError> {
        self.peers.insert(peer.key.clone(), peer);
        self.save_peers()
    }

    /// Forgets every peer of this name or key; returns their keys.
    pub fn forget(&mut self, name: &str) -> Result<Vec<String>, NetworkError> {
        let gone: Vec<String> =
            self.peers.values().filter(|p| p.name == name || p.key == name).map(|p| p.key.clone()).collect();
        self.peers.retain(|key, _| !gone.contains(key));
        self.save_peers()?;
        Ok(gone)
    }

    fn save_peers(&self) -> Result<(), NetworkError> {
        write(&self.folder.join("peers.json"), &self.peers.values().collect::<Vec<_>>())
    }

    /// Writes a job's new state down; only then it counts. A job that has ended stays as it ended. Returns whether the
    /// state is now the new one.
    pub fn set_state(&mut self, id: &str, state: RemoteState) -> Result<bool, NetworkError> {
        let Some(job) = self.jobs.get_mut(id) else { return Ok(false) };
        if job.state.is_final() {
            return Ok(false);
        }
        // Progress is not worth a write: after a restart it would be unknown anyway.
        let same_kind = std::mem::discriminant(&job.state) == std::mem::discriminant(&state);
        let before = std::mem::replace(&mut job.state, state);
        if same_kind {
            return Ok(true);
        }
        self.save_jobs().inspect_err(|_| {
            if let Some(job) = self.jobs.get_mut(id) {
                job.state = before;
            }
        })?;
        Ok(true)
    }

    pub fn add_job(&mut self, job: Job) -> Result<(), NetworkError> {
        let id = job.id.clone();
        self.jobs.insert(id.clone(), job);
        let mut ended: Vec<(u64, String)> =
            self.jobs.values().filter(|j| j.state.is_final()).map(|j| (j.number, j.id.clone())).collect();
        ended.sort_unstable();
        for (_, id) in ended.iter().rev().skip(ENDED_JOBS) {
            self.jobs.remove(id);
        }
        self.save_jobs().inspect_err(|_| {
            self.jobs.remove(&id);
        })
    }

    fn save_jobs(&self) -> Result<(), NetworkError> {
        write(&self.folder.join("jobs.json"), &self.jobs.values().collect::<Vec<_>>())
    }

    pub fn next_number(&self) -> u64 {
        self.jobs.values().map(|job| job.number + 1).max().unwrap_or(1)
    }
}

fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, NetworkError> {
    let failed = |reason: String| NetworkError::Storage { path: path.display().to_string(), reason };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), NetworkError> {
    let failed = |reason: String| NetworkError::Storage { path: path.display().to_string(), reason };
    let bytes = serde_json::to_vec_pretty(value).map_err(|e| failed(e.to_string()))?;
    save_private(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str, state: RemoteState) -> Job {
        let peer = Peer { key: "k".into(), name: "laptop".into() };
        Job { id: id.into(), peer, name: "part.gcode".into(), hash: "h".into(), bytes: 1, state, number: 1 }
    }

    #[test]
    fn what_was_running_when_the_node_ended_is_never_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::load(folder.path()).unwrap();
        record.add_job(job("a", RemoteState::WaitingForOwner)).unwrap();
        record.add_job(job("b", RemoteState::Finished)).unwrap();
        record.set_state("a", RemoteState::Printing { share: 0.0 }).unwrap();
        record.set_state("a", RemoteState::Printing { share: 0.7 }).unwrap();
        assert!(!record.set_state("b", RemoteState::WaitingForOwner).unwrap(), "what has ended stays as it ended");
        let after = Record::load(folder.path()).unwrap();
        assert!(matches!(after.jobs["a"].state, RemoteState::Unknown(_)));
        assert_eq!(after.jobs["b"].state, RemoteState::Finished);
    }

    #[test]
    fn an_invitation_works_once_and_a_wrong_guess_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::load(folder.path()).unwrap();
        record.invitation = Some(([1; 16], Instant::now()));
        assert!(record.take_invitation(&[1; 16]));
        assert!(!record.take_invitation(&[1; 16]));
        record.invitation = Some(([1; 16], Instant::now()));
        assert!(!record.take_invitation(&[2; 16]));
        assert!(!record.take_invitation(&[1; 16]));
    }

    #[test]
    fn a_forgotten_peer_stays_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::load(folder.path()).unwrap();
        record.add_peer(Peer { key: "k".into(), name: "laptop".into() }).unwrap();
        assert_eq!(Record::load(folder.path()).unwrap().peers.len(), 1);
        assert_eq!(record.forget("laptop").unwrap(), ["k"]);
        assert!(Record::load(folder.path()).unwrap().peers.is_empty());
    }
}
