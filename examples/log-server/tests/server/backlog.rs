//! A client that was away for long: everything it has missed, over one connection.

#![cfg(target_os = "linux")]

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

const MISSED: usize = 100_000;
const AT_ONCE: usize = 500;

/// Far more than a batch of rows and the ring, far less than all rows.
const MEMORY: usize = 28 << 20;

/// Of a row, so that all of them are some 80 MB on the wire.
const MESSAGE: usize = 500;

fn message(number: usize) -> String {
    format!("{number:.<MESSAGE$}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows_come_whole_in_order_and_without_memory() {
    let store = Store::sqlite();
    let ring = ["--ring-bytes", "1000000"];
    let server =
        Server::start(&[&["--store", &store.address(), "--heartbeat", "1s"], &ring[..]].concat());
    let post = async |numbers: std::ops::Range<usize>| {
        let line = |number| format!("{{\"message\":\"{}\"}}\n", message(number));
        let lines: String = numbers.map(line).collect();
        let posted = http::post(server.address, LOGS, "application/x-ndjson", lines).await;
        assert_eq!(posted.status, 201, "{posted:?}");
    };
    post(0..1).await;
    let path = format!("{LOGS}/stream?history=all");
    let mut away = Client::default();
    let mut stream = away.connect(server.address, &path).await;
    away.read_until(&mut stream, |client| !client.notices("sync").is_empty()).await;
    drop(stream);
    for first in (1..=MISSED).step_by(AT_ONCE) {
        post(first..first + AT_ONCE).await;
    }

    // One goes on from where it was, the other one has never been here.
    server.peak_memory();
    let before = server.peak_memory();
    for (mut client, resumed) in [(away, true), (Client::default(), false)] {
        let mut stream = client.connect(server.address, &path).await;
        client.read_until(&mut stream, |client| client.messages.len() > MISSED).await;
        client.read_all_that_is_due(&mut stream).await;
        assert_eq!(client.messages.len(), MISSED + 1);
        let in_order = |(number, text): (usize, &String)| *text == message(number);
        assert!(client.messages.iter().enumerate().all(in_order), "in another order");
        let started = client.notices("start");
        assert!(started.last().unwrap().contains(&format!(r#""resumed":{resumed}"#)));
        assert_eq!(client.notices("reset"), [""; 0]);
        let grown = server.peak_memory().saturating_sub(before);
        assert!(grown < MEMORY, "{} KiB, resumed: {resumed}", grown >> 10);
    }
    assert_eq!(server.counter("log_streams_resumed_total{kind=\"catch_up\"}").await, 1);
}
