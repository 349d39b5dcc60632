//! How connections are served.

use std::time::Duration;

/// The limits of [`serve`](crate::serve), each with a default that fits long-lived streams.
///
/// ```
/// use std::time::Duration;
/// use gapless_sse_hyper::ServeOptions;
///
/// let options =
///     ServeOptions { stall_limit: Duration::from_secs(10), ..ServeOptions::default() };
/// assert_eq!(options.drain_limit, Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// How long a connection may make no progress, while something waits to be sent, before it is
    /// ended; 30 s by default. Over HTTP/1.1 the socket tells; over HTTP/2 the windows of all its
    /// streams together do too, and the time that it takes to answer a ping, sent after being
    /// idle for as long.
    pub stall_limit: Duration,
    /// How long a client may take to begin, and then to send the head of a request; 30 s by default.
    /// It also ends HTTP/1.1 connections kept open for so long without
    /// a request.
    pub header_read_limit: Duration,
    /// How long responses may go on after the shutdown began, before their connections are
    /// dropped; 5 s by default. A stream that ends itself on shutdown ends cleanly.
    pub drain_limit: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            stall_limit: Duration::from_secs(30),
            header_read_limit: Duration::from_secs(30),
            drain_limit: Duration::from_secs(5),
        }
    }
}
