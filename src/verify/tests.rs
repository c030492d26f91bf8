//! A good file passes without a word, and every rule catches the fault that was put into it.

use super::*;
use crate::gcode::nonsense;
use crate::gcode::{GcodeSettings, Job, JobTimes, write};
use crate::geometry::Point;
use crate::report::Severity;
use crate::settings::Settings;
use crate::toolpath::{Extrusion, Layer, ObjectLabel, Travel, road_area_mm2};

const START: &str = "G28\nM190 S[first_layer_bed_temperature]\nM109 S[first_layer_temperature]\nG1 Z0.3 F600\nG1 X5 Y-3 F3000\n\
                     G1 X60 E9 F1000\n";
const END: &str = "M104 S0\nM140 S0\nM107\nG1 X0 Y210 F3000\nM84\n";

fn settings() -> Settings {
    Settings { start_gcode: START.into(), end_gcode: END.into(), retract_length: 0.8, ..Settings::default() }
}

/// Three layers of two squares, with retractions, wipes and hops between them.
fn toolpath() -> Toolpath {
    let layers = (0..3).map(|i| {
        let z_mm = 0.2 * (i + 1) as f32;
        let mut steps = Vec::new();
        for x in [50.0, 120.0] {
            let square: Vec<Point> = [(0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (0.0, 30.0), (0.0, 0.0)]
                .map(|(dx, dy)| Point::from_mm(x + dx, 80.0 + dy))
                .into();
            let near = Point::from_mm(x + 1.0, 80.0);
            steps.extend([
                Step::MoveZ { z_mm: z_mm + 0.4, feed_mm_per_s: 10.0 },
                Step::Travel(Travel {
                    points: vec![near, square[0]],
                    feed_mm_per_s: 150.0,
                    wipe_retract_mm: 0.0,
                    z_mm: Vec::new(),
                }),
                Step::MoveZ { z_mm, feed_mm_per_s: 10.0 },
                Step::Unretract { length_mm: if i == 0 && x < 100.0 { 0.0 } else { 0.8 }, feed_mm_per_s: 35.0 },
                Step::ObjectStart(u16::from(x > 100.0)),
                Step::Extrude(Extrusion {
                    role: Role::ExternalPerimeter,
                    width_mm: 0.45,
                    height_mm: 0.2,
                    flow_mm3_per_mm: road_area_mm2(0.45, 0.2) as f32,
                    feed_mm_per_s: 60.0,
                    points: square.clone(),
                    z_mm: Vec::new(),
                }),
                Step::ObjectEnd(u16::from(x > 100.0)),
                Step::Retract { length_mm: 0.5, feed_mm_per_s: 35.0 },
                Step::Travel(Travel {
                    points: vec![square[0], near],
                    feed_mm_per_s: 60.0,
                    wipe_retract_mm: 0.3,
                    z_mm: Vec::new(),
                }),
            ]);
        }
        Layer { z_mm, height_mm: 0.2, steps }
    });
    Toolpath {
        layers: layers.collect(),
        objects: ["a", "b"].map(|name| ObjectLabel { name: name.into(), outline: Vec::new() }).into(),
        filament_diameter_mm: 1.75,
        filament_density_g_per_cm3: 1.24,
    }
}

fn file(settings: &Settings) -> String {
    let config = ["first_layer_bed_temperature", "first_layer_temperature"].map(|k| (k.to_owned(), "60".to_owned()));
    let mut config = config.to_vec();
    config[1].1 = "215".into();
    let toolpath = toolpath();
    let gcode = GcodeSettings { gcode_label_objects: true, ..GcodeSettings::from(settings) };
    let times = JobTimes::default();
    let job = Job { toolpath: &toolpath, settings: &gcode, config: &config, times: &times, thumbnails: &[] };
    String::from_utf8(write(&job, &Progress::new()).unwrap().bytes).unwrap()
}

fn judge(text: &str, policy: Policy) -> VerifyReport {
    let options = VerifyOptions { policy, expected_volume_mm3: None };
    verify(text.as_bytes(), &Limits::from(&settings()), &options, &Progress::new()).unwrap()
}

/// Whether a file has a finding of a rule at a severity.
#[track_caller]
fn check(text: &str, rule: Rule, severity: Severity) {
    let report = judge(text, Policy::Own);
    let found = report.findings.iter().any(|f| (f.rule, f.severity) == (rule, severity));
    assert!(found, "{rule:?} {severity:?} is not among {:#?}", report.findings);
}

#[test]
fn our_own_files_pass_under_every_policy() {
    for flavor in [
        crate::settings::GcodeFlavor::Marlin,
        crate::settings::GcodeFlavor::Klipper,
        crate::settings::GcodeFlavor::RepRapFirmware,
    ] {
        for use_relative_e_distances in [true, false] {
            let settings = Settings { gcode_flavor: flavor, use_relative_e_distances, ..settings() };
            let text = file(&settings);
            let volume = printed_volume_mm3(&toolpath());
            let options = VerifyOptions { policy: Policy::Remote, expected_volume_mm3: Some(volume) };
            let limits = Limits::from(&settings);
            let report = verify(text.as_bytes(), &limits, &options, &Progress::new()).unwrap();
            // The priming line on the rim is worth a note.
            let worst = report.findings.iter().map(|f| f.severity).max();
            assert!(report.passes() && worst == Some(Severity::Note), "{:#?}", report.findings);
            assert!((report.totals.printed_mm3 / volume - 1.0).abs() < 1e-6);
            assert_eq!((report.totals.layers, report.totals.max_nozzle_temperature), (3, 215.0));
            assert_eq!(report.totals.printed_min_mm, Some([50.0, 80.0, 0.2]));
            let melt = road_area_mm2(0.45, 0.2) * 60.0;
            assert!((report.totals.peak_melt_rate_mm3_per_s / melt - 1.0).abs() < 0.01);
        }
    }
}

#[test]
fn each_rule_catches_its_fault() {
    let good = file(&settings());
    let edit = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} is not in\n{good}");
        good.replacen(from, to, 1)
    };
    for (from, to, rule) in [
        ("G1 X150 E", "G1 X250 E", Rule::BuildVolume),
        ("G1 X80 E", "G1 X-3 E", Rule::BuildVolume),
        ("G1 X60 E9", "G1 X60 Y-30 E9", Rule::BuildVolume),
        ("G1 X120 F9000", "G1 X120 Y300 F9000\nG1 X120 Y80", Rule::BuildVolume),
        ("G1 Z0.2 ", "G1 Z-0.2 ", Rule::BelowPlate),
        ("M109 S215", "M104 S215", Rule::ColdExtrusion),
        ("M109 S215", "M109 S120", Rule::ColdExtrusion),
        ("M109 S215\n", "", Rule::ColdExtrusion),
        (";LAYER_CHANGE\n;Z:0.4", "M104 S0\n;LAYER_CHANGE\n;Z:0.4", Rule::ColdExtrusion),
        ("M109 S215", "M109 S315", Rule::Temperature),
        ("M190 S60", "M190 S160", Rule::Temperature),
        ("M109 S215", "M109 Snan", Rule::Number),
        ("G1 E0.8", "G1 E0.1", Rule::Retracted),
        ("G1 E0.8", "G1 F2100\n; G1 E0.8", Rule::Retracted),
        ("G1 E0.8", "G10\nG1 E0.8", Rule::Retracted),
        ("G1 Z0.4 ", "; G1 Z0.4 ", Rule::Lifted),
        ("G1 Z0.4 ", "G1 Z0.45 ", Rule::Lifted),
        ("G1 Z0.2 ", "G1 Z5 ", Rule::Lifted),
        (" F3600", " F20000", Rule::MeltRate),
        (" F3600", " F30000", Rule::Feed),
        ("Y80 F9000", "Y80 F90000", Rule::Feed),
        (" F3600", " F0", Rule::Feed),
        ("G1 X80 E", "G1 Xnan E", Rule::Number),
        ("G1 X80 E", "G1 X8.0.1 E", Rule::Number),
        ("G1 X80 E", "G1 X1e9 E", Rule::Number),
        ("G1 X80 E", "G1 X99999999 E", Rule::Number),
        ("G1 X80 E", "\u{1}\u{2}garbage\nG1 X80 E", Rule::Number),
        ("G1 X80 E", "G2 X80 I3 J9 E", Rule::Arc),
        ("G1 X80 E", "G2 X80 E", Rule::Arc),
        ("G1 X80 E", "G3 X80 R5 E", Rule::Arc),
        ("M104 S0\n", "", Rule::HeatersOff),
        ("M140 S0\n", "", Rule::HeatersOff),
        ("\n;Z:0.4", "\nM84\n;Z:0.4", Rule::MotorsOff),
    ] {
        let text = edit(from, to);
        let report = judge(&text, Policy::Own);
        let caught = report.findings.iter().any(|f| (f.rule, f.severity) == (rule, Severity::Error));
        assert!(caught && !report.passes(), "{from:?} -> {to:?}: {:#?}", report.findings);
    }
    let long = edit("G28", &format!("M117 {}\nG28", "x".repeat(100)));
    check(&long, Rule::LineLength, Severity::Error);
    check(&edit("G28", &format!("M117 {}\nG28", "x".repeat(80))), Rule::LineLength, Severity::Warning);
    check(&edit("M84\n", ""), Rule::MotorsOff, Severity::Warning);
    check(&edit("G28\n", ""), Rule::Homing, Severity::Warning);
    check(&edit("G28\n", "G28\nSTART_ALL\n"), Rule::Macro, Severity::Note);
    check(&edit(";Z:0.4", "G92 X10\n;Z:0.4"), Rule::Offset, Severity::Warning);
    check("G28\nG1 X10 Y10 F3000\n", Rule::Empty, Severity::Warning);
}

#[test]
fn material_that_is_missing_is_missed() {
    let good = file(&settings());
    let options = VerifyOptions { policy: Policy::Own, expected_volume_mm3: Some(printed_volume_mm3(&toolpath())) };
    let limits = Limits::from(&settings());
    let line = good.lines().find(|l| l.starts_with("G1 X80 E")).unwrap();
    let report = verify(good.replacen(line, "G1 X80", 1).as_bytes(), &limits, &options, &Progress::new()).unwrap();
    assert!(report.has(Rule::Volume) && !report.passes());
}

#[test]
fn a_plate_may_be_round_and_have_parts_that_stay_free() {
    let good = file(&settings());
    let judge = |limits: &Limits| {
        verify(good.as_bytes(), limits, &VerifyOptions::default(), &Progress::new()).unwrap().passes()
    };
    let circle = |radius: f64| -> Vec<[f64; 2]> {
        (0..90)
            .map(|i| f64::from(i * 4).to_radians().sin_cos())
            .map(|(s, c)| [100.0 + radius * c, 95.0 + radius * s])
            .collect()
    };
    let limits = |bed_mm, excluded_mm| Limits { bed_mm, excluded_mm, ..Limits::from(&settings()) };
    assert!(judge(&limits(circle(140.0), Vec::new())));
    assert!(!judge(&limits(circle(40.0), Vec::new())));
    let corner = vec![[145.0, 105.0], [160.0, 105.0], [160.0, 120.0], [145.0, 120.0]];
    let across = vec![[60.0, 79.0], [70.0, 79.0], [70.0, 81.0], [60.0, 81.0]];
    let inside = vec![[60.0, 90.0], [70.0, 90.0], [70.0, 100.0], [60.0, 100.0]];
    let bed = settings().bed_shape;
    assert!(!judge(&limits(bed.clone(), vec![corner])));
    assert!(!judge(&limits(bed.clone(), vec![across])));
    assert!(judge(&limits(bed, vec![inside])), "nothing is printed inside the square");
}

#[test]
fn arcs_are_judged_by_their_way() {
    let good = file(&settings()).replace("G1 X5 Y-3", "G1 X130 Y5").replace("G1 X60 E9", "G1 X190 E9");
    // From the first square's corner at X 50 Y 80 along its edge, by another way.
    let leaves = |arc: &str, limits: &Limits| {
        let text = good.replace("G1 X80 E", &format!("{arc} E"));
        let report = verify(text.as_bytes(), limits, &VerifyOptions::default(), &Progress::new()).unwrap();
        report.findings.iter().any(|f| (f.rule, f.severity) == (Rule::BuildVolume, Severity::Error))
    };
    let (straight, below, above) = ("G1 X80", "G3 X80 Y80 I15 J0", "G2 X80 Y80 I15 J0");
    // A half circle around X 65 Y 80 passes Y 65 or Y 95, and not what lies on its chord.
    for (y, expect) in [(79.0, [true, false, false]), (64.0, [false, true, false]), (94.0, [false, false, true])] {
        let area = vec![[64.0, y], [66.0, y], [66.0, y + 2.0], [64.0, y + 2.0]];
        let limits = Limits { excluded_mm: vec![area], ..Limits::from(&settings()) };
        assert_eq!([straight, below, above].map(|way| leaves(way, &limits)), expect, "{y}");
    }
    // A plate whose corner is cut off between the arc's outermost places in X and in Y.
    let cut = Limits {
        bed_mm: vec![[127.0, 0.0], [220.0, 0.0], [220.0, 220.0], [0.0, 220.0], [0.0, 127.0]],
        ..Limits::from(&settings())
    };
    assert_eq!([straight, below, above].map(|way| leaves(way, &cut)), [false, true, false]);
}

#[test]
fn priming_on_the_plate_is_not_part_of_the_print() {
    let text = file(&settings()).replace("G1 X5 Y-3 F3000", "G1 X5 Y3 F3000");
    let report = judge(&text, Policy::Own);
    assert_eq!((report.findings.len(), report.totals.printed_min_mm), (0, Some([50.0, 80.0, 0.2])));
}

#[test]
fn files_without_layer_comments_and_with_macros_are_judged_too() {
    let bare: String = file(&settings()).lines().filter(|l| !l.starts_with(';')).map(|l| format!("{l}\n")).collect();
    let report = judge(&bare, Policy::Own);
    assert!(report.passes(), "{:#?}", report.findings);
    assert_eq!(report.totals.layers, 3);
    check(&bare.replace("G1 Z0.4 ", "G1 Z9 "), Rule::Lifted, Severity::Error);

    let klipper = "PRINT_START BED=60 EXTRUDER=215\nM83\nG1 Z0.2 F600\nG1 X10 Y10 F3000\nG1 X60 E2\nPRINT_END\n";
    let report = judge(klipper, Policy::Own);
    assert!(report.passes() && report.count(Severity::Warning) == 0, "{:#?}", report.findings);
    check(klipper.strip_suffix("PRINT_END\n").unwrap(), Rule::HeatersOff, Severity::Warning);
}

#[test]
fn tools_that_share_a_nozzle_are_hot() {
    let text = file(&settings()).replacen("G1 X80 E", "T2\nG1 X80 E", 1);
    assert!(judge(&text, Policy::Own).passes());
    let two = text.replacen("M109 S215", "M109 S215\nM104 T2 S0", 1);
    check(&two, Rule::ColdExtrusion, Severity::Error);
}

#[test]
fn a_job_from_elsewhere_holds_only_what_a_print_needs() {
    let good = file(&settings());
    for line in [
        "M112",
        "M500",
        "M502",
        "M92 X80",
        "M301 P1",
        "M851 Z-1",
        "M206 X1",
        "M211 S0",
        "M302 P1",
        "M997",
        "M28 x.g",
        "M30 x.g",
        "M98 P\"x\"",
        "M587 S\"wifi\"",
        "M118 A1 action:cancel",
        "M42 P1 S255",
        "M3 S1000",
        "M600",
        "M0",
        "M1",
        "M226",
        "M81",
        "M999",
        "G53 X1",
        "G10 L2 P1 X5",
        "G10 P1 X5",
        "G28",
        "G28 Z",
        "G29",
        "G92 X0",
        "G92",
        "SET_HEATER_TEMPERATURE HEATER=chamber TARGET=99",
        "G4 P99999999",
        "G38.2 Z-1",
        "SAVE_CONFIG",
        "RUN_SHELL_COMMAND CMD=x",
        "SDCARD_PRINT_FILE FILENAME=x",
        "UPDATE_DELAYED_GCODE ID=x",
        "SET_KINEMATIC_POSITION X=0",
        "FORCE_MOVE STEPPER=x",
        "FIRMWARE_RESTART",
        "SET_VELOCITY_LIMIT ACCEL=99999",
        "SET_VELOCITY_LIMIT ACCEL=x",
        "SET_VELOCITY_LIMIT VELOCITY=9999",
        "M201 X99999",
        "M420 S1",
        "M204 S99999",
        "M205 X900",
        "M566 Y60000",
        "SET_VELOCITY_LIMIT SQUARE_CORNER_VELOCITY=900",
        "M203 X9999",
        "M220 S900",
        "M221 S500",
        "echo >\"config.g\" \"x\"",
        "while true",
        "rm x",
        "$X",
        "[ESP220]",
        "@pause",
        ";@pause",
        "N5 M105*1",
        "M105*44",
        "G1 X10 (M112)",
        "T99",
        "M117 a\u{8}b",
        "M117 \u{0}",
        "; caf\u{e9}",
        "G1 X10\rM112",
        "g1 x10",
        "M1000 x",
        "{global.x}",
        "M117 a*b",
    ] {
        let text = good.replacen("G1 X80 E", &format!("{line}\nG1 X80 E"), 2);
        let at = text.lines().position(|l| l == line).map_or(0, |i| i + 1);
        let report = judge(&text, Policy::Remote);
        let refused = report
            .findings
            .iter()
            .any(|f| matches!(f.rule, Rule::Forbidden | Rule::Bytes) && f.severity == Severity::Error);
        assert!(refused && !report.passes(), "{line:?} at {at}: {:#?}", report.findings);
    }
    for line in [
        "G4 P500",
        "M117 Layer 2 of 3 (top)",
        "M73 P5 R3",
        "M221 S95",
        "M900 K0.04",
        "M862.3 P \"MK3S\"",
        "G28 X",
        "; M112 and ? and !",
    ] {
        let text = good.replacen("G1 X80 E", &format!("{line}\nG1 X80 E"), 2);
        let report = judge(&text, Policy::Remote);
        assert!(report.passes(), "{line:?}: {:#?}", report.findings);
    }
    // What the machine's own sequences hold is allowed where they hold it.
    let own = Settings {
        start_gcode: format!("START_PRINT T={{temperature}}\nM420 S1 ; mesh\n{START}"),
        end_gcode: format!("G28 ; up and away, a delta\n{END}"),
        ..settings()
    };
    let text = good.replacen("G28", "START_PRINT T=215\nM420 S1\nG28", 1).replacen("M104 S0", "G28\nM104 S0", 1);
    let options = VerifyOptions { policy: Policy::Remote, ..VerifyOptions::default() };
    assert!(!judge(&text, Policy::Remote).passes());
    assert!(verify(text.as_bytes(), &Limits::from(&own), &options, &Progress::new()).unwrap().passes());
}

#[test]
fn words_that_compete_hide_no_limit() {
    let good = file(&settings());
    for policy in [Policy::Own, Policy::Remote] {
        for line in [
            "M104 S999 R200",
            "M104 S200 S999",
            "M140 R999",
            "M220 S100 S999",
            "M203 X100 X9999",
            "G4 P1 P99999999",
            "G10 P0 S200 S210",
            "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=9e2",
        ] {
            let report = judge(&good.replacen("G1 X80 E", &format!("{line}\nG1 X80 E"), 2), policy);
            let caught = report
                .findings
                .iter()
                .any(|f| matches!(f.rule, Rule::Number | Rule::Temperature) && f.severity == Severity::Error);
            assert!(caught, "{line:?}: {:#?}", report.findings);
        }
    }
    let pairs = "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=215 target=999";
    let text = good.replacen("G1 X80 E", &format!("{pairs}\nG1 X80 E"), 2);
    assert!(judge(&text, Policy::Remote).has(Rule::Number));
    assert!(!judge(&good.replacen("M109 S215", "M109 S215 R210", 1), Policy::Remote).passes());
    // Marlin's M104 does not know R, so that this turns nothing off.
    check(&good.replacen("M104 S0", "M104 R0", 1), Rule::HeatersOff, Severity::Error);
}

#[test]
fn a_job_from_elsewhere_says_where_it_moves() {
    let good = file(&settings());
    let edit = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} is not in\n{good}");
        good.replacen(from, to, 1)
    };
    for (text, rule) in [
        (edit("G28\n", "G28\nG91\nG1 Z-20\nG90\n"), Rule::Homing),
        (edit("G28\n", "G28\nG29\nG91\nG1 Z-1\nG90\n"), Rule::Homing),
        (edit("G28\n", "G28 X\nG1 X10\nG1 Y10\n"), Rule::Homing),
        (edit("G28\n", ""), Rule::Homing),
        (edit("G1 X80 E", "M84\nM17\nG1 X80 E"), Rule::Homing),
        (edit("G28\n", "G28\nG2 X20 Y20 I9 J0\n"), Rule::Arc),
        // What comments call a start sequence or custom is judged like all else.
        (edit("G28\n", "G28\nG1 X300 Y10 F3000\n"), Rule::BuildVolume),
        (edit("G28\n", "G28\nG1 Z900 F600\n"), Rule::BuildVolume),
        (edit("G28\n", "G28\nG1 Z-2 F600\n"), Rule::BelowPlate),
        (edit("G1 X60 E9", "G1 X61 E9"), Rule::BuildVolume),
        (edit("G28\n", "G28\nG1 X10 Y10\nG1 X90 F90000\n"), Rule::Feed),
        (edit("G1 X60 E9 F1000\n", "G1 X60 E9 F1000\nG1 X9 Y9 Z0.3\nG1 X60 E60 F3000\n"), Rule::MeltRate),
        (edit("G1 X60 E9 F1000\n", "G1 X60 E9 F1000\nG28 Z\n"), Rule::Forbidden),
        (edit("M107\nG1 X0 Y210", "M107\nG1 X0 Y290"), Rule::BuildVolume),
        (edit("G1 X80 E", ";TYPE:Custom\nG1 X-3 E1\nG1 X80 E"), Rule::BuildVolume),
    ] {
        let report = judge(&text, Policy::Remote);
        let caught = report.findings.iter().any(|f| (f.rule, f.severity) == (rule, Severity::Error));
        assert!(caught, "{rule:?}: {:#?}\n{text}", report.findings);
    }
    // Somebody's own file may do what it likes in its sequences, but not print where nothing tells the place.
    assert!(judge(&edit("G28\n", "G28\nG91\nG1 Z5\nG90\n"), Policy::Own).passes());
    check("G28\nM109 S215\nG91\nG1 Z-20\n;LAYER:0\nG1 X900 Y900 E5 F600\n", Rule::Homing, Severity::Error);
    let declared = format!("{}\n;LAYER:0\n", good.replace(";LAYER_CHANGE", ";").replace("G1 X80 E", "G1 X-3 E"));
    assert!(!judge(&declared, Policy::Remote).passes());
}

#[test]
fn findings_hold_no_control_characters() {
    for line in ["G1 Xnan\u{1b}]0;owned\u{7}", "M104 Snan\u{1b}[2J", "\u{1b}[2J\u{9b}x", "SET_X A\u{1b}=1 A\u{1b}=2"] {
        let report = judge(&format!("G28\n{line}\n"), Policy::Remote);
        assert!(!report.passes());
        assert!(report.findings.iter().all(|f| !f.message.contains(char::is_control)), "{:#?}", report.findings);
    }
}

#[test]
fn the_report_is_short_however_bad_the_file() {
    let report = judge(&"G1 Xnan\n".repeat(50_000), Policy::Own);
    assert_eq!(report.findings.iter().filter(|f| f.rule == Rule::Number).count(), report::FINDINGS_PER_RULE);
    assert_eq!(report.counts.iter().find(|c| c.rule == Rule::Number).map(|c| c.count), Some(50_000));
}

#[test]
fn no_bytes_upset_it() {
    let more = [
        "M109 S-1",
        "T4294967295",
        "999999",
        ";TYPE:Custom\n",
        "; layer 1, Z = \n",
        "SET_HEATER_TEMPERATURE HEATER=extruder9e9 TARGET=",
        "*",
        "N1",
    ];
    let limits = Limits::from(&settings());
    for (round, bytes) in nonsense::files(&more, 300, 1200).enumerate() {
        let policy = if round % 4 < 2 { Policy::Own } else { Policy::Remote };
        let options = VerifyOptions { policy, expected_volume_mm3: Some(1.0) };
        assert!(!verify(&bytes, &limits, &options, &Progress::new()).unwrap().passes());
    }
}

#[test]
fn arcs_are_measured_along_all_of_their_way() {
    let good = file(&settings());
    let before = judge(&good, Policy::Own).totals;
    for (command, lowest) in [("G2", 80.0), ("G3", 65.0)] {
        // The first side of a square becomes half a circle, over it or under it.
        let text = good.replacen("G1 X80 E", &format!("{command} X80 Y80 I15 J0 E"), 1);
        assert_ne!(text, good);
        let report = judge(&text, Policy::Own);
        assert!(report.passes(), "{:#?}", report.findings);
        let half_turn = std::f64::consts::PI * 15.0;
        assert!((report.totals.printed_length_mm - before.printed_length_mm - (half_turn - 30.0)).abs() < 1e-6);
        assert!((report.totals.printed_mm3 / before.printed_mm3 - 1.0).abs() < 1e-9);
        let low = report.totals.printed_min_mm.unwrap()[1];
        assert!((low - lowest).abs() < 0.02, "{command}: {low}");
    }
}

#[test]
fn moves_that_come_too_fast_for_the_wire_are_noted_once_and_in_words() {
    let good = file(&settings());
    let road = good.lines().find(|l| l.starts_with("G1 X80 E")).unwrap();
    let teeth = |step_mm: f64| -> String {
        (0..400).map(|i| format!("G1 Y{:.3}\n", 80.0 + step_mm * f64::from(i % 2))).collect()
    };
    let notes = |before: &str| -> Vec<String> {
        let report = judge(&good.replacen(road, &format!("{before}{road}"), 1), Policy::Own);
        report.findings.iter().filter(|f| f.rule == Rule::LineRate).map(ToString::to_string).collect()
    };
    assert!(notes(&teeth(2.0)).is_empty());
    let once = notes(&teeth(0.02));
    assert!(once.len() == 1 && once[0].contains("in 1 place of layer 1 "), "{once:?}");
    // However often it happens.
    let often = notes(&[teeth(0.02), teeth(2.0), teeth(0.02), teeth(2.0), teeth(0.02)].concat());
    assert!(often.len() == 1 && often[0].contains("in 3 places of layer 1 "), "{often:?}");
}

#[test]
fn a_chamber_is_heated_as_far_as_the_machine_bears_it() {
    for flavor in crate::settings::GcodeFlavor::ALL {
        let settings = Settings {
            gcode_flavor: *flavor,
            max_chamber_temperature: 70.0,
            chamber_temperature: 60.0,
            chamber_minimal_temperature: 40.0,
            ..settings()
        };
        let text = file(&settings);
        let of = |max_chamber_temperature: f64, policy: Policy| {
            let limits = Limits::from(&Settings { max_chamber_temperature, ..settings.clone() });
            verify(text.as_bytes(), &limits, &VerifyOptions { policy, expected_volume_mm3: None }, &Progress::new())
                .unwrap()
        };
        for policy in [Policy::Own, Policy::Remote] {
            let report = of(70.0, policy);
            assert!(report.passes(), "{flavor:?} {policy:?}: {:#?}", report.findings);
            assert!(of(50.0, policy).has(Rule::Temperature), "{flavor:?} {policy:?}");
        }
        // A node without a heated chamber takes no command for one.
        assert!(!of(0.0, Policy::Remote).passes(), "{flavor:?}");
        assert!(of(0.0, Policy::Own).passes(), "{flavor:?}");
    }
}

#[test]
fn a_road_that_begins_below_its_layer_is_no_offset_of_the_machine() {
    let good = file(&settings());
    let lower = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} is not in\n{good}");
        good.replacen(from, to, 1)
    };
    // The first road of the second layer lies lower, as a ramp may that hardly rises; the others where they are told to be.
    let report = judge(&lower("\nG1 Z0.4 ", "\nG1 Z0.3 "), Policy::Own);
    assert!(report.passes(), "{:#?}", report.findings);
    check(&lower("\nG1 Z0.4 ", "\nG1 Z0.6 "), Rule::Lifted, Severity::Error);
}
