//! Which parts of a support touch the object, and how high its roads are where it stands on the object.

use crate::geometry::Region;
use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

use super::SupportSettings;
use super::clearance::{Surroundings, kept_away};
use super::levels::SAME_MM;
use super::overhangs::near;

/// A part of a level whose roads have one height.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Where its roads begin, mm above the plate.
    pub bottom_mm: f64,
    /// Dense, beside the object above or below.
    pub interface: Region,
    pub base: Region,
}

/// Where support of each level stands on an object, with the height of its bottom there.
pub(super) fn footholds(
    around: &Surroundings,
    areas: &[Region],
    progress: &Progress,
) -> Result<Vec<Vec<(Region, f64)>>, Canceled> {
    (0..areas.len())
        .into_par_iter()
        .map(|level| {
            progress.check()?;
            let area = &areas[level];
            let Some(bounds) = area.bounds().filter(|_| level > 0) else { return Ok(Vec::new()) };
            let below = &areas[level - 1];
            let mut found: Vec<(Region, f64)> = Vec::new();
            for (layer, bottom_mm) in around.footholds(level) {
                let xy_gap_mm = around.settings.xy_gap_mm;
                let solid = near(&layer.area, &bounds, xy_gap_mm + 1.0);
                if solid.is_empty() {
                    continue;
                }
                let on_it = area.intersection(&kept_away(&solid, xy_gap_mm)).difference(below);
                if on_it.is_empty() {
                    continue;
                }
                // The highest of several counts.
                let mut on_it = on_it;
                for (other, height_mm) in &mut found {
                    if *height_mm > bottom_mm {
                        on_it = on_it.difference(other);
                    } else {
                        *other = other.difference(&on_it);
                    }
                }
                found.push((on_it, bottom_mm));
            }
            found.retain(|(region, _)| !region.is_empty());
            Ok(found)
        })
        .collect()
}

/// Parts every level into interface and base, and both by the height of their roads.
pub(super) fn parts(
    around: &Surroundings,
    areas: &[Region],
    contacts: &[Region],
    footholds: &[Vec<(Region, f64)>],
    progress: &Progress,
) -> Result<Vec<Vec<Part>>, Canceled> {
    let settings = around.settings;
    (0..areas.len())
        .into_par_iter()
        .map(|level| {
            progress.check()?;
            let area = &areas[level];
            if area.is_empty() {
                return Ok(Vec::new());
            }
            let above = contacts.iter().skip(level).take(settings.interface_layers);
            let first = (level + 1).saturating_sub(settings.bottom_interface_layers);
            let below = footholds[first..=level].iter().flatten().map(|(region, _)| region);
            let below = below.filter(|_| settings.bottom_interface_layers > 0);
            let touching: Vec<&Region> = above.chain(below).filter(|r| !r.is_empty()).collect();
            let (interface, base) = split(area, touching, settings);
            let bottom_mm = around.levels[level].bottom_mm;
            let mut rest = Part { bottom_mm, interface, base };
            let mut parts = Vec::new();
            for (region, bottom_mm) in &footholds[level] {
                if (bottom_mm - rest.bottom_mm).abs() < SAME_MM {
                    continue;
                }
                let of = |whole: &Region| whole.intersection(region);
                parts.push(Part { bottom_mm: *bottom_mm, interface: of(&rest.interface), base: of(&rest.base) });
                rest.interface = rest.interface.difference(region);
                rest.base = rest.base.difference(region);
            }
            parts.push(rest);
            Ok(parts)
        })
        .collect()
}

/// Interface and base of an area, neither with parts too thin for a road.
fn split(area: &Region, touching: Vec<&Region>, settings: &SupportSettings) -> (Region, Region) {
    if touching.is_empty() {
        return (Region::default(), area.clone());
    }
    let thin_mm = settings.thin_mm();
    // Strips of interface on slopes have gaps where nothing of the base would fit.
    let touching = Region::union_all(touching).closed(settings.width_mm);
    let interface = touching.intersection(area).opened(thin_mm);
    if interface.is_empty() {
        return (interface, area.clone());
    }
    let base = area.difference(&interface).opened(thin_mm);
    (interface, base)
}
