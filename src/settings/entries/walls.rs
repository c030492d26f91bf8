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

/// In which order the walls around one contour are printed.
///
/// The outer wall first is truer to size and worse on overhangs.
wall_sequence: WallSequence = WallSequence::InnerOuter, {
    label: "Wall order", category: Walls, level: Advanced, scope: Object, old: &["external_perimeters_first"],
    orca: &["wall_sequence"], cura: &["inset_direction"], search: &["outer wall first", "inset"],
}

/// Only one wall on the first layer, so that its infill shows to the edge.
only_one_perimeter_first_layer: bool = false, {
    label: "One wall on the first layer", category: Walls, level: Advanced, scope: Object,
    orca: &["only_one_wall_first_layer"], shown_when: when("there is more than one wall", |s| s.perimeters > 1),
}

/// Only one wall around surfaces that are seen from above, so that their infill shows to the edge.
top_one_perimeter_type: SingleWallOnTop = SingleWallOnTop::Nowhere, {
    label: "One wall on top", category: Walls, level: Advanced, scope: Object, orca: &["only_one_wall_top"],
    search: &["single perimeter"], shown_when: when("there is more than one wall", |s| s.perimeters > 1),
}

/// One wall more on every other layer: infill then lies between walls above and below it and holds them better.
alternate_extra_wall: bool = false, {
    label: "Alternate extra wall", category: Walls, level: Advanced, scope: Object, cura: &["alternate_extra_perimeter"],
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

/// Which walls are laid: all of full width, or of a width and number that change with the part's thickness.
///
/// Where needed, each part of a layer is looked at by itself: full width where that fills it, else changing width, so
/// that thin text and tapering ribs print whole.
perimeter_generator: WallGenerator = WallGenerator::Automatic, {
    label: "Wall generator", category: Walls, level: Advanced, scope: Object, orca: &["wall_generator"],
    search: &["arachne", "variable width", "thin text"],
}

/// Walls of changing width leave out parts thinner than this.
///
/// A percentage is of the nozzle's diameter.
min_feature_size: f64 = Value::Percent(0.25), {
    label: "Thinnest part", category: Walls, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.02, 1.0), percent_of: Some(Key::nozzle_diameter),
    shown_when: when("walls may change their width", |s| s.perimeter_generator != WallGenerator::Classic),
}

/// No wall of changing width is narrower than this.
///
/// Thinner parts are printed this wide. A percentage is of the nozzle's diameter.
min_bead_width: f64 = Value::Percent(0.6), {
    label: "Narrowest wall", category: Walls, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.01, 10.0), soft: range(0.1, 1.0), percent_of: Some(Key::nozzle_diameter),
    cura: &["min_wall_line_width"],
    shown_when: when("walls may change their width", |s| s.perimeter_generator != WallGenerator::Classic),
}

/// The way over which walls of changing width swing to their new places where their number changes.
///
/// A percentage is of the nozzle's diameter.
wall_transition_length: f64 = Value::Percent(1.0), {
    label: "Transition length", category: Walls, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.1, 2.0), percent_of: Some(Key::nozzle_diameter),
    shown_when: when("walls may change their width", |s| s.perimeter_generator != WallGenerator::Classic),
}

/// Print one continuous wall that rises all the time, on a solid bottom: for vases.
///
/// There is no seam, no top and no infill, so the object has to be one closed outline on every layer.
spiral_vase: bool = false, {
    label: "Spiral vase", category: Walls, level: Simple, scope: Recipe,
    orca: &["spiral_mode"], cura: &["magic_spiralize"], search: &["spiralise", "vase mode"],
}

/// A spiral vase rises evenly in X and Y too, so that slopes have no steps.
///
/// Without, each turn keeps the shape of its layer, and the change to the next one shows as a line.
spiral_vase_smooth: bool = true, {
    label: "Smooth spiral", category: Walls, level: Advanced, scope: Recipe,
    orca: &["spiral_mode_smooth"], cura: &["smooth_spiralized_contours"],
    shown_when: when("a spiral vase is printed", |s| s.spiral_vase),
}

/// Walls jitter, so that the surface is rough.
///
/// Rough surfaces hide layers and give a better grip; they are not true to size. Walls in the air jitter too.
fuzzy_skin: FuzzySkin = FuzzySkin::Nowhere, {
    label: "Fuzzy skin", category: Walls, level: Advanced, scope: Object, cura: &["magic_fuzzy_skin_enabled"],
    search: &["rough", "jitter", "texture"],
}

/// Walls jitter by at most this to either side.
fuzzy_skin_thickness: f64 = 0.3, {
    label: "Thickness of fuzzy skin", category: Walls, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.05, 0.6), cura: &["magic_fuzzy_skin_thickness"],
    shown_when: when("walls jitter", |s| s.fuzzy_skin != FuzzySkin::Nowhere),
}

/// Walls that jitter turn about this often along their way.
fuzzy_skin_point_dist: f64 = 0.8, {
    label: "Fuzzy skin point distance", category: Walls, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 100.0), soft: range(0.2, 5.0), orca: &["fuzzy_skin_point_distance"],
    cura: &["magic_fuzzy_skin_point_dist"], shown_when: when("walls jitter", |s| s.fuzzy_skin != FuzzySkin::Nowhere),
}

/// Walls of the first layer jitter too.
///
/// A smooth one sticks better to the plate.
fuzzy_skin_first_layer: bool = false, {
    label: "Fuzzy first layer", category: Walls, level: Advanced, scope: Object,
    shown_when: when("walls jitter", |s| s.fuzzy_skin != FuzzySkin::Nowhere),
}

/// What stays open where a loop closes, so that its end makes no blob. A percentage is of the nozzle's diameter.
seam_gap: f64 = Value::Percent(0.15), {
    label: "Seam gap", category: Walls, level: Expert, scope: Object, unit: Millimetre, hard: range(0.0, 5.0),
    soft: range(0.0, 0.5), percent_of: Some(Key::nozzle_diameter), search: &["blob", "zipper"],
}

/// The filament is pushed forward again a road's width inside of an outer loop, not where that begins.
///
/// What comes out too early is then not seen.
wipe_before_external_loop: bool = false, {
    label: "Wipe before outer loops", category: Walls, level: Expert, scope: Object, search: &["blob", "seam"],
}

/// Where loops begin, which leaves a small mark.
seam_position: SeamPosition = SeamPosition::Aligned, {
    label: "Seam", category: Walls, level: Simple, scope: Object, cura: &["z_seam_type"],
    search: &["zipper", "blob", "z seam alignment"],
}

/// Loops begin as a ramp and end on it, so that they have no step where they close.
///
/// Over its length the ramp rises from the layer below to the top of the layer, and the loop's end fills what it has left
/// free. The first layer has none.
scarf_seam_placement: ScarfPlacement = ScarfPlacement::Nowhere, {
    label: "Scarf seam", category: Walls, level: Advanced, scope: Object, orca: &["seam_slope_type"],
    search: &["scarf joint", "seam slope", "z seam"],
}

/// Loops whose seam lies at a corner close as usual: a corner hides it better.
scarf_seam_only_on_smooth: bool = true, {
    label: "Scarf on smooth walls only", category: Walls, level: Advanced, scope: Object,
    orca: &["seam_slope_conditional"], shown_when: when("loops have scarf seams", has_scarf),
}

/// A wall is smooth where its sides enclose at least this.
scarf_angle_threshold: f64 = 155.0, {
    label: "Smooth from an angle of", category: Walls, level: Expert, scope: Object, unit: Degree,
    hard: range(0.0, 180.0),
    shown_when: when("scarf seams are on smooth walls only", |s| has_scarf(s) && s.scarf_seam_only_on_smooth),
}

/// Where the ramp begins. A percentage is of the layer's height.
scarf_seam_start_height: f64 = 0.0, {
    label: "Scarf start height", category: Walls, level: Expert, scope: Object, unit: Share, hard: range(0.0, 0.95),
    share_of: Some(Key::layer_height), orca: &["seam_slope_start_height"],
    shown_when: when("loops have scarf seams", has_scarf),
}

/// Length of the ramp. Shorter loops are one ramp all around.
scarf_seam_length: f64 = 20.0, {
    label: "Scarf length", category: Walls, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.1, 1000.0), soft: range(5.0, 50.0), orca: &["seam_slope_min_length"],
    shown_when: when("the ramp has a length of its own", |s| has_scarf(s) && !s.scarf_seam_entire_loop),
}

/// The ramp goes all around the loop.
scarf_seam_entire_loop: bool = false, {
    label: "Scarf around the whole loop", category: Walls, level: Expert, scope: Object,
    orca: &["seam_slope_entire_loop"], shown_when: when("loops have scarf seams", has_scarf),
}

/// The ramp is laid in pieces of at most this length, each with a flow of its own.
scarf_seam_max_segment_length: f64 = 1.0, {
    label: "Longest piece of a scarf", category: Walls, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.1, 100.0), soft: range(0.3, 5.0), shown_when: when("loops have scarf seams", has_scarf),
}

/// Inner walls have scarf seams too.
scarf_seam_on_inner_perimeters: bool = false, {
    label: "Scarf on inner walls", category: Walls, level: Advanced, scope: Object,
    orca: &["seam_slope_inner_walls"], shown_when: when("loops have scarf seams", has_scarf),
}

} } }
pub(super) use wall_settings;
