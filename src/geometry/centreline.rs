//! The middle of thin areas: lines along which one road of changing width fills them.
//!
//! The outline is sampled and triangulated (constrained Delaunay); the middles of the triangulation's inner edges are
//! the centreline and triangles with three of them its junctions (the chordal axis transform, Prasad 1997). Branches
//! that only lead into a corner are pruned. Local widths are measured to the outline itself, so sampling does not widen
//! them.

use spade::{ConstrainedDelaunayTriangulation, HasPosition, Point2, Triangulation};

use super::point::{Point, UNITS_PER_MM};
use super::region::{Island, Region};
use super::ring::Ring;

/// A line along the middle of a thin area. A closed one repeats its first point.
#[derive(Clone, Debug, PartialEq)]
pub struct Centreline {
    pub points: Vec<Point>,
    /// Width of the area across the line at each point.
    pub widths_mm: Vec<f64>,
}

impl Centreline {
    /// Length in mm.
    pub fn length_mm(&self) -> f64 {
        self.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum()
    }
}

/// Longest piece of outline between two samples, in grid units. Thin areas are some tenths of a millimetre wide.
const STEP: f64 = 0.25 * UNITS_PER_MM;
/// The outline is simplified to within this first.
const TOLERANCE_MM: f64 = 0.008;
/// A branch that reaches no further than this many radii from its junction's centre leads into a corner (a right angle's
/// tip is 1.41 radii away).
const CORNER_REACH: f64 = 1.6;
/// An end whose circle reaches no further than this many radii of a circle further in says nothing new.
const COVERED: f64 = 1.02;
/// Points of a centreline may be left out where position and width stay within these.
const POSITION_TOLERANCE: f64 = 0.01 * UNITS_PER_MM;
const WIDTH_TOLERANCE: f64 = 0.02 * UNITS_PER_MM;

/// The centrelines of an area, those parts of them where it is at least `least_width_mm` wide. Ordered as the islands are.
pub fn centrelines(area: &Region, least_width_mm: f64) -> Vec<Centreline> {
    let least = least_width_mm * UNITS_PER_MM;
    area.simplified(TOLERANCE_MM).islands().iter().flat_map(|island| of_island(island, least)).collect()
}

fn of_island(island: &Island, least: f64) -> Vec<Centreline> {
    let outline = Outline::new(island);
    let Some(mut graph) = Graph::new(&outline) else { return Vec::new() };
    graph.prune();
    graph.shorten();
    graph.untangle();
    graph.lines().iter().flat_map(|line| wide_parts(line, least)).map(|line| simplified(&line)).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Vector {
    x: f64,
    y: f64,
}

impl Vector {
    fn to(self, other: Self) -> Self {
        Self { x: other.x - self.x, y: other.y - self.y }
    }

    fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    fn mean(points: &[Self]) -> Self {
        let n = points.len() as f64;
        Self { x: points.iter().map(|p| p.x).sum::<f64>() / n, y: points.iter().map(|p| p.y).sum::<f64>() / n }
    }

    fn distance_to_segment(self, a: Self, b: Self) -> f64 {
        let (ab, ap) = (a.to(b), a.to(self));
        let squared = ab.dot(ab);
        let t = if squared > 0.0 { (ap.dot(ab) / squared).clamp(0.0, 1.0) } else { 0.0 };
        Self { x: ap.x - ab.x * t, y: ap.y - ab.y * t }.length()
    }
}

/// A sample of the outline, numbered as the triangulation numbers it.
#[derive(Clone, Copy)]
struct Sample(Vector);

impl HasPosition for Sample {
    type Scalar = f64;

    fn position(&self) -> Point2<f64> {
        Point2::new(self.0.x, self.0.y)
    }
}

/// An island's outline as samples, each different from all others, and the edges between them.
struct Outline {
    samples: Vec<Sample>,
    edges: Vec<[usize; 2]>,
    /// The other ends of the edges at each sample.
    neighbours: Vec<Vec<usize>>,
}

impl Outline {
    fn new(island: &Island) -> Self {
        let mut points: Vec<Point> = Vec::new();
        let mut ends: Vec<(Point, Point)> = Vec::new();
        for ring in std::iter::once(&island.outer).chain(&island.holes) {
            let sampled = sampled(ring);
            ends.extend((0..sampled.len()).map(|i| (sampled[i], sampled[(i + 1) % sampled.len()])));
            points.extend(sampled);
        }
        points.sort_unstable();
        points.dedup();
        let number = |p: Point| points.binary_search(&p).unwrap_or(0);
        let mut edges: Vec<[usize; 2]> = ends.iter().map(|&(a, b)| [number(a), number(b)]).collect();
        edges.retain(|[a, b]| a != b);
        let mut neighbours = vec![Vec::new(); points.len()];
        for &[a, b] in &edges {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        let samples = points.iter().map(|p| Sample(Vector { x: p.x.into(), y: p.y.into() })).collect();
        Self { samples, edges, neighbours }
    }

    fn at(&self, sample: usize) -> Vector {
        self.samples[sample].0
    }

    /// Half the width of the area at a place between some samples.
    fn radius(&self, place: Vector, between: &[usize]) -> f64 {
        between
            .iter()
            .flat_map(|&s| self.neighbours[s].iter().map(move |&n| (s, n)))
            .map(|(s, n)| place.distance_to_segment(self.at(s), self.at(n)))
            .fold(f64::INFINITY, f64::min)
    }
}

/// The ring's points and as many more between them that no two are further apart than the step.
fn sampled(ring: &Ring) -> Vec<Point> {
    let mut out = Vec::new();
    for (a, b) in ring.edges() {
        let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let pieces = ((dx * dx + dy * dy).sqrt() / STEP).ceil().max(1.0);
        for i in 0..pieces as usize {
            let t = i as f64 / pieces;
            out.push(Point::new((f64::from(a.x) + dx * t).round() as i32, (f64::from(a.y) + dy * t).round() as i32));
        }
    }
    out
}

#[derive(Clone, Debug)]
struct Node {
    place: Vector,
    /// Half the width here.
    radius: f64,
    links: Vec<usize>,
}

/// The chordal axis: nodes with one link are ends, with three junctions.
struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    /// `None` where the outline cannot be triangulated.
    fn new(outline: &Outline) -> Option<Self> {
        type Cdt = ConstrainedDelaunayTriangulation<Sample>;
        // Where outlines cross by a rounding error, an edge is left out; the area test below does not need it.
        let cdt = Cdt::try_bulk_load_cdt(outline.samples.clone(), outline.edges.clone(), |_| {}).ok()?;
        let inside = inside_faces(&cdt);
        let mut nodes: Vec<Node> = Vec::new();
        let mut node_of_edge: Vec<Option<usize>> = vec![None; cdt.num_undirected_edges()];
        for edge in cdt.undirected_edges() {
            if edge.is_constraint_edge() {
                continue;
            }
            let [a, b] = edge.vertices().map(|v| v.fix().index());
            let face = edge.as_directed().face().fix().index();
            if inside[face] {
                let place = Vector::mean(&[outline.at(a), outline.at(b)]);
                node_of_edge[edge.fix().index()] = Some(nodes.len());
                nodes.push(Node { place, radius: outline.radius(place, &[a, b]), links: Vec::new() });
            }
        }
        for face in cdt.inner_faces() {
            if !inside[face.fix().index()] {
                continue;
            }
            let chords: Vec<usize> = face
                .adjacent_edges()
                .iter()
                .filter_map(|edge| node_of_edge[edge.as_undirected().fix().index()])
                .collect();
            match chords[..] {
                [a, b] => link(&mut nodes, a, b),
                [a, b, c] => {
                    let corners = face.vertices().map(|v| v.fix().index());
                    let place = centre_of(corners.map(|s| outline.at(s)));
                    let centre = nodes.len();
                    nodes.push(Node { place, radius: outline.radius(place, &corners), links: Vec::new() });
                    for chord in [a, b, c] {
                        link(&mut nodes, centre, chord);
                    }
                }
                _ => {}
            }
        }
        Some(Self { nodes })
    }

    /// The nodes from `from` over `next` up to the next end or junction, which is included; `from` is not.
    fn branch(&self, from: usize, next: usize) -> Vec<usize> {
        let mut path = vec![next];
        let mut before = from;
        let mut here = next;
        while let [a, b] = self.nodes[here].links[..] {
            let onward = if a == before { b } else { a };
            if onward == from || path.len() > self.nodes.len() {
                break;
            }
            path.push(onward);
            before = here;
            here = onward;
        }
        path
    }

    /// Removes branches that end inside a corner of their junction's circle.
    fn prune(&mut self) {
        // Removing one branch may make another one the end of a longer line, so a few rounds; each only shortens.
        for _ in 0..3 {
            let mut removed = false;
            for junction in 0..self.nodes.len() {
                if self.nodes[junction].links.len() != 3 {
                    continue;
                }
                let radius = self.nodes[junction].radius;
                let mut short: Vec<(f64, Vec<usize>)> = Vec::new();
                for &next in &self.nodes[junction].links {
                    let path = self.branch(junction, next);
                    let Some(&end) = path.last() else { continue };
                    let reach = self.nodes[junction].place.to(self.nodes[end].place).length() + self.nodes[end].radius;
                    if self.nodes[end].links.len() <= 1 && reach < CORNER_REACH * radius {
                        short.push((reach, path));
                    }
                }
                // A speck with three corners keeps its two longest arms.
                short.sort_by(|a, b| a.0.total_cmp(&b.0));
                if short.len() == 3 {
                    short.truncate(1);
                }
                for (_, path) in short {
                    removed = true;
                    self.nodes[junction].links.retain(|&n| Some(&n) != path.first());
                    for node in path {
                        self.nodes[node].links.clear();
                        self.nodes[node].radius = 0.0;
                    }
                }
            }
            if !removed {
                break;
            }
        }
    }

    /// Takes back ends whose circle lies within the circle of a node further in: a road covers them from there.
    fn shorten(&mut self) {
        for leaf in 0..self.nodes.len() {
            let mut end = leaf;
            while let [next] = self.nodes[end].links[..] {
                let (place, radius) = (self.nodes[end].place, self.nodes[end].radius);
                let (mut before, mut node) = (end, next);
                let covered = loop {
                    let distance = self.nodes[node].place.to(place).length();
                    if distance + radius <= COVERED * self.nodes[node].radius {
                        break true;
                    }
                    let [a, b] = self.nodes[node].links[..] else { break false };
                    if distance > 4.0 * radius + STEP {
                        break false;
                    }
                    (before, node) = (node, if a == before { b } else { a });
                };
                if !covered {
                    break;
                }
                self.unlink(end, next);
                end = next;
            }
        }
    }

    /// At each junction the two straightest branches become one line; the third ends where that line's road begins.
    fn untangle(&mut self) {
        for junction in 0..self.nodes.len() {
            let [a, b, c] = self.nodes[junction].links[..] else { continue };
            let centre = self.nodes[junction].place;
            let direction = |node: usize| {
                let d = centre.to(self.nodes[node].place);
                let length = d.length().max(1e-9);
                Vector { x: d.x / length, y: d.y / length }
            };
            let (u, v, w) = (direction(a), direction(b), direction(c));
            // The straightest pair has the most opposite directions.
            let third = [(v.dot(w), a), (u.dot(w), b), (u.dot(v), c)]
                .into_iter()
                .min_by(|p, q| p.0.total_cmp(&q.0))
                .map_or(c, |(_, third)| third);
            self.unlink(junction, third);
            let mut end = third;
            while self.nodes[end].place.to(centre).length() < 0.8 * self.nodes[junction].radius {
                let [next] = self.nodes[end].links[..] else { break };
                self.unlink(end, next);
                end = next;
            }
        }
    }

    fn unlink(&mut self, a: usize, b: usize) {
        self.nodes[a].links.retain(|&n| n != b);
        self.nodes[b].links.retain(|&n| n != a);
    }

    /// All lines as nodes, closed ones with their first node again at the end.
    fn lines(&self) -> Vec<Vec<Node>> {
        let mut used = vec![false; self.nodes.len()];
        let mut lines = Vec::new();
        let walk = |start: usize, used: &mut Vec<bool>| {
            let mut line = vec![self.nodes[start].clone()];
            used[start] = true;
            let mut here = start;
            while let Some(&next) = self.nodes[here].links.iter().find(|&&n| !used[n]) {
                used[next] = true;
                line.push(self.nodes[next].clone());
                here = next;
            }
            (line, here)
        };
        for start in 0..self.nodes.len() {
            if !used[start] && self.nodes[start].links.len() == 1 {
                lines.push(walk(start, &mut used).0);
            }
        }
        for start in 0..self.nodes.len() {
            if !used[start] && self.nodes[start].links.len() == 2 {
                let (mut line, last) = walk(start, &mut used);
                if self.nodes[last].links.contains(&start) {
                    line.push(self.nodes[start].clone());
                }
                lines.push(line);
            }
        }
        lines
    }
}

/// The place in a triangle furthest from its corners: the circle's centre, or the middle of the longest side where that
/// centre is outside.
fn centre_of([a, b, c]: [Vector; 3]) -> Vector {
    for (p, q, r) in [(a, b, c), (b, c, a), (c, a, b)] {
        if p.to(q).dot(p.to(r)) <= 0.0 {
            return Vector::mean(&[q, r]);
        }
    }
    let (u, v) = (a.to(b), a.to(c));
    let (uu, vv, doubled) = (u.dot(u), v.dot(v), 2.0 * (u.x * v.y - u.y * v.x));
    Vector { x: a.x + (v.y * uu - u.y * vv) / doubled, y: a.y + (u.x * vv - v.x * uu) / doubled }
}

fn link(nodes: &mut [Node], a: usize, b: usize) {
    nodes[a].links.push(b);
    nodes[b].links.push(a);
}

/// For each face whether it is inside the outline: an odd number of outline edges away from outside.
fn inside_faces(cdt: &ConstrainedDelaunayTriangulation<Sample>) -> Vec<bool> {
    let mut inside: Vec<Option<bool>> = vec![None; cdt.num_all_faces()];
    let outer = cdt.outer_face().fix().index();
    inside[outer] = Some(false);
    let mut open: Vec<(usize, bool)> = Vec::new();
    for edge in cdt.convex_hull() {
        // The hull's edges have the outer face on one side.
        for side in [edge, edge.rev()] {
            let face = side.face().fix().index();
            if inside[face].is_none() {
                let within = edge.is_constraint_edge();
                inside[face] = Some(within);
                open.push((face, within));
            }
        }
    }
    let faces: Vec<_> = cdt.all_faces().map(|f| f.as_inner()).collect();
    while let Some((face, within)) = open.pop() {
        let Some(Some(inner)) = faces.get(face) else { continue };
        for edge in inner.adjacent_edges() {
            let other = edge.rev().face().fix().index();
            if inside[other].is_none() {
                let there = within ^ edge.is_constraint_edge();
                inside[other] = Some(there);
                open.push((other, there));
            }
        }
    }
    inside.into_iter().map(|i| i.unwrap_or(false)).collect()
}

/// The runs of a line that are at least this wide.
fn wide_parts(line: &[Node], least: f64) -> Vec<Vec<Node>> {
    line.split(|node| 2.0 * node.radius < least).filter(|run| run.len() >= 2).map(<[Node]>::to_vec).collect()
}

/// With fewer points: none left out that is off the line, or whose width is off the change of width, by more than allowed.
fn simplified(line: &[Node]) -> Centreline {
    let mut kept = vec![false; line.len()];
    kept[0] = true;
    kept[line.len() - 1] = true;
    let mut open = vec![(0, line.len() - 1)];
    while let Some((from, to)) = open.pop() {
        let (a, b) = (&line[from], &line[to]);
        let ab = a.place.to(b.place);
        let squared = ab.dot(ab);
        let error = |node: &Node| {
            let t = if squared > 0.0 { (a.place.to(node.place).dot(ab) / squared).clamp(0.0, 1.0) } else { 0.0 };
            let on = Vector { x: a.place.x + ab.x * t, y: a.place.y + ab.y * t };
            let width = 2.0 * (a.radius + (b.radius - a.radius) * t - node.radius).abs();
            (on.to(node.place).length() / POSITION_TOLERANCE).max(width / WIDTH_TOLERANCE)
        };
        let worst = (from + 1..to)
            .map(|i| (i, error(&line[i])))
            .fold((from, 1.0), |best, next| if next.1 > best.1 { next } else { best });
        if worst.0 != from {
            kept[worst.0] = true;
            open.push((from, worst.0));
            open.push((worst.0, to));
        }
    }
    let mut out = Centreline { points: Vec::new(), widths_mm: Vec::new() };
    for (node, _) in line.iter().zip(&kept).filter(|(_, kept)| **kept) {
        let point = Point::new(node.place.x.round() as i32, node.place.y.round() as i32);
        if out.points.last() != Some(&point) {
            out.points.push(point);
            out.widths_mm.push(2.0 * node.radius / UNITS_PER_MM);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(points: &[(f64, f64)]) -> Region {
        Region::from_rings(vec![Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())])
    }

    fn turned(points: &[(f64, f64)], angle: f64) -> Vec<(f64, f64)> {
        let (s, c) = angle.sin_cos();
        points.iter().map(|&(x, y)| (x * c - y * s, x * s + y * c)).collect()
    }

    #[test]
    fn a_strip_has_one_line_along_its_middle_with_its_width() {
        for angle in [0.0, 0.3, 1.0, 2.5] {
            for width in [0.08, 0.3, 0.5, 0.8] {
                let strip = turned(&[(0.0, 0.0), (10.0, 0.0), (10.0, width), (0.0, width)], angle);
                let lines = centrelines(&region(&strip), 0.05);
                assert_eq!(lines.len(), 1, "width {width}, angle {angle}: {lines:?}");
                let line = &lines[0];
                assert!((10.0 - line.length_mm()) < width + 0.3, "{}", line.length_mm());
                for (p, w) in line.points.iter().zip(&line.widths_mm) {
                    let [x, y] = p.to_mm();
                    let [_, across] = [x * angle.cos() + y * angle.sin(), -x * angle.sin() + y * angle.cos()];
                    assert!((across - 0.5 * width).abs() < 0.002, "{across} in {width}");
                    assert!((w - width).abs() < 0.005, "{w} in {width}");
                }
                assert!(line.points.len() <= 4, "{line:?}");
            }
        }
    }

    #[test]
    fn a_wedge_has_the_width_of_each_place_and_ends_where_it_is_too_thin() {
        let lines = centrelines(&region(&[(0.0, 0.0), (10.0, -0.4), (10.0, 0.4)]), 0.2);
        assert_eq!(lines.len(), 1, "{lines:?}");
        for (p, w) in lines[0].points.iter().zip(&lines[0].widths_mm) {
            let [x, y] = p.to_mm();
            assert!((w - 0.08 * x).abs() < 0.02 && y.abs() < 0.01, "width {w} at {x}, {y}");
            assert!(*w >= 0.2);
        }
    }

    #[test]
    fn a_thin_frame_has_one_closed_line() {
        let outer = region(&[(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)]);
        let inner = region(&[(0.4, 0.4), (7.6, 0.4), (7.6, 7.6), (0.4, 7.6)]);
        let lines = centrelines(&outer.difference(&inner), 0.1);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].points.first(), lines[0].points.last());
        assert!((lines[0].length_mm() - 4.0 * 7.6).abs() < 0.5, "{}", lines[0].length_mm());
    }

    #[test]
    fn a_crossing_of_strips_is_covered_by_lines_along_both() {
        let h = region(&[(0.0, 4.8), (10.0, 4.8), (10.0, 5.2), (0.0, 5.2)]);
        let v = region(&[(4.8, 0.0), (5.2, 0.0), (5.2, 10.0), (4.8, 10.0)]);
        let lines = centrelines(&h.union(&v), 0.1);
        let total: f64 = lines.iter().map(Centreline::length_mm).sum();
        assert!((18.0..20.0).contains(&total), "{total} {lines:?}");
        assert!(lines.len() <= 4);
        for line in &lines {
            for w in &line.widths_mm {
                assert!((0.35..0.62).contains(w), "{w}");
            }
        }
    }

    #[test]
    fn degenerate_areas_have_no_lines_and_do_no_harm() {
        assert_eq!(centrelines(&Region::default(), 0.1), []);
        let speck = region(&[(0.0, 0.0), (0.01, 0.0), (0.0, 0.01)]);
        assert_eq!(centrelines(&speck, 0.1), []);
        // Rings that touch in a point, and one that crosses itself.
        let touching = Region {
            rings: vec![
                region(&[(0.0, 0.0), (4.0, 0.0), (4.0, 0.4), (0.0, 0.4)]).rings[0].clone(),
                region(&[(4.0, 0.4), (8.0, 0.4), (8.0, 0.8), (4.0, 0.8)]).rings[0].clone(),
            ],
        };
        assert_eq!(centrelines(&touching, 0.1).len(), 2);
        let bow = Region {
            rings: vec![Ring(
                [(0, 0), (500_000, 30_000), (500_000, 0), (0, 30_000)].map(|(x, y)| Point::new(x, y)).to_vec(),
            )],
        };
        let _ = centrelines(&bow, 0.1);
    }
}
