//! What is unusual about resolved settings: values out of their soft range, and values that do not go together.

use crate::report::Notice;

use super::choices::DraftShield;
use super::definition::definitions;
use super::entries::Settings;
use super::heights::parse_height_ranges;
use super::value::Value;

/// Everything that the person should know before printing with these settings.
pub(super) fn notices(settings: &Settings) -> Vec<Notice> {
    let mut notices = Vec::new();
    for definition in definitions() {
        if definition.shown_when.is_some_and(|condition| !(condition.holds)(settings)) {
            continue;
        }
        let value = settings.value(definition.key);
        let number = match value {
            Value::Number(number) => number,
            Value::Count(count) => f64::from(count),
            _ => continue,
        };
        if number == 0.0 && definition.zero_means().is_some() {
            continue;
        }
        if let Some(soft) = definition.soft.filter(|soft| !soft.contains(number)) {
            notices.push(Notice::warning(format!(
                "{} ({}) is {}, which is unusual: most prints use a value {}",
                definition.label,
                definition.name,
                definition.display(&value),
                definition.range_text(soft),
            )));
        }
    }
    notices.extend(clashes(settings).into_iter().map(Notice::warning));
    notices
}

/// Values that are fine by themselves and wrong together.
fn clashes(s: &Settings) -> Vec<String> {
    let mut clashes = Vec::new();
    if s.spiral_vase && (s.has_supports() || s.raft_layers > 0) {
        clashes.push(
            "a spiral vase is printed from the plate up without supports or raft; turn spiral_vase off to have them"
                .to_owned(),
        );
    }
    if s.support_material && !s.support_material_auto && s.support_material_enforce_layers == 0 && !s.spiral_vase {
        clashes.push(
            "supports are on, but nothing says where: turn support_material_auto on, or enforce them on first layers \
             with support_material_enforce_layers"
                .to_owned(),
        );
    }
    for (name, height) in [("layer_height", s.layer_height), ("first_layer_height", s.first_layer_height)] {
        if height > s.nozzle_diameter {
            clashes.push(format!(
                "{name} is {height} mm, more than the nozzle's {} mm: layers will hardly stick to each other; choose a \
                 lower layer or a wider nozzle",
                s.nozzle_diameter
            ));
        }
    }
    for (name, width) in [
        ("first_layer_extrusion_width", s.first_layer_extrusion_width),
        ("external_perimeter_extrusion_width", s.external_perimeter_extrusion_width),
        ("perimeter_extrusion_width", s.perimeter_extrusion_width),
        ("infill_extrusion_width", s.infill_extrusion_width),
        ("solid_infill_extrusion_width", s.solid_infill_extrusion_width),
        ("top_infill_extrusion_width", s.top_infill_extrusion_width),
        ("support_material_extrusion_width", s.support_material_extrusion_width),
    ] {
        if width < 0.6 * s.nozzle_diameter || width > 3.0 * s.nozzle_diameter {
            clashes.push(format!(
                "{name} is {width} mm, which a nozzle of {} mm can hardly lay: stay between {:.2} and {:.2} mm",
                s.nozzle_diameter,
                0.6 * s.nozzle_diameter,
                3.0 * s.nozzle_diameter
            ));
        }
    }
    for (name, temperature) in [("temperature", s.temperature), ("first_layer_temperature", s.first_layer_temperature)]
    {
        if temperature > s.max_nozzle_temperature {
            clashes.push(format!(
                "{name} is {temperature} °C, but the nozzle of this machine may have at most {} °C",
                s.max_nozzle_temperature
            ));
        }
    }
    for (name, temperature) in
        [("bed_temperature", s.bed_temperature), ("first_layer_bed_temperature", s.first_layer_bed_temperature)]
    {
        if temperature > s.max_bed_temperature {
            clashes.push(format!(
                "{name} is {temperature} °C, but the bed of this machine may have at most {} °C",
                s.max_bed_temperature
            ));
        }
    }
    if s.chamber_temperature > s.max_chamber_temperature {
        clashes.push(match s.max_chamber_temperature > 0.0 {
            true => format!(
                "chamber_temperature is {} °C, but the chamber of this machine may have at most {} °C",
                s.chamber_temperature, s.max_chamber_temperature
            ),
            false => format!(
                "chamber_temperature is {} °C, but this machine heats no chamber: say how hot it may be with \
                 max_chamber_temperature",
                s.chamber_temperature
            ),
        });
    }
    if s.chamber_temperature > 0.0 && calls_macro_without(&s.start_gcode, "chamber") {
        clashes.push(
            "chamber_temperature is left to the macro that start_gcode calls, which is not told of it: hand it over there \
             with {chamber_temperature}, if the macro does not know by itself"
                .to_owned(),
        );
    }
    if s.chamber_minimal_temperature > 0.0 && s.chamber_temperature == 0.0 {
        clashes.push("chamber_minimal_temperature has no effect: chamber_temperature is 0".to_owned());
    } else if s.chamber_minimal_temperature > s.chamber_temperature {
        clashes.push(
            "chamber_minimal_temperature is above chamber_temperature, which the chamber never gets warmer than: that is \
             waited for"
                .to_owned(),
        );
    }
    if s.additional_cooling_fan_speed > 0.0 && !s.auxiliary_fan {
        clashes.push("additional_cooling_fan_speed has no effect: this machine has no auxiliary_fan".to_owned());
    }
    if s.draft_shield != DraftShield::Disabled && s.skirts == 0 {
        clashes.push("draft_shield has no effect: the shield is a skirt, and skirts is 0".to_owned());
    }
    for range in parse_height_ranges(&s.layer_height_ranges).unwrap_or_default() {
        if range.layer_height_mm > s.nozzle_diameter {
            clashes.push(format!(
                "layer_height_ranges has layers of {} mm from {} to {} mm, more than the nozzle's {} mm: they will hardly \
                 stick to each other; choose lower layers or a wider nozzle",
                range.layer_height_mm, range.from_mm, range.to_mm, s.nozzle_diameter
            ));
        }
    }
    if s.adaptive_layer_height && s.min_layer_height > s.max_layer_height {
        clashes.push(
            "min_layer_height is above max_layer_height: all adaptive layers are as high as the latter".to_owned(),
        );
    }
    if s.min_fan_speed > s.max_fan_speed {
        clashes.push("min_fan_speed is above max_fan_speed: the fan will not follow the layer time".to_owned());
    }
    clashes
}

/// Whether a sequence of commands calls a macro (a word that is not a letter and a number) and nowhere has some word.
fn calls_macro_without(sequence: &str, word: &str) -> bool {
    let is_macro = |line: &str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
    };
    sequence.lines().any(is_macro) && !sequence.to_lowercase().contains(word)
}
