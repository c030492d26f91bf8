//! Scarf seams: a loop begins as a ramp and ends on it, so that it has no step where it closes.
//!
//! Knows the roads of one closed wall, from its seam around to its seam. Over the ramp's length the nozzle rises from the
//! layer below to the top of the layer, laying what fits beneath it; the loop then goes on over its own beginning, at the
//! top, and lays what the ramp has left free. Both together are one full road, so a wall with a scarf has the volume of a
//! wall without. In wood a joint of two such tapering ends is called a scarf.

use std::f64::consts::PI;

use crate::geometry::Point;
use crate::process::slicing::LayerSpan;
use crate::settings::{ScarfPlacement, Settings};

use super::road::Road;
use super::travel::{head, length_mm};

/// What decides which loops have a scarf, and which one.
#[derive(Clone, Debug, PartialEq)]
pub struct ScarfSettings {
    pub placement: ScarfPlacement,
    /// Only where the wall is smooth; elsewhere a corner hides an ordinary seam.
    pub only_on_smooth: bool,
    /// A wall is smooth where its sides enclose at least this, radians.
    pub smooth_rad: f64,
    /// Share of the layer's height at which the ramp begins.
    pub start_share: f64,
    pub length_mm: f64,
    pub entire_loop: bool,
    /// No piece of a ramp is longer, mm: each has a flow of its own.
    pub piece_mm: f64,
    pub inner_walls: bool,
}

impl From<&Settings> for ScarfSettings {
    fn from(s: &Settings) -> Self {
        Self {
            placement: s.scarf_seam_placement,
            only_on_smooth: s.scarf_seam_only_on_smooth,
            smooth_rad: s.scarf_angle_threshold.to_radians(),
            start_share: s.scarf_seam_start_height,
            length_mm: s.scarf_seam_length,
            entire_loop: s.scarf_seam_entire_loop,
            piece_mm: s.scarf_seam_max_segment_length,
            inner_walls: s.scarf_seam_on_inner_perimeters,
        }
    }
}

/// How far from a seam its angle is measured, mm.
const ANGLE_REACH_MM: f64 = 1.0;
/// A ramp has at least so many pieces.
const LEAST_PIECES: f64 = 4.0;
/// Loops shorter than this are closed as usual, mm: a ramp could not rise.
const LEAST_LOOP_MM: f64 = 3.0;

impl ScarfSettings {
    /// The same without any scarf.
    pub fn nowhere(&self) -> Self {
        Self { placement: ScarfPlacement::Nowhere, ..self.clone() }
    }

    /// Whether a wall has a scarf: one at a depth (0 is outermost) around an outline or a hole, by its course from its seam
    /// around to its seam. Nothing is below the plate's layer that a ramp could begin on.
    pub fn is_on(&self, depth: usize, is_hole: bool, span: &LayerSpan, course: &[Point]) -> bool {
        let is_wanted = match self.placement {
            ScarfPlacement::Nowhere => false,
            ScarfPlacement::Contours => !is_hole,
            ScarfPlacement::Everywhere => true,
        };
        is_wanted
            && (depth == 0 || self.inner_walls)
            && !span.is_on_plate()
            && self.length_mm > 0.0
            && length_mm(course) >= LEAST_LOOP_MM
            && (!self.only_on_smooth || seam_angle(course) >= self.smooth_rad)
    }

    /// The roads of a closed wall with its scarf.
    pub fn joined(&self, roads: Vec<Road>, span: &LayerSpan) -> Vec<Road> {
        let around: f64 = roads.iter().map(|road| length_mm(road.smooth_course())).sum();
        let (mut ramp, mut rest) =
            self.divided(roads, if self.entire_loop { around } else { self.length_mm.min(around) });
        let ramp_mm: f64 = ramp.iter().map(|piece| length_mm(&piece.points)).sum();
        let mut way = 0.0;
        for piece in &mut ramp {
            let from = way;
            let mut z_mm = vec![self.height_mm(way / ramp_mm, span)];
            for step in piece.points.windows(2) {
                way += step[0].distance_mm(step[1]);
                // Rounding must not lead to another height than the layer's.
                let share = if way > ramp_mm - ROUNDING_MM { 1.0 } else { way / ramp_mm };
                z_mm.push(self.height_mm(share, span));
            }
            let filled = self.filled(0.5 * (from + way) / ramp_mm);
            rest.push(partly(piece, 1.0 - filled));
            *piece = Road { z_mm, ..partly(piece, filled) };
        }
        ramp.extend(rest);
        ramp
    }

    /// The pieces of the ramp, and the roads behind it.
    fn divided(&self, roads: Vec<Road>, ramp_mm: f64) -> (Vec<Road>, Vec<Road>) {
        let count = (ramp_mm / self.piece_mm).ceil().max(LEAST_PIECES);
        let ends = |from: f64, to: f64| -> Vec<f64> {
            let all = (1..=count as usize).map(|k| ramp_mm * k as f64 / count);
            all.filter(|way| *way > from + LEAST_STEP_MM && *way < to - LEAST_STEP_MM).map(|way| way - from).collect()
        };
        let (mut ramp, mut rest) = (Vec::new(), Vec::new());
        let mut way = 0.0;
        for road in roads {
            let length = length_mm(road.smooth_course());
            for piece in road.divided(&ends(way, way + length)) {
                let length = length_mm(piece.smooth_course());
                way += length;
                if piece.points.len() < 2 {
                    continue;
                }
                let piece = Road { closed: false, ..piece };
                if way - 0.5 * length < ramp_mm { ramp.push(without_short_steps(piece)) } else { rest.push(piece) }
            }
        }
        (ramp, rest)
    }

    /// Height of the nozzle at a share of the ramp, mm.
    fn height_mm(&self, share: f64, span: &LayerSpan) -> f32 {
        (span.bottom_mm + self.filled(share) * span.height_mm()) as f32
    }

    /// Share of the layer's height that is filled at a share of the ramp.
    fn filled(&self, share: f64) -> f64 {
        self.start_share + (1.0 - self.start_share) * share.clamp(0.0, 1.0)
    }
}

/// Ways are the same up to this, mm.
const ROUNDING_MM: f64 = 1e-3;

/// Steps shorter than this are left out of ramps, mm: their rise, rounded as in G-code, would ask for absurd speeds of Z.
const LEAST_STEP_MM: f64 = 0.03;

/// The road without very short steps; its ends stay.
fn without_short_steps(road: Road) -> Road {
    let last = road.points.len() - 1;
    let mut kept = vec![0];
    let is_far = |a: usize, b: usize| road.points[a].distance_mm(road.points[b]) >= LEAST_STEP_MM;
    for k in 1..last {
        if is_far(kept[kept.len() - 1], k) && is_far(k, last) {
            kept.push(k);
        }
    }
    kept.push(last);
    let of = |points: &[Point]| kept.iter().filter_map(|k| points.get(*k).copied()).collect();
    Road { points: of(&road.points), smooth: of(&road.smooth), ..road }
}

/// The road with a share of its height and material.
fn partly(road: &Road, share: f64) -> Road {
    Road { height_mm: share * road.height_mm, flow_mm3_per_mm: share * road.flow_mm3_per_mm, ..road.clone() }
}

/// The angle that both sides of a seam enclose, radians: half a turn where the wall is straight.
fn seam_angle(course: &[Point]) -> f64 {
    let reach = ANGLE_REACH_MM.min(0.25 * length_mm(course));
    let (ahead, _) = head(course.iter().copied(), reach);
    let (behind, _) = head(course.iter().rev().copied(), reach);
    let (Some(seam), Some(a), Some(b)) = (course.first(), ahead.last(), behind.last()) else { return PI };
    let ([x, y], [ax, ay], [bx, by]) = (seam.to_mm(), a.to_mm(), b.to_mm());
    let ([ax, ay], [bx, by]) = ([ax - x, ay - y], [bx - x, by - y]);
    (ax * by - ay * bx).atan2(ax * bx + ay * by).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::Role;

    const SPAN: LayerSpan = LayerSpan { bottom_mm: 1.0, top_mm: 1.2, cut_mm: 1.1 };

    fn settings() -> ScarfSettings {
        ScarfSettings {
            placement: ScarfPlacement::Contours,
            only_on_smooth: true,
            smooth_rad: 155f64.to_radians(),
            start_share: 0.0,
            length_mm: 20.0,
            entire_loop: false,
            piece_mm: 1.0,
            inner_walls: false,
        }
    }

    /// A circle from its seam to its seam.
    fn circle(radius: f64) -> Vec<Point> {
        let point = |i: usize| {
            let (s, c) = (i as f64 * 2.0 * PI / 120.0).sin_cos();
            Point::from_mm(radius * c, radius * s)
        };
        (0..=120).map(|i| point(i % 120)).collect()
    }

    fn wall(points: Vec<Point>) -> Road {
        Road {
            role: Role::ExternalPerimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            points,
            smooth: Vec::new(),
            z_mm: Vec::new(),
            closed: true,
            small: false,
        }
    }

    fn volume(roads: &[Road]) -> f64 {
        roads.iter().map(|r| length_mm(&r.points) * r.flow_mm3_per_mm).sum()
    }

    #[test]
    fn a_scarf_has_the_volume_of_a_whole_wall_and_stays_in_its_layer() {
        let of = |change: fn(&mut ScarfSettings)| {
            let mut settings = settings();
            change(&mut settings);
            settings
        };
        let whole = wall(circle(8.0));
        let around = length_mm(&whole.points);
        for settings in [
            settings(),
            of(|s| s.start_share = 0.4),
            of(|s| s.entire_loop = true),
            of(|s| s.length_mm = 500.0),
            of(|s| (s.length_mm, s.piece_mm) = (2.5, 10.0)),
        ] {
            // In one road, or in several of different flows.
            let halves = whole.divided(&[0.4 * around]);
            for roads in [vec![whole.clone()], halves] {
                let before = volume(&roads);
                let scarf = settings.joined(roads, &SPAN);
                assert!((volume(&scarf) / before - 1.0).abs() < 1e-4, "{} instead of {before}", volume(&scarf));
                let mut z = 1.0 + 0.2 * settings.start_share;
                for (i, road) in scarf.iter().enumerate() {
                    assert!(i == 0 || scarf[i - 1].last() == road.first(), "road {i} begins where the one before ends");
                    assert!(road.flow_mm3_per_mm > 0.0 && road.height_mm > 0.0 && road.height_mm < 0.2 + 1e-9);
                    let heights: Vec<f64> = if road.z_mm.is_empty() {
                        vec![1.2; road.points.len()]
                    } else {
                        road.z_mm.iter().map(|z| f64::from(*z)).collect()
                    };
                    assert_eq!(heights.len(), road.points.len());
                    // It rises and never falls or jumps.
                    assert!((heights[0] - z).abs() < 1e-5, "road {i} begins at {} after {z}", heights[0]);
                    assert!(heights.windows(2).all(|w| w[1] >= w[0]));
                    z = heights[heights.len() - 1];
                }
                let ramp = if settings.entire_loop { around } else { settings.length_mm.min(around) };
                let laid: f64 = scarf.iter().map(|r| length_mm(&r.points)).sum();
                assert!((laid - around - ramp).abs() < 0.01, "{laid} mm");
            }
        }
    }

    #[test]
    fn above_each_place_of_the_ramp_a_full_layer_is_laid_in_the_end() {
        let scarf = settings().joined(vec![wall(circle(8.0))], &SPAN);
        let ramps = scarf.iter().filter(|r| !r.z_mm.is_empty()).count();
        assert_eq!(ramps, 20);
        for (up, down) in scarf[..ramps].iter().zip(&scarf[scarf.len() - ramps..]) {
            assert_eq!((up.first(), up.last()), (down.first(), down.last()));
            assert!((up.flow_mm3_per_mm + down.flow_mm3_per_mm - 0.08).abs() < 1e-9);
            // What is laid on the way up fills what is below the nozzle.
            let middle = f64::from(up.z_mm[0] + up.z_mm[up.z_mm.len() - 1]) / 2.0 - 1.0;
            assert!((up.height_mm - middle).abs() < 1e-4 && (up.height_mm + down.height_mm - 0.2).abs() < 1e-9);
        }
    }

    #[test]
    fn only_the_walls_that_are_asked_for_have_a_scarf() {
        let round = circle(8.0);
        let corner: Vec<Point> = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0), (0.0, 0.0)]
            .map(|(x, y)| Point::from_mm(x, y))
            .to_vec();
        let s = settings();
        assert!(s.is_on(0, false, &SPAN, &round));
        assert!(!s.is_on(0, true, &SPAN, &round) && !s.is_on(1, false, &SPAN, &round));
        assert!(!s.is_on(0, false, &SPAN, &corner), "a corner hides the seam");
        assert!(!s.is_on(0, false, &SPAN, &circle(0.4)));
        let plate = LayerSpan { bottom_mm: 0.0, top_mm: 0.2, cut_mm: 0.1 };
        assert!(!s.is_on(0, false, &plate, &round));
        let every = ScarfSettings {
            placement: ScarfPlacement::Everywhere,
            only_on_smooth: false,
            inner_walls: true,
            ..settings()
        };
        assert!(every.is_on(1, true, &SPAN, &corner));
        assert!(!ScarfSettings { placement: ScarfPlacement::Nowhere, ..every }.is_on(0, false, &SPAN, &round));
    }
}
