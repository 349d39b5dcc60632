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
//! Following (feature `tokio`): `Topics` are published to and followed, in memory. For a log of
//! one's own, implement `AppendOnlyStore` or [`follow::Source`], or take a source that is there
//! (`gapless-sse-mongo`). `Log::spawn` follows it, and an `EventStream` of `Log::follow` is for one
//! client. Adapters (`gapless-sse-axum`, `gapless-sse-warp`) make a response of that.
//!
//! # Features
//!
//! Without any feature the crate is the wire alone, on `bytes` and `memchr`.
//!
//! - `follow` (default): positions, hub, ring and machine.
//! - `json`: events whose data is a value serialised as JSON.
//! - `simdutf8` (default): text is checked by the crate of that name, which is fast for long text.
//! - `stream`: `EventReader`, which reads the events of a stream of chunks.
//! - `http-body`: `EventStream` is the body of a response.
//! - `tokio`: `EventStream`, driven by tokio's timer; with `follow`, also `Log` and `Follow`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout)]

#[cfg(feature = "follow")]
pub mod follow;
#[cfg(all(feature = "tokio", feature = "follow"))]
mod logs;
mod session;
#[cfg(feature = "tokio")]
mod stream;
mod wire;

#[cfg(all(feature = "tokio", feature = "follow"))]
pub use logs::{
    AppendOnly, AppendOnlyChanges, AppendOnlyStore, Channel, ChannelChanges, ChannelLagged, Follow,
    FollowOptions, HeldBytes, InvalidLogs, Keep, Log, LogAround, LogDriver, LogEvent, LogFailure,
    LogOptions, LogPage, LogReader, LogState, LogStats, MergedFollow, MergedLog, PageError, Row,
    RowQuery, RowsOf, Sequence, TailFailure, Topics, Unavailable,
};
pub use session::{
    Admission, AdmissionLimits, AdmissionStats, Heartbeat, Lifetime, Permit, Refused,
};
#[cfg(feature = "tokio")]
pub use stream::{
    BoxError, CloseReason, Closed, EventStream, Feed, IntoEncoded, KeepAlive, TryEvents, try_events,
};
#[cfg(feature = "json")]
pub use wire::encode_json;
#[cfg(feature = "oracle")]
#[doc(hidden)]
pub use wire::naive;
pub use wire::{
    Encoded, Event, EventId, EventIdRef, EventType, Fields, InvalidField, Item, Items,
    LimitExceeded, Limits, Message, Parser, encode,
};
#[cfg(feature = "stream")]
pub use wire::{EventReader, ReadError, Received, ReceivedEvent};
