//! Messages between nodes: postcard behind a length, small ones only. Bytes of jobs never travel here.

use iroh::endpoint::{RecvStream, SendStream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::RemoteState;

/// No message is longer than this; a longer claim ends the conversation.
const MOST_BYTES: usize = 64 * 1024;

/// What a computer asks of a node that does not know it yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PairRequest {
    pub secret: [u8; 16],
    /// What the computer calls itself. Display text.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum PairReply {
    /// The owner said yes. What the node calls itself.
    Confirmed {
        node: String,
    },
    Refused {
        reason: String,
    },
}

/// A job that a computer offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// Chosen by the sender; the same id is never printed twice.
    pub id: [u8; 16],
    /// Display text, never a path.
    pub name: String,
    pub hash: [u8; 32],
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum JobRequest {
    Offer(Offer),
    State { id: [u8; 16] },
    Cancel { id: [u8; 16] },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum JobReply {
    /// Offer: open a blobs connection and let me fetch it.
    Wanted,
    State(RemoteState),
    /// Nothing is known of that job.
    NotKnown,
}

/// Why a message could not be exchanged.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the connection ended: {0}")]
    Ended(String),
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    #[error("a message could not be understood; is the other side of another version?")]
    NotUnderstood,
}

pub(super) async fn send<T: Serialize>(stream: &mut SendStream, message: &T) -> Result<(), WireError> {
    let bytes = postcard::to_stdvec(message).map_err(|_| WireError::NotUnderstood)?;
    if bytes.len() > MOST_BYTES {
        return Err(WireError::TooLong(bytes.len()));
    }
    let ended = |e: &dyn std::fmt::Display| WireError::Ended(e.to_string());
    stream.write_all(&(bytes.len() as u32).to_le_bytes()).await.map_err(|e| ended(&e))?;
    stream.write_all(&bytes).await.map_err(|e| ended(&e))
}

pub(super) async fn receive<T: DeserializeOwned>(stream: &mut RecvStream) -> Result<T, WireError> {
    let ended = |e: &dyn std::fmt::Display| WireError::Ended(e.to_string());
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.map_err(|e| ended(&e))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MOST_BYTES {
        return Err(WireError::TooLong(length));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.map_err(|e| ended(&e))?;
    postcard::from_bytes(&bytes).map_err(|_| WireError::NotUnderstood)
}

/// Text of somebody else's that is shown to a person: one line, printable, of bounded length.
pub(super) fn display_text(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    let clean = clean.trim();
    if clean.is_empty() { "without a name".into() } else { clean.to_owned() }
}

/// How ids and hashes are written where people and files see them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_play_with_the_terminal() {
        assert_eq!(display_text("part\u{1b}[2J\r\nyes"), "part[2Jyes");
        assert_eq!(display_text(" \n"), "without a name");
        assert_eq!(display_text(&"x".repeat(500)).len(), 200);
    }
}
