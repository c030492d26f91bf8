// Models: one mesh placed by a matrix, lit matt; what lies outside of the build volume is hatched.

struct Vertex {
    @location(0) place: vec3f,
    // The file's colour of the triangle; alpha 0 where it has none.
    @location(1) color: vec4f,
}

struct Placed {
    // Rows of plate_from_mesh.
    @location(2) row_x: vec4f,
    @location(3) row_y: vec4f,
    @location(4) row_z: vec4f,
    @location(5) color: vec4f,
    // x: what to write into the mask; y: brightening under the cursor; z: 1 to hatch what is outside.
    @location(6) state: vec4f,
}

struct Out {
    @builtin(position) position: vec4f,
    @location(0) place: vec3f,
    @location(1) color: vec4f,
    @location(2) @interpolate(flat) state: vec4f,
}

@vertex
fn vertex(vertex: Vertex, placed: Placed) -> Out {
    let local = vec4f(vertex.place, 1.0);
    let place = vec3f(dot(placed.row_x, local), dot(placed.row_y, local), dot(placed.row_z, local));
    let color = select(placed.color, vec4f(vertex.color.rgb, placed.color.a), vertex.color.a > 0.5);
    return Out(globals.clip_from_plate * vec4f(place, 1.0), place, color, placed.state);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    // The facet's own normal, from how the place changes between pixels; turned to the viewer.
    let across = cross(dpdx(in.place), dpdy(in.place));
    let view = toward_eye(in.place);
    var normal = across / max(length(across), 1e-20);
    normal = select(-normal, normal, dot(normal, view) >= 0.0);
    var color = in.color.rgb;
    if normal.z < globals.key_light.w && in.place.z > 0.05 {
        color = mix(color, globals.overhang.rgb, 0.75);
    }
    color = lit(color, normal, view);
    color += in.state.y;
    if in.state.z > 0.5 && outside(in.place) {
        color = mix(color, globals.danger.rgb, mix(0.30, 0.85, stripes(in.position.xy)));
    }
    return vec4f(color, in.color.a);
}

// Into the mask that the outline is found in.
@fragment
fn mask(in: Out) -> @location(0) vec4f {
    return vec4f(in.state.x);
}
