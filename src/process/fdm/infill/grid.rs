//! Squares: two families of lines across each other in every layer, at the same places all the way up.

use super::pattern::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};
use std::f64::consts::FRAC_PI_2;

pub struct Grid;

impl Pattern for Grid {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        families(area, sheet, &[(0.0, 0.0), (FRAC_PI_2, 0.0)])
    }
}
