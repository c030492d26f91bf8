//! What a sparse infill pattern is, and the list of them.
//!
//! A pattern is one file behind [`Pattern`]: it is made for an object once ([`prepared`]) and then asked, layer by layer
//! and island by island, for centre lines in an area. It knows nothing of flow, of walls or of neighbouring surfaces. To
//! add one, write its file beside the others, name it in `settings::FillPattern` and add its line in [`prepared`]; the
//! tests take it up from there. Straight lines, waves and curves need no clipping or joining of their own: see
//! [`families`], [`interleaved`] and [`super::curve::laid`].

use super::adaptive_cubic::{AdaptiveCubic, Finest};
use super::family::{Family, Piece};
use super::link::{Joining, chain};
use super::*;

/// One layer of sparse infill, as a pattern is asked for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Number of the layer, counted from the plate.
    pub layer: usize,
    /// Number of the sheet, counted from the plate: less than the layer's where several layers are filled in one go.
    pub number: usize,
    /// Top of the layer above the plate.
    pub z_mm: f64,
    pub angle_rad: f64,
    /// Whether patterns of parallel lines turn by a quarter from layer to layer.
    pub turns: bool,
    /// Distance between two roads side by side without a gap: what a density of 1 means.
    pub spacing_mm: f64,
    /// Share of the volume to be filled, above 0 and up to 1.
    pub density: f64,
    /// Paths shorter than this are not worth printing.
    pub shortest_mm: f64,
    /// Ends further apart along the border than this are not joined.
    pub longest_link_mm: f64,
    /// How far a path may go on along the border where it ends.
    pub anchor_mm: f64,
}

impl Sheet {
    /// Distance between parallel roads that alone make the density.
    pub fn distance_mm(&self) -> f64 {
        self.spacing_mm / self.density
    }

    /// The angle of parallel lines that cross those of the layer below.
    pub fn crossing_angle_rad(&self) -> f64 {
        if self.turns && !self.number.is_multiple_of(2) { self.angle_rad + FRAC_PI_2 } else { self.angle_rad }
    }

    pub fn joining(&self) -> Joining {
        Joining { longest_link_mm: self.longest_link_mm, shortest_path_mm: self.shortest_mm, anchor_mm: self.anchor_mm }
    }
}

/// A sparse infill pattern, made for one object.
pub trait Pattern: Send + Sync {
    /// Centre lines over `area`, which is where the middles of roads may run. Their length times the spacing is the
    /// density's share of a large area; links along the border come on top. A closed loop repeats its first point.
    fn paths(&self, area: &Region, sheet: &Sheet) -> Vec<Polyline>;

    /// The direction in which all lines of a sheet run; `None` where they run in several.
    fn direction_rad(&self, _sheet: &Sheet) -> Option<f64> {
        None
    }
}

/// What a pattern can be made for: all of one object.
pub struct Object<'a> {
    pub layers: &'a [RegionLayer],
    pub angle_rad: f64,
    /// Distance between parallel roads that alone make the density, in layers of usual height.
    pub distance_mm: f64,
}

impl<'a> Object<'a> {
    pub fn new(layers: &'a [RegionLayer], settings: &InfillSettings) -> Self {
        // The first layer's height is often another one.
        let height_mm =
            layers.get(1).or(layers.first()).map_or(settings.infill_width_mm, |layer| layer.span.height_mm());
        let road = Road::flat(Role::InternalInfill, settings.infill_width_mm, height_mm);
        let distance_mm = road.spacing_mm / settings.fill_density.clamp(0.001, 1.0);
        Self { layers, angle_rad: settings.fill_angle_rad, distance_mm }
    }

    /// What is to be filled sparsely in a layer.
    pub fn sparse(&self, layer: usize) -> impl Iterator<Item = &'a Region> {
        let surfaces = self.layers.get(layer).into_iter().flat_map(|layer| layer.islands.iter().flatten());
        surfaces.filter(|surface| surface.kind == SurfaceKind::Sparse).map(|surface| &surface.area)
    }

    /// The middle of all surfaces.
    fn centre(&self) -> Point {
        let surfaces = self.layers.iter().flat_map(|layer| layer.islands.iter().flatten());
        let bounds = Bounds::around(surfaces.filter_map(|s| s.area.bounds()).flat_map(|b| [b.min, b.max]));
        bounds.map(|b| middle(&b)).unwrap_or_default()
    }
}

/// Whether the pattern may have another angle in each layer: the others are one shape through all layers.
pub fn may_turn(kind: FillPattern) -> bool {
    use FillPattern::*;
    matches!(kind, Rectilinear | AlignedRectilinear | Line | Grid | Triangles | Stars | Honeycomb | HilbertCurve)
}

/// The pattern of that name, made for an object.
pub fn prepared(kind: FillPattern, object: &Object, progress: &Progress) -> Result<Box<dyn Pattern>, Canceled> {
    Ok(match kind {
        FillPattern::Rectilinear => Box::new(rectilinear::Rectilinear),
        FillPattern::AlignedRectilinear => Box::new(aligned_rectilinear::AlignedRectilinear),
        FillPattern::Line => Box::new(line::Line),
        FillPattern::Grid => Box::new(grid::Grid),
        FillPattern::Triangles => Box::new(triangles::Triangles),
        FillPattern::Stars => Box::new(stars::Stars),
        FillPattern::Cubic => Box::new(cubic::Cubic),
        FillPattern::AdaptiveCubic => Box::new(AdaptiveCubic::new(object, Finest::NearSurface, progress)?),
        FillPattern::SupportCubic => Box::new(AdaptiveCubic::new(object, Finest::BelowRoofs, progress)?),
        FillPattern::Honeycomb => Box::new(honeycomb::Honeycomb),
        FillPattern::Honeycomb3d => Box::new(honeycomb_3d::Honeycomb3d),
        FillPattern::Gyroid => Box::new(gyroid::Gyroid),
        FillPattern::CrossHatch => Box::new(cross_hatch::CrossHatch),
        FillPattern::Concentric => Box::new(concentric::Concentric),
        FillPattern::HilbertCurve => Box::new(hilbert_curve::HilbertCurve),
        FillPattern::ArchimedeanChords => Box::new(archimedean_chords::ArchimedeanChords { centre: object.centre() }),
        FillPattern::Lightning => Box::new(lightning::Lightning::new(object, progress)?),
    })
}

/// The middle of bounds.
pub fn middle(bounds: &Bounds) -> Point {
    let between = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) / 2) as i32;
    Point::new(between(bounds.min.x, bounds.max.x), between(bounds.min.y, bounds.max.y))
}

/// Families of straight lines, each turned against the pattern's angle and shifted in mm, that share the density and are
/// joined along the border.
pub fn families(area: &Region, sheet: &Sheet, turned_shifted: &[(f64, f64)]) -> Vec<Polyline> {
    let distance_mm = sheet.distance_mm() * turned_shifted.len() as f64;
    let families: Vec<Family> = turned_shifted
        .iter()
        .map(|&(turn, shift_mm)| Family::new(sheet.angle_rad + turn, distance_mm, shift_mm))
        .collect();
    let pieces: Vec<_> = families.iter().enumerate().flat_map(|(i, family)| family.pieces(area, i as u32)).collect();
    joined(area, sheet, &families, &pieces)
}

/// Families whose lines lie between each other's: line 0 of the first, line 0 of the second, and so on, joined along the
/// border. Neighbours come one after the other, so that a path begins with a sweep across the area.
pub fn interleaved(area: &Region, sheet: &Sheet, families: &[Family]) -> Vec<Polyline> {
    let mut pieces: Vec<_> =
        families.iter().enumerate().flat_map(|(i, family)| family.pieces(area, i as u32)).collect();
    pieces.sort_by_key(|piece| (piece.line, piece.family));
    joined(area, sheet, families, &pieces)
}

/// Pieces of families of lines, joined along the border.
pub fn joined(area: &Region, sheet: &Sheet, families: &[Family], pieces: &[Piece]) -> Vec<Polyline> {
    chain(area, pieces, &sheet.joining(), |piece, backward, path| {
        families[piece.family as usize].trace(piece, backward, path);
    })
}
