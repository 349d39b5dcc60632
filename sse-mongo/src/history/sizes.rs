//! How large the records of a topic are, so that no reply is larger than it needs to be.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use gapless_sse_core::follow::Topic;

/// How many records are read at once of a topic of which nothing is known: each may be large.
const UNKNOWN: usize = 2;
/// Topics that share a place are taken for as large as the larger one.
const PLACES: usize = 256;

/// What a record takes on average, by topic; nothing is 0.
#[derive(Debug)]
pub(crate) struct Sizes([AtomicUsize; PLACES]);

impl Default for Sizes {
    fn default() -> Self {
        Self([const { AtomicUsize::new(0) }; PLACES])
    }
}

impl Sizes {
    /// How many records of a topic are likely to take no more than so many bytes: at least one.
    pub(crate) fn fitting(&self, topic: &Topic, bytes: usize) -> usize {
        match self.place(topic).load(Ordering::Relaxed) {
            0 => UNKNOWN,
            average => (bytes / average).max(1),
        }
    }

    /// About how many bytes so many records of a topic take; 0 if nothing is known of it.
    pub(crate) fn expected(&self, topic: &Topic, records: usize) -> usize {
        self.place(topic).load(Ordering::Relaxed).saturating_mul(records)
    }

    /// So many records were read, of so many bytes together. It grows at once and shrinks slowly.
    pub(crate) fn learn(&self, topic: &Topic, records: usize, bytes: usize) {
        let Some(average) = bytes.checked_div(records) else { return };
        let learnt = |known: usize| {
            let shrunk = known - known / 8;
            Some(if known == 0 { average } else { average.max(shrunk) })
        };
        let _ = self.place(topic).fetch_update(Ordering::Relaxed, Ordering::Relaxed, learnt);
    }

    fn place(&self, topic: &Topic) -> &AtomicUsize {
        let mut hasher = DefaultHasher::new();
        topic.hash(&mut hasher);
        let hash = usize::try_from(hasher.finish() % PLACES as u64);
        &self.0[hash.unwrap_or_default()]
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
