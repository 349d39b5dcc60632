//! Nobody who has something to read is left asleep.

use std::task::Context;

use gapless_sse_core::follow::internals::Hub;
use gapless_sse_core::follow::{Filter, Scope};

use crate::support::{ROOM, Woken, event, hub, plain, publish, read_all, reader, scope, text};

/// Multiples of a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Multiples(u32);

impl Filter for Multiples {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        position.is_multiple_of(self.0)
    }
}

#[test]
fn every_reader_of_a_topic_is_woken() {
    let hub: Hub<u32, Multiples> = hub(ROOM);
    let of = |number| -> Scope<Multiples> { scope(&["a"]).filtered(Multiples(number)) };
    let mut readers: Vec<_> = (1..=4).chain(1..=4).map(|of_| reader(&hub, of(of_), 0)).collect();
    let wakers: Vec<_> = readers
        .iter_mut()
        .map(|reader| {
            let (woken, waker) = Woken::new();
            assert!(reader.poll_read(100, &mut Context::from_waker(&waker)).is_pending());
            woken
        })
        .collect();
    publish(&hub, 1..=12);
    assert!(wakers.iter().all(|woken| woken.times() == 1));
    for (reader, of) in readers.iter_mut().zip((1..=4).cycle()) {
        assert_eq!(read_all(reader), text((1..=12).filter(|at| at % of == 0)));
    }
}

#[test]
fn the_waker_of_the_last_poll_is_woken_and_no_older_one() {
    let hub: Hub<u32> = hub(ROOM);
    let mut reader = plain(&hub);
    let wakers = [(); 3].map(|()| Woken::new());
    for (_, waker) in &wakers {
        assert!(reader.poll_read(100, &mut Context::from_waker(waker)).is_pending());
    }
    hub.publish([event("a", 1, ())], 1);
    assert_eq!(wakers.map(|(woken, _)| woken.times()), [0, 0, 1]);
}
