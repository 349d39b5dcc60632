//! A hub, and the plain list that says what its readers are to be given.

use std::task::{Context, Poll, Waker};

use gapless_sse_core::follow::internals::{
    Hub, Located, News, Publication, RingRead, Subscription,
};
use gapless_sse_core::follow::{Scope, Topic};
use gapless_sse_core::{Encoded, Event};

/// Events that the hub's ring has room for at least; it may hold one or two more.
const ROOM: usize = 4;
/// More than an event of ours takes in the ring.
const EVENT_BYTES: usize = 192;
const NAMES: [&str; 3] = ["a", "b", "c"];
const MOST_READERS: usize = 8;

/// A hub and its model: each operation is done to both, and panics where the hub says otherwise.
#[derive(Debug)]
pub struct Pair {
    hub: Hub<u32>,
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
    events: Vec<Published>,
}

#[derive(Debug)]
struct Published {
    position: u32,
    topic: Topic,
    frame: Encoded,
}

#[derive(Debug)]
struct Reader {
    subscription: Subscription<u32>,
    epoch: Option<u32>,
    /// What it has read up to, and in which opening of the hub; none while it has no place.
    at: Option<(u32, u32)>,
}

impl Default for Pair {
    fn default() -> Self {
        let hub = Hub::new(ROOM * EVENT_BYTES);
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
        self.log = Some(Log { opening, epoch, start, head: start, events: Vec::new() });
    }

    /// Up to three events in topics from `first` on, and some positions without any.
    pub fn publish(&mut self, first: u8, amount: u8) {
        let (count, gap) = (usize::from(amount % 4), u32::from(amount / 4));
        let Some(log) = &mut self.log else {
            let frame = Encoded::from(Event::new("too early"));
            let topic = Topic::new("s", NAMES[0]);
            return self.hub.publish([Publication { topic, position: 1, mark: (), frame }], 1);
        };
        let before = log.events.len();
        for name in NAMES.iter().cycle().skip(first.into()).take(count) {
            log.head += 1 + gap;
            log.events.push(Published {
                position: log.head,
                topic: Topic::new("s", *name),
                frame: Encoded::from(Event::new(format!("{}:{}", log.opening, log.head))),
            });
        }
        log.head += gap;
        let new = log.events[before..].iter();
        let new = new.map(|event| Publication {
            topic: event.topic.clone(),
            position: event.position,
            mark: (),
            frame: event.frame.clone(),
        });
        self.hub.publish(new, log.head);
        assert_eq!(self.hub.head(), Some((log.epoch, log.head)));
    }

    /// A reader of the topics whose bits are set in one more than `topics`: of no topics, a reader
    /// could miss nothing.
    pub fn subscribe(&mut self, topics: u8) {
        if self.readers.len() < MOST_READERS {
            let of_bits = (0..NAMES.len()).filter(|bit| (1 + topics) >> bit & 1 == 1);
            let scope = Scope::new("s", of_bits.map(|bit| NAMES[bit]));
            let subscription = self.hub.subscribe(scope);
            self.readers.push(Reader { subscription, epoch: None, at: None });
        }
        assert_eq!(self.hub.readers(), self.readers.len());
    }

    /// The reader is gone.
    pub fn leave(&mut self, reader: u8) {
        if usize::from(reader) < self.readers.len() {
            self.readers.swap_remove(reader.into());
        }
        assert_eq!(self.hub.readers(), self.readers.len());
    }

    /// The reader looks for its place `back` from a little ahead of the log's end.
    pub fn locate(&mut self, reader: u8, back: u8) {
        let Some(reader) = self.readers.get_mut(usize::from(reader)) else { return };
        let ahead = self.log.as_ref().map_or(0, |log| log.head) + 2;
        let position = ahead.saturating_sub(back.into());
        let answer = reader.subscription.poll_locate(&position, &mut noop());
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
                let since = log.events.iter().filter(|event| event.position > position).count();
                assert!(position < log.start || since > ROOM, "all of it is in the ring");
            }
            Poll::Ready(Err(news)) => unreachable!("{news:?}"),
        }
    }

    /// The reader reads on, if it has a place.
    pub fn read(&mut self, reader: u8, max_bytes: usize) {
        let Some(reader) = self.readers.get_mut(usize::from(reader)) else { return };
        let answer = reader.subscription.poll_read(max_bytes, &mut noop());
        let Some(log) = reader.expect_news(self.log.as_ref(), news(&answer)) else { return };
        // Without a place, all that is promised is that nothing panics.
        let Some((opening, at)) = reader.at else { return };
        let unread = log.unread(at, reader.subscription.scope());
        match answer {
            Poll::Pending => assert!(opening == log.opening && unread.is_empty()),
            Poll::Ready(Ok(RingRead::Lagged)) => {
                let evicted = unread.len() > log.kept(&unread);
                assert!(opening != log.opening || evicted, "nothing of it was evicted");
                reader.at = None;
            }
            Poll::Ready(Ok(RingRead::Events { frame: None, .. })) => {
                unreachable!("nothing is filtered")
            }
            Poll::Ready(Ok(RingRead::Events { frame: Some(frame), last })) => {
                assert_eq!(opening, log.opening, "a ring that began anew leaves a gap");
                let events = frame.events() as usize;
                assert!(events > 0 && events <= unread.len());
                assert_eq!(
                    frame,
                    Encoded::merge(unread[..events].iter().map(|event| &event.frame))
                );
                assert_eq!(last, unread[events - 1].position);
                assert!(events == 1 || frame.len() <= max_bytes);
                let next = unread.get(events);
                assert!(next.is_none_or(|next| frame.len() + next.frame.len() > max_bytes));
                reader.at = Some((opening, last));
            }
            Poll::Ready(Err(news)) => unreachable!("{news:?}"),
        }
        let read_all =
            reader.at.is_some_and(|(_, at)| log.unread(at, reader.subscription.scope()).is_empty());
        assert_eq!(reader.subscription.caught_up(), read_all.then_some(log.head));
    }
}

impl Log {
    fn unread(&self, at: u32, scope: &Scope) -> Vec<&Published> {
        let later = self.events.iter().filter(|event| event.position > at);
        later.filter(|event| scope.contains(&event.topic)).collect()
    }

    /// How many of these are certainly in the ring.
    fn kept(&self, events: &[&Published]) -> usize {
        let newest = &self.events[self.events.len().saturating_sub(ROOM)..];
        let since = newest.first().map_or(0, |event| event.position);
        events.iter().filter(|event| event.position >= since).count()
    }
}

impl Reader {
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

fn news<T>(answer: &Poll<Result<T, News>>) -> Option<&News> {
    match answer {
        Poll::Ready(Err(news)) => Some(news),
        _ => None,
    }
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
