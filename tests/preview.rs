//! `fabbro preview`, run as a person runs it.

use std::path::Path;
use std::process::{Command, Output};

fn preview(folder: &Path, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_fabbro");
    Command::new(program).current_dir(folder).arg("preview").args(args).output().expect("the program starts")
}

/// Two layers of a square wall with a line through it, as PrusaSlicer spells it.
const SQUARE: &str = "\
M83
G1 Z0.3 F600
;LAYER_CHANGE
;Z:0.3
;HEIGHT:0.3
;TYPE:External perimeter
;WIDTH:0.5
G1 X100 Y100 F6000
G1 X120 Y100 E1 F1200
G1 X120 Y120 E1
G1 X100 Y120 E1
G1 X100 Y100 E1
;LAYER_CHANGE
;Z:0.6
;HEIGHT:0.3
G1 Z0.6 F600
;TYPE:Solid infill
G1 X100 Y110 F6000
G1 X120 Y110 E1 F3000
; bed_shape = 0x0,250x0,250x210,0x210
";

fn pixels_like(picture: &image::RgbaImage, like: impl Fn(i32, i32, i32) -> bool) -> usize {
    picture.pixels().filter(|p| like(p.0[0].into(), p.0[1].into(), p.0[2].into())).count()
}

#[test]
fn a_gcode_file_is_drawn_up_to_a_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("square.gcode"), SQUARE).expect("written");
    let draw = |args: &[&str]| {
        let all = [&["square.gcode", "-o", "p.png", "--size", "320x240", "--from", "top"], args].concat();
        let output = preview(folder.path(), &all);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let picture = image::open(folder.path().join("p.png")).expect("a picture").to_rgba8();
        assert_eq!(picture.dimensions(), (320, 240));
        picture
    };
    let violet = |r: i32, g: i32, b: i32| b > r + 30 && b > g + 60;
    let orange = |r: i32, g: i32, b: i32| r > b + 60 && g > b + 20 && r > g + 20;
    let (first, both) = (draw(&["--layer", "1"]), draw(&[]));
    assert_eq!(pixels_like(&first, violet), 0, "the infill is on the second layer");
    assert!(pixels_like(&both, violet) > 100 && pixels_like(&both, orange) > 300);
    assert!(both != draw(&["--color-by", "speed"]));
    assert!(both != draw(&["--show", "travels,seams", "--light"]));
}

#[test]
fn what_cannot_be_drawn_is_said_and_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("square.gcode"), SQUARE).expect("written");
    std::fs::write(folder.path().join("empty.gcode"), "G28\n").expect("written");
    std::fs::write(folder.path().join("broken.stl"), "solid").expect("written");
    for (args, status, says) in [
        (&["square.gcode", "--layer", "3"][..], 2, "layers 1 to 2"),
        (&["broken.stl", "--layer", "1"], 2, "is a model"),
        (&["square.gcode", "--machine", "no such thing"], 2, "no such thing"),
        (&["square.gcode", "--size", "12"], 2, "1200x900"),
        (&["square.gcode", "--size", "99999x9"], 1, "pixels a side"),
        (&["empty.gcode"], 1, "nothing to see"),
        (&["broken.stl"], 1, "broken.stl"),
        (&["missing.gcode"], 1, "missing.gcode"),
    ] {
        let output = preview(folder.path(), &[args, &["-o", "p.png"]].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{args:?}: {message}");
        assert!(message.contains(says), "{args:?}: {message}");
        assert!(!folder.path().join("p.png").exists(), "{args:?}");
    }
}

#[test]
fn the_name_of_the_picture_says_how_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("square.gcode"), SQUARE).expect("written");
    for (name, format) in
        [("p.png", image::ImageFormat::Png), ("p.JPG", image::ImageFormat::Jpeg), ("q.jpeg", image::ImageFormat::Jpeg)]
    {
        let output = preview(folder.path(), &["square.gcode", "-o", name, "--size", "320x240"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bytes = std::fs::read(folder.path().join(name)).expect("a picture");
        assert_eq!(image::guess_format(&bytes).expect("a format"), format, "{name}");
        let picture = image::load_from_memory(&bytes).expect("a whole picture").to_rgba8();
        assert_eq!(picture.dimensions(), (320, 240));
        assert!(pixels_like(&picture, |r, g, b| r > b + 60 && g > b + 20 && r > g + 20) > 50, "{name} shows no wall");
    }
    for name in ["p.gif", "p", "p.gcode"] {
        // Before any work: not even a file that is missing is looked for.
        let output = preview(folder.path(), &["missing.gcode", "-o", name]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("does not end in .png, .jpg or .jpeg") && message.lines().count() == 1, "{message}");
        assert!(!folder.path().join(name).exists());
    }
}

#[test]
fn graphics_libraries_say_nothing_where_no_desktop_session_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("square.gcode"), SQUARE).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fabbro"));
    command.current_dir(folder.path()).env_remove("XDG_RUNTIME_DIR");
    let output =
        command.args(["preview", "square.gcode", "-o", "p.png", "--size", "64x48"]).output().expect("it starts");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
