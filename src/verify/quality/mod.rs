//! How well a file prints its model: what lies where, measured on the finished moves of any slicer's file.
//!
//! A toolpath (read back from G-code) and the model's exact outline in the middle of each of its layers go in, a
//! [`QualityReport`] comes out. Nothing a slicer says is believed but what a road is for, and where a file does not say
//! that, every road counts. Skirt, brim and support are no part of the print; support carries what is above it.
//!
//! Roads are rounded rectangles: flow and height give the width (`A = h (w - h) + π h²/4`). Seen from above a road
//! covers all places within half a width of its middle. Outlines and roads are drawn on a grid of
//! [`QualitySettings::pixel_mm`] with the exact share of every pixel. With `w` the usual road's width, `s = w - h (1 -
//! π/4)` the distance of two that just fill their layer, and `n` walls, the figures are:
//!
//! - **outer wall error** (mean and standard deviation, by length): at places 0.1 mm apart along walls and gap fill, half
//!   the road's width less the distance of its middle from the nearest outline, positive where material stands out.
//!   Only roads whose edge is within 0.15 mm of an outline are outer walls.
//! - **bare outline**: the share of the outline where no road lies 0.15 mm inside of it.
//! - **bare thin parts**: of the area thinner than `2 w` (the outline less its opening by `w`), the share no road covers.
//! - **wall cover**: of the area within `w + (n - 1) s` of the outline, the share that roads cover.
//! - **shell cover** (top and bottom): the same of the area inside of that which is not inside of the next
//!   `top_layers` above and `bottom_layers` below; places narrower than 0.9 `w` are not counted.
//! - **overfilled**, **underfilled**: of walls and shells together, the share where a square with side `w` holds more
//!   than 1.2 (less than 0.8) of the material that fits into its part of the outline. Underfill is only looked for where
//!   no sparse infill is near.
//!   The square is deliberately small: one of 0.75 mm, over which pressed material still spreads, finds about a third as
//!   much in PrusaSlicer's files and a seventh in CuraEngine's (a 20 mm cube).
//! - **needless solid**: of what lies further than `w` from every wall and shell (places narrower than `4 w` left out),
//!   the share in squares of 1.2 mm that are covered by more than 0.93.
//! - **unsupported**: length of roads whose middle is over no road of the layer below, in runs longer than `w`; a
//!   straight run between two carried ends is a bridge and not counted.
//! - **travel**, from the first road to the last; **loose travel**: the part of it outside the layer's outline with no
//!   filament drawn back; **retractions**.
//! - **seams**: of the outer loops that go on from the layer below (four fifths of them have an outline there within
//!   0.75 mm), the share that begins within 1 mm of where a loop of the layer below does.
//! - **short segments**: the share of a road's straight pieces shorter than 0.05 and 0.1 mm.
//! - **time**: by [`estimate`](crate::toolpath::estimate), so that one planner judges every slicer; also by what it is
//!   spent on.

mod carry;
mod fill;
mod motion;
mod place;
mod raster;
mod report;
mod roads;
mod spots;
#[cfg(test)]
mod tests;
mod walls;
mod zones;

pub use place::{base_mm, shift_mm, shifted};
pub use report::{
    Blemish, LayerQuality, QualityFigures, QualityReport, QualitySums, RoleQuality, SPOT_MM, Spot, TimeShares,
};

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::geometry::{Bounds, EdgeGrid, Point, Region};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::toolpath::Toolpath;
use crate::toolpath::estimate::{MachineLimits, estimate};
use motion::LayerMoves;
use raster::{Frame, Tile, Tiles, tiles_of};
use roads::{Counted, LayerRoads};
use spots::Spots;
use zones::Zones;

/// What the file was meant to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualitySettings {
    /// Width of the usual road, and height of the usual layer.
    pub road_width_mm: f64,
    pub layer_height_mm: f64,
    pub walls: usize,
    pub top_layers: usize,
    pub bottom_layers: usize,
    /// Side of a pixel.
    pub pixel_mm: f64,
}

impl QualitySettings {
    /// How far the walls reach into the outline.
    fn wall_depth_mm(&self) -> f64 {
        let spacing = self.road_width_mm - self.layer_height_mm * (1.0 - std::f64::consts::FRAC_PI_4);
        match self.walls {
            0 => 0.0,
            walls => self.road_width_mm + (walls - 1) as f64 * spacing,
        }
    }
}

/// Layers that are measured one after the other, because each looks at the one below.
const RUN: usize = 8;
/// Spots of a blemish that are kept.
const SPOTS: usize = 5;

/// Measures a file. `outlines` are the model's, one a layer of the toolpath, where the file prints them (see
/// [`shift_mm`]). Fails only when told to stop.
pub fn measure(
    toolpath: &Toolpath,
    outlines: &[Region],
    settings: &QualitySettings,
    limits: &MachineLimits,
    progress: &Progress,
) -> Result<QualityReport, Canceled> {
    let times = estimate(toolpath, limits, progress)?;
    progress.stage("Measuring", toolpath.layers.len());
    let counted = Counted::of(toolpath);
    let zones = zones::zones(outlines, settings, progress)?;
    let moves = motion::moves(toolpath, counted);
    let count = toolpath.layers.len().min(outlines.len());
    let job = Measurement { toolpath, outlines, zones: &zones, moves: &moves, settings, counted };
    let runs: Vec<Vec<(LayerQuality, Vec<Spot>)>> = (0..count.div_ceil(RUN))
        .into_par_iter()
        .map(|run| job.run(run * RUN..((run + 1) * RUN).min(count), progress))
        .collect::<Result<_, Canceled>>()?;
    let mut report = QualityReport::default();
    for (layer, spots) in runs.into_iter().flatten() {
        report.sums.add(&layer.sums);
        report.layers.push(layer);
        report.spots.extend(spots);
    }
    report
        .spots
        .sort_by(|a, b| a.blemish.cmp(&b.blemish).then(b.amount.total_cmp(&a.amount)).then(a.layer.cmp(&b.layer)));
    let mut kept = 0;
    let mut last = None;
    report.spots.retain(|spot| {
        kept = if last == Some(spot.blemish) { kept + 1 } else { 1 };
        last = Some(spot.blemish);
        kept <= SPOTS
    });
    report.figures = report.sums.figures(times.time_s);
    report.shares = TimeShares::of(toolpath, &times);
    if !report.prints_model() {
        report.notices.push(Notice::warning(
            "most of the model's outline has no road: the file prints another model, or this one turned or scaled",
        ));
    }
    Ok(report)
}

struct Measurement<'a> {
    toolpath: &'a Toolpath,
    outlines: &'a [Region],
    zones: &'a [Zones],
    moves: &'a [LayerMoves],
    settings: &'a QualitySettings,
    counted: Counted,
}

/// What a layer needs of the one below.
struct Below {
    carries: Tiles,
    outline: EdgeGrid,
    loops: Vec<walls::Loop>,
}

impl Measurement<'_> {
    fn run(
        &self,
        layers: std::ops::Range<usize>,
        progress: &Progress,
    ) -> Result<Vec<(LayerQuality, Vec<Spot>)>, Canceled> {
        let mut below = layers.start.checked_sub(1).map(|i| {
            let roads = LayerRoads::of(&self.toolpath.layers[i], self.counted);
            let grid = EdgeGrid::new(&self.outlines[i]);
            let fields = self.tiles(i, &roads, &grid).into_iter().map(|tile| {
                let frame = Frame::of_tile(tile, self.settings.pixel_mm);
                (tile, roads.cover(frame, true))
            });
            Below {
                carries: Tiles { fields: fields.collect() },
                loops: walls::loops(&roads, self.counted, &grid),
                outline: grid,
            }
        });
        let mut found = Vec::with_capacity(layers.len());
        for i in layers {
            progress.check()?;
            let (quality, spots, here) = self.layer(i, below.as_ref());
            found.push((quality, spots));
            below = Some(here);
            progress.advance(1);
        }
        Ok(found)
    }

    /// The tiles of the plate in which a layer has an outline or a road, or is inside of its outline.
    fn tiles(&self, i: usize, roads: &LayerRoads, grid: &EdgeGrid) -> BTreeSet<Tile> {
        let (outline, pixel_mm) = (&self.outlines[i], self.settings.pixel_mm);
        let mut tiles = BTreeSet::new();
        for (a, b) in outline.rings.iter().flat_map(|ring| ring.edges()) {
            tiles
                .extend(Bounds::around([a, b]).iter().flat_map(|b| tiles_of([b.min.to_mm(), b.max.to_mm()], pixel_mm)));
        }
        for road in roads.part.iter().chain(&roads.support) {
            let half = road.width_mm / 2.0;
            for (a, b) in road.segments() {
                let low = [0, 1].map(|axis| a[axis].min(b[axis]) - half);
                let high = [0, 1].map(|axis| a[axis].max(b[axis]) + half);
                tiles.extend(tiles_of([low, high], pixel_mm));
            }
        }
        let is_inside = |tile: &Tile| {
            let [x, y] = Frame::of_tile(*tile, pixel_mm).centre_mm();
            grid.contains(Point::from_mm(x, y))
        };
        let around = outline.bounds().map(|b| [b.min.to_mm(), b.max.to_mm()]);
        tiles.extend(around.into_iter().flat_map(|b| tiles_of(b, pixel_mm)).filter(is_inside));
        tiles
    }

    fn layer(&self, i: usize, below: Option<&Below>) -> (LayerQuality, Vec<Spot>, Below) {
        let (layer, outline) = (&self.toolpath.layers[i], &self.outlines[i]);
        let mut sums = self.moves[i].sums;
        let mut spots = Spots::default();
        let roads = LayerRoads::of(layer, self.counted);
        let grid = EdgeGrid::new(outline);
        let mut cover = Tiles::default();
        for tile in self.tiles(i, &roads, &grid) {
            let field = roads.cover(Frame::of_tile(tile, self.settings.pixel_mm), false);
            fill::areas(outline, &self.zones[i], &roads, &field, self.settings, &mut sums, &mut spots);
            cover.fields.insert(tile, field);
        }
        walls::error(&roads, self.counted, &grid, &mut sums);
        walls::bare_outline(outline, &cover, &mut sums, &mut spots);
        sums.loose_travel_mm = motion::loose_travel_mm(&self.moves[i], &grid);
        let loops = walls::loops(&roads, self.counted, &grid);
        if let Some(below) = below {
            walls::follow(&loops, &below.loops, &below.outline, &mut sums, &mut spots);
            carry::unsupported(&roads, &below.carries, self.settings.road_width_mm, &mut sums, &mut spots);
        }
        let supported = |frame: &Frame| roads.support.iter().any(|road| frame.touches(road.bounds_mm));
        for field in cover.fields.values_mut().filter(|field| supported(&field.frame)) {
            *field = roads.cover(field.frame, true);
        }
        let z_mm = f64::from(layer.z_mm);
        let quality = LayerQuality { z_mm, height_mm: f64::from(layer.height_mm), sums };
        (quality, spots.worst(i, z_mm), Below { carries: cover, outline: grid, loops })
    }
}
