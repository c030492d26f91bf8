//! The graphics device, from a window or without one.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

/// Why there is no picture.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ContextError {
    #[error(
        "No graphics adapter was found: install your graphics card's Vulkan driver, or the software one with \
         `sudo apt install mesa-vulkan-drivers`. Slicing works without: `fabbro slice MODEL -o OUT.gcode`."
    )]
    NoAdapter,
    #[error(
        "The graphics adapter {adapter} refused to start ({cause}): update its driver, or install the software one with \
         `sudo apt install mesa-vulkan-drivers`. Slicing works without: `fabbro slice MODEL -o OUT.gcode`."
    )]
    NoDevice { adapter: String, cause: String },
}

/// A device that pictures are drawn with. Cloning gives another handle on the same device.
#[derive(Clone, Debug)]
pub struct Context {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// The adapter is a program on the CPU: no multisampling, and fewer things at once.
    pub is_software: bool,
    /// The adapter's name, for messages and logs.
    pub adapter_name: String,
}

impl Context {
    /// A device without a window. `WGPU_BACKEND` narrows the choice as it does for the window.
    pub fn headless() -> Result<Self, ContextError> {
        match wgpu::Backends::from_env() {
            Some(backends) => Self::with_backends(backends),
            // OpenGL only where there is nothing else: to ask for it makes some drivers complain on stderr.
            None => Self::with_backends(wgpu::Backends::PRIMARY).or_else(|_| Self::with_backends(wgpu::Backends::GL)),
        }
    }

    fn with_backends(backends: wgpu::Backends) -> Result<Self, ContextError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends,
            flags: wgpu::InstanceFlags::from_build_config().with_env(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapter = ready(instance.request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        }))
        .and_then(Result::ok)
        .ok_or(ContextError::NoAdapter)?;
        let info = adapter.get_info();
        let offered = adapter.limits();
        let refused = |cause: String| ContextError::NoDevice { adapter: info.name.clone(), cause };
        // No more is asked for than WebGL 2 has, so that the same pictures come from any adapter; only sizes may grow.
        let limits = wgpu::Limits {
            max_buffer_size: offered.max_buffer_size.min(1 << 30),
            ..wgpu::Limits::downlevel_webgl2_defaults().using_resolution(offered)
        };
        let (device, queue) = ready(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("fabbro"),
            required_limits: limits,
            ..Default::default()
        }))
        .ok_or_else(|| refused("no answer".to_owned()))?
        .map_err(|e| refused(e.to_string()))?;
        Ok(Self::new(device, queue, &info))
    }

    /// The device of an eframe window (`eframe::CreationContext::wgpu_render_state`).
    pub fn of_window(state: &egui_wgpu::RenderState) -> Self {
        Self::new(state.device.clone(), state.queue.clone(), &state.adapter.get_info())
    }

    fn new(device: wgpu::Device, queue: wgpu::Queue, info: &wgpu::AdapterInfo) -> Self {
        // A picture that fails must not take the program down with it, as wgpu would by default.
        device.on_uncaptured_error(Arc::new(|error| tracing::error!("graphics: {error}")));
        let is_software = info.device_type == wgpu::DeviceType::Cpu;
        Self { device, queue, is_software, adapter_name: info.name.clone() }
    }

    /// Samples a pixel: four where the adapter can afford them.
    pub(super) fn samples(&self) -> u32 {
        if self.is_software { 1 } else { 4 }
    }
}

/// The result of a future that is ready at once, as wgpu's are everywhere but in a browser.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match std::pin::pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_adapter_it_says_what_to_install_and_what_works_anyway() {
        // A backend that does not exist on this system stands for a machine without any driver.
        let error = Context::with_backends(wgpu::Backends::empty()).map(|c| c.adapter_name).unwrap_err().to_string();
        assert!(error.contains("mesa-vulkan-drivers") && error.contains("fabbro slice"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
