//! A hub, and the plain list that says what its readers are to be given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use gapless_sse_core::Encoded;
use gapless_sse_core::follow::internals::{Hub, Located, News, RingRead, Subscription};
use gapless_sse_core::follow::{Scope, Topic};

use crate::published::{Published, Seen, Shown, WORDS};

/// Things that the hub's ring has room for at least; it may hold one or two more.
const ROOM: usize = 4;
/// More than what late records take in the ring, of which there are two at most.
const BYTES: usize = 320;
/// The topics of the space `s`.
const NAMES: [&str; 3] = ["a", "b", "c"];
const MOST_READERS: usize = 8;

/// A hub and its model: each operation is done to both, and panics where the hub says otherwise.
#[derive(Debug)]
pub struct Pair {
    hub: Hub<u32, Shown>,
    log: Option<Log>,
    openings: u32,
    readers: Vec<Reader>,
}

/// All that was published since the hub was opened.
#[derive(Debug)]
struct Log {
    opening: u32,
    epoch: u32,
    start: u32,
    head: u32,
    published: Vec<Published>,
}

#[derive(Debug)]
struct Reader {
    subscription: Subscription<u32, Shown>,
    epoch: Option<u32>,
    /// What it has read up to, and in which opening of the hub; none while it has no place.
    at: Option<(u32, u32)>,
    woken: Arc<Woken>,
    waits: Option<Waits>,
}

/// What a reader was told to wait for.
#[derive(Clone, Copy, Debug)]
enum Waits {
    Position(u32),
    Events,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Default for Pair {
    fn default() -> Self {
        let hub = Hub::new(ROOM * BYTES);
        Self { hub, log: None, openings: 0, readers: Vec::new() }
    }
}

impl Pair {
    /// The log is reached: for the first time, again `further` on, or in another life of it.
    pub fn open(&mut self, epoch: u8, further: u8) {
        let epoch = u32::from(epoch);
        let same = self.log.as_ref().filter(|log| log.epoch == epoch);
        let start = same.map_or(0, |log| log.head) + u32::from(further);
        self.openings += 1;
        self.hub.open(epoch, start);
        let opening = self.openings;
        self.log = Some(Log { opening, epoch, start, head: start, published: Vec::new() });
        self.nobody_is_forgotten();
    }

    /// Up to three events in topics from `first` on, and some positions without any.
    pub fn publish(&mut self, first: u8, amount: u8) {
        let (count, gap) = (usize::from(amount % 4), u32::from(amount / 4));
        let topics = (0..u8::MAX).map(|nth| topic(first.wrapping_add(nth))).take(count);
        self.append(gap, |log| {
            for topic in topics {
                log.head += 1 + gap;
                log.published.push(Published::event(log.head, topic));
            }
        });
    }

    /// Late records of a topic or two, or what was lost of one topic or of any.
    pub fn publish_late(&mut self, first: u8, amount: u8) {
        let other = Some(topic(first + amount / 4));
        let other = other.filter(|other| other.space() == topic(first).space());
        self.append(0, |log| {
            log.head += 1;
            log.published.push(match amount % 4 {
                0 => Published::lost(log.head, Some(topic(first))),
                1 => Published::lost(log.head, None),
                2 => Published::late(log.head, vec![topic(first)]),
                // Those that come late together are of one space.
                _ => Published::late(log.head, [topic(first)].into_iter().chain(other).collect()),
            });
        });
    }

    fn append(&mut self, further: u32, append: impl FnOnce(&mut Log)) {
        let Some(log) = &mut self.log else {
            let early = Published::event(1, Topic::new("s", NAMES[0]));
            return self.hub.publish(early.publication().ok(), 1);
        };
        let before = log.published.len();
        append(log);
        log.head += further;
        let (mut events, mut late) = (Vec::new(), Vec::new());
        for new in &log.published[before..] {
            match new.publication() {
                Ok(event) => events.push(event),
                Err(behind) => late.push(behind),
            }
        }
        self.hub.publish_late(events, log.head, late);
        assert_eq!(self.hub.head(), Some((log.epoch, log.head)));
        self.nobody_is_forgotten();
    }

    /// A reader of the topics whose bits are set in one more than `topics`: of no topics, a reader
    /// could miss nothing.
    pub fn subscribe(&mut self, topics: u8, shown: u8) {
        let of_bits = (0..NAMES.len()).filter(|bit| (1 + topics) >> bit & 1 == 1);
        self.join(Scope::new("s", of_bits.map(|bit| NAMES[bit])), shown);
    }

    /// A reader of a whole space: of the one with several topics, or of the other.
    pub fn subscribe_whole(&mut self, first: bool, shown: u8) {
        self.join(Scope::whole(if first { "s" } else { "t" }), shown);
    }

    fn join(&mut self, scope: Scope, shown: u8) {
        if self.readers.len() < MOST_READERS {
            let subscription = self.hub.subscribe(scope.filtered(Shown::nth(shown)));
            let (woken, waits) = (Arc::default(), None);
            self.readers.push(Reader { subscription, epoch: None, at: None, woken, waits });
        }
        assert_eq!(self.hub.readers(), self.readers.len());
    }

    /// The reader is gone.
    pub fn leave(&mut self, reader: u8) {
        if usize::from(reader) < self.readers.len() {
            self.readers.swap_remove(reader.into());
        }
        assert_eq!(self.hub.readers(), self.readers.len());
        self.nobody_is_forgotten();
    }

    /// The reader looks for its place `back` from a little ahead of the log's end.
    pub fn locate(&mut self, reader: u8, back: u8) {
        let Some(reader) = self.readers.get_mut(usize::from(reader)) else { return };
        let ahead = self.log.as_ref().map_or(0, |log| log.head) + 2;
        let position = ahead.saturating_sub(back.into());
        let answer = reader.poll(Waits::Position(position), |subscription, cx| {
            subscription.poll_locate(&position, cx)
        });
        let Some(log) = reader.expect_news(self.log.as_ref(), news(&answer)) else {
            return assert!(answer.is_pending() || news(&answer).is_some());
        };
        match answer {
            Poll::Pending => assert!(position > log.head),
            Poll::Ready(Ok(Located::Live)) => {
                assert!(log.start <= position && position <= log.head);
                reader.at = Some((log.opening, position));
            }
            Poll::Ready(Ok(Located::Behind)) => {
                let since = log.published.iter().filter(|of| of.position > position).count();
                assert!(position < log.start || since > ROOM, "all of it is in the ring");
            }
            Poll::Ready(Err(news)) => unreachable!("{news:?}"),
        }
    }

    /// The reader reads on, if it has a place.
    pub fn read(&mut self, number: u8, max_bytes: usize) {
        let Some(reader) = self.readers.get_mut(usize::from(number)) else { return };
        let answer =
            reader.poll(Waits::Events, |subscription, cx| subscription.poll_read(max_bytes, cx));
        let yields = answer.is_pending() && reader.is_woken();
        if yields {
            return assert!(!matches!(reader.subscription.scope().filter(), Shown::All));
        }
        let Some(log) = reader.expect_news(self.log.as_ref(), news(&answer)) else { return };
        // Without a place, all that is promised is that nothing panics.
        let Some((opening, at)) = reader.at else { return reader.waits = None };
        let unread = log.unread(at, reader.subscription.scope());
        match answer {
            Poll::Pending => assert!(opening == log.opening && unread.is_empty()),
            Poll::Ready(Ok(RingRead::Lagged)) => {
                let evicted = unread.len() > log.kept(&unread);
                assert!(opening != log.opening || evicted, "nothing of it was evicted");
                reader.at = None;
            }
            Poll::Ready(Ok(RingRead::Events { frame, last })) => {
                assert_eq!(opening, log.opening, "a ring that began anew leaves a gap");
                let (read, rest) = unread.split_at(unread.partition_point(|(at, _)| *at <= last));
                assert_eq!(read.last().map(|(at, _)| *at), Some(last));
                assert!(read.iter().all(|(_, seen)| *seen != Seen::Panic));
                let shown: Vec<_> = read.iter().filter_map(|(_, seen)| frame_of(seen)).collect();
                let expected = (!shown.is_empty()).then(|| Encoded::merge(shown.iter().copied()));
                assert_eq!(frame, expected);
                let bytes = frame.as_ref().map_or(0, Encoded::len);
                assert!(shown.len() <= 1 || bytes <= max_bytes);
                if *reader.subscription.scope().filter() == Shown::All {
                    let next = rest.first().and_then(|(_, seen)| frame_of(seen));
                    assert!(next.is_none_or(|next| bytes + next.len() > max_bytes));
                }
                reader.at = Some((opening, last));
            }
            Poll::Ready(Ok(RingRead::Panicked(words))) => {
                assert_eq!(words, WORDS);
                assert!(unread.iter().any(|(_, seen)| *seen == Seen::Panic));
                return self.leave(number);
            }
            Poll::Ready(Err(news)) => unreachable!("{news:?}"),
        }
        let read_all =
            reader.at.is_some_and(|(_, at)| log.unread(at, reader.subscription.scope()).is_empty());
        assert_eq!(reader.subscription.caught_up(), read_all.then_some(log.head));
        self.nobody_is_forgotten();
    }

    /// Every reader that waits and has something to look at has been woken.
    fn nobody_is_forgotten(&self) {
        let Some(log) = &self.log else { return };
        for reader in &self.readers {
            let Some(waits) = reader.waits else { continue };
            let due = reader.epoch != Some(log.epoch)
                || match waits {
                    Waits::Position(position) => position <= log.head,
                    Waits::Events => reader.at.is_some_and(|(opening, at)| {
                        opening != log.opening
                            || !log.unread(at, reader.subscription.scope()).is_empty()
                    }),
                };
            assert!(!due || reader.is_woken(), "{reader:?} is asleep");
        }
    }
}

/// One of the topics of `s`, or one of another space.
fn topic(nth: u8) -> Topic {
    match NAMES.get(usize::from(nth) % (NAMES.len() + 1)) {
        Some(name) => Topic::new("s", *name),
        None => Topic::new("t", NAMES[0]),
    }
}

impl Log {
    /// What is of `scope` behind position `at`.
    fn unread(&self, at: u32, scope: &Scope<Shown>) -> Vec<(u32, Seen)> {
        let later = self.published.iter().filter(|of| of.position > at);
        later.filter_map(|of| Some((of.position, of.seen(scope)?))).collect()
    }

    /// How many of these are certainly in the ring.
    fn kept(&self, unread: &[(u32, Seen)]) -> usize {
        let newest = &self.published[self.published.len().saturating_sub(ROOM)..];
        let since = newest.first().map_or(0, |of| of.position);
        unread.iter().filter(|(at, _)| *at >= since).count()
    }
}

impl Reader {
    /// Polls with a waker that is told apart from all before it.
    fn poll<T>(
        &mut self,
        waits: Waits,
        poll: impl FnOnce(&mut Subscription<u32, Shown>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.woken = Arc::default();
        let waker = Waker::from(Arc::clone(&self.woken));
        let answer = poll(&mut self.subscription, &mut Context::from_waker(&waker));
        self.waits = answer.is_pending().then_some(waits);
        answer
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }

    /// The log, unless there was news to come first: of an epoch that the reader did not know.
    fn expect_news<'a>(&mut self, log: Option<&'a Log>, news: Option<&News>) -> Option<&'a Log> {
        let epoch = log.map(|log| log.epoch);
        let due = epoch.filter(|_| epoch != self.epoch).map(News::Epoch);
        assert_eq!(news, due.as_ref());
        self.epoch = epoch;
        if due.is_some() {
            self.at = None;
        }
        log.filter(|_| due.is_none())
    }
}

fn frame_of(seen: &Seen) -> Option<&Encoded> {
    match seen {
        Seen::Frame(frame) => Some(frame),
        Seen::LeftOut | Seen::Panic => None,
    }
}

fn news<T>(answer: &Poll<Result<T, News>>) -> Option<&News> {
    match answer {
        Poll::Ready(Err(news)) => Some(news),
        _ => None,
    }
}
