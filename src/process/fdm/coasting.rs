//! Coasting: the last bit of a road before a travel is laid by the pressure that is still in the nozzle.
//!
//! Knows one road and how much was laid without a pause before its end. What is cut off is no longer pushed, so that a
//! job's volume is less by as much.

use crate::geometry::Point;
use crate::settings::Settings;

use super::island::Road;
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

/// At most this share of a road is cut off.
const MOST_SHARE: f64 = 0.8;

impl CoastingSettings {
    /// Cuts the end off a road after which the tool travels, and gives it. `run_mm3` were laid without a travel up to the
    /// road's end.
    pub fn cut(&self, road: &mut Road, run_mm3: f64) -> Option<Vec<Point>> {
        if self.volume_mm3 <= 0.0 || run_mm3 < self.least_mm3.max(self.volume_mm3) || !road.z_mm.is_empty() {
            return None;
        }
        let wanted_mm = self.volume_mm3 / road.flow_mm3_per_mm.max(1e-6);
        let cut_mm = wanted_mm.min(MOST_SHARE * length_mm(&road.points));
        if cut_mm < LEAST_STEP_MM {
            return None;
        }
        let end = split_end(&mut road.points, cut_mm);
        (end.len() >= 2).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::Role;

    #[test]
    fn what_is_cut_off_has_the_volume_asked_for_and_short_runs_are_left_alone() {
        let settings = CoastingSettings { volume_mm3: 0.064, least_mm3: 0.8, speed_share: 0.9 };
        let corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 0.5), (10.5, 0.5)];
        let whole = Road {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            points: corner.iter().map(|&(x, y)| Point::from_mm(x, y)).collect(),
            z_mm: Vec::new(),
            closed: false,
            small: false,
        };
        for (run_mm3, volume_mm3, expected_mm) in
            [(0.88, 0.064, 0.8), (0.79, 0.064, 0.0), (5.0, 0.0, 0.0), (5.0, 4.0, 0.8 * 11.0), (0.88, 0.9, 0.0)]
        {
            let mut road = whole.clone();
            let end = CoastingSettings { volume_mm3, ..settings.clone() }.cut(&mut road, run_mm3).unwrap_or_default();
            assert!((length_mm(&end) - expected_mm).abs() < 1e-3, "{run_mm3} {volume_mm3}: {}", length_mm(&end));
            assert!((length_mm(&road.points) + length_mm(&end) - 11.0).abs() < 1e-3);
            if expected_mm > 0.0 {
                assert_eq!((road.points.last(), end.last()), (end.first(), whole.points.last()));
            } else {
                assert_eq!(road, whole);
            }
        }
    }
}
