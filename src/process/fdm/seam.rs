//! Where closed outer walls begin and end: the seam.
//!
//! Knows the walls of one object, layer by layer, and the wish of the person; gives a starting point for each outermost
//! wall. Aligned seams follow the layer below and settle in corners, concave ones first, where a seam is least seen.
//! Inner walls are not its concern: they begin beside the outer one (see [`super::island`]).

use crate::geometry::{EdgeGrid, Point, Region, Ring, UNITS_PER_MM};
use crate::progress::{Canceled, Progress};
use crate::settings::{SeamPosition, Settings};

use super::random;
use super::stages::{PerimeterLayer, Wall};
use super::travel::LEAST_STEP_MM;
use rayon::prelude::*;

/// What decides where seams go.
#[derive(Clone, Debug, PartialEq)]
pub struct SeamSettings {
    pub position: SeamPosition,
    /// Reach on both sides over which a corner's angle is measured, so that small roundings count as corners, mm.
    pub corner_arm_mm: f64,
}

impl From<&Settings> for SeamSettings {
    fn from(s: &Settings) -> Self {
        Self { position: s.seam_position, corner_arm_mm: s.nozzle_diameter }
    }
}

/// A point on a ring: on the edge that begins at vertex `edge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingPoint {
    pub edge: usize,
    pub point: Point,
}

/// The beginning of one outermost wall: `wall` of `island` of its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seam {
    pub island: usize,
    pub wall: usize,
    pub at: RingPoint,
}

/// How far from the seam below a wall may be and still continue it.
const REACH_MM: f64 = 3.0;
/// How far an aligned seam may move along the wall to settle in a corner…
const SETTLE_MM: f64 = 0.7;
/// …and how far from the seam below it may get by that: less than the 1 mm that still looks aligned.
const ALIGNED_MM: f64 = 0.95;
/// Turns below this are not corners.
const CORNER_RAD: f64 = 0.5;
/// Vertices this near to the rearmost place count as rear.
const REAR_MM: f64 = 0.05;
/// A seam that no wall goes on from, such as where a wall is open for some layers, is remembered over so many layers.
const REMEMBERED: usize = 10;
/// Layers whose look-up grids are held at one time.
const BATCH: usize = 64;

/// The seams of all layers of one object, each layer's in the order of islands and walls.
/// `salt` tells objects apart where seams are random.
pub fn seams(
    layers: &[PerimeterLayer],
    settings: &SeamSettings,
    salt: u64,
    progress: &Progress,
) -> Result<Vec<Vec<Seam>>, Canceled> {
    let mut out: Vec<Vec<Seam>> = Vec::with_capacity(layers.len());
    // Point and whether it is on a hole, of the layer below; and for how many layers none went on from it.
    let mut below: Vec<(Point, bool, usize)> = Vec::new();
    for (batch, chunk) in layers.chunks(BATCH).enumerate() {
        let aligned = settings.position == SeamPosition::Aligned;
        let loops: Vec<LayerLoops> = chunk.par_iter().map(|layer| LayerLoops::new(layer, aligned)).collect();
        for (i, layer) in loops.iter().enumerate() {
            progress.check()?;
            let index = batch * BATCH + i;
            let seams = match settings.position {
                SeamPosition::Aligned => layer.aligned(&below, settings.corner_arm_mm),
                SeamPosition::Rear => layer.each(|_, wall| rear(&wall.path)),
                SeamPosition::Random => {
                    layer.each(|i, wall| along(&wall.path, random_share([salt, index as u64, i as u64])))
                }
                SeamPosition::Nearest => {
                    // Where the tool comes from: the wall before, or the last wall of the layer below.
                    let mut from = below.last().map(|b| b.0);
                    layer.each(|_, wall| {
                        let at = nearest_corner(&wall.path, from, settings.corner_arm_mm);
                        from = at.map(|a| a.point);
                        at
                    })
                }
            };
            if !seams.is_empty() {
                let is_hole = |s: &Seam| chunk[i].islands[s.island].walls[s.wall].is_hole;
                let mut here: Vec<(Point, bool, usize)> = seams.iter().map(|s| (s.at.point, is_hole(s), 0)).collect();
                if aligned {
                    let is_lost = |(at, of_hole, age): &(Point, bool, usize)| {
                        *age < REMEMBERED
                            && !seams.iter().any(|s| is_hole(s) == *of_hole && s.at.point.distance_mm(*at) <= REACH_MM)
                    };
                    let lost = below.iter().filter(|seam| is_lost(seam));
                    here.extend(lost.map(|&(at, of_hole, age)| (at, of_hole, age + 1)));
                }
                below = here;
            }
            out.push(seams);
        }
    }
    Ok(out)
}

/// The outermost walls of one layer, and where aligned seams are wanted, a grid over them.
struct LayerLoops<'a> {
    /// Island, index in the island, wall.
    walls: Vec<(usize, usize, &'a Wall)>,
    grid: Option<EdgeGrid>,
}

impl<'a> LayerLoops<'a> {
    fn new(layer: &'a PerimeterLayer, with_grid: bool) -> Self {
        let walls: Vec<(usize, usize, &Wall)> = layer
            .islands
            .iter()
            .enumerate()
            .flat_map(|(i, island)| island.walls.iter().enumerate().map(move |(w, wall)| (i, w, wall)))
            .filter(|(_, _, wall)| wall.depth == 0 && wall.path.0.len() >= 3)
            .collect();
        let grid = with_grid
            .then(|| EdgeGrid::new(&Region { rings: walls.iter().map(|(_, _, wall)| wall.path.clone()).collect() }));
        Self { walls, grid }
    }

    fn each(&self, mut choose: impl FnMut(usize, &Wall) -> Option<RingPoint>) -> Vec<Seam> {
        let chosen = self
            .walls
            .iter()
            .enumerate()
            .filter_map(|(i, &(island, index, wall))| Some(Seam { island, wall: index, at: choose(i, wall)? }));
        chosen.collect()
    }

    fn aligned(&self, below: &[(Point, bool, usize)], arm_mm: f64) -> Vec<Seam> {
        // Each seam below is continued by the wall nearest to it; of several seams a wall follows the nearest, and a
        // remembered one only where there is no other.
        let mut follows: Vec<Option<(usize, f64, Point, RingPoint)>> = vec![None; self.walls.len()];
        for &(point, is_hole, age) in below {
            let Some(near) = self.grid.as_ref().and_then(|grid| grid.nearest(point, REACH_MM)) else { continue };
            if self.walls[near.ring].2.is_hole != is_hole {
                continue;
            }
            let slot = &mut follows[near.ring];
            if slot.is_none_or(|(other_age, distance, ..)| (age, near.distance_mm) < (other_age, distance)) {
                *slot = Some((age, near.distance_mm, point, RingPoint { edge: near.edge, point: near.point }));
            }
        }
        self.each(|i, wall| match follows[i] {
            Some((_, distance_mm, below, at)) => {
                let most_mm = if distance_mm < ALIGNED_MM { ALIGNED_MM } else { f64::INFINITY };
                Some(settled(&wall.path, at, arm_mm, |corner| corner.distance_mm(below) <= most_mm))
            }
            None => hidden(&wall.path, arm_mm),
        })
    }
}

/// How much a seam would be seen at a corner: 1 on smooth walls, less on sharp corners, least in concave ones.
/// `turn_rad` is positive where the material is convex.
fn visibility(turn_rad: f64) -> f64 {
    let sharpness = (turn_rad.abs() / std::f64::consts::PI).min(1.0);
    if turn_rad.abs() < CORNER_RAD {
        1.0
    } else if turn_rad < 0.0 {
        0.5 - 0.5 * sharpness
    } else {
        0.9 - 0.4 * sharpness
    }
}

/// The turn of a ring at a vertex, measured between the points `arm_mm` before and behind it: left turns are positive.
fn turn_rad(ring: &Ring, vertex: usize, arm_mm: f64) -> f64 {
    let at = ring.0[vertex].to_mm();
    let back = walked(ring, vertex, arm_mm, false);
    let ahead = walked(ring, vertex, arm_mm, true);
    let (ax, ay) = (at[0] - back[0], at[1] - back[1]);
    let (bx, by) = (ahead[0] - at[0], ahead[1] - at[1]);
    (ax * by - ay * bx).atan2(ax * bx + ay * by)
}

/// The place reached from a vertex after a way of `arm_mm` along the ring (at most half way around), in mm.
fn walked(ring: &Ring, vertex: usize, arm_mm: f64, forward: bool) -> [f64; 2] {
    let n = ring.0.len();
    let mut left = arm_mm;
    let mut here = ring.0[vertex];
    for step in 1..=n / 2 {
        let next = ring.0[if forward { (vertex + step) % n } else { (vertex + n - step) % n }];
        let length = here.distance_mm(next);
        if length >= left && length > 0.0 {
            let (p, q) = (here.to_mm(), next.to_mm());
            let share = left / length;
            return [p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share];
        }
        left -= length;
        here = next;
    }
    here.to_mm()
}

/// The best corner within [`SETTLE_MM`] of a place along the ring that may be it, or the place itself where there is none.
fn settled(ring: &Ring, at: RingPoint, arm_mm: f64, may_be: impl Fn(Point) -> bool) -> RingPoint {
    let n = ring.0.len();
    let mut best: Option<(f64, RingPoint)> = None;
    for forward in [true, false] {
        let mut here = at.point;
        let mut way = 0.0;
        for step in 0..n {
            let vertex = if forward { (at.edge + 1 + step) % n } else { (at.edge + n - step) % n };
            way += here.distance_mm(ring.0[vertex]);
            if way > SETTLE_MM {
                break;
            }
            here = ring.0[vertex];
            let seen = visibility(turn_rad(ring, vertex, arm_mm));
            // Of equal corners the nearer one.
            let cost = seen + 0.1 * way / SETTLE_MM;
            if seen < 1.0 && best.is_none_or(|(c, _)| cost < c) && may_be(here) {
                best = Some((cost, RingPoint { edge: vertex, point: here }));
            }
        }
    }
    best.map_or(at, |(_, corner)| corner)
}

/// The corner where a new seam is seen least; on smooth walls, and of equal corners, the rearmost.
fn hidden(ring: &Ring, arm_mm: f64) -> Option<RingPoint> {
    let bounds = ring.bounds()?;
    let height = (f64::from(bounds.max.y) - f64::from(bounds.min.y)).max(1.0);
    let width = (f64::from(bounds.max.x) - f64::from(bounds.min.x)).max(1.0);
    let cost = |vertex: usize| {
        let p = ring.0[vertex];
        let forward_share = (f64::from(bounds.max.y) - f64::from(p.y)) / height;
        let right_share = (f64::from(p.x) - f64::from(bounds.min.x)) / width;
        visibility(turn_rad(ring, vertex, arm_mm)) + 0.1 * forward_share + 0.01 * right_share
    };
    let best = (0..ring.0.len()).map(|v| (cost(v), v)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?.1;
    Some(RingPoint { edge: best, point: ring.0[best] })
}

/// The rearmost vertex; of several about as far back, the one furthest right.
fn rear(ring: &Ring) -> Option<RingPoint> {
    let rearmost = ring.0.iter().map(|p| p.y).max()?;
    let limit = f64::from(rearmost) - REAR_MM * UNITS_PER_MM;
    let candidates = (0..ring.0.len()).filter(|&v| f64::from(ring.0[v].y) >= limit);
    let best = candidates.max_by_key(|&v| (ring.0[v].x, ring.0[v].y, std::cmp::Reverse(v)))?;
    Some(RingPoint { edge: best, point: ring.0[best] })
}

/// The vertex near `from` that is seen least: a sharp corner may be some millimetres further away.
fn nearest_corner(ring: &Ring, from: Option<Point>, arm_mm: f64) -> Option<RingPoint> {
    let Some(from) = from else { return hidden(ring, arm_mm) };
    let near = nearest_on(ring, from)?;
    let reach = near.point.distance_mm(from) + 5.0;
    let candidates = (0..ring.0.len()).filter(|&v| ring.0[v].distance_mm(from) <= reach);
    let cost = |v: usize| ring.0[v].distance_mm(from) + 5.0 * visibility(turn_rad(ring, v, arm_mm));
    let corner = candidates.map(|v| (cost(v), v)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let smooth = near.point.distance_mm(from) + 5.0;
    match corner {
        Some((cost, v)) if cost < smooth => Some(RingPoint { edge: v, point: ring.0[v] }),
        _ => Some(near),
    }
}

/// The point at a share of the way around.
fn along(ring: &Ring, share: f64) -> Option<RingPoint> {
    let mut left = ring.length_mm() * share;
    for (edge, (a, b)) in ring.edges().enumerate() {
        let length = a.distance_mm(b);
        if left <= length && length > 0.0 {
            let (p, q) = (a.to_mm(), b.to_mm());
            let t = left / length;
            return Some(RingPoint { edge, point: Point::from_mm(p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t) });
        }
        left -= length;
    }
    ring.0.first().map(|&point| RingPoint { edge: 0, point })
}

/// A number from 0 to 1 that looks random and depends on the keys alone.
fn random_share(keys: [u64; 3]) -> f64 {
    random::share(keys.into_iter().fold(0, |state, key| random::mixed(state ^ key)))
}

/// The point of a ring nearest to `p`.
pub(super) fn nearest_on(ring: &Ring, p: Point) -> Option<RingPoint> {
    let mut best: Option<(f64, RingPoint)> = None;
    for (edge, (a, b)) in ring.edges().enumerate() {
        let (abx, aby) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let (apx, apy) = (f64::from(p.x) - f64::from(a.x), f64::from(p.y) - f64::from(a.y));
        let squared = abx * abx + aby * aby;
        let t = if squared > 0.0 { ((apx * abx + apy * aby) / squared).clamp(0.0, 1.0) } else { 0.0 };
        let (dx, dy) = (apx - abx * t, apy - aby * t);
        let distance = dx * dx + dy * dy;
        if best.is_none_or(|(d, _)| distance < d) {
            let x = (f64::from(a.x) + abx * t).round() as i32;
            let y = (f64::from(a.y) + aby * t).round() as i32;
            best = Some((distance, RingPoint { edge, point: Point::new(x, y) }));
        }
    }
    best.map(|(_, at)| at)
}

/// The ring as a closed path from a point on it and back to that point.
pub(super) fn opened_at(ring: &Ring, at: RingPoint) -> Vec<Point> {
    let n = ring.0.len();
    let mut points = Vec::with_capacity(n + 2);
    let near = |p: Point, q: Point| p.distance_mm(q) < LEAST_STEP_MM;
    points.push(at.point);
    for step in 1..=n {
        let p = ring.0[(at.edge + step) % n];
        if points.last().is_none_or(|last| !near(*last, p)) {
            points.push(p);
        }
    }
    // The beginning may be a point that was put in right beside a corner.
    while points.len() > 1 && points.last().is_some_and(|last| near(*last, at.point)) {
        points.pop();
    }
    points.push(at.point);
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Island;
    use crate::process::fdm::stages::PerimeterIsland;
    use crate::process::slicing::LayerSpan;
    use crate::toolpath::Role;

    /// A layer with a round wall for each centre and radius.
    fn layer(number: usize, circles: &[(f64, f64)]) -> PerimeterLayer {
        let islands = circles.iter().map(|&(x, radius)| {
            let points = (0..90).map(|i| (f64::from(i) * std::f64::consts::TAU / 90.0).sin_cos());
            let path = Ring(points.map(|(s, c)| Point::from_mm(x + radius * c, radius * s)).collect());
            let wall = Wall {
                role: Role::ExternalPerimeter,
                depth: 0,
                is_hole: false,
                path: path.clone(),
                width_mm: 0.4,
                widths_mm: Vec::new(),
            };
            let outline = Island { outer: path, holes: Vec::new() };
            PerimeterIsland { outline, walls: vec![wall], variable: Vec::new(), inner: Region::default() }
        });
        let bottom_mm = 0.2 * number as f64;
        let span = LayerSpan { bottom_mm, top_mm: bottom_mm + 0.2, cut_mm: bottom_mm + 0.1 };
        PerimeterLayer { span, islands: islands.collect() }
    }

    #[test]
    fn a_wall_that_is_open_for_a_few_layers_finds_its_seam_again() {
        let settings = SeamSettings { position: SeamPosition::Aligned, corner_arm_mm: 0.4 };
        // It leans to the right, so that a new seam would lie further and further from where it began: at the rear.
        let at = |l: usize| 0.4 * l as f64;
        let leaning = |gap: std::ops::Range<usize>| -> Vec<Point> {
            let layers: Vec<PerimeterLayer> =
                (0..20)
                    .map(|l| {
                        if gap.contains(&l) { layer(l, &[(40.0, 3.0)]) } else { layer(l, &[(40.0, 3.0), (at(l), 8.0)]) }
                    })
                    .collect();
            let seams = seams(&layers, &settings, 0, &Progress::new()).unwrap();
            (0..20).filter(|l| !gap.contains(l)).map(|l| seams[l].last().unwrap().at.point).collect()
        };
        let whole = leaning(20..20);
        let interrupted = leaning(8..11);
        assert!(whole.windows(2).all(|w| w[0].distance_mm(w[1]) <= 1.0));
        let lost = interrupted[7].distance_mm(interrupted[8]);
        assert!(lost <= 4.0 * 0.4, "{lost} mm");
        let afresh = hidden(&layer(11, &[(at(11), 8.0)]).islands[0].walls[0].path, 0.4).unwrap().point;
        assert!(interrupted[8].distance_mm(afresh) > 1.0);
    }

    #[test]
    fn a_remembered_seam_gives_way_to_one_of_the_layer_below() {
        let walls = layer(1, &[(0.0, 8.0)]);
        let (right, rear) = (Point::from_mm(8.3, 0.0), Point::from_mm(0.0, 8.1));
        let chosen = |below: &[(Point, bool, usize)]| LayerLoops::new(&walls, true).aligned(below, 0.4)[0].at.point;
        assert!(chosen(&[(right, false, 0), (rear, false, 2)]).distance_mm(right) < 0.5);
        assert!(chosen(&[(rear, false, 2)]).distance_mm(rear) < 0.5);
    }
    #[test]
    fn a_seam_settles_in_no_corner_that_is_too_far_from_the_one_below() {
        // The wall lies so far from the one below, and has a corner so far along it from the seam there.
        let settles = |out_mm: f64, along_mm: f64| {
            let corners = [(along_mm, 0.0), (along_mm, 9.0), (-9.0, 9.0), (-9.0, 0.0)];
            let corners = corners.map(|(x, y)| Point::from_mm(x, y + out_mm));
            let mut walls = layer(1, &[(0.0, 8.0)]);
            walls.islands[0].walls[0].path = Ring(corners.to_vec());
            let below = [(Point::from_mm(0.0, 0.0), false, 0)];
            LayerLoops::new(&walls, true).aligned(&below, 0.4)[0].at.point == corners[0]
        };
        assert!(settles(0.1, 0.6));
        assert!(!settles(0.85, 0.6), "1.04 mm from the seam below");
        assert!(settles(0.85, 0.3));
    }
}
