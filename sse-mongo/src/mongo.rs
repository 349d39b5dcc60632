//! A collection that holds logs.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bson::{Document, RawDocument};
use gapless_sse_core::follow::Topic;
use mongodb::error::Error as DriverError;
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use tokio::sync::Mutex as AsyncMutex;

use crate::audit::Audit;
use crate::error::{Act, Error};
use crate::index::Ready;
use crate::options::{Mode, Options};
use crate::position::ClusterTime;
use crate::probe::{Deployment, Way};
use crate::stats::{Counters, Stats};
use crate::topic;
use crate::turns::{CONNECTIONS, Turns};

/// How long a server may be looked for. Those who wait are told what is wrong, and try again.
const SELECTION: Duration = Duration::from_secs(5);
/// How long an answer may take: a connection that went silent has no other end.
const ANSWER: Duration = Duration::from_secs(40);
/// How long making an index may take.
const INDEXING: Duration = Duration::from_secs(600);

/// A MongoDB collection that holds logs, as a [`Source`](gapless_sse_core::follow::Source).
///
/// Clones share everything. What the server is, and so how it is followed, is found out when it
/// first answers: it may be down at first.
pub struct Mongo<R> {
    pub(crate) inner: Arc<Inner<R>>,
}

type Decode<R> = dyn Fn(&RawDocument) -> R + Send + Sync;

pub(crate) struct Inner<R> {
    pub(crate) db: Database,
    pub(crate) turns: Turns,
    /// The collection's.
    pub(crate) name: String,
    pub(crate) options: Options,
    decode: Box<Decode<R>>,
    pub(crate) deployment: OnceLock<Deployment>,
    pub(crate) ready: Mutex<Option<Ready>>,
    /// Held while an index is made.
    pub(crate) making: AsyncMutex<()>,
    /// The newest cluster time that was seen.
    newest: AtomicU64,
    /// Where the present life of the collection began, if its last one was seen to end.
    began: AtomicU64,
    pub(crate) audit: Audit,
    pub(crate) stats: Counters,
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
        let invalid = |error| Error::ConnectionString(explain(uri, &error));
        let mut client = ClientOptions::parse(uri).await.map_err(invalid)?;
        let database = client.default_database.clone().ok_or(Error::NoDatabase)?;
        client.app_name.get_or_insert_with(|| "gapless-sse-mongo".to_owned());
        client.server_selection_timeout.get_or_insert(SELECTION);
        client.connect_timeout.get_or_insert(SELECTION);
        let connections = *client.max_pool_size.get_or_insert(CONNECTIONS);
        let db = Client::with_options(client).map_err(invalid)?.database(&database);
        let inner = Inner {
            db,
            turns: Turns::new(connections, ANSWER),
            name: collection.to_owned(),
            options,
            decode: Box::new(decode),
            deployment: OnceLock::new(),
            ready: Mutex::new(None),
            making: AsyncMutex::new(()),
            newest: AtomicU64::new(0),
            began: AtomicU64::new(0),
            audit: Audit::default(),
            stats: Counters::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// How the collection is to be followed.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// How the collection is followed: [`Mode::ChangeStreams`] or [`Mode::Poll`].
    ///
    /// # Errors
    ///
    /// Until the server has answered once, what keeps it from answering.
    pub async fn mode(&self) -> Result<Mode, Error> {
        Ok(match self.inner.deployment().await?.way {
            Way::ChangeStreams => Mode::ChangeStreams,
            Way::Poll => Mode::Poll,
        })
    }

    /// How many records were passed over because their workspace or workflow names no log.
    pub fn skipped(&self) -> u64 {
        self.inner.stats.skipped()
    }

    /// What has happened so far, for metrics.
    pub fn stats(&self) -> Stats {
        self.inner.stats.stats()
    }
}

impl<R> Clone for Mongo<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<R> fmt::Debug for Mongo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { db, name, .. } = &*self.inner;
        f.debug_struct("Mongo")
            .field("database", &db.name())
            .field("collection", name)
            .finish_non_exhaustive()
    }
}

impl<R> Inner<R> {
    pub(crate) fn decode(&self, record: &RawDocument) -> R {
        (self.decode)(record)
    }

    /// The log that a record of the changes belongs to; counted if there is none.
    pub(crate) fn topic(&self, record: &RawDocument) -> Option<Topic> {
        let topic = topic::of(record, &self.options.fields);
        if topic.is_none() && self.stats.skip() == 0 {
            let fields = &self.options.fields;
            tracing::warn!(
                collection = self.name,
                workspace = fields.workspace,
                workflow = fields.workflow,
                "a record names no workspace or workflow and is passed over; further ones \
                     are only counted",
            );
        }
        topic
    }

    /// Runs a command on the database, within the time that an answer may take.
    pub(crate) async fn run(&self, act: Act, command: Document) -> Result<Document, Error> {
        let db = self.db.clone();
        let _timed = self.stats.timed(act);
        answered(act, self.turns.ask(async move { db.run_command(command).await })).await
    }

    pub(crate) async fn run_for_long(
        &self,
        act: Act,
        command: Document,
    ) -> Result<Document, Error> {
        let _timed = self.stats.timed(act);
        answer(act, INDEXING, async { self.db.run_command(command).await }).await
    }

    /// A cluster time was seen.
    pub(crate) fn advance(&self, time: ClusterTime) {
        self.newest.fetch_max(time.0, Ordering::Relaxed);
    }

    /// The newest cluster time that was seen.
    pub(crate) fn newest(&self) -> ClusterTime {
        ClusterTime(self.newest.load(Ordering::Relaxed))
    }

    /// A life of the collection was seen to end.
    pub(crate) fn ended(&self, at: ClusterTime) {
        self.began.fetch_max(at.next().0, Ordering::Relaxed);
    }

    /// The earliest time that belongs to the present life of the collection, as far as is known.
    pub(crate) fn began(&self) -> ClusterTime {
        ClusterTime(self.began.load(Ordering::Relaxed))
    }
}

/// Waits for an answer of the driver, but not for ever.
pub(crate) async fn within<T>(
    act: Act,
    patience: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::time::timeout(patience, future).await.map_err(|_| Error::TimedOut(act))
}

pub(crate) async fn answer<T>(
    act: Act,
    patience: Duration,
    future: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, Error> {
    within(act, patience, future).await?.map_err(|error| Error::server(act, error))
}

/// Waits for an answer as long as any may take.
pub(crate) async fn answered<T>(
    act: Act,
    future: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, Error> {
    answer(act, ANSWER, future).await
}

/// The driver quotes what it cannot parse, and that may be a password.
fn explain(uri: &str, error: &DriverError) -> String {
    if uri.contains('@') {
        let advice = "it cannot be understood (not quoted here, since it may hold a password); \
                      characters such as @ : / % # in a user name or password are to be \
                      percent-encoded, as in %40";
        return advice.to_owned();
    }
    error.kind.to_string()
}
