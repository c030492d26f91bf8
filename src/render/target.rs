//! The textures that a picture is drawn into, of one size.

use super::context::Context;
use super::gpu::{COLOR_FORMAT, DEPTH_FORMAT, MASK_FORMAT};

/// Colour, depth and the outline's mask.
pub(super) struct Target {
    pub size_px: [u32; 2],
    /// The finished picture.
    pub color: wgpu::Texture,
    pub color_view: wgpu::TextureView,
    /// What is drawn into where the picture is multisampled.
    pub multisampled: Option<wgpu::TextureView>,
    pub depth: wgpu::TextureView,
    pub mask: wgpu::TextureView,
}

impl Target {
    pub fn new(context: &Context, size_px: [u32; 2]) -> Self {
        let samples = context.samples();
        let texture = |format, samples, usage| {
            context.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("viewport"),
                size: wgpu::Extent3d { width: size_px[0], height: size_px[1], depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: samples,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage,
                view_formats: &[],
            })
        };
        let view = |texture: &wgpu::Texture| texture.create_view(&wgpu::TextureViewDescriptor::default());
        let drawn = wgpu::TextureUsages::RENDER_ATTACHMENT;
        let read = drawn | wgpu::TextureUsages::TEXTURE_BINDING;
        let color = texture(COLOR_FORMAT, 1, read | wgpu::TextureUsages::COPY_SRC);
        Self {
            size_px,
            color_view: view(&color),
            color,
            multisampled: (samples > 1).then(|| view(&texture(COLOR_FORMAT, samples, drawn))),
            depth: view(&texture(DEPTH_FORMAT, samples, drawn)),
            mask: view(&texture(MASK_FORMAT, 1, read)),
        }
    }

    /// The colour attachment of a pass that draws the scene.
    pub fn color_attachment(&self, load: wgpu::LoadOp<wgpu::Color>) -> wgpu::RenderPassColorAttachment<'_> {
        let (view, resolve_target) = match &self.multisampled {
            Some(multisampled) => (multisampled, Some(&self.color_view)),
            None => (&self.color_view, None),
        };
        wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target,
            ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
        }
    }

    /// The depth attachment of a pass that draws the scene; always begins empty.
    pub fn depth_attachment(&self) -> wgpu::RenderPassDepthStencilAttachment<'_> {
        wgpu::RenderPassDepthStencilAttachment {
            view: &self.depth,
            depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(0.0), store: wgpu::StoreOp::Discard }),
            stencil_ops: None,
        }
    }
}
