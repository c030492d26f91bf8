//! Points whose hull is that of all points: of a fine mesh, a small part.
//!
//! A few points that lie far out in many directions have a hull of their own, which costs little. Points inside of it
//! are left out; its corners and what is outside are kept. Whether a point is inside is seen at once: how far the small
//! hull reaches is known for the directions of a grid around its middle, and between three of these directions it reaches
//! at least to the plane through the three. On a ball, where every point is a corner, all of them stay.

use rayon::prelude::*;

use super::{Builder, Grid, corners_of};
use crate::model::{SUM_BLOCK, cross, dot, norm};

/// Fewer points than this are not worth the work.
pub(super) const FEW: usize = 4096;

/// Cells along each side of the six faces of a cube, in each of which the farthest point is found: first roughly, then,
/// of what is left, finely.
const ROUNDS: [usize; 2] = [8, 16];

/// A point on the surface is inside, also where rounding puts it off.
const INSIDE: f64 = 1.0 + 1e-12;

/// Of the points in `chunks` some that have the same hull, a few of them perhaps twice. `points` gives those of a chunk.
pub(super) fn outer_points<C: Sync, I: Iterator<Item = [f64; 3]>>(
    chunks: &[C],
    points: impl Fn(&C) -> I + Sync,
    grid: &Grid,
) -> Vec<[f64; 3]> {
    let mut left = outside_of(chunks, points, grid, ROUNDS[0]);
    for cells in &ROUNDS[1..] {
        if left.len() > FEW {
            let chunks: Vec<&[[f64; 3]]> = left.chunks(SUM_BLOCK).collect();
            left = outside_of(&chunks, |chunk| chunk.iter().copied(), grid, *cells);
        }
    }
    left
}

/// The points that are not inside of the hull of the farthest ones, and those that span it.
fn outside_of<C: Sync, I: Iterator<Item = [f64; 3]>>(
    chunks: &[C],
    points: impl Fn(&C) -> I + Sync,
    grid: &Grid,
    cells: usize,
) -> Vec<[f64; 3]> {
    let Some(reach) = Reach::of(farthest(chunks, &points, grid, cells), grid, 2 * cells) else {
        return chunks.iter().flat_map(points).collect();
    };
    let outside = |chunk: &C| points(chunk).filter(|p| !reach.holds(p)).collect();
    let mut kept: Vec<Vec<[f64; 3]>> = chunks.par_iter().map(outside).collect();
    kept.push(reach.corners);
    kept.concat()
}

/// The farthest point from the middle of the grid in each cell of direction.
fn farthest<C: Sync, I: Iterator<Item = [f64; 3]>>(
    chunks: &[C],
    points: impl Fn(&C) -> I + Sync,
    grid: &Grid,
    cells: usize,
) -> Vec<[f64; 3]> {
    let none = || vec![(0.0, [0.0; 3]); 6 * cells * cells];
    // By position where two are equally far, so that the order of chunks does not matter.
    let farther =
        |a: (f64, [f64; 3]), b: (f64, [f64; 3])| if a.partial_cmp(&b).is_some_and(|o| o.is_ge()) { a } else { b };
    let of_chunks = chunks.par_iter().fold(none, |mut best, chunk| {
        for p in points(chunk) {
            let d = [0, 1, 2].map(|i| p[i] - grid.center[i]);
            let (face, uv) = direction(d);
            let [i, j] = uv.map(|x| (((x + 1.0) * 0.5 * cells as f64) as usize).min(cells - 1));
            let cell = &mut best[(face * cells + i) * cells + j];
            *cell = farther(*cell, (dot(d, d), p));
        }
        best
    });
    let best = of_chunks.reduce(none, |a, b| a.into_iter().zip(b).map(|(a, b)| farther(a, b)).collect());
    best.into_iter().filter(|cell| cell.0 > 0.0).map(|cell| cell.1).collect()
}

/// Where a direction meets the cube around the middle: the number of its face, and where on it, from -1 to 1.
fn direction(d: [f64; 3]) -> (usize, [f64; 2]) {
    let size = d.map(f64::abs);
    let axis = match size {
        [x, y, z] if x >= y && x >= z => 0,
        [_, y, z] if y >= z => 1,
        _ => 2,
    };
    if size[axis] == 0.0 {
        return (0, [0.0; 2]);
    }
    let face = 2 * axis + usize::from(d[axis] < 0.0);
    (face, [d[(axis + 1) % 3] / size[axis], d[(axis + 2) % 3] / size[axis]])
}

/// How far a convex body reaches from its middle.
struct Reach {
    middle: [f64; 3],
    cells: usize,
    /// At each node of each face's grid, by which factor its direction would have to be shortened to end on the surface.
    /// Between nodes this is at most what lies between (the gauge of a convex body is a convex function).
    factors: Vec<f64>,
    corners: Vec<[f64; 3]>,
}

impl Reach {
    /// Of the hull of some points; `None` where they are too few or lie in a plane.
    fn of(points: Vec<[f64; 3]>, grid: &Grid, cells: usize) -> Option<Self> {
        let faces = Builder::faces(points.iter().map(|p| grid.place(p)).collect())?;
        let corners: Vec<[f64; 3]> = corners_of(&faces).iter().map(|corner| points[*corner as usize]).collect();
        let sum = corners.iter().fold([0.0; 3], |sum, p| [0, 1, 2].map(|i| sum[i] + p[i]));
        let middle = sum.map(|x| x / corners.len() as f64);
        let minus = |p: [f64; 3], q: [f64; 3]| [0, 1, 2].map(|i| p[i] - q[i]);
        // The faces are those of points on the grid. That the points themselves lie a little beside it does not matter:
        // what is inside of all planes is inside of the faces as long as the middle is.
        let plane = |face: &[u32; 3]| {
            let [a, b, c] = face.map(|corner| points[corner as usize]);
            let normal = cross(minus(b, a), minus(c, a));
            let height = dot(normal, minus(a, middle));
            (height > 1e-9 * norm(normal)).then(|| normal.map(|x| x / height))
        };
        let planes = faces.iter().map(plane).collect::<Option<Vec<_>>>()?;
        let side = cells + 1;
        let factor = |node: usize| {
            let (face, i, j) = (node / (side * side), node / side % side, node % side);
            let axis = face / 2;
            let mut direction = [0.0; 3];
            direction[axis] = if face % 2 == 1 { -1.0 } else { 1.0 };
            direction[(axis + 1) % 3] = 2.0 * i as f64 / cells as f64 - 1.0;
            direction[(axis + 2) % 3] = 2.0 * j as f64 / cells as f64 - 1.0;
            planes.iter().map(|plane| dot(*plane, direction)).fold(0.0, f64::max)
        };
        let factors = (0..6 * side * side).into_par_iter().map(factor).collect();
        Some(Self { middle, cells, factors, corners })
    }

    /// Whether a point is surely inside.
    fn holds(&self, p: &[f64; 3]) -> bool {
        let d = [0, 1, 2].map(|i| p[i] - self.middle[i]);
        let length = d.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let (face, uv) = direction(d);
        let at = uv.map(|x| (x + 1.0) * 0.5 * self.cells as f64);
        let [i, j] = at.map(|x| (x as usize).min(self.cells - 1));
        let (u, v) = (at[0] - i as f64, at[1] - j as f64);
        let side = self.cells + 1;
        let node = |i: usize, j: usize| self.factors[(face * side + i) * side + j];
        let (low, high) = (node(i, j), node(i + 1, j + 1));
        // The cell's two triangles.
        let factor = if u >= v {
            let corner = node(i + 1, j);
            low + u * (corner - low) + v * (high - corner)
        } else {
            let corner = node(i, j + 1);
            low + v * (corner - low) + u * (high - corner)
        };
        length * factor <= INSIDE
    }
}
