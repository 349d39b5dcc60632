//! Follow a MongoDB collection as a log: without a gap, without a duplicate.
//!
//! [`Mongo`] is a [`Source`](gapless_sse_core::follow::Source) for `gapless-sse-core`: a `Log` over
//! it streams the records of each topic, from history on or from wherever a client has stopped.
//!
//! ```no_run
//! # async fn example() -> Result<(), gapless_sse_mongo::Error> {
//! use gapless_sse_core::follow::Seal;
//! use gapless_sse_core::{Log, LogOptions};
//! use gapless_sse_mongo::{JsonRecord, Mongo, Options};
//!
//! let options = Options::topic("tenant", "shop").date("created_at");
//! let uri = "mongodb://127.0.0.1:27017/shop";
//! let orders: Mongo<JsonRecord> = Mongo::connect(uri, "orders", options).await?;
//! let log = Log::spawn(orders, Seal::new(b"a secret"), LogOptions::default());
//! # Ok(())
//! # }
//! ```
//!
//! A record is anything that serde can deserialise ([`Mongo::new`], [`Mongo::connect`]) or a
//! function makes of its BSON ([`Mongo::decode_with`]). A [`JsonRecord`] shows it as it is.
//!
//! # Change streams and polling
//!
//! Which of the two is used depends on the server, unless [`Options::mode`] says otherwise:
//!
//! - **Change streams** (replica sets and sharded clusters of MongoDB 5.0 or later): changes come
//!   in the order of their commits, within milliseconds, and history is read from snapshots.
//! - **Polling** (standalone servers): records are read once they are older than
//!   [`Options::lateness`]. Each is delivered exactly once if it becomes visible within that time
//!   of its date. Up to eleven times as long, an audit finds it, and it is delivered
//!   [late](gapless_sse_core::follow::Batch::late).
//!
//! An audit replaces a poll every three times the lateness, and reads the keys of the last thirteen
//! times the lateness from the index. So new records wait an interval longer then, and each key is
//! read about four times more. Audits begin with the tail: what was there before is history.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout)]

mod change_stream;
mod changes;
mod dates;
mod fields;
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
mod writing;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The driver that this crate is built with, and its `bson`.
pub use mongodb::{self, bson};

pub use changes::Changes;
pub use dates::Dates;
pub use fields::{Fields, Named};
pub use history::grouping::Groups;
pub use history::narrowing::Narrowing;
pub use history::search::Narrow;
pub use json_record::JsonRecord;
pub use mongo::Mongo;
pub use options::{Effort, Indexes, Mode, Options};
pub use position::commit::Position;
pub use position::key::Key;
pub use server::error::Error;
pub use server::odd_values::OddValue;
pub use server::operation::Operation;
pub use server::stats::{QueryTimes, Stats, TailStats};
pub use value::json;
