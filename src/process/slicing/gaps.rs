//! Closing the open outlines of broken meshes.
//!
//! Ends are joined nearest first, within a reach that grows step by step until every chain has closed, so that a hole in
//! the mesh becomes a straight line across it, whatever its size. At each reach ends that continue the outline's
//! direction come first; ends that would need one chain reversed, as facets that face the wrong way give, come after.

use crate::geometry::Point;

/// A piece of outline as it came from the mesh: with both ends still open here, or closed.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub points: Vec<Point>,
    /// Triangles that it ran over with the material on its left, less those with the material on its right.
    pub agreement: i64,
    /// The triangle where it began.
    pub triangle: u32,
}

/// The first reach, 1 µm in grid units: what rounding of a file's numbers explains.
const FIRST_REACH: i64 = 100;
/// Beyond the largest plate: everything has been joined.
const LAST_REACH: i64 = 1 << 31;

/// More chains in one cut than a mesh with holes has: loose triangles. They are not joined across the plate, which would
/// make a tangle of lines of them.
const LOOSE_PIECES: usize = 1_000;
/// How far their ends are joined, 50 µm in grid units.
const LOOSE_REACH: i64 = 5_000;

/// One end of a chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    chain: usize,
    /// The end of the chain rather than its start.
    last: bool,
}

/// Closes all chains; each goes with the material on its left then, as far as its triangles agree on that.
pub(super) fn closed(chains: Vec<Chain>) -> Vec<Chain> {
    let mut done = Vec::new();
    let mut open: Vec<Option<Chain>> = chains
        .into_iter()
        .map(|mut chain| {
            if chain.agreement < 0 {
                reverse(&mut chain);
            }
            Some(chain)
        })
        .collect();
    let last_reach = if open.len() > LOOSE_PIECES { LOOSE_REACH } else { LAST_REACH };
    let mut reach = FIRST_REACH;
    while !open.is_empty() && reach <= last_reach {
        for any_direction in [false, true] {
            // Joining moves ends, so pairs are collected again until none is within reach.
            while join(&mut open, &mut done, reach, any_direction) {}
        }
        open.retain(Option::is_some);
        reach *= 4;
    }
    done.extend(open.into_iter().flatten());
    for chain in done.iter_mut().filter(|chain| chain.agreement < 0) {
        reverse(chain);
    }
    done
}

/// Joins the pairs of ends that are nearest to each other within reach. Whether anything was joined.
fn join(open: &mut [Option<Chain>], done: &mut Vec<Chain>, reach: i64, any_direction: bool) -> bool {
    let mut pairs = pairs_within(open, reach, any_direction);
    pairs.sort_unstable();
    // An end that was joined is gone; the chain's other end has moved to the joined chain and waits for the next round.
    let mut touched = vec![false; open.len()];
    let mut joined = false;
    for (_, a, b) in pairs {
        if touched[a.chain] || touched[b.chain] {
            continue;
        }
        touched[a.chain] = true;
        touched[b.chain] = true;
        joined = true;
        let Some(mut first) = open[a.chain].take() else { continue };
        if a.chain == b.chain {
            done.push(first);
            continue;
        }
        let Some(mut second) = open[b.chain].take() else { continue };
        // Brought into the order first's end, second's start.
        match (a.last, b.last) {
            (true, false) => {}
            (false, true) => std::mem::swap(&mut first, &mut second),
            (true, true) => reverse(&mut second),
            (false, false) => reverse(&mut first),
        }
        first.points.append(&mut second.points);
        first.agreement += second.agreement;
        first.triangle = first.triangle.min(second.triangle);
        open[a.chain] = Some(first);
    }
    joined
}

fn reverse(chain: &mut Chain) {
    chain.points.reverse();
    chain.agreement = -chain.agreement;
}

/// Pairs of ends within reach with their squared distance.
fn pairs_within(open: &[Option<Chain>], reach: i64, any_direction: bool) -> Vec<(i64, End, End)> {
    let cell = |p: Point| (i64::from(p.x).div_euclid(reach), i64::from(p.y).div_euclid(reach));
    let mut ends: Vec<((i64, i64), End, Point)> = Vec::with_capacity(2 * open.len());
    for (chain, points) in open.iter().enumerate().filter_map(|(i, c)| Some((i, &c.as_ref()?.points))) {
        for (last, point) in [(false, points.first()), (true, points.last())] {
            if let Some(&p) = point {
                ends.push((cell(p), End { chain, last }, p));
            }
        }
    }
    ends.sort_unstable();
    let mut pairs = Vec::new();
    let mut consider = |&(_, a, p): &((i64, i64), End, Point), &(_, b, q): &((i64, i64), End, Point)| {
        let distance = p.distance_squared(q);
        let fits = a.last != b.last || (any_direction && a.chain != b.chain);
        if fits && distance <= reach * reach {
            pairs.push((distance, a.min(b), a.max(b)));
        }
    };
    for (i, end) in ends.iter().enumerate() {
        let (x, y) = end.0;
        // Ends are sorted by cell: the rest of this one and the one above follow at once, then three to the right.
        for other in ends[i + 1..].iter().take_while(|other| other.0 <= (x, y + 1)) {
            consider(end, other);
        }
        let right = ends.partition_point(|other| other.0 < (x + 1, y - 1));
        for other in ends[right..].iter().take_while(|other| other.0 <= (x + 1, y + 1)) {
            consider(end, other);
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(points: &[(i32, i32)], agreement: i64) -> Chain {
        Chain { points: points.iter().map(|&(x, y)| Point::new(x, y)).collect(), agreement, triangle: 0 }
    }

    #[test]
    fn sides_of_a_square_become_one_ring_whatever_their_order_and_direction() {
        let side = 1_000_000;
        let sides = [
            chain(&[(0, 0), (side, 0)], 1),
            // Facets that face the wrong way: the material is said to be on the right.
            chain(&[(side, side), (side, 40)], 0),
            chain(&[(0, side), (0, 3)], 1),
            chain(&[(side - 30, side), (0, side)], 1),
        ];
        for order in [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]] {
            let rings = closed(order.iter().map(|&i| sides[i].clone()).collect());
            assert_eq!(rings.len(), 1, "{rings:?}");
            let ring = crate::geometry::Ring(rings[0].points.clone());
            assert!((ring.area_mm2() - 100.0).abs() < 0.02, "{}", ring.area_mm2());
            assert!(rings[0].agreement > 0);
        }
    }

    #[test]
    fn separate_outlines_with_holes_of_their_own_stay_separate() {
        let c = |x: i32| chain(&[(x, 0), (x + 300, 0), (x + 300, 300), (x, 300), (x, 150)], 4);
        let rings = closed(vec![c(0), c(400), c(800)]);
        assert_eq!(rings.len(), 3);
        assert!(rings.iter().all(|r| r.points.len() == 5));
    }

    #[test]
    fn a_great_number_of_loose_pieces_ends() {
        // A generator by Lehmer: the same pieces every time.
        let mut state = 1u64;
        let mut next = || {
            state = state * 48_271 % 2_147_483_647;
            (state % 10_000_000) as i32
        };
        let pieces: Vec<Chain> = (0..2_000).map(|_| chain(&[(next(), next()), (next(), next())], 1)).collect();
        let rings = closed(pieces);
        assert_eq!(rings.iter().map(|r| r.points.len()).sum::<usize>(), 4_000);
    }
}
