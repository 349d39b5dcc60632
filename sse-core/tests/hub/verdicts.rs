//! A filter is asked once of each event, and never for long.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use gapless_sse_core::Encoded;
use gapless_sse_core::follow::internals::{Hub, RingRead, Subscription};
use gapless_sse_core::follow::{Everything, Filter, Scope};

use crate::support::{ROOM, Woken, noop, publish, read_all, reader, scope, text};

/// Multiples of a number; counts how often it is asked. Equal ones share the counter.
#[derive(Clone, Debug)]
struct Counting {
    multiples: u32,
    asked: Arc<AtomicUsize>,
    takes: Duration,
}

impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        self.multiples == other.multiples
    }
}

impl Eq for Counting {}

impl std::hash::Hash for Counting {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.multiples.hash(state);
    }
}

impl Filter for Counting {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let until = Instant::now() + self.takes;
        while Instant::now() < until {
            spin_loop();
        }
        position.is_multiple_of(self.multiples)
    }
}

fn of(multiples: u32, asked: &Arc<AtomicUsize>, takes: Duration) -> Scope<Counting> {
    scope(&["a"]).filtered(Counting { multiples, asked: Arc::clone(asked), takes })
}

fn asked(asked: &AtomicUsize) -> u32 {
    asked.load(Ordering::SeqCst).try_into().unwrap()
}

#[test]
fn equal_filters_are_asked_once_of_each_event_whatever_the_pace_of_their_readers() {
    let hub: Hub<u32, Counting> = hub_of_counting();
    let counter = Arc::default();
    let scope = of(3, &counter, Duration::ZERO);
    let mut readers: Vec<_> = (0..20).map(|_| reader(&hub, scope.clone(), 0)).collect();
    let mut seen = vec![String::new(); readers.len()];
    for round in 0..10 {
        publish(&hub, 1 + round * 30..=30 + round * 30);
        // Each third of them reads every round, every other, every third.
        for (nth, (reader, seen)) in (0..).zip(readers.iter_mut().zip(&mut seen)) {
            if round % (1 + nth % 3) == 0 {
                seen.push_str(&read_all(reader));
            }
        }
        assert_eq!(asked(&counter), 30 + round * 30);
    }
    for (mut reader, mut seen) in readers.into_iter().zip(seen) {
        seen.push_str(&read_all(&mut reader));
        assert_eq!(seen, text((3..=300).step_by(3)));
    }
    assert_eq!(asked(&counter), 300);
}

fn hub_of_counting() -> Hub<u32, Counting> {
    crate::support::hub(ROOM)
}

#[test]
fn one_who_comes_from_further_back_is_given_the_same_and_shares_what_follows() {
    let hub = hub_of_counting();
    let counter = Arc::default();
    publish(&hub, 1..=100);
    let mut from_50 = reader(&hub, of(2, &counter, Duration::ZERO), 50);
    assert_eq!(read_all(&mut from_50), text((52..=100).step_by(2)));
    let mut from_0 = reader(&hub, of(2, &counter, Duration::ZERO), 0);
    assert_eq!(read_all(&mut from_0), text((2..=100).step_by(2)));
    assert_eq!(asked(&counter), 150, "what lies between two places may be asked twice");
    publish(&hub, 101..=200);
    for reader in [&mut from_0, &mut from_50] {
        assert_eq!(read_all(reader), text((102..=200).step_by(2)));
    }
    assert_eq!(asked(&counter), 250);
}

#[test]
fn readers_of_a_quiet_topic_share_verdicts_wherever_in_the_ring_they_began() {
    let hub = hub_of_counting();
    let counter = Arc::default();
    let early = (0..5).map(|_| reader(&hub, of(1, &counter, Duration::ZERO), 0));
    let mut readers: Vec<_> = early.collect();
    publish(&hub, 1..=1);
    for reader in &mut readers {
        assert_eq!(read_all(reader), text([1]));
    }
    for position in 2..=20 {
        hub.publish([crate::support::event("elsewhere", position, position)], position);
        readers.push(reader(&hub, of(1, &counter, Duration::ZERO), position));
    }
    publish(&hub, 21..=21);
    for reader in readers.iter_mut().rev() {
        assert_eq!(read_all(reader), text([21]));
    }
    assert_eq!(asked(&counter), 2);
}

#[test]
fn a_read_asks_in_steps_and_yields_between_them() {
    let hub = hub_of_counting();
    let counter = Arc::default();
    publish(&hub, 1..=5_000);
    let mut reader = reader(&hub, of(10_000, &counter, Duration::ZERO), 0);
    let (woken, waker) = Woken::new();
    let mut cx = Context::from_waker(&waker);
    let (mut before, mut last, mut yielded) = (0, 0, 0);
    while last < 5_000 {
        match reader.poll_read(usize::MAX, &mut cx) {
            Poll::Ready(Ok(RingRead::Events { frame, last: to })) => {
                assert_eq!(frame, None);
                assert!(last < to, "a position never goes back");
                last = to;
            }
            Poll::Pending => {
                yielded += 1;
                assert_eq!(woken.times(), yielded, "it wakes itself");
            }
            other @ Poll::Ready(_) => panic!("{other:?}"),
        }
        let now = asked(&counter);
        assert!(now - before <= 256, "{} events in one step", now - before);
        before = now;
    }
    assert!(yielded >= 5_000 / 256, "{yielded}");
    assert_eq!(asked(&counter), 5_000);
}

#[test]
fn a_step_of_a_slow_filter_is_short() {
    let hub = hub_of_counting();
    let counter = Arc::default();
    publish(&hub, 1..=100);
    let mut reader = reader(&hub, of(1, &counter, Duration::from_millis(2)), 0);
    let read = reader.poll_read(usize::MAX, &mut noop());
    assert_eq!(
        read,
        Poll::Ready(Ok(RingRead::Events { frame: Some(crate::support::frame(1)), last: 1 }))
    );
    assert_eq!(asked(&counter), 1, "each takes longer than a step may");
}

#[test]
fn a_filter_that_admits_all_is_not_asked() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct All;

    impl Filter for All {
        type Mark = u32;

        fn admits(&self, _: &u32) -> bool {
            panic!("it is asked")
        }

        fn admits_all(&self) -> bool {
            true
        }
    }

    let hub = crate::support::hub(ROOM);
    publish(&hub, 1..=300);
    let mut reader = reader(&hub, scope(&["a"]).filtered(All), 0);
    assert_eq!(read_all(&mut reader), text(1..=300));
    assert!(Everything.admits_all());
}

#[test]
fn threads_with_equal_filters_wait_for_each_other_and_ask_once() {
    let hub = hub_of_counting();
    let counter = Arc::default();
    let scope = of(2, &counter, Duration::from_micros(50));
    let readers: Vec<_> = (0..4).map(|_| reader(&hub, scope.clone(), 0)).collect();
    thread::scope(|threads| {
        let reading: Vec<_> = readers
            .into_iter()
            .map(|reader| threads.spawn(move || read_parked(reader, 400)))
            .collect();
        for round in 0..40 {
            publish(&hub, 1 + round * 10..=10 + round * 10);
        }
        for reader in reading {
            assert_eq!(reader.join().unwrap(), text((2..=400).step_by(2)));
        }
    });
    assert_eq!(asked(&counter), 400);
}

/// Reads up to position `end` on this thread, which sleeps until it is woken.
fn read_parked(mut reader: Subscription<u32, Counting>, end: u32) -> String {
    struct Unpark(thread::Thread);

    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Arc::new(Unpark(thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    let mut text = String::new();
    loop {
        match reader.poll_read(100, &mut cx) {
            Poll::Ready(Ok(RingRead::Events { frame, last })) => {
                let bytes = frame.as_ref().map_or(&[][..], Encoded::as_ref);
                text.push_str(std::str::from_utf8(bytes).unwrap());
                if last == end {
                    return text;
                }
            }
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending => {
                let slept = Instant::now();
                thread::park_timeout(Duration::from_secs(20));
                assert!(slept.elapsed() < Duration::from_secs(20), "nobody has woken it");
            }
        }
    }
}
