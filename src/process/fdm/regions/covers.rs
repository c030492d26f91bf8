//! What layers cover: whether one covers an area, and what runs of neighbouring layers have in common.
//!
//! Most layers of most objects are covered by all their neighbours, which a grid over the edges tells without the polygon
//! kernel. Only where it does not are the common areas of runs of 2, 4, 8 … layers made, each once for all windows that it
//! is part of. Everything is made when it is first asked for; what is made does not depend on who asks.

use super::near;
use crate::geometry::{Bounds, EdgeGrid, Point, Region};
use crate::process::slicing::LayerOutline;
use std::ops::Range;
use std::sync::OnceLock;

/// More holes than this under one area are looked up in a grid over the area.
const FEW_HOLES: usize = 8;

pub(super) struct Covers<'a> {
    outlines: &'a [LayerOutline],
    grids: Vec<OnceLock<Grid>>,
    /// `runs[p][i]` is common to layers `i .. i + 2^(p + 1)`.
    runs: Vec<Vec<OnceLock<Region>>>,
}

struct Grid {
    edges: EdgeGrid,
    /// One point and the bounds of each hole.
    holes: Vec<(Point, Bounds)>,
}

impl Grid {
    fn new(area: &Region) -> Self {
        let holes = area.rings.iter().filter(|ring| ring.area_mm2() < 0.0);
        let holes = holes.filter_map(|ring| Some((*ring.0.first()?, ring.bounds()?))).collect();
        Self { edges: EdgeGrid::new(area), holes }
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
        Self { outlines, grids: outlines.iter().map(|_| OnceLock::new()).collect(), runs }
    }

    /// Whether a layer surely covers an area with room to spare. Where borders touch the answer is no.
    pub fn surely(&self, layer: usize, area: &Region) -> bool {
        let outline = &self.outlines[layer].area;
        let Some(bounds) = area.bounds() else { return true };
        let inside = |b: Bounds| b.contains(bounds.min) && b.contains(bounds.max);
        if !outline.bounds().is_some_and(inside) {
            return false;
        }
        let grid = self.grids[layer].get_or_init(|| Grid::new(outline));
        let is_inside = area.rings.iter().filter_map(|ring| ring.0.first()).all(|&p| grid.edges.contains(p));
        let crosses = |(a, b)| !grid.edges.crossings(a, b).is_empty();
        if !is_inside || area.rings.iter().flat_map(|ring| ring.edges()).any(crosses) {
            return false;
        }
        // No border crosses, so a hole is inside the area as a whole or not at all.
        let near: Vec<Point> = grid.holes.iter().filter(|(_, b)| b.overlaps(&bounds)).map(|&(p, _)| p).collect();
        if near.len() <= FEW_HOLES {
            return !near.iter().any(|&p| area.contains(p));
        }
        let area = EdgeGrid::new(area);
        !near.iter().any(|&p| area.contains(p))
    }

    /// The part of an area that not all layers of a window cover, slivers and all.
    pub fn missing(&self, area: &Region, window: Range<usize>) -> Region {
        let mut bare = Vec::new();
        let mut doubtful = window.clone().filter(|&layer| !self.surely(layer, area));
        let Some(first) = doubtful.next() else { return Region::default() };
        match doubtful.next() {
            None => bare.push(area.difference(&near(&self.outlines[first].area, area))),
            Some(_) => {
                // One or two runs that together are the layers of the window.
                let power = window.len().ilog2() as usize;
                let last = window.end - (1 << power);
                bare.push(area.difference(&near(self.run(power, window.start), area)));
                if last != window.start {
                    bare.push(area.difference(&near(self.run(power, last), area)));
                }
            }
        }
        Region::union_all(&bare)
    }

    /// What `2^power` layers from `first` on have in common.
    fn run(&self, power: usize, first: usize) -> &Region {
        let Some(p) = power.checked_sub(1) else { return &self.outlines[first].area };
        self.runs[p][first].get_or_init(|| {
            let (a, b) = (self.run(p, first), self.run(p, first + (1 << p)));
            if a == b { a.clone() } else { a.intersection(b) }
        })
    }
}
