//! Cubes standing on a corner that are small near the surface and large within.
//!
//! Space is parted into cubes of 16 units, halved again and again, as an octree; the unit is the distance of the planes
//! of plain cubic infill of the same density. The three planes through the middle of a cube are laid where the cube has
//! a part of the surface in it, and those of the largest cubes everywhere. As smaller cubes lie in larger ones that have
//! the same surface in them, a plane ends only at another. What the surface is follows from the areas to be filled:
//! their borders, and places above or below which there is none.

use super::family::{End, Family, Piece};
use super::pattern::{Object, Pattern, Sheet, joined};
use crate::geometry::{Point, Polyline, Region, UNITS_PER_MM};
use crate::progress::{Canceled, Progress};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_3};

/// Halvings of the largest cubes.
const HALVINGS: u32 = 3;
/// A part of the surface counts for all cubes within this many units, so that lines reach as far as to it.
const NEAR: f64 = 0.5;

/// Where cubes are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finest {
    /// Near all of the surface.
    NearSurface,
    /// Below roofs only.
    BelowRoofs,
}

pub struct AdaptiveCubic {
    lattice: Lattice,
    /// Cubes with a part of the surface in them, ascending.
    cubes: Vec<Cube>,
}

/// A cube by its size, which is two units for 0 and doubles, and its place along the three axes in its own size.
type Cube = (u32, [i32; 3]);

/// Three directions at right angles to each other that lean out of the vertical alike.
#[derive(Clone, Copy)]
struct Lattice {
    angle_rad: f64,
    /// Distance of the lines of one family in a layer.
    lines_mm: f64,
}

impl Lattice {
    fn line_angle_rad(&self, axis: usize) -> f64 {
        self.angle_rad + axis as f64 * 2.0 * FRAC_PI_3
    }

    /// A place in units along the three axes.
    fn place(&self, [x, y]: [f64; 2], z_mm: f64) -> [f64; 3] {
        [0, 1, 2].map(|axis| {
            let (sin, cos) = self.line_angle_rad(axis).sin_cos();
            (y * cos - x * sin - z_mm * FRAC_1_SQRT_2) / self.lines_mm
        })
    }

    /// The lines of all planes at a height.
    fn family(&self, axis: usize, z_mm: f64) -> Family {
        Family::new(self.line_angle_rad(axis), self.lines_mm, z_mm * FRAC_1_SQRT_2)
    }
}

impl AdaptiveCubic {
    pub fn new(object: &Object, finest: Finest, progress: &Progress) -> Result<Self, Canceled> {
        let lattice = Lattice { angle_rad: object.angle_rad, lines_mm: 3.0 * object.distance_mm };
        let surface = Surface { object, step_mm: object.distance_mm };
        let cubes: Vec<Vec<Cube>> = (0..object.layers.len())
            .into_par_iter()
            .map(|layer| {
                progress.check()?;
                let mut places = surface.roofs(layer);
                if finest == Finest::NearSurface {
                    places.extend(surface.floors(layer));
                    places.extend(surface.walls(layer));
                }
                let z_mm = object.layers[layer].span.top_mm;
                Ok(places.into_iter().flat_map(|p| cubes_around(lattice.place(p.to_mm(), z_mm))).collect())
            })
            .collect::<Result<_, Canceled>>()?;
        let cubes: BTreeSet<Cube> = cubes.into_iter().flatten().collect();
        Ok(Self { lattice, cubes: cubes.into_iter().collect() })
    }

    /// The parts of a piece that are laid.
    fn laid(&self, piece: &Piece, axis: usize, z_mm: f64, out: &mut Vec<Piece>) {
        let size = piece.line.trailing_zeros();
        if size >= HALVINGS {
            out.push(*piece);
            return;
        }
        let side = f64::from(2 << size);
        let [from, to] = piece.ends.map(|end| self.lattice.place(end.point.to_mm(), z_mm));
        let at = |share: f64| [0, 1, 2].map(|i| from[i] + share * (to[i] - from[i]));
        // Where the line goes from cube to cube.
        let mut shares = vec![0.0, 1.0];
        for other in (0..3).filter(|&other| other != axis) {
            let (a, b) = (from[other] / side, to[other] / side);
            let (low, high) = (a.min(b), a.max(b));
            shares.extend((low.floor() as i32 + 1..high.ceil() as i32).map(|n| (f64::from(n) - a) / (b - a)));
        }
        shares.sort_by(f64::total_cmp);
        let is_laid = |pair: &[f64]| {
            let mut cube = at(0.5 * (pair[0] + pair[1])).map(|q| (q / side).floor() as i32);
            // The line is in the middle of its cubes: rounding must not decide.
            cube[axis] = piece.line.div_euclid(2 << size) as i32;
            self.cubes.binary_search(&(size, cube)).is_ok()
        };
        let stretches: Vec<&[f64]> = shares.windows(2).filter(|pair| pair[1] > pair[0]).collect();
        for stretch in stretches.chunk_by(|a, b| is_laid(a) == is_laid(b)) {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
            if is_laid(first) {
                let ends = [end_at(piece, first[0]), end_at(piece, last[1])];
                if ends[0].point != ends[1].point {
                    out.push(Piece { ends, ..*piece });
                }
            }
        }
    }
}

impl Pattern for AdaptiveCubic {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        let families = [0, 1, 2].map(|axis| self.lattice.family(axis, sheet.z_mm));
        let mut pieces = Vec::new();
        for (axis, family) in families.iter().enumerate() {
            for piece in family.pieces(area, axis as u32) {
                self.laid(&piece, axis, sheet.z_mm, &mut pieces);
            }
        }
        joined(area, sheet, &families, &pieces)
    }
}

/// A place along a piece: its end, or an end within.
fn end_at(piece: &Piece, share: f64) -> End {
    let [a, b] = piece.ends;
    if share <= 0.0 {
        return a;
    }
    if share >= 1.0 {
        return b;
    }
    End::within(a.point.towards(b.point, share), a.u + share * (b.u - a.u))
}

/// All cubes that come near a place.
fn cubes_around(place: [f64; 3]) -> Vec<Cube> {
    let mut cubes = Vec::new();
    for size in 0..HALVINGS {
        let side = f64::from(2 << size);
        let [low, high] = [-NEAR, NEAR].map(|offset| place.map(|q| ((q + offset) / side).floor() as i32));
        for i in low[0]..=high[0] {
            for j in low[1]..=high[1] {
                cubes.extend((low[2]..=high[2]).map(|k| (size, [i, j, k])));
            }
        }
    }
    cubes
}

/// Places on the surface of what is to be filled, close enough together to find every cube.
struct Surface<'a> {
    object: &'a Object<'a>,
    step_mm: f64,
}

impl Surface<'_> {
    /// Places of a layer above which nothing is filled.
    fn roofs(&self, layer: usize) -> Vec<Point> {
        self.bare(layer, self.object.layers.get(layer + 1).map(|_| layer + 1))
    }

    /// Places of a layer below which nothing is filled.
    fn floors(&self, layer: usize) -> Vec<Point> {
        self.bare(layer, layer.checked_sub(1))
    }

    fn bare(&self, layer: usize, other: Option<usize>) -> Vec<Point> {
        let of_other = other.map(|other| self.columns(other)).unwrap_or_default();
        let bare = self.columns(layer).into_iter().filter(|column| of_other.binary_search(column).is_err());
        bare.map(|[row, column]| Point::from_mm(f64::from(column) * self.step_mm, f64::from(row) * self.step_mm))
            .collect()
    }

    /// The places of a square grid in the filled area of a layer, row by row.
    fn columns(&self, layer: usize) -> Vec<[i32; 2]> {
        let mut columns = Vec::new();
        let step = self.step_mm * UNITS_PER_MM;
        for area in self.object.sparse(layer) {
            for [a, b] in area.hatch(0.0, self.step_mm, 0.0).into_iter().flatten() {
                let row = (f64::from(a.y) / step).round() as i32;
                let (from, to) = ((f64::from(a.x) / step).ceil() as i32, (f64::from(b.x) / step).floor() as i32);
                columns.extend((from..=to).map(|column| [row, column]));
            }
        }
        columns.sort_unstable();
        columns
    }

    /// Places along the borders of a layer, of one layer in each step of height.
    fn walls(&self, layer: usize) -> Vec<Point> {
        let span = self.object.layers[layer].span;
        let step = |z_mm: f64| (z_mm / self.step_mm).floor();
        if layer > 0 && step(span.bottom_mm) == step(span.top_mm) {
            return Vec::new();
        }
        let mut places = Vec::new();
        for (a, b) in self.object.sparse(layer).flat_map(|area| area.rings.iter().flat_map(|ring| ring.edges())) {
            let count = (a.distance_mm(b) / self.step_mm).ceil().max(1.0);
            places.extend((0..count as usize).map(|i| a.towards(b, i as f64 / count)));
        }
        places
    }
}
