//! Typed quantities and the only unit conversions of the program.
//!
//! Everything inside Fabbro is in millimetres, millimetres per second, seconds, degrees Celsius, grams and cubic
//! millimetres, and a field says so in its name (`feed_mm_per_s`). Other units exist only at the edges: in a file, in
//! a text field, in G-code. Their conversions live here and nowhere else.

/// Millimetres in one inch (exact by definition, international yard and pound agreement of 1959).
pub const MM_PER_INCH: f64 = 25.4;

/// A feed rate as G-code's `F` word wants it, in mm/min.
pub fn mm_per_min(mm_per_s: f64) -> f64 {
    mm_per_s * 60.0
}

/// A feed rate read from G-code's `F` word (mm/min), in mm/s.
pub fn mm_per_s(mm_per_min: f64) -> f64 {
    mm_per_min / 60.0
}
