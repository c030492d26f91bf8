//! The skeleton of an island: the places with more than one nearest point of the outline, how far away the outline is
//! there, and for every place along the outline the place of the skeleton that faces it.
//!
//! It is the frame on which variable-width walls are planned (the skeletal trapezoidation of Kuipers et al. 2020,
//! arXiv 2004.13497). The outline is sampled and triangulated (constrained Delaunay, exact predicates); every triangle
//! inside is a node, moved from its circle's centre to where the outline itself, not the samples, is equally far on all
//! sides. Walking around the outline past the triangles of each sample gives the ribs in order: two ribs and the outline
//! and skeleton between them are one trapezoid. What is laid into the trapezoids is not known here.

use spade::{ConstrainedDelaunayTriangulation, HasPosition, Point2, Triangulation};

use super::edge_grid::EdgeGrid;
use super::point::Point;
use super::region::{Island, Region};

/// A place of the skeleton, in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkeletonNode {
    pub place: [f64; 2],
    /// Distance to the outline: half the thickness of the island here.
    pub radius_mm: f64,
}

/// The way from a point of the outline to the node of the skeleton that faces it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rib {
    /// On the outline, in mm; nearest to the node as far as the outline is near it.
    pub foot: [f64; 2],
    pub node: usize,
    /// Where the foot is an inner corner: the directions into the island at right angles to the edges before and after.
    pub corner: Option<[[f64; 2]; 2]>,
    /// The edge of the skeleton over which the walk goes to the next rib; `None` where that has the same node.
    pub edge: Option<usize>,
}

/// A skeleton whose walks fit together: each edge is walked once in either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Skeleton {
    pub nodes: Vec<SkeletonNode>,
    /// The two nodes of each edge.
    pub edges: Vec<[usize; 2]>,
    /// The ribs around each ring of the island, the outline first; material is on the left of the walk.
    pub walks: Vec<Vec<Rib>>,
}

/// Vertices that turn by less than this have no branch of the skeleton of their own, rad.
const LEAST_TURN: f64 = 0.12;
/// Distance of the samples that stand beside a corner, mm.
const NEAR_CORNER_MM: f64 = 0.1;
/// Nodes nearer to each other than this are one, mm.
const SAME_MM: f64 = 0.002;
/// Edges up to this are not divided, mm.
const LONGEST_EDGE_MM: f64 = 0.15;
/// A node whose circle holds outline within this share of its radius is not where it should be.
const TRUSTED: f64 = 0.8;
/// Distances to the outline may differ by this at a node, and lie outside by it, mm.
const UNEQUAL_MM: f64 = 0.02;
/// Turns of the input that are tried until the triangulation passes its checks, rad.
const TURNS: [f64; 3] = [0.0, 0.517, 1.193];

impl Skeleton {
    /// The skeleton of an island whose outline is sampled at least every `step_mm`, with nodes near enough to each other
    /// that the radius between two is that of a straight line, where it is up to `reach_mm`. `None` where the outline cannot be
    /// triangulated to an end that fits together (it crosses or touches itself), however it is turned.
    pub fn new(island: &Island, step_mm: f64, reach_mm: f64) -> Option<Self> {
        let outline = Outline::new(island, step_mm)?;
        let grid = EdgeGrid::new(&Region::from(island));
        let mut skeleton = TURNS.iter().find_map(|&turn| of_outline(&outline, &grid, reach_mm, turn))?;
        skeleton.refine(&grid, reach_mm);
        Some(skeleton)
    }
}

impl Skeleton {
    /// Divides long edges.
    fn refine(&mut self, grid: &EdgeGrid, reach_mm: f64) {
        // The first and the number of the nodes put into each edge, and the edges behind them.
        let mut put: Vec<(usize, usize)> = Vec::with_capacity(self.edges.len());
        let mut behind: Vec<usize> = Vec::with_capacity(self.edges.len());
        for e in 0..self.edges.len() {
            let [u, v] = self.edges[e];
            let (a, b) = (self.nodes[u], self.nodes[v]);
            let length = distance(a.place, b.place);
            let count = if a.radius_mm.min(b.radius_mm) < reach_mm { (length / LONGEST_EDGE_MM) as usize } else { 0 };
            put.push((self.nodes.len(), count));
            behind.push(self.edges.len());
            for k in 1..=count {
                let t = k as f64 / (count + 1) as f64;
                let place = [0, 1].map(|c| a.place[c] + (b.place[c] - a.place[c]) * t);
                let most = a.radius_mm.max(b.radius_mm);
                let near = grid.nearest(Point::from_mm(place[0], place[1]), most);
                self.nodes.push(SkeletonNode { place, radius_mm: near.map_or(most, |near| near.distance_mm) });
                let node = self.nodes.len() - 1;
                self.edges.push([node, if k == count { v } else { node + 1 }]);
            }
            if count > 0 {
                self.edges[e] = [u, put[e].0];
            }
        }
        for walk in &mut self.walks {
            let old = std::mem::take(walk);
            for (i, rib) in old.iter().enumerate() {
                let next = &old[(i + 1) % old.len()];
                walk.push(*rib);
                let Some(e) = rib.edge.filter(|&e| put[e].1 > 0) else { continue };
                let (first, count) = put[e];
                let forward = self.edges[e][0] == rib.node;
                let edge = |k: usize| if k == 0 { e } else { behind[e] + k - 1 };
                if let Some(last) = walk.last_mut() {
                    last.edge = Some(edge(if forward { 0 } else { count }));
                }
                for k in 1..=count {
                    let place = |node: usize| self.nodes[node].place;
                    let node = first + if forward { k - 1 } else { count - k };
                    // Both feet are on one edge of the outline, or one is its end.
                    let foot =
                        if rib.foot == next.foot { rib.foot } else { nearest_on([rib.foot, next.foot], place(node)) };
                    let of = |end: &Rib| end.corner.filter(|_| distance(end.foot, foot) < 1e-6);
                    let corner = of(rib).or_else(|| of(next));
                    walk.push(Rib { foot, node, corner, edge: Some(edge(if forward { k } else { count - k })) });
                }
            }
        }
    }
}

type V2 = [f64; 2];

fn minus(a: V2, b: V2) -> V2 {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: V2, b: V2) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn cross(a: V2, b: V2) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn distance(a: V2, b: V2) -> f64 {
    let d = minus(a, b);
    dot(d, d).sqrt()
}

struct Sample(V2);

impl HasPosition for Sample {
    type Scalar = f64;

    fn position(&self) -> Point2<f64> {
        Point2::new(self.0[0], self.0[1])
    }
}

/// One sample of the outline.
struct Station {
    at: V2,
    /// The outline's edge before and the one after; the same inside an edge.
    before: [V2; 2],
    after: [V2; 2],
    /// How far the outline turns left here, rad: positive at outer corners.
    turn: f64,
    previous: usize,
    next: usize,
}

struct Outline {
    stations: Vec<Station>,
    rings: Vec<std::ops::Range<usize>>,
}

impl Outline {
    /// `None` where a point comes twice.
    fn new(island: &Island, step_mm: f64) -> Option<Self> {
        let mut out = Self { stations: Vec::new(), rings: Vec::new() };
        for ring in std::iter::once(&island.outer).chain(&island.holes) {
            let mut corners: Vec<V2> = ring.0.iter().map(|p| p.to_mm()).collect();
            corners.dedup();
            if corners.len() > 1 && corners.first() == corners.last() {
                corners.pop();
            }
            if corners.len() < 3 {
                return None;
            }
            let first = out.stations.len();
            let count = corners.len();
            for i in 0..count {
                let (a, b, c) = (corners[(i + count - 1) % count], corners[i], corners[(i + 1) % count]);
                let (u, v) = (minus(b, a), minus(c, b));
                let turn = cross(u, v).atan2(dot(u, v));
                let mut station = |at, before, turn| {
                    out.stations.push(Station { at, before, after: [b, c], turn, previous: 0, next: 0 });
                };
                station(b, [a, b], turn);
                let length = distance(b, c);
                // Samples near the corners show the triangulation where the sides of a corner are equally far.
                let near = if length > 1.5 * NEAR_CORNER_MM { NEAR_CORNER_MM.min(length / 3.0) } else { 0.0 };
                let pieces = ((length - 2.0 * near) / step_mm).ceil().max(1.0) as usize;
                let mut sample = |from: f64| {
                    let t = from / length;
                    station([b[0] + v[0] * t, b[1] + v[1] * t], [b, c], 0.0);
                };
                for k in usize::from(near == 0.0)..pieces + usize::from(near > 0.0) {
                    sample(near + (length - 2.0 * near) * k as f64 / pieces as f64);
                }
            }
            let end = out.stations.len();
            for i in first..end {
                out.stations[i].previous = if i == first { end - 1 } else { i - 1 };
                out.stations[i].next = if i + 1 == end { first } else { i + 1 };
            }
            out.rings.push(first..end);
        }
        let mut places: Vec<Point> = out.stations.iter().map(|s| Point::from_mm(s.at[0], s.at[1])).collect();
        places.sort_unstable();
        places.windows(2).all(|w| w[0] != w[1]).then_some(out)
    }

    /// Distance from a place to the outline near a sample, negative outside, with the direction in which it grows.
    fn off(&self, station: usize, from: V2) -> (f64, V2) {
        let s = &self.stations[station];
        let a = off_edge(s.before, from);
        if s.before == s.after {
            return a;
        }
        let b = off_edge(s.after, from);
        if s.turn >= 0.0 {
            // An outer corner: inside both.
            if a.0 <= b.0 { a } else { b }
        } else if a.0.abs() <= b.0.abs() {
            a
        } else {
            b
        }
    }

    /// The outline's point near a sample that is nearest to a place.
    fn foot(&self, station: usize, from: V2) -> V2 {
        let s = &self.stations[station];
        let a = nearest_on(s.before, from);
        let b = nearest_on(s.after, from);
        if distance(a, from) <= distance(b, from) { a } else { b }
    }
}

fn nearest_on([a, b]: [V2; 2], from: V2) -> V2 {
    let d = minus(b, a);
    let t = (dot(minus(from, a), d) / dot(d, d)).clamp(0.0, 1.0);
    [a[0] + d[0] * t, a[1] + d[1] * t]
}

fn off_edge([a, b]: [V2; 2], from: V2) -> (f64, V2) {
    let d = minus(b, a);
    let length = dot(d, d).sqrt();
    let t = dot(minus(from, a), d) / (length * length);
    if (0.0..=1.0).contains(&t) {
        return (cross(d, minus(from, a)) / length, [-d[1] / length, d[0] / length]);
    }
    let end = if t < 0.0 { a } else { b };
    let off = minus(from, end);
    let far = dot(off, off).sqrt().max(1e-12);
    (far, [off[0] / far, off[1] / far])
}

/// The direction to the left of an edge.
fn normal([a, b]: [V2; 2]) -> V2 {
    let d = minus(b, a);
    let length = dot(d, d).sqrt().max(1e-12);
    [-d[1] / length, d[0] / length]
}

/// Where the outline near three samples is equally far away, starting from the middle of their circle.
fn equidistant(outline: &Outline, corners: [usize; 3]) -> SkeletonNode {
    let [a, b, c] = corners.map(|s| outline.stations[s].at);
    let mut place = centre_of([a, b, c]);
    let unequal = |place: V2| {
        let off = corners.map(|s| outline.off(s, place));
        let spread =
            off.iter().map(|o| o.0).fold(f64::MIN, f64::max) - off.iter().map(|o| o.0).fold(f64::MAX, f64::min);
        (off, spread)
    };
    let (mut off, mut spread) = unequal(place);
    for _ in 0..8 {
        if spread < 1e-6 {
            break;
        }
        // The shortest step that makes the three equal to first order, damped where they say (almost) the same.
        let (m, n) = (minus(off[1].1, off[0].1), minus(off[2].1, off[0].1));
        let (p, q) = (off[0].0 - off[1].0, off[0].0 - off[2].0);
        let (mm, mn, nn) = (dot(m, m) + 1e-6, dot(m, n), dot(n, n) + 1e-6);
        let determinant = mm * nn - mn * mn;
        let (s, t) = ((p * nn - q * mn) / determinant, (q * mm - p * mn) / determinant);
        let mut step = [m[0] * s + n[0] * t, m[1] * s + n[1] * t];
        let longest = 0.5 * off.iter().map(|o| o.0.abs()).fold(spread, f64::max);
        let length = dot(step, step).sqrt();
        if length > longest {
            step = step.map(|x| x * longest / length);
        }
        let next = [place[0] + step[0], place[1] + step[1]];
        let (next_off, next_spread) = unequal(next);
        if next_spread >= spread || next_spread.is_nan() {
            break;
        }
        (place, off, spread) = (next, next_off, next_spread);
    }
    let radius_mm = off.iter().map(|o| o.0).fold(f64::MAX, f64::min);
    SkeletonNode { place, radius_mm }
}

/// The middle of the circle through three points, or of their longest side where they make no proper triangle.
fn centre_of([a, b, c]: [V2; 3]) -> V2 {
    let (u, v) = (minus(b, a), minus(c, a));
    let (uu, vv, doubled) = (dot(u, u), dot(v, v), 2.0 * cross(u, v));
    if doubled.abs() < 1e-9 * (uu + vv) {
        let [p, q] = [[a, b], [b, c], [c, a]]
            .into_iter()
            .max_by(|s, t| distance(s[0], s[1]).total_cmp(&distance(t[0], t[1])))
            .unwrap_or([a, b]);
        return [0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1])];
    }
    [a[0] + (v[1] * uu - u[1] * vv) / doubled, a[1] + (u[0] * vv - v[0] * uu) / doubled]
}

fn of_outline(outline: &Outline, grid: &EdgeGrid, reach_mm: f64, turn: f64) -> Option<Skeleton> {
    let (sin, cos) = turn.sin_cos();
    let samples = outline.stations.iter().map(|s| {
        let [x, y] = s.at;
        Sample(if turn == 0.0 { s.at } else { [x * cos - y * sin, x * sin + y * cos] })
    });
    let edges: Vec<[usize; 2]> = outline.stations.iter().enumerate().map(|(i, s)| [i, s.next]).collect();
    let mut crosses = false;
    type Cdt = ConstrainedDelaunayTriangulation<Sample>;
    let cdt = Cdt::try_bulk_load_cdt(samples.collect(), edges, |_| crosses = true).ok()?;
    if crosses || cdt.num_vertices() != outline.stations.len() || cdt.num_constraints() != outline.stations.len() {
        return None;
    }
    let mut build = Build {
        outline,
        grid,
        reach_mm,
        nodes: Vec::new(),
        node_of_face: vec![usize::MAX; cdt.num_all_faces()],
        edges: Vec::new(),
        edge_of_chord: vec![usize::MAX; cdt.num_undirected_edges()],
        walked: Vec::new(),
    };
    let handles: Vec<_> = cdt.vertices().collect();
    let mut walks = Vec::new();
    for ring in &outline.rings {
        let mut walk: Vec<Rib> = Vec::new();
        for s in ring.clone() {
            let (next, previous) = (outline.stations[s].next, outline.stations[s].previous);
            let mut edge = handles.get(s)?.out_edges().find(|e| e.to().fix().index() == next)?;
            // The triangles at this sample from the edge after it to the edge before it, and the chords between them.
            let (mut fan, mut chords) = (Vec::new(), Vec::new());
            loop {
                let face = edge.face().as_inner()?;
                let corners = face.vertices().map(|v| v.fix().index());
                fan.push(build.node(face.fix().index(), corners)?);
                edge = edge.ccw();
                if edge.to().fix().index() == previous {
                    break;
                }
                if edge.is_constraint_edge() {
                    return None;
                }
                chords.push(edge.as_undirected().fix().index());
            }
            fan.reverse();
            chords.reverse();
            build.pass(s, &fan, &chords, &mut walk)?;
        }
        walks.push(walk);
    }
    build.finish(walks)
}

struct Build<'a> {
    outline: &'a Outline,
    grid: &'a EdgeGrid,
    reach_mm: f64,
    nodes: Vec<SkeletonNode>,
    node_of_face: Vec<usize>,
    edges: Vec<[usize; 2]>,
    edge_of_chord: Vec<usize>,
    /// How often each edge was walked forward and back.
    walked: Vec<[u8; 2]>,
}

impl Build<'_> {
    fn node(&mut self, face: usize, corners: [usize; 3]) -> Option<usize> {
        if *self.node_of_face.get(face)? == usize::MAX {
            let node = self.cleared(corners);
            let is_finite = node.place.iter().all(|x| x.is_finite()) && node.radius_mm.is_finite();
            if !is_finite || node.radius_mm < -UNEQUAL_MM {
                return None;
            }
            self.node_of_face[face] = self.nodes.len();
            self.nodes.push(SkeletonNode { radius_mm: node.radius_mm.max(0.0), ..node });
        }
        Some(self.node_of_face[face])
    }

    /// The node of a triangle, its radius never more than the distance to any of the outline.
    fn cleared(&self, corners: [usize; 3]) -> SkeletonNode {
        let node = equidistant(self.outline, corners);
        // The circle about a node that its triangle does not show to be empty may be found too large, never too small.
        if node.radius_mm > 2.0 * self.reach_mm {
            return node;
        }
        let true_radius = |place: V2, reach: f64| {
            let near = self.grid.nearest(Point::from_mm(place[0], place[1]), reach);
            near.map_or(reach, |near| near.distance_mm)
        };
        let radius_mm = true_radius(node.place, node.radius_mm.max(0.0));
        if radius_mm >= TRUSTED * node.radius_mm {
            return SkeletonNode { radius_mm: radius_mm.min(node.radius_mm), ..node };
        }
        // It has left the place that its triangle is about.
        let places = corners.map(|s| self.outline.stations[s].at);
        let place = centre_of(places);
        SkeletonNode { place, radius_mm: true_radius(place, distance(place, places[0])) }
    }

    /// The edge from one node to another, noted as walked.
    fn step(&mut self, chord: Option<usize>, from: usize, to: usize) -> usize {
        let known = chord.map_or(usize::MAX, |c| self.edge_of_chord[c]);
        let edge = if known == usize::MAX {
            self.edges.push([from, to]);
            self.walked.push([0, 0]);
            self.edges.len() - 1
        } else {
            known
        };
        if let Some(chord) = chord {
            self.edge_of_chord[chord] = edge;
        }
        self.walked[edge][usize::from(self.edges[edge][0] != from)] += 1;
        edge
    }

    /// Adds the ribs at one sample, past the nodes of its triangles.
    fn pass(&mut self, s: usize, fan: &[usize], chords: &[usize], walk: &mut Vec<Rib>) -> Option<()> {
        let station = &self.outline.stations[s];
        let is_corner = station.turn > LEAST_TURN;
        // The branch into an outer corner leaves from the node nearest to it.
        let tip = is_corner.then(|| {
            let near = |&i: &usize| distance(self.nodes[fan[i]].place, station.at);
            (0..fan.len()).min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(0)
        });
        let (before, after, at) = (station.before, station.after, station.at);
        for (i, &node) in fan.iter().enumerate() {
            if i > 0 {
                let edge = self.step(Some(chords[i - 1]), fan[i - 1], node);
                walk.last_mut()?.edge = Some(edge);
            }
            let place = self.nodes[node].place;
            match tip {
                Some(tip) => {
                    if i <= tip {
                        walk.push(Rib { foot: nearest_on(before, place), node, corner: None, edge: None });
                    }
                    if i == tip {
                        let corner = self.nodes.len();
                        self.nodes.push(SkeletonNode { place: at, radius_mm: 0.0 });
                        let edge = self.step(None, node, corner);
                        walk.last_mut()?.edge = Some(edge);
                        self.walked[edge][1] += 1;
                        walk.push(Rib { foot: at, node: corner, corner: None, edge: Some(edge) });
                    }
                    if i >= tip {
                        walk.push(Rib { foot: nearest_on(after, place), node, corner: None, edge: None });
                    }
                }
                None => {
                    let foot = self.outline.foot(s, place);
                    let is_inner = station.turn < -LEAST_TURN && distance(foot, at) < 1e-6;
                    let corner = is_inner.then(|| [before, after].map(normal));
                    walk.push(Rib { foot, node, corner, edge: None });
                }
            }
        }
        Some(())
    }

    /// Checks that every edge was walked once in either direction, and makes one of nodes at the same place.
    fn finish(mut self, mut walks: Vec<Vec<Rib>>) -> Option<Skeleton> {
        if self.walked.iter().any(|w| *w != [1, 1]) {
            return None;
        }
        let mut home: Vec<usize> = (0..self.nodes.len()).collect();
        fn root(home: &mut [usize], mut i: usize) -> usize {
            while home[i] != i {
                home[i] = home[home[i]];
                i = home[i];
            }
            i
        }
        for &[a, b] in &self.edges {
            let (a, b) = (root(&mut home, a), root(&mut home, b));
            if distance(self.nodes[a].place, self.nodes[b].place) < SAME_MM {
                home[a.max(b)] = a.min(b);
            }
        }
        for edge in &mut self.edges {
            *edge = edge.map(|n| root(&mut home, n));
        }
        for walk in &mut walks {
            for rib in walk.iter_mut() {
                rib.node = root(&mut home, rib.node);
                rib.edge = rib.edge.filter(|&e| self.edges[e][0] != self.edges[e][1]);
            }
            // Ribs that say nothing new.
            let count = walk.len();
            let mut kept: Vec<Rib> = Vec::with_capacity(count);
            for rib in walk.iter() {
                match kept.last_mut() {
                    Some(last)
                        if last.edge.is_none() && last.node == rib.node && distance(last.foot, rib.foot) < 1e-4 =>
                    {
                        last.edge = rib.edge;
                        last.corner = last.corner.or(rib.corner);
                    }
                    _ => kept.push(*rib),
                }
            }
            *walk = kept;
        }
        Some(Skeleton { nodes: self.nodes, edges: self.edges, walks })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Join, Ring};
    use super::*;

    fn polygon(points: &[(f64, f64)]) -> Region {
        Region::from_rings(vec![Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())])
    }

    fn skeleton(region: &Region) -> Skeleton {
        Skeleton::new(&region.islands()[0], 0.4, 5.0).unwrap()
    }

    /// What must hold of any skeleton.
    fn check(region: &Region, skeleton: &Skeleton) {
        let grid = EdgeGrid::new(region);
        for (i, node) in skeleton.nodes.iter().enumerate() {
            let at = Point::from_mm(node.place[0], node.place[1]);
            assert!(node.radius_mm < 1e-9 || region.contains(at), "node {i} at {:?} is outside", node.place);
            let near = grid.nearest(at, 100.0).unwrap().distance_mm;
            assert!((near - node.radius_mm).abs() < 0.01, "node {i}: {} instead of {near}", node.radius_mm);
        }
        let mut walked = vec![[0, 0]; skeleton.edges.len()];
        for walk in &skeleton.walks {
            for (i, rib) in walk.iter().enumerate() {
                let next = &walk[(i + 1) % walk.len()];
                match rib.edge {
                    Some(e) => {
                        let [u, v] = skeleton.edges[e];
                        let forward = (u, v) == (rib.node, next.node);
                        assert!(forward || (v, u) == (rib.node, next.node), "edge {e} is walked from elsewhere");
                        walked[e][usize::from(!forward)] += 1;
                    }
                    None => assert_eq!(rib.node, next.node),
                }
                let on = Point::from_mm(rib.foot[0], rib.foot[1]);
                // Between nodes, feet are on the chord over a shallow corner.
                let off = grid.nearest(on, 1.0).unwrap().distance_mm;
                assert!(off < 0.5 * 0.4 * LEAST_TURN + 0.001, "a foot is {off} mm beside the outline");
            }
        }
        let used = skeleton.edges.iter().zip(&walked).filter(|([u, v], _)| u != v);
        assert!(used.clone().count() > 0);
        assert!(used.into_iter().all(|(_, w)| *w == [1, 1]));
    }

    #[test]
    fn a_strip_has_its_half_width_along_the_middle_and_branches_into_its_corners() {
        for width in [0.1, 0.3, 0.8, 2.0] {
            let strip = polygon(&[(0.0, 0.0), (10.0, 0.0), (10.0, width), (0.0, width)]);
            let skeleton = skeleton(&strip);
            check(&strip, &skeleton);
            let middle: Vec<_> =
                skeleton.nodes.iter().filter(|n| n.place[0] > width && n.place[0] < 10.0 - width).collect();
            assert!(middle.len() > 4);
            for node in middle {
                assert!((node.place[1] - 0.5 * width).abs() < 1e-4 && (node.radius_mm - 0.5 * width).abs() < 1e-4);
            }
            let tips = skeleton.nodes.iter().filter(|n| n.radius_mm == 0.0);
            assert_eq!(tips.count(), 4);
        }
    }

    #[test]
    fn a_wedge_is_as_thick_as_it_is_at_each_place() {
        let wedge = polygon(&[(0.0, -2.0), (20.0, 0.0), (0.0, 2.0)]);
        let skeleton = skeleton(&wedge);
        check(&wedge, &skeleton);
        let sine = 2.0 / 404f64.sqrt();
        for node in skeleton.nodes.iter().filter(|n| n.place[0] > 2.5) {
            assert!((node.radius_mm - (20.0 - node.place[0]) * sine).abs() < 1e-3, "{node:?}");
        }
    }

    #[test]
    fn shapes_at_random_have_skeletons_that_fit_together() {
        let mut state = 5u64;
        let mut next = |most: f64| {
            state = state * 48_271 % 2_147_483_647;
            state as f64 / 2_147_483_647.0 * most
        };
        let mut count = 0;
        for _ in 0..60 {
            let mut area =
                polygon(&[(0.0, 0.0), (4.0 + next(8.0), 0.0), (5.0 + next(5.0), 6.0 + next(3.0)), (0.0, 9.0)]);
            for k in 0..4 {
                let (x, y, w, h, turn) = (next(12.0), next(12.0), 0.2 + next(5.0), 0.2 + next(2.0), next(3.0));
                let corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)]
                    .map(|(a, b)| (x + a * turn.cos() - b * turn.sin(), y + a * turn.sin() + b * turn.cos()));
                area = if k % 2 == 0 { area.union(&polygon(&corners)) } else { area.difference(&polygon(&corners)) };
            }
            let round = area.offset(0.3, Join::Round);
            for island in area.islands().iter().chain(&round.islands()) {
                if let Some(skeleton) = Skeleton::new(island, 0.4, 5.0) {
                    check(&Region::from(island), &skeleton);
                    count += 1;
                }
            }
        }
        assert!(count > 140, "only {count} skeletons");
    }

    #[test]
    fn outlines_that_touch_themselves_or_are_nothing_have_none() {
        let island = |points: &[(f64, f64)]| Island {
            outer: Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect()),
            holes: Vec::new(),
        };
        let touching = [(0.0, 0.0), (5.0, 0.0), (5.0, 2.0), (10.0, 0.0), (10.0, 4.0), (5.0, 2.0), (0.0, 4.0)];
        let crossing = [(0.0, 0.0), (5.0, 5.0), (5.0, 0.0), (0.0, 5.0)];
        for points in [&touching[..], &crossing[..], &[(0.0, 0.0), (1.0, 1.0)], &[]] {
            assert_eq!(Skeleton::new(&island(points), 0.4, 5.0), None, "{points:?}");
        }
    }
}
