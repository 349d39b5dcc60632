//! The bound: hyper and a body that shares everything there is to share. It encodes an event once,
//! hands over what is pending as one buffer, and merges that once for all who stand at the same
//! place. It has no heartbeat, no limits and no ids.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sse_fanout::{BACKLOG, port, tick};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Default)]
struct Events {
    /// The place of the oldest that is kept.
    first: usize,
    kept: VecDeque<Bytes>,
    /// What is pending from a place on.
    merged: Vec<(usize, Bytes)>,
    waiting: Vec<Waker>,
}

impl Events {
    fn publish(&mut self, text: &str) -> Vec<Waker> {
        if self.kept.len() == BACKLOG {
            self.kept.pop_front();
            self.first += 1;
        }
        self.kept.push_back(format!("data: {text}\n\n").into());
        self.merged.clear();
        std::mem::take(&mut self.waiting)
    }

    fn end(&self) -> usize {
        self.first + self.kept.len()
    }

    fn pending(&mut self, place: usize) -> Bytes {
        if let Some((_, merged)) = self.merged.iter().find(|(of, _)| *of == place) {
            return merged.clone();
        }
        let mut pending = self.kept.range(place.saturating_sub(self.first)..);
        let merged = match (pending.len(), pending.next()) {
            (1, Some(only)) => only.clone(),
            (_, first) => {
                let mut merged = BytesMut::new();
                first.into_iter().chain(pending).for_each(|event| merged.put_slice(event));
                merged.freeze()
            }
        };
        self.merged.push((place, merged.clone()));
        merged
    }
}

struct Stream {
    events: Arc<Mutex<Events>>,
    place: usize,
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let mut events = this.events.lock().expect("no panic");
        if this.place == events.end() {
            events.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        let pending = events.pending(this.place);
        this.place = events.end();
        Poll::Ready(Some(Ok(Frame::data(pending))))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let events = Arc::new(Mutex::new(Events::default()));
    let rate = watch::Sender::new(1.0);
    let published = Arc::clone(&events);
    tokio::spawn(tick(rate.subscribe(), move |text| {
        let waiting = published.lock().expect("no panic").publish(&text);
        waiting.into_iter().for_each(Waker::wake);
    }));
    let listener = TcpListener::bind(("127.0.0.1", port())).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (events, rate) = (Arc::clone(&events), rate.clone());
        let service = service_fn(move |request: Request<_>| {
            let response = match request.uri().query().and_then(|query| query.strip_prefix("r=")) {
                Some(asked) => {
                    rate.send_replace(asked.parse().expect("a rate"));
                    Response::new(Empty::new().boxed())
                }
                None => {
                    let place = events.lock().expect("no panic").end();
                    let stream = Stream { events: Arc::clone(&events), place };
                    let mut response = Response::new(stream.boxed());
                    let kind = "text/event-stream".parse().expect("a value");
                    response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
                    response
                }
            };
            future::ready(Ok::<_, Infallible>(response))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    }
}
