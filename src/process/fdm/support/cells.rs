//! Areas made of the cells of a grid: what gives towers a firm footing and straight sides.

use std::collections::{BTreeMap, BTreeSet};

use crate::geometry::{Point, Region, Ring, UNITS_PER_MM};

/// Lines along which a cell is looked at.
const LINES: u32 = 6;
/// A cell that a line of the area reaches into by less than this is not touched, mm.
const TOUCH_MM: f64 = 0.05;

/// A square grid on the plate, turned by an angle.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellGrid {
    angle_rad: f64,
    /// Side of a cell, mm.
    side_mm: f64,
}

/// Column and row of a cell.
type Cell = (i32, i32);

impl CellGrid {
    pub fn new(angle_rad: f64, side_mm: f64) -> Self {
        Self { angle_rad, side_mm: side_mm.max(0.2) }
    }

    /// All cells that an area reaches into, as an area. What reaches into a cell by less than a sixth of it may be missed.
    pub fn cover(&self, area: &Region) -> Region {
        let cells = self.cells(area);
        Region { rings: self.outlines(&cells) }
    }

    fn cells(&self, area: &Region) -> BTreeSet<Cell> {
        let step = self.side_mm / f64::from(LINES);
        let (sin, cos) = self.angle_rad.sin_cos();
        let frame = |p: Point| {
            let [x, y] = p.to_mm();
            ((x * cos + y * sin) / self.side_mm, (y * cos - x * sin) / self.side_mm)
        };
        let touch = TOUCH_MM / self.side_mm;
        let mut cells = BTreeSet::new();
        // Half a step off the borders of the cells, so that an area made of cells touches just them.
        for piece in area.hatch(self.angle_rad, step, 0.5 * step).into_iter().flatten() {
            let ((a, row), (b, _)) = (frame(piece[0]), frame(piece[1]));
            let (from, to) = ((a + touch).floor() as i32, (b - touch).floor() as i32);
            cells.extend((from..=to).map(|column| (column, row.floor() as i32)));
        }
        cells
    }

    /// The outlines of some cells, outer ones counter-clockwise. Cells that meet at a corner only are kept apart.
    fn outlines(&self, cells: &BTreeSet<Cell>) -> Vec<Ring> {
        // Every side between a cell and no cell, as a step from corner to corner with the cell on its left.
        let mut steps: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
        for &(x, y) in cells {
            let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
            let beside = [(x, y - 1), (x + 1, y), (x, y + 1), (x - 1, y)];
            for i in 0..4 {
                if !cells.contains(&beside[i]) {
                    steps.entry(corners[i]).or_default().push(corners[(i + 1) % 4]);
                }
            }
        }
        let mut rings = Vec::new();
        while let Some((&start, _)) = steps.first_key_value() {
            let mut ring: Vec<Cell> = Vec::new();
            let (mut at, mut came) = (start, None);
            while let Some(next) = take_step(&mut steps, at, came) {
                let direction = (next.0 - at.0, next.1 - at.1);
                if came != Some(direction) {
                    ring.push(at);
                }
                (at, came) = (next, Some(direction));
                if at == start {
                    break;
                }
            }
            // The first corner may lie in the middle of a straight side: harmless.
            rings.push(Ring(ring.into_iter().map(|corner| self.corner(corner)).collect()));
        }
        rings
    }

    fn corner(&self, (x, y): Cell) -> Point {
        let (sin, cos) = self.angle_rad.sin_cos();
        let (u, v) = (f64::from(x) * self.side_mm * UNITS_PER_MM, f64::from(y) * self.side_mm * UNITS_PER_MM);
        Point::new((u * cos - v * sin).round() as i32, (u * sin + v * cos).round() as i32)
    }
}

/// Takes a step that begins at a corner; where there are two, the one that turns left, around the cell come along.
fn take_step(steps: &mut BTreeMap<Cell, Vec<Cell>>, at: Cell, came: Option<(i32, i32)>) -> Option<Cell> {
    let choices = steps.get_mut(&at)?;
    let is_left = |&next: &Cell| came.is_some_and(|(dx, dy)| (next.0 - at.0, next.1 - at.1) == (-dy, dx));
    let chosen = choices.iter().position(is_left).unwrap_or(0);
    let next = choices.swap_remove(chosen);
    if choices.is_empty() {
        steps.remove(&at);
    }
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Bounds, Join};

    fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Region {
        Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + w, y + h) })
    }

    #[test]
    fn cells_cover_an_area_and_no_more_than_they_must() {
        for angle in [0.0_f64, 0.3, 1.0] {
            let grid = CellGrid::new(angle, 3.0);
            let area = rectangle(-7.0, 2.0, 13.0, 8.0).union(&rectangle(20.0, 20.0, 1.0, 1.0));
            let cover = grid.cover(&area);
            // But for what is between the lines that are looked along.
            let inner = area.offset(-0.3, Join::Miter(2.0));
            assert!(inner.difference(&cover).area_mm2() < 1e-6, "at {angle}");
            // No further than the diagonal of a cell.
            let reach = area.offset(3.0 * std::f64::consts::SQRT_2 + 0.01, Join::Round);
            assert!(cover.difference(&reach).area_mm2() < 1e-6, "at {angle}");
            assert_eq!(Region::from_rings(cover.rings.clone()).area_mm2(), cover.area_mm2());
            // What is made of cells stays as it is.
            let again = grid.cover(&cover);
            assert!((again.area_mm2() - cover.area_mm2()).abs() < 1e-3, "at {angle}");
        }
    }

    #[test]
    fn holes_stay_holes_and_corners_do_not_join() {
        let grid = CellGrid::new(0.0, 1.0);
        let frame = rectangle(0.0, 0.0, 5.0, 5.0).difference(&rectangle(2.0, 2.0, 1.0, 1.0));
        let cover = grid.cover(&frame);
        assert_eq!(cover.rings.len(), 2);
        assert!((cover.area_mm2() - 24.0).abs() < 1e-9);
        let corners = rectangle(0.0, 0.0, 1.0, 1.0).union(&rectangle(1.0, 1.0, 1.0, 1.0));
        let cover = grid.cover(&corners);
        assert_eq!(cover.rings.len(), 2);
        assert!((cover.area_mm2() - 2.0).abs() < 1e-9);
    }
}
