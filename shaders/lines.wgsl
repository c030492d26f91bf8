// Lines of constant width in pixels, with soft edges.

struct Line {
    @location(0) start: vec3f,
    @location(1) end: vec3f,
    @location(2) color: vec4f,
    @location(3) width_px: f32,
}

struct Out {
    @builtin(position) position: vec4f,
    @location(0) color: vec4f,
    // Pixels from the middle of the line, and half its width.
    @location(1) across: f32,
    @location(2) @interpolate(flat) half_width: f32,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, line: Line) -> Out {
    var a = globals.clip_from_plate * vec4f(line.start, 1.0);
    var b = globals.clip_from_plate * vec4f(line.end, 1.0);
    // What is behind the eye cannot be projected: the line ends just before it.
    let near = 0.01;
    if a.w < near && b.w < near {
        return Out(vec4f(2.0, 2.0, 2.0, 1.0), vec4f(0.0), 0.0, 0.0);
    }
    if a.w < near {
        a = mix(a, b, (near - a.w) / (b.w - a.w));
    } else if b.w < near {
        b = mix(b, a, (near - b.w) / (a.w - b.w));
    }
    let half_viewport = 0.5 * globals.viewport.xy;
    let along = b.xy / b.w * half_viewport - a.xy / a.w * half_viewport;
    let size = length(along);
    let direction = select(vec2f(1.0, 0.0), along / max(size, 1e-6), size > 1e-6);
    let half_width = 0.5 * line.width_px * globals.viewport.z;
    let side = f32(index & 1u) * 2.0 - 1.0;
    let at_end = index >= 2u;
    let reach = half_width + 1.0;
    let shift = vec2f(-direction.y, direction.x) * side * reach + direction * select(-0.5, 0.5, at_end);
    var place = a;
    if at_end {
        place = b;
    }
    // Divided here, so that what is interpolated is even in the picture and not in space.
    let seen = place.xyz / place.w + vec3f(shift / half_viewport, 0.0);
    return Out(vec4f(seen, 1.0), line.color, side * reach, half_width);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let cover = clamp(in.half_width + 0.5 - abs(in.across), 0.0, 1.0);
    return vec4f(in.color.rgb, in.color.a * cover);
}
