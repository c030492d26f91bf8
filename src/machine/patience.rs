//! How long a machine is waited for: what a command makes it do, and how long that may take without a word.

use std::time::Duration;

use crate::gcode::lexer::{self, Code, Value};

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
    /// The same for one that was never heard to talk while it works; while it works on what may take minutes; and while
    /// it heats, or measures its plate.
    pub silent: Duration,
    pub silent_at_work: Duration,
    pub silent_for_long: Duration,
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
            silent_for_long: Duration::from_secs(3_600),
        }
    }
}

impl Patience {
    /// How long a machine that does not talk while it works may be silent over some work; `None` without end.
    pub(super) fn silence_over(&self, work: Work) -> Option<Duration> {
        match work {
            Work::Short => Some(self.silent),
            Work::Long => Some(self.silent_at_work),
            Work::VeryLong | Work::Heating => Some(self.silent_for_long),
            Work::Pause(time) => Some(self.silent + time),
            Work::Person => None,
        }
    }
}

/// What a command makes the firmware do, as far as waiting for it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// It is taken in at once.
    Short,
    /// Homing and changes of tool or filament: minutes.
    Long,
    /// Measuring the plate, tuning, and macros of the machine's own, which may do all of it: up to an hour.
    VeryLong,
    /// A wait for a temperature.
    Heating,
    /// A wait of a given time.
    Pause(Duration),
    /// A wait for the person at the machine.
    Person,
}

impl Work {
    pub(super) fn of(command: &Code) -> Self {
        let Code::Letter { letter, number, params, .. } = *command else {
            // A macro's name, or nothing that is known.
            return if matches!(command, Code::Bare { .. }) { Self::Short } else { Self::VeryLong };
        };
        match (letter, number) {
            (b'G', 4) => Self::Pause(pause(params)),
            (b'G', 28 | 30 | 34 | 425) | (b'M', 400 | 701 | 702) | (b'T', _) => Self::Long,
            (b'G', 29 | 32 | 33 | 80) | (b'M', 48 | 98 | 303) => Self::VeryLong,
            (b'M', 109 | 116 | 190 | 191) => Self::Heating,
            (b'M', 0 | 1 | 226 | 600) => Self::Person,
            _ => Self::Short,
        }
    }

    /// Whether it may take minutes.
    pub(super) fn is_long(self) -> bool {
        self != Self::Short
    }
}

/// How often a command makes the machine say by itself what, in seconds; 0 for never.
pub(super) enum Talk {
    /// `M113`: that it is busy.
    Busy(f64),
    /// `M155`: its temperatures.
    Reports(f64),
}

impl Talk {
    /// What a command sets, if it does.
    pub(super) fn of(command: &Code) -> Option<Self> {
        let Code::Letter { letter: b'M', number, params, .. } = *command else { return None };
        match number {
            113 => value(params, b'S').map(Self::Busy),
            155 => value(params, b'S').map(Self::Reports),
            _ => None,
        }
    }
}

/// The number after a letter, where there is one.
fn value(params: &[u8], letter: u8) -> Option<f64> {
    lexer::words(params).find_map(|word| match word.value {
        Value::Number(number) if word.letter == letter => Some(number),
        _ => None,
    })
}

/// The time of a `G4`: `S` in seconds goes before `P` in milliseconds.
fn pause(params: &[u8]) -> Duration {
    let seconds = value(params, b'S').or_else(|| value(params, b'P').map(|ms| ms / 1000.0)).unwrap_or(0.0);
    // A day is longer than any, and nothing overflows.
    Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_may_take_is_known() {
        let seconds = |s| Work::Pause(Duration::from_secs(s));
        for (command, work) in [
            ("G1 X10 Y5", Work::Short),
            ("M104 S200", Work::Short),
            ("G28", Work::Long),
            ("G28X0", Work::Long),
            ("g28 W", Work::Long),
            ("T1", Work::Long),
            ("G29", Work::VeryLong),
            ("G029", Work::VeryLong),
            ("G29.1", Work::VeryLong),
            ("M303 E0 S210 C8", Work::VeryLong),
            ("PRINT_START BED=60", Work::VeryLong),
            ("M109 S200", Work::Heating),
            ("M190R60", Work::Heating),
            ("G4 S300", seconds(300)),
            ("G4 P2000", seconds(2)),
            ("G4 P5 S7", seconds(7)),
            ("G4", seconds(0)),
            ("M0 Remove the part", Work::Person),
            ("M600", Work::Person),
            ("M110 N0", Work::Short),
        ] {
            assert_eq!(Work::of(&lexer::lex(command.as_bytes()).code), work, "{command}");
        }
    }
}
