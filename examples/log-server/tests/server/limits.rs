//! How many streams may be open, and for how long.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{self, Connection};
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// How long the server may take to notice that a client is gone.
const NOTICED: Duration = Duration::from_secs(10);

/// When a stream with a lifetime of less than a second has ended for certain.
const ENDED: Duration = Duration::from_secs(10);

fn server(store: &Store, more: &[&str]) -> Server {
    let address = store.address();
    Server::start(&[&["--store", &address, "--heartbeat", "200ms"], more].concat())
}

pub(crate) async fn open(server: &Server) -> (Response<Incoming>, Connection) {
    let request = Request::get(format!("{LOGS}/stream")).body(Full::default()).unwrap();
    http::send(server.address, request).await.unwrap()
}

/// Opens a stream as soon as there is a place for it.
pub(crate) async fn open_when_free(server: &Server) -> (Response<Incoming>, Connection) {
    let deadline = Instant::now() + NOTICED;
    loop {
        let opened = open(server).await;
        if opened.0.status() == 200 {
            return opened;
        }
        assert!(Instant::now() < deadline, "no place is free: {:?}", server.counters().await);
    }
}

/// Asks for a stream, is refused, and answers the words for it.
pub(crate) async fn refusal(server: &Server) -> String {
    let asked = Instant::now();
    let (response, _connection) = open(server).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((2..=8).contains(&seconds), "{seconds}");
    let body = response.collect().await.unwrap().to_bytes();
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], 429);
    problem["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_stream_too_many_is_refused_until_another_client_is_gone() {
    let store = Store::sqlite();
    let server = server(&store, &["--max-streams", "3"]);
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(open(&server).await);
        assert_eq!(streams.last().unwrap().0.status(), 200);
    }
    let words = refusal(&server).await;
    assert!(words.starts_with("3 streams are open") && words.ends_with("--max-streams"), "{words}");
    assert_eq!(server.counter("log_refused_total{kind=\"streams_in_all\"}").await, 1);
    assert_eq!(server.counter("log_refused_total{kind=\"streams_per_address\"}").await, 0);
    assert_eq!(http::get(server.address, LOGS).await.status, 200, "pages are not streams");

    streams.pop();
    streams.push(open_when_free(&server).await);
    refusal(&server).await;
}

#[tokio::test]
async fn one_address_takes_no_more_than_its_share() {
    let store = Store::sqlite();
    let server = server(&store, &["--max-streams-per-address", "2"]);
    let streams = [open(&server).await, open(&server).await];
    let words = refusal(&server).await;
    assert!(words.contains("your address may have 2 streams"), "{words}");
    assert!(words.contains("--max-streams-per-address"), "{words}");
    assert_eq!(server.counter("log_refused_total{kind=\"streams_per_address\"}").await, 1);
    assert_eq!(server.counter("log_stream_addresses").await, 1);

    drop(streams);
    let deadline = Instant::now() + NOTICED;
    while server.counter("log_stream_addresses").await > 0 {
        assert!(Instant::now() < deadline, "the address is not forgotten");
    }
    assert_eq!(open(&server).await.0.status(), 200);
}

#[tokio::test]
async fn clients_that_go_at_once_leave_no_place_taken() {
    let store = Store::sqlite();
    let server = server(&store, &["--max-streams", "1"]);
    let request = format!("GET {LOGS}/stream HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    for _ in 0..50 {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
    }
    open_when_free(&server).await;
}

#[tokio::test]
async fn a_request_that_is_wrong_or_only_for_the_head_takes_no_place() {
    let store = Store::sqlite();
    let server = server(&store, &["--max-streams", "1"]);
    let path = format!("{LOGS}/stream");
    assert_eq!(http::get(server.address, &format!("{path}?history=x")).await.status, 400);
    let head = Request::head(&path).body(Full::default()).unwrap();
    assert_eq!(http::ask(server.address, head).await.status, 200);
    assert_eq!(open(&server).await.0.status(), 200);
}

#[tokio::test]
async fn a_stream_ends_in_order_after_its_lifetime_and_its_place_is_free() {
    let store = Store::sqlite();
    let server = server(&store, &["--max-lifetime", "500ms", "--max-streams", "1"]);
    let opened = Instant::now();
    let path = format!("{LOGS}/stream");
    let answer = timeout(ENDED, http::get(server.address, &path)).await.expect("it ends");
    assert!(opened.elapsed() >= Duration::from_millis(450), "{:?}", opened.elapsed());
    assert!(answer.text.ends_with("\n\nretry: 1000\n\n"), "{answer:?}");
    let bytes = server.counter("log_stream_bytes_total").await;
    assert_eq!(bytes, answer.text.len() as u64, "what went through is counted");
    assert_eq!(server.counter("log_stream_events_total").await, 2, "start and sync");
    assert_eq!(server.counter("log_streams_closed_total{kind=\"lifetime\"}").await, 1);
    drop(open(&server).await);
    let deadline = Instant::now() + NOTICED;
    while server.counter("log_streams_closed_total{kind=\"dropped\"}").await == 0 {
        assert!(Instant::now() < deadline, "the stream that was dropped is not counted");
    }
}

/// Reads a stream until its lifetime is over.
async fn live_once(client: &mut Client, server: &Server, path: &str) {
    let mut stream = client.connect(server.address, path).await;
    let ended = async { while client.read(&mut stream).await {} };
    timeout(ENDED, ended).await.expect("the stream ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_and_nothing_comes_twice_over_many_lifetimes() {
    const LIFETIMES: usize = 5;
    let store = Store::sqlite();
    let server = server(&store, &["--max-lifetime", "300ms", "--ring-bytes", "4000"]);
    let writer = store.writer().await;
    let (stop, mut stopped) = tokio::sync::watch::channel(());
    let writing = tokio::spawn(async move {
        let mut written = Vec::new();
        while !stopped.has_changed().unwrap() {
            let row = format!("row {}", written.len());
            writer.write(&row).await;
            written.push(row);
        }
        stopped.mark_unchanged();
        written
    });
    let path = format!("{LOGS}/stream?history=all");
    let mut client = Client::default();
    for _ in 0..LIFETIMES {
        live_once(&mut client, &server, &path).await;
    }
    stop.send_replace(());
    let written = writing.await.unwrap();
    while client.messages.len() < written.len() {
        live_once(&mut client, &server, &path).await;
    }
    // A lifetime more, in which a duplicate would come.
    live_once(&mut client, &server, &path).await;
    assert_eq!(client.messages, written);
    assert_eq!(client.notices("reset"), [""; 0]);
    let started = client.notices("start");
    assert!(started.len() > LIFETIMES, "{started:?}");
    assert!(started[0].contains(r#""resumed":false"#), "{started:?}");
    assert!(started[1..].iter().all(|data| data.contains(r#""resumed":true"#)), "{started:?}");
}
