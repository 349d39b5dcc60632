//! What a stream carries.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::wire::Frame;

/// What an [`EventStream`](crate::EventStream) carries: events in order, and what to say when there
/// were none for a while.
///
/// Every [`Stream`] of events is one, and so is [`Follow`](crate::Follow), which says how far the
/// log is. It leaves time to the stream that carries it, so that a stream has one clock and one
/// timer.
pub trait Feed {
    /// The next events, or the end.
    fn poll_events(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Frame>>;

    /// It is carried by a stream with this heartbeat.
    fn begin(&mut self, heartbeat: Duration) {
        let _ = heartbeat;
    }

    /// What a heartbeat is to say; a comment if it is nothing.
    fn heartbeat(self: Pin<&mut Self>) -> Option<Frame> {
        None
    }
}

impl<S: Stream<Item: Into<Frame>>> Feed for S {
    fn poll_events(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        self.poll_next(cx).map(|event| event.map(Into::into))
    }
}
