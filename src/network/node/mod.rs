//! Our own peer: a node stands beside a machine and takes jobs from paired computers, directly, with no server between.
//!
//! The transport is iroh (QUIC; each side is known by its Ed25519 key, proved by the handshake). A node is for its own
//! network by default: relays are off, address look-ups are cleared, nothing is published. What happens:
//!
//! 1. The node prints a [`Ticket`]: its key, its addresses and a secret that works once, for ten minutes.
//! 2. A computer that has it calls [`client::pair`]; both sides show a six-digit code, and the owner confirms it *at the
//!    node*. From then on the computer's key is known there. Unknown keys are refused before they can say anything.
//! 3. [`client::NodeDestination`] offers a job: name, size, BLAKE3 hash. The node pulls the bytes itself (iroh-blobs:
//!    verified as they arrive, and a broken transfer goes on where it stopped), vets them against its *own* machine's
//!    limits with the strict policy for remote jobs, and waits for its owner's yes.
//! 4. The node alone writes its queue and starts its machine, once; its word is the only truth about the job.

pub mod client;
mod identity;
mod record;
pub mod server;
mod ticket;
mod wire;

pub use identity::{Identity, pairing_code};
pub use ticket::Ticket;

use std::net::SocketAddr;
use std::time::Duration;

use iroh::endpoint::{QuicTransportConfig, RelayMode, presets};
use iroh::{Endpoint, SecretKey};

use super::NetworkError;

/// One protocol for each right, so that it is checked before a byte is read.
const PAIR_ALPN: &[u8] = b"fabbro/pair/1";
const JOBS_ALPN: &[u8] = b"fabbro/jobs/1";
/// The same bytes as iroh-blobs speaks them, but on a connection that the sender opened.
const BLOBS_ALPN: &[u8] = b"fabbro/blobs/1";

/// A peer that says nothing for this long is gone.
const IDLE_TIME: Duration = Duration::from_secs(6);

/// Opens an endpoint for the local network alone.
async fn endpoint(key: SecretKey, listen: SocketAddr) -> Result<Endpoint, NetworkError> {
    let failed = |reason: String| NetworkError::Unreachable { place: listen.to_string(), reason };
    let idle = IDLE_TIME.try_into().map_err(|_| failed("time out of range".into()))?;
    let transport =
        QuicTransportConfig::builder().max_idle_timeout(Some(idle)).keep_alive_interval(IDLE_TIME / 4).build();
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .clear_address_lookup()
        .clear_ip_transports()
        .secret_key(key)
        .transport_config(transport)
        .bind_addr(listen)
        .map_err(|e| failed(e.to_string()))?
        .bind()
        .await
        .map_err(|e| failed(format!("{e:#}")))
}
