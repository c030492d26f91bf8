//! Joins the ends of infill lines along the region's border into long paths.
//!
//! A link never leaves the border of the region that the lines were cut to, so it cannot leave the region, and every
//! stretch of border between two neighbouring ends is used at most once.

use super::family::{End, Piece, push};
use crate::geometry::{Point, Polyline, Region, UNITS_PER_MM};

/// One end of one piece: twice the piece's index, plus one for the end of higher `u`.
pub type Node = usize;

/// A stretch of border between two neighbouring ends.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub to: Node,
    pub length_mm: f64,
    forward: bool,
}

/// How ends are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joining {
    /// Ends further apart along the border are not joined.
    pub longest_link_mm: f64,
    /// Paths shorter than this are dropped.
    pub shortest_path_mm: f64,
    pub tails: Tails,
}

/// How a path goes on along the border where it ends. It never goes further than half way to the next end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tails {
    /// Only where the border runs on almost in the path's direction: the wedge between two lines and the border is too
    /// sharp for a link, and would stay empty.
    InWedges,
    /// By up to this length in mm, so that the path holds on to the wall; 0 = not at all.
    Anchors(f64),
}

/// The longest tail in a wedge, mm.
const LONGEST_TAIL_MM: f64 = 5.0;
/// Cosine of the angle between a line and the border below which a tail is worth while.
const TAIL_COSINE: f64 = 0.9;

/// The ends of pieces in their order along a region's border.
pub struct Border<'a> {
    region: &'a Region,
    pieces: &'a [Piece],
    /// Every node, ring by ring, in the order along the ring.
    order: Vec<Node>,
    /// Place of each node in `order`.
    place: Vec<usize>,
    /// Length of the ring up to each of its points in grid units, and in all; ring by ring.
    lengths: Vec<Vec<f64>>,
    /// Where each ring's nodes begin in `order`; one more at the end.
    starts: Vec<usize>,
}

impl<'a> Border<'a> {
    pub fn new(region: &'a Region, pieces: &'a [Piece]) -> Self {
        let end = |node: Node| -> &End { &pieces[node / 2].ends[node % 2] };
        let mut order: Vec<Node> = (0..pieces.len() * 2).collect();
        order.sort_unstable_by(|&a, &b| {
            let (p, q) = (end(a), end(b));
            (p.ring, p.edge).cmp(&(q.ring, q.edge)).then(p.along.total_cmp(&q.along)).then(a.cmp(&b))
        });
        let mut place = vec![0; order.len()];
        for (i, &node) in order.iter().enumerate() {
            place[node] = i;
        }
        let mut starts = Vec::with_capacity(region.rings.len() + 1);
        let mut at = 0;
        for ring in 0..region.rings.len() {
            starts.push(at);
            while at < order.len() && end(order[at]).ring as usize == ring {
                at += 1;
            }
        }
        starts.push(at);
        let lengths = region
            .rings
            .iter()
            .map(|ring| {
                let mut sum = 0.0;
                let mut lengths = Vec::with_capacity(ring.0.len() + 1);
                lengths.push(0.0);
                for (a, b) in ring.edges() {
                    sum += (a.distance_squared(b) as f64).sqrt();
                    lengths.push(sum);
                }
                lengths
            })
            .collect();
        Self { region, pieces, order, place, lengths, starts }
    }

    pub fn end(&self, node: Node) -> &End {
        &self.pieces[node / 2].ends[node % 2]
    }

    /// The two neighbours of an end along the border: the next, then the previous. `None` for an end that is not on the
    /// border.
    pub fn neighbours(&self, node: Node) -> Option<[Link; 2]> {
        let ring = self.end(node).ring;
        if ring == End::WITHIN {
            return None;
        }
        let ring = ring as usize;
        let (start, stop) = (self.starts[ring], self.starts[ring + 1]);
        let place = self.place[node];
        let next = self.order[if place + 1 == stop { start } else { place + 1 }];
        let previous = self.order[if place == start { stop - 1 } else { place - 1 }];
        Some([
            Link { to: next, length_mm: self.distance_mm(node, next), forward: true },
            Link { to: previous, length_mm: self.distance_mm(previous, node), forward: false },
        ])
    }

    /// Distance along the border in its direction.
    fn distance_mm(&self, from: Node, to: Node) -> f64 {
        let (a, b) = (self.end(from), self.end(to));
        let lengths = &self.lengths[a.ring as usize];
        let at = |e: &End| {
            let i = e.edge as usize;
            lengths[i] + e.along * (lengths[i + 1] - lengths[i])
        };
        let mut distance = at(b) - at(a);
        if self.place[to] <= self.place[from] {
            distance += lengths[lengths.len() - 1];
        }
        distance.max(0.0) / UNITS_PER_MM
    }

    /// Appends the border's points strictly between an end and its neighbour.
    pub fn trace(&self, from: Node, link: Link, path: &mut Vec<Point>) {
        let (first, last) = if link.forward { (from, link.to) } else { (link.to, from) };
        let ring = &self.region.rings[self.end(first).ring as usize].0;
        let (a, b) = (self.end(first).edge as usize, self.end(last).edge as usize);
        let wraps = self.place[last] <= self.place[first];
        let count = if wraps { b + ring.len() - a } else { b - a };
        let point = |i: usize| ring[(a + 1 + i) % ring.len()];
        if link.forward {
            (0..count).for_each(|i| push(path, point(i)));
        } else {
            (0..count).rev().for_each(|i| push(path, point(i)));
        }
    }

    /// A path whose lines are all there, from one end to another; `None` where it is too short.
    pub fn finished(&self, mut path: Vec<Point>, [start, end]: [Node; 2], joining: &Joining) -> Option<Polyline> {
        if joining.tails != Tails::Anchors(0.0) {
            self.tail(end, joining, &mut path);
            path.reverse();
            self.tail(start, joining, &mut path);
            path.reverse();
        }
        Some(Polyline(path)).filter(|path| path.length_mm() >= joining.shortest_path_mm)
    }

    /// Appends a tail to a path that ends at `node`.
    fn tail(&self, node: Node, joining: &Joining, path: &mut Vec<Point>) {
        let Some([next, previous]) = self.neighbours(node) else { return };
        let end = self.end(node);
        let (link, longest_mm) = match joining.tails {
            Tails::Anchors(length_mm) => {
                (if next.length_mm >= previous.length_mm { next } else { previous }, length_mm)
            }
            Tails::InWedges => {
                let ring = &self.region.rings[end.ring as usize].0;
                let edge = end.edge as usize;
                let (from, to) = (ring[edge], ring[(edge + 1) % ring.len()]);
                let other = self.end(node ^ 1).point;
                let vector = |a: Point, b: Point| {
                    let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
                    let length = dx.hypot(dy).max(1.0);
                    (dx / length, dy / length)
                };
                let (along, border) = (vector(other, end.point), vector(from, to));
                let cosine = along.0 * border.0 + along.1 * border.1;
                let link = if cosine > 0.0 { next } else { previous };
                if cosine.abs() < TAIL_COSINE || link.length_mm <= joining.longest_link_mm {
                    return;
                }
                (link, LONGEST_TAIL_MM)
            }
        };
        let mut left = (0.5 * link.length_mm).min(longest_mm);
        let mut way = Vec::new();
        self.trace(node, link, &mut way);
        way.push(self.end(link.to).point);
        let mut at = end.point;
        for p in way {
            let step = at.distance_mm(p);
            if step >= left {
                let share = left / step;
                let place = |a: i32, b: i32| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as i32;
                push(path, Point::new(place(at.x, p.x), place(at.y, p.y)));
                return;
            }
            left -= step;
            push(path, p);
            at = p;
        }
    }
}

/// Joins pieces into paths: from each free end on to the nearer neighbour along the border that is not yet in a path.
/// `trace` appends a piece's points to a path, in its direction or, where it says so, backward.
pub fn chain(
    region: &Region,
    pieces: &[Piece],
    joining: &Joining,
    trace: impl Fn(&Piece, bool, &mut Vec<Point>),
) -> Vec<Polyline> {
    let border = Border::new(region, pieces);
    let mut taken = vec![false; pieces.len()];
    let mut paths = Vec::new();
    for first in 0..pieces.len() {
        if taken[first] {
            continue;
        }
        taken[first] = true;
        let ahead = walk(&border, 2 * first + 1, joining.longest_link_mm, &mut taken);
        let behind = walk(&border, 2 * first, joining.longest_link_mm, &mut taken);
        let mut path = Vec::new();
        let trace = |entry: Node, path: &mut Vec<Point>| trace(&pieces[entry / 2], entry % 2 == 1, path);
        for &(node, link) in behind.iter().rev() {
            // Walked from the first piece outwards, so here against it: in at the far end, out at the linked one.
            trace(link.to ^ 1, &mut path);
            let back = Link { to: node, forward: !link.forward, ..link };
            border.trace(link.to, back, &mut path);
        }
        trace(2 * first, &mut path);
        for &(node, link) in &ahead {
            border.trace(node, link, &mut path);
            trace(link.to, &mut path);
        }
        let start = behind.last().map_or(2 * first, |(_, link)| link.to ^ 1);
        let end = ahead.last().map_or(2 * first + 1, |(_, link)| link.to ^ 1);
        paths.extend(border.finished(path, [start, end], joining));
    }
    paths
}

fn walk(border: &Border, from: Node, longest_mm: f64, taken: &mut [bool]) -> Vec<(Node, Link)> {
    let mut steps = Vec::new();
    let mut node = from;
    loop {
        let free =
            border.neighbours(node).into_iter().flatten().filter(|l| !taken[l.to / 2] && l.length_mm <= longest_mm);
        let Some(link) = free.min_by(|a, b| a.length_mm.total_cmp(&b.length_mm)) else { return steps };
        taken[link.to / 2] = true;
        steps.push((node, link));
        node = link.to ^ 1;
    }
}
