//! What a picture shows, and the renderer that draws it.
//!
//! A [`View`] is plain data: whoever wants a picture fills one and hands it over. The [`Renderer`] keeps what is costly
//! (meshes, toolpaths) on the graphics device from picture to picture, and draws nothing when the view is equal to the
//! one it drew last.

use std::sync::Arc;

use super::beads::{Beads, ToolpathView};
use super::blit::Blit;
use super::camera::{Box3, Camera, Projection};
use super::context::Context;
use super::gizmo::Gizmo;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::lines::{Line, Lines};
use super::mesh::{DrawnObject, Meshes, Which};
use super::outline::Outline;
use super::palette::{Theme, floats};
use super::plate::{Footprint, Plate, PlatePipeline};
use super::points::{Mark, Points};
use super::shadow::Shadow;
use super::solid::{SolidPipeline, Solids};
use super::target::Target;

/// Everything that a picture shows. Equal views give equal pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub size_px: [u32; 2],
    /// Pixels per point: how many pixels thick a line of one point is.
    pub pixels_per_point: f32,
    pub camera: Camera,
    pub theme: Theme,
    pub plate: Option<Arc<Plate>>,
    pub objects: Vec<DrawnObject>,
    pub toolpath: Option<ToolpathView>,
    pub gizmo: Option<Gizmo>,
    /// Lines and marks over everything, for whatever the app wants to point at.
    pub lines: Vec<Line>,
    /// Marks that are hidden by what is nearer.
    pub marks: Vec<Mark>,
    /// Shades undersides that lean out by more than this from the vertical.
    pub overhang_angle_rad: Option<f64>,
    /// The camera is being moved: long toolpaths are drawn more coarsely.
    pub moving: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            size_px: [800, 600],
            pixels_per_point: 1.0,
            camera: Camera::default(),
            theme: Theme::DARK,
            plate: None,
            objects: Vec::new(),
            toolpath: None,
            gizmo: None,
            lines: Vec::new(),
            marks: Vec::new(),
            overhang_angle_rad: None,
            moving: false,
        }
    }
}

impl View {
    /// Width by height.
    pub fn aspect(&self) -> f64 {
        f64::from(self.size_px[0].max(1)) / f64::from(self.size_px[1].max(1))
    }

    /// The size as cursor positions are compared with.
    pub fn size(&self) -> [f64; 2] {
        self.size_px.map(f64::from)
    }

    /// The box around the objects and the toolpath, else around the plate: what "show all" frames. Looks at every
    /// vertex.
    pub fn shown_box(&self) -> Option<Box3> {
        let objects = self.objects.iter().filter_map(DrawnObject::bounds);
        let toolpath = self.toolpath.iter().filter_map(|t| t.drawing.bounds());
        objects.chain(toolpath).reduce(|a, b| a.union(&b)).or_else(|| self.plate.as_ref().and_then(|p| p.shown_box()))
    }
}

/// What every shader knows; laid out as in `common.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Globals {
    clip_from_plate: [[f32; 4]; 4],
    eye: [f32; 4],
    key_light: [f32; 4],
    viewport: [f32; 4],
    volume: [f32; 4],
    cylinder: [f32; 4],
    shadow_area: [f32; 4],
    background_top: [f32; 4],
    background_bottom: [f32; 4],
    grid: [f32; 4],
    grid_strong: [f32; 4],
    selection: [f32; 4],
    hover: [f32; 4],
    danger: [f32; 4],
    overhang: [f32; 4],
    dimmed: [f32; 4],
}

impl Globals {
    fn of(view: &View) -> Self {
        let camera = &view.camera;
        let [right, up, back] = camera.axes();
        // From over the left shoulder of whoever looks: a face keeps its shade relative to its neighbours from everywhere.
        let key_light = (back * 0.70 + up * 0.60 - right * 0.45).normalize();
        let eye = match camera.projection {
            Projection::Perspective => camera.eye().to_homogeneous(),
            Projection::Orthographic => back.to_homogeneous(),
        };
        let overhang = view.overhang_angle_rad.map_or(-2.0, |angle| -(angle.sin()) as f32 - 1e-4);
        let plate = view.plate.as_deref();
        let (volume, cylinder) = match plate.and_then(Plate::footprint) {
            None => ([0.0; 4], [0.0; 4]),
            Some(Footprint::Rectangle { min, max }) => {
                ([min[0], min[1], max[0], max[1]].map(|c| c as f32), [0.0, 0.0, 0.0, 1.0])
            }
            Some(Footprint::Circle { center, radius_mm }) => {
                ([0.0; 4], [center[0] as f32, center[1] as f32, radius_mm as f32, 2.0])
            }
        };
        let height_mm = plate.map(|p| p.height_mm as f32).filter(|h| *h > 0.0).unwrap_or(f32::MAX);
        let theme = &view.theme;
        Self {
            clip_from_plate: camera.clip_from_plate(view.aspect()).map(|c| c as f32).into(),
            eye: eye.map(|c| c as f32).into(),
            key_light: [key_light.x as f32, key_light.y as f32, key_light.z as f32, overhang],
            viewport: [view.size_px[0] as f32, view.size_px[1] as f32, view.pixels_per_point, height_mm],
            volume,
            cylinder,
            shadow_area: plate.map_or([0.0; 4], Shadow::area),
            background_top: floats(theme.background_top),
            background_bottom: floats(theme.background_bottom),
            grid: floats(theme.grid),
            grid_strong: floats(theme.grid_strong),
            selection: floats(theme.selection),
            hover: floats(theme.hover),
            danger: floats(theme.danger),
            overhang: floats(theme.overhang),
            dimmed: floats(theme.dimmed),
        }
    }
}

/// A target with the bind groups that read from it.
struct Bound {
    target: Target,
    mask_group: wgpu::BindGroup,
    picture_group: Option<wgpu::BindGroup>,
}

/// Draws views.
pub struct Renderer {
    context: Context,
    globals: wgpu::Buffer,
    globals_group: wgpu::BindGroup,
    background: wgpu::RenderPipeline,
    plate: PlatePipeline,
    meshes: Meshes,
    beads: Beads,
    lines: Lines,
    points: Points,
    solids: SolidPipeline,
    outline: Outline,
    shadow: Shadow,
    blit: Option<Blit>,
    bound: Option<Bound>,
    drawn: Option<View>,
}

impl Renderer {
    /// Prepares all pipelines. `window_format` is the format of the window that the picture is brought into with
    /// [`Self::paint`]; without one, pictures can only be read back.
    pub fn new(context: Context, window_format: Option<wgpu::TextureFormat>) -> Self {
        let device = &context.device;
        let layout = gpu::uniform_layout(device, None);
        let globals = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("globals"),
            size: size_of::<Globals>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let globals_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("globals"),
            layout: &layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: globals.as_entire_binding() }],
        });
        let background = gpu::pipeline(
            &context,
            &PipelineSpec {
                label: "background",
                shader: include_str!("../../shaders/background.wgsl"),
                fragment: "fragment",
                groups: &[&layout],
                buffers: &[],
                topology: wgpu::PrimitiveTopology::TriangleList,
                pass: Pass::Scene(Depth::OnTop),
            },
        );
        let shadow = Shadow::new(&context, &layout);
        Self {
            background,
            plate: PlatePipeline::new(&context, &layout, shadow.layout()),
            shadow,
            meshes: Meshes::new(&context, &layout),
            beads: Beads::new(&context, &layout),
            lines: Lines::new(&context, &layout),
            points: Points::new(&context, &layout),
            solids: SolidPipeline::new(&context, &layout),
            outline: Outline::new(&context, &layout),
            blit: window_format.map(|format| Blit::new(&context, format)),
            globals,
            globals_group,
            context,
            bound: None,
            drawn: None,
        }
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The picture that was drawn last, to be read or shown by other means; `None` before the first.
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.bound.as_ref().map(|b| &b.target.color)
    }

    /// Draws a view into the renderer's own texture, unless it is equal to the one drawn last or has no size. Says
    /// whether it drew. The commands go to `encoder`; whoever owns it submits it.
    pub fn draw(&mut self, encoder: &mut wgpu::CommandEncoder, view: &View) -> bool {
        let largest = self.context.device.limits().max_texture_dimension_2d;
        if self.drawn.as_ref() == Some(view) || view.size_px.iter().any(|&s| s == 0 || s > largest) {
            return false;
        }
        self.prepare(view);
        self.shadow.draw(&self.context, encoder, &self.globals_group, &self.meshes, view);
        self.encode(encoder, view);
        self.drawn = Some(view.clone());
        true
    }

    /// Brings the last picture into a pass of the window, over the whole of its viewport.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let (Some(blit), Some(group)) = (&self.blit, self.bound.as_ref().and_then(|b| b.picture_group.as_ref())) {
            blit.draw(pass, group);
        }
    }

    fn prepare(&mut self, view: &View) {
        let context = &self.context;
        if self.bound.as_ref().is_none_or(|b| b.target.size_px != view.size_px) {
            let target = Target::new(context, view.size_px);
            self.bound = Some(Bound {
                mask_group: self.outline.group(context, &target),
                picture_group: self.blit.as_ref().map(|blit| blit.group(context, &target.color_view)),
                target,
            });
        }
        context.queue.write_buffer(&self.globals, 0, bytemuck::bytes_of(&Globals::of(view)));
        if let Some(plate) = &view.plate {
            self.plate.prepare(context, plate, &view.theme);
        }
        self.meshes.prepare(context, &view.objects);
        self.beads.prepare(context, view.toolpath.as_ref(), &view.theme, view.moving);
    }

    fn encode(&self, encoder: &mut wgpu::CommandEncoder, view: &View) {
        let Some(Bound { target, mask_group, .. }) = &self.bound else { return };
        let device = &self.context.device;
        let outlined = self.meshes.any_masked();
        if outlined {
            let mut pass = gpu::mask_pass(encoder, "mask", &target.mask, &self.globals_group);
            self.meshes.draw(&mut pass, Which::Masked);
        }
        {
            let mut pass = self.scene_pass(encoder, target, wgpu::LoadOp::Clear(wgpu::Color::BLACK));
            pass.set_pipeline(&self.background);
            pass.draw(0..3, 0..1);
            self.meshes.draw(&mut pass, Which::Opaque);
            self.beads.draw(&mut pass);
            if let Some(tool) = view.toolpath.as_ref().filter(|t| t.nozzle).and_then(ToolpathView::tool) {
                let mut solids = Solids::default();
                solids.nozzle(tool.place, view.theme.nozzle);
                self.solids.draw(&self.context, &mut pass, &solids);
            }
            if view.plate.is_some() {
                self.plate.draw(&mut pass, &self.lines, self.shadow.group());
            }
            self.beads.draw_lines_and_marks(&mut pass, &self.lines, &self.points);
            self.meshes.draw(&mut pass, Which::Translucent);
            if let Some(marks) = gpu::vertices(device, &view.marks) {
                self.points.draw(&mut pass, &marks, 0..view.marks.len() as u32);
            }
        }
        if outlined || view.gizmo.is_some() || !view.lines.is_empty() {
            // With a depth of its own: what is in here is seen through everything, but hides itself rightly.
            let mut pass = self.scene_pass(encoder, target, wgpu::LoadOp::Load);
            if outlined {
                self.outline.draw(&mut pass, mask_group);
            }
            if let Some(lines) = gpu::vertices(device, &view.lines) {
                self.lines.draw(&mut pass, &lines, 0..view.lines.len() as u32, true);
            }
            if let Some(gizmo) = &view.gizmo {
                let solids = gizmo.solids(&view.camera, view.size(), view.pixels_per_point.into(), &view.theme);
                self.solids.draw(&self.context, &mut pass, &solids);
            }
        }
    }

    fn scene_pass<'e>(
        &self,
        encoder: &'e mut wgpu::CommandEncoder,
        target: &Target,
        load: wgpu::LoadOp<wgpu::Color>,
    ) -> wgpu::RenderPass<'e> {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("scene"),
            color_attachments: &[Some(target.color_attachment(load))],
            depth_stencil_attachment: Some(target.depth_attachment()),
            ..Default::default()
        });
        pass.set_bind_group(0, &self.globals_group, &[]);
        pass
    }
}
