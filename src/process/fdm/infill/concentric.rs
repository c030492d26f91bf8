//! Loops along the border, one inside the other.

use super::CORNERS;
use super::pattern::{Pattern, Sheet};
use crate::geometry::{Polyline, Region, centrelines};

pub struct Concentric;

impl Pattern for Concentric {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let distance = sheet.distance_mm();
        // Every loop has half the distance free on each side, so that the whole area has the density, its edge included.
        let mut area = area.offset(-0.5 * (distance - sheet.spacing_mm), CORNERS);
        let mut paths = Vec::new();
        while !area.is_empty() {
            borders(&area, sheet.shortest_mm, &mut paths);
            area = area.offset(-distance, CORNERS);
        }
        paths
    }
}

/// Loops that leave no gap: the border of `area`, then further in by `spacing_mm` each, and single roads along the middle
/// of what has no room for a loop.
pub fn solid(area: &Region, spacing_mm: f64, shortest_mm: f64) -> Vec<Polyline> {
    let mut paths = Vec::new();
    let mut area = area.clone();
    while !area.is_empty() {
        borders(&area, shortest_mm, &mut paths);
        // Two sides of a loop closer than this would overlap by more than one road in the middle leaves free.
        let loops = area.offset(-spacing_mm, CORNERS).opened(0.3 * spacing_mm);
        let free = area.offset(-0.5 * spacing_mm, CORNERS).difference(&loops.offset(0.51 * spacing_mm, CORNERS));
        let lines = centrelines(&free.opened(0.2 * spacing_mm), 0.4 * spacing_mm);
        paths
            .extend(lines.into_iter().map(|line| Polyline(line.points)).filter(|path| path.length_mm() >= shortest_mm));
        area = loops;
    }
    paths
}

/// The rings as closed paths: the first point is repeated at the end.
fn borders(area: &Region, shortest_mm: f64, paths: &mut Vec<Polyline>) {
    paths.extend(area.rings.iter().filter_map(|ring| {
        let mut points = ring.0.clone();
        points.push(*points.first()?);
        Some(Polyline(points)).filter(|path| path.length_mm() >= shortest_mm)
    }));
}
