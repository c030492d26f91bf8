//! The soft dark on the plate around what stands on it, which tells standing from floating.
//!
//! It does not depend on the camera: the map of the plate is drawn again only when the objects or the plate change.

use std::sync::Arc;

use super::context::Context;
use super::gpu::{self, MASK_FORMAT, Pass, PipelineSpec};
use super::mesh::{DrawnObject, Meshes, Which};
use super::plate::Plate;
use super::view::View;

/// Texels along a side of the map.
const SIDE: u32 = 256;
/// Above this a software adapter leaves shadows out: a dragged object has to follow the cursor.
const SOFTWARE_TRIANGLES: usize = 600_000;

pub(super) struct Shadow {
    along_x: wgpu::RenderPipeline,
    along_y: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    /// The map, and the one it is blurred into and back from.
    maps: [(wgpu::TextureView, wgpu::BindGroup); 2],
    /// What the map shows.
    drawn: Option<(Arc<Plate>, Vec<DrawnObject>)>,
}

impl Shadow {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let device = &context.device;
        let layout = gpu::texture_layout(device);
        let pipeline = |fragment| {
            gpu::pipeline(
                context,
                &PipelineSpec {
                    label: "shadow blur",
                    shader: include_str!("../../shaders/shadow_blur.wgsl"),
                    fragment,
                    groups: &[globals, &layout],
                    buffers: &[],
                    topology: wgpu::PrimitiveTopology::TriangleList,
                    pass: Pass::Mask,
                },
            )
        };
        let map = || {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some("shadow"),
                size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: MASK_FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            });
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let group = gpu::texture_group(device, &layout, &view);
            (view, group)
        };
        Self { along_x: pipeline("along_x"), along_y: pipeline("along_y"), maps: [map(), map()], drawn: None, layout }
    }

    /// The layout of [`Self::group`].
    pub fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.layout
    }

    /// The finished map, for the plate.
    pub fn group(&self) -> &wgpu::BindGroup {
        &self.maps[0].1
    }

    /// The square around a plate that the map shows: corners x, y, x, y.
    pub fn area(plate: &Plate) -> [f32; 4] {
        plate.shown_box().map_or([0.0; 4], |shown| {
            let (center, size) = (shown.center(), shown.max - shown.min);
            // A square, so that the blur is round; a little larger, so that the map's own edge is never on the plate.
            let half = 0.52 * size.x.max(size.y);
            [center.x - half, center.y - half, center.x + half, center.y + half].map(|c| c as f32)
        })
    }

    /// Draws the map again where the objects or the plate are other ones than the last time.
    pub fn draw(
        &mut self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        globals: &wgpu::BindGroup,
        meshes: &Meshes,
        view: &View,
    ) {
        let Some(plate) = &view.plate else { return };
        let same = |(drawn_plate, drawn): &(Arc<Plate>, Vec<DrawnObject>)| {
            drawn_plate == plate
                && drawn.len() == view.objects.len()
                && drawn
                    .iter()
                    .zip(&view.objects)
                    .all(|(a, b)| Arc::ptr_eq(&a.model, &b.model) && a.plate_from_model == b.plate_from_model)
        };
        if self.drawn.as_ref().is_some_and(same) {
            return;
        }
        self.drawn = Some((Arc::clone(plate), view.objects.clone()));
        let leaves_out = context.is_software && meshes.triangle_count() > SOFTWARE_TRIANGLES;
        let mut draw = |to: usize, what: &dyn Fn(&mut wgpu::RenderPass<'_>)| {
            what(&mut gpu::mask_pass(encoder, "shadow", &self.maps[to].0, globals));
        };
        if leaves_out {
            draw(0, &|_| {});
            return;
        }
        draw(0, &|pass| meshes.draw(pass, Which::Shadow));
        for (to, pipeline) in [(1, &self.along_x), (0, &self.along_y)] {
            draw(to, &|pass| {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(1, &self.maps[1 - to].1, &[]);
                pass.draw(0..3, 0..1);
            });
        }
    }
}
