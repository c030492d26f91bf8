//! From a snapshot of the document to a job that may be saved, sent or printed: planned, estimated, written, verified.
//!
//! The window and the command line both go this way, so that they make the same bytes. Each step lives in its own module;
//! here is only their order, and the rule that a job which `verify` refuses is an error. Snapshots go in and finished
//! [`Job`]s come out; [`save_whole`] puts bytes into a file that appears whole or not at all.

mod quality;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::gcode::{self, GcodeSettings, JobTimes, Thumbnail, Totals, WriteError};
use crate::process::{self, Plan, PlanCache, PlanError};
use crate::progress::{Canceled, Progress};
use crate::render::{self, DrawnObject, Theme};
use crate::report::Severity;
use crate::scene::{Snapshot, SnapshotObject};
use crate::settings::Settings;
use crate::toolpath::estimate::{Estimate, estimate};

pub use crate::process::machine::limits as machine_limits;
use crate::verify::{self, Limits, Policy, VerifyOptions, VerifyReport};
pub use quality::measure_quality;

/// What goes into a file beside the toolpath.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobExtras {
    /// Keys and values that the file carries beside all settings, such as the names of machine, material and recipe;
    /// templates may use them. No secrets.
    pub facts: Vec<(String, String)>,
    pub thumbnails: Vec<Thumbnail>,
}

impl JobExtras {
    /// What belongs into every file: the pictures that the machine's settings ask for. The window and the command line
    /// both take this, so that they write the same bytes.
    pub fn of(snapshot: &Snapshot) -> Self {
        let drawn = |object: &SnapshotObject| {
            DrawnObject::new(Arc::clone(&object.model), object.plate_from_model, Theme::DARK.model)
        };
        let objects: Vec<DrawnObject> = snapshot.objects.iter().map(drawn).collect();
        let picture = |&[width, height]: &[u32; 2]| {
            let mut png = Vec::new();
            let image = render::thumbnail(&objects, width, height);
            // Nothing is written but into memory, so nothing fails; a picture less would do no harm.
            image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).ok()?;
            Some(Thumbnail { width, height, png })
        };
        let thumbnails = snapshot.settings.thumbnails.iter().filter_map(picture).collect();
        Self { facts: Vec::new(), thumbnails }
    }
}

/// A plan with its time and material: all that a preview needs.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedJob {
    pub plan: Plan,
    pub estimate: Estimate,
}

/// A file that has passed the checks.
#[derive(Clone, Debug, PartialEq)]
pub struct JobFile {
    pub bytes: Vec<u8>,
    pub totals: Totals,
    /// Has no errors; may have warnings.
    pub report: VerifyReport,
}

/// A finished job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub planned: PlannedJob,
    pub file: JobFile,
}

/// Why there is no job.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Plan(PlanError),
    #[error(transparent)]
    Write(WriteError),
    #[error("the finished G-code is refused by its check: {}", reasons(.0))]
    Refused(Box<VerifyReport>),
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

impl From<PlanError> for JobError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Canceled(canceled) => Self::Canceled(canceled),
            other => Self::Plan(other),
        }
    }
}

impl From<WriteError> for JobError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Canceled(canceled) => Self::Canceled(canceled),
            other => Self::Write(other),
        }
    }
}

/// The first few errors of a report in one sentence.
fn reasons(report: &VerifyReport) -> String {
    const SHOWN: usize = 3;
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error);
    let mut text = errors.take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let more = report.count(Severity::Error).saturating_sub(SHOWN);
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Plans everything on the plate and estimates it.
pub fn plan_job(snapshot: &Snapshot, progress: &Progress) -> Result<PlannedJob, JobError> {
    plan_job_again(snapshot, &mut PlanCache::default(), progress)
}

/// Plans and estimates with what is kept of the plan before; the result is the same, only sooner.
pub fn plan_job_again(snapshot: &Snapshot, cache: &mut PlanCache, progress: &Progress) -> Result<PlannedJob, JobError> {
    let plan = process::plan_again(snapshot, cache, progress)?;
    let estimate = estimate(&plan.toolpath, &machine_limits(&snapshot.settings), progress)?;
    Ok(PlannedJob { plan, estimate })
}

/// Writes a planned job and checks what was written.
pub fn write_job(
    planned: &PlannedJob,
    settings: &Settings,
    extras: &JobExtras,
    progress: &Progress,
) -> Result<JobFile, JobError> {
    let mut config = settings.to_pairs();
    config.extend_from_slice(&extras.facts);
    let written = gcode::write(
        &gcode::Job {
            toolpath: &planned.plan.toolpath,
            settings: &GcodeSettings::from(settings),
            config: &config,
            times: &JobTimes { layer_end_s: planned.estimate.layer_ends_s() },
            thumbnails: &extras.thumbnails,
        },
        progress,
    )?;
    let options = VerifyOptions {
        policy: Policy::default(),
        expected_volume_mm3: Some(verify::printed_volume_mm3(&planned.plan.toolpath)),
    };
    let report = verify::verify(&written.bytes, &Limits::from(settings), &options, progress)?;
    if !report.passes() {
        return Err(JobError::Refused(Box::new(report)));
    }
    Ok(JobFile { bytes: written.bytes, totals: written.totals, report })
}

/// The whole way: plans, estimates, writes and checks.
pub fn make_job(snapshot: &Snapshot, extras: &JobExtras, progress: &Progress) -> Result<Job, JobError> {
    let planned = plan_job(snapshot, progress)?;
    let file = write_job(&planned, &snapshot.settings, extras, progress)?;
    Ok(Job { planned, file })
}

/// Why a file could not be saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot save: {source}: {}", path.display())]
pub struct SaveError {
    pub path: PathBuf,
    source: std::io::Error,
}

/// Puts bytes into a file that appears whole or not at all: they are written beside it under another name, which then
/// takes the file's place. A file that is there already keeps its permissions; devices and pipes are simply written to.
pub fn save_whole(path: &Path, bytes: &[u8]) -> Result<(), SaveError> {
    write_whole(path, bytes).map_err(|source| SaveError { path: path.to_owned(), source })
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let existing = std::fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // Through a link, so that the link stays.
    let target = if existing.is_some() { path.canonicalize()? } else { path.to_owned() };
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fabbro-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What any new file would get: the system takes off what the user's mask forbids.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(metadata) = existing {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mesh, Model, Part};
    use nalgebra::{Matrix4, Vector3};

    fn cube(settings: &Settings) -> Snapshot {
        let corner = |i: u32| [0, 1, 2].map(|axis| if i >> axis & 1 == 1 { 12.0f32 } else { 0.0 });
        let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let mesh = Mesh {
            vertices: (0..8).map(corner).collect(),
            triangles: faces.iter().flat_map(|f| [[f[0], f[1], f[2]], [f[0], f[2], f[3]]]).collect(),
            colors: Vec::new(),
        };
        let part = Part { name: "cube".into(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
        let object = SnapshotObject {
            name: "cube".into(),
            model: Arc::new(Model { name: "cube".into(), parts: vec![part] }),
            plate_from_model: Matrix4::new_translation(&Vector3::new(80.0, 80.0, 0.0)),
            settings: Arc::new(settings.clone()),
        };
        Snapshot { objects: vec![object], settings: Arc::new(settings.clone()) }
    }

    fn ready() -> Settings {
        Settings {
            start_gcode: "G28\nM140 S{first_layer_bed_temperature}\nM109 S{first_layer_temperature}\n".into(),
            end_gcode: "M104 S0\nM140 S0\nM84\n".into(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_cube_becomes_a_job_that_passes_its_check() {
        let settings = ready();
        let job = make_job(&cube(&settings), &JobExtras::default(), &Progress::new()).unwrap();
        assert!(job.file.report.passes());
        assert_eq!(job.file.report.totals.layers, 60);
        let volume = job.planned.estimate.volume_mm3;
        assert!((job.file.report.totals.printed_mm3 - volume).abs() < 1e-3 * volume);
        // Walls, bottom and top of a cube of 12 mm, sparse inside: between a fifth and the whole of it.
        assert!((345.0..1728.0).contains(&volume), "{volume} mm3");
        assert!(job.planned.estimate.time_s > 300.0);
        assert_eq!(
            job.file.bytes,
            make_job(&cube(&settings), &JobExtras::default(), &Progress::new()).unwrap().file.bytes
        );
    }

    #[test]
    fn the_filament_of_a_file_is_what_a_machine_that_reads_it_takes_in() {
        let total = |settings: &Settings| {
            let file = make_job(&cube(settings), &JobExtras::default(), &Progress::new()).unwrap().file;
            let said = gcode::read_metadata(&file.bytes);
            let read_back = file.report.totals.filament_mm;
            assert!((said.filament_mm.unwrap() - read_back).abs() < 0.01, "{:?} {read_back}", said.filament_mm);
            assert!((file.totals.filament_mm - read_back).abs() < 0.001);
            let mm3 = read_back * std::f64::consts::FRAC_PI_4 * settings.filament_diameter.powi(2);
            assert!((said.filament_cm3.unwrap() - mm3 / 1000.0).abs() < 0.001);
            assert!((said.filament_g.unwrap() - mm3 / 1000.0 * settings.filament_density).abs() < 0.01);
            read_back
        };
        let prime = "M83\nG1 Z0.3 F300\nG1 X20 Y5 F6000\nG1 X80 E14 F600\nG92 E0\n";
        for use_relative_e_distances in [true, false] {
            let plain = Settings { use_relative_e_distances, ..ready() };
            let e_mode = if use_relative_e_distances { "M83" } else { "M82" };
            let custom = Settings {
                start_gcode: plain.start_gcode.clone() + prime,
                // Every layer pushes 0.5 mm over the plate's edge; what is drawn back in the end is used.
                layer_gcode: format!("G92 E0\nG1 E0.5 F300\nG92 E0\n{e_mode}"),
                end_gcode: format!("G92 E0\nG1 E-2 F1800\n{}", plain.end_gcode),
                ..plain.clone()
            };
            let more = total(&custom) - total(&plain);
            assert!(
                (more - (14.0 + 60.0 * 0.5)).abs() < 0.01,
                "{more} mm more with relative E {use_relative_e_distances}"
            );
        }
    }

    #[test]
    fn a_vase_becomes_a_job_whose_height_only_rises() {
        let settings = Settings { spiral_vase: true, bottom_solid_layers: 2, ..ready() };
        let job = make_job(&cube(&settings), &JobExtras::default(), &Progress::new()).unwrap();
        let text = String::from_utf8(job.file.bytes).unwrap();
        let mut z = 0.0;
        let heights = text.lines().filter(|l| l.starts_with("G1 ")).filter_map(|line| {
            line.split_whitespace().find_map(|word| word.strip_prefix('Z')).and_then(|z| z.parse::<f64>().ok())
        });
        let mut count = 0;
        for next in heights {
            assert!(next >= z, "from {z} down to {next}");
            (z, count) = (next, count + 1);
        }
        assert!(count > 4 * 50 && (z - 12.0).abs() < 1e-6, "{count} moves up to {z}");
    }

    #[test]
    fn a_job_that_the_check_refuses_is_an_error_with_its_reasons() {
        // Hotter than the nozzle bears.
        let settings = Settings { first_layer_temperature: 320.0, ..ready() };
        match make_job(&cube(&settings), &JobExtras::default(), &Progress::new()) {
            Err(error @ JobError::Refused(_)) => {
                assert!(error.to_string().contains("refused by its check: line "), "{error}");
            }
            other => panic!("not refused: {:?}", other.map(|job| job.file.totals)),
        }
    }

    #[test]
    fn canceled_work_is_canceled_and_not_a_failure() {
        let progress = Progress::new();
        progress.cancel();
        let result = make_job(&cube(&ready()), &JobExtras::default(), &progress);
        assert!(matches!(result, Err(JobError::Canceled(_))));
    }

    #[test]
    fn files_appear_whole_and_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.gcode");
        save_whole(&path, b"first").unwrap();
        save_whole(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("no").join("out.gcode");
        let error = save_whole(&nowhere, b"x").unwrap_err().to_string();
        assert!(error.starts_with("cannot save: ") && error.ends_with("out.gcode"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.gcode"), folder.path().join("link.gcode"));
        std::fs::write(&real, b"old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        save_whole(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
