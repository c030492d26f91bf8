//! Meshes that nobody should send and everybody does: made here from a seed, planned, written and verified.
//!
//! Each is a job that passes its check, or is refused in words; never a panic, and never a file that our own check
//! turns down. A few of every kind run with the other tests. `FABBRO_NASTY=1000` runs that many, and
//! `FABBRO_NASTY_FOLDER` names a folder into which they are saved as STL, to slice them with a finished build.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use fabbro::model::{Mesh, Model, Part};
use fabbro::pipeline::{JobError, JobExtras, make_job};
use fabbro::process::PlanError;
use fabbro::progress::Progress;
use fabbro::scene::{Snapshot, SnapshotObject};
use fabbro::settings::Settings;
use nalgebra::{Matrix4, Vector3};

type Triangle = [[f32; 3]; 3];
type Kind = (&'static str, fn(&mut Dice, f64) -> Vec<Triangle>);

/// The kinds of mesh. Each is made from dice and a size, 1 for the full number of parts.
const KINDS: &[Kind] = &[
    ("soup", soup),
    ("crossing", crossing),
    ("tangle", tangle),
    ("inside-out", inside_out),
    ("nested", nested),
    ("touching", touching),
    ("duplicates", duplicates),
    ("degenerate", degenerate),
    ("sheets", sheets),
    ("huge", |dice, size| scaled(crossing(dice, 0.3 * size), dice.between(20.0, 1e5))),
    ("tiny", |dice, size| scaled(crossing(dice, 0.3 * size), 10f64.powf(dice.between(-6.0, -0.5)))),
    ("many-parts", many_parts),
    ("holes", holes),
    ("no-numbers", no_numbers),
    ("spikes", spikes),
    ("comb", comb),
    ("in-the-air", in_the_air),
    ("needles", needles),
    ("crumpled", crumpled),
    ("shells", shells),
];

/// Numbers by SplitMix64 (Steele, Lea and Flood 2014): the same from the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A number of parts.
    fn count(&mut self, from: f64, to: f64, size: f64) -> usize {
        (self.between(from, to) * size).ceil().max(2.0) as usize
    }

    /// A place in a cube of this side that stands on the plate.
    fn place(&mut self, side: f64) -> [f64; 3] {
        [self.between(-side / 2.0, side / 2.0), self.between(-side / 2.0, side / 2.0), self.between(0.0, side)]
    }
}

fn single(p: [f64; 3]) -> [f32; 3] {
    p.map(|c| c as f32)
}

fn triangle(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> Triangle {
    [single(a), single(b), single(c)]
}

fn flipped(triangles: &[Triangle]) -> Vec<Triangle> {
    triangles.iter().map(|[a, b, c]| [*a, *c, *b]).collect()
}

fn scaled(triangles: Vec<Triangle>, by: f64) -> Vec<Triangle> {
    triangles.into_iter().map(|t| t.map(|v| v.map(|c| (f64::from(c) * by) as f32))).collect()
}

fn cuboid(from: [f64; 3], to: [f64; 3]) -> Vec<Triangle> {
    let v = |i: usize| [0, 1, 2].map(|k| if i >> k & 1 == 1 { to[k] } else { from[k] });
    let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    faces.iter().flat_map(|&[a, b, c, d]| [triangle(v(a), v(b), v(c)), triangle(v(a), v(c), v(d))]).collect()
}

/// A ball of facets whose corners lie at distances that `radius` gives.
fn ball(centre: [f64; 3], steps: usize, mut radius: impl FnMut() -> f64) -> Vec<Triangle> {
    let (around, up) = (2 * steps, steps);
    let mut corner = |i: usize, j: usize| {
        let (a, b) =
            ((i as f64 / around as f64) * std::f64::consts::TAU, (j as f64 / up as f64 - 0.5) * std::f64::consts::PI);
        let r = radius();
        [centre[0] + r * a.cos() * b.cos(), centre[1] + r * a.sin() * b.cos(), centre[2] + r * b.sin()]
    };
    let (south, north) = (corner(0, 0), corner(0, up));
    let rows: Vec<Vec<[f64; 3]>> = (1..up).map(|j| (0..around).map(|i| corner(i, j)).collect()).collect();
    let mut out = Vec::new();
    for i in 0..around {
        let n = (i + 1) % around;
        out.push(triangle(south, rows[0][n], rows[0][i]));
        out.push(triangle(north, rows[up - 2][i], rows[up - 2][n]));
        for pair in rows.windows(2) {
            out.push(triangle(pair[0][i], pair[0][n], pair[1][i]));
            out.push(triangle(pair[0][n], pair[1][n], pair[1][i]));
        }
    }
    out
}

fn soup(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let side = dice.between(10.0, 60.0);
    let n = dice.count(100.0, 1000.0, size);
    (0..n).map(|_| triangle(dice.place(side), dice.place(side), dice.place(side))).collect()
}

/// Closed bodies that go through each other.
fn crossing(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = Vec::new();
    for _ in 0..dice.count(20.0, 200.0, size) {
        let [a, b, c, d] = [(); 4].map(|()| dice.place(40.0));
        out.extend([triangle(a, c, b), triangle(a, b, d), triangle(b, c, d), triangle(c, a, d)]);
    }
    out
}

/// A closed tube that knots through itself.
fn tangle(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let n = dice.count(20.0, 150.0, size).max(4);
    let ring = |p: [f64; 3], r: f64| [[p[0] - r, p[1], p[2]], [p[0] + r, p[1] - r, p[2]], [p[0], p[1] + r, p[2] + r]];
    let rings: Vec<[[f64; 3]; 3]> = (0..n).map(|_| ring(dice.place(50.0), dice.between(0.2, 4.0))).collect();
    let mut out = Vec::new();
    for i in 0..n {
        let (a, b) = (rings[i], rings[(i + 1) % n]);
        for k in 0..3 {
            let l = (k + 1) % 3;
            out.extend([triangle(a[k], a[l], b[k]), triangle(a[l], b[l], b[k])]);
        }
    }
    out
}

fn inside_out(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = Vec::new();
    for _ in 0..dice.count(2.0, 60.0, size) {
        let (p, s) = (dice.place(50.0), dice.between(1.0, 20.0));
        let body = cuboid(p, [p[0] + s, p[1] + s, p[2] + s]);
        out.extend(if dice.below(2) == 0 { flipped(&body) } else { body });
    }
    out
}

fn nested(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let n = dice.count(10.0, 200.0, size);
    let way = dice.below(3);
    let mut out = Vec::new();
    for i in 0..n {
        let h = 25.0 * (1.0 - i as f64 / n as f64);
        let body = cuboid([-h, -h, 25.0 - h], [h, h, 25.0 + h]);
        let turn = match way {
            0 => false,
            1 => i % 2 == 1,
            _ => dice.below(2) == 1,
        };
        out.extend(if turn { flipped(&body) } else { body });
    }
    out
}

/// Cubes that share faces, edges or corners only.
fn touching(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let n = dice.count(2.0, 8.0, size);
    let side = 40.0 / n as f64;
    let rule = dice.below(3);
    let mut out = Vec::new();
    for i in 0..n * n * n {
        let at = [i % n, i / n % n, i / n / n];
        let there = match rule {
            0 => at.iter().sum::<usize>() % 2 == 0,
            1 => at.iter().all(|c| c % 2 == 0) || at.iter().all(|c| c % 2 == 1),
            _ => dice.below(2) == 0,
        };
        if there {
            let from = at.map(|c| c as f64 * side);
            out.extend(cuboid(from, from.map(|c| c + side)));
        }
    }
    out
}

fn duplicates(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let body = if dice.below(2) == 0 { crossing(dice, 0.3 * size) } else { ball([0.0, 0.0, 20.0], 12, || 20.0) };
    let times = 2 + dice.below(4);
    let mut out = Vec::new();
    for k in 0..times {
        let copy: Vec<Triangle> = body.iter().filter(|_| k == 0 || dice.below(4) > 0).copied().collect();
        out.extend(if dice.below(3) == 0 { flipped(&copy) } else { copy });
    }
    out
}

fn degenerate(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = ball([0.0, 0.0, 15.0], 10, || 15.0);
    for _ in 0..dice.count(50.0, 500.0, size) {
        let (a, b) = (dice.place(30.0), dice.place(30.0));
        let share = dice.between(-0.5, 1.5);
        let on = [0, 1, 2].map(|k| a[k] + share * (b[k] - a[k]));
        out.push(match dice.below(4) {
            0 => triangle(a, a, a),
            1 => triangle(a, b, a),
            2 => triangle(a, b, on),
            _ => triangle(a, b, [on[0] + 1e-5, on[1], on[2]]),
        });
    }
    out
}

/// Surfaces without thickness, with and without a body.
fn sheets(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = if dice.below(2) == 0 { cuboid([-5.0, -5.0, 0.0], [5.0, 5.0, 12.0]) } else { Vec::new() };
    for _ in 0..dice.count(2.0, 40.0, size) {
        let (p, q) = (dice.place(40.0), dice.place(40.0));
        let mut to = q;
        // A box that is flat along one axis.
        to[dice.below(3)] = f64::NAN;
        let to = [0, 1, 2].map(|k| if to[k].is_nan() { p[k] } else { to[k] });
        out.extend(cuboid(p, to));
    }
    out
}

fn many_parts(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = Vec::new();
    for _ in 0..dice.count(300.0, 3000.0, size) {
        let (p, s) = (dice.place(60.0), dice.between(0.05, 1.5));
        let tip = |dx: f64, dy: f64, dz: f64| [p[0] + dx * s, p[1] + dy * s, p[2] + dz * s];
        let [a, b, c, d] = [tip(0.0, 0.0, 0.0), tip(1.0, 0.0, 0.0), tip(0.0, 1.0, 0.0), tip(0.0, 0.0, 1.0)];
        out.extend([triangle(a, c, b), triangle(a, b, d), triangle(b, c, d), triangle(c, a, d)]);
    }
    out
}

fn holes(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let steps = dice.count(8.0, 40.0, size).max(4);
    let missing = dice.between(0.01, 0.6);
    let body = ball([0.0, 0.0, 20.0], steps, || 20.0);
    body.into_iter().filter(|_| dice.between(0.0, 1.0) > missing).collect()
}

fn no_numbers(dice: &mut Dice, _size: f64) -> Vec<Triangle> {
    let mut out = ball([0.0, 0.0, 20.0], 10, || 20.0);
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, -0.0, 1e20, 1e8];
    for _ in 0..1 + dice.below(20) {
        let (t, v, c) = (dice.below(out.len()), dice.below(3), dice.below(3));
        out[t][v][c] = bad[dice.below(bad.len())];
    }
    out
}

fn spikes(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let steps = dice.count(6.0, 40.0, size).max(4);
    ball([0.0, 0.0, 25.0], steps, || if dice.below(3) == 0 { 25.0 } else { dice.between(0.5, 6.0) })
}

/// Thin teeth side by side.
fn comb(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let n = dice.count(50.0, 600.0, size);
    let pitch = 150.0 / n as f64;
    let width = pitch * dice.between(0.1, 0.9);
    let mut out = cuboid([0.0, 0.0, 0.0], [150.0, 3.0, 2.0]);
    for i in 0..n {
        let x = i as f64 * pitch;
        out.extend(cuboid([x, 2.0, 0.0], [x + width, dice.between(5.0, 60.0), 2.0]));
    }
    out
}

fn in_the_air(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = Vec::new();
    for _ in 0..dice.count(1.0, 20.0, size) {
        let p = dice.place(60.0);
        let s = [dice.between(0.1, 15.0), dice.between(0.1, 15.0), dice.between(0.05, 8.0)];
        out.extend(cuboid(p, [p[0] + s[0], p[1] + s[1], p[2] + s[2]]));
    }
    out
}

/// Triangles a thousand times longer than wide.
fn needles(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let mut out = Vec::new();
    for _ in 0..dice.count(50.0, 500.0, size) {
        let (a, b) = (dice.place(60.0), dice.place(60.0));
        let wide = 10f64.powf(dice.between(-5.0, -0.5));
        out.push(triangle(a, b, [b[0] + wide, b[1] - wide, b[2] + wide]));
    }
    out
}

/// A ball whose corners have been shaken.
fn crumpled(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let steps = dice.count(10.0, 60.0, size).max(4);
    let by = dice.between(0.05, 0.9);
    ball([0.0, 0.0, 25.0], steps, || 25.0 * (1.0 - dice.between(0.0, by)))
}

/// Thin shells one in another, every second one a cavity, turned a little.
fn shells(dice: &mut Dice, size: f64) -> Vec<Triangle> {
    let n = dice.count(4.0, 60.0, size);
    let mut out = Vec::new();
    for i in 0..n {
        let r = 25.0 * (1.0 - i as f64 / n as f64) + dice.between(-0.2, 0.2);
        let body = ball([dice.between(-0.1, 0.1), 0.0, 25.0], 8, || r);
        out.extend(if i % 2 == 1 { flipped(&body) } else { body });
    }
    out
}

fn nasty(i: usize, size: f64) -> (String, Vec<Triangle>) {
    let (name, make) = KINDS[i % KINDS.len()];
    let seed = i / KINDS.len();
    (format!("{name}-{seed}"), make(&mut Dice((i as u64) << 20 | 7), size))
}

/// An object in the middle of the plate that touches it with its lowest usable corner.
fn object(name: &str, triangles: &[Triangle], settings: &Settings) -> SnapshotObject {
    let mesh = Mesh {
        vertices: triangles.iter().flatten().copied().collect(),
        triangles: (0..triangles.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect(),
        colors: Vec::new(),
    };
    let usable = |v: &&[f32; 3]| v.iter().all(|c| c.is_finite() && c.abs() < 1e6);
    let (mut min, mut max) = ([f64::MAX; 3], [f64::MIN; 3]);
    for v in mesh.vertices.iter().filter(usable) {
        for k in 0..3 {
            min[k] = min[k].min(f64::from(v[k]));
            max[k] = max[k].max(f64::from(v[k]));
        }
    }
    let place = Vector3::new(125.0 - (min[0] + max[0]) / 2.0, 105.0 - (min[1] + max[1]) / 2.0, -min[2]);
    let part = Part { name: name.into(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
    SnapshotObject {
        name: name.into(),
        model: Arc::new(Model { name: name.into(), parts: vec![part] }),
        plate_from_model: Matrix4::new_translation(&place),
        settings: Arc::new(settings.clone()),
    }
}

fn save_stl(path: &Path, triangles: &[Triangle]) {
    let mut bytes = vec![0; 80];
    bytes.extend((triangles.len() as u32).to_le_bytes());
    for t in triangles {
        bytes.extend([0; 12]);
        bytes.extend(t.iter().flatten().flat_map(|c| c.to_le_bytes()));
        bytes.extend([0, 0]);
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn nasty_meshes_become_jobs_that_pass_or_are_refused_in_words() {
    let asked = std::env::var("FABBRO_NASTY").ok().map(|n| n.parse::<usize>().unwrap());
    if let Ok(folder) = std::env::var("FABBRO_NASTY_FOLDER") {
        for i in 0..asked.unwrap_or(KINDS.len()) {
            let (name, triangles) = nasty(i, 1.0);
            save_stl(&Path::new(&folder).join(name + ".stl"), &triangles);
        }
        return;
    }
    let (count, size) = asked.map_or((KINDS.len(), 0.1), |n| (n, 1.0));
    let settings = Settings {
        bed_shape: vec![[0.0, 0.0], [250.0, 0.0], [250.0, 210.0], [0.0, 210.0]],
        layer_height: if asked.is_some() { 0.2 } else { 0.3 },
        first_layer_height: if asked.is_some() { 0.2 } else { 0.3 },
        start_gcode: "G28\nM140 S{first_layer_bed_temperature}\nM109 S{first_layer_temperature}\n".into(),
        end_gcode: "M104 S0\nM140 S0\nM84\n".into(),
        ..Settings::default()
    };
    let (mut made, mut refused) = (0, Vec::new());
    for i in 0..count {
        let (name, triangles) = nasty(i, size);
        let snapshot =
            Snapshot { objects: vec![object(&name, &triangles, &settings)], settings: Arc::new(settings.clone()) };
        let begun = Instant::now();
        match make_job(&snapshot, &JobExtras::default(), &Progress::new()) {
            Ok(job) => {
                made += 1;
                assert!(job.file.report.passes(), "{name}");
            }
            Err(JobError::Plan(PlanError::Canceled(_))) => panic!("{name} canceled itself"),
            // A person cannot act on a line of G-code: planning must find it first.
            Err(JobError::Refused(report)) => panic!("{name}: {:?}", report.findings.first()),
            Err(error) => refused.push(format!("{name}: {error}")),
        }
        if asked.is_some() {
            println!("{name}: {:.2} s", begun.elapsed().as_secs_f64());
        }
    }
    assert!(3 * made > count, "{made} of {count} were made; refused: {refused:#?}");
}
