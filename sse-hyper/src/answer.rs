//! What the service says to one request, over either version of HTTP.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use crate::PeerAddress;
use crate::error::BoxError;

/// A service that answers requests with bodies that can be sent.
pub(crate) trait HttpService<B>:
    Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S, B> HttpService<B> for S where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// A body that a task can send.
pub(crate) trait HttpBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static {}

impl<B> HttpBody for B where B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static {}

/// In a box, since hyper keeps room for it as long as the connection lasts.
pub(crate) fn answer<S: Service<Request<Incoming>>>(
    mut service: S,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Pin<Box<impl Future<Output = Result<S::Response, S::Error>>>> {
    request.extensions_mut().insert(PeerAddress(peer));
    Box::pin(async move {
        poll_fn(|context| service.poll_ready(context)).await?;
        service.call(request).await
    })
}
