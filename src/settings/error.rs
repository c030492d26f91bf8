//! What can be wrong with a setting.

use super::definition::Scope;
use super::layers::Layer;

/// Why a setting was not taken. The text is a sentence for the person who gave it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingError {
    #[error("there is no setting `{key}`{}", did_you_mean(.nearest))]
    UnknownKey {
        key: String,
        /// The known key that is most alike; empty where none is.
        nearest: String,
    },
    #[error("`{0}` is not of the form key=value")]
    NotAnAssignment(String),
    #[error("{key} cannot be `{text}`: {cause}")]
    NotAValue { key: &'static str, text: String, cause: String },
    #[error("{key} cannot be {value}: it must be {allowed}")]
    OutOfRange { key: &'static str, value: String, allowed: String },
    #[error("{key} belongs to the {} and cannot be set for {}", .scope.label(), .layer.label())]
    WrongLayer { key: &'static str, scope: Scope, layer: Layer },
}

/// `; did you mean …?`, or nothing.
pub(super) fn did_you_mean(nearest: &str) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean `{nearest}`?") }
}
