//! When a stream has lasted long enough.

use std::time::{Duration, Instant};

/// Says when a stream ends by itself, so that none outlives what it was opened with: a user's
/// permission, a balanced load, a version of the server. Clients come back and go on.
///
/// ```
/// use std::time::{Duration, Instant};
/// use gapless_sse_core::Lifetime;
///
/// let start = Instant::now();
/// let lifetime = Lifetime::new(Duration::from_secs(100), 0, start);
/// assert_eq!(lifetime.left(start + Duration::from_secs(80)), Some(Duration::from_secs(10)));
/// assert_eq!(lifetime.left(start + Duration::from_secs(90)), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// `None` is later than the clock can tell.
    end: Option<Instant>,
}

impl Lifetime {
    /// As often as a reconnect is not felt, by clients or by the server.
    pub const DEFAULT: Duration = Duration::from_secs(60 * 60);

    /// A lifetime of `limit` less or more a tenth, as `random` says, whose values are all equally
    /// likely: clients that came together do not come back together.
    pub fn new(limit: Duration, random: u32, now: Instant) -> Self {
        let shortest = limit / 10 * 9;
        let spread = (limit / 5).as_nanos() * u128::from(random) / u128::from(u32::MAX);
        let spread = u64::try_from(spread).map_or(Duration::MAX, Duration::from_nanos);
        Self { end: shortest.checked_add(spread).and_then(|length| now.checked_add(length)) }
    }

    /// How much is left, or `None` when it is over.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        match self.end {
            Some(end) => end.checked_duration_since(now).filter(|left| !left.is_zero()),
            None => Some(Duration::MAX),
        }
    }
}
