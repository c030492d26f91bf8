//! How thick a region is at its thinnest, found by looking at its edges instead of by shrinking and growing it: where a
//! planner knows that nothing can get lost, one offset does what would need four and a comparison.

use std::f64::consts::SQRT_2;

use super::point::UNITS_PER_MM;
use super::region::Region;
use super::ring::Ring;

/// Edges whose directions' cosine is up to this may hold a circle between them: the largest circle in any piece touches
/// two edges at least 120 degrees apart.
const OPPOSITE: f64 = -0.5;
/// Tips whose sides' cosine is up to this are so sharp that a mitre of 3 does not restore them.
const NEEDLE: f64 = -0.75;
/// An inner corner is carried as far as its mitre, but not beyond this many offsets.
const MITER_LIMIT: f64 = 3.0;
/// Mitres up to this are as good as round.
const BLUNT: f64 = 1.05;
/// The search gives up above this many pairs an edge: then shrinking costs less.
const MOST_PAIRS: usize = 400;

struct Edge {
    a: [f64; 2],
    b: [f64; 2],
    min: [f64; 2],
    max: [f64; 2],
    direction: [f64; 2],
    length: f64,
    /// How far an offset of one carries the edge's start, where that is an inner corner; else 1.
    carried: f64,
    /// Whether that corner is beyond the mitre's limit and cut square: the cut's ends go sideways.
    is_cut: bool,
    /// The sum of the directions of this edge and the one before: at right angles to the way the start is carried.
    through: [f64; 2],
    number: u32,
    /// The edge before in its ring.
    before: u32,
}

impl Region {
    /// How far this region can be shrunk, with mitred corners, and grown again without losing more than the tips of bumps
    /// lower than that: half its least thickness, less at inner corners that point at another side. Never too much,
    /// sometimes too little; at most `reach_mm`, and 0 below `least_mm`, where the caller does not care.
    pub fn lossless_depth_mm(&self, least_mm: f64, reach_mm: f64) -> f64 {
        depth_mm(edges(self.rings.iter().cloned()), least_mm, reach_mm)
    }

    /// How far this region can be grown, with mitred corners, and shrunk again without closing a gap: what
    /// [`Region::lossless_depth_mm`] is inside, outside.
    pub fn lossless_growth_mm(&self, least_mm: f64, reach_mm: f64) -> f64 {
        depth_mm(edges(self.rings.iter().map(Ring::reversed)), least_mm, reach_mm)
    }
}

fn depth_mm((mut edges, most): (Vec<Edge>, f64), least_mm: f64, reach_mm: f64) -> f64 {
    let carried = edges.iter().map(|e| e.carried).fold(1.0, f64::max);
    let reach = 2.0 * carried * reach_mm * UNITS_PER_MM;
    if edges.is_empty() || reach <= 0.0 || reach.is_nan() {
        return 0.0;
    }
    // A sweep along the longer side: each edge meets those that begin before it has ended and gone out of reach.
    let span = |k: usize| {
        edges.iter().map(|e| e.max[k]).fold(f64::MIN, f64::max)
            - edges.iter().map(|e| e.min[k]).fold(f64::MAX, f64::min)
    };
    let (along, across) = if span(0) >= span(1) { (0, 1) } else { (1, 0) };
    edges.sort_unstable_by(|a, b| a.min[along].total_cmp(&b.min[along]).then(a.number.cmp(&b.number)));
    let mut depth = most.min(reach_mm * UNITS_PER_MM);
    let mut pairs = 0;
    for (i, e) in edges.iter().enumerate() {
        for f in &edges[i + 1..] {
            if f.min[along] > e.max[along] + reach {
                break;
            }
            pairs += 1;
            if f.min[across] <= e.max[across] + reach && e.min[across] <= f.max[across] + reach {
                depth = depth_between(e, f, depth);
            }
        }
        if pairs > MOST_PAIRS * edges.len() || depth < least_mm * UNITS_PER_MM {
            return 0.0;
        }
    }
    depth / UNITS_PER_MM
}

/// The edges, and the most that any outline's area allows in grid units: what circles of some radius fill has at least half
/// of that for every unit of its outline. Slivers as thin as rounding, whose sides may cross, have
/// next to nothing.
fn edges(rings: impl Iterator<Item = Ring>) -> (Vec<Edge>, f64) {
    let mut out: Vec<Edge> = Vec::new();
    let mut most = f64::INFINITY;
    for ring in rings {
        let doubled_area = ring.doubled_area() as f64;
        if doubled_area > 0.0 {
            most = most.min(doubled_area / (ring.length_mm() * UNITS_PER_MM));
        }
        let first = out.len();
        for (a, b) in ring.edges() {
            let (a, b): ([f64; 2], [f64; 2]) = ([a.x.into(), a.y.into()], [b.x.into(), b.y.into()]);
            let d = minus(b, a);
            let length = dot(d, d).sqrt();
            if length > 0.0 {
                let direction = [d[0] / length, d[1] / length];
                let number = out.len() as u32;
                out.push(Edge {
                    min: [a[0].min(b[0]), a[1].min(b[1])],
                    max: [a[0].max(b[0]), a[1].max(b[1])],
                    a,
                    b,
                    direction,
                    length,
                    carried: 1.0,
                    is_cut: false,
                    through: direction,
                    number,
                    before: number.wrapping_sub(1),
                });
            }
        }
        if out.len() == first {
            continue;
        }
        out[first].before = out.len() as u32 - 1;
        for i in first..out.len() {
            let (u, v) = (out[out[i].before as usize].direction, out[i].direction);
            // A right turn is an inner corner: the offset carries it by one over the cosine of half the turn.
            if cross(u, v) < 0.0 {
                let half_cos = (0.5 * (1.0 + dot(u, v))).max(0.0).sqrt();
                out[i].is_cut = half_cos * MITER_LIMIT < 1.0;
                out[i].carried = if out[i].is_cut { SQRT_2 } else { 1.0 / half_cos };
                out[i].through = [u[0] + v[0], u[1] + v[1]];
            }
        }
    }
    (out, most)
}

/// The depth that two edges leave each other, or `most` where they do not face each other or are far apart.
fn depth_between(e: &Edge, f: &Edge, most: f64) -> f64 {
    let cos = dot(e.direction, f.direction);
    let (e_turns, f_turns) = (e.carried > BLUNT, f.carried > BLUNT);
    if !(cos <= OPPOSITE || e_turns || f_turns) {
        return most;
    }
    let mut depth = most;
    let (e_follows, f_follows) = (e.before == f.number, f.before == e.number);
    if cos <= OPPOSITE && (sees(f, e.a) || sees(f, e.b)) && (sees(e, f.a) || sees(e, f.b)) {
        depth = depth.min(if !(e_follows || f_follows) {
            let ends = [to_edge(e.a, f), to_edge(e.b, f), to_edge(f.a, e), to_edge(f.b, e)];
            0.5 * ends.into_iter().fold(f64::MAX, f64::min)
        } else if cos <= NEEDLE {
            0.0
        } else {
            // A tip: a circle in it touches both edges where they are long enough, and half as long is safe.
            0.5 * e.length.min(f.length) * ((1.0 + cos) / (1.0 - cos)).sqrt()
        });
    }
    // An inner corner that is carried towards an edge it does not belong to.
    if e_turns && !e_follows {
        depth = depth.min(corner_to_edge(e, f));
    }
    if f_turns && !f_follows {
        depth = depth.min(corner_to_edge(f, e));
    }
    if e_turns && f_turns {
        let d = minus(e.a, f.a);
        let length = dot(d, d).sqrt();
        if e.is_cut || f.is_cut {
            depth = depth.min(length / (e.carried + f.carried));
        } else {
            let closing = dot(minus(f.carry(), e.carry()), d);
            if closing > 0.0 {
                depth = depth.min(length * length / closing);
            }
        }
    }
    depth
}

impl Edge {
    /// Where an offset of one carries the start.
    fn carry(&self) -> [f64; 2] {
        let [x, y] = self.through;
        let scale = self.carried / dot(self.through, self.through).sqrt().max(1e-9);
        [-y * scale, x * scale]
    }
}

/// The depth at which a corner meets an edge; infinite where it does not.
fn corner_to_edge(corner: &Edge, edge: &Edge) -> f64 {
    if !sees(edge, corner.a) {
        return f64::INFINITY;
    }
    if corner.is_cut {
        return to_edge(corner.a, edge) / (corner.carried + 1.0);
    }
    if dot(corner.through, edge.direction) >= 0.0 {
        return f64::INFINITY;
    }
    let along = dot(minus(corner.a, edge.a), edge.direction);
    if (0.0..=edge.length).contains(&along) {
        // Both move towards each other across the edge.
        let closing = 1.0 - cross(edge.direction, corner.carry());
        return cross(edge.direction, minus(corner.a, edge.a)) / closing;
    }
    to_edge(corner.a, edge) / (corner.carried + 1.0)
}

/// Whether a place is on the edge's left, where its material is.
fn sees(e: &Edge, p: [f64; 2]) -> bool {
    cross(e.direction, minus(p, e.a)) > 1.0
}

fn to_edge(p: [f64; 2], e: &Edge) -> f64 {
    let (d, q) = (minus(e.b, e.a), minus(p, e.a));
    let t = (dot(q, d) / dot(d, d)).clamp(0.0, 1.0);
    let off = [q[0] - d[0] * t, q[1] - d[1] * t];
    dot(off, off).sqrt()
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, Join, Point};
    use super::*;

    fn polygon(points: &[(f64, f64)]) -> Region {
        Region::from_rings(vec![Ring(points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect())])
    }

    fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Region {
        Region::rectangle(Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + w, y + h) })
    }

    fn ngon(n: usize, radius: f64) -> Region {
        let at = |i: usize| (i as f64 / n as f64 * std::f64::consts::TAU).sin_cos();
        polygon(&(0..n).map(|i| (radius * at(i).1, radius * at(i).0)).collect::<Vec<_>>())
    }

    #[test]
    fn the_depth_is_half_the_least_thickness() {
        let plate = rectangle(-10.0, -10.0, 20.0, 20.0);
        for (name, region, depth) in [
            ("square", plate.clone(), 1.0),
            ("strip", rectangle(0.0, 0.0, 10.0, 0.8), 0.4),
            ("far strip", rectangle(150.0, 170.0, 0.8, 50.0), 0.4),
            ("small circle", ngon(60, 0.7), 0.59),
            ("small triangle", ngon(3, 0.8), 0.4),
            ("large circle", ngon(200, 20.0), 1.0),
            ("two strips side by side", rectangle(0.0, 0.0, 10.0, 1.2).union(&rectangle(0.0, 1.3, 10.0, 0.9)), 0.45),
            ("round hole near the edge", plate.difference(&ngon(90, 9.4)), 0.3),
            // Its corners, at 45 degrees, are carried by the square root of two.
            ("turned square hole", plate.difference(&ngon(4, 9.0)), 1.0 / (1.0 + 2f64.sqrt())),
            ("needle", polygon(&[(0.0, 0.0), (10.0, -0.5), (10.0, 0.5)]), 0.0),
        ] {
            let found = region.lossless_depth_mm(0.1, 1.0);
            assert!((found - depth).abs() < 0.02, "{name}: {found} instead of {depth}");
        }
    }

    #[test]
    fn growth_ends_where_a_gap_would_close() {
        let two = |gap: f64| rectangle(0.0, 0.0, 5.0, 5.0).union(&rectangle(5.0 + gap, 0.0, 5.0, 5.0));
        assert!((two(0.3).lossless_growth_mm(0.05, 1.0) - 0.15).abs() < 0.001);
        assert_eq!(two(0.09).lossless_growth_mm(0.049, 0.049), 0.0);
        assert_eq!(two(0.1).lossless_growth_mm(0.049, 0.049), 0.049);
        let slot = rectangle(0.0, 0.0, 9.0, 9.0).difference(&rectangle(4.0, 2.0, 0.2, 5.0));
        assert!((slot.lossless_growth_mm(0.05, 1.0) - 0.1).abs() < 0.001);
    }

    #[test]
    fn slits_that_end_in_a_point_are_kept_away_from() {
        // Beyond the mitre's limit an offset's corner is cut square, and the cut's ends go sideways.
        let slit = polygon(&[
            (6.6357, 7.71024),
            (6.30664, 8.70752),
            (3.83153, 7.89084),
            (3.94951, 7.53327),
            (4.40084, 7.76546),
            (3.99546, 7.39401),
            (4.16059, 6.89356),
        ]);
        let depth = slit.lossless_depth_mm(0.02, 0.5);
        assert!((0.02..0.148).contains(&depth), "{depth}");
        let cleaned = Region::from_rings(slit.shrunk_freely(0.99 * depth, Join::Miter(3.0)).rings).area_mm2();
        assert!((slit.shrunk_freely(0.99 * depth, Join::Miter(3.0)).area_mm2() - cleaned).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_lost_at_that_depth() {
        // Random unions of boxes and circles with holes, by Lehmer's generator: the same every time.
        let mut state = 7u64;
        let mut next = |most: f64| {
            state = state * 48_271 % 2_147_483_647;
            state as f64 / 2_147_483_647.0 * most
        };
        let mut useful = 0;
        for case in 0..200 {
            let mut region = rectangle(next(10.0), next(10.0), 3.0 + next(10.0), 3.0 + next(10.0));
            for k in 0..3 {
                let (x, y, w, h) = (next(15.0), next(15.0), 0.5 + next(6.0), 0.5 + next(6.0));
                let turn = next(1.5);
                let corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)]
                    .map(|(a, b)| (x + a * turn.cos() - b * turn.sin(), y + a * turn.sin() + b * turn.cos()));
                region = if k == 0 { region.difference(&polygon(&corners)) } else { region.union(&polygon(&corners)) };
            }
            for reach in [0.4, 1.0] {
                let depth = region.lossless_depth_mm(0.05, reach);
                assert!(depth <= reach);
                if depth > 0.0 {
                    useful += 1;
                    let by = 0.98 * depth;
                    let covered = region.offset(-by, Join::Miter(3.0)).offset(by + 0.01, Join::Miter(3.0));
                    // The quick way gives the same area.
                    let quick = region.shrunk_freely(by, Join::Miter(3.0)).area_mm2();
                    let slow = region.offset(-by, Join::Miter(3.0)).area_mm2();
                    assert!((quick - slow).abs() < 1e-4, "case {case}: {quick} instead of {slow} at {by}");
                    let lost = region.difference(&covered);
                    for piece in &lost.rings {
                        // Only the tips of bumps: a strip that is too thin would be longer than wide.
                        let area = piece.area_mm2();
                        assert!(area < 0.25 * by * by, "case {case}: {area} mm² lost at {depth}");
                    }
                }
            }
        }
        assert!(useful > 100, "{useful}");
        assert_eq!(Region::default().lossless_depth_mm(0.1, 1.0), 0.0);
    }
}
