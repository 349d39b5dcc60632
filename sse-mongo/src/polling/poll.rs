//! The changes of the collection, by polling behind a watermark.

use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::SortOrder;
use tokio::time::{Instant, sleep_until};

use super::audit::Audit;
use super::watch::Watch;
use crate::position::commit::{Place, Position};
use crate::position::key::{Key, Value};
use crate::records::{ChangeBatch, Records};
use crate::server::connection::Connection;
use crate::server::error::Error;
use crate::server::find::Find;
use crate::server::operation::Operation;
use crate::server::range::Range;

/// However often it is asked for: a server has other work too.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// How many bytes of records are handed on at once, but for one that is larger.
const PIECE: usize = 1 << 20;

/// Reads what has settled since the last time: one query an interval for all logs.
pub(crate) struct Poll<R> {
    records: Records<R>,
    audit: Arc<Audit>,
    /// Which collection it is; another one may take its name.
    uuid: Vec<u8>,
    through: Position,
    due: Instant,
    /// How many records fit in a batch, as the last ones were.
    fitting: usize,
    tail: bool,
    /// The last one that the tail was told.
    watermark: Option<i64>,
    /// Of the tail, which looks for what comes late.
    watch: Option<Watch>,
}

impl<R> Poll<R> {
    pub(crate) async fn open(
        records: Records<R>,
        audit: Arc<Audit>,
        from: Position,
    ) -> Result<Self, Error> {
        let uuid = records.connection.look_up().await?;
        Ok(Self {
            records,
            audit,
            uuid,
            through: from,
            due: Instant::now(),
            fitting: usize::MAX,
            tail: false,
            watermark: None,
            watch: None,
        })
    }

    /// As [`open`](Self::open), for the tail.
    pub(crate) async fn tail(
        records: Records<R>,
        audit: Arc<Audit>,
        from: Position,
    ) -> Result<Self, Error> {
        let mut poll = Self::open(records, audit, from).await?;
        poll.tail = true;
        poll.watch =
            Watch::begin(&poll.records.connection, &poll.audit, &poll.uuid, &poll.through).await?;
        Ok(poll)
    }

    pub(crate) async fn next(&mut self) -> Result<ChangeBatch<R>, Error> {
        let next = self.read_when_due().await;
        if let (Err(_), Some(watch)) = (&next, &mut self.watch) {
            watch.failed();
        }
        next
    }

    async fn read_when_due(&mut self) -> Result<ChangeBatch<R>, Error> {
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
            self.due =
                Instant::now() + self.records.connection.options.interval.max(LEAST_INTERVAL);
        }
        Ok(batch)
    }

    fn nothing(&self) -> ChangeBatch<R> {
        ChangeBatch {
            changes: Vec::new(),
            late: Vec::new(),
            lost: 0,
            through: self.through.clone(),
        }
    }

    async fn read(&mut self) -> Result<(ChangeBatch<R>, bool), Error> {
        let (target, late) = self.target().await?;
        let found = self.records.connection.uuid().await?;
        if found.as_ref() != Some(&self.uuid) {
            let reason = if found.is_some() { "replaced" } else { "dropped" };
            return Err(Error::Ended(reason.to_owned()));
        }
        // The clock of a new primary may be behind.
        if target <= self.through {
            return Ok((self.nothing(), false));
        }
        let ready = self.records.connection.ready().await?;
        let find = Find {
            index: &ready.settled,
            range: Range {
                prefix: Vec::new(),
                after: Some(self.through.key()),
                before: Some(target.key()),
            },
            order: SortOrder::Ascending,
            limit: self.fitting.min(self.records.connection.options.batch_size.max(1) as usize),
            snapshot: None,
        };
        let mut found = find.run(&self.records.connection, Operation::Changes).await?;
        self.fitting = found.keep(PIECE);
        let date = &self.records.connection.options.fields.date;
        let keys = || found.documents().map(|record| Key::of(record, date));
        let (through, more, late) = match keys().last() {
            Some(last) if found.more => (Position::settled(&last), true, Vec::new()),
            // Those that came late stand at the target; there may be more at once.
            _ => (target, !self.tail && !late.is_empty(), late),
        };
        let come_late = self.records.fetch(late).await?;
        let mut changes = Vec::new();
        for (record, key) in found.documents().zip(keys()) {
            if (self.tail || self.audit.in_place(&key))
                && let Some(entry) = self.records.entry(key, record)
            {
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
        Ok((ChangeBatch { changes, late, lost: 0, through }, more))
    }

    /// The tail has come so far.
    fn heard(&self, through: &Position) {
        let dates = &self.records.connection.options.dates;
        let behind = match (self.watermark, dates.shown(through.key().date.as_ref())) {
            (Some(watermark), Some(shown)) => watermark.saturating_sub(shown),
            _ => 0,
        };
        let behind = Duration::from_millis(u64::try_from(behind).unwrap_or_default());
        self.records.connection.stats.heard(self.records.connection.options.lateness + behind);
    }

    /// Up to where to read, and what came late there.
    async fn target(&mut self) -> Result<(Position, Vec<Key>), Error> {
        let connection = &self.records.connection;
        if self.tail {
            let watermark = self.records.connection.watermark().await?;
            self.watermark = Some(watermark);
            let target = connection.settled_before(watermark);
            let late = self.watch.as_ref().map_or_else(Vec::new, Watch::found);
            return Ok((target, late));
        }
        // Whoever reads besides the tail is given the same as others, so it reads no further.
        match self.audit.late_after(&self.through) {
            Some(late) => Ok(late),
            None => Ok((connection.settled(&self.audit).await?, Vec::new())),
        }
    }
}

impl Connection {
    /// Up to where everything has settled: for those who read besides the tail, what that has read.
    pub(crate) async fn settled(&self, audit: &Audit) -> Result<Position, Error> {
        match audit.through().map(|through| through.0) {
            Some(Place::Settled { date, .. }) => Ok(Position(Place::Settled { date, id: None })),
            _ => Ok(self.settled_before(self.watermark().await?)),
        }
    }

    /// All that was shown before this, by the clock of the dates.
    fn settled_before(&self, shown: i64) -> Position {
        Position::settled_before(Value::of(self.options.dates.least(shown)))
    }
}
