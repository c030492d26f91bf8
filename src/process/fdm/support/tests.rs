//! Promises of supports, read back from their areas and roads.

use super::*;
use crate::geometry::{Bounds, EdgeGrid, Point};
use crate::process::slicing::{LayerSettings, layer_grid};
use crate::toolpath::road_width_mm;

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
    solid(13.0, settings, |z| if z < 8.0 { disk(5.0) } else { disk(5.0 + (z - 8.0) / 20.0_f64.to_radians().tan()) })
}

fn settings(change: impl FnOnce(&mut Settings)) -> SupportSettings {
    let mut settings = Settings { support_material: true, extrusion_width: 0.45, ..Settings::default() };
    change(&mut settings);
    SupportSettings::from(&settings)
}

const STYLES: [SupportStyle; 4] = [SupportStyle::Grid, SupportStyle::Snug, SupportStyle::Tree, SupportStyle::Organic];

fn planned(outlines: &[LayerOutline], settings: &SupportSettings) -> Vec<SupportLayer> {
    planned_beside(outlines, &Beside::default(), settings).layers
}

fn planned_beside(outlines: &[LayerOutline], beside: &Beside, settings: &SupportSettings) -> Supports {
    support(outlines, beside, settings, &Progress::new()).unwrap()
}

/// The roads of a support layer, to be looked up by place: the middles of those of one width and height.
struct Laid {
    height_mm: f64,
    half_width_mm: f64,
    points: Vec<Point>,
    grid: EdgeGrid,
}

fn laid(layer: &SupportLayer) -> Vec<Laid> {
    // There and back again, so that nothing but the road counts as its edge.
    let there_and_back = |points: &[Point]| {
        let back = points.iter().rev().skip(1).take(points.len().saturating_sub(2));
        crate::geometry::Ring(points.iter().chain(back).copied().collect())
    };
    let mut roads: Vec<(f64, f64, crate::geometry::Ring)> = Vec::new();
    for fill in layer.pieces.iter().flatten() {
        for (i, path) in fill.paths.iter().enumerate() {
            let Some(shares) = fill.shares.get(i) else {
                roads.push((fill.height_mm, fill.width_mm, there_and_back(&path.0)));
                continue;
            };
            for (ends, share) in path.0.windows(2).zip(shares) {
                let width_mm = road_width_mm(f64::from(*share) * fill.flow_mm3_per_mm, fill.height_mm);
                roads.push((fill.height_mm, (50.0 * width_mm).floor() / 50.0, there_and_back(ends)));
            }
        }
    }
    roads.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let same = roads.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    same.map(|roads| {
        let rings: Vec<_> = roads.iter().map(|(_, _, ring)| ring.clone()).collect();
        let points = rings.iter().flat_map(|ring| ring.0.iter().copied()).collect();
        let (height_mm, width_mm) = (roads[0].0, roads[0].1);
        Laid { height_mm, half_width_mm: 0.5 * width_mm, points, grid: EdgeGrid::new(&Region { rings }) }
    })
    .collect()
}

/// What the roads of a fill take, mm³.
fn material_mm3(fill: &Fill) -> f64 {
    let of_path = |(i, path): (usize, &crate::geometry::Polyline)| {
        let lengths = path.0.windows(2).map(|ends| ends[0].distance_mm(ends[1]));
        let share = |j: usize| fill.shares.get(i).map_or(1.0, |shares| f64::from(shares[j]));
        lengths.enumerate().map(|(j, mm)| mm * share(j)).sum::<f64>()
    };
    fill.paths.iter().enumerate().map(of_path).sum::<f64>() * fill.flow_mm3_per_mm
}

/// The share of an area that is further than 0.1 mm from every road of a layer.
fn bare_share(area: &Region, layer: &SupportLayer) -> f64 {
    let laid = laid(layer);
    let (mut count, mut bare) = (0.0, 0.0);
    for [a, b] in area.hatch(0.3, 0.25, 0.1).into_iter().flatten() {
        for i in 0..(a.distance_mm(b) / 0.25).ceil() as usize {
            let p = a.towards(b, i as f64 * 0.25 / a.distance_mm(b));
            count += 1.0;
            bare += f64::from(laid.iter().all(|l| l.grid.nearest(p, l.half_width_mm + 0.1).is_none()));
        }
    }
    if count > 0.0 { bare / count } else { 0.0 }
}

/// Checks that support keeps its gaps from the object everywhere.
fn gaps_are_kept(outlines: &[LayerOutline], layers: &[SupportLayer], settings: &SupportSettings, what: &str) {
    let grids: Vec<EdgeGrid> = outlines.iter().map(|outline| EdgeGrid::new(&outline.area)).collect();
    let mut looked = 0;
    for layer in layers.iter().filter(|l| l.bottom_mm > settings.raft.top_mm() - 1e-6) {
        for roads in laid(layer) {
            let bottom_mm = layer.top_mm - roads.height_mm;
            for (outline, grid) in outlines.iter().zip(&grids) {
                let span = &outline.span;
                let above = span.bottom_mm - layer.top_mm;
                let below = bottom_mm - span.top_mm;
                // Right above or below it there is nothing of the object, beside it the whole gap.
                let gap_mm = if above < -1e-6 && below < -1e-6 {
                    settings.xy_gap_mm - 0.01
                } else if above > -1e-6 && above < settings.top_gap_mm - 1e-5
                    || below > -1e-6 && below < settings.bottom_gap_mm - 1e-5
                {
                    -0.02
                } else {
                    continue;
                };
                let reach_mm = roads.half_width_mm + gap_mm;
                let corners = outline.area.rings.iter().flat_map(|ring| &ring.0);
                let nearest = |p: &Point, grid: &EdgeGrid| grid.nearest(*p, 3.0).map(|n| n.distance_mm);
                let of_roads = roads.points.iter().filter_map(|p| nearest(p, grid));
                let of_corners = corners.filter_map(|p| nearest(p, &roads.grid));
                let found: Vec<f64> = of_roads.chain(of_corners).collect();
                let least = found.iter().copied().reduce(f64::min);
                assert!(
                    !roads.points.iter().any(|&p| grid.contains(p)) && least.is_none_or(|mm| mm >= reach_mm),
                    "{what}: {least:?} mm from the middle of a road at {} to the object at {}",
                    layer.top_mm,
                    span.bottom_mm
                );
                looked += if gap_mm > 0.0 { found.len() } else { 0 };
            }
        }
    }
    assert!(looked > 200, "{what}: support is beside the object in {looked} places only");
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
        let bare = bare_share(&inner, layer) * inner.area_mm2();
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
fn supports_keep_their_gaps_from_other_objects() {
    for style in STYLES {
        let settings = settings(|s| s.support_material_style = style);
        let what = format!("beside a post, {style:?}");
        let outlines = table(&settings);
        // A post under the table's top, and one beside it that is higher.
        let posts = solid(30.0, &settings, |z| match z {
            z if z < 8.0 => rectangle(111.0, 95.0, 5.0, 9.0).union(&rectangle(121.0, 92.0, 5.0, 16.0)),
            _ => rectangle(121.0, 92.0, 5.0, 16.0),
        });
        let beside = Beside { objects: vec![&posts], supports: Vec::new() };
        let layers = planned_beside(&outlines, &beside, &settings).layers;
        gaps_are_kept(&outlines, &layers, &settings, &what);
        gaps_are_kept(&posts, &layers, &settings, &what);
        overhangs_are_carried(&outlines, &layers, &settings, &what);
        let both: Vec<LayerOutline> = outlines.iter().chain(&posts).cloned().collect();
        let lean_mm = if style.is_tree() { SERVED_MM } else { settings.width_mm.max(settings.xy_gap_mm + 0.1) };
        nothing_begins_in_the_air(&both, &layers, lean_mm, &what);
        // On the plate only they do not stand on it.
        let plate_only = SupportSettings { plate_only: true, ..settings };
        let layers = planned_beside(&outlines, &beside, &plate_only).layers;
        nothing_begins_in_the_air(&[], &layers, if style.is_tree() { SERVED_MM } else { 0.05 }, &what);
    }
}

#[test]
fn supports_keep_clear_of_those_of_other_objects() {
    for style in STYLES {
        let settings = settings(|s| s.support_material_style = style);
        let moved = |x: f64, outlines: Vec<LayerOutline>| -> Vec<LayerOutline> {
            let by = Point::from_mm(x, 0.0).x;
            let moved = |p: &Point| Point::new(p.x + by, p.y);
            let ring = |r: &crate::geometry::Ring| crate::geometry::Ring(r.0.iter().map(moved).collect());
            let area = |area: &Region| Region { rings: area.rings.iter().map(ring).collect() };
            outlines.iter().map(|o| LayerOutline { span: o.span, area: area(&o.area) }).collect()
        };
        // Both tops hang out towards each other.
        let (first, second) = (table(&settings), moved(40.6, table(&settings)));
        let others = planned_beside(&first, &Beside { objects: vec![&second], supports: Vec::new() }, &settings).layers;
        let beside = Beside { objects: vec![&first], supports: vec![&others] };
        let layers = planned_beside(&second, &beside, &settings).layers;
        assert!(!layers.is_empty());
        for (layer, other) in layers.iter().zip(&others) {
            assert_eq!((layer.bottom_mm, layer.top_mm), (other.bottom_mm, other.top_mm));
            let near = other.area.offset(settings.xy_gap_mm - 0.01, CORNERS);
            let shared = layer.area.intersection(&near).area_mm2();
            assert!(shared < 1e-6, "{style:?}: {shared} mm2 in other supports at {}", layer.top_mm);
        }
        let lean_mm = if style.is_tree() { SERVED_MM } else { settings.width_mm.max(settings.xy_gap_mm + 0.1) };
        // What lies right above others rests on them.
        let together = |(own, other): (&SupportLayer, &SupportLayer)| SupportLayer {
            area: own.area.union(&other.area).closed(settings.xy_gap_mm),
            ..own.clone()
        };
        let together: Vec<SupportLayer> = layers.iter().zip(&others).map(together).collect();
        nothing_begins_in_the_air(&second, &together, lean_mm, &format!("{style:?}"));
        // Either its own or those beside them carry it.
        let top =
            |layers: &[SupportLayer]| layers.iter().find(|l| (l.top_mm - 11.8).abs() < 1e-5).unwrap().area.clone();
        let hangs = second[second.len() - 1].area.difference(&second[0].area.offset(settings.xy_gap_mm + 0.1, CORNERS));
        let carried = top(&layers).union(&top(&others)).closed(settings.xy_gap_mm + 0.1);
        let bare = hangs.difference(&carried).area_mm2();
        assert!(bare < 0.02 * hangs.area_mm2(), "{style:?}: {bare} mm2 bare");
    }
}

#[test]
fn what_nothing_carries_is_spoken_of() {
    for style in STYLES {
        let anywhere = settings(|s| s.support_material_style = style);
        let notices = |outlines: &[LayerOutline], settings: &SupportSettings| {
            planned_beside(outlines, &Beside::default(), settings).notices
        };
        for model in [table, over_a_base, mushroom] {
            assert_eq!(notices(&model(&anywhere), &anywhere), [], "{style:?}");
        }
        // A slit too narrow for a road, in which something hangs.
        let slit = solid(8.0, &anywhere, |z| {
            let block = rectangle(100.0, 100.0, 10.0, 10.0);
            if !(3.0..5.0).contains(&z) { block } else { block.difference(&rectangle(103.0, 102.0, 0.5, 6.0)) }
        });
        let found = notices(&slit, &anywhere);
        assert_eq!((found.len(), found[0].severity), (1, crate::report::Severity::Note), "{style:?}");
        assert!(planned(&slit, &anywhere).is_empty());
        // Over the base there is no way to the plate.
        let plate_only = SupportSettings { plate_only: true, ..anywhere.clone() };
        assert_eq!(notices(&table(&plate_only), &plate_only), [], "{style:?}");
        let outlines = over_a_base(&plate_only);
        let found = notices(&outlines, &plate_only);
        let hangs = outlines.iter().position(|o| o.span.top_mm > 10.1).unwrap();
        assert_eq!(found.len(), 1, "{style:?}");
        assert_eq!(found[0].layers, Some((hangs, hangs)), "{style:?}");
        assert!(found[0].message.contains("hang in the air"), "{style:?}: {}", found[0]);
    }
}

#[test]
fn enforced_layers_are_carried_whatever_their_slope() {
    let wedge = |settings: &SupportSettings| solid(10.0, settings, |z| rectangle(98.0, 100.0, 6.0 + z, 10.0));
    for (is_on, count) in [(false, 0), (false, 20), (true, 20)] {
        let settings = settings(|s| (s.support_material, s.support_material_enforce_layers) = (is_on, count));
        let layers = planned(&wedge(&settings), &settings);
        let top_mm = layers.iter().map(|l| l.top_mm).fold(0.0, f64::max);
        let most_mm = (f64::from(count) - 1.0) * HEIGHT_MM - settings.top_gap_mm;
        assert!((top_mm - most_mm.max(0.0)).abs() < 1e-6, "{count} layers: up to {top_mm} mm");
    }
}

#[test]
fn interfaces_are_as_dense_where_they_are_narrow() {
    let settings = settings(|_| {});
    let roads =
        Roads { settings: &settings, level: 4, width_mm: settings.width_mm, bottom_mm: 0.8, height_mm: HEIGHT_MM };
    for width_mm in [0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.1, 1.3, 1.6, 2.0, 3.0] {
        let piece = rectangle(0.0, 0.0, 30.0, width_mm);
        let material: f64 = roads.interface(&piece).iter().map(material_mm3).sum();
        let share = material / (piece.area_mm2() * HEIGHT_MM);
        assert!((0.85..1.1).contains(&share), "{share} of an interface {width_mm} mm wide");
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
        let bare = bare_share(&outlines[0].area, of_raft[3]);
        assert!(bare < 0.02, "{what}: {bare} of it bare");
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
            for roads in laid(layer) {
                let inner = EdgeGrid::new(&settings.plate.offset(0.01 - roads.half_width_mm, CORNERS));
                assert!(
                    roads.points.iter().all(|&p| inner.contains(p)),
                    "{style:?}: off the plate at {}",
                    layer.top_mm
                );
            }
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
    assert_eq!(support(&table(&on), &Beside::default(), &on, &progress), Err(Canceled));
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
