//! `fabbro slice MODEL… -o OUT.gcode`: from models to a file for a machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::chosen::Chosen;
use super::progress_line::ProgressLine;
use super::{Failure, can_be_written, interrupt, keep_inputs, print, print_json, save_whole, tell_all, usage};
use crate::gcode::duration;
use crate::model::import::import;
use crate::pipeline::{self, Job, JobExtras};
use crate::progress::Progress;
use crate::report::{Notice, count};
use crate::scene::check::{Misplaced, Misplacement};
use crate::scene::{Document, Edit, NewObject};
use crate::settings::{Layer, Library, PresetKind, parse_assignment};
use crate::toolpath::Step;

#[derive(clap::Args)]
pub struct Args {
    /// Models: STL, OBJ or 3MF; several are arranged on the plate
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// The G-code file to save
    #[arg(short, long, value_name = "OUT.gcode")]
    output: PathBuf,
    #[command(flatten)]
    chosen: Chosen,
    /// A setting for one object only, such as 'part:layer_height=0.1'; objects have the names of their models
    #[arg(long, value_name = "OBJECT:KEY=VALUE")]
    set_for: Vec<String>,
    /// Threads to work with [default: as many as the processor has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Say what was made as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<(), Failure> {
    keep_inputs(&args.output, &args.models)?;
    can_be_written(&args.output)?;
    is_no_other_format(&args.output)?;
    let mut document = Document::new(args.chosen.layered()?).map_err(usage)?;
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global()?;
    }
    let progress = interrupt::stoppable();
    let line = ProgressLine::show(&progress);
    let mut notices = document.settings_notices().to_vec();
    let made = make(&args, &mut document, &mut notices, &progress);
    // Wiped away before anything else is said.
    drop(line);
    if progress.is_canceled() {
        return Err(interrupt::stopped());
    }
    tell_all(&notices);
    let job = made?;
    progress.stage("Saving", 0);
    save_whole(&args.output, &job.file.bytes)?;
    if args.json {
        print_json(&report(&args, &document, &job, &notices, &progress))
    } else {
        print(&summary(&args, &job))
    }
}

/// Endings of files that are no G-code, which somebody would open in vain.
const OTHER_FORMATS: &[&str] = &[
    "stl", "obj", "3mf", "amf", "ply", "step", "stp", "png", "jpg", "jpeg", "svg", "dxf", "ini", "toml", "json", "zip",
];

/// Refuses to write G-code under the name of something else.
fn is_no_other_format(output: &Path) -> Result<(), Failure> {
    let ending = output.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if OTHER_FORMATS.contains(&ending.as_str()) {
        let right = output.with_extension("gcode");
        return Err(usage(format!(
            "what is written is G-code, not .{ending}: call the output {}",
            right.file_name().unwrap_or_default().to_string_lossy()
        )));
    }
    Ok(())
}

/// Everything up to the bytes of the file. What is worth knowing is added to `notices`, also where it fails later.
fn make(
    args: &Args,
    document: &mut Document,
    notices: &mut Vec<Notice>,
    progress: &Progress,
) -> Result<Job, Failure> {
    let mut objects = Vec::new();
    for path in &args.models {
        let import = import(path, progress)?;
        notices.extend(import.report.notices);
        objects.extend(NewObject::from_import(&import.models));
    }
    let mut placed = place(document, objects.clone(), progress)?;
    let machine = document.resolved().printer_model.clone();
    if !placed.hopeless.is_empty() && !args.chosen.names_machine() {
        // The machine was nobody's choice, so a larger one does as well.
        let mut settings = document.settings().clone();
        Library::bundled().apply(&mut settings, PresetKind::Machine, LARGE_MACHINE)?;
        let mut larger = Document::new(settings)?;
        let again = place(&mut larger, objects, progress)?;
        if again.hopeless.is_empty() {
            let text = format!(
                "there is no room on {machine}, so {} was taken; say which machine it is with --machine",
                larger.resolved().printer_model
            );
            notices.push(Notice::warning(text));
            (*document, placed) = (larger, again);
        }
    }
    let Placed { notices: found, hopeless } = placed;
    notices.extend(found);
    if !hopeless.is_empty() {
        let sentences: Vec<String> = hopeless.iter().map(|misplaced| misplaced.notice().to_string()).collect();
        return Err(Failure::CouldNot(format!("{machine} is too small or too full: {}", sentences.join(" "))));
    }
    for text in &args.set_for {
        let edit = setting_of_one(document, text)?;
        document.apply(edit).map_err(usage)?;
    }
    let snapshot = document.snapshot();
    let job = pipeline::make_job(&snapshot, &JobExtras::of(&snapshot), progress)?;
    notices.extend(job.planned.plan.notices.iter().cloned());
    notices.extend(job.file.report.findings.iter().map(|finding| Notice::new(finding.severity, finding.to_string())));
    Ok(job)
}

/// The edit that gives one object a setting of its own. A name may hold colons; the setting is behind the last one before
/// the equals sign.
fn setting_of_one(document: &Document, text: &str) -> Result<Edit, Failure> {
    let wrong = || usage(format!("`{text}` is not OBJECT:KEY=VALUE, such as part:layer_height=0.1"));
    let equals = text.find('=').ok_or_else(wrong)?;
    let (name, _) = text[..equals].rsplit_once(':').ok_or_else(wrong)?;
    let (key, value) = parse_assignment(&text[name.len() + 1..]).map_err(usage)?;
    let Some(object) = document.objects().iter().find(|object| object.name == name) else {
        let names: Vec<&str> = document.objects().iter().map(|object| object.name.as_str()).collect();
        return Err(usage(format!("there is no object called {name}; there is {}", names.join(", "))));
    };
    Ok(Edit::set_setting(Some(object.id), key, value))
}

/// The machine that is taken where none was named and the usual one is too small.
const LARGE_MACHINE: &str = "generic-400";

/// What came of putting objects on a plate.
struct Placed {
    notices: Vec<Notice>,
    /// Objects that cannot be printed where they are.
    hopeless: Vec<Misplaced>,
}

fn place(document: &mut Document, objects: Vec<NewObject>, progress: &Progress) -> Result<Placed, Failure> {
    let mut notices = document.apply_in(Edit::Add { objects }, None, progress)?.notices;
    let (hopeless, passable): (Vec<Misplaced>, Vec<Misplaced>) =
        document.misplaced().into_iter().partition(|misplaced| is_hopeless(&misplaced.what));
    notices.extend(passable.iter().map(Misplaced::notice));
    Ok(Placed { notices, hopeless })
}

/// Whether an object that stands so cannot be printed as it is. The rest a person may have meant.
fn is_hopeless(what: &Misplacement) -> bool {
    match what {
        Misplacement::OutsidePlate | Misplacement::OnExcludedArea | Misplacement::TooHigh(_) => true,
        Misplacement::BelowPlate(_) | Misplacement::InTheAir(_) | Misplacement::Overlaps(..) => false,
    }
}

/// What was made, in a line.
fn summary(args: &Args, job: &Job) -> String {
    let totals = &job.file.totals;
    let mut text = format!(
        "{}: {}, {}, {:.1} g ({:.2} m)",
        args.output.display(),
        count(totals.layers, "layers"),
        duration(totals.time_s),
        totals.filament_g,
        totals.filament_mm / 1000.0
    );
    if totals.cost > 0.0 {
        let _ = write!(text, ", {:.2} for material", totals.cost);
    }
    text + "\n"
}

fn report(
    args: &Args,
    document: &Document,
    job: &Job,
    notices: &[Notice],
    progress: &Progress,
) -> serde_json::Value {
    let totals = &job.file.totals;
    let steps = || job.planned.plan.toolpath.layers.iter().flat_map(|layer| &layer.steps);
    // A path through n points is n - 1 moves.
    let moves: usize = steps()
        .map(|step| match step {
            Step::Extrude(road) => road.points.len().saturating_sub(1),
            Step::Travel(travel) => travel.points.len().saturating_sub(1),
            Step::Retract { .. } | Step::Unretract { .. } | Step::MoveZ { .. } => 1,
            _ => 0,
        })
        .sum();
    let name = |layer| document.settings().name(layer);
    json!({
        "output": args.output.display().to_string(),
        "bytes": job.file.bytes.len(),
        "blake3": blake3::hash(&job.file.bytes).to_hex().as_str(),
        "machine": name(Layer::Machine),
        "material": name(Layer::Material),
        "recipe": name(Layer::Recipe),
        "objects": document.objects().len(),
        "layers": totals.layers,
        "moves": moves,
        "filament": {
            "mm": totals.filament_mm,
            "cm3": totals.filament_mm3 / 1000.0,
            "g": totals.filament_g,
            "cost": totals.cost,
        },
        "print_time_s": totals.time_s,
        "threads": rayon::current_num_threads(),
        "stages": stages(&progress.timings()),
        "warnings": notices,
    })
}

/// Seconds of each stage in the order in which they were first begun; a stage of several objects counts once.
fn stages(timings: &[(String, Duration)]) -> Vec<serde_json::Value> {
    let mut sums: Vec<(&str, Duration)> = Vec::new();
    for (name, time) in timings {
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += *time,
            None => sums.push((name, *time)),
        }
    }
    sums.iter().map(|(name, time)| json!({ "stage": name, "seconds": time.as_secs_f64() })).collect()
}
