//! Bodies and handlers that panic.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use gapless_sse_hyper::{RequestBody, ServeOptions};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{Client, Server, within};

mod support;

/// Says something, and then nothing, or panics when it is asked for more.
struct Body {
    begun: bool,
    panics: bool,
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !std::mem::replace(&mut self.begun, true) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))));
        }
        assert!(!self.panics, "as it is to");
        Poll::Pending
    }
}

const QUIET: &str = "/quiet/events";

/// Paths at which something panics.
const PANICS: [&str; 3] = ["/body/events", "/body/other", "/handler/events"];

async fn panicking() -> Server {
    Server::start(ServeOptions::default(), |request: Request<RequestBody>| async move {
        let path = request.uri().path();
        assert!(!path.starts_with("/handler"), "as it is to");
        let mut response = Response::new(Body { begun: false, panics: path.starts_with("/body") });
        if path.ends_with("/events") {
            let kind = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        response
    })
    .await
}

async fn quiet(server: &Server) -> Client {
    let mut client = server.connect().await;
    client.get(QUIET).await;
    client.read_until("begun\r\n").await;
    client
}

fn assert_open(client: &mut Client) {
    assert!(client.try_read(&mut [0; 1]).is_none(), "it is still open");
}

#[tokio::test]
async fn what_panics_ends_its_own_connection_and_no_other() {
    let server = panicking().await;
    let mut before = quiet(&server).await;
    for path in PANICS {
        let mut client = server.connect().await;
        client.get(path).await;
        let (read, _) = client.read_to_end().await;
        assert_eq!(read.ends_with(b"begun\r\n"), path == "/body/events", "{path}");
        let mut after = quiet(&server).await;
        assert_open(&mut before);
        assert_open(&mut after);
    }
}

#[tokio::test]
async fn what_panics_over_http_2_ends_its_own_stream_and_no_other_connection() {
    let server = panicking().await;
    let mut before = quiet(&server).await;
    for path in PANICS {
        let socket = TokioIo::new(server.socket().await);
        let (mut requests, connection) =
            http2::handshake(TokioExecutor::new(), socket).await.unwrap();
        tokio::spawn(connection);
        let get = |path: &str| {
            Request::get(format!("http://test{path}")).body(Empty::<Bytes>::new()).unwrap()
        };
        let mut other = within(requests.send_request(get(QUIET))).await.unwrap().into_body();
        within(other.frame()).await.unwrap().unwrap();
        let ended = match within(requests.send_request(get(path))).await {
            Ok(response) => within(response.into_body().collect()).await.is_err(),
            Err(_) => true,
        };
        assert!(ended, "{path}");
        let again = within(requests.send_request(get(QUIET))).await.unwrap();
        assert_eq!(again.status(), 200, "{path}");
        assert_open(&mut before);
    }
}
