//! Whether the file that is open is still the one that others find.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::error::SqliteError;

/// The file that was opened, told from others that come to its place.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    file: Which,
}

#[cfg(unix)]
type Which = (u64, u64);

#[cfg(not(unix))]
type Which = ();

impl Identity {
    /// That of the file in `path` now.
    pub(super) fn of(path: &Path) -> Result<Self, SqliteError> {
        let found = std::fs::metadata(path).map_err(|_| SqliteError::Moved(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), file: which(&found) })
    }

    /// Looks whether the file is still in its place.
    ///
    /// # Errors
    ///
    /// [`SqliteError::Moved`] when it is not, or cannot be reached.
    pub(super) fn check(&self) -> Result<(), SqliteError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if which(&found) == self.file => Ok(()),
            _ => Err(SqliteError::Moved(self.path.clone())),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn which(found: &Metadata) -> Which {
    use std::os::unix::fs::MetadataExt;

    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn which(_: &Metadata) -> Which {}
