//! Ears of a brim: a disc at each sharp corner, where a part comes off the plate first.
//!
//! Sharp is what is sharp from a little way off: the angle of a corner is that between the places of the outline that
//! lie a detection length before and behind it. So roundings and notches smaller than that do not hide a corner, and the
//! vertices of a round outline are none.

use std::f64::consts::PI;

use crate::geometry::{Join, Point, Polyline, Region, Ring};
use crate::process::fdm::order::{self, Stop};

use super::TOLERANCE_MM;
use super::brim::{BrimSettings, closed};

/// Corners of a ring in a circle that stands for an ear.
const EAR_CORNERS: usize = 64;
/// Angles are compared beyond this, radians.
const SAME_ANGLE_RAD: f64 = 1e-6;

/// The area of all ears of some objects, of some radius. What lies inside of the outline that has the corner does not
/// belong to it.
pub(super) fn area(own: &Region, radius_mm: f64, settings: &BrimSettings) -> Region {
    let outlines = own.rings.iter().filter(|ring| ring.area_mm2() > 0.0);
    let areas: Vec<Region> = outlines
        .map(|ring| {
            let corners = sharp_corners(ring, settings.ear_angle_rad, settings.ear_detection_mm);
            let disc = |corner: Point| Region { rings: vec![Ring(corner.circle(radius_mm, EAR_CORNERS).collect())] };
            let discs: Vec<Region> = corners.into_iter().map(disc).collect();
            Region::union_all(&discs).difference(&Region { rings: vec![ring.clone()] })
        })
        .collect();
    Region::union_all(&areas)
}

/// The roads of all ears, each ear from its middle outwards. The middles of roads stay within `free`.
pub(super) fn paths(own: &Region, free: &Region, settings: &BrimSettings) -> Vec<Polyline> {
    let ears: Vec<Vec<Polyline>> = area(own, settings.reach_mm() - 0.5 * settings.road_width_mm, settings)
        .intersection(free)
        .difference(&own.offset(settings.separation_mm + 0.5 * settings.road_width_mm, Join::Round))
        .islands()
        .iter()
        .map(|ear| {
            let mut loops = Vec::new();
            let mut middle = Region::from(ear);
            while !middle.is_empty() {
                middle = middle.simplified(TOLERANCE_MM);
                loops.extend(middle.rings.iter().map(closed));
                middle = middle.offset(-settings.spacing_mm(), Join::Miter(2.0));
            }
            loops.reverse();
            loops
        })
        .filter(|loops| !loops.is_empty())
        .collect();
    let end = |path: Option<&Polyline>| path.and_then(|p| p.0.first().copied()).unwrap_or_default();
    let stop = |ear: &Vec<Polyline>| Stop { entry: end(ear.first()), exit: end(ear.last()), reversible: false };
    let stops: Vec<Stop> = ears.iter().map(stop).collect();
    order::order(None, &stops).into_iter().flat_map(|visit| ears[visit.stop].clone()).collect()
}

/// The vertices of an outline (counter-clockwise) where it turns to the left so that its sides enclose no more than an
/// angle, seen from `detection_mm` before and behind; of several within that length, the sharpest.
fn sharp_corners(ring: &Ring, most_rad: f64, detection_mm: f64) -> Vec<Point> {
    let count = ring.0.len();
    if count < 3 {
        return Vec::new();
    }
    // Way along the outline to each vertex.
    let mut passed = vec![0.0];
    for (a, b) in ring.edges() {
        passed.push(passed[passed.len() - 1] + a.distance_mm(b));
    }
    let whole = passed[count];
    // Half a small outline at most, or both places would pass each other.
    let reach = detection_mm.min(0.25 * whole);
    let at = |way: f64| {
        let way = way.rem_euclid(whole);
        let edge = passed.partition_point(|p| *p <= way).clamp(1, count) - 1;
        let share = (way - passed[edge]) / (passed[edge + 1] - passed[edge]).max(1e-9);
        ring.0[edge].towards(ring.0[(edge + 1) % count], share)
    };
    let angle = |i: usize| {
        let corner = ring.0[i];
        let [before, behind] = if reach > 0.0 {
            [at(passed[i] - reach), at(passed[i] + reach)]
        } else {
            [ring.0[(i + count - 1) % count], ring.0[(i + 1) % count]]
        };
        let ([x, y], [ax, ay], [bx, by]) = (corner.to_mm(), before.to_mm(), behind.to_mm());
        let ([ax, ay], [bx, by]) = ([ax - x, ay - y], [bx - x, by - y]);
        // From the side ahead to the one behind, counter-clockwise: what is inside of the outline.
        let inside = (bx * ay - by * ax).atan2(ax * bx + ay * by);
        if inside < 0.0 { inside + 2.0 * PI } else { inside }
    };
    let mut corners: Vec<(f64, usize)> =
        (0..count).map(|i| (angle(i), i)).filter(|(angle, _)| *angle <= most_rad + SAME_ANGLE_RAD).collect();
    // The sharpest first; equal ones in the order of the outline.
    corners
        .sort_by(|a, b| (a.0 / SAME_ANGLE_RAD).round().total_cmp(&(b.0 / SAME_ANGLE_RAD).round()).then(a.1.cmp(&b.1)));
    let mut found: Vec<usize> = Vec::new();
    for (_, i) in corners {
        let is_near = |other: &usize| {
            let way = (passed[i] - passed[*other]).abs();
            way.min(whole - way) < reach
        };
        if !found.iter().any(is_near) {
            found.push(i);
        }
    }
    found.sort_unstable();
    found.into_iter().map(|i| ring.0[i]).collect()
}
