//! Entries: what belongs to the material, cooling included.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! filament_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Name of the material file that was used.
filament_settings_id: String = "", {
    label: "Material", category: Filament, level: Internal, scope: Material,
}

/// Kind of plastic, as hosts and the printer's screen show it.
filament_type: String = "PLA", {
    label: "Kind", category: Filament, level: Simple, scope: Material, cura: &["material_type"],
    search: &["plastic"],
}

/// Diameter of the filament.
filament_diameter: f64 = 1.75, {
    label: "Diameter", category: Filament, level: Simple, scope: Material, unit: Millimetre, hard: range(0.5, 5.0),
    soft: range(1.6, 3.0), cura: &["material_diameter"],
}

/// Density of the plastic, for the weight of a print.
filament_density: f64 = 1.24, {
    label: "Density", category: Filament, level: Advanced, scope: Material, unit: GramPerCubicCentimetre,
    hard: range(0.0, 25.0), soft: range(0.8, 2.5),
}

/// Price of a kilogram, for the cost of a print; 0 where it is not known.
filament_cost: f64 = 0.0, {
    label: "Cost", category: Filament, level: Advanced, scope: Material, unit: MoneyPerKilogram,
    hard: range(0.0, 1_000_000.0), off: Some("the price is not known"), search: &["price"],
}

/// Factor on all material that is pushed out.
extrusion_multiplier: f64 = 1.0, {
    label: "Flow", category: Filament, level: Advanced, scope: Material, hard: range(0.1, 3.0),
    soft: range(0.8, 1.2), orca: &["filament_flow_ratio"], search: &["material_flow", "extrusion multiplier"],
}

/// What the material shrinks by in X and Y when it cools: objects are made larger by as much.
///
/// 1 % where a part that should measure 100 mm measures 99 mm. Each object grows about its own middle.
filament_shrinkage_compensation_xy: f64 = 0.0, {
    label: "Shrinkage in XY", category: Filament, level: Advanced, scope: Material, unit: Share,
    hard: range(-0.1, 0.1), soft: range(-0.01, 0.03), search: &["filament_shrink", "material_shrinkage_percentage"],
}

/// What the material shrinks by in Z when it cools: objects are made higher by as much, from the plate up.
filament_shrinkage_compensation_z: f64 = 0.0, {
    label: "Shrinkage in Z", category: Filament, level: Advanced, scope: Material, unit: Share,
    hard: range(-0.1, 0.1), soft: range(-0.01, 0.03), search: &["material_shrinkage_percentage_z"],
}

/// Roads are slowed so that no more of this material is melted per second; 0 for no limit.
filament_max_volumetric_speed: f64 = 0.0, {
    label: "Most melted per second", category: Filament, level: Advanced, scope: Material,
    unit: CubicMillimetrePerSecond, hard: range(0.05, 1000.0), soft: range(1.0, 60.0), off: Some("no limit"),
    search: &["volumetric", "flow rate limit"],
}

/// Time by which extrusion is led, against pressure in the nozzle; 0 leaves what the machine has.
pressure_advance: f64 = 0.0, {
    label: "Pressure advance", category: Filament, level: Expert, scope: Material, unit: Second,
    hard: range(0.0, 10.0), soft: range(0.0, 2.0), off: Some("what the machine has"), search: &["linear advance"],
}

/// Temperature of the nozzle.
temperature: f64 = 210.0, {
    label: "Nozzle", category: Temperature, level: Simple, scope: Material, unit: DegreeCelsius,
    hard: range(100.0, 500.0), soft: range(150.0, 450.0), orca: &["nozzle_temperature"],
    cura: &["material_print_temperature"], search: &["hot end", "extruder"],
}

/// Temperature of the nozzle on the first layer.
first_layer_temperature: f64 = 215.0, {
    label: "Nozzle, first layer", category: Temperature, level: Simple, scope: Material, unit: DegreeCelsius,
    hard: range(100.0, 500.0), soft: range(150.0, 450.0), orca: &["nozzle_temperature_initial_layer"],
    cura: &["material_print_temperature_layer_0"], search: &["hot end", "extruder"],
}

/// Temperature of the bed; 0 leaves it cold.
bed_temperature: f64 = 60.0, {
    label: "Bed", category: Temperature, level: Simple, scope: Material, unit: DegreeCelsius, hard: range(0.0, 300.0),
    soft: range(0.0, 130.0), orca: &["hot_plate_temp"], cura: &["material_bed_temperature"],
    search: &["build plate"],
}

/// Temperature of the bed on the first layer; 0 leaves it cold.
first_layer_bed_temperature: f64 = 60.0, {
    label: "Bed, first layer", category: Temperature, level: Simple, scope: Material, unit: DegreeCelsius,
    hard: range(0.0, 300.0), soft: range(0.0, 130.0), orca: &["hot_plate_temp_initial_layer"],
    cura: &["material_bed_temperature_layer_0"], search: &["build plate"],
}

/// Temperature of the chamber; 0 leaves it cold.
///
/// It is set before the print begins where the machine's start sequence does not do that, and turned off at the end.
chamber_temperature: f64 = 0.0, {
    label: "Chamber", category: Temperature, level: Advanced, scope: Material, unit: DegreeCelsius,
    hard: range(0.0, 300.0), soft: range(0.0, 100.0), cura: &["build_volume_temperature"],
    search: &["enclosure"], shown_when: when("the chamber is heated", |s| s.max_chamber_temperature > 0.0),
}

/// The print begins when the chamber is this warm; 0 does not wait for it.
chamber_minimal_temperature: f64 = 0.0, {
    label: "Chamber at the beginning", category: Temperature, level: Advanced, scope: Material, unit: DegreeCelsius,
    hard: range(0.0, 300.0), soft: range(0.0, 100.0), search: &["enclosure", "wait"],
    shown_when: when("the chamber is heated", |s| s.max_chamber_temperature > 0.0 && s.chamber_temperature > 0.0),
}

/// Speed of the machine's auxiliary fan, once the first layers without fan are printed.
additional_cooling_fan_speed: f64 = 0.0, {
    label: "Auxiliary fan speed", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true, search: &["side fan", "second fan"],
    shown_when: when("the machine has an auxiliary fan", |s| s.auxiliary_fan),
}

/// Keep the fan at least at its lowest speed, also where cooling asks for none.
fan_always_on: bool = true, {
    label: "Fan always on", category: Cooling, level: Advanced, scope: Material,
    orca: &["reduce_fan_stop_start_freq"],
}

/// Slow down and speed the fan up on layers that take little time.
cooling: bool = true, {
    label: "Cool short layers", category: Cooling, level: Advanced, scope: Material,
    orca: &["slow_down_for_layer_cooling"],
}

/// Lowest speed at which the fan turns.
min_fan_speed: f64 = 0.35, {
    label: "Lowest fan speed", category: Cooling, level: Simple, scope: Material, unit: Share, hard: range(0.0, 1.0),
    bare_percent: true, orca: &["fan_min_speed"], cura: &["cool_fan_speed_min"],
}

/// Speed of the fan on the shortest layers.
max_fan_speed: f64 = 1.0, {
    label: "Highest fan speed", category: Cooling, level: Simple, scope: Material, unit: Share, hard: range(0.0, 1.0),
    bare_percent: true, orca: &["fan_max_speed"], cura: &["cool_fan_speed_max"],
}

/// Speed of the fan while bridges are printed.
bridge_fan_speed: f64 = 1.0, {
    label: "Bridge fan speed", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true, orca: &["overhang_fan_speed"], cura: &["bridge_fan_speed"],
}

/// Let the fan go by how much of a wall's width has nothing below it.
enable_dynamic_fan_speeds: bool = false, {
    label: "Fan by overhang", category: Cooling, level: Advanced, scope: Material,
}

/// Speed of the fan on walls of which more than 75 % has nothing below. The fan never turns slower than elsewhere.
overhang_fan_speed_0: f64 = 1.0, {
    label: "Fan on overhangs of 75 to 100 %", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true,
    shown_when: when("the fan goes by overhang", |s| s.enable_dynamic_fan_speeds),
}

/// Speed of the fan on walls of which 50 to 75 % has nothing below.
overhang_fan_speed_1: f64 = 0.8, {
    label: "Fan on overhangs of 50 to 75 %", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true,
    shown_when: when("the fan goes by overhang", |s| s.enable_dynamic_fan_speeds),
}

/// Speed of the fan on walls of which 25 to 50 % has nothing below.
overhang_fan_speed_2: f64 = 0.5, {
    label: "Fan on overhangs of 25 to 50 %", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true,
    shown_when: when("the fan goes by overhang", |s| s.enable_dynamic_fan_speeds),
}

/// Speed of the fan on walls of which 10 to 25 % has nothing below.
overhang_fan_speed_3: f64 = 0.0, {
    label: "Fan on overhangs up to 25 %", category: Cooling, level: Advanced, scope: Material, unit: Share,
    hard: range(0.0, 1.0), bare_percent: true,
    shown_when: when("the fan goes by overhang", |s| s.enable_dynamic_fan_speeds),
}

/// The fan stays off on this many layers at the start.
disable_fan_first_layers: u32 = 1, {
    label: "Layers without fan", category: Cooling, level: Advanced, scope: Material, hard: range(0.0, 10_000.0),
    soft: range(0.0, 20.0), orca: &["close_fan_the_first_x_layers"],
}

/// The fan comes up gradually until this layer, counted from 1; 0 for at once.
full_fan_speed_layer: u32 = 4, {
    label: "Full fan speed at layer", category: Cooling, level: Advanced, scope: Material,
    hard: range(0.0, 10_000.0), soft: range(0.0, 50.0), off: Some("at once"), cura: &["cool_fan_full_layer"],
}

/// On layers that take less time than this, the fan comes up.
fan_below_layer_time: f64 = 60.0, {
    label: "Fan below layer time", category: Cooling, level: Advanced, scope: Material, unit: Second,
    hard: range(0.0, 1000.0), soft: range(0.0, 300.0), orca: &["fan_cooling_layer_time"],
    cura: &["cool_min_layer_time_fan_speed_max"],
    shown_when: when("short layers are cooled", |s| s.cooling),
}

/// Layers that would take less time than this are printed more slowly.
slowdown_below_layer_time: f64 = 10.0, {
    label: "Slow below layer time", category: Cooling, level: Advanced, scope: Material, unit: Second,
    hard: range(0.0, 1000.0), soft: range(0.0, 120.0), orca: &["slow_down_layer_time"],
    cura: &["cool_min_layer_time"], shown_when: when("short layers are cooled", |s| s.cooling),
}

/// Roads are never slowed below this for cooling.
min_print_speed: f64 = 15.0, {
    label: "Slowest print speed", category: Cooling, level: Advanced, scope: Material, unit: MillimetrePerSecond,
    hard: range(0.0, 1000.0), soft: range(2.0, 60.0), orca: &["slow_down_min_speed"], cura: &["cool_min_speed"],
    shown_when: when("short layers are cooled", |s| s.cooling),
}

} } }
pub(super) use filament_settings;
