//! `fabbro machines`.

use super::Failure;
pub use super::presets::Args;
use crate::settings::PresetKind;

pub fn run(args: Args) -> Result<(), Failure> {
    super::presets::run(PresetKind::Machine, args)
}
