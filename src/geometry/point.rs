//! The integer grid: points, bounds, and the conversion from and to millimetres.

/// Grid units in one millimetre: one unit is 10 nm.
pub const UNITS_PER_MM: f64 = 100_000.0;

/// Millimetres to grid units, rounded to the nearest; saturates at the ends of `i32`.
pub fn grid(mm: f64) -> i32 {
    (mm * UNITS_PER_MM).round() as i32
}

/// Grid units to millimetres.
pub fn mm(grid: i32) -> f64 {
    f64::from(grid) / UNITS_PER_MM
}

/// A point of the plane in grid units. Ordered by x, then y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

impl Point {
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// The grid point nearest to a place in millimetres.
    pub fn from_mm(x_mm: f64, y_mm: f64) -> Self {
        Self { x: grid(x_mm), y: grid(y_mm) }
    }

    /// The place in millimetres.
    pub fn to_mm(self) -> [f64; 2] {
        [mm(self.x), mm(self.y)]
    }

    /// The point at a share of the way to another, 0 to 1.
    pub fn towards(self, other: Self, share: f64) -> Self {
        let mix = |a: i32, b: i32| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as i32;
        Self::new(mix(self.x, other.x), mix(self.y, other.y))
    }

    /// So many places at equal angles on a circle around it, counter-clockwise from the right.
    pub fn circle(self, radius_mm: f64, corners: usize) -> impl Iterator<Item = Self> {
        let [x, y] = self.to_mm();
        (0..corners).map(move |i| {
            let (sin, cos) = (i as f64 * std::f64::consts::TAU / corners as f64).sin_cos();
            Self::from_mm(x + radius_mm * cos, y + radius_mm * sin)
        })
    }

    /// Distance in millimetres from the nearest place of the segment from `a` to `b`.
    pub fn distance_to_segment_mm(self, a: Self, b: Self) -> f64 {
        let ([px, py], [ax, ay], [bx, by]) = (self.to_mm(), a.to_mm(), b.to_mm());
        let (dx, dy) = (bx - ax, by - ay);
        let squared = dx * dx + dy * dy;
        let t = if squared > 0.0 { (((px - ax) * dx + (py - ay) * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
        (px - ax - t * dx).hypot(py - ay - t * dy)
    }

    /// Squared distance in square grid units, exact.
    pub fn distance_squared(self, other: Self) -> i64 {
        let (dx, dy) = (i64::from(self.x) - i64::from(other.x), i64::from(self.y) - i64::from(other.y));
        dx * dx + dy * dy
    }

    /// Distance in millimetres.
    pub fn distance_mm(self, other: Self) -> f64 {
        (self.distance_squared(other) as f64).sqrt() / UNITS_PER_MM
    }
}

/// What can be moved along the grid.
pub trait Shift {
    /// Moves it by the way from the origin to a point. At the end of the grid it stops.
    fn shift(&mut self, by: Point);

    /// Itself, moved.
    fn shifted(mut self, by: Point) -> Self
    where
        Self: Sized,
    {
        self.shift(by);
        self
    }
}

impl Shift for Point {
    fn shift(&mut self, by: Point) {
        *self = Self::new(self.x.saturating_add(by.x), self.y.saturating_add(by.y));
    }
}

impl Shift for Bounds {
    fn shift(&mut self, by: Point) {
        self.min.shift(by);
        self.max.shift(by);
    }
}

impl<T: Shift> Shift for Vec<T> {
    fn shift(&mut self, by: Point) {
        self.iter_mut().for_each(|part| part.shift(by));
    }
}

/// An axis-aligned rectangle, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub min: Point,
    pub max: Point,
}

impl Bounds {
    /// The smallest rectangle around some points; `None` where there are none.
    pub fn around(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        Some(points.fold(Self { min: first, max: first }, |b, p| Self {
            min: Point::new(b.min.x.min(p.x), b.min.y.min(p.y)),
            max: Point::new(b.max.x.max(p.x), b.max.y.max(p.y)),
        }))
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// What belongs to both; `None` where nothing does.
    pub fn common(&self, other: &Self) -> Option<Self> {
        self.overlaps(other).then(|| Self {
            min: Point::new(self.min.x.max(other.min.x), self.min.y.max(other.min.y)),
            max: Point::new(self.max.x.min(other.max.x), self.max.y.min(other.max.y)),
        })
    }

    /// The rectangle whose sides lie further out by this, as far as there are coordinates.
    pub fn grown(&self, by_mm: f64) -> Self {
        let by = grid(by_mm);
        Self {
            min: Point::new(self.min.x.saturating_sub(by), self.min.y.saturating_sub(by)),
            max: Point::new(self.max.x.saturating_add(by), self.max.y.saturating_add(by)),
        }
    }

    pub fn contains(&self, p: Point) -> bool {
        (self.min.x..=self.max.x).contains(&p.x) && (self.min.y..=self.max.y).contains(&p.y)
    }
}
