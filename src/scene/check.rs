//! Whether everything stands where it can be made: inside of the build volume, off the excluded areas, on the plate,
//! and not in one another.

use std::cell::OnceCell;

use super::object::{Object, ObjectId};
use super::plate::{BuildPlate, ring};
use crate::geometry::{Join, Region};
use crate::model::{Bounds3, Part, transform_point};
use crate::report::Notice;

/// Lengths below this are rounding, in mm.
const SMALL_MM: f64 = 0.01;

/// Cells along the longer side of the rectangle in which two objects are compared, the quickest look first.
const CELLS: [usize; 2] = [16, 192];

/// Something that stands where it cannot be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Misplaced {
    pub object: ObjectId,
    pub name: String,
    pub what: Misplacement,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Misplacement {
    /// Over the border of the plate.
    OutsidePlate,
    /// On an area that must stay free.
    OnExcludedArea,
    /// Higher than the build volume, by this many mm.
    TooHigh(f64),
    /// Partly below the plate, by this many mm: that part is not made.
    BelowPlate(f64),
    /// Not touching the plate, by this many mm.
    InTheAir(f64),
    /// In another object, and in so many more.
    Overlaps(ObjectId, String, usize),
}

impl Misplaced {
    /// The same in a sentence.
    pub fn notice(&self) -> Notice {
        let text = match &self.what {
            Misplacement::OutsidePlate => "It stands over the border of the build plate. Move or scale it.".to_owned(),
            Misplacement::OnExcludedArea => "It stands on an area that must stay free. Move it.".to_owned(),
            Misplacement::TooHigh(mm) => {
                format!("It is {mm:.2} mm higher than the machine can reach. Lay it down, cut or scale it.")
            }
            Misplacement::BelowPlate(mm) => {
                format!("It reaches {mm:.2} mm below the build plate; that part will be missing. Drop it to the plate.")
            }
            Misplacement::InTheAir(mm) => {
                format!("It hangs {mm:.2} mm above the build plate. Drop it to the plate.")
            }
            Misplacement::Overlaps(_, other, 0) => format!("It overlaps {other}. Move one of them, or arrange."),
            Misplacement::Overlaps(_, other, more) => {
                format!("It overlaps {other} and {more} more. Move them apart, or arrange.")
            }
        };
        Notice::warning(text).on_object(self.name.clone())
    }
}

/// Whether a convex outline with a margin around it is on the plate and off its excluded areas.
pub(super) fn stands_on(outline: &[[f64; 2]], margin_mm: f64, plate: &BuildPlate) -> bool {
    let grown = Region { rings: vec![ring(outline)] }.offset(margin_mm, Join::Miter(2.0));
    grown.difference(&plate.area).area_mm2() <= SMALL_MM * SMALL_MM
}

/// Everything that stands where it cannot be made, in the order of the objects.
pub fn misplaced<'a>(objects: impl IntoIterator<Item = &'a Object>, plate: &BuildPlate) -> Vec<Misplaced> {
    let objects: Vec<&Object> = objects.into_iter().collect();
    let border = Region::from_rings_non_zero(vec![ring(&plate.outline)]);
    let outlines = outlines(&objects);
    let boxes: Vec<Bounds3> = objects.iter().map(|o| o.bounds()).collect();
    let overlaps = overlaps(&objects, &outlines, &boxes);
    let mut found = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        let mut say = |what| found.push(Misplaced { object: object.id, name: object.name.clone(), what });
        let outside = |area: &Region| outlines[i].difference(area).area_mm2() > SMALL_MM * SMALL_MM;
        if outside(&border) {
            say(Misplacement::OutsidePlate);
        } else if !plate.excluded.is_empty() && outside(&plate.area) {
            say(Misplacement::OnExcludedArea);
        }
        let (bottom, top) = (boxes[i].min[2], boxes[i].max[2]);
        if top > plate.height_mm + SMALL_MM {
            say(Misplacement::TooHigh(top - plate.height_mm));
        }
        if bottom < -SMALL_MM {
            say(Misplacement::BelowPlate(-bottom));
        } else if bottom > SMALL_MM {
            say(Misplacement::InTheAir(bottom));
        }
        // One notice an object: naming every pair would be a long list of the same.
        let others = &overlaps[i];
        if let Some(&j) = others.first() {
            say(Misplacement::Overlaps(objects[j].id, objects[j].name.clone(), others.len() - 1));
        }
    }
    found
}

/// How many pairs of objects overlap.
pub(super) fn overlapping_pairs(objects: &[&Object]) -> usize {
    let boxes: Vec<Bounds3> = objects.iter().map(|o| o.bounds()).collect();
    overlaps(objects, &outlines(objects), &boxes).iter().map(Vec::len).sum()
}

fn outlines(objects: &[&Object]) -> Vec<Region> {
    objects.iter().map(|o| Region { rings: vec![ring(&o.outline())] }).collect()
}

/// For each object those before it that it overlaps.
fn overlaps(objects: &[&Object], outlines: &[Region], boxes: &[Bounds3]) -> Vec<Vec<usize>> {
    let triangles: Vec<OnceCell<Placed>> = objects.iter().map(|_| OnceCell::new()).collect();
    let placed = |o: usize| triangles[o].get_or_init(|| placed_triangles(objects[o]));
    let is_pair = |i: usize, j: usize| {
        boxes[i].overlaps(&boxes[j])
            && outlines[i].intersection(&outlines[j]).area_mm2() > SMALL_MM * SMALL_MM
            && CELLS.iter().any(|&cells| columns_overlap(placed(i), placed(j), &boxes[i], &boxes[j], cells))
    };
    (0..objects.len()).map(|i| (0..i).filter(|&j| is_pair(i, j)).collect()).collect()
}

/// The triangles of each part of an object where they are on the plate.
type Placed = Vec<Vec<[[f64; 3]; 3]>>;

fn placed_triangles(object: &Object) -> Placed {
    let of_part = |part: &Part| {
        let place = object.plate_from_model * part.model_from_part;
        let points: Vec<[f64; 3]> =
            part.mesh.vertices.iter().map(|v| transform_point(&place, v.map(f64::from))).collect();
        let corners = part.mesh.triangles.iter().filter_map(|t| {
            let [a, b, c] = t.map(|i| points.get(i as usize).copied());
            Some([a?, b?, c?])
        });
        corners.collect()
    };
    object.model.parts.iter().map(of_part).collect()
}

/// Whether two objects take the same room: vertical lines through both, on a grid of so many cells seen from above, are
/// compared by where they run inside of each.
fn columns_overlap(a: &Placed, b: &Placed, box_a: &Bounds3, box_b: &Bounds3, cells: usize) -> bool {
    let min = [0, 1].map(|i| box_a.min[i].max(box_b.min[i]));
    let max = [0, 1].map(|i| box_a.max[i].min(box_b.max[i]));
    let cell = (max[0] - min[0]).max(max[1] - min[1]) / cells as f64;
    if cell <= 0.0 || !cell.is_finite() {
        return false;
    }
    let columns = [0, 1].map(|i| (((max[i] - min[i]) / cell).ceil() as usize).clamp(1, cells));
    let grid = Grid { origin: min, cell, columns };
    let (a, b) = (grid.inside_of(a), grid.inside_of(b));
    // Both are sorted by cell, then height: of two runs, the one that ends first is done with.
    let (mut i, mut j) = (0, 0);
    while let (Some(u), Some(v)) = (a.get(i), b.get(j)) {
        if u.cell == v.cell && u.to.min(v.to) - u.from.max(v.from) > SMALL_MM {
            return true;
        }
        if (u.cell, u.to) < (v.cell, v.to) { i += 1 } else { j += 1 }
    }
    false
}

/// A piece of a vertical line that is inside of an object, mm.
struct Run {
    cell: usize,
    from: f64,
    to: f64,
}

struct Grid {
    origin: [f64; 2],
    cell: f64,
    columns: [usize; 2],
}

impl Grid {
    /// Where the line through each cell is inside of an object, sorted by cell and height.
    fn inside_of(&self, object: &Placed) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for part in object {
            let mut crossings: Vec<(usize, f64)> = Vec::new();
            for triangle in part {
                self.cross(&mut crossings, *triangle);
            }
            crossings.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for line in crossings.chunk_by(|a, b| a.0 == b.0) {
                // Every second crossing leads out. An odd one means a hole in the mesh: such a line says nothing.
                if line.len() % 2 == 0 {
                    runs.extend(line.chunks_exact(2).map(|p| Run { cell: p[0].0, from: p[0].1, to: p[1].1 }));
                }
            }
        }
        runs.sort_by(|a, b| a.cell.cmp(&b.cell).then(a.from.total_cmp(&b.from)));
        runs
    }

    /// Where the lines go through a triangle.
    fn cross(&self, crossings: &mut Vec<(usize, f64)>, [a, b, c]: [[f64; 3]; 3]) {
        // Not the middles of cells: models like round numbers, and a line along an edge would cross twice.
        const OFF: [f64; 2] = [0.513_7, 0.492_3];
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if area == 0.0 {
            return;
        }
        let cells = |k: usize| {
            let low = a[k].min(b[k]).min(c[k]);
            let high = a[k].max(b[k]).max(c[k]);
            let at =
                |x: f64| ((x - self.origin[k]) / self.cell - OFF[k]).ceil().clamp(0.0, self.columns[k] as f64) as usize;
            at(low)..at(high)
        };
        for y in cells(1) {
            for x in cells(0) {
                let p = [
                    self.origin[0] + (x as f64 + OFF[0]) * self.cell,
                    self.origin[1] + (y as f64 + OFF[1]) * self.cell,
                ];
                let side = |u: [f64; 3], v: [f64; 3]| (v[0] - u[0]) * (p[1] - u[1]) - (v[1] - u[1]) * (p[0] - u[0]);
                let [wc, wa, wb] = [side(a, b), side(b, c), side(c, a)].map(|s| s / area);
                if wa >= 0.0 && wb >= 0.0 && wc >= 0.0 {
                    crossings.push((y * self.columns[0] + x, wa * a[2] + wb * b[2] + wc * c[2]));
                }
            }
        }
    }
}
