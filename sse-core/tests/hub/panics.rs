//! A panic reaches nobody but its own reader.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use gapless_sse_core::follow::Filter;
use gapless_sse_core::follow::internals::{Hub, RingRead};

use crate::support::{ROOM, Woken, event, hub, noop, publish, read_all, reader, scope, text};

/// Those before a position, at which it panics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Before(u32);

impl Filter for Before {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        assert!(*position < self.0, "it fails at {position}");
        true
    }
}

#[test]
fn a_filter_that_panics_is_told_to_its_own_readers_and_no_other_is_given_their_events() {
    let hub: Hub<u32, Before> = hub(ROOM);
    let mut failing = [(); 2].map(|()| reader(&hub, scope(&["a"]).filtered(Before(3)), 0));
    let mut sound = reader(&hub, scope(&["a"]).filtered(Before(100)), 0);
    let mut of_b = reader(&hub, scope(&["b"]).filtered(Before(100)), 0);
    publish(&hub, 1..=4);
    hub.publish([event("b", 5, 5)], 5);
    for reader in &mut failing {
        // A step may end before the event at which it fails.
        let words = loop {
            if let Poll::Ready(Ok(RingRead::Panicked(words))) = reader.poll_read(1000, &mut noop())
            {
                break words;
            }
        };
        assert_eq!(words, "it fails at 3");
    }
    assert_eq!(read_all(&mut of_b), text([5]));
    assert_eq!(read_all(&mut sound), text(1..=4));
    drop(failing);
    publish(&hub, 6..=7);
    assert_eq!(read_all(&mut sound), text(6..=7));
    assert_eq!(hub.readers(), 2);
}

/// Fails when it is woken, or dropped.
struct Fails;

impl Wake for Fails {
    fn wake(self: Arc<Self>) {
        panic!("a waker that fails");
    }
}

#[test]
fn a_waker_that_panics_keeps_no_other_reader_waiting() {
    let hub: Hub<u32, Before> = hub(ROOM);
    let mut readers = [(); 3].map(|()| reader(&hub, scope(&["a"]).filtered(Before(9)), 0));
    let (woken, waker) = Woken::new();
    let fails = Waker::from(Arc::new(Fails));
    for (reader, waker) in readers.iter_mut().zip([&waker, &fails, &waker]) {
        assert!(reader.poll_read(100, &mut Context::from_waker(waker)).is_pending());
    }
    publish(&hub, 1..=1);
    assert_eq!(woken.times(), 2);
    assert_eq!(readers.each_mut().map(read_all), [(); 3].map(|()| text([1])));
}

/// A mark that fails when it is dropped.
#[derive(Debug)]
struct Heavy;

impl Drop for Heavy {
    fn drop(&mut self) {
        panic!("a mark that fails");
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct All;

impl Filter for All {
    type Mark = Heavy;

    fn admits(&self, _: &Heavy) -> bool {
        true
    }
}

#[test]
fn a_mark_that_panics_when_it_is_dropped_stops_no_publisher() {
    let hub: Hub<u32, All> = hub(400);
    let mut reader = reader(&hub, scope(&["b"]).filtered(All), 0);
    for position in 1..=20 {
        hub.publish([event("a", position, Heavy)], position);
    }
    hub.publish([event("b", 21, Heavy)], 21);
    assert_eq!(read_all(&mut reader), text([21]));
    drop(reader);
    // Those that are left would fail as the hub goes.
    std::mem::forget(hub);
}
