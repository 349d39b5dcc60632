//! HTTP/1.1: requests and responses, until one of them is an event stream.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use crate::answer::{HttpBody, HttpService, answer};
use crate::error::BoxError;
use crate::handover::{Flushed, Handover, leaves_socket};
use crate::shutdown::{Shutdown, begun};
use crate::{ServeOptions, StallLimit};

/// How much of a request's head is accepted and, beside one more buffer of the body, how much of
/// a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// hyper adds its limits to the present time, which overflows for [`Duration::MAX`].
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Ends with the connection, or where its socket is left to the body of an event stream.
pub(crate) async fn serve<S, B>(
    socket: StallLimit<TcpStream>,
    peer: SocketAddr,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<Option<(TcpStream, B)>, BoxError>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let handover = Handover::new();
    let offers = handover.clone();
    let service = service_fn(move |request| {
        let (leaves, offers) = (leaves_socket(&request), offers.clone());
        let answer = answer(service.clone(), peer, request);
        async move { Ok::<_, S::Error>(offers.offer(leaves, answer.await?)) }
    });
    let socket = TokioIo::new(Flushed { socket, handover: handover.clone() });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_read_limit.min(YEAR))
        .max_buf_size(BUFFER)
        .serve_connection(socket, service)
        .with_upgrades();
    let mut shutdown = pin!(begun(shutdown));
    let mut ending = false;
    let body = poll_fn(|context| {
        if !ending && shutdown.as_mut().poll(context).is_ready() {
            ending = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        let ended = Pin::new(&mut connection).poll(context)?;
        match handover.sent() {
            Some(body) => Poll::Ready(Ok::<_, hyper::Error>(Some(body))),
            None => ended.map(|()| Ok(None)),
        }
    });
    let Some(body) = body.await? else { return Ok(None) };
    // Without parts it was upgraded, and is somebody else's.
    Ok(connection.into_parts().map(|parts| (parts.io.into_inner().socket.into_inner(), body)))
}
