//! A connection that is upgraded to another protocol, as for a WebSocket.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::time::{Duration, Instant};

use gapless_sse_hyper::{RequestBody, ServeOptions};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Request, StatusCode};
use hyper_util::rt::TokioIo;
use support::{Client, Server, text, within};
use tokio::io::{copy, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

mod support;

const DRAIN: Duration = Duration::from_millis(300);

/// A server that echoes what it is sent after an upgrade. What it tells is closed when the echo is
/// over.
async fn echoing() -> (Server, UnboundedReceiver<UnboundedSender<()>>) {
    let (begun, echoes) = unbounded_channel();
    let options = ServeOptions { drain_limit: DRAIN, ..ServeOptions::default() };
    let server = Server::start(options, move |mut request: Request<RequestBody>| {
        let begun = begun.clone();
        async move {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let (echoing, echoes) = unbounded_channel();
                begun.send(echoing).unwrap();
                let (mut read, mut write) = split(TokioIo::new(upgrade.await.unwrap()));
                let _ = copy(&mut read, &mut write).await;
                drop(echoes);
            });
            let mut response = text("");
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
            response.headers_mut().insert(UPGRADE, HeaderValue::from_static("echo"));
            response
        }
    });
    (server.await, echoes)
}

async fn upgraded(server: &Server) -> Client {
    let mut client = server.connect().await;
    let head = "GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    // What follows in the same packet belongs to what is spoken then.
    client.send([head, "first"].concat()).await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.read_until("first").await;
    client
}

#[tokio::test]
async fn what_an_upgraded_connection_says_goes_to_the_service_and_back() {
    let (server, mut echoes) = echoing().await;
    let mut client = upgraded(&server).await;
    let echo = within(echoes.recv()).await.unwrap();
    for text in ["hello", "\r\n\r\n", "and so on"] {
        client.send(text).await;
        client.read_until(text).await;
    }
    drop(client);
    within(echo.closed()).await;
}

#[tokio::test]
async fn an_upgraded_connection_ends_with_its_server() {
    let (server, mut echoes) = echoing().await;
    let mut client = upgraded(&server).await;
    let echo = within(echoes.recv()).await.unwrap();
    server.abort();
    within(echo.closed()).await;
    client.read_to_end().await;
}

#[tokio::test]
async fn an_upgraded_connection_may_go_on_for_the_drain_limit() {
    let (server, mut echoes) = echoing().await;
    let mut client = upgraded(&server).await;
    let echo = within(echoes.recv()).await.unwrap();
    let start = Instant::now();
    let served = server.shut_down();
    client.send("last").await;
    client.read_until("last").await;
    within(served).await.unwrap();
    assert!(start.elapsed() >= DRAIN, "{:?}", start.elapsed());
    within(echo.closed()).await;
    client.read_to_end().await;
}

#[tokio::test]
async fn an_upgraded_connection_that_has_ended_delays_nothing() {
    let (server, mut echoes) = echoing().await;
    let client = upgraded(&server).await;
    let echo = within(echoes.recv()).await.unwrap();
    drop(client);
    within(echo.closed()).await;
    let start = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(start.elapsed() < DRAIN, "{:?}", start.elapsed());
}
