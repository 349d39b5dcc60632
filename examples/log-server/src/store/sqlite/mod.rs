//! The embedded store: one SQLite file, for a single machine.

mod changes;
mod coordinates;
mod database;
mod history;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gapless_sse_core::follow::{
    Fault, Frontier, FrontierOf, HistoryQuery, Page, Reset, Scope, Source, SourceError, Topic,
};
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{Semaphore, watch};

use super::Store;
use crate::row::{NewRow, Row};
use crate::search::{Effort, Search};
use changes::SqliteChanges;
use coordinates::{Dated, Seq};

/// How many read at the same time, each over a connection of its own; the others wait.
const READERS: usize = 8;

/// A log in an SQLite file.
///
/// The position of a row is its `seq`, an `AUTOINCREMENT` key: SQLite has one writer at a time,
/// so rows become visible in its order, and `seq ≤ P` is a snapshot that never expires.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    inner: Arc<Inner>,
    effort: Effort,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    epoch: u32,
    secret: Vec<u8>,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    turns: Semaphore,
    /// The last `seq` that this process has written, to wake those who wait for it.
    written: watch::Sender<i64>,
}

/// Why the SQLite file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// The folder for the file could not be made.
    #[error("cannot make the folder {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The file could not be opened.
    #[error("cannot open {} as a log; is it another kind of file, or not readable?", .0.display())]
    Open(PathBuf, #[source] rusqlite::Error),
    /// The file was written by a later version.
    #[error("{} is of format {found}, this program reads format {known}; use a newer log-server", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },
    /// A question to the file failed.
    #[error("SQLite failed to {0}")]
    Failed(&'static str, #[source] rusqlite::Error),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
}

impl SourceError for SqliteError {
    fn fault(&self) -> Fault {
        Fault::Unavailable
    }
}

impl SqliteStore {
    /// Opens the log in `path`, or makes it.
    ///
    /// # Errors
    ///
    /// When the file cannot be made or opened, or is not a log.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        let path = path.as_ref().to_owned();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| SqliteError::Folder(folder.to_owned(), error))?;
        }
        let database::Opened { writer, epoch, secret, last } = database::open(&path)?;
        let inner = Arc::new(Inner {
            path,
            epoch,
            secret,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            turns: Semaphore::new(READERS),
            written: watch::Sender::new(last),
        });
        Ok(Self { inner, effort: Effort::default() })
    }

    /// The same log, which looks at so much for a page of a search.
    pub fn searching(self, effort: Effort) -> Self {
        Self { effort, ..self }
    }

    /// The file's own secret for sealing positions, random and made with the file.
    pub fn secret(&self) -> &[u8] {
        &self.inner.secret
    }

    /// Asks on a thread of its own, since SQLite blocks.
    async fn read<T: Send + 'static>(
        &self,
        act: &'static str,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let inner = Arc::clone(&self.inner);
        let _turn = self.inner.turns.acquire().await;
        let asked = tokio::task::spawn_blocking(move || {
            let pooled = lock(&inner.readers).pop();
            let connection = match pooled {
                Some(connection) => connection,
                None => database::connect(&inner.path)?,
            };
            let answer = question(&connection)?;
            lock(&inner.readers).push(connection);
            Ok(answer)
        });
        asked.await.map_err(|_| SqliteError::Ending)?.map_err(|e| SqliteError::Failed(act, e))
    }
}

impl Source for SqliteStore {
    type Position = Seq;
    type Key = Dated;
    type Record = Row;
    type Error = SqliteError;
    type Changes = SqliteChanges;

    async fn epoch(&self) -> Result<u32, SqliteError> {
        Ok(self.inner.epoch)
    }

    async fn tail_start(&self) -> Result<Seq, SqliteError> {
        self.read("find the end of the log", database::last).await
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, SqliteError> {
        let position = match &frontier {
            Frontier::Live(position) | Frontier::History { as_of: position, .. } => *position,
        };
        if position.0 <= *self.inner.written.borrow() || position <= self.tail_start().await? {
            return Ok(Ok(frontier));
        }
        Ok(Err(Reset::Future))
    }

    async fn history(
        &self,
        scope: &Scope<Search>,
        query: HistoryQuery<Seq, Dated>,
    ) -> Result<Page<Self>, SqliteError> {
        let (scope, effort) = (scope.clone(), self.effort);
        self.read("read a page of history", move |database| {
            history::history(database, &scope, &query, effort)
        })
        .await
    }

    async fn changes(&self, from: &Seq) -> Result<SqliteChanges, SqliteError> {
        Ok(SqliteChanges::new(self.clone(), *from, self.inner.written.subscribe()))
    }
}

impl Store for SqliteStore {
    fn date(key: &Dated) -> Option<Timestamp> {
        Timestamp::from_millisecond(key.date).ok()
    }

    async fn append(&self, topic: &Topic, rows: Vec<NewRow>) -> Result<Vec<String>, SqliteError> {
        let (inner, topic) = (Arc::clone(&self.inner), topic.clone());
        let written = tokio::task::spawn_blocking(move || {
            let seqs = database::append(&mut lock(&inner.writer), &topic, &rows)?;
            if let Some(last) = seqs.last() {
                inner.written.send_if_modified(|written| {
                    let later = last > written;
                    *written = (*written).max(*last);
                    later
                });
            }
            Ok(seqs.iter().map(ToString::to_string).collect())
        });
        written
            .await
            .map_err(|_| SqliteError::Ending)?
            .map_err(|error| SqliteError::Failed("write", error))
    }

    async fn workspaces(&self) -> Result<Vec<String>, SqliteError> {
        self.read("list the workspaces", database::workspaces).await
    }

    async fn workflows(&self, workspace: &str) -> Result<Vec<String>, SqliteError> {
        let workspace = workspace.to_owned();
        self.read("list the workflows", move |database| database::workflows(database, &workspace))
            .await
    }
}

/// A connection is left whole by a panic: its transaction was rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
