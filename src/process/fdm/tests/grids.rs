//! Objects on layer grids of their own, printed together.

use super::*;

/// Volume and layer heights (by the height of the top) of the roads of each object, told apart by where they lie.
fn by_object(plan: &Plan, places: &[[f64; 2]]) -> Vec<(f64, Vec<(f32, f32)>)> {
    let mut found = vec![(0.0, Vec::new()); places.len()];
    for (l, road) in roads(&plan.toolpath) {
        if matches!(road.role, Role::Skirt | Role::Brim) {
            continue;
        }
        let [x, y] = road.points[0].to_mm();
        let near = |p: &&[f64; 2]| (x - p[0]).abs() < 22.0 && (y - p[1]).abs() < 22.0;
        let o = places.iter().position(|p| near(&p)).unwrap();
        found[o].0 += length(road) * f64::from(road.flow_mm3_per_mm);
        if road.role == Role::ExternalPerimeter {
            found[o].1.push((plan.toolpath.layers[l].z_mm, road.height_mm));
        }
    }
    found.iter_mut().for_each(|(_, heights)| heights.dedup());
    found
}

fn with_height(layer_height: f64) -> Settings {
    Settings { layer_height, skirts: 0, first_layer_height: 0.3, ..Settings::default() }
}

#[test]
fn objects_on_grids_of_their_own_are_printed_as_each_would_be_alone() {
    let adaptive = Settings { adaptive_layer_height: true, ..with_height(0.2) };
    let of = [with_height(0.3), with_height(0.12), adaptive];
    let places = [[60.0, 60.0], [120.0, 60.0], [60.0, 130.0]];
    let meshes = [cube(20.0, 3.0), cylinder(8.0, 2.4), cube(12.0, 5.0)];
    let objects: Vec<SnapshotObject> = meshes
        .into_iter()
        .zip(&of)
        .zip(places)
        .enumerate()
        .map(|(i, ((mesh, settings), [x, y]))| object(&format!("object {i}"), mesh, x, y, settings))
        .collect();
    let together = planned(objects.clone(), &of[0]);
    Machine::run(&together.toolpath, &of[0]);
    assert!(together.notices.is_empty(), "{:?}", together.notices);
    // The nozzle never goes down to a layer below one that is printed: nothing can be hit.
    assert!(together.toolpath.layers.windows(2).all(|w| w[1].z_mm > w[0].z_mm));
    let shared = by_object(&together, &places);
    for (i, object) in objects.into_iter().enumerate() {
        let alone = planned(vec![object], &of[i]);
        let (volume, heights) = &by_object(&alone, &places)[i];
        assert!((shared[i].0 - volume).abs() < 0.003 * volume, "object {i}: {} mm³, alone {volume}", shared[i].0);
        assert_eq!(&shared[i].1, heights, "object {i} has its own layers");
        // Each layer rests on the one below.
        let mut top = 0.0;
        for (z, height) in heights {
            assert!((z - height - top).abs() < 1e-4, "object {i}: a layer from {} to {z} above {top}", z - height);
            top = *z;
        }
    }
}

#[test]
fn what_is_printed_elsewhere_is_time_to_cool() {
    // A pin that alone is slowed to the least layer time, beside a slab on another grid whose layers take long.
    let pin = |settings: &Settings| object("pin", cube(5.0, 3.0), 40.0, 40.0, settings);
    let (of_pin, of_slab) = (with_height(0.3), with_height(0.25));
    let slab = object("slab", cube(40.0, 2.9), 120.0, 120.0, &of_slab);
    let walls = |plan: &Plan| -> Vec<(usize, f32)> {
        let is_of_pin = |e: &Extrusion| e.points[0].to_mm()[0] < 60.0 && e.role == Role::ExternalPerimeter;
        roads(&plan.toolpath).filter(|(_, e)| is_of_pin(e)).map(|(l, e)| (l, e.feed_mm_per_s)).collect()
    };
    let alone = walls(&planned(vec![pin(&of_pin)], &of_pin));
    let together = planned(vec![pin(&of_pin), slab], &of_pin);
    let beside = walls(&together);
    assert_eq!(alone.len(), beside.len());
    // Between the first layer, which both have, and the slab's top.
    for (i, ((_, slow), (_, fast))) in alone.iter().zip(&beside).enumerate().take(8).skip(1) {
        assert!(fast > &(1.3 * slow), "layer {i} of the pin: {fast} mm/s beside the slab, {slow} mm/s alone");
    }
}

#[test]
fn the_fan_starts_by_each_objects_own_layers() {
    let settings =
        Settings { disable_fan_first_layers: 3, full_fan_speed_layer: 0, fan_always_on: true, ..with_height(0.3) };
    let fine = Settings { layer_height: 0.1, ..settings.clone() };
    let objects = vec![
        object("coarse", cube(20.0, 3.0), 60.0, 60.0, &settings),
        object("fine", cube(20.0, 3.0), 120.0, 60.0, &fine),
    ];
    let plan = planned(objects, &settings);
    let start =
        plan.toolpath.layers.iter().find(|l| l.steps.iter().any(|s| matches!(s, Step::Fan(level) if *level > 0.0)));
    // The finer object has its fourth layer at 0.6 mm, but that is the second one of the other object.
    let z_mm = start.unwrap().z_mm;
    assert!((z_mm - 0.7).abs() < 1e-4, "{z_mm}");
}

#[test]
fn notices_name_the_layers_of_the_print() {
    let (coarse, fine) = (with_height(0.3), with_height(0.1));
    let mut open = cube(20.0, 1.8);
    open.triangles.remove(0);
    let objects = vec![object("open", open, 60.0, 60.0, &coarse), object("fine", cube(20.0, 3.0), 120.0, 60.0, &fine)];
    let plan = planned(objects, &coarse);
    // Up to 1.8 mm: 0.3 mm, and then every 0.1 mm.
    assert_eq!(plan.notices.iter().map(|n| n.layers).collect::<Vec<_>>(), [Some((0, 15))], "{:?}", plan.notices);
}

#[test]
fn a_smooth_vase_rises_evenly_in_xy_too() {
    let greatest_step = |smooth: bool| {
        let settings = Settings { spiral_vase: true, spiral_vase_smooth: smooth, bottom_solid_layers: 2, ..quick() };
        // Wider by 0.09 mm a layer.
        let mut mesh = cylinder(12.0, 12.0);
        mesh.vertices.iter_mut().filter(|v| v[2] > 0.0).for_each(|v| (v[0], v[1]) = (v[0] * 1.3, v[1] * 1.3));
        let plan = planned(vec![object("vase", mesh, 60.0, 60.0, &settings)], &settings);
        Machine::run(&plan.toolpath, &settings);
        let wall = roads(&plan.toolpath).filter(|(_, e)| !e.z_mm.is_empty());
        // How far each point is from the cone, half a layer below as outlines are cut.
        let off = |(p, z): (&Point, &f32)| {
            let [x, y] = p.to_mm();
            (x - 60.0).hypot(y - 60.0) - 0.3 * f64::from(*z)
        };
        let offs: Vec<f64> = wall
            .filter(|(l, _)| (5..35).contains(l))
            .flat_map(|(_, e)| e.points.iter().zip(&e.z_mm).map(off).collect::<Vec<_>>())
            .collect();
        assert!(offs.len() > 1000);
        let [low, high] = [f64::min, f64::max].map(|pick| offs.iter().copied().fold(offs[0], pick));
        high - low
    };
    let (smooth, stepped) = (greatest_step(true), greatest_step(false));
    // The cone has 96 sides, whose middles lie up to 0.01 mm further in.
    assert!(smooth < 0.022 && stepped > 0.08, "{smooth} mm, stepped {stepped} mm");
}

#[test]
fn what_the_material_shrinks_by_is_added() {
    let settings = Settings {
        filament_shrinkage_compensation_xy: 0.02,
        filament_shrinkage_compensation_z: 0.04,
        elefant_foot_compensation: 0.0,
        ..with_height(0.1)
    };
    let plan = planned(vec![object("cube", cube(20.0, 4.8), 60.0, 90.0, &settings)], &settings);
    let top = plan.toolpath.layers.last().unwrap().z_mm;
    assert!((top - 5.0).abs() < 0.051, "{top}");
    let outer = roads(&plan.toolpath).filter(|(_, e)| e.role == Role::ExternalPerimeter);
    let around = Bounds::around(outer.flat_map(|(_, e)| e.points.clone())).unwrap();
    let ([x0, y0], [x1, y1]) = (around.min.to_mm(), around.max.to_mm());
    let width = settings.external_perimeter_extrusion_width;
    assert!((x1 - x0 + width - 20.0 / 0.98).abs() < 0.03, "{}", x1 - x0 + width);
    assert!(((x0 + x1) / 2.0 - 60.0).abs() < 0.01 && ((y0 + y1) / 2.0 - 90.0).abs() < 0.01);
}
