//! Entries: sparse infill.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! infill_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Areas of infill smaller than this are filled solid.
solid_infill_below_area: f64 = 10.0, {
    label: "Solid below area", category: Infill, level: Expert, scope: Object, unit: SquareMillimetre,
    hard: range(0.0, 1_000_000.0), soft: range(0.0, 200.0),
    orca: &["minimum_sparse_infill_area"], cura: &["min_infill_area"],
}

/// How much of the inside is filled.
///
/// 10 to 20 % carries the top surface of most things; more than 40 % adds weight and time rather than strength.
fill_density: f64 = 0.15, {
    label: "Infill density", category: Infill, level: Simple, scope: Object, unit: Share, hard: range(0.0, 1.0),
    orca: &["sparse_infill_density"], cura: &["infill_sparse_density"],
}

/// How the inside is filled.
fill_pattern: FillPattern = FillPattern::Grid, {
    label: "Infill pattern", category: Infill, level: Simple, scope: Object,
    orca: &["sparse_infill_pattern"], cura: &["infill_pattern"],
}

/// Direction of infill lines, counter-clockwise from the x axis.
fill_angle: f64 = 45.0, {
    label: "Infill angle", category: Infill, level: Advanced, scope: Object, unit: Degree,
    hard: range(-360.0, 360.0), orca: &["infill_direction"], search: &["rotation"],
}

/// Angles of infill lines layer by layer, in place of the infill angle and of what turns by itself.
///
/// Degrees, separated by commas, from the first layer on and over again: `0, 60, 120`. With a plus sign it is a turn against
/// the layer below: `+15`; with an asterisk it holds for several layers: `0*5, 90*5`. Patterns that are one shape through
/// all layers, such as cubic and gyroid, keep the infill angle.
fill_angle_template: String = "", {
    label: "Infill angles by layer", category: Infill, level: Expert, scope: Object,
    grammar: grammar("0, 60, 120", |text| AngleTemplate::parse(text).map(drop)),
    orca: &["sparse_infill_rotate_template"], cura: &["infill_angles"], search: &["rotation template"],
}

/// Fill so many layers in one go, with roads as high as all of them.
///
/// As far as the nozzle's diameter is not exceeded, and only where all of these layers are sparse. Saves time; not for
/// lightning and the cubes that become finer, which are another shape in every layer.
infill_every_layers: u32 = 1, {
    label: "Combine infill of layers", category: Infill, level: Advanced, scope: Object, hard: range(1.0, 100.0),
    soft: range(1.0, 10.0),
    cura: &["infill_sparse_combine"], search: &["infill_combination", "infill_sparse_thickness"],
}

/// How far infill reaches into the innermost wall, as a share of that wall's width.
///
/// At 0 infill just fills the room within the walls, up to their edge. What it reaches further is pressed into the wall: a
/// little makes both hold better, much more makes a ridge that shows on the outside. Solid infill reaches half as far,
/// since its lines end all along the wall.
infill_overlap: f64 = 0.1, {
    label: "Infill overlap", category: Infill, level: Advanced, scope: Object, unit: Share, hard: range(0.0, 1.0),
    soft: range(0.0, 0.6), share_of: Some(Key::perimeter_extrusion_width), orca: &["infill_wall_overlap"],
}

/// Print infill before walls.
infill_first: bool = false, {
    label: "Infill before walls", category: Infill, level: Expert, scope: Recipe,
    orca: &["is_infill_first"], cura: &["infill_before_walls"],
}

/// How far a line of infill that ends at a wall goes on along it, so that it holds.
///
/// A percentage is of the infill's width.
infill_anchor: f64 = Value::Percent(6.0), {
    label: "Infill anchor", category: Infill, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 1000.0), soft: range(0.0, 100.0), percent_of: Some(Key::infill_extrusion_width),
    search: &["anchor length"],
}

/// Lines of infill are joined along the wall where the way from one to the next is not longer than this.
///
/// 0 takes three times the distance between the lines: beyond that, a travel costs less time and no material. A percentage
/// is of the infill's width. With 0.01 mm nothing is joined and nothing anchored.
infill_anchor_max: f64 = 0.0, {
    label: "Longest infill link", category: Infill, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.01, 10_000.0), soft: range(0.01, 2000.0), percent_of: Some(Key::infill_extrusion_width),
    zero: rule("3 times infill_extrusion_width / fill_density", |r| {
        3.0 * r.number(Key::infill_extrusion_width) / r.number(Key::fill_density).max(0.001)
    }),
    search: &["zig_zaggify_infill", "connect infill lines"],
}

} } }
pub(super) use infill_settings;
