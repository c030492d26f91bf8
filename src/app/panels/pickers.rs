//! The chips of machine, material and recipe, and the lists that they open.

use egui::{Align2, Area, Frame, Id, Label, Order, ScrollArea, Sense, TextEdit, Ui, vec2};
use egui_material_icons::{MaterialIcon, icons as i};

use crate::app::context::{Cx, Request};
use crate::app::theme::{self, size, space};
use crate::app::widgets::{chip, empty_hint, list_row, separator};
use crate::settings::PresetKind;

const WIDTH: f32 = 340.0;
const CHIP: f32 = 190.0;

/// The three kinds with the icon of their chip, in the order of the bar.
pub const KINDS: [(PresetKind, MaterialIcon, &str); 3] = [
    (PresetKind::Machine, i::ICON_PRECISION_MANUFACTURING, "Machine"),
    (PresetKind::Material, i::ICON_INVENTORY_2, "Material"),
    (PresetKind::Recipe, i::ICON_TUNE, "Recipe"),
];

/// The chips, from right to left.
pub fn chips(ui: &mut Ui, cx: &Cx<'_>) {
    for (kind, icon, title) in KINDS.into_iter().rev() {
        let name = cx.document.settings().name(kind.layer()).unwrap_or("None");
        // Where the bar is short, the icon says which it is and the tooltip the rest.
        let width = if ui.ctx().content_rect().width() < size::SHORT_BAR { 0.0 } else { CHIP };
        let response = chip(ui, icon, title, name, width);
        if response.clicked() {
            let open = cx.ui.picker != Some(kind);
            cx.ui(move |ui| ui.picker = open.then_some(kind));
        }
    }
}

/// The open list, below the bar at the right.
pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(kind) = cx.ui.picker else { return };
    let (_, icon, title) = KINDS.into_iter().find(|(k, ..)| *k == kind).unwrap_or(KINDS[0]);
    let anchor = vec2(-space::S, size::TOP_BAR + space::XS);
    let shown = Area::new(Id::unique("picker")).order(Order::Foreground).anchor(Align2::RIGHT_TOP, anchor).show(
        ui.ctx(),
        |ui| {
            Frame::popup(ui.style()).inner_margin(space::S).show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.horizontal(|ui| {
                    ui.label(theme::icon(icon));
                    ui.label(theme::heading(title));
                });
                separator(ui);
                if list(ui, cx, kind, icon, 320.0) {
                    cx.ui(|ui| ui.picker = None);
                }
            });
        },
    );
    let elsewhere = ui.input(|i| i.pointer.any_pressed()) && !shown.response.contains_pointer();
    if elsewhere {
        cx.ui(move |ui| ui.picker = ui.picker.filter(|open| *open != kind));
    }
}

/// The presets of a kind with a field to search in; says whether one was picked.
pub fn list(ui: &mut Ui, cx: &Cx<'_>, kind: PresetKind, icon: MaterialIcon, height: f32) -> bool {
    let id = Id::unique(("preset query", kind.folder()));
    let mut query = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_default();
    let edit = TextEdit::singleline(&mut query).hint_text("Search").align(egui::Align2::LEFT_CENTER);
    let name = format!("Search {}", kind.folder());
    if ui.add_sized([ui.available_width(), size::ROW], edit).accessible_name(name).changed() {
        ui.data_mut(|d| _ = d.insert_temp(id, query.clone()));
    }
    ui.add_space(space::XS);
    let chosen = cx.document.settings().name(kind.layer());
    let words = query.to_lowercase();
    let presets = cx.derived.library.all(kind);
    let found = presets.iter().filter(|preset| {
        let text = format!("{} {} {}", preset.file.maker, preset.file.name, preset.id).to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    });
    let mut picked = false;
    let mut any = false;
    ScrollArea::vertical().id_salt(("presets", kind.folder())).max_height(height).auto_shrink([false, true]).show(
        ui,
        |ui| {
            let mut maker = String::new();
            for preset in found {
                any = true;
                if preset.file.maker != maker {
                    maker.clone_from(&preset.file.maker);
                    ui.add_space(space::XS);
                    ui.add(Label::new(theme::weak(ui, maker.clone()).size(size::SMALL)).sense(Sense::hover()));
                }
                let is_chosen = chosen == Some(preset.name());
                let row = list_row(ui, Some(icon), preset.name(), is_chosen, |ui| {
                    if is_chosen {
                        ui.label(theme::icon(i::ICON_CHECK));
                    }
                });
                let row =
                    if preset.file.description.is_empty() { row } else { row.on_hover_text(&preset.file.description) };
                if row.clicked() {
                    cx.send(Request::Preset(kind, preset.id.clone()));
                    picked = true;
                }
            }
        },
    );
    if !any {
        empty_hint(ui, "None is called that.");
    }
    picked
}
