//! `fabbro settings list`, `fabbro settings explain KEY`.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::json;

use super::chosen::Chosen;
use super::{Failure, print, print_json, usage};
use crate::settings::{
    Category, Definition, Key, Kind, LayeredSettings, Level, Origin, Provenance, Range, definitions, search,
};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List settings with their defaults
    List {
        /// Only those that match these words
        words: Vec<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Say everything about one setting
    Explain {
        /// Its key, or the name that OrcaSlicer or Cura give it
        key: String,
        #[command(flatten)]
        chosen: Box<Chosen>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::List { words, json } => list(&words.join(" "), json),
        What::Explain { key, chosen, json } => {
            let key = Key::find(&key).map_err(usage)?;
            explain(key.definition(), &chosen.layered()?, json)
        }
    }
}

fn list(query: &str, as_json: bool) -> Result<(), Failure> {
    let found: Vec<&Definition> = if query.is_empty() { definitions().iter().collect() } else { search(query) };
    let shown: Vec<&Definition> = found.into_iter().filter(|definition| definition.level < Level::Internal).collect();
    if shown.is_empty() {
        return Err(Failure::CouldNot(format!("no setting matches `{query}`")));
    }
    if as_json {
        return print_json(&shown.iter().map(|definition| as_value(definition)).collect::<Vec<_>>());
    }
    let mut text = String::new();
    let line = |text: &mut String, definition: &Definition| {
        let _ = writeln!(text, "  {:<38} {:<24} {}", definition.name, default_in_brief(definition), definition.label);
    };
    if query.is_empty() {
        for category in Category::ALL {
            let _ = writeln!(text, "{}", category.label());
            for definition in shown.iter().filter(|definition| definition.category == category) {
                line(&mut text, definition);
            }
        }
    } else {
        // Best match first.
        for definition in shown {
            line(&mut text, definition);
        }
    }
    print(&text)
}

/// The default, cut to the width of a column.
fn default_in_brief(definition: &Definition) -> String {
    let text = one_line(&definition.display(&definition.default_value()));
    if text.chars().count() <= 24 { text } else { text.chars().take(23).chain(['…']).collect() }
}

fn explain(definition: &Definition, layered: &LayeredSettings, as_json: bool) -> Result<(), Failure> {
    let resolved = layered.resolve()?.settings.value(definition.key);
    let Provenance { origin, overrode, .. } = layered.provenance(definition.key);
    if as_json {
        let place = |origin: &Origin| {
            json!({
                "layer": origin.layer.label(),
                "name": origin.name,
                "value": definition.format(&origin.value),
            })
        };
        let mut value = as_value(definition);
        value["value"] = definition.format(&resolved).into();
        value["from"] = place(&origin);
        value["overrode"] = overrode.iter().map(place).collect();
        return print_json(&value);
    }
    let mut text = format!("{}: {}\n\n{}\n", definition.name, definition.label, definition.summary());
    let details = definition.details();
    if !details.is_empty() {
        let _ = writeln!(text, "{details}");
    }
    text.push('\n');
    for (what, words) in definition.facts() {
        let _ = writeln!(text, "  {what:<10} {words}");
    }
    let _ = writeln!(text, "\n  {:<10} {}", "is now", one_line(&definition.display(&resolved)));
    for (what, origin) in std::iter::once(("from", &origin)).chain(overrode.iter().map(|origin| ("over", origin))) {
        let name = if origin.name.is_empty() { String::new() } else { format!(" {}", origin.name) };
        let value = one_line(&definition.display(&origin.value));
        let _ = writeln!(text, "  {what:<10} {}{name}: {value}", origin.layer.label());
    }
    print(&text)
}

/// The first line of a text of several.
fn one_line(text: &str) -> String {
    let mut lines = text.trim_start().lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

fn as_value(definition: &Definition) -> serde_json::Value {
    // Infinity has no place in JSON; null is "no bound".
    let bound = |bound: f64| bound.is_finite().then_some(bound);
    let range = |range: Option<Range>| range.map(|range| json!([bound(range.min), bound(range.max)]));
    let choices: Option<Vec<&str>> = match definition.kind {
        Kind::Choice(choices) => Some(choices.iter().map(|choice| choice.name).collect()),
        _ => None,
    };
    json!({
        "key": definition.name,
        "label": definition.label,
        "summary": definition.summary(),
        "details": definition.details(),
        "takes": definition.expected(),
        "unit": definition.unit.symbol(),
        "default": definition.format(&definition.default_value()),
        "zero_means": definition.zero.map(|rule| rule.text),
        "choices": choices,
        "allowed": range(definition.hard),
        "usual": range(definition.soft),
        "only_when": definition.shown_when.map(|condition| condition.text),
        "category": definition.category.label(),
        "level": definition.level.label(),
        "scope": definition.scope.label(),
        "aliases": definition.aliases().collect::<Vec<_>>(),
    })
}
