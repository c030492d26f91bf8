//! Straight lines in monotonic order: of two lines beside each other the lower-numbered is always printed first.
//!
//! So every line leans on a printed neighbour on the same side, and the finished surface reflects evenly. The lines are
//! cut into cells within which each line has exactly one neighbour before and one after it (a boustrophedon
//! decomposition, Choset 2000); a cell is printed as one zigzag, and a cell begins only after all cells below it.

use super::family::Piece;
use super::link::{Border, Link, Run};
use crate::geometry::Point;

/// Runs over the pieces of one family in monotonic order; neighbouring ends are joined along the border where the way is
/// not longer than `longest_mm`.
pub fn runs(border: &Border, pieces: &[Piece], longest_mm: f64) -> Vec<Run> {
    let mut runs = Vec::new();
    let cells = Cells::new(pieces);
    for (cell, entry) in cells.in_order(pieces) {
        let mut run = Run::default();
        let mut side = entry;
        for &piece in &cells.members[cell] {
            let node = 2 * piece + side;
            let is_near = |link: &Link| link.to == node && link.length_mm <= longest_mm;
            if let Some(&last) = run.entries.last() {
                match border.neighbours(last ^ 1).into_iter().flatten().find(is_near) {
                    Some(link) => run.links.push(link),
                    None => runs.push(std::mem::take(&mut run)),
                }
            }
            run.entries.push(node);
            side ^= 1;
        }
        if !run.entries.is_empty() {
            runs.push(run);
        }
    }
    runs
}

struct Cells {
    /// Pieces of each cell, line after line.
    members: Vec<Vec<usize>>,
    /// Cells that may begin only after each cell.
    after: Vec<Vec<usize>>,
    /// How many cells each waits for.
    waits_for: Vec<usize>,
}

impl Cells {
    fn new(pieces: &[Piece]) -> Self {
        let mut before = vec![Vec::new(); pieces.len()];
        let mut after_count = vec![0_usize; pieces.len()];
        let lines: Vec<_> = pieces.chunk_by(|a, b| a.line == b.line).collect();
        let mut start = 0;
        for pair in lines.windows(2) {
            let [lower, upper] = [pair[0], pair[1]];
            let (first_lower, first_upper) = (start, start + lower.len());
            start = first_upper;
            if upper[0].line != lower[0].line + 1 {
                continue;
            }
            let mut from = 0;
            for (j, b) in upper.iter().enumerate() {
                while from < lower.len() && lower[from].ends[1].u < b.ends[0].u {
                    from += 1;
                }
                for (i, a) in lower.iter().enumerate().skip(from) {
                    if a.ends[0].u > b.ends[1].u {
                        break;
                    }
                    before[first_upper + j].push(first_lower + i);
                    after_count[first_lower + i] += 1;
                }
            }
        }
        let mut cell_of = vec![0; pieces.len()];
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (piece, lower) in before.iter().enumerate() {
            match lower.as_slice() {
                &[only] if after_count[only] == 1 => {
                    cell_of[piece] = cell_of[only];
                    members[cell_of[only]].push(piece);
                }
                _ => {
                    cell_of[piece] = members.len();
                    members.push(vec![piece]);
                }
            }
        }
        let mut after = vec![Vec::new(); members.len()];
        let mut waits_for = vec![0; members.len()];
        for (piece, lower) in before.iter().enumerate() {
            for &other in lower {
                if cell_of[other] != cell_of[piece] {
                    after[cell_of[other]].push(cell_of[piece]);
                    waits_for[cell_of[piece]] += 1;
                }
            }
        }
        Self { members, after, waits_for }
    }

    /// The cells in an order of printing, each with the end (0 or 1) of its first piece at which to begin: of those that
    /// may begin, always the nearest.
    fn in_order(&self, pieces: &[Piece]) -> Vec<(usize, usize)> {
        let mut waits_for = self.waits_for.clone();
        let mut ready: Vec<usize> = (0..self.members.len()).filter(|&c| waits_for[c] == 0).collect();
        let mut order = Vec::with_capacity(self.members.len());
        let mut at: Option<Point> = None;
        loop {
            let nearest = ready
                .iter()
                .enumerate()
                .flat_map(|(i, &cell)| {
                    let first = &pieces[self.members[cell][0]];
                    [0, 1].map(|end| (at.map_or(0, |p| p.distance_squared(first.ends[end].point)), cell, end, i))
                })
                .min();
            let Some((_, cell, entry, place)) = nearest else { return order };
            ready.swap_remove(place);
            order.push((cell, entry));
            let members = &self.members[cell];
            let exit = if members.len() % 2 == 1 { entry ^ 1 } else { entry };
            at = members.last().map(|&last| pieces[last].ends[exit].point);
            for &next in &self.after[cell] {
                waits_for[next] -= 1;
                if waits_for[next] == 0 {
                    ready.push(next);
                }
            }
        }
    }
}
