//! What reads a log for all of its streams.

use std::fmt;
use std::sync::Arc;

use super::catch_up;
use super::inner::Inner;
use super::tail::{self, TailEvent};
use crate::follow::Source;

/// Reads the changes of a log's source and hands them to all streams of the
/// [`Log`](crate::Log) that it came with: spawn its [`run`](Self::run).
///
/// A log has one driver, which runs once. As long as it does not run, when it is dropped, and when
/// it panics, streams are told that the log is `unavailable`, and
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
    /// whatever happens to the source, and tells `observe` of that.
    pub async fn run(self, observe: impl FnMut(TailEvent<'_, S::Error>) + Send) {
        self.start();
        let Inner { source, encoding, hub, catch_ups, .. } = &*self.0;
        tokio::select! {
            () = self.0.unused() => {}
            never = tail::run(&self.0, observe) => match never {},
            never = catch_up::run(&catch_ups.recent, source, encoding, hub) => match never {},
            never = catch_up::run(&catch_ups.old, source, encoding, hub) => match never {},
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
