//! `fabbro verify FILE.gcode`: is it fit for the machine, and with `--model` how well does it print the model?

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::interrupt::{self, stopped};
use super::{Failure, print, print_json, read, target, tell_all, usage};
use super::progress_line::ProgressLine;
use crate::gcode::{self, FileMetadata, ReadOptions, duration, read_metadata, unescape};
use crate::model::import::import;
use crate::pipeline::measure_quality;
use crate::progress::{Canceled, Progress};
use crate::report::{Severity, count};
use crate::settings::{Settings, parse_assignment};
use crate::verify::quality::QualityReport;
use crate::verify::{Policy, VerifyOptions, VerifyReport, verify};

#[derive(clap::Args)]
pub struct Args {
    /// A G-code file
    file: PathBuf,
    /// The machine it is for; our own files name theirs
    #[arg(long)]
    machine: Option<String>,
    /// As strictly as a node judges a job from elsewhere
    #[arg(long)]
    remote: bool,
    /// The model that it prints: says how well, too
    #[arg(long)]
    model: Option<PathBuf>,
    /// With --model: a setting it was sliced with, where the file does not say so itself (perimeters, top_solid_layers,
    /// bottom_solid_layers, layer_height, extrusion_width)
    #[arg(long, value_name = "KEY=VALUE", requires = "model")]
    set: Vec<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let bytes = read(&args.file)?;
    let metadata = read_metadata(&bytes);
    let target = target::of_file(args.machine.as_deref(), &metadata)?;
    let machine = &target.name;
    let policy = if args.remote { Policy::Remote } else { Policy::Own };
    let options = VerifyOptions { policy, expected_volume_mm3: None };
    let progress = interrupt::stoppable();
    let report = verify(&bytes, &target.limits, &options, &progress).map_err(|Canceled| stopped())?;
    if !args.json {
        // Measuring takes long, and may fail: what was found is said before it.
        print(&words(&report, machine))?;
    }
    let measured = args.model.as_deref().map(|model| quality(&args, model, &bytes, &metadata, &target, &progress));
    let (quality, failure) = match measured.transpose() {
        Ok(quality) => (quality, None),
        Err(failure) => (None, Some(failure)),
    };
    let other_model = args.model.as_deref().filter(|_| quality.as_ref().is_some_and(|quality| !quality.prints_model()));
    if args.json {
        print_json(&serde_json::json!({
            "file": args.file,
            "machine": machine,
            "generator": metadata.generator,
            "passes": report.passes(),
            "report": report,
            "quality": quality,
        }))?;
    } else if let Some(quality) = quality.filter(|quality| quality.prints_model()) {
        print(&quality_words(&quality))?;
    }
    let file = args.file.display();
    if !report.passes() {
        let errors = count(report.count(Severity::Error), "errors");
        return Err(Failure::CouldNot(format!("{file} is not fit for {machine}: {errors}")));
    }
    match (failure, other_model) {
        (Some(failure), _) => Err(failure),
        (None, Some(model)) => Err(Failure::CouldNot(format!(
            "{file} prints another model than {}, or this one turned or scaled: most of its outline has no road",
            model.display()
        ))),
        (None, None) => Ok(()),
    }
}

/// Measures the file against its model.
fn quality(
    args: &Args,
    model: &Path,
    bytes: &[u8],
    metadata: &FileMetadata,
    target: &target::Target,
    progress: &Progress,
) -> Result<QualityReport, Failure> {
    let mut pairs: Vec<(&str, String)> = metadata.settings.iter().map(|(k, v)| (k.as_str(), unescape(v))).collect();
    for text in &args.set {
        parse_assignment(text).map_err(usage)?;
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        pairs.push((key.trim(), value.trim().to_owned()));
    }
    let (settings, _) = Settings::from_pairs(pairs.iter().map(|(k, v)| (*k, v.as_str())))?;
    let line = ProgressLine::show(progress);
    let options = ReadOptions { filament_diameter_mm: settings.filament_diameter, ..ReadOptions::default() };
    let file = gcode::read(bytes, &options, progress).map_err(|Canceled| stopped())?;
    let imported = import(model, progress)?;
    let report = measure_quality(&file.toolpath, &imported.models, &settings, &target.settings, progress)
        .map_err(|Canceled| stopped())?;
    drop(line);
    tell_all(&imported.report.notices);
    if report.prints_model() {
        tell_all(&report.notices);
    }
    Ok(report)
}

fn quality_words(report: &QualityReport) -> String {
    let figures = &report.figures;
    let mm = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.4} mm"));
    let share = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{:.2} %", v * 100.0));
    let mut text = String::new();
    for (what, value) in [
        ("outer wall, mean error", mm(figures.outer_wall_mean_mm)),
        ("outer wall, deviation", mm(figures.outer_wall_deviation_mm)),
        ("outline without road", share(figures.bare_outline)),
        ("thin parts without road", share(figures.bare_thin_parts)),
        ("walls covered", share(figures.wall_cover)),
        ("top and bottom covered", share(figures.shell_cover)),
        ("overfilled", share(figures.overfilled)),
        ("underfilled", share(figures.underfilled)),
        ("needless solid", share(figures.needless_solid)),
        ("unsupported", format!("{:.1} mm", figures.unsupported_mm)),
        ("travel", format!("{:.2} m", figures.travel_mm / 1000.0)),
        ("outside, not retracted", format!("{:.1} mm", figures.loose_travel_mm)),
        ("retractions", figures.retractions.to_string()),
        ("seams above another", share(figures.seams_followed)),
        ("segments below 0.05 mm", share(figures.segments_below_50_um)),
        ("segments below 0.1 mm", share(figures.segments_below_100_um)),
        ("time", duration(figures.time_s)),
    ] {
        let _ = writeln!(text, "{what:<26}{value:>16}");
    }
    for spot in report.spots.iter().filter(|spot| spot.amount > 0.5) {
        let name = serde_json::to_value(spot.blemish).unwrap_or_default();
        let [x, y] = spot.at_mm;
        let _ = writeln!(
            text,
            "  layer {} (Z {:.2}) around X {x:.1} Y {y:.1}: {} {:.2}",
            spot.layer + 1,
            spot.z_mm,
            name.as_str().unwrap_or_default(),
            spot.amount
        );
    }
    text
}

fn words(report: &VerifyReport, machine: &str) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let _ = writeln!(text, "{word}: {finding}");
    }
    let hidden: usize = report.counts.iter().map(|c| c.count).sum::<usize>() - report.findings.len();
    if hidden > 0 {
        let _ = writeln!(text, "and {hidden} more of the same kinds");
    }
    let totals = &report.totals;
    let _ = writeln!(
        text,
        "{}, {:.2} m of road, {:.2} cm³, {:.2} m of filament, at most {:.1} mm³/s and {} °C",
        count(totals.layers, "layers"),
        totals.printed_length_mm / 1000.0,
        totals.printed_mm3 / 1000.0,
        totals.filament_mm / 1000.0,
        totals.peak_melt_rate_mm3_per_s,
        totals.max_nozzle_temperature,
    );
    if let (Some(min), Some(max)) = (totals.printed_min_mm, totals.printed_max_mm) {
        let span = |axis: usize| format!("{:.2} to {:.2}", min[axis], max[axis]);
        let _ = writeln!(text, "X {}, Y {}, Z {} mm", span(0), span(1), span(2));
    }
    let _ = writeln!(text, "{}fit for {machine}", if report.passes() { "" } else { "not " });
    text
}
