//! Flat polygons in space to triangles: ear clipping in the plane that fits best.
//!
//! Used for faces of files that have polygons and for closing holes. Always gives `n - 2` triangles, so that a closed
//! surface stays closed, even where the outline is bent or crosses itself; then the shape of the triangles is a guess.

use super::{dot, norm};

/// Triangles over a closed outline, as places in it, in its direction.
pub(crate) fn triangulate(outline: &[[f64; 3]]) -> Vec<[usize; 3]> {
    let n = outline.len();
    if n < 3 {
        return Vec::new();
    }
    let flat = flatten(outline);
    let mut left: Vec<usize> = (0..n).collect();
    let mut triangles = Vec::with_capacity(n - 2);
    if (0..n).all(|i| turn(&flat, (i + n - 1) % n, i, (i + 1) % n) > 0.0) && n != 4 {
        return (1..n - 1).map(|i| [0, i, i + 1]).collect();
    }
    if n == 4 {
        return quad(&flat).to_vec();
    }
    let mut i = 0;
    // Steps since an ear was cut: a full round without one means that the outline has none.
    let mut idle = 0;
    while left.len() > 3 {
        let n = left.len();
        let (before, at, after) = (left[(i + n - 1) % n], left[i % n], left[(i + 1) % n]);
        if idle > n || is_ear(&flat, &left, before, at, after) {
            triangles.push([before, at, after]);
            left.remove(i % n);
            // Going on two corners further keeps the triangles from all meeting in one corner.
            i = (i + 1) % left.len();
            idle = 0;
        } else {
            i = (i + 1) % n;
            idle += 1;
        }
    }
    triangles.push([left[0], left[1], left[2]]);
    triangles
}

/// The normal of an outline by Newell's method, its length twice the area.
pub(super) fn newell_normal(outline: &[[f64; 3]]) -> [f64; 3] {
    let mut normal = [0.0; 3];
    // Relative to the first corner, so that a place far from the origin costs no precision.
    let o = outline.first().copied().unwrap_or_default();
    for (i, p) in outline.iter().enumerate() {
        let q = outline[(i + 1) % outline.len()];
        let (p, q) = ([0, 1, 2].map(|k| p[k] - o[k]), [0, 1, 2].map(|k| q[k] - o[k]));
        for (k, normal) in normal.iter_mut().enumerate() {
            let (u, v) = ((k + 1) % 3, (k + 2) % 3);
            *normal += (p[u] - q[u]) * (p[v] + q[v]);
        }
    }
    normal
}

/// How far the corners of an outline are from the plane that fits it, at most.
pub(super) fn off_plane(outline: &[[f64; 3]]) -> f64 {
    let normal = newell_normal(outline);
    let length = norm(normal);
    if length == 0.0 || outline.is_empty() {
        return 0.0;
    }
    let height = |p: &[f64; 3]| dot(*p, normal) / length;
    let mean = outline.iter().map(height).sum::<f64>() / outline.len() as f64;
    outline.iter().map(|p| (height(p) - mean).abs()).fold(0.0, f64::max)
}

/// Drops the coordinate along which the outline is thinnest; the outline is then counter-clockwise.
fn flatten(outline: &[[f64; 3]]) -> Vec<[f64; 2]> {
    let normal = newell_normal(outline);
    let along = (0..3).max_by(|a, b| normal[*a].abs().total_cmp(&normal[*b].abs())).unwrap_or(2);
    let (u, v) = ((along + 1) % 3, (along + 2) % 3);
    let (u, v) = if normal[along] < 0.0 { (v, u) } else { (u, v) };
    outline.iter().map(|p| [p[u], p[v]]).collect()
}

/// Positive for a left turn, zero for none.
fn turn(flat: &[[f64; 2]], a: usize, b: usize, c: usize) -> f64 {
    let (a, b, c) = (flat[a], flat[b], flat[c]);
    (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
}

/// Four corners are cut along the diagonal whose worse triangle is better.
fn quad(flat: &[[f64; 2]]) -> [[usize; 3]; 2] {
    let worst = |t: [[usize; 3]; 2]| t.iter().map(|t| turn(flat, t[0], t[1], t[2])).fold(f64::INFINITY, f64::min);
    let (one, other) = ([[0, 1, 2], [0, 2, 3]], [[0, 1, 3], [1, 2, 3]]);
    if worst(one) >= worst(other) { one } else { other }
}

fn is_ear(flat: &[[f64; 2]], left: &[usize], before: usize, at: usize, after: usize) -> bool {
    if turn(flat, before, at, after) <= 0.0 {
        return false;
    }
    let corners = [before, at, after];
    left.iter().filter(|p| !corners.contains(p)).all(|p| {
        // A corner at the same place as one of the ear's does not block it (outlines that touch themselves).
        corners.iter().any(|c| flat[*c] == flat[*p])
            || turn(flat, before, at, *p) < 0.0
            || turn(flat, at, after, *p) < 0.0
            || turn(flat, after, before, *p) < 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::super::cross;
    use super::*;

    fn area(outline: &[[f64; 3]]) -> f64 {
        let sub = |a: [f64; 3], b: [f64; 3]| [0, 1, 2].map(|i| a[i] - b[i]);
        let normal = newell_normal(outline);
        triangulate(outline)
            .iter()
            .map(|[a, b, c]| {
                let n = cross(sub(outline[*b], outline[*a]), sub(outline[*c], outline[*a]));
                norm(n) / 2.0 * dot(n, normal).signum()
            })
            .sum()
    }

    #[test]
    fn triangles_cover_exactly_the_outline() {
        let square = [[0.0, 0.0, 5.0], [2.0, 0.0, 5.0], [2.0, 2.0, 5.0], [0.0, 2.0, 5.0]];
        assert_eq!(area(&square), 4.0);
        let dart = [[0.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 4.0]];
        assert_eq!(area(&dart), 4.0);
        let comb = [[0.0, 0.0], [9.0, 0.0], [9.0, 5.0], [6.0, 1.0], [5.0, 5.0], [3.0, 1.0], [0.0, 5.0]];
        let comb = comb.map(|[x, y]| [x, 3.0, y]);
        let expected = norm(newell_normal(&comb)) / 2.0;
        assert!((area(&comb) - expected).abs() < 1e-12);
    }

    #[test]
    fn an_outline_without_ears_still_gives_all_its_triangles() {
        let line: Vec<[f64; 3]> = (0..5).map(|i| [f64::from(i), 0.0, 0.0]).collect();
        assert_eq!(triangulate(&line).len(), 3);
    }
}
