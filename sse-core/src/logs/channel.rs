//! A log that lives in this process and nowhere else.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::follow::{
    Batch, Changes, Coordinate, Entry, Fault, Filter, Frontier, FrontierOf, HistoryQuery, Page,
    Record, Reset, Scope, SortOrder, Source, SourceError, Topic,
};
use crate::stream::random::random;
use crate::wire::Encoded;

/// A [`Source`] for what is not stored anywhere: progress, prices, who is typing.
///
/// It keeps the newest records. A client that comes back is given what it has missed as long as
/// that is among them, and is told `reset` otherwise, also after a restart of the process. A log
/// that reads the channel is given every record, however fast they are published: what it has not
/// read yet is kept beyond the bound. A clone publishes to the same channel.
///
/// [`Topics`](crate::Topics) is a channel with a log that follows it.
///
/// ```
/// use gapless_sse_core::follow::{Seal, Topic};
/// use gapless_sse_core::{Channel, Event, Log, LogOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let prices = Channel::new(1_000);
/// let log = Log::spawn(prices.clone(), Seal::random(), LogOptions::default());
/// // Give each client an `EventStream` of `log.follow`.
/// prices.publish(Topic::new("exchange", "copper"), Event::new("9412"));
/// # drop(log);
/// # }
/// ```
pub struct Channel<R> {
    epoch: u32,
    kept: Arc<Mutex<Kept<R>>>,
    end: watch::Sender<u64>,
}

/// How much a [`Channel`] keeps of what was published: the newest, and at least one record.
///
/// ```
/// use gapless_sse_core::{Channel, Event, Keep};
///
/// let thousand: Channel<Event> = Channel::new(1_000); // records
/// let megabyte: Channel<Event> = Channel::new(Keep::Bytes(1 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep {
    /// So many records.
    Records(usize),
    /// So many bytes of events, each counted as it is sent and 128 bytes more.
    Bytes(usize),
}

impl From<usize> for Keep {
    fn from(records: usize) -> Self {
        Self::Records(records)
    }
}

struct Kept<R> {
    keep: Keep,
    /// The bytes of all records, if these are what is counted.
    bytes: usize,
    /// The number of `records[0]`; the first of all has 1.
    first: u64,
    records: VecDeque<Published<R>>,
    /// Up to where the tail of each log has read, by number.
    tails: HashMap<u64, u64>,
    next_tail: u64,
}

struct Published<R> {
    topic: Topic,
    record: Arc<R>,
    bytes: usize,
}

impl<R: Record> Channel<R> {
    /// A channel that keeps so many records, or as much as [`Keep`] says.
    pub fn new(keep: impl Into<Keep>) -> Self {
        let kept = Kept {
            keep: keep.into(),
            bytes: 0,
            first: 1,
            records: VecDeque::new(),
            tails: HashMap::new(),
            next_tail: 0,
        };
        Self { epoch: random(), kept: Arc::new(Mutex::new(kept)), end: watch::Sender::new(0) }
    }

    /// Appends `record` to the log of `topic`.
    pub fn publish(&self, topic: Topic, record: R) {
        let mut kept = self.kept();
        let bytes = match kept.keep {
            Keep::Records(_) => 0,
            Keep::Bytes(_) => Encoded::from(record.event()).len() + 128,
        };
        kept.bytes += bytes;
        kept.records.push_back(Published { topic, record: Arc::new(record), bytes });
        kept.evict();
        self.end.send_replace(kept.end());
    }

    /// The life of this channel, and the number of the newest record of `scope` whose event has
    /// this id.
    pub(super) fn position_of(
        &self,
        scope: &Scope<R::Filter>,
        id: &str,
    ) -> (u32, Option<Sequence>) {
        let kept = self.kept();
        let all = kept.after(Sequence(kept.first - 1));
        let mut of_scope =
            all.into_iter().flatten().filter(|(_, entry)| scope.contains(&entry.topic));
        let found = of_scope.rfind(|(_, entry)| entry.record.event().id.as_deref() == Some(id));
        let found = found.map(|(position, _)| position);
        (self.epoch, found)
    }
}

impl<R> Channel<R> {
    /// The epoch, and the position of the newest record.
    pub(super) fn end(&self) -> (u32, Sequence) {
        (self.epoch, Sequence(self.kept().end()))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<R>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Kept<R> {
    fn end(&self) -> u64 {
        self.first - 1 + self.records.len() as u64
    }

    /// Lets go of what is too much and has been read by every tail.
    fn evict(&mut self) {
        let read = self.tails.values().copied().min().unwrap_or(u64::MAX);
        let is_full = |kept: &Self| match kept.keep {
            Keep::Records(records) => kept.records.len() > records,
            Keep::Bytes(bytes) => kept.bytes > bytes,
        };
        while self.records.len() > 1
            && self.first <= read
            && is_full(self)
            && let Some(evicted) = self.records.pop_front()
        {
            self.bytes -= evicted.bytes;
            self.first += 1;
        }
    }

    /// The records after number `from`, oldest first, if none of them is gone.
    fn after(
        &self,
        Sequence(from): Sequence,
    ) -> Result<impl DoubleEndedIterator<Item = Numbered<R>>, ChannelLagged> {
        let skipped = from.saturating_add(1).checked_sub(self.first).ok_or(ChannelLagged)?;
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(self.records.len());
        let numbers = self.first + skipped as u64..;
        Ok(self.records.range(skipped..).enumerate().map(move |(index, published)| {
            let nth = Sequence(numbers.start + index as u64);
            let Published { topic, record, .. } = published;
            (nth, Entry { topic: topic.clone(), key: nth, record: Arc::clone(record) })
        }))
    }
}

type Numbered<R> = (Sequence, Entry<Sequence, Arc<R>>);

impl<R> Clone for Channel<R> {
    fn clone(&self) -> Self {
        Self { epoch: self.epoch, kept: Arc::clone(&self.kept), end: self.end.clone() }
    }
}

impl<R> fmt::Debug for Channel<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("end", &*self.end.borrow()).finish_non_exhaustive()
    }
}

/// The number of a record, in the order in which they were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(u64);

impl Coordinate for Sequence {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        u64::decode(input).map(Self)
    }
}

/// Some of what was asked for is no longer among the records that a [`Channel`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLagged;

impl fmt::Display for ChannelLagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel has published so much since that it no longer keeps all of it")
    }
}

impl std::error::Error for ChannelLagged {}

impl SourceError for ChannelLagged {
    fn fault(&self) -> Fault {
        Fault::HistoryLost
    }
}

impl<R: Record> Source for Channel<R> {
    type Position = Sequence;
    type Key = Sequence;
    type Record = Arc<R>;
    type Error = ChannelLagged;
    type Changes = ChannelChanges<R>;

    async fn epoch(&self) -> Result<u32, ChannelLagged> {
        Ok(self.epoch)
    }

    async fn tail_start(&self) -> Result<Sequence, ChannelLagged> {
        Ok(Sequence(self.kept().end()))
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, ChannelLagged> {
        let (Frontier::Live(Sequence(to)) | Frontier::History { as_of: Sequence(to), .. }) =
            frontier;
        Ok(if to <= self.kept().end() { Ok(frontier) } else { Err(Reset::Future) })
    }

    async fn history(
        &self,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Sequence, Sequence>,
    ) -> Result<Page<Self>, ChannelLagged> {
        let kept = self.kept();
        let HistoryQuery { as_of, after, order, limit, .. } = query;
        let as_of = as_of.unwrap_or(Sequence(kept.end()));
        // What was gone before the first page is no part of this history; what has gone since is
        // missed.
        let before_first = Sequence(kept.first - 1);
        let (from, to) = match order {
            SortOrder::Ascending => (after.unwrap_or(before_first), as_of),
            SortOrder::Descending => {
                let below = after
                    .map_or(as_of, |Sequence(after)| as_of.min(Sequence(after.saturating_sub(1))));
                (before_first, below)
            }
        };
        let mut scanned = 0;
        let of_scope = kept
            .after(from)?
            .filter(|(nth, entry)| *nth <= to && scope.contains(&entry.topic))
            .inspect(|_| scanned += 1)
            .filter(|(_, entry)| scope.filter().admits(&entry.record.mark()))
            .map(|(_, entry)| entry);
        let mut entries: Vec<_> = match order {
            SortOrder::Ascending => of_scope.take(limit.saturating_add(1)).collect(),
            SortOrder::Descending => of_scope.rev().take(limit.saturating_add(1)).collect(),
        };
        let more = entries.len() > limit && limit > 0;
        entries.truncate(limit);
        let more_after = entries.last().filter(|_| more).map(|entry| entry.key);
        Ok(Page { as_of, entries, more_after, scanned })
    }

    async fn changes(&self, from: &Sequence) -> Result<ChannelChanges<R>, ChannelLagged> {
        self.open(*from, false)
    }

    async fn tail(&self, from: &Sequence) -> Result<ChannelChanges<R>, ChannelLagged> {
        self.open(*from, true)
    }
}

impl<R> Channel<R> {
    fn open(&self, at: Sequence, is_tail: bool) -> Result<ChannelChanges<R>, ChannelLagged> {
        let mut end = self.end.subscribe();
        // The first batch comes at once, so that a reader without anything to read knows it.
        end.mark_changed();
        let mut kept = self.kept();
        drop(kept.after(at)?);
        let tail = is_tail.then(|| {
            let tail = kept.next_tail;
            kept.next_tail += 1;
            kept.tails.insert(tail, at.0);
            tail
        });
        drop(kept);
        Ok(ChannelChanges { channel: self.clone(), at, end, tail })
    }
}

/// The records of a [`Channel`] as they are published.
pub struct ChannelChanges<R> {
    channel: Channel<R>,
    at: Sequence,
    end: watch::Receiver<u64>,
    /// Its number among the tails, for which nothing is let go unread.
    tail: Option<u64>,
}

impl<R: Record> Changes<Channel<R>> for ChannelChanges<R> {
    async fn next(&mut self) -> Result<Batch<Channel<R>>, ChannelLagged> {
        // It fails only when every sender is gone, and this holds one.
        let _ = self.end.changed().await;
        let mut kept = self.channel.kept();
        let changes = kept.after(self.at)?.collect();
        self.at = Sequence(kept.end());
        if let Some(tail) = self.tail {
            kept.tails.insert(tail, self.at.0);
            kept.evict();
        }
        Ok(Batch::new(changes, self.at))
    }
}

impl<R> Drop for ChannelChanges<R> {
    fn drop(&mut self) {
        if let Some(tail) = self.tail {
            let mut kept = self.channel.kept();
            kept.tails.remove(&tail);
            kept.evict();
        }
    }
}

impl<R> fmt::Debug for ChannelChanges<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelChanges").field("at", &self.at).finish_non_exhaustive()
    }
}
