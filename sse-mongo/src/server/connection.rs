//! The database, and what is known of the server that has it.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mongodb::bson::Document;
use mongodb::error::Error as DriverError;
use mongodb::options::SelectionCriteria;
use mongodb::{Client, Collection, Database};
use tokio::sync::Mutex as AsyncMutex;

use super::changed::Changed;
use super::connection_string;
use super::error::{Error, is_passing};
use super::known::{Deployment, Ready};
use super::operation::Operation;
use super::stats::Counters;
use super::turns::{CONNECTIONS, Kind, Turns};
use crate::options::Options;
use crate::position::commit::ClusterTime;

/// How many connections the driver's pool has, unless it is told.
const DRIVERS_OWN: u32 = 10;
/// How long a server may be looked for. Those who wait are told what is wrong, and try again.
const SELECTION: Duration = Duration::from_secs(5);
/// How long an answer may take: a connection that went silent has no other end.
const ANSWER: Duration = Duration::from_secs(40);

/// A collection, as one kind of its readers asks for it.
#[derive(Clone)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    readers: Readers,
}

/// Who asks, and so whom they wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Any,
    /// They wait for nobody else.
    OfChanges,
    /// They leave turns to those who read all of history.
    OfSearches,
}

/// A collection, and what is known of the server that has it.
pub(crate) struct Shared {
    pub(crate) db: Database,
    /// Where history is read from, if not from the primary.
    pub(crate) selection: Option<SelectionCriteria>,
    pub(crate) turns: Turns,
    /// The collection's.
    pub(crate) name: String,
    pub(crate) options: Options,
    pub(crate) deployment: OnceLock<Deployment>,
    pub(crate) ready: Mutex<Option<Ready>>,
    /// Held while an index is made.
    pub(crate) making: Arc<AsyncMutex<()>>,
    /// The last life of the collection that was looked up.
    pub(crate) last_uuid: Mutex<Option<Vec<u8>>>,
    /// The newest cluster time that was seen.
    newest: AtomicU64,
    /// Where the present life of the collection began, if its last one was seen to end.
    began: AtomicU64,
    pub(crate) stats: Counters,
}

impl Connection {
    /// Does not wait for the server.
    pub(crate) async fn open(uri: &str, collection: &str, options: Options) -> Result<Self, Error> {
        let mut client = connection_string::parse(uri).await?;
        let database = client.default_database.clone().ok_or(Error::NoDatabase)?;
        client.app_name.get_or_insert_with(|| "gapless-sse-mongo".to_owned());
        client.server_selection_timeout.get_or_insert(SELECTION);
        client.connect_timeout.get_or_insert(SELECTION);
        let connections =
            *client.max_pool_size.get_or_insert(options.connections.unwrap_or(CONNECTIONS));
        let selection = client.selection_criteria.clone();
        let client =
            Client::with_options(client).map_err(|error| connection_string::unusable(&error));
        Ok(Self::over(client?.database(&database), selection, collection, connections, options))
    }

    /// Leaves the client as it is.
    pub(crate) fn of<T: Send + Sync>(collection: &Collection<T>, options: Options) -> Self {
        let db = collection.client().database(&collection.namespace().db);
        let selection = collection.selection_criteria().cloned();
        Self::over(db, selection, collection.name(), DRIVERS_OWN, options)
    }

    /// Takes so many connections of the driver at most, unless the options say how many.
    fn over(
        db: Database,
        selection: Option<SelectionCriteria>,
        collection: &str,
        connections: u32,
        options: Options,
    ) -> Self {
        let shared = Shared {
            db,
            selection,
            turns: Turns::new(options.connections.unwrap_or(connections), ANSWER),
            name: collection.to_owned(),
            options,
            deployment: OnceLock::new(),
            ready: Mutex::new(None),
            making: Arc::default(),
            last_uuid: Mutex::default(),
            newest: AtomicU64::new(0),
            began: AtomicU64::new(0),
            stats: Counters::default(),
        };
        Self { shared: Arc::new(shared), readers: Readers::Any }
    }

    /// For those who read changes: their questions wait for nobody else's.
    pub(crate) fn for_changes(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), readers: Readers::OfChanges }
    }

    /// For those who look for some of history: others do not wait for all of them.
    pub(crate) fn for_searches(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), readers: Readers::OfSearches }
    }

    /// Runs a command that reads on the database, within the time that an answer may take.
    pub(crate) async fn run(
        &self,
        operation: Operation,
        command: Document,
    ) -> Result<Document, Error> {
        let db = self.db.clone();
        self.read(operation, move || {
            let (db, command) = (db.clone(), command.clone());
            async move { db.run_command(command).await }
        })
        .await
    }

    /// As [`run`](Self::run), for what is asked of the server itself.
    pub(crate) async fn run_on_admin(
        &self,
        operation: Operation,
        command: Document,
    ) -> Result<Document, Error> {
        let admin = self.db.client().database("admin");
        self.read(operation, move || {
            let (admin, command) = (admin.clone(), command.clone());
            async move { admin.run_command(command).await }
        })
        .await
    }

    /// Something has happened to a record that streams have shown already.
    pub(crate) fn changed(&self, how: Changed) {
        let stats = &self.stats;
        let count = stats.changed(how);
        if count.ilog10() != (count - 1).checked_ilog10().unwrap_or(u32::MAX) {
            let [updated, replaced, deleted] = stats.all_changed();
            tracing::warn!(
                collection = self.name,
                updated,
                replaced,
                deleted,
                "records were changed or deleted after they were inserted: open streams show them \
                 as they were, pages as they are",
            );
        }
    }

    /// Reads when it is its turn; once more if that fails for a passing reason, as drivers do for
    /// commands of their own.
    pub(crate) async fn read<T, Q>(
        &self,
        operation: Operation,
        question: impl Fn() -> Q + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        Q: Future<Output = Result<T, DriverError>> + Send + 'static,
    {
        let _timed = self.stats.timed(operation);
        answered(operation, self.turns.ask(self.kind(operation), retried(question))).await
    }

    /// Whose turn it is to ask.
    pub(crate) fn kind(&self, operation: Operation) -> Kind {
        match (self.readers, operation.kind()) {
            (Readers::OfChanges, _) => Kind::Changes,
            (Readers::OfSearches, Kind::History) => Kind::Searches,
            (_, kind) => kind,
        }
    }

    /// For as long as it takes.
    pub(crate) async fn run_for_long(
        &self,
        operation: Operation,
        command: Document,
    ) -> Result<Document, Error> {
        let _timed = self.stats.timed(operation);
        let answer = self.db.run_command(command).await;
        answer.map_err(|error| Error::server(operation, error))
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

impl Deref for Connection {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// Asks once more if the first answer is an error that passes.
pub(crate) async fn retried<T, Q: Future<Output = Result<T, DriverError>>>(
    question: impl Fn() -> Q,
) -> Result<T, DriverError> {
    match question().await {
        Err(error) if is_passing(&error) => question().await,
        answer => answer,
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

#[cfg(test)]
mod tests {
    use mongodb::bson::Document;

    use super::*;

    #[tokio::test]
    async fn as_many_questions_are_asked_at_once_as_the_pool_has_connections_for() {
        let options = |connections| {
            let options = Options::topic("a", "b");
            match connections {
                Some(connections) => options.connections(connections),
                None => options,
            }
        };
        for (query, connections, free) in [
            ("", None, [7, 13, 2, 5, 2]),
            ("?maxPoolSize=13", None, [7, 6, 1, 2, 1]),
            ("?maxPoolSize=13", Some(12), [7, 5, 1, 2, 1]),
            ("", Some(31), [7, 24, 4, 8, 4]),
        ] {
            let uri = format!("mongodb://127.0.0.1:1/db{query}");
            let opened = Connection::open(&uri, "c", options(connections)).await.unwrap();
            assert_eq!(opened.turns.free(), free, "{query} {connections:?}");
        }
        let client = Client::with_uri_str("mongodb://127.0.0.1:1").await.unwrap();
        let collection = client.database("db").collection::<Document>("c");
        for (connections, free) in [(None, [7, 3, 1, 1, 1]), (Some(30), [7, 23, 3, 10, 3])] {
            assert_eq!(Connection::of(&collection, options(connections)).turns.free(), free);
        }
    }
}
