// The soft dark around whatever stands on the plate. Everything is seen from straight below on a square map of the
// plate: the closer to the plate, the darker. The map is blurred twice, along x and along y, and laid on the plate.

struct Placed {
    @location(2) row_x: vec4f,
    @location(3) row_y: vec4f,
    @location(4) row_z: vec4f,
}

struct Out {
    @builtin(position) position: vec4f,
    @location(0) height: f32,
}

@vertex
fn vertex(@location(0) place: vec3f, placed: Placed) -> Out {
    let local = vec4f(place, 1.0);
    let on_plate = vec2f(dot(placed.row_x, local), dot(placed.row_y, local));
    let size = globals.shadow_area.zw - globals.shadow_area.xy;
    let on_map = (on_plate - globals.shadow_area.xy) / size;
    return Out(vec4f(on_map.x * 2.0 - 1.0, 1.0 - on_map.y * 2.0, 0.5, 1.0), dot(placed.row_z, local));
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    return vec4f(exp2(-max(in.height, 0.0) / 10.0));
}
