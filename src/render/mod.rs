//! Pictures of models and toolpaths, with wgpu, in a window or without one.
//!
//! Data enters as a [`View`]: plain data that says everything a picture shows (camera, theme, plate, [`DrawnObject`]s, a
//! [`ToolpathView`], a [`Gizmo`]). A [`Renderer`] draws it into its own texture, and nothing when the view is equal to
//! the last one; the picture leaves through [`ViewCallback`] into an egui window, through [`picture`] as an image.
//! What is under the cursor ([`Picker`], [`Gizmo::pick`]) and how the camera moves ([`Camera`]) is pure arithmetic.
//! [`thumbnail`] needs no graphics device at all and gives the same bytes on every machine.
//!
//! Not known here: the scene, settings, panels, what a click means. One primitive a file, its shader in `shaders/`.
//!
//! # In a window
//!
//! Once: [`install`] with eframe's render state. In each frame: fill a `View` with the rectangle's size in pixels, and
//! add `egui_wgpu::Callback::new_paint_callback(rect, ViewCallback(view))` to the painter. A toolpath is made ready in
//! the background by [`ToolpathDrawing::new`]; showing other layers, moves or features of it uploads nothing.

mod beads;
mod blit;
mod camera;
mod context;
mod egui_callback;
mod gizmo;
mod gpu;
mod lettering;
mod lines;
mod mesh;
mod outline;
pub mod palette;
mod pick;
mod picture;
mod plate;
mod points;
mod shadow;
mod solid;
mod target;
mod thumbnail;
mod toolpath_drawing;
mod view;

#[cfg(test)]
mod tests;

pub use beads::{RoleSet, ToolpathView};
pub use camera::{Box3, Camera, Projection, Ray, StandardView};
pub use context::{Context, ContextError};
pub use egui_callback::{ViewCallback, install};
pub use gizmo::{Drag, Gizmo, GizmoKind, Handle};
pub use lines::Line;
pub use mesh::DrawnObject;
pub use palette::Theme;
pub use pick::{Hit, MeshTree, Picker};
pub use picture::{PictureError, picture};
pub use plate::{Footprint, Plate};
pub use points::Mark;
pub use thumbnail::thumbnail;
pub use toolpath_drawing::{ColorBy, RoadState, ToolState, ToolpathDrawing};
pub use view::{Renderer, View};
