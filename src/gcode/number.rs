//! Numbers as text, without `std`'s formatting machinery.
//!
//! Coordinates are integers, so a fixed-point writer is exact and several times faster than `{:.3}`.

use crate::geometry::UNITS_PER_MM;

/// Grid units in one micrometre, the resolution of written coordinates.
const UNITS_PER_UM: i64 = (UNITS_PER_MM / 1000.0) as i64;

/// Grid units to whole micrometres, halves rounded away from zero.
pub fn micrometres(grid: i32) -> i64 {
    let grid = i64::from(grid);
    (grid + grid.signum() * (UNITS_PER_UM / 2)) / UNITS_PER_UM
}

/// A finite number times `10^decimals`, rounded to the nearest integer; `None` where it is not finite or far too large.
pub fn to_fixed(value: f64, decimals: u32) -> Option<i64> {
    let scaled = value * 10f64.powi(decimals as i32);
    (scaled.abs() < 1e15).then(|| scaled.round() as i64)
}

/// Appends `value / 10^decimals` without trailing zeros and without a bare point: 1500 at 3 decimals is `1.5`.
pub fn push_fixed(out: &mut Vec<u8>, value: i64, decimals: u32) {
    // The longest i64 has 19 digits; a sign and a point make 21.
    let mut text = [0u8; 24];
    let mut at = text.len();
    let mut push = |byte: u8| {
        at -= 1;
        text[at] = byte;
        at
    };
    let mut rest = value.unsigned_abs();
    let mut places = decimals.min(18);
    while places > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        places -= 1;
    }
    if places > 0 {
        for _ in 0..places {
            push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        push(b'.');
    }
    let mut from = push(b'0' + (rest % 10) as u8);
    rest /= 10;
    while rest > 0 {
        from = push(b'0' + (rest % 10) as u8);
        rest /= 10;
    }
    if value < 0 {
        from = push(b'-');
    }
    out.extend_from_slice(&text[from..]);
}

/// A number as people write it: at most `decimals` places, no trailing zeros. Not finite becomes `0`.
pub fn text(value: f64, decimals: u32) -> String {
    let mut out = Vec::with_capacity(16);
    push_fixed(&mut out, to_fixed(value, decimals).unwrap_or(0), decimals);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_text_says_the_same_as_std() {
        for value in [0, 1, -1, 9, 10, -10, 999, 1000, 1500, -1500, 123_456, i64::from(i32::MIN), 1_000_000] {
            let mut ours = Vec::new();
            push_fixed(&mut ours, value, 3);
            let std = format!("{:.3}", value as f64 / 1000.0);
            let std = if value == 0 { "0" } else { std.trim_end_matches('0').trim_end_matches('.') };
            assert_eq!(String::from_utf8(ours).unwrap(), std, "{value}");
        }
        let mut ours = Vec::new();
        push_fixed(&mut ours, i64::MIN, 18);
        assert_eq!(ours, b"-9.223372036854775808");
    }

    #[test]
    fn grid_units_round_to_the_nearest_micrometre() {
        for (grid, um) in [(49, 0), (50, 1), (-50, -1), (149, 1), (150, 2), (-149, -1)] {
            assert_eq!(micrometres(grid), um, "{grid}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        assert_eq!(to_fixed(f64::NAN, 3), None);
        assert_eq!(to_fixed(f64::INFINITY, 3), None);
        assert_eq!(to_fixed(-1.2346, 3), Some(-1235));
    }
}
