//! What is known about one setting, and the table of all of them.
//!
//! A definition is data: its entry in `entries/` is the only place where a setting is written down. Reading, checking
//! and showing values, rules included, follow from it here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::units::Unit;

use super::entries::{DEFINITIONS, Key, Settings};
use super::error::SettingError;
use super::layers::Resolving;
use super::value::{Kind, Spelling, Value};

/// Everything about one setting.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    pub key: Key,
    /// The key as text, PrusaSlicer's where it has one.
    pub name: &'static str,
    /// What it is called in a form.
    pub label: &'static str,
    /// The documentation, line by line.
    pub(super) doc_lines: &'static [&'static str],
    pub kind: Kind,
    pub unit: Unit,
    pub(super) default: fn() -> Value,
    pub category: Category,
    pub level: Level,
    pub scope: Scope,
    /// A value outside is an error.
    pub hard: Option<Range>,
    /// A value outside is unusual: a warning.
    pub soft: Option<Range>,
    /// The setting of which a percentage is a part.
    pub percent_of: Option<Key>,
    /// The setting by which a share that is given in mm is divided.
    pub share_of: Option<Key>,
    /// What the value 0 is computed as.
    pub zero: Option<Rule>,
    /// What the value 0 stands for where it is no number of its own, such as `no limit`; the ranges need not hold it.
    pub off: Option<&'static str>,
    /// How a text has to be written.
    pub grammar: Option<Grammar>,
    /// When the setting has an effect.
    pub shown_when: Option<Condition>,
    /// Earlier names of the same setting.
    pub old: &'static [&'static str],
    /// OrcaSlicer's names.
    pub orca: &'static [&'static str],
    /// Cura's names.
    pub cura: &'static [&'static str],
    /// Further words under which people look for it; not accepted as keys.
    pub search: &'static [&'static str],
    /// The text is a G-code template of several lines.
    pub template: bool,
    /// A bare number is a percentage, as PrusaSlicer writes fan speeds.
    pub bare_percent: bool,
}

/// The heading under which a setting is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Layers,
    Walls,
    TopAndBottom,
    Infill,
    Bridges,
    Support,
    Adhesion,
    Speed,
    Acceleration,
    RoadWidths,
    Travel,
    Filament,
    Temperature,
    Cooling,
    Hardware,
    MotionLimits,
    Retraction,
    CustomGcode,
    Output,
}

impl Category {
    /// Every category, in the order in which they are shown.
    pub const ALL: [Category; 19] = [
        Category::Layers,
        Category::Walls,
        Category::TopAndBottom,
        Category::Infill,
        Category::Bridges,
        Category::Support,
        Category::Adhesion,
        Category::Speed,
        Category::Acceleration,
        Category::RoadWidths,
        Category::Travel,
        Category::Filament,
        Category::Temperature,
        Category::Cooling,
        Category::Hardware,
        Category::MotionLimits,
        Category::Retraction,
        Category::CustomGcode,
        Category::Output,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Category::Layers => "Layers",
            Category::Walls => "Walls",
            Category::TopAndBottom => "Top and bottom",
            Category::Infill => "Infill",
            Category::Bridges => "Bridges",
            Category::Support => "Supports and raft",
            Category::Adhesion => "Skirt and brim",
            Category::Speed => "Speed",
            Category::Acceleration => "Acceleration",
            Category::RoadWidths => "Road widths",
            Category::Travel => "Travel",
            Category::Filament => "Filament",
            Category::Temperature => "Temperature",
            Category::Cooling => "Cooling",
            Category::Hardware => "Machine",
            Category::MotionLimits => "Motion limits",
            Category::Retraction => "Retraction",
            Category::CustomGcode => "Custom G-code",
            Category::Output => "Output",
        }
    }
}

/// How much a person should know before changing a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Simple,
    Advanced,
    Expert,
    /// Filled in by the program and not offered for editing.
    Internal,
}

impl Level {
    pub fn label(self) -> &'static str {
        match self {
            Level::Simple => "simple",
            Level::Advanced => "advanced",
            Level::Expert => "expert",
            Level::Internal => "internal",
        }
    }
}

/// To what a setting belongs. Every layer may override what belongs further left, but only the settings of an object
/// can differ between objects on one plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Machine,
    Material,
    /// The plate as a whole.
    Recipe,
    /// Part of a recipe, and may differ for each object.
    Object,
}

impl Scope {
    pub fn label(self) -> &'static str {
        match self {
            Scope::Machine => "machine",
            Scope::Material => "material",
            Scope::Recipe => "recipe",
            Scope::Object => "object",
        }
    }
}

/// From `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub min: f64,
    pub max: f64,
}

impl Range {
    pub fn contains(self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

/// For entries: from `min` to `max`, both included.
pub(super) const fn range(min: f64, max: f64) -> Option<Range> {
    Some(Range { min, max })
}

/// A value that is computed from other settings.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// In words: `retract_speed`, `1.125 times nozzle_diameter`.
    pub text: &'static str,
    pub(super) compute: fn(&Resolving) -> f64,
}

/// For entries: what 0 stands for, in words and computed.
pub(super) const fn rule(text: &'static str, compute: fn(&Resolving) -> f64) -> Option<Rule> {
    Some(Rule { text, compute })
}

/// How a text has to be written.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// A text that is right: `0-5: 0.1`.
    pub example: &'static str,
    /// Fails with what is wrong with a text.
    pub(super) check: fn(&str) -> Result<(), String>,
}

/// For entries: how a text has to be written, by an example and a check.
pub(super) const fn grammar(example: &'static str, check: fn(&str) -> Result<(), String>) -> Option<Grammar> {
    Some(Grammar { example, check })
}

/// When a setting has an effect.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// In words, to be read after "only when".
    pub text: &'static str,
    pub holds: fn(&Settings) -> bool,
}

/// For entries: the setting has an effect only when this holds.
pub(super) const fn when(text: &'static str, holds: fn(&Settings) -> bool) -> Option<Condition> {
    Some(Condition { text, holds })
}

impl Definition {
    /// A definition of which the entry has said nothing yet but the key, the type and the default.
    pub(super) const fn blank(
        key: Key,
        name: &'static str,
        doc_lines: &'static [&'static str],
        kind: Kind,
        default: fn() -> Value,
    ) -> Self {
        Self {
            key,
            name,
            label: "",
            doc_lines,
            kind,
            unit: Unit::One,
            default,
            category: Category::Hardware,
            level: Level::Expert,
            scope: Scope::Recipe,
            hard: None,
            soft: None,
            percent_of: None,
            share_of: None,
            zero: None,
            off: None,
            grammar: None,
            shown_when: None,
            old: &[],
            orca: &[],
            cura: &[],
            search: &[],
            template: false,
            bare_percent: false,
        }
    }

    /// The value where no layer says anything, rules not computed.
    pub fn default_value(&self) -> Value {
        (self.default)()
    }

    /// What it does, in one sentence.
    pub fn summary(&self) -> &'static str {
        self.doc_lines.first().map_or("", |line| line.trim())
    }

    /// What there is to say beyond the summary; empty where that says it all.
    pub fn details(&self) -> String {
        let lines = self.doc_lines.iter().skip(1).map(|line| line.trim());
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Other keys under which the setting is accepted.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        [self.old, self.orca, self.cura].into_iter().flatten().copied()
    }

    /// Reads what a person typed: units and arithmetic for numbers, on and off, names of choices. Fails when the text
    /// is no such value or the value is out of the hard range.
    pub fn parse(&self, text: &str) -> Result<Value, SettingError> {
        let value = self.spelling().parse(text).map_err(|cause| SettingError::NotAValue {
            key: self.name,
            text: text.chars().take(60).collect(),
            cause,
        })?;
        self.check(&value)?;
        Ok(value)
    }

    /// Writes a value so that [`Definition::parse`] reads it again, in PrusaSlicer's spelling.
    pub fn format(&self, value: &Value) -> String {
        self.spelling().format(value)
    }

    /// Writes a value as people read it, with its unit.
    pub fn display(&self, value: &Value) -> String {
        match (&self.zero, value, self.kind) {
            (Some(rule), Value::Number(0.0), _) => format!("auto ({})", rule.text),
            (None, Value::Number(0.0) | Value::Count(0), _) if let Some(meaning) = self.off => format!("0 ({meaning})"),
            (_, Value::Choice(name), Kind::Choice(choices)) => {
                choices.iter().find(|choice| choice.name == *name).map_or(*name, |choice| choice.label).to_owned()
            }
            _ => self.spelling().display(value),
        }
    }

    /// Fails when the value is of another kind or out of the hard range. A percentage of another setting is checked
    /// when it is computed.
    pub fn check(&self, value: &Value) -> Result<(), SettingError> {
        let number = match (value, self.kind) {
            (Value::Number(number), Kind::Number) => *number,
            (Value::Count(count), Kind::Count) => f64::from(*count),
            (Value::Percent(part), Kind::Number) if self.percent_of.is_some() => {
                return if part.is_finite() && *part >= 0.0 { Ok(()) } else { Err(self.wrong_kind(value)) };
            }
            (Value::Millimetres(mm), Kind::Number) if self.share_of.is_some() && mm.is_finite() => return Ok(()),
            (Value::Choice(name), Kind::Choice(choices)) if choices.iter().any(|choice| choice.name == *name) => {
                return Ok(());
            }
            (Value::Text(text), Kind::Text) => {
                let checked = self.grammar.map_or(Ok(()), |grammar| (grammar.check)(text));
                return checked.map_err(|cause| SettingError::NotAValue {
                    key: self.name,
                    text: text.chars().take(60).collect(),
                    cause,
                });
            }
            (Value::Flag(_), Kind::Flag)
            | (Value::Outline(_), Kind::Outline)
            | (Value::Outlines(_), Kind::Outlines)
            | (Value::Sizes(_), Kind::Sizes) => return Ok(()),
            _ => return Err(self.wrong_kind(value)),
        };
        if number == 0.0 && self.zero_means().is_some() {
            return Ok(());
        }
        match self.hard {
            Some(range) if !range.contains(number) => Err(SettingError::OutOfRange {
                key: self.name,
                value: self.spelling().display(value),
                allowed: self.range_text(range),
            }),
            _ if !number.is_finite() => Err(self.wrong_kind(value)),
            _ => Ok(()),
        }
    }

    /// What the value 0 stands for, where it is no number of its own.
    pub fn zero_means(&self) -> Option<&'static str> {
        self.zero.map(|rule| rule.text).or(self.off)
    }

    /// A range in words: `from 0.01 mm to 2 mm`.
    pub fn range_text(&self, range: Range) -> String {
        let bound = |bound: f64| match self.kind {
            Kind::Count => self.spelling().display(&Value::Count(bound as u32)),
            _ => self.spelling().display(&Value::Number(bound)),
        };
        match (range.min.is_finite(), range.max.is_finite()) {
            (true, true) => format!("from {} to {}", bound(range.min), bound(range.max)),
            (true, false) => format!("at least {}", bound(range.min)),
            (false, true) => format!("at most {}", bound(range.max)),
            (false, false) => "any number".to_owned(),
        }
    }

    fn wrong_kind(&self, value: &Value) -> SettingError {
        SettingError::NotAValue {
            key: self.name,
            text: self.spelling().format(value),
            cause: format!("{} is expected", self.expected()),
        }
    }

    /// What sort of value it takes, in words.
    pub fn expected(&self) -> String {
        let article = |unit: Unit| match unit {
            Unit::One => "a number".to_owned(),
            Unit::Share => "a share (15 % or 0.15)".to_owned(),
            unit => format!("a number in {}", unit.symbol()),
        };
        match self.kind {
            Kind::Number if self.percent_of.is_some() => {
                let of = self.percent_of.map_or("", Key::name);
                format!("{} or a percentage of {of}", article(self.unit))
            }
            Kind::Number => article(self.unit),
            Kind::Count => "a whole number".to_owned(),
            Kind::Flag => "on or off".to_owned(),
            Kind::Text if self.template => "G-code with placeholders".to_owned(),
            Kind::Text if let Some(grammar) = self.grammar => format!("a text such as `{}`", grammar.example),
            Kind::Text => "a text".to_owned(),
            Kind::Choice(choices) => {
                format!("one of {}", choices.iter().map(|choice| choice.name).collect::<Vec<_>>().join(", "))
            }
            Kind::Outline => "corners in mm".to_owned(),
            Kind::Outlines => "polygons of corners in mm".to_owned(),
            Kind::Sizes => "sizes in pixels".to_owned(),
        }
    }

    /// What there is to say besides the documentation, each with its heading: what it takes, default, ranges, names.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("takes", self.expected()), ("default", self.display(&self.default_value()))];
        facts.extend(self.zero_means().map(|meaning| ("0 means", meaning.to_owned())));
        facts.extend(self.hard.map(|range| ("allowed", self.range_text(range))));
        facts.extend(self.soft.map(|range| ("usual", self.range_text(range))));
        facts.extend(self.shown_when.map(|condition| ("only when", condition.text.to_owned())));
        facts.push(("found in", format!("{}, {}", self.category.label(), self.level.label())));
        facts.push(("belongs to", self.scope.label().to_owned()));
        for (what, names) in [("formerly", self.old), ("OrcaSlicer", self.orca), ("Cura", self.cura)] {
            if !names.is_empty() {
                facts.push((what, names.join(", ")));
            }
        }
        facts
    }

    pub(super) fn spelling(&self) -> Spelling {
        Spelling {
            kind: self.kind,
            unit: self.unit,
            percent: self.percent_of.is_some(),
            share_in_mm: self.share_of.is_some(),
            bare_percent: self.bare_percent,
        }
    }
}

/// Every definition, in the order of the entries.
pub fn definitions() -> &'static [Definition] {
    &DEFINITIONS
}

/// Keys and aliases as text.
static NAMES: LazyLock<BTreeMap<&'static str, Key>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for definition in definitions() {
        names.extend(definition.aliases().map(|alias| (alias, definition.key)));
    }
    // Last, so that a setting's own name wins over the same word used for another thing elsewhere.
    names.extend(definitions().iter().map(|definition| (definition.name, definition.key)));
    names
});

impl Key {
    pub fn definition(self) -> &'static Definition {
        &DEFINITIONS[self as usize]
    }

    /// The key as text, PrusaSlicer's where it has one.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// The setting of this name: its own, an earlier one, OrcaSlicer's or Cura's. Case does not matter, nor does `-`
    /// for `_`. Fails when there is none, and names the nearest.
    pub fn find(name: &str) -> Result<Key, SettingError> {
        let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
        NAMES.get(wanted.as_str()).copied().ok_or_else(|| SettingError::UnknownKey {
            key: name.trim().chars().take(60).collect(),
            nearest: nearest(&wanted, definitions().iter().map(|definition| definition.name))
                .unwrap_or_default()
                .into(),
        })
    }
}

/// Reads `key=value`. Fails when the key is unknown, or the value is not one for it.
pub fn parse_assignment(text: &str) -> Result<(Key, Value), SettingError> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| SettingError::NotAnAssignment(text.chars().take(60).collect()))?;
    let key = Key::find(key)?;
    Ok((key, key.definition().parse(value)?))
}

/// The settings that match every word of `query`, best first: by key, label, the names of other slicers, then by what
/// the documentation says. An empty query gives all, in order.
pub fn search(query: &str) -> Vec<&'static Definition> {
    let words: Vec<String> = query.split([' ', '_', '-']).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    let mut found: Vec<(u32, &Definition)> = definitions()
        .iter()
        .filter_map(|definition| {
            let names = std::iter::once(definition.name).chain(definition.aliases()).collect::<Vec<_>>().join(" ");
            let label = format!("{} {}", definition.label, definition.search.join(" ")).to_lowercase();
            let prose = format!("{} {}", definition.category.label(), definition.doc_lines.join(" ")).to_lowercase();
            let cost = |word: &String| match word {
                _ if definition.name.split('_').any(|part| part == word) => Some(0),
                _ if label.contains(word.as_str()) || definition.name.contains(word.as_str()) => Some(1),
                _ if names.contains(word.as_str()) => Some(2),
                _ if prose.contains(word.as_str()) => Some(8),
                _ => None,
            };
            let total: Option<Vec<u32>> = words.iter().map(cost).collect();
            Some((total?.iter().sum(), definition))
        })
        .collect();
    found.sort_by_key(|(cost, _)| *cost);
    found.into_iter().map(|(_, definition)| definition).collect()
}

/// The candidate with the fewest letters to change, where that is less than half of them.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, candidate) =
        candidates.map(|candidate| (edit_distance(wanted, candidate), candidate)).min_by_key(|(d, _)| *d)?;
    (distance * 2 <= wanted.chars().count().max(candidate.chars().count())).then_some(candidate)
}

/// Letters to insert, delete or replace to get from `a` to `b` (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
