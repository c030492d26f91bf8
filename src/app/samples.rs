//! Models that come with the studio, for a first try.

use std::path::PathBuf;

/// A model inside of the program.
#[derive(Debug)]
pub struct Sample {
    pub name: &'static str,
    pub hint: &'static str,
    file: &'static str,
    bytes: &'static [u8],
}

/// What the empty plate offers.
pub static SAMPLES: [Sample; 2] = [
    Sample {
        name: "Calibration cube",
        hint: "20 mm: ten minutes that show whether the machine keeps its measures",
        file: "Calibration cube.stl",
        bytes: include_bytes!("../../assets/models/calibration-cube-20mm.stl"),
    },
    Sample {
        name: "Bridge and overhang",
        hint: "Shows what a machine prints into the air",
        file: "Bridge and overhang.stl",
        bytes: include_bytes!("../../assets/models/bridge-and-overhang.stl"),
    },
];

impl Sample {
    /// Puts the model into a file of its own, which lives as long as the folder that is returned with it.
    ///
    /// Fails when the system's folder for temporary files cannot be written.
    pub fn unpack(&self) -> std::io::Result<(tempfile::TempDir, PathBuf)> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(self.file);
        std::fs::write(&path, self.bytes)?;
        Ok((folder, path))
    }
}
