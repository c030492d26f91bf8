//! How fast a machine goes around a corner: the rules of the firmwares, each from its documentation.
//!
//! A corner is where one straight motion ends and the next begins. Every rule answers with the square of the highest
//! speed there, since look-ahead works on squares.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// How a machine takes corners.
#[derive(Clone, Debug, PartialEq)]
pub enum Cornering {
    /// Largest sudden change of speed of each axis (X, Y, Z, E) in mm/s: Marlin's classic jerk. An axis that turns around
    /// may come in and go out with a jerk each, and the tool starts and stops with its jerk.
    Jerk([f64; 4]),
    /// Marlin's junction deviation in mm: how far a circle that touches both motions would cut the corner. The speed
    /// around that circle keeps to the acceleration (Jeon 2011, "Improving Grbl: Cornering algorithm").
    JunctionDeviation(f64),
    /// Klipper's square corner velocity: junction deviation, given as the speed of a right angle.
    SquareCorner {
        velocity_mm_per_s: f64,
        /// Share of a motion between speeding up and slowing down that is at least to be at constant speed.
        cruise_ratio: f64,
        /// Largest sudden change of the extruder's speed.
        extruder_mm_per_s: f64,
    },
    /// Largest sudden change of speed of each axis (X, Y, Z, E) in mm/s, turning around included: RepRapFirmware's M566.
    /// The tool starts from standstill.
    InstantChange([f64; 4]),
}

/// One straight motion, as far as a corner needs to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion {
    /// Change of X, Y, Z, E per mm of way.
    pub direction: [f64; 4],
    pub length: f64,
    /// Speed and acceleration within all limits of its axes.
    pub nominal: f64,
    pub acceleration: f64,
    /// What was set, before the limits of single axes.
    pub set_acceleration: f64,
}

/// Slowest that Marlin's planner goes through a corner, mm/s.
const MARLIN_LEAST: f64 = 0.05;
/// Marlin takes motions shorter than this, at corners blunter than 135°, for pieces of an arc, mm.
const MARLIN_SHORT: f64 = 1.0;
/// So near to turning around or to going straight on, angles are not told apart.
const SAME_DIRECTION: f64 = 0.999_999;

impl Cornering {
    /// With another sudden change in X and Y, mm/s. Junction deviation knows none.
    pub(super) fn with_jerk(&self, jerk_mm_per_s: f64) -> Self {
        let in_plane = |[_, _, z, e]: [f64; 4]| [jerk_mm_per_s, jerk_mm_per_s, z, e];
        match *self {
            Self::Jerk(axes) => Self::Jerk(in_plane(axes)),
            Self::InstantChange(axes) => Self::InstantChange(in_plane(axes)),
            Self::SquareCorner { cruise_ratio, extruder_mm_per_s, .. } => {
                Self::SquareCorner { velocity_mm_per_s: jerk_mm_per_s, cruise_ratio, extruder_mm_per_s }
            }
            Self::JunctionDeviation(deviation) => Self::JunctionDeviation(deviation),
        }
    }

    /// Square of the speed from which a motion may stop at once, or to which it may start.
    pub(super) fn standstill2(&self, motion: &Motion) -> f64 {
        match self {
            Self::Jerk(jerk) => {
                let speed = within_jerk(&motion.direction, motion.nominal, jerk);
                speed * speed
            }
            Self::JunctionDeviation(_) => MARLIN_LEAST * MARLIN_LEAST,
            Self::SquareCorner { .. } | Self::InstantChange(_) => 0.0,
        }
    }

    /// Square of the highest speed from one motion to the next. `most` are the highest accelerations of the axes, 0 for
    /// none.
    pub(super) fn corner2(&self, before: &Motion, next: &Motion, most: &[f64; 4]) -> f64 {
        let nominal = next.nominal.min(before.nominal);
        match self {
            Self::Jerk(jerk) => {
                let change = |axis: usize| {
                    let (out, into) = (before.direction[axis], next.direction[axis]);
                    if out * into < 0.0 { out.abs().max(into.abs()) } else { (out - into).abs() }
                };
                let speed = within_jerk(&std::array::from_fn(change), nominal, jerk);
                (speed * speed).max(self.standstill2(before).min(self.standstill2(next)))
            }
            Self::JunctionDeviation(deviation) => deviation2(*deviation, before, next, most).min(nominal * nominal),
            Self::SquareCorner { velocity_mm_per_s, extruder_mm_per_s, .. } => {
                square_corner2(*velocity_mm_per_s, *extruder_mm_per_s, before, next).min(nominal * nominal)
            }
            Self::InstantChange(most) => {
                let change = std::array::from_fn(|axis| (before.direction[axis] - next.direction[axis]).abs());
                let speed = within_jerk(&change, nominal, most);
                speed * speed
            }
        }
    }

    /// How much of a motion each axis' limits of speed and acceleration count: its share of the way, as a rule. Klipper
    /// limits the way in X and Y as a whole, and the extruder only where it draws back or moves alone.
    pub(super) fn limited_shares(&self, direction: &[f64; 4]) -> [f64; 4] {
        let [x, y, z, e] = *direction;
        match self {
            Self::SquareCorner { .. } => {
                let across = if x != 0.0 || y != 0.0 { 1.0 } else { 0.0 };
                let retracts = e < 0.0 || (x == 0.0 && y == 0.0);
                [across, across, z.abs(), if retracts { e.abs() } else { 0.0 }]
            }
            _ => direction.map(f64::abs),
        }
    }

    /// The share of its acceleration at which a motion may speed up only to slow down again.
    pub(super) fn hump_share(&self) -> f64 {
        match self {
            Self::SquareCorner { cruise_ratio, .. } => 1.0 - cruise_ratio.clamp(0.0, 0.99),
            _ => 1.0,
        }
    }
}

/// The highest speed up to `nominal` at which no axis changes by more than its jerk. `change` is each axis' share.
fn within_jerk(change: &[f64; 4], nominal: f64, jerk: &[f64; 4]) -> f64 {
    change.iter().zip(jerk).fold(nominal, |speed, (share, jerk)| {
        let share = share.abs();
        if share * speed > *jerk { jerk / share } else { speed }
    })
}

fn deviation2(deviation: f64, before: &Motion, next: &Motion, most: &[f64; 4]) -> f64 {
    let (a, b) = (&before.direction, &next.direction);
    // Of the angle between the two ways: 1 where the tool turns around, -1 straight on.
    let cos = -(0..4).map(|axis| a[axis] * b[axis]).sum::<f64>();
    if cos > SAME_DIRECTION {
        return MARLIN_LEAST * MARLIN_LEAST;
    }
    let turn: [f64; 4] = std::array::from_fn(|axis| b[axis] - a[axis]);
    let length = turn.iter().map(|t| t * t).sum::<f64>().sqrt();
    let mut acceleration = next.acceleration;
    for (t, most) in turn.iter().zip(most) {
        let share = (t / length).abs();
        if *most > 0.0 && acceleration * share > *most {
            acceleration = most / share;
        }
    }
    let sin_half = (0.5 * (1.0 - cos)).max(0.0).sqrt();
    if sin_half >= 1.0 {
        return f64::INFINITY;
    }
    let around = acceleration * deviation * sin_half / (1.0 - sin_half);
    if next.length < MARLIN_SHORT && cos < -FRAC_1_SQRT_2 {
        // A piece of an arc: its radius is its length over the angle by which it turns.
        let turned = PI - cos.max(-1.0).acos();
        if turned > 0.0 {
            return around.min(next.length * acceleration / turned);
        }
    }
    around
}

fn square_corner2(velocity: f64, extruder: f64, before: &Motion, next: &Motion) -> f64 {
    let moves = |m: &Motion| m.direction[..3].iter().any(|share| *share != 0.0);
    if !(moves(before) && moves(next)) {
        // The extruder alone starts and ends at a stop.
        return 0.0;
    }
    let change = (next.direction[3] - before.direction[3]).abs();
    let mut most = if change > 0.0 { (extruder / change).powi(2) } else { f64::INFINITY };
    let cos = -(0..3).map(|axis| before.direction[axis] * next.direction[axis]).sum::<f64>();
    let sin_half = (0.5 * (1.0 - cos)).max(0.0).sqrt();
    let cos_half = (0.5 * (1.0 + cos)).max(0.0).sqrt();
    if sin_half < 1.0 && cos_half > 0.0 {
        let radius = sin_half / (1.0 - sin_half);
        let quarter_tan = 0.25 * sin_half / cos_half;
        for m in [before, next] {
            let deviation = velocity * velocity * (SQRT_2 - 1.0) / m.set_acceleration;
            // Around the circle that cuts the corner by the deviation, and around one that no motion is too short for.
            let around = radius * deviation * m.acceleration;
            let centripetal = 2.0 * m.length * m.acceleration * quarter_tan;
            most = most.min(around).min(centripetal);
        }
    }
    most
}
