//! Regions: areas that are the result of every operation here.

use super::clip;
use super::hatch;
use super::kernel::{self, Input, Operation, Rule};
use super::offset;
use super::point::{Bounds, Point, Shift};
use super::reach;
use super::ring::{Polyline, Ring};
use super::simplify;

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
    /// Sharp, cut square where the tip is further away than this many offsets (2 is usual).
    Miter(f64),
    /// An arc of chords within 5 µm.
    Round,
    /// Cut square at the offset's distance from the corner.
    Square,
}

impl Shift for Island {
    fn shift(&mut self, by: Point) {
        self.outer.shift(by);
        self.holes.shift(by);
    }
}

impl Shift for Region {
    fn shift(&mut self, by: Point) {
        self.rings.shift(by);
    }
}

impl Region {
    /// The area that these rings wind around more often counter-clockwise than clockwise.
    pub fn from_rings(rings: Vec<Ring>) -> Self {
        Self { rings: kernel::boolean(Input::Any, Operation::Union, Rule::Positive, &rings, &[]) }
    }

    /// The area that these rings wind around in either direction, so that inverted outlines count too.
    pub fn from_rings_non_zero(rings: Vec<Ring>) -> Self {
        Self { rings: kernel::boolean(Input::Any, Operation::Union, Rule::NonZero, &rings, &[]) }
    }

    /// The area that these rings cover an odd number of times.
    pub fn from_rings_even_odd(rings: Vec<Ring>) -> Self {
        Self { rings: kernel::boolean(Input::Any, Operation::Union, Rule::EvenOdd, &rings, &[]) }
    }

    /// An axis-aligned rectangle.
    pub fn rectangle(bounds: Bounds) -> Self {
        let (a, b) = (bounds.min, bounds.max);
        Self { rings: vec![Ring(vec![a, Point::new(b.x, a.y), b, Point::new(a.x, b.y)])] }
    }

    pub fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    pub fn area_mm2(&self) -> f64 {
        self.rings.iter().map(Ring::area_mm2).sum()
    }

    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.rings.iter().flat_map(|r| r.0.iter().copied()))
    }

    pub fn union(&self, other: &Region) -> Region {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self { rings: kernel::boolean(Input::Regions, Operation::Union, Rule::Positive, &self.rings, &other.rings) }
    }

    pub fn intersection(&self, other: &Region) -> Region {
        let common = self.bounds().zip(other.bounds()).and_then(|(a, b)| a.common(&b));
        let Some(common) = common else { return Self::default() };
        let (a, b) = (reach::within(&self.rings, &common), reach::within(&other.rings, &common));
        Self { rings: kernel::boolean(Input::Regions, Operation::Intersection, Rule::Positive, &a, &b) }
    }

    /// This area without the other.
    pub fn difference(&self, other: &Region) -> Region {
        let Some(bounds) = self.bounds() else { return Self::default() };
        if !other.bounds().is_some_and(|b| b.overlaps(&bounds)) {
            return self.clone();
        }
        let other = reach::within(&other.rings, &bounds);
        Self { rings: kernel::boolean(Input::Regions, Operation::Difference, Rule::Positive, &self.rings, &other) }
    }

    /// Union of many regions.
    pub fn union_all<'a>(regions: impl IntoIterator<Item = &'a Region>) -> Region {
        let mut regions = regions.into_iter().filter(|r| !r.is_empty());
        let Some(first) = regions.next() else { return Self::default() };
        let mut rings = first.rings.clone();
        let mut alone = true;
        for region in regions {
            alone = false;
            rings.extend_from_slice(&region.rings);
        }
        if alone { Self { rings } } else { Self::from_rings(rings) }
    }

    /// Grown by `delta_mm`, or shrunk where it is negative.
    pub fn offset(&self, delta_mm: f64, join: Join) -> Region {
        if self.is_empty() || delta_mm == 0.0 || !delta_mm.is_finite() {
            return self.clone();
        }
        let raw = self.rings.iter().filter_map(|ring| offset::raw(ring, delta_mm, join));
        Self::from_raw_offset(raw.map(|raw| raw.ring).collect())
    }

    /// Shrunk by `by_mm`, which must be within [`Region::lossless_depth_mm`]: as nothing meets anything then, most rings
    /// need no kernel. Otherwise the result may cross itself.
    pub fn shrunk_freely(&self, by_mm: f64, join: Join) -> Region {
        if by_mm == 0.0 || !by_mm.is_finite() {
            return self.clone();
        }
        let raw: Vec<offset::Raw> = self.rings.iter().filter_map(|ring| offset::raw(ring, -by_mm, join)).collect();
        let is_plain = raw.iter().all(|raw| raw.is_plain);
        let rings = raw.into_iter().map(|raw| raw.ring).collect();
        if is_plain { Self { rings } } else { Self::from_raw_offset(rings) }
    }

    fn from_raw_offset(rings: Vec<Ring>) -> Self {
        Self { rings: kernel::boolean(Input::Offset, Operation::Union, Rule::Positive, &rings, &[]) }
    }

    /// Shrunk and grown again: parts thinner than twice `by_mm` vanish.
    pub fn opened(&self, by_mm: f64) -> Region {
        self.offset(-by_mm, Join::Miter(2.0)).offset(by_mm, Join::Miter(2.0))
    }

    /// Grown and shrunk again: gaps narrower than twice `by_mm` close.
    pub fn closed(&self, by_mm: f64) -> Region {
        self.offset(by_mm, Join::Miter(2.0)).offset(-by_mm, Join::Miter(2.0))
    }

    /// With fewer points, none further than `tolerance_mm` from the old outline (Douglas and Peucker 1973), then cleaned.
    pub fn simplified(&self, tolerance_mm: f64) -> Region {
        let mut removed = false;
        let rings: Vec<Ring> = self
            .rings
            .iter()
            .filter_map(|ring| {
                let simple = simplify::ring(ring, tolerance_mm);
                removed |= simple.as_ref().is_none_or(|s| s.0.len() < ring.0.len());
                simple
            })
            .collect();
        if removed { Self::from_rings(rings) } else { self.clone() }
    }

    /// Without rings whose area is below `area_mm2` (specks and pin holes).
    pub fn without_specks(mut self, area_mm2: f64) -> Region {
        self.rings.retain(|ring| ring.area_mm2().abs() >= area_mm2);
        self
    }

    /// The connected pieces, ordered by their outlines' place among the rings.
    pub fn islands(&self) -> Vec<Island> {
        let mut outers: Vec<(usize, i128, Bounds)> = Vec::new();
        let mut holes: Vec<(usize, Bounds)> = Vec::new();
        for (i, ring) in self.rings.iter().enumerate() {
            let Some(bounds) = ring.bounds() else { continue };
            let area = ring.doubled_area();
            if area > 0 {
                outers.push((i, area, bounds));
            } else {
                holes.push((i, bounds));
            }
        }
        let mut islands: Vec<Island> =
            outers.iter().map(|&(i, ..)| Island { outer: self.rings[i].clone(), holes: Vec::new() }).collect();
        if let [island] = islands.as_mut_slice() {
            island.holes = holes.iter().map(|&(i, _)| self.rings[i].clone()).collect();
            return islands;
        }
        // A hole belongs to the smallest outline around it.
        let mut by_area: Vec<usize> = (0..outers.len()).collect();
        by_area.sort_by_key(|&o| (outers[o].1, o));
        for (i, bounds) in holes {
            let hole = &self.rings[i];
            let home = by_area.iter().copied().find(|&o| {
                let (outer, _, around) = &outers[o];
                around.contains(bounds.min) && around.contains(bounds.max) && encloses(&self.rings[*outer], hole)
            });
            if let Some(o) = home {
                islands[o].holes.push(hole.clone());
            }
        }
        islands
    }

    /// Whether a point is inside or on the border. For many points of one region build an [`super::EdgeGrid`].
    pub fn contains(&self, p: Point) -> bool {
        let mut inside = false;
        for ring in &self.rings {
            match ring.locate(p) {
                None => return true,
                Some(within) => inside ^= within,
            }
        }
        inside
    }

    /// The parts of paths inside this region, each piece in its path's direction, in the paths' order.
    pub fn clip(&self, paths: &[Polyline]) -> Vec<Polyline> {
        self.clip_each(paths).into_iter().flatten().collect()
    }

    /// The same, the pieces of each path by themselves.
    pub fn clip_each(&self, paths: &[Polyline]) -> Vec<Vec<Polyline>> {
        clip::polylines(self, paths)
    }

    /// Straight parallel lines inside this region: direction `angle_rad`, `spacing_mm` apart, on a grid fixed to the
    /// plate's origin and shifted sideways by `shift_mm`. One inner vector a scan line, in the order of the scan (empty
    /// ones between others are kept, so that neighbours in the list are neighbours on the plate); within it the pieces
    /// run along the direction, from first to last.
    pub fn hatch(&self, angle_rad: f64, spacing_mm: f64, shift_mm: f64) -> Vec<Vec<[Point; 2]>> {
        hatch::lines(self, angle_rad, spacing_mm, shift_mm)
    }
}

impl Island {
    /// Whether a point is inside or on the border.
    pub fn contains(&self, p: Point) -> bool {
        match self.outer.locate(p) {
            None => true,
            Some(false) => false,
            Some(true) => self.holes.iter().all(|hole| hole.locate(p) != Some(true)),
        }
    }

    /// The width of a strip with this area and this length around it, mm: that of one without ends where there are holes.
    pub fn mean_width_mm(&self) -> f64 {
        let around: f64 = self.holes.iter().chain([&self.outer]).map(Ring::length_mm).sum();
        let mm2 = Region::from(self).area_mm2();
        if self.holes.is_empty() {
            0.25 * (around - (around * around - 16.0 * mm2).max(0.0).sqrt())
        } else {
            2.0 * mm2 / around
        }
    }

    /// A point inside, in the middle of the widest place at half height; `None` where it has no width there.
    pub fn inner_point(&self) -> Option<Point> {
        let bounds = self.outer.bounds()?;
        let y = ((i64::from(bounds.min.y) + i64::from(bounds.max.y)).div_euclid(2)) as i32;
        let rings = std::iter::once(&self.outer).chain(&self.holes);
        // Every edge owns its lower end.
        let mut hits: Vec<i64> = rings
            .flat_map(Ring::edges)
            .filter(|(a, b)| (a.y <= y) != (b.y <= y))
            .map(|(a, b)| {
                let (dx, dy) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
                i64::from(a.x) + (dx * (i64::from(y) - i64::from(a.y))).div_euclid(dy)
            })
            .collect();
        hits.sort_unstable();
        let widest = hits.chunks_exact(2).max_by_key(|pair| pair[1] - pair[0])?;
        (widest[1] - widest[0] > 2).then(|| Point::new(((widest[0] + widest[1]) / 2) as i32, y))
    }
}

/// Whether a ring that does not cross `outer` lies inside it. Points on the border decide nothing.
fn encloses(outer: &Ring, ring: &Ring) -> bool {
    ring.0.iter().find_map(|&p| outer.locate(p)).unwrap_or_else(|| {
        // Every vertex touches the border: the middle of an edge decides.
        ring.edges()
            .find_map(|(a, b)| {
                outer.locate(Point::new(
                    ((i64::from(a.x) + i64::from(b.x)) / 2) as i32,
                    ((i64::from(a.y) + i64::from(b.y)) / 2) as i32,
                ))
            })
            .unwrap_or(true)
    })
}

impl From<Island> for Region {
    fn from(island: Island) -> Self {
        let mut rings = vec![island.outer];
        rings.extend(island.holes);
        Self { rings }
    }
}

impl From<&Island> for Region {
    fn from(island: &Island) -> Self {
        island.clone().into()
    }
}
