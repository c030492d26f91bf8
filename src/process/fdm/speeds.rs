//! Feeds and accelerations by role.
//!
//! Knows what each kind of road may be printed with, and the most that the hot end melts. Layer times are not known
//! here (see [`super::cooling`]).

use crate::settings::Settings;
use crate::toolpath::Role;

/// Loops up to this radius are small perimeters, mm.
pub const SMALL_PERIMETER_RADIUS_MM: f64 = 6.5;

/// Feeds by role in mm/s, none faster than the machine, and what limits them.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedSettings {
    pub perimeter: f64,
    pub external_perimeter: f64,
    pub small_perimeter: f64,
    pub infill: f64,
    pub solid_infill: f64,
    pub top_solid_infill: f64,
    pub gap_fill: f64,
    pub bridge: f64,
    pub ironing: f64,
    pub support: f64,
    pub support_interface: f64,
    /// Nothing on the first layer is faster.
    pub first_layer: f64,
    pub travel: f64,
    pub travel_z: f64,
    /// Most that may be melted, mm³/s; infinite where nothing limits it.
    pub max_flow_mm3_per_s: f64,
}

impl From<&Settings> for SpeedSettings {
    fn from(s: &Settings) -> Self {
        let limits = [s.max_volumetric_speed, s.filament_max_volumetric_speed, s.max_melt_rate];
        let axes = [s.machine_max_feedrate_x, s.machine_max_feedrate_y];
        let least = |limits: &[f64]| limits.iter().copied().filter(|l| *l > 0.0).fold(f64::INFINITY, f64::min);
        let most = least(&axes);
        // Askew, both axes carry it; along one of them, firmware takes off what is too much.
        let travel = s.travel_speed.min(axes[0].hypot(axes[1]).max(most));
        Self {
            perimeter: s.perimeter_speed.min(most),
            external_perimeter: s.external_perimeter_speed.min(most),
            small_perimeter: s.small_perimeter_speed.min(most),
            infill: s.infill_speed.min(most),
            solid_infill: s.solid_infill_speed.min(most),
            top_solid_infill: s.top_solid_infill_speed.min(most),
            gap_fill: s.gap_fill_speed.min(most),
            bridge: s.bridge_speed.min(most),
            ironing: s.ironing_speed.min(most),
            support: s.support_material_speed.min(most),
            support_interface: s.support_material_interface_speed.min(most),
            first_layer: s.first_layer_speed,
            travel,
            travel_z: if s.travel_speed_z > 0.0 { s.travel_speed_z } else { travel },
            max_flow_mm3_per_s: least(&limits),
        }
    }
}

impl SpeedSettings {
    /// Feed in mm/s of a road with a cross-section of `flow` mm³ per mm. `small` is for walls of small radius.
    pub fn feed_mm_per_s(&self, role: Role, small: bool, first_layer: bool, flow: f64) -> f64 {
        let feed = match role {
            Role::ExternalPerimeter if small => self.small_perimeter.min(self.external_perimeter),
            Role::Perimeter if small => self.small_perimeter.min(self.perimeter),
            Role::ExternalPerimeter => self.external_perimeter,
            Role::Perimeter | Role::Skirt | Role::Brim => self.perimeter,
            Role::SupportMaterial => self.support,
            Role::SupportMaterialInterface => self.support_interface,
            Role::OverhangPerimeter | Role::BridgeInfill => self.bridge,
            Role::GapFill => self.gap_fill,
            Role::InternalInfill => self.infill,
            Role::SolidInfill => self.solid_infill,
            Role::TopSolidInfill => self.top_solid_infill,
            Role::Ironing => self.ironing,
            Role::Custom => self.first_layer,
        };
        let feed = if first_layer && self.first_layer > 0.0 { feed.min(self.first_layer) } else { feed };
        if flow > 0.0 { feed.min(self.max_flow_mm3_per_s / flow) } else { feed }
    }
}

/// Accelerations by role in mm/s²; 0 = the default one, and a default of 0 = the machine's own.
#[derive(Clone, Debug, PartialEq)]
pub struct AccelerationSettings {
    pub default: f64,
    pub perimeter: f64,
    pub external_perimeter: f64,
    pub infill: f64,
    pub solid_infill: f64,
    pub top_solid_infill: f64,
    pub bridge: f64,
    pub first_layer: f64,
    pub travel: f64,
}

impl From<&Settings> for AccelerationSettings {
    fn from(s: &Settings) -> Self {
        Self {
            default: s.default_acceleration,
            perimeter: s.perimeter_acceleration,
            external_perimeter: s.external_perimeter_acceleration,
            infill: s.infill_acceleration,
            solid_infill: s.solid_infill_acceleration,
            top_solid_infill: s.top_solid_infill_acceleration,
            bridge: s.bridge_acceleration,
            first_layer: s.first_layer_acceleration,
            travel: s.travel_acceleration,
        }
    }
}

impl AccelerationSettings {
    /// Acceleration for a road, `None` where the machine's own is to stay.
    pub fn for_role(&self, role: Role, first_layer: bool) -> Option<f64> {
        let own = match role {
            Role::ExternalPerimeter => self.external_perimeter,
            Role::Perimeter | Role::GapFill => self.perimeter,
            Role::InternalInfill => self.infill,
            Role::SolidInfill => self.solid_infill,
            Role::TopSolidInfill | Role::Ironing => self.top_solid_infill,
            Role::BridgeInfill | Role::OverhangPerimeter => self.bridge,
            Role::Skirt | Role::Brim | Role::SupportMaterial | Role::SupportMaterialInterface | Role::Custom => 0.0,
        };
        let own = if first_layer && self.first_layer > 0.0 { self.first_layer } else { own };
        [own, self.default].into_iter().find(|a| *a > 0.0)
    }

    /// Acceleration for travels, `None` where what is set may stay.
    pub fn for_travel(&self) -> Option<f64> {
        (self.travel > 0.0).then_some(self.travel)
    }
}

/// Sudden changes of speed by role in mm/s.
#[derive(Clone, Debug, PartialEq)]
pub struct JerkSettings {
    /// Whether anything is set at all; the machine's own counts everywhere where not.
    is_on: bool,
    /// The machine's own.
    machine: f64,
    /// The others: 0 = the default one, and a default of 0 = the machine's own.
    pub default: f64,
    pub perimeter: f64,
    pub external_perimeter: f64,
    pub infill: f64,
    pub top_solid_infill: f64,
    pub first_layer: f64,
    pub travel: f64,
}

impl From<&Settings> for JerkSettings {
    fn from(s: &Settings) -> Self {
        let roles = [
            s.default_jerk,
            s.perimeter_jerk,
            s.external_perimeter_jerk,
            s.infill_jerk,
            s.top_solid_infill_jerk,
            s.first_layer_jerk,
            s.travel_jerk,
        ];
        let [default, perimeter, external_perimeter, infill, top_solid_infill, first_layer, travel] = roles;
        let machine = s.machine_jerk_mm_per_s().map_or(0.0, |[x, y]| x.min(y));
        let is_on = machine > 0.0 && roles.iter().any(|jerk| *jerk > 0.0);
        Self { is_on, machine, default, perimeter, external_perimeter, infill, top_solid_infill, first_layer, travel }
    }
}

impl JerkSettings {
    /// Jerk for a road, `None` where nothing is set.
    pub fn for_role(&self, role: Role, first_layer: bool) -> Option<f64> {
        let own = match role {
            Role::ExternalPerimeter | Role::OverhangPerimeter => self.external_perimeter,
            Role::Perimeter | Role::GapFill => self.perimeter,
            Role::InternalInfill | Role::SolidInfill | Role::BridgeInfill => self.infill,
            Role::TopSolidInfill | Role::Ironing => self.top_solid_infill,
            Role::Skirt | Role::Brim | Role::SupportMaterial | Role::SupportMaterialInterface | Role::Custom => 0.0,
        };
        let own = if first_layer && self.first_layer > 0.0 { self.first_layer } else { own };
        [own, self.default, self.machine].into_iter().find(|jerk| *jerk > 0.0).filter(|_| self.is_on)
    }

    /// Jerk for travels, `None` where what is set may stay.
    pub fn for_travel(&self) -> Option<f64> {
        Some(self.travel).filter(|jerk| self.is_on && *jerk > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_role_first_layer_and_melt_rate_counts() {
        let settings = Settings { filament_max_volumetric_speed: 8.0, ..Settings::default() };
        let speeds = SpeedSettings::from(&settings);
        let feed = |role, small, first, flow| speeds.feed_mm_per_s(role, small, first, flow);
        assert_eq!(feed(Role::InternalInfill, false, false, 0.05), settings.infill_speed);
        assert_eq!(feed(Role::InternalInfill, false, true, 0.05), settings.first_layer_speed);
        assert_eq!(feed(Role::InternalInfill, false, false, 0.4), 20.0);
        assert_eq!(feed(Role::Perimeter, true, false, 0.05), settings.small_perimeter_speed);
        // The file would be refused where a road is faster than the machine.
        let fast = Settings { infill_speed: 800.0, machine_max_feedrate_y: 250.0, ..settings };
        assert_eq!(SpeedSettings::from(&fast).feed_mm_per_s(Role::InternalInfill, false, false, 0.01), 250.0);
    }

    #[test]
    fn a_role_without_an_acceleration_of_its_own_takes_the_default() {
        let mut settings = Settings { perimeter_acceleration: 0.0, ..Settings::default() };
        let of = |s: &Settings, first| AccelerationSettings::from(s).for_role(Role::Perimeter, first);
        assert_eq!(of(&settings, false), Some(settings.default_acceleration));
        assert_eq!(of(&settings, true), Some(settings.first_layer_acceleration));
        settings.default_acceleration = 0.0;
        assert_eq!(of(&settings, false), None);
    }

    #[test]
    fn jerk_is_set_for_every_role_or_for_none() {
        let settings = Settings::default();
        let of = |s: &Settings, role, first| JerkSettings::from(s).for_role(role, first);
        assert_eq!(of(&settings, Role::ExternalPerimeter, true), None);
        let outer = Settings { external_perimeter_jerk: 4.0, ..settings };
        assert_eq!(of(&outer, Role::ExternalPerimeter, false), Some(4.0));
        // What is not asked for goes back to the machine's.
        assert_eq!(of(&outer, Role::SupportMaterial, false), Some(outer.machine_max_jerk_x));
        assert_eq!(JerkSettings::from(&outer).for_travel(), None);
        let all = Settings { default_jerk: 6.0, first_layer_jerk: 3.0, travel_jerk: 9.0, ..outer };
        assert_eq!(of(&all, Role::SupportMaterial, false), Some(6.0));
        assert_eq!(of(&all, Role::ExternalPerimeter, true), Some(3.0));
        assert_eq!(JerkSettings::from(&all).for_travel(), Some(9.0));
        let deviating = Settings { machine_max_junction_deviation: 0.02, ..all };
        assert_eq!(of(&deviating, Role::Perimeter, false), None);
    }
}
