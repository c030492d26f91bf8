//! Entries: supports under overhangs, and the raft.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! support_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Build supports under what would hang in the air.
support_material: bool = false, {
    label: "Supports", category: Support, level: Simple, scope: Object,
    orca: &["enable_support"], cura: &["support_enable"], search: &["overhang", "scaffold"],
}

/// Find by itself what needs support.
///
/// Off leaves the object without supports but for `support_material_enforce_layers`, as there are no areas drawn by hand
/// yet.
support_material_auto: bool = true, {
    label: "Find overhangs", category: Support, level: Advanced, scope: Object,
    shown_when: when("supports are on", |s| s.support_material),
}

/// In so many layers from the plate up, carry everything that reaches beyond the layer below, whatever its slope.
///
/// Also where supports are off, and where something would span as a bridge. It holds what stands on little.
support_material_enforce_layers: u32 = 0, {
    label: "Enforce on first layers", category: Support, level: Expert, scope: Object,
    hard: range(0.0, 5000.0), orca: &["enforce_support_layers"],
}

/// The most level slope that is still printed without support, measured from the horizontal.
///
/// 0 takes the slope at which half of the outer wall lies on the layer below.
support_material_threshold: f64 = 0.0, {
    label: "Overhang threshold", category: Support, level: Simple, scope: Object, unit: Degree,
    hard: range(0.0, 90.0), soft: range(0.0, 80.0), orca: &["support_threshold_angle"],
    search: &["overhang angle"], shown_when: when("supports are built", Settings::has_supports),
}

/// Shape of the supports.
///
/// Grid stands on the cells of a grid and is the most stable. Snug follows the overhang and saves material. Tree grows
/// branches that meet in trunks and go around the object; organic is the same with smooth branches.
support_material_style: SupportStyle = SupportStyle::Grid, {
    label: "Style", category: Support, level: Simple, scope: Object,
    orca: &["support_style"], cura: &["support_structure"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Supports stand on the build plate only, never on the object.
support_material_buildplate_only: bool = false, {
    label: "Build plate only", category: Support, level: Simple, scope: Object,
    orca: &["support_on_build_plate_only"], search: &["support_type", "everywhere"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// What spans from one side to another as a bridge gets no support.
dont_support_bridges: bool = true, {
    label: "No support under bridges", category: Support, level: Advanced, scope: Object,
    orca: &["bridge_no_support"], shown_when: when("supports are built", Settings::has_supports),
}

/// Distance between the object and supports beside it.
///
/// A percentage is of `external_perimeter_extrusion_width`.
support_material_xy_spacing: f64 = Value::Percent(0.5), {
    label: "Gap beside the object", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.1, 3.0), percent_of: Some(Key::external_perimeter_extrusion_width),
    orca: &["support_object_xy_distance"], cura: &["support_xy_distance"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Distance between the top of a support and the object above it.
///
/// A layer's height lets supports come off by hand; 0 makes them one with the object, for material that dissolves.
support_material_contact_distance: f64 = 0.2, {
    label: "Gap above supports", category: Support, level: Simple, scope: Object, unit: Millimetre,
    hard: range(0.0, 5.0), soft: range(0.0, 0.5), orca: &["support_top_z_distance"], cura: &["support_top_distance"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Distance between the object and the bottom of a support that stands on it.
///
/// 0 takes `support_material_contact_distance`.
support_material_bottom_contact_distance: f64 = 0.0, {
    label: "Gap below supports", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 5.0), soft: range(0.0, 0.5),
    zero: rule("support_material_contact_distance", |r| r.number(Key::support_material_contact_distance)),
    orca: &["support_bottom_z_distance"], cura: &["support_bottom_distance"],
    shown_when: when("supports stand on the object", |s| s.has_supports() && !s.support_material_buildplate_only),
}

/// How supports are filled.
support_material_pattern: SupportPattern = SupportPattern::Rectilinear, {
    label: "Pattern", category: Support, level: Advanced, scope: Object,
    orca: &["support_base_pattern"], cura: &["support_pattern"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Gap between the lines of a support.
support_material_spacing: f64 = 2.5, {
    label: "Pattern spacing", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 50.0), soft: range(0.5, 10.0), orca: &["support_base_pattern_spacing"],
    search: &["support_line_distance", "support density"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Direction of the lines of supports, counter-clockwise from the x axis; interfaces lie across them.
support_material_angle: f64 = 0.0, {
    label: "Pattern angle", category: Support, level: Expert, scope: Object, unit: Degree,
    hard: range(-360.0, 360.0), shown_when: when("supports are built", Settings::has_supports),
}

/// Put a wall around supports.
///
/// It makes them firmer and harder to take off. Thin columns always have it.
support_material_with_sheath: bool = true, {
    label: "Wall around supports", category: Support, level: Advanced, scope: Object,
    search: &["support_wall_count", "sheath"], shown_when: when("supports are built", Settings::has_supports),
}

/// Gaps in a snug support up to twice this wide are closed.
support_material_closing_radius: f64 = 2.0, {
    label: "Closing radius", category: Support, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.0, 20.0), soft: range(0.0, 5.0), shown_when: when("supports are snug", |s| {
        s.has_supports() && s.support_material_style == SupportStyle::Snug
    }),
}

/// Number of dense layers at the top of a support, under the object.
support_material_interface_layers: u32 = 3, {
    label: "Interface layers above", category: Support, level: Simple, scope: Object,
    hard: range(0.0, 100.0), soft: range(0.0, 6.0), orca: &["support_interface_top_layers"],
    search: &["support roof"], shown_when: when("supports are built", Settings::has_supports),
}

/// Number of dense layers at the bottom of a support that stands on the object.
///
/// -1 takes `support_material_interface_layers`.
support_material_bottom_interface_layers: f64 = -1.0, {
    label: "Interface layers below", category: Support, level: Advanced, scope: Object,
    hard: range(-1.0, 100.0), soft: range(-1.0, 6.0), orca: &["support_interface_bottom_layers"],
    search: &["support floor"], shown_when: when("supports stand on the object", |s| {
        s.has_supports() && !s.support_material_buildplate_only
    }),
}

/// How interfaces are filled.
support_material_interface_pattern: SupportInterfacePattern = SupportInterfacePattern::Rectilinear, {
    label: "Interface pattern", category: Support, level: Advanced, scope: Object,
    orca: &["support_interface_pattern"], cura: &["support_interface_pattern"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Gap between the lines of an interface; 0 makes it solid.
support_material_interface_spacing: f64 = 0.0, {
    label: "Interface spacing", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.0, 2.0), orca: &["support_interface_spacing"],
    shown_when: when("supports are built", Settings::has_supports),
}

/// Steepest lean of a tree's branches, measured from the vertical.
support_tree_angle: f64 = 40.0, {
    label: "Branch angle", category: Support, level: Advanced, scope: Object, unit: Degree,
    hard: range(5.0, 70.0), soft: range(20.0, 60.0), orca: &["tree_support_branch_angle"],
    shown_when: when("supports are trees", |s| s.has_supports() && s.support_material_style.is_tree()),
}

/// Diameter of a tree's branches at their tips.
support_tree_tip_diameter: f64 = 0.8, {
    label: "Tip diameter", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.1, 20.0), soft: range(0.4, 3.0), orca: &["tree_support_tip_diameter"],
    shown_when: when("supports are trees", |s| s.has_supports() && s.support_material_style.is_tree()),
}

/// Diameter of a tree's branches below their tips.
support_tree_branch_diameter: f64 = 2.0, {
    label: "Branch diameter", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.2, 50.0), soft: range(1.0, 10.0), orca: &["tree_support_branch_diameter"],
    shown_when: when("supports are trees", |s| s.has_supports() && s.support_material_style.is_tree()),
}

/// How fast a tree's branches become thicker on their way down: the angle between their axis and their side.
support_tree_branch_diameter_angle: f64 = 5.0, {
    label: "Branch taper", category: Support, level: Expert, scope: Object, unit: Degree,
    hard: range(0.0, 15.0), orca: &["tree_support_branch_diameter_angle"],
    shown_when: when("supports are trees", |s| s.has_supports() && s.support_material_style.is_tree()),
}

/// Distance between the tips of a tree's branches.
///
/// Dense interfaces bridge from tip to tip; without them tips should be closer.
support_tree_branch_distance: f64 = 3.0, {
    label: "Tip distance", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.3, 50.0), soft: range(0.8, 10.0), orca: &["tree_support_branch_distance"],
    shown_when: when("supports are trees", |s| s.has_supports() && s.support_material_style.is_tree()),
}

/// Layers of a raft, on which the object stands instead of on the plate; 0 for none.
///
/// A raft evens out a bad plate and holds what has little to stand on.
raft_layers: u32 = 0, {
    label: "Raft layers", category: Support, level: Simple, scope: Object,
    hard: range(0.0, 100.0), soft: range(0.0, 10.0),
}

/// Distance between the raft and the object on it.
raft_contact_distance: f64 = 0.1, {
    label: "Gap above the raft", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 5.0), soft: range(0.0, 0.5), cura: &["raft_airgap"],
    shown_when: when("there is a raft", |s| s.raft_layers > 0),
}

/// The raft reaches beyond the object and its supports by this.
raft_expansion: f64 = 1.5, {
    label: "Raft expansion", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 50.0), soft: range(0.0, 10.0), cura: &["raft_margin"],
    shown_when: when("there is a raft", |s| s.raft_layers > 0),
}

/// How densely the first layer of supports or raft is filled.
raft_first_layer_density: f64 = 0.9, {
    label: "First layer density", category: Support, level: Advanced, scope: Object, unit: Share,
    hard: range(0.1, 1.0), shown_when: when("there are supports or a raft", |s| {
        s.has_supports() || s.raft_layers > 0
    }),
}

/// The first layer of supports or raft grows by this on every side, to hold on to the plate.
raft_first_layer_expansion: f64 = 3.0, {
    label: "First layer expansion", category: Support, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 50.0), soft: range(0.0, 10.0),
    shown_when: when("there are supports or a raft", |s| {
        s.has_supports() || s.raft_layers > 0
    }),
}

/// Width of the roads of supports and their interfaces.
///
/// 0 takes `extrusion_width` where that is given, else the nozzle's diameter. A percentage is of the layer's height.
support_material_extrusion_width: f64 = 0.0, {
    label: "Support width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width where given, else nozzle_diameter", |r| {
        r.number(if r.is_zero(Key::extrusion_width) { Key::nozzle_diameter } else { Key::extrusion_width })
    }),
    orca: &["support_line_width"], cura: &["support_line_width"],
}

/// Speed of supports.
support_material_speed: f64 = 60.0, {
    label: "Supports", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), orca: &["support_speed"], cura: &["speed_support_infill"],
}

/// Speed of the interfaces of supports. A percentage is of `support_material_speed`.
support_material_interface_speed: f64 = Value::Percent(1.0), {
    label: "Support interfaces", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), percent_of: Some(Key::support_material_speed),
    orca: &["support_interface_speed"], cura: &["speed_support_interface"],
}

} } }
pub(super) use support_settings;
