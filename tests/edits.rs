//! Whatever a person changes, in whatever order: what is planned with what the plan before left is what is planned afresh.
//!
//! A few edits run with the other tests; `FABBRO_EDITS=10000` makes so many, `FABBRO_EDITS_SEED` others.

use std::path::Path;
use std::sync::Arc;

use fabbro::model::import::import;
use fabbro::process::{PlanCache, plan, plan_again};
use fabbro::progress::Progress;
use fabbro::scene::{Snapshot, SnapshotObject};
use fabbro::settings::{Key, Kind, Layer, LayeredSettings, Scope, Value, definitions};
use nalgebra::{Matrix4, Vector3};

use super::nasty::Dice;

/// Settings that are changed at the same time, at most.
const AT_ONCE: usize = 6;

/// Changes a setting to something that somebody might try, or back. Gives what was done, in words.
fn change_setting(layered: &mut LayeredSettings, changed: &mut Vec<Key>, dice: &mut Dice) -> String {
    if changed.len() >= AT_ONCE || (!changed.is_empty() && dice.below(3) == 0) {
        let key = changed.swap_remove(dice.below(changed.len()));
        layered.reset(Layer::Project, key);
        return format!("{} as it was", key.definition().name);
    }
    let before = layered.clone();
    loop {
        let definition = &definitions()[dice.below(definitions().len())];
        if definition.scope == Scope::Machine {
            continue;
        }
        let value = match (definition.default_value(), definition.kind) {
            (Value::Flag(flag), _) => Value::Flag(!flag),
            (Value::Count(count), _) => Value::Count((count + 3).saturating_sub(dice.below(6) as u32)),
            (Value::Number(number), _) => {
                let range = definition.soft.or(definition.hard);
                let (low, high) = range.map_or((0.5 * number, 1.5 * number), |range| (range.min, range.max));
                // Not so far that a plan takes minutes.
                let near = |v: f64, factor: f64| if number > 0.0 { number * factor } else { v.clamp(0.0, 3.0) };
                Value::Number(dice.between(low.max(near(low, 0.6)), high.min(near(high, 1.7))))
            }
            (Value::Percent(share), _) => Value::Percent(share * dice.between(0.6, 1.6)),
            (_, Kind::Choice(choices)) => Value::Choice(choices[dice.below(choices.len())].name),
            _ => continue,
        };
        let words = format!("{} = {}", definition.name, definition.format(&value));
        if layered.set(Layer::Project, definition.key, value).is_ok() && layered.resolve().is_ok() {
            changed.push(definition.key);
            return words;
        }
        *layered = before.clone();
    }
}

#[test]
fn any_edits_in_any_order_give_what_planning_afresh_gives() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let (edits, seed) = (number("FABBRO_EDITS").unwrap_or(40), number("FABBRO_EDITS_SEED").unwrap_or(1));
    let models = ["bracket.obj", "bridge-and-overhang.stl", "bridge-and-overhang.stl"].map(|file| {
        let imported = import(&Path::new("assets/models").join(file), &Progress::new()).unwrap();
        Arc::new(imported.models.into_iter().next().unwrap().model)
    });
    // Two of the same model, which may come to share everything.
    let models = [&models[0], &models[1], &models[1]];
    let mut dice = Dice(seed);
    let mut layered = LayeredSettings::new();
    layered.set(Layer::Recipe, Key::layer_height, Value::Number(0.3)).unwrap();
    let mut of_plate = (layered.clone(), Vec::new());
    let mut of_one = (layered, Vec::new());
    let mut places = [[70.0, 70.0, 0.0], [120.0, 80.0, 0.0], [70.0, 130.0, 0.0]];
    let mut cache = PlanCache::default();
    let (mut planned, mut refused) = (0, 0);
    for edit in 0..edits {
        let what = match dice.below(5) {
            0 => {
                let (object, axis) = (dice.below(3), dice.below(3));
                // A corner may come to lie beside the plate.
                places[object][axis] = if axis == 2 { dice.between(0.0, 6.0) } else { dice.between(5.0, 180.0) };
                format!("object {object} to {:?}", places[object])
            }
            1 => format!("of one object, {}", change_setting(&mut of_one.0, &mut of_one.1, &mut dice)),
            _ => change_setting(&mut of_plate.0, &mut of_plate.1, &mut dice),
        };
        let settings = of_plate.0.resolve().unwrap().settings;
        let own = of_one.0.resolve_on(&settings).unwrap().settings;
        let objects = models.iter().zip(places).enumerate().map(|(i, (model, [x, y, angle]))| SnapshotObject {
            name: format!("{} {i}", model.name),
            model: Arc::clone(model),
            plate_from_model: Matrix4::new_translation(&Vector3::new(x, y, 0.0))
                * Matrix4::from_axis_angle(&Vector3::z_axis(), angle)
                * Matrix4::new_scaling(0.35),
            settings: Arc::clone(if i == 2 { &own } else { &settings }),
        });
        let snapshot = Snapshot { objects: objects.collect(), settings: Arc::clone(&settings) };
        // Somebody may change their mind half way.
        if dice.below(4) == 0 {
            let progress = Progress::new();
            progress.cancel();
            _ = plan_again(&snapshot, &mut cache, &progress);
        }
        let again = plan_again(&snapshot, &mut cache, &Progress::new());
        let afresh = plan(&snapshot, &Progress::new());
        assert!(again == afresh, "edit {edit} of seed {seed}: {what}");
        match again {
            Ok(_) => planned += 1,
            Err(_) => refused += 1,
        }
    }
    println!("{planned} plans, {refused} refusals");
    assert!(planned > refused, "{planned} plans, {refused} refusals");
}
