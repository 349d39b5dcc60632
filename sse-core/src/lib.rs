//! Server-Sent Events without a framework: [events](Event) to bytes and back, and the machinery
//! to follow a durable log from any position without a gap and without a duplicate.

#[cfg(feature = "follow")]
pub mod follow;
mod session;
#[cfg(feature = "tokio")]
mod stream;
mod wire;

pub use session::Heartbeat;
#[cfg(feature = "tokio")]
pub use stream::{
    Begin, EventStream, EventStreamOptions, Follow, Log, LogOptions, LogPage, LogStats, PageError,
    Tail,
};
#[doc(hidden)]
pub use wire::naive;
pub use wire::{
    Event, EventId, EventType, Frame, InvalidField, Item, Items, LimitExceeded, Limits, Message,
    Parser, encode,
};
