//! 3D printing by fused deposition.
//!
//! Stages, each a plain function from one immutable type of [`stages`] to the next:
//! outlines → perimeters → regions (top, bottom, bridge, solid, sparse) → infill → toolpath.
//! The stages up to infill work on one object ([`plan_object`]); [`assembly`] puts all objects together, with `seam`,
//! `island` and `order` for what is printed where and when, `travel` and `motion` for the ways between, `speeds` and
//! `cooling` for how fast, `adhesion` for what goes around the objects, and `vase` for the wall without a seam.

pub mod adhesion;
pub mod assembly;
pub mod bridges;
pub mod cooling;
pub mod flow;
pub mod infill;
pub mod island;
pub mod motion;
pub mod order;
pub mod perimeters;
pub mod regions;
pub mod seam;
pub mod speeds;
pub mod stages;
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
use stages::{FilledLayer, PerimeterLayer};

/// The settings of the stages that work on one object, each stage's own.
#[derive(Clone, Debug, PartialEq)]
pub struct StageSettings {
    pub layers: LayerSettings,
    pub slicing: SlicingSettings,
    pub perimeters: PerimeterSettings,
    pub regions: RegionSettings,
    pub infill: InfillSettings,
}

impl From<&Settings> for StageSettings {
    fn from(s: &Settings) -> Self {
        Self { layers: s.into(), slicing: s.into(), perimeters: s.into(), regions: s.into(), infill: s.into() }
    }
}

/// One object, layer by layer, as far as roads.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectLayers {
    pub outlines: Vec<LayerOutline>,
    pub perimeters: Vec<PerimeterLayer>,
    pub filled: Vec<FilledLayer>,
}

/// Runs the stages of one object: meshes with their places on the plate, up to `top_mm` above it.
pub fn plan_object(
    parts: &[(Arc<Mesh>, Matrix4<f64>)],
    top_mm: f64,
    settings: &StageSettings,
    progress: &Progress,
) -> Result<(ObjectLayers, Vec<Notice>), Canceled> {
    let spans = slicing::layer_grid(top_mm, &settings.layers);
    let (outlines, mut notices) = slicing::outlines(parts, &spans, &settings.slicing, progress)?;
    let perimeters = perimeters::perimeters(&outlines, &settings.perimeters, progress)?;
    notices.extend(perimeters::unprinted(&perimeters));
    let regions = regions::regions(&outlines, &perimeters, &settings.regions, progress)?;
    let filled = infill::infill(&regions, &settings.infill, progress)?;
    Ok((ObjectLayers { outlines, perimeters, filled }, notices))
}
