//! How long a machine is waited for: what a command makes it do, and how long that may take without a word.

use std::time::Duration;

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
    /// Of a command without number and checksum.
    pub(super) fn of(command: &str) -> Self {
        let (name, rest) = split(command);
        match name.as_str() {
            "G4" => Self::Pause(pause(rest)),
            "G28" | "G30" | "G34" | "G425" | "M400" | "M701" | "M702" => Self::Long,
            "G29" | "G32" | "G33" | "G80" | "M48" | "M98" | "M303" => Self::VeryLong,
            "M109" | "M116" | "M190" | "M191" => Self::Heating,
            "M0" | "M1" | "M226" | "M600" => Self::Person,
            name if name.starts_with('T') => Self::Long,
            "" => Self::VeryLong,
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
    pub(super) fn of(command: &str) -> Option<Self> {
        let (name, rest) = split(command);
        let seconds = number(rest, 'S');
        match name.as_str() {
            "M113" => seconds.map(Self::Busy),
            "M155" => seconds.map(Self::Reports),
            _ => None,
        }
    }
}

/// The letter and number that a command begins with (empty where it is a macro's name), and what follows.
fn split(command: &str) -> (String, &str) {
    let command = command.trim_start();
    let letter = command.chars().next().filter(char::is_ascii_alphabetic);
    let digits = command.bytes().skip(1).take_while(u8::is_ascii_digit).count();
    match letter {
        Some(letter) if digits > 0 => {
            let number = command[1..=digits].trim_start_matches('0');
            let number = if number.is_empty() { "0" } else { number };
            (format!("{}{number}", letter.to_ascii_uppercase()), &command[1 + digits..])
        }
        _ => (String::new(), command),
    }
}

/// The number after a letter, where there is one.
fn number(words: &str, letter: char) -> Option<f64> {
    let at = words.find([letter, letter.to_ascii_lowercase()])?;
    let text = words[at + 1..].trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    text[..end].parse().ok().filter(|n: &f64| n.is_finite())
}

/// The time of a `G4`: `S` in seconds goes before `P` in milliseconds.
fn pause(words: &str) -> Duration {
    let seconds = number(words, 'S').or_else(|| number(words, 'P').map(|ms| ms / 1000.0)).unwrap_or(0.0);
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
            assert_eq!(Work::of(command), work, "{command}");
        }
    }
}
