//! The build plate of a machine: what may stand where.

use crate::geometry::{Bounds, Point, Region, Ring};
use crate::settings::Settings;

/// A build plate in the machine's coordinates, mm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuildPlate {
    /// Its border. A round plate is a polygon of many corners.
    pub outline: Vec<[f64; 2]>,
    /// Parts that must stay free.
    pub excluded: Vec<Vec<[f64; 2]>>,
    /// Height of the build volume.
    pub height_mm: f64,
    /// What may be stood on: the outline without the excluded areas.
    pub area: Region,
}

impl BuildPlate {
    /// The plate that the machine's settings describe.
    pub fn of(settings: &Settings) -> Self {
        let region = |outline: &[[f64; 2]]| Region::from_rings_non_zero(vec![ring(outline)]);
        let excluded: Vec<Region> = settings.bed_exclude_areas.iter().map(|area| region(area)).collect();
        Self {
            outline: settings.bed_shape.clone(),
            excluded: settings.bed_exclude_areas.clone(),
            height_mm: settings.max_print_height,
            area: region(&settings.bed_shape).difference(&Region::union_all(&excluded)),
        }
    }

    /// Lower left and upper right corner of the rectangle around the outline.
    pub fn corners(&self) -> [[f64; 2]; 2] {
        let around = Bounds::around(self.outline.iter().map(|p| Point::from_mm(p[0], p[1])));
        around.map_or([[0.0; 2]; 2], |b| [b.min.to_mm(), b.max.to_mm()])
    }

    /// The middle of the rectangle around the outline.
    pub fn center(&self) -> [f64; 2] {
        let [min, max] = self.corners();
        [(min[0] + max[0]) / 2.0, (min[1] + max[1]) / 2.0]
    }

    /// Middle and radius of a round plate; `None` where the outline's corners are not equally far from its middle.
    pub fn circle(&self) -> Option<([f64; 2], f64)> {
        let center = self.center();
        let distances = self.outline.iter().map(|p| (p[0] - center[0]).hypot(p[1] - center[1]));
        let (least, most) = distances.fold((f64::MAX, 0.0_f64), |(a, b), d| (a.min(d), b.max(d)));
        (self.outline.len() >= 12 && most - least < 0.01 * most).then_some((center, most))
    }
}

/// An outline on the grid.
pub(super) fn ring(outline: &[[f64; 2]]) -> Ring {
    Ring(outline.iter().map(|p| Point::from_mm(p[0], p[1])).collect())
}
