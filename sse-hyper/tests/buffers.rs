//! How much waits for a client that does not read.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gapless_sse_hyper::{RequestBody, ServeOptions, serve};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame};
use support::{App, Client, PATHS, passes, within};
use tokio::net::TcpSocket;

mod support;

/// Has more to say whenever it is asked, and counts that.
struct Endless(Arc<AtomicUsize>);

const PART: usize = 16 * 1024;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(PART, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; PART])))))
    }
}

/// How much of a body is asked for by the server of a client that sends this and reads nothing.
async fn taken(request: &[u8]) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let answer = move |request: Request<RequestBody>| {
        let mut response = Response::new(Endless(Arc::clone(&counts)));
        if request.uri().path() == PATHS[0] {
            let kind = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        async move { response }
    };
    // So that the sockets hold little; accepted ones have it from their listener.
    let [listener, client] = [(); 2].map(|()| TcpSocket::new_v4().unwrap());
    listener.set_send_buffer_size(2048).unwrap();
    client.set_recv_buffer_size(2048).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(serve(listener, App(answer), ServeOptions::default(), pending()));
    let mut client = Client::over(within(client.connect(address)).await.unwrap());
    client.send(request).await;
    let mut before = 0;
    loop {
        passes(Duration::from_millis(200)).await;
        let now = count.load(Ordering::Relaxed);
        if now > 0 && now == before {
            served.abort();
            return now;
        }
        before = now;
    }
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// What waits in the sockets is little beside this.
const BOUND: usize = 192 * 1024;

#[tokio::test]
async fn little_more_than_128_kib_of_a_response_wait_for_a_client_that_does_not_read() {
    for path in PATHS {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        let taken = taken(request.as_bytes()).await;
        assert!(taken < BOUND, "{taken} bytes of {path}");
    }
}

#[tokio::test]
async fn little_more_than_128_kib_of_a_response_wait_over_http_2() {
    const SETTINGS: u8 = 4;
    const WINDOW_UPDATE: u8 = 8;
    const HEADERS: u8 = 1;
    // The windows have room for more than anybody would keep.
    let wide = (1_u32 << 30).to_be_bytes();
    let request = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &[&[0, 4][..], &wide].concat()),
        frame(WINDOW_UPDATE, 0, 0, &wide),
        // GET http://t/
        frame(HEADERS, 5, 1, b"\x82\x86\x84\x41\x01t"),
    ]
    .concat();
    let taken = taken(&request).await;
    assert!(taken < BOUND, "{taken} bytes");
}
