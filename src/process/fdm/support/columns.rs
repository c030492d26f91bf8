//! Normal supports: what carries an overhang goes straight down, to the plate or to what of the object is below.

use crate::geometry::{Bounds, EdgeGrid, Region};
use crate::progress::{Canceled, Progress};
use crate::settings::SupportStyle;
use rayon::prelude::*;

use super::cells::CellGrid;
use super::{NOTHING_MM2, SupportSettings};

/// Outlines of snug supports are simplified to within this, mm.
const TOLERANCE_MM: f64 = 0.05;

/// The area of support in each level. `contacts` is what each level carries itself, `forbidden` where support must not be;
/// both from the lowest level up.
pub(super) fn columns(
    contacts: &[Region],
    forbidden: &[Region],
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Vec<Region>, Canceled> {
    let grid = CellGrid::new(settings.angle_rad, settings.pitch_mm());
    let mut areas = vec![Region::default(); contacts.len()];
    let mut above = Region::default();
    for level in (0..contacts.len()).rev() {
        progress.check()?;
        progress.advance(1);
        let contact = &contacts[level];
        if above.is_empty() && contact.is_empty() {
            continue;
        }
        let needed = above.union(contact);
        let wanted = match settings.style {
            SupportStyle::Snug if !contact.is_empty() => {
                closed_near(&needed, contact, settings.closing_radius_mm).simplified(TOLERANCE_MM)
            }
            SupportStyle::Snug => needed.clone(),
            _ => grid.cover(&needed),
        };
        above = reached(wanted.difference(&forbidden[level]), &needed);
        areas[level] = above.clone();
    }
    Ok(areas)
}

/// An area whose gaps up to twice the radius are closed around its part `new`; elsewhere it is as it was.
fn closed_near(area: &Region, new: &Region, radius_mm: f64) -> Region {
    let around = |island: crate::geometry::Island| {
        let bounds = island.outer.bounds()?.grown(3.0 * radius_mm);
        Some(Region::rectangle(bounds).intersection(area).closed(radius_mm))
    };
    let patches: Vec<Region> = new.islands().into_par_iter().filter_map(around).collect();
    Region::union_all(patches.iter().chain([area]))
}

/// The connected pieces of an area that share some of it with `needed`: the others lie behind a wall of the object.
fn reached(area: Region, needed: &Region) -> Region {
    if area.is_empty() {
        return area;
    }
    let grid = EdgeGrid::new(needed);
    let mut kept = Vec::with_capacity(area.rings.len());
    for island in area.islands() {
        if shares(&island.outer.0, &grid, || Region::from(&island), needed) {
            kept.push(island.outer);
            kept.extend(island.holes);
        }
    }
    Region { rings: kept }
}

/// Whether a piece with this outline shares area with another region.
fn shares(outline: &[crate::geometry::Point], grid: &EdgeGrid, piece: impl FnOnce() -> Region, other: &Region) -> bool {
    // Most pieces lie under what they were made for.
    let step = outline.len().div_ceil(16);
    let tried = outline.iter().step_by(step);
    let count = tried.clone().count();
    if 2 * tried.filter(|p| grid.contains(**p)).count() > count {
        return true;
    }
    let piece = piece();
    let Some(bounds) = piece.bounds() else { return false };
    piece.intersection(&super::overhangs::near(other, &bounds, 0.0)).area_mm2() > NOTHING_MM2
}

/// Leaves out what has become too thin for a road, and then whatever would begin in the air: pieces that rest neither on
/// the level below nor on a foothold of their own.
pub(super) fn standing(areas: Vec<Region>, footholds: &[Region], progress: &Progress) -> Result<Vec<Region>, Canceled> {
    let mut out: Vec<Region> = Vec::with_capacity(areas.len());
    for (area, foothold) in areas.into_iter().zip(footholds) {
        progress.check()?;
        let kept = match out.last() {
            // On the plate, or on the raft.
            None => area,
            Some(below) if area == *below => area,
            Some(below) => {
                let (on_support, on_object) = (EdgeGrid::new(below), EdgeGrid::new(foothold));
                let mut rings = Vec::with_capacity(area.rings.len());
                for island in area.islands() {
                    let rests = shares(&island.outer.0, &on_support, || Region::from(&island), below)
                        || shares(&island.outer.0, &on_object, || Region::from(&island), foothold);
                    if rests {
                        rings.push(island.outer);
                        rings.extend(island.holes);
                    }
                }
                Region { rings }
            }
        };
        out.push(kept);
    }
    Ok(out)
}

/// For each level the bounds of all that it and the levels above it carry, grown by how far supports may spread.
pub(super) fn bounds_from_above(contacts: &[Region], spread_mm: f64) -> Vec<Option<Bounds>> {
    let mut around: Option<Bounds> = None;
    let mut bounds: Vec<Option<Bounds>> = contacts
        .iter()
        .rev()
        .map(|contact| {
            if let Some(b) = contact.bounds() {
                around = Bounds::around(around.iter().flat_map(|a| [a.min, a.max]).chain([b.min, b.max]));
            }
            around.map(|b| b.grown(spread_mm))
        })
        .collect();
    bounds.reverse();
    bounds
}
