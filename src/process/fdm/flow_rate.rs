//! How fast the flow changes from road to road: extrusion-rate smoothing.
//!
//! The pressure in a nozzle follows the extruder late, so that where a fast road meets a slow one too much is laid at
//! first and too little at the other. Here feeds are lowered near such borders, and roads divided there, until the flow
//! in mm³/s changes no faster than asked for. Feeds are never raised and the material of a road stays what it is. Knows
//! the finished steps of one layer; where the tool travels between two roads, nothing binds their flows.
//!
//! At a constant slope the flow is linear in time, so along a road of cross-section f its square is linear in the way:
//! q² = q₀² ± 2 S f s. A forward pass limits how it rises, a backward pass how it falls, exactly like the look-ahead of
//! a motion planner with the flow in place of the speed.

use crate::geometry::Point;
use crate::settings::Settings;
use crate::toolpath::{Extrusion, Step};

use super::travel::length_mm;

/// Fastest changes of flow, mm³/s²; infinite = any.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRateSettings {
    pub rise: f64,
    pub fall: f64,
}

impl From<&Settings> for FlowRateSettings {
    fn from(s: &Settings) -> Self {
        let limit = |slope: f64| if slope > 0.0 { slope } else { f64::INFINITY };
        Self {
            rise: limit(s.max_volumetric_extrusion_rate_slope_positive),
            fall: limit(s.max_volumetric_extrusion_rate_slope_negative),
        }
    }
}

/// Length of the pieces of a slope, mm: shorter ones follow it no better than a machine can.
const PIECE_MM: f64 = 1.0;
/// Feeds that differ by less than this share are the same.
const SAME_FEED: f64 = 1e-3;

/// A road of a run, as far as its flow is concerned. Flows are squares, (mm³/s)².
struct Part {
    length_mm: f64,
    /// mm³ per mm.
    flow: f64,
    wanted2: f64,
    entry2: f64,
    exit2: f64,
    /// What the square of the flow gains and loses on the way at most, per mm.
    rise2: f64,
    fall2: f64,
}

/// A piece of a road with one feed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    length_mm: f64,
    feed_mm_per_s: f64,
}

/// The steps with flows that change no faster than asked for.
pub fn smoothed(steps: Vec<Step>, settings: &FlowRateSettings) -> Vec<Step> {
    if settings.rise.is_infinite() && settings.fall.is_infinite() {
        return steps;
    }
    let mut out = Vec::with_capacity(steps.len());
    let mut run: Vec<Step> = Vec::new();
    for step in steps {
        let goes_on = match &step {
            Step::Extrude(road) => is_plain(road),
            // Settings in between change nothing about the flow.
            Step::Fan(_) | Step::Acceleration(_) | Step::Jerk(_) => true,
            _ => false,
        };
        if goes_on {
            run.push(step);
        } else {
            finish(&mut run, settings, &mut out);
            out.push(step);
        }
    }
    finish(&mut run, settings, &mut out);
    out
}

/// Whether a road can be divided: it lays something, at one height.
fn is_plain(road: &Extrusion) -> bool {
    road.z_mm.is_empty() && road.flow_mm3_per_mm > 0.0 && road.feed_mm_per_s > 0.0 && length_mm(&road.points) > 0.0
}

/// Writes roads that follow each other without a travel.
fn finish(run: &mut Vec<Step>, settings: &FlowRateSettings, out: &mut Vec<Step>) {
    let roads = run.iter().filter_map(|step| if let Step::Extrude(road) = step { Some(road) } else { None });
    let mut parts: Vec<Part> = roads.map(|road| Part::of(road, settings)).collect();
    limit(&mut parts);
    let mut parts = parts.iter();
    for step in run.drain(..) {
        match step {
            Step::Extrude(road) => {
                let pieces = parts.next().map(Part::pieces).unwrap_or_default();
                divide(road, &pieces, out);
            }
            other => out.push(other),
        }
    }
}

/// Lowers flows where roads begin and end until no change is too fast.
fn limit(parts: &mut [Part]) {
    let mut before2 = f64::INFINITY;
    for part in parts.iter_mut() {
        if part.rise2.is_finite() {
            part.entry2 = part.wanted2.min(before2);
            part.exit2 = part.wanted2.min(part.entry2 + part.rise2 * part.length_mm);
        }
        before2 = part.exit2;
    }
    let mut behind2 = f64::INFINITY;
    for part in parts.iter_mut().rev() {
        if part.fall2.is_finite() {
            part.exit2 = part.exit2.min(behind2);
            part.entry2 = part.entry2.min(part.exit2 + part.fall2 * part.length_mm);
        }
        behind2 = part.entry2;
    }
}

impl Part {
    fn of(road: &Extrusion, settings: &FlowRateSettings) -> Self {
        let flow = f64::from(road.flow_mm3_per_mm);
        let wanted2 = (flow * f64::from(road.feed_mm_per_s)).powi(2);
        let [rise2, fall2] = [settings.rise, settings.fall].map(|slope| 2.0 * slope * flow);
        let length_mm = length_mm(&road.points);
        Self { length_mm, flow, wanted2, entry2: wanted2, exit2: wanted2, rise2, fall2 }
    }

    /// The road in pieces of constant feed: up, level, down.
    fn pieces(&self) -> Vec<Piece> {
        let run_mm = |low2: f64, high2: f64, slope2: f64| {
            if slope2.is_finite() { ((high2 - low2) / slope2).max(0.0) } else { 0.0 }
        };
        let runs = |top2: f64| (run_mm(self.entry2, top2, self.rise2), run_mm(self.exit2, top2, self.fall2));
        let (up_mm, down_mm) = runs(self.wanted2);
        let mut top2 = self.wanted2;
        if up_mm + down_mm > self.length_mm {
            // The peak is where the way up and the way down meet; 1 / infinity is 0.
            let (a, b) = (1.0 / self.rise2, 1.0 / self.fall2);
            top2 = (self.length_mm + self.entry2 * a + self.exit2 * b) / (a + b);
        }
        let (up_mm, down_mm) = runs(top2);
        let level_mm = self.length_mm - up_mm - down_mm;
        let mut pieces = Vec::new();
        self.slope(self.entry2, top2, up_mm, &mut pieces);
        if level_mm > 1e-6 || pieces.is_empty() && down_mm <= 0.0 {
            pieces.push(Piece { length_mm: level_mm, feed_mm_per_s: top2.sqrt() / self.flow });
        }
        self.slope(top2, self.exit2, down_mm, &mut pieces);
        pieces
    }

    /// A change of flow at the steepest slope. It is linear in time: the mean of each piece is the one halfway.
    fn slope(&self, from2: f64, to2: f64, length_mm: f64, pieces: &mut Vec<Piece>) {
        let count = (length_mm / PIECE_MM).ceil();
        let at = |share: f64| (from2 + (to2 - from2) * share).max(0.0).sqrt();
        for k in 0..count as usize {
            let mean = 0.5 * (at(k as f64 / count) + at((k as f64 + 1.0) / count));
            pieces.push(Piece { length_mm: length_mm / count, feed_mm_per_s: mean / self.flow });
        }
    }
}

/// Writes a road in pieces.
fn divide(road: Extrusion, pieces: &[Piece], out: &mut Vec<Step>) {
    let feed = f64::from(road.feed_mm_per_s);
    if pieces.iter().all(|piece| (piece.feed_mm_per_s - feed).abs() <= SAME_FEED * feed) {
        out.push(Step::Extrude(road));
        return;
    }
    let mut points = road.points.iter().copied();
    let mut at = points.next().unwrap_or_default();
    let mut next = points.next();
    let mut piece: Vec<Point> = vec![at];
    for (i, Piece { length_mm, feed_mm_per_s }) in pieces.iter().enumerate() {
        let mut left_mm = *length_mm;
        while let Some(p) = next {
            let step_mm = at.distance_mm(p);
            if i + 1 < pieces.len() && step_mm > left_mm {
                at = at.towards(p, left_mm / step_mm);
                break;
            }
            left_mm -= step_mm;
            at = p;
            piece.push(p);
            next = points.next();
        }
        piece.push(at);
        piece.dedup();
        // What is shorter than the grid goes with the next piece.
        if piece.len() >= 2 {
            let points = std::mem::replace(&mut piece, vec![at]);
            out.push(Step::Extrude(Extrusion { points, feed_mm_per_s: *feed_mm_per_s as f32, ..road.clone() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::{Role, Travel};

    fn road(length_mm: f64, flow: f32, feed: f32, from_mm: f64) -> Extrusion {
        // With corners, so that divisions fall on them and between them.
        let points = (0..=4).map(|i| Point::from_mm(from_mm + length_mm * f64::from(i) / 4.0, 7.0)).collect();
        Extrusion {
            role: Role::Perimeter,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: flow,
            feed_mm_per_s: feed,
            points,
            z_mm: Vec::new(),
        }
    }

    fn run(roads: &[(f64, f32, f32)]) -> Vec<Step> {
        let mut from = 0.0;
        let lay = |&(length, flow, feed): &(f64, f32, f32)| {
            let road = road(length, flow, feed, from);
            from += length;
            Step::Extrude(road)
        };
        roads.iter().map(lay).collect()
    }

    fn extrusions(steps: &[Step]) -> Vec<&Extrusion> {
        steps.iter().filter_map(|s| if let Step::Extrude(e) = s { Some(e) } else { None }).collect()
    }

    /// Length in mm, and mm³/s.
    fn flows(steps: &[Step]) -> Vec<(f64, f64)> {
        let of = |e: &&Extrusion| (length_mm(&e.points), f64::from(e.flow_mm3_per_mm * e.feed_mm_per_s));
        extrusions(steps).iter().map(of).collect()
    }

    fn volume(steps: &[Step]) -> f64 {
        extrusions(steps).iter().map(|e| length_mm(&e.points) * f64::from(e.flow_mm3_per_mm)).sum()
    }

    #[test]
    fn the_flow_never_changes_faster_than_asked_for() {
        let mut state = 3u32;
        let mut random = move |low: f64, high: f64| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + (high - low) * f64::from(state >> 8) / f64::from(1u32 << 24)
        };
        for round in 0..200 {
            let count = 2 + round % 7;
            let roads: Vec<(f64, f32, f32)> =
                (0..count).map(|_| (random(0.02, 30.0), random(0.02, 0.2) as f32, random(5.0, 200.0) as f32)).collect();
            let before = run(&roads);
            for (rise, fall) in [(200.0, 200.0), (100.0, 400.0), (f64::INFINITY, 150.0), (150.0, f64::INFINITY)] {
                let after = smoothed(before.clone(), &FlowRateSettings { rise, fall });
                assert!((volume(&after) / volume(&before) - 1.0).abs() < 1e-3);
                // No feed is raised, the way is the same and without gaps.
                let (old, new) = (extrusions(&before), extrusions(&after));
                let mut at = old[0].points[0];
                for piece in &new {
                    assert_eq!(piece.points[0], at);
                    at = *piece.points.last().unwrap();
                    let whole = old.iter().rev().find(|e| e.points[0].x <= piece.points[0].x).unwrap();
                    assert!(piece.feed_mm_per_s <= whole.feed_mm_per_s * 1.0001);
                    assert_eq!(piece.flow_mm3_per_mm, whole.flow_mm3_per_mm);
                }
                assert_eq!(Some(&at), old.last().unwrap().points.last());
                let seconds = |(e, (mm, _)): (&&Extrusion, &(f64, f64))| mm.min(PIECE_MM) / f64::from(e.feed_mm_per_s);
                let flows = flows(&after);
                let times: Vec<f64> = new.iter().zip(&flows).map(seconds).collect();
                for i in 1..flows.len() {
                    let change = flows[i].1 - flows[i - 1].1;
                    let most = if change > 0.0 { rise } else { fall };
                    let time = 0.5 * (times[i] + times[i - 1]);
                    assert!(change.abs() <= most * time * 1.02 + 1e-3, "{i}: {change} mm³/s in {time} s, {flows:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_changes_without_a_border_or_across_a_travel() {
        let slow = FlowRateSettings { rise: 50.0, fall: 50.0 };
        let even = run(&[(20.0, 0.1, 60.0), (5.0, 0.2, 30.0)]);
        assert_eq!(smoothed(even.clone(), &slow), even, "the same flow on both sides");
        let mut apart = run(&[(20.0, 0.1, 60.0), (20.0, 0.1, 20.0)]);
        let points = vec![Point::from_mm(20.0, 7.0), Point::from_mm(20.0, 7.0)];
        let travel = Travel::level(points, 100.0);
        apart.insert(1, Step::Travel(travel));
        assert_eq!(smoothed(apart.clone(), &slow), apart);
        let off = FlowRateSettings { rise: f64::INFINITY, fall: f64::INFINITY };
        let border = run(&[(20.0, 0.1, 60.0), (20.0, 0.1, 20.0)]);
        assert_eq!(smoothed(border.clone(), &off), border);
        let fan = vec![border[0].clone(), Step::Fan(1.0), border[1].clone()];
        let smooth = smoothed(fan, &slow);
        assert!(smooth.len() > 5, "the fan interrupts nothing: {}", smooth.len());
        // 6 to 2 mm³/s at 50 mm³/s² and 0.1 mm² takes (36 - 4) / 10 mm.
        let slowed: f64 = flows(&smooth).iter().filter(|f| f.1 > 2.001 && f.1 < 5.999).map(|f| f.0).sum();
        assert!((slowed - 3.2).abs() < 0.01, "{slowed} mm");
    }
}
