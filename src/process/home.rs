//! Where objects are planned: each with its middle over the origin, as if it were alone, and then moved to its place on
//! the plate. So an object that is moved keeps its paths, and copies of one have the same.

use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use super::fdm::support::SupportSettings;
use crate::geometry::{Bounds, Join, MAX_COORDINATE_MM, Point, Region, Shift};
use crate::model::{Bounds3, Mesh};
use crate::scene::SnapshotObject;

/// An object where it is planned.
pub(super) struct Home {
    /// Its meshes, larger by what the material will shrink.
    pub parts: Vec<(Arc<Mesh>, Matrix4<f64>)>,
    pub top_mm: f64,
    /// The rectangle around it, here.
    bounds: Bounds,
    /// Where the origin is on the plate.
    pub place: Point,
    pub bounds_on_plate: Bounds,
}

impl Home {
    /// `None` where nothing is above the plate, or coordinates are no numbers or too large.
    pub fn of(object: &SnapshotObject) -> Option<Self> {
        let mut upright = object.plate_from_model;
        let [x, y] = [0, 1].map(|axis| std::mem::take(&mut upright[(axis, 3)]));
        let mut parts: Vec<_> =
            object.model.parts.iter().map(|part| (Arc::clone(&part.mesh), upright * part.model_from_part)).collect();
        let boxes = parts.iter().filter_map(|(mesh, plate_from_part)| mesh.bounds(plate_from_part));
        let around = boxes.reduce(Bounds3::union)?;
        let [middle_x, middle_y, _] = around.center();
        // What is left of the larger part is the size that was wanted.
        let settings = &object.settings;
        let grown = |shrinkage: f64| 1.0 / (1.0 - shrinkage);
        let grow_xy = grown(settings.filament_shrinkage_compensation_xy);
        let grow_z = grown(settings.filament_shrinkage_compensation_z);
        let to_origin = Matrix4::new_nonuniform_scaling(&Vector3::new(grow_xy, grow_xy, grow_z))
            * Matrix4::new_translation(&Vector3::new(-middle_x, -middle_y, 0.0));
        parts.iter_mut().for_each(|(_, plate_from_part)| *plate_from_part = to_origin * *plate_from_part);
        let (x, y) = (x + middle_x, y + middle_y);
        let half = [0, 1].map(|axis| 0.5 * (around.max[axis] - around.min[axis]) * grow_xy);
        let [bottom_mm, top_mm] = [around.min[2] * grow_z, around.max[2] * grow_z];
        let reach = [x - half[0], x + half[0], y - half[1], y + half[1], bottom_mm, top_mm];
        // What does not compare is no number.
        let usable = reach.iter().all(|v| v.abs() <= MAX_COORDINATE_MM);
        (usable && top_mm > 0.0).then(|| Self {
            parts,
            top_mm,
            bounds: rectangle([0.0, 0.0], half),
            place: Point::from_mm(x, y),
            bounds_on_plate: rectangle([x, y], half),
        })
    }

    /// Tells the supports what they see of the plate from here: only what is in their reach, so that in the middle of the
    /// plate they are the same everywhere.
    pub fn see_plate(&self, supports: &mut SupportSettings) {
        if supports.plate.is_empty() {
            return;
        }
        let Self { place, bounds, .. } = *self;
        supports.plate.shift(Point::new(-place.x, -place.y));
        let around = Region::rectangle(bounds).offset(supports.surroundings_mm(), Join::Miter(2.0));
        let is_free = around.difference(&supports.plate).is_empty();
        supports.plate = if is_free { around } else { around.intersection(&supports.plate) };
    }
}

fn rectangle([x, y]: [f64; 2], half: [f64; 2]) -> Bounds {
    Bounds { min: Point::from_mm(x - half[0], y - half[1]), max: Point::from_mm(x + half[0], y + half[1]) }
}
