//! From a finished file and the model that it prints to how well it prints it.
//!
//! The model is cut where the file's layers are, finer than any slicer works, and put where the file has it.

use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use crate::geometry::Region;
use crate::model::{Imported, Mesh};
use crate::process::machine::limits;
use crate::process::slicing::{self, LayerSpan, SlicingSettings};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::{Settings, SlicingMode};
use crate::toolpath::Toolpath;
use crate::verify::quality::{QualityReport, QualitySettings, base_mm, measure, shift_mm, shifted};

/// Outlines are exact to within this, mm.
const EXACT_MM: f64 = 0.001;
/// Side of a pixel, mm, on parts up to this long; longer ones get larger pixels.
const PIXEL_MM: f64 = 0.05;
const FINE_UP_TO_MM: f64 = 150.0;

/// Measures a toolpath against the models of one file, as that file places them to each other; `settings` are those that
/// it was sliced with, `machine` those of the machine that all times are estimated for.
pub fn measure_quality(
    toolpath: &Toolpath,
    models: &[Imported],
    settings: &Settings,
    machine: &Settings,
    progress: &Progress,
) -> Result<QualityReport, Canceled> {
    let parts = standing(models, base_mm(toolpath));
    let (outlines, notices) = outlines(toolpath, &parts, progress)?;
    let outlines = match shift_mm(toolpath, &outlines) {
        Some(shift) => shifted(outlines, shift),
        None => outlines,
    };
    let bounds = outlines.iter().filter_map(Region::bounds).map(|b| (b.max.to_mm(), b.min.to_mm()));
    let longest = bounds.map(|(max, min)| (max[0] - min[0]).max(max[1] - min[1])).fold(0.0, f64::max);
    let settings = QualitySettings {
        road_width_mm: settings.perimeter_extrusion_width,
        layer_height_mm: settings.layer_height,
        walls: settings.perimeters as usize,
        top_layers: settings.top_solid_layers as usize,
        bottom_layers: settings.bottom_solid_layers as usize,
        pixel_mm: PIXEL_MM * (longest / FINE_UP_TO_MM).max(1.0),
    };
    let mut report = measure(toolpath, &outlines, &settings, &limits(machine), progress)?;
    report.notices.splice(0..0, notices);
    Ok(report)
}

/// The models' parts, the lowest point at a height above the plate.
fn standing(models: &[Imported], base_mm: f64) -> Vec<(Arc<Mesh>, Matrix4<f64>)> {
    let bounds = models.iter().filter_map(|m| m.model.bounds(&m.plate_from_model)).reduce(|a, b| a.union(b));
    let down = Matrix4::new_translation(&Vector3::new(0.0, 0.0, base_mm - bounds.map_or(0.0, |b| b.min[2])));
    let parts = models.iter().flat_map(|m| m.model.parts.iter().map(move |part| (m, part)));
    parts.map(|(m, part)| (Arc::clone(&part.mesh), down * m.plate_from_model * part.model_from_part)).collect()
}

/// The outline in the middle of each layer of a toolpath.
fn outlines(
    toolpath: &Toolpath,
    parts: &[(Arc<Mesh>, Matrix4<f64>)],
    progress: &Progress,
) -> Result<(Vec<Region>, Vec<Notice>), Canceled> {
    let span = |layer: &crate::toolpath::Layer| {
        let (top_mm, height) = (f64::from(layer.z_mm), f64::from(layer.height_mm));
        // Single precision is no place to cut: faces lie at round heights.
        let cut_mm = ((top_mm - height / 2.0) * 1e4).round() / 1e4;
        LayerSpan { bottom_mm: top_mm - height, top_mm, cut_mm }
    };
    let mut spans: Vec<LayerSpan> = toolpath.layers.iter().map(span).collect();
    spans.sort_by(|a, b| a.cut_mm.total_cmp(&b.cut_mm));
    spans.dedup_by(|a, b| a.cut_mm == b.cut_mm);
    let exact = SlicingSettings {
        mode: SlicingMode::Regular,
        closing_radius_mm: 0.0,
        resolution_mm: EXACT_MM,
        contour_growth_mm: 0.0,
        hole_growth_mm: 0.0,
        elephant_foot_mm: 0.0,
        least_width_mm: 0.0,
    };
    let (cuts, notices) = slicing::outlines(parts, &spans, &exact, progress)?;
    let of_layer = |layer| {
        let cut_mm = span(layer).cut_mm;
        let found = cuts.iter().position(|c| c.span.cut_mm == cut_mm).and_then(|i| cuts.get(i));
        found.map(|c| c.area.clone()).unwrap_or_default()
    };
    Ok((toolpath.layers.iter().map(of_layer).collect(), notices))
}
