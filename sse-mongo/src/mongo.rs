//! A collection that holds logs.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use mongodb::Collection;
use mongodb::bson::{RawDocument, doc};
use serde::de::DeserializeOwned;

use crate::options::{Indexes, Mode, Options};
use crate::polling::audit::Audit;
use crate::records::Records;
use crate::server::connection::{Connection, Shared};
use crate::server::error::Error;
use crate::server::known::Way;
use crate::server::operation::Operation;
use crate::server::stats::Stats;
use crate::value::compat;

/// A MongoDB collection as a [`Source`](gapless_sse_core::follow::Source) of records of the type
/// `R`.
///
/// Clones share everything. The server may be down at first: how the collection is followed is
/// decided when it first answers.
///
/// A record that cannot be decoded is left out of changes and history; the first one is logged,
/// and all are counted in [`Stats::undecodable`].
pub struct Mongo<R> {
    pub(crate) records: Records<R>,
    pub(crate) audit: Arc<Audit>,
}

impl<R> Mongo<R> {
    /// Follows a collection of an existing client, and deserialises its records with serde.
    ///
    /// The client's options stay as they are. Its read concern and write concern have no effect
    /// here: each command sets the concern that it relies on. The collection's read preference says
    /// where snapshots of history are read, which are the same everywhere; all else is from the
    /// primary. The client's pool should have as many connections as [`Options::connections`]
    /// says, besides those that the rest of the application needs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), gapless_sse_mongo::mongodb::error::Error> {
    /// use gapless_sse_core::{Event, follow::{Everything, Record}};
    /// use gapless_sse_mongo::mongodb::Client;
    /// use gapless_sse_mongo::{Mongo, Options};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Order {
    ///     item: String,
    /// }
    ///
    /// impl Record for Order {
    ///     type Filter = Everything;
    ///
    ///     fn event(&self) -> Event<'_> {
    ///         Event::new(&self.item)
    ///     }
    ///
    ///     fn mark(&self) {}
    /// }
    ///
    /// let client = Client::with_uri_str("mongodb://127.0.0.1:27017/?maxPoolSize=30").await?;
    /// let collection = client.database("shop").collection::<Order>("orders");
    /// let options = Options::topic("tenant", "shop").date("created_at").connections(20);
    /// let orders: Mongo<Order> = Mongo::new(&collection, options);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(collection: &Collection<R>, options: Options) -> Self
    where
        R: DeserializeOwned + Send + Sync,
    {
        Self::over(Connection::of(collection, options))
    }

    /// Follows a collection of the database that the connection string names, and deserialises its
    /// records with serde.
    ///
    /// This does not wait for the server. Where the connection string says nothing else,
    /// `maxPoolSize` is 20, and `serverSelectionTimeoutMS` and `connectTimeoutMS` are 5 s, so that
    /// an unreachable server is an error soon.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), gapless_sse_mongo::Error> {
    /// use gapless_sse_mongo::{JsonRecord, Mongo, Options};
    ///
    /// let options = Options::topic("tenant", "job");
    /// let uri = "mongodb://127.0.0.1:27017/jobs";
    /// let jobs: Mongo<JsonRecord> = Mongo::connect(uri, "events", options).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionString`] when the connection string cannot be used, and
    /// [`Error::NoDatabase`] when it names no database.
    pub async fn connect(uri: &str, collection: &str, options: Options) -> Result<Self, Error>
    where
        R: DeserializeOwned,
    {
        Ok(Self::over(Connection::open(uri, collection, options).await?))
    }

    fn over(connection: Connection) -> Self
    where
        R: DeserializeOwned,
    {
        let decode = |record: &RawDocument| Ok(compat::deserialize(record)?);
        let audit = Arc::new(Audit::new(Arc::clone(&connection.options.dates)));
        Self { records: Records::new(connection, decode), audit }
    }

    /// Decodes records with `decode` instead of serde.
    ///
    /// `decode` is called with the BSON of a record each time that the record is read. The result
    /// shares everything else with `self`: its connections, its options and its statistics.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use gapless_sse_mongo::bson::Document;
    /// use gapless_sse_mongo::{Mongo, Options};
    ///
    /// let uri = "mongodb://127.0.0.1:27017/shop";
    /// let orders: Mongo<Document> =
    ///     Mongo::connect(uri, "orders", Options::topic("tenant", "shop")).await?;
    /// let items = orders.decode_with(|record| Ok(record.get_str("item")?.to_owned()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn decode_with<T>(
        self,
        decode: impl Fn(&RawDocument) -> Result<T, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Mongo<T> {
        Mongo { records: Records::new(self.records.connection, decode), audit: self.audit }
    }

    /// The options that the collection is followed with.
    pub fn options(&self) -> &Options {
        &self.records.connection.options
    }

    /// How the collection is followed: [`Mode::ChangeStreams`] or [`Mode::Poll`].
    ///
    /// ```no_run
    /// # async fn example(
    /// #     orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>,
    /// # ) -> Result<(), gapless_sse_mongo::Error> {
    /// use gapless_sse_mongo::Mode;
    ///
    /// if orders.mode().await? == Mode::Poll {
    ///     println!("records come {:?} after their date", orders.options().lateness);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] with which the server cannot be asked, until it has answered once.
    pub async fn mode(&self) -> Result<Mode, Error> {
        Ok(match self.records.connection.deployment().await?.way {
            Way::ChangeStreams => Mode::ChangeStreams,
            Way::Poll => Mode::Poll,
        })
    }

    /// Whether history can be read: whether the collection has the indexes for it, if the
    /// [options](Options::indexes) ask for them. For the readiness of a service.
    ///
    /// # Errors
    ///
    /// [`Error::MissingIndex`] with the command that makes it, [`Error::Indexing`] while one is
    /// being made, or any with which the server cannot be asked.
    pub async fn check_indexes(&self) -> Result<(), Error> {
        if self.options().indexes == Indexes::None {
            return Ok(());
        }
        self.records.connection.ready().await.map(drop)
    }

    /// Whether records can be written: whether the server has a primary, which answers. For the
    /// readiness of a service.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>,
    /// # ) {
    /// if let Err(error) = orders.check_primary().await {
    ///     println!("nothing can be written at present: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any with which it cannot be asked.
    pub async fn check_primary(&self) -> Result<(), Error> {
        // Commands go to the primary, whatever the connection string says of reads.
        self.records.connection.run(Operation::Probe, doc! { "hello": 1 }).await.map(drop)
    }

    /// Makes the indexes that are missing, whatever the [options](Options::indexes) say, and waits
    /// for them. That takes hours where there are hundreds of millions of records.
    ///
    /// # Errors
    ///
    /// [`Error::MissingIndex`] if the server refuses to, or any with which it cannot be asked.
    pub async fn make_indexes(&self) -> Result<(), Error> {
        self.records.connection.make_indexes().await.map(drop)
    }

    /// What has happened so far, for metrics.
    ///
    /// ```no_run
    /// # fn example(orders: &gapless_sse_mongo::Mongo<gapless_sse_mongo::JsonRecord>) {
    /// let stats = orders.stats();
    /// println!("{} without a topic, {} undecodable", stats.skipped, stats.undecodable);
    /// # }
    /// ```
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
        let Shared { db, name, .. } = &*self.records.connection;
        f.debug_struct("Mongo")
            .field("database", &db.name())
            .field("collection", name)
            .finish_non_exhaustive()
    }
}
