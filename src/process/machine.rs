//! The machine's limits, as the time estimate wants them.

use crate::settings::{GcodeFlavor, Settings};
use crate::toolpath::estimate::{Cornering, MachineLimits};

/// A machine's limits from its settings.
pub fn limits(s: &Settings) -> MachineLimits {
    MachineLimits {
        max_feed_mm_per_s: [
            s.machine_max_feedrate_x,
            s.machine_max_feedrate_y,
            s.machine_max_feedrate_z,
            s.machine_max_feedrate_e,
        ],
        max_acceleration_mm_per_s2: [
            s.machine_max_acceleration_x,
            s.machine_max_acceleration_y,
            s.machine_max_acceleration_z,
            s.machine_max_acceleration_e,
        ],
        cornering: cornering(s),
        extruding_mm_per_s2: s.machine_max_acceleration_extruding,
        retracting_mm_per_s2: s.machine_max_acceleration_retracting,
        travel_mm_per_s2: s.machine_max_acceleration_travel,
    }
}

fn cornering(s: &Settings) -> Cornering {
    let jerk = [s.machine_max_jerk_x, s.machine_max_jerk_y, s.machine_max_jerk_z, s.machine_max_jerk_e];
    match s.gcode_flavor {
        GcodeFlavor::Klipper => Cornering::SquareCorner {
            velocity_mm_per_s: s.square_corner_velocity,
            cruise_ratio: s.minimum_cruise_ratio,
            extruder_mm_per_s: s.instantaneous_corner_velocity,
        },
        GcodeFlavor::RepRapFirmware => Cornering::InstantChange(jerk),
        GcodeFlavor::Marlin if s.machine_max_junction_deviation > 0.0 => {
            Cornering::JunctionDeviation(s.machine_max_junction_deviation)
        }
        GcodeFlavor::Marlin => Cornering::Jerk(jerk),
    }
}
