//! Streams of bytes for HTTP bodies, driven by tokio's timer.

mod backoff;
mod channel;
mod close;
mod events;
mod feed;
mod follow;
mod lane;
mod log;
mod notice;
mod outbox;
mod pulse;
mod tail;

pub use channel::{Channel, ChannelChanges, Gone, Nth};
pub use close::{CloseReason, Closed};
pub use events::{EventStream, EventStreamOptions};
pub use feed::Feed;
pub use follow::Follow;
pub use log::{Begin, Log, LogOptions, LogPage, LogStats, PageError};
pub use tail::Tail;
