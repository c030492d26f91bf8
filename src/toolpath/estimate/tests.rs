//! Times by hand against times by the planner.

use super::*;
use crate::geometry::Point;
use crate::toolpath::{Extrusion, Travel};

fn limits() -> MachineLimits {
    MachineLimits {
        max_feed_mm_per_s: [300.0, 300.0, 10.0, 50.0],
        max_acceleration_mm_per_s2: [0.0; 4],
        cornering: Cornering::Jerk([8.0, 8.0, 0.4, 5.0]),
        extruding_mm_per_s2: 1000.0,
        retracting_mm_per_s2: 2000.0,
        travel_mm_per_s2: 1000.0,
    }
}

fn travel(points: &[(f64, f64)], feed_mm_per_s: f32) -> Step {
    let points = points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect();
    Step::Travel(Travel::level(points, feed_mm_per_s))
}

fn of(steps: Vec<Step>, limits: &MachineLimits) -> Estimate {
    let toolpath = Toolpath {
        layers: vec![Layer { z_mm: 0.2, height_mm: 0.2, steps }],
        filament_diameter_mm: 1.75,
        filament_density_g_per_cm3: 1.25,
        ..Toolpath::default()
    };
    estimate(&toolpath, limits, &Progress::new()).unwrap()
}

/// Time by hand: from speed `v0` up to `v` (or as far as the way allows) and down to `v0`.
fn by_hand(length: f64, a: f64, v: f64, v0: f64) -> f64 {
    let ramps = (v * v - v0 * v0) / a;
    if ramps <= length {
        return 2.0 * (v - v0) / a + (length - ramps) / v;
    }
    let top = (v0 * v0 + a * length).sqrt();
    2.0 * (top - v0) / a
}

#[test]
fn single_moves_take_what_the_closed_form_says() {
    // Speed begins and ends at the jerk of the axis: 8 mm/s.
    for (length, feed) in [(100.0, 100.0), (1.0, 100.0), (0.01, 5.0), (50.0, 20.0)] {
        let estimate = of(vec![travel(&[(0.0, 0.0), (length, 0.0)], feed as f32)], &limits());
        let expected = if feed <= 8.0 { length / feed } else { by_hand(length, 1000.0, feed, 8.0) };
        assert!((estimate.time_s - expected).abs() < 1e-6, "{length} mm at {feed}: {} s", estimate.time_s);
    }
    // Z has its own limits: 10 mm/s and a jerk of 0.4.
    let estimate = of(vec![Step::MoveZ { z_mm: 5.0, feed_mm_per_s: 40.0 }], &limits());
    assert!((estimate.time_s - by_hand(5.0, 1000.0, 10.0, 0.4)).abs() < 1e-6);
    // E too: 50 mm/s, 2000 mm/s2, jerk 5.
    let estimate = of(vec![Step::Retract { length_mm: 4.0, feed_mm_per_s: 80.0 }], &limits());
    assert!((estimate.retraction_time_s - by_hand(4.0, 2000.0, 50.0, 5.0)).abs() < 1e-6);
}

#[test]
fn a_straight_way_in_pieces_takes_as_long_as_in_one() {
    let pieces: Vec<(f64, f64)> = (0..=20_000).map(|i| (f64::from(i) * 0.01, 0.0)).collect();
    let whole = of(vec![travel(&[(0.0, 0.0), (200.0, 0.0)], 120.0)], &limits());
    let many = of(vec![travel(&pieces, 120.0)], &limits());
    assert!((whole.time_s - many.time_s).abs() < 1e-3, "{} and {}", whole.time_s, many.time_s);
}

#[test]
fn corners_are_taken_at_the_speed_that_jerk_allows() {
    // Turning back: the axis comes in and goes out with a jerk each.
    let there_and_back = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (0.0, 0.0)], 100.0)], &limits());
    assert!((there_and_back.time_s - 2.0 * by_hand(50.0, 1000.0, 100.0, 8.0)).abs() < 1e-6);
    // A right angle: X ends and Y begins with 8 mm/s, as if the tool stopped.
    let corner = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)], 100.0)], &limits());
    assert!((corner.time_s - 2.0 * by_hand(50.0, 1000.0, 100.0, 8.0)).abs() < 1e-6);
    // A bend of 5 degrees at 60 mm/s changes Y by 5.2 mm/s: it is not slowed at all.
    let (s, c) = 5f64.to_radians().sin_cos();
    let bend = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (50.0 + 50.0 * c, 50.0 * s)], 60.0)], &limits());
    let straight = of(vec![travel(&[(0.0, 0.0), (100.0, 0.0)], 60.0)], &limits());
    assert!((bend.time_s - straight.time_s).abs() < 2e-3);
}

#[test]
fn accelerations_follow_what_is_set_within_the_machines_most() {
    let way = || travel(&[(0.0, 0.0), (20.0, 0.0)], 100.0);
    for (set, counts) in [(500.0, 500.0), (5000.0, 1000.0)] {
        let estimate = of(vec![Step::Acceleration(set), way()], &limits());
        assert!((estimate.time_s - by_hand(20.0, counts, 100.0, 8.0)).abs() < 1e-6);
    }
}

#[test]
fn a_retraction_in_parts_is_one() {
    let wipe = Step::Travel(Travel {
        points: vec![Point::default(), Point::from_mm(2.0, 0.0)],
        feed_mm_per_s: 100.0,
        wipe_retract_mm: 0.5,
        z_mm: Vec::new(),
    });
    let retract = Step::Retract { length_mm: 0.2, feed_mm_per_s: 30.0 };
    let unretract = Step::Unretract { length_mm: 0.9, feed_mm_per_s: 30.0 };
    let steps = vec![retract.clone(), wipe.clone(), retract, unretract.clone(), wipe, unretract];
    assert_eq!(of(steps, &limits()).retractions, 2);
}

#[test]
fn material_is_counted_by_role() {
    let road = |role, length: f64| {
        Step::Extrude(Extrusion {
            role,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            feed_mm_per_s: 50.0,
            points: vec![Point::default(), Point::from_mm(length, 0.0)],
            z_mm: Vec::new(),
        })
    };
    let estimate = of(vec![road(Role::Perimeter, 100.0), road(Role::InternalInfill, 50.0)], &limits());
    assert!((estimate.volume_mm3 - 12.0).abs() < 1e-5);
    assert!((estimate.filament_mm - 12.0 / (std::f64::consts::PI * 0.875 * 0.875)).abs() < 1e-5);
    assert!((estimate.mass_g - 0.015).abs() < 1e-7);
    assert!((estimate.cost(20.0) - 0.0003).abs() < 1e-8);
    let perimeter = estimate.roles[Role::ALL.iter().position(|r| *r == Role::Perimeter).unwrap()];
    assert!((perimeter.length_mm - 100.0).abs() < 1e-9);
    let times: f64 = estimate.roles.iter().map(|r| r.time_s).sum();
    assert!((times - estimate.time_s).abs() < 1e-9);
}

/// Time by hand from one speed to another, over a top of `v` at the most.
fn between(length: f64, a: f64, v: f64, entry: f64, exit: f64) -> f64 {
    let top = v.min((a * length + (entry * entry + exit * exit) / 2.0).sqrt());
    let ramps = (2.0 * top * top - entry * entry - exit * exit) / (2.0 * a);
    (2.0 * top - entry - exit) / a + (length - ramps) / top
}

fn with(cornering: Cornering) -> MachineLimits {
    MachineLimits { cornering, ..limits() }
}

#[test]
fn junction_deviation_takes_a_corner_at_the_speed_of_the_circle_inside_it() {
    let limits = with(Cornering::JunctionDeviation(0.02));
    // A right angle: a circle that misses the corner by the deviation d has the radius d / (√2 − 1).
    let around = (1000.0 * 0.02 / (2f64.sqrt() - 1.0)).sqrt();
    let corner = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)], 100.0)], &limits);
    let expected = 2.0 * between(50.0, 1000.0, 100.0, 0.05, around);
    assert!((corner.time_s - expected).abs() < 1e-6, "{} and {expected}", corner.time_s);
    // Turning back is a stop.
    let back = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (0.0, 0.0)], 100.0)], &limits);
    assert!((back.time_s - 2.0 * between(50.0, 1000.0, 100.0, 0.05, 0.05)).abs() < 1e-6);
    // A circle in short pieces is taken at the speed that its radius allows, not faster for being cut finer.
    let radius = 5.0;
    for pieces in [200, 400] {
        let at = |i: i32| {
            let (s, c) = (std::f64::consts::TAU * f64::from(i) / f64::from(pieces)).sin_cos();
            (radius * c, radius * s)
        };
        let around: Vec<(f64, f64)> = (0..=10 * pieces).map(at).collect();
        let time = of(vec![travel(&around, 200.0)], &limits).time_s;
        let speed = 10.0 * std::f64::consts::TAU * radius / time;
        let allowed = (1000.0 * radius).sqrt();
        assert!((speed / allowed - 1.0).abs() < 0.03, "{pieces} pieces: {speed} mm/s instead of {allowed}");
    }
}

#[test]
fn klipper_takes_a_right_angle_at_its_square_corner_velocity() {
    let klipper =
        |cruise_ratio| with(Cornering::SquareCorner { velocity_mm_per_s: 5.0, cruise_ratio, extruder_mm_per_s: 1.0 });
    let corner = || vec![travel(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)], 100.0)];
    let expected = 2.0 * between(50.0, 1000.0, 100.0, 0.0, 5.0);
    assert!((of(corner(), &klipper(0.0)).time_s - expected).abs() < 1e-6);
    // Long moves cruise anyhow: the least share changes nothing.
    assert!((of(corner(), &klipper(0.5)).time_s - expected).abs() < 1e-6);
    // A short one goes no faster than with half the acceleration, and then takes the corners of its top off.
    let short = of(vec![travel(&[(0.0, 0.0), (4.0, 0.0)], 100.0)], &klipper(0.5));
    let top = (0.5 * 1000.0 * 4.0_f64).sqrt();
    assert!((short.time_s - between(4.0, 1000.0, top, 0.0, 0.0)).abs() < 1e-6);
    let cut: Vec<(f64, f64)> = (0..=40).map(|i| (f64::from(i) * 0.1, 0.0)).collect();
    let pieces = of(vec![travel(&cut, 100.0)], &klipper(0.5)).time_s;
    assert!((pieces / short.time_s - 1.0).abs() < 0.02, "in pieces {pieces}, whole {}", short.time_s);
    // The extruder alone is limited by its own speed; beside a move that pushes it forward it is not.
    let retract = of(vec![Step::Retract { length_mm: 4.0, feed_mm_per_s: 80.0 }], &klipper(0.0));
    assert!((retract.time_s - between(4.0, 2000.0, 50.0, 0.0, 0.0)).abs() < 1e-6);
}

#[test]
fn reprap_firmware_counts_turning_around_as_one_change_of_speed() {
    let limits = with(Cornering::InstantChange([8.0, 8.0, 0.4, 5.0]));
    let back = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (0.0, 0.0)], 100.0)], &limits);
    assert!((back.time_s - 2.0 * between(50.0, 1000.0, 100.0, 0.0, 4.0)).abs() < 1e-6);
    let corner = of(vec![travel(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)], 100.0)], &limits);
    assert!((corner.time_s - 2.0 * between(50.0, 1000.0, 100.0, 0.0, 8.0)).abs() < 1e-6);
}
