//! Fills the surfaces of the regions with roads.
//!
//! Solid surfaces get lines or loops side by side, at the spacing that divides their width evenly; bridges get strands
//! along their direction; sparse surfaces get a pattern that is fixed to the plate, so that layers stand on each other.
//! Each pattern is a file behind [`Pattern`]. Order and direction of the paths are free except where [`Fill::ordered`]
//! says otherwise.

mod adaptive_cubic;
pub(super) mod aligned_rectilinear;
mod archimedean_chords;
mod concentric;
mod cross_hatch;
mod cubic;
mod curve;
mod ends;
pub(super) mod family;
mod grid;
mod gyroid;
mod hilbert_curve;
pub(super) mod honeycomb;
mod honeycomb_3d;
mod ironing;
mod lightning;
mod line;
mod link;
mod monotonic;
mod pattern;
mod rectilinear;
mod road;
pub(super) mod solid;
mod stars;
#[cfg(test)]
mod tests;
mod triangles;

pub use ironing::IroningSettings;
pub use pattern::{Pattern, Sheet};

use super::stages::{Fill, FilledLayer, RegionLayer, Surface, SurfaceKind};
use crate::geometry::{Bounds, Join, Point, Polyline, Region, Ring};
use crate::process::slicing::LayerSpan;
use crate::progress::{Canceled, Progress};
use crate::settings::{AngleTemplate, FillPattern, Settings, SolidPattern};
use crate::toolpath::Role;
use pattern::Object;
use rayon::prelude::*;
use road::Road;
use solid::{Reach, Solid};
use std::f64::consts::FRAC_PI_2;

const CORNERS: Join = Join::Miter(2.0);

/// What decides over infill.
#[derive(Clone, Debug, PartialEq)]
pub struct InfillSettings {
    pub nozzle_diameter_mm: f64,
    /// Share of the sparse volume that is material, 0 to 1.
    pub fill_density: f64,
    pub fill_pattern: FillPattern,
    pub fill_angle_rad: f64,
    /// Angles of sparse infill in place of that one, layer by layer.
    pub fill_angle_template: AngleTemplate,
    /// How far a path of sparse infill goes on along the wall where it ends.
    pub infill_anchor_mm: f64,
    /// Ends of sparse infill are joined along the wall where the way is not longer than this.
    pub infill_anchor_max_mm: f64,
    /// Share of an innermost wall's width that infill reaches into it, solid infill by half; 0 where there are no walls.
    pub infill_overlap: f64,
    pub top_fill_pattern: SolidPattern,
    pub bottom_fill_pattern: SolidPattern,
    pub perimeter_width_mm: f64,
    pub infill_width_mm: f64,
    pub solid_infill_width_mm: f64,
    pub top_infill_width_mm: f64,
    /// Of everything on the first layer.
    pub first_layer_width_mm: f64,
    pub bridge_flow_ratio: f64,
    /// Bridges are round strands as thick as the nozzle; otherwise of the layer's height.
    pub thick_bridges: bool,
    /// The same for bridges over sparse infill.
    pub thick_internal_bridges: bool,
    /// Direction of bridges over sparse infill; `None` across its lines.
    pub bridge_angle_rad: Option<f64>,
    pub ironing: Option<IroningSettings>,
}

impl From<&Settings> for InfillSettings {
    fn from(s: &Settings) -> Self {
        Self {
            nozzle_diameter_mm: s.nozzle_diameter,
            fill_density: if s.spiral_vase { 0.0 } else { s.fill_density },
            fill_pattern: s.fill_pattern,
            fill_angle_rad: s.fill_angle.to_radians(),
            fill_angle_template: AngleTemplate::parse(&s.fill_angle_template).unwrap_or_default(),
            infill_anchor_mm: s.infill_anchor.min(s.infill_anchor_max),
            infill_anchor_max_mm: s.infill_anchor_max,
            infill_overlap: if s.perimeters == 0 { 0.0 } else { s.infill_overlap },
            top_fill_pattern: s.top_fill_pattern,
            bottom_fill_pattern: s.bottom_fill_pattern,
            perimeter_width_mm: if s.perimeters > 1 {
                s.perimeter_extrusion_width
            } else {
                s.external_perimeter_extrusion_width
            },
            infill_width_mm: s.infill_extrusion_width,
            solid_infill_width_mm: s.solid_infill_extrusion_width,
            top_infill_width_mm: s.top_infill_extrusion_width,
            first_layer_width_mm: s.first_layer_extrusion_width,
            bridge_flow_ratio: s.bridge_flow_ratio,
            thick_bridges: s.thick_bridges,
            thick_internal_bridges: s.thick_internal_bridges,
            bridge_angle_rad: Some(s.bridge_angle).filter(|angle| *angle != 0.0).map(f64::to_radians),
            ironing: s.ironing.then(|| s.into()),
        }
    }
}

/// Fills every surface of every layer.
pub fn infill(
    layers: &[RegionLayer],
    settings: &InfillSettings,
    progress: &Progress,
) -> Result<Vec<FilledLayer>, Canceled> {
    progress.stage("Filling", layers.len());
    let pattern = pattern::prepared(settings.fill_pattern, &Object::new(layers, settings), progress)?;
    layers
        .par_iter()
        .enumerate()
        .map(|(index, layer)| {
            progress.check()?;
            let filler = Filler { settings, pattern: &*pattern, layers, layer: index, span: layer.span };
            let islands = layer.islands.iter().map(|surfaces| filler.island(surfaces)).collect();
            progress.advance(1);
            Ok(FilledLayer { span: layer.span, islands })
        })
        .collect()
}

/// Fills the surfaces of one layer.
struct Filler<'a> {
    settings: &'a InfillSettings,
    pattern: &'a dyn Pattern,
    layers: &'a [RegionLayer],
    layer: usize,
    span: LayerSpan,
}

impl Filler<'_> {
    fn island(&self, surfaces: &[Surface]) -> Vec<Fill> {
        let mut fills = Vec::new();
        for (i, surface) in surfaces.iter().enumerate() {
            if surface.kind == SurfaceKind::Sparse {
                fills.extend(self.sparse(surface));
            } else {
                let others: Vec<Ring> = surfaces
                    .iter()
                    .enumerate()
                    .filter(|&(j, _)| j != i)
                    .flat_map(|(_, s)| s.area.rings.iter().cloned())
                    .collect();
                fills.extend(self.solid(surface, &Region { rings: others }));
            }
        }
        if let Some(ironing) = &self.settings.ironing {
            let is_last = self.layer + 1 == self.layers.len();
            let inset_mm = 0.5 * self.width(self.settings.top_infill_width_mm) - self.overlap_mm();
            // Across the lines of the surface.
            let angle = self.solid_angle() + FRAC_PI_2;
            fills.extend(ironing.iron(surfaces, is_last, inset_mm, angle, self.span.height_mm()));
        }
        fills
    }

    /// A road's width in this layer. On a raft there is no first layer: the raft has it.
    fn width(&self, width_mm: f64) -> f64 {
        if self.layer == 0 && self.span.is_on_plate() { self.settings.first_layer_width_mm } else { width_mm }
    }

    fn overlap_mm(&self) -> f64 {
        self.settings.infill_overlap * self.width(self.settings.perimeter_width_mm)
    }

    /// The angle of solid lines: a quarter turned from layer to layer.
    fn solid_angle(&self) -> f64 {
        self.settings.fill_angle_rad + if self.layer.is_multiple_of(2) { 0.0 } else { FRAC_PI_2 }
    }

    fn sparse(&self, surface: &Surface) -> Option<Fill> {
        let s = self.settings;
        if s.fill_density <= 0.0 {
            return None;
        }
        let (road, sheet) = self.sheet(surface.plies);
        // Reaches as far into solid surfaces as into walls, and is held by both.
        let middles = surface.area.offset(self.overlap_mm() - 0.5 * road.spacing_mm, CORNERS);
        let paths = self.pattern.paths(&middles, &sheet);
        (!paths.is_empty()).then(|| fill(road, paths, Vec::new(), false))
    }

    /// The roads of sparse infill of so many layers in one go, this one and those below it, and what its pattern is asked.
    fn sheet(&self, plies: usize) -> (Road, Sheet) {
        let s = self.settings;
        let lowest = (self.layer + 1).saturating_sub(plies);
        let bottom_mm = self.layers.get(lowest).map_or(self.span.bottom_mm, |layer| layer.span.bottom_mm);
        let height_mm = self.span.top_mm - bottom_mm;
        let width_mm = self.width(s.infill_width_mm).max(height_mm);
        let road = Road::flat(Role::InternalInfill, width_mm, height_mm);
        let number = self.layer / plies.max(1);
        let template = Some(&s.fill_angle_template).filter(|_| pattern::may_turn(s.fill_pattern));
        let angle_rad = template.and_then(|t| t.angle_rad(number, s.fill_angle_rad));
        let sheet = Sheet {
            layer: self.layer,
            number,
            z_mm: self.span.top_mm,
            angle_rad: angle_rad.unwrap_or(s.fill_angle_rad),
            turns: angle_rad.is_none(),
            spacing_mm: road.spacing_mm,
            density: s.fill_density.min(1.0),
            shortest_mm: 2.0 * road.width_mm,
            longest_link_mm: s.infill_anchor_max_mm,
            anchor_mm: s.infill_anchor_mm,
        };
        (road, sheet)
    }

    /// The angle of strands that span from line to line of the sparse infill below an area; `None` where there is none, or
    /// none of one direction.
    fn across_sparse_below(&self, area: &Region) -> Option<f64> {
        let layer = self.layer.checked_sub(1)?;
        let below = Filler { layer, span: self.layers.get(layer)?.span, ..*self };
        let bounds = area.bounds()?;
        let surfaces = self.layers[layer].islands.iter().flatten().filter(|s| s.kind == SurfaceKind::Sparse);
        let touching: Vec<&Surface> =
            surfaces.filter(|s| s.area.bounds().is_some_and(|b| b.overlaps(&bounds))).collect();
        // Combined layers may lie beside single ones.
        let plies = match touching.as_slice() {
            [] => return None,
            [first, rest @ ..] if rest.iter().all(|s| s.plies == first.plies) => first.plies,
            _ => {
                touching
                    .iter()
                    .map(|s| (s.area.intersection(area).area_mm2(), s.plies))
                    .max_by(|a, b| a.0.total_cmp(&b.0))?
                    .1
            }
        };
        let (_, sheet) = below.sheet(plies);
        Some(self.pattern.direction_rad(&sheet)? + FRAC_PI_2)
    }

    /// `others` is the rest of the island. This surface reaches into the walls around it, and just up to other surfaces.
    fn solid(&self, surface: &Surface, others: &Region) -> Vec<Fill> {
        let s = self.settings;
        let height_mm = self.span.height_mm();
        let (road, pattern) = match surface.kind {
            SurfaceKind::Top => {
                let width = self.width(s.top_infill_width_mm);
                (Road::flat(Role::TopSolidInfill, width, height_mm), s.top_fill_pattern)
            }
            SurfaceKind::Bridge if s.thick_bridges => {
                (Road::strand(s.nozzle_diameter_mm, s.bridge_flow_ratio), SolidPattern::Monotonic)
            }
            SurfaceKind::Bridge => {
                let width = self.width(s.solid_infill_width_mm);
                (Road::thin_bridge(width, height_mm, s.bridge_flow_ratio), SolidPattern::Monotonic)
            }
            SurfaceKind::InternalBridge if s.thick_internal_bridges => {
                (Road::strand(s.nozzle_diameter_mm, s.bridge_flow_ratio), SolidPattern::Rectilinear)
            }
            SurfaceKind::InternalBridge => {
                let width = self.width(s.solid_infill_width_mm);
                (Road::thin_bridge(width, height_mm, s.bridge_flow_ratio), SolidPattern::Rectilinear)
            }
            SurfaceKind::Bottom | SurfaceKind::InternalSolid | SurfaceKind::Sparse => {
                let width = self.width(s.solid_infill_width_mm);
                let pattern = match surface.kind {
                    SurfaceKind::Bottom => s.bottom_fill_pattern,
                    _ => SolidPattern::Rectilinear,
                };
                (Road::flat(Role::SolidInfill, width, height_mm), pattern)
            }
        };
        let over_sparse = match surface.kind {
            SurfaceKind::InternalBridge => s.bridge_angle_rad.or_else(|| self.across_sparse_below(&surface.area)),
            _ => None,
        };
        let angle_rad = surface.bridge_angle_rad.or(over_sparse).unwrap_or_else(|| self.solid_angle());
        // All along the border there are ends of lines, which hold by less than a single one has to.
        let pressed_mm = 0.5 * self.overlap_mm();
        let solid = |around_mm: f64| Solid {
            pattern,
            angle_rad,
            spacing_mm: road.spacing_mm,
            shortest_mm: road.width_mm,
            reach: Reach::Filling { around_mm, pressed_mm },
        };
        let laid = if others.is_empty() {
            solid::lay(&surface.area, &solid(pressed_mm))
        } else {
            solid::lay(&surface.area.offset(pressed_mm, CORNERS).difference(others), &solid(0.0))
        };
        laid.into_iter()
            .filter(|laid| !laid.paths.is_empty())
            .map(|laid| fill(road.at_spacing(laid.spacing_mm), laid.paths, laid.shares, laid.ordered))
            .collect()
    }
}

fn fill(road: Road, paths: Vec<Polyline>, shares: Vec<Vec<f32>>, ordered: bool) -> Fill {
    let Road { role, width_mm, height_mm, flow_mm3_per_mm, .. } = road;
    Fill { role, width_mm, height_mm, flow_mm3_per_mm, paths, shares, ordered }
}
