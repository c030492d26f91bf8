//! Prints that are not everyday ones: rough walls, draught shields, scarf seams, a second fan.

use super::*;

/// A frustum that gets wider upwards.
fn frustum(bottom: f32, top: f32, height: f32) -> Mesh {
    let mut mesh = cylinder(bottom, height);
    for v in mesh.vertices.iter_mut().filter(|v| v[2] > 0.0) {
        (v[0], v[1]) = (v[0] * top / bottom, v[1] * top / bottom);
    }
    mesh
}

#[test]
fn rough_walls_stay_near_smooth_ones_and_slow_down_where_those_do() {
    let settings = |fuzzy_skin: FuzzySkin| Settings { fuzzy_skin, fuzzy_skin_thickness: 0.25, ..quick() };
    let (plain, rough) = (settings(FuzzySkin::Nowhere), settings(FuzzySkin::Contours));
    let walls = stages(frustum(9.0, 10.5, 4.5), 60.0, 60.0, &plain).perimeters;
    let of =
        |settings: &Settings| planned(vec![object("bowl", frustum(9.0, 10.5, 4.5), 60.0, 60.0, settings)], settings);
    let (plain, rough, settings) = (of(&plain), of(&rough), rough);
    Machine::run(&rough.toolpath, &settings);
    assert!(rough.notices.is_empty(), "{:?}", rough.notices);
    let is_outer = |role: Role| matches!(role, Role::ExternalPerimeter | Role::OverhangPerimeter);
    let mut most = 0f64;
    for (l, road) in roads(&rough.toolpath).filter(|(_, e)| is_outer(e.role)) {
        let own = walls[l].islands[0].walls.iter().find(|w| w.depth == 0).unwrap();
        let grid = EdgeGrid::new(&Region { rings: vec![own.path.clone()] });
        let off = road.points.iter().map(|p| grid.outside_mm(*p, 2.0).abs()).fold(0.0, f64::max);
        assert!(off < if l == 0 { 0.001 } else { 0.2501 }, "layer {l}: {off} mm from the wall");
        most = most.max(off);
    }
    assert!(most > 0.2, "{most}");
    // Everything else is as it is without; overhangs are those of the smooth wall, and as slow.
    let inside = |plan: &Plan| {
        let others = roads(&plan.toolpath).filter(|(_, e)| !is_outer(e.role));
        others.map(|(_, e)| length(e) * f64::from(e.flow_mm3_per_mm)).sum::<f64>()
    };
    assert!((inside(&rough) / inside(&plain) - 1.0).abs() < 0.003);
    let slow = |plan: &Plan| {
        let outer = || roads(&plan.toolpath).filter(|(l, e)| *l > 0 && is_outer(e.role));
        let fastest = outer().map(|(_, e)| e.feed_mm_per_s).fold(0.0, f32::max);
        let of_slow: f64 = outer().filter(|(_, e)| e.feed_mm_per_s < 0.9 * fastest).map(|(_, e)| length(e)).sum();
        of_slow / outer().map(|(_, e)| length(e)).sum::<f64>()
    };
    assert!((slow(&rough) - slow(&plain)).abs() < 0.02, "{} slow instead of {}", slow(&rough), slow(&plain));
}

#[test]
fn a_rough_vase_rises_without_a_break() {
    let settings = Settings { spiral_vase: true, fuzzy_skin: FuzzySkin::Contours, bottom_solid_layers: 2, ..quick() };
    let plan = planned(vec![object("vase", frustum(9.0, 11.0, 6.0), 60.0, 60.0, &settings)], &settings);
    Machine::run(&plan.toolpath, &settings);
    let mut spiral = roads(&plan.toolpath).filter(|(_, e)| !e.z_mm.is_empty());
    let (_, mut last) = spiral.next().unwrap();
    let mut radii: Vec<f64> = Vec::new();
    for (_, turn) in spiral {
        assert_eq!(last.points.last(), turn.points.first());
        assert!((last.z_mm[last.z_mm.len() - 1] - turn.z_mm[0]).abs() < 1e-4);
        radii.extend(turn.points.iter().map(|p| p.distance_mm(Point::from_mm(60.0, 60.0))));
        last = turn;
    }
    let jumps = radii.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f64::max);
    assert!((0.2..0.7).contains(&jumps), "{jumps}");
}

#[test]
fn a_draught_shield_is_as_high_as_the_print_and_keeps_its_distance() {
    let shield = |draft_shield: DraftShield, brim_width: f64| Settings {
        draft_shield,
        brim_width,
        skirt_distance: 2.0,
        skirt_height: 3,
        skirts: 2,
        ..quick()
    };
    let settings = shield(DraftShield::Enabled, 0.0);
    let bowl = || frustum(6.0, 9.0, 4.5);
    let objects =
        |s: &Settings| vec![object("bowl", bowl(), 60.0, 60.0, s), object("cube", cube(10.0, 2.4), 85.0, 60.0, s)];
    let plan = planned(objects(&settings), &settings);
    Machine::run(&plan.toolpath, &settings);
    assert!(plan.notices.is_empty(), "{:?}", plan.notices);
    // The layers of the shield lie on each other up to the top.
    let of_layer = |plan: &Plan, l: usize| -> Vec<Extrusion> {
        roads(&plan.toolpath).filter(|(at, e)| *at == l && e.role == Role::Skirt).map(|(_, e)| e.clone()).collect()
    };
    let mut top = 0.0;
    for (l, layer) in plan.toolpath.layers.iter().enumerate() {
        let loops = of_layer(&plan, l);
        assert_eq!(loops.len(), 2, "layer {l}");
        assert!((layer.z_mm - loops[0].height_mm - top).abs() < 1e-4, "layer {l}");
        top = layer.z_mm;
    }
    assert!((top - 4.5).abs() < 1e-4);
    // It keeps its distance from the widest layer too.
    let inner = |plan: &Plan| {
        let loops = of_layer(plan, 0)
            .into_iter()
            .map(|e| Region { rings: vec![crate::geometry::Ring(e.points[1..].to_vec())] });
        loops.min_by(|a, b| a.area_mm2().total_cmp(&b.area_mm2())).unwrap()
    };
    let ring = EdgeGrid::new(&inner(&plan));
    let outline = &stages(bowl(), 60.0, 60.0, &settings).outlines;
    let nearest = outline.iter().flat_map(|l| &l.area.rings).flat_map(|r| &r.0).map(|p| -ring.outside_mm(*p, 9.0));
    let nearest = nearest.fold(f64::INFINITY, f64::min);
    let half = 0.5 * f64::from(of_layer(&plan, 0)[0].width_mm);
    assert!((nearest - 2.0 - half).abs() < 0.03, "{nearest}");
    // A brim gives way to it, and it does not go around the brim; as a skirt it does.
    let settings = shield(DraftShield::Limited, 4.0);
    let plan = planned(objects(&settings), &settings);
    let skirt: Vec<usize> = roads(&plan.toolpath).filter(|(_, e)| e.role == Role::Skirt).map(|(l, _)| l).collect();
    assert_eq!(skirt, [0, 0, 1, 1, 2, 2]);
    let ring = EdgeGrid::new(&inner(&plan));
    let mut beyond = 0;
    for (_, road) in roads(&plan.toolpath).filter(|(_, e)| e.role == Role::Brim) {
        for p in road.points.iter() {
            let off = ring.outside_mm(*p, 9.0);
            assert!(off < -0.9 * f64::from(road.width_mm) || off > 1.8 * f64::from(road.width_mm), "{off}");
            beyond += usize::from(off > 0.0);
        }
    }
    assert!(beyond > 0, "the brim is wider than the distance");
    let settings = shield(DraftShield::Disabled, 4.0);
    let around = inner(&planned(objects(&settings), &settings));
    assert!(around.area_mm2() > inner(&plan).area_mm2() + 100.0);
}

#[test]
fn a_shield_that_has_no_room_takes_nothing_of_the_brim() {
    let brim_mm = |draft_shield: DraftShield| -> f64 {
        let s = Settings { brim_width: 2.9, skirt_distance: 2.0, skirts: 3, draft_shield, ..quick() };
        let plan = planned(vec![object("cube", cube(213.6, 0.9), 110.0, 110.0, &s)], &s);
        assert!(plan.notices.iter().any(|notice| notice.message.contains("does not fit")), "{:?}", plan.notices);
        roads(&plan.toolpath).filter(|(_, e)| e.role == Role::Brim).map(|(_, e)| length(e)).sum()
    };
    let (with, without) = (brim_mm(DraftShield::Enabled), brim_mm(DraftShield::Disabled));
    assert!(without > 2000.0 && (with - without).abs() < 1.0, "{with} instead of {without} mm");
}

#[test]
fn the_first_layer_on_a_raft_has_no_ramps_into_the_gap_below_it() {
    let settings = Settings { raft_layers: 2, scarf_seam_placement: ScarfPlacement::Everywhere, ..quick() };
    let settings = Settings { scarf_seam_only_on_smooth: false, ..settings };
    let plan = planned(vec![object("cube", cube(20.0, 3.0), 100.0, 100.0, &settings)], &settings);
    let outer = |(l, e): (usize, &Extrusion)| (e.role == Role::ExternalPerimeter).then_some((l, !e.z_mm.is_empty()));
    let outer: Vec<(usize, bool)> = roads(&plan.toolpath).filter_map(outer).collect();
    let lowest = outer[0].0;
    assert!(lowest > 1 && outer.iter().all(|(l, is_ramp)| *l > lowest || !is_ramp));
    assert!(outer.iter().any(|(l, is_ramp)| *l == lowest + 1 && *is_ramp));
}

#[test]
fn a_spiral_has_no_shield_beside_it() {
    let settings =
        Settings { spiral_vase: true, draft_shield: DraftShield::Enabled, bottom_solid_layers: 2, ..quick() };
    let plan = planned(vec![object("vase", cylinder(9.0, 6.0), 60.0, 60.0, &settings)], &settings);
    Machine::run(&plan.toolpath, &settings);
    let last = roads(&plan.toolpath).filter(|(_, e)| e.role == Role::Skirt).map(|(l, _)| l).max();
    let first = roads(&plan.toolpath).find(|(_, e)| !e.z_mm.is_empty()).map(|(l, _)| l);
    assert_eq!(last.map(|l| l + 1), first);
    assert!(plan.notices.iter().any(|n| n.message.contains("shield")), "{:?}", plan.notices);
}

#[test]
fn scarf_seams_add_no_material_and_leave_their_layer_nowhere() {
    let of = |scarf_seam_placement: ScarfPlacement| Settings {
        scarf_seam_placement,
        scarf_seam_on_inner_perimeters: true,
        seam_gap: 0.0,
        retract_lift: 0.3,
        fuzzy_skin: FuzzySkin::Contours,
        cooling: false,
        ..quick()
    };
    let (plain, with) = (of(ScarfPlacement::Nowhere), of(ScarfPlacement::Everywhere));
    let parts = |s: &Settings| {
        vec![object("bowl", frustum(9.0, 10.5, 4.5), 60.0, 60.0, s), object("cube", cube(20.0, 3.0), 100.0, 60.0, s)]
    };
    let (plan, without) = (planned(parts(&with), &with), planned(parts(&plain), &plain));
    Machine::run(&plan.toolpath, &with);
    assert!(plan.notices.is_empty(), "{:?}", plan.notices);
    let volume =
        |plan: &Plan| roads(&plan.toolpath).map(|(_, e)| length(e) * f64::from(e.flow_mm3_per_mm)).sum::<f64>();
    assert!((volume(&plan) / volume(&without) - 1.0).abs() < 1e-3, "{} and {}", volume(&plan), volume(&without));
    let mut ramps = [0, 0];
    for (l, road) in roads(&plan.toolpath).filter(|(_, e)| !e.z_mm.is_empty()) {
        let layer = &plan.toolpath.layers[l];
        let bottom = layer.z_mm - layer.height_mm;
        assert!(l > 0, "the first layer has no ramps");
        assert!(road.z_mm.iter().all(|z| *z > bottom - 1e-4 && *z < layer.z_mm + 1e-4), "layer {l}: {:?}", road.z_mm);
        ramps[usize::from(road.points[0].to_mm()[0] > 80.0)] += 1;
        // However the wall jitters, Z is asked for no more than it can do.
        for (p, z) in road.points.windows(2).zip(road.z_mm.windows(2)) {
            let z_speed = f64::from(z[1] - z[0]) / p[0].distance_mm(p[1]) * f64::from(road.feed_mm_per_s);
            assert!(z_speed <= with.travel_speed_z + 0.1, "layer {l}: Z at {z_speed} mm/s");
        }
    }
    // Round walls have ramps; the corners of a cube hide its seams.
    assert!(ramps[0] > 100 && ramps[1] == 0, "{ramps:?}");
    // The time is that of what is there: a little more of the wall at its speed.
    let time = |plan: &Plan, settings: &Settings| {
        estimate(&plan.toolpath, &crate::process::machine::limits(settings), &Progress::new()).unwrap().time_s
    };
    let (longer, shorter) = (time(&plan, &with), time(&without, &plain));
    assert!(longer > shorter && longer < 1.5 * shorter, "{longer} s, {shorter} s without");
}

#[test]
fn an_auxiliary_fan_turns_on_behind_the_layers_without_fan_and_off_at_the_end() {
    let settings =
        Settings { auxiliary_fan: true, additional_cooling_fan_speed: 0.7, disable_fan_first_layers: 3, ..quick() };
    let of = |settings: &Settings| -> Vec<(usize, f32)> {
        let plan = planned(vec![object("cube", cube(20.0, 3.0), 60.0, 60.0, settings)], settings);
        let steps =
            plan.toolpath.layers.iter().enumerate().flat_map(|(l, layer)| layer.steps.iter().map(move |s| (l, s)));
        steps.filter_map(|(l, s)| if let Step::AuxiliaryFan(share) = s { Some((l, *share)) } else { None }).collect()
    };
    assert_eq!(of(&settings), [(3, 0.7), (9, 0.0)]);
    assert_eq!(of(&Settings { auxiliary_fan: false, ..settings.clone() }), []);
    assert_eq!(of(&Settings { disable_fan_first_layers: 30, ..settings }), []);
}

#[test]
fn special_prints_are_the_same_on_any_number_of_threads() {
    let settings = Settings {
        fuzzy_skin: FuzzySkin::AllWalls,
        scarf_seam_placement: ScarfPlacement::Everywhere,
        scarf_seam_only_on_smooth: false,
        draft_shield: DraftShield::Enabled,
        brim_type: BrimType::Ears,
        brim_width: 4.0,
        ..quick()
    };
    let snapshot = snapshot(mixed(&settings), &settings);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| plan(&snapshot, &Progress::new()).unwrap()).toolpath
    };
    let alone = on(1);
    Machine::run(&alone, &settings);
    assert!(alone == on(2) && alone == on(7));
}
