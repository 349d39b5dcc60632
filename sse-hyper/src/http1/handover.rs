//! An event stream's way out of hyper, once its head is sent.
//!
//! hyper keeps buffers for a whole exchange as long as a connection lasts. Of a response that goes
//! on for hours only chunks of its body are left to be written, which takes a few lines and next
//! to no memory. So the body of an event stream over HTTP/1.1 is not given to hyper, but to the
//! connection, which takes the socket over as soon as hyper has written the response's head.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::exchange::Answering;

/// What a service's answer, hyper's socket and the connection know of a stream that leaves hyper.
pub(crate) struct Handover<B>(Arc<Mutex<Head<B>>>);

/// Where the head of a stream with this body is.
enum Head<B> {
    /// No stream is on its way.
    None,
    /// hyper was given it.
    Given(B),
    /// hyper asks for the body, after it has put the head into its buffer.
    Buffered(B),
    /// The buffer is empty.
    Sent(B),
}

impl<B: Body> Handover<B> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Head::None)))
    }

    /// What hyper is to see of a response, which may take the socket if its request leaves it.
    pub(crate) fn offer(
        &self,
        may_take: bool,
        answering: Answering,
        response: Response<B>,
    ) -> Response<Offered<B>> {
        let leaves = may_take && is_event_stream(&response);
        let (mut head, body) = response.into_parts();
        if !leaves {
            return Response::from_parts(head, Offered::Kept { body, answering });
        }
        // There is nobody to read a further request.
        head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        self.advance(|_| Head::Given(body));
        Response::from_parts(head, Offered::Left { handover: self.clone(), answering })
    }

    /// The body of a stream whose head is sent.
    pub(crate) fn sent(&self) -> Option<B> {
        let mut head = self.head();
        match mem::replace(&mut *head, Head::None) {
            Head::Sent(body) => Some(body),
            before => {
                *head = before;
                None
            }
        }
    }
}

impl<B> Handover<B> {
    /// Drops the body of a stream that does not come about: who asked for the head only was sent it,
    /// or has left.
    pub(crate) fn cancel(&self) {
        let unsent = mem::replace(&mut *self.head(), Head::None);
        drop(unsent);
    }

    /// hyper has nothing more to write, and what it wrote last ends like a head.
    pub(crate) fn head_sent(&self) {
        self.advance(|head| match head {
            Head::Buffered(body) => Head::Sent(body),
            head => head,
        });
    }

    fn advance(&self, step: impl FnOnce(Head<B>) -> Head<B>) {
        let mut head = self.head();
        *head = step(mem::replace(&mut *head, Head::None));
    }

    fn head(&self) -> MutexGuard<'_, Head<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Clone for Handover<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Whether the response to a request may take the socket: one that has ended has no more use for
/// it, and before HTTP/1.1 there are no chunks.
pub(crate) fn leaves_socket<T: Body>(request: &Request<T>) -> bool {
    request.version() == Version::HTTP_11 && request.body().is_end_stream()
}

/// Whether hyper would send it in chunks, and for long.
fn is_event_stream<B: Body>(response: &Response<B>) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim_end();
    kind.eq_ignore_ascii_case("text/event-stream")
        && response.status() == StatusCode::OK
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
        && !response.body().is_end_stream()
        && response.body().size_hint().exact().is_none()
}

pin_project! {
    /// The body that hyper is given: that of the response, or one that never says anything.
    #[project = OfferedProjection]
    pub(crate) enum Offered<B> {
        Kept { #[pin] body: B, answering: Answering },
        Left { handover: Handover<B>, answering: Answering },
    }
}

impl<B: Body> Body for Offered<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project() {
            OfferedProjection::Kept { body, .. } => body.poll_frame(context),
            OfferedProjection::Left { handover, .. } => {
                handover.advance(|head| match head {
                    Head::Given(body) => Head::Buffered(body),
                    head => head,
                });
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Kept { body, .. } if body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Kept { body, .. } => body.size_hint(),
            Self::Left { .. } => SizeHint::default(),
        }
    }
}
