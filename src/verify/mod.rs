//! Reads finished G-code the way a machine would and says what is wrong with it, for any slicer's file.
//!
//! Nothing reaches a machine or a node that has not passed here, so this module trusts nobody: it keeps its own machine
//! state and shares only the lexer with `gcode`, so that a mistake of the writer is not repeated by its judge. Bytes and
//! [`Limits`] go in, a [`VerifyReport`] comes out. Files are only read; what to do about a finding is the caller's.
//!
//! What counts as an error: whatever would damage the machine or surely spoil the print (material outside the build
//! volume, in the air or from a cold or overrun nozzle, heaters left on, numbers that are none). What firmware limits by
//! itself (feed of plain moves) or what a start or end sequence may well do on purpose is a warning or a note:
//!
//! - A *printing* move lays material while it moves in the plane; every other move is *plain*.
//! - The *start sequence* is all before the first layer comment, in files without such comments all before the first
//!   printing move on the plate. The *end sequence* is all behind the last printing move of a layer.
//! - In these sequences and in features called `Custom`, priming lines may leave the plate by [`PRIMING_MARGIN_MM`], and
//!   plain moves may go to wipers and parking places.
//! - Under [`Policy::Remote`] comments excuse nothing: what sequences may do, only lines of the machine's own templates
//!   may, and a move must begin on homed axes, a relative one at a place that the job told.

mod heat;
mod interpreter;
mod limits;
mod motion;
mod policy;
pub mod quality;
mod report;
#[cfg(test)]
mod tests;

pub use limits::Limits;
pub use policy::Policy;
pub use report::{Finding, Rule, RuleCount, VerifyReport, VerifyTotals};

use crate::gcode::lexer;
use crate::progress::{Canceled, Progress};
use crate::toolpath::{Role, Step, Toolpath};

/// How far beyond the plate a start sequence may lay material, mm: priming lines on the rim.
pub const PRIMING_MARGIN_MM: f64 = 10.0;

/// What is asked of a file beyond the machine's limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifyOptions {
    pub policy: Policy,
    /// Volume of the roads that the file must lay, mm³, from [`printed_volume_mm3`].
    pub expected_volume_mm3: Option<f64>,
}

/// Checks a file. Fails only when told to stop; whatever is wrong with the file is in the report.
pub fn verify(
    bytes: &[u8],
    limits: &Limits,
    options: &VerifyOptions,
    progress: &Progress,
) -> Result<VerifyReport, Canceled> {
    progress.stage("Verifying G-code", bytes.len());
    let mut machine = interpreter::Interpreter::new(bytes, limits, options.policy);
    lexer::visit_lines(bytes, progress, |number, line| machine.line(number, line))?;
    Ok(machine.finish(options.expected_volume_mm3))
}

/// Volume of a toolpath's roads in mm³, without those of start and end sequences.
pub fn printed_volume_mm3(toolpath: &Toolpath) -> f64 {
    let mut volume = 0.0;
    for step in toolpath.layers.iter().flat_map(|l| &l.steps) {
        if let Step::Extrude(road) = step
            && road.role != Role::Custom
        {
            let length: f64 = road.points.windows(2).map(|p| p[0].distance_mm(p[1])).sum();
            volume += length * f64::from(road.flow_mm3_per_mm);
        }
    }
    volume
}
