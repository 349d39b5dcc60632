//! The embedded store: one SQLite file, for a single machine.

mod address;
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

pub use error::SqliteError;
pub use keep::{InvalidBytes, Keep, parse_bytes};
pub use store::SqliteStore;
