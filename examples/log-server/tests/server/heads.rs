//! Heads of requests that are too large or never come, and answers that do not.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// The status of the answer to a head.
async fn status(server: &Server, head: &str) -> u16 {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!("{head}Host: localhost\r\nConnection: close\r\n\r\n");
    // Who sends too much is not read to the end.
    let _ = socket.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status.unwrap_or_else(|| panic!("no answer: {answer:?}")).parse().unwrap();
    // What the connection does not take has no words.
    if head.len() < 60_000 && head.lines().count() < 100 && (status == 414 || status == 431) {
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(answer.contains("/problems/"), "{answer}");
    }
    status
}

fn head(path_bytes: usize, headers: usize, header_bytes: usize) -> String {
    let query = "x".repeat(path_bytes.saturating_sub(LOGS.len() + 3));
    let lines = |nth| format!("X-{nth:03}: {}\r\n", "v".repeat(header_bytes / headers.max(1)));
    let lines: String = (0..headers).map(lines).collect();
    format!("GET {LOGS}?_={query} HTTP/1.1\r\n{lines}")
}

#[tokio::test]
async fn heads_are_taken_up_to_a_size() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "");
    for (path, headers, bytes, expected) in [
        (8_192, 0, 0, 200),
        (8_193, 0, 0, 414),
        (40_000, 0, 0, 414),
        (100, 62, 620, 200),
        (100, 63, 630, 431),
        (100, 99, 990, 431),
        (100, 200, 2_000, 431),
        (100, 10, 32_000, 200),
        (100, 10, 33_000, 431),
        (100, 1, 60_000, 431),
        (100, 1, 90_000, 431),
    ] {
        let got = status(&server, &head(path, headers, bytes)).await;
        assert_eq!(got, expected, "{path} bytes of path, {headers} headers of {bytes} bytes");
    }
    assert_eq!(http::get(server.address, LOGS).await.status, 200);
}

#[tokio::test]
async fn the_sizes_are_those_of_the_configuration() {
    let store = Store::sqlite();
    let text = "[limits.head]\nuri-bytes = 200\nheaders = 5\nheader-bytes = 300";
    let server = Server::configured(&store, text);
    assert_eq!(status(&server, &head(200, 3, 150)).await, 200);
    assert_eq!(status(&server, &head(201, 0, 0)).await, 414);
    assert_eq!(status(&server, &head(100, 4, 40)).await, 431);
    assert_eq!(status(&server, &head(100, 1, 300)).await, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_outlive_the_time_that_an_answer_may_take() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "[limits]\nrequest-time = \"300ms\"");
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    let opened = Instant::now();
    while opened.elapsed() < Duration::from_secs(1) {
        assert!(client.read(&mut stream).await, "the stream ended: {client:?}");
    }
    store.writer().await.write("later").await;
    client.read_until(&mut stream, |client| client.messages == ["later"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "[limits]\nrequest-time = \"10ms\"");
    let row = format!("{{\"message\":\"{}\"}}\n", "x".repeat(16_000));
    for _ in 0..8 {
        let rows = row.repeat(250);
        let posted = http::post(server.address, LOGS, "application/x-ndjson", rows).await;
        assert_eq!(posted.status, 201, "sending rows has a time of its own");
    }
    let slow = http::get(server.address, &format!("{LOGS}?regex=y[0-9]y")).await;
    problem(&slow, 503, "there was no answer within 10ms");
}

/// Hundreds that begin and go on a byte at a time are cut off, and others are answered meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_that_never_end_are_cut_off() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "");
    let body = format!(
        "POST {LOGS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 100000\r\n\r\n"
    );
    let mut slow = tokio::task::JoinSet::new();
    for nth in 0..200 {
        let (address, body) = (server.address, body.clone());
        slow.spawn(async move {
            let mut socket = TcpStream::connect(address).await.unwrap();
            let begin = if nth % 2 == 0 { "GET / HTTP/1.1\r\nX-A: " } else { &body };
            socket.write_all(begin.as_bytes()).await.unwrap();
            let (mut from, mut to) = socket.into_split();
            let mut pace = interval(Duration::from_millis(500));
            let feed = async {
                while to.write_all(b" ").await.is_ok() {
                    pace.tick().await;
                }
            };
            let answered = async {
                let mut answer = Vec::new();
                let _ = from.read_to_end(&mut answer).await;
                answer
            };
            tokio::select! {
                () = feed => Vec::new(),
                answer = answered => answer,
            }
        });
    }
    let mut pages = 0;
    let all = async {
        while let Some(ended) = slow.join_next().await {
            let answer = String::from_utf8(ended.unwrap()).unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        }
    };
    let others = async {
        let mut pace = interval(Duration::from_millis(100));
        loop {
            pace.tick().await;
            let page = timeout(Duration::from_secs(10), http::get(server.address, LOGS)).await;
            assert_eq!(page.expect("a page in time").status, 200);
            pages += 1;
        }
    };
    let cut_off = async {
        tokio::select! {
            () = all => {}
            () = others => {}
        }
    };
    timeout(Duration::from_secs(120), cut_off).await.expect("all are cut off");
    assert!(pages > 20, "{pages} pages");
}
