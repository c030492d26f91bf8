//! Finished G-code that may be run on a machine: only what `verify` passed becomes one.

use std::sync::Arc;

use crate::gcode::job_lines;
use crate::progress::{Canceled, Progress};
use crate::report::Severity;
use crate::verify::{Limits, Policy, VerifyOptions, VerifyReport, verify};

/// Why some G-code is no job for a machine.
#[derive(Debug, thiserror::Error)]
pub enum JobRefused {
    #[error("{name} is not safe to run on this machine: {first}")]
    Unsafe { name: String, first: String, report: Box<VerifyReport> },
    #[error("{name} holds no command at all; it is not G-code or it is empty")]
    Empty { name: String },
    #[error(
        "line {line} of {name} is longer than the {limit} bytes that this machine's firmware takes: \"{start}...\""
    )]
    LineTooLong { name: String, line: usize, limit: usize, start: String },
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

/// G-code that was verified for the machine's limits, ready to stream.
#[derive(Clone, Debug)]
pub struct Job {
    name: String,
    bytes: Arc<[u8]>,
    total_lines: usize,
}

impl Job {
    /// Verifies the bytes for a machine; a job that came from elsewhere is held to the stricter policy.
    ///
    /// Fails when verification finds an error, when a line is too long to be numbered and summed, or when there is no
    /// command.
    pub fn verified(
        name: &str,
        bytes: Arc<[u8]>,
        limits: &Limits,
        policy: Policy,
        progress: &Progress,
    ) -> Result<(Self, VerifyReport), JobRefused> {
        let options = VerifyOptions { policy, expected_volume_mm3: None };
        let report = verify(&bytes, limits, &options, progress)?;
        if let Some(first) = report.findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(JobRefused::Unsafe {
                name: name.to_owned(),
                first: first.to_string(),
                report: Box::new(report),
            });
        }
        let mut total_lines = 0;
        let limit = limits.dialect.max_command_bytes();
        for line in job_lines(&bytes) {
            total_lines += 1;
            if line.text.len() > limit {
                let start = line.text.chars().take(30).collect();
                return Err(JobRefused::LineTooLong { name: name.to_owned(), line: line.number, limit, start });
            }
        }
        if total_lines == 0 {
            return Err(JobRefused::Empty { name: name.to_owned() });
        }
        Ok((Self { name: name.to_owned(), bytes, total_lines }, report))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Commands to send, comments and blank lines left out.
    pub fn total_lines(&self) -> usize {
        self.total_lines
    }

    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}
