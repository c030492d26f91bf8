//! Bytes as decisions: how a fuzzer's input becomes polygons, layers and settings.
//!
//! Every input means something, and a small change of it a small change of what is made. When the bytes are used up, all
//! further decisions are zero, so whatever is made here is finite.

use std::f64::consts::TAU;

use fabbro::geometry::{Join, Point, Polyline, Region, Ring};
use fabbro::process::slicing::{LayerOutline, LayerSpan};
use fabbro::settings::{Definition, Kind, Layer, LayeredSettings, Scope, Settings, definitions};

/// Where everything lies, mm: in the middle of a plate of 220 mm.
const MIDDLE_MM: f64 = 110.0;
/// How far from the middle, mm.
const REACH_MM: f64 = 25.0;
/// Height of a layer, mm.
pub const LAYER_MM: f64 = 0.2;

pub struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.bytes {
            [first, rest @ ..] => {
                self.bytes = rest;
                *first
            }
            [] => 0,
        }
    }

    /// From 0 up to `n`, without `n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let wide = if n > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (wide | usize::from(self.byte())) % n.max(1)
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        f64::from(u16::from_be_bytes([self.byte(), self.byte()])) / 65_535.0
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.share()
    }

    /// A place; on a coarse grid half of the time, so that corners and edges meet exactly.
    pub fn point(&mut self) -> Point {
        if self.byte() & 1 == 0 {
            let mut on_grid = || MIDDLE_MM - REACH_MM + 2.0 * REACH_MM * (self.below(33) as f64) / 32.0;
            return Point::from_mm(on_grid(), on_grid());
        }
        let mut anywhere = || MIDDLE_MM + self.between(-REACH_MM, REACH_MM);
        Point::from_mm(anywhere(), anywhere())
    }

    /// A few grid units (10 nm each), or a few micrometres.
    fn nudge(&mut self) -> i32 {
        let small = i32::from(self.byte() as i8);
        if small & 1 == 0 { small / 16 } else { small * 8 }
    }

    /// A way through 2 to 40 places.
    pub fn polyline(&mut self) -> Polyline {
        let mut points = vec![self.point()];
        for _ in 0..=self.below(40) {
            let last = points[points.len() - 1];
            points.push(match self.below(4) {
                0 => Point::new(last.x.saturating_add(self.nudge()), last.y.saturating_add(self.nudge())),
                1 => last.towards(points[0], self.share()),
                _ => self.point(),
            });
        }
        Polyline(points)
    }

    /// A closed outline of any shape, which may cross itself.
    fn ring(&mut self, before: &[Ring]) -> Ring {
        let at = self.point();
        let around = |n: usize, mut radius: Box<dyn FnMut(usize) -> f64 + '_>| {
            let corner = |i: usize| {
                let (turn, r) = (TAU * i as f64 / n as f64, radius(i));
                let [x, y] = at.to_mm();
                Point::from_mm(x + r * turn.cos(), y + r * turn.sin())
            };
            Ring((0..n).map(corner).collect())
        };
        match self.below(8) {
            0 => {
                let to = self.point();
                Ring(vec![at, Point::new(to.x, at.y), to, Point::new(at.x, to.y)])
            }
            1 => around(3 + self.below(60), Box::new(|_| self.between(0.05, 12.0))),
            2 => {
                let r = self.between(0.05, 15.0);
                around(8 + self.below(500), Box::new(move |_| r))
            }
            3 => Ring((0..3 + self.below(24)).map(|_| self.point()).collect()),
            // A wedge: two long edges that meet at next to no angle.
            4 => {
                let (far, dx, dy) = (self.point(), self.nudge(), self.nudge());
                Ring(vec![at, far, Point::new(far.x.saturating_add(dx), far.y.saturating_add(dy))])
            }
            // An earlier one, shaken by next to nothing.
            5 if !before.is_empty() => {
                let mut ring = before[self.below(before.len())].clone();
                for p in &mut ring.0 {
                    *p = Point::new(p.x.saturating_add(self.nudge()), p.y.saturating_add(self.nudge()));
                }
                ring
            }
            // A comb: teeth as wide as a road, or thinner.
            6 => {
                let (pitch, deep, n) = (self.between(0.05, 1.5), self.between(0.1, 20.0), 1 + self.below(24));
                let [x, y] = at.to_mm();
                let mut points = vec![Point::from_mm(x, y - 1.0)];
                for i in 0..n {
                    let (left, right) = (x + pitch * i as f64, x + pitch * (i as f64 + 0.5));
                    points.extend(
                        [(left, y), (left, y + deep), (right, y + deep), (right, y)].map(|(x, y)| Point::from_mm(x, y)),
                    );
                }
                points.push(Point::from_mm(x + pitch * n as f64, y - 1.0));
                points.reverse();
                Ring(points)
            }
            // Edges cut into many that are all but straight, with points given twice.
            _ => {
                let corners: Vec<Point> = (0..3 + self.below(5)).map(|_| self.point()).collect();
                let mut points = Vec::new();
                for (i, &a) in corners.iter().enumerate() {
                    let b = corners[(i + 1) % corners.len()];
                    for k in 0..8 {
                        let p = a.towards(b, f64::from(k) / 8.0);
                        points.push(Point::new(p.x.saturating_add(self.nudge() / 16), p.y));
                    }
                    points.push(a);
                }
                Ring(points)
            }
        }
    }

    /// Rings as they come.
    pub fn rings(&mut self) -> Vec<Ring> {
        let mut rings = Vec::new();
        for _ in 0..=self.below(8) {
            let ring = self.ring(&rings);
            rings.push(if self.byte() & 3 == 3 { ring.reversed() } else { ring });
        }
        rings
    }

    /// A clean area, which may be empty.
    pub fn region(&mut self) -> Region {
        let rings = self.rings();
        match self.below(3) {
            0 => Region::from_rings(rings),
            1 => Region::from_rings_non_zero(rings),
            _ => Region::from_rings_even_odd(rings),
        }
    }

    /// The outlines of an object that stands on the plate: each layer much like the one below, or not at all.
    pub fn layers(&mut self) -> Vec<LayerOutline> {
        let mut layers: Vec<LayerOutline> = Vec::new();
        for i in 0..2 + self.below(7) {
            let below = layers.last().map(|layer| &layer.area);
            let area = match (self.below(6), below) {
                (0 | 1, Some(below)) => below.clone(),
                (2, Some(below)) => below.offset(self.between(-1.0, 1.0), Join::Miter(2.0)),
                (3, Some(below)) => below.union(&self.region()),
                (4, Some(below)) => below.difference(&self.region()),
                _ => self.region(),
            };
            let (bottom_mm, top_mm) = (LAYER_MM * i as f64, LAYER_MM * (i + 1) as f64);
            let span = LayerSpan { bottom_mm, top_mm, cut_mm: (bottom_mm + top_mm) / 2.0 };
            layers.push(LayerOutline { span, area });
        }
        layers
    }

    /// Settings of which some of a recipe's are anything that they may be, and the others the default.
    pub fn settings(&mut self) -> Settings {
        let of_recipe: Vec<&Definition> = definitions()
            .iter()
            .filter(|d| d.scope >= Scope::Recipe && !d.template && !MANY_ROADS.contains(&d.name))
            .collect();
        let mut layered = LayeredSettings::new();
        for _ in 0..self.below(12) {
            let definition = of_recipe[self.below(of_recipe.len())];
            let Ok(value) = definition.parse(&self.value(definition)) else { continue };
            let before = layered.clone();
            // What is computed from it may be out of range, as for a person: then it stays as it was.
            if layered.set(Layer::Project, definition.key, value).is_err() || layered.resolve().is_err() {
                layered = before;
            }
        }
        layered.resolve().map_or_else(|_| Settings::default(), |resolved| (*resolved.settings).clone())
    }

    /// A text that a setting may well take.
    fn value(&mut self, definition: &Definition) -> String {
        match definition.kind {
            Kind::Flag => self.below(2).to_string(),
            Kind::Choice(choices) => choices[self.below(choices.len())].name.to_owned(),
            Kind::Number | Kind::Count => {
                let usual = definition.soft.or(definition.hard).map_or((0.0, 10.0), |range| (range.min, range.max));
                let any = definition.hard.map_or(usual, |range| (range.min, range.max));
                let number = match self.below(6) {
                    0 => any.0,
                    1 => any.1,
                    2 => self.between(any.0, any.1),
                    _ => self.between(usual.0, usual.1),
                };
                if definition.kind == Kind::Count { format!("{number:.0}") } else { format!("{number:.4}") }
            }
            Kind::Text | Kind::Outline | Kind::Outlines | Kind::Sizes => String::new(),
        }
    }
}

/// Settings whose smallest values make so many roads or layers that only time would be measured.
const MANY_ROADS: &[&str] = &[
    "layer_height",
    "first_layer_height",
    "min_layer_height",
    "extrusion_width",
    "perimeter_extrusion_width",
    "external_perimeter_extrusion_width",
    "infill_extrusion_width",
    "solid_infill_extrusion_width",
    "top_infill_extrusion_width",
    "first_layer_extrusion_width",
    "support_material_extrusion_width",
    "ironing_spacing",
    "fuzzy_skin_point_dist",
];
