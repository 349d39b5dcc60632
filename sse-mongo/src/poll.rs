//! The changes of the collection, by polling behind a watermark.

use std::sync::Arc;
use std::time::Duration;

use bson::DateTime;
use gapless_sse_core::follow::{Batch, Entry, Record, SortOrder};
use tokio::time::{Instant, sleep_until};

use crate::error::{Act, Error};
use crate::find::{Find, Range};
use crate::key::{Key, Value};
use crate::mongo::{Inner, Mongo};
use crate::position::{Place, Position};
use crate::search::Narrow;
use crate::watch::Watch;

/// However often it is asked for: a server has other work too.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// Reads what has settled since the last time: one query an interval for all logs.
pub(crate) struct Poll<R> {
    inner: Arc<Inner<R>>,
    /// Which collection it is; another one may take its name.
    uuid: Vec<u8>,
    through: Position,
    due: Instant,
    tail: bool,
    /// The last one that the tail was told.
    watermark: Option<DateTime>,
    /// Of the tail, which looks for what comes late.
    watch: Option<Watch<R>>,
}

impl<R> Poll<R> {
    pub(crate) fn is_tail(&mut self) {
        self.tail = true;
    }
}

impl<R: Record<Filter: Narrow>> Poll<R> {
    pub(crate) async fn open(inner: Arc<Inner<R>>, from: Position) -> Result<Self, Error> {
        let uuid = inner.ready().await?.uuid;
        Ok(Self {
            inner,
            uuid,
            through: from,
            due: Instant::now(),
            tail: false,
            watermark: None,
            watch: None,
        })
    }

    /// As [`open`](Self::open), for the tail.
    pub(crate) async fn tail(inner: Arc<Inner<R>>, from: Position) -> Result<Self, Error> {
        let mut poll = Self::open(inner, from).await?;
        poll.watch = Watch::begin(&poll.inner, &poll.uuid, &poll.through).await?;
        Ok(poll)
    }

    pub(crate) async fn next(&mut self) -> Result<Batch<Mongo<R>>, Error> {
        let next = self.read_when_due().await;
        if let (Err(_), Some(watch)) = (&next, &mut self.watch) {
            watch.failed();
        }
        next
    }

    async fn read_when_due(&mut self) -> Result<Batch<Mongo<R>>, Error> {
        sleep_until(self.due).await;
        let audited = match &mut self.watch {
            Some(watch) => watch.audit().await?,
            None => false,
        };
        let (batch, more) = if audited {
            // It has taken the turn of a poll.
            (self.nothing(), false)
        } else {
            self.read().await?
        };
        self.through = batch.through.clone();
        if !more {
            self.due = Instant::now() + self.inner.options.interval.max(LEAST_INTERVAL);
        }
        Ok(batch)
    }

    fn nothing(&self) -> Batch<Mongo<R>> {
        Batch { changes: Vec::new(), late: Vec::new(), through: self.through.clone() }
    }

    async fn read(&mut self) -> Result<(Batch<Mongo<R>>, bool), Error> {
        let (target, late) = self.target().await?;
        let found = self.inner.uuid().await?;
        if found.as_ref() != Some(&self.uuid) {
            let reason = if found.is_some() { "replaced" } else { "dropped" };
            return Err(Error::Ended(reason.to_owned()));
        }
        // The clock of a new primary may be behind.
        if target <= self.through {
            return Ok((self.nothing(), false));
        }
        let ready = self.inner.ready().await?;
        let find = Find {
            index: &ready.settled,
            keys: self.inner.settled_keys(),
            range: Range {
                prefix: Vec::new(),
                after: Some(key_at(&self.through)),
                before: Some(key_at(&target)),
            },
            order: SortOrder::Ascending,
            limit: self.inner.options.batch_size.max(1) as usize,
            snapshot: None,
        };
        let found = find.run(&self.inner, Act::Changes).await?;
        let date = &self.inner.options.fields.date;
        let keys = || found.documents().map(|record| Key::of(record, date));
        let (through, more, late) = match keys().last() {
            Some(last) if found.more => (Position::settled(&last), true, Vec::new()),
            // Those that came late stand at the target; there may be more at once.
            _ => (target, !self.tail && !late.is_empty(), late),
        };
        let come_late = self.inner.fetch(late).await?;
        let mut changes = Vec::new();
        for (record, key) in found.documents().zip(keys()) {
            if (self.tail || self.inner.audit.in_place(&key))
                && let Some(topic) = self.inner.topic(record)
            {
                let entry = Entry { topic, key, record: self.inner.decode(record) };
                changes.push((Position::settled(&entry.key), entry));
            }
        }
        if self.tail {
            self.heard(&through);
        }
        if let Some(watch) = &self.watch {
            watch.hand_out(&through, keys(), &come_late);
        }
        let late = come_late.entries;
        Ok((Batch { changes, late, through }, more))
    }

    /// The tail has come so far.
    fn heard(&self, through: &Position) {
        let behind = match (self.watermark, key_at(through).date.as_ref().as_datetime()) {
            (Some(watermark), Some(date)) => {
                watermark.timestamp_millis().saturating_sub(date.timestamp_millis())
            }
            _ => 0,
        };
        let behind = Duration::from_millis(u64::try_from(behind).unwrap_or_default());
        self.inner.stats.heard(self.inner.options.lateness + behind);
    }

    /// Up to where to read, and what came late there.
    async fn target(&mut self) -> Result<(Position, Vec<Key>), Error> {
        let audit = &self.inner.audit;
        if self.tail {
            let watermark = self.inner.watermark().await?;
            self.watermark = Some(watermark);
            let target = Position::settled_before(watermark);
            let late = self.watch.as_ref().map_or_else(Vec::new, Watch::found);
            return Ok((target, late));
        }
        // Whoever reads besides the tail is given the same as others, so it reads no further.
        match audit.late_after(&self.through) {
            Some(late) => Ok(late),
            None => Ok((self.inner.settled().await?, Vec::new())),
        }
    }
}

impl<R> Inner<R> {
    /// Up to where everything has settled: for those who read besides the tail, what that has read.
    pub(crate) async fn settled(&self) -> Result<Position, Error> {
        match self.audit.through().map(|through| through.0) {
            Some(Place::Settled { date, .. }) => Ok(Position(Place::Settled { date, id: None })),
            _ => Ok(Position::settled_before(self.watermark().await?)),
        }
    }
}

/// The last key up to a position, or what stands behind it.
pub(crate) fn key_at(position: &Position) -> Key {
    match &position.0 {
        Place::Settled { date, id } => {
            Key { date: date.clone(), id: id.clone().unwrap_or(Value::MIN) }
        }
        // `Mongo::changes` opens none from such a position.
        Place::Commit { .. } => Key::LEAST,
    }
}
