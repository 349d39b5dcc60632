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
pub(crate) mod random;
mod stop;
mod try_events;

pub use close::{CloseReason, Closed};
pub use events::EventStream;
pub use feed::Feed;
pub use item::{BoxError, IntoEncoded};
pub use keep_alive::KeepAlive;
pub use try_events::{TryEvents, try_events};
