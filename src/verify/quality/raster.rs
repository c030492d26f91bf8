//! Areas on a grid of square pixels, each with the exact share that is covered.
//!
//! Edges are summed up as in the scan conversion of fonts (an edge adds what it covers to its own pixels and all of its
//! height to those on its right; one sum along each row then gives the coverage), so that the cost is that of the edges
//! and of one pass over the pixels, however many shapes there are, and what several shapes cover counts several times.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::geometry::{Region, Ring, mm};

/// Side of a tile in pixels: its fields fit into a processor's cache.
const TILE: i64 = 256;
/// What a tile shows around itself, mm: as far as a pixel's neighbours are ever asked.
const AROUND_MM: f64 = 1.3;

/// The grid: which part of the plate it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub min_mm: [f64; 2],
    pub columns: usize,
    pub rows: usize,
    pub pixel_mm: f64,
    /// Pixels at each side that are there for their neighbours only.
    pub margin: usize,
}

impl Frame {
    /// The grid around a rectangle; its lines are the same for every rectangle.
    #[cfg(test)]
    fn around(min_mm: [f64; 2], max_mm: [f64; 2], pixel_mm: f64) -> Self {
        let first = min_mm.map(|v| (v / pixel_mm).floor());
        let count = |axis: usize| ((max_mm[axis] / pixel_mm).ceil() - first[axis]).max(1.0) as usize;
        Self { min_mm: first.map(|v| v * pixel_mm), columns: count(0), rows: count(1), pixel_mm, margin: 0 }
    }

    /// A tile of the plate, and what is around it.
    pub(super) fn of_tile([column, row]: Tile, pixel_mm: f64) -> Self {
        let margin = (AROUND_MM / pixel_mm).ceil() as i64;
        let first = [column, row].map(|index| (index * TILE - margin) as f64 * pixel_mm);
        let side = (TILE + 2 * margin) as usize;
        Self { min_mm: first, columns: side, rows: side, pixel_mm, margin: margin as usize }
    }

    pub(super) fn centre_mm(&self) -> [f64; 2] {
        let half = |pixels: usize| 0.5 * pixels as f64 * self.pixel_mm;
        [self.min_mm[0] + half(self.columns), self.min_mm[1] + half(self.rows)]
    }

    /// The pixels without those at the margin, row by row.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> + use<> {
        let Self { columns, rows, margin, .. } = *self;
        (margin..rows - margin).flat_map(move |row| row * columns + margin..(row + 1) * columns - margin)
    }

    /// Whether the grid shows some of a rectangle, given by its lowest and highest corner.
    pub(super) fn touches(&self, [min, max]: [[f64; 2]; 2]) -> bool {
        let side = [self.columns, self.rows].map(|count| count as f64 * self.pixel_mm);
        (0..2).all(|axis| max[axis] >= self.min_mm[axis] && min[axis] <= self.min_mm[axis] + side[axis])
    }

    pub(super) fn pixel_mm2(&self) -> f64 {
        self.pixel_mm * self.pixel_mm
    }

    /// The middle of a pixel.
    pub(super) fn middle_mm(&self, index: usize) -> [f64; 2] {
        let (row, column) = (index / self.columns, index % self.columns);
        [self.min_mm[0] + (column as f64 + 0.5) * self.pixel_mm, self.min_mm[1] + (row as f64 + 0.5) * self.pixel_mm]
    }
}

/// Column and row of a tile of the plate.
pub(super) type Tile = [i64; 2];

/// The tiles that a rectangle touches, given by its lowest and highest corner.
pub(super) fn tiles_of([min, max]: [[f64; 2]; 2], pixel_mm: f64) -> impl Iterator<Item = Tile> {
    let index = |mm: f64| (mm / (pixel_mm * TILE as f64)).floor() as i64;
    let columns = index(min[0])..=index(max[0]);
    (index(min[1])..=index(max[1])).flat_map(move |row| columns.clone().map(move |column| [column, row]))
}

/// Fields of the tiles of a layer; where there is no tile there is nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiles {
    pub fields: BTreeMap<Tile, Field>,
}

impl Tiles {
    /// The value at a place; 0 where there is no tile.
    pub(super) fn at(&self, place_mm: [f64; 2]) -> f32 {
        let pixel_mm = self.fields.values().next().map_or(1.0, |field| field.frame.pixel_mm);
        let tile = place_mm.map(|mm| (mm / (pixel_mm * TILE as f64)).floor() as i64);
        self.fields.get(&tile).map_or(0.0, |field| field.at(place_mm))
    }
}

/// Fields of a thread that are kept for the next ones: the system takes as long to give memory as the work in it takes.
const SPARE: usize = 16;

thread_local! {
    static SPARES: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// An empty list with room for so many values.
fn room_for(count: usize) -> Vec<f32> {
    let mut values = SPARES.with_borrow_mut(Vec::pop).unwrap_or_default();
    values.clear();
    values.reserve_exact(count);
    values
}

fn spare(values: Vec<f32>) {
    // A thread that ends has no list any more.
    _ = SPARES.try_with(|spares| {
        let mut spares = spares.borrow_mut();
        if spares.len() < SPARE {
            spares.push(values);
        }
    });
}

/// One value a pixel, row by row.
#[derive(Debug)]
pub(super) struct Field {
    pub frame: Frame,
    pub values: Vec<f32>,
}

impl Clone for Field {
    fn clone(&self) -> Self {
        let mut values = room_for(self.values.len());
        values.extend_from_slice(&self.values);
        Self { frame: self.frame, values }
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        spare(std::mem::take(&mut self.values));
    }
}

impl Field {
    /// What of each pixel a region covers.
    pub(super) fn of_region(frame: Frame, region: &Region) -> Self {
        let mut canvas = Canvas::new(frame);
        let shown = |ring: &&Ring| ring.bounds().is_some_and(|b| frame.touches([b.min.to_mm(), b.max.to_mm()]));
        // What lies wholly beside the grid covers none of it.
        for ring in region.rings.iter().filter(shown) {
            for (a, b) in ring.edges() {
                canvas.edge([mm(a.x), mm(a.y)], [mm(b.x), mm(b.y)]);
            }
        }
        canvas.finish()
    }

    /// Whether any counted pixel is covered by more than a trace.
    pub(super) fn has_more_than(&self, trace: f32) -> bool {
        self.frame.counted().any(|i| self.values[i] > trace)
    }

    /// The value at a place, between those of the four pixels around it; they are 0 beside the grid.
    pub(super) fn at(&self, place_mm: [f64; 2]) -> f32 {
        let Frame { min_mm, columns, rows, pixel_mm, .. } = self.frame;
        // Seen from the middle of the first pixel.
        let [x, y] = [0, 1].map(|axis| (place_mm[axis] - min_mm[axis]) / pixel_mm - 0.5);
        let value = |column: f64, row: f64| {
            let inside = column >= 0.0 && row >= 0.0 && column < columns as f64 && row < rows as f64;
            if inside { self.values[row as usize * columns + column as usize] } else { 0.0 }
        };
        let (left, low) = (x.floor(), y.floor());
        let mix = |a: f32, b: f32, share: f64| a + (b - a) * share as f32;
        let in_row = |row: f64| mix(value(left, row), value(left + 1.0, row), x - left);
        mix(in_row(low), in_row(low + 1.0), y - low)
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
        let mut level = room_for(self.values.len());
        level.resize(self.values.len(), 0.0);
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
        let mut out = room_for(self.values.len());
        for index in 0..rows {
            add(&mut sums, Some(index + reach), 1.0);
            out.extend(sums.iter().map(|sum| *sum as f32 * scale));
            add(&mut sums, index.checked_sub(reach), -1.0);
        }
        spare(level);
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
        let mut sums = room_for(stride * frame.rows);
        sums.resize(stride * frame.rows, 0.0);
        Self { frame, stride, sums }
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
        let place = |p: [f64; 2]| [0, 1].map(|axis| (p[axis] - self.frame.min_mm[axis]) / self.frame.pixel_mm);
        let (from, to) = (place(from), place(to));
        // Going down, the area is on the right.
        let (sign, low, high) = if from[1] > to[1] { (1.0, to, from) } else { (-1.0, from, to) };
        let (bottom, top) = (low[1].max(0.0), high[1].min(self.frame.rows as f64));
        if bottom >= top {
            return;
        }
        let slope = (high[0] - low[0]) / (high[1] - low[1]);
        let mut x = low[0] + slope * (bottom - low[1]);
        for y in bottom as usize..top.ceil() as usize {
            let height = (y as f64 + 1.0).min(top) - (y as f64).max(bottom);
            let next = x + slope * height;
            self.row(y * self.stride, x.min(next), x.max(next), sign * height);
            x = next;
        }
    }

    /// Adds an edge's piece within one row: left of the grid it covers all of the row, right of it nothing.
    fn row(&mut self, start: usize, left: f64, right: f64, height: f64) {
        let columns = self.frame.columns as f64;
        let (from, to) = (left.clamp(0.0, columns), right.clamp(0.0, columns));
        if left < 0.0 && right > 0.0 || left < columns && right > columns {
            let share = |width: f64| height * width / (right - left);
            if left < 0.0 {
                self.within_row(start, 0.0, 0.0, share(-left));
            }
            self.within_row(start, from, to, share(to - from));
        } else {
            self.within_row(start, from, to, height);
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
        let mut values = room_for(self.frame.columns * self.frame.rows);
        for row in self.sums.chunks_exact(self.stride) {
            let mut sum = 0.0f32;
            values.extend(row.iter().take(self.frame.columns).map(|v| {
                sum += v;
                // Rounding leaves traces where nothing is.
                if sum.abs() < 1e-4 { 0.0 } else { sum }
            }));
        }
        spare(self.sums);
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
    fn tiles_together_hold_what_one_grid_holds() {
        // Shapes across the borders of tiles, and far beyond them.
        let shapes: [&[[f64; 2]]; 3] = [
            &[[3.0, 2.0], [41.3, 11.0], [39.0, 30.0], [1.7, 27.1]],
            &[[12.4, -5.0], [13.1, -5.0], [26.0, 38.0], [25.5, 38.0]],
            &[[-3.0, 12.7], [44.0, 12.9], [44.0, 13.2], [-3.0, 13.0]],
        ];
        let draw = |frame: Frame| {
            let mut canvas = Canvas::new(frame);
            shapes.iter().for_each(|shape| canvas.shape(shape));
            canvas.finish()
        };
        let whole = draw(Frame::around([-4.0, -6.0], [45.0, 39.0], 0.05));
        let mut tiles = Tiles::default();
        let mut sum = 0.0;
        for tile in tiles_of([[-4.0, -6.0], [45.0, 39.0]], 0.05) {
            let field = draw(Frame::of_tile(tile, 0.05));
            sum += field.frame.counted().map(|i| f64::from(field.values[i])).sum::<f64>() * field.frame.pixel_mm2();
            tiles.fields.insert(tile, field);
        }
        assert!((sum - area(&whole)).abs() < 0.01, "{sum} {}", area(&whole));
        for i in (0..whole.values.len()).step_by(7) {
            let place = whole.frame.middle_mm(i);
            assert!((tiles.at(place) - whole.values[i]).abs() < 0.002, "{place:?}");
        }
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
