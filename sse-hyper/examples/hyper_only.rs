//! Events over hyper alone: `cargo run -p gapless-sse-hyper --example hyper_only`, then `curl -N` of
//! what it prints. The body is `EventStream`; what a proxy must know stands in `response_headers`.
use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use gapless_sse_core::{Event, EventStream, Feed};
use gapless_sse_hyper::{last_event_id, response_headers};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

async fn ticks(request: Request<Incoming>) -> Result<Response<EventStream<impl Feed>>, Infallible> {
    let last = last_event_id(request.headers()).ok().flatten();
    let next = last.and_then(|id| id.as_str().parse::<u64>().ok()).map_or(1, |last| last + 1);
    let ticks = stream::unfold(next, |number| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Some((Event::new(format!("tick {number}")).id(number), number + 1))
    });
    let mut response = Response::new(EventStream::new(Box::pin(ticks)));
    response.headers_mut().extend(response_headers());
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/ticks", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        let server = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(socket), service_fn(ticks));
        // An error is a client that has left.
        tokio::spawn(async move { server.await.unwrap_or_default() });
    }
}
