//! The streaming protocol of Marlin-type firmware, without input or output: replies and the time go in, bytes to write
//! come out. It promises that each line is executed once and in order, whatever the wire does.
//!
//! How it keeps that promise (facts measured on real firmware, `protocols.md` of the design notes):
//! - Every line is numbered and summed; a damaged or missing line makes the firmware ask with `Resend: N`.
//! - The `ok` after a `Resend` belongs to the line that failed. Some firmware never sends it, so it is assumed after
//!   half a second.
//! - A line is never sent again on a mere time-out. When an `ok` is overdue, a numbered `M105` asks: if the line before
//!   it was lost, the firmware answers with `Resend`, if only its `ok` was lost, the answer acknowledges both.
//! - Marlin 2.1 says nothing at all when a line arrives that it has already accepted, so silence after a line that was
//!   sent *again* means that it was accepted.
//! - A `Resend` whose number cannot be right (the number itself was damaged) resolves nothing; the probe will.
//! - Firmware that was heard to say `busy`, or to report temperatures by itself, does so every two seconds whatever it is
//!   working on, until a job tells it not to (`M113 S0`, `M155 S0`). From such a machine a quarter of a minute without a
//!   word means that it is gone; any other may be measuring its plate in silence for minutes, and has the time that its
//!   command may take.
//! - `ok` with temperatures answers a report that was asked for, one each.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::framing::framed;
pub use super::patience::Patience;
use super::patience::{Talk, Work};
use super::reply::{Reply, Temperatures};
use crate::gcode::lexer::{self, Code};

/// Lines kept for sending again. OctoPrint keeps 50.
const HISTORY: usize = 64;
/// Consecutive requests for the same line after which the connection is given up.
const MOST_REPEATS: u32 = 10;
/// Probes without any answer after which the connection is given up.
const MOST_PROBES: u32 = 6;
/// A machine that talks by itself less often than this, in seconds, is not missed when it does not.
const OFTEN_S: f64 = 5.0;
/// A heater that is further than this from its target is still on its way there, °C.
const REACHED_C: f32 = 2.0;
/// Longest line that Marlin takes, number and checksum included, ending excluded; longer ones loop for ever.
pub const LONGEST_LINE: usize = 95;

/// Why the engine gave up. Nothing more may be sent but an emergency stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the machine asked for line {line} {times} times and never accepted it; check the cable and the baud rate")]
    AskedTooOften { line: u32, times: u32 },
    #[error("the machine stopped answering; check its power and the cable, and connect again")]
    NoAnswer,
    #[error("the machine restarted by itself, so what it was doing is lost; check its power supply and connect again")]
    Restarted,
    #[error("the machine stopped with \"{0}\"; reset it and find the cause before printing again")]
    Fatal(String),
}

#[derive(Debug)]
struct InFlight {
    number: u32,
    is_report: bool,
    work: Work,
    again: bool,
    since: Instant,
}

/// One side of a connection: what was sent, what was acknowledged, what comes next.
#[derive(Debug)]
pub struct Engine {
    patience: Patience,
    /// Number of the next line that was never sent.
    next_number: u32,
    /// Number of the next line to send: below `next_number` while sending again.
    cursor: u32,
    /// Lines sent, the newest last, as they were framed.
    history: VecDeque<(u32, String)>,
    in_flight: VecDeque<InFlight>,
    /// A `Resend` came and its `ok` is still due: where to go on (`None` where its number was senseless) and since when.
    refused: Option<(Option<u32>, Instant)>,
    asked: Option<(u32, u32)>,
    probes: u32,
    resent: u64,
    /// When something was heard last, or since when something is owed after nothing was.
    quiet_since: Option<Instant>,
    /// The machine was told to report its temperatures by itself.
    reports: bool,
    /// It was heard to say `busy`, and to report by itself, since it was last told how often to.
    says_busy: bool,
    says_reports: bool,
    /// An `ok` came after the last line was sent.
    was_answered: bool,
    /// Reports that are taken for answered though no answer of their own came: it may still come.
    unanswered_reports: u32,
    /// The person waits for it to end.
    hurried: bool,
}

impl Engine {
    /// A connection on which nothing was sent yet. Its first line is number 1: [`Engine::opening`] goes before.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            next_number: 1,
            cursor: 1,
            history: VecDeque::new(),
            in_flight: VecDeque::new(),
            refused: None,
            asked: None,
            probes: 0,
            resent: 0,
            quiet_since: None,
            reports: false,
            says_busy: false,
            says_reports: false,
            was_answered: false,
            unanswered_reports: 0,
            hurried: false,
        }
    }

    /// The line that makes the firmware count from 0, with number and checksum, since old Marlin misreads it without.
    /// Also starts counting anew on this side; what was in flight is forgotten.
    pub fn opening(&mut self, now: Instant) -> String {
        *self = Self { resent: self.resent, ..Self::new(self.patience) };
        let line = framed(0, "M110 N0");
        self.history.push_back((0, line.clone()));
        self.launch(0, &line, false, now);
        format!("\n{line}\n")
    }

    /// Whether everything that was sent is acknowledged.
    pub fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && self.refused.is_none() && self.cursor == self.next_number
    }

    /// How many lines were sent again so far.
    pub fn resent(&self) -> u64 {
        self.resent
    }

    /// Whether the line that the machine is working on is one that may take minutes.
    pub fn is_in_long_command(&self) -> bool {
        self.in_flight.front().is_some_and(|line| line.work.is_long())
    }

    /// The machine will report its temperatures by itself from now on, so that such a report says nothing of the command
    /// that it is working on.
    pub fn expect_reports(&mut self) {
        self.reports = true;
    }

    /// The person does not want to wait any more: from now on the machine has no longer than one that talks while it works.
    pub fn hurry(&mut self, now: Instant) {
        self.hurried = true;
        self.quiet_since = Some(now);
    }

    /// Another job has begun: the machine has its usual time again.
    pub fn take_your_time(&mut self) {
        self.hurried = false;
    }

    /// Whether a long command is no excuse for silence.
    fn should_talk(&self) -> bool {
        self.says_busy || self.says_reports || self.hurried
    }

    /// How long the machine has owed an answer without a word, where that is longer than it should be.
    pub fn silence(&self, now: Instant) -> Option<Duration> {
        let quiet = now.saturating_duration_since(self.quiet_since()?);
        let usual = if self.should_talk() || !self.is_in_long_command() {
            self.patience.remark
        } else {
            self.patience.long_running
        };
        (quiet >= usual).then_some(quiet)
    }

    /// When the machine is taken for gone, if it says nothing until then.
    fn gone_at(&self) -> Option<Instant> {
        let work = self.in_flight.front()?.work;
        let patience = if self.should_talk() { Some(self.patience.quiet) } else { self.patience.silence_over(work) };
        Some(self.quiet_since()? + patience?)
    }

    fn quiet_since(&self) -> Option<Instant> {
        self.quiet_since.filter(|_| !self.in_flight.is_empty())
    }

    /// Takes in one reply.
    pub fn on_reply(&mut self, reply: &Reply, now: Instant) -> Result<(), Failure> {
        let result = self.take(reply, now);
        self.quiet_since = Some(now);
        result
    }

    fn take(&mut self, reply: &Reply, now: Instant) -> Result<(), Failure> {
        match reply {
            Reply::Ok { line, temperatures } => self.on_ok(*line, temperatures.is_some(), now),
            Reply::Resend(number) => self.on_resend(*number, now)?,
            Reply::Busy | Reply::Heating(_) => {
                self.says_busy |= *reply == Reply::Busy;
                for line in &mut self.in_flight {
                    line.since = now;
                }
                self.probes = 0;
            }
            Reply::Wait => {
                // The machine has nothing to do, so what we think is in flight is lost, or its ok is: ask at once.
                for line in &mut self.in_flight {
                    line.since = now.checked_sub(self.patience.long_running).unwrap_or(line.since);
                }
            }
            Reply::Start if !self.history.is_empty() => return Err(Failure::Restarted),
            Reply::Fatal(text) => return Err(Failure::Fatal(text.clone())),
            Reply::Temperatures(temperatures) if self.reports => {
                self.says_reports = true;
                // It comes whether or not the machine still works on anything, unless it says itself that it heats.
                if let Some(line) = self.in_flight.front_mut().filter(|line| line.work == Work::Heating) {
                    self.probes = 0;
                    if is_on_its_way(temperatures) {
                        line.since = now;
                    }
                }
            }
            _ => {
                if let Some(line) = self.in_flight.front_mut().filter(|line| line.work.is_long()) {
                    line.since = now;
                }
            }
        }
        Ok(())
    }

    fn on_ok(&mut self, number: Option<u32>, with_temperatures: bool, now: Instant) {
        if let Some((resume, _)) = self.refused.take() {
            self.resume(resume, now);
            return;
        }
        self.probes = 0;
        self.was_answered = true;
        let report = self.in_flight.iter().find(|line| line.is_report).filter(|_| with_temperatures);
        let through = match (number, report) {
            (Some(number), _) => number,
            // One each, since whoever asked several times is answered several times.
            (None, Some(report)) => report.number,
            (None, None) if with_temperatures && self.unanswered_reports > 0 => {
                self.unanswered_reports -= 1;
                return;
            }
            (None, None) => self.in_flight.front().map_or(0, |line| line.number),
        };
        while self.in_flight.front().is_some_and(|line| line.number <= through) {
            self.in_flight.pop_front();
            self.asked = None;
        }
        for line in &mut self.in_flight {
            line.since = now;
        }
    }

    fn on_resend(&mut self, number: u32, now: Instant) -> Result<(), Failure> {
        if matches!(self.refused, Some((Some(open), _)) if open == number) {
            // Further requests for the same line, one for each line that followed it on the wire.
            return Ok(());
        }
        let oldest = self.history.front().map_or(self.cursor, |(number, _)| *number);
        let sensible = (oldest..=self.cursor).contains(&number);
        if sensible {
            let times = match self.asked {
                Some((line, times)) if line == number => times + 1,
                _ => 1,
            };
            if times > MOST_REPEATS {
                return Err(Failure::AskedTooOften { line: number, times });
            }
            self.asked = Some((number, times));
        }
        self.probes = 0;
        self.refused = Some((sensible.then_some(number), now));
        Ok(())
    }

    /// Goes on after a refusal. Where the number made no sense nothing is known, and the probe will find out.
    fn resume(&mut self, at: Option<u32>, now: Instant) {
        match at {
            Some(number) => {
                self.in_flight.clear();
                self.cursor = number;
            }
            None => {
                for line in &mut self.in_flight {
                    line.since = now;
                }
            }
        }
    }

    /// What to write now, if anything; `source` gives the next command (without number, comment or ending) when a new
    /// one may go out. Call it after every reply and whenever [`Engine::deadline`] has passed.
    pub fn next_write(
        &mut self,
        now: Instant,
        source: &mut dyn FnMut() -> Option<String>,
    ) -> Result<Option<String>, Failure> {
        if self.gone_at().is_some_and(|gone| now >= gone) {
            return Err(Failure::NoAnswer);
        }
        if let Some((resume, since)) = self.refused {
            if now < since + self.patience.after_resend {
                return Ok(None);
            }
            self.refused = None;
            self.resume(resume, now);
        }
        if let Some(line) = self.in_flight.front() {
            if self.overdue(line).is_none_or(|overdue| now < overdue) {
                return Ok(None);
            }
            if line.again && self.in_flight.len() == 1 {
                // Nothing was said to a line sent again: it had been accepted before.
                self.in_flight.clear();
            } else if self.was_answered && self.in_flight.iter().all(|line| line.is_report) {
                // The machine answers, but not as often as it was asked. Should it not know of the last report, it will
                // ask for it when the next line comes.
                self.unanswered_reports += self.in_flight.len() as u32;
                self.in_flight.clear();
            } else {
                return self.probe(now).map(Some);
            }
        }
        if self.cursor < self.next_number {
            let number = self.cursor;
            if let Some((_, text)) = self.history.iter().find(|(n, _)| *n == number) {
                let text = text.clone();
                self.resent += 1;
                self.cursor += 1;
                self.launch(number, &text, true, now);
                return Ok(Some(format!("{text}\n")));
            }
        }
        let Some(command) = source() else { return Ok(None) };
        Ok(Some(self.send(&command, now)))
    }

    /// When the engine wants to be asked again though nothing arrived; `None` while it waits for nothing.
    pub fn deadline(&self) -> Option<Instant> {
        let after_resend = self.refused.map(|(_, since)| since + self.patience.after_resend);
        let due = after_resend.or_else(|| self.in_flight.front().and_then(|line| self.overdue(line)));
        due.into_iter().chain(self.gone_at()).min()
    }

    /// When a line's `ok` is overdue; `None` where asking any more would only fill the buffer of a machine that works for
    /// long, and [`Engine::gone_at`] decides.
    fn overdue(&self, line: &InFlight) -> Option<Instant> {
        if line.work.is_long() && self.probes >= MOST_PROBES {
            return None;
        }
        let patience = if line.work.is_long() { self.patience.long_running } else { self.patience.ordinary };
        // Each unanswered probe doubles the patience, so that a slow machine is not flooded.
        Some(line.since + patience * 2u32.pow(self.probes.min(3)))
    }

    /// Asks what became of the lines in flight. The bare line ending first pushes out a tail that was cut on the way.
    fn probe(&mut self, now: Instant) -> Result<String, Failure> {
        if self.probes >= MOST_PROBES {
            return Err(Failure::NoAnswer);
        }
        self.probes += 1;
        for line in &mut self.in_flight {
            line.since = now;
        }
        let text = self.send("M105", now);
        Ok(format!("\n{text}"))
    }

    fn send(&mut self, command: &str, now: Instant) -> String {
        let number = self.next_number;
        let text = framed(number, command);
        self.next_number += 1;
        self.cursor = self.next_number;
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back((number, text.clone()));
        self.launch(number, command, false, now);
        format!("{text}\n")
    }

    fn launch(&mut self, number: u32, text: &str, again: bool, now: Instant) {
        if self.in_flight.is_empty() {
            self.quiet_since = Some(now);
        }
        self.was_answered = false;
        let command = lexer::lex(text.as_bytes()).code;
        match Talk::of(&command) {
            Some(Talk::Busy(every_s)) => self.says_busy &= is_often(every_s),
            Some(Talk::Reports(every_s)) => {
                self.reports = every_s > 0.0;
                self.says_reports &= is_often(every_s);
            }
            None => {}
        }
        let is_report = matches!(command, Code::Letter { letter: b'M', number: 105, .. });
        self.in_flight.push_back(InFlight { number, is_report, work: Work::of(&command), again, since: now });
    }
}

/// Whether what is said every so many seconds is said often enough to be missed.
fn is_often(every_s: f64) -> bool {
    every_s > 0.0 && every_s <= OFTEN_S
}

/// Whether a heater is not yet where it shall be.
fn is_on_its_way(temperatures: &Temperatures) -> bool {
    [temperatures.nozzle, temperatures.bed]
        .into_iter()
        .flatten()
        .any(|heater| heater.target_c > 0.0 && (heater.actual_c - heater.target_c).abs() > REACHED_C)
}

#[cfg(test)]
mod tests;
