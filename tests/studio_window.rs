//! The studio in a real window: a person's hand is xdotool's, their screen is Xvfb's. `tests/run` installs both.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

/// A screen of its own, closed with what is on it.
struct Screen {
    server: Child,
    display: String,
    folder: tempfile::TempDir,
    studio: Option<Child>,
}

impl Screen {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The server picks a free number and writes it where it is told to.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb can be started; tests/run installs it");
        let mut number = String::new();
        let out = server.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut number).unwrap();
        let display = format!(":{}", number.trim());
        Self { server, display, folder, studio: None }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn start(&mut self, files: &[PathBuf]) {
        let mut command = self.command(env!("CARGO_BIN_EXE_fabbro"));
        let files = files.iter().flat_map(|file| [Path::new("--open"), file]);
        self.studio = Some(command.args(files).stderr(Stdio::null()).spawn().unwrap());
    }

    fn hand(&self, args: &[&str]) -> Output {
        self.command("xdotool").args(args).output().expect("xdotool can be started; tests/run installs it")
    }

    /// Waits until something is so, and says what it was waiting for when it never is.
    fn wait<T>(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = done(self) {
                return found;
            }
            if let Some(status) = self.studio.as_mut().and_then(|studio| studio.try_wait().unwrap()) {
                panic!("the studio ended ({status}) while waiting for {what}");
            }
            assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn window(&mut self) -> String {
        self.wait("the window", |screen| {
            let found = screen.hand(&["search", "--onlyvisible", "--name", "^Fabbro$"]);
            String::from_utf8_lossy(&found.stdout).lines().last().map(str::to_owned)
        })
    }

    fn keys(&self, window: &str, keys: &str) {
        // There is no window manager that would do it.
        self.hand(&["windowfocus", window]);
        self.hand(&["key", "--clearmodifiers", keys]);
    }

    /// The picture of the window, as bytes of red, green and blue.
    fn picture(&self, window: &str) -> Vec<u8> {
        let shot = self.command("import").args(["-window", window, "-depth", "8", "rgb:-"]).output();
        shot.expect("import can be started; tests/run installs imagemagick").stdout
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for child in [self.studio.as_mut(), Some(&mut self.server)].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/calibration-cube-20mm.stl")
}

#[test]
fn a_real_window_opens_a_model_exports_it_and_rests() {
    let mut screen = Screen::new();
    let preferences = screen.folder.path().join("fabbro");
    std::fs::create_dir_all(&preferences).unwrap();
    std::fs::write(preferences.join("studio.toml"), "theme = \"dark\"\nmachine = \"generic-220\"\n").unwrap();
    let target = screen.folder.path().join("cube.gcode");
    screen.start(&[model()]);
    let window = screen.window();
    screen.hand(&["windowfocus", &window]);

    // Until it is sliced, nothing can be exported and the keys ask for nothing. There is no portal and no helper for file
    // dialogs here, so the studio asks for a path itself.
    screen.wait("the exported file", |screen| {
        screen.keys(&window, "ctrl+e");
        std::thread::sleep(Duration::from_millis(1500));
        screen.keys(&window, "ctrl+a");
        screen.hand(&["type", "--delay", "20", target.to_str().unwrap()]);
        screen.keys(&window, "Return");
        std::thread::sleep(Duration::from_millis(700));
        target.exists().then_some(())
    });
    let text = std::fs::read_to_string(&target).unwrap();
    assert_eq!(text.lines().filter(|line| *line == ";LAYER_CHANGE").count(), 100);

    // The wheel over the picture changes it.
    let before = screen.picture(&window);
    screen.hand(&["mousemove", "--window", &window, "700", "450", "click", "4", "click", "4", "click", "4"]);
    screen.wait("the view to come closer", |screen| (screen.picture(&window) != before).then_some(()));

    // Left alone, the window comes to rest: nothing it shows changes, and it uses no processor.
    let studio = screen.studio.as_ref().unwrap().id();
    screen.hand(&["mousemove", "--window", &window, "20", "890"]);
    screen.wait("the window to use no processor for two seconds", |_| {
        let before = ticks(studio);
        std::thread::sleep(Duration::from_secs(2));
        (ticks(studio) - before <= 2).then_some(())
    });

    screen.keys(&window, "ctrl+q");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = screen.studio.as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "the window does not close");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "closed with {status}");
}

/// Processor time of a process so far, in ticks of 10 ms.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Behind the name, which may hold anything: state is field 3, user and system time are fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn without_a_display_it_says_so_in_one_sentence() {
    let output = Command::new(env!("CARGO_BIN_EXE_fabbro"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in ["No display", "xvfb", "fabbro slice"] {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

#[test]
fn without_a_graphics_driver_it_says_what_to_install() {
    let mut screen = Screen::new();
    // No driver of either interface can be found.
    let nothing = screen.folder.path().join("none");
    let output = screen
        .command(env!("CARGO_BIN_EXE_fabbro"))
        .env("VK_ICD_FILENAMES", &nothing)
        .env("VK_DRIVER_FILES", &nothing)
        .env("WGPU_BACKEND", "vulkan")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("mesa-vulkan-drivers") && text.contains("fabbro slice"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    screen.studio = None;
}
