//! What a placeholder stands for.

use std::collections::BTreeMap;
use std::fmt;

use crate::gcode::number;

/// Decimal places of a number in filled-in text.
const DECIMALS: u32 = 5;

/// The value of a placeholder or of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

/// Where a template's values come from.
pub trait Values {
    /// The value of a name, `None` where there is none of that name.
    fn value(&self, name: &str) -> Option<Value>;
    /// Every name, for the error message of an unknown one.
    fn names(&self) -> Vec<String>;
}

impl Values for BTreeMap<String, Value> {
    fn value(&self, name: &str) -> Option<Value> {
        self.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl Value {
    /// The value that a setting's text means: a finite number where it reads as one, else the text.
    pub fn parse(text: &str) -> Self {
        let looks_numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        match text.parse::<f64>() {
            Ok(number) if looks_numeric && number.is_finite() => Self::Number(number),
            _ => match text {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                _ => Self::Text(text.to_owned()),
            },
        }
    }

    /// A list's entry; past its end the first one, and anything else is its own entry. Profiles for several extruders
    /// write `temperature[0]` on a machine that has one.
    pub fn at(self, index: usize) -> Self {
        match self {
            Self::List(mut list) if !list.is_empty() => {
                let index = if index < list.len() { index } else { 0 };
                list.swap_remove(index)
            }
            other => other,
        }
    }

    /// As a condition; `None` for text.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Number(n) => Some(*n != 0.0),
            Self::Text(_) => None,
            Self::List(list) => list.first()?.truth(),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Number(n) => Some(*n),
            Self::Text(_) => None,
            Self::List(list) => list.first()?.number(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => f.write_str(&number::text(*n, DECIMALS)),
            Self::Text(text) => f.write_str(text),
            Self::List(list) => list.first().map_or(Ok(()), |first| first.fmt(f)),
        }
    }
}
