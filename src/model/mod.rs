//! What was imported, immutable: meshes in `Arc`, so that placed copies share them.
//!
//! A [`Model`] is one thing that a person would move as one: a file's object with all its parts. `import` makes it, one
//! file a format; each import returns a report of what it found, mended and dropped. Where a model stands on the
//! plate and how it is printed is not known here.

use std::sync::Arc;

use nalgebra::Matrix4;

/// A triangle mesh in millimetres. Triangles are counter-clockwise seen from outside, where the file said so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    pub vertices: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// Colour of each triangle as sRGB with alpha; empty where the file gave none.
    pub colors: Vec<[u8; 4]>,
}

/// A mesh and where it sits in its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub mesh: Arc<Mesh>,
    pub model_from_part: Matrix4<f64>,
}

/// One thing that is moved and printed as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub name: String,
    pub parts: Vec<Part>,
}
