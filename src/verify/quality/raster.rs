//! Areas on a grid of square pixels, each with the exact share that is covered.
//!
//! Edges are summed up as in the scan conversion of fonts (an edge adds what it covers to its own pixels and all of its
//! height to those on its right; one sum along each row then gives the coverage), so that the cost is that of the edges
//! and of one pass over the pixels, however many shapes there are, and what several shapes cover counts several times.

use crate::geometry::{Region, mm};

/// The grid: which part of the plate it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub min_mm: [f64; 2],
    pub columns: usize,
    pub rows: usize,
    pub pixel_mm: f64,
}

impl Frame {
    /// The grid around a rectangle; its lines are the same for every rectangle.
    pub(super) fn around(min_mm: [f64; 2], max_mm: [f64; 2], pixel_mm: f64) -> Self {
        let first = min_mm.map(|v| (v / pixel_mm).floor());
        let count = |axis: usize| ((max_mm[axis] / pixel_mm).ceil() - first[axis]).max(1.0) as usize;
        Self { min_mm: first.map(|v| v * pixel_mm), columns: count(0), rows: count(1), pixel_mm }
    }

    pub(super) fn pixel_mm2(&self) -> f64 {
        self.pixel_mm * self.pixel_mm
    }

    /// The middle of a pixel.
    pub(super) fn middle_mm(&self, index: usize) -> [f64; 2] {
        let (row, column) = (index / self.columns, index % self.columns);
        [self.min_mm[0] + (column as f64 + 0.5) * self.pixel_mm, self.min_mm[1] + (row as f64 + 0.5) * self.pixel_mm]
    }

    fn pixel(&self, [x, y]: [f64; 2]) -> Option<usize> {
        let column = ((x - self.min_mm[0]) / self.pixel_mm).floor();
        let row = ((y - self.min_mm[1]) / self.pixel_mm).floor();
        let inside = column >= 0.0 && row >= 0.0 && column < self.columns as f64 && row < self.rows as f64;
        inside.then(|| row as usize * self.columns + column as usize)
    }
}

/// One value a pixel, row by row.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub frame: Frame,
    pub values: Vec<f32>,
}

impl Field {
    /// What of each pixel a region covers.
    pub(super) fn of_region(frame: Frame, region: &Region) -> Self {
        let mut canvas = Canvas::new(frame);
        for ring in &region.rings {
            for (a, b) in ring.edges() {
                canvas.edge([mm(a.x), mm(a.y)], [mm(b.x), mm(b.y)]);
            }
        }
        canvas.finish()
    }

    /// The value at a place; 0 beside the grid.
    pub(super) fn at(&self, place_mm: [f64; 2]) -> f32 {
        self.frame.pixel(place_mm).and_then(|i| self.values.get(i)).copied().unwrap_or(0.0)
    }

    pub(super) fn mapped(mut self, change: impl Fn(f32) -> f32) -> Self {
        for value in &mut self.values {
            *value = change(*value);
        }
        self
    }

    /// The mean over a square of about `side_mm` around each pixel (an odd number of pixels), 0 beside the grid.
    pub(super) fn box_mean(&self, side_mm: f64) -> Self {
        let reach = (((side_mm / self.frame.pixel_mm) - 1.0) / 2.0).round().max(0.0) as usize;
        let (columns, rows) = (self.frame.columns, self.frame.rows);
        let scale = 1.0 / (2 * reach + 1) as f32;
        let mut level = vec![0.0f32; self.values.len()];
        for (from, to) in self.values.chunks_exact(columns).zip(level.chunks_exact_mut(columns)) {
            let mut sum: f64 = from.iter().take(reach).map(|v| f64::from(*v)).sum();
            for (column, mean) in to.iter_mut().enumerate() {
                sum += from.get(column + reach).map_or(0.0, |v| f64::from(*v));
                *mean = sum as f32 * scale;
                sum -= column.checked_sub(reach).and_then(|c| from.get(c)).map_or(0.0, |v| f64::from(*v));
            }
        }
        // All columns at once, a row at a time, as memory likes it.
        let mut sums = vec![0.0f64; columns];
        let row = |index: usize| level.get(index * columns..(index + 1) * columns);
        let add = |sums: &mut Vec<f64>, index: Option<usize>, sign: f64| {
            if let Some(values) = index.filter(|i| *i < rows).and_then(row) {
                sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += sign * f64::from(*v));
            }
        };
        for index in 0..reach {
            add(&mut sums, Some(index), 1.0);
        }
        let mut out = Vec::with_capacity(self.values.len());
        for index in 0..rows {
            add(&mut sums, Some(index + reach), 1.0);
            out.extend(sums.iter().map(|sum| *sum as f32 * scale));
            add(&mut sums, index.checked_sub(reach), -1.0);
        }
        Self { frame: self.frame, values: out }
    }
}

/// Collects edges.
pub(super) struct Canvas {
    frame: Frame,
    stride: usize,
    sums: Vec<f32>,
}

impl Canvas {
    pub(super) fn new(frame: Frame) -> Self {
        // An edge on the right border writes one pixel further.
        let stride = frame.columns + 2;
        Self { frame, stride, sums: vec![0.0; stride * frame.rows] }
    }

    /// Adds a shape, whichever way round it goes.
    pub(super) fn shape(&mut self, corners: &[[f64; 2]]) {
        let edges = || corners.iter().copied().zip(corners.iter().copied().cycle().skip(1));
        let doubled: f64 = edges().map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
        for (a, b) in edges() {
            if doubled > 0.0 { self.edge(a, b) } else { self.edge(b, a) }
        }
    }

    /// Adds an edge that has its area on the left.
    fn edge(&mut self, from: [f64; 2], to: [f64; 2]) {
        let limits = [self.frame.columns as f64, self.frame.rows as f64];
        let place = |p: [f64; 2]| {
            [0, 1].map(|axis| ((p[axis] - self.frame.min_mm[axis]) / self.frame.pixel_mm).clamp(0.0, limits[axis]))
        };
        let (from, to) = (place(from), place(to));
        if from[1] == to[1] {
            return;
        }
        // Going down, the area is on the right.
        let (sign, low, high) = if from[1] > to[1] { (1.0, to, from) } else { (-1.0, from, to) };
        let slope = (high[0] - low[0]) / (high[1] - low[1]);
        let mut x = low[0];
        let last = (high[1].ceil() as usize).min(self.frame.rows);
        for y in low[1] as usize..last {
            let height = (y as f64 + 1.0).min(high[1]) - (y as f64).max(low[1]);
            let next = (x + slope * height).clamp(0.0, limits[0]);
            let (left, right) = if x < next { (x, next) } else { (next, x) };
            self.within_row(y * self.stride, left, right, sign * height);
            x = next;
        }
    }

    /// Adds the part of an edge within one row: it reaches from `left` to `right` and is `height` high (signed).
    fn within_row(&mut self, row: usize, left: f64, right: f64, height: f64) {
        let (first, end) = (left.floor(), right.ceil());
        let at = row + first as usize;
        if end <= first + 1.0 {
            let beside = height * (0.5 * (left + right) - first);
            self.add(at, height - beside);
            self.add(at + 1, beside);
            return;
        }
        // What lies right of the edge in each pixel grows from pixel to pixel: the sums hold the differences.
        let per_pixel = height / (right - left);
        let mut before = 0.0;
        let count = (end - first) as usize;
        for k in 0..count {
            let (from, to) = ((first + k as f64).max(left), (first + k as f64 + 1.0).min(right));
            // Of the height that passes in this pixel, the part right of it; all of the height that passed before.
            let here = (to - from) * per_pixel * (first + k as f64 + 1.0 - 0.5 * (from + to));
            let passed = (from - left) * per_pixel;
            self.add(at + k, here + passed - before);
            before = here + passed;
        }
        self.add(at + count, height - before);
    }

    fn add(&mut self, index: usize, value: f64) {
        if let Some(sum) = self.sums.get_mut(index) {
            *sum += value as f32;
        }
    }

    pub(super) fn finish(self) -> Field {
        let mut values = Vec::with_capacity(self.frame.columns * self.frame.rows);
        for row in self.sums.chunks_exact(self.stride) {
            let mut sum = 0.0f32;
            values.extend(row.iter().take(self.frame.columns).map(|v| {
                sum += v;
                // Rounding leaves traces where nothing is.
                if sum.abs() < 1e-4 { 0.0 } else { sum }
            }));
        }
        Field { frame: self.frame, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Point, Ring};

    fn area(field: &Field) -> f64 {
        field.values.iter().map(|v| f64::from(*v)).sum::<f64>() * field.frame.pixel_mm2()
    }

    #[test]
    fn a_field_holds_the_area_of_its_shapes_wherever_they_lie() {
        let frame = Frame::around([0.0, 0.0], [10.0, 10.0], 0.05);
        let circle = |radius: f64| -> Vec<[f64; 2]> {
            (0..720)
                .map(|i| f64::from(i).to_radians() / 2.0)
                .map(|a| [5.01 + radius * a.cos(), 4.97 + radius * a.sin()])
                .collect()
        };
        let mut canvas = Canvas::new(frame);
        canvas.shape(&circle(3.0));
        assert!((area(&canvas.finish()) - std::f64::consts::PI * 9.0).abs() < 1e-3);
        // What is covered twice counts twice, whichever way round.
        let mut canvas = Canvas::new(frame);
        canvas.shape(&[[1.013, 2.0], [4.0, 2.037], [4.0, 5.0], [1.0, 5.0]]);
        canvas.shape(&[[1.0, 5.0], [4.0, 5.0], [4.0, 2.037], [1.013, 2.0]]);
        let field = canvas.finish();
        assert!((field.at([3.0, 4.0]) - 2.0).abs() < 1e-5 && field.at([5.0, 4.0]) == 0.0);
        let ring: Vec<Point> = circle(4.0).into_iter().map(|[x, y]| Point::from_mm(x, y)).collect();
        let hole: Vec<Point> = circle(2.0).into_iter().rev().map(|[x, y]| Point::from_mm(x, y)).collect();
        let region = Region { rings: vec![Ring(ring), Ring(hole)] };
        let field = Field::of_region(frame, &region);
        assert!((area(&field) - region.area_mm2()).abs() < 1e-3);
        assert_eq!(field.at([5.0, 5.0]), 0.0);
    }

    #[test]
    fn a_box_mean_is_the_mean_of_the_box() {
        let frame = Frame::around([0.0, 0.0], [2.0, 1.0], 0.1);
        let values = (0..frame.columns * frame.rows).map(|i| (i * 7 % 11) as f32).collect();
        let field = Field { frame, values };
        let mean = field.box_mean(0.5);
        let at = |row: usize, column: usize| field.values[row * frame.columns + column];
        let expect: f32 = (3..8).flat_map(|row| (8..13).map(move |column| at(row, column))).sum::<f32>() / 25.0;
        assert!((mean.values[5 * frame.columns + 10] - expect).abs() < 1e-4);
        let corner: f32 = (0..3).flat_map(|row| (0..3).map(move |column| at(row, column))).sum::<f32>() / 25.0;
        assert!((mean.values[0] - corner).abs() < 1e-4);
    }
}
