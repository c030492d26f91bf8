//! What the pointer and the keys do in the picture: look around, select, drag handles and objects.
//!
//! Left drag on an object moves it, on a handle works the tool, elsewhere turns the view; the right and the middle
//! button shift it; the wheel zooms to the pointer. On a trackpad two fingers turn, with Shift shift, a pinch zooms.

use egui::{Event, Key, MouseWheelUnit, PointerButton, Response, Ui};
use nalgebra::{Point3, Vector3};

use crate::app::context::Cx;
use crate::app::tool::{Dragging, Tool};
use crate::app::ui_state::{Framing, Workspace};
use crate::render::{Camera, Drag, Gizmo, Handle};
use crate::scene::edit::Edit;

/// A drag over the whole height of the picture turns by this much.
const ORBIT_RAD: f64 = 3.0;
/// One notch of the wheel.
const ZOOM_PER_NOTCH: f64 = 0.88;
/// Points of a trackpad's scroll that count as much as a notch.
const POINTS_PER_NOTCH: f32 = 50.0;

/// What is under the pointer.
#[derive(Clone, Debug, Default)]
pub struct Pointed {
    /// Index among the drawn objects.
    pub object: Option<usize>,
    pub gizmo: Option<Gizmo>,
    pub handle: Option<Handle>,
    pub camera_moves: bool,
}

/// What a drag of the pointer does; kept while the button is down.
#[derive(Clone, Copy, Debug)]
enum Hold {
    Orbit(Point3<f64>),
    Pan(Point3<f64>),
    Tool,
}

/// Reads the input of this frame: turns the camera at once and sends everything else.
pub fn read(ui: &Ui, cx: &Cx<'_>, response: &Response, camera: &mut Camera, size_px: [u32; 2]) -> Pointed {
    let size = size_px.map(f64::from);
    let scale = f64::from(ui.ctx().pixels_per_point());
    let to_px = |at: egui::Pos2| {
        let at = at - response.rect.min;
        [f64::from(at.x) * scale, f64::from(at.y) * scale]
    };
    let mut pointed = Pointed { gizmo: gizmo(cx), ..Pointed::default() };
    let at = response.hover_pos().or_else(|| response.interact_pointer_pos());
    let prepare = cx.ui.workspace == Workspace::Prepare;
    let hit = at.filter(|_| prepare && (response.hovered() || response.dragged())).and_then(|at| {
        let drawn: Vec<_> = cx.derived.objects.iter().map(|o| o.drawn.clone()).collect();
        cx.derived.picker.borrow_mut().pick(&camera.ray(to_px(at), size), &drawn)
    });
    let held_id = response.id.with("hold");
    let held = ui.data(|d| d.get_temp::<Hold>(held_id));
    if let Some(at) = at {
        let handle = pointed.gizmo.and_then(|gizmo| gizmo.pick(camera, to_px(at), size, scale));
        pointed.handle = cx.ui.drag.as_ref().map(|drag| drag.handle).or(handle);
        pointed.object = hit.as_ref().filter(|_| pointed.handle.is_none() && held.is_none()).map(|hit| hit.object);
        let anchor = camera.anchor(&camera.ray(to_px(at), size), hit.as_ref().map(|hit| hit.point));
        pointed.camera_moves |= wheel(ui, response, camera, anchor);
        if response.drag_started() {
            let press = ui.input(|i| i.pointer.press_origin()).unwrap_or(at);
            let hold = take_hold(ui, cx, &pointed, hit.as_ref(), anchor, to_px(press), prepare);
            ui.data_mut(|d| _ = d.insert_temp(held_id, hold));
        }
    }
    drag(ui, cx, response, camera, held, size, &to_px);
    pointed.camera_moves |= matches!(held, Some(Hold::Orbit(_) | Hold::Pan(_))) && response.dragged();
    if response.drag_stopped() {
        ui.data_mut(|d| d.remove::<Hold>(held_id));
        if let Some(drag) = &cx.ui.drag {
            let change = drag.change;
            if change.is_something() {
                cx.change_selection(change);
            }
            cx.ui(|ui| ui.drag = None);
        }
        // Long toolpaths were drawn coarsely while the view moved.
        ui.ctx().request_repaint();
    }
    if prepare {
        click(ui, cx, response, hit.as_ref());
    }
    keys(ui, cx, response, camera);
    pointed
}

/// The handles of the tool at the selection, as they stand now.
fn gizmo(cx: &Cx<'_>) -> Option<Gizmo> {
    if cx.ui.workspace != Workspace::Prepare {
        return None;
    }
    let kind = cx.ui.tool?.gizmo()?;
    let bounds = cx.derived.bounds_of(&cx.ui.selection)?;
    let mut gizmo = Gizmo::new(kind, bounds.center());
    if let Some(Dragging { change, .. }) = &cx.ui.drag
        && let Drag::Move(by) = change.what
    {
        gizmo.center += by;
    }
    Some(gizmo)
}

fn take_hold(
    ui: &Ui,
    cx: &Cx<'_>,
    pointed: &Pointed,
    hit: Option<&crate::render::Hit>,
    anchor: Point3<f64>,
    from_px: [f64; 2],
    prepare: bool,
) -> Hold {
    let (primary, shift) = ui.input(|i| (i.pointer.button_down(PointerButton::Primary), i.modifiers.shift));
    if !primary {
        return Hold::Pan(anchor);
    }
    if let (Some(gizmo), Some(handle)) = (pointed.gizmo, pointed.handle) {
        let dragging = Dragging::new(gizmo, handle, from_px);
        cx.ui(move |ui| ui.drag = Some(dragging));
        return Hold::Tool;
    }
    let object = hit.and_then(|hit| Some((hit, cx.derived.objects.get(hit.object)?)));
    if let Some((hit, object)) = object.filter(|_| prepare && cx.ui.tool != Some(Tool::PlaceOnFace)) {
        let id = object.id;
        let dragging = Dragging::object(hit.point, object.bounds.center(), from_px);
        cx.ui(move |ui| {
            if !ui.selection.contains(&id) {
                ui.selection = [id].into();
            }
            ui.drag = Some(dragging);
        });
        return Hold::Tool;
    }
    if shift { Hold::Pan(anchor) } else { Hold::Orbit(anchor) }
}

fn drag(
    ui: &Ui,
    cx: &Cx<'_>,
    response: &Response,
    camera: &mut Camera,
    held: Option<Hold>,
    size: [f64; 2],
    to_px: &impl Fn(egui::Pos2) -> [f64; 2],
) {
    if !response.dragged() {
        return;
    }
    let scale = f64::from(ui.ctx().pixels_per_point());
    let moved = response.drag_delta();
    let moved_px = [f64::from(moved.x) * scale, f64::from(moved.y) * scale];
    match held {
        Some(Hold::Orbit(pivot)) => {
            let turn = ORBIT_RAD / size[1].max(1.0);
            camera.orbit(pivot, -moved_px[0] * turn, moved_px[1] * turn);
        }
        Some(Hold::Pan(anchor)) => camera.pan(anchor, moved_px, size[1]),
        Some(Hold::Tool) => {
            let (Some(drag), Some(at)) = (&cx.ui.drag, response.interact_pointer_pos()) else { return };
            let mut drag = drag.clone();
            drag.to(camera, to_px(at), size, ui.input(|i| i.modifiers.shift));
            cx.ui(move |ui| ui.drag = Some(drag));
        }
        None => {}
    }
}

/// Zooms, or on a trackpad turns and shifts. Says whether the camera was moved.
fn wheel(ui: &Ui, response: &Response, camera: &mut Camera, anchor: Point3<f64>) -> bool {
    if !response.hovered() {
        return false;
    }
    let height = f64::from(response.rect.height());
    let before = *camera;
    let (events, pinch) = ui.input(|i| (i.events.clone(), f64::from(i.zoom_delta())));
    for event in events {
        let Event::MouseWheel { unit, delta, modifiers, .. } = event else { continue };
        match unit {
            _ if modifiers.command => {}
            MouseWheelUnit::Line | MouseWheelUnit::Page => {
                let notches = if delta.y != 0.0 { delta.y } else { delta.x };
                camera.zoom(anchor, ZOOM_PER_NOTCH.powf(f64::from(notches)));
            }
            MouseWheelUnit::Point if modifiers.shift => {
                camera.pan(anchor, [f64::from(delta.x), f64::from(delta.y)], height);
            }
            MouseWheelUnit::Point if modifiers.alt => {
                camera.zoom(anchor, ZOOM_PER_NOTCH.powf(f64::from(delta.y / POINTS_PER_NOTCH)));
            }
            MouseWheelUnit::Point => {
                let turn = ORBIT_RAD / height.max(1.0);
                camera.orbit(anchor, -f64::from(delta.x) * turn, f64::from(delta.y) * turn);
            }
        }
    }
    if pinch != 1.0 {
        camera.zoom(anchor, 1.0 / pinch);
    }
    *camera != before
}

fn click(ui: &Ui, cx: &Cx<'_>, response: &Response, hit: Option<&crate::render::Hit>) {
    let object = hit.and_then(|hit| cx.derived.objects.get(hit.object)).map(|object| object.id);
    if response.double_clicked() {
        if let Some(id) = object {
            cx.ui(move |ui| {
                ui.selection = [id].into();
                ui.framing = Some(Framing::Selection);
            });
        }
        return;
    }
    if !response.clicked() {
        return;
    }
    response.request_focus();
    if let (Some(Tool::PlaceOnFace), Some(hit), Some(id)) = (cx.ui.tool, hit, object) {
        if let Some(object) = cx.document.object(id) {
            // Normals go by the inverse transpose, so back by the transpose.
            let normal = object.plate_from_model.fixed_view::<3, 3>(0, 0).transpose() * hit.normal;
            cx.edit(Edit::PlaceOnFace { object: id, normal_in_model: normal.into() });
        }
        cx.ui(move |ui| {
            ui.selection = [id].into();
            ui.tool = None;
        });
        return;
    }
    let add = ui.input(|i| i.modifiers.command || i.modifiers.shift);
    cx.ui(move |ui| match (object, add) {
        (Some(id), true) => {
            if !ui.selection.remove(&id) {
                ui.selection.insert(id);
            }
        }
        (Some(id), false) => ui.selection = [id].into(),
        (None, true) => {}
        (None, false) => ui.selection.clear(),
    });
}

/// The picture by keyboard alone: arrows move what is selected, or turn the view.
fn keys(ui: &Ui, cx: &Cx<'_>, response: &Response, camera: &mut Camera) {
    if !response.has_focus() {
        return;
    }
    let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let (x, y, shift) = ui.input(|i| {
        let pressed = |key| i.num_presses(key) as f64;
        let x = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let y = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        (x, y, i.modifiers.shift)
    });
    if x == 0.0 && y == 0.0 {
        return;
    }
    match cx.derived.bounds_of(&cx.ui.selection).filter(|_| cx.ui.workspace == Workspace::Prepare) {
        Some(bounds) => {
            let step = if shift { 10.0 } else { 1.0 };
            let what = Drag::Move(Vector3::new(x * step, y * step, 0.0));
            cx.change_selection(crate::app::tool::Change { pivot: bounds.center(), what });
        }
        None => camera.orbit(camera.target, x * 0.1, y * 0.1),
    }
}
