//! What hops, wipes, coasting and limits of flow promise, on a plate with several parts.

use super::*;
use crate::settings::LiftType;
use crate::toolpath::Travel;

/// Whether two lines cross.
fn crosses([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    let side = |p: Point, q: Point, r: Point| {
        let (x, y) = (i64::from(q.x) - i64::from(p.x), i64::from(q.y) - i64::from(p.y));
        (x * (i64::from(r.y) - i64::from(p.y)) - y * (i64::from(r.x) - i64::from(p.x))).signum()
    };
    side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

fn volume(toolpath: &Toolpath) -> f64 {
    roads(toolpath).map(|(_, e)| length(e) * f64::from(e.flow_mm3_per_mm)).sum()
}

/// Hops, and how often a way with the filament drawn back crosses a wall that is printed in its layer, without the first
/// bit that leaves the nozzle's own wall, at the height of that wall.
fn hops_and_hits(toolpath: &Toolpath) -> (usize, usize) {
    let (mut hops, mut hits) = (0, 0);
    for layer in &toolpath.layers {
        let mut walls: Vec<[Point; 2]> = Vec::new();
        let (mut z_mm, mut drawn) = (layer.z_mm, false);
        for step in &layer.steps {
            match step {
                Step::Extrude(e) if e.role == Role::ExternalPerimeter => {
                    walls.extend(e.points.windows(2).map(|w| [w[0], w[1]]));
                }
                Step::Retract { .. } => drawn = true,
                Step::Unretract { .. } => drawn = false,
                Step::MoveZ { z_mm: to, .. } => {
                    hops += usize::from(*to > layer.z_mm + 1e-4);
                    z_mm = *to;
                }
                Step::Travel(t) => {
                    drawn |= t.wipe_retract_mm > 0.0;
                    let is_way = drawn && t.wipe_retract_mm == 0.0;
                    hops += usize::from(t.z_mm.last().is_some_and(|z| *z > layer.z_mm + 1e-4));
                    let mut gone_mm = 0.0;
                    for (i, w) in t.points.windows(2).enumerate() {
                        z_mm = t.z_mm.get(i + 1).copied().unwrap_or(z_mm);
                        let low = z_mm < layer.z_mm + 1e-4;
                        // A road's width from where it begins the way is on the nozzle's own wall.
                        let step_mm = w[0].distance_mm(w[1]);
                        let left = ((0.7 - gone_mm) / step_mm).clamp(0.0, 1.0);
                        let seen = [w[0].towards(w[1], left), w[1].towards(w[0], 0.02)];
                        hits += usize::from(is_way && low && walls.iter().any(|wall| crosses(seen, *wall)));
                        gone_mm += step_mm;
                    }
                }
                _ => {}
            }
        }
    }
    (hops, hits)
}

#[test]
fn no_way_with_a_hop_leads_through_printed_walls_and_no_hop_is_made_for_nothing() {
    let flat = quick();
    let (none, hits) = hops_and_hits(&planned(mixed(&flat), &flat).toolpath);
    assert!(none == 0 && hits > 0, "without hops {hits} ways would scrape");
    let mut count = Vec::new();
    for kind in LiftType::ALL {
        for only in [false, true] {
            let settings = Settings {
                retract_lift: 0.4,
                retract_lift_type: *kind,
                retract_lift_only_over_print: only,
                travel_slope: 10.0,
                ..quick()
            };
            let plan = planned(mixed(&settings), &settings);
            Machine::run(&plan.toolpath, &settings);
            let (hops, hits) = hops_and_hits(&plan.toolpath);
            assert_eq!(hits, 0, "{kind:?}, only over print: {only}");
            count.push((hops, only));
        }
    }
    let most_needed = count.iter().filter(|c| c.1).map(|c| c.0).max().unwrap();
    let least = count.iter().filter(|c| !c.1).map(|c| c.0).min().unwrap();
    assert!(most_needed > 0 && most_needed < least, "{most_needed} hops are needed, {least} can be made");
}

#[test]
fn coasting_lays_less_by_what_it_was_told_and_ends_where_the_road_would() {
    let plain = quick();
    let coasting = Settings { coasting_volume: 0.05, coasting_min_volume: 1.0, ..quick() };
    let (before, after) = (planned(mixed(&plain), &plain).toolpath, planned(mixed(&coasting), &coasting).toolpath);
    Machine::run(&after, &coasting);
    let mut coasts = 0;
    for layer in &after.layers {
        for steps in layer.steps.windows(2) {
            let [Step::Extrude(road), Step::Travel(t)] = steps else { continue };
            if t.feed_mm_per_s == road.feed_mm_per_s * 0.9 {
                coasts += 1;
                let left_mm3 = super::super::travel::length_mm(&t.points) * f64::from(road.flow_mm3_per_mm);
                assert!(left_mm3 <= 0.05 * 1.001, "{left_mm3}");
            }
        }
    }
    let less = volume(&before) - volume(&after);
    assert!(
        coasts > 10 && less > 0.8 * 0.05 * f64::from(coasts) && less <= 0.0501 * f64::from(coasts),
        "{coasts} {less}"
    );
}

#[test]
fn wipes_are_as_long_as_asked_for() {
    let settings = Settings { wipe_distance: 1.0, wipe_speed: 40.0, ..quick() };
    let plan = planned(mixed(&settings), &settings);
    Machine::run(&plan.toolpath, &settings);
    let wipes: Vec<&Travel> = (plan.toolpath.layers.iter().flat_map(|l| &l.steps))
        .filter_map(|s| if let Step::Travel(t) = s { Some(t).filter(|t| t.wipe_retract_mm > 0.0) } else { None })
        .collect();
    let lengths: Vec<f64> = wipes.iter().map(|t| super::super::travel::length_mm(&t.points)).collect();
    assert!(wipes.iter().all(|t| t.feed_mm_per_s == 40.0) && wipes.len() > 10);
    assert!(lengths.iter().all(|mm| *mm <= 1.001) && lengths.iter().filter(|mm| **mm > 0.99).count() > 10);
}

#[test]
fn before_an_outer_loop_the_nozzle_is_made_ready_inside_of_it() {
    let settings = Settings { wipe_before_external_loop: true, wall_sequence: WallSequence::OuterInner, ..quick() };
    let plan = planned(mixed(&settings), &settings);
    Machine::run(&plan.toolpath, &settings);
    let mut found = 0;
    for layer in &plan.toolpath.layers {
        for steps in layer.steps.windows(4) {
            let at = steps.iter().position(|s| matches!(s, Step::Unretract { .. }));
            let road = steps.iter().position(|s| matches!(s, Step::Extrude(e) if e.role == Role::ExternalPerimeter));
            let (Some(0), Some(road)) = (at, road) else { continue };
            let Some(Step::Travel(glide)) = steps[..road].iter().find(|s| matches!(s, Step::Travel(_))) else {
                continue;
            };
            let Step::Extrude(wall) = &steps[road] else { continue };
            let from = glide.points[0];
            let mm = from.distance_mm(wall.points[0]);
            assert!((mm - f64::from(wall.width_mm)).abs() < 0.01, "{mm}");
            // All around it, and so inside.
            let ring = crate::geometry::Ring(wall.points.clone());
            assert_eq!(ring.locate(from), Some(true));
            found += 1;
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn the_flow_of_a_whole_print_changes_no_faster_than_asked_for() {
    let settings = Settings {
        max_volumetric_extrusion_rate_slope_positive: 120.0,
        perimeter_generator: WallGenerator::Variable,
        ..quick()
    };
    let settings = Settings { max_volumetric_extrusion_rate_slope_negative: 90.0, ..settings };
    let plain = Settings { perimeter_generator: WallGenerator::Variable, ..quick() };
    let (before, after) = (planned(mixed(&plain), &plain).toolpath, planned(mixed(&settings), &settings).toolpath);
    Machine::run(&after, &settings);
    assert!((volume(&before) / volume(&after) - 1.0).abs() < 1e-4);
    let worst = |toolpath: &Toolpath| {
        let mut worst = 0.0f64;
        for layer in &toolpath.layers {
            let mut last: Option<(f64, f64)> = None;
            for step in &layer.steps {
                match step {
                    Step::Extrude(e) => {
                        let flow = f64::from(e.flow_mm3_per_mm * e.feed_mm_per_s);
                        let time = length(e).min(1.0) / f64::from(e.feed_mm_per_s);
                        if let Some((flow_before, time_before)) = last {
                            let change = flow - flow_before;
                            let most = if change > 0.0 { 120.0 } else { 90.0 } * 0.5 * (time + time_before);
                            worst = worst.max((change.abs() - 2e-3) / most);
                        }
                        last = Some((flow, time));
                    }
                    Step::Fan(_) | Step::Acceleration(_) | Step::Jerk(_) => {}
                    _ => last = None,
                }
            }
        }
        worst
    };
    assert!(worst(&before) > 2.0, "{}", worst(&before));
    assert!(worst(&after) < 1.03, "{}", worst(&after));
}

#[test]
fn jerk_is_set_before_the_roads_that_it_is_for() {
    let settings = Settings { external_perimeter_jerk: 3.0, default_jerk: 7.0, ..quick() };
    let plan = planned(mixed(&settings), &settings);
    let mut jerk = None;
    let mut changes = 0;
    for step in plan.toolpath.layers.iter().flat_map(|l| &l.steps) {
        match step {
            Step::Jerk(to) => {
                assert_ne!(jerk, Some(*to), "nothing is said twice");
                jerk = Some(*to);
                changes += 1;
            }
            Step::Extrude(e) => {
                let is_outer = matches!(e.role, Role::ExternalPerimeter | Role::OverhangPerimeter);
                assert_eq!(jerk, Some(if is_outer { 3.0 } else { 7.0 }));
            }
            _ => {}
        }
    }
    assert!(changes > 10);
    let limits = PlateSettings::from(&settings).machine;
    let time = |toolpath: &Toolpath| estimate(toolpath, &limits, &Progress::new()).unwrap().time_s;
    let plain = quick();
    let own = planned(mixed(&plain), &plain).toolpath;
    assert!(time(&plan.toolpath) > time(&own), "slower around corners takes longer");
}
