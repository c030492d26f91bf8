//! Files with known defects give the figures that follow from them by hand.

use std::f64::consts::FRAC_PI_4;
use std::fmt::Write as _;

use super::*;
use crate::gcode::{ReadOptions, read};
use crate::geometry::{Bounds, Point};
use crate::toolpath::estimate::{Cornering, MachineLimits};
use crate::toolpath::{Role, road_area_mm2};

const WIDTH: f64 = 0.45;
const HEIGHT: f64 = 0.2;
/// Distance of roads that just fill a layer.
const SPACING: f64 = WIDTH - HEIGHT * (1.0 - FRAC_PI_4);
/// Middle of the two walls, and the inner edge of the second.
const OUTER: f64 = WIDTH / 2.0;
const INNER: f64 = OUTER + SPACING;
const DEPTH: f64 = INNER + WIDTH / 2.0;

/// G-code in the making.
#[derive(Default)]
struct File {
    text: String,
    layers: usize,
}

impl File {
    fn layer(&mut self) -> &mut Self {
        self.layers += 1;
        let z = self.layers as f64 * HEIGHT;
        if self.text.is_empty() {
            self.text.push_str("M83\n");
        }
        let _ = write!(self.text, ";LAYER_CHANGE\n;Z:{z:.3}\n;HEIGHT:{HEIGHT}\nG1 Z{z:.3} F6000\n");
        self
    }

    fn role(&mut self, name: &str) -> &mut Self {
        let _ = writeln!(self.text, ";TYPE:{name}");
        self
    }

    fn travel(&mut self, [x, y]: [f64; 2]) -> &mut Self {
        let _ = writeln!(self.text, "G1 X{x:.5} Y{y:.5} F9000");
        self
    }

    fn stroke(&mut self, mm: f64) -> &mut Self {
        let _ = writeln!(self.text, "G1 E{mm} F2400");
        self
    }

    fn road(&mut self, points: &[[f64; 2]]) -> &mut Self {
        self.travel(points[0]);
        for ends in points.windows(2) {
            let length = (ends[1][0] - ends[0][0]).hypot(ends[1][1] - ends[0][1]);
            let e = length * road_area_mm2(WIDTH, HEIGHT) / (FRAC_PI_4 * 1.75 * 1.75);
            let _ = writeln!(self.text, "G1 X{:.5} Y{:.5} E{e:.6} F1800", ends[1][0], ends[1][1]);
        }
        self
    }

    /// Both walls of a square from `at` to `at + side` in both axes, each from its lower left corner.
    fn walls(&mut self, at: f64, side: f64) -> &mut Self {
        self.role("External perimeter").road(&square(at + OUTER, at + side - OUTER));
        self.role("Perimeter").road(&square(at + INNER, at + side - INNER))
    }

    fn measure(&self, outline: &Region, shells: usize) -> QualityReport {
        let file = read(self.text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap();
        assert_eq!(file.toolpath.layers.len(), self.layers);
        let outlines = vec![outline.clone(); self.layers];
        self.measure_against(&outlines, shells)
    }

    fn measure_against(&self, outlines: &[Region], shells: usize) -> QualityReport {
        let file = read(self.text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap();
        let settings = QualitySettings {
            road_width_mm: WIDTH,
            layer_height_mm: HEIGHT,
            walls: 2,
            top_layers: shells,
            bottom_layers: shells,
            pixel_mm: 0.05,
        };
        measure(&file.toolpath, outlines, &settings, &limits(), &Progress::new()).unwrap()
    }
}

fn limits() -> MachineLimits {
    MachineLimits {
        max_feed_mm_per_s: [200.0, 200.0, 20.0, 50.0],
        max_acceleration_mm_per_s2: [1000.0; 4],
        cornering: Cornering::Jerk([8.0, 8.0, 0.4, 5.0]),
        extruding_mm_per_s2: 1000.0,
        retracting_mm_per_s2: 1000.0,
        travel_mm_per_s2: 1000.0,
    }
}

fn square(from: f64, to: f64) -> [[f64; 2]; 5] {
    [[from, from], [to, from], [to, to], [from, to], [from, from]]
}

fn rectangle(min: [f64; 2], max: [f64; 2]) -> Region {
    Region::rectangle(Bounds { min: Point::from_mm(min[0], min[1]), max: Point::from_mm(max[0], max[1]) })
}

#[track_caller]
fn near(value: f64, expect: f64, tolerance: f64) {
    assert!((value - expect).abs() <= tolerance, "{value} is not {expect} ± {tolerance}");
}

/// What round corners of a road leave free of a square corner.
fn corner(radius: f64) -> f64 {
    (1.0 - FRAC_PI_4) * radius * radius
}

#[test]
fn good_walls_are_good() {
    let report = File::default().layer().walls(100.0, 20.0).measure(&rectangle([100.0; 2], [120.0; 2]), 0);
    let figures = &report.figures;
    near(figures.outer_wall_mean_mm.unwrap(), 0.0, 2e-5);
    near(figures.outer_wall_deviation_mm.unwrap(), 0.0, 5e-4);
    near(report.sums.outer_wall_mm, 4.0 * (20.0 - WIDTH), 1e-3);
    near(report.sums.outline_mm, 80.0, 1e-6);
    near(report.sums.bare_outline_mm, 0.0, 1e-9);
    near(report.sums.wall_mm2, 400.0 - (20.0 - 2.0 * DEPTH).powi(2), 1e-2);
    // The rounded corners of the outer wall, and a trace where the inner one's round corner meets its square one.
    assert!(
        (4.0 * corner(OUTER)..4.0 * corner(OUTER) + 0.02).contains(&report.sums.bare_wall_mm2),
        "{:?}",
        report.sums
    );
    assert_eq!((report.sums.overfilled_mm2, report.sums.retractions, report.sums.thin_mm2), (0.0, 0, 0.0));
    assert!(report.notices.is_empty());
}

#[test]
fn a_shifted_wall_is_an_error_of_that_much() {
    let mut file = File::default();
    file.layer().role("External perimeter");
    let (low, high) = (100.0 + OUTER, 120.0 - OUTER);
    file.road(&[[low - 0.05, low], [high, low], [high, high], [low - 0.05, high], [low - 0.05, low]]);
    let figures = file.measure(&rectangle([100.0; 2], [120.0; 2]), 0).figures;
    let share = 19.55 / (4.0 * 19.55 + 0.1);
    near(figures.outer_wall_mean_mm.unwrap(), 0.05 * share, 3e-4);
    near(figures.outer_wall_deviation_mm.unwrap(), 0.05 * (share * (1.0 - share)).sqrt(), 5e-4);
}

#[test]
fn a_missing_wall_leaves_the_outline_bare() {
    let mut file = File::default();
    let (low, high) = (100.0 + OUTER, 120.0 - OUTER);
    file.layer().role("External perimeter").road(&[[low, low], [high, low], [high, high], [low, high]]);
    let report = file.measure(&rectangle([100.0; 2], [120.0; 2]), 0);
    // The walls above and below reach round into it.
    near(report.sums.bare_outline_mm, 20.0 - 2.0 * WIDTH, 0.2);
    near(report.figures.bare_outline.unwrap(), (20.0 - 2.0 * WIDTH) / 80.0, 0.003);
    let worst = report.spots.iter().find(|s| s.blemish == Blemish::BareOutline).unwrap();
    assert!(worst.at_mm[0] == 102.5 && worst.amount <= 5.0 + 1e-9);
}

#[test]
fn a_road_laid_twice_is_overfill() {
    let mut file = File::default();
    file.layer().walls(100.0, 20.0).road(&[[105.0, 100.0 + INNER], [115.0, 100.0 + INNER]]);
    let report = file.measure(&rectangle([100.0; 2], [120.0; 2]), 0);
    // A square of one road's width holds more than 1.2 where a fifth of it lies in the doubled road…
    let from = INNER - SPACING / 2.0 + 0.2 * WIDTH - WIDTH / 2.0;
    // …and at the inner edge, where there is nothing further in, where six tenths do.
    let to = INNER + SPACING / 2.0 + WIDTH / 2.0 - 0.6 * WIDTH;
    near(report.sums.overfilled_mm2, 10.0 * (to - from), 0.6);
    let single = File::default().layer().walls(100.0, 20.0).measure(&rectangle([100.0; 2], [120.0; 2]), 0);
    assert_eq!(single.sums.overfilled_mm2, 0.0);
}

/// A layer that is filled by level roads, one of them with a gap of some length between its middles.
fn filled(file: &mut File, at: f64, roads: usize, gap: f64) -> f64 {
    let side = 2.0 * (OUTER + 2.0 * SPACING) + (roads - 1) as f64 * SPACING;
    file.layer().walls(at, side).role("Solid infill");
    // Up to where the walls' material ends.
    let (from, to) = (at + INNER + SPACING / 2.0, at + side - INNER - SPACING / 2.0);
    for k in 0..roads {
        let y = at + OUTER + 2.0 * SPACING + k as f64 * SPACING;
        if k == roads / 2 && gap > 0.0 {
            let middle = 0.5 * (from + to);
            file.road(&[[from, y], [middle - gap / 2.0, y]]).road(&[[middle + gap / 2.0, y], [to, y]]);
        } else {
            file.road(&[[from, y], [to, y]]);
        }
    }
    side
}

#[test]
fn a_gap_between_roads_is_what_nothing_covers() {
    let measured = |gap: f64| {
        let mut file = File::default();
        let side = filled(&mut file, 100.0, 30, gap);
        file.measure(&rectangle([100.0; 2], [100.0 + side; 2]), 4)
    };
    let (whole, broken) = (measured(0.0), measured(6.0));
    // Between the round ends of a gap the neighbours' bodies reach in.
    let half = SPACING - WIDTH / 2.0;
    let radius = WIDTH / 2.0;
    let cap = half * (radius * radius - half * half).sqrt() + radius * radius * (half / radius).asin();
    near(broken.sums.bare_shell_mm2 - whole.sums.bare_shell_mm2, 6.0 * 2.0 * half - 2.0 * cap, 0.01);
    near(whole.figures.shell_cover.unwrap(), 1.0, 0.003);
    assert!(whole.sums.underfilled_mm2 < 0.01 * whole.sums.solid_mm2, "{:?}", whole.sums);
    // A missing road is nothing in a strip of one spacing: a square of a road's width holds under 0.8 as long as a
    // fifth of it lies there.
    near(broken.sums.underfilled_mm2 - whole.sums.underfilled_mm2, 6.0 * (SPACING + WIDTH - 0.4 * WIDTH), 0.6);
    let spot = broken.spots.iter().find(|s| s.blemish == Blemish::BareShell).unwrap();
    let middle = 100.0 + OUTER + 2.0 * SPACING + 15.0 * SPACING;
    assert!((spot.at_mm[1] - middle).abs() < SPOT_MM, "{spot:?}");
}

#[test]
fn solid_where_sparse_is_enough_is_needless() {
    let mut file = File::default();
    for layer in 0..9 {
        file.layer().walls(100.0, 30.0).role("Internal infill");
        for k in 0..5 {
            // Sparse infill, crossing itself, is none.
            let v = 103.0 + 6.0 * f64::from(k);
            file.road(&[[101.0, v], [129.0, v]]).road(&[[v, 101.0], [v, 129.0]]);
        }
        if layer == 4 {
            file.role("Solid infill");
            for k in 0..=20 {
                let y = 110.0 + WIDTH / 2.0 + SPACING * f64::from(k);
                file.road(&[[110.0, y], [118.0, y]]);
            }
        }
    }
    let report = file.measure(&rectangle([100.0; 2], [130.0; 2]), 4);
    near(report.sums.sparse_mm2, (30.0 - 2.0 * (DEPTH + WIDTH)).powi(2), 0.1);
    near(report.sums.needless_solid_mm2, (8.0 + WIDTH) * (20.0 * SPACING + WIDTH), 2.5);
    assert!(report.spots.iter().all(|s| s.blemish != Blemish::NeedlessSolid || s.layer == 4));
}

#[test]
fn a_thin_part_without_its_road_is_bare() {
    let bar = rectangle([100.0, 100.0], [120.0, 100.45]);
    let mut file = File::default();
    file.layer().role("External perimeter").road(&[[100.225, 100.225], [110.0, 100.225]]);
    let report = file.measure(&bar, 0);
    near(report.sums.thin_mm2, 20.0 * 0.45, 0.05);
    let cap = std::f64::consts::FRAC_PI_2 * OUTER * OUTER;
    near(report.sums.bare_thin_mm2, 10.0 * 0.45 - cap + 2.0 * corner(OUTER), 0.05);
    assert_eq!(report.sums.sparse_mm2, 0.0);
}

#[test]
fn travel_outside_is_loose_unless_retracted() {
    let both = rectangle([100.0; 2], [110.0; 2]).union(&rectangle([130.0, 100.0], [140.0, 110.0]));
    let measured = |drawn: bool| {
        let mut file = File::default();
        file.layer().walls(100.0, 10.0);
        if drawn {
            file.stroke(-0.8);
        }
        file.travel([130.0 + OUTER, 100.0 + INNER]);
        if drawn {
            file.stroke(0.8);
        }
        let second: Vec<[f64; 2]> = square(100.0 + OUTER, 110.0 - OUTER).map(|[x, y]| [x + 30.0, y]).to_vec();
        file.role("External perimeter").road(&second);
        file.measure(&both, 0).sums
    };
    let (loose, drawn) = (measured(false), measured(true));
    near(loose.loose_travel_mm, 20.0, 1e-3);
    assert_eq!((drawn.loose_travel_mm, drawn.retractions, loose.retractions), (0.0, 1, 0));
    // From the first road on: between the walls, across, and down to the second square's corner.
    let between = SPACING * std::f64::consts::SQRT_2;
    near(loose.travel_mm, between + 30.0 + OUTER - INNER + SPACING, 1e-3);
}

#[test]
fn seams_follow_each_other_within_a_millimetre() {
    let ring = |start: f64| -> Vec<[f64; 2]> {
        let (low, high) = (100.0 + OUTER, 120.0 - OUTER);
        let start = low + start;
        vec![[start, low], [high, low], [high, high], [low, high], [low, low], [start, low]]
    };
    let mut file = File::default();
    for start in [5.0, 5.5, 8.0, 8.9, 8.9] {
        file.layer().role("External perimeter").road(&ring(start));
    }
    let sums = file.measure(&rectangle([100.0; 2], [120.0; 2]), 0).sums;
    assert_eq!((sums.seams, sums.seams_followed), (4, 3));
    // A new part has no seam to follow.
    let new = rectangle([150.0; 2], [170.0; 2]);
    let outlines = [vec![new], vec![rectangle([100.0; 2], [120.0; 2]); 4]].concat();
    assert_eq!(file.measure_against(&outlines, 0).sums.seams, 3);
}

#[test]
fn a_bridge_is_held_and_a_cantilever_is_not() {
    let outline = rectangle([100.0; 2], [130.0, 110.0]);
    let measured = |roads: &[&[[f64; 2]]]| {
        let mut file = File::default();
        // Two piers, 10 mm wide and 10 mm apart.
        file.layer().role("Solid infill");
        for k in 0..20 {
            let y = 100.3 + SPACING * f64::from(k);
            file.road(&[[100.0, y], [110.0, y]]).road(&[[120.0, y], [130.0, y]]);
        }
        file.layer().role("Bridge infill");
        for road in roads {
            file.road(road);
        }
        file.measure(&outline, 0).sums.unsupported_mm
    };
    assert_eq!(measured(&[&[[105.0, 105.0], [125.0, 105.0]]]), 0.0);
    near(measured(&[&[[105.0, 105.0], [117.0, 105.0]]]), 7.0 - OUTER, 0.15);
    // Round a corner in the air: nothing holds the corner.
    near(measured(&[&[[105.0, 101.0], [115.0, 101.0], [115.0, 104.0], [125.0, 104.0]]]), 13.0 - WIDTH, 0.3);
    assert_eq!(measured(&[&[[101.0, 102.0], [109.0, 102.0], [109.0, 107.0]]]), 0.0);
}

#[test]
fn short_segments_are_counted() {
    let mut file = File::default();
    file.layer().role("External perimeter");
    file.road(&[[100.0, 100.0], [100.03, 100.0], [100.1, 100.0], [110.0, 100.0], [110.0, 100.09]]);
    let sums = file.measure(&rectangle([90.0; 2], [120.0; 2]), 0).sums;
    assert_eq!((sums.segments, sums.segments_below_50_um, sums.segments_below_100_um), (4, 1, 3));
}

#[test]
fn time_is_told_by_what_it_is_spent_on() {
    let mut file = File::default();
    file.layer().role("External perimeter").road(&[[100.0, 100.0], [110.0, 100.0], [110.05, 100.0]]);
    file.stroke(-2.0).travel([150.0, 100.0]).stroke(2.0);
    file.role("Internal infill").road(&[[150.0, 100.0], [150.0, 120.0]]).road(&[[151.0, 120.0], [151.0, 100.0]]);
    let report = file.measure(&rectangle([90.0; 2], [160.0, 130.0]), 0);
    let roles: Vec<_> =
        report.shares.roles.iter().map(|r| (r.role, r.roads, r.segments, r.segments_below_100_um)).collect();
    assert_eq!(roles, [(Role::ExternalPerimeter, 1, 2, 1), (Role::InternalInfill, 2, 2, 0)]);
    near(report.shares.roles[1].length_mm, 40.0, 1e-3);
    // 20 mm at 30 mm/s, and speeding up and slowing down between that and 8 mm/s at 1000 mm/s².
    let ramp = |from: f64| (30.0 - from) / 1000.0 - (30.0f64.powi(2) - from * from) / 2000.0 / 30.0;
    near(report.shares.roles[1].time_s, 2.0 * (20.0 / 30.0 + 2.0 * ramp(8.0)), 0.01);
    let sum: f64 = report.shares.roles.iter().map(|r| r.time_s).sum();
    near(sum + report.shares.travel_s + report.shares.retraction_s, report.figures.time_s, 1e-6);
    // Two millimetres at 40 mm/s, twice.
    assert!((0.1..0.2).contains(&report.shares.retraction_s) && report.shares.travel_s > 0.2);
}

#[test]
fn the_models_place_is_found_and_another_model_is_not() {
    let mut file = File::default();
    for _ in 0..5 {
        file.layer().walls(100.0, 20.0);
    }
    let toolpath = read(file.text.as_bytes(), &ReadOptions::default(), &Progress::new()).unwrap().toolpath;
    let outlines = vec![rectangle([-7.03, 12.017], [12.97, 32.017]); 5];
    let [x, y] = shift_mm(&toolpath, &outlines).unwrap();
    near(x, 107.03, 1e-4);
    near(y, 87.983, 1e-4);
    let placed = shifted(outlines, [x, y]);
    let report = file.measure_against(&placed, 0);
    near(report.figures.outer_wall_mean_mm.unwrap(), 0.0, 1e-4);
    let other = vec![rectangle([60.0; 2], [160.0; 2]); 5];
    assert_eq!(file.measure_against(&other, 0).notices.len(), 1);
    assert_eq!(shift_mm(&toolpath, &[]), None);
}

#[test]
fn a_file_that_names_no_feature_is_measured_too_and_threads_change_nothing() {
    let mut file = File::default();
    for _ in 0..20 {
        file.layer().walls(100.0, 20.0);
    }
    let named = file.measure(&rectangle([100.0; 2], [120.0; 2]), 3);
    let text: String = file.text.lines().filter(|l| !l.starts_with(";TYPE")).map(|l| format!("{l}\n")).collect();
    let unnamed = File { text, layers: 20 }.measure(&rectangle([100.0; 2], [120.0; 2]), 3);
    assert_eq!(named.sums, unnamed.sums);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| file.measure(&rectangle([100.0; 2], [120.0; 2]), 3)), named);
}

#[test]
fn an_empty_file_gives_a_report() {
    let report = File::default().measure_against(&[], 4);
    assert_eq!((report.layers.len(), report.figures.wall_cover), (0, None));
}
