//! Streams of bytes for HTTP bodies, driven by tokio's timer.

mod backoff;
mod channel;
mod close;
mod events;
mod feed;
mod follow;
mod idle_timer;
mod lane;
mod log;
mod notice;
mod outbox;
mod tail;

pub use channel::{Channel, ChannelChanges, ChannelLagged, Sequence};
pub use close::{CloseReason, Closed};
pub use events::{EventStream, EventStreamOptions};
pub use feed::Feed;
pub use follow::Follow;
pub use log::{FollowOptions, Log, LogOptions, LogPage, LogStats, PageError};
pub use tail::TailEvent;
