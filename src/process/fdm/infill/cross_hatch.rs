//! Lines that turn from one direction to the other and back as they rise, without ever crossing in one layer.
//!
//! Straight lines begin to zigzag, each against its neighbours, until their corners touch. The squares that they make then
//! are the same in both directions, so the layer above can go on with lines across, whose zigzag shrinks until they are
//! straight. All of it leans by 45° at most.

use super::family::{Family, Wave};
use super::pattern::{Pattern, Sheet, interleaved};
use crate::geometry::{Polyline, Region};
use std::f64::consts::{FRAC_PI_2, SQRT_2};

pub struct CrossHatch;

impl Pattern for CrossHatch {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let Weave { distance_mm: distance, is_across, swing } = Weave::of(sheet);
        // The corners lie where two lines in one direction and two across have theirs.
        let (angle, shift, corner) = if is_across {
            (sheet.angle_rad + FRAC_PI_2, 0.5 * distance, 0.5 * distance)
        } else {
            (sheet.angle_rad, 0.0, 0.0)
        };
        let families = [1.0, -1.0].map(|sign| {
            let height = if is_across { -sign } else { sign } * swing * distance;
            let wave = Wave::new(2.0 * distance, [[corner, height], [corner + distance, -height]]);
            let family = Family::new(angle, 2.0 * distance, shift + if sign > 0.0 { 0.0 } else { distance });
            if swing > 0.0 { family.with_wave(wave) } else { family }
        });
        interleaved(area, sheet, &families)
    }

    fn direction_rad(&self, sheet: &Sheet) -> Option<f64> {
        Some(sheet.angle_rad + if Weave::of(sheet).is_across { FRAC_PI_2 } else { 0.0 })
    }
}

/// The lines at one height.
struct Weave {
    distance_mm: f64,
    /// They run across the pattern's angle.
    is_across: bool,
    /// How far they swing to either side, in distances.
    swing: f64,
}

impl Weave {
    fn of(sheet: &Sheet) -> Self {
        // Lines that swing by `s` distances are √(1 + 4 s²) as long. Half of the height has straight lines, in the other
        // half the swing goes from 0 to ½ and back: on average ½ + ½ (√2 + arsinh 1) / 2.
        let mean_length = 0.5 + 0.25 * (SQRT_2 + 1.0_f64.asinh());
        let distance = mean_length * sheet.distance_mm();
        let height = (sheet.z_mm / distance).rem_euclid(4.0);
        let (is_across, swing) = match height {
            h if h < 1.0 => (false, 0.0),
            h if h < 1.5 => (false, h - 1.0),
            h if h < 2.0 => (true, 2.0 - h),
            h if h < 3.0 => (true, 0.0),
            h if h < 3.5 => (true, h - 3.0),
            h => (false, 4.0 - h),
        };
        Self { distance_mm: distance, is_across, swing }
    }
}
