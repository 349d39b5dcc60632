//! Writing records, and listing the topics there are.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Entry, Topic};
use mongodb::bson::{Bson, Document, RawBson, RawBsonRef, doc};

use crate::fields::Named;
use crate::mongo::Mongo;
use crate::position::key::Key;
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::topic;

impl<R> Mongo<R> {
    /// Writes records as they are and answers their ids as text, in the same order. They are
    /// committed by a majority when it answers. What has no `_id` gets an `ObjectId`.
    ///
    /// What many write at the same time is sent to the server together. When the future is dropped
    /// before that, nothing of it is written.
    ///
    /// # Errors
    ///
    /// When the server refuses one, or cannot be reached. Those before it may be written.
    pub async fn append(&self, records: Vec<Document>) -> Result<Vec<String>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        self.records.writing.write(&self.records.connection, records).await
    }

    /// The records that have one of these ids, as they are stored.
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn find_by_id(&self, ids: Vec<Bson>) -> Result<Vec<Document>, Error> {
        let wanted = ids.clone();
        let batches = self.records.connection.with_ids(Operation::Find, ids, None).await?;
        let mut found = Vec::new();
        for batch in &batches {
            let records = batch.doc_slices().into_iter().flatten().filter_map(Result::ok);
            let records = records.filter_map(RawBsonRef::as_document);
            found.extend(records.filter_map(|record| Document::try_from(record).ok()));
        }
        found.retain(|record| record.get("_id").is_some_and(|id| wanted.contains(id)));
        Ok(found)
    }

    /// The records of a topic that have one of these ids, and where they stand. Numbers that are
    /// equal are one id, whatever their types.
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn entries_by_id(
        &self,
        topic: &Topic,
        ids: Vec<Bson>,
    ) -> Result<Vec<Entry<Key, R>>, Error> {
        let date = &self.options().fields.date;
        let batches = self.records.connection.with_ids(Operation::Find, ids, None).await?;
        let mut entries = Vec::new();
        for batch in &batches {
            let found = batch.doc_slices().into_iter().flatten().filter_map(Result::ok);
            let found = found.filter_map(RawBsonRef::as_document);
            let found = found.filter_map(|it| self.records.entry(Key::of(it, date), it));
            entries.extend(found.filter(|entry| entry.topic == *topic));
        }
        Ok(entries)
    }

    /// The spaces of the topics that have records, sorted: the first `limit` of those behind `after`.
    ///
    /// The index has them: it costs about one look-up for each of all, however many records there
    /// are.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>,
    /// # ) -> Result<(), gapless_sse_mongo::Error> {
    /// let mut spaces = orders.spaces(None, 100).await?;
    /// while let Some(last) = spaces.last().cloned() {
    ///     println!("{spaces:?}, of the last one: {:?}", orders.names(&last, None, 100).await?);
    ///     spaces = orders.spaces(Some(&last), 100).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn spaces(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        let space = &self.records.connection.options.fields.space;
        Ok(self.distinct(doc! {}, space, First::new(after, limit)).await?.into_names())
    }

    /// The names of the topics of `space` that have records, as [`spaces`](Self::spaces) are listed.
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn names(
        &self,
        space: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        let fields = &self.records.connection.options.fields;
        let mut first = First::new(after, limit);
        let Some(values) = fields.space.values_of(space) else { return Ok(Vec::new()) };
        let value = |value| Bson::try_from(value).unwrap_or(Bson::Null);
        let values = values.into_iter().map(value);
        let all: Vec<_> = match fields.space.field() {
            Some(field) => values.map(|value| doc! { field: value }).collect(),
            None => vec![doc! {}],
        };
        for of in all {
            first = self.distinct(of, &fields.name, first).await?;
        }
        Ok(first.into_names())
    }

    /// Adds the names that records have. The index has them in another order: by type first.
    async fn distinct(&self, of: Document, named: &Named, first: First) -> Result<First, Error> {
        let index = self.records.connection.ready().await?.tail.name;
        let pipeline = match named {
            Named::Field(field) => {
                vec![doc! { "$match": of }, doc! { "$group": { "_id": format!("${field}") } }]
            }
            Named::Constant(_) => {
                vec![doc! { "$match": of }, doc! { "$limit": 1 }, doc! { "$project": { "_id": 1 } }]
            }
        };
        let command = doc! {
            "aggregate": &self.records.connection.name,
            "pipeline": pipeline,
            "cursor": {},
            "hint": index,
            "collation": { "locale": "simple" },
            "maxTimeMS": 30_000,
        };
        let db = self.records.connection.db.clone();
        let constant = match named {
            Named::Constant(name) => Some(name.clone()),
            Named::Field(_) => None,
        };
        let listed = self.records.connection.read(Operation::List, move || {
            let (db, command, constant) = (db.clone(), command.clone(), constant.clone());
            let mut first = first.clone();
            async move {
                let mut groups = db.run_cursor_command(command).await?;
                while let Some(group) = groups.try_next().await? {
                    if let Some(constant) = &constant {
                        first.add(constant);
                        continue;
                    }
                    let value = group.get("_id").cloned().map(RawBson::try_from);
                    if let Some(Ok(value)) = value
                        && let Some(name) = topic::text(value.as_raw_bson_ref())
                    {
                        first.add(&name);
                    }
                }
                Ok(first)
            }
        });
        self.records.connection.by_index(listed.await)
    }
}

/// The first of the names that come behind one.
#[derive(Clone)]
struct First {
    after: Option<String>,
    limit: usize,
    names: BTreeSet<String>,
}

impl First {
    fn new(after: Option<&str>, limit: usize) -> Self {
        Self { after: after.map(ToOwned::to_owned), limit, names: BTreeSet::new() }
    }

    fn add(&mut self, name: &str) {
        let full = self.names.len() >= self.limit;
        let beyond = full && self.names.last().is_none_or(|last| name > last.as_str());
        if beyond || self.after.as_ref().is_some_and(|after| name <= after.as_str()) {
            return;
        }
        self.names.insert(name.to_owned());
        if self.names.len() > self.limit {
            self.names.pop_last();
        }
    }

    fn into_names(self) -> Vec<String> {
        self.names.into_iter().collect()
    }
}
