//! How each firmware spells what is not a move.

use super::number::text;
use crate::geometry::Bounds;
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

/// A polygon of at most this many corners stands for an object's outline, and of fewer where its line would be too long.
const OUTLINE_CORNERS: usize = 10;
/// So much larger is that polygon, mm, that its corners may be rounded to two decimals and it still covers the outline.
const OUTLINE_MARGIN_MM: f64 = 0.01;
/// Longest part of an object's name that is written.
const NAME_BYTES: usize = 40;

/// What Klipper's configuration has to call a second fan and the chamber's heater.
pub const AUXILIARY_FAN: &str = "auxiliary_fan";
pub const CHAMBER: &str = "chamber";

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

    /// Largest sudden change of speed in X and Y, mm/s: Marlin's jerk, Klipper's speed of a right angle, RepRapFirmware's
    /// instantaneous change, which it takes in mm/min.
    pub fn jerk(self, mm_per_s: f64) -> String {
        match self {
            Self::Marlin => {
                let value = text(mm_per_s, 2);
                format!("M205 X{value} Y{value}")
            }
            Self::Klipper => format!("SET_VELOCITY_LIMIT SQUARE_CORNER_VELOCITY={}", text(mm_per_s, 2)),
            Self::RepRapFirmware => {
                let value = text(crate::units::mm_per_min(mm_per_s), 0);
                format!("M566 X{value} Y{value}")
            }
        }
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

    /// The fan beside the part's own, 0 to 1: the third one that the firmware counts, which is where machines have it, or
    /// for Klipper the one of this name.
    pub fn auxiliary_fan(self, share: f64) -> String {
        let share = share.clamp(0.0, 1.0);
        match self {
            Self::Klipper => format!("SET_FAN_SPEED FAN={AUXILIARY_FAN} SPEED={}", text(share, 3)),
            Self::Marlin | Self::RepRapFirmware => format!("M106 P2 S{}", text(share * 255.0, 0)),
        }
    }

    /// Sets the temperature of the chamber in °C, without waiting.
    pub fn chamber(self, celsius: f64) -> String {
        let value = text(celsius, 1);
        match self {
            Self::Klipper => format!("SET_HEATER_TEMPERATURE HEATER={CHAMBER} TARGET={value}"),
            Self::Marlin | Self::RepRapFirmware => format!("M141 S{value}"),
        }
    }

    /// Waits until the chamber, which is set to some temperature in °C, has at least another one.
    pub fn wait_for_chamber(self, celsius: f64, least_celsius: f64) -> Vec<String> {
        let least = text(least_celsius, 1);
        match self {
            Self::Klipper => vec![format!("TEMPERATURE_WAIT SENSOR=\"heater_generic {CHAMBER}\" MINIMUM={least}")],
            // The command that waits also sets; what is wanted in the end is set again.
            Self::Marlin | Self::RepRapFirmware => vec![format!("M191 S{least}"), self.chamber(celsius)],
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

/// The `EXCLUDE_OBJECT_DEFINE` line of an object, with as many corners as it holds.
fn klipper_definition(index: usize, object: &ObjectLabel) -> String {
    let start = format!("EXCLUDE_OBJECT_DEFINE NAME={}", object_name(index, object));
    let place = |[x, y]: [f64; 2]| format!("{},{}", text(x, 2), text(y, 2));
    let bounds = Bounds::around(object.outline.iter().copied());
    let [min, max] = bounds.map_or([[0.0; 2]; 2], |b| [b.min.to_mm(), b.max.to_mm()]);
    let centre = [0, 1].map(|axis| (min[axis] + max[axis]) / 2.0);
    let mut cover = Cover::around(object);
    for most in (3..=OUTLINE_CORNERS).rev() {
        cover.reduce_to(most);
        let corners = cover.corners();
        if corners.len() < 3 {
            break;
        }
        let polygon: Vec<String> = corners.into_iter().map(|corner| format!("[{}]", place(corner))).collect();
        let line = format!("{start} CENTER={} POLYGON=[{}]", place(centre), polygon.join(","));
        if line.len() <= Dialect::Klipper.max_command_bytes() {
            return line;
        }
    }
    start
}

/// A convex polygon around an outline, as the lines that its sides lie on, counter-clockwise: each with its direction
/// outwards, of length 1, and its distance from the origin, mm.
struct Cover(Vec<([f64; 2], f64)>);

impl Cover {
    /// The outline's hull, a little larger.
    fn around(object: &ObjectLabel) -> Self {
        let hull = convex_hull(object.outline.iter().map(|point| point.to_mm()).collect());
        let next = hull.iter().cycle().skip(1);
        let side = |(a, b): (&[f64; 2], &[f64; 2])| {
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = dx.hypot(dy);
            let out = [dy / length, -dx / length];
            (out, out[0] * a[0] + out[1] * a[1] + OUTLINE_MARGIN_MM)
        };
        Self(if hull.len() < 3 { Vec::new() } else { hull.iter().zip(next).map(side).collect() })
    }

    /// The corner at the start of a side: where the side before it ends.
    fn corner(&self, side: usize) -> [f64; 2] {
        let before = (side + self.0.len() - 1) % self.0.len();
        crossing(self.0[before], self.0[side]).unwrap_or([f64::NAN; 2])
    }

    fn corners(&self) -> Vec<[f64; 2]> {
        (0..self.0.len()).map(|side| self.corner(side)).collect()
    }

    /// Leaves out sides, those first whose neighbours then meet with the least new area, as long as they meet at all.
    fn reduce_to(&mut self, most: usize) {
        while self.0.len() > most {
            let grown = |side: usize| {
                let count = self.0.len();
                let (before, after) = (self.0[(side + count - 1) % count], self.0[(side + 1) % count]);
                let tip = crossing(before, after)?;
                let ([ax, ay], [bx, by]) = (self.corner(side), self.corner((side + 1) % count));
                Some(((bx - ax) * (tip[1] - ay) - (by - ay) * (tip[0] - ax)).abs())
            };
            let areas = (0..self.0.len()).filter_map(|side| Some((grown(side)?, side)));
            let Some((_, least)) = areas.min_by(|a, b| a.0.total_cmp(&b.0)) else { return };
            self.0.remove(least);
        }
    }
}

/// Where two sides meet that follow each other counter-clockwise; `None` where they never do, or only very far away.
fn crossing((a, a_mm): ([f64; 2], f64), (b, b_mm): ([f64; 2], f64)) -> Option<[f64; 2]> {
    let turn = a[0] * b[1] - a[1] * b[0];
    (turn > 1e-3).then(|| [(a_mm * b[1] - b_mm * a[1]) / turn, (b_mm * a[0] - a_mm * b[0]) / turn])
}

/// The corners of the smallest convex polygon around points, counter-clockwise (A. M. Andrew, "Another efficient algorithm
/// for convex hulls in two dimensions", 1979).
fn convex_hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    let mut hull: Vec<[f64; 2]> = Vec::new();
    let mut chain = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let from = hull.len();
        for p in points {
            while let [.., a, b] = hull[from..]
                && (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) <= 0.0
            {
                hull.pop();
            }
            hull.push(p);
        }
        // It is where the other chain begins.
        hull.pop();
    };
    chain(&mut points.iter().copied());
    chain(&mut points.iter().rev().copied());
    hull
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

    fn label(name: &str, corners: impl Iterator<Item = [f64; 2]>) -> ObjectLabel {
        ObjectLabel { name: name.into(), outline: corners.map(|[x, y]| Point::from_mm(x, y)).collect() }
    }

    /// The polygon of a definition, as whoever reads the line sees it.
    fn polygon(line: &str) -> Vec<[f64; 2]> {
        let text = line.split("POLYGON=[").nth(1).unwrap().strip_suffix(']').unwrap();
        let corner = |text: &str| {
            let (x, y) = text.trim_matches(['[', ']', ',']).split_once(',').unwrap();
            [x.parse().unwrap(), y.parse().unwrap()]
        };
        text.split_inclusive(']').map(corner).collect()
    }

    fn area_mm2(polygon: &[[f64; 2]]) -> f64 {
        let next = polygon.iter().cycle().skip(1);
        polygon.iter().zip(next).map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum()
    }

    #[test]
    fn object_names_are_words_and_lines_short() {
        let round = |radius: f64, centre: [f64; 2]| {
            (0..500).map(move |i| {
                let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 500.0).sin_cos();
                [centre[0] + radius * cos, centre[1] + radius * sin]
            })
        };
        let turned = |i: i32, sides: [f64; 2]| {
            let (sin, cos) = 0.3f64.sin_cos();
            let [x, y] = [f64::from(i & 1 ^ i >> 1) * sides[0], f64::from(i >> 1) * sides[1]];
            [110.0 + x * cos - y * sin, 60.0 + x * sin + y * cos]
        };
        let long = "Düse; \"links\" (2)\n which has a very long name that goes on and on and on";
        for (object, most_area) in [
            (label(long, round(20.0, [150.0, 150.0])), 1.1),
            // On a delta of four metres, where numbers are long.
            (label(long, round(1234.567, [-1500.123, -1700.456])), 1.3),
            // A box stays what it is.
            (label("box", (0..4).map(|i| turned(i, [40.0, 15.0]))), 1.01),
            // Flat enough that its short sides could be taken for nothing.
            (label("bar", (0..4).map(|i| turned(i, [180.0, 0.4]))), 1.1),
            (
                label("l", [[0.0, 0.0], [50.0, 0.0], [50.0, 5.0], [5.0, 5.0], [5.0, 40.0], [0.0, 40.0]].into_iter()),
                1.01,
            ),
        ] {
            let line = &Dialect::Klipper.define_objects(std::slice::from_ref(&object))[0];
            assert!(line.starts_with("EXCLUDE_OBJECT_DEFINE NAME="), "{line}");
            assert!(line.len() <= Dialect::Klipper.max_command_bytes() && line.is_ascii(), "{} {line}", line.len());
            let polygon = polygon(line);
            assert!((3..=OUTLINE_CORNERS).contains(&polygon.len()), "{line}");
            let sides: Vec<_> = polygon.iter().zip(polygon.iter().cycle().skip(1)).collect();
            for point in object.outline.iter().map(|p| p.to_mm()) {
                for (a, b) in &sides {
                    let inside = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
                    assert!(inside >= 0.0, "{point:?} is outside of {line}");
                }
            }
            let hull = convex_hull(object.outline.iter().map(|p| p.to_mm()).collect());
            assert!(area_mm2(&polygon) < most_area * area_mm2(&hull), "{line}");
            assert!(Dialect::Marlin.object_start(0, &object).len() < 20);
        }
        let nothing = Dialect::Klipper.define_objects(&[label("nothing", std::iter::empty())]);
        assert_eq!(nothing, ["EXCLUDE_OBJECT_DEFINE NAME=nothing_id_0"]);
    }
}
