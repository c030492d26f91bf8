//! Walls against what a printed part must be: covered once, the right width, nothing outside.

use std::f64::consts::TAU;

use super::*;
use crate::geometry::{Bounds, EdgeGrid, Point, Ring};
use crate::process::slicing::LayerSpan;

pub(super) fn ring(points: &[(f64, f64)]) -> Ring {
    Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())
}

pub(super) fn region(outlines: &[&[(f64, f64)]]) -> Region {
    Region::from_rings(outlines.iter().map(|points| ring(points)).collect())
}

pub(super) fn rectangle(x: f64, y: f64, width: f64, depth: f64) -> Region {
    Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + width, y + depth) })
}

pub(super) fn circle(radius: f64) -> Region {
    let points: Vec<(f64, f64)> =
        (0..180).map(|i| (i as f64 / 180.0 * TAU).sin_cos()).map(|(s, c)| (radius * c, radius * s)).collect();
    region(&[&points])
}

pub(super) fn layers(area: &Region, count: usize) -> Vec<LayerOutline> {
    (0..count)
        .map(|i| {
            let bottom_mm = i as f64 * 0.2;
            let span = LayerSpan { bottom_mm, top_mm: bottom_mm + 0.2, cut_mm: bottom_mm + 0.1 };
            LayerOutline { span, area: area.clone() }
        })
        .collect()
}

pub(super) fn settings() -> PerimeterSettings {
    PerimeterSettings {
        count: 2,
        alternate_extra: false,
        one_on_first_layer: false,
        one_on_top: SingleWallOnTop::Nowhere,
        external_width_mm: 0.45,
        width_mm: 0.5,
        first_layer_width_mm: 0.42,
        solid_infill_width_mm: 0.45,
        nozzle_mm: 0.4,
        thin_walls: true,
        gap_fill: true,
        generator: WallGenerator::Classic,
        least_bead_mm: 0.24,
        least_feature_mm: 0.1,
        transition_mm: 0.4,
        spiral_vase: false,
        bottom_layers: 3,
        bottom_thickness_mm: 0.0,
    }
}

/// The islands of the second layer of a stack of equal ones (the first has its own width).
pub(super) fn planned(area: &Region, settings: &PerimeterSettings) -> Vec<PerimeterIsland> {
    perimeters(&layers(area, 2), settings, &Progress::new()).unwrap().pop().unwrap().islands
}

/// The area under a closed road of this width.
fn band(path: &Ring, width_mm: f64) -> Region {
    let filled = Region { rings: vec![if path.area_mm2() > 0.0 { path.clone() } else { path.reversed() }] };
    filled.offset(0.5 * width_mm, Join::Round).difference(&filled.offset(-0.5 * width_mm, Join::Round))
}

/// The area under a wall.
pub(super) fn wall_band(wall: &Wall) -> Region {
    if wall.widths_mm.is_empty() {
        return band(&wall.path, wall.width_mm);
    }
    let mut road = VariableRoad { role: wall.role, points: wall.path.0.clone(), widths_mm: wall.widths_mm.clone() };
    road.points.extend(wall.path.0.first());
    road.widths_mm.extend(wall.widths_mm.first());
    variable_band(&road, 0.0)
}

/// The area under a variable road, its round ends included.
pub(super) fn variable_band(road: &VariableRoad, less_mm: f64) -> Region {
    let mut pieces = Vec::new();
    for (points, widths) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
        let ([ax, ay], [bx, by]) = (points[0].to_mm(), points[1].to_mm());
        let length = (bx - ax).hypot(by - ay);
        let (nx, ny) = (-(by - ay) / length, (bx - ax) / length);
        let (p, q) = (0.5 * (widths[0] - less_mm), 0.5 * (widths[1] - less_mm));
        pieces.push(region(&[&[
            (ax - nx * p, ay - ny * p),
            (bx - nx * q, by - ny * q),
            (bx + nx * q, by + ny * q),
            (ax + nx * p, ay + ny * p),
        ]]));
        for ((x, y), r) in [((ax, ay), p), ((bx, by), q)] {
            let disc: Vec<(f64, f64)> =
                (0..24).map(|i| (i as f64 / 24.0 * TAU).sin_cos()).map(|(s, c)| (x + r * c, y + r * s)).collect();
            pieces.push(region(&[&disc]));
        }
    }
    Region::union_all(&pieces)
}

/// Everything that the islands print or leave to infill, as (share of the outline covered, area outside the outline).
pub(super) fn coverage(area: &Region, islands: &[PerimeterIsland]) -> (f64, f64) {
    let mut pieces = Vec::new();
    for island in islands {
        pieces.push(island.inner.clone());
        pieces.extend(island.walls.iter().map(wall_band));
        pieces.extend(island.variable.iter().map(|road| variable_band(road, 0.0)));
    }
    let all = Region::union_all(&pieces);
    (all.intersection(area).area_mm2() / area.area_mm2(), all.difference(area).area_mm2())
}

/// Shapes that are interesting to walls, by name.
fn shapes() -> Vec<(&'static str, Region)> {
    let frame = |outer: f64, wall: f64| {
        rectangle(0.0, 0.0, outer, outer).difference(&rectangle(wall, wall, outer - 2.0 * wall, outer - 2.0 * wall))
    };
    let star: Vec<(f64, f64)> = (0..10)
        .map(|i| (i as f64 / 10.0 * TAU, if i % 2 == 0 { 10.0 } else { 5.0 }))
        .map(|(a, r)| (r * a.cos(), r * a.sin()))
        .collect();
    let mut shapes = vec![
        ("square", rectangle(0.0, 0.0, 20.0, 20.0)),
        ("square far from the origin", rectangle(150.0, 170.0, 20.0, 20.0)),
        ("circle", circle(7.0)),
        ("small circle", circle(1.3)),
        ("plate with a hole", rectangle(-10.0, -10.0, 20.0, 20.0).difference(&circle(3.0))),
        ("star", region(&[&star])),
        ("taper from 3 mm to 0.3 mm", region(&[&[(0.0, -1.5), (20.0, -0.15), (20.0, 0.15), (0.0, 1.5)]])),
        ("plate with a thin rib", rectangle(0.0, 0.0, 10.0, 10.0).union(&rectangle(9.0, 4.0, 10.0, 0.5))),
        ("letter T of 0.6 mm strokes", rectangle(0.0, 5.0, 5.0, 0.6).union(&rectangle(2.2, 0.0, 0.6, 5.5))),
    ];
    for wall in [0.4, 0.6, 0.8, 0.95, 1.1, 1.3, 1.5, 1.7, 1.9, 2.1, 2.4] {
        shapes.push((Box::leak(format!("frame of {wall} mm").into_boxed_str()), frame(12.0, wall)));
    }
    shapes
}

/// Rectangles with turned ones added and cut out, in places without pattern; the same for the same seed.
pub(super) fn random_areas(seed: u64) -> impl Iterator<Item = Region> {
    let mut state = seed;
    let mut next = move |most: f64| {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0 * most
    };
    std::iter::repeat_with(move || {
        let mut area = rectangle(next(5.0), next(5.0), 3.0 + next(8.0), 3.0 + next(8.0));
        for k in 0..4 {
            let (x, y, w, h, turn) = (next(12.0), next(12.0), 0.2 + next(5.0), 0.2 + next(2.0), next(3.0));
            let corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)]
                .map(|(a, b)| (x + a * turn.cos() - b * turn.sin(), y + a * turn.sin() + b * turn.cos()));
            area = if k % 2 == 0 { area.union(&region(&[&corners])) } else { area.difference(&region(&[&corners])) };
        }
        area
    })
}

#[test]
fn every_place_is_covered_and_nothing_lies_outside() {
    for (name, area) in shapes() {
        for count in [1, 2, 3] {
            let islands = planned(&area, &PerimeterSettings { count, ..settings() });
            let (covered, outside) = coverage(&area, &islands);
            // Round ends leave the corners of thin strokes.
            let least = if name.starts_with("letter") { 0.985 } else { 0.99 };
            assert!(covered > least, "{name}, {count} walls: {covered} covered");
            assert!(outside < 0.006 * area.area_mm2(), "{name}, {count} walls: {outside} mm² outside");
        }
    }
}

#[test]
fn shapes_at_random_are_covered_too() {
    // Unions and differences of turned boxes, by Lehmer's generator: the same every time.
    for (case, area) in random_areas(11).take(60).enumerate() {
        let islands = planned(&area, &settings());
        let (covered, outside) = coverage(&area, &islands);
        assert!(covered > 0.975, "case {case}: {covered} covered");
        assert!(outside < 0.015 * area.area_mm2(), "case {case}: {outside} mm² outside");
    }
}

#[test]
fn the_volume_of_walls_is_the_volume_of_their_place() {
    // Roads counted with their round sides: width × height less the corners.
    for (name, area) in shapes() {
        for count in [1, 2, 3] {
            let islands = planned(&area, &PerimeterSettings { count, ..settings() });
            let rounding = rounding_mm(0.2);
            let mut laid = 0.0;
            for island in &islands {
                laid += island.inner.area_mm2();
                laid += island.walls.iter().map(|w| w.path.length_mm() * (w.width_mm - rounding)).sum::<f64>();
                for road in &island.variable {
                    for (p, w) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
                        laid += p[0].distance_mm(p[1]) * (0.5 * (w[0] + w[1]) - rounding);
                    }
                    // The nozzle reaches round both ends; dots have their whole volume between theirs.
                    if let ([a, .., z], [v, .., w]) = (&road.points[..], &road.widths_mm[..])
                        && a.distance_mm(*z) > 1.0
                    {
                        laid += TAU / 16.0 * (v * v + w * w);
                    }
                }
            }
            // The outer side's rounding is missing from the outline by definition, corners and ends add and take a little.
            let outline: f64 = area.rings.iter().map(Ring::length_mm).sum();
            let expected = area.area_mm2() - 0.5 * rounding * outline;
            let off = (laid - expected) / area.area_mm2();
            assert!(off.abs() < 0.06, "{name}, {count} walls: {laid} mm² laid, {expected} expected");
        }
    }
}

#[test]
fn the_outer_wall_runs_half_its_width_inside_the_outline() {
    for (name, area) in shapes() {
        let grid = EdgeGrid::new(&area);
        for island in planned(&area, &settings()) {
            for wall in island.walls.iter().filter(|wall| wall.depth == 0) {
                // In the middle of its edges: a sharp corner's own distance is larger.
                for (a, b) in wall.path.edges().filter(|(a, b)| a.distance_mm(*b) > 0.05) {
                    let middle = Point::new((a.x + b.x) / 2, (a.y + b.y) / 2);
                    assert!(area.contains(middle), "{name}");
                    let distance = grid.nearest(middle, 2.0).unwrap().distance_mm;
                    // Where the wall turns back before a thin place it is further away, never nearer.
                    assert!(distance > 0.5 * wall.width_mm - 0.002, "{name}: {distance}");
                }
            }
        }
    }
    let islands = planned(&rectangle(0.0, 0.0, 20.0, 20.0), &settings());
    let outer = &islands[0].walls.iter().find(|wall| wall.depth == 0).unwrap().path;
    assert!((outer.area_mm2() - 19.55 * 19.55).abs() < 1e-3);
}

#[test]
fn walls_do_not_overlap_each_other() {
    for (name, area) in shapes() {
        for island in planned(&area, &PerimeterSettings { count: 3, ..settings() }) {
            // Counted by spacing, so that what overlaps would be more than a full road.
            let rounding = rounding_mm(0.2);
            let bands: Vec<Region> = island.walls.iter().map(|w| band(&w.path, w.width_mm - rounding)).collect();
            let sum: f64 = bands.iter().map(Region::area_mm2).sum();
            let union = Region::union_all(&bands).area_mm2();
            assert!(sum - union < 0.01 * sum + 0.05, "{name}: {} mm² of {sum} lie twice", sum - union);
        }
    }
}

#[test]
fn a_square_has_the_fields_spacing() {
    let islands = planned(&rectangle(0.0, 0.0, 20.0, 20.0), &PerimeterSettings { count: 3, ..settings() });
    let sides: Vec<f64> = islands[0].walls.iter().map(|wall| wall.path.length_mm() / 4.0).collect();
    let (outer, inner) = (spacing_mm(0.45, 0.2), spacing_mm(0.5, 0.2));
    let expected = [19.55, 19.55 - (outer + inner), 19.55 - (outer + inner) - 2.0 * inner];
    for (side, expected) in sides.iter().zip(expected) {
        assert!((side - expected).abs() < 1e-3, "{sides:?} instead of {expected:?}");
    }
    let inside = expected[2] - inner;
    assert!((islands[0].inner.area_mm2() - inside * inside).abs() < 0.01);
    assert!(islands[0].variable.is_empty());
    assert_eq!(islands[0].walls[0].role, Role::ExternalPerimeter);
    assert_eq!(islands[0].walls[1].role, Role::Perimeter);
}

#[test]
fn a_thin_wall_gets_one_road_along_its_middle() {
    for width in [0.2, 0.35, 0.5, 0.6] {
        let islands = planned(&rectangle(0.0, 0.0, 12.0, width), &settings());
        assert!(islands[0].walls.is_empty(), "{width}");
        let [road] = &islands[0].variable[..] else { panic!("{width}: {:?}", islands[0].variable) };
        assert_eq!(road.role, Role::ExternalPerimeter);
        for (p, w) in road.points.iter().zip(&road.widths_mm) {
            assert!((p.to_mm()[1] - 0.5 * width).abs() < 0.003, "{width}: {p:?}");
            assert!((w - width.max(0.24)).abs() < 0.01, "{width}: {w}");
        }
        let without =
            planned(&rectangle(0.0, 0.0, 12.0, width), &PerimeterSettings { thin_walls: false, ..settings() });
        assert!(without[0].variable.is_empty());
    }
}

#[test]
fn a_wall_almost_two_roads_thick_gets_two_narrower_ones() {
    for thickness in [0.66, 0.7, 0.8, 0.83] {
        let islands = planned(&rectangle(0.0, 0.0, 12.0, thickness), &settings());
        assert!(islands[0].variable.is_empty(), "{thickness}: {:?}", islands[0].variable);
        let [wall] = &islands[0].walls[..] else { panic!("{thickness}: {:?}", islands[0].walls) };
        // Two roads that share a spacing in the middle fill the thickness.
        let filled = wall.width_mm + spacing_mm(wall.width_mm, 0.2);
        assert!((filled - thickness).abs() < 0.01, "{thickness}: {filled}");
        for p in &wall.path.0 {
            let y = p.to_mm()[1];
            let from_side = y.min(thickness - y);
            assert!((from_side - 0.5 * wall.width_mm).abs() < 0.002, "{thickness}: {p:?}");
        }
    }
}

#[test]
fn a_gap_between_walls_is_filled_with_its_width() {
    // Two outer walls leave 1.1 - 2 × (0.45 - half the rounding's share) between them.
    let islands = planned(&rectangle(0.0, 0.0, 20.0, 1.1), &settings());
    assert_eq!(islands[0].walls.len(), 1);
    let [road] = &islands[0].variable[..] else { panic!("{:?}", islands[0].variable) };
    assert_eq!(road.role, Role::GapFill);
    // Middle to middle of the outer wall's sides, less one spacing, is the gap; the road is wider by its round sides.
    let gap = 1.1 - 0.45 - spacing_mm(0.45, 0.2);
    for w in &road.widths_mm {
        assert!((w - gap - rounding_mm(0.2)).abs() < 0.01, "{w} in a gap of {gap}");
    }
    assert!(islands[0].inner.is_empty());
    // A wider gap is filled by a loop of two roads.
    let wide = planned(&rectangle(0.0, 0.0, 20.0, 1.55), &settings());
    let [road] = &wide[0].variable[..] else { panic!("{:?}", wide[0].variable) };
    assert_eq!(road.points.first(), road.points.last());
    let half = 0.5 * (1.55 - 0.45 - spacing_mm(0.45, 0.2));
    assert!(road.widths_mm.iter().all(|w| (w - half - rounding_mm(0.2)).abs() < 0.01), "{road:?}");
    let off = planned(&rectangle(0.0, 0.0, 20.0, 1.1), &PerimeterSettings { gap_fill: false, ..settings() });
    assert!(off[0].variable.is_empty());
}

#[test]
fn walls_of_holes_are_clockwise_and_know_it() {
    let islands = planned(&rectangle(-10.0, -10.0, 20.0, 20.0).difference(&circle(3.0)), &settings());
    assert_eq!(islands.len(), 1);
    assert_eq!(islands[0].walls.len(), 4);
    for wall in &islands[0].walls {
        assert_eq!(wall.is_hole, wall.path.area_mm2() < 0.0);
        assert_eq!(wall.is_hole, wall.path.length_mm() < 40.0);
    }
}

#[test]
fn no_walls_at_all_leave_everything_to_infill() {
    let area = rectangle(0.0, 0.0, 20.0, 20.0);
    let islands = planned(&area, &PerimeterSettings { count: 0, ..settings() });
    assert!(islands[0].walls.is_empty() && islands[0].variable.is_empty());
    assert_eq!(islands[0].inner, area);
}

#[test]
fn a_vase_has_one_wall_above_its_bottom() {
    let area = rectangle(0.0, 0.0, 20.0, 20.0).difference(&rectangle(5.0, 5.0, 3.0, 3.0));
    let vase = PerimeterSettings { spiral_vase: true, bottom_layers: 2, bottom_thickness_mm: 0.7, ..settings() };
    let planned = perimeters(&layers(&area, 6), &vase, &Progress::new()).unwrap();
    for (i, layer) in planned.iter().enumerate() {
        let island = &layer.islands[0];
        // Layers that begin below 0.7 mm: four.
        if i < 4 {
            assert_eq!(island.walls.len(), 4, "layer {i}");
            assert!(!island.inner.is_empty());
        } else {
            assert_eq!(island.walls.len(), 1, "layer {i}");
            assert!(island.inner.is_empty() && island.variable.is_empty());
        }
    }
}

#[test]
fn the_first_layer_has_its_own_width() {
    let planned = perimeters(&layers(&rectangle(0.0, 0.0, 20.0, 20.0), 2), &settings(), &Progress::new()).unwrap();
    assert!(planned[0].islands[0].walls.iter().all(|wall| wall.width_mm == 0.42));
    assert_eq!(planned[1].islands[0].walls[0].width_mm, 0.45);
    assert_eq!(planned[1].islands[0].walls[1].width_mm, 0.5);
}

#[test]
fn what_stands_on_a_raft_has_the_width_of_all_other_layers() {
    let mut on_raft = layers(&rectangle(0.0, 0.0, 20.0, 20.0), 2);
    for layer in &mut on_raft {
        layer.span.bottom_mm += 0.9;
        layer.span.top_mm += 0.9;
        layer.span.cut_mm += 0.9;
    }
    let planned = perimeters(&on_raft, &settings(), &Progress::new()).unwrap();
    assert_eq!(planned[0].islands, planned[1].islands);
}

#[test]
fn the_number_of_walls_may_change_from_layer_to_layer() {
    let stack = layers(&rectangle(0.0, 0.0, 20.0, 20.0), 5);
    let counts = |settings: &PerimeterSettings| -> Vec<usize> {
        perimeters(&stack, settings, &Progress::new()).unwrap().iter().map(|l| l.islands[0].walls.len()).collect()
    };
    let three = PerimeterSettings { count: 3, ..settings() };
    assert_eq!(counts(&PerimeterSettings { alternate_extra: true, ..three }), [3, 4, 3, 4, 3]);
    assert_eq!(counts(&PerimeterSettings { one_on_first_layer: true, ..three }), [1, 3, 3, 3, 3]);
    assert_eq!(counts(&PerimeterSettings { one_on_top: SingleWallOnTop::Top, ..three }), [3, 3, 3, 3, 1]);
    assert_eq!(counts(&PerimeterSettings { one_on_top: SingleWallOnTop::Topmost, ..three }), [3, 3, 3, 3, 1]);
}

#[test]
fn a_step_has_one_wall_and_what_is_under_the_next_layer_all() {
    // The right half of the lower layer is seen from above.
    let mut stack = layers(&rectangle(0.0, 0.0, 20.0, 10.0), 2);
    stack.extend(layers(&rectangle(0.0, 0.0, 10.0, 10.0), 1));
    let settings = PerimeterSettings { count: 3, one_on_top: SingleWallOnTop::Top, ..settings() };
    let planned = perimeters(&stack, &settings, &Progress::new()).unwrap();
    assert_eq!(planned[0].islands[0].walls.len(), 3);
    let step = &planned[1].islands[0];
    let reach = |depth: usize| {
        let walls = step.walls.iter().filter(|w| w.depth == depth);
        walls.flat_map(|w| &w.path.0).map(|p| p.to_mm()[0]).fold(f64::MIN, f64::max)
    };
    assert!(reach(0) > 19.7 && reach(1) < 10.0 && reach(2) < reach(1), "{} {} {}", reach(0), reach(1), reach(2));
    // Nothing is left open and nothing lies twice.
    let area = rectangle(0.0, 0.0, 20.0, 10.0);
    let (covered, outside) = coverage(&area, std::slice::from_ref(step));
    assert!(covered > 0.998 && outside < 1e-3, "{covered}, {outside}");
    let spacing: f64 = step.walls.iter().map(|w| w.path.length_mm() * (w.width_mm - rounding_mm(0.2))).sum();
    let laid = spacing + step.inner.area_mm2();
    assert!((laid - area.area_mm2()).abs() < 0.01 * area.area_mm2(), "{laid} mm²");
    // On the last layer, topmost says the same; below it, nothing.
    let topmost = PerimeterSettings { one_on_top: SingleWallOnTop::Topmost, ..settings };
    let planned = perimeters(&stack, &topmost, &Progress::new()).unwrap();
    assert_eq!(planned.iter().map(|l| l.islands[0].walls.len()).collect::<Vec<_>>(), [3, 3, 1]);
}

#[test]
fn specks_are_printed_as_dots_or_counted() {
    let area =
        rectangle(0.0, 0.0, 0.4, 0.4).union(&rectangle(5.0, 0.0, 0.02, 3.0)).union(&rectangle(9.0, 0.0, 0.45, 0.7));
    let planned = perimeters(&layers(&area, 3), &settings(), &Progress::new()).unwrap();
    for layer in &planned {
        assert_eq!(layer.islands.len(), 3);
        let bare: Vec<bool> = layer.islands.iter().map(|i| i.walls.is_empty() && i.variable.is_empty()).collect();
        assert_eq!(bare.iter().filter(|b| **b).count(), 1, "{:?}", layer.islands);
    }
    let notice = unprinted(&planned).unwrap();
    assert_eq!(notice.layers, Some((0, 2)));
    assert!(notice.message.starts_with("3 pieces"), "{notice}");
    assert_eq!(unprinted(&planned[..0]), None);
}

#[test]
fn any_number_of_threads_gives_the_same_walls() {
    let stack: Vec<LayerOutline> = shapes().iter().flat_map(|(_, area)| layers(area, 2)).collect();
    let settings = PerimeterSettings { generator: WallGenerator::Automatic, ..settings() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| perimeters(&stack, &settings, &Progress::new()).unwrap())
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(8));
}

#[test]
fn canceled_work_stops() {
    let progress = Progress::new();
    progress.cancel();
    assert_eq!(perimeters(&layers(&circle(5.0), 2), &settings(), &progress), Err(Canceled));
}

#[test]
fn islands_that_stand_on_their_like_have_the_walls_they_would_have_alone() {
    // A thin frame and a square that stay, a rectangle that grows, and in the upper half their order changes.
    let frame = rectangle(0.0, 0.0, 12.0, 12.0).difference(&rectangle(0.3, 0.3, 11.4, 11.4));
    let square = rectangle(20.0, 0.0, 5.0, 5.0);
    let mut stack = layers(&Region::default(), 8);
    for (i, layer) in stack.iter_mut().enumerate() {
        let grows = rectangle(30.0, 0.0, 3.0 + i as f64, 4.0);
        let mut parts = [frame.clone(), square.clone(), grows];
        if i >= 4 {
            parts.reverse();
        }
        layer.area = Region { rings: parts.into_iter().flat_map(|part| part.rings).collect() };
    }
    let settings = settings();
    let planned = perimeters(&stack, &settings, &Progress::new()).unwrap();
    for (i, (layer, outline)) in planned.iter().zip(&stack).enumerate() {
        let roads = Roads::new(i, outline, &settings);
        let alone: Vec<PerimeterIsland> =
            outline.area.islands().into_iter().map(|island| plan_island(island, None, &roads)).collect();
        assert_eq!(alone.len(), 3);
        for (island, alone) in layer.islands.iter().zip(&alone) {
            assert_eq!((&island.outline, &island.walls, &island.inner), (&alone.outline, &alone.walls, &alone.inner));
            assert_eq!(island.variable.len(), alone.variable.len(), "layer {i}");
        }
        assert_eq!(layer.islands.len(), alone.len());
    }
}
