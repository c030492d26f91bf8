//! The shape of a road: a rectangle with round sides, as every slicer of the field counts it.
//!
//! Two roads that lie side by side at their spacing fill the area between their middles exactly: the round sides
//! overlap by what they lack of the rectangle.

use std::f64::consts::FRAC_PI_4;

/// How much wider a road is than its share of a filled area, mm.
pub fn rounding_mm(height_mm: f64) -> f64 {
    height_mm * (1.0 - FRAC_PI_4)
}

/// Distance between the middles of two roads of this width that fill the area between them, mm.
pub fn spacing_mm(width_mm: f64, height_mm: f64) -> f64 {
    (width_mm - rounding_mm(height_mm)).max(0.1 * width_mm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_road_at_its_spacing_is_a_full_rectangle() {
        let (width, height) = (0.45, 0.2);
        let round_sided = height * (width - height) + FRAC_PI_4 * height * height;
        assert!((spacing_mm(width, height) * height - round_sided).abs() < 1e-12);
    }
}
