//! The files of machines, materials and recipes: TOML, the same for those that come with the program and those that
//! people save.
//!
//! ```toml
//! name = "0.2 mm strong"
//! description = "More walls and infill, for parts that bear a load."
//! inherits = "standard"
//!
//! [settings]
//! perimeters = 4
//! fill_density = "35%"
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::Unit;

use super::definition::Definition;
use super::entries::Key;
use super::error::SettingError;
use super::layers::Values;
use super::value::{Kind, Value};

/// One file, read. What it inherits is not looked up here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetFile {
    /// As people see it.
    pub name: String,
    /// Who makes the machine or material; empty where it is nobody in particular.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub maker: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The file name (without `.toml`) or the name of another of the same kind, whose settings count where this file
    /// says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherits: Option<String>,
    #[serde(default)]
    pub settings: Values,
}

impl PresetFile {
    /// Reads a file. The error names line, key and cause.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Writes a file that [`PresetFile::parse`] reads as the same.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key.name(), to_toml(key.definition(), value))))
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Values;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("settings")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Values::new();
                while let Some(name) = map.next_key::<String>()? {
                    let key = Key::find(&name).map_err(de::Error::custom)?;
                    let value = from_toml(key.definition(), &map.next_value()?).map_err(de::Error::custom)?;
                    if values.set(key, value).map_err(de::Error::custom)?.is_some() {
                        return Err(de::Error::custom(format_args!("{} is given twice", key.name())));
                    }
                }
                Ok(values)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

fn to_toml(definition: &Definition, value: &Value) -> toml::Value {
    let point = |[x, y]: &[f64; 2]| toml::Value::Array(vec![(*x).into(), (*y).into()]);
    let outline = |points: &[[f64; 2]]| toml::Value::Array(points.iter().map(point).collect());
    match value {
        Value::Number(number) if definition.unit != Unit::Share => (*number).into(),
        Value::Count(count) => i64::from(*count).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Outline(points) => outline(points),
        Value::Outlines(outlines) => toml::Value::Array(outlines.iter().map(|points| outline(points)).collect()),
        Value::Sizes(sizes) => {
            let size = |[w, h]: &[u32; 2]| toml::Value::Array(vec![i64::from(*w).into(), i64::from(*h).into()]);
            toml::Value::Array(sizes.iter().map(size).collect())
        }
        Value::Number(share) if definition.bare_percent => definition.format(&Value::Number(*share)).into(),
        Value::Number(_) | Value::Percent(_) | Value::Millimetres(_) | Value::Text(_) | Value::Choice(_) => {
            definition.format(value).into()
        }
    }
}

fn from_toml(definition: &'static Definition, value: &toml::Value) -> Result<Value, SettingError> {
    let wrong = || SettingError::NotAValue {
        key: definition.name,
        text: value.to_string().chars().take(60).collect(),
        cause: format!("{} is expected", definition.expected()),
    };
    let list = |value: &toml::Value| value.as_array().cloned().ok_or_else(wrong);
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|whole| whole as f64));
    let outline = |value: &toml::Value| -> Result<Vec<[f64; 2]>, SettingError> {
        let corners = list(value)?;
        let points: Option<Vec<[f64; 2]>> = corners
            .iter()
            .map(|corner| match corner.as_array()?.as_slice() {
                [x, y] => Some([number(x).filter(|x| x.is_finite())?, number(y).filter(|y| y.is_finite())?]),
                _ => None,
            })
            .collect();
        points.filter(|points| points.len() >= 3).ok_or_else(wrong)
    };
    match (definition.kind, value) {
        // A text is understood here as it is anywhere else: "15%", "1in", "0x0,9x0,9x9".
        (_, toml::Value::String(text)) => definition.parse(text),
        (Kind::Number | Kind::Count, toml::Value::Integer(_) | toml::Value::Float(_)) => {
            definition.parse(&value.to_string())
        }
        (Kind::Flag, toml::Value::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Outline, toml::Value::Array(_)) => outline(value).map(Value::Outline),
        (Kind::Outlines, toml::Value::Array(outlines)) => {
            outlines.iter().map(outline).collect::<Result<_, _>>().map(Value::Outlines)
        }
        (Kind::Sizes, toml::Value::Array(sizes)) => {
            let side = |value: &toml::Value| value.as_integer().and_then(|side| u32::try_from(side).ok());
            let size = |size: &toml::Value| match size.as_array()?.as_slice() {
                [w, h] => Some([side(w)?, side(h)?].map(|side| side.clamp(1, 4096))),
                _ => None,
            };
            sizes.iter().map(size).collect::<Option<_>>().map(Value::Sizes).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{definitions, parse_assignment};

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut settings = Values::new();
        for definition in definitions() {
            settings.set(definition.key, definition.default_value()).unwrap();
        }
        for text in [
            "layer_height=0.1+0.2",
            "external_perimeter_speed=50%",
            "fill_density=12.5%",
            "max_fan_speed=70",
            "infill_overlap=0.1mm",
            "start_gcode=G28 ; 'home' \"all\" \\ \nM104 S{temperature}\n'''\n",
            "bed_exclude_areas=0x0,1x0,1x1;5x5,6x5,6x6.5",
        ] {
            let (key, value) = parse_assignment(text).unwrap();
            settings.set(key, value).unwrap();
        }
        let file = PresetFile {
            name: "All \"of\" it".into(),
            maker: "Me".into(),
            description: String::new(),
            inherits: Some("standard".into()),
            settings,
        };
        let text = file.to_text().unwrap();
        assert_eq!(PresetFile::parse(&text).unwrap(), file, "{text}");
        // The same values go through JSON, which project files may use.
        let json = serde_json::to_string(&file.settings).unwrap();
        assert_eq!(serde_json::from_str::<Values>(&json).unwrap(), file.settings);
    }

    #[test]
    fn a_mistake_in_a_file_is_named() {
        for (text, words) in [
            ("", "name"),
            ("name = 'x'\ncolour = 1", "colour"),
            ("name = 'x'\n[settings]\nlayer_hight = 0.2", "did you mean `layer_height`?"),
            ("name = 'x'\n[settings]\nlayer_height = 20", "from 0.01 mm to 2 mm"),
            ("name = 'x'\n[settings]\nlayer_height = true", "a number in mm"),
            ("name = 'x'\n[settings]\nlayer_height = nan", "layer_height"),
            ("name = 'x'\n[settings]\nperimeters = 2\nwall_loops = 3", "perimeters is given twice"),
            ("name = 'x'\n[settings]\nbed_shape = [[0, 0], [1, 1]]", "corners"),
            ("name = 'x'\n[settings]\nbed_shape = [[0, 0], [1, inf], [1, 1]]", "corners"),
        ] {
            let error = PresetFile::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
