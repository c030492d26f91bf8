//! The studio without a screen: a person's way from the first start to the exported file, and its pictures.
//!
//! Pictures are compared with those in `tests/snapshots`; `UPDATE_SNAPSHOTS=1 cargo test studio` writes them afresh, the
//! README's screenshot with them.

use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions};
use fabbro::app::{Options, Studio};

/// Far longer than anything here takes; only so that a mistake ends.
const PATIENCE: Duration = Duration::from_secs(120);

/// A studio with preferences of its own, which holds on to the folder they are in.
struct Desk {
    harness: Harness<'static, Studio>,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(theme: Theme, size: [f32; 2], preferences: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("studio.toml");
        let name = if theme == Theme::Dark { "dark" } else { "light" };
        std::fs::write(&path, format!("theme = \"{name}\"\n{preferences}")).unwrap();
        let options = Options { files: Vec::new(), preferences: Some(path), presets: None, file_dialogs: false };
        let harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(1.0)
            .with_theme(theme)
            .with_render_cursor(false)
            .wgpu()
            .build_eframe(|cc| Studio::new(cc, options));
        let mut desk = Self { harness, folder };
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

    /// Compares the window with its stored picture. Another version of the software renderer may round a few pixels of
    /// the 3D view differently.
    fn picture(&mut self, name: &str) {
        self.harness.remove_cursor();
        self.settle();
        self.harness.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(600));
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
    desk.picture("studio_preview");
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
