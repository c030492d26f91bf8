//! The heights of support layers.
//!
//! A support must end exactly one gap below what it carries, and undersides lie at the bottoms of the object's layers.
//! So the tops of the support's layers are those bottoms, each lowered by the gap: whatever the gap, every underside has
//! a layer of support that ends where it should. Where the gap is a layer's height, the two grids are one.

use crate::process::slicing::LayerSpan;

/// The height range of one support layer above the plate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub bottom_mm: f64,
    pub top_mm: f64,
}

impl Level {
    pub fn height_mm(&self) -> f64 {
        self.top_mm - self.bottom_mm
    }

    /// Support that begins within the level must leave at least this for its road, else it begins in the level above.
    pub fn least_mm(&self) -> f64 {
        LEAST_SHARE * self.height_mm()
    }
}

/// Heights that differ by less are the same, mm.
pub(super) const SAME_MM: f64 = 1e-6;
/// Lowest road as a share of its level's height.
const LEAST_SHARE: f64 = 0.5;
/// A level right above the first one is left out where it would be lower than this share of the object's layer.
const LOWEST_SHARE: f64 = 0.3;

/// The levels for an object with these layers and this gap above supports. The first one stands on `floor_mm`, is as
/// high as `first_mm` says and is printed together with the object's first layer where both begin on the plate.
pub(super) fn levels(spans: &[LayerSpan], gap_mm: f64, floor_mm: f64, first_mm: f64) -> Vec<Level> {
    // On the 10 nm grid, as the object's layers are.
    let snapped = |z: f64| (z * 1e5).round() / 1e5;
    let mut levels = vec![Level { bottom_mm: floor_mm, top_mm: snapped(floor_mm + first_mm) }];
    for span in spans.iter().skip(1) {
        let bottom_mm = levels.last().map_or(floor_mm, |l| l.top_mm);
        let top_mm = snapped(span.bottom_mm - gap_mm);
        if top_mm - bottom_mm > LOWEST_SHARE * span.height_mm() {
            levels.push(Level { bottom_mm, top_mm });
        }
    }
    levels
}

/// The highest level that ends at or below a height.
pub(super) fn highest_below(levels: &[Level], z_mm: f64) -> Option<usize> {
    levels.partition_point(|l| l.top_mm <= z_mm + SAME_MM).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::slicing::{LayerSettings, layer_grid};

    #[test]
    fn every_underside_has_a_level_one_gap_below_it() {
        let spans = layer_grid(10.0, &LayerSettings::equal(0.25, 0.2));
        for gap in [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.4] {
            let levels = levels(&spans, gap, 0.0, 0.25);
            assert_eq!((levels[0].bottom_mm, levels[0].top_mm), (0.0, 0.25));
            assert!(levels.windows(2).all(|w| w[0].top_mm == w[1].bottom_mm));
            let heights = levels.iter().skip(1).map(Level::height_mm);
            assert!(heights.into_iter().all(|h| (0.06..=0.26).contains(&h)), "gap {gap}: {levels:?}");
            // The lowest undersides have room for the first level only.
            for span in spans.iter().filter(|s| s.bottom_mm - gap > 0.25 + 0.06 + SAME_MM) {
                let level = levels[highest_below(&levels, span.bottom_mm - gap).unwrap()];
                assert!((level.top_mm + gap - span.bottom_mm).abs() < 1e-5, "gap {gap} under {}", span.bottom_mm);
            }
        }
    }
}
