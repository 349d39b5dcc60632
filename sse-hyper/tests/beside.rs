//! What a client sends beside its stream, and how a stream ends all the same.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use gapless_sse_hyper::ServeOptions;
use support::{Client, PATHS, Server, passes, within};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::UnboundedSender;

mod support;

async fn opened() -> (Server, Client, UnboundedSender<Bytes>) {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.get(PATHS[0]).await;
    let sender = within(streams.recv()).await.unwrap();
    client.read_until("\r\n\r\n").await;
    (server, client, sender)
}

/// Much more than the sockets hold.
const FLOOD: usize = 64 << 20;

/// Sends until the server has had enough, and says how much.
async fn flood(client: &mut Client) -> usize {
    let (mut sent, some) = (0, vec![b'x'; 16 * 1024]);
    while sent < FLOOD
        && let Ok(count) = within(client.0.write(&some)).await
    {
        sent += count;
    }
    sent
}

#[tokio::test]
async fn a_client_that_floods_its_stream_is_cut_off() {
    let (_server, mut client, sender) = opened().await;
    let sent = flood(&mut client).await;
    within(sender.closed()).await;
    assert!(sent < FLOOD);
}

#[tokio::test]
async fn a_client_may_send_a_little_beside_its_stream() {
    let (_server, mut client, sender) = opened().await;
    for _ in 0..15 {
        client.send(vec![b'x'; 4096]).await;
        passes(Duration::from_millis(5)).await;
    }
    sender.send("still here".into()).unwrap();
    client.read_until("a\r\nstill here\r\n").await;
    client.send(vec![b'x'; 8192]).await;
    within(sender.closed()).await;
}

#[tokio::test]
async fn the_last_event_arrives_although_the_client_has_sent_something() {
    for _ in 0..20 {
        let (_server, mut client, sender) = opened().await;
        // It is not read before the stream ends, since there is always something to write.
        let last = "x".repeat(1_000_000);
        sender.send(last.clone().into()).unwrap();
        sender.send("last".into()).unwrap();
        drop(sender);
        client.send(vec![b'x'; 30_000]).await;
        passes(Duration::from_millis(2)).await;
        client.send("more").await;
        let (read, in_order) = client.read_to_end().await;
        assert!(in_order, "{} bytes", read.len());
        assert!(read.ends_with(b"last\r\n0\r\n\r\n"), "{} bytes", read.len());
    }
}

#[tokio::test]
async fn a_stream_that_has_ended_waits_for_its_client_and_not_without_end() {
    let (server, mut client, sender) = opened().await;
    drop(sender);
    client.read_until("0\r\n\r\n").await;
    // Its side is still open: it may send, and nothing is reset.
    for _ in 0..3 {
        passes(Duration::from_millis(50)).await;
        client.send("more").await;
    }
    assert_eq!(client.read_to_end().await, (vec![], true));
    let start = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let gone = async { while client.0.write_all(b"more").await.is_ok() {} };
    within(gone).await;
}
