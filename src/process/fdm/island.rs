//! The roads of one island in the order of printing, with their starting points.
//!
//! Knows one island's walls, seams and fills. Walls around one contour stay together, from the inside out or the other
//! way round; everything else goes where it is near. Ways between roads, feeds and the other islands are not known here.

use crate::geometry::{Bounds, Point, Ring};
use crate::process::slicing::LayerSpan;
use crate::settings::{Settings, WallSequence};
use crate::toolpath::{Role, road_area_mm2};

use super::fuzzy::FuzzySettings;
use super::order::{self, Stop};
pub use super::road::Road;
use super::scarf::ScarfSettings;
use super::seam::{RingPoint, Seam, nearest_on, opened_at};
use super::speeds::SMALL_PERIMETER_RADIUS_MM;
use super::stages::{Fill, PerimeterIsland, VariableRoad, Wall};
use super::travel::{LEAST_STEP_MM, cut_end, length_mm};

/// What decides on the order within an island.
#[derive(Clone, Debug, PartialEq)]
pub struct IslandSettings {
    pub sequence: WallSequence,
    pub infill_first: bool,
    /// What is left open where a loop closes, so that no blob is made, mm.
    pub seam_gap_mm: f64,
    /// Material laid over what the roads' geometry asks for.
    pub extrusion_multiplier: f64,
    pub fuzzy: FuzzySettings,
    pub scarf: ScarfSettings,
}

impl From<&Settings> for IslandSettings {
    fn from(s: &Settings) -> Self {
        Self {
            sequence: s.wall_sequence,
            infill_first: s.infill_first,
            seam_gap_mm: s.seam_gap,
            extrusion_multiplier: s.extrusion_multiplier,
            fuzzy: s.into(),
            scarf: s.into(),
        }
    }
}

/// Roads that are printed one after the other, whatever else is reordered.
struct Unit {
    roads: Vec<Road>,
    reversible: bool,
}

impl Unit {
    fn stop(&self) -> Stop {
        Stop {
            entry: self.roads.first().map(Road::first).unwrap_or_default(),
            exit: self.roads.last().map(Road::last).unwrap_or_default(),
            reversible: self.reversible,
        }
    }

    fn reverse(&mut self) {
        self.roads.reverse();
        self.roads.iter_mut().for_each(Road::reverse);
    }

    /// Lets a loop of infill begin at its corner nearest to where the tool comes from. Walls keep their seams.
    fn begin_near(&mut self, at: Point) {
        let [road] = self.roads.as_mut_slice() else { return };
        if !self.reversible || road.points.len() < 4 || road.points.first() != road.points.last() {
            return;
        }
        road.points.pop();
        let nearest = (0..road.points.len()).min_by_key(|&i| (at.distance_squared(road.points[i]), i));
        road.points.rotate_left(nearest.unwrap_or(0));
        road.points.extend(road.points.first().copied());
    }
}

/// Up to so many units are put in a new order for where the tool comes from.
const FEW_UNITS: usize = 128;

/// The roads of one island, in an order that may still be changed to where the tool comes from.
pub struct IslandRoads {
    /// Walls, then what is inside them, or the other way round; ironing comes last.
    groups: [Vec<Unit>; 3],
}

impl IslandRoads {
    /// Lays out the roads in an order with short ways, wherever it begins. `seams` are those of this island's outermost
    /// walls, in their order.
    pub fn new(
        island: &PerimeterIsland,
        fills: &[Fill],
        seams: &[Seam],
        span: &LayerSpan,
        settings: &IslandSettings,
    ) -> Self {
        let mut walls = wall_units(island, seams, span, settings);
        let (mut inside, mut ironing): (Vec<Unit>, Vec<Unit>) = Default::default();
        for (i, road) in island.variable.iter().enumerate() {
            let mut unit = variable_unit(road, span.height_mm(), settings);
            if unit.roads.is_empty() {
                continue;
            }
            if settings.fuzzy.roughens_open(road.role, span) {
                settings.fuzzy.roughen(&mut unit.roads, None, span, island.walls.len() + i);
            }
            if road.role == Role::GapFill { inside.push(unit) } else { walls.push(unit) }
        }
        for fill in fills {
            let units = if fill.role == Role::Ironing { &mut ironing } else { &mut inside };
            fill_units(fill, settings, units);
        }
        let [first, second] = if settings.infill_first { [inside, walls] } else { [walls, inside] };
        let mut this = Self { groups: [first, second, ironing] };
        this.order_from(None, usize::MAX);
        this
    }

    /// The roads of a piece of support.
    pub fn of_support(fills: &[Fill], settings: &IslandSettings) -> Self {
        let mut units = Vec::new();
        for fill in fills {
            fill_units(fill, settings, &mut units);
        }
        let mut this = Self { groups: [units, Vec::new(), Vec::new()] };
        this.order_from(None, usize::MAX);
        this
    }

    /// Roads that are in order already, such as a skirt or a vase's turn.
    pub fn fixed(roads: Vec<Road>) -> Self {
        Self { groups: [vec![Unit { roads, reversible: false }], Vec::new(), Vec::new()] }
    }

    pub fn is_empty(&self) -> bool {
        self.groups.iter().flatten().all(|unit| unit.roads.is_empty())
    }

    /// Where it begins and ends as it is.
    pub fn stop(&self) -> Stop {
        let mut units = self.groups.iter().flatten();
        let first = units.next().map(Unit::stop);
        let last = units.next_back().map(Unit::stop).or(first);
        Stop {
            entry: first.map(|s| s.entry).unwrap_or_default(),
            exit: last.map(|s| s.exit).unwrap_or_default(),
            reversible: false,
        }
    }

    /// Orders the roads anew for a tool that comes from `at`, unless they are very many.
    pub fn come_from(&mut self, at: Point) {
        self.order_from(Some(at), FEW_UNITS);
    }

    fn order_from(&mut self, mut at: Option<Point>, most: usize) {
        for group in &mut self.groups {
            if group.len() <= most {
                let stops: Vec<Stop> = group.iter().map(Unit::stop).collect();
                let mut slots: Vec<Option<Unit>> = std::mem::take(group).into_iter().map(Some).collect();
                for visit in order::order(at, &stops) {
                    if let Some(mut unit) = slots.get_mut(visit.stop).and_then(Option::take) {
                        if visit.reversed {
                            unit.reverse();
                        }
                        if let Some(at) = group.last().map(|u: &Unit| u.stop().exit).or(at) {
                            unit.begin_near(at);
                        }
                        group.push(unit);
                    }
                }
            }
            at = group.last().map(|unit| unit.stop().exit).or(at);
        }
    }

    /// The roads in order.
    pub fn into_roads(self) -> Vec<Road> {
        self.groups.into_iter().flatten().flat_map(|unit| unit.roads).collect()
    }
}

/// The walls of the island, those around one contour as one unit.
fn wall_units(island: &PerimeterIsland, seams: &[Seam], span: &LayerSpan, settings: &IslandSettings) -> Vec<Unit> {
    let mut units = Vec::new();
    for mut group in nested(&island.walls) {
        let seam_of = |wall: usize| seams.binary_search_by_key(&wall, |s| s.wall).ok().map(|i| seams[i].at);
        let anchor = group.iter().find_map(|&w| seam_of(w)).map(|at| at.point);
        let deepest = group.iter().map(|&w| island.walls[w].depth).max().unwrap_or(0);
        group.sort_by_key(|&w| (place_of(island.walls[w].depth, deepest, settings.sequence), w));
        let mut roads: Vec<Road> = Vec::with_capacity(group.len());
        for index in near_each_other(group, &island.walls, anchor) {
            let wall = &island.walls[index];
            let near = roads.last().map(Road::last).filter(|_| wall.depth > 0).or(anchor);
            let start = seam_of(index)
                .or_else(|| near.and_then(|p| nearest_on(&wall.path, p)))
                .or_else(|| wall.path.0.first().map(|&point| RingPoint { edge: 0, point }));
            if let Some(start) = start {
                roads.extend(wall_roads(wall, index, start, span, settings));
            }
        }
        if !roads.is_empty() {
            units.push(Unit { roads, reversible: false });
        }
    }
    units
}

/// When a wall's turn is among those around one contour.
fn place_of(depth: usize, deepest: usize, sequence: WallSequence) -> usize {
    match sequence {
        WallSequence::OuterInner => depth,
        WallSequence::InnerOuterInner if deepest >= 2 => match depth {
            0 => deepest,
            1 => deepest + 1,
            _ => deepest - depth,
        },
        WallSequence::InnerOuter | WallSequence::InnerOuterInner => deepest - depth,
    }
}

/// Walls of the same depth in an order with short ways between them.
fn near_each_other(group: Vec<usize>, walls: &[Wall], anchor: Option<Point>) -> Vec<usize> {
    let mut out = Vec::with_capacity(group.len());
    let mut at = anchor;
    for same_depth in group.chunk_by(|&a, &b| walls[a].depth == walls[b].depth) {
        let place = |wall: usize| walls[wall].path.0.first().copied().unwrap_or_default();
        let stops = same_depth.iter().map(|&w| Stop { entry: place(w), exit: place(w), reversible: false });
        for visit in order::order(at, &stops.collect::<Vec<_>>()) {
            let wall = same_depth[visit.stop];
            at = Some(place(wall));
            out.push(wall);
        }
    }
    out
}

/// A wall of this number from its seam to its seam.
fn wall_roads(wall: &Wall, number: usize, start: RingPoint, span: &LayerSpan, settings: &IslandSettings) -> Vec<Road> {
    let mut points = opened_at(&wall.path, start);
    let length = length_mm(&points);
    if points.len() < 3 || length <= 0.0 {
        return Vec::new();
    }
    let small = length <= std::f64::consts::TAU * SMALL_PERIMETER_RADIUS_MM;
    let scarf = settings.scarf.is_on(wall.depth, wall.is_hole, span, &points);
    if !scarf {
        cut_end(&mut points, settings.seam_gap_mm);
    }
    let height_mm = span.height_mm();
    let mut roads = if wall.widths_mm.len() == wall.path.0.len() {
        let widths_mm = widths_along(wall, start, &points);
        let road = VariableRoad { role: wall.role, points, widths_mm };
        let mut roads = variable_unit(&road, height_mm, settings).roads;
        roads.iter_mut().for_each(|road| road.small = small);
        roads
    } else {
        vec![Road {
            role: wall.role,
            width_mm: wall.width_mm,
            height_mm,
            flow_mm3_per_mm: road_area_mm2(wall.width_mm, height_mm) * settings.extrusion_multiplier,
            points,
            smooth: Vec::new(),
            z_mm: Vec::new(),
            closed: true,
            small,
        }]
    };
    if settings.fuzzy.roughens(wall.depth, wall.is_hole, span) {
        settings.fuzzy.roughen(&mut roads, Some(length), span, number);
    }
    if scarf { settings.scarf.joined(roads, span) } else { roads }
}

/// The widths of a wall at points of its path, which follow it from its start.
fn widths_along(wall: &Wall, start: RingPoint, points: &[Point]) -> Vec<f64> {
    let count = wall.path.0.len();
    let (a, b) = (start.edge % count, (start.edge + 1) % count);
    let whole = wall.path.0[a].distance_mm(wall.path.0[b]);
    let share = if whole > 0.0 { wall.path.0[a].distance_mm(start.point) / whole } else { 0.0 };
    let at_start = wall.widths_mm[a] + (wall.widths_mm[b] - wall.widths_mm[a]) * share;
    let mut step = 0;
    let mut at = |point: &Point| {
        let next = (step + 1..=count).find(|k| wall.path.0[(start.edge + k) % count] == *point);
        next.map_or(at_start, |k| {
            step = k;
            wall.widths_mm[(start.edge + k) % count]
        })
    };
    let mut widths_mm = vec![at_start];
    widths_mm.extend(points.iter().skip(1).map(&mut at));
    widths_mm
}

/// Walls grouped by the contour that they go around: an outline with the walls inside it, a hole (or holes whose inner
/// walls have merged) with the walls around it.
fn nested(walls: &[Wall]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..walls.len()).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let deepest = walls.iter().map(|w| w.depth).max().unwrap_or(0);
    for is_hole in [false, true] {
        let level = |depth: usize| -> Vec<(usize, Bounds)> {
            let of_level = walls.iter().enumerate().filter(|(_, w)| w.depth == depth && w.is_hole == is_hole);
            let mut level: Vec<(usize, Bounds)> = of_level.filter_map(|(i, w)| Some((i, w.path.bounds()?))).collect();
            level.sort_by_key(|(i, b)| (b.min.x, *i));
            level
        };
        let mut outer = level(0);
        for depth in 1..=deepest {
            let inner = level(depth);
            // Around an outline, the inner wall lies inside the outer one; around a hole it is the other way round.
            let (around, within) = if is_hole { (&inner, &outer) } else { (&outer, &inner) };
            for &(big, bounds) in around {
                let from = within.partition_point(|(_, b)| b.min.x < bounds.min.x);
                let near = within[from..].iter().take_while(|(_, b)| b.min.x <= bounds.max.x);
                for &(small, small_bounds) in near {
                    let fits = bounds.contains(small_bounds.min) && bounds.contains(small_bounds.max);
                    if fits && lies_inside(&walls[small].path, &walls[big].path) {
                        let (a, b) = (root(&mut parent, big), root(&mut parent, small));
                        parent[a.max(b)] = a.min(b);
                    }
                }
            }
            outer = inner;
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: Vec<Option<usize>> = vec![None; walls.len()];
    for wall in 0..walls.len() {
        let root = root(&mut parent, wall);
        let group = *group_of[root].get_or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(wall);
    }
    groups
}

fn lies_inside(small: &Ring, big: &Ring) -> bool {
    small.0.iter().find_map(|&p| big.locate(p)).unwrap_or(false)
}

/// Widths may differ by this within one road, mm.
const SAME_WIDTH_MM: f64 = 0.03;

/// Pieces of one width are at least this long, mm: shorter ones would starve a machine.
const LEAST_PIECE_MM: f64 = 0.05;

/// The steps of a road with the widths at their ends, divided where the width changes much within one.
fn evenly(road: &VariableRoad) -> impl Iterator<Item = ([Point; 2], [f64; 2])> + '_ {
    road.points.windows(2).zip(road.widths_mm.windows(2)).flat_map(|(ends, widths)| {
        let (a, b, change) = (ends[0], ends[1], widths[1] - widths[0]);
        let most = (a.distance_mm(b) / LEAST_PIECE_MM).floor();
        let pieces = (change.abs() / SAME_WIDTH_MM).ceil().min(most).max(1.0);
        let at = move |i: usize| {
            let t = i as f64 / pieces;
            (a.towards(b, t), widths[0] + change * t)
        };
        (0..pieces as usize).map(move |i| {
            let ((p, v), (q, w)) = (at(i), at(i + 1));
            ([p, q], [v, w])
        })
    })
}

/// A road of changing width as pieces of constant width. Each piece has the volume of its part of the road.
fn variable_unit(road: &VariableRoad, layer_height_mm: f64, settings: &IslandSettings) -> Unit {
    let mut roads: Vec<Road> = Vec::new();
    // Width and volume are weighed by length.
    let (mut length_sum, mut width_sum, mut volume_sum) = (0.0, 0.0, 0.0);
    let mut first_width = 0.0;
    let mut points: Vec<Point> = Vec::new();
    let mut finish = |points: &mut Vec<Point>, length: f64, width: f64, volume: f64| {
        if points.len() >= 2 && length > 0.0 {
            roads.push(Road {
                role: road.role,
                width_mm: width / length,
                height_mm: layer_height_mm,
                flow_mm3_per_mm: volume / length * settings.extrusion_multiplier,
                points: std::mem::take(points),
                smooth: Vec::new(),
                z_mm: Vec::new(),
                closed: false,
                small: false,
            });
        }
        points.clear();
    };
    for (ends, widths) in evenly(road) {
        let length = ends[0].distance_mm(ends[1]);
        if length == 0.0 {
            continue;
        }
        let width = (widths[0] + widths[1]) / 2.0;
        if length_sum >= LEAST_PIECE_MM && (width - first_width).abs() > SAME_WIDTH_MM {
            finish(&mut points, length_sum, width_sum, volume_sum);
        }
        if points.is_empty() {
            points.push(ends[0]);
            first_width = width;
            (length_sum, width_sum, volume_sum) = (0.0, 0.0, 0.0);
        }
        points.push(ends[1]);
        length_sum += length;
        width_sum += width * length;
        volume_sum += road_area_mm2(width, layer_height_mm) * length;
    }
    finish(&mut points, length_sum, width_sum, volume_sum);
    Unit { roads, reversible: true }
}

/// The path without steps too short for a machine; its ends stay. A speck becomes a single point.
pub(super) fn without_tiny_steps(points: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(points.len());
    for &p in points {
        if out.last().is_none_or(|last| last.distance_mm(p) >= LEAST_STEP_MM) {
            out.push(p);
        }
    }
    if let (Some(&end), Some(last)) = (points.last(), out.last_mut()) {
        *last = end;
    }
    out
}

/// The units of a fill: its paths one by one, or all together where their order counts.
fn fill_units(fill: &Fill, settings: &IslandSettings, out: &mut Vec<Unit>) {
    let full = Road {
        role: fill.role,
        width_mm: fill.width_mm,
        height_mm: fill.height_mm,
        flow_mm3_per_mm: fill.flow_mm3_per_mm * settings.extrusion_multiplier,
        closed: false,
        points: Vec::new(),
        smooth: Vec::new(),
        z_mm: Vec::new(),
        small: false,
    };
    let spread_mm = if fill.height_mm > 0.0 { fill.flow_mm3_per_mm / fill.height_mm } else { 0.0 };
    let road = |points: &[Point], share: f64| {
        let points = without_tiny_steps(points);
        (points.len() >= 2).then(|| Road {
            width_mm: full.width_mm - (1.0 - share) * spread_mm,
            flow_mm3_per_mm: share * full.flow_mm3_per_mm,
            // A part of a path may go out and back.
            closed: share == 1.0 && points.first() == points.last(),
            points,
            ..full.clone()
        })
    };
    let mut ordered = Vec::new();
    for (i, path) in fill.paths.iter().enumerate() {
        let shares = fill.shares.get(i).map_or(&[][..], Vec::as_slice);
        let mut roads = Vec::new();
        if shares.is_empty() {
            roads.extend(road(&path.0, 1.0));
        }
        let mut first = 0;
        for same in shares.chunk_by(|a, b| a == b) {
            let points = path.0.get(first..=first + same.len()).unwrap_or_default();
            roads.extend(road(points, f64::from(same[0])));
            first += same.len();
        }
        if roads.is_empty() {
            continue;
        }
        if fill.ordered {
            ordered.append(&mut roads);
        } else {
            out.push(Unit { roads, reversible: true });
        }
    }
    if !ordered.is_empty() {
        out.push(Unit { roads: ordered, reversible: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Island, Polyline, Region};

    fn square(centre: (f64, f64), half: f64, hole: bool) -> Ring {
        let corner = |sx: f64, sy: f64| Point::from_mm(centre.0 + sx * half, centre.1 + sy * half);
        let ring = Ring(vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)]);
        if hole { ring.reversed() } else { ring }
    }

    fn wall(depth: usize, is_hole: bool, path: Ring) -> Wall {
        let role = if depth == 0 { Role::ExternalPerimeter } else { Role::Perimeter };
        Wall { role, depth, is_hole, path, width_mm: 0.45, widths_mm: Vec::new() }
    }

    /// A plate with two holes whose inner walls have merged, and one hole apart.
    fn plate() -> PerimeterIsland {
        PerimeterIsland {
            outline: Island { outer: square((20.0, 20.0), 20.0, false), holes: Vec::new() },
            walls: vec![
                wall(0, false, square((20.0, 20.0), 19.8, false)),
                wall(1, false, square((20.0, 20.0), 19.4, false)),
                wall(0, true, square((10.0, 10.0), 2.0, true)),
                wall(0, true, square((14.2, 10.0), 2.0, true)),
                wall(
                    1,
                    true,
                    Ring(vec![
                        Point::from_mm(7.6, 7.6),
                        Point::from_mm(7.6, 12.4),
                        Point::from_mm(16.6, 12.4),
                        Point::from_mm(16.6, 7.6),
                    ]),
                ),
                wall(0, true, square((30.0, 30.0), 2.0, true)),
                wall(1, true, square((30.0, 30.0), 2.4, true)),
            ],
            variable: Vec::new(),
            inner: Region::default(),
        }
    }

    fn settings() -> IslandSettings {
        IslandSettings {
            sequence: WallSequence::InnerOuter,
            infill_first: false,
            seam_gap_mm: 0.06,
            extrusion_multiplier: 1.0,
            fuzzy: (&Settings::default()).into(),
            scarf: (&Settings::default()).into(),
        }
    }

    const SPAN: LayerSpan = LayerSpan { bottom_mm: 0.0, top_mm: 0.2, cut_mm: 0.1 };

    #[test]
    fn walls_around_one_contour_belong_together() {
        assert_eq!(nested(&plate().walls), vec![vec![0, 1], vec![2, 3, 4], vec![5, 6]]);
    }

    #[test]
    fn every_wall_is_printed_once_and_outer_walls_last_or_first() {
        let island = plate();
        for sequence in WallSequence::ALL.iter().copied() {
            let settings = IslandSettings { sequence, ..settings() };
            let roads = IslandRoads::new(&island, &[], &[], &SPAN, &settings).into_roads();
            assert_eq!(roads.len(), island.walls.len());
            let mut volume = 0.0;
            for road in &roads {
                volume += length_mm(&road.points) * road.flow_mm3_per_mm;
            }
            let planned: f64 =
                island.walls.iter().map(|w| (w.path.length_mm() - 0.06) * road_area_mm2(w.width_mm, 0.2)).sum();
            assert!((volume - planned).abs() < 1e-6 * planned);
            let role_at = |p: usize| roads[p].role;
            let is_outer_first = sequence == WallSequence::OuterInner;
            let first = if is_outer_first { Role::ExternalPerimeter } else { Role::Perimeter };
            assert_eq!(role_at(0), first);
        }
    }

    #[test]
    fn the_outer_wall_comes_between_inner_ones_where_there_are_three() {
        let depths = |count: usize, sequence: WallSequence| -> Vec<usize> {
            let walls = (0..count).map(|d| wall(d, false, square((20.0, 20.0), 19.8 - 0.4 * d as f64, false)));
            let island = PerimeterIsland { walls: walls.collect(), ..plate() };
            let settings = IslandSettings { sequence, ..settings() };
            let roads = IslandRoads::new(&island, &[], &[], &SPAN, &settings).into_roads();
            let half = |r: &Road| r.points.iter().map(|p| p.to_mm()[0]).fold(f64::MIN, f64::max) - 20.0;
            roads.iter().map(|r| ((19.8 - half(r)) / 0.4).round() as usize).collect()
        };
        assert_eq!(depths(4, WallSequence::InnerOuterInner), [3, 2, 0, 1]);
        assert_eq!(depths(3, WallSequence::InnerOuterInner), [2, 0, 1]);
        assert_eq!(depths(2, WallSequence::InnerOuterInner), [1, 0]);
        assert_eq!(depths(4, WallSequence::InnerOuter), [3, 2, 1, 0]);
        assert_eq!(depths(4, WallSequence::OuterInner), [0, 1, 2, 3]);
    }

    #[test]
    fn a_wall_of_changing_width_keeps_its_volume() {
        let mut island = PerimeterIsland { walls: vec![wall(0, false, square((20.0, 20.0), 10.0, false))], ..plate() };
        island.walls[0].widths_mm = vec![0.3, 0.5, 0.5, 0.4];
        let roads = IslandRoads::new(&island, &[], &[], &SPAN, &settings()).into_roads();
        assert!(roads.windows(2).all(|w| w[0].last() == w[1].first()));
        assert!(roads.iter().all(|r| r.role == Role::ExternalPerimeter));
        let volume: f64 = roads.iter().map(|r| length_mm(&r.points) * r.flow_mm3_per_mm).sum();
        let exact: f64 = [0.4, 0.5, 0.45, 0.35].iter().map(|w| 20.0 * road_area_mm2(*w, 0.2)).sum();
        assert!((volume - exact).abs() < 0.002 * exact, "{volume} instead of {exact}");
        let widest = roads.iter().map(|r| r.width_mm).fold(0.0, f64::max);
        assert!((0.49..0.501).contains(&widest));
    }

    #[test]
    fn ordered_paths_stay_in_order_and_free_ones_are_all_there() {
        let line = |y: f64, back: bool| {
            let (a, b) = (Point::from_mm(5.0, y), Point::from_mm(15.0, y));
            Polyline(if back { vec![b, a] } else { vec![a, b] })
        };
        let ordered = Fill {
            role: Role::TopSolidInfill,
            width_mm: 0.4,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.07,
            shares: Vec::new(),
            paths: (0..10).map(|i| line(5.0 + 0.4 * f64::from(i), i % 2 == 1)).collect(),
            ordered: true,
        };
        let free = Fill { role: Role::InternalInfill, ordered: false, ..ordered.clone() };
        let island = PerimeterIsland { walls: plate().walls[..2].to_vec(), ..plate() };
        let fills = [free.clone(), ordered.clone()];
        let roads = IslandRoads::new(&island, &fills, &[], &SPAN, &settings()).into_roads();
        let top: Vec<Vec<Point>> =
            roads.iter().filter(|r| r.role == Role::TopSolidInfill).map(|r| r.points.clone()).collect();
        assert_eq!(top, ordered.paths.iter().map(|p| p.0.clone()).collect::<Vec<_>>());
        let mut sparse: Vec<Vec<Point>> = roads
            .iter()
            .filter(|r| r.role == Role::InternalInfill)
            .map(|r| if r.first() <= r.last() { r.points.clone() } else { r.points.iter().rev().copied().collect() })
            .collect();
        sparse.sort();
        assert_eq!(sparse.len(), free.paths.len());
        sparse.dedup();
        assert_eq!(sparse.len(), free.paths.len());
    }

    #[test]
    fn loops_of_infill_begin_where_the_tool_comes_from() {
        let rings = (1..8).map(|k| {
            let mut points = square((20.0, 20.0), f64::from(k), false).0;
            // Each begins at another corner.
            points.rotate_left(k as usize % 4);
            points.extend(points.first().copied());
            Polyline(points)
        });
        let fill = Fill {
            role: Role::InternalInfill,
            width_mm: 0.4,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.07,
            shares: Vec::new(),
            paths: rings.collect(),
            ordered: false,
        };
        let island = PerimeterIsland { walls: Vec::new(), ..plate() };
        let mut island = IslandRoads::new(&island, &[fill], &[], &SPAN, &settings());
        island.come_from(Point::from_mm(10.0, 10.0));
        let roads = island.into_roads();
        let travel: f64 = roads.windows(2).map(|w| w[0].last().distance_mm(w[1].first())).sum();
        // From ring to ring along the diagonal.
        assert!(travel < 6.0 * 1.42, "{travel} mm");
        assert!(roads.iter().all(|r| r.first() == r.last() && r.points.len() == 5));
    }

    #[test]
    fn a_road_of_changing_width_keeps_its_volume_and_its_way() {
        let n = 40;
        let road = VariableRoad {
            role: Role::GapFill,
            points: (0..=n).map(|i| Point::from_mm(f64::from(i) * 0.5, 0.0)).collect(),
            widths_mm: (0..=n).map(|i| 0.3 + f64::from(i) * 0.01).collect(),
        };
        let unit = variable_unit(&road, 0.2, &settings());
        assert!(unit.roads.len() > 3);
        assert!(unit.roads.windows(2).all(|w| w[0].last() == w[1].first()));
        let volume: f64 = unit.roads.iter().map(|r| length_mm(&r.points) * r.flow_mm3_per_mm).sum();
        let exact: f64 = (0..n).map(|i| 0.5 * road_area_mm2(0.305 + f64::from(i) * 0.01, 0.2)).sum();
        assert!((volume - exact).abs() < 1e-9);
    }
}
