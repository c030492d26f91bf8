//! The outline around selected and hovered objects, found in a mask they were drawn into.

use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::target::Target;

pub(super) struct Outline {
    pipeline: wgpu::RenderPipeline,
    texture_layout: wgpu::BindGroupLayout,
}

impl Outline {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let texture_layout = gpu::texture_layout(&context.device);
        let pipeline = gpu::pipeline(
            context,
            &PipelineSpec {
                label: "outline",
                shader: include_str!("../../shaders/outline.wgsl"),
                fragment: "fragment",
                groups: &[globals, &texture_layout],
                buffers: &[],
                topology: wgpu::PrimitiveTopology::TriangleList,
                pass: Pass::Scene(Depth::OnTop),
            },
        );
        Self { pipeline, texture_layout }
    }

    /// The bind group of a target's mask: made once for each target.
    pub fn group(&self, context: &Context, target: &Target) -> wgpu::BindGroup {
        gpu::texture_group(&context.device, &self.texture_layout, &target.mask)
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, mask: &wgpu::BindGroup) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(1, mask, &[]);
        pass.draw(0..3, 0..1);
    }
}
