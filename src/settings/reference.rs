//! The reference of all settings as Markdown, which is checked in as `assets/settings.md`.

use std::fmt::Write as _;

use super::definition::{Category, Level, definitions};

/// The reference, category by category.
pub fn reference() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Written by `cargo test` from the definitions in `src/settings/entries`; do not edit it.\n\n\
         Numbers take units and arithmetic: `0.45mm`, `1/2in`, `20*1.5`, `3000 mm/min`. A share is `15%` or `0.15`.\n",
    );
    for category in Category::ALL {
        let _ = write!(text, "\n## {}\n", category.label());
        let shown = |d: &&super::Definition| d.category == category && d.level < Level::Internal;
        for definition in definitions().iter().filter(shown) {
            let _ = write!(text, "\n### `{}`: {}\n\n{}", definition.name, definition.label, definition.summary());
            let details = definition.details();
            if !details.is_empty() {
                let _ = write!(text, " {details}");
            }
            text.push_str("\n\n");
            for (what, words) in definition.facts() {
                let _ = writeln!(text, "- {what}: {words}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_reference_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/settings.md");
        let text = reference();
        if std::fs::read_to_string(path).unwrap_or_default() != text {
            std::fs::write(path, text).unwrap();
            panic!("assets/settings.md was out of date and has been written anew; commit it");
        }
    }
}
