//! What was found.

use std::fmt;

use crate::report::Severity;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Stays over the plate, off its excluded areas, and below the machine's top.
    BuildVolume,
    /// Never below the plate.
    BelowPlate,
    /// Knows where it is before it moves.
    Homing,
    /// Hot before material is pushed.
    ColdExtrusion,
    /// Targets within what the machine stands.
    Temperature,
    /// No material while filament is drawn back.
    Retracted,
    /// No material above the layer.
    Lifted,
    /// No more material than the nozzle can melt.
    MeltRate,
    /// Feeds within the machine's.
    Feed,
    /// Every number is one.
    Number,
    /// Arcs have a centre.
    Arc,
    /// Lines fit the firmware's buffer.
    LineLength,
    /// Lines come no faster than the machine can be fed.
    LineRate,
    /// Heaters are off at the end.
    HeatersOff,
    /// Motors are released at the end.
    MotorsOff,
    /// The file lays what the toolpath says.
    Volume,
    /// There is something to print.
    Empty,
    /// Coordinates are not moved under our feet.
    Offset,
    /// A command whose meaning only the machine's own configuration knows.
    Macro,
    /// A command that a job from elsewhere must not hold.
    Forbidden,
    /// Bytes that do not belong in G-code.
    Bytes,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub rule: Rule,
    /// Counted from 1; 0 where it is about the whole file.
    pub line: usize,
    /// Counted from 0; `None` before the first layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}", self.line)?;
            if let Some(layer) = self.layer {
                // People count layers from 1.
                write!(f, " (layer {})", layer + 1)?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

/// How often a rule was broken, at one severity. Only the first few of each are among the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RuleCount {
    pub rule: Rule,
    pub severity: Severity,
    pub count: usize,
}

/// What a file does, in sums.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct VerifyTotals {
    pub lines: usize,
    pub layers: usize,
    pub moves: usize,
    /// Volume of the roads of layers, without start and end sequences.
    pub printed_mm3: f64,
    /// Filament that goes in: as far as it is ever pushed forward. What is drawn back at the end is used all the same.
    pub filament_mm: f64,
    pub printed_length_mm: f64,
    pub travel_mm: f64,
    /// Corners of the box around the roads of layers, mm; `None` where nothing is printed.
    pub printed_min_mm: Option<[f64; 3]>,
    pub printed_max_mm: Option<[f64; 3]>,
    /// Largest flow of a stretch of road, mm³/s.
    pub peak_melt_rate_mm3_per_s: f64,
    pub max_nozzle_temperature: f64,
    pub max_bed_temperature: f64,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct VerifyReport {
    /// In the order of the file; at most [`FINDINGS_PER_RULE`] of a rule and severity.
    pub findings: Vec<Finding>,
    pub counts: Vec<RuleCount>,
    pub totals: VerifyTotals,
}

/// Findings of one rule and severity that are kept, and notes.
pub const FINDINGS_PER_RULE: usize = 10;
pub const NOTES_PER_RULE: usize = 3;

impl VerifyReport {
    /// Whether the file may be used: there is no error.
    pub fn passes(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings of a severity there were, kept or not.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts.iter().filter(|c| c.severity == severity).map(|c| c.count).sum()
    }

    /// Whether a rule was broken, at any severity.
    pub fn has(&self, rule: Rule) -> bool {
        self.counts.iter().any(|c| c.rule == rule)
    }

    /// Notes a finding; its words are made only where it is kept.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        rule: Rule,
        line: usize,
        layer: Option<usize>,
        message: impl FnOnce() -> String,
    ) {
        let at = self.counts.iter().position(|c| (c.rule, c.severity) == (rule, severity));
        let entry = match at.and_then(|i| self.counts.get_mut(i)) {
            Some(entry) => entry,
            None => {
                self.counts.push(RuleCount { rule, severity, count: 0 });
                match self.counts.last_mut() {
                    Some(entry) => entry,
                    None => return,
                }
            }
        };
        entry.count += 1;
        if entry.count <= if severity == Severity::Note { NOTES_PER_RULE } else { FINDINGS_PER_RULE } {
            self.findings.push(Finding { severity, rule, line, layer, message: message() });
        }
    }

    pub(super) fn sort(&mut self) {
        self.findings.sort_by_key(|f| if f.line == 0 { usize::MAX } else { f.line });
        self.counts.sort_by_key(|c| (std::cmp::Reverse(c.severity), c.rule));
    }
}
