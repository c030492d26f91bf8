//! The machines, materials and recipes there are: those that come with the program and those in the person's folder.
//!
//! A preset is picked by the name of its file without `.toml`, or by its name as shown. A file in the person's folder
//! stands in for one of the same file name that comes with the program.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::report::Notice;

use super::definition::nearest;
use super::entries::Key;
use super::error::did_you_mean;
use super::file::PresetFile;
use super::layers::{Layer, LayeredSettings, Sheet, Values};
use super::text::read_text;
use super::value::Value;

static MACHINES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/machines");
static MATERIALS: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/materials");
static RECIPES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/recipes");

/// What a preset is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PresetKind {
    Machine,
    Material,
    Recipe,
}

impl PresetKind {
    pub const ALL: [PresetKind; 3] = [PresetKind::Machine, PresetKind::Material, PresetKind::Recipe];

    /// The layer that its settings form.
    pub fn layer(self) -> Layer {
        match self {
            PresetKind::Machine => Layer::Machine,
            PresetKind::Material => Layer::Material,
            PresetKind::Recipe => Layer::Recipe,
        }
    }

    /// The preset that is used where a person has not chosen: its file name without `.toml`.
    pub fn default_id(self) -> &'static str {
        match self {
            PresetKind::Machine => "generic-220",
            PresetKind::Material => "pla",
            PresetKind::Recipe => "standard",
        }
    }

    /// The folder of its files, and what several are called.
    pub fn folder(self) -> &'static str {
        match self {
            PresetKind::Machine => "machines",
            PresetKind::Material => "materials",
            PresetKind::Recipe => "recipes",
        }
    }

    fn bundled(self) -> &'static Dir<'static> {
        match self {
            PresetKind::Machine => &MACHINES,
            PresetKind::Material => &MATERIALS,
            PresetKind::Recipe => &RECIPES,
        }
    }

    /// The setting that names the preset in a finished file.
    pub fn name_key(self) -> Key {
        match self {
            PresetKind::Machine => Key::printer_settings_id,
            PresetKind::Material => Key::filament_settings_id,
            PresetKind::Recipe => Key::print_settings_id,
        }
    }
}

impl fmt::Display for PresetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.layer().label())
    }
}

/// Where a preset comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// With the program.
    Bundled,
    /// From the person's folder.
    User(PathBuf),
}

/// A machine, a material or a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub kind: PresetKind,
    /// The name of its file without `.toml`.
    pub id: String,
    pub file: PresetFile,
    pub source: Source,
}

impl Preset {
    pub fn name(&self) -> &str {
        &self.file.name
    }
}

/// Why a preset could not be used or saved.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    #[error("there is no {kind} `{name}`{}; `fabbro {}` lists them", did_you_mean(.nearest), .kind.folder())]
    Unknown {
        kind: PresetKind,
        name: String,
        /// The id that is most alike; empty where none is.
        nearest: String,
    },
    #[error("the {kind} `{id}` inherits itself by way of {chain}; take one of these `inherits` out")]
    Circle { kind: PresetKind, id: String, chain: String },
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable { path: PathBuf, cause: String },
    #[error("cannot save {}: {cause}", .path.display())]
    Unwritable { path: PathBuf, cause: String },
    #[error("`{0}` cannot be the name of a file: use letters, digits, dots and hyphens")]
    BadName(String),
    #[error("this system names no folder for a person's settings; set HOME or XDG_CONFIG_HOME")]
    NoFolder,
}

/// All presets. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Library {
    presets: Arc<BTreeMap<(PresetKind, String), Arc<Preset>>>,
}

impl Library {
    /// What comes with the program. A test reads every file; one that does not parse is left out.
    pub fn bundled() -> Self {
        let mut presets = BTreeMap::new();
        for kind in PresetKind::ALL {
            for file in kind.bundled().files().filter(|file| is_toml(file.path())) {
                let id = file.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
                if let Some(Ok(file)) = file.contents_utf8().map(PresetFile::parse) {
                    let preset = Preset { kind, id: id.clone(), file, source: Source::Bundled };
                    presets.insert((kind, id), Arc::new(preset));
                }
            }
        }
        Self { presets: Arc::new(presets) }
    }

    /// What comes with the program and what is in the person's folder. Files there that cannot be read are named in
    /// the notices and left out.
    pub fn load() -> (Self, Vec<Notice>) {
        let mut library = Self::bundled();
        let notices = user_folder().map(|folder| library.add_folder(&folder)).unwrap_or_default();
        (library, notices)
    }

    /// Adds what is in `folder` (with subfolders `machines`, `materials`, `recipes`, each of which may be missing).
    pub fn add_folder(&mut self, folder: &Path) -> Vec<Notice> {
        let mut notices = Vec::new();
        for kind in PresetKind::ALL {
            let Ok(entries) = std::fs::read_dir(folder.join(kind.folder())) else { continue };
            let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.retain(|path| is_toml(path));
            paths.sort();
            for path in paths {
                match read_preset(kind, &path, &mut notices) {
                    Ok(preset) => {
                        Arc::make_mut(&mut self.presets).insert((kind, preset.id.clone()), Arc::new(preset));
                    }
                    Err(error) => notices.push(Notice::warning(error.to_string())),
                }
            }
        }
        notices
    }

    /// All of one kind, those without a maker first, then by maker and name.
    pub fn all(&self, kind: PresetKind) -> Vec<Arc<Preset>> {
        let mut found: Vec<_> = self.presets.values().filter(|preset| preset.kind == kind).cloned().collect();
        found.sort_by(|a, b| (&a.file.maker, &a.file.name, &a.id).cmp(&(&b.file.maker, &b.file.name, &b.id)));
        found
    }

    /// The preset whose file name (without `.toml`) or name is `name`; case and `-`, `_` or space do not matter.
    pub fn find(&self, kind: PresetKind, name: &str) -> Result<Arc<Preset>, PresetError> {
        if let Some(preset) = self.presets.get(&(kind, name.to_owned())) {
            return Ok(preset.clone());
        }
        let plain = |text: &str| text.trim().to_lowercase().replace(['_', ' '], "-");
        let wanted = plain(name);
        let of_kind = || self.presets.values().filter(|preset| preset.kind == kind);
        let found = of_kind().find(|preset| plain(&preset.id) == wanted || plain(preset.name()) == wanted);
        found.cloned().ok_or_else(|| PresetError::Unknown {
            kind,
            name: name.chars().take(60).collect(),
            nearest: nearest(&wanted, of_kind().map(|preset| preset.id.as_str())).unwrap_or_default().to_owned(),
        })
    }

    /// Puts a preset, what it inherits before it, in the place of everything that its layer held. Returns the preset.
    pub fn apply(
        &self,
        layered: &mut LayeredSettings,
        kind: PresetKind,
        name: &str,
    ) -> Result<Arc<Preset>, PresetError> {
        let preset = self.find(kind, name)?;
        let mut sheets = Vec::new();
        for ancestor in self.lineage(&preset)? {
            let mut values = ancestor.file.settings.clone();
            // Only the preset itself gives its name, which overrides that of none it inherits.
            values.remove(kind.name_key());
            sheets.push(Sheet { layer: kind.layer(), name: ancestor.file.name.clone(), values });
        }
        if let Some(own) = sheets.last_mut() {
            put_name(&mut own.values, kind, &preset.file.name);
        }
        layered.replace(kind.layer(), sheets);
        Ok(preset)
    }

    /// The defaults with a machine, a material and a recipe on top.
    pub fn layered(&self, machine: &str, material: &str, recipe: &str) -> Result<LayeredSettings, PresetError> {
        let mut layered = LayeredSettings::new();
        self.apply(&mut layered, PresetKind::Machine, machine)?;
        self.apply(&mut layered, PresetKind::Material, material)?;
        self.apply(&mut layered, PresetKind::Recipe, recipe)?;
        Ok(layered)
    }

    /// The preset with everything it inherits, the farthest ancestor first.
    fn lineage(&self, preset: &Arc<Preset>) -> Result<Vec<Arc<Preset>>, PresetError> {
        let mut line = vec![preset.clone()];
        while let Some(parent) = line.last().and_then(|last| last.file.inherits.clone()) {
            let parent = self.find(preset.kind, &parent)?;
            // A person's file may inherit the one of the same name that it stands in for.
            if line.iter().any(|seen| seen.id == parent.id) {
                let bundled = Library::bundled().find(preset.kind, &parent.id).ok();
                match bundled.filter(|bundled| line.iter().all(|seen| seen.as_ref() != bundled.as_ref())) {
                    Some(bundled) => {
                        line.push(bundled);
                        continue;
                    }
                    None => {
                        let chain: Vec<_> = line.iter().map(|seen| format!("`{}`", seen.id)).collect();
                        return Err(PresetError::Circle {
                            kind: preset.kind,
                            id: parent.id.clone(),
                            chain: chain.join(", "),
                        });
                    }
                }
            }
            line.push(parent);
        }
        line.reverse();
        Ok(line)
    }

    /// Saves a preset in the person's folder, whole or not at all, and adds it here. Returns where it was saved.
    ///
    /// Fails when `id` cannot be a file's name, or the file cannot be written.
    pub fn save(&mut self, kind: PresetKind, id: &str, file: PresetFile) -> Result<PathBuf, PresetError> {
        let folder = user_folder().ok_or(PresetError::NoFolder)?;
        self.save_in(&folder, kind, id, file)
    }

    /// The same in another folder.
    pub fn save_in(
        &mut self,
        folder: &Path,
        kind: PresetKind,
        id: &str,
        file: PresetFile,
    ) -> Result<PathBuf, PresetError> {
        let harmless = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
        if id.is_empty() || id.starts_with('.') || id.len() > 100 || !id.chars().all(harmless) {
            return Err(PresetError::BadName(id.chars().take(60).collect()));
        }
        let folder = folder.join(kind.folder());
        let path = folder.join(format!("{id}.toml"));
        let failed =
            |cause: &dyn fmt::Display| PresetError::Unwritable { path: path.clone(), cause: cause.to_string() };
        let text = file.to_text().map_err(|error| failed(&error))?;
        std::fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        let mut temporary = tempfile::NamedTempFile::new_in(&folder).map_err(|error| failed(&error))?;
        temporary.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
        temporary.as_file().sync_all().map_err(|error| failed(&error))?;
        temporary.persist(&path).map_err(|error| failed(&error.error))?;
        let preset = Preset { kind, id: id.to_owned(), file, source: Source::User(path.clone()) };
        Arc::make_mut(&mut self.presets).insert((kind, id.to_owned()), Arc::new(preset));
        Ok(path)
    }
}

/// The folder of the person's own machines, materials and recipes; `None` where the system names none.
pub fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fabbro").map(|dirs| dirs.config_dir().to_owned())
}

fn put_name(values: &mut Values, kind: PresetKind, name: &str) {
    // A text is always taken.
    let _ = values.set(kind.name_key(), Value::Text(name.to_owned()));
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn read_preset(kind: PresetKind, path: &Path, notices: &mut Vec<Notice>) -> Result<Preset, PresetError> {
    let failed = |cause: &dyn fmt::Display| PresetError::Unreadable {
        path: path.to_owned(),
        cause: cause.to_string().trim_end().replace('\n', " "),
    };
    let text = read_text(path).map_err(|error| failed(&error))?;
    notices.extend(text.notices);
    let file = PresetFile::parse(&text.text).map_err(|error| failed(&error))?;
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Preset { kind, id, file, source: Source::User(path.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Severity;
    use crate::settings::{GcodeFlavor, Settings};

    #[test]
    fn every_bundled_file_is_read_and_its_names_are_its_own() {
        let library = Library::bundled();
        for kind in PresetKind::ALL {
            let files = kind.bundled().files().count();
            assert_eq!(library.all(kind).len(), files, "{kind}");
            for file in kind.bundled().files() {
                PresetFile::parse(file.contents_utf8().unwrap()).unwrap();
            }
            for preset in library.all(kind) {
                assert_eq!(library.find(kind, &preset.id).unwrap(), preset);
                assert_eq!(library.find(kind, &preset.file.name.to_uppercase()).unwrap(), preset);
            }
            library.find(kind, kind.default_id()).unwrap();
        }
    }

    #[test]
    fn every_combination_resolves_without_a_clash() {
        let library = Library::bundled();
        for machine in library.all(PresetKind::Machine) {
            for material in library.all(PresetKind::Material) {
                for recipe in library.all(PresetKind::Recipe) {
                    let layered = library.layered(&machine.id, &material.id, &recipe.id).unwrap();
                    let resolved = layered.resolve().unwrap();
                    let settings = &resolved.settings;
                    assert_eq!(settings.printer_settings_id, machine.file.name);
                    assert_eq!(settings.filament_settings_id, material.file.name);
                    assert_eq!(settings.print_settings_id, recipe.file.name);
                    // A plastic may ask for more heat than a machine has; nothing else may be amiss.
                    let amiss = resolved.notices.iter().find(|notice| !notice.message.contains("may have at most"));
                    assert_eq!(amiss, None, "{} {} {}", machine.id, material.id, recipe.id);
                    assert!(resolved.notices.iter().all(|notice| notice.severity == Severity::Warning));
                }
            }
        }
    }

    #[test]
    fn every_machine_is_whole_and_turns_everything_off() {
        let library = Library::bundled();
        for machine in library.all(PresetKind::Machine) {
            let layered = library.layered(&machine.id, "pla", "standard").unwrap();
            let settings = layered.resolve().unwrap().settings;
            let own = |key: Key| layered.provenance(key).origin.layer == Layer::Machine;
            for key in [Key::bed_shape, Key::max_print_height, Key::gcode_flavor, Key::start_gcode, Key::end_gcode] {
                assert!(own(key), "{}: {} is only a default", machine.id, key.name());
            }
            assert_eq!(settings.printer_model, machine.file.name);
            assert!(area_mm2(&settings.bed_shape) > 10_000.0, "{}: the plate is not counter-clockwise", machine.id);
            let has = |line: &str| settings.end_gcode.lines().any(|end| end.starts_with(line));
            let heaters = has("TURN_OFF_HEATERS") || (has("M104 S0") && has("M140 S0"));
            assert!(heaters && has("M107") && has("M84"), "{}: {}", machine.id, settings.end_gcode);
            assert!(settings.start_gcode.contains("M109 S{first_layer_temperature}"), "{}", machine.id);
            assert!(settings.start_gcode.contains("M190 S{first_layer_bed_temperature}"), "{}", machine.id);
            let klipper_only = settings.end_gcode.contains("TURN_OFF_HEATERS");
            assert!(!klipper_only || settings.gcode_flavor == GcodeFlavor::Klipper, "{}", machine.id);
        }
    }

    /// Positive for a counter-clockwise outline.
    fn area_mm2(outline: &[[f64; 2]]) -> f64 {
        let next = outline.iter().cycle().skip(1);
        outline.iter().zip(next).map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum()
    }

    #[test]
    fn what_inherits_overrides_what_is_inherited_and_the_provenance_names_both() {
        let library = Library::bundled();
        let layered = library.layered("voron-2.4-300", "PLA", "0.10 mm detail").unwrap();
        let provenance = layered.provenance(Key::layer_height);
        assert_eq!(provenance.origin.name, "0.10 mm detail");
        assert_eq!(provenance.overrode[0].name, "0.20 mm standard");
        assert_eq!(layered.provenance(Key::bed_shape).origin.name, "Voron 2.4 300");
        assert_eq!(layered.provenance(Key::start_gcode).origin.name, "Voron 2.4 250");
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_the_nearest() {
        let error = Library::bundled().find(PresetKind::Machine, "prusa-mk5").unwrap_err().to_string();
        assert!(error.contains("no machine `prusa-mk5`; did you mean `prusa-mk"), "{error}");
        assert!(error.contains("`fabbro machines` lists them"), "{error}");
    }

    fn file(name: &str, inherits: Option<&str>, settings: &[&str]) -> PresetFile {
        let mut values = Values::new();
        for text in settings {
            let (key, value) = crate::settings::parse_assignment(text).unwrap();
            values.set(key, value).unwrap();
        }
        PresetFile {
            name: name.into(),
            maker: String::new(),
            description: String::new(),
            inherits: inherits.map(Into::into),
            settings: values,
        }
    }

    fn resolved(library: &Library, recipe: &str) -> Arc<Settings> {
        library.layered("generic-220", "pla", recipe).unwrap().resolve().unwrap().settings
    }

    #[test]
    fn a_persons_file_is_read_in_whatever_encoding_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let recipes = folder.path().join("recipes");
        std::fs::create_dir_all(&recipes).unwrap();
        let text = "name = 'Für Käse'\n[settings]\nlayer_height = 0.13\n";
        std::fs::write(recipes.join("marked.toml"), format!("\u{feff}{text}")).unwrap();
        let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        std::fs::write(recipes.join("latin.toml"), latin1).unwrap();
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(recipes.join("wide.toml"), utf16).unwrap();
        let mut library = Library::bundled();
        let notices = library.add_folder(folder.path());
        for id in ["marked", "latin"] {
            assert_eq!(library.find(PresetKind::Recipe, id).unwrap().name(), "Für Käse");
            assert_eq!(resolved(&library, id).layer_height, 0.13);
        }
        let said: Vec<_> = notices.iter().map(|notice| (notice.severity, notice.message.as_str())).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].0 == Severity::Note && said[0].1.contains("latin.toml is not UTF-8"), "{said:?}");
        assert!(said[1].1.contains("wide.toml") && said[1].1.contains("UTF-16"), "{said:?}");
    }

    #[test]
    fn a_persons_files_are_saved_found_again_and_stand_in_for_bundled_ones() {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::bundled();
        let mine = file("Mine", Some("strong"), &["layer_height=0.12"]);
        library.save_in(folder.path(), PresetKind::Recipe, "mine", mine.clone()).unwrap();
        let standard = file("My standard", Some("standard"), &["perimeters=5"]);
        library.save_in(folder.path(), PresetKind::Recipe, "standard", standard).unwrap();
        let mut reopened = Library::bundled();
        std::fs::write(folder.path().join("recipes/broken.toml"), "name = 'x'\n[settings]\nlayer_hight = 1").unwrap();
        let notices = reopened.add_folder(folder.path());
        assert_eq!(notices.len(), 1);
        assert!(
            notices[0].message.contains("broken.toml") && notices[0].message.contains("did you mean `layer_height`")
        );
        for library in [&library, &reopened] {
            assert_eq!(library.find(PresetKind::Recipe, "Mine").unwrap().file, mine);
            let settings = resolved(library, "mine");
            assert_eq!((settings.layer_height, settings.perimeters, settings.fill_density), (0.12, 4, 0.35));
            // It inherits the bundled file that it stands in for.
            let settings = resolved(library, "standard");
            assert_eq!((settings.layer_height, settings.perimeters), (0.2, 5));
        }
        for name in ["", ".hidden", "a/b", "..", "x\0"] {
            let error = library.save_in(folder.path(), PresetKind::Recipe, name, mine.clone()).unwrap_err();
            assert!(matches!(error, PresetError::BadName(_)), "{name}: {error}");
        }
    }

    #[test]
    fn files_that_inherit_in_a_circle_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::default();
        library.save_in(folder.path(), PresetKind::Material, "a", file("A", Some("b"), &[])).unwrap();
        library.save_in(folder.path(), PresetKind::Material, "b", file("B", Some("a"), &[])).unwrap();
        let error = library.apply(&mut LayeredSettings::new(), PresetKind::Material, "a").unwrap_err().to_string();
        assert!(error.contains("inherits itself"), "{error}");
    }
}
