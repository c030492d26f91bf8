//! `fabbro info MODEL…`: what is in model files, and what was mended when they were read.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failure, interrupt, print, print_json, tell};
use crate::model::import::{Import, ImportError, import};
use crate::report::{Severity, count};

#[derive(clap::Args)]
pub struct Args {
    /// Models: STL, OBJ or 3MF
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// As JSON, one entry a file
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    let progress = interrupt::stoppable();
    for file in &args.files {
        match import(file, &progress) {
            Ok(import) => found.push(import),
            Err(ImportError::Canceled(_)) => return Err(interrupt::stopped()),
            Err(error) => failed.push(Failure::from(error)),
        }
    }
    if args.json {
        if !found.is_empty() || failed.is_empty() {
            print_json(&found.iter().map(as_value).collect::<Vec<_>>())?;
        }
    } else {
        print(&found.iter().map(as_text).collect::<Vec<_>>().join("\n"))?;
    }
    // The last failure ends the program; those before it are told here.
    let last = failed.pop();
    for failure in failed {
        if let Failure::CouldNot(text) = failure {
            tell(format_args!("fabbro: {text}"));
        }
    }
    last.map_or(Ok(()), Err)
}

fn as_text(import: &Import) -> String {
    let report = &import.report;
    let [x, y, z] = report.size_mm;
    let surface = match report.repair.open_edges + report.repair.inconsistent_edges {
        0 => "watertight".to_owned(),
        n => format!("not watertight: {} wrong", count(n, "edges")),
    };
    let (volume, area) = totals(import);
    let mut text = format!("{}\n", report.file.display());
    let mut line = |what: &str, words: String| {
        let _ = writeln!(text, "  {what:<10} {words}");
    };
    line("format", report.format.to_string());
    line("size", format!("{x:.2} x {y:.2} x {z:.2} mm"));
    line("models", format!("{}, {}", count(report.models, "models"), count(report.parts, "parts")));
    line("triangles", report.triangles.to_string());
    line("volume", format!("{volume:.2} mm³"));
    line("area", format!("{area:.2} mm²"));
    line("surface", surface);
    line("colours", if report.has_colors { "yes" } else { "none" }.to_owned());
    if import.models.len() > 1 {
        for model in &import.models {
            let [x, y, z] = model.model.bounds(&model.plate_from_model).map(|b| b.size()).unwrap_or_default();
            let triangles = count(model.model.triangle_count(), "triangles");
            line("-", format!("{}: {x:.2} x {y:.2} x {z:.2} mm, {triangles}", model.model.name));
        }
    }
    for notice in &report.notices {
        let word = if notice.severity == Severity::Note { "note" } else { "warning" };
        line(word, notice.to_string());
    }
    text
}

fn as_value(import: &Import) -> serde_json::Value {
    let (volume, area) = totals(import);
    let model = |m: &crate::model::Imported| {
        let bounds = m.model.bounds(&m.plate_from_model);
        json!({
            "name": m.model.name,
            "parts": m.model.parts.iter().map(|p| &p.name).collect::<Vec<_>>(),
            "triangles": m.model.triangle_count(),
            "min_mm": bounds.map(|b| b.min),
            "max_mm": bounds.map(|b| b.max),
            "placed_by_file": m.is_placed,
        })
    };
    json!({
        "report": import.report,
        "volume_mm3": volume,
        "area_mm2": area,
        "models": import.models.iter().map(model).collect::<Vec<_>>(),
    })
}

/// Volume and area of everything as it is placed.
fn totals(import: &Import) -> (f64, f64) {
    let placed = import.models.iter().map(|m| m.model.placed_measures(&m.plate_from_model));
    placed.fold((0.0, 0.0), |(v, a), (volume, area)| (v + volume, a + area))
}
