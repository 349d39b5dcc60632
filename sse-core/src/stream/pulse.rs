//! A heartbeat and the timer that it needs.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::session::Heartbeat;

/// An interval of zero would send heartbeats without end.
const SHORTEST: Duration = Duration::from_millis(1);

/// Fires when nothing was written for an interval. A write only stores its time; the timer is
/// armed anew when it has fired.
#[derive(Debug)]
pub(super) struct Pulse {
    heartbeat: Heartbeat,
    /// Fires no later than a heartbeat is due; made when the stream is first idle.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pulse {
    pub(super) fn new(interval: Duration) -> Self {
        let heartbeat = Heartbeat::new(interval.max(SHORTEST), Instant::now().into_std());
        Self { heartbeat, timer: None }
    }

    pub(super) fn wrote(&mut self) {
        self.heartbeat.wrote(Instant::now().into_std());
    }

    /// Waits until a heartbeat is due, and takes it as written.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
            }
            let now = Instant::now().into_std();
            let Some(left) = self.heartbeat.due_in(now) else {
                self.heartbeat.wrote(now);
                return Poll::Ready(());
            };
            match &mut self.timer {
                Some(timer) => timer.set(sleep(left)),
                None => self.timer = Some(Box::pin(sleep(left))),
            }
        }
    }
}
