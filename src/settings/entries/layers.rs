//! Entries: layers, how models are read, and what surrounds the first layer.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! layer_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Height of every layer but the first.
///
/// Thin layers show less of the staircase on slopes and take longer. About half the nozzle's diameter is a good start;
/// three quarters of it is the most that still presses layers together.
layer_height: f64 = 0.2, {
    label: "Layer height", category: Layers, level: Simple, scope: Object, unit: Millimetre,
    hard: range(0.01, 2.0), soft: range(0.04, 0.6), search: &["quality", "resolution"],
}

/// Height of the first layer.
///
/// A thicker first layer forgives a plate that is not quite level.
first_layer_height: f64 = 0.2, {
    label: "First layer height", category: Layers, level: Simple, scope: Recipe, unit: Millimetre,
    hard: range(0.01, 2.0), soft: range(0.08, 0.6), percent_of: Some(Key::layer_height),
    zero: rule("layer_height", |r| r.number(Key::layer_height)),
    orca: &["initial_layer_print_height"], cura: &["layer_height_0"],
}

/// Layers are thin where the surface slopes gently and thick where it is steep.
///
/// Each layer is as high as the machine's limits allow while the steps between layers stay as small as the quality asks.
/// Flat surfaces and the top are met exactly. The layer height then only counts for rafts and supports.
adaptive_layer_height: bool = false, {
    label: "Adaptive layers", category: Layers, level: Simple, scope: Object,
    cura: &["adaptive_layer_height_enabled"], search: &["variable layer height", "cusp", "staircase", "dynamic"],
}

/// How fine adaptive layers are: 0 % prints fastest, 100 % shows the smallest steps.
///
/// Steps are measured at right angles to the surface. At 0 % they may be as high as the highest layer, at 100 % little more
/// than the lowest one; half way a slope of 45° gets about what a usual recipe would give it.
adaptive_layer_quality: f64 = 0.5, {
    label: "Quality", category: Layers, level: Simple, scope: Object, unit: Share, hard: range(0.0, 1.0),
    shown_when: when("layers are adaptive", |s| s.adaptive_layer_height),
}

/// Adaptive layers that follow each other differ by no more than this.
///
/// Sudden changes show as a line around the part.
adaptive_layer_step: f64 = 0.04, {
    label: "Largest change", category: Layers, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.001, 2.0), soft: range(0.01, 0.2), cura: &["adaptive_layer_height_variation_step"],
    search: &["smooth"], shown_when: when("layers are adaptive", |s| s.adaptive_layer_height),
}

/// Layer heights of their own between two heights, all in mm: `0-5: 0.1, 12-20: 0.3`.
///
/// Heights are in mm above the plate, or the raft. Outside of the ranges the layers are what they are without; those at a
/// range's ends are made to fit. The first layer keeps its height.
layer_height_ranges: String = "", {
    label: "Height ranges", category: Layers, level: Advanced, scope: Object, search: &["height range modifier"],
    grammar: grammar("0-5: 0.1", |text| parse_height_ranges(text).map(drop)),
}

/// The top and all flat surfaces are met exactly, by changing the last few layers below each a little.
///
/// Without, they are wrong by up to half a layer. Adaptive layers always meet them.
precise_z_height: bool = false, {
    label: "Precise height", category: Layers, level: Advanced, scope: Object, search: &["precise z", "tolerance"],
}

/// How overlapping and broken outlines are read.
///
/// Regular fills everything that any outline encloses. Even-odd makes outlines inside outlines alternate between solid
/// and empty, which some scaled toys need. Close holes fills all holes.
slicing_mode: SlicingMode = SlicingMode::Regular, {
    label: "Slicing mode", category: Layers, level: Expert, scope: Object,
    search: &["repair", "union", "mesh fixes"],
}

/// Cracks in outlines up to twice this wide are closed.
slice_closing_radius: f64 = 0.049, {
    label: "Gap closing radius", category: Layers, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.0, 0.5),
}

/// Outlines are simplified as long as they stay within this distance.
///
/// Detail finer than the machine can move only makes the file larger and starves slow controllers. 0 keeps everything.
resolution: f64 = 0.0125, {
    label: "Resolution", category: Layers, level: Expert, scope: Recipe, unit: Millimetre,
    hard: range(0.0001, 1.0), soft: range(0.001, 0.1), off: Some("every detail is kept"),
    cura: &["meshfix_maximum_deviation"],
    search: &["simplify", "tolerance"],
}

/// The first layer is shrunk by this on every side, against its being squeezed outwards.
elefant_foot_compensation: f64 = 0.1, {
    label: "Elephant foot compensation", category: Layers, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 5.0), soft: range(0.0, 0.6), old: &["elephant_foot_compensation"],
    search: &["elephant", "initial layer horizontal expansion"],
}

/// All outlines grow by this on every side, or shrink where it is negative.
xy_size_compensation: f64 = 0.0, {
    label: "XY size compensation", category: Layers, level: Expert, scope: Object, unit: Millimetre,
    hard: range(-10.0, 10.0), soft: range(-1.0, 1.0), cura: &["xy_offset"],
    search: &["horizontal expansion", "tolerance", "fit"],
}

/// Outer contours grow by this on every side, or shrink where it is negative; holes stay.
xy_contour_compensation: f64 = 0.0, {
    label: "XY contour compensation", category: Layers, level: Expert, scope: Object, unit: Millimetre,
    hard: range(-10.0, 10.0), soft: range(-1.0, 1.0), search: &["horizontal expansion", "tolerance", "fit"],
}

/// Holes grow by this on every side, or shrink where it is negative; outer contours stay.
///
/// Printed holes come out a little too narrow; about 0.1 mm makes bolts fit.
xy_hole_compensation: f64 = 0.0, {
    label: "XY hole compensation", category: Layers, level: Expert, scope: Object, unit: Millimetre,
    hard: range(-10.0, 10.0), soft: range(-1.0, 1.0), cura: &["hole_xy_offset"],
    search: &["hole horizontal expansion", "tolerance", "fit"],
}

/// Number of loops drawn around everything before the print, to get the filament flowing.
skirts: u32 = 1, {
    label: "Skirt loops", category: Adhesion, level: Simple, scope: Recipe, hard: range(0.0, 100.0),
    soft: range(0.0, 10.0), orca: &["skirt_loops"], cura: &["skirt_line_count"],
}

/// Distance from the skirt to the object, or to its brim.
skirt_distance: f64 = 6.0, {
    label: "Skirt distance", category: Adhesion, level: Advanced, scope: Recipe, unit: Millimetre,
    hard: range(0.0, 200.0), soft: range(0.0, 30.0), cura: &["skirt_gap"],
    shown_when: when("there is a skirt", |s| s.skirts > 0),
}

/// The skirt becomes a wall around the objects that keeps draughts off them: against warping.
///
/// It stands at the skirt's distance from the objects, not from their brim, which is left out where it would be in the
/// way; and it has as many loops as the skirt.
draft_shield: DraftShield = DraftShield::Disabled, {
    label: "Draught shield", category: Adhesion, level: Advanced, scope: Recipe, cura: &["draft_shield_enabled"],
    search: &["draft", "warping", "wind"], shown_when: when("there is a skirt", |s| s.skirts > 0),
}

/// Number of layers that have the skirt.
skirt_height: u32 = 1, {
    label: "Skirt height", category: Adhesion, level: Expert, scope: Recipe, hard: range(0.0, 10_000.0),
    shown_when: when("the skirt has a height of its own", |s| s.skirts > 0 && s.draft_shield != DraftShield::Enabled),
}

/// Loops are added until the skirt has used this much filament.
min_skirt_length: f64 = 4.0, {
    label: "Least skirt filament", category: Adhesion, level: Expert, scope: Recipe, unit: Millimetre,
    hard: range(0.0, 1000.0), soft: range(0.0, 100.0), orca: &["min_skirt_length_of_filament"],
    shown_when: when("there is a skirt", |s| s.skirts > 0),
}

/// Where the brim is laid: around the object, in its holes, or as discs at its sharp corners alone.
///
/// Ears hold the corners, where parts come off first, and are quickly removed.
brim_type: BrimType = BrimType::Outer, {
    label: "Brim", category: Adhesion, level: Simple, scope: Object, cura: &["brim_location"],
    search: &["mouse ears", "inside", "outside", "hole"], shown_when: when("there is a brim", |s| s.brim_width > 0.0),
}

/// Width of a single-layer rim around the object that helps it to stick; 0 for none.
///
/// Ears have it for their radius.
brim_width: f64 = 0.0, {
    label: "Brim width", category: Adhesion, level: Simple, scope: Object, unit: Millimetre,
    hard: range(0.0, 200.0), soft: range(0.0, 30.0), search: &["adhesion", "warping"],
}

/// Gap between the brim and the object, so that it comes off easily.
brim_separation: f64 = 0.0, {
    label: "Brim gap", category: Adhesion, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.0, 10.0), soft: range(0.0, 1.0), orca: &["brim_object_gap"], cura: &["brim_gap"],
    shown_when: when("there is a brim", has_brim),
}

/// Corners that enclose at most this angle have an ear; 180° gives one to every corner that points outwards.
brim_ears_max_angle: f64 = 125.0, {
    label: "Ears up to an angle of", category: Adhesion, level: Advanced, scope: Object, unit: Degree,
    hard: range(0.0, 180.0), soft: range(30.0, 150.0), search: &["mouse ears"],
    shown_when: when("the brim has ears", |s| has_brim(s) && s.brim_type == BrimType::Ears),
}

/// The angle of a corner is measured from this far before to this far behind it.
///
/// Roundings that are smaller do not hide a corner from the ears; outlines that are rounder have none. 0 takes each
/// corner of the outline by itself.
brim_ears_detection_length: f64 = 1.0, {
    label: "Ear detection length", category: Adhesion, level: Expert, scope: Object, unit: Millimetre,
    hard: range(0.0, 100.0), soft: range(0.0, 5.0), search: &["mouse ears", "radius"],
    shown_when: when("the brim has ears", |s| has_brim(s) && s.brim_type == BrimType::Ears),
}

} } }
pub(super) use layer_settings;
