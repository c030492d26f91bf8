//! Lines of constant width in pixels: plate edge, axes, travels, whatever the app lays over the picture.

use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::palette::Rgba;

/// A straight line in plate space.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Line {
    pub start: [f32; 3],
    pub end: [f32; 3],
    pub color: Rgba,
    /// In points: a picture with more pixels per point draws it with more pixels.
    pub width_px: f32,
}

pub(super) struct Lines {
    behind: wgpu::RenderPipeline,
    on_top: wgpu::RenderPipeline,
}

impl Lines {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Unorm8x4, 3 => Float32];
        let pipeline = |depth| {
            gpu::pipeline(
                context,
                &PipelineSpec {
                    label: "lines",
                    shader: include_str!("../../shaders/lines.wgsl"),
                    fragment: "fragment",
                    groups: &[globals],
                    buffers: &[wgpu::VertexBufferLayout {
                        array_stride: size_of::<Line>() as u64,
                        step_mode: wgpu::VertexStepMode::Instance,
                        attributes: &attributes,
                    }],
                    topology: wgpu::PrimitiveTopology::TriangleStrip,
                    pass: Pass::Scene(depth),
                },
            )
        };
        Self { behind: pipeline(Depth::Behind), on_top: pipeline(Depth::OnTop) }
    }

    /// Draws some of the lines of a buffer, hidden by what is nearer or over everything.
    pub fn draw(
        &self,
        pass: &mut wgpu::RenderPass<'_>,
        lines: &wgpu::Buffer,
        which: std::ops::Range<u32>,
        on_top: bool,
    ) {
        if which.is_empty() {
            return;
        }
        pass.set_pipeline(if on_top { &self.on_top } else { &self.behind });
        pass.set_vertex_buffer(0, lines.slice(..));
        pass.draw(0..4, which);
    }
}
