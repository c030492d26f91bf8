//! How long work tells its stage and fraction, and how it is told to stop.
//!
//! Work receives a `&Progress`, calls [`Progress::stage`] when it begins a stage, [`Progress::advance`] as it goes and
//! [`Progress::check`] in every long loop. Whoever waits holds a clone and may read or cancel at any time, from any
//! thread. Nothing here knows what the work is.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The work was told to stop. An ordinary result, not a failure: nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("canceled")]
pub struct Canceled;

/// Where a piece of work stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The stage in words a person reads, such as `Planning walls`.
    pub stage: String,
    /// Steps of this stage that are done.
    pub done: usize,
    /// Steps of this stage in all; 0 where it is not known.
    pub total: usize,
}

impl Standing {
    /// The done part of this stage, 0 to 1; `None` where the total is not known.
    pub fn fraction(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done as f32 / self.total as f32).min(1.0))
    }
}

#[derive(Debug, Default)]
struct Shared {
    canceled: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
    /// The stages begun so far and when; the last is the current one.
    stages: Mutex<Vec<(String, Instant)>>,
}

/// A handle on running work, shared between the work and whoever waits for it. Cloning gives another handle on the same work.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

impl Progress {
    /// A handle for work that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a stage of `total` steps (0 where the number is not known).
    pub fn stage(&self, name: &str, total: usize) {
        self.stages().push((name.to_owned(), Instant::now()));
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Counts `steps` more steps of the current stage as done. May be called from many threads.
    pub fn advance(&self, steps: usize) {
        self.0.done.fetch_add(steps, Ordering::Relaxed);
    }

    /// Fails when the work was told to stop.
    pub fn check(&self) -> Result<(), Canceled> {
        if self.is_canceled() { Err(Canceled) } else { Ok(()) }
    }

    /// Tells the work to stop at its next check.
    pub fn cancel(&self) {
        self.0.canceled.store(true, Ordering::Relaxed);
    }

    /// Whether the work was told to stop.
    pub fn is_canceled(&self) -> bool {
        self.0.canceled.load(Ordering::Relaxed)
    }

    /// Where the work stands now.
    pub fn standing(&self) -> Standing {
        Standing {
            stage: self.stages().last().map(|(name, _)| name.clone()).unwrap_or_default(),
            done: self.0.done.load(Ordering::Relaxed),
            total: self.0.total.load(Ordering::Relaxed),
        }
    }

    /// How long each stage took, in the order they were begun; the last one up to now.
    pub fn timings(&self) -> Vec<(String, Duration)> {
        let stages = self.stages();
        let ends = stages.iter().skip(1).map(|(_, start)| *start).chain(std::iter::once(Instant::now()));
        stages.iter().zip(ends).map(|((name, start), end)| (name.clone(), end - *start)).collect()
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, Vec<(String, Instant)>> {
        self.0.stages.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_cancels_and_reads_the_same_work() {
        let work = Progress::new();
        let waiter = work.clone();
        work.stage("Planning walls", 4);
        work.advance(1);
        assert_eq!(waiter.standing().fraction(), Some(0.25));
        waiter.cancel();
        assert_eq!(work.check(), Err(Canceled));
    }
}
