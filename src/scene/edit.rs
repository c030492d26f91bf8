//! Every change of a document: what can be done, what it is called, and how it is done.
//!
//! An edit takes a state and gives the next one, or an error and nothing else. Objects that stood on the plate before
//! they were turned, scaled or mirrored stand on it afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use nalgebra::{Matrix4, Rotation3, Unit, Vector3};

use super::arrange::{Clearance, arrange};
use super::document::State;
use super::object::{NewObject, Object, ObjectId, bounds};
use super::placement::{around, facing_down, is_usable, moved_by};
use super::plate::BuildPlate;
use crate::model::{Bounds3, Hull};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::{Key, Layer, LayeredSettings, SettingError, Settings, Value};

/// Nothing stands further than this from the machine's origin: the geometry's grid ends there.
const FARTHEST_MM: f64 = 5000.0;

/// Closer to the plate than this is on it.
const ON_PLATE_MM: f64 = 0.005;

/// Objects of one document, at most.
const MOST_OBJECTS: usize = 10_000;

/// A change of a document.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Adds objects and stands them on the plate: at their place where they have one that fits, else where there is room.
    Add {
        objects: Vec<NewObject>,
    },
    Delete {
        objects: Vec<ObjectId>,
    },
    /// Makes copies of each object and finds places for them.
    Duplicate {
        objects: Vec<ObjectId>,
        copies: usize,
    },
    /// Moves every point of some objects, in the plate's frame.
    Transform {
        objects: Vec<ObjectId>,
        by: Matrix4<f64>,
        how: Transformation,
    },
    /// Gives one object a place, exactly.
    Place {
        object: ObjectId,
        plate_from_model: Matrix4<f64>,
    },
    DropToPlate {
        objects: Vec<ObjectId>,
    },
    /// Moves objects as one to the middle of the plate.
    CenterOnPlate {
        objects: Vec<ObjectId>,
    },
    /// Turns an object so that a face of its model lies on the plate.
    PlaceOnFace {
        object: ObjectId,
        normal_in_model: [f64; 3],
    },
    /// Finds places for all objects.
    Arrange,
    Rename {
        object: ObjectId,
        name: String,
    },
    /// Gives a setting a value for one object, or for the project.
    SetSetting {
        object: Option<ObjectId>,
        key: Key,
        value: Value,
    },
    /// Takes a value back that was given for one object or for the project.
    ResetSetting {
        object: Option<ObjectId>,
        key: Key,
    },
    /// Puts other settings in the place of all layers below objects: another machine, material or recipe. The label
    /// says what a person chose.
    UseSettings {
        settings: LayeredSettings,
        label: String,
    },
}

/// What a transform does, for its label and for whether objects stay on the plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformation {
    Move,
    Rotate,
    Scale,
    Mirror,
}

/// What an edit did besides changing the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Objects that are new.
    pub added: Vec<ObjectId>,
    /// What a person should know, such as objects for which there was no room.
    pub notices: Vec<Notice>,
}

/// Why a document was not changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    #[error(transparent)]
    Canceled(#[from] Canceled),
    #[error("the object is not there any more; choose another")]
    NoSuchObject,
    #[error("{0} would be flat or lose its shape; use factors other than zero")]
    Degenerate(String),
    #[error("{0} would reach further than 5 m from the machine's origin; scale it down or move it closer")]
    TooFar(String),
    #[error("a document holds at most 10000 objects; remove some")]
    TooManyObjects,
    #[error("an object needs a name")]
    NoName,
    #[error("the face has no direction; choose another")]
    NoFace,
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl Edit {
    /// Moves objects by some millimetres.
    pub fn move_by(objects: Vec<ObjectId>, by_mm: [f64; 3]) -> Self {
        Edit::Transform { objects, by: moved_by(by_mm), how: Transformation::Move }
    }

    /// Turns objects around a pivot, by the right-hand rule. An axis of no length turns nothing.
    pub fn rotate(objects: Vec<ObjectId>, pivot_mm: [f64; 3], axis: [f64; 3], angle_rad: f64) -> Self {
        let axis = Unit::try_new(Vector3::from(axis), 1e-12).unwrap_or(Vector3::z_axis());
        let by = around(pivot_mm, &Rotation3::from_axis_angle(&axis, angle_rad).to_homogeneous());
        Edit::Transform { objects, by, how: Transformation::Rotate }
    }

    /// Scales objects about a pivot, along the plate's axes.
    pub fn scale(objects: Vec<ObjectId>, pivot_mm: [f64; 3], factors: [f64; 3]) -> Self {
        let by = around(pivot_mm, &Matrix4::new_nonuniform_scaling(&Vector3::from(factors)));
        Edit::Transform { objects, by, how: Transformation::Scale }
    }

    /// Mirrors objects at a plane through a pivot, across axis 0 (x), 1 (y) or 2 (z).
    pub fn mirror(objects: Vec<ObjectId>, pivot_mm: [f64; 3], axis: usize) -> Self {
        let factors = [0, 1, 2].map(|i| if i == axis { -1.0 } else { 1.0 });
        let by = around(pivot_mm, &Matrix4::new_nonuniform_scaling(&Vector3::from(factors)));
        Edit::Transform { objects, by, how: Transformation::Mirror }
    }

    pub fn set_setting(object: Option<ObjectId>, key: Key, value: Value) -> Self {
        Edit::SetSetting { object, key, value }
    }

    pub fn reset_setting(object: Option<ObjectId>, key: Key) -> Self {
        Edit::ResetSetting { object, key }
    }

    /// What a person would call it.
    pub(super) fn label(&self, state: &State) -> String {
        let named = |verb: &str, ids: &[ObjectId]| match ids {
            [one] => match state.objects.iter().find(|o| o.id == *one) {
                Some(object) => format!("{verb} {}", object.name),
                None => verb.to_owned(),
            },
            more => format!("{verb} {} objects", more.len()),
        };
        match self {
            Edit::Add { objects } => match &objects[..] {
                [one] => format!("Add {}", one.name),
                more => format!("Add {} objects", more.len()),
            },
            Edit::Delete { objects } => named("Delete", objects),
            Edit::Duplicate { objects, .. } => named("Duplicate", objects),
            Edit::Transform { objects, how: Transformation::Move, .. } => named("Move", objects),
            Edit::Transform { objects, how: Transformation::Rotate, .. } => named("Rotate", objects),
            Edit::Transform { objects, how: Transformation::Scale, .. } => named("Scale", objects),
            Edit::Transform { objects, how: Transformation::Mirror, .. } => named("Mirror", objects),
            Edit::Place { object, .. } => named("Move", &[*object]),
            Edit::DropToPlate { objects } => format!("{} to plate", named("Drop", objects)),
            Edit::CenterOnPlate { objects } => named("Center", objects),
            Edit::PlaceOnFace { object, .. } => format!("{} on face", named("Place", &[*object])),
            Edit::Arrange => "Arrange".to_owned(),
            Edit::Rename { object, .. } => named("Rename", &[*object]),
            Edit::SetSetting { key, .. } => format!("Change {}", key.definition().label),
            Edit::ResetSetting { key, .. } => format!("Reset {}", key.definition().label),
            Edit::UseSettings { label, .. } => label.clone(),
        }
    }

    /// The state after the edit.
    pub(super) fn apply(self, state: &State, progress: &Progress) -> Result<(State, Outcome), EditError> {
        let mut draft = Draft { state: state.clone(), outcome: Outcome::default(), progress };
        match self {
            Edit::Add { objects } => draft.add(objects)?,
            Edit::Delete { objects } => {
                let gone = draft.indices(&objects)?;
                let mut index = 0;
                draft.state.objects.retain(|_| {
                    index += 1;
                    !gone.contains(&(index - 1))
                });
            }
            Edit::Duplicate { objects, copies } => draft.duplicate(&objects, copies)?,
            Edit::Transform { objects, by, how } => {
                for i in draft.indices(&objects)? {
                    let object = &draft.state.objects[i];
                    let was_on_plate = object.bounds().min[2].abs() < ON_PLATE_MM;
                    let placement = by * object.plate_from_model;
                    draft.place(i, placement)?;
                    if was_on_plate && how != Transformation::Move {
                        draft.drop_to_plate(i)?;
                    }
                }
            }
            Edit::Place { object, plate_from_model } => {
                for i in draft.indices(&[object])? {
                    draft.place(i, plate_from_model)?;
                }
            }
            Edit::DropToPlate { objects } => {
                for i in draft.indices(&objects)? {
                    draft.drop_to_plate(i)?;
                }
            }
            Edit::CenterOnPlate { objects } => {
                let indices = draft.indices(&objects)?;
                let boxes = indices.iter().map(|i| draft.state.objects[*i].bounds());
                let (Some(around), [x, y]) = (boxes.reduce(Bounds3::union), state.plate.center()) else {
                    return Ok((draft.state, draft.outcome));
                };
                let [from_x, from_y, _] = around.center();
                for i in indices {
                    draft.place(i, moved_by([x - from_x, y - from_y, 0.0]) * state.objects[i].plate_from_model)?;
                }
            }
            Edit::PlaceOnFace { object, normal_in_model } => {
                for i in draft.indices(&[object])? {
                    let object = &draft.state.objects[i];
                    let rotation = facing_down(&object.plate_from_model, normal_in_model).ok_or(EditError::NoFace)?;
                    let placement = around(object.bounds().center(), &rotation) * object.plate_from_model;
                    draft.place(i, placement)?;
                    draft.drop_to_plate(i)?;
                }
            }
            Edit::Arrange => {
                let all: Vec<usize> = (0..draft.state.objects.len()).collect();
                draft.arrange(&all, &[], Unfit::BesidePlate)?;
            }
            Edit::Rename { object, name } => {
                let name = name.trim();
                if name.is_empty() {
                    return Err(EditError::NoName);
                }
                for i in draft.indices(&[object])? {
                    let name = free_name(name, &draft.state.objects, Some(object));
                    Arc::make_mut(&mut draft.state.objects[i]).name = name;
                }
            }
            Edit::SetSetting { object: None, key, value } => {
                draft.state.settings.set(Layer::Project, key, value)?;
                draft.resolve()?;
            }
            Edit::SetSetting { object: Some(object), key, value } => {
                for i in draft.indices(&[object])? {
                    Arc::make_mut(&mut draft.state.objects[i]).settings.set(key, value.clone())?;
                    draft.resolve_object(i)?;
                }
            }
            Edit::ResetSetting { object: None, key } => {
                draft.state.settings.reset(Layer::Project, key);
                draft.resolve()?;
            }
            Edit::ResetSetting { object: Some(object), key } => {
                for i in draft.indices(&[object])? {
                    Arc::make_mut(&mut draft.state.objects[i]).settings.remove(key);
                    draft.resolve_object(i)?;
                }
            }
            Edit::UseSettings { settings, .. } => {
                draft.state.settings = settings;
                draft.resolve()?;
            }
        }
        Ok((draft.state, draft.outcome))
    }
}

/// What becomes of objects for which there is no room.
#[derive(Clone, Copy)]
enum Unfit {
    BesidePlate,
    Stays,
}

/// A state that is being changed.
struct Draft<'a> {
    state: State,
    outcome: Outcome,
    progress: &'a Progress,
}

impl Draft<'_> {
    /// Where objects are in the list, each once.
    fn indices(&self, ids: &[ObjectId]) -> Result<BTreeSet<usize>, EditError> {
        let index = |id: &ObjectId| self.state.objects.iter().position(|o| o.id == *id).ok_or(EditError::NoSuchObject);
        ids.iter().map(index).collect()
    }

    fn place(&mut self, index: usize, plate_from_model: Matrix4<f64>) -> Result<(), EditError> {
        let object = &mut self.state.objects[index];
        check_place(&object.name, &object.hull, &plate_from_model)?;
        Arc::make_mut(object).plate_from_model = plate_from_model;
        Ok(())
    }

    fn drop_to_plate(&mut self, index: usize) -> Result<(), EditError> {
        let object = &self.state.objects[index];
        let lift = -object.bounds().min[2];
        let placement = moved_by([0.0, 0.0, lift]) * object.plate_from_model;
        self.place(index, placement)
    }

    fn push(&mut self, object: NewObject) -> Result<usize, EditError> {
        if self.state.objects.len() >= MOST_OBJECTS {
            return Err(EditError::TooManyObjects);
        }
        check_place(&object.name, &object.hull, &object.plate_from_model)?;
        let id = ObjectId(self.state.next_id);
        self.state.next_id += 1;
        let name = if object.name.trim().is_empty() { "Object" } else { object.name.trim() };
        self.state.objects.push(Arc::new(Object {
            id,
            name: free_name(name, &self.state.objects, None),
            model: object.model,
            hull: object.hull,
            plate_from_model: object.plate_from_model,
            settings: object.settings,
            resolved: Arc::clone(&self.state.resolved.settings),
        }));
        self.outcome.added.push(id);
        let index = self.state.objects.len() - 1;
        self.resolve_object(index)?;
        Ok(index)
    }

    fn add(&mut self, objects: Vec<NewObject>) -> Result<(), EditError> {
        let before = self.state.objects.len();
        let (mut placed, mut loose) = (Vec::new(), Vec::new());
        for mut object in objects {
            let is_placed = object.is_placed;
            if !is_placed {
                // A file that says no place may be anywhere: begin at the middle of the plate.
                let [x, y] = self.state.plate.center();
                let [from_x, from_y, _] = bounds(&object.hull, &object.plate_from_model).center();
                object.plate_from_model = moved_by([x - from_x, y - from_y, 0.0]) * object.plate_from_model;
            }
            let index = self.push(object)?;
            if is_placed { placed.push(index) } else { loose.push(index) }
        }
        if !placed.is_empty() {
            self.stand_group(&placed)?;
            if !self.keep_group(&placed, before)? {
                loose.splice(0..0, placed);
            }
        }
        for i in &loose {
            self.drop_to_plate(*i)?;
        }
        if loose.is_empty() {
            return Ok(());
        }
        let others: Vec<usize> = (0..self.state.objects.len()).filter(|i| !loose.contains(i)).collect();
        // A single object that fits nowhere stays in the middle of an empty plate.
        let unfit = if loose.len() == 1 && others.is_empty() { Unfit::Stays } else { Unfit::BesidePlate };
        self.arrange(&loose, &others, unfit)
    }

    /// Stands objects that a file placed on the plate: each by itself, unless that would push one into another (parts
    /// that the file put together); then all by the same amount.
    fn stand_group(&mut self, group: &[usize]) -> Result<(), EditError> {
        let together = group.iter().map(|i| self.state.objects[*i].bounds()).reduce(Bounds3::union);
        let Some(together) = together else { return Ok(()) };
        let as_placed = self.state.clone();
        for i in group {
            self.drop_to_plate(*i)?;
        }
        let overlaps = |state: &State| {
            let members: Vec<&Object> = group.iter().map(|i| state.objects[*i].as_ref()).collect();
            super::check::overlapping_pairs(&members)
        };
        if overlaps(&self.state) > overlaps(&as_placed) {
            self.state = as_placed;
            for i in group {
                let lift = moved_by([0.0, 0.0, -together.min[2]]);
                self.place(*i, lift * self.state.objects[*i].plate_from_model)?;
            }
        }
        Ok(())
    }

    /// Keeps a group as the file placed it, with the distances between its objects: where it is when it keeps clear of
    /// the plate's border there, else in the middle of the plate. Says whether it fits; a single object has no
    /// distances to keep and goes to the middle.
    fn keep_group(&mut self, group: &[usize], before: usize) -> Result<bool, EditError> {
        if before > 0 || group.len() < 2 {
            return Ok(false);
        }
        let outlines: Vec<Vec<[f64; 2]>> = group.iter().map(|i| self.state.objects[*i].outline()).collect();
        let fits = |by: [f64; 2], margin_mm: f64| {
            outlines.iter().all(|o| super::check::stands_on(&moved_outline(o, by), margin_mm, &self.state.plate))
        };
        if fits([0.0, 0.0], clearance(&self.state.resolved.settings).margin_mm) {
            return Ok(true);
        }
        let boxes = group.iter().map(|i| self.state.objects[*i].bounds());
        let Some(around) = boxes.reduce(Bounds3::union) else { return Ok(false) };
        let ([x, y], [from_x, from_y, _]) = (self.state.plate.center(), around.center());
        let by = [x - from_x, y - from_y];
        if !fits(by, 0.0) {
            return Ok(false);
        }
        for i in group {
            self.place(*i, moved_by([by[0], by[1], 0.0]) * self.state.objects[*i].plate_from_model)?;
        }
        Ok(true)
    }

    fn duplicate(&mut self, ids: &[ObjectId], copies: usize) -> Result<(), EditError> {
        let originals = self.indices(ids)?;
        let others: Vec<usize> = (0..self.state.objects.len()).collect();
        if originals.len().saturating_mul(copies) > MOST_OBJECTS {
            return Err(EditError::TooManyObjects);
        }
        let mut added = Vec::new();
        for _ in 0..copies {
            for i in &originals {
                let original = Arc::clone(&self.state.objects[*i]);
                let index = self.push(NewObject {
                    name: original.name.clone(),
                    model: Arc::clone(&original.model),
                    hull: Arc::clone(&original.hull),
                    plate_from_model: original.plate_from_model,
                    is_placed: true,
                    settings: original.settings.clone(),
                })?;
                added.push(index);
            }
        }
        self.arrange(&added, &others, Unfit::BesidePlate)
    }

    /// Finds places for some objects; others stay.
    fn arrange(&mut self, which: &[usize], others: &[usize], unfit: Unfit) -> Result<(), EditError> {
        let outline = |i: &usize| self.state.objects[*i].outline();
        let outlines: Vec<Vec<[f64; 2]>> = which.iter().map(outline).collect();
        let fixed: Vec<Vec<[f64; 2]>> = others.iter().map(outline).collect();
        let clearance = clearance(&self.state.resolved.settings);
        self.progress.stage("Arranging", 0);
        let shifts = arrange(&outlines, &fixed, &self.state.plate, clearance, self.progress)?;
        let mut beside = self.beside_plate(others, clearance.spacing_mm);
        for (i, shift) in which.iter().zip(shifts) {
            let object = &self.state.objects[*i];
            let by = match (shift, unfit) {
                (Some(by), _) => by,
                (None, Unfit::Stays) => continue,
                (None, Unfit::BesidePlate) => {
                    let around = object.bounds();
                    let to = [beside, self.state.plate.center()[1]];
                    beside += around.size()[0] + clearance.spacing_mm;
                    let text = "There is no room for it on the plate; it stands beside it.";
                    self.outcome.notices.push(Notice::warning(text).on_object(object.name.clone()));
                    [to[0] - around.min[0], to[1] - around.center()[1]]
                }
            };
            let placement = moved_by([by[0], by[1], 0.0]) * object.plate_from_model;
            self.place(*i, placement)?;
        }
        Ok(())
    }

    /// Where objects begin that do not fit: right of the plate and of what stands there already.
    fn beside_plate(&self, others: &[usize], spacing_mm: f64) -> f64 {
        let [_, max] = self.state.plate.corners();
        let right = others.iter().map(|i| self.state.objects[*i].bounds().max[0]).fold(max[0], f64::max);
        right + spacing_mm.max(10.0)
    }

    /// Computes the settings of the plate and of all objects again.
    fn resolve(&mut self) -> Result<(), EditError> {
        let resolved = self.state.settings.resolve()?;
        let plate = BuildPlate::of(&resolved.settings);
        if plate != *self.state.plate {
            self.state.plate = Arc::new(plate);
        }
        if resolved != *self.state.resolved {
            self.state.resolved = Arc::new(resolved);
            for i in 0..self.state.objects.len() {
                self.resolve_object(i)?;
            }
        }
        Ok(())
    }

    fn resolve_object(&mut self, index: usize) -> Result<(), EditError> {
        let object = &self.state.objects[index];
        let resolved = if object.settings.is_empty() {
            Arc::clone(&self.state.resolved.settings)
        } else {
            let layered = self.state.settings.with(Layer::Object, &object.name, &object.settings)?;
            layered.resolve_on(&self.state.resolved.settings)?.settings
        };
        Arc::make_mut(&mut self.state.objects[index]).resolved = resolved;
        Ok(())
    }
}

/// What to keep free for what is printed around objects on the first layer.
fn clearance(settings: &Settings) -> Clearance {
    let width = settings.first_layer_extrusion_width.max(settings.nozzle_diameter);
    let brim = if settings.brim_width > 0.0 && settings.brim_type.is_outside() {
        settings.brim_width + settings.brim_separation
    } else {
        0.0
    };
    let raft = if settings.raft_layers > 0 && !settings.spiral_vase {
        settings.raft_expansion + settings.raft_first_layer_expansion
    } else {
        0.0
    };
    let around = brim.max(raft);
    let skirt =
        if settings.skirts > 0 { around + settings.skirt_distance + f64::from(settings.skirts) * width } else { 0.0 };
    Clearance { spacing_mm: (2.0 * around + 2.0).max(6.0), margin_mm: around.max(skirt) + 1.0 }
}

fn moved_outline(outline: &[[f64; 2]], by: [f64; 2]) -> Vec<[f64; 2]> {
    outline.iter().map(|p| [p[0] + by[0], p[1] + by[1]]).collect()
}

fn check_place(name: &str, hull: &Hull, plate_from_model: &Matrix4<f64>) -> Result<(), EditError> {
    if !is_usable(plate_from_model) {
        return Err(EditError::Degenerate(name.to_owned()));
    }
    let around = bounds(hull, plate_from_model);
    let near = |x: &f64| x.abs() <= FARTHEST_MM;
    if !around.min.iter().chain(&around.max).all(near) {
        return Err(EditError::TooFar(name.to_owned()));
    }
    Ok(())
}

/// A name that no object has, by a number at its end where needed. `own` may keep its name.
fn free_name(wanted: &str, objects: &[Arc<Object>], own: Option<ObjectId>) -> String {
    let taken: BTreeSet<&str> = objects.iter().filter(|o| Some(o.id) != own).map(|o| o.name.as_str()).collect();
    if !taken.contains(wanted) {
        return wanted.to_owned();
    }
    // `Bracket 2` goes on as `Bracket 3`.
    let stem = match wanted.rsplit_once(' ') {
        Some((stem, number)) if number.parse::<u32>().is_ok() && !stem.trim().is_empty() => stem,
        _ => wanted,
    };
    let mut number = 2;
    loop {
        let name = format!("{stem} {number}");
        if !taken.contains(name.as_str()) {
            return name;
        }
        number += 1;
    }
}
