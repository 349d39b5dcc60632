//! A body that panics.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use gapless_sse_hyper::ServeOptions;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use support::Server;

mod support;

/// Says something, and panics when it is asked for more.
struct Panics(bool);

impl Body for Panics {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        assert!(!std::mem::replace(&mut self.0, true), "as it is to");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))))
    }
}

#[tokio::test]
async fn a_body_that_panics_ends_its_own_connection_and_no_other() {
    let server = Server::start(ServeOptions::default(), |request| async move {
        let mut response = match request.uri().path() {
            "/panics" => Response::new(Panics(false).boxed_unsync()),
            _ => Response::new(
                http_body_util::StreamBody::new(futures_util::StreamExt::chain(
                    futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(b"begun")))]),
                    futures_util::stream::pending(),
                ))
                .boxed_unsync(),
            ),
        };
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    })
    .await;
    let mut quiet = server.connect().await;
    quiet.get("/quiet").await;
    quiet.read_until("begun\r\n").await;
    let mut panics = server.connect().await;
    panics.get("/panics").await;
    panics.read_until("begun\r\n").await;
    panics.read_to_end().await;
    let mut later = server.connect().await;
    later.get("/quiet").await;
    later.read_until("begun\r\n").await;
    let mut byte = [0; 1];
    let read = quiet.0.try_read(&mut byte);
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "it is still open");
}
