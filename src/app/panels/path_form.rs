//! Asks for a path, where the desktop has no file dialog or a person would rather type.

use std::path::PathBuf;

use egui::{Align, Key, Layout, Modal, TextEdit, Ui};
use egui_material_icons::icons as i;

use crate::app::context::{Cx, Request};
use crate::app::theme::{self, size, space};
use crate::app::widgets::{primary_button, text_button};
use crate::app::work::dialogs::Asked;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some((asked, typed)) = &cx.ui.path_form else { return };
    let (title, hint, action, icon) = match asked {
        Asked::Open => ("Open a path", "/home/me/part.stl", "Open", i::ICON_FOLDER_OPEN),
        Asked::Export { .. } => ("Export G-code to", "/home/me/part.gcode", "Export", i::ICON_FILE_SAVE),
    };
    let modal = Modal::new(egui::Id::unique("path form")).frame(theme::window_frame(ui)).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.label(theme::heading(title));
        ui.add_space(space::M);
        let mut text = typed.clone();
        let response = ui
            .add_sized([ui.available_width(), size::ROW], TextEdit::singleline(&mut text).hint_text(hint))
            .accessible_name("Path");
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
        let path = PathBuf::from(text.trim());
        let fault = fault(asked, &path);
        ui.add_space(space::XS);
        let note = fault.filter(|_| !text.trim().is_empty()).unwrap_or_default();
        ui.label(egui::RichText::new(note).color(theme::tokens(ui).danger));
        ui.add_space(space::S);
        let mut close = false;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if primary_button(ui, icon, action, fault.is_none()).clicked() || (enter && fault.is_none()) {
                cx.send(match asked {
                    Asked::Open => Request::Open(vec![path]),
                    Asked::Export { .. } => Request::ExportTo(path),
                });
                close = true;
            }
            close |= text_button(ui, "Cancel", true).clicked();
        });
        (text, close)
    });
    let close = modal.should_close();
    let (text, done) = modal.inner;
    let asked = asked.clone();
    if close || done {
        cx.ui(|ui| ui.path_form = None);
    } else if text != *typed {
        cx.ui(move |ui| ui.path_form = Some((asked, text)));
    }
}

/// Why nothing can be done with a path.
fn fault(asked: &Asked, path: &std::path::Path) -> Option<&'static str> {
    match asked {
        Asked::Open if path.is_dir() => Some("This is a folder; give the path of a file in it."),
        Asked::Open if !path.is_file() => Some("There is no such file."),
        Asked::Export { .. } if path.as_os_str().is_empty() => Some("Give a path."),
        Asked::Export { .. } if path.is_dir() => Some("This is a folder; give the name of a file in it."),
        Asked::Export { .. } if !folder_of(path).is_dir() => Some("There is no such folder."),
        _ => None,
    }
}

fn folder_of(path: &std::path::Path) -> &std::path::Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."))
}
