//! Entries: what the machine is, its retraction, its own G-code, and how its files are written.

/// Hands these entries, behind those before them, to the next macro in the list.
macro_rules! machine_settings { ($next:ident $($later:ident)* ; $($before:tt)*) => { $next! { $($later)* ; $($before)*

/// Name of the machine.
printer_model: String = "Generic 220", {
    label: "Name", category: Hardware, level: Advanced, scope: Machine,
}

/// Name of the machine file that was used.
printer_settings_id: String = "", {
    label: "Machine", category: Hardware, level: Internal, scope: Machine,
}

/// Outline of the build plate, counter-clockwise, in the machine's coordinates.
///
/// `0x0,250x0,250x210,0x210` in text, `circle 220` for a round plate with the origin in its middle.
bed_shape: Vec<[f64; 2]> = vec![[0.0, 0.0], [220.0, 0.0], [220.0, 220.0], [0.0, 220.0]], {
    label: "Build plate", category: Hardware, level: Simple, scope: Machine, orca: &["printable_area"],
    search: &["bed size", "width", "depth"],
}

/// Parts of the build plate that must stay free.
bed_exclude_areas: Vec<Vec<[f64; 2]>> = Vec::<Vec<[f64; 2]>>::new(), {
    label: "Excluded areas", category: Hardware, level: Expert, scope: Machine, orca: &["bed_exclude_area"],
    cura: &["machine_disallowed_areas"],
}

/// Greatest height that can be printed.
max_print_height: f64 = 250.0, {
    label: "Height", category: Hardware, level: Simple, scope: Machine, unit: Millimetre, hard: range(1.0, 10_000.0),
    soft: range(20.0, 3000.0),
    orca: &["printable_height"], cura: &["machine_height"],
}

/// Diameter of the nozzle's opening.
nozzle_diameter: f64 = 0.4, {
    label: "Nozzle diameter", category: Hardware, level: Simple, scope: Machine, unit: Millimetre,
    hard: range(0.05, 5.0), soft: range(0.1, 2.0), cura: &["machine_nozzle_size"],
}

/// The lowest layer that the machine prints well.
///
/// Holds for layers that follow the surface or are made to fit, not for a layer height that was chosen.
min_layer_height: f64 = 0.07, {
    label: "Lowest layer", category: Hardware, level: Advanced, scope: Machine, unit: Millimetre,
    hard: range(0.01, 2.0), soft: range(0.02, 0.4),
}

/// The highest layer that the machine prints well; 0 takes three quarters of the nozzle's diameter.
///
/// Holds for layers that follow the surface or are made to fit, not for a layer height that was chosen.
max_layer_height: f64 = 0.0, {
    label: "Highest layer", category: Hardware, level: Advanced, scope: Machine, unit: Millimetre,
    hard: range(0.01, 4.0), soft: range(0.05, 1.5),
    zero: rule("0.75 times nozzle_diameter", |r| 0.75 * r.number(Key::nozzle_diameter)),
}

/// Dialect of G-code that the machine's firmware speaks.
gcode_flavor: GcodeFlavor = GcodeFlavor::Marlin, {
    label: "Firmware", category: Hardware, level: Simple, scope: Machine, cura: &["machine_gcode_flavor"],
    search: &["flavour", "dialect"],
}

/// Speed of the serial connection.
baud_rate: u32 = 115_200, {
    label: "Baud rate", category: Hardware, level: Advanced, scope: Machine, unit: BitPerSecond,
    hard: range(2400.0, 4_000_000.0), soft: range(9600.0, 2_000_000.0), search: &["serial", "port", "usb"],
}

/// Lines of G-code a second that the machine can be fed with; 0 takes a 300th of `baud_rate`, which is lines of 30 bytes.
///
/// Steps of a road that would need more lines are merged, where that moves the road by no more than half of `resolution`.
/// Machines that read files from a card or over a network take a thousand lines and more.
max_lines_per_second: f64 = 0.0, {
    label: "Lines per second", category: Hardware, level: Expert, scope: Machine, hard: range(5.0, 1_000_000.0),
    soft: range(30.0, 20_000.0), zero: rule("baud_rate / 300", |r| r.number(Key::baud_rate) / 300.0),
    search: &["short segments", "stutter", "starve"],
}

/// Highest temperature that the nozzle may be given.
max_nozzle_temperature: f64 = 275.0, {
    label: "Hottest nozzle", category: Hardware, level: Advanced, scope: Machine, unit: DegreeCelsius,
    hard: range(100.0, 500.0), soft: range(180.0, 450.0),
}

/// Highest temperature that the bed may be given; 0 for a bed without heater.
max_bed_temperature: f64 = 110.0, {
    label: "Hottest bed", category: Hardware, level: Advanced, scope: Machine, unit: DegreeCelsius,
    hard: range(30.0, 300.0), soft: range(40.0, 200.0), off: Some("a bed without heater"),
}

/// Highest temperature that the chamber may be given; 0 for a chamber without heater.
///
/// Klipper's configuration has to call the heater `chamber`.
max_chamber_temperature: f64 = 0.0, {
    label: "Hottest chamber", category: Hardware, level: Advanced, scope: Machine, unit: DegreeCelsius,
    hard: range(0.0, 300.0), soft: range(30.0, 120.0), off: Some("the chamber is not heated"),
    search: &["enclosure", "support_chamber_temp_control"],
}

/// The machine has a second fan that blows on the print from aside.
///
/// It is the firmware's fan 2 (`M106 P2`); Klipper's configuration has to call it `auxiliary_fan`.
auxiliary_fan: bool = false, {
    label: "Auxiliary fan", category: Hardware, level: Advanced, scope: Machine, search: &["side fan", "second fan"],
}

/// The most plastic that the nozzle can melt.
max_melt_rate: f64 = 20.0, {
    label: "Most melted per second", category: Hardware, level: Advanced, scope: Machine,
    unit: CubicMillimetrePerSecond, hard: range(0.1, 1000.0), soft: range(1.0, 200.0), search: &["volumetric"],
}

/// Length of filament that is drawn back before a travel; 0 for none.
retract_length: f64 = 0.8, {
    label: "Length", category: Retraction, level: Simple, scope: Machine, unit: Millimetre, hard: range(0.0, 50.0),
    soft: range(0.0, 10.0), orca: &["retraction_length"], cura: &["retraction_amount"], search: &["stringing"],
}

/// Speed at which filament is drawn back.
retract_speed: f64 = 35.0, {
    label: "Speed", category: Retraction, level: Advanced, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 1000.0), soft: range(5.0, 120.0), orca: &["retraction_speed"],
    cura: &["retraction_retract_speed", "retraction_speed"],
}

/// Speed at which filament is pushed forward again; 0 takes `retract_speed`.
deretract_speed: f64 = 0.0, {
    label: "Return speed", category: Retraction, level: Advanced, scope: Machine, unit: MillimetrePerSecond,
    hard: range(0.1, 1000.0), soft: range(5.0, 120.0), zero: rule("retract_speed", |r| r.number(Key::retract_speed)),
    orca: &["deretraction_speed"], cura: &["retraction_prime_speed"],
}

/// Filament that is pushed forward beyond what was drawn back.
retract_restart_extra: f64 = 0.0, {
    label: "Extra on return", category: Retraction, level: Expert, scope: Machine, unit: Millimetre,
    hard: range(-10.0, 10.0), soft: range(-1.0, 1.0),
}

/// Travels shorter than this do not retract.
retract_before_travel: f64 = 1.5, {
    label: "Shortest travel", category: Retraction, level: Advanced, scope: Machine, unit: Millimetre,
    hard: range(0.0, 1000.0), soft: range(0.0, 20.0), orca: &["retraction_minimum_travel"],
    cura: &["retraction_min_travel"],
}

/// Retract on every change of layer.
retract_layer_change: bool = false, {
    label: "On layer change", category: Retraction, level: Advanced, scope: Machine,
    orca: &["retract_when_changing_layer"], cura: &["retract_at_layer_change"],
}

/// Height by which the nozzle is lifted for a travel that retracts; 0 for none.
retract_lift: f64 = 0.0, {
    label: "Z-hop", category: Retraction, level: Simple, scope: Machine, unit: Millimetre, hard: range(0.0, 20.0),
    soft: range(0.0, 3.0), orca: &["z_hop"], cura: &["retraction_hop"], search: &["lift"],
}

/// By which way the nozzle is lifted.
///
/// A slope or a spiral leaves the road without a pull, and so without a string; both are taken only where the nozzle is
/// up before it meets anything that is printed.
retract_lift_type: LiftType = LiftType::Normal, {
    label: "Kind of z-hop", category: Retraction, level: Advanced, scope: Machine, orca: &["z_hop_types"],
    search: &["slope", "spiral", "helix"], shown_when: when("there is a z-hop", |s| s.retract_lift > 0.0),
}

/// Steepness of a z-hop that is a slope or a spiral.
travel_slope: f64 = 3.0, {
    label: "Slope of z-hop", category: Retraction, level: Expert, scope: Machine, unit: Degree, hard: range(0.5, 80.0),
    soft: range(1.0, 45.0),
    shown_when: when("the z-hop is a slope or a spiral", |s| {
        s.retract_lift > 0.0 && s.retract_lift_type != LiftType::Normal
    }),
}

/// The nozzle is lifted only where a travel passes over something that is printed in the layer.
///
/// That is another part, the far side of the same one, a support, or a finished top surface. A nozzle that is on its way
/// to what is not yet printed has nothing to hit, and every hop takes time and leaves a string.
retract_lift_only_over_print: bool = true, {
    label: "Z-hop only over what is printed", category: Retraction, level: Advanced, scope: Machine,
    cura: &["retraction_hop_only_when_collides"], shown_when: when("there is a z-hop", |s| s.retract_lift > 0.0),
}

/// The nozzle is not lifted below this height.
retract_lift_above: f64 = 0.0, {
    label: "Z-hop above", category: Retraction, level: Expert, scope: Machine, unit: Millimetre,
    hard: range(0.0, 10_000.0), shown_when: when("there is a z-hop", |s| s.retract_lift > 0.0),
}

/// The nozzle is not lifted above this height; 0 for no limit.
retract_lift_below: f64 = 0.0, {
    label: "Z-hop below", category: Retraction, level: Expert, scope: Machine, unit: Millimetre,
    hard: range(0.01, 10_000.0), soft: range(0.2, 2000.0), off: Some("no limit"),
    shown_when: when("there is a z-hop", |s| s.retract_lift > 0.0),
}

/// Where the nozzle may be lifted.
retract_lift_enforce: LiftSurfaces = LiftSurfaces::All, {
    label: "Z-hop on surfaces", category: Retraction, level: Expert, scope: Machine,
    shown_when: when("there is a z-hop", |s| s.retract_lift > 0.0),
}

/// Move back along the road just laid while retracting, so that what oozes is wiped off there.
wipe: bool = true, {
    label: "Wipe", category: Retraction, level: Advanced, scope: Machine,
}

/// Length of a wipe; 0 for as long as drawing back takes.
///
/// What a shorter wipe leaves to be drawn back is drawn back standing, behind it.
wipe_distance: f64 = 0.0, {
    label: "Wipe length", category: Retraction, level: Expert, scope: Machine, unit: Millimetre,
    hard: range(0.01, 100.0), soft: range(0.2, 10.0), off: Some("as long as drawing back takes"),
    shown_when: when("the nozzle is wiped", |s| s.wipe),
}

/// Speed of a wipe. A percentage is of `travel_speed`.
wipe_speed: f64 = Value::Percent(0.8), {
    label: "Wipe speed", category: Retraction, level: Expert, scope: Machine, unit: MillimetrePerSecond,
    hard: range(1.0, 2000.0), soft: range(5.0, 1000.0), percent_of: Some(Key::travel_speed),
    shown_when: when("the nozzle is wiped", |s| s.wipe),
}

/// Volume of the end of a road before a retraction that is not pushed, but left to the pressure in the nozzle; 0 for none.
///
/// Against blobs and strings on machines without pressure advance, which does the same better.
coasting_volume: f64 = 0.0, {
    label: "Coasting", category: Retraction, level: Expert, scope: Machine, unit: CubicMillimetre,
    hard: range(0.0, 10.0), soft: range(0.0, 0.5), search: &["stringing", "blobs", "coasting_enable"],
}

/// Roads of less than this volume, laid without a travel, end without coasting.
coasting_min_volume: f64 = 0.8, {
    label: "Least volume for coasting", category: Retraction, level: Expert, scope: Machine, unit: CubicMillimetre,
    hard: range(0.0, 100.0), soft: range(0.0, 10.0), shown_when: when("there is coasting", |s| s.coasting_volume > 0.0),
}

/// Speed of coasting as a share of the road's own.
coasting_speed: f64 = 0.9, {
    label: "Coasting speed", category: Retraction, level: Expert, scope: Machine, unit: Share, hard: range(0.1, 1.0),
    shown_when: when("there is coasting", |s| s.coasting_volume > 0.0),
}

/// Share of the retraction that is made before the wipe.
retract_before_wipe: f64 = 0.0, {
    label: "Retract before wipe", category: Retraction, level: Expert, scope: Machine, unit: Share,
    hard: range(0.0, 1.0), shown_when: when("the nozzle is wiped", |s| s.wipe),
}

/// G-code before the print: homing, heating, priming.
///
/// A template: `{key}` stands for the value of a setting. It has to leave the nozzle hot and the axes homed.
start_gcode: String = "", {
    label: "Start", category: CustomGcode, level: Advanced, scope: Machine, template: true,
    orca: &["machine_start_gcode"], cura: &["machine_start_gcode"],
}

/// G-code after the print: heaters, fan and motors off.
///
/// A template: `{key}` stands for the value of a setting.
end_gcode: String = "", {
    label: "End", category: CustomGcode, level: Advanced, scope: Machine, template: true,
    orca: &["machine_end_gcode"], cura: &["machine_end_gcode"],
}

/// G-code before the move to a new layer.
before_layer_gcode: String = "", {
    label: "Before layer change", category: CustomGcode, level: Expert, scope: Machine, template: true,
    orca: &["before_layer_change_gcode"],
}

/// G-code after the move to a new layer.
layer_gcode: String = "", {
    label: "After layer change", category: CustomGcode, level: Expert, scope: Machine, template: true,
    orca: &["layer_change_gcode"],
}

/// Name of the recipe file that was used.
print_settings_id: String = "", {
    label: "Recipe", category: Output, level: Internal, scope: Recipe,
}

/// Pictures of the print that are put into the file, for hosts and the printer's screen.
thumbnails: Vec<[u32; 2]> = vec![[32, 32], [400, 300]], {
    label: "Thumbnails", category: Output, level: Advanced, scope: Machine,
}

/// Write extrusion as lengths of each move (M83) rather than as a running sum.
use_relative_e_distances: bool = true, {
    label: "Relative extrusion", category: Output, level: Expert, scope: Machine, cura: &["relative_extrusion"],
}

/// Write curves as arcs (`G2` and `G3`) in place of many short lines.
///
/// Files become smaller and slow serial lines are no bottleneck. The firmware must know arcs: RepRapFirmware does, Marlin
/// where it is built with `ARC_SUPPORT` (as it is by default), and Klipper with `[gcode_arcs]` in its configuration, where
/// `resolution` should be 0.1 or less, because it draws arcs as lines of that length.
arc_fitting: ArcFitting = ArcFitting::Disabled, {
    label: "Arcs", category: Output, level: Advanced, scope: Recipe, orca: &["enable_arc_fitting"],
    search: &["G2", "G3", "arc welder", "curves"],
}

/// How far an arc may be from the path that it stands for.
///
/// Outlines are simplified by `resolution` before: with a tolerance that is not larger, what was round stays lines.
arc_fitting_tolerance: f64 = 0.02, {
    label: "Arc tolerance", category: Output, level: Expert, scope: Recipe, unit: Millimetre, hard: range(0.002, 0.5),
    soft: range(0.005, 0.05), shown_when: when("arcs are written", |s| s.arc_fitting != ArcFitting::Disabled),
}

/// Name the objects in the file, so that one of several can be cancelled.
gcode_label_objects: bool = false, {
    label: "Label objects", category: Output, level: Advanced, scope: Recipe, orca: &["exclude_object"],
    search: &["cancel object"],
}

} } }
pub(super) use machine_settings;
