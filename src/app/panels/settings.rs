//! The settings: search first, then what is chosen to be seen, as folding groups of rows.

use egui::{Frame, Margin, ScrollArea, TextEdit, Ui};
use egui_material_icons::icons as i;

use crate::app::context::Cx;
use crate::app::preferences::SettingsShown;
use crate::app::theme::{self, size, space, tokens};
use crate::app::widgets::{empty_hint, icon_button, section, selector, separator};
use crate::scene::edit::Edit;
use crate::settings::{Category, Definition, Key, Layer, LayeredSettings, Level, Scope, Settings, definitions, search};

use super::setting_row::{Changed, SettingRow};

/// The groups that stand open at the first start.
const OPEN_AT_FIRST: [Category; 3] = [Category::Layers, Category::Walls, Category::Infill];

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
        search_field(ui, cx);
        ui.add_space(space::XS);
        let levels = ["Simple", "Advanced", "Expert"];
        if let Some(index) = selector(ui, "Settings shown", &levels, cx.preferences.settings_shown as usize) {
            let shown = [SettingsShown::Simple, SettingsShown::Advanced, SettingsShown::Expert][index];
            cx.prefer(move |p| p.settings_shown = shown);
        }
        whose(ui, cx);
    });
    separator(ui);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| rows(ui, cx));
    });
}

fn search_field(ui: &mut Ui, cx: &Cx<'_>) {
    ui.horizontal(|ui| {
        let clear = if cx.ui.search.is_empty() { 0.0 } else { size::ROW + space::S };
        let mut text = cx.ui.search.clone();
        let edit = TextEdit::singleline(&mut text)
            .hint_text("Search settings")
            .prefix(theme::icon(i::ICON_SEARCH).color(tokens(ui).weak))
            .align(egui::Align2::LEFT_CENTER);
        let response = ui.add_sized([ui.available_width() - clear, size::ROW], edit).accessible_name("Search settings");
        if cx.ui.focus_search {
            response.request_focus();
            cx.ui(|ui| ui.focus_search = false);
        }
        if clear > 0.0 && icon_button(ui, i::ICON_CLOSE, "Clear search", true).clicked() {
            text.clear();
        }
        if text != cx.ui.search {
            cx.ui(move |ui| ui.search = text);
        }
    });
}

/// Says whose settings are shown where it is one object's, with the way back to the plate's.
fn whose(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(object) = cx.ui.settings_of.and_then(|id| cx.document.object(id)) else { return };
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.add(egui::Label::new(theme::strong(format!("Only for {}", object.name))).truncate());
        if icon_button(ui, i::ICON_CLOSE, "Back to the settings of the plate", true).clicked() {
            cx.ui(|ui| ui.settings_of = None);
        }
    });
}

fn rows(ui: &mut Ui, cx: &Cx<'_>) {
    let object = cx.ui.settings_of.and_then(|id| cx.document.object(id));
    let layered = match object {
        Some(object) => cx.document.settings_of(object),
        None => cx.document.settings().clone(),
    };
    let resolved = object.map_or_else(|| cx.document.resolved(), |object| &object.resolved);
    let shown =
        Shown { cx, layered: &layered, resolved, own: if object.is_some() { Layer::Object } else { Layer::Project } };
    if !cx.ui.search.trim().is_empty() {
        return shown.found(ui, cx.ui.search.trim());
    }
    let mut any = false;
    for category in Category::ALL {
        let rows: Vec<_> = definitions().iter().filter(|d| d.category == category && shown.takes(d)).collect();
        if rows.is_empty() {
            continue;
        }
        any = true;
        section(ui, category.label(), OPEN_AT_FIRST.contains(&category), None, |ui| {
            for definition in rows {
                shown.row(ui, definition);
            }
        });
    }
    if !any {
        empty_hint(ui, "Nothing to set here.");
    }
}

struct Shown<'a> {
    cx: &'a Cx<'a>,
    layered: &'a LayeredSettings,
    resolved: &'a Settings,
    /// Where changes go.
    own: Layer,
}

impl Shown<'_> {
    /// Whether a setting is shown without being searched for.
    fn takes(&self, definition: &Definition) -> bool {
        let most = match self.cx.preferences.settings_shown {
            SettingsShown::Simple => Level::Simple,
            SettingsShown::Advanced => Level::Advanced,
            SettingsShown::Expert => Level::Expert,
        };
        let provenance = self.layered.provenance(definition.key);
        let belongs = self.own == Layer::Project || definition.scope == Scope::Object;
        // What a person has changed does not hide from them.
        let level =
            definition.level <= most || (definition.level != Level::Internal && provenance.origin.layer == self.own);
        let works = definition.shown_when.is_none_or(|condition| (condition.holds)(self.resolved));
        belongs && level && works
    }

    fn found(&self, ui: &mut Ui, query: &str) {
        let belongs =
            |d: &&Definition| d.level != Level::Internal && (self.own == Layer::Project || d.scope == Scope::Object);
        let found: Vec<_> = search(query).into_iter().filter(belongs).collect();
        if found.is_empty() {
            empty_hint(ui, "No setting is called that. Names of PrusaSlicer, OrcaSlicer and Cura are known too.");
        }
        for definition in found {
            self.row(ui, definition);
        }
    }

    fn row(&self, ui: &mut Ui, definition: &'static Definition) {
        let provenance = self.layered.provenance(definition.key);
        let object = self.cx.ui.settings_of.filter(|_| self.own == Layer::Object);
        let row = SettingRow {
            definition,
            provenance: &provenance,
            resolved: self.resolved,
            own: self.own,
            salt: object.map_or(0, |id| id.0 + 1),
        };
        match row.show(ui) {
            Some(Changed::To(value)) => self.cx.edit(Edit::set_setting(object, definition.key, value)),
            Some(Changed::Reset) => self.cx.edit(Edit::reset_setting(object, definition.key)),
            Some(Changed::EditTemplate) => {
                let text = template_text(self.layered, definition.key);
                self.cx.ui(move |ui| ui.template = Some((definition.key, text)));
            }
            None => {}
        }
    }
}

fn template_text(layered: &LayeredSettings, key: Key) -> String {
    match layered.value(key) {
        crate::settings::Value::Text(text) => text,
        _ => String::new(),
    }
}
