//! What a stream carries.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::item::{BoxError, IntoEncoded};
use crate::wire::Encoded;

/// What an [`EventStream`](crate::EventStream) carries: events in order, and what a heartbeat says.
///
/// Every [`Stream`] whose items are [`IntoEncoded`] is a feed. Implement this trait for a source
/// that has something of its own to say when it was idle; it leaves time to the stream that carries
/// it, so that a stream has one clock.
///
/// ```
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use std::time::Duration;
///
/// use futures_util::StreamExt;
/// use gapless_sse_core::{BoxError, Encoded, Event, EventStream, Feed};
///
/// struct Quiet;
///
/// impl Feed for Quiet {
///     fn poll_events(
///         self: Pin<&mut Self>,
///         _: &mut Context<'_>,
///     ) -> Poll<Option<Result<Encoded, BoxError>>> {
///         Poll::Pending
///     }
///
///     fn heartbeat(self: Pin<&mut Self>) -> Option<Encoded> {
///         Some(Event::new("nothing yet").into())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut body = EventStream::new(Quiet).heartbeat(Duration::from_millis(5));
/// assert_eq!(body.next().await.unwrap().unwrap(), "retry: 1000\n\n");
/// assert_eq!(body.next().await.unwrap().unwrap(), "data: nothing yet\n\n");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stream of events",
    label = "not a stream of events",
    note = "hand over a `Stream` that yields `Event`, `Encoded`, `String` or `&str`, or a `Result` \
            of one of them whose error converts into `Box<dyn Error + Send + Sync>` (`try_events` \
            takes any other); a stream of bytes that are encoded already goes to `Sse::from_bytes` \
            (axum) or `reply_bytes` (warp); a receiver of a channel becomes a stream by \
            `futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx))`"
)]
pub trait Feed {
    /// The next event, or several in one piece; an error, after which the feed is not polled again;
    /// or the end.
    fn poll_events(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>>;

    /// Called once, before anything else, with the interval of the stream's heartbeat, or `None`
    /// when it has none.
    fn begin(self: Pin<&mut Self>, heartbeat: Option<Duration>) {
        let _ = heartbeat;
    }

    /// What a heartbeat says, instead of the comment that it is otherwise.
    fn heartbeat(self: Pin<&mut Self>) -> Option<Encoded> {
        None
    }

    /// Whether a client that reconnects with its last event ID misses nothing. Then the stream has
    /// a lifetime by default.
    fn resumes(&self) -> bool {
        false
    }
}

impl<S: Stream<Item: IntoEncoded>> Feed for S {
    fn poll_events(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>> {
        self.poll_next(cx).map(|event| event.map(IntoEncoded::into_encoded))
    }
}
