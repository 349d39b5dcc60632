//! One read of one range of an index.

use std::time::Duration;

use futures_util::StreamExt;
use gapless_sse_core::follow::SortOrder;
use mongodb::bson::{Document, RawBsonRef, RawDocument, RawDocumentBuf, Timestamp, doc};
use mongodb::raw_batch_cursor::RawBatch;

use super::connection::Connection;
use super::error::Error;
use super::index::Index;
use super::operation::Operation;
use super::range::Range;
use crate::position::commit::ClusterTime;
use crate::position::key::Key;
use crate::value::path;

/// How long the server may work on a read.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(30);

/// A read of one range, in the order of its index.
pub(crate) struct Find<'a> {
    pub(crate) index: &'a Index,
    pub(crate) range: Range,
    pub(crate) order: SortOrder,
    pub(crate) limit: usize,
    /// As of when to read; none reads what a majority has, or all of a standalone.
    pub(crate) snapshot: Option<Snapshot>,
}

/// What to read of a range.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The records.
    All,
    /// Those that match a query.
    Matching(Document),
    /// Only what the index has of them, from the nth one on.
    Keys { skip: usize },
}

impl What {
    /// The key of what was read.
    fn key(&self, record: &RawDocument, date: &str) -> Key {
        match self {
            Self::Keys { .. } => Key::listed(record, date),
            Self::All | Self::Matching(_) => Key::of(record, date),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Snapshot {
    Fresh,
    At(ClusterTime),
}

/// What was found, as it came.
#[derive(Default)]
pub(crate) struct Found {
    batch: Option<RawBatch>,
    skip: usize,
    limit: usize,
    /// Whether there may be more beyond the last one.
    pub(crate) more: bool,
    /// As of when it was read, if it was a snapshot.
    pub(crate) at: Option<ClusterTime>,
}

impl Find<'_> {
    pub(crate) async fn run(
        self,
        connection: &Connection,
        operation: Operation,
    ) -> Result<Found, Error> {
        self.run_for(connection, operation, &What::All, MAX_TIME).await
    }

    /// As [`run`](Self::run), for some of what the range has, and for so long at most.
    pub(crate) async fn run_for(
        self,
        connection: &Connection,
        operation: Operation,
        what: &What,
        max_time: Duration,
    ) -> Result<Found, Error> {
        if self.range.is_empty() || self.limit == 0 {
            return Ok(Found::default());
        }
        let replicated = connection.deployment().await?.replicated;
        let command =
            RawDocumentBuf::try_from(&self.command(&connection.name, replicated, what, max_time))
                .map_err(|_| Error::Answer { operation, what: "valid name" })?;
        let db = connection.db.clone();
        // A snapshot is the same wherever it is read.
        let selection = connection.selection.clone().filter(|_| self.snapshot.is_some());
        let first = connection.read(operation, move || {
            let (db, command, selection) = (db.clone(), command.clone(), selection.clone());
            async move {
                let mut find = db.run_raw_cursor_command(command);
                if let Some(selection) = selection {
                    find = find.selection_criteria(selection);
                }
                find.batch().await
            }
        });
        let mut server_cursor = connection.by_index(first.await)?;
        loop {
            let read = connection.ask(operation, async move {
                let batch = server_cursor.next().await.transpose();
                batch.map(|batch| (batch, server_cursor))
            });
            let (batch, rest) = read.await?;
            server_cursor = rest;
            let batch = batch.ok_or(Error::Answer { operation, what: "further batch" })?;
            let date = &connection.options.fields.date;
            let found = Found::new(batch, &self, what, date);
            // Before a large record, the repeated one may be all that a reply holds.
            if !found.more || found.documents().next().is_some() {
                return Ok(found);
            }
        }
    }

    fn command(
        &self,
        collection: &str,
        replicated: bool,
        what: &What,
        max_time: Duration,
    ) -> Document {
        // The first key in the index's order belongs to a range, so that what was read last may come
        // once more; and one more than asked for tells whether there are any.
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX - 2) + 2;
        let mut find = doc! {
            "find": collection,
            "hint": &self.index.name,
            "sort": self.index.sort(self.order, self.range.is_merged()),
            "collation": { "locale": "simple" },
            "limit": limit,
            "batchSize": limit,
            "maxTimeMS": i64::try_from(max_time.as_millis()).unwrap_or(i64::MAX).max(1),
        };
        let mut conditions = self.range.put(self.index, &mut find);
        match what {
            What::All => conditions.push(self.no_arrays()),
            What::Matching(query) => conditions.extend([self.no_arrays(), query.clone()]),
            What::Keys { skip } => {
                find.insert("returnKey", true);
                find.insert("skip", i64::try_from(*skip).unwrap_or(i64::MAX));
            }
        }
        if !conditions.is_empty() {
            find.insert("filter", doc! { "$and": conditions });
        }
        match self.snapshot {
            Some(Snapshot::Fresh) => {
                find.insert("readConcern", doc! { "level": "snapshot" });
            }
            Some(Snapshot::At(time)) => {
                let time = Timestamp::from(time);
                find.insert("readConcern", doc! { "level": "snapshot", "atClusterTime": time });
            }
            None if replicated => {
                find.insert("readConcern", doc! { "level": "majority" });
            }
            None => {}
        }
        find
    }

    /// An index holds an array under each of its elements, but it is none of them: neither names it
    /// a topic, nor has it one place in history.
    pub(crate) fn no_arrays(&self) -> Document {
        let no_array = || doc! { "$not": { "$type": "array" } };
        let fields = self.index.before_id().flat_map(path::on_the_way);
        fields.map(|field| (field.to_owned(), no_array().into())).collect()
    }
}

impl Found {
    fn new(batch: RawBatch, find: &Find<'_>, what: &What, date: &str) -> Self {
        let cursor = batch.as_raw_document().get_document("cursor").ok();
        // A reply holds 16 MB at most: the rest would come later.
        let cut = cursor.is_some_and(|cursor| cursor.get_i64("id").is_ok_and(|id| id != 0));
        let at = match cursor.and_then(|cursor| cursor.get("atClusterTime").ok()?) {
            Some(RawBsonRef::Timestamp(time)) => Some(time.into()),
            _ => None,
        };
        let mut found = Self { batch: Some(batch), skip: 0, limit: usize::MAX, more: cut, at };
        let is = |record: Option<&RawDocument>, bound: &Option<Key>| {
            let key = record.map(|record| what.key(record, date));
            bound.is_some() && key == *bound
        };
        // The bound that the index has first belongs to what it gives.
        let Range { after, before, .. } = &find.range;
        let (first, last) = match (find.index.descending, find.order) {
            (false, SortOrder::Ascending) => (is(found.documents().next(), after), false),
            (true, SortOrder::Descending) => (is(found.documents().next(), before), false),
            (true, SortOrder::Ascending) => (false, is(found.documents().last(), before)),
            (false, SortOrder::Descending) => (false, false),
        };
        if last {
            found.limit = found.documents().count() - 1;
        }
        found.skip = usize::from(first);
        let beyond = found.documents().nth(find.limit).is_some();
        found.more |= beyond;
        found.limit = found.limit.min(find.limit);
        found
    }

    /// Keeps as many of the first as take so many bytes, and at least one; answers how many would
    /// fit.
    pub(crate) fn keep(&mut self, bytes: usize) -> usize {
        let sizes: Vec<_> = self.documents().map(|record| record.as_bytes().len()).collect();
        let mut sum = 0;
        let kept = sizes.iter().take_while(|size| {
            let before = sum;
            sum += **size;
            before == 0 || sum <= bytes
        });
        let kept = kept.count();
        self.more |= kept < sizes.len();
        self.limit = self.limit.min(kept);
        let average = sizes.iter().sum::<usize>().checked_div(sizes.len()).unwrap_or(1);
        (bytes / average.max(1)).max(1)
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &RawDocument> {
        let batch = self.batch.as_ref().and_then(|batch| batch.doc_slices().ok());
        let values = batch.into_iter().flatten().filter_map(Result::ok);
        values.filter_map(RawBsonRef::as_document).skip(self.skip).take(self.limit)
    }
}
