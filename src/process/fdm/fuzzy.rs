//! Fuzzy skin: walls that jitter, so that the surface is rough.
//!
//! Knows the roads of one wall. Along a wall there are places at about equal, jittered distances, each with a random
//! distance from the wall's own course; in between, that changes evenly. So no place is further away than the thickness,
//! corners stay where they are, and a loop ends where it began. What is random comes from the layer's height and the
//! number of the wall and of the place ([`super::random`]).

use crate::geometry::{Point, Polyline};
use crate::process::slicing::LayerSpan;
use crate::settings::{FuzzySkin, Settings};
use crate::toolpath::Role;

use super::random::{mixed, share};
use super::road::Road;
use super::travel::length_mm;

/// What decides which walls jitter, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzySettings {
    pub skin: FuzzySkin,
    /// The farthest from a wall's own course, to either side, mm.
    pub thickness_mm: f64,
    /// Between the places where it turns, on average, mm.
    pub spacing_mm: f64,
    pub first_layer: bool,
}

impl From<&Settings> for FuzzySettings {
    fn from(s: &Settings) -> Self {
        Self {
            skin: s.fuzzy_skin,
            thickness_mm: s.fuzzy_skin_thickness,
            spacing_mm: s.fuzzy_skin_point_dist,
            first_layer: s.fuzzy_skin_first_layer,
        }
    }
}

/// Share of the thickness, and the most in mm, by which a wall's own course is simplified first: what is left of it is
/// the amplitude.
const SIMPLIFIED: f64 = 0.1;
const SIMPLIFIED_MM: f64 = 0.02;
/// Places are shifted by up to this share of their distance to either side.
const JITTER: f64 = 0.125;
/// Places nearer to a corner than this are left out, mm: the corner has the distance that is due there.
const NEAR_MM: f64 = 0.1;
/// Less is rounding.
const SAME_WAY_MM: f64 = 1e-6;

impl FuzzySettings {
    /// Whether closed walls jitter: those at a depth (0 is outermost) around an outline or a hole.
    pub fn roughens(&self, depth: usize, is_hole: bool, span: &LayerSpan) -> bool {
        self.is_on(span)
            && match self.skin {
                FuzzySkin::Nowhere => false,
                FuzzySkin::Contours => depth == 0 && !is_hole,
                FuzzySkin::OuterWalls => depth == 0,
                FuzzySkin::AllWalls => true,
            }
    }

    /// Whether open roads of a role do: thin walls are seen from both sides.
    pub fn roughens_open(&self, role: Role, span: &LayerSpan) -> bool {
        self.is_on(span) && role == Role::ExternalPerimeter
    }

    fn is_on(&self, span: &LayerSpan) -> bool {
        let fits = self.thickness_mm > 0.0 && self.spacing_mm > 0.0;
        self.skin != FuzzySkin::Nowhere && fits && (self.first_layer || !span.is_on_plate())
    }

    /// Makes the roads of one wall jitter, each of which begins where the one before ends. `around_mm` is the length of the
    /// loop that they are (nearly) all of; the ends of a wall that goes nowhere around stay where they are.
    pub fn roughen(&self, roads: &mut [Road], around_mm: Option<f64>, span: &LayerSpan, number: usize) {
        let tolerance_mm = self.tolerance_mm();
        // What is open where the loop ends.
        let laid_mm: f64 = roads.iter().map(|road| length_mm(&road.points)).sum();
        let open_mm = around_mm.map(|around| (around - laid_mm).max(0.0));
        for road in roads.iter_mut().filter(|road| road.z_mm.is_empty()) {
            road.points = Polyline(std::mem::take(&mut road.points)).simplified(tolerance_mm).0;
        }
        // One course of all roads.
        let mut course: Vec<Point> = Vec::new();
        for road in roads.iter() {
            course.extend(road.points.iter().skip(usize::from(course.last() == road.points.first())));
        }
        let Some(course) = Course::new(course, open_mm) else { return };
        let noise = Noise::new(&course, self.spacing_mm, self.thickness_mm - tolerance_mm, seed(span, number));
        let mut k = 0;
        for (i, road) in roads.iter_mut().enumerate() {
            if road.points.is_empty() {
                continue;
            }
            k += usize::from(i > 0 && course.points.get(k) != road.points.first());
            let last = k + road.points.len() - 1;
            (road.smooth, road.points) = course.roughened(k, last, &noise);
            k = last;
        }
    }

    /// The course of an outer wall that goes nowhere around, with a height of its own; its ends stay.
    pub fn path(&self, points: Vec<Point>, span: &LayerSpan) -> Vec<Point> {
        if !self.roughens(0, false, span) {
            return points;
        }
        let tolerance_mm = self.tolerance_mm();
        let Some(course) = Course::new(Polyline(points.clone()).simplified(tolerance_mm).0, None) else {
            return points;
        };
        let noise = Noise::new(&course, self.spacing_mm, self.thickness_mm - tolerance_mm, seed(span, 0));
        course.roughened(0, course.points.len() - 1, &noise).1
    }

    fn tolerance_mm(&self) -> f64 {
        (SIMPLIFIED * self.thickness_mm).min(SIMPLIFIED_MM)
    }
}

/// What is random on a wall comes from this.
fn seed(span: &LayerSpan, number: usize) -> u64 {
    let height_um = (span.top_mm * 1e3).round() as u64;
    mixed(height_um ^ mixed(number as u64))
}

/// The distance from a wall's course along it.
struct Noise {
    count: usize,
    cell_mm: f64,
    amplitude_mm: f64,
    closed: bool,
    seed: u64,
}

impl Noise {
    fn new(course: &Course, spacing_mm: f64, amplitude_mm: f64, seed: u64) -> Self {
        let count = (course.whole_mm / spacing_mm).round().clamp(3.0, 1e7) as usize;
        Self { count, cell_mm: course.whole_mm / count as f64, amplitude_mm, closed: course.closed, seed }
    }

    /// From -1 to 1.
    fn random(&self, place: usize, what: u64) -> f64 {
        2.0 * share(mixed(self.seed ^ mixed((place as u64) << 1 | what))) - 1.0
    }

    /// The way to a place.
    fn way_mm(&self, place: usize) -> f64 {
        let is_end = place == 0 || place >= self.count;
        let shift = if is_end { 0.0 } else { JITTER * self.random(place, 0) };
        (place as f64 + shift) * self.cell_mm
    }

    /// How far from the course it is at a place, mm.
    fn value_mm(&self, place: usize) -> f64 {
        let is_end = place == 0 || place >= self.count;
        match (is_end, self.closed) {
            (true, false) => 0.0,
            (true, true) => self.amplitude_mm * self.random(0, 1),
            (false, _) => self.amplitude_mm * self.random(place, 1),
        }
    }

    /// The last place at or before a way.
    fn place(&self, way_mm: f64) -> usize {
        let mut place = ((way_mm / self.cell_mm).max(0.0) as usize + 1).min(self.count);
        while place > 0 && self.way_mm(place) > way_mm {
            place -= 1;
        }
        place
    }

    /// How far from the course it is, mm.
    fn at_mm(&self, way_mm: f64) -> f64 {
        if way_mm > self.way_mm(self.count) - SAME_WAY_MM {
            return self.value_mm(self.count);
        }
        let place = self.place(way_mm);
        let (from, to) = (self.way_mm(place), self.way_mm(place + 1));
        let share = ((way_mm - from) / (to - from)).clamp(0.0, 1.0);
        self.value_mm(place) * (1.0 - share) + self.value_mm(place + 1) * share
    }
}

/// The course of a wall.
struct Course {
    points: Vec<Point>,
    /// Way to each point, mm.
    passed: Vec<f64>,
    /// The whole way, that around a loop which is not closed entirely.
    whole_mm: f64,
    closed: bool,
}

impl Course {
    /// `open_mm` is what a loop lacks between its ends, for one that goes around. `None` where there is no way.
    fn new(points: Vec<Point>, open_mm: Option<f64>) -> Option<Self> {
        let mut passed = vec![0.0];
        for w in points.windows(2) {
            passed.push(passed[passed.len() - 1] + w[0].distance_mm(w[1]));
        }
        let way_mm = passed.last().copied().filter(|way| *way > 0.0)?;
        Some(Self { points, passed, whole_mm: way_mm + open_mm.unwrap_or(0.0), closed: open_mm.is_some() })
    }

    /// Unit vector to the left of the step from vertex `k`.
    fn left(&self, k: usize) -> [f64; 2] {
        let ([ax, ay], [bx, by]) = (self.points[k].to_mm(), self.points[k + 1].to_mm());
        let length = (bx - ax).hypot(by - ay).max(1e-9);
        [-(by - ay) / length, (bx - ax) / length]
    }

    /// Unit vector to the left at a vertex: half way between those of both its steps.
    fn left_at(&self, k: usize) -> [f64; 2] {
        let last = self.points.len() - 2;
        let before = match k {
            0 if self.closed => self.left(last),
            0 => self.left(0),
            _ => self.left(k - 1),
        };
        let behind = match k {
            k if k <= last => self.left(k),
            _ if self.closed => self.left(0),
            _ => self.left(last),
        };
        let [x, y] = [before[0] + behind[0], before[1] + behind[1]];
        let length = x.hypot(y);
        if length > 1e-3 { [x / length, y / length] } else { behind }
    }

    /// From one vertex to another: points on the course, and where they are moved to.
    fn roughened(&self, first: usize, last: usize, noise: &Noise) -> (Vec<Point>, Vec<Point>) {
        let (mut smooth, mut rough) = (Vec::new(), Vec::new());
        let mut push = |p: Point, left: [f64; 2], way_mm: f64| {
            let ([x, y], by) = (p.to_mm(), noise.at_mm(way_mm));
            smooth.push(p);
            rough.push(Point::from_mm(x + by * left[0], y + by * left[1]));
        };
        for k in first..=last {
            push(self.points[k], self.left_at(k), self.passed[k]);
            if k == last {
                break;
            }
            let (from, to) = (self.passed[k], self.passed[k + 1]);
            let mut place = noise.place(from) + 1;
            while noise.way_mm(place) < to - NEAR_MM && place <= noise.count {
                let way = noise.way_mm(place);
                if way > from + NEAR_MM {
                    push(self.points[k].towards(self.points[k + 1], (way - from) / (to - from)), self.left(k), way);
                }
                place += 1;
            }
        }
        (smooth, rough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{EdgeGrid, Join, Region, Ring};

    fn settings(skin: FuzzySkin) -> FuzzySettings {
        FuzzySettings { skin, thickness_mm: 0.3, spacing_mm: 0.8, first_layer: false }
    }

    fn span(bottom_mm: f64) -> LayerSpan {
        LayerSpan { bottom_mm, top_mm: bottom_mm + 0.2, cut_mm: bottom_mm + 0.1 }
    }

    /// A square with round corners, as a loop in so many roads.
    fn wall(pieces: usize) -> (Region, Vec<Road>) {
        let corners = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)];
        let square = Region { rings: vec![Ring(corners.iter().map(|c| Point::from_mm(c.0, c.1)).collect())] };
        let region = square.offset(3.0, Join::Round).offset(-1.0, Join::Miter(2.0));
        let mut points = region.rings[0].0.clone();
        points.push(points[0]);
        let length = length_mm(&points);
        let road = Road {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            points,
            smooth: Vec::new(),
            z_mm: Vec::new(),
            closed: true,
            small: false,
        };
        let ends: Vec<f64> = (1..pieces).map(|i| length * i as f64 / pieces as f64).collect();
        (region, road.divided(&ends))
    }

    #[test]
    fn a_rough_wall_stays_within_its_thickness_and_uses_it() {
        let (region, smooth) = wall(1);
        let grid = EdgeGrid::new(&region);
        let around = length_mm(&smooth[0].points);
        let fuzzy = settings(FuzzySkin::Contours);
        let mut off: Vec<f64> = Vec::new();
        for layer in 1..20 {
            let mut roads = smooth.clone();
            fuzzy.roughen(&mut roads, Some(around), &span(0.2 * f64::from(layer)), 0);
            let road = &roads[0];
            assert_eq!(road.first(), road.last(), "the loop closes");
            assert_eq!(road.points.len(), road.smooth.len());
            for w in road.points.windows(2) {
                for i in 0..8 {
                    off.push(grid.outside_mm(w[0].towards(w[1], f64::from(i) / 8.0), 2.0));
                }
            }
            let turns = (road.points.len() - 1) as f64;
            assert!((0.8..2.0).contains(&(turns / (around / 0.8))), "{turns} turns on {around:.1} mm");
        }
        let (least, most) = off.iter().fold((0f64, 0f64), |(a, b), o| (a.min(*o), b.max(*o)));
        assert!((-0.3001..-0.27).contains(&least) && (0.27..0.3001).contains(&most), "{least} to {most}");
        // Evenly to both sides, and as rough as even changes between even chances make it: two ninths of the square.
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        let rough = (off.iter().map(|o| o * o).sum::<f64>() / off.len() as f64).sqrt();
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((rough / (0.28 * (2.0f64 / 9.0).sqrt()) - 1.0).abs() < 0.15, "{rough}");
    }

    #[test]
    fn a_wall_in_pieces_is_as_rough_as_one_in_one() {
        let (_, mut whole) = wall(1);
        let around = length_mm(&whole[0].points);
        let (_, mut pieces) = wall(7);
        let fuzzy = settings(FuzzySkin::AllWalls);
        fuzzy.roughen(&mut whole, Some(around), &span(1.0), 3);
        fuzzy.roughen(&mut pieces, Some(around), &span(1.0), 3);
        assert_eq!(pieces.len(), 7);
        let grid = EdgeGrid::new(&Region { rings: vec![Ring(whole[0].points[1..].to_vec())] });
        for (i, piece) in pieces.iter().enumerate() {
            assert_eq!(piece.last(), pieces[(i + 1) % 7].first());
            // Simplified piece by piece, so not to the last micrometre.
            assert!(piece.points.iter().all(|p| grid.outside_mm(*p, 1.0).abs() < 0.05));
        }
    }

    #[test]
    fn layers_and_walls_differ_and_the_same_ones_are_the_same() {
        let (_, smooth) = wall(1);
        let around = length_mm(&smooth[0].points);
        let fuzzy = settings(FuzzySkin::Contours);
        let of = |bottom_mm: f64, number: usize| {
            let mut roads = smooth.clone();
            fuzzy.roughen(&mut roads, Some(around), &span(bottom_mm), number);
            roads
        };
        assert_eq!(of(1.0, 0), of(1.0, 0));
        assert_ne!(of(1.0, 0), of(1.2, 0));
        assert_ne!(of(1.0, 0), of(1.0, 1));
    }

    #[test]
    fn the_ends_of_open_roads_stay_and_so_do_walls_that_are_not_asked_for() {
        let (_, roads) = wall(3);
        let mut rough = roads.clone();
        settings(FuzzySkin::Contours).roughen(&mut rough[1..2], None, &span(1.0), 0);
        assert_eq!((rough[1].first(), rough[1].last()), (roads[1].first(), roads[1].last()));
        assert_ne!(rough[1].points, roads[1].points);
        let (low, high) = (span(0.0), span(1.0));
        let of = |skin| settings(skin);
        assert!(!of(FuzzySkin::Nowhere).roughens(0, false, &high));
        assert!(of(FuzzySkin::Contours).roughens(0, false, &high) && !of(FuzzySkin::Contours).roughens(0, true, &high));
        assert!(of(FuzzySkin::OuterWalls).roughens(0, true, &high));
        assert!(
            !of(FuzzySkin::OuterWalls).roughens(1, false, &high) && of(FuzzySkin::AllWalls).roughens(1, false, &high)
        );
        assert!(!of(FuzzySkin::AllWalls).roughens(0, false, &low), "the plate's layer is smooth");
        assert!(FuzzySettings { first_layer: true, ..of(FuzzySkin::AllWalls) }.roughens(0, false, &low));
    }
}
