//! Filament as it is pushed and drawn back, counted in whole picometres, also by custom sequences.

use super::dialect::Dialect;
use super::lexer::{self, Code, Value};
use crate::units::MM_PER_INCH;

pub(super) const PM_PER_MM: f64 = 1e9;

/// What some part of a job does to the filament.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Pushed forward less what was drawn back, pm.
    pub net_pm: i64,
    /// The furthest it was ever pushed forward, pm from where it was at first: what is used, since material that is drawn
    /// back in the end has left the spool all the same.
    pub highest_pm: i64,
}

impl Moved {
    /// Sums saturate: what is beyond all measure is refused when it is written.
    pub fn push(&mut self, pm: i64) {
        self.net_pm = self.net_pm.saturating_add(pm);
        self.highest_pm = self.highest_pm.max(self.net_pm);
    }

    /// This, and after it another part of the job.
    pub fn then(self, next: Self) -> Self {
        Self {
            net_pm: self.net_pm.saturating_add(next.net_pm),
            highest_pm: self.highest_pm.max(self.net_pm.saturating_add(next.highest_pm)),
        }
    }

    pub fn highest_mm(self) -> f64 {
        self.highest_pm as f64 / PM_PER_MM
    }
}

/// Whether `E` words are lengths of each move or a running sum, as `G90`, `G91`, `M82` and `M83` set it. Firmwares do not
/// agree: in Marlin the last of all four counts, RepRapFirmware keeps `G90` and `G91` for the axes, and in Klipper either
/// `G91` or `M83` makes `E` relative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExtruderMode {
    dialect: Dialect,
    axes_relative: bool,
    extruder_relative: bool,
}

impl ExtruderMode {
    /// With axes that are absolute.
    pub fn new(dialect: Dialect, relative: bool) -> Self {
        Self { dialect, axes_relative: false, extruder_relative: relative }
    }

    /// After `G90` or `G91`.
    pub fn set_axes(&mut self, relative: bool) {
        self.axes_relative = relative;
        if self.dialect == Dialect::Marlin {
            self.extruder_relative = relative;
        }
    }

    /// After `M82` or `M83`.
    pub fn set_extruder(&mut self, relative: bool) {
        self.extruder_relative = relative;
    }

    pub fn is_relative(self) -> bool {
        self.extruder_relative || (self.dialect == Dialect::Klipper && self.axes_relative)
    }
}

/// How the machine reads `E` words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extruder {
    mode: ExtruderMode,
    /// What an absolute word counts from, mm.
    pub e_mm: f64,
    /// mm in a unit of the words.
    unit_mm: f64,
}

impl Extruder {
    /// `e_mm` is what its counter shows.
    pub fn new(dialect: Dialect, relative: bool, e_mm: f64) -> Self {
        Self { mode: ExtruderMode::new(dialect, relative), e_mm, unit_mm: 1.0 }
    }

    /// What the lines of a sequence do to the filament. Macros of the machine are not known, nor what its firmware draws
    /// back by itself (`G10`).
    pub fn run(&mut self, lines: &[String]) -> Moved {
        let mut moved = Moved::default();
        for line in lines {
            let Code::Letter { letter, number, sub: None, params } = lexer::lex(line.as_bytes()).code else { continue };
            let e = || {
                lexer::words(params).find_map(|word| match (word.letter, word.value) {
                    (b'E', Value::Number(value)) => Some(value * self.unit_mm),
                    _ => None,
                })
            };
            match (letter, number) {
                (b'G', 0..=3) => {
                    if let Some(e) = e() {
                        let mm = if self.mode.is_relative() { e } else { e - std::mem::replace(&mut self.e_mm, e) };
                        moved.push((mm * PM_PER_MM).round() as i64);
                    }
                }
                (b'G', 20) => self.unit_mm = MM_PER_INCH,
                (b'G', 21) => self.unit_mm = 1.0,
                (b'G', 90 | 91) => self.mode.set_axes(number == 91),
                (b'M', 82 | 83) => self.mode.set_extruder(number == 83),
                (b'G', 92) => {
                    // Without any word all axes are set to 0.
                    let all = lexer::words(params).next().is_none();
                    self.e_mm = e().or(all.then_some(0.0)).unwrap_or(self.e_mm);
                }
                _ => {}
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_counted_in_every_mode_and_what_is_drawn_back_at_the_end_is_used() {
        let run_on = |dialect: Dialect, relative: bool, text: &str| {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let moved = Extruder::new(dialect, relative, 0.0).run(&lines);
            [moved.net_pm, moved.highest_pm].map(|pm| pm as f64 / PM_PER_MM)
        };
        let run = |relative: bool, text: &str| run_on(Dialect::Marlin, relative, text);
        assert_eq!(run(true, "G1 X5 E10 F1200 ; E99\nG1 E-2 F2100"), [8.0, 10.0]);
        assert_eq!(run(false, "G1 E10\nG1 E12.5\nG92 E0\nG1 E-2"), [10.5, 12.5]);
        assert_eq!(run(false, "G91\nG1 E1\nG1 E1\nG90\nM83\nG1 E1\nM82\nG92 X0\nG1 E1"), [4.0, 4.0]);
        assert_eq!(run(true, "G20\nG1 E1\nG21\nG1 E1\nM117 E5\nPURGE E=5\nG10"), [26.4, 26.4]);
        assert_eq!(run(false, "G1 E3\nG92\nG1 E1"), [4.0, 4.0]);
        // What switches the extruder differs: after `G90` Klipper and RepRapFirmware still count each move by itself,
        // and after `G91` RepRapFirmware does not yet.
        for (dialect, g90, g91, both) in [
            (Dialect::Marlin, 3.0, 5.0, 3.0),
            (Dialect::Klipper, 5.0, 5.0, 5.0),
            (Dialect::RepRapFirmware, 5.0, 3.0, 5.0),
        ] {
            assert_eq!(run_on(dialect, true, "G90\nG1 E2\nG1 E3")[0], g90, "{dialect:?}");
            assert_eq!(run_on(dialect, false, "G91\nG1 E2\nG1 E3")[0], g91, "{dialect:?}");
            assert_eq!(run_on(dialect, false, "M83\nG91\nG90\nG1 E2\nG1 E3")[0], both, "{dialect:?}");
        }
        let back = Moved { net_pm: -2, highest_pm: 0 };
        let there = Moved { net_pm: 5, highest_pm: 5 };
        assert_eq!(back.then(there), Moved { net_pm: 3, highest_pm: 3 });
        assert_eq!(there.then(back), Moved { net_pm: 3, highest_pm: 5 });
    }
}
