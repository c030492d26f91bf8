//! Parallel lines, turned by a quarter from layer to layer, each by itself: nothing is laid along the walls.

use super::pattern::{Pattern, Sheet};
use super::rectilinear::Rectilinear;
use crate::geometry::{Polyline, Region};

pub struct Line;

impl Pattern for Line {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        Rectilinear.paths(area, &Sheet { longest_link_mm: 0.0, anchor_mm: 0.0, ..*sheet })
    }

    fn direction_rad(&self, sheet: &Sheet) -> Option<f64> {
        Rectilinear.direction_rad(sheet)
    }
}
