//! A machine that is in no list, described by what its maker's page says: plate, height, nozzle, firmware.
//!
//! It becomes a preset like any other, which inherits what a careful machine of its kind does, and has a start of its
//! own: those of the listed machines prime the nozzle at places that another plate may not have.

use crate::settings::{GcodeFlavor, Key, PresetFile, SettingError, Values};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    pub name: String,
    pub round: bool,
    /// Width and depth of the plate, mm; the width is the diameter of a round one.
    pub size_mm: [f64; 2],
    /// Whether the origin is in the middle of the plate, as it always is on a round one, or at its front left corner.
    pub origin_in_middle: bool,
    pub height_mm: f64,
    pub nozzle_mm: f64,
    pub firmware: GcodeFlavor,
}

impl Default for Described {
    fn default() -> Self {
        Self {
            name: String::new(),
            round: false,
            size_mm: [220.0, 220.0],
            origin_in_middle: false,
            height_mm: 250.0,
            nozzle_mm: 0.4,
            firmware: GcodeFlavor::Marlin,
        }
    }
}

impl Described {
    /// The name of its file: the machine's, in letters that any system takes.
    pub fn id(&self) -> String {
        let plain: String =
            self.name.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect();
        let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
        words.join("-").trim_start_matches(['.', '-']).chars().take(60).collect()
    }

    /// The preset. Fails when a value is none that its setting takes.
    pub fn preset(&self) -> Result<PresetFile, SettingError> {
        let mut settings = Values::new();
        for (key, text) in [
            (Key::printer_model, self.name.trim().to_owned()),
            (Key::gcode_flavor, self.firmware.name().to_owned()),
            (Key::bed_shape, self.plate()),
            (Key::max_print_height, self.height_mm.to_string()),
            (Key::nozzle_diameter, self.nozzle_mm.to_string()),
            (Key::start_gcode, self.start()),
        ] {
            settings.set(key, key.definition().parse(&text)?)?;
        }
        Ok(PresetFile {
            name: self.name.trim().to_owned(),
            maker: String::new(),
            description: "Described by hand.".to_owned(),
            inherits: Some(if self.round { "generic-delta" } else { "generic-220" }.to_owned()),
            settings,
        })
    }

    fn plate(&self) -> String {
        let [width, depth] = self.size_mm;
        if self.round {
            return format!("circle {width}");
        }
        let [left, front] = self.front_left();
        let (right, back) = (left + width, front + depth);
        format!("{left}x{front},{right}x{front},{right}x{back},{left}x{back}")
    }

    fn front_left(&self) -> [f64; 2] {
        if self.origin_in_middle { self.size_mm.map(|side| -side / 2.0) } else { [0.0; 2] }
    }

    /// Heats, homes and draws a line along the left edge, or the front edge of a round plate, from which the nozzle comes
    /// filled.
    fn start(&self) -> String {
        let [width, depth] = self.size_mm;
        let [left, front] = self.front_left();
        let (from, to, length) = if self.round {
            let (x, y) = (0.2 * width, -0.42 * width);
            ([-x, y], [x, y], 2.0 * x)
        } else {
            let x = left + 2.0;
            ([x, front + 0.1 * depth], [x, front + 0.5 * depth], 0.4 * depth)
        };
        // 0.1 mm of filament for a millimetre: a line about 0.8 mm wide and 0.3 mm high.
        let filament_mm = 0.1 * length;
        format!(
            "G21 ; millimetres\n\
            G90 ; absolute coordinates\n\
            M83 ; relative extrusion\n\
            M140 S{{first_layer_bed_temperature}} ; heat the bed\n\
            M104 S{{min(150, first_layer_temperature)}} ; warm the nozzle, too cold to ooze\n\
            G28 ; home\n\
            M190 S{{first_layer_bed_temperature}} ; wait for the bed\n\
            M109 S{{first_layer_temperature}} ; wait for the nozzle\n\
            G92 E0\n\
            G1 Z2 F300\n\
            G1 X{:.3} Y{:.3} F6000\n\
            G1 Z0.3 F300\n\
            G1 X{:.3} Y{:.3} E{filament_mm:.3} F1200 ; prime the nozzle\n\
            G92 E0\n\
            G1 Z2 F300\n",
            from[0], from[1], to[0], to[1]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::import::import;
    use crate::pipeline::{JobExtras, make_job};
    use crate::progress::Progress;
    use crate::scene::edit::Edit;
    use crate::scene::{Document, NewObject};
    use crate::settings::{Library, PresetKind};

    /// What a described machine is worth is that its jobs pass the check for it.
    #[test]
    fn a_described_machine_prints() {
        let cube = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/calibration-cube-20mm.stl");
        let models = import(&cube, &Progress::new()).unwrap().models;
        let machine = |change: fn(&mut Described)| {
            let mut described = Described { name: "My machine / No. 3".to_owned(), ..Described::default() };
            change(&mut described);
            described
        };
        for described in [
            machine(|_| {}),
            machine(|d| (d.size_mm, d.origin_in_middle, d.firmware) = ([120.0, 100.0], true, GcodeFlavor::Klipper)),
            machine(|d| (d.size_mm, d.round, d.height_mm) = ([90.0, 90.0], true, 120.0)),
            machine(|d| (d.size_mm, d.firmware, d.nozzle_mm) = ([400.0, 300.0], GcodeFlavor::RepRapFirmware, 0.6)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let machines = folder.path().join("machines");
            std::fs::create_dir_all(&machines).unwrap();
            let text = described.preset().unwrap().to_text().unwrap();
            std::fs::write(machines.join(format!("{}.toml", described.id())), text).unwrap();
            let mut library = Library::bundled();
            assert_eq!(library.add_folder(folder.path()), []);
            let mut settings = library.layered("my-machine-no.-3", "pla", "standard").unwrap();
            library.apply(&mut settings, PresetKind::Machine, &described.name).unwrap();
            let mut document = Document::new(settings).unwrap();
            document.apply(Edit::Add { objects: NewObject::from_import(&models) }).unwrap();
            assert_eq!(document.misplaced(), []);
            let snapshot = document.snapshot();
            let extras = JobExtras::of(&snapshot);
            make_job(&snapshot, &extras, &Progress::new()).unwrap_or_else(|e| panic!("{described:?}: {e}"));
        }
    }

    #[test]
    fn the_name_of_the_file_is_one_that_any_system_takes() {
        let id = |name: &str| Described { name: name.to_owned(), ..Described::default() }.id();
        assert_eq!(id("../Ändern: 2"), "ändern-2");
        assert_eq!(id("  "), "");
    }
}
