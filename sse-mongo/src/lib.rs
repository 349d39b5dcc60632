//! Follow a MongoDB collection as a log: without a gap, without a duplicate.
//!
//! [`Mongo`] is a [`Source`](gapless_sse_core::follow::Source) for the follow machinery of `gapless-sse-core`, in
//! one of two ways, found out by asking the server:
//!
//! - **Change streams** (replica sets and sharded clusters of MongoDB 5.0 or later): changes come
//!   in the order of their commits, within milliseconds, and history is read from snapshots.
//! - **Polling** (standalone servers): reads what is older than [`Options::lateness`], exact as
//!   long as a record becomes visible within that time of its date. What does so within eleven
//!   times that is found by an audit and handed out [late](gapless_sse_core::follow::Batch::late).
//!
//! An audit takes the turn of a poll each three times the lateness, and reads from the index alone
//! the keys of the last thirteen times; so new records wait an interval longer for it, and each key
//! is read about four times more. It begins when the tail does: what was there by then is history.
//!
//! Records are deserialised with serde ([`Mongo::new`], [`Mongo::connect`]), decoded by a function
//! of one's own ([`Mongo::decode_with`]), or shown as they are ([`JsonRecord`]).
#![cfg_attr(docsrs, feature(doc_cfg))]

mod changes;
mod history;
mod json_record;
mod mongo;
mod options;
mod polling;
mod position;
mod records;
mod server;
mod source;
mod store;
mod topic;
mod value;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The driver, and the version of `bson` that it has here.
pub use mongodb::{self, bson};

pub use changes::Changes;
pub use history::search::{Narrow, Narrowing};
pub use json_record::JsonRecord;
pub use mongo::Mongo;
pub use options::{Effort, Fields, Mode, Options};
pub use position::commit::Position;
pub use position::key::Key;
pub use server::act::Act;
pub use server::error::Error;
pub use server::stats::{QueryTimes, Stats, TailStats};
pub use value::json;
