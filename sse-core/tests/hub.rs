//! A reader of a hub, by itself.
#![cfg(feature = "follow")]

use std::task::{Context, Poll, Waker};

use gapless_sse_core::follow::internals::{Hub, Located, News, Publication, RingRead};
use gapless_sse_core::follow::{Scope, Topic};
use gapless_sse_core::{Encoded, Event};

#[test]
fn a_reader_that_takes_little_at_a_time_is_given_all_there_is_without_waiting() {
    let mut cx = Context::from_waker(Waker::noop());
    let hub: Hub<u32> = Hub::new(1 << 10);
    hub.open(1, 0);
    let mut reader = hub.subscribe(Scope::new("s", ["a"]));
    assert_eq!(reader.poll_news(&mut cx), Poll::Ready(News::Epoch(1)));
    assert_eq!(reader.poll_locate(&0, &mut cx), Poll::Ready(Ok(Located::Live)));
    let frame = Encoded::from(Event::new("x"));
    let publication = |position| {
        let (topic, frame) = (Topic::new("s", "a"), frame.clone());
        Publication::new(topic, position, (), frame)
    };
    hub.publish((1..=3).map(publication), 3);
    for last in 1..=3 {
        let read = RingRead::Events { frame: Some(frame.clone()), last };
        assert_eq!(reader.poll_read(1, &mut cx), Poll::Ready(Ok(read)));
    }
    assert!(reader.poll_read(1, &mut cx).is_pending());
}
