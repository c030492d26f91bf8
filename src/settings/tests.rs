//! What is promised of every setting, whichever it is.

use std::collections::BTreeMap;

use super::*;
use crate::units::Unit;

#[test]
fn every_definition_is_complete() {
    for definition in definitions() {
        let name = definition.name;
        assert!(!definition.label.is_empty(), "{name} has no label");
        let summary = definition.summary();
        assert!(summary.len() > 10 && summary.ends_with('.'), "{name}: `{summary}` is no sentence");
        assert_eq!(
            definition.default_value(),
            definition.parse(&definition.format(&definition.default_value())).unwrap()
        );
        if matches!(definition.kind, Kind::Number | Kind::Count) {
            let hard = definition.hard.unwrap_or_else(|| panic!("{name} has no hard range"));
            assert!(hard.min < hard.max && hard.max.is_finite(), "{name}");
            if let Some(soft) = definition.soft {
                assert!(hard.contains(soft.min) && hard.contains(soft.max) && soft.min < soft.max, "{name}");
            }
        }
        if let Some(grammar) = definition.grammar {
            definition.parse(grammar.example).unwrap();
        }
        if definition.template {
            assert_eq!(definition.kind, Kind::Text, "{name}");
        }
        assert!(Category::ALL.contains(&definition.category), "{name}");
    }
}

/// Numbers that may be anything within their hard range: angles, shares and counts are bounded by what they are, widths
/// are held against the nozzle.
fn any_number_is_usual(definition: &Definition) -> bool {
    definition.kind == Kind::Count
        || matches!(definition.unit, Unit::Share | Unit::Degree)
        || definition.name.ends_with("extrusion_width")
        || matches!(definition.key, Key::filament_cost | Key::retract_lift_above)
}

#[test]
fn absurd_numbers_are_refused_or_warned_of() {
    for definition in definitions().iter().filter(|d| d.kind == Kind::Number && !any_number_is_usual(d)) {
        let soft = definition.soft.unwrap_or_else(|| panic!("{} says not what is usual", definition.name));
        // Beyond what is usual there is a warning, far beyond it a refusal; but 0 where that has a meaning.
        let too_much = Value::Number(soft.max * 10_000.0);
        let error = definition.check(&too_much).unwrap_err().to_string();
        assert!(error.contains("it must be from ") && error.contains(" to "), "{error}");
    }
    for (text, words) in [
        ("max_lines_per_second=0.001", "from 5 to 1000000"),
        ("max_volumetric_extrusion_rate_slope=0.001", "from 1 mm³/s²"),
        ("default_acceleration=0.1", "from 1 mm/s²"),
        ("resolution=1e-9", "from 0.0001 mm"),
        ("temperature=20", "from 100 °C to 500 °C"),
        ("layer_height_ranges=0-5: 9", "from 0.01 mm to 2 mm"),
        ("layer_height_ranges=0-5: 0.1, 4-6: 0.2", "overlap"),
        ("fill_angle_template=0, north", "`north` is no angle"),
    ] {
        let error = parse_assignment(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    for (text, words) in [
        ("max_volumetric_extrusion_rate_slope=2", "unusual"),
        ("max_lines_per_second=6", "unusual"),
        ("layer_height_ranges=0-5: 1.2", "1.2 mm from 0 to 5 mm, more than the nozzle's 0.4 mm"),
    ] {
        let (key, value) = parse_assignment(text).unwrap();
        let mut layered = LayeredSettings::new();
        layered.set(Layer::Project, key, value).unwrap();
        let notices = layered.resolve().unwrap().notices;
        assert!(notices.iter().any(|notice| notice.message.contains(words)), "{text}: {notices:?}");
    }
    for text in ["max_volumetric_extrusion_rate_slope=0", "default_jerk=0", "wipe_distance=0", "max_bed_temperature=0"]
    {
        let (key, value) = parse_assignment(text).unwrap();
        assert!(key.definition().display(&value).starts_with("0 ("), "{text}");
    }
}

#[test]
fn defaults_are_within_their_ranges() {
    let settings = Settings::default();
    for definition in definitions() {
        definition.check(&definition.default_value()).unwrap();
        let value = settings.value(definition.key);
        definition.check(&value).unwrap();
        let number = match value {
            Value::Number(number) => number,
            Value::Count(count) => f64::from(count),
            _ => continue,
        };
        if number == 0.0 && definition.zero_means().is_some() {
            continue;
        }
        for range in [definition.hard, definition.soft].into_iter().flatten() {
            assert!(range.contains(number), "{}: {number} is not within {range:?}", definition.name);
        }
    }
    assert_eq!(LayeredSettings::new().resolve().unwrap().notices, []);
}

#[test]
fn names_lead_to_one_setting() {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for definition in definitions() {
        assert_eq!(Key::find(definition.name), Ok(definition.key));
        let mut names: Vec<_> = definition.aliases().chain([definition.name]).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if let Some(other) = owners.insert(name, definition.name) {
                panic!("{name} is a name of both {other} and {}", definition.name);
            }
        }
    }
    assert_eq!(Key::find("wall_loops"), Ok(Key::perimeters));
    assert_eq!(Key::find("layer-height"), Ok(Key::layer_height));
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let error = Key::find("layer_heigth").unwrap_err();
    assert_eq!(error.to_string(), "there is no setting `layer_heigth`; did you mean `layer_height`?");
    let error = Key::find("xyzzy").unwrap_err();
    assert_eq!(error.to_string(), "there is no setting `xyzzy`");
}

#[test]
fn what_people_type_is_understood() {
    for (text, key, value) in [
        ("layer_height=0.15", Key::layer_height, Value::Number(0.15)),
        ("layer_height = 1/100 in", Key::layer_height, Value::Number(0.254)),
        ("perimeters=2+1", Key::perimeters, Value::Count(3)),
        ("fill_density=15%", Key::fill_density, Value::Number(0.15)),
        ("fill_density=0.15", Key::fill_density, Value::Number(0.15)),
        ("sparse_infill_density=20", Key::fill_density, Value::Number(0.2)),
        ("max_fan_speed=80", Key::max_fan_speed, Value::Number(0.8)),
        ("max_fan_speed=80%", Key::max_fan_speed, Value::Number(0.8)),
        ("external_perimeter_speed=50%", Key::external_perimeter_speed, Value::Percent(0.5)),
        ("travel_speed=9000 mm/min", Key::travel_speed, Value::Number(150.0)),
        ("infill_overlap=0.1mm", Key::infill_overlap, Value::Millimetres(0.1)),
        ("extrusion_multiplier=95%", Key::extrusion_multiplier, Value::Number(0.95)),
        ("spiral_vase=yes", Key::spiral_vase, Value::Flag(true)),
        ("z_seam_type=back", Key::seam_position, Value::Choice("rear")),
        ("gcode_flavor=Marlin", Key::gcode_flavor, Value::Choice("marlin2")),
        ("thumbnails=16x16, 220x124/PNG", Key::thumbnails, Value::Sizes(vec![[16, 16], [220, 124]])),
        ("bed_shape=0x0,9x0,9x9", Key::bed_shape, Value::Outline(vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]])),
        ("start_gcode=M104 S0 ; a=b", Key::start_gcode, Value::Text("M104 S0 ; a=b".into())),
    ] {
        let (found, read) = parse_assignment(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(found, key, "{text}");
        match (&read, &value) {
            (Value::Number(a), Value::Number(b)) => assert!((a - b).abs() < 1e-12, "{text}: {read:?}"),
            _ => assert_eq!(read, value, "{text}"),
        }
    }
}

#[test]
fn what_a_setting_does_not_take_is_refused_with_its_range_or_choices() {
    for (text, words) in [
        ("layer_height", "key=value"),
        ("layer_height=5", "from 0.01 mm to 2 mm"),
        ("layer_height=thin", "thin"),
        ("layer_height=20%", "%"),
        ("layer_height=0.2 s", "mm is expected"),
        ("layer_height=NaN", "NaN"),
        ("layer_height=1/0", "finite"),
        ("perimeters=2.5", "whole number"),
        ("perimeters=-1", "whole number"),
        ("fill_density=120", "from 0 % to 100 %"),
        ("fill_pattern=swirl", "gyroid"),
        ("spiral_vase=maybe", "on or off"),
        ("bed_shape=0x0,1x1", "three corners"),
        ("thumbnails=0x0", "pixels"),
    ] {
        let error = parse_assignment(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

fn resolved(assignments: &[&str]) -> Settings {
    let mut layered = LayeredSettings::new();
    for text in assignments {
        let (key, value) = parse_assignment(text).unwrap();
        layered.set(Layer::Project, key, value).unwrap();
    }
    Arc::unwrap_or_clone(layered.resolve().unwrap().settings)
}

use std::sync::Arc;

#[test]
fn rules_are_computed_as_prusa_slicer_does() {
    let settings = resolved(&["nozzle_diameter=0.6", "layer_height=0.3", "first_layer_extrusion_width=200%"]);
    assert_eq!(settings.extrusion_width, 1.125 * 0.6);
    assert_eq!(settings.perimeter_extrusion_width, 1.125 * 0.6);
    assert_eq!(settings.top_infill_extrusion_width, 0.6);
    assert_eq!(settings.first_layer_extrusion_width, 0.4);

    let settings =
        resolved(&["extrusion_width=0.5", "retract_speed=40", "travel_speed=9", "machine_max_feedrate_z=12"]);
    assert_eq!(settings.top_infill_extrusion_width, 0.5);
    assert_eq!(settings.deretract_speed, 40.0);
    assert_eq!(settings.travel_speed_z, 9.0);

    let chain = ["infill_speed=100", "solid_infill_speed=50%", "top_solid_infill_speed=50%", "infill_overlap=0.1mm"];
    let settings = resolved(&chain);
    assert_eq!(settings.top_solid_infill_speed, 25.0);
    assert_eq!(settings.infill_overlap, 0.1 / settings.perimeter_extrusion_width);

    let settings = resolved(&["default_acceleration=1234", "infill_acceleration=0"]);
    assert_eq!(settings.infill_acceleration, 1234.0);
    assert_eq!(settings.top_solid_infill_acceleration, 1234.0);
}

#[test]
fn a_computed_value_out_of_range_is_an_error() {
    let mut layered = LayeredSettings::new();
    let (key, value) = parse_assignment("perimeter_extrusion_width=90000%").unwrap();
    layered.set(Layer::Project, key, value).unwrap();
    let error = layered.resolve().unwrap_err().to_string();
    assert!(error.contains("perimeter_extrusion_width") && error.contains("10 mm"), "{error}");
}

#[test]
fn rules_form_no_circle() {
    // Each rule is computed with everything it may ask for at zero, which is when it asks for more.
    let mut layered = LayeredSettings::new();
    for definition in definitions().iter().filter(|definition| definition.zero.is_some()) {
        layered.set(Layer::Project, definition.key, Value::Number(0.0)).unwrap();
    }
    layered.resolve().unwrap();
    for definition in definitions() {
        let mut seen = vec![definition.key];
        while let Some(whole) = seen.last().and_then(|key| key.definition().percent_of) {
            assert!(!seen.contains(&whole), "{} is a percentage of itself", definition.name);
            seen.push(whole);
        }
    }
}

#[test]
fn a_value_knows_where_it_came_from_and_what_it_overrode() {
    let sheet = |name: &str, text: &str| {
        let (key, value) = parse_assignment(text).unwrap();
        let mut values = Values::new();
        values.set(key, value).unwrap();
        Sheet { layer: Layer::Default, name: name.into(), values }
    };
    let mut layered = LayeredSettings::new();
    layered.replace(Layer::Recipe, [sheet("Parent", "layer_height=0.25"), sheet("Draft", "layer_height=0.28")]);
    layered.replace(Layer::Machine, [sheet("MINI", "layer_height=0.15")]);
    layered.set(Layer::Project, Key::layer_height, Value::Number(0.1)).unwrap();
    let before = layered.clone();

    let provenance = layered.provenance(Key::layer_height);
    assert_eq!(provenance.origin, Origin { layer: Layer::Project, name: String::new(), value: Value::Number(0.1) });
    let chain: Vec<_> = provenance.overrode.iter().map(|origin| (origin.layer, origin.name.as_str())).collect();
    let expected =
        [(Layer::Recipe, "Draft"), (Layer::Recipe, "Parent"), (Layer::Machine, "MINI"), (Layer::Default, "")];
    assert_eq!(chain, expected);

    layered.reset(Layer::Project, Key::layer_height);
    assert_eq!(layered.resolve().unwrap().settings.layer_height, 0.28);
    assert_eq!(before.resolve().unwrap().settings.layer_height, 0.1, "a clone keeps what it was");
    assert_eq!(layered.name(Layer::Recipe), Some("Draft"));
}

#[test]
fn an_object_takes_only_what_can_differ_between_objects() {
    let plate = LayeredSettings::new();
    let mut values = Values::new();
    values.set(Key::fill_density, Value::Number(0.5)).unwrap();
    let object = plate.with(Layer::Object, "Bracket", &values).unwrap();
    assert_eq!(object.resolve().unwrap().settings.fill_density, 0.5);
    assert_eq!(plate.resolve().unwrap().settings.fill_density, 0.15);
    values.set(Key::nozzle_diameter, Value::Number(0.6)).unwrap();
    let error = plate.with(Layer::Object, "Bracket", &values).unwrap_err().to_string();
    assert_eq!(error, "nozzle_diameter belongs to the machine and cannot be set for one object");
}

#[test]
fn unusual_values_and_clashes_are_noticed() {
    for (assignments, words) in [
        (&["layer_height=0.02"][..], "layer_height"),
        (&["layer_height=0.5"], "more than the nozzle's"),
        (&["temperature=300"], "at most 275"),
        (&["bed_temperature=120"], "bed"),
        (&["perimeter_extrusion_width=2"], "hardly lay"),
        (&["min_fan_speed=100", "max_fan_speed=50"], "min_fan_speed"),
        (&["draft_shield=enabled", "skirts=0"], "skirts is 0"),
        (&["max_chamber_temperature=70", "chamber_minimal_temperature=40"], "chamber_temperature is 0"),
        (
            &["max_chamber_temperature=70", "chamber_temperature=60", "start_gcode=START_PRINT BED_TEMP=60"],
            "left to the macro",
        ),
    ] {
        let mut layered = LayeredSettings::new();
        for text in assignments {
            let (key, value) = parse_assignment(text).unwrap();
            layered.set(Layer::Project, key, value).unwrap();
        }
        let notices = layered.resolve().unwrap().notices;
        assert!(notices.iter().any(|notice| notice.message.contains(words)), "{assignments:?}: {notices:?}");
    }
}

#[test]
fn search_finds_settings_by_the_names_of_other_slicers() {
    for (query, key) in [
        ("layer height", Key::layer_height),
        ("wall loops", Key::perimeters),
        ("stringing", Key::retract_length),
        ("vase", Key::spiral_vase),
        ("combing", Key::avoid_crossing_perimeters),
    ] {
        assert_eq!(search(query).first().map(|definition| definition.key), Some(key), "{query}");
    }
    assert_eq!(search("").len(), definitions().len());
    assert!(search("qwertz").is_empty());
}
