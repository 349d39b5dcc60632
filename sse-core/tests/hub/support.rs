//! What the tests of a hub share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use gapless_sse_core::follow::internals::{
    Hub, Located, News, Publication, RingRead, Subscription,
};
use gapless_sse_core::follow::{Everything, Filter, Scope, Topic};
use gapless_sse_core::{Encoded, Event};

/// More than any ring of a test is to hold.
pub(crate) const ROOM: usize = 1 << 24;

/// A waker that counts how often it is used.
#[derive(Debug, Default)]
pub(crate) struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let woken = Arc::new(Self::default());
        (Arc::clone(&woken), Waker::from(woken))
    }

    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

pub(crate) fn topic(name: &str) -> Topic {
    Topic::new("s", name)
}

pub(crate) fn scope(names: &[&str]) -> Scope {
    Scope::new("s", names.iter().copied())
}

/// The event at `position`, which says so.
pub(crate) fn frame(position: u32) -> Encoded {
    Encoded::from(Event::new(position.to_string()))
}

pub(crate) fn event<F: Filter>(name: &str, position: u32, mark: F::Mark) -> Publication<u32, F> {
    Publication::new(topic(name), position, mark, frame(position))
}

/// A hub that is open, from position 0 on.
pub(crate) fn hub<F: Filter>(ring_bytes: usize) -> Hub<u32, F> {
    let hub = Hub::new(ring_bytes);
    hub.open(1, 0);
    hub
}

/// A reader that is right behind `position`.
pub(crate) fn reader<F: Filter>(
    hub: &Hub<u32, F>,
    scope: Scope<F>,
    position: u32,
) -> Subscription<u32, F> {
    let mut reader = hub.subscribe(scope);
    assert_eq!(reader.poll_news(&mut noop()), Poll::Ready(News::Epoch(1)));
    assert_eq!(reader.poll_locate(&position, &mut noop()), Poll::Ready(Ok(Located::Live)));
    reader
}

/// A reader of everything in topic `a`.
pub(crate) fn plain(hub: &Hub<u32>) -> Subscription<u32> {
    reader(hub, scope(&["a"]), 0)
}

/// Reads until nothing more comes, and returns the text of all of it.
pub(crate) fn read_all<F: Filter>(reader: &mut Subscription<u32, F>) -> String {
    let (woken, waker) = Woken::new();
    let mut cx = Context::from_waker(&waker);
    let mut text = String::new();
    loop {
        let before = woken.times();
        match reader.poll_read(1000, &mut cx) {
            Poll::Ready(Ok(RingRead::Events { frame, .. })) => {
                let bytes = frame.as_ref().map_or(&[][..], Encoded::as_ref);
                text.push_str(std::str::from_utf8(bytes).unwrap());
            }
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending if woken.times() > before => {}
            Poll::Pending => return text,
        }
    }
}

/// The text of the events at these positions.
pub(crate) fn text(positions: impl IntoIterator<Item = u32>) -> String {
    let frames: Vec<_> = positions.into_iter().map(frame).collect();
    String::from_utf8(Encoded::merge(&frames).as_ref().to_vec()).unwrap()
}

/// Publishes events of topic `a` at these positions, each with its position for a mark.
pub(crate) fn publish<F: Filter<Mark = u32>>(
    hub: &Hub<u32, F>,
    positions: std::ops::RangeInclusive<u32>,
) {
    let through = *positions.end();
    hub.publish(positions.map(|position| event("a", position, position)), through);
}

/// Publishes an event of topic `a` at each of these positions.
pub(crate) fn publish_plain(hub: &Hub<u32>, positions: std::ops::RangeInclusive<u32>) {
    let through = *positions.end();
    let events = positions.map(|position| event::<Everything>("a", position, ()));
    hub.publish(events, through);
}
