//! What a machine can do.

use crate::gcode::Dialect;
use crate::gcode::lexer::{self, Code};
use crate::settings::Settings;

/// Tolerance of positions on the plate, mm.
const ON_PLATE_MM: f64 = 0.05;

/// What a machine can do, and the filament that is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub dialect: Dialect,
    /// Outline of the build plate, mm.
    pub bed_mm: Vec<[f64; 2]>,
    /// Parts of the plate that must stay free, mm.
    pub excluded_mm: Vec<Vec<[f64; 2]>>,
    pub max_height_mm: f64,
    /// Largest feed of x, y, z and the extruder, mm/s.
    pub max_feed_mm_per_s: [f64; 4],
    /// Largest acceleration of any axis in the plane, mm/s².
    pub max_acceleration_mm_per_s2: f64,
    /// Largest sudden change of speed of any axis in the plane, or the speed of a right angle, mm/s; infinite where the
    /// machine is not known to have one.
    pub max_jerk_mm_per_s: f64,
    pub max_nozzle_temperature: f64,
    pub max_bed_temperature: f64,
    /// 0 where the chamber has no heater.
    pub max_chamber_temperature: f64,
    /// Below it no filament flows; firmware refuses to push (Marlin's `EXTRUDE_MINTEMP`).
    pub min_extrusion_temperature: f64,
    pub max_melt_rate_mm3_per_s: f64,
    pub nozzle_diameter_mm: f64,
    pub filament_diameter_mm: f64,
    /// Lines a second that the machine can be fed with.
    pub lines_per_s: f64,
    /// Commands of the machine's own configuration that its sequences call, in upper case.
    pub macros: Vec<String>,
    /// Lines of the machine's own sequences before the first road, and of those behind it, where they hold no
    /// placeholders: a job from elsewhere may hold them too.
    pub start_lines: Vec<String>,
    pub later_lines: Vec<String>,
}

/// The commands of some sequences, without comments, where they are the same in every job.
fn fixed_lines(sequences: &[&str]) -> Vec<String> {
    let code = |line: &str| line.split(';').next().unwrap_or_default().trim().to_owned();
    let mut lines: Vec<String> = sequences.iter().flat_map(|text| text.lines()).map(code).collect();
    lines.retain(|line| !line.is_empty() && !line.contains(['{', '[']));
    lines.sort();
    lines.dedup();
    lines
}

impl From<&Settings> for Limits {
    fn from(s: &Settings) -> Self {
        let sequences = [&s.start_gcode, &s.end_gcode, &s.before_layer_gcode, &s.layer_gcode];
        let mut macros: Vec<String> = sequences
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(|line| match lexer::lex(line.as_bytes()).code {
                Code::Extended { name, .. } => Some(String::from_utf8_lossy(name).to_ascii_uppercase()),
                _ => None,
            })
            .collect();
        macros.sort();
        macros.dedup();
        let melt_rates = [s.max_melt_rate, s.filament_max_volumetric_speed];
        Self {
            dialect: s.gcode_flavor.into(),
            bed_mm: s.bed_shape.clone(),
            excluded_mm: s.bed_exclude_areas.clone(),
            max_height_mm: s.max_print_height,
            max_feed_mm_per_s: [
                s.machine_max_feedrate_x,
                s.machine_max_feedrate_y,
                s.machine_max_feedrate_z,
                s.machine_max_feedrate_e,
            ],
            max_acceleration_mm_per_s2: s.machine_max_acceleration_x.max(s.machine_max_acceleration_y),
            max_jerk_mm_per_s: s
                .machine_jerk_mm_per_s()
                .map(|[x, y]| x.max(y))
                .filter(|jerk| *jerk > 0.0)
                .unwrap_or(f64::INFINITY),
            max_nozzle_temperature: s.max_nozzle_temperature,
            max_bed_temperature: s.max_bed_temperature,
            max_chamber_temperature: s.max_chamber_temperature,
            min_extrusion_temperature: 170.0,
            // 0 is no limit.
            max_melt_rate_mm3_per_s: melt_rates.into_iter().filter(|r| *r > 0.0).fold(f64::INFINITY, f64::min),
            nozzle_diameter_mm: s.nozzle_diameter,
            filament_diameter_mm: s.filament_diameter,
            lines_per_s: s.max_lines_per_second,
            macros,
            start_lines: fixed_lines(&[&s.start_gcode, &s.before_layer_gcode, &s.layer_gcode]),
            later_lines: fixed_lines(&[&s.end_gcode, &s.before_layer_gcode, &s.layer_gcode]),
        }
    }
}

/// A polygon with its bounding box, for fast questions about points.
#[derive(Clone, Debug)]
pub(super) struct Area {
    corners: Vec<[f64; 2]>,
    min: [f64; 2],
    max: [f64; 2],
    is_box: bool,
}

impl Area {
    pub(super) fn new(corners: &[[f64; 2]]) -> Self {
        let mut min = [f64::INFINITY; 2];
        let mut max = [f64::NEG_INFINITY; 2];
        for corner in corners {
            for axis in 0..2 {
                min[axis] = min[axis].min(corner[axis]);
                max[axis] = max[axis].max(corner[axis]);
            }
        }
        let on_box = |c: &[f64; 2]| (c[0] == min[0] || c[0] == max[0]) && (c[1] == min[1] || c[1] == max[1]);
        Self { corners: corners.to_vec(), min, max, is_box: corners.len() == 4 && corners.iter().all(on_box) }
    }

    /// How far a point is outside, mm; 0 inside, on the border and within tolerance of it.
    pub(super) fn outside_mm(&self, p: [f64; 2]) -> f64 {
        let beyond = |axis: usize| (self.min[axis] - p[axis]).max(p[axis] - self.max[axis]).max(0.0);
        let from_box = beyond(0).hypot(beyond(1));
        if self.is_box || self.corners.len() < 3 {
            return if from_box > ON_PLATE_MM { from_box } else { 0.0 };
        }
        if from_box == 0.0 && self.contains(p) {
            return 0.0;
        }
        let distance = self.edges().map(|(a, b)| distance_to_segment(p, a, b)).fold(f64::INFINITY, f64::min);
        if distance > ON_PLATE_MM { distance } else { 0.0 }
    }

    /// Whether a straight line enters the inside.
    pub(super) fn is_entered_by(&self, from: [f64; 2], to: [f64; 2]) -> bool {
        if (0..2).any(|axis| from[axis].max(to[axis]) < self.min[axis] || from[axis].min(to[axis]) > self.max[axis]) {
            return false;
        }
        let side =
            |p: [f64; 2], q: [f64; 2], r: [f64; 2]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        self.contains(from)
            || self.contains(to)
            || self
                .edges()
                .any(|(a, b)| side(from, to, a) * side(from, to, b) < 0.0 && side(a, b, from) * side(a, b, to) < 0.0)
    }

    /// Even-odd.
    fn contains(&self, p: [f64; 2]) -> bool {
        let mut inside = false;
        for (a, b) in self.edges() {
            if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
        }
        inside
    }

    fn edges(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
        self.corners.iter().copied().zip(self.corners.iter().copied().cycle().skip(1))
    }
}

fn distance_to_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length_squared = dx * dx + dy * dy;
    let share = if length_squared > 0.0 { ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length_squared } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (p[0] - a[0] - share * dx).hypot(p[1] - a[1] - share * dy)
}

#[cfg(test)]
mod area_tests {
    use super::*;

    #[test]
    fn points_are_judged_on_plates_of_any_shape() {
        let square = Area::new(&[[0.0, 0.0], [200.0, 0.0], [200.0, 200.0], [0.0, 200.0]]);
        let round: Vec<[f64; 2]> =
            (0..72).map(|i| f64::from(i * 5).to_radians().sin_cos()).map(|(s, c)| [100.0 * c, 100.0 * s]).collect();
        let round = Area::new(&round);
        let bite = Area::new(&[[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [50.0, 20.0], [0.0, 100.0]]);
        for (area, p, expect) in [
            (&square, [0.0, 200.0], 0.0),
            (&square, [-0.04, 100.0], 0.0),
            (&square, [-3.0, 204.0], 5.0),
            (&round, [70.0, 70.0], 0.0),
            (&round, [80.0, 80.0], 13.2),
            (&bite, [50.0, 10.0], 0.0),
            (&bite, [50.0, 60.0], 21.2),
        ] {
            assert!((area.outside_mm(p) - expect).abs() < 0.1, "{p:?}: {}", area.outside_mm(p));
        }
        assert!(bite.is_entered_by([-5.0, 90.0], [105.0, 90.0]), "crosses both horns");
        assert!(!bite.is_entered_by([20.0, 90.0], [80.0, 90.0]), "stays in the bite");
        assert!(!square.is_entered_by([-10.0, -10.0], [-10.0, 300.0]));
    }
}
