//! Small lit solids that are made on the CPU for each picture: gizmo handles and the nozzle.

use std::f64::consts::TAU;

use nalgebra::{Point3, Vector3};

use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::palette::Rgba;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct SolidVertex {
    pub place: [f32; 3],
    pub normal: [f32; 3],
    pub color: Rgba,
}

/// Triangles of solids in plate space, three vertices each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Solids(pub Vec<SolidVertex>);

/// Sides of round solids.
const SIDES: usize = 20;

impl Solids {
    fn triangle(&mut self, corners: [Point3<f64>; 3], normals: [Vector3<f64>; 3], color: Rgba) {
        for (corner, normal) in corners.iter().zip(normals) {
            self.0.push(SolidVertex {
                place: corner.coords.map(|c| c as f32).into(),
                normal: normal.map(|c| c as f32).into(),
                color,
            });
        }
    }

    pub fn quad(&mut self, [a, b, c, d]: [Point3<f64>; 4], color: Rgba) {
        let normal = (b - a).cross(&(d - a)).try_normalize(1e-12).unwrap_or_else(Vector3::z);
        self.triangle([a, b, c], [normal; 3], color);
        self.triangle([a, c, d], [normal; 3], color);
    }

    /// A cylinder, or a cone where a radius is 0, between two points; closed at both ends.
    pub fn cone(&mut self, ends: [Point3<f64>; 2], radii_mm: [f64; 2], color: Rgba) {
        let axis = (ends[1] - ends[0]).try_normalize(1e-12).unwrap_or_else(Vector3::z);
        let (u, v) = across(axis);
        let slope = (radii_mm[0] - radii_mm[1]) / (ends[1] - ends[0]).norm().max(1e-9);
        for i in 0..SIDES {
            let out = [i, i + 1].map(|i| {
                let (sin, cos) = (i as f64 / SIDES as f64 * TAU).sin_cos();
                u * cos + v * sin
            });
            let normals = out.map(|o| (o + axis * slope).normalize());
            let [low, high] = [0, 1].map(|end: usize| out.map(|o| ends[end] + o * radii_mm[end]));
            self.triangle([low[0], low[1], high[1]], [normals[0], normals[1], normals[1]], color);
            self.triangle([low[0], high[1], high[0]], [normals[0], normals[1], normals[0]], color);
            self.triangle([ends[0], low[1], low[0]], [-axis; 3], color);
            self.triangle([ends[1], high[0], high[1]], [axis; 3], color);
        }
    }

    /// A cube around a point, its edges along three directions of length 1.
    pub fn cube(&mut self, center: Point3<f64>, axes: &[Vector3<f64>; 3], half_mm: f64, color: Rgba) {
        for i in 0..3 {
            let [n, u, v] = [0, 1, 2].map(|k| axes[(i + k) % 3] * half_mm);
            for n in [n, -n] {
                self.quad([center + n - u - v, center + n + u - v, center + n + u + v, center + n - u + v], color);
            }
        }
    }

    /// The nozzle with its tip at a place: a cone under a short cylinder.
    pub fn nozzle(&mut self, tip: Point3<f64>, color: Rgba) {
        let up = |mm: f64| tip + Vector3::z() * mm;
        self.cone([up(0.05), up(3.0)], [0.35, 2.4], color);
        self.cone([up(3.0), up(6.0)], [2.4, 2.4], color);
    }
}

/// Two directions of length 1 across an axis of length 1, so that all three are at right angles.
pub(super) fn across(axis: Vector3<f64>) -> (Vector3<f64>, Vector3<f64>) {
    let other = if axis.z.abs() < 0.9 { Vector3::z() } else { Vector3::x() };
    let u = axis.cross(&other).normalize();
    (u, axis.cross(&u))
}

pub(super) struct SolidPipeline(wgpu::RenderPipeline);

impl SolidPipeline {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Unorm8x4];
        Self(gpu::pipeline(
            context,
            &PipelineSpec {
                label: "solids",
                shader: include_str!("../../shaders/solid.wgsl"),
                fragment: "fragment",
                groups: &[globals],
                buffers: &[wgpu::VertexBufferLayout {
                    array_stride: size_of::<SolidVertex>() as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &attributes,
                }],
                topology: wgpu::PrimitiveTopology::TriangleList,
                pass: Pass::Scene(Depth::Solid),
            },
        ))
    }

    pub fn draw(&self, context: &Context, pass: &mut wgpu::RenderPass<'_>, solids: &Solids) {
        if let Some(buffer) = gpu::vertices(&context.device, &solids.0) {
            pass.set_pipeline(&self.0);
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..solids.0.len() as u32, 0..1);
        }
    }
}
