//! `fabbro verify FILE.gcode`: is it fit for the machine?

use std::fmt::Write as _;
use std::path::PathBuf;

use super::interrupt::{self, stopped};
use super::{Failure, print, print_json, read, target};
use crate::gcode::read_metadata;
use crate::progress::Canceled;
use crate::report::Severity;
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
    let report = verify(&bytes, &target.limits, &options, &interrupt::stoppable()).map_err(|Canceled| stopped())?;
    if args.json {
        print_json(&serde_json::json!({
            "file": args.file,
            "machine": machine,
            "generator": metadata.generator,
            "passes": report.passes(),
            "report": report,
        }))?;
    } else {
        print(&words(&report))?;
    }
    if report.passes() {
        return Ok(());
    }
    let errors = report.count(Severity::Error);
    let plural = if errors == 1 { "" } else { "s" };
    Err(Failure::CouldNot(format!("{} is not fit for {machine}: {errors} error{plural}", args.file.display())))
}

fn words(report: &VerifyReport) -> String {
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
        "{} layers, {:.2} m of road, {:.2} cm³, {:.2} m of filament, at most {:.1} mm³/s and {} °C",
        totals.layers,
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
    text.push_str(if report.passes() { "passes\n" } else { "fails\n" });
    text
}
