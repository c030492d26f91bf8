//! Promises of finished toolpaths, read back from their steps.

use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use super::assembly::PlateSettings;
use super::{PlacedLayers, StageSettings};
use crate::geometry::{Bounds, EdgeGrid, Point, Region, Shift, UNITS_PER_MM};
use crate::model::{Mesh, Model, Part};
use crate::process::home::Home;
use crate::process::{Plan, PlanCache, PlanError, plan, plan_again};
use crate::progress::Progress;
use crate::report::Notice;
use crate::scene::{Snapshot, SnapshotObject};
use crate::settings::{
    BrimType, DraftShield, FuzzySkin, ScarfPlacement, SeamPosition, Settings, WallGenerator, WallSequence,
};
use crate::toolpath::estimate::estimate;
use crate::toolpath::{Extrusion, Layer, Role, Step, Toolpath};

mod grids;
mod moves;
mod special;
mod supports;

/// A prism over a ring of points (counter-clockwise), standing on z = 0.
fn prism(ring: &[[f32; 2]], height: f32) -> Mesh {
    let n = ring.len() as u32;
    let mut mesh = Mesh::default();
    for z in [0.0, height] {
        mesh.vertices.extend(ring.iter().map(|p| [p[0], p[1], z]));
    }
    for i in 0..n {
        let j = (i + 1) % n;
        mesh.triangles.extend([[i, j, n + j], [i, n + j, n + i]]);
    }
    // Fans from the middle, so that rings need only be star-shaped.
    for (z, first) in [(0.0, 0), (height, n)] {
        let middle = mesh.vertices.len() as u32;
        mesh.vertices.push([0.0, 0.0, z]);
        for i in 0..n {
            let (a, b) = (first + i, first + (i + 1) % n);
            mesh.triangles.push(if z == 0.0 { [middle, b, a] } else { [middle, a, b] });
        }
    }
    mesh
}

fn cube(side: f32, height: f32) -> Mesh {
    let h = side / 2.0;
    prism(&[[-h, -h], [h, -h], [h, h], [-h, h]], height)
}

fn cylinder(radius: f32, height: f32) -> Mesh {
    let ring: Vec<[f32; 2]> = (0..96)
        .map(|i| {
            let (s, c) = (i as f32 * std::f32::consts::TAU / 96.0).sin_cos();
            [radius * c, radius * s]
        })
        .collect();
    prism(&ring, height)
}

/// A star with deep notches: ways between its arms lead out of it.
fn star(height: f32) -> Mesh {
    let ring: Vec<[f32; 2]> = (0..10)
        .map(|i| {
            let radius = if i % 2 == 0 { 20.0 } else { 5.0 };
            let (s, c) = (i as f32 * std::f32::consts::TAU / 10.0).sin_cos();
            [radius * c, radius * s]
        })
        .collect();
    prism(&ring, height)
}

fn object(name: &str, mesh: Mesh, x: f64, y: f64, settings: &Settings) -> SnapshotObject {
    let part = Part { name: name.into(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
    SnapshotObject {
        name: name.into(),
        model: Arc::new(Model { name: name.into(), parts: vec![part] }),
        plate_from_model: Matrix4::new_translation(&Vector3::new(x, y, 0.0)),
        settings: Arc::new(settings.clone()),
    }
}

fn snapshot(objects: Vec<SnapshotObject>, settings: &Settings) -> Snapshot {
    Snapshot { objects, settings: Arc::new(settings.clone()) }
}

fn planned(objects: Vec<SnapshotObject>, settings: &Settings) -> Plan {
    plan(&snapshot(objects, settings), &Progress::new()).unwrap()
}

/// Three different parts on one plate: what most tests print.
fn mixed(settings: &Settings) -> Vec<SnapshotObject> {
    vec![
        object("cube", cube(20.0, 3.0), 60.0, 60.0, settings),
        object("cylinder", cylinder(8.0, 2.4), 110.0, 60.0, settings),
        object("star", star(1.8), 70.0, 120.0, settings),
    ]
}

fn quick() -> Settings {
    Settings { layer_height: 0.3, first_layer_height: 0.3, ..Settings::default() }
}

/// Where the tool is, read back from the steps as a machine would.
#[derive(Default)]
struct Machine {
    at: Option<Point>,
    z_mm: f32,
    /// Filament drawn back, mm.
    retracted: f64,
    /// Length of open travel (not of wipes) since the last road: ends and whether it was retracted.
    travels: Vec<(usize, Point, Point, bool, bool)>,
}

impl Machine {
    /// Runs a toolpath and checks what must hold at every step.
    fn run(toolpath: &Toolpath, settings: &Settings) -> Self {
        let mut m = Self::default();
        for (l, layer) in toolpath.layers.iter().enumerate() {
            for (s, step) in layer.steps.iter().enumerate() {
                m.step(l, layer, step, settings, &format!("layer {l} step {s}"));
            }
        }
        m
    }

    fn step(&mut self, l: usize, layer: &Layer, step: &Step, settings: &Settings, place: &str) {
        match step {
            Step::Extrude(e) => {
                assert!(e.points.len() >= 2, "{place}");
                assert_eq!(self.at, e.points.first().copied(), "{place}: a road begins where the tool stands");
                assert!(self.retracted.abs() < 1e-6, "{place}: extrudes while {} mm are drawn back", self.retracted);
                assert!(e.flow_mm3_per_mm > 0.0 && e.feed_mm_per_s > 0.0 && e.width_mm > 0.0, "{place}");
                if e.z_mm.is_empty() {
                    assert!((self.z_mm - layer.z_mm).abs() < 1e-4, "{place}: extrudes at {} mm", self.z_mm);
                } else {
                    assert_eq!(e.z_mm.len(), e.points.len());
                    assert!((e.z_mm[0] - self.z_mm).abs() < 1e-4, "{place}");
                    self.z_mm = e.z_mm[e.z_mm.len() - 1];
                }
                self.at = e.points.last().copied();
            }
            Step::Travel(t) => {
                assert!(t.points.len() >= 2, "{place}");
                assert!(self.at.is_none() || self.at == t.points.first().copied(), "{place}: travels from elsewhere");
                self.retracted += f64::from(t.wipe_retract_mm);
                assert!(t.z_mm.is_empty() || t.z_mm.len() == t.points.len(), "{place}");
                assert!(t.z_mm.first().is_none_or(|z| (z - self.z_mm).abs() < 1e-4), "{place}: rises from elsewhere");
                let drawn = self.retracted > 1e-6;
                for (i, w) in t.points.windows(2).enumerate() {
                    self.z_mm = t.z_mm.get(i + 1).copied().unwrap_or(self.z_mm);
                    let lifted = self.z_mm > layer.z_mm + 1e-4;
                    if t.wipe_retract_mm == 0.0 {
                        self.travels.push((l, w[0], w[1], drawn, lifted));
                    }
                }
                self.at = t.points.last().copied();
            }
            Step::Retract { length_mm, .. } => {
                self.retracted += f64::from(*length_mm);
                assert!(self.retracted < settings.retract_length + 1e-6, "{place}: drawn back twice");
            }
            Step::Unretract { length_mm, .. } => {
                self.retracted -= f64::from(*length_mm);
                let extra = settings.retract_restart_extra;
                assert!((self.retracted + extra).abs() < 1e-5, "{place}: {} mm left", self.retracted);
                self.retracted = 0.0;
            }
            Step::MoveZ { z_mm, .. } => self.z_mm = *z_mm,
            _ => {}
        }
    }
}

fn roads(toolpath: &Toolpath) -> impl Iterator<Item = (usize, &Extrusion)> {
    toolpath.layers.iter().enumerate().flat_map(|(l, layer)| {
        layer.steps.iter().filter_map(move |s| if let Step::Extrude(e) = s { Some((l, e)) } else { None })
    })
}

fn length(e: &Extrusion) -> f64 {
    super::travel::length_mm(&e.points)
}

/// The stages of one object, as the plan runs them.
fn stages(mesh: Mesh, x: f64, y: f64, settings: &Settings) -> PlacedLayers {
    let home = Home::of(&object("", mesh, x, y, settings)).unwrap();
    let mut settings = StageSettings::from(settings);
    home.see_plate(&mut settings.support);
    let progress = Progress::new();
    let mut layers = [super::plan_object(&home.parts, home.top_mm, &settings, None, &progress).unwrap()];
    super::plan_supports(&mut layers, &[home.place], &progress).unwrap();
    let [layers] = layers;
    PlacedLayers::new(layers, home.place, None)
}

#[test]
fn every_road_begins_where_the_tool_stands_and_retractions_come_in_pairs() {
    type Change = fn(&mut Settings);
    let variants: [(&str, Change); 9] = [
        ("as it is", |_| {}),
        ("lift", |s| (s.retract_lift, s.retract_lift_only_over_print) = (0.4, false)),
        ("wipe and before", |s| s.retract_before_wipe = 0.7),
        ("no wipe", |s| s.wipe = false),
        ("layer change", |s| s.retract_layer_change = true),
        ("restart", |s| s.retract_restart_extra = 0.05),
        ("brim and labels", |s| (s.brim_width, s.gcode_label_objects) = (3.0, true)),
        ("outer first", |s| s.wall_sequence = WallSequence::OuterInner),
        ("infill first, crossing", |s| (s.infill_first, s.avoid_crossing_perimeters) = (true, false)),
    ];
    for (name, change) in variants {
        let mut settings = quick();
        change(&mut settings);
        let plan = planned(mixed(&settings), &settings);
        let machine = Machine::run(&plan.toolpath, &settings);
        assert!(machine.retracted > 0.0, "{name}: the filament is drawn back at the end");
        assert!(machine.travels.iter().any(|t| t.3), "{name}: ways between parts are retracted");
        if settings.retract_lift > 0.0 {
            assert!(machine.travels.iter().all(|t| t.3 == t.4), "{name}: lifted exactly where drawn back");
        }
        assert_eq!(plan.toolpath.objects.len(), 3);
        assert!(plan.notices.is_empty(), "{name}: {:?}", plan.notices);
    }
}

#[test]
fn nothing_leaves_a_part_without_retraction() {
    for avoid in [true, false] {
        let settings = Settings { avoid_crossing_perimeters: avoid, ..quick() };
        let plan = planned(mixed(&settings), &settings);
        let machine = Machine::run(&plan.toolpath, &settings);
        let parts = [
            stages(cube(20.0, 3.0), 60.0, 60.0, &settings),
            stages(cylinder(8.0, 2.4), 110.0, 60.0, &settings),
            stages(star(1.8), 70.0, 120.0, &settings),
        ];
        let outlines: Vec<EdgeGrid> = (0..plan.toolpath.layers.len())
            .map(|l| EdgeGrid::new(&Region::union_all(parts.iter().filter_map(|p| p.outlines.get(l)).map(|o| &o.area))))
            .collect();
        let mut inside = 0;
        for (l, a, b, drawn, _) in &machine.travels {
            if !drawn && a.distance_mm(*b) >= settings.retract_before_travel {
                assert!(!outlines[*l].is_crossed(*a, *b), "layer {l}: {a:?} to {b:?}");
                inside += 1;
            }
        }
        assert!(inside > 10);
        // With ways around corners, far fewer retractions are needed.
        let within_a_layer = machine.travels.iter().filter(|t| t.3).count();
        assert!(within_a_layer < 6 * plan.toolpath.layers.len(), "{within_a_layer}");
    }
}

#[test]
fn no_way_leads_over_a_finished_top_without_retraction() {
    // The star's top is filled in pieces, with ways from arm to arm.
    let settings = quick();
    let plan = planned(vec![object("star", star(1.8), 70.0, 120.0, &settings)], &settings);
    let (mut checked, mut drawn) = (0, false);
    for layer in &plan.toolpath.layers {
        let mut tops: Vec<Bounds> = Vec::new();
        for step in &layer.steps {
            match step {
                Step::Extrude(e) if e.role == Role::TopSolidInfill => tops.extend(Bounds::around(e.points.clone())),
                Step::Retract { .. } => drawn = true,
                Step::Unretract { .. } => drawn = false,
                Step::Travel(t) => {
                    drawn |= t.wipe_retract_mm > 0.0;
                    let (from, to) = (t.points[0], t.points[t.points.len() - 1]);
                    let steps = t.points.windows(2).filter_map(|w| Bounds::around([w[0], w[1]]));
                    let over = steps.into_iter().any(|step| tops.iter().any(|top| top.overlaps(&step)));
                    if over && from.distance_mm(to) >= settings.retract_before_travel {
                        assert!(drawn, "{t:?}");
                        checked += 1;
                    }
                }
                _ => {}
            }
        }
    }
    assert!(checked > 0);
}

#[test]
fn the_material_is_that_of_the_planned_roads() {
    let settings = Settings { skirts: 0, extrusion_multiplier: 1.1, ..quick() };
    let plan = planned(vec![object("star", star(2.4), 70.0, 120.0, &settings)], &settings);
    let extruded: f64 = roads(&plan.toolpath).map(|(_, e)| length(e) * f64::from(e.flow_mm3_per_mm)).sum();
    let layers = stages(star(2.4), 70.0, 120.0, &settings);
    let mut wanted = 0.0;
    let mut loops = 0.0;
    let mut unsure = 0.0;
    for (walls, fills) in layers.perimeters.iter().zip(layers.filled.iter()) {
        let height = walls.span.height_mm();
        let area = |w: f64| crate::toolpath::road_area_mm2(w, height);
        for island in &walls.islands {
            for wall in &island.walls {
                wanted += wall.path.length_mm() * area(wall.width_mm);
                loops += area(wall.width_mm);
                // Where in a wall of changing width its opening is, is not known here.
                let widths = || wall.widths_mm.iter().copied();
                if !wall.widths_mm.is_empty() {
                    unsure += 0.06 * (area(widths().fold(0.0, f64::max)) - area(widths().fold(f64::MAX, f64::min)));
                }
            }
            for road in &island.variable {
                for (p, w) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
                    // A road narrower than high is round, so that its area is not linear in its width.
                    let at = |i: u32| area(w[0] + (w[1] - w[0]) * (f64::from(i) + 0.5) / 32.0);
                    wanted += p[0].distance_mm(p[1]) * (0..32).map(at).sum::<f64>() / 32.0;
                }
            }
        }
        let fills = fills.islands.iter().flatten();
        for fill in fills {
            for (i, path) in fill.paths.iter().enumerate() {
                for (j, ends) in path.0.windows(2).enumerate() {
                    let share = fill.shares.get(i).and_then(|shares| shares.get(j)).map_or(1.0, |s| f64::from(*s));
                    wanted += ends[0].distance_mm(ends[1]) * share * fill.flow_mm3_per_mm;
                }
            }
        }
    }
    // Loops are left open by 0.15 nozzle diameters.
    wanted = (wanted - loops * 0.06) * 1.1;
    assert!((extruded - wanted).abs() < 1e-4 * wanted + unsure, "{extruded} instead of {wanted} mm3");
}

#[test]
fn monotonic_fills_keep_their_order() {
    let settings = quick();
    let layers = stages(cube(20.0, 3.0), 60.0, 60.0, &settings);
    let plan = planned(vec![object("cube", cube(20.0, 3.0), 60.0, 60.0, &settings)], &settings);
    let mut checked = 0;
    for (l, layer) in layers.filled.iter().enumerate() {
        for fill in layer.islands.iter().flatten().filter(|f| f.ordered) {
            let of_fill = roads(&plan.toolpath).filter(|(at, e)| *at == l && e.role == fill.role);
            let mut printed = of_fill.flat_map(|(_, e)| e.points.iter());
            // Links may be divided and steps of a few micrometres are left out; the ends of lines stay.
            for (path, shares) in fill.paths.iter().zip(&fill.shares) {
                for (ends, _) in path.0.windows(2).zip(shares).filter(|(_, share)| **share == 1.0) {
                    assert!(printed.any(|p| *p == ends[0]) && printed.any(|p| *p == ends[1]), "a line out of order");
                }
            }
            checked += 1;
        }
    }
    assert!(checked >= 2);
}

#[test]
fn short_layers_take_the_wanted_time_or_go_at_the_least_speed() {
    let settings = Settings { skirts: 0, ..quick() };
    for side in [4.0, 10.0, 40.0] {
        let plan = planned(vec![object("tower", cube(side, 6.0), 60.0, 60.0, &settings)], &settings);
        let machine = crate::process::machine::limits(&settings);
        let estimate = estimate(&plan.toolpath, &machine, &Progress::new()).unwrap();
        for (l, (layer, took)) in plan.toolpath.layers.iter().zip(&estimate.layers).enumerate() {
            let feeds = layer.steps.iter().filter_map(|s| match s {
                Step::Extrude(e) => Some(f64::from(e.feed_mm_per_s)),
                _ => None,
            });
            let (slowest, fastest) =
                feeds.fold((f64::MAX, 0.0f64), |(low, high), feed| (low.min(feed), high.max(feed)));
            assert!(slowest >= settings.min_print_speed - 1e-3, "{side} mm, layer {l}: {slowest} mm/s");
            let (wanted, time) = (settings.slowdown_below_layer_time, took.time_s);
            let all_slow = fastest <= settings.min_print_speed + 1e-3;
            assert!(all_slow || time >= wanted - 0.1, "{side} mm, layer {l}: {time} s");
            // And no slower than needed: it is as long as wanted, or nothing was slowed.
            let unhurried = layer.steps.iter().any(|s| {
                matches!(s, Step::Extrude(e) if e.role == Role::ExternalPerimeter
                    && f64::from(e.feed_mm_per_s) >= settings.first_layer_speed.min(settings.external_perimeter_speed))
            });
            assert!(all_slow || unhurried || time <= wanted + 0.1, "{side} mm, layer {l}: {time} s");
        }
    }
}

#[test]
fn fan_and_temperatures_change_when_they_should() {
    let settings = Settings { first_layer_temperature: 220.0, temperature: 205.0, bed_temperature: 55.0, ..quick() };
    let plan = planned(vec![object("tower", cube(6.0, 6.0), 60.0, 60.0, &settings)], &settings);
    let find = |wanted: fn(&Step) -> Option<f32>| -> Vec<(usize, f32)> {
        let layers = plan.toolpath.layers.iter().enumerate();
        layers.flat_map(|(l, layer)| layer.steps.iter().filter_map(wanted).map(move |v| (l, v))).collect()
    };
    let nozzle = find(|s| if let Step::NozzleTemperature(t) = s { Some(*t) } else { None });
    assert_eq!(nozzle, vec![(1, 205.0)]);
    let bed = find(|s| if let Step::BedTemperature(t) = s { Some(*t) } else { None });
    assert_eq!(bed, vec![(1, 55.0)]);
    // Off on the first layer, up to full on the fourth (each layer is shorter than 10 s), off at the end.
    let fan = find(|s| if let Step::Fan(f) = s { Some((f * 1000.0).round() / 1000.0) } else { None });
    let last = plan.toolpath.layers.len() - 1;
    assert_eq!(fan, vec![(1, 0.333), (2, 0.667), (3, 1.0), (last, 0.0)]);
}

/// The first points of outer walls, one list a layer.
fn seams(toolpath: &Toolpath) -> Vec<Vec<Point>> {
    let mut out = vec![Vec::new(); toolpath.layers.len()];
    // Whole walls, not the short roads of thin places.
    for (l, e) in roads(toolpath).filter(|(_, e)| e.role == Role::ExternalPerimeter && length(e) > 30.0) {
        out[l].push(e.points[0]);
    }
    out
}

#[test]
fn aligned_seams_stand_on_each_other_and_in_corners() {
    // Walls of changing width begin and end in the star's tips.
    let settings = Settings { perimeter_generator: WallGenerator::Classic, ..quick() };
    let meshes: [(&str, Mesh); 3] = [("cube", cube(20.0, 9.0)), ("cylinder", cylinder(10.0, 9.0)), ("star", star(9.0))];
    for (name, mesh) in meshes {
        let plan = planned(vec![object(name, mesh, 60.0, 60.0, &settings)], &settings);
        let seams = seams(&plan.toolpath);
        for (below, above) in seams.iter().zip(&seams[1..]) {
            assert_eq!(above.len(), 1);
            assert!(below[0].distance_mm(above[0]) < 1.0, "{name}: {below:?} {above:?}");
        }
        let [x, y] = seams[5][0].to_mm();
        let (dx, dy) = ((x - 60.0f64).abs(), (y - 60.0f64).abs());
        match name {
            "cube" => assert!(dx > 9.7 && dy > 9.7, "in a corner: {dx} {dy}"),
            // The notches of the star are concave: hidden.
            "star" => assert!(dx.hypot(dy) < 6.0, "in a notch: {dx} {dy}"),
            _ => {}
        }
    }
}

#[test]
fn rear_seams_are_at_the_rear_and_random_ones_are_scattered_the_same_way_each_time() {
    let rear = Settings { seam_position: SeamPosition::Rear, ..quick() };
    let plan = planned(vec![object("cylinder", cylinder(10.0, 9.0), 60.0, 60.0, &rear)], &rear);
    assert!(seams(&plan.toolpath).iter().flatten().all(|p| p.to_mm()[1] > 69.0));
    let random = Settings { seam_position: SeamPosition::Random, ..quick() };
    let twice = [(); 2].map(|()| {
        seams(&planned(vec![object("cylinder", cylinder(10.0, 9.0), 60.0, 60.0, &random)], &random).toolpath)
    });
    assert_eq!(twice[0], twice[1]);
    let angles: Vec<f64> =
        twice[0].iter().flatten().map(|p| (p.to_mm()[1] - 60.0).atan2(p.to_mm()[0] - 60.0)).collect();
    for quarter in 0..4 {
        let from = -std::f64::consts::PI + std::f64::consts::FRAC_PI_2 * f64::from(quarter);
        assert!(angles.iter().any(|a| (from..from + std::f64::consts::FRAC_PI_2).contains(a)), "{angles:?}");
    }
}

#[test]
fn skirt_and_brim_are_where_they_belong() {
    let settings = Settings { skirts: 2, skirt_height: 2, skirt_distance: 4.0, brim_width: 3.0, ..quick() };
    let plan = planned(mixed(&settings), &settings);
    let of = |role: Role| roads(&plan.toolpath).filter(move |(_, e)| e.role == role);
    assert!(of(Role::Brim).all(|(l, _)| l == 0) && of(Role::Brim).count() > 10);
    let layers_with_skirt: Vec<usize> = of(Role::Skirt).map(|(l, _)| l).collect();
    assert_eq!(layers_with_skirt, vec![0, 0, 1, 1]);
    let inner = of(Role::Skirt)
        .map(|(_, e)| Region::from_rings_non_zero(vec![crate::geometry::Ring(e.points[1..].to_vec())]))
        .min_by(|a, b| a.area_mm2().total_cmp(&b.area_mm2()))
        .unwrap();
    for (_, e) in roads(&plan.toolpath).filter(|(l, e)| *l < 2 && e.role != Role::Skirt) {
        assert!(e.points.iter().all(|p| inner.contains(*p)));
    }
    // The first thing printed is the skirt.
    assert_eq!(roads(&plan.toolpath).next().unwrap().1.role, Role::Skirt);
}

#[test]
fn what_does_not_fit_on_the_plate_is_left_out_with_a_word() {
    let settings = Settings { brim_width: 5.0, ..quick() };
    let plan = planned(vec![object("cube", cube(20.0, 2.0), 12.0, 60.0, &settings)], &settings);
    assert!(roads(&plan.toolpath).all(|(_, e)| e.points.iter().all(|p| p.x >= (0.2 * UNITS_PER_MM) as i32)));
    let said = |plan: &Plan, word: &str| plan.notices.iter().any(|n: &Notice| n.message.contains(word));
    assert!(said(&plan, "skirt") && said(&plan, "brim"), "{:?}", plan.notices);
    assert!(roads(&plan.toolpath).all(|(_, e)| e.role != Role::Skirt));
}

#[test]
fn plates_that_cannot_be_printed_are_refused_in_words() {
    let settings = quick();
    let check = |objects: Vec<SnapshotObject>, expected: &str| {
        let error = plan(&snapshot(objects, &settings), &Progress::new()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(vec![], "nothing on the build plate");
    check(vec![object("cube", cube(20.0, 2.0), 5.0, 60.0, &settings)], "cube lies partly outside");
    check(vec![object("cube", cube(20.0, 2.0), -50.0, 60.0, &settings)], "outside the build plate");
    check(vec![object("tower", cube(20.0, 400.0), 60.0, 60.0, &settings)], "400.00 mm high");
    check(vec![object("dust", cube(0.02, 2.0), 60.0, 60.0, &settings)], "large enough");
    check(vec![object("none", Mesh::default(), 60.0, 60.0, &settings)], "no extent");
    let lost = vec![
        object("cube", cube(20.0, 2.0), 60.0, 60.0, &settings),
        object("lost", cube(20.0, 2.0), -60.0, 60.0, &settings),
    ];
    let plan = planned(lost, &settings);
    assert_eq!(plan.notices.iter().filter(|n| n.object.as_deref() == Some("lost")).count(), 1);
    assert_eq!(plan.toolpath.objects.len(), 1);
    let canceled = Progress::new();
    canceled.cancel();
    assert!(matches!(
        super::super::plan(&snapshot(mixed(&settings), &settings), &canceled),
        Err(PlanError::Canceled(_))
    ));
}

#[test]
fn a_vase_is_one_wall_that_never_falls_and_never_stops() {
    let settings = Settings { spiral_vase: true, bottom_solid_layers: 2, ..quick() };
    // Tapered, so that no two turns are alike.
    let mut mesh = cylinder(12.0, 12.0);
    mesh.vertices.iter_mut().filter(|v| v[2] > 0.0).for_each(|v| (v[0], v[1]) = (v[0] * 1.3, v[1] * 1.2));
    let plan = planned(vec![object("vase", mesh, 60.0, 60.0, &settings)], &settings);
    Machine::run(&plan.toolpath, &settings);
    assert!(plan.notices.is_empty(), "{:?}", plan.notices);
    let layers = &plan.toolpath.layers;
    let first = layers
        .iter()
        .position(|l| l.steps.iter().any(|s| matches!(s, Step::Extrude(e) if !e.z_mm.is_empty())))
        .unwrap();
    assert!((2..=3).contains(&first), "{first}");
    let mut z = 0.0;
    for (l, e) in roads(&plan.toolpath).filter(|(l, _)| *l >= first) {
        for &next in &e.z_mm {
            assert!(next >= z, "layer {l}: from {z} down to {next}");
            z = next;
        }
    }
    assert!((z - layers[layers.len() - 1].z_mm).abs() < 1e-4);
    // Steps are long enough that Z, rounded to a micrometre, never has to hurry.
    for (_, e) in roads(&plan.toolpath).filter(|(_, e)| !e.z_mm.is_empty()) {
        for (way, rise) in e.points.windows(2).zip(e.z_mm.windows(2)) {
            let steepest = f64::from(rise[1] - rise[0]) + 0.001;
            assert!(f64::from(e.feed_mm_per_s) * steepest / way[0].distance_mm(way[1]) < 12.0);
        }
    }
    // Between the first turn's beginning and the end there is nothing but wall.
    for layer in &layers[first + 1..layers.len() - 1] {
        let other = layer.steps.iter().filter(|s| !matches!(s, Step::Extrude(_) | Step::Fan(_))).count();
        assert_eq!(other, 0, "{:?}", layer.steps);
    }
    // The wall's material: a full turn a layer, and half of one for the first and for the closing turn each. Turns
    // grow evenly, so that the middle of the first and the last whole one is their mean.
    let volume = |e: &Extrusion| length(e) * f64::from(e.flow_mm3_per_mm);
    let whole: f64 = roads(&plan.toolpath).filter(|(l, _)| *l >= first).map(|(_, e)| volume(e)).sum();
    let turn = |layer: usize| roads(&plan.toolpath).find(|(l, _)| *l == layer).map(|(_, e)| volume(e)).unwrap();
    let mean = (turn(first + 1) + turn(layers.len() - 1)) / 2.0;
    let turns = (layers.len() - first) as f64;
    assert!((whole / mean - turns).abs() < 0.02 * turns, "{} turns of {turns}", whole / mean);
}

#[test]
fn the_same_plate_gives_the_same_toolpath_on_any_number_of_threads() {
    let settings = Settings { brim_width: 2.0, gcode_label_objects: true, ..quick() };
    let plans: Vec<Plan> = [1, 2, 5]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| planned(mixed(&settings), &settings))
        })
        .into();
    assert!(plans[0] == plans[1] && plans[0] == plans[2]);
}

#[test]
fn layers_of_different_objects_at_one_height_are_one_layer() {
    let plate = quick();
    let fine = Settings { layer_height: 0.15, ..quick() };
    let objects =
        vec![object("coarse", cube(10.0, 3.0), 60.0, 60.0, &plate), object("fine", cube(10.0, 3.0), 90.0, 60.0, &fine)];
    let plan = planned(objects, &plate);
    assert!(plan.toolpath.layers.windows(2).all(|w| w[1].z_mm > w[0].z_mm + 0.1));
    assert_eq!(plan.toolpath.layers.len(), 1 + 18);
    Machine::run(&plan.toolpath, &plate);
}

#[test]
fn a_plates_settings_say_what_they_are_made_from() {
    let settings = Settings { bed_shape: vec![[0.0, 0.0], [50.0, 0.0], [50.0, 40.0], [0.0, 40.0]], ..quick() };
    let plate = PlateSettings::from(&settings);
    assert!((plate.plate.area_mm2() - 2000.0).abs() < 1e-6);
    assert_eq!(plate.skirt.loops, settings.skirts);
}

#[test]
fn empty_layers_between_others_are_named() {
    // Two plates above each other with air between them: layer 4 of seven has nothing.
    let settings = quick();
    let mut mesh = cube(10.0, 0.9);
    let mut upper = cube(10.0, 0.9);
    let offset = mesh.vertices.len() as u32;
    upper.vertices.iter_mut().for_each(|v| v[2] += 1.2);
    mesh.vertices.extend(upper.vertices);
    mesh.triangles.extend(upper.triangles.iter().map(|t| t.map(|i| i + offset)));
    let plan = planned(vec![object("gap", mesh, 60.0, 60.0, &settings)], &settings);
    let notice = plan.notices.iter().find(|n| n.message.contains("nothing to print here")).unwrap();
    assert_eq!(notice.layers, Some((3, 3)));
    let heights: Vec<i32> = plan.toolpath.layers.iter().map(|l| (l.z_mm * 10.0).round() as i32).collect();
    assert_eq!(heights, vec![3, 6, 9, 15, 18, 21]);
}

#[test]
fn planning_again_gives_the_same_and_redoes_only_what_a_change_touches() {
    let settings = quick();
    let objects = mixed(&settings);
    type Change = fn(&mut Settings);
    let changes: [(&str, Change, usize); 6] = [
        ("seam", |s| s.seam_position = SeamPosition::Rear, 0),
        ("angle", |s| s.fill_angle = 30.0, 1),
        ("top", |s| s.top_solid_layers = 2, 2),
        ("walls", |s| s.perimeters = 3, 3),
        ("resolution", |s| s.resolution = 0.02, 4),
        ("nothing", |_| {}, 0),
    ];
    for (name, change, stages) in changes {
        let mut cache = PlanCache::default();
        let progress = Progress::new();
        plan_again(&snapshot(objects.clone(), &settings), &mut cache, &progress).unwrap();
        let mut changed = settings.clone();
        change(&mut changed);
        let changed_objects =
            objects.iter().map(|o| SnapshotObject { settings: Arc::new(changed.clone()), ..o.clone() });
        let changed_plate = snapshot(changed_objects.collect(), &changed);
        let progress = Progress::new();
        let again = plan_again(&changed_plate, &mut cache, &progress).unwrap();
        assert!(again == plan(&changed_plate, &Progress::new()).unwrap(), "{name}: the same as planned afresh");
        assert_eq!(stages_run(&progress), 3 * stages, "{name}: {:?}", progress.timings());
    }
}

/// How many stages of objects were run, supports aside.
fn stages_run(progress: &Progress) -> usize {
    let of_objects = ["Cutting the model into layers", "Planning walls", "Finding surfaces", "Filling"];
    progress.timings().iter().filter(|(stage, _)| of_objects.contains(&stage.as_str())).count()
}

#[test]
fn an_object_that_is_moved_keeps_its_paths_and_copies_have_the_same() {
    let settings = Settings { support_material: true, infill_every_layers: 2, ..quick() };
    let at = |object: &SnapshotObject, x: f64, y: f64| SnapshotObject {
        plate_from_model: Matrix4::new_translation(&Vector3::new(x, y, 0.0)),
        ..object.clone()
    };
    let star = object("star", star(1.8), 100.0, 100.0, &settings);
    let walls = |plan: &Plan, by: Point| -> Vec<(usize, Vec<Point>)> {
        let of_part = |e: &Extrusion| e.role != Role::Skirt;
        let mut walls: Vec<_> = roads(&plan.toolpath)
            .filter(|(_, e)| of_part(e))
            .map(|(l, e)| {
                let mut points = e.points.clone();
                points.shift(by);
                points.sort_unstable();
                points.dedup();
                (l, points)
            })
            .collect();
        walls.sort_unstable();
        walls
    };
    let mut cache = PlanCache::default();
    let first = plan_again(&snapshot(vec![star.clone()], &settings), &mut cache, &Progress::new()).unwrap();
    let moved = snapshot(vec![at(&star, 112.3, 91.7)], &settings);
    let progress = Progress::new();
    let again = plan_again(&moved, &mut cache, &progress).unwrap();
    assert_eq!(stages_run(&progress), 0, "{:?}", progress.timings());
    assert!(!progress.timings().iter().any(|(stage, _)| stage == "Planning supports"));
    assert!(again == plan(&moved, &Progress::new()).unwrap());
    assert_eq!(walls(&again, Point::new(0, 0)), walls(&first, Point::from_mm(12.3, -8.3)));

    let three = snapshot(vec![star.clone(), at(&star, 60.0, 60.0), at(&star, 150.0, 60.0)], &settings);
    let progress = Progress::new();
    let copies = plan(&three, &progress).unwrap();
    assert_eq!(stages_run(&progress), 4, "{:?}", progress.timings());
    assert!(copies == plan_again(&three, &mut cache, &Progress::new()).unwrap());
    // One of them otherwise: it alone is planned.
    let other = Settings { perimeters: 3, ..settings.clone() };
    let mut objects = three.objects.clone();
    objects[1].settings = Arc::new(other);
    let progress = Progress::new();
    let mixed = plan_again(&snapshot(objects.clone(), &settings), &mut cache, &progress).unwrap();
    assert_eq!(stages_run(&progress), 3, "{:?}", progress.timings());
    assert!(mixed == plan(&snapshot(objects, &settings), &Progress::new()).unwrap());
}
