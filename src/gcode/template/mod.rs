//! Start, end and layer sequences with placeholders, in the language that PrusaSlicer's profiles use.
//!
//! `[key]` and `{expression}` are replaced by their value; `{if a}…{elsif b}…{else}…{endif}` chooses text. Expressions
//! know numbers, text, true and false, lists (`bed_temperature[0]`), arithmetic, comparisons, `and or not`, `a ? b : c`
//! and the functions `min max abs round floor ceil int digits zdigits size empty`. Differences: a division is always a
//! division of real numbers, and there are no regular expressions, no random numbers and no variables.
//!
//! What the placeholders mean is not known here: values come from whoever asks, by name. An unknown name is an error
//! that names the nearest known one, because a start sequence with a hole in it must not reach a machine.

mod expression;
mod value;

pub use value::{Value, Values};

use expression::Parser;

/// Why a template could not be filled in. Lines are counted from 1 within the template.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TemplateError {
    #[error("line {line}: there is no placeholder `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { line: usize, name: String, nearest: Option<String> },
    #[error("line {line}: {message}")]
    Syntax { line: usize, message: String },
    #[error("line {line}: `{{if}}` has no `{{endif}}`")]
    Unclosed { line: usize },
}

/// What one branch of nested `{if}`s is doing.
struct Branch {
    line: usize,
    /// The text outside of this `if` is written.
    outer: bool,
    /// A branch of this `if` was already taken.
    taken: bool,
    /// The present branch is the one that is written.
    active: bool,
}

/// Fills in a template. Fails at the first placeholder that is unknown or cannot be computed, in every branch of an
/// `{if}` that is written; branches that are not written are only read for their nesting.
pub fn expand(template: &str, values: &dyn Values) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(template.len());
    let mut branches: Vec<Branch> = Vec::new();
    let mut line = 1;
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let active = branches.last().is_none_or(|b| b.active);
        let tail = &rest[c.len_utf8()..];
        match c {
            '{' => {
                let end = closing_brace(tail)
                    .ok_or_else(|| TemplateError::Syntax { line, message: "`{` has no `}`".into() })?;
                let inside = tail[..end].trim();
                statement(inside, line, values, active, &mut branches, &mut out)?;
                line += tail[..end].matches('\n').count();
                rest = &tail[end + 1..];
                // A line that holds nothing but a control word leaves no blank line behind.
                if is_control(inside)
                    && (out.is_empty() || out.ends_with('\n'))
                    && let Some(after) = rest.strip_prefix('\n')
                {
                    line += 1;
                    rest = after;
                }
            }
            '[' => match old_style(tail) {
                Some((name, after)) => {
                    if active {
                        out.push_str(&lookup(name, line, values)?.to_string());
                    }
                    rest = after;
                }
                None => {
                    if active {
                        out.push('[');
                    }
                    rest = tail;
                }
            },
            _ => {
                if c == '\n' {
                    line += 1;
                }
                if active {
                    out.push(c);
                }
                rest = tail;
            }
        }
    }
    match branches.last() {
        Some(branch) => Err(TemplateError::Unclosed { line: branch.line }),
        None => Ok(out),
    }
}

fn is_control(inside: &str) -> bool {
    let word = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
    matches!(word, "if" | "elsif" | "else" | "endif")
}

/// One `{…}`: a control word or an expression.
fn statement(
    inside: &str,
    line: usize,
    values: &dyn Values,
    active: bool,
    branches: &mut Vec<Branch>,
    out: &mut String,
) -> Result<(), TemplateError> {
    let syntax = |message: &str| TemplateError::Syntax { line, message: message.into() };
    let truth = |condition: &str| -> Result<bool, TemplateError> {
        Parser::new(condition, line, values)
            .value()?
            .truth()
            .ok_or_else(|| syntax(&format!("`{}` is neither true nor false", condition.trim())))
    };
    let word_end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (word, condition) = inside.split_at(word_end);
    match word {
        "if" => {
            let taken = active && truth(condition)?;
            branches.push(Branch { line, outer: active, taken, active: taken });
        }
        "elsif" | "else" => {
            let branch = branches.last_mut().ok_or_else(|| syntax("`{else}` without an `{if}`"))?;
            let open = branch.outer && !branch.taken;
            branch.active = open && (word == "else" || truth(condition)?);
            branch.taken |= branch.active;
        }
        "endif" => {
            branches.pop().ok_or_else(|| syntax("`{endif}` without an `{if}`"))?;
        }
        _ if active => out.push_str(&Parser::new(inside, line, values).value()?.to_string()),
        _ => {}
    }
    Ok(())
}

/// Where the brace that was opened before `text` closes; quotes protect braces.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted && depth == 0 => return Some(i),
            '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `name]…`: a placeholder in square brackets. Anything else in brackets is text (Klipper has lists there).
fn old_style(text: &str) -> Option<(&str, &str)> {
    let end = text.find(']')?;
    let name = &text[..end];
    let starts_well = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let is_name = starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name, &text[end + 1..]))
}

/// The value of a name; a trailing `_0` asks for a list's entry, as old profiles write it.
fn lookup(name: &str, line: usize, values: &dyn Values) -> Result<Value, TemplateError> {
    if let Some(value) = values.value(name) {
        return Ok(value);
    }
    if let Some((stem, digits)) = name.rsplit_once('_')
        && let Ok(index) = digits.parse()
        && let Some(value) = values.value(stem)
    {
        return Ok(value.at(index));
    }
    Err(TemplateError::Unknown { line, name: name.into(), nearest: nearest(name, &values.names()) })
}

/// The known name with the fewest edits from `name`, where that is less than half of it.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|k| (edits(name, k), k))
        .filter(|(distance, _)| *distance * 2 <= name.len())
        .min()
        .map(|(_, k)| k.clone())
}

/// Levenshtein distance in bytes.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn known() -> BTreeMap<String, Value> {
        [
            ("layer_z", Value::Number(0.2)),
            ("layer_height", Value::parse("0.2")),
            ("first_layer_bed_temperature", Value::parse("60")),
            ("temperature", Value::List(vec![Value::Number(215.0), Value::Number(230.0)])),
            ("filament_type", Value::parse("PETG")),
            ("first_layer_print_min", Value::List(vec![Value::Number(10.0), Value::Number(20.5)])),
            ("spiral_vase", Value::parse("0")),
            ("max_layer_z", Value::Number(199.0)),
            ("max_print_height", Value::Number(210.0)),
        ]
        .map(|(k, v)| (k.to_owned(), v))
        .into()
    }

    #[test]
    fn placeholders_expressions_and_branches() {
        for (template, expect) in [
            ("M140 S[first_layer_bed_temperature] ; bed", "M140 S60 ; bed"),
            ("M104 S{temperature[1]} T1", "M104 S230 T1"),
            ("M104 S[temperature_0]", "M104 S215"),
            ("M104 S{temperature}", "M104 S215"),
            ("M140 S{first_layer_bed_temperature[0]}", "M140 S60"),
            ("{if layer_height<0.075}M221 S100{else}M221 S95{endif}", "M221 S95"),
            ("{if filament_type==\"PETG\"}a{elsif filament_type==\"PLA\"}b{else}c{endif}", "a"),
            ("{if filament_type[0]!=\"PETG\"}a{elsif layer_z>=0.2}b{else}{nonsense}{endif}", "b"),
            ("{if spiral_vase}x{if no_such}y{endif}z{endif}!", "!"),
            ("G1 Z{min(max_layer_z+30, max_print_height)} F600", "G1 Z210 F600"),
            ("G1 X{first_layer_print_min[0]-5} Y{-(first_layer_print_min[1]*2)}", "G1 X5 Y-41"),
            ("{1+2*3-4/8}", "6.5"),
            ("{7%4} {not 1>2 and (true or false)} {!spiral_vase && 1 ? 5 : 6}", "3 true 5"),
            (
                "{round(2.5)} {floor(-1.5)} {int(3.9)} {abs(-2)} {digits(3,5)} {zdigits(3.14159,6,2)}",
                "3 -2 3 2     3 003.14",
            ),
            ("{\"a\"+\"b}\"}{size(temperature)}{empty(\"\")}", "ab}2true"),
            ("BED_MESH MIN=[[1,2]] [x y]", "BED_MESH MIN=[[1,2]] [x y]"),
            ("{if layer_z>1}\nG1\n{else}\nG2\n{endif}\nG3", "G2\nG3"),
        ] {
            assert_eq!(expand(template, &known()).as_deref(), Ok(expect), "{template}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (template, expect) in [
            ("G28\nM140 S[first_layer_bed_temp]", "line 2: there is no placeholder `first_layer_bed_temp`"),
            ("M104 S{temprature}", "line 1: there is no placeholder `temprature`; did you mean `temperature`?"),
            ("{qqqqqqqq}", "line 1: there is no placeholder `qqqqqqqq`"),
            ("\n{if 1}", "line 2: `{if}` has no `{endif}`"),
            ("{else}", "line 1: `{else}` without an `{if}`"),
            ("{1+}", "line 1: a value is missing at the end of `1+`"),
            ("{1/0}", "line 1: division by zero"),
            ("{filament_type*2}", "line 1: `*` needs numbers"),
            ("{temperature[7", "line 1: `{` has no `}`"),
            ("{filament_type=~/.*PLA.*/}", "line 1: regular expressions are not supported"),
        ] {
            let error = expand(template, &known()).unwrap_err().to_string();
            assert!(error.starts_with(expect), "{template}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_run_into() {
        let deep = format!("{{{}1{}}}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(expand(&deep, &known()).is_err());
        let signs = format!("{{{}1}}", "-".repeat(100_000));
        assert!(expand(&signs, &known()).is_err());
    }
}
