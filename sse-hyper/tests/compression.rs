//! A layer around the service that compresses what it answers.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::convert::Infallible;
use std::io::Write;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use flate2::write::GzDecoder;
use futures_util::stream;
use gapless_sse_hyper::{ServeOptions, response_headers};
use support::{Client, Server, within};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_http::CompressionLevel;
use tower_http::compression::predicate::Predicate;
use tower_http::compression::{CompressionLayer, DefaultPredicate};

mod support;

/// A client of a stream behind a layer that compresses what `predicate` allows.
async fn opened(
    predicate: impl Predicate + Send + Sync + 'static,
) -> (Server, Client, String, UnboundedSender<Bytes>) {
    let (asked, mut streams) = unbounded_channel();
    let events = move || {
        let (sender, mut events): (_, UnboundedReceiver<Bytes>) = unbounded_channel();
        asked.send(sender).unwrap();
        let events = stream::poll_fn(move |context| {
            events.poll_recv(context).map(|next| next.map(Ok::<_, Infallible>))
        });
        async { (response_headers(), Body::from_stream(events)) }
    };
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(predicate);
    let router = Router::new().route("/", get(events)).layer(layer);
    let server = Server::serving(ServeOptions::default(), router).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: test\r\naccept-encoding: gzip\r\n\r\n").await;
    let sender = within(streams.recv()).await.unwrap();
    let head = client.read_until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.contains("\r\nconnection: close\r\n"), "it leaves hyper: {head}");
    (server, client, head, sender)
}

async fn chunk(client: &mut Client) -> Vec<u8> {
    let size = client.read_until("\r\n").await;
    let mut chunk = vec![0; usize::from_str_radix(size.trim_end(), 16).unwrap()];
    within(client.0.read_exact(&mut chunk)).await.unwrap();
    assert_eq!(client.read_until("\r\n").await, "\r\n");
    chunk
}

#[tokio::test]
async fn a_layer_that_is_content_with_the_headers_leaves_a_stream_as_it_is() {
    let (_server, mut client, head, sender) = opened(DefaultPredicate::new()).await;
    assert!(!head.contains("content-encoding"), "{head}");
    for text in ["one", "two"] {
        sender.send(text.into()).unwrap();
        assert_eq!(chunk(&mut client).await, text.as_bytes());
    }
}

#[tokio::test]
async fn a_layer_that_compresses_streams_sends_each_event_at_once() {
    let always = |_, _, _: &_, _: &_| true;
    let (_server, mut client, head, sender) = opened(always).await;
    assert!(head.contains("\r\ncontent-encoding: gzip\r\n"), "{head}");
    let mut read = GzDecoder::new(Vec::new());
    for text in ["data: one\n\n", "data: two\n\n"] {
        sender.send(text.into()).unwrap();
        while !read.get_ref().ends_with(text.as_bytes()) {
            read.write_all(&chunk(&mut client).await).unwrap();
            read.flush().unwrap();
        }
    }
    drop(sender);
    while let rest @ [_, ..] = &*chunk(&mut client).await {
        read.write_all(rest).unwrap();
    }
    assert_eq!(read.finish().unwrap(), b"data: one\n\ndata: two\n\n");
}
