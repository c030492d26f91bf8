//! What the roads of a layer cover, and how much material is where.

use super::QualitySettings;
use super::raster::Field;
use super::report::{Blemish, QualitySums};
use super::roads::LayerRoads;
use super::spots::Spots;
use super::zones::Zones;
use crate::geometry::Region;

/// More than this share of what fits is too much, and less than the second too little.
const OVERFULL: f32 = 1.2;
const UNDERFULL: f32 = 0.8;
/// Side of a square that must be covered to count as solid, mm…
const SOLID_MM: f64 = 1.2;
/// …and how much of it.
const SOLID_SHARE: f32 = 0.93;
/// Shares of a pixel below this are rounding.
const TRACE: f32 = 1e-3;

/// Adds the areas of a layer within one tile. `cover` is what its roads cover there.
pub(super) fn areas(
    outline: &Region,
    zones: &Zones,
    roads: &LayerRoads,
    cover: &Field,
    settings: &QualitySettings,
    sums: &mut QualitySums,
    spots: &mut Spots,
) {
    let frame = cover.frame;
    let pixel = frame.pixel_mm2();
    // What of a zone is not covered, pixel by pixel: within a pixel both share an edge or one of them fills it.
    let mut bare = |zone: &Field, blemish: Blemish| {
        let (mut whole, mut missing) = (0.0, 0.0);
        for i in frame.counted() {
            let (z, c) = (zone.values[i], cover.values[i]);
            whole += f64::from(z);
            let lacks = z - c;
            if lacks > TRACE {
                missing += f64::from(lacks);
                spots.add(blemish, frame.middle_mm(i), f64::from(lacks) * pixel);
            }
        }
        [whole * pixel, missing * pixel]
    };
    let all = Field::of_region(frame, outline);
    let inner = Field::of_region(frame, &zones.inner);
    let mut walls = all.clone();
    walls.values.iter_mut().zip(&inner.values).for_each(|(all, inner)| *all -= inner);
    let add = |[whole, bare]: [&mut f64; 2], [more, more_bare]: [f64; 2]| {
        *whole += more;
        *bare += more_bare;
    };
    add([&mut sums.wall_mm2, &mut sums.bare_wall_mm2], bare(&walls, Blemish::BareWall));
    if !zones.thin.is_empty() {
        let thin = Field::of_region(frame, &zones.thin);
        add([&mut sums.thin_mm2, &mut sums.bare_thin_mm2], bare(&thin, Blemish::BareThinPart));
    }
    let shell = Field::of_region(frame, &zones.shell);
    if !zones.shell.is_empty() {
        add([&mut sums.shell_mm2, &mut sums.bare_shell_mm2], bare(&shell, Blemish::BareShell));
    }
    let mut solid = walls;
    solid.values.iter_mut().zip(&shell.values).for_each(|(wall, shell)| *wall += shell);
    fullness(&all, &solid, &inner, roads, settings, sums, spots);
    if !zones.sparse.is_empty() {
        needless(&Field::of_region(frame, &zones.sparse), cover, sums, spots);
    }
}

/// Areas of walls and shells that hold too much or too little.
fn fullness(
    all: &Field,
    solid: &Field,
    inner: &Field,
    roads: &LayerRoads,
    settings: &QualitySettings,
    sums: &mut QualitySums,
    spots: &mut Spots,
) {
    if !solid.has_more_than(TRACE) {
        return;
    }
    let frame = all.frame;
    let side = settings.road_width_mm;
    let material = roads.fill(frame).box_mean(side);
    let room = all.box_mean(side);
    // Near sparse infill there is rightly less.
    let mut open = inner.clone();
    open.values.iter_mut().zip(&solid.values).for_each(|(inner, solid)| *inner = (*inner - solid).max(0.0));
    let open = open.box_mean(side);
    for (i, share) in frame.counted().map(|i| (i, solid.values[i])).filter(|(_, share)| *share > TRACE) {
        let area = f64::from(share) * frame.pixel_mm2();
        sums.solid_mm2 += area;
        let fill = material.values[i] / room.values[i].max(TRACE);
        if fill > OVERFULL {
            sums.overfilled_mm2 += area;
            spots.add(Blemish::Overfilled, frame.middle_mm(i), area);
        } else if fill < UNDERFULL && open.values[i] < TRACE {
            sums.underfilled_mm2 += area;
            spots.add(Blemish::Underfilled, frame.middle_mm(i), area);
        }
    }
}

/// The part of the sparse zone that is solid.
fn needless(sparse: &Field, cover: &Field, sums: &mut QualitySums, spots: &mut Spots) {
    if !sparse.has_more_than(TRACE) {
        return;
    }
    let frame = cover.frame;
    let middles = cover.box_mean(SOLID_MM).mapped(|v| if v > SOLID_SHARE { 1.0 } else { 0.0 });
    let solid = middles.box_mean(SOLID_MM);
    for (i, share) in frame.counted().map(|i| (i, sparse.values[i])).filter(|(_, share)| *share > TRACE) {
        let area = f64::from(share) * frame.pixel_mm2();
        sums.sparse_mm2 += area;
        if solid.values[i] > 0.0 {
            sums.needless_solid_mm2 += area;
            spots.add(Blemish::NeedlessSolid, frame.middle_mm(i), area);
        }
    }
}
