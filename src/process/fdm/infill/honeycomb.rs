//! Regular hexagons, at the same places all the way up.
//!
//! Each line is a wave of three sides of a hexagon: level, slanting, level, slanting. Neighbouring waves swing against
//! each other and lie side by side where they are level, so that every line can be laid without a stop.

use super::family::{Family, Wave};
use super::pattern::{Pattern, Sheet, interleaved};
use crate::geometry::{Polyline, Region};

pub struct Honeycomb;

impl Pattern for Honeycomb {
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline> {
        // A wave is four sides long in three sides' length and takes a hexagon's half height and one spacing: its density
        // is `spacing * 4 / 3 / (side * √3 / 2 + spacing)`.
        let side = 2.0 / 3.0_f64.sqrt() * sheet.spacing_mm * (4.0 / (3.0 * sheet.density) - 1.0);
        let swing = 0.25 * 3.0_f64.sqrt() * side;
        let apart = 2.0 * swing + sheet.spacing_mm;
        let families = [1.0, -1.0].map(|sign| {
            let height = sign * swing;
            let wave = [[0.0, height], [side, height], [1.5 * side, -height], [2.5 * side, -height]];
            Family::new(sheet.angle_rad, 2.0 * apart, if sign > 0.0 { 0.0 } else { apart })
                .with_wave(Wave::new(3.0 * side, wave))
        });
        interleaved(area, sheet, &families)
    }
}
