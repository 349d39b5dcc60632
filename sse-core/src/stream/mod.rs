//! Streams of bytes for HTTP bodies, driven by tokio's timer.

#[cfg(feature = "http-body")]
mod body;
mod close;
mod deadlines;
mod events;
mod feed;
mod idle_timer;
mod item;
mod keep_alive;
mod moment;
mod random;
mod try_events;

#[cfg(feature = "follow")]
mod availability;
#[cfg(feature = "follow")]
mod backoff;
#[cfg(feature = "follow")]
mod catch_up;
#[cfg(feature = "follow")]
mod channel;
#[cfg(feature = "follow")]
mod driver;
#[cfg(feature = "follow")]
mod encoding;
#[cfg(feature = "follow")]
mod follow;
#[cfg(feature = "follow")]
mod inner;
#[cfg(feature = "follow")]
mod log;
#[cfg(feature = "follow")]
mod notice;
#[cfg(feature = "follow")]
mod options;
#[cfg(feature = "follow")]
mod outbox;
#[cfg(feature = "follow")]
mod question;
#[cfg(feature = "follow")]
mod stats;
#[cfg(feature = "follow")]
mod tail;
#[cfg(feature = "follow")]
mod topics;

pub use close::{CloseReason, Closed};
pub use events::EventStream;
pub use feed::Feed;
pub use item::{BoxError, IntoEncoded};
pub use keep_alive::KeepAlive;
pub use try_events::{TryEvents, try_events};

#[cfg(feature = "follow")]
pub use channel::{Channel, ChannelChanges, ChannelLagged, Keep, Sequence};
#[cfg(feature = "follow")]
pub use driver::LogDriver;
#[cfg(feature = "follow")]
pub use follow::Follow;
#[cfg(feature = "follow")]
pub use inner::LogState;
#[cfg(feature = "follow")]
pub use log::{Log, LogPage, PageError};
#[cfg(feature = "follow")]
pub use options::{FollowOptions, LogOptions};
#[cfg(feature = "follow")]
pub use stats::LogStats;
#[cfg(feature = "follow")]
pub use tail::TailEvent;
#[cfg(feature = "follow")]
pub use topics::Topics;
