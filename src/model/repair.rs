//! Mending what files get wrong, with a report of what was changed.
//!
//! In this order: facets without area go, doubled facets go, edges that almost meet are joined, facets are turned to
//! agree with their neighbours, flat pieces go, holes are closed, pieces that face inwards are turned around, vertices
//! that nothing uses go. A clean mesh comes back as it was. What cannot be mended is counted and left to slicing.

use nalgebra::Matrix4;
use rayon::prelude::*;

use super::holes::close_holes;
use super::polygon::newell_normal;
use super::shells::face_outwards;
use super::topology::{EdgeCounts, NONE, Topology, pair_edges, pieces};
use super::weld::weld;
use super::{Bounds3, Mesh, dot, norm};
use crate::progress::{Canceled, Progress};

/// Open edges whose ends are closer than this are taken for one edge, in mm: below what any nozzle can show.
const NEAR_MM: f64 = 0.002;

/// What was found wrong with a mesh, what was changed, and what is left.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct RepairReport {
    /// Facets dropped because two of their corners are one.
    pub degenerate_facets_dropped: usize,
    /// Facets dropped because another one lies in the same place.
    pub duplicate_facets_dropped: usize,
    /// Vertices at open edges that were moved by less than 0.002 mm to meet their neighbours.
    pub vertices_joined: usize,
    /// Facets that were turned around.
    pub facets_flipped: usize,
    /// Facets of flat pieces, which enclose nothing, that were dropped.
    pub flat_facets_dropped: usize,
    pub holes_closed: usize,
    /// Facets made to close holes.
    pub facets_added: usize,
    /// Vertices of the file that were dropped because no facet uses them.
    pub unused_vertices_dropped: usize,
    /// Edges at which the surface still ends.
    pub open_edges: usize,
    /// Edges at which more than two facets still meet.
    pub non_manifold_edges: usize,
    /// Edges whose two facets still face opposite sides.
    pub inconsistent_edges: usize,
    /// Pieces that hang together by edges.
    pub pieces: usize,
}

impl RepairReport {
    /// Whether the surface encloses its inside everywhere.
    pub fn is_watertight(&self) -> bool {
        self.open_edges == 0 && self.inconsistent_edges == 0
    }

    /// Whether anything a person would see was changed (unused vertices are not).
    pub fn changed(&self) -> bool {
        self.degenerate_facets_dropped
            + self.duplicate_facets_dropped
            + self.vertices_joined
            + self.facets_flipped
            + self.flat_facets_dropped
            + self.holes_closed
            > 0
    }

    /// What was changed, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        let mut say = |n: usize, one: &str, many: &str| match n {
            0 => {}
            1 => said.push(format!("1 {one}.")),
            n => said.push(format!("{n} {many}.")),
        };
        say(self.degenerate_facets_dropped, "facet without area was dropped", "facets without area were dropped");
        say(self.duplicate_facets_dropped, "doubled facet was dropped", "doubled facets were dropped");
        say(
            self.vertices_joined,
            "vertex was moved by less than 0.002 mm to close a gap",
            "vertices were moved by less than 0.002 mm to close gaps",
        );
        say(
            self.facets_flipped,
            "facet was turned around to face outwards",
            "facets were turned around to face outwards",
        );
        say(
            self.flat_facets_dropped,
            "facet of a flat piece, which encloses nothing, was dropped",
            "facets of flat pieces, which enclose nothing, were dropped",
        );
        let (added, facets) = (self.facets_added, if self.facets_added == 1 { "facet" } else { "facets" });
        say(
            self.holes_closed,
            &format!("hole was closed with {added} {facets}"),
            &format!("holes were closed with {added} {facets}"),
        );
        say(
            self.unused_vertices_dropped,
            "vertex that no facet uses was dropped",
            "vertices that no facet uses were dropped",
        );
        said
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        self.degenerate_facets_dropped += other.degenerate_facets_dropped;
        self.duplicate_facets_dropped += other.duplicate_facets_dropped;
        self.vertices_joined += other.vertices_joined;
        self.facets_flipped += other.facets_flipped;
        self.flat_facets_dropped += other.flat_facets_dropped;
        self.holes_closed += other.holes_closed;
        self.facets_added += other.facets_added;
        self.unused_vertices_dropped += other.unused_vertices_dropped;
        self.open_edges += other.open_edges;
        self.non_manifold_edges += other.non_manifold_edges;
        self.inconsistent_edges += other.inconsistent_edges;
        self.pieces += other.pieces;
    }
}

/// Mends a mesh whose vertices are welded and whose triangles name vertices that exist.
pub fn repair(mesh: Mesh, progress: &Progress) -> Result<(Mesh, RepairReport), Canceled> {
    let mut report = RepairReport::default();
    let mut mesh = mesh;
    report.degenerate_facets_dropped = drop_degenerate(&mut mesh);
    let mut topology = pair(&mesh, progress)?;
    if topology.counts.non_manifold > 0 {
        (topology, report.duplicate_facets_dropped) = drop_duplicates(&mut mesh, topology, progress)?;
    }
    if topology.counts.open > 0 {
        topology = join_near(&mut mesh, topology, &mut report, progress)?;
    }
    if topology.counts.inconsistent > 0 {
        report.facets_flipped = make_consistent(&mut mesh, &topology.mates);
        topology = pair(&mesh, progress)?;
    }
    let (mut piece_of, mut count) = pieces(&topology.mates);
    progress.check()?;
    if topology.counts.open > 0 || count > 1 {
        report.flat_facets_dropped = drop_flat(&mut mesh, &piece_of, count);
        if report.flat_facets_dropped > 0 {
            topology = pair(&mesh, progress)?;
            (piece_of, count) = pieces(&topology.mates);
        }
    }
    if topology.counts.open > 0 && close_holes(&mut mesh, &topology.mates, &piece_of, count, &mut report) {
        topology = pair(&mesh, progress)?;
        (piece_of, count) = pieces(&topology.mates);
    }
    report.facets_flipped += face_outwards(&mut mesh, &topology, &piece_of, count, progress)?;
    if report.changed() {
        drop_unused(&mut mesh);
    }
    let EdgeCounts { open, non_manifold, inconsistent } = topology.counts;
    report.open_edges = open;
    report.non_manifold_edges = non_manifold;
    report.inconsistent_edges = inconsistent;
    report.pieces = count;
    Ok((mesh, report))
}

/// Whether facets lie in at least four different planes, which is the least that can enclose anything.
pub(super) fn has_four_planes(meshes: &[&Mesh]) -> bool {
    let mut planes: Vec<([f64; 3], f64, f64)> = Vec::new();
    for mesh in meshes {
        let size = mesh.bounds(&Matrix4::identity()).map_or(0.0, |b| norm(b.size()));
        for t in 0..mesh.triangles.len() {
            let Some(corners) = mesh.corners(t) else { continue };
            let corners = corners.map(|c| c.map(f64::from));
            let normal = newell_normal(&corners);
            let length = norm(normal);
            if length <= 1e-12 * size * size {
                continue;
            }
            let normal = normal.map(|x| x / length);
            let height = dot(normal, corners[0]);
            let same = |(n, h, s): &([f64; 3], f64, f64)| {
                let along = dot(*n, normal);
                along.abs() > 1.0 - 1e-10 && (height - h * along.signum()).abs() < 1e-6 * size.max(*s)
            };
            if !planes.iter().any(same) {
                planes.push((normal, height, size));
                if planes.len() == 4 {
                    return true;
                }
            }
        }
    }
    false
}

fn pair(mesh: &Mesh, progress: &Progress) -> Result<Topology, Canceled> {
    pair_edges(&mesh.triangles, mesh.vertices.len(), progress)
}

/// Keeps the triangles that `keep` wants, with their colours; says how many went.
fn retain(mesh: &mut Mesh, keep: impl Fn(usize) -> bool) -> usize {
    let before = mesh.triangles.len();
    let mut at = 0;
    mesh.triangles.retain(|_| {
        at += 1;
        keep(at - 1)
    });
    at = 0;
    mesh.colors.retain(|_| {
        at += 1;
        keep(at - 1)
    });
    before - mesh.triangles.len()
}

fn drop_degenerate(mesh: &mut Mesh) -> usize {
    let is_degenerate = |[a, b, c]: &[u32; 3]| a == b || b == c || c == a;
    if !mesh.triangles.par_iter().any(is_degenerate) {
        return 0;
    }
    let keep: Vec<bool> = mesh.triangles.iter().map(|t| !is_degenerate(t)).collect();
    retain(mesh, |t| keep[t])
}

/// Of facets with the same three vertices one is left that faces where most of them do. Where they cancel out it is a
/// membrane, and none is left, or a surface drawn from both sides, and one is left: whichever leaves fewer open edges.
fn drop_duplicates(mesh: &mut Mesh, topology: Topology, progress: &Progress) -> Result<(Topology, usize), Canceled> {
    let mut order: Vec<([u32; 3], u32, bool)> = mesh
        .triangles
        .iter()
        .enumerate()
        .map(|(i, t)| {
            let first = (0..3).min_by_key(|k| t[*k]).unwrap_or(0);
            let turned = [t[first], t[(first + 1) % 3], t[(first + 2) % 3]];
            let forward = turned[1] < turned[2];
            let key = if forward { turned } else { [turned[0], turned[2], turned[1]] };
            (key, i as u32, forward)
        })
        .collect();
    order.sort_unstable();
    let mut keep = vec![true; mesh.triangles.len()];
    let mut of_membranes = Vec::new();
    for same in order.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let forward = same.iter().filter(|s| s.2).count();
        let backward = same.len() - forward;
        let kept = same.iter().find(|s| forward != backward && s.2 == (forward > backward)).map(|s| s.1);
        for (_, i, _) in same {
            keep[*i as usize] = Some(*i) == kept;
        }
        if kept.is_none() {
            of_membranes.push(same[0].1);
        }
    }
    if keep.iter().all(|k| *k) {
        return Ok((topology, 0));
    }
    let mut without = mesh.clone();
    let mut dropped = retain(&mut without, |t| keep[t]);
    let mut best = pair(&without, progress)?;
    if !of_membranes.is_empty() {
        for t in of_membranes {
            keep[t as usize] = true;
        }
        let mut with = mesh.clone();
        let fewer_dropped = retain(&mut with, |t| keep[t]);
        let other = pair(&with, progress)?;
        if without.triangles.is_empty() || other.counts.open < best.counts.open {
            (without, dropped, best) = (with, fewer_dropped, other);
        }
    }
    *mesh = without;
    Ok((best, dropped))
}

/// Moves vertices at open edges together that are nearer than [`NEAR_MM`], where that leaves fewer open edges.
fn join_near(
    mesh: &mut Mesh,
    topology: Topology,
    report: &mut RepairReport,
    progress: &Progress,
) -> Result<Topology, Canceled> {
    let mut at_border = vec![false; mesh.vertices.len()];
    for (half_edge, mate) in topology.mates.iter().enumerate() {
        if *mate == NONE {
            let t = mesh.triangles[half_edge / 3];
            at_border[t[half_edge % 3] as usize] = true;
            at_border[t[(half_edge + 1) % 3] as usize] = true;
        }
    }
    // Sorted by x, a vertex meets the first earlier one within reach in all three directions.
    let mut border: Vec<u32> = (0..mesh.vertices.len() as u32).filter(|v| at_border[*v as usize]).collect();
    let place = |v: u32| mesh.vertices[v as usize];
    border.sort_unstable_by(|a, b| place(*a).map(Total).cmp(&place(*b).map(Total)).then(a.cmp(b)));
    let mut moved_to: Vec<u32> = (0..mesh.vertices.len() as u32).collect();
    let mut joined = 0;
    let mut window = 0;
    for (i, v) in border.iter().enumerate() {
        let p = place(*v);
        while f64::from(p[0]) - f64::from(place(border[window])[0]) > NEAR_MM {
            window += 1;
        }
        let near = |other: &&u32| {
            let q = place(**other);
            (0..3).all(|k| (f64::from(p[k]) - f64::from(q[k])).abs() <= NEAR_MM)
        };
        // A window this long is a mesh finer than the tolerance: joining it would destroy it.
        let candidates = &border[window.max(i.saturating_sub(64))..i];
        if let Some(other) = candidates.iter().find(|o| moved_to[**o as usize] == **o && near(o)) {
            moved_to[*v as usize] = *other;
            joined += 1;
        }
    }
    if joined == 0 {
        return Ok(topology);
    }
    let mut candidate = mesh.clone();
    for t in &mut candidate.triangles {
        *t = t.map(|v| moved_to[v as usize]);
    }
    let dropped = drop_degenerate(&mut candidate);
    let better = pair(&candidate, progress)?;
    if better.counts.open >= topology.counts.open || better.counts.non_manifold > topology.counts.non_manifold {
        return Ok(topology);
    }
    report.vertices_joined = joined;
    report.degenerate_facets_dropped += dropped;
    *mesh = candidate;
    Ok(better)
}

/// Floats in their total order, for sorting.
#[derive(Clone, Copy, PartialEq)]
struct Total(f32);

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Turns facets around until neighbours agree; of each piece, the smaller share is turned.
fn make_consistent(mesh: &mut Mesh, mates: &[u32]) -> usize {
    let count = mesh.triangles.len();
    // Unknown, as in the file, turned.
    let mut state = vec![0_u8; count];
    let mut flipped = 0;
    for seed in 0..count {
        if state[seed] != 0 {
            continue;
        }
        state[seed] = 1;
        let mut piece = vec![seed];
        let mut next = 0;
        while let Some(t) = piece.get(next).copied() {
            next += 1;
            for k in 0..3 {
                let mate = mates[3 * t + k];
                if mate == NONE {
                    continue;
                }
                let (other, j) = (mate as usize / 3, mate as usize % 3);
                if state[other] == 0 {
                    // Neighbours agree when they pass the edge in opposite directions.
                    let agree = mesh.triangles[t][k] != mesh.triangles[other][j];
                    state[other] = if agree { state[t] } else { 3 - state[t] };
                    piece.push(other);
                }
            }
        }
        let turned = piece.iter().filter(|t| state[**t] == 2).count();
        let turn = if 2 * turned <= piece.len() { 2 } else { 1 };
        for t in piece {
            if state[t] == turn {
                mesh.triangles[t].swap(1, 2);
                flipped += 1;
            }
        }
    }
    flipped
}

/// Drops pieces whose corners all lie in one plane, unless every piece does.
fn drop_flat(mesh: &mut Mesh, piece_of: &[u32], count: usize) -> usize {
    let flat = flat_pieces(mesh, piece_of, count);
    if flat.iter().all(|f| *f) || !flat.contains(&true) {
        return 0;
    }
    retain(mesh, |t| !flat[piece_of[t] as usize])
}

/// Which pieces have all their corners in one plane.
pub(super) fn flat_pieces(mesh: &Mesh, piece_of: &[u32], count: usize) -> Vec<bool> {
    let planes = piece_planes(mesh, piece_of, count);
    let mut flat = vec![true; count];
    for (t, piece) in piece_of.iter().enumerate() {
        let piece = *piece as usize;
        let Some(corners) = mesh.corners(t).filter(|_| flat[piece]) else { continue };
        let (normal, height, size) = planes[piece];
        let off = |p: [f32; 3]| (dot(normal, p.map(f64::from)) - height).abs();
        flat[piece] = corners.iter().all(|p| off(*p) <= 1e-6 * size);
    }
    flat
}

/// For each piece the plane of its largest facet (unit normal, height) and the piece's size.
fn piece_planes(mesh: &Mesh, piece_of: &[u32], count: usize) -> Vec<([f64; 3], f64, f64)> {
    let mut largest = vec![(0.0, [0.0; 3], 0.0); count];
    let mut boxes: Vec<Option<Bounds3>> = vec![None; count];
    for (t, piece) in piece_of.iter().enumerate() {
        let Some(corners) = mesh.corners(t) else { continue };
        let corners = corners.map(|c| c.map(f64::from));
        let normal = newell_normal(&corners);
        let area = norm(normal);
        let piece = *piece as usize;
        if area > largest[piece].0 {
            let normal = normal.map(|x| x / area);
            largest[piece] = (area, normal, dot(normal, corners[0]));
        }
        for c in corners {
            boxes[piece] = Some(boxes[piece].map_or(Bounds3 { min: c, max: c }, |b| b.with(c)));
        }
    }
    let size = |b: &Option<Bounds3>| b.map_or(0.0, |b| norm(b.size()));
    largest.iter().zip(&boxes).map(|((_, normal, height), b)| (*normal, *height, size(b))).collect()
}

fn drop_unused(mesh: &mut Mesh) -> usize {
    let mut used = vec![false; mesh.vertices.len()];
    for v in mesh.triangles.iter().flatten() {
        used[*v as usize] = true;
    }
    let unused = used.iter().filter(|u| !**u).count();
    if unused == 0 {
        return 0;
    }
    let mut next = 0;
    let numbers: Vec<u32> = used
        .iter()
        .map(|used| {
            next += u32::from(*used);
            next.wrapping_sub(1)
        })
        .collect();
    for v in mesh.triangles.iter_mut().flatten() {
        *v = numbers[*v as usize];
    }
    let mut at = 0;
    mesh.vertices.retain(|_| {
        at += 1;
        used[at - 1]
    });
    unused
}

/// Drops vertices that no facet uses and welds those that lie in the same place; says how many were unused and how many
/// went by welding.
pub(super) fn weld_vertices(mesh: &mut Mesh, progress: &Progress) -> Result<(usize, usize), Canceled> {
    let unused = drop_unused(mesh);
    let places = &mesh.vertices;
    let mut numbers = vec![0; places.len()];
    let vertices = weld(
        &mut numbers,
        |range, out| {
            out.extend_from_slice(&places[range]);
            Ok::<_, Canceled>(())
        },
        progress,
    )?;
    let gone = mesh.vertices.len() - vertices.len();
    if gone > 0 {
        for v in mesh.triangles.iter_mut().flatten() {
            *v = numbers[*v as usize];
        }
        mesh.vertices = vertices;
    }
    Ok((unused, gone))
}

#[cfg(test)]
#[path = "repair_tests.rs"]
mod tests;
