//! Places that jobs are sent to, with their credentials: one TOML file that only its owner can read.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::NetworkError;

/// One place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Entry {
    OctoPrint {
        url: String,
        api_key: String,
    },
    /// A node that confirmed us: its public key and where it was last seen.
    Node {
        key: String,
        addresses: Vec<std::net::SocketAddr>,
    },
}

/// The places that a person has named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AddressBook {
    #[serde(default)]
    pub destinations: BTreeMap<String, Entry>,
}

/// The folder of everything that the network part keeps: identity, address book, a node's peers and jobs.
/// `FABBRO_NETWORK_DIR` moves it.
///
/// Fails when the system names no home.
pub fn folder() -> Result<PathBuf, NetworkError> {
    if let Some(folder) = std::env::var_os("FABBRO_NETWORK_DIR").filter(|f| !f.is_empty()) {
        return Ok(folder.into());
    }
    let home = directories::ProjectDirs::from("", "", "fabbro").ok_or(NetworkError::Storage {
        path: "home folder".into(),
        reason: "the system names none; set FABBRO_NETWORK_DIR".into(),
    })?;
    Ok(home.data_local_dir().join("network"))
}

impl AddressBook {
    /// Reads the book of a folder; an absent one is empty.
    ///
    /// Fails when it cannot be read or understood.
    pub fn load(folder: &Path) -> Result<Self, NetworkError> {
        let path = folder.join("destinations.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|e| failed(&path, e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(failed(&path, e)),
        }
    }

    /// Writes the book, whole or not at all.
    ///
    /// Fails when the folder cannot be written to.
    pub fn save(&self, folder: &Path) -> Result<(), NetworkError> {
        let path = folder.join("destinations.toml");
        let text = toml::to_string_pretty(self).map_err(|e| failed(&path, e))?;
        save_private(&path, text.as_bytes())
    }
}

fn failed(path: &Path, error: impl std::fmt::Display) -> NetworkError {
    NetworkError::Storage { path: path.display().to_string(), reason: error.to_string() }
}

/// Writes a file that only its owner can read, whole or not at all, and makes its folder where it is missing.
pub(super) fn save_private(path: &Path, bytes: &[u8]) -> Result<(), NetworkError> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // A named temporary file is private from its first byte on.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| failed(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_comes_back_as_it_was_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(AddressBook::load(folder.path()).unwrap(), AddressBook::default());
        let mut book = AddressBook::default();
        let octoprint = Entry::OctoPrint { url: "http://printer.local".into(), api_key: "secret".into() };
        let node = Entry::Node { key: "ab12".into(), addresses: vec!["10.0.0.7:4433".parse().unwrap()] };
        book.destinations.insert("Left printer".into(), octoprint);
        book.destinations.insert("workshop".into(), node);
        book.save(folder.path()).unwrap();
        assert_eq!(AddressBook::load(folder.path()).unwrap(), book);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let rights = std::fs::metadata(folder.path().join("destinations.toml")).unwrap().permissions();
            assert_eq!(rights.mode() & 0o077, 0);
        }
        std::fs::write(folder.path().join("destinations.toml"), "destinations = 3").unwrap();
        assert!(AddressBook::load(folder.path()).is_err());
    }
}
