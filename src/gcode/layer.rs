//! The text of one layer. Layers are written independently of each other, so that they can be written in parallel:
//! what one needs to know of those before it is in [`Carry`], and the rest (feed, accelerations, feature comments) is
//! simply said again at the start of each layer.
//!
//! Filament is counted in whole picometres from the start of the job, and an `E` word is the difference of two rounded
//! sums. So rounding never adds up: the words of a file sum to the exact total, whatever the lengths of its segments.

use super::arcs::{self, Span};
use super::dialect::{Dialect, MoveKind, role_name};
use super::filament::{Extruder, Moved, PM_PER_MM};
use super::number::{micrometres, push_fixed, to_fixed};
use super::sequence::{TooLong, clean_lines};
use crate::geometry::Point;
use crate::toolpath::{Extrusion, Layer, ObjectLabel, Role, Step, Travel};
use crate::units::mm_per_min;

/// Picometres of filament in the last decimal of an `E` word, 1e-5 mm.
const PM_PER_E_UNIT: i64 = 10_000;
/// Decimals of `E` words and of other coordinates.
const E_DECIMALS: u32 = 5;
const MM_DECIMALS: u32 = 3;
/// Feed of filament that moves alone for thousandths of a millimetre: any extruder can do it.
const FLUSH_FEED_MM_PER_S: f32 = 5.0;

/// What a layer must know of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Carry {
    /// Height of the tool in µm; `None` where it is not known (start sequence).
    pub z_um: Option<i64>,
    /// Filament pushed forward so far, in pm.
    pub e_pm: i64,
    pub tool: u8,
    /// Acceleration and jerk that the toolpath last asked for, mm/s² and mm/s.
    pub acceleration: Option<f32>,
    pub jerk: Option<f32>,
}

/// What keeps a layer from being written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LayerError {
    /// A number in the toolpath that is not finite, or senseless where it stands.
    Number { what: &'static str, value: f64 },
    /// A line of the toolpath's own is too long for the firmware.
    TooLong(TooLong),
}

/// What is the same for all layers.
pub(super) struct LayerStyle<'a> {
    pub dialect: Dialect,
    pub relative_e: bool,
    pub label_objects: bool,
    pub objects: &'a [ObjectLabel],
    pub filament_area_mm2: f64,
    /// Feed of Z moves that the writer itself has to add, mm/s.
    pub z_feed_mm_per_s: f64,
    /// How far an arc may be from the points that it stands for, mm; 0 = no arcs.
    pub arc_tolerance_mm: f64,
}

/// Filament in pm for a road of some length.
fn road_pm(length_mm: f64, flow_mm3_per_mm: f32, filament_area_mm2: f64) -> i64 {
    (length_mm * f64::from(flow_mm3_per_mm) / filament_area_mm2 * PM_PER_MM).round() as i64
}

/// Filament in pm for a retraction: a whole number of `E` units, so that drawing back and pushing forward cancel out.
fn stroke_pm(length_mm: f32) -> i64 {
    ((f64::from(length_mm) * PM_PER_MM / PM_PER_E_UNIT as f64).round() as i64).saturating_mul(PM_PER_E_UNIT)
}

/// `E` units of a sum of filament.
fn e_units(pm: i64) -> i64 {
    pm.saturating_add(PM_PER_E_UNIT / 2).div_euclid(PM_PER_E_UNIT)
}

/// What a layer uses, and what it changes for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct LayerSums {
    /// Filament of its roads alone, pm.
    pub road_pm: i64,
    /// Filament of everything but custom sequences.
    pub moved: Moved,
    /// Height at its end: outer `None` where it changes nothing, inner `None` where it is not known.
    z_um: Option<Option<i64>>,
    tool: Option<u8>,
    acceleration: Option<f32>,
    jerk: Option<f32>,
}

impl Carry {
    /// The state after a layer.
    pub(super) fn after(self, layer: &LayerSums) -> Self {
        Self {
            z_um: layer.z_um.unwrap_or(self.z_um),
            e_pm: self.e_pm.saturating_add(layer.moved.net_pm),
            tool: layer.tool.unwrap_or(self.tool),
            acceleration: layer.acceleration.or(self.acceleration),
            jerk: layer.jerk.or(self.jerk),
        }
    }
}

/// Adds up what a layer does to the state that the next one starts from.
pub(super) fn sum(layer: &Layer, filament_area_mm2: f64) -> LayerSums {
    let mut sums = LayerSums::default();
    let um = |z_mm: f32| to_fixed(f64::from(z_mm), MM_DECIMALS);
    for step in &layer.steps {
        match step {
            Step::Extrude(road) => {
                for pair in road.points.windows(2) {
                    if let [a, b] = pair {
                        let filament = road_pm(a.distance_mm(*b), road.flow_mm3_per_mm, filament_area_mm2);
                        sums.road_pm = sums.road_pm.saturating_add(filament);
                        sums.moved.push(filament);
                    }
                }
                let last_z = road.z_mm.iter().take(road.points.len()).skip(1).last();
                if road.z_mm.is_empty() {
                    sums.z_um = Some(um(layer.z_mm));
                } else if let Some(z) = last_z {
                    sums.z_um = Some(um(*z));
                }
            }
            Step::Travel(travel) => {
                sums.moved.push(stroke_pm(-travel.wipe_retract_mm));
                if let Some(z) = travel.z_mm.get(..travel.points.len()).and_then(<[f32]>::last) {
                    sums.z_um = Some(um(*z));
                }
            }
            Step::Retract { length_mm, .. } => sums.moved.push(stroke_pm(-*length_mm)),
            Step::Unretract { length_mm, .. } => sums.moved.push(stroke_pm(*length_mm)),
            Step::MoveZ { z_mm, .. } => sums.z_um = Some(um(*z_mm)),
            Step::Tool(tool) => (sums.tool, sums.z_um) = (Some(*tool), Some(None)),
            Step::Acceleration(value) => sums.acceleration = Some(*value),
            Step::Jerk(value) => sums.jerk = Some(*value),
            Step::Raw(_) => sums.z_um = Some(None),
            _ => {}
        }
    }
    if !moves_to_its_height(layer) && sums.z_um.is_none() {
        sums.z_um = Some(um(layer.z_mm));
    }
    sums
}

/// Whether a layer moves to its height itself before it lays material, or while it does (a vase's turn rises from the
/// end of the one below).
fn moves_to_its_height(layer: &Layer) -> bool {
    let decides = |step: &Step| match step {
        Step::MoveZ { .. } => Some(true),
        Step::Travel(travel) if !travel.z_mm.is_empty() => Some(true),
        Step::Extrude(road) => Some(!road.z_mm.is_empty()),
        _ => None,
    };
    layer.steps.iter().find_map(decides).unwrap_or(false)
}

/// A layer as text.
pub(super) struct WrittenLayer {
    pub text: Vec<u8>,
    /// What its custom sequences do to the filament.
    pub custom: Moved,
    /// What the extruder's counter shows at its end, mm.
    pub e_mm: f64,
}

/// Writes one layer. `before` and `after` are the filled-in layer sequences, `progress` the `M73` line of its start.
pub(super) fn write_layer(
    layer: &Layer,
    style: &LayerStyle<'_>,
    carry: Carry,
    progress: Option<&str>,
    before: &[String],
    after: &[String],
) -> Result<WrittenLayer, LayerError> {
    let mut w = LayerWriter::new(layer, style, carry)?;
    w.line(";LAYER_CHANGE");
    w.push(b";Z:");
    w.fixed(w.layer_z_um, MM_DECIMALS);
    w.push(b"\n;HEIGHT:");
    let height = checked("layer height", layer.height_mm, MM_DECIMALS)?;
    w.height_um = Some(height);
    w.fixed(height, MM_DECIMALS);
    w.push(b"\n");
    w.mark(";BEFORE_LAYER_CHANGE", before);
    if !style.relative_e {
        w.line("G92 E0");
    }
    w.lines(before);
    if let Some(progress) = progress {
        w.line(progress);
    }
    let mut change_is_due = true;
    if !moves_to_its_height(layer) {
        w.move_z(w.layer_z_um, style.z_feed_mm_per_s as f32)?;
        w.after_layer_change(&mut change_is_due, after);
    }
    for step in &layer.steps {
        if matches!(step, Step::Extrude(_)) {
            w.after_layer_change(&mut change_is_due, after);
        }
        w.step(step)?;
        if matches!(step, Step::MoveZ { .. }) {
            w.after_layer_change(&mut change_is_due, after);
        }
    }
    w.after_layer_change(&mut change_is_due, after);
    w.flush_filament()?;
    Ok(WrittenLayer { e_mm: w.e_mm(), text: w.out, custom: w.custom })
}

struct LayerWriter<'a> {
    out: Vec<u8>,
    style: &'a LayerStyle<'a>,
    layer_z_um: i64,
    /// Where the tool is as written, in µm; `None` where a custom sequence may have moved it.
    x_um: Option<i64>,
    y_um: Option<i64>,
    z_um: Option<i64>,
    /// Exact sum of filament, and the `E` units of it that are written.
    e_pm: i64,
    e_written: i64,
    /// What absolute `E` words count from.
    e_base: i64,
    /// What custom sequences have done to the filament.
    custom: Moved,
    /// Feed as written, in thousandths of mm/min.
    feed: Option<i64>,
    tool: u8,
    role: Option<Role>,
    width_um: Option<i64>,
    height_um: Option<i64>,
    acceleration: Option<f32>,
    print_acceleration: Option<f32>,
    travel_acceleration: Option<f32>,
    jerk: Option<f32>,
    written_jerk: Option<f32>,
    fan: Option<f32>,
}

/// Thousandths (at 3 decimals) of a number that must be finite and not beyond all measure.
fn checked(what: &'static str, value: f32, decimals: u32) -> Result<i64, LayerError> {
    to_fixed(f64::from(value), decimals).ok_or(LayerError::Number { what, value: f64::from(value) })
}

impl<'a> LayerWriter<'a> {
    fn new(layer: &Layer, style: &'a LayerStyle<'a>, carry: Carry) -> Result<Self, LayerError> {
        let points: usize = layer.steps.iter().map(|s| if let Step::Extrude(e) = s { e.points.len() } else { 2 }).sum();
        Ok(Self {
            out: Vec::with_capacity(points * 32 + 256),
            style,
            layer_z_um: checked("layer z", layer.z_mm, MM_DECIMALS)?,
            x_um: None,
            y_um: None,
            z_um: carry.z_um,
            e_pm: carry.e_pm,
            e_written: e_units(carry.e_pm),
            e_base: e_units(carry.e_pm),
            custom: Moved::default(),
            feed: None,
            tool: carry.tool,
            role: None,
            width_um: None,
            height_um: None,
            acceleration: carry.acceleration.filter(|v| *v > 0.0),
            print_acceleration: None,
            travel_acceleration: None,
            jerk: carry.jerk.filter(|v| *v > 0.0),
            written_jerk: None,
            fan: None,
        })
    }

    fn push(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn line(&mut self, line: &str) {
        self.push(line.as_bytes());
        self.out.push(b'\n');
    }

    fn fixed(&mut self, value: i64, decimals: u32) {
        push_fixed(&mut self.out, value, decimals);
    }

    /// What the extruder's counter shows, mm; of no meaning where `E` words are relative.
    fn e_mm(&self) -> f64 {
        (self.e_written - self.e_base) as f64 * PM_PER_E_UNIT as f64 / PM_PER_MM
    }

    /// Writes lines of a custom sequence, after which nothing is known of position and feed.
    fn lines(&mut self, lines: &[String]) {
        for line in lines {
            self.line(line);
        }
        let custom = Extruder::new(self.style.dialect, self.style.relative_e, self.e_mm()).run(lines);
        self.custom = self.custom.then(custom);
        if lines.iter().any(|l| !l.starts_with(';')) {
            (self.x_um, self.y_um, self.z_um, self.feed) = (None, None, None, None);
            (self.print_acceleration, self.travel_acceleration, self.written_jerk) = (None, None, None);
            self.fan = None;
            // It may also have set the extruder's count, as layer sequences of old profiles do.
            if !self.style.relative_e {
                self.line("G92 E0");
                self.e_base = self.e_written;
            }
        }
    }

    fn after_layer_change(&mut self, due: &mut bool, after: &[String]) {
        if std::mem::take(due) {
            self.mark(";AFTER_LAYER_CHANGE", after);
            self.lines(after);
        }
    }

    /// A comment that hosts look for, and the height under it; profiles often write it themselves.
    fn mark(&mut self, comment: &str, sequence: &[String]) {
        if !sequence.iter().any(|l| l.starts_with(comment)) {
            self.line(comment);
            self.out.push(b';');
            self.fixed(self.layer_z_um, MM_DECIMALS);
            self.out.push(b'\n');
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), LayerError> {
        match step {
            Step::Extrude(road) => return self.extrude(road),
            Step::Travel(travel) => return self.travel(travel),
            Step::Retract { length_mm, feed_mm_per_s } => {
                checked("retraction", *length_mm, E_DECIMALS)?;
                self.stroke(stroke_pm(-*length_mm), *feed_mm_per_s)?;
            }
            Step::Unretract { length_mm, feed_mm_per_s } => {
                checked("retraction", *length_mm, E_DECIMALS)?;
                self.stroke(stroke_pm(*length_mm), *feed_mm_per_s)?;
            }
            Step::MoveZ { z_mm, feed_mm_per_s } => {
                self.move_z(checked("z", *z_mm, MM_DECIMALS)?, *feed_mm_per_s)?;
            }
            Step::Fan(share) => {
                checked("fan", *share, MM_DECIMALS)?;
                if self.fan.replace(*share) != Some(*share) {
                    self.line(&self.style.dialect.fan(f64::from(*share)));
                }
            }
            Step::AuxiliaryFan(share) => {
                checked("auxiliary fan", *share, MM_DECIMALS)?;
                self.line(&self.style.dialect.auxiliary_fan(f64::from(*share)));
            }
            Step::Acceleration(value) => {
                checked("acceleration", *value, 0)?;
                self.acceleration = Some(*value).filter(|v| *v > 0.0);
            }
            Step::Jerk(value) => {
                checked("jerk", *value, 2)?;
                self.jerk = Some(*value).filter(|v| *v > 0.0);
            }
            Step::NozzleTemperature(celsius) => self.temperature("nozzle temperature", b"M104 S", *celsius)?,
            Step::BedTemperature(celsius) => self.temperature("bed temperature", b"M140 S", *celsius)?,
            Step::PressureAdvance(seconds) => {
                checked("pressure advance", *seconds, E_DECIMALS)?;
                self.line(&self.style.dialect.pressure_advance(self.tool, f64::from(*seconds)));
            }
            Step::Tool(tool) => {
                if self.tool != *tool {
                    self.tool = *tool;
                    self.line(&format!("T{tool}"));
                    // What a tool change does to the machine is its owner's.
                    (self.x_um, self.y_um, self.z_um, self.feed) = (None, None, None, None);
                }
            }
            Step::ObjectStart(index) => self.object(*index, true),
            Step::ObjectEnd(index) => self.object(*index, false),
            Step::Raw(text) => {
                let lines = clean_lines(text, self.style.dialect).map_err(LayerError::TooLong)?;
                self.lines(&lines);
            }
        }
        Ok(())
    }

    fn temperature(&mut self, what: &'static str, command: &[u8], celsius: f32) -> Result<(), LayerError> {
        let tenths = checked(what, celsius, 1)?;
        self.push(command);
        self.fixed(tenths, 1);
        self.push(b"\n");
        Ok(())
    }

    fn object(&mut self, index: u16, start: bool) {
        let Some(object) = self.style.objects.get(usize::from(index)).filter(|_| self.style.label_objects) else {
            return;
        };
        let index = usize::from(index);
        let name = super::dialect::object_name(index, object);
        if start {
            self.line(&format!("; printing object {name} id:{index} copy 0"));
            self.line(&self.style.dialect.object_start(index, object));
        } else {
            self.line(&self.style.dialect.object_end(index, object));
            self.line(&format!("; stop printing object {name} id:{index} copy 0"));
        }
    }

    /// A retraction, or its end.
    fn stroke(&mut self, pm: i64, feed_mm_per_s: f32) -> Result<(), LayerError> {
        self.e_pm = self.e_pm.saturating_add(pm);
        self.push(b"G1");
        if self.word_e() {
            self.word_f(feed_mm_per_s)?;
            self.push(b"\n");
        } else {
            self.out.truncate(self.out.len() - 2);
        }
        Ok(())
    }

    fn move_z(&mut self, z_um: i64, feed_mm_per_s: f32) -> Result<(), LayerError> {
        if self.z_um != Some(z_um) {
            self.push(b"G1");
            self.word_z(z_um);
            self.word_f(feed_mm_per_s)?;
            self.push(b"\n");
        }
        Ok(())
    }

    fn travel(&mut self, travel: &Travel) -> Result<(), LayerError> {
        checked("wipe", travel.wipe_retract_mm, E_DECIMALS)?;
        self.use_limits(MoveKind::Travel);
        let wiped_pm = stroke_pm(travel.wipe_retract_mm);
        if wiped_pm == 0 {
            return self.follow(&travel.points, &travel.z_mm, travel.feed_mm_per_s, |_| 0);
        }
        self.push(b";WIPE_START\n");
        let from_pm = self.e_pm;
        let length_mm: f64 = travel.points.windows(2).map(length).sum();
        let (mut walked_mm, mut drawn_pm) = (0.0, 0);
        self.follow(&travel.points, &travel.z_mm, travel.feed_mm_per_s, |step_mm| {
            walked_mm += step_mm;
            let share = if length_mm > 0.0 { walked_mm / length_mm } else { 1.0 };
            let due_pm = (wiped_pm as f64 * share).round() as i64;
            std::mem::replace(&mut drawn_pm, due_pm) - due_pm
        })?;
        self.e_pm = from_pm.saturating_sub(wiped_pm);
        self.flush_filament()?;
        self.push(b";WIPE_END\n");
        Ok(())
    }

    fn extrude(&mut self, road: &Extrusion) -> Result<(), LayerError> {
        let flow = f64::from(road.flow_mm3_per_mm);
        if !(flow.is_finite() && flow >= 0.0) {
            return Err(LayerError::Number { what: "flow", value: flow });
        }
        let width = checked("road width", road.width_mm, MM_DECIMALS)?;
        let height = checked("road height", road.height_mm, MM_DECIMALS)?;
        if self.role != Some(road.role) {
            self.role = Some(road.role);
            self.push(b";TYPE:");
            self.line(role_name(road.role));
        }
        if self.width_um.replace(width) != Some(width) {
            self.push(b";WIDTH:");
            self.fixed(width, MM_DECIMALS);
            self.push(b"\n");
        }
        if self.height_um.replace(height) != Some(height) {
            self.push(b";HEIGHT:");
            self.fixed(height, MM_DECIMALS);
            self.push(b"\n");
        }
        if road.z_mm.is_empty() {
            // A road lies at its layer's height; what comes before may have been a custom sequence.
            self.move_z(self.layer_z_um, self.style.z_feed_mm_per_s as f32)?;
        }
        self.use_limits(MoveKind::Print);
        let area_mm2 = self.style.filament_area_mm2;
        self.follow(&road.points, &road.z_mm, road.feed_mm_per_s, |mm| road_pm(mm, road.flow_mm3_per_mm, area_mm2))
    }

    /// Moves through points, the first of which is where the tool is. `filament_pm` says what each step of some length in
    /// mm pushes; an arc pushes what its steps would, so that the job's volume is the same with arcs and without.
    fn follow(
        &mut self,
        points: &[Point],
        z_mm: &[f32],
        feed_mm_per_s: f32,
        mut filament_pm: impl FnMut(f64) -> i64,
    ) -> Result<(), LayerError> {
        // An arc has one height.
        let tolerance_mm = if z_mm.is_empty() { self.style.arc_tolerance_mm } else { 0.0 };
        let mut spans = arcs::find(points, tolerance_mm).into_iter().peekable();
        let mut arc: Option<Span> = None;
        for (i, pair) in points.windows(2).enumerate() {
            let [a, b] = pair else { continue };
            if let Some(span) = spans.next_if(|span| span.from == i) {
                let is_there = self.x_um == Some(micrometres(a.x)) && self.y_um == Some(micrometres(a.y));
                arc = Some(span).filter(|_| is_there);
            }
            self.e_pm = self.e_pm.saturating_add(filament_pm(a.distance_mm(*b)));
            match arc {
                Some(span) if i + 1 < span.to => {}
                Some(span) => {
                    self.arc_to(*b, &span, feed_mm_per_s)?;
                    arc = None;
                }
                None => {
                    let z_um = match z_mm.get(i + 1) {
                        Some(z) => Some(checked("z", *z, MM_DECIMALS)?),
                        None => None,
                    };
                    self.move_to(*b, z_um, feed_mm_per_s)?;
                }
            }
        }
        Ok(())
    }

    /// An arc to a point, with whatever filament is due.
    fn arc_to(&mut self, point: Point, span: &Span, feed_mm_per_s: f32) -> Result<(), LayerError> {
        let (x_um, y_um) = (micrometres(point.x), micrometres(point.y));
        let [i_um, j_um] = span.centre_um;
        self.push(if span.clockwise { b"G2" } else { b"G3" });
        for (word, value_um) in [(b" X", x_um), (b" Y", y_um), (b" I", i_um), (b" J", j_um)] {
            self.push(word);
            self.fixed(value_um, MM_DECIMALS);
        }
        (self.x_um, self.y_um) = (Some(x_um), Some(y_um));
        self.word_e();
        self.word_f(feed_mm_per_s)?;
        self.out.push(b'\n');
        Ok(())
    }

    /// A move to a point, with whatever filament is due. Nothing is written where nothing changes at this resolution.
    fn move_to(&mut self, point: Point, z_um: Option<i64>, feed_mm_per_s: f32) -> Result<(), LayerError> {
        let (x_um, y_um) = (micrometres(point.x), micrometres(point.y));
        let new_z = z_um.filter(|z| self.z_um != Some(*z));
        let (new_x, new_y) = (self.x_um != Some(x_um), self.y_um != Some(y_um));
        if !new_x && !new_y && new_z.is_none() {
            return Ok(());
        }
        self.push(b"G1");
        if new_x {
            self.x_um = Some(x_um);
            self.push(b" X");
            self.fixed(x_um, MM_DECIMALS);
        }
        if new_y {
            self.y_um = Some(y_um);
            self.push(b" Y");
            self.fixed(y_um, MM_DECIMALS);
        }
        if let Some(z_um) = new_z {
            self.word_z(z_um);
        }
        self.word_e();
        self.word_f(feed_mm_per_s)?;
        self.out.push(b'\n');
        Ok(())
    }

    fn word_z(&mut self, z_um: i64) {
        self.z_um = Some(z_um);
        self.push(b" Z");
        self.fixed(z_um, MM_DECIMALS);
    }

    /// The `E` word of the filament that is due; false where it rounds to nothing.
    fn word_e(&mut self) -> bool {
        let units = e_units(self.e_pm);
        if units == self.e_written {
            return false;
        }
        let word = if self.style.relative_e { units - self.e_written } else { units - self.e_base };
        self.e_written = units;
        self.push(b" E");
        self.fixed(word, E_DECIMALS);
        true
    }

    fn word_f(&mut self, feed_mm_per_s: f32) -> Result<(), LayerError> {
        let bad = LayerError::Number { what: "feed", value: f64::from(feed_mm_per_s) };
        // Whole mm/min: nobody can tell 0.01 mm/s, and a word of F0 would stop the machine for ever.
        let feed = to_fixed(mm_per_min(f64::from(feed_mm_per_s)), 0).filter(|f| *f >= 1).ok_or(bad)?;
        if self.feed.replace(feed) != Some(feed) {
            self.push(b" F");
            self.fixed(feed, 0);
        }
        Ok(())
    }

    /// Writes filament that is still due after moves too short to be written. It moves alone, so the feed of the road
    /// before, which is for the plane, would be far too fast for it.
    fn flush_filament(&mut self) -> Result<(), LayerError> {
        if e_units(self.e_pm) != self.e_written {
            self.push(b"G1");
            self.word_e();
            self.word_f(FLUSH_FEED_MM_PER_S)?;
            self.push(b"\n");
        }
        Ok(())
    }

    fn use_limits(&mut self, kind: MoveKind) {
        if let Some(jerk) = self.jerk
            && self.written_jerk.replace(jerk) != Some(jerk)
        {
            self.line(&self.style.dialect.jerk(f64::from(jerk)));
        }
        let Some(wanted) = self.acceleration else { return };
        let kept_apart = self.style.dialect.keeps_travel_acceleration();
        let known = match kind {
            MoveKind::Travel if kept_apart => &mut self.travel_acceleration,
            _ => &mut self.print_acceleration,
        };
        if known.replace(wanted) != Some(wanted) {
            self.line(&self.style.dialect.acceleration(kind, f64::from(wanted)));
        }
    }
}

fn length(pair: &[Point]) -> f64 {
    match pair {
        [a, b] => a.distance_mm(*b),
        _ => 0.0,
    }
}
