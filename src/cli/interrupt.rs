//! Ctrl-C: asks the work to stop instead of killing it, so that heaters go off and nothing is left half done.

use crate::progress::Progress;

/// Cancels `progress` when the person presses Ctrl-C, the terminal goes away or the system asks the program to end. Where the signals cannot be
/// watched they do what they always did: end the program.
pub(super) fn cancels(progress: &Progress) {
    let progress = progress.clone();
    let watch = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            #[cfg(unix)]
            {
                use tokio::signal::unix::{SignalKind, signal};
                let watched = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
                let [Ok(mut interrupt), Ok(mut end), Ok(mut hangup)] = watched else { return };
                tokio::select! { _ = interrupt.recv() => {}, _ = end.recv() => {}, _ = hangup.recv() => {} }
            }
            #[cfg(not(unix))]
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            progress.cancel();
        });
    };
    // Without the thread a signal simply ends the program.
    let _ = std::thread::Builder::new().name("signals".into()).spawn(watch);
}
