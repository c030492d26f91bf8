//! Finds the rings near an island without looking at the whole layer: layers may have thousands of islands.

use crate::geometry::{Bounds, Point, Region};

/// With fewer rings than this, looking at each ring's bounds is quicker than cells.
const FEW_RINGS: usize = 16;

/// The bounds of a region's rings, sorted into cells.
pub(super) struct RingIndex {
    /// Around the whole region; `None` where it is empty.
    pub around: Option<Bounds>,
    bounds: Vec<Option<Bounds>>,
    cells: Option<Cells>,
}

struct Cells {
    low: Point,
    /// Size of a cell in grid units.
    size: [i64; 2],
    per_side: i64,
    /// Rings of each cell, row by row.
    rings: Vec<Vec<u32>>,
}

impl RingIndex {
    pub fn new(region: &Region) -> Self {
        let bounds: Vec<_> = region.rings.iter().map(|ring| ring.bounds()).collect();
        let around = Bounds::around(bounds.iter().flatten().flat_map(|b| [b.min, b.max]));
        let cells = around.filter(|_| bounds.len() > FEW_RINGS).map(|around| Cells::new(around, &bounds));
        Self { around, bounds, cells }
    }

    /// The region's rings whose bounds overlap `bounds`: all that can matter to what is in there. `region` is the one that
    /// this index was made of.
    pub fn near(&self, region: &Region, bounds: &Bounds) -> Region {
        let overlaps = |&ring: &usize| self.bounds[ring].is_some_and(|b| b.overlaps(bounds));
        let rings: Vec<usize> = match &self.cells {
            None => (0..self.bounds.len()).filter(overlaps).collect(),
            Some(cells) => {
                let mut rings: Vec<usize> = cells.over(bounds).map(|ring| ring as usize).filter(overlaps).collect();
                rings.sort_unstable();
                rings.dedup();
                rings
            }
        };
        Region { rings: rings.into_iter().map(|ring| region.rings[ring].clone()).collect() }
    }
}

impl Cells {
    fn new(around: Bounds, bounds: &[Option<Bounds>]) -> Self {
        let per_side = (bounds.len() as f64).sqrt().ceil() as i64;
        let size = [(around.min.x, around.max.x), (around.min.y, around.max.y)]
            .map(|(low, high)| (i64::from(high) - i64::from(low)) / per_side + 1);
        let mut cells =
            Self { low: around.min, size, per_side, rings: vec![Vec::new(); (per_side * per_side) as usize] };
        for (ring, bounds) in bounds.iter().enumerate() {
            for cell in bounds.iter().flat_map(|b| cells.numbers(b)).collect::<Vec<_>>() {
                cells.rings[cell].push(ring as u32);
            }
        }
        cells
    }

    /// The cells that some bounds touch; those outside of the region belong to the cells at its edge.
    fn numbers(&self, bounds: &Bounds) -> impl Iterator<Item = usize> + use<> {
        let place = |at: i32, low: i32, size: i64| {
            ((i64::from(at) - i64::from(low)).div_euclid(size)).clamp(0, self.per_side - 1)
        };
        let columns = place(bounds.min.x, self.low.x, self.size[0])..=place(bounds.max.x, self.low.x, self.size[0]);
        let rows = place(bounds.min.y, self.low.y, self.size[1])..=place(bounds.max.y, self.low.y, self.size[1]);
        let per_side = self.per_side;
        rows.flat_map(move |row| columns.clone().map(move |column| (row * per_side + column) as usize))
    }

    fn over(&self, bounds: &Bounds) -> impl Iterator<Item = u32> {
        self.numbers(bounds).flat_map(|cell| self.rings[cell].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_find_what_a_look_at_every_ring_finds() {
        let square = |x: f64, y: f64, size: f64| {
            Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + size, y + size) })
        };
        let mut region = square(-5.0, -5.0, 300.0);
        for i in 0..400 {
            let (x, y) = (f64::from(i % 20) * 6.0, f64::from(i / 20) * 5.0);
            region.rings.extend(square(x, y, 1.0 + f64::from(i % 7)).rings);
        }
        let index = RingIndex::new(&region);
        assert_eq!(index.around, region.bounds());
        for (x, y, size) in [(0.0, 0.0, 10.0), (55.5, 33.0, 0.1), (-50.0, 20.0, 60.0), (90.0, 90.0, 500.0)] {
            let bounds = square(x, y, size).bounds().unwrap();
            let all = region.rings.iter().filter(|ring| ring.bounds().unwrap().overlaps(&bounds));
            assert!(index.near(&region, &bounds).rings.iter().eq(all), "near {x}, {y}");
        }
    }
}
