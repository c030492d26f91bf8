//! Skirt and brim as roads, as far as they fit on the build plate.

use crate::geometry::{Join, Point, Polyline, Region, Ring};
use crate::process::fdm::adhesion::{self, BrimSettings};
use crate::process::fdm::island::Road;
use crate::report::Notice;
use crate::toolpath::{Role, road_area_mm2};

use super::{LayerPrograms, PlannedObject, PlateSettings, PrintLayer, Program};

/// Skirt and brim of each layer that has them.
pub(super) fn programs(
    objects: &[PlannedObject],
    plate: &PlateSettings,
    layers: &[PrintLayer],
    notices: &mut Vec<Notice>,
) -> Vec<LayerPrograms> {
    let Some(first) = layers.first() else { return Vec::new() };
    let mut on_plate: Vec<(&Region, BrimSettings)> = first
        .parts
        .iter()
        .filter_map(|&(o, l)| Some((&objects.get(o)?.outlines.get(l)?.area, objects.get(o)?.settings.brim.clone())))
        .collect();
    let supports = |layer: &PrintLayer| -> Vec<&Region> {
        let areas = layer.supports.iter().filter_map(|&(o, l)| objects.get(o)?.support.get(l).map(|s| &s.area));
        areas.collect()
    };
    // Supports have no brim of their own and are kept free of others'.
    on_plate.extend(supports(first).into_iter().filter_map(|area| {
        let brim = objects.first()?.settings.brim.clone();
        Some((area, BrimSettings { width_mm: 0.0, ..brim }))
    }));
    let flow = |width: f64, height: f64| road_area_mm2(width, height) * plate.extrusion_multiplier;
    let road = |role: Role, width_mm: f64, height_mm: f64, points: Vec<Point>| Road {
        role,
        width_mm,
        height_mm,
        flow_mm3_per_mm: flow(width_mm, height_mm),
        closed: points.first() == points.last(),
        points,
        z_mm: Vec::new(),
        small: false,
    };
    let brim = adhesion::brim(&on_plate);
    let fits = |points: &[Point], width_mm: f64| within_plate(&plate.plate, points, width_mm);
    let mut brim_roads = Vec::new();
    let mut brim_cut = false;
    for b in &brim {
        if fits(&b.path.0, b.width_mm) {
            brim_roads.push(road(Role::Brim, b.width_mm, b.height_mm, b.path.0.clone()));
        } else {
            brim_cut = true;
            let inner = plate.plate.offset(-b.width_mm / 2.0, Join::Miter(2.0));
            let pieces = inner.clip(std::slice::from_ref(&b.path));
            brim_roads.extend(pieces.into_iter().map(|p| road(Role::Brim, b.width_mm, b.height_mm, p.0)));
        }
    }
    if brim_cut {
        notices.push(Notice::warning("the brim does not fit on the build plate and is cut off at its edge"));
    }
    // The skirt goes around all that is printed while it is: its own layers' outlines and the brim.
    let height = plate.skirt.height as usize;
    let brim_areas: Vec<Region> = brim_roads.iter().map(|r| Region { rings: vec![Ring(r.points.clone())] }).collect();
    let mut around: Vec<&Region> = layers
        .iter()
        .take(height)
        .flat_map(|layer| &layer.parts)
        .filter_map(|&(o, l)| objects.get(o)?.outlines.get(l).map(|outline| &outline.area))
        .collect();
    around.extend(&brim_areas);
    around.extend(layers.iter().take(height).flat_map(supports));
    let skirt = adhesion::skirt(&around, &plate.skirt);
    let skirt_fits = skirt.iter().all(|ring| fits(&ring.0, plate.skirt.width_mm));
    if !skirt_fits {
        notices.push(Notice::warning("the skirt does not fit on the build plate and is left out"));
    }
    let mut out = Vec::new();
    for (i, layer) in layers.iter().enumerate().take(height.max(1)) {
        let mut programs = Vec::new();
        if skirt_fits && i < height {
            // Loops beyond those asked for are there for the first layer's flow alone. From the outside inwards.
            let count = if i == 0 { skirt.len() } else { skirt.len().min(plate.skirt.loops as usize) };
            let roads: Vec<Road> = skirt[..count]
                .iter()
                .rev()
                .map(|ring| {
                    let mut points = ring.0.clone();
                    points.extend(ring.0.first());
                    road(Role::Skirt, plate.skirt.width_mm, layer.height_mm, points)
                })
                .collect();
            if !roads.is_empty() {
                programs.push(Program { home: None, roads, spiral: false, support: false });
            }
        }
        if i == 0 && !brim_roads.is_empty() {
            let roads = std::mem::take(&mut brim_roads);
            programs.push(Program { home: None, roads, spiral: false, support: false });
        }
        out.push(programs);
    }
    out
}

/// Whether a road of this width along these points stays on the plate.
fn within_plate(plate: &Region, points: &[Point], width_mm: f64) -> bool {
    let path = Polyline(points.to_vec());
    let inner = plate.offset(-width_mm / 2.0, Join::Miter(2.0));
    let inside: f64 = inner.clip(std::slice::from_ref(&path)).iter().map(Polyline::length_mm).sum();
    inside >= path.length_mm() - 1e-3
}
