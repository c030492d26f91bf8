//! The build plate as an area: where anything may be printed.

use crate::geometry::{Bounds, Point, Region, Ring};
use crate::settings::Settings;

/// The plate's outline without its excluded areas, in the machine's coordinates. Outlines given clockwise are turned.
pub fn area(settings: &Settings) -> Region {
    let region = |outline: &[[f64; 2]]| {
        let ring = Ring(outline.iter().map(|&[x, y]| Point::from_mm(x, y)).collect());
        Region::from_rings_non_zero(vec![ring])
    };
    let excluded: Vec<Region> = settings.bed_exclude_areas.iter().map(|outline| region(outline)).collect();
    region(&settings.bed_shape).difference(&Region::union_all(&excluded))
}

/// How an object lies on the plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    Inside,
    /// Partly outside, or on an excluded area.
    Across,
    Outside,
}

/// Whether everything within `bounds` (and `hull`, a convex ring, where it is known) is on the plate.
pub fn placement(plate: &Region, bounds: &Bounds, hull: Option<&Ring>) -> Placement {
    let footprint = match hull {
        Some(ring) if ring.0.len() >= 3 => Region { rings: vec![ring.clone()] },
        _ => Region::rectangle(*bounds),
    };
    // Exactly on the edge is inside.
    const SLACK_MM2: f64 = 1e-4;
    if footprint.difference(plate).area_mm2() <= SLACK_MM2 {
        Placement::Inside
    } else if footprint.intersection(plate).area_mm2() <= SLACK_MM2 {
        Placement::Outside
    } else {
        Placement::Across
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_on_the_plate_across_its_edge_or_off_it() {
        let settings = Settings {
            bed_shape: vec![[0.0, 0.0], [0.0, 100.0], [100.0, 100.0], [100.0, 0.0]],
            bed_exclude_areas: vec![vec![[0.0, 0.0], [20.0, 0.0], [20.0, 20.0], [0.0, 20.0]]],
            ..Settings::default()
        };
        let plate = area(&settings);
        assert!((plate.area_mm2() - 9600.0).abs() < 1e-6);
        for (from, to, expected) in [
            ((30.0, 30.0), (100.0, 100.0), Placement::Inside),
            ((30.0, 30.0), (101.0, 100.0), Placement::Across),
            ((10.0, 10.0), (40.0, 40.0), Placement::Across),
            ((110.0, 10.0), (140.0, 40.0), Placement::Outside),
            ((1.0, 1.0), (19.0, 19.0), Placement::Outside),
        ] {
            let bounds = Bounds { min: Point::from_mm(from.0, from.1), max: Point::from_mm(to.0, to.1) };
            assert_eq!(placement(&plate, &bounds, None), expected, "{from:?} {to:?}");
        }
    }
}
