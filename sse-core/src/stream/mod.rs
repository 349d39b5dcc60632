//! Streams of bytes for HTTP bodies, driven by tokio's timer.

mod append_only;
mod availability;
mod backoff;
mod catch_up;
mod channel;
mod close;
mod driver;
mod encoding;
mod events;
mod feed;
mod follow;
mod idle_timer;
mod inner;
mod log;
mod notice;
mod options;
mod outbox;
mod question;
mod stats;
mod tail;
mod topics;

pub use append_only::{AppendOnly, AppendOnlyChanges, AppendOnlyStore, Row, RowQuery, Unavailable};
pub use channel::{Channel, ChannelChanges, ChannelLagged, Keep, Sequence};
pub use close::{CloseReason, Closed};
pub use driver::LogDriver;
pub use events::{EventStream, EventStreamOptions};
pub use feed::Feed;
pub use follow::Follow;
pub use inner::LogState;
pub use log::{Log, LogPage, PageError};
pub use options::{FollowOptions, LogOptions};
pub use stats::LogStats;
pub use tail::TailEvent;
pub use topics::Topics;
