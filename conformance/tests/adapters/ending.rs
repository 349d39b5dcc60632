//! How streams end: by themselves, by their client, by a shutdown, by a client that is stuck.

use std::time::{Duration, Instant};

use sse_axum::ServeOptions;
use sse_core::{Event, EventStreamOptions, Parser};

use crate::client::Received;
use crate::host::{Host, Server};
use crate::within;

promises! {
    everywhere: a_stream_ends_when_its_events_do, a_client_that_leaves_ends_its_stream,
        a_shutdown_lets_a_stream_end_itself;
    under_our_serve: a_shutdown_ends_endless_streams, a_client_that_stops_reading_is_cut_off;
}

async fn a_stream_ends_when_its_events_do(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    visit.events.send(Event::new("last")).unwrap();
    drop(visit);
    let received = client.receive(&mut Parser::new(), usize::MAX).await;
    assert_eq!(received.last(), Some(&Received::message("last", "")));
}

async fn a_client_that_leaves_ends_its_stream(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    client.chunk().await.unwrap();
    drop(client);
    within(visit.events.closed()).await;
}

async fn a_shutdown_lets_a_stream_end_itself(host: Host) {
    let mut server = Server::start(host).await;
    let (mut client, visit) = server.open().await;
    let served = server.shut_down();
    visit.events.send(Event::new("last")).unwrap();
    drop(visit);
    let began = Instant::now();
    let received = client.receive(&mut Parser::new(), usize::MAX).await;
    assert_eq!(received.last(), Some(&Received::message("last", "")));
    within(served).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

async fn a_shutdown_ends_endless_streams(host: Host) {
    let drain_limit = Duration::from_millis(200);
    let limits = ServeOptions { drain_limit, ..ServeOptions::default() };
    let mut server = Server::with(host, EventStreamOptions::default(), limits).await;
    let (mut client, visit) = server.open().await;
    let began = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(began.elapsed() >= drain_limit, "{:?}", began.elapsed());
    client.ended().await;
    within(visit.events.closed()).await;
}

async fn a_client_that_stops_reading_is_cut_off(host: Host) {
    let stall_limit = Duration::from_millis(200);
    let limits = ServeOptions { stall_limit, ..ServeOptions::default() };
    let mut server = Server::with(host, EventStreamOptions::default(), limits).await;
    let (stuck, visit) = server.open().await;
    // More than the socket's buffers on both sides hold.
    let data = "x".repeat(64 * 1024);
    for _ in 0..1024 {
        visit.events.send(Event::new(data.clone())).unwrap();
    }
    within(visit.events.closed()).await;
    drop(stuck);
    let (mut other, visit) = server.open().await;
    visit.events.send(Event::new("still serving")).unwrap();
    let received = other.receive(&mut Parser::new(), 2).await;
    assert_eq!(received[1], Received::message("still serving", ""));
}
