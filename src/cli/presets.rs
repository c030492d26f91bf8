//! `fabbro machines`, `fabbro materials`, `fabbro recipes`: list them, or show one.

use std::fmt::Write as _;

use serde_json::json;

use super::{Failure, print, print_json, tell_all, usage};
use crate::settings::{Layer, LayeredSettings, Library, Preset, PresetKind, Source, Values};

#[derive(clap::Args)]
pub struct Args {
    /// Show the settings of this one, those it inherits included
    name: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub fn run(kind: PresetKind, args: Args) -> Result<(), Failure> {
    let (library, notices) = Library::load();
    tell_all(&notices);
    match args.name {
        Some(name) => show(&library, kind, &name, args.json),
        None => list(&library, kind, args.json),
    }
}

fn list(library: &Library, kind: PresetKind, as_json: bool) -> Result<(), Failure> {
    let presets = library.all(kind);
    if as_json {
        return print_json(&presets.iter().map(|preset| head(preset)).collect::<Vec<_>>());
    }
    let width = presets.iter().map(|preset| preset.id.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for preset in presets {
        let mark = if preset.id == kind.default_id() { "*" } else { " " };
        let _ = write!(text, "{mark} {:<width$}  {}", preset.id, preset.name());
        if !preset.file.description.is_empty() {
            let _ = write!(text, ": {}", preset.file.description);
        }
        text.push_str(if matches!(preset.source, Source::User(_)) { " (yours)\n" } else { "\n" });
    }
    print(&text)
}

fn show(library: &Library, kind: PresetKind, name: &str, as_json: bool) -> Result<(), Failure> {
    let mut layered = LayeredSettings::new();
    let preset = library.apply(&mut layered, kind, name).map_err(usage)?;
    if as_json {
        let values = all_values(&layered, kind.layer());
        let mut value = head(&preset);
        value["settings"] = serde_json::to_value(&values)?;
        return print_json(&value);
    }
    let mut text = format!("{} ({})\n", preset.name(), preset.id);
    if let Source::User(path) = &preset.source {
        let _ = writeln!(text, "{}", path.display());
    }
    if !preset.file.description.is_empty() {
        let _ = writeln!(text, "{}", preset.file.description);
    }
    text.push('\n');
    for (key, value) in all_values(&layered, kind.layer()).iter() {
        let shown = key.definition().display(value);
        let mut lines = shown.lines();
        let _ = writeln!(text, "  {:<38} {}", key.name(), lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "  {:<38} {line}", "");
        }
    }
    print(&text)
}

/// What a layer says, what is inherited overridden by what inherits it.
fn all_values(layered: &LayeredSettings, layer: Layer) -> Values {
    let mut all = Values::new();
    for sheet in layered.sheets(layer) {
        all.extend(&sheet.values);
    }
    all
}

fn head(preset: &Preset) -> serde_json::Value {
    json!({
        "id": preset.id,
        "name": preset.file.name,
        "maker": preset.file.maker,
        "description": preset.file.description,
        "inherits": preset.file.inherits,
        "file": match &preset.source {
            Source::Bundled => None,
            Source::User(path) => Some(path.display().to_string()),
        },
    })
}
