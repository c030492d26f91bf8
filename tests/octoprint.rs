//! A real OctoPrint with its bundled virtual printer, on loopback, installed from PyPI the first time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fabbro::network::octoprint::OctoPrint;
use fabbro::network::{Destination, NetworkError, OutgoingJob, RemoteState};
use fabbro::progress::Progress;

const VERSION: &str = "1.11.8";
const KEY: &str = "0123456789ABCDEF0123456789ABCDEF";
/// It starts in 10 to 30 seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// No wizard, no outside traffic, and a printer that is fast and talks as Marlin does.
const CONFIG: &str = "
accessControl: {autologinLocal: false}
server:
  host: 127.0.0.1
  firstRun: false
  seenWizards: {corewizard: 4, tracking: 1, classicwebcam: 1, backup: 1, softwareupdate: 1}
  onlineCheck: {enabled: false}
  pluginBlacklist: {enabled: false}
serial: {autoconnect: true, port: VIRTUAL, baudrate: 115200}
webcam: {timelapse: {type: 'off'}}
plugins:
  _disabled: [softwareupdate, announcements, discovery, errortracking, tracking, achievements, health_check, pluginmanager]
  virtual_printer: {enabled: true, throttle: 0.001, sendBusy: true}
";

/// Makes the first user, with a key that the tests know.
const FIRST_USER: &str = "
import sys, yaml
path, key = sys.argv[1:]
users = yaml.safe_load(open(path))
users['maker']['apikey'] = key
yaml.safe_dump(users, open(path, 'w'))
";

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/run"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The installed server, which stays for the next run.
fn install() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("octoprint-{VERSION}"));
    let done = folder.join("installed");
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &format!("OctoPrint=={VERSION}")]));
        std::fs::write(done, "").unwrap();
    }
    folder
}

/// A server of its own with an empty folder, ended with the test.
struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start() -> Self {
        let program = install();
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        std::fs::write(base.join("config.yaml"), CONFIG).unwrap();
        let octoprint = |args: &[&str]| {
            let mut command = Command::new(program.join("bin/octoprint"));
            command.arg("--basedir").arg(base).args(args);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        run(&mut octoprint(&["user", "add", "--admin", "--password", "maker-pass", "maker"]));
        let users = base.join("users.yaml");
        run(Command::new(program.join("bin/python")).args(["-c", FIRST_USER]).arg(users).arg(KEY));
        // A free port: bound once, then left to the server.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut serve = octoprint(&["serve", "--host", "127.0.0.1", "--port", &port.to_string(), "--iknowwhatimdoing"]);
        let process = serve.spawn().unwrap();
        let server = Self { process, port, _folder: folder };
        let start = Instant::now();
        while !server.ask("/api/connection").is_some_and(|answer| answer.contains("\"Operational\"")) {
            assert!(start.elapsed() < PATIENCE, "OctoPrint does not become operational");
            std::thread::sleep(Duration::from_millis(500));
        }
        server
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One plain question, independent of the client that is tested.
    fn ask(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

fn job(name: &str, moves: usize) -> OutgoingJob {
    let mut text = String::from("G28\nG90\nM83\nM104 S200\nG1 Z0.2 F600\n");
    for i in 0..moves {
        text.push_str(&format!("G1 X{} Y50 E0.01 F6000\n", 50 + i % 2));
    }
    text.push_str("M104 S0\nM84\n");
    OutgoingJob { name: name.to_owned(), bytes: Arc::from(text.into_bytes()) }
}

fn wait_until(octoprint: &mut OctoPrint, id: &fabbro::network::JobId, wanted: impl Fn(&RemoteState) -> bool) {
    let start = Instant::now();
    loop {
        let state = octoprint.state(id).unwrap();
        if wanted(&state) {
            return;
        }
        assert!(!state.is_final() && start.elapsed() < PATIENCE, "it is {state}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_real_octoprint_prints_a_job_cancels_another_and_refuses_a_wrong_key() {
    let server = Server::start();
    let mut wrong = OctoPrint::new("wrong", &server.url(), "WRONGKEY").unwrap();
    assert!(matches!(wrong.submit(&job("a.gcode", 1), &Progress::new()), Err(NetworkError::Unauthorized { .. })));

    let mut octoprint = OctoPrint::new("bench", &server.url(), KEY).unwrap();
    let id = octoprint.submit(&job("first part.gcode", 100), &Progress::new()).unwrap();
    wait_until(&mut octoprint, &id, |state| *state == RemoteState::Finished);
    let said = server.ask("/api/job").unwrap();
    assert!(said.contains("first_part.gcode") && said.contains("100.0"), "{said}");

    let long = octoprint.submit(&job("long.gcode", 100_000), &Progress::new()).unwrap();
    wait_until(&mut octoprint, &long, |state| matches!(state, RemoteState::Printing { share } if *share > 0.0));
    assert!(
        matches!(octoprint.submit(&job("other.gcode", 10), &Progress::new()), Err(NetworkError::NotStarted { .. })),
        "a busy printer takes the file and does not start it"
    );
    octoprint.cancel(&long).unwrap();
    wait_until(&mut octoprint, &long, |state| *state == RemoteState::Canceled);
    assert!(octoprint.cancel(&long).is_err(), "what has ended cannot be canceled");
}
