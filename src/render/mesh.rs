//! Models: meshes on the graphics device, each uploaded once and drawn wherever it is placed.

use std::collections::HashMap;
use std::sync::Arc;

use nalgebra::Matrix4;

use super::camera::Box3;
use super::context::Context;
use super::gpu::{self, Depth, Pass, PipelineSpec};
use super::palette::{Rgba, floats};
use crate::model::{Mesh, Model};

/// A placed model as it is drawn.
#[derive(Clone, Debug)]
pub struct DrawnObject {
    pub model: Arc<Model>,
    pub plate_from_model: Matrix4<f64>,
    /// Where the file gave a triangle no colour. An alpha below 255 makes the whole object translucent.
    pub color: Rgba,
    /// Outlined in the selection's colour.
    pub selected: bool,
    /// A little brighter and outlined: the cursor is over it.
    pub hovered: bool,
}

/// Equal when the same shared model is drawn in the same way; meshes are not compared.
impl PartialEq for DrawnObject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
            && self.plate_from_model == other.plate_from_model
            && (self.color, self.selected, self.hovered) == (other.color, other.selected, other.hovered)
    }
}

impl DrawnObject {
    /// An object at its place in a colour, neither selected nor hovered.
    pub fn new(model: Arc<Model>, plate_from_model: Matrix4<f64>, color: Rgba) -> Self {
        Self { model, plate_from_model, color, selected: false, hovered: false }
    }

    /// The box around it on the plate; `None` where it has no vertices. Looks at every vertex: keep the result.
    pub fn bounds(&self) -> Option<Box3> {
        let parts = self.model.parts.iter().filter_map(|part| {
            let place = self.plate_from_model * part.model_from_part;
            Box3::around(part.mesh.vertices.iter().map(|v| place.transform_point(&v.map(f64::from).into())))
        });
        parts.reduce(|a, b| a.union(&b))
    }
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct MeshVertex {
    place: [f32; 3],
    color: Rgba,
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Placed {
    rows: [[f32; 4]; 3],
    color: [f32; 4],
    state: [f32; 4],
}

/// A mesh on the graphics device.
struct Uploaded {
    /// Keeps the address, by which the mesh is found, from being used again.
    _mesh: Arc<Mesh>,
    vertices: Option<wgpu::Buffer>,
    /// Where triangles have colours of their own, each has its own vertices and there are no indices; else 0.
    unindexed_count: u32,
    indices: Option<wgpu::Buffer>,
    index_count: u32,
    used: bool,
}

impl Uploaded {
    fn new(context: &Context, mesh: &Arc<Mesh>) -> Self {
        let count = mesh.vertices.len();
        let inside = |t: &&[u32; 3]| t.iter().all(|&i| (i as usize) < count);
        let vertex = |i: u32, color| MeshVertex { place: mesh.vertices[i as usize], color };
        let colored = mesh.colors.len() == mesh.triangles.len() && !mesh.colors.is_empty();
        let (vertices, indices) = if colored {
            let colored = mesh.triangles.iter().zip(&mesh.colors).filter(|(t, _)| inside(t));
            // Alpha says "has a colour" on the graphics device.
            let vertices = colored.flat_map(|(t, c)| t.map(|i| vertex(i, [c[0], c[1], c[2], 255]))).collect::<Vec<_>>();
            (vertices, Vec::new())
        } else {
            let vertices = mesh.vertices.iter().map(|&place| MeshVertex { place, color: [0; 4] }).collect();
            (vertices, mesh.triangles.iter().filter(inside).copied().collect::<Vec<_>>())
        };
        Self {
            _mesh: Arc::clone(mesh),
            unindexed_count: if colored { vertices.len() as u32 } else { 0 },
            vertices: gpu::vertices(&context.device, &vertices),
            index_count: indices.len() as u32 * 3,
            indices: gpu::buffer(&context.device, &indices, wgpu::BufferUsages::INDEX),
            used: true,
        }
    }

    fn draw(&self, pass: &mut wgpu::RenderPass<'_>, instance: u32) {
        let Some(vertices) = &self.vertices else { return };
        pass.set_vertex_buffer(0, vertices.slice(..));
        if let Some(indices) = &self.indices {
            pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
            pass.draw_indexed(0..self.index_count, 0, instance..instance + 1);
        } else {
            pass.draw(0..self.unindexed_count, instance..instance + 1);
        }
    }
}

/// One part of one object, ready to draw.
struct Prepared {
    mesh: usize,
    translucent: bool,
    masked: bool,
}

pub(super) struct Meshes {
    solid: wgpu::RenderPipeline,
    mask: wgpu::RenderPipeline,
    shadow: wgpu::RenderPipeline,
    /// By the mesh's address.
    uploaded: HashMap<usize, Uploaded>,
    prepared: Vec<Prepared>,
    placed: Option<wgpu::Buffer>,
}

/// What is to be drawn of the prepared parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Opaque,
    Translucent,
    /// Selected and hovered ones into the mask.
    Masked,
    /// All of them, onto the map of the plate that shadows come from.
    Shadow,
}

impl Meshes {
    pub fn new(context: &Context, globals: &wgpu::BindGroupLayout) -> Self {
        let vertex = wgpu::vertex_attr_array![0 => Float32x3, 1 => Unorm8x4];
        let placed = wgpu::vertex_attr_array![
            2 => Float32x4, 3 => Float32x4, 4 => Float32x4, 5 => Float32x4, 6 => Float32x4
        ];
        let pipeline = |shader, fragment, pass| {
            gpu::pipeline(
                context,
                &PipelineSpec {
                    label: "meshes",
                    shader,
                    fragment,
                    groups: &[globals],
                    buffers: &[
                        wgpu::VertexBufferLayout {
                            array_stride: size_of::<MeshVertex>() as u64,
                            step_mode: wgpu::VertexStepMode::Vertex,
                            attributes: &vertex,
                        },
                        wgpu::VertexBufferLayout {
                            array_stride: size_of::<Placed>() as u64,
                            step_mode: wgpu::VertexStepMode::Instance,
                            attributes: &placed,
                        },
                    ],
                    topology: wgpu::PrimitiveTopology::TriangleList,
                    pass,
                },
            )
        };
        let mesh = include_str!("../../shaders/mesh.wgsl");
        Self {
            solid: pipeline(mesh, "fragment", Pass::Scene(Depth::Solid)),
            mask: pipeline(mesh, "mask", Pass::Mask),
            shadow: pipeline(include_str!("../../shaders/shadow.wgsl"), "fragment", Pass::Mask),
            uploaded: HashMap::new(),
            prepared: Vec::new(),
            placed: None,
        }
    }

    /// Uploads what is new, drops what is no longer drawn, and writes the places of all parts.
    pub fn prepare(&mut self, context: &Context, objects: &[DrawnObject]) {
        self.uploaded.values_mut().for_each(|u| u.used = false);
        self.prepared.clear();
        let mut placed = Vec::new();
        for object in objects {
            for part in &object.model.parts {
                let address = Arc::as_ptr(&part.mesh) as usize;
                let uploaded = self.uploaded.entry(address).or_insert_with(|| Uploaded::new(context, &part.mesh));
                uploaded.used = true;
                let matrix = object.plate_from_model * part.model_from_part;
                placed.push(Placed {
                    rows: std::array::from_fn(|r| std::array::from_fn(|c| matrix[(r, c)] as f32)),
                    color: floats(object.color),
                    state: [
                        if object.selected { 1.0 } else { 0.5 },
                        if object.hovered && !object.selected { 0.05 } else { 0.0 },
                        1.0,
                        0.0,
                    ],
                });
                self.prepared.push(Prepared {
                    mesh: address,
                    translucent: object.color[3] < 255,
                    masked: object.selected || object.hovered,
                });
            }
        }
        self.uploaded.retain(|_, u| u.used);
        self.placed = gpu::vertices(&context.device, &placed);
    }

    /// Triangles in all, each as often as it is drawn.
    pub fn triangle_count(&self) -> usize {
        let count = |part: &Prepared| self.uploaded.get(&part.mesh).map_or(0, |u| u.index_count + u.unindexed_count);
        self.prepared.iter().map(|part| count(part) as usize / 3).sum()
    }

    /// Whether anything is to be outlined.
    pub fn any_masked(&self) -> bool {
        self.prepared.iter().any(|p| p.masked)
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, which: Which) {
        let Some(placed) = &self.placed else { return };
        pass.set_pipeline(match which {
            Which::Opaque | Which::Translucent => &self.solid,
            Which::Masked => &self.mask,
            Which::Shadow => &self.shadow,
        });
        pass.set_vertex_buffer(1, placed.slice(..));
        for (instance, part) in self.prepared.iter().enumerate() {
            let chosen = match which {
                Which::Opaque => !part.translucent,
                Which::Translucent => part.translucent,
                Which::Masked => part.masked,
                Which::Shadow => true,
            };
            if let (true, Some(mesh)) = (chosen, self.uploaded.get(&part.mesh)) {
                mesh.draw(pass, instance as u32);
            }
        }
    }
}
