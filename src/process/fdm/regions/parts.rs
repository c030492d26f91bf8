//! Parts one island's inside into surfaces that do not overlap.

use super::near::RingIndex;
use super::{CORNERS, RegionSettings, grown};
use crate::geometry::Region;
use crate::process::fdm::bridges;
use crate::process::fdm::stages::{Surface, SurfaceKind};

/// How far shells are grown, which heals what opening has taken from them.
const SHELL_GROWTH_MM: f64 = 0.1;
/// How far a bridge reaches onto its anchors.
pub(super) const BRIDGE_ANCHOR_MM: f64 = 1.2;
/// Half the width of two roads with some room between them, in roads.
pub(super) const TWO_ROADS: f64 = 1.1;
/// Leftovers smaller than this are not worth moving from one surface to another.
const SPECK_MM2: f64 = 0.01;
/// What opening takes from corners and rounding from edges is narrower than twice this.
const ROUNDING_MM: f64 = 0.01;
/// Smaller than this a surface is the rounding of another.
const NOTHING_MM2: f64 = 1e-4;

/// One island's inside and what is below it.
pub(super) struct Parts<'a> {
    pub settings: &'a RegionSettings,
    pub inner: &'a Region,
    /// What the layer below holds up, at least what of it is near.
    pub below: Region,
}

impl Parts<'_> {
    /// The surfaces, given what of the inside the shells make solid and what of that is seen from above or over air.
    pub fn part(&self, shell: &Region, top: &Region, over_air: &Region) -> Vec<Surface> {
        let seen = grown(top, self.settings.growth_mm(), self.inner);
        let mut surfaces = self.bridges(over_air, self.inner);
        let taken = union(&surfaces);
        let (solid, sparse) =
            self.solid_and_sparse(&grown(shell, SHELL_GROWTH_MM, self.inner).union(&seen).union(&taken));
        let mut rest = solid.difference(&taken);
        if !top.is_empty() {
            let area = if seen == rest { std::mem::take(&mut rest) } else { rest.intersection(&seen) };
            rest = rest.difference(&seen);
            surfaces.insert(0, Surface::new(SurfaceKind::Top, area));
        }
        self.hand_out_slivers(&mut surfaces, &mut rest);
        surfaces.push(Surface::new(SurfaceKind::InternalSolid, rest));
        surfaces.push(Surface::new(SurfaceKind::Sparse, sparse));
        surfaces.retain(|surface| surface.area.area_mm2() > NOTHING_MM2);
        surfaces
    }

    /// The surfaces again, with bridges where solid ones lie over a hollow of the layer below.
    pub fn over_hollow(&self, surfaces: &[Surface], hollow: &Region) -> Vec<Surface> {
        let solid = surfaces.iter().filter(|s| !matches!(s.kind, SurfaceKind::Sparse | SurfaceKind::Bridge));
        let solid = Region::union_all(solid.map(|s| &s.area));
        let over = solid.intersection(hollow).opened(0.5 * self.settings.solid_infill_width_mm);
        let found = self.bridges(&over, &solid);
        if found.is_empty() {
            return surfaces.to_vec();
        }
        let taken = union(&found);
        let left = surfaces.iter().map(|s| match s.kind {
            SurfaceKind::Sparse | SurfaceKind::Bridge => s.clone(),
            _ => Surface { area: s.area.difference(&taken), ..s.clone() },
        });
        found.iter().cloned().chain(left).filter(|s| s.area.area_mm2() > NOTHING_MM2).collect()
    }

    /// Bridges over what lies in the air, reaching onto their anchors as far as `within` allows. Neighbours whose
    /// anchors meet are one bridge. What nothing holds at all is a plain bottom.
    fn bridges(&self, over_air: &Region, within: &Region) -> Vec<Surface> {
        let groups = grown(over_air, BRIDGE_ANCHOR_MM, within).islands();
        let alone = groups.len() == 1;
        let (air, below) = (RingIndex::new(over_air), RingIndex::new(&self.below));
        let surface = |group| {
            let area = Region::from(group);
            let s = self.settings;
            let found = area.bounds().and_then(|bounds| {
                let span = if alone { over_air.clone() } else { air.near(over_air, &bounds).intersection(&area) };
                let below = below.near(&self.below, &bounds);
                bridges::find(&span, &below, s.solid_infill_width_mm, s.walls_width_mm)
            });
            match found.filter(|bridge| bridge.held > 0.0) {
                Some(bridge) => {
                    let bridge_angle_rad = Some(s.bridge_angle_rad.unwrap_or(bridge.angle_rad));
                    Surface { bridge_angle_rad, ..Surface::new(SurfaceKind::Bridge, area) }
                }
                None => Surface::new(SurfaceKind::Bottom, area),
            }
        };
        groups.into_iter().map(surface).collect()
    }

    /// What is left between surfaces and has no room for more than two roads goes to the surfaces beside it.
    fn hand_out_slivers(&self, surfaces: &mut [Surface], rest: &mut Region) {
        if surfaces.is_empty() || rest.is_empty() {
            return;
        }
        let width = self.settings.solid_infill_width_mm;
        let mut slivers = rest.difference(&rest.opened(TWO_ROADS * width)).opened(ROUNDING_MM);
        if slivers.area_mm2() < SPECK_MM2 {
            return;
        }
        for surface in surfaces {
            let beside = slivers.intersection(&surface.area.offset(2.0 * TWO_ROADS * width, CORNERS));
            if !beside.is_empty() {
                surface.area = surface.area.union(&beside);
                slivers = slivers.difference(&beside);
                *rest = rest.difference(&beside);
            }
        }
    }

    /// Parts the inside into what is solid and what is sparse; `solid` grows by what would be too narrow or too small.
    fn solid_and_sparse(&self, solid: &Region) -> (Region, Region) {
        let s = self.settings;
        if s.fill_density >= 1.0 || solid == self.inner {
            return (self.inner.clone(), Region::default());
        }
        let mut sparse = self.inner.difference(solid);
        let mut changed = false;
        if !solid.is_empty() && !sparse.is_empty() {
            // A gap between a solid surface and a wall, or between two, that takes no sparse line is better solid. Narrow
            // arms of the inside itself stay sparse where no solid surface touches them.
            let half_width = 0.5 * s.solid_infill_width_mm;
            let gaps = sparse.difference(&sparse.opened(half_width)).opened(ROUNDING_MM);
            let gaps = gaps.intersection(&solid.offset(2.0 * half_width, CORNERS));
            if !gaps.is_empty() {
                sparse = sparse.difference(&gaps);
                changed = true;
            }
        }
        let small = s.solid_infill_below_area_mm2;
        if s.fill_density > 0.0 && small > 0.0 && !sparse.is_empty() {
            let islands = sparse.islands();
            let count = islands.len();
            let kept: Vec<Region> =
                islands.into_iter().map(Region::from).filter(|island| island.area_mm2() >= small).collect();
            if kept.len() < count {
                sparse = Region { rings: kept.into_iter().flat_map(|island| island.rings).collect() };
                changed = true;
            }
        }
        let solid = if changed { self.inner.difference(&sparse) } else { solid.clone() };
        (solid, sparse)
    }
}

fn union(surfaces: &[Surface]) -> Region {
    Region::union_all(surfaces.iter().map(|s| &s.area))
}
