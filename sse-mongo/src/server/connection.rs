//! The database, and what is known of the server that has it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mongodb::bson::Document;
use mongodb::error::Error as DriverError;
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection, Database};
use tokio::sync::Mutex as AsyncMutex;

use super::error::Error;
use super::known::{Deployment, Ready};
use super::operation::Operation;
use super::stats::Counters;
use super::turns::{CONNECTIONS, Turns};
use crate::options::Options;
use crate::position::commit::ClusterTime;

/// How many connections the driver's pool has, unless it is told.
const DRIVERS_OWN: u32 = 10;
/// How long a server may be looked for. Those who wait are told what is wrong, and try again.
const SELECTION: Duration = Duration::from_secs(5);
/// How long an answer may take: a connection that went silent has no other end.
const ANSWER: Duration = Duration::from_secs(40);
/// How long making an index may take.
const INDEXING: Duration = Duration::from_secs(600);

/// A collection, and what is known of the server that has it.
pub(crate) struct Connection {
    pub(crate) db: Database,
    pub(crate) turns: Turns,
    /// The collection's.
    pub(crate) name: String,
    pub(crate) options: Options,
    pub(crate) deployment: OnceLock<Deployment>,
    pub(crate) ready: Mutex<Option<Ready>>,
    /// Held while an index is made.
    pub(crate) making: AsyncMutex<()>,
    /// The newest cluster time that was seen.
    newest: AtomicU64,
    /// Where the present life of the collection began, if its last one was seen to end.
    began: AtomicU64,
    pub(crate) stats: Counters,
}

impl Connection {
    /// Does not wait for the server.
    pub(crate) async fn open(uri: &str, collection: &str, options: Options) -> Result<Self, Error> {
        let invalid = |error| Error::ConnectionString(explain(uri, &error));
        let mut client = ClientOptions::parse(uri).await.map_err(invalid)?;
        let database = client.default_database.clone().ok_or(Error::NoDatabase)?;
        client.app_name.get_or_insert_with(|| "gapless-sse-mongo".to_owned());
        client.server_selection_timeout.get_or_insert(SELECTION);
        client.connect_timeout.get_or_insert(SELECTION);
        let connections =
            *client.max_pool_size.get_or_insert(options.connections.unwrap_or(CONNECTIONS));
        let db = Client::with_options(client).map_err(invalid)?.database(&database);
        Ok(Self::over(db, collection, connections, options))
    }

    /// Leaves the client as it is.
    pub(crate) fn of<T: Send + Sync>(collection: &Collection<T>, options: Options) -> Self {
        let db = collection.client().database(&collection.namespace().db);
        Self::over(db, collection.name(), DRIVERS_OWN, options)
    }

    /// Takes so many connections of the driver at most, unless the options say how many.
    fn over(db: Database, collection: &str, connections: u32, options: Options) -> Self {
        Self {
            db,
            turns: Turns::new(options.connections.unwrap_or(connections), ANSWER),
            name: collection.to_owned(),
            options,
            deployment: OnceLock::new(),
            ready: Mutex::new(None),
            making: AsyncMutex::new(()),
            newest: AtomicU64::new(0),
            began: AtomicU64::new(0),
            stats: Counters::default(),
        }
    }

    /// Runs a command on the database, within the time that an answer may take.
    pub(crate) async fn run(
        &self,
        operation: Operation,
        command: Document,
    ) -> Result<Document, Error> {
        let db = self.db.clone();
        let _timed = self.stats.timed(operation);
        answered(operation, self.turns.ask(async move { db.run_command(command).await })).await
    }

    pub(crate) async fn run_for_long(
        &self,
        operation: Operation,
        command: Document,
    ) -> Result<Document, Error> {
        let _timed = self.stats.timed(operation);
        answer(operation, INDEXING, async { self.db.run_command(command).await }).await
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
    operation: Operation,
    patience: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::time::timeout(patience, future).await.map_err(|_| Error::TimedOut(operation))
}

pub(crate) async fn answer<T>(
    operation: Operation,
    patience: Duration,
    future: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, Error> {
    within(operation, patience, future).await?.map_err(|error| Error::server(operation, error))
}

/// Waits for an answer as long as any may take.
pub(crate) async fn answered<T>(
    operation: Operation,
    future: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, Error> {
    answer(operation, ANSWER, future).await
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
