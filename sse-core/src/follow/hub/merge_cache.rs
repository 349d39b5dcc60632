//! What is pending for many readers, in one piece made once.

use std::collections::VecDeque;

use super::reading::RingRead;
use crate::wire::Encoded;

/// How many pieces are kept: as many crowds of readers can be on their way at the same time.
const KEPT: usize = 16;

/// The pieces that were made last. An event wakes all readers of its topic, and those at the same
/// place are given the same bytes.
#[derive(Debug)]
pub(super) struct MergeCache<P> {
    pieces: VecDeque<Piece<P>>,
    /// Emptied after each use.
    frames: Vec<Encoded>,
}

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The number of its scope.
    pub(super) scope: u64,
    /// The place from which it reads.
    pub(super) from: u64,
    pub(super) max_bytes: usize,
}

/// What a reader is given.
#[derive(Debug)]
pub(super) struct Piece<P> {
    asked: Asked,
    /// The place behind it.
    pub(super) to: u64,
    /// Whether no more went in.
    full: bool,
    /// None if nothing of it is for the scope.
    frame: Option<Encoded>,
    /// The position of the last of it.
    last: P,
}

impl<P> Default for MergeCache<P> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), frames: Vec::new() }
    }
}

impl<P: Clone> Piece<P> {
    pub(super) fn read(&self) -> RingRead<P> {
        RingRead::Events { frame: self.frame.clone(), last: self.last.clone() }
    }
}

impl<P: Clone + PartialEq> MergeCache<P> {
    /// Forgets those that end before `first`: what they hold has left the ring.
    pub(super) fn forget_before(&mut self, first: u64) {
        self.pieces.retain(|piece| piece.to > first);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The piece that was made of this, if `is_all` says that nothing has come behind it, or no
    /// more fits in.
    pub(super) fn made(&self, asked: Asked, is_all: impl Fn(u64) -> bool) -> Option<&Piece<P>> {
        let made = self.pieces.iter().find(|piece| piece.asked == asked);
        // There is one that was made last; older ones have less.
        made.filter(|piece| piece.full || is_all(piece.to))
    }

    /// Makes one of what is shown at these places, with their positions: at least one of them, and
    /// as many as there is room for, but always all of one position: who has some of them counts
    /// as having all. If all go in, it leads up to `end`; without one, up to the last.
    pub(super) fn make<'p>(
        &mut self,
        asked: Asked,
        shown: impl Iterator<Item = (u64, &'p P, Encoded)>,
        end: Option<(u64, &'p P)>,
    ) -> Option<&Piece<P>>
    where
        P: 'p,
    {
        let (mut bytes, mut at, mut full) = (0, None::<(u64, &P)>, false);
        for (place, position, frame) in shown {
            let goes_with_the_last = at.is_some_and(|(_, last)| last == position);
            if bytes > 0 && bytes + frame.len() > asked.max_bytes && !goes_with_the_last {
                full = true;
                break;
            }
            bytes += frame.len();
            at = Some((place + 1, position));
            self.frames.push(frame);
        }
        let frame = match &self.frames[..] {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(Encoded::merge(several)),
        };
        self.frames.clear();
        let (to, last) = if full { at } else { end.or(at) }?;
        let last = last.clone();
        self.pieces.retain(|piece| piece.asked != asked);
        if self.pieces.len() == KEPT {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece { asked, to, full, frame, last });
        self.pieces.back()
    }
}
