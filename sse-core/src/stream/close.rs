//! What is known of a stream when it is over.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::item::BoxError;

/// What a stream was, once it is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct Closed {
    /// Why it is over.
    pub reason: CloseReason,
    /// How long it was open.
    pub duration: Duration,
    /// How many events went into it, without heartbeats.
    pub events: u64,
    /// How many bytes were passed on to the connection.
    pub bytes: u64,
    /// The error of its events, if that is the reason.
    pub error: Option<BoxError>,
}

/// Why a stream is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// Its events ended: the log is draining, say.
    Ended,
    /// Its lifetime was over.
    Lifetime,
    /// It was stopped: [`EventStream::stop_when`](crate::EventStream::stop_when).
    Stopped,
    /// It was dropped: the client has left, or was cut off.
    Dropped,
    /// Its events failed; [`Closed::error`] says how.
    Failed,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: &[Self] =
        &[Self::Ended, Self::Lifetime, Self::Stopped, Self::Dropped, Self::Failed];

    /// The reason as metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Lifetime => "lifetime",
            Self::Stopped => "stopped",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
        }
    }
}

type Hook = Box<dyn FnOnce(Closed) + Send + Sync>;

/// Counts, and tells its hook when the stream is over, however that comes.
pub(super) struct StreamStats {
    opened: Instant,
    events: u64,
    bytes: u64,
    hook: Option<Hook>,
    error: Option<BoxError>,
}

impl StreamStats {
    pub(super) fn new(hook: Hook) -> Self {
        Self { opened: Instant::now(), events: 0, bytes: 0, hook: Some(hook), error: None }
    }

    /// Has another hook told; the one before is not.
    pub(super) fn replace(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    pub(super) fn events(&mut self, events: u32) {
        self.events += u64::from(events);
    }

    pub(super) fn bytes(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn fail(&mut self, error: BoxError) {
        self.error = Some(error);
    }

    /// It is over; only the first reason counts.
    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Some(hook) = self.hook.take() {
            let Self { events, bytes, .. } = *self;
            let (duration, error) = (self.opened.elapsed(), self.error.take());
            hook(Closed { reason, duration, events, bytes, error });
        }
    }
}

impl Drop for StreamStats {
    fn drop(&mut self) {
        self.close(CloseReason::Dropped);
    }
}

impl fmt::Debug for StreamStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, bytes, .. } = self;
        f.debug_struct("StreamStats").field("events", events).field("bytes", bytes).finish()
    }
}
