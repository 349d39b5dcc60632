//! How often each limit was reached.

use std::sync::atomic::{AtomicU64, Ordering};

use super::limit::Limit;

/// Counts refusals by limit, of which there are so many and no more.
#[derive(Debug)]
pub(super) struct Refusals(Vec<(Limit, AtomicU64)>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Limit::all().map(|limit| (limit, AtomicU64::new(0))).collect())
    }
}

impl Refusals {
    pub(super) fn count(&self, limit: Limit) {
        if let Some((_, count)) = self.0.iter().find(|(known, _)| *known == limit) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (String, u64)> {
        self.0.iter().map(|(limit, count)| (limit.to_string(), count.load(Ordering::Relaxed)))
    }
}
