//! The newest records of a channel, by number.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use crate::follow::{Coordinate, Entry, Fault, SortOrder, SourceError, Topic};

/// How much a [`Channel`](crate::Channel) keeps of what was published: the newest, and at least one record.
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

pub(super) struct Kept<R> {
    pub(super) keep: Keep,
    /// The bytes of all records, if these are what is counted.
    pub(super) bytes: usize,
    /// The number of `records[0]`; the first of all has 1.
    pub(super) first: u64,
    pub(super) records: VecDeque<Published<R>>,
    /// Up to where the tail of each log has read, by number.
    pub(super) tails: HashMap<u64, u64>,
    pub(super) next_tail: u64,
}

pub(super) struct Published<R> {
    pub(super) topic: Topic,
    pub(super) record: Arc<R>,
    pub(super) bytes: usize,
}

impl<R> Kept<R> {
    pub(super) fn end(&self) -> u64 {
        self.first - 1 + self.records.len() as u64
    }

    /// Lets go of what is too much and has been read by every tail.
    pub(super) fn evict(&mut self) -> Vec<Published<R>> {
        let read = self.tails.values().copied().min().unwrap_or(u64::MAX);
        let is_full = |kept: &Self| match kept.keep {
            Keep::Records(records) => kept.records.len() > records,
            Keep::Bytes(bytes) => kept.bytes > bytes,
        };
        let mut evicted = Vec::new();
        while self.records.len() > 1
            && self.first <= read
            && is_full(self)
            && let Some(published) = self.records.pop_front()
        {
            self.bytes -= published.bytes;
            self.first += 1;
            evicted.push(published);
        }
        evicted
    }

    /// Whether none of the records after number `from` is gone.
    pub(super) fn reaches_back(&self, Sequence(from): Sequence) -> Result<(), ChannelLagged> {
        if from.saturating_add(1) >= self.first { Ok(()) } else { Err(ChannelLagged) }
    }

    /// The first records of `window`, or the last, newest first, which then are no part of it any
    /// more; none if it is empty.
    pub(super) fn step(
        &self,
        window: &mut Window,
        order: SortOrder,
    ) -> Result<Option<Vec<Numbered<R>>>, ChannelLagged> {
        let up_to = window.up_to.min(self.end());
        let above = match order {
            SortOrder::Ascending => window.above,
            // What has gone in the meantime is missed.
            SortOrder::Descending => window.above.max(self.first - 1),
        };
        if above >= up_to {
            return Ok(None);
        }
        self.reaches_back(Sequence(above))?;
        let numbers = match order {
            SortOrder::Ascending => above..up_to.min(above + STEP),
            SortOrder::Descending => above.max(up_to.saturating_sub(STEP))..up_to,
        };
        match order {
            SortOrder::Ascending => window.above = numbers.end,
            SortOrder::Descending => window.up_to = numbers.start,
        }
        let numbered = numbers.filter_map(|before| {
            let index = usize::try_from(before + 1 - self.first).ok()?;
            let Published { topic, record, .. } = self.records.get(index)?;
            let key = Sequence(before + 1);
            Some((key, Entry { topic: topic.clone(), key, record: Arc::clone(record) }))
        });
        let mut numbered: Vec<_> = numbered.collect();
        if order == SortOrder::Descending {
            numbered.reverse();
        }
        Ok(Some(numbered))
    }
}

/// How many records are taken while the channel is locked; what is to be asked of them is asked
/// afterwards.
const STEP: u64 = 256;

/// Records above one number and up to another.
pub(super) struct Window {
    pub(super) above: u64,
    pub(super) up_to: u64,
}

pub(super) type Numbered<R> = (Sequence, Entry<Sequence, Arc<R>>);

/// The number of a record, in the order in which they were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(pub(super) u64);

impl Coordinate for Sequence {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        u64::decode(input).map(Self)
    }
}

/// Some of what was asked for is no longer among the records that a [`Channel`](crate::Channel) keeps.
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
