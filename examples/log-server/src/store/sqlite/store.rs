//! The store itself: its connections, and turns to read over them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Semaphore, watch};

use super::error::SqliteError;
use super::file;
use crate::search::Effort;

/// How many read at the same time, each over a connection of its own; the others wait.
const READERS: usize = 8;

/// A log in an SQLite file.
///
/// The position of a row is its `seq`, an `AUTOINCREMENT` key: SQLite has one writer at a time,
/// so rows become visible in its order, and `seq ≤ P` is a snapshot that never expires.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pub(super) inner: Arc<Inner>,
    pub(super) effort: Effort,
}

#[derive(Debug)]
pub(super) struct Inner {
    path: PathBuf,
    pub(super) epoch: u32,
    secret: Vec<u8>,
    pub(super) writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    turns: Semaphore,
    /// The last `seq` that this process has written, to wake those who wait for it.
    pub(super) written: watch::Sender<i64>,
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
        let file::Opened { writer, epoch, secret, last } = file::open(&path)?;
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
    pub(super) async fn read<T: Send + 'static>(
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
                None => file::connect(&inner.path)?,
            };
            let answer = question(&connection)?;
            lock(&inner.readers).push(connection);
            Ok(answer)
        });
        asked.await.map_err(|_| SqliteError::Ending)?.map_err(|e| SqliteError::Failed(act, e))
    }
}

/// A connection is left whole by a panic: its transaction was rolled back.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
