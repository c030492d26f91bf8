//! The document: the build plate, the placed objects, the settings that belong to them, and their history.
//!
//! [`edit`] is the only thing that changes it, so everything can be undone, settings included. Planning is given a
//! [`Snapshot`], which never changes. Selection, camera and whatever else belongs to a window is not known here; nor is
//! what planning does.
//!
//! Frames: a model's own (millimetres), and the plate's: the machine's coordinates with z = 0 on the plate.

use std::sync::Arc;

use nalgebra::Matrix4;

use crate::model::Model;
use crate::settings::Settings;

pub mod arrange;
pub mod check;
mod document;
pub mod edit;
mod object;
mod placement;
mod plate;

pub use document::Document;
pub use edit::{Edit, EditError, Outcome};
pub use object::{NewObject, Object, ObjectId};
pub use plate::BuildPlate;

/// An object as planning sees it.
#[derive(Clone, Debug)]
pub struct SnapshotObject {
    pub name: String,
    pub model: Arc<Model>,
    /// Model to build plate: millimetres, z = 0 on the plate, x and y in the machine's coordinates. May mirror: then
    /// its determinant is negative and triangles show their inside.
    pub plate_from_model: Matrix4<f64>,
    /// Resolved for this object, its own overrides included.
    pub settings: Arc<Settings>,
}

/// A document at one moment: what planning needs, nothing else.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub objects: Vec<SnapshotObject>,
    /// Resolved for the plate as a whole.
    pub settings: Arc<Settings>,
}

#[cfg(test)]
mod tests;
