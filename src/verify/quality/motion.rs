//! Moves: travels, retractions and short segments.

use super::report::QualitySums;
use super::roads::Counted;
use crate::geometry::{EdgeGrid, Point};
use crate::toolpath::{Extrusion, Step, Toolpath};

/// Less drawn back than this is nothing, mm of filament.
const DRAWN_MM: f32 = 0.05;

/// A travel of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    pub points: Vec<Point>,
    /// Filament is drawn back, or is being drawn back.
    pub is_drawn_back: bool,
}

/// What a layer's moves are.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerMoves {
    pub ways: Vec<Way>,
    pub sums: QualitySums,
}

/// The moves of each layer, from the first road of the part to the last.
pub(super) fn moves(toolpath: &Toolpath, counted: Counted) -> Vec<LayerMoves> {
    let is_road = |step: &Step| matches!(step, Step::Extrude(road) if counted.is_part(road.role));
    let mut left = toolpath.layers.iter().flat_map(|l| &l.steps).filter(|s| is_road(s)).count();
    let all = left;
    let mut drawn_mm = 0.0f32;
    let mut layers = Vec::with_capacity(toolpath.layers.len());
    for layer in &toolpath.layers {
        let mut moves = LayerMoves::default();
        for step in &layer.steps {
            let before = drawn_mm;
            let within = left < all && left > 0;
            match step {
                Step::Extrude(road) if counted.is_part(road.role) => {
                    left -= 1;
                    segments(road, &mut moves.sums);
                }
                Step::Travel(travel) => {
                    drawn_mm += travel.wipe_retract_mm;
                    if within {
                        moves.sums.travel_mm += travel.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum::<f64>();
                        moves.ways.push(Way { points: travel.points.clone(), is_drawn_back: drawn_mm > DRAWN_MM });
                    }
                }
                Step::Retract { length_mm, .. } => drawn_mm += length_mm,
                Step::Unretract { length_mm, .. } => drawn_mm = (drawn_mm - length_mm).max(0.0),
                _ => {}
            }
            moves.sums.retractions += usize::from(within && before <= DRAWN_MM && drawn_mm > DRAWN_MM);
        }
        layers.push(moves);
    }
    layers
}

/// How many straight pieces a road has, and how many of them are shorter than `short_mm`.
pub(super) fn pieces(road: &Extrusion, short_mm: f64) -> (usize, usize) {
    lengths_mm(road).fold((0, 0), |(count, short), length| (count + 1, short + usize::from(length < short_mm)))
}

/// The lengths of its straight pieces.
fn lengths_mm(road: &Extrusion) -> impl Iterator<Item = f64> {
    road.points.windows(2).map(|w| w[0].distance_mm(w[1])).filter(|length| *length > 0.0)
}

fn segments(road: &Extrusion, sums: &mut QualitySums) {
    for length in lengths_mm(road) {
        sums.road_mm += length;
        sums.segments += 1;
        sums.segments_below_50_um += usize::from(length < 0.05);
        sums.segments_below_100_um += usize::from(length < 0.1);
    }
}

/// Length in mm of the travels outside the outline with nothing drawn back.
pub(super) fn loose_travel_mm(moves: &LayerMoves, outline: &EdgeGrid) -> f64 {
    let mut sum = 0.0;
    for way in moves.ways.iter().filter(|way| !way.is_drawn_back) {
        for ends in way.points.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            let length = a.distance_mm(b);
            let mut places = vec![0.0];
            places.extend(outline.crossings(a, b).iter().map(|crossing| crossing.at));
            places.push(1.0);
            for piece in places.windows(2).filter(|piece| piece[1] > piece[0]) {
                if !outline.contains(a.towards(b, 0.5 * (piece[0] + piece[1]))) {
                    sum += length * (piece[1] - piece[0]);
                }
            }
        }
    }
    sum
}
