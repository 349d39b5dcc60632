//! What a hub and its readers share.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use slab::Slab;

use super::held::Held;
use super::merge_cache::MergeCache;
use super::ring::Ring;
use super::scopes::{Joined, Kept, Scopes};
use super::touched::Touched;
use crate::follow::filter::Filter;
use crate::follow::source::Fault;
use crate::follow::topic::{Scope, Topic};

/// All of it is under one lock, under which nothing of the application runs but the order and the
/// clones of positions.
pub(super) type Shared<P, F> = Arc<Mutex<State<P, F>>>;

/// What leaves the ring.
pub(super) type HeldOf<P, F> = Arc<Held<P, <F as Filter>::Mark>>;

pub(super) struct State<P, F: Filter> {
    pub(super) max_bytes: usize,
    /// The life of the log that the ring holds; none before the log was reached for the first time.
    pub(super) open: Option<(u32, Ring<P, F::Mark>)>,
    /// Why the log cannot be read at the moment.
    pub(super) outage: Option<Fault>,
    /// Nothing more will be published.
    pub(super) stopped: bool,
    pub(super) drained: bool,
    /// The waker of each reader that waits.
    pub(super) readers: Slab<Option<Waker>>,
    /// The readers of a topic, in the order in which they came: those lie together in memory.
    pub(super) topics: HashMap<Topic, BTreeSet<usize>>,
    /// The readers of a whole space, in the same order.
    pub(super) spaces: HashMap<Arc<str>, BTreeSet<usize>>,
    pub(super) scopes: Scopes<P, F>,
    /// Readers that wait for the ring to come as far as they are.
    pub(super) ahead: HashSet<usize>,
    pub(super) pieces: MergeCache<P>,
}

impl<P, F: Filter> State<P, F> {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            open: None,
            outage: None,
            stopped: false,
            drained: false,
            readers: Slab::new(),
            topics: HashMap::new(),
            spaces: HashMap::new(),
            scopes: Scopes::default(),
            ahead: HashSet::new(),
            pieces: MergeCache::default(),
        }
    }

    /// The ring begins anew at `start`: every reader has lagged. Hands out what was in it.
    pub(super) fn restart(&mut self, start: P) -> VecDeque<HeldOf<P, F>>
    where
        P: Ord + Clone,
    {
        let Some((_, ring)) = &mut self.open else { return VecDeque::new() };
        let events = ring.restart(start);
        self.pieces.forget_before(ring.first_place());
        self.scopes.clear_verdicts();
        events
    }

    /// One reader more of `scope`; returns its number.
    pub(super) fn join(&mut self, scope: &Scope<F>) -> usize
    where
        P: Ord + Clone,
    {
        let reader = self.readers.insert(None);
        let Some(topics) = scope.topics() else {
            let space = scope.shared_space();
            if let Some((_, ring)) = &mut self.open {
                ring.join_space(space);
            }
            self.spaces.entry(Arc::clone(space)).or_default().insert(reader);
            return reader;
        };
        for topic in topics {
            self.topics.entry(topic.clone()).or_default().insert(reader);
            if let Some((_, ring)) = &mut self.open {
                ring.join(topic);
            }
        }
        reader
    }

    /// One reader less; hands out what is of others.
    pub(super) fn leave(
        &mut self,
        reader: usize,
        joined: &Joined<F>,
    ) -> (Option<Waker>, Option<Kept<P, F>>)
    where
        P: Ord + Clone,
    {
        let waker = self.readers.try_remove(reader).flatten();
        self.ahead.remove(&reader);
        match joined.scope.topics() {
            Some(topics) => topics.iter().for_each(|topic| self.leave_topic(reader, topic)),
            None => self.leave_space(reader, joined.scope.space()),
        }
        (waker, self.scopes.leave(joined.key))
    }

    fn leave_topic(&mut self, reader: usize, topic: &Topic)
    where
        P: Ord + Clone,
    {
        if let Some((_, ring)) = &mut self.open {
            ring.leave(topic);
        }
        let Some(readers) = self.topics.get_mut(topic) else { return };
        readers.remove(&reader);
        if readers.is_empty() {
            self.topics.remove(topic);
        }
    }

    fn leave_space(&mut self, reader: usize, space: &str)
    where
        P: Ord + Clone,
    {
        if let Some((_, ring)) = &mut self.open {
            ring.leave_space(space);
        }
        let Some(readers) = self.spaces.get_mut(space) else { return };
        readers.remove(&reader);
        if readers.is_empty() {
            self.spaces.remove(space);
        }
    }

    /// Takes the wakers of the readers of what was touched, and of those that wait for progress.
    pub(super) fn wakers_of(&mut self, touched: &Touched, to: &mut Vec<Waker>) {
        let of_topics = touched.topics().filter_map(|topic| self.topics.get(topic));
        let of_spaces = touched.spaces().filter_map(|space| self.spaces.get(space));
        let readers = of_topics.chain(of_spaces).flatten().copied();
        let readers: Vec<_> = readers.chain(self.ahead.drain()).collect();
        self.wakers(readers, to);
    }

    /// Takes the wakers of these readers.
    pub(super) fn wakers(&mut self, readers: impl IntoIterator<Item = usize>, to: &mut Vec<Waker>) {
        let slots = readers.into_iter();
        to.extend(slots.filter_map(|reader| self.readers.get_mut(reader).and_then(Option::take)));
    }

    /// Takes the wakers of all readers.
    pub(super) fn all_wakers(&mut self, to: &mut Vec<Waker>) {
        to.extend(self.readers.iter_mut().filter_map(|(_, waker)| waker.take()));
    }
}

/// A panic leaves nothing half changed: positions are compared and cloned before there is a change.
pub(super) fn lock<P, F: Filter>(state: &Mutex<State<P, F>>) -> MutexGuard<'_, State<P, F>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
