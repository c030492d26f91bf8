//! The empty plate: what to do first. At the first start, which machine it is.

use egui::{Align, Align2, Area, Frame, Id, Layout, Order, Rect, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::{Cx, Request};
use crate::app::format;
use crate::app::samples::SAMPLES;
use crate::app::theme::{self, space};
use crate::app::widgets::{list_row, primary_button, separator, text_button};
use crate::settings::PresetKind;

const WIDTH: f32 = 360.0;
const RECENT_SHOWN: usize = 3;

/// Shows the hints in the middle of the picture.
pub fn show(ui: &mut Ui, cx: &Cx<'_>, picture: Rect) {
    let first_start = cx.preferences.machine.is_none();
    if !first_start && (!cx.document.objects().is_empty() || cx.derived.activity().is_some()) {
        return;
    }
    Area::new(Id::unique("welcome"))
        .order(Order::Middle)
        .pivot(Align2::CENTER_CENTER)
        .fixed_pos(picture.center())
        .constrain_to(picture.shrink(space::M))
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(space::L).show(ui, |ui| {
                ui.set_width(WIDTH);
                if first_start { machine(ui, cx) } else { start(ui, cx) }
            });
        });
}

fn machine(ui: &mut Ui, cx: &Cx<'_>) {
    ui.label(theme::heading("Which machine do you have?"));
    ui.label(theme::weak(ui, "It can be changed at any time, at the top right."));
    ui.add_space(space::S);
    super::pickers::list(ui, cx, PresetKind::Machine, i::ICON_PRECISION_MANUFACTURING, 280.0);
    ui.add_space(space::S);
    separator(ui);
    ui.horizontal(|ui| {
        ui.label(theme::weak(ui, "It is not in the list?"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if text_button(ui, Command::DescribeMachine.name(), true).clicked() {
                cx.run(Command::DescribeMachine);
            }
        });
    });
}

fn start(ui: &mut Ui, cx: &Cx<'_>) {
    ui.vertical_centered(|ui| {
        ui.label(i::ICON_DEPLOYED_CODE.rich_text().size(40.0).color(theme::tokens(ui).weak));
        ui.label(theme::heading("Drop a model here"));
        ui.label(theme::weak(ui, "STL, OBJ or 3MF to print; G-code to look through"));
        ui.add_space(space::S);
        if primary_button(ui, i::ICON_FOLDER_OPEN, "Open a file", true).clicked() {
            cx.run(Command::Open);
        }
        if text_button(ui, "Type a path", true).clicked() {
            cx.run(Command::OpenPath);
        }
    });
    ui.add_space(space::M);
    if !cx.preferences.recent.is_empty() {
        separator(ui);
        ui.label(theme::weak(ui, "Recent").size(theme::size::SMALL));
        for path in cx.preferences.recent.iter().take(RECENT_SHOWN) {
            let name = format::name_of(path);
            let row = list_row(ui, Some(i::ICON_HISTORY), &name, false, |_| {});
            if row.on_hover_text(path.display().to_string()).clicked() {
                cx.send(Request::Open(vec![path.clone()]));
            }
        }
        ui.add_space(space::S);
    }
    separator(ui);
    ui.label(theme::weak(ui, "Samples").size(theme::size::SMALL));
    for sample in &SAMPLES {
        if list_row(ui, Some(i::ICON_VIEW_IN_AR), sample.name, false, |_| {}).on_hover_text(sample.hint).clicked() {
            cx.send(Request::OpenSample(sample));
        }
    }
    ui.add_space(vec2(0.0, space::XS).y);
}
