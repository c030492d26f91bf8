//! Trees that hold up roofs from below and leave the rest empty.
//!
//! From the top down, every place of a roof that is too far from a wall and from all branches grows a branch to the
//! nearest of them. One layer down the trees are a little smaller: their tips are cut back and their bends straightened
//! as far as a layer may lean over the one below, so that they end in the walls some way below the roof. After Tricard,
//! Claux and Lefebvre 2020, "Ribbed support vaults for 3D printing of hollowed objects". The density says how close
//! branches are below a roof; most of the volume has none.

mod forest;

use super::CORNERS;
use super::curve;
use super::pattern::{Object, Pattern, Sheet};
use crate::geometry::{EdgeGrid, Point, Polyline, Region, UNITS_PER_MM};
use crate::progress::{Canceled, Progress};
use forest::Forest;
use rayon::prelude::*;

/// How far a layer may reach beyond the one below, in layer heights: the tangent of 40°.
const LEAN: f64 = 0.839;

pub struct Lightning {
    /// The branches of each layer.
    layers: Vec<Vec<Polyline>>,
}

impl Lightning {
    pub fn new(object: &Object, progress: &Progress) -> Result<Self, Canceled> {
        // A roof is held where a branch is within half the distance of lines.
        let reach_mm = 0.5 * object.distance_mm;
        let areas: Vec<Region> =
            (0..object.layers.len()).map(|layer| Region::union_all(object.sparse(layer))).collect();
        let unheld: Vec<Vec<Point>> = (0..areas.len())
            .into_par_iter()
            .map(|layer| {
                progress.check()?;
                Ok(roof(&areas[layer], areas.get(layer + 1), reach_mm))
            })
            .collect::<Result<_, Canceled>>()?;
        let mut layers = Vec::with_capacity(areas.len());
        let mut forest = Forest::default();
        for (layer, area) in areas.iter().enumerate().rev() {
            progress.check()?;
            let edges = EdgeGrid::new(area);
            let lean_mm = LEAN * object.layers[layer].span.height_mm();
            forest = forest.lowered(lean_mm, &edges);
            forest.grow(&unheld[layer], &edges, reach_mm);
            layers.push(forest.paths());
        }
        layers.reverse();
        Ok(Self { layers })
    }
}

impl Pattern for Lightning {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let Some(branches) = self.layers.get(sheet.layer) else { return Vec::new() };
        // A twig that its trunk's road covers is none.
        let shortest_mm = 0.25 * sheet.shortest_mm;
        curve::laid(area, branches, &Sheet { shortest_mm, ..*sheet }.joining())
    }
}

/// Places all over what lies below a roof, too far from the walls to be held by them.
fn roof(area: &Region, above: Option<&Region>, reach_mm: f64) -> Vec<Point> {
    let inner = area.offset(-reach_mm, CORNERS);
    let bare = match above {
        Some(above) => inner.difference(above),
        None => inner,
    };
    let step_mm = 0.5 * reach_mm;
    let step = step_mm * UNITS_PER_MM;
    let mut places = Vec::new();
    for [a, b] in bare.hatch(0.0, step_mm, 0.0).into_iter().flatten() {
        let (from, to) = ((f64::from(a.x) / step).ceil() as i64, (f64::from(b.x) / step).floor() as i64);
        places.extend((from..=to).map(|i| Point::new((i as f64 * step).round() as i32, a.y)));
    }
    places
}
