//! Curves of any shape, cut to a region and joined along its border.

use super::family::{End, Piece, push};
use super::link::{Joining, chain};
use crate::geometry::{Crossing, EdgeGrid, Point, Polyline, Region};

/// The parts of curves inside an area, their ends on the border joined.
pub fn laid(area: &Region, curves: &[Polyline], joining: &Joining) -> Vec<Polyline> {
    let (pieces, points) = cut(area, curves);
    chain(area, &pieces, joining, |piece, backward, path| {
        let points = &points[piece.line as usize];
        if backward {
            points.iter().rev().for_each(|&p| push(path, p));
        } else {
            points.iter().for_each(|&p| push(path, p));
        }
    })
}

/// The parts of curves inside an area, in the curves' order and direction; the points of each under its number, which
/// is the piece's line.
fn cut(area: &Region, curves: &[Polyline]) -> (Vec<Piece>, Vec<Vec<Point>>) {
    let grid = EdgeGrid::new(area);
    let mut cutter = Cutter { area, pieces: Vec::new(), points: Vec::new(), begun: None };
    for curve in curves {
        let Some(&first) = curve.0.first() else { continue };
        let mut from = Place { point: first, crossing: None };
        // Known until the border is met again.
        let mut is_inside = None;
        for ends in curve.0.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            let crossings = grid.crossings(a, b).into_iter();
            let places = crossings.map(|c| Place { point: a.towards(b, c.at), crossing: Some(c) });
            for to in places.chain(std::iter::once(Place { point: b, crossing: None })) {
                if to.point != from.point {
                    let inside = *is_inside.get_or_insert_with(|| grid.contains(from.point.towards(to.point, 0.5)));
                    if inside {
                        cutter.go_on(from, to.point);
                    } else {
                        cutter.end(from);
                    }
                    from = to;
                } else if to.crossing.is_some() {
                    from = to;
                }
                if to.crossing.is_some() {
                    is_inside = None;
                }
            }
        }
        cutter.end(from);
    }
    (cutter.pieces, cutter.points)
}

/// A place on a curve, and where it is on the border if it is there.
#[derive(Clone, Copy)]
struct Place {
    point: Point,
    crossing: Option<Crossing>,
}

struct Cutter<'a> {
    area: &'a Region,
    pieces: Vec<Piece>,
    points: Vec<Vec<Point>>,
    /// A piece that has not ended yet.
    begun: Option<(Place, Vec<Point>)>,
}

impl Cutter<'_> {
    fn go_on(&mut self, from: Place, to: Point) {
        let (_, points) = self.begun.get_or_insert_with(|| (from, vec![from.point]));
        // Where the curve only touched the border it was cut in vain.
        if let [.., a, b] = points.as_slice()
            && is_straight(*a, *b, to)
        {
            points.pop();
        }
        points.push(to);
    }

    fn end(&mut self, at: Place) {
        let Some((start, points)) = self.begun.take() else { return };
        let ends = [self.end_at(start, 0), self.end_at(at, points.len() - 1)];
        self.pieces.push(Piece { family: 0, line: self.points.len() as i64, ends });
        self.points.push(points);
    }

    fn end_at(&self, place: Place, index: usize) -> End {
        let u = index as f64;
        let Some(Crossing { ring, edge, .. }) = place.crossing else { return End::within(place.point, u) };
        let points = &self.area.rings[ring].0;
        let (a, b) = (points[edge], points[(edge + 1) % points.len()]);
        let length = a.distance_mm(b);
        let along = if length > 0.0 { (a.distance_mm(place.point) / length).min(1.0) } else { 0.0 };
        End { point: place.point, ring: ring as u32, edge: edge as u32, along, u }
    }
}

/// Whether `b` lies on the way from `a` to `c`.
fn is_straight(a: Point, b: Point, c: Point) -> bool {
    let step = |p: Point, q: Point| (i64::from(q.x) - i64::from(p.x), i64::from(q.y) - i64::from(p.y));
    let ((ux, uy), (vx, vy)) = (step(a, b), step(b, c));
    ux * vy == uy * vx && ux * vx + uy * vy > 0
}
