//! What reading back promises: the moves, roles and volume of what was written, and a sensible picture of foreign files.

use super::*;
use crate::gcode::nonsense;
use crate::gcode::{GcodeSettings, Job, JobTimes, Thumbnail, write};
use crate::geometry::Point;
use crate::settings::Settings;
use crate::toolpath::{Extrusion, Layer, ObjectLabel, Role, Step, Travel, road_area_mm2};

fn file(text: &str) -> GcodeFile {
    read(text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap()
}

fn roads(toolpath: &Toolpath) -> impl Iterator<Item = &Extrusion> {
    toolpath.layers.iter().flat_map(|l| &l.steps).filter_map(|s| if let Step::Extrude(e) = s { Some(e) } else { None })
}

fn volume(toolpath: &Toolpath) -> f64 {
    roads(toolpath).map(|e| length(&e.points) * f64::from(e.flow_mm3_per_mm)).sum()
}

fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|p| p[0].distance_mm(p[1])).sum()
}

/// Every role, several widths, retractions, wipes, hops, fans, two objects, on a few layers.
fn varied() -> Toolpath {
    let mut layers = Vec::new();
    let mut at = Point::default();
    for i in 0..5u32 {
        let z_mm = 0.25 * (i + 1) as f32;
        let mut steps = vec![Step::MoveZ { z_mm, feed_mm_per_s: 12.0 }, Step::Fan(0.2 * i as f32)];
        for (k, role) in Role::ALL.into_iter().enumerate() {
            let k = k as f64;
            let width_mm = 0.4 + 0.01 * k as f32;
            let path: Vec<Point> = (0..40)
                .map(|p| Point::from_mm(20.0 + 3.0 * k + f64::from(p % 3), 30.0 + f64::from(p) * 1.237))
                .collect();
            let (first, last) = (path[0], path[39]);
            let hop = Step::MoveZ { z_mm: z_mm + 0.3, feed_mm_per_s: 12.0 };
            let travel = Travel::level(vec![at, first], 150.0);
            if at != Point::default() {
                steps.push(hop);
            }
            steps.extend([
                Step::Travel(travel),
                Step::MoveZ { z_mm, feed_mm_per_s: 12.0 },
                Step::Unretract { length_mm: 0.7, feed_mm_per_s: 30.0 },
                Step::ObjectStart((i % 2) as u16),
                Step::Extrude(Extrusion {
                    role,
                    width_mm,
                    height_mm: 0.25,
                    flow_mm3_per_mm: road_area_mm2(f64::from(width_mm), 0.25) as f32,
                    feed_mm_per_s: 20.0 + 5.0 * k as f32,
                    points: path.clone(),
                    z_mm: Vec::new(),
                }),
                Step::ObjectEnd((i % 2) as u16),
                Step::Retract { length_mm: 0.2, feed_mm_per_s: 30.0 },
                Step::Travel(Travel {
                    points: vec![last, path[38]],
                    feed_mm_per_s: 60.0,
                    wipe_retract_mm: 0.5,
                    z_mm: Vec::new(),
                }),
            ]);
            at = path[38];
        }
        layers.push(Layer { z_mm, height_mm: 0.25, steps });
    }
    Toolpath {
        layers,
        objects: ["A", "B"].map(|name| ObjectLabel { name: name.into(), outline: Vec::new() }).into(),
        filament_diameter_mm: 2.85,
        filament_density_g_per_cm3: 1.05,
    }
}

#[test]
fn what_was_written_is_read_back() {
    let toolpath = varied();
    for dialect in [Dialect::Marlin, Dialect::Klipper, Dialect::RepRapFirmware] {
        for use_relative_e_distances in [true, false] {
            let base = GcodeSettings::from(&Settings::default());
            let settings = GcodeSettings { dialect, use_relative_e_distances, gcode_label_objects: true, ..base };
            let config = [("filament_diameter", "2.85"), ("filament_density", "1.05"), ("note", "a\nb")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()));
            let times = JobTimes { layer_end_s: vec![100.0, 4000.0] };
            let thumbnails = [Thumbnail { width: 32, height: 24, png: (0..=255).collect() }];
            let job = Job {
                toolpath: &toolpath,
                settings: &settings,
                config: &config,
                times: &times,
                thumbnails: &thumbnails,
            };
            let written = write(&job, &Progress::new()).unwrap();
            let back = read(&written.bytes, &ReadOptions::default(), &Progress::new()).unwrap();

            assert!((volume(&back.toolpath) / volume(&toolpath) - 1.0).abs() < 1e-6, "{dialect:?}");
            assert_eq!(roads(&back.toolpath).count(), roads(&toolpath).count());
            for (ours, read) in roads(&toolpath).zip(roads(&back.toolpath)) {
                // Skirt and brim share a name in the files.
                let role = if ours.role == Role::Brim { Role::Skirt } else { ours.role };
                assert_eq!((role, ours.points.len()), (read.role, read.points.len()));
                assert!((ours.width_mm - read.width_mm).abs() < 1e-6 && (ours.height_mm - read.height_mm).abs() < 1e-6);
                assert!((ours.feed_mm_per_s - read.feed_mm_per_s).abs() < 0.01 && read.z_mm.is_empty());
                assert!(ours.points.iter().zip(&read.points).all(|(a, b)| a.distance_mm(*b) < 0.001));
            }
            for (ours, read) in toolpath.layers.iter().zip(&back.toolpath.layers) {
                assert_eq!((ours.z_mm, ours.height_mm), (read.z_mm, read.height_mm));
                let count = |layer: &Layer, kind: fn(&Step) -> bool| layer.steps.iter().filter(|s| kind(s)).count();
                for kind in [
                    (|s| matches!(s, Step::Retract { .. })) as fn(&Step) -> bool,
                    |s| matches!(s, Step::Unretract { .. }),
                    |s| matches!(s, Step::Travel(t) if t.wipe_retract_mm > 0.0),
                    |s| matches!(s, Step::ObjectStart(_)),
                ] {
                    assert_eq!(count(ours, kind), count(read, kind), "{dialect:?} {use_relative_e_distances}");
                }
            }
            assert_eq!(back.toolpath.layers.len(), 5);
            assert_eq!((back.toolpath.filament_diameter_mm, back.toolpath.filament_density_g_per_cm3), (2.85, 1.05));
            assert_eq!(back.toolpath.objects.len(), 2);
            assert_eq!(back.metadata, crate::gcode::read_metadata(&written.bytes));
            let facts = &back.metadata;
            assert!(facts.is_ours() && back.notices.is_empty());
            assert_eq!((facts.time_s, facts.layers, facts.setting("note")), (Some(4000.0), Some(5), Some("a\\nb")));
            assert!((facts.filament_g.unwrap() - written.totals.filament_g).abs() < 0.01);
            assert_eq!((facts.pictures[0].width, facts.pictures[0].data.len()), (32, 256));
        }
    }
}

/// Checks layers (z and height) and roads (role, width, height, length) of a foreign file.
fn check(text: &str, layers: &[(f32, f32)], expect: &[(Role, f32, f64)]) -> GcodeFile {
    let file = file(text);
    let found: Vec<_> = file.toolpath.layers.iter().map(|l| (l.z_mm, l.height_mm)).collect();
    assert_eq!(found.len(), layers.len(), "{found:?}");
    for (found, expect) in found.iter().zip(layers) {
        assert!((found.0 - expect.0).abs() < 1e-4 && (found.1 - expect.1).abs() < 1e-4, "{found:?} {expect:?}");
    }
    let found: Vec<_> = roads(&file.toolpath).map(|r| (r.role, r.width_mm, length(&r.points))).collect();
    assert_eq!(found.len(), expect.len(), "{found:?}");
    for (found, expect) in found.iter().zip(expect) {
        let same = found.0 == expect.0 && (found.1 - expect.1).abs() < 0.005 && (found.2 - expect.2).abs() < 0.01;
        assert!(same, "{found:?} {expect:?}");
    }
    file
}

#[test]
fn prusa_slicer() {
    let file = check(
        "; generated by PrusaSlicer 2.5.0+linux on 2022-09-06 at 10:00:00 UTC\n\
         G28\nM83\nG1 X0 Y-3 Z0.3 F3000\nG1 X60 E5.4 F1000\nM104 S215\n\
         ;LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.2\n;BEFORE_LAYER_CHANGE\nG92 E0.0\nG1 Z.2 F7800\n\
         G1 X10 Y10\n;TYPE:External perimeter\n;WIDTH:0.45\nG1 F1800\nG1 X20 E.33\nG1 Y20 E.33\nG1 E-.8 F2100\n\
         ;LAYER_CHANGE\n;Z:0.4\n;HEIGHT:0.2\nG1 Z.4 F7800\nG1 X10 Y10\nG1 E.8 F2100\n;TYPE:Bridge infill\n;WIDTH:0.4\n\
         ;HEIGHT:0.4\nG1 X30 E1\n\
         ; filament used [mm] = 123.45\n; filament used [cm3] = 0.30\n; estimated printing time (normal mode) = 1h 2m 3s\n\
         ; prusaslicer_config = begin\n; temperature = 215\n; start_gcode = G28\\nM83\n; prusaslicer_config = end\n",
        &[(0.2, 0.2), (0.4, 0.2)],
        &[(Role::Custom, 1.1253, 60.0), (Role::ExternalPerimeter, 0.45, 20.0), (Role::BridgeInfill, 0.4, 20.0)],
    );
    assert_eq!(file.metadata.generator.as_deref(), Some("PrusaSlicer 2.5.0+linux"));
    assert_eq!((file.metadata.time_s, file.metadata.filament_mm), (Some(3723.0), Some(123.45)));
    assert_eq!(file.metadata.setting("start_gcode"), Some("G28\\nM83"));
    let priming = roads(&file.toolpath).next().unwrap();
    assert_eq!(priming.z_mm, [0.3, 0.3], "the priming line keeps its own height");
}

#[test]
fn cura() {
    let file = check(
        ";FLAVOR:Marlin\n;TIME:6023\n;Filament used: 1.5m, 0.25m\n;Layer height: 0.2\n;Generated with Cura_SteamEngine 4.13.0\n\
         M82\nG92 E0\n;LAYER_COUNT:2\n;LAYER:0\nM107\nG1 F1500 E-6.5\nG0 F3600 X50 Y50 Z0.3\n;TYPE:WALL-INNER\nG1 F1500 E0\n\
         G1 F1800 X60 E0.5\nG1 Y60 E1\n;TYPE:SKIN\nG1 X50 E1.5\n;MESH:NONMESH\nG0 F3600 X10 Y10 Z0.5\n;LAYER:1\n;TYPE:WALL-OUTER\n\
         G1 F1200 X20 E2\n;TYPE:SUPPORT-INTERFACE\nG1 X30 E2.5\n;TIME_ELAPSED:6000\n",
        &[(0.3, 0.3), (0.5, 0.2)],
        &[
            (Role::Perimeter, 0.4653, 20.0),
            (Role::SolidInfill, 0.4653, 10.0),
            (Role::ExternalPerimeter, 0.6442, 10.0),
            (Role::SupportMaterialInterface, 0.6442, 10.0),
        ],
    );
    assert_eq!(file.metadata.generator.as_deref(), Some("Cura_SteamEngine 4.13.0"));
    assert_eq!((file.metadata.time_s, file.metadata.layers), (Some(6023.0), Some(2)));
    assert_eq!(file.metadata.filament_mm, Some(1750.0));
}

#[test]
fn orca_bambu_simplify3d_kisslicer_and_slic3r() {
    check(
        "; BambuStudio 01.08.00.57\n; CHANGE_LAYER\n; Z_HEIGHT: 0.2\n; LAYER_HEIGHT: 0.2\nM83\nG1 X0 Y0 Z.2\n; FEATURE: Outer wall\n\
         ; LINE_WIDTH: 0.42\nG1 X10 E.3\n; FEATURE: Sparse infill\n; LINE_WIDTH: 0.45\nG1 X20 E.4\n",
        &[(0.2, 0.2)],
        &[(Role::ExternalPerimeter, 0.42, 10.0), (Role::InternalInfill, 0.45, 10.0)],
    );
    check(
        "; G-Code generated by Simplify3D(R) Version 4.1.2\nM83\n; layer 1, Z = 0.180\n; feature skirt\n; tool H0.180 W0.480\nG1 Z0.18\n\
         G1 X5 Y5\nG1 X15 E.3\n; layer 2, Z = 0.380\n; feature outer perimeter\nG1 Z0.38\nG1 X5 E.3\n;   Build time: 1 hour 4 minutes\n",
        &[(0.18, 0.18), (0.38, 0.2)],
        &[(Role::Skirt, 0.48, 10.0), (Role::ExternalPerimeter, 0.48, 10.0)],
    );
    check(
        "; KISSlicer - FREE\nM83\n; BEGIN_LAYER_OBJECT z=0.250 z_thickness=0.250\nG1 X0 Y0 Z.25\n; 'Loop Path', 1.4 [feed mm/s], 30.0\n\
         G1 X10 E.4\n; 'Sparse Infill Path', 1.4 [feed mm/s]\nG1 X20 E.4\n",
        &[(0.25, 0.25)],
        &[(Role::Perimeter, 0.4385, 10.0), (Role::InternalInfill, 0.4385, 10.0)],
    );
    check(
        "; generated by Slic3r 1.3.0 on 2019-01-01\nM83\nG1 Z0.3 F3000 ; move to next layer (0)\nG1 X0 Y0 F7800 ; move to first skirt point\n\
         G1 X10 E.4 F1800 ; skirt\nG1 Z0.5 ; move to next layer (1)\nG1 X20 E.3 ; perimeter\nG1 X30 E.3 ; infill\n",
        &[(0.3, 0.3), (0.5, 0.2)],
        &[(Role::Skirt, 0.385, 10.0), (Role::Perimeter, 0.4036, 10.0), (Role::InternalInfill, 0.4036, 10.0)],
    );
}

#[test]
fn modes_units_and_homes() {
    // The same square four ways.
    for text in [
        "M82\nG1 X10 Y10 Z0.2\nG1 X20 E1\nG1 Y20 E2\nG1 X10 E3\nG1 Y10 E4\n",
        "M83\nG1 X10 Y10 Z0.2\ng1x20e1\nG1 Y20 E1\nX10 E1\nG1 Y10 E1\n",
        "G1 X10 Y10 Z0.2\nG91\nG1 X10 E1\nG1 Y10 E1\nG1 X-10 E1\nG1 Y-10 E1\n",
        "M83\nG20\nG92 X0\nG1 X0 Y0.3937007874 Z0.007874016\nG92 X0.3937007874\nG1 X0.7874015748 E.03937007874\n\
         G1 Y.7874015748 E.03937007874\nG1 X.3937007874 E.03937007874\nG1 Y0.3937007874 E.03937007874\n",
    ] {
        let file = file(text);
        let road = roads(&file.toolpath).next().unwrap();
        assert_eq!((roads(&file.toolpath).count(), road.points.len()), (1, 5), "{text}");
        assert!((volume(&file.toolpath) - 4.0 * 2.40528).abs() < 1e-4, "{text}");
        assert!((length(&road.points) - 40.0).abs() < 1e-3, "{text}");
    }
}

#[test]
fn arcs_become_chords_of_the_same_volume() {
    let circle = std::f64::consts::TAU * 10.0;
    for (text, expect) in [
        ("G1 X10 Y0 Z.2\nG3 X10 Y0 I-10 J0 E5", circle),
        ("G1 X10 Y0 Z.2\nG2 X0 Y-10 I-10 J0 E5", circle / 4.0),
        ("G1 X10 Y0 Z.2\nG3 X0 Y10 R10 E5", circle / 4.0),
        ("G1 X10 Y0 Z.2\nG3 X0 Y10 R-10 E5", circle / 4.0 * 3.0),
        ("G1 X10 Y0 Z.2\nG2 X0 Y10 R10 E5", circle / 4.0),
        ("G1 X10 Y0 Z.2\nG2 X30 Y0 R1 E5", 20.0),
    ] {
        let file = file(&format!("M83\n{text}\n"));
        let found: f64 = roads(&file.toolpath).map(|r| length(&r.points)).sum();
        assert!((found / expect - 1.0).abs() < 2e-3, "{text}: {found} {expect}");
        assert!((volume(&file.toolpath) - 5.0 * 2.40528).abs() < 1e-4, "{text}");
    }
}

#[test]
fn a_rising_wall_keeps_its_heights() {
    let mut text = String::from("M83\nG1 X10 Y0 Z0.2\n");
    for i in 1..=360 {
        let (sin, cos) = f64::from(i * 10).to_radians().sin_cos();
        text += &format!("G1 X{:.3} Y{:.3} Z{:.4} E.05\n", 10.0 * cos, 10.0 * sin, 0.2 + 0.2 * f64::from(i) / 36.0);
    }
    let file = file(&text);
    assert_eq!(file.toolpath.layers.len(), 10);
    let heights: Vec<f32> = roads(&file.toolpath).flat_map(|r| r.z_mm.iter().skip(1).copied()).collect();
    assert!(heights.len() == 360 && heights.is_sorted());
}

#[test]
fn garbage_gives_a_result_and_a_notice() {
    let endless = format!("G1 X1 Y1\n{}\nG1 X2 E1", "X".repeat(200_000));
    assert!(file(&endless).notices.iter().any(|n| n.message.contains("longer than")));
    let far = file(
        "M83\nG1 X1e9 Y-99999999 Z5\nG91\nG1 X99999999999999999999999 E1\nG1 X900000000 E1\nG2 I1e9 J9 E1\nG1 Xnan E1\n",
    );
    assert!(
        far.notices.iter().any(|n| n.message.contains("beyond"))
            && far.notices.iter().any(|n| n.message.contains("without a number"))
    );

    let more = [
        "T99999999999",
        "G21",
        "1e9",
        "999999999",
        ";TYPE:Skirt\n",
        ";HEIGHT:-1\n",
        ";LAYER:3\n",
        "; thumbnail begin 1x1 4\n",
        "; thumbnail end\n",
        "; AAAA\n",
        "M486 S0\n",
        "M486 S-1\n",
        "EXCLUDE_OBJECT_DEFINE NAME=a POLYGON=[[1,2],[\n",
        "; a = b\n",
    ];
    for bytes in nonsense::files(&more, 400, 600) {
        let _ = read(&bytes, &ReadOptions::default(), &Progress::new()).unwrap();
    }
}

#[test]
fn reading_can_be_stopped() {
    let progress = Progress::new();
    progress.cancel();
    assert_eq!(read(b"G1 X1", &ReadOptions::default(), &progress), Err(Canceled));
}

#[test]
fn hops_along_the_way_and_jerk_are_read_back() {
    let places = |places: &[(f64, f64)]| places.iter().map(|&(x, y)| Point::from_mm(x, y)).collect::<Vec<_>>();
    let road = |points: Vec<Point>| {
        Step::Extrude(Extrusion {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            feed_mm_per_s: 40.0,
            points,
            z_mm: Vec::new(),
        })
    };
    let slope = Travel {
        points: places(&[(30.0, 10.0), (34.0, 10.0), (50.0, 20.0)]),
        feed_mm_per_s: 150.0,
        wipe_retract_mm: 0.0,
        z_mm: vec![0.2, 0.6, 0.6],
    };
    let steps = vec![
        Step::MoveZ { z_mm: 0.2, feed_mm_per_s: 10.0 },
        Step::Jerk(7.5),
        road(places(&[(10.0, 10.0), (30.0, 10.0)])),
        Step::Retract { length_mm: 0.8, feed_mm_per_s: 35.0 },
        Step::Travel(slope.clone()),
        Step::MoveZ { z_mm: 0.2, feed_mm_per_s: 10.0 },
        Step::Unretract { length_mm: 0.8, feed_mm_per_s: 35.0 },
        Step::Jerk(4.0),
        road(places(&[(50.0, 20.0), (70.0, 20.0)])),
    ];
    let layers = vec![Layer { z_mm: 0.2, height_mm: 0.2, steps }];
    let toolpath =
        Toolpath { layers, filament_diameter_mm: 1.75, filament_density_g_per_cm3: 1.24, ..Toolpath::default() };
    for (dialect, line) in [
        (Dialect::Marlin, "M205 X7.5 Y7.5"),
        (Dialect::Klipper, "SET_VELOCITY_LIMIT SQUARE_CORNER_VELOCITY=7.5"),
        (Dialect::RepRapFirmware, "M566 X450 Y450"),
    ] {
        let settings = GcodeSettings { dialect, ..GcodeSettings::from(&Settings::default()) };
        let times = JobTimes::default();
        let job = Job { toolpath: &toolpath, settings: &settings, config: &[], times: &times, thumbnails: &[] };
        let written = write(&job, &Progress::new()).unwrap();
        let text = String::from_utf8(written.bytes).unwrap();
        assert_eq!(text.matches(line).count(), 1, "{text}");
        let back = read(text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap().toolpath;
        let steps = || back.layers.iter().flat_map(|l| &l.steps);
        assert_eq!(steps().filter(|s| matches!(s, Step::Jerk(j) if [7.5, 4.0].contains(j))).count(), 2);
        let hop =
            steps().find_map(|s| if let Step::Travel(t) = s { Some(t).filter(|t| !t.z_mm.is_empty()) } else { None });
        assert_eq!(hop, Some(&slope));
        let all_flat = roads(&back).all(|road| road.z_mm.is_empty());
        assert!(all_flat && roads(&back).count() == 2);
    }
}

#[test]
fn a_files_firmware_says_what_g90_does_to_the_extruder() {
    let moves = "M83\nG90\nG1 X10 Y10 F3000\n;TYPE:Perimeter\nG1 X20 E0.5\nG1 X30 E0.5\nG1 X40 E0.5\n";
    for (flavor, pushed_mm) in [("marlin2", 0.5), ("klipper", 1.5), ("reprapfirmware", 1.5), ("unknown", 0.5)] {
        let text = format!("{moves}; gcode_flavor = {flavor}\n");
        let back = read(text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap();
        let mm3 = pushed_mm * std::f64::consts::FRAC_PI_4 * 1.75 * 1.75;
        assert!((volume(&back.toolpath) - mm3).abs() < 1e-4, "{flavor}: {}", volume(&back.toolpath));
    }
}

#[test]
fn an_auxiliary_fan_is_read_back_and_a_chamber_is_no_nozzle() {
    let mut toolpath = varied();
    toolpath.layers[1].steps.insert(0, Step::AuxiliaryFan(0.6));
    for dialect in [Dialect::Marlin, Dialect::Klipper, Dialect::RepRapFirmware] {
        let read_back = |chamber_temperature: f64| {
            let settings = GcodeSettings { dialect, chamber_temperature, ..GcodeSettings::from(&Settings::default()) };
            let times = JobTimes::default();
            let job = Job { toolpath: &toolpath, settings: &settings, config: &[], times: &times, thumbnails: &[] };
            let written = write(&job, &Progress::new()).unwrap();
            read(&written.bytes, &ReadOptions::default(), &Progress::new()).unwrap().toolpath
        };
        let steps = |toolpath: &Toolpath, is_such: fn(&Step) -> bool| {
            toolpath.layers.iter().flat_map(|l| &l.steps).filter(|s| is_such(s)).cloned().collect::<Vec<_>>()
        };
        let (warm, cold) = (read_back(50.0), read_back(0.0));
        let fans = steps(&warm, |s| matches!(s, Step::AuxiliaryFan(_)));
        assert!(matches!(fans[..], [Step::AuxiliaryFan(share)] if (share - 0.6).abs() < 1e-3), "{dialect:?}: {fans:?}");
        let nozzle = |toolpath: &Toolpath| steps(toolpath, |s| matches!(s, Step::NozzleTemperature(_)));
        assert_eq!(nozzle(&warm), nozzle(&cold), "{dialect:?}");
    }
}
