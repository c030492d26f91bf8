//! Outlines healed and corrected for what the printer does to them.

use super::SlicingSettings;
use crate::geometry::{Island, Join, Region, Ring};

/// Sharp corners stay sharp up to this many offsets.
const MITER: Join = Join::Miter(3.0);
/// In how many steps the elephant foot's compensation gives way where parts become thin.
const STEPS: usize = 4;
/// Gaps of a smaller area are rounding, mm².
const SMALLEST_GAP_MM2: f64 = 0.001;
/// Differences of outlines thinner than twice this are rounding and mitred tips, not parts.
const SLIVER_MM: f64 = 0.02;

/// One layer's area with narrow gaps closed, with contours and holes grown or shrunk by their compensation, and on the
/// first layer shrunk by the elephant foot's.
pub(super) fn compensated(area: Region, is_first: bool, settings: &SlicingSettings) -> Region {
    let mut area = area;
    let radius = settings.closing_radius_mm;
    if radius > 0.0 && area.lossless_growth_mm(radius, radius) < radius {
        // Where nothing closes, the outline stays as exact as it was.
        let closed = area.closed(radius);
        if closed.area_mm2() > area.area_mm2() + SMALLEST_GAP_MM2 {
            area = closed;
        }
    }
    area = resized(area, settings.contour_growth_mm, settings.hole_growth_mm);
    if is_first && settings.elephant_foot_mm > 0.0 {
        area = without_elephant_foot(&area, settings.elephant_foot_mm, settings.least_width_mm);
    }
    area
}

/// Contours and holes grown each by its own amount; a part inside a hole is a contour.
fn resized(area: Region, contours_mm: f64, holes_mm: f64) -> Region {
    if contours_mm == 0.0 && holes_mm == 0.0 {
        return area;
    }
    if holes_mm == -contours_mm {
        return area.offset(contours_mm, MITER);
    }
    let resized = |island: Island| {
        let holes = Region { rings: island.holes.iter().map(Ring::reversed).collect() };
        Region { rings: vec![island.outer] }.offset(contours_mm, MITER).difference(&holes.offset(holes_mm, MITER))
    };
    Region::union_all(&area.islands().into_iter().map(resized).collect::<Vec<_>>())
}

/// Shrunk by `by_mm`, but nowhere to less than `least_width_mm`: what is thinner than that stays as it is, and what is a
/// little wider shrinks by as much as it can bear, in steps.
fn without_elephant_foot(area: &Region, by_mm: f64, least_width_mm: f64) -> Region {
    let half = 0.5 * least_width_mm;
    // Shrunk, without what became thinner than the least width.
    let shrunk = |by: f64| area.offset(-(by + half), MITER).offset(half, MITER);
    let mut pieces = vec![shrunk(by_mm)];
    for step in (1..=STEPS).rev() {
        let too_much = by_mm * step as f64 / STEPS as f64;
        let bearable = by_mm * (step - 1) as f64 / STEPS as f64;
        let thin = area.difference(&area.opened(half + too_much)).opened(SLIVER_MM);
        if thin.is_empty() {
            break;
        }
        let there = if step == 1 { area.clone() } else { shrunk(bearable) };
        // Far enough to meet what the next wider parts have been shrunk to.
        pieces.push(there.intersection(&thin.offset(by_mm + SLIVER_MM, MITER)));
    }
    Region::union_all(&pieces)
}
