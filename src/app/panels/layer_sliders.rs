//! Which layers are shown, at the right of the picture, and how far into the last of them, along its bottom.

use egui::{Align2, Frame, Margin, Panel, RangeSlider, Slider, Ui, vec2};
use egui_material_icons::icons as i;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::icon_button;
use crate::render::{RoadState, ToolpathDrawing, palette::role_label};
use crate::units::short_number;

const WIDTH: f32 = 104.0;
const HEIGHT: f32 = 44.0;
const HANDLE: f32 = 18.0;

/// Shows both sliders for a toolpath.
pub fn show(ui: &mut Ui, cx: &Cx<'_>, drawing: &ToolpathDrawing) {
    let t = tokens(ui);
    let frame = Frame::new().fill(t.surface);
    Panel::bottom("moves")
        .exact_size(HEIGHT)
        .resizable(false)
        .frame(frame.inner_margin(Margin::symmetric(space::M as i8, 0)))
        .show(ui, |ui| ui.horizontal_centered(|ui| moves(ui, cx, drawing)));
    Panel::right("layers")
        .exact_size(WIDTH)
        .resizable(false)
        .frame(frame.inner_margin(Margin::symmetric(space::S as i8, space::M as i8)))
        .show(ui, |ui| layers(ui, cx, drawing));
}

fn layers(ui: &mut Ui, cx: &Cx<'_>, drawing: &ToolpathDrawing) {
    let count = drawing.layer_count();
    let (mut low, mut high) = cx.ui.preview.shown(count);
    let before = (low, high);
    ui.vertical_centered(|ui| {
        super::top_bar::command_button(ui, cx, Command::LayerUp);
    });
    let available = ui.available_rect_before_wrap();
    let height = available.height() - size::ROW - space::S;
    let place = egui::Rect::from_min_size(
        egui::pos2(available.right() - HANDLE - space::XS, available.top()),
        vec2(HANDLE, height),
    );
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(place));
    child.spacing_mut().slider_width = height;
    child.spacing_mut().interact_size.y = HANDLE;
    let last = count.saturating_sub(1);
    let slider = RangeSlider::new(&mut low, &mut high, 0..=last.max(1)).vertical().integer().show_value(false);
    let response = child.add(slider);
    for (handle, name) in [("low", "Lowest layer shown"), ("high", "Highest layer shown")] {
        ui.ctx().accesskit_node_builder(response.id.with(handle), |node| node.set_label(name));
    }
    let response = response.accessible_name("Layers shown");
    let rail = response.rect;
    if (low, high) != before {
        cx.ui(move |ui| ui.preview.show_layers(low.min(last), high.min(last)));
    }
    let radius = rail.width() / 2.5;
    let y = |layer: usize| {
        let part = if last == 0 { 0.0 } else { layer as f32 / last.max(1) as f32 };
        egui::remap(part, 0.0..=1.0, rail.bottom() - radius..=rail.top() + radius)
    };
    // The labels keep clear of each other where the handles meet.
    let (mut low_y, mut high_y) = (y(low), y(high));
    let apart = 34.0;
    if low_y - high_y < apart {
        let middle = ((low_y + high_y) / 2.0).clamp(rail.top() + apart / 2.0, rail.bottom() - apart / 2.0);
        (high_y, low_y) = (middle - apart / 2.0, middle + apart / 2.0);
    }
    label(ui, drawing, high, available.left(), high_y, true);
    if low != high {
        label(ui, drawing, low, available.left(), low_y, false);
    }
    let below = egui::Rect::from_min_max(egui::pos2(available.left(), place.bottom()), available.right_bottom());
    let mut child =
        ui.new_child(egui::UiBuilder::new().max_rect(below).layout(egui::Layout::bottom_up(egui::Align::Center)));
    super::top_bar::command_button(&mut child, cx, Command::LayerDown);
}

/// Number and height of a layer beside its handle.
fn label(ui: &Ui, drawing: &ToolpathDrawing, layer: usize, left: f32, y: f32, main: bool) {
    let t = tokens(ui);
    let number = egui::FontId::new(size::BODY, theme::strong_family());
    let small = egui::FontId::new(size::SMALL, egui::FontFamily::Proportional);
    let height = drawing.layer_z_mm(layer).map_or(String::new(), |z| format!("{z:.2} mm"));
    let color = if main { t.text } else { t.weak };
    ui.painter().text(egui::pos2(left, y), Align2::LEFT_BOTTOM, (layer + 1).to_string(), number, color);
    ui.painter().text(egui::pos2(left, y), Align2::LEFT_TOP, height, small, t.weak);
}

fn moves(ui: &mut Ui, cx: &Cx<'_>, drawing: &ToolpathDrawing) {
    let (_, top) = cx.ui.preview.shown(drawing.layer_count());
    let count = drawing.move_count(top);
    let now = ui.input(|i| i.time);
    let shown = cx.ui.preview.moves_at(now, count);
    let playing = cx.ui.preview.playing.is_some() && shown < count;
    let (icon, name) = if playing { (i::ICON_PAUSE, "Pause") } else { (i::ICON_PLAY_ARROW, Command::PlayLayer.name()) };
    let response = icon_button(ui, icon, name, count > 0);
    if response.on_hover_text(Command::PlayLayer.tooltip(ui.ctx())).clicked() {
        cx.run(Command::PlayLayer);
    }
    if playing {
        // The only time that the window draws by itself.
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(33));
    }
    let words = tool_in_words(drawing, top, shown);
    let mut value = shown;
    let words_width = 300.0_f32.min(ui.available_width() * 0.5);
    ui.spacing_mut().interact_size.y = HANDLE;
    ui.spacing_mut().slider_width = (ui.available_width() - words_width - space::M).max(80.0);
    let slider = Slider::new(&mut value, 0..=count.max(1)).integer().show_value(false);
    let response = ui.add_enabled(count > 0, slider).accessible_name("Moves of the layer");
    if response.changed() {
        let value = value.min(count);
        cx.ui(move |ui| {
            ui.preview.moves = (value < count).then_some(value);
            ui.preview.playing = None;
        });
    }
    ui.add_space(space::XS);
    ui.add(egui::Label::new(theme::weak(ui, words).size(size::SMALL)).truncate());
}

/// Where the nozzle is and what it does there.
fn tool_in_words(drawing: &ToolpathDrawing, layer: usize, moves: usize) -> String {
    let place = format!("{moves} of {}", drawing.move_count(layer));
    match drawing.tool_at(layer, moves).map(|tool| tool.road) {
        Some(Some(RoadState { role, width_mm, feed_mm_per_s, flow_mm3_per_s, .. })) => format!(
            "{place} · {} · {} mm wide · {} mm/s · {} mm³/s",
            role_label(role),
            short_number(f64::from(width_mm), 2),
            short_number(f64::from(feed_mm_per_s), 0),
            short_number(f64::from(flow_mm3_per_s), 1)
        ),
        Some(None) => format!("{place} · Travel"),
        None => place,
    }
}
