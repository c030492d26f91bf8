//! Where a file puts the model: slicers centre, round and shift as they like.

use super::roads::{Counted, LayerRoads};
use super::walls::{REACH_MM, edge_error_mm};
use crate::geometry::{Bounds, EdgeGrid, Point, Region, Shift};
use crate::toolpath::{Step, Toolpath};

/// Layers that are looked at.
const LAYERS: usize = 40;
/// A raft is higher than this, mm.
const LEAST_RAFT_MM: f64 = 0.05;
/// Distance of samples, mm.
const STEP_MM: f64 = 0.5;
/// How far the first look reaches, mm: the bounding boxes differ by less.
const FIRST_REACH_MM: f64 = 0.4;

/// The shift in mm that brings the outlines (one a layer of the file) to where the file prints them: first by the boxes
/// around both, then so that the walls' errors are least in the sense of squares. `None` where the file prints nothing
/// or the outlines are empty.
pub fn shift_mm(toolpath: &Toolpath, outlines: &[Region]) -> Option<[f64; 2]> {
    let counted = Counted::of(toolpath);
    let layers: Vec<(LayerRoads, &Region)> = toolpath
        .layers
        .iter()
        .zip(outlines)
        .map(|(layer, outline)| {
            let mut roads = LayerRoads::of(layer, counted);
            roads.part.retain(|road| counted.is_wall(road.role));
            (roads, outline)
        })
        .filter(|(roads, outline)| !roads.part.is_empty() && !outline.is_empty())
        .collect();
    let mut shift = boxes(&layers)?;
    let stride = layers.len().div_ceil(LAYERS).max(1);
    let looked: Vec<(&LayerRoads, EdgeGrid)> =
        layers.iter().step_by(stride).map(|(roads, outline)| (roads, EdgeGrid::new(outline))).collect();
    for reach in [FIRST_REACH_MM, REACH_MM, REACH_MM, REACH_MM] {
        let [dx, dy] = step(&looked, counted, shift, reach).unwrap_or_default();
        shift = [shift[0] + dx, shift[1] + dy];
    }
    Some(shift)
}

/// Height in mm at which the part begins: 0 on the plate, the top of the raft where it stands on one.
pub fn base_mm(toolpath: &Toolpath) -> f64 {
    let counted = Counted::of(toolpath);
    let is_part = |step: &Step| matches!(step, Step::Extrude(road) if counted.is_part(road.role));
    let printed = toolpath.layers.iter().filter(|layer| layer.steps.iter().any(is_part));
    let bottom = printed.map(|layer| f64::from(layer.z_mm) - f64::from(layer.height_mm)).fold(f64::INFINITY, f64::min);
    // Less is how files round heights, or shift all of them.
    if bottom.is_finite() && bottom > LEAST_RAFT_MM { bottom } else { 0.0 }
}

/// The shift between the boxes around all outlines and around all walls.
fn boxes(layers: &[(LayerRoads, &Region)]) -> Option<[f64; 2]> {
    let mut roads: Option<[[f64; 2]; 2]> = None;
    let mut model: Option<Bounds> = None;
    for (layer, outline) in layers {
        if let (Some([min, max]), Some(bounds)) = (layer.bounds_mm(), outline.bounds()) {
            let [low, high] = roads.get_or_insert([min, max]);
            for axis in 0..2 {
                low[axis] = low[axis].min(min[axis]);
                high[axis] = high[axis].max(max[axis]);
            }
            model = Bounds::around(
                [bounds.min, bounds.max].into_iter().chain(model.map(|m| m.min)).chain(model.map(|m| m.max)),
            );
        }
    }
    let ([min, max], model) = (roads?, model?);
    let (low, high) = (model.min.to_mm(), model.max.to_mm());
    Some([0, 1].map(|axis| 0.5 * (min[axis] + max[axis] - low[axis] - high[axis])))
}

/// One step of Gauss and Newton: each sample of a wall asks for a shift along the way to its nearest outline.
fn step(layers: &[(&LayerRoads, EdgeGrid)], counted: Counted, shift: [f64; 2], reach_mm: f64) -> Option<[f64; 2]> {
    let (mut xx, mut xy, mut yy, mut x, mut y) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (roads, grid) in layers {
        for road in roads.part.iter().filter(|road| counted.is_wall(road.role)) {
            for ([px, py], length) in road.samples(STEP_MM) {
                let place = [px - shift[0], py - shift[1]];
                let Some(error) = edge_error_mm(grid, place, road.width_mm, reach_mm) else { continue };
                let Some(nearest) = grid.nearest(Point::from_mm(place[0], place[1]), road.width_mm + reach_mm) else {
                    continue;
                };
                let [qx, qy] = nearest.point.to_mm();
                let (nx, ny) = (qx - place[0], qy - place[1]);
                let distance = nx.hypot(ny);
                if distance < 0.02 {
                    continue;
                }
                let (nx, ny) = (nx / distance, ny / distance);
                xx += length * nx * nx;
                xy += length * nx * ny;
                yy += length * ny * ny;
                x += length * nx * error;
                y += length * ny * error;
            }
        }
    }
    let determinant = xx * yy - xy * xy;
    (determinant > 1e-6 * (xx + yy).powi(2)).then(|| [(x * yy - y * xy) / determinant, (y * xx - x * xy) / determinant])
}

/// Outlines moved by a shift in mm.
pub fn shifted(mut outlines: Vec<Region>, [x, y]: [f64; 2]) -> Vec<Region> {
    outlines.shift(Point::from_mm(x, y));
    outlines
}
