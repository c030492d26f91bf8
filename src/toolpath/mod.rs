//! The machine-neutral result of planning: layers of typed moves, and the time-and-material estimate made from them.
//!
//! A toolpath says what the tool does and with which width, height, flow and feed; it knows neither the settings that
//! led to it nor the G-code that will spell it. Structure is decided before it gets here (order, cooling, travels).
//! Data enters from `process` (planning) and from `gcode` (anybody's file read back), and leaves to `gcode`, `render`
//! and `estimate`. Points are grid points on the build plate; heights, widths and feeds are millimetres and seconds.

pub mod estimate;

use crate::geometry::Point;

/// What a piece of extrusion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The outermost wall, which is seen.
    ExternalPerimeter,
    Perimeter,
    /// A wall that hangs over the layer below.
    OverhangPerimeter,
    GapFill,
    /// Sparse infill.
    InternalInfill,
    SolidInfill,
    TopSolidInfill,
    Ironing,
    BridgeInfill,
    Skirt,
    Brim,
    SupportMaterial,
    SupportMaterialInterface,
    /// Start and end sequences, priming lines, and whatever a foreign file does not name.
    Custom,
}

impl Role {
    /// Every role, in the order of legends and tables.
    pub const ALL: [Role; 14] = [
        Role::ExternalPerimeter,
        Role::Perimeter,
        Role::OverhangPerimeter,
        Role::GapFill,
        Role::InternalInfill,
        Role::SolidInfill,
        Role::TopSolidInfill,
        Role::Ironing,
        Role::BridgeInfill,
        Role::Skirt,
        Role::Brim,
        Role::SupportMaterial,
        Role::SupportMaterialInterface,
        Role::Custom,
    ];
}

/// A path along which material is laid at one role, width, height and feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Extrusion {
    pub role: Role,
    pub width_mm: f32,
    pub height_mm: f32,
    /// Cross-section of the road: mm³ of material per mm of path.
    pub flow_mm3_per_mm: f32,
    pub feed_mm_per_s: f32,
    /// At least two points; the first is where the tool already stands. A closed loop repeats its first point at the
    /// end, or stops just before it so that the seam makes no blob.
    pub points: Vec<Point>,
    /// Height of the tool at each point where it changes along the path (spiral vase); empty where it is the layer's.
    pub z_mm: Vec<f32>,
}

/// A move without extrusion through some points; the first is where the tool already stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Travel {
    pub points: Vec<Point>,
    pub feed_mm_per_s: f32,
    /// While retracting along it: mm of filament drawn back over its length (0 for an ordinary travel).
    pub wipe_retract_mm: f32,
    /// Height of the tool at each point where it changes along the way (a hop that rises while it travels); empty where
    /// it stays.
    pub z_mm: Vec<f32>,
}

impl Travel {
    /// At one height, with the filament left as it is.
    pub fn level(points: Vec<Point>, feed_mm_per_s: f32) -> Self {
        Self { points, feed_mm_per_s, wipe_retract_mm: 0.0, z_mm: Vec::new() }
    }
}

/// One thing that the tool does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Extrude(Extrusion),
    Travel(Travel),
    /// Draws back `length_mm` of filament.
    Retract {
        length_mm: f32,
        feed_mm_per_s: f32,
    },
    /// Pushes `length_mm` of filament forward again (what was drawn back, plus any extra).
    Unretract {
        length_mm: f32,
        feed_mm_per_s: f32,
    },
    /// Moves the tool to a height: z-hop, its end, the next layer.
    MoveZ {
        z_mm: f32,
        feed_mm_per_s: f32,
    },
    /// Part cooling fan, 0 to 1.
    Fan(f32),
    /// A second fan, which blows on the print from aside, 0 to 1.
    AuxiliaryFan(f32),
    /// Acceleration for the moves that follow, mm/s².
    Acceleration(f32),
    /// Largest sudden change of speed in X and Y for the moves that follow, mm/s: what the firmware has of the kind (jerk,
    /// the speed of a right angle).
    Jerk(f32),
    /// Target of a nozzle in °C, without waiting.
    NozzleTemperature(f32),
    /// Target of the bed in °C, without waiting.
    BedTemperature(f32),
    /// Pressure (linear) advance for the moves that follow, s.
    PressureAdvance(f32),
    Tool(u8),
    /// What follows belongs to the object of this index in [`Toolpath::objects`].
    ObjectStart(u16),
    ObjectEnd(u16),
    /// A line of the user's own or of a foreign file that is neither move nor any of the above, as it is written.
    Raw(String),
}

/// One layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// Top of the layer above the build plate: where the nozzle's tip is.
    pub z_mm: f32,
    pub height_mm: f32,
    pub steps: Vec<Step>,
}

/// An object named in the toolpath, so that a host can cancel one of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectLabel {
    pub name: String,
    /// Outline on the plate (for Klipper's exclude object), counter-clockwise.
    pub outline: Vec<Point>,
}

/// Everything the tool does, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toolpath {
    pub layers: Vec<Layer>,
    pub objects: Vec<ObjectLabel>,
    pub filament_diameter_mm: f32,
    pub filament_density_g_per_cm3: f32,
}

/// Cross-section in mm² of a road: a rectangle with rounded ends, as slicers have modelled it since Slic3r.
pub fn road_area_mm2(width_mm: f64, height_mm: f64) -> f64 {
    if width_mm <= height_mm {
        return std::f64::consts::FRAC_PI_4 * width_mm * width_mm;
    }
    height_mm * (width_mm - height_mm) + std::f64::consts::FRAC_PI_4 * height_mm * height_mm
}

/// The width in mm of a road of some cross-section and height: what [`road_area_mm2`] is the inverse of.
pub fn road_width_mm(area_mm2: f64, height_mm: f64) -> f64 {
    let round = std::f64::consts::FRAC_PI_4 * height_mm * height_mm;
    if area_mm2 <= round || height_mm <= 0.0 {
        return (area_mm2 / std::f64::consts::FRAC_PI_4).max(0.0).sqrt();
    }
    (area_mm2 - round) / height_mm + height_mm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_of_a_road_follows_from_its_area() {
        for (width, height) in [(0.45, 0.2), (0.2, 0.2), (0.1, 0.3), (2.0, 0.1)] {
            let back = road_width_mm(road_area_mm2(width, height), height);
            assert!((back - width).abs() < 1e-9, "{width} x {height}: {back}");
        }
    }
}
