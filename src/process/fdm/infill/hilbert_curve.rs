//! Hilbert's curve (1891): one line through every cell of a square grid that never crosses itself and turns all the time.

use super::curve;
use super::pattern::{Pattern, Sheet};
use crate::geometry::{Bounds, Point, Polyline, Region, UNITS_PER_MM};

pub struct HilbertCurve;

impl Pattern for HilbertCurve {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        curve::laid(area, &curves(area, sheet.angle_rad, sheet.distance_mm()), &sheet.joining())
    }
}

/// The curve is around the plate's origin and so many doublings of a cell wide, which is more than any plate.
const DOUBLINGS: u32 = 16;

/// The parts of the curve near an area, through cells of this size. The curve passes each cell's middle, so its length a
/// cell is the cell's size.
pub fn curves(area: &Region, angle_rad: f64, cell_mm: f64) -> Vec<Polyline> {
    let (sin, cos) = angle_rad.sin_cos();
    let cell = cell_mm * UNITS_PER_MM;
    // In half cells along the turned axes.
    let turned = |p: &Point| {
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        let half_cells = |v: f64| (2.0 * v / cell).round() as i32;
        Point::new(half_cells(x * cos + y * sin), half_cells(y * cos - x * sin))
    };
    let Some(bounds) = Bounds::around(area.rings.iter().flat_map(|ring| ring.0.iter().map(turned))) else {
        return Vec::new();
    };
    // A cell more on every side: the curve must reach beyond the border that it is cut at.
    let near = Bounds {
        min: Point::new(bounds.min.x - 4, bounds.min.y - 4),
        max: Point::new(bounds.max.x + 4, bounds.max.y + 4),
    };
    let size = 1 << (DOUBLINGS + 1);
    let mut walk = Walk { near, runs: vec![Vec::new()] };
    walk.quarter([-size / 2, -size / 2], [size, 0], [0, size]);
    let to_plate = |p: Point| {
        let (u, v) = (f64::from(p.x) * 0.5 * cell, f64::from(p.y) * 0.5 * cell);
        Point::new((u * cos - v * sin).round() as i32, (u * sin + v * cos).round() as i32)
    };
    let runs = walk.runs.into_iter().filter(|run| run.len() > 1);
    runs.map(|run| Polyline(run.into_iter().map(to_plate).collect())).collect()
}

struct Walk {
    near: Bounds,
    /// Stretches of the curve in half cells; the last one is going on, or empty.
    runs: Vec<Vec<Point>>,
}

impl Walk {
    /// Goes through the square at `corner` between two sides, from the corner along the first side to its end.
    fn quarter(&mut self, corner: [i32; 2], first: [i32; 2], second: [i32; 2]) {
        let far = [corner[0] + first[0] + second[0], corner[1] + first[1] + second[1]];
        let square = Bounds {
            min: Point::new(corner[0].min(far[0]), corner[1].min(far[1])),
            max: Point::new(corner[0].max(far[0]), corner[1].max(far[1])),
        };
        if !square.overlaps(&self.near) {
            if self.runs.last().is_some_and(|run| !run.is_empty()) {
                self.runs.push(Vec::new());
            }
            return;
        }
        let half = |v: [i32; 2]| [v[0] / 2, v[1] / 2];
        let add = |a: [i32; 2], b: [i32; 2]| [a[0] + b[0], a[1] + b[1]];
        let minus = |v: [i32; 2]| [-v[0], -v[1]];
        let (a, b) = (half(first), half(second));
        if a[0].abs() + a[1].abs() < 2 {
            let [x, y] = add(corner, add(a, b));
            if let Some(run) = self.runs.last_mut() {
                // Points amid a straight stretch are left out.
                if let [.., p, q] = run.as_slice()
                    && (p.x == x && q.x == x || p.y == y && q.y == y)
                {
                    run.pop();
                }
                run.push(Point::new(x, y));
            }
            return;
        }
        self.quarter(corner, b, a);
        self.quarter(add(corner, b), a, b);
        self.quarter(add(corner, add(a, b)), a, b);
        self.quarter(add(corner, add(first, b)), minus(b), minus(a));
    }
}
