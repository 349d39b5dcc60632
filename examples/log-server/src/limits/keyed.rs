//! So much for each of any number of keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use super::limit::Limit;
use super::rate::Rate;
use super::reached::Reached;

/// Of fewer keys, nothing is forgotten.
const KEYS: usize = 4096;

/// So much for each of any number of keys. It remembers those that have not all of theirs back,
/// and at most as many again.
#[derive(Debug)]
pub(super) struct Keyed {
    limit: Limit,
    rate: Rate,
    limiter: DefaultKeyedRateLimiter<u64>,
    clock: DefaultClock,
    /// With so many keys, those are forgotten that have all of theirs.
    crowded: AtomicUsize,
}

impl Keyed {
    /// Nothing, if the rate is no limit.
    pub(super) fn new(limit: Limit, rate: Rate) -> Option<Self> {
        let limiter = RateLimiter::hashmap(rate.quota()?);
        let (clock, crowded) = (DefaultClock::default(), AtomicUsize::new(KEYS));
        Some(Self { limit, rate, limiter, clock, crowded })
    }

    pub(super) fn limit(&self) -> Limit {
        self.limit
    }

    /// Takes one, if there is one.
    pub(super) fn take(&self, key: u64) -> Result<(), Reached> {
        let taken = self.limiter.check_key(&key);
        let crowded = self.crowded.load(Ordering::Relaxed);
        if self.limiter.len() > crowded {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.crowded.store(KEYS.max(2 * self.limiter.len()), Ordering::Relaxed);
        }
        taken.map_err(|refused| self.reached(refused.wait_time_from(self.clock.now())))
    }

    /// That there is none for so long.
    pub(super) fn reached(&self, wait: Duration) -> Reached {
        Reached::rate(self.limit, self.rate, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Per, What};

    #[test]
    fn keys_that_have_all_of_theirs_are_forgotten() {
        let keyed = Keyed::new(Limit { what: What::Pages, per: Per::Address }, Rate::of(1000, 1));
        let keyed = keyed.unwrap();
        for key in 0..100_000 {
            keyed.take(key).unwrap();
        }
        // One of a thousand is back in a millisecond.
        std::thread::sleep(Duration::from_millis(20));
        for key in 100_000..=300_000 {
            keyed.take(key).unwrap();
        }
        let left = keyed.limiter.len();
        assert!(left < 100_000, "{left} keys of 300,000");
    }
}
