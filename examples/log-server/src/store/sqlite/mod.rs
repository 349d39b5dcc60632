//! The embedded store: one SQLite file, for a single machine.
//!
//! A row is in `log`, and everything else that is known of it is found by its `seq`: the id that its
//! writer gave it in `ids`, and, up to [where that has come](indexed), its entries in `kinds`, `words`
//! and `made`. What is deleted goes
//! [with all of it](remove); what is not indexed yet has no entries.

mod address;
mod backup;
mod candidates;
mod changes;
mod coordinates;
mod error;
mod file;
mod find;
mod folded;
mod history;
mod identity;
mod indexed;
mod insert;
mod keep;
mod kinds;
mod lists;
mod lives;
mod merged;
mod places;
mod remove;
mod request;
mod rows;
mod ruled;
mod source;
mod store;
mod tally;
mod walk;
mod writer;

#[cfg(test)]
mod looked_up;

pub use backup::{BackedUp, BackupError, Progress, backup};
pub use error::SqliteError;
pub use keep::{InvalidBytes, Keep, parse_bytes};
pub use store::SqliteStore;
