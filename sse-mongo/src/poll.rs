//! The changes of the collection, by polling behind a watermark.

use std::sync::Arc;
use std::time::Duration;

use sse_core::follow::{Batch, Entry, Order, Record};
use tokio::time::{Instant, sleep_until};

use crate::error::{Act, Error};
use crate::find::{Find, Range};
use crate::key::{Key, Value};
use crate::mongo::{Inner, Mongo};
use crate::position::{Place, Position};
use crate::search::Narrow;

/// However often it is asked for: a server has other work too.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// Reads what has settled since the last time: one query an interval for all logs.
pub(crate) struct Poll<R> {
    inner: Arc<Inner<R>>,
    /// Which collection it is; another one may take its name.
    uuid: Vec<u8>,
    through: Position,
    due: Instant,
}

impl<R: Record<Filter: Narrow>> Poll<R> {
    pub(crate) async fn open(inner: Arc<Inner<R>>, from: Position) -> Result<Self, Error> {
        let uuid = inner.ready().await?.uuid;
        Ok(Self { inner, uuid, through: from, due: Instant::now() })
    }

    pub(crate) async fn next(&mut self) -> Result<Batch<Mongo<R>>, Error> {
        sleep_until(self.due).await;
        let (batch, more) = self.read().await?;
        self.through = batch.through.clone();
        if !more {
            self.due = Instant::now() + self.inner.options.interval.max(LEAST_INTERVAL);
        }
        Ok(batch)
    }

    async fn read(&self) -> Result<(Batch<Mongo<R>>, bool), Error> {
        let watermark = self.inner.watermark().await?;
        let target = Position::settled_before(watermark);
        let found = self.inner.uuid().await?;
        if found.as_ref() != Some(&self.uuid) {
            let reason = if found.is_some() { "replaced" } else { "dropped" };
            return Err(Error::Ended(reason.to_owned()));
        }
        // The clock of a new primary may be behind.
        if target <= self.through {
            return Ok((Batch { changes: Vec::new(), late: Vec::new(), through: self.through.clone() }, false));
        }
        let ready = self.inner.ready().await?;
        let find = Find {
            index: &ready.settled,
            keys: self.inner.settled_keys(),
            range: Range {
                prefix: Vec::new(),
                after: Some(self.after()),
                before: Some(Key::before_all_of(Value::date(watermark))),
            },
            order: Order::Ascending,
            limit: self.inner.options.batch_size.max(1) as usize,
            snapshot: None,
        };
        let found = find.run(&self.inner, Act::Changes).await?;
        let date = &self.inner.options.fields.date;
        let last = found.documents().last().map(|record| Key::of(record, date));
        let through = match last {
            Some(last) if found.more => Position::settled(&last),
            _ => target,
        };
        let changes = found
            .documents()
            .filter_map(|record| {
                let topic = self.inner.topic(record)?;
                let key = Key::of(record, date);
                let position = Position::settled(&key);
                Some((position, Entry { topic, key, record: self.inner.decode(record) }))
            })
            .collect();
        Ok((Batch { changes, late: Vec::new(), through }, found.more))
    }

    /// The last key that was read.
    fn after(&self) -> Key {
        match &self.through.0 {
            Place::Settled { date, id: Some(id) } => Key { date: date.clone(), id: id.clone() },
            Place::Settled { date, id: None } => Key::before_all_of(date.clone()),
            // `Mongo::changes` opens none from such a position.
            Place::Commit { .. } => Key::LEAST,
        }
    }
}
