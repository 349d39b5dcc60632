//! A log that lives in this process and nowhere else.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::encoding::about_bytes;
use super::kept::{ChannelLagged, Keep, Kept, Published, Sequence, Window};
use super::pace::Pace;
use crate::follow::{
    Batch, Changes, Frontier, FrontierOf, HistoryQuery, Page, Record, Reset, Scope, SortOrder,
    Source, Topic,
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
    keep: Keep,
    kept: Arc<Mutex<Kept<R>>>,
    end: watch::Sender<u64>,
}

impl<R: Record> Channel<R> {
    /// A channel that keeps so many records, or as much as [`Keep`] says.
    pub fn new(keep: impl Into<Keep>) -> Self {
        let keep = keep.into();
        let kept = Kept {
            keep,
            bytes: 0,
            first: 1,
            records: VecDeque::new(),
            tails: HashMap::new(),
            next_tail: 0,
        };
        Self { epoch: random(), keep, kept: Arc::new(Mutex::new(kept)), end: watch::Sender::new(0) }
    }

    /// Appends `record` to the log of `topic`.
    pub fn publish(&self, topic: Topic, record: R) {
        let bytes = match self.keep {
            Keep::Records(_) => 0,
            Keep::Bytes(_) => Encoded::from(record.event()).len() + 128,
        };
        let published = Published { topic, record: Arc::new(record), bytes };
        // What is let go of is dropped when the lock has been released.
        let _evicted = {
            let mut kept = self.kept();
            kept.bytes += bytes;
            kept.records.push_back(published);
            self.end.send_replace(kept.end());
            kept.evict()
        };
    }

    /// The life of this channel, and the number of the newest record of `scope` whose event has
    /// this id.
    pub(super) fn position_of(
        &self,
        scope: &Scope<R::Filter>,
        id: &str,
    ) -> (u32, Option<Sequence>) {
        let mut window = Window { above: 0, up_to: self.kept().end() };
        let mut found = None;
        while found.is_none() {
            let step = self.kept().step(&mut window, SortOrder::Descending);
            let Ok(Some(records)) = step else { break };
            let mut of_scope = records.iter().filter(|(_, entry)| scope.contains(&entry.topic));
            let with_id =
                of_scope.find(|(_, entry)| entry.record.event().id.as_deref() == Some(id));
            found = with_id.map(|(position, _)| *position);
        }
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

impl<R> Clone for Channel<R> {
    fn clone(&self) -> Self {
        let Self { epoch, keep, kept, end } = self;
        Self { epoch: *epoch, keep: *keep, kept: Arc::clone(kept), end: end.clone() }
    }
}

impl<R> fmt::Debug for Channel<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("end", &*self.end.borrow()).finish_non_exhaustive()
    }
}

/// How many records are handed out at once, about.
const BATCH: usize = 1000;

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
        let HistoryQuery { as_of, after, order, limit, max_bytes } = query;
        let (first, end) = {
            let kept = self.kept();
            (kept.first, kept.end())
        };
        let as_of = as_of.unwrap_or(Sequence(end));
        // What was gone before the first page is no part of this history; what has gone since is
        // missed.
        let mut window = Window { above: first - 1, up_to: as_of.0 };
        match (order, after) {
            (_, None) => {}
            (SortOrder::Ascending, Some(Sequence(after))) => window.above = after,
            (SortOrder::Descending, Some(Sequence(after))) => {
                window.up_to = as_of.0.min(after.saturating_sub(1));
            }
        }
        let mut page = Page { as_of, entries: Vec::new(), more_after: None, scanned: 0 };
        let (mut pace, mut bytes) = (Pace::default(), 0);
        if order == SortOrder::Ascending {
            self.kept().reaches_back(Sequence(window.above))?;
        }
        if limit == 0 {
            return Ok(page);
        }
        loop {
            let step = self.kept().step(&mut window, order)?;
            let Some(records) = step else { return Ok(page) };
            for (_, entry) in records {
                if !scope.contains(&entry.topic) {
                    continue;
                }
                page.scanned += 1;
                if !scope.admits(&entry.record) {
                    pace.step().await;
                    continue;
                }
                if let Some(last) = page.entries.last()
                    && (page.entries.len() == limit || bytes >= max_bytes)
                {
                    page.more_after = Some(last.key);
                    return Ok(page);
                }
                bytes += about_bytes(&entry.record);
                page.entries.push(entry);
                pace.step().await;
            }
        }
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
        kept.reaches_back(at)?;
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
        let (mut evicted, mut changes) = (Vec::new(), Vec::new());
        {
            let mut kept = self.channel.kept();
            kept.reaches_back(self.at)?;
            let mut window = Window { above: self.at.0, up_to: kept.end() };
            while changes.len() < BATCH
                && let Some(records) = kept.step(&mut window, SortOrder::Ascending)?
            {
                changes.extend(records);
            }
            self.at = Sequence(window.above);
            if let Some(tail) = self.tail {
                kept.tails.insert(tail, self.at.0);
                evicted = kept.evict();
            }
            if window.above < window.up_to {
                // There is more.
                self.end.mark_changed();
            }
        }
        drop(evicted);
        Ok(Batch::new(changes, self.at))
    }
}

impl<R> Drop for ChannelChanges<R> {
    fn drop(&mut self) {
        if let Some(tail) = self.tail {
            let _evicted = {
                let mut kept = self.channel.kept();
                kept.tails.remove(&tail);
                kept.evict()
            };
        }
    }
}

impl<R> fmt::Debug for ChannelChanges<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelChanges").field("at", &self.at).finish_non_exhaustive()
    }
}
