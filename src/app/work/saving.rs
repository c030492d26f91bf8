//! Saving the finished G-code: the file appears whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::jobs::Job;

/// Why a file was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("The G-code was not saved, because {cause}: {}", path.display())]
    Refused { path: PathBuf, cause: String },
    #[error("The G-code was not saved, because the system cannot start a thread ({0}); close some programs.")]
    NoThread(std::io::Error),
}

/// The one file that is being saved.
#[derive(Default)]
pub struct Saving(Job<Result<PathBuf, SaveError>>);

impl Saving {
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Saves bytes under a path in the background. Fails when no thread can be started.
    pub fn start(&mut self, ctx: &egui::Context, path: PathBuf, bytes: Arc<Vec<u8>>) -> Result<(), SaveError> {
        let wake = ctx.clone();
        self.0
            .start(
                "save G-code",
                move || wake.request_repaint(),
                move |_| match write_whole(&path, &bytes) {
                    Ok(()) => Ok(path),
                    Err(error) => Err(SaveError::Refused { cause: error.to_string(), path }),
                },
            )
            .map_err(SaveError::NoThread)
    }

    /// Where the file was saved, once.
    pub fn poll(&mut self) -> Option<Result<PathBuf, SaveError>> {
        self.0.poll()
    }
}

/// Writes beside the target and renames, so that nobody ever sees half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".fabbro-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // A temporary file is closed to others; a saved one is like any that the person makes.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode() & 0o777);
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_a_failure_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.gcode");
        write_whole(&path, b"G28\n").unwrap();
        write_whole(&path, b"G28\nG29\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"G28\nG29\n");
        assert!(write_whole(&folder.path().join("missing").join("part.gcode"), b"G28\n").is_err());
        // The target is a folder, so the last step fails.
        assert!(write_whole(folder.path(), b"G28\n").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
