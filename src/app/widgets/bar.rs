//! What the top bar is made of: tabs, chips and the one primary button.

use egui::{Button, CornerRadius, Response, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::{MaterialIcon, icons::ICON_ARROW_DROP_DOWN};

use crate::app::theme::{self, size, space, tokens};

/// A workspace's tab: underlined in the accent colour where it is the open one.
pub fn tab(ui: &mut Ui, name: &str, open: bool) -> Response {
    let t = tokens(ui);
    let text = if open { theme::strong(name) } else { egui::RichText::new(name).color(t.weak) };
    let galley = egui::WidgetText::from(theme::strong(name)).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Button,
    );
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 2.0 * space::M, ui.available_height()), Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Tab, true, open, name));
    if response.hovered() && !open {
        ui.painter().rect_filled(rect.shrink2(vec2(0.0, space::XS)), CornerRadius::same(size::RADIUS), t.hover);
    }
    super::basics::focus_ring(ui, &response);
    super::basics::painted_text(ui, rect.shrink2(vec2(space::M, 0.0)).expand2(vec2(2.0, 0.0)), text);
    if open {
        let line = egui::Rect::from_min_max(
            rect.left_bottom() + vec2(space::M, -2.0),
            rect.right_bottom() - vec2(space::M, 0.0),
        );
        ui.painter().rect_filled(line, CornerRadius::ZERO, t.accent);
    }
    response
}

/// What is chosen at the moment (a machine, a material), as a button that opens its picker; only as an icon where
/// there is no room for more.
pub fn chip(ui: &mut Ui, icon: MaterialIcon, kind: &str, chosen: &str, max_width: f32) -> Response {
    let t = tokens(ui);
    let around = 2.0 * (size::ICON + ui.spacing().icon_spacing + ui.spacing().button_padding.x);
    let (icon, arrow) = (theme::icon(icon).color(t.weak), theme::icon(ICON_ARROW_DROP_DOWN).color(t.weak));
    let button = if max_width > around {
        Button::new((icon, super::basics::elided(ui, chosen, max_width - around), arrow))
    } else {
        Button::new((icon, arrow))
    };
    let response = ui.add(button.min_size(vec2(0.0, size::ROW)));
    let name = format!("{kind}: {chosen}");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    response.on_hover_text(name)
}

/// The one thing to do next.
pub fn primary_button(ui: &mut Ui, icon: MaterialIcon, text: &str, enabled: bool) -> Response {
    let t = tokens(ui);
    let (fill, color) = if enabled { (t.accent, t.on_accent) } else { (t.raised, t.weak) };
    let content = (theme::icon(icon).color(color), theme::strong(text).color(color));
    let response = ui.add_enabled(enabled, Button::new(content).fill(fill).min_size(vec2(0.0, size::ROW)));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, text));
    response
}
