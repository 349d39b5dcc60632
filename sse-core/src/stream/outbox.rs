//! What a stream has to send next.

use std::collections::VecDeque;

use crate::wire::Frame;

/// Room for more than this is given back once it is sent: a page of history needs it, a live
/// stream does not.
const LIVE_CAPACITY: usize = 64;

/// Frames in order. The only one of a live stream takes no memory of its own.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    first: Option<Frame>,
    rest: VecDeque<Frame>,
}

impl Outbox {
    pub(super) fn push(&mut self, frame: Frame) {
        if self.first.is_none() {
            self.first = Some(frame);
        } else {
            self.rest.push_back(frame);
        }
    }

    pub(super) fn push_some(&mut self, frame: Option<Frame>) {
        if let Some(frame) = frame {
            self.push(frame);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let first = self.first.take()?;
        self.first = self.rest.pop_front();
        if self.rest.is_empty() && self.rest.capacity() > LIVE_CAPACITY {
            self.rest = VecDeque::new();
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
        let frame = |number: usize| Frame::from(Event::new(number.to_string()));
        let mut outbox = Outbox::default();
        (0..1000).for_each(|number| outbox.push(frame(number)));
        for number in 0..1000 {
            assert_eq!(outbox.pop(), Some(frame(number)));
        }
        assert_eq!((outbox.pop(), outbox.rest.capacity()), (None, 0));
        outbox.push(frame(7));
        assert_eq!((outbox.pop(), outbox.rest.capacity()), (Some(frame(7)), 0));
    }
}
