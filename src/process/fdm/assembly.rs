//! Puts the planned layers of all objects together as one toolpath.
//!
//! Knows walls and fills of every object and the settings of motion; decides order, seams, ways, speeds, cooling and
//! what goes around the objects. How walls and fills came about is not known here. The heavy work is done layer by layer
//! in parallel: the roads of islands first, then (in sequence, but light) the order of islands from where each layer
//! before ends, then ways and steps.

use rayon::prelude::*;

use crate::geometry::{Point, Polyline, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::Settings;
use crate::toolpath::estimate::{MachineLimits, steps_time_s};
use crate::toolpath::{Layer, ObjectLabel, Role, Step, Toolpath, road_area_mm2};

use super::adhesion::{self, BrimSettings, SkirtSettings};
use super::cooling::{self, CoolingSettings};
use super::island::{IslandRoads, IslandSettings, Road};
use super::motion::{Departure, MotionSettings, Tool};
use super::order::{self, Stop};
use super::seam::{self, Seam, SeamSettings};
use super::stages::{FilledLayer, PerimeterIsland, PerimeterLayer};
use super::travel::{TravelMap, Way, crosses_outline};
use super::vase;

/// What an object's assembly depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectSettings {
    pub seam: SeamSettings,
    pub island: IslandSettings,
    pub motion: MotionSettings,
    pub brim: BrimSettings,
    /// Layers that are flat when the rest is a spiral vase; `None` for an ordinary print.
    pub vase_bottom_layers: Option<usize>,
}

impl From<&Settings> for ObjectSettings {
    fn from(s: &Settings) -> Self {
        Self {
            seam: s.into(),
            island: s.into(),
            motion: s.into(),
            brim: s.into(),
            vase_bottom_layers: s.spiral_vase.then_some(s.bottom_solid_layers as usize),
        }
    }
}

/// What concerns the plate as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateSettings {
    pub skirt: SkirtSettings,
    pub motion: MotionSettings,
    pub cooling: CoolingSettings,
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
}

impl From<&Settings> for PlateSettings {
    fn from(s: &Settings) -> Self {
        Self {
            skirt: s.into(),
            motion: s.into(),
            cooling: s.into(),
            machine: crate::process::machine::limits(s),
            plate: crate::process::plate::area(s),
            extrusion_multiplier: s.extrusion_multiplier,
            filament_diameter_mm: s.filament_diameter,
            filament_density_g_per_cm3: s.filament_density,
            nozzle_temperatures: [s.first_layer_temperature, s.temperature],
            bed_temperatures: [s.first_layer_bed_temperature, s.bed_temperature],
            pressure_advance: s.pressure_advance,
            label_objects: s.gcode_label_objects,
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
    pub settings: ObjectSettings,
}

/// Layers whose tops are this close are printed as one, mm.
const SAME_HEIGHT_MM: f64 = 1e-4;
/// Up to so many islands the order is improved from where the layer before ended.
const FEW_ISLANDS: usize = 128;

/// Everything printed at one height.
struct PrintLayer {
    z_mm: f64,
    height_mm: f64,
    /// Object and its layer.
    parts: Vec<(usize, usize)>,
}

/// What is printed of one island, or as skirt or brim: while its order is open, [`IslandRoads`], then its roads.
struct Program<R> {
    /// Object and island; `None` for skirt and brim.
    home: Option<(usize, usize)>,
    roads: R,
    /// A turn of a vase: follows the one below without a travel.
    spiral: bool,
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
    let mut around = adhesion_programs(objects, plate, &layers, &mut notices);
    let mut ordered: Vec<LayerPrograms> = Vec::with_capacity(programs.len());
    for (i, programs) in programs.into_iter().enumerate() {
        progress.check()?;
        let mut roads = around.get_mut(i).map(std::mem::take).unwrap_or_default();
        at = roads.last().and_then(|p| p.roads.last()).map_or(at, Road::last);
        for mut program in order_from(at, programs) {
            program.roads.come_from(at);
            let Program { home, roads: of_island, spiral } = program;
            let of_island = of_island.into_roads();
            at = of_island.last().map_or(at, Road::last);
            roads.push(Program { home, roads: of_island, spiral });
        }
        ordered.push(roads);
    }

    let (layers, programs) = without_empty(layers, ordered, &mut notices);
    let departures: Vec<Departure> = (0..=layers.len())
        .into_par_iter()
        .map(|i| layer_change(objects, plate, &layers, &programs, i, origin))
        .collect();
    progress.stage("Planning travels", layers.len());
    let planner = Planner { objects, plate, layers: &layers, departures: &departures };
    let steps: Vec<(Vec<Step>, f64)> = programs
        .into_par_iter()
        .enumerate()
        .map(|(i, programs)| {
            progress.check()?;
            progress.advance(1);
            let steps = planner.steps(i, programs);
            let z_before = i.checked_sub(1).and_then(|b| layers.get(b)).map_or(0.0, |l| l.z_mm);
            let time_s = |steps: &[Step]| steps_time_s(steps, z_before, plate.filament_diameter_mm, &plate.machine);
            Ok(cooling::cooled(steps, i, &plate.cooling, time_s))
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
    let mut acceleration = None;
    let last = layers.len().saturating_sub(1);
    for (i, (layer, (mut steps, level))) in layers.iter().zip(steps).enumerate() {
        let is_acceleration = |s: &Step| matches!(s, Step::Acceleration(_));
        if let Some(first) = steps.iter().position(is_acceleration) {
            let last = steps.iter().rfind(|s| is_acceleration(s)).cloned();
            if steps.get(first) == acceleration.as_ref() {
                steps.remove(first);
            }
            acceleration = last;
        }
        if level != fan {
            steps.insert(0, Step::Fan(level as f32));
            fan = level;
        }
        if i == last && fan > 0.0 {
            steps.push(Step::Fan(0.0));
        }
        toolpath.layers.push(Layer { z_mm: layer.z_mm as f32, height_mm: layer.height_mm as f32, steps });
    }
    Ok((toolpath, notices))
}

/// Name and outline of an object.
fn label(object: &PlannedObject) -> ObjectLabel {
    ObjectLabel { name: object.name.to_owned(), outline: adhesion::hull_of(object.outlines).0 }
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
            _ => layers.push(PrintLayer { z_mm, height_mm, parts: vec![(o, l)] }),
        }
    }
    layers
}

/// The islands of a print layer with their object and index.
fn islands_of<'a>(
    objects: &[PlannedObject<'a>],
    layer: &PrintLayer,
) -> impl Iterator<Item = (usize, usize, &'a PerimeterIsland)> {
    layer
        .parts
        .iter()
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
        for (i, island) in walls.islands.iter().enumerate() {
            let from = of_layer.partition_point(|s| s.island < i);
            let to = of_layer.partition_point(|s| s.island <= i);
            let fills = filled.islands.get(i).map_or(&[][..], Vec::as_slice);
            let height = walls.span.height_mm();
            let roads = IslandRoads::new(island, fills, &of_layer[from..to], height, &object.settings.island);
            if !roads.is_empty() {
                programs.push(Program { home: Some((o, i)), roads, spiral: false });
            }
        }
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
            let text = "a spiral vase must be alone on the plate; it is printed with ordinary layers";
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
    let flat: Vec<usize> =
        (first..begin).chain(end..layers.len()).filter(|&l| programs.get(l).is_some_and(|p| !p.is_empty())).collect();
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
    let wound = vase::spiral(&turns, start, object.settings.island.extrusion_multiplier);
    for (i, roads) in wound.into_iter().enumerate() {
        if let Some(slot) = programs.get_mut(begin + i) {
            *slot = vec![Program { home: Some((0, 0)), roads: IslandRoads::fixed(roads), spiral: true }];
        }
    }
}

/// Skirt and brim of each layer that has them.
fn adhesion_programs(
    objects: &[PlannedObject],
    plate: &PlateSettings,
    layers: &[PrintLayer],
    notices: &mut Vec<Notice>,
) -> Vec<LayerPrograms> {
    let Some(first) = layers.first() else { return Vec::new() };
    let on_plate: Vec<(&Region, BrimSettings)> = first
        .parts
        .iter()
        .filter_map(|&(o, l)| Some((&objects.get(o)?.outlines.get(l)?.area, objects.get(o)?.settings.brim.clone())))
        .collect();
    let flow = |width: f64, height: f64| road_area_mm2(width, height) * plate.extrusion_multiplier;
    let road = |role: Role, width_mm: f64, height_mm: f64, points: Vec<Point>| Road {
        role,
        width_mm,
        height_mm,
        flow_mm3_per_mm: flow(width_mm, height_mm),
        closed: points.first() == points.last(),
        points,
        z_mm: Vec::new(),
        small: false,
    };
    let brim = adhesion::brim(&on_plate);
    let fits = |points: &[Point], width_mm: f64| within_plate(&plate.plate, points, width_mm);
    let mut brim_roads = Vec::new();
    let mut brim_cut = false;
    for b in &brim {
        if fits(&b.path.0, b.width_mm) {
            brim_roads.push(road(Role::Brim, b.width_mm, b.height_mm, b.path.0.clone()));
        } else {
            brim_cut = true;
            let inner = plate.plate.offset(-b.width_mm / 2.0, crate::geometry::Join::Miter(2.0));
            let pieces = inner.clip(std::slice::from_ref(&b.path));
            brim_roads.extend(pieces.into_iter().map(|p| road(Role::Brim, b.width_mm, b.height_mm, p.0)));
        }
    }
    if brim_cut {
        notices.push(Notice::warning("the brim does not fit on the build plate and is cut off at its edge"));
    }
    // The skirt goes around all that is printed while it is: its own layers' outlines and the brim.
    let height = plate.skirt.height as usize;
    let brim_areas: Vec<Region> =
        brim_roads.iter().map(|r| Region { rings: vec![crate::geometry::Ring(r.points.clone())] }).collect();
    let mut around: Vec<&Region> = layers
        .iter()
        .take(height)
        .flat_map(|layer| &layer.parts)
        .filter_map(|&(o, l)| objects.get(o)?.outlines.get(l).map(|outline| &outline.area))
        .collect();
    around.extend(&brim_areas);
    let skirt = adhesion::skirt(&around, &plate.skirt);
    let skirt_fits = skirt.iter().all(|ring| fits(&ring.0, plate.skirt.width_mm));
    if !skirt_fits {
        notices.push(Notice::warning("the skirt does not fit on the build plate and is left out"));
    }
    let mut out = Vec::new();
    for (i, layer) in layers.iter().enumerate().take(height.max(1)) {
        let mut programs = Vec::new();
        if skirt_fits && i < height {
            // Loops beyond those asked for are there for the first layer's flow alone. From the outside inwards.
            let count = if i == 0 { skirt.len() } else { skirt.len().min(plate.skirt.loops as usize) };
            let roads: Vec<Road> = skirt[..count]
                .iter()
                .rev()
                .map(|ring| {
                    let mut points = ring.0.clone();
                    points.extend(ring.0.first());
                    road(Role::Skirt, plate.skirt.width_mm, layer.height_mm, points)
                })
                .collect();
            if !roads.is_empty() {
                programs.push(Program { home: None, roads, spiral: false });
            }
        }
        if i == 0 && !brim_roads.is_empty() {
            programs.push(Program { home: None, roads: std::mem::take(&mut brim_roads), spiral: false });
        }
        out.push(programs);
    }
    out
}

/// Whether a road of this width along these points stays on the plate.
fn within_plate(plate: &Region, points: &[Point], width_mm: f64) -> bool {
    let path = Polyline(points.to_vec());
    let inner = plate.offset(-width_mm / 2.0, crate::geometry::Join::Miter(2.0));
    let inside: f64 = inner.clip(std::slice::from_ref(&path)).iter().map(Polyline::length_mm).sum();
    inside >= path.length_mm() - 1e-3
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

/// How the tool gets from the end of layer `i - 1` to the beginning of layer `i`; the first comes from the origin and
/// the one behind the last layer goes nowhere.
fn layer_change(
    objects: &[PlannedObject],
    plate: &PlateSettings,
    layers: &[PrintLayer],
    programs: &[LayerPrograms],
    i: usize,
    origin: Point,
) -> Departure {
    let motion_of = |p: &Program<Vec<Road>>| p.home.map_or(&plate.motion, |(o, _)| &objects[o].settings.motion);
    let before = i.checked_sub(1).and_then(|b| programs.get(b)).and_then(|p| p.last());
    let after = programs.get(i).and_then(|p| p.first());
    let entry = after.and_then(|p| p.roads.first()).map(Road::first);
    let Some(before) = before else {
        let way = Way { points: vec![origin, entry.unwrap_or(origin)], retract: true };
        return Departure::new(None, way, &plate.motion);
    };
    let road = before.roads.last();
    let from = road.map(Road::last).unwrap_or_default();
    let motion = motion_of(before);
    let (Some(after), Some(to)) = (after, entry) else {
        return Departure::new(road, Way { points: vec![from, from], retract: true }, motion);
    };
    if after.spiral && before.spiral {
        return Departure::none();
    }
    let straight = Way { points: vec![from, to], retract: motion.retraction.on_layer_change };
    if straight.retract || from.distance_mm(to) < motion.travel.retract_before_mm {
        return Departure::new(road, straight, motion);
    }
    let within_parts = before.home.is_some() && after.home.is_some();
    let islands = |l: usize| -> Vec<&PerimeterIsland> { islands_of(objects, &layers[l]).map(|(.., i)| i).collect() };
    let crosses = |l: usize| crosses_outline(&islands(l), from, to);
    if within_parts && !crosses(i - 1) && !crosses(i) {
        return Departure::new(road, straight, motion);
    }
    // Around corners and holes of the new layer, if it is one island with the end of the old one.
    let new = islands(i);
    let inside = within_parts
        && motion.travel.avoid_crossing
        && new.iter().any(|island| is_on(island, from) && is_on(island, to));
    let way = if inside {
        TravelMap::new(new).way(from, to, true, &motion.travel)
    } else {
        Way { retract: true, ..straight }
    };
    Departure::new(road, way, motion)
}

/// Whether a point lies on an island.
fn is_on(island: &PerimeterIsland, p: Point) -> bool {
    island.outline.outer.locate(p) != Some(false) && island.outline.holes.iter().all(|h| h.locate(p) != Some(true))
}

/// Writes the steps of layers.
struct Planner<'a> {
    objects: &'a [PlannedObject<'a>],
    plate: &'a PlateSettings,
    layers: &'a [PrintLayer],
    /// Into each layer, and out of the last one.
    departures: &'a [Departure],
}

impl Planner<'_> {
    fn motion(&self, home: Option<(usize, usize)>) -> &MotionSettings {
        home.map_or(&self.plate.motion, |(o, _)| &self.objects[o].settings.motion)
    }

    fn steps(&self, index: usize, programs: LayerPrograms) -> Vec<Step> {
        let layer = &self.layers[index];
        let first_layer = index == 0;
        let spiral = programs.iter().any(|p| p.spiral);
        // A vase's turn begins at the height of the layer below.
        let z_mm = if spiral { layer.z_mm - layer.height_mm } else { layer.z_mm };
        let z_before = index.checked_sub(1).map(|b| self.layers[b].z_mm);
        let count: usize = programs.iter().map(|p| p.roads.len()).sum();
        let mut tool = Tool::new(2 * count + 8);
        self.begin(index, &mut tool);
        let mut map: Option<TravelMap> = None;
        let mut roads = programs
            .into_iter()
            .enumerate()
            .flat_map(|(p, program)| program.roads.into_iter().map(move |road| (p, program.home, road)))
            .peekable();
        let mut labelled: Option<usize> = None;
        let Some((_, home, _)) = roads.peek() else { return tool.steps };
        let motion = self.motion(*home);
        if first_layer {
            tool.depart(&self.departures[0], motion);
        }
        self.label(&mut tool, &mut labelled, *home);
        let arrival = &self.departures[index];
        if !(spiral && *arrival == Departure::none()) {
            let same_z = z_before.filter(|z| (z - z_mm).abs() < 1e-6).map(|_| z_mm);
            tool.arrive(arrival, same_z, z_mm, motion);
        }
        while let Some((program, home, road)) = roads.next() {
            let motion = self.motion(home);
            let Some((next_program, next_home, next)) = roads.peek() else {
                let out = &self.departures[index + 1];
                tool.print(road, first_layer, motion);
                tool.depart(out, motion);
                break;
            };
            let (from, to) = (road.last(), next.first());
            if from == to {
                tool.print(road, first_layer, motion);
                continue;
            }
            let same_island = program == *next_program && home.is_some();
            // Ways that are too short to retract need no map.
            let way = if !same_island && from.distance_mm(to) < motion.travel.retract_before_mm {
                Way { points: vec![from, to], retract: false }
            } else {
                let map = map.get_or_insert_with(|| {
                    TravelMap::new(islands_of(self.objects, layer).map(|(.., island)| island).collect())
                });
                map.way(from, to, same_island, &motion.travel)
            };
            let departure = Departure::new(Some(&road), way, motion);
            let next_home = *next_home;
            tool.print(road, first_layer, motion);
            tool.depart(&departure, motion);
            self.label(&mut tool, &mut labelled, next_home);
            tool.arrive(&departure, Some(z_mm), z_mm, motion);
        }
        if let Some(object) = labelled {
            tool.steps.push(Step::ObjectEnd(object as u16));
        }
        tool.steps
    }

    /// What is set when a layer begins.
    fn begin(&self, index: usize, tool: &mut Tool) {
        let plate = self.plate;
        if index == 0 && plate.pressure_advance > 0.0 {
            tool.steps.push(Step::PressureAdvance(plate.pressure_advance as f32));
        }
        if index == 1 {
            let [first, others] = plate.nozzle_temperatures;
            if others != first && others > 0.0 {
                tool.steps.push(Step::NozzleTemperature(others as f32));
            }
            let [first, others] = plate.bed_temperatures;
            if others != first {
                tool.steps.push(Step::BedTemperature(others as f32));
            }
        }
    }

    /// Names the object that follows, where it is another one than before.
    fn label(&self, tool: &mut Tool, labelled: &mut Option<usize>, home: Option<(usize, usize)>) {
        let wanted = home.map(|(object, _)| object).filter(|o| self.plate.label_objects && *o <= usize::from(u16::MAX));
        if wanted == *labelled {
            return;
        }
        if let Some(object) = *labelled {
            tool.steps.push(Step::ObjectEnd(object as u16));
        }
        if let Some(object) = wanted {
            tool.steps.push(Step::ObjectStart(object as u16));
        }
        *labelled = wanted;
    }
}
