//! The tail of a log in memory: encoded events in the order of their positions.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::held::Held;
use super::index::{Index, Unread};
use super::spaces::Spaces;
use crate::follow::topic::{Scope, Topic};

/// Encoded events, kept up to a byte bound, and those at the newest position in any case; the
/// oldest go first.
///
/// Every event has a number, its place. Places only grow; a reader remembers the next one it has
/// not read, and nothing else.
///
/// It asks nothing of marks, and hands out what it lets go of: it is used under a lock.
#[derive(Debug)]
pub(super) struct Ring<P, M = ()> {
    max_bytes: usize,
    bytes: usize,
    events: VecDeque<Arc<Held<P, M>>>,
    /// The place of `events[0]`.
    first: u64,
    topics: HashMap<Topic, Index<P>>,
    /// The events of spaces that are read as a whole.
    spaces: Spaces<P>,
    /// The events of all topics.
    of_all: Index<P>,
    /// Everything up to here was evicted, or was before the ring began.
    floor: P,
    /// Everything up to here has been published.
    head: P,
}

/// Where a position stands relative to the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Everything after it is in the ring, from this place on.
    Within(u64),
    /// Some of what comes after it has left the ring.
    Behind,
    /// The ring has not come so far yet.
    Ahead,
    /// In the ring, but what follows is to be found first: ask again, under another lock.
    Unknown,
}

/// The reader's place has left the ring: an event of its own topics was evicted unread.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lagged;

impl<P: Ord + Clone, M> Ring<P, M> {
    pub(super) fn new(max_bytes: usize, start: P) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            events: VecDeque::new(),
            first: 0,
            topics: HashMap::new(),
            spaces: Spaces::default(),
            of_all: Index::new(start.clone()),
            floor: start.clone(),
            head: start,
        }
    }

    /// Begins anew at `start`: every reader has lagged.
    pub(super) fn restart(&mut self, start: P) -> VecDeque<Arc<Held<P, M>>> {
        // One place is left out, so that even a reader that had read everything is behind.
        self.first = self.next_place() + 1;
        self.bytes = 0;
        let events = std::mem::take(&mut self.events);
        let lost = self.first - 1;
        self.topics.retain(|_, index| index.readers > 0);
        self.spaces.clear(lost);
        for index in self.topics.values_mut().chain([&mut self.of_all]) {
            index.clear(lost);
        }
        let indexes = self.topics.values_mut().chain(self.spaces.indexes_mut());
        for index in indexes.chain([&mut self.of_all]) {
            index.complete_from = start.clone();
        }
        self.floor = start.clone();
        self.head = start;
        events
    }

    /// Everything up to here has been published.
    pub(super) fn head(&self) -> &P {
        &self.head
    }

    /// The place that the next event will have.
    pub(super) fn next_place(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// The place of the oldest event.
    pub(super) fn first_place(&self) -> u64 {
        self.first
    }

    /// Appends `held`, which stands at the last position so far or beyond it.
    ///
    /// What came late stands at the head of the log: a reader that goes on from there or from
    /// beyond is not given it, and one that goes on from before is. It has one place, so that no
    /// reader is given only some of it.
    pub(super) fn push(&mut self, mut held: Arc<Held<P, M>>) {
        let place = self.next_place();
        if held.is_of_all() {
            self.of_all.push(place);
        }
        for topic in held.topics() {
            self.index(topic).push(place);
        }
        if !self.spaces.is_empty()
            && let Some(index) = held.space().and_then(|space| self.spaces.of_mut(space))
        {
            index.push(place);
        }
        // Its names are those that the index has: they are shared, not kept once for each event.
        if let Some(held) = Arc::get_mut(&mut held) {
            for topic in held.topics_mut() {
                if let Some((known, _)) = self.topics.get_key_value(topic) {
                    *topic = known.clone();
                }
            }
        }
        self.bytes += held.weight;
        self.events.push_back(held);
    }

    /// Lets go of what is too much, into `evicted`.
    pub(super) fn evict(&mut self, evicted: &mut Vec<Arc<Held<P, M>>>) {
        while self.bytes > self.max_bytes
            && let (Some(oldest), Some(newest)) = (self.events.front(), self.events.back())
            && oldest.position < newest.position
        {
            // A clone may fail, and does so before there is a change.
            let (floor, of_topic) = (oldest.position.clone(), oldest.position.clone());
            let of_space = (!self.spaces.is_empty()).then(|| oldest.position.clone());
            let Some(held) = self.events.pop_front() else { return };
            let place = self.first;
            self.first += 1;
            self.bytes -= held.weight;
            self.floor = floor;
            if let Some(position) = of_space
                && let Some(index) = held.space().and_then(|space| self.spaces.of_mut(space))
            {
                index.forget(place);
                index.complete_from = position;
            }
            self.forget(&held, place, of_topic);
            evicted.push(held);
        }
    }

    fn forget(&mut self, held: &Held<P, M>, place: u64, position: P) {
        if held.is_of_all() {
            self.of_all.forget(place);
            self.of_all.complete_from = position;
            return;
        }
        let mut position = Some(position);
        for topic in held.topics() {
            let Some(index) = self.topics.get_mut(topic) else { continue };
            index.forget(place);
            if index.places.is_empty() && index.readers == 0 {
                self.topics.remove(topic);
            } else {
                index.complete_from = position.take().unwrap_or_else(|| held.position.clone());
            }
        }
    }

    /// Everything up to `through` has been published.
    pub(super) fn advance(&mut self, through: P) {
        if through > self.head {
            self.head = through;
        }
    }

    /// A topic that is new to the ring is complete only from the floor: what it may have had
    /// before is forgotten.
    fn index(&mut self, topic: &Topic) -> &mut Index<P> {
        self.topics.entry(topic.clone()).or_insert_with(|| Index::new(self.floor.clone()))
    }

    /// Keeps what is known of `topic` for one more reader.
    pub(super) fn join(&mut self, topic: &Topic) {
        self.index(topic).readers += 1;
    }

    /// Keeps what is known of a whole space for one more reader.
    pub(super) fn join_space(&mut self, space: &Arc<str>) {
        let next = self.next_place();
        self.spaces.join(space, next, || self.floor.clone());
    }

    pub(super) fn leave_space(&mut self, space: &str) {
        self.spaces.leave(space);
    }

    pub(super) fn leave(&mut self, topic: &Topic) {
        let Some(index) = self.topics.get_mut(topic) else { return };
        index.readers -= 1;
        if index.places.is_empty() && index.readers == 0 {
            self.topics.remove(topic);
        }
    }

    pub(super) fn locate<F>(&mut self, scope: &Scope<F>, position: &P) -> Standing {
        if *position > self.head {
            return Standing::Ahead;
        }
        let is_complete = |index: Option<&Index<P>>| {
            index.map_or(&self.floor, |index| &index.complete_from) <= position
        };
        let complete = match scope.topics() {
            Some(topics) => topics.iter().all(|topic| is_complete(self.topics.get(topic))),
            None => is_complete(self.spaces.of(scope.space())),
        };
        if !complete || self.of_all.complete_from > *position {
            return Standing::Behind;
        }
        let before = self.events.partition_point(|held| held.position <= *position);
        let place = self.first + before as u64;
        if scope.topics().is_none() && !self.look_back(scope.space(), place) {
            return Standing::Unknown;
        }
        Standing::Within(place)
    }

    /// Finds some more of what is of `space` behind `place`; answers whether that is all.
    fn look_back(&mut self, space: &str, place: u64) -> bool {
        let (events, first) = (&self.events, self.first);
        self.spaces.look_back(space, place, |place| {
            let index = place.checked_sub(first).and_then(|index| usize::try_from(index).ok());
            let held = index.and_then(|index| events.get(index));
            held.is_some_and(|held| held.space() == Some(space))
        })
    }

    /// What is at `place`, if it is in the ring.
    pub(super) fn held(&self, place: u64) -> Option<&Arc<Held<P, M>>> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        self.events.get(index)
    }

    /// The places of what is of these topics, from `place` on.
    pub(super) fn unread<F>(&self, scope: &Scope<F>, place: u64) -> Result<Unread<'_>, Lagged> {
        let mut lost = self.of_scope(scope).filter(|index| index.has_lost(place));
        if lost.next().is_some() {
            return Err(Lagged);
        }
        Ok(Unread::new(self.of_scope(scope), place))
    }

    /// Whether a reader at `place` has read all there is.
    pub(super) fn is_read<F>(&self, scope: &Scope<F>, place: u64) -> bool {
        let is_known = scope.topics().is_some() || self.spaces.knows(scope.space(), place);
        is_known
            && self.of_scope(scope).all(|index| !index.has_lost(place) && !index.reaches(place))
    }

    fn of_scope<F>(&self, scope: &Scope<F>) -> impl Iterator<Item = &Index<P>> {
        let of_space = scope.topics().is_none().then(|| self.spaces.of(scope.space())).flatten();
        let topics = scope.topics().unwrap_or_default().iter();
        let of_topics = topics.filter_map(|topic| self.topics.get(topic));
        of_topics.chain(of_space).chain([&self.of_all])
    }

    #[cfg(test)]
    pub(super) fn topics(&self) -> usize {
        self.topics.len()
    }

    #[cfg(test)]
    pub(super) fn has_spaces(&self) -> bool {
        !self.spaces.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::hub::publication::{Late, LateRecord, Publication};
    use crate::follow::{Everything, Filter};
    use crate::wire::{Encoded, Event, EventId};

    fn topic(name: &str) -> Topic {
        Topic::new("s", name)
    }

    fn frame(text: &str) -> Encoded {
        Encoded::from(Event::new(text))
    }

    /// Room for `events` events of one letter.
    fn ring(events: usize) -> Ring<u32> {
        Ring::new(events * (frame("x").len() + 128), 0)
    }

    fn push(ring: &mut Ring<u32>, topic: Topic, position: u32, frame: Encoded) {
        append(ring, Held::event(Publication::<_>::new(topic, position, (), frame)));
    }

    fn append<M>(ring: &mut Ring<u32, M>, held: Held<u32, M>) {
        ring.advance(held.position);
        ring.push(Arc::new(held));
        ring.evict(&mut Vec::new());
    }

    fn read(ring: &Ring<u32>, scope: &Scope, place: &mut u64) -> Result<Vec<Encoded>, Lagged> {
        let mut frames = Vec::new();
        for at in ring.unread(scope, *place)? {
            frames.extend(ring.held(at).and_then(|held| held.shown(scope, |()| true)));
            *place = at + 1;
        }
        Ok(frames)
    }

    #[test]
    fn a_reader_reads_its_topics_in_order_and_nothing_twice() {
        let mut ring = ring(10);
        for (position, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "a")] {
            push(&mut ring, topic(name), position, frame(name));
        }
        let scope = Scope::new("s", ["a", "b"]);
        let mut place = 0;
        assert_eq!(read(&ring, &scope, &mut place), Ok(vec![frame("a"), frame("b"), frame("a")]));
        assert_eq!(read(&ring, &scope, &mut place), Ok(vec![]));
    }

    #[test]
    fn a_reader_lags_only_when_an_event_of_its_own_topic_was_evicted() {
        let mut ring = ring(2);
        let (a, b) = (Scope::new("s", ["a"]), Scope::new("s", ["b"]));
        ring.join(&topic("a"));
        ring.join(&topic("b"));
        let (mut at_a, mut at_b) = (0, 0);
        push(&mut ring, topic("a"), 1, frame("1"));
        assert_eq!(read(&ring, &a, &mut at_a), Ok(vec![frame("1")]));
        for position in 2..=4 {
            push(&mut ring, topic("b"), position, frame("2"));
        }
        assert_eq!(read(&ring, &a, &mut at_a), Ok(vec![]));
        assert_eq!(read(&ring, &b, &mut at_b), Err(Lagged));
        assert_eq!(ring.locate(&a, &1), Standing::Within(2));
        assert_eq!(ring.locate(&b, &1), Standing::Behind);
        assert_eq!(ring.locate(&b, &2), Standing::Within(2));
    }

    #[test]
    fn a_topic_that_was_forgotten_is_complete_only_from_the_floor() {
        let mut ring = ring(1);
        push(&mut ring, topic("a"), 1, frame("1"));
        push(&mut ring, topic("b"), 2, frame("2"));
        let a = Scope::new("s", ["a"]);
        assert_eq!(ring.locate(&a, &0), Standing::Behind);
        ring.join(&topic("a"));
        assert_eq!(ring.locate(&a, &0), Standing::Behind, "joining does not bring events back");
        assert_eq!(ring.locate(&a, &1), Standing::Within(1));
        ring.leave(&topic("a"));
        assert_eq!(ring.topics(), 1);
    }

    #[test]
    fn every_reader_lags_behind_a_ring_that_began_anew() {
        let mut ring = ring(10);
        let a = Scope::new("s", ["a"]);
        ring.join(&topic("a"));
        let mut place = ring.next_place();
        ring.restart(7);
        assert_eq!(read(&ring, &a, &mut place), Err(Lagged));
        assert_eq!(ring.locate(&a, &6), Standing::Behind);
        assert_eq!(ring.locate(&a, &8), Standing::Ahead);
    }

    #[test]
    fn the_newest_event_is_kept_even_beyond_the_bound() {
        let mut ring = ring(1);
        let a = Scope::new("s", ["a"]);
        ring.join(&topic("a"));
        let large = frame(&"x".repeat(1000));
        let mut place = 0;
        push(&mut ring, topic("a"), 1, frame("x"));
        push(&mut ring, topic("a"), 2, large.clone());
        assert_eq!(read(&ring, &a, &mut place), Err(Lagged));
        let mut place = 1;
        assert_eq!(read(&ring, &a, &mut place), Ok(vec![large]));
        push(&mut ring, topic("a"), 3, frame("x"));
        assert_eq!(ring.events.len(), 1);
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Text;

    impl Filter for Text {
        type Mark = String;

        fn admits(&self, _: &String) -> bool {
            true
        }

        fn weight(mark: &String) -> usize {
            mark.len()
        }
    }

    #[test]
    fn what_marks_point_to_counts_as_memory() {
        let mut ring: Ring<u32, String> = Ring::new(3000, 0);
        for position in 1..=9 {
            let mark = "x".repeat(1000);
            let frame = frame("x");
            append(
                &mut ring,
                Held::event(Publication::<_, Text>::new(topic("a"), position, mark, frame)),
            );
        }
        assert_eq!(ring.events.len(), 2);
    }

    #[test]
    fn what_came_late_is_kept_together_and_only_for_those_who_come_back_from_before_it() {
        let mut ring = ring(1);
        let scope = Scope::new("s", ["a", "b"]);
        push(&mut ring, topic("a"), 1, frame("x"));
        ring.advance(3);
        let records =
            ["a", "b", "a"].map(|name| LateRecord::<Everything>::new(topic(name), (), frame(name)));
        let late = Late::<_>::new(EventId::new("3").unwrap(), records.into());
        append(&mut ring, Held::late(3, late));
        assert_eq!(ring.locate(&scope, &1), Standing::Within(1));
        let read_of = |names: &[&str]| {
            let scope = Scope::new("s", names.iter().copied());
            let mut place = 1;
            let frames = read(&ring, &scope, &mut place).unwrap();
            (frames.len(), place, String::from_utf8(frames[0].as_ref().to_vec()).unwrap())
        };
        let gap = |late| format!("event: gap\nid: 3\ndata: {{\"late\":{late}}}\n\n");
        let all = format!("{}data: a\n\ndata: b\n\ndata: a\n\n", gap(3));
        assert_eq!(read_of(&["a", "b"]), (1, 2, all), "in one piece");
        assert_eq!(read_of(&["b"]), (1, 2, format!("{}data: b\n\n", gap(1))));
        assert_eq!(ring.locate(&scope, &3), Standing::Within(2));
        push(&mut ring, topic("a"), 4, frame("x"));
        assert_eq!(ring.locate(&scope, &1), Standing::Behind);
    }
}
