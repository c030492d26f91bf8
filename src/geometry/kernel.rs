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

/// Above this many rings the everyday kernel's linear list of active edges costs more than the other's sorting.
const MANY_RINGS: usize = 1_000;

/// The result's rings: outlines counter-clockwise, holes clockwise, none crossing another. For a union both lists are
/// one. Rings of fewer than three points are passed over.
pub(super) fn boolean(operation: Operation, rule: Rule, subject: &[Ring], clip: &[Ring]) -> Vec<Ring> {
    let mut rings = if subject.len() + clip.len() > MANY_RINGS {
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
