//! What a stream has to send next, beside what it reads from the ring.

use std::collections::VecDeque;

use crate::wire::Encoded;

/// Frames in order. One that is empty takes no memory, even after a page of history.
#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<Encoded>);

impl Outbox {
    pub(super) fn push(&mut self, frame: Encoded) {
        self.0.push_back(frame);
    }

    pub(super) fn pop(&mut self) -> Option<Encoded> {
        let first = self.0.pop_front()?;
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Event;

    #[test]
    fn frames_leave_in_order_and_their_room_with_them() {
        let frame = |number: usize| Encoded::from(Event::new(number.to_string()));
        let mut outbox = Outbox::default();
        for count in [1000, 1] {
            (0..count).for_each(|number| outbox.push(frame(number)));
            for number in 0..count {
                assert_eq!(outbox.pop(), Some(frame(number)));
            }
            assert_eq!((outbox.pop(), outbox.0.capacity()), (None, 0));
        }
    }
}
