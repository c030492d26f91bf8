//! Islands that stand on their like: in half of what people print most layers repeat the one below, and so do walls.

use rayon::prelude::*;

use super::Roads;
use crate::geometry::{Island, Point};
use crate::process::fdm::stages::PerimeterIsland;

/// Layers this close in height have the same roads: the difference is the rounding of sums.
const SAME_HEIGHT_MM: f64 = 1e-9;

impl Roads {
    fn are_like(&self, other: &Self) -> bool {
        let Self { height_mm, .. } = *other;
        (self.height_mm - height_mm).abs() < SAME_HEIGHT_MM
            && (self.count, self.vase, self.thin_walls, self.gap_fill)
                == (other.count, other.vase, other.thin_walls, other.gap_fill)
            && [self.external, self.inner, self.infill].map(|road| road.width_mm)
                == [other.external, other.inner, other.infill].map(|road| road.width_mm)
    }
}

/// For each island the number of the same one in the layer below, where there is one and its roads are like.
pub(super) fn repeated(layers: &[(Roads, Vec<Island>)]) -> Vec<Vec<Option<usize>>> {
    let of_layer = |l: usize| {
        let (roads, islands) = &layers[l];
        let below = l.checked_sub(1).map(|b| &layers[b]).filter(|(below, _)| below.are_like(roads));
        let Some((_, below)) = below else { return vec![None; islands.len()] };
        let start = |island: &Island| (island.outer.0.first().copied(), island.outer.0.len());
        let mut starts: Vec<((Option<Point>, usize), usize)> =
            below.iter().enumerate().map(|(i, island)| (start(island), i)).collect();
        starts.sort_unstable();
        let same_as = |island: &Island| {
            let from = starts.partition_point(|(s, _)| *s < start(island));
            let candidates = starts[from..].iter().take_while(|(s, _)| *s == start(island));
            candidates.map(|&(_, i)| i).find(|&i| below[i] == *island)
        };
        islands.iter().map(same_as).collect()
    };
    (0..layers.len()).into_par_iter().map(of_layer).collect()
}

/// Puts the islands that were not planned in their places: copies of those below.
pub(super) fn filled_in(
    planned: Vec<Vec<Option<PerimeterIsland>>>,
    repeated: &[Vec<Option<usize>>],
) -> Vec<Vec<PerimeterIsland>> {
    let mut layers: Vec<Vec<PerimeterIsland>> = Vec::with_capacity(planned.len());
    for (planned, repeated) in planned.into_iter().zip(repeated) {
        let below = layers.last().map_or(&[][..], Vec::as_slice);
        let island =
            |(island, same): (Option<PerimeterIsland>, &Option<usize>)| island.or_else(|| below.get((*same)?).cloned());
        let islands = planned.into_iter().zip(repeated).filter_map(island).collect();
        layers.push(islands);
    }
    layers
}
