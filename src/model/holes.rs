//! Closing holes: outlines of open edges are found and filled with triangles, flat as far as they are.

use super::polygon::{off_plane, triangulate};
use super::repair::{RepairReport, flat_pieces};
use super::topology::NONE;
use super::{Bounds3, Mesh, norm};

/// Outlines of more corners than this are not closed.
const LONGEST_HOLE: usize = 2000;

/// A bent outline is closed only up to this many corners.
const LONGEST_BENT_HOLE: usize = 64;

/// Closes outlines of open edges, except of pieces that are flat. Says whether any was closed.
pub(super) fn close_holes(
    mesh: &mut Mesh,
    mates: &[u32],
    piece_of: &[u32],
    count: usize,
    report: &mut RepairReport,
) -> bool {
    let flat = flat_pieces(mesh, piece_of, count);
    for (outline, facet) in open_outlines(mesh, mates) {
        if flat[piece_of[facet as usize] as usize] || outline.len() > LONGEST_HOLE {
            continue;
        }
        let places: Vec<[f64; 3]> = outline.iter().map(|v| mesh.vertices[*v as usize].map(f64::from)).collect();
        let size = Bounds3::around_points(places.iter().copied()).map_or(0.0, |b| norm(b.size()));
        if outline.len() > LONGEST_BENT_HOLE && off_plane(&places) > 0.02 * size {
            continue;
        }
        let color = mesh.colors.get(facet as usize).copied();
        let triangles = triangulate(&places);
        report.holes_closed += 1;
        report.facets_added += triangles.len();
        if let Some(color) = color {
            mesh.colors.extend(triangles.iter().map(|_| color));
        }
        mesh.triangles.extend(triangles.iter().map(|t| t.map(|i| outline[i])));
    }
    report.holes_closed > 0
}

/// Closed ways along open edges, in the direction that a filling must have, each with a facet it runs along.
fn open_outlines(mesh: &Mesh, mates: &[u32]) -> Vec<(Vec<u32>, u32)> {
    let steps = open_steps(mesh, mates);
    let mut used = vec![false; steps.len()];
    // At the first step from a vertex: how many of its steps are known to be used.
    let mut passed = vec![0_usize; steps.len()];
    let mut outlines = Vec::new();
    let mut place_on_way = std::collections::BTreeMap::new();
    for first in 0..steps.len() {
        if used[first] {
            continue;
        }
        let mut way: Vec<u32> = Vec::new();
        place_on_way.clear();
        let mut step = first;
        loop {
            used[step] = true;
            let (from, to, facet) = steps[step];
            place_on_way.insert(from, way.len());
            way.push(from);
            // Back at a corner of the way: what lies between is an outline of its own.
            if let Some(start) = place_on_way.get(&to).copied() {
                let outline = way.split_off(start);
                for v in &outline {
                    place_on_way.remove(v);
                }
                if outline.len() > 2 {
                    outlines.push((outline, facet));
                }
                if way.is_empty() {
                    break;
                }
            }
            let begin = steps.partition_point(|s| s.0 < to);
            let Some(passed) = passed.get_mut(begin) else { break };
            while steps.get(begin + *passed).is_some_and(|s| s.0 == to) && used[begin + *passed] {
                *passed += 1;
            }
            step = begin + *passed;
            if steps.get(step).is_none_or(|s| s.0 != to) {
                break;
            }
        }
    }
    outlines
}

/// The steps a filling must make: each open edge backwards, with its facet; sorted. Where more facets meet at an edge,
/// those that cancel out are left alone.
fn open_steps(mesh: &Mesh, mates: &[u32]) -> Vec<(u32, u32, u32)> {
    let mut steps: Vec<(u32, u32, u32)> = Vec::new();
    for (half_edge, mate) in mates.iter().enumerate() {
        if *mate == NONE {
            let t = mesh.triangles[half_edge / 3];
            steps.push((t[(half_edge + 1) % 3], t[half_edge % 3], half_edge as u32 / 3));
        }
    }
    let ends = |s: &(u32, u32, u32)| (s.0.min(s.1), s.0.max(s.1));
    steps.sort_unstable_by_key(|s| (ends(s), *s));
    let mut left = Vec::with_capacity(steps.len());
    for edge in steps.chunk_by(|a, b| ends(a) == ends(b)) {
        let upwards = edge.iter().filter(|s| s.0 < s.1).count();
        let downwards = edge.len() - upwards;
        let more = edge.iter().filter(|s| (s.0 < s.1) == (upwards > downwards));
        left.extend(more.take(upwards.abs_diff(downwards)));
    }
    left.sort_unstable();
    left
}
