//! Meshes at heights: what every process begins with.

use crate::geometry::Region;

/// The height range of one layer above the plate, and where in it the mesh is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSpan {
    pub bottom_mm: f64,
    pub top_mm: f64,
    /// Height of the cut, the middle of the layer as a rule.
    pub cut_mm: f64,
}

impl LayerSpan {
    pub fn height_mm(&self) -> f64 {
        self.top_mm - self.bottom_mm
    }
}

/// One object's outline in one layer, in plate coordinates, compensated (XY, elephant foot).
#[derive(Clone, Debug, PartialEq)]
pub struct LayerOutline {
    pub span: LayerSpan,
    pub area: Region,
}
