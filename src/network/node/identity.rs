//! Who a computer is: an Ed25519 key that is made once and kept.

use std::path::Path;

use iroh::{EndpointId, SecretKey};

use super::super::NetworkError;
use super::super::address_book::save_private;

/// The key of this computer.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) key: SecretKey,
}

impl Identity {
    /// Reads the key of a folder, or makes it there the first time.
    ///
    /// Fails when the folder cannot be read or written, or holds something else.
    pub fn load_or_make(folder: &Path) -> Result<Self, NetworkError> {
        let path = folder.join("identity.key");
        let failed = |reason: String| NetworkError::Storage { path: path.display().to_string(), reason };
        match std::fs::read(&path) {
            Ok(bytes) => {
                let bytes: [u8; 32] =
                    bytes.try_into().map_err(|_| failed("this is no key; move it away and pair again".into()))?;
                Ok(Self { key: SecretKey::from_bytes(&bytes) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = random()?;
                save_private(&path, &bytes)?;
                Ok(Self { key: SecretKey::from_bytes(&bytes) })
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// The public key, by which others know this computer.
    pub fn public(&self) -> String {
        self.key.public().to_string()
    }
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NetworkError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NetworkError::Storage {
        path: "the system's source of randomness".into(),
        reason: error.to_string(),
    })?;
    Ok(bytes)
}

/// Six digits that both sides of a pairing show: they agree only where both mean the same two keys and the same secret.
pub fn pairing_code(node: &EndpointId, peer: &EndpointId, secret: &[u8; 16]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("fabbro 2026 pairing code");
    hasher.update(node.as_bytes()).update(peer.as_bytes()).update(secret);
    let bytes = hasher.finalize();
    let number =
        u32::from_le_bytes([bytes.as_bytes()[0], bytes.as_bytes()[1], bytes.as_bytes()[2], bytes.as_bytes()[3]]);
    let code = number % 1_000_000;
    format!("{:03} {:03}", code / 1_000, code % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::load_or_make(folder.path()).unwrap();
        assert_eq!(Identity::load_or_make(folder.path()).unwrap().public(), first.public());
        std::fs::write(folder.path().join("identity.key"), "short").unwrap();
        assert!(Identity::load_or_make(folder.path()).is_err());
    }

    #[test]
    fn the_code_depends_on_both_keys_and_the_secret() {
        let key = |n: u8| SecretKey::from_bytes(&[n; 32]).public();
        let code = pairing_code(&key(1), &key(2), &[3; 16]);
        assert_eq!(code.len(), 7);
        for other in [
            pairing_code(&key(4), &key(2), &[3; 16]),
            pairing_code(&key(1), &key(4), &[3; 16]),
            pairing_code(&key(1), &key(2), &[4; 16]),
        ] {
            assert_ne!(code, other);
        }
    }
}
