//! 3D printing by fused deposition.
//!
//! Stages, each a plain function from one immutable type of [`stages`] to the next:
//! outlines → perimeters → regions (top, bottom, bridge, solid, sparse) → infill → toolpath,
//! and beside them outlines → support → toolpath.
//! The stages up to infill work on one object ([`plan_object`]), supports on one among the others ([`plan_supports`]), and
//! what they made can be kept for the next plan;
//! [`assembly`] puts all objects together, with `seam`, `road`, `island` and `order` for what is printed where and when,
//! `fuzzy` for rough walls, `scarf` for loops that close without a step, `travel`,
//! `hop` and `motion` for the ways between, `coasting` for the ends of roads, `speeds`, `overhangs`, `cooling` and
//! `flow_rate` for how fast, `crumbs` against steps too short for a machine, `adhesion` for what goes around the objects,
//! and `vase` for the wall without a seam; `floating` says what has nothing below it.

pub mod adhesion;
pub mod assembly;
pub mod bridges;
pub mod coasting;
pub mod cooling;
pub mod crumbs;
pub mod floating;
pub mod flow;
pub mod flow_rate;
pub mod fuzzy;
pub mod hop;
pub mod infill;
pub mod island;
pub mod motion;
pub mod order;
pub mod overhangs;
pub mod perimeters;
mod random;
pub mod regions;
pub mod road;
pub mod scarf;
pub mod seam;
pub mod speeds;
pub mod stages;
pub mod support;
pub mod travel;
pub mod vase;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use nalgebra::Matrix4;
use rayon::prelude::*;

use crate::geometry::{Bounds, Point, Shift};
use crate::model::Mesh;
use crate::process::slicing::{self, LayerOutline, LayerSettings, SlicingSettings};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::Settings;

use infill::InfillSettings;
use perimeters::PerimeterSettings;
use regions::RegionSettings;
use stages::{FilledLayer, PerimeterLayer, RegionLayer, SupportLayer};
use support::{Beside, SupportSettings};

/// The settings of the stages that work on one object, each stage's own.
#[derive(Clone, Debug, PartialEq)]
pub struct StageSettings {
    pub layers: LayerSettings,
    pub slicing: SlicingSettings,
    pub perimeters: PerimeterSettings,
    pub regions: RegionSettings,
    pub infill: InfillSettings,
    pub support: SupportSettings,
}

impl From<&Settings> for StageSettings {
    fn from(s: &Settings) -> Self {
        Self {
            layers: s.into(),
            slicing: s.into(),
            perimeters: s.into(),
            regions: s.into(),
            infill: s.into(),
            support: s.into(),
        }
    }
}

/// Meshes of one object and where each stands in the frame that the object is planned in: upright on Z = 0.
pub type Parts = [(Arc<Mesh>, Matrix4<f64>)];

/// One object, layer by layer, as far as roads: what every stage made, and what it was made from. A later plan of the
/// same object takes over the stages whose inputs have not changed.
#[derive(Clone, Debug)]
pub struct ObjectLayers {
    parts: Vec<(Arc<Mesh>, Matrix4<f64>)>,
    settings: StageSettings,
    pub outlines: Arc<Vec<LayerOutline>>,
    pub perimeters: Arc<Vec<PerimeterLayer>>,
    regions: Arc<Vec<RegionLayer>>,
    pub filled: Arc<Vec<FilledLayer>>,
    pub support: Arc<Vec<SupportLayer>>,
    /// What stood beside the object when its supports were planned; `None` while they are not.
    supported_beside: Option<Vec<Neighbour>>,
    /// What its supports do not carry.
    support_notices: Vec<Notice>,
    /// What was noticed while cutting.
    notices: Vec<Notice>,
}

impl ObjectLayers {
    /// Whether these are layers of the same meshes at the same places.
    pub fn is_of(&self, parts: &Parts) -> bool {
        self.parts.len() == parts.len()
            && self.parts.iter().zip(parts).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && a.1 == b.1)
    }

    /// Whether a plan with such settings has the same outlines.
    fn has_outlines_of(&self, settings: &StageSettings) -> bool {
        let own = &self.settings;
        own.layers == settings.layers
            && own.slicing == settings.slicing
            && own.support.raft.lift_mm() == settings.support.raft.lift_mm()
    }

    /// How many of the stages of a plan with such settings would come out the same; each later one needs those before.
    fn in_common(&self, settings: &StageSettings) -> usize {
        let own = &self.settings;
        let stages = [
            self.has_outlines_of(settings),
            own.perimeters == settings.perimeters,
            own.regions == settings.regions,
            own.infill == settings.infill,
            own.support == settings.support,
        ];
        stages.iter().take_while(|same| **same).count()
    }

    /// Lets go of what stood beside it, which is of use for a later plan only.
    pub fn forget_neighbours(&mut self) {
        self.supported_beside = None;
    }

    /// Whether any stage is the very same as there.
    pub fn shares_stages(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.outlines, &other.outlines)
    }

    /// Those of some layers from which a plan of these parts takes over the most; the first of equals.
    pub fn most_alike<'a>(
        all: impl Iterator<Item = &'a Self>,
        parts: &Parts,
        settings: &StageSettings,
    ) -> Option<&'a Self> {
        let of_these = all.filter(|layers| layers.is_of(parts));
        of_these
            .map(|layers| (layers.in_common(settings), layers))
            .reduce(|a, b| if b.0 > a.0 { b } else { a })
            .map(|(_, l)| l)
    }

    /// What was noticed about the object.
    pub fn notices(&self) -> Vec<Notice> {
        let cut_and_carried = self.notices.iter().chain(&self.support_notices).cloned();
        cut_and_carried.chain(perimeters::unprinted(&self.perimeters)).collect()
    }
}

/// The layers of an object at a place on the plate.
#[derive(Clone, Debug)]
pub struct PlacedLayers {
    pub outlines: Arc<Vec<LayerOutline>>,
    pub perimeters: Arc<Vec<PerimeterLayer>>,
    pub filled: Arc<Vec<FilledLayer>>,
    pub support: Arc<Vec<SupportLayer>>,
}

impl PlacedLayers {
    /// Layers moved by the way from the origin to their place. What nobody else holds is moved where it is. `before` are
    /// layers that were moved by the same, and what became of them: what of it would come out the same is taken over.
    pub fn new(layers: ObjectLayers, place: Point, before: Option<(&ObjectLayers, &Self)>) -> Self {
        let ObjectLayers { outlines, perimeters, filled, support, .. } = layers;
        let (from, to) = before.unzip();
        Self {
            outlines: moved(outlines, place, from.map(|b| &b.outlines), to.map(|b| &b.outlines)),
            perimeters: moved(perimeters, place, from.map(|b| &b.perimeters), to.map(|b| &b.perimeters)),
            filled: moved(filled, place, from.map(|b| &b.filled), to.map(|b| &b.filled)),
            support: moved(support, place, from.map(|b| &b.support), to.map(|b| &b.support)),
        }
    }
}

/// Layers of one object, of one stage.
type Stage<T> = Arc<Vec<T>>;

fn moved<T: Shift + Clone + Send + Sync>(
    layers: Stage<T>,
    by: Point,
    before: Option<&Stage<T>>,
    moved_before: Option<&Stage<T>>,
) -> Stage<T> {
    if by == Point::new(0, 0) {
        return layers;
    }
    if let (Some(before), Some(moved)) = (before, moved_before)
        && Arc::ptr_eq(before, &layers)
    {
        return Arc::clone(moved);
    }
    Arc::new(match Arc::try_unwrap(layers) {
        Ok(layers) => layers.into_par_iter().map(|layer| layer.shifted(by)).collect(),
        Err(layers) => layers.par_iter().map(|layer| layer.clone().shifted(by)).collect(),
    })
}

/// What supports need to know of another object: its layers, its supports where those come first, and where it is from the
/// object that is supported.
#[derive(Clone, Debug)]
struct Neighbour {
    outlines: Arc<Vec<LayerOutline>>,
    support: Option<Arc<Vec<SupportLayer>>>,
    by: Point,
}

impl Neighbour {
    fn is(&self, other: &Self) -> bool {
        let same_support = match (&self.support, &other.support) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        same_support && self.by == other.by && Arc::ptr_eq(&self.outlines, &other.outlines)
    }
}

/// Around all layers.
fn bounds(layers: &[LayerOutline]) -> Option<Bounds> {
    let corners = layers.iter().filter_map(|layer| layer.area.bounds()).flat_map(|b| [b.min, b.max]);
    Bounds::around(corners)
}

/// Plans the supports of all objects, in their order, each of which stands at its place on the plate: each knows the others,
/// and the supports of those before it. Objects whose supports were taken over from the plan before keep them where what is
/// near them is the same, and copies have the same where nothing else is near.
pub fn plan_supports(objects: &mut [ObjectLayers], places: &[Point], progress: &Progress) -> Result<(), Canceled> {
    let is_on = |object: &ObjectLayers| {
        let settings = &object.settings.support;
        settings.is_on() || settings.raft.layers > 0
    };
    let on_plate = |(object, place): (&ObjectLayers, &Point)| Some(bounds(&object.outlines)?.shifted(*place));
    let mut bounds: Vec<Option<Bounds>> = match objects.iter().any(is_on) {
        true => objects.iter().zip(places).map(on_plate).collect(),
        false => vec![None; objects.len()],
    };
    for i in 0..objects.len() {
        // What was built for the one before reaches further than it does itself.
        if let Some(j) = i.checked_sub(1).filter(|&j| bounds[j].is_some()) {
            let built = objects[j].support.iter().filter_map(|layer| Some(layer.area.bounds()?.shifted(places[j])));
            bounds[j] = Bounds::around(bounds[j].into_iter().chain(built).flat_map(|b| [b.min, b.max]));
        }
        let object = &objects[i];
        let settings = &object.settings.support;
        let around = bounds[i].map(|b| b.grown(settings.surroundings_mm()));
        let is_near = |j: &usize| around.zip(bounds[*j]).is_some_and(|(around, other)| around.overlaps(&other));
        let neighbour = |j: usize| Neighbour {
            outlines: objects[j].outlines.clone(),
            support: (j < i && !objects[j].support.is_empty()).then(|| objects[j].support.clone()),
            by: Point::new(places[j].x - places[i].x, places[j].y - places[i].y),
        };
        let near: Vec<Neighbour> =
            (0..objects.len()).filter(|&j| j != i && is_on(object)).filter(is_near).map(neighbour).collect();
        let is_beside_the_same = |other: &ObjectLayers| {
            let before = other.supported_beside.as_ref();
            before.is_some_and(|before| before.len() == near.len() && before.iter().zip(&near).all(|(a, b)| a.is(b)))
        };
        if is_beside_the_same(object) {
            continue;
        }
        let is_copy = |other: &&ObjectLayers| {
            Arc::ptr_eq(&other.outlines, &object.outlines)
                && other.settings.support == *settings
                && is_beside_the_same(other)
        };
        let (layers, notices) = match objects[..i].iter().find(is_copy) {
            Some(copy) => (copy.support.clone(), copy.support_notices.clone()),
            None => {
                let outlines: Vec<_> = near.iter().map(|n| moved(n.outlines.clone(), n.by, None, None)).collect();
                let supports = near.iter().filter_map(|n| Some((n.support.as_ref()?, n.by)));
                let supports: Vec<_> = supports.map(|(layers, by)| moved(layers.clone(), by, None, None)).collect();
                let beside = Beside {
                    objects: outlines.iter().map(|layers| layers.as_slice()).collect(),
                    supports: supports.iter().map(|layers| layers.as_slice()).collect(),
                };
                let planned = support::support(&object.outlines, &beside, settings, progress)?;
                (Arc::new(planned.layers), planned.notices)
            }
        };
        objects[i].support = layers;
        objects[i].support_notices = notices;
        objects[i].supported_beside = Some(near);
    }
    Ok(())
}

/// A note where supports are on and none of the objects needs any.
pub fn without_supports(objects: &[ObjectLayers]) -> Option<Notice> {
    let on: Vec<&ObjectLayers> = objects.iter().filter(|object| object.settings.support.is_on()).collect();
    let has_none =
        |o: &&ObjectLayers| o.support.len() <= o.settings.support.raft.layers && o.support_notices.is_empty();
    let bridged = on.iter().any(|object| !object.settings.support.bridges_need_support);
    let text = "supports are on, but nothing needs any: nothing hangs out further than the threshold allows";
    let bridges = if bridged { ", and what spans from side to side is printed as a bridge" } else { "" };
    (!on.is_empty() && on.iter().all(has_none)).then(|| Notice::note(format!("{text}{bridges}")))
}

/// Runs the stages of one object but its supports: meshes with their places over the plate, up to `top_mm` above it. `before`
/// is an earlier result, of which every stage is taken over that would come out the same.
pub fn plan_object(
    parts: &Parts,
    top_mm: f64,
    settings: &StageSettings,
    before: Option<&ObjectLayers>,
    progress: &Progress,
) -> Result<ObjectLayers, Canceled> {
    let before = before.filter(|b| b.is_of(parts) && b.has_outlines_of(settings));
    let (outlines, notices) = match before {
        Some(b) => (b.outlines.clone(), b.notices.clone()),
        None => {
            progress.stage("Finding layer heights", 0);
            let spans = settings.support.raft.lifted(slicing::object_grid(parts, top_mm, &settings.layers));
            let (outlines, notices) = slicing::outlines(parts, &spans, &settings.slicing, progress)?;
            (Arc::new(outlines), notices)
        }
    };
    let (support, supported_beside, support_notices) = match before.filter(|b| b.settings.support == settings.support) {
        Some(b) => (b.support.clone(), b.supported_beside.clone(), b.support_notices.clone()),
        None => Default::default(),
    };
    let before = before.filter(|b| b.settings.perimeters == settings.perimeters);
    let perimeters = match before {
        Some(b) => b.perimeters.clone(),
        None => Arc::new(perimeters::perimeters(&outlines, &settings.perimeters, progress)?),
    };
    let before = before.filter(|b| b.settings.regions == settings.regions);
    let regions = match before {
        Some(b) => b.regions.clone(),
        None => Arc::new(regions::regions(&outlines, &perimeters, &settings.regions, progress)?),
    };
    let before = before.filter(|b| b.settings.infill == settings.infill);
    let filled = match before {
        Some(b) => b.filled.clone(),
        None => Arc::new(infill::infill(&regions, &settings.infill, progress)?),
    };
    let (parts, settings) = (parts.to_vec(), settings.clone());
    Ok(ObjectLayers {
        parts,
        settings,
        outlines,
        perimeters,
        regions,
        filled,
        support,
        supported_beside,
        support_notices,
        notices,
    })
}
