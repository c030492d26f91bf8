//! The tools at the left edge of the picture.

use egui::{Align2, Area, Frame, Id, Order, Rect, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::enabled::why_not;
use crate::app::theme::{size, space};
use crate::app::tool::Tool;
use crate::app::widgets::{icon_button, separator, toggle_button};

pub fn show(ui: &mut Ui, cx: &Cx<'_>, picture: Rect) {
    Area::new(Id::unique("tools"))
        .order(Order::Middle)
        .pivot(Align2::LEFT_TOP)
        .fixed_pos(picture.left_top() + vec2(space::M, space::M))
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(space::XS).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.set_width(size::ROW);
                for (tool, command) in [
                    (Tool::Move, Command::MoveTool),
                    (Tool::Rotate, Command::RotateTool),
                    (Tool::Scale, Command::ScaleTool),
                    (Tool::PlaceOnFace, Command::PlaceOnFaceTool),
                ] {
                    switch(ui, cx, command, cx.ui.tool == Some(tool));
                }
                separator(ui);
                for command in [Command::Arrange, Command::DropToPlate] {
                    super::top_bar::command_button(ui, cx, command);
                }
                separator(ui);
                switch(ui, cx, Command::ShowOverhangs, cx.ui.overhangs);
            });
        });
}

/// A command that is on or off.
fn switch(ui: &mut Ui, cx: &Cx<'_>, command: Command, on: bool) {
    let icon = command.definition().icon.unwrap_or(i::ICON_CIRCLE);
    let response = match why_not(command, cx) {
        None => toggle_button(ui, icon, command.name(), on),
        Some(reason) => icon_button(ui, icon, command.name(), false).on_disabled_hover_text(reason),
    };
    if response.on_hover_text(command.tooltip(ui.ctx())).clicked() {
        cx.run(command);
    }
}
