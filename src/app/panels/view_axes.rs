//! The compass at the top right of the picture: which way the axes point, and a click to look along one.

use egui::{Align2, FontId, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use nalgebra::Vector3;

use crate::app::context::Cx;
use crate::app::theme::{self, space, tokens};
use crate::app::ui_state::Framing;
use crate::render::{Camera, StandardView, Theme};

use super::legend::color32;

const RADIUS: f32 = 30.0;
const BALL: f32 = 8.0;

pub fn show(ui: &Ui, cx: &Cx<'_>, picture: Rect, camera: &Camera) {
    let center = picture.right_top() + vec2(-RADIUS - BALL - space::M, RADIUS + BALL + space::M);
    let colors = if ui.visuals().dark_mode { Theme::DARK } else { Theme::LIGHT }.axes.map(color32);
    let [right, up, back] = camera.axes();
    let mut ends: Vec<(f64, usize, bool, StandardView)> = [
        (0, true, StandardView::Right),
        (0, false, StandardView::Left),
        (1, true, StandardView::Back),
        (1, false, StandardView::Front),
        (2, true, StandardView::Top),
        (2, false, StandardView::Bottom),
    ]
    .into_iter()
    .map(|(axis, positive, view)| (direction(axis, positive).dot(&back), axis, positive, view))
    .collect();
    // The farthest first.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let t = tokens(ui);
    for (_, axis, positive, view) in ends {
        let d = direction(axis, positive);
        let place: Pos2 = center + vec2(d.dot(&right) as f32, -d.dot(&up) as f32) * RADIUS;
        let response = ui.interact(
            Rect::from_center_size(place, vec2(2.0 * BALL, 2.0 * BALL)),
            ui.scope_id().with(("axis", axis, positive)),
            Sense::click(),
        );
        let name = format!("View from {}", name(view));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        let painter = ui.painter();
        let color = colors[axis];
        let grown = if response.hovered() || response.has_focus() { 1.5 } else { 0.0 };
        if positive {
            painter.line_segment([center, place], Stroke::new(2.0, color));
            painter.circle_filled(place, BALL + grown, color);
            let letter = ["X", "Y", "Z"][axis];
            let dark = pos2(place.x, place.y);
            painter.text(dark, Align2::CENTER_CENTER, letter, FontId::new(10.0, theme::strong_family()), t.on_accent);
        } else {
            painter.circle(place, BALL - 2.5 + grown, color.gamma_multiply(0.35), Stroke::new(1.0, color));
        }
        if response.on_hover_text(name).clicked() {
            cx.ui(move |ui| ui.framing = Some(Framing::From(view)));
        }
    }
}

fn direction(axis: usize, positive: bool) -> Vector3<f64> {
    let mut d = Vector3::zeros();
    d[axis] = if positive { 1.0 } else { -1.0 };
    d
}

fn name(view: StandardView) -> &'static str {
    match view {
        StandardView::Isometric => "the corner",
        StandardView::Front => "the front",
        StandardView::Back => "the back",
        StandardView::Left => "the left",
        StandardView::Right => "the right",
        StandardView::Top => "the top",
        StandardView::Bottom => "below",
    }
}
