//! Time for a layer to cool: slower roads on short layers, and the fan.
//!
//! Knows the finished steps of one layer and nothing of how they came about. Feeds are only ever lowered, bridges are
//! left as they are, and outer walls are slowed last because a change of feed shows on them.

use super::overhangs::Overhang;
use crate::settings::Settings;
use crate::toolpath::{Role, Step};

/// What decides on fan and slowing down.
#[derive(Clone, Debug, PartialEq)]
pub struct CoolingSettings {
    /// Slow down and fan up for short layers.
    pub enabled: bool,
    pub fan_always_on: bool,
    /// Fan levels are shares, 0 to 1.
    pub min_fan: f64,
    pub max_fan: f64,
    pub bridge_fan: f64,
    /// On walls over air, from the least to the most overhanging class; `None` where those are as all others.
    pub overhang_fan: Option<[f64; 4]>,
    /// So many layers are printed without fan.
    pub disable_fan_first_layers: u32,
    /// From this layer on, counted from 1, the fan has its full level; 0 = no ramp.
    pub full_fan_layer: u32,
    pub fan_below_layer_time_s: f64,
    pub slowdown_below_layer_time_s: f64,
    pub min_print_speed_mm_per_s: f64,
}

impl From<&Settings> for CoolingSettings {
    fn from(s: &Settings) -> Self {
        Self {
            enabled: s.cooling,
            fan_always_on: s.fan_always_on,
            min_fan: s.min_fan_speed,
            max_fan: s.max_fan_speed,
            bridge_fan: s.bridge_fan_speed,
            overhang_fan: s.enable_dynamic_fan_speeds.then_some([
                s.overhang_fan_speed_3,
                s.overhang_fan_speed_2,
                s.overhang_fan_speed_1,
                s.overhang_fan_speed_0,
            ]),
            disable_fan_first_layers: s.disable_fan_first_layers,
            full_fan_layer: s.full_fan_speed_layer,
            fan_below_layer_time_s: s.fan_below_layer_time,
            slowdown_below_layer_time_s: s.slowdown_below_layer_time,
            min_print_speed_mm_per_s: s.min_print_speed,
        }
    }
}

/// Fan levels of one layer, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FanLevels {
    pub normal: f64,
    pub bridge: f64,
    /// On walls over air, from the least to the most overhanging class.
    pub overhang: [f64; 4],
}

impl FanLevels {
    fn of(&self, role: Role, overhang: Overhang) -> f64 {
        if is_bridge(role) { self.bridge } else { overhang.of_class(&self.overhang).unwrap_or(self.normal) }
    }
}

impl CoolingSettings {
    /// The fan for the layer of this index (from 0) that would take `layer_time_s` at full speed.
    pub fn fan(&self, layer: usize, layer_time_s: f64) -> FanLevels {
        let number = layer as f64 + 1.0;
        let disabled = f64::from(self.disable_fan_first_layers);
        if number <= disabled {
            return FanLevels { normal: 0.0, bridge: 0.0, overhang: [0.0; 4] };
        }
        let idle = if self.fan_always_on { self.min_fan } else { 0.0 };
        let (short, long) = (self.slowdown_below_layer_time_s, self.fan_below_layer_time_s);
        let normal = if !self.enabled || layer_time_s >= long.max(short) {
            idle
        } else if layer_time_s <= short || long <= short {
            self.max_fan
        } else {
            let share = (layer_time_s - short) / (long - short);
            self.max_fan + (self.min_fan - self.max_fan) * share
        };
        let full = f64::from(self.full_fan_layer);
        let ramp = if number < full { (number - disabled) / (full - disabled) } else { 1.0 };
        let level = |special: f64| {
            let wanted = if self.enabled { special.max(normal) } else { normal };
            (wanted * ramp).clamp(0.0, 1.0)
        };
        FanLevels {
            normal: level(0.0),
            bridge: level(self.bridge_fan),
            overhang: self.overhang_fan.map_or([level(0.0); 4], |fans| fans.map(level)),
        }
    }
}

/// Rounds of slowing down and looking again: slower roads lose less time to acceleration, so one is not enough.
const ROUNDS: usize = 5;
/// A layer may be this much shorter than wanted, s.
const SHORT_BY_S: f64 = 0.02;

/// Slows down what is too fast for the layer to cool and sets the fan where bridges and overhangs want another level.
/// `overhangs` are the steps that are walls over air, in their order; `meanwhile_s` is printed elsewhere before something
/// is laid on the layer; `time_s` says how long steps really take, accelerations included. Gives the layer's steps and the
/// level that the fan is to have when it begins and has when it ends.
pub fn cooled(
    mut steps: Vec<Step>,
    overhangs: &[(usize, Overhang)],
    layer: usize,
    meanwhile_s: f64,
    settings: &CoolingSettings,
    time_s: impl Fn(&[Step]) -> f64,
) -> (Vec<Step>, f64) {
    let times_of = |steps: &[Step]| {
        let times = Times::of(steps);
        Times { fixed_s: times.fixed_s + meanwhile_s, ..times }
    };
    let time_s = |steps: &[Step]| meanwhile_s + time_s(steps);
    let mut times = times_of(&steps);
    let wanted = settings.slowdown_below_layer_time_s;
    // Accelerating only takes longer: a layer that is long enough without need not be looked at.
    let is_long = times.total() >= wanted.max(settings.fan_below_layer_time_s);
    let mut real = if is_long { times.total() } else { time_s(&steps).max(times.total()) };
    let fan = settings.fan(layer, real);
    for _ in 0..ROUNDS {
        if !settings.enabled || real >= wanted - SHORT_BY_S {
            break;
        }
        if !slow_down(&mut steps, &times, wanted - (real - times.total()), settings) {
            break;
        }
        times = times_of(&steps);
        real = time_s(&steps).max(times.total());
    }
    let has_its_own = |step: &Step| matches!(step, Step::Extrude(e) if is_bridge(e.role));
    let is_even = [fan.bridge].iter().chain(&fan.overhang).all(|level| *level == fan.normal);
    if !is_even && (!overhangs.is_empty() || steps.iter().any(has_its_own)) {
        let mut with_fan = Vec::with_capacity(steps.len() + 16);
        let mut level = fan.normal;
        let mut overhangs = overhangs.iter().peekable();
        for (i, step) in steps.into_iter().enumerate() {
            let overhang = overhangs.next_if(|(at, _)| *at == i).map_or(Overhang::None, |(_, overhang)| *overhang);
            if let Step::Extrude(e) = &step
                && fan.of(e.role, overhang) != level
            {
                level = fan.of(e.role, overhang);
                with_fan.push(Step::Fan(level as f32));
            }
            with_fan.push(step);
        }
        if level != fan.normal {
            with_fan.push(Step::Fan(fan.normal as f32));
        }
        steps = with_fan;
    }
    (steps, fan.normal)
}

fn is_bridge(role: Role) -> bool {
    matches!(role, Role::BridgeInfill | Role::OverhangPerimeter)
}

/// Length of an extrusion's path in mm, its rise included.
fn path_mm(e: &crate::toolpath::Extrusion) -> f64 {
    if e.z_mm.len() == e.points.len() {
        let rises = e.z_mm.windows(2).map(|z| f64::from(z[1]) - f64::from(z[0]));
        return e.points.windows(2).zip(rises).map(|(w, dz)| w[0].distance_mm(w[1]).hypot(dz)).sum();
    }
    e.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum()
}

/// Where the time of a layer goes, at constant feeds.
struct Times {
    /// Everything that is not slowed: travels, retractions, bridges.
    fixed_s: f64,
    /// Step, length in mm, and whether it is an outer wall.
    slowable: Vec<(usize, f64, bool)>,
    slowable_s: f64,
}

impl Times {
    fn of(steps: &[Step]) -> Self {
        let mut times = Self { fixed_s: 0.0, slowable: Vec::new(), slowable_s: 0.0 };
        for (i, step) in steps.iter().enumerate() {
            match step {
                Step::Extrude(e) => {
                    let length = path_mm(e);
                    let seconds = length / f64::from(e.feed_mm_per_s).max(1e-3);
                    if is_bridge(e.role) {
                        times.fixed_s += seconds;
                    } else {
                        times.slowable.push((i, length, e.role == Role::ExternalPerimeter));
                        times.slowable_s += seconds;
                    }
                }
                Step::Travel(t) => {
                    let length: f64 = t.points.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
                    times.fixed_s += length / f64::from(t.feed_mm_per_s).max(1e-3);
                }
                Step::Retract { length_mm, feed_mm_per_s } | Step::Unretract { length_mm, feed_mm_per_s } => {
                    times.fixed_s += f64::from(*length_mm) / f64::from(*feed_mm_per_s).max(1e-3);
                }
                _ => {}
            }
        }
        times
    }

    fn total(&self) -> f64 {
        self.fixed_s + self.slowable_s
    }
}

/// Makes the steps last `wanted_s` at constant feeds, as far as they may be slowed. Gives whether anything changed.
fn slow_down(steps: &mut [Step], times: &Times, wanted_s: f64, settings: &CoolingSettings) -> bool {
    let wanted = wanted_s - times.fixed_s;
    if times.slowable_s >= wanted || times.slowable_s <= 0.0 {
        return false;
    }
    let mut outer: Vec<Slowable> = Vec::new();
    let mut rest: Vec<Slowable> = Vec::new();
    for &(step, length_mm, is_outer) in &times.slowable {
        if let Some(Step::Extrude(e)) = steps.get(step) {
            let part = Slowable { step, length_mm, feed: f64::from(e.feed_mm_per_s) };
            if is_outer { outer.push(part) } else { rest.push(part) }
        }
    }
    let outer_s: f64 = outer.iter().map(Slowable::seconds).sum();
    stretch(&mut rest, wanted - outer_s, settings.min_print_speed_mm_per_s);
    let rest_s: f64 = rest.iter().map(Slowable::seconds).sum();
    if rest_s + outer_s < wanted {
        stretch(&mut outer, wanted - rest_s, settings.min_print_speed_mm_per_s);
    }
    let mut changed = false;
    for part in outer.into_iter().chain(rest) {
        if let Some(Step::Extrude(e)) = steps.get_mut(part.step) {
            changed |= e.feed_mm_per_s != part.feed as f32;
            e.feed_mm_per_s = part.feed as f32;
        }
    }
    changed
}

struct Slowable {
    step: usize,
    length_mm: f64,
    feed: f64,
}

impl Slowable {
    fn seconds(&self) -> f64 {
        self.length_mm / self.feed.max(1e-3)
    }
}

/// Scales feeds by one factor so that the parts take `wanted_s` together; none goes below `min_feed`, and what would
/// is held there while the others are slowed further.
fn stretch(parts: &mut [Slowable], wanted_s: f64, min_feed: f64) {
    let min_feed = min_feed.max(0.1);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The slowest reaches the limit first.
    order.sort_by(|&a, &b| parts[a].feed.total_cmp(&parts[b].feed).then(a.cmp(&b)));
    let mut free_s: f64 = parts.iter().map(Slowable::seconds).sum();
    let mut held_s = 0.0;
    if free_s <= 0.0 || free_s >= wanted_s {
        return;
    }
    let mut held = 0;
    loop {
        let factor = if wanted_s > held_s { free_s / (wanted_s - held_s) } else { 1.0 };
        let Some(&slowest) = order.get(held) else { break };
        if factor < 1.0 && parts[slowest].feed * factor >= min_feed {
            for &i in &order[held..] {
                parts[i].feed *= factor;
            }
            break;
        }
        if factor >= 1.0 {
            break;
        }
        free_s -= parts[slowest].seconds();
        parts[slowest].feed = parts[slowest].feed.min(min_feed);
        held_s += parts[slowest].seconds();
        held += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;
    use crate::toolpath::Extrusion;

    fn road(role: Role, length_mm: f64, feed: f32) -> Step {
        Step::Extrude(Extrusion {
            role,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            feed_mm_per_s: feed,
            points: vec![Point::default(), Point::from_mm(length_mm, 0.0)],
            z_mm: Vec::new(),
        })
    }

    fn feeds(steps: &[Step]) -> Vec<f32> {
        steps.iter().filter_map(|s| if let Step::Extrude(e) = s { Some(e.feed_mm_per_s) } else { None }).collect()
    }

    fn at_constant_feeds(steps: &[Step]) -> f64 {
        Times::of(steps).total()
    }

    fn settings() -> CoolingSettings {
        CoolingSettings {
            enabled: true,
            fan_always_on: true,
            min_fan: 0.2,
            max_fan: 1.0,
            bridge_fan: 0.9,
            overhang_fan: None,
            disable_fan_first_layers: 2,
            full_fan_layer: 6,
            fan_below_layer_time_s: 60.0,
            slowdown_below_layer_time_s: 10.0,
            min_print_speed_mm_per_s: 10.0,
        }
    }

    #[test]
    fn outer_walls_are_slowed_last() {
        // 100 mm at 40 and 200 mm at 80 take 5 s. Slowing the infill to 40 makes it 7.5; to 10, 22.5.
        let steps = vec![road(Role::ExternalPerimeter, 100.0, 40.0), road(Role::InternalInfill, 200.0, 80.0)];
        let (slow, _) = cooled(steps, &[], 10, 0.0, &settings(), at_constant_feeds);
        let feeds = feeds(&slow);
        assert_eq!(feeds[0], 40.0);
        assert!((2.5 + 200.0 / feeds[1] - 10.0).abs() < 1e-4);
    }

    #[test]
    fn nothing_goes_below_the_least_speed_or_faster_than_it_was() {
        let steps = vec![
            road(Role::ExternalPerimeter, 10.0, 40.0),
            road(Role::InternalInfill, 20.0, 80.0),
            road(Role::GapFill, 5.0, 8.0),
        ];
        let (slow, _) = cooled(steps, &[], 10, 0.0, &settings(), at_constant_feeds);
        assert_eq!(feeds(&slow), vec![10.0, 10.0, 8.0]);
    }

    #[test]
    fn a_layer_lasts_as_long_as_wanted_where_speeds_allow() {
        for lengths in [[60.0, 100.0, 30.0], [90.0, 20.0, 5.0], [99.0, 0.5, 0.5], [1.0, 98.0, 1.0]] {
            let steps = vec![
                road(Role::ExternalPerimeter, lengths[0], 40.0),
                road(Role::InternalInfill, lengths[1], 80.0),
                road(Role::GapFill, lengths[2], 20.0),
            ];
            let (slow, _) = cooled(steps, &[], 10, 0.0, &settings(), at_constant_feeds);
            let time: f64 = feeds(&slow).iter().zip(lengths).map(|(feed, length)| length / f64::from(*feed)).sum();
            let slowest: f64 = lengths.iter().sum::<f64>() / 10.0;
            assert!((time - 10.0f64.min(slowest)).abs() < 1e-3, "{lengths:?}: {time} s");
        }
    }

    #[test]
    fn time_lost_to_acceleration_counts() {
        // A machine that needs a second for every stretch beside its way, and less of it when slow.
        let time_s = |steps: &[Step]| {
            let lost: f64 = feeds(steps).iter().map(|feed| f64::from(*feed) / 80.0).sum();
            at_constant_feeds(steps) + lost
        };
        let steps = vec![road(Role::InternalInfill, 200.0, 80.0), road(Role::InternalInfill, 200.0, 80.0)];
        let (slow, _) = cooled(steps, &[], 10, 0.0, &settings(), time_s);
        let time = time_s(&slow);
        assert!((time - 10.0).abs() <= 0.03, "{time} s");
    }

    #[test]
    fn bridges_keep_their_feed_and_have_their_fan() {
        let steps = vec![
            road(Role::Perimeter, 10.0, 40.0),
            road(Role::BridgeInfill, 10.0, 30.0),
            road(Role::Perimeter, 2000.0, 40.0),
        ];
        let (steps, level) = cooled(steps, &[], 10, 0.0, &settings(), at_constant_feeds);
        let fans: Vec<(usize, f32)> = steps
            .iter()
            .enumerate()
            .filter_map(|(i, s)| if let Step::Fan(f) = s { Some((i, *f)) } else { None })
            .collect();
        assert_eq!(fans, vec![(1, 0.9), (3, level as f32)]);
        assert_eq!(feeds(&steps)[1], 30.0);
    }

    #[test]
    fn each_class_of_overhang_has_its_fan_and_none_less_than_other_walls() {
        let settings = CoolingSettings { overhang_fan: Some([0.0, 0.5, 0.7, 1.0]), ..settings() };
        let steps: Vec<Step> = (0..6).map(|_| road(Role::ExternalPerimeter, 1000.0, 40.0)).collect();
        let classes = [Overhang::Quarter, Overhang::Half, Overhang::ThreeQuarters, Overhang::Whole];
        let overhangs: Vec<(usize, Overhang)> = classes.iter().enumerate().map(|(i, c)| (i + 1, *c)).collect();
        let (steps, normal) = cooled(steps, &overhangs, 10, 0.0, &settings, at_constant_feeds);
        let mut level = normal as f32;
        let mut of_roads = Vec::new();
        for step in &steps {
            match step {
                Step::Fan(fan) => level = *fan,
                Step::Extrude(_) => of_roads.push(level),
                _ => {}
            }
        }
        assert_eq!(of_roads, [0.2, 0.2, 0.5, 0.7, 1.0, 0.2]);
        assert_eq!(level, 0.2);
    }

    #[test]
    fn the_fan_follows_layer_number_and_layer_time() {
        let s = settings();
        let level = |layer, time| (s.fan(layer, time).normal * 1000.0).round() / 1000.0;
        for (layer, time, expected) in [
            (0, 5.0, 0.0),
            (1, 5.0, 0.0),
            // Layers 3, 4 and 5 ramp up to layer 6.
            (2, 5.0, 0.25),
            (3, 5.0, 0.5),
            (4, 5.0, 0.75),
            (5, 5.0, 1.0),
            (9, 35.0, 0.6),
            (9, 60.0, 0.2),
            (9, 600.0, 0.2),
        ] {
            assert_eq!(level(layer, time), expected, "layer {layer}, {time} s");
        }
        let silent = CoolingSettings { fan_always_on: false, ..s };
        assert_eq!(silent.fan(9, 600.0).normal, 0.0);
    }
}
