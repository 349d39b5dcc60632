//! Several sources, each in the order of history, as one.

use std::collections::BinaryHeap;

use gapless_sse_core::follow::SortOrder;

use super::coordinates::Dated;

/// What has a key, one after the other in their order.
pub(super) type InOrder<'a, T> = Box<dyn FnMut() -> rusqlite::Result<Option<(Dated, T)>> + 'a>;

/// The next of all sources, of which only the next of each is held.
pub(super) struct Merged<'a, T> {
    order: SortOrder,
    sources: Vec<InOrder<'a, T>>,
    /// The next of each source by its place, and which source is to be taken from next.
    next: Vec<Option<(Dated, T)>>,
    first: BinaryHeap<(Dated, usize)>,
}

impl<'a, T> Merged<'a, T> {
    pub(super) fn new(order: SortOrder, sources: Vec<InOrder<'a, T>>) -> rusqlite::Result<Self> {
        let (mut next, first) = (Vec::new(), BinaryHeap::with_capacity(sources.len()));
        next.resize_with(sources.len(), || None);
        let mut merged = Self { order, sources, next, first };
        (0..merged.sources.len()).try_for_each(|source| merged.advance(source))?;
        Ok(merged)
    }

    fn advance(&mut self, source: usize) -> rusqlite::Result<()> {
        let found = self.sources[source]()?;
        if let Some((key, _)) = &found {
            self.first.push((rank(*key, self.order), source));
        }
        self.next[source] = found;
        Ok(())
    }

    pub(super) fn next(&mut self) -> rusqlite::Result<Option<(Dated, T)>> {
        let Some((_, source)) = self.first.pop() else { return Ok(None) };
        let found = self.next[source].take();
        self.advance(source)?;
        Ok(found)
    }
}

/// Greater for what comes first.
fn rank(key: Dated, order: SortOrder) -> Dated {
    match order {
        SortOrder::Ascending => Dated { date: !key.date, seq: !key.seq },
        SortOrder::Descending => key,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use super::*;

    #[test]
    fn sources_become_one_in_either_order_also_at_the_ends_of_time() {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let key = |date, seq| Dated { date, seq };
            let mut all: Vec<_> = [i64::MIN, -1, 0, 7, i64::MAX]
                .into_iter()
                .flat_map(|date| (1..=6).map(move |seq| key(date, seq)))
                .collect();
            if order == SortOrder::Descending {
                all.reverse();
            }
            let source = |nth: i64| {
                let own: Vec<_> = all.iter().copied().filter(|key| key.seq % 3 == nth).collect();
                let mut own = own.into_iter();
                Box::new(move || Ok(own.next().map(|key| (key, nth)))) as InOrder<'_, i64>
            };
            let mut merged = Merged::new(order, (0..3).map(source).collect()).unwrap();
            let mut found = Vec::new();
            while let Some((key, nth)) = merged.next().unwrap() {
                assert_eq!(key.seq % 3, nth);
                found.push(key);
            }
            assert_eq!(found, all);
        }
    }
}
