//! Finds the direction in which to bridge a gap.
//!
//! The area over air is hatched in many directions. A line counts as held at an end where the layer below reaches to
//! it, or to the wall that it ends at. The best direction has the largest share of its lines held at both ends and, among
//! equals, the shortest spans. Data enters as areas from `regions` and leaves as an angle.

use super::infill::family::{Family, Piece};
use crate::geometry::{Region, UNITS_PER_MM};
use std::f64::consts::PI;

/// Directions tried besides those of the area's own edges.
const STEPS: usize = 36;
/// Edges whose directions are tried, longest first.
const EDGES: usize = 12;
/// A line may end this far short of the layer below and still be held: the area was opened, so its corners are cut.
const SHORT_OF_MM: f64 = 0.2;
/// Shares within this of the best are equals.
const EQUAL_SHARE: f64 = 0.02;
/// Lines tried in each direction at most.
const MOST_LINES: f64 = 60.0;

/// The direction found for an area over air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridge {
    /// Direction of the lines, 0 to π.
    pub angle_rad: f64,
    /// Share of the lines' length held at both ends.
    pub held_at_both_ends: f64,
    /// Share held at one end at least.
    pub held: f64,
}

impl Bridge {
    /// Whether enough of the lines span from anchor to anchor to call it a bridge; the rest hangs from one side.
    pub fn spans(&self) -> bool {
        self.held_at_both_ends >= 0.3
    }
}

/// The best direction for one connected area over air. `below` is the layer below (at least what of it lies near), `reach_mm`
/// how far beyond the area's border the walls reach that its lines end at. `None` where nothing is to be hatched.
pub fn find(over_air: &Region, below: &Region, spacing_mm: f64, reach_mm: f64) -> Option<Bridge> {
    let mut tried: Vec<(Bridge, f64)> =
        directions(over_air).into_iter().filter_map(|a| weigh(over_air, below, a, spacing_mm, reach_mm)).collect();
    let best = |share: fn(&Bridge) -> f64, tried: &[(Bridge, f64)]| {
        tried.iter().map(|(bridge, _)| share(bridge)).fold(0.0, f64::max)
    };
    let share: fn(&Bridge) -> f64 =
        if tried.iter().any(|(bridge, _)| bridge.spans()) { |b| b.held_at_both_ends } else { |b| b.held };
    let enough = best(share, &tried) - EQUAL_SHARE;
    tried.retain(|(bridge, _)| share(bridge) >= enough);
    tried.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(bridge, _)| bridge)
}

/// Angles to try, each once, 0 to π.
fn directions(area: &Region) -> Vec<f64> {
    let mut edges: Vec<(i64, f64)> = area
        .rings
        .iter()
        .flat_map(|ring| ring.edges())
        .map(|(a, b)| {
            let angle = (f64::from(b.y) - f64::from(a.y)).atan2(f64::from(b.x) - f64::from(a.x));
            (a.distance_squared(b), angle.rem_euclid(PI))
        })
        .collect();
    edges.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let mut angles: Vec<f64> = Vec::new();
    let mut push = |angle: f64| {
        let near = |other: &f64| {
            let apart = (angle - other).abs();
            apart.min(PI - apart) < 0.005
        };
        if !angles.iter().any(near) {
            angles.push(angle);
        }
    };
    for &(_, angle) in edges.iter().take(EDGES) {
        push(angle);
        push((angle + 0.5 * PI).rem_euclid(PI));
    }
    (0..STEPS).for_each(|i| push(i as f64 * PI / STEPS as f64));
    angles
}

/// How well a direction is held, and its longest span (its longest overhang where it does not span).
fn weigh(area: &Region, below: &Region, angle: f64, spacing_mm: f64, reach_mm: f64) -> Option<(Bridge, f64)> {
    let (low, high) = Family::new(angle, spacing_mm, 0.0).extent_across_mm(area)?;
    let spacing = spacing_mm.max((high - low) / MOST_LINES).min(0.5 * (high - low).max(0.01));
    // Half a spacing off the edges, so that no line grazes one.
    let family = Family::new(angle, spacing, low + 0.5 * spacing);
    let lines = family.pieces(area, 0);
    let (first, last) = (lines.first()?.line, lines.last()?.line);
    let anchors = family.pieces_between(below, 0, first, last);
    let (mut total, mut both, mut one) = (0.0, 0.0, 0.0);
    let (mut longest_span, mut longest_held) = (0.0_f64, 0.0_f64);
    for (piece, anchors) in with_line(&lines, &anchors) {
        let [a, b] = [piece.ends[0].u, piece.ends[1].u];
        let (reach, short) = (reach_mm * UNITS_PER_MM, SHORT_OF_MM * UNITS_PER_MM);
        let held = |from: f64, to: f64| anchors.iter().any(|anchor| anchor.ends[0].u <= to && anchor.ends[1].u >= from);
        let length = piece.extent();
        total += length;
        match (held(a - reach - short, a), held(b, b + reach + short)) {
            (true, true) => {
                both += length;
                longest_span = longest_span.max(length);
            }
            (false, false) => {}
            _ => {
                one += length;
                longest_held = longest_held.max(length);
            }
        }
    }
    if total <= 0.0 {
        return None;
    }
    let bridge = Bridge { angle_rad: angle, held_at_both_ends: both / total, held: (both + one) / total };
    let longest = if bridge.spans() { longest_span } else { longest_span.max(longest_held) };
    Some((bridge, longest))
}

/// Each piece with those of the others that lie on the same line; both lists are ordered by line.
fn with_line<'a>(pieces: &'a [Piece], others: &'a [Piece]) -> impl Iterator<Item = (&'a Piece, &'a [Piece])> {
    pieces.iter().map(move |piece| {
        let start = others.partition_point(|o| o.line < piece.line);
        let stop = others.partition_point(|o| o.line <= piece.line);
        (piece, &others[start..stop])
    })
}
