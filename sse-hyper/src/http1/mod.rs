//! HTTP/1.1: requests and responses, until one of them is an event stream.

mod half_closed;
mod handover;
mod socket;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use http::{Method, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use self::handover::{Handover, leaves_socket};
use self::socket::{Http1Socket, LastWritten};
use crate::ServeOptions;
use crate::answer::{HttpBody, HttpService, Peer, answer};
use crate::error::BoxError;
use crate::exchange::{Awaited, Exchange};
use crate::linger::linger;
use crate::options::YEAR;
use crate::rewound::Rewound;
use crate::shutdown::{Shutdown, begun};
use crate::socket::Socket;

/// How much of a request's head is accepted and, beside one more buffer of the body, how much of
/// a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// Ends with the connection, or where its socket is left to the body of an event stream.
pub(crate) async fn serve<S, B>(
    socket: Rewound<Socket>,
    peer: Peer,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<Option<(Socket, B)>, BoxError>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let (handover, exchange) = (Handover::new(), Exchange::new());
    let (served, upgraded) = oneshot::channel();
    let socket = Http1Socket {
        socket,
        handover: handover.clone(),
        exchange: exchange.clone(),
        silence_limit: options.stall_limit,
        served,
        half_closed: None,
        failed: false,
        writing: false,
        last_written: LastWritten::default(),
    };
    let offers = (handover.clone(), exchange.clone());
    let service = service_fn(move |request| {
        let (offers, exchange) = offers.clone();
        let leaves = leaves_socket(&request);
        let connects = request.method() == Method::CONNECT;
        let answering = exchange.begin(&request);
        let limit = options.body_read_limit;
        let answer = answer(service.clone(), peer, limit, exchange.clone(), request);
        async move {
            let response = answer.await?;
            let status = response.status();
            if status == StatusCode::SWITCHING_PROTOCOLS || connects && status.is_success() {
                exchange.upgraded();
            }
            Ok::<_, S::Error>(offers.offer(leaves, answering, response))
        }
    });
    let mut connection = http1::Builder::new()
        .max_buf_size(BUFFER)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut ending_begins = pin!(begun(shutdown.clone()));
    let mut timer = pin!(sleep(options.header_read_limit));
    let mut awaited = exchange.awaited();
    let (mut ending, mut idle) = (false, false);
    let ended = poll_fn(|context| {
        loop {
            if !ending && ending_begins.as_mut().poll(context).is_ready() {
                ending = true;
                idle = matches!(awaited, Awaited::Request(_));
                Pin::new(&mut connection).graceful_shutdown();
            }
            let ended = Pin::new(&mut connection).poll(context)?;
            if let Some(body) = handover.sent() {
                return Poll::Ready(Ok::<_, BoxError>(Some(body)));
            }
            if ended.is_ready() {
                return Poll::Ready(Ok(None));
            }
            if awaited != exchange.awaited() {
                awaited = exchange.awaited();
                let limit = match awaited {
                    Awaited::Request(_) => options.idle_limit,
                    Awaited::Head | Awaited::Nothing => options.header_read_limit,
                };
                timer.as_mut().reset(Instant::now() + limit.min(YEAR));
            }
            if ending || awaited == Awaited::Nothing || timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            idle = true;
            if awaited == Awaited::Head {
                return Poll::Ready(Err("no request came in time".into()));
            }
            ending = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
    })
    .await;
    let Some(parts) = connection.into_parts() else {
        // Whoever has it now may keep it as long as the server lives.
        let _ = upgraded.await;
        return Ok(None);
    };
    let socket = parts.io.into_inner();
    if let Ok(Some(body)) = ended {
        return Ok(Some((socket.socket.into_inner(), body)));
    }
    handover.cancel();
    if !idle && socket.is_open() {
        linger(socket.socket, shutdown).await;
    }
    ended.map(|_| None)
}
