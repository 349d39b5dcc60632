//! What a log, its driver and its streams share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::{Notify, Semaphore};

use super::catch_up::CatchUps;
use super::encoding::Encoding;
use super::options::LogOptions;
use super::stats::Counters;
use crate::follow::internals::Hub;
use crate::follow::{FilterOf, Seal, Source};

/// One log.
pub(super) struct Inner<S: Source> {
    pub(super) source: S,
    pub(super) encoding: Encoding,
    pub(super) options: LogOptions,
    pub(super) hub: Hub<S::Position, FilterOf<S>>,
    pub(super) counters: Counters,
    pub(super) catch_ups: CatchUps<S::Position, FilterOf<S>>,
    pub(super) snapshot_refreshes: Semaphore,
    driver: AtomicU8,
    /// The last user has gone.
    unused: Notify,
}

/// Whether a log is read, and so whether its streams are told what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogState {
    /// Its driver does not run yet.
    NotStarted,
    /// The source is asked for the first time.
    Connecting,
    /// Changes are read and handed to all streams.
    Following,
    /// The source cannot be read at the moment; it is tried again.
    Unavailable,
    /// Its driver was dropped, or has panicked: nothing new comes from this log any more.
    Stopped,
}

impl LogState {
    /// Whether the driver of the log runs. Without it, streams are silent: answer requests for them
    /// with 503.
    pub fn is_driven(self) -> bool {
        !matches!(self, Self::NotStarted | Self::Stopped)
    }
}

const NOT_STARTED: u8 = 0;
const RUNNING: u8 = 1;
const STOPPED: u8 = 2;

impl<S: Source> Inner<S> {
    pub(super) fn new(source: S, seal: Seal, options: LogOptions) -> Self {
        Self {
            source,
            encoding: Encoding { seal, record_ids: options.record_ids },
            hub: Hub::new(options.ring_bytes),
            counters: Counters::default(),
            catch_ups: CatchUps::new(options.catch_up_bytes),
            snapshot_refreshes: Semaphore::new(options.max_snapshot_refreshes.max(1)),
            options,
            driver: AtomicU8::new(NOT_STARTED),
            unused: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> LogState {
        match self.driver.load(Ordering::Acquire) {
            NOT_STARTED => LogState::NotStarted,
            STOPPED => LogState::Stopped,
            _ if self.hub.is_outage() => LogState::Unavailable,
            _ if self.hub.head().is_none() => LogState::Connecting,
            _ => LogState::Following,
        }
    }

    /// The driver runs.
    pub(super) fn start(&self) {
        self.driver.store(RUNNING, Ordering::Release);
    }

    /// The driver is gone, for whatever reason.
    pub(super) fn stop(&self) {
        self.driver.store(STOPPED, Ordering::Release);
        self.hub.stop();
    }

    /// Waits until nobody uses the log any more.
    pub(super) async fn unused(&self) {
        self.unused.notified().await;
    }
}

/// One log as its users hold it, which are its streams and the application: its driver ends when
/// the last of them has gone.
pub(super) struct InUse<S: Source>(Arc<Inner<S>>);

impl<S: Source> InUse<S> {
    /// The part of the driver, and that of all users.
    pub(super) fn new(inner: Inner<S>) -> (Arc<Inner<S>>, Arc<Self>) {
        let inner = Arc::new(inner);
        (Arc::clone(&inner), Arc::new(Self(inner)))
    }
}

impl<S: Source> Deref for InUse<S> {
    type Target = Inner<S>;

    fn deref(&self) -> &Inner<S> {
        &self.0
    }
}

impl<S: Source> Drop for InUse<S> {
    fn drop(&mut self) {
        self.0.unused.notify_one();
    }
}
