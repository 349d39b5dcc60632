//! Writing records, and listing the topics there are.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, RawBson, RawBsonRef, doc};
use mongodb::options::WriteConcern;

use crate::mongo::Mongo;
use crate::server::connection::answered;
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::server::turns::Kind;
use crate::topic;
use crate::value::json;

impl<R> Mongo<R> {
    /// Writes records as they are and answers their ids as text, in the same order. They are
    /// committed by a majority when it answers. What has no `_id` gets an `ObjectId`.
    ///
    /// # Errors
    ///
    /// When the server refuses one, or cannot be reached. Those before it may be written.
    pub async fn append(&self, records: Vec<Document>) -> Result<Vec<String>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        self.records.connection.look_up().await?;
        let count = records.len();
        let collection =
            self.records.connection.db.collection::<Document>(&self.records.connection.name);
        let place = self.records.connection.turns.write().ok_or(Error::Busy)?;
        let _timed = self.records.connection.stats.timed(Operation::Append);
        let insert = self.records.connection.turns.ask(Kind::Writes, async move {
            let _place = place;
            collection.insert_many(records).write_concern(WriteConcern::majority()).await
        });
        let written = answered(Operation::Append, insert).await?;
        let id = |at| written.inserted_ids.get(&at).cloned().map(RawBson::try_from);
        let text = |at| match id(at) {
            Some(Ok(id)) => json::id_text(id.as_raw_bson_ref()),
            _ => String::new(),
        };
        Ok((0..count).map(text).collect())
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

    /// The spaces of the topics that have records, sorted, `limit` at most.
    ///
    /// The index has them: it costs about one look-up for each, however many records there are.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>,
    /// # ) -> Result<(), gapless_sse_mongo::Error> {
    /// for space in orders.spaces(100).await? {
    ///     println!("{space}: {:?}", orders.names(&space, 100).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn spaces(&self, limit: usize) -> Result<Vec<String>, Error> {
        let mut names =
            self.distinct(doc! {}, &self.records.connection.options.fields.space, limit).await?;
        tidy(&mut names, limit);
        Ok(names)
    }

    /// The names of the topics of `space` that have records, sorted, `limit` at most.
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be reached.
    pub async fn names(&self, space: &str, limit: usize) -> Result<Vec<String>, Error> {
        let fields = &self.records.connection.options.fields;
        let mut names = Vec::new();
        for value in topic::values(space) {
            let value = Bson::try_from(value).unwrap_or(Bson::Null);
            let of = doc! { &fields.space: value };
            names.append(&mut self.distinct(of, &fields.name, limit).await?);
        }
        tidy(&mut names, limit);
        Ok(names)
    }

    async fn distinct(
        &self,
        of: Document,
        field: &str,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        let index = self.records.connection.ready().await?.tail.name;
        let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
        let command = doc! {
            "aggregate": &self.records.connection.name,
            "pipeline": [
                { "$match": of },
                { "$group": { "_id": format!("${field}") } },
                { "$limit": limit },
            ],
            "cursor": {},
            "hint": index,
            "collation": { "locale": "simple" },
            "maxTimeMS": 30_000,
        };
        let db = self.records.connection.db.clone();
        let listed = self.records.connection.read(Operation::List, move || {
            let (db, command) = (db.clone(), command.clone());
            async move {
                let groups = db.run_cursor_command(command).await?;
                let name = |group: Document| async move {
                    let value = group.get("_id").cloned().map(RawBson::try_from);
                    let Some(Ok(value)) = value else { return Ok(None) };
                    Ok(topic::text(value.as_raw_bson_ref()).map(std::borrow::Cow::into_owned))
                };
                groups.try_filter_map(name).try_collect().await
            }
        });
        self.records.connection.by_index(listed.await)
    }
}

fn tidy(names: &mut Vec<String>, limit: usize) {
    names.sort_unstable();
    names.dedup();
    names.truncate(limit);
}
