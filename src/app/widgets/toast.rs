//! Short messages of success: they come, stay three seconds and go.

use egui::{Align2, Area, Context, Frame, Id, Margin, Order, vec2};
use egui_material_icons::icons::ICON_CHECK;

use crate::app::theme::{self, size, space};

/// How long a message stays, in seconds.
const STAY_S: f64 = 3.0;

/// The messages that are shown now.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: Vec<(String, f64)>,
}

impl Toasts {
    /// Shows a message from now on.
    pub fn success(&mut self, ctx: &Context, message: impl Into<String>) {
        let now = ctx.input(|i| i.time);
        self.shown.push((message.into(), now + STAY_S));
        ctx.request_repaint();
    }

    /// Draws what is still to be seen above `bottom` points from the lower edge, and asks to be drawn again when the
    /// next one goes.
    pub fn show(&mut self, ctx: &Context, bottom: f32) {
        let now = ctx.input(|i| i.time);
        self.shown.retain(|(_, until)| *until > now);
        let Some(next) = self.shown.iter().map(|(_, until)| until - now).reduce(f64::min) else { return };
        ctx.request_repaint_after(std::time::Duration::from_secs_f64(next.max(0.0)));
        Area::new(Id::unique("toasts"))
            .order(Order::Tooltip)
            .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -bottom - space::L))
            .interactable(false)
            .show(ctx, |ui| {
                for (message, _) in &self.shown {
                    Frame::popup(ui.style()).inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(
                        ui,
                        |ui| {
                            ui.horizontal(|ui| {
                                ui.spacing_mut().interact_size.y = size::ICON;
                                ui.label(theme::icon(ICON_CHECK).color(theme::tokens(ui).accent));
                                ui.label(message);
                            });
                        },
                    );
                }
            });
    }
}
