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
//!   working on. From such a machine a quarter of a minute without a word means that it is gone; one that never did may be
//!   measuring its plate in silence for minutes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::framing::framed;
use super::reply::Reply;

/// Lines kept for sending again. OctoPrint keeps 50.
const HISTORY: usize = 64;
/// Consecutive requests for the same line after which the connection is given up.
const MOST_REPEATS: u32 = 10;
/// Probes without any answer after which the connection is given up.
const MOST_PROBES: u32 = 6;
/// Longest line that Marlin takes, number and checksum included, ending excluded; longer ones loop for ever.
pub const LONGEST_LINE: usize = 95;

/// Commands that may keep the firmware busy for minutes: waits, homing, measuring, heating, changes of filament. So may
/// tool changes and whatever is a macro of the machine's own.
const LONG_RUNNING: [&str; 23] = [
    "G4", "G28", "G29", "G30", "G32", "G33", "G34", "G80", "G425", "M0", "M1", "M48", "M98", "M109", "M116", "M190",
    "M191", "M226", "M303", "M400", "M600", "M701", "M702",
];

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// An `ok` of an ordinary line is overdue after this (a `busy` starts it again).
    pub ordinary: Duration,
    /// The same for commands that heat, home or wait; any line from the machine starts it again.
    pub long_running: Duration,
    /// An `ok` that should follow a `Resend` is assumed after this.
    pub after_resend: Duration,
    /// A machine that owes an answer and has been quiet for this long is worth a word to the person.
    pub remark: Duration,
    /// One that talks while it works and has been quiet for this long is gone.
    pub quiet: Duration,
    /// The same for one that was never heard to talk while it works; and while it works on what may take minutes.
    pub silent: Duration,
    pub silent_at_work: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ordinary: Duration::from_millis(1_500),
            long_running: Duration::from_secs(60),
            after_resend: Duration::from_millis(500),
            remark: Duration::from_secs(5),
            quiet: Duration::from_secs(15),
            silent: Duration::from_secs(60),
            silent_at_work: Duration::from_secs(900),
        }
    }
}

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
    long_running: bool,
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
    /// It was heard to say something while it worked.
    talks: bool,
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
            talks: false,
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
        self.in_flight.front().is_some_and(|line| line.long_running)
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
        self.talks || self.hurried
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
        let patience = match self.is_in_long_command() {
            _ if self.should_talk() => self.patience.quiet,
            true => self.patience.silent_at_work,
            false => self.patience.silent,
        };
        Some(self.quiet_since()? + patience)
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
                self.talks |= *reply == Reply::Busy;
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
            // It comes whether or not the machine still works on anything.
            Reply::Temperatures(_) if self.reports => self.talks = true,
            _ => {
                if let Some(line) = self.in_flight.front_mut().filter(|line| line.long_running) {
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
        let through = match number {
            Some(number) => number,
            None if with_temperatures && self.in_flight.iter().any(|line| line.is_report) => {
                self.in_flight.iter().filter(|line| line.is_report).map(|line| line.number).next_back().unwrap_or(0)
            }
            None => self.in_flight.front().map_or(0, |line| line.number),
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
            if now < self.overdue(line) {
                return Ok(None);
            }
            if line.again && self.in_flight.len() == 1 {
                // Nothing was said to a line sent again: it had been accepted before.
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
        let due = after_resend.or_else(|| self.in_flight.front().map(|line| self.overdue(line)));
        due.into_iter().chain(self.gone_at()).min()
    }

    fn overdue(&self, line: &InFlight) -> Instant {
        let patience = if line.long_running { self.patience.long_running } else { self.patience.ordinary };
        // Each unanswered probe doubles the patience, so that a slow machine is not flooded.
        line.since + patience * 2u32.pow(self.probes.min(3))
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
        let command = text.split(['*', ' ']).find(|word| !is_numbered(word, 'N')).unwrap_or_default();
        let is_macro = !command.starts_with(|c: char| is_numbered(command, c));
        let long_running = is_macro || is_numbered(command, 'T') || LONG_RUNNING.contains(&command);
        self.in_flight.push_back(InFlight { number, is_report: command == "M105", long_running, again, since: now });
    }
}

/// Whether a word is this letter and a number, as `G28` and `N12` are.
fn is_numbered(word: &str, letter: char) -> bool {
    word.strip_prefix(letter).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::reply::parse;
    use super::*;

    /// A conversation as a table: `<` the machine says, `>` the host must write, `+` milliseconds pass, `!` it gives up,
    /// `silent` and `still waiting` say whether that is remarked on, `reports` that the machine
    /// was told to report, `hurry` that the person cancels.
    fn check(script: &str) {
        let mut now = Instant::now();
        let mut engine = Engine::new(Patience {
            ordinary: Duration::from_millis(100),
            long_running: Duration::from_secs(1),
            after_resend: Duration::from_millis(50),
            remark: Duration::from_millis(400),
            quiet: Duration::from_millis(1_500),
            silent: Duration::from_secs(4),
            silent_at_work: Duration::from_secs(90),
        });
        let mut commands: VecDeque<String> = ["G1 X1", "G1 X2", "G28", "G1 X3", "G1 X4"].map(String::from).into();
        let mut failed = false;
        for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let (kind, rest) = line.split_at(1);
            let rest = rest.trim();
            match kind {
                "<" => failed |= engine.on_reply(&parse(rest), now).is_err(),
                "+" => now += Duration::from_millis(rest.parse().unwrap()),
                "r" => engine.expect_reports(),
                "h" => engine.hurry(now),
                "s" => assert_eq!(engine.silence(now).is_some(), rest == "ilent", "at {line:?} of\n{script}"),
                "!" => assert!(failed || engine.next_write(now, &mut || None).is_err(), "did not give up"),
                ">" => {
                    let wrote = engine.next_write(now, &mut || commands.pop_front()).unwrap();
                    let wrote = wrote.map_or(String::new(), |w| w.replace('\n', "|"));
                    let expected = if rest.is_empty() {
                        String::new()
                    } else {
                        let (number, command) = rest.trim_start_matches('|').split_once(' ').unwrap();
                        let bare = if rest.starts_with('|') { "|" } else { "" };
                        format!("{bare}{}|", framed(number.parse().unwrap(), command))
                    };
                    assert_eq!(wrote, expected, "at {line:?} of\n{script}");
                }
                _ => panic!("{line}"),
            }
        }
    }

    #[test]
    fn each_line_waits_for_the_ok_of_the_one_before() {
        check("> 1 G1 X1\n >\n < ok\n > 2 G1 X2\n < T:20 /0 B:20 /0\n >\n < ok N2 P15 B3\n > 3 G28");
    }

    #[test]
    fn a_refused_line_is_sent_again_once_and_its_own_ok_acknowledges_nothing_new() {
        check(
            "> 1 G1 X1
             < ok
             > 2 G1 X2
             < Error:checksum mismatch, Last Line: 1
             < Resend: 2
             >
             < ok
             > 2 G1 X2
             < ok
             > 3 G28",
        );
    }

    #[test]
    fn the_ok_after_a_resend_is_assumed_when_it_does_not_come() {
        check("> 1 G1 X1\n < Resend:1\n >\n + 49\n >\n + 2\n > 1 G1 X1\n < ok\n > 2 G1 X2");
    }

    #[test]
    fn a_lost_ok_is_asked_for_and_the_line_is_not_sent_again() {
        check("> 1 G1 X1\n + 99\n >\n + 2\n > |2 M105\n < ok T:20 /0 B:20 /0\n > 3 G1 X2");
    }

    #[test]
    fn a_late_ok_and_the_answer_of_the_probe_acknowledge_both() {
        check("> 1 G1 X1\n + 101\n > |2 M105\n < ok\n >\n < ok T:20 /0 B:20 /0\n > 3 G1 X2");
    }

    #[test]
    fn a_lost_line_is_found_by_the_probe_and_both_are_sent_in_order() {
        check(
            "> 1 G1 X1
             + 101
             > |2 M105
             < Error:Line Number is not Last Line Number+1, Last Line: 0
             < Resend: 1
             < ok
             > 1 G1 X1
             < ok
             > 2 M105
             < ok T:20 /0
             > 3 G1 X2",
        );
    }

    #[test]
    fn silence_after_a_line_sent_again_means_that_it_was_accepted() {
        check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < Resend: 1\n < ok\n > 1 G1 X1\n + 101\n > 2 G1 X2\n < ok\n > 3 G28");
    }

    #[test]
    fn a_damaged_resend_number_resolves_nothing_and_the_probe_does() {
        check(
            "> 1 G1 X1
             < Resend: 77
             < ok
             >
             + 101
             > |2 M105
             < Resend: 1
             < ok
             > 1 G1 X1
             < ok
             > 2 M105",
        );
    }

    #[test]
    fn a_request_for_the_line_that_comes_next_means_that_all_before_it_arrived() {
        check("> 1 G1 X1\n < Resend: 2\n < ok\n > 2 G1 X2");
    }

    #[test]
    fn busy_and_heating_reports_extend_the_wait() {
        check(
            "> 1 G1 X1\n + 90\n < echo:busy: processing\n + 90\n >\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 900\n < T:20 /0\n + 900\n >",
        );
    }

    #[test]
    fn a_machine_that_talks_while_it_works_is_soon_missed_and_one_that_never_did_is_given_time() {
        // It says `busy`: long work is no silence, silence is no long work.
        check(
            "> 1 G1 X1
             < ok
             > 2 G1 X2
             < echo:busy: processing
             < ok
             > 3 G28
             + 300
             still waiting
             < echo:busy: processing
             + 1400
             silent
             < echo:busy: processing
             + 1400
             > |4 M105
             + 101
             !",
        );
        // It reports by itself.
        check("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < T:20 /0\n < ok\n > 3 G28\n + 1400\n silent\n + 101\n !");
        // It was never heard to do either: it may home for long, and is asked what became of the line.
        check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 999\n still waiting\n >\n + 2\n silent\n > |4 M105");
        check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 89999\n > |4 M105\n + 2\n !");
    }

    #[test]
    fn whoever_cancels_does_not_wait_for_a_silent_machine() {
        check("> 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n + 50000\n > |4 M105\n hurry\n + 1499\n > \n + 2\n !");
    }

    #[test]
    fn reports_that_come_by_themselves_do_not_hide_a_lost_ok() {
        let report = "+ 600\n < T:20 /0 B:20 /0\n";
        check(&format!("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n {report} > \n {report} > |4 M105"));
        // While it heats, and says so, it is still working.
        let heats = "+ 600\n < T:20 /200 B:20 /0 W:?\n";
        check(&format!("reports\n > 1 G1 X1\n < ok\n > 2 G1 X2\n < ok\n > 3 G28\n {heats} > \n {heats} >"));
    }

    #[test]
    fn macros_and_tool_changes_may_take_long() {
        let mut engine = Engine::new(Patience::default());
        let now = Instant::now();
        for (command, long) in [
            ("G1 X10 Y5", false),
            ("M104 S200", false),
            ("G29", true),
            ("M109 S200", true),
            ("PRINT_START BED=60", true),
            ("T1", true),
        ] {
            engine.next_write(now, &mut || Some(command.into())).unwrap();
            assert_eq!(engine.is_in_long_command(), long, "{command}");
            engine.on_reply(&parse("ok"), now).unwrap();
        }
    }

    #[test]
    fn a_stale_numbered_ok_is_ignored() {
        check("> 1 G1 X1\n < ok N1\n > 2 G1 X2\n < ok N1\n >\n < ok N2\n > 3 G28");
    }

    #[test]
    fn it_gives_up_on_a_line_asked_for_without_end_on_silence_on_a_restart_and_on_a_halt() {
        let round = "< Resend: 1\n < ok\n > 1 G1 X1\n";
        check(&format!("> 1 G1 X1\n {} < Resend: 1\n !", round.repeat(10)));
        check(
            "> 1 G1 X1\n + 101\n > |2 M105\n + 201\n > |3 M105\n + 401\n > |4 M105\n + 801\n > |5 M105\n + 801\n > |6 M105\n + 801\n > |7 M105\n + 801\n !",
        );
        check("> 1 G1 X1\n < start\n !");
        check("> 1 G1 X1\n < Error:Printer halted. kill() called!\n !");
    }

    #[test]
    fn opening_numbers_the_first_line_zero() {
        let now = Instant::now();
        let mut engine = Engine::new(Patience::default());
        assert_eq!(engine.opening(now), "\nN0 M110 N0*125\n");
        assert!(!engine.is_settled());
        engine.on_reply(&parse("ok"), now).unwrap();
        assert!(engine.is_settled());
        assert!(engine.next_write(now, &mut || Some("M115".into())).unwrap().unwrap().starts_with("N1 M115*"));
    }
}
