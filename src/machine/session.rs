//! The session: a thread that owns the port, and the handle that others hold on it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::engine::{Engine, Failure, LONGEST_LINE, Patience};
use super::job::Job;
use super::port::Port;
use super::reply::{self, Reply, Temperatures};
use crate::gcode::job_lines;

/// Console lines and temperature samples that are kept.
const CONSOLE_LINES: usize = 1_000;
const TEMPERATURE_SAMPLES: usize = 1_800;
/// A freshly opened port resets many boards: this long the session waits for them to say `start`.
const BOOT_TIME: Duration = Duration::from_millis(2_500);
/// Without any answer for this long after opening, there is no machine.
const CONNECT_TIME: Duration = Duration::from_secs(15);
const REPORT_INTERVAL: Duration = Duration::from_secs(2);
/// An emergency stop that is not confirmed within this time is followed by a reset of the board.
const STOP_TIME: Duration = Duration::from_millis(1_500);
/// Room that is made above the print while it is paused or after it was canceled, mm.
const PARK_LIFT_MM: f64 = 5.0;
const PARK_RETRACT_MM: f64 = 2.0;

/// What went wrong with a connection.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MachineError {
    #[error("cannot open {port}: {reason}")]
    Open { port: String, reason: String },
    #[error("{0}")]
    NoMachine(NotUnderstood),
    #[error("the connection to {port} broke: {reason}")]
    Broken { port: String, reason: String },
    #[error("{0}")]
    Protocol(#[from] Failure),
    #[error("the emergency stop was sent; reset the machine and connect again")]
    Stopped,
    #[error("the machine did not confirm the emergency stop: cut its power now")]
    StopNotConfirmed,
    #[error("the system cannot start a thread for the machine: {0}")]
    NoThread(String),
}

/// What keeps a connection from coming about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    pub port: String,
    pub baud: u32,
    /// Something is heard, but nothing that makes sense.
    pub noise: bool,
}

impl std::fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { port, baud, noise } = self;
        if *noise {
            write!(
                f,
                "what comes from {port} makes no sense at {baud} baud; try another rate (115200 and 250000 are usual)"
            )
        } else {
            write!(
                f,
                "no answer from the machine on {port} at {baud} baud; check that it is switched on, the cable, and the baud \
                 rate (115200 and 250000 are usual)"
            )
        }
    }
}

/// How to talk.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionOptions {
    pub patience: Patience,
}

/// What the machine is doing, as far as this side knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Connecting,
    Idle,
    Printing,
    /// Waiting for the last line sent before the pause.
    Pausing,
    Paused,
    /// Waiting for the last line sent, then switching everything off.
    Canceling,
    /// The port is closed: [`Status::error`] says why, if it was not on request.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Sent,
    Received,
}

/// One line of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// Counts all lines of the session, so that a reader knows what is new.
    pub index: u64,
    pub direction: Direction,
    pub text: String,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq)]
pub struct JobStatus {
    pub name: String,
    pub total_lines: usize,
    pub sent_lines: usize,
    pub started: Instant,
    /// When it ended, and whether it was finished (`true`) or canceled or broken off.
    pub ended: Option<(Instant, bool)>,
}

/// Everything that a window or a command shows of a session.
#[derive(Clone, Debug, Default)]
pub struct Status {
    pub state: State,
    pub firmware: Option<String>,
    pub temperatures: Temperatures,
    /// Seconds since the session began, with what was reported then; the newest last.
    pub temperature_log: VecDeque<(f64, Temperatures)>,
    pub job: Option<JobStatus>,
    pub console: VecDeque<ConsoleLine>,
    /// What was wrong last and did not end the session, in words for the person.
    pub complaint: Option<String>,
    /// Lines that had to be sent again.
    pub resent: u64,
    pub error: Option<MachineError>,
}

/// What a session can be told to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Sends one command of the person's own. It must not hold line breaks or `*`; only its first line is sent.
    Send(String),
    Start(Job),
    Pause,
    Resume,
    /// Ends the job: no further line of it is sent, heaters, fan and motors go off.
    Cancel,
    /// Stops at once; the machine has to be reset afterwards.
    EmergencyStop,
    Close,
}

/// A connection to a machine. Dropping it closes the port.
pub struct Session {
    commands: Sender<Command>,
    status: Arc<Mutex<Status>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Session {
    /// Opens a port and greets the machine on a thread of its own. `wake` is called from that thread whenever the
    /// status has changed.
    ///
    /// Fails when the port cannot be opened; what happens later is in the status.
    pub fn open(
        path: &str,
        baud: u32,
        options: SessionOptions,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, MachineError> {
        let port = Port::open(path, baud)
            .map_err(|e| MachineError::Open { port: path.to_owned(), reason: explain_open(&e) })?;
        let status = Arc::new(Mutex::new(Status::default()));
        let (commands, inbox) = channel();
        let mut worker = Worker {
            path: path.to_owned(),
            baud,
            remark: options.patience.remark,
            port,
            engine: Engine::new(options.patience),
            inbox,
            status: status.clone(),
            wake: Box::new(wake),
            began: Instant::now(),
            state: State::Connecting,
            own: VecDeque::new(),
            job: None,
            modal: Modal::default(),
            auto_report: false,
            last_report: Instant::now(),
            is_silent: false,
            console_index: 0,
        };
        let thread = std::thread::Builder::new()
            .name("machine".into())
            .spawn(move || worker.run())
            .map_err(|e| MachineError::NoThread(e.to_string()))?;
        Ok(Self { commands, status, thread: Some(thread) })
    }

    /// Tells the session what to do. Nothing happens when it has ended.
    pub fn send(&self, command: Command) {
        // The thread is gone only when the session has ended, and then the status says so.
        let _ = self.commands.send(command);
    }

    /// The status as it is now. Hold it only briefly: the session waits for it.
    pub fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.send(Command::Close);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported by it.
            let _ = thread.join();
        }
    }
}

fn explain_open(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such port, or another program uses it".into(),
        std::io::ErrorKind::PermissionDenied => {
            "permission denied; add yourself to the group \"dialout\" and log in again".into()
        }
        _ => error.to_string(),
    }
}

/// What the job has set so far, so that a pause can put it back.
#[derive(Clone, Debug, Default)]
struct Modal {
    relative: bool,
    relative_e: bool,
    feed: Option<String>,
    z_mm: Option<f64>,
    /// The chamber is heated.
    chamber: bool,
    /// A fan beside the part's own turns.
    second_fan: bool,
}

impl Modal {
    fn note(&mut self, command: &str) {
        let mut words = command.split_ascii_whitespace();
        match words.next() {
            Some("G90") => (self.relative, self.relative_e) = (false, false),
            Some("G91") => (self.relative, self.relative_e) = (true, true),
            Some("M82") => self.relative_e = false,
            Some("M83") => self.relative_e = true,
            Some("G28") => self.z_mm = None,
            Some("M141" | "M191") => self.chamber = words.filter_map(above_zero).any(|on| on),
            Some("M106") if words.clone().any(|word| word == "P2") => {
                self.second_fan = words.find_map(above_zero).unwrap_or(true);
            }
            Some("G0" | "G1" | "G2" | "G3") => {
                for word in words {
                    if let Some(feed) = word.strip_prefix('F') {
                        self.feed = Some(feed.to_owned());
                    } else if let Some(z) = word.strip_prefix('Z').and_then(|z| z.parse().ok()) {
                        self.z_mm = if self.relative { self.z_mm.map(|before| before + z) } else { Some(z) };
                    }
                }
            }
            _ => {}
        }
    }

    /// Switches off what is hot and turns.
    fn cool(&self) -> impl Iterator<Item = String> {
        let also = [(self.chamber, "M141 S0"), (self.second_fan, "M106 P2 S0")];
        let also = also.into_iter().filter_map(|(is_on, off)| is_on.then_some(off));
        ["M104 S0", "M140 S0", "M107"].into_iter().chain(also).map(String::from)
    }

    /// Draws back and lifts, so that the nozzle does not melt the print while it waits.
    fn park(&self) -> Vec<String> {
        vec![
            "G91".into(),
            "M83".into(),
            format!("G1 E-{PARK_RETRACT_MM} F1800"),
            format!("G1 Z{PARK_LIFT_MM} F600"),
            "G90".into(),
        ]
    }

    /// Undoes [`Modal::park`] and everything that it changed.
    fn unpark(&self) -> Vec<String> {
        let mut lines = match self.z_mm {
            // Absolute, since a machine near its top may not have lifted all the way.
            Some(z) => vec!["G90".into(), format!("G1 Z{z:.3} F600"), "M83".into()],
            None => vec!["G91".into(), format!("G1 Z-{PARK_LIFT_MM} F600"), "M83".into()],
        };
        lines.push(format!("G1 E{PARK_RETRACT_MM} F1800"));
        lines.push(if self.relative { "G91" } else { "G90" }.into());
        lines.push(if self.relative_e { "M83" } else { "M82" }.into());
        lines.extend(self.feed.iter().map(|feed| format!("G1 F{feed}")));
        lines
    }
}

/// Whether a command's word is a target above zero, if it is a target.
fn above_zero(word: &str) -> Option<bool> {
    word.strip_prefix(['S', 'R'])?.parse().ok().map(|target: f64| target > 0.0)
}

struct Running {
    job: Job,
    /// Where in the job's bytes the next line begins.
    at: usize,
    /// The job's own lines are all sent.
    exhausted: bool,
}

/// Everything that the session's thread owns.
struct Worker {
    path: String,
    baud: u32,
    /// Without any answer for this long after opening, the person is told what to look at meanwhile.
    remark: Duration,
    port: Port,
    engine: Engine,
    inbox: Receiver<Command>,
    status: Arc<Mutex<Status>>,
    wake: Box<dyn Fn() + Send>,
    began: Instant,
    state: State,
    /// Commands of this side's own, sent before the job's.
    own: VecDeque<String>,
    job: Option<Running>,
    modal: Modal,
    auto_report: bool,
    last_report: Instant,
    /// The complaint is that the machine is silent, and goes away when it is not.
    is_silent: bool,
    console_index: u64,
}

impl Worker {
    fn run(&mut self) {
        let error = self.connect().and_then(|connected| if connected { self.serve() } else { Ok(()) }).err();
        if let Some(MachineError::Protocol(_)) = &error {
            // Whatever still listens shall at least cool down. Un-numbered, since numbering is what failed.
            let off: Vec<String> = self.modal.cool().collect();
            let _ = self.port.write(&format!("\n{}\n", off.join("\n")));
        }
        self.end_job(false);
        self.update(|status| {
            status.state = State::Closed;
            status.error = error;
        });
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status());
        (self.wake)();
    }

    fn set_state(&mut self, state: State) {
        self.state = state;
        self.update(|status| status.state = state);
    }

    fn broken(&self, error: &std::io::Error) -> MachineError {
        MachineError::Broken { port: self.path.clone(), reason: error.to_string() }
    }

    /// Waits for the machine to wake up, then makes it count lines from 0 and asks what it is. Returns `false` when it
    /// was told to close before that.
    fn connect(&mut self) -> Result<bool, MachineError> {
        let opened = Instant::now();
        let mut greeted = false;
        let mut obstacle = NotUnderstood { port: self.path.clone(), baud: self.baud, noise: false };
        while !(greeted && self.engine.is_settled()) {
            let now = Instant::now();
            if now > opened + CONNECT_TIME {
                return Err(MachineError::NoMachine(obstacle));
            }
            if now > opened + self.remark && !self.is_silent {
                self.is_silent = true;
                self.complain(format!("still waiting: {obstacle}"));
            }
            match self.inbox.try_recv() {
                Ok(Command::Close) => return Ok(false),
                Ok(Command::EmergencyStop) => return self.emergency_stop().map(|()| false),
                Ok(_) => self.complain("the machine is not connected yet; try again when it is".into()),
                Err(_) => {}
            }
            let mut started = false;
            if let Some(line) = self.read()? {
                let reply = reply::parse(&line);
                started = reply == Reply::Start;
                // At a wrong rate the bits fall together to bytes that no firmware sends.
                obstacle.noise |= line.contains(|c: char| c == '\u{fffd}' || (c.is_control() && c != '\t'));
                if !started && greeted {
                    self.engine.on_reply(&reply, now)?;
                }
            }
            if started || (!greeted && now > opened + BOOT_TIME) {
                let opening = self.engine.opening(now);
                self.write(&opening)?;
                greeted = true;
            }
            if greeted && let Some(text) = self.engine.next_write(now, &mut || None)? {
                self.write(&text)?;
            }
        }
        self.greet();
        self.is_heard();
        self.set_state(State::Idle);
        Ok(true)
    }

    /// Asks what the machine is, and for signs of life and temperatures.
    fn greet(&mut self) {
        self.auto_report = false;
        self.own = ["M115", "M113 S2", "M105"].map(String::from).into();
    }

    /// Says once that the machine owes an answer for longer than it should.
    fn remark_on_silence(&mut self, now: Instant) {
        match self.engine.silence(now) {
            Some(silence) if !self.is_silent => {
                self.is_silent = true;
                self.complain(format!(
                    "no answer from the machine on {} for {} s; check its power and the cable",
                    self.path,
                    silence.as_secs()
                ));
            }
            Some(_) => {}
            None => self.is_heard(),
        }
    }

    /// Takes back the complaint that the machine is silent.
    fn is_heard(&mut self) {
        if std::mem::take(&mut self.is_silent) {
            self.update(|status| status.complaint = None);
        }
    }

    fn complain(&self, complaint: String) {
        self.update(|status| status.complaint = Some(complaint));
    }

    /// Runs until told to close or until something fails.
    fn serve(&mut self) -> Result<(), MachineError> {
        loop {
            // While nothing goes on, sleeping on the inbox keeps the thread idle between reports.
            let command = if self.state == State::Idle && self.engine.is_settled() && self.own.is_empty() {
                match self.inbox.recv_timeout(Duration::from_millis(50)) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            } else {
                self.inbox.try_recv().ok()
            };
            match command {
                Some(Command::Close) => return Ok(()),
                Some(Command::EmergencyStop) => return self.emergency_stop(),
                Some(command) => self.obey(command)?,
                None => {}
            }
            if let Some(line) = self.read()? {
                self.hear(&line)?;
            }
            let now = Instant::now();
            // Where reports that come by themselves stay away, asking tells whether the machine is still there.
            let patience = if self.auto_report { 3 * REPORT_INTERVAL } else { REPORT_INTERVAL };
            if now > self.last_report + patience && self.own.is_empty() {
                self.last_report = now;
                self.own.push_back("M105".into());
            }
            self.talk(now)?;
            self.remark_on_silence(now);
            self.settle();
        }
    }

    fn read(&mut self) -> Result<Option<String>, MachineError> {
        let line = self.port.read_line().map_err(|e| self.broken(&e))?;
        if let Some(text) = line.as_ref().filter(|text| !text.is_empty()) {
            self.log(Direction::Received, text);
        }
        Ok(line)
    }

    fn write(&mut self, text: &str) -> Result<(), MachineError> {
        self.port.write(text).map_err(|e| self.broken(&e))?;
        self.log(Direction::Sent, text.trim());
        Ok(())
    }

    fn log(&mut self, direction: Direction, text: &str) {
        self.console_index += 1;
        let line = ConsoleLine { index: self.console_index, direction, text: text.to_owned() };
        let mut status = self.status();
        if status.console.len() == CONSOLE_LINES {
            status.console.pop_front();
        }
        status.console.push_back(line);
    }

    fn obey(&mut self, command: Command) -> Result<(), MachineError> {
        match command {
            Command::Send(text) => {
                let line = text.lines().next().unwrap_or("").trim();
                if line.contains('*') || !line.is_ascii() || line.len() + 16 > LONGEST_LINE {
                    let complaint = format!(
                        "\"{line}\" was not sent: a command is plain ASCII without * and at most 79 characters"
                    );
                    self.complain(complaint);
                } else if !line.is_empty() {
                    self.own.push_back(line.to_owned());
                }
            }
            Command::Start(job) if self.state == State::Idle => {
                self.engine.take_your_time();
                let status = JobStatus {
                    name: job.name().to_owned(),
                    total_lines: job.total_lines(),
                    sent_lines: 0,
                    started: Instant::now(),
                    ended: None,
                };
                self.modal = Modal::default();
                self.job = Some(Running { job, at: 0, exhausted: false });
                self.update(|s| {
                    s.job = Some(status);
                    s.complaint = None;
                });
                self.set_state(State::Printing);
            }
            Command::Start(job) => {
                let complaint = format!("{} was not started: the machine is not idle", job.name());
                self.complain(complaint);
            }
            Command::Pause if self.state == State::Printing => self.set_state(State::Pausing),
            Command::Resume if self.state == State::Paused => {
                self.own.extend(self.modal.unpark());
                self.set_state(State::Printing);
            }
            Command::Cancel if matches!(self.state, State::Printing | State::Pausing | State::Paused) => {
                if let Some(running) = &mut self.job {
                    running.exhausted = true;
                }
                self.engine.hurry(Instant::now());
                if self.engine.is_in_long_command() {
                    // Ends a wait for heat; un-numbered, so that the emergency parser sees it at once.
                    self.write("M108\n")?;
                }
                let lift = format!("G1 Z{PARK_LIFT_MM} F600");
                self.own = self.modal.cool().chain(["G91", &lift, "G90", "M84"].map(String::from)).collect();
                self.set_state(State::Canceling);
            }
            _ => {}
        }
        Ok(())
    }

    fn hear(&mut self, line: &str) -> Result<(), MachineError> {
        let now = Instant::now();
        let reply = reply::parse(line);
        match &reply {
            Reply::Ok { temperatures: Some(t), .. } | Reply::Temperatures(t) | Reply::Heating(t) => {
                let (at, t) = (self.began.elapsed().as_secs_f64(), *t);
                self.last_report = now;
                self.update(|status| {
                    status.temperatures = t;
                    if status.temperature_log.len() == TEMPERATURE_SAMPLES {
                        status.temperature_log.pop_front();
                    }
                    status.temperature_log.push_back((at, t));
                });
            }
            Reply::Firmware { name } => self.update(|status| status.firmware = Some(name.clone())),
            Reply::Capability { name, enabled: true } if name == "AUTOREPORT_TEMP" => {
                self.auto_report = true;
                self.engine.expect_reports();
                self.own.push_back("M155 S2".into());
            }
            // Only what a person at the machine may ask for; a job can forge these lines.
            Reply::Action(action) => match action.as_str() {
                "pause" => self.obey(Command::Pause)?,
                "resume" => self.obey(Command::Resume)?,
                "cancel" => self.obey(Command::Cancel)?,
                _ => {}
            },
            Reply::Error(text) => {
                // Refused lines are sent again; nothing is wrong that a person could mend.
                let routine = ["checksum", "line number"].iter().any(|w| text.to_ascii_lowercase().contains(w));
                if !routine {
                    // What it says stays, and does not end with the silence before it.
                    self.is_silent = false;
                    self.complain(format!("the machine says: {text}"));
                }
            }
            _ => {}
        }
        match self.engine.on_reply(&reply, now) {
            Err(Failure::Restarted) if self.state == State::Idle => {
                // Somebody pressed reset while nothing was going on: greet it anew.
                let opening = self.engine.opening(now);
                self.greet();
                self.write(&opening)
            }
            other => other.map_err(MachineError::from),
        }
    }

    /// Writes what is due.
    fn talk(&mut self, now: Instant) -> Result<(), MachineError> {
        let (own, job, modal) = (&mut self.own, &mut self.job, &mut self.modal);
        let feeding = self.state == State::Printing;
        let mut of_job = false;
        let mut source = || {
            own.pop_front().or_else(|| {
                let running = job.as_mut().filter(|running| feeding && !running.exhausted)?;
                let Some(line) = job_lines(running.job.bytes().get(running.at..)?).next() else {
                    running.exhausted = true;
                    // The job is done when its motion is, not when its last line was taken.
                    return Some("M400".to_owned());
                };
                running.at += line.end_offset;
                let command = line.text.into_owned();
                modal.note(&command);
                of_job = true;
                Some(command)
            })
        };
        let written = self.engine.next_write(now, &mut source)?;
        if let Some(text) = written {
            self.write(&text)?;
            let resent = self.engine.resent();
            let mut status = self.status();
            status.resent = resent;
            if let Some(job) = status.job.as_mut().filter(|_| of_job) {
                job.sent_lines += 1;
            }
        }
        Ok(())
    }

    /// Changes of state that wait for everything sent to be acknowledged.
    fn settle(&mut self) {
        if !self.engine.is_settled() || !self.own.is_empty() {
            return;
        }
        match self.state {
            State::Printing if self.job.as_ref().is_some_and(|running| running.exhausted) => {
                self.end_job(true);
                self.set_state(State::Idle);
            }
            State::Pausing => {
                self.own.extend(self.modal.park());
                self.set_state(State::Paused);
            }
            State::Canceling => {
                self.end_job(false);
                self.set_state(State::Idle);
            }
            _ => {}
        }
    }

    fn end_job(&mut self, finished: bool) {
        if self.job.take().is_some() {
            self.update(|status| {
                if let Some(job) = &mut status.job {
                    job.ended = Some((Instant::now(), finished));
                }
            });
        }
    }

    fn emergency_stop(&mut self) -> Result<(), MachineError> {
        for attempt in 0..2 {
            if attempt == 1 {
                self.port.pulse_reset();
            }
            self.write("\nM112\n")?;
            let sent = Instant::now();
            while sent.elapsed() < STOP_TIME {
                if let Some(line) = self.read()?
                    && matches!(reply::parse(&line), Reply::Fatal(_) | Reply::Start)
                {
                    return Err(MachineError::Stopped);
                }
            }
        }
        Err(MachineError::StopNotConfirmed)
    }
}
