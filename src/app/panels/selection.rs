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
                    numbers(ui, cx, &bounds, one.id.0, scale_of(&one.plate_from_model));
                    details(ui, cx, one);
                }
                ([_, _, ..], Some(bounds)) => {
                    ui.label(theme::heading(format::count(selected.len(), "object", "objects")));
                    numbers(ui, cx, &bounds, u64::MAX, None);
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

/// Place, size and turn, each of which changes the whole selection; while something is dragged, they follow.
/// `scale` is how much larger than its model it is; without one, the fields scale what there is now.
fn numbers(ui: &mut Ui, cx: &Cx<'_>, bounds: &Box3, salt: u64, scale: Option<[f64; 3]>) {
    ui.add_space(space::S);
    axes_header(ui);
    let now = Now::of(bounds, scale.unwrap_or([1.0; 3]), cx.ui.drag.as_ref().map(|drag| drag.change));
    let middle = bounds.center();
    let base = nalgebra::Point3::new(middle.x, middle.y, bounds.min.z);
    row(ui, "Place", Unit::Millimetre, now.place, salt, None, |axis, value| {
        let mut by = Vector3::zeros();
        by[axis] = value - now.place[axis];
        cx.change_selection(Change { pivot: middle, what: Drag::Move(by) });
    });
    let alike = ui.data(|d| d.get_temp::<bool>(alike_id())).unwrap_or(true);
    let scale_to = |shown: [f64; 3]| {
        move |axis: usize, value: f64| {
            if shown[axis] > 1e-9 {
                let factor = value / shown[axis];
                let mut by = Vector3::repeat(if alike { factor } else { 1.0 });
                by[axis] = factor;
                cx.change_selection(Change { pivot: base, what: Drag::Scale(by) });
            }
        }
    };
    row(ui, "Size", Unit::Millimetre, now.extent, salt, Some(0.01), scale_to(now.extent));
    row(ui, "Scale", Unit::Share, now.scale, salt, Some(0.01), scale_to(now.scale));
    row(ui, "Turn", Unit::Degree, now.turn_deg, salt, None, |axis, degrees| {
        let mut around = Vector3::zeros();
        around[axis] = 1.0;
        let what = Drag::Rotate { axis: around, angle_rad: degrees.to_radians() };
        cx.change_selection(Change { pivot: middle, what });
    });
    mirrors(ui, cx);
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let icon = if alike { i::ICON_LINK } else { i::ICON_LINK_OFF };
        if toggle_button(ui, icon, "Scale all sides alike", alike).clicked() {
            ui.data_mut(|d| _ = d.insert_temp(alike_id(), !alike));
        }
        super::top_bar::command_button(ui, cx, Command::DropToPlate);
        if text_button(ui, "Centre", true).on_hover_text(Command::CenterOnPlate.tooltip(ui.ctx())).clicked() {
            cx.run(Command::CenterOnPlate);
        }
    });
}

/// The numbers of the selection at this moment.
struct Now {
    /// The middle of its base.
    place: [f64; 3],
    extent: [f64; 3],
    scale: [f64; 3],
    /// A turn is always one from here on.
    turn_deg: [f64; 3],
}

impl Now {
    fn of(bounds: &Box3, scale: [f64; 3], drag: Option<Change>) -> Self {
        let (mut min, mut max) = (bounds.min, bounds.max);
        let (mut scale, mut turn_deg) = (scale, [0.0; 3]);
        match drag {
            // A box that is moved or scaled along its axes stays one.
            Some(change @ Change { what: Drag::Move(_) | Drag::Scale(_), .. }) => {
                let by = change.matrix();
                (min, max) = (by.transform_point(&min), by.transform_point(&max));
                if let Drag::Scale(by) = change.what {
                    scale = std::array::from_fn(|axis| scale[axis] * by[axis]);
                }
            }
            Some(Change { what: Drag::Rotate { axis, angle_rad }, .. }) => {
                turn_deg = (axis * angle_rad.to_degrees()).into();
            }
            None => {}
        }
        let middle = nalgebra::center(&min, &max);
        Self { place: [middle.x, middle.y, min.z], extent: (max - min).into(), scale, turn_deg }
    }
}

/// How much larger than its model an object is along the plate's axes; `None` where it lies at an angle and has not the
/// same scale on all sides, so that no such number exists.
fn scale_of(plate_from_model: &nalgebra::Matrix4<f64>) -> Option<[f64; 3]> {
    let linear = plate_from_model.fixed_view::<3, 3>(0, 0).into_owned();
    let lengths = [0, 1, 2].map(|axis| linear.column(axis).norm());
    let nothing = 1e-6 * lengths[0].max(lengths[1]).max(lengths[2]);
    let square = (0..3).all(|i| (0..i).all(|j| linear.column(i).dot(&linear.column(j)).abs() <= nothing * lengths[i]));
    if square && lengths.iter().all(|length| (length - lengths[0]).abs() <= nothing) {
        return Some(lengths);
    }
    // Turned by right angles only: each side of the plate is one of the model.
    let single = |axis: usize| {
        let row = linear.row(axis);
        let longest = row.amax();
        (row.iter().filter(|c| c.abs() > nothing).count() == 1).then_some(longest)
    };
    Some([single(0)?, single(1)?, single(2)?])
}

/// One button for each axis.
fn mirrors(ui: &mut Ui, cx: &Cx<'_>) {
    let width = field_width(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.allocate_ui_with_layout(egui::vec2(WORDS, size::ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(WORDS);
            ui.label("Mirror");
        });
        for (axis, command) in AXES.into_iter().zip([Command::MirrorX, Command::MirrorY, Command::MirrorZ]) {
            let response = ui.add_sized([width, size::ROW], egui::Button::new(axis));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, command.name()));
            if response.on_hover_text(command.tooltip(ui.ctx())).clicked() {
                cx.run(command);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix4, Point3, Rotation3};

    #[test]
    fn the_scale_is_the_one_against_the_model_where_there_is_one() {
        let stretched = Matrix4::new_nonuniform_scaling(&Vector3::new(2.0, 3.0, 0.5));
        let turn = |degrees: f64| Rotation3::from_axis_angle(&Vector3::z_axis(), degrees.to_radians()).to_homogeneous();
        let close = |a: Option<[f64; 3]>, b: [f64; 3]| (0..3).all(|i| (a.unwrap()[i] - b[i]).abs() < 1e-9);
        assert!(close(scale_of(&stretched), [2.0, 3.0, 0.5]));
        // The model's X lies along the plate's Y; a mirror has no sign here.
        assert!(close(scale_of(&(turn(-90.0) * stretched)), [3.0, 2.0, 0.5]));
        assert!(close(scale_of(&(turn(30.0) * Matrix4::new_scaling(-1.5))), [1.5; 3]));
        assert_eq!(scale_of(&(turn(30.0) * stretched)), None);
    }

    #[test]
    fn numbers_follow_a_drag() {
        let bounds = Box3 { min: Point3::new(0.0, 0.0, 0.0), max: Point3::new(10.0, 20.0, 30.0) };
        let drag = |what| Now::of(&bounds, [1.0; 3], Some(Change { pivot: bounds.center(), what }));
        assert_eq!(drag(Drag::Move(Vector3::new(5.0, 0.0, 1.0))).place, [10.0, 10.0, 1.0]);
        let scaled = drag(Drag::Scale(Vector3::new(2.0, 1.0, 1.0)));
        assert_eq!((scaled.extent, scaled.scale), ([20.0, 20.0, 30.0], [2.0, 1.0, 1.0]));
        let turned = drag(Drag::Rotate { axis: Vector3::z(), angle_rad: std::f64::consts::FRAC_PI_2 });
        assert!((turned.turn_deg[2] - 90.0).abs() < 1e-9);
    }
}
