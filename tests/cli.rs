//! The command line as a person or a script sees it: exit status, standard output, standard error.

use std::process::{Command, Output};

fn fabbro(args: &[&str]) -> Output {
    let empty = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_fabbro"))
        .args(args)
        // A person's own files must not change what a test sees.
        .env("HOME", empty.path())
        .env("XDG_CONFIG_HOME", empty.path())
        .output()
        .unwrap()
}

/// Runs the program and checks its exit status and that it wrote only where it should: results to standard output when
/// it succeeded, a message to standard error when it did not. Gives back what it wrote there.
fn check(args: &[&str], status: i32) -> String {
    let output = fabbro(args);
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{args:?}\n{out}\n{err}");
    let (said, silent) = if status == 0 { (out, err) } else { (err, out) };
    assert!(!said.is_empty(), "{args:?} says nothing");
    assert!(silent.is_empty(), "{args:?} says on the wrong stream: {silent}");
    said
}

#[test]
fn help_and_version_are_results() {
    assert!(check(&["--help"], 0).contains("settings"));
    assert!(check(&["--version"], 0).contains(env!("CARGO_PKG_VERSION")));
}

/// Elsewhere there is always a display, and the studio would open.
#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_studio_is_a_clear_sentence_and_status_1() {
    // A model is opened in it, as file managers and people do; it needs not be there yet to be told so in the window.
    let output = Command::new(env!("CARGO_BIN_EXE_fabbro"))
        .arg("assets/models/bracket.obj")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    assert!(said.starts_with("fabbro: No display was found") && said.contains("fabbro slice"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn asked_wrongly_is_status_2() {
    assert!(check(&["fly"], 2).contains("neither a command nor a file"));
    assert!(check(&["slcie", "cube.stl"], 2).contains("did you mean `fabbro slice`?"));
    check(&["settings"], 2);
    assert!(check(&["settings", "explain", "layer_hight"], 2).contains("did you mean `layer_height`?"));
}

/// A full disk is said with its place; a reader that has gone is nobody's mistake.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_said() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fabbro")).args(["machines"]).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("fabbro: cannot write to standard output: No space left"), "{said}");
}

#[test]
fn settings_are_listed_and_explained() {
    let all = check(&["settings", "list"], 0);
    assert!(all.contains("layer_height") && all.contains("Top and bottom"));
    let some = check(&["settings", "list", "wall", "loops"], 0);
    assert!(some.trim_start().starts_with("perimeters"), "{some}");
    check(&["settings", "list", "qwertz"], 1);

    let text = check(&["settings", "explain", "wall_loops"], 0);
    assert!(text.starts_with("perimeters: Walls"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&check(&["settings", "explain", "fill_pattern", "--json"], 0)).unwrap();
    assert!(json["choices"].as_array().unwrap().contains(&"gyroid".into()));
}

#[test]
fn machines_materials_and_recipes_are_listed_and_shown() {
    for (list, id) in [("machines", "prusa-mk4"), ("materials", "petg"), ("recipes", "vase")] {
        assert!(check(&[list], 0).contains(id));
        let all: serde_json::Value = serde_json::from_str(&check(&[list, "--json"], 0)).unwrap();
        assert!(all.as_array().unwrap().iter().any(|preset| preset["id"] == id), "{all}");
        check(&[list, id], 0);
        assert!(check(&[list, "no-such-thing"], 2).contains("no-such-thing"));
    }
    // What is inherited is shown too.
    let shown: serde_json::Value = serde_json::from_str(&check(&["machines", "Prusa MK4", "--json"], 0)).unwrap();
    assert_eq!(shown["settings"]["max_print_height"], 220.0);
    assert_eq!(shown["settings"]["gcode_flavor"], "marlin2");
}

#[test]
fn a_setting_says_where_its_value_comes_from() {
    let args = ["settings", "explain", "perimeters", "--json", "--recipe", "strong", "--set", "perimeters=2*3"];
    let json: serde_json::Value = serde_json::from_str(&check(&args, 0)).unwrap();
    assert_eq!(json["value"], "6");
    let over: Vec<_> = json["overrode"].as_array().unwrap().iter().map(|origin| origin["name"].clone()).collect();
    assert_eq!(over, ["0.20 mm strong", "0.20 mm standard", ""]);
    for (args, words) in [
        (["--machine", "ender"], "no machine `ender`"),
        (["--recipe", "standart"], "did you mean `standard`"),
        (["--set", "perimeters"], "key=value"),
        (["--set", "perimeters=many"], "perimeters"),
        (["--set", "layer_height=9"], "from 0.01 mm to 2 mm"),
    ] {
        let said = check(&["settings", "explain", "perimeters", args[0], args[1]], 2);
        assert!(said.contains(words), "{said}");
    }
    check(&["settings", "explain", "perimeters", "--recipe", "/no/such/file.ini"], 1);
}

#[test]
fn a_configuration_of_prusa_slicer_is_a_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let ini = folder.path().join("mine.ini");
    std::fs::write(&ini, "layer_height = 0.17\nperimeter_speed = 44\nexternal_perimeter_speed = 50%\nwipe_tower = 1\n")
        .unwrap();
    let path = ini.to_str().unwrap();
    let output = fabbro(&["settings", "explain", "external_perimeter_speed", "--json", "--recipe", path]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "warning: wipe_tower = 1 has no counterpart here and no effect\n");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["value"], &json["from"]["name"]), (&"22".into(), &"mine".into()));
}

#[test]
fn a_file_sliced_with_a_configuration_that_names_no_machine_still_names_one() {
    let folder = tempfile::tempdir().unwrap();
    let (model, ini) = (cube(folder.path(), "cube", 8.0), folder.path().join("plain.ini"));
    std::fs::write(&ini, "printer_model = \nlayer_height = 0.3\n").unwrap();
    let out = folder.path().join("out.gcode");
    let output = fabbro(&["slice", &model, "-o", out.to_str().unwrap(), "--recipe", ini.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(check(&["verify", out.to_str().unwrap()], 0).ends_with("\nfit for Generic 220\n"));
}

/// As old versions and other programs save them: with a mark before the text, or in Latin-1.
#[test]
fn a_configuration_of_prusa_slicer_is_read_in_whatever_encoding_it_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let ini = folder.path().join("mine.ini");
    let explain = |bytes: &[u8]| {
        std::fs::write(&ini, bytes).unwrap();
        let output = fabbro(&["settings", "explain", "layer_height", "--json", "--recipe", ini.to_str().unwrap()]);
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    for (bytes, note) in [
        (&b"\xef\xbb\xbflayer_height = 0.17\nnotes = 60 \xc2\xb0C\n"[..], ""),
        (b"layer_height = 0.17\nnotes = 60 \xb0C\n", "mine.ini is not UTF-8 and was read as Latin-1"),
    ] {
        let (status, out, said) = explain(bytes);
        assert_eq!(status, Some(0), "{said}");
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(json["value"], "0.17");
        assert!(said.contains(note) && said.contains("Latin-1") != note.is_empty(), "{said}");
    }
    let (status, _, said) = explain(b"\xff\xfel\0a\0=\x001\0");
    assert_eq!((status, said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("mine.ini") && said.contains("UTF-16"), "{said}");
}

#[test]
fn info_says_what_is_in_a_model_and_what_is_wrong_with_a_file() {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models");
    let cube = format!("{models}/calibration-cube-20mm.stl");
    let text = check(&["info", &cube], 0);
    assert!(text.contains("20.00 x 20.00 x 20.00 mm") && text.contains("8000.00 mm³"), "{text}");
    assert!(text.contains("surface    watertight"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&check(&["info", &cube, &format!("{models}/two-colours.3mf"), "--json"], 0)).unwrap();
    assert_eq!(json[0]["report"]["triangles"], 12);
    assert_eq!(json[1]["models"][1]["name"], "Blue hexagon");
    assert_eq!(json[1]["models"][1]["min_mm"][2], 0.0);
    let error = check(&["info", "no-such-file.stl"], 1);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("no-such-file.stl"), "{error}");
    check(&["info"], 2);
}

/// A cube on the plate, as an STL file in text.
fn cube(folder: &std::path::Path, name: &str, side_mm: f64) -> String {
    use std::fmt::Write as _;
    let corner = |index: usize| [0, 1, 2].map(|axis| if index >> axis & 1 == 1 { side_mm } else { 0.0 });
    let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let mut text = format!("solid {name}\n");
    for [a, b, c, d] in faces {
        for triangle in [[a, b, c], [a, c, d]] {
            text.push_str("facet normal 0 0 0\nouter loop\n");
            for [x, y, z] in triangle.map(corner) {
                let _ = writeln!(text, "vertex {x} {y} {z}");
            }
            text.push_str("endloop\nendfacet\n");
        }
    }
    text.push_str("endsolid\n");
    let path = folder.join(format!("{name}.stl"));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn one_object_may_have_settings_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (cube(folder.path(), "one", 6.0), cube(folder.path(), "two", 6.0));
    let out = folder.path().join("out.gcode").to_str().unwrap().to_owned();
    let slice = |set_for: &str, status: i32| {
        let output =
            fabbro(&["slice", &one, &two, "-o", &out, "--set", "layer_height=0.3", "--json", "--set-for", set_for]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        (serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap_or_default(), said)
    };
    // 0.2 mm and then layers of 0.3 mm up to 5.9 mm; the other cube's end where these do, once between, and at 6.05 mm.
    assert_eq!(slice("one:brim_width=1", 0).0["layers"], 20);
    assert_eq!(slice("two:layer_height=0.15", 0).0["layers"], 20 + 20);
    // Two more between each of those from 0.2 to 1.1 mm.
    assert_eq!(slice("two:layer_height_ranges=0-1.1:0.1", 0).0["layers"], 20 + 6);
    for (set_for, part) in [
        ("three:layer_height=0.1", "there is one, two"),
        ("layer_height=0.1", "OBJECT:KEY=VALUE"),
        ("one:layer_height", "OBJECT:KEY=VALUE"),
        ("one:layer_hight=0.1", "did you mean"),
        ("one:first_layer_height=0.1", "first_layer_height"),
    ] {
        let (_, said) = slice(set_for, 2);
        assert!(said.contains(part), "{set_for}: {said}");
    }
}

#[test]
fn models_become_one_file_whose_bytes_do_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (cube(folder.path(), "one", 10.0), cube(folder.path(), "two", 14.0));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut files = Vec::new();
    for threads in ["1", "2", "8"] {
        let out = path(&format!("{threads}.gcode"));
        let args = ["slice", &one, &two, "-o", &out, "--set", "layer_height=0.3", "--threads", threads, "--json"];
        let output = fabbro(&args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.lines().all(|line| line.starts_with("note: ") || line.starts_with("warning: ")), "{said}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["objects"], 2);
        // 0.2 mm and then layers of 0.3 mm up to 14 mm.
        assert_eq!(json["layers"], 47);
        assert!(json["moves"].as_u64().unwrap() > 1000, "{json}");
        assert!(json["print_time_s"].as_f64().unwrap() > 300.0, "{json}");
        // At least two walls of 0.45 mm around both, at most both massive.
        let mm3 = json["filament"]["cm3"].as_f64().unwrap() * 1000.0;
        assert!(mm3 > 0.8 * (40.0 * 10.0 + 56.0 * 14.0) && mm3 < 1.1 * (1000.0 + 2744.0), "{json}");
        assert!(json["stages"].as_array().unwrap().iter().all(|stage| stage["seconds"].is_number()), "{json}");
        assert!(json["warnings"].is_array(), "{json}");
        files.push(std::fs::read(&out).unwrap());
    }
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]), "the bytes depend on the number of threads");
    let text = String::from_utf8(files.remove(0)).unwrap();
    for line in ["; layer_height = 0.3", "; print_settings_id = 0.20 mm standard", "; printer_model = Generic 220"] {
        assert!(text.contains(line), "{line} is not in the file");
    }
}

#[test]
fn a_slice_that_fails_says_why_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (small, huge) = (cube(folder.path(), "small", 10.0), cube(folder.path(), "huge", 500.0));
    let out = folder.path().join("out.gcode");
    let output = out.to_str().unwrap();
    std::fs::write(folder.path().join("broken.stl"), b"solid x\nfacet").unwrap();
    let broken = folder.path().join("broken.stl").to_str().unwrap().to_owned();
    for (args, status, words) in [
        (vec!["slice", &small], 2, "--output"),
        (vec!["slice", "-o", output], 2, "MODEL"),
        (vec!["slice", &small, "-o", output, "--set", "layer_hight=0.2"], 2, "did you mean `layer_height`"),
        (vec!["slice", &small, "-o", output, "--machine", "no-such"], 2, "no machine `no-such`"),
        (vec!["slice", &small, "-o", output, "--threads", "0"], 2, "--threads"),
        (vec!["slice", "/no/such/model.stl", "-o", output], 1, "model.stl"),
        (vec!["slice", &broken, "-o", output], 1, "broken.stl"),
        (vec!["slice", &small, "-o", "/no/such/folder/out.gcode"], 1, "there is no folder /no/such/folder"),
        (vec!["slice", &small, "-o", "/tmp"], 1, "it is a folder"),
        (vec!["slice", &small, "-o", "out.stl"], 2, "call the output out.gcode"),
        (vec!["slice", &small, "-o", "picture.PNG"], 2, "call the output picture.gcode"),
        (vec!["preview", &small, "-o", "/no/such/folder/x.png"], 1, "there is no folder /no/such/folder"),
    ] {
        let said = check(&args, status);
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(!out.exists(), "{args:?}");
    }
    for machine in [&["--machine", "prusa-mini"][..], &[]] {
        let said = check(&[&["slice", &huge, "-o", output], machine].concat(), 1);
        assert!(said.contains("huge") && said.contains("build plate"), "{said}");
        assert!(!out.exists());
    }
}

#[test]
fn a_model_too_large_for_the_usual_machine_is_sliced_for_a_larger_one_unless_a_machine_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let plate = folder.path().join("plate.obj");
    // A bar of 300 x 5 x 1 mm.
    let corner = |i: u32| format!("v {} {} {}\n", 300 * (i & 1), 5 * (i >> 1 & 1), i >> 2 & 1);
    let faces = "f 1 3 4 2\nf 5 6 8 7\nf 1 2 6 5\nf 3 7 8 4\nf 1 5 7 3\nf 2 4 8 6\n";
    std::fs::write(&plate, (0..8).map(corner).collect::<String>() + faces).unwrap();
    let (plate, out) = (plate.to_str().unwrap(), folder.path().join("out.gcode"));
    let output = out.to_str().unwrap();
    check(&["slice", plate, "-o", output, "--machine", "generic-220"], 1);
    assert!(!out.exists());
    let done = fabbro(&["slice", plate, "-o", output, "--set", "fill_density=0", "--json"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("there is no room on Generic 220, so Generic 400 was taken"), "{said}");
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["machine"], "Generic 400");
}

#[test]
fn a_result_never_replaces_what_it_is_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("cube.stl");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/calibration-cube-20mm.stl"), &model).unwrap();
    let before = std::fs::read(&model).unwrap();
    let name = model.to_str().unwrap();
    for args in [["slice", name, "-o", name], ["preview", name, "-o", name]] {
        assert!(check(&args, 2).contains("name another file"));
        assert_eq!(std::fs::read(&model).unwrap(), before);
    }
}

#[test]
fn a_file_is_measured_against_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cube.gcode");
    let out = out.to_str().unwrap();
    let cube = "assets/models/calibration-cube-20mm.stl";
    let sliced = fabbro(&["slice", cube, "-o", out, "--set", "elefant_foot_compensation=0"]);
    assert_eq!(sliced.status.code(), Some(0), "{}", String::from_utf8_lossy(&sliced.stderr));
    let said = check(&["verify", out, "--model", cube, "--json"], 0);
    let quality = serde_json::from_str::<serde_json::Value>(&said).unwrap()["quality"].take();
    let figure = |name: &str| quality["figures"][name].as_f64().unwrap();
    assert_eq!(quality["layers"].as_array().unwrap().len(), 100);
    assert!(figure("outer_wall_mean_mm").abs() < 0.002 && figure("outer_wall_deviation_mm") < 0.002, "{quality}");
    assert!(figure("wall_cover") > 0.99 && figure("shell_cover") > 0.99 && figure("bare_outline") < 0.001, "{quality}");
    assert!(check(&["verify", out, "--model", cube], 0).contains("seams above another"));
    let measure = |model: &str| {
        let output = fabbro(&["verify", out, "--model", model]);
        let [said, wrong] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), said, wrong)
    };
    // What was found out about the file is said also where there is nothing to measure it against.
    for (model, words) in [
        ("assets/models/bracket.obj", "prints another model than assets/models/bracket.obj"),
        ("no/such.stl", "such.stl"),
    ] {
        let (status, said, wrong) = measure(model);
        assert_eq!(status, Some(1), "{wrong}");
        assert!(said.ends_with("\nfit for Generic 220\n"), "{said}");
        assert!(wrong.starts_with("fabbro: ") && wrong.contains(words) && wrong.lines().count() == 1, "{wrong}");
    }
    let json = fabbro(&["verify", out, "--model", "no/such.stl", "--json"]);
    let said: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json.status.code(), &said["passes"], &said["quality"]), (Some(1), &true.into(), &().into()));
    let raft = folder.path().join("raft.gcode");
    let raft = raft.to_str().unwrap();
    let sliced = fabbro(&["slice", cube, "-o", raft, "--set", "raft_layers=3"]);
    assert_eq!(sliced.status.code(), Some(0), "{}", String::from_utf8_lossy(&sliced.stderr));
    let said = check(&["verify", raft, "--model", cube, "--json"], 0);
    let on_raft = serde_json::from_str::<serde_json::Value>(&said).unwrap()["quality"]["figures"].take();
    assert!(
        on_raft["shell_cover"].as_f64().unwrap() > 0.99 && on_raft["bare_outline"].as_f64().unwrap() < 0.001,
        "{on_raft}"
    );
    // The ends of a scarf lie above each other, and are no more than one road together.
    let scarf = folder.path().join("scarf.gcode");
    let scarf = scarf.to_str().unwrap();
    let everywhere = ["--set", "scarf_seam_placement=everywhere", "--set", "scarf_seam_only_on_smooth=0"];
    assert!(fabbro(&[&["slice", cube, "-o", scarf], &everywhere[..]].concat()).status.success());
    let said = check(&["verify", scarf, "--model", cube, "--json"], 0);
    let overfilled = &serde_json::from_str::<serde_json::Value>(&said).unwrap()["quality"]["figures"]["overfilled"];
    assert!(overfilled.as_f64().unwrap() < 0.02, "{overfilled}");
    check(&["verify", out, "--set", "perimeters=3"], 2);
}

/// A program that was started, and a signal to it as soon as it watches for signals.
#[cfg(target_os = "linux")]
fn interrupted(mut command: Command, signal: &str, number: u32) -> Output {
    use std::process::Stdio;
    crate::hears_ctrl_c(&mut command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = std::time::Instant::now();
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let mask = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
            u64::from_str_radix(line.trim(), 16).unwrap() >> (number - 1) & 1 == 1
        };
        // Caught, or ignored for the shell that started it has had it so.
        if mask("SigCgt:") || (mask("SigIgn:") && status.starts_with("Name:\tfabbro")) {
            break;
        }
        assert!(start.elapsed().as_secs() < 60, "it does not watch for signals:\n{status}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_the_work_says_so_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // Enough to be read and sliced for a while.
    let models: Vec<String> = (0..12).map(|i| cube(folder.path(), &format!("cube{i}"), 30.0)).collect();
    let moves: String = (0..300_000).map(|i| format!("G1 X{} Y{} E1\n", i % 200, i % 190)).collect();
    std::fs::write(path("long.gcode"), moves).unwrap();
    let long = path("long.gcode");
    let (out, picture) = (path("out.gcode"), path("out.png"));
    let slice = [
        &["slice", "-o", &out, "--set", "layer_height=0.05"][..],
        &models.iter().map(String::as_str).collect::<Vec<_>>(),
    ]
    .concat();
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    for (args, signal, number) in [
        (slice, "-INT", 2),
        (vec!["verify", &long, "--machine", "generic-220"], "-TERM", 15),
        (vec!["preview", &long, "-o", &picture], "-INT", 2),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fabbro"));
        command.args(&args);
        let output = interrupted(command, signal, number);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.trim_end()),
            (Some(1), "fabbro: canceled; nothing was written"),
            "{args:?}"
        );
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before, "{args:?} left something behind");
    }
}

/// `nohup fabbro slice …` goes on when the terminal is closed.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_to_be_ignored_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (model, out) = (cube(folder.path(), "cube", 20.0), folder.path().join("out.gcode"));
    let mut command = Command::new("sh");
    let script = format!("trap '' HUP; exec {} slice {model} -o {}", env!("CARGO_BIN_EXE_fabbro"), out.display());
    command.args(["-c", &script]);
    let output = interrupted(command, "-HUP", 1);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.exists());
}
