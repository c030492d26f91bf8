//! What the layer grid has to know about an object's surface: how steep it is at each height, and where it is flat.
//!
//! One pass over the triangles in parallel. A triangle says its slope to all heights that it spans; so that a tall one
//! costs no more than a low one, the heights are covered by two blocks of a power of two, and blocks are handed down to
//! single heights at the end. Maxima do not depend on the order in which they are taken.

use std::sync::Arc;

use nalgebra::Matrix4;
use rayon::prelude::*;

use crate::model::Mesh;

/// Heights are told apart by this, or by less detail on very tall objects.
const BIN_MM: f64 = 0.01;
const MOST_BINS: usize = 1 << 16;
/// Triangles whose corners are within this of one height, and whose normal is within about 0.1° of upright, are flat.
const FLAT_MM: f64 = 0.002;
const FLAT_NORMAL: f64 = 1.0 - 1.5e-6;
/// Flat triangles this close together are one surface, mm.
const SAME_MM: f64 = 0.003;
/// Flat surfaces of a smaller area are not worth a layer that ends there, mm².
const LEAST_FLAT_MM2: f64 = 1.0;
/// Fewer triangles than this are not worth a thread.
const CHUNK: usize = 1 << 16;

/// A horizontal part of the surface, facing up or down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flat {
    pub z_mm: f64,
    pub area_mm2: f64,
}

/// Steepness by height, and flat parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surface {
    bin_mm: f64,
    /// For each bin the greatest part of a unit normal that points up or down, of triangles that are not flat; 0 where all
    /// are upright or there are none.
    steepness: Vec<f32>,
    flats: Vec<Flat>,
}

impl Surface {
    /// Looks at meshes that stand on the plate and reach up to `total_mm`.
    pub fn of(parts: &[(Arc<Mesh>, Matrix4<f64>)], total_mm: f64) -> Self {
        if !(total_mm.is_finite() && total_mm > 0.0) {
            return Self::default();
        }
        let bin_mm = BIN_MM.max(total_mm / MOST_BINS as f64);
        let bins = (total_mm / bin_mm).ceil().max(1.0) as usize;
        let found = parts.iter().flat_map(|(mesh, plate_from_part)| {
            let view = View::new(plate_from_part);
            let look = |triangles: &[[u32; 3]]| view.look(mesh, triangles, bins, bin_mm);
            let chunk = mesh.triangles.len().div_ceil(2 * rayon::current_num_threads()).max(CHUNK);
            mesh.triangles.par_chunks(chunk).map(look).collect::<Vec<_>>()
        });
        let (mut blocks, mut flats) = (Blocks::new(bins), Vec::new());
        for (more, flat) in found {
            blocks.take(&more);
            flats.extend(flat);
        }
        Self { bin_mm, steepness: blocks.into_bins(), flats: joined(flats) }
    }

    pub fn bin_mm(&self) -> f64 {
        self.bin_mm
    }

    pub fn steepness(&self) -> &[f32] {
        &self.steepness
    }

    /// Ascending.
    pub fn flats(&self) -> &[Flat] {
        &self.flats
    }
}

/// Flat triangles, as surfaces.
fn joined(mut triangles: Vec<Flat>) -> Vec<Flat> {
    triangles.par_sort_by(|a, b| a.z_mm.total_cmp(&b.z_mm).then(a.area_mm2.total_cmp(&b.area_mm2)));
    let surfaces = triangles.chunk_by(|a, b| b.z_mm - a.z_mm <= SAME_MM).map(|surface| {
        let area_mm2: f64 = surface.iter().map(|f| f.area_mm2).sum();
        let z_mm = surface.iter().map(|f| f.z_mm * f.area_mm2).sum::<f64>() / area_mm2.max(1e-12);
        Flat { z_mm, area_mm2 }
    });
    surfaces.filter(|f| f.area_mm2 >= LEAST_FLAT_MM2).collect()
}

/// From a part's frame to heights and normals on the plate.
struct View {
    height: [f64; 4],
    /// Rows of the cofactors, which turn normals.
    turn: [[f64; 3]; 3],
}

impl View {
    fn new(plate_from_part: &Matrix4<f64>) -> Self {
        let m = |r: usize, c: usize| plate_from_part[(r, c)];
        let cofactor = |r: usize, c: usize| {
            let ((a, b), (d, e)) = (((r + 1) % 3, (r + 2) % 3), ((c + 1) % 3, (c + 2) % 3));
            m(a, d) * m(b, e) - m(a, e) * m(b, d)
        };
        let turn = [0, 1, 2].map(|r| [0, 1, 2].map(|c| cofactor(r, c)));
        Self { height: [m(2, 0), m(2, 1), m(2, 2), m(2, 3)], turn }
    }

    fn look(&self, mesh: &Mesh, triangles: &[[u32; 3]], bins: usize, bin_mm: f64) -> (Blocks, Vec<Flat>) {
        let (mut blocks, mut flats) = (Blocks::new(bins), Vec::new());
        for triangle in triangles {
            let [Some(a), Some(b), Some(c)] = triangle.map(|v| mesh.vertices.get(v as usize)) else { continue };
            let [a, b, c] = [a, b, c].map(|p| p.map(f64::from));
            let [h0, h1, h2, h3] = self.height;
            let z = [a, b, c].map(|p| h0 * p[0] + h1 * p[1] + h2 * p[2] + h3);
            let (u, v) = ([0, 1, 2].map(|k| b[k] - a[k]), [0, 1, 2].map(|k| c[k] - a[k]));
            let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            let n = self.turn.map(|row| row[0] * n[0] + row[1] * n[1] + row[2] * n[2]);
            let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
            let (low, high) = (z[0].min(z[1]).min(z[2]), z[0].max(z[1]).max(z[2]));
            // Numbers that are none fail here too.
            if !(length > 1e-12 && high > 0.0 && high.is_finite() && low.is_finite()) {
                continue;
            }
            let up = (n[2] / length).abs();
            if high - low <= FLAT_MM && up >= FLAT_NORMAL {
                flats.push(Flat { z_mm: (z[0] + z[1] + z[2]) / 3.0, area_mm2: 0.5 * length });
            } else {
                let bin = |z: f64| ((z.max(0.0) / bin_mm) as usize).min(bins - 1);
                blocks.raise(bin(low), bin(high), up as f32);
            }
        }
        (blocks, flats)
    }
}

/// Maxima over runs of bins: `rows[p][i]` counts for bins `i .. i + 2^p`.
struct Blocks {
    rows: Vec<Vec<f32>>,
}

impl Blocks {
    fn new(bins: usize) -> Self {
        let powers = bins.max(1).ilog2() as usize;
        Self { rows: (0..=powers).map(|p| vec![0.0; bins + 1 - (1 << p)]).collect() }
    }

    fn raise(&mut self, first: usize, last: usize, to: f32) {
        let power = (last - first + 1).ilog2() as usize;
        let row = &mut self.rows[power];
        for start in [first, last + 1 - (1 << power)] {
            row[start] = row[start].max(to);
        }
    }

    fn take(&mut self, other: &Self) {
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.iter_mut().zip(more).for_each(|(a, b)| *a = a.max(*b));
        }
    }

    fn into_bins(mut self) -> Vec<f32> {
        while self.rows.len() > 1 {
            let Some(upper) = self.rows.pop() else { break };
            let half = 1 << (self.rows.len() - 1);
            if let Some(lower) = self.rows.last_mut() {
                for (i, value) in upper.into_iter().enumerate() {
                    lower[i] = lower[i].max(value);
                    lower[i + half] = lower[i + half].max(value);
                }
            }
        }
        self.rows.pop().unwrap_or_default()
    }
}
