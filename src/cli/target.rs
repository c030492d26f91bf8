//! Which machine a G-code file is for, and what it can do.

use std::path::Path;
use std::sync::Arc;

use super::{Failure, read, tell_all, usage};
use crate::gcode::{FileMetadata, read_metadata, unescape};
use crate::machine::Job;
use crate::progress::Progress;
use crate::settings::{LayeredSettings, Library, PresetKind, Settings};
use crate::verify::{Limits, Policy};

/// A machine of the library.
pub(super) struct Target {
    /// As people call it.
    pub name: String,
    pub settings: Arc<Settings>,
    pub limits: Limits,
}

/// A machine by its name.
pub(super) fn of_machine(name: &str) -> Result<Target, Failure> {
    let (library, notices) = Library::load();
    tell_all(&notices);
    let mut layered = LayeredSettings::new();
    let preset = library.apply(&mut layered, PresetKind::Machine, name).map_err(usage)?;
    let settings = layered.resolve()?.settings;
    let limits = Limits::from(settings.as_ref());
    Ok(Target { name: preset.name().to_owned(), settings, limits })
}

/// The machine that was named, or that the file names, with the filament that the file was made for.
pub(super) fn of_file(named: Option<&str>, metadata: &FileMetadata) -> Result<Target, Failure> {
    let own = metadata.setting("printer_model").map(unescape).filter(|_| metadata.is_ours());
    let Some(name) = named.map(str::to_owned).or(own) else {
        return Err(Failure::Usage(
            "the file does not say which machine it is for; name it with --machine (`fabbro machines` lists them)"
                .into(),
        ));
    };
    let mut target = of_machine(&name)?;
    if let Some(diameter) = metadata.setting_number("filament_diameter").filter(|d| (0.1..10.0).contains(d)) {
        target.limits.filament_diameter_mm = diameter;
    }
    Ok(target)
}

/// The job of a file, verified for the machine that was named or that the file names.
pub(super) fn job_of_file(file: &Path, named: Option<&str>, progress: &Progress) -> Result<(Job, Target), Failure> {
    let bytes = read(file)?;
    let target = of_file(named, &read_metadata(&bytes))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (job, _) = Job::verified(&name, bytes.into(), &target.limits, Policy::Own, progress)?;
    Ok((job, target))
}
