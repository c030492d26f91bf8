//! Skirt and brim as roads, as far as they fit on the build plate.

use crate::geometry::{Bounds, Join, Point, Polyline, Region, Ring};
use crate::process::fdm::adhesion;
use crate::process::fdm::adhesion::brim::{BrimSettings, brim};
use crate::process::fdm::island::Road;
use crate::report::Notice;
use crate::settings::DraftShield;
use crate::toolpath::{Role, road_area_mm2};

use super::{LayerPrograms, PlannedObject, PlateSettings, PrintLayer, Program};

/// Skirt and brim of each layer that has them. A spiral that begins at some layer has nothing beside it.
pub(super) fn programs(
    objects: &[PlannedObject],
    plate: &PlateSettings,
    layers: &[PrintLayer],
    spiral_from: Option<usize>,
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
        smooth: Vec::new(),
        z_mm: Vec::new(),
        small: false,
    };
    let brim = brim(&on_plate);
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
    let shield = plate.skirt.shield != DraftShield::Disabled;
    let mut courses = courses(layers, plate.skirt.height as usize);
    if let Some(from) = spiral_from
        && courses.last().is_some_and(|last| last.layer >= from)
    {
        courses.retain(|course| course.layer < from);
        if plate.skirt.loops > 0 {
            let text = "the skirt or draught shield ends where the spiral vase begins, which has nothing beside it";
            notices.push(Notice::warning(text));
        }
    }
    let height = courses.last().map_or(0, |last| last.layer + 1);
    let brim_areas: Vec<Region> = brim_roads.iter().map(|r| Region { rings: vec![Ring(r.points.clone())] }).collect();
    let mut around: Vec<&Region> = layers
        .iter()
        .take(height)
        .flat_map(|layer| &layer.parts)
        .filter_map(|&(o, l)| objects.get(o)?.outlines.get(l).map(|outline| &outline.area))
        .collect();
    if !shield {
        around.extend(&brim_areas);
    }
    around.extend(layers.iter().take(height).flat_map(supports));
    let skirt = adhesion::skirt(&around, &plate.skirt);
    let skirt_fits = skirt.iter().all(|ring| fits(&ring.0, plate.skirt.width_mm));
    if shield && skirt_fits && !skirt.is_empty() && !brim_roads.is_empty() {
        brim_roads = without(brim_roads, &adhesion::band(&skirt, plate.skirt.width_mm, 0.0));
    }
    if !skirt_fits {
        notices.push(Notice::warning("the skirt does not fit on the build plate and is left out"));
    }
    let mut out = Vec::new();
    for i in 0..height.max(1) {
        let mut programs = Vec::new();
        let course = courses.iter().find(|course| course.layer == i);
        if let Some(course) = course.filter(|_| skirt_fits) {
            // Loops beyond those asked for are there for the first layer's flow alone. From the outside inwards.
            let count = if i == 0 { skirt.len() } else { skirt.len().min(plate.skirt.loops as usize) };
            let roads: Vec<Road> = skirt[..count]
                .iter()
                .rev()
                .map(|ring| {
                    let mut points = ring.0.clone();
                    points.extend(ring.0.first());
                    road(Role::Skirt, plate.skirt.width_mm, course.height_mm, points)
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

/// A layer of the skirt.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Course {
    layer: usize,
    height_mm: f64,
}

/// The layers that carry the skirt, one on the other. Supports may have layers of their own between those of the objects:
/// these have none, so that the skirt is as high as was asked for in layers of the objects.
fn courses(layers: &[PrintLayer], count: usize) -> Vec<Course> {
    let first_part = layers.iter().position(|layer| !layer.parts.is_empty()).unwrap_or(0);
    let carries = |(i, layer): &(usize, &PrintLayer)| *i <= first_part || !layer.parts.is_empty();
    let mut below_mm = 0.0;
    let course = |(layer, printed): (usize, &PrintLayer)| {
        let height_mm = if layer == 0 { printed.height_mm } else { printed.z_mm - below_mm };
        below_mm = printed.z_mm;
        Course { layer, height_mm }
    };
    layers.iter().enumerate().filter(carries).take(count).map(course).collect()
}

/// The roads without what would lie on an area.
fn without(roads: Vec<Road>, area: &Region) -> Vec<Road> {
    let all = area.bounds().into_iter().chain(roads.iter().filter_map(|r| Bounds::around(r.points.iter().copied())));
    let Some(bounds) = Bounds::around(all.flat_map(|b| [b.min, b.max])) else { return roads };
    let widest_mm = roads.iter().map(|road| road.width_mm).fold(0.0, f64::max);
    let free = Region::rectangle(bounds).difference(&area.offset(0.5 * widest_mm, Join::Round));
    let paths: Vec<Polyline> = roads.iter().map(|road| Polyline(road.points.clone())).collect();
    let pieces = free.clip_each(&paths).into_iter().zip(&roads);
    let of_road = |(pieces, road): (Vec<Polyline>, &Road)| -> Vec<Road> {
        let pieces = adhesion::brim::joined_again(pieces).into_iter();
        pieces.map(|p| Road { closed: p.0.first() == p.0.last(), points: p.0, ..road.clone() }).collect()
    };
    pieces.flat_map(of_road).collect()
}

/// Whether a road of this width along these points stays on the plate.
fn within_plate(plate: &Region, points: &[Point], width_mm: f64) -> bool {
    let path = Polyline(points.to_vec());
    let inner = plate.offset(-width_mm / 2.0, Join::Miter(2.0));
    let inside: f64 = inner.clip(std::slice::from_ref(&path)).iter().map(Polyline::length_mm).sum();
    inside >= path.length_mm() - 1e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(z_mm: f64, height_mm: f64, has_part: bool) -> PrintLayer {
        let parts = if has_part { vec![(0, 0)] } else { Vec::new() };
        let supports = if has_part { Vec::new() } else { vec![(0, 0)] };
        PrintLayer { z_mm, height_mm, parts, supports, beside: Vec::new() }
    }

    #[test]
    fn courses_of_a_skirt_lie_on_each_other_and_layers_of_supports_alone_do_not_count() {
        // Supports with a grid of their own between the layers of an object.
        let layers = [
            layer(0.2, 0.2, true),
            layer(0.3, 0.3, false),
            layer(0.4, 0.2, true),
            layer(0.55, 0.25, false),
            layer(0.6, 0.2, true),
        ];
        let of = |count: usize| -> Vec<(usize, i64)> {
            courses(&layers, count).iter().map(|c| (c.layer, (c.height_mm * 1e3).round() as i64)).collect()
        };
        assert_eq!(of(0), []);
        assert_eq!(of(2), [(0, 200), (2, 200)]);
        assert_eq!(of(9), [(0, 200), (2, 200), (4, 200)]);
        // A raft has a skirt too, and objects of different layer heights share one.
        let raft = [layer(0.3, 0.3, false), layer(0.6, 0.3, false), layer(0.9, 0.2, true)];
        let heights: Vec<f64> = courses(&raft, 3).iter().map(|c| c.height_mm).collect();
        assert!(heights.iter().all(|height| (height - 0.3).abs() < 1e-9), "{heights:?}");
        let mixed = [layer(0.2, 0.2, true), layer(0.3, 0.1, true), layer(0.4, 0.2, true)];
        let top: f64 = courses(&mixed, 3).iter().map(|c| c.height_mm).sum();
        assert!((top - 0.4).abs() < 1e-9);
    }
}
