//! What a written file promises: the filament of the toolpath to the last digit, lines that firmware takes, the same
//! bytes every time.

use super::*;
use crate::geometry::Point;
use crate::progress::Progress;
use crate::toolpath::{Extrusion, Layer, ObjectLabel, Role, Step, Toolpath, Travel, road_area_mm2};

fn settings() -> GcodeSettings {
    GcodeSettings::from(&crate::settings::Settings::default())
}

/// A ring of short, odd-angled segments, printed over a retraction and a z-hop on every layer.
fn rings(layers: usize) -> Toolpath {
    let ring: Vec<Point> = (0..=90)
        .map(|i| {
            let (sin, cos) = (f64::from(i % 90) * 4.0).to_radians().sin_cos();
            Point::from_mm(100.0 + 7.3 * cos, 110.0 + 7.3 * sin)
        })
        .collect();
    let seam = *ring.first().unwrap();
    let away = Point::from_mm(120.0, 20.0);
    let layers = (0..layers).map(|i| {
        let z_mm = 0.2 * (i + 1) as f32;
        let road = Extrusion {
            role: if i % 2 == 0 { Role::ExternalPerimeter } else { Role::Perimeter },
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: road_area_mm2(0.45, 0.2) as f32,
            feed_mm_per_s: 40.0,
            points: ring.clone(),
            z_mm: Vec::new(),
        };
        let steps = vec![
            Step::Acceleration(800.0),
            Step::MoveZ { z_mm, feed_mm_per_s: 10.0 },
            Step::Travel(Travel::level(vec![away, seam], 150.0)),
            Step::Unretract { length_mm: if i == 0 { 0.0 } else { 0.8 }, feed_mm_per_s: 35.0 },
            Step::Fan(0.5),
            Step::ObjectStart(0),
            Step::Extrude(road),
            Step::ObjectEnd(0),
            Step::Retract { length_mm: 0.3, feed_mm_per_s: 35.0 },
            Step::Travel(Travel { points: ring.clone(), feed_mm_per_s: 60.0, wipe_retract_mm: 0.5, z_mm: Vec::new() }),
            Step::MoveZ { z_mm: z_mm + 0.4, feed_mm_per_s: 10.0 },
            Step::Acceleration(1500.0),
            Step::Travel(Travel::level(vec![seam, away], 150.0)),
        ];
        Layer { z_mm, height_mm: 0.2, steps }
    });
    Toolpath {
        layers: layers.collect(),
        objects: vec![ObjectLabel { name: "Ring, Größe 2".into(), outline: ring.clone() }],
        filament_diameter_mm: 1.75,
        filament_density_g_per_cm3: 1.24,
    }
}

fn written(toolpath: &Toolpath, settings: &GcodeSettings) -> Written {
    let config = vec![("layer_height".to_owned(), "0.2".to_owned()), ("notes".to_owned(), "a\nÄ".to_owned())];
    let times = JobTimes { layer_end_s: (1..=toolpath.layers.len()).map(|i| 61.5 * i as f64).collect() };
    let thumbnails = [Thumbnail { width: 16, height: 16, png: (0..200).collect() }];
    let job = Job { toolpath, settings, config: &config, times: &times, thumbnails: &thumbnails };
    write(&job, &Progress::new()).unwrap()
}

fn text(written: &Written) -> &str {
    std::str::from_utf8(&written.bytes).unwrap()
}

/// Sum of all `E` words of moves in units of 1e-5 mm, read with the simplest of means.
fn filament(text: &str) -> i64 {
    let (mut sum, mut last, mut relative) = (0i64, 0i64, false);
    for line in text.lines() {
        match line {
            _ if line.starts_with("M83") => relative = true,
            _ if line.starts_with("M82") => relative = false,
            "G92 E0" => last = 0,
            _ => {
                let Some(word) = line
                    .split(' ')
                    .find_map(|w| w.strip_prefix('E'))
                    .filter(|_| ["G1", "G2", "G3"].iter().any(|command| line.starts_with(command)))
                else {
                    continue;
                };
                let e = (word.parse::<f64>().unwrap() * 1e5).round() as i64;
                sum += if relative { e } else { e - last };
                last = e;
            }
        }
    }
    sum
}

#[test]
fn the_e_words_sum_to_the_volume_of_the_toolpath() {
    let toolpath = rings(40);
    let area = std::f64::consts::FRAC_PI_4 * 1.75 * 1.75;
    let mut volume = 0.0;
    let mut strokes = 0.0;
    for step in toolpath.layers.iter().flat_map(|l| &l.steps) {
        match step {
            Step::Extrude(e) => {
                let length: f64 = e.points.windows(2).map(|p| p[0].distance_mm(p[1])).sum();
                volume += length * f64::from(e.flow_mm3_per_mm);
            }
            Step::Retract { length_mm, .. } => strokes -= f64::from(*length_mm),
            Step::Unretract { length_mm, .. } => strokes += f64::from(*length_mm),
            Step::Travel(t) => strokes -= f64::from(t.wipe_retract_mm),
            _ => {}
        }
    }
    for relative in [true, false] {
        let settings = GcodeSettings { use_relative_e_distances: relative, ..settings() };
        let file = written(&toolpath, &settings);
        let e_mm = filament(text(&file)) as f64 / 1e5;
        // Half of the last digit, however many words there are.
        assert!((e_mm - (volume / area + strokes)).abs() < 1e-5, "{e_mm} {}", volume / area + strokes);
        assert!((file.totals.extruded_mm3 / volume - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_road_too_short_for_the_resolution_still_gives_its_filament() {
    let mut toolpath = rings(2);
    let dust: Vec<Point> = (0..2000).map(|i| Point::new(10_000_000 + i % 2, 11_000_000)).collect();
    for layer in &mut toolpath.layers {
        let road = layer.steps.iter_mut().find_map(|s| if let Step::Extrude(e) = s { Some(e) } else { None }).unwrap();
        road.points.clone_from(&dust);
    }
    let file = written(&toolpath, &settings());
    let expect = 2.0 * 1999.0 * 1e-5 * f64::from(road_area_mm2(0.45, 0.2) as f32) / 2.405_281_9 + 0.8 - 1.6;
    assert!((filament(text(&file)) as f64 / 1e5 - expect).abs() < 2e-5, "{}", filament(text(&file)));
}

#[test]
fn lines_are_short_ascii_without_a_zero_feed() {
    for dialect in [Dialect::Marlin, Dialect::Klipper, Dialect::RepRapFirmware] {
        let settings = GcodeSettings { dialect, gcode_label_objects: true, ..settings() };
        let file = written(&rings(3), &settings);
        let text = text(&file);
        assert!(text.is_ascii());
        for line in text.lines() {
            assert!(line.len() <= dialect.max_line_bytes(), "{line}");
            assert!(!line.contains("nan") && !line.ends_with(" F0") && line.trim_end() == line, "{line}");
        }
    }
}

#[test]
fn hosts_and_viewers_find_what_they_look_for() {
    let file = written(&rings(3), &settings());
    let text = text(&file);
    for expect in [
        "; generated by Fabbro ",
        "; thumbnail begin 16x16 268\n; ",
        "\n; thumbnail end\n",
        "\n;LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.2\n;BEFORE_LAYER_CHANGE\n;0.2\n",
        "\n;AFTER_LAYER_CHANGE\n;0.4\n",
        "\n;TYPE:External perimeter\n;WIDTH:0.45\n",
        "\nM73 P0 R3\n",
        "\nM73 P33 R2\n",
        "\nM204 P800\n",
        "\nM204 T1500\n",
        "\nM106 S128\n",
        "\n; estimated printing time (normal mode) = 3m 5s\n",
        "\n; filament used [mm] = ",
        "\n; filament used [cm3] = ",
        "\n; filament used [g] = ",
        "\n; total layers count = 3\n",
        "\n; fabbro_config = begin\n; layer_height = 0.2\n; notes = a\\n\\u{c4}\n; fabbro_config = end\n",
    ] {
        assert!(text.contains(expect), "{expect:?} is missing in\n{text}");
    }
    assert!(!text.contains("M486"), "labels are off");
}

#[test]
fn each_dialect_spells_labels_and_limits_its_own_way() {
    for (dialect, expect) in [
        (Dialect::Marlin, ["M486 T1\n", "\nM486 S0\n", "\nM486 S-1\n", "\nM204 P800\n"]),
        (
            Dialect::RepRapFirmware,
            ["M486 S0 A\"Ring__Gr__e_2_id_0\"\n", "\nM486 S0\n", "\nM486 S-1\n", "\nM204 T1500\n"],
        ),
        (
            Dialect::Klipper,
            [
                "EXCLUDE_OBJECT_DEFINE NAME=Ring__Gr__e_2_id_0 CENTER=100,110 POLYGON=[[",
                "\nEXCLUDE_OBJECT_START NAME=Ring__Gr__e_2_id_0\n",
                "\nEXCLUDE_OBJECT_END NAME=Ring__Gr__e_2_id_0\n",
                "\nSET_VELOCITY_LIMIT ACCEL=1500\n",
            ],
        ),
    ] {
        let settings = GcodeSettings { dialect, gcode_label_objects: true, ..settings() };
        let file = written(&rings(2), &settings);
        for expect in expect {
            assert!(text(&file).contains(expect), "{dialect:?}: {expect:?} is missing in\n{}", text(&file));
        }
    }
}

#[test]
fn the_machine_is_heated_before_and_cold_after_whatever_the_templates_do() {
    let has = |start: &str, end: &str, present: &[&str], absent: &[&str]| {
        let settings = GcodeSettings { start_gcode: start.into(), end_gcode: end.into(), ..settings() };
        let file = written(&rings(1), &settings);
        for line in present {
            assert!(text(&file).lines().any(|l| l == *line), "{line} is missing with {start:?} {end:?}");
        }
        for line in absent {
            assert!(!text(&file).lines().any(|l| l == *line), "{line} is there with {start:?} {end:?}");
        }
    };
    has("", "", &["M140 S60", "M104 S215", "M190 S60", "M109 S215", "M104 S0", "M140 S0", "M84"], &[]);
    has("G28\nM109 S200", "M104 S0", &["M190 S60", "M140 S0", "M84"], &["M104 S215", "M109 S215"]);
    has("PRINT_START", "PRINT_END", &["PRINT_START"], &["M109 S215", "M190 S60", "M104 S0", "M84"]);
    has("M190 S50\nM109 S190", "M104 S0\nM140 S0\nM84", &[], &["M109 S215", "M190 S60", "M107"]);
}

#[test]
fn templates_see_settings_and_the_job() {
    let settings = GcodeSettings {
        start_gcode: "M117 {layer_height} {first_layer_print_min[0]} {total_layer_count}".into(),
        before_layer_gcode: ";before [layer_num]".into(),
        layer_gcode: ";{if layer_z>0.3}high{else}low{endif}".into(),
        end_gcode: "G1 Z{max_layer_z+10} F600".into(),
        ..settings()
    };
    let file = written(&rings(2), &settings);
    for expect in ["\nM117 0.2 92.7", "\n;before 0\n", "\n;before 1\n", "\n;low\n", "\n;high\n", "\nG1 Z10.4 F600\n"] {
        assert!(text(&file).contains(expect), "{expect:?}");
    }
    let broken = GcodeSettings { layer_gcode: "\n{layer_hight}".into(), ..settings };
    let job = Job {
        toolpath: &rings(2),
        settings: &broken,
        config: &[("layer_height".into(), "0.2".into())],
        times: &JobTimes::default(),
        thumbnails: &[],
    };
    let error = write(&job, &Progress::new()).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot fill in `layer_gcode`, line 2: there is no placeholder `layer_hight`; did you mean `layer_height`?"
    );
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let toolpath = rings(300);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| written(&toolpath, &settings()))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));
}

#[test]
fn numbers_no_machine_can_follow_are_refused() {
    for (spoil, expect) in [
        ((|e: &mut Extrusion| e.feed_mm_per_s = f32::NAN) as fn(&mut Extrusion), "layer 2: feed is NaN"),
        (|e| e.feed_mm_per_s = 0.0, "layer 2: feed is 0"),
        (|e| e.flow_mm3_per_mm = f32::INFINITY, "layer 2: flow is inf"),
        (|e| e.flow_mm3_per_mm = -0.1, "layer 2: flow is -0.1"),
        (|e| e.z_mm = vec![f32::NAN; e.points.len()], "layer 2: z is NaN"),
    ] {
        let mut toolpath = rings(3);
        for step in &mut toolpath.layers[1].steps {
            if let Step::Extrude(road) = step {
                spoil(road);
            }
        }
        let settings = settings();
        let times = JobTimes::default();
        let job = Job { toolpath: &toolpath, settings: &settings, config: &[], times: &times, thumbnails: &[] };
        let error = write(&job, &Progress::new()).unwrap_err().to_string();
        assert!(error.starts_with(expect), "{error}");
    }
}

#[test]
fn a_rising_wall_is_written_with_its_heights() {
    let mut toolpath = rings(1);
    for step in &mut toolpath.layers[0].steps {
        if let Step::Extrude(road) = step {
            road.z_mm = (0..road.points.len()).map(|i| 0.2 + 0.2 * i as f32 / 90.0).collect();
        }
    }
    let file = written(&toolpath, &settings());
    let heights: Vec<f64> = (text(&file).lines())
        .filter(|l| l.starts_with("G1") && l.contains(" X") && l.contains(" Z"))
        .map(|l| l.split(' ').find_map(|w| w.strip_prefix('Z')).unwrap().parse().unwrap())
        .collect();
    assert_eq!((heights.len(), heights.last()), (90, Some(&0.4)));
    assert!(heights.is_sorted());
}

/// The places that a file's moves pass through while they lay material, arcs in fine chords, and the number of its moves.
fn laid(text: &str) -> (Vec<[f64; 2]>, usize) {
    let (mut at, mut places, mut moves) = ([0.0f64; 2], Vec::new(), 0);
    for line in text.lines().filter(|l| ["G1 ", "G2 ", "G3 "].iter().any(|command| l.starts_with(command))) {
        let word = |letter: char| line.split(' ').find_map(|w| w.strip_prefix(letter)?.parse::<f64>().ok());
        let to = [word('X').unwrap_or(at[0]), word('Y').unwrap_or(at[1])];
        let lays = word('E').is_some_and(|e| e > 0.0) && to != at;
        moves += usize::from(to != at);
        if lays && let (Some(i), Some(j)) = (word('I'), word('J')) {
            let centre = [at[0] + i, at[1] + j];
            let angle = |p: [f64; 2]| (p[1] - centre[1]).atan2(p[0] - centre[0]);
            let sign = if line.starts_with("G2") { -1.0 } else { 1.0 };
            let sweep = (sign * (angle(to) - angle(at))).rem_euclid(std::f64::consts::TAU);
            places.extend((1..64).map(|k| {
                let (sin, cos) = (angle(at) + sign * sweep * f64::from(k) / 64.0).sin_cos();
                [centre[0] + i.hypot(j) * cos, centre[1] + i.hypot(j) * sin]
            }));
        }
        if lays {
            places.push(to);
        }
        at = to;
    }
    (places, moves)
}

#[test]
fn arcs_make_a_file_shorter_and_change_neither_its_way_nor_its_filament() {
    let toolpath = rings(6);
    for relative in [true, false] {
        let lines = GcodeSettings { use_relative_e_distances: relative, ..settings() };
        let arcs = GcodeSettings { arc_tolerance_mm: 0.0125, ..lines.clone() };
        let (lines, arcs) = (written(&toolpath, &lines), written(&toolpath, &arcs));
        assert_eq!(filament(text(&lines)), filament(text(&arcs)));
        assert_eq!(lines.totals, arcs.totals);
        assert!(arcs.bytes.len() * 2 < lines.bytes.len());
        let (places, moves) = laid(text(&arcs));
        assert!(laid(text(&lines)).1 > 20 * moves, "{moves} moves");
        for [x, y] in &places {
            let radius = (x - 100.0).hypot(y - 110.0);
            assert!((radius - 7.3).abs() < 0.0125, "{radius}");
        }
        // All around, and what every reader makes of it is the same.
        for quadrant in [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]] {
            assert!(places.iter().any(|[x, y]| (x - 100.0) * quadrant[0] > 4.0 && (y - 110.0) * quadrant[1] > 4.0));
        }
        let options = crate::gcode::ReadOptions::default();
        let back = |bytes: &[u8]| crate::gcode::read(bytes, &options, &Progress::new()).unwrap().toolpath;
        let volume = |t: &Toolpath| -> f64 {
            let road = |e: &Extrusion| {
                e.points.windows(2).map(|p| p[0].distance_mm(p[1])).sum::<f64>() * f64::from(e.flow_mm3_per_mm)
            };
            t.layers.iter().flat_map(|l| &l.steps).map(|s| if let Step::Extrude(e) = s { road(e) } else { 0.0 }).sum()
        };
        let (a, b) = (volume(&back(&lines.bytes)), volume(&back(&arcs.bytes)));
        assert!((a / b - 1.0).abs() < 1e-5, "{a} and {b} mm³");
    }
}

#[test]
fn a_chamber_is_warm_before_the_print_and_cold_after_it() {
    let klipper = (
        "SET_HEATER_TEMPERATURE HEATER=chamber TARGET=60",
        "TEMPERATURE_WAIT SENSOR=\"heater_generic chamber\" MINIMUM=45",
        "SET_HEATER_TEMPERATURE HEATER=chamber TARGET=0",
    );
    let numbered = ("M141 S60", "M191 S45", "M141 S0");
    for (dialect, (set, wait, off)) in
        [(Dialect::Marlin, numbered), (Dialect::RepRapFirmware, numbered), (Dialect::Klipper, klipper)]
    {
        let settings =
            GcodeSettings { dialect, chamber_temperature: 60.0, chamber_minimal_temperature: 45.0, ..settings() };
        let file = written(&rings(1), &settings);
        let lines: Vec<&str> = text(&file).lines().collect();
        let places = |line: &str| -> Vec<usize> {
            lines.iter().enumerate().filter(|(_, l)| **l == line).map(|(i, _)| i).collect()
        };
        let print = lines.iter().position(|l| *l == ";LAYER_CHANGE").unwrap();
        let (set, wait, off) = (places(set), places(wait), places(off));
        assert!(wait.len() == 1 && off.len() == 1, "{dialect:?}: {wait:?} {off:?}");
        // It heats while the bed does, and what was waited for is not what it stays at.
        assert!(set[0] < wait[0] && set.iter().all(|line| *line < print), "{dialect:?}: {set:?}");
        assert_eq!(set.iter().any(|line| *line > wait[0]), dialect != Dialect::Klipper, "{dialect:?}: {set:?}");
        assert!(off[0] > print, "{dialect:?}");
        let own = GcodeSettings { start_gcode: lines[set[0]].into(), end_gcode: lines[off[0]].into(), ..settings };
        let own = written(&rings(1), &own);
        let count = |line: &str| text(&own).lines().filter(|l| *l == line).count();
        assert_eq!((count(lines[set[0]]), count(lines[wait[0]]), count(lines[off[0]])), (1, 0, 1), "{dialect:?}");
    }
}
