//! The outer wall: how far its edge is from the outline, where it is missing, and where its loops begin.

use super::raster::Tiles;
use super::report::{Blemish, QualitySums};
use super::roads::{Counted, LayerRoads, Road, distance, samples};
use super::spots::Spots;
use crate::geometry::{EdgeGrid, Point, Region, mm};

/// A wall whose edge is further than this from the outline is not its outer one, mm.
pub(super) const REACH_MM: f64 = 0.15;
/// Distance of samples along walls and outlines, mm.
const STEP_MM: f64 = 0.1;
/// A loop may stop this far before its start, mm.
const LOOP_GAP_MM: f64 = 0.5;
/// A shorter loop has no seam to speak of, mm.
const LEAST_LOOP_MM: f64 = 3.0;
/// How far a seam may be from the one below, mm.
const FOLLOWS_MM: f64 = 1.0;
/// A loop goes on from the layer below where so much of it has an outline there within this distance, mm: the outline
/// lies half a road outside of the loop.
const GOES_ON_MM: f64 = 0.75;
const GOES_ON_SHARE: f64 = 0.8;

/// Signed distance in mm from the outline to a road's edge at a place in the road's middle: positive where there is
/// material outside the outline. `None` where no outline is within `reach_mm` of the edge.
pub(super) fn edge_error_mm(grid: &EdgeGrid, place: [f64; 2], width_mm: f64, reach_mm: f64) -> Option<f64> {
    let half = width_mm / 2.0;
    let p = Point::from_mm(place[0], place[1]);
    let nearest = grid.nearest(p, half + reach_mm)?;
    let depth = if grid.contains(p) { nearest.distance_mm } else { -nearest.distance_mm };
    Some(half - depth).filter(|error| error.abs() <= reach_mm)
}

/// The outer wall's error.
pub(super) fn error(roads: &LayerRoads, counted: Counted, outline: &EdgeGrid, sums: &mut QualitySums) {
    for road in roads.part.iter().filter(|road| counted.is_wall(road.role)) {
        for (place, length) in road.samples(STEP_MM) {
            if let Some(error) = edge_error_mm(outline, place, road.width_mm, REACH_MM) {
                sums.outer_wall_mm += length;
                sums.outer_wall_error_mm2 += length * error;
                sums.outer_wall_error_mm3 += length * error * error;
            }
        }
    }
}

/// The outline's length without a road just inside of it.
pub(super) fn bare_outline(outline: &Region, cover: &Tiles, sums: &mut QualitySums, spots: &mut Spots) {
    for (a, b) in outline.rings.iter().flat_map(|ring| ring.edges()) {
        let (a, b) = ([mm(a.x), mm(a.y)], [mm(b.x), mm(b.y)]);
        let whole = distance(a, b);
        if whole <= 0.0 {
            continue;
        }
        // Material is on the left of an outline.
        let inwards = [(a[1] - b[1]) / whole * REACH_MM, (b[0] - a[0]) / whole * REACH_MM];
        for (place, length) in samples(a, b, STEP_MM) {
            sums.outline_mm += length;
            if cover.at([place[0] + inwards[0], place[1] + inwards[1]]) < 0.5 {
                sums.bare_outline_mm += length;
                spots.add(Blemish::BareOutline, place, length);
            }
        }
    }
}

/// A loop of the outer wall.
pub(super) struct Loop {
    pub seam: [f64; 2],
    /// Places along it.
    places: Vec<[f64; 2]>,
}

/// The loops of the outer wall.
pub(super) fn loops(roads: &LayerRoads, counted: Counted, outline: &EdgeGrid) -> Vec<Loop> {
    let outer = |chain: &[Road]| -> Option<Loop> {
        let seam = *chain.first()?.points.first()?;
        let end = *chain.last()?.points.last()?;
        if distance(seam, end) > LOOP_GAP_MM {
            return None;
        }
        let (mut at_edge, mut whole) = (0.0, 0.0);
        let mut places = Vec::new();
        for road in chain {
            for (place, length) in road.samples(STEP_MM) {
                whole += length;
                places.push(place);
                if edge_error_mm(outline, place, road.width_mm, REACH_MM).is_some() {
                    at_edge += length;
                }
            }
        }
        (whole >= LEAST_LOOP_MM && 2.0 * at_edge > whole).then_some(Loop { seam, places })
    };
    roads.chains().filter(|chain| chain.iter().all(|road| counted.is_wall(road.role))).filter_map(outer).collect()
}

/// Counts the loops that go on from the layer below, and those of them whose seam has one there.
pub(super) fn follow(
    loops: &[Loop],
    below: &[Loop],
    outline_below: &EdgeGrid,
    sums: &mut QualitySums,
    spots: &mut Spots,
) {
    for this in loops {
        let goes_on =
            |place: &[f64; 2]| outline_below.nearest(Point::from_mm(place[0], place[1]), GOES_ON_MM).is_some();
        let near = this.places.iter().filter(|place| goes_on(place)).count();
        if (near as f64) < GOES_ON_SHARE * this.places.len() as f64 {
            continue;
        }
        sums.seams += 1;
        if below.iter().any(|other| distance(this.seam, other.seam) <= FOLLOWS_MM) {
            sums.seams_followed += 1;
        } else {
            spots.add(Blemish::Seam, this.seam, 1.0);
        }
    }
}
