//! One read of one range of an index.

use std::time::Duration;

use futures_util::StreamExt;
use gapless_sse_core::follow::SortOrder;
use mongodb::bson::{
    Bson, Document, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, Timestamp, doc,
};
use mongodb::raw_batch_cursor::RawBatch;

use super::connection::{Connection, answered};
use super::error::Error;
use super::operation::Operation;
use crate::position::commit::ClusterTime;
use crate::position::key::Key;

/// How long the server may work on a read.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(30);

/// What an index has between two keys.
#[derive(Clone)]
pub(crate) struct Range {
    /// The values of the index's fields before date and id.
    pub(crate) prefix: Vec<RawBson>,
    /// Only beyond this key; none begins with the first.
    pub(crate) after: Option<Key>,
    /// Only before this key; none ends with the last, but for one whose date and id are both the
    /// greatest value there is, which no bound of the server lets in.
    pub(crate) before: Option<Key>,
}

/// A read of one range, in the order of its index.
pub(crate) struct Find<'a> {
    /// The index's name.
    pub(crate) index: &'a str,
    /// The index's fields.
    pub(crate) keys: Document,
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
        let (after, before) = (&self.range.after, &self.range.before);
        let empty =
            after.as_ref().zip(before.as_ref()).is_some_and(|(after, before)| after >= before);
        if empty || self.limit == 0 {
            // The server takes no empty range.
            return Ok(Found::default());
        }
        let replicated = connection.deployment().await?.replicated;
        let command =
            RawDocumentBuf::try_from(&self.command(&connection.name, replicated, what, max_time))
                .map_err(|_| Error::Answer { operation, what: "valid name" })?;
        let db = connection.db.clone();
        let cursor =
            connection.turns.ask(async move { db.run_raw_cursor_command(command).batch().await });
        let _timed = connection.stats.timed(operation);
        let mut server_cursor = connection.by_index(answered(operation, cursor).await)?;
        loop {
            let read = connection.turns.ask(async move {
                let batch = server_cursor.next().await.transpose();
                batch.map(|batch| (batch, server_cursor))
            });
            let (batch, rest) = answered(operation, read).await?;
            server_cursor = rest;
            let batch = batch.ok_or(Error::Answer { operation, what: "further batch" })?;
            let found = Found::new(batch, &self, &connection.options.fields.date);
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
        let direction = match self.order {
            SortOrder::Ascending => 1,
            SortOrder::Descending => -1,
        };
        let sort: Document = self.keys.keys().map(|key| (key.clone(), direction.into())).collect();
        // The least key belongs to a range, so that what was read last comes once more; and one
        // more than asked for tells whether there are any.
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX - 2) + 2;
        let mut find = doc! {
            "find": collection,
            "hint": self.index,
            "min": self.bound(self.range.after.as_ref().unwrap_or(&Key::LEAST)),
            "max": self.bound(self.range.before.as_ref().unwrap_or(&Key::GREATEST)),
            "sort": sort,
            "limit": limit,
            "batchSize": limit,
            "maxTimeMS": i64::try_from(max_time.as_millis()).unwrap_or(i64::MAX).max(1),
        };
        match what {
            What::All => {
                find.insert("filter", self.no_arrays());
            }
            What::Matching(query) => {
                find.insert("filter", doc! { "$and": [self.no_arrays(), query.clone()] });
            }
            What::Keys { skip } => {
                find.insert("returnKey", true);
                find.insert("skip", i64::try_from(*skip).unwrap_or(i64::MAX));
            }
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
    fn no_arrays(&self) -> Document {
        let fields = self.keys.keys().filter(|field| *field != "_id");
        fields.map(|field| (field.clone(), doc! { "$not": { "$type": "array" } }.into())).collect()
    }

    fn bound(&self, key: &Key) -> Document {
        let end = [key.date.as_ref(), key.id.as_ref()];
        let values = self.range.prefix.iter().map(RawBson::as_raw_bson_ref).chain(end);
        let bson = |value: RawBsonRef<'_>| Bson::try_from(value).unwrap_or(Bson::Null);
        self.keys.keys().cloned().zip(values.map(bson)).collect()
    }
}

impl Found {
    fn new(batch: RawBatch, find: &Find<'_>, date: &str) -> Self {
        let cursor = batch.as_raw_document().get_document("cursor").ok();
        // A reply holds 16 MB at most: the rest would come later.
        let cut = cursor.is_some_and(|cursor| cursor.get_i64("id").is_ok_and(|id| id != 0));
        let at = match cursor.and_then(|cursor| cursor.get("atClusterTime").ok()?) {
            Some(RawBsonRef::Timestamp(time)) => Some(time.into()),
            _ => None,
        };
        let mut found = Self { batch: Some(batch), skip: 0, limit: usize::MAX, more: cut, at };
        if find.order == SortOrder::Ascending
            && let Some(after) = &find.range.after
            && found.documents().next().is_some_and(|first| Key::of(first, date) == *after)
        {
            found.skip = 1;
        }
        let beyond = found.documents().nth(find.limit).is_some();
        found.more |= beyond;
        found.limit = find.limit;
        found
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &RawDocument> {
        let batch = self.batch.as_ref().and_then(|batch| batch.doc_slices().ok());
        let values = batch.into_iter().flatten().filter_map(Result::ok);
        values.filter_map(RawBsonRef::as_document).skip(self.skip).take(self.limit)
    }
}
