//! What is pending leaves in pieces, made once.

use std::task::Poll;

use gapless_sse_core::Encoded;
use gapless_sse_core::follow::internals::{RingRead, Subscription};
use gapless_sse_core::follow::{Filter, Scope};

use crate::support::{
    ROOM, event, frame, hub, noop, plain, publish_plain, read_all, reader, scope, text,
};

/// One piece, with the position of its last event.
fn read<F: Filter>(reader: &mut Subscription<u32, F>, max_bytes: usize) -> (Encoded, u32) {
    match reader.poll_read(max_bytes, &mut noop()) {
        Poll::Ready(Ok(RingRead::Events { frame: Some(frame), last })) => (frame, last),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_that_takes_little_at_a_time_is_given_all_there_is_without_waiting() {
    let hub = hub(ROOM);
    let mut reader = plain(&hub);
    publish_plain(&hub, 1..=3);
    for last in 1..=3 {
        assert_eq!(read(&mut reader, 1), (frame(last), last));
    }
    assert!(reader.poll_read(1, &mut noop()).is_pending());
}

#[test]
fn readers_at_the_same_place_share_the_bytes() {
    let hub = hub(ROOM);
    publish_plain(&hub, 1..=3);
    let mut readers = [(); 2].map(|()| plain(&hub));
    let pieces = readers.each_mut().map(|reader| read(reader, 1000).0);
    assert_eq!(pieces[0].events(), 3);
    assert_eq!(pieces[0].as_ref().as_ptr(), pieces[1].as_ref().as_ptr());
    assert_eq!(read(&mut reader(&hub, scope(&["a"]), 1), 1000).0.events(), 2);
}

#[test]
fn a_piece_that_is_not_all_there_is_by_now_is_made_anew() {
    let hub = hub(ROOM);
    publish_plain(&hub, 1..=3);
    let read_from_0 = |max_bytes| read(&mut reader(&hub, scope(&["a"]), 0), max_bytes).1;
    let (full, part) = (20, 1000);
    assert_eq!([full, part].map(read_from_0), [2, 3]);
    publish_plain(&hub, 4..=4);
    assert_eq!([full, part].map(read_from_0), [2, 4]);
    let mut rest = reader(&hub, scope(&["a"]), 3);
    assert_eq!(read(&mut rest, part).1, 4);
    assert!(rest.poll_read(part, &mut noop()).is_pending());
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
fn readers_of_other_topics_or_by_another_filter_do_not_share_them() {
    let hub = hub(ROOM);
    let names = |position| if position < 4 { "a" } else { "b" };
    hub.publish((1..=6).map(|position| event(names(position), position, position)), 6);
    let all = || scope(&["a", "b"]);
    let scopes: [(Scope<Above>, _); 3] = [
        (all().filtered(Above(0)), 1..=6),
        (scope(&["a"]).filtered(Above(0)), 1..=3),
        (all().filtered(Above(4)), 5..=6),
    ];
    for (scope, positions) in scopes.iter().chain(&scopes) {
        assert_eq!(read_all(&mut reader(&hub, scope.clone(), 0)), text(positions.clone()));
    }
    let mut none = reader(&hub, all().filtered(Above(6)), 0);
    assert_eq!((read_all(&mut none), none.caught_up()), (String::new(), Some(6)));
}
