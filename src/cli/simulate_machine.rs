//! `fabbro simulate-machine`: a machine without hardware, for tests and classrooms.

use std::fs::File;
use std::io::{LineWriter, Write};
use std::path::PathBuf;

use super::{Failure, interrupt, print, tell, usage};
use crate::machine::pty::Terminal;
use crate::machine::simulator::{Faults, Simulator};
use crate::progress::Progress;

#[derive(clap::Args)]
pub struct Args {
    /// Make a symbolic link to the machine's port here
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// Write every command that the machine executes to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// How many times faster than a clock it heats and moves
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", conflicts_with = "instant")]
    speed: f64,
    /// Heating and moving take no time at all
    #[arg(long)]
    instant: bool,
    /// Share of lines damaged on the way, in percent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    corrupt: f64,
    /// Share of lines lost on the way, in percent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    lose_line: f64,
    /// Share of acknowledgements lost on the way back, in percent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    lose_ok: f64,
    /// Share of lines answered by a storm of "busy" first, in percent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    busy_storm: f64,
    /// Restart, as after a power dip, when this many lines were executed
    #[arg(long, value_name = "LINES")]
    restart_after: Option<u64>,
    /// Fall silent when this many lines were executed
    #[arg(long, value_name = "LINES")]
    mute_after: Option<u64>,
    /// Chooses which lines the faults hit
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(args: Args) -> Result<(), Failure> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(usage("--speed must be greater than 0; use --instant for no waiting at all"));
    }
    let share = |percent: f64, name: &str| {
        if (0.0..=100.0).contains(&percent) {
            Ok(percent / 100.0)
        } else {
            Err(usage(format!("--{name} is a share in percent, from 0 to 100")))
        }
    };
    let faults = Faults {
        corrupt: share(args.corrupt, "corrupt")?,
        lose_line: share(args.lose_line, "lose-line")?,
        lose_ok: share(args.lose_ok, "lose-ok")?,
        busy_storm: share(args.busy_storm, "busy-storm")?,
        damage_resend: 0.0,
        restart_after: args.restart_after,
        mute_after: args.mute_after,
        seed: args.seed,
    };
    let mut log = match &args.log {
        Some(path) => Some(LineWriter::new(File::create(path).map_err(|error| {
            Failure::CouldNot(format!("cannot write the log {}: {error}", path.display()))
        })?)),
        None => None,
    };
    let mut terminal = Terminal::open(args.link.as_deref()).map_err(|error| match &args.link {
        Some(link) => Failure::CouldNot(format!("cannot make the port {}: {error}", link.display())),
        None => Failure::CouldNot(format!("cannot make a pseudo-terminal: {error}")),
    })?;
    let progress = Progress::new();
    interrupt::cancels(&progress);
    let path = args.link.as_deref().unwrap_or(terminal.path());
    print(&format!("{}\n", path.display()))?;
    tell("A simulated machine listens there; Ctrl-C switches it off.");
    let mut machine = Simulator::new(faults, args.instant);
    terminal.serve(&mut machine, args.speed, &progress, &mut |line| match &mut log {
        Some(log) => writeln!(log, "{line}"),
        None => Ok(()),
    })?;
    Ok(())
}
