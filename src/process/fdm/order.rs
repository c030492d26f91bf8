//! In which order a set of roads is visited so that the tool travels little.
//!
//! Knows stops with an entry and an exit, and nothing of what is printed there. Nearest neighbour gives a first order;
//! 2-opt (Croes 1958) and Or-opt (Or 1976) moves that shorten it are then taken until none is left in a window, so the
//! result is never longer than nearest neighbour.

use crate::geometry::{Bounds, Point};

/// Something to visit: entered at one point, left at another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    pub entry: Point,
    pub exit: Point,
    /// Whether it may be entered at its exit and left at its entry.
    pub reversible: bool,
}

/// One stop in an order of visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub stop: usize,
    pub reversed: bool,
}

/// How many places along the order a move may span: keeps the work linear in the number of stops.
const WINDOW: usize = 40;
/// Passes over the order at most.
const PASSES: usize = 8;
/// A move must save at least this much (1 µm in grid units), or rounding could make moves circle for ever.
const LEAST_GAIN: f64 = 100.0;
/// Up to this many stops the nearest is found by looking at all.
const BRUTE: usize = 32;

/// The order of all `stops` from `start`, or from wherever it is best to begin.
pub fn order(start: Option<Point>, stops: &[Stop]) -> Vec<Visit> {
    let mut legs = nearest_neighbour(start, stops);
    improve(start, &mut legs);
    legs.into_iter().map(|leg| leg.visit).collect()
}

/// Nearest neighbour alone.
pub fn nearest(start: Option<Point>, stops: &[Stop]) -> Vec<Visit> {
    nearest_neighbour(start, stops).into_iter().map(|leg| leg.visit).collect()
}

/// Travel in mm of an order of visits.
pub fn travel_mm(start: Option<Point>, stops: &[Stop], visits: &[Visit]) -> f64 {
    let mut at = start;
    let mut sum = 0.0;
    for visit in visits {
        let Some(stop) = stops.get(visit.stop) else { continue };
        let leg = Leg::new(visit.stop, stop, visit.reversed);
        sum += at.map_or(0.0, |p| p.distance_mm(leg.entry));
        at = Some(leg.exit);
    }
    sum
}

#[derive(Clone, Copy)]
struct Leg {
    entry: Point,
    exit: Point,
    reversible: bool,
    visit: Visit,
}

impl Leg {
    fn new(index: usize, stop: &Stop, reversed: bool) -> Self {
        let (entry, exit) = if reversed { (stop.exit, stop.entry) } else { (stop.entry, stop.exit) };
        Self { entry, exit, reversible: stop.reversible, visit: Visit { stop: index, reversed } }
    }

    fn flipped(self) -> Self {
        if !self.reversible {
            return self;
        }
        let visit = Visit { stop: self.visit.stop, reversed: !self.visit.reversed };
        Self { entry: self.exit, exit: self.entry, reversible: true, visit }
    }
}

fn gap(a: Point, b: Point) -> f64 {
    (a.distance_squared(b) as f64).sqrt()
}

fn gap_from(a: Option<Point>, b: Point) -> f64 {
    a.map_or(0.0, |a| gap(a, b))
}

/// Nearest neighbour alone: the order that [`order`] begins with.
fn nearest_neighbour(start: Option<Point>, stops: &[Stop]) -> Vec<Leg> {
    let mut legs = Vec::with_capacity(stops.len());
    let mut near = Near::new(stops);
    // Where the start is free, an extreme stop is one that a good order begins or ends with.
    let first = start.or_else(|| stops.iter().map(|s| s.entry).min());
    let Some(mut at) = first else { return legs };
    while let Some((stop, reversed)) = near.take_nearest(at, stops) {
        let leg = Leg::new(stop, &stops[stop], reversed);
        at = leg.exit;
        legs.push(leg);
    }
    legs
}

/// The ends of all stops not yet taken, in cells.
struct Near {
    taken: Vec<bool>,
    left: usize,
    min: Point,
    cell: i64,
    columns: i64,
    rows: i64,
    starts: Vec<u32>,
    /// How many ends of each cell are still of use.
    alive: Vec<u32>,
    ends: Vec<(Point, u32, bool)>,
    /// The stops left, once they are few.
    few: Option<Vec<usize>>,
}

impl Near {
    fn new(stops: &[Stop]) -> Self {
        let mut near = Self {
            taken: vec![false; stops.len()],
            left: stops.len(),
            min: Point::default(),
            cell: 1,
            columns: 1,
            rows: 1,
            starts: Vec::new(),
            alive: Vec::new(),
            ends: Vec::new(),
            few: None,
        };
        if stops.len() <= BRUTE {
            near.few = Some((0..stops.len()).collect());
            return near;
        }
        let mut ends: Vec<(Point, u32, bool)> = Vec::with_capacity(stops.len() * 2);
        for (i, stop) in stops.iter().enumerate() {
            ends.push((stop.entry, i as u32, false));
            if stop.reversible && stop.exit != stop.entry {
                ends.push((stop.exit, i as u32, true));
            }
        }
        let Some(bounds) = Bounds::around(ends.iter().map(|e| e.0)) else { return near };
        near.min = bounds.min;
        let width = i64::from(bounds.max.x) - i64::from(bounds.min.x) + 1;
        let height = i64::from(bounds.max.y) - i64::from(bounds.min.y) + 1;
        let wanted = ((width as f64 * height as f64) * 2.0 / ends.len() as f64).sqrt() as i64;
        near.cell = wanted.max(width / 1024).max(height / 1024).max(1);
        (near.columns, near.rows) = (width / near.cell + 1, height / near.cell + 1);
        let cells = (near.columns * near.rows) as usize;
        let mut counts = vec![0u32; cells + 1];
        for end in &ends {
            counts[near.cell_of(end.0) + 1] += 1;
        }
        near.alive = counts[1..].to_vec();
        for c in 1..counts.len() {
            counts[c] += counts[c - 1];
        }
        near.starts = counts.clone();
        near.ends = ends.clone();
        for end in ends {
            let cell = near.cell_of(end.0);
            near.ends[counts[cell] as usize] = end;
            counts[cell] += 1;
        }
        near
    }

    fn place(&self, p: Point) -> (i64, i64) {
        (
            ((i64::from(p.x) - i64::from(self.min.x)).div_euclid(self.cell)).clamp(0, self.columns - 1),
            ((i64::from(p.y) - i64::from(self.min.y)).div_euclid(self.cell)).clamp(0, self.rows - 1),
        )
    }

    fn cell_of(&self, p: Point) -> usize {
        let (column, row) = self.place(p);
        (row * self.columns + column) as usize
    }

    /// Takes the stop with the end nearest to `at`; the smaller index wins a tie.
    fn take_nearest(&mut self, at: Point, stops: &[Stop]) -> Option<(usize, bool)> {
        if self.few.is_none() && self.left <= BRUTE {
            self.few = Some((0..stops.len()).filter(|&i| !self.taken[i]).collect());
        }
        let (stop, reversed) = match &mut self.few {
            Some(few) => {
                let ends = few.iter().enumerate().flat_map(|(place, &i)| {
                    let stop = &stops[i];
                    let back = stop.reversible.then(|| (at.distance_squared(stop.exit), i, true, place));
                    std::iter::once((at.distance_squared(stop.entry), i, false, place)).chain(back)
                });
                let (_, stop, reversed, place) = ends.min()?;
                few.remove(place);
                (stop, reversed)
            }
            None => self.nearest_in_cells(at)?,
        };
        self.taken[stop] = true;
        self.left -= 1;
        Some((stop, reversed))
    }

    fn nearest_in_cells(&mut self, at: Point) -> Option<(usize, bool)> {
        let (column, row) = self.place(at);
        let mut best: Option<(i64, u32, bool)> = None;
        for around in 0..self.columns.max(self.rows) {
            // Nothing in this ring of cells is nearer than this.
            let least = (around - 1).max(0) * self.cell;
            if best.is_some_and(|(d, ..)| d < least * least) {
                break;
            }
            for r in (row - around).max(0)..=(row + around).min(self.rows - 1) {
                let whole_row = r == row - around || r == row + around;
                let step = if whole_row || around == 0 { 1 } else { 2 * around };
                let mut c = column - around;
                while c <= column + around {
                    if (0..self.columns).contains(&c) {
                        self.look(at, (r * self.columns + c) as usize, &mut best);
                    }
                    c += step;
                }
            }
        }
        best.map(|(_, stop, reversed)| (stop as usize, reversed))
    }

    fn look(&mut self, at: Point, cell: usize, best: &mut Option<(i64, u32, bool)>) {
        let from = self.starts[cell] as usize;
        let mut i = from;
        while i < from + self.alive[cell] as usize {
            let (point, stop, reversed) = self.ends[i];
            if self.taken[stop as usize] {
                // Of no use any more: the last one takes its place.
                self.alive[cell] -= 1;
                self.ends.swap(i, from + self.alive[cell] as usize);
                continue;
            }
            let candidate = (at.distance_squared(point), stop, reversed);
            if best.is_none_or(|b| candidate < b) {
                *best = Some(candidate);
            }
            i += 1;
        }
    }
}

/// Takes moves that shorten the order until there is none, or [`PASSES`] are over.
fn improve(start: Option<Point>, legs: &mut [Leg]) {
    if legs.len() < 2 {
        return;
    }
    for _ in 0..PASSES {
        let turned = turn_runs(start, legs);
        let moved = move_runs(start, legs);
        if !turned && !moved {
            break;
        }
    }
}

/// 2-opt: turns a run of visits around where that is shorter.
fn turn_runs(start: Option<Point>, legs: &mut [Leg]) -> bool {
    let n = legs.len();
    let mut any = false;
    for i in 0..n {
        let before = if i == 0 { start } else { Some(legs[i - 1].exit) };
        let (mut forth, mut back) = (0.0, 0.0);
        for j in i..n.min(i + WINDOW) {
            if j > i {
                forth += gap(legs[j - 1].exit, legs[j].entry);
                back += gap(legs[j].flipped().exit, legs[j - 1].flipped().entry);
            }
            let after = legs.get(j + 1).map(|leg| leg.entry);
            let now = gap_from(before, legs[i].entry) + forth + gap_from(after, legs[j].exit);
            let then = gap_from(before, legs[j].flipped().entry) + back + gap_from(after, legs[i].flipped().exit);
            if then + LEAST_GAIN < now {
                legs[i..=j].reverse();
                legs[i..=j].iter_mut().for_each(|leg| *leg = leg.flipped());
                any = true;
                break;
            }
        }
    }
    any
}

/// Or-opt: moves a short run of visits to another place where that is shorter.
fn move_runs(start: Option<Point>, legs: &mut [Leg]) -> bool {
    let n = legs.len();
    let mut any = false;
    for i in 0..n {
        for length in 1..=3.min(n - i) {
            let j = i + length - 1;
            let before = if i == 0 { start } else { Some(legs[i - 1].exit) };
            let after = legs.get(j + 1).map(|leg| leg.entry);
            let closed = match (before, after) {
                (Some(b), Some(a)) => gap(b, a),
                _ => 0.0,
            };
            let saved = gap_from(before, legs[i].entry) + gap_from(after, legs[j].exit) - closed;
            if saved <= LEAST_GAIN {
                continue;
            }
            let (entry, exit) = (legs[i].entry, legs[j].exit);
            // Places before the run, then behind it.
            let earlier = (i.saturating_sub(WINDOW)..i).rev();
            let later = (j + 1)..n.min(j + 1 + WINDOW);
            let mut found = None;
            for k in earlier {
                let left = if k == 0 { start } else { Some(legs[k - 1].exit) };
                let added = gap_from(left, entry) + gap(exit, legs[k].entry) - gap_from(left, legs[k].entry);
                if added + LEAST_GAIN < saved {
                    found = Some(k);
                    break;
                }
            }
            if let Some(k) = found {
                legs[k..=j].rotate_right(length);
                any = true;
                break;
            }
            for k in later {
                let right = legs.get(k + 1).map(|leg| leg.entry);
                let added = gap(legs[k].exit, entry) + gap_from(right, exit) - gap_from(right, legs[k].exit);
                if added + LEAST_GAIN < saved {
                    found = Some(k);
                    break;
                }
            }
            if let Some(k) = found {
                legs[i..=k].rotate_left(length);
                any = true;
                break;
            }
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points without pattern, the same on every run (splitmix64).
    fn scattered(n: usize, seed: u64) -> Vec<Stop> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((z ^ (z >> 27)) >> 40) as i32 % 10_000_000
        };
        (0..n)
            .map(|i| {
                let entry = Point::new(next(), next());
                let exit = if i % 3 == 0 { entry } else { Point::new(next(), next()) };
                Stop { entry, exit, reversible: i % 2 == 0 }
            })
            .collect()
    }

    #[test]
    fn every_stop_is_visited_once_and_never_longer_than_nearest_neighbour() {
        for (n, seed) in [(0, 1), (1, 2), (2, 3), (5, 4), (33, 5), (200, 6), (1500, 7)] {
            for start in [None, Some(Point::new(5_000_000, 0))] {
                let stops = scattered(n, seed);
                let first = nearest(start, &stops);
                let best = order(start, &stops);
                let mut seen: Vec<usize> = best.iter().map(|v| v.stop).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..n).collect::<Vec<_>>());
                assert!(best.iter().all(|v| !v.reversed || stops[v.stop].reversible));
                let (nn, improved) = (travel_mm(start, &stops, &first), travel_mm(start, &stops, &best));
                assert!(improved <= nn + 1e-9, "{n} stops: {improved} > {nn}");
            }
        }
    }

    #[test]
    fn the_cells_find_what_looking_at_all_finds() {
        let stops = scattered(300, 11);
        let mut at = Point::new(0, 0);
        let mut taken = vec![false; stops.len()];
        for leg in nearest_neighbour(Some(at), &stops) {
            let best = (0..stops.len())
                .filter(|&i| !taken[i])
                .flat_map(|i| {
                    let back = if stops[i].reversible { stops[i].exit } else { stops[i].entry };
                    [at.distance_squared(stops[i].entry), at.distance_squared(back)]
                })
                .min();
            assert_eq!(best, Some(at.distance_squared(leg.entry)));
            taken[leg.visit.stop] = true;
            at = leg.exit;
        }
    }

    #[test]
    fn nearest_neighbour_is_improved_on() {
        // Nearest neighbour goes to 1, 3 and all the way back to -1.5: 7.5 mm. The best is 6 mm.
        let stops: Vec<Stop> = [1.0, -1.5, 3.0]
            .map(|x| Point::from_mm(x, 0.0))
            .map(|p| Stop { entry: p, exit: p, reversible: true })
            .to_vec();
        let start = Some(Point::default());
        let best = order(start, &stops);
        assert!((travel_mm(start, &stops, &best) - 6.0).abs() < 1e-9);
    }
}
