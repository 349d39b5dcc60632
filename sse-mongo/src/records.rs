//! What is made of the records of a collection.

use std::sync::Arc;

use bson::RawDocument;
use gapless_sse_core::follow::{Change, Entry, Topic};

use crate::position::commit::Position;
use crate::position::key::Key;
use crate::server::connection::Connection;
use crate::topic;

type Decode<R> = dyn Fn(&RawDocument) -> R + Send + Sync;

/// A collection, and what is made of its records.
pub(crate) struct Records<R> {
    pub(crate) connection: Arc<Connection>,
    decode: Arc<Decode<R>>,
}

impl<R> Records<R> {
    pub(crate) fn new(
        connection: Arc<Connection>,
        decode: impl Fn(&RawDocument) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { connection, decode: Arc::new(decode) }
    }

    pub(crate) fn decode(&self, record: &RawDocument) -> R {
        (self.decode)(record)
    }

    /// The log that a record of the changes belongs to; counted if there is none.
    pub(crate) fn topic(&self, record: &RawDocument) -> Option<Topic> {
        let Connection { name, options, stats, .. } = &*self.connection;
        let topic = topic::of(record, &options.fields);
        if topic.is_none() && stats.skip() == 0 {
            tracing::warn!(
                collection = name,
                workspace = options.fields.workspace,
                workflow = options.fields.workflow,
                "a record names no workspace or workflow and is passed over; further ones are only \
                 counted",
            );
        }
        topic
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
        Self { connection: Arc::clone(&self.connection), decode: Arc::clone(&self.decode) }
    }
}
