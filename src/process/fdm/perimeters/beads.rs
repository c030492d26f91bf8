//! How many roads lie side by side across a place of some thickness, where, and how wide.
//!
//! From the outline inwards lie pairs of walls at their own width, as many as the place holds and settings ask for. What
//! is left between the innermost two widens them while it is narrow, then has a road of its own in the middle, and then
//! a narrower pair; so only what lies in the middle changes its width, and no road is narrower than it may be.

use super::Roads;
use crate::process::fdm::flow::rounding_mm;

/// How many roads lie across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub pairs: usize,
    /// One more in the middle.
    pub centre: bool,
    /// There is room for infill between all walls.
    pub thick: bool,
    /// The thickness changes so fast that all walls keep their own width and nothing lies between them.
    pub steep: bool,
}

impl Count {
    /// Greater where more roads lie across.
    pub fn rank(self) -> usize {
        2 * self.pairs + usize::from(self.centre) + 2 * usize::from(self.thick)
    }
}

/// Where the middle of a road lies, from the outline, and its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bead {
    pub x_mm: f64,
    pub width_mm: f64,
}

pub(super) struct Beads {
    outer_width_mm: f64,
    inner_width_mm: f64,
    /// What the outermost wall takes from the outline inwards, and every other one.
    outer_share_mm: f64,
    inner_share_mm: f64,
    rounding_mm: f64,
    /// No road is narrower.
    least_width_mm: f64,
    walls: usize,
    /// Thicknesses from which on another count holds, ascending.
    steps: Vec<(f64, Count)>,
    /// The same where the thickness changes fast.
    steep_steps: Vec<(f64, Count)>,
}

impl Beads {
    pub fn new(roads: &Roads) -> Self {
        let rounding_mm = rounding_mm(roads.height_mm);
        let mut this = Self {
            outer_width_mm: roads.external.width_mm,
            inner_width_mm: roads.inner.width_mm,
            outer_share_mm: roads.external.width_mm - 0.5 * rounding_mm,
            inner_share_mm: roads.inner.spacing_mm,
            rounding_mm,
            least_width_mm: roads.least_bead_mm,
            walls: roads.count,
            steps: Vec::new(),
            steep_steps: Vec::new(),
        };
        let count = |pairs, centre| Count { pairs, centre, ..Count::default() };
        let mut steps = vec![(f64::NEG_INFINITY, Count::default())];
        if roads.thin_walls {
            steps.push((roads.least_feature_mm, count(0, true)));
        }
        let split_mm = roads.least_of_two_mm;
        steps.push((2.0 * split_mm - rounding_mm, count(1, false)));
        for pairs in 1..roads.count {
            let whole = 2.0 * this.depth_mm(pairs);
            steps.push((whole + this.least_share_mm(), count(pairs, true)));
            steps.push((whole + 2.0 * (split_mm - rounding_mm), count(pairs + 1, false)));
        }
        let whole = 2.0 * this.depth_mm(roads.count);
        let infill = whole + roads.least_infill_mm();
        if roads.gap_fill && whole + this.least_share_mm() < infill {
            steps.push((whole + this.least_share_mm(), count(roads.count, true)));
        }
        steps.push((infill, Count { pairs: roads.count, thick: true, ..Count::default() }));
        // Unusual widths may leave no room for a step below the next one.
        for i in (1..steps.len()).rev() {
            let above = steps.get(i + 1).map_or(f64::INFINITY, |s| s.0);
            if steps[i].0 >= above {
                steps.remove(i);
            }
        }
        this.steps = steps;
        let steep = |c: Count| Count { steep: true, ..c };
        // As far as one pair; then each where the quarter of it that is nearest to the middle begins to be lost.
        let single = this.steps.iter().take_while(|s| s.1.pairs <= 1 && s.1.rank() <= 2);
        this.steep_steps = single.map(|s| (s.0, if s.1.pairs == 1 { steep(s.1) } else { s.1 })).collect();
        for pairs in 2..=roads.count {
            let at = 2.0 * this.depth_mm(pairs) - 0.5 * this.inner_share_mm;
            if this.steep_steps.last().is_none_or(|s| s.0 < at) {
                this.steep_steps.push((at, steep(count(pairs, false))));
            }
        }
        this
    }

    /// How deep this many walls reach from the outline to the border of the innermost one's share.
    fn depth_mm(&self, walls: usize) -> f64 {
        if walls == 0 { 0.0 } else { self.outer_share_mm + (walls - 1) as f64 * self.inner_share_mm }
    }

    /// What the narrowest road takes between two others.
    fn least_share_mm(&self) -> f64 {
        (self.least_width_mm - self.rounding_mm).max(0.2 * self.least_width_mm)
    }

    fn steps(&self, is_steep: bool) -> &[(f64, Count)] {
        if is_steep { &self.steep_steps } else { &self.steps }
    }

    /// The count that holds at a thickness, which changes fast there or slowly.
    pub fn count(&self, thickness_mm: f64, is_steep: bool) -> Count {
        let steps = self.steps(is_steep);
        let above = steps.partition_point(|s| s.0 <= thickness_mm);
        steps[above.max(1) - 1].1
    }

    /// The thicknesses above the first and up to the second at which the count changes, with the counts after them.
    pub fn steps_between(&self, from_mm: f64, to_mm: f64, is_steep: bool) -> &[(f64, Count)] {
        let steps = self.steps(is_steep);
        let first = steps.partition_point(|s| s.0 <= from_mm);
        let last = steps.partition_point(|s| s.0 <= to_mm);
        &steps[first..last.max(first)]
    }

    /// The `depth`th road from the outline where this count holds at this thickness, whether or not it is what
    /// [`Beads::count`] says there.
    pub fn bead(&self, count: Count, thickness_mm: f64, depth: usize) -> Bead {
        let before = self.depth_mm(depth);
        let (width, share) = if depth == 0 {
            (self.outer_width_mm, self.outer_share_mm)
        } else {
            (self.inner_width_mm, self.inner_share_mm)
        };
        if count.thick || count.steep || depth + 1 < count.pairs {
            return self.placed(before, share, width, depth);
        }
        let taken = if count.centre {
            let missing = self.least_share_mm() - (thickness_mm - 2.0 * self.depth_mm(count.pairs));
            share - (0.5 * missing).max(0.0)
        } else if depth + 1 == self.walls && self.steps.iter().all(|s| s.1 != Count { centre: true, ..count }) {
            // Nothing fills what is left between the innermost walls.
            (0.5 * thickness_mm - before).min(share)
        } else {
            0.5 * thickness_mm - before
        };
        let taken = taken.clamp(0.4 * share, 1.7 * share);
        if (taken - share).abs() < 1e-9 {
            return self.placed(before, share, width, depth);
        }
        let rounded = if depth == 0 { 0.5 * self.rounding_mm } else { self.rounding_mm };
        self.placed(before, taken, taken + rounded, depth)
    }

    fn placed(&self, before_mm: f64, share_mm: f64, width_mm: f64, depth: usize) -> Bead {
        // The outermost road reaches to the outline, the others overlap their neighbours by the rounding on both sides.
        let x_mm = if depth == 0 { 0.5 * width_mm } else { before_mm + 0.5 * share_mm };
        Bead { x_mm, width_mm }
    }

    /// The width of the road in the middle.
    pub fn centre_width_mm(&self, count: Count, thickness_mm: f64) -> f64 {
        let width = if count.pairs == 0 {
            thickness_mm
        } else {
            thickness_mm - 2.0 * self.depth_mm(count.pairs) + self.rounding_mm
        };
        // The narrowest may have been set wider than the widest; it counts then.
        width.min(self.outer_width_mm + self.inner_width_mm).max(self.least_width_mm)
    }
}
