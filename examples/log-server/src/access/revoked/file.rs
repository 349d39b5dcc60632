//! The file of what was taken back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::RevokedError;
use super::entries::Revocation;

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
