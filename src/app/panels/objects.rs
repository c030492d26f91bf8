//! What is on the plate, as a list.

use egui::{Align, Frame, Layout, Margin, ScrollArea, Ui};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::theme::{self, space, tokens};
use crate::app::ui_state::Framing;
use crate::app::widgets::{empty_hint, list_row};

pub fn show(ui: &mut Ui, cx: &Cx<'_>, height: f32) {
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
        Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
            header(ui, cx);
            if cx.document.objects().is_empty() {
                empty_hint(ui, "Nothing on the plate yet.");
            }
            ScrollArea::vertical().id_salt("objects").auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                for object in cx.document.objects() {
                    row(ui, cx, object);
                }
            });
        });
    });
}

fn header(ui: &mut Ui, cx: &Cx<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::heading("Objects"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            for command in [Command::Delete, Command::Duplicate, Command::Open] {
                super::top_bar::command_button(ui, cx, command);
            }
        });
    });
}

fn row(ui: &mut Ui, cx: &Cx<'_>, object: &crate::scene::Object) {
    let id = object.id;
    let chosen = cx.ui.selection.contains(&id);
    let own = !object.settings.is_empty();
    let outside = cx.derived.is_misplaced(&object.name);
    let row = list_row(ui, Some(i::ICON_DEPLOYED_CODE), &object.name, chosen, |ui| {
        if outside {
            ui.label(theme::icon(i::ICON_WARNING).size(16.0).color(tokens(ui).warning))
                .on_hover_text("It stands where it cannot be made; see the warnings");
        }
        if own {
            ui.label(theme::icon(i::ICON_TUNE).size(16.0).color(tokens(ui).accent))
                .on_hover_text("Has settings of its own");
        }
    });
    if row.clicked() {
        let add = ui.input(|i| i.modifiers.command || i.modifiers.shift);
        cx.ui(move |ui| {
            if !add {
                ui.selection = [id].into();
            } else if !ui.selection.remove(&id) {
                ui.selection.insert(id);
            }
        });
    }
    if row.double_clicked() {
        cx.ui(|ui| ui.framing = Some(Framing::Selection));
    }
    row.context_menu(|ui| {
        if !chosen {
            cx.ui(move |ui| ui.selection = [id].into());
        }
        for command in
            [Command::ViewSelected, Command::Duplicate, Command::DropToPlate, Command::CenterOnPlate, Command::Delete]
        {
            if ui.button(command.definition().text).clicked() {
                cx.run(command);
                ui.close();
            }
        }
        if ui.button("Settings only for this object").clicked() {
            cx.ui(move |ui| ui.settings_of = Some(id));
            ui.close();
        }
    });
}
