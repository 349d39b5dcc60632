//! What the service says to one request, over either version of HTTP.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use crate::error::BoxError;
use crate::exchange::Exchange;
use crate::{OverTls, PeerAddress, RequestBody};

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) over_tls: bool,
}

/// A service that answers requests with bodies that can be sent.
pub(crate) trait HttpService<B>:
    Service<Request<RequestBody>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S, B> HttpService<B> for S where
    S: Service<Request<RequestBody>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// A body that a task can send.
pub(crate) trait HttpBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static {}

impl<B> HttpBody for B where B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static {}

/// In a box, since hyper keeps room for it as long as the connection lasts.
pub(crate) fn answer<S, B>(
    mut service: S,
    peer: Peer,
    body_read_limit: Duration,
    exchange: Exchange,
    mut request: Request<Incoming>,
) -> Pin<Box<impl Future<Output = Result<Response<B>, S::Error>>>>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
{
    request.extensions_mut().insert(PeerAddress(peer.address));
    if peer.over_tls {
        request.extensions_mut().insert(OverTls);
    }
    let version = request.version();
    let request = request.map(|body| RequestBody::new(body, exchange.clone(), body_read_limit));
    Box::pin(async move {
        poll_fn(|context| service.poll_ready(context)).await?;
        let mut response = service.call(request).await?;
        let status = response.status();
        if exchange.was_too_slow() && (status.is_client_error() || status.is_server_error()) {
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            if version < Version::HTTP_2 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        exchange.answered();
        Ok(response)
    })
}
