//! What of each layer must be wall, what shell, and what may be sparse: from the outlines alone.

use rayon::prelude::*;

use super::QualitySettings;
use crate::geometry::{Join, Region};
use crate::progress::{Canceled, Progress};

const SHARP: Join = Join::Miter(2.0);
/// What remains of a part's corners when it is opened is at most this thin, mm.
const CORNER_MM: f64 = 0.05;
/// Shells narrower than this share of a road on either side of their middle are none.
const SLIVER: f64 = 0.45;
/// Sparse infill less wide than this many roads either side of its middle is none.
const LEAST_SPARSE: f64 = 2.0;

/// The areas of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Zones {
    /// Within the walls.
    pub inner: Region,
    /// Within the walls, with too little above or below it to be sparse.
    pub shell: Region,
    /// Within the walls, further than a road from every shell, slivers left out.
    pub sparse: Region,
    /// Parts of the outline that are thinner than two roads.
    pub thin: Region,
}

/// The areas of all layers.
pub(super) fn zones(
    outlines: &[Region],
    settings: &QualitySettings,
    progress: &Progress,
) -> Result<Vec<Zones>, Canceled> {
    let above = windows(outlines, settings.top_layers, progress)?;
    let below = windows(outlines, settings.bottom_layers, progress)?;
    let nothing = Region::default();
    (0..outlines.len())
        .into_par_iter()
        .map(|i| {
            progress.check()?;
            let outline = &outlines[i];
            let above = if settings.top_layers == 0 { outline } else { above.get(i + 1).unwrap_or(&nothing) };
            let below = match i.checked_sub(settings.bottom_layers) {
                _ if settings.bottom_layers == 0 => outline,
                Some(first) => &below[first],
                None => &nothing,
            };
            Ok(of_layer(outline, above, below, settings))
        })
        .collect()
}

fn of_layer(outline: &Region, above: &Region, below: &Region, settings: &QualitySettings) -> Zones {
    let width = settings.road_width_mm;
    let inner = outline.offset(-settings.wall_depth_mm(), SHARP);
    let kept = common(&common(&inner, above), below);
    let shell = inner.difference(&kept).opened(SLIVER * width);
    // Solid may reach as far as the roads that anchor it do.
    let sparse = inner.offset(-width, SHARP).difference(&shell.offset(width, SHARP));
    let opened = outline.offset(-width, SHARP).offset(width + CORNER_MM / 2.0, SHARP);
    let thin = outline.difference(&opened).opened(CORNER_MM).without_specks(width * width);
    Zones { inner, shell, sparse: sparse.opened(LEAST_SPARSE * width), thin }
}

fn common(a: &Region, b: &Region) -> Region {
    if a == b { a.clone() } else { a.intersection(b) }
}

/// What each run of `count` layers has in common, by its first layer. Runs beyond the top have nothing.
fn windows(outlines: &[Region], count: usize, progress: &Progress) -> Result<Vec<Region>, Canceled> {
    if count == 0 {
        return Ok(Vec::new());
    }
    // Runs of 1, 2, 4… layers, then two that overlap.
    let mut runs = outlines.to_vec();
    let mut length = 1;
    while length < count {
        let step = length.min(count - length);
        runs = (0..runs.len())
            .into_par_iter()
            .map(|i| {
                progress.check()?;
                Ok(runs.get(i + step).map_or_else(Region::default, |later| common(&runs[i], later)))
            })
            .collect::<Result<_, Canceled>>()?;
        length += step;
    }
    Ok(runs)
}
