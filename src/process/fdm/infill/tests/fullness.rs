//! Solid infill fills what it is given, no more and no less, down to the scale of a single road.

use super::*;

/// Side of the squares on which material is counted, mm.
const PIXEL_MM: f64 = 0.05;
/// Half the side, in such squares, of the window over which it is averaged: 0.45 mm, a road's width.
const REACH: i64 = 4;

/// Shares of an area around which a window of a road's width is filled above 1.2, and below 0.8. Walls that fill the
/// layer exactly are all around the area.
fn misfilled(area: &Region, fills: &[Fill]) -> [f64; 2] {
    let bounds = area.bounds().unwrap();
    let origin = bounds.min.to_mm().map(|v| v - 1.0);
    let [columns, rows] = [0, 1].map(|axis| ((bounds.max.to_mm()[axis] - origin[axis] + 1.0) / PIXEL_MM) as i64);
    let index = |x: f64, y: f64| {
        let [column, row] = [(x - origin[0]) / PIXEL_MM, (y - origin[1]) / PIXEL_MM].map(|v| v.floor() as i64);
        assert!((0..columns).contains(&column) && (0..rows).contains(&row), "material is far outside");
        (row * columns + column) as usize
    };
    let grid = EdgeGrid::new(area);
    let inside: Vec<bool> = (0..columns * rows)
        .map(|i| {
            let place = |v: i64, axis: usize| origin[axis] + (v as f64 + 0.5) * PIXEL_MM;
            grid.contains(Point::from_mm(place(i % columns, 0), place(i / columns, 1)))
        })
        .collect();
    let mut laid: Vec<f64> = inside.iter().map(|inside| if *inside { 0.0 } else { 1.0 }).collect();
    for fill in fills {
        for (path, shares) in fill.paths.iter().zip(&fill.shares) {
            assert_eq!(path.0.len(), shares.len() + 1);
            for (ends, share) in path.0.windows(2).zip(shares) {
                let ([ax, ay], [bx, by]) = (ends[0].to_mm(), ends[1].to_mm());
                let length = (bx - ax).hypot(by - ay);
                let spread = fill.flow_mm3_per_mm * f64::from(*share) / 0.2;
                let (along, across) = ((length / 0.02).ceil(), (spread / 0.02).ceil());
                let amount = length * spread / (along * across * PIXEL_MM * PIXEL_MM);
                for i in 0..along as usize {
                    for j in 0..across as usize {
                        let t = (i as f64 + 0.5) / along;
                        let aside = ((j as f64 + 0.5) / across - 0.5) * spread / length;
                        let (x, y) = (ax + t * (bx - ax), ay + t * (by - ay));
                        laid[index(x - aside * (by - ay), y + aside * (bx - ax))] += amount;
                    }
                }
            }
        }
    }
    let (mut whole, mut over, mut under) = (0.0, 0.0, 0.0);
    for row in REACH..rows - REACH {
        for column in REACH..columns - REACH {
            if !inside[(row * columns + column) as usize] {
                continue;
            }
            let window = (row - REACH..=row + REACH)
                .flat_map(|y| (column - REACH..=column + REACH).map(move |x| (y * columns + x) as usize));
            let mean = window.map(|i| laid[i]).sum::<f64>() / ((2 * REACH + 1) * (2 * REACH + 1)) as f64;
            whole += 1.0;
            over += f64::from(u8::from(mean > 1.2));
            under += f64::from(u8::from(mean < 0.8));
        }
    }
    [over / whole, under / whole]
}

fn trapezoid() -> Region {
    let corners = [(0.0, 0.0), (20.0, 0.0), (20.0, 1.2), (0.0, 2.6)];
    Region { rings: vec![Ring(corners.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())] }
}

fn triangle() -> Region {
    let corners = [(0.0, 0.0), (15.0, 0.0), (4.0, 11.0)];
    Region { rings: vec![Ring(corners.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())] }
}

#[test]
fn what_is_solid_is_full_everywhere_and_nowhere_overfull() {
    let square = rectangle(0.0, 0.0, 12.3, 10.9);
    let ring = disc(0.0, 0.0, 8.0).difference(&disc(0.0, 0.0, 4.0));
    // Shares over 1.2 and under 0.8 that are tolerated.
    for (name, area, most) in [
        ("square", square, [0.003, 0.004]),
        ("ring", ring, [0.015, 0.015]),
        ("triangle", triangle(), [0.02, 0.02]),
        ("narrow trapezoid", trapezoid(), [0.02, 0.04]),
    ] {
        for pattern in [SolidPattern::Monotonic, SolidPattern::Rectilinear] {
            for degrees in [0.0_f64, 45.0, 70.0] {
                let settings = InfillSettings {
                    top_fill_pattern: pattern,
                    infill_overlap: 0.0,
                    fill_angle_rad: degrees.to_radians(),
                    ..settings()
                };
                let layers = fill_layers(3, &[surface(SurfaceKind::Top, area.clone())], &settings);
                let [over, under] = misfilled(&area, &layers[2].islands[0]);
                let is_good = over <= most[0] && under <= most[1];
                assert!(is_good, "{name}, {pattern:?} at {degrees}°: {over:.4} overfull, {under:.4} not full");
            }
        }
    }
}

#[test]
fn bridges_over_sparse_infill_cross_its_lines() {
    let area = rectangle(0.0, 0.0, 30.0, 30.0);
    let template = AngleTemplate::parse("10, 55").unwrap();
    let longest = |fill: &Fill| {
        let segments = fill.paths.iter().flat_map(|p| p.0.windows(2));
        let longest = segments.max_by_key(|w| w[0].distance_squared(w[1])).unwrap();
        let ([ax, ay], [bx, by]) = (longest[0].to_mm(), longest[1].to_mm());
        (by - ay).atan2(bx - ax)
    };
    for fill_pattern in [FillPattern::Rectilinear, FillPattern::AlignedRectilinear, FillPattern::Line] {
        for (plies, fill_angle_template) in [
            (1, AngleTemplate::default()),
            (2, AngleTemplate::default()),
            (3, AngleTemplate::default()),
            (1, template.clone()),
        ] {
            for below in 3..8 {
                let sparse = Surface { plies, ..surface(SurfaceKind::Sparse, area.clone()) };
                let at = |i: usize| match i {
                    i if i == below => vec![sparse.clone()],
                    i if i == below + 1 => vec![surface(SurfaceKind::InternalBridge, area.clone())],
                    _ => Vec::new(),
                };
                let layers: Vec<_> = (0..10).map(|i| layer(i, at(i))).collect();
                let settings =
                    InfillSettings { fill_pattern, fill_angle_template: fill_angle_template.clone(), ..settings() };
                let filled = infill(&layers, &settings, &Progress::new()).unwrap();
                let [lines, strands] = [below, below + 1].map(|i| longest(&filled[i].islands[0][0]));
                let cosine = (lines - strands).cos().abs();
                assert!(cosine < 0.01, "{fill_pattern:?}, {plies} plies over layer {below}: cosine {cosine}");
            }
        }
    }
}

#[test]
fn the_first_layer_on_a_raft_has_the_usual_widths() {
    let area = rectangle(0.0, 0.0, 30.0, 30.0);
    let width = |lift_mm: f64| {
        let mut lowest = layer(0, vec![surface(SurfaceKind::InternalSolid, area.clone())]);
        lowest.span.bottom_mm += lift_mm;
        lowest.span.top_mm += lift_mm;
        infill(&[lowest], &settings(), &Progress::new()).unwrap()[0].islands[0][0].width_mm
    };
    assert!((width(0.0) - 0.5).abs() < 0.01 && (width(0.8) - 0.45).abs() < 0.01);
}
