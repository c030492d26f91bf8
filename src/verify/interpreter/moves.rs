//! What a move does: where it goes, how fast, what it lays, and whether it may.

use super::{Interpreter, Outside};
use crate::report::Severity::{Error, Note, Warning};
use crate::report::count;
use crate::units::mm_per_s;
use crate::verify::PRIMING_MARGIN_MM;
use crate::verify::motion::{Arc, Axis, Haste, MoveWords};
use crate::verify::policy::Policy;
use crate::verify::report::Rule;

const AXIS_NAMES: [&str; 3] = ["X", "Y", "Z"];
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

impl Interpreter<'_> {
    pub(super) fn motion(&mut self, command: u32, words: &MoveWords) {
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
            Some(e) if self.extruder.is_relative() => e,
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
                self.check_printing_place(&way(from_xy, to_xy, known(&from, &[0, 1]), arc.as_ref()));
            }
            self.check_flow(length_mm, pushed_mm);
            self.count_road(&to, arc.as_ref(), plane_mm, pushed_mm);
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
                // Where a plain move begins, the one before it ended.
                self.check_plain_place(&way(from_xy, to_xy, false, arc.as_ref()));
            }
            if moved[2] && to[2].known {
                self.check_plain_height(to[2].machine());
            }
        }
        self.filament.push(pushed_mm, !in_plane);
        let whole = moved.iter().zip(&from).all(|(moved, axis)| !moved || axis.known);
        self.check_feed(&delta, length_mm, pushed_mm, prints, whole);
        self.check_pace(if length_mm > 0.0 { length_mm } else { pushed_mm.abs() });
    }

    /// Looks at how fast moves follow each other.
    fn check_pace(&mut self, length_mm: f64) {
        if let Some(feed) = self.feed_mm_per_s {
            self.pace.add(length_mm / feed, self.limits.lines_per_s, self.layer);
        }
    }

    /// Whether moves came faster than the machine can be fed with lines: said once, for all of the file.
    pub(super) fn judge_pace(&mut self) {
        let Some(Haste { places, per_s, first, last }) = self.pace.haste else { return };
        let most = self.limits.lines_per_s;
        let places = count(places, "places");
        let place = match (first, last) {
            // People count layers from 1.
            (Some(first), Some(last)) if first == last => format!("{places} of layer {}", last + 1),
            (Some(first), Some(last)) => format!("{places} of layers {} to {}", first + 1, last + 1),
            (_, Some(last)) => format!("{places} up to layer {}", last + 1),
            _ => places,
        };
        self.add(Note, Rule::LineRate, || {
            format!(
                "moves are so short in {place} that up to {per_s:.0} a second are needed, while a cable to this machine \
                 carries {most:.0}: printed from this computer it may stutter there, from a card it will not; a larger \
                 resolution gives longer moves, and max_lines_per_second tells what the machine takes"
            )
        });
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
            let climbs = moved && rise_mm > 0.0;
            let offset = match self.told_offset_mm {
                Some(offset) => offset,
                // A ramp is anywhere in its layer.
                None if climbs => 0.0,
                None => {
                    let offset = z_mm - told;
                    // A layer's moves differ from its comment by the machine's Z offset, or by a hop that was left in.
                    *self.told_offset_mm.insert(if offset.abs() < 0.15 { offset } else { 0.0 })
                }
            };
            // Where a layer is told to be, nothing is lifted, though a ramp began below.
            let told = told + offset.max(0.0);
            if z_mm > told + SAME_Z_MM {
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

    /// Judges the places that a printing move passes through.
    fn check_printing_place(&mut self, way: &[[f64; 2]]) {
        let priming = self.is_lenient();
        let (outside, [x, y]) = self.furthest_outside(way);
        if outside > 0.0 {
            let severity = if priming && outside <= PRIMING_MARGIN_MM { Note } else { Error };
            self.add(severity, Rule::BuildVolume, || {
                format!("prints at X {x:.3} Y {y:.3}, {outside:.2} mm outside the build plate")
            });
        }
        let enters = |ends: &[[f64; 2]]| match *ends {
            [from, to] => self.excluded.iter().any(|area| area.is_entered_by(from, to)).then_some(to),
            _ => None,
        };
        let entered = match way {
            [only] => enters(&[*only, *only]),
            _ => way.windows(2).find_map(enters),
        };
        if let Some([x, y]) = entered {
            self.add(Error, Rule::BuildVolume, || {
                format!("prints at X {x:.3} Y {y:.3}, on a part of the plate that must stay free")
            });
        }
    }

    /// The place of a way that is furthest outside the plate, and by how much.
    fn furthest_outside(&self, way: &[[f64; 2]]) -> (f64, [f64; 2]) {
        // The end of a move is what a person finds in the file: it counts where others are no worse.
        let judged = way.iter().rev().map(|place| (self.bed.outside_mm(*place), *place));
        judged.reduce(|worst, next| if next.0 > worst.0 { next } else { worst }).unwrap_or_default()
    }

    /// Judges the places that a plain move passes through.
    fn check_plain_place(&mut self, way: &[[f64; 2]]) {
        let (by_mm, at) = self.furthest_outside(way);
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
    pub(super) fn parked(&mut self, outside: &Outside) {
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

    pub(super) fn judge_flow(&mut self, flow: f64) {
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

    fn count_road(&mut self, to: &[Axis; 3], arc: Option<&Arc>, plane_mm: f64, pushed_mm: f64) {
        if !self.started || self.is_custom {
            return;
        }
        let totals = &mut self.report.totals;
        totals.printed_mm3 += pushed_mm * self.filament_area_mm2;
        totals.printed_length_mm += plane_mm;
        if to.iter().all(|axis| axis.known) {
            let end = to.map(|axis| axis.machine());
            let min = totals.printed_min_mm.get_or_insert(end);
            let max = totals.printed_max_mm.get_or_insert(end);
            for [x, y] in arc.into_iter().flat_map(Arc::places).chain([[end[0], end[1]]]) {
                for (axis, value) in [x, y, end[2]].into_iter().enumerate() {
                    min[axis] = min[axis].min(value);
                    max[axis] = max[axis].max(value);
                }
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
}

/// The places that a move passes through: both ends of a straight one, chords of an arc, without the first where that
/// is not known.
fn way(from: [f64; 2], to: [f64; 2], from_known: bool, arc: Option<&Arc>) -> Vec<[f64; 2]> {
    let mut way = Vec::new();
    if from_known {
        way.push(from);
    }
    way.extend(arc.into_iter().flat_map(Arc::places));
    way.push(to);
    way
}
