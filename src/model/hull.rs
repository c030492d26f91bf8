//! The convex hull of a model: the few points that decide where it touches a plate and how much room it takes.
//!
//! Quickhull (Barber, Dobkin, Huhdanpaa 1996) on a grid of 2¹⁹ steps over the model's largest extent, so that every
//! decision is exact in `i64`: below half a micrometre for anything that fits a desktop machine. A facet in whose plane
//! the new point lies counts as visible; so no facet ever degenerates and no tolerance is needed.

use nalgebra::Matrix4;

use super::{Bounds3, Model, transform_point};

/// Points and triangles of a convex hull, in the model's frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hull {
    pub points: Vec<[f64; 3]>,
    /// Counter-clockwise seen from outside. Empty for a model too thin to have a hull on the grid; then `points` are
    /// all its points.
    pub faces: Vec<[u32; 3]>,
}

impl Hull {
    /// The hull of all parts of a model.
    pub fn of(model: &Model) -> Self {
        let mut points = Vec::with_capacity(model.parts.iter().map(|p| p.mesh.vertices.len()).sum());
        for part in &model.parts {
            let place = |v: &[f32; 3]| transform_point(&part.model_from_part, v.map(f64::from));
            points.extend(part.mesh.vertices.iter().map(place));
        }
        Self::around(points)
    }

    /// The hull of some points.
    pub fn around(points: Vec<[f64; 3]>) -> Self {
        let faces = Builder::faces(&points);
        let mut used: Vec<u32> = faces.iter().flatten().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        let Some(faces) = faces else { return Self { points, faces: Vec::new() } };
        let number = |v: u32| used.partition_point(|u| *u < v) as u32;
        Self {
            faces: faces.iter().map(|f| f.map(number)).collect(),
            points: used.iter().map(|v| points[*v as usize]).collect(),
        }
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

/// The convex outline of points in the plane (Andrew's monotone chain), counter-clockwise.
pub fn convex_outline(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
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

type Grid = [i64; 3];

struct Face {
    corners: [u32; 3],
    normal: Grid,
    /// The face across the edge from corner k to the next.
    neighbors: [u32; 3],
    outside: Vec<u32>,
    farthest: (i64, u32),
    alive: bool,
}

struct Builder {
    points: Vec<Grid>,
    faces: Vec<Face>,
}

impl Builder {
    /// `None` where the points have no extent in some direction.
    fn faces(points: &[[f64; 3]]) -> Option<Vec<[u32; 3]>> {
        let bounds = Bounds3::around_points(points.iter().copied())?;
        let half = bounds.size().into_iter().fold(0.0, f64::max) / 2.0;
        if half <= 0.0 || !half.is_finite() {
            return None;
        }
        let (center, scale) = (bounds.center(), f64::from(1 << 18) / half);
        let grid = |p: &[f64; 3]| [0, 1, 2].map(|i| ((p[i] - center[i]) * scale).round() as i64);
        let mut builder = Self { points: points.iter().map(grid).collect(), faces: Vec::new() };
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

fn minus(a: Grid, b: Grid) -> Grid {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(u: Grid, v: Grid) -> Grid {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

fn dot(u: Grid, v: Grid) -> i64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn length_squared(u: Grid) -> i128 {
    u.iter().map(|x| i128::from(*x) * i128::from(*x)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every point is inside, every corner is one of the points, and the surface closes.
    fn check(points: Vec<[f64; 3]>, corners: usize) {
        let hull = Hull::around(points.clone());
        assert_eq!(hull.points.len(), corners);
        assert_eq!(hull.faces.len(), 2 * corners - 4, "Euler's formula");
        for face in &hull.faces {
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
        assert_eq!((hull.points.len(), hull.faces.len()), (500, 996));
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
        assert_eq!((hull.points.len(), hull.faces.len()), (9, 0));
        let outline = hull.outline(&Matrix4::identity());
        assert_eq!(outline, [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
    }
}
