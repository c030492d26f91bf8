//! From the steps of a toolpath to straight pieces of motion, and what the time of each counts as.

use super::corner::{Cornering, Motion};
use super::look_ahead::{self, Piece};
use super::{MachineLimits, RoleEstimate, Start};
use crate::toolpath::{Layer, Role, Step};

/// Sums of one layer.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerSums {
    pub step_times_s: Vec<f64>,
    pub roles: [RoleEstimate; Role::ALL.len()],
    pub travel: RoleEstimate,
    pub retraction_time_s: f64,
    pub retractions: usize,
}

/// What a piece's time counts as.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Road(usize),
    Travel,
    Retraction,
}

/// A piece of motion and what its time counts as.
#[derive(Clone, Copy, Debug)]
struct Booking {
    layer: u32,
    step: u32,
    kind: Kind,
}

/// Pieces held for look-ahead before the oldest are decided.
const HELD: usize = 8192;
/// Pieces whose speeds still may change when more follow: none stops over more than this.
const OPEN: usize = 1024;
/// A machine without any limit would need no time for speeding up; this is as good, mm/s².
const NO_LIMIT: f64 = 1e6;

pub(super) struct Walk<'a> {
    limits: &'a MachineLimits,
    /// With the jerk that is set.
    cornering: Cornering,
    filament_area_mm2: f64,
    acceleration: Option<f64>,
    z_mm: f64,
    is_drawn_back: bool,
    pieces: Vec<Piece>,
    /// Of each piece.
    bookings: Vec<Booking>,
    before: Option<Motion>,
    sums: Vec<LayerSums>,
}

impl<'a> Walk<'a> {
    pub fn new(limits: &'a MachineLimits, filament_area_mm2: f64, start: Start) -> Self {
        Self {
            limits,
            cornering: start.jerk.map_or_else(|| limits.cornering.clone(), |jerk| limits.cornering.with_jerk(jerk)),
            filament_area_mm2,
            acceleration: start.acceleration,
            z_mm: start.z_mm,
            is_drawn_back: false,
            pieces: Vec::new(),
            bookings: Vec::new(),
            before: None,
            sums: Vec::new(),
        }
    }

    pub fn layers(mut self, layers: &[Layer]) -> Vec<LayerSums> {
        for layer in layers {
            self.layer(&layer.steps);
            self.z_mm = f64::from(layer.z_mm);
        }
        self.finish()
    }

    pub fn layer(&mut self, steps: &[Step]) {
        let layer = self.sums.len() as u32;
        self.sums.push(LayerSums { step_times_s: vec![0.0; steps.len()], ..LayerSums::default() });
        for (s, step) in steps.iter().enumerate() {
            self.step(layer, s as u32, step);
        }
    }

    pub fn finish(mut self) -> Vec<LayerSums> {
        self.decide(self.pieces.len());
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
                self.z_mm = e.z_mm.last().map_or(self.z_mm, |z| f64::from(*z));
                if let Some(sums) = self.sums.get_mut(layer as usize) {
                    sums.roles[role].length_mm += sum;
                    sums.roles[role].volume_mm3 += sum * f64::from(e.flow_mm3_per_mm);
                }
            }
            Step::Travel(t) => {
                let rise = |i: usize| match (t.z_mm.get(i), t.z_mm.get(i + 1)) {
                    (Some(a), Some(b)) => f64::from(*b) - f64::from(*a),
                    _ => 0.0,
                };
                let lengths = t.points.windows(2).enumerate().map(|(i, w)| w[0].distance_mm(w[1]).hypot(rise(i)));
                let whole: f64 = lengths.sum();
                let per_mm = if whole > 0.0 { -f64::from(t.wipe_retract_mm) / whole } else { 0.0 };
                let most = self.limits.travel_mm_per_s2;
                let acceleration = limited(self.acceleration, most);
                for (i, w) in t.points.windows(2).enumerate() {
                    let (p, q) = (w[0].to_mm(), w[1].to_mm());
                    let (dx, dy, dz) = (q[0] - p[0], q[1] - p[1], rise(i));
                    let length = (dx * dx + dy * dy + dz * dz).sqrt();
                    if length > 0.0 {
                        let one = 1.0 / length;
                        let direction = [dx * one, dy * one, dz * one, per_mm];
                        self.add(at, Kind::Travel, direction, length, t.feed_mm_per_s, acceleration);
                    }
                }
                if let Some(sums) = self.sums.get_mut(layer as usize) {
                    sums.travel.length_mm += whole;
                }
                self.z_mm = t.z_mm.last().map_or(self.z_mm, |z| f64::from(*z));
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
            Step::Jerk(jerk) => self.cornering = self.cornering.with_jerk(f64::from(*jerk)),
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

    /// Adds a piece. `direction` is the change of each axis per mm of way.
    fn add(
        &mut self,
        (layer, step): (u32, u32),
        kind: Kind,
        direction: [f64; 4],
        length: f64,
        feed: f32,
        acceleration: f64,
    ) {
        let set_acceleration = if acceleration > 0.0 { acceleration.min(NO_LIMIT) } else { NO_LIMIT };
        let mut motion = Motion {
            direction,
            length,
            nominal: f64::from(feed).max(1e-3),
            acceleration: set_acceleration,
            set_acceleration,
        };
        let limits = self.limits;
        for (axis, share) in self.cornering.limited_shares(&direction).into_iter().enumerate() {
            let (feed, most) = (limits.max_feed_mm_per_s[axis], limits.max_acceleration_mm_per_s2[axis]);
            if feed > 0.0 && motion.nominal * share > feed {
                motion.nominal = feed / share;
            }
            if most > 0.0 && motion.acceleration * share > most {
                motion.acceleration = most / share;
            }
        }
        let entry2_max = match &self.before {
            Some(before) => self.cornering.corner2(before, &motion, &limits.max_acceleration_mm_per_s2),
            None => self.cornering.standstill2(&motion),
        };
        self.before = Some(motion);
        self.pieces.push(Piece {
            length,
            acceleration: motion.acceleration,
            nominal2: motion.nominal * motion.nominal,
            entry2_max,
            ..Piece::default()
        });
        self.bookings.push(Booking { layer, step, kind });
        if self.pieces.len() >= HELD {
            self.decide(HELD - OPEN);
        }
    }

    /// Decides the speeds of all pieces held and books the time of the first `count`.
    fn decide(&mut self, count: usize) {
        let Some(before) = self.before else { return };
        let cornering = &self.cornering;
        // The tool must be able to stop at the end of what is known.
        look_ahead::plan(&mut self.pieces, cornering.standstill2(&before), cornering.hump_share());
        for (piece, at) in self.pieces.iter().zip(&self.bookings).take(count) {
            let time = piece.time_s();
            let Some(sums) = self.sums.get_mut(at.layer as usize) else { continue };
            if let Some(slot) = sums.step_times_s.get_mut(at.step as usize) {
                *slot += time;
            }
            match at.kind {
                Kind::Road(role) => sums.roles[role].time_s += time,
                Kind::Travel => sums.travel.time_s += time,
                Kind::Retraction => sums.retraction_time_s += time,
            }
        }
        // What stays begins at the speed that was decided for it.
        if let Some(next) = self.pieces.get_mut(count) {
            next.entry2_max = next.entry2;
        }
        self.pieces.drain(..count);
        self.bookings.drain(..count);
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
