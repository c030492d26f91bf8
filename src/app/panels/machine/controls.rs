//! The hands on the machine: move, home, heat, stop.

use egui::{Button, Frame, Id, Margin, Ui, vec2};
use egui_material_icons::{MaterialIcon, icons as i};

use crate::app::command::Command as Do;
use crate::app::context::{Cx, Request};
use crate::app::enabled::why_not;
use crate::app::theme::{self, size, space};
use crate::app::widgets::{
    NumberField, PAD_BUTTON, danger_button, key_value, pad_button, section, selector, text_button,
};
use crate::machine::reply::Heater;
use crate::machine::{Command, State};
use crate::units::{Unit, mm_per_min, short_number};

const STEPS_MM: [f64; 4] = [0.1, 1.0, 10.0, 50.0];
const STEP_NAMES: [&str; 4] = ["0.1 mm", "1 mm", "10 mm", "50 mm"];
/// The emergency stop is hit without looking.
const STOP_HEIGHT: f32 = 36.0;
/// How fast jogging goes along X and Y, and along Z.
const JOG_MM_PER_S: [f64; 2] = [50.0, 8.0];

/// The emergency stop, always in view.
pub fn stop(ui: &mut Ui, cx: &Cx<'_>) {
    Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
        let reason = why_not(Do::EmergencyStop, cx);
        let width = ui.available_width();
        let response = danger_button(ui, Do::EmergencyStop.name(), width, STOP_HEIGHT, reason.is_none());
        if response.clicked() {
            cx.run(Do::EmergencyStop);
        }
        match reason {
            Some(reason) => response.on_disabled_hover_text(reason),
            None => response.on_hover_text(Do::EmergencyStop.tooltip(ui.ctx())),
        };
    });
}

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    // While a job runs, nobody moves the head by hand.
    let free = cx.derived.machine.state() == Some(State::Idle);
    section(ui, "Move", true, None, |ui| ui.add_enabled_ui(free, |ui| jog(ui, cx, free)).inner);
    let open = cx.derived.machine.listens();
    section(ui, "Heat", true, None, |ui| {
        let (nozzle, bed) =
            cx.derived.machine.status().map(|s| (s.temperatures.nozzle, s.temperatures.bed)).unwrap_or_default();
        let limits = cx.document.resolved();
        heater(ui, cx, "Nozzle", "M104", nozzle, limits.max_nozzle_temperature, open);
        heater(ui, cx, "Bed", "M140", bed, limits.max_bed_temperature, open);
    });
}

fn send(cx: &Cx<'_>, line: impl Into<String>) {
    cx.send(Request::Machine(Command::Send(line.into())));
}

fn jog(ui: &mut Ui, cx: &Cx<'_>, free: bool) {
    let id = Id::unique("jog step");
    let step = ui.data(|d| d.get_temp::<usize>(id)).unwrap_or(2);
    if let Some(step) = selector(ui, "Step", &STEP_NAMES, step) {
        ui.data_mut(|d| _ = d.insert_temp(id, step));
    }
    ui.add_space(space::S);
    let by = STEPS_MM[step.min(STEPS_MM.len() - 1)];
    ui.horizontal(|ui| {
        let gap = space::XS;
        ui.spacing_mut().item_spacing = vec2(gap, gap);
        ui.vertical(|ui| {
            row(ui, cx, free, by, [None, Some((i::ICON_KEYBOARD_ARROW_UP, 'Y', 1.0)), None]);
            row(
                ui,
                cx,
                free,
                by,
                [Some((i::ICON_KEYBOARD_ARROW_LEFT, 'X', -1.0)), None, Some((i::ICON_KEYBOARD_ARROW_RIGHT, 'X', 1.0))],
            );
            row(ui, cx, free, by, [None, Some((i::ICON_KEYBOARD_ARROW_DOWN, 'Y', -1.0)), None]);
        });
        ui.add_space(space::L);
        ui.vertical(|ui| {
            row(ui, cx, free, by, [Some((i::ICON_ARROW_UPWARD, 'Z', 1.0)), None, None]);
            ui.add_sized([PAD_BUTTON, PAD_BUTTON], egui::Label::new(theme::weak(ui, "Z")));
            row(ui, cx, free, by, [Some((i::ICON_ARROW_DOWNWARD, 'Z', -1.0)), None, None]);
        });
    });
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        if text_button(ui, "Home all", free).clicked() {
            cx.run(Do::HomeAll);
        }
        for (name, line) in [("Home X", "G28 X"), ("Home Y", "G28 Y"), ("Home Z", "G28 Z")] {
            if text_button(ui, name, free).clicked() {
                send(cx, line);
            }
        }
    });
    if text_button(ui, Do::MotorsOff.name(), free).clicked() {
        cx.run(Do::MotorsOff);
    }
}

/// Three places for arrows; the middle of the pad is empty.
fn row(ui: &mut Ui, cx: &Cx<'_>, free: bool, by: f64, arrows: [Option<(MaterialIcon, char, f64)>; 3]) {
    ui.horizontal(|ui| {
        for arrow in arrows {
            let Some((icon, axis, sign)) = arrow else {
                ui.add_space(PAD_BUTTON + space::XS);
                continue;
            };
            let name = format!("Move {axis} by {} mm", short_number(by * sign, 1));
            if pad_button(ui, icon, &name, free).clicked() {
                let feed = mm_per_min(JOG_MM_PER_S[usize::from(axis == 'Z')]);
                send(cx, "G91");
                send(cx, format!("G1 {axis}{} F{feed:.0}", short_number(by * sign, 1)));
                send(cx, "G90");
            }
        }
    });
}

fn heater(ui: &mut Ui, cx: &Cx<'_>, name: &str, code: &str, now: Option<Heater>, most_c: f64, open: bool) {
    let actual = now.map_or_else(|| "–".to_owned(), |h| format!("{:.1} °C", h.actual_c));
    key_value(ui, name, theme::strong(actual));
    ui.horizontal(|ui| {
        ui.label(theme::weak(ui, "Target"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let target = now.map_or(0.0, |h| f64::from(h.target_c));
            let off = Button::new("Off").min_size(vec2(0.0, size::ROW));
            let response = ui.add_enabled(open, off);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, open, format!("{name} off")));
            if response.clicked() {
                send(cx, format!("{code} S0"));
            }
            ui.add_enabled_ui(open, |ui| {
                let label = format!("{name} target");
                let field = NumberField::new(&label, Unit::DegreeCelsius, 0, 5.0).range(0.0, most_c.max(0.0));
                if let (_, Some(target)) = field.show(ui, Id::unique(("heater", code)), target) {
                    send(cx, format!("{code} S{target:.0}"));
                }
            });
        });
    });
    ui.add_space(space::XS);
}
