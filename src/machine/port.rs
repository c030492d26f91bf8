//! Serial ports: which there are, and opening one.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serialport::SerialPort;

/// A port that takes nothing for this long is stuck.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// A serial port of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// What is opened, such as `/dev/ttyUSB0`.
    pub path: String,
    /// Maker and product of the USB device behind it, where the system knows them.
    pub product: Option<String>,
}

/// The serial ports that this computer lists. Pseudo-terminals are never among them: their path has to be typed.
pub fn available() -> Vec<PortInfo> {
    let mut ports: Vec<PortInfo> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| PortInfo { product: usb_product(&port.port_name), path: port.port_name })
        .collect();
    // Machines are on USB; the board's own ports come last.
    ports.sort_by(|a, b| (a.product.is_none(), &a.path).cmp(&(b.product.is_none(), &b.path)));
    ports
}

/// Maker and product from sysfs, so that no libudev is needed to build.
fn usb_product(path: &str) -> Option<String> {
    let name = Path::new(path).file_name()?;
    let device = Path::new("/sys/class/tty").join(name).join("device").canonicalize().ok()?;
    let read = |folder: &Path, file: &str| std::fs::read_to_string(folder.join(file)).ok();
    device.ancestors().take(5).find_map(|folder| {
        let product = read(folder, "product")?;
        let maker = read(folder, "manufacturer").unwrap_or_default();
        Some(format!("{} {}", maker.trim(), product.trim()).trim().to_owned())
    })
}

/// A port that was opened for this program alone.
pub struct Port {
    port: Box<dyn SerialPort>,
    received: Vec<u8>,
}

impl Port {
    /// Opens a port exclusively. On many boards this resets the machine, so never open one that nobody chose.
    ///
    /// Fails when there is no such port, it is in use, or the system denies it.
    pub fn open(path: &str, baud: u32) -> io::Result<Self> {
        let port = serialport::new(path, baud).timeout(Duration::from_millis(20)).open().map_err(io::Error::from)?;
        Ok(Self { port, received: Vec::new() })
    }

    /// The next whole line, if one has come within a few milliseconds. Bytes that are not UTF-8 are replaced.
    ///
    /// Fails when the machine was unplugged.
    pub fn read_line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.received.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            // A line without end is noise (a wrong baud rate): forget it before it grows.
            if self.received.len() > 4096 {
                self.received.clear();
            }
            let mut buffer = [0; 1024];
            match self.port.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => return Ok(None),
                Err(e) => return Err(e),
            }
        }
    }

    /// Writes everything.
    ///
    /// Fails when the machine was unplugged or takes nothing for several seconds.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = text.as_bytes();
        let mut since = Instant::now();
        while !bytes.is_empty() {
            match self.port.write(bytes) {
                Ok(written) => {
                    bytes = &bytes[written..];
                    since = Instant::now();
                }
                Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                    if since.elapsed() > WRITE_TIME {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "the port takes no more data"));
                    }
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Resets boards that listen to the modem line. Many do not, and a pseudo-terminal has none.
    pub fn pulse_reset(&mut self) {
        // Nothing can be done where the line is not there: the caller tells the person to cut the power.
        let _ = self.port.write_data_terminal_ready(false);
        std::thread::sleep(Duration::from_millis(250));
        let _ = self.port.write_data_terminal_ready(true);
    }
}
