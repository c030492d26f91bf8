//! Promises of supports, read back from their areas and roads.

use super::*;
use crate::geometry::{Bounds, EdgeGrid, Point};
use crate::process::slicing::{LayerSettings, layer_grid};

const HEIGHT_MM: f64 = 0.2;

fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Region {
    Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + w, y + h) })
}

/// The layers of a solid whose cross-section at a height is known.
fn solid(top_mm: f64, settings: &SupportSettings, area: impl Fn(f64) -> Region) -> Vec<LayerOutline> {
    let heights = LayerSettings::equal(HEIGHT_MM, HEIGHT_MM);
    let spans = settings.raft.lifted(layer_grid(top_mm, &heights));
    spans.into_iter().map(|span| LayerOutline { span, area: area(span.cut_mm) }).collect()
}

/// A table: a foot in the middle, and a top that hangs out 15 mm on two sides.
fn table(settings: &SupportSettings) -> Vec<LayerOutline> {
    solid(
        16.0,
        settings,
        |z| if z < 12.0 { rectangle(95.0, 90.0, 10.0, 20.0) } else { rectangle(80.0, 90.0, 40.0, 20.0) },
    )
}

/// A step over a base: what hangs out lies over the base and over the plate beside it.
fn over_a_base(settings: &SupportSettings) -> Vec<LayerOutline> {
    solid(14.0, settings, |z| {
        let base = rectangle(80.0, 80.0, 30.0, 30.0);
        let post = rectangle(80.0, 80.0, 6.0, 30.0);
        match z {
            z if z < 3.0 => base,
            z if z < 10.0 => post,
            _ => rectangle(80.0, 80.0, 42.0, 30.0),
        }
    })
}

/// A mushroom: a round foot and a cap that opens at 20° from the horizontal.
fn mushroom(settings: &SupportSettings) -> Vec<LayerOutline> {
    let disk = |radius: f64| {
        let point = |i: i32| {
            let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 90.0).sin_cos();
            Point::from_mm(110.0 + radius * cos, 110.0 + radius * sin)
        };
        Region { rings: vec![crate::geometry::Ring((0..90).map(point).collect())] }
    };
    solid(15.0, settings, |z| if z < 8.0 { disk(5.0) } else { disk(5.0 + (z - 8.0) / 20.0_f64.to_radians().tan()) })
}

fn settings(change: impl FnOnce(&mut Settings)) -> SupportSettings {
    let mut settings = Settings { support_material: true, extrusion_width: 0.45, ..Settings::default() };
    change(&mut settings);
    SupportSettings::from(&settings)
}

const STYLES: [SupportStyle; 4] = [SupportStyle::Grid, SupportStyle::Snug, SupportStyle::Tree, SupportStyle::Organic];

fn planned(outlines: &[LayerOutline], settings: &SupportSettings) -> Vec<SupportLayer> {
    support(outlines, settings, &Progress::new()).unwrap()
}

/// What a support layer's roads cover.
fn covered(layer: &SupportLayer) -> Region {
    let mut rings = Vec::new();
    for fill in layer.pieces.iter().flatten() {
        let half = 0.5 * fill.width_mm * crate::geometry::UNITS_PER_MM;
        for ends in fill.paths.iter().flat_map(|path| path.0.windows(2)) {
            let [a, b] = [ends[0], ends[1]];
            let length = ((a.distance_squared(b)) as f64).sqrt();
            if length < 1.0 {
                continue;
            }
            let (dx, dy) = (f64::from(b.x - a.x) / length * half, f64::from(b.y - a.y) / length * half);
            let (dx, dy) = (dx.round() as i32, dy.round() as i32);
            rings.push(crate::geometry::Ring(vec![
                Point::new(a.x + dy, a.y - dx),
                Point::new(b.x + dy, b.y - dx),
                Point::new(b.x - dy, b.y + dx),
                Point::new(a.x - dy, a.y + dx),
            ]));
        }
    }
    Region::from_rings_non_zero(rings)
}

/// Least distance in mm between the borders of two areas that do not overlap; `None` beyond 3 mm.
fn distance_mm(a: &Region, b: &Region) -> Option<f64> {
    let (grid_a, grid_b) = (EdgeGrid::new(a), EdgeGrid::new(b));
    let from = |area: &Region, grid: &EdgeGrid| {
        let points = area.rings.iter().flat_map(|r| &r.0);
        points.filter_map(|&p| grid.nearest(p, 3.0)).map(|n| n.distance_mm).fold(f64::INFINITY, f64::min)
    };
    Some(from(a, &grid_b).min(from(b, &grid_a))).filter(|d| d.is_finite())
}

/// Checks the gaps between supports and the object everywhere.
fn gaps_are_kept(outlines: &[LayerOutline], layers: &[SupportLayer], settings: &SupportSettings, what: &str) {
    let mut looked = 0;
    for layer in layers.iter().filter(|l| l.bottom_mm > settings.raft.top_mm() - 1e-6) {
        for part in layer.pieces.iter().flatten() {
            // The roads of this height alone.
            let roads = covered(&SupportLayer { pieces: vec![vec![part.clone()]], ..layer.clone() });
            let bottom_mm = layer.top_mm - part.height_mm;
            for outline in outlines {
                let span = &outline.span;
                let above = span.bottom_mm - layer.top_mm;
                let below = bottom_mm - span.top_mm;
                if above > -1e-6 && above < settings.top_gap_mm - 1e-5
                    || below > -1e-6 && below < settings.bottom_gap_mm - 1e-5
                {
                    // Right above or below it there is nothing of the object.
                    let shared = roads.intersection(&outline.area).area_mm2();
                    assert!(shared < 0.01, "{what}: {shared} mm2 at {} under {}", layer.top_mm, span.bottom_mm);
                }
                if above < -1e-6 && below < -1e-6 {
                    let shared = roads.intersection(&outline.area).area_mm2();
                    assert!(shared < 1e-6, "{what}: {shared} mm2 of support in the object at {}", layer.top_mm);
                    if let Some(distance) = distance_mm(&roads, &outline.area) {
                        let least = settings.xy_gap_mm - 0.01;
                        assert!(distance >= least, "{what}: {distance} mm beside the object at {}", layer.top_mm);
                        looked += 1;
                    }
                }
            }
        }
    }
    assert!(looked > 20, "{what}: support is beside the object in {looked} places only");
}

/// Checks that every layer rests on what is below it.
fn nothing_begins_in_the_air(outlines: &[LayerOutline], layers: &[SupportLayer], lean_mm: f64, what: &str) {
    let mut below: Option<&SupportLayer> = None;
    for layer in layers {
        let Some(under) = below else {
            assert!(layer.bottom_mm < 1e-6, "{what}: begins at {} mm", layer.bottom_mm);
            below = Some(layer);
            continue;
        };
        // Nothing is left out: the layers follow each other.
        assert!((under.top_mm - layer.bottom_mm).abs() < 1e-6, "{what}: nothing below {} mm", layer.bottom_mm);
        let object = outlines.iter().filter(|o| o.span.top_mm < layer.top_mm).map(|o| &o.area);
        let ground = Region::union_all(object.chain([&under.area])).offset(lean_mm, Join::Round);
        let hangs = layer.area.difference(&ground).area_mm2();
        assert!(hangs < 0.02, "{what}: {hangs} mm2 in the air at {} mm", layer.top_mm);
        below = Some(layer);
    }
}

/// Checks that every overhang lies one gap above an interface, but for a rim.
fn overhangs_are_carried(outlines: &[LayerOutline], layers: &[SupportLayer], settings: &SupportSettings, what: &str) {
    let overhangs = overhangs::overhangs(outlines, settings, &Progress::new()).unwrap();
    let mut count = 0;
    for (outline, overhang) in outlines.iter().zip(&overhangs) {
        // Support keeps a gap from the object beside it.
        let rim = settings.xy_gap_mm + 0.1;
        let beside = outlines.iter().filter(|o| o.span.top_mm < outline.span.top_mm - 1e-6);
        let near: Vec<&Region> = beside.rev().take(2).map(|o| &o.area).collect();
        let inner = overhang.difference(&Region::union_all(near.iter().copied()).offset(rim, CORNERS)).opened(0.1);
        if inner.is_empty() {
            continue;
        }
        let top_mm = outline.span.bottom_mm - settings.top_gap_mm;
        let layer = layers.iter().find(|l| (l.top_mm - top_mm).abs() < 1e-5);
        let layer = layer.unwrap_or_else(|| panic!("{what}: no support ends at {top_mm} mm"));
        let bare = inner.difference(&layer.interface.offset(0.01, CORNERS)).area_mm2();
        assert!(bare < 0.02 * inner.area_mm2() + 0.05, "{what}: {bare} of {} mm2 bare at {top_mm}", inner.area_mm2());
        // Lines leave steps at a round edge, so the roads are looked at further inside.
        let inner = inner.difference(&Region::union_all(near).offset(rim + settings.width_mm, CORNERS));
        let bare = inner.difference(&covered(layer).closed(0.1)).area_mm2();
        assert!(bare < 0.05 * inner.area_mm2() + 0.1, "{what}: {bare} of {} mm2 no road at {top_mm}", inner.area_mm2());
        count += 1;
    }
    assert!(count > 0, "{what}: nothing hangs");
}

/// Checks everything that holds for supports of one style.
fn style_keeps_its_promises(style: SupportStyle) {
    for (gap, bottom_gap) in [(0.2, 0.2), (0.1, 0.25), (0.0, 0.0)] {
        let settings = settings(|s| {
            s.support_material_style = style;
            s.support_material_contact_distance = gap;
            s.support_material_bottom_contact_distance = bottom_gap;
        });
        type Model = fn(&SupportSettings) -> Vec<LayerOutline>;
        let models: [(&str, Model); 3] = [("table", table), ("over a base", over_a_base), ("mushroom", mushroom)];
        for (name, model) in models {
            let what = format!("{name}, {style:?}, gap {gap}");
            let outlines = model(&settings);
            let layers = planned(&outlines, &settings);
            gaps_are_kept(&outlines, &layers, &settings, &what);
            overhangs_are_carried(&outlines, &layers, &settings, &what);
            // Roofs bridge from tip to tip; everything else leans by no more than a road or a gap.
            let lean_mm = if style.is_tree() { SERVED_MM } else { settings.width_mm.max(settings.xy_gap_mm + 0.1) };
            nothing_begins_in_the_air(&outlines, &layers, lean_mm, &what);
        }
    }
}

#[test]
fn grids_keep_their_gaps_and_carry_what_hangs() {
    style_keeps_its_promises(SupportStyle::Grid);
}

#[test]
fn snug_supports_keep_their_gaps_and_carry_what_hangs() {
    style_keeps_its_promises(SupportStyle::Snug);
}

#[test]
fn trees_keep_their_gaps_and_carry_what_hangs() {
    style_keeps_its_promises(SupportStyle::Tree);
}

#[test]
fn organic_trees_keep_their_gaps_and_carry_what_hangs() {
    style_keeps_its_promises(SupportStyle::Organic);
}

/// How far a roof may reach beyond the tips of a tree.
const SERVED_MM: f64 = 4.0;

#[test]
fn branches_lean_no_further_than_they_may() {
    for style in [SupportStyle::Tree, SupportStyle::Organic] {
        let settings = settings(|s| {
            s.support_material_style = style;
            s.support_material_interface_layers = 0;
        });
        for outlines in [table(&settings), mushroom(&settings)] {
            let layers = planned(&outlines, &settings);
            // A step sideways, and as much again where two branches meet.
            let lean_mm = 1.3 * HEIGHT_MM * 40.0_f64.to_radians().tan() + 0.7 * HEIGHT_MM + 0.02;
            nothing_begins_in_the_air(&outlines, &layers, lean_mm, &format!("{style:?}"));
        }
    }
}

#[test]
fn supports_on_the_plate_only_never_stand_on_the_object() {
    for style in STYLES {
        let settings = settings(|s| {
            s.support_material_style = style;
            s.support_material_buildplate_only = true;
        });
        let outlines = over_a_base(&settings);
        let layers = planned(&outlines, &settings);
        assert!(!layers.is_empty(), "{style:?}");
        // Without the object each layer still rests on the one below.
        let lean_mm = if style.is_tree() { SERVED_MM } else { 0.05 };
        nothing_begins_in_the_air(&[], &layers, lean_mm, &format!("{style:?}"));
        gaps_are_kept(&outlines, &layers, &settings, &format!("{style:?}"));
        let anywhere = SupportSettings { plate_only: false, ..settings };
        let standing = planned(&outlines, &anywhere);
        let area = |layers: &[SupportLayer]| layers.iter().map(|l| l.interface.area_mm2()).sum::<f64>();
        assert!(area(&layers) < 0.8 * area(&standing), "{style:?} carries what is over the base too");
    }
}

#[test]
fn slopes_get_support_from_the_threshold_on() {
    // A wedge that leans out at 50°, then at 30° from the horizontal.
    let wedge = |degrees: f64, settings: &SupportSettings| {
        let per_mm = 1.0 / degrees.to_radians().tan();
        solid(10.0, settings, |z| rectangle(100.0 - 2.0, 100.0, 6.0 + z * per_mm, 10.0))
    };
    for (threshold, slope, wanted) in
        [(0.0, 50.0, false), (0.0, 30.0, true), (40.0, 50.0, false), (60.0, 50.0, true), (25.0, 30.0, false)]
    {
        let settings = settings(|s| s.support_material_threshold = threshold);
        let layers = planned(&wedge(slope, &settings), &settings);
        assert_eq!(!layers.is_empty(), wanted, "{slope}° at a threshold of {threshold}°");
    }
}

#[test]
fn every_layer_of_a_slope_is_carried() {
    for style in STYLES {
        let settings = settings(|s| s.support_material_style = style);
        // Hardly beyond the threshold: each layer hangs out by a little more than half a road.
        let outlines = solid(12.0, &settings, |z| rectangle(98.0, 100.0, 6.0 + z / 38.0_f64.to_radians().tan(), 12.0));
        let layers = planned(&outlines, &settings);
        let carries = |top_mm: f64| layers.iter().any(|l| (l.top_mm - top_mm).abs() < 1e-5 && !l.interface.is_empty());
        let tops: Vec<f64> = outlines.iter().skip(2).map(|o| o.span.bottom_mm - settings.top_gap_mm).collect();
        let bare = tops.iter().filter(|&&top| !carries(top)).count();
        // But for the edge of the slope, where what is left is too narrow for a road.
        assert!(bare <= 2, "{style:?}: {bare} of {} layers are bare", tops.len());
    }
}

#[test]
fn a_ledge_narrower_than_two_roads_is_carried() {
    for style in STYLES {
        let settings = settings(|s| s.support_material_style = style);
        let ledge_mm = 0.6;
        let outlines = solid(12.0, &settings, |z| {
            let foot = rectangle(100.0, 100.0, 8.0, 8.0);
            if z < 10.0 { foot } else { foot.offset(ledge_mm, CORNERS) }
        });
        let layers = planned(&outlines, &settings);
        let top = layers.iter().find(|l| (l.top_mm - 9.8).abs() < 1e-5);
        let carried = top.map_or(0.0, |l| l.interface.area_mm2());
        let ledge = outlines[outlines.len() - 1].area.area_mm2() - 64.0;
        assert!(carried > 0.6 * ledge, "{style:?}: {carried} mm2 under a ledge of {ledge}");
    }
}

#[test]
fn bridges_are_carried_only_where_asked() {
    let gate = |settings: &SupportSettings| {
        solid(10.0, settings, |z| {
            let posts = rectangle(100.0, 100.0, 4.0, 10.0).union(&rectangle(120.0, 100.0, 4.0, 10.0));
            if z < 8.0 { posts } else { rectangle(100.0, 100.0, 24.0, 10.0) }
        })
    };
    let spared = settings(|_| {});
    assert!(planned(&gate(&spared), &spared).is_empty());
    let carried = settings(|s| s.dont_support_bridges = false);
    assert!(!planned(&gate(&carried), &carried).is_empty());
}

#[test]
fn a_raft_lifts_the_object_and_carries_it_and_its_supports() {
    for style in STYLES {
        let settings = settings(|s| {
            s.raft_layers = 4;
            s.raft_contact_distance = 0.15;
            s.support_material_style = style;
        });
        let raft = settings.raft;
        assert!((raft.lift_mm() - (4.0 * HEIGHT_MM + 0.15)).abs() < 1e-9);
        let outlines = table(&settings);
        assert!((outlines[0].span.bottom_mm - raft.lift_mm()).abs() < 1e-5);
        let layers = planned(&outlines, &settings);
        let what = format!("raft, {style:?}");
        let of_raft: Vec<_> = layers.iter().take(4).collect();
        assert!((of_raft[3].top_mm - raft.top_mm()).abs() < 1e-6);
        for layer in &of_raft {
            let foot = outlines[0].area.offset(raft.expansion_mm - 0.03, CORNERS);
            assert!(foot.opened(1.0).difference(&layer.area.offset(0.7, CORNERS)).area_mm2() < 1e-6, "{what}");
        }
        assert!(of_raft[0].area.area_mm2() > of_raft[1].area.area_mm2());
        // The top is dense under the object.
        let bare = outlines[0].area.difference(&covered(of_raft[3]).closed(0.05)).area_mm2();
        assert!(bare < 0.02 * outlines[0].area.area_mm2(), "{what}: {bare} mm2 bare");
        assert!((layers[4].bottom_mm - raft.top_mm()).abs() < 1e-6, "{what}: supports stand on the raft");
        gaps_are_kept(&outlines, &layers, &settings, &what);
        overhangs_are_carried(&outlines, &layers, &settings, &what);
        nothing_begins_in_the_air(&outlines, &layers, if style.is_tree() { SERVED_MM } else { 0.5 }, &what);
    }
}

#[test]
fn patterns_have_the_density_that_their_spacing_says() {
    for pattern in [SupportPattern::Rectilinear, SupportPattern::RectilinearGrid, SupportPattern::Honeycomb] {
        let settings = settings(|s| {
            s.support_material_pattern = pattern;
            s.support_material_with_sheath = false;
            s.support_material_spacing = 2.0;
        });
        let piece = rectangle(0.0, 0.0, 60.0, 60.0);
        let roads =
            Roads { settings: &settings, level: 4, width_mm: settings.width_mm, bottom_mm: 0.8, height_mm: HEIGHT_MM };
        let length: f64 = roads.base(&piece).iter().flat_map(|f| &f.paths).map(|p| p.length_mm()).sum();
        let expected = 3600.0 / settings.pitch_mm();
        // Links along the border come on top.
        assert!((0.93..1.2).contains(&(length / expected)), "{pattern:?}: {length} mm for {expected}");
    }
}

#[test]
fn supports_stay_on_the_plate() {
    for style in STYLES {
        let settings = settings(|s| {
            s.support_material_style = style;
            s.bed_shape = vec![[79.0, 0.0], [200.0, 0.0], [200.0, 200.0], [79.0, 200.0]];
        });
        let layers = planned(&table(&settings), &settings);
        assert!(!layers.is_empty());
        for layer in &layers {
            let off = covered(layer).difference(&settings.plate).area_mm2();
            assert!(off < 1e-3, "{style:?}: {off} mm2 off the plate at {}", layer.top_mm);
        }
    }
}

#[test]
fn what_is_off_costs_nothing_and_what_is_canceled_stops() {
    let off = settings(|s| s.support_material = false);
    assert!(planned(&table(&off), &off).is_empty());
    let on = settings(|_| {});
    let progress = Progress::new();
    progress.cancel();
    assert_eq!(support(&table(&on), &on, &progress), Err(Canceled));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for style in STYLES {
        let settings = settings(|s| s.support_material_style = style);
        let outlines = mushroom(&settings);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| planned(&outlines, &settings))
        };
        let one = on(1);
        assert!(one == on(2) && one == on(8), "{style:?}");
    }
}
