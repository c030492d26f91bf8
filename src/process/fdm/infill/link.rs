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
    /// In the border's direction.
    pub forward: bool,
}

impl Link {
    /// The same stretch from the other side, to the node that it came from.
    pub fn back(self, from: Node) -> Self {
        Self { to: from, forward: !self.forward, ..self }
    }
}

/// How ends are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joining {
    /// Ends further apart along the border are not joined.
    pub longest_link_mm: f64,
    /// Paths shorter than this are dropped.
    pub shortest_path_mm: f64,
    /// Where a path ends it goes on along the border by up to this, so that it holds on to the wall, but never further
    /// than half way to the next end.
    pub anchor_mm: f64,
}

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

    /// The path of a run; `None` where it is too short.
    pub fn path(
        &self,
        run: &Run,
        joining: &Joining,
        trace: impl Fn(&Piece, bool, &mut Vec<Point>),
    ) -> Option<Polyline> {
        let (&first, &last) = (run.entries.first()?, run.entries.last()?);
        let mut path = Vec::new();
        for (i, &entry) in run.entries.iter().enumerate() {
            trace(&self.pieces[entry / 2], entry % 2 == 1, &mut path);
            if let Some(&link) = run.links.get(i) {
                self.trace(entry ^ 1, link, &mut path);
            }
        }
        if joining.anchor_mm > 0.0 {
            self.anchor(last ^ 1, joining.anchor_mm, &mut path);
            path.reverse();
            self.anchor(first, joining.anchor_mm, &mut path);
            path.reverse();
        }
        Some(Polyline(path)).filter(|path| path.length_mm() >= joining.shortest_path_mm)
    }

    /// The points strictly between an end and its neighbour, and the neighbour's.
    pub fn way(&self, from: Node, link: Link) -> Vec<Point> {
        let mut way = Vec::new();
        self.trace(from, link, &mut way);
        push(&mut way, self.end(link.to).point);
        way
    }

    /// Goes on from a path's end at `node` along the border by `length_mm`, but at most half way to the next end: the way
    /// that does not lead back under the line, where there is room for half of that.
    fn anchor(&self, node: Node, length_mm: f64, path: &mut Vec<Point>) {
        let Some(links) = self.neighbours(node) else { return };
        let (at, from) = (self.end(node).point.to_mm(), self.end(node ^ 1).point.to_mm());
        let [next, previous] = links.map(|link| {
            let way = self.way(node, link);
            let reach_mm = (0.5 * link.length_mm).min(length_mm);
            let to = way.first().map_or(at, |p| p.to_mm());
            let leads_on = [0, 1].map(|k| (to[k] - at[k]) * (at[k] - from[k])).iter().sum::<f64>() > 0.0;
            (leads_on && 2.0 * reach_mm >= length_mm, link.length_mm, reach_mm, way)
        });
        let (.., reach_mm, way) = if (next.0, next.1) >= (previous.0, previous.1) { next } else { previous };
        head(self.end(node).point, &way, reach_mm).for_each(|p| push(path, p));
    }
}

/// The points of the first `length_mm` of a way that goes on from a point.
pub fn head(from: Point, way: &[Point], length_mm: f64) -> impl Iterator<Item = Point> + '_ {
    let (mut at, mut left) = (from, length_mm);
    way.iter().map_while(move |&p| {
        if left <= 0.0 {
            return None;
        }
        let step = at.distance_mm(p);
        let reached = if step > left { at.towards(p, left / step) } else { p };
        left -= step;
        at = p;
        Some(reached)
    })
}

/// Pieces in the order of printing: at which end each is entered, and the links between them.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub entries: Vec<Node>,
    /// From the far end of each piece to the entry of the next, so one less.
    pub links: Vec<Link>,
}

/// Runs of pieces: from each free end on to the nearer neighbour along the border that is in no run yet, where the way is
/// not longer than `longest_mm`.
pub fn runs(border: &Border, longest_mm: f64) -> Vec<Run> {
    let mut taken = vec![false; border.pieces.len()];
    let mut runs = Vec::new();
    for first in 0..taken.len() {
        if taken[first] {
            continue;
        }
        taken[first] = true;
        let ahead = walk(border, 2 * first + 1, longest_mm, &mut taken);
        let behind = walk(border, 2 * first, longest_mm, &mut taken);
        let mut run = Run::default();
        for &(node, link) in behind.iter().rev() {
            // Walked from the first piece outwards, so here against it: in at the far end, out at the linked one.
            run.entries.push(link.to ^ 1);
            run.links.push(link.back(node));
        }
        run.entries.push(2 * first);
        for &(_, link) in &ahead {
            run.links.push(link);
            run.entries.push(link.to);
        }
        runs.push(run);
    }
    runs
}

/// Joins pieces into paths. `trace` appends a piece's points to a path, in its direction or, where it says so, backward.
pub fn chain(
    region: &Region,
    pieces: &[Piece],
    joining: &Joining,
    trace: impl Fn(&Piece, bool, &mut Vec<Point>),
) -> Vec<Polyline> {
    let border = Border::new(region, pieces);
    runs(&border, joining.longest_link_mm).iter().filter_map(|run| border.path(run, joining, &trace)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Bounds;
    use crate::process::fdm::infill::family::Family;
    use std::f64::consts::FRAC_PI_4;

    #[test]
    fn anchors_lead_on_and_not_back_under_their_line() {
        let area = Region::rectangle(Bounds { min: Point::from_mm(0.0, 0.0), max: Point::from_mm(20.0, 10.0) });
        // One line askew from side to side, nearer to one end of the area.
        let family = Family::new(FRAC_PI_4, 100.0, -3.0 / 2.0f64.sqrt());
        let pieces = family.pieces(&area, 0);
        let joining = Joining { longest_link_mm: 0.0, shortest_path_mm: 0.0, anchor_mm: 2.0 };
        let paths = chain(&area, &pieces, &joining, |piece, backward, path| family.trace(piece, backward, path));
        let points: Vec<[f64; 2]> = paths[0].0.iter().map(|p| p.to_mm()).collect();
        assert_eq!((paths.len(), points.len()), (1, 4));
        for bend in points.windows(3) {
            let [before, after] = [1, 2].map(|i| [0, 1].map(|k| bend[i][k] - bend[i - 1][k]));
            assert!(before[0] * after[0] + before[1] * after[1] > 0.0, "{points:?}");
        }
        assert!((paths[0].length_mm() - (10.0 * 2.0f64.sqrt() + 4.0)).abs() < 0.01);
    }
}
