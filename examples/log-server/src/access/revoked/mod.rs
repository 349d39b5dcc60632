//! What was taken back: tokens and sessions by their ids, users, or all, and who ended his session.
//!
//! [`Revoked`] answers from memory, and keeps a file so that a restart takes nothing back.

mod entries;
mod file;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::{Caller, KnownBy, Revocations};
use entries::Entries;
pub use entries::{Full, Revocation, Revoke};
pub use file::RevokedError;

/// Why something was not taken back for good.
#[derive(Debug, thiserror::Error)]
pub enum NotRevoked {
    /// There are too many already.
    #[error(transparent)]
    Full(#[from] Full),
    /// It is taken back, until the server restarts.
    #[error("it is taken back, but the next start of the server will not know that: {0}")]
    NotWritten(std::io::Error),
}

/// What was taken back. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Revoked(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    entries: RwLock<Entries>,
    changed: watch::Sender<u64>,
    file: Option<PathBuf>,
    /// Held while the file is written, with the change that it has.
    written: Mutex<u64>,
    changes: AtomicU64,
}

impl Revoked {
    /// Kept in memory alone.
    pub fn in_memory() -> Self {
        Self::with(Entries::default(), None)
    }

    /// Kept in the file, which is made when something is taken back.
    ///
    /// # Errors
    ///
    /// When there is one that cannot be read.
    pub fn open(path: &Path) -> Result<Self, RevokedError> {
        let listed = file::read(path)?;
        let entries = Entries::of(listed, Timestamp::now());
        Ok(Self::with(entries, Some(path.to_owned())))
    }

    fn with(entries: Entries, file: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            entries: RwLock::new(entries),
            changed: watch::channel(0).0,
            file,
            written: Mutex::new(0),
            changes: AtomicU64::new(0),
        }))
    }

    /// Takes something back: at once, and for good when this is done.
    ///
    /// # Errors
    ///
    /// When there are too many already, or it holds until the next start only.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), NotRevoked> {
        let added = {
            let mut entries = self.0.entries.write().unwrap_or_else(PoisonError::into_inner);
            entries.add(revocation, Timestamp::now())
        };
        added?;
        let change = self.0.changes.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.changed.send_modify(|changes| *changes = change.max(*changes));
        // It is written, whether or not who asked waits for that.
        let written = tokio::spawn(self.clone().write(change)).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(NotRevoked::NotWritten)
    }

    /// Writes the file with this change. Those that wait for each other are written together.
    async fn write(self, change: u64) -> std::io::Result<()> {
        let Some(path) = self.0.file.clone() else { return Ok(()) };
        let mut written = self.0.written.lock().await;
        if *written >= change {
            return Ok(());
        }
        let now = self.0.changes.load(Ordering::SeqCst);
        let listed = self.list();
        let done = tokio::task::spawn_blocking(move || file::write(&path, &listed)).await;
        done.map_err(std::io::Error::other)??;
        *written = now;
        Ok(())
    }

    /// All that was taken back and would still be good, the newest first.
    pub fn list(&self) -> Vec<Revocation> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.list(Timestamp::now())
    }
}

impl Revocations for Revoked {
    fn is_revoked(&self, caller: &Caller) -> bool {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        caller.known_by != KnownBy::Nothing && entries.hold(caller)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}
