//! What a pass has published, and how many readers have yet to read it.

use std::collections::VecDeque;
use std::time::Duration;

/// How long a pass waits in all for readers of a piece, before it goes on without them.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// The pieces that a pass has published, oldest first. A reader stands in the first piece that it
/// has not read to its end, or behind all of them.
#[derive(Debug)]
pub(super) struct Window<P> {
    pieces: VecDeque<Piece<P>>,
    /// The number of the first of them.
    first: u64,
    /// Readers behind all of them.
    at_end: usize,
    /// Bytes of all of them.
    held: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Piece<P> {
    through: P,
    bytes: usize,
    /// Those who stand in it.
    readers: usize,
    /// How long the pass has waited for them.
    waited: Duration,
    /// All readers have been woken since it was published.
    woken: bool,
}

/// What a pass is to do before it publishes more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// To wait for readers, for so long at most; and to wake all of them first, since some may have
    /// nothing to read in the pieces in which they stand.
    Wait {
        at_most: Duration,
        wake: bool,
    },
}

impl<P: Ord> Window<P> {
    /// A window over a ring of `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { pieces: VecDeque::new(), first: 0, at_end: 0, held: 0, max_bytes }
    }

    /// Begins anew: nobody stands anywhere.
    pub(super) fn clear(&mut self) {
        // Also those who stood behind all pieces stand nowhere now.
        self.first += self.pieces.len() as u64 + 1;
        self.pieces.clear();
        (self.at_end, self.held) = (0, 0);
    }

    pub(super) fn push(&mut self, through: P, bytes: usize) {
        let readers = std::mem::take(&mut self.at_end);
        let (waited, woken) = (Duration::ZERO, false);
        self.pieces.push_back(Piece { through, bytes, readers, waited, woken });
        self.held += bytes;
    }

    /// Puts a reader where it stands that has everything up to `at`: the number of the piece, and
    /// for how long the pass has waited for that.
    pub(super) fn enter(&mut self, at: &P) -> (u64, Duration) {
        let index = self.pieces.partition_point(|piece| piece.through <= *at);
        let waited = if let Some(piece) = self.pieces.get_mut(index) {
            piece.readers += 1;
            piece.waited
        } else {
            self.at_end += 1;
            Duration::ZERO
        };
        (self.first + index as u64, waited)
    }

    /// Takes a reader from the piece with this number, and tells for how long the pass has waited
    /// for that; none if it was not waited for any more.
    pub(super) fn leave(&mut self, number: u64) -> Option<Duration> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        if index == self.pieces.len() {
            self.at_end -= 1;
            return Some(Duration::ZERO);
        }
        let piece = self.pieces.get_mut(index)?;
        piece.readers -= 1;
        Some(piece.waited)
    }

    /// Up to where the piece with this number goes, if it has been published.
    pub(super) fn through(&self, number: u64) -> Option<&P> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.pieces.get(index).map(|piece| &piece.through)
    }

    /// Nobody stands in the first piece, so that the pass may have room now.
    pub(super) fn may_have_room(&self) -> bool {
        self.pieces.front().is_none_or(|piece| piece.readers == 0)
    }

    /// Whether there is room for so many `bytes` without pushing out what is yet to be read.
    pub(super) fn room(&mut self, bytes: usize) -> Room {
        while self.pieces.front().is_some_and(|piece| piece.readers == 0) {
            self.pop();
        }
        let blocking = self.blocking(bytes);
        let Some(first) = self.pieces.front().filter(|_| blocking > 0) else {
            return Room::Enough;
        };
        let at_most = GRACE.saturating_sub(first.waited);
        let wake = self.pieces.range(..blocking).any(|piece| !piece.woken);
        if wake {
            self.pieces.iter_mut().for_each(|piece| piece.woken = true);
        }
        Room::Wait { at_most, wake }
    }

    /// The pass has waited so long for room for so many `bytes`. Who has used up the grace of a
    /// piece is not waited for any more.
    pub(super) fn waited(&mut self, bytes: usize, time: Duration) {
        let blocking = self.blocking(bytes);
        self.pieces.range_mut(..blocking).for_each(|piece| piece.waited += time);
        while self.pieces.front().is_some_and(|piece| piece.waited >= GRACE) {
            self.pop();
        }
    }

    /// How many of the oldest pieces have to go before so many `bytes` fit.
    fn blocking(&self, bytes: usize) -> usize {
        let mut too_many = self.held.saturating_add(bytes).saturating_sub(self.max_bytes);
        let blocking = self.pieces.iter().take_while(|piece| {
            let blocks = too_many > 0;
            too_many = too_many.saturating_sub(piece.bytes);
            blocks
        });
        blocking.count()
    }

    fn pop(&mut self) {
        if let Some(piece) = self.pieces.pop_front() {
            self.first += 1;
            self.held -= piece.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Room = Room::Wait { at_most: GRACE, wake: true };
    const WAIT_ON: Room = Room::Wait { at_most: GRACE, wake: false };

    /// Three pieces of 4 bytes, up to 1, 2 and 3, in a ring of 10.
    fn window() -> Window<u32> {
        let mut window = Window::new(10);
        (1..=3).for_each(|position| window.push(position, 4));
        window
    }

    #[test]
    fn a_piece_waits_for_readers_of_what_it_would_push_out_and_for_no_others() {
        let mut window = window();
        let (slow, _) = window.enter(&1);
        assert_eq!(window.room(1), Room::Enough, "the first piece was read");
        assert_eq!(window.room(3), WAIT);
        assert_eq!(window.room(3), WAIT_ON, "all have been woken");
        assert_eq!(window.leave(slow), Some(Duration::ZERO));
        assert!(window.may_have_room());
        assert_eq!(window.room(1000), Room::Enough, "all there is has been read");
    }

    #[test]
    fn who_stands_behind_all_pieces_stands_in_the_next() {
        let mut window = window();
        let (number, _) = window.enter(&3);
        assert_eq!(window.room(1000), Room::Enough);
        window.push(4, 4);
        assert_eq!(window.room(7), WAIT);
        assert_eq!(window.through(number), Some(&4));
    }

    #[test]
    fn who_has_used_up_the_grace_of_a_piece_is_not_waited_for() {
        let mut window = window();
        let (slow, _) = window.enter(&0);
        window.enter(&2);
        assert_eq!(window.room(3), WAIT);
        window.waited(3, GRACE / 2);
        assert_eq!(window.room(3), Room::Wait { at_most: GRACE / 2, wake: false });
        let (also, waited) = window.enter(&0);
        assert_eq!(waited, GRACE / 2);
        assert_eq!(window.leave(also), Some(GRACE / 2));
        window.waited(3, GRACE / 2);
        assert_eq!(window.leave(slow), None);
        assert_eq!(window.room(6), Room::Enough, "that of 3 still fits");
        assert_eq!(window.room(7), WAIT_ON);
    }

    #[test]
    fn nobody_stands_anywhere_when_it_begins_anew() {
        let mut window = window();
        let stood = [0, 3].map(|at| window.enter(&at).0);
        window.clear();
        window.push(9, 100);
        assert_eq!(stood.map(|number| window.leave(number)), [None, None]);
        assert_eq!(window.room(1000), Room::Enough);
    }
}
