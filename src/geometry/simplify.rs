//! Fewer points for the same outline (Douglas and Peucker 1973).

use super::point::{Point, UNITS_PER_MM};
use super::ring::{Polyline, Ring, cross};

/// The ring with points left out that are within `tolerance_mm` of the line between those kept. `None` where less than
/// a triangle is left. It starts at an extreme point, so that equal outlines with other starting points give equal rings.
pub(super) fn ring(ring: &Ring, tolerance_mm: f64) -> Option<Ring> {
    let points = without_collinear(&ring.0);
    if points.len() < 3 {
        return None;
    }
    let start = (0..points.len()).min_by_key(|&i| points[i])?;
    let far = (0..points.len()).max_by_key(|&i| (points[start].distance_squared(points[i]), points[i]))?;
    let n = points.len();
    let turned: Vec<Point> = (0..=n).map(|i| points[(start + i) % n]).collect();
    let split = (far + n - start) % n;
    let tolerance = tolerance_mm * UNITS_PER_MM;
    let mut kept = vec![false; n + 1];
    kept[0] = true;
    kept[split] = true;
    mark(&turned[..=split], &mut kept[..=split], tolerance);
    mark(&turned[split..], &mut kept[split..], tolerance);
    let out: Vec<Point> = turned[..n].iter().zip(&kept).filter(|(_, keep)| **keep).map(|(p, _)| *p).collect();
    (out.len() >= 3).then_some(Ring(out))
}

impl Polyline {
    /// With fewer points, none further than `tolerance_mm` from the old path; the ends stay.
    pub fn simplified(&self, tolerance_mm: f64) -> Polyline {
        if self.0.len() < 3 {
            return self.clone();
        }
        let mut kept = vec![false; self.0.len()];
        kept[0] = true;
        kept[self.0.len() - 1] = true;
        mark(&self.0, &mut kept, tolerance_mm * UNITS_PER_MM);
        Polyline(self.0.iter().zip(&kept).filter(|(_, keep)| **keep).map(|(p, _)| *p).collect())
    }
}

/// Marks the points between the ends that must stay.
fn mark(points: &[Point], kept: &mut [bool], tolerance: f64) {
    let mut open = vec![(0, points.len() - 1)];
    while let Some((from, to)) = open.pop() {
        if to <= from + 1 {
            continue;
        }
        let (a, b) = (points[from], points[to]);
        let (farthest, distance) = (from + 1..to)
            .map(|i| (i, distance_to_segment(points[i], a, b)))
            .fold((from, -1.0), |best, candidate| if candidate.1 > best.1 { candidate } else { best });
        if distance > tolerance {
            kept[farthest] = true;
            open.push((from, farthest));
            open.push((farthest, to));
        }
    }
}

/// Distance from `p` to the segment `ab` in grid units.
fn distance_to_segment(p: Point, a: Point, b: Point) -> f64 {
    let (abx, aby) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
    let (apx, apy) = (f64::from(p.x) - f64::from(a.x), f64::from(p.y) - f64::from(a.y));
    let squared = abx * abx + aby * aby;
    let t = if squared > 0.0 { ((apx * abx + apy * aby) / squared).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (apx - abx * t, apy - aby * t);
    (dx * dx + dy * dy).sqrt()
}

/// Without points on the straight line between their neighbours, spikes included.
fn without_collinear(points: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(points.len());
    for &p in points {
        while let [.., a, b] = out.as_slice() {
            if *b == p || cross(*a, *b, p) == 0 {
                out.pop();
            } else {
                break;
            }
        }
        if out.last() != Some(&p) {
            out.push(p);
        }
    }
    // The seam between last and first.
    loop {
        let n = out.len();
        if n < 3 {
            return out;
        }
        if out[0] == out[n - 1] || cross(out[n - 2], out[n - 1], out[0]) == 0 {
            out.pop();
        } else if cross(out[n - 1], out[0], out[1]) == 0 {
            out.remove(0);
        } else {
            return out;
        }
    }
}
