//! How a stream shows that it is alive while it has nothing to say.

use std::time::Duration;

use crate::session::Heartbeat;
use crate::wire::{Encoded, Event};

/// The heartbeat of an [`EventStream`](crate::EventStream): what it writes after how much silence.
///
/// Proxies end connections that are silent for long, and without a heartbeat neither side notices
/// that the other has gone. The default is an empty comment after 25 s.
///
/// ```
/// use std::time::Duration;
/// use gapless_sse_core::{EventStream, KeepAlive};
/// # use futures_util::stream;
///
/// let keep_alive = KeepAlive::new().interval(Duration::from_secs(10)).text("still here");
/// let body = EventStream::new(stream::pending::<String>()).keep_alive(keep_alive);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    pub(super) interval: Duration,
    /// An empty comment if it is nothing.
    pub(super) says: Option<Encoded>,
}

impl KeepAlive {
    /// An empty comment after 25 s of silence.
    pub fn new() -> Self {
        Self { interval: Heartbeat::DEFAULT_INTERVAL, says: None }
    }

    /// Sets how long the stream is silent before a heartbeat is written.
    pub fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Writes a comment with `text`, which no client shows.
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.event(Event::empty().comment(text.as_ref()))
    }

    /// Writes `event`. With data, it reaches the client's listeners: a browser tells a page nothing
    /// of comments.
    pub fn event(self, event: Event<'_>) -> Self {
        Self { says: Some(event.into()), ..self }
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self::new()
    }
}
