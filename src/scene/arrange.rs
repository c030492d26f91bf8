//! Nesting: places for outlines on the plate, so that none overlap.
//!
//! Outlines are convex. Where the middle of one may stand is computed exactly: the plate shrunk by its shape, without
//! the places at which it would meet what already stands (Minkowski sums, the "no-fit polygon" of Art 1966). Of these
//! places the one nearest to the plate's middle is taken. Largest first; same input, same places.

use std::collections::BTreeMap;

use super::plate::{BuildPlate, ring};
use crate::geometry::{Bounds, Join, Point, Region, Ring};
use crate::model::hull::convex_outline;
use crate::progress::{Canceled, Progress};

/// What to keep free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clearance {
    /// Between outlines.
    pub spacing_mm: f64,
    /// Between outlines and the border of the plate; given up where an outline would not fit otherwise.
    pub margin_mm: f64,
}

/// Outlines of more corners are simplified, outwards.
const MANY_CORNERS: usize = 40;

const SIMPLER_BY_MM: f64 = 0.2;

/// Finds places for `outlines` (convex, counter-clockwise, mm), away from `fixed` ones. Gives for each outline by how
/// much it must be moved, or `None` where there is no room for it. Without fixed ones the whole is centred.
pub fn arrange(
    outlines: &[Vec<[f64; 2]>],
    fixed: &[Vec<[f64; 2]>],
    plate: &BuildPlate,
    clearance: Clearance,
    progress: &Progress,
) -> Result<Vec<Option<[f64; 2]>>, Canceled> {
    let shapes: Vec<Shape> = outlines.iter().map(|o| Shape::new(o, clearance)).collect();
    let mut order: Vec<usize> = (0..shapes.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(shapes[*i].area), *i));
    let obstacles = Obstacles::new(plate, fixed);
    let mut placed: Vec<(usize, Point)> = Vec::new();
    // For each shape the places where its middle may stand, less those that the first few placed ones take.
    let mut free: BTreeMap<&[Point], (Region, usize)> = BTreeMap::new();
    for i in order {
        progress.check()?;
        let shape = &shapes[i];
        let (region, known) = free.entry(&shape.spaced.0).or_insert_with(|| (obstacles.room_for(shape), 0));
        for (other, at) in &placed[*known..] {
            let taken = meeting_places(&moved(&shapes[*other].outline, *at), &shape.spaced);
            *region = region.difference(&Region { rings: vec![taken] });
        }
        *known = placed.len();
        if let Some(at) = nearest(region, obstacles.center) {
            placed.push((i, at));
        }
    }
    if fixed.is_empty() {
        center(&mut placed, &shapes, &obstacles);
    }
    let mut shifts = vec![None; outlines.len()];
    for (i, at) in placed {
        let ([x, y], [x0, y0]) = (at.to_mm(), shapes[i].middle.to_mm());
        shifts[i] = Some([x - x0, y - y0]);
    }
    Ok(shifts)
}

/// An outline around its own middle.
struct Shape {
    outline: Ring,
    /// With the distance to others around it.
    spaced: Ring,
    /// With the distance to the plate's border around it.
    margined: Ring,
    /// Where the middle is now.
    middle: Point,
    /// In square units, for sorting.
    area: i64,
}

impl Shape {
    fn new(outline: &[[f64; 2]], clearance: Clearance) -> Self {
        let on_grid = ring(outline);
        let middle = Bounds::around(on_grid.0.iter().copied())
            .map_or(Point::default(), |b| Point::new(midway(b.min.x, b.max.x), midway(b.min.y, b.max.y)));
        let local = moved(&on_grid, Point::new(-middle.x, -middle.y));
        let simple = simplified(&local);
        let area = (simple.area_mm2() * 1e3) as i64;
        Self {
            spaced: grown(&simple, clearance.spacing_mm),
            margined: grown(&local, clearance.margin_mm),
            outline: simple,
            middle,
            area,
        }
    }
}

/// The plate as convex pieces that nothing may meet, around a convex room.
struct Obstacles {
    room: Ring,
    /// Convex; excluded areas and what is missing of the plate to its convex hull, then fixed outlines.
    blocked: Vec<Ring>,
    fixed: Vec<Ring>,
    center: Point,
}

impl Obstacles {
    fn new(plate: &BuildPlate, fixed: &[Vec<[f64; 2]>]) -> Self {
        let room = ring(&convex_outline(plate.outline.clone()));
        let missing = Region { rings: vec![room.clone()] }.difference(&plate.area);
        let [x, y] = plate.center();
        Self {
            blocked: convex_pieces(&missing.without_specks(1e-4), 0),
            fixed: fixed.iter().map(|f| simplified(&ring(f))).collect(),
            room,
            center: Point::from_mm(x, y),
        }
    }

    /// Where the middle of a shape may stand; with less distance to the border where it would not fit otherwise.
    fn room_for(&self, shape: &Shape) -> Region {
        let [with_margin, without] = [&shape.margined, &shape.outline].map(|s| self.inner_places(s));
        let mut room = if with_margin.is_empty() { without } else { with_margin };
        for blocked in &self.blocked {
            room = room.difference(&Region { rings: vec![meeting_places(blocked, &shape.outline)] });
        }
        for fixed in &self.fixed {
            room = room.difference(&Region { rings: vec![meeting_places(fixed, &shape.spaced)] });
        }
        room
    }

    /// Where a shape lies within the room: the room moved by each of its corners, all at once.
    fn inner_places(&self, shape: &Ring) -> Region {
        let mut places: Option<Region> = None;
        for corner in &shape.0 {
            let shifted = Region { rings: vec![moved(&self.room, Point::new(-corner.x, -corner.y))] };
            places = Some(places.map_or_else(|| shifted.clone(), |p| p.intersection(&shifted)));
        }
        places.unwrap_or_default()
    }
}

/// Moves everything so that it stands in the middle of the plate, where that keeps it on the plate.
fn center(placed: &mut [(usize, Point)], shapes: &[Shape], obstacles: &Obstacles) {
    let corners = placed.iter().flat_map(|(i, at)| moved(&shapes[*i].outline, *at).0);
    let Some(around) = Bounds::around(corners) else { return };
    let by = Point::new(
        obstacles.center.x - midway(around.min.x, around.max.x),
        obstacles.center.y - midway(around.min.y, around.max.y),
    );
    let mut rooms: BTreeMap<&[Point], Region> = BTreeMap::new();
    let fits = placed.iter().all(|(i, at)| {
        let room = rooms.entry(&shapes[*i].spaced.0).or_insert_with(|| obstacles.room_for(&shapes[*i]));
        room.contains(plus(*at, by))
    });
    if fits {
        for (_, at) in placed {
            *at = plus(*at, by);
        }
    }
}

/// The point of a region that is nearest to `to`; the lowest, then the leftmost of several.
fn nearest(region: &Region, to: Point) -> Option<Point> {
    if region.contains(to) {
        return Some(to);
    }
    let mut best: Option<(i64, i32, i32)> = None;
    for (a, b) in region.rings.iter().flat_map(Ring::edges) {
        let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let length_squared = dx * dx + dy * dy;
        let along = (f64::from(to.x) - f64::from(a.x)) * dx + (f64::from(to.y) - f64::from(a.y)) * dy;
        let t = if length_squared > 0.0 { (along / length_squared).clamp(0.0, 1.0) } else { 0.0 };
        let p = Point::new((f64::from(a.x) + t * dx).round() as i32, (f64::from(a.y) + t * dy).round() as i32);
        let candidate = (p.distance_squared(to), p.y, p.x);
        best = Some(best.map_or(candidate, |b| b.min(candidate)));
    }
    best.map(|(_, y, x)| Point::new(x, y))
}

/// Where the middle of `shape` stands when it meets `obstacle`: the Minkowski sum of the obstacle and the mirrored
/// shape, by merging their edges in order of direction.
fn meeting_places(obstacle: &Ring, shape: &Ring) -> Ring {
    let mirrored: Vec<Point> = shape.0.iter().map(|p| Point::new(-p.x, -p.y)).collect();
    let (a, b) = (from_lowest(&obstacle.0), from_lowest(&mirrored));
    if a.is_empty() || b.is_empty() {
        return Ring::default();
    }
    let edge = |p: &[Point], i: usize| {
        let (from, to) = (p[i % p.len()], p[(i + 1) % p.len()]);
        (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y))
    };
    let (mut i, mut j) = (0, 0);
    let mut sum = Vec::with_capacity(a.len() + b.len());
    while i < a.len() || j < b.len() {
        sum.push(plus(a[i % a.len()], b[j % b.len()]));
        let (u, v) = (edge(&a, i), edge(&b, j));
        let turn = i128::from(u.0) * i128::from(v.1) - i128::from(u.1) * i128::from(v.0);
        let (a_left, b_left) = (i < a.len(), j < b.len());
        if a_left && (!b_left || turn >= 0) {
            i += 1;
        }
        if b_left && (!a_left || turn <= 0) {
            j += 1;
        }
    }
    Ring(sum)
}

/// A convex outline, beginning at its lowest corner.
fn from_lowest(outline: &[Point]) -> Vec<Point> {
    let first = (0..outline.len()).min_by_key(|i| (outline[*i].y, outline[*i].x)).unwrap_or(0);
    outline.iter().cycle().skip(first).take(outline.len()).copied().collect()
}

/// Triangles over a region, so that every piece is convex. Holes are cut through, at most `DEEPEST` times.
fn convex_pieces(region: &Region, depth: usize) -> Vec<Ring> {
    const DEEPEST: usize = 24;
    let mut pieces = Vec::new();
    for island in region.islands() {
        if island.holes.is_empty() || depth == DEEPEST {
            let corners: Vec<[f64; 3]> = island.outer.0.iter().map(|p| [f64::from(p.x), f64::from(p.y), 0.0]).collect();
            let triangles = crate::model::triangulate(&corners);
            pieces.extend(triangles.iter().map(|t| Ring(t.iter().map(|i| island.outer.0[*i]).collect())));
        } else {
            let Some(hole) = island.holes[0].bounds() else { continue };
            let whole = Region::from(island);
            let Some(around) = whole.bounds() else { continue };
            let at = midway(hole.min.x, hole.max.x);
            let left = Bounds { min: around.min, max: Point::new(at, around.max.y) };
            let right = Bounds { min: Point::new(at, around.min.y), max: around.max };
            for half in [left, right] {
                pieces.extend(convex_pieces(&whole.intersection(&Region::rectangle(half)), depth + 1));
            }
        }
    }
    pieces
}

/// An outline of fewer corners that covers it.
fn simplified(outline: &Ring) -> Ring {
    if outline.0.len() <= MANY_CORNERS {
        return outline.clone();
    }
    let larger = Region { rings: vec![outline.clone()] }.offset(SIMPLER_BY_MM, Join::Miter(2.0));
    convex(&larger.simplified(SIMPLER_BY_MM)).unwrap_or_else(|| outline.clone())
}

/// An outline with `by_mm` around it.
fn grown(outline: &Ring, by_mm: f64) -> Ring {
    let region = Region { rings: vec![outline.clone()] };
    if by_mm <= 0.0 {
        return outline.clone();
    }
    convex(&region.offset(by_mm, Join::Miter(2.0))).unwrap_or_else(|| outline.clone())
}

/// The convex outline of a region.
fn convex(region: &Region) -> Option<Ring> {
    let corners: Vec<[f64; 2]> =
        region.rings.iter().flat_map(|r| &r.0).map(|p| [f64::from(p.x), f64::from(p.y)]).collect();
    let outline = convex_outline(corners);
    (outline.len() > 2).then(|| Ring(outline.iter().map(|p| Point::new(p[0] as i32, p[1] as i32)).collect()))
}

fn moved(outline: &Ring, by: Point) -> Ring {
    Ring(outline.0.iter().map(|p| plus(*p, by)).collect())
}

fn plus(a: Point, b: Point) -> Point {
    Point::new(a.x.saturating_add(b.x), a.y.saturating_add(b.y))
}

fn midway(a: i32, b: i32) -> i32 {
    ((i64::from(a) + i64::from(b)) / 2) as i32
}
