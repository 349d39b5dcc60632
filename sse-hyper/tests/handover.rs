//! Event streams that leave hyper: what a client sees of it.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::convert::Infallible;
use std::future::pending;
use std::io::Cursor;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use futures_util::stream;
use gapless_sse_hyper::RequestBody;
use gapless_sse_hyper::{ServeOptions, bind, serve};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use pin_project_lite::pin_project;
use support::{App, Body, Client, PATHS, Server, text, within};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

mod support;

const EVENTS: &str = PATHS[0];

/// A client that has read the head of its event stream.
async fn opened() -> (Server, Client, String, UnboundedSender<Bytes>) {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.get(EVENTS).await;
    let sender = within(streams.recv()).await.unwrap();
    let head = client.read_until("\r\n\r\n").await;
    (server, client, head, sender)
}

fn event_stream(mut response: Response<Body>) -> Response<Body> {
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The data of chunks that end in order.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let line = chunks.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&chunks[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        chunks = &chunks[line + 2..];
        assert_eq!(&chunks[size..size + 2], b"\r\n");
        if size == 0 {
            assert_eq!(chunks, b"\r\n", "nothing follows the last chunk");
            return data;
        }
        data.extend_from_slice(&chunks[..size]);
        chunks = &chunks[size + 2..];
    }
}

#[tokio::test]
async fn the_head_comes_at_once_and_announces_the_end_of_the_connection() {
    let (_server, _client, head, _sender) = opened().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    for line in ["connection: close", "transfer-encoding: chunked", "date: "] {
        assert!(head.contains(&format!("\r\n{line}")), "{line} in {head}");
    }
}

#[tokio::test]
async fn an_empty_chunk_does_not_end_the_stream() {
    let (_server, mut client, _, sender) = opened().await;
    for chunk in ["", "a", "", "", "b", ""] {
        sender.send(chunk.into()).unwrap();
    }
    drop(sender);
    assert_eq!(client.read_to_end().await, (b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n".to_vec(), true));
}

#[tokio::test]
async fn chunks_of_any_size_arrive_whole_at_a_client_that_reads_slowly() {
    let (_server, mut client, _, sender) = opened().await;
    let sizes = [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_537, 3_000_000, 1, 5_000_000];
    let chunks = sizes.map(|size| (b'a'..=b'z').cycle().take(size).collect::<Bytes>());
    for chunk in &chunks {
        sender.send(chunk.clone()).unwrap();
    }
    drop(sender);
    // The sockets hold less, so that the server's writes are cut somewhere.
    let (read, in_order) = client.read_to_end().await;
    assert!(in_order);
    assert!(joined(&read) == chunks.concat(), "{} bytes", read.len());
}

#[tokio::test]
async fn a_body_that_fails_has_no_last_chunk() {
    let answer = || async {
        let chunks = [Ok("begun"), Err("no more")];
        ([(CONTENT_TYPE, "text/event-stream")], axum::body::Body::from_stream(stream::iter(chunks)))
    };
    let app = axum::Router::new().route("/", axum::routing::get(answer));
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, app, ServeOptions::default(), pending()));
    let mut client = Client::over(TcpStream::connect(address).await.unwrap());
    client.get("/").await;
    client.read_until("\r\n\r\n").await;
    let (read, _) = client.read_to_end().await;
    assert_eq!(read, b"5\r\nbegun\r\n");
}

#[tokio::test]
async fn the_body_is_dropped_as_soon_as_the_client_goes() {
    let (_server, client, _, sender) = opened().await;
    drop(client);
    within(sender.closed()).await;
}

#[tokio::test]
async fn who_asks_for_the_head_only_is_given_it_and_the_body_is_dropped() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.send(format!("HEAD {EVENTS} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
    let sender = within(streams.recv()).await.unwrap();
    let (read, _) = client.read_to_end().await;
    assert!(read.ends_with(b"\r\n\r\n"), "{:?}", String::from_utf8_lossy(&read));
    // It does not wait for the client's side to end.
    timeout(Duration::from_secs(3), sender.closed()).await.unwrap();
}

#[tokio::test]
async fn what_a_client_sends_afterwards_is_no_request() {
    let (_server, mut client, _, sender) = opened().await;
    client.get(EVENTS).await;
    client.send(vec![b'x'; 10_000]).await;
    sender.send("still here".into()).unwrap();
    drop(sender);
    let (read, _) = client.read_to_end().await;
    assert_eq!(joined(&read), b"still here");
}

#[tokio::test]
async fn a_stream_may_follow_other_requests_of_its_connection() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.get("/other").await;
    drop(within(streams.recv()).await);
    client.read_until("0\r\n\r\n").await;
    client.get(EVENTS).await;
    let sender = within(streams.recv()).await.unwrap();
    client.read_until("\r\n\r\n").await;
    sender.send("event".into()).unwrap();
    client.read_until("5\r\nevent\r\n").await;
}

#[tokio::test]
async fn a_stream_may_be_the_second_request_in_one_packet() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    client.send([get("/other"), get(EVENTS)].concat()).await;
    let first = within(streams.recv()).await.unwrap();
    first.send("first".into()).unwrap();
    drop(first);
    client.read_until("5\r\nfirst\r\n0\r\n\r\n").await;
    let second = within(streams.recv()).await.unwrap();
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    second.send("second".into()).unwrap();
    drop(second);
    assert_eq!(client.read_to_end().await, (b"6\r\nsecond\r\n0\r\n\r\n".to_vec(), true));
}

#[tokio::test]
async fn what_follows_a_stream_in_one_packet_is_no_request() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    client.send([get(EVENTS), get("/other")].concat()).await;
    let stream = within(streams.recv()).await.unwrap();
    client.read_until("\r\n\r\n").await;
    stream.send("event".into()).unwrap();
    drop(stream);
    assert_eq!(client.read_to_end().await, (b"5\r\nevent\r\n0\r\n\r\n".to_vec(), true));
    assert!(streams.try_recv().is_err());
}

#[tokio::test]
async fn a_head_that_takes_several_writes_comes_whole() {
    const LONG: usize = 60_000;
    let answer = |_: Request<RequestBody>| async {
        let chunks = stream::iter([Ok(Frame::data(Bytes::from("event")))]);
        let mut response = event_stream(Response::new(StreamBody::new(chunks).boxed_unsync()));
        let long = HeaderValue::from_str(&"x".repeat(LONG)).unwrap();
        response.headers_mut().insert("x-long", long);
        response
    };
    // So that the sockets hold less than the head; accepted ones have it from their listener.
    let [listener, client] = [(); 2].map(|()| TcpSocket::new_v4().unwrap());
    listener.set_send_buffer_size(2048).unwrap();
    client.set_recv_buffer_size(2048).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, App(answer), ServeOptions::default(), pending()));
    let mut client = Client::over(within(client.connect(address)).await.unwrap());
    client.get("/").await;
    let (mut read, in_order) = client.read_to_end().await;
    assert!(in_order && read.len() > LONG, "{} bytes", read.len());
    let rest = read.split_off(read.len() - 100);
    let end = b"\r\n\r\n5\r\nevent\r\n0\r\n\r\n";
    assert!(rest.ends_with(end), "{:?}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn a_stream_may_begin_before_its_request_ends() {
    let answer = |request: Request<RequestBody>| async move {
        let body = request.into_body().map_err(|error| panic!("{error}"));
        event_stream(Response::new(body.boxed_unsync()))
    };
    let server = Server::start(ServeOptions::default(), answer).await;
    let mut client = server.connect().await;
    let head = "POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(head).await;
    for _ in 0..3 {
        client.send("4\r\necho\r\n").await;
        client.read_until("4\r\necho\r\n").await;
    }
}

/// What begins like a stream and is none, or must not be sent in chunks, stays with hyper.
#[tokio::test]
async fn what_is_no_endless_stream_keeps_its_connection() {
    let answer = |request: Request<RequestBody>| async move {
        let path = request.uri().path().to_owned();
        let mut response = text("all of it");
        match path.as_str() {
            "/length" => {
                let length = HeaderValue::from_static("9");
                response.headers_mut().insert(CONTENT_LENGTH, length);
            }
            "/refused" => *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS,
            // Reads the request to its end before it answers.
            "/echo" => {
                response = Response::new(
                    Full::new(request.collect().await.unwrap().to_bytes()).boxed_unsync(),
                );
            }
            _ => {}
        }
        event_stream(response)
    };
    let server = Server::start(ServeOptions::default(), answer).await;
    let mut client = server.connect().await;
    for path in ["/known", "/length", "/refused"] {
        client.get(path).await;
        client.read_until("all of it").await;
    }
    client.send("HEAD /known HTTP/1.1\r\nhost: test\r\n\r\n").await;
    client.read_until("\r\n\r\n").await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\necho").await;
    client.read_until("echo").await;
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.send(format!("GET {EVENTS} HTTP/1.0\r\n\r\n")).await;
    let sender = within(streams.recv()).await.unwrap();
    sender.send("event".into()).unwrap();
    drop(sender);
    let (read, _) = client.read_to_end().await;
    assert!(read.ends_with(b"\r\n\r\nevent"), "{:?}", String::from_utf8_lossy(&read));
}

pin_project! {
    /// A body that cannot be moved, of parts that are in two pieces.
    struct Pieces {
        left: u8,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl http_body::Body for Pieces {
    type Data = Chain<&'static [u8], Cursor<Vec<u8>>>;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Infallible>>> {
        let left = self.project().left;
        Poll::Ready(left.checked_sub(1).map(|after| {
            *left = after;
            let rest = vec![b'0' + after; if after == 0 { 10_000 } else { 3 }];
            Ok(Frame::data(b"part ".chain(Cursor::new(rest))))
        }))
    }
}

#[tokio::test]
async fn a_body_may_be_of_any_kind() {
    let server =
        Server::start(ServeOptions::default(), |request: Request<RequestBody>| async move {
            let mut response = Response::new(Pieces { left: 3, pinned: PhantomPinned });
            if request.uri().path() == EVENTS {
                let kind = HeaderValue::from_static("text/event-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
            }
            response
        })
        .await;
    for path in PATHS {
        let mut client = server.connect().await;
        let head = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        client.send(head).await;
        client.read_until("\r\n\r\n").await;
        let (read, in_order) = client.read_to_end().await;
        let expected = format!("part 222part 111part {}", "0".repeat(10_000));
        assert!(in_order && joined(&read) == expected.as_bytes(), "{path}: {} bytes", read.len());
    }
}
