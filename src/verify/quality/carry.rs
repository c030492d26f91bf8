//! Roads that hang in the air.

use super::raster::Tiles;
use super::report::{Blemish, QualitySums};
use super::roads::{LayerRoads, Road, distance};
use super::spots::Spots;

/// Distance of samples along roads, mm.
const STEP_MM: f64 = 0.1;
/// An anchored run leaves the line between its anchors by at most this, mm.
const STRAIGHT_MM: f64 = 0.1;

/// Adds up the length of roads whose middle is over nothing and that no straight way between two anchors holds.
/// `below` is what the layer below covers, support included. Runs shorter than `least_mm` are none.
pub(super) fn unsupported(roads: &LayerRoads, below: &Tiles, least_mm: f64, sums: &mut QualitySums, spots: &mut Spots) {
    for chain in roads.chains() {
        let samples: Vec<([f64; 2], f64)> = chain.iter().flat_map(|road| road.samples(STEP_MM)).collect();
        let hangs: Vec<bool> = samples.iter().map(|(place, _)| below.at(*place) < 0.5).collect();
        let Some(start) = hangs.iter().position(|hangs| !hangs).filter(|_| is_loop(chain)).or(Some(0)) else {
            continue;
        };
        // A loop has no ends: it is looked at from a place that is carried.
        let order: Vec<usize> = (0..samples.len()).map(|i| (start + i) % samples.len()).collect();
        let mut at = 0;
        for run in order.chunk_by(|a, b| hangs[*a] == hangs[*b]) {
            let (first, end) = (at, at + run.len());
            at = end;
            if !run.first().is_some_and(|i| hangs[*i]) {
                continue;
            }
            let length: f64 = run.iter().map(|i| samples[*i].1).sum();
            // The loop's last run is anchored where the loop begins.
            let has_anchors = first > 0 && (end < order.len() || is_loop(chain));
            if length < least_mm || (has_anchors && is_straight(run.iter().map(|i| samples[*i].0))) {
                continue;
            }
            sums.unsupported_mm += length;
            for i in run {
                spots.add(Blemish::Unsupported, samples[*i].0, samples[*i].1);
            }
        }
    }
}

fn is_loop(chain: &[Road]) -> bool {
    let ends = (chain.first().and_then(|r| r.points.first()), chain.last().and_then(|r| r.points.last()));
    matches!(ends, (Some(a), Some(b)) if distance(*a, *b) < 0.5)
}

/// Whether some places lie on the line between the first and the last of them.
fn is_straight(mut places: impl Iterator<Item = [f64; 2]> + Clone) -> bool {
    let Some((a, b)) = places.clone().next().zip(places.clone().last()) else { return true };
    let length = distance(a, b);
    if length <= 0.0 {
        return false;
    }
    places.all(|p| ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])).abs() / length <= STRAIGHT_MM)
}
