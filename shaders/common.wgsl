// What every shader knows: the camera, the light, the build volume; and how a matt surface is lit.
// Colours arrive and leave as sRGB values; light is added up in linear space.

struct Globals {
    clip_from_plate: mat4x4f,
    // The eye; w is 1 in perspective. In an orthographic view: the direction towards it, w is 0.
    eye: vec4f,
    // Direction towards the key light in plate space; w: overhangs are shaded where a normal's z is below this.
    key_light: vec4f,
    // Width and height in pixels, pixels per point, height of the build volume.
    viewport: vec4f,
    // The build volume on the plate: x and y of the lower and of the upper corner,
    volume: vec4f,
    // or: centre x, centre y, radius; w: 0 no volume, 1 the rectangle, 2 the circle.
    cylinder: vec4f,
    // The part of the plate that the shadow's map shows: x and y of the lower and of the upper corner.
    shadow_area: vec4f,
    background_top: vec4f,
    background_bottom: vec4f,
    grid: vec4f,
    grid_strong: vec4f,
    selection: vec4f,
    hover: vec4f,
    danger: vec4f,
    overhang: vec4f,
    dimmed: vec4f,
}

@group(0) @binding(0) var<uniform> globals: Globals;

fn linear_from_srgb(color: vec3f) -> vec3f {
    return pow(color, vec3f(2.2));
}

fn srgb_from_linear(color: vec3f) -> vec3f {
    return pow(max(color, vec3f(0.0)), vec3f(1.0 / 2.2));
}

// Towards the eye from a place, length 1.
fn toward_eye(place: vec3f) -> vec3f {
    return normalize(globals.eye.xyz - place * globals.eye.w);
}

// A matt surface: one key light, a soft sky and ground, and a little from the eye so that nothing is ever black.
// `normal` faces the viewer.
fn lit(color: vec3f, normal: vec3f, view: vec3f) -> vec3f {
    let key = max(dot(normal, globals.key_light.xyz), 0.0);
    let sky = 0.5 + 0.5 * normal.z;
    let facing = max(dot(normal, view), 0.0);
    let light = 0.10 + 0.30 * sky * sky + 0.52 * key + 0.12 * facing;
    return srgb_from_linear(linear_from_srgb(color) * light);
}

// Whether a place on a surface lies outside of what the machine can reach.
fn outside(place: vec3f) -> bool {
    if globals.cylinder.w < 0.5 {
        return false;
    }
    if place.z < -0.01 || place.z > globals.viewport.w {
        return true;
    }
    if globals.cylinder.w > 1.5 {
        return distance(place.xy, globals.cylinder.xy) > globals.cylinder.z + 0.01;
    }
    return any(place.xy < globals.volume.xy - 0.01) || any(place.xy > globals.volume.zw + 0.01);
}

// Diagonal stripes in picture space: 1 on a stripe, 0 beside it.
fn stripes(pixel: vec2f) -> f32 {
    let width = 10.0 * globals.viewport.z;
    let place = abs(fract((pixel.x + pixel.y) / width) - 0.5) * width;
    return clamp(place - 0.25 * width + 0.5, 0.0, 1.0);
}
