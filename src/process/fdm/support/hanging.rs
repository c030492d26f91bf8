//! Says what nothing carries, though supports were asked for.

use crate::geometry::Region;
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use rayon::prelude::*;

use super::clearance::kept_away;
use super::levels::{Level, highest_below};
use super::overhangs::near;
use super::{CORNERS, SupportSettings};

/// Roads reach this many of their widths beyond what carries them without sagging much.
const REACH: f64 = 2.0;
/// Smaller pieces hold themselves, mm².
const LEAST_MM2: f64 = 2.0;

/// A warning where pieces of the overhangs hang beside all that was built: there is no way down from them, or no room.
/// `areas` is the support in each level, `taken` what other objects' supports take up (empty where there are none).
pub(super) fn notice(
    outlines: &[LayerOutline],
    overhangs: &[Region],
    levels: &[Level],
    areas: &[Region],
    taken: &[Region],
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Option<Notice>, Canceled> {
    let bare: Vec<f64> = (0..outlines.len())
        .into_par_iter()
        .map(|i| {
            progress.check()?;
            let overhang = &overhangs[i];
            let Some(bounds) = overhang.bounds() else { return Ok(0.0) };
            // So near to the plate that nothing fits below it.
            let Some(level) = highest_below(levels, outlines[i].span.bottom_mm - settings.top_gap_mm) else {
                return Ok(0.0);
            };
            let reach_mm = REACH * settings.width_mm;
            let own_mm = settings.reach_mm(outlines[i].span.height_mm()).max(settings.xy_gap_mm + settings.width_mm);
            let held = |area: &Region, by_mm: f64| near(area, &bounds, by_mm + 1.0).offset(by_mm, CORNERS);
            let mut bare = overhang.difference(&held(&areas[level], reach_mm));
            if let Some(taken) = taken.get(level) {
                bare = bare.difference(&kept_away(&near(taken, &bounds, settings.xy_gap_mm + 1.0), settings.xy_gap_mm));
            }
            if bare.is_empty() {
                return Ok(0.0);
            }
            let bare = bare.difference(&held(&outlines[i - 1].area, own_mm)).opened(settings.width_mm);
            let pieces = bare.islands().into_iter().map(|island| Region::from(island).area_mm2());
            Ok(pieces.filter(|mm2| *mm2 >= LEAST_MM2).sum())
        })
        .collect::<Result<_, Canceled>>()?;
    let hangs = |mm2: &f64| *mm2 > 0.0;
    let (Some(first), Some(last)) = (bare.iter().position(hangs), bare.iter().rposition(hangs)) else {
        return Ok(None);
    };
    let mm2: f64 = bare.iter().sum();
    let text = if settings.plate_only {
        format!(
            "{mm2:.0} mm² hang in the air without support, as there is no way from them down to the plate; turn \
             support_material_buildplate_only off, or turn the object"
        )
    } else {
        format!("{mm2:.0} mm² hang in the air, as there is no room for supports below them; turn the object")
    };
    Ok(Some(Notice::warning(text).on_layers(first, last)))
}

/// A note that nothing was built, though something hangs: all of it is small.
pub(super) fn none_built(overhangs: &[Region], settings: &SupportSettings) -> Notice {
    let hangs = |overhang: &Region| !overhang.is_empty();
    let first = overhangs.iter().position(hangs).unwrap_or(0);
    let last = overhangs.iter().rposition(hangs).unwrap_or(0);
    let way = if settings.plate_only { ", or no way from it down to the plate" } else { "" };
    let text = format!("no supports are built: there is no room for them below the little that hangs out{way}");
    Notice::note(text).on_layers(first, last)
}
