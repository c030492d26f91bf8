// One direction of the blur of the shadow's map: a Gaussian of 6 mm, in 19 samples.

@group(1) @binding(0) var map: texture_2d<f32>;
@group(1) @binding(1) var map_sampler: sampler;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    return vec4f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn blurred(position: vec2f, direction: vec2f) -> vec4f {
    let texels = vec2f(textureDimensions(map));
    let texels_per_mm = texels.x / max(globals.shadow_area.z - globals.shadow_area.x, 1e-6);
    // In standard deviations.
    let step = 0.3;
    var sum = 0.0;
    var weights = 0.0;
    for (var i = -9; i <= 9; i++) {
        let place = f32(i) * step;
        let weight = exp(-0.5 * place * place);
        let seen_at = (position + direction * place * 6.0 * texels_per_mm) / texels;
        sum += weight * textureSampleLevel(map, map_sampler, seen_at, 0.0).r;
        weights += weight;
    }
    return vec4f(sum / weights);
}

@fragment
fn along_x(@builtin(position) position: vec4f) -> @location(0) vec4f {
    return blurred(position.xy, vec2f(1.0, 0.0));
}

@fragment
fn along_y(@builtin(position) position: vec4f) -> @location(0) vec4f {
    return blurred(position.xy, vec2f(0.0, 1.0));
}
