//! What is made of the records of a collection.

use std::error::Error as StdError;
use std::sync::Arc;

use gapless_sse_core::follow::{Change, Entry, Topic};
use mongodb::bson::{RawBsonRef, RawDocument};

use crate::history::sizes::Sizes;
use crate::position::commit::Position;
use crate::position::key::Key;
use crate::server::connection::{Connection, Shared};
use crate::server::odd_values::OddValue;
use crate::value::{json, path};
use crate::writing::write::Writing;

/// Why a record could not be decoded.
pub(crate) type DecodeError = Box<dyn StdError + Send + Sync>;

type Decode<R> = dyn Fn(&RawDocument) -> Result<R, DecodeError> + Send + Sync;

/// A collection, and what is made of its records.
pub(crate) struct Records<R> {
    pub(crate) connection: Connection,
    pub(crate) sizes: Arc<Sizes>,
    pub(crate) writing: Writing,
    decode: Arc<Decode<R>>,
}

impl<R> Records<R> {
    pub(crate) fn new(
        connection: Connection,
        decode: impl Fn(&RawDocument) -> Result<R, DecodeError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            connection,
            sizes: Arc::default(),
            writing: Writing::default(),
            decode: Arc::new(decode),
        }
    }

    /// The same for those who read changes: their questions wait for nobody else's.
    pub(crate) fn for_changes(&self) -> Self {
        Self { connection: self.connection.for_changes(), ..self.clone() }
    }

    /// What is made of a record; counted if that fails, and if its date is none.
    pub(crate) fn decode(&self, record: &RawDocument) -> Option<R> {
        let Shared { name, options, stats, .. } = &*self.connection;
        let date = path::at(record, &options.fields.date).ok().flatten();
        if date.and_then(|date| options.dates.shown(date)).is_none() {
            let held = OddValue::of(record, &options.fields.date);
            if let Some(records) = stats.no_date.count(held) {
                tracing::warn!(
                    collection = name,
                    field = options.fields.date,
                    id = id(record),
                    records,
                    "instead of a date, a record has {held}: ranges of time leave it out, and \
                     polling does not find it as news; what has an array is shown nowhere",
                );
            }
        }
        match (self.decode)(record) {
            Ok(decoded) => Some(decoded),
            Err(error) => {
                if stats.undecodable() == 0 {
                    tracing::warn!(
                        collection = name,
                        id = id(record),
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
        let Shared { name, options, stats, .. } = &*self.connection;
        options
            .fields
            .topic(record)
            .inspect_err(|field| {
                let held = OddValue::of(record, field);
                if let Some(records) = stats.no_topic.count(held) {
                    tracing::warn!(
                        collection = name,
                        field,
                        id = id(record),
                        records,
                        "a record has {held} where its topic is to be named, and is left out",
                    );
                }
            })
            .ok()
    }

    /// A record of the changes, if it belongs to a topic, has a place in history, and can be
    /// decoded.
    pub(crate) fn entry(&self, key: Key, record: &RawDocument) -> Option<Entry<Key, R>> {
        let topic = self.topic(record)?;
        let decoded = self.decode(record)?;
        let date = OddValue::of(record, &self.connection.options.fields.date);
        (date != OddValue::Array).then_some(Entry { topic, key, record: decoded })
    }
}

/// A record's id, for people.
fn id(record: &RawDocument) -> String {
    json::id_text(record.get("_id").ok().flatten().unwrap_or(RawBsonRef::Null))
}

/// Some of the changes of a collection.
pub(crate) struct ChangeBatch<R> {
    pub(crate) changes: Vec<Change<Position, Key, R>>,
    /// What became visible only after its place had been passed.
    pub(crate) late: Vec<Entry<Key, R>>,
    /// How many records were left out because no reply of the server can hold them.
    pub(crate) lost: usize,
    /// Everything up to here was handed out.
    pub(crate) through: Position,
}

impl<R> Clone for Records<R> {
    fn clone(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            sizes: Arc::clone(&self.sizes),
            writing: self.writing.clone(),
            decode: Arc::clone(&self.decode),
        }
    }
}
