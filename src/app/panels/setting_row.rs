//! One setting as a row: label, value with unit, where the value comes from, and the way back.
//!
//! Rows are made from the setting's definition alone; none is written by hand.

use egui::{
    Align, Align2, CornerRadius, FontSelection, Id, Label, Layout, Sense, Stroke, TextStyle, Ui, UiBuilder, WidgetInfo,
    vec2,
};
use egui_material_icons::icons as i;

use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::CommitField;
use crate::settings::{Choice, Definition, Kind, Layer, Provenance, Settings, Value};
use crate::units::{Unit, parse_quantity, short_number};

/// Width of the value.
const FIELD: f32 = 116.0;
/// Width of the source mark, and of the way back.
const MARK: f32 = 16.0;
const RESET: f32 = 22.0;

/// What a person did to a row.
pub enum Changed {
    To(Value),
    /// Back to what the layer below says.
    Reset,
    /// The text of several lines wants a window of its own.
    EditTemplate,
}

/// Everything a row shows.
pub struct SettingRow<'a> {
    pub definition: &'static Definition,
    pub provenance: &'a Provenance,
    pub resolved: &'a Settings,
    /// Values of this layer are the person's own: they have the way back.
    pub own: Layer,
    /// For which object, so that fields of two objects are not mixed up.
    pub salt: u64,
}

impl SettingRow<'_> {
    pub fn show(&self, ui: &mut Ui) -> Option<Changed> {
        let (rect, hover) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
        let builder = UiBuilder::new().max_rect(rect).layout(Layout::right_to_left(Align::Center));
        let mut row = ui.new_child(builder.id_salt(("setting", self.definition.name)));
        row.spacing_mut().item_spacing.x = space::XS;
        let mut changed = None;
        let t = tokens(ui);
        if self.provenance.origin.layer == self.own {
            let name = format!("Reset {}", self.definition.label);
            let icon = egui::Button::new(theme::icon(i::ICON_UNDO).size(16.0)).frame_when_inactive(false);
            let back = row.scope(|ui| {
                ui.spacing_mut().button_padding.x = 2.0;
                ui.add_sized([RESET, size::ROW], icon)
            });
            back.inner.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
            if back.inner.on_hover_text(self.way_back()).clicked() {
                changed = Some(Changed::Reset);
            }
        } else {
            row.add_space(RESET + space::XS);
        }
        self.source_mark(&mut row);
        let refused = self.value(&mut row, &mut changed);
        let color = if hover.contains_pointer() { t.text } else { t.text.gamma_multiply(0.92) };
        row.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let label =
                Label::new(egui::RichText::new(self.definition.label).color(color)).truncate().sense(Sense::hover());
            ui.add(label).on_hover_ui(|ui| self.help(ui));
        });
        if let Some(reason) = refused {
            ui.horizontal_wrapped(|ui| ui.label(egui::RichText::new(reason).color(t.danger).size(size::SMALL)));
        }
        changed
    }

    fn value(&self, ui: &mut Ui, changed: &mut Option<Changed>) -> Option<String> {
        let definition = self.definition;
        let value = &self.provenance.origin.value;
        match (definition.kind, value) {
            (Kind::Flag, Value::Flag(on)) => {
                let mut now = *on;
                ui.allocate_ui_with_layout(vec2(FIELD, size::ROW), Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_width(FIELD);
                    let response = ui.checkbox(&mut now, "");
                    response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, *on, definition.label));
                });
                if now != *on {
                    *changed = Some(Changed::To(Value::Flag(now)));
                }
                None
            }
            (Kind::Choice(choices), Value::Choice(chosen)) => {
                if let Some(name) = self.choice(ui, choices, chosen) {
                    *changed = Some(Changed::To(Value::Choice(name)));
                }
                None
            }
            (Kind::Text, _) if definition.template => {
                let button = egui::Button::new("Edit…").min_size(vec2(FIELD, size::ROW));
                let response = ui.add_sized([FIELD, size::ROW], button);
                response.widget_info(|| {
                    WidgetInfo::labeled(egui::Role::Button, true, format!("Edit {}", definition.label))
                });
                if response.clicked() {
                    *changed = Some(Changed::EditTemplate);
                }
                None
            }
            _ => self.field(ui, changed),
        }
    }

    fn choice(&self, ui: &mut Ui, choices: &'static [Choice], chosen: &str) -> Option<&'static str> {
        let label = |name: &str| choices.iter().find(|c| c.name == name).map_or("", |c| c.label);
        let mut picked = None;
        let combo = egui::ComboBox::from_id_salt((self.definition.name, self.salt))
            .selected_text(label(chosen))
            .width(FIELD)
            .truncate();
        let inner = ui.allocate_ui_with_layout(vec2(FIELD, size::ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(FIELD);
            combo.show_ui(ui, |ui| {
                for choice in choices {
                    if ui.selectable_label(choice.name == chosen, choice.label).clicked() && choice.name != chosen {
                        picked = Some(choice.name);
                    }
                }
            })
        });
        let name = self.definition.label;
        inner.inner.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, name));
        picked
    }

    fn field(&self, ui: &mut Ui, changed: &mut Option<Changed>) -> Option<String> {
        let definition = self.definition;
        let value = &self.provenance.origin.value;
        let (shown, unit) = self.shown(value);
        let hint = self.automatic(value);
        let words = definition.kind == Kind::Text;
        let refuse = |text: &str| self.read(text).err();
        let step = |text: &str, steps: f64| {
            let from = parse_quantity(if text.trim().is_empty() { &hint } else { text }).ok()?.value;
            let places = 1e6;
            let next = ((from + steps * step_of(definition, from)) * places).round() / places;
            let text = short_number(next.max(0.0), 6);
            self.read(&text).is_ok().then_some(text)
        };
        let numeric = matches!(definition.kind, Kind::Number | Kind::Count);
        let field = CommitField {
            name: definition.label,
            shown,
            unit,
            width: FIELD,
            align: if numeric { Align::RIGHT } else { Align::LEFT },
            font: if words { FontSelection::Default } else { TextStyle::Body.into() },
            hint: &hint,
            refuse: &refuse,
            step: numeric.then_some(&step),
        };
        let id = Id::unique(("setting", definition.name, self.salt));
        let committed = field.show(ui, id);
        if let Some(value) = committed.applied.and_then(|text| self.read(&text).ok())
            && value != self.provenance.origin.value
        {
            *changed = Some(Changed::To(value));
        }
        // Half-typed is no mistake yet; the colour of the text says enough.
        committed.refused.filter(|_| !committed.response.has_focus())
    }

    /// The value without its unit, and the unit.
    fn shown(&self, value: &Value) -> (String, &'static str) {
        let unit = self.definition.unit.symbol();
        match value {
            Value::Number(0.0) if self.definition.zero.is_some() => (String::new(), ""),
            Value::Number(share) if self.definition.unit == Unit::Share => (short_number(share * 100.0, 6), unit),
            Value::Number(number) => (short_number(*number, 6), unit),
            Value::Percent(part) => (short_number(part * 100.0, 6), "%"),
            Value::Count(count) => (count.to_string(), unit),
            other => (self.definition.format(other), ""),
        }
    }

    /// What stands in the empty field: what a rule computes, or how a text is written.
    fn automatic(&self, value: &Value) -> String {
        if let Some(grammar) = self.definition.grammar {
            return grammar.example.to_owned();
        }
        match (value, self.definition.zero, self.resolved.value(self.definition.key)) {
            (Value::Number(0.0), Some(_), Value::Number(computed)) => {
                let shown = if self.definition.unit == Unit::Share { computed * 100.0 } else { computed };
                format!("auto {}", short_number(shown, 3))
            }
            _ => String::new(),
        }
    }

    fn read(&self, text: &str) -> Result<Value, String> {
        let definition = self.definition;
        let text = text.trim();
        let percent_shown = definition.unit == Unit::Share || matches!(self.provenance.origin.value, Value::Percent(_));
        let bare = parse_quantity(text).is_ok_and(|q| q.unit.is_none());
        let text = match text {
            // An emptied field goes back to what is computed.
            "" if definition.zero.is_some() => "0".to_owned(),
            // The field shows a percentage, so a bare number is one.
            _ if percent_shown && bare && definition.kind == Kind::Number => format!("({text})%"),
            _ => text.to_owned(),
        };
        definition.parse(&text).map_err(|error| error.to_string().replacen(definition.name, definition.label, 1))
    }

    /// Says by its colour whose value it is: nothing for a default, weak for a preset, the accent for the person's own.
    fn source_mark(&self, ui: &mut Ui) {
        let t = tokens(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(MARK, size::ROW), Sense::hover());
        let center = rect.center();
        let layer = self.provenance.origin.layer;
        match layer {
            Layer::Default => {
                ui.painter().circle_stroke(center, 2.5, Stroke::new(1.0, t.separator));
            }
            Layer::Project | Layer::Object | Layer::Modifier => {
                ui.painter().circle_filled(center, 3.5, t.accent);
            }
            _ => {
                let letter = layer.label().chars().take(1).flat_map(char::to_uppercase).collect::<String>();
                let font = egui::FontId::new(10.0, theme::strong_family());
                // Machine and material begin alike.
                let letter = if layer == Layer::Material { "F".to_owned() } else { letter };
                ui.painter().rect_filled(
                    egui::Rect::from_center_size(center, vec2(14.0, 14.0)),
                    CornerRadius::same(3),
                    t.raised,
                );
                ui.painter().text(center, Align2::CENTER_CENTER, letter, font, t.weak);
            }
        }
        response.on_hover_ui(|ui| self.origins(ui));
    }

    fn origins(&self, ui: &mut Ui) {
        let all = std::iter::once(&self.provenance.origin).chain(&self.provenance.overrode);
        for (index, origin) in all.enumerate() {
            let name = if origin.name.is_empty() { String::new() } else { format!(" “{}”", origin.name) };
            let value = self.definition.display(&origin.value);
            let line = format!("{value}  from {}{name}", origin.layer.label());
            let line = if index == 0 { theme::strong(line) } else { theme::weak(ui, line) };
            ui.label(line);
        }
    }

    fn way_back(&self) -> String {
        match self.provenance.overrode.first() {
            Some(origin) => {
                format!("Back to {} from {}", self.definition.display(&origin.value), origin.layer.label())
            }
            None => "Back to the default".to_owned(),
        }
    }

    fn help(&self, ui: &mut Ui) {
        let definition = self.definition;
        ui.label(theme::strong(definition.label));
        ui.label(definition.summary());
        let details = definition.details();
        if !details.is_empty() {
            ui.label(theme::weak(ui, details));
        }
        if let Some(range) = definition.soft.or(definition.hard) {
            ui.label(theme::weak(ui, format!("Usually {}.", definition.range_text(range))));
        }
        if let Some(meaning) = definition.zero_means() {
            let how = if definition.zero.is_some() { "Empty" } else { "0" };
            ui.label(theme::weak(ui, format!("{how}: {meaning}.")));
        }
        if let Some(condition) = definition.shown_when {
            ui.label(theme::weak(ui, format!("Only when {}.", condition.text)));
        }
        ui.add_space(space::XS);
        self.origins(ui);
        ui.label(egui::RichText::new(definition.name).monospace().color(tokens(ui).weak));
    }
}

/// One press of an arrow key.
fn step_of(definition: &Definition, value: f64) -> f64 {
    match (definition.kind, definition.unit) {
        (Kind::Count, _) => 1.0,
        (_, Unit::Share | Unit::Degree | Unit::DegreeCelsius | Unit::MillimetrePerSecond) => 5.0,
        (_, Unit::MillimetrePerSecondSquared) => 100.0,
        (_, Unit::BitPerSecond) => 9600.0,
        _ if value.abs() < 1.0 => 0.05,
        _ if value.abs() < 5.0 => 0.1,
        _ => 1.0,
    }
}
