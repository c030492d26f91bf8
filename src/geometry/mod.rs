//! Polygons on an integer grid: the only code that names the polygon kernel.
//!
//! Coordinates are `i32` counts of a 10 nm grid (±21 m; input beyond ±5 m is refused where it enters), so every
//! difference and product is exact in `i64` and the same input gives the same bytes on any number of threads.
//! A [`Region`] is an area: rings that do not cross, outlines counter-clockwise (positive area), holes clockwise.
//! Every operation returns a clean region again. What a region is for (a wall, infill) is not known here.
//!
//! Two kernels do the booleans: `clipper2-rs` for everyday layers, `i_overlay` for layers with many contours or many edges
//! side by side, where the former's linear list of active edges becomes quadratic, and for the rare input the former
//! gives up on. Offsets are a
//! raw offset of our own that the kernel cleans, and straight hatching is a scan line of our own: both were measured to
//! be several times faster than the kernels' own.

mod centreline;
mod clip;
mod edge_grid;
mod hatch;
mod kernel;
mod offset;
mod point;
mod reach;
mod region;
mod ring;
mod simplify;
mod skeleton;
#[cfg(test)]
mod tests;
mod thickness;

pub use centreline::{Centreline, centrelines};
pub use edge_grid::{Crossing, EdgeGrid, Nearest};
pub use point::{Bounds, Point, Shift, UNITS_PER_MM, grid, mm};
pub use region::{Island, Join, Region};
pub use ring::{Polyline, Ring};
pub use skeleton::{Rib, Skeleton, SkeletonNode};

/// Largest coordinate in mm that a model may have on the plate: beyond it, products could overflow.
pub const MAX_COORDINATE_MM: f64 = 5_000.0;
