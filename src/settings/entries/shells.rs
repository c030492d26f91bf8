//! Entries: solid tops and bottoms, and bridges.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! shell_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Number of solid layers on top.
top_solid_layers: u32 = 4, {
    label: "Top layers", category: TopAndBottom, level: Simple, scope: Object, hard: range(0.0, 10_000.0),
    orca: &["top_shell_layers"], cura: &["top_layers"], search: &["roof", "shell"],
}

/// Number of solid layers at the bottom.
bottom_solid_layers: u32 = 4, {
    label: "Bottom layers", category: TopAndBottom, level: Simple, scope: Object, hard: range(0.0, 10_000.0),
    orca: &["bottom_shell_layers"], cura: &["bottom_layers"], search: &["floor", "shell"],
}

/// Top layers are added until the solid top is this thick.
top_solid_min_thickness: f64 = 0.7, {
    label: "Least top thickness", category: TopAndBottom, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 1000.0), soft: range(0.0, 10.0), orca: &["top_shell_thickness"], cura: &["top_thickness"],
    shown_when: when("there are top layers", |s| s.top_solid_layers > 0),
}

/// Bottom layers are added until the solid bottom is this thick.
bottom_solid_min_thickness: f64 = 0.5, {
    label: "Least bottom thickness", category: TopAndBottom, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 1000.0), soft: range(0.0, 10.0),
    orca: &["bottom_shell_thickness"], cura: &["bottom_thickness"],
    shown_when: when("there are bottom layers", |s| s.bottom_solid_layers > 0),
}

/// Make shells as thick as asked for along slopes too.
///
/// Without it only what a layer shows beyond its walls is solid, and the layers below or above that: slopes whose steps
/// are narrower than the walls may have holes.
ensure_vertical_shell_thickness: bool = true, {
    label: "Whole shells on slopes", category: TopAndBottom, level: Expert, scope: Object,
}

/// How top surfaces are filled.
///
/// Monotonic lines all lie against the line before from the same side, so that light falls evenly on the surface.
top_fill_pattern: SolidPattern = SolidPattern::Monotonic, {
    label: "Top pattern", category: TopAndBottom, level: Advanced, scope: Object,
    old: &["external_fill_pattern"], orca: &["top_surface_pattern"], cura: &["top_bottom_pattern"],
}

/// How bottom surfaces are filled.
bottom_fill_pattern: SolidPattern = SolidPattern::Monotonic, {
    label: "Bottom pattern", category: TopAndBottom, level: Advanced, scope: Object,
    orca: &["bottom_surface_pattern"], cura: &["top_bottom_pattern_0"],
}

/// Go over finished surfaces again with the hot nozzle and a little material, so that they become smooth.
ironing: bool = false, {
    label: "Ironing", category: TopAndBottom, level: Advanced, scope: Object, cura: &["ironing_enabled"],
    search: &["smooth top"],
}

/// Which surfaces are ironed.
ironing_type: IroningType = IroningType::Top, {
    label: "Ironed surfaces", category: TopAndBottom, level: Advanced, scope: Object,
    shown_when: when("ironing is on", |s| s.ironing), search: &["ironing_only_highest_layer"],
}

/// Share of the layer's material that ironing lays once more.
ironing_flowrate: f64 = 0.15, {
    label: "Ironing flow", category: TopAndBottom, level: Advanced, scope: Object, unit: Share,
    hard: range(0.0, 1.0), soft: range(0.02, 0.4), shown_when: when("ironing is on", |s| s.ironing),
    orca: &["ironing_flow"],
}

/// Distance of the lines that the nozzle goes in ironing.
ironing_spacing: f64 = 0.1, {
    label: "Ironing spacing", category: TopAndBottom, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.01, 10.0), soft: range(0.05, 0.4), shown_when: when("ironing is on", |s| s.ironing),
    cura: &["ironing_line_spacing"],
}

/// Speed of ironing.
ironing_speed: f64 = 15.0, {
    label: "Ironing", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(3.0, 200.0), shown_when: when("ironing is on", |s| s.ironing),
    cura: &["speed_ironing"],
}

/// Factor on the material in bridges.
bridge_flow_ratio: f64 = 1.0, {
    label: "Bridge flow", category: Bridges, level: Advanced, scope: Object, hard: range(0.1, 4.0),
    soft: range(0.6, 1.5), orca: &["bridge_flow"], search: &["bridge_wall_material_flow"],
}

/// Print bridges as round strands of the nozzle's diameter instead of flat roads.
thick_bridges: bool = true, {
    label: "Thick bridges", category: Bridges, level: Advanced, scope: Object,
}

/// Print the first solid layer over sparse infill as round strands of the nozzle's diameter instead of flat roads.
///
/// Strands span better where the infill is very sparse, but take more room than the layer has.
thick_internal_bridges: bool = false, {
    label: "Thick bridges over infill", category: Bridges, level: Expert, scope: Object,
}

/// Direction of all bridges, counter-clockwise from the x axis; 0 lets each find its own, 180 is along the x axis.
bridge_angle: f64 = 0.0, {
    label: "Bridge angle", category: Bridges, level: Expert, scope: Object, unit: Degree,
    hard: range(0.0, 180.0),
}

} } }
pub(super) use shell_settings;
