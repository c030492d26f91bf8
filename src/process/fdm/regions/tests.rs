//! Shells are closed, surfaces part the inside, slivers stay out, bridges run across.

use super::*;
use crate::geometry::{Bounds, Island, Point, Ring};
use crate::process::slicing::LayerSpan;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

const WALLS_MM: f64 = 0.9;
const HEIGHT_MM: f64 = 0.2;

fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Region {
    Region::rectangle(Bounds { min: Point::from_mm(x0, y0), max: Point::from_mm(x1, y1) })
}

fn square(half: f64) -> Region {
    rectangle(-half, -half, half, half)
}

fn disc(radius: f64) -> Region {
    let point = |i: usize| {
        let (sin, cos) = (TAU * i as f64 / 180.0).sin_cos();
        Point::from_mm(radius * cos, radius * sin)
    };
    Region { rings: vec![Ring((0..180).map(point).collect())] }
}

fn settings() -> RegionSettings {
    RegionSettings {
        top_solid_layers: 4,
        bottom_solid_layers: 3,
        top_solid_min_thickness_mm: 0.0,
        bottom_solid_min_thickness_mm: 0.0,
        vertical_shells: true,
        solid_infill_below_area_mm2: 0.0,
        fill_density: 0.15,
        solid_infill_width_mm: 0.45,
        walls_width_mm: WALLS_MM,
        infill_every_layers: 1,
        highest_road_mm: 0.4,
        bridge_angle_rad: None,
        spiral_vase: false,
    }
}

/// Layers of equal height, walled by a plain inset.
fn stack(areas: &[Region]) -> (Vec<LayerOutline>, Vec<PerimeterLayer>) {
    let span = |i: usize| LayerSpan {
        bottom_mm: i as f64 * HEIGHT_MM,
        top_mm: (i + 1) as f64 * HEIGHT_MM,
        cut_mm: (i as f64 + 0.5) * HEIGHT_MM,
    };
    let outlines: Vec<_> =
        areas.iter().enumerate().map(|(i, area)| LayerOutline { span: span(i), area: area.clone() }).collect();
    let wall = |outline: Island| PerimeterIsland {
        inner: Region::from(&outline).offset(-WALLS_MM, Join::Miter(2.0)),
        outline,
        walls: Vec::new(),
        variable: Vec::new(),
    };
    let layers = areas
        .iter()
        .enumerate()
        .map(|(i, area)| PerimeterLayer { span: span(i), islands: area.islands().into_iter().map(wall).collect() });
    let layers = layers.collect();
    (outlines, layers)
}

fn regions_of(areas: &[Region], settings: &RegionSettings) -> Vec<RegionLayer> {
    let (outlines, layers) = stack(areas);
    regions(&outlines, &layers, settings, &Progress::new()).unwrap()
}

/// Plans a stack and checks what must hold of any: surfaces lie inside, cover it and do not overlap.
fn plan(areas: &[Region], settings: &RegionSettings) -> Vec<RegionLayer> {
    let (outlines, layers) = stack(areas);
    let planned = regions(&outlines, &layers, settings, &Progress::new()).unwrap();
    assert_eq!(planned.len(), layers.len());
    for (i, (layer, walls)) in planned.iter().zip(&layers).enumerate() {
        assert_eq!(layer.islands.len(), walls.islands.len());
        for (surfaces, island) in layer.islands.iter().zip(&walls.islands) {
            let sum: f64 = surfaces.iter().map(|s| s.area.area_mm2()).sum();
            let union = Region::union_all(surfaces.iter().map(|s| &s.area));
            let inside = island.inner.area_mm2();
            let near = |a: f64, b: f64| (a - b).abs() < 1e-3 + 1e-5 * inside;
            assert!(near(sum, inside), "layer {i}: surfaces sum to {sum} mm2 of {inside} mm2");
            assert!(near(union.area_mm2(), inside), "layer {i}: surfaces cover {} of {inside} mm2", union.area_mm2());
            let outside = union.difference(&island.inner).area_mm2();
            assert!(outside < 1e-3, "layer {i}: {outside} mm2 outside the walls");
            for s in surfaces {
                assert_eq!(s.bridge_angle_rad.is_some(), s.kind == SurfaceKind::Bridge);
            }
        }
    }
    planned
}

fn area_of(layer: &RegionLayer, kind: SurfaceKind) -> f64 {
    layer.islands.iter().flatten().filter(|s| s.kind == kind).map(|s| s.area.area_mm2()).sum()
}

/// Everything solid of a layer.
fn solid(layer: &RegionLayer) -> Region {
    Region::union_all(layer.islands.iter().flatten().filter(|s| s.kind != SurfaceKind::Sparse).map(|s| &s.area))
}

fn kinds(layer: &RegionLayer) -> Vec<SurfaceKind> {
    layer.islands.iter().flatten().map(|s| s.kind).collect()
}

#[test]
fn a_cube_has_exactly_its_shells_and_is_sparse_between() {
    use SurfaceKind::{Bottom, InternalBridge, InternalSolid, Sparse, Top};
    let check = |settings: &RegionSettings, bottom: usize, top: usize| {
        let planned = plan(&vec![square(10.0); 20], settings);
        for (i, layer) in planned.iter().enumerate() {
            let expected = match i {
                0 if bottom > 0 => Bottom,
                19 if top > 0 => Top,
                _ if i < bottom => InternalSolid,
                _ if i + top == 20 => InternalBridge,
                _ if i + top > 20 => InternalSolid,
                _ => Sparse,
            };
            assert_eq!(kinds(layer), [expected], "layer {i} of {settings:?}");
        }
    };
    check(&settings(), 3, 4);
    // The larger of count and thickness: 1.3 mm take seven layers of 0.2 mm, 0.5 mm take three.
    let thick = RegionSettings { top_solid_min_thickness_mm: 1.3, bottom_solid_min_thickness_mm: 0.5, ..settings() };
    check(&thick, 3, 7);
    check(&RegionSettings { top_solid_layers: 0, ..thick.clone() }, 3, 0);
    check(&RegionSettings { bottom_solid_layers: 0, ..thick.clone() }, 0, 7);
    check(&RegionSettings { top_solid_layers: 1, bottom_solid_layers: 1, ..settings() }, 1, 1);
    let solid = plan(&vec![square(10.0); 20], &RegionSettings { fill_density: 1.0, ..settings() });
    assert_eq!(kinds(&solid[10]), [InternalSolid]);
}

/// Every place inside must be solid that has fewer layers of material above or below it than the shell asks for.
fn check_closed(areas: &[Region], settings: &RegionSettings) {
    let planned = plan(areas, settings);
    let (_, layers) = stack(areas);
    for (i, layer) in planned.iter().enumerate() {
        let solid = solid(layer);
        let inner = Region::union_all(layers[i].islands.iter().map(|island| &island.inner));
        let above = i + 1..=i + settings.top_solid_layers as usize;
        let below = i as i64 - i64::from(settings.bottom_solid_layers)..=i as i64 - 1;
        for other in above.map(|j| j as i64).chain(below) {
            let cover = usize::try_from(other).ok().and_then(|j| areas.get(j)).cloned().unwrap_or_default();
            let open = inner.difference(&cover).difference(&solid);
            // Slivers narrower than 0.3 mm may stay open.
            let hole = open.opened(0.16).area_mm2();
            assert!(hole < 1e-6, "layer {i}: {hole} mm2 sparse with layer {other} missing");
        }
    }
}

#[test]
fn a_stepped_pyramid_is_closed_and_grows_under_its_steps() {
    let areas: Vec<Region> = (0..30).map(|i| square(20.0 - 5.0 * f64::from(i / 10))).collect();
    check_closed(&areas, &settings());
    let planned = plan(&areas, &settings());
    // The step of layer 9: a ring from 15 to 19.1 mm, reaching under the walls of the layer above.
    let ring = 4.0 * (19.1 * 19.1 - 15.0 * 15.0);
    let grown = 4.0 * (19.1 * 19.1 - 14.1 * 14.1);
    let top = area_of(&planned[9], SurfaceKind::Top);
    assert!(top > ring && top <= grown + 1e-3, "{top} mm2 of top over a step of {ring} mm2");
    assert!(area_of(&planned[9], SurfaceKind::Sparse) > 700.0);
    assert!(planned[3..6].iter().all(|layer| kinds(layer) == [SurfaceKind::Sparse]), "far from every step");
}

#[test]
fn a_sphere_is_closed() {
    let radius = 8.0_f64;
    let areas: Vec<Region> = (0..80)
        .map(|i| {
            let z = (f64::from(i) + 0.5) * HEIGHT_MM - radius;
            disc((radius * radius - z * z).sqrt())
        })
        .collect();
    check_closed(&areas, &settings());
    check_closed(&areas, &RegionSettings { top_solid_layers: 5, bottom_solid_layers: 7, ..settings() });
    let planned = plan(&areas, &settings());
    assert_eq!(kinds(&planned[40]), [SurfaceKind::Sparse], "upright walls need no shells");
}

#[test]
fn shells_without_slopes_follow_only_what_each_layer_shows() {
    let flat = RegionSettings { vertical_shells: false, ..settings() };
    // Steps of 5 mm are seen: nothing changes.
    let steps: Vec<Region> = (0..30).map(|i| square(20.0 - 5.0 * f64::from(i / 10))).collect();
    check_closed(&steps, &flat);
    for (a, b) in plan(&steps, &flat).iter().zip(&plan(&steps, &settings())) {
        assert!((solid(a).area_mm2() - solid(b).area_mm2()).abs() < 1e-3);
    }
    // Every step of a slope is hidden below the walls; four of them together are not.
    let slope: Vec<Region> = (0..30).map(|i| square(20.0 - 0.6 * f64::from(i))).collect();
    let solid_mm2 = |settings: &RegionSettings| solid(&plan(&slope, settings)[10]).area_mm2();
    assert!(solid_mm2(&settings()) > 50.0);
    assert_eq!(solid_mm2(&flat), 0.0);
}

#[test]
fn what_is_deeper_than_the_shell_stays_sparse() {
    // A slope, a step and a cap: hardly more is solid than the shells need and the walls above stand on.
    let areas: Vec<Region> = (0..60).map(|i| square(if i < 30 { 30.0 - 0.6 * f64::from(i) } else { 10.0 })).collect();
    let planned = plan(&areas, &settings());
    let (_, layers) = stack(&areas);
    let (mut zone, mut needless) = (0.0, 0.0);
    for (i, layer) in planned.iter().enumerate() {
        let mut deep = layers[i].islands[0].inner.clone();
        for j in (i.saturating_sub(3)..i).chain(i + 1..i + 5) {
            deep = deep.intersection(areas.get(j).unwrap_or(&Region::default()));
        }
        if i >= 3 {
            zone += deep.area_mm2();
            needless += solid(layer).intersection(&deep).area_mm2();
        }
    }
    let share = needless / zone;
    assert!(share < 0.02, "{share} of the sparse zone is solid without need");
}

#[test]
fn slivers_between_nearly_equal_layers_never_become_solid() {
    // Every other layer is a tenth of a millimetre smaller on one side than the walls are wide: the inside of one layer
    // looks out by 0.1 mm beside the next.
    let areas: Vec<Region> = (0..20)
        .map(|i| if i % 2 == 0 { rectangle(0.0, 0.0, 20.0, 20.0) } else { rectangle(1.0, 0.0, 20.0, 20.0) })
        .collect();
    let planned = plan(&areas, &settings());
    for (i, layer) in planned.iter().enumerate().take(16).skip(3) {
        assert_eq!(kinds(layer), [SurfaceKind::Sparse], "layer {i}");
    }
}

#[test]
fn small_sparse_areas_become_solid() {
    let twenty = RegionSettings { solid_infill_below_area_mm2: 20.0, ..settings() };
    let middle = |half: f64, settings: &RegionSettings| kinds(&plan(&vec![square(half); 12], settings)[6]);
    assert_eq!(middle(3.0, &twenty), [SurfaceKind::InternalSolid]);
    assert_eq!(middle(4.0, &twenty), [SurfaceKind::Sparse]);
    assert_eq!(middle(3.0, &RegionSettings { fill_density: 0.0, ..twenty }), [SurfaceKind::Sparse]);
}

/// A deck over two pillars that stand `gap` mm apart along a direction; gives the bridge's angle and area.
fn bridge_over(gap: f64, turn: f64) -> (f64, f64) {
    let turned = |region: Region| {
        let (sin, cos) = turn.sin_cos();
        let rings = region.rings.into_iter().map(|ring| {
            let points = ring.0.into_iter().map(Point::to_mm);
            Ring(points.map(|[x, y]| Point::from_mm(x * cos - y * sin, x * sin + y * cos)).collect())
        });
        Region { rings: rings.collect() }
    };
    let half = 0.5 * gap;
    let pillars =
        turned(rectangle(-half - 8.0, -10.0, -half, 10.0)).union(&turned(rectangle(half, -10.0, half + 8.0, 10.0)));
    let deck = turned(rectangle(-half - 8.0, -10.0, half + 8.0, 10.0));
    let mut areas = vec![pillars; 10];
    areas.extend(vec![deck; 10]);
    let planned = plan(&areas, &settings());
    let bridges: Vec<&Surface> = planned[10].islands[0].iter().filter(|s| s.kind == SurfaceKind::Bridge).collect();
    assert_eq!(bridges.len(), 1);
    (bridges[0].bridge_angle_rad.unwrap(), bridges[0].area.area_mm2())
}

#[test]
fn a_bridge_runs_across_its_gap_and_onto_its_anchors() {
    for (gap, turn) in [(10.0, 0.0), (10.0, 0.5 * PI), (30.0, 0.0), (10.0, 0.3), (25.0, 2.0)] {
        let (angle, area) = bridge_over(gap, turn);
        let apart = (angle - turn).rem_euclid(PI);
        assert!(apart.min(PI - apart) < 0.01, "gap {gap} turned by {turn}: bridged along {angle}");
        // 18.2 mm wide between the walls, and 1.2 mm of anchor on either side.
        let expected = 18.2 * (gap + 2.4);
        assert!((area - expected).abs() < 0.01 * expected, "gap {gap}: {area} mm2 of bridge for {expected}");
    }
}

#[test]
fn a_long_slot_is_bridged_the_short_way_and_a_lid_rests_on_its_walls() {
    let plate = square(20.0);
    let slot = rectangle(-15.0, -3.0, 15.0, 3.0);
    let mut areas = vec![plate.difference(&slot); 10];
    areas.extend(vec![plate; 6]);
    let planned = plan(&areas, &settings());
    let bridge = planned[10].islands[0].iter().find(|s| s.kind == SurfaceKind::Bridge).unwrap();
    assert!((bridge.bridge_angle_rad.unwrap() - FRAC_PI_2).abs() < 0.01);

    // A box of nothing but walls with a lid: the layer below is all under the lid's walls.
    let mut areas = vec![rectangle(0.0, 0.0, 30.0, 12.0).difference(&rectangle(0.9, 0.9, 29.1, 11.1)); 10];
    areas.extend(vec![rectangle(0.0, 0.0, 30.0, 12.0); 6]);
    let planned = plan(&areas, &settings());
    let bridge = planned[10].islands[0].iter().find(|s| s.kind == SurfaceKind::Bridge).unwrap();
    assert!((bridge.bridge_angle_rad.unwrap() - FRAC_PI_2).abs() < 0.01);
}

#[test]
fn an_island_that_begins_in_the_air_is_a_plain_bottom() {
    let mut areas = vec![rectangle(0.0, 0.0, 10.0, 10.0); 6];
    areas.extend(vec![rectangle(0.0, 0.0, 10.0, 10.0).union(&rectangle(20.0, 0.0, 30.0, 10.0)); 6]);
    let planned = plan(&areas, &settings());
    let floating: Vec<_> =
        planned[6].islands.iter().filter(|i| i.iter().any(|s| s.kind == SurfaceKind::Bottom)).collect();
    assert_eq!(floating.len(), 1);
    assert_eq!(area_of(&planned[6], SurfaceKind::Bridge), 0.0);
}

#[test]
fn over_a_hollow_the_first_solid_layer_is_a_bridge() {
    let hollow = RegionSettings { fill_density: 0.0, ..settings() };
    let planned = plan(&vec![rectangle(0.0, 0.0, 30.0, 12.0); 20], &hollow);
    assert_eq!(kinds(&planned[15]), [SurfaceKind::Sparse]);
    assert_eq!(kinds(&planned[16]), [SurfaceKind::Bridge]);
    let angle = planned[16].islands[0][0].bridge_angle_rad.unwrap();
    assert!((angle - FRAC_PI_2).abs() < 0.01, "the short way between the walls, not {angle}");
    assert_eq!(kinds(&planned[17]), [SurfaceKind::InternalSolid]);
    assert_eq!(kinds(&planned[19]), [SurfaceKind::Top]);
}

#[test]
fn over_sparse_infill_the_first_solid_layer_spans_from_road_to_road() {
    let areas: Vec<Region> = (0..30).map(|i| if i < 20 { square(20.0) } else { square(8.0) }).collect();
    let planned = plan(&areas, &settings());
    // Four layers of shell below the step; over the solid bottom and beneath the tower nothing spans.
    for (i, layer) in planned.iter().enumerate() {
        let bridge = area_of(layer, SurfaceKind::InternalBridge);
        assert_eq!(bridge > 0.0, i == 16 || i == 26, "layer {i}: {bridge} mm2");
    }
    assert!(area_of(&planned[16], SurfaceKind::InternalSolid) < 1e-3, "no slivers are left beside the bridge");
    let dense = plan(&areas, &RegionSettings { fill_density: 0.4, ..settings() });
    assert!(dense.iter().all(|layer| area_of(layer, SurfaceKind::InternalBridge) == 0.0), "roads are close together");
    // A shell along a slope is narrow and held by the wall.
    let slope: Vec<Region> = (0..30).map(|i| square(20.0 - 0.3 * f64::from(i))).collect();
    let planned = plan(&slope, &settings());
    assert!(planned[5..20].iter().all(|layer| area_of(layer, SurfaceKind::InternalBridge) == 0.0));
}

#[test]
fn the_direction_of_bridges_can_be_given() {
    let mut areas = vec![rectangle(0.0, 0.0, 8.0, 20.0).union(&rectangle(18.0, 0.0, 26.0, 20.0)); 10];
    areas.extend(vec![rectangle(0.0, 0.0, 26.0, 20.0); 10]);
    let angle = |settings: &RegionSettings| {
        let planned = plan(&areas, settings);
        planned[10].islands[0].iter().find_map(|s| s.bridge_angle_rad).unwrap()
    };
    assert!(angle(&settings()) < 0.01);
    assert_eq!(angle(&RegionSettings { bridge_angle_rad: Some(1.0), ..settings() }), 1.0);
}

#[test]
fn neighbouring_gaps_are_one_bridge() {
    // Engraved strokes a millimetre apart, closed by one layer above.
    let plate = square(15.0);
    let strokes = Region::union_all(&[0.0, 2.0, 4.0].map(|x| rectangle(x, -8.0, x + 1.0, 8.0)));
    let mut areas = vec![plate.difference(&strokes); 6];
    areas.extend(vec![plate; 12]);
    let planned = plan(&areas, &settings());
    let bridges: Vec<_> = planned[6].islands[0].iter().filter(|s| s.kind == SurfaceKind::Bridge).collect();
    assert_eq!(bridges.len(), 1);
    assert!(bridges[0].bridge_angle_rad.unwrap().min(PI - bridges[0].bridge_angle_rad.unwrap()) < 0.01);
}

#[test]
fn a_vase_has_a_bottom_and_nothing_else() {
    let planned = plan(&vec![square(10.0); 12], &RegionSettings { spiral_vase: true, ..settings() });
    let kinds: Vec<_> = planned.iter().flat_map(kinds).collect();
    assert_eq!(kinds[0], SurfaceKind::Bottom);
    assert!(kinds[1..3].iter().all(|&k| k == SurfaceKind::InternalSolid));
    assert!(kinds[3..].iter().all(|&k| k == SurfaceKind::Sparse));
}

#[test]
fn random_stacks_are_parted_and_closed() {
    // Heaps of rectangles and discs that come and go from layer to layer, by a fixed linear congruential generator.
    let mut state = 12345_u64;
    let mut random = move |below: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64 * below
    };
    for _ in 0..4 {
        let mut pieces: Vec<Region> = Vec::new();
        let areas: Vec<Region> = (0..12)
            .map(|_| {
                let (x, y) = (random(20.0), random(20.0));
                let piece = rectangle(x, y, x + 1.0 + random(15.0), y + 1.0 + random(15.0));
                pieces.push(piece.difference(&disc(random(20.0))));
                if pieces.len() > 5 {
                    pieces.remove(random(5.0) as usize);
                }
                Region::union_all(&pieces)
            })
            .collect();
        check_closed(&areas, &settings());
        check_closed(&areas, &RegionSettings { fill_density: 0.0, ..settings() });
        plan(&areas, &RegionSettings { solid_infill_below_area_mm2: 15.0, walls_width_mm: 0.45, ..settings() });
    }
}

#[test]
fn sparse_layers_are_combined_where_all_of_them_are_sparse() {
    let areas: Vec<Region> = (0..30).map(|i| square(if i < 15 { 10.0 } else { 8.0 })).collect();
    let combined = RegionSettings { infill_every_layers: 3, highest_road_mm: 0.61, ..settings() };
    let volume = |layers: &[RegionLayer]| -> f64 {
        let sparse = layers.iter().flat_map(|l| l.islands.iter().flatten()).filter(|s| s.kind == SurfaceKind::Sparse);
        sparse.map(|s| s.area.area_mm2() * s.plies as f64).sum()
    };
    let (single, triple) = (plan(&areas, &settings()), regions_of(&areas, &combined));
    assert!((volume(&single) - volume(&triple)).abs() < 0.01 * volume(&single));
    let plies = |layer: &RegionLayer| layer.islands.iter().flatten().map(|s| s.plies).max().unwrap_or(1);
    // Layers 4, 5 and 6 are one sheet, printed with the uppermost of them.
    assert_eq!(triple[4..10].iter().map(plies).collect::<Vec<_>>(), [1, 1, 3, 1, 1, 3]);
    assert!(area_of(&triple[5], SurfaceKind::Sparse) < 1e-3);
    // A nozzle of 0.4 mm lays two layers of 0.2 mm at most.
    let narrow = RegionSettings { highest_road_mm: 0.4, ..combined };
    assert_eq!(regions_of(&areas, &narrow).iter().map(plies).max(), Some(2));
}

#[test]
fn threads_do_not_change_the_result() {
    let areas: Vec<Region> = (0..24).map(|i| disc(6.0 + 3.0 * (f64::from(i) * 0.7).sin())).collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| plan(&areas, &settings()))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn canceled_work_stops() {
    let (outlines, layers) = stack(&vec![square(10.0); 4]);
    let progress = Progress::new();
    progress.cancel();
    assert_eq!(regions(&outlines, &layers, &settings(), &progress), Err(Canceled));
}
