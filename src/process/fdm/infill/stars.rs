//! Stars: three families of lines, no three of which meet in a point, so that there is a hexagon amid six triangles.

use super::pattern::{Pattern, Sheet, families};
use crate::geometry::{Polyline, Region};
use std::f64::consts::FRAC_PI_3;

pub struct Stars;

impl Pattern for Stars {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        // Lines of one family are three distances apart: half of that takes the third out of the others' crossings.
        let shift = 1.5 * sheet.distance_mm();
        families(area, sheet, &[(0.0, 0.0), (FRAC_PI_3, 0.0), (2.0 * FRAC_PI_3, shift)])
    }
}
