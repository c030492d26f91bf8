//! Runs through a file as the machine would and judges each line.

use super::PRIMING_MARGIN_MM;
use super::heat::Heaters;
use super::limits::{Area, Limits};
use super::motion::{Arc, Axis, Filament, MoveWords, Stretch};
use super::policy::{self, Policy};
use super::report::{Rule, VerifyReport};
use crate::gcode::Dialect;
use crate::gcode::lexer::{self, Code, Value};
use crate::report::Severity::{self, Error, Note, Warning};
use crate::units::{MM_PER_INCH, mm_per_s};

const AXIS_NAMES: [&str; 3] = ["X", "Y", "Z"];
/// A number from here on is garbage.
const ABSURD: f64 = 1e6;
/// Tolerance of heights, mm.
const SAME_Z_MM: f64 = 0.011;
/// A plain move beside the plate by at most this is a warning, mm; wipes reach over the rim.
const NEAR_PLATE_MM: f64 = 5.0;
/// Plain moves of start and end sequences beyond this are a warning, mm: wipers and parking places are nearer.
const PARKING_MM: f64 = 50.0;
/// Tolerance of feeds and flows: F words are rounded to whole mm/min, E words to 1e-5 mm.
const FEED_TOLERANCE: f64 = 1.01;
const FLOW_TOLERANCE: f64 = 1.03;
/// A plain move this many times faster than the machine is an error: the file was made for another one.
const ABSURD_FEED: f64 = 2.0;
/// The first printing move of a layer is at most this high, mm.
const FIRST_HEIGHT_MM: f64 = 2.0;
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
    relative_e: bool,
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
            relative_e: false,
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

    fn extended(&mut self, name: &[u8], params: &[u8]) {
        let name = String::from_utf8_lossy(name).to_ascii_uppercase();
        let value = |key: &[u8]| lexer::pairs(params).find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v);
        let number = |key: &[u8]| value(key).and_then(lexer::parse_number);
        match name.as_str() {
            "SET_HEATER_TEMPERATURE" => {
                if value(b"TARGET").is_some() && number(b"TARGET").is_none() {
                    self.add(Error, Rule::Number, || "TARGET is no temperature".into());
                }
                let target = number(b"TARGET").unwrap_or(0.0);
                let heater = value(b"HEATER").unwrap_or_default().to_ascii_lowercase();
                if heater == b"heater_bed" {
                    self.bed(target);
                } else if let Some(index) = heater.strip_prefix(b"extruder") {
                    let tool = lexer::parse_number(index).unwrap_or(0.0) as u32;
                    self.nozzle(Some(tool), target, false);
                }
            }
            "TEMPERATURE_WAIT" => self.heaters.wait_for_all(),
            "TURN_OFF_HEATERS" => self.heaters.turn_off(self.line),
            "G28" => self.homed = true,
            "QUAD_GANTRY_LEVEL" | "Z_TILT_ADJUST" | "BED_MESH_CALIBRATE" => self.moves_by_itself(),
            _ if policy::is_klipper_command(&name) => {}
            _ => {
                self.heaters.macro_may_heat = true;
                self.heaters.may_be_off = true;
                (self.motors_off, self.released) = (true, false);
                self.homed = true;
                self.moves_by_itself();
                for axis in &mut self.axes {
                    axis.homed = true;
                }
                if !self.limits.macros.contains(&name) {
                    self.add(Note, Rule::Macro, || {
                        format!("`{name}` is a command of the machine's own configuration; it may heat, home and move")
                    });
                }
            }
        }
    }

    fn g(&mut self, number: u32, params: &[u8]) {
        match number {
            0..=3 => {
                self.modal = number;
                let words = self.move_words(params);
                self.motion(number, &words);
            }
            4 | 17 => {}
            21 => self.unit_mm = 1.0,
            29 | 30 | 32 | 34 | 80 => self.moves_by_itself(),
            10 => self.g10(params),
            11 => {
                self.filament.firmware_retracted = false;
                self.stretch = Stretch::default();
            }
            20 => self.unit_mm = MM_PER_INCH,
            28 => {
                (self.homed, self.released) = (true, false);
                let named: Vec<usize> =
                    lexer::words(params).filter_map(|w| b"XYZ".iter().position(|a| *a == w.letter)).collect();
                for (i, axis) in self.axes.iter_mut().enumerate() {
                    if named.is_empty() || named.contains(&i) {
                        *axis = Axis { homed: true, ..Axis::default() };
                    }
                }
            }
            90 => (self.relative, self.relative_e) = (false, false),
            91 => (self.relative, self.relative_e) = (true, true),
            92 => self.g92(params),
            53..=59 => self
                .add(Warning, Rule::Offset, || format!("G{number} selects other coordinates; they are not followed")),
            18 | 19 => self.add(Error, Rule::Arc, || format!("G{number}: arcs in upright planes cannot be checked")),
            _ => self.add(Note, Rule::Macro, || format!("`G{number}` is not checked")),
        }
    }

    /// A firmware retraction, or RepRapFirmware's tool temperatures.
    fn g10(&mut self, params: &[u8]) {
        let mut tool = None;
        let mut target = None;
        let mut offsets = false;
        for word in lexer::words(params) {
            match (word.letter, word.value) {
                (b'P', Value::Number(n)) => tool = Some(n as u32),
                (b'S', Value::Number(n)) => target = Some(n),
                (b'R', Value::Number(n)) => self.judge_nozzle_temperature(n),
                (b'L' | b'X' | b'Y' | b'Z', _) => offsets = true,
                _ => {}
            }
        }
        if offsets {
            self.add(Warning, Rule::Offset, || "G10 sets coordinate or tool offsets; they are not followed".into());
        } else if tool.is_some() {
            if let Some(target) = target {
                self.nozzle(tool, target, false);
            }
        } else {
            self.filament.firmware_retracted = true;
            self.stretch = Stretch::default();
        }
    }

    fn g92(&mut self, params: &[u8]) {
        let words = self.move_words(params);
        if let Some(e) = words.e {
            self.e = e;
        }
        if words.e.is_none() && words.axes.iter().all(Option::is_none) {
            self.add(Warning, Rule::Offset, || "G92 without words sets all coordinates to 0 in some firmware".into());
        }
        for (axis, value) in self.axes.iter_mut().zip(words.axes) {
            if let Some(value) = value {
                // Where the machine is not known, the file's word is all there is.
                axis.shift = if axis.known { axis.machine() - value } else { 0.0 };
                axis.logical = value;
                (axis.known, axis.by_machine) = (true, false);
            }
        }
        if self.started && words.axes.iter().any(Option::is_some) {
            self.add(Warning, Rule::Offset, || "G92 moves the coordinates in the middle of the print".into());
        }
    }

    fn m(&mut self, number: u32, params: &[u8]) {
        match number {
            82 => self.relative_e = false,
            83 => self.relative_e = true,
            104 | 109 => {
                let (tool, target) = self.temperature_words(params, number == 109, Self::judge_nozzle_temperature);
                if let Some(target) = target {
                    self.nozzle(tool, target, number == 109);
                } else if number == 109 {
                    self.heaters.wait_for_all();
                }
            }
            140 | 190 => {
                if let (_, Some(target)) = self.temperature_words(params, number == 190, Self::judge_bed_temperature) {
                    self.bed(target);
                }
            }
            116 => self.heaters.wait_for_all(),
            568 => {
                let mut tool = None;
                let mut target = None;
                for word in lexer::words(params) {
                    match (word.letter, word.value) {
                        (b'P', Value::Number(n)) => tool = Some(n as u32),
                        (b'S', Value::Number(n)) => target = Some(n),
                        (b'R', Value::Number(n)) => self.judge_nozzle_temperature(n),
                        _ => {}
                    }
                }
                if let Some(target) = target {
                    self.nozzle(tool, target, false);
                }
            }
            // With a time it only says when idle motors are released.
            18 | 84 if !lexer::words(params).any(|w| w.letter == b'S') => {
                (self.motors_off, self.released) = (true, true);
                let named = |letters: &[u8]| lexer::words(params).any(|w| letters.contains(&w.letter));
                if named(b"XYZ") || !named(b"E") {
                    for axis in &mut self.axes {
                        (axis.known, axis.homed, axis.by_machine) = (false, false, false);
                    }
                }
            }
            17 => self.released = false,
            81 => {
                self.heaters.turn_off(self.line);
                self.motors_off = true;
            }
            98 => {
                self.heaters.macro_may_heat = true;
                self.heaters.may_be_off = true;
                self.motors_off = true;
            }
            200 => {
                let diameter = lexer::words(params).find(|w| w.letter == b'D').map(|w| w.value);
                if let Some(Value::Number(d)) = diameter {
                    let area = std::f64::consts::FRAC_PI_4 * self.limits.filament_diameter_mm.powi(2);
                    self.filament_area_mm2 = if d > 0.0 { 1.0 } else { area };
                }
            }
            302 => self.add(Warning, Rule::ColdExtrusion, || "M302 lets the machine push cold filament".into()),
            600 | 701 | 702 => self.filament.exchange(),
            _ => {}
        }
    }

    /// The `T` and the target of a temperature command. `R` is a target only of commands that wait; for the others some
    /// firmwares ignore it, so that it turns nothing off, and in some it is a second target, so that it is judged.
    fn temperature_words(
        &mut self,
        params: &[u8],
        waits: bool,
        judge: fn(&mut Self, f64),
    ) -> (Option<u32>, Option<f64>) {
        let (mut tool, mut heating, mut either) = (None, None, None);
        for word in lexer::words(params) {
            match (word.letter, word.value) {
                (b'T', Value::Number(n)) => tool = Some(n as u32),
                (b'S', Value::Number(n)) => heating = heating.or(Some(n)),
                (b'R', Value::Number(n)) => either = either.or(Some(n)),
                (b'S' | b'R', _) => {
                    let text = shown(word.text);
                    self.add(Error, Rule::Number, || format!("`{}{text}` is no temperature", word.letter as char));
                }
                _ => {}
            }
        }
        if let Some(other) = either {
            judge(self, other);
            if heating.is_some() && self.policy == Policy::Remote {
                self.add(Error, Rule::Number, || "S and R are two targets; which of them counts is not certain".into());
            }
        }
        (tool, heating.or(either.filter(|_| waits)))
    }

    fn judge_nozzle_temperature(&mut self, target: f64) {
        let limit = self.limits.max_nozzle_temperature;
        if !(-300.0..=limit + 0.5).contains(&target) {
            self.add(Error, Rule::Temperature, || {
                format!("the nozzle is set to {target} °C; the machine stands {limit}")
            });
        }
        let hottest = &mut self.report.totals.max_nozzle_temperature;
        *hottest = hottest.max(target);
    }

    fn nozzle(&mut self, tool: Option<u32>, target: f64, waits: bool) {
        self.judge_nozzle_temperature(target);
        // Waiting for a temperature that melts nothing is no heating up.
        let waits = waits && target >= self.limits.min_extrusion_temperature;
        self.heaters.set_nozzle(tool, self.tool, target, waits, self.line);
        self.cold_is_said = false;
    }

    fn judge_bed_temperature(&mut self, target: f64) {
        let limit = self.limits.max_bed_temperature;
        if !(-300.0..=limit + 0.5).contains(&target) {
            self.add(Error, Rule::Temperature, || format!("the bed is set to {target} °C; the machine stands {limit}"));
        }
        let hottest = &mut self.report.totals.max_bed_temperature;
        *hottest = hottest.max(target);
    }

    fn bed(&mut self, target: f64) {
        self.judge_bed_temperature(target);
        self.heaters.set_bed(target, self.line);
    }

    fn move_words(&mut self, params: &[u8]) -> MoveWords {
        let mut words = MoveWords::default();
        let mut said = false;
        for word in lexer::words(params) {
            let value = match word.value {
                Value::Number(value) if value.abs() < ABSURD => Some(value * self.unit_mm),
                // Once a line will do.
                _ if std::mem::replace(&mut said, true) => continue,
                _ => {
                    let text = shown(word.text);
                    let letter = word.letter as char;
                    self.add(Error, Rule::Number, || {
                        format!("`{letter}{text}` is not a number that a machine can use")
                    });
                    continue;
                }
            };
            let slot = match word.letter {
                b'X' => &mut words.axes[0],
                b'Y' => &mut words.axes[1],
                b'Z' => &mut words.axes[2],
                b'E' => &mut words.e,
                b'F' => &mut words.f,
                b'I' => &mut words.i,
                b'J' => &mut words.j,
                b'R' => &mut words.r,
                _ => continue,
            };
            // `X1e-5` is what a program writes that prints numbers carelessly; a machine reads X1 and E-5.
            if slot.replace(value.unwrap_or_default()).is_some() {
                self.add(Error, Rule::Number, || {
                    format!("{} is there twice, or a number has an exponent", word.letter as char)
                });
            }
        }
        words
    }

    fn motion(&mut self, command: u32, words: &MoveWords) {
        self.report.totals.moves += 1;
        if let Some(feed) = words.f {
            if feed > 0.0 {
                self.feed_mm_per_s = Some(mm_per_s(feed));
            } else {
                self.add(Error, Rule::Feed, || format!("a feed of {feed} stops the machine for ever"));
            }
        }
        let from = self.axes;
        for (axis, value) in self.axes.iter_mut().zip(words.axes) {
            if let Some(value) = value {
                if self.relative {
                    axis.logical += value;
                } else {
                    axis.logical = value;
                    (axis.known, axis.by_machine) = (true, false);
                }
            }
        }
        let pushed_mm = match words.e {
            Some(e) if self.relative_e => e,
            Some(e) => e - std::mem::replace(&mut self.e, e),
            None => 0.0,
        };
        let to = self.axes;
        let known = |axes: &[Axis; 3], which: &[usize]| which.iter().all(|i| axes[*i].known);
        let delta = [0, 1, 2].map(|i| if from[i].known { to[i].machine() - from[i].machine() } else { 0.0 });
        let moved = [0, 1, 2].map(|i| words.axes[i].is_some() && (delta[i] != 0.0 || !from[i].known));
        let in_plane = moved[0] || moved[1] || (command >= 2 && (words.i.is_some() || words.j.is_some()));
        if (moved[0] || moved[1] || moved[2]) && !self.homed {
            self.homed = true;
            self.add(Warning, Rule::Homing, || "moves before the machine was homed".into());
        }
        if self.policy == Policy::Remote && !self.own_here {
            self.check_start(command, words, &from);
        }
        let from_xy = [from[0].machine(), from[1].machine()];
        let to_xy = [to[0].machine(), to[1].machine()];
        let mut arc = None;
        if command >= 2 && known(&from, &[0, 1]) {
            match Arc::new(command == 2, from_xy, to_xy, words) {
                Ok(found) => arc = Some(found),
                Err(message) => self.add(Error, Rule::Arc, || message),
            }
        }
        let plane_mm = arc.map_or(delta[0].hypot(delta[1]), |a| a.length());
        let length_mm = plane_mm.hypot(delta[2]);

        let prints = in_plane && pushed_mm > 0.0;
        if pushed_mm > 0.0 {
            self.check_heat(prints);
        }
        if prints {
            if let Some(axis) = to.iter().position(|axis| !axis.known && !axis.by_machine) {
                self.add(Error, Rule::Homing, || {
                    format!("prints where nothing tells its {}", AXIS_NAMES.get(axis).copied().unwrap_or_default())
                });
            }
            self.has_laid = true;
            self.begin_road(to_xy, known(&to, &[0, 1]));
            self.check_filament();
            if let Some(z) = to[2].known.then(|| to[2].machine()) {
                self.check_height(z, delta[2], moved[2]);
            }
            if known(&to, &[0, 1]) {
                self.check_printing_place(from_xy, to_xy, known(&from, &[0, 1]), arc.as_ref());
            }
            self.check_flow(length_mm, pushed_mm);
            self.count_road(&to, plane_mm, pushed_mm);
            if std::mem::take(&mut self.released) {
                self.add(Error, Rule::MotorsOff, || "prints after the motors were released and not homed again".into());
            }
            self.motors_off = false;
            self.heaters.may_be_off = false;
        } else {
            if let Some(flow) = self.stretch.end() {
                self.judge_flow(flow);
            }
            self.report.totals.travel_mm += plane_mm;
            if in_plane && known(&to, &[0, 1]) {
                self.check_plain_place(to_xy, arc.as_ref());
            }
            if moved[2] && to[2].known {
                self.check_plain_height(to[2].machine());
            }
        }
        self.filament.push(pushed_mm, !in_plane);
        let whole = moved.iter().zip(&from).all(|(moved, axis)| !moved || axis.known);
        self.check_feed(&delta, length_mm, pushed_mm, prints, whole);
    }

    /// In a job from elsewhere, whether a move begins at a place that is known well enough to tell where it ends.
    fn check_start(&mut self, command: u32, words: &MoveWords, from: &[Axis; 3]) {
        for ((axis, value), name) in from.iter().zip(words.axes).zip(AXIS_NAMES) {
            if value.is_none() {
                continue;
            }
            if !axis.homed {
                self.add(Error, Rule::Homing, || format!("moves {name} before it was homed"));
            } else if self.relative && !axis.known {
                self.add(Error, Rule::Homing, || {
                    format!("moves {name} by an amount (G91) from a place that the job does not tell")
                });
            }
        }
        if command >= 2 && !(from[0].known && from[1].known) {
            self.add(Error, Rule::Arc, || "the arc begins at a place that the job does not tell".into());
        }
    }

    /// A printing move: the start sequence ends, and what was plain before it was no end sequence.
    fn begin_road(&mut self, to: [f64; 2], known: bool) {
        if !self.started && !self.has_layer_comments && known && self.bed.outside_mm(to) == 0.0 {
            self.started = true;
        }
        if !self.started || self.is_custom || self.pending_outside.is_empty() {
            return;
        }
        for outside in std::mem::take(&mut self.pending_outside) {
            self.beside(&outside);
        }
    }

    /// A plain move of a layer beside the plate.
    fn beside(&mut self, outside: &Outside) {
        let severity = if outside.by_mm > NEAR_PLATE_MM { Error } else { Warning };
        self.report.add(severity, Rule::BuildVolume, outside.line, outside.layer, || {
            let [x, y] = outside.at;
            format!("moves to X {x:.3} Y {y:.3}, {:.2} mm outside the build plate", outside.by_mm)
        });
    }

    fn check_heat(&mut self, prints: bool) {
        if self.heaters.macro_may_heat && !self.heaters.any_nozzle_known() {
            return;
        }
        let heater = self.heaters.nozzle(self.tool);
        let least = self.limits.min_extrusion_temperature;
        let message = match heater {
            Some(heater) if heater.target >= least && (heater.reached || self.heaters.macro_may_heat) => return,
            _ if self.cold_is_said => return,
            Some(heater) if heater.target >= least => {
                format!("pushes filament without waiting for the nozzle to reach {} °C", heater.target)
            }
            Some(heater) => {
                format!("pushes filament with the nozzle at {} °C; it melts from {least} °C on", heater.target)
            }
            None => format!("pushes filament although nozzle {} was never heated", self.tool),
        };
        self.cold_is_said = true;
        let what = if prints { "prints: it " } else { "" };
        self.add(Error, Rule::ColdExtrusion, || format!("{what}{message}"));
    }

    fn check_filament(&mut self) {
        if self.filament.firmware_retracted {
            self.add(Error, Rule::Retracted, || {
                "lays material while the firmware holds the filament back (G10)".into()
            });
        } else if let Some(drawn) = self.filament.still_drawn_mm() {
            self.add(Error, Rule::Retracted, || {
                format!("lays material while {drawn:.2} mm of filament are drawn back")
            });
        }
    }

    fn check_height(&mut self, z_mm: f64, rise_mm: f64, moved: bool) {
        let max = self.limits.max_height_mm;
        if z_mm > max + SAME_Z_MM {
            self.add(Error, Rule::BuildVolume, || format!("prints at Z {z_mm:.3}; the machine reaches {max}"));
        }
        if z_mm < -0.001 {
            self.add(Error, Rule::BelowPlate, || format!("prints at Z {z_mm:.3}, below the build plate"));
        }
        if self.is_lenient() {
            return;
        }
        let in_layer = self.started && !self.is_custom;
        // The flow of a start sequence does not tell where layers are: only what is printed on the plate does.
        let step = self.limits.nozzle_diameter_mm.max(0.8);
        let highest = self.top_mm.map_or(FIRST_HEIGHT_MM, |top| top + step);
        if z_mm > highest + SAME_Z_MM {
            self.add(Error, Rule::Lifted, || {
                format!("prints in the air: at Z {z_mm:.3}, where the highest road so far is at {:.3}", highest - step)
            });
        } else if let (true, Some(told)) = (in_layer, self.told_z_mm) {
            let offset = *self.told_offset_mm.get_or_insert_with(|| {
                let offset = z_mm - told;
                // A layer's moves differ from its comment by the machine's Z offset, or by a hop that was left in.
                if offset.abs() < 0.15 { offset } else { 0.0 }
            });
            if z_mm > told + offset + SAME_Z_MM {
                let told = told + offset;
                self.add(Error, Rule::Lifted, || format!("prints at Z {z_mm:.3} in a layer at {told:.3}"));
            }
        } else if in_layer && self.has_layer_comments {
            let climbs = moved && rise_mm > 0.0;
            let top = *self.layer_top_mm.get_or_insert(z_mm);
            if z_mm > top + SAME_Z_MM && !climbs {
                self.add(Error, Rule::Lifted, || format!("prints at Z {z_mm:.3} in a layer at {top:.3}"));
            } else {
                self.layer_top_mm = Some(top.max(z_mm));
            }
        }
        if self.top_mm.is_none_or(|top| z_mm > top + SAME_Z_MM) && !self.has_layer_comments {
            self.layer = Some(self.layer.map_or(0, |l| l + 1));
            self.report.totals.layers += 1;
            self.top_mm = Some(z_mm);
        }
        self.top_mm = Some(self.top_mm.map_or(z_mm, |top| top.max(z_mm)));
    }

    fn check_printing_place(&mut self, from: [f64; 2], to: [f64; 2], from_known: bool, arc: Option<&Arc>) {
        let priming = self.is_lenient();
        let mut worst = (self.bed.outside_mm(to), to);
        if from_known {
            let start = self.bed.outside_mm(from);
            if start > worst.0 {
                worst = (start, from);
            }
        }
        for point in arc.into_iter().flat_map(Arc::extremes) {
            let outside = self.bed.outside_mm(point);
            if outside > worst.0 {
                worst = (outside, point);
            }
        }
        let (outside, [x, y]) = worst;
        if outside > 0.0 {
            let severity = if priming && outside <= PRIMING_MARGIN_MM { Note } else { Error };
            self.add(severity, Rule::BuildVolume, || {
                format!("prints at X {x:.3} Y {y:.3}, {outside:.2} mm outside the build plate")
            });
        }
        let start = if from_known { from } else { to };
        if self.excluded.iter().any(|area| area.is_entered_by(start, to)) {
            self.add(Error, Rule::BuildVolume, || {
                format!("prints at X {:.3} Y {:.3}, on a part of the plate that must stay free", to[0], to[1])
            });
        }
    }

    fn check_plain_place(&mut self, to: [f64; 2], arc: Option<&Arc>) {
        let extremes = arc.into_iter().flat_map(Arc::extremes).map(|p| (self.bed.outside_mm(p), p));
        let (by_mm, at) = extremes.fold((self.bed.outside_mm(to), to), |a, b| if b.0 > a.0 { b } else { a });
        if by_mm == 0.0 {
            return;
        }
        if self.policy == Policy::Remote {
            let outside = Outside { line: self.line, layer: self.layer, at, by_mm };
            if self.is_lenient() { self.parked(&outside) } else { self.beside(&outside) }
        } else if self.started {
            // Whether this is of a layer or of the end sequence shows later.
            if self.pending_outside.len() < 1000 {
                self.pending_outside.push(Outside { line: self.line, layer: self.layer, at, by_mm });
            }
        } else {
            let outside = Outside { line: self.line, layer: None, at, by_mm };
            self.parked(&outside);
        }
    }

    /// A plain move of a start or end sequence beside the plate.
    fn parked(&mut self, outside: &Outside) {
        let severity = if outside.by_mm > PARKING_MM { Warning } else { Note };
        let [x, y] = outside.at;
        self.report.add(severity, Rule::BuildVolume, outside.line, outside.layer, || {
            format!("start or end sequence moves to X {x:.3} Y {y:.3}, {:.2} mm outside the build plate", outside.by_mm)
        });
    }

    fn check_plain_height(&mut self, z_mm: f64) {
        let max = self.limits.max_height_mm;
        if z_mm > max + SAME_Z_MM {
            let strict = self.policy == Policy::Remote && !self.is_lenient();
            let severity = if strict { Error } else { Warning };
            self.add(severity, Rule::BuildVolume, || format!("moves to Z {z_mm:.3}; the machine reaches {max}"));
        }
        if z_mm < -0.05 {
            let strict = self.started || (self.policy == Policy::Remote && !self.is_lenient());
            let severity = if strict { Error } else { Warning };
            self.add(severity, Rule::BelowPlate, || format!("moves to Z {z_mm:.3}, into the build plate"));
        }
    }

    fn check_flow(&mut self, length_mm: f64, pushed_mm: f64) {
        let (Some(feed), true) = (self.feed_mm_per_s, length_mm > 0.0) else { return };
        self.stretch_is_lenient &= self.is_lenient();
        if let Some(flow) = self.stretch.add(length_mm, pushed_mm * self.filament_area_mm2, feed) {
            self.judge_flow(flow);
        }
    }

    fn judge_flow(&mut self, flow: f64) {
        let lenient = match self.policy {
            Policy::Own => self.is_lenient(),
            Policy::Remote => std::mem::replace(&mut self.stretch_is_lenient, true),
        };
        if self.started && !self.is_custom {
            let peak = &mut self.report.totals.peak_melt_rate_mm3_per_s;
            *peak = peak.max(flow);
        }
        let limit = self.limits.max_melt_rate_mm3_per_s;
        if flow > limit * FLOW_TOLERANCE {
            self.add(if lenient { Warning } else { Error }, Rule::MeltRate, || {
                format!("asks for {flow:.1} mm³/s; the nozzle melts {limit:.1}")
            });
        }
    }

    fn count_road(&mut self, to: &[Axis; 3], plane_mm: f64, pushed_mm: f64) {
        if !self.started || self.is_custom {
            return;
        }
        let totals = &mut self.report.totals;
        totals.printed_mm3 += pushed_mm * self.filament_area_mm2;
        totals.printed_length_mm += plane_mm;
        if to.iter().all(|axis| axis.known) {
            let at = to.map(|axis| axis.machine());
            let min = totals.printed_min_mm.get_or_insert(at);
            let max = totals.printed_max_mm.get_or_insert(at);
            for axis in 0..3 {
                min[axis] = min[axis].min(at[axis]);
                max[axis] = max[axis].max(at[axis]);
            }
        }
    }

    fn check_feed(&mut self, delta: &[f64; 3], length_mm: f64, pushed_mm: f64, prints: bool, whole: bool) {
        let Some(feed) = self.feed_mm_per_s else {
            if prints {
                self.feed_mm_per_s = Some(mm_per_s(1500.0));
                self.add(Warning, Rule::Feed, || "prints before any feed was set".into());
            }
            return;
        };
        let limits = self.limits.max_feed_mm_per_s;
        let lenient = self.is_lenient();
        let strict = if self.policy == Policy::Remote { !lenient } else { self.started };
        if length_mm <= 0.0 {
            if whole && pushed_mm != 0.0 && feed > limits[3] * FEED_TOLERANCE {
                let severity = if feed > limits[3] * ABSURD_FEED && strict { Error } else { Warning };
                self.add(severity, Rule::Feed, || {
                    format!("moves filament at {feed:.1} mm/s; the machine does {:.1}", limits[3])
                });
            }
            return;
        }
        // One comparison for nearly all moves: the whole feed is within the slowest axis that moves.
        let parts = [delta[0], delta[1], delta[2], pushed_mm];
        for (axis, part) in parts.into_iter().enumerate() {
            let speed = feed * (part.abs() / length_mm).min(if axis == 3 { f64::INFINITY } else { 1.0 });
            if speed <= limits[axis] * FEED_TOLERANCE + 0.01 {
                continue;
            }
            let severity = match axis {
                // Slicers ask for the travel speed here and leave it to the firmware to slow down.
                2 if !prints => Note,
                // So it does with a wipe that draws filament back.
                3 if pushed_mm < 0.0 => Note,
                // The melt rate is judged apart.
                3 => Warning,
                _ if lenient => Warning,
                _ if prints || speed > limits[axis] * ABSURD_FEED => Error,
                _ => Warning,
            };
            let name = AXIS_NAMES.get(axis).copied().unwrap_or("The extruder");
            let limit = limits[axis];
            self.add(severity, Rule::Feed, || {
                format!("{name} has to move at {speed:.1} mm/s; the machine does {limit:.1}")
            });
        }
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
