//! Where the events of a topic or of a space are in the ring.

use std::collections::VecDeque;
use std::iter::{Copied, Peekable};

/// The events of one topic, or of one space.
#[derive(Debug)]
pub(super) struct Index<P> {
    pub(super) places: VecDeque<u64>,
    /// Every event of them after this position is in the ring.
    pub(super) complete_from: P,
    /// The place of the last of them that was evicted.
    pub(super) lost: Option<u64>,
    pub(super) readers: usize,
}

impl<P> Index<P> {
    /// Without events; nothing of them is known before `complete_from`.
    pub(super) fn new(complete_from: P) -> Self {
        Self { places: VecDeque::new(), complete_from, lost: None, readers: 0 }
    }

    /// An event of them is at `place`, behind all others.
    pub(super) fn push(&mut self, place: u64) {
        // Of what came late, a topic may come several times.
        if self.places.back() != Some(&place) {
            self.places.push_back(place);
        }
    }

    /// What was at `place` has left the ring.
    pub(super) fn forget(&mut self, place: u64) {
        if self.places.front() == Some(&place) {
            self.places.pop_front();
        }
        self.lost = Some(place);
    }

    /// All that was in the ring has left it, up to `lost`.
    pub(super) fn clear(&mut self, lost: u64) {
        self.places.clear();
        self.lost = Some(lost);
    }

    /// The places from `place` on.
    fn from(&self, place: u64) -> Places<'_> {
        let before = self.places.partition_point(|at| *at < place);
        self.places.range(before..).copied().peekable()
    }

    /// Whether a reader at `place` has lost an event.
    pub(super) fn has_lost(&self, place: u64) -> bool {
        self.lost.is_some_and(|lost| lost >= place)
    }

    /// Whether there is an event at `place` or behind it.
    pub(super) fn reaches(&self, place: u64) -> bool {
        self.places.back().is_some_and(|last| *last >= place)
    }
}

type Places<'a> = Peekable<Copied<std::collections::vec_deque::Iter<'a, u64>>>;

/// The places of several topics in their order, each once.
#[derive(Debug)]
pub(super) struct Unread<'a>(Vec<Places<'a>>);

impl<'a> Unread<'a> {
    /// Those from `place` on.
    pub(super) fn new<P: 'a>(indexes: impl Iterator<Item = &'a Index<P>>, place: u64) -> Self {
        let unread = indexes.filter(|index| index.reaches(place));
        Self(unread.map(|index| index.from(place)).collect())
    }
}

impl Iterator for Unread<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if let [only] = &mut self.0[..] {
            return only.next();
        }
        let next = self.0.iter_mut().filter_map(|places| places.peek().copied()).min()?;
        for places in &mut self.0 {
            places.next_if_eq(&next);
        }
        Some(next)
    }
}
