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

#[derive(Clone, Copy, Default)]
struct Edge {
    low: u32,
    /// The higher vertex, doubled, plus 1 where the half-edge runs downwards.
    high_and_direction: u32,
    half_edge: u32,
}

/// Pairs the half-edges of triangles whose vertices are all below `vertex_count` (itself below 2³¹).
pub(super) fn pair_edges(
    triangles: &[[u32; 3]],
    vertex_count: usize,
    progress: &Progress,
) -> Result<Topology, Canceled> {
    let shards = (triangles.len() / 8192).next_power_of_two().clamp(1, 256);
    let width = vertex_count.div_ceil(shards).max(1);
    let blocks: Vec<(Vec<Edge>, Vec<u32>)> = triangles
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(b, chunk)| sort_by_shard(chunk, b * BLOCK, shards, width))
        .collect();
    progress.check()?;
    let mut mates = Vec::new();
    mates.resize_with(3 * triangles.len(), || AtomicU32::new(NONE));
    let counts = (0..shards)
        .into_par_iter()
        .map(|shard| {
            progress.check()?;
            Ok(pair_in_shard(&blocks, shard, width, &mates))
        })
        .try_reduce(EdgeCounts::default, |a, b| Ok(a.plus(b)))?;
    Ok(Topology { mates: mates.into_iter().map(AtomicU32::into_inner).collect(), counts })
}

fn sort_by_shard(chunk: &[[u32; 3]], first: usize, shards: usize, width: usize) -> (Vec<Edge>, Vec<u32>) {
    let edge = |t: usize, k: usize| {
        let (from, to) = (chunk[t][k], chunk[t][(k + 1) % 3]);
        let half_edge = (3 * (first + t) + k) as u32;
        Edge { low: from.min(to), high_and_direction: from.max(to) << 1 | u32::from(from > to), half_edge }
    };
    let mut starts = vec![0_u32; shards + 1];
    for [a, b, c] in chunk {
        for low in [a.min(b), b.min(c), c.min(a)] {
            starts[*low as usize / width + 1] += 1;
        }
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut edges = vec![Edge::default(); 3 * chunk.len()];
    for t in 0..chunk.len() {
        for k in 0..3 {
            let e = edge(t, k);
            let slot = &mut next[e.low as usize / width];
            edges[*slot as usize] = e;
            *slot += 1;
        }
    }
    (edges, starts)
}

fn pair_in_shard(blocks: &[(Vec<Edge>, Vec<u32>)], shard: usize, width: usize, mates: &[AtomicU32]) -> EdgeCounts {
    let edges = || blocks.iter().flat_map(|(edges, starts)| &edges[starts[shard] as usize..starts[shard + 1] as usize]);
    // Counting sort by the lower vertex, then a short sort within each.
    let low = shard * width;
    let mut starts = vec![0_u32; width + 1];
    for e in edges() {
        starts[e.low as usize - low + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut sorted = vec![Edge::default(); starts[width] as usize];
    for e in edges() {
        let slot = &mut next[e.low as usize - low];
        sorted[*slot as usize] = *e;
        *slot += 1;
    }
    let mut counts = EdgeCounts::default();
    for bounds in starts.windows(2) {
        let star = &mut sorted[bounds[0] as usize..bounds[1] as usize];
        star.sort_unstable_by_key(|e| (e.high_and_direction >> 1, e.half_edge));
        for edge in star.chunk_by(|a, b| a.high_and_direction >> 1 == b.high_and_direction >> 1) {
            let downwards = edge.iter().filter(|e| e.high_and_direction & 1 == 1).count();
            match edge {
                [_] => counts.open += 1,
                [a, b] => {
                    mates[a.half_edge as usize].store(b.half_edge, Ordering::Relaxed);
                    mates[b.half_edge as usize].store(a.half_edge, Ordering::Relaxed);
                    counts.inconsistent += usize::from(downwards != 1);
                }
                more => {
                    counts.non_manifold += 1;
                    counts.open += usize::from(2 * downwards != more.len());
                }
            }
        }
    }
    counts
}

/// The connected piece of each triangle, numbered from 0 by first sight, and how many there are.
pub(super) fn pieces(mates: &[u32]) -> (Vec<u32>, usize) {
    let count = mates.len() / 3;
    let mut parents = Vec::new();
    parents.resize_with(count, AtomicU32::default);
    parents.par_iter().enumerate().for_each(|(t, parent)| parent.store(t as u32, Ordering::Relaxed));
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
