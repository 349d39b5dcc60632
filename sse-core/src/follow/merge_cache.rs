//! What is pending for many readers, in one piece made once.

use std::collections::VecDeque;

use super::filter::{Everything, Filter};
use super::ring::{Lagged, Ring};
use super::topic::Scope;
use crate::wire::Encoded;

/// How many pieces are kept: as many crowds of readers can be on their way at the same time.
const KEPT: usize = 16;

/// The pieces that were made last. An event wakes all readers of its topic, and those at the same
/// place are given the same bytes.
#[derive(Debug)]
pub(super) struct MergeCache<P, F = Everything> {
    pieces: VecDeque<Piece<P, F>>,
    /// Emptied after each use.
    frames: Vec<Encoded>,
}

#[derive(Debug)]
struct Piece<P, F> {
    scope: Scope<F>,
    max_bytes: usize,
    /// The place from which it was read, and that behind it.
    from: u64,
    to: u64,
    /// Whether no more went in.
    full: bool,
    /// None if nothing of it is for the scope.
    frame: Option<Encoded>,
    last: P,
}

impl<P, F> Default for MergeCache<P, F> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), frames: Vec::new() }
    }
}

impl<P: Ord + Clone, F: Filter> MergeCache<P, F> {
    /// Forgets them: what they hold has left the ring.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Reads on in `ring` from `place`, at least one event and up to `max_bytes`, and moves `place`
    /// behind what was read or left out.
    pub(super) fn read(
        &mut self,
        ring: &Ring<P, F::Mark>,
        scope: &Scope<F>,
        place: &mut u64,
        max_bytes: usize,
    ) -> Result<Option<(Option<Encoded>, P)>, Lagged> {
        let made = self.pieces.iter().find(|piece| {
            (piece.from, piece.max_bytes) == (*place, max_bytes)
                && piece.scope == *scope
                && (piece.full || piece.to == ring.next_place() || ring.is_read(scope, piece.to))
        });
        if let Some(Piece { frame, last, to, .. }) = made {
            *place = *to;
            return Ok(Some((frame.clone(), last.clone())));
        }
        let from = *place;
        let Some(last) = ring.read(scope, place, max_bytes, &mut self.frames)? else {
            return Ok(None);
        };
        let frame = match &self.frames[..] {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(Encoded::merge(several)),
        };
        if self.pieces.len() == KEPT {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece {
            scope: scope.clone(),
            max_bytes,
            from,
            to: *place,
            full: !ring.is_read(scope, *place),
            frame: frame.clone(),
            last: last.clone(),
        });
        self.frames.clear();
        Ok(Some((frame, last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::publication::Publication;
    use crate::follow::topic::Topic;
    use crate::wire::Event;

    fn ring(events: std::ops::RangeInclusive<u32>) -> Ring<u32> {
        let mut ring = Ring::new(1 << 20, 0);
        push(&mut ring, events);
        ring
    }

    fn push(ring: &mut Ring<u32>, events: std::ops::RangeInclusive<u32>) {
        for position in events {
            let frame = Encoded::from(Event::new(position.to_string()));
            ring.push::<Everything>(Publication {
                topic: Topic::new("s", "a"),
                position,
                mark: (),
                frame,
            });
        }
    }

    fn read(
        merges: &mut MergeCache<u32>,
        ring: &Ring<u32>,
        place: &mut u64,
        max_bytes: usize,
    ) -> Option<(Encoded, u32)> {
        let read = merges.read(ring, &Scope::new("s", ["a"]), place, max_bytes).ok().flatten();
        read.and_then(|(frame, last)| Some((frame?, last)))
    }

    #[test]
    fn readers_at_the_same_place_share_the_bytes() {
        let (mut merges, ring) = (MergeCache::default(), ring(1..=3));
        let pieces = [0, 0].map(|mut place| read(&mut merges, &ring, &mut place, 1000).unwrap());
        assert_eq!(pieces[0].0.events(), 3);
        assert_eq!(pieces[0].0.as_ref().as_ptr(), pieces[1].0.as_ref().as_ptr());
        let (later, _) = read(&mut merges, &ring, &mut 1, 1000).unwrap();
        assert_eq!(later.events(), 2);
    }

    #[test]
    fn readers_of_other_topics_or_by_another_filter_do_not() {
        let mut ring: Ring<u32, u32> = Ring::new(1 << 20, 0);
        for position in 1..=6 {
            let topic = Topic::new("s", if position < 4 { "a" } else { "b" });
            let frame = Encoded::from(Event::new(position.to_string()));
            ring.push::<Above>(Publication { topic, position, mark: position, frame });
        }
        let mut merges = MergeCache::default();
        let all = || Scope::new("s", ["a", "b"]);
        let scopes = [
            (all().filtered(Above(0)), 6),
            (Scope::new("s", ["a"]).filtered(Above(0)), 3),
            (all().filtered(Above(4)), 2),
        ];
        for (scope, events) in scopes.iter().chain(&scopes) {
            let (frame, _) = merges.read(&ring, scope, &mut 0, 1000).unwrap().unwrap();
            assert_eq!(frame.unwrap().events(), *events);
        }
        let none = all().filtered(Above(6));
        let mut place = 0;
        assert_eq!(merges.read(&ring, &none, &mut place, 1000), Ok(Some((None, 6))));
        assert_eq!(merges.read(&ring, &none, &mut place, 1000), Ok(None));
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Above(u32);

    impl Filter for Above {
        type Mark = u32;

        fn admits(&self, position: &u32) -> bool {
            *position > self.0
        }
    }

    #[test]
    fn a_piece_that_is_not_all_there_is_by_now_is_made_anew() {
        let (mut merges, mut ring) = (MergeCache::default(), ring(1..=3));
        let (full, part) = (20, 1000);
        assert_eq!(read(&mut merges, &ring, &mut 0, full).unwrap().1, 2);
        assert_eq!(read(&mut merges, &ring, &mut 0, part).unwrap().1, 3);
        push(&mut ring, 4..=4);
        let mut place = 0;
        assert_eq!(read(&mut merges, &ring, &mut place, full).unwrap().1, 2);
        assert_eq!(read(&mut merges, &ring, &mut place, part).unwrap().1, 4);
        assert_eq!(read(&mut merges, &ring, &mut place, part), None);
        assert_eq!(read(&mut merges, &ring, &mut 0, part).unwrap().0.events(), 4);
    }

    #[test]
    fn no_more_pieces_are_kept_than_crowds_need() {
        let (mut merges, ring) = (MergeCache::default(), ring(1..=100));
        for mut place in 0..50 {
            read(&mut merges, &ring, &mut place, 1000);
        }
        assert_eq!(merges.pieces.len(), KEPT);
    }
}
