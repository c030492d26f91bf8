//! The simulated machine behind a pseudo-terminal, as any host sees a serial port.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::simulator::Simulator;
use crate::progress::Progress;

/// Bytes kept for a host that does not read.
const MOST_UNSENT: usize = 64 * 1024;
/// How often the machine looks at its own clock.
const TICK: Duration = Duration::from_millis(5);

/// A pseudo-terminal with the machine's end of it. The link goes away with it.
pub struct Terminal {
    machine: File,
    /// Kept open, so that a host may close the port and open it again.
    _host: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Terminal {
    /// Makes a pseudo-terminal and, where `link` is given, a symbolic link to it. A link that stands there already is
    /// replaced; anything else is left alone.
    ///
    /// Fails when the system gives no pseudo-terminal or the link cannot be made.
    pub fn open(link: Option<&Path>) -> std::io::Result<Self> {
        let machine = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&machine, true)?;
        grantpt(&machine)?;
        unlockpt(&machine)?;
        let name = ptsname(&machine, Vec::new())?;
        let host = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut modes = tcgetattr(&host)?;
        modes.make_raw();
        tcsetattr(&host, OptionalActions::Now, &modes)?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        if let Some(link) = link {
            if link.is_symlink() {
                std::fs::remove_file(link)?;
            }
            std::os::unix::fs::symlink(&path, link)?;
        }
        Ok(Self { machine: File::from(machine), _host: host, path, link: link.map(Path::to_owned) })
    }

    /// The path that a host opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs the machine until `progress` is canceled, `speed` times as fast as a clock. Whatever it executes is handed
    /// to `executed`, line by line.
    ///
    /// Fails when the terminal does or when `executed` does.
    pub fn serve(
        &mut self,
        machine: &mut Simulator,
        speed: f64,
        progress: &Progress,
        executed: &mut dyn FnMut(&str) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let start = Instant::now();
        let mut buffer = [0; 4096];
        let mut unsent: Vec<u8> = Vec::new();
        while !progress.is_canceled() {
            let waiting = {
                let mut fds = [PollFd::new(&self.machine, PollFlags::IN)];
                let tick = TICK.try_into().ok();
                poll(&mut fds, tick.as_ref())? > 0
            };
            if waiting {
                let read = self.machine.read(&mut buffer)?;
                machine.receive(&buffer[..read]);
            }
            machine.advance(start.elapsed().mul_f64(speed));
            for line in machine.take_record() {
                executed(&line)?;
            }
            unsent.extend(machine.take_output());
            // As on a real wire, what nobody listens to is lost.
            let excess = unsent.len().saturating_sub(MOST_UNSENT);
            unsent.drain(..excess);
            match self.machine.write(&unsent) {
                Ok(written) => drop(unsent.drain(..written)),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && std::fs::read_link(link).is_ok_and(|target| target == self.path)
        {
            // Nothing depends on it: a link that stays behind is replaced by the next machine.
            let _ = std::fs::remove_file(link);
        }
    }
}
