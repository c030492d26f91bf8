//! Walls of changing width against what they are for: thin and tapering parts are whole, and true to size.

use std::f64::consts::TAU;

use super::tests::{
    circle, coverage, layers, planned, random_areas, rectangle, region, settings, variable_band, wall_band,
};
use super::*;
use crate::geometry::{EdgeGrid, Point, Skeleton};

fn automatic() -> PerimeterSettings {
    PerimeterSettings { generator: WallGenerator::Automatic, ..settings() }
}

fn star(points: usize, outer: f64, inner: f64) -> Region {
    let at = |i: usize| {
        let (sin, cos) = (i as f64 / points as f64 * 0.5 * TAU).sin_cos();
        let r = if i.is_multiple_of(2) { outer } else { inner };
        (r * cos, r * sin)
    };
    region(&[&(0..2 * points).map(at).collect::<Vec<_>>()])
}

/// A stroke around a path of points, as letters are made of.
fn stroke(points: &[(f64, f64)], width: f64) -> Region {
    let pieces: Vec<Region> = points
        .windows(2)
        .map(|p| {
            let ((ax, ay), (bx, by)) = (p[0], p[1]);
            let length = (bx - ax).hypot(by - ay);
            let (nx, ny) = (-(by - ay) / length * 0.5 * width, (bx - ax) / length * 0.5 * width);
            region(&[&[(ax - nx, ay - ny), (bx - nx, by - ny), (bx + nx, by + ny), (ax + nx, ay + ny)]])
        })
        .collect();
    Region::union_all(&pieces)
}

/// Shapes that walls of full width do not cover, by name.
fn thin_shapes() -> Vec<(String, Region)> {
    let mut shapes = vec![
        ("taper from 3 mm to 0.2 mm".to_owned(), region(&[&[(0.0, -1.5), (40.0, -0.1), (40.0, 0.1), (0.0, 1.5)]])),
        ("wedge of 10°".to_owned(), region(&[&[(0.0, -2.5), (30.0, 0.0), (0.0, 2.5)]])),
        ("wedge of 30°".to_owned(), region(&[&[(0.0, -8.0), (30.0, 0.0), (0.0, 8.0)]])),
        ("star of 5".to_owned(), star(5, 15.0, 6.0)),
        ("eccentric ring".to_owned(), {
            let hole = circle(10.4).rings.into_iter().flat_map(|r| r.0).map(Point::to_mm).map(|[x, y]| (x + 1.4, y));
            circle(12.0).difference(&region(&[&hole.collect::<Vec<_>>()]))
        }),
    ];
    for width in [0.3, 0.5, 0.62, 0.7, 0.9, 1.1, 1.3, 1.5] {
        shapes.push((format!("V of {width} mm strokes"), stroke(&[(0.0, 10.0), (5.0, 0.0), (10.0, 10.0)], width)));
        let arc = |r: f64| (0..=60).map(move |i| (i as f64 / 80.0 * TAU).sin_cos()).map(move |(s, c)| (r * c, r * s));
        let inner: Vec<(f64, f64)> = arc(5.0 - 0.5 * width).collect();
        let c: Vec<(f64, f64)> = arc(5.0 + 0.5 * width).chain(inner.into_iter().rev()).collect();
        shapes.push((format!("C of {width} mm strokes"), region(&[&c])));
        let plate = rectangle(0.0, 0.0, 12.0, 5.0);
        shapes.push((format!("plate with a rib of {width} mm"), plate.union(&rectangle(5.0, 4.0, width, 8.0))));
    }
    shapes
}

/// All roads of some islands as roads of changing width.
fn roads_of(islands: &[PerimeterIsland]) -> Vec<VariableRoad> {
    let mut out = Vec::new();
    for island in islands {
        for wall in &island.walls {
            let mut points = wall.path.0.clone();
            points.extend(wall.path.0.first());
            let mut widths_mm =
                if wall.widths_mm.is_empty() { vec![wall.width_mm; wall.path.0.len()] } else { wall.widths_mm.clone() };
            widths_mm.extend(widths_mm.first().copied());
            out.push(VariableRoad { role: wall.role, points, widths_mm });
        }
        out.extend(island.variable.iter().cloned());
    }
    out
}

#[test]
fn thin_parts_are_printed_whole() {
    for (name, area) in thin_shapes() {
        let islands = planned(&area, &automatic());
        let (covered, outside) = coverage(&area, &islands);
        assert!(covered > 0.985, "{name}: {covered} covered");
        assert!(outside < 0.012 * area.area_mm2(), "{name}: {outside} mm² of {} outside", area.area_mm2());
        // The parts thinner than two roads, their outermost corners apart, which no round road reaches.
        let thin = area.difference(&area.opened(0.45).offset(0.01, Join::Miter(2.0))).opened(0.05);
        let pieces: Vec<Region> = islands.iter().flat_map(|i| i.walls.iter().map(wall_band)).collect();
        let mut all = pieces;
        all.extend(islands.iter().flat_map(|i| i.variable.iter().map(|road| variable_band(road, 0.0))));
        all.extend(islands.iter().map(|i| i.inner.clone()));
        let bare = thin.difference(&Region::union_all(&all)).area_mm2();
        assert!(bare <= 0.02 * thin.area_mm2() + 0.05, "{name}: {bare} mm² of {} mm² bare", thin.area_mm2());
    }
}

#[test]
fn no_road_is_narrower_or_wider_than_it_may_be() {
    for (name, area) in thin_shapes() {
        for road in roads_of(&planned(&area, &automatic())) {
            assert_eq!(road.points.len(), road.widths_mm.len());
            assert!(road.points.windows(2).all(|w| w[0] != w[1]), "{name}");
            for width in &road.widths_mm {
                assert!((0.2..=0.96).contains(width), "{name}: a road of {width} mm");
            }
        }
    }
}

#[test]
fn the_volume_of_roads_is_the_volume_of_the_part() {
    for (name, area) in thin_shapes() {
        let islands = planned(&area, &automatic());
        let rounding = rounding_mm(0.2);
        let mut laid: f64 = islands.iter().map(|i| i.inner.area_mm2()).sum();
        for road in roads_of(&islands) {
            for (p, w) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
                laid += p[0].distance_mm(p[1]) * (0.5 * (w[0] + w[1]) - rounding);
            }
            if road.points.first() != road.points.last() {
                let ends = [road.widths_mm[0], road.widths_mm[road.widths_mm.len() - 1]];
                laid += ends.iter().map(|w| TAU / 16.0 * w * w).sum::<f64>();
            }
        }
        let outline: f64 = area.rings.iter().map(|r| r.length_mm()).sum();
        let expected = area.area_mm2() - 0.5 * rounding * outline;
        assert!((laid - expected).abs() < 0.05 * expected, "{name}: {laid} mm² laid, {expected} expected");
    }
}

#[test]
fn outer_walls_lie_half_their_width_inside_the_outline() {
    let (mut length, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (_, area) in thin_shapes() {
        let grid = EdgeGrid::new(&area);
        for road in roads_of(&planned(&area, &automatic())).iter().filter(|r| r.role == Role::ExternalPerimeter) {
            for (p, w) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
                let middle = Point::new((p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2);
                let Some(near) = grid.nearest(middle, 2.0) else { continue };
                let error = 0.25 * (w[0] + w[1]) - near.distance_mm;
                // Roads between sides of one thickness; where one begins beside another it is on its way.
                if error.abs() < 0.08 {
                    let step = p[0].distance_mm(p[1]);
                    length += step;
                    sum += step * error;
                    squares += step * error * error;
                }
            }
        }
    }
    let mean: f64 = sum / length;
    let deviation = (squares / length - mean * mean).sqrt();
    assert!(mean.abs() < 0.002, "{mean} mm");
    assert!(deviation < 0.007, "{deviation} mm");
}

#[test]
fn the_width_changes_gently_along_a_road() {
    let area = region(&[&[(0.0, -1.5), (40.0, -0.1), (40.0, 0.1), (0.0, 1.5)]]);
    for road in roads_of(&planned(&area, &automatic())) {
        for (p, w) in road.points.windows(2).zip(road.widths_mm.windows(2)) {
            let slope = (w[1] - w[0]).abs() / p[0].distance_mm(p[1]);
            assert!(slope < 1.5, "from {} to {} mm over {} mm", w[0], w[1], p[0].distance_mm(p[1]));
        }
    }
    // One road per place: a slice across the taper meets as many roads as it has room for.
    let islands = planned(&area, &automatic());
    let across = |x: f64| {
        roads_of(&islands)
            .iter()
            .flat_map(|r| r.points.windows(2).map(|w| (w[0].to_mm()[0], w[1].to_mm()[0])).collect::<Vec<_>>())
            .filter(|(a, b)| (*a <= x) != (*b <= x))
            .count()
    };
    let thickness = |x: f64| 3.0 - 2.8 * x / 40.0;
    for (t, roads) in [(0.25, 1), (0.5, 1), (0.75, 2), (0.95, 2), (1.2, 3), (1.6, 4)] {
        let x = (3.0 - t) * 40.0 / 2.8;
        assert_eq!(across(x), roads, "where it is {:.2} mm thick", thickness(x));
    }
}

#[test]
fn islands_that_full_width_covers_keep_it() {
    let frame = rectangle(0.0, 0.0, 20.0, 20.0).difference(&rectangle(4.0, 4.0, 12.0, 12.0));
    for area in [rectangle(0.0, 0.0, 20.0, 20.0), circle(7.0), frame] {
        assert_eq!(planned(&area, &automatic()), planned(&area, &settings()));
    }
    // And where it is wanted everywhere, the same walls come the other way.
    let area = rectangle(0.0, 0.0, 20.0, 20.0);
    let forced = planned(&area, &PerimeterSettings { generator: WallGenerator::Variable, ..settings() });
    let classic = planned(&area, &settings());
    assert_eq!(forced[0].walls.len(), classic[0].walls.len());
    for wall in &forced[0].walls {
        let same = classic[0].walls.iter().find(|w| w.depth == wall.depth).unwrap();
        assert!((wall.path.length_mm() - same.path.length_mm()).abs() < 0.01);
        assert!((wall.path.area_mm2() - same.path.area_mm2()).abs() < 0.05);
        assert!(wall.widths_mm.is_empty() && (wall.width_mm - same.width_mm).abs() < 1e-6);
    }
}

#[test]
fn an_outline_without_a_skeleton_gets_walls_of_full_width() {
    // It touches itself in a point.
    let island = Island {
        outer: tests::ring(&[(0.0, 0.0), (5.0, 0.0), (5.0, 0.4), (10.0, 0.0), (10.0, 4.0), (5.0, 0.4), (0.0, 4.0)]),
        holes: Vec::new(),
    };
    assert_eq!(Skeleton::new(&island, 0.4, 1.0), None);
    let area = Region { rings: vec![island.outer] };
    let (walls, classic) = (planned(&area, &automatic()), planned(&area, &settings()));
    assert_eq!(walls, classic);
    assert!(walls.iter().any(|i| !i.walls.is_empty()));
}

#[test]
fn shapes_at_random_are_covered_by_roads_of_any_width() {
    let (mut all, mut bare, mut beside) = (0.0, 0.0, 0.0);
    for (case, area) in random_areas(23).take(60).enumerate() {
        let islands = planned(&area, &automatic());
        let (covered, outside) = coverage(&area, &islands);
        assert!(covered > 0.975, "case {case}: {covered} covered");
        assert!(outside < 0.015 * area.area_mm2(), "case {case}: {outside} mm² outside");
        all += area.area_mm2();
        bare += (1.0 - covered) * area.area_mm2();
        beside += outside;
    }
    assert!(bare < 0.004 * all && beside < 0.004 * all, "{bare} mm² bare and {beside} mm² beside of {all} mm²");
}

#[test]
fn wanting_no_thin_walls_or_no_gap_fill_is_heard() {
    let thin = rectangle(0.0, 0.0, 12.0, 0.4);
    let without = planned(&thin, &PerimeterSettings { thin_walls: false, ..automatic() });
    assert!(without[0].walls.is_empty() && without[0].variable.is_empty());
    // Two pairs of walls and 0.3 mm between them.
    let gap = rectangle(0.0, 0.0, 20.0, 0.857 + 2.0 * 0.457 + 0.3);
    let roles = |gap_fill: bool| -> Vec<Role> {
        planned(&gap, &PerimeterSettings { gap_fill, ..automatic() })[0].variable.iter().map(|r| r.role).collect()
    };
    assert_eq!(roles(true), [Role::GapFill]);
    assert_eq!(roles(false), []);
}

#[test]
fn an_outer_road_that_comes_back_to_where_it_began_is_a_closed_wall() {
    let roads = Roads::new(1, &layers(&circle(5.0), 2)[1], &automatic());
    // Around a square of 10 mm, but for the last bit.
    let around = |open_mm: f64, depth: usize| {
        let spot = |x: f64, y: f64| paths::Spot { at: [x, y], width_mm: 0.45 };
        let mut laid = paths::Laid::new(spot(0.0, 0.0), None, depth);
        for (x, y) in [(10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, open_mm)] {
            laid.push(spot(x, y));
        }
        let (walls, open) = paths::finish(vec![laid], 1, &roads);
        (walls.len(), open.len())
    };
    assert_eq!(around(0.4, 0), (1, 0));
    // A wider opening is none by chance, and only outer walls have seams.
    assert_eq!(around(0.8, 0), (0, 1));
    assert_eq!(around(0.4, 1), (0, 1));
}

#[test]
fn outer_roads_that_meet_end_to_end_are_one() {
    let roads = Roads::new(1, &layers(&circle(5.0), 2)[1], &automatic());
    let laid = |points: &[(f64, f64)], depth: usize| {
        let spot = |&(x, y): &(f64, f64)| paths::Spot { at: [x, y], width_mm: 0.45 };
        let mut laid = paths::Laid::new(spot(&points[0]), None, depth);
        points[1..].iter().for_each(|point| laid.push(spot(point)));
        laid
    };
    let (right, left) = ([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], [(10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]);
    let walls = |laid: Vec<paths::Laid>| {
        let count = laid.len();
        let (walls, open) = paths::finish(laid, count, &roads);
        (walls.iter().map(|wall| wall.path.length_mm()).sum::<f64>().round(), open.len())
    };
    // Two halves of a square of 10 mm, and two of three quarters.
    assert_eq!(walls(vec![laid(&right, 0), laid(&left, 0)]), (40.0, 0));
    assert_eq!(walls(vec![laid(&right, 0), laid(&left[..2], 0)]), (0.0, 1));
    // Walls of other depths do not go on from each other, nor is it clear how three do.
    assert_eq!(walls(vec![laid(&right, 0), laid(&left, 1)]), (0.0, 2));
    assert_eq!(walls(vec![laid(&right, 0), laid(&left[..2], 0), laid(&[(10.0, 10.0), (15.0, 15.0)], 0)]), (0.0, 3));
}

#[test]
fn a_film_between_two_parts_leaves_the_walls_of_both_closed() {
    let two = rectangle(0.0, 0.0, 10.0, 10.0).union(&rectangle(10.08, 0.0, 10.0, 10.0));
    // Where outlines nearly touch, closing narrow gaps joins them.
    let films: Vec<Region> = (0..6).map(|i| rectangle(9.0, 0.5 + 1.6 * f64::from(i), 2.0, 0.5)).collect();
    let area = two.union(&Region::union_all(&films));
    assert_eq!(area.islands().len(), 1);
    let joined = planned(&area, &automatic());
    let lengths = |islands: &[PerimeterIsland]| -> Vec<f64> {
        let outer = islands.iter().flat_map(|i| &i.walls).filter(|w| w.depth == 0);
        outer.map(|w| w.path.length_mm().round()).collect()
    };
    assert!(joined[0].variable.is_empty());
    assert_eq!(lengths(&joined), lengths(&planned(&two, &automatic())));
}

#[test]
fn walls_of_full_width_stay_where_nothing_is_thin() {
    // The slanted sides of the plate have points all along them.
    let sides = |i: usize| if i < 120 { (0.5 * i as f64, 0.01 * (i % 2) as f64) } else { (180.0 - i as f64, 40.0) };
    let plate = region(&[&(0..180).map(sides).collect::<Vec<_>>()]);
    for width in [0.62, 0.9, 1.3] {
        let area = plate.union(&rectangle(20.0, 39.0, width, 9.0));
        let [classic, near, whole] = [WallGenerator::Classic, WallGenerator::Automatic, WallGenerator::Variable]
            .map(|generator| planned(&area, &PerimeterSettings { generator, ..settings() }));
        let far = |p: &Point| p.to_mm()[1] < 25.0;
        let points = |islands: &[PerimeterIsland], role: Role| -> Vec<Point> {
            let walls = islands.iter().flat_map(|i| &i.walls).filter(|w| w.role == role).flat_map(|w| &w.path.0);
            let open = islands.iter().flat_map(|i| &i.variable).filter(|r| r.role == role).flat_map(|r| &r.points);
            walls.chain(open).copied().filter(far).collect()
        };
        for role in [Role::ExternalPerimeter, Role::Perimeter] {
            let (mut as_is, mut found) = (points(&classic, role), points(&near, role));
            as_is.sort_unstable();
            found.sort_unstable();
            assert!(as_is.len() > 100, "{}", as_is.len());
            assert_eq!(as_is, found, "{role:?} beside a rib of {width} mm");
        }
        // And the rib is filled as well as by planning all of it.
        let [as_is, near_thin, of_whole] = [&classic, &near, &whole].map(|islands| coverage(&area, islands));
        assert!(near_thin.0 > of_whole.0 - 1e-4, "{} instead of {}", near_thin.0, of_whole.0);
        assert!(near_thin.1 < as_is.1.max(of_whole.1) + 0.02, "{} {} {} mm² outside", as_is.1, near_thin.1, of_whole.1);
        let walls = |islands: &[PerimeterIsland]| islands.iter().map(|i| i.walls.len()).sum::<usize>();
        assert_eq!(walls(&near), walls(&whole), "closed walls beside a rib of {width} mm");
    }
}
