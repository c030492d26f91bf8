//! Walls of changing width as they will be printed: which of them go on from each other, and which go around.

use std::collections::BTreeMap;

use super::Wall;
use super::paths::{SAME_MM, Spot, distance};
use crate::geometry::{Point, Ring};
use crate::process::fdm::stages::VariableRoad;
use crate::toolpath::Role;

/// Roads of one width differ by no more than this, mm.
const ONE_WIDTH_MM: f64 = 0.012;
/// An outermost road that ends this near to where it begins goes once around, mm: as a closed wall, its seam can lie
/// above the one below, where its open end would lie in whatever notch it was opened at.
const CLOSES_MM: f64 = 0.5;
/// And where it is this many times as long as what it is open by.
const CLOSES_SHARE: f64 = 16.0;

/// A road as it will be printed; a closed one ends where it begins.
pub(super) struct Whole {
    pub role: Role,
    pub depth: usize,
    pub spots: Vec<Spot>,
    pub is_closed: bool,
}

impl Whole {
    /// Adds it to closed walls or to open roads.
    pub fn put(self, out: &mut (Vec<Wall>, Vec<VariableRoad>)) {
        let Self { role, depth, spots, is_closed } = self;
        let mut points: Vec<Point> = spots.iter().map(|s| Point::from_mm(s.at[0], s.at[1])).collect();
        let mut widths_mm: Vec<f64> = spots.iter().map(|s| s.width_mm).collect();
        if !is_closed || role == Role::GapFill || points.len() < 4 {
            out.1.push(VariableRoad { role, points, widths_mm });
            return;
        }
        points.pop();
        let steps = || spots.windows(2).map(|w| (distance(w[0], w[1]), 0.5 * (w[0].width_mm + w[1].width_mm)));
        let length: f64 = steps().map(|(step, _)| step).sum();
        let width_mm = steps().map(|(step, width_mm)| step * width_mm).sum::<f64>() / length;
        widths_mm.pop();
        let is_even = widths_mm.iter().all(|w| (w - width_mm).abs() <= 0.5 * ONE_WIDTH_MM);
        let path = Ring(points);
        let is_hole = path.area_mm2() < 0.0;
        let widths_mm = if is_even { Vec::new() } else { widths_mm };
        out.0.push(Wall { role, depth, is_hole, path, width_mm, widths_mm });
    }
}

/// Whether a road comes back to where it begins.
pub(super) fn goes_around(spots: &[Spot]) -> bool {
    let [first, .., last] = *spots else { return false };
    let open_mm = distance(first, last);
    let length: f64 = spots.windows(2).map(|w| distance(w[0], w[1])).sum();
    spots.len() >= 4 && open_mm <= CLOSES_MM && length >= CLOSES_SHARE * open_mm.max(SAME_MM)
}

/// Goes on from each road to the one that `next` gives, no road twice: the numbers of those that are one, and whether they
/// go around.
pub(super) fn chains(next: &[Option<usize>]) -> Vec<(Vec<usize>, bool)> {
    let mut has_before = vec![false; next.len()];
    next.iter().flatten().for_each(|&following| has_before[following] = true);
    let mut used = vec![false; next.len()];
    let mut out = Vec::new();
    // Those that begin somewhere, then those that go around.
    for first in (0..next.len()).filter(|&i| !has_before[i]).chain((0..next.len()).filter(|&i| has_before[i])) {
        if used[first] {
            continue;
        }
        let (mut chain, mut at) = (Vec::new(), first);
        let is_closed = loop {
            used[at] = true;
            chain.push(at);
            match next[at] {
                None => break false,
                Some(following) if following == first => break true,
                Some(following) => at = following,
            }
        };
        out.push((chain, is_closed));
    }
    out
}

/// Walls of one depth that end where just one other begins are one: what parted them has ended there too.
pub(super) fn joined(whole: Vec<Whole>) -> Vec<Whole> {
    let is_open = |road: &Whole| !road.is_closed && road.role != Role::GapFill;
    let place = |spot: Option<&Spot>| spot.map(|s| Point::from_mm(s.at[0], s.at[1]));
    let mut ends: BTreeMap<(usize, Option<Point>), [Vec<usize>; 2]> = BTreeMap::new();
    for (i, road) in whole.iter().enumerate().filter(|(_, road)| is_open(road)) {
        ends.entry((road.depth, place(road.spots.first()))).or_default()[0].push(i);
        ends.entry((road.depth, place(road.spots.last()))).or_default()[1].push(i);
    }
    let mut next: Vec<Option<usize>> = vec![None; whole.len()];
    for [starts, stops] in ends.values() {
        if let ([start], [stop]) = (&starts[..], &stops[..]) {
            next[*stop] = Some(*start);
        }
    }
    let mut parts: Vec<Option<Whole>> = whole.into_iter().map(Some).collect();
    let one = |(chain, goes_around): (Vec<usize>, bool)| {
        let mut roads = chain.into_iter().filter_map(|i| parts[i].take());
        let mut road = roads.next()?;
        roads.for_each(|part| road.spots.extend(part.spots.into_iter().skip(1)));
        road.is_closed |= goes_around;
        if !road.is_closed && road.depth == 0 && self::goes_around(&road.spots) {
            road.spots.extend(road.spots.first().copied());
            road.is_closed = true;
        }
        Some(road)
    };
    chains(&next).into_iter().filter_map(one).collect()
}
