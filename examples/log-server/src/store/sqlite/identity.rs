//! Whether the file that is open is still the one that others find.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::error::SqliteError;

/// The file that was opened and its log of what was written last, told from others that come to
/// their places.
#[derive(Debug)]
pub(super) struct Identity {
    files: [(PathBuf, Which); 2],
}

#[cfg(unix)]
type Which = (u64, u64);

#[cfg(not(unix))]
type Which = ();

impl Identity {
    /// That of the file in `path` now.
    pub(super) fn of(path: &Path) -> Result<Self, SqliteError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let known = |path: PathBuf| match std::fs::metadata(&path) {
            Ok(found) => Ok((path, which(&found))),
            Err(_) => Err(SqliteError::Moved(path)),
        };
        Ok(Self { files: [known(path.to_owned())?, known(log.into())?] })
    }

    /// Looks whether the files are still in their places.
    ///
    /// # Errors
    ///
    /// [`SqliteError::Moved`] when one is not, or cannot be reached.
    pub(super) fn check(&self) -> Result<(), SqliteError> {
        for (path, known) in &self.files {
            match std::fs::metadata(path) {
                Ok(found) if which(&found) == *known => {}
                _ => return Err(SqliteError::Moved(path.clone())),
            }
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.files[0].0
    }
}

#[cfg(unix)]
fn which(found: &Metadata) -> Which {
    use std::os::unix::fs::MetadataExt;

    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn which(_: &Metadata) -> Which {}
