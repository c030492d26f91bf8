//! A text of several lines: the machine's own G-code.

use egui::{Align, Layout, Modal, ScrollArea, TextEdit, TextStyle, Ui};
use egui_material_icons::icons::ICON_CHECK;

use crate::app::context::Cx;
use crate::app::theme::{self, space};
use crate::app::widgets::{primary_button, text_button};
use crate::scene::edit::Edit;
use crate::settings::Value;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some((key, text)) = &cx.ui.template else { return };
    let (key, mut edited) = (*key, text.clone());
    let definition = key.definition();
    let modal = Modal::new(egui::Id::unique("template form")).frame(theme::window_frame(ui)).show(ui.ctx(), |ui| {
        ui.set_width(640.0);
        ui.label(theme::heading(definition.label));
        ui.label(theme::weak(ui, definition.summary()));
        ui.add_space(space::S);
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            let edit = TextEdit::multiline(&mut edited)
                .font(TextStyle::Monospace)
                .desired_width(f32::INFINITY)
                .desired_rows(16)
                .lock_focus(true);
            ui.add(edit).accessible_name(definition.label);
        });
        ui.add_space(space::S);
        let mut done = false;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if primary_button(ui, ICON_CHECK, "Apply", true).clicked() {
                let text = edited.clone();
                cx.edit(Edit::set_setting(cx.ui.settings_of, key, Value::Text(text)));
                done = true;
            }
            done |= text_button(ui, "Cancel", true).clicked();
        });
        done
    });
    if modal.should_close() || modal.inner {
        cx.ui(|ui| ui.template = None);
    } else if edited != *text {
        cx.ui(move |ui| ui.template = Some((key, edited)));
    }
}
