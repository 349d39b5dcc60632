//! A client that says that it sends no more, and waits for its answer; one that is gone says the
//! same.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::time::Duration;

use bytes::Bytes;
use gapless_sse_hyper::{RequestBody, ServeOptions};
use http::Request;
use http_body_util::BodyExt;
use support::{Client, PATHS, Server, passes, text, within};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

mod support;

/// Long enough for a client that has gone to be noticed.
const WHILE: Duration = Duration::from_millis(400);

/// A server that says how long each request's body was, after what its path says in milliseconds.
/// What it tells is closed when the handler is dropped.
async fn slow() -> (Server, tokio::sync::mpsc::UnboundedReceiver<UnboundedSender<()>>) {
    let (asked, handlers) = unbounded_channel();
    let server = Server::start(ServeOptions::default(), move |request: Request<RequestBody>| {
        let asked = asked.clone();
        async move {
            let (running, runs) = unbounded_channel();
            asked.send(running).unwrap();
            let wait = request.uri().path()[1..].parse().unwrap();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            passes(Duration::from_millis(wait)).await;
            drop(runs);
            text(format!("{} bytes", body.len()))
        }
    });
    (server.await, handlers)
}

fn requests(path: &str) -> [(String, &'static str); 4] {
    [
        (format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"), "0 bytes"),
        (format!("GET {path} HTTP/1.0\r\n\r\n"), "0 bytes"),
        (format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nrows"), "4 bytes"),
        (
            format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n\
                 3\r\nrow\r\n0\r\n\r\n"
            ),
            "3 bytes",
        ),
    ]
}

#[tokio::test]
async fn a_page_and_a_post_are_answered_to_a_client_that_sends_no_more() {
    let (server, _handlers) = slow().await;
    for path in ["/0", "/400"] {
        for (request, answer) in requests(path) {
            let mut client = server.connect().await;
            client.send(&request).await;
            client.0.shutdown().await.unwrap();
            let (read, in_order) = client.read_to_end().await;
            let read = String::from_utf8(read).unwrap();
            assert!(in_order && read.ends_with(answer), "{request:?}: {read:?}");
            assert_eq!(read.matches("200 OK").count(), 1, "{request:?}: {read:?}");
            // Only who has to wait, and may be sent it, is sent an interim response.
            let interim = usize::from(path != "/0" && !request.contains("HTTP/1.0"));
            assert_eq!(read.matches("HTTP/1.1 100 Continue\r\n\r\n").count(), interim, "{read:?}");
        }
    }
}

#[tokio::test]
async fn requests_in_one_packet_are_all_answered_to_a_client_that_sends_no_more() {
    let (server, _handlers) = slow().await;
    let mut client = server.connect().await;
    let one = |wait: u32| format!("GET /{wait} HTTP/1.1\r\nhost: test\r\n\r\n");
    client.send([one(0), one(200), one(0)].concat()).await;
    client.0.shutdown().await.unwrap();
    let (read, in_order) = client.read_to_end().await;
    let read = String::from_utf8(read).unwrap();
    assert!(in_order);
    assert_eq!(read.matches("0 bytes").count(), 3, "{read:?}");
}

#[tokio::test]
async fn a_body_may_be_read_long_after_the_client_has_said_that_it_sends_no_more() {
    let server = Server::start(ServeOptions::default(), |request: Request<RequestBody>| async {
        passes(WHILE).await;
        let body = request.into_body().collect().await.unwrap().to_bytes();
        text(format!("{} bytes", body.len()))
    })
    .await;
    for (request, answer) in requests("/") {
        let mut client = server.connect().await;
        client.send(&request).await;
        client.0.shutdown().await.unwrap();
        let (read, in_order) = client.read_to_end().await;
        let read = String::from_utf8(read).unwrap();
        assert!(in_order && read.ends_with(answer), "{request:?}: {read:?}");
    }
}

#[tokio::test]
async fn a_large_page_comes_whole_to_a_client_that_sends_no_more_and_reads_slowly() {
    const SIZE: usize = 20_000_000;
    let server =
        Server::start(ServeOptions::default(), |_| async { text(Bytes::from(vec![b'x'; SIZE])) })
            .await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.0.shutdown().await.unwrap();
    passes(WHILE).await;
    let (read, in_order) = client.read_to_end().await;
    assert!(in_order && read.len() > SIZE, "{} bytes", read.len());
}

#[tokio::test]
async fn a_handler_is_dropped_when_its_client_has_gone() {
    let (server, mut handlers) = slow().await;
    for (request, _) in requests("/1000000") {
        // Nothing can be sent before an answer by HTTP/1.0.
        if request.contains("HTTP/1.0") {
            continue;
        }
        let mut client = server.connect().await;
        client.send(&request).await;
        let running = within(handlers.recv()).await.unwrap();
        drop(client);
        within(running.closed()).await;
    }
}

#[tokio::test]
async fn who_may_have_gone_without_a_sign_is_waited_for_as_long_as_one_that_stands_still() {
    let options = ServeOptions { stall_limit: WHILE, ..ServeOptions::default() };
    let (server, mut streams) = Server::streaming(options).await;
    // One that is asked for by HTTP/1.0 cannot be sent anything meanwhile, nor can a body that is
    // under way.
    for request in [
        format!("GET {} HTTP/1.0\r\n\r\n", PATHS[0]),
        format!("GET {} HTTP/1.1\r\nhost: test\r\n\r\n", PATHS[1]),
    ] {
        let mut client = server.connect().await;
        client.send(&request).await;
        let sender = within(streams.recv()).await.unwrap();
        client.0.shutdown().await.unwrap();
        for _ in 0..4 {
            passes(WHILE / 2).await;
            sender.send("event".into()).unwrap();
            client.read_until("event").await;
        }
        within(sender.closed()).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_within_its_request_gets_no_answer() {
    let (server, mut handlers) = slow().await;
    let mut client = server.connect().await;
    client.send("POST /0 HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\nrows").await;
    let running = within(handlers.recv()).await.unwrap();
    client.0.shutdown().await.unwrap();
    let (read, _) = client.read_to_end().await;
    assert_eq!(String::from_utf8(read).unwrap(), "");
    within(running.closed()).await;
}

/// A client of a stream that has said that it sends no more.
async fn streaming(server: &Server) -> Client {
    let mut client = server.connect().await;
    client.get(PATHS[0]).await;
    client.0.shutdown().await.unwrap();
    client.read_until("\r\n\r\n").await;
    client
}

#[tokio::test]
async fn a_stream_goes_on_for_a_client_that_sends_no_more() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = streaming(&server).await;
    let sender = within(streams.recv()).await.unwrap();
    passes(WHILE).await;
    for text in ["one", "two"] {
        sender.send(text.into()).unwrap();
        client.read_until(&format!("3\r\n{text}\r\n")).await;
        passes(WHILE).await;
    }
    drop(sender);
    let (rest, in_order) = client.read_to_end().await;
    assert!(in_order);
    assert_eq!(rest, b"0\r\n\r\n");
}

#[tokio::test]
async fn a_clients_end_does_not_change_the_chunks_of_its_stream() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    for last in ["", "x", &*"x".repeat(100_000)] {
        let mut client = streaming(&server).await;
        let sender = within(streams.recv()).await.unwrap();
        passes(WHILE / 4).await;
        if !last.is_empty() {
            sender.send(last.to_owned().into()).unwrap();
        }
        drop(sender);
        let (rest, _) = client.read_to_end().await;
        let rest = String::from_utf8(rest).unwrap();
        let expected = match last.len() {
            0 => "00\r\n\r\n".to_owned(),
            length => format!("0{length:x}\r\n{last}\r\n0\r\n\r\n"),
        };
        assert!(rest == expected, "{:?}", &rest[..rest.len().min(30)]);
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_client_has_gone_after_it_said_that_it_sends_no_more() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let client = streaming(&server).await;
    let sender = within(streams.recv()).await.unwrap();
    assert!(timeout(WHILE, sender.closed()).await.is_err(), "it waits");
    // It is written to once more before that shows.
    drop(client);
    sender.send("event".into()).unwrap();
    within(sender.closed()).await;
}
