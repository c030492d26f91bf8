//! Walls over air: how much of each piece of wall has nothing below it, and what that asks for.
//!
//! Knows the walls in their final order, the outlines and supports of the layer below, and the person's speeds. A wall is
//! looked at in steps along it; the share of its width that hangs out gives one of four classes, a wall with nothing
//! below it at all bridges. Runs too short for a machine to follow take their neighbour's class. Edges that hang out
//! curl up while they cool: an estimate of that is carried from layer to layer, and walls over curled edges slow down
//! too, so that the nozzle does not hit them hard. Fans are not known here (see [`super::cooling`]).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::assembly::{PlannedObject, SAME_HEIGHT_MM};
use super::island::Road;
use super::travel::length_mm;
use crate::geometry::{EdgeGrid, Point, UNITS_PER_MM};
use crate::progress::{Canceled, Progress};
use crate::settings::Settings;
use crate::toolpath::Role;

/// How far a piece of wall hangs over what is below it: classes by the share of its width without support.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overhang {
    /// Up to a tenth: what every slope has.
    #[default]
    None,
    /// Up to 25 %.
    Quarter,
    /// 25 to 50 %.
    Half,
    /// 50 to 75 %.
    ThreeQuarters,
    /// More than 75 %, and still held at one side.
    Whole,
    /// In the air: a bridge.
    Air,
}

impl Overhang {
    fn of_share(share: f64) -> Self {
        match share {
            s if s <= NOTHING => Self::None,
            s if s <= 0.25 => Self::Quarter,
            s if s <= 0.5 => Self::Half,
            s if s <= 0.75 => Self::ThreeQuarters,
            s if s < 1.0 => Self::Whole,
            _ => Self::Air,
        }
    }

    /// The value of its class, of four from the least to the most overhanging one; bridges count to the last.
    pub fn of_class<T: Copy>(self, classes: &[T; 4]) -> Option<T> {
        match self {
            Self::None => None,
            Self::Quarter => Some(classes[0]),
            Self::Half => Some(classes[1]),
            Self::ThreeQuarters => Some(classes[2]),
            Self::Whole | Self::Air => Some(classes[3]),
        }
    }
}

/// What decides how walls over air are printed.
#[derive(Clone, Debug, PartialEq)]
pub struct OverhangSettings {
    /// Walls in the air are printed as bridges.
    pub bridges: bool,
    /// The most for each class, from the least to the most overhanging, mm/s; 0 = the wall's own speed. `None` where
    /// overhangs are as fast as other walls.
    pub speeds_mm_per_s: Option<[f64; 4]>,
    /// Walls over curled edges slow down as overhangs do.
    pub curled: bool,
    /// The fan goes by class.
    pub fan: bool,
    /// How much wider the first layer comes out than its outline, mm.
    first_layer_wider_mm: f64,
}

impl From<&Settings> for OverhangSettings {
    fn from(s: &Settings) -> Self {
        let speeds = [s.overhang_speed_3, s.overhang_speed_2, s.overhang_speed_1, s.overhang_speed_0];
        Self {
            bridges: s.overhangs,
            speeds_mm_per_s: s.enable_dynamic_overhang_speeds.then_some(speeds),
            curled: s.enable_dynamic_overhang_speeds && s.slowdown_for_curled_perimeters,
            fan: s.enable_dynamic_fan_speeds,
            first_layer_wider_mm: s.elefant_foot_compensation.max(0.0),
        }
    }
}

impl OverhangSettings {
    fn is_needed(&self) -> bool {
        self.bridges || self.fan || self.speeds_mm_per_s.is_some()
    }

    /// The most that a piece of this class may be printed with, mm/s; infinite where nothing limits it. Bridges have the
    /// speed of their role.
    pub fn most_mm_per_s(&self, overhang: Overhang) -> f64 {
        let speed = self.speeds_mm_per_s.as_ref().and_then(|speeds| overhang.of_class(speeds));
        speed.filter(|speed| *speed > 0.0 && !(self.bridges && overhang == Overhang::Air)).unwrap_or(f64::INFINITY)
    }
}

/// A share up to this without support is no overhang.
const NOTHING: f64 = 0.1;
/// Walls are looked at in steps of this length, mm; where they are far inside, in longer ones.
const STEP_MM: f64 = 0.4;
/// How far inside an edge is looked for, mm: the longest step.
const FAR_MM: f64 = 1.5;
/// No piece of another class is shorter, mm: speed and fan could not follow.
const LEAST_RUN_MM: f64 = 1.5;

/// What one layer of an object lies on.
pub struct Below<'a> {
    own: EdgeGrid,
    support: Option<EdgeGrid>,
    wider_mm: f64,
    curl: Option<&'a Curl>,
    settings: &'a OverhangSettings,
}

impl<'a> Below<'a> {
    /// What layer `l` lies on; `None` where that is the plate or a raft, where it is the same as the layer itself, or
    /// where nobody asks. `curl` is that of the layer below.
    pub fn new(object: &'a PlannedObject, l: usize, curl: Option<&'a Curl>) -> Option<Self> {
        let settings = &object.settings.overhangs;
        let (this, below) = (object.outlines.get(l)?, object.outlines.get(l.checked_sub(1)?)?);
        let curl = curl.filter(|curl| !curl.cells.is_empty());
        if !settings.is_needed() || (this.area == below.area && curl.is_none()) {
            return None;
        }
        // Supports end a gap below what they hold.
        let bottom_mm = this.span.bottom_mm;
        let lowest_mm = bottom_mm - object.settings.gap_below_mm - SAME_HEIGHT_MM;
        let holds = object.support.iter().rfind(|s| s.top_mm <= bottom_mm + SAME_HEIGHT_MM);
        let support = holds.filter(|s| s.top_mm >= lowest_mm && !s.area.is_empty()).map(|s| EdgeGrid::new(&s.area));
        let wider_mm = if l == 1 { settings.first_layer_wider_mm } else { 0.0 };
        Some(Self { own: EdgeGrid::new(&below.area), support, wider_mm, curl, settings })
    }

    /// How far a point is outside of everything below, mm: negative inside, at most `reach_mm` either way.
    fn outside_mm(&self, p: Point, reach_mm: f64) -> f64 {
        let own = self.own.outside_mm(p, reach_mm) - self.wider_mm;
        self.support.as_ref().map_or(own, |support| own.min(support.outside_mm(p, reach_mm)))
    }

    /// The share of a wall of some width around a point that has nothing below it, and how far one may go from there
    /// without finding another one, mm.
    fn share(&self, p: Point, width_mm: f64) -> (f64, f64) {
        let outside = self.outside_mm(p, FAR_MM);
        let share = (outside / width_mm + 0.5).clamp(0.0, 1.0);
        (share, (NOTHING - 0.5) * width_mm - outside)
    }

    fn class(&self, p: Point, width_mm: f64) -> (Overhang, f64) {
        let (share, slack) = self.share(p, width_mm);
        let class = Overhang::of_share(share);
        match self.curl.map(|curl| curl.class(p)) {
            // What curls holds, however little is left of it: no bridge begins there.
            Some(curled) if curled > class => (curled, 0.0),
            Some(_) => (class, 0.0),
            None => (class, slack),
        }
    }

    /// A wall as pieces, each with its class, in the order of printing. Other roads stay whole.
    pub fn pieces(&self, road: Road) -> Vec<(Road, Overhang)> {
        let is_wall = matches!(road.role, Role::ExternalPerimeter | Role::Perimeter);
        if !is_wall || road.points.len() < 2 {
            return vec![(road, Overhang::None)];
        }
        let runs = smoothed(self.runs(road.smooth_course(), road.width_mm));
        if let [(_, class)] = runs[..] {
            return vec![(self.as_class(road, class), class)];
        }
        let ends: Vec<f64> = runs.iter().take(runs.len().saturating_sub(1)).map(|run| run.0).collect();
        let pieces = road.divided(&ends).into_iter().zip(runs);
        pieces.filter(|(p, _)| p.points.len() >= 2).map(|(p, (_, class))| (self.as_class(p, class), class)).collect()
    }

    fn as_class(&self, road: Road, class: Overhang) -> Road {
        let is_bridge = class == Overhang::Air && self.settings.bridges;
        Road { role: if is_bridge { Role::OverhangPerimeter } else { road.role }, ..road }
    }

    /// Where along a path which class ends, mm from its beginning.
    fn runs(&self, points: &[Point], width_mm: f64) -> Vec<(f64, Overhang)> {
        let mut runs: Vec<(f64, Overhang)> = Vec::new();
        for_each_step(points, |p, way| {
            let (class, slack) = self.class(p, width_mm);
            let end = way + STEP_MM / 2.0;
            match runs.last_mut() {
                Some(last) if last.1 == class => last.0 = end,
                _ => runs.push((end, class)),
            }
            slack
        });
        if let Some(last) = runs.last_mut() {
            last.0 = length_mm(points);
        }
        runs
    }
}

/// Walks along a path: `visit` gets a point and its way from the beginning, and gives how far the next point may be. No step
/// is shorter than the usual one.
fn for_each_step(points: &[Point], mut visit: impl FnMut(Point, f64) -> f64) {
    let (mut way, mut next) = (0.0, STEP_MM / 2.0);
    for w in points.windows(2) {
        let length = w[0].distance_mm(w[1]);
        while next <= way + length && length > 0.0 {
            let step = visit(w[0].towards(w[1], (next - way) / length), next);
            next += step.max(STEP_MM);
        }
        way += length;
    }
    if way < STEP_MM / 2.0
        && let Some(&p) = points.first()
    {
        visit(p, 0.0);
    }
}

/// Runs without short ones: the shortest joins its neighbour, the one of the nearer class, of equally near ones the
/// more careful.
fn smoothed(mut runs: Vec<(f64, Overhang)>) -> Vec<(f64, Overhang)> {
    while runs.len() > 1 {
        let length = |i: usize| runs[i].0 - if i > 0 { runs[i - 1].0 } else { 0.0 };
        let Some(shortest) = (0..runs.len()).min_by(|&a, &b| length(a).total_cmp(&length(b)).then(a.cmp(&b))) else {
            break;
        };
        if length(shortest) >= LEAST_RUN_MM {
            break;
        }
        let class = runs[shortest].1;
        let apart = |other: Overhang| (class as i32 - other as i32).abs();
        let neighbours = [shortest.checked_sub(1), Some(shortest + 1).filter(|n| *n < runs.len())];
        let of_nearest = neighbours.into_iter().flatten().map(|n| runs[n].1);
        let Some(taken) = of_nearest.min_by_key(|&c| (apart(c), std::cmp::Reverse(c))) else { break };
        runs[shortest].1 = taken;
        // Equal neighbours are one run, which ends where the later one does.
        let mut joined: Vec<(f64, Overhang)> = Vec::with_capacity(runs.len());
        for run in runs {
            match joined.last_mut() {
                Some(last) if last.1 == run.1 => last.0 = run.0,
                _ => joined.push(run),
            }
        }
        runs = joined;
    }
    runs
}

/// How far the edges of one layer have curled up: by cells of the plate, as a share of the layer's height.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curl {
    cells: BTreeMap<(i32, i32), f32>,
}

/// Side of a cell, mm.
const CELL_MM: f64 = 1.0;
/// What stays of a curl under another layer that hangs out there, and under one that does not and presses it flat.
const KEPT_HANGING: f32 = 0.8;
const KEPT_PRESSED: f32 = 0.45;
/// A layer that half hangs out curls by this share of its height.
const CURL_A_LAYER: f32 = 0.3;
/// Less is none; more is none either, since the nozzle irons it down.
const LEAST_CURL: f32 = 0.1;
const MOST_CURL: f32 = 1.5;

impl Curl {
    fn cell(p: Point) -> (i32, i32) {
        let of = |v: i32| (f64::from(v) / (CELL_MM * UNITS_PER_MM)).floor() as i32;
        (of(p.x), of(p.y))
    }

    /// The most within a cell around.
    fn near(&self, (x, y): (i32, i32)) -> f32 {
        (x - 1..=x + 1).flat_map(|x| self.cells.range((x, y - 1)..=(x, y + 1))).map(|c| *c.1).fold(0.0, f32::max)
    }

    /// What passes over here has to be as slow as an overhang of this class.
    fn class(&self, p: Point) -> Overhang {
        match self.near(Self::cell(p)) {
            c if c < 0.35 => Overhang::None,
            c if c < 0.65 => Overhang::Half,
            c if c < 0.95 => Overhang::ThreeQuarters,
            _ => Overhang::Whole,
        }
    }

    /// The layer above, of which the walls hang out by `shares` in some cells.
    fn followed_by(&self, shares: &BTreeMap<(i32, i32), f32>) -> Self {
        let pressed = self.cells.iter().filter(|(cell, _)| !shares.contains_key(cell));
        let mut cells: BTreeMap<(i32, i32), f32> = pressed.map(|(cell, curl)| (*cell, curl * KEPT_PRESSED)).collect();
        for (&cell, share) in shares {
            // What lies fully in the air sags; what half hangs out is drawn up by the half that is held.
            let added = CURL_A_LAYER * 4.0 * share * (1.0 - share);
            cells.insert(cell, (self.near(cell) * KEPT_HANGING + added).min(MOST_CURL));
        }
        cells.retain(|_, curl| *curl >= LEAST_CURL);
        Self { cells }
    }
}

/// The curl of every layer of an object; nothing where nobody asks.
pub fn curls(object: &PlannedObject, progress: &Progress) -> Result<Vec<Curl>, Canceled> {
    if !object.settings.overhangs.curled {
        return Ok(Vec::new());
    }
    let shares: Vec<BTreeMap<(i32, i32), f32>> = (0..object.perimeters.len())
        .into_par_iter()
        .map(|l| {
            progress.check()?;
            let mut shares = BTreeMap::new();
            let Some(below) = Below::new(object, l, None) else { return Ok(shares) };
            let walls = object.perimeters[l].islands.iter().flat_map(|island| &island.walls);
            for wall in walls.filter(|wall| wall.depth == 0) {
                let mut points = wall.path.0.clone();
                points.extend(points.first().copied());
                for_each_step(&points, |p, _| {
                    let (share, slack) = below.share(p, wall.width_mm);
                    if share > NOTHING {
                        let most = shares.entry(Curl::cell(p)).or_insert(0.0f32);
                        *most = most.max(share as f32);
                    }
                    slack
                });
            }
            Ok(shares)
        })
        .collect::<Result<_, Canceled>>()?;
    let mut curls: Vec<Curl> = Vec::with_capacity(shares.len());
    for shares in &shares {
        progress.check()?;
        curls.push(curls.last().map_or_else(Curl::default, |below| below.followed_by(shares)));
    }
    Ok(curls)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nalgebra::Matrix4;

    use super::*;
    use crate::geometry::{Region, Ring};
    use crate::model::{Mesh, Model, Part};
    use crate::process::fdm::travel::LEAST_STEP_MM;
    use crate::process::plan;
    use crate::scene::{Snapshot, SnapshotObject};
    use crate::toolpath::{Extrusion, Step, Toolpath};

    /// A block of 20 mm by 20 mm and 10 mm high that leans to the right by so much over its height.
    fn leaning(by_mm: f32) -> Mesh {
        let mut mesh = Mesh::default();
        for (z, x) in [(0.0, 0.0), (10.0, by_mm)] {
            mesh.vertices.extend([[x, 0.0, z], [x + 20.0, 0.0, z], [x + 20.0, 20.0, z], [x, 20.0, z]]);
        }
        mesh.triangles.extend([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]);
        for i in 0..4 {
            let j = (i + 1) % 4;
            mesh.triangles.extend([[i, j, 4 + j], [i, 4 + j, 4 + i]]);
        }
        mesh
    }

    fn planned(mesh: Mesh, settings: &Settings) -> Toolpath {
        let part = Part { name: "it".into(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
        let object = SnapshotObject {
            name: "it".into(),
            model: Arc::new(Model { name: "it".into(), parts: vec![part] }),
            plate_from_model: Matrix4::new_translation(&nalgebra::Vector3::new(50.0, 50.0, 0.0)),
            settings: Arc::new(settings.clone()),
        };
        let snapshot = Snapshot { objects: vec![object], settings: Arc::new(settings.clone()) };
        plan(&snapshot, &Progress::new()).unwrap().toolpath
    }

    fn settings() -> Settings {
        Settings {
            overhang_speed_0: 11.0,
            overhang_speed_1: 12.0,
            overhang_speed_2: 13.0,
            overhang_speed_3: 14.0,
            slowdown_below_layer_time: 0.0,
            small_perimeter_speed: 40.0,
            skirts: 0,
            ..Settings::default()
        }
    }

    /// The outer walls of one layer.
    fn outer(toolpath: &Toolpath, layer: usize) -> Vec<&Extrusion> {
        let of_layer = toolpath.layers[layer].steps.iter();
        let roads = of_layer.filter_map(|s| if let Step::Extrude(e) = s { Some(e) } else { None });
        roads.filter(|e| matches!(e.role, Role::ExternalPerimeter | Role::OverhangPerimeter)).collect()
    }

    #[test]
    fn a_leaning_side_is_as_slow_as_its_class_and_the_others_are_not() {
        let settings = settings();
        let width = settings.external_perimeter_extrusion_width;
        let layers = f64::from(10.0f32) / settings.layer_height;
        for (share, speed) in [(0.05, 40.0), (0.18, 14.0), (0.38, 13.0), (0.63, 12.0), (0.88, 11.0), (1.2, 30.0)] {
            let toolpath = planned(leaning((share * width * layers) as f32), &settings);
            let mut seen = [false; 2];
            for e in outer(&toolpath, 20) {
                let most_x = |e: &Extrusion| e.points.iter().map(|p| p.to_mm()[0]).fold(f64::MIN, f64::max);
                let right = outer(&toolpath, 20).into_iter().map(most_x).fold(f64::MIN, f64::max);
                let whole = length_mm(&e.points);
                let on_right = |w: &&[Point]| w.iter().all(|p| right - p.to_mm()[0] < 0.05);
                let there: f64 = e.points.windows(2).filter(on_right).map(|w| w[0].distance_mm(w[1])).sum();
                if there > 0.9 * whole {
                    seen[0] = true;
                    assert_eq!(f64::from(e.feed_mm_per_s), speed, "{share} without support");
                    assert_eq!(e.role == Role::OverhangPerimeter, share >= 1.0);
                } else if there < 0.1 * whole {
                    seen[1] = true;
                    assert_eq!(f64::from(e.feed_mm_per_s), 40.0, "{share} without support");
                }
            }
            assert!(share < NOTHING || seen == [true, true], "{share}: {seen:?}");
        }
    }

    #[test]
    fn what_is_not_asked_for_changes_nothing() {
        let plain = Settings { overhangs: false, enable_dynamic_overhang_speeds: false, ..settings() };
        for mesh in [leaning(20.0), leaning(60.0)] {
            let toolpath = planned(mesh, &plain);
            let walls = (0..toolpath.layers.len()).flat_map(|l| outer(&toolpath, l));
            assert!(walls.clone().all(|e| e.role == Role::ExternalPerimeter));
            assert!(walls.skip(1).all(|e| e.feed_mm_per_s == 40.0 || e.feed_mm_per_s == 25.0));
        }
    }

    #[test]
    fn walls_over_curled_edges_slow_down_more_than_their_overhang_asks_for() {
        let slowest = |curled: bool| {
            let settings = Settings { slowdown_for_curled_perimeters: curled, ..settings() };
            // 38 % of the wall hang out on every layer.
            let by = 0.38 * settings.external_perimeter_extrusion_width * 10.0 / settings.layer_height;
            let toolpath = planned(leaning(by as f32), &settings);
            let of = |l: usize| outer(&toolpath, l).iter().map(|e| e.feed_mm_per_s).fold(f32::MAX, f32::min);
            (of(2), of(30))
        };
        assert_eq!(slowest(false), (13.0, 13.0));
        let (early, late) = slowest(true);
        assert!(early == 13.0 && late < 13.0, "{early} mm/s, then {late} mm/s");
    }

    #[test]
    fn curl_grows_with_layers_that_hang_out_and_is_pressed_flat_by_those_that_do_not() {
        let hanging: BTreeMap<(i32, i32), f32> = [((0, 0), 0.5)].into();
        let mut curl = Curl::default();
        let mut before = 0.0;
        for _ in 0..10 {
            curl = curl.followed_by(&hanging);
            let now = curl.near((0, 0));
            assert!(now > before || now == MOST_CURL);
            before = now;
        }
        assert!(before > 0.95 && before <= MOST_CURL);
        for _ in 0..4 {
            curl = curl.followed_by(&BTreeMap::new());
        }
        assert_eq!(curl, Curl::default());
    }

    #[test]
    fn pieces_are_the_whole_road_and_none_is_short() {
        let square = |x: f64, side: f64| {
            let p = |u: f64, v: f64| Point::from_mm(x + u * side, v * side);
            Ring(vec![p(0.0, 0.0), p(1.0, 0.0), p(1.0, 1.0), p(0.0, 1.0)])
        };
        let settings = OverhangSettings::from(&settings());
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let mut most = 0;
        for _ in 0..200 {
            // Teeth of many widths and gaps under a road that wanders.
            let mut teeth = Vec::new();
            let mut x = 0.0;
            while x < 40.0 {
                let side = 0.3 + 4.0 * random();
                teeth.push(square(x, side));
                x += side + 0.2 + 4.0 * random();
            }
            let below = Below {
                own: EdgeGrid::new(&Region { rings: teeth }),
                support: None,
                wider_mm: 0.0,
                curl: None,
                settings: &settings,
            };
            let points: Vec<Point> = (0..60).map(|i| Point::from_mm(f64::from(i) * 0.7, 0.5 * random())).collect();
            let road = Road {
                role: Role::ExternalPerimeter,
                width_mm: 0.45,
                height_mm: 0.2,
                flow_mm3_per_mm: 0.08,
                points: points.clone(),
                smooth: Vec::new(),
                z_mm: Vec::new(),
                closed: false,
                small: false,
            };
            let pieces = below.pieces(road);
            assert_eq!((pieces[0].0.first(), pieces[pieces.len() - 1].0.last()), (points[0], points[59]));
            assert!(pieces.windows(2).all(|w| w[0].0.last() == w[1].0.first() && w[0].1 != w[1].1));
            let lengths: Vec<f64> = pieces.iter().map(|(road, _)| length_mm(&road.points)).collect();
            assert!((lengths.iter().sum::<f64>() - length_mm(&points)).abs() < 1e-3);
            assert!(lengths.iter().all(|l| *l > LEAST_RUN_MM - 2.0 * LEAST_STEP_MM), "{lengths:?}");
            most = most.max(pieces.len());
        }
        assert!(most > 5);
    }
}
