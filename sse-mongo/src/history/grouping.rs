//! Counts of records by what the server makes of them.

use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Record, Scope, SortOrder};
use mongodb::bson::{DateTime, Document, RawBsonRef, RawDocumentBuf, Timestamp, doc};

use super::search::{Narrow, Search};
use crate::mongo::Mongo;
use crate::options::Effort;
use crate::position::key::Key;
use crate::server::connection::Connection;
use crate::server::error::{Error, OUT_OF_TIME};
use crate::server::find::{Find, Snapshot, What};
use crate::server::index::Index;
use crate::server::operation::Operation;
use crate::server::range::Range;
use crate::server::turns::{Kind, driven};

/// How many records are counted in the first stretch, and in any.
const FIRST: usize = 50_000;
const MOST: usize = 400_000;
/// A stretch that took no longer is followed by a larger one.
const QUICK: Duration = Duration::from_millis(250);
/// What the server is given for a stretch in any case.
const SHORTEST: Duration = Duration::from_millis(50);

/// How many records there are of each group.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Groups {
    /// What the records of a group have in common, and how many there are. One group may be there
    /// several times: all of them together are it.
    pub counts: Vec<(RawDocumentBuf, u64)>,
    /// How many were counted.
    pub scanned: u64,
    /// If there are more: those before this date were counted.
    pub before: Option<DateTime>,
    /// Whether there are more than were counted.
    pub incomplete: bool,
}

impl<R: Record<Filter: Narrow>> Mongo<R> {
    /// Counts the records of a scope by an expression of MongoDB's, which is to be an object.
    ///
    /// Of the scope's filter only the times count that its
    /// [narrowing](crate::Narrowing::not_before) has. The oldest are counted first, as far as the
    /// effort goes. None, if this is not how these can be counted: when
    /// there are too many topics, or dates are not stored [as those of BSON](crate::Dates::are_of_bson).
    ///
    /// ```no_run
    /// # async fn example(
    /// #     orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>,
    /// # ) -> Result<(), gapless_sse_mongo::Error> {
    /// use gapless_sse_core::follow::Scope;
    /// use gapless_sse_mongo::{Effort, bson::doc};
    ///
    /// let by = doc! { "state": "$state" };
    /// let groups = orders.group(&Scope::whole("acme"), by, Effort::default()).await?;
    /// for (group, records) in groups.iter().flat_map(|groups| &groups.counts) {
    ///     println!("{records} are {group:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn group(
        &self,
        scope: &Scope<R::Filter>,
        by: Document,
        effort: Effort,
    ) -> Result<Option<Groups>, Error> {
        let records = &self.records;
        let options = &records.connection.options;
        if !options.dates.are_of_bson() {
            return Ok(None);
        }
        let narrowing = scope.filter().narrow(&options.fields);
        let search = Search::new(narrowing, SortOrder::Ascending, options);
        let Some(prefix) = options.fields.prefix(scope) else {
            // No record has a topic that is constant and another one.
            return Ok(Some(Groups::default()));
        };
        let index = records.connection.index_of(scope).await?;
        let (snapshot, end) = records.moment(&self.audit).await?;
        let (after, before) = search.bounds(None, end);
        let whole = Range { prefix, after, before };
        let ranges = whole.split(&*options.dates);
        let [range] = &*ranges else { return Ok(None) };
        let turn = records.connection.turns.take(Kind::Searches).await;
        let counting = Counting {
            connection: records.connection.during(turn),
            index,
            by,
            snapshot,
            effort,
            began: Instant::now(),
        };
        driven(counting.run(range.clone())).await.map(Some)
    }
}

struct Counting {
    connection: Connection,
    index: Index,
    by: Document,
    snapshot: Option<Snapshot>,
    effort: Effort,
    began: Instant,
}

impl Counting {
    async fn run(self, mut rest: Range) -> Result<Groups, Error> {
        let (mut groups, mut size) = (Groups::default(), FIRST);
        loop {
            let counted = usize::try_from(groups.scanned).unwrap_or(usize::MAX);
            let left = self.effort.records.saturating_sub(counted);
            let time = self.effort.time.saturating_sub(self.began.elapsed());
            groups.incomplete = true;
            if left == 0 || time.is_zero() && groups.scanned > 0 {
                return Ok(groups);
            }
            let stepped = Instant::now();
            let max_time = time.max(SHORTEST);
            let end = match self.end(&rest, size.min(left), max_time).await {
                Err(Error::Server { code: Some(OUT_OF_TIME), .. }) => return Ok(groups),
                end => end?,
            };
            let before = end.clone().or(rest.before.clone());
            let stretch = Range { before, ..rest.clone() };
            match self.count(&stretch, max_time).await {
                Err(Error::Server { code: Some(OUT_OF_TIME), .. }) => return Ok(groups),
                counts => {
                    for (group, records) in counts? {
                        groups.scanned += records;
                        groups.counts.push((group, records));
                    }
                }
            }
            let Some(end) = end else {
                return Ok(Groups { incomplete: false, before: None, ..groups });
            };
            if let RawBsonRef::DateTime(date) = end.date.as_ref() {
                groups.before = Some(date);
            }
            rest.after = Some(end);
            size = if stepped.elapsed() < QUICK {
                (size * 2).min(MOST)
            } else {
                (size / 2).max(FIRST)
            };
        }
    }

    /// What is before all records of the date of about the nth record, if there are more beyond.
    async fn end(
        &self,
        rest: &Range,
        mut nth: usize,
        max_time: Duration,
    ) -> Result<Option<Key>, Error> {
        let date = &self.connection.options.fields.date;
        loop {
            let find = Find {
                index: &self.index,
                range: rest.clone(),
                order: SortOrder::Ascending,
                limit: 1,
                snapshot: self.snapshot,
            };
            let what = What::Keys { skip: nth };
            let found = find.run_for(&self.connection, Operation::History, &what, max_time);
            let found = found.await?;
            let Some(key) = found.documents().next().map(|keys| Key::listed(keys, date)) else {
                return Ok(None);
            };
            let end = Key::before_all_of(key.date);
            // Only dates can be told from what is before and behind them by a condition.
            if matches!(end.date.as_ref(), RawBsonRef::DateTime(_))
                && rest.after.as_ref().is_none_or(|after| *after < end)
            {
                return Ok(Some(end));
            }
            // All of these have one date.
            nth = nth.saturating_mul(4);
        }
    }

    async fn count(
        &self,
        stretch: &Range,
        max_time: Duration,
    ) -> Result<Vec<(RawDocumentBuf, u64)>, Error> {
        if stretch.is_empty() {
            return Ok(Vec::new());
        }
        let (index, snapshot) = (&self.index, self.snapshot);
        let find =
            Find { index, range: stretch.clone(), order: SortOrder::Ascending, limit: 1, snapshot };
        let mut conditions = stretch.conditions(index);
        conditions.push(find.no_arrays());
        let mut command = doc! {
            "aggregate": &self.connection.name,
            "pipeline": [
                { "$match": { "$and": conditions } },
                { "$group": { "_id": self.by.clone(), "n": { "$sum": 1_i64 } } },
            ],
            "cursor": { "batchSize": 10_000 },
            "hint": &index.name,
            "collation": { "locale": "simple" },
            "maxTimeMS": i64::try_from(max_time.as_millis()).unwrap_or(i64::MAX).max(1),
        };
        if let Some(Snapshot::At(time)) = snapshot {
            let time = Timestamp::from(time);
            command.insert("readConcern", doc! { "level": "snapshot", "atClusterTime": time });
        } else if self.connection.deployment().await?.replicated {
            command.insert("readConcern", doc! { "level": "majority" });
        }
        let db = self.connection.db.clone();
        let counted = self.connection.read(Operation::History, move || {
            let (db, command) = (db.clone(), command.clone());
            async move {
                let mut found = db.run_cursor_command(command).await?;
                let mut counts = Vec::new();
                while found.advance().await? {
                    let group = found.current();
                    let records = group.get_i64("n").unwrap_or_default();
                    let records = u64::try_from(records).unwrap_or_default();
                    let by = group.get_document("_id").map(ToOwned::to_owned);
                    counts.push((by.unwrap_or_default(), records));
                }
                Ok(counts)
            }
        });
        self.connection.by_index(counted.await)
    }
}
