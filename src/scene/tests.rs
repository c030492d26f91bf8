//! What a document promises: nothing lost, nothing half done, nothing on top of something else.

use std::sync::Arc;

use nalgebra::Matrix4;

use super::arrange::{Clearance, arrange};
use super::check::Misplacement;
use super::*;
use crate::geometry::{Point, Region, Ring};
use crate::model::tests::cuboid;
use crate::progress::Progress;
use crate::settings::{Key, Layer, LayeredSettings, Value};

fn cube(name: &str, edge_mm: f32) -> NewObject {
    slab(name, [edge_mm; 3])
}

fn slab(name: &str, size_mm: [f32; 3]) -> NewObject {
    NewObject::new(Arc::new(Model::from_mesh(
        name,
        cuboid([3.0, 4.0, 5.0], [0, 1, 2].map(|i| [3.0, 4.0, 5.0][i] + size_mm[i])),
    )))
}

/// A document with these objects added one after the other.
fn with(objects: Vec<NewObject>) -> (Document, Vec<ObjectId>) {
    let mut document = Document::default();
    let mut ids = Vec::new();
    for object in objects {
        ids.extend(document.apply(Edit::Add { objects: vec![object] }).unwrap().added);
    }
    (document, ids)
}

fn object(document: &Document, id: ObjectId) -> &Object {
    document.object(id).unwrap()
}

#[track_caller]
fn assert_near(is: [f64; 3], should: [f64; 3]) {
    let far = is.iter().zip(should).any(|(a, b)| (a - b).abs() > 1e-5);
    assert!(!far, "{is:?} should be {should:?}");
}

#[test]
fn one_model_is_centred_and_stands_on_the_plate() {
    let (document, ids) = with(vec![cube("Cube", 20.0)]);
    assert_near(object(&document, ids[0]).bounds().min, [100.0, 100.0, 0.0]);
    assert_near(object(&document, ids[0]).bounds().max, [120.0, 120.0, 20.0]);
    assert_eq!(document.misplaced(), []);
    let snapshot = document.snapshot();
    assert_eq!((snapshot.objects.len(), snapshot.objects[0].name.as_str()), (1, "Cube"));
}

#[test]
fn several_models_get_places_and_names_of_their_own() {
    let mut document = Document::default();
    let objects = vec![cube("Cube", 30.0), cube("Cube", 50.0), slab("Slab", [90.0, 20.0, 5.0]), cube("Cube 2", 10.0)];
    document.apply(Edit::Add { objects }).unwrap();
    let names: Vec<&str> = document.objects().iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["Cube", "Cube 2", "Slab", "Cube 3"]);
    assert_eq!(document.misplaced(), []);
    let boxes = document.objects().iter().map(|o| o.bounds());
    let [x, y, _] = boxes.reduce(crate::model::Bounds3::union).unwrap().center();
    assert!((x - 110.0).abs() < 0.01 && (y - 110.0).abs() < 0.01, "the whole is centred");
}

#[test]
fn edits_do_what_they_say() {
    let (mut document, ids) = with(vec![slab("Slab", [40.0, 20.0, 10.0])]);
    let id = ids[0];
    let center = |d: &Document| object(d, id).bounds().center();
    document.apply(Edit::move_by(vec![id], [5.0, -7.0, 0.0])).unwrap();
    assert_near(center(&document), [115.0, 103.0, 5.0]);
    let pivot = center(&document);
    document.apply(Edit::rotate(vec![id], pivot, [0.0, 0.0, 1.0], std::f64::consts::FRAC_PI_2)).unwrap();
    assert_near(object(&document, id).bounds().size(), [20.0, 40.0, 10.0]);
    document.apply(Edit::rotate(vec![id], pivot, [1.0, 0.0, 0.0], std::f64::consts::FRAC_PI_2)).unwrap();
    assert_near(object(&document, id).bounds().size(), [20.0, 10.0, 40.0]);
    assert_near([object(&document, id).bounds().min[2], 0.0, 0.0], [0.0; 3]);
    document.apply(Edit::scale(vec![id], center(&document), [2.0, 1.0, 0.5])).unwrap();
    assert_near(object(&document, id).bounds().size(), [40.0, 10.0, 20.0]);
    document.apply(Edit::mirror(vec![id], center(&document), 0)).unwrap();
    assert!(object(&document, id).plate_from_model.determinant() < 0.0);
    assert_near(object(&document, id).bounds().size(), [40.0, 10.0, 20.0]);
    document.apply(Edit::move_by(vec![id], [0.0, 0.0, 12.0])).unwrap();
    assert_eq!(document.misplaced()[0].what, Misplacement::InTheAir(object(&document, id).bounds().min[2]));
    document.apply(Edit::DropToPlate { objects: vec![id] }).unwrap();
    document.apply(Edit::CenterOnPlate { objects: vec![id] }).unwrap();
    assert_near(center(&document), [110.0, 110.0, 10.0]);
    document.apply(Edit::Rename { object: id, name: " Lid ".into() }).unwrap();
    assert_eq!(object(&document, id).name, "Lid");
    document.apply(Edit::Delete { objects: vec![id] }).unwrap();
    assert!(document.objects().is_empty());
    let labels: Vec<String> = std::iter::from_fn(|| document.undo()).collect();
    let expected = [
        "Delete Lid",
        "Rename Slab",
        "Center Slab",
        "Drop Slab to plate",
        "Move Slab",
        "Mirror Slab",
        "Scale Slab",
        "Rotate Slab",
        "Rotate Slab",
        "Move Slab",
        "Add Slab",
    ];
    assert_eq!(labels, expected);
}

#[test]
fn a_face_is_laid_on_the_plate_even_of_a_turned_scaled_and_mirrored_object() {
    let (mut document, ids) = with(vec![slab("Slab", [40.0, 20.0, 10.0])]);
    let id = ids[0];
    document.apply(Edit::rotate(ids.clone(), [0.0; 3], [1.0, 2.0, 0.5], 0.7)).unwrap();
    document.apply(Edit::scale(ids.clone(), [110.0, 110.0, 0.0], [1.0, 1.5, 0.8])).unwrap();
    document.apply(Edit::mirror(ids.clone(), [110.0, 110.0, 0.0], 1)).unwrap();
    for normal in [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]] {
        document.apply(Edit::PlaceOnFace { object: id, normal_in_model: normal }).unwrap();
        let object = object(&document, id);
        let axis = normal.iter().position(|n| *n != 0.0).unwrap();
        let face = |p: &&[f64; 3]| {
            let [low, high] = [[3.0, 4.0, 5.0][axis], [43.0, 24.0, 15.0][axis]];
            (p[axis] - if normal[axis] > 0.0 { high } else { low }).abs() < 1e-5
        };
        let corners: Vec<&[f64; 3]> = object.hull.points.iter().filter(face).collect();
        assert_eq!(corners.len(), 4);
        for corner in corners {
            let z = crate::model::transform_point(&object.plate_from_model, *corner)[2];
            assert!(z.abs() < 1e-4, "a corner of the face is at {z} mm");
        }
    }
}

#[test]
fn copies_share_the_model_and_find_room() {
    let (mut document, ids) = with(vec![cube("Cube", 30.0)]);
    let added = document.apply(Edit::Duplicate { objects: ids.clone(), copies: 15 }).unwrap();
    assert_eq!((added.added.len(), added.notices.len()), (15, 0));
    let first = object(&document, ids[0]);
    assert!(
        document.objects().iter().all(|o| Arc::ptr_eq(&o.model, &first.model) && Arc::ptr_eq(&o.hull, &first.hull))
    );
    assert_eq!(document.misplaced(), []);
    let added = document.apply(Edit::Duplicate { objects: ids, copies: 30 }).unwrap();
    assert!(!added.notices.is_empty(), "46 cubes of 30 mm have no room on 220 x 220 mm");
    let outside = document.misplaced();
    assert_eq!(outside.len(), added.notices.len());
    assert!(outside.iter().all(|m| m.what == Misplacement::OutsidePlate), "beside the plate, not on one another");
}

#[test]
fn places_of_a_file_are_kept_where_they_fit() {
    let at = |name: &str, x: f64, y: f64, z: f64| NewObject {
        plate_from_model: placement::moved_by([x, y, z]),
        is_placed: true,
        ..cube(name, 20.0)
    };
    let centers = |document: &Document| document.objects().iter().map(|o| o.bounds().center()).collect::<Vec<_>>();
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![at("a", 20.0, 20.0, 0.0), at("b", 90.0, 20.0, 7.0)] }).unwrap();
    assert_near(centers(&document)[0], [33.0, 34.0, 10.0]);
    assert_near(centers(&document)[1], [103.0, 34.0, 10.0]);
    // At the border, or half off the plate, there is no room for a skirt: moved to the middle as one.
    for x in [0.0, -50.0] {
        let mut document = Document::default();
        document.apply(Edit::Add { objects: vec![at("a", x, 0.0, 0.0), at("b", x + 100.0, 0.0, 0.0)] }).unwrap();
        assert_near(centers(&document)[0], [60.0, 110.0, 10.0]);
        assert_near(centers(&document)[1], [160.0, 110.0, 10.0]);
    }
    // One alone stands in the middle.
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![at("a", 20.0, 20.0, 3.0)] }).unwrap();
    assert_near(centers(&document)[0], [110.0, 110.0, 10.0]);
    // A stack stays a stack.
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![at("a", 20.0, 20.0, 3.0), at("b", 22.0, 20.0, 23.0)] }).unwrap();
    assert_near(centers(&document)[0], [33.0, 34.0, 10.0]);
    assert_near(centers(&document)[1], [35.0, 34.0, 30.0]);
    // Too wide a group is taken apart.
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![at("a", -500.0, 0.0, 0.0), at("b", 500.0, 0.0, 0.0)] }).unwrap();
    assert_eq!(document.misplaced(), []);
}

#[test]
fn what_belongs_to_the_plate_is_the_same_for_all_objects_of_it() {
    let (mut document, ids) = with(vec![cube("Cube", 20.0), cube("Other", 20.0)]);
    document.apply(Edit::set_setting(None, Key::first_layer_height, Value::Percent(1.5))).unwrap();
    document.apply(Edit::set_setting(Some(ids[0]), Key::layer_height, Value::Number(0.1))).unwrap();
    let heights = |document: &Document| -> Vec<(f64, f64)> {
        let of = |o: &crate::scene::SnapshotObject| (o.settings.layer_height, o.settings.first_layer_height);
        document.snapshot().objects.iter().map(of).collect()
    };
    let first = 1.5 * 0.2;
    assert_eq!(heights(&document), [(0.1, first), (0.2, first)]);
    // And follows the plate.
    document.apply(Edit::set_setting(None, Key::first_layer_height, Value::Number(0.25))).unwrap();
    assert_eq!(heights(&document), [(0.1, 0.25), (0.2, 0.25)]);
}

#[test]
fn layer_heights_of_a_file_become_settings_of_its_object() {
    use crate::model::{Imported, LayerRange, Model};
    let plain = cube("Cube", 20.0);
    let imported = |ranges: &[(f64, f64, f64)]| Imported {
        model: Arc::<Model>::clone(&plain.model),
        plate_from_model: plain.plate_from_model,
        is_placed: false,
        layer_ranges: ranges
            .iter()
            .map(|&(from_mm, to_mm, layer_height_mm)| LayerRange { from_mm, to_mm, layer_height_mm })
            .collect(),
    };
    let models = [imported(&[(0.0, 2.5, 0.1), (4.0, 8.0, 0.3)]), imported(&[]), imported(&[(3.0, 2.0, 0.1)])];
    let mut document = Document::default();
    document.apply(Edit::Add { objects: NewObject::from_import(&models) }).unwrap();
    let ids: Vec<ObjectId> = document.objects().iter().map(|o| o.id).collect();
    document.apply(Edit::Duplicate { objects: vec![ids[0]], copies: 1 }).unwrap();
    let ranges = |document: &Document| -> Vec<String> {
        document.snapshot().objects.iter().map(|o| o.settings.layer_height_ranges.clone()).collect()
    };
    let text = "0-2.5: 0.1, 4-8: 0.3";
    assert_eq!(ranges(&document), [text, "", "", text]);
    document.apply(Edit::reset_setting(Some(ids[0]), Key::layer_height_ranges)).unwrap();
    assert_eq!(ranges(&document), ["", "", "", text]);
    document.undo().unwrap();
    assert_eq!(ranges(&document), [text, "", "", text]);
}

#[test]
fn settings_are_edits_too() {
    let (mut document, ids) = with(vec![cube("Cube", 20.0), cube("Other", 20.0)]);
    document.apply(Edit::set_setting(None, Key::layer_height, Value::Number(0.15))).unwrap();
    document.apply(Edit::set_setting(Some(ids[0]), Key::perimeters, Value::Count(5))).unwrap();
    let snapshot = document.snapshot();
    assert_eq!(snapshot.settings.layer_height, 0.15);
    assert_eq!((snapshot.objects[0].settings.layer_height, snapshot.objects[0].settings.perimeters), (0.15, 5));
    assert_eq!(snapshot.objects[1].settings.perimeters, snapshot.settings.perimeters);
    let provenance = document.settings_of(object(&document, ids[0])).provenance(Key::perimeters);
    assert_eq!(provenance.origin.layer, Layer::Object);
    assert_eq!(document.undo().unwrap(), format!("Change {}", Key::perimeters.definition().label));
    assert_eq!(document.snapshot().objects[0].settings.perimeters, snapshot.settings.perimeters);
    document.redo().unwrap();
    document.apply(Edit::reset_setting(Some(ids[0]), Key::perimeters)).unwrap();
    document.apply(Edit::reset_setting(None, Key::layer_height)).unwrap();
    assert_eq!(*document.snapshot().objects[0].settings, crate::settings::Settings::default());

    let mut settings = LayeredSettings::new();
    let bed = vec![[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]];
    settings.set(Layer::Machine, Key::bed_shape, Value::Outline(bed)).unwrap();
    document.apply(Edit::UseSettings { settings, label: "Choose a small machine".into() }).unwrap();
    assert_eq!(document.plate().center(), [0.0, 0.0]);
    assert_eq!(document.misplaced().len(), 2);
    document.apply(Edit::Arrange).unwrap();
    assert_eq!(document.misplaced(), []);
    document.undo();
    document.undo();
    assert_eq!(document.plate().center(), [110.0, 110.0]);
}

#[test]
fn a_failed_edit_changes_nothing() {
    let (mut document, ids) = with(vec![cube("Cube", 20.0), cube("Other", 20.0)]);
    let before = document.state().clone();
    let both = ids.clone();
    let gone = ObjectId(99);
    let huge = NewObject::new(Arc::new(Model::from_mesh("Huge", cuboid([0.0; 3], [20_000.0; 3]))));
    let failing = vec![
        Edit::Delete { objects: vec![ids[0], gone] },
        Edit::move_by(vec![gone], [1.0; 3]),
        Edit::move_by(both.clone(), [f64::NAN, 0.0, 0.0]),
        Edit::move_by(both.clone(), [9000.0, 0.0, 0.0]),
        Edit::scale(both.clone(), [0.0; 3], [1.0, 0.0, 1.0]),
        Edit::scale(both.clone(), [0.0; 3], [1.0, f64::INFINITY, 1.0]),
        Edit::Place { object: ids[0], plate_from_model: Matrix4::zeros() },
        Edit::PlaceOnFace { object: ids[0], normal_in_model: [0.0; 3] },
        Edit::PlaceOnFace { object: ids[0], normal_in_model: [f64::NAN; 3] },
        Edit::Rename { object: ids[0], name: "  ".into() },
        Edit::Duplicate { objects: both.clone(), copies: usize::MAX },
        Edit::Add { objects: vec![cube("Fits", 10.0), huge] },
        Edit::set_setting(None, Key::layer_height, Value::Number(-1.0)),
        Edit::set_setting(Some(ids[0]), Key::bed_shape, Value::Outline(vec![])),
        Edit::set_setting(Some(gone), Key::perimeters, Value::Count(1)),
    ];
    for edit in failing {
        let text = format!("{edit:?}").chars().take(80).collect::<String>();
        assert!(document.apply(edit).is_err(), "{text}");
        assert!(*document.state() == before, "{text}");
        assert_eq!(document.undo_label(), Some("Add Other"));
    }
    let progress = Progress::new();
    progress.cancel();
    assert_eq!(document.apply_in(Edit::Arrange, None, &progress), Err(EditError::Canceled(crate::progress::Canceled)));
    assert!(*document.state() == before);
}

#[test]
fn a_drag_is_undone_as_one() {
    let (mut document, ids) = with(vec![cube("Cube", 20.0)]);
    let start = object(&document, ids[0]).plate_from_model;
    for _ in 0..10 {
        document.apply_in(Edit::move_by(ids.clone(), [1.0, 0.0, 0.0]), Some(7), &Progress::new()).unwrap();
    }
    document.apply_in(Edit::move_by(ids.clone(), [0.0, 1.0, 0.0]), Some(8), &Progress::new()).unwrap();
    document.undo();
    assert_near([object(&document, ids[0]).bounds().min[0], 0.0, 0.0], [110.0, 0.0, 0.0]);
    document.undo();
    assert_eq!(object(&document, ids[0]).plate_from_model, start);
    assert_eq!(document.undo_label(), Some("Add Cube"));
}

#[test]
fn undo_and_redo_bring_back_every_state_to_the_last_bit() {
    let (mut document, _) = with(vec![cube("Cube", 20.0), slab("Slab", [30.0, 10.0, 5.0])]);
    // A seeded random walk through all kinds of edits (linear congruential generator, Knuth's constants).
    let mut seed = 20_261_123_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let bytes = |document: &Document| format!("{:?}", document.state());
    let mut states = vec![bytes(&document)];
    let mut applied = 0;
    while applied < 60 {
        let some: Vec<ObjectId> = document.objects().iter().map(|o| o.id).filter(|_| random(2) == 0).collect();
        let one = document.objects().get(random(8) as usize).map(|o| o.id);
        let amount = random(1000) as f64 / 37.0 - 10.0;
        let edit = match (random(12), one) {
            (0, _) => Edit::Add { objects: vec![cube("More", 5.0 + random(20) as f32)] },
            (1, Some(one)) if document.objects().len() > 2 => Edit::Delete { objects: vec![one] },
            (2, Some(one)) => Edit::Duplicate { objects: vec![one], copies: 1 },
            (3, _) => Edit::move_by(some, [amount, -amount, 0.0]),
            (4, _) => Edit::rotate(some, [100.0, 90.0, 0.0], [1.0, amount, 3.0], amount),
            (5, _) => Edit::scale(some, [0.0; 3], [1.1, 0.9, 1.0 + amount.abs() / 100.0]),
            (6, _) => Edit::mirror(some, [110.0; 3], random(3) as usize),
            (7, Some(object)) => Edit::PlaceOnFace { object, normal_in_model: [amount, 1.0, 0.3] },
            (8, _) => Edit::Arrange,
            (9, Some(object)) => Edit::Rename { object, name: format!("Object {amount}") },
            (10, one) => Edit::set_setting(one, Key::perimeters, Value::Count(random(9) as u32)),
            (11, one) => Edit::reset_setting(one, Key::perimeters),
            _ => continue,
        };
        if document.apply(edit).is_ok() && bytes(&document) != states[applied] {
            states.push(bytes(&document));
            applied += 1;
        }
    }
    assert!(document.is_dirty());
    for state in states.iter().rev().skip(1) {
        document.undo().unwrap();
        assert!(bytes(&document) == *state);
    }
    for state in &states[1..] {
        document.redo().unwrap();
        assert!(bytes(&document) == *state);
    }
    assert_eq!(document.redo(), None);
}

#[test]
fn the_dirty_mark_knows_the_saved_state() {
    let (mut document, ids) = with(vec![cube("Cube", 20.0)]);
    document.mark_saved();
    document.apply(Edit::move_by(ids.clone(), [0.0; 3])).unwrap();
    assert!(!document.is_dirty(), "a move by nothing changes nothing");
    document.apply(Edit::move_by(ids, [1.0; 3])).unwrap();
    assert!(document.is_dirty());
    document.undo();
    assert!(!document.is_dirty());
}

fn plate(bed: Vec<[f64; 2]>, excluded: Vec<Vec<[f64; 2]>>) -> BuildPlate {
    BuildPlate::of(&crate::settings::Settings { bed_shape: bed, bed_exclude_areas: excluded, ..Default::default() })
}

fn round_plate(radius: f64) -> BuildPlate {
    let corner = |i: i32| {
        let a = f64::from(i) / 72.0 * std::f64::consts::TAU;
        [radius * a.cos(), radius * a.sin()]
    };
    plate((0..72).map(corner).collect(), Vec::new())
}

/// Outlines in a shape are arranged so that none overlap, all are on the plate and away from its border; and the same
/// way every time. Gives how many found room.
#[track_caller]
fn check_arranged(outlines: &[Vec<[f64; 2]>], plate: &BuildPlate, clearance: Clearance) -> usize {
    let run = || arrange(outlines, &[], plate, clearance, &Progress::new()).unwrap();
    let shifts = run();
    assert_eq!(shifts, run());
    let region = |outline: &[[f64; 2]], [x, y]: [f64; 2]| Region {
        rings: vec![Ring(outline.iter().map(|p| Point::from_mm(p[0] + x, p[1] + y)).collect())],
    };
    let placed: Vec<Region> = outlines.iter().zip(&shifts).filter_map(|(o, s)| Some(region(o, (*s)?))).collect();
    // A little less than asked for: grown outlines have chords for arcs, and the grid rounds.
    let spaced = |r: &Region, by: f64| r.offset(by - 0.01, crate::geometry::Join::Round);
    for (i, a) in placed.iter().enumerate() {
        assert!(
            spaced(a, clearance.margin_mm).difference(&plate.area).area_mm2() < 1e-3,
            "outline {i} is off the plate"
        );
        for (j, b) in placed[..i].iter().enumerate() {
            let common = spaced(a, clearance.spacing_mm).intersection(b).area_mm2();
            assert!(common < 1e-3, "outlines {i} and {j} are too close by {common} mm²");
        }
    }
    placed.len()
}

fn rectangle(x: f64, y: f64) -> Vec<[f64; 2]> {
    vec![[0.0, 0.0], [x, 0.0], [x, y], [0.0, y]]
}

#[test]
fn outlines_are_arranged_without_overlap() {
    let clearance = Clearance { spacing_mm: 4.0, margin_mm: 2.0 };
    let square = plate(rectangle(200.0, 200.0), vec![]);
    let mut mixed: Vec<Vec<[f64; 2]>> =
        (1..=16).map(|i| rectangle(8.0 + f64::from(i * 7 % 23), 9.0 + f64::from(i * 5 % 31))).collect();
    mixed.extend((0..6).map(|_| vec![[0.0, 0.0], [30.0, 0.0], [15.0, 26.0]]));
    mixed.push(
        (0..80)
            .map(|i| f64::from(i) / 80.0 * std::f64::consts::TAU)
            .map(|a| [25.0 * a.cos(), 25.0 * a.sin()])
            .collect(),
    );
    assert_eq!(check_arranged(&mixed, &square, clearance), mixed.len());
    assert_eq!(check_arranged(&mixed, &round_plate(110.0), clearance), mixed.len());
    // 200 mm hold six squares of 28 mm and five gaps of 4 mm, between margins of 2 mm: 192 of 196 mm.
    let same = vec![rectangle(28.0, 28.0); 50];
    let fitted = check_arranged(&same, &square, clearance);
    assert!((25..=36).contains(&fitted), "{fitted} of 36 squares found room");
}

#[test]
fn excluded_areas_and_odd_plates_stay_free() {
    let clearance = Clearance { spacing_mm: 2.0, margin_mm: 0.0 };
    let outlines = vec![rectangle(30.0, 30.0); 6];
    let corner = plate(rectangle(120.0, 100.0), vec![vec![[0.0, 0.0], [60.0, 0.0], [60.0, 50.0], [0.0, 50.0]]]);
    assert!(check_arranged(&outlines, &corner, clearance) >= 4);
    let middle = plate(rectangle(150.0, 150.0), vec![vec![[60.0, 60.0], [90.0, 60.0], [90.0, 90.0], [60.0, 90.0]]]);
    assert_eq!(check_arranged(&outlines, &middle, clearance), 6);
    let l_shaped =
        plate(vec![[0.0, 0.0], [160.0, 0.0], [160.0, 50.0], [50.0, 50.0], [50.0, 160.0], [0.0, 160.0]], Vec::new());
    assert_eq!(check_arranged(&outlines, &l_shaped, clearance), 6);
    // A frame that leaves one place in its middle.
    let frame = vec![
        [0.0, 0.0],
        [100.0, 0.0],
        [100.0, 100.0],
        [0.0, 100.0],
        [0.0, 0.0],
        [30.0, 30.0],
        [30.0, 70.0],
        [70.0, 70.0],
        [70.0, 30.0],
        [30.0, 30.0],
    ];
    let framed = plate(rectangle(100.0, 100.0), vec![frame]);
    assert_eq!(check_arranged(&outlines, &framed, clearance), 1);
}

#[test]
fn what_stands_wrong_is_found() {
    let found = |edits: &dyn Fn(&[ObjectId]) -> Vec<Edit>| {
        let (mut document, ids) = with(vec![cube("a", 20.0), cube("b", 20.0)]);
        for edit in edits(&ids) {
            document.apply(edit).unwrap();
        }
        document.misplaced().into_iter().map(|m| (m.name, m.what)).collect::<Vec<_>>()
    };
    assert_eq!(found(&|_| vec![]), []);
    let outside = found(&|ids| vec![Edit::move_by(vec![ids[0]], [-105.0, 0.0, 0.0])]);
    assert_eq!(outside, [("a".to_owned(), Misplacement::OutsidePlate)]);
    let below = found(&|ids| vec![Edit::move_by(vec![ids[0]], [0.0, 0.0, -2.0])]);
    assert!(matches!(below[..], [(_, Misplacement::BelowPlate(mm))] if (mm - 2.0).abs() < 1e-5));
    let high = found(&|ids| vec![Edit::scale(vec![ids[0]], [110.0, 110.0, 0.0], [1.0, 1.0, 13.0])]);
    assert!(matches!(high[..], [(_, Misplacement::TooHigh(mm))] if (mm - 10.0).abs() < 1e-3));
    let together = found(&|ids| ids.iter().map(|id| Edit::CenterOnPlate { objects: vec![*id] }).collect());
    assert!(matches!(&together[..], [(name, Misplacement::Overlaps(_, other, 0))] if name == "b" && other == "a"));
    // One upon the other is no overlap; the upper one hangs in the air all the same.
    let stacked = found(&|ids| {
        let mut edits: Vec<Edit> = ids.iter().map(|id| Edit::CenterOnPlate { objects: vec![*id] }).collect();
        edits.push(Edit::move_by(vec![ids[1]], [0.0, 0.0, 20.0]));
        edits
    });
    assert!(matches!(&stacked[..], [(name, Misplacement::InTheAir(_))] if name == "b"));
}

#[test]
fn a_ring_around_a_peg_does_not_overlap_it() {
    // Four walls around a peg: convex outlines overlap, bodies do not.
    let walls = [[0.0, 0.0, 60.0, 10.0], [0.0, 50.0, 60.0, 60.0], [0.0, 10.0, 10.0, 50.0], [50.0, 10.0, 60.0, 50.0]];
    let mut ring = Model { name: "Ring".into(), parts: Vec::new() };
    for [x0, y0, x1, y1] in walls {
        ring.parts.extend(Model::from_mesh("wall", cuboid([x0, y0, 0.0], [x1, y1, 10.0])).parts);
    }
    let peg = Model::from_mesh("Peg", cuboid([20.0, 20.0, 0.0], [40.0, 40.0, 10.0]));
    let placed = |model: Model| NewObject { is_placed: true, ..NewObject::new(Arc::new(model)) };
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![placed(ring), placed(peg)] }).unwrap();
    assert_eq!(document.misplaced(), []);
    assert_near(document.objects()[0].bounds().min, [80.0, 80.0, 0.0]);
    assert_near(document.objects()[1].bounds().min, [100.0, 100.0, 0.0]);
    let peg = document.objects()[1].id;
    document.apply(Edit::move_by(vec![peg], [15.0, 0.0, 0.0])).unwrap();
    assert!(matches!(document.misplaced()[0].what, Misplacement::Overlaps(..)));
}

#[test]
fn a_tongue_in_a_groove_does_not_overlap_it() {
    // A block with a slot in its side, and a tongue in the slot: each is above and below the other somewhere.
    let cuboids = |name: &str, boxes: &[[[f32; 3]; 2]]| {
        let mut model = Model { name: name.into(), parts: Vec::new() };
        for [min, max] in boxes {
            model.parts.extend(Model::from_mesh("part", cuboid(*min, *max)).parts);
        }
        NewObject { is_placed: true, ..NewObject::new(Arc::new(model)) }
    };
    let block = cuboids(
        "Block",
        &[
            [[0.0, 0.0, 0.0], [40.0, 40.0, 10.0]],
            [[0.0, 0.0, 20.0], [40.0, 40.0, 30.0]],
            [[0.0, 0.0, 10.0], [10.0, 40.0, 20.0]],
        ],
    );
    let tongue = cuboids("Tongue", &[[[11.0, 5.0, 11.0], [60.0, 35.0, 19.0]], [[50.0, 5.0, 0.0], [60.0, 35.0, 11.0]]]);
    let mut document = Document::default();
    document.apply(Edit::Add { objects: vec![block, tongue] }).unwrap();
    assert_eq!(document.misplaced(), []);
    let tongue = document.objects()[1].id;
    document.apply(Edit::move_by(vec![tongue], [0.0, 0.0, 1.5])).unwrap();
    let wrong: Vec<Misplacement> = document.misplaced().into_iter().map(|m| m.what).collect();
    assert!(wrong.iter().any(|w| matches!(w, Misplacement::Overlaps(..))), "{wrong:?}");
}

#[test]
fn plates_know_their_shape() {
    let round = round_plate(90.0);
    let (center, radius) = round.circle().unwrap();
    assert!(center[0].abs() < 1e-6 && (radius - 90.0).abs() < 1e-6);
    assert_eq!(plate(rectangle(200.0, 180.0), vec![]).circle(), None);
    assert_eq!(plate(rectangle(200.0, 180.0), vec![]).center(), [100.0, 90.0]);
}
