//! How connections are served.

use std::time::Duration;

/// A limit is added to the present time, which overflows for [`Duration::MAX`].
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The limits of [`serve`](crate::serve()), each with a default that fits long-lived streams.
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
    ///
    /// Over HTTP/1.1, it is also how long a client that has said that it sends no more may be
    /// written nothing, once its response has begun.
    pub stall_limit: Duration,
    /// How long a client may take to begin, and then to send the head of a request; 30 s by default.
    pub header_read_limit: Duration,
    /// How long a client may take for each 4 KiB of a request's body, or what is left of it, while
    /// the service waits for them; 10 s by default. A [`RequestBody`](crate::RequestBody) that
    /// takes longer fails, and the service's answer to that is sent as 408 (request timeout).
    pub body_read_limit: Duration,
    /// How long a connection may be idle between two requests; 75 s by default, which is
    /// longer than the 60 s for which load balancers keep theirs, so that they do not ask on one
    /// that is being closed.
    pub idle_limit: Duration,
    /// How long responses may go on after the shutdown began, before their connections are
    /// dropped; 5 s by default. A stream that ends itself on shutdown ends cleanly.
    pub drain_limit: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            stall_limit: Duration::from_secs(30),
            header_read_limit: Duration::from_secs(30),
            body_read_limit: Duration::from_secs(10),
            idle_limit: Duration::from_secs(75),
            drain_limit: Duration::from_secs(5),
        }
    }
}
