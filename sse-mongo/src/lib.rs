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
//! [`json::row`] turns a stored record into the JSON that clients are shown, straight from its
//! BSON.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod audit;
mod bson_order;
mod changes;
mod date;
mod error;
mod find;
mod history;
mod index;
pub mod json;
mod key;
mod mongo;
mod number;
mod options;
mod poll;
mod position;
mod privilege;
mod probe;
mod scan;
mod search;
mod source;
mod stats;
mod store;
mod topic;
mod turns;
mod varint;
mod watch;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use changes::Changes;
pub use error::{Act, Error};
pub use key::Key;
pub use mongo::Mongo;
pub use options::{Fields, Mode, Options};
pub use position::Position;
pub use search::{Effort, Narrow, Narrowing};
pub use stats::{QueryTimes, Stats, TailStats};
