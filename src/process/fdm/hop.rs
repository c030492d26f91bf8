//! Hops: whether the nozzle is lifted for a travel, how high, and by which way it gets there.
//!
//! Knows a way, what of the layer is printed already, and the settings. Only a nozzle at the layer's own height can hit
//! something of it: roads that are laid already, at whose height its tip is. A hop is straight up, a slope along the
//! way, or a turn of a helix that leaves its starting point without a pull; a slope or a helix is only taken where it is
//! high enough before it meets anything.

use crate::geometry::{Bounds, Point};
use crate::settings::{LiftSurfaces, LiftType, Settings};

use super::travel::{TravelMap, length_mm};

/// When and how the nozzle is lifted.
#[derive(Clone, Debug, PartialEq)]
pub struct HopSettings {
    /// Height of a hop, mm; 0 = none.
    pub lift_mm: f64,
    pub kind: LiftType,
    /// No hop below and above these heights of the layer, mm; an upper bound of 0 is none.
    pub from_mm: f64,
    pub to_mm: f64,
    pub surfaces: LiftSurfaces,
    /// Only where a travel passes over something that is printed in the layer.
    pub only_over_print: bool,
    /// Steepness of slopes and helices.
    pub slope_rad: f64,
}

impl From<&Settings> for HopSettings {
    fn from(s: &Settings) -> Self {
        Self {
            lift_mm: s.retract_lift.max(0.0),
            kind: s.retract_lift_type,
            from_mm: s.retract_lift_above,
            to_mm: s.retract_lift_below,
            surfaces: s.retract_lift_enforce,
            only_over_print: s.retract_lift_only_over_print,
            slope_rad: s.travel_slope.to_radians().clamp(1e-3, 1.5),
        }
    }
}

/// The travel that a hop may be for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occasion {
    pub z_mm: f64,
    pub first_layer: bool,
    /// It begins on or leads over a finished top surface.
    pub over_top: bool,
    /// How far along the way the first thing stands that is printed in the layer, mm; `None` where nothing does.
    pub hit_mm: Option<f64>,
}

/// A hop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hop {
    pub lift_mm: f64,
    kind: LiftType,
    slope_rad: f64,
    /// Way without anything to hit, mm.
    free_mm: f64,
}

/// How the nozzle gets to the height of a hop.
#[derive(Clone, Debug, PartialEq)]
pub enum Rise {
    Straight,
    /// Along the way: its points, with the height of each above the layer.
    Along(Vec<Point>, Vec<f64>),
    /// Before the way, along a turn that ends where it begins.
    Turn(Vec<Point>, Vec<f64>),
}

/// Radius of a helix, mm: a smaller one is no better than straight up, a larger one goes nowhere.
const LEAST_RADIUS_MM: f64 = 0.15;
const MOST_RADIUS_MM: f64 = 3.0;
/// Steps of a helix.
const TURN_STEPS: usize = 16;

impl HopSettings {
    /// Whether anything is hopped over at all.
    pub fn is_on(&self) -> bool {
        self.lift_mm > 0.0
    }

    /// The hop for a travel with filament drawn back.
    pub fn hop(&self, occasion: &Occasion) -> Option<Hop> {
        let within = occasion.z_mm >= self.from_mm && (self.to_mm <= 0.0 || occasion.z_mm <= self.to_mm);
        let surface = match self.surfaces {
            LiftSurfaces::All => true,
            LiftSurfaces::Top => occasion.over_top,
            LiftSurfaces::Bottom => occasion.first_layer,
            LiftSurfaces::TopAndBottom => occasion.over_top || occasion.first_layer,
        };
        let needed = !self.only_over_print || occasion.over_top || occasion.hit_mm.is_some();
        let free_mm = if occasion.over_top { 0.0 } else { occasion.hit_mm.unwrap_or(f64::INFINITY) };
        (self.is_on() && within && surface && needed).then_some(Hop {
            lift_mm: self.lift_mm,
            kind: self.kind,
            slope_rad: self.slope_rad,
            free_mm,
        })
    }
}

impl Hop {
    /// Straight up, whatever is asked for: between layers.
    pub fn straight(self) -> Self {
        Self { kind: LiftType::Normal, ..self }
    }

    /// By which way to rise for a way.
    pub fn rise(&self, way: &[Point]) -> Rise {
        let slope = || self.along(way);
        let turn = || self.turn(way);
        let rise = match self.kind {
            LiftType::Normal => None,
            LiftType::Slope => slope(),
            LiftType::Spiral => turn(),
            LiftType::Auto => slope().or_else(turn),
        };
        rise.unwrap_or(Rise::Straight)
    }

    /// Rises along the way, at the latest when half of it is gone and before anything is met; `None` where that would be
    /// steeper than 45°.
    fn along(&self, way: &[Point]) -> Option<Rise> {
        let run_mm = (self.lift_mm / self.slope_rad.tan()).min(self.free_mm).min(0.5 * length_mm(way));
        if run_mm < self.lift_mm || way.len() < 2 {
            return None;
        }
        let (mut points, mut heights) = (vec![way[0]], vec![0.0]);
        let mut gone_mm = 0.0;
        for ends in way.windows(2) {
            let step_mm = ends[0].distance_mm(ends[1]);
            if step_mm == 0.0 {
                continue;
            }
            if gone_mm < run_mm && gone_mm + step_mm > run_mm {
                let top = ends[0].towards(ends[1], (run_mm - gone_mm) / step_mm);
                if top != ends[0] && top != ends[1] {
                    points.push(top);
                    heights.push(self.lift_mm);
                }
            }
            gone_mm += step_mm;
            points.push(ends[1]);
            heights.push(self.lift_mm * (gone_mm / run_mm).min(1.0));
        }
        Some(Rise::Along(points, heights))
    }

    /// A turn that stays on the side to which the way leads, before anything that is met there.
    fn turn(&self, way: &[Point]) -> Option<Rise> {
        let start = *way.first()?;
        let next = *way.iter().find(|p| **p != start)?;
        let wanted_mm = self.lift_mm / (std::f64::consts::TAU * self.slope_rad.tan());
        let radius_mm = wanted_mm.min(0.5 * self.free_mm).min(MOST_RADIUS_MM);
        if radius_mm < LEAST_RADIUS_MM {
            return None;
        }
        let ([x, y], [to_x, to_y]) = (start.to_mm(), next.to_mm());
        let ahead = (to_y - y).atan2(to_x - x);
        let centre = [x + radius_mm * ahead.cos(), y + radius_mm * ahead.sin()];
        let place = |k: usize| {
            let share = k as f64 / TURN_STEPS as f64;
            let (sin, cos) = (ahead + std::f64::consts::PI + std::f64::consts::TAU * share).sin_cos();
            Point::from_mm(centre[0] + radius_mm * cos, centre[1] + radius_mm * sin)
        };
        let points = (0..=TURN_STEPS).map(|k| if k % TURN_STEPS == 0 { start } else { place(k) }).collect();
        let heights = (0..=TURN_STEPS).map(|k| self.lift_mm * k as f64 / TURN_STEPS as f64).collect();
        Some(Rise::Turn(points, heights))
    }
}

/// How far along a way the first thing is met that is printed at this height: the outline of an island for which
/// `is_printed` says so, or a piece of support within one of some boxes. Up to `leaving_mm` from its start the way leaves
/// the wall that the nozzle stands on.
pub fn first_hit_mm(
    way: &[Point],
    map: &TravelMap,
    is_printed: impl Fn(usize) -> bool,
    supports: &[Bounds],
    leaving_mm: f64,
) -> Option<f64> {
    let mut gone_mm = 0.0;
    for ends in way.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        let step_mm = a.distance_mm(b);
        let outlines =
            map.crossed(a, b).filter(|(_, island)| is_printed(*island)).map(|(at, _)| gone_mm + at * step_mm);
        let boxes = supports.iter().filter_map(|s| enters(s, a, b)).map(|at| gone_mm + at * step_mm);
        let first = outlines.filter(|mm| *mm > leaving_mm).chain(boxes).min_by(f64::total_cmp);
        if first.is_some() {
            return first;
        }
        gone_mm += step_mm;
    }
    None
}

/// Where along a line, 0 to 1, it enters a box; 0 where it begins in it.
fn enters(bounds: &Bounds, a: Point, b: Point) -> Option<f64> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (low, high, p, q) in [(bounds.min.x, bounds.max.x, a.x, b.x), (bounds.min.y, bounds.max.y, a.y, b.y)] {
        let (low, high, p, d) = (f64::from(low), f64::from(high), f64::from(p), f64::from(q) - f64::from(p));
        if d == 0.0 {
            if p < low || p > high {
                return None;
            }
            continue;
        }
        let (s, t) = ((low - p) / d, (high - p) / d);
        (from, to) = (from.max(s.min(t)), to.min(s.max(t)));
    }
    (from <= to).then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(kind: LiftType) -> HopSettings {
        HopSettings {
            lift_mm: 0.3,
            kind,
            from_mm: 0.0,
            to_mm: 0.0,
            surfaces: LiftSurfaces::All,
            only_over_print: true,
            slope_rad: 5f64.to_radians(),
        }
    }

    fn occasion(hit_mm: Option<f64>) -> Occasion {
        Occasion { z_mm: 10.0, first_layer: false, over_top: false, hit_mm }
    }

    #[test]
    fn a_hop_is_made_where_and_when_it_is_asked_for() {
        let normal = settings(LiftType::Normal);
        let hops = |s: &HopSettings, o: Occasion| s.hop(&o).is_some();
        assert!(!hops(&normal, occasion(None)), "nothing is in the way");
        assert!(hops(&normal, occasion(Some(3.0))));
        assert!(hops(&normal, Occasion { over_top: true, ..occasion(None) }));
        let everywhere = HopSettings { only_over_print: false, ..normal.clone() };
        assert!(hops(&everywhere, occasion(None)));
        assert!(!hops(&HopSettings { lift_mm: 0.0, ..everywhere.clone() }, occasion(Some(1.0))));
        let band = HopSettings { from_mm: 5.0, to_mm: 12.0, ..everywhere.clone() };
        for (z_mm, expected) in [(4.9, false), (5.0, true), (12.0, true), (12.1, false)] {
            assert_eq!(hops(&band, Occasion { z_mm, ..occasion(None) }), expected, "{z_mm}");
        }
        for (surfaces, top, bottom, other) in [
            (LiftSurfaces::All, true, true, true),
            (LiftSurfaces::Top, true, false, false),
            (LiftSurfaces::Bottom, false, true, false),
            (LiftSurfaces::TopAndBottom, true, true, false),
        ] {
            let s = HopSettings { surfaces, ..everywhere.clone() };
            assert_eq!(hops(&s, Occasion { over_top: true, ..occasion(None) }), top);
            assert_eq!(hops(&s, Occasion { first_layer: true, ..occasion(None) }), bottom);
            assert_eq!(hops(&s, occasion(None)), other);
        }
    }

    #[test]
    fn slopes_and_turns_are_up_before_anything_is_met() {
        let way = [Point::from_mm(0.0, 0.0), Point::from_mm(3.0, 0.0), Point::from_mm(3.0, 20.0)];
        for hit_mm in [None, Some(30.0), Some(5.0), Some(1.0), Some(0.5), Some(0.2), Some(0.0)] {
            for kind in [LiftType::Slope, LiftType::Spiral, LiftType::Auto] {
                let o = occasion(hit_mm);
                let hop = HopSettings { only_over_print: false, ..settings(kind) }.hop(&o).unwrap();
                let free_mm = hit_mm.unwrap_or(f64::INFINITY);
                match hop.rise(&way) {
                    Rise::Straight => assert!(free_mm <= 0.5, "{kind:?} {hit_mm:?}"),
                    Rise::Along(points, heights) => {
                        assert_ne!(kind, LiftType::Spiral);
                        assert!((length_mm(&points) - 23.0).abs() < 1e-3);
                        let mut gone = 0.0;
                        for i in 1..points.len() {
                            let step = points[i - 1].distance_mm(points[i]);
                            gone += step;
                            assert!(heights[i] >= heights[i - 1] && heights[i] - heights[i - 1] <= step + 1e-9);
                            assert!(gone < free_mm - 1e-3 || (heights[i] - 0.3).abs() < 1e-9);
                        }
                    }
                    Rise::Turn(points, heights) => {
                        assert_ne!(kind, LiftType::Slope);
                        assert_eq!((points[0], points[TURN_STEPS]), (way[0], way[0]));
                        assert!((heights[TURN_STEPS] - 0.3).abs() < 1e-9);
                        let wide = Bounds::around(points.iter().copied()).unwrap();
                        assert!(wide.min.x >= -1 && wide.max.to_mm()[0] <= free_mm + 1e-3);
                        assert!(wide.max.to_mm()[1] <= MOST_RADIUS_MM);
                    }
                }
            }
        }
        // Five degrees are 0.3 mm in 3.43 mm.
        let hop = settings(LiftType::Slope).hop(&occasion(Some(8.0))).unwrap();
        let Rise::Along(points, heights) = hop.rise(&way) else { panic!("a slope fits") };
        let top = heights.iter().position(|h| *h >= 0.3).unwrap();
        assert!((length_mm(&points[..=top]) - 0.3 / 5f64.to_radians().tan()).abs() < 1e-3);
    }

    #[test]
    fn a_box_is_entered_at_its_nearest_side() {
        let bounds = Bounds { min: Point::from_mm(2.0, -1.0), max: Point::from_mm(4.0, 1.0) };
        let at = |a: (f64, f64), b: (f64, f64)| enters(&bounds, Point::from_mm(a.0, a.1), Point::from_mm(b.0, b.1));
        assert_eq!(at((0.0, 0.0), (8.0, 0.0)), Some(0.25));
        assert_eq!(at((3.0, 0.0), (8.0, 0.0)), Some(0.0));
        assert_eq!(at((0.0, 2.0), (8.0, 2.0)), None);
        assert_eq!(at((0.0, 0.0), (1.0, 0.0)), None);
        assert_eq!(at((0.0, 4.0), (4.0, 0.0)), Some(0.75));
    }
}
