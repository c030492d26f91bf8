//! What the studio remembers between two starts: theme, machine, recent files, size of text.
//!
//! One of the four owners of state. Kept as TOML in the user's configuration folder, or wherever the caller says; a
//! file that cannot be read is no reason not to start.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How many recent files are remembered.
const RECENT: usize = 8;

/// Dark, light, or as the desktop has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    #[default]
    System,
    Dark,
    Light,
}

impl ThemeChoice {
    pub fn to_egui(self) -> egui::ThemePreference {
        match self {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        }
    }
}

/// Which settings are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsShown {
    #[default]
    Simple,
    Advanced,
    Expert,
}

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub theme: ThemeChoice,
    /// Clearer edges and stronger colours, in either theme.
    pub high_contrast: bool,
    /// Size of everything, 1 is normal.
    pub scale: f32,
    pub settings_shown: SettingsShown,
    /// Names of presets; `None` for the machine means that none was picked yet.
    pub machine: Option<String>,
    pub material: Option<String>,
    pub recipe: Option<String>,
    pub export_folder: Option<PathBuf>,
    /// The serial port of the machine, and its speed where it is not what the machine's settings say.
    pub port: String,
    pub baud: Option<u32>,
    /// The latest first.
    pub recent: Vec<PathBuf>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            high_contrast: false,
            scale: 1.0,
            settings_shown: SettingsShown::default(),
            machine: None,
            material: None,
            recipe: None,
            export_folder: None,
            port: String::new(),
            baud: None,
            recent: Vec::new(),
        }
    }
}

impl Preferences {
    /// The usual place; `None` where the system has no home folder for the user.
    pub fn usual_path() -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", "fabbro")?;
        Some(folders.config_dir().join("studio.toml"))
    }

    /// Reads a file; what is missing, damaged or out of range becomes the default.
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut read: Self = toml::from_str(&text).unwrap_or_default();
        read.scale = if read.scale.is_finite() { read.scale.clamp(0.7, 3.0) } else { 1.0 };
        read.recent.truncate(RECENT);
        read
    }

    /// Writes the file, whole or not at all. Fails when the folder or the file cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let text = toml::to_string_pretty(self).map_err(std::io::Error::other)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    }

    /// Puts a file at the head of the recent ones.
    pub fn opened(&mut self, path: &Path) {
        self.recent.retain(|p| p != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_comes_back_and_a_damaged_file_gives_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("studio.toml");
        let mut preferences =
            Preferences { theme: ThemeChoice::Light, machine: Some("A".into()), ..Default::default() };
        preferences.opened(Path::new("/a.stl"));
        preferences.opened(Path::new("/b.stl"));
        preferences.opened(Path::new("/a.stl"));
        preferences.save(&path).unwrap();
        let back = Preferences::load(&path);
        assert_eq!(back, preferences);
        assert_eq!(back.recent, [PathBuf::from("/a.stl"), PathBuf::from("/b.stl")]);
        std::fs::write(&path, "scale = [").unwrap();
        assert_eq!(Preferences::load(&path), Preferences::default());
        std::fs::write(&path, "scale = 99.0").unwrap();
        assert_eq!(Preferences::load(&path).scale, 3.0);
    }
}
