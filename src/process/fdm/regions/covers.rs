//! What layers cover: whether one covers an area, and what runs of neighbouring layers have in common.
//!
//! Most layers of most objects are covered by all their neighbours, which a grid over the edges tells without the polygon
//! kernel. Only where it does not are the common areas of runs of 2, 4, 8 … layers made, each once for all windows that it
//! is part of. Everything is made when it is first asked for; what is made does not depend on who asks.

use super::near::RingIndex;
use crate::geometry::{Bounds, EdgeGrid, Point, Region};
use crate::process::slicing::LayerOutline;
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::OnceLock;

/// More holes than this under one area are looked up in a grid over the area.
const FEW_HOLES: usize = 8;

pub(super) struct Covers<'a> {
    outlines: &'a [LayerOutline],
    layers: Vec<OnceLock<Layer>>,
    /// Whether each layer's outline is the same as the next one's.
    same_as_next: Vec<OnceLock<bool>>,
    /// `runs[p][i]` is common to layers `i .. i + 2^(p + 1)`.
    runs: Vec<Vec<OnceLock<(Region, RingIndex)>>>,
}

/// Look-ups over one layer's outline.
struct Layer {
    index: RingIndex,
    edges: EdgeGrid,
    /// One point of each hole, and the index over the holes.
    hole_points: Vec<Point>,
}

impl Layer {
    fn new(area: &Region) -> Self {
        let holes = area.rings.iter().filter(|ring| ring.area_mm2() < 0.0);
        let hole_points = holes.filter_map(|ring| ring.0.first().copied()).collect();
        Self { index: RingIndex::new(area), edges: EdgeGrid::new(area), hole_points }
    }
}

/// A part of a layer that is asked about.
pub(super) struct Probe<'a> {
    pub area: &'a Region,
    layer: usize,
    bounds: Option<Bounds>,
    grid: OnceCell<EdgeGrid>,
}

impl<'a> Probe<'a> {
    pub fn new(area: &'a Region, layer: usize) -> Self {
        Self { area, layer, bounds: area.bounds(), grid: OnceCell::new() }
    }

    fn contains_any(&self, points: &[Point]) -> bool {
        if points.len() <= FEW_HOLES {
            return points.iter().any(|&p| self.area.contains(p));
        }
        let grid = self.grid.get_or_init(|| EdgeGrid::new(self.area));
        points.iter().any(|&p| grid.contains(p))
    }
}

impl<'a> Covers<'a> {
    pub fn new(outlines: &'a [LayerOutline], longest: usize) -> Self {
        let mut runs = Vec::new();
        let mut length = 2;
        while length <= longest.min(outlines.len()) {
            runs.push((0..=outlines.len() - length).map(|_| OnceLock::new()).collect());
            length *= 2;
        }
        let layers = outlines.iter().map(|_| OnceLock::new()).collect();
        let same_as_next = outlines.iter().map(|_| OnceLock::new()).collect();
        Self { outlines, layers, same_as_next, runs }
    }

    fn layer(&self, layer: usize) -> &Layer {
        self.layers[layer].get_or_init(|| Layer::new(&self.outlines[layer].area))
    }

    /// The rings of a layer's outline that can matter to an area.
    pub fn near(&self, layer: usize, probe: &Probe) -> Region {
        match &probe.bounds {
            None => Region::default(),
            Some(bounds) => self.layer(layer).index.near(&self.outlines[layer].area, bounds),
        }
    }

    /// Whether each of these layers has the same outline as the one above it.
    fn are_same(&self, mut layers: Range<usize>) -> bool {
        let is_same = |i: usize| self.outlines.get(i + 1).is_some_and(|next| next.area == self.outlines[i].area);
        layers.all(|i| *self.same_as_next[i].get_or_init(|| is_same(i)))
    }

    /// Whether a layer surely covers an area: because it is the same as the area's own layer, or with room to spare. Where
    /// borders touch the answer is no.
    pub fn surely(&self, layer: usize, probe: &Probe) -> bool {
        let Some(bounds) = probe.bounds else { return true };
        if self.are_same(layer.min(probe.layer)..layer.max(probe.layer)) {
            return true;
        }
        let layer = self.layer(layer);
        if !layer.index.around.is_some_and(|around| around.contains(bounds.min) && around.contains(bounds.max)) {
            return false;
        }
        let rings = &probe.area.rings;
        let crosses = |(a, b)| !layer.edges.crossings(a, b).is_empty();
        if rings.iter().flat_map(|ring| ring.edges()).any(crosses) {
            return false;
        }
        // No border crosses: each piece of the area is inside as a whole or not at all, but for holes that lie within it;
        // and a hole lies within the area as a whole or not at all.
        let outers = rings.iter().filter(|ring| ring.area_mm2() > 0.0);
        if !outers.filter_map(|ring| ring.0.first()).all(|&p| layer.edges.contains(p)) {
            return false;
        }
        let near: Vec<Point> = layer.hole_points.iter().copied().filter(|&p| bounds.contains(p)).collect();
        !probe.contains_any(&near)
    }

    /// The part of an area that not all layers of a window cover, slivers and all.
    pub fn missing(&self, probe: &Probe, window: Range<usize>) -> Region {
        let Some(bounds) = probe.bounds else { return Region::default() };
        let mut doubtful = window.clone().filter(|&layer| !self.surely(layer, probe));
        let Some(first) = doubtful.next() else { return Region::default() };
        if doubtful.next().is_none() {
            return probe.area.difference(&self.near(first, probe));
        }
        // One or two runs that together are the layers of the window.
        let power = window.len().ilog2() as usize;
        let last = window.end - (1 << power);
        let without = |first: usize| match power.checked_sub(1) {
            None => probe.area.difference(&self.near(first, probe)),
            Some(p) => {
                let (common, index) = self.run(p, first);
                probe.area.difference(&index.near(common, &bounds))
            }
        };
        let bare = without(window.start);
        if last == window.start { bare } else { bare.union(&without(last)) }
    }

    /// What layers `first .. first + 2^(p + 1)` have in common.
    fn run(&self, p: usize, first: usize) -> &(Region, RingIndex) {
        self.runs[p][first].get_or_init(|| {
            let half = |first: usize| match p.checked_sub(1) {
                None => &self.outlines[first].area,
                Some(q) => &self.run(q, first).0,
            };
            let (a, b) = (half(first), half(first + (1 << p)));
            let common = if a == b { a.clone() } else { a.intersection(b) };
            let index = RingIndex::new(&common);
            (common, index)
        })
    }
}
