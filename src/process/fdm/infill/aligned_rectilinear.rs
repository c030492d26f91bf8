//! Parallel lines in the same direction and at the same places all the way up: walls across the part.

use super::pattern::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};

pub struct AlignedRectilinear;

impl Pattern for AlignedRectilinear {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        families(area, sheet, &[(0.0, 0.0)])
    }

    fn direction_rad(&self, sheet: &Sheet) -> Option<f64> {
        Some(sheet.angle_rad)
    }
}
