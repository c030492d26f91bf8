//! Which side of a surface is outside: pieces are taken as bodies, by their signed volume and by what is around them.

use super::repair::flat_pieces;
use super::topology::{NONE, Topology};
use super::{Bounds3, Mesh, signed_volume};
use crate::progress::{Canceled, Progress};

/// Turns pieces around whose inside is outside. A piece that faces inwards within another is a cavity and stays.
pub(super) fn face_outwards(
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

pub(super) fn flip(mesh: &mut Mesh, which: impl Fn(usize) -> bool) {
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
