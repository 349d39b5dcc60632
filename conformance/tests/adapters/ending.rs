//! How streams end: by themselves, by their client, by a shutdown, by a client that is stuck.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use gapless_sse_axum::ServeOptions;
use gapless_sse_core::{Event, Parser};

use crate::client::Received;
use crate::host::{Host, Options, Server};
use crate::within;

promises! {
    everywhere: a_stream_ends_when_its_events_do, a_client_that_leaves_ends_its_stream,
        a_shutdown_lets_a_stream_end_itself,
        a_drain_sends_each_client_away_for_a_time_of_its_own;
    under_our_serve: a_shutdown_ends_endless_streams, a_client_that_stops_reading_is_cut_off;
}

fn serving(serve: ServeOptions) -> Options {
    Options { serve, ..Options::default() }
}

async fn a_stream_ends_when_its_events_do(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    visit.events.send(Event::new("last")).unwrap();
    drop(visit);
    let received = client.receive(&mut Parser::new(), usize::MAX).await;
    assert_eq!(received.last(), Some(&Received::message("last", "")));
}

async fn a_client_that_leaves_ends_its_stream(host: Host) {
    let mut server = Server::start(host).await;
    let (mut client, visit) = server.open().await;
    client.chunk().await.unwrap();
    drop(client);
    within(visit.events.closed()).await;

    let (mut client, visit) = server.open().await;
    client.chunk().await.unwrap();
    let _connection = client.leave();
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

async fn a_drain_sends_each_client_away_for_a_time_of_its_own(host: Host) {
    const CLIENTS: usize = 8;
    let server = Server::start(host).await;
    server.write(Event::new("line"));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (mut client, mut parser) = (server.get("/log", &[]).await, Parser::new());
        let mut received = Vec::new();
        while !received.iter().any(|item| is_event(item, "sync")) {
            received.extend(client.receive(&mut parser, 1).await);
        }
        clients.push((client, parser));
    }
    server.log.drain();
    let served = server.shut_down();
    let mut times = BTreeSet::new();
    for (mut client, mut parser) in clients {
        let last = client.receive(&mut parser, usize::MAX).await;
        let [Received::Retry(time), drain] = &last[..] else { panic!("{last:?}") };
        assert!(is_event(drain, "drain"), "{drain:?}");
        assert!(*time >= Duration::from_millis(100) && *time <= Duration::from_millis(2100));
        times.insert(*time);
    }
    assert!(times.len() > CLIENTS / 2, "{times:?}");
    within(served).await.unwrap();
}

fn is_event(item: &Received, name: &str) -> bool {
    matches!(item, Received::Event { event_type, .. } if event_type == name)
}

async fn a_shutdown_ends_endless_streams(host: Host) {
    let drain_limit = Duration::from_millis(200);
    let serve = ServeOptions { drain_limit, ..ServeOptions::default() };
    let mut server = Server::with(host, serving(serve)).await;
    let (mut client, visit) = server.open().await;
    let began = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(began.elapsed() >= drain_limit, "{:?}", began.elapsed());
    client.ended().await;
    within(visit.events.closed()).await;
}

async fn a_client_that_stops_reading_is_cut_off(host: Host) {
    let stall_limit = Duration::from_millis(200);
    let serve = ServeOptions { stall_limit, ..ServeOptions::default() };
    let mut server = Server::with(host, serving(serve)).await;
    let (stuck, visit) = server.open().await;
    // More than the socket's buffers on both sides hold, and any window.
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
