//! What each kind of edit costs: planned again with what the plan before left, stage by stage.
//!
//! `cargo bench --bench live -- MODEL...` prints milliseconds of each stage after one edit, the lowest of several runs.
//! Times are for looking at, never for asserting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use fabbro::model::Model;
use fabbro::model::import::import;
use fabbro::pipeline::{self, JobExtras};
use fabbro::process::{PlanCache, plan_again};
use fabbro::progress::Progress;
use fabbro::render::ToolpathDrawing;
use fabbro::scene::{Snapshot, SnapshotObject};
use fabbro::settings::Settings;
use fabbro::toolpath::estimate::estimate;
use nalgebra::{Matrix4, Vector3};

const RUNS: usize = 5;

/// Edits of a person who tries things out: settings, then places.
const EDITS: &[&str] = &[
    "nothing",
    "temperature=220",
    "max_fan_speed=90",
    "infill_speed=71",
    "travel_speed=140",
    "retract_length=0.9",
    "seam_position=rear",
    "fill_density=17%",
    "fill_pattern=gyroid",
    "top_solid_layers=5",
    "perimeters=3",
    "perimeter_generator=classic",
    "layer_height=0.18",
    "support_material=1",
    "move",
    "turn",
];

fn snapshot(model: &Arc<Model>, settings: Settings, place: Matrix4<f64>) -> Snapshot {
    let settings = Arc::new(settings);
    let object = SnapshotObject {
        name: model.name.clone(),
        model: Arc::clone(model),
        plate_from_model: place,
        settings: Arc::clone(&settings),
    };
    Snapshot { objects: vec![object], settings }
}

/// The settings with one of them another.
fn edited(settings: &Settings, edit: &str) -> Settings {
    let Some((key, value)) = edit.split_once('=') else { return settings.clone() };
    let mut pairs = settings.to_pairs();
    match pairs.iter_mut().find(|(known, _)| known == key) {
        Some(pair) => pair.1 = value.to_owned(),
        None => panic!("there is no setting {key}"),
    }
    Settings::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))).unwrap().0
}

fn main() {
    let models: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let models = if models.is_empty() { vec!["assets/models/bridge-and-overhang.stl".to_owned()] } else { models };
    for path in models {
        let imported = import(path.as_ref(), &Progress::new()).unwrap();
        let model = imported.models.into_iter().next().unwrap().model;
        let bounds = model.bounds(&Matrix4::identity()).unwrap();
        let [x, y, _] = bounds.center();
        let on_plate =
            |x_mm: f64, y_mm: f64| Matrix4::new_translation(&Vector3::new(x_mm - x, y_mm - y, -bounds.min[2]));
        let settings = Settings::default();
        let base = snapshot(&model, settings.clone(), on_plate(100.0, 100.0));
        println!("{path}: milliseconds");
        for edit in EDITS {
            let place = match *edit {
                "move" => on_plate(103.3, 98.7),
                "turn" => on_plate(100.0, 100.0) * Matrix4::new_rotation(Vector3::new(0.0, 0.0, 0.3)),
                _ => on_plate(100.0, 100.0),
            };
            let after = snapshot(&model, edited(&settings, edit), place);
            let mut lowest: Option<(f64, BTreeMap<String, f64>, [f64; 3])> = None;
            for _ in 0..RUNS {
                let mut cache = PlanCache::default();
                plan_again(&base, &mut cache, &Progress::new()).unwrap();
                let progress = Progress::new();
                let begun = Instant::now();
                let plan = plan_again(&after, &mut cache, &progress).unwrap();
                let took = begun.elapsed().as_secs_f64();
                let mut stages = BTreeMap::new();
                for (stage, time) in progress.timings() {
                    *stages.entry(stage).or_insert(0.0) += time.as_secs_f64();
                }
                let begun = Instant::now();
                let estimate = estimate(&plan.toolpath, &pipeline::machine_limits(&after.settings), &progress).unwrap();
                let estimated = begun.elapsed().as_secs_f64();
                let begun = Instant::now();
                let times: Vec<f32> = estimate.layers.iter().map(|layer| layer.time_s as f32).collect();
                let drawing = ToolpathDrawing::new(&plan.toolpath, &times, &progress).unwrap();
                let drawn = begun.elapsed().as_secs_f64();
                drop(drawing);
                let begun = Instant::now();
                let job = pipeline::PlannedJob { plan, estimate };
                pipeline::write_job(&job, &after.settings, &JobExtras::default(), &progress).ok();
                let written = begun.elapsed().as_secs_f64();
                if lowest.as_ref().is_none_or(|(least, ..)| took < *least) {
                    lowest = Some((took, stages, [estimated, drawn, written]));
                }
            }
            let Some((took, stages, [estimated, drawn, written])) = lowest else { continue };
            let ms = |s: f64| s * 1e3;
            print!(
                "{edit:<30} plan {:>4.0}, estimate {:>3.0}, draw {:>3.0}, write {:>3.0}:",
                ms(took),
                ms(estimated),
                ms(drawn),
                ms(written)
            );
            for (stage, time) in stages.iter().filter(|(_, time)| **time > 0.002) {
                print!("  {stage} {:.0}", ms(*time));
            }
            println!();
        }
    }
}
