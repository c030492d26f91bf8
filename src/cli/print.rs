//! `fabbro print FILE --port PORT`: verifies a job and streams it to the machine on a serial port.

use std::path::PathBuf;
use std::time::Duration;

use super::{Failure, StatusLine, interrupt, read, target, tell};
use crate::gcode::read_metadata;
use crate::machine::{Command, Job, Session, SessionOptions, State};
use crate::progress::Progress;
use crate::verify::Policy;

#[derive(clap::Args)]
pub struct Args {
    /// G-code of any slicer
    file: PathBuf,
    /// Serial port of the machine, such as /dev/ttyUSB0
    #[arg(long)]
    port: String,
    /// Baud rate; the machine's own where the file or --machine names one, else 115200
    #[arg(long)]
    baud: Option<u32>,
    /// Machine whose limits the job must keep; taken from the header of our own files
    #[arg(long)]
    machine: Option<String>,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let bytes = read(&args.file)?;
    let target = target::of_file(args.machine.as_deref(), &read_metadata(&bytes))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let progress = Progress::new();
    interrupt::cancels(&progress);
    let (job, _) = Job::verified(&name, bytes.into(), &target.limits, Policy::Own, &progress)?;
    let session = Session::open(
        &args.port,
        args.baud.unwrap_or(target.settings.baud_rate),
        SessionOptions::default(),
        || {},
    )?;
    let mut line = StatusLine::new();
    let mut job = Some(job);
    let mut canceling = false;
    loop {
        std::thread::sleep(Duration::from_millis(50));
        if progress.is_canceled() && !canceling {
            canceling = true;
            line.end();
            tell("canceling: waiting for the machine to take its last line");
            session.send(if job.is_some() { Command::Close } else { Command::Cancel });
        }
        let status = session.status().clone();
        match status.state {
            State::Idle => {
                if let Some(job) = job.take() {
                    session.send(Command::Start(job));
                } else if let Some((ended, finished)) = status.job.as_ref().and_then(|job| job.ended) {
                    line.end();
                    if !finished {
                        return Err(Failure::CouldNot(format!("{name} was canceled; heaters and motors are off")));
                    }
                    let started = status.job.as_ref().map_or(ended, |job| job.started);
                    let seconds = ended.duration_since(started).as_secs_f64();
                    tell(format_args!("printed {name} in {seconds:.0} s; {} lines had to be sent again", status.resent));
                    return Ok(());
                }
            }
            State::Closed => {
                line.end();
                return Err(match status.error {
                    Some(error) => error.into(),
                    None => Failure::CouldNot(format!("{name} was canceled before it began")),
                });
            }
            _ => {}
        }
        if let Some(running) = &status.job {
            let t = status.temperatures;
            let heater = |heater: Option<crate::machine::reply::Heater>| {
                heater.map_or("-".into(), |h| format!("{:.0}/{:.0}", h.actual_c, h.target_c))
            };
            line.show(&format!(
                "{} of {} lines · nozzle {} °C · bed {} °C",
                running.sent_lines,
                running.total_lines,
                heater(t.nozzle),
                heater(t.bed)
            ));
        }
    }
}
