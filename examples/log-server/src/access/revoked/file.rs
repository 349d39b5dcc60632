//! The file of what was taken back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::entries::Revocation;

/// Why a file of revocations is not used.
#[derive(Debug, thiserror::Error)]
pub enum RevokedError {
    /// It cannot be read.
    #[error(
        "cannot read the revocations in {0}; without them, what was taken back would be taken again"
    )]
    Read(PathBuf, #[source] io::Error),
    /// It holds something else.
    #[error(
        "{0} holds no revocations; put back what was there, or remove it if nothing was taken back"
    )]
    Garbled(PathBuf, #[source] serde_json::Error),
}

/// What the file says; nothing, if there is none.
pub(super) fn read(path: &Path) -> Result<Vec<Revocation>, RevokedError> {
    match fs::read(path) {
        Ok(json) => {
            serde_json::from_slice(&json).map_err(|error| RevokedError::Garbled(path.into(), error))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(RevokedError::Read(path.into(), error)),
    }
}

/// Puts another file in its place, all of it or none, synced to the disk.
pub(super) fn write(path: &Path, listed: &[Revocation]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut other = path.as_os_str().to_owned();
    other.push(".new");
    let mut file = File::create(&other)?;
    file.write_all(&serde_json::to_vec(listed)?)?;
    file.sync_all()?;
    fs::rename(&other, path)?;
    // On others than Unix a folder cannot be opened.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
