//! The command palette: everything the studio can do and every setting, found by a few letters.

use std::sync::Arc;

use egui::{Align2, Area, Frame, Id, Key, Order, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_PALETTE, ICON_SEARCH, ICON_TUNE};

use crate::app::command::Command;
use crate::app::context::{Cx, Request};
use crate::app::enabled::why_not;
use crate::app::theme::{self, size, space};
use crate::app::ui_state::Workspace;
use crate::app::widgets::{list_row, separator};
use crate::render::ColorBy;
use crate::settings::{Definition, Level, Preset, PresetKind, search};

const WIDTH: f32 = 520.0;
/// How many settings are offered beside the commands.
const SETTINGS_SHOWN: usize = 12;
/// How many machines, materials and recipes of each kind.
const PRESETS_SHOWN: usize = 6;

enum Found {
    Command(Command),
    Setting(&'static Definition),
    ColorBy(ColorBy),
    Preset(PresetKind, Arc<Preset>),
}

/// Shows the palette over everything.
pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let query_id = Id::unique("palette query");
    let chosen_id = Id::unique("palette chosen");
    let mut query = ui.data(|d| d.get_temp::<String>(query_id)).unwrap_or_default();
    let mut chosen = ui.data(|d| d.get_temp::<usize>(chosen_id)).unwrap_or_default();
    let mut found = find(&query, cx);
    let (up, down, enter, escape) = ui.input_mut(|i| {
        (
            i.consume_key(egui::Modifiers::NONE, Key::ArrowUp),
            i.consume_key(egui::Modifiers::NONE, Key::ArrowDown),
            i.consume_key(egui::Modifiers::NONE, Key::Enter),
            i.consume_key(egui::Modifiers::NONE, Key::Escape),
        )
    });
    let mut done = escape;
    let area = Area::new(Id::unique("palette")).order(Order::Foreground).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
    let shown = area.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).inner_margin(space::S).show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.horizontal(|ui| {
                ui.label(theme::icon(ICON_SEARCH).color(theme::tokens(ui).weak));
                let edit = TextEdit::singleline(&mut query)
                    .frame(Frame::NONE)
                    .hint_text("Type what to do")
                    .align(Align2::LEFT_CENTER);
                let response = ui.add_sized([ui.available_width(), size::ROW], edit).accessible_name("Find a command");
                response.request_focus();
                if response.changed() {
                    chosen = 0;
                    found = find(&query, cx);
                }
            });
            separator(ui);
            ui.add_space(space::XS);
            if found.is_empty() {
                crate::app::widgets::empty_hint(ui, "Nothing is called that. Try another word.");
            }
            chosen = (chosen + usize::from(down)).min(found.len().saturating_sub(1)).saturating_sub(usize::from(up));
            ScrollArea::vertical().max_height(12.0 * (size::ROW + space::XS)).auto_shrink([false, true]).show(
                ui,
                |ui| {
                    for (index, item) in found.iter().enumerate() {
                        let response = row(ui, item, index == chosen);
                        if index == chosen && (up || down) {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() || (enter && index == chosen) {
                            perform(cx, item);
                            done = true;
                        }
                    }
                },
            );
        });
    });
    done |= ui.input(|i| i.pointer.any_pressed()) && !shown.response.contains_pointer();
    ui.data_mut(|d| {
        if done {
            d.remove::<String>(query_id);
            d.remove::<usize>(chosen_id);
        } else {
            d.insert_temp(query_id, query);
            d.insert_temp(chosen_id, chosen);
        }
    });
    if done {
        cx.ui(|ui| ui.palette = false);
    }
}

fn row(ui: &mut Ui, item: &Found, chosen: bool) -> egui::Response {
    match item {
        Found::Command(command) => {
            let d = command.definition();
            list_row(ui, d.icon, d.text, chosen, |ui| {
                if let Some(shortcut) = d.shortcut {
                    let text = ui.ctx().format_shortcut(&shortcut);
                    ui.label(theme::weak(ui, text));
                }
            })
        }
        Found::Setting(definition) => list_row(ui, Some(ICON_TUNE), definition.label, chosen, |ui| {
            ui.label(theme::weak(ui, format!("{} setting", definition.category.label())));
        }),
        Found::ColorBy(by) => list_row(ui, Some(ICON_PALETTE), &color_text(*by), chosen, |_| {}),
        Found::Preset(kind, preset) => {
            let (icon, title) = of_kind(*kind);
            list_row(ui, Some(icon), preset.name(), chosen, |ui| {
                ui.label(theme::weak(ui, title));
            })
        }
    }
}

fn color_text(by: ColorBy) -> String {
    format!("Colour by {}", by.label().to_lowercase())
}

fn of_kind(kind: PresetKind) -> (MaterialIcon, &'static str) {
    let found = super::pickers::KINDS.into_iter().find(|(k, ..)| *k == kind);
    found.map_or((ICON_TUNE, ""), |(_, icon, title)| (icon, title))
}

fn perform(cx: &Cx<'_>, item: &Found) {
    match item {
        Found::Command(command) => cx.run(*command),
        Found::Setting(definition) => {
            let name = definition.label.to_owned();
            cx.ui(move |ui| ui.search_settings(name));
        }
        Found::ColorBy(by) => {
            let by = *by;
            cx.ui(move |ui| {
                ui.workspace = Workspace::Preview;
                ui.preview.color_by = by;
            });
        }
        Found::Preset(kind, preset) => cx.send(Request::Preset(*kind, preset.id.clone())),
    }
}

fn find(query: &str, cx: &Cx<'_>) -> Vec<Found> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut commands: Vec<(bool, Command)> = Command::ALL
        .into_iter()
        .filter(|&command| command != Command::Palette && why_not(command, cx).is_none())
        .filter_map(|command| {
            let d = command.definition();
            let (text, more) = (d.text.to_lowercase(), format!("{} {}", d.aliases, d.hint.to_lowercase()));
            let matches = words.iter().all(|word| text.contains(word) || more.contains(word));
            // What carries the word in its name comes first.
            matches.then(|| (!words.iter().all(|word| text.contains(word)), command))
        })
        .collect();
    commands.sort_by_key(|(second, _)| *second);
    let commands = commands.into_iter().map(|(_, command)| Found::Command(command));
    let mut settings = if words.is_empty() { Vec::new() } else { search(&query) };
    settings.retain(|d| d.level != Level::Internal);
    settings.truncate(SETTINGS_SHOWN);
    // Among what fits, what most people look for comes first.
    settings.sort_by_key(|d| d.level);
    let has_words = |text: &str| !words.is_empty() && words.iter().all(|word| text.contains(word));
    let colors = ColorBy::ALL
        .into_iter()
        .filter(|by| cx.derived.shown().is_some() && has_words(&format!("{} preview", color_text(*by).to_lowercase())));
    let presets = super::pickers::KINDS.into_iter().flat_map(|(kind, _, title)| {
        let all = cx.derived.library.all(kind).into_iter();
        let text = move |p: &Preset| format!("{title} {} {} {}", p.file.maker, p.name(), p.id).to_lowercase();
        all.filter(move |preset| has_words(&text(preset))).take(PRESETS_SHOWN).map(move |p| Found::Preset(kind, p))
    });
    let settings = settings.into_iter().map(Found::Setting);
    commands.chain(colors.map(Found::ColorBy)).chain(settings).chain(presets).collect()
}
