//! What makes the first layer stick and the flow even: skirt and brim.
//!
//! Knows the first outlines of all objects and the build plate, and gives closed and open paths around them. Speeds and
//! travels are not known here.

use rayon::prelude::*;

use crate::geometry::{Bounds, Join, Point, Polyline, Region, Ring};
use crate::process::slicing::LayerOutline;
use crate::settings::Settings;
use crate::toolpath::road_area_mm2;

use super::flow::spacing_mm;

/// What decides on the skirt.
#[derive(Clone, Debug, PartialEq)]
pub struct SkirtSettings {
    pub loops: u32,
    /// From the objects (or their brim), mm.
    pub distance_mm: f64,
    /// Layers.
    pub height: u32,
    /// Least length of filament in the first layer's loops, mm.
    pub min_filament_mm: f64,
    pub width_mm: f64,
    pub layer_height_mm: f64,
    pub filament_diameter_mm: f64,
}

impl From<&Settings> for SkirtSettings {
    fn from(s: &Settings) -> Self {
        Self {
            loops: s.skirts,
            distance_mm: s.skirt_distance,
            height: s.skirt_height,
            min_filament_mm: s.min_skirt_length,
            width_mm: s.first_layer_extrusion_width,
            layer_height_mm: s.first_layer_height,
            filament_diameter_mm: s.filament_diameter,
        }
    }
}

/// What decides on an object's brim.
#[derive(Clone, Debug, PartialEq)]
pub struct BrimSettings {
    /// mm; 0 = no brim.
    pub width_mm: f64,
    /// Gap to the object, mm.
    pub separation_mm: f64,
    pub road_width_mm: f64,
    pub layer_height_mm: f64,
}

impl From<&Settings> for BrimSettings {
    fn from(s: &Settings) -> Self {
        Self {
            width_mm: s.brim_width,
            separation_mm: s.brim_separation,
            road_width_mm: s.first_layer_extrusion_width,
            layer_height_mm: s.first_layer_height,
        }
    }
}

/// Loops that the least length of filament may add at most.
const MAX_LOOPS: u32 = 200;
/// Chords of skirt and brim are within this of the true curve, mm.
const TOLERANCE_MM: f64 = 0.01;

/// One road of the brim.
#[derive(Clone, Debug, PartialEq)]
pub struct BrimRoad {
    pub path: Polyline,
    pub width_mm: f64,
    pub height_mm: f64,
}

/// The brim of all objects, each given by its first outline and its settings: roads from the outside inwards, so that
/// the last one is laid against the object. What would lie on another object is left out; holes stay free.
pub fn brim(objects: &[(&Region, BrimSettings)]) -> Vec<BrimRoad> {
    let everything = Region::union_all(objects.iter().map(|(area, _)| *area));
    let mut roads: Vec<BrimRoad> = Vec::new();
    // Objects with the same brim are grown together, so that their brims merge where they meet.
    let mut done: Vec<&BrimSettings> = Vec::new();
    for (_, settings) in objects {
        if settings.width_mm <= 0.0 || done.contains(&settings) {
            continue;
        }
        done.push(settings);
        let own = Region::union_all(objects.iter().filter(|(_, s)| s == settings).map(|(area, _)| *area));
        let spacing = spacing_mm(settings.road_width_mm, settings.layer_height_mm);
        let count = (settings.width_mm / spacing).round().max(1.0) as u32;
        // A road's middle keeps this far from every object, and from other brims.
        let least = settings.separation_mm + settings.road_width_mm / 2.0 - 0.01;
        let kept_free = everything.offset(least, Join::Round);
        let taken = brims_of(objects, &done[..done.len() - 1]).offset(settings.road_width_mm / 2.0, Join::Round);
        let Some(bounds) = own.bounds() else { continue };
        let reach = crate::geometry::grid(settings.separation_mm + settings.width_mm + 2.0 * settings.road_width_mm);
        let around = Bounds {
            min: Point::new(bounds.min.x - reach, bounds.min.y - reach),
            max: Point::new(bounds.max.x + reach, bounds.max.y + reach),
        };
        let free = Region::rectangle(around).difference(&kept_free.union(&taken));
        // Each loop from the one inside it: what is narrow between the objects is soon filled and costs nothing more.
        let mut grown = own;
        let mut distance = settings.separation_mm + settings.road_width_mm / 2.0;
        let mut loops: Vec<Vec<Polyline>> = Vec::new();
        for _ in 0..count {
            grown = grown.offset(distance, Join::Round).simplified(TOLERANCE_MM);
            distance = spacing;
            // Outlines only: the clockwise rings are holes.
            loops.push(grown.rings.iter().filter(|r| r.area_mm2() > 0.0).map(closed).collect());
        }
        loops.reverse();
        for pieces in free.clip_each(&loops.concat()) {
            roads.extend(joined_again(pieces).into_iter().map(|path| BrimRoad {
                path,
                width_mm: settings.road_width_mm,
                height_mm: settings.layer_height_mm,
            }));
        }
    }
    roads
}

/// The area that the brims with these settings cover together with their objects.
fn brims_of(objects: &[(&Region, BrimSettings)], settings: &[&BrimSettings]) -> Region {
    let areas: Vec<Region> = settings
        .iter()
        .map(|s| {
            let own = Region::union_all(objects.iter().filter(|(_, o)| o == *s).map(|(area, _)| *area));
            own.offset(s.separation_mm + s.width_mm, Join::Round)
        })
        .collect();
    Region::union_all(&areas)
}

/// A ring as a path that ends where it begins.
fn closed(ring: &Ring) -> Polyline {
    Polyline(ring.0.iter().chain(ring.0.first()).copied().collect())
}

/// The pieces of a clipped ring: one cut nowhere is whole; one that was cut elsewhere than at its first point is joined
/// there again.
fn joined_again(mut pieces: Vec<Polyline>) -> Vec<Polyline> {
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

/// The skirt's loops for the first layer, the innermost first: around everything in `areas`, at least as many as asked
/// for and as many as the least length of filament needs.
pub fn skirt(areas: &[&Region], settings: &SkirtSettings) -> Vec<Ring> {
    if settings.loops == 0 || settings.height == 0 {
        return Vec::new();
    }
    let points: Vec<Point> = areas.iter().flat_map(|a| a.rings.iter().flat_map(|r| r.0.iter().copied())).collect();
    let hull = convex_hull(points);
    if hull.0.len() < 3 {
        return Vec::new();
    }
    let hull = Region { rings: vec![hull] };
    let spacing = spacing_mm(settings.width_mm, settings.layer_height_mm);
    let filament_area = std::f64::consts::FRAC_PI_4 * settings.filament_diameter_mm.powi(2);
    let filament_per_mm = road_area_mm2(settings.width_mm, settings.layer_height_mm) / filament_area.max(1e-6);
    let mut filament = 0.0;
    let mut loops = Vec::new();
    for k in 0..MAX_LOOPS.max(settings.loops) {
        if k >= settings.loops && filament >= settings.min_filament_mm {
            break;
        }
        let distance = settings.distance_mm + settings.width_mm / 2.0 + f64::from(k) * spacing;
        let grown = hull.offset(distance, Join::Round).simplified(TOLERANCE_MM);
        let Some(ring) = grown.rings.into_iter().next() else { break };
        filament += ring.length_mm() * filament_per_mm;
        loops.push(ring);
    }
    loops
}

/// The smallest convex ring around everything in some layers.
pub fn hull_of(layers: &[LayerOutline]) -> Ring {
    let of_layer =
        |layer: &LayerOutline| convex_hull(layer.area.rings.iter().flat_map(|ring| ring.0.iter().copied()).collect()).0;
    let corners: Vec<Vec<Point>> = layers.par_iter().map(of_layer).collect();
    convex_hull(corners.concat())
}

/// The smallest convex ring around some points, counter-clockwise (Andrew's monotone chain, 1979).
pub fn convex_hull(mut points: Vec<Point>) -> Ring {
    points.sort_unstable();
    points.dedup();
    if points.len() < 3 {
        return Ring(points);
    }
    let turns_left = |a: Point, b: Point, c: Point| {
        let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
        let (acx, acy) = (i64::from(c.x) - i64::from(a.x), i64::from(c.y) - i64::from(a.y));
        abx * acy - aby * acx > 0
    };
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for p in points {
            while let [.., a, b] = chain.as_slice()
                && !turns_left(*a, *b, p)
            {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    Ring(hull)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64) -> Region {
        let corner = |dx: f64, dy: f64| Point::from_mm(x + dx, y + dy);
        Region { rings: vec![Ring(vec![corner(0.0, 0.0), corner(side, 0.0), corner(side, side), corner(0.0, side)])] }
    }

    fn brim_settings(width_mm: f64, separation_mm: f64) -> BrimSettings {
        BrimSettings { width_mm, separation_mm, road_width_mm: 0.5, layer_height_mm: 0.2 }
    }

    fn skirt_settings() -> SkirtSettings {
        SkirtSettings {
            loops: 2,
            distance_mm: 5.0,
            height: 1,
            min_filament_mm: 0.0,
            width_mm: 0.5,
            layer_height_mm: 0.2,
            filament_diameter_mm: 1.75,
        }
    }

    #[test]
    fn a_skirt_encloses_everything_at_its_distance() {
        let (a, b) = (square(0.0, 0.0, 20.0), square(60.0, 30.0, 5.0));
        let loops = skirt(&[&a, &b], &skirt_settings());
        assert_eq!(loops.len(), 2);
        for (k, ring) in loops.iter().enumerate() {
            let inside = Region { rings: vec![ring.clone()] };
            for area in [&a, &b] {
                assert!(area.difference(&inside).is_empty());
                // The inner edge of the road is at the distance.
                let distance = 5.0 + 0.25 + k as f64 * spacing_mm(0.5, 0.2) - 0.03;
                assert!(area.offset(distance, Join::Round).difference(&inside).is_empty());
            }
        }
    }

    #[test]
    fn a_skirt_has_loops_for_the_least_length_of_filament() {
        let a = square(0.0, 0.0, 2.0);
        let settings = SkirtSettings { min_filament_mm: 20.0, ..skirt_settings() };
        let length: f64 = skirt(&[&a], &settings).iter().map(Ring::length_mm).sum();
        let filament = length * road_area_mm2(0.5, 0.2) / (std::f64::consts::FRAC_PI_4 * 1.75 * 1.75);
        assert!(filament >= 20.0, "{filament}");
    }

    #[test]
    fn a_brim_touches_its_object_and_is_as_wide_as_asked() {
        let object = square(0.0, 0.0, 20.0);
        let roads = brim(&[(&object, brim_settings(5.0, 0.0))]);
        let covered: Vec<Region> = roads
            .iter()
            .map(|r| {
                assert_eq!(r.path.0.first(), r.path.0.last(), "whole loops around a lone object");
                let ring = Region { rings: vec![Ring(r.path.0[1..].to_vec())] };
                ring.offset(0.25, Join::Round).difference(&ring.offset(-0.25, Join::Round))
            })
            .collect();
        let covered = Region::union_all(&covered);
        let wanted = object.offset(4.8, Join::Round).difference(&object);
        assert!(wanted.difference(&covered).area_mm2() < 0.01 * wanted.area_mm2());
        assert!(covered.intersection(&object).area_mm2() < 0.01);
        // The last road is the one against the object.
        let last = Ring(roads[roads.len() - 1].path.0[1..].to_vec());
        assert!((last.length_mm() - (80.0 + std::f64::consts::TAU * 0.25)).abs() < 0.1);
    }

    #[test]
    fn a_brim_leaves_holes_and_other_objects_free() {
        let ring = square(0.0, 0.0, 40.0).difference(&square(10.0, 10.0, 20.0));
        let beside = square(42.0, 0.0, 10.0);
        let roads = brim(&[(&ring, brim_settings(5.0, 0.1)), (&beside, brim_settings(0.0, 0.0))]);
        assert!(!roads.is_empty());
        let hole = square(10.0, 10.0, 20.0);
        let near = beside.offset(0.1 + 0.25 - 0.05, Join::Round);
        for road in &roads {
            assert!(hole.clip(std::slice::from_ref(&road.path)).is_empty());
            assert!(near.clip(std::slice::from_ref(&road.path)).is_empty());
        }
    }

    #[test]
    fn a_hull_is_convex_and_holds_every_point() {
        let points: Vec<Point> = (0..200).map(|i| Point::new((i * 7919) % 1009, (i * 104_729) % 997)).collect();
        let hull = convex_hull(points.clone());
        let region = Region { rings: vec![hull.clone()] };
        assert!(points.iter().all(|&p| region.contains(p)));
        let n = hull.0.len();
        for i in 0..n {
            let triangle = Ring(vec![hull.0[i], hull.0[(i + 1) % n], hull.0[(i + 2) % n]]);
            assert!(triangle.area_mm2() > 0.0);
        }
    }
}
