//! What went over the wire, and a line of the person's own.

use egui::{Frame, Id, Key, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use crate::app::context::{Cx, Request};
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::text_button;
use crate::machine::{Command, Direction};

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    ui.label(theme::heading("Console"));
    let t = tokens(ui);
    let lines: Vec<(Direction, String)> = cx
        .derived
        .machine
        .status()
        .map(|status| status.console.iter().map(|line| (line.direction, line.text.clone())).collect())
        .unwrap_or_default();
    let height = ui.available_height() - size::ROW - space::S;
    Frame::new().fill(t.bar).corner_radius(size::RADIUS).inner_margin(space::S).show(ui, |ui| {
        if lines.is_empty() {
            ui.label(theme::weak(ui, "What the machine and the studio say to each other is shown here."));
        }
        let row = ui.text_style_height(&TextStyle::Monospace);
        ui.spacing_mut().item_spacing.y = 2.0;
        ScrollArea::vertical()
            .id_salt("console")
            .auto_shrink([false, false])
            .max_height(height - 2.0 * space::S)
            .stick_to_bottom(true)
            .show_rows(ui, row, lines.len(), |ui, range| {
                for (direction, text) in lines.get(range).unwrap_or_default() {
                    let (mark, color) = match direction {
                        Direction::Sent => ("> ", t.weak),
                        Direction::Received => ("  ", t.text),
                    };
                    let text = RichText::new(format!("{mark}{text}")).monospace().color(color);
                    ui.add(egui::Label::new(text).truncate().selectable(true));
                }
            });
    });
    ui.add_space(space::XS);
    input(ui, cx);
}

fn input(ui: &mut Ui, cx: &Cx<'_>) {
    let open = cx.derived.machine.is_open() && !cx.derived.machine.is_opening();
    let id = Id::unique("console line");
    let mut line = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_default();
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let usable = open && !line.trim().is_empty() && !line.contains('*');
        let pressed = text_button(ui, "Send", usable).clicked();
        let edit = TextEdit::singleline(&mut line)
            .font(TextStyle::Monospace)
            .hint_text("A command of your own, such as M115")
            .align(egui::Align2::LEFT_CENTER)
            .interactive(open);
        let response = ui.add_sized([ui.available_width(), size::ROW], edit).accessible_name("Command");
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if (pressed || enter) && usable {
            cx.send(Request::Machine(Command::Send(line.trim().to_owned())));
            line.clear();
            response.request_focus();
        }
    });
    ui.data_mut(|d| _ = d.insert_temp(id, line));
}
