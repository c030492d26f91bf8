//! Walls: outlines become closed roads, the thin places between and beside them roads of changing width.
//!
//! Each wall lies a spacing inside the one before, the outermost half its width inside the outline. A wall is laid only
//! where its two sides have room beside each other; where they have not, the strip that is left gets one road along its
//! middle instead: part of the outer wall where it is the outline itself that is thin, gap fill elsewhere. Data enters
//! as outlines and leaves as walls, variable roads and the area inside them; order, seams and speeds are not known here.

mod repeated;
#[cfg(test)]
mod tests;
mod thin;

use rayon::prelude::*;

use super::flow::{rounding_mm, spacing_mm};
use super::stages::{PerimeterIsland, PerimeterLayer, Wall};
use crate::geometry::{Island, Join, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::Settings;
use crate::toolpath::Role;

/// What decides the walls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerimeterSettings {
    /// Number of walls.
    pub count: usize,
    pub external_width_mm: f64,
    pub width_mm: f64,
    /// Width of all roads of the first layer.
    pub first_layer_width_mm: f64,
    /// Width of the roads that will fill the inside; parts that have no room for one become gap fill.
    pub solid_infill_width_mm: f64,
    pub nozzle_mm: f64,
    pub thin_walls: bool,
    pub gap_fill: bool,
    pub spiral_vase: bool,
    /// Layers below the vase.
    pub bottom_layers: usize,
    pub bottom_thickness_mm: f64,
}

impl From<&Settings> for PerimeterSettings {
    fn from(s: &Settings) -> Self {
        Self {
            count: s.perimeters as usize,
            external_width_mm: s.external_perimeter_extrusion_width,
            width_mm: s.perimeter_extrusion_width,
            first_layer_width_mm: s.first_layer_extrusion_width,
            solid_infill_width_mm: s.solid_infill_extrusion_width,
            nozzle_mm: s.nozzle_diameter,
            thin_walls: s.thin_walls,
            gap_fill: s.gap_fill_enabled,
            spiral_vase: s.spiral_vase,
            bottom_layers: s.bottom_solid_layers as usize,
            bottom_thickness_mm: s.bottom_solid_min_thickness,
        }
    }
}

/// Sharp corners stay sharp up to this many offsets.
const MITER: Join = Join::Miter(3.0);
/// Regions that were shrunk and grown again are compared with what they were only beyond this, mm.
const SLACK_MM: f64 = 0.01;
/// Differences of regions up to this are rounding, mm².
const NOTHING_MM2: f64 = 0.002;
/// Islands up to this are dust that nobody modelled, mm².
const DUST_MM2: f64 = 0.005;
/// Share of their spacing by which two sides of a wall must be apart where a variable road can take their place.
const CLOSEST: f64 = 0.95;
/// And where none can: the sides may then overlap rather than leave the place empty.
const CLOSEST_ALONE: f64 = 0.6;

/// The walls of every layer. Layers are planned in parallel and come back in order.
pub fn perimeters(
    layers: &[LayerOutline],
    settings: &PerimeterSettings,
    progress: &Progress,
) -> Result<Vec<PerimeterLayer>, Canceled> {
    progress.stage("Planning walls", layers.len());
    let islands: Vec<(Roads, Vec<Island>)> = layers
        .par_iter()
        .enumerate()
        .map(|(i, layer)| {
            progress.check()?;
            Ok((Roads::new(i, layer, settings), layer.area.islands()))
        })
        .collect::<Result<_, Canceled>>()?;
    let repeated = repeated::repeated(&islands);
    let planned = islands
        .into_par_iter()
        .zip(&repeated)
        .map(|((roads, islands), repeated)| {
            let mut planned = Vec::with_capacity(islands.len());
            for (island, same) in islands.into_iter().zip(repeated) {
                progress.check()?;
                planned.push(match same {
                    Some(_) => None,
                    None if roads.vase => Some(vase_island(island, &roads)),
                    None => Some(plan_island(island, &roads)),
                });
            }
            progress.advance(1);
            Ok(planned)
        })
        .collect::<Result<_, Canceled>>()?;
    let islands = repeated::filled_in(planned, &repeated);
    Ok(layers.iter().zip(islands).map(|(layer, islands)| PerimeterLayer { span: layer.span, islands }).collect())
}

/// A warning about islands that are too thin for any road, if there are some.
pub fn unprinted(layers: &[PerimeterLayer]) -> Option<Notice> {
    let is_bare = |i: &PerimeterIsland| {
        let has_nothing = i.walls.is_empty() && i.variable.is_empty() && i.inner.is_empty();
        has_nothing && i.outline.outer.area_mm2() > DUST_MM2
    };
    let bare: Vec<(usize, usize)> = layers
        .iter()
        .enumerate()
        .map(|(i, layer)| (i, layer.islands.iter().filter(|island| is_bare(island)).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let ((first, _), (last, _)) = (bare.first()?, bare.last()?);
    let count: usize = bare.iter().map(|(_, count)| count).sum();
    Some(
        Notice::warning(format!("{count} pieces are too thin for any road and are not printed; make them thicker"))
            .on_layers(*first, *last),
    )
}

/// One kind of closed road.
#[derive(Clone, Copy, Debug)]
struct Road {
    width_mm: f64,
    spacing_mm: f64,
}

impl Road {
    fn new(width_mm: f64, height_mm: f64) -> Self {
        Self { width_mm, spacing_mm: spacing_mm(width_mm, height_mm) }
    }
}

/// The roads of one layer.
#[derive(Clone, Copy, Debug)]
struct Roads {
    count: usize,
    external: Road,
    inner: Road,
    infill: Road,
    height_mm: f64,
    nozzle_mm: f64,
    thin_walls: bool,
    gap_fill: bool,
    /// This layer belongs to the single wall of a vase.
    vase: bool,
}

impl Roads {
    fn new(layer: usize, outline: &LayerOutline, s: &PerimeterSettings) -> Self {
        let height_mm = outline.span.height_mm();
        let road = |width_mm: f64| Road::new(if layer == 0 { s.first_layer_width_mm } else { width_mm }, height_mm);
        let is_bottom = layer < s.bottom_layers || outline.span.bottom_mm < s.bottom_thickness_mm - 1e-6;
        Self {
            count: s.count,
            external: road(s.external_width_mm),
            inner: road(s.width_mm),
            infill: road(s.solid_infill_width_mm),
            height_mm,
            nozzle_mm: s.nozzle_mm,
            thin_walls: s.thin_walls,
            gap_fill: s.gap_fill,
            vase: s.spiral_vase && !is_bottom,
        }
    }

    /// How deep the outermost wall reaches with the distance its sides keep.
    fn least_depth_mm(&self) -> f64 {
        0.5 * (self.external.width_mm + CLOSEST * self.external.spacing_mm)
    }

    /// How deep all walls and a road of infill beside them reach.
    fn whole_depth_mm(&self) -> f64 {
        let inner = self.count.saturating_sub(1) as f64 * self.inner.spacing_mm;
        0.5 * (self.external.width_mm + self.external.spacing_mm + self.infill.spacing_mm) + inner
    }

    fn at(&self, depth: usize) -> Road {
        if depth == 0 { self.external } else { self.inner }
    }
}

/// The walls along the rings of a region.
fn walls(centre: &Region, depth: usize, road: Road) -> impl Iterator<Item = Wall> + '_ {
    let role = if depth == 0 { Role::ExternalPerimeter } else { Role::Perimeter };
    centre.rings.iter().map(move |ring| Wall {
        role,
        depth,
        is_hole: ring.area_mm2() < 0.0,
        path: ring.clone(),
        width_mm: road.width_mm,
    })
}

/// One wall around the outside and nothing in it.
fn vase_island(outline: Island, roads: &Roads) -> PerimeterIsland {
    let area = Region { rings: vec![outline.outer.clone()] };
    let centre = area.offset(-0.5 * roads.external.width_mm, MITER);
    PerimeterIsland {
        walls: walls(&centre, 0, roads.external).filter(|wall| !wall.is_hole).collect(),
        variable: Vec::new(),
        inner: Region::default(),
        outline,
    }
}

fn plan_island(outline: Island, roads: &Roads) -> PerimeterIsland {
    let area = Region::from(&outline);
    let mut island = PerimeterIsland { outline, walls: Vec::new(), variable: Vec::new(), inner: Region::default() };
    if roads.count == 0 {
        island.inner = area;
        return island;
    }
    // Down to this depth every wall has room, and a plain offset does.
    let free_mm = area.lossless_depth_mm(roads.least_depth_mm(), roads.whole_depth_mm());
    // The middle of the wall before, and how far inside it the room for the next one begins.
    let mut before = area;
    let mut inset = 0.0;
    let mut outer_half = 0.5 * roads.external.width_mm;
    let mut depth_mm = 0.0;
    for depth in 0..roads.count {
        let road = roads.at(depth);
        let may_fill = if depth == 0 { roads.thin_walls } else { roads.gap_fill };
        let inner_half = 0.5 * road.spacing_mm * if may_fill { CLOSEST } else { CLOSEST_ALONE };
        depth_mm += inset + outer_half;
        let middle = if depth_mm + inner_half <= free_mm {
            before.shrunk_freely(inset + outer_half, MITER)
        } else {
            let room = before.offset(-inset, MITER);
            let fit = fitted(&room, outer_half, inner_half);
            if fit.lost && may_fill {
                let left = room.difference(&fit.middle.offset(outer_half + SLACK_MM, Join::Miter(4.0)));
                if depth == 0 {
                    let (walls, variable) = thin::walls(&left, roads);
                    island.walls.extend(walls);
                    island.variable.extend(variable);
                } else {
                    island.variable.extend(thin::gaps(&left, roads));
                }
            }
            fit.middle
        };
        island.walls.extend(walls(&middle, depth, road));
        before = middle;
        inset = 0.5 * road.spacing_mm;
        outer_half = 0.5 * roads.inner.spacing_mm;
        if before.is_empty() {
            break;
        }
    }
    let is_free = depth_mm + inset <= free_mm;
    let mut room = if is_free { before.shrunk_freely(inset, MITER) } else { before.offset(-inset, MITER) };
    // Where no road of infill has room beside another, one along the middle fills better.
    let half = 0.5 * CLOSEST * roads.infill.spacing_mm;
    if roads.gap_fill && !room.is_empty() && depth_mm + inset + half > free_mm {
        let fit = fitted(&room, 0.0, half);
        if fit.lost {
            let left = room.difference(&fit.middle.offset(SLACK_MM, MITER));
            island.variable.extend(thin::gaps(&left, roads));
            room = fit.middle;
        }
    }
    island.inner = room.without_specks(NOTHING_MM2);
    island
}

/// Where the middle of a road has room.
struct Fit {
    middle: Region,
    /// Whether some of the room is left over.
    lost: bool,
}

/// The middle of a road that fills the room's edge up to `outer_half_mm` and keeps `inner_half_mm` to itself inwards.
fn fitted(room: &Region, outer_half_mm: f64, inner_half_mm: f64) -> Fit {
    let core = room.offset(-(outer_half_mm + inner_half_mm), MITER);
    let covered = core.offset(outer_half_mm + inner_half_mm + SLACK_MM, MITER);
    let lost = room.difference(&covered).area_mm2() > NOTHING_MM2;
    let direct = room.offset(-outer_half_mm, MITER);
    // Growing back sharpens fillets, so where something is lost its result only says where the direct one stays.
    let middle = if lost { direct.intersection(&core.offset(inner_half_mm + SLACK_MM, MITER)) } else { direct };
    Fit { middle, lost }
}
