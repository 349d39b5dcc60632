//! Why the SQLite file could not be used.

use std::path::PathBuf;
use std::sync::Arc;

use gapless_sse_core::follow::{Fault, SourceError};
use rusqlite::ErrorCode;

/// Why the SQLite file could not be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SqliteError {
    /// What was given is no name of a file.
    #[error("sqlite:{} {what}", .given.display())]
    Address {
        /// What was given.
        given: PathBuf,
        /// What is wrong with it, and what would be right.
        what: &'static str,
    },
    /// The folder for the file could not be made.
    #[error("cannot make the folder {}", .0.display())]
    Folder(PathBuf, #[source] Arc<std::io::Error>),
    /// The file could not be opened.
    #[error("cannot open {} to write logs to it{}", .0.display(), advice(.1))]
    Open(PathBuf, #[source] Arc<rusqlite::Error>),
    /// The file belongs to another program.
    #[error("{} is a database of another program; name a file of its own for the logs", .0.display())]
    Foreign(PathBuf),
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
    /// The file is not where it was opened: nothing that is written would be found there.
    #[error(
        "{} was removed or replaced since it was opened; put it back, or restart the server to use \
         what is there now", .0.display()
    )]
    Moved(PathBuf),
    /// The file has less in it than was read from it before.
    #[error(
        "the log lost rows while it was open, as when a backup is restored; restart the server"
    )]
    CutOff,
    /// Rows after the position were deleted, as they were not to be kept for longer.
    #[error("rows that were written after the position are not kept any more")]
    HistoryLost,
    /// The snapshot is of another life of the file.
    #[error("the snapshot is of another life of the file")]
    SnapshotGone,
    /// Another process holds the lock for writing.
    #[error("another process holds the file's lock for writing, or the disk is slow")]
    Locked,
    /// A question to the file failed.
    #[error("SQLite failed to {0}{advice}", advice = advice(.1))]
    Failed(&'static str, #[source] Arc<rusqlite::Error>),
    /// What was to be done met a defect, which the log of the program has more of.
    #[error("the server could not {0} for a defect; please report what it logged")]
    Defect(&'static str),
    /// The thread that writes is gone.
    #[error(
        "nothing is written any more, for a defect; restart the server and report what it logged"
    )]
    Stopped,
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
}

impl SqliteError {
    pub(super) fn failed(act: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |error| Self::Failed(act, Arc::new(error))
    }
}

impl SourceError for SqliteError {
    fn fault(&self) -> Fault {
        match self {
            Self::SnapshotGone => Fault::SnapshotGone,
            Self::HistoryLost => Fault::HistoryLost,
            Self::Locked | Self::Ending => Fault::Unavailable,
            Self::Failed(_, error) | Self::Open(_, error) => match error.sqlite_error_code() {
                Some(code) if !words(code).is_empty() => Fault::NeedsAction,
                _ => Fault::Unavailable,
            },
            Self::Address { .. }
            | Self::Folder(..)
            | Self::Foreign(_)
            | Self::Format { .. }
            | Self::Moved(_)
            | Self::CutOff
            | Self::Defect(_)
            | Self::Stopped => Fault::NeedsAction,
        }
    }
}

fn advice(error: &rusqlite::Error) -> &'static str {
    error.sqlite_error_code().map_or("", words)
}

/// What is to be done about an error that does not pass by itself; empty for those that do.
fn words(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::DiskFull => ": the disk is full; make room on it",
        ErrorCode::ReadOnly => {
            ": the file, its folder or the disk is read-only; let the server write there"
        }
        ErrorCode::CannotOpen => {
            ": it cannot be read, or files beside it (-wal, -shm) cannot be made; let the server \
             read the file and write to its folder"
        }
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            ": the system refuses access; let the server read and write the file"
        }
        ErrorCode::NotADatabase => ": it is not an SQLite file; name another one",
        ErrorCode::DatabaseCorrupt => {
            ": the file is damaged; restore a backup, or recover it with `sqlite3 FILE .recover`"
        }
        ErrorCode::SystemIoFailure => {
            ": the disk failed, or a limit on the size of files was reached; look at the disk"
        }
        ErrorCode::FileLockingProtocolFailed | ErrorCode::NoLargeFileSupport => {
            ": the file's disk does not do what SQLite needs; use a local one"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_does_not_pass_says_what_to_do() {
        for (code, words) in [
            (ffi::SQLITE_FULL, "make room"),
            (ffi::SQLITE_READONLY, "read-only"),
            (ffi::SQLITE_CANTOPEN, "write to its folder"),
            (ffi::SQLITE_NOTADB, "not an SQLite file"),
            (ffi::SQLITE_CORRUPT, "restore a backup"),
            (ffi::SQLITE_IOERR_WRITE, "the disk failed"),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = SqliteError::failed("write")(error);
            assert_eq!(error.fault(), Fault::NeedsAction, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        let busy = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None);
        assert_eq!(SqliteError::failed("read")(busy).fault(), Fault::Unavailable);
    }
}
