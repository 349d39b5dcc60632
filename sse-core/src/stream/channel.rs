//! A log that lives in this process and nowhere else.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::random::random;
use crate::follow::{
    Batch, Changes, Coordinate, Entry, Fault, Filter, Frontier, FrontierOf, HistoryQuery, Page,
    Record, Reset, Scope, SortOrder, Source, SourceError, Topic,
};

/// A [`Source`] for what is not stored anywhere: progress, prices, who is typing.
///
/// It keeps the newest records. A client that comes back finds what it has missed as long as that
/// is among them, and is told `reset` otherwise, also after a restart of the process. A clone
/// publishes to the same log.
///
/// ```
/// use gapless_sse_core::follow::{Everything, Record, Seal, Topic};
/// use gapless_sse_core::{Channel, Event, Log, LogOptions};
///
/// struct Price(u32);
///
/// impl Record for Price {
///     type Filter = Everything;
///
///     fn event(&self) -> Event<'_> {
///         Event::new(self.0.to_string())
///     }
///
///     fn mark(&self) {}
/// }
///
/// let prices = Channel::new(1_000);
/// let log = Log::new(prices.clone(), Seal::new(b"32 random bytes or more"), LogOptions::default());
/// // Spawn `log.run`, and give each client an `EventStream` of `log.follow`.
/// prices.publish(Topic::new("exchange", "copper"), Price(9_412));
/// # drop(log);
/// ```
pub struct Channel<R> {
    epoch: u32,
    kept: Arc<Mutex<Kept<R>>>,
    end: watch::Sender<u64>,
}

struct Kept<R> {
    capacity: usize,
    /// The number of `records[0]`; the first of all has 1.
    first: u64,
    records: VecDeque<(Topic, Arc<R>)>,
}

impl<R: Record> Channel<R> {
    /// A log that keeps the newest `capacity` records, and at least one.
    pub fn new(capacity: usize) -> Self {
        let kept = Kept { capacity: capacity.max(1), first: 1, records: VecDeque::new() };
        Self { epoch: random(), kept: Arc::new(Mutex::new(kept)), end: watch::Sender::new(0) }
    }

    /// Appends `record` to the log of `topic`.
    pub fn publish(&self, topic: Topic, record: R) {
        let mut kept = self.kept();
        if kept.records.len() == kept.capacity {
            kept.records.pop_front();
            kept.first += 1;
        }
        kept.records.push_back((topic, Arc::new(record)));
        self.end.send_replace(kept.end());
    }

    fn kept(&self) -> MutexGuard<'_, Kept<R>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Kept<R> {
    fn end(&self) -> u64 {
        self.first - 1 + self.records.len() as u64
    }

    /// The records after number `from`, oldest first, if none of them is gone.
    fn after(
        &self,
        Sequence(from): Sequence,
    ) -> Result<impl DoubleEndedIterator<Item = Numbered<R>>, ChannelLagged> {
        let skipped = from.saturating_add(1).checked_sub(self.first).ok_or(ChannelLagged)?;
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(self.records.len());
        let numbers = self.first + skipped as u64..;
        Ok(self.records.range(skipped..).enumerate().map(move |(index, (topic, record))| {
            let nth = Sequence(numbers.start + index as u64);
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
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        let (bytes, rest) = input.split_first_chunk()?;
        *input = rest;
        Some(Self(u64::from_be_bytes(*bytes)))
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
        let HistoryQuery { as_of, after, order, limit } = query;
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
        let mut end = self.end.subscribe();
        // The first batch comes at once, so that a reader without anything to read knows it.
        end.mark_changed();
        drop(self.kept().after(*from)?);
        Ok(ChannelChanges { channel: self.clone(), at: *from, end })
    }
}

/// The records of a [`Channel`] as they are published.
pub struct ChannelChanges<R> {
    channel: Channel<R>,
    at: Sequence,
    end: watch::Receiver<u64>,
}

impl<R: Record> Changes<Channel<R>> for ChannelChanges<R> {
    async fn next(&mut self) -> Result<Batch<Channel<R>>, ChannelLagged> {
        // It fails only when every sender is gone, and this holds one.
        let _ = self.end.changed().await;
        let kept = self.channel.kept();
        let changes = kept.after(self.at)?.collect();
        self.at = Sequence(kept.end());
        Ok(Batch { changes, late: Vec::new(), through: self.at })
    }
}

impl<R> fmt::Debug for ChannelChanges<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelChanges").field("at", &self.at).finish_non_exhaustive()
    }
}
