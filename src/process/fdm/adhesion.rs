//! What makes the first layer stick and the flow even: the skirt, and in [`brim`] what is laid against the objects.
//!
//! Knows outlines of all objects, and gives closed and open paths around them. Speeds, travels and the build plate are
//! not known here.

pub mod brim;
mod ears;

use rayon::prelude::*;

use crate::geometry::{Join, Point, Region, Ring};
use crate::process::slicing::LayerOutline;
use crate::settings::{DraftShield, Settings};
use crate::toolpath::road_area_mm2;

use super::flow::spacing_mm;

/// What decides on the skirt.
#[derive(Clone, Debug, PartialEq)]
pub struct SkirtSettings {
    pub loops: u32,
    /// From the objects, or from their brim where there is no shield, mm.
    pub distance_mm: f64,
    /// Layers; all where the shield is as high as the print.
    pub height: u32,
    pub shield: DraftShield,
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
            height: if s.draft_shield == DraftShield::Enabled { u32::MAX } else { s.skirt_height },
            shield: s.draft_shield,
            min_filament_mm: s.min_skirt_length,
            width_mm: s.first_layer_extrusion_width,
            layer_height_mm: s.first_layer_height,
            filament_diameter_mm: s.filament_diameter,
        }
    }
}

/// Loops that the least length of filament may add at most.
const MAX_LOOPS: u32 = 200;
/// Chords of skirt and brim are within this of the true curve, mm.
const TOLERANCE_MM: f64 = 0.01;

/// The skirt's loops for the first layer, the innermost first: around everything in `areas`, at least as many as asked
/// for and as many as the least length of filament needs.
pub fn skirt(areas: &[&Region], settings: &SkirtSettings) -> Vec<Ring> {
    if settings.loops == 0 || settings.height == 0 {
        return Vec::new();
    }
    let hull = hull_around(areas);
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

/// The room that the loops of a skirt take up, with this much to spare on both sides.
pub fn band(skirt: &[Ring], width_mm: f64, spare_mm: f64) -> Region {
    let Some((inner, outer)) = skirt.first().zip(skirt.last()) else { return Region::default() };
    let filled = |ring: &Ring, by: f64| Region { rings: vec![ring.clone()] }.offset(by, Join::Round);
    let reach = 0.5 * width_mm + spare_mm;
    filled(outer, reach).difference(&filled(inner, -reach))
}

/// The smallest convex ring around everything in some layers.
pub fn hull_of(layers: &[LayerOutline]) -> Ring {
    hull_around(&layers.iter().map(|layer| &layer.area).collect::<Vec<_>>())
}

/// The smallest convex ring around everything in some areas.
fn hull_around(areas: &[&Region]) -> Ring {
    let of_area = |area: &&Region| convex_hull(area.rings.iter().flat_map(|ring| ring.0.iter().copied()).collect()).0;
    let corners: Vec<Vec<Point>> = areas.par_iter().map(of_area).collect();
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

    fn skirt_settings() -> SkirtSettings {
        SkirtSettings {
            loops: 2,
            distance_mm: 5.0,
            height: 1,
            shield: DraftShield::Disabled,
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
