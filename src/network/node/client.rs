//! The side that sends jobs to a node.

use std::net::SocketAddr;
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
        match self.ask(&JobRequest::Offer(offer.clone())).await? {
            JobReply::Wanted => {}
            JobReply::State(RemoteState::Refused(reason)) => {
                return Err(NetworkError::Refused { place: self.name.clone(), reason: display_text(&reason) });
            }
            JobReply::State(_) | JobReply::NotKnown => {
                return Err(NetworkError::Protocol {
                    place: self.name.clone(),
                    reason: "it did not take the offer".into(),
                });
            }
        }
        // The node pulls the bytes over a connection that we open, so that only it has to be reachable.
        let (endpoint, _) = self.connection().await?;
        let blobs = connect(&endpoint, self.address.clone(), BLOBS_ALPN, &self.name).await?;
        // Ends with this function, also when it is given up half way.
        let serving = AbortOnDropHandle::new(tokio::spawn(iroh_blobs::provider::handle_connection(
            blobs.clone(),
            (*store).clone(),
            throttled(self.bytes_per_s),
        )));
        let (mut sent, total) = (0, job.bytes.len());
        let mut silences = 0;
        let place = self.name.clone();
        let refused = |reason: &str| NetworkError::Refused { place: place.clone(), reason: display_text(reason) };
        let arrived = loop {
            match self.ask(&JobRequest::State { id: offer.id }).await {
                Ok(JobReply::State(RemoteState::Receiving { received, .. })) => {
                    silences = 0;
                    progress.advance((received as usize).saturating_sub(sent));
                    sent = sent.max(received as usize);
                    if blobs.close_reason().is_some() {
                        break Err(self.broke_off(sent, total));
                    }
                }
                Ok(JobReply::State(RemoteState::Refused(reason) | RemoteState::Failed(reason))) => {
                    break Err(refused(&reason));
                }
                Ok(JobReply::State(RemoteState::Canceled)) => break Err(refused("it was canceled there")),
                Ok(JobReply::State(_)) => break Ok(id),
                Ok(JobReply::Wanted | JobReply::NotKnown) => break Err(refused("it has forgotten the offer")),
                // Asked again over a new connection, since only the node knows what has become of the job.
                Err(NetworkError::Unreachable { .. }) if silences < MOST_SILENCES => silences += 1,
                Err(NetworkError::Unreachable { .. }) if sent < total => break Err(self.broke_off(sent, total)),
                Err(NetworkError::Unreachable { place, reason }) => {
                    break Err(NetworkError::Unknown { place, reason: format!("it has the whole job, but {reason}") });
                }
                Err(error) => break Err(error),
            }
            tokio::time::sleep(ASK).await;
        };
        drop(serving);
        blobs.close(0u32.into(), b"done");
        arrived
    }

    fn broke_off(&self, sent: usize, total: usize) -> NetworkError {
        let reason =
            format!("the transfer broke off at {sent} of {total} bytes; send it again and it goes on where it stopped");
        NetworkError::Unreachable { place: self.name.clone(), reason }
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

/// Makes the sending side wait before every piece, so that the rate is kept.
fn throttled(bytes_per_s: Option<u64>) -> EventSender {
    let Some(rate) = bytes_per_s else { return EventSender::DEFAULT };
    let mask = EventMask { throttle: ThrottleMode::Intercept, ..EventMask::DEFAULT };
    let (sender, mut inbox) = EventSender::channel(32, mask);
    tokio::spawn(async move {
        while let Some(message) = inbox.recv().await {
            if let ProviderMessage::Throttle(piece) = message {
                tokio::time::sleep(Duration::from_secs_f64(piece.size as f64 / rate as f64)).await;
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
