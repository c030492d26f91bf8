//! Layers of values: defaults ◂ machine ◂ material ◂ recipe ◂ project ◂ object ◂ modifier.
//!
//! [`LayeredSettings`] is the stack, cheap to clone, so that history can keep every state of it. Each value can say
//! which layer it came from and what it overrode ([`LayeredSettings::provenance`]). [`LayeredSettings::resolve`]
//! computes the rules and gives the plain struct that everything else works with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::Notice;

use super::definition::{Scope, definitions};
use super::entries::{FromValues, Key, Settings};
use super::error::SettingError;
use super::value::{Kind, Value};

/// From where a value comes; a later one overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    Default,
    Machine,
    Material,
    Recipe,
    /// What the person changed for this project.
    Project,
    Object,
    /// A part of an object.
    Modifier,
}

impl Layer {
    pub fn label(self) -> &'static str {
        match self {
            Layer::Default => "defaults",
            Layer::Machine => "machine",
            Layer::Material => "material",
            Layer::Recipe => "recipe",
            Layer::Project => "project",
            Layer::Object => "one object",
            Layer::Modifier => "one part of an object",
        }
    }
}

/// Values of some settings, as a file or a person gave them: no rules computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(BTreeMap<Key, Value>);

impl Values {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, key: Key) -> Option<&Value> {
        self.0.get(&key)
    }

    /// Gives a setting a value; the value it had before is returned. Fails when the value is not one for the setting.
    pub fn set(&mut self, key: Key, value: Value) -> Result<Option<Value>, SettingError> {
        key.definition().check(&value)?;
        Ok(self.0.insert(key, value))
    }

    /// Takes over all of `other`, which overrides what is here.
    pub fn extend(&mut self, other: &Values) {
        self.0.extend(other.0.iter().map(|(key, value)| (*key, value.clone())));
    }

    /// Takes a setting's value away; it is returned.
    pub fn remove(&mut self, key: Key) -> Option<Value> {
        self.0.remove(&key)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The values as a sheet; which layer it is in is decided where it is put.
    pub(super) fn into_sheet(self, name: &str) -> Sheet {
        Sheet { layer: Layer::Default, name: name.to_owned(), values: self }
    }

    /// In the order of the definitions.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }
}

/// Values with the place they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    pub layer: Layer,
    /// The name of the machine, material, recipe or object; may be empty.
    pub name: String,
    pub values: Values,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub layer: Layer,
    /// The name of the machine, material, recipe or object; may be empty.
    pub name: String,
    /// As it was given there, rules not computed.
    pub value: Value,
}

/// Why a setting has its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    pub key: Key,
    /// The origin that counts.
    pub origin: Origin,
    /// What it overrode, nearest first; the last is the default.
    pub overrode: Vec<Origin>,
}

/// All layers of settings, from the defaults up. A clone shares everything until it is changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayeredSettings {
    /// Ordered by layer; within one, what is inherited comes first.
    sheets: Vec<Arc<Sheet>>,
}

/// Settings after all rules, with what is unusual about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub settings: Arc<Settings>,
    /// Values out of their soft range, and combinations that will not print well.
    pub notices: Vec<Notice>,
}

impl LayeredSettings {
    /// Only the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `sheets` in the place of everything that `layer` held. Their order is kept, and their layer set.
    pub fn replace(&mut self, layer: Layer, sheets: impl IntoIterator<Item = Sheet>) {
        self.sheets.retain(|sheet| sheet.layer != layer);
        let at = self.sheets.partition_point(|sheet| sheet.layer < layer);
        self.sheets.splice(at..at, sheets.into_iter().map(|sheet| Arc::new(Sheet { layer, ..sheet })));
    }

    /// The same layers with `values` as the last sheet of `layer`: an object's settings on top of its plate's.
    ///
    /// Fails when one of the values cannot be set there.
    pub fn with(&self, layer: Layer, name: &str, values: &Values) -> Result<Self, SettingError> {
        for (key, _) in values.iter() {
            check_layer(key, layer)?;
        }
        let mut layered = self.clone();
        let at = layered.sheets.partition_point(|sheet| sheet.layer <= layer);
        layered.sheets.insert(at, Arc::new(Sheet { layer, name: name.to_owned(), values: values.clone() }));
        Ok(layered)
    }

    /// Gives a setting a value in `layer`. Fails when the setting does not take the value or cannot be set there.
    pub fn set(&mut self, layer: Layer, key: Key, value: Value) -> Result<(), SettingError> {
        check_layer(key, layer)?;
        key.definition().check(&value)?;
        let at = self.sheets.partition_point(|sheet| sheet.layer <= layer);
        if at == 0 || self.sheets[at - 1].layer != layer {
            self.sheets.insert(at, Arc::new(Sheet { layer, name: String::new(), values: Values::new() }));
        }
        // Either the sheet just inserted at `at`, or the last one of the layer before it.
        if let Some(sheet) = self.sheets.iter_mut().rfind(|sheet| sheet.layer == layer) {
            Arc::make_mut(sheet).values.set(key, value)?;
        }
        Ok(())
    }

    /// Takes the value of a setting out of `layer`, so that the layer below counts again.
    pub fn reset(&mut self, layer: Layer, key: Key) {
        for sheet in self.sheets.iter_mut().filter(|sheet| sheet.layer == layer) {
            if sheet.values.get(key).is_some() {
                Arc::make_mut(sheet).values.remove(key);
            }
        }
    }

    /// What `layer` holds, in order.
    pub fn sheets(&self, layer: Layer) -> impl Iterator<Item = &Sheet> {
        self.sheets.iter().map(AsRef::as_ref).filter(move |sheet| sheet.layer == layer)
    }

    /// The name of the machine, material or recipe; `None` where the layer holds none.
    pub fn name(&self, layer: Layer) -> Option<&str> {
        self.sheets.iter().rev().find(|sheet| sheet.layer == layer).map(|sheet| sheet.name.as_str())
    }

    /// The value as it was given in the uppermost layer that gives one, rules not computed.
    pub fn value(&self, key: Key) -> Value {
        let given = self.sheets.iter().rev().find_map(|sheet| sheet.values.get(key));
        given.cloned().unwrap_or_else(|| key.definition().default_value())
    }

    /// Why a setting has its value: where it came from and what it overrode.
    pub fn provenance(&self, key: Key) -> Provenance {
        let given = self.sheets.iter().rev().filter_map(|sheet| {
            let value = sheet.values.get(key)?.clone();
            Some(Origin { layer: sheet.layer, name: sheet.name.clone(), value })
        });
        let default = Origin { layer: Layer::Default, name: String::new(), value: key.definition().default_value() };
        let mut origins = given.chain(std::iter::once(default.clone()));
        let origin = origins.next().unwrap_or(default);
        Provenance { key, origin, overrode: origins.collect() }
    }

    /// Computes all rules for one object on a plate: what cannot differ between objects is what it is on the plate, also
    /// where a rule would compute it from something that can. Fails as [`LayeredSettings::resolve`] does.
    pub fn resolve_on(&self, plate: &Settings) -> Result<Resolved, SettingError> {
        let is_own = |key: Key| key.definition().scope == Scope::Object;
        self.resolve_by(|key| if is_own(key) { self.value(key) } else { plate.value(key) })
    }

    /// Computes all rules. Fails when a value that is computed (a percentage of another) is out of its hard range.
    pub fn resolve(&self) -> Result<Resolved, SettingError> {
        self.resolve_by(|key| self.value(key))
    }

    fn resolve_by(&self, value: impl Fn(Key) -> Value) -> Result<Resolved, SettingError> {
        let settings = Resolving { value: &value }.settings()?;
        let notices = super::check::notices(&settings);
        Ok(Resolved { settings: Arc::new(settings), notices })
    }
}

/// Fails when a setting cannot differ in that layer.
fn check_layer(key: Key, layer: Layer) -> Result<(), SettingError> {
    let definition = key.definition();
    if layer >= Layer::Object && definition.scope != Scope::Object {
        return Err(SettingError::WrongLayer { key: definition.name, scope: definition.scope, layer });
    }
    Ok(())
}

/// The computing of rules: gives each rule the values of others, themselves computed.
pub struct Resolving<'a> {
    /// The value that was given, or the default.
    value: &'a dyn Fn(Key) -> Value,
}

impl Resolving<'_> {
    /// The resolved value of a setting that takes a number.
    ///
    /// Rules form no circle, which a test makes sure of.
    pub fn number(&self, key: Key) -> f64 {
        let definition = key.definition();
        match (self.value)(key) {
            Value::Number(0.0) => definition.zero.map_or(0.0, |rule| (rule.compute)(self)),
            Value::Number(number) => number,
            Value::Percent(part) => definition.percent_of.map_or(part, |whole| part * self.number(whole)),
            Value::Millimetres(mm) => definition.share_of.map_or(mm, |whole| mm / self.number(whole)),
            Value::Count(count) => f64::from(count),
            _ => 0.0,
        }
    }

    /// Whether the value 0 was given, which a rule of this setting may replace.
    pub fn is_zero(&self, key: Key) -> bool {
        (self.value)(key) == Value::Number(0.0)
    }

    fn settings(&self) -> Result<Settings, SettingError> {
        let value = |key: Key| {
            let definition = key.definition();
            if definition.kind != Kind::Number {
                return Ok((self.value)(key));
            }
            let value = Value::Number(self.number(key));
            definition.check(&value).map(|()| value)
        };
        Settings::from_values(value).map_err(|error| match error {
            FromValues::Value(error) => error,
            FromValues::Type(key) => SettingError::NotAValue {
                key: key.name(),
                text: key.definition().format(&(self.value)(key)),
                cause: format!("{} is expected", key.definition().expected()),
            },
        })
    }
}

impl Default for Settings {
    /// The defaults, resolved.
    fn default() -> Self {
        let value = |key: Key| key.definition().default_value();
        match (Resolving { value: &value }).settings() {
            Ok(settings) => settings,
            // Not input: the entries are part of the program, and a test resolves them.
            Err(error) => unreachable!("the defaults do not resolve: {error}"),
        }
    }
}

impl Settings {
    /// Every setting with its resolved value, in the order of the definitions.
    pub fn values(&self) -> Values {
        Values(definitions().iter().map(|definition| (definition.key, self.value(definition.key))).collect())
    }
}
