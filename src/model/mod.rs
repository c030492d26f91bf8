//! What was imported, immutable: meshes in `Arc`, so that placed copies share them.
//!
//! A [`Model`] is one thing that a person would move as one: a file's object with all its parts. `import` makes it, one
//! file a format; each import returns a report of what it found, mended and dropped. Where a model stands on the
//! plate and how it is printed is not known here.
//!
//! Data enters as files through [`import::import`] and leaves as [`Model`]s that nothing changes any more.

use std::sync::Arc;

use nalgebra::{Matrix3, Matrix4, Point3};
use rayon::prelude::*;

mod holes;
pub mod hull;
pub mod import;
mod polygon;
pub mod repair;
mod shells;
mod topology;
mod weld;

pub use hull::Hull;
pub use import::{Import, ImportError, ImportReport, Imported, LayerRange};
pub(crate) use polygon::triangulate;
pub use repair::RepairReport;

/// Triangles that are summed as one piece: sums are made in this fixed order, so they never depend on threads.
const SUM_BLOCK: usize = 16_384;

/// A triangle mesh in millimetres. Triangles are counter-clockwise seen from outside, where the file said so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    pub vertices: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// Colour of each triangle as sRGB with alpha; empty where the file gave none.
    pub colors: Vec<[u8; 4]>,
}

impl Mesh {
    /// The corners of a triangle. `None` where the triangle or one of its vertices does not exist.
    pub fn corners(&self, triangle: usize) -> Option<[[f32; 3]; 3]> {
        let [a, b, c] = self.triangles.get(triangle)?;
        let vertex = |i: &u32| self.vertices.get(*i as usize).copied();
        Some([vertex(a)?, vertex(b)?, vertex(c)?])
    }

    /// Enclosed volume in mm³: positive where triangles face outwards. Means nothing for a mesh with open edges.
    pub fn volume_mm3(&self) -> f64 {
        let Some(origin) = self.vertices.first().copied() else { return 0.0 };
        self.sum(|[a, b, c]| signed_volume(origin, a, b, c))
    }

    /// Area of all triangles in mm².
    pub fn area_mm2(&self) -> f64 {
        self.sum(|[a, b, c]| {
            let (u, v) = (minus(b, a), minus(c, a));
            norm(cross(u, v)) / 2.0
        })
    }

    /// Smallest box around the vertices after `transform`; `None` where there are none.
    pub fn bounds(&self, transform: &Matrix4<f64>) -> Option<Bounds3> {
        Bounds3::around(self.vertices.par_chunks(SUM_BLOCK).filter_map(|chunk| {
            let mut bounds: Option<Bounds3> = None;
            for v in chunk {
                let p = transform_point(transform, v.map(f64::from));
                bounds = Some(bounds.map_or(Bounds3 { min: p, max: p }, |b| b.with(p)));
            }
            bounds
        }))
    }

    fn sum(&self, value: impl Fn([[f32; 3]; 3]) -> f64 + Sync) -> f64 {
        let blocks: Vec<f64> = self
            .triangles
            .par_chunks(SUM_BLOCK)
            .map(|chunk| {
                let corner = |i: u32| self.vertices.get(i as usize).copied().unwrap_or_default();
                chunk.iter().map(|t| value(t.map(corner))).sum::<f64>()
            })
            .collect();
        blocks.iter().sum()
    }
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

impl Model {
    /// A model of one mesh that stands where the mesh stands.
    pub fn from_mesh(name: impl Into<String>, mesh: Mesh) -> Self {
        let name = name.into();
        let part = Part { name: name.clone(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
        Self { name, parts: vec![part] }
    }

    /// Triangles of all parts.
    pub fn triangle_count(&self) -> usize {
        self.parts.iter().map(|p| p.mesh.triangles.len()).sum()
    }

    /// Smallest box around all vertices after `transform` (such as `plate_from_model`), exact to the last vertex.
    pub fn bounds(&self, transform: &Matrix4<f64>) -> Option<Bounds3> {
        let boxes = self.parts.iter().filter_map(|p| p.mesh.bounds(&(transform * p.model_from_part)));
        boxes.reduce(Bounds3::union)
    }

    /// Volume of all parts in mm³, a mirrored part counted as what it shows. Parts that overlap are counted twice.
    pub fn volume_mm3(&self) -> f64 {
        self.placed_measures(&Matrix4::identity()).0
    }

    /// Area of all parts in mm².
    pub fn area_mm2(&self) -> f64 {
        self.placed_measures(&Matrix4::identity()).1
    }

    /// Volume (mm³) and area (mm²) of all parts after `transform`.
    pub fn placed_measures(&self, transform: &Matrix4<f64>) -> (f64, f64) {
        let measure = |p: &Part| {
            let place = transform * p.model_from_part;
            let volume = p.mesh.volume_mm3() * place.fixed_view::<3, 3>(0, 0).determinant().abs();
            if place.fixed_view::<3, 3>(0, 0) == Matrix3::identity() {
                return (volume, p.mesh.area_mm2());
            }
            let at = |v: [f32; 3]| transform_point(&place, v.map(f64::from)).map(|x| x as f32);
            let area = p.mesh.sum(|[a, b, c]| {
                let (a, b, c) = (at(a), at(b), at(c));
                norm(cross(minus(b, a), minus(c, a))) / 2.0
            });
            (volume, area)
        };
        self.parts.iter().map(measure).fold((0.0, 0.0), |(v, a), (volume, area)| (v + volume, a + area))
    }

    /// Whether any part has colours.
    pub fn has_colors(&self) -> bool {
        self.parts.iter().any(|p| !p.mesh.colors.is_empty())
    }
}

/// An axis-aligned box in millimetres, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bounds3 {
    pub min: [f64; 3],
    pub max: [f64; 3],
}

impl Bounds3 {
    /// The box around some boxes; `None` where there are none.
    fn around(boxes: impl ParallelIterator<Item = Bounds3>) -> Option<Self> {
        boxes.reduce_with(Bounds3::union)
    }

    /// The box around some points; `None` where there are none.
    pub fn around_points(points: impl IntoIterator<Item = [f64; 3]>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        Some(points.fold(Self { min: first, max: first }, Self::with))
    }

    /// This box grown to hold `p`.
    pub fn with(self, p: [f64; 3]) -> Self {
        Self { min: [0, 1, 2].map(|i| self.min[i].min(p[i])), max: [0, 1, 2].map(|i| self.max[i].max(p[i])) }
    }

    /// The box around both.
    pub fn union(self, other: Self) -> Self {
        self.with(other.min).with(other.max)
    }

    pub fn size(&self) -> [f64; 3] {
        [0, 1, 2].map(|i| self.max[i] - self.min[i])
    }

    pub fn center(&self) -> [f64; 3] {
        [0, 1, 2].map(|i| (self.max[i] + self.min[i]) / 2.0)
    }

    /// Whether `other` lies inside or on this box.
    pub fn contains(&self, other: &Self) -> bool {
        (0..3).all(|i| self.min[i] <= other.min[i] && other.max[i] <= self.max[i])
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        (0..3).all(|i| self.min[i] <= other.max[i] && other.min[i] <= self.max[i])
    }
}

/// A point through an affine transform.
pub fn transform_point(transform: &Matrix4<f64>, p: [f64; 3]) -> [f64; 3] {
    let q = transform.transform_point(&Point3::from(p));
    [q.x, q.y, q.z]
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| f64::from(a[i]) - f64::from(b[i]))
}

fn cross(u: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

fn dot(u: [f64; 3], v: [f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn norm(u: [f64; 3]) -> f64 {
    dot(u, u).sqrt()
}

/// Volume of the tetrahedron from `origin` to a triangle, positive where the triangle faces away from it.
fn signed_volume(origin: [f32; 3], a: [f32; 3], b: [f32; 3], c: [f32; 3]) -> f64 {
    dot(minus(a, origin), cross(minus(b, origin), minus(c, origin))) / 6.0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A closed box, triangles facing outwards.
    pub(crate) fn cuboid(min: [f32; 3], max: [f32; 3]) -> Mesh {
        let vertices = (0..8).map(|i| [0, 1, 2].map(|k| if i >> k & 1 == 1 { max[k] } else { min[k] })).collect();
        let triangles = [
            [0, 2, 1],
            [1, 2, 3],
            [4, 5, 6],
            [5, 7, 6],
            [0, 1, 4],
            [1, 5, 4],
            [2, 6, 3],
            [3, 6, 7],
            [0, 4, 2],
            [2, 4, 6],
            [1, 3, 5],
            [3, 7, 5],
        ];
        Mesh { vertices, triangles: triangles.to_vec(), colors: Vec::new() }
    }

    #[test]
    fn a_box_has_the_volume_area_and_bounds_of_a_box() {
        let model = Model::from_mesh("box", cuboid([1.0, 2.0, 3.0], [11.0, 22.0, 33.0]));
        assert!((model.volume_mm3() - 6000.0).abs() < 1e-9);
        assert!((model.area_mm2() - 2.0 * (200.0 + 300.0 + 600.0)).abs() < 1e-9);
        let bounds = model.bounds(&Matrix4::identity()).unwrap();
        assert_eq!((bounds.min, bounds.size()), ([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]));
    }

    #[test]
    fn a_mirrored_and_scaled_part_counts_as_what_it_shows() {
        let mut model = Model::from_mesh("box", cuboid([0.0; 3], [10.0; 3]));
        model.parts[0].model_from_part = Matrix4::new_nonuniform_scaling(&nalgebra::Vector3::new(-2.0, 1.0, 1.0));
        assert!((model.volume_mm3() - 2000.0).abs() < 1e-9);
        assert!((model.area_mm2() - 2.0 * (100.0 + 200.0 + 200.0)).abs() < 1e-6);
        assert_eq!(model.bounds(&Matrix4::identity()).unwrap().min, [-20.0, 0.0, 0.0]);
    }
}
