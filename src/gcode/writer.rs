//! Puts a whole job together: header, start sequence, layers, end sequence, totals, settings.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::dialect::Dialect;
use super::filament::{Extruder, Moved, PM_PER_MM};
use super::layer::{self, Carry, LayerError, LayerStyle, WrittenLayer};
use super::metadata::{self, Thumbnail, Totals};
use super::sequence::{TooLong, clean_lines, heating};
use super::template::{self, TemplateError, Value, Values};
use crate::geometry::Bounds;
use crate::progress::{Canceled, Progress};
use crate::settings::{ArcFitting, Settings};
use crate::toolpath::{Layer, Role, Step, Toolpath};

/// Layers that are written at a time before they are put together: enough for every core, few enough to keep memory low.
const BATCH: usize = 128;

/// The settings that the writer needs.
#[derive(Clone, Debug, PartialEq)]
pub struct GcodeSettings {
    pub dialect: Dialect,
    /// Templates.
    pub start_gcode: String,
    pub end_gcode: String,
    /// Before the move to a new layer, and after it.
    pub before_layer_gcode: String,
    pub layer_gcode: String,
    /// °C; 0 = the machine has no such heater.
    pub first_layer_temperature: f64,
    pub first_layer_bed_temperature: f64,
    pub chamber_temperature: f64,
    /// What the chamber must have before the print begins, °C; 0 = it is not waited for.
    pub chamber_minimal_temperature: f64,
    /// Money per kg.
    pub filament_cost: f64,
    /// mm/s.
    pub travel_speed_z: f64,
    pub use_relative_e_distances: bool,
    pub gcode_label_objects: bool,
    /// How far an arc may be from the points that it stands for, mm; 0 = no arcs.
    pub arc_tolerance_mm: f64,
}

impl From<&Settings> for GcodeSettings {
    fn from(s: &Settings) -> Self {
        Self {
            dialect: s.gcode_flavor.into(),
            start_gcode: s.start_gcode.clone(),
            end_gcode: s.end_gcode.clone(),
            before_layer_gcode: s.before_layer_gcode.clone(),
            layer_gcode: s.layer_gcode.clone(),
            first_layer_temperature: s.first_layer_temperature,
            first_layer_bed_temperature: s.first_layer_bed_temperature,
            chamber_temperature: if s.max_chamber_temperature > 0.0 { s.chamber_temperature } else { 0.0 },
            chamber_minimal_temperature: s.chamber_minimal_temperature.min(s.chamber_temperature),
            filament_cost: s.filament_cost,
            travel_speed_z: s.travel_speed_z,
            use_relative_e_distances: s.use_relative_e_distances,
            gcode_label_objects: s.gcode_label_objects,
            arc_tolerance_mm: if s.arc_fitting == ArcFitting::EmitCentre { s.arc_fitting_tolerance } else { 0.0 },
        }
    }
}

/// How long the job takes, from the estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobTimes {
    /// Seconds from the first move to the end of each layer; empty where no estimate was made.
    pub layer_end_s: Vec<f64>,
}

/// Everything that goes into a file.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    pub toolpath: &'a Toolpath,
    pub settings: &'a GcodeSettings,
    /// All resolved settings as keys and values in text: the placeholders of templates and the settings block of the
    /// file. Must hold no secrets: files are passed on.
    pub config: &'a [(String, String)],
    pub times: &'a JobTimes,
    pub thumbnails: &'a [Thumbnail],
}

/// A finished file.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub bytes: Vec<u8>,
    pub totals: Totals,
}

/// Why a job could not be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteError {
    #[error("cannot fill in `{key}`, {error}")]
    Template { key: &'static str, error: TemplateError },
    #[error("a line of `{key}` has {bytes} bytes and a host can send {limit}; shorten it: {line}")]
    LineTooLong { key: &'static str, line: String, bytes: usize, limit: usize },
    #[error("layer {}: {what} is {value}, which no machine can do; this is an error in planning", layer + 1)]
    Number { layer: usize, what: &'static str, value: f64 },
    #[error("the filament's diameter is {0} mm; it must be above 0")]
    FilamentDiameter(f32),
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

/// Writes a job. The same job gives the same bytes on any number of threads.
pub fn write(job: &Job<'_>, progress: &Progress) -> Result<Written, WriteError> {
    progress.stage("Writing G-code", job.toolpath.layers.len());
    let toolpath = job.toolpath;
    let settings = job.settings;
    let diameter = toolpath.filament_diameter_mm;
    if !(diameter.is_finite() && diameter > 0.0) {
        return Err(WriteError::FilamentDiameter(diameter));
    }
    let filament_area_mm2 = std::f64::consts::FRAC_PI_4 * f64::from(diameter).powi(2);
    let sums: Vec<_> = toolpath.layers.par_iter().map(|l| layer::sum(l, filament_area_mm2)).collect();
    progress.check()?;
    let mut carries = Vec::with_capacity(sums.len());
    let mut carry = Carry { tool: first_tool(toolpath), ..Carry::default() };
    for sum in &sums {
        carries.push(carry);
        carry = carry.after(sum);
    }
    let road_pm: i64 = sums.iter().fold(0, |sum, s| sum.saturating_add(s.road_pm));
    let layers = sums.iter().fold(Moved::default(), |moved, sum| moved.then(sum.moved));
    let total = |moved| totals(job, road_pm as f64 / PM_PER_MM, moved, filament_area_mm2);

    // What the sequences of start and end push is among the totals that these sequences may name themselves: they are
    // filled in once without it, to find out.
    let draft = placeholders(job, &total(layers));
    let start = sequence(settings, "start_gcode", &settings.start_gcode, &draft)?;
    let start = Extruder::new(settings.dialect, false, 0.0).run(&start);
    let end = Extruder::new(settings.dialect, settings.use_relative_e_distances, 0.0).run(&end_sequence(job, &draft)?);
    let expected = total(start.then(layers).then(end));
    let placeholders = placeholders(job, &expected);
    let mut out = Vec::with_capacity(header_bytes(job));
    push_header(&mut out, job);
    let mut moved = push_start(&mut out, job, &expected, &placeholders)?;

    let style = LayerStyle {
        dialect: settings.dialect,
        relative_e: settings.use_relative_e_distances,
        label_objects: settings.gcode_label_objects,
        objects: &toolpath.objects,
        filament_area_mm2,
        z_feed_mm_per_s: settings.travel_speed_z,
        arc_tolerance_mm: settings.arc_tolerance_mm,
    };
    let one = |(index, (layer, carry)): (usize, (&Layer, &Carry))| -> Result<WrittenLayer, WriteError> {
        progress.check()?;
        let local = LayerValues { base: &placeholders, index, z_mm: f64::from(layer.z_mm) };
        let before = sequence(settings, "before_layer_gcode", &settings.before_layer_gcode, &local)?;
        let after = sequence(settings, "layer_gcode", &settings.layer_gcode, &local)?;
        let m73 =
            progress_line(job, index).filter(|line| index == 0 || progress_line(job, index - 1).as_ref() != Some(line));
        let text = layer::write_layer(layer, &style, *carry, m73.as_deref(), &before, &after);
        progress.advance(1);
        text.map_err(|error| match error {
            LayerError::Number { what, value } => WriteError::Number { layer: index, what, value },
            LayerError::TooLong(error) => too_long(settings, "the toolpath", error),
        })
    };
    let numbered: Vec<_> = toolpath.layers.iter().zip(&carries).enumerate().collect();
    let mut moved_by_layers = sums.iter().map(|sum| sum.moved);
    let mut e_mm = 0.0;
    for batch in numbered.chunks(BATCH) {
        let written: Vec<_> = batch.par_iter().copied().map(one).collect();
        for layer in written {
            let layer = layer?;
            out.extend_from_slice(&layer.text);
            moved = moved.then(layer.custom).then(moved_by_layers.next().unwrap_or_default());
            e_mm = layer.e_mm;
        }
    }

    let end = push_end(&mut out, job, &placeholders, e_mm)?;
    let totals = total(moved.then(end));
    metadata::push_totals(&mut out, &totals);
    metadata::push_config(&mut out, job.config);
    Ok(Written { bytes: out, totals })
}

fn header_bytes(job: &Job<'_>) -> usize {
    let pictures: usize = job.thumbnails.iter().map(|t| t.png.len() * 3 / 2).sum();
    let points: usize = (job.toolpath.layers.iter().flat_map(|l| &l.steps))
        .map(|s| if let Step::Extrude(e) = s { e.points.len() } else { 1 })
        .sum();
    pictures + points * 28 + 16 * 1024
}

fn push_line(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

fn push_header(out: &mut Vec<u8>, job: &Job<'_>) {
    push_line(out, concat!("; generated by Fabbro ", env!("CARGO_PKG_VERSION")));
    // Moonraker reads totals and pictures of slicers that it knows by name, and of no others.
    push_line(out, "; comments laid out like those of PrusaSlicer 2.9 on purpose: hosts look for them");
    push_line(out, ";");
    for thumbnail in job.thumbnails {
        metadata::push_thumbnail(out, thumbnail);
    }
    let labels = job.settings.gcode_label_objects && !job.toolpath.objects.is_empty();
    if labels {
        for line in job.settings.dialect.define_objects(&job.toolpath.objects) {
            push_line(out, &line);
        }
    }
}

/// Heating where the start sequence does none, the start sequence, and the modes that the layers are written in. Returns
/// what it does to the filament.
fn push_start(
    out: &mut Vec<u8>,
    job: &Job<'_>,
    totals: &Totals,
    placeholders: &BTreeMap<String, Value>,
) -> Result<Moved, WriteError> {
    let settings = job.settings;
    let start = sequence(settings, "start_gcode", &settings.start_gcode, placeholders)?;
    if settings.dialect.has_progress() && totals.time_s > 0.0 {
        push_line(out, &format!("M73 P0 R{}", minutes(totals.time_s)));
    }
    push_line(out, ";TYPE:Custom");
    let heats = heating(&start);
    let bed = Some(settings.first_layer_bed_temperature).filter(|t| *t > 0.0 && !heats.bed_on && !heats.macro_called);
    let nozzle = Some(settings.first_layer_temperature).filter(|t| *t > 0.0 && !heats.nozzle_on && !heats.macro_called);
    let chamber = Some(settings.chamber_temperature).filter(|t| *t > 0.0 && !heats.chamber_on && !heats.macro_called);
    // All heat at the same time; the slower ones are waited for first.
    if let Some(celsius) = chamber {
        push_line(out, &settings.dialect.chamber(celsius));
    }
    let mut heat = |command: &str, target: Option<f64>| {
        if let Some(celsius) = target {
            push_line(out, &format!("{command} S{}", super::number::text(celsius, 1)));
        }
    };
    heat("M140", bed);
    heat("M104", nozzle);
    heat("M190", bed);
    if let Some(celsius) = chamber.filter(|_| settings.chamber_minimal_temperature > 0.0) {
        for line in settings.dialect.wait_for_chamber(celsius, settings.chamber_minimal_temperature) {
            push_line(out, &line);
        }
    }
    if let Some(celsius) = nozzle {
        push_line(out, &format!("M109 S{}", super::number::text(celsius, 1)));
    }
    for line in &start {
        push_line(out, line);
    }
    push_line(out, "G21 ; millimetres");
    push_line(out, "G90 ; absolute coordinates");
    let e_mode = if settings.use_relative_e_distances { "M83 ; relative" } else { "M82 ; absolute" };
    push_line(out, &format!("{e_mode} extrusion"));
    push_line(out, "G92 E0");
    if uses_several_tools(job.toolpath) {
        push_line(out, &format!("T{}", first_tool(job.toolpath)));
    }
    Ok(Extruder::new(settings.dialect, false, 0.0).run(&start))
}

/// The end sequence, filled in.
fn end_sequence(job: &Job<'_>, placeholders: &BTreeMap<String, Value>) -> Result<Vec<String>, WriteError> {
    let local = LayerValues {
        base: placeholders,
        index: job.toolpath.layers.len().saturating_sub(1),
        z_mm: job.toolpath.layers.last().map_or(0.0, |l| f64::from(l.z_mm)),
    };
    sequence(job.settings, "end_gcode", &job.settings.end_gcode, &local)
}

/// The end sequence, and whatever it leaves on turned off. `e_mm` is what the extruder's counter shows before it. Returns
/// what it does to the filament.
fn push_end(
    out: &mut Vec<u8>,
    job: &Job<'_>,
    placeholders: &BTreeMap<String, Value>,
    e_mm: f64,
) -> Result<Moved, WriteError> {
    let settings = job.settings;
    let end = end_sequence(job, placeholders)?;
    push_line(out, ";TYPE:Custom");
    for line in &end {
        push_line(out, line);
    }
    let done = heating(&end);
    if !done.macro_called {
        let bed_was_on = settings.first_layer_bed_temperature > 0.0;
        for (needed, line) in [
            (!done.nozzle_off, "M104 S0"),
            (!done.bed_off && bed_was_on, "M140 S0"),
            (!done.nozzle_off && !done.bed_off, "M107"),
            (!done.motors_off, "M84"),
        ] {
            if needed {
                push_line(out, line);
            }
        }
        if !done.chamber_off && settings.chamber_temperature > 0.0 {
            push_line(out, &settings.dialect.chamber(0.0));
        }
    }
    if settings.dialect.has_progress() && !job.times.layer_end_s.is_empty() {
        push_line(out, "M73 P100 R0");
    }
    Ok(Extruder::new(settings.dialect, settings.use_relative_e_distances, e_mm).run(&end))
}

/// A template filled in and made fit for the wire.
fn sequence(
    settings: &GcodeSettings,
    key: &'static str,
    text: &str,
    values: &dyn Values,
) -> Result<Vec<String>, WriteError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let text = template::expand(text, values).map_err(|error| WriteError::Template { key, error })?;
    clean_lines(&text, settings.dialect).map_err(|error| too_long(settings, key, error))
}

fn too_long(settings: &GcodeSettings, key: &'static str, error: TooLong) -> WriteError {
    let limit = settings.dialect.max_command_bytes();
    WriteError::LineTooLong { key, line: error.line, bytes: error.bytes, limit }
}

fn minutes(seconds: f64) -> u64 {
    (seconds / 60.0).round().max(0.0) as u64
}

/// `M73` at the start of a layer: percent done and minutes left.
fn progress_line(job: &Job<'_>, layer: usize) -> Option<String> {
    let ends = &job.times.layer_end_s;
    let total = ends.last().copied().filter(|t| t.is_finite() && *t > 0.0)?;
    if !job.settings.dialect.has_progress() {
        return None;
    }
    let done = if layer == 0 { 0.0 } else { ends.get(layer - 1).copied()? };
    let percent = (done / total * 100.0).clamp(0.0, 100.0).floor() as u32;
    Some(format!("M73 P{percent} R{}", minutes(total - done)))
}

fn totals(job: &Job<'_>, road_mm: f64, moved: Moved, filament_area_mm2: f64) -> Totals {
    let filament_mm3 = moved.highest_mm() * filament_area_mm2;
    let grams = filament_mm3 / 1000.0 * f64::from(job.toolpath.filament_density_g_per_cm3);
    let ends = &job.times.layer_end_s;
    Totals {
        extruded_mm3: road_mm * filament_area_mm2,
        filament_mm: moved.highest_mm(),
        filament_mm3,
        filament_g: grams,
        cost: grams / 1000.0 * job.settings.filament_cost,
        layers: job.toolpath.layers.len(),
        time_s: ends.last().copied().unwrap_or(0.0),
        first_layer_time_s: ends.first().copied().unwrap_or(0.0),
    }
}

/// The tool that prints first: the first that is selected, or 0.
fn first_tool(toolpath: &Toolpath) -> u8 {
    tools(toolpath).next().unwrap_or(0)
}

fn uses_several_tools(toolpath: &Toolpath) -> bool {
    tools(toolpath).any(|tool| tool > 0)
}

fn tools(toolpath: &Toolpath) -> impl Iterator<Item = u8> {
    toolpath
        .layers
        .iter()
        .flat_map(|l| &l.steps)
        .filter_map(|s| if let Step::Tool(tool) = s { Some(*tool) } else { None })
}

/// The values of one layer over those of the job.
struct LayerValues<'a> {
    base: &'a BTreeMap<String, Value>,
    index: usize,
    z_mm: f64,
}

impl Values for LayerValues<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        match name {
            "layer_num" => Some(Value::Number(self.index as f64)),
            "layer_z" => Some(Value::Number(self.z_mm)),
            _ => self.base.value(name),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.base.names();
        names.extend(["layer_num".into(), "layer_z".into()]);
        names
    }
}

/// What the templates of a whole job can name: its settings, and the facts about it under PrusaSlicer's names.
fn placeholders(job: &Job<'_>, totals: &Totals) -> BTreeMap<String, Value> {
    let mut values: BTreeMap<String, Value> = job.config.iter().map(|(k, v)| (k.clone(), Value::parse(v))).collect();
    let first_layer = job.toolpath.layers.first();
    // The skirt is no part of the print that a machine would probe or purge beside.
    let printed = |role: Role| !matches!(role, Role::Skirt | Role::Custom);
    let roads = first_layer.into_iter().flat_map(|l| &l.steps).filter_map(|step| match step {
        Step::Extrude(road) if printed(road.role) => Some(road.points.iter().copied()),
        _ => None,
    });
    let bounds = Bounds::around(roads.flatten());
    let [min, max] = bounds.map_or([[0.0; 2]; 2], |b| [b.min.to_mm(), b.max.to_mm()]);
    let pair = |p: [f64; 2]| Value::List(p.map(Value::Number).into());
    let height = job.toolpath.layers.iter().map(|l| f64::from(l.z_mm)).fold(0.0, f64::max);
    let number = |n: f64| Value::Number(n);
    let tool = f64::from(first_tool(job.toolpath));
    let objects = job.toolpath.objects.len().max(1) as f64;
    for (name, value) in [
        ("current_extruder", number(tool)),
        ("extruded_volume_total", number(totals.extruded_mm3)),
        ("first_layer_print_max", pair(max)),
        ("first_layer_print_min", pair(min)),
        ("first_layer_print_size", pair([max[0] - min[0], max[1] - min[1]])),
        ("has_wipe_tower", Value::Bool(false)),
        ("initial_extruder", number(tool)),
        ("initial_tool", number(tool)),
        ("max_layer_z", number(height)),
        ("num_instances", number(objects)),
        ("num_objects", number(objects)),
        ("print_time", Value::Text(metadata::duration(totals.time_s))),
        ("normal_print_time", Value::Text(metadata::duration(totals.time_s))),
        ("total_cost", number(totals.cost)),
        ("total_layer_count", number(totals.layers as f64)),
        ("total_weight", number(totals.filament_g)),
        ("used_filament", number(totals.filament_mm)),
        ("version", Value::Text(env!("CARGO_PKG_VERSION").into())),
    ] {
        values.insert(name.into(), value);
    }
    values
}
