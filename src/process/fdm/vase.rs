//! Spiral vase: one wall that rises without a seam.
//!
//! Knows the single outlines of consecutive layers and gives each as a turn that begins where the one below ended.
//! Where it is to be smooth, each turn also leads from the outline below over to its own, so that slopes have no steps. The
//! first turn rises out of the flat bottom and the last one runs out into it, both with the material that fits the gap.

use crate::geometry::{EdgeGrid, Point, Region, Ring};
use crate::process::slicing::LayerSpan;
use crate::toolpath::{Role, road_area_mm2};

use super::fuzzy::FuzzySettings;
use super::island::Road;
use super::seam::{RingPoint, nearest_on, opened_at};
use super::stages::{FilledLayer, PerimeterLayer};
use super::travel::{head, length_mm};

/// Pieces that the first and the last turn are cut into, each with its own flow.
const RAMP_PIECES: usize = 16;

/// One turn's outline.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    pub ring: &'a Ring,
    pub span: LayerSpan,
    pub width_mm: f64,
}

/// The turn of a layer that can be part of a spiral: exactly one wall and nothing inside it.
pub fn turn<'a>(walls: &'a PerimeterLayer, filled: &FilledLayer) -> Option<Turn<'a>> {
    if filled.islands.iter().flatten().any(|fill| !fill.paths.is_empty()) {
        return None;
    }
    let mut all = walls.islands.iter().flat_map(|island| &island.walls);
    let wall = all.next()?;
    if all.next().is_some() || wall.path.0.len() < 3 {
        return None;
    }
    Some(Turn { ring: &wall.path, span: walls.span, width_mm: wall.width_mm })
}

/// The roads of consecutive turns, one list a layer. Each road begins where the last one ended. `smooth`: each leads from
/// the outline below over to its own.
pub fn spiral(
    turns: &[Turn],
    start: RingPoint,
    smooth: bool,
    fuzzy: &FuzzySettings,
    extrusion_multiplier: f64,
) -> Vec<Vec<Road>> {
    let mut out: Vec<Vec<Road>> = Vec::with_capacity(turns.len());
    let mut at = start.point;
    for (i, turn) in turns.iter().enumerate() {
        let begin = if i == 0 { Some(start) } else { nearest_on(turn.ring, at) };
        let Some(begin) = begin else { continue };
        let mut points = opened_at(turn.ring, begin);
        if let Some(below) = i.checked_sub(1).map(|b| turns[b].ring).filter(|below| smooth && *below != turn.ring) {
            points = led_over(&points, below, SMOOTH_WIDTHS * turn.width_mm);
        }
        points.insert(0, at);
        let points = without_short_steps(&fuzzy.path(points, &turn.span));
        at = points.last().copied().unwrap_or(at);
        let last = i + 1 == turns.len();
        let closing = last.then(|| fuzzy.path(opened_at(turn.ring, begin), &turn.span));
        let mut roads = if i == 0 {
            ramped(&rising(points, turn, extrusion_multiplier), |share| share)
        } else {
            vec![rising(points, turn, extrusion_multiplier)]
        };
        if let Some(points) = closing {
            let level = Road { z_mm: Vec::new(), points, ..rising(Vec::new(), turn, extrusion_multiplier) };
            roads.extend(ramped(&level, |share| 1.0 - share));
        }
        out.push(roads);
    }
    out
}

/// Outlines that are further apart than so many road widths are not led over into each other: the wall would hang.
const SMOOTH_WIDTHS: f64 = 2.0;
/// Where two outlines differ, the way between them has a point at least every so many mm.
const SMOOTH_STEP_MM: f64 = 1.0;
/// Outlines that differ by no more are the same, mm.
const SAME_MM: f64 = 0.005;

/// A way around an outline that begins on the outline below, where that is near, and moves evenly over to its own.
fn led_over(way: &[Point], below: &Ring, reach_mm: f64) -> Vec<Point> {
    let grid = EdgeGrid::new(&Region { rings: vec![below.clone()] });
    let whole = length_mm(way).max(1e-9);
    // How far the outline below is from a point; less and less where it is out of reach, so that there is no jump.
    let offset = |p: Point| -> [f64; 2] {
        let Some(near) = grid.nearest(p, reach_mm) else { return [0.0; 2] };
        let share = (2.0 * (1.0 - near.distance_mm / reach_mm)).clamp(0.0, 1.0);
        let ([x, y], [to_x, to_y]) = (p.to_mm(), near.point.to_mm());
        [(to_x - x) * share, (to_y - y) * share]
    };
    let moved = |p: Point, by: [f64; 2], passed: f64| {
        let left = 1.0 - (passed / whole).min(1.0);
        let [x, y] = p.to_mm();
        Point::from_mm(x + by[0] * left, y + by[1] * left)
    };
    let differs = |by: [f64; 2]| by[0].hypot(by[1]) > SAME_MM;
    let Some(&first) = way.first() else { return Vec::new() };
    let mut before = offset(first);
    let mut out = vec![moved(first, before, 0.0)];
    let mut passed = 0.0;
    for (a, b) in way.iter().zip(way.iter().skip(1)) {
        let (here, length) = (offset(*b), a.distance_mm(*b));
        let is_same = !differs(before) && !differs(here);
        let pieces = if is_same { 1 } else { (length / SMOOTH_STEP_MM).ceil().max(1.0) as usize };
        let between = (1..pieces).map(|k| {
            let share = k as f64 / pieces as f64;
            let ([ax, ay], [bx, by]) = (a.to_mm(), b.to_mm());
            let p = Point::from_mm(ax + (bx - ax) * share, ay + (by - ay) * share);
            moved(p, offset(p), passed + share * length)
        });
        let between: Vec<Point> = between.collect();
        passed += length;
        let end = moved(*b, here, passed);
        // Where the way is straight all the same, points on it would only make the file larger.
        let start = out.last().copied().unwrap_or(end);
        if between.iter().any(|p| distance_from_line_mm(*p, start, end) > SAME_MM) {
            out.extend(between);
        }
        out.push(end);
        before = here;
    }
    out
}

fn distance_from_line_mm(p: Point, a: Point, b: Point) -> f64 {
    let ([px, py], [ax, ay], [bx, by]) = (p.to_mm(), a.to_mm(), b.to_mm());
    let (x, y) = (bx - ax, by - ay);
    ((px - ax) * y - (py - ay) * x).abs() / x.hypot(y).max(1e-9)
}

/// Steps shorter than this are left out: their rise, rounded as in G-code, would ask for absurd speeds of Z.
const LEAST_STEP_MM: f64 = 0.03;

/// The path without very short steps; its ends stay.
fn without_short_steps(points: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(points.len());
    for &p in points {
        if out.last().is_none_or(|last| last.distance_mm(p) >= LEAST_STEP_MM) {
            out.push(p);
        }
    }
    if let (Some(&end), Some(last)) = (points.last(), out.last_mut()) {
        *last = end;
    }
    out
}

/// A road that rises evenly from the bottom to the top of its layer.
fn rising(points: Vec<Point>, turn: &Turn, extrusion_multiplier: f64) -> Road {
    let whole = length_mm(&points).max(1e-9);
    let height = turn.span.height_mm();
    let mut way = 0.0;
    let mut z_mm = Vec::with_capacity(points.len());
    for (i, p) in points.iter().enumerate() {
        if i > 0 {
            way += points[i - 1].distance_mm(*p);
        }
        z_mm.push((turn.span.bottom_mm + height * (way / whole).min(1.0)) as f32);
    }
    Road {
        role: Role::ExternalPerimeter,
        width_mm: turn.width_mm,
        height_mm: height,
        flow_mm3_per_mm: road_area_mm2(turn.width_mm, height) * extrusion_multiplier,
        points,
        smooth: Vec::new(),
        z_mm,
        closed: false,
        small: false,
    }
}

/// The road in pieces whose height and flow follow `share_at` (of the way, 0 to 1).
fn ramped(road: &Road, share_at: impl Fn(f64) -> f64) -> Vec<Road> {
    let whole = length_mm(&road.points);
    let mut pieces = Vec::with_capacity(RAMP_PIECES);
    let mut rest = road.points.clone();
    let ends = road.z_mm.first().copied().zip(road.z_mm.last().copied());
    // Rounding must never let the height fall.
    let mut highest = f32::NEG_INFINITY;
    let mut z_at = |way: f64| -> f32 {
        let (first, last) = ends.unwrap_or_default();
        let z = f64::from(first) + f64::from(last - first) * (way / whole.max(1e-9)).min(1.0);
        highest = highest.max(z as f32);
        highest
    };
    let mut way = 0.0;
    for k in 0..RAMP_PIECES {
        let (points, length) = if k + 1 == RAMP_PIECES {
            (rest.clone(), length_mm(&rest))
        } else {
            head(rest.iter().copied(), whole / RAMP_PIECES as f64)
        };
        let Some(&end) = points.last() else { break };
        // What is left begins where this piece ends.
        let kept = rest.len().saturating_sub(points.len() - 1);
        let mut left = vec![end];
        let ahead = &rest[rest.len() - kept..];
        left.extend(ahead.iter().copied().skip_while(|p| p.distance_mm(end) < LEAST_STEP_MM));
        if left.len() == 1 && ahead.last().is_some_and(|last| *last != end) {
            left.extend(ahead.last());
        }
        let mut z_mm = Vec::new();
        if !road.z_mm.is_empty() {
            let mut here = way;
            for (i, p) in points.iter().enumerate() {
                if i > 0 {
                    here += points[i - 1].distance_mm(*p);
                }
                z_mm.push(z_at(here));
            }
        }
        way += length;
        let share = share_at((k as f64 + 0.5) / RAMP_PIECES as f64);
        if points.len() >= 2 {
            pieces.push(Road {
                height_mm: road.height_mm * share,
                flow_mm3_per_mm: road.flow_mm3_per_mm * share,
                points,
                z_mm,
                ..road.clone()
            });
        }
        rest = left;
    }
    pieces
}
