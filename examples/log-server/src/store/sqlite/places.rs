//! Places to read: each kind of reading has some of its own, so that none waits for another kind.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::Semaphore;

use super::error::SqliteError;
use super::file;
use super::identity::Identity;

/// The kinds of reading.
#[derive(Debug)]
pub(super) struct Places {
    /// The one that follows the log for all streams.
    pub(super) tail: Place,
    /// Those that read changes for streams that have missed some.
    pub(super) catch_ups: Place,
    /// Pages of all rows, which take as long as they are long.
    pub(super) pages: Place,
    /// Pages of rows that are searched for, step by step.
    pub(super) searches: Place,
    pub(super) lists: Place,
    /// What one row answers.
    pub(super) questions: Place,
}

impl Places {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        let places = |count| Place::new(Arc::clone(identity), count);
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self {
            tail: places(1),
            catch_ups: places(2),
            pages: places(4),
            // It is work for the processor, of which others are to have some.
            searches: places((processors / 2).max(1)),
            lists: places(1),
            questions: places(1),
        }
    }
}

/// So many read at the same time, each over a connection of its own. The others wait in line.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identity: Arc<Identity>,
    turns: Arc<Semaphore>,
    connections: Mutex<Vec<Connection>>,
}

/// Whether nobody waits for an answer any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says that its question was abandoned when it is dropped.
struct Asking(Abandoned);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.tell();
    }
}

impl Place {
    fn new(identity: Arc<Identity>, count: usize) -> Self {
        let (turns, connections) = (Arc::new(Semaphore::new(count)), Mutex::default());
        Self(Arc::new(Inner { identity, turns, connections }))
    }

    /// Asks on a thread that may block, as SQLite does. The turn lasts as long as the work, also
    /// if nobody waits for it any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        act: &'static str,
        question: impl FnOnce(&Connection, &Abandoned) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let inner = Arc::clone(&self.0);
        let turn = Arc::clone(&self.0.turns).acquire_owned().await;
        let asking = Asking(Abandoned::default());
        let abandoned = asking.0.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            if abandoned.is_so() {
                return Err(SqliteError::Ending);
            }
            // A connection to another file would take the log beside it for its own, and remove it.
            inner.identity.check()?;
            let pooled = lock(&inner.connections).pop();
            let connection = match pooled {
                Some(connection) => Ok(connection),
                None => file::connect_reader(inner.identity.path()),
            };
            if let Err(moved) = inner.identity.check() {
                // It came meanwhile: closing it must not remove that log either.
                let config = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
                let _ = connection.map(|other| other.set_db_config(config, true));
                return Err(moved);
            }
            let connection = connection.map_err(SqliteError::failed(act))?;
            let answer = question(&connection, &abandoned).map_err(SqliteError::failed(act))?;
            lock(&inner.connections).push(connection);
            Ok(answer)
        });
        let answer = asked.await;
        answer.map_err(|error| {
            if error.is_panic() { SqliteError::Defect(act) } else { SqliteError::Ending }
        })?
    }
}

/// What is locked here is left whole by a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use tempfile::TempDir;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;
    use crate::access::RowFields;

    /// One place, in a file that somebody keeps open.
    fn place() -> (TempDir, Connection, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs.db");
        let opened = file::open(&path, &RowFields::default()).unwrap();
        let identity = Arc::new(Identity::of(&path).unwrap());
        (folder, opened.writer, Place::new(identity, 1))
    }

    #[tokio::test]
    async fn a_question_that_panics_is_a_defect_and_leaves_its_turn_to_the_next() {
        let (_folder, _opened, place) = place();
        let asked = place.ask("count", |_, _| -> rusqlite::Result<()> { panic!("of a filter") });
        let error = asked.await.unwrap_err();
        assert!(matches!(error, SqliteError::Defect("count")), "{error}");
        assert_eq!(place.ask("count", |_, _| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_is_told_and_keeps_its_turn_until_it_ends() {
        let (_folder, _opened, place) = place();
        let patience = Duration::from_secs(20);
        let (begun, begins) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let (end, ends) = mpsc::channel::<()>();
        let asked = place.ask("wait", move |_, abandoned| {
            begun.send(()).unwrap();
            let began = Instant::now();
            while !abandoned.is_so() && began.elapsed() < patience {}
            tell.send(abandoned.is_so()).unwrap();
            let _ = ends.recv_timeout(patience);
            Ok(())
        });
        tokio::select! {
            biased;
            _ = asked => panic!("it was not abandoned"),
            begun = begins => begun.unwrap(),
        }
        assert!(told.await.unwrap(), "it is not told that it was abandoned");
        let mut next = Box::pin(place.ask("count", |_, _| Ok(7)));
        assert!(timeout(Duration::from_millis(50), &mut next).await.is_err(), "two at a time");
        drop(end);
        assert_eq!(timeout(patience, next).await.unwrap().unwrap(), 7);
    }
}
