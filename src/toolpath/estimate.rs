//! How long a toolpath takes and what it uses: the time-and-material estimate.
//!
//! Moves as the firmware does: `segments` walks the steps and makes straight pieces of motion of them, `corner` says how
//! fast each firmware goes around a corner, and `look_ahead` gives every piece its trapezoid of speed, so that the tool
//! can always stop in time. Knows a toolpath and a machine's limits, nothing of settings or G-code. Runs of layers
//! between two changes of height are independent, because the tool all but stops there; they are computed in parallel
//! and summed in order.

mod corner;
mod look_ahead;
mod segments;

use rayon::prelude::*;

use super::{Layer, Role, Step, Toolpath};
use crate::progress::{Canceled, Progress};

pub use corner::Cornering;
use segments::{LayerSums, Walk};

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
            let sums = Walk::new(limits, filament_area_mm2, start).layers(layers);
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
    let mut walk = Walk::new(limits, filament_area_mm2, Start { z_mm, ..Start::default() });
    walk.layer(steps);
    walk.finish().iter().flat_map(|sums| &sums.step_times_s).sum()
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
    jerk: Option<f64>,
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
            let last = |of: fn(&Step) -> Option<f32>| layer.steps.iter().rev().find_map(of).map(f64::from);
            let acceleration = last(|s| if let Step::Acceleration(a) = s { Some(*a) } else { None });
            let jerk = last(|s| if let Step::Jerk(jerk) = s { Some(*jerk) } else { None });
            (state.acceleration, state.jerk) = (acceleration.or(state.acceleration), jerk.or(state.jerk));
            state.z_mm = f64::from(layer.z_mm);
            before
        })
        .collect()
}

#[cfg(test)]
mod tests;
