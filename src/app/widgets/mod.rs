//! The parts that panels are made of, each drawn in one way only. They know the theme and nothing of the studio.

mod bar;
mod basics;
mod commit_field;
mod number_field;
mod toast;

pub use bar::{chip, primary_button, tab};
pub use basics::{
    Mark, PAD_BUTTON, danger_button, empty_hint, icon_button, key_value, list_row, pad_button, section, selector,
    separator, text_button, toggle_button,
};
pub use commit_field::CommitField;
pub use number_field::NumberField;
pub use toast::Toasts;
