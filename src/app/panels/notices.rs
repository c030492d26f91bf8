//! What is worth knowing about this plate, and what could not be done: over the picture's lower edge.
//!
//! A click on a warning shows the spot. What could not be done stays until it is dealt with.

use egui::{Align, Align2, Area, Frame, Id, Label, Layout, Order, Rect, ScrollArea, Sense, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::context::Cx;
use crate::app::theme::{self, size, space, tokens};
use crate::app::ui_state::Workspace;
use crate::app::widgets::{icon_button, separator, text_button};
use crate::report::{Notice, Severity};

const WIDTH: f32 = 460.0;
/// Share of the picture's height that problems may cover.
const MOST_OF_PICTURE: f32 = 0.5;

/// Everything that there is to warn of, the worst first.
pub fn all<'a>(cx: &'a Cx<'_>) -> Vec<&'a Notice> {
    let mut all: Vec<&Notice> = cx
        .derived
        .misplaced
        .iter()
        .chain(cx.document.settings_notices())
        .chain(cx.ui.import_notices.iter().filter(|n| n.holds(cx.document)).map(|n| &n.notice))
        .chain(&cx.ui.edit_notices)
        .chain(cx.derived.shown().into_iter().flat_map(|sliced| &sliced.notices))
        .filter(|notice| notice.severity > Severity::Note)
        .collect();
    all.sort_by_key(|notice| std::cmp::Reverse(notice.severity));
    all
}

/// Problems, and the list of warnings where it is open, above the lower edge of the picture.
pub fn show(ui: &mut Ui, cx: &Cx<'_>, picture: Rect) {
    let failure = cx.derived.failure();
    let list = if cx.ui.notices_open { all(cx) } else { Vec::new() };
    if failure.is_none() && cx.ui.problems.is_empty() && list.is_empty() {
        return;
    }
    let width = WIDTH.min(picture.width() - 2.0 * space::M);
    Area::new(Id::unique("notices"))
        .order(Order::Middle)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(picture.left_bottom() + vec2(space::M, -space::M))
        .show(ui.ctx(), |ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = space::S;
            // However many there are, the picture stays to be seen.
            let most = (picture.height() * MOST_OF_PICTURE).round();
            ScrollArea::vertical().max_height(most).auto_shrink([false, true]).stick_to_bottom(true).show(ui, |ui| {
                if let Some(message) = failure {
                    problem(ui, message, None::<fn()>);
                }
                for (index, one) in cx.ui.problems.iter().enumerate() {
                    let dismiss = || {
                        cx.ui(move |ui| {
                            if index < ui.problems.len() {
                                ui.problems.remove(index);
                            }
                        });
                    };
                    problem(ui, &one.message, Some(dismiss));
                }
            });
            if cx.ui.problems.len() > 2 && text_button(ui, "Dismiss all", true).clicked() {
                cx.ui(|ui| ui.problems.clear());
            }
            if !list.is_empty() {
                warnings(ui, cx, &list);
            }
        });
}

fn problem(ui: &mut Ui, message: &str, dismiss: Option<impl FnOnce()>) {
    let t = tokens(ui);
    let frame = Frame::popup(ui.style()).inner_margin(space::S).stroke(egui::Stroke::new(1.0, t.danger));
    frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.label(theme::icon(i::ICON_ERROR).color(t.danger));
            let close = size::ICON + 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x;
            let width = ui.available_width() - close;
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::LEFT), |ui| {
                ui.set_width(width);
                let response = ui.add(Label::new(message).wrap());
                ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(egui::accesskit::Live::Assertive));
            });
            if let Some(dismiss) = dismiss
                && icon_button(ui, i::ICON_CLOSE, "Dismiss", true).clicked()
            {
                dismiss();
            }
        });
    });
}

fn warnings(ui: &mut Ui, cx: &Cx<'_>, list: &[&Notice]) {
    Frame::popup(ui.style()).inner_margin(space::S).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::heading("Warnings"));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, i::ICON_CLOSE, "Close the list of warnings", true).clicked() {
                    cx.ui(|ui| ui.notices_open = false);
                }
            });
        });
        separator(ui);
        ScrollArea::vertical().max_height(240.0).auto_shrink([false, true]).show(ui, |ui| {
            for (index, notice) in list.iter().enumerate() {
                row(ui, cx, notice, index);
            }
        });
    });
}

fn row(ui: &mut Ui, cx: &Cx<'_>, notice: &Notice, index: usize) {
    let t = tokens(ui);
    let (icon, color) = match notice.severity {
        Severity::Error => (i::ICON_ERROR, t.danger),
        Severity::Warning => (i::ICON_WARNING, t.warning),
        Severity::Note => (i::ICON_INFO, t.weak),
    };
    let spot = notice.layers.is_some() || notice.object.is_some();
    let text = notice.to_string();
    let response = ui
        .scope_builder(egui::UiBuilder::new().id_salt(("notice", index)).sense(Sense::click()), |ui| {
            let response = ui.response();
            let fill = if response.hovered() && spot { t.hover } else { egui::Color32::TRANSPARENT };
            Frame::new().fill(fill).corner_radius(size::RADIUS).inner_margin(space::XS).show(ui, |ui| {
                ui.horizontal_top(|ui| {
                    ui.label(theme::icon(icon).color(color));
                    ui.add(Label::new(&text).wrap());
                });
            });
        })
        .response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, spot, &text));
    let response = if spot { response.on_hover_text("Show the spot") } else { response };
    if response.clicked() && spot {
        show_spot(cx, notice);
    }
}

/// Selects the object and goes to the layers that a warning is about.
fn show_spot(cx: &Cx<'_>, notice: &Notice) {
    let object = notice.object.as_ref().and_then(|name| cx.document.objects().iter().find(|o| o.name == *name));
    if let Some(id) = object.map(|object| object.id) {
        cx.ui(move |ui| ui.selection = [id].into());
    }
    if let Some((first, last)) = notice.layers {
        cx.ui(move |ui| {
            ui.workspace = Workspace::Preview;
            ui.preview.show_layers(if first == last { 0 } else { first }, last);
        });
    }
}
