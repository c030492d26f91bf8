//! Slices of meshes made here, whole and broken, against what geometry says they must be.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use super::*;
use crate::geometry::Point;

pub(super) type Triangles = Vec<[[f32; 3]; 3]>;

/// A mesh whose equal vertices share a number, as importers make it.
pub(super) fn welded(triangles: &[[[f32; 3]; 3]]) -> Mesh {
    let mut mesh = Mesh::default();
    let mut numbers = std::collections::HashMap::new();
    for t in triangles {
        let corners = t.map(|v| {
            *numbers.entry(v.map(|c| (c + 0.0).to_bits())).or_insert_with(|| {
                mesh.vertices.push(v);
                mesh.vertices.len() as u32 - 1
            })
        });
        mesh.triangles.push(corners);
    }
    mesh
}

/// A mesh in which no triangle shares a vertex with another.
fn soup(triangles: &[[[f32; 3]; 3]]) -> Mesh {
    Mesh {
        vertices: triangles.iter().flatten().copied().collect(),
        triangles: (0..triangles.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect(),
        colors: Vec::new(),
    }
}

pub(super) fn cuboid(from: [f32; 3], to: [f32; 3]) -> Triangles {
    let v = |i: usize| [0, 1, 2].map(|k| if i >> k & 1 == 1 { to[k] } else { from[k] });
    [
        [0, 2, 1],
        [1, 2, 3],
        [4, 5, 6],
        [5, 7, 6],
        [0, 1, 4],
        [1, 5, 4],
        [2, 6, 3],
        [3, 6, 7],
        [0, 4, 2],
        [2, 4, 6],
        [1, 3, 5],
        [3, 7, 5],
    ]
    .iter()
    .map(|t| t.map(v))
    .collect()
}

fn cube() -> Triangles {
    cuboid([0.0; 3], [10.0; 3])
}

fn inside_out(triangles: &[[[f32; 3]; 3]]) -> Triangles {
    triangles.iter().map(|[a, b, c]| [*a, *c, *b]).collect()
}

/// An upright cylinder about the z axis, or a cone frustum.
pub(super) fn cylinder(bottom_radius: f64, top_radius: f64, height: f64, sides: usize) -> Triangles {
    let at = |i: usize, r: f64, z: f64| {
        let a = i as f64 / sides as f64 * TAU;
        [(r * a.cos()) as f32, (r * a.sin()) as f32, z as f32]
    };
    let mut out = Vec::new();
    for i in 0..sides {
        let (a, b) = (at(i, bottom_radius, 0.0), at(i + 1, bottom_radius, 0.0));
        let (c, d) = (at(i, top_radius, height), at(i + 1, top_radius, height));
        out.extend([[a, b, c], [b, d, c], [[0.0, 0.0, 0.0], b, a], [[0.0, 0.0, height as f32], c, d]]);
    }
    // The last side closes on the first: sines of a full turn are not those of none.
    let (first, last) = (at(0, 1.0, 0.0), at(sides, 1.0, 0.0));
    for v in out.iter_mut().flatten() {
        for r in [bottom_radius as f32, top_radius as f32] {
            if (v[0] - last[0] * r).abs() < 1e-6 && (v[1] - last[1] * r).abs() < 1e-6 {
                (v[0], v[1]) = (first[0] * r, first[1] * r);
            }
        }
    }
    out
}

fn torus(ring_radius: f64, tube_radius: f64, steps: usize) -> Triangles {
    let at = |i: usize, j: usize| {
        let (a, b) = ((i % steps) as f64 / steps as f64 * TAU, (j % steps) as f64 / steps as f64 * TAU);
        let r = ring_radius + tube_radius * b.cos();
        [(r * a.cos()) as f32, (r * a.sin()) as f32, (tube_radius + tube_radius * b.sin()) as f32]
    };
    let mut out = Vec::new();
    for i in 0..steps {
        for j in 0..steps {
            let (a, b, c, d) = (at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1));
            out.extend([[a, b, c], [b, d, c]]);
        }
    }
    out
}

fn plain() -> SlicingSettings {
    SlicingSettings {
        mode: SlicingMode::Regular,
        closing_radius_mm: 0.0,
        resolution_mm: 0.0,
        contour_growth_mm: 0.0,
        hole_growth_mm: 0.0,
        elephant_foot_mm: 0.0,
        least_width_mm: 0.45,
    }
}

fn spans(height: f64) -> Vec<LayerSpan> {
    layer_grid(height, &LayerSettings::equal(0.2, 0.2))
}

fn sliced(mesh: Mesh, height: f64, settings: &SlicingSettings) -> (Vec<LayerOutline>, Vec<Notice>) {
    outlines(&[(Arc::new(mesh), Matrix4::identity())], &spans(height), settings, &Progress::new()).unwrap()
}

/// Every layer's area must be `expected_mm2` within `within_mm2`.
#[track_caller]
fn check_areas(name: &str, layers: &[LayerOutline], expected_mm2: f64, within_mm2: f64) {
    assert!(!layers.is_empty(), "{name}: no layers");
    for (i, layer) in layers.iter().enumerate() {
        let area = layer.area.area_mm2();
        assert!((area - expected_mm2).abs() <= within_mm2, "{name}, layer {i}: {area} instead of {expected_mm2}");
    }
}

#[test]
fn layers_fill_the_height_and_are_cut_in_their_middle() {
    let settings = LayerSettings::equal(0.3, 0.2);
    let grid = layer_grid(10.0, &settings);
    assert_eq!(grid.first().unwrap().top_mm, 0.3);
    for pair in grid.windows(2) {
        assert_eq!(pair[0].top_mm, pair[1].bottom_mm);
        assert!((pair[1].height_mm() - 0.2).abs() < 1e-5);
        assert!((pair[1].cut_mm - 0.5 * (pair[1].bottom_mm + pair[1].top_mm)).abs() < 1e-5);
    }
    // 0.3 + 48 × 0.2 = 9.9; one more layer would be cut at 10.0, which is the end of the object.
    assert_eq!(grid.len(), 49);
    assert_eq!(layer_grid(0.05, &settings).len(), 1);
    assert_eq!(layer_grid(0.05, &settings)[0].cut_mm, 0.025);
    for height in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(layer_grid(height, &settings).is_empty(), "{height}");
    }
    assert!(layer_grid(10.0, &LayerSettings { layer_height_mm: 0.0, ..settings }).is_empty());
}

#[test]
fn whole_meshes_have_exact_slices() {
    let (layers, notices) = sliced(welded(&cube()), 10.0, &plain());
    assert_eq!(layers.len(), 50);
    check_areas("cube", &layers, 100.0, 1e-9);
    assert!(
        layers.iter().all(|l| l.area.rings[0].0.len() == 4 && l.area == layers[0].area),
        "equal layers, four corners"
    );
    assert_eq!(notices, []);

    let n = 64;
    let polygon = 0.5 * n as f64 * 36.0 * (TAU / n as f64).sin();
    let (layers, notices) = sliced(welded(&cylinder(6.0, 6.0, 3.0, n)), 3.0, &plain());
    check_areas("cylinder", &layers, polygon, 1e-3);
    assert!(layers.iter().all(|l| l.area.rings[0].0.len() == n), "no points between coplanar facets");
    assert_eq!(notices, []);

    let (layers, _) = sliced(welded(&torus(10.0, 2.0, 200)), 4.0, &plain());
    for layer in &layers {
        let half = (4.0 - (layer.span.cut_mm - 2.0).powi(2)).sqrt();
        let ring = PI * ((10.0 + half).powi(2) - (10.0 - half).powi(2));
        assert!((layer.area.area_mm2() - ring).abs() < 0.01 * ring, "{} instead of {ring}", layer.area.area_mm2());
        assert_eq!(layer.area.rings.len(), 2);
    }
}

#[test]
fn a_cut_through_vertices_and_flat_faces_is_sound() {
    // Vertices, edges and horizontal faces exactly at cuts: steps at 0.1, 0.3 and 0.5 mm.
    let mut steps = cuboid([0.0, 0.0, 0.0], [10.0, 10.0, 0.1]);
    steps.extend(cuboid([0.0, 0.0, 0.1], [8.0, 10.0, 0.3]));
    steps.extend(cuboid([0.0, 0.0, 0.3], [6.0, 10.0, 0.5]));
    let (layers, notices) = sliced(welded(&steps), 0.51, &plain());
    let areas: Vec<f64> = layers.iter().map(|l| l.area.area_mm2()).collect();
    assert_eq!(notices, []);
    assert_eq!(areas.len(), 3);
    for (area, expected) in areas.iter().zip([100.0, 80.0, 60.0]) {
        assert!((area - expected).abs() < 1e-3, "{areas:?}");
    }
    // A cone standing on its tip, which is at the plate, and one whose tip ends at a cut.
    let (layers, notices) = sliced(welded(&cylinder(5.0, 0.0, 4.9, 90)), 5.0, &plain());
    assert_eq!(notices, []);
    assert!(layers.windows(2).all(|w| w[0].area.area_mm2() > w[1].area.area_mm2() || w[1].area.is_empty()));
}

#[test]
fn broken_meshes_slice_as_a_person_expects() {
    let missing = |n: usize| -> Triangles { cube().into_iter().skip(n).collect() };
    let without = |gone: &[usize]| -> Triangles {
        cube().into_iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, t)| t).collect()
    };
    let mut two = cube();
    two.extend(cuboid([5.0, 0.0, 0.0], [15.0, 10.0, 10.0]));
    let mut one_inside_out = inside_out(&cube());
    one_inside_out.extend(cuboid([5.0, 0.0, 0.0], [15.0, 10.0, 10.0]));
    let mut apart = cuboid([20.0, 0.0, 0.0], [28.0, 10.0, 10.0]);
    apart.extend(inside_out(&cube()));
    let cavity = cuboid([2.0, 2.0, -1.0], [6.0, 7.0, 11.0]);
    let mut hollow = cube();
    hollow.extend(inside_out(&cavity));
    let mut twice = cube();
    twice.extend(cube());
    let mut flipped = cube();
    for t in [4, 7, 9] {
        flipped[t].swap(0, 1);
    }
    let mut touching = cube();
    touching.extend(cuboid([10.0, 10.0, 0.0], [20.0, 20.0, 10.0]));
    let mut joined = cube();
    joined.extend(cuboid([10.0, 0.0, 0.0], [20.0, 10.0, 10.0]));
    // A millionth of a millimetre is below the grid: the same vertex for it.
    let shaken: Triangles =
        cube().iter().enumerate().map(|(i, t)| t.map(|v| v.map(|c| c + (i % 3) as f32 * 1e-6))).collect();
    // And gaps of a few hundredths.
    let loose: Triangles =
        cube().iter().enumerate().map(|(i, t)| t.map(|v| v.map(|c| c + (i % 3) as f32 * 0.01))).collect();
    for (name, triangles, area, within) in [
        ("side missing a triangle", without(&[4]), 100.0, 1e-6),
        ("a whole side missing", without(&[4, 5]), 100.0, 1e-6),
        ("no top, no bottom", missing(4), 100.0, 1e-6),
        ("inside out", inside_out(&cube()), 100.0, 1e-6),
        ("inside out with a hole", inside_out(&without(&[4])), 100.0, 1e-6),
        ("some facets face the wrong way", flipped, 100.0, 1e-6),
        ("two overlapping shells", two, 150.0, 1e-6),
        ("two overlapping shells, one inside out", one_inside_out, 150.0, 1e-6),
        ("two shells apart, one inside out", apart, 180.0, 1e-6),
        ("a shaft through the cube", hollow.clone(), 80.0, 1e-6),
        ("a shaft, all of it inside out", inside_out(&hollow), 80.0, 1e-6),
        ("every triangle twice", twice, 100.0, 1e-6),
        ("two cubes that touch along an edge", touching, 200.0, 1e-6),
        ("two cubes that share a face", joined, 200.0, 1e-6),
        ("vertices a hair apart", shaken, 100.0, 0.01),
        ("vertices hundredths apart", loose, 100.0, 0.6),
    ] {
        for (kind, mesh) in [("welded", welded(&triangles)), ("soup", soup(&triangles))] {
            let (layers, _) = sliced(mesh, 10.0, &plain());
            check_areas(&format!("{name}, {kind}"), &layers, area, within);
        }
    }
}

#[test]
fn a_cavity_stays_hollow_and_a_loose_sheet_is_nothing() {
    let mut hollow = cube();
    hollow.extend(inside_out(&cuboid([2.0; 3], [8.0; 3])));
    let (layers, notices) = sliced(welded(&hollow), 10.0, &plain());
    assert_eq!(notices, []);
    for layer in layers {
        let inside = (2.0..8.0).contains(&layer.span.cut_mm);
        let expected = if inside { 64.0 } else { 100.0 };
        assert!((layer.area.area_mm2() - expected).abs() < 1e-6, "{}", layer.area.area_mm2());
    }
    let sheet = vec![
        [[0.0, 0.0, 0.0], [10.0, 3.0, 0.0], [10.0, 3.0, 10.0]],
        [[0.0, 0.0, 0.0], [10.0, 3.0, 10.0], [0.0, 0.0, 10.0]],
    ];
    let (layers, notices) = sliced(welded(&sheet), 10.0, &plain());
    assert!(layers.iter().all(|l| l.area.is_empty()));
    assert_eq!(notices.len(), 1, "{notices:?}");
}

#[test]
fn notices_name_the_layers() {
    // A side without its lower triangle... the hole reaches from the plate to 4 mm.
    let mut tower = cuboid([0.0; 3], [10.0, 10.0, 4.0]);
    tower.remove(4);
    tower.extend(cuboid([0.0, 0.0, 4.0], [10.0, 10.0, 8.0]));
    let (layers, notices) = sliced(welded(&tower), 8.0, &plain());
    check_areas("tower", &layers, 100.0, 1e-6);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(notices[0].layers, Some((0, 19)));

    let (_, notices) = sliced(welded(&inside_out(&cube())), 10.0, &plain());
    assert_eq!(notices.len(), 1);
    assert!(notices[0].message.contains("inside out"), "{notices:?}");
    assert_eq!(notices[0].layers, Some((0, 49)));

    let mut odd = welded(&cube());
    odd.vertices.push([f32::NAN, 0.0, 0.0]);
    odd.triangles.push([0, 1, 8]);
    odd.triangles.push([0, 1, 99]);
    let (layers, notices) = sliced(odd, 10.0, &plain());
    check_areas("cube with a bad vertex", &layers, 100.0, 1e-6);
    assert!(notices[0].message.starts_with("2 triangles"), "{notices:?}");
}

#[test]
fn modes_read_overlaps_and_holes_their_own_way() {
    let mut nested = cube();
    nested.extend(cuboid([2.0, 2.0, 0.0], [8.0, 8.0, 10.0]));
    nested.extend(cuboid([4.0, 4.0, 0.0], [6.0, 6.0, 10.0]));
    for (mode, area) in [(SlicingMode::Regular, 100.0), (SlicingMode::EvenOdd, 68.0), (SlicingMode::CloseHoles, 100.0)]
    {
        let (layers, _) = sliced(welded(&nested), 10.0, &SlicingSettings { mode, ..plain() });
        check_areas(&format!("{mode:?}"), &layers, area, 1e-6);
    }
    let (layers, _) =
        sliced(welded(&torus(10.0, 2.0, 100)), 4.0, &SlicingSettings { mode: SlicingMode::CloseHoles, ..plain() });
    assert!(layers.iter().all(|l| l.area.rings.len() == 1));
}

#[test]
fn a_surface_that_crosses_itself_is_spoken_of_and_even_odd_gives_all_of_it() {
    // A prism over a bow tie: two triangles of 50 mm² and 12.5 mm², of which the smaller one is inside out.
    let bow = [[0.0, 0.0], [0.0, 10.0], [15.0, -2.5 + 5.0], [15.0, 7.5]];
    let (low, high) = (bow.map(|[x, y]| [x, y, 0.0f32]), bow.map(|[x, y]| [x, y, 6.0f32]));
    let mut tie: Triangles = vec![[low[0], low[1], low[2]], [low[0], low[2], low[3]]];
    tie.extend([[high[0], high[2], high[1]], [high[0], high[3], high[2]]]);
    for i in 0..4 {
        let j = (i + 1) % 4;
        tie.extend([[low[i], high[i], low[j]], [low[j], high[i], high[j]]]);
    }
    let regular = sliced(welded(&tie), 6.0, &plain());
    check_areas("bow tie", &regular.0, 50.0, 1e-3);
    let warnings: Vec<&Notice> = regular.1.iter().filter(|n| n.message.contains("crosses itself")).collect();
    assert_eq!(warnings.len(), 1, "{:?}", regular.1);
    assert_eq!(warnings[0].layers, Some((0, 29)));
    let even_odd = SlicingSettings { mode: SlicingMode::EvenOdd, ..plain() };
    let (layers, notices) = sliced(welded(&tie), 6.0, &even_odd);
    check_areas("bow tie, even-odd", &layers, 62.5, 1e-3);
    assert_eq!(notices, []);
}

#[test]
fn parts_are_placed_and_united() {
    let mesh = Arc::new(welded(&cube()));
    let at = |x: f64| Matrix4::new_translation(&Vector3::new(x, 0.0, 0.0));
    let mirrored = at(15.0) * Matrix4::new_nonuniform_scaling(&Vector3::new(-1.0, 1.0, 1.0));
    let parts = [(mesh.clone(), at(0.0)), (mesh.clone(), mirrored)];
    let (layers, notices) = outlines(&parts, &spans(10.0), &plain(), &Progress::new()).unwrap();
    check_areas("two parts", &layers, 150.0, 1e-6);
    assert_eq!(notices, []);
    let (layers, _) = outlines(&[], &spans(10.0), &plain(), &Progress::new()).unwrap();
    assert_eq!(layers.len(), 50);
    assert!(layers.iter().all(|l| l.area.is_empty()));
}

#[test]
fn compensation_moves_every_outline_by_its_value() {
    for by in [0.1, -0.1, 0.2] {
        let (layers, _) =
            sliced(welded(&cube()), 10.0, &SlicingSettings { contour_growth_mm: by, hole_growth_mm: -by, ..plain() });
        check_areas(&format!("compensated by {by}"), &layers, (10.0 + 2.0 * by) * (10.0 + 2.0 * by), 1e-3);
    }
    // Twice the elephant foot takes twice as much, from the first layer only.
    for foot in [0.1, 0.2] {
        let (layers, _) = sliced(welded(&cube()), 10.0, &SlicingSettings { elephant_foot_mm: foot, ..plain() });
        check_areas("first layer", &layers[..1], (10.0 - 2.0 * foot) * (10.0 - 2.0 * foot), 1e-3);
        check_areas("other layers", &layers[1..], 100.0, 1e-3);
    }
}

#[test]
fn contours_and_holes_are_resized_each_by_its_own_amount() {
    // A box with a shaft of 6 mm, in which a pin of 2 mm stands.
    let mut model = cube();
    model.extend(inside_out(&cuboid([2.0, 2.0, -1.0], [8.0, 8.0, 11.0])));
    model.extend(cuboid([4.0, 4.0, 0.0], [6.0, 6.0, 10.0]));
    let square = |side: f64| side * side;
    for (contours, holes) in [(0.0, 0.1), (0.1, 0.0), (-0.1, 0.2), (0.2, -0.3), (0.1, -0.1), (0.0, -3.5), (-1.1, 0.0)] {
        let settings = SlicingSettings { contour_growth_mm: contours, hole_growth_mm: holes, ..plain() };
        let (layers, _) = sliced(welded(&model), 10.0, &settings);
        let pin = square((2.0 + 2.0 * contours).max(0.0));
        let shaft = square((6.0 + 2.0 * holes).max(0.0));
        let expected = match shaft {
            0.0 => square(10.0 + 2.0 * contours),
            _ => square(10.0 + 2.0 * contours) - shaft + pin,
        };
        check_areas(&format!("contours by {contours}, holes by {holes}"), &layers, expected, 1e-3);
    }
    let settings = Settings {
        xy_size_compensation: 0.1,
        xy_contour_compensation: 0.05,
        xy_hole_compensation: 0.2,
        ..Settings::default()
    };
    let settings = SlicingSettings::from(&settings);
    assert!((settings.contour_growth_mm - 0.15).abs() < 1e-12 && (settings.hole_growth_mm - 0.1).abs() < 1e-12);
}

#[test]
fn thin_parts_survive_the_elephant_foot() {
    // A body with a 0.5 mm rib: the rib stays, and stays joined to the body.
    let mut model = cuboid([0.0; 3], [10.0, 10.0, 1.0]);
    model.extend(cuboid([9.0, 4.0, 0.0], [20.0, 4.5, 1.0]));
    let foot = 0.2;
    let (layers, _) = sliced(welded(&model), 1.0, &SlicingSettings { elephant_foot_mm: foot, ..plain() });
    let first = &layers[0].area;
    assert_eq!(first.rings.len(), 1, "one connected piece");
    assert!(first.contains(Point::from_mm(19.9, 4.25)));
    assert!(!first.contains(Point::from_mm(0.1, 5.0)));
    let width = first.intersection(&Region::rectangle(crate::geometry::Bounds {
        min: Point::from_mm(14.0, 0.0),
        max: Point::from_mm(15.0, 10.0),
    }));
    assert!((0.44..=0.5).contains(&width.area_mm2()), "{}", width.area_mm2());
}

#[test]
fn narrow_gaps_close_and_wide_ones_stay() {
    let with_gap = |gap: f32| {
        let mut two = cube();
        two.extend(cuboid([10.0 + gap, 0.0, 0.0], [20.0, 10.0, 10.0]));
        let (layers, _) = sliced(welded(&two), 10.0, &SlicingSettings { closing_radius_mm: 0.049, ..plain() });
        layers[0].area.rings.len()
    };
    assert_eq!(with_gap(0.05), 1);
    assert_eq!(with_gap(0.15), 2);
}

#[test]
fn any_number_of_threads_gives_the_same_outlines() {
    let mut model = torus(10.0, 2.0, 60);
    model.extend(cuboid([0.0; 3], [12.0, 3.0, 4.0]));
    model.remove(17);
    let mesh = Arc::new(soup(&model));
    let settings = SlicingSettings { closing_radius_mm: 0.049, resolution_mm: 0.01, elephant_foot_mm: 0.1, ..plain() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            outlines(&[(mesh.clone(), Matrix4::identity())], &spans(4.0), &settings, &Progress::new()).unwrap()
        })
    };
    let one = run(1);
    assert!(one.0.iter().all(|l| !l.area.is_empty()));
    assert_eq!(one, run(2));
    assert_eq!(one, run(8));
}

#[test]
fn canceled_work_stops() {
    let progress = Progress::new();
    progress.cancel();
    let result = outlines(&[(Arc::new(welded(&cube())), Matrix4::identity())], &spans(10.0), &plain(), &progress);
    assert_eq!(result, Err(Canceled));
}
