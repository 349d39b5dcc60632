//! Pages that clients ask for and do not read.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::Request;
use serde_json::Value;

use crate::app::{LARGE_PAGES, app, ask};
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};

const SMALL: &str = "/wfm/workflow/workspace/etl/workflow/small/logs";
/// Some of them make a page of about 1 MiB.
const ROW: usize = 200_000;

async fn post(router: &Router, path: &str, message: &str) {
    let row = serde_json::json!({ "message": message }).to_string();
    let request = Request::post(path).header("content-type", "application/json");
    let answer = ask(router, request.body(Body::from(row)).unwrap()).await;
    assert_eq!(answer.status(), 201);
}

async fn page(router: &Router, path: &str) -> Response {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn read(answer: Response) -> Value {
    let length = answer.headers().get("content-length").cloned();
    let said = answer.body().size_hint();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let said = length.map_or(said.exact(), |length| length.to_str().unwrap().parse().ok());
    assert_eq!(said, Some(body.len() as u64));
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn large_pages_that_nobody_reads_are_bounded_and_leave_room_for_small_ones() {
    let (_folder, router, _driver) = app();
    for _ in 0..20 {
        post(&router, LOGS, &"x".repeat(ROW)).await;
    }
    post(&router, SMALL, "small").await;
    let (mut unread, mut held, mut refused) = (Vec::new(), 0, 0);
    for _ in 0..50 {
        let answer = page(&router, LOGS).await;
        if answer.status() == 200 {
            held += answer.body().size_hint().exact().unwrap();
            unread.push(answer);
        } else {
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            let problem = read(answer).await;
            assert!(problem["detail"].as_str().unwrap().contains("--unsent-bytes"), "{problem}");
            refused += 1;
        }
    }
    assert!(held <= LARGE_PAGES as u64 + 10_000 && refused > 40, "{held} bytes, {refused} refused");
    assert!(unread.len() >= 2, "{} pages", unread.len());
    for page in &unread {
        let bytes = page.body().size_hint().exact().unwrap();
        assert!(bytes <= (1 << 20) + 1000, "a page of {bytes} bytes");
    }
    let small: Vec<_> = [page(&router, SMALL).await, page(&router, SMALL).await].into();
    for answer in small {
        assert_eq!(answer.status(), 200);
        assert_eq!(read(answer).await["logs"][0]["message"], "small");
    }

    // One that is read gives its memory back to the next.
    let first = read(unread.swap_remove(0)).await;
    assert!(first["logs"].as_array().unwrap().len() >= 2 && first["next"].is_string());
    assert_eq!(page(&router, LOGS).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_pages_that_nobody_reads_hold_no_more_than_they_are() {
    let (_folder, router, _driver) = app();
    post(&router, SMALL, "small").await;
    let mut unread = Vec::new();
    for _ in 0..500 {
        unread.push(page(&router, SMALL).await);
        assert_eq!(unread.last().unwrap().status(), 200);
    }
}

/// Half of them read pages, half streams of all of history; what they are sent, they leave.
async fn slow_readers_leave_memory_and_small_pages(store: Store) {
    const READERS: usize = 100;
    let mut server = Server::start(&["--store", &store.address()]);
    let line = format!("{{\"message\":\"{}\"}}", "x".repeat(1_000_000));
    for _ in 0..20 {
        let posted = http::post(server.address, LOGS, "application/x-ndjson", line.clone()).await;
        assert_eq!(posted.status, 201);
    }
    let small = "{\"message\":\"small\"}\n".repeat(100);
    let posted = http::post(server.address, SMALL, "application/x-ndjson", small).await;
    assert_eq!(posted.status, 201);
    // Afresh, so that nothing of what was written is counted.
    server.restart(true).await;
    assert_eq!(http::get(server.address, SMALL).await.status, 200);
    let idle = server.peak_memory();
    let mut readers = tokio::task::JoinSet::new();
    for nth in 0..READERS {
        let path = if nth % 2 == 0 { "?limit=100" } else { "/stream?history=all" };
        let request =
            Request::get(format!("{LOGS}{path}")).body(http_body_util::Full::default()).unwrap();
        let asked = http::send(server.address, request);
        readers.spawn(async move {
            let _held = asked.await.unwrap();
            std::future::pending::<()>().await;
        });
    }
    let began = Instant::now();
    let (mut pages, mut pace) = (0, tokio::time::interval(Duration::from_millis(100)));
    while began.elapsed() < Duration::from_secs(8) {
        let page = tokio::time::timeout(Duration::from_secs(8), http::get(server.address, SMALL));
        let page = page.await.expect("a page does not wait for large ones");
        assert_eq!(page.status, 200, "{page:?}");
        pages += 1;
        pace.tick().await;
    }
    let more = server.peak_memory().saturating_sub(idle) >> 20;
    assert!(more < 300, "{more} MiB");
    assert!(pages >= 8, "{pages} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_leave_memory_and_small_pages_to_others_on_sqlite() {
    slow_readers_leave_memory_and_small_pages(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn slow_readers_leave_memory_and_small_pages_to_others_on_mongodb() {
    slow_readers_leave_memory_and_small_pages(Store::replica_set()).await;
}
