//! Asks what becomes of the running print when the window shall be closed.

use egui::{Align, Layout, Modal, Ui};

use crate::app::context::{Cx, Request};
use crate::app::theme::{self, size, space};
use crate::app::ui_state::Leaving;
use crate::app::widgets::{danger_button, text_button};
use crate::machine;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(leaving) = cx.ui.leaving.filter(|_| cx.derived.machine.prints()) else { return };
    let canceled = leaving == Leaving::WhenCanceled;
    let modal = Modal::new(egui::Id::unique("leave form")).frame(theme::window_frame(ui)).show(ui.ctx(), |ui| {
        ui.set_width(440.0);
        ui.label(theme::heading(if canceled { "Ending the print" } else { "A print is running" }));
        ui.add_space(space::S);
        let words = if canceled {
            "The window closes as soon as the machine has switched its heaters off. Closed at once, they may stay on."
        } else {
            "The machine is driven from this window. When it closes, the print ends; heaters, fan and motors are \
             switched off first."
        };
        ui.label(words);
        ui.add_space(space::L);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if canceled {
                if danger_button(ui, "Close at once", 140.0, size::ROW, true).clicked() {
                    cx.ui(|ui| ui.leaving = Some(Leaving::AtOnce));
                }
            } else {
                if danger_button(ui, "End the print and close", 190.0, size::ROW, true).clicked() {
                    cx.send(Request::Machine(machine::Command::Cancel));
                    cx.ui(|ui| ui.leaving = Some(Leaving::WhenCanceled));
                }
                if text_button(ui, "Keep printing", true).clicked() {
                    cx.ui(|ui| ui.leaving = None);
                }
            }
        });
    });
    if modal.should_close() && !canceled {
        cx.ui(|ui| ui.leaving = None);
    }
}
