// The outline around what is selected (mask 1) or under the cursor (mask 0.5): a line just outside of the mask.

@group(1) @binding(0) var mask_texture: texture_2d<f32>;
@group(1) @binding(1) var mask_sampler: sampler;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    return vec4f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let texel = 1.0 / globals.viewport.xy;
    let here = textureSampleLevel(mask_texture, mask_sampler, position.xy * texel, 0.0).r;
    let reach = 2.0 * globals.viewport.z;
    var most = 0.0;
    var sum = 0.0;
    for (var i = 0u; i < 16u; i++) {
        let angle = f32(i) * 0.3926991;
        let offset = vec2f(cos(angle), sin(angle)) * reach;
        let value = textureSampleLevel(mask_texture, mask_sampler, (position.xy + offset) * texel, 0.0).r;
        most = max(most, value);
        sum += value;
    }
    // The share of the ring that is inside grows from 0 at the outer rim: that is the line's soft edge.
    let strength = clamp(sum / max(most, 0.001) * 0.45, 0.0, 1.0) * clamp((most - here) * 4.0, 0.0, 1.0);
    let color = select(globals.hover, globals.selection, most > 0.75);
    return vec4f(color.rgb, color.a * strength);
}
