//! What regions promise, checked against brute force.

use super::*;

/// A small generator of repeatable numbers (Steele and others 2014, SplitMix64), so that a failure can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [from, to).
    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (self.next() >> 11) as f64 / (1u64 << 53) as f64 * (to - from)
    }
}

fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Ring {
    Ring([(x, y), (x + w, y), (x + w, y + h), (x, y + h)].map(|(x, y)| Point::from_mm(x, y)).to_vec())
}

/// A ring of `n` points around `centre` with a wavy radius.
fn wavy(n: usize, cx: f64, cy: f64, radius: f64, wave: f64, waves: f64) -> Ring {
    let point = |i: usize| {
        let t = i as f64 / n as f64 * std::f64::consts::TAU;
        let r = radius + wave * (t * waves).sin();
        Point::from_mm(cx + r * t.cos(), cy + r * t.sin())
    };
    Ring((0..n).map(point).collect())
}

/// A plate with a hole, a tongue and an island in the hole: convex, concave and curved corners at once.
fn plate() -> Region {
    Region::from_rings(vec![
        rectangle(0.0, 0.0, 40.0, 30.0),
        rectangle(40.0, 10.0, 10.0, 1.5),
        wavy(200, 20.0, 15.0, 9.0, 1.0, 7.0).reversed(),
        wavy(60, 20.0, 15.0, 4.0, 0.0, 0.0),
    ])
}

fn distance_to_border(region: &Region, p: Point) -> f64 {
    EdgeGrid::new(region).nearest(p, 1_000.0).unwrap().distance_mm
}

fn brute_distance(region: &Region, p: Point) -> f64 {
    let [px, py] = p.to_mm();
    region
        .rings
        .iter()
        .flat_map(Ring::edges)
        .map(|(a, b)| {
            let ([ax, ay], [bx, by]) = (a.to_mm(), b.to_mm());
            let (dx, dy) = (bx - ax, by - ay);
            let t = (((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            (px - ax - dx * t).hypot(py - ay - dy * t)
        })
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn a_round_offset_holds_exactly_the_points_within_its_distance() {
    let plate = plate();
    for delta in [-2.0, -0.7, -0.225, 0.4, 1.0, 3.0] {
        let moved = plate.offset(delta, Join::Round);
        let mut random = Random(7);
        for _ in 0..4_000 {
            let p = Point::from_mm(random.between(-4.0, 54.0), random.between(-4.0, 34.0));
            let depth = if plate.contains(p) { brute_distance(&plate, p) } else { -brute_distance(&plate, p) };
            // Shrinking mitres inwards corners of holes; rounding and chords blur the border by a few micrometres.
            if (depth + delta).abs() > 0.01 {
                assert_eq!(moved.contains(p), depth + delta > 0.0, "delta {delta} at {:?}, depth {depth}", p.to_mm());
            }
        }
    }
}

#[test]
fn a_mitred_offset_of_a_rectangle_is_a_rectangle() {
    let square = Region::from_rings(vec![rectangle(0.0, 0.0, 10.0, 10.0)]);
    for (delta, area) in [(1.0, 144.0), (-1.0, 64.0), (-4.999, 0.002 * 0.002), (-5.001, 0.0)] {
        let moved = square.offset(delta, Join::Miter(2.0));
        assert!((moved.area_mm2() - area).abs() < 1e-6, "{delta}: {}", moved.area_mm2());
        assert_eq!(moved.is_empty(), area == 0.0);
    }
    // A hole grows when the region shrinks.
    let frame = square.difference(&Region::from_rings(vec![rectangle(4.0, 4.0, 2.0, 2.0)]));
    assert!((frame.offset(-1.0, Join::Miter(2.0)).area_mm2() - (64.0 - 16.0)).abs() < 1e-6);
}

#[test]
fn a_square_join_cuts_a_sharp_tip_at_the_offset_distance() {
    let needle = Region::from_rings(vec![Ring(
        [(0.0, 0.0), (20.0, -0.5), (20.0, 0.5)].map(|(x, y)| Point::from_mm(x, y)).to_vec(),
    )]);
    for join in [Join::Square, Join::Miter(2.0)] {
        let grown = needle.offset(1.0, join);
        let left = mm(grown.bounds().unwrap().min.x);
        assert!((left + 1.0).abs() < 0.02, "{join:?}: the tip is cut at {left}");
    }
}

#[test]
fn opening_drops_what_is_thinner_and_keeps_the_rest() {
    let opened = plate().opened(1.0);
    assert!(!opened.contains(Point::from_mm(45.0, 10.75)), "the 1.5 mm tongue is thinner than 2 mm");
    assert!(opened.contains(Point::from_mm(1.0, 1.0)));
    let closed = plate().closed(6.0);
    assert!(closed.contains(Point::from_mm(20.0, 8.5)), "the 5 mm moat closes");
}

#[test]
fn booleans_obey_inclusion_and_exclusion() {
    let (a, b) = (plate(), Region::from_rings(vec![wavy(300, 30.0, 20.0, 15.0, 2.0, 5.0)]));
    let (union, both) = (a.union(&b).area_mm2(), a.intersection(&b).area_mm2());
    assert!((union + both - a.area_mm2() - b.area_mm2()).abs() < 1e-3);
    assert!((a.difference(&b).area_mm2() + both - a.area_mm2()).abs() < 1e-3);
    assert_eq!(Region::union_all([&a, &Region::default()]), a);
}

#[test]
fn a_region_of_many_rings_goes_through_the_other_kernel_with_the_same_result() {
    let mut rings = vec![rectangle(0.0, 0.0, 100.0, 100.0)];
    for i in 0..40 {
        for j in 0..40 {
            rings.push(rectangle(1.0 + f64::from(i) * 2.4, 1.0 + f64::from(j) * 2.4, 1.0, 1.0).reversed());
        }
    }
    let sieve = Region::from_rings(rings);
    assert_eq!(sieve.rings.len(), 1_601);
    assert!((sieve.area_mm2() - (10_000.0 - 1_600.0)).abs() < 1e-6);
    let shrunk = sieve.offset(-0.1, Join::Miter(2.0));
    assert!((shrunk.area_mm2() - (99.8 * 99.8 - 1_600.0 * 1.44)).abs() < 1e-3);
    let islands = sieve.islands();
    assert_eq!((islands.len(), islands[0].holes.len()), (1, 1_600));
}

#[test]
fn islands_nest_as_they_lie() {
    let islands = plate().islands();
    assert_eq!(islands.len(), 2);
    let holes: Vec<usize> = islands.iter().map(|i| i.holes.len()).collect();
    assert_eq!(holes.iter().sum::<usize>(), 1);
    let outer = islands.iter().max_by(|a, b| a.outer.area_mm2().total_cmp(&b.outer.area_mm2())).unwrap();
    assert_eq!(outer.holes.len(), 1);
}

#[test]
fn simplifying_stays_within_its_tolerance_and_does_not_depend_on_the_starting_point() {
    let circle = Region::from_rings(vec![wavy(3_000, 20.0, 15.0, 9.0, 1.0, 7.0)]);
    let simple = circle.simplified(0.01);
    assert!(simple.rings[0].0.len() < 400);
    for p in &circle.rings[0].0 {
        assert!(brute_distance(&simple, *p) < 0.0101);
    }
    let mut turned = circle.clone();
    turned.rings[0].0.rotate_left(1_234);
    let area = |r: &Region| r.rings[0].doubled_area();
    assert_eq!(area(&turned.simplified(0.01)), area(&simple));
}

#[test]
fn collinear_points_and_spikes_vanish() {
    let ring = Ring(
        [(0.0, 0.0), (5.0, 0.0), (10.0, 0.0), (14.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
            .map(|(x, y)| Point::from_mm(x, y))
            .to_vec(),
    );
    let simple = Region { rings: vec![ring] }.simplified(0.001);
    assert_eq!(simple.rings[0].0.len(), 4);
    assert!((simple.area_mm2() - 100.0).abs() < 1e-9);
}

#[test]
fn hatching_covers_the_area_at_any_angle_and_lies_inside() {
    let plate = plate();
    let grid = EdgeGrid::new(&plate);
    for angle in [0.0, 0.3, std::f64::consts::FRAC_PI_4, 1.9, 3.0] {
        let spacing = 0.05;
        let lines = plate.hatch(angle, spacing, 0.013);
        let length: f64 = lines.iter().flatten().map(|[a, b]| a.distance_mm(*b)).sum();
        assert!((length * spacing / plate.area_mm2() - 1.0).abs() < 1e-3, "angle {angle}");
        for [a, b] in lines.iter().flatten().step_by(17) {
            let middle = Point::new((a.x + b.x) / 2, (a.y + b.y) / 2);
            assert!(grid.contains(middle));
            let along = f64::from(b.x - a.x) * angle.cos() + f64::from(b.y - a.y) * angle.sin();
            assert!(along > 0.0, "pieces run along the direction");
        }
    }
    assert!(Region::default().hatch(0.0, 1.0, 0.0).is_empty());
    assert!(plate.hatch(0.0, 0.0, 0.0).is_empty(), "a spacing of nothing gives nothing");
}

#[test]
fn hatching_lines_stay_on_one_grid_whatever_the_region() {
    let (a, b) = (rectangle(0.0, 0.0, 10.0, 10.0), rectangle(3.3, 2.2, 10.0, 10.0));
    let heights = |ring: &Ring| -> Vec<i32> {
        Region { rings: vec![ring.clone()] }.hatch(0.0, 0.7, 0.1).iter().flatten().map(|l| l[0].y).collect()
    };
    let (ha, hb) = (heights(&a), heights(&b));
    assert!(hb.iter().filter(|y| **y < grid(10.0)).all(|y| ha.contains(y)));
}

#[test]
fn clipped_paths_keep_their_order_direction_and_length_inside() {
    let frame = Region::from_rings(vec![rectangle(0.0, 0.0, 10.0, 10.0), rectangle(4.0, 4.0, 2.0, 2.0).reversed()]);
    let path = |points: &[(f64, f64)]| Polyline(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect());
    let pieces = frame.clip(&[
        path(&[(-5.0, 5.0), (15.0, 5.0)]),
        path(&[(1.0, -1.0), (1.0, 1.0), (2.0, 1.0), (2.0, -1.0)]),
        path(&[(20.0, 20.0), (30.0, 30.0)]),
        path(&[(1.0, 1.0), (2.0, 2.0), (3.0, 1.0)]),
    ]);
    let lengths: Vec<f64> = pieces.iter().map(|p| (p.length_mm() * 1e3).round() / 1e3).collect();
    assert_eq!(lengths, [4.0, 4.0, 3.0, 2.828]);
    assert_eq!(pieces[0].0[0].to_mm(), [0.0, 5.0]);
    assert_eq!(pieces[1].0[0].to_mm(), [6.0, 5.0]);
    assert_eq!(pieces[2].0.len(), 4);
}

#[test]
fn the_edge_grid_agrees_with_brute_force() {
    let plate = plate();
    let index = EdgeGrid::new(&plate);
    let mut random = Random(42);
    for _ in 0..2_000 {
        let mut place = || Point::from_mm(random.between(-6.0, 56.0), random.between(-6.0, 36.0));
        let (p, q) = (place(), place());
        assert_eq!(index.contains(p), plate.contains(p), "{p:?}");
        let far = brute_distance(&plate, p);
        assert!((distance_to_border(&plate, p) - far).abs() < 1e-4);
        let outside = if plate.contains(p) { -far.min(2.0) } else { far.min(2.0) };
        assert!((index.outside_mm(p, 2.0) - outside).abs() < 1e-4, "{p:?}");
        let found = index.crossings(p, q);
        assert!(found.windows(2).all(|w| w[0].at <= w[1].at));
        assert_eq!(found.len() % 2 == 1, plate.contains(p) != plate.contains(q), "{p:?} {q:?}");
        assert_eq!(index.is_crossed(p, q), !found.is_empty());
    }
    assert!(index.nearest(Point::from_mm(-50.0, 0.0), 10.0).is_none());
}

#[test]
fn a_segment_along_the_border_does_not_cross_it() {
    let square = EdgeGrid::new(&Region { rings: vec![rectangle(0.0, 0.0, 10.0, 10.0)] });
    assert!(!square.is_crossed(Point::from_mm(0.0, 0.0), Point::from_mm(10.0, 0.0)));
    assert!(!square.is_crossed(Point::from_mm(0.0, 0.0), Point::from_mm(10.0, 10.0)));
    assert!(square.is_crossed(Point::from_mm(5.0, 5.0), Point::from_mm(15.0, 5.0)));
}

#[test]
fn an_inner_point_is_inside_and_off_the_border() {
    let corners = |points: &[(f64, f64)]| Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect());
    let square = |at: f64, side: f64| corners(&[(at, at), (at + side, at), (at + side, at + side), (at, at + side)]);
    let horseshoe = corners(&[(0., 0.), (9., 0.), (9., 9.), (6., 9.), (6., 2.), (2., 2.), (2., 9.), (0., 9.)]);
    for island in [
        Island { outer: square(0.0, 10.0), holes: vec![] },
        Island { outer: square(0.0, 10.0), holes: vec![square(1.0, 7.0).reversed()] },
        Island { outer: horseshoe, holes: vec![] },
    ] {
        let point = island.inner_point().unwrap();
        assert!(island.contains(point));
        assert_eq!(island.outer.locate(point), Some(true));
        assert!(island.holes.iter().all(|hole| hole.locate(point) == Some(false)));
    }
    let flat = Island { outer: corners(&[(0.0, 0.0), (5.0, 0.0), (9.0, 0.0)]), holes: vec![] };
    assert_eq!(flat.inner_point(), None);
}

#[test]
fn what_is_no_thicker_than_rounding_has_no_inside() {
    // A sliver that comes back on itself beyond where it began.
    let corners = [(118.65626, 94.70591), (119.36181, 94.76469), (119.36181, 94.7647), (116.88251, 94.55812)];
    let sliver = Region { rings: vec![Ring(corners.map(|(x, y)| Point::from_mm(x, y)).to_vec())] };
    for join in [Join::Miter(3.0), Join::Round, Join::Square] {
        assert!(sliver.offset(-0.225, join).is_empty(), "{join:?}: {:?}", sliver.offset(-0.225, join));
        assert!(sliver.shrunk_freely(0.225, join).is_empty(), "{join:?}: {:?}", sliver.shrunk_freely(0.225, join));
    }
    assert!(sliver.lossless_depth_mm(0.1, 2.0) < 0.01, "{}", sliver.lossless_depth_mm(0.1, 2.0));
}
