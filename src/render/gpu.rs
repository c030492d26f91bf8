//! Small helpers around wgpu that every primitive uses: one way to make a pipeline, one to make a buffer.

use wgpu::util::DeviceExt as _;

use super::context::Context;

/// Format of the picture: plain sRGB values, as egui blends them too.
pub(super) const COLOR_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
pub(super) const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
/// Format of the mask in which the outline is found.
pub(super) const MASK_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R8Unorm;

/// How a primitive meets the depth buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Hidden by what is nearer; hides what is further.
    Solid,
    /// Hidden by what is nearer; hides nothing.
    Behind,
    /// Always seen, hides nothing.
    OnTop,
}

/// Which pass a primitive is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// The picture itself: colour and depth, multisampled where the adapter can.
    Scene(Depth),
    /// A mask or map: one channel, no depth; the greatest value wins.
    Mask,
}

/// What differs between the pipelines.
pub(super) struct PipelineSpec<'a> {
    pub label: &'a str,
    /// WGSL text that follows `common.wgsl`.
    pub shader: &'a str,
    pub fragment: &'a str,
    /// Bind groups; the first is always that of the globals.
    pub groups: &'a [&'a wgpu::BindGroupLayout],
    pub buffers: &'a [wgpu::VertexBufferLayout<'a>],
    pub topology: wgpu::PrimitiveTopology,
    pub pass: Pass,
}

pub(super) fn pipeline(context: &Context, spec: &PipelineSpec<'_>) -> wgpu::RenderPipeline {
    let device = &context.device;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(spec.label),
        source: wgpu::ShaderSource::Wgsl([include_str!("../../shaders/common.wgsl"), spec.shader].concat().into()),
    });
    let groups: Vec<_> = spec.groups.iter().map(|g| Some(*g)).collect();
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(spec.label),
        bind_group_layouts: &groups,
        immediate_size: 0,
    });
    let buffers: Vec<_> = spec.buffers.iter().cloned().map(Some).collect();
    let (format, blend, count) = match spec.pass {
        Pass::Scene(_) => (COLOR_FORMAT, wgpu::BlendState::ALPHA_BLENDING, context.samples()),
        Pass::Mask => {
            let greatest = wgpu::BlendComponent {
                src_factor: wgpu::BlendFactor::One,
                dst_factor: wgpu::BlendFactor::One,
                operation: wgpu::BlendOperation::Max,
            };
            (MASK_FORMAT, wgpu::BlendState { color: greatest, alpha: greatest }, 1)
        }
    };
    let depth_stencil = match spec.pass {
        Pass::Scene(depth) => Some(wgpu::DepthStencilState {
            format: DEPTH_FORMAT,
            depth_write_enabled: Some(depth == Depth::Solid),
            // Reversed: nearer is greater (see `camera`).
            depth_compare: Some(match depth {
                Depth::OnTop => wgpu::CompareFunction::Always,
                Depth::Solid | Depth::Behind => wgpu::CompareFunction::GreaterEqual,
            }),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        Pass::Mask => None,
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(spec.label),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &buffers,
        },
        primitive: wgpu::PrimitiveState { topology: spec.topology, ..Default::default() },
        depth_stencil,
        multisample: wgpu::MultisampleState { count, ..Default::default() },
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some(spec.fragment),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState { format, blend: Some(blend), write_mask: wgpu::ColorWrites::ALL })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// A pass into a mask or map that begins empty.
pub(super) fn mask_pass<'e>(
    encoder: &'e mut wgpu::CommandEncoder,
    label: &str,
    view: &wgpu::TextureView,
    globals: &wgpu::BindGroup,
) -> wgpu::RenderPass<'e> {
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some(label),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    });
    pass.set_bind_group(0, globals, &[]);
    pass
}

/// A buffer with these contents; `None` where there is nothing to put into it (wgpu has no empty buffers to draw from),
/// or more than the adapter takes: then that one thing is not drawn, and the log says so.
pub(super) fn buffer<T: bytemuck::NoUninit>(
    device: &wgpu::Device,
    contents: &[T],
    usage: wgpu::BufferUsages,
) -> Option<wgpu::Buffer> {
    let (size, largest) = (size_of_val(contents) as u64, device.limits().max_buffer_size);
    if size > largest {
        tracing::warn!("graphics: {size} bytes are more than the adapter takes at once ({largest}); not drawn");
        return None;
    }
    (!contents.is_empty()).then(|| {
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents: bytemuck::cast_slice(contents),
            usage,
        })
    })
}

/// A buffer with these contents to take vertices or instances from.
pub(super) fn vertices<T: bytemuck::NoUninit>(device: &wgpu::Device, contents: &[T]) -> Option<wgpu::Buffer> {
    buffer(device, contents, wgpu::BufferUsages::VERTEX)
}

/// A bind group of one uniform buffer; with `size`, at changing offsets of that many bytes.
pub(super) fn uniform_layout(device: &wgpu::Device, size: Option<u64>) -> wgpu::BindGroupLayout {
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: size.is_some(),
                min_binding_size: size.and_then(wgpu::BufferSize::new),
            },
            count: None,
        }],
    })
}

/// A bind group layout of one texture and its sampler, for fragments.
pub(super) fn texture_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry =
        |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[
            entry(
                0,
                wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: true },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
            ),
            entry(1, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
        ],
    })
}

/// A texture and a bilinear sampler for [`texture_layout`].
pub(super) fn texture_group(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    view: &wgpu::TextureView,
) -> wgpu::BindGroup {
    let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..Default::default()
    });
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout,
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(view) },
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&sampler) },
        ],
    })
}
