//! The machine's limits, as the time estimate wants them.

use crate::settings::Settings;
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
        cornering: Cornering::Jerk([
            s.machine_max_jerk_x,
            s.machine_max_jerk_y,
            s.machine_max_jerk_z,
            s.machine_max_jerk_e,
        ]),
        extruding_mm_per_s2: s.machine_max_acceleration_extruding,
        retracting_mm_per_s2: s.machine_max_acceleration_retracting,
        travel_mm_per_s2: s.machine_max_acceleration_travel,
    }
}
