//! `log-server backup FILE`: copies the SQLite file while servers use it.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::cli::StoreAddress;
use crate::store::{BackupError, Progress, backup};

/// Why nothing was backed up.
#[derive(Debug, thiserror::Error)]
pub enum NotBackedUp {
    /// The rows are not in a file.
    #[error("only SQLite files are backed up here; for MongoDB there is mongodump")]
    Mongo,
    /// The copy failed.
    #[error(transparent)]
    Failed(#[from] BackupError),
}

/// Copies the file of this store to a new one, and says how far it is on standard error; answers what
/// there is to say in the end.
///
/// # Errors
///
/// When it is no file, or could not be copied.
pub fn run(store: &StoreAddress, to: &Path) -> Result<String, NotBackedUp> {
    let StoreAddress::Sqlite(path) = store else { return Err(NotBackedUp::Mongo) };
    let mut shown = 0;
    let seen = std::io::stderr().is_terminal();
    let backed_up = backup(path, to, |Progress { done, all }| {
        let percent = 100 * i64::from(done) / i64::from(all.max(1));
        if seen && percent > shown {
            shown = percent;
            // Who does not see it misses nothing.
            let _ = write!(std::io::stderr(), "\r{percent} %");
        }
    });
    if seen && shown > 0 {
        let _ = writeln!(std::io::stderr());
    }
    let backed_up = backed_up?;
    let (mib, last) = (backed_up.bytes.div_ceil(1 << 20), backed_up.last);
    Ok(format!("{} has all up to row {last}: {mib} MiB, found whole", to.display()))
}
