//! An event stream as the body of a response of any framework on `http-body`.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame};

use super::events::EventStream;
use super::feed::Feed;

/// Its frames are the buffers that it yields as a [`Stream`].
impl<S: Feed> Body for EventStream<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_next(cx).map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }
}
