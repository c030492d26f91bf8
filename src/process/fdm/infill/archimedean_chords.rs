//! Archimedes' spiral in chords around the middle of the object: turns at even distances, laid in one go.

use super::curve;
use super::pattern::{Pattern, Sheet};
use crate::geometry::{Point, Polyline, Region, UNITS_PER_MM};
use std::f64::consts::TAU;

/// How far a chord may be from the spiral, mm.
const TOLERANCE_MM: f64 = 0.02;

pub struct ArchimedeanChords {
    pub centre: Point,
}

impl Pattern for ArchimedeanChords {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        curve::laid(area, &[spiral(area, self.centre, sheet.distance_mm())], &sheet.joining())
    }
}

/// A spiral with turns `distance_mm` apart around `centre`, from just inside the area's nearest point to just beyond its
/// furthest.
pub fn spiral(area: &Region, centre: Point, distance_mm: f64) -> Polyline {
    let mut furthest = 0.0_f64;
    for p in area.rings.iter().flat_map(|ring| &ring.0) {
        furthest = furthest.max(centre.distance_mm(*p));
    }
    let nearest = if area.contains(centre) {
        0.0
    } else {
        let edges = area.rings.iter().flat_map(|ring| ring.edges());
        edges.map(|(a, b)| centre.distance_to_segment_mm(a, b)).fold(f64::INFINITY, f64::min).min(furthest)
    };
    let growth = distance_mm / TAU;
    let (mut angle, last) = (TAU * (nearest / distance_mm - 1.0).max(0.0), TAU * (furthest / distance_mm + 1.0));
    let mut points = Vec::new();
    while angle < last {
        let radius = growth * angle;
        let (sin, cos) = angle.sin_cos();
        let place = |c: i32, offset: f64| c + (radius * offset * UNITS_PER_MM).round() as i32;
        points.push(Point::new(place(centre.x, cos), place(centre.y, sin)));
        // A chord of a circle of radius r over an angle a is r (1 − cos a/2) off; no more than a quarter of a turn in the
        // middle.
        angle += (8.0 * TOLERANCE_MM / radius.max(distance_mm)).sqrt().min(0.25 * TAU);
    }
    Polyline(points)
}
