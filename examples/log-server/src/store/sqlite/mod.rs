//! The embedded store: one SQLite file, for a single machine.
//!
//! A row is in `log`, and everything else that is known of it is found by its `seq`: the id that its
//! writer gave it in `ids`, and, up to [where that has come](indexed), its entries in `kinds`, `words`
//! and `made`. Whoever deletes rows deletes the lowest `seq` first and, in the same transaction, their
//! entries: from `kinds` by the whole key, which the row says, from `words` by `rowid`, from `made` by
//! the id. What is not indexed yet has no entries, and is passed over when its turn comes.

mod address;
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
mod kinds;
mod lists;
mod lives;
mod merged;
mod places;
mod request;
mod rows;
mod ruled;
mod source;
mod store;
mod tally;
mod walk;

#[cfg(test)]
mod looked_up;
mod writer;

pub use error::SqliteError;
pub use store::SqliteStore;
