//! Booleans of rings by one of two kernels.

use clipper2_rs::{ClipType, Clipper64, FillRule as ClipperRule, Path64, Point64};
use i_overlay::core::fill_rule::FillRule as OverlayFill;
use i_overlay::core::overlay::Overlay;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use super::point::Point;
use super::ring::Ring;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operation {
    Union,
    Intersection,
    Difference,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    Positive,
    NonZero,
    EvenOdd,
}

/// What is known about the rings that go in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Input {
    /// Two clean regions: only rings of one cross rings of the other.
    Regions,
    /// An offset's raw rings: they cross themselves at their corners and where they meet.
    Offset,
    /// Anything. Tangles of long lines that all cross are what `i_overlay` is slow at, up to fifty times.
    Any,
}

/// Above this many rings the everyday kernel's linear list of active edges costs more than the other's sorting.
const MANY_RINGS: usize = 1_000;

impl Input {
    /// With more edges alive than this on a scan line, on average, that list costs more than the other's sorting: combs
    /// and nested rings were measured to be as quick with both at 20 to 50, twice as quick with the other at 100 to 200
    /// and a hundred times at 1,000. Plates of holes and lattices of any usual size stay below.
    fn many_alive(self) -> f64 {
        match self {
            Self::Regions => 150.0,
            Self::Offset => 250.0,
            Self::Any => f64::INFINITY,
        }
    }
}

/// How many edges a scan line meets on average.
fn alive<'a>(rings: impl Iterator<Item = &'a Ring>) -> f64 {
    let (mut rise, mut low, mut high) = (0i64, i32::MAX, i32::MIN);
    for (a, b) in rings.flat_map(Ring::edges) {
        rise += (i64::from(a.y) - i64::from(b.y)).abs();
        (low, high) = (low.min(a.y), high.max(a.y));
    }
    rise as f64 / (i64::from(high) - i64::from(low)).max(1) as f64
}

/// The result's rings: outlines counter-clockwise, holes clockwise, none crossing another. For a union both lists are
/// one. Rings of fewer than three points are passed over.
pub(super) fn boolean(input: Input, operation: Operation, rule: Rule, subject: &[Ring], clip: &[Ring]) -> Vec<Ring> {
    let all = || subject.iter().chain(clip);
    let many = input.many_alive();
    // A scan line meets no more edges than there are.
    let is_crowded = || all().map(|r| r.0.len()).sum::<usize>() as f64 > many && alive(all()) > many;
    let mut rings = if subject.len() + clip.len() > MANY_RINGS || is_crowded() {
        overlay(operation, rule, subject, clip)
    } else {
        clipper(operation, rule, subject, clip).unwrap_or_else(|| overlay(operation, rule, subject, clip))
    };
    // Degenerate rings enclose nothing and would only cost every later stage.
    rings.retain(|ring| ring.0.len() >= 3 && ring.doubled_area() != 0);
    rings
}

fn clipper(operation: Operation, rule: Rule, subject: &[Ring], clip: &[Ring]) -> Option<Vec<Ring>> {
    let paths = |rings: &[Ring]| -> Vec<Path64> {
        rings
            .iter()
            .filter(|r| r.0.len() >= 3)
            .map(|r| r.0.iter().map(|p| Point64::new(i64::from(p.x), i64::from(p.y))).collect())
            .collect()
    };
    let mut engine = Clipper64::new();
    engine.set_preserve_collinear(false);
    engine.add_subject(&paths(subject));
    if !clip.is_empty() {
        if operation == Operation::Union {
            engine.add_subject(&paths(clip));
        } else {
            engine.add_clip(&paths(clip));
        }
    }
    let kind = match operation {
        Operation::Union => ClipType::Union,
        Operation::Intersection => ClipType::Intersection,
        Operation::Difference => ClipType::Difference,
    };
    let fill = match rule {
        Rule::Positive => ClipperRule::Positive,
        Rule::NonZero => ClipperRule::NonZero,
        Rule::EvenOdd => ClipperRule::EvenOdd,
    };
    let solution = engine.execute(kind, fill).ok()?;
    let ring = |path: Path64| Ring(path.into_iter().map(|p| Point::new(p.x as i32, p.y as i32)).collect());
    Some(solution.closed.into_iter().map(ring).collect())
}

fn overlay(operation: Operation, rule: Rule, subject: &[Ring], clip: &[Ring]) -> Vec<Ring> {
    let contours = |rings: &[Ring]| -> Vec<Vec<IntPoint<i32>>> {
        rings.iter().map(|r| r.0.iter().map(|p| IntPoint::new(p.x, p.y)).collect()).collect()
    };
    let (mut subjects, mut clips) = (contours(subject), contours(clip));
    if operation == Operation::Union {
        subjects.append(&mut clips);
    }
    let kind = match operation {
        Operation::Union => OverlayRule::Subject,
        Operation::Intersection => OverlayRule::Intersect,
        Operation::Difference => OverlayRule::Difference,
    };
    let fill = match rule {
        Rule::Positive => OverlayFill::Positive,
        Rule::NonZero => OverlayFill::NonZero,
        Rule::EvenOdd => OverlayFill::EvenOdd,
    };
    let shapes = Overlay::from_subj_and_clip(&subjects, &clips).overlay(kind, fill);
    shapes
        .into_iter()
        .flatten()
        .map(|contour| Ring(contour.into_iter().map(|p| Point::new(p.x, p.y)).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: i32, y: i32, side: i32) -> Ring {
        Ring(vec![Point::new(x, y), Point::new(x + side, y), Point::new(x + side, y + side), Point::new(x, y + side)])
    }

    /// Areas in whole grid units, holes negative: a way to compare results that ignores order and starting points.
    fn areas(mut rings: Vec<Ring>) -> Vec<i128> {
        rings.retain(|r| r.0.len() >= 3);
        let mut areas: Vec<i128> = rings.iter().map(Ring::doubled_area).collect();
        areas.sort_unstable();
        areas
    }

    #[test]
    fn a_comb_is_crowded_and_gives_the_same_area_either_way() {
        let teeth = 400;
        let comb = |shift: i32| {
            let mut points = vec![Point::new(0, 0), Point::new(teeth * 1000, 0)];
            for i in (0..teeth).rev() {
                let (x, top) = (i * 1000 + shift, 90_000 + (i * 7919) % 5000);
                points.extend([(x + 500, 1000), (x + 500, top), (x, top), (x, 1000)].map(|(x, y)| Point::new(x, y)));
            }
            Ring(points)
        };
        let (a, b) = ([comb(0)], [comb(100)]);
        assert!(alive(a.iter().chain(&b)) > Input::Regions.many_alive());
        assert!(alive([square(0, 0, 100)].iter()) < 3.0);
        for operation in [Operation::Union, Operation::Intersection, Operation::Difference] {
            let chosen = boolean(Input::Regions, operation, Rule::Positive, &a, &b);
            let everyday = clipper(operation, Rule::Positive, &a, &b).unwrap();
            let area = |rings: &[Ring]| rings.iter().map(Ring::area_mm2).sum::<f64>();
            assert!((area(&chosen) - area(&everyday)).abs() < 1e-6, "{operation:?}");
        }
    }

    #[test]
    fn both_kernels_agree_on_areas_and_orientation() {
        let frame = [square(0, 0, 100), square(20, 20, 40).reversed()];
        let other = [square(50, 50, 100)];
        for operation in [Operation::Union, Operation::Intersection, Operation::Difference] {
            for rule in [Rule::Positive, Rule::NonZero, Rule::EvenOdd] {
                let a = areas(clipper(operation, rule, &frame, &other).unwrap());
                let b = areas(overlay(operation, rule, &frame, &other));
                assert_eq!(a, b, "{operation:?} {rule:?}");
                assert!(!a.is_empty());
            }
        }
    }
}
