//! What is made of the records of a collection.

use std::error::Error as StdError;
use std::sync::Arc;

use gapless_sse_core::follow::{Change, Entry, Topic};
use mongodb::bson::{RawBsonRef, RawDocument};

use crate::history::sizes::Sizes;
use crate::position::commit::Position;
use crate::position::key::Key;
use crate::server::connection::Connection;
use crate::topic;
use crate::value::json;

/// Why a record could not be decoded.
pub(crate) type DecodeError = Box<dyn StdError + Send + Sync>;

type Decode<R> = dyn Fn(&RawDocument) -> Result<R, DecodeError> + Send + Sync;

/// A collection, and what is made of its records.
pub(crate) struct Records<R> {
    pub(crate) connection: Arc<Connection>,
    pub(crate) sizes: Arc<Sizes>,
    decode: Arc<Decode<R>>,
}

impl<R> Records<R> {
    pub(crate) fn new(
        connection: Arc<Connection>,
        decode: impl Fn(&RawDocument) -> Result<R, DecodeError> + Send + Sync + 'static,
    ) -> Self {
        Self { connection, sizes: Arc::default(), decode: Arc::new(decode) }
    }

    /// What is made of a record; counted if that fails.
    pub(crate) fn decode(&self, record: &RawDocument) -> Option<R> {
        match (self.decode)(record) {
            Ok(decoded) => Some(decoded),
            Err(error) => {
                if self.connection.stats.undecodable() == 0 {
                    let id = record.get("_id").ok().flatten().unwrap_or(RawBsonRef::Null);
                    tracing::warn!(
                        collection = self.connection.name,
                        id = json::id_text(id),
                        %error,
                        "a record cannot be decoded and is left out; further ones are only counted",
                    );
                }
                None
            }
        }
    }

    /// The topic that a record of the changes belongs to; counted if there is none.
    pub(crate) fn topic(&self, record: &RawDocument) -> Option<Topic> {
        let Connection { name, options, stats, .. } = &*self.connection;
        let topic = topic::of(record, &options.fields);
        if topic.is_none() && stats.skip() == 0 {
            tracing::warn!(
                collection = name,
                space = options.fields.space,
                name = options.fields.name,
                "a record names no topic in these fields and is left out; further ones are only \
                 counted",
            );
        }
        topic
    }

    /// A record of the changes, if it belongs to a topic and can be decoded.
    pub(crate) fn entry(&self, key: Key, record: &RawDocument) -> Option<Entry<Key, R>> {
        let topic = self.topic(record)?;
        Some(Entry { topic, key, record: self.decode(record)? })
    }
}

/// Some of the changes of a collection.
pub(crate) struct ChangeBatch<R> {
    pub(crate) changes: Vec<Change<Position, Key, R>>,
    /// What became visible only after its place had been passed.
    pub(crate) late: Vec<Entry<Key, R>>,
    /// Everything up to here was handed out.
    pub(crate) through: Position,
}

impl<R> Clone for Records<R> {
    fn clone(&self) -> Self {
        Self {
            connection: Arc::clone(&self.connection),
            sizes: Arc::clone(&self.sizes),
            decode: Arc::clone(&self.decode),
        }
    }
}
