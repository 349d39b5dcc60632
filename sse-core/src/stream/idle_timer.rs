//! A heartbeat and a lifetime, and the deadline that they need.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::deadlines::Deadline;
use super::moment::Moment;
use super::random::random;
use crate::session::Lifetime;

/// An interval of zero would send heartbeats without end.
const SHORTEST: u32 = 1;

/// Longer than that is never.
const NEVER: u32 = u32::MAX;

/// Fires when nothing was written for an interval, and at the end of the lifetime, if there is
/// one. A write only stores its time; the deadline is set anew when it has passed.
///
/// Thousands of these are idle at a time, so they are kept small.
pub(super) struct IdleTimer {
    /// In milliseconds.
    interval: u32,
    last_write: Moment,
    end: Moment,
    /// Passes no later than something is due; set when the stream is first idle.
    deadline: Option<Deadline>,
    at: Moment,
    /// Whom it wakes. As long as that is the one who asks, and it is not due, it need not be asked.
    wakes: Option<Waker>,
}

/// One that never fires.
impl Default for IdleTimer {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl IdleTimer {
    /// Fires after each `interval` without a write, and after about `lifetime`.
    pub(super) fn new(interval: Option<Duration>, lifetime: Option<Duration>) -> Self {
        let now = Instant::now();
        let milliseconds = |interval: Duration| u32::try_from(interval.as_millis());
        let lifetime = lifetime.and_then(|limit| {
            let now = now.into_std();
            // None is left of one that is over already.
            let left = Lifetime::new(limit, random(), now).left(now);
            left.map_or(Some(Duration::ZERO), |left| (left < Duration::MAX).then_some(left))
        });
        let now = Moment::from(now);
        Self {
            interval: interval
                .map_or(NEVER, |time| milliseconds(time).unwrap_or(NEVER).max(SHORTEST)),
            last_write: now,
            end: lifetime.map_or(Moment::NEVER, |left| now + left),
            deadline: None,
            at: Moment::NEVER,
            wakes: None,
        }
    }

    /// Whether the lifetime is over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.end != Moment::NEVER && self.end <= now.into()
    }

    pub(super) fn wrote(&mut self, now: Instant) {
        self.last_write = now.into();
    }

    /// Waits until a heartbeat is due, and takes it as written, or until the lifetime is over.
    pub(super) fn poll_due(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let at = Moment::from(now);
        if at < self.at
            && self.wakes.as_ref().is_some_and(|wakes| wakes.will_wake(cx.waker()))
            && !self.deadline.as_ref().is_some_and(Deadline::is_void)
        {
            return Poll::Pending;
        }
        let beat = match self.interval {
            NEVER => Moment::NEVER,
            interval => self.last_write + Duration::from_millis(interval.into()),
        };
        if self.end <= at {
            return Poll::Ready(());
        }
        if beat <= at {
            self.last_write = at;
            return Poll::Ready(());
        }
        self.at = beat.min(self.end);
        if let Some(left) = self.at.since(at) {
            Deadline::set(&mut self.deadline, now + left, now, cx.waker());
            match &mut self.wakes {
                Some(wakes) => wakes.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }
}
