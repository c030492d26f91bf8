//! The studio: a window on everything, made with egui on wgpu.
//!
//! Four owners hold all state: the document (`crate::scene`), what is derived from it ([`derived`]), preferences
//! ([`preferences`]) and what the window shows at the moment ([`ui_state`]). Panels ([`panels`], one a file) read a
//! [`context`] and send requests and [`command`]s; `perform` carries them out, so everything that happens can be found
//! there. Long work runs in [`work`]. Nothing here waits, and an idle window draws nothing.
//!
//! Enters: files, the keyboard, the pointer. Leaves: edits of the document, finished G-code. How anything is planned,
//! drawn or sent is not known here.

mod command;
mod context;
mod derived;
mod described;
mod enabled;
mod format;
mod leaving;
mod panels;
mod perform;
mod preferences;
mod preview_state;
mod samples;
mod start;
mod studio;
mod theme;
mod tool;
mod ui_state;
mod widgets;
mod work;

pub use preferences::Preferences;
pub use start::{AppError, Options, run};
pub use studio::Studio;
