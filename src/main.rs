//! The program `fabbro`: everything it does is in the library.

use std::process::ExitCode;

/// Slicing allocates in many threads at once, at which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of the option for how long freed memory is kept, in mimalloc.h of version 2 and 3 alike.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    // SAFETY: no other thread runs yet, as the function asks. Freed memory goes back at once: on a laptop that matters
    // more than the little time it costs, and slicing then needs half the memory.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 10) };
    // SAFETY: the call takes four numbers and changes nothing but this process. The kernel would clear pages of 2 MB for
    // buffers that need a few kB: a quarter of the time and of the memory of a slice. Where it cannot, that is all.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
    // SAFETY: as above. Where the variable is missing, graphics libraries complain of it at every picture, though nothing
    // here needs it: they look for a Wayland desktop, and take any answer. This is where systemd puts the folder.
    #[cfg(target_os = "linux")]
    if !std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| std::path::Path::new(&folder).is_absolute()) {
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", format!("/run/user/{}", libc::getuid())) };
    }
    // Fails only when a provider has been chosen already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    fabbro::cli::run(std::env::args_os(), |files| {
        fabbro::app::run(fabbro::app::Options { files, ..fabbro::app::Options::default() })
    })
}
