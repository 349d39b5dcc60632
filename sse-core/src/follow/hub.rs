//! One publisher, many topics, many readers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::filter::{Everything, Filter};
use super::merge_cache::MergeCache;
use super::publication::{Late, Publication};
use super::reading::{Located, News, RingRead};
use super::ring::{Lagged, Ring, Standing};
use super::source::Fault;
use super::topic::{Scope, Topic};

/// Hands what one publisher reads from a log to any number of readers.
///
/// One lock covers "find my place and subscribe" and "publish", so that no event falls between
/// them. An event is encoded once and shared; it wakes the readers of its topic and no others. What
/// is pending leaves in one piece, made once for all readers at the same place. A reader holds its
/// place and nothing else, and one that is too slow is told that it lags.
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
/// hub.publish([Publication { topic, position: 1, mark: (), frame: event.clone() }], 1);
/// let read = reader.poll_read(usize::MAX, &mut cx);
/// assert_eq!(read, Poll::Ready(Ok(RingRead::Events { frame: Some(event), last: 1 })));
/// ```
#[derive(Debug)]
pub struct Hub<P, F: Filter = Everything>(Arc<Mutex<State<P, F>>>);

impl<P, F: Filter> Clone for Hub<P, F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct State<P, F: Filter> {
    max_bytes: usize,
    /// The life of the log that the ring holds; none before the log was reached for the first time.
    open: Option<(u32, Ring<P, F::Mark>)>,
    /// Why the log cannot be read at the moment.
    outage: Option<Fault>,
    /// Nothing more will be published.
    stopped: bool,
    drained: bool,
    /// The waker of each reader that waits.
    readers: Slab<Option<Waker>>,
    /// The readers of a topic, in the order in which they came: those lie together in memory.
    topics: HashMap<Topic, BTreeSet<usize>>,
    /// What readers read, each kept once, and how many read it: where many share it, none of
    /// them looks at memory of its own.
    scopes: HashMap<Scope<F>, usize>,
    /// Readers that wait for the ring to come as far as they are.
    ahead: HashSet<usize>,
    merges: MergeCache<P, F>,
}

impl<P: Ord + Clone, F: Filter> Hub<P, F> {
    /// A hub that keeps at most `ring_bytes` of encoded events, and the newest in any case. It is
    /// closed until [`open`](Self::open).
    pub fn new(ring_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            max_bytes: ring_bytes,
            open: None,
            outage: None,
            stopped: false,
            drained: false,
            readers: Slab::new(),
            topics: HashMap::new(),
            scopes: HashMap::new(),
            ahead: HashSet::new(),
            merges: MergeCache::default(),
        })))
    }

    /// The log was reached: what is published from now on follows `start` without a gap, in the
    /// life of the log that `epoch` names.
    pub fn open(&self, epoch: u32, start: P) {
        self.change(|state| {
            match &mut state.open {
                Some((current, ring)) => {
                    *current = epoch;
                    ring.restart(start);
                    state.merges.clear();
                }
                closed => {
                    let mut ring = Ring::new(state.max_bytes, start);
                    for (topic, readers) in &state.topics {
                        for _ in readers {
                            ring.join(topic);
                        }
                    }
                    *closed = Some((epoch, ring));
                }
            }
            state.outage = None;
            true
        });
    }

    /// The epoch and the position up to which everything was published.
    pub fn head(&self) -> Option<(u32, P)> {
        lock(&self.0).open.as_ref().map(|(epoch, ring)| (*epoch, ring.head().clone()))
    }

    /// Publishes `events` in the order of their positions, and that the log has nothing else up
    /// to `through`.
    pub fn publish(&self, events: impl IntoIterator<Item = Publication<P, F::Mark>>, through: P) {
        self.publish_late(events, through, []);
    }

    /// As [`publish`](Self::publish), and what came too late for its place: it stands at `through`,
    /// which nothing was published of before.
    pub fn publish_late(
        &self,
        events: impl IntoIterator<Item = Publication<P, F::Mark>>,
        through: P,
        late: impl IntoIterator<Item = Late<F::Mark>>,
    ) {
        let mut state = lock(&self.0);
        let State { open: Some((_, ring)), readers, topics, ahead, .. } = &mut *state else {
            return;
        };
        let mut touched = HashSet::new();
        let mut touch = |topic: &Topic| {
            if !touched.contains(topic) {
                touched.insert(topic.clone());
            }
        };
        for event in events {
            touch(&event.topic);
            ring.push::<F>(event);
        }
        ring.advance(through);
        for late in late {
            late.topics().for_each(&mut touch);
            ring.push_late::<F>(late);
        }
        let of_topics = touched.iter().filter_map(|topic| topics.get(topic)).flatten().copied();
        let wakers: Vec<_> = of_topics
            .chain(ahead.drain())
            .filter_map(|reader| readers.get_mut(reader).and_then(Option::take))
            .collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes every reader, to look at what it can see.
    #[cfg(feature = "tokio")]
    pub(crate) fn wake(&self) {
        self.change(|_| true);
    }

    /// Why the log cannot be read at the moment, or that it can be again.
    pub fn set_outage(&self, outage: Option<Fault>) {
        self.change(|state| std::mem::replace(&mut state.outage, outage) != outage);
    }

    /// Nothing more will be published.
    pub fn stop(&self) {
        self.change(|state| !std::mem::replace(&mut state.stopped, true));
    }

    /// Asks every stream to end, now and from now on.
    pub fn drain(&self) {
        self.change(|state| {
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
        let mut state = lock(&self.0);
        let reader = state.readers.insert(None);
        let known = state.scopes.get_key_value(&scope).map(|(known, _)| known.clone());
        let scope = known.unwrap_or(scope);
        *state.scopes.entry(scope.clone()).or_default() += 1;
        for topic in scope.topics() {
            state.topics.entry(topic.clone()).or_default().insert(reader);
            if let Some((_, ring)) = &mut state.open {
                ring.join(topic);
            }
        }
        drop(state);
        let cursor = Cursor {
            reader,
            scope,
            epoch: None,
            outage: None,
            stopped: false,
            place: 0,
            read_to: 0,
        };
        Subscription { hub: self.clone(), cursor }
    }

    /// Applies a change that concerns every reader, and wakes them if it says so.
    fn change(&self, apply: impl FnOnce(&mut State<P, F>) -> bool) {
        let mut state = lock(&self.0);
        if !apply(&mut state) {
            return;
        }
        let readers = state.readers.iter_mut();
        let wakers: Vec<_> = readers.filter_map(|(_, waker)| waker.take()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A panic cannot leave the state half changed in a way that a reader would notice.
fn lock<P, F: Filter>(state: &Mutex<State<P, F>>) -> MutexGuard<'_, State<P, F>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One reader of a hub. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Subscription<P: Ord + Clone, F: Filter = Everything> {
    hub: Hub<P, F>,
    cursor: Cursor<F>,
}

#[derive(Debug)]
struct Cursor<F> {
    reader: usize,
    scope: Scope<F>,
    epoch: Option<u32>,
    outage: Option<Fault>,
    stopped: bool,
    place: u64,
    /// There is nothing for it before this place: not worth a look until there are more.
    read_to: u64,
}

impl<P: Ord + Clone, F: Filter> Subscription<P, F> {
    /// What this reads.
    pub fn scope(&self) -> &Scope<F> {
        &self.cursor.scope
    }

    /// Waits for news.
    pub fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        let Self { hub, cursor } = self;
        let mut state = lock(&hub.0);
        match cursor.news(&state) {
            Some(news) => Poll::Ready(news),
            None => cursor.wait(&mut state, cx),
        }
    }

    /// Takes the place right after `position`, or tells that the ring does not reach back to it;
    /// waits while the ring has not come so far yet.
    ///
    /// # Errors
    ///
    /// News, which come first.
    pub fn poll_locate(
        &mut self,
        position: &P,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Located, News>> {
        let Self { hub, cursor } = self;
        let mut state = lock(&hub.0);
        if let Some(news) = cursor.news(&state) {
            return Poll::Ready(Err(news));
        }
        match state.open.as_ref().map(|(_, ring)| ring.locate(&cursor.scope, position)) {
            Some(Standing::Within(place)) => {
                (cursor.place, cursor.read_to) = (place, 0);
                Poll::Ready(Ok(Located::Live))
            }
            Some(Standing::Behind) => Poll::Ready(Ok(Located::Behind)),
            Some(Standing::Ahead) | None => {
                state.ahead.insert(cursor.reader);
                cursor.wait(&mut state, cx)
            }
        }
    }

    /// Takes the next events, at least one and up to `max_bytes`; waits while there are none.
    /// Its place moves past what the filter leaves out.
    ///
    /// # Errors
    ///
    /// News, which come first.
    pub fn poll_read(
        &mut self,
        max_bytes: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<RingRead<P>, News>> {
        let Self { hub, cursor } = self;
        let mut state = lock(&hub.0);
        if let Some(news) = cursor.news(&state) {
            return Poll::Ready(Err(news));
        }
        let State { open: Some((_, ring)), merges, .. } = &mut *state else {
            return cursor.wait(&mut state, cx);
        };
        let next = ring.next_place();
        if cursor.read_to == next {
            return cursor.wait(&mut state, cx);
        }
        match merges.read(ring, &cursor.scope, &mut cursor.place, max_bytes) {
            Ok(Some((frame, last))) => {
                cursor.read_to = if cursor.place == next { next } else { 0 };
                Poll::Ready(Ok(RingRead::Events { frame, last }))
            }
            Ok(None) => {
                cursor.read_to = next;
                cursor.wait(&mut state, cx)
            }
            Err(Lagged) => Poll::Ready(Ok(RingRead::Lagged)),
        }
    }

    /// The position up to which everything was published, if this reader has read all of it.
    pub fn caught_up(&self) -> Option<P> {
        let Self { hub, cursor } = self;
        let state = lock(&hub.0);
        let (epoch, ring) = state.open.as_ref()?;
        let read_all = Some(*epoch) == cursor.epoch && ring.is_read(&cursor.scope, cursor.place);
        read_all.then(|| ring.head().clone())
    }
}

impl<F: Filter> Cursor<F> {
    fn news<P>(&mut self, state: &State<P, F>) -> Option<News> {
        if state.drained {
            return Some(News::Drain);
        }
        let epoch = state.open.as_ref().map(|(epoch, _)| *epoch);
        if epoch != self.epoch {
            self.epoch = epoch;
            return epoch.map(News::Epoch);
        }
        if state.outage != self.outage {
            self.outage = state.outage;
            return Some(News::Outage(self.outage));
        }
        if state.stopped != self.stopped {
            self.stopped = state.stopped;
            return Some(News::Stopped);
        }
        None
    }

    fn wait<P, T>(&self, state: &mut State<P, F>, cx: &Context<'_>) -> Poll<T> {
        match state.readers.get_mut(self.reader) {
            Some(Some(waker)) => waker.clone_from(cx.waker()),
            Some(none) => *none = Some(cx.waker().clone()),
            None => {}
        }
        Poll::Pending
    }
}

impl<P: Ord + Clone, F: Filter> Drop for Subscription<P, F> {
    fn drop(&mut self) {
        let Self { hub, cursor } = self;
        let mut state = lock(&hub.0);
        state.readers.try_remove(cursor.reader);
        if let Some(readers) = state.scopes.get_mut(&cursor.scope) {
            *readers -= 1;
            if *readers == 0 {
                state.scopes.remove(&cursor.scope);
            }
        }
        state.ahead.remove(&cursor.reader);
        for topic in cursor.scope.topics() {
            if let Some((_, ring)) = &mut state.open {
                ring.leave(topic);
            }
            let Some(readers) = state.topics.get_mut(topic) else { continue };
            readers.remove(&cursor.reader);
            if readers.is_empty() {
                state.topics.remove(topic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::wire::{Encoded, Event};

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn event(name: &str, position: u32) -> Publication<u32> {
        let (topic, frame) = (Topic::new("s", name), Encoded::from(Event::new("x")));
        Publication { topic, position, mark: (), frame }
    }

    #[test]
    fn nothing_is_left_of_readers_that_are_gone() {
        let hub: Hub<u32> = Hub::new(1 << 10);
        let mut cx = Context::from_waker(Waker::noop());
        for (opened, name) in [(false, "a"), (true, "b"), (true, "a")] {
            let mut reader = hub.subscribe(Scope::new("s", [name, "c"]));
            if opened {
                hub.open(1, 5);
            }
            while reader.poll_news(&mut cx).is_ready() {}
            assert_eq!(reader.poll_locate(&9, &mut cx), Poll::Pending);
        }
        let state = lock(&hub.0);
        assert!(state.readers.is_empty() && state.topics.is_empty() && state.ahead.is_empty());
        assert!(state.scopes.is_empty());
        assert!(format!("{:?}", state.open).contains("topics: {}"));
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
