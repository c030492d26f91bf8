//! Fills the surfaces of the regions with roads.
//!
//! Solid surfaces get lines or loops side by side, at the spacing that divides their width evenly; bridges get strands
//! along their direction; sparse surfaces get a pattern that is fixed to the plate, so that layers stand on each other.
//! A pattern is one file behind [`Pattern`]: it is asked for centre lines in an area and knows nothing of flow, of walls
//! or of neighbouring surfaces. Order and direction of the paths are free except where [`Fill::ordered`] says otherwise.

mod concentric;
mod cubic;
pub(super) mod family;
mod grid;
mod gyroid;
pub(super) mod link;
mod monotonic;
mod rectilinear;
mod road;
pub(super) mod solid;
#[cfg(test)]
mod tests;
mod triangles;

use super::stages::{Fill, FilledLayer, RegionLayer, Surface, SurfaceKind};
use crate::geometry::{Join, Polyline, Region, Ring};
use crate::process::slicing::LayerSpan;
use crate::progress::{Canceled, Progress};
use crate::settings::{FillPattern, Settings, SolidPattern};
use crate::toolpath::Role;
use family::Family;
use link::Joining;
use rayon::prelude::*;
use road::Road;
use std::f64::consts::FRAC_PI_2;

/// Ends of sparse lines further apart along the border than this many distances between roads are not joined: a travel
/// costs less time and no material.
const LONGEST_LINK: f64 = 3.0;
const CORNERS: Join = Join::Miter(2.0);

/// What decides over infill.
#[derive(Clone, Debug, PartialEq)]
pub struct InfillSettings {
    pub nozzle_diameter_mm: f64,
    /// Share of the sparse volume that is material, 0 to 1.
    pub fill_density: f64,
    pub fill_pattern: FillPattern,
    pub fill_angle_rad: f64,
    /// Share of an innermost wall's width that infill reaches into it; 0 where there are no walls.
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
}

impl From<&Settings> for InfillSettings {
    fn from(s: &Settings) -> Self {
        Self {
            nozzle_diameter_mm: s.nozzle_diameter,
            fill_density: if s.spiral_vase { 0.0 } else { s.fill_density },
            fill_pattern: s.fill_pattern,
            fill_angle_rad: s.fill_angle.to_radians(),
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
        }
    }
}

/// One layer of sparse infill, as a pattern is asked for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Number of the layer, counted from the plate.
    pub layer: usize,
    /// Top of the layer above the plate.
    pub z_mm: f64,
    pub angle_rad: f64,
    /// Distance between two roads side by side without a gap: what a density of 1 means.
    pub spacing_mm: f64,
    /// Share of the volume to be filled, above 0 and up to 1.
    pub density: f64,
    /// Paths shorter than this are not worth printing.
    pub shortest_mm: f64,
}

impl Sheet {
    /// Distance between parallel roads that alone make the density.
    fn distance_mm(&self) -> f64 {
        self.spacing_mm / self.density
    }

    fn joining(&self) -> Joining {
        Joining {
            longest_link_mm: LONGEST_LINK * self.distance_mm(),
            shortest_path_mm: self.shortest_mm,
            has_tails: false,
        }
    }
}

/// A sparse infill pattern.
pub trait Pattern: Sync {
    /// Centre lines over `area`, which is where the middles of roads may run. Their length times the spacing is the
    /// density's share of a large area; links along the border come on top. A closed loop repeats its first point.
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline>;
}

/// The pattern of that name.
fn pattern(kind: FillPattern) -> &'static dyn Pattern {
    match kind {
        FillPattern::Rectilinear => &rectilinear::Rectilinear,
        FillPattern::Grid => &grid::Grid,
        FillPattern::Triangles => &triangles::Triangles,
        FillPattern::Cubic => &cubic::Cubic,
        FillPattern::Gyroid => &gyroid::Gyroid,
        FillPattern::Concentric => &concentric::Concentric,
    }
}

/// Families of straight lines, each turned against the pattern's angle and shifted in mm, that share the density and are
/// joined along the border.
fn families(area: &Region, sheet: &Sheet, turned_shifted: &[(f64, f64)]) -> Vec<Polyline> {
    let distance_mm = sheet.distance_mm() * turned_shifted.len() as f64;
    let families: Vec<Family> = turned_shifted
        .iter()
        .map(|&(turn, shift_mm)| Family::new(sheet.angle_rad + turn, distance_mm, shift_mm))
        .collect();
    let pieces: Vec<_> = families.iter().enumerate().flat_map(|(i, family)| family.pieces(area, i as u32)).collect();
    link::chain(area, &families, &pieces, &sheet.joining())
}

/// Fills every surface of every layer.
pub fn infill(
    layers: &[RegionLayer],
    settings: &InfillSettings,
    progress: &Progress,
) -> Result<Vec<FilledLayer>, Canceled> {
    progress.stage("Filling", layers.len());
    layers
        .par_iter()
        .enumerate()
        .map(|(index, layer)| {
            progress.check()?;
            let filler = Filler { settings, layer: index, span: layer.span };
            let islands = layer.islands.iter().map(|surfaces| filler.island(surfaces)).collect();
            progress.advance(1);
            Ok(FilledLayer { span: layer.span, islands })
        })
        .collect()
}

/// Fills the surfaces of one layer.
struct Filler<'a> {
    settings: &'a InfillSettings,
    layer: usize,
    span: LayerSpan,
}

impl Filler<'_> {
    fn island(&self, surfaces: &[Surface]) -> Vec<Fill> {
        let mut fills = Vec::new();
        for (i, surface) in surfaces.iter().enumerate() {
            if surface.kind == SurfaceKind::Sparse {
                fills.extend(self.sparse(&surface.area));
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
        fills
    }

    fn width(&self, width_mm: f64) -> f64 {
        if self.layer == 0 { self.settings.first_layer_width_mm } else { width_mm }
    }

    fn overlap_mm(&self) -> f64 {
        self.settings.infill_overlap * self.width(self.settings.perimeter_width_mm)
    }

    /// The angle of solid lines: a quarter turned from layer to layer.
    fn solid_angle(&self) -> f64 {
        self.settings.fill_angle_rad + if self.layer.is_multiple_of(2) { 0.0 } else { FRAC_PI_2 }
    }

    fn sparse(&self, area: &Region) -> Option<Fill> {
        let s = self.settings;
        if s.fill_density <= 0.0 {
            return None;
        }
        let height_mm = self.span.height_mm();
        let road = Road::flat(Role::InternalInfill, self.width(s.infill_width_mm), height_mm);
        // Reaches as far into solid surfaces as into walls, and is held by both.
        let middles = area.offset(self.overlap_mm() - 0.5 * road.spacing_mm, CORNERS);
        let sheet = Sheet {
            layer: self.layer,
            z_mm: self.span.top_mm,
            angle_rad: s.fill_angle_rad,
            spacing_mm: road.spacing_mm,
            density: s.fill_density.min(1.0),
            shortest_mm: 2.0 * road.width_mm,
        };
        let paths = pattern(s.fill_pattern).paths(&middles, &sheet);
        (!paths.is_empty()).then(|| fill(road, paths, false))
    }

    /// `others` is the rest of the island: this surface reaches over the walls around it, never into another surface.
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
            SurfaceKind::Bottom | SurfaceKind::InternalSolid | SurfaceKind::Sparse => {
                let width = self.width(s.solid_infill_width_mm);
                let pattern = match surface.kind {
                    SurfaceKind::Bottom => s.bottom_fill_pattern,
                    _ => SolidPattern::Rectilinear,
                };
                (Road::flat(Role::SolidInfill, width, height_mm), pattern)
            }
        };
        let inset = -0.5 * road.spacing_mm;
        let middles = if others.is_empty() {
            surface.area.offset(self.overlap_mm() + inset, CORNERS)
        } else {
            surface.area.offset(self.overlap_mm(), CORNERS).difference(others).offset(inset, CORNERS)
        };
        let angle = surface.bridge_angle_rad.unwrap_or_else(|| self.solid_angle());
        solid::lay(&middles, pattern, angle, road.spacing_mm, road.width_mm)
            .into_iter()
            .filter(|laid| !laid.paths.is_empty())
            .map(|laid| fill(road.at_spacing(laid.spacing_mm), laid.paths, laid.ordered))
            .collect()
    }
}

fn fill(road: Road, paths: Vec<Polyline>, ordered: bool) -> Fill {
    let Road { role, width_mm, flow_mm3_per_mm, .. } = road;
    Fill { role, width_mm, flow_mm3_per_mm, paths, ordered }
}
