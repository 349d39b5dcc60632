//! What may go wrong with a database, done to real servers, while writers write and clients
//! follow; and an oracle that compares the final collection with what each client was given.
//!
//! Each [scenario](scenarios) is one function of a seed. It fails by panicking, with the seed and
//! what was lost, doubled or made up. `tests/` runs each in its short form; the binary, which
//! `cargo xtask soak` starts, goes on with further seeds.
//!
//! Nothing here drops a duplicate: a client keeps whatever it is sent, and clears it when it is
//! told `reset` and at no other time.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "it is all test: it fails so")]

mod client;
mod crowd;
mod deadline;
mod deployment;
mod fleet;
mod habit;
mod oracle;
mod row;
mod run;
pub mod scenarios;
mod writers;

pub use deadline::within_deadline;
