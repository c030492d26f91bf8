//! Entries: how wide roads are, how fast they are laid and with what acceleration, and travel.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! road_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Width of every road for which no width of its own is given.
///
/// 0 takes 1.125 times the nozzle's diameter. A percentage is of the layer's height.
extrusion_width: f64 = 0.0, {
    label: "Road width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("1.125 times nozzle_diameter", |r| 1.125 * r.number(Key::nozzle_diameter)),
    orca: &["line_width"], cura: &["line_width"], search: &["extrusion width"],
}

/// Width of the roads of the first layer.
///
/// 0 takes `extrusion_width`. A percentage is of the first layer's height.
first_layer_extrusion_width: f64 = 0.0, {
    label: "First layer width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::first_layer_height),
    zero: rule("extrusion_width", |r| r.number(Key::extrusion_width)),
    orca: &["initial_layer_line_width"],
}

/// Width of the outer wall.
///
/// 0 takes `extrusion_width`. A percentage is of the layer's height.
external_perimeter_extrusion_width: f64 = 0.0, {
    label: "Outer wall width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width", |r| r.number(Key::extrusion_width)),
    orca: &["outer_wall_line_width"], cura: &["wall_line_width_0"],
}

/// Width of the inner walls.
///
/// 0 takes `extrusion_width`. A percentage is of the layer's height.
perimeter_extrusion_width: f64 = 0.0, {
    label: "Inner wall width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width", |r| r.number(Key::extrusion_width)),
    orca: &["inner_wall_line_width"], cura: &["wall_line_width_x"],
}

/// Width of sparse infill.
///
/// 0 takes `extrusion_width`. A percentage is of the layer's height.
infill_extrusion_width: f64 = 0.0, {
    label: "Infill width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width", |r| r.number(Key::extrusion_width)),
    orca: &["sparse_infill_line_width"], cura: &["infill_line_width"],
}

/// Width of solid infill.
///
/// 0 takes `extrusion_width`. A percentage is of the layer's height.
solid_infill_extrusion_width: f64 = 0.0, {
    label: "Solid infill width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width", |r| r.number(Key::extrusion_width)),
    orca: &["internal_solid_infill_line_width"], cura: &["skin_line_width"],
}

/// Width of the roads on top surfaces.
///
/// 0 takes `extrusion_width` where that is given, else the nozzle's diameter, since narrow roads make a smoother top. A
/// percentage is of the layer's height.
top_infill_extrusion_width: f64 = 0.0, {
    label: "Top surface width", category: RoadWidths, level: Advanced, scope: Object, unit: Millimetre,
    hard: range(0.05, 10.0), percent_of: Some(Key::layer_height),
    zero: rule("extrusion_width where given, else nozzle_diameter", |r| {
        r.number(if r.is_zero(Key::extrusion_width) { Key::nozzle_diameter } else { Key::extrusion_width })
    }),
    orca: &["top_surface_line_width"],
}

/// Speed of the inner walls.
perimeter_speed: f64 = 60.0, {
    label: "Inner walls", category: Speed, level: Simple, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), orca: &["inner_wall_speed"], cura: &["speed_wall_x"],
    search: &["print speed", "perimeter"],
}

/// Speed of the outer wall, which is seen. A percentage is of `perimeter_speed`.
external_perimeter_speed: f64 = 40.0, {
    label: "Outer wall", category: Speed, level: Simple, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), percent_of: Some(Key::perimeter_speed),
    orca: &["outer_wall_speed"], cura: &["speed_wall_0"], search: &["external perimeter"],
}

/// Speed of small loops, those with a radius up to 6.5 mm. A percentage is of `perimeter_speed`.
small_perimeter_speed: f64 = 25.0, {
    label: "Small walls", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(3.0, 600.0), percent_of: Some(Key::perimeter_speed),
    cura: &["small_feature_speed"],
}

/// Speed of sparse infill.
infill_speed: f64 = 80.0, {
    label: "Infill", category: Speed, level: Simple, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), orca: &["sparse_infill_speed"], cura: &["speed_infill"],
}

/// Speed of solid infill. A percentage is of `infill_speed`.
solid_infill_speed: f64 = 70.0, {
    label: "Solid infill", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), percent_of: Some(Key::infill_speed),
    orca: &["internal_solid_infill_speed"], cura: &["speed_topbottom"],
}

/// Speed of top surfaces. A percentage is of `solid_infill_speed`.
top_solid_infill_speed: f64 = 40.0, {
    label: "Top surfaces", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(5.0, 600.0), percent_of: Some(Key::solid_infill_speed),
    orca: &["top_surface_speed"], cura: &["speed_roofing"],
}

/// Speed at which gaps between walls are filled. A percentage is of `perimeter_speed`.
gap_fill_speed: f64 = 35.0, {
    label: "Gap fill", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(3.0, 600.0), percent_of: Some(Key::perimeter_speed),
    orca: &["gap_infill_speed"], shown_when: when("gaps are filled", |s| s.gap_fill_enabled),
}

/// Speed of bridges.
bridge_speed: f64 = 30.0, {
    label: "Bridges", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(3.0, 200.0), cura: &["bridge_skin_speed"],
}

/// Print walls with nothing below them as bridges, with the speed, acceleration and fan of bridges.
overhangs: bool = true, {
    label: "Bridging walls", category: Speed, level: Advanced, scope: Object, orca: &["detect_overhang_wall"],
    search: &["overhang wall"],
}

/// Slow walls down that hang over the layer below, each piece by how much of its width has nothing below it.
enable_dynamic_overhang_speeds: bool = true, {
    label: "Slow overhangs", category: Speed, level: Advanced, scope: Object, orca: &["enable_overhang_speed"],
}

/// Highest speed of walls of which more than 75 % has nothing below; 0 for that of the wall.
///
/// A percentage is of `external_perimeter_speed`. Where the wall has nothing below at all, it is a bridge.
overhang_speed_0: f64 = Value::Percent(0.4), {
    label: "Overhangs of 75 to 100 %", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(1.0, 200.0), off: Some("the speed of the wall"),
    percent_of: Some(Key::external_perimeter_speed),
    orca: &["overhang_4_4_speed"],
    shown_when: when("overhangs are slowed", |s| s.enable_dynamic_overhang_speeds),
}

/// Highest speed of walls of which 50 to 75 % has nothing below; 0 for that of the wall.
///
/// A percentage is of `external_perimeter_speed`.
overhang_speed_1: f64 = Value::Percent(0.5), {
    label: "Overhangs of 50 to 75 %", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(1.0, 200.0), off: Some("the speed of the wall"),
    percent_of: Some(Key::external_perimeter_speed),
    orca: &["overhang_3_4_speed"],
    shown_when: when("overhangs are slowed", |s| s.enable_dynamic_overhang_speeds),
}

/// Highest speed of walls of which 25 to 50 % has nothing below; 0 for that of the wall.
///
/// A percentage is of `external_perimeter_speed`.
overhang_speed_2: f64 = Value::Percent(0.8), {
    label: "Overhangs of 25 to 50 %", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(1.0, 200.0), off: Some("the speed of the wall"),
    percent_of: Some(Key::external_perimeter_speed),
    orca: &["overhang_2_4_speed"],
    shown_when: when("overhangs are slowed", |s| s.enable_dynamic_overhang_speeds),
}

/// Highest speed of walls of which 10 to 25 % has nothing below; 0 for that of the wall.
///
/// A percentage is of `external_perimeter_speed`.
overhang_speed_3: f64 = 0.0, {
    label: "Overhangs up to 25 %", category: Speed, level: Advanced, scope: Object, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(1.0, 200.0), off: Some("the speed of the wall"),
    percent_of: Some(Key::external_perimeter_speed),
    orca: &["overhang_1_4_speed"],
    shown_when: when("overhangs are slowed", |s| s.enable_dynamic_overhang_speeds),
}

/// Slow walls down over edges that will have curled up, as overhangs are, so that the nozzle does not hit them hard.
///
/// How far edges curl is an estimate from how far, and over how many layers, the walls below hang out.
slowdown_for_curled_perimeters: bool = false, {
    label: "Slow over curled edges", category: Speed, level: Advanced, scope: Object, search: &["curling", "warping"],
    shown_when: when("overhangs are slowed", |s| s.enable_dynamic_overhang_speeds),
}

/// Speed of everything on the first layer. A percentage is of `perimeter_speed`.
first_layer_speed: f64 = 25.0, {
    label: "First layer", category: Speed, level: Simple, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.1, 2000.0), soft: range(3.0, 200.0), percent_of: Some(Key::perimeter_speed),
    orca: &["initial_layer_speed"], cura: &["speed_layer_0"],
}

/// Speed of moves without extrusion.
travel_speed: f64 = 150.0, {
    label: "Travel", category: Speed, level: Simple, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(1.0, 3000.0), soft: range(20.0, 1000.0), cura: &["speed_travel"],
}

/// Speed of moves up and down.
///
/// 0 takes `travel_speed`, or `machine_max_feedrate_z` where that is less.
travel_speed_z: f64 = 0.0, {
    label: "Travel up and down", category: Speed, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.1, 1000.0), soft: range(1.0, 200.0), cura: &["speed_z_hop"],
    zero: rule("travel_speed, at most machine_max_feedrate_z", |r| {
        r.number(Key::travel_speed).min(r.number(Key::machine_max_feedrate_z))
    }),
}

/// Roads are slowed so that no more than this is melted per second; 0 for no limit.
max_volumetric_speed: f64 = 0.0, {
    label: "Most melted per second", category: Speed, level: Expert, scope: Recipe, unit: CubicMillimetrePerSecond,
    hard: range(0.05, 1000.0), soft: range(1.0, 60.0), off: Some("no limit"),
    search: &["volumetric", "flow rate limit"],
}

/// Fastest change of the flow between roads that follow each other, in both directions; 0 for any.
///
/// Roads are slowed before and behind a border between fast and slow, so that the pressure in the nozzle can follow and
/// neither too much nor too little is laid there. Some 100 to 300 suit most hot ends.
max_volumetric_extrusion_rate_slope: f64 = 0.0, {
    label: "Change of flow", category: Speed, level: Expert, scope: Recipe, unit: CubicMillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(10.0, 2000.0), off: Some("any change"),
    search: &["extrusion rate smoothing", "pressure equalizer", "ERS"],
}

/// Fastest rise of the flow between roads that follow each other; 0 takes `max_volumetric_extrusion_rate_slope`.
max_volumetric_extrusion_rate_slope_positive: f64 = 0.0, {
    label: "Rise of flow", category: Speed, level: Expert, scope: Recipe, unit: CubicMillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(10.0, 2000.0),
    zero: rule("max_volumetric_extrusion_rate_slope", |r| r.number(Key::max_volumetric_extrusion_rate_slope)),
}

/// Fastest fall of the flow between roads that follow each other; 0 takes `max_volumetric_extrusion_rate_slope`.
max_volumetric_extrusion_rate_slope_negative: f64 = 0.0, {
    label: "Fall of flow", category: Speed, level: Expert, scope: Recipe, unit: CubicMillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(10.0, 2000.0),
    zero: rule("max_volumetric_extrusion_rate_slope", |r| r.number(Key::max_volumetric_extrusion_rate_slope)),
}

/// Acceleration where none of its own is given; 0 leaves the machine's.
default_acceleration: f64 = 1000.0, {
    label: "Default", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0), off: Some("the machine's own"),
    cura: &["acceleration_print"],
}

/// Acceleration of inner walls; 0 takes `default_acceleration`.
perimeter_acceleration: f64 = 800.0, {
    label: "Inner walls", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("default_acceleration", |r| r.number(Key::default_acceleration)),
    orca: &["inner_wall_acceleration"], cura: &["acceleration_wall_x"],
}

/// Acceleration of the outer wall; 0 takes `perimeter_acceleration`.
external_perimeter_acceleration: f64 = 0.0, {
    label: "Outer wall", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("perimeter_acceleration", |r| r.number(Key::perimeter_acceleration)),
    orca: &["outer_wall_acceleration"], cura: &["acceleration_wall_0"],
}

/// Acceleration of sparse infill; 0 takes `default_acceleration`.
infill_acceleration: f64 = 1000.0, {
    label: "Infill", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("default_acceleration", |r| r.number(Key::default_acceleration)),
    orca: &["sparse_infill_acceleration"], cura: &["acceleration_infill"],
}

/// Acceleration of solid infill; 0 takes `infill_acceleration`.
solid_infill_acceleration: f64 = 0.0, {
    label: "Solid infill", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("infill_acceleration", |r| r.number(Key::infill_acceleration)),
    orca: &["internal_solid_infill_acceleration"], cura: &["acceleration_topbottom"],
}

/// Acceleration of top surfaces; 0 takes `solid_infill_acceleration`.
top_solid_infill_acceleration: f64 = 0.0, {
    label: "Top surfaces", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("solid_infill_acceleration", |r| r.number(Key::solid_infill_acceleration)),
    orca: &["top_surface_acceleration"], cura: &["acceleration_roofing"],
}

/// Acceleration of bridges; 0 takes `default_acceleration`.
bridge_acceleration: f64 = 800.0, {
    label: "Bridges", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("default_acceleration", |r| r.number(Key::default_acceleration)),
}

/// Acceleration of everything on the first layer; 0 takes `default_acceleration`.
first_layer_acceleration: f64 = 500.0, {
    label: "First layer", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("default_acceleration", |r| r.number(Key::default_acceleration)),
    orca: &["initial_layer_acceleration"], cura: &["acceleration_layer_0"],
}

/// Acceleration of moves without extrusion; 0 takes `default_acceleration`.
travel_acceleration: f64 = 0.0, {
    label: "Travel", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecondSquared,
    hard: range(1.0, 100_000.0), soft: range(50.0, 30_000.0),
    zero: rule("default_acceleration", |r| r.number(Key::default_acceleration)), cura: &["acceleration_travel"],
}

/// Largest sudden change of speed where none of its own is given; 0 leaves the machine's.
///
/// On Marlin the jerk (`M205 X Y`), on Klipper the speed of a right angle (`SQUARE_CORNER_VELOCITY`), on RepRapFirmware
/// the instantaneous change (`M566`). Less of it rings less and takes longer. Machines with junction deviation have none.
default_jerk: f64 = 0.0, {
    label: "Jerk", category: Acceleration, level: Advanced, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0), off: Some("the machine's own"), cura: &["jerk_print"],
    search: &["square corner velocity", "M205", "M566", "cornering"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed of inner walls; 0 takes `default_jerk`.
perimeter_jerk: f64 = 0.0, {
    label: "Jerk of inner walls", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0),
    zero: rule("default_jerk", |r| r.number(Key::default_jerk)), orca: &["inner_wall_jerk"], cura: &["jerk_wall_x"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed of the outer wall; 0 takes `default_jerk`.
external_perimeter_jerk: f64 = 0.0, {
    label: "Jerk of outer wall", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0),
    zero: rule("default_jerk", |r| r.number(Key::default_jerk)), orca: &["outer_wall_jerk"], cura: &["jerk_wall_0"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed of sparse and solid infill and of bridges; 0 takes `default_jerk`.
infill_jerk: f64 = 0.0, {
    label: "Jerk of infill", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0),
    zero: rule("default_jerk", |r| r.number(Key::default_jerk)), cura: &["jerk_infill"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed of top surfaces; 0 takes `default_jerk`.
top_solid_infill_jerk: f64 = 0.0, {
    label: "Jerk of top surfaces", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0),
    zero: rule("default_jerk", |r| r.number(Key::default_jerk)), orca: &["top_surface_jerk"], cura: &["jerk_roofing"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed on the first layer; 0 takes those of the other layers.
first_layer_jerk: f64 = 0.0, {
    label: "Jerk of first layer", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0), off: Some("those of the other layers"),
    orca: &["initial_layer_jerk"], cura: &["jerk_layer_0"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Largest sudden change of speed of travels; 0 leaves that of the road before.
travel_jerk: f64 = 0.0, {
    label: "Jerk of travels", category: Acceleration, level: Expert, scope: Recipe, unit: MillimetrePerSecond,
    hard: range(0.01, 1000.0), soft: range(1.0, 40.0), off: Some("that of the road before"), cura: &["jerk_travel"],
    shown_when: when("the machine limits jerk", limits_jerk),
}

/// Travels keep inside the part, so that strings stay where they are not seen.
avoid_crossing_perimeters: bool = true, {
    label: "Avoid crossing walls", category: Travel, level: Advanced, scope: Recipe,
    orca: &["reduce_crossing_wall"], search: &["combing"],
}

/// A travel that would become longer than the straight one by more than this crosses the walls; 0 for no limit.
avoid_crossing_perimeters_max_detour: f64 = 0.0, {
    label: "Longest detour", category: Travel, level: Expert, scope: Recipe, unit: Millimetre,
    hard: range(0.1, 10_000.0), soft: range(1.0, 1000.0), off: Some("no limit"), orca: &["max_travel_detour_distance"],
    shown_when: when("travels avoid crossing walls", |s| s.avoid_crossing_perimeters),
}

} } }
pub(super) use road_settings;
