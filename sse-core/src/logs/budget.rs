//! How many bytes that were read from a source may wait to be sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What a permit of the semaphore stands for.
const UNIT: usize = 1024;

/// Bytes that may be held at the same time; who wants more of them waits for its turn.
#[derive(Debug)]
pub(super) struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

/// Bytes of a log's budget ([`LogOptions::unsent_bytes`](crate::LogOptions::unsent_bytes)), given
/// back when this is dropped: keep it as long as what they are for.
#[derive(Debug)]
pub struct HeldBytes(OwnedSemaphorePermit);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let all = units(bytes).max(1);
        Self { units: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits until so many bytes are free: all there are, if that is more.
    pub(super) async fn take(&self, bytes: usize) -> HeldBytes {
        let wanted = units(bytes).min(self.all);
        let taken = Arc::clone(&self.units).acquire_many_owned(wanted).await;
        HeldBytes(taken.unwrap_or_else(|_| unreachable!("it is never closed")))
    }

    /// As [`take`](Self::take), for so long at most.
    pub(super) async fn take_within(&self, patience: Duration, bytes: usize) -> Option<HeldBytes> {
        timeout(patience, self.take(bytes)).await.ok()
    }

    #[cfg(test)]
    fn free(&self) -> usize {
        self.units.available_permits() * UNIT
    }
}

impl HeldBytes {
    /// How many they are, in whole KiB.
    pub fn bytes(&self) -> usize {
        self.0.num_permits() * UNIT
    }

    /// Keeps so many of them and gives back the others: what was read may turn out smaller than it
    /// might have been.
    pub fn shrink_to(&mut self, bytes: usize) {
        let kept = units(bytes) as usize;
        let others = self.0.num_permits().saturating_sub(kept);
        drop(self.0.split(others));
    }
}

fn units(bytes: usize) -> u32 {
    let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(most).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_wants_more_than_is_free_waits_until_others_give_theirs_back() {
        let budget = Budget::new(10 * UNIT);
        let mut held = budget.take(8 * UNIT).await;
        let second = Duration::from_secs(1);
        assert!(budget.take_within(second, 3 * UNIT).await.is_none());
        held.shrink_to(7 * UNIT - 1);
        assert_eq!((held.bytes(), budget.free()), (7 * UNIT, 3 * UNIT));
        let other = budget.take_within(second, 3 * UNIT).await;
        assert_eq!(budget.free(), 0);
        drop((held, other));
        assert_eq!(budget.take(usize::MAX).await.bytes(), 10 * UNIT);
        assert_eq!(budget.free(), 10 * UNIT);
    }
}
