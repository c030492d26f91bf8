//! The top bar: menu and workspaces at the left, the document in the middle, what prints at the right.

use egui::{Align, Frame, Layout, Margin, Panel, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::command::{Command, Menu};
use crate::app::context::Cx;
use crate::app::enabled::why_not;
use crate::app::panels::pickers;
use crate::app::theme::{self, size, space, tokens};
use crate::app::ui_state::Workspace;
use crate::app::widgets::{icon_button, primary_button, tab};

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let t = tokens(ui);
    let bar = Panel::top("top bar")
        .exact_size(size::TOP_BAR)
        .resizable(false)
        .frame(Frame::new().fill(t.bar).inner_margin(Margin::symmetric(space::S as i8, 0)))
        .show(ui, |ui| {
            ui.horizontal_centered(|ui| {
                menu(ui, cx);
                for (workspace, command) in [
                    (Workspace::Prepare, Command::Prepare),
                    (Workspace::Preview, Command::Preview),
                    (Workspace::Machine, Command::Machine),
                ] {
                    if tab(ui, command.name(), cx.ui.workspace == workspace).clicked() {
                        cx.run(command);
                    }
                }
                if ui.ctx().content_rect().width() >= size::SHORT_BAR {
                    ui.add_space(space::S);
                    for command in [Command::Open, Command::Undo, Command::Redo] {
                        command_button(ui, cx, command);
                    }
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.scope(|ui| primary(ui, cx));
                    ui.add_space(space::XS);
                    pickers::chips(ui, cx);
                    ui.add_space(space::S);
                    document_name(ui, cx);
                });
            });
        });
    super::status::progress_line(ui, cx, bar.response.rect);
}

/// A command as an icon.
pub fn command_button(ui: &mut Ui, cx: &Cx<'_>, command: Command) -> egui::Response {
    let reason = why_not(command, cx);
    let icon = command.definition().icon.unwrap_or(i::ICON_CIRCLE);
    let response = icon_button(ui, icon, command.name(), reason.is_none());
    if response.clicked() {
        cx.run(command);
    }
    let tooltip = command.tooltip(ui.ctx());
    match reason {
        Some(reason) => response.on_disabled_hover_text(reason),
        None => response.on_hover_text(tooltip),
    }
}

fn menu(ui: &mut Ui, cx: &Cx<'_>) {
    let button =
        egui::Button::new(theme::icon(i::ICON_MENU)).min_size(vec2(size::ROW, size::ROW)).frame_when_inactive(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(220.0);
        for menu in Menu::ALL {
            ui.menu_button(menu.title(), |ui| {
                ui.set_min_width(240.0);
                for command in Command::ALL.into_iter().filter(|c| c.definition().menu == Some(menu)) {
                    menu_entry(ui, cx, command, command.definition().text);
                }
            });
        }
    });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Menu"));
    response.on_hover_text("Menu");
}

fn menu_entry(ui: &mut Ui, cx: &Cx<'_>, command: Command, text: &str) {
    let d = command.definition();
    let reason = why_not(command, cx);
    let mut button = egui::Button::new(text).min_size(vec2(0.0, size::ROW));
    if let Some(shortcut) = d.shortcut {
        button = button.shortcut_text(ui.ctx().format_shortcut(&shortcut));
    }
    let response = ui.add_enabled(reason.is_none(), button).on_hover_text(d.hint);
    if response.clicked() {
        cx.run(command);
        ui.close();
    }
    if let Some(reason) = reason {
        response.on_disabled_hover_text(reason);
    }
}

/// What is shown: the file that is looked at, else the objects.
fn title(cx: &Cx<'_>) -> String {
    let file = cx.derived.planning.file().filter(|_| cx.ui.workspace == Workspace::Preview);
    match file.and_then(|path| path.file_name()) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => cx.ui.title(cx.document),
    }
}

fn document_name(ui: &mut Ui, cx: &Cx<'_>) {
    // In what is left of the bar, centred, cut where it is long.
    ui.with_layout(Layout::centered_and_justified(egui::Direction::LeftToRight), |ui| {
        ui.add(egui::Label::new(theme::weak(ui, title(cx))).truncate());
    });
}

/// The one thing to do next: print where a machine is connected and ready, else export; beside it both, to choose from.
fn primary(ui: &mut Ui, cx: &Cx<'_>) {
    let ready = cx.ui.workspace != Workspace::Machine && why_not(Command::PrintHere, cx).is_none();
    let command = if ready { Command::PrintHere } else { Command::ExportGcode };
    let reason = why_not(command, cx);
    ui.spacing_mut().item_spacing.x = space::XS;
    let arrow = theme::icon(i::ICON_ARROW_DROP_DOWN);
    let button = egui::Button::new(arrow).min_size(vec2(size::ROW, size::ROW));
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(240.0);
        for command in [Command::ExportGcode, Command::PrintHere] {
            let text =
                if command == Command::PrintHere { "Print on the connected machine" } else { "Export G-code…" };
            menu_entry(ui, cx, command, text);
        }
    });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Where to"));
    response.on_hover_text("Where the G-code goes");
    let icon = command.definition().icon.unwrap_or(i::ICON_FILE_SAVE);
    let response = primary_button(ui, icon, command.name(), reason.is_none());
    if response.clicked() {
        cx.run(command);
    }
    match reason {
        Some(reason) => response.on_disabled_hover_text(reason),
        None => response.on_hover_text(command.tooltip(ui.ctx())),
    };
}
