//! How long a toolpath takes and what it uses: the time-and-material estimate.
//!
//! Moves as the firmware does: every segment has a trapezoid of speed, the speed at each corner is limited by the
//! machine's jerk (the classic planner of Marlin and its kin), and a look-ahead makes sure that the tool can always stop
//! in time. Knows a toolpath and a machine's limits, nothing of settings or G-code. Runs of layers between two changes
//! of height are independent, because the tool all but stops there; they are computed in parallel and summed in order.

use rayon::prelude::*;

use super::{Layer, Role, Step, Toolpath};
use crate::progress::{Canceled, Progress};

/// What a machine can do, by axis X, Y, Z and E. A limit of 0 is none.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineLimits {
    pub max_feed_mm_per_s: [f64; 4],
    pub max_acceleration_mm_per_s2: [f64; 4],
    pub cornering: Cornering,
    /// Accelerations in mm/s² while extruding, retracting and travelling: what is set before the toolpath sets its own,
    /// and the most that it may set.
    pub extruding_mm_per_s2: f64,
    pub retracting_mm_per_s2: f64,
    pub travel_mm_per_s2: f64,
}

/// How a machine takes corners.
#[derive(Clone, Debug, PartialEq)]
pub enum Cornering {
    /// Largest sudden change of speed of each axis (X, Y, Z, E) in mm/s: Marlin's classic jerk.
    Jerk([f64; 4]),
}

/// One layer's share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerEstimate {
    pub time_s: f64,
    /// Seconds of each step of the layer, in order.
    pub step_times_s: Vec<f32>,
}

/// What one kind of move takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoleEstimate {
    pub time_s: f64,
    pub length_mm: f64,
    pub volume_mm3: f64,
}

/// The estimate of a whole toolpath.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    pub time_s: f64,
    pub layers: Vec<LayerEstimate>,
    /// In the order of [`Role::ALL`].
    pub roles: [RoleEstimate; Role::ALL.len()],
    /// Travels, their wipes included.
    pub travel: RoleEstimate,
    /// Retractions and their ends.
    pub retraction_time_s: f64,
    pub retractions: usize,
    /// Material of all roads.
    pub volume_mm3: f64,
    pub filament_mm: f64,
    pub mass_g: f64,
}

impl Estimate {
    /// Price of the material at a price per kilogram.
    pub fn cost(&self, price_per_kg: f64) -> f64 {
        self.mass_g / 1000.0 * price_per_kg
    }

    /// Seconds from the first move to the end of each layer.
    pub fn layer_ends_s(&self) -> Vec<f64> {
        let mut sum = 0.0;
        self.layers
            .iter()
            .map(|layer| {
                sum += layer.time_s;
                sum
            })
            .collect()
    }
}

/// Estimates a toolpath on a machine.
pub fn estimate(toolpath: &Toolpath, limits: &MachineLimits, progress: &Progress) -> Result<Estimate, Canceled> {
    progress.stage("Estimating time", toolpath.layers.len());
    let filament_area_mm2 = std::f64::consts::FRAC_PI_4 * f64::from(toolpath.filament_diameter_mm).powi(2);
    let runs = runs(&toolpath.layers);
    let starts = starts(&toolpath.layers);
    let parts: Vec<Vec<LayerSums>> = runs
        .into_par_iter()
        .map(|run| {
            progress.check()?;
            let layers = &toolpath.layers[run.clone()];
            let start = starts.get(run.start).copied().unwrap_or_default();
            let sums = Planner::new(limits, filament_area_mm2, start).layers(layers);
            progress.advance(layers.len());
            Ok(sums)
        })
        .collect::<Result<_, Canceled>>()?;
    let mut estimate = Estimate::default();
    for sums in parts.into_iter().flatten() {
        let time_s: f64 = sums.step_times_s.iter().sum();
        estimate.time_s += time_s;
        for (sum, part) in estimate.roles.iter_mut().zip(&sums.roles) {
            sum.time_s += part.time_s;
            sum.length_mm += part.length_mm;
            sum.volume_mm3 += part.volume_mm3;
        }
        estimate.travel.time_s += sums.travel.time_s;
        estimate.travel.length_mm += sums.travel.length_mm;
        estimate.retraction_time_s += sums.retraction_time_s;
        estimate.retractions += sums.retractions;
        let step_times_s = sums.step_times_s.iter().map(|t| *t as f32).collect();
        estimate.layers.push(LayerEstimate { time_s, step_times_s });
    }
    estimate.volume_mm3 = estimate.roles.iter().map(|r| r.volume_mm3).sum();
    if filament_area_mm2 > 0.0 {
        estimate.filament_mm = estimate.volume_mm3 / filament_area_mm2;
    }
    estimate.mass_g = estimate.volume_mm3 / 1000.0 * f64::from(toolpath.filament_density_g_per_cm3);
    Ok(estimate)
}

/// Seconds that some steps take by themselves, from a height of `z_mm`.
pub fn steps_time_s(steps: &[Step], z_mm: f64, filament_diameter_mm: f64, limits: &MachineLimits) -> f64 {
    let filament_area_mm2 = std::f64::consts::FRAC_PI_4 * filament_diameter_mm.powi(2);
    let mut planner = Planner::new(limits, filament_area_mm2, Start { acceleration: None, z_mm });
    planner.layer(steps);
    planner.finish().iter().flat_map(|sums| &sums.step_times_s).sum()
}

/// Layers that must be looked at together: each run begins with a change of height, where the tool all but stops.
fn runs(layers: &[Layer]) -> Vec<std::ops::Range<usize>> {
    let begins_with_height = |layer: &Layer| {
        let first = layer.steps.iter().find(|s| {
            matches!(
                s,
                Step::Extrude(_) | Step::Travel(_) | Step::MoveZ { .. } | Step::Retract { .. } | Step::Unretract { .. }
            )
        });
        matches!(first, Some(Step::MoveZ { .. } | Step::Retract { .. }))
    };
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if !begins_with_height(layer) => run.end = i + 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}

/// What a layer inherits from those before.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    acceleration: Option<f64>,
    z_mm: f64,
}

/// The state before each layer.
fn starts(layers: &[Layer]) -> Vec<Start> {
    let mut state = Start::default();
    layers
        .iter()
        .map(|layer| {
            let before = state;
            // What is set last counts.
            let set = layer.steps.iter().rev().find_map(|s| match s {
                Step::Acceleration(a) => Some(f64::from(*a)),
                _ => None,
            });
            state.acceleration = set.or(state.acceleration);
            state.z_mm = f64::from(layer.z_mm);
            before
        })
        .collect()
}

/// Sums of one layer.
#[derive(Clone, Debug, Default)]
struct LayerSums {
    step_times_s: Vec<f64>,
    roles: [RoleEstimate; Role::ALL.len()],
    travel: RoleEstimate,
    retraction_time_s: f64,
    retractions: usize,
}

/// What a segment's time counts as.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Road(usize),
    Travel,
    Retraction,
}

/// A straight piece of motion.
#[derive(Clone, Copy, Debug)]
struct Segment {
    length: f64,
    acceleration: f64,
    /// Squared speeds: the one wished for, the most at its beginning, and the most that look-ahead allows there.
    nominal2: f64,
    entry2_max: f64,
    entry2: f64,
    layer: u32,
    step: u32,
    kind: Kind,
}

/// The end of the segment before: what a corner needs to know.
#[derive(Clone, Copy, Debug)]
struct Before {
    /// Change of X, Y, Z, E per mm of way.
    direction: [f64; 4],
    nominal: f64,
}

/// Segments held for look-ahead before the oldest are decided.
const HELD: usize = 8192;
/// Segments whose speeds still may change when more follow: none stops over more than this.
const OPEN: usize = 1024;

struct Planner<'a> {
    limits: &'a MachineLimits,
    filament_area_mm2: f64,
    acceleration: Option<f64>,
    z_mm: f64,
    is_drawn_back: bool,
    segments: Vec<Segment>,
    before: Option<Before>,
    sums: Vec<LayerSums>,
}

impl<'a> Planner<'a> {
    fn new(limits: &'a MachineLimits, filament_area_mm2: f64, start: Start) -> Self {
        Self {
            limits,
            filament_area_mm2,
            acceleration: start.acceleration,
            z_mm: start.z_mm,
            is_drawn_back: false,
            segments: Vec::with_capacity(HELD + 1),
            before: None,
            sums: Vec::new(),
        }
    }

    fn layers(mut self, layers: &[Layer]) -> Vec<LayerSums> {
        for layer in layers {
            self.layer(&layer.steps);
            self.z_mm = f64::from(layer.z_mm);
        }
        self.finish()
    }

    fn layer(&mut self, steps: &[Step]) {
        let layer = self.sums.len() as u32;
        self.sums.push(LayerSums { step_times_s: vec![0.0; steps.len()], ..LayerSums::default() });
        for (s, step) in steps.iter().enumerate() {
            self.step(layer, s as u32, step);
        }
    }

    fn finish(mut self) -> Vec<LayerSums> {
        self.decide(self.segments.len());
        self.sums
    }

    fn step(&mut self, layer: u32, step_index: u32, step: &Step) {
        let at = (layer, step_index);
        match step {
            Step::Extrude(e) => {
                let role = Role::ALL.iter().position(|r| *r == e.role).unwrap_or(Role::ALL.len() - 1);
                let per_mm = if self.filament_area_mm2 > 0.0 {
                    f64::from(e.flow_mm3_per_mm) / self.filament_area_mm2
                } else {
                    0.0
                };
                let most = self.limits.extruding_mm_per_s2;
                let acceleration = limited(self.acceleration, most);
                let mut sum = 0.0;
                for (i, w) in e.points.windows(2).enumerate() {
                    let (p, q) = (w[0].to_mm(), w[1].to_mm());
                    let dz = match (e.z_mm.get(i), e.z_mm.get(i + 1)) {
                        (Some(a), Some(b)) => f64::from(*b) - f64::from(*a),
                        _ => 0.0,
                    };
                    let (dx, dy) = (q[0] - p[0], q[1] - p[1]);
                    let length = (dx * dx + dy * dy + dz * dz).sqrt();
                    if length > 0.0 {
                        let one = 1.0 / length;
                        let direction = [dx * one, dy * one, dz * one, per_mm];
                        self.add(at, Kind::Road(role), direction, length, e.feed_mm_per_s, acceleration);
                        sum += length;
                    }
                }
                if let Some(sums) = self.sums.get_mut(layer as usize) {
                    sums.roles[role].length_mm += sum;
                    sums.roles[role].volume_mm3 += sum * f64::from(e.flow_mm3_per_mm);
                }
            }
            Step::Travel(t) => {
                let whole: f64 = t.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
                let per_mm = if whole > 0.0 { -f64::from(t.wipe_retract_mm) / whole } else { 0.0 };
                let most = self.limits.travel_mm_per_s2;
                let acceleration = limited(self.acceleration, most);
                for w in t.points.windows(2) {
                    let (p, q) = (w[0].to_mm(), w[1].to_mm());
                    let (dx, dy) = (q[0] - p[0], q[1] - p[1]);
                    let length = (dx * dx + dy * dy).sqrt();
                    if length > 0.0 {
                        let one = 1.0 / length;
                        let direction = [dx * one, dy * one, 0.0, per_mm];
                        self.add(at, Kind::Travel, direction, length, t.feed_mm_per_s, acceleration);
                    }
                }
                if let Some(sums) = self.sums.get_mut(layer as usize) {
                    sums.travel.length_mm += whole;
                }
                if t.wipe_retract_mm > 0.0 {
                    self.drawn_back(layer);
                }
            }
            Step::Retract { length_mm, feed_mm_per_s } | Step::Unretract { length_mm, feed_mm_per_s } => {
                let sign = if matches!(step, Step::Retract { .. }) { -1.0 } else { 1.0 };
                let acceleration = self.limits.retracting_mm_per_s2;
                if *length_mm > 0.0 {
                    let direction = [0.0, 0.0, 0.0, sign];
                    self.add(at, Kind::Retraction, direction, f64::from(*length_mm), *feed_mm_per_s, acceleration);
                }
                if sign < 0.0 { self.drawn_back(layer) } else { self.is_drawn_back = false }
            }
            Step::MoveZ { z_mm, feed_mm_per_s } => {
                let rise = f64::from(*z_mm) - self.z_mm;
                self.z_mm = f64::from(*z_mm);
                if rise != 0.0 {
                    let acceleration = limited(self.acceleration, self.limits.travel_mm_per_s2);
                    let direction = [0.0, 0.0, rise.signum(), 0.0];
                    self.add(at, Kind::Travel, direction, rise.abs(), *feed_mm_per_s, acceleration);
                }
            }
            Step::Acceleration(a) => self.acceleration = Some(f64::from(*a)),
            _ => {}
        }
    }

    /// Counts a retraction, which may have several parts, once.
    fn drawn_back(&mut self, layer: u32) {
        if !std::mem::replace(&mut self.is_drawn_back, true)
            && let Some(sums) = self.sums.get_mut(layer as usize)
        {
            sums.retractions += 1;
        }
    }

    /// Adds a segment. `direction` is the change of each axis per mm of way.
    fn add(
        &mut self,
        (layer, step): (u32, u32),
        kind: Kind,
        direction: [f64; 4],
        length: f64,
        feed: f32,
        acceleration: f64,
    ) {
        let mut nominal = f64::from(feed).max(1e-3);
        let mut acceleration = if acceleration > 0.0 { acceleration } else { f64::INFINITY };
        for (axis, share) in direction.iter().enumerate() {
            let share = share.abs();
            let (feed, most) = (self.limits.max_feed_mm_per_s[axis], self.limits.max_acceleration_mm_per_s2[axis]);
            if feed > 0.0 && nominal * share > feed {
                nominal = feed / share;
            }
            if most > 0.0 && acceleration * share > most {
                acceleration = most / share;
            }
        }
        // A machine without any limit would need no time for speeding up; this is as good.
        let acceleration = acceleration.min(1e6);
        let Cornering::Jerk(jerk) = &self.limits.cornering;
        let safe = safe_speed(&direction, nominal, jerk);
        let entry = match &self.before {
            Some(before) => corner_speed(before, &direction, nominal, jerk),
            None => safe,
        };
        let entry2_max = entry * entry;
        self.before = Some(Before { direction, nominal });
        let nominal2 = nominal * nominal;
        self.segments.push(Segment { length, acceleration, nominal2, entry2_max, entry2: 0.0, layer, step, kind });
        if self.segments.len() >= HELD {
            self.decide(HELD - OPEN);
        }
    }

    /// Decides the speeds of all segments held and books the time of the first `count`.
    fn decide(&mut self, count: usize) {
        let Some(before) = self.before else { return };
        let Cornering::Jerk(jerk) = &self.limits.cornering;
        // The tool must be able to stop at the end of what is known.
        let stop = safe_speed(&before.direction, before.nominal, jerk);
        let mut next2 = stop * stop;
        for s in self.segments.iter_mut().rev() {
            s.entry2 = s.entry2_max.min(next2 + 2.0 * s.acceleration * s.length);
            next2 = s.entry2;
        }
        for i in 0..self.segments.len() {
            let s = self.segments[i];
            let reachable2 = s.entry2 + 2.0 * s.acceleration * s.length;
            if let Some(next) = self.segments.get_mut(i + 1) {
                next.entry2 = next.entry2.min(reachable2);
            }
        }
        let count = count.min(self.segments.len());
        for i in 0..count {
            let s = self.segments[i];
            let exit2 = match self.segments.get(i + 1) {
                Some(next) => next.entry2,
                None => (stop * stop).min(s.entry2 + 2.0 * s.acceleration * s.length),
            };
            let time = trapezoid_s(s.length, s.acceleration, s.entry2, s.nominal2, exit2);
            let Some(sums) = self.sums.get_mut(s.layer as usize) else { continue };
            if let Some(slot) = sums.step_times_s.get_mut(s.step as usize) {
                *slot += time;
            }
            match s.kind {
                Kind::Road(role) => sums.roles[role].time_s += time,
                Kind::Travel => sums.travel.time_s += time,
                Kind::Retraction => sums.retraction_time_s += time,
            }
        }
        // What stays begins at the speed that was decided for it.
        if let Some(next) = self.segments.get_mut(count) {
            next.entry2_max = next.entry2;
        }
        self.segments.drain(..count);
    }
}

/// The acceleration that is set, within the machine's most (0 = no most).
fn limited(set: Option<f64>, most: f64) -> f64 {
    match set {
        Some(a) if most > 0.0 => a.min(most),
        Some(a) => a,
        None => most,
    }
}

/// The speed from which a segment can stop at once, or to which it can start: no axis jumps by more than its jerk.
fn safe_speed(direction: &[f64; 4], nominal: f64, jerk: &[f64; 4]) -> f64 {
    direction.iter().zip(jerk).fold(
        nominal,
        |speed, (share, jerk)| {
            if share.abs() * speed > *jerk { jerk / share.abs() } else { speed }
        },
    )
}

/// The speed through a corner: no axis changes by more than its jerk; an axis that turns around may come in and go out
/// with a jerk each, as Marlin's planner has it.
fn corner_speed(before: &Before, direction: &[f64; 4], nominal: f64, jerk: &[f64; 4]) -> f64 {
    let mut speed = nominal.min(before.nominal);
    for axis in 0..4 {
        let (out, into) = (before.direction[axis], direction[axis]);
        let change = if out * into < 0.0 { out.abs().max(into.abs()) } else { (out - into).abs() };
        if change * speed > jerk[axis] {
            speed = jerk[axis] / change;
        }
    }
    // Stopping and starting within the jerks is always allowed.
    let stopping = safe_speed(&before.direction, before.nominal, jerk).min(safe_speed(direction, nominal, jerk));
    speed.max(stopping)
}

/// Seconds for a length from one speed to another, speeding up and slowing down at one acceleration, never faster than
/// the nominal speed. Speeds are given squared.
fn trapezoid_s(length: f64, acceleration: f64, entry2: f64, nominal2: f64, exit2: f64) -> f64 {
    let (entry, exit) = (entry2.sqrt(), exit2.sqrt());
    let top2 = nominal2.min((entry2 + exit2) / 2.0 + acceleration * length).max(entry2).max(exit2);
    let top = top2.sqrt();
    let ramps = (2.0 * top2 - entry2 - exit2) / (2.0 * acceleration);
    let cruise = (length - ramps).max(0.0);
    (2.0 * top - entry - exit) / acceleration + cruise / top.max(1e-9)
}

#[cfg(test)]
mod tests;
