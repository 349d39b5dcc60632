//! What was read of history.

use std::cmp::Ordering;
use std::time::Duration;

use gapless_sse_core::follow::{Entry, SortOrder};

use crate::position::key::Key;

/// What was read.
pub(crate) struct Read<R> {
    pub(crate) admitted: Vec<Admitted<R>>,
    /// Up to where, if there may be more beyond it.
    pub(crate) more_after: Option<Key>,
    pub(crate) scanned: usize,
    /// What the records take that were looked at.
    pub(crate) bytes: usize,
    /// How long it took to look at them.
    pub(crate) spent: Duration,
    /// Whether any was left out that the server had not: by the filter, or undecodable.
    pub(crate) left_out: bool,
}

/// A record for the page.
pub(crate) struct Admitted<R> {
    pub(crate) entry: Entry<Key, R>,
    /// What it takes where it is stored.
    pub(crate) bytes: usize,
}

impl<R> Default for Read<R> {
    fn default() -> Self {
        Self {
            admitted: Vec::new(),
            more_after: None,
            scanned: 0,
            bytes: 0,
            spent: Duration::ZERO,
            left_out: false,
        }
    }
}

impl<R> Read<R> {
    /// The step after this one was made.
    pub(crate) fn append(&mut self, next: Self) {
        self.admitted.extend(next.admitted);
        self.more_after = next.more_after;
        self.scanned += next.scanned;
        self.bytes += next.bytes;
        self.spent += next.spent;
        self.left_out |= next.left_out;
    }

    /// What the page takes.
    pub(crate) fn page_bytes(&self) -> usize {
        self.admitted.iter().map(|admitted| admitted.bytes).sum()
    }
}

/// The first `limit` records of all parts.
pub(crate) fn merge<R>(parts: Vec<Read<R>>, order: SortOrder, limit: usize) -> Read<R> {
    let sorted = parts.len() < 2;
    let mut all = Read::default();
    for part in parts {
        // Beyond the end of a part, its next record may come before those of the others; and of
        // what is to be read up to a key, the server gives that as well when it goes back to it.
        let end = match (all.more_after.take(), part.more_after.clone()) {
            (Some(left), Some(right)) => Some(match compare(order, &left, &right) {
                Ordering::Greater => right,
                _ => left,
            }),
            (left, right) => left.or(right),
        };
        all.append(part);
        all.more_after = end;
    }
    let by_key = |left: &Key, right: &Key| compare(order, left, right);
    if !sorted {
        all.admitted.sort_by(|left, right| by_key(&left.entry.key, &right.entry.key));
    }
    if let Some(end) = &all.more_after {
        all.admitted.retain(|admitted| by_key(&admitted.entry.key, end).is_le());
    }
    if all.admitted.len() > limit {
        all.admitted.truncate(limit);
        all.more_after = all.admitted.last().map(|admitted| admitted.entry.key.clone());
    }
    all
}

fn compare(order: SortOrder, left: &Key, right: &Key) -> Ordering {
    match order {
        SortOrder::Ascending => left.cmp(right),
        SortOrder::Descending => right.cmp(left),
    }
}
