//! Why the SQLite file could not be used.

use std::path::PathBuf;

use gapless_sse_core::follow::{Fault, SourceError};

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
