//! Polygons on an integer grid: the only code that names the polygon kernel.
//!
//! Coordinates are `i32` counts of a 10 nm grid (±21 m; input beyond ±5 m is refused), so every difference and product
//! is exact in `i64` and the same input gives the same bytes on any machine and any number of threads.
//! A [`Region`] is an area: rings that do not cross, outlines counter-clockwise (positive area), holes clockwise.
//! Every operation returns a clean region again. What a region is for (a wall, infill) is not known here.

mod point;
mod region;

pub use point::{Bounds, Point, UNITS_PER_MM, grid, mm};
pub use region::{Island, Join, Polyline, Region, Ring};
