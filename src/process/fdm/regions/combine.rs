//! Sparse infill of several layers in one go.

use super::RegionSettings;
use super::over_inside::sparse;
use crate::geometry::Region;
use crate::process::fdm::stages::{RegionLayer, Surface, SurfaceKind};
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// Leaves out of the lower layers of each group what is sparse in all of its layers, and makes it as thick in the
/// uppermost. The first layer is in no group.
pub(super) fn combined(layers: Vec<RegionLayer>, settings: &RegionSettings) -> Vec<RegionLayer> {
    if settings.infill_every_layers < 2 {
        return layers;
    }
    let groups = groups(&layers, settings);
    let half_width_mm = 0.5 * settings.solid_infill_width_mm;
    let common: Vec<Region> = groups
        .par_iter()
        .map(|group| {
            let mut common = sparse(&layers[*group.end()]);
            for layer in &layers[*group.start()..*group.end()] {
                common = common.intersection(&sparse(layer));
            }
            // What has no room for a road stays where it is.
            common.opened(half_width_mm)
        })
        .collect();
    let mut of_layer: Vec<Option<usize>> = vec![None; layers.len()];
    for (g, group) in groups.iter().enumerate() {
        group.clone().for_each(|layer| of_layer[layer] = Some(g));
    }
    let split = |(layer, group): (RegionLayer, Option<usize>), index: usize| {
        let Some(g) = group.filter(|&g| !common[g].is_empty()) else { return layer };
        let is_uppermost = index == *groups[g].end();
        let islands = layer.islands.into_iter().map(|surfaces| {
            let mut out = Vec::with_capacity(surfaces.len());
            for surface in surfaces {
                if surface.kind != SurfaceKind::Sparse {
                    out.push(surface);
                    continue;
                }
                if is_uppermost {
                    let area = surface.area.intersection(&common[g]);
                    out.push(Surface { area, plies: groups[g].clone().count(), ..surface.clone() });
                }
                let area = surface.area.difference(&common[g]).opened(half_width_mm);
                out.push(Surface { area, ..surface });
            }
            out.retain(|surface| !surface.area.is_empty());
            out
        });
        RegionLayer { span: layer.span, islands: islands.collect() }
    };
    layers.into_par_iter().zip(of_layer).enumerate().map(|(i, layer)| split(layer, i)).collect()
}

/// Runs of layers that are filled together.
fn groups(layers: &[RegionLayer], settings: &RegionSettings) -> Vec<RangeInclusive<usize>> {
    let mut groups = Vec::new();
    let mut first = 1;
    while first < layers.len() {
        let bottom_mm = layers[first].span.bottom_mm;
        let most = layers.len().min(first + settings.infill_every_layers);
        let higher =
            (first + 1..most).take_while(|&i| layers[i].span.top_mm - bottom_mm <= settings.highest_road_mm + 1e-6);
        let last = higher.last().unwrap_or(first);
        if last > first {
            groups.push(first..=last);
        }
        first = last + 1;
    }
    groups
}
