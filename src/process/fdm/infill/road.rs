//! The cross-section of infill roads: how wide, how far apart, how much material.

use crate::process::fdm::flow::rounding_mm;
use crate::toolpath::{Role, road_area_mm2};
use std::f64::consts::FRAC_PI_4;

/// A kind of road before it is laid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Road {
    pub role: Role,
    pub width_mm: f64,
    /// Distance between the middles of two roads side by side that together leave no gap.
    pub spacing_mm: f64,
    pub flow_mm3_per_mm: f64,
    pub height_mm: f64,
    /// Hangs in the air, so its cross-section cannot be chosen by pressing it flat.
    is_strand: bool,
}

impl Road {
    /// A road pressed flat on the layer below. The spacing is the width of the rectangle of the same area and height, so
    /// that roads side by side deposit exactly the layer's volume.
    pub fn flat(role: Role, width_mm: f64, height_mm: f64) -> Self {
        let flow_mm3_per_mm = road_area_mm2(width_mm, height_mm);
        Self { role, width_mm, spacing_mm: flow_mm3_per_mm / height_mm, flow_mm3_per_mm, is_strand: false, height_mm }
    }

    /// A round strand hanging in the air: as thick as the nozzle, by the square root of the flow ratio.
    pub fn strand(nozzle_diameter_mm: f64, flow_ratio: f64) -> Self {
        let diameter_mm = nozzle_diameter_mm * flow_ratio.sqrt();
        Self {
            role: Role::BridgeInfill,
            width_mm: diameter_mm,
            spacing_mm: diameter_mm,
            flow_mm3_per_mm: FRAC_PI_4 * diameter_mm * diameter_mm,
            is_strand: true,
            height_mm: diameter_mm,
        }
    }

    /// A bridge of the layer's height, its flow scaled by the ratio.
    pub fn thin_bridge(width_mm: f64, height_mm: f64, flow_ratio: f64) -> Self {
        let flat = Self::flat(Role::BridgeInfill, width_mm, height_mm);
        Self { flow_mm3_per_mm: flat.flow_mm3_per_mm * flow_ratio, is_strand: true, ..flat }
    }

    /// The same road laid at another spacing: a flat one becomes wider or narrower so that it fills the spacing exactly.
    pub fn at_spacing(self, spacing_mm: f64) -> Self {
        if self.is_strand {
            return Self { spacing_mm, ..self };
        }
        Self {
            spacing_mm,
            width_mm: spacing_mm + rounding_mm(self.height_mm),
            flow_mm3_per_mm: spacing_mm * self.height_mm,
            ..self
        }
    }
}
