//! Closed and open paths.

use super::point::{Bounds, Point, Shift, UNITS_PER_MM};

/// A closed outline without a repeated last point. Counter-clockwise (positive area) bounds material, clockwise a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ring(pub Vec<Point>);

/// An open path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polyline(pub Vec<Point>);

impl Shift for Ring {
    fn shift(&mut self, by: Point) {
        self.0.shift(by);
    }
}

impl Shift for Polyline {
    fn shift(&mut self, by: Point) {
        self.0.shift(by);
    }
}

impl Ring {
    /// Twice the signed area in square grid units, exact.
    pub(super) fn doubled_area(&self) -> i128 {
        self.edges().map(|(a, b)| i128::from(i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y))).sum()
    }

    /// Signed area in mm²: positive when counter-clockwise.
    pub fn area_mm2(&self) -> f64 {
        self.doubled_area() as f64 / (2.0 * UNITS_PER_MM * UNITS_PER_MM)
    }

    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.0.iter().copied())
    }

    /// Length around in mm.
    pub fn length_mm(&self) -> f64 {
        self.edges().map(|(a, b)| a.distance_mm(b)).sum()
    }

    /// The edges in order, the closing one last.
    pub fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let next = self.0.iter().cycle().skip(1);
        self.0.iter().copied().zip(next.copied())
    }

    /// Turned around.
    pub fn reversed(&self) -> Self {
        Self(self.0.iter().rev().copied().collect())
    }

    /// Whether a point is inside (`Some(true)`), outside (`Some(false)`) or on the border (`None`), by the even-odd rule.
    pub fn locate(&self, p: Point) -> Option<bool> {
        let mut inside = false;
        for (a, b) in self.edges() {
            match crosses_ray(a, b, p) {
                Side::On => return None,
                Side::Crosses => inside = !inside,
                Side::Misses => {}
            }
        }
        Some(inside)
    }
}

impl Polyline {
    /// Length in mm.
    pub fn length_mm(&self) -> f64 {
        self.0.windows(2).map(|w| w[0].distance_mm(w[1])).sum()
    }
}

/// How an edge meets the ray from a point towards +x.
pub(super) enum Side {
    On,
    Crosses,
    Misses,
}

/// Tests edge `ab` against the ray from `p` towards +x; the edge owns its lower end, so that a vertex counts once.
pub(super) fn crosses_ray(a: Point, b: Point, p: Point) -> Side {
    let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
    if p.y < low.y || p.y > high.y {
        return Side::Misses;
    }
    if low.y == high.y {
        return if (a.x.min(b.x)..=a.x.max(b.x)).contains(&p.x) { Side::On } else { Side::Misses };
    }
    let left = cross(low, high, p);
    if left == 0 {
        Side::On
    } else if left > 0 && p.y < high.y {
        Side::Crosses
    } else {
        Side::Misses
    }
}

/// Cross product of `ab` and `ap` in square grid units: positive where `p` is left of `ab`.
pub(super) fn cross(a: Point, b: Point, p: Point) -> i64 {
    let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (apx, apy) = (i64::from(p.x) - i64::from(a.x), i64::from(p.y) - i64::from(a.y));
    abx * apy - aby * apx
}
