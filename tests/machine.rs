//! The session against a simulated machine behind a real pseudo-terminal.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fabbro::machine::engine::Patience;
use fabbro::machine::pty::Terminal;
use fabbro::machine::simulator::{Faults, Simulator};
use fabbro::machine::{Command, Job, MachineError, Session, SessionOptions, State, Status};
use fabbro::progress::Progress;
use fabbro::settings::Settings;
use fabbro::verify::{Limits, Policy};

/// A simulated machine on a terminal of its own, served until it is dropped.
struct Machine {
    path: String,
    executed: Arc<Mutex<Vec<String>>>,
    progress: Progress,
    thread: Option<std::thread::JoinHandle<Simulator>>,
}

impl Machine {
    fn start(faults: Faults, instant: bool, speed: f64) -> Self {
        let mut terminal = Terminal::open(None).unwrap();
        let path = terminal.path().to_str().unwrap().to_owned();
        let (executed, progress) = (Arc::new(Mutex::new(Vec::new())), Progress::new());
        let (record, running) = (executed.clone(), progress.clone());
        let thread = std::thread::spawn(move || {
            let mut machine = Simulator::new(faults, instant);
            let mut note = |line: &str| {
                record.lock().unwrap().push(line.to_owned());
                Ok(())
            };
            terminal.serve(&mut machine, speed, &running, &mut note).unwrap();
            machine
        });
        Self { path, executed, progress, thread: Some(thread) }
    }

    fn connect(&self) -> Session {
        self.connect_with(Patience::default())
    }

    fn connect_with(&self, patience: Patience) -> Session {
        // Short, since this machine answers at once: the times of real ones are tested in the engine.
        let patience = Patience { ordinary: Duration::from_millis(40), ..patience };
        let session = Session::open(&self.path, 115_200, SessionOptions { patience }, || {}).unwrap();
        wait(&session, |status| status.state == State::Idle && status.firmware.is_some());
        session
    }

    /// Stops the machine; what it executed without reports and settings, and the machine itself.
    fn stop(mut self) -> (Vec<String>, Simulator) {
        self.progress.cancel();
        let machine = self.thread.take().unwrap().join().unwrap();
        let executed = std::mem::take(&mut *self.executed.lock().unwrap());
        let own = ["M105", "M110", "M115", "M113", "M155"];
        (executed.into_iter().filter(|line| !own.iter().any(|o| line.starts_with(o))).collect(), machine)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

/// Waits until the status is as wanted; a minute is far more than any of these needs.
fn wait(session: &Session, wanted: impl Fn(&Status) -> bool) {
    let start = Instant::now();
    while !wanted(&session.status()) {
        assert!(start.elapsed() < Duration::from_secs(60), "still {:#?}", session.status());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A job that heats, prints `moves` short moves and switches everything off.
fn job(moves: usize) -> (Job, Vec<String>) {
    job_from(moves, &["M140 S60", "M104 S210", "M190 S60", "M109 S210", "G28", "G90", "M83", "G1 Z0.2 F600"])
}

/// The same with lines of its own to begin with.
fn job_from(moves: usize, start: &[&str]) -> (Job, Vec<String>) {
    let mut lines: Vec<String> = start.iter().map(|line| (*line).to_owned()).collect();
    for i in 0..moves {
        lines.push(format!("G1 X{}.{:03} Y{} E0.02 F1800", 50 + i % 100, i % 1_000, 50 + i / 100));
    }
    lines.extend(["M104 S0", "M140 S0", "M107", "M84"].map(String::from));
    let text = format!("; a comment\n\n{}\n", lines.join("\n"));
    let limits = Limits::from(&Settings::default());
    let (job, _) =
        Job::verified("part.gcode", text.into_bytes().into(), &limits, Policy::Own, &Progress::new()).unwrap();
    assert_eq!(job.total_lines(), lines.len());
    (job, lines)
}

/// Compares line by line, so that a failure names the first difference instead of printing both jobs.
fn assert_same(executed: &[String], expected: &[String]) {
    for (i, (done, wanted)) in executed.iter().zip(expected).enumerate() {
        assert_eq!(done, wanted, "line {i}");
    }
    assert_eq!(executed.len(), expected.len());
}

#[test]
fn a_job_arrives_whole_and_in_order_over_a_bad_wire() {
    let faults =
        Faults { corrupt: 0.01, lose_ok: 0.01, lose_line: 0.005, busy_storm: 0.02, seed: 11, ..Faults::default() };
    let machine = Machine::start(faults, true, 1.0);
    let session = machine.connect();
    let (job, mut lines) = job(3_000);
    session.send(Command::Start(job));
    wait(&session, |status| status.job.as_ref().is_some_and(|job| job.ended.is_some()));
    {
        let status = session.status();
        let job = status.job.as_ref().unwrap();
        assert!(job.ended.unwrap().1);
        assert_eq!(job.sent_lines, job.total_lines);
        assert!(status.resent > 0, "the wire was not bad");
    }
    drop(session);
    let (executed, simulator) = machine.stop();
    lines.push("M400".into());
    assert_same(&executed, &lines);
    assert!(simulator.is_safe());
}

#[test]
fn a_pause_lifts_the_nozzle_and_going_on_puts_everything_back() {
    let machine = Machine::start(Faults::default(), false, 400.0);
    let session = machine.connect();
    let (job, lines) = job(400);
    session.send(Command::Start(job));
    wait(&session, |status| status.job.as_ref().is_some_and(|job| job.sent_lines > 50));
    session.send(Command::Pause);
    wait(&session, |status| status.state == State::Paused);
    let sent = session.status().job.as_ref().unwrap().sent_lines;
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(session.status().job.as_ref().unwrap().sent_lines, sent, "a paused job sends nothing");
    session.send(Command::Resume);
    wait(&session, |status| status.job.as_ref().is_some_and(|job| job.ended.is_some()));
    drop(session);
    let (executed, _) = machine.stop();
    let lift = executed.iter().position(|line| line == "G1 Z5 F600").expect("no lift");
    let back = executed.iter().position(|line| line == "G1 Z0.200 F600").expect("no way back");
    let mut around = executed;
    assert_eq!(around[lift - 3..=lift + 1], ["G91", "M83", "G1 E-2 F1800", "G1 Z5 F600", "G90"]);
    assert_eq!(around[back + 1..back + 6], ["M83", "G1 E2 F1800", "G90", "M83", "G1 F1800"]);
    around.drain(lift - 3..back + 6);
    // Apart from the pause the job is the same.
    assert_same(&around[..lines.len()], &lines);
}

#[test]
fn canceling_while_heating_ends_the_wait_and_switches_everything_off() {
    let machine = Machine::start(Faults::default(), false, 1.0);
    let session = machine.connect();
    let start = [
        "M141 S50",
        "M106 P2 S128",
        "M140 S60",
        "M104 S210",
        "M190 S60",
        "M109 S210",
        "G28",
        "G90",
        "M83",
        "G1 Z0.2 F600",
    ];
    session.send(Command::Start(job_from(10, &start).0));
    // The bed would take half a minute.
    wait(&session, |status| status.job.as_ref().is_some_and(|job| job.sent_lines == 5));
    session.send(Command::Cancel);
    wait(&session, |status| status.state == State::Idle && status.job.as_ref().is_some_and(|job| job.ended.is_some()));
    assert!(!session.status().job.as_ref().unwrap().ended.unwrap().1);
    drop(session);
    let (executed, simulator) = machine.stop();
    assert!(simulator.is_safe());
    assert!(executed.iter().all(|line| !line.contains('E')), "nothing was extruded: {executed:?}");
}

#[test]
fn a_machine_that_restarts_by_itself_ends_the_job_with_a_clear_error() {
    let machine = Machine::start(Faults { restart_after: Some(100), ..Faults::default() }, true, 1.0);
    let session = machine.connect();
    session.send(Command::Start(job(500).0));
    wait(&session, |status| status.state == State::Closed);
    let error = session.status().error.clone().unwrap();
    assert!(matches!(error, MachineError::Protocol(_)) && error.to_string().contains("restarted"), "{error}");
    assert!(!session.status().job.as_ref().unwrap().ended.unwrap().1);
}

#[test]
fn a_machine_that_falls_silent_is_remarked_on_and_then_given_up() {
    let machine = Machine::start(Faults { mute_after: Some(60), ..Faults::default() }, true, 50.0);
    let patience =
        Patience { remark: Duration::from_millis(300), quiet: Duration::from_secs(2), ..Patience::default() };
    let session = machine.connect_with(patience);
    // It reports by itself, so that its silence says something even while it may home or heat.
    wait(&session, |status| status.console.iter().any(|line| line.text.starts_with(" T:")));
    let start = Instant::now();
    session.send(Command::Start(job(500).0));
    wait(&session, |status| {
        let said = format!("no answer from the machine on {}", machine.path);
        status.complaint.as_ref().is_some_and(|complaint| complaint.starts_with(&said))
    });
    assert_ne!(session.status().state, State::Closed, "a word comes before the end");
    wait(&session, |status| status.state == State::Closed);
    // Far sooner than a machine that never talks while it works: that one has a minute.
    assert!(start.elapsed() < Duration::from_secs(40));
    let error = session.status().error.clone().unwrap();
    assert!(error.to_string().contains("stopped answering"), "{error}");
}

#[test]
fn while_nothing_answers_a_person_is_told_what_to_look_at() {
    let silent = Terminal::open(None).unwrap();
    let path = silent.path().to_str().unwrap();
    let patience = Patience { remark: Duration::from_millis(100), ..Patience::default() };
    let session = Session::open(path, 115_200, SessionOptions { patience }, || {}).unwrap();
    wait(&session, |status| status.complaint.is_some());
    let status = session.status().clone();
    assert_eq!(status.state, State::Connecting);
    let said = status.complaint.unwrap();
    for word in [path, "115200 baud", "switched on", "cable", "baud rate"] {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn an_emergency_stop_is_confirmed_and_closes_the_session() {
    let machine = Machine::start(Faults::default(), false, 1.0);
    let session = machine.connect();
    session.send(Command::Start(job(10).0));
    session.send(Command::EmergencyStop);
    wait(&session, |status| status.state == State::Closed);
    assert_eq!(session.status().error, Some(MachineError::Stopped));
    drop(session);
    assert!(machine.stop().1.is_safe());
}

#[test]
fn a_port_that_does_not_exist_is_named() {
    let error = Session::open("/dev/no-such-port", 115_200, SessionOptions::default(), || {}).err().unwrap();
    assert!(error.to_string().starts_with("cannot open /dev/no-such-port:"), "{error}");
}

#[test]
fn a_session_that_is_closed_before_a_machine_answers_ends_at_once() {
    let silent = Terminal::open(None).unwrap();
    let session = Session::open(silent.path().to_str().unwrap(), 115_200, SessionOptions::default(), || {}).unwrap();
    let (ended, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(session);
        ended.send(()).unwrap();
    });
    heard.recv_timeout(Duration::from_secs(10)).expect("closing hangs");
}

#[test]
fn a_command_that_could_be_misread_is_not_sent() {
    let machine = Machine::start(Faults::default(), true, 1.0);
    let session = machine.connect();
    session.send(Command::Send("M117 100*2".into()));
    wait(&session, |status| status.complaint.as_ref().is_some_and(|c| c.contains("M117 100*2")));
    session.send(Command::Send("G28\nM112".into()));
    wait(&session, |status| status.console.iter().any(|line| line.text.contains("G28")));
    drop(session);
    assert_eq!(machine.stop().0, ["G28"], "only the first line is a command");
}

/// The same promise from the command line: two processes, a link to a pseudo-terminal, a bad wire.
#[test]
fn the_command_line_prints_over_a_bad_wire_and_each_line_is_executed_once() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let (port, log, file) = (folder.path().join("port"), folder.path().join("log"), folder.path().join("part.gcode"));
    let (job, mut lines) = job(700);
    std::fs::write(&file, job.bytes()).unwrap();
    let mut machine = Command::new(env!("CARGO_BIN_EXE_fabbro"))
        .args(["simulate-machine", "--instant", "--corrupt", "1", "--lose-ok", "1", "--busy-storm", "2", "--seed", "3"])
        .arg("--link")
        .arg(&port)
        .arg("--log")
        .arg(&log)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(machine.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready.trim_end(), port.to_str().unwrap());
    let print = Command::new(env!("CARGO_BIN_EXE_fabbro"))
        .args(["print", "--machine", "generic-220", "--port"])
        .arg(&port)
        .arg(&file)
        .output()
        .unwrap();
    machine.kill().unwrap();
    machine.wait().unwrap();
    let said = String::from_utf8(print.stderr).unwrap();
    assert!(print.status.success(), "{said}");
    assert!(print.stdout.is_empty(), "messages go to standard error");
    let resent: u64 = said.split("; ").nth(1).and_then(|s| s.split(' ').next()).unwrap().parse().unwrap();
    assert!(resent > 0, "the wire was not bad: {said}");
    let own = ["M105", "M110", "M115", "M113", "M155"];
    let log = std::fs::read_to_string(log).unwrap();
    let executed: Vec<String> =
        log.lines().filter(|line| !own.iter().any(|o| line.starts_with(o))).map(str::to_owned).collect();
    lines.push("M400".into());
    assert_same(&executed, &lines);
}
