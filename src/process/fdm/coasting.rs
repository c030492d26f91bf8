//! Coasting: the last bit of material before a travel is laid by the pressure that is still in the nozzle.
//!
//! Knows the steps up to a travel and how much they laid without a pause. What is cut off is no longer pushed, so that a
//! job's volume is less by as much.

use crate::geometry::Point;
use crate::settings::Settings;
use crate::toolpath::{Extrusion, Step, Travel};

use super::travel::{LEAST_STEP_MM, length_mm, split_end};

/// How much is left to the pressure.
#[derive(Clone, Debug, PartialEq)]
pub struct CoastingSettings {
    /// mm³; 0 = none.
    pub volume_mm3: f64,
    /// Less than this laid in one go builds up too little pressure, mm³.
    pub least_mm3: f64,
    /// Speed as a share of the road's.
    pub speed_share: f64,
}

impl From<&Settings> for CoastingSettings {
    fn from(s: &Settings) -> Self {
        Self { volume_mm3: s.coasting_volume, least_mm3: s.coasting_min_volume, speed_share: s.coasting_speed }
    }
}

/// At most this share of what was laid in one go is cut off.
const MOST_SHARE: f64 = 0.8;

impl CoastingSettings {
    /// Lets the tool coast over the end of what it has just laid, before it travels. `run_mm3` were laid without a travel,
    /// in however many roads.
    pub fn coast(&self, steps: &mut Vec<Step>, run_mm3: f64) {
        if self.volume_mm3 <= 0.0 || run_mm3 < self.least_mm3.max(self.volume_mm3) {
            return;
        }
        let mut left_mm3 = self.volume_mm3.min(MOST_SHARE * run_mm3);
        let mut at = steps.len();
        while let Some(step) = at.checked_sub(1).map(|last| &mut steps[last]) {
            at -= 1;
            let road = match step {
                Step::Extrude(road) if road.z_mm.is_empty() => road,
                Step::Acceleration(_) | Step::Jerk(_) => continue,
                _ => return,
            };
            let flow = f64::from(road.flow_mm3_per_mm).max(1e-6);
            let (whole_mm, cut_mm) = (length_mm(&road.points), left_mm3 / flow);
            if cut_mm >= whole_mm {
                left_mm3 -= whole_mm * flow;
                let points = std::mem::take(&mut road.points);
                *step = self.glide(road, points);
                continue;
            }
            if cut_mm >= LEAST_STEP_MM {
                let end = split_end(&mut road.points, cut_mm);
                if end.len() >= 2 {
                    let glide = self.glide(road, end);
                    steps.insert(at + 1, glide);
                }
            }
            return;
        }
    }

    fn glide(&self, road: &Extrusion, points: Vec<Point>) -> Step {
        let feed_mm_per_s = (f64::from(road.feed_mm_per_s) * self.speed_share) as f32;
        Step::Travel(Travel::level(points, feed_mm_per_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::Role;

    fn road(points: &[(f64, f64)], flow_mm3_per_mm: f32) -> Step {
        Step::Extrude(Extrusion {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm,
            feed_mm_per_s: 40.0,
            points: points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect(),
            z_mm: Vec::new(),
        })
    }

    /// Volume laid, mm coasted, and the whole way.
    fn laid(steps: &[Step]) -> (f64, f64, Vec<Point>) {
        let (mut volume, mut coasted, mut way) = (0.0, 0.0, Vec::new());
        for step in steps {
            match step {
                Step::Extrude(e) => {
                    volume += length_mm(&e.points) * f64::from(e.flow_mm3_per_mm);
                    way.extend(&e.points);
                }
                Step::Travel(t) => {
                    coasted += length_mm(&t.points);
                    way.extend(&t.points);
                }
                _ => {}
            }
        }
        way.dedup();
        (volume, coasted, way)
    }

    #[test]
    fn what_is_cut_off_has_the_volume_asked_for_and_short_runs_are_left_alone() {
        let settings = CoastingSettings { volume_mm3: 0.064, least_mm3: 0.8, speed_share: 0.9 };
        let corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 0.5), (10.5, 0.5)];
        let whole = vec![road(&corner, 0.08)];
        for (run_mm3, volume_mm3, expected_mm) in
            [(0.88, 0.064, 0.8), (0.79, 0.064, 0.0), (5.0, 0.0, 0.0), (0.9, 0.85, 0.8 * 0.9 / 0.08), (0.88, 0.9, 0.0)]
        {
            let mut steps = whole.clone();
            CoastingSettings { volume_mm3, ..settings.clone() }.coast(&mut steps, run_mm3);
            let ((volume, coasted, way), (before, ..)) = (laid(&steps), laid(&whole));
            assert!((coasted - expected_mm).abs() < 1e-3, "{run_mm3} {volume_mm3}: {coasted}");
            assert!((before - volume - 0.08 * expected_mm).abs() < 1e-4);
            assert_eq!(way.last(), laid(&whole).2.last());
        }
    }

    #[test]
    fn coasting_goes_back_over_as_many_roads_as_it_takes() {
        let whole = vec![
            road(&[(0.0, 0.0), (20.0, 0.0)], 0.08),
            Step::Acceleration(500.0),
            road(&[(20.0, 0.0), (20.3, 0.0)], 0.05),
            road(&[(20.3, 0.0), (20.3, 0.2)], 0.02),
        ];
        let mut steps = whole.clone();
        CoastingSettings { volume_mm3: 0.1, least_mm3: 0.8, speed_share: 0.9 }.coast(&mut steps, 1.6);
        let ((volume, _, way), (before, _, along)) = (laid(&steps), laid(&whole));
        assert!((before - volume - 0.1).abs() < 1e-4, "{}", before - volume);
        assert_eq!((way.first(), way.last()), (along.first(), along.last()));
        assert!(steps.iter().all(|s| !matches!(s, Step::Travel(t) if t.points.len() < 2)));
    }
}
