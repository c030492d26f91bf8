//! Files to models: one file a format, one report of what was found, mended and dropped.
//!
//! [`import`] finds the format by the file's name, reads it in bounded memory, checks and mends every mesh and gives back
//! models in millimetres. What cannot be read gives one error that names the file and the cause, and nothing else.
//! Every reader treats its file as hostile: claims are believed only as far as there are bytes behind them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nalgebra::Matrix4;

use super::repair::{has_four_planes, repair, weld_vertices};
use super::{Mesh, Model, Part, RepairReport};
use crate::progress::{Canceled, Progress};
use crate::report::{Notice, count};
use crate::units::MM_PER_INCH;

mod obj;
mod stl;
mod text;
mod threemf;

/// Facets of a binary STL file, at most: what a machine with 8 GB can work with. There are 50 bytes behind each.
const MOST_BINARY_FACETS: usize = 40_000_000;

/// Facets and vertices of the other formats, at most: a small packed file could claim many.
const MOST_FACETS: usize = 10_000_000;

/// A coordinate beyond this is no length of anything that is made on a machine, in mm.
const FARTHEST_MM: f64 = 1.0e6;

/// What was read from one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// At least one, in the file's order.
    pub models: Vec<Imported>,
    pub report: ImportReport,
}

/// One model, and where its file puts it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Shared where a file places one model several times.
    pub model: Arc<Model>,
    /// The place that the file gives it; identity where it gives none.
    pub plate_from_model: Matrix4<f64>,
    /// Whether the file says where on a plate it stands (3MF) or only what it is (STL, OBJ).
    pub is_placed: bool,
    /// Layer heights that the file asks for; empty where it asks for none.
    pub layer_ranges: Vec<LayerRange>,
}

/// A layer height between two heights above the model's base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerRange {
    pub from_mm: f64,
    pub to_mm: f64,
    pub layer_height_mm: f64,
}

/// File formats that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Format {
    #[serde(rename = "STL binary")]
    StlBinary,
    #[serde(rename = "STL text")]
    StlText,
    #[serde(rename = "OBJ")]
    Obj,
    #[serde(rename = "3MF")]
    ThreeMf,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Format::StlBinary => "STL binary",
            Format::StlText => "STL text",
            Format::Obj => "OBJ",
            Format::ThreeMf => "3MF",
        })
    }
}

/// The length that a file's numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    Micron,
    Millimeter,
    Centimeter,
    Inch,
    Foot,
    Meter,
}

impl LengthUnit {
    pub fn mm(self) -> f64 {
        match self {
            LengthUnit::Micron => 1e-3,
            LengthUnit::Millimeter => 1.0,
            LengthUnit::Centimeter => 10.0,
            LengthUnit::Inch => MM_PER_INCH,
            LengthUnit::Foot => 12.0 * MM_PER_INCH,
            LengthUnit::Meter => 1000.0,
        }
    }

    fn plural(self) -> &'static str {
        match self {
            LengthUnit::Micron => "microns",
            LengthUnit::Millimeter => "millimetres",
            LengthUnit::Centimeter => "centimetres",
            LengthUnit::Inch => "inches",
            LengthUnit::Foot => "feet",
            LengthUnit::Meter => "metres",
        }
    }
}

/// What was found in a file, mended and dropped.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ImportReport {
    pub file: PathBuf,
    pub format: Format,
    /// Of all models, each counted as often as it is placed.
    pub triangles: usize,
    /// Of the box around everything as the file places it.
    pub size_mm: [f64; 3],
    pub models: usize,
    pub parts: usize,
    pub unit: LengthUnit,
    /// The unit was guessed, because millimetres would give an implausible size.
    pub unit_was_guessed: bool,
    pub has_colors: bool,
    /// Corners of facets that were found to be the same vertex.
    pub corners_welded: usize,
    pub watertight: bool,
    pub repair: RepairReport,
    /// Everything a person should know, in sentences: the guessed unit, what was mended, what was left out.
    pub notices: Vec<Notice>,
}

/// Why a file was not imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Canceled(#[from] Canceled),
    #[error("{}: {}", one_line(cause), path.display())]
    Refused { path: PathBuf, cause: Cause },
}

/// A cause as one line: what it repeats of a file may hold line breaks, and signs that a terminal would obey.
fn one_line(cause: &Cause) -> String {
    cause
        .to_string()
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// What was wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("canceled")]
    Canceled(#[from] Canceled),
    #[error("cannot read the file ({0})")]
    Io(#[from] std::io::Error),
    #[error("{0} is not a format that can be opened; STL, OBJ and 3MF can (export the model as one of them)")]
    UnknownFormat(String),
    #[error("the file is cut off: it announces {announced} facets and has room for {present}")]
    CutOff { announced: u64, present: u64 },
    #[error("the file is cut off: {0}")]
    EndsEarly(String),
    #[error("the file has no facets")]
    NoFacets,
    #[error("{0} has a coordinate that is not a finite number")]
    NotFinite(String),
    #[error("{place} names vertex {index}, but there are {count}")]
    NoSuchVertex { place: String, index: i64, count: usize },
    #[error("line {line}: {problem}")]
    Syntax { line: usize, problem: String },
    #[error("the file is encoded in UTF-16; open it in a text editor and save it as UTF-8")]
    Utf16,
    #[error("the model is flat: its facets lie in fewer than four planes, so they enclose nothing that could be made")]
    Flat,
    #[error("the model is too large: {0}")]
    TooLarge(String),
    #[error("the package is damaged or unsafe: {0}")]
    Package(String),
    #[error("the 3MF model is not valid: {0}")]
    Invalid(String),
}

/// A mesh as a reader found it, before checking.
#[derive(Debug, Default)]
struct RawPart {
    name: String,
    mesh: Mesh,
    /// How many corners shared a vertex with another, where the reader welded already.
    corners_welded: Option<usize>,
}

/// What a format's reader found.
struct RawFile {
    format: Format,
    unit: LengthUnit,
    models: Vec<RawModel>,
    notices: Vec<Notice>,
}

/// A model of a file: parts that name one of the file's meshes each.
struct RawModel {
    name: String,
    parts: Vec<(String, usize, Matrix4<f64>)>,
    placements: Vec<Option<Matrix4<f64>>>,
    layer_ranges: Vec<LayerRange>,
}

/// Reads a model file (STL, OBJ, 3MF), checks and mends it.
///
/// Fails with [`ImportError::Refused`] where the file cannot be made anything of, naming the file and the cause.
pub fn import(path: &Path, progress: &Progress) -> Result<Import, ImportError> {
    let refuse = |cause| match cause {
        Cause::Canceled(canceled) => ImportError::Canceled(canceled),
        cause => ImportError::Refused { path: path.to_owned(), cause },
    };
    read(path, progress).map_err(refuse)
}

fn read(path: &Path, progress: &Progress) -> Result<Import, Cause> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let stem = path.file_stem().map_or_else(|| "Model".to_owned(), |s| s.to_string_lossy().into_owned());
    let reader = match extension.as_str() {
        "stl" => stl::read,
        "obj" => obj::read,
        "3mf" => threemf::read,
        "" => return Err(Cause::UnknownFormat("a file without an extension".into())),
        other => return Err(Cause::UnknownFormat(other.to_ascii_uppercase())),
    };
    let (raw, meshes) = reader(path, &stem, progress)?;
    finish(path, raw, meshes, progress)
}

/// Checks and mends the meshes, guesses the unit, and puts models together.
fn finish(path: &Path, raw: RawFile, meshes: Vec<RawPart>, progress: &Progress) -> Result<Import, Cause> {
    let mut notices = raw.notices;
    if meshes.iter().all(|m| m.mesh.triangles.is_empty()) {
        return Err(Cause::NoFacets);
    }
    progress.stage("Checking the mesh", meshes.len());
    let mut corners_welded = 0;
    let mut checked = Vec::with_capacity(meshes.len());
    for raw in meshes {
        let mut mesh = raw.mesh;
        let (unused, welded) = match raw.corners_welded {
            Some(welded) => (0, welded),
            None => weld_vertices(&mut mesh, progress)?,
        };
        corners_welded += welded;
        let (mesh, mut report) = repair(mesh, progress)?;
        report.unused_vertices_dropped = unused;
        progress.advance(1);
        checked.push((mesh, report));
    }
    if !has_four_planes(&checked.iter().map(|(mesh, _)| mesh).collect::<Vec<_>>()) {
        return Err(if checked.iter().all(|(m, _)| m.triangles.is_empty()) { Cause::NoFacets } else { Cause::Flat });
    }

    let mut unit = raw.unit;
    let guess = match raw.format {
        Format::ThreeMf => None,
        _ => guess_unit(&checked.iter().map(|(mesh, _)| mesh).collect::<Vec<_>>()),
    };
    if let Some((guessed, largest)) = guess {
        unit = guessed;
        let text = format!(
            "The size would be {largest:.3} mm, so the numbers were taken for {}: it is now {:.1} mm.",
            guessed.plural(),
            largest * guessed.mm()
        );
        notices.push(Notice::warning(text));
    }
    let mut repairs = RepairReport::default();
    let mut shared = Vec::with_capacity(checked.len());
    for (mut mesh, report) in checked {
        if unit != LengthUnit::Millimeter {
            let factor = unit.mm();
            for x in mesh.vertices.iter_mut().flatten() {
                *x = (f64::from(*x) * factor) as f32;
            }
        }
        repairs.add(&report);
        let solid = has_four_planes(&[&mesh]);
        shared.push((Arc::new(mesh), solid));
    }
    let models = put_together(raw.models, &shared, unit, raw.format, &mut notices)?;
    for sentence in repairs.sentences() {
        notices.push(Notice::note(sentence));
    }
    if repairs.open_edges > 0 {
        let text = format!(
            "The surface still has {}: look through the layers before printing.",
            count(repairs.open_edges, "open edges")
        );
        notices.push(Notice::warning(text));
    }
    report(path, raw.format, unit, guess.is_some(), corners_welded, repairs, models, notices)
}

/// Models with the parts that exist and enclose something.
fn put_together(
    raw: Vec<RawModel>,
    meshes: &[(Arc<Mesh>, bool)],
    unit: LengthUnit,
    format: Format,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Imported>, Cause> {
    let any_solid = meshes.iter().any(|(_, solid)| *solid);
    let scaled = |mut m: Matrix4<f64>| {
        for i in 0..3 {
            m[(i, 3)] *= unit.mm();
        }
        m
    };
    let mut models = Vec::new();
    for model in raw {
        let mut parts = Vec::new();
        for (name, mesh, model_from_part) in model.parts {
            let Some((mesh, solid)) = meshes.get(mesh) else { continue };
            // Sheets beside solids add nothing. Parts of an STL or OBJ file may enclose something only together.
            if mesh.triangles.is_empty() || (!solid && (any_solid || format == Format::ThreeMf)) {
                let text = format!("The part {name} encloses nothing and was left out.");
                notices.push(Notice::warning(text).on_object(model.name.clone()));
                continue;
            }
            parts.push(Part { name, mesh: Arc::clone(mesh), model_from_part: scaled(model_from_part) });
        }
        if parts.is_empty() {
            continue;
        }
        let shared = Arc::new(Model { name: model.name, parts });
        models.extend(model.placements.into_iter().map(|placement| Imported {
            model: Arc::clone(&shared),
            plate_from_model: scaled(placement.unwrap_or_else(Matrix4::identity)),
            is_placed: placement.is_some(),
            layer_ranges: model.layer_ranges.clone(),
        }));
    }
    if models.is_empty() { Err(Cause::Flat) } else { Ok(models) }
}

#[allow(clippy::too_many_arguments)]
fn report(
    path: &Path,
    format: Format,
    unit: LengthUnit,
    unit_was_guessed: bool,
    corners_welded: usize,
    repair: RepairReport,
    models: Vec<Imported>,
    mut notices: Vec<Notice>,
) -> Result<Import, Cause> {
    let boxes = models.iter().filter_map(|m| m.model.bounds(&m.plate_from_model));
    let Some(bounds) = boxes.reduce(super::Bounds3::union) else { return Err(Cause::NoFacets) };
    let farthest = bounds.min.iter().chain(&bounds.max).fold(0.0, |far: f64, x| far.max(x.abs()));
    if !farthest.is_finite() || farthest > FARTHEST_MM {
        return Err(Cause::TooLarge(format!("it reaches to {:.0} m from its origin", farthest / 1000.0)));
    }
    let size_mm = bounds.size();
    if size_mm.iter().any(|s| *s > 2000.0) {
        let text = "The model is larger than 2 m: the unit may be wrong, or scale it down.";
        notices.push(Notice::warning(text));
    }
    let report = ImportReport {
        file: path.to_owned(),
        format,
        triangles: models.iter().map(|m| m.model.triangle_count()).sum(),
        size_mm,
        models: models.len(),
        parts: models.iter().map(|m| m.model.parts.len()).sum(),
        unit,
        unit_was_guessed,
        has_colors: models.iter().any(|m| m.model.has_colors()),
        corners_welded,
        watertight: repair.is_watertight(),
        repair,
        notices,
    };
    Ok(Import { models, report })
}

/// STL and OBJ files say no unit. Nobody prints a thing of less than 3 mm: such a file counts inches or, where even
/// that would be small, metres. Gives the unit and the largest extent in the file's numbers.
fn guess_unit(meshes: &[&Mesh]) -> Option<(LengthUnit, f64)> {
    let identity = Matrix4::identity();
    let bounds = meshes.iter().filter_map(|m| m.bounds(&identity)).reduce(super::Bounds3::union)?;
    let largest = bounds.size().into_iter().fold(0.0, f64::max);
    match largest {
        l if l <= 0.0 || l >= 3.0 => None,
        l if l < 0.5 => Some((LengthUnit::Meter, l)),
        l => Some((LengthUnit::Inch, l)),
    }
}

#[cfg(test)]
mod tests;
