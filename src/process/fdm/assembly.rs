//! Puts the planned layers of all objects together as one toolpath.
//!
//! Knows walls and fills of every object and the settings of motion; decides order, seams, ways, speeds, cooling and
//! what goes around the objects. How walls and fills came about is not known here. The heavy work is done layer by layer
//! in parallel: the roads of islands first, then (in sequence, but light) the order of islands from where each layer
//! before ends, then ways and steps.

mod around;
mod grids;
mod steps;

use rayon::prelude::*;

use crate::geometry::{Point, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::Settings;
use crate::toolpath::estimate::{MachineLimits, steps_time_s};
use crate::toolpath::{Layer, ObjectLabel, Step, Toolpath};

use super::adhesion::brim::BrimSettings;
use super::adhesion::{self, SkirtSettings};
use super::cooling::{self, CoolingSettings};
use super::crumbs::{self, CrumbSettings};
use super::flow_rate::{self, FlowRateSettings};
use super::island::{IslandRoads, IslandSettings, Road};
use super::motion::{Departure, MotionSettings};
use super::order::{self, Stop};
use super::overhangs::{self, Curl, OverhangSettings};
use super::seam::{self, Seam, SeamSettings};
use super::stages::{FilledLayer, PerimeterIsland, PerimeterLayer, SupportLayer};
use super::vase;

/// What an object's assembly depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectSettings {
    pub seam: SeamSettings,
    pub island: IslandSettings,
    pub motion: MotionSettings,
    pub overhangs: OverhangSettings,
    pub brim: BrimSettings,
    /// Layers that are flat when the rest is a spiral vase; `None` for an ordinary print.
    pub vase_bottom_layers: Option<usize>,
    /// The turns of a vase lead over into each other.
    pub vase_smooth: bool,
    /// How far what the object stands on may end below it: gap above supports or a raft, mm.
    pub gap_below_mm: f64,
    /// Supports are off, and could be on.
    pub is_without_supports: bool,
}

impl From<&Settings> for ObjectSettings {
    fn from(s: &Settings) -> Self {
        Self {
            seam: s.into(),
            island: s.into(),
            motion: s.into(),
            overhangs: s.into(),
            brim: s.into(),
            vase_bottom_layers: s.spiral_vase.then_some(s.bottom_solid_layers as usize),
            vase_smooth: s.spiral_vase_smooth,
            is_without_supports: !s.support_material && !s.spiral_vase,
            gap_below_mm: [
                (s.has_supports(), s.support_material_contact_distance),
                (s.raft_layers > 0, s.raft_contact_distance),
            ]
            .into_iter()
            .filter_map(|(is_there, gap_mm)| is_there.then_some(gap_mm))
            .fold(0.0, f64::max),
        }
    }
}

/// What concerns the plate as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateSettings {
    pub skirt: SkirtSettings,
    pub motion: MotionSettings,
    pub cooling: CoolingSettings,
    pub crumbs: CrumbSettings,
    pub flow_rate: FlowRateSettings,
    pub machine: MachineLimits,
    /// What skirt and brim must stay within.
    pub plate: Region,
    pub extrusion_multiplier: f64,
    pub filament_diameter_mm: f64,
    pub filament_density_g_per_cm3: f64,
    /// °C, of the first layer and of the others.
    pub nozzle_temperatures: [f64; 2],
    pub bed_temperatures: [f64; 2],
    /// s; 0 = leave the machine's.
    pub pressure_advance: f64,
    pub label_objects: bool,
    /// Speed of a second fan, 0 to 1, and the first layer with it.
    pub auxiliary_fan: f64,
    pub auxiliary_fan_from: usize,
}

impl From<&Settings> for PlateSettings {
    fn from(s: &Settings) -> Self {
        Self {
            skirt: s.into(),
            motion: s.into(),
            cooling: s.into(),
            crumbs: s.into(),
            flow_rate: s.into(),
            machine: crate::process::machine::limits(s),
            plate: crate::process::plate::area(s),
            extrusion_multiplier: s.extrusion_multiplier,
            filament_diameter_mm: s.filament_diameter,
            filament_density_g_per_cm3: s.filament_density,
            nozzle_temperatures: [s.first_layer_temperature, s.temperature],
            bed_temperatures: [s.first_layer_bed_temperature, s.bed_temperature],
            pressure_advance: s.pressure_advance,
            label_objects: s.gcode_label_objects,
            auxiliary_fan: if s.auxiliary_fan { s.additional_cooling_fan_speed } else { 0.0 },
            auxiliary_fan_from: s.disable_fan_first_layers as usize,
        }
    }
}

/// One object, planned as far as roads.
#[derive(Clone, Debug)]
pub struct PlannedObject<'a> {
    pub name: &'a str,
    pub outlines: &'a [LayerOutline],
    pub perimeters: &'a [PerimeterLayer],
    pub filled: &'a [FilledLayer],
    pub support: &'a [SupportLayer],
    pub settings: ObjectSettings,
}

/// Layers whose tops are this close are printed as one, mm.
pub(super) const SAME_HEIGHT_MM: f64 = 1e-4;
/// Up to so many islands the order is improved from where the layer before ended.
const FEW_ISLANDS: usize = 128;

/// Everything printed at one height.
struct PrintLayer {
    z_mm: f64,
    height_mm: f64,
    /// Object and its layer.
    parts: Vec<(usize, usize)>,
    /// Object and the layer of its supports.
    supports: Vec<(usize, usize)>,
    /// Objects and the layers of them that end higher and have begun: ways keep clear of them.
    beside: Vec<(usize, usize)>,
}

/// What is printed of one island, or as skirt or brim: while its order is open, [`IslandRoads`], then its roads.
struct Program<R> {
    /// Object and island (or piece of support); `None` for skirt and brim.
    home: Option<(usize, usize)>,
    roads: R,
    /// A turn of a vase: follows the one below without a travel.
    spiral: bool,
    /// Support: beside the object, not in it.
    support: bool,
}

/// Everything of one layer in order.
type LayerPrograms = Vec<Program<Vec<Road>>>;

/// The toolpath of all objects, and what was noticed.
pub fn assemble(
    objects: &[PlannedObject],
    plate: &PlateSettings,
    progress: &Progress,
) -> Result<(Toolpath, Vec<Notice>), Canceled> {
    let mut notices = Vec::new();
    let layers = print_layers(objects, &mut notices);
    progress.stage("Placing seams", objects.len());
    let mut seams: Vec<Vec<Vec<Seam>>> = Vec::with_capacity(objects.len());
    for (i, object) in objects.iter().enumerate() {
        seams.push(seam::seams(object.perimeters, &object.settings.seam, i as u64, progress)?);
        progress.advance(1);
    }

    progress.stage("Ordering roads", layers.len());
    let mut programs: Vec<Vec<Program<IslandRoads>>> = layers
        .par_iter()
        .map(|layer| {
            progress.check()?;
            progress.advance(1);
            Ok(order_freely(island_programs(objects, layer, &seams)))
        })
        .collect::<Result<_, Canceled>>()?;
    wind_vases(objects, &layers, &mut programs, &seams, &mut notices);
    let origin = plate.plate.bounds().map(|b| b.min).unwrap_or_default();
    let mut at = origin;
    let spiral_from = programs.iter().position(|p| p.iter().any(|p| p.spiral));
    let mut around = around::programs(objects, plate, &layers, spiral_from, &mut notices);
    let mut ordered: Vec<LayerPrograms> = Vec::with_capacity(programs.len());
    for (i, programs) in programs.into_iter().enumerate() {
        progress.check()?;
        let mut roads = around.get_mut(i).map(std::mem::take).unwrap_or_default();
        at = roads.last().and_then(|p| p.roads.last()).map_or(at, Road::last);
        for mut program in order_from(at, programs) {
            program.roads.come_from(at);
            let Program { home, roads: of_island, spiral, support } = program;
            let of_island = of_island.into_roads();
            at = of_island.last().map_or(at, Road::last);
            roads.push(Program { home, roads: of_island, spiral, support });
        }
        ordered.push(roads);
    }

    let (layers, programs) = without_empty(layers, ordered, &mut notices);
    let departures: Vec<Departure> = (0..=layers.len())
        .into_par_iter()
        .map(|i| steps::layer_change(objects, plate, &layers, &programs, i, origin))
        .collect();
    progress.stage("Planning travels", layers.len());
    let curls: Vec<Vec<Curl>> =
        objects.iter().map(|object| overhangs::curls(object, progress)).collect::<Result<_, Canceled>>()?;
    let planner = steps::Planner { objects, plate, layers: &layers, departures: &departures, curls: &curls };
    let time_s = |i: usize, steps: &[Step]| {
        let z_before = i.checked_sub(1).and_then(|b| layers.get(b)).map_or(0.0, |l: &PrintLayer| l.z_mm);
        steps_time_s(steps, z_before, plate.filament_diameter_mm, &plate.machine)
    };
    let planned: Vec<_> = programs
        .into_par_iter()
        .enumerate()
        .map(|(i, programs)| {
            progress.check()?;
            progress.advance(1);
            Ok(planner.steps(i, programs))
        })
        .collect::<Result<_, Canceled>>()?;
    // Only where objects have layers of their own does anything cool while something else is printed.
    let meanwhile = grids::meanwhile(&layers);
    let times_s: Vec<f64> = match meanwhile.iter().all(|others| others.is_empty()) {
        true => Vec::new(),
        false => planned.par_iter().enumerate().map(|(i, (steps, _))| time_s(i, steps)).collect(),
    };
    let numbers = grids::numbers(&layers, objects);
    let steps: Vec<(Vec<Step>, f64)> = planned
        .into_par_iter()
        .zip(meanwhile)
        .enumerate()
        .map(|(i, ((steps, overhangs), others))| {
            progress.check()?;
            let meanwhile_s = times_s.get(others).map_or(0.0, |times| times.iter().sum());
            let cooling = &plate.cooling;
            let time_s = |steps: &[Step]| time_s(i, steps);
            let (mut steps, fan) = cooling::cooled(steps, &overhangs, numbers[i], meanwhile_s, cooling, time_s);
            crumbs::merge(&mut steps, &plate.crumbs);
            Ok((flow_rate::smoothed(steps, &plate.flow_rate), fan))
        })
        .collect::<Result<_, Canceled>>()?;
    let mut toolpath = Toolpath {
        layers: Vec::with_capacity(layers.len()),
        objects: objects.iter().map(label).collect(),
        filament_diameter_mm: plate.filament_diameter_mm as f32,
        filament_density_g_per_cm3: plate.filament_density_g_per_cm3 as f32,
    };
    // The fan is off when a print begins; what is already set is not said again.
    let mut fan = 0.0;
    let is_lasting: [fn(&Step) -> bool; 2] = [|s| matches!(s, Step::Acceleration(_)), |s| matches!(s, Step::Jerk(_))];
    let mut set: [Option<Step>; 2] = [None, None];
    let last = layers.len().saturating_sub(1);
    for (i, (layer, (mut steps, level))) in layers.iter().zip(steps).enumerate() {
        for (is_such, known) in is_lasting.iter().zip(&mut set) {
            let Some(first) = steps.iter().position(is_such) else { continue };
            let last = steps.iter().rfind(|s| is_such(s)).cloned();
            if steps.get(first) == known.as_ref() {
                steps.remove(first);
            }
            *known = last;
        }
        if level != fan {
            steps.insert(0, Step::Fan(level as f32));
            fan = level;
        }
        if i == last && fan > 0.0 {
            steps.push(Step::Fan(0.0));
        }
        if i == last && plate.auxiliary_fan > 0.0 && plate.auxiliary_fan_from <= last {
            steps.push(Step::AuxiliaryFan(0.0));
        }
        toolpath.layers.push(Layer { z_mm: layer.z_mm as f32, height_mm: layer.height_mm as f32, steps });
    }
    Ok((toolpath, notices))
}

/// Name and outline of an object.
fn label(object: &PlannedObject) -> ObjectLabel {
    let mut outline = adhesion::hull_of(object.outlines).0;
    if !object.support.is_empty() {
        let corners = |layer: &SupportLayer| layer.area.rings.iter().flat_map(|r| r.0.clone()).collect::<Vec<_>>();
        outline.extend(object.support.iter().flat_map(corners));
        outline = adhesion::convex_hull(outline).0;
    }
    ObjectLabel { name: object.name.to_owned(), outline }
}

/// The layers of all objects by height.
fn print_layers(objects: &[PlannedObject], notices: &mut Vec<Notice>) -> Vec<PrintLayer> {
    let mut all: Vec<(f64, f64, usize, usize)> = Vec::new();
    for (o, object) in objects.iter().enumerate() {
        for (l, layer) in object.perimeters.iter().enumerate() {
            all.push((layer.span.top_mm, layer.span.height_mm(), o, l));
        }
        let used = |l: &PerimeterLayer| !l.islands.is_empty();
        let first = object.perimeters.iter().position(used).unwrap_or(0);
        let last = object.perimeters.iter().rposition(used).unwrap_or(0);
        let empty: Vec<usize> = (first..last).filter(|&l| !used(&object.perimeters[l])).collect();
        if let (Some(from), Some(to)) = (empty.first(), empty.last()) {
            let notice = Notice::warning("there is nothing to print here: the model is interrupted or too thin");
            notices.push(notice.on_object(object.name).on_layers(*from, *to));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut layers: Vec<PrintLayer> = Vec::new();
    for (z_mm, height_mm, o, l) in all {
        match layers.last_mut() {
            Some(layer) if z_mm - layer.z_mm < SAME_HEIGHT_MM => {
                layer.height_mm = layer.height_mm.max(height_mm);
                layer.parts.push((o, l));
            }
            _ => layers.push(PrintLayer {
                z_mm,
                height_mm,
                parts: vec![(o, l)],
                supports: Vec::new(),
                beside: Vec::new(),
            }),
        }
    }
    with_supports(layers, objects)
}

/// The layers with those of the supports: together with the objects' where they end at the same height.
fn with_supports(mut layers: Vec<PrintLayer>, objects: &[PlannedObject]) -> Vec<PrintLayer> {
    for (o, object) in objects.iter().enumerate() {
        for (l, support) in object.support.iter().enumerate() {
            let at = layers.partition_point(|layer| layer.z_mm < support.top_mm - SAME_HEIGHT_MM);
            match layers.get_mut(at).filter(|layer| layer.z_mm - support.top_mm < SAME_HEIGHT_MM) {
                Some(layer) => layer.supports.push((o, l)),
                None => {
                    let height_mm = support.top_mm - support.bottom_mm;
                    let (parts, supports, beside) = (Vec::new(), vec![(o, l)], Vec::new());
                    layers.insert(at, PrintLayer { z_mm: support.top_mm, height_mm, parts, supports, beside });
                }
            }
        }
    }
    grids::look_beside(&mut layers, objects);
    layers
}

/// The islands of a print layer, or beside it, with their object and index.
fn islands_of<'a>(
    objects: &[PlannedObject<'a>],
    layer: &PrintLayer,
) -> impl Iterator<Item = (usize, usize, &'a PerimeterIsland)> {
    layer
        .parts
        .iter()
        .chain(&layer.beside)
        .filter_map(|&(o, l)| Some((o, objects.get(o)?.perimeters.get(l)?)))
        .flat_map(|(o, layer)| layer.islands.iter().enumerate().map(move |(i, island)| (o, i, island)))
}

fn island_programs(
    objects: &[PlannedObject],
    layer: &PrintLayer,
    seams: &[Vec<Vec<Seam>>],
) -> Vec<Program<IslandRoads>> {
    let mut programs = Vec::new();
    for &(o, l) in &layer.parts {
        let object = &objects[o];
        let (Some(walls), Some(filled)) = (object.perimeters.get(l), object.filled.get(l)) else { continue };
        let of_layer = seams.get(o).and_then(|s| s.get(l)).map_or(&[][..], Vec::as_slice);
        let settings = &object.settings.island;
        // Below the lowest layer is the plate, or the gap above a raft: no ramp can begin there.
        let flat = (l == 0).then(|| IslandSettings { scarf: settings.scarf.nowhere(), ..settings.clone() });
        let settings = flat.as_ref().unwrap_or(settings);
        for (i, island) in walls.islands.iter().enumerate() {
            let from = of_layer.partition_point(|s| s.island < i);
            let to = of_layer.partition_point(|s| s.island <= i);
            let fills = filled.islands.get(i).map_or(&[][..], Vec::as_slice);
            let roads = IslandRoads::new(island, fills, &of_layer[from..to], &walls.span, settings);
            if !roads.is_empty() {
                programs.push(Program { home: Some((o, i)), roads, spiral: false, support: false });
            }
        }
    }
    for &(o, l) in &layer.supports {
        let object = &objects[o];
        let pieces = object.support.get(l).map_or(&[][..], |support| &support.pieces);
        programs.extend(pieces.iter().enumerate().map(|(i, piece)| {
            let roads = IslandRoads::of_support(piece, &object.settings.island);
            Program { home: Some((o, i)), roads, spiral: false, support: true }
        }));
    }
    programs
}

/// Puts programs in the order of some visits.
fn in_order<R>(programs: Vec<Program<R>>, visits: &[order::Visit]) -> Vec<Program<R>> {
    let mut slots: Vec<Option<Program<R>>> = programs.into_iter().map(Some).collect();
    visits.iter().filter_map(|v| slots.get_mut(v.stop).and_then(Option::take)).collect()
}

/// A short order wherever it begins.
fn order_freely(programs: Vec<Program<IslandRoads>>) -> Vec<Program<IslandRoads>> {
    let stops: Vec<Stop> = programs.iter().map(|p| p.roads.stop()).collect();
    let visits = order::order(None, &stops);
    in_order(programs, &visits)
}

/// An order from where the tool stands: improved afresh where the islands are few, else the better of the order that
/// they have, that order turned around, and nearest neighbour.
fn order_from(at: Point, programs: Vec<Program<IslandRoads>>) -> Vec<Program<IslandRoads>> {
    if programs.len() < 2 {
        return programs;
    }
    let stops: Vec<Stop> = programs.iter().map(|p| p.roads.stop()).collect();
    let as_is: Vec<order::Visit> = (0..stops.len()).map(|stop| order::Visit { stop, reversed: false }).collect();
    let turned: Vec<order::Visit> = as_is.iter().rev().copied().collect();
    let fresh =
        if stops.len() <= FEW_ISLANDS { order::order(Some(at), &stops) } else { order::nearest(Some(at), &stops) };
    let length = |visits: &[order::Visit]| order::travel_mm(Some(at), &stops, visits);
    let candidates = [fresh, as_is, turned];
    let best = candidates.iter().min_by(|a, b| length(a).total_cmp(&length(b)));
    match best {
        Some(visits) => in_order(programs, visits),
        None => programs,
    }
}

/// Replaces the layers above a vase's bottom by a spiral.
fn wind_vases(
    objects: &[PlannedObject],
    layers: &[PrintLayer],
    programs: &mut [Vec<Program<IslandRoads>>],
    seams: &[Vec<Vec<Seam>>],
    notices: &mut Vec<Notice>,
) {
    let [object] = objects else {
        for object in objects.iter().filter(|o| o.settings.vase_bottom_layers.is_some()) {
            let text = "a spiral vase must be alone on the plate; each object is printed hollow, in steps with seams";
            notices.push(Notice::warning(text).on_object(object.name));
        }
        return;
    };
    let Some(bottom) = object.settings.vase_bottom_layers else { return };
    // The first layer is always flat.
    let first = bottom.max(1);
    let turn_at = |l: usize| vase::turn(object.perimeters.get(l)?, object.filled.get(l)?);
    let Some(begin) = (first..layers.len()).find(|&l| turn_at(l).is_some()) else {
        notices.push(
            Notice::warning("no layer has a single outline, so nothing is printed as a spiral").on_object(object.name),
        );
        return;
    };
    let turns: Vec<vase::Turn> = (begin..layers.len()).map_while(turn_at).collect();
    let end = begin + turns.len();
    // A bottom that its least thickness makes higher than its count of layers is as it should be.
    let is_bottom =
        |l: usize| object.filled.get(l).is_some_and(|f| f.islands.iter().flatten().any(|fill| !fill.paths.is_empty()));
    let printed = |l: &usize| programs.get(*l).is_some_and(|p| !p.is_empty());
    let flat: Vec<usize> = (first..begin).filter(|&l| !is_bottom(l)).chain(end..layers.len()).filter(printed).collect();
    if let (Some(from), Some(to)) = (flat.first(), flat.last()) {
        let notice = Notice::warning("there is more than one outline here, so these layers are not part of the spiral");
        notices.push(notice.on_object(object.name).on_layers(*from, *to));
    }
    let start = seams.first().and_then(|s| s.get(begin)).and_then(|s| s.first()).map(|s| s.at);
    let start = start.or_else(|| {
        let point = *turns.first()?.ring.0.first()?;
        Some(seam::RingPoint { edge: 0, point })
    });
    let Some(start) = start else { return };
    let ObjectSettings { vase_smooth, island: IslandSettings { fuzzy, extrusion_multiplier, .. }, .. } =
        &object.settings;
    let wound = vase::spiral(&turns, start, *vase_smooth, fuzzy, *extrusion_multiplier);
    for (i, roads) in wound.into_iter().enumerate() {
        if let Some(slot) = programs.get_mut(begin + i) {
            *slot =
                vec![Program { home: Some((0, 0)), roads: IslandRoads::fixed(roads), spiral: true, support: false }];
        }
    }
}

/// Leaves out layers that have no roads.
fn without_empty(
    layers: Vec<PrintLayer>,
    programs: Vec<LayerPrograms>,
    notices: &mut Vec<Notice>,
) -> (Vec<PrintLayer>, Vec<LayerPrograms>) {
    let used: (Vec<PrintLayer>, Vec<LayerPrograms>) =
        layers.into_iter().zip(programs).filter(|(_, programs)| !programs.is_empty()).unzip();
    if let Some(first) = used.0.first()
        && first.z_mm - first.height_mm > SAME_HEIGHT_MM
    {
        let z_mm = first.z_mm - first.height_mm;
        notices.push(Notice::warning(format!(
            "the lowest {z_mm:.2} mm have nothing to print, so the print begins in the air; drop the objects to the plate"
        )));
    }
    used
}
