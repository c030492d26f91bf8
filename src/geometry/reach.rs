//! What of some rings matters inside a box: booleans of a small area with a large one need only what is near.

use std::borrow::Cow;

use super::point::{Bounds, Point};
use super::ring::Ring;

/// Rings that wind around every point inside the box as often as these, with few points outside of it. Outside, they stay
/// within the box around the ring that they are made of, and may cross themselves.
///
/// A run of points that lies beyond one side of the box may go straight from its first to its last: all of it stays
/// beyond that side. So nothing is cut and nothing rounded.
pub(super) fn within<'a>(rings: &'a [Ring], bounds: &Bounds) -> Cow<'a, [Ring]> {
    let is_inside = |ring: &Ring| ring.0.iter().all(|p| bounds.contains(*p));
    if rings.iter().all(is_inside) {
        return Cow::Borrowed(rings);
    }
    Cow::Owned(rings.iter().filter_map(|ring| reduced(ring, bounds)).collect())
}

/// `None` where nothing of the ring reaches around or into the box.
fn reduced(ring: &Ring, bounds: &Bounds) -> Option<Ring> {
    let mut kept: Vec<(Point, u8)> = Vec::new();
    let mut all = u8::MAX;
    for &p in &ring.0 {
        let sides = sides(p, bounds);
        all &= sides;
        // The last one goes where it is in the middle of a run.
        if let [.., (_, before), (_, last)] = kept[..]
            && before & last & sides != 0
        {
            kept.pop();
        }
        kept.push((p, sides));
    }
    (all == 0 && kept.len() >= 3).then(|| Ring(kept.into_iter().map(|(p, _)| p).collect()))
}

/// The sides of the box beyond which a point lies, one bit each.
fn sides(p: Point, bounds: &Bounds) -> u8 {
    u8::from(p.x < bounds.min.x)
        | u8::from(p.x > bounds.max.x) << 1
        | u8::from(p.y < bounds.min.y) << 2
        | u8::from(p.y > bounds.max.y) << 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Region;

    #[test]
    fn what_is_inside_the_box_stays_as_it_was() {
        // A star around a box that some of its rays cross, all around it and to one side of it.
        let star = |turns: usize| {
            let tip = |i: usize| {
                let turn = std::f64::consts::TAU * i as f64 / turns as f64;
                let r = if i.is_multiple_of(2) { 30.0 } else { 8.0 + (i % 7) as f64 };
                Point::from_mm(50.0 + r * turn.cos(), 50.0 + r * turn.sin())
            };
            Ring((0..turns).map(tip).collect())
        };
        let place =
            |x: f64, y: f64, w: f64, h: f64| Bounds { min: Point::from_mm(x, y), max: Point::from_mm(x + w, y + h) };
        let mut fewest = usize::MAX;
        for (i, bounds) in [
            place(40.0, 40.0, 20.0, 20.0),
            place(48.0, 49.0, 3.0, 2.0),
            place(60.0, 55.0, 30.0, 5.0),
            place(0.0, 0.0, 100.0, 100.0),
            place(79.0, 40.0, 30.0, 30.0),
            place(90.0, 90.0, 5.0, 5.0),
        ]
        .into_iter()
        .enumerate()
        {
            let rings = vec![star(200), star(61).reversed()];
            let less = within(&rings, &bounds).into_owned();
            fewest = fewest.min(less.iter().map(|ring| ring.0.len()).sum());
            let window = Region::rectangle(bounds);
            let area = |rings: Vec<Ring>| Region::from_rings(rings).intersection(&window).area_mm2();
            let differ = |all: &[Ring], less: Vec<Ring>| (area(all.to_vec()) - area(less)).abs();
            // Where rings cross, the kernel rounds to the grid.
            assert!(differ(&rings, less) < 1e-4, "box {i}");
            assert!(differ(&rings[..1], within(&rings[..1], &bounds).into_owned()) < 1e-4, "box {i}");
        }
        assert!(fewest < 20, "{fewest} points are left");
    }
}
