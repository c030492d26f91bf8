//! Every setting, defined exactly once; machines, materials and recipes; layers and where a value came from.
//!
//! One entry in `entries/` holds everything about a setting: key, type, unit, default or the rule that computes it,
//! label, documentation, ranges, the names that other slicers use. From it follow [`Settings`] (resolved values, what
//! all other modules receive), [`Values`] (some values, as files hold them), [`definitions`] (rows of a form,
//! reference, search), reading and checking of what people type, and the text of G-code headers. Keys as text are
//! known nowhere else.
//!
//! Data enters as text (files, `--set`, fields of a form) and leaves as [`Settings`]. Models, scenes and windows are
//! not known here.

mod angles;
mod check;
mod choices;
mod definition;
mod entries;
mod error;
mod file;
mod heights;
mod layers;
mod library;
mod pairs;
mod reference;
mod text;
mod value;

pub use angles::AngleTemplate;
pub use choices::{
    ArcFitting, BrimType, Choice, DraftShield, FillPattern, FuzzySkin, GcodeFlavor, IroningType, LiftSurfaces,
    LiftType, ScarfPlacement, SeamPosition, SingleWallOnTop, SlicingMode, SolidPattern, SupportInterfacePattern,
    SupportPattern, SupportStyle, WallGenerator, WallSequence,
};
pub use definition::{
    Category, Condition, Definition, Grammar, Level, Range, Rule, Scope, definitions, nearest, parse_assignment, search,
};
pub use entries::{Key, Settings};
pub use error::SettingError;
pub use file::PresetFile;
pub use heights::{HeightRange, format_height_ranges, parse_height_ranges};
pub use layers::{Layer, LayeredSettings, Origin, Provenance, Resolved, Resolving, Sheet, Values};
pub use library::{Library, Preset, PresetError, PresetKind, Source, user_folder};
pub use pairs::{BundleNotConfig, Imported, from_prusa_ini};
pub use reference::reference;
pub use text::{Text, TextError, read_text};
pub use value::{Kind, SettingType, Value};

#[cfg(test)]
mod tests;
