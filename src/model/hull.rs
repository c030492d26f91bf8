//! The convex hull of a model: the few points that decide where it touches a plate and how much room it takes.
//!
//! Quickhull (Barber, Dobkin, Huhdanpaa 1996) on a grid of 2¹⁹ steps over the model's largest extent, so that every
//! decision is exact in `i64`: below half a micrometre for anything that fits a desktop machine. A facet in whose plane
//! the new point lies counts as visible; so no facet ever degenerates and no tolerance is needed. Points that are
//! inside anyway are left out beforehand (`outer`), which of a fine mesh are nearly all.

mod outer;

use nalgebra::Matrix4;

use super::{Bounds3, Model, SUM_BLOCK, transform_point};
use outer::{FEW, outer_points};

/// More points than this are not searched for corners: where so many lie far out, most of them are.
const MANY: usize = 4096;

/// Points whose convex hull is that of the model, in the model's frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hull {
    /// The hull's corners and nothing else, as a rule. All points that may be corners where these are very many, all
    /// points of a model too thin to have a hull on the grid.
    pub points: Vec<[f64; 3]>,
}

impl Hull {
    /// The hull of all parts of a model.
    pub fn of(model: &Model) -> Self {
        let chunks: Vec<Chunk<'_>> = (model.parts.iter())
            .flat_map(|part| part.mesh.vertices.chunks(SUM_BLOCK).map(|chunk| (&part.model_from_part, chunk)))
            .collect();
        let count: usize = chunks.iter().map(|(_, vertices)| vertices.len()).sum();
        let grid = model.bounds(&Matrix4::identity()).and_then(Grid::over);
        Self::around(match grid {
            Some(grid) if count > FEW => outer_points(&chunks, placed, &grid),
            _ => chunks.iter().flat_map(placed).collect(),
        })
    }

    /// The hull of some points.
    pub fn around(points: Vec<[f64; 3]>) -> Self {
        if points.len() > MANY {
            return Self { points };
        }
        let grid = Bounds3::around_points(points.iter().copied()).and_then(Grid::over);
        let Some(faces) = grid.and_then(|grid| Builder::faces(points.iter().map(|p| grid.place(p)).collect())) else {
            return Self { points };
        };
        Self { points: corners_of(&faces).iter().map(|corner| points[*corner as usize]).collect() }
    }

    /// The box around the hull after `transform`.
    pub fn bounds(&self, transform: &Matrix4<f64>) -> Option<Bounds3> {
        Bounds3::around_points(self.points.iter().map(|p| transform_point(transform, *p)))
    }

    /// The convex outline of the hull seen from above after `transform`, counter-clockwise, without points in line.
    pub fn outline(&self, transform: &Matrix4<f64>) -> Vec<[f64; 2]> {
        let flat = self.points.iter().map(|p| transform_point(transform, *p)).map(|[x, y, _]| [x, y]);
        convex_outline(flat.collect())
    }
}

/// Vertices and the way from them to their model.
type Chunk<'a> = (&'a Matrix4<f64>, &'a [[f32; 3]]);

fn placed<'a>((model_from_part, vertices): &Chunk<'a>) -> impl Iterator<Item = [f64; 3]> + use<'a> {
    let model_from_part: &'a Matrix4<f64> = model_from_part;
    vertices.iter().map(move |v| transform_point(model_from_part, v.map(f64::from)))
}

/// The points that faces use, each once, ascending.
fn corners_of(faces: &[[u32; 3]]) -> Vec<u32> {
    let mut corners = faces.as_flattened().to_vec();
    corners.sort_unstable();
    corners.dedup();
    corners
}

/// The convex outline of points in the plane (Andrew's monotone chain), counter-clockwise.
pub fn convex_outline(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if points.len() > FEW {
        drop_inner(&mut points);
    }
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = &[f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while let [.., a, b] = chain[..] {
                if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(*p);
        }
        chain.pop();
        chain
    };
    let mut outline = half(&mut points.iter());
    outline.extend(half(&mut points.iter().rev()));
    outline
}

/// Drops points inside of the polygon through the farthest ones in some directions: nearly all, as a rule.
fn drop_inner(points: &mut Vec<[f64; 2]>) {
    const DIRECTIONS: [[f64; 2]; 16] = [
        [4.0, 1.0],
        [3.0, 2.0],
        [2.0, 3.0],
        [1.0, 4.0],
        [-1.0, 4.0],
        [-2.0, 3.0],
        [-3.0, 2.0],
        [-4.0, 1.0],
        [-4.0, -1.0],
        [-3.0, -2.0],
        [-2.0, -3.0],
        [-1.0, -4.0],
        [1.0, -4.0],
        [2.0, -3.0],
        [3.0, -2.0],
        [4.0, -1.0],
    ];
    let mut farthest = [([0.0; 2], f64::NEG_INFINITY); DIRECTIONS.len()];
    for p in points.iter() {
        for (best, d) in farthest.iter_mut().zip(DIRECTIONS) {
            let reach = d[0] * p[0] + d[1] * p[1];
            if reach > best.1 {
                *best = (*p, reach);
            }
        }
    }
    let mut polygon: Vec<[f64; 2]> = farthest.iter().map(|best| best.0).collect();
    polygon.dedup();
    if polygon.len() > 1 && polygon.first() == polygon.last() {
        polygon.pop();
    }
    let edges: Vec<([f64; 2], [f64; 2])> =
        polygon.iter().copied().zip(polygon.iter().copied().cycle().skip(1)).collect();
    let is_left = |(a, b): &([f64; 2], [f64; 2]), p: &[f64; 2]| {
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0
    };
    points.retain(|p| !edges.iter().all(|edge| is_left(edge, p)));
}

/// A place on the grid.
type Place = [i64; 3];

/// The grid over everything that the hull is of.
struct Grid {
    center: [f64; 3],
    steps_per_mm: f64,
}

impl Grid {
    /// `None` where there is no extent, or none that is a number.
    fn over(bounds: Bounds3) -> Option<Self> {
        let half = bounds.size().into_iter().fold(0.0, f64::max) / 2.0;
        let usable = half > 0.0 && half.is_finite();
        usable.then(|| Self { center: bounds.center(), steps_per_mm: f64::from(1 << 18) / half })
    }

    fn place(&self, p: &[f64; 3]) -> Place {
        [0, 1, 2].map(|i| ((p[i] - self.center[i]) * self.steps_per_mm).round() as i64)
    }
}

struct Face {
    corners: [u32; 3],
    normal: Place,
    /// The face across the edge from corner k to the next.
    neighbors: [u32; 3],
    outside: Vec<u32>,
    farthest: (i64, u32),
    alive: bool,
}

struct Builder {
    points: Vec<Place>,
    faces: Vec<Face>,
}

impl Builder {
    /// `None` where the points have no extent in some direction.
    fn faces(points: Vec<Place>) -> Option<Vec<[u32; 3]>> {
        let mut builder = Self { points, faces: Vec::new() };
        builder.first_tetrahedron()?;
        let mut waiting: Vec<u32> = vec![0, 1, 2, 3];
        while let Some(face) = waiting.pop() {
            if builder.faces[face as usize].alive && !builder.faces[face as usize].outside.is_empty() {
                waiting.push(face);
                waiting.extend(builder.add_farthest_of(face)?);
            }
        }
        Some(builder.faces.iter().filter(|f| f.alive).map(|f| f.corners).collect())
    }

    fn first_tetrahedron(&mut self) -> Option<()> {
        let count = self.points.len() as u32;
        let at = |i: u32| self.points[i as usize];
        let a = (0..count).min_by_key(|i| at(*i))?;
        let far = |i: u32| length_squared(minus(at(i), at(a)));
        let b = (0..count).max_by_key(|i| (far(*i), std::cmp::Reverse(*i)))?;
        let off_line = |i: u32| length_squared(cross(minus(at(b), at(a)), minus(at(i), at(a))));
        let c = (0..count).max_by_key(|i| (off_line(*i), std::cmp::Reverse(*i)))?;
        if off_line(c) == 0 {
            return None;
        }
        let normal = cross(minus(at(b), at(a)), minus(at(c), at(a)));
        let height = |i: u32| dot(normal, minus(at(i), at(a)));
        let d = (0..count).max_by_key(|i| (height(*i).abs(), std::cmp::Reverse(*i)))?;
        if height(d) == 0 {
            return None;
        }
        let (b, c) = if height(d) > 0 { (c, b) } else { (b, c) };
        // The face opposite to each corner, facing outwards, and its neighbours.
        for (corners, neighbors) in
            [([a, b, c], [1, 2, 3]), ([b, a, d], [0, 3, 2]), ([c, b, d], [0, 1, 3]), ([a, c, d], [0, 2, 1])]
        {
            self.push(corners, neighbors);
        }
        let all: Vec<u32> = (0..count).collect();
        self.assign(&all, 0);
        Some(())
    }

    fn push(&mut self, corners: [u32; 3], neighbors: [u32; 3]) {
        let [a, b, c] = corners.map(|i| self.points[i as usize]);
        let normal = cross(minus(b, a), minus(c, a));
        self.faces.push(Face { corners, normal, neighbors, outside: Vec::new(), farthest: (0, 0), alive: true });
    }

    fn height(&self, face: u32, point: u32) -> i64 {
        let face = &self.faces[face as usize];
        dot(face.normal, minus(self.points[point as usize], self.points[face.corners[0] as usize]))
    }

    /// Gives each point to the first face from `first_face` on that sees it; points that none sees are inside.
    fn assign(&mut self, points: &[u32], first_face: u32) {
        for point in points {
            for face in first_face..self.faces.len() as u32 {
                let height = self.height(face, *point);
                if height > 0 {
                    let face = &mut self.faces[face as usize];
                    face.outside.push(*point);
                    face.farthest = face.farthest.max((height, *point));
                    break;
                }
            }
        }
    }

    /// Makes the farthest point that a face sees a corner of the hull; gives the new faces. `None` where the border of
    /// what the point sees is no single ring, which exact arithmetic rules out.
    fn add_farthest_of(&mut self, face: u32) -> Option<std::ops::Range<u32>> {
        let point = self.faces[face as usize].farthest.1;
        self.faces[face as usize].alive = false;
        let mut visible = vec![face];
        let mut horizon: Vec<(u32, u32, u32)> = Vec::new();
        let mut next = 0;
        while let Some(face) = visible.get(next).copied() {
            next += 1;
            for k in 0..3 {
                let neighbor = self.faces[face as usize].neighbors[k];
                if !self.faces[neighbor as usize].alive {
                    continue;
                }
                if self.height(neighbor, point) >= 0 {
                    self.faces[neighbor as usize].alive = false;
                    visible.push(neighbor);
                } else {
                    let corners = self.faces[face as usize].corners;
                    horizon.push((corners[k], corners[(k + 1) % 3], neighbor));
                }
            }
        }
        // A face found later to be visible may have a neighbour that was found before: those edges are inner ones.
        horizon.retain(|edge| self.faces[edge.2 as usize].alive);
        horizon.sort_unstable();
        let first = self.faces.len() as u32;
        let starting_at = |v: u32| horizon.binary_search_by_key(&v, |e| e.0).ok().map(|i| first + i as u32);
        let mut ending_at: Vec<(u32, u32)> = horizon.iter().enumerate().map(|(i, e)| (e.1, first + i as u32)).collect();
        ending_at.sort_unstable();
        let mut made = Vec::with_capacity(horizon.len());
        for (from, to, beyond) in &horizon {
            let after = starting_at(*to)?;
            let before = ending_at.binary_search_by_key(from, |e| e.0).ok().map(|i| ending_at[i].1)?;
            made.push(([*from, *to, point], [*beyond, after, before]));
        }
        for (i, (corners, neighbors)) in made.into_iter().enumerate() {
            let beyond = &mut self.faces[neighbors[0] as usize];
            let k = (0..3).find(|k| beyond.corners[*k] == corners[1] && beyond.corners[(k + 1) % 3] == corners[0])?;
            beyond.neighbors[k] = first + i as u32;
            self.push(corners, neighbors);
        }
        for face in visible {
            let orphans = std::mem::take(&mut self.faces[face as usize].outside);
            self.assign(&orphans, first);
        }
        Some(first..self.faces.len() as u32)
    }
}

fn minus(a: Place, b: Place) -> Place {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(u: Place, v: Place) -> Place {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

fn dot(u: Place, v: Place) -> i64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn length_squared(u: Place) -> i128 {
    u.iter().map(|x| i128::from(*x) * i128::from(*x)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Triangles over the points of a hull.
    fn faces(hull: &Hull) -> Vec<[u32; 3]> {
        let grid = Grid::over(hull.bounds(&Matrix4::identity()).unwrap()).unwrap();
        Builder::faces(hull.points.iter().map(|p| grid.place(p)).collect()).unwrap()
    }

    /// Every point is inside, every corner is one of the points, and the surface closes.
    fn check(points: Vec<[f64; 3]>, corners: usize) {
        let hull = Hull::around(points.clone());
        assert_eq!(hull.points.len(), corners);
        let faces = faces(&hull);
        assert_eq!(faces.len(), 2 * corners - 4, "Euler's formula");
        for face in &faces {
            let [a, b, c] = face.map(|i| hull.points[i as usize]);
            let sub = |p: [f64; 3], q: [f64; 3]| [0, 1, 2].map(|i| p[i] - q[i]);
            let normal = crate::model::cross(sub(b, a), sub(c, a));
            for p in &points {
                assert!(crate::model::dot(normal, sub(*p, a)) <= 1e-4, "{p:?} is outside");
            }
        }
    }

    #[test]
    fn a_grid_of_points_in_a_box_has_the_boxs_corners() {
        let n = 6;
        let points = (0..n * n * n).map(|i| [i % n, i / n % n, i / n / n].map(f64::from)).collect();
        check(points, 8);
    }

    #[test]
    fn points_on_a_sphere_are_all_corners() {
        let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
        let points: Vec<[f64; 3]> = (0..500)
            .map(|i| {
                let z = 1.0 - 2.0 * (f64::from(i) + 0.5) / 500.0;
                let (r, a) = ((1.0 - z * z).sqrt(), golden * f64::from(i));
                [100.0 * r * a.cos(), 100.0 * r * a.sin(), 100.0 * z]
            })
            .collect();
        let hull = Hull::around(points.clone());
        assert_eq!((hull.points.len(), faces(&hull).len()), (500, 996));
    }

    #[test]
    fn a_prism_with_points_in_line_keeps_only_corners() {
        // A square prism whose edges and faces are full of points.
        let mut points = Vec::new();
        for z in 0..5 {
            for i in 0..40 {
                let t = f64::from(i % 10);
                let side = [[t, 0.0], [10.0, t], [10.0 - t, 10.0], [0.0, 10.0 - t]][i as usize / 10];
                points.push([side[0], side[1], f64::from(z) * 7.0]);
            }
        }
        check(points, 8);
    }

    #[test]
    fn flat_points_keep_all_points_and_still_give_an_outline() {
        let points: Vec<[f64; 3]> = (0..9).map(|i| [f64::from(i % 3), f64::from(i / 3), 1.0]).collect();
        let hull = Hull::around(points);
        assert_eq!(hull.points.len(), 9);
        let outline = hull.outline(&Matrix4::identity());
        assert_eq!(outline, [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
    }

    /// A model of two parts, one turned, with this many waves of this height on a ball of 30 mm.
    fn wavy(rings: usize, height_mm: f64) -> Model {
        use std::f64::consts::{PI, TAU};
        let vertex = |i: usize| {
            let (ring, step) = (i / (2 * rings), i % (2 * rings));
            let (polar, turn) = (PI * (ring as f64 + 0.5) / rings as f64, TAU * step as f64 / (2 * rings) as f64);
            let r = 30.0 + height_mm * ((7.0 * turn).sin() + (11.0 * polar).cos());
            [r * polar.sin() * turn.cos(), r * polar.sin() * turn.sin(), r * polar.cos()].map(|x| x as f32)
        };
        let mesh = crate::model::Mesh {
            vertices: (0..2 * rings * rings).map(vertex).collect(),
            triangles: vec![[0, 1, 2]],
            colors: Vec::new(),
        };
        let mut model = Model::from_mesh("wavy", mesh);
        model.parts.push(crate::model::Part {
            model_from_part: Matrix4::new_rotation(nalgebra::Vector3::new(0.3, -0.2, 1.1))
                .append_translation(&nalgebra::Vector3::new(9.0, 4.0, -2.0)),
            ..model.parts[0].clone()
        });
        model
    }

    #[test]
    fn a_fine_model_has_the_hull_of_all_its_points_and_few_of_them() {
        for (rings, height_mm, most) in [(60, 1.5, 2_000), (130, 1.5, 4_000), (130, 0.0, 67_600)] {
            let model = wavy(rings, height_mm);
            let hull = Hull::of(&model);
            assert!(hull.points.len() <= most, "{} points of {rings} rings", hull.points.len());
            for turn in 0..40 {
                let axis =
                    nalgebra::Vector3::new(f64::from(turn % 3) - 1.0, f64::from(turn % 7) - 3.0, 0.4 + f64::from(turn));
                let transform = Matrix4::new_rotation(axis);
                let (of_hull, of_all) = (hull.bounds(&transform).unwrap(), model.bounds(&transform).unwrap());
                for (a, b) in of_hull.min.iter().chain(&of_hull.max).zip(of_all.min.iter().chain(&of_all.max)) {
                    assert!((a - b).abs() < 2e-4, "{of_hull:?} is not {of_all:?}");
                }
            }
        }
    }

    #[test]
    fn the_outline_of_many_points_is_around_all_of_them() {
        // On a spiral, whose outermost turn is the outline.
        let points: Vec<[f64; 2]> = (0..9000)
            .map(|i| {
                let (turn, radius) = (f64::from(i) * 0.01, 10.0 + 0.001 * f64::from(i));
                [radius * turn.cos(), 0.5 * radius * turn.sin() + 3.0]
            })
            .collect();
        let outline = convex_outline(points.clone());
        assert!((300..1000).contains(&outline.len()), "{} corners", outline.len());
        for (a, b) in outline.iter().zip(outline.iter().cycle().skip(1)) {
            for p in &points {
                let cross = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
                assert!(cross >= -1e-9, "{p:?} is outside");
            }
        }
    }

    #[test]
    fn a_box_of_many_points_keeps_its_corners() {
        let n = 40;
        let vertices = (0..n * n * n).map(|i| [i % n, i / n % n, i / n / n].map(|x| x as f32 * 0.7)).collect();
        let mesh = crate::model::Mesh { vertices, triangles: vec![[0, 1, 2]], colors: Vec::new() };
        let hull = Hull::of(&Model::from_mesh("box", mesh));
        assert_eq!(hull.points.len(), 8);
    }
}
