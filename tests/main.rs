//! Every integration test, in one binary (linking is what costs), one file a subject.

mod architecture;
mod cli;
mod edits;
mod fuzz;
mod machine;
mod machines;
mod nasty;
mod node;
mod octoprint;
mod preview;
mod sample_models;
mod studio;
mod studio_window;

/// Lets a program hear Ctrl-C, also where whoever runs the tests does not want it heard: a shell starts what it runs in the
/// background with it ignored, and that is inherited.
#[cfg(unix)]
fn hears_ctrl_c(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only this one call is made, which is allowed there.
    unsafe {
        command.pre_exec(|| match libc::signal(libc::SIGINT, libc::SIG_DFL) {
            libc::SIG_ERR => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
}
