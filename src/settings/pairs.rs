//! Settings as keys and values in text: what a G-code file carries, so that the job can be reopened, and the
//! configuration files of PrusaSlicer.
//!
//! The spelling is PrusaSlicer's, so other programs that look for such lines find them. How the lines look in a G-code
//! file is not known here. Reading never fails as a whole: what is not understood becomes a notice, the rest is taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::{Notice, count};
use crate::units::Unit;

use super::definition::{Category, Definition, definitions};
use super::entries::{Key, Settings};
use super::error::SettingError;
use super::layers::{Layer, LayeredSettings, Values};
use super::value::{Kind, Value};

/// What was read from keys and values in text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    pub values: Values,
    /// What was not taken, and why.
    pub notices: Vec<Notice>,
}

impl Settings {
    /// Every setting as key and value in text, in PrusaSlicer's spelling, in the order of the definitions.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let pair =
            |definition: &Definition| (definition.name.to_owned(), definition.format(&self.value(definition.key)));
        definitions().iter().map(pair).collect()
    }

    /// The settings that [`Settings::to_pairs`] has written, or PrusaSlicer in a G-code file; the defaults for what is
    /// not among them. Line breaks in values must be line breaks, not `\\n`.
    ///
    /// Fails when values that are fine by themselves give one out of its range together.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, Vec<Notice>), SettingError> {
        let imported = import(pairs.into_iter(), Breaks::Plain);
        let mut layered = LayeredSettings::new();
        layered.replace(Layer::Project, [imported.values.into_sheet("")]);
        Ok((Arc::unwrap_or_clone(layered.resolve()?.settings), imported.notices))
    }
}

/// Reads a PrusaSlicer configuration (`.ini`) as "Export config" or `prusa-slicer --save` write it: print, filament and
/// printer together.
///
/// Of lists with a value for each extruder, the first counts. Keys that have no counterpart are named in the notices;
/// those that would have changed the print, each by itself. Fails where the file is a bundle of several configurations.
pub fn from_prusa_ini(text: &str) -> Result<Imported, BundleNotConfig> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    if lines().any(|line| line.starts_with('[') && line.ends_with(']')) {
        return Err(BundleNotConfig);
    }
    let mut imported = import(lines().filter_map(pair), Breaks::Escaped);
    let stray = lines().filter(|line| pair(line).is_none()).count();
    if stray > 0 {
        imported
            .notices
            .push(Notice::warning(format!("{} left out that have not the form key = value", count(stray, "lines"))));
    }
    Ok(imported)
}

/// A file holds several configurations under headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is a bundle of several configurations; export a single one (in PrusaSlicer: File, Export, Export Config)")]
pub struct BundleNotConfig;

fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!key.is_empty() && key.chars().all(plain)).then(|| (key, value.trim()))
}

/// Settings of PrusaSlicer that change the print and have no counterpart here, with the values that change nothing.
const WITHOUT_EFFECT_ONLY_AT: &[(&str, &[&str])] = &[
    ("complete_objects", &["0"]),
    ("infill_only_where_needed", &["0"]),
    ("only_retract_when_crossing_perimeters", &["0"]),
    ("solid_infill_every_layers", &["0"]),
    ("use_firmware_retraction", &["0"]),
    ("use_volumetric_e", &["0"]),
    ("wipe_tower", &["0"]),
    ("z_offset", &["0"]),
];

/// How line breaks in a value are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Plain,
    /// As `\n`.
    Escaped,
}

fn import<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, breaks: Breaks) -> Imported {
    // The last line of a key counts, as in PrusaSlicer; keys in one order, so that notices do not depend on the file's.
    let pairs: BTreeMap<&str, &str> = pairs.collect();
    let mut imported = Imported::default();
    let mut unknown = Vec::new();
    for (key, text) in &pairs {
        let Ok(found) = Key::find(key) else {
            if !is_handled_below(key) {
                unknown.push(*key);
            }
            continue;
        };
        imported.take(found.definition(), text, breaks);
    }
    imported.take_joined(&pairs, breaks);
    let (telling, silent): (Vec<&str>, Vec<&str>) = unknown.into_iter().partition(|key| {
        let neutral = WITHOUT_EFFECT_ONLY_AT.iter().find(|(name, _)| name == key).map(|(_, neutral)| *neutral);
        neutral.is_some_and(|neutral| !neutral.contains(&first_of_list(pairs[key])))
    });
    for key in telling {
        imported.notices.push(Notice::warning(format!("{key} = {} has no counterpart here and no effect", pairs[key])));
    }
    if !silent.is_empty() {
        imported.notices.push(Notice::note(format!(
            "{} without a counterpart here: {}",
            count(silent.len(), "keys"),
            silent.join(", ")
        )));
    }
    imported
}

/// Keys that [`Imported::take_joined`] reads.
fn is_handled_below(key: &str) -> bool {
    matches!(key, "enable_pressure_advance" | "gcode_resolution" | "start_filament_gcode")
        || material_override(key).is_some()
}

/// `filament_retract_length` and the like: PrusaSlicer's way for a material to override the printer's retraction.
fn material_override(key: &str) -> Option<Key> {
    let key = Key::find(key.strip_prefix("filament_")?).ok()?;
    (key.definition().category == Category::Retraction).then_some(key)
}

impl Imported {
    /// Takes one value, or notes why it was not.
    fn take(&mut self, definition: &'static Definition, text: &str, breaks: Breaks) {
        let unescaped = |text: &str| if breaks == Breaks::Escaped { unescape(text) } else { text.to_owned() };
        let text = match definition.kind {
            // PrusaSlicer quotes texts that are lists, one for each extruder.
            Kind::Text if text.starts_with('"') => first_quoted(text),
            Kind::Text if !definition.template && definition.name.starts_with("filament_") => {
                unescaped(text.split(';').next().unwrap_or(text))
            }
            Kind::Text => unescaped(text),
            Kind::Outline | Kind::Outlines | Kind::Sizes => text.to_owned(),
            // A bare number is mm for PrusaSlicer where a percentage can be given too.
            Kind::Number if definition.share_of.is_some() && first_of_list(text).parse::<f64>().is_ok() => {
                format!("{}mm", first_of_list(text))
            }
            // Percentages are written with and without the sign, and never as 0 to 1.
            Kind::Number if definition.unit == Unit::Share && first_of_list(text).parse::<f64>().is_ok() => {
                format!("{}%", first_of_list(text))
            }
            Kind::Flag => match first_of_list(text) {
                // Later versions ask how objects are labelled, and how far vertical shells are ensured.
                "octoprint" | "firmware" | "enabled" | "partial" => "1".to_owned(),
                "disabled" => "0".to_owned(),
                flag => flag.to_owned(),
            },
            _ => first_of_list(text).to_owned(),
        };
        if text == "nil" {
            return;
        }
        let taken = definition.parse(&text).and_then(|value| self.values.set(definition.key, value));
        if let Err(error) = taken {
            self.notices.push(Notice::warning(format!("{error}; it keeps the value it has without this file")));
        }
    }

    /// The pressure advance of a filament's G-code. The last line counts, as for a machine.
    fn take_pressure_advance(&mut self, text: &str) {
        let lines = first_quoted(if text.starts_with('"') { text } else { "" });
        let lines = if lines.is_empty() { unescape(text) } else { lines };
        match lines.lines().filter_map(pressure_advance).next_back() {
            Some(Some(seconds)) => {
                self.take(Key::pressure_advance.definition(), &format!("{seconds}"), Breaks::Plain);
            }
            Some(None) => self.notices.push(Notice::warning(
                "start_filament_gcode sets pressure advance by a rule that is not read; set pressure_advance yourself",
            )),
            None => {}
        }
    }

    /// What follows from several keys together.
    fn take_joined(&mut self, pairs: &BTreeMap<&str, &str>, breaks: Breaks) {
        // PrusaSlicer joins nothing at 0, which here takes a length of its own.
        if pairs.get("infill_anchor_max").is_some_and(|text| matches!(*text, "0" | "0%")) {
            self.take(Key::infill_anchor_max.definition(), "0.01", breaks);
        }
        // PrusaSlicer simplifies outlines and finished paths by one setting each; here it is one.
        if let Some(text) = pairs.get("gcode_resolution") {
            let own = match self.values.get(Key::resolution) {
                Some(Value::Number(own)) => *own,
                _ => 0.0,
            };
            if text.parse::<f64>().is_ok_and(|resolution| resolution > own) {
                self.take(Key::resolution.definition(), text, breaks);
            }
        }
        // OrcaSlicer's switch beside the value; PrusaSlicer has no setting, but commands at the start of a filament.
        if pairs.get("enable_pressure_advance").is_some_and(|text| first_of_list(text) == "0") {
            self.take(Key::pressure_advance.definition(), "0", breaks);
        }
        if let Some(text) = pairs.get("start_filament_gcode") {
            self.take_pressure_advance(text);
        }
        for (key, text) in pairs {
            if let Some(key) = material_override(key) {
                self.take(key.definition(), text, breaks);
            }
        }
    }
}

/// The seconds of pressure advance that a line of G-code sets, in any dialect, if it is one that does; an inner `None`
/// where the value is no plain number.
fn pressure_advance(line: &str) -> Option<Option<f64>> {
    let code = line.split(';').next().unwrap_or(line).trim();
    let rest =
        ["M900 K", "SET_PRESSURE_ADVANCE ADVANCE=", "M572 D0 S"].iter().find_map(|start| code.strip_prefix(start))?;
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let number = rest.find(|c| !is_number(c)).map_or(rest, |end| &rest[..end]);
    Some(number.parse().ok().filter(|_| rest.len() == number.len() || rest[number.len()..].starts_with(' ')))
}

/// The value for the first extruder.
fn first_of_list(text: &str) -> &str {
    text.split(',').next().unwrap_or(text).trim()
}

/// The first of `"…";"…"`, its escapes resolved.
fn first_quoted(text: &str) -> String {
    let mut end = text.len();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => {
                end = at;
                break;
            }
            _ => escaped = c == '\\' && !escaped,
        }
    }
    unescape(&text[1.min(end)..end])
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => plain.push(c),
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_written_as_pairs_are_read_as_the_same() {
        let settings = Settings {
            start_gcode: "G28 ; home\nM117 back\\slash\r\nG1 Z5".into(),
            filament_settings_id: "PLA".into(),
            fill_density: 0.123,
            min_fan_speed: 0.29,
            layer_height: 0.1 + 0.2,
            thumbnails: vec![[16, 16], [640, 480]],
            bed_exclude_areas: vec![vec![[0.0, 0.0], [5.5, 0.0], [0.0, 5.0]], vec![[9.0, 9.0], [9.5, 9.0], [9.0, 9.5]]],
            spiral_vase: true,
            ..Settings::default()
        };
        let pairs = settings.to_pairs();
        let text = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        assert_eq!(text("fill_density"), Some("12.3%"));
        assert_eq!(text("min_fan_speed"), Some("29"));
        assert_eq!(text("bed_shape"), Some("0x0,220x0,220x220,0x220"));
        let read = Settings::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))).unwrap();
        assert!(read == (settings, vec![]), "{read:?}");
    }

    fn value(imported: &Imported, key: Key) -> String {
        imported.values.get(key).map_or_else(|| "-".into(), |value| key.definition().format(value))
    }

    #[test]
    fn prusa_slicer_files_are_taken_as_they_are() {
        let text = "\
# generated by PrusaSlicer 2.5.0
bed_shape = 0x0,250x0,250x210,0x210
bottom_fill_pattern = rectilinear
brim_type = no_brim
brim_width = 5
external_perimeter_speed = 50%
filament_retract_length = 1.2
filament_retract_lift = nil
filament_type = PETG;PLA
filament_settings_id = \"Some \\\"PETG\\\"\";\"Other\"
fill_density = 20%
fill_pattern = gyroid
first_layer_height = 75%
gcode_flavor = marlin2
gcode_resolution = 0.0125
infill_anchor = 600%
infill_anchor_max = 0
infill_overlap = 0.1
machine_max_jerk_z = 0.2,0.4
min_fan_speed = 35,40
nozzle_diameter = 0.4,0.4
perimeter_generator = arachne
resolution = 0
retract_before_wipe = 70%,70%
retract_length = 0.8,0.8
spiral_vase = 0
start_gcode = G28 W ; home\\nG80\\n
support_material = 0
temperature = 240,215
thumbnails = 16x16,220x124
wipe = 1,0
wipe_into_infill = 0
";
        let imported = from_prusa_ini(text).unwrap();
        for (key, expected) in [
            (Key::bed_shape, "0x0,250x0,250x210,0x210"),
            (Key::brim_type, "no_brim"),
            (Key::brim_width, "5"),
            (Key::external_perimeter_speed, "50%"),
            (Key::filament_type, "PETG"),
            (Key::filament_settings_id, "Some \"PETG\""),
            (Key::fill_density, "20%"),
            (Key::fill_pattern, "gyroid"),
            (Key::first_layer_height, "75%"),
            (Key::infill_anchor, "600%"),
            (Key::infill_anchor_max, "0.01"),
            (Key::infill_overlap, "0.1mm"),
            (Key::machine_max_jerk_z, "0.2"),
            (Key::min_fan_speed, "35"),
            (Key::perimeter_generator, "arachne"),
            (Key::resolution, "0.0125"),
            (Key::retract_before_wipe, "70%"),
            (Key::retract_length, "1.2"),
            (Key::retract_lift, "-"),
            (Key::support_material, "0"),
            (Key::start_gcode, "G28 W ; home\nG80"),
            (Key::temperature, "240"),
            (Key::thumbnails, "16x16,220x124"),
            (Key::wipe, "1"),
        ] {
            assert_eq!(value(&imported, key), expected, "{}", key.name());
        }
        let messages: Vec<_> = imported.notices.iter().map(|notice| notice.message.as_str()).collect();
        assert_eq!(messages, ["1 key without a counterpart here: wipe_into_infill"]);
    }

    #[test]
    fn what_cannot_be_taken_is_said_and_the_rest_is_taken() {
        let imported =
            from_prusa_ini("fill_pattern = octagramspiral\nlayer_height = 0.3\nperimeter_speed = 0\nnonsense\n")
                .unwrap();
        assert_eq!(value(&imported, Key::layer_height), "0.3");
        assert_eq!(imported.values.len(), 1);
        let messages: Vec<_> = imported.notices.iter().map(|notice| notice.message.as_str()).collect();
        assert!(
            messages[0].contains("fill_pattern cannot be `octagramspiral`") && messages[0].contains("gyroid"),
            "{messages:?}"
        );
        assert!(messages[1].contains("perimeter_speed cannot be 0 mm/s"), "{messages:?}");
        assert!(messages[2].starts_with("1 line left out"), "{messages:?}");
        assert_eq!(from_prusa_ini("[print:0.2mm]\nlayer_height = 0.2\n"), Err(BundleNotConfig));
    }

    #[test]
    fn the_pressure_advance_of_a_filament_is_read_from_its_gcode() {
        let read = |text: &str| {
            let imported = from_prusa_ini(text).unwrap();
            let value =
                imported.values.get(Key::pressure_advance).map(|v| Key::pressure_advance.definition().format(v));
            (value.unwrap_or_default(), imported.notices.iter().filter(|n| n.message.contains("pressure")).count())
        };
        let of = |value: &str| (value.to_owned(), 0);
        assert_eq!(read(r#"start_filament_gcode = "; advance\nM900 K0.05 ; tuned\nG92 E0""#), of("0.05"));
        assert_eq!(
            read(r#"start_filament_gcode = "SET_PRESSURE_ADVANCE ADVANCE=0.03 SMOOTH_TIME=0.02";"M900 K1""#),
            of("0.03")
        );
        assert_eq!(read(r#"start_filament_gcode = "M572 D0 S0.1""#), of("0.1"));
        assert_eq!(read(r#"start_filament_gcode = "M900 K{if nozzle_diameter[0]==0.6}0.12{else}0.2{endif}""#).1, 1);
        assert_eq!(read(r#"start_filament_gcode = "G92 E0""#), of(""));
        assert_eq!(read("pressure_advance = 0.04,0.02\nenable_pressure_advance = 0"), of("0"));
    }
}
