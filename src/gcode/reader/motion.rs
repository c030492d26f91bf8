//! Keeps the state that G-code leaves implicit (modes, position, extruder, feed) and tells the builder what happens.

use std::collections::HashMap;

use super::build::Builder;
use super::comments::{self, Hint};
use crate::gcode::dialect::{AUXILIARY_FAN, CHAMBER};
use crate::gcode::lexer::{self, Code, Value};
use crate::gcode::{Dialect, ExtruderMode};
use crate::geometry::{MAX_COORDINATE_MM, Point};
use crate::report::{Notice, count};
use crate::toolpath::{ObjectLabel, Role, Step, Toolpath};
use crate::units::{MM_PER_INCH, mm_per_s};

/// Largest error of the chords that stand for an arc, mm.
const ARC_TOLERANCE_MM: f64 = 0.005;
/// Most chords of one arc.
const MAX_CHORDS: f64 = 1000.0;
/// Feed before the first `F`: what Marlin starts with, mm/min.
const INITIAL_FEED: f64 = 1500.0;
/// A number from here on means nothing, and sums of such numbers could leave what an `f64` can hold.
const ABSURD: f64 = 1e9;
/// Longest foreign line that is kept.
const MAX_RAW_BYTES: usize = 200;
/// Most objects that are kept.
const MAX_OBJECTS: usize = 10_000;

/// The parameters of a move.
#[derive(Clone, Copy, Default)]
struct MoveWords {
    x: Option<f64>,
    y: Option<f64>,
    z: Option<f64>,
    e: Option<f64>,
    f: Option<f64>,
    i: Option<f64>,
    j: Option<f64>,
    r: Option<f64>,
}

pub(super) struct Interpreter {
    builder: Builder,
    filament_area_mm2: f64,
    /// The area that `E` words are multiplied with: 1 where they are volumes.
    e_area_mm2: f64,
    unit_mm: f64,
    relative: bool,
    extruder: ExtruderMode,
    /// Where the tool is, in the coordinates of the words, mm.
    at: [f64; 3],
    /// What `G92` added: machine coordinates are `at + shift`.
    shift: [f64; 3],
    /// Whether the position is known: not before the first absolute move, nor after homing.
    known: bool,
    e: f64,
    feed_mm_per_s: f64,
    firmware_retract_mm: f64,
    firmware_retracted: bool,
    /// A `;TYPE:` or the like was seen, so that comments behind moves need not be looked at.
    has_types: bool,
    objects: Vec<ObjectLabel>,
    object_index: HashMap<Vec<u8>, u16>,
    current_object: Option<u16>,
    /// The last motion command, which bare parameters repeat.
    modal: u32,
    malformed: usize,
    out_of_range: usize,
}

impl Interpreter {
    pub(super) fn new(filament_diameter_mm: f64, dialect: Dialect) -> Self {
        let filament_area_mm2 = std::f64::consts::FRAC_PI_4 * filament_diameter_mm.powi(2);
        Self {
            builder: Builder::default(),
            filament_area_mm2,
            e_area_mm2: filament_area_mm2,
            unit_mm: 1.0,
            relative: false,
            extruder: ExtruderMode::new(dialect, false),
            at: [0.0; 3],
            shift: [0.0; 3],
            known: false,
            e: 0.0,
            feed_mm_per_s: mm_per_s(INITIAL_FEED),
            firmware_retract_mm: 0.0,
            firmware_retracted: false,
            has_types: false,
            objects: Vec::new(),
            object_index: HashMap::new(),
            current_object: None,
            modal: 1,
            malformed: 0,
            out_of_range: 0,
        }
    }

    /// `E` words are volumes from here on, as in UltiGCode.
    pub(super) fn use_volumes(&mut self) {
        self.e_area_mm2 = 1.0;
    }

    pub(super) fn finish(self) -> (Toolpath, Vec<Notice>) {
        let mut notices = Vec::new();
        if self.malformed > 0 {
            notices.push(Notice::warning(format!("{} without a number skipped", count(self.malformed, "words"))));
        }
        if self.out_of_range > 0 {
            notices.push(Notice::warning(format!(
                "{} beyond {MAX_COORDINATE_MM} mm drawn there",
                count(self.out_of_range, "moves")
            )));
        }
        (Toolpath { layers: self.builder.finish(), objects: self.objects, ..Toolpath::default() }, notices)
    }

    pub(super) fn hint(&mut self, hint: Hint<'_>) {
        match hint {
            Hint::Layer { z_mm, height_mm } => self.builder.layer_comment(z_mm, height_mm),
            Hint::LayerZ(z) => self.builder.layer_z(z),
            Hint::Role(role) => {
                self.has_types = true;
                self.builder.set_role(role);
            }
            Hint::Width(width) => self.builder.set_width(width),
            Hint::Height(height) => self.builder.set_height(height),
            Hint::ObjectStart(name) => self.start_object(name),
            Hint::ObjectEnd => self.end_object(),
            Hint::Nothing => {}
        }
    }

    pub(super) fn command(&mut self, code: Code<'_>, comment: Option<&[u8]>) {
        match code {
            Code::Letter { letter: b'G', number, sub: None, params } => self.g(number, params, comment),
            Code::Letter { letter: b'M', number, sub: None, params } => self.m(number, params),
            Code::Letter { letter: b'T', number, params, .. } => match u8::try_from(number) {
                Ok(tool) => self.builder.step(Step::Tool(tool)),
                Err(_) => self.raw(b"T", number, params),
            },
            Code::Letter { letter, number, params, .. } => self.raw(&[letter], number, params),
            Code::Bare { params } => {
                let words = self.move_words(params);
                self.motion(self.modal, words, comment);
            }
            Code::Extended { name, params } => self.extended(name, params),
            Code::Other(_) => self.malformed += 1,
            Code::Empty => {}
        }
    }

    fn g(&mut self, number: u32, params: &[u8], comment: Option<&[u8]>) {
        match number {
            0..=3 => {
                self.modal = number;
                let words = self.move_words(params);
                self.motion(number, words, comment);
            }
            10 => {
                let mut words = lexer::words(params);
                // With parameters it sets offsets or temperatures.
                if words.any(|w| matches!(w.letter, b'P' | b'L')) {
                    self.raw(b"G", number, params);
                } else if !self.firmware_retracted {
                    self.firmware_retracted = true;
                    self.builder.stroke(-self.firmware_retract_mm, self.feed_mm_per_s);
                }
            }
            11 if self.firmware_retracted => {
                self.firmware_retracted = false;
                self.builder.stroke(self.firmware_retract_mm, self.feed_mm_per_s);
            }
            11 => {}
            20 => self.unit_mm = MM_PER_INCH,
            21 => self.unit_mm = 1.0,
            28 => {
                self.raw(b"G", number, params);
                self.known = false;
                let words = self.axes_present(params);
                for (axis, named) in words.iter().enumerate() {
                    if *named || words == [false; 3] {
                        (self.at[axis], self.shift[axis]) = (0.0, 0.0);
                    }
                }
            }
            90 | 91 => {
                self.relative = number == 91;
                self.extruder.set_axes(self.relative);
            }
            92 => {
                let words = self.move_words(params);
                for (axis, value) in [words.x, words.y, words.z].into_iter().enumerate() {
                    if let Some(value) = value {
                        self.shift[axis] += self.at[axis] - value;
                        self.at[axis] = value;
                    }
                }
                if let Some(e) = words.e {
                    self.e = e;
                }
            }
            17 => {}
            _ => self.raw(b"G", number, params),
        }
    }

    fn m(&mut self, number: u32, params: &[u8]) {
        let value = |letter: u8| {
            lexer::words(params).find_map(|w| match w.value {
                Value::Number(n) if w.letter == letter => Some(n),
                _ => None,
            })
        };
        match number {
            82 | 83 => self.extruder.set_extruder(number == 83),
            104 | 109 => match value(b'S').or(value(b'R')) {
                Some(celsius) => self.builder.step(Step::NozzleTemperature(celsius as f32)),
                None => self.raw(b"M", number, params),
            },
            140 | 190 => match value(b'S').or(value(b'R')) {
                Some(celsius) => self.builder.step(Step::BedTemperature(celsius as f32)),
                None => self.raw(b"M", number, params),
            },
            106 | 107 if value(b'P') == Some(2.0) => {
                let share = if number == 107 { 0.0 } else { value(b'S').unwrap_or(255.0) / 255.0 };
                self.builder.step(Step::AuxiliaryFan(share.clamp(0.0, 1.0) as f32));
            }
            // Fans other than the first do not cool the part.
            106 | 107 if value(b'P').is_some_and(|fan| fan != 0.0) => self.raw(b"M", number, params),
            106 => {
                let speed = value(b'S').unwrap_or(255.0);
                // RepRapFirmware also takes a share.
                let share = if speed <= 1.0 { speed } else { speed / 255.0 };
                self.builder.step(Step::Fan(share.clamp(0.0, 1.0) as f32));
            }
            107 => self.builder.step(Step::Fan(0.0)),
            200 => {
                let diameter = value(b'D').unwrap_or(0.0);
                let volumes = diameter > 0.0 && value(b'S') != Some(0.0);
                self.e_area_mm2 = if volumes { 1.0 } else { self.filament_area_mm2 };
            }
            204 => match value(b'S').or(value(b'P')).or(value(b'T')) {
                Some(acceleration) => self.builder.step(Step::Acceleration(acceleration as f32)),
                None => self.raw(b"M", number, params),
            },
            // Jerk, of RepRapFirmware in mm/min.
            205 | 566 => match value(b'X').or(value(b'Y')) {
                Some(x) => {
                    let jerk = x.min(value(b'Y').unwrap_or(x));
                    let mm_per_s = if number == 566 { mm_per_s(jerk) } else { jerk };
                    self.builder.step(Step::Jerk(mm_per_s as f32));
                }
                None => self.raw(b"M", number, params),
            },
            207 => {
                self.firmware_retract_mm = value(b'S').unwrap_or(self.firmware_retract_mm).clamp(0.0, 100.0);
            }
            486 => match value(b'S') {
                Some(index) if index >= 0.0 => {
                    let name = lexer::words(params).find(|w| w.letter == b'A').map(|w| w.text).unwrap_or_default();
                    self.start_numbered_object(index as u32, name);
                }
                Some(_) => self.end_object(),
                None => {}
            },
            572 | 900 => match value(b'S').or(value(b'K')) {
                Some(seconds) => self.builder.step(Step::PressureAdvance(seconds as f32)),
                None => self.raw(b"M", number, params),
            },
            // Questions and progress change nothing.
            73 | 105 | 114 | 115 | 155 => {}
            _ => self.raw(b"M", number, params),
        }
    }

    fn extended(&mut self, name: &[u8], params: &[u8]) {
        let value = |key: &[u8]| lexer::pairs(params).find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v);
        let number = |key: &[u8]| value(key).and_then(lexer::parse_number);
        let step = match name.to_ascii_uppercase().as_slice() {
            b"EXCLUDE_OBJECT_DEFINE" => {
                if let Some(object) = value(b"NAME") {
                    let outline = value(b"POLYGON").map(polygon).unwrap_or_default();
                    if let Some(index) = self.object(object) {
                        self.objects[usize::from(index)].outline = outline;
                    }
                }
                return;
            }
            b"EXCLUDE_OBJECT_START" => {
                if let Some(object) = value(b"NAME") {
                    self.start_object(object);
                }
                return;
            }
            b"EXCLUDE_OBJECT_END" => return self.end_object(),
            b"SET_VELOCITY_LIMIT" => {
                let jerk = number(b"SQUARE_CORNER_VELOCITY").map(|velocity| Step::Jerk(velocity as f32));
                match (number(b"ACCEL").map(|a| Step::Acceleration(a as f32)), jerk) {
                    (Some(acceleration), Some(jerk)) => {
                        self.builder.step(acceleration);
                        Some(jerk)
                    }
                    (one, other) => one.or(other),
                }
            }
            b"SET_PRESSURE_ADVANCE" => number(b"ADVANCE").map(|s| Step::PressureAdvance(s as f32)),
            b"SET_HEATER_TEMPERATURE" => number(b"TARGET").and_then(|celsius| match value(b"HEATER") {
                Some(heater) if heater.eq_ignore_ascii_case(b"heater_bed") => {
                    Some(Step::BedTemperature(celsius as f32))
                }
                Some(heater) if heater.eq_ignore_ascii_case(CHAMBER.as_bytes()) => None,
                _ => Some(Step::NozzleTemperature(celsius as f32)),
            }),
            b"SET_FAN_SPEED" if value(b"FAN") == Some(AUXILIARY_FAN.as_bytes()) => {
                number(b"SPEED").map(|share| Step::AuxiliaryFan(share.clamp(0.0, 1.0) as f32))
            }
            _ => None,
        };
        match step {
            Some(step) => self.builder.step(step),
            None => {
                let mut text = String::from_utf8_lossy(name).into_owned();
                text += &String::from_utf8_lossy(params.get(..MAX_RAW_BYTES).unwrap_or(params));
                self.builder.step(Step::Raw(text));
            }
        }
    }

    fn raw(&mut self, letter: &[u8], number: u32, params: &[u8]) {
        let params = params.get(..MAX_RAW_BYTES).unwrap_or(params);
        let text = format!("{}{number}{}", String::from_utf8_lossy(letter), String::from_utf8_lossy(params));
        self.builder.step(Step::Raw(text.trim_end().to_owned()));
    }

    fn move_words(&mut self, params: &[u8]) -> MoveWords {
        let mut words = MoveWords::default();
        for word in lexer::words(params) {
            let value = match word.value {
                Value::Number(value) if value.abs() < ABSURD => Some(value * self.unit_mm),
                _ => {
                    self.malformed += 1;
                    continue;
                }
            };
            match word.letter {
                b'X' => words.x = value,
                b'Y' => words.y = value,
                b'Z' => words.z = value,
                b'E' => words.e = value,
                b'F' => words.f = value,
                b'I' => words.i = value,
                b'J' => words.j = value,
                b'R' => words.r = value,
                _ => {}
            }
        }
        words
    }

    fn axes_present(&self, params: &[u8]) -> [bool; 3] {
        let mut present = [false; 3];
        for word in lexer::words(params) {
            if let Some(axis) = b"XYZ".iter().position(|axis| *axis == word.letter) {
                present[axis] = true;
            }
        }
        present
    }

    fn motion(&mut self, command: u32, words: MoveWords, comment: Option<&[u8]>) {
        if let Some(feed) = words.f.filter(|f| *f > 0.0) {
            self.feed_mm_per_s = mm_per_s(feed);
        }
        let from = self.at;
        for (axis, value) in [words.x, words.y, words.z].into_iter().enumerate() {
            if let Some(value) = value {
                self.at[axis] = if self.relative { self.at[axis] + value } else { value };
            }
        }
        let pushed_mm = match words.e {
            Some(e) if self.extruder.is_relative() => e,
            Some(e) => e - std::mem::replace(&mut self.e, e),
            None => 0.0,
        };
        let volume_mm3 = pushed_mm * self.e_area_mm2;
        let moves_xy = words.x.is_some() || words.y.is_some();
        if !moves_xy && words.z.is_none() {
            if pushed_mm != 0.0 {
                self.builder.stroke(volume_mm3 / self.filament_area_mm2, self.feed_mm_per_s);
            }
            return;
        }
        if !self.has_types && volume_mm3 > 0.0 {
            // Slic3r names the feature behind each move.
            let role = comment.and_then(comments::role_of).unwrap_or(Role::Custom);
            self.builder.set_role(role);
        }
        let was_known = std::mem::replace(&mut self.known, true);
        let start = if was_known { from } else { [self.at[0], self.at[1], from[2]] };
        if command >= 2 && moves_xy && was_known {
            let chords = arc(command == 2, start, self.at, &words);
            let steps = chords.len().max(1) as f64;
            for point in chords {
                self.move_to(point, volume_mm3 / steps);
            }
        } else {
            if !was_known {
                let (point, z_mm) = self.place(start);
                self.builder.jump(point, z_mm);
            }
            self.move_to(self.at, volume_mm3);
        }
    }

    fn move_to(&mut self, to: [f64; 3], volume_mm3: f64) {
        let (point, z_mm) = self.place(to);
        let retracted_mm = volume_mm3 / self.filament_area_mm2;
        self.builder.move_to(point, z_mm, volume_mm3, retracted_mm, self.feed_mm_per_s);
    }

    /// A place in machine coordinates, on the grid.
    fn place(&mut self, at: [f64; 3]) -> (Point, f64) {
        let mut place = [0.0; 3];
        for axis in 0..3 {
            place[axis] = (at[axis] + self.shift[axis]).clamp(-MAX_COORDINATE_MM, MAX_COORDINATE_MM);
            self.out_of_range += usize::from(place[axis] != at[axis] + self.shift[axis]);
        }
        (Point::from_mm(place[0], place[1]), place[2])
    }

    /// The index of an object of a name; `None` beyond all measure.
    fn object(&mut self, name: &[u8]) -> Option<u16> {
        if let Some(index) = self.object_index.get(name) {
            return Some(*index);
        }
        let index = u16::try_from(self.objects.len()).ok().filter(|i| usize::from(*i) < MAX_OBJECTS)?;
        let text = String::from_utf8_lossy(name.get(..MAX_RAW_BYTES).unwrap_or(name)).into_owned();
        self.objects.push(ObjectLabel { name: text, outline: Vec::new() });
        self.object_index.insert(name.to_vec(), index);
        Some(index)
    }

    fn start_object(&mut self, name: &[u8]) {
        if let Some(index) = self.object(name)
            && self.current_object != Some(index)
        {
            self.end_object();
            self.current_object = Some(index);
            self.builder.step(Step::ObjectStart(index));
        }
    }

    /// `M486 S`: the object of a comment just before it, or one of its own.
    fn start_numbered_object(&mut self, number: u32, name: &[u8]) {
        let key = format!("#{number}").into_bytes();
        let name = name.strip_prefix(b"\"").unwrap_or(name);
        let name = name.strip_suffix(b"\"").unwrap_or(name);
        if !name.is_empty() {
            if let Some(index) = self.object(name) {
                self.object_index.insert(key, index);
            }
            return self.start_object(name);
        }
        if self.object_index.contains_key(&key) {
            return self.start_object(&key);
        }
        if let Some(current) = self.current_object {
            self.object_index.insert(key, current);
            return;
        }
        self.start_object(&key);
        if let Some(object) = self.current_object.and_then(|i| self.objects.get_mut(usize::from(i))) {
            object.name = format!("Object {}", number.saturating_add(1));
        }
    }

    fn end_object(&mut self) {
        if let Some(index) = self.current_object.take() {
            self.builder.end_object(index);
        }
    }
}

/// The chords' ends of an arc (not its start), `to` being the last; one straight line where it is no arc.
fn arc(clockwise: bool, from: [f64; 3], to: [f64; 3], words: &MoveWords) -> Vec<[f64; 3]> {
    let offset = match (words.i, words.j, words.r) {
        (None, None, Some(r)) => centre_of_radius(clockwise, from, to, r),
        (i, j, _) => Some([i.unwrap_or(0.0), j.unwrap_or(0.0)]),
    };
    let Some([i, j]) = offset else { return vec![to] };
    let centre = [from[0] + i, from[1] + j];
    let radius = i.hypot(j);
    if !(radius.is_finite() && radius > ARC_TOLERANCE_MM) {
        return vec![to];
    }
    let start = (from[1] - centre[1]).atan2(from[0] - centre[0]);
    let end = (to[1] - centre[1]).atan2(to[0] - centre[0]);
    let mut sweep = if clockwise { start - end } else { end - start };
    if sweep <= 1e-9 {
        sweep += std::f64::consts::TAU;
    }
    let step = 2.0 * (1.0 - ARC_TOLERANCE_MM / radius).clamp(-1.0, 1.0).acos();
    let count = (sweep / step).ceil().clamp(1.0, MAX_CHORDS) as usize;
    let mut chords = Vec::with_capacity(count);
    for k in 1..count {
        let share = k as f64 / count as f64;
        let angle = if clockwise { start - sweep * share } else { start + sweep * share };
        let z = from[2] + (to[2] - from[2]) * share;
        chords.push([centre[0] + radius * angle.cos(), centre[1] + radius * angle.sin(), z]);
    }
    chords.push(to);
    chords
}

/// The centre, seen from the start, of an arc that is given by its radius: the short way round where it is positive.
fn centre_of_radius(clockwise: bool, from: [f64; 3], to: [f64; 3], radius: f64) -> Option<[f64; 2]> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let chord = dx.hypot(dy);
    if chord <= 0.0 || chord > 2.0 * radius.abs() * 1.001 {
        return None;
    }
    let height = (radius * radius - chord * chord / 4.0).max(0.0).sqrt();
    let side = if clockwise == (radius > 0.0) { -1.0 } else { 1.0 };
    Some([dx / 2.0 - side * height * dy / chord, dy / 2.0 + side * height * dx / chord])
}

/// Klipper's `[[x,y],[x,y],…]`.
fn polygon(text: &[u8]) -> Vec<Point> {
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'-');
    let mut numbers = text.split(|b| !number(b)).filter_map(lexer::parse_number);
    let mut points = Vec::new();
    while let (Some(x), Some(y)) = (numbers.next(), numbers.next()) {
        if x.abs() <= MAX_COORDINATE_MM && y.abs() <= MAX_COORDINATE_MM {
            points.push(Point::from_mm(x, y));
        }
    }
    points
}
