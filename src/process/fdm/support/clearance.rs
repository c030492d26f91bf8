//! Where support must not be: nearer to the object than the gaps allow.
//!
//! The gap is an ellipse around every point of the object, as wide as the gap beside it and as high as the gap above or
//! below it. So a layer of the object at the height of a level keeps support away by the whole gap beside it, and one
//! a little higher or lower by less, until one gap away it does not matter any more.

use crate::geometry::{Bounds, Region};
use crate::process::slicing::LayerOutline;
use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

use super::levels::{Level, SAME_MM};
use super::overhangs::near;
use super::{CORNERS, SupportSettings};

/// Outlines are simplified to within this before they are grown, and grown by it more, mm.
const TOLERANCE_MM: f64 = 0.02;
/// The object's shadow is simplified to within this with every layer, mm.
const SHADOW_TOLERANCE_MM: f64 = 0.002;

/// The object and its layers, as supports see it.
pub(super) struct Surroundings<'a> {
    pub outlines: &'a [LayerOutline],
    pub levels: &'a [Level],
    pub settings: &'a SupportSettings,
}

impl Surroundings<'_> {
    /// The lowest bottom of support over a layer of the object.
    fn standing_mm(&self, layer: usize) -> f64 {
        self.outlines[layer].span.top_mm + self.settings.bottom_gap_mm
    }

    /// How far support in a level keeps away from the sides of a layer; `None` where it need not.
    fn distance_mm(&self, level: &Level, layer: usize) -> Option<f64> {
        let s = self.settings;
        let span = &self.outlines[layer].span;
        if self.standing_mm(layer) <= level.top_mm - level.least_mm() + SAME_MM {
            return None;
        }
        let ellipse = |away: f64, gap: f64| {
            let share = if gap > SAME_MM { away / gap } else { 1.0 };
            (share < 1.0 - 1e-9).then(|| s.xy_gap_mm * (1.0 - share * share).sqrt())
        };
        if span.bottom_mm >= level.top_mm - SAME_MM {
            return ellipse((span.bottom_mm - level.top_mm).max(0.0), s.top_gap_mm);
        }
        if span.top_mm <= level.bottom_mm + SAME_MM {
            return ellipse((level.bottom_mm - span.top_mm).max(0.0), s.bottom_gap_mm);
        }
        Some(s.xy_gap_mm)
    }

    /// What support in each level keeps out of, as far as it lies within `bounds[level]` (nothing where there is no support
    /// anyway).
    pub fn forbidden(&self, bounds: &[Option<Bounds>], progress: &Progress) -> Result<Vec<Region>, Canceled> {
        self.levels
            .par_iter()
            .zip(bounds)
            .map(|(level, bounds)| {
                progress.check()?;
                progress.advance(1);
                Ok(bounds.map_or_else(Region::default, |bounds| self.forbidden_at(level, &bounds)))
            })
            .collect()
    }

    fn forbidden_at(&self, level: &Level, bounds: &Bounds) -> Region {
        let s = self.settings;
        let reach = level.top_mm + s.top_gap_mm;
        let first = self.outlines.partition_point(|o| o.span.top_mm + s.bottom_gap_mm < level.bottom_mm - SAME_MM);
        let mut by_distance: Vec<(f64, Vec<Region>)> = Vec::new();
        for (i, outline) in self.outlines.iter().enumerate().skip(first) {
            if outline.span.bottom_mm >= reach {
                break;
            }
            let Some(distance) = self.distance_mm(level, i) else { continue };
            let area = near(&outline.area, bounds, s.xy_gap_mm + 1.0);
            match by_distance.iter_mut().find(|(d, _)| (d - distance).abs() < 1e-4) {
                Some((_, areas)) if areas.contains(&area) => {}
                Some((_, areas)) => areas.push(area),
                None => by_distance.push((distance, vec![area])),
            }
        }
        let grown: Vec<Region> =
            by_distance.iter().map(|(d, areas)| kept_away(&Region::union_all(areas), *d)).collect();
        Region::union_all(&grown)
    }

    /// The layers of the object on which support in this level may stand, with the height of the support's bottom there,
    /// from below: those that a level below could not stand on.
    pub fn footholds(&self, level: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let top = |l: &Level| l.top_mm - l.least_mm() + SAME_MM;
        let from = level.checked_sub(1).map_or(f64::NEG_INFINITY, |below| top(&self.levels[below]));
        let to = top(&self.levels[level]);
        let first = self.outlines.partition_point(move |o| o.span.top_mm + self.settings.bottom_gap_mm <= from);
        (first..self.outlines.len())
            .map(|layer| (layer, self.standing_mm(layer)))
            .take_while(move |(_, bottom)| *bottom <= to)
    }

    /// Over which of the plate each level is not free: the object's shadow, grown by the gap beside it.
    pub fn shadows(&self, progress: &Progress) -> Result<Vec<Region>, Canceled> {
        let mut shadow = Region::default();
        let mut layer = 0;
        let mut shadows = Vec::with_capacity(self.levels.len());
        for level in self.levels {
            progress.check()?;
            let mut grown = false;
            while let Some(outline) = self.outlines.get(layer).filter(|o| o.span.bottom_mm < level.top_mm - SAME_MM) {
                // Hardly simplified: what is cut off here is cut off again with every layer.
                shadow = shadow.union(&outline.area).simplified(SHADOW_TOLERANCE_MM);
                layer += 1;
                grown = true;
            }
            match shadows.last() {
                Some(last) if !grown => shadows.push(Region::clone(last)),
                _ => shadows.push(kept_away(&shadow, self.settings.xy_gap_mm)),
            }
        }
        Ok(shadows)
    }
}

/// An area grown so that everything outside of it keeps at least this distance from the area as it was.
pub(super) fn kept_away(area: &Region, distance_mm: f64) -> Region {
    let simple = area.simplified(TOLERANCE_MM);
    simple.offset(distance_mm + TOLERANCE_MM, CORNERS)
}
