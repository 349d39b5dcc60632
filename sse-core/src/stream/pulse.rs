//! A heartbeat and a lifetime, and the one timer that they need.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::backoff::random;
use crate::session::{Heartbeat, Lifetime};

/// An interval of zero would send heartbeats without end.
const SHORTEST: Duration = Duration::from_millis(1);

/// Fires when nothing was written for an interval, and at the end of the lifetime, if there is
/// one. A write only stores its time; the timer is armed anew when it has fired.
#[derive(Debug)]
pub(super) struct Pulse {
    heartbeat: Heartbeat,
    lifetime: Option<Lifetime>,
    /// Fires no later than something is due; made when the stream is first idle.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pulse {
    pub(super) fn new(interval: Duration) -> Self {
        let heartbeat = Heartbeat::new(interval.max(SHORTEST), Instant::now().into_std());
        Self { heartbeat, lifetime: None, timer: None }
    }

    /// Ends after about `limit`.
    pub(super) fn with_lifetime(self, limit: Duration) -> Self {
        let lifetime = Lifetime::new(limit, random(), Instant::now().into_std());
        Self { lifetime: Some(lifetime), ..self }
    }

    /// Whether the lifetime is over.
    pub(super) fn is_over(&self) -> bool {
        self.lifetime.is_some_and(|lifetime| lifetime.left(Instant::now().into_std()).is_none())
    }

    pub(super) fn wrote(&mut self) {
        self.heartbeat.wrote(Instant::now().into_std());
    }

    /// Waits until a heartbeat is due, and takes it as written, or until the lifetime is over.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
            }
            let now = Instant::now().into_std();
            let rest = self.lifetime.map_or(Some(Duration::MAX), |lifetime| lifetime.left(now));
            let Some(rest) = rest else { return Poll::Ready(()) };
            let Some(left) = self.heartbeat.due_in(now) else {
                self.heartbeat.wrote(now);
                return Poll::Ready(());
            };
            let left = left.min(rest);
            match &mut self.timer {
                Some(timer) => timer.set(sleep(left)),
                None => self.timer = Some(Box::pin(sleep(left))),
            }
        }
    }
}
