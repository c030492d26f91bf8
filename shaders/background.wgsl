// The gradient behind everything: one triangle over the whole picture.

struct Out {
    @builtin(position) position: vec4f,
    @location(0) height: f32,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Out {
    let corner = vec2f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0);
    return Out(vec4f(corner, 0.0, 1.0), corner.y * 0.5 + 0.5);
}

// Interleaved gradient noise (Jimenez 2014) of less than one step keeps the gradient free of bands.
fn noise(pixel: vec2f) -> f32 {
    return fract(52.9829189 * fract(dot(pixel, vec2f(0.06711056, 0.00583715)))) - 0.5;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let color = mix(globals.background_bottom.rgb, globals.background_top.rgb, smoothstep(0.0, 1.0, in.height));
    return vec4f(color + noise(in.position.xy) / 255.0, 1.0);
}
