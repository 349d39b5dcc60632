//! What a log, its driver and its streams share.

use std::ops::Deref;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, Semaphore};

use super::budget::Budget;
use super::catch_up::CatchUps;
use super::encoding::{Encoding, Losses};
use super::failure::LogFailure;
use super::options::LogOptions;
use super::reports::{LogEvent, Reports};
use super::stats::Counters;
use crate::follow::internals::Hub;
use crate::follow::{Fault, FilterOf, Seal, Source};

/// One log.
pub(super) struct Inner<S: Source> {
    pub(super) source: S,
    pub(super) encoding: Encoding,
    pub(super) options: LogOptions,
    pub(super) hub: Hub<S::Position, FilterOf<S>>,
    pub(super) counters: Counters,
    pub(super) catch_ups: CatchUps<S::Position, FilterOf<S>>,
    pub(super) snapshot_refreshes: Semaphore,
    /// For what streams have read of the source.
    pub(super) stream_budget: Budget,
    /// For pages.
    pub(super) page_budget: Budget,
    pub(super) reports: Reports<S::Error>,
    driver: AtomicU8,
    /// Why the tail cannot read the source.
    failing: Mutex<Option<TailFailure>>,
    /// The last user has gone.
    unused: Notify,
}

/// Whether a log is read, and so whether its streams are told what is new.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogState {
    /// Its driver does not run yet.
    NotStarted,
    /// The source is asked for the first time.
    Connecting,
    /// Changes are read and handed to all streams.
    Following,
    /// The source cannot be read; it is tried again.
    Failing(TailFailure),
    /// Its driver was dropped, or has panicked: nothing new comes from this log any more.
    Stopped,
}

impl LogState {
    /// Whether the driver of the log runs. Without it, streams are silent: answer requests for them
    /// with 503.
    pub fn is_driven(&self) -> bool {
        !matches!(self, Self::NotStarted | Self::Stopped)
    }
}

/// Why the end of a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailFailure {
    /// Since when it has not been read.
    pub since: SystemTime,
    /// What the last error means: whether it passes, or somebody has to act.
    pub fault: Fault,
    /// The text of the last error and of its causes, for those who run the server.
    pub error: Arc<str>,
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
            stream_budget: Budget::new(options.unsent_bytes / 2),
            page_budget: Budget::new(options.unsent_bytes / 2),
            reports: Reports::default(),
            options,
            failing: Mutex::new(None),
            driver: AtomicU8::new(NOT_STARTED),
            unused: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> LogState {
        match self.driver.load(Ordering::Acquire) {
            NOT_STARTED => LogState::NotStarted,
            STOPPED => LogState::Stopped,
            _ => match self.failing().clone() {
                Some(failure) => LogState::Failing(failure),
                None if self.hub.head().is_none() => LogState::Connecting,
                None => LogState::Following,
            },
        }
    }

    /// The tail reads the source.
    pub(super) fn tail_follows(&self) {
        *self.failing() = None;
        self.hub.set_outage(None);
    }

    /// The tail could not read the source.
    pub(super) fn tail_failed(&self, failure: &LogFailure<S::Error>) {
        let (fault, error) = (failure.fault(), Arc::from(failure.text()));
        let mut failing = self.failing();
        let since = failing.as_ref().map_or_else(SystemTime::now, |before| before.since);
        *failing = Some(TailFailure { since, fault, error });
        drop(failing);
        self.hub.set_outage(Some(fault));
    }

    fn failing(&self) -> MutexGuard<'_, Option<TailFailure>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts records that cannot be shown, and tells the observer.
    pub(super) fn lost(&self, lost: Losses) {
        let Losses { count, topic, reason } = lost;
        if let Some(reason) = reason {
            self.counters.lost.fetch_add(count as u64, Ordering::Relaxed);
            self.reports.report(LogEvent::RecordsLost { count, topic, reason });
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
