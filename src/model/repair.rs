//! Mending what files get wrong, with a report of what was changed.
//!
//! In this order: facets without area go, doubled facets go, edges that almost meet are joined, facets are turned to
//! agree with their neighbours, flat pieces go, holes are closed, pieces that face inwards are turned around, vertices
//! that nothing uses go. A clean mesh comes back as it was. What cannot be mended is counted and left to slicing.

use nalgebra::Matrix4;
use rayon::prelude::*;

use super::polygon::{newell_normal, off_plane, triangulate};
use super::topology::{EdgeCounts, NONE, Topology, pair_edges, pieces};
use super::weld::weld;
use super::{Bounds3, Mesh, dot, norm, signed_volume};
use crate::progress::{Canceled, Progress};

/// Open edges whose ends are closer than this are taken for one edge, in mm: below what any nozzle can show.
const NEAR_MM: f64 = 0.002;

/// Outlines of more corners than this are not closed.
const LONGEST_HOLE: usize = 2000;

/// A bent outline is closed only up to this many corners.
const LONGEST_BENT_HOLE: usize = 64;

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
fn flat_pieces(mesh: &Mesh, piece_of: &[u32], count: usize) -> Vec<bool> {
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

/// Closes outlines of open edges, except of pieces that are flat. Says whether any was closed.
fn close_holes(mesh: &mut Mesh, mates: &[u32], piece_of: &[u32], count: usize, report: &mut RepairReport) -> bool {
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

/// Turns pieces around whose inside is outside. A piece that faces inwards within another is a cavity and stays.
fn face_outwards(
    mesh: &mut Mesh,
    topology: &Topology,
    piece_of: &[u32],
    count: usize,
    progress: &Progress,
) -> Result<usize, Canceled> {
    if count == 1 && topology.counts.open == 0 {
        if mesh.volume_mm3() < 0.0 {
            flip(mesh, |_| true);
            return Ok(mesh.triangles.len());
        }
        return Ok(0);
    }
    let mut shells = Shells::of(mesh, &topology.mates, piece_of, count);
    let mut flipped = 0;
    let meant = (0..count).filter(|piece| shells.says_something(*piece));
    if meant.map(|piece| shells.volumes[piece]).sum::<f64>() < 0.0 {
        flip(mesh, |_| true);
        flipped += mesh.triangles.len();
        for volume in &mut shells.volumes {
            *volume = -*volume;
        }
    }
    // The work is limited: a cloud of many thousand inverted crumbs is left as it is.
    let mut budget = 200_000_000_usize;
    for piece in 0..count {
        progress.check()?;
        if shells.volumes[piece] >= 0.0 || !shells.says_something(piece) {
            continue;
        }
        let depth = shells.depth(mesh, piece, &mut budget);
        if depth.is_some_and(|d| d % 2 == 0) {
            for t in shells.triangles_of(piece) {
                mesh.triangles[*t as usize].swap(1, 2);
                flipped += 1;
            }
        }
    }
    Ok(flipped)
}

fn flip(mesh: &mut Mesh, which: impl Fn(usize) -> bool) {
    for (t, triangle) in mesh.triangles.iter_mut().enumerate() {
        if which(t) {
            triangle.swap(1, 2);
        }
    }
}

/// The pieces of a mesh as bodies: signed volume, box, triangles.
struct Shells {
    volumes: Vec<f64>,
    boxes: Vec<Bounds3>,
    closed: Vec<bool>,
    flat: Vec<bool>,
    starts: Vec<u32>,
    triangles: Vec<u32>,
}

impl Shells {
    fn of(mesh: &Mesh, mates: &[u32], piece_of: &[u32], count: usize) -> Self {
        let nowhere = Bounds3 { min: [f64::INFINITY; 3], max: [f64::NEG_INFINITY; 3] };
        let mut boxes = vec![nowhere; count];
        let mut closed = vec![true; count];
        let mut starts = vec![0_u32; count + 1];
        for (t, piece) in piece_of.iter().enumerate() {
            let piece = *piece as usize;
            starts[piece + 1] += 1;
            closed[piece] &= !mates[3 * t..3 * t + 3].contains(&NONE);
            for c in mesh.corners(t).unwrap_or_default() {
                boxes[piece] = boxes[piece].with(c.map(f64::from));
            }
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut triangles = vec![0; piece_of.len()];
        let mut volumes = vec![0.0; count];
        for (t, piece) in piece_of.iter().enumerate() {
            let piece = *piece as usize;
            triangles[next[piece] as usize] = t as u32;
            next[piece] += 1;
            // About the middle of the piece, so that a surface with a hole has nearly the volume it would have closed.
            let middle = boxes[piece].center().map(|x| x as f32);
            let [a, b, c] = mesh.corners(t).unwrap_or_default();
            volumes[piece] += signed_volume(middle, a, b, c);
        }
        let flat = flat_pieces(mesh, piece_of, count);
        Self { volumes, boxes, closed, flat, starts, triangles }
    }

    fn triangles_of(&self, piece: usize) -> &[u32] {
        &self.triangles[self.starts[piece] as usize..self.starts[piece + 1] as usize]
    }

    /// Whether the sign of a piece's volume means anything: always when closed, else when it is a good part of its box.
    fn says_something(&self, piece: usize) -> bool {
        let of_box: f64 = self.boxes[piece].size().iter().product();
        self.closed[piece] || !self.flat[piece] && self.volumes[piece].abs() > 0.05 * of_box
    }

    /// How many other closed pieces are around a piece; `None` when finding out would cost too much.
    fn depth(&self, mesh: &Mesh, piece: usize, budget: &mut usize) -> Option<usize> {
        let first = *self.triangles_of(piece).first()?;
        let point = mesh.corners(first as usize)?[0].map(f64::from);
        let mut depth = 0;
        for other in 0..self.boxes.len() {
            if other == piece || !self.closed[other] || !self.boxes[other].contains(&self.boxes[piece]) {
                continue;
            }
            let triangles = self.triangles_of(other);
            *budget = budget.checked_sub(triangles.len())?;
            let crossings = triangles.iter().filter(|t| is_above(point, mesh.corners(**t as usize))).count();
            depth += crossings % 2;
        }
        Some(depth)
    }
}

/// Whether a ray that climbs from `point`, a little aslant so that it misses edges, goes through a triangle.
fn is_above(point: [f64; 3], triangle: Option<[[f32; 3]; 3]>) -> bool {
    const SLANT: [f64; 2] = [0.012_358_1, 0.027_182_8];
    let Some(triangle) = triangle else { return false };
    // Seen along the ray, the point is the origin.
    let [a, b, c] = triangle.map(|p| {
        let [x, y, z] = [0, 1, 2].map(|i| f64::from(p[i]) - point[i]);
        [x - SLANT[0] * z, y - SLANT[1] * z, z]
    });
    let side = |p: [f64; 3], q: [f64; 3]| p[0] * q[1] - p[1] * q[0];
    let (ab, bc, ca) = (side(a, b), side(b, c), side(c, a));
    let all = ab + bc + ca;
    let inside = (ab > 0.0) == (bc > 0.0) && (bc > 0.0) == (ca > 0.0);
    inside && all != 0.0 && (a[2] * bc + b[2] * ca + c[2] * ab) / all > 0.0
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
    let welded = weld(
        places.len(),
        |range, out| {
            out.extend_from_slice(&places[range]);
            Ok::<_, Canceled>(())
        },
        progress,
    )?;
    let gone = mesh.vertices.len() - welded.vertices.len();
    if gone > 0 {
        for v in mesh.triangles.iter_mut().flatten() {
            *v = welded.corners[*v as usize];
        }
        mesh.vertices = welded.vertices;
    }
    Ok((unused, gone))
}

#[cfg(test)]
#[path = "repair_tests.rs"]
mod tests;
