//! The picture inside of an egui window: a paint callback that draws a view when it changed, and blits it.

use egui_wgpu::{CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};

use super::context::Context;
use super::view::{Renderer, View};

/// Makes the renderer for a window and keeps it among egui's own resources. Call once, when the window is made.
pub fn install(state: &RenderState) {
    let renderer = Renderer::new(Context::of_window(state), Some(state.target_format));
    state.renderer.write().callback_resources.insert(renderer);
}

/// A paint callback that shows a view, for `egui_wgpu::Callback::new_paint_callback(rect, …)`. The view's size should
/// be that of the rectangle in pixels, so that pixels match.
pub struct ViewCallback(pub View);

impl CallbackTrait for ViewCallback {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        _queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(renderer) = resources.get_mut::<Renderer>() {
            renderer.draw(encoder, &self.0);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        if let Some(renderer) = resources.get::<Renderer>() {
            renderer.paint(pass);
        }
    }
}
