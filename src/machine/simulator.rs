//! A simulated machine that speaks the serial protocol of Marlin 2.1, for tests and classrooms.
//!
//! It is the far end of the wire without the wire: bytes and the time go in, bytes come out. It numbers and sums as
//! Marlin does (its answers were measured on the real one: `protocols.md` of the design notes), heats, moves, reports,
//! and keeps a record of every line that it executed. On request it misbehaves as real wires and machines do
//! ([`Faults`]). Pseudo-terminals and threads are not known here.

use std::collections::VecDeque;
use std::time::Duration;

use super::framing::{FrameError, unframed};
use crate::gcode::lexer::{self, Code, Value};

/// Moves that the planner holds; the next one waits for a place, as on a real board.
const PLANNER_BLOCKS: usize = 16;
/// While a command blocks, firmware says so this often.
const KEEPALIVE: Duration = Duration::from_secs(2);
const ROOM_C: f64 = 21.0;
/// Extrusion below this is prevented, as in Marlin.
const COLDEST_EXTRUSION_C: f64 = 170.0;

/// How the simulated machine misbehaves. Shares are 0 to 1 of the lines concerned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Lines in which one byte is damaged on the way.
    pub corrupt: f64,
    /// Lines that vanish on the way.
    pub lose_line: f64,
    /// `ok`s that vanish on the way back.
    pub lose_ok: f64,
    /// Lines that are answered by a storm of `busy` first.
    pub busy_storm: f64,
    /// `Resend` requests whose number is damaged.
    pub damage_resend: f64,
    /// The machine restarts by itself when it has executed this many lines.
    pub restart_after: Option<u64>,
    /// The machine says nothing any more when it has executed this many lines.
    pub mute_after: Option<u64>,
    /// Chooses which lines are hit; the same seed hits the same ones.
    pub seed: u64,
}

/// One heater: where it is and where it goes.
#[derive(Clone, Copy, Debug)]
struct Heater {
    actual_c: f64,
    target_c: f64,
    /// °C a second while it heats; it cools at a third of that.
    rate: f64,
}

impl Heater {
    fn advance(&mut self, seconds: f64) {
        let goal = self.target_c.max(ROOM_C);
        let step = if goal > self.actual_c { self.rate } else { self.rate / 3.0 } * seconds;
        self.actual_c += (goal - self.actual_c).clamp(-step, step);
    }

    fn is_there(&self) -> bool {
        (self.actual_c - self.target_c.max(ROOM_C)).abs() < 1.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Blocked {
    No,
    Until(Duration),
    Nozzle,
    Bed,
    /// A move waits for a place in the planner.
    Planner,
}

/// The machine. Times are since it was switched on.
pub struct Simulator {
    faults: Faults,
    /// Whether heating and moving take time; if not, everything is done at once.
    instant: bool,
    now: Duration,
    line: Vec<u8>,
    queue: VecDeque<String>,
    last_number: u32,
    blocked: Blocked,
    blocked_since: Duration,
    /// End times of the moves in the planner.
    planner: VecDeque<Duration>,
    nozzle: Heater,
    bed: Heater,
    fan: f64,
    second_fan: f64,
    /// Target of the chamber, °C; it is that warm at once.
    chamber_c: f64,
    position: [f64; 4],
    absolute: bool,
    absolute_e: bool,
    feed_mm_per_s: f64,
    report_every: Option<Duration>,
    last_report: Duration,
    halted: bool,
    executed: u64,
    record: Vec<String>,
    output: Vec<u8>,
    random: u64,
}

impl Simulator {
    /// A machine that was just switched on. Where `instant`, heating and moving take no time.
    pub fn new(faults: Faults, instant: bool) -> Self {
        let random = faults.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut machine = Self {
            faults,
            instant,
            now: Duration::ZERO,
            line: Vec::new(),
            queue: VecDeque::new(),
            last_number: 0,
            blocked: Blocked::No,
            blocked_since: Duration::ZERO,
            planner: VecDeque::new(),
            nozzle: Heater { actual_c: ROOM_C, target_c: 0.0, rate: 4.0 },
            bed: Heater { actual_c: ROOM_C, target_c: 0.0, rate: 1.5 },
            fan: 0.0,
            second_fan: 0.0,
            chamber_c: 0.0,
            position: [0.0; 4],
            absolute: true,
            absolute_e: true,
            feed_mm_per_s: 25.0,
            report_every: None,
            last_report: Duration::ZERO,
            halted: false,
            executed: 0,
            record: Vec::new(),
            output: Vec::new(),
            random,
        };
        machine.say("start\necho:Marlin 2.1.2 (simulated by Fabbro)");
        machine
    }

    /// Bytes that came over the wire.
    pub fn receive(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                let line = std::mem::take(&mut self.line);
                self.on_line(&line);
            } else if self.line.len() < 4 * super::engine::LONGEST_LINE {
                self.line.push(byte);
            }
        }
    }

    /// Lets the machine work until `now`.
    pub fn advance(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.now).as_secs_f64();
        self.now = self.now.max(now);
        if self.halted || self.is_mute() {
            return;
        }
        for heater in [&mut self.nozzle, &mut self.bed] {
            if self.instant {
                heater.actual_c = heater.target_c.max(ROOM_C);
            } else {
                heater.advance(seconds);
            }
        }
        while self.planner.front().is_some_and(|end| *end <= self.now) {
            self.planner.pop_front();
        }
        self.work();
        if let Some(every) = self.report_every
            && self.now >= self.last_report + every
        {
            self.last_report = self.now;
            let report = self.temperatures();
            self.say(&format!(" {report}"));
        }
    }

    /// What the machine has said since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// The commands executed since the last call, without number and checksum, in order.
    pub fn take_record(&mut self) -> Vec<String> {
        std::mem::take(&mut self.record)
    }

    /// Nozzle position in mm and the extruder's in mm of filament.
    pub fn position(&self) -> [f64; 4] {
        self.position
    }

    /// Whether nozzle, bed, chamber and fans are all switched off.
    pub fn is_safe(&self) -> bool {
        self.nozzle.target_c == 0.0
            && self.bed.target_c == 0.0
            && self.chamber_c == 0.0
            && self.fan + self.second_fan == 0.0
    }

    fn say(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
        self.output.push(b'\n');
    }

    fn ok(&mut self, answer: &str) {
        if !self.chance(self.faults.lose_ok) {
            self.say(format!("ok {answer}").trim_end());
        }
    }

    /// True for the given share of calls (xorshift, Marsaglia 2003).
    fn chance(&mut self, share: f64) -> bool {
        if share <= 0.0 {
            return false;
        }
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64 <= share
    }

    fn on_line(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.halted || self.is_mute() {
            return;
        }
        if self.chance(self.faults.lose_line) {
            return;
        }
        let mut bytes = bytes.to_vec();
        if self.chance(self.faults.corrupt) {
            let at = (self.random >> 20) as usize % bytes.len();
            bytes[at] ^= 0x04;
        }
        let line = String::from_utf8_lossy(&bytes).into_owned();
        // The emergency parser sees un-numbered commands at once, whatever is being worked on.
        match line.trim() {
            "M112" => return self.halt(),
            "M108" => {
                if matches!(self.blocked, Blocked::Nozzle | Blocked::Bed | Blocked::Until(_)) {
                    self.unblock("");
                }
                return self.ok("");
            }
            "M410" => {
                self.planner.clear();
                return self.ok("");
            }
            _ => {}
        }
        self.queue.push_back(line);
        self.work();
    }

    fn is_mute(&self) -> bool {
        self.faults.mute_after.is_some_and(|lines| self.executed >= lines)
    }

    fn halt(&mut self) {
        self.nozzle.target_c = 0.0;
        self.bed.target_c = 0.0;
        (self.fan, self.second_fan, self.chamber_c) = (0.0, 0.0, 0.0);
        self.planner.clear();
        self.queue.clear();
        self.record.push("M112".into());
        self.say("echo:M112 Shutdown\nError:Printer halted. kill() called!\n//action:poweroff");
        self.halted = true;
    }

    /// Executes what is queued until something blocks.
    fn work(&mut self) {
        loop {
            match self.blocked {
                Blocked::No => {}
                Blocked::Until(end) if end <= self.now => self.unblock(""),
                Blocked::Nozzle if self.nozzle.is_there() => self.unblock(""),
                Blocked::Bed if self.bed.is_there() => self.unblock(""),
                Blocked::Planner if self.planner.len() <= PLANNER_BLOCKS => self.unblock(""),
                waiting => {
                    if self.now >= self.blocked_since + KEEPALIVE {
                        self.blocked_since = self.now;
                        if matches!(waiting, Blocked::Nozzle | Blocked::Bed) {
                            let report = self.temperatures();
                            self.say(&format!("{report} W:?"));
                        } else {
                            self.say("echo:busy: processing");
                        }
                    }
                    return;
                }
            }
            let Some(line) = self.queue.pop_front() else { return };
            self.take(&line);
            if self.halted || self.is_mute() {
                return;
            }
        }
    }

    fn block(&mut self, blocked: Blocked) {
        self.blocked = blocked;
        self.blocked_since = self.now;
    }

    fn unblock(&mut self, answer: &str) {
        self.blocked = Blocked::No;
        self.ok(answer);
    }

    fn refuse(&mut self, reason: &str) {
        let wanted = self.last_number.wrapping_add(1);
        let wanted = if self.chance(self.faults.damage_resend) { wanted * 10 + 7 } else { wanted };
        self.say(&format!("Error:{reason}, Last Line: {}\nResend: {wanted}", self.last_number));
        self.ok("");
    }

    /// Checks one line's frame and executes its command.
    fn take(&mut self, line: &str) {
        let (number, command) = match unframed(line) {
            Ok(parts) => parts,
            Err(FrameError::ChecksumMismatch) => return self.refuse("checksum mismatch"),
            Err(FrameError::NoChecksum) => return self.refuse("No Checksum with line number"),
        };
        let command = command.to_owned();
        if let Some(number) = number {
            let sets_number = command.starts_with("M110");
            if !sets_number && number != self.last_number.wrapping_add(1) {
                // Marlin 2.1 drops what it has accepted already, without a word.
                if number == self.last_number || number.wrapping_add(1) == self.last_number {
                    return;
                }
                return self.refuse("Line Number is not Last Line Number+1");
            }
            self.last_number = number;
        }
        if self.faults.restart_after.is_some_and(|lines| self.executed >= lines) {
            self.restart();
            return;
        }
        if self.chance(self.faults.busy_storm) {
            for _ in 0..20 {
                self.say("echo:busy: processing");
            }
        }
        self.executed += 1;
        self.execute(&command);
    }

    fn restart(&mut self) {
        let faults = Faults { restart_after: None, ..self.faults.clone() };
        let record = std::mem::take(&mut self.record);
        *self =
            Self { now: self.now, record, output: std::mem::take(&mut self.output), ..Self::new(faults, self.instant) };
        self.say("start");
    }

    fn execute(&mut self, command: &str) {
        let line = lexer::lex(command.as_bytes());
        let Code::Letter { letter, number, params, .. } = line.code else {
            if line.code != Code::Empty {
                self.say(&format!("echo:Unknown command: \"{command}\""));
            }
            return self.ok("");
        };
        self.record.push(command.to_owned());
        let value = |wanted: u8| {
            lexer::words(params).find(|word| word.letter == wanted).and_then(|word| match word.value {
                Value::Number(number) => Some(number),
                Value::Missing | Value::Malformed => None,
            })
        };
        match (letter, number) {
            (b'G', 0..=3) => return self.travel(&value),
            (b'G', 4) => {
                let seconds = value(b'S').or(value(b'P').map(|ms| ms / 1000.0)).unwrap_or(0.0);
                return self.wait(seconds.clamp(0.0, 3_600.0));
            }
            (b'G', 28) => {
                let any = lexer::words(params).any(|w| matches!(w.letter, b'X' | b'Y' | b'Z'));
                for (axis, letter) in b"XYZ".iter().enumerate() {
                    if !any || lexer::words(params).any(|w| w.letter == *letter) {
                        self.position[axis] = 0.0;
                    }
                }
                return self.wait(6.0);
            }
            (b'G', 29) => return self.wait(20.0),
            (b'G', 90 | 91) => {
                self.absolute = number == 90;
                self.absolute_e = self.absolute;
            }
            (b'G', 92) => {
                for (axis, letter) in b"XYZE".iter().enumerate() {
                    if let Some(place) = value(*letter) {
                        self.position[axis] = place;
                    }
                }
            }
            (b'M', 82) => self.absolute_e = true,
            (b'M', 83) => self.absolute_e = false,
            (b'M', 104 | 109) => {
                self.nozzle.target_c = value(b'S').or(value(b'R')).unwrap_or(self.nozzle.target_c);
                if number == 109 && !self.instant {
                    return self.block(Blocked::Nozzle);
                }
            }
            (b'M', 140 | 190) => {
                self.bed.target_c = value(b'S').or(value(b'R')).unwrap_or(self.bed.target_c);
                if number == 190 && !self.instant {
                    return self.block(Blocked::Bed);
                }
            }
            (b'M', 105) => {
                let report = self.temperatures();
                return self.ok(&report);
            }
            (b'M', 141 | 191) => self.chamber_c = value(b'S').or(value(b'R')).unwrap_or(self.chamber_c),
            (b'M', 106) if value(b'P') == Some(2.0) => self.second_fan = value(b'S').unwrap_or(255.0) / 255.0,
            (b'M', 106) => self.fan = value(b'S').unwrap_or(255.0) / 255.0,
            (b'M', 107) => self.fan = 0.0,
            (b'M', 114) => {
                let [x, y, z, e] = self.position;
                self.say(&format!("X:{x:.2} Y:{y:.2} Z:{z:.2} E:{e:.2} Count X:0 Y:0 Z:0"));
            }
            (b'M', 115) => self.say(
                "FIRMWARE_NAME:Marlin 2.1.2 (simulated by Fabbro) PROTOCOL_VERSION:1.0 MACHINE_TYPE:Simulated \
                 EXTRUDER_COUNT:1\nCap:AUTOREPORT_TEMP:1\nCap:EMERGENCY_PARSER:1",
            ),
            (b'M', 155) => {
                let seconds = value(b'S').unwrap_or(0.0).clamp(0.0, 60.0);
                self.report_every = (seconds > 0.0).then(|| Duration::from_secs_f64(seconds));
                self.last_report = self.now;
            }
            (b'M', 400) => {
                if let Some(end) = self.planner.back().copied() {
                    return self.block(Blocked::Until(end));
                }
            }
            // Accepted and of no consequence here: settings, motors, messages, progress.
            (b'M', 17 | 18 | 73 | 75..=77 | 84 | 110 | 113 | 117 | 201..=205 | 220 | 221 | 486 | 862 | 900) => {}
            (b'G', 10 | 11 | 17 | 21) | (b'T', _) => {}
            _ => self.say(&format!("echo:Unknown command: \"{command}\"")),
        }
        self.ok("");
    }

    fn wait(&mut self, seconds: f64) {
        if self.instant {
            return self.ok("");
        }
        let start = self.planner.back().copied().unwrap_or(self.now).max(self.now);
        self.block(Blocked::Until(start + Duration::from_secs_f64(seconds)));
    }

    fn travel(&mut self, value: &dyn Fn(u8) -> Option<f64>) {
        if let Some(feed) = value(b'F').filter(|f| *f > 0.0) {
            self.feed_mm_per_s = crate::units::mm_per_s(feed);
        }
        let before = self.position;
        for (axis, letter) in b"XYZE".iter().enumerate() {
            let Some(place) = value(*letter) else { continue };
            let absolute = if axis == 3 { self.absolute_e } else { self.absolute };
            let goal = if absolute { place } else { self.position[axis] + place };
            if axis == 3 && goal != self.position[3] && self.nozzle.actual_c < COLDEST_EXTRUSION_C {
                self.say("echo: cold extrusion prevented");
            }
            self.position[axis] = goal;
        }
        if !self.instant {
            let moved = |axis: usize| self.position[axis] - before[axis];
            let length = (moved(0).powi(2) + moved(1).powi(2) + moved(2).powi(2)).sqrt().max(moved(3).abs());
            let seconds = (length / self.feed_mm_per_s).clamp(0.0, 3_600.0);
            let start = self.planner.back().copied().unwrap_or(self.now).max(self.now);
            self.planner.push_back(start + Duration::from_secs_f64(seconds));
            if self.planner.len() > PLANNER_BLOCKS {
                return self.block(Blocked::Planner);
            }
        }
        self.ok("");
    }

    fn temperatures(&self) -> String {
        format!(
            "T:{:.2} /{:.2} B:{:.2} /{:.2} @:0 B@:0",
            self.nozzle.actual_c, self.nozzle.target_c, self.bed.actual_c, self.bed.target_c
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::engine::{Engine, Patience};
    use super::super::framing::framed;
    use super::super::reply;
    use super::*;

    fn said(machine: &mut Simulator) -> String {
        String::from_utf8(machine.take_output()).unwrap()
    }

    #[test]
    fn damaged_and_out_of_order_lines_are_refused_as_marlin_does() {
        let mut machine = Simulator::new(Faults::default(), true);
        said(&mut machine);
        machine.receive(b"N1 M105*1\n");
        assert_eq!(said(&mut machine), "Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n");
        machine.receive(format!("{}\n", framed(5, "G28")).as_bytes());
        assert_eq!(said(&mut machine), "Error:Line Number is not Last Line Number+1, Last Line: 0\nResend: 1\nok\n");
        machine.receive(format!("{}\n{}\n", framed(1, "G28"), framed(1, "G28")).as_bytes());
        assert_eq!(said(&mut machine), "ok\n", "a line sent again after it was accepted is dropped without a word");
        assert_eq!(machine.take_record(), ["G28"]);
    }

    #[test]
    fn heating_takes_time_and_says_so() {
        let mut machine = Simulator::new(Faults::default(), false);
        said(&mut machine);
        machine.receive(b"M109 S210\n");
        assert_eq!(said(&mut machine), "");
        machine.advance(Duration::from_secs(3));
        assert!(said(&mut machine).starts_with("T:33.00 /210.00"));
        for second in 4..80 {
            machine.advance(Duration::from_secs(second));
        }
        assert!(said(&mut machine).contains("\nok\n"));
    }

    #[test]
    fn m108_ends_a_heat_wait_and_m112_ends_everything() {
        let mut machine = Simulator::new(Faults::default(), false);
        machine.receive(b"M190 S90\n");
        said(&mut machine);
        machine.receive(b"M108\n");
        assert_eq!(said(&mut machine), "ok\nok\n");
        machine.receive(b"M112\n");
        assert!(said(&mut machine).contains("kill() called"));
        assert!(machine.is_safe());
        machine.receive(b"M105\n");
        assert_eq!(said(&mut machine), "");
    }

    #[test]
    fn moves_wait_for_a_place_in_the_planner() {
        let mut machine = Simulator::new(Faults::default(), false);
        said(&mut machine);
        for i in 1..=20 {
            machine.receive(format!("G1 X{} F600\n", i * 10).as_bytes());
        }
        assert_eq!(said(&mut machine).matches("ok").count(), PLANNER_BLOCKS);
        machine.advance(Duration::from_millis(1_001));
        assert_eq!(said(&mut machine).matches("ok").count(), 1);
        assert_eq!(machine.position()[0], 180.0, "the move that waited, and the one that waits now");
    }

    /// The promise of the whole protocol: every line once, in order, whatever happens on the wire.
    #[test]
    fn every_line_is_executed_once_and_in_order_over_a_bad_wire() {
        for seed in 0..40 {
            let faults = Faults {
                corrupt: 0.03,
                lose_line: 0.02,
                lose_ok: 0.03,
                busy_storm: 0.05,
                damage_resend: 0.2,
                seed,
                ..Faults::default()
            };
            let mut machine = Simulator::new(faults, true);
            let mut engine = Engine::new(Patience::default());
            let start = Instant::now();
            let mut now = start;
            let job: Vec<String> = (0..400).map(|i| format!("G1 X{i} E0.01")).collect();
            let mut next = job.iter().cloned();
            let mut heard = Vec::new();
            machine.take_output();
            machine.receive(engine.opening(now).as_bytes());
            for step in 0.. {
                assert!(step < 200_000, "seed {seed} hangs");
                for byte in machine.take_output() {
                    if byte == b'\n' {
                        let line = String::from_utf8(std::mem::take(&mut heard)).unwrap();
                        engine.on_reply(&reply::parse(&line), now).unwrap();
                    } else {
                        heard.push(byte);
                    }
                }
                match engine.next_write(now, &mut || next.next()).unwrap() {
                    Some(bytes) => machine.receive(bytes.as_bytes()),
                    None if engine.is_settled() => break,
                    None => now += Duration::from_millis(100),
                }
            }
            let executed: Vec<String> = machine.take_record().into_iter().filter(|l| l.starts_with("G1")).collect();
            assert_eq!(executed, job, "seed {seed}");
            assert!(engine.resent() > 0);
        }
    }
}
