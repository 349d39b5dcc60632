//! HTTP/2 with prior knowledge: all streams of a client over one socket.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{SetOnce, watch};
use tokio::time::timeout;

use crate::ServeOptions;
use crate::answer::{HttpBody, HttpService, Peer, answer};
use crate::error::BoxError;
use crate::exchange::Exchange;
use crate::options::YEAR;
use crate::rewound::Rewound;
use crate::shutdown::{Shutdown, begun};
use crate::socket::Socket;
use crate::unsent::{Unsent, Watched};

/// How much of a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// How many requests one connection may have at the same time. All pages that a browser has open
/// share one; a proxy opens more when this is not enough.
const STREAMS: u32 = 256;

/// Ends with the connection.
pub(crate) async fn serve<S, B>(
    socket: Rewound<Socket>,
    peer: Peer,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<(), BoxError>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let unsent = Unsent::new();
    let watched = unsent.clone();
    let first = Arc::new(SetOnce::new());
    let requested = Arc::clone(&first);
    let (opens, open) = watch::channel(0);
    let service = service_fn(move |request| {
        let _ = requested.set(());
        let exchange = Exchange::new();
        let answering = exchange.begin(&request);
        let answer = answer(service.clone(), peer, options.body_read_limit, exchange, request);
        let (unsent, open) = (watched.clone(), Open::new(&opens));
        async move {
            let _answering = answering;
            Ok::<_, S::Error>(answer.await?.map(|body| Watched::new(body, unsent, open)))
        }
    });
    // The pings are for a client that has vanished, and for one that stands still without
    // anything to read.
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(options.stall_limit.min(YEAR))
        .keep_alive_timeout(options.stall_limit.min(YEAR))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(BUFFER)
        .serve_connection(TokioIo::new(socket), service);
    let ended = async {
        tokio::select! {
            ended = &mut connection => return ended,
            () = begun(shutdown) => {}
            () = idle(open, options.idle_limit) => {}
        }
        std::pin::Pin::new(&mut connection).graceful_shutdown();
        connection.await
    };
    let cut_off = async {
        // hyper waits without limit for the preface and for what follows it.
        if timeout(options.header_read_limit, first.wait()).await.is_err() {
            return "no request came in time";
        }
        unsent.stalled(options.stall_limit).await;
        "the client stopped taking what it asked for"
    };
    tokio::select! {
        ended = ended => Ok(ended?),
        reason = cut_off => Err(reason.into()),
    }
}

/// Counts a request from its head to the end of its response.
struct Open(watch::Sender<usize>);

impl Open {
    fn new(requests: &watch::Sender<usize>) -> Self {
        requests.send_modify(|open| *open += 1);
        Self(requests.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// Waits until no request was open for `limit`.
async fn idle(mut open: watch::Receiver<usize>, limit: Duration) {
    // It is closed with the connection.
    while open.wait_for(|open| *open == 0).await.is_ok() {
        if timeout(limit, open.wait_for(|open| *open > 0)).await.is_err() {
            return;
        }
    }
}
