//! Puts moves together into roads, travels and layers.

use crate::geometry::Point;
use crate::toolpath::{Extrusion, Layer, Role, Step, Travel, road_width_mm};

/// A road is split where the flow of a move differs from that of the road so far by more than this share…
const FLOW_TOLERANCE: f64 = 0.025;
/// …and by more volume than the rounding of an `E` word explains (1e-5 mm of 2.85 mm filament, twice), mm³.
const ROUNDING_MM3: f64 = 1.3e-4;
/// Heights nearer to each other than this are the same, mm.
const SAME_Z_MM: f64 = 0.0005;
/// Layer height where nothing tells it, mm.
const USUAL_HEIGHT_MM: f64 = 0.2;
/// Layers are thinner than this, mm; a larger step is a jump.
const MAX_HEIGHT_MM: f64 = 2.0;

/// A road that is being put together.
struct Road {
    role: Role,
    /// As comments say, 0 where they do not.
    width_mm: f64,
    height_mm: f64,
    feed_mm_per_s: f64,
    volume_mm3: f64,
    length_mm: f64,
    points: Vec<Point>,
    z_mm: Vec<f32>,
}

#[derive(Default)]
pub(super) struct Builder {
    layers: Vec<Layer>,
    steps: Vec<Step>,
    road: Option<Road>,
    travel: Option<Travel>,
    at: Point,
    z_mm: f64,
    role: Option<Role>,
    width_mm: f64,
    height_mm: f64,
    /// Layers are told by comments, not by heights.
    by_comment: bool,
    /// Height above the plate of the present layer: as told, or of its first road.
    layer_z_mm: Option<f64>,
    layer_height_mm: Option<f64>,
    /// No road was laid since the layer began.
    layer_is_fresh: bool,
    previous_z_mm: f64,
}

impl Builder {
    /// A comment that begins a layer.
    pub(super) fn layer_comment(&mut self, z_mm: Option<f64>, height_mm: Option<f64>) {
        if self.by_comment {
            self.close_layer();
        } else {
            // What comes before the first layer (heating, priming) belongs to it.
            self.end_moves();
            self.by_comment = true;
            let later = std::mem::take(&mut self.steps);
            for mut layer in std::mem::take(&mut self.layers) {
                for step in &mut layer.steps {
                    if let Step::Extrude(road) = step
                        && road.z_mm.is_empty()
                    {
                        road.z_mm = vec![layer.z_mm; road.points.len()];
                    }
                }
                self.steps.extend(layer.steps);
            }
            self.steps.extend(later);
            self.previous_z_mm = 0.0;
        }
        self.layer_z_mm = z_mm;
        self.layer_height_mm = height_mm;
        self.height_mm = height_mm.unwrap_or(0.0);
        self.layer_is_fresh = true;
    }

    /// A comment that tells the present layer's height above the plate.
    pub(super) fn layer_z(&mut self, z_mm: f64) {
        self.layer_z_mm = Some(z_mm);
    }

    pub(super) fn set_role(&mut self, role: Role) {
        self.role = Some(role);
    }

    pub(super) fn set_width(&mut self, width_mm: f64) {
        self.width_mm = width_mm;
    }

    /// A comment that tells the height of roads; right behind the start of a layer it is the layer's.
    pub(super) fn set_height(&mut self, height_mm: f64) {
        self.height_mm = height_mm;
        if self.layer_is_fresh && self.layer_height_mm.is_none() {
            self.layer_height_mm = Some(height_mm);
        }
    }

    /// Anything that is no move.
    pub(super) fn step(&mut self, step: Step) {
        self.end_moves();
        self.steps.push(step);
    }

    /// Ends an object; where nothing was done since it began, neither is kept (it was only being named).
    pub(super) fn end_object(&mut self, index: u16) {
        self.end_moves();
        if self.steps.last() == Some(&Step::ObjectStart(index)) {
            self.steps.pop();
        } else {
            self.steps.push(Step::ObjectEnd(index));
        }
    }

    /// A move of the filament alone, mm, backwards where it is negative.
    pub(super) fn stroke(&mut self, length_mm: f64, feed_mm_per_s: f64) {
        let (length, feed_mm_per_s) = (length_mm.abs() as f32, feed_mm_per_s as f32);
        self.step(if length_mm < 0.0 {
            Step::Retract { length_mm: length, feed_mm_per_s }
        } else {
            Step::Unretract { length_mm: length, feed_mm_per_s }
        });
    }

    /// The tool is somewhere else, nobody knows by which way.
    pub(super) fn jump(&mut self, to: Point, z_mm: f64) {
        self.end_moves();
        self.at = to;
        self.z_mm = z_mm;
    }

    /// A straight move, with the volume that is laid along it (negative where filament is drawn back).
    pub(super) fn move_to(&mut self, to: Point, z_mm: f64, volume_mm3: f64, drawn_mm: f64, feed_mm_per_s: f64) {
        let rises = z_mm != self.z_mm;
        if to == self.at {
            if drawn_mm != 0.0 {
                self.stroke(drawn_mm, feed_mm_per_s);
            }
            if rises {
                self.z_mm = z_mm;
                self.step(Step::MoveZ { z_mm: z_mm as f32, feed_mm_per_s: feed_mm_per_s as f32 });
            }
            return;
        }
        if volume_mm3 > 0.0 {
            self.lay(to, z_mm, volume_mm3, feed_mm_per_s);
            return;
        }
        self.travel_to(to, z_mm, -drawn_mm, feed_mm_per_s);
    }

    fn travel_to(&mut self, to: Point, z_mm: f64, drawn_back_mm: f64, feed_mm_per_s: f64) {
        self.end_road();
        let feed_mm_per_s = feed_mm_per_s as f32;
        let drawn_back_mm = drawn_back_mm.max(0.0) as f32;
        match &mut self.travel {
            Some(travel)
                if travel.feed_mm_per_s == feed_mm_per_s && (travel.wipe_retract_mm > 0.0) == (drawn_back_mm > 0.0) =>
            {
                travel.points.push(to);
                travel.z_mm.push(z_mm as f32);
                travel.wipe_retract_mm += drawn_back_mm;
            }
            _ => {
                self.end_travel();
                self.travel = Some(Travel {
                    points: vec![self.at, to],
                    feed_mm_per_s,
                    wipe_retract_mm: drawn_back_mm,
                    z_mm: vec![self.z_mm as f32, z_mm as f32],
                });
            }
        }
        (self.at, self.z_mm) = (to, z_mm);
    }

    fn lay(&mut self, to: Point, z_mm: f64, volume_mm3: f64, feed_mm_per_s: f64) {
        self.end_travel();
        self.layer_by_height(z_mm);
        let role = self.role.unwrap_or(Role::Custom);
        let length_mm = self.at.distance_mm(to);
        let fits = self.road.as_ref().is_some_and(|road| {
            let expected = road.volume_mm3 / road.length_mm * length_mm;
            let difference = (volume_mm3 - expected).abs();
            road.role == role
                && road.width_mm == self.width_mm
                && road.height_mm == self.height_mm
                && road.feed_mm_per_s == feed_mm_per_s
                && (difference <= ROUNDING_MM3 || difference <= FLOW_TOLERANCE * expected)
        });
        if !fits {
            self.end_road();
        }
        let (from, from_z) = (self.at, self.z_mm as f32);
        let road = self.road.get_or_insert_with(|| Road {
            role,
            width_mm: self.width_mm,
            height_mm: self.height_mm,
            feed_mm_per_s,
            volume_mm3: 0.0,
            length_mm: 0.0,
            points: vec![from],
            z_mm: vec![from_z],
        });
        road.points.push(to);
        road.z_mm.push(z_mm as f32);
        road.volume_mm3 += volume_mm3;
        road.length_mm += length_mm;
        self.at = to;
        self.z_mm = z_mm;
        self.layer_is_fresh = false;
    }

    /// Where no comment tells layers, a road at another height begins one.
    fn layer_by_height(&mut self, z_mm: f64) {
        let Some(layer_z) = self.layer_z_mm else {
            self.layer_z_mm = Some(z_mm);
            return;
        };
        if self.by_comment {
            return;
        }
        let climbs_while_laying = (z_mm - self.z_mm).abs() > 1e-9 && self.road.is_some();
        let height = self.layers.last().map_or(USUAL_HEIGHT_MM, |l| f64::from(l.height_mm));
        let step = if climbs_while_laying { height } else { SAME_Z_MM };
        if (z_mm - layer_z).abs() < step {
            return;
        }
        self.end_moves();
        // The way to the new layer belongs to it.
        let last_road = self.steps.iter().rposition(|s| matches!(s, Step::Extrude(_))).map_or(0, |i| i + 1);
        let way = self.steps.split_off(last_road);
        self.close_layer();
        self.steps = way;
        self.layer_z_mm = Some(z_mm);
    }

    fn end_moves(&mut self) {
        self.end_road();
        self.end_travel();
    }

    fn end_travel(&mut self) {
        if let Some(mut travel) = self.travel.take() {
            if travel.z_mm.windows(2).all(|z| z[0] == z[1]) {
                travel.z_mm = Vec::new();
            }
            self.steps.push(Step::Travel(travel));
        }
    }

    fn end_road(&mut self) {
        if let Some(road) = self.road.take() {
            self.steps.push(Step::Extrude(Extrusion {
                role: road.role,
                width_mm: road.width_mm as f32,
                height_mm: road.height_mm as f32,
                flow_mm3_per_mm: (road.volume_mm3 / road.length_mm) as f32,
                feed_mm_per_s: road.feed_mm_per_s as f32,
                points: road.points,
                z_mm: road.z_mm,
            }));
        }
    }

    /// Ends the present layer and fills in what only its end tells.
    fn close_layer(&mut self) {
        self.end_moves();
        let mut steps = std::mem::take(&mut self.steps);
        let height = self.layer_height_mm.take();
        let z_mm = self.layer_z_mm.take().unwrap_or(self.previous_z_mm);
        if steps.is_empty() {
            return;
        }
        let rise = z_mm - self.previous_z_mm;
        let plausible = (SAME_Z_MM..MAX_HEIGHT_MM).contains(&rise);
        let before = self.layers.last().map_or(USUAL_HEIGHT_MM, |l| f64::from(l.height_mm));
        let height_mm = height.unwrap_or(if plausible { rise } else { before });
        for step in &mut steps {
            let Step::Extrude(road) = step else { continue };
            if road.height_mm <= 0.0 {
                road.height_mm = height_mm as f32;
            }
            if road.width_mm <= 0.0 {
                road.width_mm = road_width_mm(f64::from(road.flow_mm3_per_mm), f64::from(road.height_mm)) as f32;
            }
            if road.z_mm.iter().all(|z| (f64::from(*z) - z_mm).abs() < SAME_Z_MM) {
                road.z_mm = Vec::new();
            }
        }
        self.layers.push(Layer { z_mm: z_mm as f32, height_mm: height_mm as f32, steps });
        self.previous_z_mm = z_mm;
    }

    pub(super) fn finish(mut self) -> Vec<Layer> {
        self.close_layer();
        self.layers
    }
}
