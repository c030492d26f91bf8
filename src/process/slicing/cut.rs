//! A mesh on the integer grid, and its intersection with the layers' planes.
//!
//! Outlines are chained by topology: each edge knows the triangle on its other side, so a chain is followed from triangle
//! to triangle without comparing coordinates. Every cut lies half a grid unit below its nominal height, so that no vertex
//! ever lies on it, and an edge's crossing is computed from its lower to its upper end, so that both of its triangles
//! find the same point.

use std::sync::Mutex;

use nalgebra::{Matrix4, Point3};
use rayon::prelude::*;

use super::gaps::{self, Chain};
use super::{LayerSpan, simplify};
use crate::geometry::{MAX_COORDINATE_MM, Point, Ring, UNITS_PER_MM, grid};
use crate::model::Mesh;
use crate::progress::{Canceled, Progress};

/// The half-edge that does not exist: the other side of a border.
pub(super) const NONE: u32 = u32::MAX;

/// One closed outline of a cut.
#[derive(Clone, Debug)]
pub(super) struct CutRing {
    pub ring: Ring,
    /// A triangle that it runs over.
    pub triangle: u32,
}

/// What one plane cuts out of a mesh.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut {
    pub rings: Vec<CutRing>,
    /// Whether some outline had to be closed.
    pub was_open: bool,
}

/// A mesh in plate coordinates on the grid, ready to be cut.
pub(super) struct Solid {
    pub vertices: Vec<[i32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// How many cuts lie below each vertex.
    below: Vec<u32>,
    /// For half-edge `3 * triangle + k` (from corner k to the next) the one on its other side.
    twins: Vec<u32>,
    /// Twice the height of each cut less one, in grid units.
    doubled_heights: Vec<i64>,
    /// Triangles that reach a cut, ascending: those of cut `i` are `reached[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    reached: Vec<u32>,
    /// Triangles left out because a corner is no usable place.
    pub unusable: usize,
}

impl Solid {
    pub fn new(mesh: &Mesh, plate_from_part: &Matrix4<f64>, spans: &[LayerSpan]) -> Self {
        let doubled_heights: Vec<i64> = spans.iter().map(|s| 2 * i64::from(grid(s.cut_mm)) - 1).collect();
        let placed: Vec<Option<[i32; 3]>> = mesh.vertices.par_iter().map(|v| place(v, plate_from_part)).collect();
        let mirrored = plate_from_part.fixed_view::<3, 3>(0, 0).determinant() < 0.0;
        let mut unusable = 0;
        let mut triangles: Vec<[u32; 3]> = Vec::with_capacity(mesh.triangles.len());
        for &[a, b, c] in &mesh.triangles {
            if [a, b, c].iter().all(|&v| placed.get(v as usize).is_some_and(Option::is_some)) {
                triangles.push(if mirrored { [a, c, b] } else { [a, b, c] });
            } else {
                unusable += 1;
            }
        }
        let mut vertices: Vec<[i32; 3]> = placed.into_iter().map(Option::unwrap_or_default).collect();
        triangles.retain(|&t| !is_degenerate(t, &vertices));
        let mut below = cuts_below(&vertices, &doubled_heights);
        let mut twins = twins_of_crossed(&triangles, &below);
        if has_border(&twins, &triangles, &below) {
            // Edges without a partner may only mean that equal vertices have different numbers.
            vertices = weld(&vertices, &mut triangles);
            below = cuts_below(&vertices, &doubled_heights);
            twins = twins_of_crossed(&triangles, &below);
        }
        let (starts, reached) = by_cut(&triangles, &below, doubled_heights.len());
        Self { vertices, triangles, below, twins, doubled_heights, starts, reached, unusable }
    }

    /// Every cut, in order. Outlines are simplified to within `resolution_mm`.
    pub fn cut_all(&self, resolution_mm: f64, progress: &Progress) -> Result<Vec<Cut>, Canceled> {
        // One list of visited triangles a thread, handed from cut to cut: marks differ from cut to cut.
        let lists: Mutex<Vec<Vec<u32>>> = Mutex::new(Vec::new());
        let lend = || lists.lock().unwrap_or_else(|e| e.into_inner()).pop();
        (0..self.doubled_heights.len())
            .into_par_iter()
            .map(|layer| {
                progress.check()?;
                let mut visited = lend().unwrap_or_else(|| vec![0; self.triangles.len()]);
                let cut = self.cut(layer, &mut visited, resolution_mm);
                lists.lock().unwrap_or_else(|e| e.into_inner()).push(visited);
                progress.advance(1);
                Ok(cut)
            })
            .collect()
    }

    fn cut(&self, layer: usize, visited: &mut [u32], resolution_mm: f64) -> Cut {
        let mark = layer as u32 + 1;
        let reached = &self.reached[self.starts[layer]..self.starts[layer + 1]];
        let mut chains: Vec<Chain> = Vec::new();
        // Chains with ends first: what is left afterwards is closed.
        for &t in reached {
            for entry in self.crossed(t, layer) {
                if visited[t as usize] != mark && self.twins[entry as usize] == NONE {
                    chains.push(self.follow(entry, layer, visited, mark));
                }
            }
        }
        let was_open = !chains.is_empty();
        let mut rings = gaps::closed(chains);
        for &t in reached {
            if visited[t as usize] != mark {
                let [entry, _] = self.crossed(t, layer);
                let mut chain = self.follow(entry, layer, visited, mark);
                // It ends where it began, so the first point is there twice.
                chain.points.pop();
                rings.push(chain);
            }
        }
        let tolerance = resolution_mm * UNITS_PER_MM;
        let rings = rings
            .into_iter()
            .filter_map(|mut chain| {
                if chain.agreement < 0 {
                    chain.points.reverse();
                }
                simplify::ring(&chain.points, tolerance).map(|ring| CutRing { ring, triangle: chain.triangle })
            })
            .collect();
        Cut { rings, was_open }
    }

    /// The two half-edges of a triangle that a cut crosses: where its outline enters and where it leaves, with the
    /// material on the left.
    fn crossed(&self, triangle: u32, layer: usize) -> [u32; 2] {
        let corners = self.triangles[triangle as usize];
        let above = corners.map(|v| self.below[v as usize] as usize > layer);
        let (mut down, mut up) = (0, 0);
        for k in 0..3 {
            match (above[k], above[(k + 1) % 3]) {
                (true, false) => down = k as u32,
                (false, true) => up = k as u32,
                _ => {}
            }
        }
        [3 * triangle + down, 3 * triangle + up]
    }

    /// Follows the outline from a half-edge into its triangle and on, until it ends or comes back.
    fn follow(&self, entry: u32, layer: usize, visited: &mut [u32], mark: u32) -> Chain {
        let mut points = vec![self.crossing(entry, layer)];
        let mut agreement = 0;
        let mut entry = entry;
        let first = entry / 3;
        loop {
            let t = entry / 3;
            visited[t as usize] = mark;
            let [down, up] = self.crossed(t, layer);
            let exit = if entry == down {
                agreement += 1;
                up
            } else {
                agreement -= 1;
                down
            };
            points.push(self.crossing(exit, layer));
            entry = self.twins[exit as usize];
            if entry == NONE || visited[(entry / 3) as usize] == mark {
                return Chain { points, agreement, triangle: first };
            }
        }
    }

    fn crossing(&self, half_edge: u32, layer: usize) -> Point {
        let corners = self.triangles[(half_edge / 3) as usize];
        let k = (half_edge % 3) as usize;
        let (mut low, mut high) = (corners[k] as usize, corners[(k + 1) % 3] as usize);
        if self.below[low] > self.below[high] {
            std::mem::swap(&mut low, &mut high);
        }
        let ([xa, ya, za], [xb, yb, zb]) = (self.vertices[low].map(i64::from), self.vertices[high].map(i64::from));
        let (part, whole) = (self.doubled_heights[layer] - 2 * za, 2 * (zb - za));
        let between = |a: i64, b: i64| (a + ((b - a) * part + whole / 2).div_euclid(whole)) as i32;
        Point::new(between(xa, xb), between(ya, yb))
    }

    /// For every half-edge the one on its other side, those that no cut crosses included.
    pub fn all_twins(&self) -> Vec<u32> {
        twins(&self.triangles, self.vertices.len(), |_, _| true)
    }
}

fn place(vertex: &[f32; 3], plate_from_part: &Matrix4<f64>) -> Option<[i32; 3]> {
    let p = plate_from_part.transform_point(&Point3::new(vertex[0].into(), vertex[1].into(), vertex[2].into()));
    let usable = |v: f64| v.is_finite() && v.abs() <= MAX_COORDINATE_MM;
    (usable(p.x) && usable(p.y) && usable(p.z)).then(|| [grid(p.x), grid(p.y), grid(p.z)])
}

fn is_degenerate([a, b, c]: [u32; 3], vertices: &[[i32; 3]]) -> bool {
    let [p, q, r] = [a, b, c].map(|v| vertices[v as usize]);
    p == q || q == r || r == p
}

/// How many of the ascending heights lie below each vertex.
fn cuts_below(vertices: &[[i32; 3]], doubled_heights: &[i64]) -> Vec<u32> {
    vertices
        .par_iter()
        .map(|v| {
            let z = 2 * i64::from(v[2]);
            doubled_heights.partition_point(|&h| h < z) as u32
        })
        .collect()
}

/// Gives equal vertices one number, drops triangles that collapse, and returns the vertices that are left.
fn weld(vertices: &[[i32; 3]], triangles: &mut Vec<[u32; 3]>) -> Vec<[i32; 3]> {
    let mut order: Vec<u32> = (0..vertices.len() as u32).collect();
    order.par_sort_unstable_by_key(|&v| (vertices[v as usize], v));
    let mut number = vec![0u32; vertices.len()];
    let mut kept: Vec<[i32; 3]> = Vec::new();
    for &v in &order {
        let place = vertices[v as usize];
        if kept.last() != Some(&place) {
            kept.push(place);
        }
        number[v as usize] = kept.len() as u32 - 1;
    }
    for triangle in triangles.iter_mut() {
        *triangle = triangle.map(|v| number[v as usize]);
    }
    triangles.retain(|&t| !is_degenerate(t, &kept));
    kept
}

fn twins_of_crossed(triangles: &[[u32; 3]], below: &[u32]) -> Vec<u32> {
    twins(triangles, below.len(), |a, b| below[a as usize] != below[b as usize])
}

/// Pairs half-edges along those edges that `wanted` picks. Where more than two meet at one edge, opposite ones are paired
/// in the order of their triangles; only then are equal ones paired, whose triangles face opposite ways.
fn twins(triangles: &[[u32; 3]], vertex_count: usize, wanted: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let mut twins = vec![NONE; triangles.len() * 3];
    // Counting sort by the edge's smaller vertex, so that the partners end up in one short bucket.
    let mut ends = vec![0u32; vertex_count + 1];
    let edges = |t: usize| {
        let [a, b, c] = triangles[t];
        [(a, b), (b, c), (c, a)]
    };
    for t in 0..triangles.len() {
        for (a, b) in edges(t) {
            if wanted(a, b) {
                ends[a.min(b) as usize + 1] += 1;
            }
        }
    }
    for i in 1..ends.len() {
        ends[i] += ends[i - 1];
    }
    let mut entries = vec![0u64; ends.last().map_or(0, |&n| n as usize)];
    let mut next = ends.clone();
    for t in 0..triangles.len() {
        for (k, (a, b)) in edges(t).into_iter().enumerate() {
            if wanted(a, b) {
                let slot = &mut next[a.min(b) as usize];
                // Sorts by the other vertex, then direction, then half-edge.
                let key = (u64::from(a.max(b)) << 1) | u64::from(a > b);
                entries[*slot as usize] = (key << 32) | (3 * t + k) as u64;
                *slot += 1;
            }
        }
    }
    let half_edge = |entry: u64| entry as u32;
    let mut pair = |a: u64, b: u64| {
        twins[half_edge(a) as usize] = half_edge(b);
        twins[half_edge(b) as usize] = half_edge(a);
    };
    for v in 0..vertex_count {
        let bucket = &mut entries[ends[v] as usize..ends[v + 1] as usize];
        bucket.sort_unstable();
        for edge in bucket.chunk_by(|a, b| a >> 33 == b >> 33) {
            let forward = edge.partition_point(|e| (e >> 32) & 1 == 0);
            let (forward, backward) = edge.split_at(forward);
            let paired = forward.len().min(backward.len());
            for i in 0..paired {
                pair(forward[i], backward[i]);
            }
            for rest in [&forward[paired..], &backward[paired..]] {
                for two in rest.chunks_exact(2) {
                    pair(two[0], two[1]);
                }
            }
        }
    }
    twins
}

fn has_border(twins: &[u32], triangles: &[[u32; 3]], below: &[u32]) -> bool {
    triangles.iter().enumerate().any(|(t, &[a, b, c])| {
        [(a, b), (b, c), (c, a)]
            .into_iter()
            .enumerate()
            .any(|(k, (p, q))| twins[3 * t + k] == NONE && below[p as usize] != below[q as usize])
    })
}

/// The triangles that reach each cut, as starts and one list.
fn by_cut(triangles: &[[u32; 3]], below: &[u32], cuts: usize) -> (Vec<usize>, Vec<u32>) {
    let range = |triangle: &[u32; 3]| {
        let [a, b, c] = triangle.map(|v| below[v as usize] as usize);
        a.min(b).min(c)..a.max(b).max(c)
    };
    // Differences first, so that a tall triangle costs no more than a low one.
    let mut counts = vec![0isize; cuts + 1];
    for triangle in triangles {
        let range = range(triangle);
        counts[range.start] += 1;
        counts[range.end] -= 1;
    }
    let mut starts = vec![0usize; cuts + 1];
    let mut alive = 0;
    for i in 0..cuts {
        alive += counts[i];
        starts[i + 1] = starts[i] + alive as usize;
    }
    let mut next = starts.clone();
    let mut reached = vec![0u32; starts.last().copied().unwrap_or(0)];
    for (t, triangle) in triangles.iter().enumerate() {
        for cut in range(triangle) {
            reached[next[cut]] = t as u32;
            next[cut] += 1;
        }
    }
    (starts, reached)
}
