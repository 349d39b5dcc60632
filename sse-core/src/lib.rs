//! Server-Sent Events without a framework: [events](Event) to bytes and back, and the machinery
//! to [follow a durable log](follow) from any position without a gap and without a duplicate.
//!
//! It holds no socket and no task, and knows no web framework. Writing:
//!
//! ```
//! use gapless_sse_core::{Encoded, Event};
//!
//! let done = Event::new("all 212,000 rows")
//!     .event("done")?
//!     .id(41)?;
//! let frame = Encoded::from(&done); // encoded once; a clone is a reference
//! assert_eq!(frame.as_ref(), b"event: done\nid: 41\ndata: all 212,000 rows\n\n");
//! # Ok::<(), gapless_sse_core::InvalidField>(())
//! ```
//!
//! Reading, in chunks as they come from wherever:
//!
//! ```
//! use gapless_sse_core::{Item, Parser};
//!
//! let mut parser = Parser::new();
//! let mut items = parser.push(b"event: done\nid: 41\ndata: all 212,000 rows\n\n");
//! while let Some(item) = items.next()? {
//!     if let Item::Event(event) = item {
//!         assert_eq!((event.event_type, event.last_event_id), ("done", "41"));
//!     }
//! }
//! # Ok::<(), gapless_sse_core::LimitExceeded>(())
//! ```
//!
//! Following: implement [`follow::Source`] for a log, or take one that is there (`gapless-sse-mongo`, or
//! `Channel`, whose log is in memory). Make a `Log` of it (feature `tokio`), spawn its `run`, and
//! give each client an `EventStream` of its `follow`. Adapters (`gapless-sse-axum`, `gapless-sse-warp`) turn that
//! into a response.
//!
//! # Features
//!
//! Without any feature the crate is the wire alone, on `bytes` and `memchr`.
//!
//! - `follow` (default): positions, hub, ring and machine.
//! - `json`: events whose data is a value serialised as JSON.
//! - `simdutf8` (default): text is checked by the crate of that name, which is fast for long text.
//! - `stream`: `Incoming`, which reads the events of a stream of chunks.
//! - `http-body`: `EventStream` is the body of a response.
//! - `tokio`: `EventStream`, driven by tokio's timer; with `follow`, also `Log` and `Follow`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "follow")]
pub mod follow;
mod session;
#[cfg(feature = "tokio")]
mod stream;
mod wire;

pub use session::{
    Admission, AdmissionLimits, AdmissionStats, Heartbeat, Lifetime, Permit, Refused,
};
#[cfg(feature = "tokio")]
pub use stream::{
    BoxError, CloseReason, Closed, EventStream, Feed, IntoEncoded, KeepAlive, TryEvents, try_events,
};
#[cfg(all(feature = "tokio", feature = "follow"))]
pub use stream::{
    Channel, ChannelChanges, ChannelLagged, Follow, FollowOptions, Keep, Log, LogDriver,
    LogOptions, LogPage, LogState, LogStats, PageError, Sequence, TailEvent, Topics,
};
#[cfg(feature = "json")]
pub use wire::encode_json;
#[doc(hidden)]
pub use wire::naive;
pub use wire::{
    Encoded, Event, EventId, EventIdRef, EventType, Fields, InvalidField, Item, Items,
    LimitExceeded, Limits, Message, Parser, encode,
};
#[cfg(feature = "stream")]
pub use wire::{Incoming, IncomingError, Received, ReceivedEvent};
