// Small lit solids that are made on the CPU in plate space: gizmo handles and the nozzle.

struct Out {
    @builtin(position) position: vec4f,
    @location(0) place: vec3f,
    @location(1) normal: vec3f,
    @location(2) color: vec4f,
}

@vertex
fn vertex(@location(0) place: vec3f, @location(1) normal: vec3f, @location(2) color: vec4f) -> Out {
    return Out(globals.clip_from_plate * vec4f(place, 1.0), place, normal, color);
}

@fragment
fn fragment(in: Out) -> @location(0) vec4f {
    let view = toward_eye(in.place);
    let normal = normalize(in.normal);
    let shade = 0.72 + 0.28 * abs(dot(normal, view));
    return vec4f(in.color.rgb * shade, in.color.a);
}
