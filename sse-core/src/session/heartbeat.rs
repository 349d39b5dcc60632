//! When the next heartbeat of a stream is due.

use std::time::{Duration, Instant};

/// Says when a stream has been idle for so long that it must show that it is alive.
///
/// A write costs one store of a time; the timer is armed again only when it fires, by asking
/// [`due_in`](Self::due_in).
///
/// ```
/// use std::time::{Duration, Instant};
/// use gapless_sse_core::Heartbeat;
///
/// let start = Instant::now();
/// let mut heartbeat = Heartbeat::new(Duration::from_secs(25), start);
/// heartbeat.wrote(start + Duration::from_secs(10));
/// assert_eq!(heartbeat.due_in(start + Duration::from_secs(25)), Some(Duration::from_secs(10)));
/// assert_eq!(heartbeat.due_in(start + Duration::from_secs(35)), None);
/// ```
#[derive(Clone, Debug)]
pub struct Heartbeat {
    interval: Duration,
    last_write: Instant,
}

impl Heartbeat {
    /// Proxies commonly end a connection that was silent for 30 or 60 seconds.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(25);

    /// A heartbeat after `interval` without a write.
    pub fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, last_write: now }
    }

    /// Something was written.
    pub fn wrote(&mut self, now: Instant) {
        self.last_write = now;
    }

    /// How long until a heartbeat is due, or `None` when it is due now.
    pub fn due_in(&self, now: Instant) -> Option<Duration> {
        let idle = now.saturating_duration_since(self.last_write);
        self.interval.checked_sub(idle).filter(|left| !left.is_zero())
    }
}
