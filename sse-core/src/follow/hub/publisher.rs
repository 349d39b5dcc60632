//! The publisher's side of a hub.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::afterwards::{Afterwards, Wakers};
use super::held::Held;
use super::publication::{Late, Publication};
use super::ring::Ring;
use super::state::{HeldOf, Shared, State, lock};
use super::subscription::Subscription;
use super::touched::Touched;
use crate::follow::filter::{Everything, Filter};
use crate::follow::source::Fault;
use crate::follow::topic::Scope;

/// Hands what one publisher reads from a log to any number of readers.
///
/// One lock covers "find my place and subscribe" and "publish", so that no event falls between
/// them. An event is encoded once and shared; it wakes the readers of its topic and no others. What
/// is pending leaves in one piece, made once for all readers at the same place. A reader holds its
/// place and nothing else, and one that is too slow is told that it lags.
///
/// Nothing of an application runs under the lock. A reader whose filter is to be asked takes
/// references to some hundred events, finds the verdicts when it has let go of the lock, and leaves
/// them to all who read by the same filter.
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use gapless_sse_core::{Event, Encoded};
/// use gapless_sse_core::follow::internals::{Hub, Located, News, Publication, RingRead};
/// use gapless_sse_core::follow::{Scope, Topic};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// let hub: Hub<u64> = Hub::new(1 << 20);
/// let mut reader = hub.subscribe(Scope::new("etl", ["orders"]));
/// hub.open(7, 0); // epoch 7, from position 0 on
/// assert_eq!(reader.poll_news(&mut cx), Poll::Ready(News::Epoch(7)));
/// assert_eq!(reader.poll_locate(&0, &mut cx), Poll::Ready(Ok(Located::Live)));
///
/// let event = Encoded::from(Event::new("a line"));
/// let topic = Topic::new("etl", "orders");
/// hub.publish([Publication::new(topic, 1, (), event.clone())], 1);
/// let read = reader.poll_read(usize::MAX, &mut cx);
/// assert_eq!(read, Poll::Ready(Ok(RingRead::Events { frame: Some(event), last: 1 })));
/// ```
pub struct Hub<P, F: Filter = Everything>(Shared<P, F>);

impl<P, F: Filter> Clone for Hub<P, F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Ord + Clone, F: Filter> Hub<P, F> {
    /// A hub that keeps at most `ring_bytes` of encoded events, and the newest in any case. It is
    /// closed until [`open`](Self::open).
    pub fn new(ring_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(State::new(ring_bytes))))
    }

    /// The log was reached: what is published from now on follows `start` without a gap, in the
    /// life of the log that `epoch` names.
    pub fn open(&self, epoch: u32, start: P) {
        self.change(|state, afterwards| {
            if let Some((current, _)) = &mut state.open {
                *current = epoch;
                afterwards.drop.extend(state.restart(start));
            } else {
                let mut ring = Ring::new(state.max_bytes, start);
                for (topic, readers) in &state.topics {
                    for _ in readers {
                        ring.join(topic);
                    }
                }
                for (space, readers) in &state.spaces {
                    for _ in readers {
                        ring.join_space(space);
                    }
                }
                state.open = Some((epoch, ring));
            }
            state.outage = None;
            true
        });
    }

    /// Lets go of all events, as if the log had been reached only now, where it is. Every reader
    /// has lagged.
    #[cfg(feature = "tokio")]
    pub(crate) fn let_go(&self) {
        self.change(|state, afterwards| {
            let head = state.open.as_ref().map(|(_, ring)| ring.head().clone());
            afterwards.drop.extend(head.into_iter().flat_map(|head| state.restart(head)));
            true
        });
    }

    /// The epoch and the position up to which everything was published.
    pub fn head(&self) -> Option<(u32, P)> {
        lock(&self.0).open.as_ref().map(|(epoch, ring)| (*epoch, ring.head().clone()))
    }

    /// Publishes `events` in the order of their positions, and that the log has nothing else up
    /// to `through`.
    pub fn publish(&self, events: impl IntoIterator<Item = Publication<P, F>>, through: P) {
        self.publish_late(events, through, []);
    }

    /// As [`publish`](Self::publish), and what came too late for its place: it stands at `through`,
    /// which nothing was published of before.
    pub fn publish_late(
        &self,
        events: impl IntoIterator<Item = Publication<P, F>>,
        through: P,
        late: impl IntoIterator<Item = Late<F>>,
    ) {
        drop(self.publish_quietly(events, through, late));
    }

    /// As [`publish_late`](Self::publish_late), and who is to be woken for it.
    pub(crate) fn publish_quietly(
        &self,
        events: impl IntoIterator<Item = Publication<P, F>>,
        through: P,
        late: impl IntoIterator<Item = Late<F>>,
    ) -> Wakers {
        let events = events.into_iter().map(Held::event);
        let late = late.into_iter().map(|late| Held::late(through.clone(), late));
        let all: Vec<HeldOf<P, F>> = events.chain(late).map(Arc::new).collect();
        let mut touched = Touched::default();
        for held in &all {
            touched.add(held);
        }
        self.append(all, through, &touched)
    }

    /// Returns whom to wake.
    fn append(&self, all: Vec<HeldOf<P, F>>, through: P, touched: &Touched) -> Wakers {
        let mut wakers = Wakers::default();
        let mut afterwards = Afterwards::default();
        let mut state = lock(&self.0);
        let state = &mut *state;
        let Some((_, ring)) = &mut state.open else {
            afterwards.drop.extend(all);
            return wakers;
        };
        ring.advance(through);
        for held in all {
            ring.push(held);
        }
        if touched.is_of_all() {
            state.ahead.clear();
            state.all_wakers(&mut wakers.0);
        } else {
            state.wakers_of(touched, &mut wakers.0);
        }
        if let Some((_, ring)) = &mut state.open {
            ring.evict(&mut afterwards.drop);
            if !afterwards.drop.is_empty() {
                state.pieces.forget_before(ring.first_place());
            }
        }
        wakers
    }

    /// Every reader, to be woken and look at what it can see.
    #[cfg(feature = "tokio")]
    pub(crate) fn wakers(&self) -> Wakers {
        let mut wakers = Wakers::default();
        lock(&self.0).all_wakers(&mut wakers.0);
        wakers
    }

    /// Why the log cannot be read at the moment, or that it can be again.
    pub fn set_outage(&self, outage: Option<Fault>) {
        self.change(|state, _| std::mem::replace(&mut state.outage, outage) != outage);
    }

    /// Nothing more will be published.
    pub fn stop(&self) {
        self.change(|state, _| !std::mem::replace(&mut state.stopped, true));
    }

    /// Asks every stream to end, now and from now on.
    pub fn drain(&self) {
        self.change(|state, _| {
            state.drained = true;
            true
        });
    }

    /// Whether streams are asked to end.
    pub fn is_draining(&self) -> bool {
        lock(&self.0).drained
    }

    /// How many readers there are.
    pub fn readers(&self) -> usize {
        lock(&self.0).readers.len()
    }

    /// Joins the readers of `scope`, without a place yet.
    pub fn subscribe(&self, scope: Scope<F>) -> Subscription<P, F> {
        Subscription::new(&self.0, scope)
    }

    /// Applies a change that concerns every reader, and wakes them if it says so.
    fn change(&self, apply: impl FnOnce(&mut State<P, F>, &mut Afterwards<HeldOf<P, F>>) -> bool) {
        let mut afterwards = Afterwards::default();
        let mut state = lock(&self.0);
        if apply(&mut state, &mut afterwards) {
            state.all_wakers(&mut afterwards.wake.0);
        }
    }
}

impl<P, F: Filter> fmt::Debug for Hub<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let readers = lock(&self.0).readers.len();
        f.debug_struct("Hub").field("readers", &readers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    use super::*;
    use crate::follow::Topic;
    use crate::follow::hub::reading::{Located, News};
    use crate::wire::{Encoded, Event};

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn event(name: &str, position: u32) -> Publication<u32> {
        let (topic, frame) = (Topic::new("s", name), Encoded::from(Event::new("x")));
        Publication::new(topic, position, (), frame)
    }

    #[test]
    fn nothing_is_left_of_readers_that_are_gone() {
        let hub: Hub<u32> = Hub::new(1 << 10);
        let mut cx = Context::from_waker(Waker::noop());
        for (opened, name) in [(false, "a"), (true, "b"), (true, "a")] {
            let mut reader = hub.subscribe(Scope::new("s", [name, "c"]));
            let _whole = hub.subscribe(Scope::whole("s"));
            if opened {
                hub.open(1, 5);
            }
            while reader.poll_news(&mut cx).is_ready() {}
            assert_eq!(reader.poll_locate(&9, &mut cx), Poll::Pending);
        }
        let state = lock(&hub.0);
        assert!(state.readers.is_empty() && state.topics.is_empty() && state.ahead.is_empty());
        assert!(state.scopes.is_empty() && state.spaces.is_empty());
        assert!(state.open.as_ref().is_some_and(|(_, ring)| !ring.has_spaces()));
        assert_eq!(state.open.as_ref().map(|(_, ring)| ring.topics()), Some(0));
    }

    #[test]
    fn what_has_left_the_ring_is_not_kept_for_those_who_might_ask_for_it() {
        let mut cx = Context::from_waker(Waker::noop());
        let hub: Hub<u32> = Hub::new(0);
        hub.open(1, 0);
        let mut reader = hub.subscribe(Scope::new("s", ["a"]));
        while reader.poll_news(&mut cx).is_ready() {}
        assert_eq!(reader.poll_locate(&0, &mut cx), Poll::Ready(Ok(Located::Live)));
        hub.publish([event("a", 1)], 1);
        assert!(reader.poll_read(1, &mut cx).is_ready());
        assert_eq!(lock(&hub.0).pieces.len(), 1);
        hub.publish([event("b", 2)], 2);
        assert_eq!(lock(&hub.0).pieces.len(), 0);
    }

    #[test]
    fn a_reader_that_is_ahead_is_woken_by_any_progress() {
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut cx = Context::from_waker(&waker);
        let hub: Hub<u32> = Hub::new(1 << 10);
        hub.open(1, 5);
        let mut reader = hub.subscribe(Scope::new("s", ["a"]));
        assert_eq!(reader.poll_news(&mut cx), Poll::Ready(News::Epoch(1)));
        assert_eq!(reader.poll_locate(&7, &mut cx), Poll::Pending);
        hub.publish([event("b", 6)], 7);
        assert!(flag.0.load(Ordering::SeqCst));
        assert_eq!(reader.poll_locate(&7, &mut cx), Poll::Ready(Ok(Located::Live)));
    }

    #[test]
    fn an_event_wakes_the_readers_of_its_topic_and_no_others() {
        let hub: Hub<u32> = Hub::new(1 << 10);
        hub.open(1, 0);
        let readers = ["a", "b"].map(|name| {
            let flag = Arc::new(Flag(AtomicBool::new(false)));
            let waker = Waker::from(Arc::clone(&flag));
            let mut cx = Context::from_waker(&waker);
            let mut reader = hub.subscribe(Scope::new("s", [name]));
            assert_eq!(reader.poll_news(&mut cx), Poll::Ready(News::Epoch(1)));
            assert_eq!(reader.poll_locate(&0, &mut cx), Poll::Ready(Ok(Located::Live)));
            assert!(reader.poll_read(1, &mut cx).is_pending());
            (reader, flag)
        });
        hub.publish([event("b", 1)], 1);
        assert_eq!(readers.map(|(_, flag)| flag.0.load(Ordering::SeqCst)), [false, true]);
    }
}
