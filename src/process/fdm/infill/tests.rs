//! Infill has the density it was asked for, stays inside, and is laid in the promised order.

mod fullness;

use super::family::Family;
use super::*;
use crate::geometry::{EdgeGrid, UNITS_PER_MM};
use crate::settings::IroningType;
use std::f64::consts::{FRAC_PI_4, PI, TAU};
use std::ops::Range;

fn patterns() -> impl Iterator<Item = FillPattern> {
    FillPattern::ALL.iter().copied()
}

pub(super) fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Region {
    Region::rectangle(Bounds { min: Point::from_mm(x0, y0), max: Point::from_mm(x1, y1) })
}

pub(super) fn disc(x: f64, y: f64, radius: f64) -> Region {
    let point = |i: usize| {
        let (sin, cos) = (TAU * i as f64 / 120.0).sin_cos();
        Point::from_mm(x + radius * cos, y + radius * sin)
    };
    Region { rings: vec![Ring((0..120).map(point).collect())] }
}

/// A plate with round and square holes, a notch and a slanting side.
pub(super) fn bracket() -> Region {
    let outline =
        [(0.0, 0.0), (50.0, 0.0), (60.0, 25.0), (35.0, 40.0), (35.0, 25.0), (25.0, 25.0), (25.0, 40.0), (0.0, 40.0)];
    let plate = Region { rings: vec![Ring(outline.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())] };
    plate
        .difference(&disc(12.0, 12.0, 6.0))
        .difference(&disc(45.0, 15.0, 4.0))
        .difference(&rectangle(24.0, 8.0, 32.0, 14.0))
}

pub(super) fn settings() -> InfillSettings {
    InfillSettings {
        nozzle_diameter_mm: 0.4,
        fill_density: 0.2,
        fill_pattern: FillPattern::Grid,
        fill_angle_rad: FRAC_PI_4,
        infill_anchor_mm: 2.4,
        infill_anchor_max_mm: 6.75,
        infill_overlap: 0.25,
        top_fill_pattern: SolidPattern::Monotonic,
        bottom_fill_pattern: SolidPattern::Monotonic,
        perimeter_width_mm: 0.45,
        infill_width_mm: 0.45,
        solid_infill_width_mm: 0.45,
        top_infill_width_mm: 0.4,
        first_layer_width_mm: 0.5,
        bridge_flow_ratio: 1.0,
        thick_bridges: true,
        thick_internal_bridges: false,
        bridge_angle_rad: None,
        fill_angle_template: AngleTemplate::default(),
        ironing: None,
    }
}

pub(super) fn layer(i: usize, surfaces: Vec<Surface>) -> RegionLayer {
    let bottom_mm = 0.2 * i as f64;
    RegionLayer {
        span: LayerSpan { bottom_mm, top_mm: bottom_mm + 0.2, cut_mm: bottom_mm + 0.1 },
        islands: vec![surfaces],
    }
}

pub(super) fn surface(kind: SurfaceKind, area: Region) -> Surface {
    Surface { bridge_angle_rad: (kind == SurfaceKind::Bridge).then_some(0.4), ..Surface::new(kind, area) }
}

/// Fills `count` layers of the same surfaces.
fn fill_layers(count: usize, surfaces: &[Surface], settings: &InfillSettings) -> Vec<FilledLayer> {
    let layers: Vec<_> = (0..count).map(|i| layer(i, surfaces.to_vec())).collect();
    infill(&layers, settings, &Progress::new()).unwrap()
}

fn paths(layer: &FilledLayer) -> impl Iterator<Item = &Polyline> {
    layer.islands.iter().flatten().flat_map(|fill| &fill.paths)
}

fn volume_mm3(layer: &FilledLayer) -> f64 {
    let length = |(i, path): (usize, &Polyline), f: &Fill| match f.shares.get(i) {
        Some(shares) => path.0.windows(2).zip(shares).map(|(w, s)| w[0].distance_mm(w[1]) * f64::from(*s)).sum(),
        None => path.length_mm(),
    };
    let volume = |f: &Fill| f.flow_mm3_per_mm * f.paths.iter().enumerate().map(|path| length(path, f)).sum::<f64>();
    layer.islands.iter().flatten().map(volume).sum()
}

/// Every point of every path, and every middle of its segments, lies in the region.
fn check_inside(layer: &FilledLayer, region: &Region) {
    let grid = EdgeGrid::new(&region.offset(1e-4, Join::Miter(2.0)));
    for path in paths(layer) {
        for pair in path.0.windows(2) {
            let count = (pair[0].distance_mm(pair[1]) / 0.4).ceil().max(1.0);
            for i in 0..=count as usize {
                let p = pair[0].towards(pair[1], i as f64 / count);
                assert!(grid.contains(p), "{:?} mm is outside", p.to_mm());
            }
        }
    }
}

fn prepared(layers: &[RegionLayer], settings: &InfillSettings) -> Box<dyn Pattern> {
    pattern::prepared(settings.fill_pattern, &Object::new(layers, settings), &Progress::new()).unwrap()
}

/// The share of a window's volume that a pattern fills, averaged over layers with their tops at the given heights.
fn density_in(window_half_mm: f64, border_mm: f64, settings: &InfillSettings, tops_mm: &[f64]) -> f64 {
    let (area, window) =
        // Away from the origin, where many patterns have a line.
        [window_half_mm + border_mm, window_half_mm].map(|half| rectangle(0.3 - half, 0.7 - half, 0.3 + half, 0.7 + half)).into();
    let object = [layer(0, vec![surface(SurfaceKind::Sparse, area)])];
    let pattern = prepared(&object, settings);
    let share = |(i, &top_mm): (usize, &f64)| {
        let span = LayerSpan { bottom_mm: top_mm - 0.2, top_mm, cut_mm: top_mm - 0.1 };
        let filler = Filler { settings, pattern: &*pattern, layers: &[], layer: i + 1, span };
        let fill = filler.sparse(&object[0].islands[0][0]).unwrap();
        let length: f64 = window.clip(&fill.paths).iter().map(Polyline::length_mm).sum();
        length * fill.flow_mm3_per_mm / (0.2 * window.area_mm2())
    };
    tops_mm.iter().enumerate().map(share).sum::<f64>() / tops_mm.len() as f64
}

/// The height after which a pattern repeats, where its lines are longer at some heights than at others: a whole period is
/// what counts. `distance_mm` is that of parallel lines of the same density.
fn period_mm(pattern: FillPattern, density: f64) -> Option<f64> {
    let spacing_mm = crate::toolpath::road_area_mm2(0.45, 0.2) / 0.2;
    match pattern {
        FillPattern::Gyroid => Some(2.453 * spacing_mm / density),
        FillPattern::Honeycomb3d => Some(4.0 * honeycomb_3d::unit_mm(spacing_mm, density)),
        FillPattern::CrossHatch => Some(4.0 * 1.0739 * spacing_mm / density),
        _ => None,
    }
}

#[test]
fn every_pattern_has_its_density() {
    // Lightning has the density of lines below roofs only.
    for fill_pattern in patterns().filter(|&p| p != FillPattern::Lightning) {
        for fill_density in [0.05, 0.15, 0.4, 0.8] {
            let settings = InfillSettings { fill_pattern, fill_density, ..settings() };
            // The window is away from the border, where links and cut lines are.
            let share = if let Some(period_mm) = period_mm(fill_pattern, fill_density) {
                let tops: Vec<f64> = (0..40).map(|i| (f64::from(i) + 0.5) / 40.0 * period_mm).collect();
                // A window of whole periods along the lines.
                let along = InfillSettings { fill_angle_rad: 0.0, ..settings };
                density_in(3.0 * period_mm, period_mm, &along, &tops)
            } else {
                // Loops have no links: all of the area counts.
                let border_mm = if fill_pattern == FillPattern::Concentric { 0.0 } else { 20.0 };
                density_in(60.0, border_mm, &settings, &[0.6, 0.8])
            };
            let error = share / fill_density - 1.0;
            assert!(error.abs() < 0.02, "{fill_pattern:?} at {fill_density}: {share}");
        }
    }
}

#[test]
fn solid_surfaces_get_the_layers_volume() {
    use SurfaceKind::{Bottom, InternalSolid, Top};
    for kind in [Top, Bottom, InternalSolid] {
        for &pattern in SolidPattern::ALL {
            let settings = InfillSettings {
                top_fill_pattern: pattern,
                bottom_fill_pattern: pattern,
                infill_overlap: 0.0,
                ..settings()
            };
            for area in [rectangle(0.0, 0.0, 31.7, 22.3), bracket(), disc(0.0, 0.0, 12.0)] {
                let expected = area.area_mm2() * 0.2;
                for layer in fill_layers(3, &[surface(kind, area)], &settings) {
                    let share = volume_mm3(&layer) / expected;
                    let allowed = match pattern {
                        // Links and tails add what the wedges between lines and slanting borders lack.
                        SolidPattern::Monotonic
                        | SolidPattern::MonotonicLines
                        | SolidPattern::Rectilinear
                        | SolidPattern::Concentric => 0.985..1.015,
                        // These do not follow the border.
                        SolidPattern::HilbertCurve | SolidPattern::ArchimedeanChords => 0.94..1.04,
                    };
                    assert!(allowed.contains(&share), "{kind:?} {pattern:?}: {share} of the volume");
                }
            }
        }
    }
}

#[test]
fn roads_stay_inside_and_reach_into_the_walls_by_the_overlap() {
    let area = bracket();
    for kind in [SurfaceKind::Top, SurfaceKind::Bottom, SurfaceKind::Bridge, SurfaceKind::InternalSolid] {
        for layer in fill_layers(3, &[surface(kind, area.clone())], &settings()) {
            let fill = &layer.islands[0][0];
            let overlap = 0.25 * if layer.span.bottom_mm == 0.0 { 0.5 } else { 0.45 };
            // Half the overlap, and lines end a quarter of a spacing inside of that.
            let inset = 0.23 * (fill.flow_mm3_per_mm / 0.2).min(0.4);
            check_inside(&layer, &area.offset(0.5 * overlap - inset, Join::Miter(2.0)));
        }
    }
    for fill_pattern in patterns() {
        let settings = InfillSettings { fill_pattern, ..settings() };
        for layer in fill_layers(7, &[surface(SurfaceKind::Sparse, area.clone())], &settings) {
            check_inside(&layer, &area.offset(0.125 - 0.2, Join::Miter(2.0)));
            assert!(layer.islands[0].iter().all(|f| f.role == Role::InternalInfill && !f.ordered));
        }
    }
}

#[test]
fn surfaces_of_one_island_meet_without_covering_each_other() {
    let left = rectangle(0.0, 0.0, 20.0, 20.0);
    let right = rectangle(20.0, 0.0, 40.0, 20.0);
    let surfaces = [surface(SurfaceKind::Top, left), surface(SurfaceKind::InternalSolid, right)];
    for layer in fill_layers(2, &surfaces, &settings()) {
        let [top, solid] = layer.islands[0].as_slice() else { panic!("two fills expected") };
        assert_eq!([top.role, solid.role], [Role::TopSolidInfill, Role::SolidInfill]);
        let furthest = top.paths.iter().flat_map(|p| &p.0).map(|p| p.to_mm()[0]).fold(f64::MIN, f64::max);
        let nearest = solid.paths.iter().flat_map(|p| &p.0).map(|p| p.to_mm()[0]).fold(f64::MAX, f64::min);
        // Both end a fraction of a road on their side of the border.
        assert!(furthest < 19.95 && furthest > 19.85, "the top ends at {furthest}");
        assert!(nearest > 20.05 && nearest < 20.15, "the other begins at {nearest}");
    }
}

#[test]
fn monotonic_lines_never_pass_an_unprinted_neighbour() {
    let with = |top_fill_pattern: SolidPattern| {
        fill_layers(2, &[surface(SurfaceKind::Top, bracket())], &InfillSettings { top_fill_pattern, ..settings() })
    };
    let (linked, single) = (with(SolidPattern::Monotonic), with(SolidPattern::MonotonicLines));
    assert!(single.iter().flat_map(paths).count() > 10 * linked.iter().flat_map(paths).count());
    for layer in linked.iter().chain(&single) {
        let fill = &layer.islands[0][0];
        assert!(fill.ordered);
        let angle = FRAC_PI_4 + if layer.span.bottom_mm == 0.0 { 0.0 } else { FRAC_PI_2 };
        let (sin, cos) = angle.sin_cos();
        // Lines as (across, from, to) in the order of printing; links are short or run across.
        let lines: Vec<[f64; 3]> = fill
            .paths
            .iter()
            .flat_map(|p| p.0.windows(2))
            .filter_map(|w| {
                let frame = |p: Point| {
                    let [x, y] = p.to_mm();
                    (x * cos + y * sin, y * cos - x * sin)
                };
                let ((u0, v0), (u1, v1)) = (frame(w[0]), frame(w[1]));
                ((v0 - v1).abs() < 1e-3 && (u0 - u1).abs() > 1.0).then(|| [v0, u0.min(u1), u0.max(u1)])
            })
            .collect();
        assert!(lines.len() > 100);
        for (i, a) in lines.iter().enumerate() {
            for b in &lines[i + 1..] {
                let beside = a[1] < b[2] && b[1] < a[2] && (a[0] - b[0]).abs() < 0.6;
                assert!(!beside || b[0] > a[0], "line at {} printed after its neighbour at {}", b[0], a[0]);
            }
        }
    }
}

#[test]
fn neighbouring_lines_are_joined_into_long_paths() {
    let area = rectangle(0.0, 0.0, 60.0, 60.0);
    let count = |surface: Surface, settings: &InfillSettings| {
        fill_layers(2, &[surface], settings).iter().map(|l| paths(l).count()).max().unwrap()
    };
    assert_eq!(count(surface(SurfaceKind::Top, area.clone()), &settings()), 1);
    assert_eq!(count(surface(SurfaceKind::InternalSolid, area.clone()), &settings()), 1);
    for fill_pattern in [FillPattern::Rectilinear, FillPattern::Grid, FillPattern::Gyroid] {
        let settings = InfillSettings { fill_pattern, ..settings() };
        let paths = count(surface(SurfaceKind::Sparse, area.clone()), &settings);
        assert!(paths <= 4, "{fill_pattern:?}: {paths} paths");
    }
}

#[test]
fn layers_of_fixed_patterns_stand_on_each_other() {
    for fill_pattern in [FillPattern::Grid, FillPattern::Triangles] {
        let settings = InfillSettings { fill_pattern, ..settings() };
        let layers = fill_layers(4, &[surface(SurfaceKind::Sparse, bracket())], &settings);
        assert!(paths(&layers[1]).eq(paths(&layers[3])));
    }
    let settings = InfillSettings { fill_pattern: FillPattern::Rectilinear, ..settings() };
    let layers = fill_layers(4, &[surface(SurfaceKind::Sparse, bracket())], &settings);
    assert!(paths(&layers[1]).eq(paths(&layers[3])));
    assert!(paths(&layers[1]).ne(paths(&layers[2])));
}

fn distance_mm(p: Point, [a, b]: [Point; 2]) -> f64 {
    let ([px, py], [ax, ay], [bx, by]) = (p.to_mm(), a.to_mm(), b.to_mm());
    let (dx, dy) = (bx - ax, by - ay);
    let t = (((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (px - ax - t * dx).hypot(py - ay - t * dy)
}

/// Distances from the points of one layer's paths, away from the border, to the next layer's paths, ascending.
fn steps_mm(lower: &FilledLayer, upper: &FilledLayer, window: &Region) -> Vec<f64> {
    let segments: Vec<[Point; 2]> = paths(upper).flat_map(|p| p.0.windows(2).map(|w| [w[0], w[1]])).collect();
    // The middles of stretches of half a millimetre at most.
    let points = paths(lower).flat_map(|p| p.0.windows(2)).flat_map(|w| {
        let ([ax, ay], [bx, by]) = (w[0].to_mm(), w[1].to_mm());
        let count = (w[0].distance_mm(w[1]) / 0.5).ceil();
        (0..count as usize).map(move |i| {
            let share = (i as f64 + 0.5) / count;
            Point::from_mm(ax + share * (bx - ax), ay + share * (by - ay))
        })
    });
    let mut steps: Vec<f64> = points
        .filter(|&p| window.contains(p))
        .map(|p| segments.iter().map(|&s| distance_mm(p, s)).fold(f64::MAX, f64::min))
        .collect();
    steps.sort_by(f64::total_cmp);
    steps
}

#[test]
fn gyroid_and_cubic_layers_lean_on_the_layer_below() {
    let area = rectangle(0.0, 0.0, 18.0, 18.0);
    let window = rectangle(4.0, 4.0, 14.0, 14.0);
    for fill_pattern in [FillPattern::Gyroid, FillPattern::Cubic] {
        let settings = InfillSettings { fill_pattern, ..settings() };
        let layers = fill_layers(27, &[surface(SurfaceKind::Sparse, area.clone())], &settings);
        for (i, pair) in layers[1..].windows(2).enumerate() {
            let steps = steps_mm(&pair[1], &pair[0], &window);
            // The gyroid is nearly level around its saddles: there a layer steps by a road's width and a little more.
            let furthest = steps.last().copied().unwrap_or(0.0);
            assert!(furthest < 0.65, "{fill_pattern:?}: layer {} is {furthest} mm off the one below", i + 2);
            assert!(furthest > 1e-3, "{fill_pattern:?} must move from layer to layer");
        }
    }
}

/// A block of sparse infill, with another standing on it in the middle: the lower one's roof is a ring.
fn stepped_block() -> Vec<RegionLayer> {
    let areas = [rectangle(0.0, 0.0, 50.0, 50.0), rectangle(20.0, 20.0, 30.0, 30.0)];
    (0..100).map(|i| layer(i, vec![surface(SurfaceKind::Sparse, areas[i / 60].clone())])).collect()
}

fn fill_volumes_mm3(layers: &[RegionLayer], fill_pattern: FillPattern, fill_density: f64) -> Vec<f64> {
    let settings = InfillSettings { fill_pattern, fill_density, ..settings() };
    infill(layers, &settings, &Progress::new()).unwrap().iter().map(volume_mm3).collect()
}

#[test]
fn adaptive_cubes_are_small_near_the_surface_and_large_within() {
    let layers = stepped_block();
    let [cubic, adaptive, support] = [FillPattern::Cubic, FillPattern::AdaptiveCubic, FillPattern::SupportCubic]
        .map(|fill_pattern| fill_volumes_mm3(&layers, fill_pattern, 0.8));
    let share = |part: &[f64], layers: Range<usize>| {
        part[layers.clone()].iter().sum::<f64>() / cubic[layers].iter().sum::<f64>()
    };
    // Right below the roof both are as dense as plain cubes; half way up only the walls are near.
    assert!(share(&adaptive, 55..60) > 0.95, "{}", share(&adaptive, 55..60));
    assert!(share(&support, 55..60) > 0.9, "{}", share(&support, 55..60));
    assert!(share(&adaptive, 20..40) < 0.7, "{}", share(&adaptive, 20..40));
    assert!(share(&support, 10..30) < 0.4, "{}", share(&support, 10..30));
}

#[test]
fn planes_of_adaptive_cubes_end_only_at_others_or_at_the_border() {
    let layers = stepped_block();
    for fill_pattern in [FillPattern::AdaptiveCubic, FillPattern::SupportCubic] {
        // Without links and anchors every path is one line.
        let settings = InfillSettings { fill_pattern, infill_anchor_mm: 0.0, infill_anchor_max_mm: 0.0, ..settings() };
        let filled = infill(&layers, &settings, &Progress::new()).unwrap();
        for (i, layer) in filled.iter().enumerate() {
            let area = &layers[i].islands[0][0].area.offset(-0.2, Join::Miter(2.0));
            let lines: Vec<&Polyline> = paths(layer).collect();
            for line in &lines {
                for end in [line.0[0], line.0[line.0.len() - 1]] {
                    let meets = |other: &&Polyline| {
                        *other != *line && distance_mm(end, [other.0[0], other.0[other.0.len() - 1]]) < 1e-3
                    };
                    let is_held = !area.contains(end) || lines.iter().any(meets);
                    assert!(is_held, "{fill_pattern:?}: a line of layer {i} ends at nothing at {:?}", end.to_mm());
                }
            }
        }
    }
}

#[test]
fn lightning_holds_every_roof_and_leans_on_the_layer_below() {
    let layers = stepped_block();
    let settings = InfillSettings { fill_pattern: FillPattern::Lightning, ..settings() };
    let filled = infill(&layers, &settings, &Progress::new()).unwrap();
    let reach_mm = 0.5 * Object::new(&layers, &settings).distance_mm;
    let segments = |layer: &FilledLayer| -> Vec<[Point; 2]> {
        paths(layer).flat_map(|p| p.0.windows(2).map(|w| [w[0], w[1]])).collect()
    };
    let wall_mm = |p: Point, area: &Region| EdgeGrid::new(area).nearest(p, 100.0).unwrap().distance_mm;
    let nearest =
        |p: Point, segments: &[[Point; 2]]| segments.iter().map(|&s| distance_mm(p, s)).fold(f64::MAX, f64::min);
    for (top, below) in [(99, None), (59, Some(rectangle(20.0, 20.0, 30.0, 30.0)))] {
        let area = &layers[top].islands[0][0].area;
        let segments = segments(&filled[top]);
        for (x, y) in (0..50 * 50).map(|i| (f64::from(i % 50) + 0.5, f64::from(i / 50) + 0.5)) {
            let p = Point::from_mm(x, y);
            if area.contains(p) && !below.as_ref().is_some_and(|b| b.contains(p)) {
                let gap = nearest(p, &segments).min(wall_mm(p, area));
                assert!(gap < 1.5 * reach_mm, "the roof at {x}, {y} in layer {top} is {gap} mm from what holds it");
            }
        }
    }
    for i in 1..filled.len() {
        let below = segments(&filled[i - 1]);
        let area = &layers[i - 1].islands[0][0].area;
        for p in paths(&filled[i]).flat_map(|p| &p.0) {
            let gap = nearest(*p, &below).min(wall_mm(*p, area));
            assert!(gap < 0.45, "layer {i} has a branch {gap} mm beyond the layer below at {:?}", p.to_mm());
        }
    }
    // Most of a cube is empty.
    let cube: Vec<_> =
        (0..100).map(|i| layer(i, vec![surface(SurfaceKind::Sparse, rectangle(0.0, 0.0, 20.0, 20.0))])).collect();
    let [lightning, grid] = [FillPattern::Lightning, FillPattern::Grid]
        .map(|fill_pattern| fill_volumes_mm3(&cube, fill_pattern, 0.2).iter().sum::<f64>());
    assert!(lightning < 0.35 * grid, "{lightning} mm3 of lightning, {grid} mm3 of grid");
}

#[test]
fn bridges_are_strands_along_their_direction() {
    let area = rectangle(0.0, 0.0, 30.0, 30.0);
    let layers = fill_layers(2, &[surface(SurfaceKind::Bridge, area.clone())], &settings());
    let fill = &layers[1].islands[0][0];
    assert_eq!(fill.role, Role::BridgeInfill);
    assert!((fill.flow_mm3_per_mm - PI * 0.04).abs() < 1e-9);
    let along: f64 = fill
        .paths
        .iter()
        .flat_map(|p| p.0.windows(2))
        .filter(|w| {
            let angle = f64::from(w[1].y - w[0].y).atan2(f64::from(w[1].x - w[0].x)).rem_euclid(PI);
            (angle - 0.4).abs() < 0.01
        })
        .map(|w| w[0].distance_mm(w[1]))
        .sum();
    let spacing = area.area_mm2() / along;
    assert!((spacing - 0.4).abs() < 0.02, "strands {spacing} mm apart");
    let thin = InfillSettings { thick_bridges: false, bridge_flow_ratio: 0.9, ..settings() };
    let layers = fill_layers(2, &[surface(SurfaceKind::Bridge, area)], &thin);
    let expected = 0.9 * crate::toolpath::road_area_mm2(0.45, 0.2);
    assert!((layers[1].islands[0][0].flow_mm3_per_mm - expected).abs() < 1e-9);
}

#[test]
fn a_sheet_of_several_layers_has_their_volume_and_turns_from_sheet_to_sheet() {
    let area = rectangle(0.0, 0.0, 60.0, 60.0);
    let settings = InfillSettings { fill_pattern: FillPattern::Rectilinear, infill_anchor_max_mm: 0.0, ..settings() };
    let sheets = |plies: usize| {
        let sparse = |i: usize| {
            let thick = Surface { plies, ..surface(SurfaceKind::Sparse, area.clone()) };
            layer(i, if i > 0 && i.is_multiple_of(plies) { vec![thick] } else { Vec::new() })
        };
        let layers: Vec<_> = (0..13).map(sparse).collect();
        infill(&layers, &settings, &Progress::new()).unwrap()
    };
    let (single, double) = (sheets(1), sheets(2));
    let volume = |layers: &[FilledLayer]| layers.iter().map(volume_mm3).sum::<f64>();
    let ratio = volume(&double) / volume(&single);
    assert!((ratio - 1.0).abs() < 0.02, "twice as high is {ratio} of the volume");
    let fill = |i: usize| &double[i].islands[0][0];
    assert!((fill(2).height_mm - 0.4).abs() < 1e-9);
    let angle = |i: usize| {
        let segments = fill(i).paths.iter().flat_map(|p| p.0.windows(2));
        let longest = segments.max_by_key(|w| w[0].distance_squared(w[1])).unwrap();
        let [a, b] = [longest[0].to_mm(), longest[1].to_mm()];
        (b[1] - a[1]).atan2(b[0] - a[0]).rem_euclid(PI)
    };
    assert!(((angle(2) - angle(4)).abs() - FRAC_PI_2).abs() < 1e-3 && (angle(2) - angle(6)).abs() < 1e-3);
}

#[test]
fn angles_by_layer_turn_flat_patterns_only() {
    let template = AngleTemplate::parse("0, 30*2").unwrap();
    for fill_pattern in patterns() {
        let turned = InfillSettings { fill_pattern, fill_angle_template: template.clone(), ..settings() };
        let surfaces = [surface(SurfaceKind::Sparse, bracket())];
        let [plain, turned] = [&InfillSettings { fill_pattern, ..settings() }, &turned]
            .map(|settings| fill_layers(5, &surfaces, settings));
        let differs = |i: usize| !paths(&plain[i]).eq(paths(&turned[i]));
        assert_eq!(differs(1), pattern::may_turn(fill_pattern), "{fill_pattern:?}");
        if pattern::may_turn(fill_pattern) {
            assert!(paths(&turned[1]).eq(paths(&turned[2])), "{fill_pattern:?}");
            assert!(paths(&turned[2]).ne(paths(&turned[3])), "{fill_pattern:?}");
        }
    }
}

#[test]
fn ironing_goes_over_the_chosen_surfaces_with_its_share_of_material() {
    use SurfaceKind::{InternalSolid, Sparse, Top};
    let surfaces = [
        surface(Top, rectangle(0.0, 0.0, 20.0, 20.0)),
        surface(InternalSolid, rectangle(20.0, 0.0, 40.0, 20.0)),
        surface(Sparse, rectangle(40.0, 0.0, 60.0, 20.0)),
    ];
    for (ironed, expected_mm2) in
        [(IroningType::Top, [400.0, 400.0]), (IroningType::Topmost, [0.0, 400.0]), (IroningType::Solid, [800.0, 800.0])]
    {
        let ironing = IroningSettings { surfaces: ironed, flow_ratio: 0.15, spacing_mm: 0.1 };
        let settings = InfillSettings { ironing: Some(ironing), infill_overlap: 0.0, ..settings() };
        for (layer, expected_mm2) in fill_layers(3, &surfaces, &settings)[1..].iter().zip(expected_mm2) {
            let fills: Vec<&Fill> = layer.islands[0].iter().filter(|f| f.role == Role::Ironing).collect();
            let volume: f64 =
                fills.iter().map(|f| f.flow_mm3_per_mm * f.paths.iter().map(Polyline::length_mm).sum::<f64>()).sum();
            // The border that no line reaches is half a road of the surface wide.
            let expected = 0.15 * 0.2 * expected_mm2;
            assert!(volume <= expected && volume >= 0.93 * expected, "{ironed:?}: {volume} of {expected} mm3");
            assert!(fills.iter().all(|f| f.ordered && (f.width_mm - 0.1).abs() < 0.01));
            let last = layer.islands[0].last().unwrap();
            assert!(fills.is_empty() || last.role == Role::Ironing, "ironing comes last");
        }
    }
}

#[test]
fn nothing_is_filled_at_density_zero_and_nothing_breaks_on_specks() {
    let hollow = InfillSettings { fill_density: 0.0, ..settings() };
    let layers = fill_layers(2, &[surface(SurfaceKind::Sparse, bracket())], &hollow);
    assert!(layers.iter().all(|l| l.islands[0].is_empty()));
    for size in [0.0, 1e-5, 0.01, 0.3, 0.5, 0.7] {
        for kind in [SurfaceKind::Top, SurfaceKind::Bridge, SurfaceKind::Sparse] {
            for fill_pattern in patterns() {
                let settings = InfillSettings { fill_pattern, ..settings() };
                for layer in fill_layers(3, &[surface(kind, rectangle(5.0, 5.0, 5.0 + size, 9.0))], &settings) {
                    assert!(paths(&layer).all(|p| p.0.len() >= 2 && p.length_mm() > 0.3));
                }
            }
        }
    }
}

#[test]
fn paths_have_no_standstills() {
    for fill_pattern in patterns() {
        let settings = InfillSettings { fill_pattern, ..settings() };
        let surfaces = [surface(SurfaceKind::Sparse, bracket())];
        for layer in fill_layers(5, &surfaces, &settings) {
            for path in paths(&layer) {
                assert!(path.0.windows(2).all(|w| w[0] != w[1]), "{fill_pattern:?}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let settings = InfillSettings { fill_pattern: FillPattern::Gyroid, ..settings() };
    let surfaces = [
        surface(SurfaceKind::Top, bracket()),
        surface(SurfaceKind::Sparse, disc(100.0, 0.0, 20.0)),
        surface(SurfaceKind::Bridge, disc(200.0, 0.0, 9.0)),
    ];
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fill_layers(12, &surfaces, &settings))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn a_wave_is_cut_where_it_crosses_the_border() {
    let family =
        Family::new(0.3, 2.0, 0.1).with_wave(family::Wave::new(2.0, [[0.0, 0.0], [0.5, 0.6], [1.1, 0.0], [1.5, -0.6]]));
    let region = bracket();
    let pieces = family.pieces(&region, 0);
    let window = EdgeGrid::new(&region.offset(1e-4, Join::Miter(2.0)));
    let mut length = 0.0;
    for piece in &pieces {
        let mut path = Vec::new();
        family.trace(piece, false, &mut path);
        assert!(path.iter().all(|&p| window.contains(p)));
        length += Polyline(path).length_mm();
    }
    // The same waves, cut by the polygon kernel.
    let all: Vec<Polyline> = family
        .pieces(&rectangle(-100.0, -100.0, 150.0, 150.0), 0)
        .iter()
        .map(|piece| {
            let mut path = Vec::new();
            family.trace(piece, false, &mut path);
            Polyline(path)
        })
        .collect();
    let expected: f64 = region.clip(&all).iter().map(Polyline::length_mm).sum();
    assert!((length - expected).abs() < 1e-3 * expected, "{length} mm against {expected} mm");
    assert!(pieces.iter().all(|p| p.extent() > 0.0 && p.extent() < 100.0 * UNITS_PER_MM));
}
