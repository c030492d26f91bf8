//! A node and its senders, as real processes in a network of their own: loopback and nothing else.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const FABBRO: &str = env!("CARGO_BIN_EXE_fabbro");
/// Far more than anything here needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is killed when the test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A network namespace with nothing but loopback, alive as long as its keeper.
struct Loopback {
    keeper: Process,
    root: bool,
}

impl Loopback {
    fn new() -> Self {
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let mut command = Command::new("unshare");
        command.arg("--net");
        if !root {
            command.args(["--user", "--map-root-user"]);
        }
        // The keeper says when loopback is up, then waits for the end of its input.
        let mut child = command
            .args(["sh", "-c", "ip link set lo up && echo up && exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare is needed (package util-linux)");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "up\n", "no network namespace (ip is in package iproute2)");
        Self { keeper: Process(child), root }
    }

    /// `fabbro` within this network, keeping its keys in `folder`.
    fn fabbro(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.keeper.0.id().to_string(), "--net"]);
        if !self.root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(FABBRO).args(args).env("FABBRO_NETWORK_DIR", folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        crate::hears_ctrl_c(&mut command);
        command
    }
}

/// A running process whose lines can be waited for.
struct Talker {
    process: Process,
    lines: Receiver<String>,
    heard: Vec<String>,
    input: Option<ChildStdin>,
}

impl Talker {
    fn start(command: &mut Command) -> Self {
        Self::hear(command.spawn().unwrap())
    }

    /// Listens to what is still open of a process.
    fn hear(mut child: Child) -> Self {
        let (sender, lines) = channel();
        let out = child.stdout.take().map(|out| Box::new(out) as Box<dyn std::io::Read + Send>);
        let err = child.stderr.take().map(|err| Box::new(err) as Box<dyn std::io::Read + Send>);
        for stream in out.into_iter().chain(err) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let input = child.stdin.take();
        Self { process: Process(child), lines, heard: Vec::new(), input }
    }

    /// Waits for a line with this text in it.
    fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(100)) {
                self.heard.push(line.clone());
                if line.contains(text) {
                    return line;
                }
            }
        }
        panic!("no line with {text:?} came, only {:#?}", self.heard);
    }

    fn say(&mut self, text: &str) {
        writeln!(self.input.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Waits for the end: exit status and everything said.
    fn end(mut self) -> (i32, String) {
        let status = self.process.0.wait().unwrap();
        self.heard.extend(self.lines.iter());
        (status.code().unwrap_or(-1), self.heard.join("\n"))
    }
}

/// A simulated machine with a node beside it.
struct Workshop {
    _machine: Talker,
    node: Talker,
    ticket: String,
    log: PathBuf,
}

impl Workshop {
    fn open(network: &Loopback, folder: &Path) -> Self {
        let (machine, log, mut command) = Self::machine(network, folder);
        let mut node = Talker::start(&mut command);
        let ticket = node.wait_for("Ticket: ").trim_start_matches("Ticket: ").to_owned();
        Self { _machine: machine, node, ticket, log }
    }

    /// The machine, what it executes, and how a node beside it is started.
    fn machine(network: &Loopback, folder: &Path) -> (Talker, PathBuf, Command) {
        let (port, log) = (folder.join("port"), folder.join("executed.log"));
        let (port, log_text) = (port.to_str().unwrap(), log.to_str().unwrap());
        let simulate = ["simulate-machine", "--link", port, "--instant", "--log", log_text];
        let mut machine = Talker::start(&mut network.fabbro(folder, &simulate));
        machine.wait_for(port);
        let args =
            ["node", "--machine", "generic-220", "--port", port, "--name", "workshop", "--listen", "127.0.0.1:0"];
        let mut node = network.fabbro(&folder.join("node"), &args);
        node.stdin(Stdio::piped());
        let log = folder.join("executed.log");
        (machine, log, node)
    }

    /// What the machine executed of a job: without the session's own questions.
    fn executed(&self) -> Vec<String> {
        let own = ["M105", "M110", "M113", "M115", "M155", "M400"];
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| !own.iter().any(|o| line.starts_with(o))).map(str::to_owned).collect()
    }
}

/// A small job that prints a few lines, made `bytes` long by a comment, and its commands.
fn job(path: &Path, bytes: usize) -> Vec<String> {
    let mut lines: Vec<String> =
        ["G28", "G90", "M83", "M140 S60", "M190 S60", "M104 S210", "M109 S210", "G1 Z0.2 F600"]
            .map(String::from)
            .into();
    lines.extend((0..200).map(|i| format!("G1 X{} Y50 E0.05 F1800", 50 + i % 2 * 20)));
    lines.extend(["M104 S0", "M140 S0", "M107", "M84"].map(String::from));
    let mut text = lines.join("\n") + "\n";
    while text.len() < bytes {
        // Numbered, so that no two parts of the file are alike.
        text.push_str(&format!("; {:080}\n", text.len()));
    }
    std::fs::write(path, text).unwrap();
    lines
}

#[test]
fn a_job_survives_its_sender_and_is_printed_once_after_the_owners_yes() {
    let network = Loopback::new();
    let folder = tempfile::tempdir().unwrap();
    let mut workshop = Workshop::open(&network, folder.path());
    let file = folder.path().join("part.gcode");
    let lines = job(&file, 3_000_000);
    let (file, sender) = (file.to_str().unwrap(), folder.path().join("sender"));

    // The first time: pair, begin to send, be killed half way.
    let slow = ["send", file, "--machine", "generic-220", "--to", &workshop.ticket, "--limit-rate", "600000"];
    let mut first = Talker::start(&mut network.fabbro(&sender, &slow));
    let shown = first.wait_for("Code: ");
    let question = workshop.node.wait_for("wants to send jobs here");
    let code = question.split("code ").nth(1).unwrap().split('?').next().unwrap();
    assert!(shown.contains(code), "{shown:?} and {question:?} show different codes");
    workshop.node.say("yes");
    first.wait_for("paired with workshop");
    workshop.node.wait_for("sending, 0 of");
    std::thread::sleep(Duration::from_millis(2_500));
    drop(first);

    // The second time by name. It goes on where it stopped, and waits for the owner.
    let again = ["send", file, "--machine", "generic-220", "--to", "workshop"];
    let mut second = Talker::start(&mut network.fabbro(&sender, &again));
    let resumed = workshop.node.wait_for("goes on where it stopped");
    let at: u64 = resumed.split("at ").last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((300_000..2_900_000).contains(&at), "{resumed}");
    workshop.node.wait_for("shall it be printed now?");
    second.wait_for("waiting for the yes");
    assert_eq!(workshop.executed(), [""; 0], "nothing moves before the yes");
    workshop.node.say("yes");
    let (status, said) = second.end();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("finished"), "{said}");
    assert_eq!(workshop.executed(), lines);

    // The same file a third time: what the machine reports of the job before is not about this one.
    let third = Talker::start(&mut network.fabbro(&sender, &again));
    workshop.node.wait_for("shall it be printed now?");
    workshop.node.say("yes");
    let (status, said) = third.end();
    assert_eq!(status, 0, "{said}");
    assert_eq!(workshop.executed(), [lines.clone(), lines].concat());
    workshop.node.say("quit");
    assert_eq!(workshop.node.end().0, 0);
}

#[test]
fn a_node_refuses_unknown_keys_used_tickets_dangerous_jobs_and_what_its_owner_does_not_want() {
    let network = Loopback::new();
    let folder = tempfile::tempdir().unwrap();
    let mut workshop = Workshop::open(&network, folder.path());
    let file = folder.path().join("part.gcode");
    job(&file, 0);
    let file = file.to_str().unwrap();
    let send = |who: &str, what: &str, to: &str| {
        let args = ["send", what, "--machine", "generic-220", "--to", to];
        Talker::start(&mut network.fabbro(&folder.path().join(who), &args))
    };

    // The owner says no to a pairing; the ticket is used up by it.
    let refused = send("stranger", file, &workshop.ticket);
    workshop.node.wait_for("wants to send jobs here");
    workshop.node.say("no");
    let (status, said) = refused.end();
    assert!(status == 1 && said.contains("said no"), "{said}");
    let (status, said) = send("stranger", file, &workshop.ticket).end();
    assert!(status == 1 && said.contains("was used already"), "{said}");

    // A friend is paired.
    workshop.node.say("ticket");
    let ticket = workshop.node.wait_for("Ticket: ").trim_start_matches("Ticket: ").to_owned();
    let friend = send("friend", file, &ticket);
    workshop.node.wait_for("wants to send jobs here");
    workshop.node.say("yes");
    workshop.node.wait_for("shall it be printed now?");
    workshop.node.say("no");
    let (status, said) = friend.end();
    assert!(status == 1 && said.contains("the person at the machine said no"), "{said}");

    // A stranger who knows where the node is still has the wrong key.
    let book = "destinations.toml";
    std::fs::copy(folder.path().join("friend").join(book), folder.path().join("stranger").join(book)).unwrap();
    let (status, said) = send("stranger", file, "workshop").end();
    assert!(status == 1 && said.contains("does not know this computer"), "{said}");

    // The friend's job would write to the machine's memory: the sender passes it, the node does not.
    let evil = folder.path().join("evil.gcode");
    std::fs::write(&evil, std::fs::read_to_string(file).unwrap().replace("G28\n", "G28\nM502\nM500\n")).unwrap();
    let (status, said) = send("friend", evil.to_str().unwrap(), "workshop").end();
    assert!(status == 1 && said.contains("M50"), "{said}");

    // A friend no more.
    workshop.node.say("peers");
    let peer = workshop.node.wait_for("  ");
    let name = peer.split("  ").next().unwrap();
    workshop.node.say(&format!("forget {name}"));
    workshop.node.wait_for("may not send jobs any more");
    let (status, said) = send("friend", file, "workshop").end();
    assert!(status == 1 && said.contains("does not know this computer"), "{said}");
    assert_eq!(workshop.executed(), [""; 0], "nothing of all this was printed");
}

#[test]
fn a_node_goes_on_when_nobody_hears_it_and_a_sender_that_is_stopped_takes_its_offer_back() {
    let network = Loopback::new();
    let folder = tempfile::tempdir().unwrap();
    let (_machine, _, mut command) = Workshop::machine(&network, folder.path());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Ticket: ") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ends before it has a ticket");
    }
    // Whoever read it has gone.
    drop(out);
    let mut node = Talker::hear(child);
    node.say("ticket");
    node.wait_for("standard output any more; the node goes on");
    let ticket = node.wait_for("Ticket: ").trim_start_matches("Ticket: ").to_owned();

    let file = folder.path().join("part.gcode");
    job(&file, 3_000_000);
    let slow = ["send", file.to_str().unwrap(), "--machine", "generic-220", "--to", &ticket, "--limit-rate", "300000"];
    let sender = Talker::start(&mut network.fabbro(&folder.path().join("sender"), &slow));
    node.wait_for("wants to send jobs here");
    node.say("yes");
    node.wait_for("sending, 0 of");
    let pid = sender.process.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    node.wait_for(": canceled");
    let (status, said) = sender.end();
    assert!(status == 1 && said.contains("fabbro: canceled"), "{said}");
    node.say("quit");
    assert_eq!(node.end().0, 0);
}
