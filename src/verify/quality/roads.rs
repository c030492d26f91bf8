//! The roads of a layer as the material that they leave: where it lies, and how much of it.

use super::raster::{Canvas, Field, Frame};
use crate::geometry::Point;
use crate::toolpath::{Extrusion, Layer, Role, Step, Toolpath, road_width_mm};

/// A joint that turns by less than this (its cosine) is mitred; a sharper one is round outside.
const MITRED: f64 = 0.7;
/// A road that is higher than this many layers is a thread in the air.
const THREAD: f32 = 1.25;
/// Chords of round ends stay this near to the arc, mm.
const ROUND_MM: f64 = 0.002;

/// A road of the part itself.
#[derive(Clone, Debug)]
pub(super) struct Road {
    pub role: Role,
    pub points: Vec<[f64; 2]>,
    /// Of the rounded rectangle that its flow and height make.
    pub width_mm: f64,
    /// Width of the plain rectangle of the same area and height; of a thread in the air, which nothing presses flat, its
    /// own width.
    pub spread_mm: f64,
    /// Height that it was printed with, mm.
    height_mm: f64,
    /// The rectangle around it, its width included, by its lowest and highest corner.
    pub bounds_mm: [[f64; 2]; 2],
    /// The next road of the layer goes on where this one ends, with nothing between them.
    pub goes_on: bool,
}

impl Road {
    fn new(road: &Extrusion, layer_height_mm: f32) -> Self {
        let (flow, height) = (f64::from(road.flow_mm3_per_mm), f64::from(road.height_mm));
        let width_mm = road_width_mm(flow, height);
        let is_thread = road.height_mm > THREAD * layer_height_mm;
        let spread_mm = if is_thread || height <= 0.0 { width_mm } else { flow / height };
        let mut points: Vec<[f64; 2]> = road.points.iter().map(|p| p.to_mm()).collect();
        points.dedup();
        let half = width_mm.max(spread_mm) / 2.0;
        let low = [0, 1].map(|axis| points.iter().map(|p| p[axis] - half).fold(f64::INFINITY, f64::min));
        let high = [0, 1].map(|axis| points.iter().map(|p| p[axis] + half).fold(f64::NEG_INFINITY, f64::max));
        Self { role: road.role, points, width_mm, spread_mm, height_mm: height, bounds_mm: [low, high], goes_on: false }
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2])> + '_ {
        self.points.windows(2).map(|w| (w[0], w[1]))
    }

    /// Places along the road at most `step_mm` apart, each in the middle of the length (mm) that it stands for.
    pub(super) fn samples(&self, step_mm: f64) -> impl Iterator<Item = ([f64; 2], f64)> + '_ {
        self.segments().flat_map(move |(a, b)| samples(a, b, step_mm))
    }

    /// Adds the outline of its material, as seen from above.
    pub(super) fn draw_body(&self, canvas: &mut Canvas) {
        ribbon(&self.points, self.width_mm / 2.0, canvas);
    }

    /// Adds its material as if it were spread evenly over its share of the layer's height.
    fn draw_spread(&self, canvas: &mut Canvas) {
        let half = self.spread_mm / 2.0;
        for (a, b) in self.segments() {
            let [nx, ny] = normal(a, b).map(|v| v * half);
            canvas.shape(&[
                [a[0] - nx, a[1] - ny],
                [b[0] - nx, b[1] - ny],
                [b[0] + nx, b[1] + ny],
                [a[0] + nx, a[1] + ny],
            ]);
        }
    }
}

/// Places along a segment at most `step_mm` apart, each in the middle of the length (mm) that it stands for.
pub(super) fn samples(a: [f64; 2], b: [f64; 2], step_mm: f64) -> impl Iterator<Item = ([f64; 2], f64)> {
    let length = distance(a, b);
    let count = (length / step_mm).ceil().max(1.0);
    (0..count as usize).map(move |i| {
        let share = (i as f64 + 0.5) / count;
        ([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share], length / count)
    })
}

pub(super) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A unit vector to the left of the way from `a` to `b`.
fn normal(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    let length = distance(a, b).max(1e-9);
    [(a[1] - b[1]) / length, (b[0] - a[0]) / length]
}

/// Adds a path of some half width with round ends and joints. Pieces abut, so that a pixel at the edge counts once.
fn ribbon(points: &[[f64; 2]], half: f64, canvas: &mut Canvas) {
    let [first, .., last] = points else { return };
    let closed = first == last && points.len() > 3;
    let count = points.len() - 1;
    let normals: Vec<[f64; 2]> = points.windows(2).map(|w| normal(w[0], w[1])).collect();
    let length = |segment: usize| distance(points[segment], points[segment + 1]);
    // The offset of the left side where segments meet; `None` where they do not share a corner.
    let mitre = |before: usize, after: usize| -> Option<[f64; 2]> {
        let (m, n) = (normals[before], normals[after]);
        let cos = m[0] * n[0] + m[1] * n[1];
        let reach = half * ((1.0 - cos).max(0.0) / (1.0 + cos).max(1e-9)).sqrt();
        let fits = cos > MITRED && reach <= 0.5 * length(before).min(length(after));
        fits.then(|| [0, 1].map(|axis| (m[axis] + n[axis]) * half / (1.0 + cos)))
    };
    let joint = |at: usize| -> Option<(usize, usize)> {
        match at {
            0 => closed.then_some((count - 1, 0)),
            at if at == count => closed.then_some((count - 1, 0)),
            at => Some((at - 1, at)),
        }
    };
    for segment in 0..count {
        let plain = normals[segment].map(|v| v * half);
        let side = |at: usize| joint(at).and_then(|(before, after)| mitre(before, after)).unwrap_or(plain);
        let (a, b) = (points[segment], points[segment + 1]);
        let (s, t) = (side(segment), side(segment + 1));
        canvas.shape(&[
            [a[0] - s[0], a[1] - s[1]],
            [b[0] - t[0], b[1] - t[1]],
            [b[0] + t[0], b[1] + t[1]],
            [a[0] + s[0], a[1] + s[1]],
        ]);
    }
    let joints = if closed { 0..count } else { 1..count };
    for at in joints {
        let Some((before, after)) = joint(at) else { continue };
        if mitre(before, after).is_none() {
            let (m, n) = (normals[before], normals[after]);
            let turn = (m[0] * n[1] - m[1] * n[0]).atan2(m[0] * n[0] + m[1] * n[1]);
            // The gap is on the outer side of the turn.
            let side = if turn > 0.0 { -1.0 } else { 1.0 };
            pie(points[at], m.map(|v| v * half * side), turn, canvas);
        }
    }
    if !closed {
        pie(*first, normals[0].map(|v| v * half), std::f64::consts::PI, canvas);
        pie(*last, normals[count - 1].map(|v| -v * half), std::f64::consts::PI, canvas);
    }
}

/// Adds the sector of a disc from a radius vector through a turn.
fn pie(middle: [f64; 2], radius: [f64; 2], turn: f64, canvas: &mut Canvas) {
    let length = radius[0].hypot(radius[1]);
    let step = 2.0 * (1.0 - (ROUND_MM / length.max(ROUND_MM)).min(0.5)).acos();
    let count = (turn.abs() / step).ceil().max(1.0);
    let mut corners = vec![middle];
    for k in 0..=count as usize {
        let (sin, cos) = (turn * k as f64 / count).sin_cos();
        corners.push([middle[0] + radius[0] * cos - radius[1] * sin, middle[1] + radius[0] * sin + radius[1] * cos]);
    }
    canvas.shape(&corners);
}

/// Which roles a file's own roads may have: where it names no feature, everything counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    is_unnamed: bool,
}

impl Counted {
    pub(super) fn of(toolpath: &Toolpath) -> Self {
        let mut steps = toolpath.layers.iter().flat_map(|l| &l.steps);
        Self { is_unnamed: steps.all(|s| !matches!(s, Step::Extrude(e) if e.role != Role::Custom)) }
    }

    /// Whether a road is of the part itself.
    pub(super) fn is_part(self, role: Role) -> bool {
        match role {
            Role::Skirt | Role::Brim | Role::SupportMaterial | Role::SupportMaterialInterface => false,
            Role::Custom => self.is_unnamed,
            _ => true,
        }
    }

    /// Whether a road may be a wall of it.
    pub(super) fn is_wall(self, role: Role) -> bool {
        matches!(role, Role::ExternalPerimeter | Role::Perimeter | Role::OverhangPerimeter | Role::GapFill)
            || (role == Role::Custom && self.is_unnamed)
    }
}

/// A layer's roads.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerRoads {
    pub part: Vec<Road>,
    /// Support, which only carries.
    pub support: Vec<Road>,
}

impl LayerRoads {
    pub(super) fn of(layer: &Layer, counted: Counted) -> Self {
        let mut roads = Self::default();
        // Where the last road of the part ended, as long as nothing moved since.
        let mut end: Option<Point> = None;
        for step in &layer.steps {
            match step {
                Step::Extrude(road) if road.points.len() > 1 => {
                    let here = road.points.first().copied();
                    if counted.is_part(road.role) {
                        if end.is_some()
                            && end == here
                            && let Some(last) = roads.part.last_mut()
                        {
                            last.goes_on = true;
                        }
                        roads.part.push(Road::new(road, layer.height_mm));
                        end = road.points.last().copied();
                    } else {
                        end = None;
                        if matches!(road.role, Role::SupportMaterial | Role::SupportMaterialInterface) {
                            roads.support.push(Road::new(road, layer.height_mm));
                        }
                    }
                }
                Step::Travel(_) | Step::MoveZ { .. } | Step::Retract { .. } | Step::Unretract { .. } => end = None,
                _ => {}
            }
        }
        roads.part.retain(|road| road.points.len() > 1);
        // A loop whose ends taper has them above each other: their material shares the height of the others.
        for chain in roads.part.chunk_by_mut(|a, b| a.goes_on && a.role == b.role) {
            let highest_mm = chain.iter().map(|road| road.height_mm).fold(0.0, f64::max);
            for road in chain.iter_mut().filter(|road| road.height_mm > 0.0) {
                road.spread_mm *= road.height_mm / highest_mm;
            }
        }
        roads
    }

    /// Runs of roads that were laid without a break.
    pub(super) fn chains(&self) -> impl Iterator<Item = &[Road]> {
        self.part.chunk_by(|a, _| a.goes_on)
    }

    /// What the roads cover, 0 to 1 a pixel; support too where `with_support`.
    pub(super) fn cover(&self, frame: Frame, with_support: bool) -> Field {
        let mut canvas = Canvas::new(frame);
        let support = if with_support { self.support.as_slice() } else { &[] };
        for road in self.part.iter().chain(support).filter(|road| frame.touches(road.bounds_mm)) {
            road.draw_body(&mut canvas);
        }
        canvas.finish().mapped(|v| v.min(1.0))
    }

    /// How full the layer is, 1 where the roads' material is just what fits.
    pub(super) fn fill(&self, frame: Frame) -> Field {
        let mut canvas = Canvas::new(frame);
        for road in self.part.iter().filter(|road| frame.touches(road.bounds_mm)) {
            road.draw_spread(&mut canvas);
        }
        canvas.finish()
    }

    /// The rectangle around all of the part's roads, their width included.
    pub(super) fn bounds_mm(&self) -> Option<[[f64; 2]; 2]> {
        let mut bounds: Option<[[f64; 2]; 2]> = None;
        for road in &self.part {
            let [low, high] = road.bounds_mm;
            let [min, max] = bounds.get_or_insert(road.bounds_mm);
            for axis in 0..2 {
                min[axis] = min[axis].min(low[axis]);
                max[axis] = max[axis].max(high[axis]);
            }
        }
        bounds
    }
}
