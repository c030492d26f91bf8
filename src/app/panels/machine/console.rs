//! What went over the wire, and a line of the person's own.

use egui::{Frame, Id, Key, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use crate::app::context::{Cx, Request};
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::text_button;
use crate::machine::reply::{self, Reply};
use crate::machine::{Command, ConsoleLine, Direction};

/// What a job is made of, line after line; of these nobody reads thousands.
const OF_JOBS: [&str; 14] =
    ["G0", "G1", "G2", "G3", "G10", "G11", "G92", "M73", "M106", "M107", "M117", "M204", "M205", "M486"];

/// Whether every line is shown, or only what says something.
fn everything_id() -> Id {
    Id::unique("console shows everything")
}

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let mut everything = ui.data(|d| d.get_temp::<bool>(everything_id())).unwrap_or_default();
    ui.horizontal(|ui| {
        ui.label(theme::heading("Console"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let response = ui.checkbox(&mut everything, "All lines");
            if response.on_hover_text("Also acknowledgements, temperature reports and the lines of a job").changed() {
                ui.data_mut(|d| _ = d.insert_temp(everything_id(), everything));
            }
        });
    });
    let t = tokens(ui);
    let lines: Vec<(Direction, String)> = cx
        .derived
        .machine
        .status()
        .map(|status| {
            let printed = status.job.is_some();
            let told = status.console.iter().filter(|line| everything || says_something(line, printed));
            let text =
                |line: &ConsoleLine| if everything { line.text.clone() } else { command_of(&line.text).to_owned() };
            told.map(|line| (line.direction, text(line))).collect()
        })
        .unwrap_or_default();
    let height = ui.available_height() - size::ROW - space::S;
    Frame::new().fill(t.bar).corner_radius(size::RADIUS).inner_margin(space::S).show(ui, |ui| {
        if lines.is_empty() {
            ui.set_min_size(egui::vec2(ui.available_width(), height - 2.0 * space::S));
            let nothing_said = cx.derived.machine.status().is_none_or(|status| status.console.is_empty());
            let words = if nothing_said {
                "What the machine and the studio say to each other is shown here."
            } else {
                "Of late only the job went over the wire; “All lines” shows it."
            };
            ui.label(theme::weak(ui, words));
            return;
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

/// Whether a line is more than the small talk of the wire and, where something was `printed`, more than what jobs are made of.
fn says_something(line: &ConsoleLine, printed: bool) -> bool {
    match line.direction {
        Direction::Received => !matches!(
            reply::parse(&line.text),
            Reply::Ok { .. }
                | Reply::Temperatures(_)
                | Reply::Heating(_)
                | Reply::Busy
                | Reply::Wait
                | Reply::Capability { .. }
        ),
        Direction::Sent => {
            let word = command_of(&line.text).split_whitespace().next().unwrap_or_default();
            let small_talk = ["M105", "M110", "M113", "M155"].contains(&word);
            !(small_talk || printed && OF_JOBS.contains(&word))
        }
    }
}

/// What is said by a line that was sent, without the number and the check sum that go over the wire with it.
fn command_of(line: &str) -> &str {
    let framed = line.strip_prefix('N').and_then(|rest| rest.rsplit_once('*'));
    let command = framed.map(|(text, _)| text.trim_start_matches(|c: char| c.is_ascii_digit()).trim());
    command.unwrap_or(line)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_talk_is_left_out_and_everything_else_is_not() {
        use Direction::{Received, Sent};
        let says = |direction, text: &str, printed| {
            says_something(&ConsoleLine { index: 0, direction, text: text.to_owned() }, printed)
        };
        for (direction, text) in [(Sent, "N7 M105*33"), (Received, "ok"), (Received, " T:20.0 /0.0 B:20.0 /0.0")] {
            assert!(!says(direction, text, false), "{text}");
        }
        for (direction, text) in [(Sent, "N8 G28*33"), (Received, "Error:checksum mismatch"), (Received, "start")] {
            assert!(says(direction, text, true), "{text}");
        }
        // By hand it is worth seeing, of a job there are thousands.
        assert!(says(Sent, "N9 G1 X10 F3000*98", false) && !says(Sent, "N9 G1 X10 F3000*98", true));
        assert_eq!(command_of("N9 G1 X10 F3000*98"), "G1 X10 F3000");
        assert_eq!(command_of("No such thing"), "No such thing");
    }
}
