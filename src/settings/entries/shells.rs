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

/// Factor on the material in bridges.
bridge_flow_ratio: f64 = 1.0, {
    label: "Bridge flow", category: Bridges, level: Advanced, scope: Object, hard: range(0.1, 4.0),
    soft: range(0.6, 1.5), orca: &["bridge_flow"], search: &["bridge_wall_material_flow"],
}

/// Print bridges as round strands of the nozzle's diameter instead of flat roads.
thick_bridges: bool = true, {
    label: "Thick bridges", category: Bridges, level: Advanced, scope: Object,
}

} } }
pub(super) use shell_settings;
