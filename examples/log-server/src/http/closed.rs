//! What streams were, once they are over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gapless_sse_core::{CloseReason, Closed};

/// Counts the streams that are over, and what went through them.
#[derive(Clone, Debug, Default)]
pub struct ClosedStreams(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    by_reason: [AtomicU64; CloseReason::ALL.len()],
    events: AtomicU64,
    bytes: AtomicU64,
}

impl ClosedStreams {
    /// One more is over.
    pub(super) fn count(&self, closed: &Closed) {
        let Counters { by_reason, events, bytes } = &*self.0;
        let reason = CloseReason::ALL.iter().position(|reason| *reason == closed.reason);
        if let Some(count) = reason.and_then(|at| by_reason.get(at)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        events.fetch_add(closed.events, Ordering::Relaxed);
        bytes.fetch_add(closed.bytes, Ordering::Relaxed);
    }

    /// How many there were, by reason.
    pub(super) fn by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.by_reason.iter().map(|count| count.load(Ordering::Relaxed));
        CloseReason::ALL.iter().map(|reason| reason.as_str()).zip(counts)
    }

    /// How many events and bytes went through them.
    pub(super) fn events_and_bytes(&self) -> (u64, u64) {
        (self.0.events.load(Ordering::Relaxed), self.0.bytes.load(Ordering::Relaxed))
    }
}
