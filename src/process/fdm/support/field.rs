//! From where branches can still reach the build plate.
//!
//! A branch may move sideways by so much from one level to the next, and must stay out of what is forbidden. Whether it
//! gets past an obstacle depends on all levels below it, so the plate's levels are gone through from below, on a raster:
//! a place is safe where it is free and a place within one step of it is safe in the level below. For each level the
//! distance to the nearest safe place is kept. That tells branches where to go, and which have no way at all.

use crate::geometry::{Bounds, Point, Region};
use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

/// Finest cells, mm.
const FINEST_MM: f64 = 0.5;
/// At most this many cells in all levels together.
const MOST_CELLS: f64 = 8e6;
/// Farther than any place of a plate, mm.
const NEVER_MM: f32 = 1e6;

/// Distances to safe places, level by level.
pub(super) struct Field {
    low_mm: [f64; 2],
    cell_mm: f64,
    columns: usize,
    rows: usize,
    levels: Vec<Vec<f32>>,
}

impl Field {
    /// `forbidden` from the lowest level up; a branch keeps `radius_mm` away from it and moves sideways by at most
    /// `steps_mm[level]` from that level to the one below.
    pub fn new(
        forbidden: &[Region],
        bounds: &Bounds,
        radius_mm: f64,
        steps_mm: &[f64],
        progress: &Progress,
    ) -> Result<Self, Canceled> {
        let ([x0, y0], [x1, y1]) = (bounds.min.to_mm(), bounds.max.to_mm());
        let (width, depth) = ((x1 - x0).max(1.0), (y1 - y0).max(1.0));
        let cell_mm = (width * depth * forbidden.len() as f64 / MOST_CELLS).sqrt().max(FINEST_MM);
        let (columns, rows) = ((width / cell_mm).ceil() as usize + 1, (depth / cell_mm).ceil() as usize + 1);
        let mut field = Self { low_mm: [x0, y0], cell_mm, columns, rows, levels: Vec::new() };
        let blocked: Vec<Vec<bool>> = forbidden
            .par_iter()
            .map(|area| {
                progress.check()?;
                Ok(field.blocked(area, radius_mm))
            })
            .collect::<Result<_, Canceled>>()?;
        for (level, blocked) in blocked.into_iter().enumerate() {
            progress.check()?;
            let step = steps_mm[level] as f32;
            let below = field.levels.last();
            let mut distance: Vec<f32> = (0..columns * rows)
                .map(|cell| match below {
                    _ if blocked[cell] => NEVER_MM,
                    None => 0.0,
                    // Up to a little outside of the safe places, so that they grow by less than a cell as well.
                    Some(below) if below[cell] - step <= 1.5 * cell_mm as f32 => (below[cell] - step).max(0.0),
                    Some(_) => NEVER_MM,
                })
                .collect();
            field.spread(&mut distance);
            field.levels.push(distance);
        }
        Ok(field)
    }

    /// Cells whose middle is in the area or nearer to it than the radius.
    fn blocked(&self, area: &Region, radius_mm: f64) -> Vec<bool> {
        let mut distance = vec![NEVER_MM; self.columns * self.rows];
        let shift = self.low_mm[1] + 0.5 * self.cell_mm;
        for piece in area.hatch(0.0, self.cell_mm, shift).into_iter().flatten() {
            let ([ax, y], [bx, _]) = (piece[0].to_mm(), piece[1].to_mm());
            let row = ((y - self.low_mm[1]) / self.cell_mm).floor();
            if row < 0.0 || row >= self.rows as f64 {
                continue;
            }
            // Middles of cells between both ends.
            let place = |x: f64| ((x - self.low_mm[0]) / self.cell_mm - 0.5).clamp(-1.0, self.columns as f64);
            let (from, to) = (place(ax).ceil().max(0.0) as usize, place(bx).floor());
            if to >= from as f64 {
                let start = row as usize * self.columns;
                let end = (to as usize).min(self.columns - 1);
                distance[start + from..=start + end].fill(0.0);
            }
        }
        self.spread(&mut distance);
        distance.into_iter().map(|d| f64::from(d) < radius_mm).collect()
    }

    /// Makes every value at most that of any other cell plus the distance to it (two passes, Borgefors 1986).
    fn spread(&self, distance: &mut [f32]) {
        let (columns, straight) = (self.columns, self.cell_mm as f32);
        let slanted = straight * std::f32::consts::SQRT_2;
        // From the row beside it, which is done, and then along the row itself.
        let from_beside = |row: &mut [f32], beside: &[f32]| {
            for (to, from) in row.iter_mut().zip(beside) {
                *to = to.min(from + straight);
            }
            for (to, from) in row[1..].iter_mut().zip(beside) {
                *to = to.min(from + slanted);
            }
            for (to, from) in row.iter_mut().zip(&beside[1..]) {
                *to = to.min(from + slanted);
            }
        };
        let along = |best: f32, cell: &mut f32| {
            *cell = cell.min(best + straight);
            *cell
        };
        for r in 0..self.rows {
            let (done, rest) = distance.split_at_mut(r * columns);
            let row = &mut rest[..columns];
            if r > 0 {
                from_beside(row, &done[(r - 1) * columns..]);
            }
            row.iter_mut().fold(NEVER_MM, along);
        }
        for r in (0..self.rows).rev() {
            let (rest, done) = distance.split_at_mut((r + 1) * columns);
            let row = &mut rest[r * columns..];
            if r + 1 < self.rows {
                from_beside(row, &done[..columns]);
            }
            row.iter_mut().rev().fold(NEVER_MM, along);
        }
    }

    /// How far a place is from where a branch of this level could go on to the plate, mm; 0 where it is such a place.
    pub fn distance_mm(&self, level: usize, p: Point) -> f64 {
        let [x, y] = p.to_mm();
        let place = |at: f64, low: f64, count: usize| {
            (((at - low) / self.cell_mm).floor().max(0.0) as usize).min(count.saturating_sub(1))
        };
        let (column, row) = (place(x, self.low_mm[0], self.columns), place(y, self.low_mm[1], self.rows));
        self.levels.get(level).map_or(0.0, |cells| f64::from(cells[row * self.columns + column]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Region {
        Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + w, y + h) })
    }

    #[test]
    fn a_place_is_safe_where_the_way_around_an_obstacle_is_short_enough() {
        // A table of 20 mm in the lowest 5 of 60 levels.
        let forbidden: Vec<Region> =
            (0..60).map(|i| if i < 5 { rectangle(-10.0, -10.0, 20.0, 20.0) } else { Region::default() }).collect();
        let bounds = Bounds { min: Point::from_mm(-20.0, -20.0), max: Point::from_mm(20.0, 20.0) };
        let step = 0.2;
        let field = Field::new(&forbidden, &bounds, 0.4, &vec![step; 60], &Progress::new()).unwrap();
        for (level, x) in [(5, 0.0), (20, 0.0), (30, 3.0), (45, 1.0), (58, 0.0), (40, -8.0), (3, 14.0)] {
            // From the edge of the table the safe places grow inwards by a step a level.
            let inwards = if level < 5 { 0.0 } else { (level - 4) as f64 * step };
            let expected = (10.4 - f64::abs(x) - inwards).max(0.0);
            let found = field.distance_mm(level, Point::from_mm(x, 0.0));
            assert!((found - expected).abs() < 0.8, "level {level} at {x}: {found} for {expected}");
        }
    }
}
