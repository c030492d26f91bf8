//! Parallel lines, turned by a quarter from layer to layer.

use super::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};
use std::f64::consts::FRAC_PI_2;

pub struct Rectilinear;

impl Pattern for Rectilinear {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let turn = if sheet.layer.is_multiple_of(2) { 0.0 } else { FRAC_PI_2 };
        families(area, sheet, &[(turn, 0.0)])
    }
}
