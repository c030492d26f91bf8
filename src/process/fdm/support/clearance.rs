//! Where support must not be: nearer to the object than the gaps allow.
//!
//! The gap is an ellipse around every point of the object, as wide as the gap beside it and as high as the gap above or
//! below it. So a layer of the object at the height of a level keeps support away by the whole gap beside it, and one
//! a little higher or lower by less, until one gap away it does not matter any more. The other objects of the plate count
//! like the object itself: support keeps the same gaps from them and may stand on them. From what was laid before under
//! other objects it keeps the gap beside it.

use crate::geometry::{Bounds, Region};
use crate::process::fdm::stages::SupportLayer;
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

/// What else stands on the plate.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// Layers of other objects, each on a grid of its own.
    pub objects: Vec<&'a [LayerOutline]>,
    /// Supports and rafts that were planned before.
    pub supports: Vec<&'a [SupportLayer]>,
}

impl Beside<'_> {
    /// What no raft may lie in that is so high, with a gap beside objects: rafts may touch.
    pub(super) fn below(&self, top_mm: f64, xy_gap_mm: f64) -> Region {
        let outlines = self.objects.iter().flat_map(|layers| {
            layers.iter().take_while(|layer| layer.span.bottom_mm < top_mm - SAME_MM).map(|layer| &layer.area)
        });
        let objects = Region::union_all(outlines);
        let supports = self.supports.iter().flat_map(|layers| {
            layers.iter().take_while(|layer| layer.bottom_mm < top_mm - SAME_MM).map(|layer| &layer.area)
        });
        let objects = if objects.is_empty() { objects } else { kept_away(&objects, xy_gap_mm) };
        Region::union_all(supports.chain([&objects]))
    }
}

/// The object and its layers and what stands beside it, as its supports see it.
pub(super) struct Surroundings<'a> {
    pub outlines: &'a [LayerOutline],
    pub beside: &'a Beside<'a>,
    pub levels: &'a [Level],
    pub settings: &'a SupportSettings,
}

impl Surroundings<'_> {
    /// The layers of the object itself and of every other one.
    fn objects(&self) -> impl Iterator<Item = &[LayerOutline]> {
        std::iter::once(self.outlines).chain(self.beside.objects.iter().copied())
    }

    /// The lowest bottom of support over a layer of an object.
    fn standing_mm(&self, layer: &LayerOutline) -> f64 {
        layer.span.top_mm + self.settings.bottom_gap_mm
    }

    /// How far support in a level keeps away from the sides of a layer; `None` where it need not.
    fn distance_mm(&self, level: &Level, layer: &LayerOutline) -> Option<f64> {
        let s = self.settings;
        let span = &layer.span;
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
        let mut by_distance: Vec<(f64, Vec<Region>)> = Vec::new();
        for layers in self.objects() {
            let first = layers.partition_point(|o| o.span.top_mm + s.bottom_gap_mm < level.bottom_mm - SAME_MM);
            for outline in layers[first..].iter().take_while(|outline| outline.span.bottom_mm < reach) {
                let Some(distance) = self.distance_mm(level, outline) else { continue };
                let area = near(&outline.area, bounds, s.xy_gap_mm + 1.0);
                match by_distance.iter_mut().find(|(d, _)| (d - distance).abs() < 1e-4) {
                    Some((_, areas)) if areas.contains(&area) => {}
                    Some((_, areas)) => areas.push(area),
                    None => by_distance.push((distance, vec![area])),
                }
            }
        }
        let grown: Vec<Region> =
            by_distance.iter().map(|(d, areas)| kept_away(&Region::union_all(areas), *d)).collect();
        Region::union_all(&grown)
    }

    /// The layers of objects on which support in this level may stand, with the height of the support's bottom there,
    /// each object's from below: those that a level below could not stand on.
    pub fn footholds(&self, level: usize) -> impl Iterator<Item = (&LayerOutline, f64)> {
        let top = |l: &Level| l.top_mm - l.least_mm() + SAME_MM;
        let from = level.checked_sub(1).map_or(f64::NEG_INFINITY, |below| top(&self.levels[below]));
        let to = top(&self.levels[level]);
        self.objects().flat_map(move |layers| {
            let first = layers.partition_point(|layer| self.standing_mm(layer) <= from);
            let standing = layers[first..].iter().map(|layer| (layer, self.standing_mm(layer)));
            standing.take_while(move |(_, bottom)| *bottom <= to)
        })
    }

    /// Of each level what other supports take up; empty where there are none.
    pub fn taken(&self, bounds: &[Option<Bounds>], progress: &Progress) -> Result<Vec<Region>, Canceled> {
        if self.beside.supports.is_empty() {
            return Ok(Vec::new());
        }
        let taken = |(level, bounds): (&Level, &Option<Bounds>)| {
            progress.check()?;
            let Some(bounds) = bounds else { return Ok(Region::default()) };
            let layers = self.beside.supports.iter().flat_map(|layers| {
                let first = layers.partition_point(|layer| layer.top_mm <= level.bottom_mm + SAME_MM);
                layers[first..].iter().take_while(|layer| layer.bottom_mm < level.top_mm - SAME_MM)
            });
            let reach_mm = self.settings.xy_gap_mm + 1.0;
            let areas: Vec<Region> = layers.map(|layer| near(&layer.area, bounds, reach_mm)).collect();
            Ok(Region::union_all(&areas))
        };
        self.levels.par_iter().zip(bounds).map(taken).collect()
    }

    /// Over which of the plate each level is not free: the shadow of all objects, grown by the gap beside them.
    pub fn shadows(&self, progress: &Progress) -> Result<Vec<Region>, Canceled> {
        let mut shadow = Region::default();
        let mut next = vec![0; 1 + self.beside.objects.len()];
        let mut shadows = Vec::with_capacity(self.levels.len());
        for level in self.levels {
            progress.check()?;
            let mut grown = false;
            for (layers, next) in self.objects().zip(&mut next) {
                while let Some(outline) = layers.get(*next).filter(|o| o.span.bottom_mm < level.top_mm - SAME_MM) {
                    // Hardly simplified: what is cut off here is cut off again with every layer.
                    shadow = shadow.union(&outline.area).simplified(SHADOW_TOLERANCE_MM);
                    *next += 1;
                    grown = true;
                }
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
