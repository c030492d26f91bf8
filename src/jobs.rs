//! Background work: spawn, cancel, replace, poll. What the work is, is not known here.
//!
//! One [`Job`] holds at most one piece of running work. Starting new work cancels the old and forgets its result: the
//! newest request wins. The result is taken by polling, so whoever draws the window never waits.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::progress::{Progress, Standing};

/// A slot for one piece of background work that ends in a `T`.
pub struct Job<T> {
    running: Option<(Progress, Receiver<T>)>,
}

impl<T> Default for Job<T> {
    fn default() -> Self {
        Self { running: None }
    }
}

impl<T: Send + 'static> Job<T> {
    /// Runs `work` on a thread of its own, after cancelling what ran before. `wake` is called when the work ended.
    ///
    /// Fails when the system cannot start a thread.
    pub fn start(
        &mut self,
        name: &str,
        wake: impl FnOnce() + Send + 'static,
        work: impl FnOnce(&Progress) -> T + Send + 'static,
    ) -> std::io::Result<()> {
        self.cancel();
        let progress = Progress::new();
        let handle = progress.clone();
        let (sender, receiver) = channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Nobody listens any more when newer work has replaced this one.
            let _ = sender.send(work(&handle));
            wake();
        })?;
        self.running = Some((progress, receiver));
        Ok(())
    }

    /// Tells the work to stop and forgets its result.
    pub fn cancel(&mut self) {
        if let Some((progress, _)) = self.running.take() {
            progress.cancel();
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Where the running work stands.
    pub fn standing(&self) -> Option<Standing> {
        self.running.as_ref().map(|(progress, _)| progress.standing())
    }

    /// The result, once, when the work has ended since the last call. Work that panicked ends without a result.
    pub fn poll(&mut self) -> Option<T> {
        let (_, receiver) = self.running.as_ref()?;
        match receiver.try_recv() {
            Ok(result) => {
                self.running = None;
                Some(result)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.running = None;
                None
            }
        }
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        if let Some((progress, _)) = &self.running {
            progress.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_work_wins_and_the_old_is_told_to_stop() {
        let (told, heard) = channel();
        let mut job = Job::default();
        job.start(
            "old",
            || {},
            move |progress| {
                while !progress.is_canceled() {
                    std::thread::yield_now();
                }
                told.send(()).unwrap();
                1
            },
        )
        .unwrap();
        job.start("new", || {}, |_| 2).unwrap();
        heard.recv().unwrap();
        let result = loop {
            if let Some(result) = job.poll() {
                break result;
            }
            std::thread::yield_now();
        };
        assert_eq!(result, 2);
        assert!(!job.is_running());
    }
}
