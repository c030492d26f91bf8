//! Solid infill: straight lines, loops or curves that leave no gap.

use super::archimedean_chords::spiral;
use super::family::Family;
use super::link::{Joining, Tails, chain};
use super::pattern::middle;
use super::{concentric, curve, hilbert_curve, monotonic};
use crate::geometry::{Polyline, Region};
use crate::settings::SolidPattern;

/// The first and the last line lie this far inside the border: on it they would be lost to rounding.
const EDGE_MM: f64 = 0.0005;
/// Ends further apart along the border than this many spacings are not joined: the link would run along a line.
const LONGEST_LINK: f64 = 3.0;
/// A single line may be this much wider than its nominal spacing to fill a narrow area.
const WIDEST_SINGLE: f64 = 1.3;

/// Centre lines over one connected piece of area, and the spacing they are really at.
pub struct Laid {
    pub spacing_mm: f64,
    pub paths: Vec<Polyline>,
    /// The order and direction of the paths matter.
    pub ordered: bool,
}

/// Lays roads over `area`, which is where the middles of roads may run, island by island.
///
/// Straight lines get the spacing nearest to `spacing_mm` that divides the width evenly, so that the first and the last
/// road lie along the border.
pub fn lay(area: &Region, pattern: SolidPattern, angle_rad: f64, spacing_mm: f64, shortest_mm: f64) -> Vec<Laid> {
    let lay = |island: &Region| match pattern {
        SolidPattern::Monotonic | SolidPattern::MonotonicLines | SolidPattern::Rectilinear => {
            lines(island, pattern, angle_rad, spacing_mm, shortest_mm)
        }
        SolidPattern::Concentric => Some(free(spacing_mm, concentric::solid(island, spacing_mm, shortest_mm))),
        SolidPattern::HilbertCurve | SolidPattern::ArchimedeanChords => {
            let joining = Joining {
                longest_link_mm: LONGEST_LINK * spacing_mm,
                shortest_path_mm: shortest_mm,
                tails: Tails::InWedges,
            };
            let curves = if pattern == SolidPattern::HilbertCurve {
                hilbert_curve::curves(island, angle_rad, spacing_mm)
            } else {
                vec![spiral(island, middle(&island.bounds()?), spacing_mm)]
            };
            Some(free(spacing_mm, curve::laid(island, &curves, &joining)))
        }
    };
    if area.rings.len() == 1 || pattern == SolidPattern::Concentric {
        return lay(area).into_iter().collect();
    }
    area.islands().into_iter().filter_map(|island| lay(&island.into())).collect()
}

fn free(spacing_mm: f64, paths: Vec<Polyline>) -> Laid {
    Laid { spacing_mm, paths, ordered: false }
}

fn lines(island: &Region, pattern: SolidPattern, angle_rad: f64, nominal_mm: f64, shortest_mm: f64) -> Option<Laid> {
    let (low, high) = Family::new(angle_rad, nominal_mm, 0.0).extent_across_mm(island)?;
    let extent = high - low - 2.0 * EDGE_MM;
    let gaps = (extent / nominal_mm).round();
    let (spacing_mm, family) = if gaps < 1.0 || extent < 0.7 * nominal_mm {
        // Room for one line: in the middle, and as wide as it may be.
        let spacing = (extent + nominal_mm).clamp(nominal_mm, WIDEST_SINGLE * nominal_mm);
        (spacing, Family::new(angle_rad, 10.0 * (extent + nominal_mm), 0.5 * (low + high)))
    } else {
        let spacing = extent / gaps;
        (spacing, Family::new(angle_rad, spacing, low + EDGE_MM))
    };
    let pieces = family.pieces(island, 0);
    let longest_link_mm = if pattern == SolidPattern::MonotonicLines { 0.0 } else { LONGEST_LINK * spacing_mm };
    let joining = Joining { longest_link_mm, shortest_path_mm: shortest_mm, tails: Tails::InWedges };
    let ordered = pattern != SolidPattern::Rectilinear;
    let paths = if ordered {
        monotonic::sweep(island, &family, &pieces, &joining)
    } else {
        chain(island, &pieces, &joining, |piece, backward, path| family.trace(piece, backward, path))
    };
    Some(Laid { spacing_mm, paths, ordered })
}
