//! Walls: outlines become closed roads, the thin places between and beside them roads of changing width.
//!
//! Each wall lies a spacing inside the one before, the outermost half its width inside the outline. A wall is laid only
//! where its two sides have room beside each other; where they have not, the strip that is left gets one road along its
//! middle instead: part of the outer wall where it is the outline itself that is thin, gap fill elsewhere (`thin`).
//! Islands of which walls of full width leave something out get walls that change their width and number instead
//! (`variable`, with `beads` and `paths`), or all islands, or none, as settings ask; where those do not come out sound,
//! full width stays. Data enters as outlines and leaves as walls, variable roads and the area inside them; order, seams
//! and speeds are not known here.

mod beads;
mod local;
mod paths;
mod repeated;
#[cfg(test)]
mod tests;
mod thin;
mod variable;
#[cfg(test)]
mod variable_tests;
mod whole;

use std::f64::consts::FRAC_PI_4;

use rayon::prelude::*;

use super::flow::{rounding_mm, spacing_mm};
use super::stages::{PerimeterIsland, PerimeterLayer, VariableRoad, Wall};
use crate::geometry::{Island, Join, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::{Settings, SingleWallOnTop, WallGenerator};
use crate::toolpath::Role;

/// What decides the walls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerimeterSettings {
    /// Number of walls.
    pub count: usize,
    /// One wall more on every other layer.
    pub alternate_extra: bool,
    pub one_on_first_layer: bool,
    pub one_on_top: SingleWallOnTop,
    pub external_width_mm: f64,
    pub width_mm: f64,
    /// Width of all roads of the layer on the plate.
    pub first_layer_width_mm: f64,
    /// Width of the roads that will fill the inside; parts that have no room for one become gap fill.
    pub solid_infill_width_mm: f64,
    pub nozzle_mm: f64,
    pub thin_walls: bool,
    pub gap_fill: bool,
    pub generator: WallGenerator,
    /// No road of changing width is narrower than this, mm.
    pub least_bead_mm: f64,
    /// Nothing thinner is printed, mm.
    pub least_feature_mm: f64,
    /// Way over which roads swing to their new places where their number changes, mm.
    pub transition_mm: f64,
    pub spiral_vase: bool,
    /// Layers below the vase.
    pub bottom_layers: usize,
    pub bottom_thickness_mm: f64,
}

impl From<&Settings> for PerimeterSettings {
    fn from(s: &Settings) -> Self {
        Self {
            count: s.perimeters as usize,
            alternate_extra: s.alternate_extra_wall,
            one_on_first_layer: s.only_one_perimeter_first_layer,
            one_on_top: s.top_one_perimeter_type,
            external_width_mm: s.external_perimeter_extrusion_width,
            width_mm: s.perimeter_extrusion_width,
            first_layer_width_mm: s.first_layer_extrusion_width,
            solid_infill_width_mm: s.solid_infill_extrusion_width,
            nozzle_mm: s.nozzle_diameter,
            thin_walls: s.thin_walls,
            gap_fill: s.gap_fill_enabled,
            generator: s.perimeter_generator,
            least_bead_mm: s.min_bead_width,
            least_feature_mm: s.min_feature_size,
            transition_mm: s.wall_transition_length,
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
/// Walls of full width may leave this much of an island out before it gets walls of changing width, mm².
const LEFT_OUT_MM2: f64 = 0.05;
/// Walls whose volume is off by more than this share of their island, and this area on top, are not used.
const UNSOUND: f64 = 0.06;
const UNSOUND_MM2: f64 = 0.1;
/// Islands up to this are dust that nobody modelled, mm².
const DUST_MM2: f64 = 0.005;
/// Share of their spacing by which two sides of a wall must be apart where a variable road can take their place.
const CLOSEST: f64 = 0.95;
/// And where none can: the sides may then overlap rather than leave the place empty.
const CLOSEST_ALONE: f64 = 0.6;

/// Two roads take the place of one where each is at least this share of the nozzle's diameter wide.
const LEAST_OF_TWO: f64 = 0.85;

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
    let repeated = match settings.one_on_top {
        SingleWallOnTop::Nowhere => repeated::repeated(&islands),
        // The layer above decides too.
        _ => islands.iter().map(|(_, islands)| vec![None; islands.len()]).collect(),
    };
    let nothing = Region::default();
    let planned = islands
        .into_par_iter()
        .zip(&repeated)
        .enumerate()
        .map(|(i, ((roads, islands), repeated))| {
            let above = layers.get(i + 1).map_or(&nothing, |above| &above.area);
            let above = match settings.one_on_top {
                SingleWallOnTop::Nowhere => None,
                SingleWallOnTop::Top => Some(above),
                SingleWallOnTop::Topmost => Some(above).filter(|_| i + 1 == layers.len()),
            };
            let mut planned = Vec::with_capacity(islands.len());
            for (island, same) in islands.into_iter().zip(repeated) {
                progress.check()?;
                planned.push(match same {
                    Some(_) => None,
                    None if roads.vase => Some(vase_island(island, &roads)),
                    None => Some(plan_island(island, above, &roads)),
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
    generator: WallGenerator,
    least_bead_mm: f64,
    least_feature_mm: f64,
    /// Two roads take the place of one where each is at least this wide, mm.
    least_of_two_mm: f64,
    transition_mm: f64,
    /// This layer belongs to the single wall of a vase.
    vase: bool,
}

impl Roads {
    fn new(layer: usize, outline: &LayerOutline, s: &PerimeterSettings) -> Self {
        let height_mm = outline.span.height_mm();
        // What stands on a raft has a layer like any other for its first.
        let is_on_plate = layer == 0 && outline.span.is_on_plate();
        let road = |width_mm: f64| Road::new(if is_on_plate { s.first_layer_width_mm } else { width_mm }, height_mm);
        let count = match layer {
            0 if s.one_on_first_layer => s.count.min(1),
            _ => s.count + usize::from(s.alternate_extra && s.count > 0 && layer % 2 == 1),
        };
        let is_bottom = layer < s.bottom_layers || outline.span.bottom_mm < s.bottom_thickness_mm - 1e-6;
        Self {
            count,
            external: road(s.external_width_mm),
            inner: road(s.width_mm),
            infill: road(s.solid_infill_width_mm),
            height_mm,
            nozzle_mm: s.nozzle_mm,
            thin_walls: s.thin_walls,
            gap_fill: s.gap_fill,
            generator: s.generator,
            least_bead_mm: s.least_bead_mm,
            least_feature_mm: s.least_feature_mm,
            least_of_two_mm: (LEAST_OF_TWO * s.nozzle_mm).max(s.least_bead_mm),
            transition_mm: s.transition_mm,
            vase: s.spiral_vase && !is_bottom,
        }
    }

    /// Room between the innermost walls from which on a road of infill lies there, mm.
    fn least_infill_mm(&self) -> f64 {
        CLOSEST * self.infill.spacing_mm
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
        widths_mm: Vec::new(),
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

/// Walls of full width, or where those leave something out, walls of changing width. `above` is the layer above, where
/// what is not under it gets one wall only.
fn plan_island(outline: Island, above: Option<&Region>, roads: &Roads) -> PerimeterIsland {
    let mut classic = Classic::new(outline, above, roads);
    let variable = match roads.generator {
        _ if roads.count == 0 => None,
        WallGenerator::Automatic if classic.is_whole => None,
        WallGenerator::Automatic => local::plan(&classic.island, &classic.lost, roads)
            .filter(|(walls, variable)| is_sound(&classic.island, walls, variable, roads))
            .or_else(|| variable::plan(&classic.island.outline, roads)),
        WallGenerator::Classic => None,
        WallGenerator::Variable if above.is_none() || !classic.is_whole => {
            variable::plan(&classic.island.outline, roads)
        }
        WallGenerator::Variable => None,
    };
    match variable {
        Some((walls, variable)) if is_sound(&classic.island, &walls, &variable, roads) => {
            classic.island.walls = walls;
            classic.island.variable = variable;
            classic.island
        }
        _ => classic.filled(roads),
    }
}

/// Whether roads have the volume of their island, as far as that can be: a check on everything that led to them.
fn is_sound(island: &PerimeterIsland, walls: &[Wall], variable: &[VariableRoad], roads: &Roads) -> bool {
    let rounding = rounding_mm(roads.height_mm);
    let mut laid = island.inner.area_mm2();
    laid += walls.iter().map(|w| w.path.length_mm() * (w.width_mm - rounding)).sum::<f64>();
    for road in variable {
        let steps = road.points.windows(2).zip(road.widths_mm.windows(2));
        laid += steps.map(|(p, w)| p[0].distance_mm(p[1]) * (0.5 * (w[0] + w[1]) - rounding)).sum::<f64>();
        // The nozzle reaches round both ends.
        let ends = [road.widths_mm.first(), road.widths_mm.last()];
        laid += ends.into_iter().flatten().map(|w| FRAC_PI_4 / 2.0 * w * w).sum::<f64>();
    }
    let rings = std::iter::once(&island.outline.outer).chain(&island.outline.holes);
    let (area, around) = rings.fold((0.0, 0.0), |(a, l), ring| (a + ring.area_mm2(), l + ring.length_mm()));
    let expected = area - 0.5 * rounding * around;
    (laid - expected).abs() <= UNSOUND * area + UNSOUND_MM2
}

/// Walls of full width.
struct Classic {
    island: PerimeterIsland,
    /// They leave nothing out that other walls could fill.
    is_whole: bool,
    /// What they leave out.
    lost: Region,
    /// Where roads along the middle may fill what is left.
    left: Vec<Left>,
    /// Nothing thinner is printed, mm.
    least_feature_mm: f64,
}

/// The room for a wall, or for infill, and where the middle of it lies.
struct Left {
    /// Of the wall; `None` for infill.
    depth: Option<usize>,
    room: Region,
    middle: Region,
    /// How far the road reaches from its middle outwards, mm.
    half_mm: f64,
}

impl Classic {
    fn new(outline: Island, above: Option<&Region>, roads: &Roads) -> Self {
        let area = Region::from(&outline);
        let island = PerimeterIsland { outline, walls: Vec::new(), variable: Vec::new(), inner: Region::default() };
        let (lost, left) = (Region::default(), Vec::new());
        let mut this = Self { island, is_whole: true, lost, left, least_feature_mm: roads.least_feature_mm };
        if roads.count == 0 {
            this.island.inner = area;
            return this;
        }
        // Down to this depth every wall has room, and a plain offset does.
        let mut free_mm = area.lossless_depth_mm(roads.least_depth_mm(), roads.whole_depth_mm());
        // The middle of the wall before, and how far inside it the room for the next one begins.
        let mut before = area;
        let mut inset = 0.0;
        let mut outer_half = 0.5 * roads.external.width_mm;
        let mut depth_mm = 0.0;
        // What is seen from above and has its one wall already.
        let mut top = Region::default();
        for depth in 0..roads.count {
            let road = roads.at(depth);
            let may_fill = if depth == 0 { roads.thin_walls } else { roads.gap_fill };
            let inner_half = 0.5 * road.spacing_mm * if may_fill { CLOSEST } else { CLOSEST_ALONE };
            depth_mm += inset + outer_half;
            let middle = if depth_mm + inner_half <= free_mm {
                before.shrunk_freely(inset + outer_half, MITER)
            } else {
                let room = before.offset(-inset, MITER).difference(&top);
                this.fit(room, outer_half, inner_half, Some(depth), may_fill)
            };
            this.island.walls.extend(walls(&middle, depth, road));
            before = middle;
            inset = 0.5 * road.spacing_mm;
            outer_half = 0.5 * roads.inner.spacing_mm;
            if before.is_empty() {
                break;
            }
            if depth == 0
                && roads.count > 1
                && let Some(above) = above
            {
                let room = before.offset(-inset, MITER);
                top = room.difference(above).opened(roads.inner.width_mm);
                if !top.is_empty() {
                    top = top.offset(SLACK_MM, MITER).intersection(&room);
                    free_mm = 0.0;
                }
            }
        }
        let is_free = depth_mm + inset <= free_mm;
        let mut room =
            if is_free { before.shrunk_freely(inset, MITER) } else { before.offset(-inset, MITER).difference(&top) };
        // Where no road of infill has room beside another, one along the middle fills better.
        let half = 0.5 * CLOSEST * roads.infill.spacing_mm;
        if roads.gap_fill && !room.is_empty() && depth_mm + inset + half > free_mm {
            room = this.fit(room, 0.0, half, None, true);
        }
        // Walls of changing width know nothing of tops.
        this.is_whole = this.lost.area_mm2() <= LEFT_OUT_MM2 || !top.is_empty();
        this.island.inner = room.union(&top).without_specks(NOTHING_MM2);
        this
    }

    /// Where the middle of a road lies that fills the room's edge up to `outer_half_mm` and keeps `inner_half_mm` to itself
    /// inwards. What of the room has no room for it is lost.
    fn fit(
        &mut self,
        room: Region,
        outer_half_mm: f64,
        inner_half_mm: f64,
        depth: Option<usize>,
        fill: bool,
    ) -> Region {
        let core = room.offset(-(outer_half_mm + inner_half_mm), MITER);
        let covered = core.offset(outer_half_mm + inner_half_mm + SLACK_MM, MITER);
        let lost = room.difference(&covered);
        let is_lost = lost.area_mm2() > NOTHING_MM2;
        // What is thinner than anything printed, such as the film between two parts that nearly touch, is no loss.
        let lost = if is_lost && depth == Some(0) { lost.opened(0.5 * self.least_feature_mm) } else { lost };
        self.lost.rings.extend(lost.rings);
        let direct = if outer_half_mm > 0.0 { room.offset(-outer_half_mm, MITER) } else { room.clone() };
        if !is_lost {
            return direct;
        }
        // Growing back sharpens fillets, so where something is lost its result only says where the direct one stays.
        let middle = direct.intersection(&core.offset(inner_half_mm + SLACK_MM, MITER));
        if fill {
            self.left.push(Left { depth, room, middle: middle.clone(), half_mm: outer_half_mm });
        }
        middle
    }

    /// With roads along the middle of what is left.
    fn filled(mut self, roads: &Roads) -> PerimeterIsland {
        for Left { depth, room, middle, half_mm } in &self.left {
            let join = if depth.is_some() { Join::Miter(4.0) } else { MITER };
            let left = room.difference(&middle.offset(half_mm + SLACK_MM, join));
            if *depth == Some(0) {
                let (walls, variable) = thin::walls(&left, roads);
                self.island.walls.splice(0..0, walls);
                self.island.variable.extend(variable);
            } else {
                self.island.variable.extend(thin::gaps(&left, roads));
            }
        }
        self.island
    }
}
