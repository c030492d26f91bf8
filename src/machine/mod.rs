//! A machine on a wire: transport, protocol, the session thread that owns the port, and a simulated machine.
//!
//! A [`Session`] owns the port on a thread of its own; whoever holds it sends [`Command`]s and reads a [`Status`], and
//! never waits. The protocol is an [`engine`] without input or output (lines and the time go in, actions come out), so
//! that every trap of real firmware is a table test; [`reply`] reads what firmware says. The [`simulator`] speaks the
//! same protocol from the other end and can misbehave on request; [`pty`] puts it behind a pseudo-terminal.
//!
//! A [`Job`] can only be made of G-code that [`crate::verify`] has passed for the machine. What planned the job, and
//! the window that shows it, are not known here.

pub mod engine;
mod framing;
mod job;
mod patience;
pub mod port;
#[cfg(unix)]
pub mod pty;
pub mod reply;
mod session;
pub mod simulator;

pub use job::{Job, JobRefused};
pub use session::{
    Command, ConsoleLine, Direction, JobStatus, MachineError, NotUnderstood, Session, SessionOptions, State, Status,
};
