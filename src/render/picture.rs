//! Pictures without a window.

use image::RgbaImage;

use super::context::{Context, ContextError, ready};
use super::view::{Renderer, View};

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error("A picture of {width} x {height} pixels cannot be drawn: choose from 1 to {largest} pixels a side.")]
    Size { width: u32, height: u32, largest: u32 },
    #[error("The graphics adapter {adapter} did not hand the picture back ({cause}).")]
    Lost { adapter: String, cause: String },
}

/// Draws a view on a device of its own.
pub fn picture(view: &View) -> Result<RgbaImage, PictureError> {
    Renderer::new(Context::headless()?, None).picture(view)
}

impl Renderer {
    /// Draws a view and reads it back. Where the adapter has no multisampling and the size allows, it is drawn at
    /// twice the size and averaged, so that edges are smooth everywhere.
    pub fn picture(&mut self, view: &View) -> Result<RgbaImage, PictureError> {
        let largest = self.context().device.limits().max_texture_dimension_2d;
        let [width, height] = view.size_px;
        let limit = largest.min(8192);
        if width == 0 || height == 0 || width > limit || height > limit {
            return Err(PictureError::Size { width, height, largest: limit });
        }
        if self.context().samples() > 1 || width.max(height) > limit / 2 {
            return self.read(view);
        }
        let twice =
            View { size_px: [width * 2, height * 2], pixels_per_point: view.pixels_per_point * 2.0, ..view.clone() };
        let large = self.read(&twice)?;
        Ok(RgbaImage::from_fn(width, height, |x, y| {
            let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| large.get_pixel(2 * x + i, 2 * y + j).0);
            let mean = |channel: usize| four.iter().map(|p| u32::from(p[channel])).sum::<u32>();
            image::Rgba([0, 1, 2, 3].map(|c| ((mean(c) + 2) / 4) as u8))
        }))
    }

    /// Draws a view and reads it back as it is.
    fn read(&mut self, view: &View) -> Result<RgbaImage, PictureError> {
        let Context { device, queue, adapter_name, .. } = self.context().clone();
        let lost = |cause: &str| PictureError::Lost { adapter: adapter_name.clone(), cause: cause.to_owned() };
        let errors =
            [wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation].map(|f| device.push_error_scope(f));
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.draw(&mut encoder, view);
        let texture = self.texture().ok_or_else(|| lost("nothing was drawn"))?;
        let [width, height] = view.size_px;
        // Rows in a buffer begin at multiples of 256 bytes.
        let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None },
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
        queue.submit([encoder.finish()]);
        // Scopes end in the reverse order of their beginnings.
        let failed: Vec<_> = errors.into_iter().rev().filter_map(|scope| ready(scope.pop()).flatten()).collect();
        if let Some(error) = failed.first() {
            // wgpu's own text runs over several lines.
            return Err(lost(&error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver waits below; if it gave up, nobody is left to tell.
            sender.send(result).ok();
        });
        device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| lost(&e.to_string()))?;
        receiver.recv().map_err(|_| lost("no answer"))?.map_err(|e| lost(&e.to_string()))?;
        let bytes = buffer.get_mapped_range(..).map_err(|e| lost(&e.to_string()))?;
        let pixels = bytes.chunks(row as usize).flat_map(|line| &line[..width as usize * 4]).copied().collect();
        RgbaImage::from_raw(width, height, pixels).ok_or_else(|| lost("too few pixels"))
    }
}
