//! The tool's steps between and along roads: travel, retraction, wipe, hop, acceleration.
//!
//! Knows roads in their final order and the ways between them, and writes [`Step`]s. Retractions and their ends always
//! come in pairs here, and a road always begins where the tool stands.

use crate::geometry::Point;
use crate::settings::Settings;
use crate::toolpath::{Extrusion, Step, Travel};

use super::coasting::CoastingSettings;
use super::hop::{Hop, HopSettings, Rise};
use super::island::Road;
use super::speeds::{AccelerationSettings, JerkSettings, SpeedSettings};
use super::travel::{TravelSettings, Way, head, length_mm};

/// How filament is drawn back.
#[derive(Clone, Debug, PartialEq)]
pub struct RetractionSettings {
    /// mm of filament; 0 = never.
    pub length_mm: f64,
    pub speed_mm_per_s: f64,
    pub deretract_speed_mm_per_s: f64,
    /// Pushed forward beyond what was drawn back, mm of filament.
    pub restart_extra_mm: f64,
    pub on_layer_change: bool,
    pub wipe: bool,
    /// Length of a wipe, mm; 0 = as long as drawing back takes.
    pub wipe_distance_mm: f64,
    pub wipe_speed_mm_per_s: f64,
    /// Share of the length drawn back before the wipe, 0 to 1.
    pub before_wipe: f64,
}

impl From<&Settings> for RetractionSettings {
    fn from(s: &Settings) -> Self {
        let deretract = if s.deretract_speed > 0.0 { s.deretract_speed } else { s.retract_speed };
        Self {
            length_mm: s.retract_length.max(0.0),
            speed_mm_per_s: s.retract_speed,
            deretract_speed_mm_per_s: deretract,
            restart_extra_mm: s.retract_restart_extra,
            on_layer_change: s.retract_layer_change,
            wipe: s.wipe,
            wipe_distance_mm: s.wipe_distance,
            wipe_speed_mm_per_s: s.wipe_speed.min(SpeedSettings::from(s).travel),
            before_wipe: s.retract_before_wipe.clamp(0.0, 1.0),
        }
    }
}

/// Everything about how the tool moves.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionSettings {
    pub speeds: SpeedSettings,
    pub accelerations: AccelerationSettings,
    pub jerks: JerkSettings,
    pub travel: TravelSettings,
    pub retraction: RetractionSettings,
    pub hop: HopSettings,
    pub coasting: CoastingSettings,
    /// The filament is pushed forward again inside of an outer loop, not on it.
    pub wipe_before_external_loop: bool,
}

impl From<&Settings> for MotionSettings {
    fn from(s: &Settings) -> Self {
        Self {
            speeds: s.into(),
            accelerations: s.into(),
            jerks: s.into(),
            travel: s.into(),
            retraction: s.into(),
            hop: s.into(),
            coasting: s.into(),
            wipe_before_external_loop: s.wipe_before_external_loop,
        }
    }
}

/// Shorter travels keep the acceleration of the road before: changing it would cost more than it gives.
const QUICK_TRAVEL_MM: f64 = 2.0;
/// Wipes shorter than this are none, mm.
const LEAST_WIPE_MM: f64 = 0.1;
/// Heights this close are the same, mm.
const SAME_Z_MM: f64 = 1e-4;

/// How the tool leaves a road for the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Departure {
    pub retract: bool,
    /// mm of filament drawn back standing, along the wipe, and standing again.
    before_mm: f64,
    wipe_mm: f64,
    after_mm: f64,
    wipe: Vec<Point>,
    /// From where the wipe ends to the next road.
    way: Vec<Point>,
    hop: Option<Hop>,
    /// Where the filament is pushed forward again, if not where the next road begins.
    ready_at: Option<Point>,
}

/// The most that a road rises or falls per mm of its way, heights rounded as in G-code.
fn steepest(road: &Road) -> f64 {
    let um = |z_mm: f32| (f64::from(z_mm) * 1e3).round();
    let steps = road.points.windows(2).zip(road.z_mm.windows(2));
    let slope = |(p, z): (&[Point], &[f32])| (um(z[1]) - um(z[0])).abs() * 1e-3 / p[0].distance_mm(p[1]).max(1e-3);
    steps.map(slope).fold(0.0, f64::max)
}

/// Rounded to a tenth of a micrometre, so that parts of a retraction add up to the whole however they are written.
fn rounded(mm: f64) -> f64 {
    (mm * 1e4).round() / 1e4
}

impl Departure {
    /// Leaves `road` (or a place where nothing was printed yet) along `way`.
    pub fn new(road: Option<&Road>, way: Way, motion: &MotionSettings) -> Self {
        let retraction = &motion.retraction;
        if !way.retract || retraction.length_mm <= 0.0 {
            return Self { way: way.points, ..Self::default() };
        }
        let whole = rounded(retraction.length_mm);
        let before = if retraction.wipe { rounded(whole * retraction.before_wipe) } else { 0.0 };
        let standing = Self { retract: true, before_mm: whole, way: way.points.clone(), ..Self::default() };
        let Some(road) = road.filter(|_| retraction.wipe && before < whole) else { return standing };
        // Along the road just printed: on around a loop, back along an open one.
        let needed = retraction.wipe_speed_mm_per_s * (whole - before) / retraction.speed_mm_per_s.max(0.1);
        let wanted = if retraction.wipe_distance_mm > 0.0 { retraction.wipe_distance_mm } else { needed };
        let (wipe, length) = if road.closed {
            head(std::iter::once(road.last()).chain(road.points.iter().copied()), wanted)
        } else {
            head(road.points.iter().rev().copied(), wanted)
        };
        if length < LEAST_WIPE_MM || wipe.len() < 2 {
            return standing;
        }
        // Where (almost) all of the way is there, nothing is left to be drawn back behind it.
        let share = if length >= 0.99 * needed { 1.0 } else { length / needed };
        let wipe_mm = rounded((whole - before) * share);
        let end = wipe.last().copied().unwrap_or_default();
        let mut points = vec![end];
        // A way around corners begins where the road ended.
        points.extend_from_slice(if way.points.len() > 2 { &way.points } else { &way.points[1..] });
        let after_mm = rounded(whole - before - wipe_mm).max(0.0);
        Self { retract: true, before_mm: before, wipe_mm, after_mm, wipe, way: points, ..Self::default() }
    }

    /// From where the wipe ends to where the nozzle is made ready.
    pub fn way(&self) -> &[Point] {
        &self.way
    }

    /// Hops over the way.
    pub fn with_hop(self, hop: Option<Hop>) -> Self {
        Self { hop, ..self }
    }

    /// The nozzle is made ready at some place beside the beginning of the next road.
    pub fn ready_at(mut self, place: Option<Point>) -> Self {
        if let (true, Some(place), Some(end)) = (self.retract, place, self.way.last_mut()) {
            self.ready_at = Some(std::mem::replace(end, place)).filter(|start| *start != place);
        }
        self
    }

    /// No movement at all: the next road begins where the tool stands.
    pub fn none() -> Self {
        Self::default()
    }
}

/// Writes the steps of one layer.
pub struct Tool {
    pub steps: Vec<Step>,
    acceleration: Option<f64>,
    jerk: Option<f64>,
    /// Where the nozzle is, once it has gone somewhere.
    z_mm: Option<f64>,
}

impl Tool {
    pub fn new(capacity: usize) -> Self {
        Self { steps: Vec::with_capacity(capacity), acceleration: None, jerk: None, z_mm: None }
    }

    fn accelerate(&mut self, wanted: Option<f64>) {
        if wanted.is_some() && wanted != self.acceleration {
            self.acceleration = wanted;
            self.steps.extend(wanted.map(|a| Step::Acceleration(a as f32)));
        }
    }

    fn turn_with(&mut self, jerk: Option<f64>) {
        if jerk.is_some() && jerk != self.jerk {
            self.jerk = jerk;
            self.steps.extend(jerk.map(|jerk| Step::Jerk(jerk as f32)));
        }
    }

    pub fn move_z(&mut self, z_mm: f64, motion: &MotionSettings) {
        self.z_mm = Some(z_mm);
        self.steps.push(Step::MoveZ { z_mm: z_mm as f32, feed_mm_per_s: motion.speeds.travel_z as f32 });
    }

    /// Draws filament back and wipes, if the departure asks for it.
    pub fn depart(&mut self, departure: &Departure, motion: &MotionSettings) {
        if !departure.retract {
            return;
        }
        let feed = motion.retraction.speed_mm_per_s as f32;
        if departure.before_mm > 0.0 {
            self.steps.push(Step::Retract { length_mm: departure.before_mm as f32, feed_mm_per_s: feed });
        }
        if departure.wipe_mm > 0.0 {
            self.steps.push(Step::Travel(Travel {
                points: departure.wipe.clone(),
                feed_mm_per_s: motion.retraction.wipe_speed_mm_per_s as f32,
                wipe_retract_mm: departure.wipe_mm as f32,
                z_mm: Vec::new(),
            }));
        }
        if departure.after_mm > 0.0 {
            self.steps.push(Step::Retract { length_mm: departure.after_mm as f32, feed_mm_per_s: feed });
        }
    }

    /// Goes to the height at which a road begins.
    fn lower_to(&mut self, begin_mm: Option<f32>, motion: &MotionSettings) {
        if let (Some(begin), Some(at)) = (begin_mm.map(f64::from), self.z_mm)
            && (begin - at).abs() > SAME_Z_MM
        {
            self.move_z(begin, motion);
        }
    }

    /// Travels to the next road and makes the nozzle ready again. `z_mm` is the height to travel at, `z_before` the one
    /// that the tool has now; the road begins at `begin_mm` where it is a ramp.
    pub fn arrive(
        &mut self,
        departure: &Departure,
        z_before: Option<f64>,
        z_mm: f64,
        begin_mm: Option<f32>,
        motion: &MotionSettings,
    ) {
        let hop = departure.hop.filter(|_| departure.retract);
        let lift = hop.map_or(0.0, |hop| hop.lift_mm);
        // Between layers there is a height to get to anyhow.
        let rise = match hop {
            Some(hop) if z_before == Some(z_mm) => hop.rise(&departure.way),
            _ => Rise::Straight,
        };
        let above = |heights: &[f64]| heights.iter().map(|height| (z_mm + height) as f32).collect();
        let travel = |points: Vec<Point>, z_mm: Vec<f32>| {
            Step::Travel(Travel { z_mm, ..Travel::level(points, motion.speeds.travel as f32) })
        };
        match &rise {
            Rise::Turn(points, heights) => self.steps.push(travel(points.clone(), above(heights))),
            Rise::Straight if lift > 0.0 || z_before != Some(z_mm) => self.move_z(z_mm + lift, motion),
            _ => {}
        }
        let moves = departure.way.windows(2).any(|w| w[0] != w[1]);
        if moves {
            if length_mm(&departure.way) >= QUICK_TRAVEL_MM {
                self.accelerate(motion.accelerations.for_travel());
                self.turn_with(motion.jerks.for_travel());
            }
            self.steps.push(match rise {
                Rise::Along(points, heights) => travel(points, above(&heights)),
                _ => {
                    let mut points = departure.way.clone();
                    points.dedup();
                    travel(points, Vec::new())
                }
            });
        }
        if lift > 0.0 {
            self.move_z(z_mm, motion);
        }
        self.z_mm = Some(z_mm);
        if departure.ready_at.is_none() {
            self.lower_to(begin_mm, motion);
        }
        if departure.retract {
            // The parts are what was really drawn back.
            let drawn = departure.before_mm + departure.wipe_mm + departure.after_mm;
            let length_mm = rounded(drawn + motion.retraction.restart_extra_mm).max(0.0) as f32;
            let feed_mm_per_s = motion.retraction.deretract_speed_mm_per_s as f32;
            self.steps.push(Step::Unretract { length_mm, feed_mm_per_s });
        }
        if let (Some(start), Some(place)) = (departure.ready_at, departure.way.last()) {
            // At the height of the layer with the nozzle ready, which lays what it still holds.
            let glide = Travel::level(vec![*place, start], motion.speeds.external_perimeter as f32);
            self.steps.push(Step::Travel(glide));
        }
    }

    /// Prints a road that begins where the tool stands.
    pub fn print(&mut self, road: Road, first_layer: bool, motion: &MotionSettings) {
        self.lower_to(road.z_mm.first().copied(), motion);
        self.z_mm = road.z_mm.last().map(|z| f64::from(*z)).or(self.z_mm);
        self.accelerate(motion.accelerations.for_role(road.role, first_layer));
        self.turn_with(motion.jerks.for_role(road.role, first_layer));
        let feed = motion.speeds.feed_mm_per_s(road.role, road.small, first_layer, road.flow_mm3_per_mm);
        let feed = feed.min(motion.speeds.travel_z / steepest(&road));
        self.steps.push(Step::Extrude(Extrusion {
            role: road.role,
            width_mm: road.width_mm as f32,
            height_mm: road.height_mm as f32,
            flow_mm3_per_mm: road.flow_mm3_per_mm as f32,
            feed_mm_per_s: feed as f32,
            points: road.points,
            z_mm: road.z_mm,
        }));
    }
}
