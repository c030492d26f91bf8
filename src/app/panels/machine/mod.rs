//! The machine on the wire: connection and job at the left, temperatures and console in the middle, hands at the right.

mod connection;
mod console;
mod controls;
mod job;
mod temperatures;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::app::context::Cx;
use crate::app::theme::{size, space, tokens};
use crate::app::widgets::separator;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let t = tokens(ui);
    let side = Frame::new().fill(t.surface);
    let inner = Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8));
    Panel::left("connection").exact_size(size::LEFT_PANEL).resizable(false).frame(side).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            inner.show(ui, |ui| connection::show(ui, cx));
            separator(ui);
            inner.show(ui, |ui| job::show(ui, cx));
        });
    });
    Panel::right("controls").exact_size(size::RIGHT_PANEL).resizable(false).frame(side).show(ui, |ui| {
        controls::stop(ui, cx);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            inner.show(ui, |ui| controls::show(ui, cx));
        });
    });
    CentralPanel::default().frame(side.inner_margin(space::M)).show(ui, |ui| {
        let height = ui.available_height();
        temperatures::show(ui, cx, (height * 0.45).round());
        ui.add_space(space::M);
        console::show(ui, cx);
    });
}
