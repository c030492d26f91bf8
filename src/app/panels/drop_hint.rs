//! What happens when the files that hang over the window are let go.

use egui::{Align2, CornerRadius, FontId, Stroke, StrokeKind, Ui};

use crate::app::theme::{self, size, space, tokens};

/// Shows it over everything, while files hang there.
pub fn show(ui: &Ui) {
    if ui.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    let t = tokens(ui);
    let rect = ui.ctx().content_rect().shrink(space::S);
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop hint"));
    let painter = ui.ctx().layer_painter(layer);
    let radius = CornerRadius::same(size::RADIUS);
    painter.rect_filled(rect, radius, t.surface.gamma_multiply(0.85));
    painter.rect_stroke(rect, radius, Stroke::new(2.0, t.accent), StrokeKind::Inside);
    let font = FontId::new(size::TITLE, theme::strong_family());
    let words = "Drop to open: models go onto the plate, G-code is shown";
    painter.text(rect.center(), Align2::CENTER_CENTER, words, font, t.text);
}
