//! Promises of supports in finished toolpaths.

use super::*;
use crate::geometry::Ring;
use crate::process::slicing::LayerOutline;
use crate::process::{PlanCache, plan_again};
use crate::settings::SupportStyle;

/// A foot with a wide top: two prisms, one on the other.
fn table() -> Mesh {
    let mut mesh = cube(8.0, 5.0);
    let top = cube(30.0, 2.0);
    let first = mesh.vertices.len() as u32;
    // A little into the foot, so that they are one.
    mesh.vertices.extend(top.vertices.iter().map(|v| [v[0], v[1], v[2] + 4.9]));
    mesh.triangles.extend(top.triangles.iter().map(|t| t.map(|v| v + first)));
    mesh
}

fn supported(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings { support_material: true, ..quick() };
    change(&mut settings);
    settings
}

fn is_support(role: Role) -> bool {
    matches!(role, Role::SupportMaterial | Role::SupportMaterialInterface)
}

const STYLES: [SupportStyle; 4] = [SupportStyle::Grid, SupportStyle::Snug, SupportStyle::Tree, SupportStyle::Organic];

#[test]
fn supports_are_printed_beside_their_object_without_strings_across_it() {
    for style in STYLES {
        // The gap puts supports at heights of their own.
        for gap in [0.3, 0.15] {
            let settings = supported(|s| {
                s.support_material_style = style;
                s.support_material_contact_distance = gap;
                s.gcode_label_objects = true;
            });
            let plan = planned(vec![object("table", table(), 100.0, 100.0, &settings)], &settings);
            assert!(plan.notices.is_empty(), "{:?}", plan.notices);
            let machine = Machine::run(&plan.toolpath, &settings);
            let layers = stages(table(), 100.0, 100.0, &settings);
            let mut own_heights = 0;
            for (l, a, b, drawn, _) in &machine.travels {
                let z = f64::from(plan.toolpath.layers[*l].z_mm);
                own_heights += usize::from(layers.outlines.iter().all(|o| (o.span.top_mm - z).abs() > 1e-4));
                let within = |o: &&LayerOutline| o.span.bottom_mm < z - 1e-4 && z < o.span.top_mm + 1e-4;
                let at_height = layers.outlines.iter().find(within);
                let Some(outline) = at_height.filter(|_| !drawn) else { continue };
                if a.distance_mm(*b) >= settings.retract_before_travel {
                    assert!(!EdgeGrid::new(&outline.area).is_crossed(*a, *b), "{style:?} layer {l}: {a:?} to {b:?}");
                }
            }
            assert_eq!(own_heights > 0, gap == 0.15, "{style:?} at a gap of {gap}");
            assert!(plan.toolpath.layers.windows(2).all(|w| w[0].z_mm < w[1].z_mm));
            let time = estimate(&plan.toolpath, &crate::process::machine::limits(&settings), &Progress::new()).unwrap();
            assert!(time.time_s > 0.0);
            // All material of the plan is there, at the heights and flows that it says.
            let wanted: f64 = layers
                .support
                .iter()
                .flat_map(|layer| layer.pieces.iter().flatten())
                .map(|f| f.paths.iter().map(|p| p.length_mm()).sum::<f64>() * f.flow_mm3_per_mm)
                .sum();
            let of_support: Vec<_> = roads(&plan.toolpath).filter(|(_, e)| is_support(e.role)).collect();
            let printed: f64 = of_support.iter().map(|(_, e)| length(e) * f64::from(e.flow_mm3_per_mm)).sum();
            assert!(wanted > 50.0 && (printed - wanted).abs() < 1e-3 * wanted, "{style:?}: {printed} of {wanted} mm3");
            // Whoever cancels the object cancels its supports: they lie within its label's outline.
            let label = Region { rings: vec![Ring(plan.toolpath.objects[0].outline.clone())] };
            let grid = EdgeGrid::new(&label);
            for (_, e) in of_support {
                assert!(e.points.iter().all(|&p| grid.contains(p)), "{style:?}: support outside of the label");
            }
        }
    }
}

#[test]
fn skirt_and_brim_leave_supports_free() {
    let settings = supported(|s| s.brim_width = 4.0);
    let plan = planned(vec![object("table", table(), 100.0, 100.0, &settings)], &settings);
    let first: Vec<&Extrusion> = roads(&plan.toolpath).filter(|(l, _)| *l == 0).map(|(_, e)| e).collect();
    let support: Vec<Point> = first.iter().filter(|e| is_support(e.role)).flat_map(|e| e.points.clone()).collect();
    let skirt = first.iter().find(|e| e.role == Role::Skirt).unwrap();
    let skirt = Region { rings: vec![Ring(skirt.points.clone())] };
    assert!(support.iter().all(|&p| skirt.contains(p)));
    let area = Region { rings: stages(table(), 100.0, 100.0, &settings).support[0].area.rings.clone() };
    let brims: Vec<_> = first.iter().filter(|e| e.role == Role::Brim).collect();
    for brim in &brims {
        let over = area.clip(&[crate::geometry::Polyline(brim.points.clone())]);
        assert!(over.is_empty(), "brim over support: {over:?}");
    }
}

#[test]
fn supports_are_the_same_on_any_number_of_threads_and_planned_again() {
    for style in STYLES {
        let settings = supported(|s| (s.support_material_style, s.raft_layers) = (style, 2));
        let objects = || vec![object("table", table(), 100.0, 100.0, &settings)];
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| planned(objects(), &settings))
        };
        let one = on(1);
        assert!(one == on(2) && one == on(8), "{style:?}");
        // A change of a setting of supports leaves walls and infill as they are.
        let mut cache = PlanCache::default();
        let object = objects().remove(0);
        let with = |settings: &Settings| {
            let object = SnapshotObject { settings: Arc::new(settings.clone()), ..object.clone() };
            snapshot(vec![object], settings)
        };
        plan_again(&with(&settings), &mut cache, &Progress::new()).unwrap();
        let changed = Settings { support_material_interface_layers: 1, ..settings.clone() };
        let lifted = Settings { raft_layers: 4, ..settings.clone() };
        let none = Settings { support_material: false, raft_layers: 0, ..settings.clone() };
        for settings in [&changed, &lifted, &none] {
            let again = plan_again(&with(settings), &mut cache, &Progress::new()).unwrap();
            assert!(again == plan(&with(settings), &Progress::new()).unwrap(), "{style:?}");
        }
    }
}

#[test]
fn supports_go_around_other_objects_also_where_these_have_moved() {
    for style in STYLES {
        let settings = supported(|s| s.support_material_style = style);
        let none = Settings { support_material: false, ..settings.clone() };
        let table = object("table", table(), 100.0, 100.0, &settings);
        let post = object("post", cube(6.0, 3.0), 0.0, 0.0, &none);
        let mut cache = PlanCache::default();
        for (x, y) in [(110.0, 100.0), (110.0, 104.0), (92.0, 109.0), (200.0, 180.0)] {
            let post =
                SnapshotObject { plate_from_model: Matrix4::new_translation(&Vector3::new(x, y, 0.0)), ..post.clone() };
            // Whichever comes first.
            for objects in [vec![table.clone(), post.clone()], vec![post, table.clone()]] {
                let snapshot = snapshot(objects, &settings);
                let plan = plan_again(&snapshot, &mut cache, &Progress::new()).unwrap();
                assert!(plan == super::plan(&snapshot, &Progress::new()).unwrap(), "{style:?}: not the same again");
                let reach = 3.0 + settings.support_material_xy_spacing - 0.02;
                let around =
                    Bounds { min: Point::from_mm(x - reach, y - reach), max: Point::from_mm(x + reach, y + reach) };
                let beside = roads(&plan.toolpath).filter(|(l, e)| {
                    is_support(e.role) && f64::from(plan.toolpath.layers[*l].z_mm) < 3.0 - 1e-4 && !e.points.is_empty()
                });
                let mut count = 0;
                for (l, e) in beside {
                    count += 1;
                    let half = 0.5 * f64::from(e.width_mm);
                    let near = Region::rectangle(around.grown(half - 0.05));
                    let inside = near.clip(&[crate::geometry::Polyline(e.points.clone())]);
                    assert!(inside.is_empty(), "{style:?} post at {x}, {y}: support in it on layer {l}: {inside:?}");
                }
                assert!(count > 0, "{style:?}");
            }
        }
    }
}

#[test]
fn what_is_built_for_one_object_lies_in_nothing_that_is_built_for_another() {
    for style in STYLES {
        for (apart, raft_layers) in [(5.0, 0), (8.0, 0), (10.0, 0), (5.0, 2), (2.0, 2)] {
            let settings = supported(|s| (s.support_material_style, s.raft_layers) = (style, raft_layers));
            let homes = [100.0, 130.0 + apart].map(|x| Home::of(&object("", table(), x, 100.0, &settings)).unwrap());
            let places = homes.each_ref().map(|home| home.place);
            let mut layers = homes.map(|home| {
                let mut stages = StageSettings::from(&settings);
                home.see_plate(&mut stages.support);
                crate::process::fdm::plan_object(&home.parts, home.top_mm, &stages, None, &Progress::new()).unwrap()
            });
            crate::process::fdm::plan_supports(&mut layers, &places, &Progress::new()).unwrap();
            let [one, two] = layers;
            let [one, two] = [(one, places[0]), (two, places[1])]
                .map(|(layers, place)| PlacedLayers::new(layers, place, None).support);
            for a in one.iter() {
                for b in two.iter().filter(|b| b.bottom_mm < a.top_mm - 1e-4 && b.top_mm > a.bottom_mm + 1e-4) {
                    let both = a.area.intersection(&b.area).area_mm2();
                    assert!(
                        both < 0.01,
                        "{style:?}, {apart} mm apart, raft of {raft_layers}: {both} mm² at {}",
                        a.top_mm
                    );
                }
            }
            assert!(!one.is_empty() && !two.is_empty());
        }
    }
}

#[test]
fn supports_that_nothing_needs_are_spoken_of_once() {
    let settings = supported(|_| {});
    let cubes = || {
        vec![object("one", cube(9.0, 3.0), 60.0, 60.0, &settings), object("two", cube(9.0, 3.0), 90.0, 60.0, &settings)]
    };
    let plan = planned(cubes(), &settings);
    assert_eq!(plan.notices.len(), 1, "{:?}", plan.notices);
    assert!(plan.notices[0].message.contains("nothing needs any"), "{:?}", plan.notices);
    let with_table = cubes().into_iter().chain([object("table", table(), 130.0, 130.0, &settings)]).collect();
    assert_eq!(planned(with_table, &settings).notices, []);
}

#[test]
fn a_raft_counts_for_the_height_and_takes_the_first_layer() {
    let settings = supported(|s| (s.support_material, s.raft_layers, s.raft_contact_distance) = (false, 3, 0.1));
    let plan = planned(vec![object("table", cube(20.0, 3.0), 100.0, 100.0, &settings)], &settings);
    let first_of_object = roads(&plan.toolpath).find(|(_, e)| e.role == Role::ExternalPerimeter).unwrap().0;
    assert_eq!(first_of_object, 3);
    let z = f64::from(plan.toolpath.layers[3].z_mm);
    assert!((z - (4.0 * 0.3 + 0.1)).abs() < 1e-4, "{z}");
    assert!(roads(&plan.toolpath).filter(|(l, _)| *l < 3).all(|(_, e)| is_support(e.role) || e.role == Role::Skirt));
    let low = Settings { max_print_height: 3.5, ..settings };
    let result =
        super::plan(&snapshot(vec![object("cube", cube(20.0, 3.0), 100.0, 100.0, &low)], &low), &Progress::new());
    assert!(matches!(result, Err(PlanError::TooHigh { .. })), "{result:?}");
}
