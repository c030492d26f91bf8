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

    /// The person has chosen a machine at an earlier start.
    fn choose_a_machine(&self) {
        let preferences = self.folder.path().join("fabbro");
        std::fs::create_dir_all(&preferences).unwrap();
        std::fs::write(preferences.join("studio.toml"), "theme = \"dark\"\nmachine = \"generic-220\"\n").unwrap();
    }

    /// Types where to export to. Before the plate is sliced, that asks for nothing.
    fn ask_for_export(&self, window: &str, target: &Path) {
        self.keys(window, "ctrl+e");
        std::thread::sleep(Duration::from_millis(1500));
        self.keys(window, "ctrl+a");
        self.hand(&["type", "--delay", "20", target.to_str().unwrap()]);
        self.keys(window, "Return");
        std::thread::sleep(Duration::from_millis(700));
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
    screen.choose_a_machine();
    let target = screen.folder.path().join("cube.gcode");
    screen.start(&[model()]);
    let window = screen.window();
    screen.hand(&["windowfocus", &window]);

    // Until it is sliced, nothing can be exported and the keys ask for nothing. There is no portal and no helper for file
    // dialogs here, so the studio asks for a path itself.
    screen.wait("the exported file", |screen| {
        screen.ask_for_export(&window, &target);
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

/// A pipe that nobody reads yet keeps the export waiting for as long as the test wants.
#[test]
fn closing_the_window_waits_for_the_export() {
    let mut screen = Screen::new();
    screen.choose_a_machine();
    let target = screen.folder.path().join("pipe.gcode");
    assert!(Command::new("mkfifo").arg(&target).status().unwrap().success());
    screen.start(&[model()]);
    let window = screen.window();
    let reading = std::thread::spawn({
        let target = target.clone();
        // Opening the pipe waits until the studio opens its other end; a moment later the window shall close.
        move || {
            let mut pipe = std::fs::File::open(target).unwrap();
            std::thread::sleep(Duration::from_secs(4));
            let mut text = String::new();
            std::io::Read::read_to_string(&mut pipe, &mut text).unwrap();
            text
        }
    });
    screen.wait("the export", |screen| {
        screen.ask_for_export(&window, &target);
        let process = screen.studio.as_ref().unwrap().id();
        is_open(process, &target).then_some(())
    });
    screen.keys(&window, "ctrl+q");
    let status = screen.studio.as_mut().unwrap().wait().unwrap();
    let text = reading.join().unwrap();
    assert!(status.success(), "closed with {status}");
    assert_eq!(text.lines().filter(|line| *line == ";LAYER_CHANGE").count(), 100, "the export is whole");
    assert!(text.trim_end().ends_with("; fabbro_config = end"), "the export is whole");
}

/// Whether a process has a file open.
fn is_open(process: u32, path: &Path) -> bool {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|target| target == path)
}

/// Processor time of a process so far, in ticks of 10 ms.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Behind the name, which may hold anything: state is field 3, user and system time are fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Starts the studio where it finds no Wayland, and gives the one sentence in which it says why there is no window.
fn refusal(display: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fabbro"));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    let output = command.envs(display.map(|display| ("DISPLAY", display))).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    text
}

#[test]
fn without_a_display_it_says_so_in_one_sentence() {
    let text = refusal(None);
    for word in ["No display", "xvfb", "fabbro slice"] {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    let text = refusal(Some(":4711"));
    assert!(text.contains(":4711") && text.contains("fabbro slice"), "{text}");
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
