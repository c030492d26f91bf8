//! Sorts the inside of every island by what it is: seen from above, lying on the plate, over air, inside a shell, or sparse.
//!
//! A place is solid where one of the layers that a shell's count and thickness call for above or below it is missing.
//! Differences between layers are always opened before they are grown, so that the slivers between two nearly equal
//! outlines never become solid. Data enters as outlines and walls and leaves as surfaces that part each island's inside
//! without overlap; how they are filled is not known here.

mod combine;
mod covers;
mod exposed;
mod near;
mod over_inside;
mod parts;

use super::stages::{PerimeterIsland, PerimeterLayer, RegionLayer, Surface, SurfaceKind};
use crate::geometry::{Join, Region};
use crate::process::slicing::LayerOutline;
use crate::progress::{Canceled, Progress};
use crate::settings::{FillPattern, Settings};
use covers::{Covers, Probe};
use exposed::Exposed;
use parts::Parts;
use rayon::prelude::*;
use std::ops::Range;

/// Differences between layers narrower than twice this are slivers, not surfaces.
const SLIVER_MM: f64 = 0.15;
/// What opening takes from an area's corners, together.
const CORNERS_MM2: f64 = 0.02;
const CORNERS: Join = Join::Miter(2.0);

/// What decides over surfaces.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionSettings {
    pub top_solid_layers: u32,
    pub bottom_solid_layers: u32,
    pub top_solid_min_thickness_mm: f64,
    pub bottom_solid_min_thickness_mm: f64,
    /// Shells are whole along slopes too, where no layer by itself is seen beyond its walls.
    pub vertical_shells: bool,
    /// Sparse areas smaller than this become solid.
    pub solid_infill_below_area_mm2: f64,
    /// Share of the inside that is filled, 0 to 1.
    pub fill_density: f64,
    /// Width of solid roads: nothing narrower is worth being a surface of its own.
    pub solid_infill_width_mm: f64,
    /// Width of all walls of an island together.
    pub walls_width_mm: f64,
    /// Sparse infill of so many layers is laid in one go, as far as it is not higher than that.
    pub infill_every_layers: usize,
    pub highest_road_mm: f64,
    /// Direction of all bridges; `None` where each finds its own.
    pub bridge_angle_rad: Option<f64>,
    /// Only the bottom is filled, the rest is one rising wall.
    pub spiral_vase: bool,
}

impl From<&Settings> for RegionSettings {
    fn from(s: &Settings) -> Self {
        let inner_walls = f64::from(s.perimeters.saturating_sub(1)) * s.perimeter_extrusion_width;
        Self {
            top_solid_layers: s.top_solid_layers,
            bottom_solid_layers: s.bottom_solid_layers,
            top_solid_min_thickness_mm: s.top_solid_min_thickness,
            bottom_solid_min_thickness_mm: s.bottom_solid_min_thickness,
            vertical_shells: s.ensure_vertical_shell_thickness,
            solid_infill_below_area_mm2: s.solid_infill_below_area,
            fill_density: s.fill_density,
            solid_infill_width_mm: s.solid_infill_extrusion_width,
            walls_width_mm: if s.perimeters == 0 { 0.0 } else { s.external_perimeter_extrusion_width + inner_walls },
            // Lightning's branches differ from layer to layer, and cubes are as fine as what is near them asks for: both
            // look at what every layer leaves sparse.
            infill_every_layers: match s.fill_pattern {
                FillPattern::Lightning | FillPattern::AdaptiveCubic | FillPattern::SupportCubic => 1,
                _ => s.infill_every_layers as usize,
            },
            highest_road_mm: s.nozzle_diameter,
            bridge_angle_rad: Some(s.bridge_angle).filter(|angle| *angle != 0.0).map(f64::to_radians),
            spiral_vase: s.spiral_vase,
        }
    }
}

impl RegionSettings {
    /// How far top surfaces are grown, so that they end under the walls of the layer above and not beside them.
    fn growth_mm(&self) -> f64 {
        self.walls_width_mm.clamp(self.solid_infill_width_mm, 2.0 * self.solid_infill_width_mm)
    }
}

/// Sorts every island's inside. Outlines and perimeter layers are those of the same object, layer by layer.
pub fn regions(
    outlines: &[LayerOutline],
    layers: &[PerimeterLayer],
    settings: &RegionSettings,
    progress: &Progress,
) -> Result<Vec<RegionLayer>, Canceled> {
    progress.stage("Finding surfaces", layers.len());
    let shells = Shells::new(outlines, settings);
    let covers = Covers::new(outlines, shells.longest());
    let exposed = Exposed::new(layers, &covers);
    let planned: Vec<RegionLayer> = layers
        .par_iter()
        .enumerate()
        .map(|(index, layer)| {
            progress.check()?;
            let sorter =
                Sorter { outlines, settings, shells: &shells, covers: &covers, exposed: &exposed, layer: index };
            let islands = layer.islands.iter().map(|island| sorter.island(island)).collect();
            progress.advance(1);
            Ok(RegionLayer { span: layer.span, islands })
        })
        .collect::<Result<_, Canceled>>()?;
    if settings.spiral_vase {
        return Ok(planned);
    }
    if settings.fill_density <= 0.0 {
        return over_inside::bridged_over_hollows(outlines, &planned, settings, progress);
    }
    let planned = over_inside::bridged_over_sparse(planned, settings, progress)?;
    Ok(combine::combined(planned, settings))
}

/// Which layers must cover each layer from above and from below, or else it is solid.
struct Shells {
    above: Vec<Range<usize>>,
    /// Counted from one layer below the plate: 0 is the plate, which never covers; layer `i` is `i + 1`.
    below: Vec<Range<usize>>,
}

impl Shells {
    fn new(outlines: &[LayerOutline], s: &RegionSettings) -> Self {
        let reaches = |count: u32, thickness_mm: f64, steps: usize, distance_mm: f64| {
            count > 0 && (steps < count as usize || distance_mm < thickness_mm - 1e-6)
        };
        let above = (0..outlines.len()).map(|i| {
            let exposed = (i..outlines.len()).take_while(|&j| {
                let distance = outlines[j].span.top_mm - outlines[i].span.top_mm;
                reaches(s.top_solid_layers, s.top_solid_min_thickness_mm, j - i, distance)
            });
            i + 1..i + 1 + exposed.count()
        });
        let below = (0..outlines.len()).map(|i| {
            let exposed = (0..=i).rev().take_while(|&j| {
                let distance = outlines[i].span.bottom_mm - outlines[j].span.bottom_mm;
                reaches(s.bottom_solid_layers, s.bottom_solid_min_thickness_mm, i - j, distance)
            });
            i + 1 - exposed.count()..i + 1
        });
        Self { above: above.collect(), below: below.collect() }
    }

    fn longest(&self) -> usize {
        self.above.iter().chain(&self.below).map(|r| r.len()).max().unwrap_or(0)
    }
}

/// Sorts the islands of one layer.
struct Sorter<'a> {
    outlines: &'a [LayerOutline],
    settings: &'a RegionSettings,
    shells: &'a Shells,
    covers: &'a Covers<'a>,
    exposed: &'a Exposed<'a>,
    layer: usize,
}

impl Sorter<'_> {
    fn island(&self, island: &PerimeterIsland) -> Vec<Surface> {
        let inner = &island.inner;
        if inner.is_empty() {
            return Vec::new();
        }
        let s = self.settings;
        let (above, below) = (&self.shells.above[self.layer], &self.shells.below[self.layer]);
        if s.spiral_vase {
            let kind = match self.layer {
                0 if !below.is_empty() => SurfaceKind::Bottom,
                _ if below.start == 0 && !below.is_empty() => SurfaceKind::InternalSolid,
                _ => SurfaceKind::Sparse,
            };
            return vec![Surface::new(kind, inner.clone())];
        }
        if self.layer == 0 && !below.is_empty() {
            return vec![Surface::new(SurfaceKind::Bottom, inner.clone())];
        }
        let probe = Probe::new(inner, self.layer);
        let top_shell = if s.vertical_shells {
            self.uncovered(&probe, above.clone())
        } else {
            self.exposed.below_tops(inner, above.clone())
        };
        // Layer numbers count from the plate here, see `Shells::below`.
        let bottom_shell = if below.start == 0 && !below.is_empty() {
            inner.clone()
        } else if !s.vertical_shells {
            self.exposed.above_bottoms(inner, below.clone())
        } else {
            self.uncovered(&probe, below.start.saturating_sub(1)..below.end.saturating_sub(1))
        };
        let is_last = self.layer + 1 == self.outlines.len();
        let top = if is_last { top_shell.clone() } else { self.exposed(&top_shell, &probe, self.layer + 1, SLIVER_MM) };
        let (over_air, below) = match self.layer.checked_sub(1) {
            // Narrower than a road, it is held by its neighbours.
            Some(below) => (
                self.exposed(&bottom_shell, &probe, below, 0.5 * s.solid_infill_width_mm),
                self.covers.near(below, &probe),
            ),
            None => Default::default(),
        };
        let shell = if top_shell.is_empty() || bottom_shell == *inner {
            bottom_shell
        } else if bottom_shell.is_empty() || top_shell == *inner {
            top_shell
        } else {
            top_shell.union(&bottom_shell)
        };
        Parts { settings: s, inner, below }.part(&shell, &top, &over_air)
    }

    /// The part of a shell of the probed inside that a layer leaves bare.
    fn exposed(&self, shell: &Region, inside: &Probe, layer: usize, sliver_mm: f64) -> Region {
        if shell.is_empty() {
            return Region::default();
        }
        // A shell is often the whole inside, whose look-ups stand already.
        let own;
        let probe = if shell == inside.area {
            inside
        } else {
            own = Probe::new(shell, self.layer);
            &own
        };
        if self.covers.surely(layer, probe) {
            return Region::default();
        }
        shell.difference(&self.covers.near(layer, probe)).opened(sliver_mm)
    }

    /// The part of an inside that not all layers of a window cover, without slivers.
    fn uncovered(&self, inside: &Probe, window: Range<usize>) -> Region {
        if window.is_empty() {
            return Region::default();
        }
        if window.end > self.outlines.len() {
            return inside.area.clone();
        }
        let bare = self.covers.missing(inside, window);
        if bare == *inside.area { bare } else { bare.opened(SLIVER_MM) }
    }
}

/// An area grown as far as `within` allows; it is a part of `within`.
fn grown(area: &Region, by_mm: f64, within: &Region) -> Region {
    if area.is_empty() {
        return Region::default();
    }
    // Nearly all of it: what is missing is within reach.
    if within.area_mm2() - area.area_mm2() < CORNERS_MM2 {
        return within.clone();
    }
    area.offset(by_mm, CORNERS).intersection(within)
}

#[cfg(test)]
mod tests;
