//! The temperatures of the last minutes as a plot.

use egui::Ui;
use egui_plot::{Line, Plot, PlotPoints};

use crate::app::context::Cx;
use crate::app::panels::legend::color32;
use crate::app::theme::{self, space, tokens};
use crate::app::widgets::{Mark, empty_hint};
use crate::machine::reply::{Heater, Temperatures};
use crate::render::palette::tool_color;

/// What is shown of the past, in seconds.
const SHOWN_S: f64 = 600.0;

pub fn show(ui: &mut Ui, cx: &Cx<'_>, height: f32) {
    let (nozzle, bed) = (color32(tool_color(0)), color32(tool_color(2)));
    let target = |color: egui::Color32| color.gamma_multiply(0.5);
    ui.horizontal(|ui| {
        ui.label(theme::heading("Temperatures"));
        // Beside the plot, so that no curve is hidden.
        for (color, text) in [(nozzle, "Nozzle"), (bed, "Bed")] {
            ui.add_space(space::S);
            ui.add(Mark(color));
            ui.label(text);
        }
        ui.add_space(space::S);
        ui.label(theme::weak(ui, "Pale: target"));
    });
    let log: Vec<(f64, Temperatures)> =
        cx.derived.machine.status().map(|status| status.temperature_log.iter().copied().collect()).unwrap_or_default();
    let Some(&(now, _)) = log.last() else {
        return empty_hint(ui, "They are shown here as soon as a machine is connected and reports them.");
    };
    let shown_s = log.first().map_or(0.0, |(first, _)| now - first).clamp(SHOWN_S / 10.0, SHOWN_S);
    let points = |heater: fn(&Temperatures) -> Option<Heater>, value: fn(Heater) -> f32| -> PlotPoints<'static> {
        let of = |(time, all): &(f64, Temperatures)| Some([time - now, f64::from(value(heater(all)?))]);
        log.iter().filter(|(time, _)| now - time <= shown_s).filter_map(of).collect::<Vec<_>>().into()
    };
    let response = Plot::new("temperatures")
        .height(height - 28.0)
        .show_grid([false, true])
        .grid_color(tokens(ui).separator)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .include_y(250.0)
        .include_x(-shown_s)
        .include_x(0.0)
        .x_axis_formatter(|mark, _| if mark.value == 0.0 { "now".to_owned() } else { format!("{:.0} s", mark.value) })
        .y_axis_formatter(|mark, _| format!("{:.0} °C", mark.value))
        .show(ui, |plot| {
            plot.line(Line::new("Nozzle", points(|t| t.nozzle, |h| h.actual_c)).color(nozzle).width(2.0));
            plot.line(Line::new("Nozzle target", points(|t| t.nozzle, |h| h.target_c)).color(target(nozzle)));
            plot.line(Line::new("Bed", points(|t| t.bed, |h| h.actual_c)).color(bed).width(2.0));
            plot.line(Line::new("Bed target", points(|t| t.bed, |h| h.target_c)).color(target(bed)));
        });
    response.response.accessible_name("Temperatures of nozzle and bed");
}
