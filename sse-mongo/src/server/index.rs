//! The collection, and the indexes that reading it needs.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use mongodb::bson::{Bson, Document, RawBson, doc};
use tokio::time::timeout;

use super::connection::Connection;
use super::error::{Error, PASSING};
use super::known::{Ready, Way};
use super::operation::Operation;

/// How long an index that another reader makes is waited for. That of a new collection is made in
/// this time; others take minutes, and those who ask are told so.
const PATIENCE: Duration = Duration::from_secs(1);

/// The server's error for an index that is not there.
const BAD_VALUE: i32 = 2;

impl Connection {
    /// The collection with its indexes; both are made if they are missing.
    pub(crate) async fn ready(&self) -> Result<Ready, Error> {
        let known = self.known().clone();
        match known {
            Some(ready) => Ok(ready),
            None => self.look_up().await,
        }
    }

    /// As [`ready`](Self::ready), but looks whether it is still the same collection.
    pub(crate) async fn look_up(&self) -> Result<Ready, Error> {
        let way = self.deployment().await?.way;
        let found = self.uuid().await?;
        let known = self.known().clone();
        if let Some(ready) = known.filter(|ready| Some(&ready.uuid) == found.as_ref()) {
            return Ok(ready);
        }
        // Making its indexes makes a collection.
        let existing = if found.is_some() { self.indexes().await? } else { Vec::new() };
        let tail = self.ensure("tail", &self.tail_keys(), &existing).await?;
        let settled = match way {
            Way::Poll => self.ensure("settled", &self.settled_keys(), &existing).await?,
            Way::ChangeStreams => tail.clone(),
        };
        let uuid = if found.is_some() { found } else { self.uuid().await? };
        let uuid =
            uuid.ok_or(Error::Answer { operation: Operation::Find, what: "collection just made" })?;
        Ok(self.known().insert(Ready { uuid, tail, settled }).clone())
    }

    /// The answer to a read that names its index. If there is no such index, the next read looks
    /// for one again.
    pub(crate) fn by_index<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Server { code: Some(BAD_VALUE), .. }) = &answer {
            *self.known() = None;
            // The server lists an index from when it begins to make it.
            if self.making.try_lock().is_err() {
                return Err(Error::Indexing);
            }
        }
        answer
    }

    fn known(&self) -> MutexGuard<'_, Option<Ready>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The collection's UUID, if it exists.
    pub(crate) async fn uuid(&self) -> Result<Option<Vec<u8>>, Error> {
        let command = doc! { "listCollections": 1, "filter": { "name": &self.name } };
        let reply = self.run(Operation::Find, command).await?;
        let Some(found) = first_batch(&reply).next() else { return Ok(None) };
        let kind = found.get_str("type").unwrap_or("collection");
        if kind != "collection" {
            let (name, kind) = (self.name.clone(), kind.to_owned());
            return Err(Error::NotACollection { name, kind });
        }
        match found.get_document("info").ok().and_then(|info| info.get("uuid")) {
            Some(Bson::Binary(uuid)) => Ok(Some(uuid.bytes.clone())),
            _ => Err(Error::Answer { operation: Operation::Find, what: "uuid" }),
        }
    }

    async fn indexes(&self) -> Result<Vec<Document>, Error> {
        let reply = self.run(Operation::Index, doc! { "listIndexes": &self.name }).await?;
        Ok(first_batch(&reply).cloned().collect())
    }

    /// The name of an index with these keys.
    async fn ensure(
        &self,
        name: &'static str,
        keys: &Document,
        existing: &[Document],
    ) -> Result<String, Error> {
        let find = |existing: &[Document]| {
            let found = existing.iter().find(|index| serves(index, keys))?;
            Some(found.get_str("name").unwrap_or(name).to_owned())
        };
        if let Some(found) = find(existing) {
            return Ok(found);
        }
        let Ok(_making) = timeout(PATIENCE, self.making.lock()).await else {
            return Err(Error::Indexing);
        };
        // Whoever held it may have made this one.
        if let Some(found) = self.indexes().await.ok().as_deref().and_then(find) {
            return Ok(found);
        }
        tracing::info!(collection = self.name, index = name, "making an index");
        let command = doc! {
            "createIndexes": &self.name,
            "indexes": [{ "key": keys.clone(), "name": name }],
            "writeConcern": { "w": "majority" },
        };
        match self.run_for_long(Operation::Index, command).await {
            Ok(_) => Ok(name.to_owned()),
            Err(Error::NotAuthorised { .. }) => {
                Err(self.missing(name, keys, "the user may not make indexes".to_owned()))
            }
            // Refused by the server, not merely unreachable.
            Err(Error::Server { message, code: Some(code), .. }) if !is_passing(code) => {
                Err(self.missing(name, keys, message))
            }
            Err(error) => Err(error),
        }
    }

    fn missing(&self, name: &'static str, keys: &Document, reason: String) -> Error {
        let collection = Bson::from(self.name.as_str()).into_relaxed_text();
        let keys = Bson::from(keys.clone()).into_relaxed_text();
        // Without the name, which another index may have: it is found by its keys.
        let command = format!("db.getCollection({collection}).createIndex({keys})");
        Error::MissingIndex { name, reason, command }
    }

    pub(crate) fn tail_keys(&self) -> Document {
        let fields = &self.options.fields;
        doc! { &fields.space: 1, &fields.name: 1, &fields.date: 1, "_id": 1 }
    }

    pub(crate) fn settled_keys(&self) -> Document {
        doc! { &self.options.fields.date: 1, "_id": 1 }
    }
}

/// An index with these keys in this order, that holds every record in plain order.
fn serves(index: &Document, keys: &Document) -> bool {
    let ascending = |(name, value): (&String, &Bson)| {
        let one = match value {
            Bson::Int32(1) | Bson::Int64(1) => true,
            Bson::Double(one) => (*one - 1.0).abs() < f64::EPSILON,
            _ => false,
        };
        one.then(|| name.clone())
    };
    let partial = ["partialFilterExpression", "collation", "hidden"];
    let plain = !partial.iter().any(|option| index.contains_key(option))
        && !index.get_bool("sparse").unwrap_or(false);
    let same = index.get_document("key").is_ok_and(|found| {
        found.len() == keys.len()
            && found.iter().map(ascending).eq(keys.keys().map(|key| Some(key.clone())))
    });
    plain && same
}

/// Errors of a server that changes its role, and of an index build that was interrupted by one.
fn is_passing(code: i32) -> bool {
    const INDEX_BUILD_ABORTED: i32 = 276;
    code == INDEX_BUILD_ABORTED || PASSING.contains(&code)
}

fn first_batch(reply: &Document) -> impl Iterator<Item = &Document> {
    let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    batch.ok().into_iter().flatten().filter_map(Bson::as_document)
}

trait RelaxedText {
    fn into_relaxed_text(self) -> String;
}

impl RelaxedText for Bson {
    fn into_relaxed_text(self) -> String {
        RawBson::try_from(self)
            .map(|raw| crate::value::json::value(raw.as_raw_bson_ref()))
            .unwrap_or_default()
    }
}
