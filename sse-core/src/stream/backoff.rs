//! How long to wait before the source is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

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

/// A random time up to `bound`.
pub(super) fn jitter(bound: Duration) -> Duration {
    bound.mul_f64(f64::from(random()) / f64::from(u32::MAX))
}

/// Any number. It only spreads load, so the standard library's hash seeds do.
pub(super) fn random() -> u32 {
    (RandomState::new().hash_one(0u8) >> 32) as u32
}
