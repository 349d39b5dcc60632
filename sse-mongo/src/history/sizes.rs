//! How large the records of a topic are, so that no reply is larger than it needs to be.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gapless_sse_core::follow::{Scope, Topic};

/// How many records are read at once of a topic of which nothing is known: each may be large.
const UNKNOWN: usize = 2;
/// Of more topics, all is forgotten.
const TOPICS: usize = 10_000;

/// The topic under which the sizes of what a scope has are known: of several, they are taken
/// together.
pub(crate) fn topic<F>(scope: &Scope<F>) -> Topic {
    match scope.topics() {
        Some([topic]) => topic.clone(),
        _ => Topic::new(scope.space(), ""),
    }
}

/// What a record takes on average, by topic.
#[derive(Debug, Default)]
pub(crate) struct Sizes(Mutex<HashMap<Topic, usize>>);

impl Sizes {
    /// How many records of a topic are likely to take no more than so many bytes: at least one.
    pub(crate) fn fitting(&self, topic: &Topic, bytes: usize) -> usize {
        match self.known().get(topic) {
            None => UNKNOWN,
            Some(average) => (bytes / average).max(1),
        }
    }

    /// About how many bytes so many records of a topic take; 0 if nothing is known of it.
    pub(crate) fn expected(&self, topic: &Topic, records: usize) -> usize {
        self.known().get(topic).copied().unwrap_or_default().saturating_mul(records)
    }

    /// So many records were read, of so many bytes together. It grows at once and shrinks slowly.
    pub(crate) fn learn(&self, topic: &Topic, records: usize, bytes: usize) {
        let Some(average) = bytes.checked_div(records) else { return };
        let average = average.max(1);
        let mut known = self.known();
        if let Some(size) = known.get_mut(topic) {
            *size = average.max(*size - *size / 8);
            return;
        }
        if known.len() >= TOPICS {
            known.clear();
        }
        known.insert(topic.clone(), average);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Topic, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_grows_at_once_and_shrinks_slowly() {
        let (sizes, topic) = (Sizes::default(), Topic::new("a", "b"));
        assert_eq!(sizes.fitting(&topic, 1 << 20), UNKNOWN);
        sizes.learn(&topic, 0, 0);
        assert_eq!(sizes.fitting(&topic, 1 << 20), UNKNOWN);
        sizes.learn(&topic, 4, 4000);
        assert_eq!(sizes.fitting(&topic, 10_000), 10);
        sizes.learn(&topic, 1, 100_000);
        assert_eq!(sizes.fitting(&topic, 10_000), 1, "one in any case");
        sizes.learn(&topic, 1, 8);
        assert_eq!(sizes.fitting(&topic, 875_000), 10);
    }
}
