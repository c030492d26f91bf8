//! Straight parallel lines inside a region, by scan line.

use super::point::{Point, UNITS_PER_MM};
use super::region::Region;

/// See [`Region::hatch`].
pub(super) fn lines(region: &Region, angle_rad: f64, spacing_mm: f64, shift_mm: f64) -> Vec<Vec<[Point; 2]>> {
    let spacing = spacing_mm * UNITS_PER_MM;
    if region.is_empty() || !spacing.is_finite() || spacing < 1.0 {
        return Vec::new();
    }
    let shift = shift_mm * UNITS_PER_MM;
    let (sin, cos) = angle_rad.sin_cos();
    // In a frame turned by the angle the lines are level: u runs along them, v across.
    let turned = |p: Point| {
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        (x * cos + y * sin, (y * cos - x * sin - shift) / spacing)
    };
    let mut hits: Vec<(i32, f64)> = Vec::new();
    for ring in &region.rings {
        for (a, b) in ring.edges() {
            let ((au, av), (bu, bv)) = (turned(a), turned(b));
            let ((low_u, low_v), (high_u, high_v)) = if av <= bv { ((au, av), (bu, bv)) } else { ((bu, bv), (au, av)) };
            // An edge owns its lower end: lines in (low, high].
            let (first, last) = (low_v.floor() as i32 + 1, high_v.floor() as i32);
            if first > last {
                continue;
            }
            let slope = (high_u - low_u) / (high_v - low_v);
            hits.extend((first..=last).map(|line| (line, low_u + (f64::from(line) - low_v) * slope)));
        }
    }
    hits.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (Some(first), Some(last)) = (hits.first().map(|h| h.0), hits.last().map(|h| h.0)) else { return Vec::new() };
    let mut out = vec![Vec::new(); (i64::from(last) - i64::from(first) + 1) as usize];
    for pair in hits.chunk_by(|a, b| a.0 == b.0).flat_map(|line| line.chunks_exact(2)) {
        let line = pair[0].0;
        let v = f64::from(line) * spacing + shift;
        let back = |u: f64| Point::new((u * cos - v * sin).round() as i32, (u * sin + v * cos).round() as i32);
        let piece = [back(pair[0].1), back(pair[1].1)];
        if piece[0] != piece[1] {
            out[(line - first) as usize].push(piece);
        }
    }
    out
}
