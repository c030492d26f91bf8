//! The raft: a plate of support on which the object and its supports stand.

use std::f64::consts::FRAC_PI_2;

use crate::geometry::{Join, Region};
use crate::process::fdm::stages::SupportLayer;
use crate::process::slicing::LayerSpan;
use crate::settings::Settings;
use crate::toolpath::Role;

use super::SupportSettings;
use super::roads::Roads;

/// Gaps in the raft's outline up to twice this are closed, mm.
const CLOSED_MM: f64 = 2.0;
/// Chords of the raft's round corners are within this of the true curve, mm.
const TOLERANCE_MM: f64 = 0.02;

/// What decides over the raft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaftSettings {
    pub layers: usize,
    /// Between the raft and the object on it, mm.
    pub gap_mm: f64,
    pub expansion_mm: f64,
    pub first_layer_height_mm: f64,
    pub layer_height_mm: f64,
}

impl From<&Settings> for RaftSettings {
    fn from(s: &Settings) -> Self {
        Self {
            // A vase is one wall from the plate up.
            layers: if s.spiral_vase { 0 } else { s.raft_layers as usize },
            gap_mm: s.raft_contact_distance,
            expansion_mm: s.raft_expansion,
            first_layer_height_mm: s.first_layer_height,
            layer_height_mm: s.layer_height,
        }
    }
}

impl RaftSettings {
    /// Height of the raft above the plate, mm.
    pub fn top_mm(&self) -> f64 {
        match self.layers {
            0 => 0.0,
            n => self.first_layer_height_mm + (n - 1) as f64 * self.layer_height_mm,
        }
    }

    /// How far the object is lifted off the plate, mm.
    pub fn lift_mm(&self) -> f64 {
        if self.layers == 0 { 0.0 } else { self.top_mm() + self.gap_mm }
    }

    /// The object's layers where they are printed: lifted onto the raft. They are cut where they were.
    pub fn lifted(&self, spans: Vec<LayerSpan>) -> Vec<LayerSpan> {
        let lift = self.lift_mm();
        if lift == 0.0 {
            return spans;
        }
        let snapped = |z: f64| (z * 1e5).round() / 1e5;
        let up = |s: LayerSpan| LayerSpan {
            bottom_mm: snapped(s.bottom_mm + lift),
            top_mm: snapped(s.top_mm + lift),
            cut_mm: s.cut_mm,
        };
        spans.into_iter().map(up).collect()
    }
}

/// The raft's layers under an object that touches it with `footprint`, its supports included, beside what is `taken`.
pub(super) fn raft(
    footprint: &Region,
    raft: &RaftSettings,
    taken: &Region,
    settings: &SupportSettings,
) -> Vec<SupportLayer> {
    if raft.layers == 0 || footprint.is_empty() {
        return Vec::new();
    }
    let within_plate = |area: Region| {
        let area = area.simplified(TOLERANCE_MM);
        let area = if taken.is_empty() { area } else { area.difference(taken) };
        if area.difference(&settings.plate).is_empty() { area } else { area.intersection(&settings.plate) }
    };
    let area = within_plate(footprint.closed(CLOSED_MM).offset(raft.expansion_mm, Join::Round));
    let first = within_plate(area.offset(settings.first_layer_expansion_mm, Join::Round));
    // The upper half is dense, so that the object's first layer lies on an even top.
    let dense = raft.layers - raft.layers / 2;
    let mut bottom_mm = 0.0;
    (0..raft.layers)
        .map(|index| {
            let is_first = index == 0;
            let height_mm = if is_first { raft.first_layer_height_mm } else { raft.layer_height_mm };
            let width_mm = if is_first { settings.first_layer_width_mm } else { settings.width_mm };
            let area = if is_first { &first } else { &area };
            let roads = Roads { settings, level: index, width_mm, bottom_mm, height_mm };
            // Across the layer below.
            let angle = settings.angle_rad + if index.is_multiple_of(2) { 0.0 } else { FRAC_PI_2 };
            let is_interface = !is_first && index >= dense;
            let pieces = area.islands().into_iter().map(Region::from).map(|piece| match (is_first, is_interface) {
                (true, _) => {
                    let mut fills =
                        roads.dense(&piece, Role::SupportMaterial, angle, settings.first_layer_density, false);
                    fills.retain(|fill| !fill.paths.is_empty());
                    fills
                }
                (_, true) => roads.dense(&piece, Role::SupportMaterialInterface, angle, 1.0, false),
                _ => roads.base(&piece),
            });
            let pieces = pieces.filter(|piece| !piece.is_empty()).collect();
            let layer = SupportLayer {
                bottom_mm,
                top_mm: ((bottom_mm + height_mm) * 1e5).round() / 1e5,
                area: area.clone(),
                interface: if is_interface { area.clone() } else { Region::default() },
                pieces,
            };
            bottom_mm = layer.top_mm;
            layer
        })
        .collect()
}
