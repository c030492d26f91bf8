// Round marks of constant size in pixels, with a thin rim that sets them off from whatever they lie on.

struct Mark {
    @location(0) place: vec3f,
    @location(1) color: vec4f,
    @location(2) size_px: f32,
}

struct Out {
    @builtin(position) position: vec4f,
    @location(0) color: vec4f,
    @location(1) offset: vec2f,
    @location(2) @interpolate(flat) radius: f32,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, mark: Mark) -> Out {
    let center = globals.clip_from_plate * vec4f(mark.place, 1.0);
    let radius = 0.5 * mark.size_px * globals.viewport.z;
    let offset = (vec2f(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0) * (radius + 1.0);
    if center.w < 0.01 {
        return Out(vec4f(2.0, 2.0, 2.0, 1.0), vec4f(0.0), vec2f(0.0), 0.0);
    }
    let seen = center.xyz / center.w + vec3f(offset / (0.5 * globals.viewport.xy), 0.0);
    return Out(vec4f(seen, 1.0), mark.color, offset, radius);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let from_center = length(in.offset);
    let cover = clamp(in.radius + 0.5 - from_center, 0.0, 1.0);
    if cover <= 0.0 {
        discard;
    }
    let rim = clamp(from_center - in.radius + 1.2, 0.0, 1.0);
    return vec4f(mix(in.color.rgb, in.color.rgb * 0.35, rim), in.color.a * cover);
}
