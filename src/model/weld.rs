//! Corners with the same coordinates become one vertex: hashing, block by block and then over all blocks, in parallel,
//! with one result on any number of threads.
//!
//! Vertices are numbered by the first corner that shows them, so neighbours in the file stay neighbours in memory. How
//! corners are read (from a file, from a list) is the caller's; nothing is known here of triangles. Most corners of a
//! file meet their like near by, so a block that is welded by itself leaves little for the rest of the work, which then
//! needs little time and memory.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

/// Corners that are read and welded as one piece. A multiple of 3, so that a triangle is never split.
pub(super) const BLOCK: usize = 3 * 16_384;

/// Places a shard should hold: its table then stays in a core's cache.
const SHARD: usize = 32_768;

/// What one block shows: its different places, and for each of them as the how manieth the block shows it. Both are
/// sorted by shard, and within a shard by the latter.
struct Block {
    places: Vec<[f32; 3]>,
    sights: Vec<u32>,
    starts: Vec<u32>,
}

/// Welds corners (fewer than 2³²): each slot of `corners` learns its vertex. Gives the vertices' positions. `read` appends
/// the positions of a range of corners; what it fails with is handed on, the first failing block's error first. Minus
/// zero and zero are one coordinate.
pub(super) fn weld<E>(
    corners: &mut [u32],
    read: impl Fn(Range<usize>, &mut Vec<[f32; 3]>) -> Result<(), E> + Sync,
    progress: &Progress,
) -> Result<Vec<[f32; 3]>, E>
where
    E: From<Canceled> + Send,
{
    let shards = (corners.len() / SHARD).next_power_of_two().clamp(1, 256);
    let blocks: Vec<Result<Block, E>> = corners
        .par_chunks_mut(BLOCK)
        .enumerate()
        .map_init(Default::default, |(positions, table): &mut (Vec<[f32; 3]>, Table), (b, corners)| {
            progress.check()?;
            positions.clear();
            read(b * BLOCK..b * BLOCK + corners.len(), positions)?;
            progress.advance(corners.len());
            Ok(weld_block(positions, corners, table, shards))
        })
        .collect();
    let blocks = blocks.into_iter().collect::<Result<Vec<Block>, E>>()?;

    // All blocks' sights in one row: where each block begins, and for each sight the first one of the same place.
    let lengths: Vec<usize> = blocks.iter().map(|b| b.places.len()).collect();
    let row_starts = running_sums(&lengths);
    let firsts: Vec<AtomicU32> = (0..lengths.iter().sum()).into_par_iter().map(|_| AtomicU32::new(0)).collect();
    (0..shards)
        .into_par_iter()
        .for_each_init(Table::default, |table, shard| weld_shard(&blocks, &row_starts, shard, table, &firsts));
    progress.check()?;
    let mut firsts: Vec<u32> = firsts.into_iter().map(AtomicU32::into_inner).collect();

    // Places are numbered where they are first.
    let new_in = |start: usize, length: usize| (start..start + length).filter(|row| firsts[*row] as usize == *row);
    let rows = || row_starts.par_iter().copied().zip(lengths.par_iter().copied());
    let new: Vec<usize> = rows().map(|(start, length)| new_in(start, length).count()).collect();
    let number_starts = running_sums(&new);
    let mut numbers = vec![0_u32; firsts.len()];
    rows().zip(split(&mut numbers, &lengths)).zip(&number_starts).for_each(|(((start, length), numbers), next)| {
        for (row, number) in new_in(start, length).zip(*next as u32..) {
            numbers[row - start] = number;
        }
    });
    let mut vertices = vec![[0.0; 3]; new.iter().sum()];
    let of_blocks = blocks.into_par_iter().zip(&row_starts).zip(&number_starts).zip(split(&mut vertices, &new));
    of_blocks.for_each(|(((block, row_start), number_start), vertices)| {
        for (place, sight) in block.places.into_iter().zip(block.sights) {
            let row = row_start + sight as usize;
            if firsts[row] as usize == row {
                vertices[numbers[row] as usize - number_start] = place;
            }
        }
    });
    firsts.par_iter_mut().for_each(|first| *first = numbers[*first as usize]);
    corners.par_chunks_mut(BLOCK).zip(&row_starts).for_each(|(corners, row_start)| {
        for corner in corners {
            *corner = firsts[row_start + *corner as usize];
        }
    });
    Ok(vertices)
}

/// Where pieces of these lengths begin in a row.
fn running_sums(lengths: &[usize]) -> Vec<usize> {
    let mut sum = 0;
    lengths
        .iter()
        .map(|length| {
            sum += length;
            sum - length
        })
        .collect()
}

/// Consecutive pieces of these lengths.
fn split<'a, T>(mut rest: &'a mut [T], lengths: &[usize]) -> Vec<&'a mut [T]> {
    lengths.iter().filter_map(|length| rest.split_off_mut(..*length)).collect()
}

/// Finds places by their hash; keeps numbers only, the places are the caller's.
#[derive(Default)]
struct Table(Vec<u32>);

impl Table {
    const FREE: u32 = u32::MAX;

    /// Makes room for up to `count` places.
    fn clear(&mut self, count: usize) {
        self.0.clear();
        self.0.resize((count + count / 3 + 1).next_power_of_two(), Self::FREE);
    }

    /// The number that a place has, or `new`, which it then has.
    fn number(&mut self, hash: u64, new: u32, is_same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.0.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.0[slot] {
                Self::FREE => {
                    self.0[slot] = new;
                    return new;
                }
                known if is_same(known) => return known,
                _ => slot = (slot + 1) & mask,
            }
        }
    }
}

/// Gives each corner the number of its place within the block, in the order in which the block shows them.
fn weld_block(positions: &[[f32; 3]], corners: &mut [u32], table: &mut Table, shards: usize) -> Block {
    table.clear(positions.len());
    let mut seen: Vec<([f32; 3], u8)> = Vec::new();
    let mut starts = vec![0_u32; shards + 1];
    for (corner, position) in corners.iter_mut().zip(positions) {
        // Adding zero turns minus zero into zero and leaves everything else.
        let position = position.map(|x| x + 0.0);
        let hash = hash(&position);
        *corner = table.number(hash, seen.len() as u32, |known| seen[known as usize].0 == position);
        if *corner as usize == seen.len() {
            // Other bits than those that choose a slot.
            let shard = (hash >> 56) as usize & (shards - 1);
            seen.push((position, shard as u8));
            starts[shard + 1] += 1;
        }
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let (mut places, mut sights) = (vec![[0.0; 3]; seen.len()], vec![0; seen.len()]);
    for (sight, (place, shard)) in seen.into_iter().enumerate() {
        let slot = &mut next[usize::from(shard)];
        places[*slot as usize] = place;
        sights[*slot as usize] = sight as u32;
        *slot += 1;
    }
    Block { places, sights, starts }
}

/// For each sight of a place of a shard the first one of all blocks, by their numbers in the row.
fn weld_shard(blocks: &[Block], row_starts: &[usize], shard: usize, table: &mut Table, firsts: &[AtomicU32]) {
    let of_block = |b: &Block| b.starts[shard] as usize..b.starts[shard + 1] as usize;
    table.clear(blocks.iter().map(|b| of_block(b).len()).sum());
    let mut known: Vec<([f32; 3], u32)> = Vec::new();
    for (block, row_start) in blocks.iter().zip(row_starts) {
        for (place, sight) in block.places[of_block(block)].iter().zip(&block.sights[of_block(block)]) {
            let row = *row_start as u32 + sight;
            let number = table.number(hash(place), known.len() as u32, |n| known[n as usize].0 == *place);
            if number as usize == known.len() {
                known.push((*place, row));
            }
            firsts[row as usize].store(known[number as usize].1, Ordering::Relaxed);
        }
    }
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

    #[derive(Debug, PartialEq)]
    struct Welded {
        vertices: Vec<[f32; 3]>,
        corners: Vec<u32>,
    }

    fn weld_list(positions: &[[f32; 3]]) -> Welded {
        let read = |range: Range<usize>, out: &mut Vec<[f32; 3]>| -> Result<(), Canceled> {
            out.extend_from_slice(&positions[range]);
            Ok(())
        };
        let mut corners = vec![0; positions.len()];
        let vertices = weld(&mut corners, read, &Progress::new()).unwrap();
        Welded { vertices, corners }
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
        let mut seen = 0;
        for corner in &one.corners {
            assert!(*corner <= seen, "vertices are numbered as they are seen");
            seen = seen.max(corner + 1);
        }
        let mut sorted: Vec<[u32; 3]> = one.vertices.iter().map(|v| v.map(f32::to_bits)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), one.vertices.len(), "no place has two vertices");
    }
}
