//! The studio itself: the four owners of state, one frame after the other.
//!
//! A frame polls what runs in the background, reads the keyboard, draws every panel from a read-only context, and then
//! does what the panels asked for. Nothing here waits, and nothing asks for another frame without a reason.

use egui::{CentralPanel, Frame, Panel, Ui};

use super::command::Command;
use super::context::{Cx, Request};
use super::derived::Derived;
use super::panels::{self, layer_sliders, legend, notices, objects, palette, path_form, pickers, selection, status};
use super::preferences::Preferences;
use super::start::Options;
use super::theme::{self, size, tokens};
use super::ui_state::{ImportNotice, UiState, Workspace};
use super::widgets::{Toasts, separator};
use super::work::dialogs::Dialogs;
use crate::scene::Document;
use crate::settings::Library;

/// How much of the left panel the list of objects takes.
const OBJECTS_SHARE: f32 = 0.42;

/// The window's contents.
pub struct Studio {
    pub(super) document: Document,
    pub(super) derived: Derived,
    pub(super) preferences: Preferences,
    pub(super) ui: UiState,
    pub(super) toasts: Toasts,
    pub(super) dialogs: Dialogs,
    pub(super) options: Options,
    /// What the file of preferences holds.
    saved: Preferences,
}

impl Studio {
    /// Makes the studio for a window, or for a test's harness; without a graphics device it shows no picture.
    pub fn new(cc: &eframe::CreationContext<'_>, options: Options) -> Self {
        // The studio has commands of its own for this.
        cc.egui_ctx.options_mut(|o| o.zoom_with_keyboard = false);
        if let Some(state) = &cc.wgpu_render_state {
            crate::render::install(state);
        }
        let preferences = options.preferences.as_deref().map(Preferences::load).unwrap_or_default();
        theme::install(&cc.egui_ctx, preferences.high_contrast);
        let (mut library, notices) = (Library::bundled(), Vec::new());
        let notices = options.presets.as_deref().map_or(notices, |folder| library.add_folder(folder));
        let mut studio = Self {
            document: Document::default(),
            derived: Derived::new(cc.wgpu_render_state.is_some(), library),
            saved: preferences.clone(),
            preferences,
            ui: UiState::default(),
            toasts: Toasts::default(),
            dialogs: Dialogs::default(),
            options,
        };
        studio.ui.import_notices =
            notices.into_iter().map(|notice| ImportNotice { notice, objects: Vec::new() }).collect();
        studio.begin(&cc.egui_ctx);
        studio
    }

    /// Whether anything runs in the background or is about to.
    pub fn is_busy(&self) -> bool {
        self.derived.is_busy() || self.dialogs.is_open()
    }

    /// How many layers the preview has; `None` where nothing is sliced.
    pub fn shown_layers(&self) -> Option<usize> {
        self.derived.shown().map(|sliced| sliced.drawing.layer_count())
    }

    /// The objects on the plate, in order.
    pub fn object_names(&self) -> Vec<String> {
        self.document.objects().iter().map(|object| object.name.clone()).collect()
    }

    fn draw(&mut self, ui: &mut Ui) {
        let cx = Cx::new(&self.document, &self.derived, &self.preferences, &self.ui);
        panels::top_bar::show(ui, &cx);
        status::show(ui, &cx);
        let t = tokens(ui);
        let frame = Frame::new().fill(t.surface);
        match self.ui.workspace {
            Workspace::Prepare => {
                Panel::left("objects").exact_size(size::LEFT_PANEL).resizable(false).frame(frame).show(ui, |ui| {
                    let height = (ui.available_height() * OBJECTS_SHARE).round();
                    objects::show(ui, &cx, height);
                    separator(ui);
                    selection::show(ui, &cx);
                });
                Panel::right("settings")
                    .exact_size(size::RIGHT_PANEL)
                    .resizable(false)
                    .frame(frame)
                    .show(ui, |ui| panels::settings::show(ui, &cx));
            }
            Workspace::Preview => {
                Panel::right("legend")
                    .exact_size(size::RIGHT_PANEL)
                    .resizable(false)
                    .frame(frame)
                    .show(ui, |ui| legend::show(ui, &cx));
                if let Some(sliced) = cx.derived.shown() {
                    layer_sliders::show(ui, &cx, &sliced.drawing);
                }
            }
            Workspace::Machine => panels::machine::show(ui, &cx),
        }
        if self.ui.workspace != Workspace::Machine {
            CentralPanel::no_frame().show(ui, |ui| {
                panels::viewport::show(ui, &cx);
                notices::show(ui, &cx, ui.max_rect());
            });
        } else {
            // What could not be done is told here too, over the left panel's lower edge.
            let window = ui.ctx().content_rect();
            notices::show(ui, &cx, window.with_max_y(window.bottom() - size::STATUS_BAR));
        }
        pickers::show(ui, &cx);
        path_form::show(ui, &cx);
        panels::template_form::show(ui, &cx);
        panels::describe_form::show(ui, &cx);
        panels::leave_form::show(ui, &cx);
        if cx.ui.palette {
            palette::show(ui, &cx);
        }
        panels::drop_hint::show(ui);
        for request in cx.into_requests() {
            self.perform(ui.ctx(), request);
        }
        self.toasts.show(ui.ctx(), size::STATUS_BAR);
    }

    fn read_input(&mut self, ctx: &egui::Context) {
        let dropped: Vec<_> = ctx.input(|i| i.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            self.perform(ctx, Request::Open(dropped));
        }
        // While the palette or a form is open, the keys are theirs.
        let ui = &self.ui;
        let form = ui.path_form.is_some() || ui.template.is_some() || ui.describe.is_some() || ui.leaving.is_some();
        if ui.palette || form {
            return;
        }
        for command in Command::pressed(ctx) {
            self.perform(ctx, Request::Do(command));
        }
    }

    fn remember(&mut self, ctx: &egui::Context) {
        ctx.set_theme(self.preferences.theme.to_egui());
        if (ctx.zoom_factor() - self.preferences.scale).abs() > 1e-3 {
            ctx.set_zoom_factor(self.preferences.scale);
        }
        if self.preferences == self.saved {
            return;
        }
        if self.preferences.high_contrast != self.saved.high_contrast {
            theme::set_contrast(ctx, self.preferences.high_contrast);
        }
        self.saved = self.preferences.clone();
        if let Some(path) = &self.options.preferences
            && let Err(error) = self.preferences.save(path)
        {
            self.ui.problem(format!("The preferences were not saved ({error}): {}", path.display()));
        }
    }
}

impl eframe::App for Studio {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.poll(&ctx);
        self.leave(&ctx);
        self.read_input(&ctx);
        self.draw(ui);
        self.remember(&ctx);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::of(visuals).bar.to_normalized_gamma_f32()
    }
}
