//! What anyone can cause any number of.

use hyper::Request;

use super::{ANN, Audited, as_user, entries, of};
use crate::store::LOGS;

/// How many of one caller are written one by one in a minute.
const OF_ONE: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refusals_is_counted_and_what_is_done_meanwhile_is_written() {
    let mut server = Audited::start("audit.jsonl");
    let path = server.file("audit.jsonl");
    for round in 0..50 {
        for guess in 0..8 {
            let guess = as_user(&format!("guess-{round}-{guess}"), Request::get(LOGS));
            assert!([401, 429].contains(&server.ask(guess, "").await.status));
        }
        let posted = as_user(ANN, Request::post("/revocations"));
        server.ask(posted, r#"{"all":true}"#).await;
    }
    server.end();
    let written = entries(&path);
    let refused: Vec<_> = written
        .iter()
        .filter(|entry| entry["user"].is_null() && entry["act"].is_string())
        .collect();
    assert_eq!(refused.len(), OF_ONE);
    let ours = written.iter().filter(|entry| entry["user"] == "ann" && entry["act"].is_string());
    let more: Vec<_> = written.iter().filter(|entry| entry["more"].is_u64()).collect();
    assert!(more.iter().all(|entry| entry["address"] == "127.0.0.1"), "{more:?}");
    let more: u64 = more.iter().filter_map(|entry| entry["more"].as_u64()).sum();
    assert_eq!((refused.len() + ours.count()) as u64 + more, 50 * 9);
    assert_eq!(written.last().unwrap()["event"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_who_is_signed_in_is_refused_nothing() {
    let mut server = Audited::start("audit.jsonl");
    let path = server.file("audit.jsonl");
    for (cookie, status) in [("", 401), ("theirs=1", 401), ("log_session=forged", 401)] {
        let request = Request::get("/session").header("cookie", cookie);
        assert_eq!(server.ask(request, "").await.status, status);
    }
    server.end();
    assert_eq!(of(&entries(&path), "refused").len(), 1, "only what somebody has made up");
}

#[test]
fn whoever_is_told_that_it_listens_may_have_it_end_in_order() {
    for _ in 0..10 {
        let mut server = Audited::start("audit.jsonl");
        server.end();
        let written = entries(&server.file("audit.jsonl"));
        assert_eq!(written.last().unwrap()["event"], "ended");
    }
}
