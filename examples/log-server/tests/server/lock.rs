//! Another process holds the file's lock for writing, or very many write at once.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use rusqlite::Connection;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};

const ROW: &str = "{\"message\":\"x\"}";

async fn post(server: &Server) -> http::Answer {
    http::post(server.address, LOGS, "application/json", ROW).await
}

async fn count(server: &Server) -> usize {
    let page = http::get(server.address, &format!("{LOGS}?limit=10000")).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.json()["logs"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_do_not_wait_for_a_lock_and_nothing_is_stored_for_who_left() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    assert_eq!(post(&server).await.status, 201);
    let other = Connection::open(store.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let mut gone = JoinSet::new();
    for _ in 0..100 {
        let address = server.address;
        gone.spawn(async move {
            let asked = http::post(address, LOGS, "application/json", ROW);
            timeout(Duration::from_millis(500), asked).await.is_err()
        });
    }
    let patient = {
        let address = server.address;
        tokio::spawn(async move { http::post(address, LOGS, "application/json", ROW).await })
    };
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    while !patient.is_finished() {
        let asked = Instant::now();
        assert_eq!(count(&server).await, 1);
        slowest = slowest.max(asked.elapsed());
    }
    // The one that waits is told so in the end, and the pages meanwhile were none the slower.
    problem(&patient.await.unwrap(), 503, "another process holds the file's lock");
    assert!(slowest < began.elapsed() / 4, "{slowest:?} of {:?}", began.elapsed());
    assert!(gone.join_all().await.into_iter().all(|left| left), "nobody is answered");

    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(post(&server).await.status, 201);
    assert_eq!(count(&server).await, 2, "who was told nothing finds nothing stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_requests_at_once_take_no_threads_and_are_written_together() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    assert_eq!((post(&server).await.status, count(&server).await), (201, 1));
    let before = server.threads();
    // All of them wait, and then all are written.
    let other = Connection::open(store.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let frames = || {
        let log = store.file().with_extension("db-wal");
        std::fs::metadata(log).map_or(0, |log| log.len())
    };
    let mut posts = JoinSet::new();
    for _ in 0..600 {
        let address = server.address;
        posts.spawn(async move { http::post(address, LOGS, "application/json", ROW).await.status });
    }
    let (began, mut threads) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(1) {
        assert_eq!(count(&server).await, 1);
        threads = threads.max(server.threads());
    }
    let written = frames();
    other.execute_batch("ROLLBACK").unwrap();
    let statuses = posts.join_all().await;
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    assert_eq!(count(&server).await, 601);
    assert!(threads <= before + 4, "{before}, then {threads} threads");
    // Each commit writes four pages or more; together they are a few hundred.
    let pages = (frames() - written) / 4096;
    assert!(pages < 600, "{pages} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused_at_once_and_told_when_to_come_back() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--upload-bytes", "100000000"]);
    let other = Connection::open(store.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let row = format!("{{\"message\":\"{}\"}}", "x".repeat(3 << 20));
    let mut posts = JoinSet::new();
    for _ in 0..16 {
        let (address, row) = (server.address, row.clone());
        posts.spawn(async move {
            let request = Request::post(LOGS).header("content-type", "application/json");
            let request = request.body(Full::new(row.into())).unwrap();
            let (response, _connection) = http::send(address, request).await.unwrap();
            let again = response.headers()["retry-after"].to_str().unwrap().parse::<u64>();
            assert!((1..=60).contains(&again.unwrap()));
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, String::from_utf8(body.into()).unwrap())
        });
    }
    let answers = posts.join_all().await;
    assert!(answers.iter().all(|(status, _)| *status == 503), "{answers:?}");
    let full = answers.iter().filter(|(_, text)| text.contains("too many rows wait")).count();
    assert_eq!(full, 6, "32 MiB may wait, and each has 3");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!((post(&server).await.status, count(&server).await), (201, 1));
}
