//! How long to wait before the source is tried again.

use std::time::Duration;

use crate::stream::random::jitter;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// Exponential, with jitter, capped.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The time to wait: between half of the step and all of it.
    pub(super) fn next(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(LONGEST);
        step / 2 + jitter(step / 2)
    }

    /// It worked again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}
