//! The file and its tables.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::SqliteError;
use super::keep;
use super::lives::Lives;
use super::ruled;
use crate::access::RowFields;

/// The format of the file, kept in its `user_version`.
const FORMAT: i64 = 4;

/// What marks a file as one of ours, in its `application_id`: "logs".
const APPLICATION: i64 = 0x6c6f_6773;

const TABLES: &str = "
    CREATE TABLE log (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        workflow TEXT NOT NULL,
        date INTEGER NOT NULL,
        row TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tail ON log (workspace, workflow, date, seq);
    CREATE TABLE life (epoch INTEGER NOT NULL, secret BLOB NOT NULL) STRICT;
    INSERT INTO life VALUES (abs(random()) & 0xffffffff, randomblob(32));
";

/// Format 2: the lives of the file, and the ids that writers have given their rows, which format 3
/// keeps apart by workflow.
const SINCE_2: &str = "
    CREATE TABLE lives (first INTEGER PRIMARY KEY, life INTEGER NOT NULL) STRICT;
    INSERT INTO lives VALUES (0, abs(random()) & 0xffffffff);
    CREATE TABLE ids (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA application_id = 0x6c6f6773;
";

/// Format 3: an id is one's own within its workflow, so that nobody learns of those in others.
const SINCE_3: &str = "
    ALTER TABLE ids RENAME TO ids_of_all;
    CREATE TABLE ids (
        workspace TEXT NOT NULL,
        workflow TEXT NOT NULL,
        id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (workspace, workflow, id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO ids SELECT workspace, workflow, id, seq FROM ids_of_all JOIN log USING (seq);
    DROP TABLE ids_of_all;
";

/// Format 4: what rows are found by. It is made behind the writer; see [`indexed`](super::indexed).
/// Only the order of whole workspaces is SQLite's own.
const SINCE_4: &str = "
    CREATE INDEX whole ON log (workspace, date, seq);
    CREATE TABLE kinds (
        workspace TEXT NOT NULL,
        level INTEGER NOT NULL,
        type TEXT NOT NULL,
        date INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        workflow TEXT NOT NULL,
        PRIMARY KEY (workspace, level, type, date, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5(
        message, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'
    );
    CREATE TABLE made (
        id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (id, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE indexed (through INTEGER NOT NULL) STRICT;
    INSERT INTO indexed VALUES (0);
    PRAGMA user_version = 4;
";

/// How long one who reads waits for a lock: only at moments when the file is recovered or cleaned.
const READ_PATIENCE: Duration = Duration::from_secs(2);

/// How long the server waits for the lock for writing when it starts.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// What the journal of a file that was long is cut down to, in bytes.
const LARGEST_JOURNAL: i64 = 64 << 20;

pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) epoch: u32,
    pub(super) secret: Vec<u8>,
    pub(super) lives: Lives,
}

pub(super) fn open(path: &Path, fields: &RowFields) -> Result<Opened, SqliteError> {
    let failed = |error| SqliteError::Open(path.to_owned(), Arc::new(error));
    let mut writer = connect(path, OpenFlags::SQLITE_OPEN_CREATE).map_err(failed)?;
    writer.busy_timeout(START_PATIENCE).map_err(failed)?;
    let found = format(&writer).map_err(failed)?;
    match found {
        Found::Format(0..=FORMAT) => {}
        Found::Format(found) => {
            return Err(SqliteError::Format { path: path.to_owned(), found, known: FORMAT });
        }
        Found::Foreign => return Err(SqliteError::Foreign(path.to_owned())),
    }
    // Free pages can be given back one by one: it has to be said before there is any other.
    writer.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
    writer.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    writer.pragma_update(None, "journal_size_limit", LARGEST_JOURNAL).map_err(failed)?;
    make(&mut writer, fields).map_err(failed)?;
    let (epoch, secret) = writer
        .query_row("SELECT epoch, secret FROM life", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(failed)?;
    let lives = Lives::read(&writer).map_err(failed)?;
    Ok(Opened { writer, epoch, secret, lives })
}

/// Opens the file to read it.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    // One that was removed is not made anew.
    let connection = connect(path, OpenFlags::empty())?;
    connection.busy_timeout(READ_PATIENCE)?;
    Ok(connection)
}

fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    // What was streamed must not be undone by a loss of power: its positions were given out.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

pub(super) enum Found {
    /// One of ours; 0 is a file without anything in it.
    Format(i64),
    Foreign,
}

/// What the file is.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<Found> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (format, application) = (pragma("user_version")?, pragma("application_id")?);
    let tables = "SELECT count(*), count(CASE name WHEN 'log' THEN 1 WHEN 'life' THEN 1 END)
         FROM sqlite_schema WHERE type = 'table'";
    let (all, ours): (i64, i64) =
        connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (format, application) {
        (format, APPLICATION) => Found::Format(format),
        (0, 0) if all == 0 => Found::Format(0),
        (1, 0) if ours == 2 => Found::Format(1),
        _ => Found::Foreign,
    })
}

/// Makes what is not there yet. Another process may be doing the same.
fn make(writer: &mut Connection, fields: &RowFields) -> rusqlite::Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Found::Format(found) = format(&transaction)? {
        if found == 0 {
            transaction.execute_batch(TABLES)?;
        }
        if found < 2 {
            transaction.execute_batch(SINCE_2)?;
        }
        if found < 3 {
            transaction.execute_batch(SINCE_3)?;
        }
        if found < 4 {
            if found > 0 {
                tracing::info!("the file is brought to format {FORMAT}, which may take a minute");
            }
            transaction.execute_batch(SINCE_4)?;
        }
        transaction.execute_batch(keep::TABLE)?;
        ruled::make_indexes(&transaction, fields)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use super::*;

    #[test]
    fn ids_of_an_older_file_are_known_in_the_workflow_that_they_were_given_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs.db");
        let older = Connection::open(&path).unwrap();
        let rows = "
            INSERT INTO log VALUES (3, 'etl', 'orders', 0, '{}'), (4, 'ml', 'orders', 0, '{}');
            INSERT INTO ids VALUES ('a', 3), ('b', 4);
            PRAGMA user_version = 2;";
        older.execute_batch(&[TABLES, SINCE_2, rows].concat()).unwrap();
        drop(older);
        for _ in 0..2 {
            let writer = open(&path, &RowFields::default()).unwrap().writer;
            let ids: Vec<(String, String, i64)> = writer
                .prepare("SELECT workspace, id, seq FROM ids ORDER BY seq")
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let id = |workspace: &str, id: &str, seq| (workspace.to_owned(), id.to_owned(), seq);
            assert_eq!(ids, [id("etl", "a", 3), id("ml", "b", 4)]);
        }
    }
}
