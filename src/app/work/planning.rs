//! Slicing in the background: starts by itself a moment after a change, the newest wins, the last result stays in view.
//! The toolpath is shown as soon as it is planned; its G-code is written and checked while it is looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::app::format::sentence;
use crate::gcode::{ReadOptions, read};
use crate::jobs::Job;
use crate::pipeline::{JobError, JobExtras, PlannedJob, machine_limits, plan_job_again, write_job};
use crate::process::PlanCache;
use crate::progress::{Canceled, Progress, Standing};
use crate::render::ToolpathDrawing;
use crate::report::Notice;
use crate::scene::Snapshot;
use crate::settings::Settings;
use crate::toolpath::estimate::{Estimate, estimate};
use crate::toolpath::{Role, Toolpath};
use crate::verify::Finding;

/// How long nothing may change before slicing starts, where that is done in no time, and at most: a drag or a quick row of
/// changes is sliced once.
const QUIET_S: [f64; 2] = [0.05, 0.3];
/// In between it is this share of what the last plan took.
const QUIET_SHARE: f64 = 0.2;

/// Time and weight of one feature.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub time_s: f64,
    pub grams: f64,
}

/// A toolpath to look through, with what it costs.
pub struct Sliced {
    pub drawing: Arc<ToolpathDrawing>,
    pub costs: BTreeMap<Role, Cost>,
    pub travel_s: f64,
    pub time_s: f64,
    pub filament_mm: f64,
    pub grams: f64,
    /// In the currency that the filament's price is in; 0 where that is not known.
    pub cost: f64,
    pub notices: Vec<Notice>,
    /// The finished file, checked; `None` as long as it is being written, where the check found errors, and where it was
    /// opened and not made here.
    gcode: Option<Arc<Vec<u8>>>,
}

/// What is known when the G-code of a plan has been written and checked.
struct Written {
    gcode: Option<Arc<Vec<u8>>>,
    notices: Vec<Notice>,
    /// Filament in mm and g, and what it costs: what the machine's start sequence pushes is used too.
    used: Option<[f64; 3]>,
}

/// A plan to look through, and what its G-code is written from.
struct Planned {
    sliced: Sliced,
    job: PlannedJob,
    snapshot: Snapshot,
}

/// Why there is nothing to look through.
#[derive(Debug)]
pub enum SliceError {
    Canceled(Canceled),
    /// What failed and what to do.
    Failed(String),
}

impl SliceError {
    /// The sentence to show, or that it was cancelled.
    pub fn not_canceled(self) -> Result<String, Canceled> {
        match self {
            SliceError::Canceled(canceled) => Err(canceled),
            SliceError::Failed(message) => Ok(message),
        }
    }
}

impl From<JobError> for SliceError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Canceled(canceled) => SliceError::Canceled(canceled),
            error => SliceError::Failed(sentence(&error.to_string())),
        }
    }
}

impl From<Canceled> for SliceError {
    fn from(canceled: Canceled) -> Self {
        SliceError::Canceled(canceled)
    }
}

impl Sliced {
    fn new(
        toolpath: &Toolpath,
        estimate: &Estimate,
        price_per_kg: f64,
        notices: Vec<Notice>,
        progress: &Progress,
    ) -> Result<Self, Canceled> {
        progress.stage("Preparing the preview", toolpath.layers.len());
        let times: Vec<f32> = estimate.layers.iter().map(|layer| layer.time_s as f32).collect();
        let drawing = ToolpathDrawing::new(toolpath, &times, progress)?;
        let density_g_per_mm3 = f64::from(toolpath.filament_density_g_per_cm3) / 1000.0;
        let costs = Role::ALL.into_iter().zip(&estimate.roles).map(|(role, of_role)| {
            (role, Cost { time_s: of_role.time_s, grams: of_role.volume_mm3 * density_g_per_mm3 })
        });
        Ok(Self {
            drawing: Arc::new(drawing),
            costs: costs.collect(),
            travel_s: estimate.travel.time_s,
            time_s: estimate.time_s,
            filament_mm: estimate.filament_mm,
            grams: estimate.mass_g,
            cost: estimate.cost(price_per_kg),
            notices,
            gcode: None,
        })
    }

    /// Reads anybody's G-code; its time is estimated for the machine of these settings.
    pub fn from_file(path: &Path, settings: &Settings, progress: &Progress) -> Result<Self, SliceError> {
        let refused = |error: std::io::Error| {
            SliceError::Failed(format!("The G-code could not be read ({error}): {}", path.display()))
        };
        let bytes = std::fs::read(path).map_err(refused)?;
        let file = read(&bytes, &ReadOptions::default(), progress)?;
        drop(bytes);
        if file.toolpath.layers.is_empty() {
            return Err(SliceError::Failed(format!("There are no moves in this file: {}", path.display())));
        }
        let estimate = estimate(&file.toolpath, &machine_limits(settings), progress)?;
        Ok(Self::new(&file.toolpath, &estimate, 0.0, file.notices, progress)?)
    }
}

impl Planned {
    fn new(snapshot: Snapshot, cache: &Mutex<PlanCache>, progress: &Progress) -> Result<Self, SliceError> {
        // Work that this one replaces lets go of it as soon as it sees that it was cancelled.
        let mut cache = cache.lock().unwrap_or_else(|e| e.into_inner());
        let job = plan_job_again(&snapshot, &mut cache, progress)?;
        drop(cache);
        let (price, notices) = (snapshot.settings.filament_cost, job.plan.notices.clone());
        let sliced = Sliced::new(&job.plan.toolpath, &job.estimate, price, notices, progress)?;
        Ok(Self { sliced, job, snapshot })
    }
}

impl Written {
    /// Writes the G-code of a plan and has it checked. What the check refuses can be looked at but not exported.
    fn new(job: &PlannedJob, snapshot: &Snapshot, progress: &Progress) -> Result<Self, SliceError> {
        match write_job(job, &snapshot.settings, &JobExtras::of(snapshot), progress) {
            Ok(file) => Ok(Self {
                gcode: Some(Arc::new(file.bytes)),
                notices: file.report.findings.iter().map(noticed).collect(),
                used: Some([file.totals.filament_mm, file.totals.filament_g, file.totals.cost]),
            }),
            Err(JobError::Refused(report)) => {
                Ok(Self { gcode: None, notices: report.findings.iter().map(noticed).collect(), used: None })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What the check of a finished file found, for the list of warnings.
fn noticed(finding: &Finding) -> Notice {
    let notice = Notice::new(finding.severity, finding.message.clone());
    match finding.layer {
        Some(layer) => notice.on_layers(layer, layer),
        None => notice,
    }
}

/// The plan of the document, and the file that is looked at instead.
#[derive(Default)]
pub struct Planning {
    job: Job<Result<Planned, SliceError>>,
    writing: Job<Result<Written, SliceError>>,
    /// When slicing starts, in seconds of the window's clock.
    due_s: Option<f64>,
    /// When it started, and how long it took the last time.
    started_s: f64,
    took_s: f64,
    /// The plan in view belongs to an earlier state of the document.
    stale: bool,
    plan: Option<Sliced>,
    failure: Option<String>,
    file: Option<(PathBuf, Sliced)>,
    /// What the stages of the last plan made, so that a change redoes only what it touches.
    cache: Arc<Mutex<PlanCache>>,
}

impl Planning {
    pub fn is_running(&self) -> bool {
        self.job.is_running() || self.writing.is_running()
    }

    /// Whether slicing starts soon.
    pub fn is_due(&self) -> bool {
        self.due_s.is_some()
    }

    pub fn standing(&self) -> Option<Standing> {
        self.job.standing().or_else(|| self.writing.standing())
    }

    /// Stops slicing; the last result stays in view and can be made afresh.
    pub fn cancel(&mut self) {
        self.job.cancel();
        // What is only half written is no result.
        self.stale |= self.writing.is_running();
        self.writing.cancel();
        self.due_s = None;
    }

    /// What is looked at: a file that was opened, else the plan.
    pub fn shown(&self) -> Option<&Sliced> {
        self.file.as_ref().map(|(_, sliced)| sliced).or(self.plan.as_ref())
    }

    /// The file that is looked at instead of the plan.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    pub fn show_file(&mut self, path: PathBuf, sliced: Sliced) {
        self.file = Some((path, sliced));
    }

    pub fn show_plan(&mut self) {
        self.file = None;
    }

    /// Why there is no plan.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Whether the plan in view is of the document as it is now.
    pub fn is_current(&self) -> bool {
        self.plan.is_some() && !self.stale && self.failure.is_none()
    }

    /// Whether slicing was cancelled, and nothing is sliced again until somebody asks for it.
    pub fn is_stopped(&self) -> bool {
        self.stale && self.failure.is_none() && !self.is_running() && !self.is_due()
    }

    /// Whether the check found errors in the G-code of the document as it is now.
    pub fn is_refused(&self) -> bool {
        self.is_current() && !self.is_running() && self.plan.as_ref().is_some_and(|plan| plan.gcode.is_none())
    }

    /// The finished file of the document as it is now.
    pub fn exportable(&self) -> Option<Arc<Vec<u8>>> {
        self.plan.as_ref().filter(|_| self.is_current())?.gcode.clone()
    }

    /// Slices soon, or forgets the plan where there is nothing to slice.
    pub fn document_changed(&mut self, ctx: &egui::Context, is_empty: bool) {
        self.job.cancel();
        self.writing.cancel();
        self.failure = None;
        self.stale = true;
        if is_empty {
            self.due_s = None;
            self.plan = None;
            return;
        }
        let quiet_s = (QUIET_SHARE * self.took_s).clamp(QUIET_S[0], QUIET_S[1]);
        self.due_s = Some(ctx.input(|i| i.time) + quiet_s);
        ctx.request_repaint_after(Duration::from_secs_f64(quiet_s));
    }

    /// Slices at once.
    pub fn again(&mut self, ctx: &egui::Context) {
        self.failure = None;
        self.stale = true;
        self.due_s = Some(ctx.input(|i| i.time));
        ctx.request_repaint();
    }

    /// Starts what is due and takes what is finished.
    pub fn poll(&mut self, ctx: &egui::Context, snapshot: impl FnOnce() -> Snapshot) {
        if let Some(due_s) = self.due_s {
            let left_s = due_s - ctx.input(|i| i.time);
            if left_s > 0.0 {
                ctx.request_repaint_after(Duration::from_secs_f64(left_s));
            } else {
                self.due_s = None;
                self.start(ctx, snapshot());
            }
        }
        let (was_planning, was_writing) = (self.job.is_running(), self.writing.is_running());
        match self.job.poll() {
            Some(Ok(Planned { sliced, job, snapshot })) => {
                self.plan = Some(sliced);
                self.stale = false;
                self.failure = None;
                self.took_s = ctx.input(|i| i.time) - self.started_s;
                self.write(ctx, job, snapshot);
            }
            Some(Err(error)) => self.fail(error),
            None if was_planning && !self.job.is_running() => self.fail(unexpected()),
            None => {}
        }
        match self.writing.poll() {
            Some(Ok(Written { gcode, notices, used })) => {
                let Some(plan) = &mut self.plan else { return };
                plan.gcode = gcode;
                plan.notices.extend(notices);
                if let Some(used) = used {
                    [plan.filament_mm, plan.grams, plan.cost] = used;
                }
            }
            Some(Err(error)) => self.fail(error),
            None if was_writing && !self.writing.is_running() => self.fail(unexpected()),
            None => {}
        }
    }

    fn start(&mut self, ctx: &egui::Context, snapshot: Snapshot) {
        self.writing.cancel();
        self.started_s = ctx.input(|i| i.time);
        let wake = ctx.clone();
        let cache = Arc::clone(&self.cache);
        let started = self.job.start(
            "slice",
            move || wake.request_repaint(),
            move |progress| Planned::new(snapshot, &cache, progress),
        );
        self.has_started(started);
    }

    /// Writes the G-code of the plan that is shown.
    fn write(&mut self, ctx: &egui::Context, job: PlannedJob, snapshot: Snapshot) {
        let wake = ctx.clone();
        let started = self.writing.start(
            "write",
            move || wake.request_repaint(),
            move |progress| Written::new(&job, &snapshot, progress),
        );
        self.has_started(started);
    }

    fn has_started(&mut self, started: std::io::Result<()>) {
        if let Err(error) = started {
            self.fail(SliceError::Failed(format!(
                "Slicing did not start, because the system cannot start a thread ({error})."
            )));
        }
    }

    fn fail(&mut self, error: SliceError) {
        if let Ok(message) = error.not_canceled() {
            self.plan = None;
            self.failure = Some(message);
        }
    }
}

/// Work that ended without a result.
fn unexpected() -> SliceError {
    SliceError::Failed("Slicing ended unexpectedly; please report this with the model.".to_owned())
}
