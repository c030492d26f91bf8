//! Families of parallel lines, or of one wave repeated, cut to a region by a scan line.
//!
//! Straight infill is a handful of such families; a gyroid layer is two. Every crossing remembers where on the region's
//! border it lies, so that neighbouring ends can be joined along the border without any search. The cut is exact in
//! the sense that matters: each ring vertex is put on one side of each line once, so the crossings of a closed ring
//! always pair up.

use crate::geometry::{Point, Region, UNITS_PER_MM};
use std::ops::Range;

/// A wave of straight chords that repeats for ever, in grid units.
#[derive(Clone, Debug)]
pub struct Wave {
    period: f64,
    /// Where the vertices of one period are along it, ascending from 0 up to the period.
    places: Vec<f64>,
    heights: Vec<f64>,
}

impl Wave {
    /// A wave through `vertices_mm`: place along it and height of each vertex of one period, by place, which is from 0 up
    /// to `period_mm`.
    pub fn new(period_mm: f64, vertices_mm: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let (places, heights) =
            vertices_mm.into_iter().map(|[place, height]| (place * UNITS_PER_MM, height * UNITS_PER_MM)).unzip();
        Self { period: period_mm * UNITS_PER_MM, places, heights }
    }

    /// Place and height of vertex number `n`; vertex 0 is the first of the period that begins at 0.
    fn vertex(&self, n: i64) -> (f64, f64) {
        let count = self.places.len() as i64;
        let i = n.rem_euclid(count) as usize;
        (n.div_euclid(count) as f64 * self.period + self.places[i], self.heights[i])
    }

    /// The number of the first vertex whose place is not `before` some place.
    fn first(&self, u: f64, before: impl Fn(f64, f64) -> bool) -> i64 {
        let period = (u / self.period).floor();
        let rest = u - period * self.period;
        period as i64 * self.places.len() as i64 + self.places.partition_point(|&place| before(place, rest)) as i64
    }

    /// The vertices strictly between two places.
    fn between(&self, low: f64, high: f64) -> Range<i64> {
        self.first(low, |place, u| place <= u)..self.first(high, |place, u| place < u)
    }

    fn at(&self, u: f64) -> f64 {
        let n = self.first(u, |place, u| place <= u);
        let ((from, low), (to, high)) = (self.vertex(n - 1), self.vertex(n));
        let share = (u - from) / (to - from);
        low * (1.0 - share) + high * share
    }
}

/// Parallel curves all over the plate. In the frame that is the plate's turned by the family's angle, with `u` along and
/// `v` across, curve number `k` runs along `v = shift + k * spacing + wave(u)`.
#[derive(Clone, Debug)]
pub struct Family {
    cos: f64,
    sin: f64,
    spacing: f64,
    shift: f64,
    wave: Option<Wave>,
}

/// Where a curve enters or leaves the region, which is a place on its border, or where it begins or ends within.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub point: Point,
    /// Ring of the region; [`End::WITHIN`] where the end is not on the border.
    pub ring: u32,
    /// Edge of the ring, from point `edge` to the next.
    pub edge: u32,
    /// Place along the edge, 0 to 1.
    pub along: f64,
    /// Place along the curve in grid units.
    pub u: f64,
}

impl End {
    /// In place of a ring: the end lies within the region.
    pub const WITHIN: u32 = u32::MAX;

    /// An end within the region.
    pub fn within(point: Point, u: f64) -> Self {
        Self { point, ring: Self::WITHIN, edge: 0, along: 0.0, u }
    }
}

/// A part of one curve inside the region, from lower to higher `u`.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub family: u32,
    /// Number of the curve in its family; neighbours in a family of lines differ by one.
    pub line: i64,
    pub ends: [End; 2],
}

impl Piece {
    /// Extent along the curve's direction in grid units.
    pub fn extent(&self) -> f64 {
        self.ends[1].u - self.ends[0].u
    }
}

impl Family {
    /// Straight lines in direction `angle_rad`, `spacing_mm` apart; line 0 lies `shift_mm` to the left of the plate's origin.
    pub fn new(angle_rad: f64, spacing_mm: f64, shift_mm: f64) -> Self {
        let (sin, cos) = angle_rad.sin_cos();
        Self { cos, sin, spacing: spacing_mm * UNITS_PER_MM, shift: shift_mm * UNITS_PER_MM, wave: None }
    }

    /// The same family with a wave in place of straight lines.
    pub fn with_wave(self, wave: Wave) -> Self {
        Self { wave: Some(wave), ..self }
    }

    fn to_frame(&self, p: Point) -> (f64, f64) {
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    fn to_plate(&self, u: f64, v: f64) -> Point {
        Point::new((u * self.cos - v * self.sin).round() as i32, (u * self.sin + v * self.cos).round() as i32)
    }

    /// Least and greatest distance of a region from the plate's origin across the direction, in mm.
    pub fn extent_across_mm(&self, region: &Region) -> Option<(f64, f64)> {
        let mut across = region.rings.iter().flat_map(|r| &r.0).map(|&p| self.to_frame(p).1);
        let first = across.next()?;
        let (low, high) = across.fold((first, first), |(low, high), v| (low.min(v), high.max(v)));
        Some((low / UNITS_PER_MM, high / UNITS_PER_MM))
    }

    /// The number of the first curve above `v`.
    fn first_above(&self, v: f64) -> i64 {
        ((v - self.shift) / self.spacing).floor() as i64 + 1
    }

    /// The parts of the curves inside a region, by curve and along it; `family` is noted in each.
    pub fn pieces(&self, region: &Region, family: u32) -> Vec<Piece> {
        self.pieces_between(region, family, i64::MIN, i64::MAX)
    }

    /// As [`Family::pieces`], only of curves `first` to `last`.
    pub fn pieces_between(&self, region: &Region, family: u32, first: i64, last: i64) -> Vec<Piece> {
        let mut crossings: Vec<(i64, End)> = Vec::new();
        for (r, ring) in region.rings.iter().enumerate() {
            let points = &ring.0;
            let Some(&closing) = points.last() else { continue };
            let mut from = self.straightened(closing);
            let mut from_point = closing;
            for (i, &to_point) in points.iter().enumerate() {
                let to = self.straightened(to_point);
                let edge = Edge {
                    points: [from_point, to_point],
                    ring: r as u32,
                    edge: (if i == 0 { points.len() } else { i } - 1) as u32,
                };
                match &self.wave {
                    None => self.cross(&edge, [0.0, 1.0], [from, to], (first, last), &mut crossings),
                    Some(wave) => self.cross_wave(wave, &edge, [from, to], (first, last), &mut crossings),
                }
                (from, from_point) = (to, to_point);
            }
        }
        crossings.sort_unstable_by(|(k, a), (l, b)| {
            k.cmp(l)
                .then(a.u.total_cmp(&b.u))
                .then((a.ring, a.edge).cmp(&(b.ring, b.edge)))
                .then(a.along.total_cmp(&b.along))
        });
        let mut pieces = Vec::with_capacity(crossings.len() / 2);
        let (pairs, _) = crossings.as_chunks::<2>();
        for &[(line, a), (_, b)] in pairs {
            if a.point != b.point {
                pieces.push(Piece { family, line, ends: [a, b] });
            }
        }
        pieces
    }

    /// A point in the frame in which the curves are straight lines.
    fn straightened(&self, p: Point) -> (f64, f64) {
        let (u, v) = self.to_frame(p);
        (u, self.wave.as_ref().map_or(v, |w| v - w.at(u)))
    }

    /// Where a part of an edge, straight in the straightened frame, crosses the lines. A vertex on a line counts as above.
    fn cross(
        &self,
        edge: &Edge,
        span: [f64; 2],
        [from, to]: [(f64, f64); 2],
        (first, last): (i64, i64),
        out: &mut Vec<(i64, End)>,
    ) {
        let (a, b) = (self.first_above(from.1), self.first_above(to.1));
        for line in a.min(b).max(first)..a.max(b).min(last.saturating_add(1)) {
            let v = self.shift + line as f64 * self.spacing;
            let share = ((v - from.1) / (to.1 - from.1)).clamp(0.0, 1.0);
            let along = span[0] + share * (span[1] - span[0]);
            let [p, q] = edge.points;
            let point = p.towards(q, along);
            let u = from.0 + share * (to.0 - from.0);
            out.push((line, End { point, ring: edge.ring, edge: edge.edge, along, u }));
        }
    }

    /// As [`Family::cross`] for a wave: the edge is bent at every vertex of the wave.
    fn cross_wave(
        &self,
        wave: &Wave,
        edge: &Edge,
        [from, to]: [(f64, f64); 2],
        lines: (i64, i64),
        out: &mut Vec<(i64, End)>,
    ) {
        let length = to.0 - from.0;
        // Across, before the wave was taken off.
        let (v_from, v_to) = (self.to_frame(edge.points[0]).1, self.to_frame(edge.points[1]).1);
        let mut at = (0.0, from);
        let mut bend = |n: i64| {
            let (u, height) = wave.vertex(n);
            let along = ((u - from.0) / length).clamp(0.0, 1.0);
            let next = (along, (u, v_from + along * (v_to - v_from) - height));
            self.cross(edge, [at.0, next.0], [at.1, next.1], lines, out);
            at = next;
        };
        if length > 0.0 {
            wave.between(from.0, to.0).for_each(&mut bend);
        } else if length < 0.0 {
            wave.between(to.0, from.0).rev().for_each(&mut bend);
        }
        self.cross(edge, [at.0, 1.0], [at.1, to], lines, out);
    }

    /// Appends a piece's points to a path, in its direction or against it.
    pub fn trace(&self, piece: &Piece, backward: bool, path: &mut Vec<Point>) {
        let [a, b] = piece.ends;
        push(path, if backward { b.point } else { a.point });
        if let Some(wave) = &self.wave {
            let v = self.shift + piece.line as f64 * self.spacing;
            let mut bend = |n: i64| {
                let (u, height) = wave.vertex(n);
                push(path, self.to_plate(u, v + height));
            };
            let bends = wave.between(a.u, b.u);
            if backward { bends.rev().for_each(&mut bend) } else { bends.for_each(&mut bend) }
        }
        push(path, if backward { a.point } else { b.point });
    }
}

struct Edge {
    points: [Point; 2],
    ring: u32,
    edge: u32,
}

/// Appends a point unless it is where the path already ends.
pub fn push(path: &mut Vec<Point>, p: Point) {
    if path.last() != Some(&p) {
        path.push(p);
    }
}
