//! Corners with the same coordinates become one vertex: sharded hashing, in parallel, with one result on any number of
//! threads.
//!
//! Vertices are numbered by the first corner that shows them, so neighbours in the file stay neighbours in memory. How
//! corners are read (from a file, from a list) is the caller's; nothing is known here of triangles.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

/// Corners that are read and sorted as one piece. A multiple of 3, so that a triangle is never split.
pub(super) const BLOCK: usize = 3 * 32_768;

/// Corners a shard should hold: its table then stays in a core's cache.
const SHARD: usize = 32_768;

/// Different positions and which corner shows which.
#[derive(Debug, PartialEq)]
pub(super) struct Welded {
    pub vertices: Vec<[f32; 3]>,
    /// Vertex of each corner.
    pub corners: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    position: [f32; 3],
    corner: u32,
}

/// One block's corners, sorted by shard, in their order within a shard.
struct Block {
    entries: Vec<Entry>,
    starts: Vec<u32>,
}

/// Welds `count` corners (fewer than 2³²). `read` appends the positions of a range of corners; what it fails with is
/// handed on, the first failing block's error first. Minus zero and zero are one coordinate.
pub(super) fn weld<E>(
    count: usize,
    read: impl Fn(Range<usize>, &mut Vec<[f32; 3]>) -> Result<(), E> + Sync,
    progress: &Progress,
) -> Result<Welded, E>
where
    E: From<Canceled> + Send,
{
    let shards = (count / SHARD).next_power_of_two().clamp(1, 256);
    let shard_bits = shards.trailing_zeros();
    let blocks: Vec<Result<Block, E>> = (0..count.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| {
            progress.check()?;
            let range = b * BLOCK..((b + 1) * BLOCK).min(count);
            let mut positions = Vec::with_capacity(range.len());
            read(range.clone(), &mut positions)?;
            progress.advance(range.len());
            Ok(sort_by_shard(&mut positions, range.start, shard_bits))
        })
        .collect();
    let blocks = blocks.into_iter().collect::<Result<Vec<Block>, E>>()?;

    let mut first_seen = Vec::new();
    first_seen.resize_with(count, AtomicU32::default);
    let unique: Vec<Vec<Entry>> =
        (0..shards).into_par_iter().map(|shard| unique_in_shard(&blocks, shard, &first_seen)).collect();
    drop(blocks);
    progress.check()?;

    let mut corners: Vec<u32> = first_seen.into_iter().map(AtomicU32::into_inner).collect();
    let mut numbers = vec![0_u32; count];
    let firsts: Vec<u32> = corners
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(b, chunk)| {
            chunk.iter().enumerate().filter(|(i, first)| (b * BLOCK + i) as u32 == **first).count() as u32
        })
        .collect();
    let mut total = 0;
    let mut starts = Vec::with_capacity(firsts.len());
    for firsts in firsts {
        starts.push(total);
        total += firsts;
    }
    numbers.par_chunks_mut(BLOCK).zip(corners.par_chunks(BLOCK)).enumerate().for_each(|(b, (numbers, chunk))| {
        let mut next = starts[b];
        for (i, first) in chunk.iter().enumerate() {
            if (b * BLOCK + i) as u32 == *first {
                numbers[i] = next;
                next += 1;
            }
        }
    });
    progress.check()?;
    corners.par_iter_mut().for_each(|corner| *corner = numbers[*corner as usize]);

    let mut places = Vec::new();
    places.resize_with(total as usize, || [const { AtomicU32::new(0) }; 3]);
    unique.par_iter().flatten().for_each(|entry| {
        let place = &places[numbers[entry.corner as usize] as usize];
        for (slot, x) in place.iter().zip(entry.position) {
            slot.store(x.to_bits(), Ordering::Relaxed);
        }
    });
    let vertices = places.into_iter().map(|p| p.map(|x| f32::from_bits(x.into_inner()))).collect();
    Ok(Welded { vertices, corners })
}

fn sort_by_shard(positions: &mut [[f32; 3]], first_corner: usize, shard_bits: u32) -> Block {
    let mut starts = vec![0_u32; (1 << shard_bits) + 1];
    let mut shards = Vec::with_capacity(positions.len());
    for p in positions.iter_mut() {
        // Adding zero turns minus zero into zero and leaves everything else.
        *p = p.map(|x| x + 0.0);
        let shard = (hash(p) >> 32 >> (32 - shard_bits)) as u8;
        starts[shard as usize + 1] += 1;
        shards.push(shard);
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut entries = vec![Entry { position: [0.0; 3], corner: 0 }; positions.len()];
    for (i, (p, shard)) in positions.iter().zip(shards).enumerate() {
        let slot = &mut next[shard as usize];
        entries[*slot as usize] = Entry { position: *p, corner: (first_corner + i) as u32 };
        *slot += 1;
    }
    Block { entries, starts }
}

/// The different positions of one shard with the first corner that shows each; `first_seen` learns it for all corners.
fn unique_in_shard(blocks: &[Block], shard: usize, first_seen: &[AtomicU32]) -> Vec<Entry> {
    const FREE: u32 = u32::MAX;
    let of_block = |b: &Block| b.starts[shard] as usize..b.starts[shard + 1] as usize;
    let count: usize = blocks.iter().map(|b| of_block(b).len()).sum();
    let slots = (count + count / 3 + 1).next_power_of_two();
    let mut table = vec![FREE; slots];
    let mut unique: Vec<Entry> = Vec::new();
    for entry in blocks.iter().flat_map(|b| &b.entries[of_block(b)]) {
        let mut slot = hash(&entry.position) as usize & (slots - 1);
        let first = loop {
            match table[slot] {
                FREE => {
                    table[slot] = unique.len() as u32;
                    unique.push(*entry);
                    break entry.corner;
                }
                known => {
                    let known = &unique[known as usize];
                    if known.position == entry.position {
                        break known.corner;
                    }
                    slot = (slot + 1) & (slots - 1);
                }
            }
        };
        first_seen[entry.corner as usize].store(first, Ordering::Relaxed);
    }
    unique
}

/// Multiply and fold: every bit of the coordinates reaches every bit of the result.
fn hash(p: &[f32; 3]) -> u64 {
    let xy = u64::from(p[0].to_bits()) | u64::from(p[1].to_bits()) << 32;
    let mut h = xy.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h ^= h >> 32;
    h = (h ^ u64::from(p[2].to_bits())).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h ^= h >> 32;
    h.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weld_list(positions: &[[f32; 3]]) -> Welded {
        let read = |range: Range<usize>, out: &mut Vec<[f32; 3]>| -> Result<(), Canceled> {
            out.extend_from_slice(&positions[range]);
            Ok(())
        };
        weld(positions.len(), read, &Progress::new()).unwrap()
    }

    #[test]
    fn equal_corners_share_a_vertex_numbered_by_first_sight() {
        let welded = weld_list(&[[1.0, 2.0, 3.0], [0.0; 3], [1.0, 2.0, 3.0], [-0.0, 0.0, -0.0], [4.0, 0.0, 0.0]]);
        assert_eq!(welded.corners, [0, 1, 0, 1, 2]);
        assert_eq!(welded.vertices, [[1.0, 2.0, 3.0], [0.0; 3], [4.0, 0.0, 0.0]]);
    }

    #[test]
    fn many_corners_over_many_blocks_are_the_same_on_any_number_of_threads() {
        // 300,000 corners over 50,000 places: several blocks and shards.
        let place = |i: u32| [(i % 50_000) as f32 * 0.125, (i % 7) as f32, 0.5];
        let positions: Vec<[f32; 3]> =
            (0..300_000_u32).map(|i| place(i.wrapping_mul(2_654_435_761) % 350_000)).collect();
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| weld_list(&positions))
        };
        let one = on_threads(1);
        assert_eq!(one, on_threads(8));
        for (corner, position) in one.corners.iter().zip(&positions) {
            assert_eq!(one.vertices[*corner as usize], *position);
        }
        let mut sorted: Vec<[u32; 3]> = one.vertices.iter().map(|v| v.map(f32::to_bits)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), one.vertices.len(), "no place has two vertices");
    }
}
