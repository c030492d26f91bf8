//! Walls of changing width and number, for islands that walls of full width do not cover.
//!
//! After Kuipers, Doubrovski, Wu and Wang 2020 (arXiv 2004.13497): the island's skeleton says how thick it is
//! everywhere, the thickness how many roads lie across, and the trapezoids between skeleton and outline where. Branches
//! of the skeleton into corners keep the roads of the place that they leave, so that walls have sharp corners; everywhere
//! else the count changes where the thickness asks for it, and roads that go on swing to their new place over a short
//! way. Of the two roads that begin where one ends, one continues it and the other takes the room that it leaves.

use std::collections::BTreeMap;

use super::beads::{Bead, Beads, Count};
use super::paths::{self, Laid};
use super::{Roads, Wall};
use crate::geometry::{Island, Skeleton};
use crate::process::fdm::stages::VariableRoad;

/// The outline is sampled at least this often, mm. Nodes are put where the outline is equally far away, so that this
/// only bounds how coarsely they follow its curves.
const STEP_MM: f64 = 0.4;
/// A branch of the skeleton whose radius falls by more than this share of its way and ends in a corner belongs to it.
const STEEP: f64 = 0.5;
/// Edges shorter than this say nothing about slopes, mm.
const SHORT_EDGE_MM: f64 = 0.03;
/// Runs of one count shorter than this many nozzles take their neighbour's.
const SHORTEST_RUN: f64 = 1.25;
/// Feet nearer to each other than this are one, mm.
const SAME_FOOT_MM: f64 = 1e-4;
/// Roads around an inner corner are as sharp as it is, but lie no further from it than this many times their distance.
const MITER_LIMIT: f64 = 3.0;

type V2 = [f64; 2];

fn between(a: V2, b: V2, t: f64) -> V2 {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

fn distance(a: V2, b: V2) -> f64 {
    let (x, y) = (b[0] - a[0], b[1] - a[1]);
    (x * x + y * y).sqrt()
}

/// The distance from the outline from which on there is room for all walls and infill, mm.
pub(super) fn reach_mm(roads: &Roads) -> f64 {
    roads.whole_depth_mm() + roads.infill.spacing_mm
}

/// No run of one count is shorter, mm.
pub(super) fn shortest_run_mm(roads: &Roads) -> f64 {
    SHORTEST_RUN * roads.nozzle_mm
}

/// All roads of the island except infill; `None` where its skeleton cannot be made.
pub(super) fn plan(outline: &Island, roads: &Roads) -> Option<(Vec<Wall>, Vec<VariableRoad>)> {
    let skeleton = Skeleton::new(outline, STEP_MM, reach_mm(roads))?;
    let beads = Beads::new(roads);
    let counts = Counts::new(&skeleton, &beads, shortest_run_mm(roads));
    let mut laid = Vec::new();
    for (i, _) in skeleton.walks.iter().enumerate() {
        Walk { counts: &counts, number: i, laid: &mut laid, open: Vec::new() }.run();
    }
    let sides = laid.len();
    laid.extend(counts.centres());
    Some(paths::finish(laid, sides, roads))
}

/// One change of the count along an edge.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Share of the way along the edge.
    at: f64,
}

/// What is known of an edge of the skeleton.
#[derive(Clone, Debug)]
struct EdgeCounts {
    /// It leads into a corner.
    is_corner: bool,
    cuts: Vec<Cut>,
    /// One more than cuts.
    counts: Vec<Count>,
}

/// The counts everywhere on a skeleton.
struct Counts<'a> {
    skeleton: &'a Skeleton,
    beads: &'a Beads,
    edges: Vec<EdgeCounts>,
    /// The count at each node, and the thickness that decides where its roads lie.
    nodes: Vec<(Count, f64)>,
}

impl<'a> Counts<'a> {
    fn new(skeleton: &'a Skeleton, beads: &'a Beads, shortest_mm: f64) -> Self {
        let thickness = |n: usize| 2.0 * skeleton.nodes[n].radius_mm;
        let mut this = Self { skeleton, beads, edges: Vec::new(), nodes: Vec::new() };
        this.edges = vec![EdgeCounts { is_corner: false, cuts: Vec::new(), counts: Vec::new() }; skeleton.edges.len()];
        let corners = this.find_corners();
        let is_steep = this.steep_edges();
        // A node is steep where steep edges meet and no flat one.
        let mut flat = vec![false; skeleton.nodes.len()];
        for (e, &[u, v]) in skeleton.edges.iter().enumerate() {
            if !this.edges[e].is_corner && !is_steep[e] {
                flat[u] = true;
                flat[v] = true;
            }
        }
        let mut is_through = vec![false; flat.len()];
        for (_, &[u, v]) in skeleton.edges.iter().enumerate().filter(|(e, _)| !this.edges[*e].is_corner) {
            is_through[u] = true;
            is_through[v] = true;
        }
        this.nodes =
            (0..flat.len()).map(|n| (beads.count(thickness(n), is_through[n] && !flat[n]), thickness(n))).collect();
        for (e, &[u, v]) in skeleton.edges.iter().enumerate() {
            let steep = is_steep[e];
            let (from, to) = (thickness(u), thickness(v));
            let (low, high) = (from.min(to), from.max(to));
            let mut counts = vec![beads.count(low, steep)];
            let mut cuts = Vec::new();
            for &(at, count) in beads.steps_between(low, high, steep) {
                cuts.push(Cut { at: (at - low) / (high - low) });
                counts.push(count);
            }
            if from > to {
                counts.reverse();
                cuts.reverse();
                cuts.iter_mut().for_each(|cut| cut.at = 1.0 - cut.at);
            }
            if counts.first() != Some(&this.nodes[u].0) {
                counts.insert(0, this.nodes[u].0);
                cuts.insert(0, Cut { at: 0.0 });
            }
            if counts.last() != Some(&this.nodes[v].0) {
                counts.push(this.nodes[v].0);
                cuts.push(Cut { at: 1.0 });
            }
            this.edges[e].cuts = cuts;
            this.edges[e].counts = counts;
        }
        this.smooth(shortest_mm);
        this.fill_corners(&corners);
        this
    }

    fn length(&self, edge: usize) -> f64 {
        let [u, v] = self.skeleton.edges[edge];
        distance(self.skeleton.nodes[u].place, self.skeleton.nodes[v].place)
    }

    /// The edges, besides those into corners, along which a thin part opens steeply into a thick one.
    fn steep_edges(&self) -> Vec<bool> {
        let radius = |n: usize| self.skeleton.nodes[n].radius_mm;
        let mut at: Vec<Vec<usize>> = vec![Vec::new(); self.skeleton.nodes.len()];
        for (e, &[u, v]) in self.skeleton.edges.iter().enumerate() {
            if !self.edges[e].is_corner && (radius(u) - radius(v)).abs() > STEEP * self.length(e) {
                at[u].push(e);
                at[v].push(e);
            }
        }
        let is_thick = |n: usize| self.beads.count(2.0 * radius(n), false).thick;
        let mut open: Vec<usize> = (0..at.len()).filter(|&n| is_thick(n)).collect();
        let mut found = vec![false; self.skeleton.edges.len()];
        while let Some(node) = open.pop() {
            for &e in &at[node] {
                if !std::mem::replace(&mut found[e], true) {
                    let [u, v] = self.skeleton.edges[e];
                    open.push(if u == node { v } else { u });
                }
            }
        }
        found
    }

    /// Marks the edges that lead into corners and gives them as (edge, its upper node), from the corners up.
    fn find_corners(&mut self) -> Vec<(usize, usize)> {
        let mut at: Vec<Vec<usize>> = vec![Vec::new(); self.skeleton.nodes.len()];
        for (e, &[u, v]) in self.skeleton.edges.iter().enumerate() {
            if u != v {
                at[u].push(e);
                at[v].push(e);
            }
        }
        // For each node how far it is from the corner that it was reached from.
        let mut from_corner = vec![0.0; at.len()];
        let mut open: Vec<usize> = (0..at.len()).filter(|&n| at[n].len() == 1).collect();
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            let [edge] = at[node][..] else { continue };
            let [u, v] = self.skeleton.edges[edge];
            let up = if u == node { v } else { u };
            let radius = |n: usize| self.skeleton.nodes[n].radius_mm;
            let length = self.length(edge);
            let way = from_corner[node] + length;
            let is_steep = radius(up) - radius(node) >= STEEP * length || length < SHORT_EDGE_MM;
            if !is_steep || radius(up) < STEEP * way {
                continue;
            }
            self.edges[edge].is_corner = true;
            found.push((edge, up));
            at[node].clear();
            at[up].retain(|&e| e != edge);
            from_corner[up] = way.min(radius(up) / STEEP);
            if at[up].len() == 1 {
                open.push(up);
            }
        }
        found
    }

    /// Corners have the count of the place that they leave, and its roads' places.
    fn fill_corners(&mut self, found: &[(usize, usize)]) {
        for &(edge, up) in found.iter().rev() {
            let [u, v] = self.skeleton.edges[edge];
            let down = if u == up { v } else { u };
            self.nodes[down] = self.nodes[up];
            self.edges[edge].cuts.clear();
            self.edges[edge].counts = vec![self.nodes[up].0];
        }
    }

    /// Takes out short runs of one count: those thicker or thinner than both sides take the longer one's count, and where
    /// the thickness goes on changing, one road more in the middle is not worth beginning.
    fn smooth(&mut self, shortest_mm: f64) {
        for _ in 0..4 {
            let runs = Runs::new(self);
            let mut order: Vec<usize> = (0..runs.all.len())
                .filter(|&r| runs.all[r].length_mm < shortest_mm && !runs.all[r].count.steep)
                .collect();
            order.sort_by(|&a, &b| runs.all[a].length_mm.total_cmp(&runs.all[b].length_mm).then(a.cmp(&b)));
            let mut changed: BTreeMap<usize, Count> = BTreeMap::new();
            let mut settled = vec![false; runs.all.len()];
            for run in order {
                let beside = &runs.all[run].beside;
                if settled[run] || beside.is_empty() || beside.iter().any(|b| changed.contains_key(b)) {
                    continue;
                }
                let rank = |r: usize| runs.all[r].count.rank();
                let (lower, higher): (Vec<usize>, Vec<usize>) = beside.iter().partition(|&&b| rank(b) < rank(run));
                let longest = |of: &[usize]| {
                    let longer = |a: &&usize, b: &&usize| runs.all[**a].length_mm.total_cmp(&runs.all[**b].length_mm);
                    of.iter().max_by(|a, b| longer(a, b).then(b.cmp(a))).copied()
                };
                let taken = if lower.is_empty() || higher.is_empty() {
                    longest(beside)
                } else if runs.all[run].count.centre && runs.all[run].count.pairs > 0 {
                    longest(&lower)
                } else {
                    None
                };
                // What ends in nothing is a tip, and there is nothing to take from there.
                let Some(count) = taken.map(|b| runs.all[b].count).filter(|c| *c != Count::default()) else { continue };
                changed.insert(run, count);
                for &b in beside {
                    settled[b] = true;
                }
            }
            if changed.is_empty() {
                break;
            }
            for (edge, pieces) in runs.of_piece.iter().enumerate() {
                for (i, run) in pieces.iter().enumerate() {
                    if let Some(&count) = changed.get(run) {
                        self.edges[edge].counts[i] = count;
                    }
                }
            }
            for (node, run) in runs.of_node.iter().enumerate() {
                if let Some(&count) = run.and_then(|r| changed.get(&r)) {
                    self.nodes[node].0 = count;
                }
            }
            for edge in &mut self.edges {
                for i in (0..edge.cuts.len()).rev() {
                    if edge.counts[i] == edge.counts[i + 1] {
                        edge.cuts.remove(i);
                        edge.counts.remove(i + 1);
                    }
                }
            }
        }
    }

    /// The roads in the middle, as far as one count holds.
    fn centres(&self) -> Vec<Laid> {
        let mut chains = paths::Chains::default();
        for (e, edge) in self.edges.iter().enumerate() {
            let [u, v] = self.skeleton.edges[e];
            if edge.is_corner || u == v {
                continue;
            }
            let (a, b) = (self.skeleton.nodes[u], self.skeleton.nodes[v]);
            for (i, count) in edge.counts.iter().enumerate().filter(|(_, c)| c.centre) {
                let from = if i == 0 { 0.0 } else { edge.cuts[i - 1].at };
                let to = edge.cuts.get(i).map_or(1.0, |cut| cut.at);
                let end = |t: f64, cut: Option<usize>, node: usize| {
                    let radius = a.radius_mm + (b.radius_mm - a.radius_mm) * t;
                    let point = paths::Spot {
                        at: between(a.place, b.place, t),
                        width_mm: self.beads.centre_width_mm(*count, 2.0 * radius),
                    };
                    let name = match cut {
                        Some(cut) => paths::Joint::Cut(e, cut),
                        None => paths::Joint::Node(node),
                    };
                    (name, point, radius)
                };
                let first = end(from, i.checked_sub(1), u);
                let last = end(to, (i < edge.cuts.len()).then_some(i), v);
                chains.add(first, last, count.pairs);
            }
        }
        chains.into_laid()
    }
}

/// Connected pieces of edges with one count.
struct Run {
    count: Count,
    length_mm: f64,
    /// Runs that begin where this one ends.
    beside: Vec<usize>,
}

struct Runs {
    all: Vec<Run>,
    /// For each edge the run of each of its pieces; none for corners.
    of_piece: Vec<Vec<usize>>,
    of_node: Vec<Option<usize>>,
}

impl Runs {
    fn new(counts: &Counts) -> Self {
        // Pieces are numbered edge by edge; those that share a node are one run.
        let mut first = Vec::with_capacity(counts.edges.len());
        let mut total = 0;
        for edge in &counts.edges {
            first.push(total);
            total += if edge.is_corner { 0 } else { edge.counts.len() };
        }
        let mut home: Vec<usize> = (0..total).collect();
        fn root(home: &mut [usize], mut i: usize) -> usize {
            while home[i] != i {
                home[i] = home[home[i]];
                i = home[i];
            }
            i
        }
        let mut at_node: Vec<Option<usize>> = vec![None; counts.nodes.len()];
        for (e, edge) in counts.edges.iter().enumerate().filter(|(_, edge)| !edge.is_corner) {
            let [u, v] = counts.skeleton.edges[e];
            for (node, piece) in [(u, first[e]), (v, first[e] + edge.counts.len() - 1)] {
                match at_node[node] {
                    None => at_node[node] = Some(piece),
                    Some(other) => {
                        let (a, b) = (root(&mut home, other), root(&mut home, piece));
                        home[a.max(b)] = a.min(b);
                    }
                }
            }
        }
        let mut number = vec![usize::MAX; total];
        let mut all: Vec<Run> = Vec::new();
        let mut of_piece = Vec::with_capacity(counts.edges.len());
        for (e, edge) in counts.edges.iter().enumerate() {
            let mut of = Vec::new();
            if !edge.is_corner {
                let length = counts.length(e);
                for (i, count) in edge.counts.iter().enumerate() {
                    let home = root(&mut home, first[e] + i);
                    if number[home] == usize::MAX {
                        number[home] = all.len();
                        all.push(Run { count: *count, length_mm: 0.0, beside: Vec::new() });
                    }
                    let from = if i == 0 { 0.0 } else { edge.cuts[i - 1].at };
                    let to = edge.cuts.get(i).map_or(1.0, |cut| cut.at);
                    all[number[home]].length_mm += length * (to - from);
                    of.push(number[home]);
                }
                for pair in of.windows(2) {
                    all[pair[0]].beside.push(pair[1]);
                    all[pair[1]].beside.push(pair[0]);
                }
            }
            of_piece.push(of);
        }
        for run in &mut all {
            run.beside.sort_unstable();
            run.beside.dedup();
        }
        let of_node = at_node.into_iter().map(|piece| piece.map(|p| number[root(&mut home, p)])).collect();
        Self { all, of_piece, of_node }
    }
}

/// One end of a stretch of a walk.
#[derive(Clone, Copy)]
struct End {
    foot: V2,
    /// From the foot to the skeleton, of length 1.
    inwards: V2,
    /// How much further this way than straight away from the outline a road lies: more than 1 at inner corners.
    further: f64,
    /// At an inner corner the directions at right angles to its sides, and whether this is beyond the middle of them.
    corner: Option<([V2; 2], bool)>,
    place: V2,
    radius_mm: f64,
    /// The thickness that decides where the roads lie.
    thickness_mm: f64,
}

impl End {
    fn new(foot: V2, place: V2, radius_mm: f64, thickness_mm: f64) -> Self {
        let length = distance(foot, place).max(1e-9);
        let inwards = [(place[0] - foot[0]) / length, (place[1] - foot[1]) / length];
        Self { foot, inwards, further: 1.0, corner: None, place, radius_mm, thickness_mm }
    }

    fn at_corner(mut self, sides: Option<[V2; 2]>) -> Self {
        if let Some(sides) = sides {
            let [before, after] = sides.map(|side| side[0] * self.inwards[0] + side[1] * self.inwards[1]);
            let middle = tip(sides);
            self.further = 1.0 / before.max(after).max(1.0 / MITER_LIMIT);
            if middle.1 > MITER_LIMIT {
                // Cut square, as offsets are.
                let along = self.inwards[0] * middle.0[0] + self.inwards[1] * middle.0[1];
                self.further = self.further.min(1.0 / along.max(0.3));
            }
            self.corner = Some((sides, after > before));
        }
        self
    }

    /// Whether a road at this distance from the outline is on this side of the skeleton here.
    fn has(&self, bead: Bead) -> bool {
        bead.x_mm <= self.radius_mm + 1e-6
    }

    /// How much further than a road's distance from the outline it lies at an inner corner, as far as there is room.
    fn further(&self, wanted: f64, bead: Bead) -> f64 {
        wanted.min((self.radius_mm - 0.5 * bead.width_mm) / bead.x_mm).max(1.0)
    }

    fn spot(&self, bead: Bead) -> paths::Spot {
        let x_mm = bead.x_mm * self.further(self.further, bead);
        let at = [0, 1].map(|k| self.foot[k] + self.inwards[k] * x_mm);
        paths::Spot { at, width_mm: bead.width_mm }
    }
}

/// A trapezoid: a stretch of a walk over which one count holds.
struct Stretch {
    ends: [End; 2],
    count: Count,
    /// The cut at which it begins.
    cut: Option<(usize, usize)>,
    /// The edge of the skeleton that it lies along, where roads may end in a corner.
    corner: Option<usize>,
    node: usize,
}

/// A walk around one ring, which lays the roads of all depths at once.
struct Walk<'a> {
    counts: &'a Counts<'a>,
    number: usize,
    laid: &'a mut Vec<Laid>,
    /// The road of each depth that is being laid.
    open: Vec<Option<Laid>>,
}

impl Walk<'_> {
    fn run(mut self) {
        for i in 0..self.counts.skeleton.walks[self.number].len() {
            self.step(i);
        }
        for (depth, open) in self.open.iter_mut().enumerate() {
            if let Some(mut road) = open.take() {
                road.ends = Some((paths::Joint::Walk(self.number), depth));
                self.laid.push(road);
            }
        }
    }

    /// Lays what lies between a rib and the next.
    fn step(&mut self, i: usize) {
        let counts = self.counts;
        let walk = &counts.skeleton.walks[self.number];
        let nodes = &counts.skeleton.nodes;
        let (rib, next) = (&walk[i], &walk[(i + 1) % walk.len()]);
        let end = |rib: &crate::geometry::Rib| {
            let node = nodes[rib.node];
            End::new(rib.foot, node.place, node.radius_mm, counts.nodes[rib.node].1).at_corner(rib.corner)
        };
        let [a, b] = [end(rib), end(next)];
        let node = rib.node;
        let Some(e) = rib.edge else {
            let count = counts.nodes[node].0;
            return self.lay(&Stretch { ends: [a, b], count, cut: None, corner: None, node }, i == 0);
        };
        let edge = &counts.edges[e];
        let forward = counts.skeleton.edges[e][0] == node;
        let pieces = edge.counts.len();
        // Along the walk, the `k`th border between pieces.
        let share = |k: usize| match k {
            0 => 0.0,
            _ if k == pieces => 1.0,
            _ if forward => edge.cuts[k - 1].at,
            _ => 1.0 - edge.cuts[pieces - 1 - k].at,
        };
        let at = |t: f64| {
            if t <= 0.0 {
                return a;
            }
            if t >= 1.0 {
                return b;
            }
            let radius = a.radius_mm + (b.radius_mm - a.radius_mm) * t;
            End::new(between(a.foot, b.foot, t), between(a.place, b.place, t), radius, 2.0 * radius)
                .at_corner(rib.corner.filter(|_| distance(a.foot, b.foot) < SAME_FOOT_MM))
        };
        for k in 0..pieces {
            let stretch = Stretch {
                ends: [at(share(k)), at(share(k + 1))],
                count: edge.counts[if forward { k } else { pieces - 1 - k }],
                cut: (k > 0).then(|| (e, if forward { k - 1 } else { pieces - 1 - k })),
                corner: edge.is_corner.then_some(e),
                node,
            };
            self.lay(&stretch, i == 0 && k == 0);
        }
    }

    fn lay(&mut self, stretch: &Stretch, is_first: bool) {
        let [a, b] = &stretch.ends;
        let pairs = stretch.count.pairs;
        let here = match stretch.cut {
            Some((edge, cut)) => paths::Joint::Cut(edge, cut),
            None if is_first => paths::Joint::Walk(self.number),
            None => paths::Joint::Node(stretch.node),
        };
        if self.open.len() < pairs {
            self.open.resize_with(pairs, || None);
        }
        for depth in 0..self.open.len() {
            let bead = |end: &End| self.counts.beads.bead(stretch.count, end.thickness_mm, depth);
            let (from, to) = (bead(a), bead(b));
            let (begins, goes_on) = (depth < pairs && a.has(from), b.has(to));
            if !begins && let Some(mut road) = self.open[depth].take() {
                road.ends = Some((here, depth));
                self.laid.push(road);
            }
            if depth >= pairs || !(begins || goes_on) {
                continue;
            }
            // Where it meets the skeleton on the way into a corner or out of it.
            let meets = || {
                let t = (from.x_mm - a.radius_mm) / (b.radius_mm - a.radius_mm);
                paths::Spot { at: between(a.place, b.place, t.clamp(0.0, 1.0)), width_mm: from.width_mm }
            };
            let tip = stretch.corner.map_or(here, paths::Joint::Corner);
            if begins {
                let spot = a.spot(from);
                match &mut self.open[depth] {
                    Some(road) => road.go_on(spot),
                    none => *none = Some(Laid::new(spot, Some((here, depth)), depth)),
                }
            } else {
                self.open[depth] = Some(Laid::new(meets(), Some((tip, depth)), depth));
            }
            let Some(road) = &mut self.open[depth] else { continue };
            if goes_on {
                if begins && let Some(spot) = tip_between(a, b, from, to) {
                    road.push(spot);
                }
                road.push(b.spot(to));
            } else {
                road.push(meets());
                if let Some(mut road) = self.open[depth].take() {
                    road.ends = Some((tip, depth));
                    self.laid.push(road);
                }
            }
        }
    }
}

/// The point of a road around an inner corner, where the corner's middle lies between two ends.
fn tip_between(a: &End, b: &End, from: Bead, to: Bead) -> Option<paths::Spot> {
    let is_beyond = |end: &End| end.corner.map(|c| c.1);
    let is_same = distance(a.foot, b.foot) < SAME_FOOT_MM;
    let (sides, foot) = match (is_beyond(a), is_beyond(b)) {
        (Some(false), Some(true)) if is_same => (a.corner?.0, a.foot),
        (Some(false), _) if !is_same => (a.corner?.0, a.foot),
        (_, Some(true)) if !is_same => (b.corner?.0, b.foot),
        _ => return None,
    };
    let (middle, wanted) = tip(sides);
    let wanted = if wanted > MITER_LIMIT { 1.0 } else { wanted };
    // The room that way is between what the ends have.
    let turned = |end: &End| (end.inwards[0] * middle[0] + end.inwards[1] * middle[1]).clamp(-1.0, 1.0).acos();
    let share = turned(a) / (turned(a) + turned(b)).max(1e-9);
    let radius_mm = a.radius_mm + (b.radius_mm - a.radius_mm) * share;
    let further = End { radius_mm, ..*a }.further(wanted, from);
    let x_mm = 0.5 * (from.x_mm + to.x_mm) * further;
    let width_mm = 0.5 * (from.width_mm + to.width_mm);
    Some(paths::Spot { at: [foot[0] + middle[0] * x_mm, foot[1] + middle[1] * x_mm], width_mm })
}

/// The middle between the sides of an inner corner, and how much further that way its mitre is.
fn tip([u, v]: [V2; 2]) -> (V2, f64) {
    let middle = [u[0] + v[0], u[1] + v[1]];
    // Of length 2 cos of half the turn: the tip is one over that cosine away.
    let length = middle[0].hypot(middle[1]).max(1e-9);
    (middle.map(|x| x / length), 2.0 / length)
}
