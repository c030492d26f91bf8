//! 3D printing by fused deposition.
//!
//! Stages, each a plain function from one immutable type of [`stages`] to the next:
//! outlines → perimeters → regions (top, bottom, bridge, solid, sparse) → infill → toolpath.

pub mod bridges;
pub mod flow;
pub mod infill;
pub mod perimeters;
pub mod regions;
pub mod stages;
