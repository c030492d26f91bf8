//! Parallel lines, turned by a quarter from layer to layer.

use super::family::Family;
use super::pattern::{Pattern, Sheet, interleaved};
use crate::geometry::{Polyline, Region};

pub struct Rectilinear;

impl Pattern for Rectilinear {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        interleaved(area, sheet, &[Family::new(sheet.crossing_angle_rad(), sheet.distance_mm(), 0.0)])
    }

    fn direction_rad(&self, sheet: &Sheet) -> Option<f64> {
        Some(sheet.crossing_angle_rad())
    }
}
