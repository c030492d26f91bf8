//! Steps of a path too short for a machine: merged where that moves the path by next to nothing.
//!
//! A controller that is fed over a serial line gets so many lines a second and no more; where a path at its feed needs
//! more, the machine stops and goes, and each stop is a blob. Here neighbouring steps that are shorter than a line's time
//! become one, as long as every point left out stays within a tolerance of the path. The material of a road stays what
//! it is. Knows the finished steps of one layer.

use crate::geometry::Point;
use crate::settings::Settings;
use crate::toolpath::Step;

use super::travel::length_mm;

/// What is too short.
#[derive(Clone, Debug, PartialEq)]
pub struct CrumbSettings {
    /// Lines a second; infinite = nothing is too short.
    pub lines_per_s: f64,
    /// How far a point that is left out may be from the path, mm.
    pub tolerance_mm: f64,
}

/// Share of the resolution that may be given away once more: outlines have been simplified by all of it.
const TOLERANCE_SHARE: f64 = 0.5;

impl From<&Settings> for CrumbSettings {
    fn from(s: &Settings) -> Self {
        Self { lines_per_s: s.max_lines_per_second, tolerance_mm: TOLERANCE_SHARE * s.resolution }
    }
}

/// Merges steps that are too short at their feed.
pub fn merge(steps: &mut [Step], settings: &CrumbSettings) {
    if settings.tolerance_mm <= 0.0 {
        return;
    }
    for step in steps {
        let Step::Extrude(road) = step else { continue };
        if !road.z_mm.is_empty() || road.points.len() < 3 {
            continue;
        }
        let least_mm = f64::from(road.feed_mm_per_s) / settings.lines_per_s;
        let Some(points) = merged(&road.points, least_mm, settings.tolerance_mm) else { continue };
        let (before_mm, after_mm) = (length_mm(&road.points), length_mm(&points));
        if after_mm > 0.0 {
            road.flow_mm3_per_mm *= (before_mm / after_mm) as f32;
            road.points = points;
        }
    }
}

/// The path with fewer steps shorter than `least_mm`; `None` where it stays.
fn merged(points: &[Point], least_mm: f64, tolerance_mm: f64) -> Option<Vec<Point>> {
    let is_short = |a: usize, b: usize| points[a].distance_mm(points[b]) < least_mm;
    if !(1..points.len()).any(|i| is_short(i - 1, i)) {
        return None;
    }
    let is_near =
        |a: usize, b: usize| (a + 1..b).all(|i| points[i].distance_to_segment_mm(points[a], points[b]) <= tolerance_mm);
    let last = points.len() - 1;
    let mut kept = vec![0];
    let mut from = 0;
    while from < last {
        let mut to = from + 1;
        while to < last && is_short(from, to) && is_near(from, to + 1) {
            to += 1;
        }
        // What is still too short may go with the step before.
        if let [.., before, start] = kept[..]
            && is_short(start, to)
            && is_near(before, to)
        {
            kept.pop();
        }
        kept.push(to);
        from = to;
    }
    (kept.len() < points.len()).then(|| kept.into_iter().map(|i| points[i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::{Extrusion, Role};

    fn road(points: Vec<Point>, feed_mm_per_s: f32) -> Step {
        Step::Extrude(Extrusion {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            feed_mm_per_s,
            points,
            z_mm: Vec::new(),
        })
    }

    fn circle(radius: f64, steps: u32) -> Vec<Point> {
        let place = |i: u32| (f64::from(i) * std::f64::consts::TAU / f64::from(steps)).sin_cos();
        (0..=steps).map(|i| Point::from_mm(50.0 + radius * place(i).1, 50.0 + radius * place(i).0)).collect()
    }

    #[test]
    fn a_fine_circle_gets_steps_that_a_machine_can_follow_and_stays_where_it_is() {
        for (radius, steps) in [(5.0, 1000), (0.8, 200), (30.0, 4000)] {
            let before = circle(radius, steps);
            let mut layer = [road(before.clone(), 60.0)];
            merge(&mut layer, &CrumbSettings { lines_per_s: 400.0, tolerance_mm: 0.006 });
            let Step::Extrude(after) = &layer[0] else { panic!("a road stays one") };
            assert_eq!((after.points[0], after.points.last()), (before[0], before.last()));
            // Where a tight circle closes, one step may be left over.
            let short = after.points.windows(2).filter(|w| w[0].distance_mm(w[1]) < 60.0 / 400.0 - 1e-9).count();
            assert!(short <= usize::from(radius < 1.0), "{radius}: {short}");
            for p in &before {
                let mm =
                    after.points.windows(2).map(|w| p.distance_to_segment_mm(w[0], w[1])).fold(f64::INFINITY, f64::min);
                assert!(mm <= 0.006, "{mm}");
            }
            let volume = length_mm(&after.points) * f64::from(after.flow_mm3_per_mm);
            assert!((volume / (length_mm(&before) * f64::from(0.08f32)) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn corners_and_steps_that_are_long_enough_stay() {
        let settings = CrumbSettings { lines_per_s: 400.0, tolerance_mm: 0.006 };
        // Teeth of 0.1 mm: too short for the machine, but they are what was asked for.
        let teeth: Vec<Point> =
            (0..40).map(|i| Point::from_mm(0.07 * f64::from(i), if i % 2 == 0 { 0.0 } else { 0.07 })).collect();
        for points in [teeth, circle(5.0, 100), vec![Point::from_mm(0.0, 0.0), Point::from_mm(0.01, 0.0)]] {
            let mut layer = [road(points, 60.0)];
            let before = layer.clone();
            merge(&mut layer, &settings);
            assert_eq!(layer, before);
        }
        // A crumb at the end goes with the step before.
        let line = [0.0, 5.0, 5.02].map(|x| Point::from_mm(x, 0.0)).to_vec();
        let mut layer = [road(line, 60.0)];
        merge(&mut layer, &settings);
        assert_eq!(layer, [road([0.0, 5.02].map(|x| Point::from_mm(x, 0.0)).to_vec(), 60.0)]);
        // A slower road may have finer steps.
        let mut slow = [road(circle(5.0, 1000), 5.0)];
        let before = slow.clone();
        merge(&mut slow, &settings);
        assert_eq!(slow, before);
    }
}
