//! `fabbro print FILE --port PORT`: verifies a job and streams it to the machine on a serial port.

use std::path::PathBuf;

use super::serial::{Complaints, LOOK, connect};
use super::{Failure, StatusLine, interrupt, target, tell};
use crate::machine::reply::Heater;
use crate::machine::{Command, JobStatus, State, Status};
use crate::progress::Progress;
use crate::report::count;

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
    let progress = Progress::new();
    interrupt::cancels(&progress);
    let (job, target) = target::job_of_file(&args.file, args.machine.as_deref(), &progress)?;
    let name = job.name().to_owned();
    let session = connect(&args.port, args.baud.unwrap_or(target.settings.baud_rate), &progress)?;
    session.send(Command::Start(job));
    let mut line = StatusLine::new();
    let mut complaints = Complaints::default();
    let mut canceling = false;
    loop {
        std::thread::sleep(LOOK);
        if progress.is_canceled() && !canceling {
            canceling = true;
            line.end();
            tell("canceling: waiting for the machine to take its last line");
            session.send(Command::Cancel);
        }
        if let Some(complaint) = complaints.next(&session) {
            line.end();
            tell(format_args!("fabbro: {complaint}"));
        }
        let status = session.status().clone();
        if status.state == State::Closed {
            line.end();
            return Err(status.error.map_or_else(|| Failure::CouldNot("the machine is gone".into()), Failure::from));
        }
        // Until the session has taken the job up there is none.
        let Some(job) = &status.job else { continue };
        // A job that broke off ends a moment before the connection does, whose error says why.
        match job.ended.filter(|_| status.state == State::Idle) {
            None => line.show(&standing(job, &status)),
            Some((_, false)) => {
                line.end();
                return Err(Failure::CouldNot(format!("{name} was canceled; heaters and motors are off")));
            }
            Some((ended, true)) => {
                line.end();
                let seconds = ended.duration_since(job.started).as_secs_f64();
                let again = count(status.resent as usize, "lines");
                tell(format_args!("printed {name} in {seconds:.0} s; {again} had to be sent again"));
                return Ok(());
            }
        }
    }
}

/// How far the job is, and how hot the machine.
fn standing(job: &JobStatus, status: &Status) -> String {
    let heater = |heater: Option<Heater>| heater.map_or("-".into(), |h| format!("{:.0}/{:.0}", h.actual_c, h.target_c));
    let (nozzle, bed) = (heater(status.temperatures.nozzle), heater(status.temperatures.bed));
    format!("{} of {} lines · nozzle {nozzle} °C · bed {bed} °C", job.sent_lines, job.total_lines)
}
