//! Loops along the border, one inside the other.

use super::{Pattern, Sheet};
use crate::geometry::{Join, Polyline, Region};

pub struct Concentric;

impl Pattern for Concentric {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let distance = sheet.distance_mm();
        // Every loop has half the distance free on each side, so that the whole area has the density, its edge included.
        let first = area.offset(-0.5 * (distance - sheet.spacing_mm), Join::Miter(2.0));
        loops(&first, distance, sheet.shortest_mm)
    }
}

/// Closed loops (the first point is repeated at the end): the border of `area`, then further in by `distance_mm` each.
pub fn loops(area: &Region, distance_mm: f64, shortest_mm: f64) -> Vec<Polyline> {
    let mut paths = Vec::new();
    let mut area = area.clone();
    while !area.is_empty() {
        paths.extend(area.rings.iter().filter_map(|ring| {
            let mut points = ring.0.clone();
            points.push(*points.first()?);
            Some(Polyline(points)).filter(|path| path.length_mm() >= shortest_mm)
        }));
        area = area.offset(-distance_mm, Join::Miter(2.0));
    }
    paths
}
