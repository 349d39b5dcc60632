//! What reads a log for all of its streams.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::catch_up;
use super::inner::Inner;
use super::reports::LogEvent;
use super::tail;
use crate::follow::Source;

/// Reads the changes of a log's source and hands them to all streams of the
/// [`Log`](crate::Log) that it came with: spawn its [`run`](Self::run).
///
/// A log has one driver, which runs once. As long as it does not run, when it is dropped, and when
/// `observe` panics, streams are told that the log is `unavailable`, and
/// [`Log::state`](crate::Log::state) says so.
#[must_use = "the streams of a log are silent unless its driver runs"]
pub struct LogDriver<S: Source>(Arc<Inner<S>>);

impl<S: Source> LogDriver<S> {
    pub(super) fn new(inner: Arc<Inner<S>>) -> Self {
        Self(inner)
    }

    /// Counts as running from now on.
    pub(super) fn start(&self) {
        self.0.start();
    }

    /// Reads the log until the last [`Log`](crate::Log) and the last stream of it are gone,
    /// whatever happens to the source, and tells `observe` of that: of every failure, also of those
    /// that only streams met. [`Log::stats`](crate::Log::stats) counts them.
    ///
    /// ```
    /// use gapless_sse_core::follow::Seal;
    /// use gapless_sse_core::{Channel, Event, Log, LogEvent, LogOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let lines = Channel::<Event>::new(1_000);
    /// let (log, driver) = Log::new(lines, Seal::random(), LogOptions::default());
    /// let driver = tokio::spawn(driver.run(|event| match event {
    ///     LogEvent::Open => println!("following"),
    ///     LogEvent::TailFailed(error, wait) => println!("{error}; again in {wait:?}"),
    ///     event => println!("{event:?}"),
    /// }));
    /// drop(log);
    /// driver.await.unwrap();
    /// # }
    /// ```
    pub async fn run(self, observe: impl FnMut(LogEvent<S::Error>) + Send) {
        self.start();
        let log = &self.0;
        // In tasks of their own, which end with this.
        let mut catch_ups = JoinSet::new();
        for catch_up in [&log.catch_ups.recent, &log.catch_ups.old] {
            catch_ups.spawn(catch_up::run(Arc::clone(catch_up), Arc::clone(log)));
        }
        tokio::select! {
            () = log.unused() => {}
            never = log.reports.tell(observe) => match never {},
            never = tail::run(log) => match never {},
            Some(Err(ended)) = catch_ups.join_next() => {
                if ended.is_panic() {
                    resume_unwind(ended.into_panic());
                }
            }
        }
    }
}

impl<S: Source> Drop for LogDriver<S> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<S: Source> fmt::Debug for LogDriver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogDriver").field("state", &self.0.state()).finish_non_exhaustive()
    }
}
