//! Planning, pure: a scene and its settings become a toolpath.
//!
//! The same input gives the same bytes on any number of threads: layers are planned in parallel, results are ordered,
//! never raced, and nothing here knows files, clocks, G-code or machines. `slicing` turns meshes into outlines and is
//! shared by every process; `fdm` plans 3D prints. Data enters as a [`Snapshot`] and leaves as a [`Plan`].

pub mod fdm;
mod home;
pub mod machine;
pub mod plate;
pub mod slicing;

use crate::geometry::{Point, Shift};
use crate::progress::{Canceled, Progress};
use crate::report::{Notice, Severity};
use crate::scene::{Snapshot, SnapshotObject};
use crate::toolpath::Toolpath;

use fdm::assembly::{self, PlannedObject};
use fdm::{ObjectLayers, PlacedLayers, StageSettings, floating};
use home::Home;
use plate::Placement;

/// A planned print.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub toolpath: Toolpath,
    /// What was noticed on the way, in the order of objects and stages.
    pub notices: Vec<Notice>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("there is nothing on the build plate; add a model")]
    NoObjects,
    #[error("every object lies outside the build plate; move at least one onto it")]
    AllOutside,
    #[error("{0} lies partly outside the build plate or on an excluded area; move it onto the plate")]
    AcrossEdge(String),
    #[error("{name} is {height_mm:.2} mm high and the machine prints up to {limit_mm} mm; scale it down or cut it")]
    TooHigh { name: String, height_mm: f64, limit_mm: f64 },
    #[error("{0} has no extent that can be printed: it is empty, below the plate, or its coordinates are no numbers")]
    NoExtent(String),
    #[error("nothing of the objects is large enough to be printed; scale them up or use narrower roads")]
    NothingToPrint,
    /// Names the object and its layers.
    #[error("{0}")]
    InTheAir(Notice),
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

/// What the stages of the last plan made, kept so that the next one redoes only what a change touches. The toolpath is
/// the same with and without. Layers are kept twice: where they were planned, and where they stand on the plate.
#[derive(Clone, Debug, Default)]
pub struct PlanCache {
    objects: Vec<Kept>,
}

/// An object of an earlier plan.
#[derive(Clone, Debug)]
struct Kept {
    layers: ObjectLayers,
    /// Where it stood, and its layers there; `None` where planning did not come so far.
    placed: Option<(Point, PlacedLayers)>,
}

/// Plans everything on the plate.
pub fn plan(snapshot: &Snapshot, progress: &Progress) -> Result<Plan, PlanError> {
    let mut homes = Vec::new();
    let (objects, places, notices) = plan_objects(snapshot, &[], &mut homes, progress)?;
    // But for copies nobody else holds the layers then, and they are moved where they are.
    homes.iter_mut().for_each(ObjectLayers::forget_neighbours);
    let placed = homes.into_iter().zip(places).map(|(layers, place)| PlacedLayers::new(layers, place, None));
    assembled(snapshot, &objects.into_iter().zip(placed).collect::<Vec<_>>(), notices, progress)
}

/// Plans everything on the plate, with what is kept of the plan before. Keeps what was made for the plan after, also
/// where planning was stopped half way.
pub fn plan_again(snapshot: &Snapshot, cache: &mut PlanCache, progress: &Progress) -> Result<Plan, PlanError> {
    let mut homes = Vec::with_capacity(snapshot.objects.len());
    let planned = plan_objects(snapshot, &cache.objects, &mut homes, progress);
    let before = std::mem::take(&mut cache.objects);
    let (objects, places, notices) = match planned {
        Ok(planned) => planned,
        Err(error) => {
            // The newest first: they are looked at first.
            cache.objects = homes.into_iter().map(|layers| Kept { layers, placed: None }).chain(before).collect();
            cache.objects.truncate(2 * snapshot.objects.len());
            return Err(error);
        }
    };
    let mut placed = Vec::with_capacity(objects.len());
    for ((object, layers), place) in objects.into_iter().zip(homes).zip(places) {
        let moved = before.iter().filter_map(|kept| Some((&kept.layers, kept.placed.as_ref()?)));
        let mut same_move = moved.filter(|(of, (to, _))| *to == place && layers.shares_stages(of));
        let same_move = same_move.next().map(|(of, (_, placed))| (of, placed));
        let here = PlacedLayers::new(layers.clone(), place, same_move);
        cache.objects.push(Kept { layers, placed: Some((place, here.clone())) });
        placed.push((object, here));
    }
    assembled(snapshot, &placed, notices, progress)
}

/// The objects that are printed, where each stands, and what was noticed.
type Planned<'a> = (Vec<&'a SnapshotObject>, Vec<Point>, Vec<Notice>);

/// Plans all objects as far as roads. Their layers are added to `homes`, also those that were made before it fails.
fn plan_objects<'a>(
    snapshot: &'a Snapshot,
    before: &[Kept],
    homes: &mut Vec<ObjectLayers>,
    progress: &Progress,
) -> Result<Planned<'a>, PlanError> {
    if snapshot.objects.is_empty() {
        return Err(PlanError::NoObjects);
    }
    let mut notices = Vec::new();
    let area = plate::area(&snapshot.settings);
    let mut objects: Vec<&SnapshotObject> = Vec::new();
    let mut places: Vec<Point> = Vec::new();
    for object in &snapshot.objects {
        let Some(home) = Home::of(object) else { return Err(PlanError::NoExtent(object.name.clone())) };
        let mut settings = StageSettings::from(&*object.settings);
        let limit_mm = object.settings.max_print_height;
        let height_mm = home.top_mm + settings.support.raft.lift_mm();
        if limit_mm > 0.0 && height_mm > limit_mm + 1e-3 {
            return Err(PlanError::TooHigh { name: object.name.clone(), height_mm, limit_mm });
        }
        let placed = plate::placement(&area, &home.bounds_on_plate, None);
        if placed == Placement::Outside {
            let notice = Notice::warning("this object lies outside the build plate and is not printed");
            notices.push(notice.on_object(&object.name));
            continue;
        }
        home.see_plate(&mut settings.support);
        // Its own first, which has its supports among its neighbours; also what was made for this very plan, for copies have
        // the same layers.
        let own_first = before.get(homes.len()).into_iter().chain(before);
        let all = own_first.map(|kept| &kept.layers).chain(homes.iter());
        let of_this = ObjectLayers::most_alike(all, &home.parts, &settings);
        let layers = fdm::plan_object(&home.parts, home.top_mm, &settings, of_this, progress)?;
        // A rectangle around it may reach beyond a round plate where the object does not.
        let hull = (placed == Placement::Across).then(|| fdm::adhesion::hull_of(&layers.outlines));
        homes.push(layers);
        if hull.is_some_and(|hull| {
            plate::placement(&area, &home.bounds_on_plate, Some(&hull.shifted(home.place))) != Placement::Inside
        }) {
            return Err(PlanError::AcrossEdge(object.name.clone()));
        }
        objects.push(object);
        places.push(home.place);
    }
    if objects.is_empty() {
        return Err(PlanError::AllOutside);
    }
    fdm::plan_supports(homes, &places, progress)?;
    notices.extend(fdm::without_supports(homes));
    for (object, layers) in objects.iter().zip(homes.iter()) {
        notices.extend(layers.notices().into_iter().map(|n| n.on_object(&object.name)));
    }
    Ok((objects, places, notices))
}

/// Puts the layers of all objects together.
fn assembled(
    snapshot: &Snapshot,
    planned: &[(&SnapshotObject, PlacedLayers)],
    mut notices: Vec<Notice>,
    progress: &Progress,
) -> Result<Plan, PlanError> {
    let objects = planned.iter().map(|(object, layers)| PlannedObject {
        name: &object.name,
        outlines: &layers.outlines,
        perimeters: &layers.perimeters,
        filled: &layers.filled,
        support: &layers.support,
        settings: (&*object.settings).into(),
    });
    // What has no roads gets neither skirt nor brim.
    let (objects, vanished): (Vec<PlannedObject>, Vec<PlannedObject>) = objects.partition(floating::is_printed);
    if objects.is_empty() {
        return Err(PlanError::NothingToPrint);
    }
    notices.extend(vanished.iter().map(|object| {
        let mm3: f64 = object.outlines.iter().map(|layer| layer.area.area_mm2() * layer.span.height_mm()).sum();
        let text = if mm3 > 0.0 {
            format!("nothing of it is printed: all of its {mm3:.2} mm³ are thinner than any road; make it thicker")
        } else {
            "nothing of it is printed: it encloses no space in any layer; repair it, or make it thicker".to_owned()
        };
        Notice::warning(text).on_object(object.name)
    }));
    let hanging = floating::notices(&objects, progress)?;
    if let Some(worst) = hanging.iter().find(|notice| notice.severity == Severity::Error) {
        return Err(PlanError::InTheAir(worst.clone()));
    }
    notices.extend(hanging);
    let (toolpath, found) = assembly::assemble(&objects, &(&*snapshot.settings).into(), progress)?;
    notices.extend(found);
    if toolpath.layers.is_empty() {
        return Err(PlanError::NothingToPrint);
    }
    count_as_printed(&mut notices, planned, &toolpath);
    Ok(Plan { toolpath, notices })
}

/// Notices name layers of their object until here; from here on those of the print, which are more where objects or their
/// supports have layers of their own, or there is a raft.
fn count_as_printed(notices: &mut [Notice], planned: &[(&SnapshotObject, PlacedLayers)], toolpath: &Toolpath) {
    for notice in notices {
        let (Some(name), Some((first, last))) = (&notice.object, notice.layers) else { continue };
        let Some((_, layers)) = planned.iter().find(|(object, _)| object.name == *name) else { continue };
        let printed = |l: usize| {
            let top_mm = layers.outlines.get(l).map_or(f64::INFINITY, |outline| outline.span.top_mm);
            let below = |layer: &crate::toolpath::Layer| f64::from(layer.z_mm) < top_mm - 1e-3;
            toolpath.layers.partition_point(below).min(toolpath.layers.len().saturating_sub(1))
        };
        notice.layers = Some((printed(first), printed(last)));
    }
}
