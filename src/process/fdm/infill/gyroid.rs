//! The gyroid: sin x cos y + sin y cos z + sin z cos x = 0, a surface that parts space into two equal halves without a
//! straight line in it (Schoen 1970), cut at the layer's height.
//!
//! At one height the surface is two waves that repeat across. Where |sin z| ≤ |cos z| each is a function y(x), else
//! x(y), and both have a closed form: `a cos t + b sin t = c` is solved by `t = atan2(b, a) ± acos(c / hypot(a, b))`.

use super::family::{Family, Wave};
use super::pattern::{Pattern, Sheet, interleaved};
use crate::geometry::{Polyline, Region};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Length of the curves in one square period of side 1, averaged over the heights of a period: computed numerically from
/// the formula above with some 20 chords a wave. Single heights have 2.31 to 2.92.
const LENGTH_PER_PERIOD: f64 = 2.453;
/// How far a chord may be from the curve, mm.
const TOLERANCE_MM: f64 = 0.025;

pub struct Gyroid;

impl Pattern for Gyroid {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let period_mm = LENGTH_PER_PERIOD * sheet.distance_mm();
        interleaved(area, sheet, &waves(sheet.z_mm, period_mm, sheet.angle_rad))
    }
}

/// The two families of waves at a height.
fn waves(z_mm: f64, period_mm: f64, angle_rad: f64) -> [Family; 2] {
    let z = TAU * z_mm / period_mm;
    let (sin_z, cos_z) = z.sin_cos();
    let along_x = sin_z.abs() <= cos_z.abs();
    // Chord error of a wave of this shape is close to 0.8 periods over the square of the number of chords.
    let quarter_chords = (0.2 * (period_mm / TOLERANCE_MM).sqrt()).ceil().clamp(4.0, 64.0) as usize;
    let count = 4 * quarter_chords;
    let step_mm = period_mm / count as f64;
    let scale = period_mm / TAU;
    [1.0, -1.0].map(|branch| {
        let vertices = (0..count).map(|i| {
            let (sin_t, cos_t) = (TAU * i as f64 / count as f64).sin_cos();
            let height = if along_x {
                // sin x · cos y + cos z · sin y = −sin z · cos x, solved for y.
                scale * solve([sin_t, cos_z], -sin_z * cos_t, cos_z.atan2(sin_t), branch)
            } else {
                // sin z · cos x + cos y · sin x = −sin y · cos z, solved for x; the frame's v axis is −x.
                let direction = if sin_z < 0.0 { (-cos_t).atan2(-sin_z) + PI } else { cos_t.atan2(sin_z) };
                -scale * solve([sin_z, cos_t], -sin_t * cos_z, direction, branch)
            };
            [i as f64 * step_mm, height]
        });
        let angle = if along_x { angle_rad } else { angle_rad + FRAC_PI_2 };
        Family::new(angle, period_mm, 0.0).with_wave(Wave::new(period_mm, vertices))
    })
}

/// Solves `a cos t + b sin t = c` for `t`, where `direction` is the angle of the vector (a, b): the caller knows on which
/// side it stays and so where to measure it without a jump.
fn solve([a, b]: [f64; 2], c: f64, direction: f64, branch: f64) -> f64 {
    direction + branch * (c / a.hypot(b)).clamp(-1.0, 1.0).acos()
}
