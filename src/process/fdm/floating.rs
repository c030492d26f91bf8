//! What begins in the air: pieces of objects with nothing below them.
//!
//! Looks at finished walls and fills only, so that what is too thin to be printed holds nothing. A piece rests on what
//! overlaps it in the layer below, of its own object or of another, or on supports a gap below it. Where an object, or all that is printed, goes on
//! further above the rest than any road reaches, there is no print, and the notice is an error; where other things stand
//! around a piece that begins in the air, a person may want it all the same, and the notice is a warning.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::assembly::{PlannedObject, SAME_HEIGHT_MM};
use super::stages::SupportLayer;
use crate::geometry::{Bounds, EdgeGrid, Island, Region};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;

/// Steps in height up to this are thin or missing layers and are spoken of by others; a road that begins further above
/// what was printed before meets nothing.
const HIGHEST_STEP_MM: f64 = 0.8;
/// Overlaps up to this are rounding, mm².
const NOTHING_MM2: f64 = 1e-4;
/// With more islands than this in the layer below, a grid over their edges tells where one rests.
const FEW_ISLANDS: usize = 8;
/// So many places of one object are named one by one.
const MOST_PLACES: usize = 4;

/// Warnings and errors about everything that begins in the air, in the order of the objects.
pub fn notices(objects: &[PlannedObject], progress: &Progress) -> Result<Vec<Notice>, Canceled> {
    let of_supports: Vec<Vec<Vec<Island>>> =
        objects.iter().map(|object| object.support.par_iter().map(|layer| layer.area.islands()).collect()).collect();
    let printed = Printed {
        objects: objects.iter().map(printed_layers).collect(),
        supports: objects.iter().zip(&of_supports).map(|(object, islands)| support_layers(object, islands)).collect(),
        gaps_below_mm: objects.iter().map(|object| object.settings.gap_below_mm).collect(),
    };
    let mut found = Vec::new();
    for (o, object) in objects.iter().enumerate() {
        let places = places(&printed, o, progress)?;
        let of_object = |notice: Notice| notice.on_object(object.name);
        let layers = &printed.objects[o];
        let (Some(first), Some(last)) =
            (layers.iter().position(PrintedLayer::is_printed), layers.iter().rposition(PrintedLayer::is_printed))
        else {
            continue;
        };
        if places.first().is_some_and(|place| place.first == first && place.last == last && place.is_all) {
            let text = format!(
                "it begins {:.2} mm above the build plate, in the air; drop it to the plate, or make what is below thicker",
                layers[first].bottom_mm
            );
            found.push(of_object(Notice::error(text).on_layers(first, last)));
            continue;
        }
        // Only what follows on a layer without anything can be further up than a layer is high.
        let is_gap_below = |l: &usize| layers[*l].is_printed() && (*l == 0 || !layers[*l - 1].is_printed());
        let too_high = (first..=last)
            .filter(is_gap_below)
            .find(|&l| step_mm(&printed, layers, l) > highest_step_mm(object, layers[l].height_mm()));
        if let Some(l) = too_high {
            let gap = step_mm(&printed, layers, l) - layers[l].height_mm();
            let text = format!(
                "these layers begin in the air, {gap:.2} mm above everything printed before; join them to what is below, \
                 or move them down"
            );
            found.push(of_object(Notice::error(text).on_layers(l, last)));
            continue;
        }
        let count = |places: &[Place]| places.iter().map(|place| place.pieces).sum::<usize>();
        let or_supports = if object.settings.is_without_supports { "turn support_material on, " } else { "" };
        let warning =
            |what: String| Notice::warning(format!("{what}; {or_supports}turn the object, or put something below"));
        if places.len() > MOST_PLACES {
            let what = format!("{} pieces begin in the air in {} places", count(&places), places.len());
            let last = places.iter().map(|place| place.last).max().unwrap_or(0);
            found.push(of_object(warning(what).on_layers(places[0].first, last)));
            continue;
        }
        for place in &places {
            let what = match place.pieces {
                1 => "a piece begins in the air, with nothing below it".to_owned(),
                n => format!("{n} pieces begin in the air, with nothing below them"),
            };
            found.push(of_object(warning(what).on_layers(place.first, place.last)));
        }
    }
    Ok(found)
}

/// Everything that is printed, by object: its own layers, and those of its supports.
struct Printed<'a> {
    objects: Vec<Vec<PrintedLayer<'a>>>,
    supports: Vec<Vec<PrintedLayer<'a>>>,
    /// Of each object: how far supports and raft may end below it, mm.
    gaps_below_mm: Vec<f64>,
}

impl Printed<'_> {
    fn all(&self) -> impl Iterator<Item = &PrintedLayer<'_>> {
        self.objects.iter().chain(&self.supports).flatten()
    }
}

/// The islands of one layer of one object that are printed.
struct PrintedLayer<'a> {
    bottom_mm: f64,
    top_mm: f64,
    islands: Vec<(&'a Island, Bounds)>,
    /// Over all their edges, made when it is first needed.
    grid: OnceLock<EdgeGrid>,
}

fn printed_layers<'a>(object: &PlannedObject<'a>) -> Vec<PrintedLayer<'a>> {
    let layers = object.perimeters.iter().enumerate();
    let printed = layers.map(|(l, layer)| {
        let islands = layer.islands.iter().enumerate();
        let islands = islands.filter(|&(i, island)| {
            let filled = || object.filled.get(l).and_then(|filled| filled.islands.get(i));
            !island.walls.is_empty()
                || !island.variable.is_empty()
                || filled().is_some_and(|fills| fills.iter().any(|fill| !fill.paths.is_empty()))
        });
        PrintedLayer {
            bottom_mm: layer.span.bottom_mm,
            top_mm: layer.span.top_mm,
            islands: islands.filter_map(|(_, i)| Some((&i.outline, i.outline.outer.bounds()?))).collect(),
            grid: OnceLock::new(),
        }
    });
    printed.collect()
}

fn support_layers<'a>(object: &PlannedObject, islands: &'a [Vec<Island>]) -> Vec<PrintedLayer<'a>> {
    let layer = |(layer, islands): (&SupportLayer, &'a Vec<Island>)| PrintedLayer {
        bottom_mm: layer.bottom_mm,
        top_mm: layer.top_mm,
        islands: islands.iter().filter_map(|island| Some((island, island.outer.bounds()?))).collect(),
        grid: OnceLock::new(),
    };
    object.support.iter().zip(islands).map(layer).collect()
}

/// Whether anything of an object is printed.
pub fn is_printed(object: &PlannedObject) -> bool {
    printed_layers(object).iter().any(PrintedLayer::is_printed)
}

impl PrintedLayer<'_> {
    fn is_printed(&self) -> bool {
        !self.islands.is_empty()
    }

    fn height_mm(&self) -> f64 {
        self.top_mm - self.bottom_mm
    }

    /// Whether an island of the layer above overlaps one of these.
    fn holds(&self, (island, bounds): (&Island, &Bounds)) -> bool {
        let point = island.inner_point();
        let near = || self.islands.iter().filter(|(_, b)| b.overlaps(bounds)).map(|(below, _)| *below);
        let is_over = point.is_some_and(|point| {
            if self.islands.len() <= FEW_ISLANDS {
                return near().any(|below| below.contains(point));
            }
            let grid = self.grid.get_or_init(|| {
                let rings = self.islands.iter().flat_map(|(i, _)| std::iter::once(&i.outer).chain(&i.holes));
                EdgeGrid::new(&Region { rings: rings.cloned().collect() })
            });
            grid.contains(point)
        });
        is_over || overlaps(island, near)
    }
}

/// Whether an island overlaps some others, all of which are near it and none of which overlap each other.
fn overlaps<'a, I: Iterator<Item = &'a Island>>(island: &Island, others: impl Fn() -> I) -> bool {
    if others().any(|other| other.inner_point().is_some_and(|point| island.contains(point))) {
        return true;
    }
    let rings = others().flat_map(|other| std::iter::once(&other.outer).chain(&other.holes)).cloned().collect();
    Region::from(island).intersection(&Region { rings }).area_mm2() > NOTHING_MM2
}

/// Consecutive layers in which something hangs in the air.
struct Place {
    first: usize,
    last: usize,
    /// Pieces that begin here with nothing below them.
    pieces: usize,
    /// Nothing of these layers rests on anything.
    is_all: bool,
}

/// Where something of an object hangs in the air, from below upwards.
fn places(printed: &Printed, object: usize, progress: &Progress) -> Result<Vec<Place>, Canceled> {
    let layers = &printed.objects[object];
    let begins: Vec<Vec<bool>> = (0..layers.len())
        .into_par_iter()
        .map(|l| {
            progress.check()?;
            Ok(begin_in_the_air(printed, object, l))
        })
        .collect::<Result<_, Canceled>>()?;
    let mut places: Vec<Place> = Vec::new();
    // The last layer that was printed, and which of its islands hang.
    let (mut below, mut hanging_below): (usize, Vec<bool>) = (0, Vec::new());
    for (l, begins) in begins.into_iter().enumerate().filter(|(l, _)| layers[*l].is_printed()) {
        let hangs: Vec<bool> = if !hanging_below.contains(&true) {
            begins.clone()
        } else {
            progress.check()?;
            // What rests on hanging pieces alone hangs with them.
            let all = layers[below].islands.iter().zip(&hanging_below);
            let firm: Vec<&(&Island, Bounds)> = all.filter(|(_, hangs)| !**hangs).map(|(island, _)| island).collect();
            let is_firm = |(island, bounds): &(&Island, Bounds)| {
                overlaps(island, || firm.iter().filter(|(_, b)| b.overlaps(bounds)).map(|(below, _)| *below))
            };
            let hangs = |(begins, island): (&bool, &(&Island, Bounds))| {
                *begins || !(is_firm(island) || held_by_others(printed, object, &layers[l], island))
            };
            begins.par_iter().zip(&layers[l].islands).map(hangs).collect()
        };
        if hangs.contains(&true) {
            let pieces = begins.iter().filter(|begins| **begins).count();
            let is_all = !hangs.contains(&false);
            match places.last_mut() {
                Some(place) if place.last == below => {
                    place.last = l;
                    place.pieces += pieces;
                    place.is_all &= is_all;
                }
                _ => places.push(Place { first: l, last: l, pieces, is_all }),
            }
        }
        (below, hanging_below) = (l, hangs);
    }
    Ok(places)
}

/// Which islands of a layer have nothing below them, neither of their own object nor of another.
fn begin_in_the_air(printed: &Printed, object: usize, l: usize) -> Vec<bool> {
    let layer = &printed.objects[object][l];
    // Where layers are missing, the last one below the gap counts, as long as the gap is no more than a step.
    let below = printed.objects[object][..l].iter().rfind(|below| below.is_printed());
    let floor_mm = below.map_or(0.0, |below| below.top_mm);
    if layer.top_mm - floor_mm > HIGHEST_STEP_MM.max(layer.height_mm()) + SAME_HEIGHT_MM {
        return layer.islands.iter().map(|island| !held_by_others(printed, object, layer, island)).collect();
    }
    let Some(below) = below else { return vec![false; layer.islands.len()] };
    if layer.islands.iter().map(|(i, _)| i).eq(below.islands.iter().map(|(i, _)| i)) {
        return vec![false; layer.islands.len()];
    }
    let hangs = |island: &(&Island, Bounds)| {
        !below.holds((island.0, &island.1)) && !held_by_others(printed, object, layer, island)
    };
    layer.islands.iter().map(hangs).collect()
}

/// Whether another object has something right below an island of a layer, or supports something a gap below it.
fn held_by_others(
    printed: &Printed,
    object: usize,
    layer: &PrintedLayer,
    (island, bounds): &(&Island, Bounds),
) -> bool {
    let by_object = printed.objects.iter().enumerate().filter(|(o, _)| *o != object).any(|(_, layers)| {
        let at = layers.partition_point(|below| below.top_mm < layer.bottom_mm - SAME_HEIGHT_MM);
        let below = layers.get(at).filter(|below| below.bottom_mm < layer.bottom_mm - SAME_HEIGHT_MM);
        below.is_some_and(|below| below.holds((island, bounds)))
    });
    by_object
        || printed.supports.iter().any(|layers| {
            let end = layers.partition_point(|below| below.bottom_mm < layer.bottom_mm - SAME_HEIGHT_MM);
            let reach_mm = HIGHEST_STEP_MM.max(printed.gaps_below_mm[object]) + SAME_HEIGHT_MM;
            let near = layers[..end].iter().rev().take_while(|s| s.top_mm > layer.bottom_mm - reach_mm);
            near.into_iter().any(|below| below.holds((island, bounds)))
        })
}

/// How far a layer's top may be above what was printed before.
fn highest_step_mm(object: &PlannedObject, height_mm: f64) -> f64 {
    HIGHEST_STEP_MM.max(object.settings.gap_below_mm + height_mm) + SAME_HEIGHT_MM
}

/// How far a layer's top is above all that any object has printed below the layer, or above the plate.
fn step_mm(printed: &Printed, layers: &[PrintedLayer], l: usize) -> f64 {
    let bottom_mm = layers[l].bottom_mm;
    let below = printed.all().filter(|p| p.is_printed() && p.top_mm <= bottom_mm + SAME_HEIGHT_MM);
    // A road lies across its layer: another object's may reach up to beside this one.
    let beside = printed.all().filter(|p| p.is_printed() && p.bottom_mm < bottom_mm - SAME_HEIGHT_MM);
    let beside = beside.filter(|p| p.top_mm > bottom_mm).map(|_| bottom_mm);
    layers[l].top_mm - below.map(|p| p.top_mm).chain(beside).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nalgebra::{Matrix4, Vector3};

    use crate::model::{Mesh, Model, Part};
    use crate::process::{Plan, PlanError, plan};
    use crate::progress::Progress;
    use crate::report::{Notice, Severity};
    use crate::scene::{Snapshot, SnapshotObject};
    use crate::settings::{Settings, SupportStyle};

    /// Cuboids as one mesh, each from and to a corner.
    fn boxes(all: &[[[f32; 3]; 2]]) -> Mesh {
        let mut mesh = Mesh::default();
        for [from, to] in all {
            let first = mesh.vertices.len() as u32;
            mesh.vertices.extend((0..8).map(|i| [0, 1, 2].map(|k| if i >> k & 1 == 1 { to[k] } else { from[k] })));
            let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
            let halves = faces.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]);
            mesh.triangles.extend(halves.map(|t| t.map(|v| v + first)));
        }
        mesh
    }

    fn settings() -> Settings {
        Settings { layer_height: 0.2, first_layer_height: 0.2, ..Settings::default() }
    }

    fn planned(objects: &[(&str, &[[[f32; 3]; 2]])]) -> Result<Plan, PlanError> {
        planned_with(objects, settings())
    }

    fn planned_with(objects: &[(&str, &[[[f32; 3]; 2]])], settings: Settings) -> Result<Plan, PlanError> {
        let settings = Arc::new(settings);
        let place = |&(name, all): &(&str, &[[[f32; 3]; 2]])| SnapshotObject {
            name: name.into(),
            model: Arc::new(Model {
                name: name.into(),
                parts: vec![Part {
                    name: name.into(),
                    mesh: Arc::new(boxes(all)),
                    model_from_part: Matrix4::identity(),
                }],
            }),
            plate_from_model: Matrix4::new_translation(&Vector3::new(60.0, 60.0, 0.0)),
            settings: settings.clone(),
        };
        let objects = objects.iter().map(place).collect();
        plan(&Snapshot { objects, settings: settings.clone() }, &Progress::new())
    }

    fn in_the_air(plan: Plan) -> Vec<Notice> {
        plan.notices.into_iter().filter(|n| n.message.contains("in the air")).collect()
    }

    const BODY: [[f32; 3]; 2] = [[0.0, 0.0, 0.0], [20.0, 20.0, 6.0]];

    #[test]
    fn what_stands_on_something_is_not_spoken_of() {
        let overhang = [[5.0, 5.0, 2.0], [40.0, 15.0, 4.0]];
        let beside = [[25.0, 0.0, 0.0], [30.0, 5.0, 3.0]];
        assert_eq!(in_the_air(planned(&[("body", &[BODY, overhang, beside])]).unwrap()), []);
        // One object upon the other.
        let upon = [[5.0, 5.0, 6.0], [15.0, 15.0, 9.0]];
        assert_eq!(in_the_air(planned(&[("body", &[BODY]), ("upon", &[upon])]).unwrap()), []);
    }

    #[test]
    fn supports_and_rafts_hold_what_stands_on_them() {
        let hook = [[30.0, 5.0, 2.0], [35.0, 10.0, 6.0]];
        let arm = [[15.0, 5.0, 4.0], [35.0, 10.0, 6.0]];
        for style in [SupportStyle::Grid, SupportStyle::Snug, SupportStyle::Tree] {
            let settings = Settings { support_material: true, support_material_style: style, ..settings() };
            assert_eq!(in_the_air(planned_with(&[("body", &[BODY, hook, arm])], settings).unwrap()), [], "{style:?}");
        }
        for raft_contact_distance in [0.1, 1.5] {
            let settings = Settings { raft_layers: 3, raft_contact_distance, ..settings() };
            assert_eq!(in_the_air(planned_with(&[("body", &[BODY])], settings).unwrap()), []);
        }
    }

    #[test]
    fn a_piece_that_begins_in_the_air_is_named_with_its_layers() {
        // A hook: it hangs from 2 mm (layer 11 of those that people count) to 4 mm, where an arm joins it to the body.
        let hook = [[30.0, 5.0, 2.0], [35.0, 10.0, 6.0]];
        let arm = [[15.0, 5.0, 4.0], [35.0, 10.0, 6.0]];
        let found = in_the_air(planned(&[("body", &[BODY, hook, arm])]).unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].severity, found[0].layers), (Severity::Warning, Some((10, 19))));
        assert_eq!(found[0].object.as_deref(), Some("body"));
        assert!(found[0].message.contains("support_material"), "{}", found[0]);
        // What stands beside it holds nothing.
        let corner = [[20.5, 20.5, 2.0], [28.0, 28.0, 5.0]];
        let found = in_the_air(planned(&[("body", &[BODY, corner])]).unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].layers, Some((10, 24)));
    }

    #[test]
    fn an_object_above_the_plate_is_an_error_that_names_it() {
        let above = [[30.0, 0.0, 3.0], [40.0, 10.0, 6.0]];
        for objects in [&[("kite", &[above][..])][..], &[("body", &[BODY][..]), ("kite", &[above][..])][..]] {
            match planned(objects) {
                Err(PlanError::InTheAir(notice)) => {
                    assert_eq!(notice.object.as_deref(), Some("kite"));
                    assert_eq!(notice.layers, Some((15, 29)));
                    assert!(notice.message.contains("3.00 mm above the build plate"), "{notice}");
                }
                other => panic!("{:?}", other.map(|plan| plan.notices)),
            }
        }
    }

    #[test]
    fn layers_far_above_everything_are_an_error_and_above_others_a_warning() {
        let upper = [[0.0, 0.0, 9.0], [20.0, 20.0, 12.0]];
        match planned(&[("gap", &[BODY, upper])]) {
            Err(PlanError::InTheAir(notice)) => {
                assert_eq!((notice.object.as_deref(), notice.layers), (Some("gap"), Some((45, 59))));
                assert!(notice.message.contains("3.00 mm above everything"), "{notice}");
            }
            other => panic!("{:?}", other.map(|plan| plan.notices)),
        }
        let tower = [[40.0, 0.0, 0.0], [50.0, 10.0, 15.0]];
        let found = in_the_air(planned(&[("gap", &[BODY, upper]), ("tower", &[tower])]).unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].object.as_deref(), found[0].layers), (Some("gap"), Some((45, 59))));
    }

    #[test]
    fn an_object_without_a_road_is_named_beside_others_and_an_error_alone() {
        let foil = [[30.0, 0.0, 0.0], [40.0, 0.03, 5.0]];
        assert!(matches!(planned(&[("foil", &[foil])]), Err(PlanError::NothingToPrint)));
        let plan = planned(&[("body", &[BODY]), ("foil", &[foil])]).unwrap();
        let found = plan.notices.iter().find(|n| n.message.starts_with("nothing of it is printed")).unwrap();
        assert_eq!((found.object.as_deref(), found.severity), (Some("foil"), Severity::Warning));
        assert!(plan.toolpath.objects.iter().all(|object| object.name != "foil"));
    }
}
