//! The embedded store: one SQLite file, for a single machine.

mod address;
mod backup;
mod changes;
mod coordinates;
mod error;
mod file;
mod history;
mod identity;
mod insert;
mod keep;
mod lists;
mod lives;
mod places;
mod remove;
mod request;
mod rows;
mod ruled;
mod source;
mod store;
mod writer;

pub use backup::{BackedUp, BackupError, Progress, backup};
pub use error::SqliteError;
pub use keep::{InvalidBytes, Keep, parse_bytes};
pub use store::SqliteStore;
