//! Cubes standing on a corner: the planes of a cube lattice cut at the layer's height.
//!
//! The normal of each family of planes leans out of the vertical so that its horizontal share is √(2/3) and its
//! vertical share √(1/3): one millimetre up moves the lines √½ mm sideways.

use super::pattern::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_3};

pub struct Cubic;

impl Pattern for Cubic {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let shift = sheet.z_mm * FRAC_1_SQRT_2;
        families(area, sheet, &[(0.0, shift), (2.0 * FRAC_PI_3, shift), (4.0 * FRAC_PI_3, shift)])
    }
}
