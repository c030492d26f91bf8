//! Which port, how fast, and whether anybody answers.

use egui::{TextEdit, Ui};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::enabled::why_not;
use crate::app::format::name_of;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::{NumberField, icon_button, key_value, list_row, primary_button, text_button};
use crate::machine::State;
use crate::units::Unit;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let machine = &cx.derived.machine;
    ui.horizontal(|ui| {
        ui.label(theme::heading("Connection"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if icon_button(ui, i::ICON_SYNC, "Look for ports again", !machine.is_open()).clicked() {
                cx.run(Command::FindPorts);
            }
        });
    });
    if machine.is_open() {
        connected(ui, cx)
    } else {
        choose(ui, cx)
    }
    problem(ui, cx);
}

fn choose(ui: &mut Ui, cx: &Cx<'_>) {
    for port in &cx.ui.ports {
        let chosen = cx.preferences.port == port.path;
        let name = match &port.product {
            Some(product) => format!("{product} · {}", port.path),
            None => port.path.clone(),
        };
        if list_row(ui, Some(i::ICON_USB), &name, chosen, |_| {}).on_hover_text(&name).clicked() {
            let path = port.path.clone();
            cx.prefer(move |p| p.port = path);
        }
    }
    if cx.ui.ports.is_empty() {
        ui.label(theme::weak(ui, "No port was found; a path can be typed."));
    }
    ui.add_space(space::XS);
    let mut path = cx.preferences.port.clone();
    let edit = TextEdit::singleline(&mut path).hint_text("/dev/ttyUSB0").align(egui::Align2::LEFT_CENTER);
    if ui.add_sized([ui.available_width(), size::ROW], edit).accessible_name("Port").changed() {
        cx.prefer(move |p| p.port = path);
    }
    ui.horizontal(|ui| {
        ui.label("Speed");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let baud = f64::from(cx.preferences.baud.unwrap_or(cx.document.resolved().baud_rate));
            let field = NumberField::new("Speed", Unit::BitPerSecond, 0, 9600.0).range(300.0, 4_000_000.0);
            if let (_, Some(baud)) = field.width(130.0).show(ui, egui::Id::unique("baud"), baud) {
                cx.prefer(move |p| p.baud = Some(baud as u32));
            }
        });
    });
    ui.add_space(space::XS);
    let ready = !cx.preferences.port.trim().is_empty();
    if primary_button(ui, i::ICON_CABLE, "Connect", ready).clicked() {
        cx.run(Command::Connect);
    }
}

fn connected(ui: &mut Ui, cx: &Cx<'_>) {
    let machine = &cx.derived.machine;
    let words = match machine.state() {
        _ if machine.is_opening() => "Opening the port",
        Some(State::Connecting) => "Waiting for the machine",
        Some(State::Idle) => "Ready",
        Some(State::Printing) => "Printing",
        Some(State::Pausing) => "Pausing",
        Some(State::Paused) => "Paused",
        Some(State::Canceling) => "Cancelling",
        Some(State::Closed) | None => "Not connected",
    };
    key_value(ui, "State", theme::strong(words));
    let port = std::path::Path::new(cx.preferences.port.trim());
    key_value(ui, "Port", name_of(port)).on_hover_text(port.display().to_string());
    let (firmware, resent) =
        machine.status().map(|status| (status.firmware.clone(), status.resent)).unwrap_or_default();
    if let Some(firmware) = firmware {
        ui.add(egui::Label::new(theme::weak(ui, &firmware).size(size::SMALL)).truncate()).on_hover_text(firmware);
    }
    if resent > 0 {
        key_value(ui, "Lines sent again", resent.to_string());
    }
    ui.add_space(space::XS);
    let reason = why_not(Command::Disconnect, cx);
    let response = text_button(ui, Command::Disconnect.name(), reason.is_none());
    if response.clicked() {
        cx.run(Command::Disconnect);
    }
    response.on_disabled_hover_text(reason.unwrap_or_default());
}

/// Why the connection ended, and what is wrong with it or with the machine, in the place where they happened.
fn problem(ui: &mut Ui, cx: &Cx<'_>) {
    let Some((error, complaint)) =
        cx.derived.machine.status().map(|status| (status.error.clone(), status.complaint.clone()))
    else {
        return;
    };
    let t = tokens(ui);
    if let Some(error) = error {
        ui.add_space(space::XS);
        ui.label(egui::RichText::new(format!("The connection ended: {error}.")).color(t.danger));
    }
    if let Some(complaint) = complaint {
        ui.label(egui::RichText::new(complaint).color(t.warning));
    }
}
