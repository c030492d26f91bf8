//! Toolpaths: roads as beads, travels as thin lines, marks for retractions and seams.

use std::ops::Range;
use std::sync::Arc;

use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::lines::{Line, Lines};
use super::palette::{Rgba, Theme};
use super::points::{Mark, Points};
use super::toolpath_drawing::{Bead, ColorBy, Drawn, MarkKind, ToolpathDrawing};
use crate::toolpath::Role;

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleSet(u32);

impl RoleSet {
    pub const ALL: Self = Self(u32::MAX);
    pub const NONE: Self = Self(0);

    pub const fn contains(self, role: Role) -> bool {
        self.0 >> role as u32 & 1 == 1
    }

    /// The same set with a feature put in or taken out.
    #[must_use]
    pub const fn with(self, role: Role, contained: bool) -> Self {
        let bit = 1 << role as u32;
        Self(if contained { self.0 | bit } else { self.0 & !bit })
    }
}

/// A toolpath as it is drawn.
#[derive(Clone, Debug)]
pub struct ToolpathView {
    pub drawing: Arc<ToolpathDrawing>,
    /// The shown layers. The last of them stands out, those below fade, unless it is the topmost of all and complete.
    pub layers: Range<usize>,
    /// How many moves of the last shown layer are shown; `None` for all.
    pub moves: Option<usize>,
    pub color_by: ColorBy,
    /// The shown features.
    pub roles: RoleSet,
    pub travels: bool,
    pub retractions: bool,
    pub seams: bool,
    /// Shows the nozzle where the last shown move ends.
    pub nozzle: bool,
}

impl ToolpathView {
    /// Everything but travels, marks and nozzle, coloured by feature.
    pub fn new(drawing: Arc<ToolpathDrawing>) -> Self {
        Self {
            layers: 0..drawing.layer_count(),
            drawing,
            moves: None,
            color_by: ColorBy::Feature,
            roles: RoleSet::ALL,
            travels: false,
            retractions: false,
            seams: false,
            nozzle: false,
        }
    }

    /// What the tool does at the end of what is shown.
    pub fn tool(&self) -> Option<super::toolpath_drawing::ToolState> {
        let layer = self.layers.end.min(self.drawing.layer_count()).checked_sub(1)?;
        self.drawing.tool_at(layer, self.moves.unwrap_or(usize::MAX))
    }

    fn is_complete(&self) -> bool {
        self.layers.end >= self.drawing.layer_count() && self.moves.is_none()
    }
}

/// Equal when the same shared drawing is shown in the same way.
impl PartialEq for ToolpathView {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.drawing, &other.drawing)
            && self.layers == other.layers
            && self.moves == other.moves
            && self.color_by == other.color_by
            && self.roles == other.roles
            && (self.travels, self.retractions, self.seams, self.nozzle)
                == (other.travels, other.retractions, other.seams, other.nozzle)
    }
}

/// How strongly layers below the top one fade.
const DIMMED: f32 = 0.55;
/// Beads in one buffer: well below the smallest limit of any adapter (256 MB).
const CHUNK: usize = 4 << 20;
/// Beads drawn while the camera moves; layers are left out above it.
const MOVING_BEADS: usize = 600_000;
const MOVING_BEADS_SOFTWARE: usize = 40_000;

/// The uniform of a group of beads; padded to the greatest alignment that any adapter asks for.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct PartUniform {
    shown: u32,
    dim: f32,
    stretch: f32,
    unused: [f32; 61],
}

/// Two vertices a corner of the section, at each end: side, front, other side, tip.
const INDICES: [u16; 24] = [0, 1, 5, 0, 5, 4, 1, 2, 6, 1, 6, 5, 3, 0, 1, 3, 1, 2, 7, 5, 4, 7, 6, 5];

struct Chunk {
    beads: wgpu::Buffer,
    colors: wgpu::Buffer,
}

struct Uploaded {
    drawing: Arc<ToolpathDrawing>,
    theme: Theme,
    color_by: ColorBy,
    chunks: Vec<Chunk>,
    travels: Option<wgpu::Buffer>,
    marks: [Option<wgpu::Buffer>; 3],
}

/// What the next picture shows.
struct Shown {
    drawn: Drawn,
    /// The ranges of beads below the top layer.
    below: Vec<Range<u32>>,
    travels: bool,
    kinds: [bool; 3],
}

pub(super) struct Beads {
    pipeline: wgpu::RenderPipeline,
    indices: Option<wgpu::Buffer>,
    parts: wgpu::Buffer,
    part_group: wgpu::BindGroup,
    uploaded: Option<Uploaded>,
    shown: Option<Shown>,
}

impl Beads {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let device = &context.device;
        let bead = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Uint16x2, 3 => Uint8x4];
        let color = wgpu::vertex_attr_array![4 => Unorm8x4];
        let part_layout = gpu::uniform_layout(device, Some(16));
        let pipeline = gpu::pipeline(
            context,
            &PipelineSpec {
                label: "beads",
                shader: include_str!("../../shaders/beads.wgsl"),
                fragment: "fragment",
                groups: &[globals, &part_layout],
                buffers: &[
                    wgpu::VertexBufferLayout {
                        array_stride: size_of::<Bead>() as u64,
                        step_mode: wgpu::VertexStepMode::Instance,
                        attributes: &bead,
                    },
                    wgpu::VertexBufferLayout {
                        array_stride: size_of::<Rgba>() as u64,
                        step_mode: wgpu::VertexStepMode::Instance,
                        attributes: &color,
                    },
                ],
                topology: wgpu::PrimitiveTopology::TriangleList,
                pass: Pass::Scene(Depth::Solid),
            },
        );
        let parts = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("bead parts"),
            size: 2 * size_of::<PartUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let part_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &part_layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &parts,
                    offset: 0,
                    size: wgpu::BufferSize::new(16),
                }),
            }],
        });
        Self {
            pipeline,
            indices: gpu::buffer(device, &INDICES, wgpu::BufferUsages::INDEX),
            parts,
            part_group,
            uploaded: None,
            shown: None,
        }
    }

    /// Uploads what is new and decides what of it is drawn; `None` frees everything.
    pub fn prepare(&mut self, context: &Context, view: Option<&ToolpathView>, theme: &Theme, moving: bool) {
        let Some(view) = view else {
            (self.uploaded, self.shown) = (None, None);
            return;
        };
        self.upload(context, view, theme);
        let drawn = view.drawing.drawn(view.layers.start, view.layers.end, view.moves);
        let budget = if context.is_software { MOVING_BEADS_SOFTWARE } else { MOVING_BEADS };
        let every = if moving { drawn.below.len().div_ceil(budget).max(1) } else { 1 };
        let below = if every == 1 {
            vec![drawn.below.clone()]
        } else {
            // Counted from the top, so that the layer right under the top one is always there.
            let layers = view.layers.start..view.layers.end.min(view.drawing.layer_count()).saturating_sub(1);
            layers.rev().step_by(every).map(|layer| view.drawing.layer_beads(layer)).collect()
        };
        let RoleSet(shown) = view.roles;
        let part = |dim, stretch| PartUniform { shown, dim, stretch, unused: [0.0; 61] };
        let dim = if view.is_complete() { 0.0 } else { DIMMED };
        context.queue.write_buffer(&self.parts, 0, bytemuck::cast_slice(&[part(dim, every as f32), part(0.0, 1.0)]));
        self.shown = Some(Shown {
            drawn,
            below,
            travels: view.travels,
            kinds: [view.retractions, view.retractions, view.seams],
        });
    }

    fn upload(&mut self, context: &Context, view: &ToolpathView, theme: &Theme) {
        let device = &context.device;
        let drawing = &view.drawing;
        let same = self.uploaded.as_ref().is_some_and(|u| Arc::ptr_eq(&u.drawing, drawing) && u.theme == *theme);
        if !same {
            // First the old ones go, so that both are never there at once.
            self.uploaded = None;
            let lines: Vec<Line> = drawing
                .travels
                .iter()
                .map(|t| Line { start: t.start, end: t.end, color: theme.travel, width_px: 1.2 })
                .collect();
            let marks = MarkKind::ALL.map(|kind| {
                let (color, size_px) = match kind {
                    MarkKind::Retraction => (theme.retraction, 6.0),
                    MarkKind::Unretraction => (theme.unretraction, 6.0),
                    MarkKind::Seam => (theme.seam, 5.0),
                };
                let of_kind = drawing.marks[kind as usize].iter();
                let marks: Vec<Mark> = of_kind.map(|&(place, _)| Mark { place, color, size_px }).collect();
                gpu::vertices(device, &marks)
            });
            let colors = drawing.colors(view.color_by);
            let chunks = drawing.beads.chunks(CHUNK).zip(colors.chunks(CHUNK)).filter_map(|(beads, colors)| {
                let usage = wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST;
                Some(Chunk { beads: gpu::vertices(device, beads)?, colors: gpu::buffer(device, colors, usage)? })
            });
            self.uploaded = Some(Uploaded {
                drawing: Arc::clone(drawing),
                theme: *theme,
                color_by: view.color_by,
                chunks: chunks.collect(),
                travels: gpu::vertices(device, &lines),
                marks,
            });
        } else if let Some(uploaded) = &mut self.uploaded
            && uploaded.color_by != view.color_by
        {
            let colors = drawing.colors(view.color_by);
            for (chunk, colors) in uploaded.chunks.iter().zip(colors.chunks(CHUNK)) {
                context.queue.write_buffer(&chunk.colors, 0, bytemuck::cast_slice(colors));
            }
            uploaded.color_by = view.color_by;
        }
    }

    /// Draws the roads.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        let (Some(uploaded), Some(shown), Some(indices)) = (&self.uploaded, &self.shown, &self.indices) else { return };
        pass.set_pipeline(&self.pipeline);
        pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint16);
        let top = std::slice::from_ref(&shown.drawn.top);
        for (part, ranges) in [shown.below.as_slice(), top].into_iter().enumerate() {
            pass.set_bind_group(1, &self.part_group, &[(part * size_of::<PartUniform>()) as u32]);
            for (i, chunk) in uploaded.chunks.iter().enumerate() {
                let begin = (i * CHUNK) as u32;
                pass.set_vertex_buffer(0, chunk.beads.slice(..));
                pass.set_vertex_buffer(1, chunk.colors.slice(..));
                for range in ranges {
                    let inside = |bead: u32| bead.clamp(begin, begin + CHUNK as u32) - begin;
                    let which = inside(range.start)..inside(range.end);
                    if !which.is_empty() {
                        pass.draw_indexed(0..INDICES.len() as u32, 0, which);
                    }
                }
            }
        }
    }

    /// Draws travels and marks, which blend with what is behind them and so come later.
    pub fn draw_lines_and_marks(&self, pass: &mut wgpu::RenderPass<'_>, lines: &Lines, points: &Points) {
        let (Some(uploaded), Some(shown)) = (&self.uploaded, &self.shown) else { return };
        if let (true, Some(travels)) = (shown.travels, &uploaded.travels) {
            lines.draw(pass, travels, shown.drawn.travels.clone(), false);
        }
        for (kind, buffer) in uploaded.marks.iter().enumerate() {
            if let (true, Some(marks)) = (shown.kinds[kind], buffer) {
                points.draw(pass, marks, shown.drawn.marks[kind].clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_features_remembers_each_one() {
        let set = RoleSet::NONE.with(Role::Brim, true).with(Role::Custom, true).with(Role::Brim, false);
        let contained: Vec<Role> = Role::ALL.into_iter().filter(|&r| set.contains(r)).collect();
        assert_eq!(contained, [Role::Custom]);
        assert!(Role::ALL.into_iter().all(|r| RoleSet::ALL.contains(r)));
    }

    #[test]
    fn the_shader_knows_which_roles_are_walls() {
        let walls = [Role::ExternalPerimeter, Role::Perimeter, Role::OverhangPerimeter];
        assert!(include_str!("../../shaders/beads.wgsl").contains("LAST_WALL: u32 = 2u;"));
        assert!(Role::ALL.into_iter().all(|role| (role as u32 <= 2) == walls.contains(&role)));
    }

    #[test]
    fn the_padded_uniform_fits_every_alignment() {
        assert_eq!(size_of::<PartUniform>(), 256);
    }
}
