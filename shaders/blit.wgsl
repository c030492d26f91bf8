// The finished picture, brought into a window's own pass as it is.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var picture_sampler: sampler;

// 1 where the window's surface turns linear light into sRGB by itself.
override surface_is_srgb: u32 = 0u;

struct Out {
    @builtin(position) position: vec4f,
    @location(0) place: vec2f,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Out {
    let corner = vec2f(f32(index & 1u) * 2.0, f32(index >> 1u) * 2.0);
    return Out(vec4f(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0), corner);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let color = textureSampleLevel(picture, picture_sampler, in.place, 0.0).rgb;
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3f(2.4));
    let linear_color = select(high, low, color <= vec3f(0.04045));
    return vec4f(select(color, linear_color, surface_is_srgb == 1u), 1.0);
}
