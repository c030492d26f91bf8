//! Pieces of road that were laid trapezoid by trapezoid become whole roads: joined where one ends and the next begins,
//! swung over where the number of roads changes, with no more points than their shape and width need.

use std::collections::BTreeMap;

use super::whole::{self, Whole};
use super::{Roads, Wall};
use crate::process::fdm::stages::VariableRoad;
use crate::toolpath::Role;

/// Points may be left out where the road stays this near to them, and its width to theirs, mm.
const POSITION_TOLERANCE_MM: f64 = 0.004;
const WIDTH_TOLERANCE_MM: f64 = 0.008;
/// Steps shorter than this are left out, mm.
const LEAST_STEP_MM: f64 = 0.04;
/// Unless the road would pass this far beside them, mm.
const MOST_MISSED_MM: f64 = 0.008;
/// A point from which the road comes straight back within this is no part of it, mm.
const SPIKE_MM: f64 = 0.25;
/// Ends nearer than this are one place, mm.
pub(super) const SAME_MM: f64 = 1e-3;
/// At a junction two roads are one where they turn by less than this: cosine of the angle between the ways out.
const STRAIGHT_ON: f64 = -0.3;
/// The third road at a junction ends this share of the half thickness before it.
const SIDE_ROAD: f64 = 0.8;
/// A road along the middle reaches this share of the half thickness beyond where a blunt end's corners begin.
const INTO_CORNERS: f64 = 0.2;
/// A road that begins beside another in its bend starts this share of its width later, where its room begins.
const LATE: f64 = 0.25;

/// A point of a road.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub at: [f64; 2],
    pub width_mm: f64,
}

/// Where pieces of road meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joint {
    /// On the skeleton's edge into a corner.
    Corner(usize),
    /// At a change of count: edge and number of the cut on it.
    Cut(usize, usize),
    Node(usize),
    /// Where the walk around a ring began.
    Walk(usize),
}

/// A piece of road, or a whole one.
#[derive(Clone, Debug)]
pub(super) struct Laid {
    pub depth: usize,
    pub spots: Vec<Spot>,
    /// The road jumps behind these spots, since the count changes there.
    pub jumps: Vec<usize>,
    /// What it begins and ends at, with the depth for which that counts.
    pub start: Option<(Joint, usize)>,
    pub ends: Option<(Joint, usize)>,
    pub is_closed: bool,
    /// What is cut off the start and the end, mm.
    trim_mm: [f64; 2],
}

pub(super) fn distance(a: Spot, b: Spot) -> f64 {
    let (x, y) = (b.at[0] - a.at[0], b.at[1] - a.at[1]);
    (x * x + y * y).sqrt()
}

fn between(a: Spot, b: Spot, t: f64) -> Spot {
    let mix = |p: f64, q: f64| p + (q - p) * t;
    Spot { at: [mix(a.at[0], b.at[0]), mix(a.at[1], b.at[1])], width_mm: mix(a.width_mm, b.width_mm) }
}

impl Laid {
    pub fn new(spot: Spot, start: Option<(Joint, usize)>, depth: usize) -> Self {
        Self { depth, spots: vec![spot], jumps: Vec::new(), start, ends: None, is_closed: false, trim_mm: [0.0; 2] }
    }

    pub fn push(&mut self, spot: Spot) {
        if self.spots.last().is_none_or(|&last| distance(last, spot) > SAME_MM) {
            self.spots.push(spot);
        }
    }

    /// Goes on at a place that should be where it ended: where it is not, the road jumps.
    pub fn go_on(&mut self, spot: Spot) {
        if let Some(&last) = self.spots.last()
            && (distance(last, spot) > SAME_MM || (last.width_mm - spot.width_mm).abs() > SAME_MM)
        {
            self.jumps.push(self.spots.len() - 1);
            self.spots.push(spot);
        }
    }

    fn append(&mut self, other: Self, is_swing: bool) {
        let first = self.spots.len();
        if is_swing {
            self.jumps.push(first - 1);
            self.spots.extend(&other.spots);
            self.jumps.extend(other.jumps.iter().map(|j| j + first));
        } else {
            let skip = match (self.spots.last(), other.spots.first()) {
                (Some(&a), Some(&b)) if distance(a, b) <= SAME_MM => 1,
                _ => 0,
            };
            self.spots.extend(other.spots.iter().skip(skip));
            self.jumps.extend(other.jumps.iter().filter(|&&j| j >= skip).map(|j| j + first - skip));
        }
        self.ends = other.ends;
        self.trim_mm[1] = other.trim_mm[1];
    }
}

/// Roads in the middle, collected edge by edge of the skeleton.
#[derive(Default)]
pub(super) struct Chains {
    segments: Vec<Segment>,
}

struct Segment {
    ends: [(Joint, Spot, f64); 2],
    depth: usize,
}

impl Chains {
    /// Adds a piece between two ends, each with the half thickness there; `depth` is the number of roads on either side.
    pub fn add(&mut self, first: (Joint, Spot, f64), last: (Joint, Spot, f64), depth: usize) {
        self.segments.push(Segment { ends: [first, last], depth });
    }

    /// The roads: at junctions the two straightest go on as one, the others end beside it.
    pub fn into_laid(self) -> Vec<Laid> {
        let mut at: BTreeMap<Joint, Vec<(usize, usize)>> = BTreeMap::new();
        for (s, segment) in self.segments.iter().enumerate() {
            for (side, end) in segment.ends.iter().enumerate() {
                at.entry(end.0).or_default().push((s, side));
            }
        }
        let mut partner: Vec<[Option<(usize, usize)>; 2]> = vec![[None; 2]; self.segments.len()];
        let mut trim = vec![[0.0; 2]; self.segments.len()];
        for ends in at.values() {
            let mut left = ends.clone();
            let way = |&(s, side): &(usize, usize)| {
                let (a, b) = (self.segments[s].ends[side].1, self.segments[s].ends[1 - side].1);
                let length = distance(a, b).max(1e-9);
                [(b.at[0] - a.at[0]) / length, (b.at[1] - a.at[1]) / length]
            };
            let is_junction = left.len() > 2;
            while left.len() > 1 {
                let mut best = (f64::MAX, 0, 0);
                for i in 0..left.len() {
                    for j in i + 1..left.len() {
                        let (u, v) = (way(&left[i]), way(&left[j]));
                        let cosine = u[0] * v[0] + u[1] * v[1];
                        if self.segments[left[i].0].depth == self.segments[left[j].0].depth && cosine < best.0 {
                            best = (cosine, i, j);
                        }
                    }
                }
                if best.0 == f64::MAX || (is_junction && best.0 > STRAIGHT_ON) {
                    break;
                }
                let (b, a) = (left.remove(best.2), left.remove(best.1));
                partner[a.0][a.1] = Some(b);
                partner[b.0][b.1] = Some(a);
            }
            for (s, side) in left.into_iter().filter(|_| is_junction) {
                trim[s][side] = SIDE_ROAD * self.segments[s].ends[side].2;
            }
            if let [(s, side)] = ends[..]
                && matches!(self.segments[s].ends[side].0, Joint::Node(_))
                && self.segments[s].depth == 0
            {
                trim[s][side] = -INTO_CORNERS * self.segments[s].ends[side].2;
            }
        }
        let mut used = vec![false; self.segments.len()];
        let mut out = Vec::new();
        let mut walk = |first: usize, side: usize, used: &mut Vec<bool>| {
            let segment = &self.segments[first];
            let joint = |s: usize, side: usize| Some((self.segments[s].ends[side].0, self.segments[s].depth));
            let mut road = Laid::new(segment.ends[side].1, joint(first, side), segment.depth);
            road.trim_mm[0] = trim[first][side];
            let (mut s, mut side) = (first, side);
            loop {
                used[s] = true;
                road.push(self.segments[s].ends[1 - side].1);
                match partner[s][1 - side] {
                    Some((next, _)) if next == first && used[next] => {
                        road.is_closed = true;
                        break;
                    }
                    Some((next, next_side)) if !used[next] => (s, side) = (next, next_side),
                    _ => break,
                }
            }
            road.ends = joint(s, 1 - side);
            road.trim_mm[1] = trim[s][1 - side];
            out.push(road);
        };
        for (s, partners) in partner.iter().enumerate() {
            for (side, partner) in partners.iter().enumerate() {
                if !used[s] && partner.is_none() {
                    walk(s, side, &mut used);
                }
            }
        }
        for s in 0..self.segments.len() {
            if !used[s] {
                walk(s, 0, &mut used);
            }
        }
        out
    }
}

/// Joins the pieces; the first `sides` of them were laid along the outline, the others are roads in the middle.
pub(super) fn finish(laid: Vec<Laid>, sides: usize, roads: &Roads) -> (Vec<Wall>, Vec<VariableRoad>) {
    let mut starts: BTreeMap<(Joint, usize), Vec<usize>> = BTreeMap::new();
    let mut middles: BTreeMap<(Joint, usize), usize> = BTreeMap::new();
    let mut middle_ends: BTreeMap<(Joint, usize), usize> = BTreeMap::new();
    for (i, road) in laid.iter().enumerate().rev() {
        if i < sides {
            starts.entry(road.start.unwrap_or((Joint::Node(usize::MAX), 0))).or_default().push(i);
        } else if !road.is_closed {
            for (map, key) in [(&mut middles, road.start), (&mut middle_ends, road.ends)] {
                if let Some(key @ (Joint::Cut(..), _)) = key {
                    map.insert(key, i);
                }
            }
        }
    }
    let mut next: Vec<Option<usize>> = vec![None; laid.len()];
    let mut has_before = vec![false; laid.len()];
    // The roads in the middle choose first.
    for i in (sides..laid.len()).chain(0..sides) {
        let Some(key) = laid[i].ends.filter(|_| !laid[i].is_closed) else { continue };
        let follower = if i < sides && middles.contains_key(&key) {
            middles.remove(&key)
        } else if i < sides && middle_ends.contains_key(&key) {
            None
        } else if i < sides || matches!(key.0, Joint::Cut(..)) {
            starts.get_mut(&key).and_then(Vec::pop)
        } else {
            None
        };
        if let Some(follower) = follower {
            next[i] = Some(follower);
            has_before[follower] = true;
        }
    }
    let mut pieces: Vec<Option<Laid>> = laid.into_iter().map(Some).collect();
    let mut done = Vec::new();
    let order: Vec<usize> =
        (0..pieces.len()).filter(|&i| !has_before[i]).chain((0..pieces.len()).filter(|&i| has_before[i])).collect();
    for first in order {
        let Some(mut road) = pieces[first].take() else { continue };
        let (mut at, mut is_middle) = (first, first >= sides);
        let only_middle = is_middle && next[first].is_none();
        while let Some(following) = next[at] {
            let swings = (at >= sides) != (following >= sides);
            let Some(piece) = pieces[following].take() else {
                road.is_closed |= following == first;
                if following == first && swings {
                    road.jumps.push(road.spots.len() - 1);
                }
                break;
            };
            road.append(piece, swings);
            is_middle &= following >= sides;
            at = following;
        }
        if !road.is_closed {
            // Beside a road that bends away there is room a little later.
            let is_thin = is_middle && road.depth == 0;
            for (side, key, is_bare) in [(0, road.start, !has_before[first]), (1, road.ends, true)] {
                let piece = if side == 0 { first } else { at };
                let width = if side == 0 { road.spots.first() } else { road.spots.last() };
                let width = width.map_or(0.0, |s| s.width_mm);
                if let Some((Joint::Cut(..), _)) = key.filter(|_| is_bare) {
                    // The round end of a road in a tip reaches on.
                    let share = if piece < sides {
                        LATE
                    } else if is_thin {
                        0.5
                    } else {
                        0.0
                    };
                    road.trim_mm[side] = share * width;
                }
            }
        }
        done.extend(whole(road, only_middle && is_middle, roads));
    }
    let mut out = (Vec::new(), Vec::new());
    whole::joined(done).into_iter().for_each(|road| road.put(&mut out));
    out
}

/// The road as it will be printed; `None` where it is too short to be worth it.
fn whole(mut road: Laid, is_middle: bool, roads: &Roads) -> Option<Whole> {
    if road.is_closed {
        if let [first, .., last] = road.spots[..]
            && distance(first, last) <= SAME_MM
        {
            road.spots.pop();
        }
        rotate_to_calm(&mut road);
    }
    swing(&mut road, roads.transition_mm);
    without_spikes(&mut road.spots);
    let [from, to] = road.trim_mm;
    let mut spots = road.spots;
    if !road.is_closed {
        trim(&mut spots, to);
        spots.reverse();
        trim(&mut spots, from);
        spots.reverse();
        road.is_closed = road.depth == 0 && whole::goes_around(&spots);
    }
    if road.is_closed {
        spots.extend(spots.first().copied());
    }
    let spots = without_tiny_steps(&simplified(&spots, road.is_closed));
    let length: f64 = spots.windows(2).map(|w| distance(w[0], w[1])).sum();
    let is_gap = is_middle && road.depth >= roads.count;
    let shortest = if is_gap { 0.3 } else { 0.25 * roads.nozzle_mm };
    if spots.len() < 2 || length < shortest {
        return None;
    }
    let role = match road.depth {
        0 => Role::ExternalPerimeter,
        _ if is_gap => Role::GapFill,
        _ => Role::Perimeter,
    };
    Some(Whole { role, depth: road.depth, spots, is_closed: road.is_closed })
}

/// Lets a closed road begin in the middle of its longest way without a jump.
fn rotate_to_calm(road: &mut Laid) {
    if road.jumps.is_empty() || road.spots.len() < 3 {
        return;
    }
    let count = road.spots.len();
    let mut run = vec![0.0];
    for i in 0..count {
        run.push(run[i] + distance(road.spots[i], road.spots[(i + 1) % count]));
    }
    let total = run[count];
    let mut jumps = road.jumps.clone();
    jumps.sort_unstable();
    let gap = |k: usize| {
        let (a, b) = (jumps[k], jumps[(k + 1) % jumps.len()]);
        let length = run[b] - run[a];
        if length > 0.0 { length } else { length + total }
    };
    let calmest = (0..jumps.len()).max_by(|&a, &b| gap(a).total_cmp(&gap(b)).then(b.cmp(&a))).unwrap_or(0);
    let middle = (run[jumps[calmest]] + 0.5 * gap(calmest)) % total;
    let first = run.partition_point(|&r| r < middle) % count;
    road.spots.rotate_left(first);
    for jump in &mut road.jumps {
        *jump = (*jump + count - first) % count;
    }
    // A jump across the end would be lost.
    road.jumps.retain(|&j| j + 1 < count);
    road.jumps.sort_unstable();
}

/// Spreads each jump over half of `over_mm` on both sides, in place and in width.
fn swing(road: &mut Laid, over_mm: f64) {
    road.jumps.sort_unstable();
    road.jumps.dedup();
    let jumps = std::mem::take(&mut road.jumps);
    if jumps.is_empty() {
        return;
    }
    // The stretches between jumps, each with what its start and its end are moved by.
    let mut stretches: Vec<Vec<Spot>> = Vec::new();
    let mut from = 0;
    for jump in jumps {
        stretches.push(road.spots[from..=jump].to_vec());
        from = jump + 1;
    }
    stretches.push(road.spots[from..].to_vec());
    let half = |a: &[Spot], b: &[Spot]| -> Option<Spot> {
        let (a, b) = (*a.last()?, *b.first()?);
        let d = |p: f64, q: f64| 0.5 * (q - p);
        Some(Spot { at: [d(a.at[0], b.at[0]), d(a.at[1], b.at[1])], width_mm: d(a.width_mm, b.width_mm) })
    };
    let moves: Vec<Option<Spot>> = stretches.windows(2).map(|w| half(&w[0], &w[1])).collect();
    let count = stretches.len();
    let mut spots: Vec<Spot> = Vec::new();
    for (i, mut stretch) in stretches.into_iter().enumerate() {
        let length: f64 = stretch.windows(2).map(|w| distance(w[0], w[1])).sum();
        let share = if i > 0 && i + 1 < count { 0.5 } else { 0.95 };
        let reach = (0.5 * over_mm).min(share * length);
        if i + 1 < count
            && let Some(by) = moves[i]
        {
            stretch.reverse();
            move_start(&mut stretch, by, 1.0, reach);
            stretch.reverse();
        }
        if i > 0
            && let Some(by) = moves[i - 1]
        {
            move_start(&mut stretch, by, -1.0, reach);
        }
        let skip =
            usize::from(matches!((spots.last(), stretch.first()), (Some(&a), Some(&b)) if distance(a, b) <= SAME_MM));
        spots.extend(stretch.into_iter().skip(skip));
    }
    road.spots = spots;
}

/// Moves the start of a road, less and less up to `reach_mm`.
fn move_start(spots: &mut Vec<Spot>, by: Spot, sign: f64, reach_mm: f64) {
    let mut along = 0.0;
    for i in 0..spots.len() {
        if i > 0 {
            let step = distance(spots[i - 1], spots[i]);
            if along + step > reach_mm + SAME_MM {
                if reach_mm > along + SAME_MM {
                    let end = between(spots[i - 1], spots[i], (reach_mm - along) / step);
                    spots.insert(i, end);
                }
                break;
            }
            along += step;
        }
    }
    let original = spots.clone();
    let mut along = 0.0;
    for i in 0..spots.len() {
        if i > 0 {
            along += distance(original[i - 1], original[i]);
        }
        let left = sign * (1.0 - along / reach_mm.max(1e-9)).max(0.0);
        if along >= reach_mm && i > 0 {
            break;
        }
        let spot = &mut spots[i];
        spot.at = [spot.at[0] + by.at[0] * left, spot.at[1] + by.at[1] * left];
        spot.width_mm += by.width_mm * left;
    }
}

/// Without points from which the road turns straight back.
fn without_spikes(spots: &mut Vec<Spot>) {
    let mut i = 1;
    while i + 1 < spots.len() {
        let (a, b, c) = (spots[i - 1], spots[i], spots[i + 1]);
        let (u, v) = ([b.at[0] - a.at[0], b.at[1] - a.at[1]], [c.at[0] - b.at[0], c.at[1] - b.at[1]]);
        let (long, short) = (u[0].hypot(u[1]), v[0].hypot(v[1]));
        let is_back = u[0] * v[0] + u[1] * v[1] < -0.95 * long * short;
        if is_back && long.min(short) < SPIKE_MM {
            spots.remove(i);
            i = i.saturating_sub(1).max(1);
        } else {
            i += 1;
        }
    }
}

/// Without one of two points that are less than the least step apart: the one that the road misses less. Neither is left
/// out where long ways on both sides would be pulled aside by that.
fn without_tiny_steps(spots: &[Spot]) -> Vec<Spot> {
    let mut out: Vec<Spot> = Vec::with_capacity(spots.len());
    for (i, &spot) in spots.iter().enumerate() {
        if out.last().is_none_or(|&last| distance(last, spot) >= LEAST_STEP_MM) {
            out.push(spot);
            continue;
        }
        let missed = |spot: Spot, a: Option<&Spot>, b: Option<&Spot>| match (a, b) {
            (Some(&a), Some(&b)) => distance(nearest(a, b, spot), spot),
            _ => f64::INFINITY,
        };
        let missed_last =
            out.split_last().map_or(f64::INFINITY, |(&last, rest)| missed(last, rest.last(), Some(&spot)));
        let missed_this = missed(spot, out.last(), spots.get(i + 1));
        if missed_last.min(missed_this) > MOST_MISSED_MM && out.len() > 1 {
            out.push(spot);
        } else if missed_last < missed_this || i + 1 == spots.len() {
            out.pop();
            out.push(spot);
        }
    }
    out
}

/// The place of a stretch that is nearest to another.
fn nearest(a: Spot, b: Spot, to: Spot) -> Spot {
    let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
    let squared = d[0] * d[0] + d[1] * d[1];
    let off = [to.at[0] - a.at[0], to.at[1] - a.at[1]];
    let t = if squared > 0.0 { ((off[0] * d[0] + off[1] * d[1]) / squared).clamp(0.0, 1.0) } else { 0.0 };
    between(a, b, t)
}

/// Cuts a length off the end, or lengthens it where that is negative.
fn trim(spots: &mut Vec<Spot>, mut by_mm: f64) {
    if by_mm < 0.0
        && let [.., a, b] = spots[..]
        && distance(a, b) > 0.0
    {
        let end = Spot { width_mm: b.width_mm, ..between(a, b, 1.0 - by_mm / distance(a, b)) };
        spots.push(end);
        return;
    }
    while by_mm > 0.0 && spots.len() >= 2 {
        let (a, b) = (spots[spots.len() - 2], spots[spots.len() - 1]);
        let length = distance(a, b);
        spots.pop();
        if length > by_mm {
            spots.push(between(b, a, by_mm / length));
            return;
        }
        by_mm -= length;
    }
}

fn simplified(spots: &[Spot], is_closed: bool) -> Vec<Spot> {
    if spots.len() < 3 {
        return spots.to_vec();
    }
    let last = spots.len() - 1;
    let mut kept = vec![false; spots.len()];
    kept[0] = true;
    kept[last] = true;
    let mut open = vec![(0, last)];
    if is_closed {
        let far = (0..last).max_by(|&a, &b| distance(spots[0], spots[a]).total_cmp(&distance(spots[0], spots[b])));
        let far = far.unwrap_or(0);
        kept[far] = true;
        open = vec![(0, far), (far, last)];
    }
    while let Some((from, to)) = open.pop() {
        let (a, b) = (spots[from], spots[to]);
        let error = |spot: Spot| {
            let on = nearest(a, b, spot);
            (distance(on, spot) / POSITION_TOLERANCE_MM).max((on.width_mm - spot.width_mm).abs() / WIDTH_TOLERANCE_MM)
        };
        let worst =
            (from + 1..to).map(|i| (i, error(spots[i]))).fold((from, 1.0), |w, n| if n.1 > w.1 { n } else { w });
        if worst.0 != from {
            kept[worst.0] = true;
            open.push((from, worst.0));
            open.push((worst.0, to));
        }
    }
    spots.iter().zip(kept).filter(|(_, kept)| *kept).map(|(spot, _)| *spot).collect()
}
