//! Small pictures of models for G-code files, drawn on the CPU.
//!
//! A file's bytes must not depend on the machine it was made on, so nothing here asks a graphics device, and nothing is
//! computed but with additions, products, divisions and square roots, which IEEE 754 rounds the same way everywhere.
//! Sines and powers are not used: the direction of view is a constant, and light is added up with gamma 2.

use std::ops::Range;

use image::RgbaImage;
use nalgebra::{Matrix4, Point3, Vector3};
use rayon::prelude::*;

use super::mesh::DrawnObject;
use super::palette::Rgba;
use crate::model::Mesh;

/// Samples along each side of a pixel.
const SAMPLES: u32 = 2;
/// Largest side: a thumbnail is small, and a number in a profile may be a slip.
const LARGEST_PX: u32 = 2048;
/// Part of the picture left free at each edge.
const MARGIN: f64 = 0.04;

/// A depth buffer with colours.
struct Canvas {
    width: usize,
    height: usize,
    depth: Vec<f64>,
    color: Vec<Rgba>,
}

/// A part of a model as it is seen.
struct Seen<'a> {
    color: Rgba,
    mesh: &'a Mesh,
    plate_from_part: Matrix4<f64>,
    /// The mesh's vertices: to the right, up, and towards the eye; after [`Canvas::draw`] has found the scale, in
    /// samples from the picture's upper left corner.
    vertices: Vec<Vector3<f64>>,
}

/// Draws models on a transparent ground, from the front, above and a little to the right, filling the picture. Sides
/// are taken as at least 1 and at most 2048 pixels.
pub fn thumbnail(objects: &[DrawnObject], width_px: u32, height_px: u32) -> RgbaImage {
    let (width_px, height_px) = (width_px.clamp(1, LARGEST_PX), height_px.clamp(1, LARGEST_PX));
    let mut canvas = Canvas::new(width_px * SAMPLES, height_px * SAMPLES);
    canvas.draw(objects);
    RgbaImage::from_fn(width_px, height_px, |x, y| image::Rgba(canvas.pixel(x as usize, y as usize)))
}

/// Unit vectors to the right, up in the picture and towards the eye.
fn axes() -> [Vector3<f64>; 3] {
    let back = Vector3::new(0.42, -0.74, 0.53).normalize();
    let right = Vector3::new(-back.y, back.x, 0.0).normalize();
    [right, back.cross(&right), back]
}

/// The same light as in `common.wgsl`, with gamma 2.
fn lit(color: Rgba, normal: Vector3<f64>, [right, up, back]: [Vector3<f64>; 3]) -> Rgba {
    let key_light = (back * 0.70 + up * 0.60 - right * 0.45).normalize();
    let sky = 0.5 + 0.5 * normal.z;
    let light = 0.10 + 0.30 * sky * sky + 0.52 * normal.dot(&key_light).max(0.0) + 0.12 * normal.dot(&back).max(0.0);
    let shade = light.sqrt();
    let lit = |c: u8| (f64::from(c) * shade).round().min(255.0) as u8;
    [lit(color[0]), lit(color[1]), lit(color[2]), 255]
}

impl Canvas {
    fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, depth: vec![f64::NEG_INFINITY; width * height], color: vec![[0; 4]; width * height] }
    }

    fn draw(&mut self, objects: &[DrawnObject]) {
        let parts = objects.iter().flat_map(|object| object.model.parts.iter().map(move |part| (object, part)));
        let mut seen: Vec<Seen<'_>> = parts
            .map(|(object, part)| Seen::of(object.color, &part.mesh, object.plate_from_model * part.model_from_part))
            .collect();
        let (mut min, mut max) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for p in seen.iter().flat_map(|part| &part.vertices) {
            if p.iter().all(|c| c.is_finite()) {
                (min, max) = ([min[0].min(p.x), min[1].min(p.y)], [max[0].max(p.x), max[1].max(p.y)]);
            }
        }
        let (width, height) = (self.width as f64, self.height as f64);
        let room = 1.0 - 2.0 * MARGIN;
        let scale = (width * room / (max[0] - min[0])).min(height * room / (max[1] - min[1]));
        if !(scale.is_finite() && scale > 0.0) {
            return;
        }
        let middle = [(min[0] + max[0]) / 2.0, (min[1] + max[1]) / 2.0];
        for part in &mut seen {
            part.vertices.par_iter_mut().for_each(|p| {
                let (x, y) = ((p.x - middle[0]) * scale, (p.y - middle[1]) * scale);
                *p = Vector3::new(width / 2.0 + x, height / 2.0 - y, p.z);
            });
        }
        // Each thread draws a band of rows of its own, so the order in which triangles come is the same for all.
        let rows = self.height.div_ceil(rayon::current_num_threads());
        let bands = self.depth.par_chunks_mut(rows * self.width).zip(self.color.par_chunks_mut(rows * self.width));
        bands.enumerate().for_each(|(number, (depth, color))| {
            let mut band = Band { first_row: number * rows, width: self.width, depth, color };
            for part in &seen {
                band.draw(part);
            }
        });
    }

    /// The mean of a pixel's samples; where some are empty it is as transparent as they are many.
    fn pixel(&self, x: usize, y: usize) -> Rgba {
        let samples = SAMPLES as usize;
        let places =
            (0..samples * samples).map(|i| (y * samples + i / samples) * self.width + x * samples + i % samples);
        let mut sum = [0_u32; 4];
        for [r, g, b, a] in places.map(|place| self.color[place]) {
            let part = u32::from(a / 255);
            let add = [u32::from(r) * part, u32::from(g) * part, u32::from(b) * part, part];
            sum.iter_mut().zip(add).for_each(|(s, a)| *s += a);
        }
        let covered = sum[3].max(1);
        let mean = |channel: usize| ((sum[channel] + covered / 2) / covered) as u8;
        [mean(0), mean(1), mean(2), (sum[3] * 255 / (SAMPLES * SAMPLES)) as u8]
    }
}

impl<'a> Seen<'a> {
    fn of(color: Rgba, mesh: &'a Mesh, plate_from_part: Matrix4<f64>) -> Self {
        let axes = axes();
        let seen = |vertex: &[f32; 3]| {
            let p = plate_from_part.transform_point(&Point3::from(vertex.map(f64::from))).coords;
            Vector3::new(p.dot(&axes[0]), p.dot(&axes[1]), p.dot(&axes[2]))
        };
        Self { color, mesh, plate_from_part, vertices: mesh.vertices.par_iter().map(seen).collect() }
    }

    /// The colour of a triangle in this light; `None` where it has no area.
    fn shade(&self, number: usize) -> Option<Rgba> {
        let axes = axes();
        let corner = |p: [f32; 3]| self.plate_from_part.transform_point(&Point3::from(p.map(f64::from)));
        let [a, b, c] = self.mesh.corners(number)?.map(corner);
        let normal = (b - a).cross(&(c - a)).try_normalize(1e-12)?;
        let normal = if normal.dot(&axes[2]) < 0.0 { -normal } else { normal };
        let own = self.mesh.colors.get(number).filter(|_| self.mesh.colors.len() == self.mesh.triangles.len());
        Some(lit(own.copied().unwrap_or(self.color), normal, axes))
    }
}

/// Some rows of a canvas.
struct Band<'a> {
    first_row: usize,
    width: usize,
    depth: &'a mut [f64],
    color: &'a mut [Rgba],
}

impl Band<'_> {
    fn draw(&mut self, part: &Seen<'_>) {
        for (number, triangle) in part.mesh.triangles.iter().enumerate() {
            if let [Some(a), Some(b), Some(c)] = triangle.map(|v| part.vertices.get(v as usize)) {
                self.triangle([a, b, c], || part.shade(number));
            }
        }
    }

    /// Fills the samples whose middle is inside of a triangle and nearer than what was there. Most triangles of a fine
    /// mesh fill none, so their shade is asked for only then.
    fn triangle(&mut self, [a, b, c]: [&Vector3<f64>; 3], shade: impl Fn() -> Option<Rgba>) {
        let end_row = self.first_row + self.depth.len() / self.width;
        let rows = samples_between([a.y, b.y, c.y], self.first_row..end_row);
        let columns = samples_between([a.x, b.x, c.x], 0..self.width);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let double_area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        if !(double_area.is_finite() && double_area != 0.0) {
            return;
        }
        let mut color = None;
        for y in rows {
            for x in columns.clone() {
                let (px, py) = (x as f64 + 0.5, y as f64 + 0.5);
                let weight = |p: &Vector3<f64>, q: &Vector3<f64>| {
                    ((q.x - p.x) * (py - p.y) - (q.y - p.y) * (px - p.x)) / double_area
                };
                let (of_c, of_a, of_b) = (weight(a, b), weight(b, c), weight(c, a));
                if of_a < 0.0 || of_b < 0.0 || of_c < 0.0 {
                    continue;
                }
                let depth = of_a * a.z + of_b * b.z + of_c * c.z;
                let here = (y - self.first_row) * self.width + x;
                if depth > self.depth[here] {
                    color = color.or_else(&shade);
                    let Some(color) = color else { return };
                    self.depth[here] = depth;
                    self.color[here] = color;
                }
            }
        }
    }
}

/// The samples whose middle lies between the least and the greatest of some values.
fn samples_between(values: [f64; 3], all: Range<usize>) -> Range<usize> {
    let least = values[0].min(values[1]).min(values[2]) - 0.5;
    let most = values[0].max(values[1]).max(values[2]) + 0.5;
    // Numbers below zero become zero.
    let first = least as usize;
    (first + usize::from((first as f64) < least)).max(all.start)..(most as usize).min(all.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{cube_model, wavy_model};
    use nalgebra::Matrix4;
    use std::sync::Arc;

    fn drawn(model: Arc<crate::model::Model>) -> DrawnObject {
        DrawnObject::new(model, Matrix4::identity(), [185, 194, 204, 255])
    }

    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        let picture = thumbnail(&[drawn(wavy_model(12)), drawn(cube_model(9.0))], 48, 36);
        assert_eq!(blake3::hash(picture.as_raw()).to_hex().as_str(), KNOWN_HASH);
    }

    /// Of the picture above. It changes when the light, the view or the palette is changed on purpose.
    const KNOWN_HASH: &str = "580c71bfb5700c005144c5e412f801b137bc081996c0a58727039d97330cf573";

    #[test]
    fn a_cube_shows_three_faces_of_different_shade_and_a_clear_ground() {
        let picture = thumbnail(&[drawn(cube_model(10.0))], 96, 96);
        assert_eq!(picture.get_pixel(0, 0).0, [0; 4]);
        let opaque: Vec<_> = picture.pixels().filter(|p| p.0[3] == 255).map(|p| p.0).collect();
        assert!(opaque.len() > 96 * 96 / 3, "it fills the picture");
        let mut shades = opaque.clone();
        shades.sort_unstable();
        shades.dedup();
        shades.retain(|s| opaque.iter().filter(|p| *p == s).count() > 200);
        assert_eq!(shades.len(), 3, "{shades:?}");
        let lightest_at = |y| picture.get_pixel(48, y).0[0];
        assert!(lightest_at(20) > lightest_at(75), "the top is lighter than the sides");
    }

    #[test]
    fn nothing_and_nonsense_give_an_empty_picture() {
        assert!(thumbnail(&[], 16, 16).pixels().all(|p| p.0 == [0; 4]));
        let mut broken = (*cube_model(5.0)).clone();
        broken.parts[0].mesh = Arc::new(crate::model::Mesh {
            vertices: vec![[f32::NAN; 3], [1.0, 0.0, 0.0]],
            triangles: vec![[0, 1, 9], [0, 1, 1]],
            colors: Vec::new(),
        });
        assert!(thumbnail(&[drawn(Arc::new(broken))], 16, 16).pixels().all(|p| p.0 == [0; 4]));
        assert_eq!(thumbnail(&[], 0, 99_999).dimensions(), (1, 2048));
    }
}
