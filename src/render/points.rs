//! Round marks of constant size in pixels: retractions, seams, measured points.

use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::palette::Rgba;

/// A mark in plate space.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Mark {
    pub place: [f32; 3],
    pub color: Rgba,
    /// Diameter in points: a picture with more pixels per point draws it with more pixels.
    pub size_px: f32,
}

pub(super) struct Points {
    pipeline: wgpu::RenderPipeline,
}

impl Points {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Unorm8x4, 2 => Float32];
        let pipeline = gpu::pipeline(
            context,
            &PipelineSpec {
                label: "points",
                shader: include_str!("../../shaders/points.wgsl"),
                fragment: "fragment",
                groups: &[globals],
                buffers: &[wgpu::VertexBufferLayout {
                    array_stride: size_of::<Mark>() as u64,
                    step_mode: wgpu::VertexStepMode::Instance,
                    attributes: &attributes,
                }],
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                pass: Pass::Scene(Depth::Behind),
            },
        );
        Self { pipeline }
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, marks: &wgpu::Buffer, which: std::ops::Range<u32>) {
        if which.is_empty() {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        pass.set_vertex_buffer(0, marks.slice(..));
        pass.draw(0..4, which);
    }
}
