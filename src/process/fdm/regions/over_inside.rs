//! What is solid over an inside that is not: bridges over hollows and over sparse infill.

use super::near::RingIndex;
use super::parts::{BRIDGE_ANCHOR_MM, Parts, TWO_ROADS};
use super::{RegionSettings, grown};
use crate::geometry::Region;
use crate::process::fdm::stages::{RegionLayer, Surface, SurfaceKind};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use rayon::prelude::*;

/// Gaps between roads of sparse infill up to so many of their widths need no bridge.
const LONGEST_GAP: f64 = 2.0;
/// What is not so many roads wide is held from the sides.
const NARROWEST: f64 = 3.0;

/// Where nothing is filled, solid surfaces hang over the hollow below them as much as over the air outside.
pub(super) fn bridged_over_hollows(
    outlines: &[LayerOutline],
    planned: &[RegionLayer],
    settings: &RegionSettings,
    progress: &Progress,
) -> Result<Vec<RegionLayer>, Canceled> {
    planned
        .par_iter()
        .enumerate()
        .map(|(index, layer)| {
            progress.check()?;
            let Some(below) = index.checked_sub(1) else { return Ok(layer.clone()) };
            let hollow = sparse(&planned[below]);
            let (outline, of_hollow) = (RingIndex::new(&outlines[below].area), RingIndex::new(&hollow));
            let islands = layer.islands.iter().map(|surfaces| {
                let inner = Region::union_all(surfaces.iter().map(|s| &s.area));
                let Some(bounds) = inner.bounds() else { return Vec::new() };
                let hollow = of_hollow.near(&hollow, &bounds);
                let below = outline.near(&outlines[below].area, &bounds).difference(&hollow);
                Parts { settings, inner: &inner, below }.over_hollow(surfaces, &hollow)
            });
            Ok(RegionLayer { span: layer.span, islands: islands.collect() })
        })
        .collect()
}

/// The first solid layer over sparse infill spans from road to road where they are far apart.
pub(super) fn bridged_over_sparse(
    mut planned: Vec<RegionLayer>,
    settings: &RegionSettings,
    progress: &Progress,
) -> Result<Vec<RegionLayer>, Canceled> {
    if 1.0 / settings.fill_density - 1.0 <= LONGEST_GAP {
        return Ok(planned);
    }
    // The islands of each layer, where there is a bridge in them.
    let bridged: Vec<Option<Vec<Vec<Surface>>>> = (0..planned.len())
        .into_par_iter()
        .map(|index| {
            progress.check()?;
            let Some(below) = index.checked_sub(1) else { return Ok(None) };
            let is_solid = |s: &Surface| s.kind == SurfaceKind::InternalSolid;
            if !planned[index].islands.iter().flatten().any(is_solid) {
                return Ok(None);
            }
            let sparse = sparse(&planned[below]);
            let near = RingIndex::new(&sparse);
            let mut changed = false;
            let island = |surfaces: &Vec<Surface>| {
                let mut out = Vec::with_capacity(surfaces.len() + 1);
                for surface in surfaces {
                    let below = surface.area.bounds().filter(|_| is_solid(surface)).map(|b| near.near(&sparse, &b));
                    match below.and_then(|below| spanning(&surface.area, &below, settings)) {
                        Some((bridge, rest)) => {
                            changed = true;
                            out.push(Surface::new(SurfaceKind::InternalBridge, bridge));
                            out.push(Surface { area: rest, ..surface.clone() });
                        }
                        None => out.push(surface.clone()),
                    }
                }
                out.retain(|surface| !surface.area.is_empty());
                out
            };
            let islands = planned[index].islands.iter().map(island).collect();
            Ok(changed.then_some(islands))
        })
        .collect::<Result<_, Canceled>>()?;
    for (layer, islands) in planned.iter_mut().zip(bridged) {
        if let Some(islands) = islands {
            layer.islands = islands;
        }
    }
    Ok(planned)
}

/// Parts a solid area into what spans over sparse infill, with its anchors, and the rest. `None` where nothing does.
fn spanning(solid: &Region, sparse: &Region, settings: &RegionSettings) -> Option<(Region, Region)> {
    let width_mm = settings.solid_infill_width_mm;
    let over = solid.intersection(sparse).opened(0.5 * NARROWEST * width_mm);
    if over.is_empty() {
        return None;
    }
    let bridge = grown(&over, BRIDGE_ANCHOR_MM, solid);
    let rest = solid.difference(&bridge).opened(TWO_ROADS * width_mm);
    let bridge = if rest.is_empty() { solid.clone() } else { solid.difference(&rest) };
    Some((bridge, rest))
}

/// Everything sparse of a layer.
pub(super) fn sparse(layer: &RegionLayer) -> Region {
    let surfaces = layer.islands.iter().flatten().filter(|s| s.kind == SurfaceKind::Sparse);
    Region { rings: surfaces.flat_map(|s| s.area.rings.iter().cloned()).collect() }
}
