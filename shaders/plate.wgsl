// The build plate: its surface with the grid, and the areas that must stay free, hatched.

@group(1) @binding(0) var shadow_map: texture_2d<f32>;
@group(1) @binding(1) var shadow_sampler: sampler;

struct Out {
    @builtin(position) position: vec4f,
    @location(0) place: vec3f,
    @location(1) color: vec4f,
    @location(2) excluded: f32,
}

@vertex
fn vertex(@location(0) place: vec3f, @location(1) color: vec4f, @location(2) excluded: f32) -> Out {
    return Out(globals.clip_from_plate * vec4f(place, 1.0), place, color, excluded);
}

// How much of a pixel is covered by lines at every multiple of a spacing, `width` pixels wide. Lines that would be
// closer than a few pixels fade away instead of flickering.
fn grid(place: vec2f, step: vec2f, spacing: f32, width: f32) -> f32 {
    let per_pixel = step / spacing;
    let from_line = abs(fract(place / spacing - 0.5) - 0.5) / max(per_pixel, vec2f(1e-9));
    let cover = clamp(0.5 * width + 0.5 - from_line, vec2f(0.0), vec2f(1.0)) * clamp(2.0 - 8.0 * per_pixel, vec2f(0.0), vec2f(1.0));
    return max(cover.x, cover.y);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    // Derivatives before any branch: all pixels of a quad take part.
    let step = fwidth(in.place.xy);
    if in.excluded > 0.5 {
        return vec4f(globals.danger.rgb, mix(0.10, 0.42, stripes(in.position.xy)));
    }
    let line_width = globals.viewport.z;
    let fine = grid(in.place.xy, step, 10.0, line_width) * globals.grid.a;
    let strong = grid(in.place.xy, step, 50.0, 1.4 * line_width) * globals.grid_strong.a;
    let line = select(vec4f(globals.grid.rgb, fine), vec4f(globals.grid_strong.rgb, strong), strong > fine);
    // Seen from below, the plate is a pane of glass: what stands on it stays in sight.
    let above = toward_eye(in.place).z > 0.0;
    let alpha = select(0.16, in.color.a, above);
    let size = globals.shadow_area.zw - globals.shadow_area.xy;
    let on_map = (in.place.xy - globals.shadow_area.xy) / max(size, vec2f(1e-6));
    let shadow = textureSampleLevel(shadow_map, shadow_sampler, on_map, 0.0).r;
    let color = mix(in.color.rgb, line.rgb, line.a) * (1.0 - 0.62 * shadow);
    return vec4f(color, mix(alpha, max(alpha, 0.6), line.a));
}
