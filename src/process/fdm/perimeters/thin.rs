//! What goes where a wall of full width has no room: along outlines too thin for it, and in gaps between walls.
//!
//! Up to the width that two narrow roads can share there is one road along the middle, as wide as its place; from there
//! on two roads go around side by side, each half as wide.

use std::f64::consts::PI;

use super::{MITER, Road, Roads, SLACK_MM, rounding_mm};
use crate::geometry::{Centreline, Island, Point, Region, Ring, centrelines, grid, mm};
use crate::process::fdm::stages::{VariableRoad, Wall};
use crate::toolpath::Role;

/// Two roads take the place of one where each is at least this share of the nozzle's diameter wide.
const NARROWEST_OF_TWO: f64 = 0.85;
/// Pieces for two roads must be this many times longer than wide, or turning round in them costs more than it gains.
const LEAST_SLENDERNESS: f64 = 3.0;
/// Parts thinner than this share of the nozzle are not printed.
const THINNEST: f64 = 0.25;
/// A nozzle does not lay a road that sticks below this share of its diameter; thinner parts are printed that wide.
const NARROWEST: f64 = 0.6;
/// Gaps narrower than this are left to the walls' own squeeze, mm.
const NARROWEST_GAP_MM: f64 = 0.06;
/// Gap fill shorter than this is not worth its travel, mm.
const SHORTEST_GAP_MM: f64 = 0.3;
/// Nor are round gaps smaller than this, mm².
const SMALLEST_GAP_MM2: f64 = 0.1;

/// What a kind of variable road may be.
struct Kind {
    role: Role,
    /// Narrower places get no road, mm.
    least_mm: f64,
    /// Shorter roads are left out, mm.
    shortest_mm: f64,
    /// Smaller pieces without a middle line are left out, mm².
    smallest_mm2: f64,
    /// What a road is wider than its place, mm.
    wider_mm: f64,
    narrowest_mm: f64,
    widest_mm: f64,
}

/// Roads for parts of an outline that are too thin for a closed wall of full width. Their sides are the outline.
pub(super) fn walls(left: &Region, roads: &Roads) -> (Vec<Wall>, Vec<VariableRoad>) {
    let least_mm = THINNEST * roads.nozzle_mm;
    let rounding = rounding_mm(roads.height_mm);
    let kind = Kind {
        role: Role::ExternalPerimeter,
        least_mm,
        shortest_mm: 0.25 * roads.nozzle_mm,
        smallest_mm2: least_mm * least_mm,
        wider_mm: 0.0,
        narrowest_mm: NARROWEST * roads.nozzle_mm,
        widest_mm: roads.external.width_mm + roads.external.spacing_mm,
    };
    let (wide, left) = wide_pieces(left, 2.0 * NARROWEST_OF_TWO * roads.nozzle_mm - rounding);
    let mut walls = Vec::new();
    for (piece, local_mm) in wide {
        // Both outer sides are the outline; in the middle the roads share a spacing.
        let width_mm = 0.5 * (local_mm + rounding);
        walls.extend(super::walls(&piece.offset(-0.5 * width_mm, MITER), 0, Road::new(width_mm, roads.height_mm)));
    }
    (walls, variable(&left, &kind))
}

/// Roads for gaps between walls. Their sides are where the walls' share ends.
pub(super) fn gaps(left: &Region, roads: &Roads) -> Vec<VariableRoad> {
    let rounding = rounding_mm(roads.height_mm);
    let kind = Kind {
        role: Role::GapFill,
        least_mm: NARROWEST_GAP_MM,
        shortest_mm: SHORTEST_GAP_MM,
        smallest_mm2: SMALLEST_GAP_MM2,
        wider_mm: rounding,
        narrowest_mm: 0.0,
        widest_mm: roads.inner.width_mm + roads.inner.spacing_mm,
    };
    let (wide, left) = wide_pieces(left, 2.0 * (NARROWEST_OF_TWO * roads.nozzle_mm - rounding));
    let mut out = variable(&left, &kind);
    for (piece, local_mm) in wide {
        for ring in piece.offset(-0.25 * local_mm, MITER).rings {
            let mut points = ring.0;
            points.extend(points.first().copied());
            let widths_mm = vec![0.5 * local_mm + rounding; points.len()];
            out.push(VariableRoad { role: kind.role, points, widths_mm });
        }
    }
    out
}

/// The slender pieces of an area that are at least this wide, each with its mean width, and what is left.
fn wide_pieces(area: &Region, least_mm: f64) -> (Vec<(Region, f64)>, Region) {
    let wide: Vec<(Region, f64)> = area
        .opened(0.5 * least_mm)
        .islands()
        .into_iter()
        .filter_map(|island| {
            let around: f64 = island.holes.iter().chain([&island.outer]).map(Ring::length_mm).sum();
            let width = island.mean_width_mm();
            (0.5 * around > (1.0 + LEAST_SLENDERNESS) * width).then(|| (Region::from(&island), width))
        })
        .collect();
    if wide.is_empty() {
        return (wide, area.clone());
    }
    let taken: Vec<Region> = wide.iter().map(|(piece, _)| piece.offset(SLACK_MM, MITER)).collect();
    let left = area.difference(&Region::union_all(&taken));
    (wide, left)
}

fn variable(left: &Region, kind: &Kind) -> Vec<VariableRoad> {
    let mut out = Vec::new();
    for island in left.opened(0.5 * kind.least_mm).islands() {
        let lines = centrelines(&Region::from(&island), kind.least_mm);
        let before = out.len();
        out.extend(lines.into_iter().filter(|line| line.length_mm() >= kind.shortest_mm).map(|line| road(line, kind)));
        if out.len() == before {
            out.extend(dot(&island, kind));
        }
    }
    out
}

fn road(line: Centreline, kind: &Kind) -> VariableRoad {
    let width = |local: f64| (local + kind.wider_mm).clamp(kind.narrowest_mm, kind.widest_mm);
    VariableRoad { role: kind.role, points: line.points, widths_mm: line.widths_mm.into_iter().map(width).collect() }
}

/// A round piece has no line along its middle: a short road with the piece's area. `None` below what is worth it.
fn dot(island: &Island, kind: &Kind) -> Option<VariableRoad> {
    let area = Region::from(island).area_mm2();
    if area < kind.smallest_mm2 {
        return None;
    }
    let (from, to) = longest_diagonal(&island.outer.0)?;
    let local = (2.0 * (area / PI).sqrt()).min(kind.widest_mm - kind.wider_mm);
    let half = grid(0.5 * (area / local).max(0.1));
    let [middle_x, middle_y] = [(from.x, to.x), (from.y, to.y)].map(|(a, b)| (i64::from(a) + i64::from(b)) / 2);
    let length = from.distance_mm(to).max(0.01);
    let [dx, dy] =
        [mm(to.x) - mm(from.x), mm(to.y) - mm(from.y)].map(|d| (f64::from(half) * d / length).round() as i64);
    let points = [-1, 1].map(|s| Point::new((middle_x + s * dx) as i32, (middle_y + s * dy) as i32)).to_vec();
    let width = (local + kind.wider_mm).clamp(kind.narrowest_mm, kind.widest_mm);
    Some(VariableRoad { role: kind.role, points, widths_mm: vec![width; 2] })
}

/// The corner that is furthest from the first one, and the one furthest from that: a piece's length as good as it matters.
fn longest_diagonal(points: &[Point]) -> Option<(Point, Point)> {
    let furthest = |from: Point| points.iter().copied().max_by_key(|p| (p.distance_squared(from), *p));
    let from = furthest(*points.first()?)?;
    Some((from, furthest(from)?))
}
