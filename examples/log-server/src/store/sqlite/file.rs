//! The file and its tables.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::coordinates::Seq;
use super::error::SqliteError;

/// The format of the file, kept in its `user_version`.
const FORMAT: i64 = 1;

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
    PRAGMA user_version = 1;
";

pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) epoch: u32,
    pub(super) secret: Vec<u8>,
    pub(super) last: i64,
}

pub(super) fn open(path: &Path) -> Result<Opened, SqliteError> {
    let failed = |error| SqliteError::Open(path.to_owned(), error);
    let mut writer = connect(path).map_err(failed)?;
    writer.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    let made = writer
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .and_then(|transaction| {
            let found = format(&transaction)?;
            if found == 0 {
                transaction.execute_batch(TABLES)?;
            }
            transaction.commit().map(|()| found)
        })
        .map_err(failed)?;
    if made > FORMAT {
        return Err(SqliteError::Format { path: path.to_owned(), found: made, known: FORMAT });
    }
    let (epoch, secret) = writer
        .query_row("SELECT epoch, secret FROM life", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(failed)?;
    let last = last(&writer).map_err(failed)?.0;
    Ok(Opened { writer, epoch, secret, last })
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // What was streamed must not be undone by a loss of power: its positions were given out.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The last `seq` ever given out, also when its row was deleted since.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Seq> {
    let last = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'log'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(Seq(last.unwrap_or(0)))
}
