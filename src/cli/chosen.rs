//! `--machine`, `--material`, `--recipe`, `--set`: from what a person chose to layered settings.

use std::path::Path;

use super::{Failure, tell_all, usage};
use crate::report::Notice;
use crate::settings::{
    Key, Layer, LayeredSettings, Library, PresetFile, PresetKind, Sheet, Text, Value, Values, from_prusa_ini,
    parse_assignment, read_text,
};

#[derive(clap::Args)]
pub struct Chosen {
    /// The machine: its name (`fabbro machines` lists them) or a file
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// The material: its name (`fabbro materials` lists them) or a file
    #[arg(long, value_name = "NAME")]
    material: Option<String>,
    /// The recipe: its name (`fabbro recipes` lists them), a file, or a configuration of PrusaSlicer (.ini)
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
    /// A setting and its value, with units and arithmetic; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Chosen {
    /// Whether the person said which machine.
    pub fn names_machine(&self) -> bool {
        self.machine.is_some()
    }

    /// The layers of settings that follow. Tells on standard error what was not taken over.
    pub fn layered(&self) -> Result<LayeredSettings, Failure> {
        let (library, notices) = Library::load();
        tell_all(&notices);
        self.layered_from(&library)
    }

    fn layered_from(&self, library: &Library) -> Result<LayeredSettings, Failure> {
        let mut layered = LayeredSettings::new();
        let chosen = [
            (PresetKind::Machine, &self.machine),
            (PresetKind::Material, &self.material),
            (PresetKind::Recipe, &self.recipe),
        ];
        for (kind, name) in chosen {
            match name.as_deref() {
                Some(name) if has_extension(name, "ini") => {
                    if kind != PresetKind::Recipe {
                        return Err(usage(format!("{name} is a configuration of PrusaSlicer; give it with --recipe")));
                    }
                    self.take_ini(&mut layered, Path::new(name))?;
                }
                Some(name) if has_extension(name, "toml") => take_file(library, &mut layered, kind, Path::new(name))?,
                name => {
                    library.apply(&mut layered, kind, name.unwrap_or(kind.default_id())).map_err(usage)?;
                }
            }
        }
        for text in &self.set {
            let (key, value) = parse_assignment(text).map_err(usage)?;
            layered.set(Layer::Project, key, value).map_err(usage)?;
        }
        Ok(layered)
    }

    /// All of a PrusaSlicer configuration, its machine and material too, so that both slicers work at the same settings.
    fn take_ini(&self, layered: &mut LayeredSettings, path: &Path) -> Result<(), Failure> {
        let text = read(path)?;
        let imported = from_prusa_ini(&text).map_err(|error| cannot_read(path, &error))?;
        tell_all(&imported.notices);
        let mut values = imported.values;
        // PrusaSlicer's own configurations leave it empty; then it is still the machine that was chosen here.
        if values.get(Key::printer_model) == Some(&Value::Text(String::new())) {
            values.remove(Key::printer_model);
        }
        for (option, layer) in [(&self.machine, Layer::Machine), (&self.material, Layer::Material)] {
            let overridden = values.iter().any(|(key, _)| layered.sheets(layer).any(|s| s.values.get(key).is_some()));
            if let Some(name) = option.as_deref().filter(|_| overridden) {
                tell_all(&[Notice::warning(format!(
                    "{} holds settings of the {} too, which override those of {name}",
                    path.display(),
                    layer.label()
                ))]);
            }
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if values.get(Key::print_settings_id).is_none() {
            values.set(Key::print_settings_id, Value::Text(name.clone())).map_err(usage)?;
        }
        layered.replace(Layer::Recipe, [Sheet { layer: Layer::Recipe, name, values }]);
        Ok(())
    }
}

/// A file of our own that is in no library.
fn take_file(library: &Library, layered: &mut LayeredSettings, kind: PresetKind, path: &Path) -> Result<(), Failure> {
    let file = PresetFile::parse(&read(path)?).map_err(|error| cannot_read(path, &error))?;
    let inherited: Vec<Sheet> = match &file.inherits {
        Some(parent) => {
            library.apply(layered, kind, parent)?;
            layered.sheets(kind.layer()).cloned().collect()
        }
        None => Vec::new(),
    };
    let mut values: Values = file.settings;
    values.set(kind.name_key(), Value::Text(file.name.clone())).map_err(usage)?;
    let own = Sheet { layer: kind.layer(), name: file.name, values };
    layered.replace(kind.layer(), inherited.into_iter().chain([own]));
    Ok(())
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn read(path: &Path) -> Result<String, Failure> {
    let Text { text, notices } = read_text(path).map_err(|error| cannot_read(path, &error))?;
    tell_all(&notices);
    Ok(text)
}

fn cannot_read(path: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::CouldNot(format!("cannot read {}: {}", path.display(), cause.to_string().trim_end()))
}
