//! The program `fabbro`: everything it does is in the library.

use std::process::ExitCode;

/// Slicing allocates in many threads at once, at which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Fails only when a provider has been chosen already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    fabbro::cli::run(std::env::args_os(), |files| {
        fabbro::app::run(fabbro::app::Options { files, ..fabbro::app::Options::default() })
    })
}
