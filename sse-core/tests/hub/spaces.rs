//! Readers of a whole space.

use std::task::{Context, Poll};

use allocation_counter::measure;
use gapless_sse_core::follow::internals::{Hub, Late, LateRecord, Located, Publication, RingRead};
use gapless_sse_core::follow::{Filter, Scope, Topic};
use gapless_sse_core::{Encoded, Event, EventId};

use crate::support::{ROOM, Woken, frame, hub, noop, read_all, reader, scope, text};

fn of(space: &str, name: &str, position: u32) -> Publication<u32> {
    Publication::new(Topic::new(space, name), position, (), frame(position))
}

#[test]
fn it_is_given_all_topics_of_its_space_those_that_appear_later_and_no_others() {
    let hub: Hub<u32> = hub(ROOM);
    let mut whole = reader(&hub, Scope::whole("s"), 0);
    let mut named = reader(&hub, scope(&["a"]), 0);
    hub.publish([of("s", "a", 1), of("t", "a", 2), of("s", "b", 3)], 3);
    assert_eq!(read_all(&mut whole), text([1, 3]));
    hub.publish([of("s", "new", 4), of("s", "a", 5)], 5);
    assert_eq!(read_all(&mut whole), text([4, 5]));
    assert_eq!(read_all(&mut named), text([1, 5]));
    assert_eq!(whole.caught_up(), Some(5));
}

#[test]
fn it_is_woken_by_its_own_space_alone() {
    let hub: Hub<u32> = hub(ROOM);
    let mut readers = ["s", "t"].map(|space| {
        let mut reader = reader(&hub, Scope::whole(space), 0);
        let (woken, waker) = Woken::new();
        assert!(reader.poll_read(100, &mut Context::from_waker(&waker)).is_pending());
        (reader, woken)
    });
    hub.publish([of("t", "a", 1)], 1);
    assert_eq!([readers[0].1.times(), readers[1].1.times()], [0, 1]);
    assert_eq!(read_all(&mut readers[1].0), text([1]));
    // Who is gone keeps nothing of the others from being woken.
    let [(s, woken), (t, _)] = readers;
    drop(t);
    hub.publish([of("s", "a", 2), of("t", "a", 3)], 3);
    assert_eq!(woken.times(), 1);
    drop(s);
    hub.publish([of("s", "a", 4)], 4);
}

/// More than are looked at under one lock.
const MANY: u32 = 5_000;

#[test]
fn the_first_of_a_space_is_served_from_the_ring_with_what_came_before_it() {
    let hub: Hub<u32> = hub(ROOM);
    let spaces = ["s", "t", "s"];
    let event = |at: u32| of(spaces[at as usize % 3], &format!("topic {}", at % 700), at);
    hub.publish((1..=MANY).map(event), MANY);
    let is_in = |at: &u32| at % 3 != 1;
    let mut late = reader(&hub, Scope::whole("s"), MANY - 10);
    assert_eq!(read_all(&mut late), text((MANY - 9..=MANY).filter(is_in)));
    let mut early = reader(&hub, Scope::whole("s"), 7);
    hub.publish([event(MANY + 1)], MANY + 1);
    assert_eq!(read_all(&mut early), text((8..=MANY + 1).filter(is_in)));
    assert_eq!(read_all(&mut late), text([MANY + 1].into_iter().filter(is_in)));
}

#[test]
fn it_lags_only_when_an_event_of_its_space_was_evicted_unread() {
    // Room for two events.
    let hub: Hub<u32> = hub(2 * (frame(1).len() + 128));
    let (mut s, mut t) = (reader(&hub, Scope::whole("s"), 0), reader(&hub, Scope::whole("t"), 0));
    hub.publish([of("s", "a", 1)], 1);
    assert_eq!(read_all(&mut s), text([1]));
    hub.publish((2..=4).map(|at| of("t", &format!("topic {at}"), at)), 4);
    assert!(s.poll_read(100, &mut noop()).is_pending());
    assert_eq!(t.poll_read(100, &mut noop()), Poll::Ready(Ok(RingRead::Lagged)));
    assert_eq!(s.poll_locate(&1, &mut noop()), Poll::Ready(Ok(Located::Live)));
    assert_eq!(t.poll_locate(&1, &mut noop()), Poll::Ready(Ok(Located::Behind)));
    assert_eq!(t.poll_locate(&2, &mut noop()), Poll::Ready(Ok(Located::Live)));
    assert_eq!(read_all(&mut t), text([3, 4]));
}

#[test]
fn a_ring_that_begins_anew_leaves_it_behind() {
    let hub: Hub<u32> = hub(ROOM);
    let mut whole = reader(&hub, Scope::whole("s"), 0);
    hub.publish([of("s", "a", 1)], 1);
    hub.open(1, 7);
    assert_eq!(whole.poll_read(100, &mut noop()), Poll::Ready(Ok(RingRead::Lagged)));
    assert_eq!(whole.poll_locate(&7, &mut noop()), Poll::Ready(Ok(Located::Live)));
    hub.publish([of("s", "b", 8)], 8);
    assert_eq!(read_all(&mut whole), text([8]));
}

#[test]
fn what_came_late_or_is_lost_is_told_to_it_too() {
    let hub: Hub<u32> = hub(ROOM);
    let mut readers = ["s", "t"].map(|space| reader(&hub, Scope::whole(space), 0));
    let id = || EventId::new("3").unwrap();
    let late = |name| LateRecord::new(Topic::new("s", name), (), frame(2));
    let records = vec![late("a"), late("b"), late("a")];
    let lost = Publication::lost(Topic::new("s", "c"), 1, id());
    hub.publish_late([lost], 3, [Late::new(id(), records), Late::lost(None, 5)]);
    let gap = |data: &str| Event::new(data.to_owned()).event("gap").unwrap();
    let of_s = [
        Encoded::from(gap(r#"{"lost":1}"#).event_id(id())),
        Encoded::from(gap(r#"{"late":3}"#).event_id(id())),
        frame(2),
        frame(2),
        frame(2),
        Encoded::from(gap(r#"{"lost":5}"#)),
    ];
    let text =
        |frames: &[Encoded]| String::from_utf8(Encoded::merge(frames).as_ref().to_vec()).unwrap();
    assert_eq!(read_all(&mut readers[0]), text(&of_s));
    assert_eq!(read_all(&mut readers[1]), text(&of_s[5..]));
}

/// Even positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Even;

impl Filter for Even {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        position.is_multiple_of(2)
    }
}

#[test]
fn a_filter_decides_over_a_whole_space() {
    let hub: Hub<u32, Even> = hub(ROOM);
    let event = |at: u32| {
        let topic = Topic::new("s", format!("topic {}", at % 7));
        Publication::<_, Even>::new(topic, at, at, frame(at))
    };
    hub.publish((1..=500).map(event), 500);
    let mut readers = [0, 100].map(|at| reader(&hub, Scope::whole("s").filtered(Even), at));
    hub.publish((501..=1000).map(event), 1000);
    let even = |from: u32| text((from..=1000).filter(|at| at % 2 == 0));
    assert_eq!(read_all(&mut readers[0]), even(1));
    assert_eq!(read_all(&mut readers[1]), even(101));
}

/// How many allocations a reader of the whole space costs that joins, is given an event and leaves,
/// where so many topics have events in the ring and a reader each.
fn allocations(topics: u32) -> u64 {
    let hub: Hub<u32> = hub(ROOM);
    let name = |at: u32| format!("topic {at}");
    let _others: Vec<_> = (0..topics).map(|at| hub.subscribe(scope(&[&name(at)]))).collect();
    hub.publish((0..topics).map(|at| of("s", &name(at), at + 1)), topics);
    let mut cost = None;
    // In a first time, tables grow.
    for at in topics + 1..topics + 4 {
        cost = Some(measure(|| {
            let mut whole = reader(&hub, Scope::whole("s"), at - 1);
            hub.publish([of("s", "topic 0", at)], at);
            assert!(whole.poll_read(1000, &mut noop()).is_ready());
        }));
    }
    cost.unwrap().count_total
}

#[test]
fn what_it_costs_does_not_depend_on_how_many_topics_there_are() {
    assert_eq!(allocations(10), allocations(10_000));
}
