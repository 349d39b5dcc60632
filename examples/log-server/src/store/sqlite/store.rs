//! The store itself: the file, its one writer, and the places to read it.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::error::SqliteError;
use super::identity::Identity;
use super::keep::Keep;
use super::lives::Lives;
use super::places::Places;
use super::writer::Writer;
use super::{address, file};
use crate::access::RowFields;
use crate::search::Effort;

/// A log in an SQLite file.
///
/// The position of a row is its `seq`, an `AUTOINCREMENT` key, and the life of the file that gave
/// it out: SQLite has one writer at a time, so rows become visible in its order, and `seq ≤ P` is a
/// snapshot that never expires.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pub(super) inner: Arc<Inner>,
    pub(super) effort: Effort,
    /// What rules on rows may be about.
    pub(super) fields: RowFields,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) identity: Arc<Identity>,
    pub(super) epoch: u32,
    secret: Vec<u8>,
    pub(super) writer: Writer,
    pub(super) places: Places,
    /// What this process has written or found, to wake those who wait for more.
    pub(super) known: watch::Sender<Lives>,
}

impl SqliteStore {
    /// Opens the log in the file that `address` names, or makes it.
    ///
    /// # Errors
    ///
    /// When the address names no file, when the file cannot be made, opened and written, or when it
    /// is not a log.
    pub fn open(address: impl AsRef<Path>) -> Result<Self, SqliteError> {
        Self::ruled_by(address, RowFields::default())
    }

    /// Opens the log, of whose rows rules may look at these fields, and makes an index for each.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn ruled_by(address: impl AsRef<Path>, fields: RowFields) -> Result<Self, SqliteError> {
        Self::keeping(address, fields, Keep::default())
    }

    /// Opens the log, of which only so much is kept.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn keeping(
        address: impl AsRef<Path>,
        fields: RowFields,
        keep: Keep,
    ) -> Result<Self, SqliteError> {
        let path = address::file(address.as_ref())?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| SqliteError::Folder(folder.to_owned(), Arc::new(error)))?;
        }
        let file::Opened { writer, epoch, secret, lives } = file::open(&path, &fields)?;
        let identity = Arc::new(Identity::of(&path)?);
        let known = watch::Sender::new(lives);
        let inner = Inner {
            epoch,
            secret,
            writer: Writer::start(writer, Arc::clone(&identity), known.clone(), keep)?,
            places: Places::new(&identity),
            identity,
            known,
        };
        Ok(Self { inner: Arc::new(inner), effort: Effort::default(), fields })
    }

    /// The same log, which looks at so much for a page of a search.
    pub fn searching(self, effort: Effort) -> Self {
        Self { effort, ..self }
    }

    /// The file's own secret for sealing positions, random and made with the file.
    pub fn secret(&self) -> &[u8] {
        &self.inner.secret
    }
}
