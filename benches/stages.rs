//! Each stage of a print by itself, and the whole way, on wavy blobs made here: up to two million triangles.
//!
//! `cargo bench` runs all of it, `cargo bench -- walls` one stage. Times are for looking at, never for asserting.

use std::f64::consts::{PI, TAU};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use fabbro::model::import::import;
use fabbro::model::{Hull, Mesh, Model, Part};
use fabbro::pipeline::{self, JobExtras};
use fabbro::process::fdm::infill::infill;
use fabbro::process::fdm::perimeters::perimeters;
use fabbro::process::fdm::regions::regions;
use fabbro::process::slicing::{self, LayerSettings};
use fabbro::progress::Progress;
use fabbro::render::{Context, Renderer, ToolpathDrawing, ToolpathView, View};
use fabbro::scene::{Snapshot, SnapshotObject};
use fabbro::settings::Settings;
use nalgebra::{Matrix4, Vector3};

/// A closed surface of about so many triangles, 60 mm high, with waves around and along it.
fn blob(triangles: usize) -> Arc<Mesh> {
    let rings = ((triangles as f64 / 4.0).sqrt() as usize).max(4);
    let around = 2 * rings;
    let mut mesh = Mesh { vertices: vec![[0.0, 0.0, 0.0]], ..Mesh::default() };
    for ring in 1..rings {
        let polar = PI * ring as f64 / rings as f64;
        for step in 0..around {
            let turn = TAU * step as f64 / around as f64;
            let radius = polar.sin() * (26.0 + 3.0 * (7.0 * turn).sin() + 1.5 * (11.0 * polar + 3.0 * turn).cos());
            let z = 30.0 - 30.0 * polar.cos();
            mesh.vertices.push([(radius * turn.cos()) as f32, (radius * turn.sin()) as f32, z as f32]);
        }
    }
    let top = mesh.vertices.len() as u32;
    mesh.vertices.push([0.0, 0.0, 60.0]);
    let at = |ring: usize, step: usize| (1 + (ring - 1) * around + step % around) as u32;
    for step in 0..around {
        mesh.triangles.push([0, at(1, step + 1), at(1, step)]);
        for ring in 1..rings - 1 {
            let (a, b, c, d) = (at(ring, step), at(ring, step + 1), at(ring + 1, step), at(ring + 1, step + 1));
            mesh.triangles.extend([[a, b, d], [a, d, c]]);
        }
        mesh.triangles.push([top, at(rings - 1, step), at(rings - 1, step + 1)]);
    }
    Arc::new(mesh)
}

/// The blob as a binary STL file.
fn stl_file(mesh: &Mesh, folder: &Path) -> PathBuf {
    let mut bytes = vec![0; 80];
    bytes.extend((mesh.triangles.len() as u32).to_le_bytes());
    for corners in (0..mesh.triangles.len()).filter_map(|t| mesh.corners(t)) {
        bytes.extend([0; 12]);
        bytes.extend(corners.as_flattened().iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend([0; 2]);
    }
    let path = folder.join("blob.stl");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn place() -> Matrix4<f64> {
    Matrix4::new_translation(&Vector3::new(110.0, 110.0, 0.0))
}

fn snapshot(mesh: &Arc<Mesh>) -> Snapshot {
    let part = Part { name: "blob".into(), mesh: Arc::clone(mesh), model_from_part: Matrix4::identity() };
    let model = Arc::new(Model { name: "blob".into(), parts: vec![part] });
    let settings = Arc::new(Settings::default());
    let object =
        SnapshotObject { name: "blob".into(), model, plate_from_model: place(), settings: Arc::clone(&settings) };
    Snapshot { objects: vec![object], settings }
}

const SIZES: [usize; 3] = [20_000, 200_000, 2_000_000];

fn stages(criterion: &mut Criterion) {
    let settings = Settings::default();
    let progress = Progress::new();
    for size in SIZES {
        let mesh = blob(size);
        let mut group = criterion.benchmark_group(format!("{size} triangles"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.throughput(Throughput::Elements(mesh.triangles.len() as u64));
        let folder = tempfile::tempdir().unwrap();
        let file = stl_file(&mesh, folder.path());
        group.bench_function("read and check", |b| b.iter(|| black_box(import(&file, &progress).unwrap())));
        let model = Model::from_mesh("blob", Mesh::clone(&mesh));
        group.bench_function("hull", |b| b.iter(|| black_box(Hull::of(&model))));
        drop(model);
        let parts = [(Arc::clone(&mesh), place())];
        let spans = slicing::layer_grid(60.0, &LayerSettings::from(&settings));
        let adaptive = LayerSettings::from(&Settings { adaptive_layer_height: true, ..Settings::default() });
        let heights = || slicing::object_grid(&parts, 60.0, &adaptive);
        group.bench_function("adaptive layer heights", |b| b.iter(|| black_box(heights())));
        let cut = || slicing::outlines(&parts, &spans, &(&settings).into(), &progress).unwrap().0;
        group.bench_function("outlines", |b| b.iter(|| black_box(cut())));
        let outlines = cut();
        let wall = || perimeters(&outlines, &(&settings).into(), &progress).unwrap();
        group.bench_function("walls", |b| b.iter(|| black_box(wall())));
        let walls = wall();
        let surfaces = || regions(&outlines, &walls, &(&settings).into(), &progress).unwrap();
        group.bench_function("surfaces", |b| b.iter(|| black_box(surfaces())));
        let planned = surfaces();
        let fill = || infill(&planned, &(&settings).into(), &progress).unwrap();
        group.bench_function("infill", |b| b.iter(|| black_box(fill())));
        let snapshot = snapshot(&mesh);
        let plan = || pipeline::plan_job(&snapshot, &progress).unwrap();
        group.bench_function("whole plan", |b| b.iter(|| black_box(plan())));
        let job = plan();
        let extras = JobExtras::default();
        let write = || pipeline::write_job(&job, &snapshot.settings, &extras, &progress).unwrap();
        group.bench_function("write and verify", |b| b.iter(|| black_box(write())));
        let times = vec![1.0_f32; job.plan.toolpath.layers.len()];
        let draw = || ToolpathDrawing::new(&job.plan.toolpath, &times, &progress).unwrap();
        group.bench_function("preview", |b| b.iter(|| black_box(draw())));
        // Every drawing is a new one, so that each goes to the graphics card, for a picture that is soon drawn.
        let mut renderer = Renderer::new(Context::headless().unwrap(), None);
        let view =
            || View { size_px: [32, 32], toolpath: Some(ToolpathView::new(Arc::new(draw()))), ..View::default() };
        group.bench_function("preview upload", |b| {
            b.iter_batched(view, |view| black_box(renderer.picture(&view).unwrap()), BatchSize::PerIteration);
        });
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
