//! The status line: what is going on, in words; warnings at the right; the thin line of progress under the top bar.

use egui::{Align, CornerRadius, Frame, Label, Layout, Margin, Panel, Rect, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::derived::Activity;
use crate::app::format;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::text_button;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let t = tokens(ui);
    Panel::bottom("status")
        .exact_size(size::STATUS_BAR)
        .resizable(false)
        .frame(Frame::new().fill(t.bar).inner_margin(Margin::symmetric(space::M as i8, 0)))
        .show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 22.0;
            ui.spacing_mut().button_padding.y = 0.0;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                warnings(ui, cx);
                if cx.derived.activity().is_some_and(|a| a.can_be_canceled)
                    && text_button(ui, "Cancel (Esc)", true).clicked()
                {
                    cx.run(Command::Escape);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let response = ui.add(Label::new(theme::weak(ui, words(cx))).truncate());
                    // Screen readers say it when it changes.
                    ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(egui::accesskit::Live::Polite));
                });
            });
        });
}

/// The progress of what runs, under the top bar.
pub fn progress_line(ui: &Ui, cx: &Cx<'_>, bar: Rect) {
    let Some(activity) = cx.derived.activity() else { return };
    let t = tokens(ui);
    let line = Rect::from_min_size(bar.left_bottom() - vec2(0.0, 2.0), vec2(bar.width(), 2.0));
    let done = activity.fraction.unwrap_or(0.0);
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Middle, egui::Id::unique("progress")));
    painter.rect_filled(line, CornerRadius::ZERO, t.separator);
    let filled = Rect::from_min_size(line.min, vec2(line.width() * done.max(0.02), line.height()));
    painter.rect_filled(filled, CornerRadius::ZERO, t.accent);
    // The figures change without any input.
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
}

fn words(cx: &Cx<'_>) -> String {
    if let Some(drag) = &cx.ui.drag {
        return drag.change.in_words();
    }
    if let Some(Activity { words, .. }) = cx.derived.activity() {
        return if cx.ui.leaving.is_some() { format!("{words}, then the window closes") } else { words };
    }
    if cx.derived.planning.is_stopped() && !cx.document.objects().is_empty() && cx.derived.planning.file().is_none() {
        return "Not sliced as it is now · F5 slices it".to_owned();
    }
    match cx.derived.shown() {
        Some(sliced) => format!(
            "Ready · {} · {} · {}",
            format::duration(sliced.time_s),
            format::grams(sliced.grams),
            format::count(sliced.drawing.layer_count(), "layer", "layers")
        ),
        None if cx.document.objects().is_empty() => "The plate is empty".to_owned(),
        None if cx.derived.failure().is_some() => "Not sliced: see the message".to_owned(),
        None => "Not sliced".to_owned(),
    }
}

fn warnings(ui: &mut Ui, cx: &Cx<'_>) {
    let count = super::notices::all(cx).len();
    if count == 0 {
        return;
    }
    let t = tokens(ui);
    let text = format::count(count, "warning", "warnings");
    let content = (theme::icon(i::ICON_WARNING).size(16.0).color(t.warning), egui::RichText::new(&text));
    let button = egui::Button::new(content).selected(cx.ui.notices_open);
    let response = ui.add(button);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
    if response.clicked() {
        cx.ui(|ui| ui.notices_open = !ui.notices_open);
    }
}
