// Roads of material as beads: each straight piece is a prism with a rhombic section, as wide and as high as the road,
// shaded as if it were round. Of its four faces exactly two can be seen from anywhere, so only those two are drawn, and
// a pyramid at each end that closes corners.

// Roles up to this one are walls.
const LAST_WALL: u32 = 2u;

struct Bead {
    @location(0) start: vec3f,
    @location(1) end: vec3f,
    // Width and height in thousandths of a millimetre.
    @location(2) size: vec2u,
    // Role, tool, flags (1: point at the start, 2: point at the end).
    @location(3) kind: vec4u,
    @location(4) color: vec4f,
}

struct Part {
    // Bit by role: whether it is shown.
    shown: u32,
    // How far the colours fade.
    dim: f32,
    // Beads are this many times as high: where layers are left out, the others fill in.
    stretch: f32,
    unused: f32,
}

@group(1) @binding(0) var<uniform> part: Part;

struct Out {
    @builtin(position) position: vec4f,
    @location(0) place: vec3f,
    @location(1) normal: vec3f,
    @location(2) color: vec3f,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, bead: Bead) -> Out {
    if (part.shown >> bead.kind.x & 1u) == 0u {
        return Out(vec4f(2.0, 2.0, 2.0, 1.0), vec3f(0.0), vec3f(0.0), vec3f(0.0));
    }
    let half_width = f32(bead.size.x) * 0.0005;
    let half_height = f32(bead.size.y) * 0.0005 * part.stretch;
    let down = vec3f(0.0, 0.0, half_height);
    let path = bead.end - bead.start;
    let path_length = length(path);
    let along = select(vec3f(1.0, 0.0, 0.0), path / max(path_length, 1e-9), path_length > 1e-6);
    let level = cross(along, vec3f(0.0, 0.0, 1.0));
    var side = select(vec3f(1.0, 0.0, 0.0), normalize(level), length(level) > 1e-4);
    var up = cross(side, along);
    let to_eye = globals.eye.xyz - (bead.start - down) * globals.eye.w;
    side *= select(-1.0, 1.0, dot(to_eye, side) >= 0.0);
    up *= select(-1.0, 1.0, dot(to_eye, up) >= 0.0);
    // Both faces beside the top (or bottom) corner are seen, or both beside the side corner: never a third.
    let from_above = half_width * dot(to_eye, up) > half_height * dot(to_eye, side);
    let front = select(side * half_width, up * half_height, from_above);
    let rim = select(up * half_height, side * half_width, from_above);
    let at_end = index >= 4u;
    let corner = index & 3u;
    var offset = front;
    var normal = select(side, up, from_above);
    if corner == 0u {
        offset = -rim;
        normal = -select(up, side, from_above);
    } else if corner == 2u {
        offset = rim;
        normal = select(up, side, from_above);
    } else if corner == 3u {
        let pointed = (bead.kind.z >> select(0u, 1u, at_end) & 1u) != 0u;
        let outward = along * select(-1.0, 1.0, at_end);
        offset = outward * select(0.0, half_width, pointed);
        normal = normalize(normal + outward * 0.6);
    }
    let place = select(bead.start, bead.end, at_end) - down + offset;
    let position = globals.clip_from_plate * vec4f(place, 1.0);
    // Where a layer is only a few pixels high, its own rounding would only shimmer: there it is shaded as the
    // surface that it is part of, a wall from the side, anything else from above.
    let scale = vec3f(globals.clip_from_plate[0][1], globals.clip_from_plate[1][1], globals.clip_from_plate[2][1]);
    let pixels_high = half_height * length(scale) * globals.viewport.y / max(position.w, 1e-6);
    let far = 0.85 * (1.0 - smoothstep(1.5, 6.0, pixels_high));
    let surface = select(up, normalize(side + 0.35 * up), bead.kind.x <= LAST_WALL);
    return Out(position, place, mix(normal, surface, far), bead.color.rgb);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let view = toward_eye(in.place);
    // Turned a little to the viewer: a valley between two roads gets dark, not black.
    let normal = normalize(normalize(in.normal) + 0.22 * view);
    let color = lit(in.color, normal, view);
    return vec4f(mix(color, globals.dimmed.rgb, part.dim), 1.0);
}
