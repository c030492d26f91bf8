//! The types that the stages hand on, one object at a time: each is made once and never changed.

use crate::geometry::{Island, Point, Polyline, Region, Ring, Shift};
use crate::process::slicing::LayerSpan;
use crate::toolpath::Role;

/// A closed wall along the middle of its road.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    pub role: Role,
    /// 0 is the outermost.
    pub depth: usize,
    /// Whether it goes around a hole (its ring is clockwise then).
    pub is_hole: bool,
    pub path: Ring,
    /// The mean where it changes.
    pub width_mm: f64,
    /// Width at each point of the path where it changes along it; else empty.
    pub widths_mm: Vec<f64>,
}

/// A road whose width may change along it: gap fill and thin walls.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableRoad {
    pub role: Role,
    pub points: Vec<Point>,
    /// Width at each point.
    pub widths_mm: Vec<f64>,
}

/// One island of one layer with its walls.
#[derive(Clone, Debug, PartialEq)]
pub struct PerimeterIsland {
    pub outline: Island,
    /// In no order of printing: that is decided when the toolpath is made.
    pub walls: Vec<Wall>,
    pub variable: Vec<VariableRoad>,
    /// What the walls leave to be filled: bounded by the inner edge of the innermost wall.
    pub inner: Region,
}

/// One layer after [`super::perimeters`].
#[derive(Clone, Debug, PartialEq)]
pub struct PerimeterLayer {
    pub span: LayerSpan,
    pub islands: Vec<PerimeterIsland>,
}

/// What a part of the inside is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SurfaceKind {
    /// Seen from above.
    Top,
    /// Lies on the build plate.
    Bottom,
    /// The underside, over air: filled along `bridge_angle_rad`.
    Bridge,
    /// Solid because shells need it.
    InternalSolid,
    /// The same, over sparse infill whose roads are far apart.
    InternalBridge,
    Sparse,
}

/// A part of an island's inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    pub kind: SurfaceKind,
    pub area: Region,
    /// Direction of the roads where the kind is [`SurfaceKind::Bridge`], else `None`.
    pub bridge_angle_rad: Option<f64>,
    /// So many layers, this one and those below it, are filled here in one go.
    pub plies: usize,
}

impl Surface {
    /// A surface of this layer alone that is no bridge.
    pub fn new(kind: SurfaceKind, area: Region) -> Self {
        Self { kind, area, bridge_angle_rad: None, plies: 1 }
    }
}

/// One layer after [`super::regions`]: for each island of the perimeter layer, in the same order, its surfaces.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionLayer {
    pub span: LayerSpan,
    pub islands: Vec<Vec<Surface>>,
}

/// Roads of one kind that fill one surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub role: Role,
    pub width_mm: f64,
    pub height_mm: f64,
    /// Cross-section of the road: mm³ of material per mm.
    pub flow_mm3_per_mm: f64,
    pub paths: Vec<Polyline>,
    /// For each path the share of the flow that each of its segments gets; empty where all of them get all of it.
    pub shares: Vec<Vec<f32>>,
    /// The paths must be printed in this order and direction (monotonic); otherwise the order is free.
    pub ordered: bool,
}

/// One layer after [`super::infill`]: for each island of the perimeter layer, in the same order, its fills.
#[derive(Clone, Debug, PartialEq)]
pub struct FilledLayer {
    pub span: LayerSpan,
    pub islands: Vec<Vec<Fill>>,
}

/// One layer of the supports of an object, on a grid of heights of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportLayer {
    pub bottom_mm: f64,
    /// Where its roads end, above the plate: the height of the tool while they are laid.
    pub top_mm: f64,
    /// All of the support at this height.
    pub area: Region,
    /// What of it is beside the object above or below.
    pub interface: Region,
    /// The roads, those of each connected piece together.
    pub pieces: Vec<Vec<Fill>>,
}

impl Shift for PerimeterIsland {
    fn shift(&mut self, by: Point) {
        let Self { outline, walls, variable, inner } = self;
        outline.shift(by);
        walls.iter_mut().for_each(|wall| wall.path.shift(by));
        variable.iter_mut().for_each(|road| road.points.shift(by));
        inner.shift(by);
    }
}

impl Shift for PerimeterLayer {
    fn shift(&mut self, by: Point) {
        self.islands.shift(by);
    }
}

impl Shift for Fill {
    fn shift(&mut self, by: Point) {
        self.paths.shift(by);
    }
}

impl Shift for FilledLayer {
    fn shift(&mut self, by: Point) {
        self.islands.shift(by);
    }
}

impl Shift for SupportLayer {
    fn shift(&mut self, by: Point) {
        let Self { bottom_mm: _, top_mm: _, area, interface, pieces } = self;
        area.shift(by);
        interface.shift(by);
        pieces.shift(by);
    }
}
