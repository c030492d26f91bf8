//! Meshes at heights: what every process begins with.
//!
//! Owns the layer grid (`grid`, with what `surface` says about the mesh) and the way from triangles to outlines: a mesh is
//! put on the integer grid once, every layer's plane is intersected with the triangles that reach it (`cut`), open chains
//! of broken meshes are closed (`gaps`),
//! points that carry nothing are dropped (`simplify`), inside-out shells are turned (`shells`), and the outlines are
//! healed and compensated (`compensate`). Layers are cut in parallel and come back in order, the same bytes on any
//! number of threads. What an outline is for is not known here; colours, names and settings of a scene are not either.

mod compensate;
mod cut;
mod gaps;
mod grid;
#[cfg(test)]
mod grid_tests;
mod shells;
mod simplify;
mod surface;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use nalgebra::Matrix4;
use rayon::prelude::*;

use crate::geometry::{Point, Region, Ring, Shift};
use crate::model::Mesh;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::{HeightRange, Settings, SlicingMode, parse_height_ranges};

use surface::Surface;

/// A layer that begins lower than this lies on the plate, mm.
const ON_PLATE_MM: f64 = 1e-6;

/// The height range of one layer above the plate, and where in it the mesh is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSpan {
    pub bottom_mm: f64,
    pub top_mm: f64,
    /// Height of the cut, the middle of the layer as a rule.
    pub cut_mm: f64,
}

impl LayerSpan {
    pub fn height_mm(&self) -> f64 {
        self.top_mm - self.bottom_mm
    }

    /// Whether the layer lies on the plate: the first one does, but for an object on a raft.
    pub fn is_on_plate(&self) -> bool {
        self.bottom_mm < ON_PLATE_MM
    }
}

/// One object's outline in one layer, in plate coordinates, compensated (XY, elephant foot).
#[derive(Clone, Debug, PartialEq)]
pub struct LayerOutline {
    pub span: LayerSpan,
    pub area: Region,
}

impl Shift for LayerOutline {
    fn shift(&mut self, by: Point) {
        self.area.shift(by);
    }
}

/// What decides the heights of layers.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSettings {
    pub first_layer_height_mm: f64,
    pub layer_height_mm: f64,
    /// What the machine prints: holds for layers that follow the surface or are made to fit.
    pub least_mm: f64,
    pub most_mm: f64,
    /// Layers follow the surface; `None` for equal ones.
    pub adaptive: Option<Adaptive>,
    /// The top and flat surfaces are met exactly. Adaptive layers always do.
    pub precise: bool,
    /// Equal layers of another height; ascending, without overlap.
    pub ranges: Vec<HeightRange>,
}

/// How layers follow the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// The highest step between two layers at right angles to the surface.
    pub cusp_mm: f64,
    /// The greatest difference of two layers that follow each other.
    pub step_mm: f64,
}

/// At the best quality steps are this much higher than the lowest layer, so that layers can be made to fit.
const FINEST: f64 = 1.1;

impl LayerSettings {
    /// Equal layers.
    pub fn equal(first_layer_height_mm: f64, layer_height_mm: f64) -> Self {
        let (least_mm, most_mm) = (0.5 * layer_height_mm, 1.5 * layer_height_mm);
        let (adaptive, precise, ranges) = (None, false, Vec::new());
        Self { first_layer_height_mm, layer_height_mm, least_mm, most_mm, adaptive, precise, ranges }
    }

    /// Whether nothing asks for a layer that differs from the others.
    fn are_equal(&self) -> bool {
        self.ranges.is_empty() && !self.is_exact()
    }

    /// Whether the top and flat surfaces are met.
    fn is_exact(&self) -> bool {
        self.precise || self.adaptive.is_some()
    }

    fn least_mm(&self) -> f64 {
        self.least_mm.min(self.most_mm)
    }
}

impl From<&Settings> for LayerSettings {
    fn from(s: &Settings) -> Self {
        // On a raft it is the raft that has a first layer.
        let first = if s.raft_layers > 0 && !s.spiral_vase { s.layer_height } else { s.first_layer_height };
        let (least, most) = (s.min_layer_height, s.max_layer_height);
        let finest = (FINEST * least).min(most);
        let cusp_mm = most * (finest / most).powf(s.adaptive_layer_quality);
        Self {
            first_layer_height_mm: first,
            layer_height_mm: s.layer_height,
            least_mm: least,
            most_mm: most,
            adaptive: s.adaptive_layer_height.then_some(Adaptive { cusp_mm, step_mm: s.adaptive_layer_step }),
            precise: s.precise_z_height,
            ranges: parse_height_ranges(&s.layer_height_ranges).unwrap_or_default(),
        }
    }
}

/// What decides the shape of outlines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlicingSettings {
    pub mode: SlicingMode,
    /// Gaps narrower than twice this are closed; 0 closes none.
    pub closing_radius_mm: f64,
    /// Outlines are simplified to within this.
    pub resolution_mm: f64,
    /// Outer contours grow by this, or shrink where it is negative.
    pub contour_growth_mm: f64,
    /// Holes grow by this, or shrink where it is negative.
    pub hole_growth_mm: f64,
    /// The first layer shrinks by this, as far as its thin parts bear it.
    pub elephant_foot_mm: f64,
    /// Width that the elephant foot's compensation leaves of any part that had it.
    pub least_width_mm: f64,
}

impl From<&Settings> for SlicingSettings {
    fn from(s: &Settings) -> Self {
        Self {
            mode: s.slicing_mode,
            closing_radius_mm: s.slice_closing_radius.max(0.0),
            resolution_mm: s.resolution.max(0.0),
            contour_growth_mm: s.xy_size_compensation + s.xy_contour_compensation,
            hole_growth_mm: s.xy_hole_compensation - s.xy_size_compensation,
            // What lies on a raft is not squeezed onto the plate.
            elephant_foot_mm: if s.raft_layers > 0 && !s.spiral_vase {
                0.0
            } else {
                s.elefant_foot_compensation.max(0.0)
            },
            least_width_mm: s.first_layer_extrusion_width,
        }
    }
}

/// More layers than any machine prints; a grid is never longer (a height that is not finite would never end).
const MOST_LAYERS: usize = 200_000;

/// What lies on the wrong side of a surface is spoken of from this area and this share of its layer on.
const LOST_MM2: f64 = 0.05;
const LOST_SHARE: f64 = 0.005;

/// The layers of an object of this height that stands on the plate; what its surface looks like is not asked. With equal
/// layers: the first one, then more as long as their middle, where they are cut, is inside the object. An object lower
/// than half the first layer gets one layer, cut in the object's middle. Empty where a height is not above zero.
pub fn layer_grid(total_height_mm: f64, settings: &LayerSettings) -> Vec<LayerSpan> {
    object_grid(&[], total_height_mm, settings)
}

/// The layers of an object: meshes and where they stand on the plate, up to `total_height_mm` above it. They follow its
/// surface where settings ask for that.
pub fn object_grid(
    parts: &[(Arc<Mesh>, Matrix4<f64>)],
    total_height_mm: f64,
    settings: &LayerSettings,
) -> Vec<LayerSpan> {
    let surface = if settings.is_exact() { Surface::of(parts, total_height_mm) } else { Surface::default() };
    grid::layer_grid(total_height_mm, &surface, settings)
}

/// The outlines of one object, all its parts united, at each span's cut. Spans ascend. `parts` are meshes and where they
/// stand on the plate. Works on broken meshes too: what was wrong with them comes back as notices that name layers.
pub fn outlines(
    parts: &[(Arc<Mesh>, Matrix4<f64>)],
    spans: &[LayerSpan],
    settings: &SlicingSettings,
    progress: &Progress,
) -> Result<(Vec<LayerOutline>, Vec<Notice>), Canceled> {
    progress.stage("Cutting the model into layers", spans.len() * parts.len().max(1));
    let mut notices = Vec::new();
    let mut of_parts = Vec::with_capacity(parts.len());
    for (mesh, plate_from_part) in parts {
        of_parts.push(part_regions(mesh, plate_from_part, spans, settings, &mut notices, progress)?);
    }
    let areas = united(of_parts, spans.len());
    let layers = areas
        .into_par_iter()
        .zip(spans.par_iter())
        .enumerate()
        .map(|(i, (area, span))| {
            progress.check()?;
            Ok(LayerOutline { span: *span, area: compensate::compensated(area, i == 0, settings) })
        })
        .collect::<Result<Vec<_>, Canceled>>()?;
    Ok((layers, notices))
}

/// The regions of the parts as one region a layer.
fn united(mut of_parts: Vec<Vec<Region>>, layers: usize) -> Vec<Region> {
    if of_parts.len() == 1 {
        return of_parts.pop().unwrap_or_default();
    }
    (0..layers).into_par_iter().map(|i| Region::union_all(of_parts.iter().filter_map(|part| part.get(i)))).collect()
}

/// One part's region at each layer.
fn part_regions(
    mesh: &Mesh,
    plate_from_part: &Matrix4<f64>,
    spans: &[LayerSpan],
    settings: &SlicingSettings,
    notices: &mut Vec<Notice>,
    progress: &Progress,
) -> Result<Vec<Region>, Canceled> {
    let solid = cut::Solid::new(mesh, plate_from_part, spans);
    if solid.unusable > 0 {
        notices.push(Notice::warning(format!(
            "{} triangles have coordinates that are no numbers or beyond the largest plate and were left out; repair the model",
            solid.unusable
        )));
    }
    let cuts = solid.cut_all(settings.resolution_mm, progress)?;
    let open: Vec<usize> = cuts.iter().enumerate().filter(|(_, cut)| cut.was_open).map(|(i, _)| i).collect();
    for (first, last) in runs(&open) {
        notices.push(
            Notice::warning("the outline is open here because the model has holes; it was closed with straight lines")
                .on_layers(first, last),
        );
    }
    let read = |turned: Option<&shells::Turned>| -> Result<Vec<(Region, bool)>, Canceled> {
        cuts.par_iter()
            .map(|cut| {
                progress.check()?;
                Ok(region_of(cut, turned, settings.mode))
            })
            .collect()
    };
    let mut regions = read(None)?;
    if settings.mode != SlicingMode::EvenOdd && (!open.is_empty() || regions.iter().any(|(_, doubtful)| *doubtful)) {
        let turned = shells::find_turned(&solid, &cuts, progress)?;
        let is_here = |cut: &cut::Cut| cut.rings.iter().any(|ring| turned.is_turned(ring.triangle));
        if turned.count > 0
            && let (Some(first), Some(last)) = (cuts.iter().position(is_here), cuts.iter().rposition(is_here))
        {
            let text = format!("{} of the model's shells were inside out and have been turned", turned.count);
            notices.push(Notice::note(text).on_layers(first, last));
            regions = read(Some(&turned))?;
        }
        let is_lost = |(i, (region, doubtful)): (usize, &(Region, bool))| -> Result<bool, Canceled> {
            progress.check()?;
            let either_way = || Region::from_rings_non_zero(rings_of(&cuts[i], Some(&turned))).area_mm2();
            Ok(*doubtful && either_way() > region.area_mm2() * (1.0 + LOST_SHARE) + LOST_MM2)
        };
        let lost: Vec<bool> = regions.par_iter().enumerate().map(is_lost).collect::<Result<_, Canceled>>()?;
        let lost: Vec<usize> = (0..lost.len()).filter(|&i| lost[i]).collect();
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            let text = "the surface crosses itself here, and what lies on its wrong side is left out; look at the layers, \
                        repair the model, or set the slicing mode to even-odd";
            notices.push(Notice::warning(text).on_layers(*first, *last));
        }
    }
    Ok(regions.into_iter().map(|(region, _)| region).collect())
}

/// The area of one cut, and whether it is doubtful that all of its rings go the right way round: where nothing overlaps
/// and nothing is inside out, the rings' areas add up to the region's.
fn region_of(cut: &cut::Cut, turned: Option<&shells::Turned>, mode: SlicingMode) -> (Region, bool) {
    let rings = rings_of(cut, turned);
    let sum: f64 = rings.iter().map(Ring::area_mm2).sum();
    let region = match mode {
        SlicingMode::EvenOdd => Region::from_rings_even_odd(rings),
        SlicingMode::Regular | SlicingMode::CloseHoles => Region::from_rings(rings),
    };
    let area = region.area_mm2();
    let doubtful = (area - sum).abs() > 0.01 + 1e-6 * area;
    let region = match mode {
        SlicingMode::CloseHoles => {
            Region::from_rings(region.rings.into_iter().filter(|ring| ring.area_mm2() > 0.0).collect())
        }
        SlicingMode::Regular | SlicingMode::EvenOdd => region,
    };
    (region, doubtful)
}

/// The rings of a cut, those of turned shells turned.
fn rings_of(cut: &cut::Cut, turned: Option<&shells::Turned>) -> Vec<Ring> {
    let is_turned = |r: &cut::CutRing| turned.is_some_and(|t| t.is_turned(r.triangle));
    cut.rings.iter().map(|r| if is_turned(r) { r.ring.reversed() } else { r.ring.clone() }).collect()
}

/// Runs of consecutive numbers in an ascending list, as first and last.
fn runs(numbers: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &n in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => runs.push((n, n)),
        }
    }
    runs
}
