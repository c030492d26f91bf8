//! The studio without a screen: a person's way from the first start to the exported file, and its pictures.
//!
//! Pictures are compared with those in `tests/snapshots`; `UPDATE_SNAPSHOTS=1 cargo test studio` writes them afresh, the
//! README's screenshot with them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions};
use fabbro::app::{Options, Studio};

/// Far longer than anything here takes; only so that a mistake ends.
const PATIENCE: Duration = Duration::from_secs(120);

/// The software renderer works on all cores for one picture; several at once only wait for each other, longer than the
/// harness has patience on a busy machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A studio with preferences of its own, which holds on to the folder they are in.
struct Desk {
    harness: Harness<'static, Studio>,
    folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Desk {
    fn new(theme: Theme, size: [f32; 2], preferences: &str) -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let (path, presets) = (folder.path().join("studio.toml"), folder.path().to_owned());
        let name = if theme == Theme::Dark { "dark" } else { "light" };
        std::fs::write(&path, format!("theme = \"{name}\"\n{preferences}")).unwrap();
        let options =
            Options { files: Vec::new(), preferences: Some(path), presets: Some(presets), file_dialogs: false };
        let harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(1.0)
            .with_theme(theme)
            .with_render_cursor(false)
            .wgpu()
            .build_eframe(|cc| Studio::new(cc, options));
        let mut desk = Self { harness, folder, _alone: alone };
        desk.settle();
        desk
    }

    /// Goes on until nothing runs any more.
    fn settle(&mut self) {
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 4 {
            self.harness.step();
            quiet = if self.harness.state().is_busy() { 0 } else { quiet + 1 };
            assert!(begun.elapsed() < PATIENCE, "the studio does not come to rest");
            if quiet == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Waits for something that comes from outside.
    fn wait_for(&mut self, label: &str) {
        let begun = Instant::now();
        while self.harness.query_all_by_label_contains(label).next().is_none() {
            assert!(begun.elapsed() < PATIENCE, "{label:?} does not appear");
            std::thread::sleep(Duration::from_millis(10));
            self.harness.step();
        }
    }

    /// Waits until the machine's state is that it takes a job; the status line has the word for other things too.
    fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        while self.harness.query_all_by_label("Ready").next().is_none() {
            assert!(begun.elapsed() < PATIENCE, "the machine does not become ready");
            std::thread::sleep(Duration::from_millis(10));
            self.harness.step();
        }
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Types into a field and applies it.
    fn type_into(&mut self, field: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, field).focus();
        self.harness.step();
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.harness.step();
        self.harness.get_by_role_and_label(Role::TextInput, field).type_text(text);
        self.harness.step();
        self.press(Modifiers::NONE, Key::Enter);
    }

    fn layers(&self) -> usize {
        self.harness.state().shown_layers().expect("something is sliced")
    }

    /// Writes what is seen as the README's screenshot, where pictures are written afresh.
    fn screenshot(&mut self) {
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            let picture = self.harness.render().unwrap();
            picture.save(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/screenshot.png")).unwrap();
        }
    }

    /// Compares the window with its stored picture. Another version of the software renderer may round a few pixels of
    /// the 3D view differently.
    fn picture(&mut self, name: &str) {
        self.compare(name, 400);
    }

    /// The same where temperatures are plotted, whose lines are as long as the machine has been connected.
    fn picture_of_machine(&mut self, name: &str) {
        self.compare(name, 6_000);
    }

    /// The same where layers are shown: an improvement of planning moves a road here and there and changes the figures,
    /// which is no fault of the picture. Missing layers or a missing panel are far more than this.
    fn picture_of_layers(&mut self, name: &str) {
        self.compare(name, 20_000);
    }

    fn compare(&mut self, name: &str, most_different: usize) {
        self.harness.remove_cursor();
        self.settle();
        // Messages of success have gone by then, however long everything took.
        self.harness.run_steps(16);
        self.harness.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(most_different));
    }
}

#[test]
fn from_the_first_start_to_the_exported_file() {
    let mut desk = Desk::new(Theme::Dark, [1440.0, 900.0], "");
    desk.picture("studio_first_start");
    desk.click("Generic 220");
    desk.picture("studio_empty_plate");

    desk.click("Calibration cube");
    assert_eq!(desk.harness.state().object_names(), ["Calibration cube"]);
    let layers = desk.layers();
    assert!(layers > 50, "a 20 mm cube has many layers, not {layers}");

    // A change of a setting slices afresh by itself, and undo takes it back.
    desk.type_into("Layer height", "0.4");
    let coarser = desk.layers();
    assert!(coarser < layers * 3 / 5, "{coarser} layers of 0.4 mm, {layers} before");
    desk.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.layers(), layers);
    desk.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(desk.layers(), coarser);
    desk.picture("studio_prepare");

    desk.click("Preview");
    desk.picture_of_layers("studio_preview");
    desk.click("Prepare");
    desk.press(Modifiers::COMMAND, Key::Z);

    desk.click("Export G-code");
    let target = desk.folder.path().join("cube.gcode");
    desk.type_into("Path", target.to_str().unwrap());
    desk.settle();
    let text = std::fs::read_to_string(&target).unwrap();
    let changes = text.lines().filter(|line| *line == ";LAYER_CHANGE").count();
    assert_eq!(changes, layers, "the file has the layers of the preview");
    assert!(desk.harness.query_by_label("Exported cube.gcode").is_some(), "the success is told");
}

#[test]
fn the_light_theme_fits_a_small_screen_and_says_what_is_wrong() {
    let preferences = "machine = \"generic-220\"\nsettings_shown = \"advanced\"\n";
    let mut desk = Desk::new(Theme::Light, [1280.0, 720.0], preferences);
    desk.click("Bridge and overhang");
    desk.press(Modifiers::COMMAND, Key::D);
    assert_eq!(desk.harness.state().object_names(), ["Bridge and overhang", "Bridge and overhang 2"]);

    // A name that is longer than its place, an object beside the plate, and a value that is none.
    desk.type_into("Name", "A bracket with a name that nobody would want to read to its very end");
    desk.type_into("Place X", "300");
    desk.type_into("Layer height", "thick");
    assert!(desk.harness.query_by_label_contains("Layer height cannot be").is_some());
    desk.click("2 warnings");
    assert!(desk.harness.query_by_label_contains("outside the build plate").is_some());
    desk.press(Modifiers::NONE, Key::M);
    desk.picture("studio_light_warnings");

    // What was refused was not applied, and the way back is one step for each change.
    let before = desk.layers();
    desk.press(Modifiers::COMMAND, Key::Z);
    desk.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.harness.state().object_names(), ["Bridge and overhang", "Bridge and overhang 2"]);
    assert_eq!(desk.layers(), before);
    assert!(desk.harness.query_by_label("2 warnings").is_none());
}

#[test]
fn layers_are_looked_through_one_by_one() {
    let mut desk = Desk::new(Theme::Dark, [1440.0, 900.0], "machine = \"generic-220\"\n");
    desk.click("Bridge and overhang");
    desk.press(Modifiers::COMMAND, Key::D);
    desk.press(Modifiers::COMMAND, Key::Num2);
    for _ in 0..20 {
        desk.press(Modifiers::NONE, Key::PageDown);
    }
    desk.press(Modifiers::NONE, Key::Period);
    desk.picture_of_layers("studio_layers");
    desk.screenshot();
    for by in ["Speed", "Layer height", "Line width", "Flow", "Layer time", "Tool"] {
        desk.harness.get_by_role_and_label(Role::ComboBox, "Colour by").click();
        desk.settle();
        desk.click(by);
    }
    // A feature that is hidden stays so until it is shown again.
    desk.click("Show Outer wall");
    desk.click("Show Outer wall");
    desk.press(Modifiers::NONE, Key::P);
    desk.press(Modifiers::NONE, Key::P);
}

#[test]
fn every_command_and_setting_is_found_by_its_name() {
    let mut desk = Desk::new(Theme::Dark, [1280.0, 720.0], "machine = \"generic-220\"\n");
    desk.click("Calibration cube");
    desk.press(Modifiers::COMMAND, Key::K);
    desk.harness.get_by_role_and_label(Role::TextInput, "Find a command").type_text("duplicate");
    desk.settle();
    desk.press(Modifiers::NONE, Key::Enter);
    assert_eq!(desk.harness.state().object_names(), ["Calibration cube", "Calibration cube 2"]);

    desk.press(Modifiers::COMMAND, Key::K);
    desk.harness.get_by_role_and_label(Role::TextInput, "Find a command").type_text("first layer brim");
    desk.settle();
    desk.picture("studio_palette");
    desk.press(Modifiers::NONE, Key::Escape);

    // PrusaSlicer's name of a setting that is not among the simple ones.
    desk.press(Modifiers::COMMAND, Key::F);
    desk.harness.get_by_role_and_label(Role::TextInput, "Search settings").type_text("seam_position");
    desk.settle();
    assert!(desk.harness.query_by_role_and_label(Role::ComboBox, "Seam").is_some());
}

/// A small job that the check of any machine passes.
const JOB: &str = "M140 S60\nM104 S210\nM190 S60\nM109 S210\nG28\nG90\nM83\nG1 Z0.2 F600\nG1 X60 Y60 F3000\n\
    G1 X80 Y60 E0.7 F1200\nG1 X80 Y80 E0.7\nM104 S0\nM140 S0\nM84\n";

/// A simulated machine at a pseudo-terminal, for as long as this is held.
#[cfg(unix)]
struct Machine {
    _folder: tempfile::TempDir,
    port: String,
    terminal: Option<fabbro::machine::pty::Terminal>,
    running: fabbro::progress::Progress,
    serving: Option<std::thread::JoinHandle<()>>,
}

#[cfg(unix)]
impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("machine");
        let terminal = fabbro::machine::pty::Terminal::open(Some(&link)).unwrap();
        let running = fabbro::progress::Progress::new();
        let port = link.to_str().unwrap().to_owned();
        Self { _folder: folder, port, terminal: Some(terminal), running, serving: None }
    }

    /// Is switched on, once somebody listens. Where it is not `instant`, it lives 60 seconds in one.
    fn switch_on(&mut self, instant: bool) {
        let mut terminal = self.terminal.take().expect("it is switched on once");
        let until = self.running.clone();
        self.serving = Some(std::thread::spawn(move || {
            let mut machine =
                fabbro::machine::simulator::Simulator::new(fabbro::machine::simulator::Faults::default(), instant);
            terminal.serve(&mut machine, 60.0, &until, &mut |_| Ok(())).unwrap();
        }));
    }
}

#[cfg(unix)]
impl Drop for Machine {
    fn drop(&mut self) {
        self.running.cancel();
        if let Some(serving) = self.serving.take() {
            let ended = serving.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the machine fell over");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_printed_on_a_machine_and_the_emergency_stop_stops_it() {
    let mut machine = Machine::new();
    let preferences = format!("machine = \"generic-220\"\nport = \"{}\"\n", machine.port);
    let mut desk = Desk::new(Theme::Dark, [1440.0, 900.0], &preferences);
    let file = desk.folder.path().join("square.gcode");
    std::fs::write(&file, JOB).unwrap();
    desk.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    desk.type_into("Path", file.to_str().unwrap());
    assert_eq!(desk.layers(), 1);

    desk.click("Machine");
    desk.click("Connect");
    machine.switch_on(true);
    desk.wait_until_ready();
    desk.click("Print");
    desk.wait_for("Finished");
    desk.type_into("Nozzle target", "210");
    desk.wait_for("210.0 °C");
    desk.type_into("Bed target", "60");
    desk.wait_for("60.0 °C");
    desk.type_into("Command", "M114");
    desk.wait_for("M114");
    desk.wait_for("Count X");
    desk.picture_of_machine("studio_machine");
    desk.press(Modifiers::NONE, Key::F12);
    desk.wait_for("The connection ended: the emergency stop was sent; reset the machine and connect again.");
}

#[cfg(unix)]
#[test]
fn a_print_is_paused_resumed_and_cancelled() {
    let mut machine = Machine::new();
    let preferences = format!("machine = \"generic-220\"\nport = \"{}\"\n", machine.port);
    let mut desk = Desk::new(Theme::Light, [1280.0, 720.0], &preferences);
    let file = desk.folder.path().join("slow.gcode");
    // Long enough that it runs through all of this, and ended by the test.
    let to_and_fro = "G1 X160 Y60 F600\nG1 X60 Y60\n".repeat(2000);
    std::fs::write(&file, JOB.replace("M104 S0\n", &format!("{to_and_fro}M104 S0\n"))).unwrap();
    desk.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    desk.type_into("Path", file.to_str().unwrap());
    desk.press(Modifiers::COMMAND, Key::Num3);
    desk.click("Connect");
    machine.switch_on(false);
    desk.wait_until_ready();
    desk.press(Modifiers::COMMAND, Key::P);
    desk.wait_for("Printing");
    desk.click("Pause");
    desk.wait_for("Paused");
    desk.click("Resume");
    desk.wait_for("Printing");
    desk.click("Cancel print");
    desk.wait_for("Broken off");
    desk.wait_until_ready();
}

#[test]
fn the_keys_work_while_the_picture_has_the_keyboard() {
    let mut desk = Desk::new(Theme::Dark, [1280.0, 720.0], "machine = \"generic-220\"\n");
    desk.click("Calibration cube");
    // As a click into it does.
    desk.harness.get_by_role_and_label(Role::Canvas, "3D view").focus();
    desk.settle();
    desk.press(Modifiers::NONE, Key::Delete);
    assert!(desk.harness.state().object_names().is_empty());
    desk.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.harness.state().object_names(), ["Calibration cube"]);
    // In a field they are letters.
    desk.harness.get_by_role_and_label(Role::TextInput, "Search settings").focus();
    desk.settle();
    desk.press(Modifiers::NONE, Key::Delete);
    assert_eq!(desk.harness.state().object_names(), ["Calibration cube"]);
}

#[test]
fn many_objects_with_long_names_and_many_problems_leave_the_picture_to_be_seen() {
    let preferences = "machine = \"generic-400\"\nhigh_contrast = true\n";
    let mut desk = Desk::new(Theme::Dark, [1280.0, 720.0], preferences);
    desk.click("Calibration cube");
    desk.type_into("Name", "A bracket for the left hinge of the garden gate, version 12b");
    for _ in 0..5 {
        desk.press(Modifiers::COMMAND, Key::A);
        desk.press(Modifiers::COMMAND, Key::D);
    }
    assert_eq!(desk.harness.state().object_names().len(), 32);
    for number in 1..=4 {
        let file = desk.folder.path().join(format!("broken {number}.stl"));
        std::fs::write(&file, "solid nothing\nendsolid\n").unwrap();
        desk.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
        desk.type_into("Path", file.to_str().unwrap());
    }
    desk.wait_for("Dismiss all");
    let all = desk.harness.query_all_by_label("Dismiss").count();
    assert_eq!(all, 4, "every problem stays until it is dealt with");
    desk.click("Dismiss all");
    assert_eq!(desk.harness.query_all_by_label("Dismiss").count(), 0);
    desk.press(Modifiers::NONE, Key::Home);
    desk.picture("studio_many_objects");
}

#[test]
fn a_machine_that_is_in_no_list_is_described() {
    let mut desk = Desk::new(Theme::Light, [1280.0, 720.0], "");
    desk.click("Describe a machine");
    desk.harness.get_by_role_and_label(Role::TextInput, "Name of the machine").type_text("Workshop 3");
    desk.settle();
    desk.type_into("Width", "120");
    desk.type_into("Depth", "12*10");
    desk.picture("studio_describe");
    desk.click("Use this machine");
    assert!(desk.folder.path().join("machines").join("workshop-3.toml").is_file());
    desk.click("Calibration cube");
    assert!(desk.layers() > 50);
    assert!(desk.harness.query_by_label("Machine: Workshop 3").is_some());
}
