//! What of each layer's inside is seen from above or from below by itself, for shells that only follow these surfaces.

use super::SLIVER_MM;
use super::covers::{Covers, Probe};
use crate::geometry::Region;
use crate::process::fdm::stages::PerimeterLayer;
use std::ops::Range;
use std::sync::OnceLock;

/// Made when it is first asked for; what is made does not depend on who asks.
pub(super) struct Exposed<'a> {
    layers: &'a [PerimeterLayer],
    covers: &'a Covers<'a>,
    /// From above and from below, layer by layer.
    sides: [Vec<OnceLock<Region>>; 2],
}

impl<'a> Exposed<'a> {
    pub fn new(layers: &'a [PerimeterLayer], covers: &'a Covers<'a>) -> Self {
        let side = || layers.iter().map(|_| OnceLock::new()).collect();
        Self { layers, covers, sides: [side(), side()] }
    }

    /// The part of an inside below what these layers leave bare of the layers right beneath them.
    pub fn below_tops(&self, inside: &Region, covering: Range<usize>) -> Region {
        self.shell(inside, covering.filter_map(|above| Some((above.checked_sub(1)?, Some(above)))), 0)
    }

    /// The part of an inside above what these layers leave bare of the layers right over them; layers are counted from one
    /// below the plate.
    pub fn above_bottoms(&self, inside: &Region, covering: Range<usize>) -> Region {
        self.shell(inside, covering.map(|layer| (layer, layer.checked_sub(1))), 1)
    }

    fn shell(&self, inside: &Region, pairs: impl Iterator<Item = (usize, Option<usize>)>, side: usize) -> Region {
        let bare: Vec<&Region> = pairs
            .filter_map(|(layer, other)| {
                let bare = self.sides[side].get(layer)?;
                Some(bare.get_or_init(|| self.bare(layer, other)))
            })
            .collect();
        Region::union_all(bare).intersection(inside)
    }

    fn bare(&self, layer: usize, other: Option<usize>) -> Region {
        let islands = self.layers[layer].islands.iter().map(|island| &island.inner);
        let Some(other) = other.filter(|&other| other < self.layers.len()) else { return Region::union_all(islands) };
        let bare: Vec<Region> = islands
            .map(|inner| self.covers.missing(&Probe::new(inner, layer), other..other + 1).opened(SLIVER_MM))
            .collect();
        Region::union_all(&bare)
    }
}
