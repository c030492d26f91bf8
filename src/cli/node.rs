//! `fabbro node`: stands beside a machine and takes jobs from paired computers of the same network.

use std::collections::VecDeque;
use std::io::BufRead;
use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::serial::connect;
use super::target::Target;
use super::{Failure, interrupt, print, target, tell};
use crate::network::RemoteState;
use crate::network::address_book;
use crate::network::node::server::{JobRecord, Node, NodeEvent, NodeOptions};
use crate::progress::Progress;

#[derive(clap::Args)]
pub struct Args {
    /// The machine that stands here (see `fabbro machines`); its limits hold for every job
    #[arg(long)]
    machine: String,
    /// Its serial port, such as /dev/ttyUSB0
    #[arg(long)]
    port: String,
    /// Baud rate; the machine's own where it is not given
    #[arg(long)]
    baud: Option<u32>,
    /// What the node calls itself to others
    #[arg(long)]
    name: Option<String>,
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, default_value = "0.0.0.0:0")]
    listen: SocketAddr,
}

const HELP: &str = "\
yes, no           answer the question that is open
ticket            print a new ticket: it pairs one computer, within ten minutes
jobs              list the jobs of this node
cancel            cancel the job that is being printed
peers             list the paired computers
forget NAME       withdraw the right of a computer
quit              cancel what is being printed and end the node";

/// What the owner is asked.
enum Question {
    Pairing,
    Job(String),
}

/// A question with its words.
struct Asked {
    question: Question,
    words: String,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let Target { settings, limits, .. } = target::of_machine(&args.machine)?;
    let name = args.name.clone().unwrap_or_else(|| settings.printer_model.clone());
    let progress = Progress::new();
    interrupt::cancels(&progress);
    tell(format_args!("connecting to {} on {}", settings.printer_model, args.port));
    let machine = connect(&args.port, args.baud.unwrap_or(settings.baud_rate), &progress)?;
    let folder = address_book::folder()?.join("node");
    let (node, events) = Node::start(NodeOptions { name: name.clone(), folder, listen: args.listen, limits }, machine)?;
    let mut console = Console { node, questions: VecDeque::new(), shown: String::new(), is_mute: false };
    console.say(&format!("{name} is ready. Key: {}", console.node.public_key()));
    tell("Type \"help\" for what can be done here.");
    console.invite();

    let (lines, typed) = channel();
    // Reading blocks, so it has a thread of its own; the process ends without waiting for it.
    let reader = move || {
        for line in std::io::stdin().lock().lines() {
            let line = match line {
                Ok(line) => line,
                // Bytes that are no text are no words for a node.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => continue,
                Err(_) => break,
            };
            if lines.send(line).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().name("console".into()).spawn(reader)?;
    let mut console_open = true;
    while !progress.is_canceled() {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(event) => console.on_event(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        // A closed standard input (a service without a console) is no reason to end.
        while console_open {
            match typed.try_recv() {
                Ok(line) => {
                    if !console.on_line(line.trim()) {
                        return Ok(());
                    }
                }
                Err(std::sync::mpsc::TryRecvError::Empty) => break,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => console_open = false,
            }
        }
    }
    Ok(())
}

struct Console {
    node: Node,
    /// Open questions, the oldest first; only that one is on the screen, so that an answer cannot be about another.
    questions: VecDeque<Asked>,
    shown: String,
    /// Nobody reads standard output any more, or it cannot be written to.
    is_mute: bool,
}

impl Console {
    /// Writes a line for the owner. A node does not end because nobody hears it: where standard output takes no more, its
    /// lines go to standard error.
    fn say(&mut self, line: &str) {
        if !self.is_mute && let Err(failure) = print(&format!("{line}\n")) {
            self.is_mute = true;
            let why = match failure {
                Failure::CouldNot(text) | Failure::Usage(text) => text,
                Failure::ReaderGone => "nobody reads standard output any more".into(),
            };
            tell(format_args!("fabbro: {why}; the node goes on and speaks here"));
        }
        if self.is_mute {
            tell(line);
        }
    }

    fn invite(&mut self) {
        match self.node.invite() {
            Ok(ticket) => self.say(&format!("Ticket: {ticket}")),
            Err(error) => tell(format_args!("fabbro: no ticket could be made: {error}")),
        }
    }

    fn on_event(&mut self, event: NodeEvent) {
        match event {
            NodeEvent::PairingAsked { name, code } => {
                let words = format!("{name} wants to send jobs here. Does it show the code {code}? (yes or no)");
                self.ask(Question::Pairing, words);
            }
            NodeEvent::PairingEnded => self.withdraw(|question| matches!(question, Question::Pairing)),
            NodeEvent::JobChanged(job) => {
                let line = line_of(&job);
                if self.shown != line {
                    self.say(&line);
                    self.shown = line;
                }
                match &job.state {
                    RemoteState::WaitingForOwner => {
                        let words =
                            format!("{}: is the plate clear, and shall it be printed now? (yes or no)", job.name);
                        self.ask(Question::Job(job.id.clone()), words);
                    }
                    state if state.is_final() => {
                        self.withdraw(|question| matches!(question, Question::Job(id) if *id == job.id));
                    }
                    _ => {}
                }
            }
            NodeEvent::Resumed { job, received } => {
                self.say(&format!("{}: goes on where it stopped, at {received} of {} bytes", job.name, job.bytes));
            }
            NodeEvent::Trouble(text) => tell(format_args!("fabbro: {text}")),
        }
    }

    /// Does what was typed. Returns whether the node goes on.
    fn on_line(&mut self, line: &str) -> bool {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "yes" | "no" => self.answer(word == "yes"),
            "ticket" => self.invite(),
            "jobs" => {
                for job in self.node.jobs() {
                    self.say(&line_of(&job));
                }
            }
            "cancel" => {
                let running = |state: &RemoteState| {
                    matches!(state, RemoteState::Printing { .. } | RemoteState::Paused { .. })
                };
                match self.node.jobs().into_iter().find(|job| running(&job.state)) {
                    Some(job) => self.tell_error(self.node.cancel(&job.id)),
                    None => tell("nothing is being printed"),
                }
            }
            "peers" => {
                for peer in self.node.peers() {
                    self.say(&format!("{}  {}", peer.name, peer.key));
                }
            }
            "forget" => match self.node.forget(rest.trim()) {
                Ok(0) => tell(format_args!("no computer here is called \"{}\"", rest.trim())),
                Ok(_) => self.say(&format!("{} may not send jobs any more", rest.trim())),
                Err(error) => tell(format_args!("fabbro: {error}")),
            },
            "quit" => return false,
            "help" => self.say(HELP),
            other => tell(format_args!("\"{other}\" is none of the words known here; type \"help\" for them")),
        }
        true
    }

    fn ask(&mut self, question: Question, words: String) {
        self.questions.push_back(Asked { question, words });
        if self.questions.len() == 1 {
            self.show_question();
        }
    }

    /// Takes back questions that have answered themselves.
    fn withdraw(&mut self, which: impl Fn(&Question) -> bool) {
        let was_first = self.questions.front().is_some_and(|asked| which(&asked.question));
        self.questions.retain(|asked| !which(&asked.question));
        if was_first {
            self.show_question();
        }
    }

    fn show_question(&mut self) {
        if let Some(words) = self.questions.front().map(|asked| asked.words.clone()) {
            self.say(&words);
        }
    }

    fn answer(&mut self, yes: bool) {
        let Some(asked) = self.questions.pop_front() else {
            tell("there is no open question");
            return;
        };
        match &asked.question {
            Question::Pairing => {
                if !self.node.confirm_pairing(yes) {
                    tell("that computer has gone");
                } else if yes {
                    self.say("paired");
                }
            }
            Question::Job(id) => {
                let result = self.node.decide(id, yes);
                // Where it still waits, the question stays open.
                let waits = |job: &JobRecord| {
                    job.id == *id && job.state == RemoteState::WaitingForOwner
                };
                if result.is_err() && self.node.jobs().iter().any(waits) {
                    self.tell_error(result);
                    self.questions.push_front(asked);
                    return;
                }
                self.tell_error(result);
            }
        }
        self.show_question();
    }

    fn tell_error(&self, result: Result<(), crate::network::NetworkError>) {
        if let Err(error) = result {
            tell(format_args!("fabbro: {error}"));
        }
    }
}

/// A job and how it stands.
fn line_of(job: &JobRecord) -> String {
    format!("{} of {}: {}", job.name, job.peer.name, job.state)
}
