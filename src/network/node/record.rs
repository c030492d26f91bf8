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

    /// Fails when it cannot be written down; then the peer is none.
    pub fn add_peer(&mut self, peer: Peer) -> Result<(), NetworkError> {
        let key = peer.key.clone();
        let before = self.peers.insert(key.clone(), peer);
        self.save_peers().inspect_err(|_| {
            match before {
                Some(before) => self.peers.insert(key, before),
                None => self.peers.remove(&key),
            };
        })
    }

    /// Forgets every peer of this name or key, and returns their keys. Where that cannot be written down they are forgotten
    /// until the node is started again.
    pub fn forget(&mut self, name: &str) -> (Vec<String>, Result<(), NetworkError>) {
        let gone: Vec<String> =
            self.peers.values().filter(|p| p.name == name || p.key == name).map(|p| p.key.clone()).collect();
        self.peers.retain(|key, _| !gone.contains(key));
        (gone, self.save_peers())
    }

    fn save_peers(&self) -> Result<(), NetworkError> {
        write(&self.folder.join("peers.json"), &self.peers.values().collect::<Vec<_>>())
    }

    /// Notes what became of a job. A job that has ended stays as it ended. Returns whether the state is now the new one.
    ///
    /// Fails when it cannot be written down. What happened is remembered all the same, and written with the next change:
    /// after a restart the file knows less than was true, never more.
    pub fn set_state(&mut self, id: &str, state: RemoteState) -> Result<bool, NetworkError> {
        let Some(job) = self.jobs.get_mut(id) else { return Ok(false) };
        if job.state.is_final() {
            return Ok(false);
        }
        // Progress is not worth a write: after a restart it would be unknown anyway.
        let same_kind = std::mem::discriminant(&job.state) == std::mem::discriminant(&state);
        job.state = state;
        if !same_kind {
            self.save_jobs()?;
        }
        Ok(true)
    }

    /// Writes down that a waiting job is started; only then may the machine be told. Returns whether it was waiting.
    ///
    /// Fails when it cannot be written down; then it still waits.
    pub fn begin(&mut self, id: &str) -> Result<bool, NetworkError> {
        let Some(job) = self.jobs.get_mut(id).filter(|job| job.state == RemoteState::WaitingForOwner) else {
            return Ok(false);
        };
        job.state = RemoteState::Printing { share: 0.0 };
        self.save_jobs().inspect_err(|_| {
            if let Some(job) = self.jobs.get_mut(id) {
                job.state = RemoteState::WaitingForOwner;
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
        assert!(record.begin("a").unwrap());
        assert!(!record.begin("a").unwrap(), "started twice");
        record.set_state("a", RemoteState::Printing { share: 0.7 }).unwrap();
        assert!(!record.set_state("b", RemoteState::WaitingForOwner).unwrap(), "what has ended stays as it ended");
        let after = Record::load(folder.path()).unwrap();
        assert!(matches!(after.jobs["a"].state, RemoteState::Unknown(_)));
        assert_eq!(after.jobs["b"].state, RemoteState::Finished);
    }

    #[test]
    fn a_start_that_cannot_be_written_down_is_none_and_what_happened_is_remembered_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::load(folder.path()).unwrap();
        record.add_job(job("a", RemoteState::WaitingForOwner)).unwrap();
        record.add_job(job("b", RemoteState::WaitingForOwner)).unwrap();
        assert!(record.begin("b").unwrap());
        // A folder of the file's name stands for a full disk: nothing can be put in its place.
        let (file, aside) = (folder.path().join("jobs.json"), folder.path().join("aside.json"));
        std::fs::rename(&file, &aside).unwrap();
        std::fs::create_dir_all(file.join("full")).unwrap();
        assert!(record.begin("a").is_err());
        assert_eq!(record.jobs["a"].state, RemoteState::WaitingForOwner);
        assert!(record.add_job(job("c", RemoteState::Receiving { received: 0, total: 1 })).is_err());
        assert!(!record.jobs.contains_key("c"));
        assert!(record.set_state("b", RemoteState::Finished).is_err());
        assert_eq!(record.jobs["b"].state, RemoteState::Finished, "it would be watched for ever");
        // There is room again: the next change brings the file up to date.
        std::fs::remove_dir_all(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        assert!(matches!(Record::load(folder.path()).unwrap().jobs["b"].state, RemoteState::Unknown(_)));
        assert!(record.begin("a").unwrap());
        assert_eq!(Record::load(folder.path()).unwrap().jobs["b"].state, RemoteState::Finished);
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
        let (gone, saved) = record.forget("laptop");
        assert_eq!((gone, saved.is_ok()), (vec!["k".to_owned()], true));
        assert!(Record::load(folder.path()).unwrap().peers.is_empty());
        // Where nothing can be written, nobody is let in and whoever is to go has gone.
        record.add_peer(Peer { key: "k".into(), name: "laptop".into() }).unwrap();
        std::fs::remove_file(folder.path().join("peers.json")).unwrap();
        std::fs::create_dir_all(folder.path().join("peers.json/full")).unwrap();
        assert!(record.add_peer(Peer { key: "other".into(), name: "stranger".into() }).is_err());
        assert!(record.forget("laptop").1.is_err());
        assert!(record.peers.is_empty());
    }
}
