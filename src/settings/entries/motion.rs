//! Entries: how fast the machine's axes can move and accelerate.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! motion_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Highest speed of the x axis.
machine_max_feedrate_x: f64 = 300.0, {
    label: "Speed X", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 5000.0), soft: range(20.0, 2000.0),
    orca: &["machine_max_speed_x"],
}

/// Highest speed of the y axis.
machine_max_feedrate_y: f64 = 300.0, {
    label: "Speed Y", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 5000.0), soft: range(20.0, 2000.0),
    orca: &["machine_max_speed_y"],
}

/// Highest speed of the z axis.
machine_max_feedrate_z: f64 = 12.0, {
    label: "Speed Z", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 5000.0), soft: range(1.0, 500.0),
    orca: &["machine_max_speed_z"],
}

/// Highest speed of the extruder.
machine_max_feedrate_e: f64 = 60.0, {
    label: "Speed E", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 5000.0), soft: range(5.0, 500.0),
    orca: &["machine_max_speed_e"],
}

/// Highest acceleration of the x axis.
machine_max_acceleration_x: f64 = 2000.0, {
    label: "Acceleration X", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Highest acceleration of the y axis.
machine_max_acceleration_y: f64 = 2000.0, {
    label: "Acceleration Y", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Highest acceleration of the z axis.
machine_max_acceleration_z: f64 = 200.0, {
    label: "Acceleration Z", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 1_000_000.0), soft: range(5.0, 50_000.0),
}

/// Highest acceleration of the extruder.
machine_max_acceleration_e: f64 = 5000.0, {
    label: "Acceleration E", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Highest acceleration of moves that extrude.
machine_max_acceleration_extruding: f64 = 1500.0, {
    label: "Acceleration while extruding", category: MotionLimits, level: Expert, scope: Machine,
    unit: MillimetrePerSecondSquared, hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Highest acceleration of retractions.
machine_max_acceleration_retracting: f64 = 1500.0, {
    label: "Acceleration while retracting", category: MotionLimits, level: Expert, scope: Machine,
    unit: MillimetrePerSecondSquared, hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Highest acceleration of moves without extrusion.
machine_max_acceleration_travel: f64 = 1500.0, {
    label: "Acceleration while travelling", category: MotionLimits, level: Expert, scope: Machine,
    unit: MillimetrePerSecondSquared, hard: range(1.0, 1_000_000.0), soft: range(20.0, 100_000.0),
}

/// Greatest sudden change of speed of the x axis.
machine_max_jerk_x: f64 = 8.0, {
    label: "Jerk X", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(0.0, 60.0),
}

/// Greatest sudden change of speed of the y axis.
machine_max_jerk_y: f64 = 8.0, {
    label: "Jerk Y", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(0.0, 60.0),
}

/// Greatest sudden change of speed of the z axis.
machine_max_jerk_z: f64 = 0.4, {
    label: "Jerk Z", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(0.0, 60.0),
}

/// Greatest sudden change of speed of the extruder.
machine_max_jerk_e: f64 = 5.0, {
    label: "Jerk E", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(0.0, 60.0),
}

/// How far a rounded corner may be from the real one; 0 for machines that limit jerk instead.
///
/// Marlin firmware is built with one or the other (`M205 J` sets junction deviation).
machine_max_junction_deviation: f64 = 0.0, {
    label: "Junction deviation", category: MotionLimits, level: Expert, scope: Machine, unit: Millimetre,
    hard: range(0.0001, 1.0), soft: range(0.002, 0.3), off: Some("the machine limits jerk"),
    search: &["M205 J", "cornering"],
    shown_when: when("the firmware is Marlin", |s| s.gcode_flavor == GcodeFlavor::Marlin),
}

/// Speed at which Klipper takes a right angle.
square_corner_velocity: f64 = 5.0, {
    label: "Square corner speed", category: MotionLimits, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(0.0, 60.0), search: &["scv", "cornering"],
    shown_when: when("the firmware is Klipper", |s| s.gcode_flavor == GcodeFlavor::Klipper),
}

/// Share of a move that Klipper keeps at least at constant speed, between speeding up and slowing down.
minimum_cruise_ratio: f64 = 0.5, {
    label: "Least share of constant speed", category: MotionLimits, level: Expert, scope: Machine, unit: Share,
    hard: range(0.0, 0.99), search: &["max_accel_to_decel"],
    shown_when: when("the firmware is Klipper", |s| s.gcode_flavor == GcodeFlavor::Klipper),
}

/// Greatest sudden change of the extruder's speed with Klipper.
instantaneous_corner_velocity: f64 = 1.0, {
    label: "Extruder's sudden change", category: MotionLimits, level: Expert, scope: Machine,
    unit: MillimetrePerSecond, hard: range(0.0, 1000.0), soft: range(0.0, 60.0),
    shown_when: when("the firmware is Klipper", |s| s.gcode_flavor == GcodeFlavor::Klipper),
}

} } }
pub(super) use motion_settings;
