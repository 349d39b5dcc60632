//! What a stream carries.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::wire::Encoded;

/// What an [`EventStream`](crate::EventStream) carries: events in order, and what to say when there
/// were none for a while.
///
/// Every [`Stream`] of events is one, and so is [`Follow`](crate::Follow), which says how far the
/// log is. It leaves time to the stream that carries it, so that a stream has one clock and one
/// timer.
///
/// ```
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use std::time::Duration;
///
/// use futures_util::StreamExt;
/// use gapless_sse_core::{Event, EventStream, EventStreamOptions, Feed, Encoded};
///
/// struct Quiet;
///
/// impl Feed for Quiet {
///     fn poll_events(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Encoded>> {
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
/// let options =
///     EventStreamOptions { heartbeat: Duration::from_millis(5), ..EventStreamOptions::default() };
/// let mut body = EventStream::new(Quiet, options);
/// assert_eq!(body.next().await.unwrap().unwrap(), "retry: 1000\n\n");
/// assert_eq!(body.next().await.unwrap().unwrap(), "data: nothing yet\n\n");
/// # }
/// ```
pub trait Feed {
    /// The next events, or the end.
    fn poll_events(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Encoded>>;

    /// It is carried by a stream with this heartbeat.
    fn begin(&mut self, heartbeat: Duration) {
        let _ = heartbeat;
    }

    /// What a heartbeat is to say; a comment if it is nothing.
    fn heartbeat(self: Pin<&mut Self>) -> Option<Encoded> {
        None
    }
}

impl<S: Stream<Item: Into<Encoded>>> Feed for S {
    fn poll_events(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Encoded>> {
        self.poll_next(cx).map(|event| event.map(Into::into))
    }
}
