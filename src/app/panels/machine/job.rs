//! What is printed: start, how far it is, pause, resume, cancel.

use egui::{ProgressBar, Ui};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::enabled::why_not;
use crate::app::format;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::{key_value, primary_button, text_button};

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    ui.label(theme::heading("Job"));
    let job = cx.derived.machine.status().and_then(|status| status.job.clone());
    let runs = cx.derived.machine.prints();
    if let Some(job) = &job {
        ui.add(egui::Label::new(theme::strong(&job.name)).truncate()).on_hover_text(&job.name);
        let part = job.sent_lines as f32 / job.total_lines.max(1) as f32;
        let bar = ProgressBar::new(part).desired_height(space::S).fill(tokens(ui).accent).corner_radius(4);
        ui.add(bar).accessible_name("Progress of the print");
        key_value(ui, "Lines", format!("{} of {}", format::grouped(job.sent_lines), format::grouped(job.total_lines)));
        let until = job.ended.map_or_else(std::time::Instant::now, |(ended, _)| ended);
        key_value(ui, "Time", format::duration((until - job.started).as_secs_f64()));
        if let Some((_, finished)) = job.ended {
            key_value(ui, "Result", if finished { "Finished" } else { "Broken off" });
        }
    }
    ui.add_space(space::XS);
    if runs {
        ui.horizontal(|ui| {
            for command in [Command::PausePrint, Command::ResumePrint, Command::CancelPrint] {
                let reason = why_not(command, cx);
                if reason.is_none() && text_button(ui, command.name(), true).clicked() {
                    cx.run(command);
                }
            }
        });
        return;
    }
    let what = match cx.derived.planning.file().and_then(|path| path.file_name()) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => cx.ui.title(cx.document),
    };
    if !what.is_empty() {
        ui.add(egui::Label::new(theme::weak(ui, &what)).truncate());
    }
    let reason = why_not(Command::PrintHere, cx);
    let response = primary_button(ui, i::ICON_PRINT, Command::PrintHere.name(), reason.is_none());
    if response.clicked() {
        cx.run(Command::PrintHere);
    }
    if let Some(reason) = reason {
        ui.label(theme::weak(ui, reason).size(size::SMALL));
    }
}
