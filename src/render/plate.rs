//! The build plate: surface, grid, edge, axes, and the areas that must stay free.

use super::camera::Box3;
use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::lines::Line;
use super::palette::{Rgba, Theme, with_alpha};
use nalgebra::Point3;

/// A build plate in the machine's coordinates, mm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plate {
    /// The border: a polygon in either direction. A circle is one of many corners.
    pub outline: Vec<[f64; 2]>,
    /// Areas that nothing may stand on.
    pub excluded: Vec<Vec<[f64; 2]>>,
    /// Height of the build volume.
    pub height_mm: f64,
    /// Written along the front edge; empty for nothing.
    pub name: String,
}

/// What a place is compared with to tell whether it is inside of the build volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Footprint {
    Rectangle { min: [f64; 2], max: [f64; 2] },
    Circle { center: [f64; 2], radius_mm: f64 },
}

impl Plate {
    /// A rectangle with a corner at the origin.
    pub fn rectangle(width_mm: f64, depth_mm: f64, height_mm: f64) -> Self {
        Self {
            outline: vec![[0.0, 0.0], [width_mm, 0.0], [width_mm, depth_mm], [0.0, depth_mm]],
            height_mm,
            ..Self::default()
        }
    }

    /// The outline as a circle where all its corners are equally far from their middle, else the rectangle around it;
    /// `None` where there is no outline.
    pub fn footprint(&self) -> Option<Footprint> {
        let finite = self.outline.iter().filter(|p| p.iter().all(|c| c.is_finite()));
        let shown = Box3::around(finite.map(|p| Point3::new(p[0], p[1], 0.0)))?;
        let center = shown.center();
        let distances = self.outline.iter().map(|p| (p[0] - center.x).hypot(p[1] - center.y));
        let (least, most) = distances.fold((f64::MAX, 0.0), |(a, b): (f64, f64), d| (a.min(d), b.max(d)));
        Some(if self.outline.len() >= 12 && most - least < 0.01 * most {
            Footprint::Circle { center: [center.x, center.y], radius_mm: most }
        } else {
            Footprint::Rectangle { min: [shown.min.x, shown.min.y], max: [shown.max.x, shown.max.y] }
        })
    }

    /// The box to frame when there is nothing on the plate: its surface and a little above it.
    pub fn shown_box(&self) -> Option<Box3> {
        let flat = Box3::around(self.outline.iter().map(|p| Point3::new(p[0], p[1], 0.0)))?;
        let size = flat.max - flat.min;
        Some(Box3 { min: flat.min, max: flat.max + nalgebra::Vector3::z() * 0.1 * size.x.max(size.y) })
    }

    /// The edge and the three axes.
    fn lines(&self, theme: &Theme) -> Vec<Line> {
        let closed = self.outline.iter().zip(self.outline.iter().cycle().skip(1));
        let mut lines: Vec<Line> = closed
            .map(|(a, b)| Line {
                start: [a[0] as f32, a[1] as f32, -0.01],
                end: [b[0] as f32, b[1] as f32, -0.01],
                color: theme.plate_edge,
                width_px: 1.5,
            })
            .collect();
        if let Some(shown) = self.shown_box() {
            // A hand's breadth on a desk machine, in proportion on others.
            let length = (0.08 * (shown.max.x - shown.min.x)) as f32;
            lines.extend((0..3).map(|axis| {
                let mut end = [0.0; 3];
                end[axis] = length;
                Line { start: [0.0; 3], end, color: theme.axes[axis], width_px: 2.5 }
            }));
            let (strokes, width) = super::lettering::write(&self.name);
            let size = shown.max - shown.min;
            // Before the front edge, flush right, never wider than a third of it.
            let letter_mm = (0.022 * size.x).min(0.33 * size.x / width.max(1e-6));
            let at = |[x, y]: [f64; 2]| {
                let right = shown.max.x + (x - width) * letter_mm;
                [right as f32, (shown.min.y + (y - 1.9) * letter_mm) as f32, -0.01]
            };
            lines.extend(strokes.into_iter().map(|[start, end]| Line {
                start: at(start),
                end: at(end),
                color: with_alpha(theme.plate_edge, 190),
                width_px: 1.3,
            }));
        }
        lines
    }
}

/// Cuts a simple polygon into triangles by cutting off ears (Meisters 1975). Corners that are not finite are left out;
/// a polygon that crosses itself gives some triangles, never an endless loop.
fn triangles(polygon: &[[f64; 2]]) -> Vec<[[f64; 2]; 3]> {
    let mut rest: Vec<[f64; 2]> = polygon.iter().copied().filter(|p| p.iter().all(|c| c.is_finite())).collect();
    let turn = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let area: f64 = rest.iter().zip(rest.iter().cycle().skip(1)).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    if area < 0.0 {
        rest.reverse();
    }
    let mut found = Vec::new();
    while rest.len() >= 3 {
        let n = rest.len();
        let ear = (0..n).find(|&i| {
            let [a, b, c] = [rest[(i + n - 1) % n], rest[i], rest[(i + 1) % n]];
            turn(a, b, c) > 0.0
                && rest.iter().all(|&p| {
                    p == a || p == b || p == c || turn(a, b, p) < 0.0 || turn(b, c, p) < 0.0 || turn(c, a, p) < 0.0
                })
        });
        let at = ear.unwrap_or(0);
        if ear.is_some() {
            found.push([rest[(at + n - 1) % n], rest[at], rest[(at + 1) % n]]);
        }
        rest.remove(at);
    }
    found
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct PlateVertex {
    place: [f32; 3],
    color: Rgba,
    excluded: f32,
}

/// The plate that was drawn last, on the graphics device.
struct Uploaded {
    plate: Plate,
    theme: Theme,
    surface: Option<wgpu::Buffer>,
    vertices: u32,
    lines: Option<wgpu::Buffer>,
    line_count: u32,
}

pub(super) struct PlatePipeline {
    pipeline: wgpu::RenderPipeline,
    uploaded: Option<Uploaded>,
}

impl PlatePipeline {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout, shadow: &wgpu::BindGroupLayout) -> Self {
        let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Unorm8x4, 2 => Float32];
        let pipeline = gpu::pipeline(
            context,
            &PipelineSpec {
                label: "plate",
                shader: include_str!("../../shaders/plate.wgsl"),
                fragment: "fragment",
                groups: &[globals, shadow],
                buffers: &[wgpu::VertexBufferLayout {
                    array_stride: size_of::<PlateVertex>() as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &attributes,
                }],
                topology: wgpu::PrimitiveTopology::TriangleList,
                pass: Pass::Scene(Depth::Behind),
            },
        );
        Self { pipeline, uploaded: None }
    }

    pub fn prepare(&mut self, context: &Context, plate: &Plate, theme: &Theme) {
        if self.uploaded.as_ref().is_some_and(|u| u.plate == *plate && u.theme == *theme) {
            return;
        }
        // A little below 0, so that the undersides of models do not fight with it.
        let part = |polygon: &[[f64; 2]], z: f32, color: Rgba, excluded: f32| {
            triangles(polygon)
                .into_iter()
                .flatten()
                .map(move |p| PlateVertex { place: [p[0] as f32, p[1] as f32, z], color, excluded })
                .collect::<Vec<_>>()
        };
        let mut surface = part(&plate.outline, -0.03, theme.plate, 0.0);
        for area in &plate.excluded {
            surface.extend(part(area, -0.02, with_alpha(theme.danger, 255), 1.0));
        }
        let lines = plate.lines(theme);
        self.uploaded = Some(Uploaded {
            plate: plate.clone(),
            theme: *theme,
            vertices: surface.len() as u32,
            surface: gpu::vertices(&context.device, &surface),
            line_count: lines.len() as u32,
            lines: gpu::vertices(&context.device, &lines),
        });
    }

    /// Draws the plate with the soft shadow of what stands on it.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, lines: &super::lines::Lines, shadow: &wgpu::BindGroup) {
        let Some(uploaded) = &self.uploaded else { return };
        if let Some(surface) = &uploaded.surface {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(1, shadow, &[]);
            pass.set_vertex_buffer(0, surface.slice(..));
            pass.draw(0..uploaded.vertices, 0..1);
        }
        if let Some(buffer) = &uploaded.lines {
            lines.draw(pass, buffer, 0..uploaded.line_count, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(triangles: &[[[f64; 2]; 3]]) -> f64 {
        let double = |[a, b, c]: &[[f64; 2]; 3]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        triangles.iter().map(|t| double(t) / 2.0).sum()
    }

    #[test]
    fn triangles_cover_the_polygon_exactly() {
        let bent = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [6.0, 10.0], [6.0, 4.0], [0.0, 4.0]];
        assert!((area(&triangles(&bent)) - 64.0).abs() < 1e-9);
        let mut clockwise = bent;
        clockwise.reverse();
        assert!((area(&triangles(&clockwise)) - 64.0).abs() < 1e-9);
        assert!(triangles(&[[0.0, 0.0], [f64::NAN, 1.0], [1.0, 1.0]]).is_empty());
    }

    #[test]
    fn a_polygon_of_many_equal_corners_is_a_circle() {
        let round = Plate {
            outline: (0..64)
                .map(|i| (f64::from(i) / 64.0 * std::f64::consts::TAU).sin_cos())
                .map(|(s, c)| [5.0 + 90.0 * c, 90.0 * s])
                .collect(),
            ..Plate::default()
        };
        let Some(Footprint::Circle { center, radius_mm }) = round.footprint() else { panic!("not a circle") };
        assert!((center[0] - 5.0).abs() < 1e-6 && (radius_mm - 90.0).abs() < 1e-6);
        let corner = Footprint::Rectangle { min: [0.0, 0.0], max: [250.0, 210.0] };
        assert_eq!(Plate::rectangle(250.0, 210.0, 200.0).footprint(), Some(corner));
        assert_eq!(Plate::default().footprint(), None);
    }
}
