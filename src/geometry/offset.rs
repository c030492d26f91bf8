//! The raw offset of one ring: every edge moved sideways, corners joined. It may cross itself; where it does, the loops
//! that do not belong to the result wind the other way, and a union by the positive rule removes them.

use super::point::{Point, UNITS_PER_MM};
use super::region::Join;
use super::ring::Ring;

/// Edges shorter than this share of the offset are dropped first: they cannot show in the result but would multiply.
const SHORTEST_EDGE: f64 = 0.005;
/// How far chords of a round corner may be from the arc, in grid units (5 µm).
const ARC_TOLERANCE: f64 = 0.005 * UNITS_PER_MM;
/// Corners whose cosine of the turn is above this are as good as straight: one point serves for any join.
const STRAIGHT: f64 = 0.9998;

#[derive(Clone, Copy)]
struct Vector {
    x: f64,
    y: f64,
}

/// One edge: its unit direction and its length in grid units.
struct Edge {
    direction: Vector,
    length: f64,
}

/// A ring moved sideways.
pub(super) struct Raw {
    pub ring: Ring,
    /// Every edge outlasted its corners, so the ring crosses itself nowhere between neighbouring edges.
    pub is_plain: bool,
}

/// Lengths below this many grid units may turn round when they are rounded.
const ROUNDING: f64 = 4.0;

/// Offsets a ring by `delta_mm` to its right (outwards for a counter-clockwise ring) where positive, to its left where
/// negative. `None` where nothing is left to offset.
pub(super) fn raw(ring: &Ring, delta_mm: f64, join: Join) -> Option<Raw> {
    let delta = delta_mm * UNITS_PER_MM;
    let mut points = without_short_edges(&ring.0, delta.abs() * SHORTEST_EDGE);
    if points.len() < 3 {
        return None;
    }
    if points.len() < ring.0.len() {
        // A sliver that is no thicker than the edges that are left out may turn round without them.
        let fewer = Ring(points);
        let turns = fewer.doubled_area().signum() != ring.doubled_area().signum();
        points = if turns { without_short_edges(&ring.0, 0.0) } else { fewer.0 };
    }
    let n = points.len();
    let edges: Vec<Edge> = (0..n).map(|i| edge(points[i], points[(i + 1) % n])).collect();
    // How far a concave corner eats into both of its edges; 0 at convex ones.
    let eaten: Vec<f64> = (0..n)
        .map(|i| {
            let (before, after) = (edges[(i + n - 1) % n].direction, edges[i].direction);
            let (sin, cos) = turn(before, after);
            if sin * delta >= 0.0 { 0.0 } else { delta.abs() * sin.abs() / (1.0 + cos).max(1e-9) }
        })
        .collect();
    let mut out = Vec::with_capacity(n + n / 4);
    let is_plain = (0..n).all(|i| {
        let eaten = eaten[i] + eaten[(i + 1) % n];
        eaten == 0.0 || eaten + ROUNDING <= edges[i].length
    });
    for i in 0..n {
        let (previous, next) = ((i + n - 1) % n, (i + 1) % n);
        let (before, after) = (&edges[previous], &edges[i]);
        let (sin, cos) = turn(before.direction, after.direction);
        let at = |v: Vector| shifted(points[i], v, delta);
        let (start, end) = (right(before.direction), right(after.direction));
        if cos > STRAIGHT {
            out.push(at(miter(start, end, cos)));
        } else if sin * delta < 0.0 {
            // Where both edges outlast their corners the meeting point is exact; else the vertex itself makes the loop
            // that the union will remove.
            if eaten[i] + eaten[previous] <= before.length && eaten[i] + eaten[next] <= after.length {
                out.push(at(miter(start, end, cos)));
            } else {
                out.extend([at(start), points[i], at(end)]);
            }
        } else {
            match join {
                Join::Miter(limit) if 2.0 <= (1.0 + cos) * limit * limit => out.push(at(miter(start, end, cos))),
                Join::Round => arc(&mut out, points[i], start, sin, cos, delta),
                Join::Miter(_) | Join::Square => square(&mut out, points[i], start, end, delta),
            }
        }
    }
    out.dedup();
    while out.len() > 1 && out.first() == out.last() {
        out.pop();
    }
    (out.len() >= 3).then_some(Raw { ring: Ring(out), is_plain })
}

fn without_short_edges(points: &[Point], shortest: f64) -> Vec<Point> {
    let shortest_squared = (shortest * shortest) as i64;
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for &p in points {
        if kept.last().is_none_or(|&last| last.distance_squared(p) > shortest_squared) {
            kept.push(p);
        }
    }
    while let [first, .., last] = kept.as_slice() {
        if first.distance_squared(*last) > shortest_squared {
            break;
        }
        kept.pop();
    }
    kept
}

fn edge(a: Point, b: Point) -> Edge {
    let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
    let length = (dx * dx + dy * dy).sqrt();
    Edge { direction: Vector { x: dx / length, y: dy / length }, length }
}

/// Sine and cosine of the turn from one direction to the next; the sine is positive for a left turn.
fn turn(before: Vector, after: Vector) -> (f64, f64) {
    (before.x * after.y - before.y * after.x, before.x * after.x + before.y * after.y)
}

/// A unit vector to the right of a direction: outwards of a counter-clockwise ring.
fn right(direction: Vector) -> Vector {
    Vector { x: direction.y, y: -direction.x }
}

/// Where both shifted edges meet, in units of the offset.
fn miter(start: Vector, end: Vector, cos: f64) -> Vector {
    let scale = 1.0 / (1.0 + cos).max(1e-9);
    Vector { x: (start.x + end.x) * scale, y: (start.y + end.y) * scale }
}

fn shifted(p: Point, v: Vector, delta: f64) -> Point {
    Point::new((f64::from(p.x) + v.x * delta).round() as i32, (f64::from(p.y) + v.y * delta).round() as i32)
}

/// Chords of an arc around `p` from `start` through the turn given by its sine and cosine.
fn arc(out: &mut Vec<Point>, p: Point, start: Vector, sin: f64, cos: f64, delta: f64) {
    let radius = delta.abs();
    let step = 2.0 * (1.0 - (ARC_TOLERANCE / radius).min(0.5)).acos();
    let angle = sin.atan2(cos);
    let steps = (angle.abs() / step).ceil().max(1.0);
    let (step_sin, step_cos) = (angle / steps).sin_cos();
    let mut v = start;
    out.push(shifted(p, v, delta));
    for _ in 0..steps as usize {
        v = Vector { x: v.x * step_cos - v.y * step_sin, y: v.x * step_sin + v.y * step_cos };
        out.push(shifted(p, v, delta));
    }
}

/// The corner cut at right angles to its bisector, at the offset's distance from the vertex.
fn square(out: &mut Vec<Point>, p: Point, start: Vector, end: Vector, delta: f64) {
    let (bx, by) = (start.x + end.x, start.y + end.y);
    let length = (bx * bx + by * by).sqrt();
    // At a turn back on itself the bisector is the direction of the edge before.
    let bisector = if length < 1e-6 {
        Vector { x: -start.y * delta.signum(), y: start.x * delta.signum() }
    } else {
        Vector { x: bx / length, y: by / length }
    };
    // Distance along each shifted edge from its end to the cut: tan of a quarter of the turn.
    let half_cos = start.x * bisector.x + start.y * bisector.y;
    let half_sin = (1.0 - half_cos * half_cos).max(0.0).sqrt();
    let along = ((1.0 - half_cos) / half_sin.max(1e-9)).min(1.0) * delta.signum();
    let go = |v: Vector, sign: f64| Vector { x: v.x - v.y * along * sign, y: v.y + v.x * along * sign };
    out.push(shifted(p, go(start, 1.0), delta));
    out.push(shifted(p, go(end, -1.0), delta));
}
