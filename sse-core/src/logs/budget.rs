//! How many bytes that were read from a source may wait to be sent.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::follow::{Filter, Scope};

/// What a permit of the semaphore stands for.
const UNIT: usize = 1024;

/// Bytes that may be held at the same time; who wants more of them waits for its turn.
///
/// Nobody knows how long a search takes, which holds its bytes meanwhile. So half of them are left
/// to those who read everything.
#[derive(Debug)]
pub(super) struct Budget {
    units: Arc<Semaphore>,
    all: u32,
    /// Those that searches may hold.
    for_searches: Arc<Semaphore>,
    most_for_searches: u32,
}

/// What bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Everything,
    /// What a filter admits.
    Search,
}

impl Reading {
    pub(super) fn of<F: Filter>(scope: &Scope<F>) -> Self {
        if scope.filter().admits_all() { Self::Everything } else { Self::Search }
    }
}

/// Bytes of a log's budget ([`LogOptions::unsent_bytes`](crate::LogOptions::unsent_bytes)), given
/// back when this is dropped: keep it as long as what they are for.
#[derive(Debug)]
pub struct HeldBytes {
    units: OwnedSemaphorePermit,
    of_searches: Option<OwnedSemaphorePermit>,
    /// Those of other logs, for the same.
    beside: Vec<HeldBytes>,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let all = units(bytes).max(1);
        let most_for_searches = (all / 2).max(1);
        let semaphore = |units: u32| Arc::new(Semaphore::new(units as usize));
        let (units, for_searches) = (semaphore(all), semaphore(most_for_searches));
        Self { units, all, for_searches, most_for_searches }
    }

    /// Waits until so many bytes are free: all there are, if that is more.
    pub(super) async fn take(&self, reading: Reading, bytes: usize) -> HeldBytes {
        let mut wanted = units(bytes).min(self.all);
        let mut of_searches = None;
        if reading == Reading::Search {
            wanted = wanted.min(self.most_for_searches);
            of_searches = Some(acquire(&self.for_searches, wanted).await);
        }
        HeldBytes { units: acquire(&self.units, wanted).await, of_searches, beside: Vec::new() }
    }

    /// As [`take`](Self::take), for so long at most.
    pub(super) async fn take_within(
        &self,
        patience: Duration,
        reading: Reading,
        bytes: usize,
    ) -> Option<HeldBytes> {
        timeout(patience, self.take(reading, bytes)).await.ok()
    }

    #[cfg(test)]
    fn free(&self) -> usize {
        self.units.available_permits() * UNIT
    }
}

impl HeldBytes {
    /// How many they are, in whole KiB.
    pub fn bytes(&self) -> usize {
        self.own() + self.beside.iter().map(Self::bytes).sum::<usize>()
    }

    fn own(&self) -> usize {
        self.units.num_permits() * UNIT
    }

    /// Holds these as well.
    pub(super) fn with(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        self.beside.extend(others);
        self
    }

    /// Keeps so many of them and gives back the others: what was read may turn out smaller than it
    /// might have been.
    pub fn shrink_to(&mut self, bytes: usize) {
        let kept = units(bytes) as usize;
        for permits in iter::once(&mut self.units).chain(&mut self.of_searches) {
            let others = permits.num_permits().saturating_sub(kept);
            drop(permits.split(others));
        }
        let mut left = bytes.saturating_sub(self.own());
        for held in &mut self.beside {
            held.shrink_to(left);
            left = left.saturating_sub(held.bytes());
        }
    }
}

async fn acquire(units: &Arc<Semaphore>, wanted: u32) -> OwnedSemaphorePermit {
    let taken = Arc::clone(units).acquire_many_owned(wanted).await;
    taken.unwrap_or_else(|_| unreachable!("it is never closed"))
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
        let all = Reading::Everything;
        let mut held = budget.take(all, 8 * UNIT).await;
        let second = Duration::from_secs(1);
        assert!(budget.take_within(second, all, 3 * UNIT).await.is_none());
        held.shrink_to(7 * UNIT - 1);
        assert_eq!((held.bytes(), budget.free()), (7 * UNIT, 3 * UNIT));
        let other = budget.take_within(second, all, 3 * UNIT).await;
        assert_eq!(budget.free(), 0);
        drop((held, other));
        assert_eq!(budget.take(all, usize::MAX).await.bytes(), 10 * UNIT);
        assert_eq!(budget.free(), 10 * UNIT);
    }

    #[tokio::test(start_paused = true)]
    async fn searches_leave_half_to_those_who_read_everything() {
        let budget = Budget::new(10 * UNIT);
        let second = Duration::from_secs(1);
        let mut first = budget.take(Reading::Search, 3 * UNIT).await;
        let second_search = budget.take_within(second, Reading::Search, 3 * UNIT);
        assert!(second_search.await.is_none(), "they have half");
        let plain = budget.take_within(second, Reading::Everything, 7 * UNIT).await;
        assert!(plain.is_some(), "searches are before it");
        drop(plain);
        first.shrink_to(UNIT);
        let another = budget.take_within(second, Reading::Search, 4 * UNIT).await;
        assert!(another.is_some(), "what is not needed is given back");
        drop((first, another));
        assert_eq!(budget.take(Reading::Search, usize::MAX).await.bytes(), 5 * UNIT);
        assert_eq!(budget.free(), 10 * UNIT);
    }
}
