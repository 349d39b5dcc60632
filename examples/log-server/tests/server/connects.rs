//! Clients that come while rows are written without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fastrand::Rng;
use tokio::task::JoinSet;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

const CLIENTS: usize = 60;

/// Rows that are written between two connects, at least.
const BETWEEN: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replayed_and_what_is_delivered_are_together_what_was_published() {
    let store = Store::sqlite();
    // Memory for about 25 rows: some who come find all in it, some must catch up.
    let arguments = ["--store", &store.address(), "--ring-bytes", "12000", "--heartbeat", "500ms"];
    let server = Server::start(&arguments);
    let address = server.address;
    let (written, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (written, stop, mut rng) = (written.clone(), stop.clone(), Rng::with_seed(2026));
        async move {
            while !stop.load(Ordering::SeqCst) {
                let first = written.load(Ordering::SeqCst);
                let next = first + rng.usize(1..5);
                let line = |number| format!("{{\"message\":\"{number}\"}}\n");
                let lines: String = (first..next).map(line).collect();
                let posted = http::post(address, LOGS, "application/x-ndjson", lines).await;
                assert_eq!(posted.status, 201, "{posted:?}");
                written.store(next, Ordering::SeqCst);
            }
        }
    });

    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        while written.load(Ordering::SeqCst) < client * BETWEEN {
            tokio::task::yield_now().await;
        }
        let came_at = written.load(Ordering::SeqCst);
        let (written, stop) = (Arc::clone(&written), Arc::clone(&stop));
        clients.spawn(async move {
            let mut client = Client::default();
            let path = format!("{LOGS}/stream?history=all");
            let mut stream = client.connect(address, &path).await;
            // Some of it replayed, some of it live, whatever the machine's speed.
            client
                .read_until(&mut stream, |client| {
                    client.messages.len() > came_at + BETWEEN && stop.load(Ordering::SeqCst)
                })
                .await;
            let published = written.load(Ordering::SeqCst);
            client.read_until(&mut stream, |client| client.messages.len() >= published).await;
            client.read_all_that_is_due(&mut stream).await;
            client
        });
    }
    let last_came = written.load(Ordering::SeqCst);
    while written.load(Ordering::SeqCst) < last_came + BETWEEN * 5 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();

    let published: Vec<_> =
        (0..written.load(Ordering::SeqCst)).map(|number| number.to_string()).collect();
    while let Some(client) = clients.join_next().await {
        let client = client.unwrap();
        assert!(client.messages == published, "{client:?}");
        assert_eq!(client.notices("reset"), [""; 0]);
    }
}
