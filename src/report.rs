//! Structured warnings that name object and layer.
//!
//! Work that can go on in spite of a problem goes on and notes it here; an `Err` is for "could not do it".

use std::fmt;

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// The result may not be what the person expects.
    Warning,
    /// The result must not be used on a machine.
    Error,
}

/// One thing that was noticed, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Notice {
    pub severity: Severity,
    /// A clear sentence: what, and what to do.
    pub message: String,
    /// The object's name, where the notice is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// First and last layer concerned, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<(usize, usize)>,
}

impl Notice {
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), object: None, layers: None }
    }

    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Names the object that the notice is about.
    pub fn on_object(mut self, name: impl Into<String>) -> Self {
        self.object = Some(name.into());
        self
    }

    /// Names the layers that the notice is about, first and last, counted from 0.
    pub fn on_layers(mut self, first: usize, last: usize) -> Self {
        self.layers = Some((first, last));
        self
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        match self.layers {
            // People count layers from 1.
            Some((first, last)) if first == last => write!(f, "layer {}: ", first + 1)?,
            Some((first, last)) => write!(f, "layers {} to {}: ", first + 1, last + 1)?,
            None => {}
        }
        f.write_str(&self.message)
    }
}

/// A number of things in words: `1 layer`, `3 layers`. `things` is what several are called, with an `s` behind the one.
pub fn count(number: usize, things: &str) -> String {
    match number {
        1 => format!("1 {}", things.strip_suffix('s').unwrap_or(things)),
        number => format!("{number} {things}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_several() {
        assert_eq!([0, 1, 2].map(|n| count(n, "open edges")), ["0 open edges", "1 open edge", "2 open edges"]);
    }

    #[test]
    fn a_notice_names_object_and_layers_as_people_count_them() {
        let notice = Notice::warning("the outline is open").on_object("Bracket").on_layers(0, 2);
        assert_eq!(notice.to_string(), "Bracket: layers 1 to 3: the outline is open");
    }
}
