//! The steps of each layer, and the way from each layer to the next.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::geometry::{Bounds, Point, Region};
use crate::process::fdm::hop::{self, Hop, HopSettings, Occasion, Rise};
use crate::process::fdm::island::Road;
use crate::process::fdm::motion::{Departure, MotionSettings, Tool};
use crate::process::fdm::overhangs::{Below, Curl, Overhang};
use crate::process::fdm::stages::PerimeterIsland;
use crate::process::fdm::travel::{TravelMap, Way, crosses_outline, length_mm};
use crate::toolpath::{Role, Step};

use super::{LayerPrograms, PlannedObject, PlateSettings, PrintLayer, Program, islands_of};

/// How the tool gets from the end of layer `i - 1` to the beginning of layer `i`; the first comes from the origin and
/// the one behind the last layer goes nowhere.
pub(super) fn layer_change(
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
        return over_a_change(Departure::new(None, way, &plate.motion), &plate.motion, layers, i);
    };
    let road = before.roads.split_last().map(|(last, others)| {
        let lead = others.iter().rev().scan(last.first(), |to, road| {
            let leads_here = road.last() == *to && !road.closed;
            *to = road.first();
            leads_here.then_some(road)
        });
        let lead: Vec<&Road> = lead.collect();
        led_up_to(lead.into_iter().rev().flat_map(|road| road.points.iter().copied()).collect(), last)
    });
    let road = road.as_deref();
    let from = road.map(Road::last).unwrap_or_default();
    let motion = motion_of(before);
    let leave = |way: Way| over_a_change(Departure::new(road, way, motion), motion, layers, i);
    let (Some(after), Some(to)) = (after, entry) else {
        return leave(Way { points: vec![from, from], retract: true });
    };
    if after.spiral && before.spiral {
        return Departure::none();
    }
    let straight = Way { points: vec![from, to], retract: motion.retraction.on_layer_change };
    if straight.retract || from.distance_mm(to) < motion.travel.retract_before_mm {
        return leave(straight);
    }
    let is_part = |p: &Program<Vec<Road>>| p.home.is_some() && !p.support;
    let within_parts = is_part(before) && is_part(after);
    let islands = |l: usize| -> Vec<&PerimeterIsland> { islands_of(objects, &layers[l]).map(|(.., i)| i).collect() };
    let crosses = |l: usize| crosses_outline(&islands(l), from, to);
    if within_parts && !crosses(i - 1) && !crosses(i) {
        return leave(straight);
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
    leave(way)
}

/// With a hop where one is always made: the tool is above everything that is printed when it goes to a new layer.
fn over_a_change(departure: Departure, motion: &MotionSettings, layers: &[PrintLayer], to: usize) -> Departure {
    let z_mm = layers.get(to).or(layers.last()).map_or(0.0, |layer| layer.z_mm);
    let occasion = Occasion { z_mm, first_layer: to == 0, over_top: false, hit_mm: None };
    let hop = motion.hop.hop(&occasion);
    departure.with_hop(hop)
}

/// A place inside of a loop beside where it begins: on the left, where the walls of outlines and of holes have what they
/// enclose.
fn beside_start(loop_: &Road) -> Option<Point> {
    let (first, last) = (loop_.first(), loop_.last());
    let next = *loop_.points.iter().find(|p| **p != first)?;
    let before = *loop_.points.iter().rev().find(|p| **p != last && **p != first)?;
    let direction = |a: Point, b: Point| {
        let ([ax, ay], [bx, by]) = (a.to_mm(), b.to_mm());
        let length = (bx - ax).hypot(by - ay);
        [(bx - ax) / length, (by - ay) / length]
    };
    let (out, back) = (direction(first, next), direction(before, first));
    let left = [-(out[1] + back[1]), out[0] + back[0]];
    let length = left[0].hypot(left[1]);
    let [x, y] = first.to_mm();
    let by = loop_.width_mm / length;
    (length > 0.2).then(|| Point::from_mm(x + left[0] * by, y + left[1] * by))
}

/// A road whose end is this near to its beginning goes around, mm.
const GOES_AROUND_MM: f64 = 0.2;

/// A road together with the pieces that lead up to it, such as those of a wall of changing width: a wipe goes over all
/// of them, and on along the first where they go around.
fn led_up_to(mut lead: Vec<Point>, road: &Road) -> Cow<'_, Road> {
    let Some(&first) = lead.first().filter(|_| !road.closed) else { return Cow::Borrowed(road) };
    lead.extend(&road.points);
    lead.dedup();
    Cow::Owned(Road {
        closed: first.distance_mm(road.last()) <= GOES_AROUND_MM,
        points: lead,
        smooth: Vec::new(),
        ..road.clone()
    })
}

/// Whether a way may lead over one of these areas.
fn passes_over(way: &Way, areas: &[Bounds]) -> bool {
    way.points
        .windows(2)
        .any(|w| Bounds::around([w[0], w[1]]).is_some_and(|step| areas.iter().any(|area| area.overlaps(&step))))
}

/// Whether a point lies on an island.
fn is_on(island: &PerimeterIsland, p: Point) -> bool {
    island.outline.outer.locate(p) != Some(false) && island.outline.holes.iter().all(|h| h.locate(p) != Some(true))
}

/// What of a layer is printed so far, as far as the nozzle could hit it.
struct Printed {
    /// Object and number of each island of the layer, in the order of its [`TravelMap`]; what only stands beside supports
    /// is printed later.
    homes: Vec<(usize, usize)>,
    begun: BTreeSet<(usize, usize)>,
    /// Around each road of support.
    supports: Vec<Bounds>,
}

impl Printed {
    fn new(objects: &[PlannedObject], layer: &PrintLayer) -> Self {
        let homes = if objects.iter().any(|o| o.settings.motion.hop.is_on()) {
            islands_of(objects, layer).map(|(object, island, _)| (object, island)).collect()
        } else {
            Vec::new()
        };
        Self { homes, begun: BTreeSet::new(), supports: Vec::new() }
    }

    fn add(&mut self, home: Option<(usize, usize)>, support: bool, road: &Road) {
        if support {
            self.supports.extend(Bounds::around(road.points.iter().copied()));
        } else {
            self.begun.extend(home);
        }
    }

    fn is_printed(&self, island: usize) -> bool {
        self.homes.get(island).is_some_and(|home| self.begun.contains(home))
    }

    /// The hop for a way, of which `occasion` says all but what is met on it.
    fn hop(
        &self,
        way: &[Point],
        map: &TravelMap,
        leaving_mm: f64,
        occasion: Occasion,
        settings: &HopSettings,
        plate: &Region,
    ) -> Option<Hop> {
        let first_hit = |way: &[Point], leaving_mm: f64| {
            hop::first_hit_mm(way, map, |island| self.is_printed(island), &self.supports, leaving_mm)
        };
        let hop = settings.hop(&Occasion { hit_mm: first_hit(way, leaving_mm), ..occasion })?;
        let fits = match hop.rise(way) {
            // The first quarter of a turn leaves the wall, in the second one it is not yet high; then it comes back.
            Rise::Turn(points, _) => {
                let low = &points[..points.len() / 2 + 1];
                first_hit(low, 0.5 * length_mm(low)).is_none() && points.iter().all(|p| plate.contains(*p))
            }
            _ => true,
        };
        Some(if fits { hop } else { hop.straight() })
    }
}

/// Writes the steps of layers.
pub(super) struct Planner<'a> {
    pub objects: &'a [PlannedObject<'a>],
    pub plate: &'a PlateSettings,
    pub layers: &'a [PrintLayer],
    /// Into each layer, and out of the last one.
    pub departures: &'a [Departure],
    /// By object and its layers; none where nobody asks.
    pub curls: &'a [Vec<Curl>],
}

impl Planner<'_> {
    fn motion(&self, home: Option<(usize, usize)>) -> &MotionSettings {
        home.map_or(&self.plate.motion, |(o, _)| &self.objects[o].settings.motion)
    }

    /// Of all that a way on this layer may meet.
    fn travel_map(&self, layer: &PrintLayer) -> TravelMap<'_> {
        TravelMap::new(islands_of(self.objects, layer).map(|(.., island)| island).collect())
    }

    /// What the walls of each object lie on.
    fn below(&self, layer: &PrintLayer) -> BTreeMap<usize, Below<'_>> {
        let parts = layer.parts.iter();
        let below = parts.filter_map(|&(o, l)| {
            let curl = l.checked_sub(1).and_then(|b| self.curls.get(o)?.get(b));
            Some((o, Below::new(&self.objects[o], l, curl)?))
        });
        below.collect()
    }

    /// The steps of a layer, and which of them are walls over air.
    pub fn steps(&self, index: usize, programs: LayerPrograms) -> (Vec<Step>, Vec<(usize, Overhang)>) {
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
            .flat_map(|(p, program)| {
                program.roads.into_iter().map(move |road| (p, program.home, program.support, road))
            })
            .peekable();
        let mut labelled: Option<usize> = None;
        // The way that leads up to the road without a travel.
        let mut lead: Vec<Point> = Vec::new();
        let mut printed = Printed::new(self.objects, layer);
        // Material laid since the tool last travelled, mm³.
        let mut run_mm3 = 0.0;
        // Where top surfaces are finished: what drips there is seen.
        let mut tops: Vec<Bounds> = Vec::new();
        let Some((_, home, _, first)) = roads.peek() else { return (tool.steps, Vec::new()) };
        let below = if spiral { BTreeMap::new() } else { self.below(layer) };
        let mut overhangs: Vec<(usize, Overhang)> = Vec::new();
        let motion = self.motion(*home);
        if first_layer {
            tool.depart(&self.departures[0], motion);
        }
        self.label(&mut tool, &mut labelled, *home);
        let arrival = &self.departures[index];
        if !(spiral && *arrival == Departure::none()) {
            let same_z = z_before.filter(|z| (z - z_mm).abs() < 1e-6).map(|_| z_mm);
            tool.arrive(arrival, same_z, z_mm, first.z_mm.first().copied(), motion);
        }
        while let Some((program, home, support, road)) = roads.next() {
            let motion = self.motion(home);
            // Walls go piece by piece, each as slow as what hangs over the layer below has to be.
            let mut print = |tool: &mut Tool, road: Road| match home
                .filter(|_| !support)
                .and_then(|(o, _)| Some((o, below.get(&o)?)))
            {
                None => tool.print(road, first_layer, motion),
                Some((object, below)) => {
                    for (piece, overhang) in below.pieces(road) {
                        tool.print(piece, first_layer, motion);
                        let most = self.objects[object].settings.overhangs.most_mm_per_s(overhang) as f32;
                        if let Some(Step::Extrude(e)) = tool.steps.last_mut() {
                            e.feed_mm_per_s = e.feed_mm_per_s.min(most);
                        }
                        if overhang != Overhang::None {
                            overhangs.push((tool.steps.len() - 1, overhang));
                        }
                    }
                }
            };
            if motion.hop.is_on() {
                printed.add(home, support, &road);
            }
            run_mm3 += road.flow_mm3_per_mm * length_mm(&road.points);
            let Some((next_program, next_home, _, next)) = roads.peek() else {
                let out = &self.departures[index + 1];
                print(&mut tool, road);
                if out.retract {
                    motion.coasting.coast(&mut tool.steps, run_mm3);
                }
                tool.depart(out, motion);
                break;
            };
            let (from, to) = (road.last(), next.first());
            if road.role == Role::TopSolidInfill {
                tops.extend(Bounds::around(road.points.iter().copied()));
            }
            if from == to {
                if road.closed {
                    lead.clear();
                } else {
                    lead.extend(&road.points);
                }
                print(&mut tool, road);
                continue;
            }
            let same_island = program == *next_program && home.is_some();
            // Ways that are too short to retract need no map.
            let mut way = if !same_island && from.distance_mm(to) < motion.travel.retract_before_mm {
                Way { points: vec![from, to], retract: false }
            } else {
                let map = map.get_or_insert_with(|| self.travel_map(layer));
                // Beside the object there are no walls to follow.
                let inside = same_island && (!support || map.is_clear(from, to));
                map.way(from, to, inside, &motion.travel)
            };
            let over_top = passes_over(&way, &tops);
            way.retract |= from.distance_mm(to) >= motion.travel.retract_before_mm && over_top;
            if program != *next_program {
                // Ways between islands are retracted anyhow.
                tops.clear();
            }
            let (next_home, begin_mm) = (*next_home, next.z_mm.first().copied());
            let lead = std::mem::take(&mut lead);
            // A way without a retraction has no wipe.
            let led_up = if way.retract { led_up_to(lead, &road) } else { Cow::Borrowed(&road) };
            let mut departure = Departure::new(Some(&led_up), way, motion);
            if departure.retract && (motion.hop.is_on() || motion.wipe_before_external_loop) {
                let map = map.get_or_insert_with(|| self.travel_map(layer));
                let is_loop = motion.wipe_before_external_loop && next.closed && next.role == Role::ExternalPerimeter;
                let ready_at = beside_start(next).filter(|place| is_loop && map.is_clear(next.first(), *place));
                departure = departure.ready_at(ready_at);
                // The nozzle stands on an outer wall's middle and has to leave it; anything else would be met.
                let leaving_mm = if road.role == Role::ExternalPerimeter { road.width_mm } else { 0.0 };
                let occasion = Occasion { z_mm: layer.z_mm, first_layer, over_top, hit_mm: None };
                let hop = printed.hop(departure.way(), map, leaving_mm, occasion, &motion.hop, &self.plate.plate);
                departure = departure.with_hop(hop);
            }
            print(&mut tool, road);
            if departure.retract {
                motion.coasting.coast(&mut tool.steps, run_mm3);
            }
            run_mm3 = 0.0;
            tool.depart(&departure, motion);
            self.label(&mut tool, &mut labelled, next_home);
            tool.arrive(&departure, Some(z_mm), z_mm, begin_mm, motion);
        }
        if let Some(object) = labelled {
            tool.steps.push(Step::ObjectEnd(object as u16));
        }
        (tool.steps, overhangs)
    }

    /// What is set when a layer begins.
    fn begin(&self, index: usize, tool: &mut Tool) {
        let plate = self.plate;
        if index == 0 && plate.pressure_advance > 0.0 {
            tool.steps.push(Step::PressureAdvance(plate.pressure_advance as f32));
        }
        if index == plate.auxiliary_fan_from && plate.auxiliary_fan > 0.0 {
            tool.steps.push(Step::AuxiliaryFan(plate.auxiliary_fan as f32));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wipe_goes_over_all_pieces_of_a_road_and_on_around_a_loop() {
        let road = |points: &[(f64, f64)]| Road {
            role: Role::ExternalPerimeter,
            width_mm: 0.4,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            points: points.iter().map(|&(x, y)| Point::from_mm(x, y)).collect(),
            smooth: Vec::new(),
            z_mm: Vec::new(),
            closed: false,
            small: false,
        };
        let lead = road(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]).points;
        let open = led_up_to(lead.clone(), &road(&[(10.0, 10.0), (0.0, 10.0)])).into_owned();
        assert_eq!((open.points.len(), open.closed, open.last()), (4, false, Point::from_mm(0.0, 10.0)));
        let around = led_up_to(lead, &road(&[(10.0, 10.0), (0.0, 10.0), (0.0, 0.06)])).into_owned();
        assert!(around.closed);
        let alone = road(&[(0.0, 0.0), (1.0, 0.0)]);
        assert_eq!(*led_up_to(Vec::new(), &alone), alone);
    }
}
