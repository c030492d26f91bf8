//! The command line: one file a subcommand, each with its arguments and one `run`.
//!
//! Messages go to standard error, results to standard output. The program ends with 0 when it did what was asked, with
//! 1 when it could not, with 2 when it was asked wrongly. Output files appear whole or not at all ([`save_whole`]).
//! Nothing is done here that the window could not do by the same calls.
//!
//! A new subcommand is a file with `pub struct Args` and `pub fn run(args: Args) -> Result<(), Failure>`, and one line
//! in the list of `commands!` below.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

mod interrupt;
mod serial;
mod status_line;
mod target;

use status_line::StatusLine;

use crate::report::{Notice, Severity};
use crate::settings::nearest;

/// Makes the list of subcommands: help text, module, and the variant after which the subcommand is named.
macro_rules! commands {
    ($( $(#[$doc:meta])* $module:ident as $name:ident, )*) => {
        $( mod $module; )*

        #[derive(Subcommand)]
        enum Command { $( $(#[$doc])* $name($module::Args), )* }

        impl Command {
            fn run(self) -> Result<(), Failure> {
                match self { $( Command::$name(args) => $module::run(args), )* }
            }
        }
    };
}

mod chosen;
mod presets;
mod progress_line;

commands! {
    /// Say what is in model files
    info as Info,
    /// List the machines, or show one
    machines as Machines,
    /// List the materials, or show one
    materials as Materials,
    /// Take jobs from paired computers for the machine that stands here
    node as Node,
    /// Draw a G-code file or a model as a picture, without a window
    preview as Preview,
    /// Run a job on the machine at a serial port
    print as Print,
    /// List the recipes, or show one
    recipes as Recipes,
    /// Send a job to a node or to OctoPrint, and follow it
    send as Send,
    /// List every setting, or explain one
    settings as Settings,
    /// Be a machine without hardware, for tests and classrooms
    simulate_machine as SimulateMachine,
    /// Turn models into a file for a machine
    slice as Slice,
    /// Check a G-code file, of any slicer, against a machine's limits
    verify as Verify,
}

/// Fabbro turns a model into motion and sends it to any machine.
///
/// Without a command it opens the studio.
#[derive(Parser)]
#[command(name = "fabbro", version, args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    /// Open these models or G-code files in the studio
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The same, for desktops that start programs with an option
    #[arg(long, num_args = 1.., value_name = "FILE")]
    open: Vec<PathBuf>,
}

impl Program {
    /// What the studio is to open. Fails at a word that is no file and may be meant for a command.
    fn opened(self) -> Result<Vec<PathBuf>, Failure> {
        if let Some(word) = self.files.iter().find(|file| !file.exists() && file.extension().is_none()) {
            let word = word.display().to_string();
            let program = Program::command();
            let guess = nearest(&word, program.get_subcommands().map(|command| command.get_name()));
            let guess = guess.map_or(String::new(), |command| format!("; did you mean `fabbro {command}`?"));
            return Err(usage(format!(
                "`{word}` is neither a command nor a file{guess} `fabbro --help` lists the commands"
            )));
        }
        Ok(self.files.into_iter().chain(self.open).collect())
    }
}

/// Why a subcommand did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// It was asked wrongly: exit status 2.
    Usage(String),
    /// It could not be done: exit status 1.
    CouldNot(String),
    /// Whoever read the output has gone (`fabbro … | head`), which is nobody's mistake: exit status 0.
    ReaderGone,
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let io = (&error as &(dyn std::error::Error + 'static)).downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
            return Failure::ReaderGone;
        }
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let words = cause.to_string();
            // Many errors repeat their cause in their own text.
            if !text.contains(&words) {
                text = format!("{text}: {words}");
            }
            source = cause.source();
        }
        Failure::CouldNot(text)
    }
}

/// For `map_err`: the person asked for something that cannot be.
fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

/// Runs the program with the arguments of its command line, its own name first. Where they name no subcommand, `studio`
/// is called with the files to open; the window is not known here.
pub fn run<E: std::error::Error + 'static>(
    args: impl IntoIterator<Item = OsString>,
    studio: impl FnOnce(Vec<PathBuf>) -> Result<(), E>,
) -> ExitCode {
    let program = match Program::try_parse_from(args) {
        Ok(program) => program,
        Err(error) => {
            // Help and version are results, everything else is a message; clap knows which stream is right.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match program.command {
        Some(command) => command.run(),
        None => program.opened().and_then(|files| studio(files).map_err(Failure::from)),
    };
    let (text, status) = match done {
        Ok(()) | Err(Failure::ReaderGone) => return ExitCode::SUCCESS,
        Err(Failure::CouldNot(text)) => (text, 1),
        Err(Failure::Usage(text)) => (text, 2),
    };
    tell(format_args!("fabbro: {text}"));
    ExitCode::from(status)
}

/// Refuses to write a result over a file that it is made from, by whatever name.
fn keep_inputs(output: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    let Ok(real) = output.canonicalize() else { return Ok(()) };
    if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == real)) {
        return Err(Failure::Usage(format!("{} is what is read; name another file to write", output.display())));
    }
    Ok(())
}

/// Fails where a file can certainly not be written, before the work for it is done.
fn can_be_written(output: &Path) -> Result<(), Failure> {
    let cannot = |why: String| Err(Failure::CouldNot(format!("cannot save {}: {why}", output.display())));
    if output.is_dir() {
        return cannot("it is a folder; name a file in it".into());
    }
    match output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.exists() => cannot(format!("there is no folder {}", folder.display())),
        Some(folder) if !folder.is_dir() => cannot(format!("{} is no folder", folder.display())),
        _ => Ok(()),
    }
}

/// Reads a file that the person named.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::CouldNot(format!("cannot read {}: {error}", path.display())))
}

/// Writes a result to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::CouldNot(format!("cannot write to standard output: {error}")),
    })
}

/// Writes a result to standard output as JSON, with a line break at its end.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Writes a message to standard error.
fn tell(text: impl std::fmt::Display) {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes notices to standard error, one a line, each with how much it matters.
fn tell_all(notices: &[Notice]) {
    for notice in notices {
        let word = match notice.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        tell(format_args!("{word}: {notice}"));
    }
}

/// Saves a file so that it appears whole or not at all.
///
/// Fails when the folder does not exist or cannot be written to.
fn save_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Ok(crate::pipeline::save_whole(path, bytes)?)
}
