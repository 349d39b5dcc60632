//! Nothing of an application runs while a hub is locked.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use gapless_sse_core::follow::internals::{Hub, News, Publication, RingRead};
use gapless_sse_core::follow::{Fault, Filter, Scope};

use crate::support::{
    ROOM, event, frame, hub, noop, plain, publish, read_all, reader, scope, text,
};

/// A hub that every piece of code of the application asks something: it would wait for ever for a
/// lock that its own thread holds.
static HUB: LazyLock<Hub<u32, Nosy>> = LazyLock::new(|| hub(2_000));

thread_local! {
    /// What has asked so far on this thread.
    static ASKED: Cell<Vec<&'static str>> = const { Cell::new(Vec::new()) };
}

fn ask(who: &'static str) {
    // One more reader takes the lock, and so does its drop.
    let _ = HUB.readers();
    let _ = HUB.head();
    let mut asked = ASKED.take();
    asked.push(who);
    ASKED.set(asked);
}

struct Nosy(u32);

impl Clone for Nosy {
    fn clone(&self) -> Self {
        ask("clone");
        Self(self.0)
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        ask("eq");
        self.0 == other.0
    }
}

impl Eq for Nosy {}

impl Hash for Nosy {
    fn hash<H: Hasher>(&self, _: &mut H) {
        // All have the same, so that they are compared.
        ask("hash");
    }
}

impl fmt::Debug for Nosy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ask("debug of a filter");
        f.write_str("Nosy")
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        ask("drop of a filter");
    }
}

impl Filter for Nosy {
    type Mark = Mark;

    fn admits(&self, mark: &Mark) -> bool {
        ask("admits");
        mark.0.is_multiple_of(self.0)
    }

    fn admits_all(&self) -> bool {
        ask("admits_all");
        false
    }

    fn weight(_: &Mark) -> usize {
        ask("weight");
        100
    }
}

struct Mark(u32);

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ask("debug of a mark");
        f.write_str("Mark")
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        ask("drop of a mark");
    }
}

/// A waker made by hand, since one that is an `Arc` is cloned without code of its own: it is
/// dropped and woken with some.
struct NosyWake;

impl Wake for NosyWake {
    fn wake(self: Arc<Self>) {
        ask("wake");
    }
}

impl Drop for NosyWake {
    fn drop(&mut self) {
        ask("drop of a waker");
    }
}

fn events(
    positions: std::ops::RangeInclusive<u32>,
) -> impl Iterator<Item = Publication<u32, Nosy>> {
    positions.map(|position| {
        ask("next of an iterator");
        event("a", position, Mark(position))
    })
}

fn all_that_is_asked() -> Vec<&'static str> {
    let scope = |multiples| -> Scope<Nosy> { scope(&["a"]).filtered(Nosy(multiples)) };
    let mut readers: Vec<_> = [2, 3, 2].map(|of| reader(&HUB, scope(of), 0)).into();
    let mut wait = |times| {
        for reader in &mut readers {
            for _ in 0..times {
                // Each time another waker: the one before is dropped.
                let waker = Waker::from(Arc::new(NosyWake));
                while reader.poll_read(100, &mut Context::from_waker(&waker)).is_ready() {}
            }
        }
    };
    wait(3);
    HUB.publish(events(1..=3), 3);
    wait(3);
    // More than the ring holds.
    HUB.publish(events(4..=40), 40);
    HUB.open(2, 50);
    assert!(format!("{:?}{readers:?}", *HUB).contains("Nosy"));
    drop(readers);
    let mut asked = ASKED.take();
    asked.sort_unstable();
    asked.dedup();
    asked
}

#[test]
fn no_code_of_an_application_runs_under_the_lock() {
    let (done, is_done) = channel();
    thread::spawn(move || done.send(all_that_is_asked()));
    let asked = is_done.recv_timeout(Duration::from_secs(60)).expect("one of them ran under it");
    let expected = [
        "admits",
        "admits_all",
        "debug of a filter",
        "drop of a filter",
        "drop of a mark",
        "drop of a waker",
        "eq",
        "hash",
        "next of an iterator",
        "wake",
        "weight",
    ];
    assert_eq!(asked, expected, "all of them ran");
}

/// Admits all, once it may.
#[derive(Clone, Debug)]
struct Stuck(Arc<std::sync::Mutex<std::sync::mpsc::Receiver<()>>>);

impl PartialEq for Stuck {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Stuck {}

impl Hash for Stuck {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Filter for Stuck {
    type Mark = u32;

    fn admits(&self, _: &u32) -> bool {
        self.0.lock().unwrap().recv().unwrap();
        true
    }
}

#[test]
fn while_a_filter_is_stuck_others_subscribe_read_and_publish() {
    let (go_on, may_go_on) = sync_channel(100);
    let (other_go_on, other_may_go_on) = sync_channel(100);
    let stuck = Stuck(Arc::new(std::sync::Mutex::new(may_go_on)));
    let free = Stuck(Arc::new(std::sync::Mutex::new(other_may_go_on)));
    let hub: Hub<u32, Stuck> = hub(ROOM);
    publish(&hub, 1..=3);
    let mut one = reader(&hub, scope(&["a"]).filtered(stuck.clone()), 0);
    let mut equal = reader(&hub, scope(&["a"]).filtered(stuck), 0);
    let (done, is_done) = channel();
    let reading = thread::spawn(move || {
        let read = read_all(&mut one);
        done.send(()).unwrap();
        read
    });
    let others = thread::spawn(move || {
        (0..20).for_each(|_| other_go_on.send(()).unwrap());
        let mut other = reader(&hub, scope(&["a"]).filtered(free), 0);
        publish(&hub, 4..=6);
        assert_eq!(read_all(&mut other), text(1..=6));
        // What the stuck one has claimed, this one waits for.
        while equal.poll_read(100, &mut noop()).is_ready() {}
        let outage = Some(Fault::Unavailable);
        hub.set_outage(outage);
        assert_eq!(other.poll_news(&mut noop()), Poll::Ready(News::Outage(outage)));
        (hub, equal)
    });
    let (hub, mut equal) = others.join().unwrap();
    assert!(is_done.try_recv().is_err(), "it is stuck all the while");
    hub.set_outage(None);
    (0..20).for_each(|_| go_on.send(()).unwrap());
    assert_eq!(reading.join().unwrap(), text(1..=6));
    assert_eq!(read_all(&mut equal), text(1..=6));
}

#[test]
fn events_under_a_reader_are_its_own_when_the_ring_begins_anew() {
    let hub: Hub<u32> = hub(ROOM);
    let mut reader = plain(&hub);
    crate::support::publish_plain(&hub, 1..=2);
    hub.open(1, 10);
    assert_eq!(reader.poll_read(100, &mut noop()), Poll::Ready(Ok(RingRead::Lagged)));
    hub.publish([event("a", 11, ())], 11);
    let mut reader = crate::support::reader(&hub, scope(&["a"]), 10);
    let read = RingRead::Events { frame: Some(frame(11)), last: 11 };
    assert_eq!(reader.poll_read(100, &mut noop()), Poll::Ready(Ok(read)));
}
