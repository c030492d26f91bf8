//! Rings, islands, polylines and regions.

use super::point::{Bounds, Point};

/// A closed outline without a repeated last point. Counter-clockwise (positive area) bounds material, clockwise a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ring(pub Vec<Point>);

/// An open path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polyline(pub Vec<Point>);

/// One connected piece of area: an outline and the holes in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Island {
    pub outer: Ring,
    pub holes: Vec<Ring>,
}

/// An area of any number of islands. Rings do not cross; outlines are counter-clockwise, holes clockwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    pub rings: Vec<Ring>,
}

/// The shape of an offset's convex corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    /// Sharp, cut off where the tip is further than this many offsets away (2 is usual).
    Miter(f64),
    /// An arc of chords within 5 µm.
    Round,
    /// Cut square through the offset of the corner.
    Square,
}

impl Ring {
    /// Signed area in mm²: positive when counter-clockwise.
    pub fn area_mm2(&self) -> f64 {
        todo!()
    }

    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.0.iter().copied())
    }

    /// Length around in mm.
    pub fn length_mm(&self) -> f64 {
        todo!()
    }
}

impl Polyline {
    /// Length in mm.
    pub fn length_mm(&self) -> f64 {
        todo!()
    }
}

impl Region {
    /// The area that these rings wind around (non-zero rule, positive windings only).
    pub fn from_rings(_rings: Vec<Ring>) -> Self {
        todo!()
    }

    /// The area that these rings cover an odd number of times.
    pub fn from_rings_even_odd(_rings: Vec<Ring>) -> Self {
        todo!()
    }

    pub fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    pub fn area_mm2(&self) -> f64 {
        todo!()
    }

    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.rings.iter().flat_map(|r| r.0.iter().copied()))
    }

    pub fn union(&self, _other: &Region) -> Region {
        todo!()
    }

    pub fn intersection(&self, _other: &Region) -> Region {
        todo!()
    }

    /// This area without the other.
    pub fn difference(&self, _other: &Region) -> Region {
        todo!()
    }

    /// Union of many regions.
    pub fn union_all<'a>(_regions: impl IntoIterator<Item = &'a Region>) -> Region {
        todo!()
    }

    /// Grown by `delta_mm`, or shrunk where it is negative.
    pub fn offset(&self, _delta_mm: f64, _join: Join) -> Region {
        todo!()
    }

    /// Shrunk and grown again: parts thinner than twice `by_mm` vanish.
    pub fn opened(&self, _by_mm: f64) -> Region {
        todo!()
    }

    /// Grown and shrunk again: gaps narrower than twice `by_mm` close.
    pub fn closed(&self, _by_mm: f64) -> Region {
        todo!()
    }

    /// With fewer points, none further than `tolerance_mm` from the old outline (Douglas-Peucker, then clean).
    pub fn simplified(&self, _tolerance_mm: f64) -> Region {
        todo!()
    }

    /// The connected pieces, in a stable order.
    pub fn islands(&self) -> Vec<Island> {
        todo!()
    }

    /// Whether a point is inside or on the border.
    pub fn contains(&self, _p: Point) -> bool {
        todo!()
    }

    /// The parts of paths inside this region, each piece in its path's direction, in the paths' order.
    pub fn clip(&self, _paths: &[Polyline]) -> Vec<Polyline> {
        todo!()
    }

    /// Straight parallel lines inside this region: direction `angle_rad`, `spacing_mm` apart, on a grid fixed to the
    /// plate's origin and shifted by `shift_mm`. One inner vector a scan line, in the order of the scan; within it the
    /// pieces run along the direction. Fast: an own scanline clipper, not the kernel.
    pub fn hatch(&self, _angle_rad: f64, _spacing_mm: f64, _shift_mm: f64) -> Vec<Vec<[Point; 2]>> {
        todo!()
    }
}

impl From<Island> for Region {
    fn from(island: Island) -> Self {
        let mut rings = vec![island.outer];
        rings.extend(island.holes);
        Self { rings }
    }
}
