//! What is fuzzed: one function a target, from any bytes to a promise that is kept or a panic.
//!
//! Used by the plain driver of `tests/fuzz.rs`, which runs with the other tests, and by libFuzzer through
//! `fuzz_targets/`. Readers get the bytes as they are; the stages of planning get polygons, layers and settings that
//! [`source`] makes of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use fabbro::gcode::template::{Value as TemplateValue, expand};
use fabbro::gcode::{self, Dialect, GcodeSettings, JobTimes, ReadOptions};
use fabbro::geometry::{Join, Point, Polyline, Region};
use fabbro::machine::reply;
use fabbro::model::import::import;
use fabbro::model::{Mesh, Model, Part};
use fabbro::pipeline::{JobError, JobExtras, make_job};
use fabbro::process::fdm::infill::infill;
use fabbro::process::fdm::order::{Stop, nearest, order, travel_mm};
use fabbro::process::fdm::perimeters::perimeters;
use fabbro::process::fdm::regions::regions;
use fabbro::process::fdm::stages::Fill;
use fabbro::process::fdm::support::{Beside, SupportSettings, support};
use fabbro::process::fdm::travel::TravelMap;
use fabbro::process::slicing::{self, LayerOutline, LayerSettings};
use fabbro::progress::Progress;
use fabbro::report::Severity;
use fabbro::scene::{Snapshot, SnapshotObject};
use fabbro::settings::{BrimType, DraftShield, FuzzySkin, ScarfPlacement};
use fabbro::settings::{Layer as SettingsLayer, LayeredSettings, PresetFile, Settings, Values};
use fabbro::settings::{from_prusa_ini, parse_assignment, parse_height_ranges, read_text};
use fabbro::toolpath::{Extrusion, Layer, Role, Step, Toolpath, Travel};
use fabbro::verify::{Limits, Policy, VerifyOptions, verify};
use nalgebra::{Matrix4, Vector3};

mod source;

use source::{LAYER_MM, Source};

/// A target: what it is called and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("stl", stl),
    ("obj", obj),
    ("threemf", threemf),
    ("threemf_xml", threemf_xml),
    ("gcode", gcode_file),
    ("template", template),
    ("settings", settings_file),
    ("replies", replies),
    ("regions", areas),
    ("outlines", outlines),
    ("walls", walls),
    ("fills", fills),
    ("supports", supports),
    ("ways", ways),
    ("orders", orders),
    ("arcs", arcs),
    ("print", print),
    ("special", special),
];

/// How far from what it should be a place may be that went through rounding, mm.
const ROUNDING_MM: f64 = 0.002;

/// Half of the width below which an area is as good as a line.
const THIN_MM: f64 = 0.02;

/// How far the middle of a wall may be beside an island that is thinner than the thinnest road: half of that.
const BESIDE_MM: f64 = 0.12;

fn imported(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("room in the folder for temporary files");
    match import(&path, &Progress::new()) {
        Ok(import) => {
            assert!(!import.models.is_empty());
            for part in import.models.iter().flat_map(|imported| &imported.model.parts) {
                assert!(part.mesh.vertices.iter().flatten().all(|x| x.is_finite()), "a coordinate is no number");
                let count = part.mesh.vertices.len() as u32;
                assert!(part.mesh.triangles.iter().flatten().all(|v| *v < count), "a triangle of no vertex");
            }
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.ends_with(name) && !text.contains('\n'), "not one sentence that names the file: {text}");
        }
    }
}

/// The reader of STL, binary and text.
pub fn stl(bytes: &[u8]) {
    imported("a.stl", bytes);
}

/// The reader of OBJ.
pub fn obj(bytes: &[u8]) {
    imported("a.obj", bytes);
}

/// The reader of 3MF: the package.
pub fn threemf(bytes: &[u8]) {
    imported("a.3mf", bytes);
}

/// The reader of 3MF: the model in a package that is sound.
pub fn threemf_xml(bytes: &[u8]) {
    const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Target="/3D/3dmodel.model" Id="a" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>"#;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("_rels/.rels", RELATIONS.as_bytes()), ("3D/3dmodel.model", bytes)] {
        zip.start_file(name, stored).expect("a name");
        zip.write_all(bytes).expect("memory");
    }
    imported("a.3mf", &zip.finish().expect("a package").into_inner());
}

/// The reader, the judge and the line feeder of G-code.
pub fn gcode_file(bytes: &[u8]) {
    let progress = Progress::new();
    let read = gcode::read(bytes, &ReadOptions::default(), &progress).expect("nobody cancels");
    for step in read.toolpath.layers.iter().flat_map(|layer| &layer.steps) {
        if let Step::Extrude(road) = step {
            assert!(road.points.len() >= 2 && road.flow_mm3_per_mm.is_finite(), "{road:?}");
        }
    }
    let _ = gcode::read_metadata(bytes);
    let limits = Limits::from(&Settings::default());
    for policy in [Policy::default(), Policy::Remote] {
        verify(bytes, &limits, &VerifyOptions { policy, expected_volume_mm3: None }, &progress)
            .expect("nobody cancels");
    }
    for line in gcode::job_lines(bytes) {
        assert!(!line.text.is_empty(), "an empty line would be sent");
    }
}

/// Sequences with placeholders.
pub fn template(bytes: &[u8]) {
    let values: BTreeMap<String, TemplateValue> = [
        ("layer_z", TemplateValue::Number(0.2)),
        ("temperature", TemplateValue::List(vec![TemplateValue::Number(215.0), TemplateValue::Number(230.0)])),
        ("filament_type", TemplateValue::parse("PETG")),
        ("max_print_height", TemplateValue::Number(210.0)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Err(error) = expand(&String::from_utf8_lossy(bytes), &values) {
        assert!(error.to_string().starts_with("line "), "{error}");
    }
}

/// Files of settings: ours, PrusaSlicer's, and single assignments.
pub fn settings_file(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("settings");
    std::fs::write(&path, bytes).expect("room in the folder for temporary files");
    let Ok(text) = read_text(&path) else { return };
    let resolve = |values: &Values| {
        let Ok(layered) = LayeredSettings::new().with(SettingsLayer::Project, "fuzz", values) else { return };
        let Ok(resolved) = layered.resolve() else { return };
        let pairs = resolved.settings.to_pairs();
        let back = Settings::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        assert!(back.is_ok(), "what was written is refused: {:?}", back.err());
    };
    if let Ok(file) = PresetFile::parse(&text.text) {
        let written = file.to_text().expect("what was read can be written");
        assert_eq!(PresetFile::parse(&written).as_ref(), Ok(&file), "{written}");
        resolve(&file.settings);
    }
    if let Ok(imported) = from_prusa_ini(&text.text) {
        resolve(&imported.values);
    }
    for line in text.text.lines() {
        let _ = parse_height_ranges(line);
        if let Ok((key, value)) = parse_assignment(line) {
            let again = key.definition().format(&value);
            assert!(key.definition().parse(&again).is_ok(), "{line} is written as {again}, which is refused");
        }
    }
}

/// What machines answer.
pub fn replies(bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        let _ = reply::parse(line);
    }
}

/// Areas and what is made of two of them.
pub fn areas(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    // Nothing is promised of what is thinner than an offset's rounding.
    let (a, b) = (source.region().opened(THIN_MM), source.region().opened(THIN_MM));
    let (both, either) = (a.intersection(&b), a.union(&b));
    // Each result lies on the grid, so that its border may be off by a unit or two all along.
    let length: f64 = a.rings.iter().chain(&b.rings).map(|ring| ring.length_mm()).sum();
    let slack = 1e-3 + 2e-5 * length;
    let sum = a.area_mm2() + b.area_mm2();
    assert!((both.area_mm2() + either.area_mm2() - sum).abs() < slack, "union and intersection are not {sum} mm²");
    let rest = a.difference(&b).area_mm2();
    assert!((rest + both.area_mm2() - a.area_mm2()).abs() < slack, "a difference of {rest} mm²");
    for join in [Join::Miter(2.0), Join::Round, Join::Square] {
        let by_mm = source.between(0.0, 2.0);
        let (grown, shrunk) = (a.offset(by_mm, join), a.offset(-by_mm, join));
        assert!(a.difference(&grown.offset(ROUNDING_MM, Join::Square)).area_mm2() < slack, "grown by {by_mm} is less");
        assert!(
            shrunk.difference(&a.offset(ROUNDING_MM, Join::Square)).area_mm2() < slack,
            "shrunk by {by_mm} is more"
        );
    }
    let simple = a.simplified(0.05);
    assert!(simple.difference(&a.offset(0.06, Join::Square)).area_mm2() < slack, "simplified is elsewhere");
    for island in a.islands() {
        if let Some(point) = island.inner_point() {
            assert!(island.contains(point), "an inner point that is not");
        }
    }
    for piece in a.clip(&[source.polyline()]) {
        assert!(piece.0.len() >= 2, "a piece of one point");
    }
}

/// Meshes of boxes, tetrahedra and loose triangles, right way round or not.
fn mesh(source: &mut Source) -> Mesh {
    let mut mesh = Mesh::default();
    for _ in 0..=source.below(12) {
        let first = mesh.vertices.len() as u32;
        let mut place = || {
            let p = source.point().to_mm();
            [p[0] as f32, p[1] as f32, source.between(0.0, 3.0) as f32]
        };
        let (from, to) = (place(), place());
        let faces: &[[u32; 3]] = match source.below(3) {
            0 => {
                mesh.vertices.extend((0..8).map(|i| [0, 1, 2].map(|k| if i >> k & 1 == 1 { to[k] } else { from[k] })));
                &[
                    [0, 2, 3],
                    [0, 3, 1],
                    [4, 5, 7],
                    [4, 7, 6],
                    [0, 1, 5],
                    [0, 5, 4],
                    [2, 6, 7],
                    [2, 7, 3],
                    [0, 4, 6],
                    [0, 6, 2],
                    [1, 3, 7],
                    [1, 7, 5],
                ]
            }
            1 => {
                mesh.vertices.extend([from, to, [to[0], from[1], to[2]], [from[0], to[1], from[2]]]);
                &[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]
            }
            _ => {
                mesh.vertices.extend([from, to, [from[1], to[0], from[2] + 1.0]]);
                &[[0, 1, 2]]
            }
        };
        let turned = source.byte() & 3 == 3;
        let turn = |t: &[u32; 3]| if turned { [t[0], t[2], t[1]] } else { *t };
        mesh.triangles.extend(faces.iter().map(turn).map(|t| t.map(|v| v + first)));
    }
    mesh
}

/// From meshes to layers.
pub fn outlines(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = source.settings();
    let parts = [(Arc::new(mesh(&mut source)), Matrix4::identity())];
    let spans = slicing::object_grid(&parts, source.between(0.1, 3.0), &LayerSettings::from(&settings));
    for pair in spans.windows(2) {
        assert!(pair[1].bottom_mm >= pair[0].top_mm - 1e-9 && pair[1].height_mm() > 0.0, "{pair:?}");
    }
    let (layers, _) = slicing::outlines(&parts, &spans, &(&settings).into(), &Progress::new()).expect("nobody cancels");
    assert_eq!(layers.len(), spans.len());
    for layer in &layers {
        assert!(layer.area.area_mm2() >= -1e-6, "less than nothing: {} mm²", layer.area.area_mm2());
    }
}

/// Checks that each point of a path lies in the island of whose fill or walls it is, or right beside it.
fn is_on(island: &Region, points: &[Point], slack_mm: f64, what: &str) {
    let Some(bounds) = island.bounds() else { panic!("{what} of an island without extent") };
    let ([x0, y0], [x1, y1]) = (bounds.min.to_mm(), bounds.max.to_mm());
    for [x, y] in points.iter().map(|p| p.to_mm()) {
        let out_mm = (x0 - x).max(x - x1).max(y0 - y).max(y - y1);
        assert!(out_mm <= slack_mm, "{what} {out_mm} mm outside of its island");
    }
}

fn is_road(points: usize, width_mm: f64, what: &str) {
    assert!(points >= 2, "{what} of {points} points");
    assert!(width_mm.is_finite() && width_mm > 0.0 && width_mm < 50.0, "{what} is {width_mm} mm wide");
}

fn are_roads(fills: &[Fill], what: &str) {
    for fill in fills {
        assert!(fill.flow_mm3_per_mm.is_finite() && fill.flow_mm3_per_mm >= 0.0, "{what}: {}", fill.flow_mm3_per_mm);
        assert!(fill.shares.is_empty() || fill.shares.len() == fill.paths.len(), "{what}: shares of other paths");
        for (i, path) in fill.paths.iter().enumerate() {
            is_road(path.0.len(), fill.width_mm, what);
            let shares = fill.shares.get(i).map_or(&[][..], Vec::as_slice);
            assert!(shares.is_empty() || shares.len() + 1 == path.0.len(), "{what}: shares of other segments");
            assert!(shares.iter().all(|share| share.is_finite() && *share >= 0.0), "{what}: {shares:?}");
        }
    }
}

/// From layers to walls.
pub fn walls(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = source.settings();
    let layers = source.layers();
    let planned = perimeters(&layers, &(&settings).into(), &Progress::new()).expect("nobody cancels");
    assert_eq!(planned.len(), layers.len());
    for island in planned.iter().flat_map(|layer| &layer.islands) {
        let outline = Region::from(&island.outline);
        for wall in &island.walls {
            is_road(wall.path.0.len(), wall.width_mm, "a wall");
            assert!(wall.widths_mm.is_empty() || wall.widths_mm.len() == wall.path.0.len());
            is_on(&outline, &wall.path.0, 0.01, "a wall");
        }
        for road in &island.variable {
            assert_eq!(road.points.len(), road.widths_mm.len());
            road.widths_mm.iter().for_each(|width| is_road(road.points.len(), *width, "a thin wall"));
            is_on(&outline, &road.points, BESIDE_MM, "a thin wall");
        }
        let outside = island.inner.difference(&outline.offset(ROUNDING_MM, Join::Square)).area_mm2();
        assert!(outside < 0.01, "{outside} mm² of the inside are outside");
    }
}

/// From layers to infill.
pub fn fills(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = source.settings();
    let layers = source.layers();
    let progress = Progress::new();
    let planned = perimeters(&layers, &(&settings).into(), &progress).expect("nobody cancels");
    let surfaces = regions(&layers, &planned, &(&settings).into(), &progress).expect("nobody cancels");
    let filled = infill(&surfaces, &(&settings).into(), &progress).expect("nobody cancels");
    assert_eq!(filled.len(), layers.len());
    for (walls, filled) in planned.iter().zip(&filled) {
        assert_eq!(walls.islands.len(), filled.islands.len());
        for (island, fills) in walls.islands.iter().zip(&filled.islands) {
            are_roads(fills, "a fill");
            let outline = Region::from(&island.outline);
            for path in fills.iter().flat_map(|fill| &fill.paths) {
                is_on(&outline, &path.0, 0.05, "a fill");
            }
        }
    }
}

/// From layers to supports: they keep their distance from the part beside them.
pub fn supports(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let mut settings = source.settings();
    settings.support_material = true;
    settings.raft_layers = 0;
    let layers = source.layers();
    let settings = SupportSettings::from(&settings);
    let planned = support(&layers, &Beside::default(), &settings, &Progress::new()).expect("nobody cancels");
    for layer in &planned.layers {
        assert!(layer.top_mm > layer.bottom_mm && layer.bottom_mm > -1e-9, "{} to {}", layer.bottom_mm, layer.top_mm);
        layer.pieces.iter().for_each(|fills| are_roads(fills, "a support"));
        let is_beside =
            |o: &&LayerOutline| o.span.top_mm > layer.bottom_mm + 1e-6 && o.span.bottom_mm < layer.top_mm - 1e-6;
        let part = Region::union_all(layers.iter().filter(is_beside).map(|outline| &outline.area));
        let merged = layer.area.intersection(&part.offset(-0.01, Join::Square)).area_mm2();
        assert!(merged < 0.01, "{merged} mm² of support in the part at {} mm", layer.top_mm);
    }
}

/// Ways between places of a layer.
pub fn ways(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = source.settings();
    let layers = source.layers();
    let planned = perimeters(&layers, &(&settings).into(), &Progress::new()).expect("nobody cancels");
    for layer in &planned {
        let islands: Vec<_> = layer.islands.iter().collect();
        let map = TravelMap::new(islands.clone());
        for _ in 0..8 {
            let mut from_to = || match (islands.is_empty(), source.below(3)) {
                (false, 0 | 1) => {
                    let island = islands[source.below(islands.len())];
                    let ring = &island.outline.outer.0;
                    (Some(island), ring[source.below(ring.len())])
                }
                _ => (None, source.point()),
            };
            let ((home, from), (other, to)) = (from_to(), from_to());
            let inside = home.zip(other).is_some_and(|(a, b)| std::ptr::eq(a, b));
            let way = map.way(from, to, inside, &(&settings).into());
            assert_eq!((way.points.first(), way.points.last()), (Some(&from), Some(&to)), "a way to elsewhere");
            let length: f64 = way.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
            let limit = settings.avoid_crossing_perimeters_max_detour;
            if limit > 0.0 {
                assert!(length <= from.distance_mm(to) + limit + 1e-6, "a detour of {length} mm, {limit} mm allowed");
            }
        }
    }
}

/// Orders of visits: all stops once, and never longer than to the nearest next.
pub fn orders(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let start = (source.byte() & 1 == 0).then(|| source.point());
    let mut stops = Vec::new();
    while !source.is_empty() && stops.len() < 300 {
        let (entry, exit, reversible) = (source.point(), source.point(), source.byte() & 1 == 0);
        stops.push(Stop { entry, exit, reversible });
    }
    let visits = order(start, &stops);
    let mut seen: Vec<usize> = visits.iter().map(|visit| visit.stop).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..stops.len()).collect::<Vec<_>>());
    assert!(visits.iter().all(|visit| !visit.reversed || stops[visit.stop].reversible), "turned and must not be");
    let (ours, simple) = (travel_mm(start, &stops, &visits), travel_mm(start, &stops, &nearest(start, &stops)));
    assert!(ours <= simple + 1e-6, "{ours} mm, to the nearest next {simple} mm");
}

/// Roads written as arcs and read back: within the tolerance of the path, and as much filament.
pub fn arcs(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let tolerance_mm = source.between(0.002, 0.1);
    let mut roads: Vec<Polyline> = Vec::new();
    for _ in 0..=source.below(4) {
        roads.push(source.polyline());
        roads.extend(source.rings().into_iter().map(|ring| Polyline(ring.0)).filter(|ring| ring.0.len() > 1));
    }
    let flow = 0.08;
    let mut steps = Vec::new();
    let mut at = Point::from_mm(110.0, 110.0);
    for Polyline(points) in &roads {
        steps.push(Step::Travel(Travel::level(vec![at, points[0]], 150.0)));
        at = points[points.len() - 1];
        steps.push(Step::Extrude(Extrusion {
            role: Role::Perimeter,
            width_mm: 0.45,
            height_mm: LAYER_MM as f32,
            flow_mm3_per_mm: flow,
            feed_mm_per_s: 60.0,
            points: points.clone(),
            z_mm: Vec::new(),
        }));
    }
    let toolpath = Toolpath {
        layers: vec![Layer { z_mm: LAYER_MM as f32, height_mm: LAYER_MM as f32, steps }],
        filament_diameter_mm: 1.75,
        filament_density_g_per_cm3: 1.24,
        ..Toolpath::default()
    };
    let settings = GcodeSettings { arc_tolerance_mm: tolerance_mm, ..GcodeSettings::from(&Settings::default()) };
    assert_eq!(settings.dialect, Dialect::Marlin);
    let job = gcode::Job {
        toolpath: &toolpath,
        settings: &settings,
        config: &[],
        times: &JobTimes::default(),
        thumbnails: &[],
    };
    let progress = Progress::new();
    let written = gcode::write(&job, &progress).expect("a path on the plate");
    let read = gcode::read(&written.bytes, &ReadOptions::default(), &progress).expect("nobody cancels");
    let laid: Vec<&[Point]> = read.toolpath.layers.iter().flat_map(|layer| &layer.steps).filter_map(laid).collect();
    let far_mm = |p: Point, ways: &[&[Point]]| {
        let pairs = ways.iter().flat_map(|way| way.windows(2));
        pairs.map(|w| p.distance_to_segment_mm(w[0], w[1])).fold(f64::INFINITY, f64::min)
    };
    // What is read back is chords of its own within a few µm, and coordinates are written in µm.
    let slack_mm = tolerance_mm + 0.015;
    let paths: Vec<&[Point]> = roads.iter().map(|road| road.0.as_slice()).collect();
    for p in paths.iter().filter(|p| length_mm(p) > 0.05).flat_map(|p| p.iter()) {
        let far = far_mm(*p, &laid);
        assert!(far < slack_mm, "a corner is {far} mm from what was laid, {tolerance_mm} mm allowed");
    }
    for p in laid.iter().flat_map(|p| p.iter()) {
        let far = far_mm(*p, &paths);
        assert!(far < slack_mm, "what was laid is {far} mm from its path, {tolerance_mm} mm allowed");
    }
}

fn length_mm(points: &[Point]) -> f64 {
    points.windows(2).map(|w| w[0].distance_mm(w[1])).sum()
}

fn laid(step: &Step) -> Option<&[Point]> {
    match step {
        Step::Extrude(road) => Some(&road.points),
        _ => None,
    }
}

/// From meshes to a file: it passes its check, or the plan is refused in words.
pub fn print(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = source.settings();
    print_with(&mut source, settings);
}

/// The same with what is not printed every day: rough walls, scarf seams, draught shields, brims of every kind.
pub fn special(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let settings = Settings {
        fuzzy_skin: FuzzySkin::ALL[source.below(FuzzySkin::ALL.len())],
        fuzzy_skin_thickness: source.between(0.0, 2.0),
        fuzzy_skin_point_dist: source.between(0.2, 3.0),
        scarf_seam_placement: ScarfPlacement::ALL[source.below(ScarfPlacement::ALL.len())],
        scarf_seam_only_on_smooth: source.below(2) == 0,
        scarf_seam_start_height: source.between(0.0, 0.9),
        scarf_seam_length: source.between(0.1, 60.0),
        scarf_seam_max_segment_length: source.between(0.1, 5.0),
        scarf_seam_entire_loop: source.below(4) == 0,
        scarf_seam_on_inner_perimeters: source.below(2) == 0,
        draft_shield: DraftShield::ALL[source.below(DraftShield::ALL.len())],
        brim_type: BrimType::ALL[source.below(BrimType::ALL.len())],
        brim_width: source.between(0.0, 12.0),
        brim_separation: source.between(0.0, 1.0),
        brim_ears_max_angle: source.between(0.0, 180.0),
        brim_ears_detection_length: source.between(0.0, 5.0),
        ..source.settings()
    };
    print_with(&mut source, settings);
}

/// Prints a mesh with some settings.
fn print_with(source: &mut Source, settings: Settings) {
    let settings = Settings {
        start_gcode: "G28\nM140 S{first_layer_bed_temperature}\nM109 S{first_layer_temperature}\n".into(),
        end_gcode: "M104 S0\nM140 S0\nM84\n".into(),
        ..settings
    };
    let part = Part { name: "a".into(), mesh: Arc::new(mesh(source)), model_from_part: Matrix4::identity() };
    let lowest = part.mesh.vertices.iter().map(|v| v[2]).fold(f32::INFINITY, f32::min);
    let settings = Arc::new(settings);
    let object = SnapshotObject {
        name: "a".into(),
        model: Arc::new(Model { name: "a".into(), parts: vec![part] }),
        plate_from_model: Matrix4::new_translation(&Vector3::new(0.0, 0.0, f64::from(-lowest))),
        settings: settings.clone(),
    };
    let snapshot = Snapshot { objects: vec![object], settings };
    match make_job(&snapshot, &JobExtras::default(), &Progress::new()) {
        Ok(job) => assert!(job.file.report.passes()),
        Err(JobError::Refused(report)) => {
            // A person cannot act on a line of G-code: planning must find it first.
            let error = report.findings.iter().find(|finding| finding.severity == Severity::Error);
            let usual = Settings::default().to_pairs();
            let unusual = snapshot.settings.to_pairs().into_iter().filter(|pair| !usual.contains(pair));
            let unusual: Vec<String> = unusual.map(|(key, value)| format!("{key}={value:?}")).collect();
            let error = error.map(ToString::to_string).unwrap_or_default();
            panic!("refused by its own check: {error}; with {}", unusual.join(" "));
        }
        Err(error) => assert!(!error.to_string().contains('\n'), "not one sentence: {error}"),
    }
}
