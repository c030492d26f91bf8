//! Spiral vase: one wall that rises without a seam.
//!
//! Knows the single outlines of consecutive layers and gives each as a turn that begins where the one below ended. The
//! first turn rises out of the flat bottom and the last one runs out into it, both with the material that fits the gap.

use crate::geometry::{Point, Ring};
use crate::process::slicing::LayerSpan;
use crate::toolpath::{Role, road_area_mm2};

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

/// The roads of consecutive turns, one list a layer. Each road begins where the last one ended.
pub fn spiral(turns: &[Turn], start: RingPoint, extrusion_multiplier: f64) -> Vec<Vec<Road>> {
    let mut out: Vec<Vec<Road>> = Vec::with_capacity(turns.len());
    let mut at = start.point;
    for (i, turn) in turns.iter().enumerate() {
        let begin = if i == 0 { Some(start) } else { nearest_on(turn.ring, at) };
        let Some(begin) = begin else { continue };
        let mut points = opened_at(turn.ring, begin);
        points.insert(0, at);
        let points = without_short_steps(&points);
        at = points.last().copied().unwrap_or(at);
        let last = i + 1 == turns.len();
        let closing = last.then(|| opened_at(turn.ring, begin));
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
