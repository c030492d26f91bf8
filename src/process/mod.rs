//! Planning, pure: a scene and its settings become a toolpath.
//!
//! The same input gives the same bytes on any number of threads: layers are planned in parallel, results are ordered,
//! never raced, and nothing here knows files, clocks, G-code or machines. `slicing` turns meshes into outlines and is
//! shared by every process; `fdm` plans 3D prints.

pub mod fdm;
pub mod slicing;
