//! Triangles: three families of lines that meet in common points, at the same places all the way up.

use super::pattern::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};
use std::f64::consts::FRAC_PI_3;

pub struct Triangles;

impl Pattern for Triangles {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        families(area, sheet, &[(0.0, 0.0), (FRAC_PI_3, 0.0), (2.0 * FRAC_PI_3, 0.0)])
    }
}
