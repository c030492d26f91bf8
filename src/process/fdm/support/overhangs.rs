//! Finds what would hang in the air: the parts of each layer that reach too far beyond the layer below.

use std::f64::consts::PI;

use crate::geometry::{Bounds, EdgeGrid, Join, Point, Region, Ring, UNITS_PER_MM};
use crate::process::fdm::bridges;
use crate::process::fdm::infill::family::Family;
use crate::process::slicing::LayerOutline;
use rayon::prelude::*;

use crate::progress::{Canceled, Progress};

use super::{CORNERS, SupportSettings};

/// Overhangs narrower than twice this are slivers between two nearly equal outlines, mm.
const SLIVER_MM: f64 = 0.01;
/// Lines that look for bridges are this far apart, mm.
const BRIDGE_LINES_MM: f64 = 0.4;
/// Steps of a bridge's ends onto the layer below, mm.
const ANCHOR_MM: f64 = 0.3;

/// For each layer what of it needs support from below, the first layer excepted: it lies on the plate.
pub(super) fn overhangs(
    outlines: &[LayerOutline],
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Vec<Region>, Canceled> {
    (0..outlines.len())
        .into_par_iter()
        .map(|i| {
            progress.check()?;
            progress.advance(1);
            let Some(below) = i.checked_sub(1) else { return Ok(Region::default()) };
            let below = &outlines[below].area;
            Ok(match i < settings.enforced_layers {
                true => outlines[i].area.difference(below).opened(SLIVER_MM),
                false if settings.finds_overhangs => overhang(&outlines[i], below, settings),
                false => Region::default(),
            })
        })
        .collect()
}

fn overhang(layer: &LayerOutline, below: &Region, settings: &SupportSettings) -> Region {
    let area = &layer.area;
    if area == below || area.is_empty() {
        return Region::default();
    }
    let reach_mm = settings.reach_mm(layer.span.height_mm());
    // Most layers of most objects have none; two outlines of which one lies within the other need no exact answer.
    let too_far = area.difference(&below.offset(reach_mm, CORNERS));
    if too_far.is_empty() {
        return too_far;
    }
    let too_far = too_far.opened(SLIVER_MM);
    if too_far.is_empty() {
        return too_far;
    }
    // All of the overhang beside it, so that what is printed is held where it begins to hang.
    let whole = too_far.offset(reach_mm + SLIVER_MM, CORNERS).intersection(area).difference(below);
    if settings.bridges_need_support { whole } else { without_bridges(&whole, below, settings) }
}

/// Takes away what spans from one side of the layer below to another.
fn without_bridges(overhang: &Region, below: &Region, settings: &SupportSettings) -> Region {
    let width_mm = settings.wall_width_mm;
    let mut left: Vec<Region> = Vec::new();
    for island in overhang.islands() {
        let island = Region::from(island);
        // Narrower than two roads, its walls hang along it and span nothing.
        let wide = island.offset(-width_mm, Join::Miter(2.0));
        let Some(bounds) = island.bounds().filter(|_| !wide.is_empty()) else {
            left.push(island);
            continue;
        };
        let near = near(below, &bounds, ANCHOR_MM);
        match bridges::find(&island, &near, BRIDGE_LINES_MM, ANCHOR_MM).filter(bridges::Bridge::spans) {
            Some(bridge) => left.push(island.difference(&spanned(&island, &near, bridge.angle_rad)).opened(width_mm)),
            None => left.push(island),
        }
    }
    Region::union_all(&left)
}

/// The part of an area over air whose lines in some direction are held at both ends.
fn spanned(area: &Region, below: &Region, angle_rad: f64) -> Region {
    let Some((low, _)) = Family::new(angle_rad, BRIDGE_LINES_MM, 0.0).extent_across_mm(area) else {
        return Region::default();
    };
    let family = Family::new(angle_rad, BRIDGE_LINES_MM, low + 0.5 * BRIDGE_LINES_MM);
    let anchors = EdgeGrid::new(below);
    let is_held = |p: Point| anchors.contains(p) || anchors.nearest(p, ANCHOR_MM).is_some();
    let (sin, cos) = (angle_rad + 0.5 * PI).sin_cos();
    let across = 0.55 * BRIDGE_LINES_MM * UNITS_PER_MM;
    let (dx, dy) = ((across * cos).round() as i32, (across * sin).round() as i32);
    let strips = family.pieces(area, 0).into_iter().filter_map(|piece| {
        let [a, b] = [piece.ends[0].point, piece.ends[1].point];
        let corner = |p: Point, side: i32| Point::new(p.x + side * dx, p.y + side * dy);
        (is_held(a) && is_held(b)).then(|| Ring(vec![corner(a, -1), corner(b, -1), corner(b, 1), corner(a, 1)]))
    });
    Region::from_rings_non_zero(strips.collect())
}

/// The rings of a region near some bounds.
pub(super) fn near(region: &Region, bounds: &Bounds, reach_mm: f64) -> Region {
    let around = bounds.grown(reach_mm);
    let rings = region.rings.iter().filter(|ring| ring.bounds().is_some_and(|b| b.overlaps(&around)));
    Region { rings: rings.cloned().collect() }
}
