//! Buttons, rows and headings.

use egui::{Align, Button, CornerRadius, Layout, Response, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use crate::app::theme::{self, size, space, tokens};

/// A square button that shows only an icon; `name` is what a person would call it, also for screen readers.
pub fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool) -> Response {
    bare_icon(ui, icon, name, enabled, false)
}

/// Side of a button of a pad, which is hit without looking.
pub const PAD_BUTTON: f32 = 40.0;

/// A large button of a pad of arrows.
pub fn pad_button(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool) -> Response {
    let button = Button::new(theme::icon(icon)).min_size(vec2(PAD_BUTTON, PAD_BUTTON));
    let response = ui.add_enabled(enabled, button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, name));
    response.on_hover_text(name)
}

/// An icon button that is on or off.
pub fn toggle_button(ui: &mut Ui, icon: MaterialIcon, name: &str, on: bool) -> Response {
    bare_icon(ui, icon, name, true, on)
}

fn bare_icon(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool, on: bool) -> Response {
    let button =
        Button::new(theme::icon(icon)).min_size(vec2(size::ROW, size::ROW)).selected(on).frame_when_inactive(on);
    let response = ui.add_enabled(enabled, button);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, enabled, on, name));
    response.on_hover_text(name).on_disabled_hover_text(name)
}

/// An ordinary button with words.
pub fn text_button(ui: &mut Ui, text: &str, enabled: bool) -> Response {
    ui.add_enabled(enabled, Button::new(text).min_size(vec2(0.0, size::ROW)))
}

/// For what can do harm: the emergency stop.
pub fn danger_button(ui: &mut Ui, text: &str, width: f32, height: f32, enabled: bool) -> Response {
    let t = tokens(ui);
    let text = theme::strong(text).color(egui::Color32::WHITE);
    let button = Button::new(text).fill(t.danger_fill);
    ui.add_enabled_ui(enabled, |ui| ui.add_sized([width, height], button)).inner
}

/// The line between two parts of a panel, without the margins that egui's own has.
pub fn separator(ui: &mut Ui) {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::ZERO, tokens(ui).separator);
}

/// A folding part of a panel. Whether it is open is kept by egui; `open` is the first state, `force` overrules it.
pub fn section(ui: &mut Ui, title: &str, open: bool, force: Option<bool>, contents: impl FnOnce(&mut Ui)) {
    let id = ui.make_persistent_id(("section", title));
    let mut is_open = force.unwrap_or_else(|| ui.data_mut(|d| *d.get_persisted_mut_or(id, open)));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    if response.clicked() {
        is_open = !is_open;
        ui.data_mut(|d| d.insert_persisted(id, is_open));
    }
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_open, title));
    let t = tokens(ui);
    focus_ring(ui, &response);
    let color = if response.hovered() { t.text } else { t.weak };
    let icons = egui_material_icons::icons::ICON_CHEVRON_RIGHT;
    let icon = if is_open { egui_material_icons::icons::ICON_EXPAND_MORE } else { icons };
    let painter = ui.painter();
    let font = egui::FontId::new(size::ICON, icon.font_family());
    painter.text(rect.left_center(), egui::Align2::LEFT_CENTER, icon.codepoint, font, color);
    let at = rect.left_center() + vec2(size::ICON + space::XS, 0.0);
    let font = egui::FontId::new(size::BODY, theme::strong_family());
    painter.text(at, egui::Align2::LEFT_CENTER, title, font, t.text);
    if is_open {
        contents(ui);
        ui.add_space(space::S);
    }
}

/// The visible focus of what is drawn by hand.
pub fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let ring = Stroke::new(1.5, tokens(ui).accent);
        ui.painter().rect_stroke(response.rect, CornerRadius::same(size::RADIUS), ring, egui::StrokeKind::Inside);
    }
}

/// One line of a list that can be chosen: an icon, a name that is cut where it is too long, and what stands at the right.
pub fn list_row(
    ui: &mut Ui,
    icon: Option<MaterialIcon>,
    name: &str,
    chosen: bool,
    right: impl FnOnce(&mut Ui),
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::ListItem, true, chosen, name));
    let t = tokens(ui);
    let fill = match (chosen, response.contains_pointer()) {
        (true, _) => Some(t.selected),
        (false, true) => Some(t.hover),
        _ => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS), fill);
    }
    focus_ring(ui, &response);
    let inner = rect.shrink2(vec2(space::S, 0.0));
    let mut child = ui.new_child(
        egui::UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center)).id_salt(("row", name)),
    );
    right(&mut child);
    let mut left = inner.left();
    if let Some(icon) = icon {
        let font = egui::FontId::new(size::ICON, icon.font_family());
        ui.painter().text(inner.left_center(), egui::Align2::LEFT_CENTER, icon.codepoint, font, t.weak);
        left += size::ICON + space::S;
    }
    let room =
        egui::Rect::from_x_y_ranges(left..=child.min_rect().left().min(inner.right()) - space::XS, inner.y_range());
    let shown = elided(ui, name, room.width());
    painted_text(ui, room, shown);
    response
}

/// A text that fits into a width: what is too long loses its middle, since names often differ in their last letters.
pub fn elided(ui: &Ui, text: &str, room: f32) -> String {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let fits =
        |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::WHITE).size().x <= room;
    if fits(text) {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let tail = (letters.len() / 3).min(7);
    let cut = |head: usize| -> String {
        letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
    };
    let (mut least, mut most) = (0, letters.len() - tail);
    while least + 1 < most {
        let middle = usize::midpoint(least, most);
        if fits(&cut(middle)) { least = middle } else { most = middle }
    }
    cut(least)
}

/// Text that is only painted, for what has its accessible name already; cut where the room ends.
pub fn painted_text(ui: &Ui, room: egui::Rect, text: impl Into<egui::WidgetText>) {
    let galley =
        text.into().into_galley(ui, Some(egui::TextWrapMode::Truncate), room.width().max(0.0), egui::TextStyle::Body);
    let at = egui::pos2(room.left(), room.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens(ui).text);
}

/// A choice of one out of a few, side by side. Returns the newly chosen index.
pub fn selector(ui: &mut Ui, name: &str, options: &[&str], chosen: usize) -> Option<usize> {
    let mut picked = None;
    let gap = 2.0;
    let width = (ui.available_width() - gap * (options.len().max(1) - 1) as f32) / options.len().max(1) as f32;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (index, option) in options.iter().enumerate() {
            let button = Button::new(*option).selected(index == chosen).min_size(vec2(width, size::ROW)).truncate();
            let response = ui.add_sized([width, size::ROW], button);
            response.widget_info(|| {
                WidgetInfo::selected(egui::Role::RadioButton, true, index == chosen, format!("{name}: {option}"))
            });
            if response.clicked() && index != chosen {
                picked = Some(index);
            }
        }
    });
    picked
}

/// A name at the left, a value at the right, cut where there is no room for it.
pub fn key_value(ui: &mut Ui, key: &str, value: impl Into<RichText>) -> Response {
    let row = ui.horizontal(|ui| {
        ui.label(theme::weak(ui, key));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(egui::Label::new(value.into()).truncate()))
            .inner
    });
    row.inner
}

/// What stands where there is nothing yet.
pub fn empty_hint(ui: &mut Ui, text: &str) {
    ui.add_space(space::S);
    ui.label(theme::weak(ui, text));
    ui.add_space(space::S);
}

/// A coloured square: what a colour of the picture means.
pub struct Mark(pub egui::Color32);

impl egui::Widget for Mark {
    fn ui(self, ui: &mut Ui) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
        // The border keeps a colour visible that is the ground's own.
        let border = egui::Stroke::new(1.0, tokens(ui).weak);
        ui.painter().rect(rect, CornerRadius::same(3), self.0, border, egui::StrokeKind::Inside);
        response
    }
}
