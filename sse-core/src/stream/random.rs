//! Numbers that spread load.

use std::hash::{BuildHasher, RandomState};
#[cfg(feature = "follow")]
use std::time::Duration;

/// A random time up to `bound`.
#[cfg(feature = "follow")]
pub(crate) fn jitter(bound: Duration) -> Duration {
    bound.mul_f64(f64::from(random()) / f64::from(u32::MAX))
}

/// Any number. It only spreads load, so the standard library's hash seeds do.
pub(crate) fn random() -> u32 {
    (RandomState::new().hash_one(0u8) >> 32) as u32
}
