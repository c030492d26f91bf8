//! Placed objects: a shared model, where it stands, and settings of its own.

use std::sync::Arc;

use nalgebra::Matrix4;

use crate::model::{Bounds3, Hull, Imported, LayerRange, Model};
use crate::settings::{HeightRange, Key, Settings, Value, Values, format_height_ranges, parse_height_ranges};

/// Names an object for as long as its document lives; never used again after the object is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct ObjectId(pub u64);

/// A model that stands somewhere.
#[derive(Clone, Debug)]
pub struct Object {
    pub id: ObjectId,
    /// Different from every other object's.
    pub name: String,
    pub model: Arc<Model>,
    /// The model's convex hull, shared like the model.
    pub hull: Arc<Hull>,
    pub plate_from_model: Matrix4<f64>,
    /// What this object has of its own.
    pub settings: Values,
    /// The plate's settings with this object's on top, rules computed.
    pub resolved: Arc<Settings>,
}

/// Models are never changed, so they are equal when they are the same one: comparing documents costs nothing.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.name == other.name
            && Arc::ptr_eq(&self.model, &other.model)
            && self.plate_from_model == other.plate_from_model
            && self.settings == other.settings
            && (Arc::ptr_eq(&self.resolved, &other.resolved) || self.resolved == other.resolved)
    }
}

impl Object {
    /// The box around it on the plate. A model without points has an empty one at its place.
    pub fn bounds(&self) -> Bounds3 {
        bounds(&self.hull, &self.plate_from_model)
    }

    /// Its convex outline seen from above, counter-clockwise, mm.
    pub fn outline(&self) -> Vec<[f64; 2]> {
        self.hull.outline(&self.plate_from_model)
    }
}

/// The box around a hull after a transform.
pub(super) fn bounds(hull: &Hull, plate_from_model: &Matrix4<f64>) -> Bounds3 {
    let place = [plate_from_model[(0, 3)], plate_from_model[(1, 3)], plate_from_model[(2, 3)]];
    hull.bounds(plate_from_model).unwrap_or(Bounds3 { min: place, max: place })
}

/// An object to be added.
#[derive(Clone, Debug)]
pub struct NewObject {
    pub name: String,
    pub model: Arc<Model>,
    pub hull: Arc<Hull>,
    pub plate_from_model: Matrix4<f64>,
    /// Whether its place is meant. Objects without one are put where there is room.
    pub is_placed: bool,
    /// What it has of its own from the beginning.
    pub settings: Values,
}

impl NewObject {
    /// A model without a place of its own. Takes as long as its hull does: for large models call it in the background.
    pub fn new(model: Arc<Model>) -> Self {
        let hull = Arc::new(Hull::of(&model));
        let (name, settings) = (model.name.clone(), Values::new());
        Self { name, model, hull, plate_from_model: Matrix4::identity(), is_placed: false, settings }
    }

    /// What a file gave, models that it places several times sharing their hull.
    pub fn from_import(models: &[Imported]) -> Vec<Self> {
        let mut made: Vec<Self> = Vec::with_capacity(models.len());
        for imported in models {
            let known = made.iter().find(|m| Arc::ptr_eq(&m.model, &imported.model));
            let object = known.cloned().unwrap_or_else(|| Self::new(Arc::clone(&imported.model)));
            let settings = settings_of(imported);
            made.push(Self {
                plate_from_model: imported.plate_from_model,
                is_placed: imported.is_placed,
                settings,
                ..object
            });
        }
        made
    }
}

/// What a file says about how to make its model. Ranges that make no sense are left out as a whole.
fn settings_of(imported: &Imported) -> Values {
    let mut settings = Values::new();
    let range = |r: &LayerRange| HeightRange {
        from_mm: r.from_mm.max(0.0),
        to_mm: r.to_mm,
        layer_height_mm: r.layer_height_mm,
    };
    let text = format_height_ranges(&imported.layer_ranges.iter().map(range).collect::<Vec<_>>());
    if !text.is_empty() && parse_height_ranges(&text).is_ok() {
        // Takes any text.
        _ = settings.set(Key::layer_height_ranges, Value::Text(text));
    }
    settings
}
