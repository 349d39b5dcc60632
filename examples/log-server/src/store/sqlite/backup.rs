//! A copy of the file, made while servers write to it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::address;
use super::error::SqliteError;
use super::file::{self, Found};
use super::lives;

/// Pages that are copied between two looks at how far it is.
const PAGES: i32 = 1000;

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The log.
    #[error(transparent)]
    Log(#[from] SqliteError),
    /// There is something where the backup is to be.
    #[error("{} exists already; name a new file, or remove it first", .0.display())]
    Exists(PathBuf),
    /// The backup could not be written.
    #[error("cannot write the backup {}", .0.display())]
    Write(PathBuf, #[source] Arc<dyn std::error::Error + Send + Sync>),
    /// What was written is not what is in the log.
    #[error("the backup {} is damaged: {reason}; look at the disks", .path.display())]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// Its size, in bytes.
    pub bytes: u64,
    /// The number of the last row that was written before it was begun.
    pub last: i64,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pages that are copied.
    pub done: i32,
    /// All pages.
    pub all: i32,
}

/// Copies the log in the file that `address` names to the file `to`, as it is at one moment. Servers
/// may read and write it meanwhile, and none waits. `to` is there only when all of it is written,
/// synced and found whole.
///
/// It is SQLite's own [backup](https://www.sqlite.org/backup.html).
///
/// # Errors
///
/// When the log cannot be read, or the backup not written.
pub fn backup(
    address: impl AsRef<Path>,
    to: &Path,
    mut tell: impl FnMut(Progress),
) -> Result<BackedUp, BackupError> {
    let path = address::file(address.as_ref())?;
    let failed = |error| SqliteError::Open(path.clone(), Arc::new(error));
    let log = file::connect_reader(&path).map_err(failed)?;
    match file::format(&log).map_err(failed)? {
        Found::Format(1..) => {}
        _ => return Err(SqliteError::Foreign(path).into()),
    }
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = copy(&log, &path, &partial, &mut tell).and_then(|last| {
        let bytes = publish(&partial, to).map_err(|error| unwritten(to, error))?;
        Ok(BackedUp { bytes, last })
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn unwritten<E: std::error::Error + Send + Sync + 'static>(path: &Path, error: E) -> BackupError {
    BackupError::Write(path.to_owned(), Arc::new(error))
}

/// Answers the last row of the moment that it is of.
fn copy(
    log: &Connection,
    path: &Path,
    to: &Path,
    tell: &mut impl FnMut(Progress),
) -> Result<i64, BackupError> {
    let read = |error| SqliteError::failed("read the log")(error);
    // All of it is of one moment, and what others write meanwhile does not begin it anew.
    let snapshot = log.unchecked_transaction().map_err(read)?;
    let last = lives::last_seq(&snapshot).map_err(read)?;
    tracing::debug!(path = %path.display(), last, "backing up");
    let _ = std::fs::remove_file(to);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut copy = Connection::open_with_flags(to, flags).map_err(|error| unwritten(to, error))?;
    // Nobody reads it before it is whole.
    for (name, value) in [("journal_mode", "OFF"), ("synchronous", "OFF")] {
        copy.pragma_update(None, name, value).map_err(|error| unwritten(to, error))?;
    }
    let backup = Backup::new(&snapshot, &mut copy).map_err(|error| unwritten(to, error))?;
    loop {
        let step = backup.step(PAGES).map_err(|error| unwritten(to, error))?;
        let progress = backup.progress();
        tell(Progress { done: progress.pagecount - progress.remaining, all: progress.pagecount });
        if step == StepResult::Done {
            break;
        }
    }
    drop(backup);
    let found: String = copy
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| unwritten(to, error))?;
    if found == "ok" {
        Ok(last)
    } else {
        Err(BackupError::Damaged { path: to.to_owned(), reason: found })
    }
}

/// Gives it its name once it is on the disk; answers its size.
fn publish(partial: &Path, to: &Path) -> std::io::Result<u64> {
    let file = File::open(partial)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    std::fs::rename(partial, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Not every system lets a folder be synced.
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::access::RowFields;

    #[test]
    fn a_backup_is_of_one_moment_however_much_is_written_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("logs.db"), folder.path().join("backup.db"));
        let writer = file::open(&from, &RowFields::default()).unwrap().writer;
        let row = format!("INSERT INTO log VALUES (NULL, 'w', 'f', 0, '{}');", "x".repeat(2000));
        writer.execute_batch(&format!("BEGIN; {} COMMIT", row.repeat(5000))).unwrap();
        let (over, row) = (AtomicBool::new(false), &row);
        let backed_up = std::thread::scope(|threads| {
            let (writer, over) = (writer, &over);
            threads.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    writer.execute_batch(row).unwrap();
                }
            });
            let mut steps = 0;
            let backed_up = backup(&from, &to, |_| steps += 1);
            over.store(true, Ordering::Relaxed);
            assert!(steps > 1, "others had no turn");
            backed_up.unwrap()
        });
        let copy = Connection::open(&to).unwrap();
        let rows: i64 = copy.query_row("SELECT count(*) FROM log", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, backed_up.last);
        assert_eq!(backed_up.bytes, std::fs::metadata(&to).unwrap().len());
        assert!(!folder.path().join("backup.db.partial").exists());
        let again = backup(&from, &to, |_| {}).unwrap_err();
        assert!(matches!(again, BackupError::Exists(_)), "{again}");
    }

    #[test]
    fn what_is_no_log_is_not_backed_up_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("other.db"), folder.path().join("backup.db"));
        assert!(backup(&from, &to, |_| {}).is_err(), "there is no file");
        Connection::open(&from).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(backup(&from, &to, |_| {}).is_err(), "it is another program's");
        let missing = folder.path().join("missing").join("backup.db");
        file::open(&folder.path().join("logs.db"), &RowFields::default()).unwrap();
        assert!(backup(folder.path().join("logs.db"), &missing, |_| {}).is_err(), "no folder");
        assert!(!to.exists() && !missing.exists());
    }
}
