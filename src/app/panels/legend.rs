//! What the colours of the preview mean, what each feature costs, and what is shown.

use egui::{Align, CornerRadius, Frame, Label, Layout, Margin, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::app::command::Command;
use crate::app::context::{Cx, Request};
use crate::app::derived::{Cost, Sliced};
use crate::app::format;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::{Mark, empty_hint, key_value, section, separator, text_button};
use crate::render::ColorBy;
use crate::render::palette::{role_color, role_label, tool_color, viridis};
use crate::toolpath::Role;
use crate::units::short_number;

/// Widths of the columns behind a feature's name.
const TIME: f32 = 68.0;
const WEIGHT: f32 = 58.0;
const SHARE: f32 = 40.0;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(sliced) = cx.derived.shown() else {
        Frame::new().inner_margin(space::M).show(ui, |ui| {
            ui.label(theme::heading("Layers"));
            empty_hint(ui, "Nothing is sliced yet. Put a model on the plate, or open a G-code file.");
        });
        return;
    };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
            if cx.derived.planning.file().is_some() {
                opened_file(ui, cx);
            }
            colors(ui, cx, sliced);
            ui.add_space(space::S);
            separator(ui);
            section(ui, "Shown", true, None, |ui| switches(ui, cx));
            separator(ui);
            section(ui, "Totals", true, None, |ui| totals(ui, sliced));
        });
    });
}

/// A file is looked at instead of the plate: says so, with the way back.
fn opened_file(ui: &mut Ui, cx: &Cx<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("An opened file"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if text_button(ui, "Close it", true).on_hover_text("Back to the layers of the plate").clicked() {
                cx.send(Request::ShowPlan);
            }
        });
    });
    ui.add_space(space::S);
}

fn colors(ui: &mut Ui, cx: &Cx<'_>, sliced: &Sliced) {
    let by = cx.ui.preview.color_by;
    ui.horizontal(|ui| {
        ui.label(theme::weak(ui, "Colour by"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let combo = egui::ComboBox::from_id_salt("colour by").selected_text(by.label()).width(150.0);
            let response = combo
                .show_ui(ui, |ui| {
                    for choice in ColorBy::ALL {
                        if ui.selectable_label(choice == by, choice.label()).clicked() {
                            cx.ui(move |ui| ui.preview.color_by = choice);
                        }
                    }
                })
                .response;
            response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Colour by"));
        });
    });
    ui.add_space(space::XS);
    match by {
        ColorBy::Feature => features(ui, cx, sliced),
        ColorBy::Tool => {
            for tool in sliced.drawing.tools() {
                ui.horizontal(|ui| {
                    ui.add(Mark(color32(tool_color(tool))));
                    ui.label(format!("Tool {}", tool + 1));
                });
            }
            features_without_colors(ui, cx, sliced);
        }
        _ => {
            scale(ui, by, sliced);
            features_without_colors(ui, cx, sliced);
        }
    }
}

fn features(ui: &mut Ui, cx: &Cx<'_>, sliced: &Sliced) {
    header(ui);
    for role in sliced.drawing.roles() {
        feature(ui, cx, sliced, role, Some(color32(role_color(role))));
    }
    travel_row(ui, sliced);
}

fn features_without_colors(ui: &mut Ui, cx: &Cx<'_>, sliced: &Sliced) {
    ui.add_space(space::S);
    header(ui);
    for role in sliced.drawing.roles() {
        feature(ui, cx, sliced, role, None);
    }
    travel_row(ui, sliced);
}

fn header(ui: &mut Ui) {
    columns(
        ui,
        |ui| _ = ui.label(theme::weak(ui, "Feature").size(size::SMALL)),
        ["Time", "Weight", "Share"].map(String::from),
        true,
    );
}

fn feature(ui: &mut Ui, cx: &Cx<'_>, sliced: &Sliced, role: Role, color: Option<egui::Color32>) {
    let cost = sliced.costs.get(&role).copied().unwrap_or_default();
    let shown = !cx.ui.preview.hidden.contains(&role);
    let mut on = shown;
    let name = role_label(role);
    let values = [format::duration(cost.time_s), format::grams(cost.grams), share(cost, sliced)];
    columns(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.spacing_mut().icon_spacing = 0.0;
            let response = ui.checkbox(&mut on, "");
            response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, shown, format!("Show {name}")));
            if let Some(color) = color {
                ui.add(Mark(color));
            }
            ui.add(Label::new(name).truncate().sense(Sense::hover()));
        },
        values,
        !shown,
    );
    if on != shown {
        cx.ui(move |ui| {
            if on {
                ui.preview.hidden.remove(&role);
            } else {
                ui.preview.hidden.insert(role);
            }
        });
    }
}

fn travel_row(ui: &mut Ui, sliced: &Sliced) {
    let values = [format::duration(sliced.travel_s), String::new(), percent(sliced.travel_s, sliced.time_s)];
    columns(
        ui,
        |ui| {
            ui.add_space(16.0 + space::S);
            ui.label(theme::weak(ui, "Travel"));
        },
        values,
        true,
    );
}

fn share(cost: Cost, sliced: &Sliced) -> String {
    percent(cost.time_s, sliced.time_s)
}

fn percent(part: f64, whole: f64) -> String {
    if whole > 0.0 { format!("{} %", short_number(part / whole * 100.0, 0)) } else { String::new() }
}

/// A row with a name and three columns of numbers at the right.
fn columns(ui: &mut Ui, name: impl FnOnce(&mut Ui), values: [String; 3], weak: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    let t = tokens(ui);
    let color = if weak { t.weak } else { t.text };
    let font = egui::FontId::new(size::SMALL, egui::FontFamily::Proportional);
    let mut right = rect.right();
    for (text, width) in values.iter().zip([TIME, WEIGHT, SHARE]).rev() {
        ui.painter().text(egui::pos2(right, rect.center().y), egui::Align2::RIGHT_CENTER, text, font.clone(), color);
        right -= width;
    }
    let left = egui::Rect::from_min_max(rect.min, egui::pos2(right, rect.bottom()));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(left).layout(Layout::left_to_right(Align::Center)));
    child.spacing_mut().interact_size.y = 20.0;
    name(&mut child);
}

/// The colours of a value with real numbers at its ends.
fn scale(ui: &mut Ui, by: ColorBy, sliced: &Sliced) {
    let Some((least, most)) = sliced.drawing.value_range(by) else { return };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 12.0), Sense::hover());
    let steps = 48;
    for step in 0..steps {
        let part = |i: usize| rect.left() + rect.width() * i as f32 / steps as f32;
        let piece = egui::Rect::from_x_y_ranges(part(step)..=part(step + 1) + 0.5, rect.y_range());
        ui.painter().rect_filled(piece, CornerRadius::ZERO, color32(viridis(step as f32 / (steps - 1) as f32)));
    }
    let text = |value: f32| match by {
        ColorBy::LayerTime => format::duration(f64::from(value)),
        _ => format!("{} {}", short_number(f64::from(value), 2), by.unit()),
    };
    ui.horizontal(|ui| {
        ui.label(egui::RichText::new(text(least)).size(size::SMALL));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(egui::RichText::new(text(most)).size(size::SMALL));
        });
    });
}

fn switches(ui: &mut Ui, cx: &Cx<'_>) {
    let preview = &cx.ui.preview;
    for (command, text, on) in [
        (Command::ShowTravels, "Travels", preview.travels),
        (Command::ShowRetractions, "Retractions", preview.retractions),
        (Command::ShowSeams, "Seams", preview.seams),
    ] {
        let mut now = on;
        if ui.checkbox(&mut now, text).on_hover_text(command.tooltip(ui.ctx())).changed() {
            cx.run(command);
        }
    }
}

fn totals(ui: &mut Ui, sliced: &Sliced) {
    key_value(ui, "Time", format::duration(sliced.time_s));
    key_value(ui, "Filament", format!("{} · {}", format::filament(sliced.filament_mm), format::grams(sliced.grams)));
    if sliced.cost > 0.0 {
        key_value(ui, "Cost", format!("{:.2}", sliced.cost));
    }
    key_value(ui, "Layers", format::grouped(sliced.drawing.layer_count()));
}

pub fn color32([r, g, b, a]: [u8; 4]) -> egui::Color32 {
    egui::Color32::from_rgba_unmultiplied(r, g, b, a)
}
