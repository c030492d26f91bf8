//! Describes a machine that is in no list.

use egui::{Align, Grid, Layout, Modal, TextEdit, Ui};
use egui_material_icons::icons::ICON_CHECK;

use crate::app::context::{Cx, Request};
use crate::app::described::Described;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::{NumberField, primary_button, selector, text_button};
use crate::settings::{GcodeFlavor, PresetKind};
use crate::units::Unit;

const WIDTH: f32 = 500.0;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(described) = &cx.ui.describe else { return };
    let mut now = described.clone();
    let modal = Modal::new(egui::Id::unique("describe form")).frame(theme::window_frame(ui)).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        ui.label(theme::heading("Describe the machine"));
        ui.label(theme::weak(ui, "Everything else can be set later, under Machine in the settings."));
        ui.add_space(space::M);
        fields(ui, &mut now);
        let fault = fault(cx, &now);
        ui.add_space(space::S);
        // The place is kept, so that nothing jumps.
        let note = fault.as_deref().filter(|_| !now.name.trim().is_empty()).unwrap_or_default();
        ui.label(egui::RichText::new(note).color(tokens(ui).danger));
        ui.add_space(space::S);
        let mut done = false;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if primary_button(ui, ICON_CHECK, "Use this machine", fault.is_none()).clicked() {
                cx.send(Request::AddMachine(now.clone()));
                done = true;
            }
            done |= text_button(ui, "Cancel", true).clicked();
        });
        done
    });
    if modal.should_close() || modal.inner {
        cx.ui(|ui| ui.describe = None);
    } else if now != *described {
        cx.ui(move |ui| ui.describe = Some(now));
    }
}

fn fields(ui: &mut Ui, now: &mut Described) {
    Grid::new("described").num_columns(2).spacing([space::L, space::S]).min_col_width(120.0).show(ui, |ui| {
        ui.label("Name");
        let edit = TextEdit::singleline(&mut now.name).hint_text("As it says on the machine").char_limit(60);
        let response = ui
            .add_sized([ui.available_width(), size::ROW], edit.align(egui::Align2::LEFT_CENTER))
            .accessible_name("Name of the machine");
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
        ui.end_row();

        ui.label("Plate");
        if let Some(index) = selector(ui, "Plate", &["Rectangular", "Round"], usize::from(now.round)) {
            now.round = index == 1;
        }
        ui.end_row();

        let [width, depth] = &mut now.size_mm;
        number(ui, if now.round { "Diameter" } else { "Width" }, width, [40.0, 2000.0]);
        if now.round {
            *depth = *width;
        } else {
            number(ui, "Depth", depth, [40.0, 2000.0]);
        }
        number(ui, "Height", &mut now.height_mm, [20.0, 2000.0]);
        number(ui, "Nozzle", &mut now.nozzle_mm, [0.1, 2.0]);

        if !now.round {
            ui.label("Origin");
            let options = ["Front left corner", "Middle of the plate"];
            if let Some(index) = selector(ui, "Origin", &options, usize::from(now.origin_in_middle)) {
                now.origin_in_middle = index == 1;
            }
            ui.end_row();
        }

        ui.label("Firmware");
        let chosen = GcodeFlavor::ALL.iter().position(|flavor| *flavor == now.firmware).unwrap_or_default();
        let names = ["Marlin", "Klipper", "RepRapFirmware"];
        if let Some(index) = selector(ui, "Firmware", &names, chosen) {
            now.firmware = GcodeFlavor::ALL.get(index).copied().unwrap_or(now.firmware);
        }
        ui.end_row();
    });
}

fn number(ui: &mut Ui, name: &str, value: &mut f64, [least, most]: [f64; 2]) {
    ui.label(name);
    let field = NumberField::new(name, Unit::Millimetre, 2, if most < 10.0 { 0.1 } else { 10.0 }).range(least, most);
    if let (_, Some(next)) = field.show(ui, egui::Id::unique(("described", name)), *value) {
        *value = next;
    }
    ui.end_row();
}

/// Why it cannot be used as it is.
fn fault(cx: &Cx<'_>, now: &Described) -> Option<String> {
    if now.id().is_empty() {
        return Some("Give it a name.".to_owned());
    }
    let taken =
        cx.derived.library.all(PresetKind::Machine).iter().any(|p| p.id == now.id() || p.name() == now.name.trim());
    if taken {
        return Some("There is a machine of this name already.".to_owned());
    }
    now.preset().err().map(|error| crate::app::format::sentence(&error.to_string()))
}
