//! Promises of layer grids: staircases within what was asked, heights within the machine's limits, marks met.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use super::tests::{Triangles, cuboid, cylinder, welded};
use super::*;

const LEAST_MM: f64 = 0.07;
const MOST_MM: f64 = 0.3;
const STEP_MM: f64 = 0.04;

fn adaptive(cusp_mm: f64) -> LayerSettings {
    LayerSettings {
        least_mm: LEAST_MM,
        most_mm: MOST_MM,
        adaptive: Some(Adaptive { cusp_mm, step_mm: STEP_MM }),
        ..LayerSettings::equal(0.2, 0.2)
    }
}

fn grid_of(triangles: &Triangles, height: f64, settings: &LayerSettings) -> Vec<LayerSpan> {
    object_grid(&[(Arc::new(welded(triangles)), Matrix4::identity())], height, settings)
}

fn sphere(radius: f64, steps: usize) -> Triangles {
    let at = |i: usize, j: usize| {
        let (a, b) = ((i % (2 * steps)) as f64 / steps as f64 * PI, j as f64 / steps as f64 * PI);
        let r = if j == 0 || j == steps { 0.0 } else { radius * b.sin() };
        [(r * a.cos()) as f32, (r * a.sin()) as f32, (radius - radius * b.cos()) as f32]
    };
    let mut out = Vec::new();
    for i in 0..2 * steps {
        for j in 0..steps {
            let (a, b, c, d) = (at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1));
            out.extend([[a, b, d], [a, d, c]].into_iter().filter(|[p, q, r]| p != q && q != r && r != p));
        }
    }
    out
}

/// Layers follow each other without gap, within the machine's limits and without jumps.
#[track_caller]
fn check_sound(name: &str, grid: &[LayerSpan]) {
    assert!(!grid.is_empty(), "{name}: no layers");
    for (i, pair) in grid.windows(2).enumerate() {
        assert_eq!(pair[0].top_mm, pair[1].bottom_mm, "{name}");
        let heights = [pair[0].height_mm(), pair[1].height_mm()];
        // The first layer is what it is: what follows may have to be lower at once. Heights are whole micrometres.
        let change = if i == 0 { heights[1] - heights[0] } else { (heights[1] - heights[0]).abs() };
        assert!(change <= STEP_MM + 0.0021, "{name}: {heights:?} at layer {i}");
    }
    for span in &grid[1..] {
        assert!((LEAST_MM - 0.0011..=MOST_MM + 0.0011).contains(&span.height_mm()), "{name}: {span:?}");
        assert!((span.cut_mm - 0.5 * (span.bottom_mm + span.top_mm)).abs() < 1e-9);
    }
}

/// The greatest height of a step at right angles to a surface, whose normal's upright part is known, above the first layer.
fn cusp(grid: &[LayerSpan], upright: impl Fn(f64) -> f64) -> f64 {
    let worst = |span: &LayerSpan| {
        let inside = (0..=8).map(|i| span.bottom_mm + span.height_mm() * f64::from(i) / 8.0);
        span.height_mm() * inside.map(&upright).fold(0.0, f64::max)
    };
    grid[1..].iter().map(worst).fold(0.0, f64::max)
}

#[test]
fn a_spheres_steps_stay_within_the_cusp_and_take_fewer_layers() {
    let radius = 10.0;
    let mesh = sphere(radius, 200);
    let upright = |z: f64| ((z - radius) / radius).abs().min(1.0);
    for asked in [0.08, 0.12, 0.2] {
        let grid = grid_of(&mesh, 2.0 * radius, &adaptive(asked));
        check_sound("sphere", &grid);
        assert!((grid.last().unwrap().top_mm - 20.0).abs() < 1e-3);
        let found = cusp(&grid, upright);
        // Facets are a little flatter than the ball.
        assert!(found <= asked * 1.01 + 0.001, "{found} where {asked} was asked");
        assert!(found >= 0.9 * asked, "{found} is needlessly fine for {asked}");
        // Equal layers of the same error: as high as the cusp, since poles are flat.
        let equal = layer_grid(2.0 * radius, &LayerSettings::equal(0.2, asked));
        assert!((cusp(&equal, upright) - asked).abs() < 0.01);
        let share = grid.len() as f64 / equal.len() as f64;
        assert!(share < if asked < 0.15 { 0.72 } else { 0.9 }, "{} layers, {} equal ones", grid.len(), equal.len());
    }
}

#[test]
fn cones_have_the_layers_of_their_slope() {
    for (radius, height) in [(10.0, 10.0), (10.0, 3.0), (3.0, 20.0)] {
        let upright = radius / f64::hypot(radius, height);
        for asked in [0.08, 0.14] {
            let grid = grid_of(&cylinder(radius, 0.0, height, 90), height, &adaptive(asked));
            check_sound("cone", &grid);
            // Chords of the round base make the facets a little steeper.
            let expected = (asked / upright).min(MOST_MM);
            let middle = grid[grid.len() / 2].height_mm();
            assert!((0.93 * expected..=1.005 * expected + 0.001).contains(&middle), "{middle} for {expected}");
            assert!((grid.last().unwrap().top_mm - height).abs() < 1e-3);
        }
    }
}

#[test]
fn upright_walls_have_the_highest_layers_and_flats_are_met() {
    let mut steps = cuboid([0.0; 3], [20.0, 20.0, 4.33]);
    steps.extend(cuboid([0.0, 0.0, 4.33], [14.0, 20.0, 7.07]));
    steps.extend(cuboid([0.0, 0.0, 7.07], [8.0, 20.0, 12.345]));
    let tops = |grid: &[LayerSpan]| -> Vec<f64> {
        let met = |z: &f64| grid.iter().any(|s| (s.top_mm - z).abs() < 6e-4);
        [4.33, 7.07, 12.345].into_iter().filter(met).collect()
    };
    let grid = grid_of(&steps, 12.345, &adaptive(0.1));
    check_sound("steps", &grid);
    assert_eq!(tops(&grid).len(), 3);
    // 12.145 mm in layers of up to 0.3 mm that have to end at three places and begin at 0.2 mm.
    assert!(grid.len() <= 46, "{}", grid.len());
    let precise = LayerSettings { precise: true, ..LayerSettings::equal(0.2, 0.2) };
    let grid = grid_of(&steps, 12.345, &precise);
    assert_eq!(tops(&grid).len(), 3);
    assert!(grid.iter().all(|s| (0.17..=0.23).contains(&s.height_mm())), "{grid:?}");
    let bent = grid.iter().filter(|s| (s.height_mm() - 0.2).abs() > 1e-6).count();
    assert!(bent <= 15, "{bent} layers differ");
    // And without, the top is wrong.
    let plain = grid_of(&steps, 12.345, &LayerSettings::equal(0.2, 0.2));
    assert!(tops(&plain).is_empty());
}

#[test]
fn of_two_flats_too_close_together_the_larger_is_met() {
    for (lower, upper) in [(20.0, 6.0), (6.0, 20.0)] {
        // The areas of the two steps: what the next box leaves free.
        let mut steps = cuboid([0.0; 3], [lower + upper + 4.0, 10.0, 3.0]);
        steps.extend(cuboid([0.0, 0.0, 3.0], [upper + 4.0, 10.0, 3.03]));
        steps.extend(cuboid([0.0, 0.0, 3.03], [4.0, 10.0, 6.0]));
        let grid = grid_of(&steps, 6.0, &adaptive(0.1));
        check_sound("close flats", &grid);
        let met = |z: f64| grid.iter().any(|s| (s.top_mm - z).abs() < 6e-4);
        // Faces between stacked boxes count too: the lower height has them both.
        assert!(met(3.0) != met(3.03) && met(6.0), "{grid:?}");
    }
}

#[test]
fn ranges_have_their_own_layers() {
    let range = |from_mm, to_mm, layer_height_mm| HeightRange { from_mm, to_mm, layer_height_mm };
    let ranges = vec![range(0.0, 5.0, 0.1), range(7.5, 9.9, 0.3)];
    let check = |grid: &[LayerSpan], from: f64, to: f64, height: f64, slack: f64| {
        let inside = grid[1..].iter().filter(|s| s.bottom_mm > from - 1e-6 && s.top_mm < to + 1e-6);
        let heights: Vec<f64> = inside.map(LayerSpan::height_mm).collect();
        assert!((heights.iter().sum::<f64>() - (to - from.max(0.2))).abs() < 2e-3, "{from} to {to}: {heights:?}");
        assert!(heights.iter().all(|h| (h - height).abs() <= slack + 1e-3), "{from} to {to}: {heights:?}");
    };
    let settings = LayerSettings { least_mm: LEAST_MM, most_mm: MOST_MM, ranges, ..LayerSettings::equal(0.2, 0.2) };
    let box_of = cuboid([0.0; 3], [10.0, 10.0, 12.0]);
    let grid = grid_of(&box_of, 11.9, &settings);
    check(&grid, 0.0, 5.0, 0.1, 0.0);
    // 2.5 mm are no whole number of layers of 0.2 mm: the last few give way.
    check(&grid, 5.0, 7.5, 0.2, 0.021);
    check(&grid, 7.5, 9.9, 0.3, 0.0);
    check(&grid, 9.9, 11.9, 0.2, 0.0);
    // Between adaptive layers, which rise to the range's height and fall from it in steps.
    let grid = grid_of(&box_of, 12.0, &LayerSettings { ranges: vec![range(4.0, 6.0, 0.1)], ..adaptive(0.1) });
    check_sound("range", &grid);
    check(&grid, 4.0, 6.0, 0.1, 0.0);
}

#[test]
fn hills_of_every_kind_keep_all_promises() {
    // A generator by Lehmer: the same hills every time.
    let mut state = 1u64;
    let mut next = || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    for round in 0..200 {
        // A body of revolution whose outline goes up by random steps, some flat, some upright.
        let mut z = 0.0;
        let mut triangles = Triangles::new();
        let mut radius = 5.0 + 10.0 * next();
        let mut slopes: Vec<(f64, f64, f64)> = Vec::new();
        for _ in 0..3 + (6.0 * next()) as usize {
            let rise = 0.3 + 4.0 * next() * next();
            let to = match (next() * 3.0) as usize {
                0 => radius,
                _ => (radius + 8.0 * (next() - 0.5)).max(1.0),
            };
            let n = 24;
            let at = |i: usize, r: f64, z: f64| {
                let a = (i % n) as f64 / n as f64 * TAU;
                [(r * a.cos()) as f32, (r * a.sin()) as f32, z as f32]
            };
            for i in 0..n {
                let (a, b) = (at(i, radius, z), at(i + 1, radius, z));
                let (c, d) = (at(i, to, z + rise), at(i + 1, to, z + rise));
                triangles.extend([[a, b, c], [b, d, c]]);
            }
            // A facet lies half an angle from its corners.
            let run = (to - radius).abs() * (PI / n as f64).cos();
            slopes.push((z, z + rise, run / f64::hypot(run, rise)));
            radius = to;
            z += rise;
        }
        let asked = 0.08 + 0.15 * next();
        let grid = grid_of(&triangles, z, &adaptive(asked));
        check_sound(&format!("hill {round}"), &grid);
        assert!((grid.last().unwrap().top_mm - z).abs() < MOST_MM / 2.0);
        // Where a height begins or ends in the middle of a layer, the layer meets both slopes.
        for span in &grid[1..] {
            let met = slopes.iter().filter(|s| s.0 < span.top_mm - 1e-6 && s.1 > span.bottom_mm + 1e-6);
            let steepest = met.map(|s| s.2).fold(0.0, f64::max);
            let error = span.height_mm() * steepest;
            assert!(error <= asked + 0.0015, "hill {round}: {error} for {asked} at {span:?}");
        }
    }
}

#[test]
fn the_grid_does_not_depend_on_threads_or_on_how_the_mesh_is_placed() {
    let mesh = Arc::new(welded(&sphere(10.0, 120)));
    let run = |threads: usize, turned: Matrix4<f64>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| object_grid(&[(mesh.clone(), turned)], 20.0, &adaptive(0.1)))
    };
    let one = run(1, Matrix4::identity());
    assert_eq!(one, run(2, Matrix4::identity()));
    assert_eq!(one, run(8, Matrix4::identity()));
    let aside = Matrix4::new_translation(&Vector3::new(40.0, 7.0, 0.0))
        * nalgebra::Rotation3::from_axis_angle(&Vector3::z_axis(), 1.0).to_homogeneous();
    assert_eq!(one, run(2, aside));
    // Scaled, the slopes are others: twice as tall is steeper, and its steps are within the cusp with higher layers.
    let taller =
        object_grid(&[(mesh, Matrix4::new_nonuniform_scaling(&Vector3::new(1.0, 1.0, 2.0)))], 40.0, &adaptive(0.1));
    check_sound("taller", &taller);
    assert!(taller.len() > one.len() && taller.len() < 2 * one.len());
}
