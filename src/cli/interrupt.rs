//! Ctrl-C: asks the work to stop instead of killing it, so that heaters go off and nothing is left half done.

use super::Failure;
use crate::progress::Progress;

/// Work that a person can stop with Ctrl-C: its progress is canceled then, and the work ends with nothing half written.
/// A second Ctrl-C ends the program at once, for work that takes long to notice.
pub(super) fn stoppable() -> Progress {
    let progress = Progress::new();
    let canceled = progress.clone();
    watch(move |times| match times {
        1 => canceled.cancel(),
        // As a shell reports a program that the signal has ended.
        _ => std::process::exit(130),
    });
    progress
}

/// What a command says that was stopped.
pub(super) fn stopped() -> Failure {
    Failure::CouldNot("canceled; nothing was written".into())
}

/// Cancels `progress` when the person presses Ctrl-C, the terminal goes away or the system asks the program to end;
/// pressing it again changes nothing, since a machine still has to be switched off.
pub(super) fn cancels(progress: &Progress) {
    let progress = progress.clone();
    watch(move |_| progress.cancel());
}

/// Calls `heard` at each signal, with how many there were; returns when signals are watched. Where they cannot be watched
/// they do what they always did: end the program. A signal that whoever started the program wants ignored (`nohup`) stays
/// ignored.
fn watch(heard: impl Fn(u32) + Send + 'static) {
    let (watching, ready) = std::sync::mpsc::channel::<()>();
    let watch = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            #[cfg(unix)]
            {
                use tokio::signal::unix::{Signal, SignalKind, signal};
                let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
                let [mut interrupt, mut end, mut hangup] =
                    kinds.map(|kind| if is_ignored(kind.as_raw_value()) { None } else { signal(kind).ok() });
                drop(watching);
                async fn next(signal: &mut Option<Signal>) {
                    match signal {
                        Some(signal) => drop(signal.recv().await),
                        None => std::future::pending().await,
                    }
                }
                for times in 1.. {
                    tokio::select! { () = next(&mut interrupt) => {}, () = next(&mut end) => {}, () = next(&mut hangup) => {} }
                    heard(times);
                }
            }
            #[cfg(not(unix))]
            {
                drop(watching);
                for times in 1.. {
                    if tokio::signal::ctrl_c().await.is_err() {
                        return;
                    }
                    heard(times);
                }
            }
        });
    };
    // Without the thread a signal simply ends the program.
    if std::thread::Builder::new().name("signals".into()).spawn(watch).is_ok() {
        // Nothing is ever sent: the other end goes away when signals are watched, or cannot be.
        let _ = ready.recv();
    }
}

/// Whether the program was started with a signal ignored.
#[cfg(unix)]
fn is_ignored(signal: std::ffi::c_int) -> bool {
    // SAFETY: all zeros are a valid `sigaction`, and the call only writes the present one into it.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}
