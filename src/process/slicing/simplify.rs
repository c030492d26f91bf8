//! Fewer points for an outline fresh from the mesh, without making it smaller.
//!
//! Three steps: points between coplanar facets go first, so that equal layers become equal rings; then points within the
//! tolerance of the line between others (Douglas and Peucker 1973); then each remaining edge is moved by the mean
//! distance of the points it stands for. Without the last step chords of a curve all lie on its inner side, and every
//! round outline would lose two thirds of the tolerance.

use crate::geometry::{Point, Ring};

/// How far a dropped point may be from a straight run, in grid units: corners are rounded to the grid, and single
/// precision puts the corners of one CAD face a little off their plane.
const STRAIGHT: f64 = 2.0;

/// A ring of the points that matter, none of the others further than `tolerance` grid units away from it. `None` where
/// less than a triangle is left.
pub(super) fn ring(points: &[Point], tolerance: f64) -> Option<Ring> {
    let points = without_straight(points);
    if points.len() < 3 {
        return None;
    }
    if tolerance <= STRAIGHT {
        return Some(Ring(points));
    }
    let kept = douglas_peucker(&points, tolerance);
    if kept.len() < 3 {
        return None;
    }
    let out = balanced(&points, &kept, tolerance);
    (out.len() >= 3).then_some(Ring(out))
}

fn delta(a: Point, b: Point) -> (f64, f64) {
    (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y))
}

/// Without points on straight runs. Starts at the smallest point, which is a corner of any outline that has corners.
fn without_straight(points: &[Point]) -> Vec<Point> {
    let Some(start) = (0..points.len()).min_by_key(|&i| points[i]) else { return Vec::new() };
    let n = points.len();
    let mut kept = vec![points[start]];
    let mut anchor = points[start];
    let mut last = anchor;
    // Directions from the anchor that pass within reach of every point since: between `low` and `high`.
    let mut cone: Option<[(f64, f64); 2]> = None;
    let mut reach = 0.0;
    for i in 1..=n {
        let p = points[(start + i) % n];
        if p == last {
            continue;
        }
        loop {
            let d = delta(anchor, p);
            let length = (d.0 * d.0 + d.1 * d.1).sqrt();
            let side = (-d.1 / length * STRAIGHT, d.0 / length * STRAIGHT);
            let (right, left) = ((d.0 - side.0, d.1 - side.1), (d.0 + side.0, d.1 + side.1));
            match cone {
                None => {
                    cone = Some([right, left]);
                    reach = length;
                }
                Some([low, high]) => {
                    // Turning back is a corner even inside the cone.
                    if length + STRAIGHT < reach || cross(low, d) < 0.0 || cross(d, high) < 0.0 {
                        kept.push(last);
                        anchor = last;
                        cone = None;
                        continue;
                    }
                    reach = reach.max(length);
                    let tighter_low = if cross(low, right) > 0.0 { right } else { low };
                    let tighter_high = if cross(left, high) > 0.0 { left } else { high };
                    cone = Some([tighter_low, tighter_high]);
                }
            }
            last = p;
            break;
        }
    }
    kept.dedup();
    // The start itself may lie on a straight run.
    if let [first, second, .., before] = kept[..]
        && distance_to_line(first, before, second) <= STRAIGHT
    {
        kept.remove(0);
    }
    kept
}

fn cross(a: (f64, f64), b: (f64, f64)) -> f64 {
    a.0 * b.1 - a.1 * b.0
}

/// Distance from `p` to the segment `ab`.
fn distance_to_line(p: Point, a: Point, b: Point) -> f64 {
    let (ab, ap) = (delta(a, b), delta(a, p));
    let squared = ab.0 * ab.0 + ab.1 * ab.1;
    let t = if squared > 0.0 { ((ap.0 * ab.0 + ap.1 * ab.1) / squared).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (ap.0 - ab.0 * t, ap.1 - ab.1 * t);
    (dx * dx + dy * dy).sqrt()
}

/// Indices of the points to keep, ascending.
fn douglas_peucker(points: &[Point], tolerance: f64) -> Vec<usize> {
    let n = points.len();
    let far = (0..n).max_by_key(|&i| (points[0].distance_squared(points[i]), points[i])).unwrap_or(0);
    let at = |i: usize| points[i % n];
    let mut kept = vec![false; n];
    kept[0] = true;
    kept[far] = true;
    let mut open = vec![(far, n), (0, far)];
    while let Some((from, to)) = open.pop() {
        let mut farthest = (from, -1.0);
        for i in from + 1..to {
            let distance = distance_to_line(at(i), at(from), at(to));
            if distance > farthest.1 {
                farthest = (i, distance);
            }
        }
        if farthest.1 > tolerance {
            kept[farthest.0] = true;
            open.push((farthest.0, to));
            open.push((from, farthest.0));
        }
    }
    (0..n).filter(|&i| kept[i]).collect()
}

/// The kept points, moved so that each edge lies in the middle of the points that it stands for.
fn balanced(points: &[Point], kept: &[usize], tolerance: f64) -> Vec<Point> {
    let n = points.len();
    let m = kept.len();
    // Of each edge: its unit direction and how far to its left its points lie in the mean.
    let edges: Vec<((f64, f64), f64)> = (0..m)
        .map(|e| {
            let (from, to) = (kept[e], if e + 1 < m { kept[e + 1] } else { kept[0] + n });
            let a = points[from];
            let d = delta(a, points[to % n]);
            let length = (d.0 * d.0 + d.1 * d.1).sqrt();
            let mut doubled = 0.0;
            for i in from + 1..to {
                let (p, q) = (delta(a, points[i % n]), delta(a, points[(i + 1) % n]));
                doubled += cross(p, q);
            }
            // The polygon of edge and points winds backwards where the points lie to the left.
            (if length > 0.0 { (d.0 / length, d.1 / length) } else { (0.0, 0.0) }, -0.5 * doubled / length.max(1.0))
        })
        .collect();
    let mut out: Vec<Point> = Vec::with_capacity(m);
    for e in 0..m {
        let ((u, before), (v, after)) = (edges[(e + m - 1) % m], edges[e]);
        let p = points[kept[e]];
        let moved = if before == 0.0 && after == 0.0 {
            p
        } else {
            let sin = cross(u, v);
            // Where both moved edges meet; at nearly straight corners the mean of both is as good and never far away.
            let solved =
                (sin.abs() > 0.2).then(|| ((v.0 * before - u.0 * after) / sin, (v.1 * before - u.1 * after) / sin));
            let by =
                solved.filter(|by| by.0 * by.0 + by.1 * by.1 <= 4.0 * tolerance * tolerance).unwrap_or_else(|| {
                    let mean = 0.5 * (before + after);
                    let (nx, ny) = (-(u.1 + v.1), u.0 + v.0);
                    let length = (nx * nx + ny * ny).sqrt();
                    if length > 0.5 { (nx / length * mean, ny / length * mean) } else { (0.0, 0.0) }
                });
            Point::new((f64::from(p.x) + by.0).round() as i32, (f64::from(p.y) + by.1).round() as i32)
        };
        if out.last() != Some(&moved) {
            out.push(moved);
        }
    }
    while out.len() > 1 && out.first() == out.last() {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(radius: f64, points: usize) -> Vec<Point> {
        (0..points)
            .map(|i| {
                let a = i as f64 / points as f64 * std::f64::consts::TAU;
                Point::from_mm(radius * a.cos(), radius * a.sin())
            })
            .collect()
    }

    #[test]
    fn points_on_straight_runs_go_wherever_the_ring_starts() {
        let corners = [(0, 0), (400_003, 100_001), (300_000, 500_000), (-100_000, 400_000)];
        let mut points = Vec::new();
        for i in 0..4 {
            let ((ax, ay), (bx, by)) = (corners[i], corners[(i + 1) % 4]);
            for k in 0..7 {
                points.push(Point::new(ax + (bx - ax) * k / 7, ay + (by - ay) * k / 7));
            }
        }
        let expected = ring(&points, 0.0).unwrap();
        assert_eq!(expected.0.len(), 4, "{expected:?}");
        for turn in 1..points.len() {
            points.rotate_left(1);
            assert_eq!(ring(&points, 0.0).unwrap(), expected, "turned by {turn}");
        }
    }

    #[test]
    fn a_circle_keeps_its_size_and_stays_within_the_tolerance() {
        for radius in [1.0, 5.0, 40.0] {
            let simple = ring(&circle(radius, 4000), 1_250.0).unwrap();
            assert!(simple.0.len() < 300, "{}", simple.0.len());
            let mean_error = (simple.area_mm2() / std::f64::consts::PI).sqrt() - radius;
            assert!(mean_error.abs() < 0.001, "radius {radius}: {mean_error}");
            for p in &simple.0 {
                let [x, y] = p.to_mm();
                assert!((x.hypot(y) - radius).abs() < 0.0126, "{x} {y}");
            }
        }
    }

    #[test]
    fn spikes_and_nothings_vanish() {
        let line = [Point::new(0, 0), Point::new(500_000, 0), Point::new(200_000, 0)];
        assert_eq!(ring(&line, 100.0), None);
        assert_eq!(ring(&[], 100.0), None);
        assert_eq!(ring(&[Point::new(5, 5); 4], 100.0), None);
    }
}
