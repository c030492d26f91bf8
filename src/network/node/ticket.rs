//! The invitation that a node prints.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iroh::EndpointAddr;
use serde::{Deserialize, Serialize};

use super::super::NetworkError;

const PREFIX: &str = "fabbro-";

/// Where a node is, who it is, and the secret that pairs one computer with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub address: EndpointAddr,
    pub secret: [u8; 16],
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = postcard::to_stdvec(self).map_err(|_| std::fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl Ticket {
    /// Whether a text is meant to be a ticket, good or bad.
    pub fn looks_like_one(text: &str) -> bool {
        text.trim().starts_with(PREFIX)
    }
}

impl FromStr for Ticket {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad =
            || NetworkError::Ticket("this is not a whole ticket; copy it again from the node, or make a new one there");
        let text = text.trim().strip_prefix(PREFIX).ok_or_else(bad)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        postcard::from_bytes(&bytes).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests {
    use iroh::{SecretKey, TransportAddr};

    use super::*;

    #[test]
    fn a_ticket_survives_being_copied_and_a_damaged_one_is_refused() {
        let address = EndpointAddr {
            id: SecretKey::from_bytes(&[7; 32]).public(),
            addrs: [TransportAddr::Ip("192.168.1.20:4433".parse().unwrap())].into(),
        };
        let ticket = Ticket { address, secret: [9; 16] };
        let text = ticket.to_string();
        assert_eq!(text.parse::<Ticket>().unwrap(), ticket);
        assert_eq!(format!("  {text}\n").parse::<Ticket>().unwrap(), ticket);
        for bad in ["", "fabbro-", "hello", &text[..text.len() - 9], &text[1..]] {
            assert!(bad.parse::<Ticket>().is_err(), "{bad}");
        }
    }
}
