//! 3D printing by fused deposition.
//!
//! Stages, each a plain function from one immutable type of [`stages`] to the next:
//! outlines → perimeters → regions (top, bottom, bridge, solid, sparse) → infill → toolpath,
//! and beside them outlines → support → toolpath.
//! The stages up to infill work on one object ([`plan_object`]), and what they made can be kept for the next plan;
//! [`assembly`] puts all objects together, with `seam`, `road`, `island` and `order` for what is printed where and when, `fuzzy` for rough walls, `scarf` for loops
//! that close without a step, `travel`,
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

use crate::model::Mesh;
use crate::process::slicing::{self, LayerOutline, LayerSettings, SlicingSettings};
use crate::progress::{Canceled, Progress};
use crate::report::Notice;
use crate::settings::Settings;

use infill::InfillSettings;
use perimeters::PerimeterSettings;
use regions::RegionSettings;
use stages::{FilledLayer, PerimeterLayer, RegionLayer, SupportLayer};
use support::SupportSettings;

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

/// Meshes of one object and where each stands on the plate.
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
    /// What was noticed while cutting.
    notices: Vec<Notice>,
}

impl ObjectLayers {
    /// Whether these are layers of the same meshes at the same places.
    pub fn is_of(&self, parts: &Parts) -> bool {
        self.parts.len() == parts.len()
            && self.parts.iter().zip(parts).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && a.1 == b.1)
    }

    /// What was noticed about the object.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.iter().cloned().chain(perimeters::unprinted(&self.perimeters)).collect()
    }
}

/// Runs the stages of one object: meshes with their places on the plate, up to `top_mm` above it. `before` is an earlier
/// result, of which every stage is taken over that would come out the same.
pub fn plan_object(
    parts: &Parts,
    top_mm: f64,
    settings: &StageSettings,
    before: Option<&ObjectLayers>,
    progress: &Progress,
) -> Result<ObjectLayers, Canceled> {
    let before = before.filter(|b| b.is_of(parts));
    let raft = &settings.support.raft;
    let same = |b: &&ObjectLayers| {
        b.settings.layers == settings.layers
            && b.settings.slicing == settings.slicing
            && b.settings.support.raft.lift_mm() == raft.lift_mm()
    };
    let before = before.filter(same);
    let (outlines, notices) = match before {
        Some(b) => (b.outlines.clone(), b.notices.clone()),
        None => {
            progress.stage("Finding layer heights", 0);
            let spans = raft.lifted(slicing::object_grid(parts, top_mm, &settings.layers));
            let (outlines, notices) = slicing::outlines(parts, &spans, &settings.slicing, progress)?;
            (Arc::new(outlines), notices)
        }
    };
    let support = match before.filter(|b| b.settings.support == settings.support) {
        Some(b) => b.support.clone(),
        None => Arc::new(support::support(&outlines, &settings.support, progress)?),
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
    Ok(ObjectLayers { parts, settings, outlines, perimeters, regions, filled, support, notices })
}
