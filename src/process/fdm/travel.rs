//! Ways of the tool between roads: straight where that stays inside the part, around corners and holes where it can,
//! and otherwise straight with the filament drawn back.
//!
//! Knows one layer's outlines and outer walls. Whether a way needs a retraction is decided here, because it is the same
//! question: does the way leave the part?

use std::cell::OnceCell;

use crate::geometry::{EdgeGrid, Point, Region};
use crate::settings::Settings;

use super::stages::PerimeterIsland;

/// What decides on ways and retractions.
#[derive(Clone, Debug, PartialEq)]
pub struct TravelSettings {
    pub avoid_crossing: bool,
    /// Longest detour for avoiding walls, mm; 0 = no limit.
    pub max_detour_mm: f64,
    /// Shortest way out of the part that retracts, mm.
    pub retract_before_mm: f64,
}

impl From<&Settings> for TravelSettings {
    fn from(s: &Settings) -> Self {
        Self {
            avoid_crossing: s.avoid_crossing_perimeters,
            max_detour_mm: s.avoid_crossing_perimeters_max_detour,
            retract_before_mm: s.retract_before_travel,
        }
    }
}

/// A way from one point to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Both ends included.
    pub points: Vec<Point>,
    /// Whether it leaves the part far enough that filament must be drawn back.
    pub retract: bool,
}

/// How near to an outer wall an end of a way counts as being on it.
const ATTACH_MM: f64 = 1.0;

/// The free space of one layer.
pub struct TravelMap<'a> {
    islands: Vec<&'a PerimeterIsland>,
    outlines: EdgeGrid,
    /// The island of each ring of the outlines.
    island_of_ring: Vec<usize>,
    walls: OnceCell<Walls>,
}

/// The middle of the outermost walls: along them a way is inside the part.
struct Walls {
    grid: EdgeGrid,
    rings: Vec<Vec<Point>>,
    /// Length in mm from a ring's first point to each of its points, and around.
    lengths: Vec<Vec<f64>>,
}

impl<'a> TravelMap<'a> {
    pub fn new(islands: Vec<&'a PerimeterIsland>) -> Self {
        let rings = islands.iter().flat_map(|i| std::iter::once(&i.outline.outer).chain(&i.outline.holes)).cloned();
        let outlines = EdgeGrid::new(&Region { rings: rings.collect() });
        let counts = islands.iter().enumerate().map(|(i, island)| (i, 1 + island.outline.holes.len()));
        let island_of_ring = counts.flat_map(|(i, rings)| std::iter::repeat_n(i, rings)).collect();
        Self { islands, outlines, island_of_ring, walls: OnceCell::new() }
    }

    /// Where along a straight line, 0 to 1, it meets an outline, and the index of the island.
    pub fn crossed(&self, from: Point, to: Point) -> impl Iterator<Item = (f64, usize)> + '_ {
        self.outlines.crossings(from, to).into_iter().map(|c| (c.at, self.island_of_ring[c.ring]))
    }

    /// Whether a straight line crosses no outline.
    pub fn is_clear(&self, from: Point, to: Point) -> bool {
        !self.outlines.is_crossed(from, to)
    }

    /// The way between two points; `inside` tells whether both are on the same island.
    pub fn way(&self, from: Point, to: Point, inside: bool, settings: &TravelSettings) -> Way {
        let straight = from.distance_mm(to);
        if inside && self.is_clear(from, to) {
            return Way { points: vec![from, to], retract: false };
        }
        if inside
            && settings.avoid_crossing
            && let Some(points) = self.around(from, to)
        {
            let length: f64 = points.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
            if settings.max_detour_mm <= 0.0 || length - straight <= settings.max_detour_mm {
                return Way { points, retract: false };
            }
        }
        Way { points: vec![from, to], retract: straight >= settings.retract_before_mm }
    }

    /// A way along outer walls wherever the straight line leaves the part; `None` where none was found.
    fn around(&self, from: Point, to: Point) -> Option<Vec<Point>> {
        let walls = self.walls.get_or_init(|| Walls::new(&self.islands));
        // Where the line meets walls, with the ends counted as on the walls that they are beside.
        let mut meets: Vec<(f64, usize, usize, Point)> = Vec::new();
        if let Some(n) = walls.grid.nearest(from, ATTACH_MM) {
            meets.push((-1.0, n.ring, n.edge, n.point));
        }
        for c in walls.grid.crossings(from, to) {
            let x = f64::from(from.x) + (f64::from(to.x) - f64::from(from.x)) * c.at;
            let y = f64::from(from.y) + (f64::from(to.y) - f64::from(from.y)) * c.at;
            meets.push((c.at, c.ring, c.edge, Point::new(x.round() as i32, y.round() as i32)));
        }
        if let Some(n) = walls.grid.nearest(to, ATTACH_MM) {
            meets.push((2.0, n.ring, n.edge, n.point));
        }
        let mut points = vec![from];
        let mut i = 0;
        while i < meets.len() {
            // Beyond a wall only the same wall leads back: everything between is skipped.
            let (_, ring, edge, first) = meets[i];
            let j = meets.iter().rposition(|m| m.1 == ring).unwrap_or(i);
            if j > i {
                walls.follow(ring, (edge, first), (meets[j].2, meets[j].3), &mut points);
            }
            i = j + 1;
        }
        points.push(to);
        let points = self.pulled_tight(&points);
        points.windows(2).all(|w| self.is_clear(w[0], w[1])).then_some(points)
    }

    /// Leaves out points wherever the straight line between others stays inside.
    fn pulled_tight(&self, points: &[Point]) -> Vec<Point> {
        let mut out = vec![points[0]];
        let last = points.len() - 1;
        let mut at = 0;
        while at < last {
            // The whole rest first, then strides that double while the view is free, then halving back.
            let mut free = at + 1;
            if self.is_clear(points[at], points[last]) {
                free = last;
            } else {
                let mut stride = 2;
                let mut blocked = last;
                while at + stride < last {
                    if self.is_clear(points[at], points[at + stride]) {
                        free = at + stride;
                        stride *= 2;
                    } else {
                        blocked = at + stride;
                        break;
                    }
                }
                while blocked - free > 1 {
                    let middle = usize::midpoint(free, blocked);
                    if self.is_clear(points[at], points[middle]) {
                        free = middle;
                    } else {
                        blocked = middle;
                    }
                }
            }
            if out.last() != Some(&points[free]) {
                out.push(points[free]);
            }
            at = free;
        }
        if out.len() == 1 {
            out.push(points[last]);
        }
        out
    }
}

impl Walls {
    fn new(islands: &[&PerimeterIsland]) -> Self {
        let rings = islands.iter().flat_map(|i| &i.walls).filter(|w| w.depth == 0 && w.path.0.len() >= 3);
        let region = Region { rings: rings.map(|w| w.path.clone()).collect() };
        let grid = EdgeGrid::new(&region);
        let lengths = region.rings.iter().map(|ring| {
            let mut sum = 0.0;
            let mut lengths = vec![0.0];
            for (a, b) in ring.edges() {
                sum += a.distance_mm(b);
                lengths.push(sum);
            }
            lengths
        });
        Self { grid, lengths: lengths.collect(), rings: region.rings.into_iter().map(|r| r.0).collect() }
    }

    /// Follows a ring from one place (edge and point on it) to another, the shorter way around.
    fn follow(&self, ring: usize, from: (usize, Point), to: (usize, Point), out: &mut Vec<Point>) {
        let (points, lengths) = (&self.rings[ring], &self.lengths[ring]);
        let n = points.len();
        let place = |(edge, p): (usize, Point)| lengths[edge] + points[edge].distance_mm(p);
        let (a, b, whole) = (place(from), place(to), lengths[n]);
        // By edge first: at a vertex, rounding may put the end of one edge beyond the beginning of the next.
        let is_ahead = (to.0, b) >= (from.0, a);
        let ahead = if is_ahead { (b - a).max(0.0) } else { b - a + whole };
        out.push(from.1);
        if ahead <= whole - ahead {
            let steps = if is_ahead { to.0 - from.0 } else { to.0 + n - from.0 };
            out.extend((1..=steps).map(|s| points[(from.0 + s) % n]));
        } else {
            let steps = if is_ahead { from.0 + n - to.0 } else { from.0 - to.0 };
            out.extend((0..steps).map(|s| points[(from.0 + n - s) % n]));
        }
        out.push(to.1);
    }
}

/// Whether a straight line leaves the islands of a layer that it begins in. Looks at every edge: for single questions,
/// where a [`TravelMap`] would not pay.
pub fn crosses_outline(islands: &[&PerimeterIsland], from: Point, to: Point) -> bool {
    let side = |a: Point, b: Point, p: Point| {
        let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
        abx * (i64::from(p.y) - i64::from(a.y)) - aby * (i64::from(p.x) - i64::from(a.x))
    };
    let opposite = |s: i64, t: i64| (s > 0 && t < 0) || (s < 0 && t > 0);
    let (low_x, high_x) = (from.x.min(to.x), from.x.max(to.x));
    let (low_y, high_y) = (from.y.min(to.y), from.y.max(to.y));
    let outlines = islands.iter().flat_map(|i| std::iter::once(&i.outline.outer).chain(&i.outline.holes));
    outlines.flat_map(|ring| ring.edges()).any(|(a, b)| {
        !(a.x.max(b.x) < low_x || a.x.min(b.x) > high_x || a.y.max(b.y) < low_y || a.y.min(b.y) > high_y)
            && opposite(side(from, to, a), side(from, to, b))
            && opposite(side(a, b, from), side(a, b, to))
    })
}

/// Steps shorter than this are none: rounded as they are in G-code, their speeds would mean nothing.
pub(super) const LEAST_STEP_MM: f64 = 0.005;

/// The first `length_mm` of a path; all of it where it is shorter. Also gives the length.
pub(super) fn head(points: impl IntoIterator<Item = Point>, length_mm: f64) -> (Vec<Point>, f64) {
    let mut out: Vec<Point> = Vec::new();
    let mut way = 0.0;
    for p in points {
        let Some(&last) = out.last() else {
            out.push(p);
            continue;
        };
        let step = last.distance_mm(p);
        if step < LEAST_STEP_MM {
            continue;
        }
        if way + step >= length_mm {
            if length_mm - way < LEAST_STEP_MM {
                return (out, way);
            }
            let end = last.towards(p, (length_mm - way) / step);
            if end != last {
                out.push(end);
            }
            return (out, length_mm);
        }
        way += step;
        out.push(p);
    }
    (out, way)
}

/// Cuts `length_mm` off the end of a path; a path shorter than four times that is left alone.
pub(super) fn cut_end(points: &mut Vec<Point>, length_mm: f64) {
    if length_mm > 0.0 && self::length_mm(points) >= 4.0 * length_mm {
        split_end(points, length_mm);
    }
}

/// Divides a path `length_mm` before its end, and gives the part behind that with both its ends.
pub(super) fn split_end(points: &mut Vec<Point>, length_mm: f64) -> Vec<Point> {
    let mut left = length_mm;
    let mut behind = Vec::new();
    while let [.., a, b] = points.as_slice() {
        let (a, b) = (*a, *b);
        let step = a.distance_mm(b);
        points.pop();
        behind.push(b);
        if step > left {
            let end = b.towards(a, left / step);
            if end != a {
                points.push(end);
            }
            break;
        }
        left -= step;
    }
    behind.extend(points.last());
    behind.reverse();
    behind.dedup();
    behind
}

/// Length of a path in mm.
pub(super) fn length_mm(points: &[Point]) -> f64 {
    points.windows(2).map(|w| w[0].distance_mm(w[1])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Island, Ring};
    use crate::process::fdm::stages::Wall;
    use crate::toolpath::Role;

    fn ring(points: &[(f64, f64)]) -> Ring {
        Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())
    }

    /// A U, open at the top, 30 mm wide and 30 mm high with arms of 10 mm.
    fn u_shape() -> PerimeterIsland {
        let outline = |d: f64| {
            ring(&[
                (d, d),
                (30.0 - d, d),
                (30.0 - d, 30.0 - d),
                (20.0 + d, 30.0 - d),
                (20.0 + d, 10.0 - d),
                (10.0 - d, 10.0 - d),
                (10.0 - d, 30.0 - d),
                (d, 30.0 - d),
            ])
        };
        PerimeterIsland {
            outline: Island { outer: outline(0.0), holes: Vec::new() },
            walls: vec![Wall {
                role: Role::ExternalPerimeter,
                depth: 0,
                is_hole: false,
                path: outline(0.225),
                width_mm: 0.45,
                widths_mm: Vec::new(),
            }],
            variable: Vec::new(),
            inner: Region::default(),
        }
    }

    fn settings() -> TravelSettings {
        TravelSettings { avoid_crossing: true, max_detour_mm: 0.0, retract_before_mm: 1.5 }
    }

    #[test]
    fn a_way_between_the_arms_of_a_u_goes_through_its_foot() {
        let island = u_shape();
        let map = TravelMap::new(vec![&island]);
        let ends = [
            ((5.0, 25.0), (25.0, 25.0)),
            ((0.225, 29.0), (29.775, 29.0)),
            ((9.775, 25.0), (20.225, 25.0)),
            ((9.775, 29.775), (25.0, 12.0)),
        ];
        for (a, b) in ends {
            let (a, b) = (Point::from_mm(a.0, a.1), Point::from_mm(b.0, b.1));
            let way = map.way(a, b, true, &settings());
            assert!(!way.retract, "{a:?} to {b:?}");
            assert_eq!((way.points[0], way.points[way.points.len() - 1]), (a, b));
            assert!(way.points.windows(2).all(|w| map.is_clear(w[0], w[1])));
            assert!(way.points.len() <= 6, "pulled tight: {:?}", way.points);
        }
    }

    #[test]
    fn a_detour_beyond_the_limit_is_a_straight_way_with_retraction() {
        let island = u_shape();
        let map = TravelMap::new(vec![&island]);
        let (a, b) = (Point::from_mm(5.0, 25.0), Point::from_mm(25.0, 25.0));
        let way = map.way(a, b, true, &TravelSettings { max_detour_mm: 5.0, ..settings() });
        assert_eq!(way, Way { points: vec![a, b], retract: true });
        let way = map.way(a, b, true, &TravelSettings { avoid_crossing: false, ..settings() });
        assert_eq!(way, Way { points: vec![a, b], retract: true });
        // Too short to be worth a retraction.
        let near = Point::from_mm(9.5, 25.0);
        let way = map.way(near, Point::from_mm(10.5, 25.0), false, &settings());
        assert!(!way.retract);
    }

    #[test]
    fn single_questions_and_the_map_agree() {
        let island = u_shape();
        let map = TravelMap::new(vec![&island]);
        for (a, b) in [((1.0, 1.0), (29.0, 9.0)), ((1.0, 29.0), (29.0, 29.0)), ((5.0, 25.0), (8.0, 3.0))] {
            let (a, b) = (Point::from_mm(a.0, a.1), Point::from_mm(b.0, b.1));
            assert_eq!(map.is_clear(a, b), !crosses_outline(&[&island], a, b));
        }
    }

    #[test]
    fn a_loops_end_is_cut_and_a_short_path_is_left_alone() {
        let mut square: Vec<Point> = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]
            .map(|(x, y)| Point::from_mm(x, y))
            .to_vec();
        cut_end(&mut square, 12.0);
        assert!((length_mm(&square) - 40.0).abs() < 1e-9, "a quarter is the most that is cut");
        cut_end(&mut square, 0.06);
        assert!((length_mm(&square) - 39.94).abs() < 1e-6);
        let (first, length) = head(square, 15.0);
        assert!((length_mm(&first) - 15.0).abs() < 1e-6 && length == 15.0);
    }
}
