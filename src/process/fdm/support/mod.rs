//! Supports: what is built under overhangs and broken away afterwards.
//!
//! A stage of one object: outlines go in, and layers of roads on a grid of their own come out, whose tops lie exactly one
//! gap below the undersides that they carry ([`levels`]). What hangs too far is found by comparing each layer with the
//! one below ([`overhangs`]); it is carried by columns that go straight down ([`columns`]) or by trees that grow
//! around the object ([`tree`]), and [`hanging`] says what of it is not; what touches the object is made dense ([`interfaces`]); [`roads`] are laid last. The gaps
//! are kept by [`clearance`], which says for each level where support must not be: near the object, near what else stands
//! on the plate, and near the supports that were planned before. A [`raft`] lifts all of it. Order, seams and travels are
//! not known here.

mod cells;
mod clearance;
mod columns;
mod field;
mod hanging;
mod interfaces;
mod levels;
mod overhangs;
mod raft;
mod roads;
#[cfg(test)]
mod tests;
mod tree;

use crate::geometry::{Bounds, Join, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::{Settings, SupportInterfacePattern, SupportPattern, SupportStyle};
use crate::toolpath::Role;
use rayon::prelude::*;

use super::flow::spacing_mm;
use super::stages::{Fill, SupportLayer};
pub use clearance::Beside;
use clearance::Surroundings;
use interfaces::Part;
use levels::Level;
pub use raft::RaftSettings;
use roads::Roads;
use tree::TreeSettings;

const CORNERS: Join = Join::Miter(2.0);
/// Areas up to this are rounding, mm².
const NOTHING_MM2: f64 = 0.01;
/// Parts of a support narrower than this share of a road are not printed.
const THIN_SHARE: f64 = 0.9;

/// What decides over supports.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportSettings {
    /// What hangs further than the threshold allows is found and carried.
    pub finds_overhangs: bool,
    /// In so many layers from below everything is carried that reaches beyond the layer below it.
    pub enforced_layers: usize,
    pub style: SupportStyle,
    pub plate_only: bool,
    pub bridges_need_support: bool,
    /// Most level slope printed without support, from the horizontal; 0 = half of the outer wall must be carried.
    pub threshold_rad: f64,
    /// Width of the outer wall.
    pub wall_width_mm: f64,
    pub xy_gap_mm: f64,
    pub top_gap_mm: f64,
    pub bottom_gap_mm: f64,
    pub pattern: SupportPattern,
    /// Between the lines of the base.
    pub spacing_mm: f64,
    pub angle_rad: f64,
    pub with_sheath: bool,
    pub closing_radius_mm: f64,
    pub interface_layers: usize,
    pub bottom_interface_layers: usize,
    pub interface_pattern: SupportInterfacePattern,
    /// Between the lines of interfaces; 0 = solid.
    pub interface_spacing_mm: f64,
    pub width_mm: f64,
    pub layer_height_mm: f64,
    pub first_layer_width_mm: f64,
    pub first_layer_density: f64,
    pub first_layer_expansion_mm: f64,
    pub tree: TreeSettings,
    pub raft: RaftSettings,
    /// What supports must stay within.
    pub plate: Region,
}

impl From<&Settings> for SupportSettings {
    fn from(s: &Settings) -> Self {
        let enforced_layers = if s.spiral_vase { 0 } else { s.support_material_enforce_layers as usize };
        let finds_overhangs = s.support_material && s.support_material_auto && !s.spiral_vase;
        let enabled = finds_overhangs || enforced_layers > 0;
        let below = s.support_material_bottom_interface_layers;
        Self {
            finds_overhangs,
            enforced_layers,
            style: s.support_material_style,
            plate_only: s.support_material_buildplate_only,
            bridges_need_support: !s.dont_support_bridges,
            threshold_rad: s.support_material_threshold.to_radians(),
            wall_width_mm: s.external_perimeter_extrusion_width,
            xy_gap_mm: s.support_material_xy_spacing,
            top_gap_mm: s.support_material_contact_distance,
            bottom_gap_mm: s.support_material_bottom_contact_distance,
            pattern: s.support_material_pattern,
            spacing_mm: s.support_material_spacing,
            angle_rad: s.support_material_angle.to_radians(),
            with_sheath: s.support_material_with_sheath,
            closing_radius_mm: s.support_material_closing_radius,
            interface_layers: s.support_material_interface_layers as usize,
            bottom_interface_layers: if below < 0.0 { s.support_material_interface_layers } else { below as u32 }
                as usize,
            interface_pattern: s.support_material_interface_pattern,
            interface_spacing_mm: s.support_material_interface_spacing,
            width_mm: s.support_material_extrusion_width,
            layer_height_mm: s.layer_height,
            first_layer_width_mm: s.first_layer_extrusion_width,
            first_layer_density: s.raft_first_layer_density,
            first_layer_expansion_mm: s.raft_first_layer_expansion,
            tree: s.into(),
            raft: RaftSettings::from(s),
            plate: if enabled || s.raft_layers > 0 { crate::process::plate::area(s) } else { Region::default() },
        }
    }
}

impl SupportSettings {
    /// Whether supports are to be built where they are needed.
    pub fn is_on(&self) -> bool {
        self.finds_overhangs || self.enforced_layers > 0
    }

    /// How far a layer of this height may reach beyond the one below.
    fn reach_mm(&self, height_mm: f64) -> f64 {
        if self.threshold_rad <= 0.0 {
            return 0.5 * self.wall_width_mm;
        }
        (height_mm / self.threshold_rad.tan()).max(0.0)
    }

    /// Distance between the lines of the base.
    fn pitch_mm(&self) -> f64 {
        self.spacing_mm + spacing_mm(self.width_mm, self.layer_height_mm)
    }

    /// How far supports may reach beyond what they carry.
    fn spread_mm(&self) -> f64 {
        if self.style.is_tree() {
            return TREES_SPREAD_MM;
        }
        self.pitch_mm().max(self.closing_radius_mm) + self.first_layer_expansion_mm
    }

    /// What is further from the object than this, mm, matters to neither its raft nor its supports.
    pub fn surroundings_mm(&self) -> f64 {
        // Overhangs are grown by a road before anything spreads from them.
        let reach_mm = self.spread_mm() + self.raft.expansion_mm + self.first_layer_expansion_mm + 2.0 * self.width_mm;
        reach_mm + self.xy_gap_mm + 1.0
    }

    /// Half of the width below which a part is not printed.
    fn thin_mm(&self) -> f64 {
        0.5 * THIN_SHARE * self.width_mm
    }
}

/// What is built below one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supports {
    /// Raft and supports, from the plate up; empty where none are wanted or needed. Layers without roads are left out.
    pub layers: Vec<SupportLayer>,
    /// What they do not carry.
    pub notices: Vec<Notice>,
}

/// Plans raft and supports of one object. The outlines are those of the object where it is printed: lifted, where there is
/// a raft.
pub fn support(
    outlines: &[LayerOutline],
    beside: &Beside,
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Supports, Canceled> {
    let Some(first) = outlines.first() else { return Ok(Supports::default()) };
    let Supports { layers, notices } =
        if settings.is_on() { under_overhangs(outlines, beside, settings, progress)? } else { Supports::default() };
    let raft = &settings.raft;
    let on_raft = layers.first().filter(|layer| layer.bottom_mm < raft.top_mm() + levels::SAME_MM);
    let footprint = Region::union_all(on_raft.map(|layer| &layer.area).into_iter().chain([&first.area]));
    let mut all = raft::raft(&footprint, raft, &beside.below(raft.top_mm(), settings.xy_gap_mm), settings);
    all.extend(layers);
    Ok(Supports { layers: all, notices })
}

/// How far trees may spread beyond what they carry, mm.
const TREES_SPREAD_MM: f64 = 25.0;

/// The supports of one object on the plate or on its raft.
fn under_overhangs(
    outlines: &[LayerOutline],
    beside: &Beside,
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Supports, Canceled> {
    progress.stage("Finding overhangs", outlines.len());
    let overhangs = overhangs::overhangs(outlines, settings, progress)?;
    let Some(highest) = overhangs.iter().rposition(|o| !o.is_empty()) else {
        return Ok(Supports::default());
    };
    let spans: Vec<_> = outlines.iter().take(highest + 1).map(|o| o.span).collect();
    let first_mm = spans.first().map_or(settings.layer_height_mm, |span| span.height_mm());
    let levels = levels::levels(&spans, settings.top_gap_mm, settings.raft.top_mm(), first_mm);
    let around = Surroundings { outlines, beside, levels: &levels, settings };

    progress.stage("Planning supports", 2 * levels.len());
    let contacts = contacts(outlines, &overhangs, &levels, settings);
    let bounds = columns::bounds_from_above(&contacts, settings.spread_mm());
    let mut forbidden = around.forbidden(&bounds, progress)?;
    let taken = around.taken(&bounds, progress)?;
    for (forbidden, taken) in forbidden.iter_mut().zip(&taken).filter(|(_, taken)| !taken.is_empty()) {
        *forbidden = forbidden.union(&clearance::kept_away(taken, settings.xy_gap_mm));
    }
    if settings.plate_only && !settings.style.is_tree() {
        let shadows = around.shadows(progress)?;
        forbidden = forbidden.par_iter().zip(&shadows).map(|(f, shadow)| f.union(shadow)).collect();
    }
    let off_plate = off_plate(&bounds, settings);
    if !off_plate.is_empty() {
        forbidden = forbidden.par_iter().map(|f| f.union(&off_plate)).collect();
    }
    let mut contacts: Vec<Region> = contacts.par_iter().zip(&forbidden).map(|(c, f)| c.difference(f)).collect();
    let areas = match bounds.first().copied().flatten() {
        Some(bounds) if settings.style.is_tree() => {
            let trees = tree::trees(&around, &contacts, &forbidden, &bounds, &settings.tree, progress)?;
            contacts = trees.contacts;
            trees.areas
        }
        _ => columns::columns(&contacts, &forbidden, settings, progress)?,
    };
    let thin_mm = settings.thin_mm();
    let mut areas: Vec<Region> = areas.par_iter().map(|area| area.opened(thin_mm)).collect();
    if settings.raft.layers == 0 {
        spread_on_plate(&mut areas, &forbidden, settings);
    }
    let footholds = interfaces::footholds(&around, &areas, progress)?;
    let mut ground: Vec<Region> = if settings.plate_only {
        vec![Region::default(); areas.len()]
    } else {
        footholds.iter().map(|f| Region::union_all(f.iter().map(|(r, _)| r))).collect()
    };
    // What lies right above other supports rests on them.
    for (ground, below) in ground.iter_mut().skip(1).zip(&taken).filter(|(_, below)| !below.is_empty()) {
        *ground = ground.union(below);
    }
    let areas = columns::standing(areas, &ground, progress)?;
    let parts = interfaces::parts(&around, &areas, &contacts, &footholds, progress)?;
    let notice = hanging::notice(outlines, &overhangs, &levels, &areas, &taken, settings, progress)?;
    let layers = lay(&levels, areas, &parts, settings, progress)?;
    let notice = notice.or_else(|| layers.is_empty().then(|| hanging::none_built(&overhangs, settings)));
    Ok(Supports { layers, notices: notice.into_iter().collect() })
}

/// What each level carries: the overhangs that lie one gap above it, grown by a road so that narrow ledges and the strips
/// of slopes can be printed.
fn contacts(
    outlines: &[LayerOutline],
    overhangs: &[Region],
    levels: &[Level],
    settings: &SupportSettings,
) -> Vec<Region> {
    let mut of_level: Vec<Vec<&Region>> = vec![Vec::new(); levels.len()];
    for (outline, overhang) in outlines.iter().zip(overhangs).filter(|(_, overhang)| !overhang.is_empty()) {
        if let Some(level) = levels::highest_below(levels, outline.span.bottom_mm - settings.top_gap_mm) {
            of_level[level].push(overhang);
        }
    }
    of_level.into_par_iter().map(|all| Region::union_all(all).offset(settings.width_mm, CORNERS)).collect()
}

/// The surroundings of the plate, where supports could reach them.
fn off_plate(bounds: &[Option<Bounds>], settings: &SupportSettings) -> Region {
    let Some(bounds) = bounds.iter().flatten().next() else { return Region::default() };
    let around = Region::rectangle(*bounds).offset(settings.first_layer_expansion_mm + 1.0, CORNERS);
    around.difference(&settings.plate)
}

/// Grows the first level, so that it holds on to the plate.
fn spread_on_plate(areas: &mut [Region], forbidden: &[Region], settings: &SupportSettings) {
    if let (Some(area), Some(forbidden)) = (areas.first_mut(), forbidden.first())
        && settings.first_layer_expansion_mm > 0.0
        && !area.is_empty()
    {
        let grown = area.offset(settings.first_layer_expansion_mm, CORNERS).difference(forbidden);
        *area = grown.opened(settings.thin_mm());
    }
}

/// Lays the roads of every level.
fn lay(
    levels: &[Level],
    areas: Vec<Region>,
    parts: &[Vec<Part>],
    settings: &SupportSettings,
    progress: &Progress,
) -> Result<Vec<SupportLayer>, Canceled> {
    progress.stage("Filling supports", levels.len());
    let layers: Vec<Option<SupportLayer>> = areas
        .into_par_iter()
        .zip(levels.par_iter().zip(parts))
        .enumerate()
        .map(|(index, (area, (level, parts)))| {
            progress.check()?;
            progress.advance(1);
            let pieces: Vec<Vec<Fill>> = parts.iter().flat_map(|part| pieces(index, level, part, settings)).collect();
            let interface = Region::union_all(parts.iter().map(|p| &p.interface));
            let span = SupportLayer { bottom_mm: level.bottom_mm, top_mm: level.top_mm, area, interface, pieces };
            Ok((!span.pieces.is_empty()).then_some(span))
        })
        .collect::<Result<_, Canceled>>()?;
    Ok(layers.into_iter().flatten().collect())
}

/// The roads of a part of a level, those of each connected piece together.
fn pieces(index: usize, level: &Level, part: &Part, settings: &SupportSettings) -> Vec<Vec<Fill>> {
    let height_mm = level.top_mm - part.bottom_mm;
    let first = index == 0 && settings.raft.layers == 0;
    let width_mm = if first { settings.first_layer_width_mm } else { settings.width_mm };
    let roads = Roads { settings, level: index, width_mm, bottom_mm: part.bottom_mm, height_mm };
    let mut pieces = Vec::new();
    for island in part.base.islands() {
        let piece = Region::from(island);
        pieces.push(if first {
            let density = settings.first_layer_density;
            roads.dense(&piece, Role::SupportMaterial, settings.angle_rad, density, false)
        } else {
            roads.base(&piece)
        });
    }
    pieces.extend(part.interface.islands().into_iter().map(|island| roads.interface(&Region::from(island))));
    for piece in &mut pieces {
        piece.retain(|fill| !fill.paths.is_empty());
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
