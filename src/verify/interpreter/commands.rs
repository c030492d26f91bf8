//! What each command changes: modes, temperatures, coordinates, and the words of moves.

use super::{ABSURD, Interpreter, Stretch, shown};
use crate::gcode::dialect::CHAMBER;
use crate::gcode::lexer::{self, Value};
use crate::report::Severity::{Error, Note, Warning};
use crate::units::MM_PER_INCH;
use crate::verify::motion::{Axis, MoveWords};
use crate::verify::policy::{self, Policy};
use crate::verify::report::Rule;

impl Interpreter<'_> {
    pub(super) fn extended(&mut self, name: &[u8], params: &[u8]) {
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
                } else if heater == CHAMBER.as_bytes() {
                    self.judge_chamber_temperature(target);
                }
            }
            // The chamber says nothing about the nozzle.
            "TEMPERATURE_WAIT" if value(b"SENSOR").is_some_and(|sensor| sensor.ends_with(CHAMBER.as_bytes())) => {}
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

    pub(super) fn g(&mut self, number: u32, params: &[u8]) {
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
            90 | 91 => {
                self.relative = number == 91;
                self.extruder.set_axes(self.relative);
            }
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

    pub(super) fn m(&mut self, number: u32, params: &[u8]) {
        match number {
            82 | 83 => self.extruder.set_extruder(number == 83),
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
            141 | 191 => {
                let waits = number == 191;
                if let (_, Some(target)) = self.temperature_words(params, waits, Self::judge_chamber_temperature) {
                    self.judge_chamber_temperature(target);
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

    /// Firmware without a chamber's heater does not know the commands, so nothing is too hot for it.
    fn judge_chamber_temperature(&mut self, target: f64) {
        let limit = self.limits.max_chamber_temperature;
        if limit > 0.0 && !(-300.0..=limit + 0.5).contains(&target) {
            self.add(Error, Rule::Temperature, || {
                format!("the chamber is set to {target} °C; the machine stands {limit}")
            });
        }
    }

    fn bed(&mut self, target: f64) {
        self.judge_bed_temperature(target);
        self.heaters.set_bed(target, self.line);
    }

    pub(super) fn move_words(&mut self, params: &[u8]) -> MoveWords {
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
}
