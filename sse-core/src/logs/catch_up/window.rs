//! What a pass has published and its readers may not have read.

use std::collections::VecDeque;

/// The pieces that a pass has published, oldest first: the position at the end of each, and its
/// bytes.
#[derive(Debug)]
pub(super) struct Window<P> {
    pieces: VecDeque<(P, usize)>,
    max_bytes: usize,
}

impl<P: Ord> Window<P> {
    /// A window over a ring of `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { pieces: VecDeque::new(), max_bytes }
    }

    pub(super) fn push(&mut self, through: P, bytes: usize) {
        self.pieces.push_back((through, bytes));
    }

    /// The position that the `slowest` reader has to reach before `bytes` more fit into the ring;
    /// none if they do.
    pub(super) fn blocked_by(&mut self, slowest: &P, bytes: usize) -> Option<&P> {
        while self.pieces.front().is_some_and(|(through, _)| through <= slowest) {
            self.pieces.pop_front();
        }
        let mut held = bytes;
        let too_far = self.pieces.iter().rev().find(|(_, bytes)| {
            held += bytes;
            held > self.max_bytes
        });
        too_far.map(|(through, _)| through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_waits_for_readers_of_what_it_would_push_out_and_for_no_others() {
        let mut window = Window::new(10);
        (1..=3).for_each(|position| window.push(position, 4));
        assert_eq!(window.blocked_by(&0, 2), Some(&1));
        assert_eq!(window.blocked_by(&0, 3), Some(&2));
        assert_eq!(window.blocked_by(&0, 7), Some(&3));
        assert_eq!(window.blocked_by(&1, 2), None);
        assert_eq!(window.blocked_by(&3, 1000), None, "all there is has been read");
    }
}
