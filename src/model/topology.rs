//! Which triangles meet at which edges: pairs of half-edges, connected pieces, and what is wrong with them.
//!
//! Half-edge `3 t + k` runs from corner `k` of triangle `t` to the next corner. Nothing is changed here.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

/// No half-edge on the other side.
pub(super) const NONE: u32 = u32::MAX;

const BLOCK: usize = 32_768;

/// How triangles meet.
pub(super) struct Topology {
    /// The half-edge on the other side of each; [`NONE`] at open edges and where more than two triangles meet.
    pub mates: Vec<u32>,
    pub counts: EdgeCounts,
}

/// What is wrong at edges; all zero for a clean solid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EdgeCounts {
    /// Edges where the surface ends: not passed equally often in both directions.
    pub open: usize,
    /// Edges of more than two triangles.
    pub non_manifold: usize,
    /// Edges whose two triangles face opposite sides.
    pub inconsistent: usize,
}

impl EdgeCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            open: self.open + other.open,
            non_manifold: self.non_manifold + other.non_manifold,
            inconsistent: self.inconsistent + other.inconsistent,
        }
    }
}

/// Pairs the half-edges of triangles whose vertices are all below `vertex_count` (itself below 2³¹).
pub(super) fn pair_edges(
    triangles: &[[u32; 3]],
    vertex_count: usize,
    progress: &Progress,
) -> Result<Topology, Canceled> {
    // Half-edges by their lower vertex: counted, then put in place. In which order depends on threads until each star
    // is sorted. Vertices are numbered as the file shows them, so all of this happens near to where it was before.
    let ends: Vec<AtomicU32> = (0..vertex_count).into_par_iter().map(|_| AtomicU32::new(0)).collect();
    triangles.par_chunks(BLOCK).for_each(|chunk| {
        for [a, b, c] in chunk {
            for low in [a.min(b), b.min(c), c.min(a)] {
                ends[*low as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    progress.check()?;
    let mut sum = 0;
    for end in &ends {
        let count = end.load(Ordering::Relaxed);
        end.store(sum, Ordering::Relaxed);
        sum += count;
    }
    let slots: Vec<AtomicU32> = (0..3 * triangles.len()).into_par_iter().map(|_| AtomicU32::new(0)).collect();
    triangles.par_chunks(BLOCK).enumerate().for_each(|(block, chunk)| {
        for (t, [a, b, c]) in (block * BLOCK..).zip(chunk) {
            for (k, low) in [a.min(b), b.min(c), c.min(a)].into_iter().enumerate() {
                let slot = ends[*low as usize].fetch_add(1, Ordering::Relaxed);
                slots[slot as usize].store((3 * t + k) as u32, Ordering::Relaxed);
            }
        }
    });
    progress.check()?;
    // Each end was where the vertex's own begin, and has moved on to where those of the next one begin.
    let half_edges: Vec<u32> = slots.into_iter().map(AtomicU32::into_inner).collect();
    let ends: Vec<u32> = ends.into_iter().map(AtomicU32::into_inner).collect();
    let mates: Vec<AtomicU32> = (0..3 * triangles.len()).into_par_iter().map(|_| AtomicU32::new(NONE)).collect();
    let counts = ends
        .par_chunks(BLOCK)
        .enumerate()
        .map_init(Vec::new, |star, (block, chunk)| {
            progress.check()?;
            let mut counts = EdgeCounts::default();
            let mut begin = if block == 0 { 0 } else { ends[block * BLOCK - 1] };
            for end in chunk {
                star.clear();
                star.extend(half_edges[begin as usize..*end as usize].iter().map(|h| StarEdge::of(triangles, *h)));
                begin = *end;
                pair_in_star(star, &mates, &mut counts);
            }
            Ok(counts)
        })
        .try_reduce(EdgeCounts::default, |a, b| Ok(a.plus(b)))?;
    Ok(Topology { mates: mates.into_iter().map(AtomicU32::into_inner).collect(), counts })
}

/// A half-edge of a vertex's star, in one number that sorts by the higher vertex, then by the half-edge: 31 bits of the
/// vertex, 32 of the half-edge, and whether it runs down from the higher vertex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct StarEdge(u64);

impl StarEdge {
    fn of(triangles: &[[u32; 3]], half_edge: u32) -> Self {
        let (t, k) = (triangles[half_edge as usize / 3], half_edge as usize % 3);
        let (from, to) = (t[k], t[(k + 1) % 3]);
        Self(u64::from(from.max(to)) << 33 | u64::from(half_edge) << 1 | u64::from(from > to))
    }

    fn high(self) -> u64 {
        self.0 >> 33
    }

    fn half_edge(self) -> u32 {
        (self.0 >> 1) as u32
    }

    fn runs_down(self) -> bool {
        self.0 & 1 == 1
    }
}

fn pair_in_star(star: &mut [StarEdge], mates: &[AtomicU32], counts: &mut EdgeCounts) {
    star.sort_unstable();
    for edge in star.chunk_by(|a, b| a.high() == b.high()) {
        let downwards = edge.iter().filter(|e| e.runs_down()).count();
        match edge {
            [_] => counts.open += 1,
            [a, b] => {
                mates[a.half_edge() as usize].store(b.half_edge(), Ordering::Relaxed);
                mates[b.half_edge() as usize].store(a.half_edge(), Ordering::Relaxed);
                counts.inconsistent += usize::from(downwards != 1);
            }
            more => {
                counts.non_manifold += 1;
                counts.open += usize::from(2 * downwards != more.len());
            }
        }
    }
}

/// The connected piece of each triangle, numbered from 0 by first sight, and how many there are.
pub(super) fn pieces(mates: &[u32]) -> (Vec<u32>, usize) {
    let count = mates.len() / 3;
    let parents: Vec<AtomicU32> = (0..count as u32).into_par_iter().map(AtomicU32::new).collect();
    mates.par_iter().enumerate().for_each(|(half_edge, mate)| {
        if *mate != NONE && (half_edge as u32) < *mate {
            join(&parents, half_edge as u32 / 3, mate / 3);
        }
    });
    let is_root = |(t, parent): (usize, &AtomicU32)| parent.load(Ordering::Relaxed) == t as u32;
    if parents.par_iter().enumerate().filter(|p| is_root(*p)).count() <= 1 {
        return (vec![0; count], count.min(1));
    }
    let roots: Vec<u32> = (0..count as u32).into_par_iter().map(|t| root(&parents, t)).collect();
    let mut numbers = vec![NONE; count];
    let mut next = 0;
    let mut pieces = roots;
    for piece in &mut pieces {
        let number = &mut numbers[*piece as usize];
        if *number == NONE {
            *number = next;
            next += 1;
        }
        *piece = *number;
    }
    (pieces, next as usize)
}

/// The smallest triangle number of a set is its root, so the result does not depend on the order of joining.
fn join(parents: &[AtomicU32], a: u32, b: u32) {
    let (mut a, mut b) = (a, b);
    loop {
        (a, b) = (root(parents, a), root(parents, b));
        if a == b {
            return;
        }
        let (low, high) = (a.min(b), a.max(b));
        if parents[high as usize].compare_exchange(high, low, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return;
        }
    }
}

fn root(parents: &[AtomicU32], mut t: u32) -> u32 {
    loop {
        let parent = parents[t as usize].load(Ordering::Relaxed);
        if parent == t {
            return t;
        }
        // Path halving: a parent only ever moves closer to the root, so a lost race costs nothing.
        let grandparent = parents[parent as usize].load(Ordering::Relaxed);
        parents[t as usize].store(grandparent, Ordering::Relaxed);
        t = grandparent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::cuboid;

    fn counts(triangles: &[[u32; 3]]) -> (usize, usize, usize) {
        let c = pair_edges(triangles, 100, &Progress::new()).unwrap().counts;
        (c.open, c.non_manifold, c.inconsistent)
    }

    #[test]
    fn edges_are_counted_by_what_is_wrong_with_them() {
        let mut triangles = cuboid([0.0; 3], [1.0; 3]).triangles;
        assert_eq!(counts(&triangles), (0, 0, 0));
        triangles[3].swap(0, 1);
        assert_eq!(counts(&triangles), (0, 0, 3), "one facet turned around");
        triangles.remove(3);
        assert_eq!(counts(&triangles), (3, 0, 0), "one facet missing");
        triangles.push(triangles[0]);
        assert_eq!(counts(&triangles), (6, 3, 0), "one facet missing, another there twice");
    }

    #[test]
    fn pieces_are_what_hangs_together_by_edges() {
        let one = cuboid([0.0; 3], [1.0; 3]).triangles;
        let two: Vec<[u32; 3]> = one.iter().map(|t| t.map(|i| i + 8)).collect();
        let both: Vec<[u32; 3]> = two.iter().zip(&one).flat_map(|(a, b)| [*a, *b]).collect();
        let (pieces, count) = pieces(&pair_edges(&both, 16, &Progress::new()).unwrap().mates);
        assert_eq!(count, 2);
        assert!(pieces.iter().enumerate().all(|(t, piece)| *piece as usize == t % 2));
    }
}
