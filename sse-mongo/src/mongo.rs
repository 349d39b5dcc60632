//! A collection that holds logs.

use std::fmt;
use std::sync::Arc;

use bson::RawDocument;

use crate::options::{Mode, Options};
use crate::polling::audit::Audit;
use crate::records::Records;
use crate::server::connection::Connection;
use crate::server::error::Error;
use crate::server::known::Way;
use crate::server::stats::Stats;

/// A MongoDB collection that holds logs, as a [`Source`](gapless_sse_core::follow::Source).
///
/// Clones share everything. What the server is, and so how it is followed, is found out when it
/// first answers: it may be down at first.
pub struct Mongo<R> {
    pub(crate) records: Records<R>,
    pub(crate) audit: Arc<Audit>,
}

impl<R> Mongo<R> {
    /// Prepares to follow `collection` of the database that the connection string names.
    ///
    /// It does not wait for the server. `decode` makes of a stored record what is to be sent; it
    /// cannot fail, so no record is lost: what it cannot make sense of it shows as it is
    /// (see [`json::row`](crate::json::row)).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), gapless_sse_mongo::Error> {
    /// use gapless_sse_mongo::{Mongo, Options, json};
    ///
    /// let options = Options::default();
    /// let fields = options.fields.clone();
    /// let uri = "mongodb://127.0.0.1:27017/etl";
    /// let logs: Mongo<String> =
    ///     Mongo::connect(uri, "logs", options, move |record| json::row(record, &fields)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionString`] and [`Error::NoDatabase`].
    pub async fn connect(
        uri: &str,
        collection: &str,
        options: Options,
        decode: impl Fn(&RawDocument) -> R + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let connection = Connection::open(uri, collection, options).await?;
        let records = Records::new(Arc::new(connection), decode);
        Ok(Self { records, audit: Arc::default() })
    }

    /// How the collection is to be followed.
    pub fn options(&self) -> &Options {
        &self.records.connection.options
    }

    /// How the collection is followed: [`Mode::ChangeStreams`] or [`Mode::Poll`].
    ///
    /// # Errors
    ///
    /// Until the server has answered once, what keeps it from answering.
    pub async fn mode(&self) -> Result<Mode, Error> {
        Ok(match self.records.connection.deployment().await?.way {
            Way::ChangeStreams => Mode::ChangeStreams,
            Way::Poll => Mode::Poll,
        })
    }

    /// How many records were passed over because their workspace or workflow names no log.
    pub fn skipped(&self) -> u64 {
        self.records.connection.stats.skipped()
    }

    /// What has happened so far, for metrics.
    pub fn stats(&self) -> Stats {
        self.records.connection.stats.stats()
    }
}

impl<R> Clone for Mongo<R> {
    fn clone(&self) -> Self {
        Self { records: self.records.clone(), audit: Arc::clone(&self.audit) }
    }
}

impl<R> fmt::Debug for Mongo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connection { db, name, .. } = &*self.records.connection;
        f.debug_struct("Mongo")
            .field("database", &db.name())
            .field("collection", name)
            .finish_non_exhaustive()
    }
}
