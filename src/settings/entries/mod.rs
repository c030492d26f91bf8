//! The entries: every setting written down exactly once, and what the compiler makes of them.
//!
//! To add a setting, add one entry to the file of its subject:
//!
//! ```text
//! /// One sentence on what it does.
//! ///
//! /// More, where there is more to know.
//! key_as_in_prusa_slicer: f64 = 0.2, {
//!     label: "Label", category: Layers, level: Simple, scope: Object, unit: Millimetre,
//!     hard: range(0.01, 2.0), soft: range(0.04, 0.6), orca: &["its_name"], cura: &["its_name"],
//! }
//! ```
//!
//! The fields are those of [`Definition`], where each is explained; those left out keep the value of
//! `Definition::blank`. The type is that of the field in [`Settings`] (any [`SettingType`]), and after the `=` stands
//! the default, before rules: a percentage of another setting is `Value::Percent(0.5)`.
//!
//! Nothing else has to be touched but `assets/settings.md`, which `cargo test` writes anew.

use super::angles::AngleTemplate;
use super::choices::{
    ArcFitting, BrimType, DraftShield, FillPattern, FuzzySkin, GcodeFlavor, IroningType, LiftSurfaces, LiftType,
    ScarfPlacement, SeamPosition, SingleWallOnTop, SlicingMode, SolidPattern, SupportInterfacePattern, SupportPattern,
    SupportStyle, WallGenerator, WallSequence,
};
use super::definition::{Category::*, Definition, Level::*, Scope::*, grammar, range, rule, when};
use super::heights::parse_height_ranges;
use super::value::{SettingType, Value};
use crate::units::Unit::*;

mod filament;
mod infill;
mod layers;
mod machine;
mod motion;
mod roads;
mod shells;
mod support;
mod walls;

use filament::filament_settings;
use infill::infill_settings;
use layers::layer_settings;
use machine::machine_settings;
use motion::motion_settings;
use roads::road_settings;
use shells::shell_settings;
use support::support_settings;
use walls::wall_settings;

/// Makes the table, the keys and the struct of resolved values from the entries.
macro_rules! define {
    (; $(
        $(#[doc = $doc:literal])+
        $key:ident : $type:ty = $default:expr, { $($field:ident : $value:expr),* $(,)? }
    )*) => {
        /// All settings, resolved: rules computed, percentages and automatic values turned into numbers.
        ///
        /// Lengths are in mm, speeds in mm/s, accelerations in mm/s², temperatures in °C, times in s; shares are 0
        /// to 1.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings { $( $(#[doc = $doc])+ pub $key: $type, )* }

        /// The name of a setting. Keys are ordered as the entries are.
        #[allow(non_camel_case_types, reason = "a key is spelled here as it is in files")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $( $(#[doc = $doc])+ $key, )* }

        /// Every definition; a key is the index of its own.
        pub(super) static DEFINITIONS: [Definition; [$(Key::$key),*].len()] = [ $(
            Definition {
                $($field: $value,)*
                ..Definition::blank(
                    Key::$key,
                    stringify!($key),
                    &[$($doc),+],
                    <$type as SettingType>::KIND,
                    || Value::from($default),
                )
            },
        )* ];

        impl Settings {
            /// Puts the struct together from resolved values. Fails with the key whose value is not of its type.
            pub(super) fn from_values<E>(
                mut value: impl FnMut(Key) -> Result<Value, E>,
            ) -> Result<Self, FromValues<E>> {
                Ok(Self { $(
                    $key: <$type as SettingType>::from_value(&value(Key::$key).map_err(FromValues::Value)?)
                        .ok_or(FromValues::Type(Key::$key))?,
                )* })
            }

            /// The value of one setting.
            pub fn value(&self, key: Key) -> Value {
                match key { $( Key::$key => self.$key.to_value(), )* }
            }
        }
    };
}

/// Why [`Settings::from_values`] could not make the struct.
pub(super) enum FromValues<E> {
    /// There is no value.
    Value(E),
    /// The value is of another type.
    Type(Key),
}

impl Settings {
    /// Whether supports are asked for: wherever something hangs, or in the first layers.
    pub fn has_supports(&self) -> bool {
        self.support_material || self.support_material_enforce_layers > 0
    }

    /// The largest sudden changes of speed in X and Y that the machine's firmware is set to, mm/s: its jerk, or the speed of
    /// a right angle. `None` where it has none, because it goes by junction deviation.
    pub fn machine_jerk_mm_per_s(&self) -> Option<[f64; 2]> {
        match self.gcode_flavor {
            GcodeFlavor::Klipper => Some([self.square_corner_velocity; 2]),
            GcodeFlavor::Marlin if self.machine_max_junction_deviation > 0.0 => None,
            _ => Some([self.machine_max_jerk_x, self.machine_max_jerk_y]),
        }
    }
}

/// Whether objects have a brim.
fn has_brim(s: &Settings) -> bool {
    s.brim_width > 0.0 && s.brim_type != BrimType::Nowhere
}

/// Whether any loops have scarf seams.
fn has_scarf(s: &Settings) -> bool {
    s.scarf_seam_placement != ScarfPlacement::Nowhere
}

/// Whether the machine limits sudden changes of speed as such, and not by junction deviation.
fn limits_jerk(s: &Settings) -> bool {
    s.machine_jerk_mm_per_s().is_some()
}

// Each file hands its entries, behind those of the files before, to the next name in the list.
layer_settings! {
    wall_settings shell_settings infill_settings support_settings road_settings filament_settings machine_settings
    motion_settings define ;
}
