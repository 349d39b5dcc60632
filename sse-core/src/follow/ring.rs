//! The tail of a log in memory: encoded events in the order of their positions.

use std::collections::{HashMap, VecDeque};

use super::filter::Filter;
use super::publication::{Late, Publication};
use super::topic::{Scope, Topic};
use crate::wire::Encoded;

/// Encoded events, kept up to a byte bound, and those at the newest position in any case; the
/// oldest go first.
///
/// Every event has a number, its place. Places only grow; a reader remembers the next one it has
/// not read, and nothing else.
#[derive(Debug)]
pub(super) struct Ring<P, M = ()> {
    max_bytes: usize,
    bytes: usize,
    events: VecDeque<Held<P, M>>,
    /// The place of `events[0]`.
    first: u64,
    topics: HashMap<Topic, Index<P>>,
    /// Everything up to here was evicted, or was before the ring began.
    floor: P,
    /// Everything up to here has been published.
    head: P,
}

#[derive(Debug)]
enum Held<P, M> {
    Event(Publication<P, M>),
    /// At the position that the log had reached when they were found.
    Late(P, Box<Late<M>>),
}

impl<P, M> Held<P, M> {
    /// Calls `each` with each of its topics once.
    fn topics(&self, each: impl FnMut(&Topic)) {
        match self {
            Self::Event(event) => [&event.topic].into_iter().for_each(each),
            Self::Late(_, late) => late.topics().for_each(each),
        }
    }

    fn position(&self) -> &P {
        match self {
            Self::Event(Publication { position, .. }) | Self::Late(position, _) => position,
        }
    }

    fn weight<F: Filter<Mark = M>>(&self) -> usize {
        match self {
            Self::Event(event) => event.weight::<F>(),
            Self::Late(_, late) => late.weight::<F>(),
        }
    }

    /// Appends what is for `scope` of it, unless that is more than `room` bytes.
    fn take<F: Filter<Mark = M>>(
        &self,
        scope: &Scope<F>,
        room: usize,
        to: &mut Vec<Encoded>,
    ) -> Option<usize> {
        let start = to.len();
        match self {
            Self::Event(Publication { mark, frame, .. }) => {
                if scope.filter().admits(mark) {
                    to.push(frame.clone());
                }
            }
            Self::Late(_, late) => late.frames(scope, to),
        }
        let bytes = to[start..].iter().map(Encoded::len).sum();
        if bytes > room {
            to.truncate(start);
            return None;
        }
        Some(bytes)
    }
}

/// The events of one topic.
#[derive(Debug)]
struct Index<P> {
    places: VecDeque<u64>,
    /// Every event of the topic after this position is in the ring.
    complete_from: P,
    /// The place of its last event that was evicted.
    lost: Option<u64>,
    readers: usize,
}

impl<P> Index<P> {
    /// The places from `place` on.
    fn from(&self, place: u64) -> impl Iterator<Item = u64> {
        let before = self.places.partition_point(|at| *at < place);
        self.places.range(before..).copied()
    }
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
            floor: start.clone(),
            head: start,
        }
    }

    /// Begins anew at `start`: every reader has lagged.
    pub(super) fn restart(&mut self, start: P) {
        // One place is left out, so that even a reader that had read everything is behind.
        self.first = self.next_place() + 1;
        self.events.clear();
        self.bytes = 0;
        self.topics.retain(|_, index| {
            index.places.clear();
            index.complete_from = start.clone();
            index.lost = Some(self.first - 1);
            index.readers > 0
        });
        self.floor = start.clone();
        self.head = start;
    }

    /// Everything up to here has been published.
    pub(super) fn head(&self) -> &P {
        &self.head
    }

    /// The place that the next event will have.
    pub(super) fn next_place(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    pub(super) fn push<F: Filter<Mark = M>>(&mut self, mut event: Publication<P, M>) {
        debug_assert!(event.position > self.head, "positions only grow");
        let place = self.next_place();
        self.index(&event.topic).places.push_back(place);
        self.share(&mut event.topic);
        self.head = event.position.clone();
        self.hold::<F>(Held::Event(event));
    }

    /// They stand at the head of the log: a reader that goes on from there or from beyond is not
    /// given them, and one that goes on from before is. They have one place, so that no reader is
    /// given only some of them.
    pub(super) fn push_late<F: Filter<Mark = M>>(&mut self, mut late: Late<M>) {
        let place = self.next_place();
        for topic in late.topics() {
            self.index(topic).places.push_back(place);
        }
        for (topic, ..) in &mut late.records {
            self.share(topic);
        }
        self.hold::<F>(Held::Late(self.head.clone(), Box::new(late)));
    }

    /// Its names are those that the index has: they are shared, not kept once for each event.
    fn share(&self, topic: &mut Topic) {
        if let Some((known, _)) = self.topics.get_key_value(topic) {
            *topic = known.clone();
        }
    }

    fn hold<F: Filter<Mark = M>>(&mut self, held: Held<P, M>) {
        self.bytes += held.weight::<F>();
        self.events.push_back(held);
        while self.bytes > self.max_bytes
            && self.events.front().is_some_and(|held| *held.position() < self.head)
        {
            self.evict::<F>();
        }
    }

    fn evict<F: Filter<Mark = M>>(&mut self) {
        let Some(held) = self.events.pop_front() else { return };
        self.bytes -= held.weight::<F>();
        held.topics(|topic| {
            let Some(index) = self.topics.get_mut(topic) else { return };
            index.places.pop_front();
            index.complete_from = held.position().clone();
            index.lost = Some(self.first);
            if index.places.is_empty() && index.readers == 0 {
                self.topics.remove(topic);
            }
        });
        self.first += 1;
        self.floor = held.position().clone();
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
        self.topics.entry(topic.clone()).or_insert_with(|| Index {
            places: VecDeque::new(),
            complete_from: self.floor.clone(),
            lost: None,
            readers: 0,
        })
    }

    /// Keeps what is known of `topic` for one more reader.
    pub(super) fn join(&mut self, topic: &Topic) {
        self.index(topic).readers += 1;
    }

    pub(super) fn leave(&mut self, topic: &Topic) {
        let Some(index) = self.topics.get_mut(topic) else { return };
        index.readers -= 1;
        if index.places.is_empty() && index.readers == 0 {
            self.topics.remove(topic);
        }
    }

    pub(super) fn locate<F>(&self, scope: &Scope<F>, position: &P) -> Standing {
        if *position > self.head {
            return Standing::Ahead;
        }
        let complete = scope.topics().iter().all(|topic| {
            let from = self.topics.get(topic).map_or(&self.floor, |index| &index.complete_from);
            from <= position
        });
        if !complete {
            return Standing::Behind;
        }
        let before = self.events.partition_point(|held| held.position() <= position);
        Standing::Within(self.first + before as u64)
    }

    /// Reads on from `place` until `max_bytes` are full, at least one event, and moves `place`
    /// behind what was read or left out. Returns the position of the last of them.
    pub(super) fn read<F: Filter<Mark = M>>(
        &self,
        scope: &Scope<F>,
        place: &mut u64,
        max_bytes: usize,
        frames: &mut Vec<Encoded>,
    ) -> Result<Option<P>, Lagged> {
        let mut single = None;
        let mut several = Vec::new();
        if let [topic] = scope.topics() {
            single = self.topics.get(topic);
        } else {
            several.extend(scope.topics().iter().filter_map(|topic| self.topics.get(topic)));
        }
        let mut indexes = single.iter().chain(&several);
        if indexes.any(|index| index.lost.is_some_and(|lost| lost >= *place)) {
            return Err(Lagged);
        }
        let (from, mut bytes, mut last) = (*place, 0, None);
        // `at` is in the ring: no place of these topics was lost.
        let mut take = |at: u64| {
            if at < *place {
                // It is of several of these topics.
                return true;
            }
            let held = &self.events[usize::try_from(at - self.first).unwrap_or(usize::MAX)];
            let room = if bytes > 0 { max_bytes.saturating_sub(bytes) } else { usize::MAX };
            let Some(taken) = held.take(scope, room, frames) else { return false };
            bytes += taken;
            last = Some(held.position().clone());
            *place = at + 1;
            true
        };
        if let Some(index) = single {
            let _ = index.from(from).all(take);
        } else {
            let mut ahead: Vec<_> =
                several.iter().map(|index| index.from(from).peekable()).collect();
            while let Some(topic) = next_topic(&mut ahead)
                && ahead[topic].next_if(|at| take(*at)).is_some()
            {}
        }
        Ok(last)
    }

    /// Whether a reader at `place` has read all there is.
    pub(super) fn is_read<F>(&self, scope: &Scope<F>, place: u64) -> bool {
        scope.topics().iter().filter_map(|topic| self.topics.get(topic)).all(|index| {
            index.lost.is_none_or(|lost| lost < place)
                && index.places.back().is_none_or(|last| *last < place)
        })
    }

    #[cfg(test)]
    fn topics(&self) -> usize {
        self.topics.len()
    }
}

/// Which of the topics has the next event.
fn next_topic(ahead: &mut [std::iter::Peekable<impl Iterator<Item = u64>>]) -> Option<usize> {
    let next = |places: &mut std::iter::Peekable<_>| places.peek().copied();
    (0..ahead.len())
        .filter_map(|topic| next(&mut ahead[topic]).map(|place| (place, topic)))
        .min()
        .map(|(_, topic)| topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::Everything;
    use crate::wire::{Event, EventId};

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
        ring.push::<Everything>(Publication { topic, position, mark: (), frame });
    }

    fn read(ring: &Ring<u32>, scope: &Scope, place: &mut u64) -> Result<Vec<Encoded>, Lagged> {
        let mut frames = Vec::new();
        ring.read(scope, place, usize::MAX, &mut frames).map(|_| frames)
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
            ring.push::<Text>(Publication { topic: topic("a"), position, mark, frame });
        }
        assert_eq!(ring.events.len(), 2);
    }

    #[test]
    fn what_came_late_is_kept_together_and_only_for_those_who_come_back_from_before_it() {
        let mut ring = ring(1);
        let scope = Scope::new("s", ["a", "b"]);
        push(&mut ring, topic("a"), 1, frame("x"));
        ring.advance(3);
        let records = ["a", "b", "a"].map(|name| (topic(name), (), frame(name)));
        let late = Late { id: EventId::new("3").unwrap(), records: records.to_vec() };
        ring.push_late::<Everything>(late);
        assert_eq!(ring.locate(&scope, &1), Standing::Within(1));
        let read_of = |names: &[&str], max_bytes| {
            let (mut place, mut frames) = (1, Vec::new());
            let scope = Scope::new("s", names.iter().copied());
            let last = ring.read(&scope, &mut place, max_bytes, &mut frames);
            (last, place, String::from_utf8(Encoded::merge(&frames).as_ref().to_vec()).unwrap())
        };
        let gap = |late| format!("event: gap\nid: 3\ndata: {{\"late\":{late}}}\n\n");
        let all = format!("{}data: a\n\ndata: b\n\ndata: a\n\n", gap(3));
        for max_bytes in [1, 10_000] {
            let (all, of_b) = (all.clone(), format!("{}data: b\n\n", gap(1)));
            assert_eq!(read_of(&["a", "b"], max_bytes), (Ok(Some(3)), 2, all), "in one piece");
            assert_eq!(read_of(&["b"], max_bytes), (Ok(Some(3)), 2, of_b));
        }
        assert_eq!(ring.locate(&scope, &3), Standing::Within(2));
        push(&mut ring, topic("a"), 4, frame("x"));
        assert_eq!(ring.locate(&scope, &1), Standing::Behind);
    }
}
