//! The values that settings take, apart from any one setting: reading what people type, writing it back.

use crate::units::{Unit, parse_quantity, short_number, without_binary_noise};

use super::choices::Choice;

/// One value as a person or a file gave it, before rules are computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// In the unit of the definition; shares as 0 to 1.
    Number(f64),
    /// A part (1 is 100 %) of the setting that the definition names.
    Percent(f64),
    /// A share that was given in mm of the setting that the definition names.
    Millimetres(f64),
    Count(u32),
    Flag(bool),
    Text(String),
    /// The name of one of the definition's choices.
    Choice(&'static str),
    /// A polygon, mm.
    Outline(Vec<[f64; 2]>),
    /// Polygons, mm.
    Outlines(Vec<Vec<[f64; 2]>>),
    /// Widths and heights, pixels.
    Sizes(Vec<[u32; 2]>),
}

/// What sort of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Number,
    Count,
    Flag,
    Text,
    Choice(&'static [Choice]),
    Outline,
    Outlines,
    Sizes,
}

/// A Rust type that a field of [`super::Settings`] can have.
pub trait SettingType: Sized {
    const KIND: Kind;

    /// The typed value; `None` when `value` is of another kind, or a percentage that no rule has computed yet.
    fn from_value(value: &Value) -> Option<Self>;

    fn to_value(&self) -> Value;
}

macro_rules! setting_type {
    ($($type:ty = $variant:ident),* $(,)?) => { $(
        impl SettingType for $type {
            const KIND: Kind = Kind::$variant;

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }

            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
        }

        impl From<$type> for Value {
            fn from(inner: $type) -> Self {
                Value::$variant(inner)
            }
        }
    )* };
}

setting_type! {
    f64 = Number,
    u32 = Count,
    bool = Flag,
    String = Text,
    Vec<[f64; 2]> = Outline,
    Vec<Vec<[f64; 2]>> = Outlines,
    Vec<[u32; 2]> = Sizes,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

/// What a definition says about the text of its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    pub kind: Kind,
    pub unit: Unit,
    /// A percentage of another setting may be given.
    pub percent: bool,
    /// A share may be given in mm.
    pub share_in_mm: bool,
    /// A bare number is a percentage, as PrusaSlicer writes fan speeds.
    pub bare_percent: bool,
}

impl Spelling {
    /// Reads what a person typed or another slicer wrote. The error says what was expected instead.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self.kind {
            Kind::Number => self.parse_number(text),
            Kind::Count => {
                let quantity = parse_quantity(text).map_err(|error| format!("{error}; a whole number is expected"))?;
                match quantity.unit {
                    Some(unit) if unit != self.unit => {
                        Err(format!("a whole number is expected, not one in {}", unit.symbol()))
                    }
                    _ if quantity.value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&quantity.value) => {
                        Ok(Value::Count(quantity.value as u32))
                    }
                    _ => Err("a whole number from 0 is expected".into()),
                }
            }
            Kind::Flag => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Ok(Value::Flag(true)),
                "0" | "false" | "no" | "off" => Ok(Value::Flag(false)),
                _ => Err("on or off is expected".into()),
            },
            Kind::Text => Ok(Value::Text(text.to_owned())),
            Kind::Choice(choices) => {
                let wanted = text.to_ascii_lowercase().replace(['-', ' '], "_");
                let found = choices.iter().find(|choice| {
                    std::iter::once(&choice.name)
                        .chain(choice.aliases)
                        .any(|name| name.eq_ignore_ascii_case(text) || *name == wanted)
                });
                found.map(|choice| Value::Choice(choice.name)).ok_or_else(|| {
                    let names: Vec<_> = choices.iter().map(|choice| choice.name).collect();
                    format!("one of {} is expected", names.join(", "))
                })
            }
            Kind::Outline => parse_outline(text).map(Value::Outline),
            Kind::Outlines => {
                let outlines = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                outlines.map(parse_outline).collect::<Result<_, _>>().map(Value::Outlines)
            }
            Kind::Sizes => {
                let sizes = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                sizes.map(parse_size).collect::<Result<_, _>>().map(Value::Sizes)
            }
        }
    }

    fn parse_number(&self, text: &str) -> Result<Value, String> {
        let quantity = parse_quantity(text).map_err(|error| error.to_string())?;
        let value = quantity.value;
        Ok(match (self.unit, quantity.unit) {
            (Unit::Share, None) if self.bare_percent || value > 1.0 => {
                Value::Number(without_binary_noise(value / 100.0))
            }
            (Unit::Share, Some(Unit::Millimetre)) if self.share_in_mm => Value::Millimetres(value),
            (Unit::One, Some(Unit::Share)) => Value::Number(value),
            (expected, given) if given.is_none() || given == Some(expected) => Value::Number(value),
            (_, Some(Unit::Share)) if self.percent => Value::Percent(value),
            (expected, Some(given)) => {
                let expected = if expected == Unit::One { "a bare number" } else { expected.symbol() };
                return Err(format!("it is given in {}, but {expected} is expected", given.symbol()));
            }
            // The arm above with a guard takes every value without a unit.
            (_, None) => Value::Number(value),
        })
    }

    /// Writes a value so that [`Spelling::parse`] reads the same value again, in PrusaSlicer's spelling.
    pub fn format(&self, value: &Value) -> String {
        match value {
            Value::Number(share) if self.unit == Unit::Share && self.bare_percent => percent_digits(*share),
            Value::Number(share) if self.unit == Unit::Share => format!("{}%", percent_digits(*share)),
            Value::Number(number) => number.to_string(),
            Value::Percent(part) => format!("{}%", percent_digits(*part)),
            Value::Millimetres(mm) => format!("{mm}mm"),
            Value::Count(count) => count.to_string(),
            Value::Flag(flag) => if *flag { "1" } else { "0" }.to_owned(),
            Value::Text(text) => text.clone(),
            Value::Choice(name) => (*name).to_owned(),
            Value::Outline(points) => outline_text(points),
            Value::Outlines(outlines) => outlines.iter().map(|o| outline_text(o)).collect::<Vec<_>>().join(";"),
            Value::Sizes(sizes) => sizes.iter().map(|[w, h]| format!("{w}x{h}")).collect::<Vec<_>>().join(","),
        }
    }

    /// Writes a value as people read it, with its unit: `0.2 mm`, `15 %`, `on`.
    pub fn display(&self, value: &Value) -> String {
        match value {
            Value::Number(share) if self.unit == Unit::Share => format!("{} %", short_number(share * 100.0, 3)),
            Value::Number(number) => with_unit(short_number(*number, 6), self.unit),
            Value::Percent(part) => format!("{} %", short_number(part * 100.0, 3)),
            Value::Millimetres(mm) => with_unit(short_number(*mm, 6), Unit::Millimetre),
            Value::Count(count) => with_unit(count.to_string(), self.unit),
            Value::Flag(flag) => if *flag { "on" } else { "off" }.to_owned(),
            Value::Text(text) if text.is_empty() => "(empty)".to_owned(),
            Value::Outlines(outlines) if outlines.is_empty() => "(none)".to_owned(),
            Value::Sizes(sizes) if sizes.is_empty() => "(none)".to_owned(),
            other => self.format(other),
        }
    }
}

/// 0.15 as `15`.
fn percent_digits(share: f64) -> String {
    without_binary_noise(share * 100.0).to_string()
}

fn with_unit(number: String, unit: Unit) -> String {
    match unit {
        Unit::One => number,
        Unit::Degree => number + "°",
        unit => format!("{number} {}", unit.symbol()),
    }
}

/// Corners of the polygon that stands for a circle.
const CIRCLE_CORNERS: usize = 72;

/// Corners as PrusaSlicer writes them: `0x0,250x0,250x210,0x210`; or a circle around the origin: `circle 220`.
fn parse_outline(text: &str) -> Result<Vec<[f64; 2]>, String> {
    if let Some(diameter) = text.trim().strip_prefix("circle") {
        let quantity = parse_quantity(diameter).map_err(|error| format!("{error}; a diameter in mm is expected"))?;
        if !(quantity.value > 0.0 && quantity.value < 1e5) || quantity.unit.is_some_and(|u| u != Unit::Millimetre) {
            return Err("a diameter in mm is expected".into());
        }
        let corner = |index: usize| {
            let (sin, cos) = (index as f64 / CIRCLE_CORNERS as f64 * std::f64::consts::TAU).sin_cos();
            // Micrometres are more than enough, and keep the last digits of a sine out of files.
            [cos, sin].map(|part| (part * quantity.value / 2.0 * 1000.0).round() / 1000.0 + 0.0)
        };
        return Ok((0..CIRCLE_CORNERS).map(corner).collect());
    }
    let wrong = || "corners such as 0x0,250x0,250x210,0x210 are expected".to_owned();
    let points: Vec<[f64; 2]> = text
        .split(',')
        .map(|corner| {
            let (x, y) = corner.trim().split_once('x').ok_or_else(wrong)?;
            match (x.trim().parse::<f64>(), y.trim().parse::<f64>()) {
                (Ok(x), Ok(y)) if x.is_finite() && y.is_finite() => Ok([x, y]),
                _ => Err(wrong()),
            }
        })
        .collect::<Result<_, _>>()?;
    if points.len() < 3 { Err("at least three corners are expected".into()) } else { Ok(points) }
}

fn outline_text(points: &[[f64; 2]]) -> String {
    points.iter().map(|[x, y]| format!("{x}x{y}")).collect::<Vec<_>>().join(",")
}

/// A size such as `400x300`; later versions of PrusaSlicer add the format, `400x300/PNG`.
fn parse_size(text: &str) -> Result<[u32; 2], String> {
    let size = text.split('/').next().unwrap_or(text);
    let sides = size.split_once('x').and_then(|(w, h)| Some([w.trim().parse().ok()?, h.trim().parse().ok()?]));
    sides
        .filter(|sides: &[u32; 2]| sides.iter().all(|side| (1..=4096).contains(side)))
        .ok_or_else(|| "sizes in pixels such as 32x32,400x300 are expected".to_owned())
}
