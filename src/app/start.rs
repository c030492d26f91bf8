//! Opening the window, or saying in one sentence why there is none.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::preferences::Preferences;
use super::studio::Studio;
use crate::settings::user_folder;

/// How the studio is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Models or G-code to open at once.
    pub files: Vec<PathBuf>,
    /// Where preferences are kept; `None` keeps them for this run only.
    pub preferences: Option<PathBuf>,
    /// The folder with the person's own machines, materials and recipes.
    pub presets: Option<PathBuf>,
    /// Whether the desktop's file dialogs are used; otherwise the studio asks for paths itself.
    pub file_dialogs: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { files: Vec::new(), preferences: Preferences::usual_path(), presets: user_folder(), file_dialogs: true }
    }
}

/// What works without a window.
const WITHOUT: &str = "Slicing works without a window: `fabbro slice MODEL -o OUT.gcode`.";

/// Why no window could be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(
        "No display was found: start the studio from a desktop (X11 or Wayland), or set DISPLAY; on a machine without \
         one, `sudo apt install xvfb` and `xvfb-run fabbro` give a virtual one. {WITHOUT}"
    )]
    NoDisplay,
    #[error(
        "The display {display} cannot be reached: check that DISPLAY names one that runs and that you may use it. {WITHOUT}"
    )]
    DisplayNotReached { display: String },
    #[error(
        "No graphics adapter could be used ({cause}): install your graphics card's Vulkan driver, or the software one \
         with `sudo apt install mesa-vulkan-drivers`. {WITHOUT}"
    )]
    NoGraphics { cause: String },
    #[error(
        "The window could not be opened ({cause}): a desktop library may be missing, which \
         `sudo apt install libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2 libwayland-client0` brings. {WITHOUT}"
    )]
    NoWindow { cause: String },
}

/// Opens the studio and returns when it is closed.
///
/// Fails when there is no display or it cannot be reached, no graphics adapter, or no window can be opened.
pub fn run(options: Options) -> Result<(), AppError> {
    if cfg!(target_os = "linux") && !has_display() {
        return Err(AppError::NoDisplay);
    }
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Fabbro")
            .with_app_id("fabbro")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([960.0, 600.0])
            .with_drag_and_drop(true),
        // Bundled fonts only: text looks the same on every machine.
        system_font_fallback: false,
        ..Default::default()
    };
    let opened = Arc::new(AtomicBool::new(false));
    let was_opened = Arc::clone(&opened);
    let start = move || {
        eframe::run_native(
            "fabbro",
            native,
            Box::new(move |cc| {
                opened.store(true, Ordering::Relaxed);
                Ok(Box::new(Studio::new(cc, options)))
            }),
        )
    };
    // The window library panics where a desktop library is missing; that is no reason to show a person a backtrace.
    let hook = std::panic::take_hook();
    let quiet = Arc::clone(&was_opened);
    let hook = Arc::new(hook);
    let loud = Arc::clone(&hook);
    std::panic::set_hook(Box::new(move |info| {
        if quiet.load(Ordering::Relaxed) {
            loud(info);
        }
    }));
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(start));
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(eframe::Error::Wgpu(error))) => Err(AppError::NoGraphics { cause: first_line(&error.to_string()) }),
        Ok(Err(error)) if error.to_string().contains("connection to X server") => {
            Err(AppError::DisplayNotReached { display: std::env::var("DISPLAY").unwrap_or_default() })
        }
        Ok(Err(error)) => Err(AppError::NoWindow { cause: first_line(&error.to_string()) }),
        Err(panic) if was_opened.load(Ordering::Relaxed) => std::panic::resume_unwind(panic),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Err(AppError::NoWindow { cause: first_line(&text.unwrap_or_else(|| "unknown cause".to_owned())) })
        }
    }
}

fn has_display() -> bool {
    ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}
