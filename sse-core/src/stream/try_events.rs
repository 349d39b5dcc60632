//! A stream that can fail, whose error becomes its last event.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::item::{BoxError, IntoEncoded};
use crate::wire::{Encoded, Event};

/// Turns the error of a stream into its last event, so that the client is told in words.
///
/// Without this, an error ends the response normally, and only
/// [`on_close`](crate::EventStream::on_close) sees it.
///
/// An `EventSource` reconnects after this event, as after every end of a response: have the page
/// call `source.close()` when it comes, and when a job says that it is done.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use gapless_sse_core::{Event, EventStream, EventType, try_events};
///
/// const FAILED: EventType = EventType::from_static("failed");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tokens = stream::iter([Ok("to"), Ok("ken"), Err("the model is overloaded"), Ok("lost")]);
/// let tokens = try_events(tokens, |error: &str| Event::new(error).event_type(FAILED));
/// let mut body = EventStream::new(tokens).retry(None);
/// assert_eq!(
///     body.next().await.unwrap().unwrap(),
///     ": \n\ndata: to\n\ndata: ken\n\nevent: failed\ndata: the model is overloaded\n\n"
/// );
/// assert!(body.next().await.is_none());
/// # }
/// ```
pub fn try_events<S, T, E, F>(events: S, last: F) -> TryEvents<S, F>
where
    S: Stream<Item = Result<T, E>>,
    T: IntoEncoded,
    F: FnOnce(E) -> Event<'static>,
{
    TryEvents { events, last: Some(last) }
}

pin_project! {
    /// The stream that [`try_events`] makes.
    #[derive(Debug)]
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct TryEvents<S, F> {
        #[pin]
        events: S,
        // `None` once an error was told.
        last: Option<F>,
    }
}

impl<S, T, E, F> Stream for TryEvents<S, F>
where
    S: Stream<Item = Result<T, E>>,
    T: IntoEncoded,
    F: FnOnce(E) -> Event<'static>,
{
    type Item = Result<Encoded, BoxError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if this.last.is_none() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(this.events.poll_next(cx)) {
            Some(Ok(event)) => Some(event.into_encoded()),
            Some(Err(error)) => this.last.take().map(|last| Ok(last(error).into())),
            None => None,
        })
    }
}
