//! The node itself: who may come in, what is fetched, what is vetted, what is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use iroh::endpoint::{Connection, SendStream, VarInt};
use iroh::protocol::{AcceptError, ProtocolHandler, Router};
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::store::{GcConfig, ProtectCb, ProtectOutcome};
use iroh_blobs::{BlobFormat, Hash, HashAndFormat};
use n0_future::StreamExt;

use super::identity::{Identity, pairing_code, random};
pub use super::record::Job as JobRecord;
use super::record::{Peer, Record};
use super::wire::{self, JobReply, JobRequest, Offer, PairReply, PairRequest, display_text, hex};
use super::{BLOBS_ALPN, JOBS_ALPN, PAIR_ALPN, Ticket, endpoint};
use crate::machine::{Command, Job, Session, State};
use crate::network::{NetworkError, RemoteState, runtime};
use crate::progress::Progress;
use crate::verify::{Limits, Policy};

/// The largest job that is taken, in bytes.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Jobs of one peer that may wait at the same time.
const MOST_WAITING: usize = 8;
/// A pairing that nobody answers is refused after this.
const OWNER_TIME: Duration = Duration::from_secs(300);
/// How often the files of ended jobs are cleared away.
const CLEAN_UP: Duration = Duration::from_secs(600);
/// How often the machine's progress is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What a node needs to know.
pub struct NodeOptions {
    /// What it calls itself to others.
    pub name: String,
    /// Where it keeps its key, peers, jobs and files.
    pub folder: PathBuf,
    pub listen: SocketAddr,
    /// The machine's own limits, from the node's side: a job's header counts for nothing.
    pub limits: Limits,
}

/// What the owner should know or decide.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeEvent {
    /// A computer wants to be paired; both sides show the code. Answer with [`Node::confirm_pairing`].
    PairingAsked { name: String, code: String },
    /// The pairing that was asked for has ended, by the answer or without it.
    PairingEnded,
    /// A job changed its state; [`RemoteState::WaitingForOwner`] is answered with [`Node::decide`].
    JobChanged(JobRecord),
    /// A transfer that broke off goes on with this many bytes already here.
    Resumed { job: JobRecord, received: u64 },
    /// Something of the node's own failed.
    Trouble(String),
}

type Pending = (Peer, tokio::sync::oneshot::Sender<bool>);

struct Shared {
    options: NodeOptions,
    record: Arc<Mutex<Record>>,
    pending: Mutex<Option<Pending>>,
    events: Mutex<Sender<NodeEvent>>,
    machine: Mutex<Session>,
    /// The job that is being printed, and when the machine was told: what it reports of earlier jobs is not about it.
    printing: Mutex<Option<(String, Instant)>>,
    store: FsStore,
    /// The connections of paired computers, so that they can be closed when one is forgotten.
    connections: Mutex<Vec<Connection>>,
    /// Offers that wait for their computer to open the connection that the bytes come over.
    wanted: Mutex<Vec<Offer>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.options.name).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running node. Dropping it ends it; a job that is being printed is canceled first.
pub struct Node {
    shared: Arc<Shared>,
    router: Router,
    identity: Identity,
    watcher: Option<std::thread::JoinHandle<()>>,
    stop: Progress,
}

impl Node {
    /// Starts a node beside a machine that is connected already. What happens is told through the receiver.
    ///
    /// Fails when its folder cannot be used or its address is taken.
    pub fn start(options: NodeOptions, machine: Session) -> Result<(Self, Receiver<NodeEvent>), NetworkError> {
        let identity = Identity::load_or_make(&options.folder)?;
        let record = Arc::new(Mutex::new(Record::load(&options.folder)?));
        let blobs = options.folder.join("blobs");
        let listen = options.listen;
        let (events, inbox) = channel();
        let (shared, router) = runtime()?.block_on(async {
            let mut files = iroh_blobs::store::fs::options::Options::new(&blobs);
            files.gc = Some(GcConfig { interval: CLEAN_UP, add_protected: Some(protected(record.clone())) });
            let store = FsStore::load_with_opts(blobs.join("blobs.db"), files).await;
            let store = store.map_err(|error| NetworkError::Storage {
                path: blobs.display().to_string(),
                reason: format!("{error:#}"),
            })?;
            let endpoint = endpoint(identity.key.clone(), listen).await?;
            let shared = Arc::new(Shared {
                options,
                record,
                pending: Mutex::new(None),
                events: Mutex::new(events),
                machine: Mutex::new(machine),
                printing: Mutex::new(None),
                store,
                connections: Mutex::new(Vec::new()),
                wanted: Mutex::new(Vec::new()),
            });
            let router = Router::builder(endpoint)
                .accept(PAIR_ALPN, PairHandler(shared.clone()))
                .accept(JOBS_ALPN, JobsHandler(shared.clone()))
                .accept(BLOBS_ALPN, BlobsHandler(shared.clone()))
                .spawn();
            Ok::<_, NetworkError>((shared, router))
        })?;
        let stop = Progress::new();
        let watcher = {
            let (shared, stop) = (shared.clone(), stop.clone());
            std::thread::Builder::new().name("node machine".into()).spawn(move || watch_machine(&shared, &stop))
        };
        let watcher = watcher
            .map_err(|e| NetworkError::Storage { path: "a thread for the machine".into(), reason: e.to_string() })?;
        Ok((Self { shared, router, identity, watcher: Some(watcher), stop }, inbox))
    }

    /// A new invitation; the one before it does not work any more.
    ///
    /// Fails when the system gives no random bytes.
    pub fn invite(&self) -> Result<Ticket, NetworkError> {
        let secret = random()?;
        lock(&self.shared.record).invitation = Some((secret, Instant::now()));
        Ok(Ticket { address: self.router.endpoint().addr(), secret })
    }

    /// The key by which others know this node.
    pub fn public_key(&self) -> String {
        self.identity.public()
    }

    /// The owner's answer to [`NodeEvent::PairingAsked`]. Returns whether there was anything to answer.
    pub fn confirm_pairing(&self, yes: bool) -> bool {
        match lock(&self.shared.pending).take() {
            Some((_, answer)) => answer.send(yes).is_ok(),
            None => false,
        }
    }

    /// The owner's answer to a waiting job: `true` says that the plate is clear and that it shall be printed now.
    ///
    /// Fails when there is no such job waiting, when the machine is not idle, or when the job cannot be read back.
    pub fn decide(&self, id: &str, yes: bool) -> Result<(), NetworkError> {
        if yes { self.shared.start(id) } else { self.shared.refuse_waiting(id) }
    }

    /// Ends the job that is being printed, or one that waits.
    ///
    /// Fails when there is no such job.
    pub fn cancel(&self, id: &str) -> Result<(), NetworkError> {
        self.shared.cancel(id)
    }

    /// Every job that is remembered, in the order they came.
    pub fn jobs(&self) -> Vec<JobRecord> {
        let mut jobs: Vec<JobRecord> = lock(&self.shared.record).jobs.values().cloned().collect();
        jobs.sort_by_key(|job| job.number);
        jobs
    }

    /// The computers that may submit jobs.
    pub fn peers(&self) -> Vec<Peer> {
        lock(&self.shared.record).peers.values().cloned().collect()
    }

    /// Withdraws the right of a computer, by name or key; its connections are closed. Returns how many were meant.
    ///
    /// Fails when the list of peers cannot be written; then the right is withdrawn until the node is started again.
    pub fn forget(&self, name: &str) -> Result<usize, NetworkError> {
        let (gone, saved) = lock(&self.shared.record).forget(name);
        for connection in lock(&self.shared.connections).iter() {
            if gone.contains(&connection.remote_id().to_string()) {
                connection.close(VarInt::from_u32(2), b"forgotten");
            }
        }
        saved.map(|()| gone.len())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let printing = lock(&self.shared.printing).clone();
        if let Some((id, _)) = printing {
            // Fails only when the job has just ended by itself.
            let _ = self.shared.cancel(&id);
            let start = Instant::now();
            while lock(&self.shared.printing).is_some() && start.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(LOOK);
            }
        }
        self.stop.cancel();
        if let Some(watcher) = self.watcher.take() {
            // A panic of the thread was already reported by it.
            let _ = watcher.join();
        }
        if let Ok(runtime) = runtime() {
            runtime.block_on(async {
                // The process goes on either way.
                let _ = self.router.shutdown().await;
                let _ = self.shared.store.shutdown().await;
            });
        }
    }
}

impl Shared {
    fn tell(&self, event: NodeEvent) {
        // Nobody listens any more when the node is about to end.
        let _ = lock(&self.events).send(event);
    }

    /// The paired computer behind a connection; an unknown one is shown the door.
    fn admit(&self, connection: &Connection) -> Option<Peer> {
        let peer = lock(&self.record).peers.get(&connection.remote_id().to_string()).cloned();
        if peer.is_none() {
            connection.close(VarInt::from_u32(1), b"not paired");
        } else {
            let mut connections = lock(&self.connections);
            connections.retain(|c| c.close_reason().is_none());
            connections.push(connection.clone());
        }
        peer
    }

    fn set_state(&self, id: &str, state: RemoteState) {
        let changed = {
            let mut record = lock(&self.record);
            let before = record.jobs.get(id).map(|job| std::mem::discriminant(&job.state));
            if let Err(error) = record.set_state(id, state) {
                let text = format!("what became of a job cannot be written down, the node goes on: {error}");
                self.tell(NodeEvent::Trouble(text));
            }
            record.jobs.get(id).filter(|job| Some(std::mem::discriminant(&job.state)) != before).cloned()
        };
        if let Some(job) = changed {
            self.tell(NodeEvent::JobChanged(job));
        }
    }

    fn state(&self, id: &str) -> Option<RemoteState> {
        lock(&self.record).jobs.get(id).map(|job| job.state.clone())
    }

    /// Takes an offer in, or says why not.
    fn consider(&self, offer: &Offer, peer: Peer) -> Result<JobReply, NetworkError> {
        let id = hex(&offer.id);
        let hash = hex(&offer.hash);
        let refuse = |why: &str| Ok(JobReply::State(RemoteState::Refused(why.into())));
        if offer.bytes == 0 || offer.bytes > MOST_BYTES {
            return refuse("a job must have between 1 byte and 512 MB");
        }
        let mut record = lock(&self.record);
        if let Some(known) = record.jobs.get(&id) {
            return if known.peer == peer {
                Ok(JobReply::State(known.state.clone()))
            } else {
                refuse("this job id belongs to another computer")
            };
        }
        // The same file from the same computer, broken off before: what has arrived is kept, the old offer is not.
        let broken_off: Vec<String> = record
            .jobs
            .values()
            .filter(|j| j.peer == peer && j.hash == hash && matches!(j.state, RemoteState::Receiving { .. }))
            .map(|j| j.id.clone())
            .collect();
        for old in broken_off {
            record.set_state(&old, RemoteState::Canceled)?;
        }
        let of_peer = |record: &Record| record.jobs.values().filter(|j| j.peer == peer && !j.state.is_final()).count();
        if of_peer(&record) >= MOST_WAITING {
            // The oldest transfer that broke off makes room.
            let oldest =
                record.jobs.values().filter(|j| j.peer == peer && matches!(j.state, RemoteState::Receiving { .. }));
            if let Some(id) = oldest.min_by_key(|j| j.number).map(|j| j.id.clone()) {
                record.set_state(&id, RemoteState::Canceled)?;
            }
        }
        if of_peer(&record) >= MOST_WAITING {
            return refuse("too many of your jobs are waiting here");
        }
        let job = JobRecord {
            id,
            peer,
            name: display_text(&offer.name),
            hash,
            bytes: offer.bytes,
            state: RemoteState::Receiving { received: 0, total: offer.bytes },
            number: record.next_number(),
        };
        record.add_job(job.clone())?;
        drop(record);
        self.tell(NodeEvent::JobChanged(job));
        lock(&self.wanted).push(offer.clone());
        Ok(JobReply::Wanted)
    }

    /// Fetches an offered job over a connection that its sender opened, then vets it.
    async fn fetch(&self, offer: &Offer, connection: &Connection) {
        let id = hex(&offer.id);
        let content = HashAndFormat { hash: Hash::from_bytes(offer.hash), format: BlobFormat::Raw };
        let outcome = async {
            let local = self.store.remote().local(content).await.map_err(|e| format!("{e:#}"))?;
            let before = local.local_bytes();
            let job = lock(&self.record).jobs.get(&id).cloned();
            if let Some(job) = job.filter(|_| before > 0 && before < offer.bytes) {
                self.tell(NodeEvent::Resumed { job, received: before });
            }
            let fetching = self.store.remote().fetch(connection.clone(), content);
            let mut stream = std::pin::pin!(fetching.stream());
            while let Some(item) = stream.next().await {
                match item {
                    iroh_blobs::api::remote::GetProgressItem::Progress(bytes) => {
                        let received = before + bytes;
                        if received > offer.bytes {
                            return Err("more bytes came than were offered".to_owned());
                        }
                        self.set_state(&id, RemoteState::Receiving { received, total: offer.bytes });
                    }
                    iroh_blobs::api::remote::GetProgressItem::Done(_) => return Ok(true),
                    iroh_blobs::api::remote::GetProgressItem::Error(_) => return Ok(false),
                }
            }
            Ok(false)
        }
        .await;
        match outcome {
            Ok(true) => self.vet(&id, content.hash).await,
            // The sender has gone; what came so far is kept, and the next offer of the same file goes on from there.
            Ok(false) => {}
            Err(why) => self.set_state(&id, RemoteState::Refused(why)),
        }
    }

    /// Reads a job back and checks it against the machine's own limits, with the strict policy for remote jobs.
    async fn vet(&self, id: &str, hash: Hash) {
        self.set_state(id, RemoteState::Checking);
        let bytes = match self.store.blobs().get_bytes(hash).await {
            Ok(bytes) => bytes,
            Err(error) => return self.set_state(id, RemoteState::Failed(format!("{error:#}"))),
        };
        let limits = self.options.limits.clone();
        let name = lock(&self.record).jobs.get(id).map(|job| job.name.clone()).unwrap_or_default();
        let vetted = tokio::task::spawn_blocking(move || {
            Job::verified(&name, Arc::from(bytes.as_ref()), &limits, Policy::Remote, &Progress::new())
        })
        .await;
        let state = match vetted {
            Ok(Ok(_)) => RemoteState::WaitingForOwner,
            Ok(Err(refused)) => RemoteState::Refused(refused.to_string()),
            Err(error) => RemoteState::Failed(format!("the check itself failed: {error}")),
        };
        self.set_state(id, state);
    }

    fn waiting(&self, id: &str) -> Result<JobRecord, NetworkError> {
        let job = lock(&self.record).jobs.get(id).cloned();
        job.filter(|job| job.state == RemoteState::WaitingForOwner)
            .ok_or_else(|| self.refusal("no such job is waiting"))
    }

    fn refusal(&self, reason: &str) -> NetworkError {
        NetworkError::Refused { place: self.options.name.clone(), reason: reason.into() }
    }

    fn refuse_waiting(&self, id: &str) -> Result<(), NetworkError> {
        self.waiting(id)?;
        self.set_state(id, RemoteState::Refused("the person at the machine said no".into()));
        Ok(())
    }

    /// Starts a waiting job. The state is written down before the machine is told, so that no restart of the node can
    /// start it again.
    fn start(&self, id: &str) -> Result<(), NetworkError> {
        let waiting = self.waiting(id)?;
        let hash = waiting.hash.parse::<Hash>().map_err(|_| self.refusal("the job's hash is damaged"))?;
        let bytes = runtime()?
            .block_on(async { self.store.blobs().get_bytes(hash).await })
            .map_err(|error| self.refusal(&format!("the job cannot be read back: {error:#}")))?;
        let limits = &self.options.limits;
        let (job, _) =
            Job::verified(&waiting.name, Arc::from(bytes.as_ref()), limits, Policy::Remote, &Progress::new())
                .map_err(|error| self.refusal(&error.to_string()))?;
        drop(bytes);
        let mut printing = lock(&self.printing);
        if printing.is_some() || lock(&self.machine).status().state != State::Idle {
            return Err(self.refusal("the machine is not idle"));
        }
        // It may have been canceled while it was read back.
        if !lock(&self.record).begin(id)? {
            return Err(self.refusal("no such job is waiting"));
        }
        *printing = Some((id.to_owned(), Instant::now()));
        lock(&self.machine).send(Command::Start(job));
        drop(printing);
        self.tell(NodeEvent::JobChanged(JobRecord { state: RemoteState::Printing { share: 0.0 }, ..waiting }));
        Ok(())
    }

    fn cancel(&self, id: &str) -> Result<(), NetworkError> {
        let printing = lock(&self.printing).clone();
        if printing.is_some_and(|(running, _)| running == id) {
            self.set_state(id, RemoteState::Canceling);
            lock(&self.machine).send(Command::Cancel);
            return Ok(());
        }
        match self.state(id) {
            Some(state) if !state.is_final() => {
                self.set_state(id, RemoteState::Canceled);
                Ok(())
            }
            _ => Err(self.refusal("that job has ended already")),
        }
    }
}

/// Follows the machine while it prints, until the node ends.
fn watch_machine(shared: &Shared, stop: &Progress) {
    let mut told = false;
    while !stop.is_canceled() {
        std::thread::sleep(LOOK);
        // Which job it is comes first: what the machine says afterwards cannot be about a later one.
        let printing = lock(&shared.printing).clone();
        let (state, job, error) = {
            let machine = lock(&shared.machine);
            let status = machine.status();
            (status.state, status.job.clone(), status.error.clone())
        };
        if let Some((id, told_at)) = printing {
            let gone =
                || RemoteState::Failed(error.as_ref().map_or("the connection ended".into(), ToString::to_string));
            let new = match job.filter(|job| job.started >= told_at) {
                Some(job) => {
                    let share = job.sent_lines as f64 / job.total_lines.max(1) as f64;
                    match (job.ended, state) {
                        (Some((_, true)), _) => RemoteState::Finished,
                        (Some((_, false)), State::Closed) => gone(),
                        (Some((_, false)), _) => RemoteState::Canceled,
                        (None, State::Paused | State::Pausing) => RemoteState::Paused { share },
                        (None, State::Canceling) => RemoteState::Canceling,
                        // The owner has canceled, and the machine has not heard it yet.
                        (None, _) if shared.state(&id) == Some(RemoteState::Canceling) => continue,
                        (None, _) => RemoteState::Printing { share },
                    }
                }
                None if state == State::Closed => gone(),
                // The machine has not taken it up yet.
                None => continue,
            };
            let ended = new.is_final();
            if shared.state(&id) != Some(new.clone()) {
                shared.set_state(&id, new);
            }
            if ended {
                *lock(&shared.printing) = None;
            }
        }
        if state == State::Closed && !told {
            told = true;
            let why = error.map_or("the connection was closed".to_owned(), |e| e.to_string());
            shared.tell(NodeEvent::Trouble(format!("the machine is gone: {why}")));
        }
    }
}

/// Names the files that must stay: those of jobs that have not ended, whole or not.
fn protected(record: Arc<Mutex<Record>>) -> ProtectCb {
    Arc::new(move |keep| {
        let hashes =
            lock(&record).jobs.values().filter(|job| !job.state.is_final()).map(|job| job.hash.parse()).collect();
        let outcome = match hashes {
            Ok::<Vec<Hash>, _>(hashes) => {
                keep.extend(hashes);
                ProtectOutcome::Continue
            }
            Err(_) => ProtectOutcome::Abort,
        };
        Box::pin(async move { outcome })
    })
}

#[derive(Debug, Clone)]
struct PairHandler(Arc<Shared>);

impl ProtocolHandler for PairHandler {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let asked = async {
            let (send, mut receive) = connection.accept_bi().await.ok()?;
            Some((send, wire::receive::<PairRequest>(&mut receive).await.ok()?))
        };
        // Whoever does not say in time what it wants gets no answer.
        let Ok(Some((mut send, request))) = tokio::time::timeout(super::IDLE_TIME, asked).await else { return Ok(()) };
        let reply = self.decide(&connection, &request).await;
        answer(&mut send, &reply).await;
        // The other side closes when it has read the answer; where it does not, it is closed here.
        let _ = tokio::time::timeout(super::IDLE_TIME, connection.closed()).await;
        Ok(())
    }
}

impl PairHandler {
    async fn decide(&self, connection: &Connection, request: &PairRequest) -> PairReply {
        let shared = &self.0;
        let refused = |reason: &str| PairReply::Refused { reason: reason.into() };
        let node = match Identity::load_or_make(&shared.options.folder) {
            Ok(identity) => identity.key.public(),
            Err(error) => return refused(&error.to_string()),
        };
        if !lock(&shared.record).take_invitation(&request.secret) {
            return refused(
                "this ticket was used already, or it is older than ten minutes; make a new one at the node",
            );
        }
        let peer = Peer { key: connection.remote_id().to_string(), name: display_text(&request.name) };
        let (answer, decision) = tokio::sync::oneshot::channel();
        *lock(&shared.pending) = Some((peer.clone(), answer));
        let code = pairing_code(&node, &connection.remote_id(), &request.secret);
        shared.tell(NodeEvent::PairingAsked { name: peer.name.clone(), code });
        let decision = tokio::select! {
            decision = tokio::time::timeout(OWNER_TIME, decision) => Some(decision),
            _ = connection.closed() => None,
        };
        lock(&shared.pending).take();
        shared.tell(NodeEvent::PairingEnded);
        let Some(decision) = decision else { return refused("the computer has gone") };
        match decision {
            Ok(Ok(true)) => match lock(&shared.record).add_peer(peer) {
                Ok(()) => PairReply::Confirmed { node: shared.options.name.clone() },
                Err(error) => refused(&error.to_string()),
            },
            Ok(_) => refused("the person at the node said no"),
            Err(_) => refused("nobody at the node answered"),
        }
    }
}

#[derive(Debug, Clone)]
struct JobsHandler(Arc<Shared>);

impl ProtocolHandler for JobsHandler {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let Some(peer) = self.0.admit(&connection) else { return Ok(()) };
        // One stream a question.
        while let Ok((mut send, mut receive)) = connection.accept_bi().await {
            let Ok(request) = wire::receive::<JobRequest>(&mut receive).await else { break };
            // It takes locks and writes files.
            let (handler, owner) = (self.clone(), peer.clone());
            let Ok(reply) = tokio::task::spawn_blocking(move || handler.reply(request, &owner)).await else { break };
            answer(&mut send, &reply).await;
        }
        Ok(())
    }
}

impl JobsHandler {
    fn reply(&self, request: JobRequest, peer: &Peer) -> JobReply {
        let owned = |id: &[u8; 16]| {
            let id = hex(id);
            let job = lock(&self.0.record).jobs.get(&id).cloned();
            job.filter(|job| job.peer.key == peer.key)
        };
        match request {
            JobRequest::Offer(offer) => self
                .0
                .consider(&offer, peer.clone())
                .unwrap_or_else(|error| JobReply::State(RemoteState::Failed(error.to_string()))),
            JobRequest::State { id } => owned(&id).map_or(JobReply::NotKnown, |job| JobReply::State(job.state)),
            JobRequest::Cancel { id } => match owned(&id) {
                Some(job) => {
                    // Where it has ended already, the state says so.
                    let _ = self.0.cancel(&job.id);
                    JobReply::State(self.0.state(&job.id).unwrap_or(job.state))
                }
                None => JobReply::NotKnown,
            },
        }
    }
}

#[derive(Debug, Clone)]
struct BlobsHandler(Arc<Shared>);

impl ProtocolHandler for BlobsHandler {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let Some(peer) = self.0.admit(&connection) else { return Ok(()) };
        // Only what this computer has offered and we wanted, in the order of its offers.
        let offer = {
            let record = lock(&self.0.record);
            let mut wanted = lock(&self.0.wanted);
            // Offers whose sender went away before it opened this connection are no longer wanted.
            let is_open = |job: &JobRecord| matches!(job.state, RemoteState::Receiving { .. });
            wanted.retain(|offer| record.jobs.get(&hex(&offer.id)).is_some_and(is_open));
            let is_his = |offer: &Offer| record.jobs.get(&hex(&offer.id)).is_some_and(|job| job.peer.key == peer.key);
            wanted.iter().position(is_his).map(|at| wanted.remove(at))
        };
        if let Some(offer) = offer {
            self.0.fetch(&offer, &connection).await;
        }
        connection.close(VarInt::from_u32(0), b"done");
        Ok(())
    }
}

async fn answer(send: &mut SendStream, reply: &impl serde::Serialize) {
    // Where the other side has gone there is nobody to answer.
    if wire::send(send, reply).await.is_ok() {
        let _ = send.finish();
    }
}
