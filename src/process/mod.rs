//! Planning, pure: a scene and its settings become a toolpath.
//!
//! The same input gives the same bytes on any number of threads: layers are planned in parallel, results are ordered,
//! never raced, and nothing here knows files, clocks, G-code or machines. `slicing` turns meshes into outlines and is
//! shared by every process; `fdm` plans 3D prints. Data enters as a [`Snapshot`] and leaves as a [`Plan`].

pub mod fdm;
pub mod machine;
pub mod plate;
pub mod slicing;

use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use crate::geometry::{Bounds, Point};
use crate::model::{Bounds3, Mesh};
use crate::progress::{Canceled, Progress};
use crate::report::{Notice, Severity};
use crate::scene::{Snapshot, SnapshotObject};
use crate::toolpath::Toolpath;

use fdm::assembly::{self, PlannedObject};
use fdm::support::RaftSettings;
use fdm::{ObjectLayers, floating};
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
/// the same with and without.
#[derive(Clone, Debug, Default)]
pub struct PlanCache {
    objects: Vec<ObjectLayers>,
}

/// Plans everything on the plate.
pub fn plan(snapshot: &Snapshot, progress: &Progress) -> Result<Plan, PlanError> {
    plan_again(snapshot, &mut PlanCache::default(), progress)
}

/// Plans everything on the plate, with what is kept of the plan before. Keeps what was made for the plan after, also
/// where planning was stopped half way.
pub fn plan_again(snapshot: &Snapshot, cache: &mut PlanCache, progress: &Progress) -> Result<Plan, PlanError> {
    let mut kept = Vec::with_capacity(snapshot.objects.len());
    let plan = plan_kept(snapshot, &cache.objects, &mut kept, progress);
    if plan.is_ok() {
        cache.objects = kept;
    } else {
        // The newest first: they are looked at first.
        kept.append(&mut cache.objects);
        kept.truncate(2 * snapshot.objects.len());
        cache.objects = kept;
    }
    plan
}

fn plan_kept(
    snapshot: &Snapshot,
    before: &[ObjectLayers],
    kept: &mut Vec<ObjectLayers>,
    progress: &Progress,
) -> Result<Plan, PlanError> {
    if snapshot.objects.is_empty() {
        return Err(PlanError::NoObjects);
    }
    let mut notices = Vec::new();
    let area = plate::area(&snapshot.settings);
    let mut planned: Vec<&SnapshotObject> = Vec::new();
    for object in &snapshot.objects {
        let parts = parts_on_plate(object);
        let Some(extent) = Extent::of(&parts) else { return Err(PlanError::NoExtent(object.name.clone())) };
        let limit_mm = object.settings.max_print_height;
        let height_mm = extent.top_mm + RaftSettings::from(&*object.settings).lift_mm();
        if limit_mm > 0.0 && height_mm > limit_mm + 1e-3 {
            return Err(PlanError::TooHigh { name: object.name.clone(), height_mm, limit_mm });
        }
        let placed = plate::placement(&area, &extent.bounds, None);
        if placed == Placement::Outside {
            let notice = Notice::warning("this object lies outside the build plate and is not printed");
            notices.push(notice.on_object(&object.name));
            continue;
        }
        let of_this = before.iter().find(|layers| layers.is_of(&parts));
        let layers = fdm::plan_object(&parts, extent.top_mm, &(&*object.settings).into(), of_this, progress)?;
        kept.push(layers);
        // A rectangle around it may reach beyond a round plate where the object does not.
        if placed == Placement::Across
            && kept.last().is_some_and(|layers| {
                let hull = fdm::adhesion::hull_of(&layers.outlines);
                plate::placement(&area, &extent.bounds, Some(&hull)) != Placement::Inside
            })
        {
            return Err(PlanError::AcrossEdge(object.name.clone()));
        }
        planned.push(object);
    }
    if planned.is_empty() {
        return Err(PlanError::AllOutside);
    }
    fdm::plan_supports(kept, progress)?;
    notices.extend(fdm::without_supports(kept));
    let planned: Vec<(&SnapshotObject, &ObjectLayers)> = planned.into_iter().zip(kept.iter()).collect();
    for (object, layers) in &planned {
        notices.extend(layers.notices().into_iter().map(|n| n.on_object(&object.name)));
    }
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
    count_as_printed(&mut notices, &planned, &toolpath);
    Ok(Plan { toolpath, notices })
}

/// Notices name layers of their object until here; from here on those of the print, which are more where objects or their
/// supports have layers of their own, or there is a raft.
fn count_as_printed(notices: &mut [Notice], planned: &[(&SnapshotObject, &ObjectLayers)], toolpath: &Toolpath) {
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

/// The meshes of an object and where they stand on the plate, larger by what the material will shrink.
fn parts_on_plate(object: &SnapshotObject) -> Vec<(Arc<Mesh>, Matrix4<f64>)> {
    let place = |part: &crate::model::Part| (part.mesh.clone(), object.plate_from_model * part.model_from_part);
    let mut parts: Vec<_> = object.model.parts.iter().map(place).collect();
    let (xy, z) =
        (object.settings.filament_shrinkage_compensation_xy, object.settings.filament_shrinkage_compensation_z);
    if xy == 0.0 && z == 0.0 {
        return parts;
    }
    let boxes = parts.iter().filter_map(|(mesh, plate_from_part)| mesh.bounds(plate_from_part));
    if let Some(around) = boxes.reduce(Bounds3::union) {
        let [x, y, _] = around.center();
        let middle = Vector3::new(x, y, 0.0);
        // What is left of the larger part is the size that was wanted.
        let grow = Matrix4::new_nonuniform_scaling_wrt_point(
            &Vector3::new(1.0 / (1.0 - xy), 1.0 / (1.0 - xy), 1.0 / (1.0 - z)),
            &middle.into(),
        );
        parts.iter_mut().for_each(|(_, plate_from_part)| *plate_from_part = grow * *plate_from_part);
    }
    parts
}

/// How far an object reaches above the plate.
struct Extent {
    bounds: Bounds,
    top_mm: f64,
}

impl Extent {
    /// `None` where nothing is above the plate, or coordinates are no numbers or too large.
    fn of(parts: &[(Arc<Mesh>, Matrix4<f64>)]) -> Option<Self> {
        let boxes = parts.iter().filter_map(|(mesh, plate_from_part)| mesh.bounds(plate_from_part));
        let Bounds3 { min, max } = boxes.reduce(Bounds3::union)?;
        let limit = crate::geometry::MAX_COORDINATE_MM;
        let usable = (0..3).all(|a| min[a].is_finite() && max[a].is_finite() && min[a] >= -limit && max[a] <= limit);
        (usable && max[2] > 0.0).then(|| Self {
            bounds: Bounds { min: Point::from_mm(min[0], min[1]), max: Point::from_mm(max[0], max[1]) },
            top_mm: max[2],
        })
    }
}
