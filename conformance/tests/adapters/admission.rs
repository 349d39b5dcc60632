//! How many streams may be open: the answer to one too many, and when a place is free again.

use std::time::{Duration, Instant};

use gapless_sse_axum::ServeOptions;
use gapless_sse_core::{AdmissionLimits, Event, LogState};

use crate::host::{Host, Options, Server};
use crate::within;

promises! {
    everywhere: one_stream_too_many_is_refused_at_once,
        a_stream_of_a_log_that_nobody_reads_is_refused_in_words,
        a_place_is_free_however_the_stream_ended;
    under_our_serve: a_place_is_free_when_a_stuck_client_is_cut_off;
}

async fn one_stream_too_many_is_refused_at_once(host: Host) {
    let limits = [
        (AdmissionLimits::default().max_total(2).max_per_key(9), "2 streams are open"),
        (
            AdmissionLimits::default().max_total(9).max_per_key(3),
            "this client already has 3 open streams",
        ),
    ];
    for (admission, words) in limits {
        let mut server = Server::with(host, Options { admission, ..Options::default() }).await;
        let mut streams = Vec::new();
        for _ in 0..admission.max_total.min(admission.max_per_key) {
            streams.push(server.open().await);
        }
        let asked = Instant::now();
        let mut refused = server.get("/", &[]).await;
        assert_eq!(refused.head.status, 429);
        assert!(refused.head.header("retry-after").concat().parse::<u32>().unwrap() > 0);
        let text = refused.text().await;
        assert!(text.contains(words), "{text}");
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());

        drop(streams.pop());
        all_but(&server, streams.len()).await;
        server.open().await;
    }
}

async fn a_stream_of_a_log_that_nobody_reads_is_refused_in_words(host: Host) {
    let server = Server::with(host, Options { driven: false, ..Options::default() }).await;
    while server.log.state() != LogState::Stopped {
        tokio::task::yield_now().await;
    }
    let mut refused = server.get("/log", &[]).await;
    assert_eq!(refused.head.status, 503);
    assert!(refused.head.header("retry-after").concat().parse::<u32>().unwrap() > 0);
    let why = refused.text().await;
    assert!(why.contains("the log is not read any more"), "{why}");
}

async fn a_place_is_free_however_the_stream_ended(host: Host) {
    let admission = AdmissionLimits::default().max_total(1).max_per_key(1);
    let lifetime = Some(Duration::from_millis(500));
    let mut server =
        Server::with(host, Options { lifetime, admission, ..Options::default() }).await;

    let (mut client, _visit) = server.open().await;
    client.ended_in_order().await;
    all_but(&server, 0).await; // its lifetime was over

    let (mut client, visit) = server.open().await;
    visit.events.send(Event::new("last")).unwrap();
    drop(visit);
    client.ended_in_order().await;
    all_but(&server, 0).await;

    let (client, _visit) = server.open().await;
    let connection = client.leave();
    all_but(&server, 0).await;
    drop(connection);

    let (client, visit) = server.open().await;
    visit.events.send(Event::new("x".repeat(1 << 24))).unwrap();
    drop(client); // with most of it unread
    all_but(&server, 0).await;
    server.open().await;
}

async fn a_place_is_free_when_a_stuck_client_is_cut_off(host: Host) {
    let admission = AdmissionLimits::default().max_total(1).max_per_key(1);
    let stall_limit = Duration::from_millis(200);
    let serve = ServeOptions { stall_limit, ..ServeOptions::default() };
    let mut server = Server::with(host, Options { admission, serve, ..Options::default() }).await;
    let (_stuck, visit) = server.open().await;
    let data = "x".repeat(64 * 1024);
    for _ in 0..1024 {
        visit.events.send(Event::new(data.clone())).unwrap();
    }
    all_but(&server, 0).await;
    server.open().await;
}

/// Waits until only so many places are taken.
async fn all_but(server: &Server, open: usize) {
    within(async {
        while server.places.stats().open > open {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
