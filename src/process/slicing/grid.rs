//! The layer grid: at which heights one object's layers begin and end.
//!
//! Without further wishes all layers but the first are equal. With them, some heights must be met: ends of height ranges,
//! flat surfaces, the top. Between two such heights lies a stretch that is divided by itself, into equal layers of which the
//! last few give way, or into layers that follow the surface's angle ([`surface`](super::surface)): each as high as its
//! cusp allows, the height of the staircase's steps at right angles to the surface (Dolenc and Mäkelä 1994, "Slicing
//! procedures for layered manufacturing techniques"). The limit that follows is smoothed, so that layers change by no more
//! than a step, and a stretch has as few layers as keep within it. A height that cannot be met within the machine's limits
//! is given up for the weightier one beside it.

use super::surface::Surface;
use super::{LayerSettings, LayerSpan, MOST_LAYERS};

/// So many layers below a height share what is left over where all would otherwise be equal.
const BENT: usize = 5;
/// Rounds of lowering what differs too much from its neighbour.
const ROUNDS: usize = 24;
/// Heights that were made to fit are whole micrometres, as G-code writes them.
const STEPS_PER_MM: f64 = 1000.0;
/// Marks closer than this are one, mm.
const SAME_MM: f64 = 0.002;
/// Rounding of heights, mm.
const SLACK_MM: f64 = 1e-6;

/// The layers of an object of this height that stands on the plate. With equal layers: the first one, then more as long as
/// their middle, where they are cut, is inside the object. An object lower than half the first layer gets one layer, cut
/// in the object's middle. Empty where a height is not above zero.
pub(super) fn layer_grid(total_height_mm: f64, surface: &Surface, settings: &LayerSettings) -> Vec<LayerSpan> {
    let (first, step) = (settings.first_layer_height_mm, settings.layer_height_mm);
    let usable = |height: f64| height.is_finite() && height > 0.0;
    if !(usable(total_height_mm) && usable(first) && usable(step)) {
        return Vec::new();
    }
    let is_short = total_height_mm / settings.least_mm().max(1e-9) < MOST_LAYERS as f64;
    if settings.are_equal() || !is_short {
        return equal(total_height_mm, first, step);
    }
    let stretches = Stretches { total_mm: total_height_mm, surface, settings, first_mm: first };
    stretches.spans()
}

/// Equal layers above the first one.
fn equal(total_mm: f64, first: f64, step: f64) -> Vec<LayerSpan> {
    // On the 10 nm grid, so that sums of steps do not carry rounding into the printed heights.
    let snapped = |z: f64| (z * 1e5).round() / 1e5;
    let mut spans =
        vec![LayerSpan { bottom_mm: 0.0, top_mm: snapped(first), cut_mm: (0.5 * first).min(0.5 * total_mm) }];
    for i in 0..MOST_LAYERS - 1 {
        let bottom = first + i as f64 * step;
        let cut = bottom + 0.5 * step;
        if cut >= total_mm {
            break;
        }
        spans.push(LayerSpan { bottom_mm: snapped(bottom), top_mm: snapped(bottom + step), cut_mm: cut });
    }
    spans
}

/// A height that a layer should end at.
#[derive(Clone, Copy, Debug)]
struct Mark {
    z_mm: f64,
    /// Area of the flat surface there, mm²; infinite for what a person asked for and for the top.
    weight: f64,
}

/// The stretches of one object.
struct Stretches<'a> {
    total_mm: f64,
    surface: &'a Surface,
    settings: &'a LayerSettings,
    first_mm: f64,
}

/// How a stretch is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Division {
    /// Into layers of this height.
    Equal(f64),
    /// As the surface asks.
    Adaptive,
}

impl Stretches<'_> {
    fn spans(&self) -> Vec<LayerSpan> {
        let mut limit = self.limit();
        let mut tops = Vec::new();
        for _ in 0..ROUNDS {
            limit.smooth();
            tops = self.tops(&limit);
            if !self.lower_jumps(&tops, &mut limit) {
                break;
            }
        }
        let mut spans = Vec::with_capacity(tops.len() + 1);
        let mut bottom_mm = 0.0;
        for top_mm in [self.first_mm].into_iter().chain(tops) {
            let top_mm = (top_mm * STEPS_PER_MM).round() / STEPS_PER_MM;
            let cut_mm =
                if spans.is_empty() { (0.5 * top_mm).min(0.5 * self.total_mm) } else { 0.5 * (bottom_mm + top_mm) };
            spans.push(LayerSpan { bottom_mm, top_mm, cut_mm });
            bottom_mm = top_mm;
        }
        spans
    }

    fn division(&self, z_mm: f64) -> Division {
        let here = self.settings.ranges.iter().find(|r| r.from_mm <= z_mm && z_mm < r.to_mm);
        match here {
            Some(range) => Division::Equal(range.layer_height_mm),
            None if self.settings.adaptive.is_some() => Division::Adaptive,
            None => Division::Equal(self.settings.layer_height_mm),
        }
    }

    /// How high a layer may be, by height; without smoothing.
    fn limit(&self) -> Limit {
        let (least, most) = (self.settings.least_mm(), self.settings.most_mm);
        let Some(adaptive) = self.settings.adaptive else { return Limit::default() };
        let bin_mm = self.surface.bin_mm();
        let caps = self.surface.steepness().iter().enumerate().map(|(bin, &slope)| {
            match self.division((bin as f64 + 0.5) * bin_mm) {
                Division::Equal(height) => height,
                Division::Adaptive => (adaptive.cusp_mm / f64::from(slope).max(1e-9)).clamp(least, most),
            }
        });
        let caps: Vec<f64> = caps.collect();
        let mut limit = Limit { smooth: Vec::new(), caps, bin_mm, slope: adaptive.step_mm / most };
        // The first layer is what it is.
        if let Division::Adaptive = self.division(self.first_mm + SLACK_MM) {
            let bin = limit.bin(self.first_mm);
            limit.lower(bin..bin + 1, (self.first_mm + adaptive.step_mm).max(least));
        }
        limit
    }

    /// What must be met above the first layer, ascending.
    fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let asked = |z_mm: f64| Mark { z_mm, weight: f64::INFINITY };
        marks.extend(self.settings.ranges.iter().flat_map(|r| [asked(r.from_mm), asked(r.to_mm)]));
        if self.settings.is_exact() {
            marks.extend(self.surface.flats().iter().map(|flat| Mark { z_mm: flat.z_mm, weight: flat.area_mm2 }));
            marks.push(asked(self.total_mm));
        }
        marks.retain(|m| m.z_mm > self.first_mm + SLACK_MM && m.z_mm <= self.total_mm + SLACK_MM);
        marks.sort_by(|a, b| a.z_mm.total_cmp(&b.z_mm).then(b.weight.total_cmp(&a.weight)));
        marks.dedup_by(|above, below| {
            let is_same = above.z_mm - below.z_mm < SAME_MM;
            if is_same && above.weight > below.weight {
                *below = *above;
            }
            is_same
        });
        marks
    }

    /// Where layers above the first one end.
    fn tops(&self, limit: &Limit) -> Vec<f64> {
        let mut marks = self.marks();
        let mut divided: Vec<Vec<f64>> = Vec::new();
        while let Some(mark) = marks.get(divided.len()).copied() {
            let before = divided.len().checked_sub(1).map(|i| marks[i]);
            let from = before.map_or(self.first_mm, |m| m.z_mm);
            if let Some(tops) = self.divide(from, mark.z_mm, limit) {
                divided.push(tops);
                continue;
            }
            // The lighter one of the two is given up; of equal ones the upper.
            match before {
                Some(before) if before.weight < mark.weight => {
                    divided.pop();
                    marks.remove(divided.len());
                }
                _ => {
                    marks.remove(divided.len());
                }
            }
        }
        let mut tops: Vec<f64> = divided.into_iter().flatten().collect();
        self.go_on(&mut tops, limit);
        tops
    }

    /// Layers above the last mark, as long as their middle is inside the object.
    fn go_on(&self, tops: &mut Vec<f64>, limit: &Limit) {
        while tops.len() < MOST_LAYERS {
            let z = tops.last().copied().unwrap_or(self.first_mm);
            let height = match self.division(z + SLACK_MM) {
                Division::Equal(height) => height,
                Division::Adaptive => limit.highest(z, self.settings.least_mm()),
            };
            if z + 0.5 * height >= self.total_mm {
                break;
            }
            tops.push(z + height);
        }
    }

    /// The tops of the layers from one height to another, the last of them there. `None` where the machine's limits allow
    /// no such layers.
    fn divide(&self, from: f64, to: f64, limit: &Limit) -> Option<Vec<f64>> {
        match self.division(0.5 * (from + to)) {
            Division::Equal(height) => self.divide_equally(from, to, height),
            Division::Adaptive => self.divide_by_limit(from, to, limit),
        }
    }

    /// Equal layers, of which the last few are higher or lower.
    fn divide_equally(&self, from: f64, to: f64, height: f64) -> Option<Vec<f64>> {
        let length = to - from;
        let nearest = (length / height).round().max(1.0) as usize;
        let allowed = self.settings.least_mm().min(height) - SLACK_MM..=self.settings.most_mm.max(height) + SLACK_MM;
        [nearest, nearest + 1].into_iter().find_map(|count| {
            let bent = count.min(BENT);
            let more = (length - count as f64 * height) / bent as f64;
            let even = count - bent;
            let top = |i: usize| match i {
                i if i == count => to,
                i => from + i as f64 * height + i.saturating_sub(even) as f64 * more,
            };
            allowed.contains(&(height + more)).then(|| (1..=count).map(top).collect())
        })
    }

    /// Layers in proportion to the limit, as few as keep within it.
    fn divide_by_limit(&self, from: f64, to: f64, limit: &Limit) -> Option<Vec<f64>> {
        let least = self.settings.least_mm() - SLACK_MM;
        let layers = limit.layers(from, to);
        let fewest = (layers - 1e-9).ceil().max(1.0) as usize;
        for count in fewest..=fewest + 2 + fewest / 4 {
            let tops = limit.spread(from, to, count);
            let mut bottoms = std::iter::once(from).chain(tops.iter().copied());
            let heights = || std::iter::once(from).chain(tops.iter().copied()).zip(&tops).map(|(b, t)| t - b);
            if heights().any(|h| h < least) {
                return None;
            }
            let fits = |(bottom, top): (f64, &f64)| top - bottom <= limit.least_cap(bottom, *top) + SLACK_MM;
            if bottoms.by_ref().zip(&tops).all(fits) {
                return Some(tops);
            }
        }
        None
    }

    /// Lowers the limit where a layer is too much higher than one beside it. Whether there was one.
    fn lower_jumps(&self, tops: &[f64], limit: &mut Limit) -> bool {
        let Some(adaptive) = self.settings.adaptive else { return false };
        let mut bottom = 0.0;
        let mut layers: Vec<(f64, f64)> = Vec::with_capacity(tops.len() + 1);
        for &top in [self.first_mm].iter().chain(tops) {
            layers.push((bottom, top));
            bottom = top;
        }
        let mut lowered = false;
        for pair in layers.windows(2) {
            let heights = [0, 1].map(|i| pair[i].1 - pair[i].0);
            if (heights[0] - heights[1]).abs() <= adaptive.step_mm + SLACK_MM {
                continue;
            }
            let higher = pair[usize::from(heights[1] > heights[0])];
            let is_free = higher.0 > 0.0 && self.division(0.5 * (higher.0 + higher.1)) == Division::Adaptive;
            let cap = heights[0].min(heights[1]) + adaptive.step_mm;
            if is_free && cap > self.settings.least_mm() {
                let bins = limit.bin(higher.0)..limit.bin(higher.1) + 1;
                lowered |= limit.lower(bins, cap);
            }
        }
        lowered
    }
}

/// How high a layer may be, by height.
#[derive(Default)]
struct Limit {
    /// By the surface alone.
    caps: Vec<f64>,
    /// The same, changing no more than `slope` over height.
    smooth: Vec<f64>,
    bin_mm: f64,
    slope: f64,
}

impl Limit {
    fn bin(&self, z_mm: f64) -> usize {
        ((z_mm / self.bin_mm) as usize).min(self.caps.len().saturating_sub(1))
    }

    /// Whether it was higher somewhere.
    fn lower(&mut self, bins: std::ops::Range<usize>, to: f64) -> bool {
        let mut lowered = false;
        for cap in self.caps.iter_mut().take(bins.end).skip(bins.start).filter(|cap| **cap > to + SLACK_MM) {
            *cap = to;
            lowered = true;
        }
        lowered
    }

    /// A function below the caps that changes slowly enough for layers that follow it, and in whose least places there is
    /// room for a whole layer, so that one that reaches into such a place is no higher than it may be there.
    fn smooth(&mut self) {
        self.smooth.clone_from(&self.caps);
        let count = self.caps.len();
        for (i, &cap) in self.caps.iter().enumerate() {
            let reach = (cap / self.bin_mm).ceil() as usize;
            let lower = |range: &mut [f64]| range.iter_mut().for_each(|c| *c = c.min(cap));
            if i + 1 < count && self.caps[i + 1] > cap {
                lower(&mut self.smooth[i + 1..(i + 1 + reach).min(count)]);
            }
            if i > 0 && self.caps[i - 1] > cap {
                lower(&mut self.smooth[i.saturating_sub(reach)..i]);
            }
        }
        let rise = self.slope * self.bin_mm;
        for i in 1..self.smooth.len() {
            self.smooth[i] = self.smooth[i].min(self.smooth[i - 1] + rise);
        }
        for i in (1..self.smooth.len()).rev() {
            self.smooth[i - 1] = self.smooth[i - 1].min(self.smooth[i] + rise);
        }
    }

    /// The least cap between two heights.
    fn least_cap(&self, from: f64, to: f64) -> f64 {
        // A layer that ends where a bin begins does not reach into it.
        let bins = self.bin(from + SLACK_MM)..=self.bin(to - SLACK_MM);
        self.caps.get(bins).into_iter().flatten().copied().fold(f64::INFINITY, f64::min)
    }

    /// The highest layer that may stand at a height.
    fn highest(&self, from: f64, least: f64) -> f64 {
        let Some(&here) = self.smooth.get(self.bin(from)) else { return least };
        let mut height = here;
        for bin in self.bin(from)..self.smooth.len() {
            if bin as f64 * self.bin_mm >= from + height {
                break;
            }
            height = height.min(self.smooth[bin]);
        }
        height.max(least)
    }

    /// How many layers fit between two heights.
    fn layers(&self, from: f64, to: f64) -> f64 {
        self.pieces(from, to).map(|(_, length, height)| length / height).sum()
    }

    /// The tops of so many layers between two heights, each in proportion to the limit.
    fn spread(&self, from: f64, to: f64, count: usize) -> Vec<f64> {
        let share = self.layers(from, to) / count as f64;
        let mut tops = Vec::with_capacity(count);
        let mut passed = 0.0;
        for (start, length, height) in self.pieces(from, to) {
            let here = length / height;
            while tops.len() + 1 < count && (tops.len() + 1) as f64 * share <= passed + here {
                tops.push(start + ((tops.len() + 1) as f64 * share - passed) * height);
            }
            passed += here;
        }
        tops.resize(count.saturating_sub(1), to);
        tops.push(to);
        tops
    }

    /// Start, length and limit of what lies in each bin between two heights.
    fn pieces(&self, from: f64, to: f64) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let last = self.bin(to);
        (self.bin(from)..=last).filter_map(move |bin| {
            let start = from.max(bin as f64 * self.bin_mm);
            let end = if bin == last { to } else { to.min((bin + 1) as f64 * self.bin_mm) };
            let height = *self.smooth.get(bin)?;
            (end > start && height > 0.0).then_some((start, end - start, height))
        })
    }
}
