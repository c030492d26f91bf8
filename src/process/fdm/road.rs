//! A road: one stretch of material, from where the tool lays it to where it stops.
//!
//! Knows its own course, height and flow, and how to divide itself. Which roads there are and in what order is not known
//! here.

use crate::geometry::Point;
use crate::toolpath::Role;

use super::travel::LEAST_STEP_MM;

/// One stretch of material.
#[derive(Clone, Debug, PartialEq)]
pub struct Road {
    pub role: Role,
    pub width_mm: f64,
    pub height_mm: f64,
    /// mm³ per mm, the extrusion multiplier included.
    pub flow_mm3_per_mm: f64,
    pub points: Vec<Point>,
    /// Where each point would be if the road were not roughened; empty where it is not.
    pub smooth: Vec<Point>,
    /// Height at each point where it changes along the road; else empty.
    pub z_mm: Vec<f32>,
    /// It ends (almost) where it begins.
    pub closed: bool,
    /// A wall of small radius.
    pub small: bool,
}

impl Road {
    pub fn first(&self) -> Point {
        self.points.first().copied().unwrap_or_default()
    }

    pub fn last(&self) -> Point {
        self.points.last().copied().unwrap_or_default()
    }

    /// The course that the road would have without being roughened.
    pub fn smooth_course(&self) -> &[Point] {
        if self.smooth.is_empty() { &self.points } else { &self.smooth }
    }

    pub(super) fn reverse(&mut self) {
        self.points.reverse();
        self.smooth.reverse();
        self.z_mm.reverse();
    }

    /// All of it but its course.
    fn without_course(&self) -> Self {
        Self { points: Vec::new(), smooth: Vec::new(), z_mm: Vec::new(), ..*self }
    }

    /// Adds the place at a share of the way from vertex `k` of another road to the one behind it.
    fn push(&mut self, of: &Self, k: usize, share: f64) {
        let between = |points: &[Point]| match (points.get(k), points.get(k + 1)) {
            (Some(a), Some(b)) if share > 0.0 => Some(a.towards(*b, share)),
            (a, _) => a.copied(),
        };
        self.points.extend(between(&of.points));
        self.smooth.extend(between(&of.smooth));
        if let Some(&z) = of.z_mm.get(k) {
            let next = of.z_mm.get(k + 1).copied().unwrap_or(z);
            self.z_mm.push(z + (next - z) * share as f32);
        }
    }

    /// The road in pieces that end at these ways along its smooth course (ascending), and the rest. A vertex very near to
    /// such a place is taken for it; a piece that would be shorter than that is a single point.
    pub fn divided(&self, ends_mm: &[f64]) -> Vec<Road> {
        let course = self.smooth_course();
        let mut pieces = Vec::with_capacity(ends_mm.len() + 1);
        let mut piece = self.without_course();
        piece.push(self, 0, 0.0);
        // The vertex that is passed, and the way to it.
        let (mut k, mut way) = (0, 0.0);
        for i in 0..=ends_mm.len() {
            let end = ends_mm.get(i).copied().unwrap_or(f64::INFINITY);
            while let [a, b, ..] = course[k.min(course.len())..] {
                let length = a.distance_mm(b);
                if way + length > end + LEAST_STEP_MM {
                    if end - way > LEAST_STEP_MM {
                        piece.push(self, k, (end - way) / length);
                    }
                    break;
                }
                way += length;
                k += 1;
                piece.push(self, k, 0.0);
            }
            let mut next = self.without_course();
            next.points.extend(piece.points.last());
            next.smooth.extend(piece.smooth.last());
            next.z_mm.extend(piece.z_mm.last());
            piece.closed &= ends_mm.is_empty();
            pieces.push(std::mem::replace(&mut piece, next));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::fdm::travel::length_mm;

    #[test]
    fn pieces_of_a_road_are_the_road_again() {
        let at = |points: &[(f64, f64)]| points.iter().map(|p| Point::from_mm(p.0, p.1)).collect::<Vec<_>>();
        let road = Road {
            role: Role::ExternalPerimeter,
            width_mm: 0.4,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            points: at(&[(0.0, 0.1), (10.0, -0.1), (10.0, 10.0)]),
            smooth: at(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]),
            z_mm: vec![0.0, 1.0, 2.0],
            closed: true,
            small: false,
        };
        assert_eq!(road.divided(&[]), std::slice::from_ref(&road));
        // The second cut is as good as at the corner.
        let pieces = road.divided(&[5.0, 10.001, 15.0]);
        let ways: Vec<f64> = pieces.iter().map(|p| length_mm(&p.smooth)).collect();
        assert!(ways.iter().all(|way| (way - 5.0).abs() < 1e-6), "{ways:?}");
        assert_eq!(pieces[0].z_mm, [0.0, 0.5]);
        assert_eq!(pieces[0].last(), Point::from_mm(5.0, 0.0));
        for w in pieces.windows(2) {
            assert!(w[0].last() == w[1].first() && w[0].z_mm.last() == w[1].z_mm.first() && !w[0].closed);
        }
        assert_eq!(road.divided(&[0.001])[0].points.len(), 1);
        assert_eq!(road.divided(&[50.0])[0].points, road.points);
    }
}
