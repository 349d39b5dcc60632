//! What cannot be shown is announced.

use std::hint::spin_loop;
use std::task::Poll;
use std::time::{Duration, Instant};

use gapless_sse_core::EventId;
use gapless_sse_core::follow::Filter;
use gapless_sse_core::follow::internals::{
    Hub, Late, LateRecord, Located, Publication, RingRead, Subscription,
};

use crate::support::{
    ROOM, frame, hub, noop, publish, publish_plain, read_all, reader, scope, text, topic,
};

/// Nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Nothing;

impl Filter for Nothing {
    type Mark = u32;

    fn admits(&self, _: &u32) -> bool {
        false
    }
}

#[test]
fn readers_of_a_topic_are_told_of_what_it_has_lost_whatever_their_filter() {
    let hub: Hub<u32, Nothing> = hub(ROOM);
    let mut of_a = reader(&hub, scope(&["a", "c"]).filtered(Nothing), 0);
    let mut of_b = reader(&hub, scope(&["b"]).filtered(Nothing), 0);
    publish(&hub, 1..=1);
    hub.publish([Publication::lost(topic("a"), 2, EventId::new("2").unwrap())], 2);
    assert_eq!(read_all(&mut of_a), "event: gap\nid: 2\ndata: {\"lost\":1}\n\n");
    assert_eq!(read_all(&mut of_b), "");
}

#[test]
fn every_reader_is_told_of_what_is_lost_of_an_unknown_topic_once_and_in_its_place() {
    let hub: Hub<u32> = hub(ROOM);
    let names = [&["a"][..], &["b"], &["a", "b"]];
    let mut readers = names.map(|names| reader(&hub, scope(names), 0));
    publish_plain(&hub, 1..=2);
    hub.publish_late([], 3, [Late::lost(None, 7)]);
    hub.publish([crate::support::event("a", 4, ())], 4);
    let told = "event: gap\ndata: {\"lost\":7}\n\n";
    let of_a = format!("{}{told}{}", text(1..=2), text([4]));
    let expected = [of_a.clone(), told.to_owned(), of_a];
    assert_eq!(readers.each_mut().map(read_all), expected);
    assert_eq!(readers.each_mut().map(read_all), [""; 3]);
    // Who comes back from before is told, and who comes back from beyond is not.
    assert_eq!(read_all(&mut reader(&hub, scope(&["b"]), 2)), told);
    assert_eq!(read_all(&mut reader(&hub, scope(&["b"]), 3)), "");
}

#[test]
fn what_came_late_is_told_with_what_was_lost_of_it() {
    let hub: Hub<u32> = hub(ROOM);
    let mut of_a = reader(&hub, scope(&["a"]), 0);
    let late = LateRecord::new(topic("a"), (), frame(1));
    let late = Late::new(EventId::new("2").unwrap(), vec![late]);
    hub.publish_late([], 2, [Late::lost(Some(topic("a")), 1), late]);
    let expected = "event: gap\ndata: {\"lost\":1}\n\nevent: gap\nid: 2\ndata: {\"late\":1}\n\n";
    assert_eq!(read_all(&mut of_a), format!("{expected}{}", text([1])));
}

#[test]
fn a_loss_that_has_left_the_ring_is_told_by_the_source() {
    let hub: Hub<u32> = hub(500);
    let mut slow = reader(&hub, scope(&["quiet"]), 0);
    hub.publish_late([], 1, [Late::lost(None, 1)]);
    publish_plain(&hub, 2..=20);
    assert_eq!(slow.poll_read(100, &mut noop()), Poll::Ready(Ok(RingRead::Lagged)));
    assert_eq!(slow.poll_locate(&0, &mut noop()), Poll::Ready(Ok(Located::Behind)));
    assert_eq!(slow.poll_locate(&1, &mut noop()), Poll::Ready(Ok(Located::Live)));
}

/// Admits all, and takes longer for each than a step of a read may.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slow;

impl Filter for Slow {
    type Mark = u32;

    fn admits(&self, _: &u32) -> bool {
        let until = Instant::now() + Duration::from_millis(1);
        while Instant::now() < until {
            spin_loop();
        }
        true
    }
}

/// A loss and a record that came late, at position 1, and what is published of them.
fn at_one_position<F: Filter>(mark: F::Mark) -> ([Late<F>; 2], String) {
    let late = LateRecord::new(topic("a"), mark, frame(0));
    let late = Late::new(EventId::new("1").unwrap(), vec![late]);
    let text = format!("event: gap\nid: 1\ndata: {{\"late\":1}}\n\n{}", text([0]));
    let text = format!("{text}event: gap\ndata: {{\"lost\":1}}\n\n");
    ([late, Late::lost(Some(topic("a")), 1)], text)
}

fn given<F: Filter>(reader: &mut Subscription<u32, F>) -> String {
    let read = reader.poll_read(1, &mut noop());
    let Poll::Ready(Ok(RingRead::Events { frame: Some(frame), last: 1 })) = read else {
        panic!("{read:?}")
    };
    String::from_utf8(frame.as_ref().to_vec()).unwrap()
}

/// A reader that has some of it counts as having all of it, and would not be given the rest again.
#[test]
fn what_stands_at_one_position_is_given_together_however_little_is_asked_for() {
    let hub: Hub<u32> = hub(ROOM);
    let mut plain = reader(&hub, scope(&["a"]), 0);
    let (late, text) = at_one_position(());
    hub.publish_late([], 1, late);
    assert_eq!(given(&mut plain), text);
}

#[test]
fn what_stands_at_one_position_is_given_together_however_slow_the_filter_is() {
    let hub: Hub<u32, Slow> = hub(ROOM);
    let mut filtered = reader(&hub, scope(&["a"]).filtered(Slow), 0);
    let (late, text) = at_one_position(1);
    hub.publish_late([], 1, late);
    assert_eq!(given(&mut filtered), text);
}
