//! Arcs in a path: which runs of its points lie on circles, so that one `G2` or `G3` can stand for many `G1`.
//!
//! Knows points and a tolerance, nothing of text or filament. A run becomes an arc where all of its points are within the
//! tolerance of the arc, and all of the arc within the tolerance of the path. Arcs go through the places that are written
//! for their ends, so the radius is the same at both but for the rounding of the centre. The search is greedy: runs are
//! first told apart by which way they turn, and in each the longest arc is found by doubling and halving, so that its
//! cost grows as n log n in the worst case and a path without curves costs one look at each corner.

use super::number::micrometres;
use crate::geometry::Point;

/// An arc that stands for a run of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// Index of the first and of the last of its points.
    pub from: usize,
    pub to: usize,
    /// The centre, seen from where the arc begins, µm.
    pub centre_um: [i64; 2],
    pub clockwise: bool,
}

/// Fewer steps of the path than this are no gain.
const LEAST_STEPS: usize = 3;
/// A path that turns by more than this at a point has a corner there.
const MOST_TURN_RAD: f64 = 0.53;
/// Smallest and largest radius, µm. A smaller arc is but a few steps of a motor, and some firmwares draw it as one line;
/// a larger one is straight, and its centre so far away that single precision (which firmware counts in) would show.
const LEAST_RADIUS_UM: f64 = 200.0;
const MOST_RADIUS_UM: f64 = 500_000.0;
/// Shortest arc, µm, and the least angle that it turns by.
const LEAST_LENGTH_UM: f64 = 300.0;
const LEAST_SWEEP_RAD: f64 = 0.05;
/// Largest angle of one arc: half a circle, beyond which its ends tell less and less about its centre. Whole circles
/// become two arcs, because some firmwares take one that ends where it begins for nothing.
const MOST_SWEEP_RAD: f64 = std::f64::consts::PI;
/// What rounding may add to a deviation: ends and centre are written in whole µm.
const ROUNDING_UM: f64 = 1.5;

/// The arcs of a path, in order and without overlap. None where the tolerance is below the rounding of coordinates.
pub(super) fn find(points: &[Point], tolerance_mm: f64) -> Vec<Span> {
    let tolerance_um = tolerance_mm * 1000.0 - ROUNDING_UM;
    if points.len() <= LEAST_STEPS || tolerance_um.is_nan() || tolerance_um <= 0.0 {
        return Vec::new();
    }
    let places: Vec<[f64; 2]> = points.iter().map(|p| [micrometres(p.x) as f64, micrometres(p.y) as f64]).collect();
    let mut spans = Vec::new();
    let mut from = 0;
    while from + LEAST_STEPS < places.len() {
        let start = from;
        let end = curve(&places, from);
        while from + LEAST_STEPS <= end {
            match longest(&places, from, end, tolerance_um) {
                Some(span) => {
                    from = span.to;
                    spans.push(span);
                }
                None => from += 1,
            }
        }
        // The last step may belong to the curve that follows, where that only turns the other way.
        from = from.max(if end > start + 1 { end - 1 } else { end });
    }
    spans
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// The last point of the curve that begins at `from`: up to there the path turns one way (or not at all, as far as the
/// rounding of its points lets one see), and nowhere by much.
fn curve(places: &[[f64; 2]], from: usize) -> usize {
    let mut side = 0.0;
    let mut end = from + 1;
    while end + 1 < places.len() {
        let (a, b) = (minus(places[end], places[end - 1]), minus(places[end + 1], places[end]));
        let turn = cross(a, b).atan2(dot(a, b));
        let shorter = a[0].hypot(a[1]).min(b[0].hypot(b[1]));
        if turn.abs() * shorter > ROUNDING_UM {
            if turn.abs() > MOST_TURN_RAD || turn * side < 0.0 {
                break;
            }
            side = turn;
        }
        end += 1;
    }
    end
}

/// The longest arc from one point that ends no later than another: its length doubles while there is one, then the last
/// doubling is halved.
fn longest(places: &[[f64; 2]], from: usize, end: usize, tolerance_um: f64) -> Option<Span> {
    let fit = |to: usize| arc(&places[from..=to], tolerance_um).map(|found| (to, found));
    let mut best = fit(from + LEAST_STEPS)?;
    let mut bad = end + 1;
    while best.0 < end {
        let to = (from + 2 * (best.0 - from)).min(end);
        match fit(to) {
            Some(longer) => best = longer,
            None => {
                bad = to;
                break;
            }
        }
    }
    while bad - best.0 > 1 {
        let middle = usize::midpoint(best.0, bad);
        match fit(middle) {
            Some(longer) => best = longer,
            None => bad = middle,
        }
    }
    // Only when it is as long as it gets: a short piece of a large circle is part of a longer one.
    let (to, (centre_um, clockwise)) = best;
    let radius = (centre_um[0] as f64).hypot(centre_um[1] as f64);
    let ends = minus(places[to], places[from]);
    let sweep = 2.0 * (0.5 * ends[0].hypot(ends[1]) / radius).min(1.0).asin();
    let is_worth_it = sweep >= LEAST_SWEEP_RAD && sweep * radius >= LEAST_LENGTH_UM;
    is_worth_it.then_some(Span { from, to, centre_um, clockwise })
}

/// The centre, seen from the first of the places, of an arc through the first and the last that all are near to, and
/// whether it goes clockwise.
fn arc(places: &[[f64; 2]], tolerance_um: f64) -> Option<([i64; 2], bool)> {
    let (first, last) = (*places.first()?, *places.last()?);
    let ends = minus(last, first);
    let whole = ends[0].hypot(ends[1]);
    if whole < 1.0 {
        return None;
    }
    let (along, aside) = ([ends[0] / whole, ends[1] / whole], [-ends[1] / whole, ends[0] / whole]);
    let half = whole / 2.0;
    let middle = [first[0] + ends[0] / 2.0, first[1] + ends[1] / 2.0];
    // All circles through both ends have their centre on the line through the middle, at some distance t: a place
    // (u, v) is on that where u² + v² - 2 t v = half². Least squares over all places.
    let (mut sum, mut weight, mut left) = (0.0, 0.0, 0.0);
    for place in &places[1..places.len() - 1] {
        let from_middle = minus(*place, middle);
        let (u, v) = (dot(from_middle, along), dot(from_middle, aside));
        sum += v * (u * u + v * v - half * half);
        weight += 2.0 * v * v;
        left += v;
    }
    if weight <= 0.0 {
        return None;
    }
    let t = sum / weight;
    // What goes around to the right bulges to the left of the straight way.
    let clockwise = left > 0.0;
    let radius = half.hypot(t);
    // Counter-clockwise, the centre is on the left as long as no more than half of the circle is gone around.
    let is_small = if clockwise { t <= 1.0 } else { t >= -1.0 };
    if !is_small || !(LEAST_RADIUS_UM..=MOST_RADIUS_UM).contains(&radius) {
        return None;
    }
    let centre_um = [0, 1].map(|axis| (middle[axis] + aside[axis] * t - first[axis]).round() as i64);
    let centre = [0, 1].map(|axis| first[axis] + centre_um[axis] as f64);
    let radius = minus(first, centre)[0].hypot(minus(first, centre)[1]);
    let mut sweep = 0.0;
    for step in places.windows(2) {
        let (a, b) = (minus(step[0], centre), minus(step[1], centre));
        if (b[0].hypot(b[1]) - radius).abs() > tolerance_um {
            return None;
        }
        let turned = cross(a, b).atan2(dot(a, b));
        let turned = if clockwise { -turned } else { turned };
        // Where the arc is furthest from the step that it stands for: above the point of the step nearest to the centre.
        let way = minus(b, a);
        let length2 = dot(way, way);
        let nearest = if length2 > 0.0 { (-dot(a, way) / length2).clamp(0.0, 1.0) } else { 0.0 };
        let low = [a[0] + way[0] * nearest, a[1] + way[1] * nearest];
        if turned < 0.0 || radius - low[0].hypot(low[1]) > tolerance_um {
            return None;
        }
        sweep += turned;
    }
    (sweep <= MOST_SWEEP_RAD + 1e-6).then_some((centre_um, clockwise))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(places: impl IntoIterator<Item = [f64; 2]>) -> Vec<Point> {
        places.into_iter().map(|[x, y]| Point::from_mm(x, y)).collect()
    }

    /// Points on a circle around (50, 40), `steps` of them for a whole turn.
    fn round(radius: f64, steps: usize, count: usize, clockwise: bool) -> Vec<Point> {
        let sign = if clockwise { -1.0 } else { 1.0 };
        points((0..=count).map(|i| {
            let (sin, cos) = (sign * i as f64 * std::f64::consts::TAU / steps as f64).sin_cos();
            [50.0 + radius * cos, 40.0 + radius * sin]
        }))
    }

    /// Distance of a place from a path, mm.
    fn distance_mm(path: &[Point], [x, y]: [f64; 2]) -> f64 {
        path.windows(2).fold(f64::INFINITY, |least, ends| {
            let (a, b) = (ends[0].to_mm(), ends[1].to_mm());
            let (d, p) = ([b[0] - a[0], b[1] - a[1]], [x - a[0], y - a[1]]);
            let length2 = d[0] * d[0] + d[1] * d[1];
            let t = if length2 > 0.0 { ((p[0] * d[0] + p[1] * d[1]) / length2).clamp(0.0, 1.0) } else { 0.0 };
            least.min((p[0] - t * d[0]).hypot(p[1] - t * d[1]))
        })
    }

    /// Checks what every arc promises, and gives how many steps are left to be lines.
    fn check(path: &[Point], tolerance_mm: f64) -> usize {
        let spans = find(path, tolerance_mm);
        let mut at = 0;
        let mut lines = 0;
        for span in &spans {
            assert!(span.from >= at && span.to >= span.from + LEAST_STEPS && span.to < path.len());
            lines += span.from - at;
            at = span.to;
            let um = |p: Point| [micrometres(p.x) as f64 / 1e3, micrometres(p.y) as f64 / 1e3];
            let (first, last) = (um(path[span.from]), um(path[span.to]));
            let centre = [0, 1].map(|axis| first[axis] + span.centre_um[axis] as f64 / 1e3);
            let of = |p: [f64; 2]| (p[0] - centre[0]).hypot(p[1] - centre[1]);
            let radius = of(first);
            assert!((of(last) - radius).abs() < 0.002, "radius {radius} and {}", of(last));
            assert!((0.19..=501.0).contains(&radius));
            let angle = |p: [f64; 2]| (p[1] - centre[1]).atan2(p[0] - centre[0]);
            let turn = std::f64::consts::TAU;
            let sign = if span.clockwise { -1.0 } else { 1.0 };
            let sweep = (sign * (angle(last) - angle(first))).rem_euclid(turn);
            assert!(sweep > 0.0 && sweep < std::f64::consts::PI + 0.01, "{sweep}");
            // Every point is near the arc, and in the part of the circle that is gone around...
            for p in &path[span.from..=span.to] {
                assert!((of(p.to_mm()) - radius).abs() <= tolerance_mm);
                // As near as the rounding of the points lets one tell.
                let slack = 0.003 / radius;
                let gone = (sign * (angle(p.to_mm()) - angle(first)) + slack).rem_euclid(turn);
                assert!(gone <= sweep + 2.0 * slack);
            }
            // ...and all of the arc is near the path.
            for k in 0..=200 {
                let (sin, cos) = (angle(first) + sign * sweep * f64::from(k) / 200.0).sin_cos();
                let place = [centre[0] + radius * cos, centre[1] + radius * sin];
                assert!(distance_mm(&path[span.from..=span.to], place) <= tolerance_mm);
            }
        }
        lines + path.len() - 1 - at
    }

    #[test]
    fn circles_become_two_arcs_in_their_direction() {
        for (radius, steps) in [(0.4, 24), (3.0, 60), (10.0, 200), (100.0, 500)] {
            for clockwise in [false, true] {
                let path = round(radius, steps, steps, clockwise);
                let spans = find(&path, 0.0125);
                assert_eq!(spans.len(), 2, "radius {radius}: {spans:?}");
                assert!(spans.iter().all(|s| s.clockwise == clockwise));
                assert_eq!(check(&path, 0.0125), 0);
                // A road that stops short of where it began, at a seam.
                assert_eq!(check(&round(radius, steps, steps - 1, clockwise), 0.0125), 0);
            }
        }
    }

    #[test]
    fn corners_lines_and_tiny_or_huge_circles_stay_lines() {
        let square = points([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]);
        assert_eq!(find(&square, 0.05), []);
        assert_eq!(find(&points((0..50).map(|i| [f64::from(i), 2.0 * f64::from(i)])), 0.05), []);
        assert_eq!(find(&round(0.15, 24, 24, false), 0.0125), []);
        assert_eq!(find(&round(900.0, 3000, 300, false), 0.0125), []);
        // An octagon is meant as one: an arc would be too far from the middle of its sides.
        assert_eq!(find(&round(5.0, 8, 8, false), 0.0125), []);
        assert_eq!(find(&round(10.0, 200, 200, false), 0.0), []);
        // Back and forth on the same circle.
        let mut there = round(10.0, 200, 50, false);
        there.extend(there.clone().into_iter().rev().skip(1));
        assert_eq!(check(&there, 0.0125), 0);
        assert_eq!(find(&there, 0.0125).iter().map(|s| s.clockwise).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_rounded_box_keeps_its_sides_and_rounds_its_corners() {
        let mut path = Vec::new();
        for corner in 0..4 {
            let centre = [[40.0, 20.0], [0.0, 20.0], [0.0, 0.0], [40.0, 0.0]][corner];
            path.extend(points((0..=12).map(|i| {
                let (sin, cos) = ((corner as f64 + f64::from(i) / 12.0) * std::f64::consts::FRAC_PI_2).sin_cos();
                [centre[0] + 4.0 * cos, centre[1] + 4.0 * sin]
            })));
        }
        path.push(path[0]);
        assert_eq!(find(&path, 0.0125).len(), 4);
        assert_eq!(check(&path, 0.0125), 4);
    }

    #[test]
    fn whatever_the_curve_every_arc_keeps_its_promises() {
        // Deterministic nonsense: curves whose radius wanders, with noise, corners and repeated points.
        let mut state = 7u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let mut replaced = 0;
        for round in 0..300 {
            let (mut x, mut y, mut heading, mut bend) = (0.0, 0.0, random() * 6.0, 0.1);
            let noise = if round % 3 == 0 { 0.0 } else { 0.004 * random() };
            let path = points((0..120).map(|i| {
                if i % 17 == 0 {
                    bend = (random() - 0.5) * 0.5;
                }
                if random() < 0.02 {
                    heading += random() * 4.0;
                }
                heading += bend;
                let step = if random() < 0.03 { 0.0 } else { 0.1 + 0.4 * random() };
                (x, y) = (x + step * f64::cos(heading), y + step * f64::sin(heading));
                [x + noise * random(), y + noise * random()]
            }));
            for tolerance_mm in [0.005, 0.0125, 0.05] {
                replaced += path.len() - 1 - check(&path, tolerance_mm);
            }
        }
        assert!(replaced > 10_000, "{replaced}");
    }
}
