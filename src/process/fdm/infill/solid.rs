//! Solid infill: straight lines, loops or curves that leave no gap.

use super::archimedean_chords::spiral;
use super::ends::{Ends, inset_mm};
use super::family::Family;
use super::link::{Border, Joining, Run, runs};
use super::pattern::middle;
use super::{CORNERS, concentric, curve, hilbert_curve, monotonic};
use crate::geometry::{Polyline, Region};
use crate::settings::SolidPattern;

/// Lines along the border lie this far inside of it: on it they would be lost to rounding.
const EDGE_MM: f64 = 0.0005;
/// Ends further apart along the border than this many spacings are not joined: the link would run along a line.
const LONGEST_LINK: f64 = 3.0;
/// A single line may be this much wider than its nominal spacing to fill a narrow area, and this much narrower.
const WIDEST_SINGLE: f64 = 1.3;
const NARROWEST_SINGLE: f64 = 0.6;
/// Areas up to so many spacings wide get a single line.
const MOST_FOR_SINGLE: f64 = 1.5;

/// Where roads may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// They fill the area and `around_mm` around it: just that, neither more nor less, as far as lines can. The last
    /// `pressed_mm` lie in walls, whose room is taken already.
    Filling { around_mm: f64, pressed_mm: f64 },
    /// Their middles stay this far inside of the area, mm.
    Within(f64),
}

/// How solid infill is laid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solid {
    pub pattern: SolidPattern,
    pub angle_rad: f64,
    pub spacing_mm: f64,
    /// Paths shorter than this are dropped.
    pub shortest_mm: f64,
    pub reach: Reach,
}

/// Centre lines over one connected piece of area, and the spacing they are really at.
pub struct Laid {
    pub spacing_mm: f64,
    pub paths: Vec<Polyline>,
    /// As in [`Fill`](crate::process::fdm::stages::Fill).
    pub shares: Vec<Vec<f32>>,
    /// The order and direction of the paths matter.
    pub ordered: bool,
}

/// Lays roads over `area`, island by island.
///
/// Straight lines get the spacing nearest to the nominal one that divides the width evenly, so that the first and the last
/// road lie along the border.
pub fn lay(area: &Region, solid: &Solid) -> Vec<Laid> {
    let Solid { pattern, angle_rad, spacing_mm, shortest_mm, reach } = *solid;
    let is_lines =
        matches!(pattern, SolidPattern::Monotonic | SolidPattern::MonotonicLines | SolidPattern::Rectilinear);
    // How far inside of what is filled the middles of roads end.
    let (reach_mm, inset_mm) = match reach {
        Reach::Filling { around_mm, .. } if is_lines => {
            (around_mm, inset_mm(spacing_mm, pattern != SolidPattern::MonotonicLines))
        }
        Reach::Filling { around_mm, .. } => (around_mm, 0.5 * spacing_mm),
        Reach::Within(inset_mm) => (0.5 * spacing_mm - inset_mm, 0.5 * spacing_mm),
    };
    let middles = area.offset(reach_mm - inset_mm, CORNERS);
    let lay = |island: &Region| match pattern {
        SolidPattern::Monotonic | SolidPattern::MonotonicLines | SolidPattern::Rectilinear => {
            lines(island, solid, inset_mm)
        }
        SolidPattern::Concentric => Some(free(spacing_mm, concentric::solid(island, spacing_mm, shortest_mm))),
        SolidPattern::HilbertCurve | SolidPattern::ArchimedeanChords => {
            let joining =
                Joining { longest_link_mm: LONGEST_LINK * spacing_mm, shortest_path_mm: shortest_mm, anchor_mm: 0.0 };
            let curves = if pattern == SolidPattern::HilbertCurve {
                hilbert_curve::curves(island, angle_rad, spacing_mm)
            } else {
                vec![spiral(island, middle(&island.bounds()?), spacing_mm)]
            };
            Some(free(spacing_mm, curve::laid(island, &curves, &joining)))
        }
    };
    if middles.rings.len() == 1 || pattern == SolidPattern::Concentric {
        return lay(&middles).into_iter().collect();
    }
    middles.islands().into_iter().filter_map(|island| lay(&island.into())).collect()
}

fn free(spacing_mm: f64, paths: Vec<Polyline>) -> Laid {
    Laid { spacing_mm, paths, shares: Vec::new(), ordered: false }
}

/// Lines over an island of middles, which lie `inset_mm` inside of what is to be filled.
fn lines(island: &Region, solid: &Solid, inset_mm: f64) -> Option<Laid> {
    let Solid { pattern, angle_rad, spacing_mm: nominal_mm, shortest_mm, reach } = *solid;
    let (low, high) = Family::new(angle_rad, nominal_mm, 0.0).extent_across_mm(island)?;
    let room = high - low + 2.0 * inset_mm;
    let count = (room / nominal_mm).round().max(2.0);
    let (spacing_mm, family) = if room < MOST_FOR_SINGLE * nominal_mm {
        // Room for one line: in the middle, and as wide as it may be.
        let spacing = room.clamp(NARROWEST_SINGLE * nominal_mm, WIDEST_SINGLE * nominal_mm);
        (spacing, Family::new(angle_rad, 10.0 * (room + nominal_mm), 0.5 * (low + high)))
    } else {
        let spacing = match reach {
            Reach::Filling { .. } => room / count,
            Reach::Within(_) => (high - low - 2.0 * EDGE_MM) / (count - 1.0),
        };
        (spacing, Family::new(angle_rad, spacing, 0.5 * (low + high) - 0.5 * (count - 1.0) * spacing))
    };
    let pieces = family.pieces(island, 0);
    let border = Border::new(island, &pieces);
    let longest_link_mm = if pattern == SolidPattern::MonotonicLines { 0.0 } else { LONGEST_LINK * spacing_mm };
    let ordered = pattern != SolidPattern::Rectilinear;
    let runs: Vec<Run> =
        if ordered { monotonic::runs(&border, &pieces, longest_link_mm) } else { runs(&border, longest_link_mm) };
    let mut laid = Laid { spacing_mm, paths: Vec::new(), shares: Vec::new(), ordered };
    let Reach::Filling { pressed_mm, .. } = reach else {
        let joining = Joining { longest_link_mm, shortest_path_mm: shortest_mm, anchor_mm: 0.0 };
        let trace = |piece: &_, backward, path: &mut _| family.trace(piece, backward, path);
        laid.paths = runs.iter().filter_map(|run| border.path(run, &joining, trace)).collect();
        return Some(laid);
    };
    let ends = Ends::new(&border, &pieces, &runs, spacing_mm, [inset_mm, pressed_mm]);
    for track in runs.iter().map(|run| ends.laid(run)).filter(|track| track.path.length_mm() >= shortest_mm) {
        laid.paths.push(track.path);
        laid.shares.push(track.shares);
    }
    Some(laid)
}
