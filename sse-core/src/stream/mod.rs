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
mod backoff;
#[cfg(feature = "follow")]
mod channel;
#[cfg(feature = "follow")]
mod follow;
#[cfg(feature = "follow")]
mod lane;
#[cfg(feature = "follow")]
mod log;
#[cfg(feature = "follow")]
mod notice;
#[cfg(feature = "follow")]
mod outbox;
#[cfg(feature = "follow")]
mod tail;

pub use close::{CloseReason, Closed};
pub use events::EventStream;
pub use feed::Feed;
pub use item::{BoxError, IntoEncoded};
pub use keep_alive::KeepAlive;
pub use try_events::{TryEvents, try_events};

#[cfg(feature = "follow")]
pub use channel::{Channel, ChannelChanges, ChannelLagged, Sequence};
#[cfg(feature = "follow")]
pub use follow::Follow;
#[cfg(feature = "follow")]
pub use log::{FollowOptions, Log, LogOptions, LogPage, LogStats, PageError};
#[cfg(feature = "follow")]
pub use tail::TailEvent;
