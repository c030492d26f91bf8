//! Brims: roads of the first layer that are laid against the objects, so that these do not come off the plate.
//!
//! Knows the first outlines of all objects with the settings of each, and gives paths around them, in their holes, or at
//! their corners ([`super::ears`]). No brim lies on another object or on another brim.

use crate::geometry::{Join, Polyline, Region, Ring};
use crate::settings::{BrimType, Settings};

use super::TOLERANCE_MM;
use super::ears;
use crate::process::fdm::flow::spacing_mm;

/// What decides on an object's brim.
#[derive(Clone, Debug, PartialEq)]
pub struct BrimSettings {
    pub kind: BrimType,
    /// mm; 0 = no brim.
    pub width_mm: f64,
    /// Gap to the object, mm.
    pub separation_mm: f64,
    /// Corners up to this angle have ears, radians.
    pub ear_angle_rad: f64,
    /// The angle of a corner is that between places this far from it, mm.
    pub ear_detection_mm: f64,
    pub road_width_mm: f64,
    pub layer_height_mm: f64,
}

impl From<&Settings> for BrimSettings {
    fn from(s: &Settings) -> Self {
        Self {
            kind: s.brim_type,
            width_mm: s.brim_width,
            separation_mm: s.brim_separation,
            ear_angle_rad: s.brim_ears_max_angle.to_radians(),
            ear_detection_mm: s.brim_ears_detection_length,
            road_width_mm: s.first_layer_extrusion_width,
            layer_height_mm: s.first_layer_height,
        }
    }
}

impl BrimSettings {
    fn is_on(&self) -> bool {
        self.width_mm > 0.0 && self.kind != BrimType::Nowhere
    }

    /// From the object to the outer edge of its brim, mm.
    pub(super) fn reach_mm(&self) -> f64 {
        self.separation_mm + self.width_mm
    }

    pub(super) fn spacing_mm(&self) -> f64 {
        spacing_mm(self.road_width_mm, self.layer_height_mm)
    }

    /// The area that the brim of objects may take up, the gap to them included. Objects are not left out of it.
    fn covers(&self, own: &Region) -> Region {
        let filled = |ring: &Ring| Region { rings: vec![ring.clone()] };
        let outside = |ring: &Ring| filled(ring).offset(self.reach_mm(), Join::Round);
        let inside = |ring: &Ring| {
            let hole = filled(&ring.reversed());
            hole.difference(&hole.offset(-self.reach_mm(), Join::Round))
        };
        let (outer, holes): (Vec<&Ring>, Vec<&Ring>) = own.rings.iter().partition(|ring| ring.area_mm2() > 0.0);
        let mut areas: Vec<Region> = match self.kind {
            BrimType::Nowhere | BrimType::Inner => Vec::new(),
            BrimType::Outer | BrimType::Both => {
                outer.iter().map(|ring| outside(ring).difference(&filled(ring))).collect()
            }
            BrimType::Ears => vec![ears::area(own, self.reach_mm(), self)],
        };
        if matches!(self.kind, BrimType::Inner | BrimType::Both) {
            areas.extend(holes.iter().map(|ring| inside(ring)));
        }
        Region::union_all(&areas)
    }
}

/// One road of the brim.
#[derive(Clone, Debug, PartialEq)]
pub struct BrimRoad {
    pub path: Polyline,
    pub width_mm: f64,
    pub height_mm: f64,
}

/// The brim of all objects, each given by its first outline and its settings: roads that come nearer and nearer to the
/// object, so that the last one is laid against it. What would lie on another object is left out.
pub fn brim(objects: &[(&Region, BrimSettings)]) -> Vec<BrimRoad> {
    let everything = Region::union_all(objects.iter().map(|(area, _)| *area));
    let mut roads: Vec<BrimRoad> = Vec::new();
    // Objects with the same brim are grown together, so that their brims merge where they meet.
    let mut done: Vec<&BrimSettings> = Vec::new();
    let mut taken = Region::default();
    for (_, settings) in objects {
        if !settings.is_on() || done.contains(&settings) {
            continue;
        }
        done.push(settings);
        let own = Region::union_all(objects.iter().filter(|(_, s)| s == settings).map(|(area, _)| *area));
        // A road's middle keeps this far from every object, and from other brims.
        let least = settings.separation_mm + settings.road_width_mm / 2.0 - 0.01;
        let kept_free = everything.offset(least, Join::Round);
        let others = taken.offset(settings.road_width_mm / 2.0, Join::Round);
        let Some(bounds) = own.bounds() else { continue };
        let around = bounds.grown(settings.reach_mm() + 2.0 * settings.road_width_mm);
        let free = Region::rectangle(around).difference(&kept_free.union(&others));
        let paths = match settings.kind {
            BrimType::Ears => ears::paths(&own, &free, settings),
            _ => {
                let loops = loops(&own, settings);
                free.clip_each(&loops).into_iter().flat_map(joined_again).collect()
            }
        };
        let road = |path| BrimRoad { path, width_mm: settings.road_width_mm, height_mm: settings.layer_height_mm };
        roads.extend(paths.into_iter().map(road));
        if objects.iter().any(|(_, s)| s.is_on() && !done.contains(&s)) {
            taken = taken.union(&settings.covers(&own));
        }
    }
    roads
}

/// Loops around some objects and in their holes, as if nothing else were there.
fn loops(own: &Region, settings: &BrimSettings) -> Vec<Polyline> {
    let spacing = settings.spacing_mm();
    let count = (settings.width_mm / spacing).round().max(1.0) as u32;
    let first = settings.separation_mm + settings.road_width_mm / 2.0;
    let holes: Vec<&Ring> = own.rings.iter().filter(|ring| ring.area_mm2() < 0.0).collect();
    if settings.kind == BrimType::Inner {
        // What stands in a hole has no brim there that would meet that of the hole.
        let of_hole = |hole: &&Ring| {
            let mut left = Region { rings: vec![hole.reversed()] };
            let mut loops: Vec<Polyline> = Vec::new();
            for k in 0..count {
                left = left.offset(if k == 0 { -first } else { -spacing }, Join::Round).simplified(TOLERANCE_MM);
                loops.extend(left.rings.iter().map(closed));
            }
            loops.reverse();
            loops
        };
        return holes.iter().flat_map(of_hole).collect();
    }
    let mut outside: Vec<Vec<Polyline>> = Vec::new();
    let mut inside: Vec<Vec<Polyline>> = vec![Vec::new(); holes.len()];
    // Each loop from the one before: what is narrow between the objects is soon filled and costs nothing more.
    let mut grown = own.clone();
    let mut distance = first;
    for _ in 0..count {
        grown = grown.offset(distance, Join::Round).simplified(TOLERANCE_MM);
        distance = spacing;
        outside.push(grown.rings.iter().filter(|ring| ring.area_mm2() > 0.0).map(closed).collect());
        if settings.kind != BrimType::Both {
            continue;
        }
        for ring in grown.rings.iter().filter(|ring| ring.area_mm2() < 0.0) {
            // Hole by hole. What several objects enclose together is no hole of any of them.
            let is_in = |hole: &&Ring| ring.0.first().is_some_and(|p| hole.locate(*p) != Some(false));
            if let Some(of_hole) = holes.iter().position(is_in).and_then(|h| inside.get_mut(h)) {
                of_hole.push(closed(ring));
            }
        }
    }
    outside.reverse();
    inside.iter_mut().for_each(|of_hole| of_hole.reverse());
    outside.into_iter().chain(inside).flatten().collect()
}

/// A ring as a path that ends where it begins.
pub(super) fn closed(ring: &Ring) -> Polyline {
    Polyline(ring.0.iter().chain(ring.0.first()).copied().collect())
}

/// The pieces of a clipped ring: one cut nowhere is whole; one that was cut elsewhere than at its first point is joined
/// there again.
pub fn joined_again(mut pieces: Vec<Polyline>) -> Vec<Polyline> {
    if pieces.len() > 1
        && let (Some(first), Some(last)) = (pieces.first(), pieces.last())
        && first.0.first() == last.0.last()
    {
        let first = pieces.remove(0);
        if let Some(last) = pieces.last_mut() {
            last.0.extend(first.0.into_iter().skip(1));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_4, PI, TAU};

    use super::*;
    use crate::geometry::Point;

    fn square(x: f64, y: f64, side: f64) -> Region {
        let corner = |dx: f64, dy: f64| Point::from_mm(x + dx, y + dy);
        Region { rings: vec![Ring(vec![corner(0.0, 0.0), corner(side, 0.0), corner(side, side), corner(0.0, side)])] }
    }

    fn disc(radius: f64) -> Region {
        let point = |i: i32| {
            let (s, c) = (f64::from(i) * TAU / 200.0).sin_cos();
            Point::from_mm(radius * c, radius * s)
        };
        Region { rings: vec![Ring((0..200).map(point).collect())] }
    }

    fn of_kind(kind: BrimType, width_mm: f64, separation_mm: f64) -> BrimSettings {
        BrimSettings {
            kind,
            width_mm,
            separation_mm,
            ear_angle_rad: 125f64.to_radians(),
            ear_detection_mm: 1.0,
            road_width_mm: 0.5,
            layer_height_mm: 0.2,
        }
    }

    fn outer(width_mm: f64, separation_mm: f64) -> BrimSettings {
        of_kind(BrimType::Outer, width_mm, separation_mm)
    }

    /// What the roads cover on the plate.
    fn covered(roads: &[BrimRoad]) -> Region {
        let strips: Vec<Region> = roads
            .iter()
            .map(|r| {
                assert_eq!(r.path.0.first(), r.path.0.last(), "a road that is not whole");
                let ring = Ring(r.path.0[1..].to_vec());
                let ring = Region { rings: vec![if ring.area_mm2() > 0.0 { ring } else { ring.reversed() }] };
                ring.offset(0.25, Join::Round).difference(&ring.offset(-0.25, Join::Round))
            })
            .collect();
        Region::union_all(&strips)
    }

    /// Fails unless the roads cover this area and nothing else.
    fn assert_covers(roads: &[BrimRoad], wanted: &Region, what: &str) {
        let covered = covered(roads);
        let (missed, beside) = (wanted.difference(&covered).area_mm2(), covered.difference(wanted).area_mm2());
        // A width is rounded to whole roads.
        let share = (missed + beside) / wanted.area_mm2();
        assert!(share < 0.06, "{what}: {missed:.2} missed, {beside:.2} beside of {:.2} mm²", wanted.area_mm2());
    }

    #[test]
    fn a_brim_touches_its_object_and_is_as_wide_as_asked() {
        let object = square(0.0, 0.0, 20.0);
        let roads = brim(&[(&object, outer(5.0, 0.0))]);
        let covered = covered(&roads);
        let wanted = object.offset(4.8, Join::Round).difference(&object);
        assert!(wanted.difference(&covered).area_mm2() < 0.01 * wanted.area_mm2());
        assert!(covered.intersection(&object).area_mm2() < 0.01);
        // The last road is the one against the object.
        let last = Ring(roads[roads.len() - 1].path.0[1..].to_vec());
        assert!((last.length_mm() - (80.0 + TAU * 0.25)).abs() < 0.1);
    }

    #[test]
    fn a_brim_is_laid_on_the_sides_that_are_asked_for() {
        let hole = square(10.0, 10.0, 20.0);
        let frame = square(0.0, 0.0, 40.0).difference(&hole);
        let outside = square(0.0, 0.0, 40.0).offset(5.0, Join::Round).difference(&square(0.0, 0.0, 40.0));
        let inside = hole.difference(&hole.offset(-5.0, Join::Round));
        for (kind, wanted) in [
            (BrimType::Outer, outside.clone()),
            (BrimType::Inner, inside.clone()),
            (BrimType::Both, outside.union(&inside)),
        ] {
            let settings = of_kind(kind, 5.0, 0.0);
            assert_covers(&brim(&[(&frame, settings.clone())]), &wanted, kind.name());
            assert!(settings.covers(&frame).difference(&wanted).area_mm2() < 0.01, "{}", kind.name());
        }
        assert!(brim(&[(&frame, of_kind(BrimType::Nowhere, 5.0, 0.0))]).is_empty());
        // A hole that is narrower than its brim is filled, and what stands in it stays free.
        let pin = square(18.0, 18.0, 4.0);
        let filled = brim(&[(&frame.union(&pin), of_kind(BrimType::Inner, 30.0, 0.0))]);
        assert_covers(&filled, &hole.difference(&pin), "a narrow hole");
    }

    #[test]
    fn a_brim_leaves_holes_and_other_objects_free() {
        let ring = square(0.0, 0.0, 40.0).difference(&square(10.0, 10.0, 20.0));
        let beside = square(42.0, 0.0, 10.0);
        let roads = brim(&[(&ring, outer(5.0, 0.1)), (&beside, outer(0.0, 0.0))]);
        assert!(!roads.is_empty());
        let hole = square(10.0, 10.0, 20.0);
        let near = beside.offset(0.1 + 0.25 - 0.05, Join::Round);
        for road in &roads {
            assert!(hole.clip(std::slice::from_ref(&road.path)).is_empty());
            assert!(near.clip(std::slice::from_ref(&road.path)).is_empty());
        }
    }

    #[test]
    fn brims_of_different_kinds_do_not_lie_on_each_other() {
        let (a, b) = (square(0.0, 0.0, 20.0), square(24.0, 0.0, 20.0));
        for (first, second) in [(BrimType::Outer, BrimType::Ears), (BrimType::Ears, BrimType::Both)] {
            let roads = brim(&[(&a, of_kind(first, 6.0, 0.0)), (&b, of_kind(second, 6.0, 0.0))]);
            let laid: f64 = roads.iter().map(|r| r.path.length_mm()).sum();
            let strips: Vec<Region> = roads.iter().map(|r| stroked(&r.path)).collect();
            let overlap = laid * 0.5 - Region::union_all(&strips).area_mm2();
            // Roads lie at their spacing, a little closer than their width.
            assert!(overlap < 0.12 * laid * 0.5, "{first:?} and {second:?}: {overlap:.2} mm² twice");
        }
    }

    fn stroked(path: &Polyline) -> Region {
        let steps: Vec<Region> = path
            .0
            .windows(2)
            .map(|w| {
                let ([ax, ay], [bx, by]) = (w[0].to_mm(), w[1].to_mm());
                let length = (bx - ax).hypot(by - ay).max(1e-9);
                let (x, y) = (0.25 * (by - ay) / length, 0.25 * (ax - bx) / length);
                let at = |px: f64, py: f64| Point::from_mm(px, py);
                Region {
                    rings: vec![Ring(vec![
                        at(ax + x, ay + y),
                        at(bx + x, by + y),
                        at(bx - x, by - y),
                        at(ax - x, ay - y),
                    ])],
                }
            })
            .collect();
        Region::union_all(&steps)
    }

    #[test]
    fn ears_hold_the_corners_that_are_sharp() {
        let settings = of_kind(BrimType::Ears, 5.0, 0.0);
        // Three quarters of a disc at each corner of a square.
        let object = square(0.0, 0.0, 30.0);
        let roads = brim(&[(&object, settings.clone())]);
        let ear = |x: f64, y: f64| Region {
            rings: vec![Ring(
                disc(5.0).rings[0]
                    .0
                    .iter()
                    .map(|p| {
                        let [px, py] = p.to_mm();
                        Point::from_mm(px + x, py + y)
                    })
                    .collect(),
            )],
        };
        let discs = [ear(0.0, 0.0), ear(30.0, 0.0), ear(30.0, 30.0), ear(0.0, 30.0)];
        let wanted = Region::union_all(&discs).difference(&object);
        assert!((wanted.area_mm2() - 4.0 * 0.75 * PI * 25.0).abs() < 1.0);
        assert_covers(&roads, &wanted, "a square");
        assert!(covered(&roads).intersection(&object).area_mm2() < 0.01);
        // A round outline has no corners, nor has one that is rounded much; what is rounded little is a corner still.
        let none = |area: &Region| brim(&[(area, settings.clone())]).is_empty();
        assert!(none(&disc(4.0)));
        assert!(none(&square(0.0, 0.0, 30.0).offset(4.0, Join::Round)));
        assert!(!none(&square(0.0, 0.0, 30.0).offset(0.4, Join::Round)));
        // Corners of 90° are not sharp where only sharper ones are asked for, and inner corners never are.
        let sharper = BrimSettings { ear_angle_rad: FRAC_PI_4, ..settings.clone() };
        assert!(brim(&[(&object, sharper)]).is_empty());
        let hole = square(10.0, 10.0, 10.0);
        let frame = brim(&[(&object.difference(&hole), settings)]);
        assert_covers(&frame, &wanted, "a frame");
    }
}
