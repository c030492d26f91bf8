//! Truncated octahedra, which fill space with square and hexagonal faces (Kelvin 1887), cut at the layer's height.
//!
//! With the octahedra's middles 4 units apart, and others amid them, the hexagonal faces cut a layer into diamonds: around
//! the middles of every other octahedron, with half diagonals between 1 and 2 units that grow and shrink by a unit a unit
//! of height. Between the tips of the diamonds in a row stand square faces. A layer has the diamonds and the square faces
//! in one direction, the next layer those in the other: two waves along each row, one over and one under its diamonds,
//! that lie side by side where there is none.

use super::family::{Family, Wave};
use super::pattern::{Pattern, Sheet, interleaved};
use crate::geometry::{Polyline, Region};
use std::f64::consts::{FRAC_PI_2, SQRT_2};

pub struct Honeycomb3d;

impl Pattern for Honeycomb3d {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let unit = unit_mm(sheet.spacing_mm, sheet.density);
        let height = (sheet.z_mm / unit).rem_euclid(4.0);
        // Half diagonal of the diamonds in units, and whether they are around the first octahedra or those amid them.
        let (radius, is_first) = match height {
            h if h < 1.0 => (1.0 + h, false),
            h if h < 2.0 => (3.0 - h, true),
            h if h < 3.0 => (h - 1.0, true),
            h => (5.0 - h, false),
        };
        let (radius, beside) = (radius * unit, 0.5 * sheet.spacing_mm);
        let slant = radius - beside;
        let period = 4.0 * unit;
        let (row, vertices) = if is_first {
            (0.0, [[0.0, radius], [slant, beside], [period - slant, beside]])
        } else {
            (2.0 * unit, [[2.0 * unit - slant, beside], [2.0 * unit, radius], [2.0 * unit + slant, beside]])
        };
        let angle = direction_rad(sheet);
        let families = [-1.0, 1.0].map(|sign| {
            let wave = Wave::new(period, vertices.map(|[place, height]| [place, sign * height]));
            Family::new(angle, period, row).with_wave(wave)
        });
        interleaved(area, sheet, &families)
    }

    fn direction_rad(&self, sheet: &Sheet) -> Option<f64> {
        Some(direction_rad(sheet))
    }
}

/// The waves of one layer run in one direction, those of the next across.
fn direction_rad(sheet: &Sheet) -> f64 {
    sheet.angle_rad + if sheet.number.is_multiple_of(2) { 0.0 } else { FRAC_PI_2 }
}

/// The unit for a density. Over all heights, the two waves in 4 × 4 units are together
/// `4√2 (1.5 unit − spacing / 2) + 2 unit + 2 spacing` long.
pub fn unit_mm(spacing_mm: f64, density: f64) -> f64 {
    // 16 density unit² − linear spacing unit + constant spacing² = 0
    let (linear, constant) = (6.0 * SQRT_2 + 2.0, 2.0 * SQRT_2 - 2.0);
    let root = (linear * linear - 64.0 * density * constant).sqrt();
    spacing_mm * (linear + root) / (32.0 * density)
}
