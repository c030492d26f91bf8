//! Ironing: the hot nozzle goes over a finished surface again in close lines, with a little material for its pits.

use super::solid::{self, Reach, Solid};
use crate::geometry::Region;
use crate::process::fdm::stages::{Fill, Surface, SurfaceKind};
use crate::settings::{IroningType, Settings, SolidPattern};
use crate::toolpath::Role;

/// What is shorter is not worth a travel.
const SHORTEST_MM: f64 = 1.0;

/// What decides over ironing.
#[derive(Clone, Debug, PartialEq)]
pub struct IroningSettings {
    pub surfaces: IroningType,
    /// Share of the layer's volume that is laid once more.
    pub flow_ratio: f64,
    pub spacing_mm: f64,
}

impl From<&Settings> for IroningSettings {
    fn from(s: &Settings) -> Self {
        Self { surfaces: s.ironing_type, flow_ratio: s.ironing_flowrate, spacing_mm: s.ironing_spacing }
    }
}

impl IroningSettings {
    fn irons(&self, kind: SurfaceKind, is_last: bool) -> bool {
        match self.surfaces {
            IroningType::Top => kind == SurfaceKind::Top,
            IroningType::Topmost => kind == SurfaceKind::Top && is_last,
            IroningType::Solid => {
                matches!(kind, SurfaceKind::Top | SurfaceKind::Bottom | SurfaceKind::InternalSolid)
            }
        }
    }

    /// Lines over an island's surfaces, which are moved in by `inset_mm` for them. `is_last` is for the object's uppermost
    /// layer.
    pub fn iron(
        &self,
        surfaces: &[Surface],
        is_last: bool,
        inset_mm: f64,
        angle_rad: f64,
        layer_height_mm: f64,
    ) -> Vec<Fill> {
        let ironed = Region::union_all(surfaces.iter().filter(|s| self.irons(s.kind, is_last)).map(|s| &s.area));
        // Each line is as high as the share that is laid.
        let height_mm = self.flow_ratio * layer_height_mm;
        let solid = Solid {
            pattern: SolidPattern::Monotonic,
            angle_rad,
            spacing_mm: self.spacing_mm,
            shortest_mm: SHORTEST_MM,
            reach: Reach::Within(inset_mm),
        };
        solid::lay(&ironed, &solid)
            .into_iter()
            .filter(|laid| !laid.paths.is_empty())
            .map(|laid| Fill {
                role: Role::Ironing,
                width_mm: laid.spacing_mm,
                height_mm,
                flow_mm3_per_mm: laid.spacing_mm * height_mm,
                paths: laid.paths,
                shares: Vec::new(),
                ordered: laid.ordered,
            })
            .collect()
    }
}
