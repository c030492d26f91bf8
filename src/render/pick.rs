//! What is under the cursor: rays against triangles, on the CPU, so that it is exact and needs nothing from the
//! graphics device.
//!
//! Each mesh gets a tree of boxes once (bounding volume hierarchy, split at the middle of the longest side; Kay and
//! Kajiya 1986); rays meet triangles after Möller and Trumbore 1997.

use std::collections::HashMap;
use std::sync::Arc;

use nalgebra::{Point3, Vector3};

use super::camera::Ray;
use super::mesh::DrawnObject;
use crate::model::Mesh;

/// Triangles in a leaf of the tree.
const LEAF: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Node {
    min: [f32; 3],
    max: [f32; 3],
    /// A leaf: its first triangle. Else: the second child (the first follows its parent).
    start: u32,
    /// Triangles of a leaf; 0 in a node with children.
    count: u32,
}

/// A mesh that rays can be sent through.
#[derive(Debug)]
pub struct MeshTree {
    mesh: Arc<Mesh>,
    nodes: Vec<Node>,
    /// Triangle numbers in the order of the leaves.
    order: Vec<u32>,
}

/// Where a ray meets a mesh, in the mesh's own space.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MeshHit {
    /// In lengths of the ray's direction.
    along: f64,
    triangle: usize,
}

impl MeshTree {
    /// Sorts the triangles of a mesh; n log n. Triangles that name vertices that do not exist are passed over.
    pub fn new(mesh: Arc<Mesh>) -> Self {
        let count = mesh.vertices.len();
        let mut order: Vec<u32> = (0..mesh.triangles.len() as u32)
            .filter(|&t| mesh.triangles[t as usize].iter().all(|&v| (v as usize) < count))
            .collect();
        let corners = |t: u32| mesh.triangles[t as usize].map(|v| mesh.vertices[v as usize]);
        let mut nodes = Vec::with_capacity(order.len() / LEAF * 3 + 1);
        // (range of triangles, node whose second child this is)
        let mut waiting = vec![(0, order.len(), None)];
        while let Some((start, end, second_of)) = waiting.pop() {
            let here = nodes.len();
            if let Some(parent) = second_of {
                let parent: &mut Node = &mut nodes[parent];
                parent.start = here as u32;
            }
            let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
            let (mut least, mut most) = (min, max);
            for &t in &order[start..end] {
                let corners = corners(t);
                for axis in 0..3 {
                    let [a, b, c] = corners.map(|p| p[axis]);
                    min[axis] = min[axis].min(a).min(b).min(c);
                    max[axis] = max[axis].max(a).max(b).max(c);
                    let middle = a + b + c;
                    least[axis] = least[axis].min(middle);
                    most[axis] = most[axis].max(middle);
                }
            }
            if end - start <= LEAF {
                nodes.push(Node { min, max, start: start as u32, count: (end - start) as u32 });
                continue;
            }
            let sides = [0, 1, 2].map(|axis| most[axis] - least[axis]);
            let axis = (0..3).fold(0, |longest, a| if sides[a] > sides[longest] { a } else { longest });
            let middle = (end - start) / 2;
            let key = |t: u32| corners(t).iter().map(|p| p[axis]).sum::<f32>();
            order[start..end].select_nth_unstable_by(middle, |&a, &b| key(a).total_cmp(&key(b)));
            nodes.push(Node { min, max, start: 0, count: 0 });
            waiting.push((start + middle, end, Some(here)));
            waiting.push((start, start + middle, None));
        }
        Self { mesh, nodes, order }
    }

    /// The nearest triangle along a ray; the direction need not have length 1.
    fn nearest(&self, origin: Point3<f64>, direction: Vector3<f64>) -> Option<MeshHit> {
        let inverse = direction.map(|d| 1.0 / d);
        let mut best: Option<MeshHit> = None;
        let mut waiting = vec![0usize];
        while let Some(index) = waiting.pop() {
            let Some(node) = self.nodes.get(index) else { continue };
            let limit = best.map_or(f64::INFINITY, |b| b.along);
            if !meets_box(node, origin, inverse, limit) {
                continue;
            }
            if node.count == 0 && index + 1 < self.nodes.len() && node.start as usize > index {
                waiting.push(node.start as usize);
                waiting.push(index + 1);
                continue;
            }
            for &triangle in &self.order[node.start as usize..(node.start + node.count) as usize] {
                let corners = self.mesh.triangles[triangle as usize].map(|v| self.corner(v));
                if let Some(along) = meets_triangle(origin, direction, corners)
                    && best.is_none_or(|b| along < b.along)
                {
                    best = Some(MeshHit { along, triangle: triangle as usize });
                }
            }
        }
        best
    }

    fn corner(&self, vertex: u32) -> Point3<f64> {
        Point3::from(self.mesh.vertices[vertex as usize].map(f64::from))
    }
}

fn meets_box(node: &Node, origin: Point3<f64>, inverse: Vector3<f64>, limit: f64) -> bool {
    let (mut enter, mut leave) = (0.0_f64, limit);
    for axis in 0..3 {
        let a = (f64::from(node.min[axis]) - origin[axis]) * inverse[axis];
        let b = (f64::from(node.max[axis]) - origin[axis]) * inverse[axis];
        // `max` and `min` pass over what is not a number: a ray inside of a box's side.
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    enter <= leave
}

fn meets_triangle(origin: Point3<f64>, direction: Vector3<f64>, [a, b, c]: [Point3<f64>; 3]) -> Option<f64> {
    let (u_side, v_side) = (b - a, c - a);
    let p = direction.cross(&v_side);
    let determinant = u_side.dot(&p);
    if determinant == 0.0 {
        return None;
    }
    let from_a = origin - a;
    let u = from_a.dot(&p) / determinant;
    let q = from_a.cross(&u_side);
    let v = direction.dot(&q) / determinant;
    let along = v_side.dot(&q) / determinant;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && along >= 0.0).then_some(along)
}

/// Where a ray meets an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its number in the list that was given.
    pub object: usize,
    pub part: usize,
    pub triangle: usize,
    /// On the plate, mm.
    pub point: Point3<f64>,
    /// Of the triangle, in plate space, length 1, towards where the ray came from. For "place on face", this side goes
    /// down.
    pub normal: Vector3<f64>,
    pub distance_mm: f64,
}

/// Finds what is under the cursor, and keeps the trees of the meshes it has met.
#[derive(Debug, Default)]
pub struct Picker {
    /// By the mesh's address; the tree keeps the mesh, so no address is used twice.
    trees: HashMap<usize, Arc<MeshTree>>,
}

impl Picker {
    /// The tree of a mesh, made now if this is the first time. May be called beforehand, in the background, with
    /// [`MeshTree::new`] and [`Self::keep`], for large meshes.
    fn tree(&mut self, mesh: &Arc<Mesh>) -> Arc<MeshTree> {
        let tree = || Arc::new(MeshTree::new(Arc::clone(mesh)));
        Arc::clone(self.trees.entry(Arc::as_ptr(mesh) as usize).or_insert_with(tree))
    }

    /// Takes a tree that was made elsewhere.
    pub fn keep(&mut self, tree: Arc<MeshTree>) {
        self.trees.insert(Arc::as_ptr(&tree.mesh) as usize, tree);
    }

    /// Frees the trees of meshes that nobody else has any more.
    pub fn forget_unused(&mut self) {
        self.trees.retain(|_, tree| Arc::strong_count(&tree.mesh) > 1);
    }

    /// The nearest object along a ray.
    pub fn pick(&mut self, ray: &Ray, objects: &[DrawnObject]) -> Option<Hit> {
        let mut best: Option<Hit> = None;
        for (index, object) in objects.iter().enumerate() {
            for (part_index, part) in object.model.parts.iter().enumerate() {
                let place = object.plate_from_model * part.model_from_part;
                let Some(back) = place.try_inverse() else { continue };
                let origin = back.transform_point(&ray.origin);
                let direction = back.transform_vector(&ray.direction);
                let tree = self.tree(&part.mesh);
                let Some(hit) = tree.nearest(origin, direction) else { continue };
                // The direction has length 1 in plate space, so lengths along it are millimetres there.
                if best.is_some_and(|b| b.distance_mm <= hit.along) {
                    continue;
                }
                let corner = |v: u32| place.transform_point(&tree.corner(v));
                let [a, b, c] = part.mesh.triangles[hit.triangle].map(corner);
                let Some(normal) = (b - a).cross(&(c - a)).try_normalize(1e-12) else { continue };
                best = Some(Hit {
                    object: index,
                    part: part_index,
                    triangle: hit.triangle,
                    point: ray.at(hit.along),
                    normal: if normal.dot(&ray.direction) > 0.0 { -normal } else { normal },
                    distance_mm: hit.along,
                });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{cube_model, wavy_model};
    use nalgebra::Matrix4;

    fn ray(origin: [f64; 3], direction: [f64; 3]) -> Ray {
        Ray { origin: Point3::from(origin), direction: Vector3::from(direction).normalize() }
    }

    #[test]
    fn the_nearest_object_is_found_with_its_face() {
        let cube = cube_model(10.0);
        let at = |x: f64| {
            let place = Matrix4::new_translation(&Vector3::new(x, 0.0, 0.0));
            DrawnObject::new(Arc::clone(&cube), place, [200, 200, 200, 255])
        };
        let objects = [at(50.0), at(20.0), at(80.0)];
        let mut picker = Picker::default();
        let hit = picker.pick(&ray([-5.0, 5.0, 5.0], [1.0, 0.0, 0.0]), &objects).unwrap();
        assert_eq!((hit.object, hit.part), (1, 0));
        assert!((hit.point - Point3::new(20.0, 5.0, 5.0)).norm() < 1e-9);
        assert!((hit.normal + Vector3::x()).norm() < 1e-9 && (hit.distance_mm - 25.0).abs() < 1e-9);
        assert_eq!(picker.pick(&ray([-5.0, 15.0, 5.0], [1.0, 0.0, 0.0]), &objects), None);
        assert_eq!(picker.pick(&ray([0.0, 0.0, 0.0], [0.0, 0.0, 1.0]), &[]), None);
    }

    #[test]
    fn scaled_and_mirrored_objects_are_met_where_they_stand() {
        let place = Matrix4::new_translation(&Vector3::new(30.0, 0.0, 0.0))
            * Matrix4::new_nonuniform_scaling(&Vector3::new(-2.0, 1.0, 0.5));
        let object = DrawnObject::new(cube_model(10.0), place, [200, 200, 200, 255]);
        let hit = Picker::default().pick(&ray([15.0, 5.0, 40.0], [0.0, 0.0, -1.0]), &[object]).unwrap();
        assert!((hit.point.z - 5.0).abs() < 1e-9 && (hit.normal - Vector3::z()).norm() < 1e-9);
    }

    #[test]
    fn the_tree_finds_what_looking_at_every_triangle_finds() {
        let model = wavy_model(40);
        let mesh = Arc::clone(&model.parts[0].mesh);
        let tree = MeshTree::new(Arc::clone(&mesh));
        let mut met = 0;
        for i in 0..400 {
            let angle = f64::from(i);
            let origin = Point3::new(20.0 + 25.0 * angle.sin(), 20.0 + 25.0 * (1.7 * angle).cos(), 30.0);
            let direction = Vector3::new((0.3 * angle).cos(), (0.9 * angle).sin(), -2.0);
            let by_hand = mesh
                .triangles
                .iter()
                .filter_map(|t| meets_triangle(origin, direction, t.map(|v| tree.corner(v))))
                .min_by(f64::total_cmp);
            assert_eq!(tree.nearest(origin, direction).map(|h| h.along), by_hand);
            met += usize::from(by_hand.is_some());
        }
        assert!(met > 50 && met < 400, "{met} of the rays met something");
    }

    #[test]
    fn broken_and_empty_meshes_are_met_nowhere() {
        let down = (Point3::new(0.2, 0.2, 5.0), -Vector3::z());
        let tree = |vertices: Vec<[f32; 3]>, triangles| {
            MeshTree::new(Arc::new(Mesh { vertices, triangles, colors: Vec::new() }))
        };
        assert_eq!(tree(Vec::new(), Vec::new()).nearest(down.0, down.1), None);
        assert_eq!(tree(vec![[0.0; 3]; 3], vec![[0, 1, 7], [0, 1, 2]]).nearest(down.0, down.1), None);
        let nan = vec![[f32::NAN; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        assert_eq!(tree(nan, vec![[0, 1, 2]]).nearest(down.0, down.1), None);
    }
}
