//! Looking for what came late, while polling.

use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::{Entry, SortOrder};
use mongodb::bson::{Bson, RawBsonRef};
use tokio::time::Instant;

use super::audit::{Audit, TailNumber, WINDOW};
use crate::position::commit::Position;
use crate::position::key::{Key, Value};
use crate::records::Records;
use crate::server::connection::Connection;
use crate::server::error::Error;
use crate::server::find::{Find, MAX_TIME, What};
use crate::server::operation::Operation;
use crate::server::probe::before;
use crate::server::range::Range;

/// An audit is due when so many times the lateness have passed since the last one.
const EVERY: u32 = 3;
/// How many of those that came late are handed out at once.
const AT_ONCE: usize = 1000;

/// What the tail does to find out what came late: every few intervals it reads, in place of the
/// records, the keys that the index has of the last while.
pub(crate) struct Watch {
    connection: Connection,
    audit: Arc<Audit>,
    tail: TailNumber,
    due: Instant,
    failed: bool,
}

/// Records that came late.
pub(crate) struct ComeLate<R> {
    /// Those that were looked for.
    keys: Vec<Key>,
    /// Those that are still there.
    pub(crate) entries: Vec<Entry<Key, R>>,
}

impl Watch {
    /// Of a tail that begins at `from`: what is there by then is history for whoever comes. None if
    /// there is to be no audit.
    pub(crate) async fn begin(
        connection: &Connection,
        audit: &Arc<Audit>,
        uuid: &[u8],
        from: &Position,
    ) -> Result<Option<Self>, Error> {
        if connection.options.audit == 0 || connection.options.lateness.is_zero() {
            return Ok(None);
        }
        let (tail, learns) = audit.begin(uuid, from);
        let mut watch = Self {
            connection: connection.clone(),
            audit: Arc::clone(audit),
            tail,
            due: Instant::now(),
            failed: false,
        };
        if learns {
            let start = before(connection.watermark().await?, connection.options.lateness * WINDOW);
            let end = from.key();
            let (mut keys, floor) = connection.keys(start, end.clone()).await?;
            // The bound itself is no part of a range.
            keys.push(end);
            audit.learn(tail, from, floor, &keys);
        }
        watch.due = Instant::now() + watch.period();
        Ok(Some(watch))
    }

    /// The tail goes on later, where it stops now.
    pub(crate) fn failed(&mut self) {
        self.failed = true;
    }

    /// Makes an audit if one is due, and answers whether it was.
    pub(crate) async fn audit(&mut self) -> Result<bool, Error> {
        let window = self.window();
        if Instant::now() < self.due {
            return Ok(false);
        }
        let Some((from, to)) = self.audit.window(self.tail, window) else {
            return Ok(false);
        };
        let end = Key::before_all_of(Value::of(self.connection.options.dates.least(to)));
        let (keys, floor) = self.connection.keys(from, end).await?;
        self.audit.compare(self.tail, floor, keys, window);
        self.due = Instant::now() + self.period();
        Ok(true)
    }

    /// Some of those that came late.
    pub(crate) fn found(&self) -> Vec<Key> {
        self.audit.found(self.tail, AT_ONCE)
    }

    /// These are handed out, and those that came late, up to `through`.
    pub(crate) fn hand_out<R>(
        &self,
        through: &Position,
        keys: impl Iterator<Item = Key>,
        late: &ComeLate<R>,
    ) {
        let most = self.connection.options.audit;
        self.audit.hand_out(self.tail, through, keys, late.keys.clone(), most);
        self.connection.stats.late(late.entries.len());
    }

    fn period(&self) -> Duration {
        self.connection.options.lateness * EVERY
    }

    fn window(&self) -> i64 {
        let window = self.connection.options.lateness * WINDOW;
        i64::try_from(window.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.audit.end(self.tail, self.failed);
    }
}

impl Connection {
    /// The keys of all records with dates from `from` on and before `end`; or of as many of the
    /// newest as are remembered, and from which date on these are all.
    async fn keys(&self, from: i64, end: Key) -> Result<(Vec<Key>, i64), Error> {
        let most = self.options.audit;
        let dates = &self.options.dates;
        let mut floor = from;
        let mut keys: Vec<Key> = Vec::new();
        let index = self.ready().await?.settled;
        let mut end = Some(end);
        while let Some(before) = end.take() {
            let find = Find {
                index: &index,
                range: Range {
                    prefix: Vec::new(),
                    after: Some(Key::before_all_of(Value::of(dates.least(from)))),
                    before: Some(before),
                },
                order: SortOrder::Descending,
                limit: most - keys.len(),
                snapshot: None,
            };
            let found =
                find.run_for(self, Operation::Audit, &What::Keys { skip: 0 }, MAX_TIME).await?;
            let date = &self.options.fields.date;
            keys.extend(found.documents().map(|key| Key::listed(key, date)));
            if found.more
                && let Some(last) = keys.last()
            {
                if keys.len() < most {
                    // A reply holds 16 MB at most.
                    end = Some(last.clone());
                } else if let Some(shown) = dates.shown(last.date.as_ref()) {
                    floor = shown.saturating_add(1);
                }
            }
        }
        Ok((keys, floor))
    }
}

impl<R> Records<R> {
    /// The records of these keys that are still there, in the order of their keys.
    pub(crate) async fn fetch(&self, keys: Vec<Key>) -> Result<ComeLate<R>, Error> {
        let mut entries = Vec::new();
        if !keys.is_empty() {
            let date = &self.connection.options.fields.date;
            let id = |key: &Key| Bson::try_from(key.id.as_ref()).unwrap_or(Bson::Null);
            let ids = keys.iter().map(id).collect();
            for batch in self.connection.with_ids(Operation::Audit, ids, None).await? {
                let records = batch.doc_slices().into_iter().flatten().filter_map(Result::ok);
                for record in records.filter_map(RawBsonRef::as_document) {
                    let key = Key::of(record, date);
                    if keys.contains(&key)
                        && let Some(entry) = self.entry(key, record)
                    {
                        entries.push(entry);
                    }
                }
            }
            entries.sort_by(|left, right| left.key.cmp(&right.key));
        }
        Ok(ComeLate { keys, entries })
    }
}
