//! How each firmware spells what is not a move.

use super::number::text;
use crate::settings::GcodeFlavor;
use crate::toolpath::{ObjectLabel, Role};

/// The firmware that will read the G-code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Marlin 2 and its relatives.
    Marlin,
    Klipper,
    RepRapFirmware,
}

impl From<GcodeFlavor> for Dialect {
    fn from(flavor: GcodeFlavor) -> Self {
        match flavor {
            GcodeFlavor::Marlin => Self::Marlin,
            GcodeFlavor::Klipper => Self::Klipper,
            GcodeFlavor::RepRapFirmware => Self::RepRapFirmware,
        }
    }
}

/// Which moves an acceleration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveKind {
    Print,
    Travel,
}

/// A polygon of at most this many corners stands for an object's outline, so that the line stays short.
const OUTLINE_CORNERS: usize = 10;
/// Longest part of an object's name that is written.
const NAME_BYTES: usize = 40;

impl Dialect {
    /// Longest line in bytes that the firmware takes, with line number and checksum. Marlin cuts longer ones and then
    /// asks for them again for ever (`MAX_CMD_SIZE` 96); RepRapFirmware 3 and Klipper's console hold 255.
    pub fn max_line_bytes(self) -> usize {
        match self {
            Self::Marlin => 95,
            Self::Klipper | Self::RepRapFirmware => 255,
        }
    }

    /// Longest command in bytes, so that a host can still number it (`N4294967295 ` before, `*255` behind).
    pub fn max_command_bytes(self) -> usize {
        self.max_line_bytes() - 16
    }

    /// Acceleration in mm/s² for the moves of one kind (for all of them where the firmware knows one only).
    pub fn acceleration(self, kind: MoveKind, mm_per_s2: f64) -> String {
        let value = text(mm_per_s2, 0);
        match (self, kind) {
            (Self::Klipper, _) => format!("SET_VELOCITY_LIMIT ACCEL={value}"),
            (_, MoveKind::Print) => format!("M204 P{value}"),
            (_, MoveKind::Travel) => format!("M204 T{value}"),
        }
    }

    /// Whether print and travel accelerations are kept apart by the firmware.
    pub fn keeps_travel_acceleration(self) -> bool {
        self != Self::Klipper
    }

    /// Pressure (linear) advance in seconds.
    pub fn pressure_advance(self, tool: u8, seconds: f64) -> String {
        let value = text(seconds, 5);
        match self {
            Self::Marlin => format!("M900 K{value}"),
            Self::Klipper => format!("SET_PRESSURE_ADVANCE ADVANCE={value}"),
            Self::RepRapFirmware => format!("M572 D{tool} S{value}"),
        }
    }

    /// Part cooling fan, 0 to 1.
    pub fn fan(self, share: f64) -> String {
        match text(share.clamp(0.0, 1.0) * 255.0, 0).as_str() {
            "0" => "M107".into(),
            speed => format!("M106 S{speed}"),
        }
    }

    /// Whether hosts and firmware of this dialect understand `M73` progress.
    pub fn has_progress(self) -> bool {
        self != Self::RepRapFirmware
    }

    /// The lines before the first move that name all objects.
    pub fn define_objects(self, objects: &[ObjectLabel]) -> Vec<String> {
        match self {
            Self::Marlin => vec![format!("M486 T{}", objects.len())],
            Self::RepRapFirmware => (objects.iter().enumerate())
                .map(|(i, object)| format!("M486 S{i} A\"{}\"", object_name(i, object)))
                .chain(["M486 S-1".into()])
                .collect(),
            Self::Klipper => objects.iter().enumerate().map(|(i, object)| klipper_definition(i, object)).collect(),
        }
    }

    /// The line where an object's moves begin.
    pub fn object_start(self, index: usize, object: &ObjectLabel) -> String {
        match self {
            Self::Klipper => format!("EXCLUDE_OBJECT_START NAME={}", object_name(index, object)),
            Self::Marlin | Self::RepRapFirmware => format!("M486 S{index}"),
        }
    }

    /// The line where an object's moves end.
    pub fn object_end(self, index: usize, object: &ObjectLabel) -> String {
        match self {
            Self::Klipper => format!("EXCLUDE_OBJECT_END NAME={}", object_name(index, object)),
            Self::Marlin | Self::RepRapFirmware => "M486 S-1".into(),
        }
    }
}

/// The `EXCLUDE_OBJECT_DEFINE` line of an object.
fn klipper_definition(index: usize, object: &ObjectLabel) -> String {
    let mut line = format!("EXCLUDE_OBJECT_DEFINE NAME={}", object_name(index, object));
    let corners = corners(object);
    if corners.len() >= 3 {
        let count = corners.len() as f64;
        let [x, y] = corners.iter().fold([0.0, 0.0], |sum, c| [sum[0] + c[0] / count, sum[1] + c[1] / count]);
        line += &format!(" CENTER={},{}", text(x, 2), text(y, 2));
        let polygon: Vec<String> = corners.iter().map(|c| format!("[{},{}]", text(c[0], 2), text(c[1], 2))).collect();
        line += &format!(" POLYGON=[{}]", polygon.join(","));
    }
    line
}

/// The outline's furthest points in evenly spread directions, counter-clockwise, in mm: a convex polygon inside its hull.
fn corners(object: &ObjectLabel) -> Vec<[f64; 2]> {
    let mut corners: Vec<[f64; 2]> = Vec::new();
    for direction in 0..OUTLINE_CORNERS {
        let (sin, cos) = (std::f64::consts::TAU * direction as f64 / OUTLINE_CORNERS as f64).sin_cos();
        let reach = |p: &[f64; 2]| p[0] * cos + p[1] * sin;
        let furthest = object.outline.iter().map(|p| p.to_mm()).max_by(|a, b| reach(a).total_cmp(&reach(b)));
        if let Some(p) = furthest.filter(|p| corners.last() != Some(p) && corners.first() != Some(p)) {
            corners.push(p);
        }
    }
    corners
}

/// A name that is one word in every dialect and differs from every other object's.
pub fn object_name(index: usize, object: &ObjectLabel) -> String {
    let word: String =
        object.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(NAME_BYTES).collect();
    format!("{word}_id_{index}")
}

/// A feature's name as PrusaSlicer's `;TYPE:` comments spell it, which viewers and hosts know.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::ExternalPerimeter => "External perimeter",
        Role::Perimeter => "Perimeter",
        Role::OverhangPerimeter => "Overhang perimeter",
        Role::GapFill => "Gap fill",
        Role::InternalInfill => "Internal infill",
        Role::SolidInfill => "Solid infill",
        Role::TopSolidInfill => "Top solid infill",
        Role::Ironing => "Ironing",
        Role::BridgeInfill => "Bridge infill",
        Role::Skirt | Role::Brim => "Skirt/Brim",
        Role::SupportMaterial => "Support material",
        Role::SupportMaterialInterface => "Support material interface",
        Role::Custom => "Custom",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    #[test]
    fn object_names_are_words_and_lines_short() {
        let round = (0..500).map(|i| (f64::from(i) * 0.01257).sin_cos());
        let object = ObjectLabel {
            name: "Düse; \"links\" (2)\n which has a very long name that goes on and on and on".into(),
            outline: round.map(|(s, c)| Point::from_mm(150.0 + 20.0 * c, 150.0 + 20.0 * s)).collect(),
        };
        let line = &Dialect::Klipper.define_objects(std::slice::from_ref(&object))[0];
        assert!(line.starts_with("EXCLUDE_OBJECT_DEFINE NAME=D_se"), "{line}");
        assert!(line.len() <= Dialect::Klipper.max_line_bytes() && line.is_ascii(), "{line}");
        assert_eq!(line.matches("],[").count(), OUTLINE_CORNERS - 1);
        assert!(Dialect::Marlin.object_start(0, &object).len() < 20);
    }
}
