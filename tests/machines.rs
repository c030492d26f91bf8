//! Every bundled machine writes a file that its firmware can run: all placeholders filled in, everything off at the end.

use fabbro::gcode::{GcodeSettings, Job, JobTimes, write};
use fabbro::geometry::Point;
use fabbro::progress::Progress;
use fabbro::settings::{GcodeFlavor, Library, PresetKind, Settings};
use fabbro::toolpath::{Extrusion, Layer, Role, Step, Toolpath};
use fabbro::verify::{Limits, Policy, VerifyOptions, verify};

/// One short road in the middle of the plate.
fn road(settings: &Settings) -> Toolpath {
    let corners = settings.bed_shape.len() as f64;
    let [x, y] = settings.bed_shape.iter().fold([0.0; 2], |sum, [x, y]| [sum[0] + x / corners, sum[1] + y / corners]);
    let extrusion = Extrusion {
        role: Role::Perimeter,
        width_mm: 0.45,
        height_mm: 0.2,
        flow_mm3_per_mm: 0.08,
        feed_mm_per_s: 40.0,
        points: vec![Point::from_mm(x, y), Point::from_mm(x + 10.0, y)],
        z_mm: Vec::new(),
    };
    let steps = vec![Step::MoveZ { z_mm: 0.2, feed_mm_per_s: 5.0 }, Step::Extrude(extrusion)];
    Toolpath {
        layers: vec![Layer { z_mm: 0.2, height_mm: 0.2, steps }],
        filament_diameter_mm: 1.75,
        filament_density_g_per_cm3: 1.24,
        ..Toolpath::default()
    }
}

#[test]
fn start_and_end_sequences_are_filled_in_and_leave_nothing_on() {
    let library = Library::bundled();
    for machine in library.all(PresetKind::Machine) {
        for material in ["pla", "pc"] {
            let resolved = library.layered(&machine.id, material, "standard").unwrap().resolve().unwrap();
            let settings = &resolved.settings;
            let toolpath = road(settings);
            let job = Job {
                toolpath: &toolpath,
                settings: &GcodeSettings::from(&**settings),
                config: &settings.to_pairs(),
                times: &JobTimes::default(),
                thumbnails: &[],
            };
            let written = write(&job, &Progress::new()).unwrap_or_else(|error| panic!("{}: {error}", machine.id));
            let limits = Limits::from(&**settings);
            let report = verify(&written.bytes, &limits, &VerifyOptions::default(), &Progress::new()).unwrap();
            // Polycarbonate may be too hot for a machine, which is for its own check to say.
            assert!(material != "pla" || report.findings.is_empty(), "{}: {:#?}", machine.id, report.findings);
            let remote = VerifyOptions { policy: Policy::Remote, ..VerifyOptions::default() };
            let report = verify(&written.bytes, &limits, &remote, &Progress::new()).unwrap();
            assert!(material != "pla" || report.passes(), "{}, sent to a node: {:#?}", machine.id, report.findings);
            let text = String::from_utf8(written.bytes).unwrap();
            let commands = || text.lines().filter(|line| !line.starts_with(';'));
            let left = commands().find(|line| line.contains(['{', '}', '[', ']']));
            assert_eq!(left, None, "{}: a placeholder is left", machine.id);
            let at = |wanted: &str| commands().position(|line| line.starts_with(wanted));
            let heated = at(&format!("M109 S{}", settings.first_layer_temperature)).expect("the nozzle is heated");
            let extruded = commands()
                .position(|line| line.starts_with("G1") && line.contains(" E") && !line.contains(" E-"))
                .unwrap();
            assert!(heated < extruded, "{}: it extrudes before it is hot", machine.id);
            let last = |wanted: &str| commands().rfind(|line| line.starts_with(wanted));
            if settings.gcode_flavor == GcodeFlavor::Klipper && at("TURN_OFF_HEATERS").is_some() {
                assert!(at("TURN_OFF_HEATERS") > at("M190"), "{}", machine.id);
            } else {
                assert!(last("M104").is_some_and(|line| line.starts_with("M104 S0")), "{}", machine.id);
                assert!(last("M140").is_some_and(|line| line.starts_with("M140 S0")), "{}", machine.id);
            }
            assert!(at("M107").is_some() && at("M84").is_some(), "{}", machine.id);
        }
    }
}
