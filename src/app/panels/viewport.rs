//! The picture: build plate with models, or the layers of what was sliced.
//!
//! Fills a [`View`] from the context and hands it to the renderer; what the pointer does is in `viewport_input`.

use std::sync::Arc;

use egui::{Sense, Ui, WidgetInfo};

use crate::app::context::Cx;
use crate::app::theme::tokens;
use crate::app::ui_state::{Framing, Workspace};
use crate::render::{Box3, Camera, Gizmo, Plate, RoleSet, Theme, ToolpathView, View, ViewCallback};

use super::viewport_input::{self, Pointed};
use super::{tool_strip, view_axes, welcome};

/// Undersides that lean out by more than this from the vertical count as overhangs.
const OVERHANG_RAD: f64 = std::f64::consts::FRAC_PI_4;

pub fn show(ui: &mut Ui, cx: &Cx<'_>) {
    let rect = ui.max_rect();
    let id = ui.scope_id().with("viewport");
    let response = ui.interact(rect, id, Sense::click_and_drag() | Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, "3D view"));
    let pixels_per_point = ui.ctx().pixels_per_point();
    let size_px = [rect.width(), rect.height()].map(|points| (points * pixels_per_point).round().max(1.0) as u32);
    let mut camera = cx.ui.camera;
    frame(cx, &mut camera, size_px);
    let pointed = viewport_input::read(ui, cx, &response, &mut camera, size_px);
    if camera != cx.ui.camera || cx.ui.framing.is_some() {
        cx.ui(move |ui| {
            ui.camera = camera;
            ui.framing = None;
        });
    }
    let view = view(ui, cx, camera, &pointed, size_px, pixels_per_point);
    if cx.derived.has_graphics {
        ui.painter().add(egui_wgpu::Callback::new_paint_callback(rect, ViewCallback(view)));
    } else {
        ui.painter().rect_filled(rect, 0, tokens(ui).bar);
    }
    view_axes::show(ui, cx, rect, &camera);
    if cx.ui.workspace == Workspace::Prepare {
        tool_strip::show(ui, cx, rect);
    }
    welcome::show(ui, cx, rect);
}

/// Carries out a wish to see something whole.
fn frame(cx: &Cx<'_>, camera: &mut Camera, size_px: [u32; 2]) {
    let aspect = f64::from(size_px[0]) / f64::from(size_px[1]);
    let shown = || {
        let objects = cx.derived.objects.iter().map(|o| o.bounds).reduce(|a, b| a.union(&b));
        let plate = cx.derived.plate.shown_box();
        match (objects, plate) {
            (Some(a), Some(b)) => Some(a.union(&b)),
            (a, b) => a.or(b),
        }
    };
    match cx.ui.framing {
        Some(Framing::Objects) => {
            let objects = cx.derived.objects.iter().map(|o| o.bounds).reduce(|a, b| a.union(&b));
            if let Some(Box3 { min, max }) = objects {
                // With as much around them again, so that it is seen where on the plate they stand.
                let around = (max - min) * 0.6;
                camera.frame(&Box3 { min: min - around, max: max + around }, aspect);
            }
        }
        Some(Framing::Plate) => {
            if let Some(shown) = shown() {
                camera.frame(&shown, aspect);
            }
        }
        Some(Framing::Selection) => {
            if let Some(bounds) = cx.derived.bounds_of(&cx.ui.selection).or_else(shown) {
                camera.frame(&bounds, aspect);
            }
        }
        Some(Framing::From(view)) => camera.look_from(view),
        None => {}
    }
}

fn view(ui: &Ui, cx: &Cx<'_>, camera: Camera, pointed: &Pointed, size_px: [u32; 2], pixels_per_point: f32) -> View {
    let mut view = View {
        size_px,
        pixels_per_point,
        camera,
        theme: if ui.visuals().dark_mode { Theme::DARK } else { Theme::LIGHT },
        plate: Some(Arc::clone(&cx.derived.plate)),
        moving: pointed.camera_moves,
        ..View::default()
    };
    match cx.ui.workspace {
        Workspace::Prepare => {
            let change = cx.ui.drag.as_ref().map(|drag| drag.change.matrix());
            for (index, object) in cx.derived.objects.iter().enumerate() {
                let mut drawn = object.drawn.clone();
                drawn.color = view.theme.model;
                drawn.selected = cx.ui.selection.contains(&object.id);
                drawn.hovered = pointed.object == Some(index);
                if let Some(change) = change.filter(|_| drawn.selected) {
                    drawn.plate_from_model = change * drawn.plate_from_model;
                }
                view.objects.push(drawn);
            }
            view.overhang_angle_rad = cx.ui.overhangs.then_some(OVERHANG_RAD);
            view.gizmo = pointed.gizmo.map(|gizmo| Gizmo { active: pointed.handle, ..gizmo });
        }
        Workspace::Preview | Workspace::Machine => view.toolpath = toolpath(ui, cx),
    }
    view
}

fn toolpath(ui: &Ui, cx: &Cx<'_>) -> Option<ToolpathView> {
    let sliced = cx.derived.shown()?;
    let preview = &cx.ui.preview;
    let drawing = Arc::clone(&sliced.drawing);
    let (low, high) = preview.shown(drawing.layer_count());
    let count = drawing.move_count(high);
    let moves = preview.moves_at(ui.input(|i| i.time), count);
    let mut roles = RoleSet::ALL;
    for role in &preview.hidden {
        roles = roles.with(*role, false);
    }
    Some(ToolpathView {
        layers: low..high + 1,
        moves: (moves < count).then_some(moves),
        color_by: preview.color_by,
        roles,
        travels: preview.travels,
        retractions: preview.retractions,
        seams: preview.seams,
        nozzle: moves < count,
        drawing,
    })
}

/// The plate of a machine.
pub fn plate_of(settings: &crate::settings::Settings) -> Plate {
    Plate {
        outline: settings.bed_shape.clone(),
        excluded: settings.bed_exclude_areas.clone(),
        height_mm: settings.max_print_height,
        name: settings.printer_model.clone(),
    }
}
