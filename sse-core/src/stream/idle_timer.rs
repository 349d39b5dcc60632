//! A heartbeat and a lifetime, and the one timer that they need.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::task::{Unconstrained, unconstrained};
use tokio::time::{Instant, Sleep, sleep};

use super::random::random;
use crate::session::{Heartbeat, Lifetime};

/// An interval of zero would send heartbeats without end.
const SHORTEST: Duration = Duration::from_millis(1);

/// Fires when nothing was written for an interval, and at the end of the lifetime, if there is
/// one. A write only stores its time; the timer is armed anew when it has fired.
pub(super) struct IdleTimer {
    heartbeat: Heartbeat,
    lifetime: Option<Lifetime>,
    timer: Option<Timer>,
}

/// Fires no later than something is due; made when the stream is first idle.
struct Timer {
    /// Always registered once it was polled, also when the task has used up its turn.
    sleep: Pin<Box<Unconstrained<Sleep>>>,
    at: Instant,
    /// Whom it wakes. As long as that is the one who asks, and it is not due, it need not be asked.
    wakes: Waker,
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
        let now = Instant::now().into_std();
        let interval = interval.map_or(Duration::MAX, |interval| interval.max(SHORTEST));
        Self {
            heartbeat: Heartbeat::new(interval, now),
            lifetime: lifetime.map(|limit| Lifetime::new(limit, random(), now)),
            timer: None,
        }
    }

    /// Whether the lifetime is over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.lifetime.is_some_and(|lifetime| lifetime.left(now.into_std()).is_none())
    }

    pub(super) fn wrote(&mut self, now: Instant) {
        self.heartbeat.wrote(now.into_std());
    }

    /// Waits until a heartbeat is due, and takes it as written, or until the lifetime is over.
    pub(super) fn poll_due(&mut self, mut now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(Timer { sleep, at, wakes }) = &mut self.timer {
            if now < *at && wakes.will_wake(cx.waker()) {
                return Poll::Pending;
            }
            wakes.clone_from(cx.waker());
            ready!(sleep.as_mut().poll(cx));
            now = Instant::now();
        }
        loop {
            let std_now = now.into_std();
            let rest = self.lifetime.map_or(Some(Duration::MAX), |lifetime| lifetime.left(std_now));
            let Some(rest) = rest else { return Poll::Ready(()) };
            let Some(left) = self.heartbeat.due_in(std_now) else {
                self.heartbeat.wrote(std_now);
                return Poll::Ready(());
            };
            ready!(self.arm(left.min(rest), cx));
            now = Instant::now();
        }
    }

    fn arm(&mut self, left: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = sleep(left);
        let at = sleep.deadline();
        let sleep = unconstrained(sleep);
        let wakes = cx.waker().clone();
        let timer = match &mut self.timer {
            Some(timer) => {
                timer.sleep.set(sleep);
                (timer.at, timer.wakes) = (at, wakes);
                timer
            }
            none => none.insert(Timer { sleep: Box::pin(sleep), at, wakes }),
        };
        timer.sleep.as_mut().poll(cx)
    }
}
