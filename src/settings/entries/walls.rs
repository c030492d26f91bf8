//! Entries: walls.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! wall_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Number of walls around each layer.
///
/// Walls make a part strong more than infill does: three or four for parts that bear a load.
perimeters: u32 = 2, {
    label: "Walls", category: Walls, level: Simple, scope: Object, hard: range(0.0, 1000.0), soft: range(1.0, 20.0),
    orca: &["wall_loops"], cura: &["wall_line_count"], search: &["perimeters", "shells", "loops"],
}

/// Print the outer wall before the inner ones.
///
/// More true to size, worse on overhangs.
external_perimeters_first: bool = false, {
    label: "Outer wall first", category: Walls, level: Advanced, scope: Object, search: &["wall order", "inset"],
}

/// Print parts that are too thin for two roads as one road.
thin_walls: bool = true, {
    label: "Print thin walls", category: Walls, level: Advanced, scope: Object,
    orca: &["detect_thin_wall"], cura: &["fill_outline_gaps"],
}

/// Fill the gaps that are left between walls.
gap_fill_enabled: bool = true, {
    label: "Fill gaps between walls", category: Walls, level: Advanced, scope: Object,
}

/// Print one continuous wall that rises all the time, on a solid bottom: for vases.
///
/// There is no seam, no top and no infill, so the object has to be one closed outline on every layer.
spiral_vase: bool = false, {
    label: "Spiral vase", category: Walls, level: Simple, scope: Recipe,
    orca: &["spiral_mode"], cura: &["magic_spiralize"], search: &["spiralise", "vase mode"],
}

/// Where loops begin, which leaves a small mark.
seam_position: SeamPosition = SeamPosition::Aligned, {
    label: "Seam", category: Walls, level: Simple, scope: Object, cura: &["z_seam_type"],
    search: &["zipper", "blob", "z seam alignment"],
}

} } }
pub(super) use wall_settings;
