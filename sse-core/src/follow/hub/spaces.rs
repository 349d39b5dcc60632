//! Where the events of whole spaces are in the ring.

use std::collections::HashMap;
use std::sync::Arc;

use super::index::Index;

/// How many events are looked at under one lock, at most, to find those of a space.
const LOOK: usize = 1024;

/// An index for each space that somebody reads as a whole, and for no others: who reads topics pays
/// nothing for it.
///
/// It begins where the first of these readers comes, and is led back as far as one has to go on
/// from before that, a part at a time.
#[derive(Debug)]
pub(super) struct Spaces<P>(HashMap<Arc<str>, Whole<P>>);

#[derive(Debug)]
struct Whole<P> {
    index: Index<P>,
    /// Of what is in the ring before this place, it is not known what is of this space.
    known_from: u64,
}

impl<P> Default for Spaces<P> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<P> Spaces<P> {
    /// Keeps what is known of `space` for one more reader. The next event will have the place
    /// `next`, and all that follows `floor` is in the ring.
    pub(super) fn join(&mut self, space: &Arc<str>, next: u64, floor: impl FnOnce() -> P) {
        let whole = if let Some(whole) = self.0.get_mut(space) {
            whole
        } else {
            let new = Whole { index: Index::new(floor()), known_from: next };
            self.0.entry(Arc::clone(space)).or_insert(new)
        };
        whole.index.readers += 1;
    }

    pub(super) fn leave(&mut self, space: &str) {
        let Some(whole) = self.0.get_mut(space) else { return };
        whole.index.readers -= 1;
        if whole.index.readers == 0 {
            self.0.remove(space);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn of(&self, space: &str) -> Option<&Index<P>> {
        self.0.get(space).map(|whole| &whole.index)
    }

    pub(super) fn of_mut(&mut self, space: &str) -> Option<&mut Index<P>> {
        self.0.get_mut(space).map(|whole| &mut whole.index)
    }

    /// Whether all that is of `space` from `place` on is known.
    pub(super) fn knows(&self, space: &str, place: u64) -> bool {
        self.0.get(space).is_some_and(|whole| whole.known_from <= place)
    }

    pub(super) fn indexes_mut(&mut self) -> impl Iterator<Item = &mut Index<P>> {
        self.0.values_mut().map(|whole| &mut whole.index)
    }

    /// All that was in the ring has left it, up to `lost`.
    pub(super) fn clear(&mut self, lost: u64) {
        for whole in self.0.values_mut() {
            whole.index.clear(lost);
            whole.known_from = lost + 1;
        }
    }

    /// Leads the index of `space` back towards `place`; answers whether it has come there. `is_in`
    /// says whether what is at a place of the ring is of the space.
    pub(super) fn look_back(
        &mut self,
        space: &str,
        place: u64,
        is_in: impl Fn(u64) -> bool,
    ) -> bool {
        let Some(whole) = self.0.get_mut(space) else { return true };
        let unknown = place..whole.known_from;
        for at in unknown.rev().take(LOOK) {
            if is_in(at) {
                whole.index.places.push_front(at);
            }
            whole.known_from = at;
        }
        whole.known_from <= place
    }
}
