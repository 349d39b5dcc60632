//! Bodies of requests, which must make progress, over both versions of HTTP.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use gapless_sse_hyper::{RequestBody, ServeOptions};
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{Client, Server, passes, text, within};
use tokio::io::AsyncWriteExt;
use tokio::time::{interval, timeout};

mod support;

const LIMIT: Duration = Duration::from_millis(500);

/// A server that says how long a body was, or why it could not read it.
async fn reading() -> Server {
    let options = ServeOptions { body_read_limit: LIMIT, ..ServeOptions::default() };
    Server::start(options, |request: Request<RequestBody>| async {
        let path = request.uri().path().to_owned();
        match path.as_str() {
            "/unread" => {
                // The body is there, and not asked for.
                passes(LIMIT * 3).await;
                drop(request);
                return text("did not look");
            }
            "/refused" => {
                let mut response = text("too large");
                *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
                return response;
            }
            _ => {}
        }
        match request.into_body().collect().await {
            Ok(body) => {
                // A handler may take its time when it has read all of it.
                passes(if path == "/slow" { LIMIT * 2 } else { Duration::ZERO }).await;
                text(format!("{} bytes", body.to_bytes().len()))
            }
            Err(error) => {
                let mut response = text(error.to_string());
                if path != "/tolerant" {
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
                response
            }
        }
    })
    .await
}

async fn post(server: &Server, path: &str, length: usize) -> Client {
    let mut client = server.connect().await;
    let head = format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n");
    client.send(head).await;
    client
}

fn as_text((read, in_order): (Vec<u8>, bool)) -> String {
    assert!(in_order);
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn a_body_that_stands_still_is_answered_with_408_and_the_connection_ends() {
    let server = reading().await;
    let start = Instant::now();
    for sent in [0, 1, 4095, 4096, 100_000] {
        let mut client = post(&server, "/", 4_000_000).await;
        client.send(vec![b'x'; sent]).await;
        let answer = as_text(client.read_to_end().await);
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.contains("the rest of the request did not come in time"), "{answer}");
    }
    assert!(start.elapsed() >= LIMIT * 5, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_body_of_a_byte_at_a_time_does_not_live_for_ever_and_its_client_reads_why() {
    let server = reading().await;
    let mut client = post(&server, "/", 4_000_000).await;
    let (start, mut pace) = (Instant::now(), interval(LIMIT / 50));
    let mut answer = [0; 12];
    let answered = loop {
        pace.tick().await;
        // It goes on although it is answered, which must not destroy the answer.
        let _ = client.0.write(b"x").await;
        if let Some(Ok(read @ 1..)) = client.try_read(&mut answer) {
            break read;
        }
        assert!(start.elapsed() < LIMIT * 10, "it lives");
    };
    for _ in 0..20 {
        pace.tick().await;
        let _ = client.0.write(b"x").await;
    }
    assert!(b"HTTP/1.1 408".starts_with(&answer[..answered]));
    assert!(as_text(client.read_to_end().await).contains("did not come in time"));
}

#[tokio::test]
async fn a_long_upload_that_moves_is_not_cut() {
    let server = reading().await;
    const PART: usize = 8 * 1024;
    let mut client = post(&server, "/", PART * 12).await;
    let start = Instant::now();
    for _ in 0..12 {
        client.send(vec![b'x'; PART]).await;
        passes(LIMIT / 4).await;
    }
    assert!(start.elapsed() > LIMIT * 2);
    client.read_until("98304 bytes").await;
}

#[tokio::test]
async fn a_handler_that_reads_no_body_or_has_read_it_may_take_its_time() {
    let server = reading().await;
    let mut client = post(&server, "/unread", 4_000_000).await;
    client.send("begun").await;
    client.read_until("did not look").await;
    let mut client = post(&server, "/slow", 4).await;
    client.send("rows").await;
    client.read_until("4 bytes").await;
    let mut client = server.connect().await;
    client.get("/slow").await;
    client.read_until("0 bytes").await;
}

#[tokio::test]
async fn a_handler_that_is_content_with_less_answers_as_it_likes() {
    let server = reading().await;
    let mut client = post(&server, "/tolerant", 100).await;
    client.send("begun").await;
    let head = client.read_until("\r\n").await;
    assert_eq!(head, "HTTP/1.1 200 OK\r\n");
}

#[tokio::test]
async fn who_is_refused_within_a_large_body_reads_why() {
    let server = reading().await;
    let mut client = post(&server, "/refused", 8_000_000).await;
    // As clients do that read nothing before they have sent all of it.
    client.send(vec![b'x'; 8_000_000]).await;
    let answer = as_text(client.read_to_end().await);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.ends_with("too large"), "{answer}");
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_answered_before_the_end() {
    let server = reading().await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\nno header\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(1_000_000)), "431"),
    ] {
        let mut client = server.connect().await;
        client.send(head).await;
        let answer = as_text(client.read_to_end().await);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn over_http_2_a_body_that_stands_still_is_answered_with_408_and_others_go_on() {
    let server = reading().await;
    let socket = TokioIo::new(server.socket().await);
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(connection);
    let begin = |parts: usize| {
        let parts = stream::unfold(parts, |left| async move {
            if left == 0 {
                std::future::pending::<()>().await;
            }
            Some((Ok::<_, hyper::Error>(Frame::data(Bytes::from("x"))), left - 1))
        });
        Request::post("http://test/").body(StreamBody::new(parts).boxed()).unwrap()
    };
    for parts in [0, 3] {
        let response = within(requests.send_request(begin(parts))).await.unwrap();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(response.headers().get("connection"), None);
        let why = within(response.into_body().collect()).await.unwrap().to_bytes();
        assert!(why.starts_with(b"the rest of the request"), "{why:?}");
    }
    let whole = http_body_util::Full::new(Bytes::from("rows")).map_err(|never| match never {});
    let request = Request::post("http://test/slow").body(whole.boxed()).unwrap();
    let response = timeout(LIMIT * 8, requests.send_request(request)).await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}
