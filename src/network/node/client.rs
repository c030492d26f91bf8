//! The side that sends jobs to a node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use iroh::endpoint::{Connection, ConnectionError};
use iroh::{Endpoint, EndpointAddr, TransportAddr};
use iroh_blobs::provider::events::{EventMask, EventSender, ProviderMessage, ThrottleMode};
use iroh_blobs::store::mem::MemStore;
use n0_future::task::AbortOnDropHandle;

use super::identity::{Identity, pairing_code, random};
use super::wire::{self, JobReply, JobRequest, Offer, PairReply, PairRequest, display_text};
use super::{BLOBS_ALPN, JOBS_ALPN, PAIR_ALPN, Ticket, endpoint};
use crate::network::{Destination, JobId, NetworkError, OutgoingJob, RemoteState, runtime, unless_canceled};
use crate::progress::Progress;

/// How long to look for a node.
const CONNECT_TIME: Duration = Duration::from_secs(8);
/// How often the node is asked how far it is.
const ASK: Duration = Duration::from_millis(100);
/// Questions in a row without an answer after which a node has gone.
const MOST_SILENCES: u32 = 2;
/// How long a node is given to take in that a job is canceled.
const WITHDRAW_TIME: Duration = Duration::from_secs(5);
const ANYWHERE: &str = "0.0.0.0:0";

/// A node that has confirmed this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paired {
    /// What the node calls itself.
    pub name: String,
    pub key: String,
    pub addresses: Vec<SocketAddr>,
}

/// Uses a ticket. `show_code` is given the code that the node shows as well, while its owner decides.
///
/// Fails when the node cannot be reached, the ticket does not work any more, or the owner says no.
pub fn pair(
    identity: &Identity,
    own_name: &str,
    ticket: &Ticket,
    show_code: &mut dyn FnMut(&str),
    progress: &Progress,
) -> Result<Paired, NetworkError> {
    let place = "the node".to_owned();
    show_code(&pairing_code(&ticket.address.id, &identity.key.public(), &ticket.secret));
    runtime()?.block_on(unless_canceled(progress, async {
        let endpoint = endpoint(identity.key.clone(), any_address()?).await?;
        let connection = connect(&endpoint, ticket.address.clone(), PAIR_ALPN, &place).await?;
        let request = PairRequest { secret: ticket.secret, name: own_name.to_owned() };
        let reply = ask::<_, PairReply>(&connection, &request, &place).await;
        connection.close(0u32.into(), b"done");
        endpoint.close().await;
        match reply? {
            PairReply::Confirmed { node } => Ok(Paired {
                name: display_text(&node),
                key: ticket.address.id.to_string(),
                addresses: ticket.address.ip_addrs().copied().collect(),
            }),
            PairReply::Refused { reason } => {
                Err(NetworkError::Refused { place: place.clone(), reason: display_text(&reason) })
            }
        }
    }))
}

fn any_address() -> Result<SocketAddr, NetworkError> {
    ANYWHERE.parse().map_err(|_| NetworkError::Unreachable { place: ANYWHERE.into(), reason: "not an address".into() })
}

async fn connect(
    endpoint: &Endpoint,
    address: EndpointAddr,
    alpn: &[u8],
    place: &str,
) -> Result<Connection, NetworkError> {
    let unreachable = |reason: String| NetworkError::Unreachable { place: place.to_owned(), reason };
    match tokio::time::timeout(CONNECT_TIME, endpoint.connect(address, alpn)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(unreachable(format!("{error:#}"))),
        Err(_) => Err(unreachable("it did not answer; is it running, and in this network?".into())),
    }
}

/// One question and its answer.
async fn ask<Q: serde::Serialize, A: serde::de::DeserializeOwned>(
    connection: &Connection,
    question: &Q,
    place: &str,
) -> Result<A, NetworkError> {
    let exchange = async {
        let (mut send, mut receive) = connection.open_bi().await.map_err(|e| e.to_string())?;
        wire::send(&mut send, question).await.map_err(|e| e.to_string())?;
        // Whatever could not be finished shows in the answer.
        let _ = send.finish();
        wire::receive(&mut receive).await.map_err(|e| e.to_string())
    };
    exchange.await.map_err(|reason| match connection.close_reason() {
        Some(ConnectionError::ApplicationClosed(close)) if close.reason.as_ref() == b"not paired" => {
            NetworkError::Unauthorized {
                place: place.to_owned(),
                advice: "it does not know this computer; ask for a ticket at the node and send with it".into(),
            }
        }
        Some(ConnectionError::ApplicationClosed(close)) if close.reason.as_ref() == b"forgotten" => {
            NetworkError::Unauthorized { place: place.to_owned(), advice: "its owner has withdrawn the pairing".into() }
        }
        _ => NetworkError::Unreachable { place: place.to_owned(), reason },
    })
}

/// A paired node as a destination.
pub struct NodeDestination {
    name: String,
    identity: Identity,
    address: EndpointAddr,
    open: Option<(Endpoint, Connection)>,
    bytes_per_s: Option<u64>,
    /// The job that is being handed over.
    offered: Option<[u8; 16]>,
}

impl NodeDestination {
    /// A node by its key and the addresses where it was last seen.
    ///
    /// Fails when the key is none.
    pub fn new(name: &str, identity: Identity, key: &str, addresses: &[SocketAddr]) -> Result<Self, NetworkError> {
        let id = key.parse().map_err(|_| NetworkError::Refused {
            place: name.to_owned(),
            reason: "its key in the address book is damaged; pair with it again".into(),
        })?;
        let addrs = addresses.iter().copied().map(TransportAddr::Ip).collect();
        let address = EndpointAddr { id, addrs };
        Ok(Self { name: name.to_owned(), identity, address, open: None, bytes_per_s: None, offered: None })
    }

    /// Sends at most so many bytes a second, where some number greater than 0 is given.
    pub fn with_rate_limit(mut self, bytes_per_s: Option<u64>) -> Self {
        self.bytes_per_s = bytes_per_s.filter(|rate| *rate > 0);
        self
    }

    /// The connection for questions, opened where there is none or the old one has ended.
    async fn connection(&mut self) -> Result<(Endpoint, Connection), NetworkError> {
        if let Some((endpoint, connection)) = &self.open
            && connection.close_reason().is_none()
        {
            return Ok((endpoint.clone(), connection.clone()));
        }
        let endpoint = match self.open.take() {
            Some((endpoint, _)) => endpoint,
            None => endpoint(self.identity.key.clone(), any_address()?).await?,
        };
        let connection = connect(&endpoint, self.address.clone(), JOBS_ALPN, &self.name).await?;
        self.open = Some((endpoint.clone(), connection.clone()));
        Ok((endpoint, connection))
    }

    async fn ask(&mut self, request: &JobRequest) -> Result<JobReply, NetworkError> {
        let (_, connection) = self.connection().await?;
        ask(&connection, request, &self.name).await
    }

    async fn hand_over(&mut self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError> {
        progress.stage(&format!("Sending {} to {}", job.name, self.name), job.bytes.len());
        let store = MemStore::new();
        let refused = |reason: String| NetworkError::Refused { place: "this computer".into(), reason };
        let tag =
            store.blobs().add_bytes(job.shared_bytes()).with_tag().await.map_err(|e| refused(format!("{e:#}")))?;
        let offer =
            Offer { id: random()?, name: job.name.clone(), hash: *tag.hash.as_bytes(), bytes: job.bytes.len() as u64 };
        let id = JobId(wire::hex(&offer.id));
        self.offered = Some(offer.id);
        match self.ask(&JobRequest::Offer(offer.clone())).await {
            Ok(JobReply::Wanted) => {}
            Ok(JobReply::State(RemoteState::Refused(reason))) => {
                return Err(NetworkError::Refused { place: self.name.clone(), reason: display_text(&reason) });
            }
            Ok(JobReply::State(_) | JobReply::NotKnown) => {
                return Err(NetworkError::Protocol {
                    place: self.name.clone(),
                    reason: "it did not take the offer".into(),
                });
            }
            Err(lost) => {
                // It may have been taken. Nothing was sent, so nothing can come of it; at best it leaves no trace.
                let _ = self.withdraw(offer.id).await;
                return Err(lost);
            }
        }
        // The node pulls the bytes over a connection that we open, so that only it has to be reachable.
        let (endpoint, _) = self.connection().await?;
        let mut transfer = Transfer { total: job.bytes.len(), ..Transfer::default() };
        let outcome = match connect(&endpoint, self.address.clone(), BLOBS_ALPN, &self.name).await {
            Ok(blobs) => {
                // Ends with this block, also when it is given up half way.
                let _serving = AbortOnDropHandle::new(tokio::spawn(iroh_blobs::provider::handle_connection(
                    blobs.clone(),
                    (*store).clone(),
                    counted(self.bytes_per_s, transfer.served.clone()),
                )));
                let outcome = self.follow(&offer, &blobs, &mut transfer, progress).await;
                blobs.close(0u32.into(), b"done");
                outcome
            }
            Err(lost) => Err(lost),
        };
        match outcome {
            Err(NetworkError::Unreachable { reason, .. }) => {
                self.find_out(offer.id, &transfer, &reason).await?;
            }
            outcome => outcome?,
        }
        Ok(id)
    }

    /// Waits for the node to have the whole job. [`NetworkError::Unreachable`] says that it is not heard any more, or that
    /// it has stopped to fetch.
    async fn follow(
        &mut self,
        offer: &Offer,
        blobs: &Connection,
        transfer: &mut Transfer,
        progress: &Progress,
    ) -> Result<(), NetworkError> {
        let mut silences = 0;
        loop {
            match self.ask(&JobRequest::State { id: offer.id }).await {
                Ok(JobReply::State(RemoteState::Receiving { received, .. })) => {
                    silences = 0;
                    progress.advance((received as usize).saturating_sub(transfer.received()));
                    transfer.hear(received as usize);
                    if blobs.close_reason().is_some() {
                        let place = self.name.clone();
                        return Err(NetworkError::Unreachable { place, reason: "it stopped fetching".into() });
                    }
                }
                Ok(reply) => return self.taken(reply),
                // Asked again over a new connection, since only the node knows what has become of the job.
                Err(NetworkError::Unreachable { .. }) if silences < MOST_SILENCES => silences += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(ASK).await;
        }
    }

    /// Whether a node that is done with fetching has taken the job.
    fn taken(&self, reply: JobReply) -> Result<(), NetworkError> {
        let refused = |reason: &str| NetworkError::Refused { place: self.name.clone(), reason: display_text(reason) };
        match reply {
            JobReply::State(RemoteState::Refused(reason) | RemoteState::Failed(reason)) => Err(refused(&reason)),
            JobReply::State(RemoteState::Canceled) => Err(refused("it was canceled there")),
            JobReply::State(_) => Ok(()),
            JobReply::Wanted | JobReply::NotKnown => Err(refused("it has forgotten the offer")),
        }
    }

    /// What became of a job whose transfer is over without a word that it has arrived. What has not is withdrawn, so that
    /// it can be sent again.
    async fn find_out(&mut self, id: [u8; 16], transfer: &Transfer, lost: &str) -> Result<(), NetworkError> {
        let (received, total) = (transfer.received(), transfer.total);
        let place = self.name.clone();
        let broke_off = NetworkError::Unreachable {
            place: place.clone(),
            reason: format!(
                "the transfer broke off at {received} of {total} bytes; send it again and it goes on where it stopped"
            ),
        };
        match tokio::time::timeout(WITHDRAW_TIME, self.ask(&JobRequest::State { id })).await {
            Ok(Ok(JobReply::State(RemoteState::Receiving { .. }))) => {
                self.withdraw(id).await?;
                Err(broke_off)
            }
            Ok(Ok(JobReply::NotKnown)) => Err(broke_off),
            Ok(Ok(reply)) => self.taken(reply),
            _ if !transfer.may_be_whole() => Err(broke_off),
            _ => Err(NetworkError::Unknown {
                place,
                reason: format!(
                    "it may have the whole job, but {lost}; at the node, type \"jobs\" to see what became of it"
                ),
            }),
        }
    }

    /// Takes an offer back that its sender has given up, so that nobody at the node is asked about it.
    async fn withdraw(&mut self, id: [u8; 16]) -> Result<(), NetworkError> {
        let asked = tokio::time::timeout(WITHDRAW_TIME, self.ask(&JobRequest::Cancel { id })).await;
        match asked {
            Ok(Ok(JobReply::State(RemoteState::Canceled | RemoteState::Canceling) | JobReply::NotKnown)) => Ok(()),
            Ok(Ok(JobReply::State(state))) if state.is_final() => Ok(()),
            _ => Err(NetworkError::Unknown {
                place: self.name.clone(),
                reason: "it could not be told that the job is canceled".into(),
            }),
        }
    }
}

/// How far a job is on its way to a node, in bytes.
#[derive(Debug, Default)]
struct Transfer {
    total: usize,
    /// What the node said that it has: first, where that was not nothing, and last.
    heard: Option<(usize, usize)>,
    /// What went out from here.
    served: Arc<AtomicUsize>,
}

impl Transfer {
    fn hear(&mut self, received: usize) {
        if received > 0 {
            let (first, last) = self.heard.unwrap_or((received, received));
            self.heard = Some((first, last.max(received)));
        }
    }

    fn received(&self) -> usize {
        self.heard.map_or(0, |(_, last)| last)
    }

    /// Whether the node may have all of it: what it had from an earlier attempt (no more than it said first) and what was
    /// sent now are enough.
    fn may_be_whole(&self) -> bool {
        let served = self.served.load(Ordering::Relaxed);
        self.heard.is_none_or(|(first, _)| first.saturating_add(served) >= self.total)
    }
}

/// Counts what is sent, and makes the sending side wait before every piece where a rate is to be kept.
fn counted(bytes_per_s: Option<u64>, served: Arc<AtomicUsize>) -> EventSender {
    let mask = EventMask { throttle: ThrottleMode::Intercept, ..EventMask::DEFAULT };
    let (sender, mut inbox) = EventSender::channel(32, mask);
    tokio::spawn(async move {
        while let Some(message) = inbox.recv().await {
            if let ProviderMessage::Throttle(piece) = message {
                if let Some(rate) = bytes_per_s {
                    tokio::time::sleep(Duration::from_secs_f64(piece.size as f64 / rate as f64)).await;
                }
                served.fetch_add(piece.size as usize, Ordering::Relaxed);
                // The transfer has ended where nobody waits any more.
                let _ = piece.tx.send(Ok(())).await;
            }
        }
    });
    sender
}

/// A state whose words, which come from elsewhere, are fit to be shown.
fn clean(state: RemoteState) -> RemoteState {
    match state {
        RemoteState::Refused(text) => RemoteState::Refused(display_text(&text)),
        RemoteState::Failed(text) => RemoteState::Failed(display_text(&text)),
        RemoteState::Unknown(text) => RemoteState::Unknown(display_text(&text)),
        other => other,
    }
}

fn parse_id(job: &JobId) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    if job.0.len() != 32 || !job.0.is_ascii() {
        return None;
    }
    for (byte, at) in id.iter_mut().zip((0..32).step_by(2)) {
        *byte = u8::from_str_radix(&job.0[at..at + 2], 16).ok()?;
    }
    Some(id)
}

impl Destination for NodeDestination {
    fn name(&self) -> &str {
        &self.name
    }

    fn submit(&mut self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError> {
        let runtime = runtime()?;
        // Of an earlier job, which stays as it is.
        self.offered = None;
        let result = runtime.block_on(unless_canceled(progress, self.hand_over(job, progress)));
        if let (Err(NetworkError::Canceled(_)), Some(id)) = (&result, self.offered.take()) {
            runtime.block_on(self.withdraw(id))?;
        }
        result
    }

    fn state(&mut self, job: &JobId) -> Result<RemoteState, NetworkError> {
        let Some(id) = parse_id(job) else { return Ok(RemoteState::Unknown("no such job".into())) };
        match runtime()?.block_on(self.ask(&JobRequest::State { id }))? {
            JobReply::State(state) => Ok(clean(state)),
            JobReply::Wanted | JobReply::NotKnown => Ok(RemoteState::Unknown("the node does not know this job".into())),
        }
    }

    fn cancel(&mut self, job: &JobId) -> Result<(), NetworkError> {
        let Some(id) = parse_id(job) else { return Ok(()) };
        match runtime()?.block_on(self.ask(&JobRequest::Cancel { id }))? {
            JobReply::State(RemoteState::Canceling | RemoteState::Canceled) => Ok(()),
            JobReply::State(state) => Err(NetworkError::Refused {
                place: self.name.clone(),
                reason: format!("it cannot be canceled any more ({state})"),
            }),
            JobReply::Wanted | JobReply::NotKnown => {
                Err(NetworkError::Refused { place: self.name.clone(), reason: "it does not know this job".into() })
            }
        }
    }
}

impl Drop for NodeDestination {
    fn drop(&mut self) {
        if let (Some((endpoint, connection)), Ok(runtime)) = (self.open.take(), runtime()) {
            connection.close(0u32.into(), b"done");
            runtime.block_on(endpoint.close());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use iroh::protocol::{AcceptError, ProtocolHandler, Router};
    use iroh_blobs::{BlobFormat, Hash, HashAndFormat};

    use super::*;

    /// A node that answers as it is told and then not any more.
    #[derive(Clone, Debug)]
    struct Fake {
        /// `None` closes the connection instead of an answer; so does the end of the list.
        answers: Arc<Mutex<VecDeque<Option<JobReply>>>>,
        heard: Arc<Mutex<Vec<JobRequest>>>,
        /// Whether it fetches what it is offered.
        fetches: bool,
        store: MemStore,
    }

    impl Fake {
        fn offer(&self) -> Option<Offer> {
            self.heard.lock().unwrap().iter().find_map(|request| match request {
                JobRequest::Offer(offer) => Some(offer.clone()),
                _ => None,
            })
        }
    }

    #[derive(Clone, Debug)]
    struct Answering(Fake);

    impl ProtocolHandler for Answering {
        async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                let Ok(request) = wire::receive::<JobRequest>(&mut receive).await else { break };
                // What has been sent shall be here before the next answer.
                let offer = self.0.offer().filter(|_| self.0.fetches);
                if let Some(offer) = offer {
                    while !self.0.store.has(Hash::from_bytes(offer.hash)).await.unwrap() {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                self.0.heard.lock().unwrap().push(request);
                let answer = self.0.answers.lock().unwrap().pop_front().flatten();
                let Some(answer) = answer else { break };
                if wire::send(&mut send, &answer).await.is_ok() {
                    let _ = send.finish();
                }
            }
            connection.close(1u32.into(), b"gone");
            Ok(())
        }
    }

    #[derive(Clone, Debug)]
    struct Fetching(Fake);

    impl ProtocolHandler for Fetching {
        async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
            if let Some(offer) = self.0.offer().filter(|_| self.0.fetches) {
                let content = HashAndFormat { hash: Hash::from_bytes(offer.hash), format: BlobFormat::Raw };
                self.0.store.remote().fetch(connection.clone(), content).await.unwrap();
            }
            connection.closed().await;
            Ok(())
        }
    }

    /// A sender to a node that gives these answers; what is done with it; what the node was asked.
    fn with_node<T>(
        answers: Vec<Option<JobReply>>,
        fetches: bool,
        work: impl FnOnce(&mut NodeDestination) -> T,
    ) -> (T, Vec<JobRequest>) {
        let folder = tempfile::tempdir().unwrap();
        let identity = |name: &str| {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
            Identity::load_or_make(&folder.path().join(name)).unwrap()
        };
        let (node, sender) = (identity("node"), identity("sender"));
        let (key, runtime) = (node.public(), runtime().unwrap());
        let (fake, router) = runtime.block_on(async {
            let fake = Fake {
                answers: Arc::new(Mutex::new(answers.into())),
                heard: Arc::default(),
                fetches,
                store: MemStore::new(),
            };
            let endpoint = endpoint(node.key, "127.0.0.1:0".parse().unwrap()).await.unwrap();
            let router = Router::builder(endpoint)
                .accept(JOBS_ALPN, Answering(fake.clone()))
                .accept(BLOBS_ALPN, Fetching(fake.clone()))
                .spawn();
            (fake, router)
        });
        let addresses: Vec<SocketAddr> = router.endpoint().addr().ip_addrs().copied().collect();
        let mut destination = NodeDestination::new("workshop", sender, &key, &addresses).unwrap();
        let result = work(&mut destination);
        drop(destination);
        runtime.block_on(async { router.shutdown().await }).unwrap();
        let heard = std::mem::take(&mut *fake.heard.lock().unwrap());
        (result, heard)
    }

    fn job() -> OutgoingJob {
        OutgoingJob { name: "part.gcode".into(), bytes: vec![b'G'; 50_000].into() }
    }

    fn receiving(received: u64) -> Option<JobReply> {
        Some(JobReply::State(RemoteState::Receiving { received, total: 50_000 }))
    }

    /// What comes of a job when the node answers so.
    fn submitted(answers: Vec<Option<JobReply>>, fetches: bool) -> (Result<JobId, NetworkError>, Vec<JobRequest>) {
        with_node(answers, fetches, |node| node.submit(&job(), &Progress::new()))
    }

    fn withdrawals(heard: &[JobRequest]) -> usize {
        heard.iter().filter(|request| matches!(request, JobRequest::Cancel { .. })).count()
    }

    #[test]
    fn a_node_that_falls_silent_and_may_have_the_whole_job_is_looked_at_before_it_is_sent_again() {
        // It fetched everything, whatever it said last; and it said nothing, so that it may have had it before.
        for (answers, fetches) in
            [(vec![Some(JobReply::Wanted), receiving(100)], true), (vec![Some(JobReply::Wanted)], false)]
        {
            let error = submitted(answers, fetches).0.unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, NetworkError::Unknown { .. }), "{text}");
            assert!(text.contains("type \"jobs\"") && text.contains("before you send it again"), "{text}");
        }
        // It cannot have all of it.
        let error = submitted(vec![Some(JobReply::Wanted), receiving(100)], false).0.unwrap_err();
        assert!(matches!(error, NetworkError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("send it again and it goes on"), "{error}");
    }

    #[test]
    fn a_node_that_is_heard_again_says_itself_what_became_of_the_job() {
        let silent = |last: Vec<Option<JobReply>>| {
            let begin = vec![Some(JobReply::Wanted), receiving(100), None, None, None];
            submitted([begin, last].concat(), false)
        };
        let state = |state| Some(JobReply::State(state));
        let (taken, heard) = silent(vec![state(RemoteState::WaitingForOwner)]);
        assert!(taken.is_ok() && withdrawals(&heard) == 0, "{taken:?}");
        let (refused, _) = silent(vec![state(RemoteState::Refused("it is not fit".into()))]);
        assert!(refused.unwrap_err().to_string().contains("it is not fit"));
        // It has a part: that is taken back before the person is told to send it again.
        let (broken, heard) = silent(vec![receiving(200), state(RemoteState::Canceled)]);
        assert!(broken.unwrap_err().to_string().contains("send it again"));
        assert_eq!(withdrawals(&heard), 1);
        // Whether it was taken back is not known.
        let (unknown, _) = silent(vec![receiving(200)]);
        assert!(matches!(unknown, Err(NetworkError::Unknown { .. })), "{unknown:?}");
    }

    #[test]
    fn an_offer_whose_answer_is_lost_is_taken_back() {
        let (error, heard) = submitted(vec![None, Some(JobReply::State(RemoteState::Canceled))], false);
        assert!(matches!(error, Err(NetworkError::Unreachable { .. })), "{error:?}");
        assert_eq!(withdrawals(&heard), 1);
    }

    #[test]
    fn canceling_a_job_before_it_is_offered_leaves_the_one_before_alone() {
        let answers = vec![Some(JobReply::Wanted), Some(JobReply::State(RemoteState::WaitingForOwner))];
        let ((first, second), heard) = with_node(answers, false, |node| {
            let first = node.submit(&job(), &Progress::new());
            let canceled = Progress::new();
            canceled.cancel();
            (first, node.submit(&job(), &canceled))
        });
        assert!(first.is_ok(), "{first:?}");
        assert!(matches!(second, Err(NetworkError::Canceled(_))), "{second:?}");
        assert_eq!(withdrawals(&heard), 0);
    }
}
