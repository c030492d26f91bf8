//! What is selected, in numbers: name, place, size, turn; and the way to its own settings.

use egui::{Align, FontSelection, Frame, Id, Layout, Margin, ScrollArea, Ui};
use egui_material_icons::icons as i;
use nalgebra::Vector3;

use crate::app::command::Command;
use crate::app::context::Cx;
use crate::app::format;
use crate::app::theme::{self, size, space};
use crate::app::tool::Change;
use crate::app::widgets::{CommitField, NumberField, empty_hint, key_value, text_button, toggle_button};
use crate::render::{Box3, Drag};
use crate::scene::Object;
use crate::scene::edit::Edit;
use crate::units::Unit;

/// Width of the words before three numbers.
const WORDS: f32 = 64.0;
const AXES: [&str; 3] = ["X", "Y", "Z"];

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    ScrollArea::vertical().id_salt("selection").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
            let selected: Vec<&Object> =
                cx.document.objects().iter().map(AsRef::as_ref).filter(|o| cx.ui.selection.contains(&o.id)).collect();
            let bounds = cx.derived.bounds_of(&cx.ui.selection);
            match (selected.as_slice(), bounds) {
                ([one], Some(bounds)) => {
                    name(ui, cx, one);
                    numbers(ui, cx, &bounds, one.id.0);
                    details(ui, cx, one);
                }
                ([_, _, ..], Some(bounds)) => {
                    ui.label(theme::heading(format::count(selected.len(), "object", "objects")));
                    numbers(ui, cx, &bounds, u64::MAX);
                }
                _ if cx.document.objects().is_empty() => {}
                _ => empty_hint(ui, "Click an object to move, turn or scale it."),
            }
        });
    });
}

fn name(ui: &mut Ui, cx: &Cx<'_>, object: &Object) {
    let refuse = |text: &str| text.trim().is_empty().then(|| "An object needs a name.".to_owned());
    let field = CommitField {
        name: "Name",
        shown: object.name.clone(),
        unit: "",
        width: ui.available_width(),
        align: Align::LEFT,
        font: FontSelection::FontId(egui::FontId::new(size::HEADING, theme::strong_family())),
        hint: "",
        refuse: &refuse,
        step: None,
    };
    if let Some(text) = field.show(ui, Id::unique(("name", object.id.0))).applied {
        cx.edit(Edit::Rename { object: object.id, name: text });
    }
}

/// Place, size and turn, each of which changes the whole selection.
fn numbers(ui: &mut Ui, cx: &Cx<'_>, bounds: &Box3, salt: u64) {
    ui.add_space(space::S);
    axes_header(ui);
    let (min, max) = (bounds.min, bounds.max);
    let middle = bounds.center();
    // Where it stands: the middle of its base.
    let place = [middle.x, middle.y, min.z];
    row(ui, "Place", Unit::Millimetre, place, salt, None, |axis, value| {
        let mut by = Vector3::zeros();
        by[axis] = value - place[axis];
        cx.change_selection(Change { pivot: middle, what: Drag::Move(by) });
    });
    let base = nalgebra::Point3::new(middle.x, middle.y, min.z);
    let extent = [max.x - min.x, max.y - min.y, max.z - min.z];
    let alike = ui.data(|d| d.get_temp::<bool>(alike_id())).unwrap_or(true);
    let scale = |axis: usize, factor: f64| {
        let mut by = Vector3::repeat(if alike { factor } else { 1.0 });
        by[axis] = factor;
        cx.change_selection(Change { pivot: base, what: Drag::Scale(by) });
    };
    row(ui, "Size", Unit::Millimetre, extent, salt, Some(0.01), |axis, value| {
        if extent[axis] > 1e-9 {
            scale(axis, value / extent[axis]);
        }
    });
    row(ui, "Scale", Unit::Share, [1.0; 3], salt, Some(0.01), scale);
    row(ui, "Turn", Unit::Degree, [0.0; 3], salt, None, |axis, degrees| {
        let mut around = Vector3::zeros();
        around[axis] = 1.0;
        let what = Drag::Rotate { axis: around, angle_rad: degrees.to_radians() };
        cx.change_selection(Change { pivot: middle, what });
    });
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let icon = if alike { i::ICON_LINK } else { i::ICON_LINK_OFF };
        if toggle_button(ui, icon, "Scale all sides alike", alike).clicked() {
            ui.data_mut(|d| _ = d.insert_temp(alike_id(), !alike));
        }
        for command in [Command::DropToPlate, Command::MirrorX] {
            super::top_bar::command_button(ui, cx, command);
        }
        if text_button(ui, "Centre", true).on_hover_text(Command::CenterOnPlate.tooltip(ui.ctx())).clicked() {
            cx.run(Command::CenterOnPlate);
        }
    });
}

fn alike_id() -> Id {
    Id::unique("scale all sides alike")
}

fn axes_header(ui: &mut Ui) {
    let width = field_width(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.add_space(WORDS + space::XS);
        for axis in AXES {
            ui.allocate_ui_with_layout(egui::vec2(width, 16.0), Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_width(width);
                ui.add_space(space::S);
                ui.label(theme::weak(ui, axis).size(size::SMALL));
            });
        }
    });
}

fn field_width(ui: &Ui) -> f32 {
    ((ui.available_width() - WORDS - 3.0 * space::XS) / 3.0).floor()
}

/// Three numbers of one kind.
fn row(
    ui: &mut Ui,
    words: &str,
    unit: Unit,
    values: [f64; 3],
    salt: u64,
    least: Option<f64>,
    mut apply: impl FnMut(usize, f64),
) {
    let width = field_width(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.allocate_ui_with_layout(egui::vec2(WORDS, size::ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(WORDS);
            ui.spacing_mut().item_spacing.x = space::XS;
            ui.label(words);
            ui.label(theme::weak(ui, unit.symbol()).size(size::SMALL));
        });
        for (axis, value) in values.into_iter().enumerate() {
            let name = format!("{words} {}", AXES[axis]);
            let (decimals, step) = match unit {
                Unit::Millimetre => (2, 1.0),
                Unit::Degree => (1, 15.0),
                _ => (1, 5.0),
            };
            let field = NumberField::new(&name, unit, decimals, step).width(width).bare();
            let field = field.range(least.unwrap_or(-10_000.0), 10_000.0);
            let (_, applied) = field.show(ui, Id::unique((words, axis, salt)), value);
            if let Some(value) = applied {
                apply(axis, value);
            }
        }
    });
}

fn details(ui: &mut Ui, cx: &Cx<'_>, object: &Object) {
    ui.add_space(space::S);
    key_value(ui, "Triangles", format::grouped(object.model.triangle_count()));
    let id = object.id;
    let count = object.settings.len();
    let text = match count {
        0 => "Settings only for this object".to_owned(),
        _ => format!("{} only for this object", format::count(count, "setting", "settings")),
    };
    let shown = cx.ui.settings_of == Some(id);
    if ui.add(egui::Button::new(text).selected(shown).min_size(egui::vec2(ui.available_width(), size::ROW))).clicked() {
        cx.ui(move |ui| ui.settings_of = if shown { None } else { Some(id) });
    }
}
