//! A time in half the memory.

use std::ops::Add;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Nanoseconds from a time that is fixed for the process: half as large as an [`Instant`], and
/// comparable to those of other clocks that tokio may have paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// After everything else: 292 years from now.
    pub(super) const NEVER: Self = Self(i64::MAX);

    /// The time from `earlier` to this; `None` for never.
    pub(super) fn since(self, earlier: Self) -> Option<Duration> {
        let passed = u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0);
        (self != Self::NEVER).then(|| Duration::from_nanos(passed))
    }
}

impl From<Instant> for Moment {
    fn from(time: Instant) -> Self {
        static FIXED: OnceLock<std::time::Instant> = OnceLock::new();
        let time = time.into_std();
        let fixed = *FIXED.get_or_init(|| time);
        let nanos = |passed: Duration| i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX);
        // A paused clock may be behind the first one that was asked.
        Self(match time.checked_duration_since(fixed) {
            Some(passed) => nanos(passed),
            None => -nanos(fixed.saturating_duration_since(time)),
        })
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}
