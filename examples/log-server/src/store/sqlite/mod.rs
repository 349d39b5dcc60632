//! The embedded store: one SQLite file, for a single machine.

mod changes;
mod coordinates;
mod database;
mod error;
mod file;
mod history;
mod source;
mod store;

pub use error::SqliteError;
pub use store::SqliteStore;
