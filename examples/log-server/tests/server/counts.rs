//! How many rows a search finds, as clients are told.

use serde_json::{Value, json};

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};

const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/// Posts rows that are a minute apart.
async fn posted(server: &Server, count: usize) {
    let row = |nth: usize| {
        let (hour, minute) = (nth / 60, nth % 60);
        let row = json!({
            "date": format!("2026-03-01T{hour:02}:{minute:02}:00Z"),
            "level": LEVELS[nth % 5],
            "type": format!("t{}", nth % 3),
            "message": format!("row {nth}"),
            "nth": nth,
        });
        format!("{row}\n")
    };
    let rows: String = (0..count).map(row).collect();
    let answer = http::post(server.address, LOGS, "application/x-ndjson", rows).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn counts(server: &Server, query: &str) -> Value {
    let answer = http::get(server.address, &format!("{LOGS}/counts?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn sum(rows: &Value) -> u64 {
    match rows {
        Value::Object(of) => of.values().filter_map(Value::as_u64).sum(),
        Value::Array(of) => of.iter().filter_map(|of| of["rows"].as_u64()).sum(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn counts_are_those_of_the_rows_that_pages_have() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    posted(&server, 600).await;
    for (query, total) in [
        ("", 600),
        ("level=error", 120),
        ("-level=error,info", 360),
        ("type=t1", 200),
        ("q=row%2017", 11),
        ("search=nth%3E590", 9),
        ("from=2026-03-01T01:00:00Z&to=2026-03-01T02:00:00Z", 60),
        ("level=debug&type=t0&-q=row%200", 39),
        ("q=nowhere", 0),
    ] {
        let counts = counts(&server, query).await;
        assert_eq!(counts["total"], total, "{query}: {counts}");
        let page = http::get(server.address, &format!("{LOGS}?limit=1000&{query}")).await.json();
        assert_eq!(page["logs"].as_array().unwrap().len(), total, "{query}");
        assert_eq!(sum(&counts["levels"]), total as u64, "{query}");
        assert_eq!(sum(&counts["types"]), total as u64, "{query}");
        assert_eq!(sum(&counts["histogram"]["buckets"]), total as u64, "{query}");
        for bucket in counts["histogram"]["buckets"].as_array().unwrap() {
            assert_eq!(sum(&bucket["levels"]), bucket["rows"].as_u64().unwrap());
        }
        assert!(counts.get("incomplete").is_none(), "{counts}");
    }
    let hours = counts(&server, "every=1h").await;
    assert_eq!(hours["histogram"]["every"], "1h");
    let hours = hours["histogram"]["buckets"].as_array().unwrap();
    assert!(hours.iter().all(|hour| hour["rows"] == 60) && hours.len() == 10, "{hours:?}");
    assert_eq!(hours[3]["from"], "2026-03-01T03:00:00Z");
    let whole = http::get(server.address, "/wfm/workflow/workspace/etl/logs/counts").await.json();
    assert_eq!(whole["total"], 600, "{whole}");
}

#[tokio::test]
async fn what_cannot_be_counted_is_said() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--search-rows", "10"]);
    posted(&server, 600).await;
    // What no index knows is looked at, and not all of it.
    let some = counts(&server, "q=row%205&every=1h").await;
    assert!(some["total"].as_u64().unwrap() < 111, "{some}");
    assert!(some["incomplete"]["detail"].as_str().unwrap().contains("oldest"), "{some}");
    assert!(some["incomplete"]["scanned"].as_u64().unwrap() >= 500, "{some}");
    for (query, words) in [
        ("every=1s", "35941 stretches"),
        ("every=10ms", "a time from 1s on"),
        ("every=soon", "a time from 1s on"),
        ("limit=3", "there is no parameter"),
    ] {
        let answer = http::get(server.address, &format!("{LOGS}/counts?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text.contains(words), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn equal_questions_are_asked_once_in_a_while() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    posted(&server, 60).await;
    assert_eq!(counts(&server, "every=1h").await["total"], 60);
    posted(&server, 10).await;
    // It is a few seconds old at most; another one is new.
    assert_eq!(counts(&server, "every=1h").await["total"], 60);
    assert_eq!(counts(&server, "every=30m").await["total"], 70);
    while counts(&server, "every=1h").await["total"] == 60 {}
    assert_eq!(counts(&server, "every=1h").await["total"], 70);
}
