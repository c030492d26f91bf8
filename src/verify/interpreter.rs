//! Runs through a file as the machine would and judges each line.

mod commands;
mod moves;

use super::heat::Heaters;
use super::limits::{Area, Limits};
use super::motion::{Axis, Filament, Pace, Stretch};
use super::policy::{self, Policy};
use super::report::{Rule, VerifyReport};
use crate::gcode::lexer::{self, Code};
use crate::gcode::{Dialect, ExtruderMode};
use crate::report::Severity::{self, Error, Note, Warning};

/// A number from here on is garbage.
const ABSURD: f64 = 1e6;
/// Difference of a file's volume to its toolpath's: rounding of coordinates and of E words.
const VOLUME_TOLERANCE: f64 = 1e-4;

/// A plain move beside the plate, not yet known to be of a layer or of the end sequence.
struct Outside {
    line: usize,
    layer: Option<usize>,
    at: [f64; 2],
    by_mm: f64,
}

pub(super) struct Interpreter<'a> {
    limits: &'a Limits,
    policy: Policy,
    bed: Area,
    excluded: Vec<Area>,
    filament_area_mm2: f64,
    report: VerifyReport,
    line: usize,
    // Modes and position
    axes: [Axis; 3],
    relative: bool,
    extruder: ExtruderMode,
    unit_mm: f64,
    e: f64,
    feed_mm_per_s: Option<f64>,
    modal: u32,
    tool: u32,
    homed: bool,
    /// Something was laid while moving in the plane, whatever comments say that it was.
    has_laid: bool,
    /// The line is one of the machine's own sequences; `own_here` one of the sequence that belongs here.
    own_line: bool,
    own_here: bool,
    // Heat and filament
    heaters: Heaters,
    filament: Filament,
    stretch: Stretch,
    pace: Pace,
    /// All of the stretch is lenient.
    stretch_is_lenient: bool,
    cold_is_said: bool,
    motors_off: bool,
    /// By the file's own word (M84), so that the position is lost.
    released: bool,
    // Where in the file
    /// Comments tell where layers begin; known from the start, because it says where the start sequence ends.
    has_layer_comments: bool,
    started: bool,
    layer: Option<usize>,
    is_custom: bool,
    /// Height of the layer as comments tell it, and how far the moves' heights are from that.
    told_z_mm: Option<f64>,
    told_offset_mm: Option<f64>,
    /// Greatest height that this layer's roads may have, where only its moves tell it.
    layer_top_mm: Option<f64>,
    /// Height of the highest road so far.
    top_mm: Option<f64>,
    pending_outside: Vec<Outside>,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(bytes: &[u8], limits: &'a Limits, policy: Policy) -> Self {
        Self {
            limits,
            policy,
            bed: Area::new(&limits.bed_mm),
            excluded: limits.excluded_mm.iter().map(|a| Area::new(a)).collect(),
            filament_area_mm2: std::f64::consts::FRAC_PI_4 * limits.filament_diameter_mm.powi(2),
            report: VerifyReport::default(),
            line: 0,
            axes: [Axis::default(); 3],
            relative: false,
            extruder: ExtruderMode::new(limits.dialect, false),
            unit_mm: 1.0,
            e: 0.0,
            feed_mm_per_s: None,
            modal: 1,
            tool: 0,
            homed: false,
            has_laid: false,
            own_line: false,
            own_here: false,
            heaters: Heaters::default(),
            filament: Filament::default(),
            stretch: Stretch::default(),
            pace: Pace::default(),
            stretch_is_lenient: true,
            cold_is_said: false,
            motors_off: false,
            released: false,
            has_layer_comments: lexer::lines(bytes).any(|(_, line)| {
                lexer::trim(line)
                    .strip_prefix(b";")
                    .is_some_and(|comment| layer_comment(lexer::trim(comment)).is_some())
            }),
            started: false,
            layer: None,
            is_custom: false,
            told_z_mm: None,
            told_offset_mm: None,
            layer_top_mm: None,
            top_mm: None,
            pending_outside: Vec::new(),
        }
    }

    fn add(&mut self, severity: Severity, rule: Rule, message: impl FnOnce() -> String) {
        self.report.add(severity, rule, self.line, self.layer, message);
    }

    /// Whether the line may do what only sequences do. In a job from elsewhere comments do not tell where these are: only
    /// lines of the machine's own sequences may, with the coordinates that they were written for.
    fn is_lenient(&self) -> bool {
        match self.policy {
            Policy::Own => !self.started || self.is_custom,
            Policy::Remote => self.own_line && !self.relative,
        }
    }

    /// The firmware moves by itself and says nothing about where to.
    fn moves_by_itself(&mut self) {
        for axis in &mut self.axes {
            (axis.known, axis.by_machine) = (false, true);
        }
    }

    /// Judges one line.
    pub(super) fn line(&mut self, number: usize, bytes: &[u8]) {
        self.line = number;
        self.report.totals.lines = number;
        if self.policy == Policy::Remote
            && let Some(reason) = policy::bad_byte(bytes)
        {
            self.add(Error, Rule::Bytes, || reason);
        }
        if bytes.len() > lexer::MAX_LINE_BYTES {
            self.add(Error, Rule::LineLength, || format!("the line has {} bytes; this is not G-code", bytes.len()));
            return;
        }
        let line = lexer::lex(bytes);
        if line.code != Code::Empty {
            self.length(bytes, line.comment);
        }
        if self.policy == Policy::Remote {
            let is_among = |lines: &[String]| policy::is_own_line(bytes, &line, lines);
            let [start, later] = [&self.limits.start_lines, &self.limits.later_lines].map(|lines| is_among(lines));
            self.own_line = start || later;
            self.own_here = if self.has_laid { later } else { start };
        }
        let laid_before = self.has_laid;
        self.repeated_words(&line.code);
        match line.code {
            Code::Empty => {}
            Code::Letter { letter: b'G', number, sub: None, params } => self.g(number, params),
            Code::Letter { letter: b'M', number, sub: None, params } => self.m(number, params),
            Code::Letter { letter: b'T', number, .. } => {
                if self.tool != number {
                    self.tool = number;
                    self.filament.exchange();
                }
            }
            Code::Letter { letter: b'M', number: 862, .. } => {}
            Code::Letter { letter, number, .. } => {
                self.add(Note, Rule::Macro, || format!("`{}{number}` is not checked", letter as char));
            }
            Code::Bare { params } => {
                let words = self.move_words(params);
                self.motion(self.modal, &words);
            }
            Code::Extended { name, params } => self.extended(name, params),
            Code::Other(text) => {
                self.add(Error, Rule::Number, || format!("`{}` is not G-code", shown(text)));
            }
        }
        if self.policy == Policy::Remote
            && let Some(reason) = policy::forbidden(bytes, &line, self.limits, laid_before)
        {
            self.add(Error, Rule::Forbidden, || reason);
        }
        if let Some(comment) = line.comment {
            self.comment(comment);
        }
    }

    /// A letter or key that is there twice: firmwares do not agree on which of them counts.
    fn repeated_words(&mut self, code: &Code<'_>) {
        let repeated = match *code {
            // Moves and G92 look at their words themselves.
            Code::Letter { letter: b'G', number: 0..=3 | 92, .. } => return,
            Code::Letter { letter, number, params, .. } if letter == b'G' || policy::has_only_numbers(number) => {
                let mut seen = 0u32;
                lexer::words(params).filter(|w| w.letter.is_ascii_uppercase()).find_map(|w| {
                    let bit = 1u32 << (w.letter - b'A');
                    let again = seen & bit != 0;
                    seen |= bit;
                    again.then(|| char::from(w.letter).to_string())
                })
            }
            // RepRapFirmware's `if` and `echo` hold expressions, which are no pairs.
            Code::Extended { params, .. }
                if self.limits.dialect == Dialect::Klipper || self.policy == Policy::Remote =>
            {
                let mut seen: Vec<&[u8]> = Vec::new();
                lexer::pairs(params).find_map(|(key, _)| {
                    if seen.iter().any(|s| s.eq_ignore_ascii_case(key)) {
                        return Some(shown(key));
                    }
                    seen.push(key);
                    None
                })
            }
            _ => None,
        };
        if let Some(what) = repeated {
            self.add(Error, Rule::Number, || format!("{what} is there twice; which of them counts is not certain"));
        }
    }

    /// Marlin cuts a line that is too long and asks for it again for ever.
    fn length(&mut self, bytes: &[u8], comment: Option<&[u8]>) {
        let code = comment.map_or(bytes, |c| bytes.get(..bytes.len() - c.len() - 1).unwrap_or(bytes));
        let length = lexer::trim(code).len();
        let limit = self.limits.dialect.max_line_bytes();
        // Klipper reads files itself and has no limit there.
        if length <= self.limits.dialect.max_command_bytes() || self.limits.dialect == Dialect::Klipper {
            return;
        }
        if length > limit {
            self.add(Error, Rule::LineLength, || format!("the command has {length} bytes; the firmware takes {limit}"));
        } else {
            self.add(Warning, Rule::LineLength, || {
                format!("the command has {length} bytes; with a line number it may not fit into the firmware's {limit}")
            });
        }
    }

    fn comment(&mut self, comment: &[u8]) {
        let text = lexer::trim(comment);
        if let Some(z) = layer_comment(text) {
            return self.begin_layer(z);
        }
        match text.first() {
            Some(b'Z') => {
                if let Some(z) = text.strip_prefix(b"Z:").or_else(|| text.strip_prefix(b"Z_HEIGHT:")).and_then(number) {
                    self.told_z_mm = Some(z);
                }
            }
            Some(b'T' | b'F') => {
                if let Some(name) = text.strip_prefix(b"TYPE:").or_else(|| text.strip_prefix(b"FEATURE:")) {
                    self.is_custom = lexer::trim(name).eq_ignore_ascii_case(b"custom");
                } else if self.policy == Policy::Own && matches!(text, b"FLAVOR:Griffin" | b"FLAVOR:UltiGCode") {
                    // These printers heat by themselves, as told by the file's header.
                    self.heaters.macro_may_heat = true;
                    if text == b"FLAVOR:UltiGCode" {
                        self.filament_area_mm2 = 1.0;
                    }
                }
            }
            _ => {}
        }
    }

    fn begin_layer(&mut self, z_mm: Option<f64>) {
        self.started = true;
        // A custom feature is a start sequence's until a layer names its own.
        self.is_custom = false;
        self.layer = Some(self.layer.map_or(0, |l| l + 1));
        self.report.totals.layers += 1;
        self.told_z_mm = z_mm;
        self.layer_top_mm = None;
    }

    /// Judges the file as a whole.
    pub(super) fn finish(mut self, expected_volume_mm3: Option<f64>) -> VerifyReport {
        if let Some(flow) = self.stretch.end() {
            self.judge_flow(flow);
        }
        for outside in std::mem::take(&mut self.pending_outside) {
            self.parked(&outside);
        }
        self.line = 0;
        self.layer = None;
        self.report.totals.filament_mm = self.filament.highest_mm;
        if self.report.totals.printed_mm3 <= 0.0 {
            self.add(Warning, Rule::Empty, || "the file prints nothing".into());
        }
        self.judge_pace();
        self.heaters_at_the_end();
        let used = self.heaters.any_nozzle_known() || self.heaters.macro_may_heat;
        if used && !self.motors_off {
            self.add(Warning, Rule::MotorsOff, || "the motors are not released at the end (M84)".into());
        }
        if let Some(expected) = expected_volume_mm3 {
            let found = self.report.totals.printed_mm3;
            if (found - expected).abs() > VOLUME_TOLERANCE * expected.max(1.0) {
                self.add(Error, Rule::Volume, || {
                    format!("the file lays {found:.3} mm³ and its toolpath {expected:.3} mm³")
                });
            }
        }
        self.report.sort();
        self.report
    }

    fn heaters_at_the_end(&mut self) {
        let left_on: Vec<(usize, String)> = (self.heaters.nozzles_on())
            .map(|(tool, h)| (h.line, format!("nozzle {tool} is left at {} °C", h.target)))
            .chain(
                (self.heaters.bed.target > 0.0)
                    .then(|| (self.heaters.bed.line, format!("the bed is left at {} °C", self.heaters.bed.target))),
            )
            .collect();
        if self.heaters.may_be_off {
            return;
        }
        if left_on.is_empty() && self.heaters.macro_may_heat && !self.heaters.any_nozzle_known() {
            self.add(Warning, Rule::HeatersOff, || "nothing turns the heaters off at the end".into());
        }
        for (line, message) in left_on {
            self.report.add(Error, Rule::HeatersOff, line, None, || format!("{message} at the end"));
        }
    }
}

/// A comment that begins a layer, with the height that it tells.
fn layer_comment(text: &[u8]) -> Option<Option<f64>> {
    match text.first()? {
        b'L' if text == b"LAYER_CHANGE" => Some(None),
        b'L' => number(text.strip_prefix(b"LAYER:")?).map(|_| None),
        b'C' => (text == b"CHANGE_LAYER").then_some(None),
        // Simplify3D.
        b'l' => {
            let rest = text.strip_prefix(b"layer ")?;
            let at = rest.windows(6).position(|w| w == b", Z = ")?;
            number(rest.get(..at)?)?;
            number(rest.get(at + 6..)?).map(Some)
        }
        // KISSlicer.
        b'B' => {
            let rest = text.strip_prefix(b"BEGIN_LAYER_OBJECT z=")?;
            number(rest.split(|b| *b == b' ').next()?).map(Some)
        }
        _ => None,
    }
}

/// The beginning of a file's bytes in ASCII, for a message that a terminal may show.
fn shown(bytes: &[u8]) -> String {
    bytes.get(..40).unwrap_or(bytes).escape_ascii().to_string()
}

/// A number in a comment.
fn number(text: &[u8]) -> Option<f64> {
    lexer::parse_number(lexer::trim(text)).filter(|n| n.abs() < ABSURD)
}
