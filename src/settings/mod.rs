//! Every setting, defined exactly once.
//!
//! First layout: a plain struct of resolved values, to be generated from the single definitions.

/// Dialect of the G-code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GcodeFlavor {
    Marlin,
    Klipper,
    RepRapFirmware,
}

/// How overlapping and broken outlines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlicingMode {
    Regular,
    EvenOdd,
    CloseHoles,
}

/// Where loops begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeamPosition {
    Nearest,
    Aligned,
    Rear,
    Random,
}

/// How solid surfaces are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SolidPattern {
    Monotonic,
    Rectilinear,
    Concentric,
}

/// How sparse infill is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FillPattern {
    Rectilinear,
    Grid,
    Triangles,
    Cubic,
    Gyroid,
    Concentric,
}

/// All settings, resolved: rules computed, percentages and automatic values turned into numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Outline of the build plate, mm, counter-clockwise.
    pub bed_shape: Vec<[f64; 2]>,
    /// Parts of the plate that must stay free, mm.
    pub bed_exclude_areas: Vec<Vec<[f64; 2]>>,
    /// mm.
    pub max_print_height: f64,
    /// mm.
    pub nozzle_diameter: f64,
    /// Dialect.
    pub gcode_flavor: GcodeFlavor,
    /// Name of the machine.
    pub printer_model: String,
    /// Template.
    pub start_gcode: String,
    /// Template.
    pub end_gcode: String,
    /// Template, before the move to a new layer.
    pub before_layer_gcode: String,
    /// Template, after the move to a new layer.
    pub layer_gcode: String,
    /// mm/s.
    pub machine_max_feedrate_x: f64,
    /// mm/s.
    pub machine_max_feedrate_y: f64,
    /// mm/s.
    pub machine_max_feedrate_z: f64,
    /// mm/s.
    pub machine_max_feedrate_e: f64,
    /// mm/s2.
    pub machine_max_acceleration_x: f64,
    /// mm/s2.
    pub machine_max_acceleration_y: f64,
    /// mm/s2.
    pub machine_max_acceleration_z: f64,
    /// mm/s2.
    pub machine_max_acceleration_e: f64,
    /// mm/s2.
    pub machine_max_acceleration_extruding: f64,
    /// mm/s2.
    pub machine_max_acceleration_retracting: f64,
    /// mm/s2.
    pub machine_max_acceleration_travel: f64,
    /// mm/s.
    pub machine_max_jerk_x: f64,
    /// mm/s.
    pub machine_max_jerk_y: f64,
    /// mm/s.
    pub machine_max_jerk_z: f64,
    /// mm/s.
    pub machine_max_jerk_e: f64,
    /// degrees C.
    pub max_nozzle_temperature: f64,
    /// degrees C.
    pub max_bed_temperature: f64,
    /// What the nozzle can melt at most, mm3/s.
    pub max_melt_rate: f64,
    /// Baud.
    pub baud_rate: u32,
    /// Pixels.
    pub thumbnails: Vec<[u32; 2]>,
    /// mm of filament.
    pub retract_length: f64,
    /// mm/s.
    pub retract_speed: f64,
    /// mm/s (the rule: retract_speed where the user gives 0).
    pub deretract_speed: f64,
    /// mm of filament.
    pub retract_restart_extra: f64,
    /// Shortest travel that retracts, mm.
    pub retract_before_travel: f64,
    /// Retract on every layer change.
    pub retract_layer_change: bool,
    /// z-hop, mm.
    pub retract_lift: f64,
    /// Wipe while retracting.
    pub wipe: bool,
    /// Share of the retraction made before the wipe, 0 to 1.
    pub retract_before_wipe: f64,
    /// Kind.
    pub filament_type: String,
    /// mm.
    pub filament_diameter: f64,
    /// g/cm3.
    pub filament_density: f64,
    /// Money per kg.
    pub filament_cost: f64,
    /// Factor.
    pub extrusion_multiplier: f64,
    /// degrees C.
    pub temperature: f64,
    /// degrees C.
    pub first_layer_temperature: f64,
    /// degrees C.
    pub bed_temperature: f64,
    /// degrees C.
    pub first_layer_bed_temperature: f64,
    /// mm3/s, 0 = no limit.
    pub filament_max_volumetric_speed: f64,
    /// s, 0 = leave the machine's.
    pub pressure_advance: f64,
    /// Keep the fan at least at min_fan_speed.
    pub fan_always_on: bool,
    /// Slow down and fan up for short layers.
    pub cooling: bool,
    /// Share, 0 to 1.
    pub min_fan_speed: f64,
    /// Share, 0 to 1.
    pub max_fan_speed: f64,
    /// Share, 0 to 1.
    pub bridge_fan_speed: f64,
    /// Layers.
    pub disable_fan_first_layers: u32,
    /// Layer number, counted from 1; 0 = no ramp.
    pub full_fan_speed_layer: u32,
    /// s.
    pub fan_below_layer_time: f64,
    /// s.
    pub slowdown_below_layer_time: f64,
    /// mm/s.
    pub min_print_speed: f64,
    /// mm.
    pub layer_height: f64,
    /// mm.
    pub first_layer_height: f64,
    /// Regular, even-odd, close holes.
    pub slicing_mode: SlicingMode,
    /// mm.
    pub slice_closing_radius: f64,
    /// mm, outlines are simplified to within this.
    pub resolution: f64,
    /// mm.
    pub elefant_foot_compensation: f64,
    /// mm.
    pub xy_size_compensation: f64,
    /// Count.
    pub perimeters: u32,
    /// Order.
    pub external_perimeters_first: bool,
    /// Print parts thinner than two roads.
    pub thin_walls: bool,
    /// Fill gaps between walls.
    pub gap_fill_enabled: bool,
    /// One continuous rising wall.
    pub spiral_vase: bool,
    /// Where loops begin.
    pub seam_position: SeamPosition,
    /// Count.
    pub top_solid_layers: u32,
    /// Count.
    pub bottom_solid_layers: u32,
    /// mm.
    pub top_solid_min_thickness: f64,
    /// mm.
    pub bottom_solid_min_thickness: f64,
    /// Pattern.
    pub top_fill_pattern: SolidPattern,
    /// Pattern.
    pub bottom_fill_pattern: SolidPattern,
    /// mm2.
    pub solid_infill_below_area: f64,
    /// Share, 0 to 1.
    pub fill_density: f64,
    /// Pattern.
    pub fill_pattern: FillPattern,
    /// degrees.
    pub fill_angle: f64,
    /// Share of a wall's width that infill reaches into it.
    pub infill_overlap: f64,
    /// Infill before walls.
    pub infill_first: bool,
    /// Factor.
    pub bridge_flow_ratio: f64,
    /// Bridges as round strands of the nozzle's diameter.
    pub thick_bridges: bool,
    /// mm.
    pub extrusion_width: f64,
    /// mm.
    pub first_layer_extrusion_width: f64,
    /// mm.
    pub external_perimeter_extrusion_width: f64,
    /// mm.
    pub perimeter_extrusion_width: f64,
    /// mm.
    pub infill_extrusion_width: f64,
    /// mm.
    pub solid_infill_extrusion_width: f64,
    /// mm.
    pub top_infill_extrusion_width: f64,
    /// mm/s.
    pub perimeter_speed: f64,
    /// mm/s.
    pub external_perimeter_speed: f64,
    /// mm/s, loops with a radius up to 6.5 mm.
    pub small_perimeter_speed: f64,
    /// mm/s.
    pub infill_speed: f64,
    /// mm/s.
    pub solid_infill_speed: f64,
    /// mm/s.
    pub top_solid_infill_speed: f64,
    /// mm/s.
    pub gap_fill_speed: f64,
    /// mm/s.
    pub bridge_speed: f64,
    /// mm/s.
    pub first_layer_speed: f64,
    /// mm/s.
    pub travel_speed: f64,
    /// mm/s.
    pub travel_speed_z: f64,
    /// mm3/s, 0 = no limit.
    pub max_volumetric_speed: f64,
    /// mm/s2, 0 = leave the machine's.
    pub default_acceleration: f64,
    /// mm/s2, 0 = default_acceleration.
    pub perimeter_acceleration: f64,
    /// mm/s2.
    pub external_perimeter_acceleration: f64,
    /// mm/s2.
    pub infill_acceleration: f64,
    /// mm/s2.
    pub solid_infill_acceleration: f64,
    /// mm/s2.
    pub top_solid_infill_acceleration: f64,
    /// mm/s2.
    pub bridge_acceleration: f64,
    /// mm/s2.
    pub first_layer_acceleration: f64,
    /// mm/s2.
    pub travel_acceleration: f64,
    /// Loops.
    pub skirts: u32,
    /// mm.
    pub skirt_distance: f64,
    /// Layers.
    pub skirt_height: u32,
    /// mm of filament.
    pub min_skirt_length: f64,
    /// mm.
    pub brim_width: f64,
    /// mm.
    pub brim_separation: f64,
    /// Travels stay inside.
    pub avoid_crossing_perimeters: bool,
    /// mm, 0 = no limit.
    pub avoid_crossing_perimeters_max_detour: f64,
    /// M83.
    pub use_relative_e_distances: bool,
    /// Name objects so that one can be canceled.
    pub gcode_label_objects: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bed_shape: vec![[0.0, 0.0], [220.0, 0.0], [220.0, 220.0], [0.0, 220.0]],
            bed_exclude_areas: Vec::new(),
            max_print_height: 250.0,
            nozzle_diameter: 0.4,
            gcode_flavor: GcodeFlavor::Marlin,
            printer_model: "Generic 220".into(),
            start_gcode: String::new(),
            end_gcode: String::new(),
            before_layer_gcode: String::new(),
            layer_gcode: String::new(),
            machine_max_feedrate_x: 300.0,
            machine_max_feedrate_y: 300.0,
            machine_max_feedrate_z: 12.0,
            machine_max_feedrate_e: 60.0,
            machine_max_acceleration_x: 2000.0,
            machine_max_acceleration_y: 2000.0,
            machine_max_acceleration_z: 200.0,
            machine_max_acceleration_e: 5000.0,
            machine_max_acceleration_extruding: 1500.0,
            machine_max_acceleration_retracting: 1500.0,
            machine_max_acceleration_travel: 1500.0,
            machine_max_jerk_x: 8.0,
            machine_max_jerk_y: 8.0,
            machine_max_jerk_z: 0.4,
            machine_max_jerk_e: 5.0,
            max_nozzle_temperature: 275.0,
            max_bed_temperature: 110.0,
            max_melt_rate: 20.0,
            baud_rate: 115_200,
            thumbnails: vec![[32, 32], [400, 300]],
            retract_length: 0.8,
            retract_speed: 35.0,
            deretract_speed: 35.0,
            retract_restart_extra: 0.0,
            retract_before_travel: 1.5,
            retract_layer_change: false,
            retract_lift: 0.0,
            wipe: true,
            retract_before_wipe: 0.0,
            filament_type: "PLA".into(),
            filament_diameter: 1.75,
            filament_density: 1.24,
            filament_cost: 0.0,
            extrusion_multiplier: 1.0,
            temperature: 210.0,
            first_layer_temperature: 215.0,
            bed_temperature: 60.0,
            first_layer_bed_temperature: 60.0,
            filament_max_volumetric_speed: 0.0,
            pressure_advance: 0.0,
            fan_always_on: true,
            cooling: true,
            min_fan_speed: 0.35,
            max_fan_speed: 1.0,
            bridge_fan_speed: 1.0,
            disable_fan_first_layers: 1,
            full_fan_speed_layer: 4,
            fan_below_layer_time: 60.0,
            slowdown_below_layer_time: 10.0,
            min_print_speed: 15.0,
            layer_height: 0.2,
            first_layer_height: 0.2,
            slicing_mode: SlicingMode::Regular,
            slice_closing_radius: 0.049,
            resolution: 0.0125,
            elefant_foot_compensation: 0.1,
            xy_size_compensation: 0.0,
            perimeters: 2,
            external_perimeters_first: false,
            thin_walls: true,
            gap_fill_enabled: true,
            spiral_vase: false,
            seam_position: SeamPosition::Aligned,
            top_solid_layers: 4,
            bottom_solid_layers: 4,
            top_solid_min_thickness: 0.7,
            bottom_solid_min_thickness: 0.5,
            top_fill_pattern: SolidPattern::Monotonic,
            bottom_fill_pattern: SolidPattern::Monotonic,
            solid_infill_below_area: 10.0,
            fill_density: 0.15,
            fill_pattern: FillPattern::Grid,
            fill_angle: 45.0,
            infill_overlap: 0.25,
            infill_first: false,
            bridge_flow_ratio: 1.0,
            thick_bridges: true,
            extrusion_width: 0.45,
            first_layer_extrusion_width: 0.45,
            external_perimeter_extrusion_width: 0.45,
            perimeter_extrusion_width: 0.45,
            infill_extrusion_width: 0.45,
            solid_infill_extrusion_width: 0.45,
            top_infill_extrusion_width: 0.4,
            perimeter_speed: 60.0,
            external_perimeter_speed: 40.0,
            small_perimeter_speed: 25.0,
            infill_speed: 80.0,
            solid_infill_speed: 70.0,
            top_solid_infill_speed: 40.0,
            gap_fill_speed: 35.0,
            bridge_speed: 30.0,
            first_layer_speed: 25.0,
            travel_speed: 150.0,
            travel_speed_z: 12.0,
            max_volumetric_speed: 0.0,
            default_acceleration: 1000.0,
            perimeter_acceleration: 800.0,
            external_perimeter_acceleration: 600.0,
            infill_acceleration: 1000.0,
            solid_infill_acceleration: 1000.0,
            top_solid_infill_acceleration: 600.0,
            bridge_acceleration: 800.0,
            first_layer_acceleration: 500.0,
            travel_acceleration: 1200.0,
            skirts: 1,
            skirt_distance: 6.0,
            skirt_height: 1,
            min_skirt_length: 4.0,
            brim_width: 0.0,
            brim_separation: 0.0,
            avoid_crossing_perimeters: true,
            avoid_crossing_perimeters_max_detour: 0.0,
            use_relative_e_distances: true,
            gcode_label_objects: false,
        }
    }
}
